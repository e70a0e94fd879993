/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A measured population: {"from": "nats.csv"}. A row is a NAT that was seen, or a class of them;
 * its columns are options of a NAT by their names (a unit may follow: "udp_timeout_stream_s"),
 * "nat" for one that the scenario names or "none", "name" for the class, and "share" (of all; they
 * sum to 100 %) or "count" (taken in proportion). An empty field leaves an option to "common" and
 * the preset. Rows that say the same are one class.
 */
#include <stdio.h>
#include <string.h>

#include "scenario_csv.h"

/* What a column means. */
typedef struct {
    enum { COLUMN_OPTION, COLUMN_NAT, COLUMN_NAME, COLUMN_SHARE, COLUMN_COUNT, COLUMN_IGNORED } is;
    const scenario_option *option;
    const char *unit;
} column;

/* One row's NAT. */
typedef struct {
    const char *name; /* "": none given */
    const scenario_option *options[CSV_COLUMNS_MAX];
    int64_t numbers[CSV_COLUMNS_MAX];
    uint32_t count;
    int64_t nat; /* with has_nat */
    bool has_nat;
    uint32_t line;
} seen;

/* What is known of a class while reading. */
typedef struct {
    bool named;
    uint32_t line; /* where it stood first */
} tally;

typedef struct {
    scenario_loader *loader;
    const json_doc *doc;
    const json_node *node;
    scenario_population *population;
    scenario_csv csv;
    column columns[CSV_COLUMNS_MAX];
    uint32_t share_column; /* of shares or counts, or JSON_NONE */
    tally *tallies;        /* of the population's classes */
    uint32_t tally_cap;
    uint32_t *row_classes; /* class of each row */
    scenario_weight *weights;
    uint32_t row_count;
    uint32_t class_cap;
    uint32_t weight_cap;
} reader;

/* --- the header */

/* Is the column among those that the scenario leaves aside? */
static bool is_ignored(const reader *r, const char *name) {
    const json_node *list = json_find(r->doc, r->node, "ignore");
    for (const json_node *item = list != NULL ? json_first(r->doc, list) : NULL; item != NULL;
         item = json_next(r->doc, item)) {
        if (strcmp(item->text, name) == 0) {
            return true;
        }
    }
    return false;
}

/* "ignore": names of columns that are there. */
static bool check_ignored(const reader *r) {
    const json_node *list = json_find(r->doc, r->node, "ignore");
    if (list == NULL) {
        return true;
    }
    if (!scenario_check_kind(r->loader, r->doc, list, JSON_ARRAY)) {
        return false;
    }
    for (const json_node *item = json_first(r->doc, list); item != NULL;
         item = json_next(r->doc, item)) {
        if (!scenario_check_kind(r->loader, r->doc, item, JSON_STRING) ||
            scenario_csv_named(&r->csv, scenario_at(r->doc, item), item->text) == JSON_NONE) {
            return false;
        }
    }
    return true;
}

/* The option a column is named after, with its unit if one follows; NULL: none. */
static const scenario_option *option_of(const char *name, const char **unit_out) {
    size_t count;
    const scenario_option *options = scenario_options(&count);
    for (size_t i = 0; i < count; i++) {
        const char *key = scenario_option_key(&options[i]);
        size_t length = strlen(name);
        *unit_out = NULL;
        if (options[i].section == SECTION_NAT && strcmp(key, name) != 0) {
            *unit_out = scenario_csv_unit(&options[i], name, &length);
        }
        if (options[i].section == SECTION_NAT && strlen(key) == length &&
            strncmp(key, name, length) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

static bool unknown_column(const reader *r, uint32_t index, const char *const *others) {
    char meant[96];
    size_t count;
    const scenario_option *options = scenario_options(&count);
    scenario_suggest suggest = scenario_suggest_for(r->csv.header.fields[index].text);
    for (size_t i = 0; i < count; i++) {
        if (options[i].section == SECTION_NAT) {
            scenario_suggest_offer(&suggest, scenario_option_key(&options[i]));
        }
    }
    for (size_t i = 0; others[i] != NULL; i++) {
        scenario_suggest_offer(&suggest, others[i]);
    }
    scenario_complain(
        r->loader->complaints, scenario_csv_at_header(&r->csv, index),
        "the column \"%s\" is no option of a NAT, nor \"nat\", \"name\", \"share\" or "
        "\"count\"%s%s name it in \"ignore\" if it means nothing here",
        r->csv.header.fields[index].text, scenario_suggest_text(&suggest, meant, sizeof meant),
        suggest.nearest != NULL ? " Else" : ";");
    return false;
}

/* What every column means. */
static bool read_header(reader *r) {
    static const char *const others[] = {"nat", "name", "share", "count", NULL};
    bool ok = check_ignored(r);
    r->share_column = JSON_NONE;
    for (uint32_t i = 0; ok && i < r->csv.header.count; i++) {
        const char *name = r->csv.header.fields[i].text;
        column *out = &r->columns[i];
        out->option = option_of(name, &out->unit);
        out->is = is_ignored(r, name)          ? COLUMN_IGNORED
                  : strcmp(name, "nat") == 0   ? COLUMN_NAT
                  : strcmp(name, "name") == 0  ? COLUMN_NAME
                  : strcmp(name, "share") == 0 ? COLUMN_SHARE
                  : strcmp(name, "count") == 0 ? COLUMN_COUNT
                                               : COLUMN_OPTION;
        if (out->is == COLUMN_OPTION && out->option == NULL) {
            ok = unknown_column(r, i, others);
        }
        for (uint32_t j = 0; j < i && out->is == COLUMN_OPTION; j++) {
            if (r->columns[j].is == COLUMN_OPTION && r->columns[j].option == out->option) {
                scenario_complain(r->loader->complaints, scenario_csv_at_header(&r->csv, i),
                                  "the column \"%s\" says the same as \"%s\"", name,
                                  r->csv.header.fields[j].text);
                ok = false;
            }
        }
        if (out->is != COLUMN_SHARE && out->is != COLUMN_COUNT) {
            continue;
        }
        if (r->share_column != JSON_NONE) {
            scenario_complain(r->loader->complaints, scenario_csv_at_header(&r->csv, i),
                              "\"share\" and \"count\" exclude each other");
            ok = false;
        }
        r->share_column = i;
    }
    return ok;
}

/* --- a row */

static scenario_place row_place(const reader *r, const char *column_name, uint32_t line) {
    return (scenario_place){
        .csv_file = r->csv.path, .csv_column = column_name, .csv_at = {.line = line, .column = 1}};
}

static bool read_option(reader *r, uint32_t index, seen *row) {
    const column *about = &r->columns[index];
    int64_t number;
    if (!scenario_csv_value(&r->csv, index, about->option, about->unit, &number)) {
        return false;
    }
    row->options[row->count] = about->option;
    row->numbers[row->count++] = number;
    return true;
}

static bool read_field(reader *r, uint32_t index, seen *row) {
    const char *text = r->csv.row.fields[index].text;
    const scenario_option *reference = scenario_option_find(SECTION_PEERS, "nat");
    switch (r->columns[index].is) {
    case COLUMN_IGNORED:
    case COLUMN_SHARE:
    case COLUMN_COUNT:
        return true;
    case COLUMN_NAME:
        row->name = text;
        return text[0] == '\0' ||
               scenario_check_name(r->loader, scenario_csv_at(&r->csv, index), text);
    case COLUMN_NAT:
        row->has_nat = text[0] != '\0';
        return !row->has_nat || scenario_csv_value(&r->csv, index, reference, NULL, &row->nat);
    case COLUMN_OPTION:
        return text[0] == '\0' || read_option(r, index, row);
    }
    return false;
}

static bool read_row(reader *r, seen *row) {
    *row = (seen){.name = "", .nat = SCENARIO_NAT_NONE, .line = r->csv.row.line};
    bool ok = true;
    for (uint32_t i = 0; i < r->csv.header.count; i++) {
        ok = read_field(r, i, row) && ok;
    }
    if (ok && row->has_nat && row->count > 0) {
        scenario_complain(r->loader->complaints, row_place(r, NULL, row->line),
                          "a row has a \"nat\" that the scenario names, or options of its own");
        ok = false;
    }
    return ok;
}

/* --- classes */

static bool same_nat(const reader *r, const scenario_class *class, const seen *row) {
    if (row->has_nat || !class->of_its_own) {
        return row->has_nat && !class->of_its_own && class->nat == row->nat;
    }
    const scenario_object *object = &r->loader->scenario->objects[class->nat];
    bool same = object->setting_count == row->count;
    for (uint32_t i = 0; same && i < row->count; i++) { /* both in the order of the columns */
        same = object->settings[i].option == row->options[i] &&
               object->settings[i].value.number == row->numbers[i];
    }
    return same;
}

/* The class of a row; JSON_NONE: a new one. *good_out turns false when a name is used twice. */
static uint32_t find_class(const reader *r, const seen *row, bool *good_out) {
    const scenario_population *population = r->population;
    const bool named = row->name[0] != '\0';
    for (uint32_t i = 0; i < population->class_count; i++) {
        const scenario_class *class = &population->classes[i];
        const bool same_name =
            named == r->tallies[i].named && (!named || strcmp(class->name, row->name) == 0);
        if (same_name && same_nat(r, class, row)) {
            return i;
        }
        if (named && strcmp(class->name, row->name) == 0) {
            scenario_complain(r->loader->complaints, row_place(r, "name", row->line),
                              "\"%s\" is another NAT in line %u; one name, one NAT", row->name,
                              (unsigned)r->tallies[i].line);
            *good_out = false;
        }
    }
    return JSON_NONE;
}

/* A class for the row; its name, or that of its NAT, or its number. */
static uint32_t add_class(reader *r, const seen *row) {
    sim_scenario *scenario = r->loader->scenario;
    scenario_population *population = r->population;
    char number[16];
    (void)snprintf(number, sizeof number, "%u", (unsigned)population->class_count);
    const char *nat_name = !row->has_nat                   ? number
                           : row->nat == SCENARIO_NAT_NONE ? "none"
                                                           : scenario->objects[row->nat].name;
    scenario_class class = {.nat = row->nat, .of_its_own = !row->has_nat};
    class.name = scenario_arena_text(&scenario->arena, row->name[0] != '\0' ? row->name : nat_name);
    if (class.of_its_own) {
        const uint32_t object = scenario_object_add(r->loader, SECTION_NAT, NULL, "");
        if (object == JSON_NONE) {
            return JSON_NONE;
        }
        scenario_object *own = &scenario->objects[object];
        own->doc = r->doc;
        own->node = json_find(r->doc, r->node, "from"); /* for what only whole cells show */
        for (uint32_t i = 0; i < row->count; i++) {
            const scenario_value value = {.number = row->numbers[i]};
            scenario_setting_put(r->loader, &own->settings, &own->setting_count, &own->setting_cap,
                                 scenario_setting_of(scenario, object, row->options[i], value));
        }
        class.nat = object;
    }
    scenario_class *classes =
        scenario_arena_grow(&scenario->arena, population->classes, population->class_count,
                            &population->class_cap, sizeof *classes);
    tally *tallies = scenario_arena_grow(&scenario->arena, r->tallies, population->class_count,
                                         &r->tally_cap, sizeof *tallies);
    if (classes == NULL || tallies == NULL || class.name == NULL) {
        return JSON_NONE;
    }
    population->classes = classes;
    r->tallies = tallies;
    classes[population->class_count] = class;
    tallies[population->class_count] = (tally){.named = row->name[0] != '\0', .line = row->line};
    return population->class_count++;
}

/* How much of the population a row is: a share in 10^-12, or a count. */
static bool read_part(const reader *r, scenario_weight *weight_out) {
    *weight_out = (scenario_weight){.digits = 1};
    if (r->share_column == JSON_NONE) {
        return true; /* a row per NAT that was seen */
    }
    if (r->columns[r->share_column].is == COLUMN_COUNT) {
        return scenario_csv_weight(&r->csv, r->share_column, weight_out);
    }
    const char *text = r->csv.row.fields[r->share_column].text;
    const scenario_place place = scenario_csv_at(&r->csv, r->share_column);
    const char *why = NULL;
    if (!scenario_number_read(NUMBER_RATIO, text, &weight_out->digits, &why)) {
        scenario_complain(r->loader->complaints, place, "\"%s\" %s; a share is %s", text, why,
                          scenario_number_allowed(NUMBER_RATIO));
        return false;
    }
    if (weight_out->digits <= 0 || weight_out->digits > SCENARIO_RATIO_ONE) {
        scenario_complain(r->loader->complaints, place,
                          "%s is out of range; a share is above 0%% and at most 100%%", text);
        return false;
    }
    return true;
}

static void note_part(reader *r, uint32_t class_index, scenario_weight weight) {
    scenario_arena *arena = &r->loader->scenario->arena;
    uint32_t *row_classes = scenario_arena_grow(arena, r->row_classes, r->row_count, &r->class_cap,
                                                sizeof *row_classes);
    scenario_weight *weights =
        scenario_arena_grow(arena, r->weights, r->row_count, &r->weight_cap, sizeof *weights);
    if (row_classes == NULL || weights == NULL) {
        return;
    }
    r->row_classes = row_classes;
    r->weights = weights;
    row_classes[r->row_count] = class_index;
    weights[r->row_count++] = weight;
}

static void read_rows(reader *r) {
    while (scenario_csv_next(&r->csv)) {
        seen row;
        scenario_weight weight;
        bool good = read_row(r, &row);
        good = read_part(r, &weight) && good;
        uint32_t index = good ? find_class(r, &row, &good) : JSON_NONE;
        if (!good) {
            continue;
        }
        if (index == JSON_NONE && r->population->class_count == SCENARIO_LEVELS_MAX) {
            scenario_complain(r->loader->complaints, row_place(r, NULL, row.line),
                              "a population has at most %d classes; the rows up to here differ in "
                              "more",
                              SCENARIO_LEVELS_MAX);
            return;
        }
        index = index == JSON_NONE ? add_class(r, &row) : index;
        if (index != JSON_NONE) {
            note_part(r, index, weight);
        }
    }
}

/* Adds up the rows of each class. */
static void sum_up(const reader *r) {
    sim_complaints *complaints = r->loader->complaints;
    const scenario_place place = scenario_at(r->doc, json_find(r->doc, r->node, "from"));
    int64_t *parts = scenario_arena_take(&r->loader->scenario->arena, r->row_count * sizeof *parts);
    int64_t total = 0;
    if (parts == NULL) {
        return;
    }
    const bool shares =
        r->share_column != JSON_NONE && r->columns[r->share_column].is == COLUMN_SHARE;
    if (!shares && !scenario_weights_join(r->weights, r->row_count, parts)) {
        scenario_complain(complaints, place,
                          "the counts in \"%s\" have too many digits between them", r->csv.path);
        return;
    }
    for (uint32_t i = 0; i < r->row_count; i++) {
        const int64_t part = shares ? r->weights[i].digits : parts[i];
        r->population->classes[r->row_classes[i]].share += part;
        total += part;
    }
    if (total == 0) {
        scenario_complain(complaints, place, "all counts in \"%s\" are 0", r->csv.path);
    }
    if (shares && total != SCENARIO_RATIO_ONE) {
        char text[SCENARIO_NUMBER_CAP];
        scenario_complain(complaints, scenario_csv_at_header(&r->csv, r->share_column),
                          "the shares sum to %s, not to 100%%; a column \"count\" is taken in "
                          "proportion",
                          scenario_number_write(NUMBER_RATIO, total, text));
    }
}

void scenario_read_csv_classes(scenario_loader *loader, const json_doc *doc, const json_node *node,
                               scenario_population *population) {
    reader r = {.loader = loader, .doc = doc, .node = node, .population = population};
    const json_node *from = json_find(doc, node, "from");
    if (!scenario_csv_open(&r.csv, loader, scenario_at(doc, from), from->text) ||
        !read_header(&r)) {
        return;
    }
    read_rows(&r);
    if (scenario_csv_good(&r.csv)) {
        sum_up(&r);
    }
}
