/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The option table: the one list of everything a scenario can say. Parser, overrides, schema.json,
 * `explain` and the format reference are made from it. A row knows its type, its default and range
 * in words a scenario would use, one line of help, and where its value goes in the structure of its
 * section.
 */
#ifndef SIM_SCENARIO_OPTIONS_H
#define SIM_SCENARIO_OPTIONS_H

#include "nat/nat.h"
#include "radio.h"
#include "scenario_number.h"
#include "sim/plan.h"

typedef enum {
    SECTION_ROOT,     /* the top level */
    SECTION_CORE,     /* "core": options of every peer */
    SECTION_NAT,      /* "nat": {name: {...}} */
    SECTION_LINK,     /* "link": {name: {...}}; also its "up" and "down" */
    SECTION_PEERS,    /* "peers": {"a": {...}, "b": {...}} */
    SECTION_BROKER,   /* "broker" */
    SECTION_INTERNET, /* "internet": what lies between the sites */
    SECTION_CALL,     /* "call" */
    SECTION_TIMELINE, /* "timeline": [{...}] */
    SECTION_UNTIL,    /* "until": when a cell has seen enough */
    SECTION_TRADEOFF, /* "tradeoff": what a treatment is judged by */
    SECTION_EXPECT,   /* "expect": [{...}]; read by scenario_expect.c, not kept as settings */
    SECTION_COUNT
} scenario_section;

typedef enum {
    TYPE_NUMBER,      /* of a scenario_number_type */
    TYPE_BOOL,        /* true, false */
    TYPE_ENUM,        /* one of names */
    TYPE_TEXT,        /* any text */
    TYPE_NAME,        /* letters, digits, '-' and '_' */
    TYPE_SEED,        /* a text of decimal digits below 2^64 */
    TYPE_PRESET,      /* name of a NAT preset */
    TYPE_LINK_PRESET, /* name of a link preset */
    TYPE_NAT,         /* name in "nat", "none", or {"population": name} */
    TYPE_OUTER_NAT,   /* name in "nat", or "none" */
    TYPE_LINK,        /* name in "link", or "none" */
    TYPE_KEEPALIVE,   /* name of a keepalive strategy */
    TYPE_KEEPALIVES,  /* list of them */
    TYPE_MEASURE,     /* name of a measure: its position in sim_measures() */
    TYPE_QUANTITY,    /* a number in the unit of a measure; kept as a text until that is known */
    TYPE_CELLS,       /* {factor: level, ...} */
    TYPE_COUNT
} scenario_type;

/* How a value is stored at its offset. */
typedef enum {
    STORE_I64,
    STORE_U64,
    STORE_U32,
    STORE_U16,
    STORE_U8,
    STORE_I32,
    STORE_BOOL,
    STORE_ENUM,       /* any enum of ours: they are unsigned int wide, checked in the .c */
    STORE_PROBABILITY /* ratio to threshold */
} scenario_store;

enum {
    OPTION_DRAWN = 1u << 0,    /* may be a distribution */
    OPTION_FIXED = 1u << 1,    /* not by a factor: the same in every cell */
    OPTION_REQUIRED = 1u << 2, /* must be given */
    OPTION_SILENT = 1u << 3    /* changes no world: not part of the digest */
};

typedef struct scenario_option {
    const char *name; /* "nat.mapping"; the key is what follows the last dot */
    scenario_section section;
    scenario_type type;
    scenario_number_type number; /* TYPE_NUMBER only */
    scenario_store store;
    uint32_t flags;
    const char *fallback; /* default, as a scenario would write it; "" = see help */
    const char *low;      /* range, likewise; NULL where there is none */
    const char *high;
    const char *const *names; /* TYPE_ENUM: ends with NULL; index = value */
    size_t offset;            /* in the structure of the section */
    const char *help;
} scenario_option;

/* What the sections become before they are put together into a plan. */
typedef struct {
    int64_t name, title, question, notes; /* indices of texts */
    uint64_t seed;
    uint64_t trials;
    uint32_t backend;
    punch_time_us limit_us;
    punch_time_us hold_us;
    bool same_site;
    bool same_carrier;
    bool isolated;
    uint32_t packets_max;
} scenario_root;

typedef struct {
    uint32_t fire_rule;
    uint32_t backoff_permille;
    bool peer_reflexive;
    int64_t jitter_ratio; /* 10^-12 */
    uint32_t crypto;
} scenario_core;

typedef struct {
    int64_t preset;               /* index, or -1 */
    punch_time_us udp_timeout_us; /* first and stream alike; 0 = as the configuration says */
    int64_t behind;               /* scenario_nat_ref: the next NAT outwards */
    int64_t link;                 /* index, or -1; as an outer NAT */
    bool isolated;                /* as an outer NAT */
    nat_config config;
    sim_cross_plan cross;
} scenario_nat;

/* One direction of a link. */
typedef struct {
    int64_t preset; /* index, or -1 */
    sim_link_plan plan;
} scenario_link;

#define SCENARIO_COPIES_MAX 64 /* chosen: of b; addresses and streams are laid out for so many */

typedef struct {
    uint32_t count;     /* how many there are of it */
    int64_t nat;        /* scenario_nat_ref */
    int64_t behind;     /* scenario_nat_ref: outside of what its NAT is behind */
    int64_t link;       /* index, or -1 */
    int64_t keepalives; /* one byte each: index in the scenario's keepalives + 1; 0 ends */
    punch_time_us phase_us;
    punch_time_us interval_us; /* 0 = the strategy's own */
    uint8_t probes_max;
    punch_time_us lan_delay_us;
    punch_time_us clock_offset_us;
    int32_t clock_drift_ppb;
    punch_time_us start_at_us;
    uint16_t port;
    bool refuses;
    uint32_t family;     /* SCENARIO_IPV4, SCENARIO_IPV6 */
    uint32_t radio_kind; /* sim_radio_kind */
    sim_radio_plan radio;
} scenario_peer;

typedef struct {
    int64_t link;
    int64_t keepalive; /* index in the scenario's keepalives */
    punch_time_us clock_offset_us;
    int32_t clock_drift_ppb;
} scenario_broker;

typedef struct {
    punch_time_us a_b_us;
    punch_time_us a_broker_us;
    punch_time_us b_broker_us;
    uint16_t a_b_hops;
    uint16_t a_broker_hops;
    uint16_t b_broker_hops;
    punch_probability loss;
} scenario_internet;

typedef struct {
    punch_time_us at_us;
    uint32_t message_count;
    uint32_t message_bytes;
    punch_time_us message_gap_us;
    punch_time_us redial_us;
} scenario_call;

typedef struct {
    punch_time_us at_us;
    uint32_t action;    /* sim_fault_kind */
    uint32_t on;        /* SCENARIO_ON_* */
    uint32_t box;       /* which site of its chain, from 0 outwards */
    int64_t to;         /* scenario_nat_ref, of a change */
    int64_t keepalives; /* of a renegotiation, as a peer's; 0 = none */
    bool happens;
    bool network_changed;
} scenario_fault;

typedef struct {
    int64_t measure;    /* position in sim_measures() */
    int64_t half_width; /* index of a text, or -1 */
    uint64_t trials_max;
} scenario_until;

typedef struct {
    int64_t cost; /* position in sim_measures() */
    int64_t harm;
    int64_t baseline;  /* index of a text, or -1; so are those below */
    int64_t treatment; /* a factor's name */
    int64_t margin;
} scenario_tradeoff;

enum { SCENARIO_IPV4 = 0, SCENARIO_IPV6 = 1 };
enum { SCENARIO_ON_A = 0, SCENARIO_ON_B = 1, SCENARIO_ON_BROKER = 2 };

const scenario_option *scenario_options(size_t *count_out);
/* The option of that key in a section, or NULL. */
const scenario_option *scenario_option_find(scenario_section section, const char *key);
/* "mapping" of "nat.mapping". */
const char *scenario_option_key(const scenario_option *option);
/* The key of the section at the top level: "nat"; "" for the root. */
const char *scenario_section_key(scenario_section section);
/* Is the section a set of things of one kind, by name ("nat", "link", "peers") or in a list
 * ("timeline", "expect")? */
bool scenario_section_is_named(scenario_section section);
/* Least and greatest value allowed, in base units. */
void scenario_option_range(const scenario_option *option, int64_t *low_out, int64_t *high_out);
/* Number (in base units) of a default or a range end as the table writes it. */
int64_t scenario_option_number(const scenario_option *option, const char *text);
/* Writes a number to its place in the section's structure. */
void scenario_option_store(const scenario_option *option, int64_t number, void *section);
/* The number that stands there. */
int64_t scenario_option_load(const scenario_option *option, const void *section);

#endif
