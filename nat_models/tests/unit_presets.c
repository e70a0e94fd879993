/* SPDX-License-Identifier: MIT */
/*
 * Words and presets: every value has a name, every field of every preset a source, and the table in
 * the module's README says what the presets are.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat/presets.h"
#include "punch_test.h"

#define README_BYTES_MAX 65536

static void names(void) {
    EXPECT_TEXT("mapping", nat_mapping_name(NAT_MAPPING_APDM), "APDM");
    EXPECT_TEXT("filtering", nat_filtering_name(NAT_FILTERING_ADF), "ADF");
    EXPECT_TEXT("allocation", nat_allocation_name(NAT_ALLOCATION_CONTIGUOUS), "contiguous");
    EXPECT_TEXT("collision", nat_collision_name(NAT_COLLISION_NEXT_FREE), "next-free");
    EXPECT_TEXT("hairpin", nat_hairpin_name(NAT_HAIRPIN_EXTERNAL), "external");
    EXPECT_TEXT("full", nat_full_name(NAT_FULL_EVICT_OLDEST), "evict-oldest");
    EXPECT_TEXT("unsolicited", nat_unsolicited_name(NAT_UNSOLICITED_COLLIDE), "collide");
    EXPECT_TEXT("refusal", nat_refusal_name(NAT_REFUSAL_ICMP), "icmp");
    EXPECT_TEXT("a value that is none", nat_hairpin_name((nat_hairpin)77), "unknown");
    for (int i = 0; i < NAT_VERDICT_COUNT; i++) {
        EXPECT("every verdict has a name", strlen(nat_verdict_name((nat_verdict)i)) > 3);
        EXPECT("every verdict has a sentence", strlen(nat_verdict_text((nat_verdict)i)) > 8);
        for (int k = 0; k < i; k++) {
            EXPECT("names differ",
                   strcmp(nat_verdict_name((nat_verdict)i), nat_verdict_name((nat_verdict)k)) != 0);
        }
    }
}

/* The fields of nat_config as scenario files call them. */
static const char *const FIELDS[] = {
    "mapping",
    "filtering",
    "allocation",
    "collision",
    "port_min",
    "port_max",
    "udp_timeout_first",
    "udp_timeout_stream",
    "refresh_outbound",
    "refresh_inbound",
    "hairpin",
    "table_max",
    "per_host_max",
    "table_full",
    "inbound_unsolicited",
    "blacklist_for",
    "reply_affinity",
    "filters_max",
};

/* Those that most devices leave at zero; the others name a source. */
static const struct {
    const char *field;
    size_t offset;
} EXTRAS[] = {
    {"stream_after", offsetof(nat_config, stream_after_us)},
    {"pressure_start", offsetof(nat_config, pressure_start)},
    {"pressure_end", offsetof(nat_config, pressure_end)},
    {"addresses", offsetof(nat_config, address_count)},
    {"block_ports", offsetof(nat_config, block_ports)},
    {"refusal", offsetof(nat_config, refusal)},
    {"blocks_per_host", offsetof(nat_config, blocks_per_host)},
    {"hold_down", offsetof(nat_config, hold_down_us)},
    {"mapping_rate", offsetof(nat_config, mapping_rate_per_s)},
    {"mapping_burst", offsetof(nat_config, mapping_burst)},
};

static size_t times_named(const nat_preset *preset, const char *field) {
    size_t found = 0;
    for (const nat_field_source *source = preset->sources; source->field != NULL; source++) {
        found += strcmp(source->field, field) == 0 && strlen(source->source) > 8;
    }
    return found;
}

static void presets(void) {
    size_t count = 0;
    const nat_preset *all = nat_presets(&count);
    EXPECT_INT("eleven presets", count, 11);
    for (size_t i = 0; i < count; i++) {
        EXPECT(all[i].name, nat_config_check(&all[i].config) == NULL);
        EXPECT(all[i].name, nat_preset_find(all[i].name) == &all[i]);
        size_t sources = 0;
        while (all[i].sources[sources].field != NULL) {
            sources++;
        }
        for (size_t k = 0; k < sizeof FIELDS / sizeof FIELDS[0]; k++) {
            EXPECT_INT(FIELDS[k], times_named(&all[i], FIELDS[k]), 1);
        }
        size_t extras = 0;
        for (size_t k = 0; k < sizeof EXTRAS / sizeof EXTRAS[0]; k++) {
            uint32_t value; /* none of them is above 71 minutes */
            memcpy(&value, (const char *)&all[i].config + EXTRAS[k].offset, sizeof value);
            EXPECT_INT(EXTRAS[k].field, times_named(&all[i], EXTRAS[k].field), value != 0);
            extras += value != 0;
        }
        EXPECT_INT(all[i].name, sources, sizeof FIELDS / sizeof FIELDS[0] + extras);
    }
    EXPECT("an unknown name finds nothing", nat_preset_find("toaster") == NULL);
}

static const char *read_readme(char *text) {
    const char *top = getenv("PUNCH_SOURCE_DIR");
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/nat_models/README.md", top != NULL ? top : ".");
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    text[fread(text, 1, README_BYTES_MAX - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}

/* One row of the README's table. */
static void format_row(const nat_preset *preset, char *row, size_t cap) {
    const nat_config *config = &preset->config;
    char after[32] = "";
    if (config->stream_after_us > 0) {
        (void)snprintf(after, sizeof after, ", stream after %lld s",
                       (long long)(config->stream_after_us / PUNCH_US_PER_S));
    }
    char limit[16] = "-";
    if (config->per_host_max > 0) {
        (void)snprintf(limit, sizeof limit, "%u", config->per_host_max);
    }
    (void)snprintf(
        row, cap, "| `%s` | %s / %s | %s, %s, %u-%u | %lld / %lld s%s%s | %s | %s | %s | %s |",
        preset->name, nat_mapping_name(config->mapping), nat_filtering_name(config->filtering),
        nat_allocation_name(config->allocation), nat_collision_name(config->collision),
        config->port_min, config->port_max,
        (long long)(config->udp_timeout_first_us / PUNCH_US_PER_S),
        (long long)(config->udp_timeout_stream_us / PUNCH_US_PER_S), after,
        config->refresh_inbound ? "" : ", out only", nat_hairpin_name(config->hairpin),
        nat_unsolicited_name(config->unsolicited), config->reply_affinity ? "yes" : "no", limit);
}

static void readme_table(void) {
    char *text = malloc(README_BYTES_MAX);
    if (!EXPECT("nat_models/README.md can be read", text != NULL && read_readme(text) != NULL)) {
        free(text);
        return;
    }
    size_t count = 0;
    const nat_preset *all = nat_presets(&count);
    for (size_t i = 0; i < count; i++) {
        char row[256];
        format_row(&all[i], row, sizeof row);
        EXPECT(row, strstr(text, row) != NULL);
    }
    free(text);
}

static void default_is_rfc4787(void) {
    const nat_preset *preset = nat_preset_find("rfc4787");
    const nat_preset base = {"rfc4787", "", nat_config_default(), NULL};
    char wanted[256];
    char got[256];
    format_row(preset, wanted, sizeof wanted);
    format_row(&base, got, sizeof got);
    EXPECT_TEXT("the default behaves as the preset", got, wanted);
    EXPECT_INT("with the same table", base.config.table_max, preset->config.table_max);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"names", names},
        {"presets name a source for every field", presets},
        {"the default configuration is the preset rfc4787", default_is_rfc4787},
        {"the README's table is true", readme_table},
    };
    return PUNCH_TEST_MAIN("unit_presets", cases);
}
