/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "expect": claims about measures, each made into one sim_expect per cell and bound.
 *
 *   {"measure": "connected", "cell": {"pair": ["x", "y"], "loss": "2%"}, "at_least": "99%"}
 *   {"measure": "held", "cell": {"strategy": "new"}, "minus": {"strategy": "old"},
 *    "at_least": "-1%", "why": "not worse by more than a point"}
 *
 * Cells are selected by the labels of levels; "minus" and "over" name the levels that make the
 * other cell of a comparison. Claims change no world, so they are not part of the digest.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scenario_internal.h"

#define AS_IT_IS UINT32_MAX /* level of the other cell: that of the cell itself */

typedef struct {
    scenario_loader *loader;
    const json_node *entry;
    const sim_measure *measure;
    const json_node *against; /* "minus" or "over", or NULL */
    sim_expect claim;         /* what all cells have in common */
    double limits[3];         /* by sim_expect_bound; NaN: not given */
    bool selected[SCENARIO_FACTORS_MAX][SCENARIO_LEVELS_MAX];
    uint32_t other_levels[SCENARIO_FACTORS_MAX];
} reader;

static const char *const bound_keys[] = {[SIM_EXPECT_AT_LEAST] = "at_least",
                                         [SIM_EXPECT_AT_MOST] = "at_most",
                                         [SIM_EXPECT_EXACTLY] = "exactly"};

static const json_node *member(const reader *r, const char *key) {
    return json_find(&r->loader->doc, r->entry, key);
}

static uint32_t find_factor(const reader *r, const json_node *node) {
    const sim_scenario *scenario = r->loader->scenario;
    char meant[96];
    scenario_suggest suggest = scenario_suggest_for(node->key);
    for (uint32_t f = 0; f < scenario->factor_count; f++) {
        if (strcmp(scenario->factors[f].name, node->key) == 0) {
            return f;
        }
        scenario_suggest_offer(&suggest, scenario->factors[f].name);
    }
    scenario_complain(r->loader->complaints, scenario_at_key(&r->loader->doc, node),
                      "there is no factor \"%s\"%s", node->key,
                      scenario_suggest_text(&suggest, meant, sizeof meant));
    return JSON_NONE;
}

/* The level of that label. Labels of bare values are the values as they stand, so 0.5 and "0.5"
 * both select the level 0.5. */
static uint32_t find_level(const reader *r, const scenario_factor *factor, const json_node *node) {
    const json_doc *doc = &r->loader->doc;
    char label[72] = "";
    char meant[96];
    char labels[512] = "";
    if (node->kind == JSON_OBJECT || node->kind == JSON_ARRAY || node->kind == JSON_NULL) {
        scenario_complain(r->loader->complaints, scenario_at(doc, node),
                          "expected the label of a level, not %s", json_kind_text(node->kind));
        return JSON_NONE;
    }
    if (node->kind != JSON_STRING) {
        memcpy(label, doc->bytes + node->offset,
               node->length < sizeof label ? node->length : sizeof label - 1);
    }
    const char *wanted = node->kind == JSON_STRING ? node->text : label;
    scenario_suggest suggest = scenario_suggest_for(wanted);
    for (uint32_t l = 0; l < factor->level_count; l++) {
        if (strcmp(factor->labels[l], wanted) == 0) {
            return l;
        }
        const size_t length = strlen(labels);
        scenario_suggest_offer(&suggest, factor->labels[l]);
        (void)snprintf(labels + length, sizeof labels - length, "%s\"%s\"", l > 0 ? ", " : "",
                       factor->labels[l]);
    }
    scenario_complain(r->loader->complaints, scenario_at(doc, node),
                      "the factor \"%s\" has no level \"%s\"%s%s %s", factor->name, wanted,
                      scenario_suggest_text(&suggest, meant, sizeof meant),
                      suggest.nearest != NULL ? " It has" : "; it has", labels);
    return JSON_NONE;
}

/* "cell": every level of factors that are not named. */
static bool read_cells(reader *r) {
    const sim_scenario *scenario = r->loader->scenario;
    const json_doc *doc = &r->loader->doc;
    const json_node *cells = member(r, "cell");
    for (uint32_t f = 0; f < scenario->factor_count; f++) {
        for (uint32_t l = 0; l < scenario->factors[f].level_count; l++) {
            r->selected[f][l] = true;
        }
    }
    if (cells == NULL) {
        return true;
    }
    if (!scenario_check_kind(r->loader, doc, cells, JSON_OBJECT)) {
        return false;
    }
    bool ok = true;
    for (const json_node *node = json_first(doc, cells); node != NULL;
         node = json_next(doc, node)) {
        const uint32_t f = find_factor(r, node);
        if (f == JSON_NONE) {
            ok = false;
            continue;
        }
        const bool list = node->kind == JSON_ARRAY;
        memset(r->selected[f], 0, sizeof r->selected[f]);
        if (list && node->child_count == 0) {
            scenario_complain(r->loader->complaints, scenario_at(doc, node),
                              "an empty list selects no cell");
            ok = false;
        }
        for (const json_node *item = list ? json_first(doc, node) : node; item != NULL;
             item = list ? json_next(doc, item) : NULL) {
            const uint32_t level = find_level(r, &scenario->factors[f], item);
            ok = level != JSON_NONE && ok;
            if (level != JSON_NONE) {
                r->selected[f][level] = true;
            }
        }
    }
    return ok;
}

/* "minus" or "over": the levels that make the other cell. */
static bool read_against(reader *r) {
    const sim_scenario *scenario = r->loader->scenario;
    const json_doc *doc = &r->loader->doc;
    const json_node *minus = member(r, "minus");
    const json_node *over = member(r, "over");
    if (minus != NULL && over != NULL) {
        scenario_complain(r->loader->complaints, scenario_at_key(doc, over),
                          "a difference or a ratio, not both: \"minus\" and \"over\" exclude each "
                          "other");
        return false;
    }
    r->against = minus != NULL ? minus : over;
    r->claim.form = minus != NULL  ? SIM_EXPECT_DIFFERENCE
                    : over != NULL ? SIM_EXPECT_RATIO
                                   : SIM_EXPECT_VALUE;
    for (uint32_t f = 0; f < scenario->factor_count; f++) {
        r->other_levels[f] = AS_IT_IS;
    }
    if (r->against == NULL) {
        return true;
    }
    if (!scenario_check_kind(r->loader, doc, r->against, JSON_OBJECT)) {
        return false;
    }
    bool ok = true;
    for (const json_node *node = json_first(doc, r->against); node != NULL;
         node = json_next(doc, node)) {
        const uint32_t f = find_factor(r, node);
        const uint32_t level =
            f != JSON_NONE ? find_level(r, &scenario->factors[f], node) : JSON_NONE;
        ok = level != JSON_NONE && ok;
        if (level != JSON_NONE) {
            r->other_levels[f] = level;
        }
    }
    return ok;
}

/* Complains about bounds that no run could keep. */
static bool check_bound(const reader *r, sim_expect_bound bound, const json_node *node) {
    const double limit = r->limits[bound];
    const bool of_share = r->measure->kind == SIM_MEASURE_SHARE;
    const bool of_value = r->claim.form == SIM_EXPECT_VALUE;
    const char *wrong = NULL;
    switch (bound) {
    case SIM_EXPECT_AT_LEAST:
        wrong = of_share && of_value && limit >= 1
                    ? "no number of trials shows that a share is at least 100%; say \"exactly\": "
                      "\"100%\", or less than 100%"
                    : NULL;
        break;
    case SIM_EXPECT_AT_MOST:
        wrong = of_share && of_value && limit <= 0
                    ? "no number of trials shows that a share is at most 0%; say \"exactly\": "
                      "\"0%\", or more than 0%"
                    : NULL;
        break;
    case SIM_EXPECT_EXACTLY:
        wrong = !of_share || !of_value   ? "only a share of calls, by itself, can be \"exactly\" "
                                           "something"
                : limit > 0 && limit < 1 ? "\"exactly\" is for 0% and 100%; say \"at_least\" and "
                                           "\"at_most\""
                                         : NULL;
        break;
    }
    if (wrong != NULL) {
        scenario_complain(r->loader->complaints, scenario_at(&r->loader->doc, node), "%s", wrong);
    }
    return wrong == NULL;
}

static bool read_bounds(reader *r) {
    static const scenario_quantity kinds[] = {[SIM_EXPECT_VALUE] = QUANTITY_VALUE,
                                              [SIM_EXPECT_DIFFERENCE] = QUANTITY_DIFFERENCE,
                                              [SIM_EXPECT_RATIO] = QUANTITY_RATIO};
    const json_doc *doc = &r->loader->doc;
    uint32_t given = 0;
    bool ok = true;
    for (uint32_t b = SIM_EXPECT_AT_LEAST; b <= SIM_EXPECT_EXACTLY; b++) {
        const json_node *node = member(r, bound_keys[b]);
        r->limits[b] = (double)NAN;
        if (node == NULL) {
            continue;
        }
        given++;
        ok = scenario_read_quantity(r->loader, scenario_option_find(SECTION_EXPECT, bound_keys[b]),
                                    kinds[r->claim.form], r->measure,
                                    (scenario_source){.place = scenario_at(doc, node)},
                                    &r->limits[b]) &&
             check_bound(r, (sim_expect_bound)b, node) && ok;
    }
    if (given == 0) {
        scenario_complain(r->loader->complaints, scenario_at(doc, r->entry),
                          "nothing is expected: give \"at_least\", \"at_most\" or \"exactly\"");
        return false;
    }
    if (given > 1 && member(r, "exactly") != NULL) {
        scenario_complain(r->loader->complaints, scenario_at_key(doc, member(r, "exactly")),
                          "\"exactly\" stands alone, without \"at_least\" and \"at_most\"");
        return false;
    }
    if (ok && r->limits[SIM_EXPECT_AT_LEAST] > r->limits[SIM_EXPECT_AT_MOST]) {
        scenario_complain(r->loader->complaints, scenario_at(doc, member(r, "at_least")),
                          "\"at_least\" is more than \"at_most\": nothing can be both");
        return false;
    }
    return ok;
}

static bool is_selected(const reader *r, const scenario_cell *cell) {
    bool selected = true;
    for (uint32_t f = 0; f < r->loader->scenario->factor_count; f++) {
        selected = selected && r->selected[f][cell->levels[f]];
    }
    return selected;
}

static uint32_t other_cell(const reader *r, const scenario_cell *cell) {
    const sim_scenario *scenario = r->loader->scenario;
    uint32_t other = 0;
    for (uint32_t f = 0; f < scenario->factor_count; f++) {
        const uint32_t level =
            r->other_levels[f] == AS_IT_IS ? cell->levels[f] : r->other_levels[f];
        other = other * scenario->factors[f].level_count + level;
    }
    return other;
}

static bool add(const reader *r, sim_expect claim) {
    sim_scenario *scenario = r->loader->scenario;
    for (uint32_t b = SIM_EXPECT_AT_LEAST; b <= SIM_EXPECT_EXACTLY; b++) {
        if (isnan(r->limits[b])) {
            continue;
        }
        if (scenario->expect_count == SCENARIO_EXPECTS_MAX) {
            scenario_complain(r->loader->complaints, scenario_at(&r->loader->doc, r->entry),
                              "up to here more than %d claims about single cells are made; fewer "
                              "must do",
                              SCENARIO_EXPECTS_MAX);
            return false;
        }
        sim_expect *grown =
            scenario_arena_grow(&scenario->arena, scenario->expects, scenario->expect_count,
                                &scenario->expect_cap, sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        claim.bound = (sim_expect_bound)b;
        claim.limit = r->limits[b];
        scenario->expects = grown;
        grown[scenario->expect_count++] = claim;
    }
    return true;
}

/* The claim about every selected cell; complains about the first that cannot be judged. */
static void expand(const reader *r) {
    scenario_loader *loader = r->loader;
    const scenario_place at_measure = scenario_at(&loader->doc, member(r, "measure"));
    for (uint32_t i = 0; i < loader->scenario->cell_count; i++) {
        const scenario_cell cell = scenario_cell_at(loader->scenario, i, 0);
        sim_expect claim = r->claim;
        if (!is_selected(r, &cell)) {
            continue;
        }
        claim.cell = i;
        claim.other = other_cell(r, &cell);
        if (r->against != NULL && claim.other == i) {
            char text[512];
            scenario_complain(loader->complaints, scenario_at_key(&loader->doc, r->against),
                              "what is compared would be compared with itself%s; select other "
                              "levels with \"cell\"",
                              scenario_cell_text(&cell, text, sizeof text));
            return;
        }
        if (!scenario_check_measured(loader, at_measure, r->measure, claim.cell) ||
            !scenario_check_measured(loader, at_measure, r->measure, claim.other) ||
            !add(r, claim)) {
            return;
        }
    }
}

static bool read_why(reader *r) {
    const json_node *why = member(r, "why");
    if (why == NULL) {
        return true;
    }
    const scenario_place place = scenario_at(&r->loader->doc, why);
    if (!scenario_check_kind(r->loader, &r->loader->doc, why, JSON_STRING) ||
        !scenario_check_printable(r->loader, place, why->text)) {
        return false;
    }
    r->claim.why = scenario_arena_text(&r->loader->scenario->arena, why->text);
    return r->claim.why != NULL;
}

static void read_entry(scenario_loader *loader, const json_node *entry) {
    const json_doc *doc = &loader->doc;
    reader r = {.loader = loader, .entry = entry};
    if (!scenario_check_kind(loader, doc, entry, JSON_OBJECT)) {
        return;
    }
    scenario_check_options(loader, doc, entry, SECTION_EXPECT);
    const json_node *measure = member(&r, "measure");
    if (measure == NULL) {
        scenario_complain(loader->complaints, scenario_at(doc, entry), "\"measure\" is missing");
        return;
    }
    const scenario_option *option = scenario_option_find(SECTION_EXPECT, "measure");
    int64_t found;
    if (!scenario_read_fixed(loader, option, (scenario_source){.place = scenario_at(doc, measure)},
                             &found)) {
        return;
    }
    uint32_t count;
    r.measure = &sim_measures(&count)[found];
    r.claim =
        (sim_expect){.entry = entry->index, .line = entry->at.line, .measure = (uint32_t)found};
    const bool cells = read_cells(&r);
    const bool against = read_against(&r);
    const bool bounds = against && read_bounds(&r);
    if (read_why(&r) && cells && bounds) {
        expand(&r);
    }
}

void scenario_read_expects(scenario_loader *loader, const json_node *list) {
    const json_doc *doc = &loader->doc;
    if (list == NULL || !scenario_check_kind(loader, doc, list, JSON_ARRAY)) {
        return;
    }
    for (const json_node *entry = json_first(doc, list); entry != NULL;
         entry = json_next(doc, entry)) {
        read_entry(loader, entry);
    }
}
