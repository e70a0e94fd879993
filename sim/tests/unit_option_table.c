/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The option table itself: every row is complete, its default lies in its range, and its words are
 * those of the modules it sets up.
 */
#include <string.h>

#include "nat/presets.h"
#include "punch_test.h"
#include "scenario_internal.h"

static void every_row_is_complete(void) {
    size_t count;
    const scenario_option *options = scenario_options(&count);
    for (size_t i = 0; i < count; i++) {
        const scenario_option *option = &options[i];
        const char *section = scenario_section_key(option->section);
        EXPECT(option->name, strncmp(option->name, section, strlen(section)) == 0);
        EXPECT(option->name, option->help[strlen(option->help) - 1] == '.');
        EXPECT(option->name, (option->type == TYPE_ENUM) == (option->names != NULL));
        EXPECT(option->name, (option->low == NULL) == (option->high == NULL));
        EXPECT(option->name, (option->type == TYPE_NUMBER) == (option->low != NULL));
        EXPECT(option->name,
               scenario_option_find(option->section, scenario_option_key(option)) == option);
        EXPECT("the Markdown table needs help without bars", strchr(option->help, '|') == NULL);
    }
}

static void defaults_lie_in_their_ranges(void) {
    size_t count;
    const scenario_option *options = scenario_options(&count);
    for (size_t i = 0; i < count; i++) {
        if (options[i].type == TYPE_NUMBER) {
            int64_t low;
            int64_t high;
            scenario_option_range(&options[i], &low, &high);
            EXPECT(options[i].name, low < high);
            if (options[i].fallback[0] != '\0') {
                const int64_t number = scenario_option_number(&options[i], options[i].fallback);
                EXPECT(options[i].name, low <= number && number <= high);
            }
        }
    }
}

/* One enum's names against another module's. */
static void compare_names(const char *option_name, uint32_t count,
                          const char *(*name_of)(uint32_t value)) {
    size_t option_count;
    const scenario_option *options = scenario_options(&option_count);
    for (size_t i = 0; i < option_count; i++) {
        if (strcmp(options[i].name, option_name) != 0) {
            continue;
        }
        for (uint32_t value = 0; value < count; value++) {
            EXPECT_TEXT(option_name, options[i].names[value], name_of(value));
        }
        EXPECT(option_name, options[i].names[count] == NULL);
        return;
    }
    EXPECT("there is such an option", false);
}

static const char *mapping(uint32_t value) {
    return nat_mapping_name((nat_mapping)value);
}
static const char *filtering(uint32_t value) {
    return nat_filtering_name((nat_filtering)value);
}
static const char *allocation(uint32_t value) {
    return nat_allocation_name((nat_allocation)value);
}
static const char *collision(uint32_t value) {
    return nat_collision_name((nat_collision)value);
}
static const char *hairpin(uint32_t value) {
    return nat_hairpin_name((nat_hairpin)value);
}
static const char *pooling(uint32_t value) {
    return nat_pooling_name((nat_pooling)value);
}
static const char *full(uint32_t value) {
    return nat_full_name((nat_full)value);
}
static const char *unsolicited(uint32_t value) {
    return nat_unsolicited_name((nat_unsolicited)value);
}

static void words_are_those_of_the_nat_models(void) {
    compare_names("nat.mapping", 3, mapping);
    compare_names("nat.filtering", 3, filtering);
    compare_names("nat.allocation", 3, allocation);
    compare_names("nat.collision", 5, collision);
    compare_names("nat.hairpin", 3, hairpin);
    compare_names("nat.pooling", 2, pooling);
    compare_names("nat.table_full", 3, full);
    compare_names("nat.inbound_unsolicited", 4, unsolicited);
}

/* Is it zero, and so without effect? Such options need no source. */
static bool is_off(const scenario_option *option, const nat_config *config) {
    scenario_nat box;
    scenario_nat zeroed;
    memset(&box, 0, sizeof box);
    memset(&zeroed, 0, sizeof zeroed);
    memcpy(&box.config, config, sizeof *config);
    memcpy(&zeroed, &box, sizeof box);
    scenario_option_store(option, 0, &zeroed);
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): copies, alike in their padding */
    return memcmp(&box, &zeroed, sizeof box) == 0;
}

/* What a preset names a source for is what a scenario can set, and the other way round. */
static void preset_fields_are_options(void) {
    size_t preset_count;
    size_t option_count;
    const nat_preset *presets = nat_presets(&preset_count);
    const scenario_option *options = scenario_options(&option_count);
    for (size_t p = 0; p < preset_count; p++) {
        for (const nat_field_source *at = presets[p].sources; at->field != NULL; at++) {
            EXPECT(at->field, scenario_option_find(SECTION_NAT, at->field) != NULL);
        }
        for (size_t i = 0; i < option_count; i++) {
            const nat_field_source *at = presets[p].sources;
            if (options[i].section != SECTION_NAT || options[i].type == TYPE_PRESET) {
                continue;
            }
            while (at->field != NULL && strcmp(at->field, scenario_option_key(&options[i])) != 0) {
                at++;
            }
            EXPECT(options[i].name, at->field != NULL || is_off(&options[i], &presets[p].config));
        }
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"every row is complete", every_row_is_complete},
        {"defaults lie in their ranges", defaults_lie_in_their_ranges},
        {"words are those of the NAT models", words_are_those_of_the_nat_models},
        {"preset fields are options", preset_fields_are_options},
    };
    return PUNCH_TEST_MAIN("unit_option_table", cases);
}
