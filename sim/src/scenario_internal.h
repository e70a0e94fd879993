/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a scenario is after loading, and what loading is made of.
 *
 *   objects   one per {...} that holds options: the root, "core", each NAT, each link and its "up"
 *             and "down", each peer, each entry of the timeline, each class of a population.
 *             An object is the list of settings the file gives; the rest is defaults.
 *   factors   each level is a list of settings as well, aimed at objects.
 *   a cell    one level per factor. Its plan: defaults, then the objects' settings, then the
 *             levels' settings, drawn where distributed, stored through the option table, and put
 *             together (scenario_plan.c). Nothing is kept per cell.
 *
 * Files: scenario_load.c sections, scenario_object.c objects, scenario_read.c values,
 * scenario_read_draw.c distributions, scenario_population.c, scenario_mix.c, scenario_factor.c
 * factors, keys and overrides, scenario_file.c data files, scenario_csv*.c those that are CSV,
 * scenario_check.c whole cells, scenario_chain.c NATs behind NATs, scenario_reach.c those that may
 * be drawn, scenario_effect.c keys without effect; scenario_until.c, scenario_tradeoff.c,
 * scenario_expect.c and scenario_measured.c what is said about measures;
 * scenario_cell.c a cell's settings, scenario_plan.c plans, scenario_digest.c, scenario.c the rest
 * of the interface, scenario_docs.c explain and reference, scenario_schema.c the schema,
 * scenario_words.c texts.
 * Apart from scenarios: json_*.c, scenario_options.c the table, scenario_number.c, scenario_draw.c,
 * scenario_arena.c, scenario_complaints.c.
 */
#ifndef SIM_SCENARIO_INTERNAL_H
#define SIM_SCENARIO_INTERNAL_H

#include "json_doc.h"
#include "scenario_arena.h"
#include "scenario_complaints.h"
#include "scenario_draw.h"
#include "scenario_options.h"
#include "sim/measure.h"
#include "sim/scenario.h"

#define SCENARIO_NAME_MAX 32       /* letters of a name; chosen */
#define SCENARIO_FACTORS_MAX 16    /* chosen */
#define SCENARIO_LEVELS_MAX 1000   /* of one factor; chosen */
#define SCENARIO_CELLS_MAX 100000  /* chosen: a table nobody reads */
#define SCENARIO_KEYS_MAX 64       /* different keys one factor sets; chosen */
#define SCENARIO_FAULTS_MAX 64     /* entries of the timeline; chosen */
#define SCENARIO_EXPECTS_MAX 10000 /* claims about single cells; chosen: far beyond what is read */

typedef struct {
    const scenario_option *option;
    scenario_value value;
    int64_t low; /* draws are cut to this range */
    int64_t high;
    uint32_t object;          /* index in objects */
    uint32_t purpose;         /* of its random stream: hash of the option's name and part */
    const char *override_key; /* while loading: came from --set; else NULL */
} scenario_setting;

typedef struct {
    scenario_section section;
    const char *name; /* of a NAT, link, peer; NULL: cannot be referred to by name */
    const char *part; /* "up" or "down" of a link, else "" */
    scenario_setting *settings;
    uint32_t setting_count;
    uint32_t setting_cap;
    const json_doc *doc; /* while loading */
    const json_node *node;
} scenario_object;

/* The objects every scenario has. */
enum {
    OBJECT_ROOT,
    OBJECT_CORE,
    OBJECT_BROKER,
    OBJECT_INTERNET,
    OBJECT_CALL,
    OBJECT_PEER_A,
    OBJECT_PEER_B,
    OBJECT_UNTIL,
    OBJECT_TRADEOFF,
    OBJECT_FIRST_NAMED
};

/* A link's object is followed by those of its two directions. */
enum { LINK_UP = 1, LINK_DOWN = 2 };

/* Value of a TYPE_NAT option: none, the object of a named NAT, or VIEW_BASE + index of a view. */
#define SCENARIO_NAT_NONE (-1)
#define SCENARIO_VIEW_BASE (INT64_C(1) << 32)

typedef struct {
    const char *name; /* to be left out by; never NULL */
    int64_t share;    /* in proportion to the others': 10^-12, or counted */
    int64_t nat;      /* SCENARIO_NAT_NONE, or an object */
    bool of_its_own;  /* the object is this class's own: "common" comes first */
    uint32_t common;  /* object: settings of all classes of its population */
    const json_doc *doc;
    const json_node *node; /* while loading: {"population": ...}, to be replaced by its classes */
} scenario_class;

/* Classes that are populations are replaced when all populations are read. */
typedef enum { MIX_NOT_YET, MIX_UNDER_WAY, MIX_DONE, MIX_FAILED } scenario_mixing;

typedef struct {
    const char *name;
    uint32_t common; /* object: settings of all classes */
    scenario_class *classes;
    uint32_t class_count;
    uint32_t class_cap;
    scenario_mixing mixing;
    uint32_t mix_depth; /* populations of populations: 0 has none */
} scenario_population;

/* A population with some classes left out, the rest in proportion: {"population":..,"without":..}.
 */
typedef struct {
    uint32_t population;
    bool *without; /* class_count long */
    int64_t total; /* of the shares left */
} scenario_view;

typedef struct {
    scenario_setting *settings;
    uint32_t setting_count;
    uint32_t setting_cap;
} scenario_level;

/* An (object, option) pair that some level of a factor sets. */
typedef struct {
    uint32_t object;
    const scenario_option *option;
} scenario_key;

typedef struct {
    const char *name;
    bool treatment;
    scenario_level *levels;
    const char **labels;
    uint32_t level_count;
    scenario_key keys[SCENARIO_KEYS_MAX];
    uint32_t key_count;
    const json_node *node; /* while loading */
} scenario_factor;

typedef struct {
    scenario_root root;
    scenario_core core;
    scenario_nat nat;
    scenario_link link;
    scenario_peer peer;
    scenario_broker broker;
    scenario_internet internet;
    scenario_call call;
    scenario_fault fault;
    scenario_until until;
    scenario_tradeoff tradeoff;
} scenario_defaults;

struct sim_scenario {
    scenario_arena arena;
    const char *path;
    const punch_keepalive **keepalives; /* all a name may mean */
    uint32_t keepalive_count;
    uint32_t plugin_first; /* of them, from here on */
    const char **texts;    /* values of TYPE_TEXT and TYPE_NAME */
    uint32_t text_count;
    uint32_t text_cap;
    scenario_object *objects;
    uint32_t object_count;
    uint32_t object_cap;
    scenario_population *populations;
    uint32_t population_count;
    uint32_t population_cap;
    scenario_view *views;
    uint32_t view_count;
    uint32_t view_cap;
    scenario_factor *factors;
    uint32_t factor_count;
    uint32_t factor_cap;
    uint32_t fault_first; /* object of the timeline's first entry */
    uint32_t fault_count;
    uint32_t cell_count;
    sim_expect *expects;
    uint32_t expect_count;
    uint32_t expect_cap;
    sim_until until;
    sim_tradeoff tradeoff;
    uint32_t outer_max;    /* NATs outside of any peer's own, in any cell */
    uint32_t copies_max;   /* of b, in any cell; b itself counts */
    uint32_t messages_max; /* of any cell, cut to what a peer may have under way */
    bool drawn;            /* something differs between the trials of a cell */
    uint64_t digest;
    scenario_defaults defaults;
    scenario_root root; /* effective */
};

/* One cell in one trial: scenario_cell.c. */
typedef struct {
    const sim_scenario *scenario;
    uint32_t levels[SCENARIO_FACTORS_MAX];
    uint64_t key; /* of all draws of one trial */
} scenario_cell;

/* --- loading */

typedef struct scenario_reach scenario_reach;
typedef struct scenario_effect scenario_effect;

/* Whether keys that are given do anything in any cell. */
typedef struct {
    scenario_effect *objects; /* NATs */
    bool carrier_given;       /* "same_carrier" */
    bool carrier_met;
    bool isolated_given; /* for all of a site */
    bool isolated_met;
    uint64_t box_given; /* a bit per entry of the timeline that names an outer box */
    uint64_t box_met;
} scenario_effects;

/* A data file, read while loading and kept until its end, because complaints point into it. */
typedef struct scenario_file {
    struct scenario_file *next;
    char *path;
    char *bytes; /* NULL: cannot be read */
    size_t length;
    bool parsed;  /* as JSON; */
    json_doc doc; /* empty when it is none */
} scenario_file;

typedef struct {
    sim_scenario *scenario;
    sim_complaints *complaints;
    json_doc doc;             /* of the scenario itself */
    scenario_file *files;     /* data beside it */
    uint8_t *depths;          /* of chains, by object: room for scenario_check_chains */
    scenario_reach *reach[2]; /* around a and b in the cell at hand, by object */
    scenario_effects effects; /* of keys, over the cells so far */
} scenario_loader;

/* One value to be read: a node, or the text of an override. */
typedef struct {
    scenario_place place;
    const char *raw; /* override text; NULL: the node's value */
} scenario_source;

/* scenario_file.c: reads a whole file (at most JSON_BYTES_MAX + 1 bytes; the caller frees *bytes).
 * false with *why_out a static sentence. */
bool scenario_file_read(const char *path, char **bytes_out, size_t *length_out,
                        const char **why_out);
/* A data file named in the scenario, relative to it. NULL with a complaint at place. */
scenario_file *scenario_file_fetch(scenario_loader *loader, scenario_place place,
                                   const char *relative);
/* Does the name end in ".csv"? */
bool scenario_file_is_csv(const char *name);
/* The same, parsed as JSON. NULL with a complaint at place. */
const json_doc *scenario_file_open(scenario_loader *loader, scenario_place place,
                                   const char *relative);

/* scenario_read.c: a new object at the end; JSON_NONE out of memory. */
uint32_t scenario_object_add(scenario_loader *loader, scenario_section section, const char *name,
                             const char *part);
/* Reads every option among an object's members; `extra` (NULL-ended) are the keys the caller reads
 * itself. */
void scenario_read_object(scenario_loader *loader, uint32_t object, const json_doc *doc,
                          const json_node *node, const char *const *extra);
/* Reads a value of an option: fixed, distribution or reference. false with a complaint. */
bool scenario_read_value(scenario_loader *loader, const scenario_option *option,
                         scenario_source source, scenario_value *value_out);
/* Only a fixed value. */
bool scenario_read_fixed(scenario_loader *loader, const scenario_option *option,
                         scenario_source source, int64_t *number_out);
/* Puts a setting into a list, replacing an earlier one of the same option and object. */
void scenario_setting_put(scenario_loader *loader, scenario_setting **settings, uint32_t *count,
                          uint32_t *cap, scenario_setting setting);
scenario_setting scenario_setting_of(const sim_scenario *scenario, uint32_t object,
                                     const scenario_option *option, scenario_value value);
/* A share such as "21.4%" (or 0.214): above 0, at most 1. */
bool scenario_read_share(scenario_loader *loader, const json_doc *doc, const json_node *node,
                         int64_t *share_out);
/* The text of a required string member, or NULL with a complaint. */
const char *scenario_read_text(scenario_loader *loader, const json_doc *doc, const json_node *node,
                               const char *key);
/* Is it a name: 1..SCENARIO_NAME_MAX letters, digits, '-', '_'? Complains when not. */
bool scenario_check_name(scenario_loader *loader, scenario_place place, const char *name);
/* Has the file or an override given this option of an object that is no list? */
bool scenario_is_set(const sim_scenario *scenario, uint32_t object, const char *key);
/* Where its value came from: behind --set, in the file, or (by default) the section; of a section
 * that stands only behind --set, its first override. */
scenario_place scenario_place_of(const scenario_loader *loader, uint32_t object, const char *key);
/* The same for objects of any kind, and where only a factor sets it, that factor. */
scenario_place scenario_place_of_key(const scenario_loader *loader, uint32_t object,
                                     const char *key);
/* Complains about members that are none of the NULL-ended keys. */
void scenario_check_keys(scenario_loader *loader, const json_doc *doc, const json_node *node,
                         const char *const *keys);
/* The same for what is no option of the section. */
void scenario_check_options(scenario_loader *loader, const json_doc *doc, const json_node *node,
                            scenario_section section);
bool scenario_check_kind(scenario_loader *loader, const json_doc *doc, const json_node *node,
                         json_kind kind);
/* The object of a named thing, or JSON_NONE. */
uint32_t scenario_object_find(const sim_scenario *scenario, scenario_section section,
                              const char *name);

/* scenario_read_draw.c: {"uniform": ...} and its like. */
bool scenario_read_draw(scenario_loader *loader, const scenario_option *option, const json_doc *doc,
                        const json_node *node, scenario_value *value_out);

/* scenario_csv_draw.c: {"from": "x.csv", "column": ..., "unit": ..., "scale": ...}. */
bool scenario_read_csv_draw(scenario_loader *loader, const scenario_option *option,
                            const json_doc *doc, const json_node *node, scenario_draw *draw);

/* scenario_csv_population.c: {"from": "x.csv", ...} as classes of a population. */
void scenario_read_csv_classes(scenario_loader *loader, const json_doc *doc, const json_node *node,
                               scenario_population *population);

/* scenario_population.c */
void scenario_read_populations(scenario_loader *loader, const json_node *node);
/* {"population": name, "without": [...]} as a value of TYPE_NAT. */
bool scenario_read_view(scenario_loader *loader, const json_doc *doc, const json_node *node,
                        int64_t *number_out);
/* The population that a text names; false with a complaint. */
bool scenario_find_population(scenario_loader *loader, const json_doc *doc, const json_node *named,
                              uint32_t *index_out);
/* Makes the view of its population as a node's "without" says. false with a complaint, or when
 * there was one about the population. */
bool scenario_leave_out(scenario_loader *loader, const json_doc *doc, const json_node *node,
                        scenario_view *view);

/* scenario_mix.c: replaces classes that are populations; once, when all are read. */
void scenario_mix_populations(scenario_loader *loader);

/* scenario_factor.c */
void scenario_apply_overrides(scenario_loader *loader, const sim_override *overrides, size_t count);
void scenario_read_factors(scenario_loader *loader, const json_node *list);
/* Complains about overrides of keys that a factor sets: they would change nothing. */
void scenario_check_overrides(scenario_loader *loader);

/* scenario_words.c: is a factor's name free, being a column of the results? Complains when not. */
bool scenario_check_factor_name(scenario_loader *loader, scenario_place place, const char *name);
/* Refuses control characters, for texts that are printed. */
bool scenario_check_printable(scenario_loader *loader, scenario_place place, const char *text);

/* scenario_check.c: what only whole cells show. */
void scenario_check_cells(scenario_loader *loader);
/* " in the cell loss=2%, pair=x" or ""; returns text. */
const char *scenario_cell_text(const scenario_cell *cell, char *text, size_t cap);

/* scenario_measured.c: a quantity of a measure, in the unit it is shown in (a ratio: a plain
 * number); complaints call it by its key. */
typedef enum { QUANTITY_VALUE, QUANTITY_DIFFERENCE, QUANTITY_RATIO } scenario_quantity;
bool scenario_read_quantity(scenario_loader *loader, const scenario_option *named,
                            scenario_quantity kind, const sim_measure *measure,
                            scenario_source source, double *shown_out);
/* Does the measure say anything in a cell? Complains when not. */
bool scenario_check_measured(scenario_loader *loader, scenario_place place,
                             const sim_measure *measure, uint32_t cell);

/* scenario_until.c: what "until" and its overrides say together. */
void scenario_read_until(scenario_loader *loader);

/* scenario_tradeoff.c: the same of "tradeoff"; after factors. */
void scenario_read_tradeoff(scenario_loader *loader);

/* scenario_expect.c: the list "expect", or NULL; after factors. */
void scenario_read_expects(scenario_loader *loader, const json_node *list);

/* scenario_digest.c: of everything that changes a world, but not seed and trials. */
uint64_t scenario_digest_of(const sim_scenario *scenario);

/* --- chains (scenario_chain.c) */

typedef struct {
    int64_t ref;     /* as it is named, before a draw */
    uint32_t stream; /* of its draws */
    bool is_there;   /* false: a peer without a NAT of its own */
    scenario_nat nat;
} scenario_box;

/* What is around a peer, from its own NAT (or none) outwards. */
typedef struct {
    uint32_t count; /* at least 1 */
    scenario_box boxes[SIM_CHAIN_MAX];
} scenario_chain;

/* The chain of the peer whose own draws have that stream, in this trial. */
void scenario_chain_of(const scenario_cell *cell, const scenario_peer *peer, uint32_t stream,
                       scenario_chain *out);
/* How many boxes two chains have in common when they may, from the outermost inwards, as far as
 * the same NATs were drawn for both; never a peer's own. */
uint32_t scenario_chain_shared(const scenario_cell *cell, const scenario_chain *a,
                               const scenario_chain *b);
/* Complains about chains that loop or are too deep, whatever is drawn; notes how deep they are. */
bool scenario_check_chains(scenario_loader *loader, const scenario_cell *cell);

/* --- what may be drawn (scenario_reach.c) */

/* Of one object: where it may stand around a peer. A bit per place, the peer's own NAT's first. */
struct scenario_reach {
    uint8_t seen[2];       /* [1]: as what the peer's own "behind" says, or outside of that */
    uint8_t of_population; /* as one that a population draws */
    uint32_t common;       /* settings under its own; itself: none */
};

/* Finds loader->reach for a cell, whatever is drawn there; after scenario_check_chains. false: no
 * memory. */
bool scenario_reach_note(scenario_loader *loader, const scenario_cell *cell);
/* Around the peer whose NATs a fault means: at a shared site, a's. */
const scenario_reach *scenario_reach_of_fault(const scenario_loader *loader,
                                              const scenario_cell *cell,
                                              const scenario_fault *fault);
/* A NAT that may be reached; what is drawn of it is of no account. */
void scenario_reach_nat(const scenario_cell *cell, const scenario_reach *reach, uint32_t object,
                        scenario_nat *out);
static inline uint8_t scenario_reach_places(const scenario_reach *of) {
    return of->seen[0] | of->seen[1];
}

/* --- keys without effect (scenario_effect.c) */

/* Of one object, over all cells. */
struct scenario_effect {
    bool inside;  /* stands as a peer's own NAT */
    bool outside; /* others are behind it, or what it may become */
    bool link;    /* is told a link or to be isolated, somewhere */
    bool isolated;
};

/* Notes what the keys of a cell do; after scenario_reach_note and effects.objects has room. */
void scenario_effect_note(scenario_loader *loader, const scenario_cell *cell);
/* Complains about keys that did nothing in any cell. */
void scenario_effect_check(scenario_loader *loader);

/* --- cells (scenario_cell.c) */

scenario_cell scenario_cell_at(const sim_scenario *scenario, uint32_t cell, uint64_t trial_seed);
/* Stores an object's settings, the cell's among them, into the structure of its section. `stream`
 * keeps the draws of different sites apart. */
void scenario_cell_apply(const scenario_cell *cell, uint32_t object, uint32_t stream,
                         void *section);
/* What an object's option is in this cell, or NULL where it is not set: the last one counts. */
const scenario_value *scenario_cell_value(const scenario_cell *cell, uint32_t object,
                                          const scenario_option *option);
/* The NAT a peer has in this trial; false: none. */
bool scenario_cell_nat(const scenario_cell *cell, int64_t nat, uint32_t stream, scenario_nat *out);
/* The object of that NAT, a class's own if it has one; JSON_NONE: no NAT. */
uint32_t scenario_cell_object(const scenario_cell *cell, int64_t ref, uint32_t stream);
/* The NAT of one class of a population. */
bool scenario_cell_class(const scenario_cell *cell, const scenario_class *class, uint32_t stream,
                         scenario_nat *out);
/* One direction of a link (object index or -1). */
void scenario_cell_link(const scenario_cell *cell, int64_t link, uint32_t direction,
                        uint32_t stream, sim_link_plan *out);
/* The same as it was written, contradictions included; for checks. */
void scenario_cell_link_as_set(const scenario_cell *cell, int64_t link, uint32_t direction,
                               uint32_t stream, sim_link_plan *out);

/* Streams of draws by where they are used. */
enum {
    STREAM_A = 0,
    STREAM_BROKER = 1,
    STREAM_B = 2,
    STREAM_WORLD = 3,
    STREAM_TIMELINE = 16,
    STREAM_OUTER = 256,  /* the NATs outside of a peer's own */
    STREAM_COPIES = 1024 /* of b, besides b itself */
};

/* Of b's copy so-and-so, from 1; apart by more than a chain around it takes. */
static inline uint32_t scenario_copy_stream(uint32_t copy) {
    return STREAM_COPIES + 64 * copy;
}

/* Of the box at a place (from 1) of the chain around a peer. */
static inline uint32_t scenario_chain_stream(uint32_t of_peer, uint32_t place) {
    return STREAM_OUTER + 4 * place + of_peer;
}

#endif
