/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measured values as a distribution: {"from": "rtts.csv", "column": "rtt_ms"}. Every row of the
 * file is as likely as every other, or in proportion to its column "weight". Values are kept sorted
 * and each once, so that neither the order of the rows nor how the same numbers are written matters
 * to draws and digest.
 */
#include <stdlib.h>
#include <string.h>

#include "scenario_csv.h"

typedef struct {
    scenario_loader *loader;
    const scenario_option *option;
    const json_doc *doc;
    const json_node *node;
    int64_t scale; /* 10^-12 */
} request;

/* A row: its value, and how often it was seen. */
typedef struct {
    int64_t value;
    int64_t count;
} weighed;

/* All rows as far as they were read. */
typedef struct {
    int64_t *values;
    scenario_weight *weights;
    uint32_t count;
    uint32_t value_cap;
    uint32_t weight_cap;
} table;

/* The text of an optional member, or NULL; *good_out turns false when it is no text. */
static const char *text_of(const request *r, const char *key, bool *good_out) {
    const json_node *member = json_find(r->doc, r->node, key);
    if (member == NULL) {
        return NULL;
    }
    if (!scenario_check_kind(r->loader, r->doc, member, JSON_STRING)) {
        *good_out = false;
        return NULL;
    }
    return member->text;
}

/* The column of values: the one that is named, or the only one there is. */
static uint32_t value_column(const request *r, const scenario_csv *csv) {
    bool good = true;
    const char *name = text_of(r, "column", &good);
    if (name != NULL) {
        return scenario_csv_named(csv, scenario_at(r->doc, json_find(r->doc, r->node, "column")),
                                  name);
    }
    const uint32_t weight = scenario_csv_column(csv, "weight");
    if (good && csv->header.count == (weight != JSON_NONE ? 2u : 1u)) {
        return weight == 0 ? 1 : 0;
    }
    if (good) {
        scenario_complain(r->loader->complaints, scenario_at(r->doc, r->node),
                          "\"%s\" has several columns; choose one: \"column\": \"%s\"", csv->path,
                          csv->header.fields[weight == 0 ? 1 : 0].text);
    }
    return JSON_NONE;
}

/* "unit" in the scenario, or the end of the column's name; NULL: values bring their own. false with
 * a complaint. */
static bool find_unit(const request *r, const char *column, const char **unit_out) {
    bool good = true;
    size_t length;
    const char *given = text_of(r, "unit", &good);
    const char *named = scenario_csv_unit(r->option, column, &length);
    *unit_out = named;
    if (given == NULL) {
        return good;
    }
    const scenario_place place = scenario_at(r->doc, json_find(r->doc, r->node, "unit"));
    *unit_out = r->option->type == TYPE_NUMBER && given[0] != '\0'
                    ? scenario_number_unit(r->option->number, given)
                    : NULL;
    if (*unit_out == NULL) {
        scenario_complain(r->loader->complaints, place, "\"%s\" is no unit of \"%s\", which is %s",
                          given, scenario_option_key(r->option),
                          r->option->type == TYPE_NUMBER
                              ? scenario_number_allowed(r->option->number)
                              : "no number");
        return false;
    }
    if (named != NULL && strcmp(named, *unit_out) != 0) {
        scenario_complain(r->loader->complaints, place,
                          "the column \"%s\" is in %s by its name, not in %s", column, named,
                          *unit_out);
        return false;
    }
    return true;
}

static bool add_row(const request *r, const scenario_csv *csv, table *rows, int64_t value,
                    scenario_weight weight) {
    scenario_arena *arena = &r->loader->scenario->arena;
    int64_t *values =
        scenario_arena_grow(arena, rows->values, rows->count, &rows->value_cap, sizeof *values);
    scenario_weight *weights =
        scenario_arena_grow(arena, rows->weights, rows->count, &rows->weight_cap, sizeof *weights);
    if (values == NULL || weights == NULL || !scenario_csv_good(csv)) {
        return false;
    }
    rows->values = values;
    rows->weights = weights;
    values[rows->count] = value;
    weights[rows->count++] = weight;
    return true;
}

static bool read_rows(const request *r, scenario_csv *csv, table *rows) {
    const uint32_t column = value_column(r, csv);
    const uint32_t weight_column = scenario_csv_column(csv, "weight");
    const char *unit;
    if (column == JSON_NONE || !find_unit(r, csv->header.fields[column].text, &unit)) {
        return false;
    }
    while (scenario_csv_next(csv)) {
        int64_t value;
        scenario_weight weight = {.digits = 1};
        const bool good = scenario_csv_value(csv, column, r->option, unit, &value);
        if (weight_column != JSON_NONE && weight_column != column &&
            !scenario_csv_weight(csv, weight_column, &weight)) {
            continue;
        }
        if (good) {
            (void)add_row(r, csv, rows, value, weight);
        }
    }
    return scenario_csv_good(csv);
}

static int by_value(const void *a, const void *b) {
    const weighed *x = a;
    const weighed *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* value x scale, to the nearest; exact for |value| < 2^53. */
static int64_t scaled(int64_t value, int64_t scale) {
    if (scale == SCENARIO_RATIO_ONE) {
        return value;
    }
    return (int64_t)((double)value * ((double)scale / 1e12) + (value < 0 ? -0.5 : 0.5));
}

/* Sorted, equal values joined, shares summed up. */
static bool fill(const request *r, const scenario_csv *csv, const table *rows,
                 scenario_draw *draw) {
    scenario_arena *arena = &r->loader->scenario->arena;
    int64_t *counts = scenario_arena_take(arena, rows->count * sizeof *counts);
    weighed *sorted = scenario_arena_take(arena, rows->count * sizeof *sorted);
    scenario_draw_point *points = scenario_arena_take(arena, rows->count * sizeof *points);
    if (counts == NULL || sorted == NULL || points == NULL) {
        return false;
    }
    const scenario_place place = scenario_at(r->doc, json_find(r->doc, r->node, "from"));
    if (!scenario_weights_join(rows->weights, rows->count, counts)) {
        scenario_complain(r->loader->complaints, place,
                          "the weights in \"%s\" have too many digits between them", csv->path);
        return false;
    }
    for (uint32_t i = 0; i < rows->count; i++) {
        sorted[i] = (weighed){.value = scaled(rows->values[i], r->scale), .count = counts[i]};
    }
    qsort(sorted, rows->count, sizeof *sorted, by_value);
    draw->kind = DRAW_EMPIRICAL;
    draw->points = points;
    for (uint32_t i = 0; i < rows->count; i++) {
        if (sorted[i].count == 0) {
            continue;
        }
        const bool again =
            draw->point_count > 0 && points[draw->point_count - 1].value.number == sorted[i].value;
        draw->total += sorted[i].count;
        draw->point_count += again ? 0 : 1;
        points[draw->point_count - 1] =
            (scenario_draw_point){.share = draw->total, .value = {.number = sorted[i].value}};
    }
    if (draw->total == 0) {
        scenario_complain(r->loader->complaints, place, "all weights in \"%s\" are 0", csv->path);
        return false;
    }
    return true;
}

bool scenario_read_csv_draw(scenario_loader *loader, const scenario_option *option,
                            const json_doc *doc, const json_node *node, scenario_draw *draw) {
    static const char *const keys[] = {"from", "column", "unit", "scale", NULL};
    request r = {loader, option, doc, node, SCENARIO_RATIO_ONE};
    const json_node *from = json_find(doc, node, "from");
    const json_node *scale = json_find(doc, node, "scale");
    scenario_check_keys(loader, doc, node, keys);
    if (option->type != TYPE_NUMBER && option->type != TYPE_ENUM && option->type != TYPE_BOOL &&
        option->type != TYPE_LINK_PRESET) {
        scenario_complain(loader->complaints, scenario_at_key(doc, from),
                          "\"%s\" cannot be drawn from a file; use \"choice\", or a population",
                          scenario_option_key(option));
        return false;
    }
    if (scale != NULL && option->type != TYPE_NUMBER) {
        scenario_complain(loader->complaints, scenario_at_key(doc, scale),
                          "\"%s\" is no number: it has no \"scale\"", scenario_option_key(option));
        return false;
    }
    if (scale != NULL && !scenario_read_share(loader, doc, scale, &r.scale)) {
        return false;
    }
    scenario_csv csv;
    table rows = {0};
    return scenario_csv_open(&csv, loader, scenario_at(doc, from), from->text) &&
           read_rows(&r, &csv, &rows) && fill(&r, &csv, &rows, draw);
}
