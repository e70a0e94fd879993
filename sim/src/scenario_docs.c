/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The option table for people: `explain KEY` and the format reference of scenarios/README.md.
 */
#include <string.h>

#include "nat/presets.h"
#include "punch/lab.h"
#include "scenario_internal.h"
#include "sim/link_presets.h"

/* What may stand there, in a few words. */
static void write_type(const scenario_option *option, FILE *out) {
    switch (option->type) {
    case TYPE_NUMBER:
        (void)fputs(scenario_number_allowed(option->number), out);
        return;
    case TYPE_BOOL:
        (void)fputs("true or false", out);
        return;
    case TYPE_ENUM:
        for (size_t i = 0; option->names[i] != NULL; i++) {
            (void)fprintf(out, "%s\"%s\"", i > 0 ? ", " : "", option->names[i]);
        }
        return;
    case TYPE_TEXT:
        (void)fputs("a text", out);
        return;
    case TYPE_NAME:
        (void)fputs("a name: letters, digits, '-', '_'", out);
        return;
    case TYPE_SEED:
        (void)fputs("a text of decimal digits below 2^64", out);
        return;
    case TYPE_PRESET:
        (void)fputs("the name of a NAT preset", out);
        return;
    case TYPE_LINK_PRESET:
        (void)fputs("the name of a link preset", out);
        return;
    case TYPE_NAT:
        (void)fputs("a name in \"nat\", \"none\" or a population", out);
        return;
    case TYPE_OUTER_NAT:
        (void)fputs("a name in \"nat\", or \"none\"", out);
        return;
    case TYPE_LINK:
        (void)fputs("a name in \"link\", or \"none\"", out);
        return;
    case TYPE_KEEPALIVE:
        (void)fputs("the name of a keepalive strategy", out);
        return;
    case TYPE_KEEPALIVES:
        (void)fputs("a list of names of keepalive strategies", out);
        return;
    case TYPE_MEASURE:
        (void)fputs("the name of a measure", out);
        return;
    case TYPE_QUANTITY:
        (void)fputs("in the measure's unit: \"99.5%\" of shares, \"250ms\" of times, else 2.5",
                    out);
        return;
    case TYPE_CELLS:
        (void)fputs("an object of factors and their levels", out);
        return;
    case TYPE_COUNT:
        return;
    }
}

static void write_default(const scenario_option *option, FILE *out) {
    if ((option->flags & OPTION_REQUIRED) != 0) {
        (void)fputs("required", out);
    } else if (option->fallback[0] != '\0') {
        (void)fputs(option->fallback, out);
    } else {
        (void)fputs(option->section == SECTION_NAT && option->type != TYPE_PRESET ? "the preset's"
                                                                                  : "none",
                    out);
    }
}

/* The option without which a measure says nothing; "" when it always does. */
static const char *needed_for(sim_measure_where where) {
    switch (where) {
    case SIM_MEASURED_ALWAYS:
    case SIM_MEASURED_ROOM:
        break;
    case SIM_MEASURED_HOLDING:
        return "hold";
    case SIM_MEASURED_MESSAGES:
        return "call.messages";
    case SIM_MEASURED_CRASHES:
    case SIM_MEASURED_FAULTS:
        return "hold, timeline";
    case SIM_MEASURED_RADIO:
        return "hold, peers.radio";
    }
    return "";
}

static const char *unit_text(sim_measure_unit unit) {
    switch (unit) {
    case SIM_UNIT_SHARE:
        return "share";
    case SIM_UNIT_SECONDS:
        return "time";
    case SIM_UNIT_COUNT:
        return "number";
    }
    return "";
}

/* Every preset, strategy or measure there is, for options that refer to one. */
static void write_references(const scenario_option *option, FILE *out) {
    size_t count;
    if (option->type == TYPE_PRESET) {
        const nat_preset *presets = nat_presets(&count);
        for (size_t i = 0; i < count; i++) {
            (void)fprintf(out, "    %-28s %s\n", presets[i].name, presets[i].title);
        }
    } else if (option->type == TYPE_LINK_PRESET) {
        const sim_link_preset *presets = sim_link_presets(&count);
        for (size_t i = 0; i < count; i++) {
            (void)fprintf(out, "    %-28s %s\n", presets[i].name, presets[i].title);
        }
    } else if (option->type == TYPE_KEEPALIVE || option->type == TYPE_KEEPALIVES) {
        const punch_keepalive *const *known = punch_lab_keepalives(&count);
        for (size_t i = 0; i < count; i++) {
            (void)fprintf(out, "    %-28s %s\n", known[i]->name, known[i]->help);
        }
    } else if (option->type == TYPE_MEASURE) {
        uint32_t measure_count;
        const sim_measure *measures = sim_measures(&measure_count);
        for (uint32_t i = 0; i < measure_count; i++) {
            const char *needed = needed_for(measures[i].where);
            (void)fprintf(out, "    %-28s %s (a %s%s%s)\n", measures[i].name, measures[i].help,
                          unit_text(measures[i].unit), needed[0] != '\0' ? "; needs " : "", needed);
        }
    }
}

static void explain_option(const scenario_option *option, FILE *out) {
    (void)fprintf(out, "%s\n  %s\n  type     ", option->name, option->help);
    write_type(option, out);
    (void)fputs("\n  default  ", out);
    write_default(option, out);
    (void)fputs("\n", out);
    if (option->low != NULL) {
        (void)fprintf(out, "  range    %s .. %s\n", option->low, option->high);
    }
    if ((option->flags & OPTION_DRAWN) != 0) {
        (void)fputs("  may be drawn anew for every trial\n", out);
    } else if ((option->flags & OPTION_FIXED) != 0 && option->section != SECTION_EXPECT) {
        (void)fputs("  the same in every cell: no factor can set it\n", out);
    }
    write_references(option, out);
}

/* Does a typed key mean this option: its name, its key, its section, or with a scenario's own name
 * in between ("nat.homeB.mapping", "link.dsl.up.delay")? */
static bool matches(const scenario_option *option, const char *key) {
    const char *section = scenario_section_key(option->section);
    const char *option_key = scenario_option_key(option);
    const size_t section_length = strlen(section);
    const char *last = strrchr(key, '.');
    if (key[0] == '\0' || strcmp(key, "*") == 0 || strcmp(key, option->name) == 0) {
        return true;
    }
    if (last == NULL) {
        return strcmp(key, option_key) == 0 ||
               (option->section != SECTION_ROOT && strcmp(key, section) == 0);
    }
    if (strncmp(key, "populations.", strlen("populations.")) == 0) {
        return option->section == SECTION_NAT && strcmp(last + 1, option_key) == 0;
    }
    return scenario_section_is_named(option->section) && strcmp(last + 1, option_key) == 0 &&
           strncmp(key, section, section_length) == 0 && key[section_length] == '.';
}

size_t sim_scenario_explain(const char *key, FILE *out, const char **nearest_out) {
    size_t count;
    size_t matched = 0;
    const scenario_option *options = scenario_options(&count);
    scenario_suggest suggest = scenario_suggest_for(key);
    for (size_t i = 0; i < count; i++) {
        if (matches(&options[i], key)) {
            if (matched > 0) {
                (void)fputs("\n", out);
            }
            explain_option(&options[i], out);
            matched++;
        }
        scenario_suggest_offer(&suggest, options[i].name);
    }
    /* A key without its section, or with a wrong one: compare the last part alone. */
    const char *last = strrchr(key, '.');
    if (suggest.nearest == NULL) {
        suggest = scenario_suggest_for(last != NULL ? last + 1 : key);
        uint32_t best = UINT32_MAX;
        const char *nearest = NULL;
        for (size_t i = 0; i < count; i++) {
            scenario_suggest_offer(&suggest, scenario_option_key(&options[i]));
            if (suggest.distance < best) {
                best = suggest.distance;
                nearest = options[i].name;
            }
        }
        suggest.nearest = nearest;
    }
    *nearest_out = matched == 0 ? suggest.nearest : NULL;
    return matched;
}

/* '|' would end a cell of the table. */
static void write_row(const scenario_option *option, FILE *out) {
    (void)fprintf(out, "| `%s` | ", scenario_option_key(option));
    write_type(option, out);
    (void)fputs(" | ", out);
    write_default(option, out);
    (void)fputs(" | ", out);
    if (option->low != NULL) {
        (void)fprintf(out, "%s .. %s", option->low, option->high);
    }
    (void)fprintf(out, " | %s | %s |\n", (option->flags & OPTION_DRAWN) != 0 ? "yes" : "",
                  option->help);
}

static const char *section_title(scenario_section section) {
    switch (section) {
    case SECTION_ROOT:
        return "Top level";
    case SECTION_CORE:
        return "`core`: options of both peers";
    case SECTION_NAT:
        return "`nat`: named NATs, `{\"home\": {...}}`; also the classes of a population, "
               "unless a class is a population itself";
    case SECTION_LINK:
        return "`link`: named access links, `{\"dsl\": {...}}`; `up` and `down` inside a link are "
               "objects with the same keys and count for that direction only";
    case SECTION_PEERS:
        return "`peers`: `a`, who calls, and `b`, who is called";
    case SECTION_BROKER:
        return "`broker`";
    case SECTION_INTERNET:
        return "`internet`: what lies between the sites";
    case SECTION_CALL:
        return "`call`";
    case SECTION_TIMELINE:
        return "`timeline`: a list of what happens to the world";
    case SECTION_UNTIL:
        return "`until`: trials of each cell until a measure is known well enough; then `trials` "
               "is left out";
    case SECTION_TRADEOFF:
        return "`tradeoff`: what the levels of a treatment are judged by";
    case SECTION_EXPECT:
        return "`expect`: a list of claims, judged on intervals; each needs `at_least`, `at_most`, "
               "both, or `exactly`";
    case SECTION_COUNT:
        break;
    }
    return "";
}

void sim_scenario_write_reference(FILE *out) {
    size_t count;
    const scenario_option *options = scenario_options(&count);
    for (int s = 0; s < SECTION_COUNT; s++) {
        const scenario_section section = (scenario_section)s;
        (void)fprintf(out,
                      "### %s\n\n| key | value | default | range | may be drawn | meaning |\n"
                      "|---|---|---|---|---|---|\n",
                      section_title(section));
        for (size_t i = 0; i < count; i++) {
            if (options[i].section == section) {
                write_row(&options[i], out);
            }
        }
        (void)fputs("\n", out);
    }
    (void)fputs("### Measures\n\n| name | a | needs | meaning |\n|---|---|---|---|\n", out);
    uint32_t measure_count;
    const sim_measure *measures = sim_measures(&measure_count);
    for (uint32_t i = 0; i < measure_count; i++) {
        const char *needed = needed_for(measures[i].where);
        const char *tick = needed[0] != '\0' ? "`" : "";
        (void)fprintf(out, "| `%s` | %s | %s%s%s | %s |\n", measures[i].name,
                      unit_text(measures[i].unit), tick, needed, tick, measures[i].help);
    }
    (void)fputs("\n### NAT presets\n\n| name | device |\n|---|---|\n", out);
    const nat_preset *presets = nat_presets(&count);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "| `%s` | %s |\n", presets[i].name, presets[i].title);
    }
    (void)fputs("\n### Link presets\n\n| name | line |\n|---|---|\n", out);
    const sim_link_preset *lines = sim_link_presets(&count);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "| `%s` | %s |\n", lines[i].name, lines[i].title);
    }
    (void)fputs("\n### Keepalive strategies\n\n| name | meaning |\n|---|---|\n", out);
    const punch_keepalive *const *known = punch_lab_keepalives(&count);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "| `%s` | %s |\n", known[i]->name, known[i]->help);
    }
}
