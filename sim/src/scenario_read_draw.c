/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Distributions: {"uniform": [low, high]}, {"loguniform": [low, high]}, {"exponential": {"mean":
 * v}}, {"lognormal": {"median": v, "sigma": s}}, {"quantiles": {"5%": v, ...}}, {"from":
 * "data/x.json", "scale": "50%"}, {"from": "x.csv", "column": "rtt_ms"} (scenario_csv_draw.c) and
 * {"choice": [{"share": "30%", "value": v}, ...]}, whose values may be distributions again.
 */
#include <stdio.h>
#include <string.h>

#include "scenario_internal.h"

typedef struct {
    scenario_loader *loader;
    const scenario_option *option;
    const json_doc *doc;
    scenario_draw *draw;
} reader;

static bool read_part(const reader *r, const json_node *node, int64_t *number_out) {
    return scenario_read_fixed(r->loader, r->option,
                               (scenario_source){.place = scenario_at(r->doc, node)}, number_out);
}

/* A required member of an object. */
static const json_node *part(const reader *r, const json_node *node, const char *key) {
    const json_node *member = json_find(r->doc, node, key);
    if (member == NULL) {
        scenario_complain(r->loader->complaints, scenario_at(r->doc, node), "\"%s\" is missing",
                          key);
    }
    return member;
}

static bool no_number(const reader *r, const json_node *node) {
    scenario_complain(r->loader->complaints, scenario_at_key(r->doc, node),
                      "\"%s\" is no number; only \"choice\" can be drawn",
                      scenario_option_key(r->option));
    return false;
}

/* [low, high] */
static bool read_span(const reader *r, const json_node *node) {
    if (node->kind != JSON_ARRAY || node->child_count != 2) {
        scenario_complain(r->loader->complaints, scenario_at(r->doc, node),
                          "\"%s\" takes a list of two values, the least and the greatest",
                          node->key);
        return false;
    }
    const json_node *low = json_first(r->doc, node);
    if (!read_part(r, low, &r->draw->low) ||
        !read_part(r, json_next(r->doc, low), &r->draw->high)) {
        return false;
    }
    if (r->draw->low > r->draw->high) {
        scenario_complain(r->loader->complaints, scenario_at(r->doc, node),
                          "the least value stands first");
        return false;
    }
    return true;
}

static bool read_uniform(const reader *r, const json_node *node) {
    r->draw->kind = DRAW_UNIFORM;
    return read_span(r, node);
}

static bool read_loguniform(const reader *r, const json_node *node) {
    r->draw->kind = DRAW_LOGUNIFORM;
    if (!read_span(r, node)) {
        return false;
    }
    if (r->draw->low <= 0) {
        scenario_complain(r->loader->complaints, scenario_at(r->doc, node),
                          "\"loguniform\" begins above 0");
        return false;
    }
    return true;
}

static bool read_exponential(const reader *r, const json_node *node) {
    static const char *const keys[] = {"mean", NULL};
    if (!scenario_check_kind(r->loader, r->doc, node, JSON_OBJECT)) {
        return false;
    }
    scenario_check_keys(r->loader, r->doc, node, keys);
    const json_node *mean = part(r, node, "mean");
    r->draw->kind = DRAW_EXPONENTIAL;
    return mean != NULL && read_part(r, mean, &r->draw->low);
}

/* sigma is the standard deviation of the natural logarithm. */
static bool read_lognormal(const reader *r, const json_node *node) {
    static const char *const keys[] = {"median", "sigma", NULL};
    static const scenario_option sigma_option = {.name = "sigma",
                                                 .type = TYPE_NUMBER,
                                                 .number = NUMBER_MULTIPLIER,
                                                 .low = "0",
                                                 .high = "10"};
    if (!scenario_check_kind(r->loader, r->doc, node, JSON_OBJECT)) {
        return false;
    }
    scenario_check_keys(r->loader, r->doc, node, keys);
    const json_node *median = part(r, node, "median");
    const json_node *sigma = part(r, node, "sigma");
    r->draw->kind = DRAW_LOGNORMAL;
    return median != NULL && sigma != NULL && read_part(r, median, &r->draw->low) &&
           scenario_read_fixed(r->loader, &sigma_option,
                               (scenario_source){.place = scenario_at(r->doc, sigma)},
                               &r->draw->high);
}

static bool read_quantile(const reader *r, const json_node *node, scenario_draw_point *point) {
    const char *why = NULL;
    if (!scenario_number_read(NUMBER_RATIO, node->key, &point->share, &why) || point->share < 0 ||
        point->share > SCENARIO_RATIO_ONE) {
        scenario_complain(r->loader->complaints, scenario_at_key(r->doc, node),
                          "\"%s\" is no quantile; its keys are \"0%%\" .. \"100%%\"", node->key);
        return false;
    }
    if (!read_part(r, node, &point->value.number)) {
        return false;
    }
    if (node->index > 0 &&
        (point->share <= point[-1].share || point->value.number < point[-1].value.number)) {
        scenario_complain(r->loader->complaints, scenario_at_key(r->doc, node),
                          "quantiles must ascend, their values too");
        return false;
    }
    return true;
}

static bool read_quantiles(const reader *r, const json_node *node) {
    if (!scenario_check_kind(r->loader, r->doc, node, JSON_OBJECT)) {
        return false;
    }
    if (node->child_count < 2) {
        scenario_complain(r->loader->complaints, scenario_at(r->doc, node),
                          "a distribution needs at least two quantiles");
        return false;
    }
    scenario_draw_point *points =
        scenario_arena_take(&r->loader->scenario->arena, node->child_count * sizeof *points);
    if (points == NULL) {
        return false;
    }
    r->draw->kind = DRAW_QUANTILES;
    r->draw->points = points;
    r->draw->point_count = node->child_count;
    for (const json_node *member = json_first(r->doc, node); member != NULL;
         member = json_next(r->doc, member)) {
        if (!read_quantile(r, member, points++)) {
            return false;
        }
    }
    return true;
}

/* value x scale, to the nearest; exact for |value| < 2^53. */
static int64_t scaled(int64_t value, int64_t scale) {
    return (int64_t)((double)value * ((double)scale / 1e12) + 0.5);
}

/* Quantiles from a file of published data, every value times "scale". */
static bool read_from(const reader *r, const json_node *node) {
    static const char *const keys[] = {"from", "scale", NULL};
    static const char *const file_keys[] = {"source", "notes", "quantiles", NULL};
    int64_t scale = SCENARIO_RATIO_ONE;
    const json_node *from = json_find(r->doc, node, "from");
    if (!scenario_check_kind(r->loader, r->doc, from, JSON_STRING)) {
        return false;
    }
    if (scenario_file_is_csv(from->text)) {
        return scenario_read_csv_draw(r->loader, r->option, r->doc, node, r->draw);
    }
    if (r->option->type != TYPE_NUMBER) {
        return no_number(r, from);
    }
    scenario_check_keys(r->loader, r->doc, node, keys);
    const json_node *scale_node = json_find(r->doc, node, "scale");
    if (scale_node != NULL && !scenario_read_share(r->loader, r->doc, scale_node, &scale)) {
        return false;
    }
    const json_doc *data = scenario_file_open(r->loader, scenario_at(r->doc, from), from->text);
    if (data == NULL || !scenario_check_kind(r->loader, data, json_root(data), JSON_OBJECT)) {
        return false;
    }
    const reader in_file = {r->loader, r->option, data, r->draw};
    scenario_check_keys(r->loader, data, json_root(data), file_keys);
    (void)scenario_read_text(r->loader, data, json_root(data), "source");
    const json_node *quantiles = part(&in_file, json_root(data), "quantiles");
    if (quantiles == NULL || !read_quantiles(&in_file, quantiles)) {
        return false;
    }
    scenario_draw_point *points =
        scenario_arena_take(&r->loader->scenario->arena, r->draw->point_count * sizeof *points);
    for (uint32_t i = 0; points != NULL && i < r->draw->point_count; i++) {
        points[i] = r->draw->points[i];
        points[i].value.number = scaled(points[i].value.number, scale);
    }
    r->draw->points = points;
    return points != NULL;
}

static bool read_choice(const reader *r, const json_node *node) {
    static const char *const keys[] = {"share", "value", NULL};
    if (!scenario_check_kind(r->loader, r->doc, node, JSON_ARRAY)) {
        return false;
    }
    scenario_draw_point *points = scenario_arena_take(
        &r->loader->scenario->arena, (node->child_count + (size_t)1) * sizeof *points);
    if (points == NULL) {
        return false;
    }
    r->draw->kind = DRAW_CHOICE;
    r->draw->points = points;
    r->draw->point_count = node->child_count;
    for (const json_node *item = json_first(r->doc, node); item != NULL;
         item = json_next(r->doc, item), points++) {
        if (!scenario_check_kind(r->loader, r->doc, item, JSON_OBJECT)) {
            return false;
        }
        scenario_check_keys(r->loader, r->doc, item, keys);
        const json_node *share = part(r, item, "share");
        const json_node *value = part(r, item, "value");
        if (share == NULL || value == NULL ||
            !scenario_read_share(r->loader, r->doc, share, &points->share) ||
            !scenario_read_value(r->loader, r->option,
                                 (scenario_source){.place = scenario_at(r->doc, value)},
                                 &points->value)) {
            return false;
        }
        r->draw->total += points->share; /* at most JSON_NODES_MAX times 10^12 */
    }
    if (r->draw->total != SCENARIO_RATIO_ONE) {
        char sum[SCENARIO_NUMBER_CAP];
        scenario_complain(r->loader->complaints, scenario_at(r->doc, node),
                          "the shares sum to %s, not to 100%%",
                          scenario_number_write(NUMBER_RATIO, r->draw->total, sum));
        return false;
    }
    return true;
}

typedef struct {
    const char *key;
    bool numbers_only;
    bool (*read)(const reader *r, const json_node *node);
} draw_row;

static const draw_row rows[] = {
    {"uniform", true, read_uniform},      {"exponential", true, read_exponential},
    {"lognormal", true, read_lognormal},  {"quantiles", true, read_quantiles},
    {"from", false, read_from},           {"choice", false, read_choice},
    {"loguniform", true, read_loguniform}};

bool scenario_read_draw(scenario_loader *loader, const scenario_option *option, const json_doc *doc,
                        const json_node *node, scenario_value *value_out) {
    scenario_draw *draw = scenario_arena_take(&loader->scenario->arena, sizeof *draw);
    if (draw == NULL) {
        return false;
    }
    const reader r = {loader, option, doc, draw};
    const json_node *first = json_first(doc, node);
    scenario_suggest suggest = scenario_suggest_for(first != NULL ? first->key : "");
    value_out->draw = draw;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const json_node *member = json_find(doc, node, rows[i].key);
        const bool whole = strcmp(rows[i].key, "from") == 0;
        scenario_suggest_offer(&suggest, rows[i].key);
        if (member == NULL || (node->child_count != 1 && !whole)) {
            continue;
        }
        if (rows[i].numbers_only && option->type != TYPE_NUMBER) {
            return no_number(&r, member);
        }
        return rows[i].read(&r, whole ? node : member);
    }
    char meant[96];
    scenario_complain(loader->complaints, scenario_at(doc, node),
                      "expected a value or one distribution: {\"uniform\": ...}, "
                      "{\"loguniform\": ...}, "
                      "{\"exponential\": ...}, {\"lognormal\": ...}, {\"quantiles\": ...}, "
                      "{\"from\": ...} or {\"choice\": ...}%s",
                      scenario_suggest_text(&suggest, meant, sizeof meant));
    return false;
}
