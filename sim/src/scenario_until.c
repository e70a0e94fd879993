/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "until": when a cell has seen enough. Its options may stand in the file and behind --set; only
 * when all are known can the half width be read in the unit of the measure.
 */
#include "scenario_internal.h"

/* A number of trials and a rule that makes it cannot both hold. Behind --set the rule is stronger
 * than the file's number, as everything behind --set is. */
static void check_trials(scenario_loader *loader, const json_node *section) {
    const scenario_object *root = &loader->scenario->objects[OBJECT_ROOT];
    const json_doc *doc = &loader->doc;
    const scenario_option *option = scenario_option_find(SECTION_ROOT, "trials");
    for (uint32_t i = 0; i < root->setting_count; i++) {
        const scenario_setting *setting = &root->settings[i];
        if (setting->option == option && setting->override_key != NULL) {
            scenario_complain(loader->complaints,
                              (scenario_place){.override_key = setting->override_key},
                              "\"until\" decides how many trials there are; set "
                              "until.max_trials instead");
        } else if (setting->option == option && section != NULL) {
            scenario_complain(loader->complaints,
                              scenario_at_key(doc, json_find(doc, json_root(doc), "trials")),
                              "with \"until\", \"trials\" must be left out; the most trials of a "
                              "cell are its \"max_trials\"");
        }
    }
}

void scenario_read_until(scenario_loader *loader) {
    sim_scenario *scenario = loader->scenario;
    const json_node *section = json_find(&loader->doc, json_root(&loader->doc), "until");
    if (section == NULL && scenario->objects[OBJECT_UNTIL].setting_count == 0) {
        return;
    }
    scenario_until until = scenario->defaults.until;
    const scenario_cell first = scenario_cell_at(scenario, 0, 0);
    scenario_cell_apply(&first, OBJECT_UNTIL, STREAM_WORLD, &until);
    uint32_t count;
    const sim_measure *measure = &sim_measures(&count)[until.measure];
    check_trials(loader, section);
    const json_node *named = section != NULL ? json_find(&loader->doc, section, "measure") : NULL;
    if (named != NULL && !scenario_is_set(scenario, OBJECT_UNTIL, "measure")) {
        return; /* it was complained about, and the half width is in its unit */
    }
    if (until.half_width < 0) {
        if (section == NULL) { /* else it was missed in the file */
            scenario_complain(loader->complaints,
                              scenario_place_of(loader, OBJECT_UNTIL, "half_width"),
                              "\"until\" needs \"half_width\" too: until.half_width=1%%");
        }
        return;
    }
    const scenario_source source = {.place = scenario_place_of(loader, OBJECT_UNTIL, "half_width"),
                                    .raw = scenario->texts[until.half_width]};
    const scenario_option *option = scenario_option_find(SECTION_UNTIL, "half_width");
    double half_width = 0;
    if (!scenario_read_quantity(loader, option, QUANTITY_VALUE, measure, source, &half_width)) {
        return;
    }
    if (half_width <= 0) {
        scenario_complain(loader->complaints, source.place,
                          "\"half_width\" must be above 0: no number of trials makes an interval "
                          "vanish");
    }
    for (uint32_t cell = 0; cell < scenario->cell_count; cell++) {
        if (!scenario_check_measured(loader, scenario_place_of(loader, OBJECT_UNTIL, "measure"),
                                     measure, cell)) {
            return;
        }
    }
    scenario->until = (sim_until){.given = true,
                                  .measure = (uint32_t)until.measure,
                                  .half_width = half_width,
                                  .trials_max = until.trials_max};
}
