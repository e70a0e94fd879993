/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "tradeoff": by which two measures the levels of a treatment are judged, and against which of
 * them. Like "until" it may stand in the file and behind --set, and changes no world.
 */
#include <string.h>

#include "scenario_internal.h"

static scenario_place place_of(const scenario_loader *loader, const char *key) {
    return scenario_place_of(loader, OBJECT_TRADEOFF, key);
}

/* The only treatment; complains when there is none, or no telling which is meant. */
static bool only_treatment(scenario_loader *loader, uint32_t *factor_out) {
    const sim_scenario *scenario = loader->scenario;
    uint32_t found = 0;
    for (uint32_t f = 0; f < scenario->factor_count; f++) {
        if (scenario->factors[f].treatment) {
            *factor_out = f;
            found++;
        }
    }
    if (found == 0) {
        scenario_complain(loader->complaints, place_of(loader, "treatment"),
                          "there is nothing to trade: no factor is a treatment; the levels to be "
                          "judged are those of a factor with \"treatment\": true");
    } else if (found > 1) {
        scenario_complain(loader->complaints, place_of(loader, "treatment"),
                          "several factors are treatments; name the one whose levels are judged: "
                          "\"treatment\": \"%s\"",
                          scenario->factors[*factor_out].name);
    }
    return found == 1;
}

static bool named_treatment(scenario_loader *loader, const char *name, uint32_t *factor_out) {
    const sim_scenario *scenario = loader->scenario;
    const scenario_place place = place_of(loader, "treatment");
    char meant[96];
    scenario_suggest suggest = scenario_suggest_for(name);
    for (uint32_t f = 0; f < scenario->factor_count; f++) {
        const scenario_factor *factor = &scenario->factors[f];
        if (strcmp(factor->name, name) == 0) {
            *factor_out = f;
            if (!factor->treatment) {
                scenario_complain(loader->complaints, place,
                                  "the factor \"%s\" is no treatment (\"treatment\": true), so its "
                                  "levels do not meet the same worlds",
                                  name);
            }
            return factor->treatment;
        }
        scenario_suggest_offer(&suggest, factor->name);
    }
    scenario_complain(loader->complaints, place, "there is no factor \"%s\"%s", name,
                      scenario_suggest_text(&suggest, meant, sizeof meant));
    return false;
}

/* The level that is the baseline, of a factor that has others to compare with it. */
static bool find_baseline(scenario_loader *loader, const scenario_factor *factor, const char *label,
                          uint32_t *level_out) {
    char meant[96];
    scenario_suggest suggest = scenario_suggest_for(label);
    if (factor->level_count < 2 || factor->level_count > SIM_TRADEOFF_LEVELS_MAX) {
        scenario_complain(loader->complaints, place_of(loader, "baseline"),
                          "a treatment that is judged has 2 to %u levels; \"%s\" has %u",
                          SIM_TRADEOFF_LEVELS_MAX, factor->name, factor->level_count);
        return false;
    }
    for (uint32_t l = 0; l < factor->level_count; l++) {
        if (strcmp(factor->labels[l], label) == 0) {
            *level_out = l;
            return true;
        }
        scenario_suggest_offer(&suggest, factor->labels[l]);
    }
    scenario_complain(loader->complaints, place_of(loader, "baseline"),
                      "the factor \"%s\" has no level \"%s\"%s", factor->name, label,
                      scenario_suggest_text(&suggest, meant, sizeof meant));
    return false;
}

/* Both must differ, and say something in every cell. */
static bool check_measures(scenario_loader *loader, const scenario_tradeoff *given) {
    static const char *const keys[] = {"cost", "harm"};
    const int64_t measures[] = {given->cost, given->harm};
    uint32_t count;
    const sim_measure *table = sim_measures(&count);
    if (given->cost == given->harm) {
        scenario_complain(loader->complaints, place_of(loader, "harm"),
                          "cost and harm are the same measure: there is nothing to trade");
        return false;
    }
    for (uint32_t k = 0; k < 2; k++) {
        for (uint32_t cell = 0; cell < loader->scenario->cell_count; cell++) {
            if (!scenario_check_measured(loader, place_of(loader, keys[k]), &table[measures[k]],
                                         cell)) {
                return false;
            }
        }
    }
    return true;
}

static bool read_margin(scenario_loader *loader, const scenario_tradeoff *given,
                        sim_tradeoff *tradeoff) {
    if (given->margin < 0) {
        return true;
    }
    uint32_t count;
    const sim_measure *measure = &sim_measures(&count)[given->harm];
    const scenario_source source = {.place = place_of(loader, "margin"),
                                    .raw = loader->scenario->texts[given->margin]};
    tradeoff->has_margin = true;
    return scenario_read_quantity(loader, scenario_option_find(SECTION_TRADEOFF, "margin"),
                                  QUANTITY_VALUE, measure, source, &tradeoff->margin);
}

/* Is all there that must be? In the file that was seen already; a mistake there was, too. */
static bool is_whole(scenario_loader *loader, const json_node *section) {
    static const char *const required[] = {"cost", "harm", "baseline"};
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
        if (scenario_is_set(loader->scenario, OBJECT_TRADEOFF, required[i])) {
            continue;
        }
        if (section == NULL) {
            scenario_complain(loader->complaints, place_of(loader, required[i]),
                              "\"tradeoff\" needs \"%s\" too", required[i]);
        }
        return false;
    }
    return true;
}

void scenario_read_tradeoff(scenario_loader *loader) {
    sim_scenario *scenario = loader->scenario;
    const json_node *section = json_find(&loader->doc, json_root(&loader->doc), "tradeoff");
    if (section == NULL && scenario->objects[OBJECT_TRADEOFF].setting_count == 0) {
        return;
    }
    if (!is_whole(loader, section)) {
        return;
    }
    scenario_tradeoff given = scenario->defaults.tradeoff;
    const scenario_cell first = scenario_cell_at(scenario, 0, 0);
    scenario_cell_apply(&first, OBJECT_TRADEOFF, STREAM_WORLD, &given);
    sim_tradeoff tradeoff = {
        .given = true, .cost = (uint32_t)given.cost, .harm = (uint32_t)given.harm};
    const bool found =
        given.treatment >= 0
            ? named_treatment(loader, scenario->texts[given.treatment], &tradeoff.factor)
            : only_treatment(loader, &tradeoff.factor);
    if (found &&
        find_baseline(loader, &scenario->factors[tradeoff.factor], scenario->texts[given.baseline],
                      &tradeoff.baseline) &&
        check_measures(loader, &given) && read_margin(loader, &given, &tradeoff)) {
        scenario->tradeoff = tradeoff;
    }
}
