/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A link preset for people, through the option table: its fields are called and written there as in
 * a scenario.
 */
#include "scenario_options.h"
#include "sim/link_presets.h"

static const char *value_text(const scenario_option *option, const sim_link_plan *plan,
                              char text[SCENARIO_NUMBER_CAP]) {
    const scenario_link at = {.preset = -1, .plan = *plan};
    const int64_t number = scenario_option_load(option, &at);
    return number == 0 ? "-" : scenario_number_write(option->number, number, text);
}

void sim_link_preset_explain(const sim_link_preset *preset, FILE *out) {
    (void)fprintf(out, "%s: %s\n  %-16s %-12s %-12s %s\n", preset->name, preset->title, "", "up",
                  "down", "source");
    for (const sim_link_field_source *at = preset->sources; at->field != NULL; at++) {
        char up[SCENARIO_NUMBER_CAP];
        char down[SCENARIO_NUMBER_CAP];
        const scenario_option *option = scenario_option_find(SECTION_LINK, at->field);
        if (option == NULL) {
            continue; /* no such field; unit_link_presets says so */
        }
        const char *up_text = value_text(option, &preset->up, up);
        const char *down_text = value_text(option, &preset->down, down);
        if (up_text[0] != '-' || down_text[0] != '-') {
            (void)fprintf(out, "  %-16s %-12s %-12s %s\n", at->field, up_text, down_text,
                          at->source);
        }
    }
}
