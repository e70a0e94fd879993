/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preset_text.h"

#include <string.h>

#include "format.h"
#include "sim/link_presets.h"

/* Where a field of a given name is. */
typedef enum { FIELD_NAMED, FIELD_TIME, FIELD_COUNT, FIELD_BOOL } field_kind;

typedef struct {
    const char *name;
    field_kind kind;
    const char *(*words)(const nat_config *config);
    punch_time_us (*time_us)(const nat_config *config);
    uint32_t (*count)(const nat_config *config);
} field;

#define WORDS(member, naming)                                     \
    static const char *words_##member(const nat_config *config) { \
        return naming(config->member);                            \
    }
#define TIME(member)                                               \
    static punch_time_us time_##member(const nat_config *config) { \
        return config->member;                                     \
    }
#define COUNT(member)                                          \
    static uint32_t count_##member(const nat_config *config) { \
        return config->member;                                 \
    }

WORDS(mapping, nat_mapping_name)
WORDS(filtering, nat_filtering_name)
WORDS(allocation, nat_allocation_name)
WORDS(collision, nat_collision_name)
WORDS(hairpin, nat_hairpin_name)
WORDS(full, nat_full_name)
WORDS(unsolicited, nat_unsolicited_name)
WORDS(refusal, nat_refusal_name)
TIME(udp_timeout_first_us)
TIME(udp_timeout_stream_us)
TIME(blacklist_us)
TIME(stream_after_us)
TIME(hold_down_us)
COUNT(port_min)
COUNT(port_max)
COUNT(table_max)
COUNT(per_host_max)
COUNT(filters_max)
COUNT(pressure_start)
COUNT(pressure_end)
COUNT(address_count)
COUNT(block_ports)
COUNT(mapping_rate_per_s)
COUNT(mapping_burst)
COUNT(refresh_outbound)
COUNT(refresh_inbound)
COUNT(reply_affinity)

static const field fields[] = {
    {"mapping", FIELD_NAMED, words_mapping, NULL, NULL},
    {"filtering", FIELD_NAMED, words_filtering, NULL, NULL},
    {"allocation", FIELD_NAMED, words_allocation, NULL, NULL},
    {"collision", FIELD_NAMED, words_collision, NULL, NULL},
    {"port_min", FIELD_COUNT, NULL, NULL, count_port_min},
    {"port_max", FIELD_COUNT, NULL, NULL, count_port_max},
    {"udp_timeout_first", FIELD_TIME, NULL, time_udp_timeout_first_us, NULL},
    {"udp_timeout_stream", FIELD_TIME, NULL, time_udp_timeout_stream_us, NULL},
    {"refresh_outbound", FIELD_BOOL, NULL, NULL, count_refresh_outbound},
    {"refresh_inbound", FIELD_BOOL, NULL, NULL, count_refresh_inbound},
    {"hairpin", FIELD_NAMED, words_hairpin, NULL, NULL},
    {"table_max", FIELD_COUNT, NULL, NULL, count_table_max},
    {"per_host_max", FIELD_COUNT, NULL, NULL, count_per_host_max},
    {"table_full", FIELD_NAMED, words_full, NULL, NULL},
    {"inbound_unsolicited", FIELD_NAMED, words_unsolicited, NULL, NULL},
    {"blacklist_for", FIELD_TIME, NULL, time_blacklist_us, NULL},
    {"reply_affinity", FIELD_BOOL, NULL, NULL, count_reply_affinity},
    {"filters_max", FIELD_COUNT, NULL, NULL, count_filters_max},
    {"stream_after", FIELD_TIME, NULL, time_stream_after_us, NULL},
    {"pressure_start", FIELD_COUNT, NULL, NULL, count_pressure_start},
    {"pressure_end", FIELD_COUNT, NULL, NULL, count_pressure_end},
    {"addresses", FIELD_COUNT, NULL, NULL, count_address_count},
    {"block_ports", FIELD_COUNT, NULL, NULL, count_block_ports},
    {"hold_down", FIELD_TIME, NULL, time_hold_down_us, NULL},
    {"mapping_rate", FIELD_COUNT, NULL, NULL, count_mapping_rate_per_s},
    {"mapping_burst", FIELD_COUNT, NULL, NULL, count_mapping_burst},
    {"refusal", FIELD_NAMED, words_refusal, NULL, NULL},
};

bool preset_field_text(const nat_config *config, const char *name, char *text, size_t cap) {
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const field *row = &fields[i];
        if (strcmp(row->name, name) != 0) {
            continue;
        }
        char time_text[FORMAT_TEXT_CAP];
        switch (row->kind) {
        case FIELD_NAMED:
            snprintf(text, cap, "%s", row->words(config));
            break;
        case FIELD_TIME:
            snprintf(text, cap, "%s", format_duration(row->time_us(config), time_text));
            break;
        case FIELD_COUNT:
            snprintf(text, cap, "%u", row->count(config));
            break;
        case FIELD_BOOL:
            snprintf(text, cap, "%s", row->count(config) != 0 ? "true" : "false");
            break;
        }
        return true;
    }
    return false;
}

/* "tcp_timeout_syn_sent" is the timeout of the phase "syn-sent". */
static bool is_timeout_of(const char *key, nat_tcp_phase phase) {
    static const char prefix[] = "tcp_timeout_";
    if (strncmp(key, prefix, sizeof prefix - 1) != 0) {
        return false;
    }
    const char *a = key + sizeof prefix - 1;
    const char *b = nat_tcp_phase_name(phase);
    while (*a != '\0' && (*a == *b || (*a == '_' && *b == '-'))) {
        a++;
        b++;
    }
    return *a == *b;
}

bool preset_tcp_field_text(const nat_tcp_config *config, const char *name, char *text, size_t cap) {
    char time_text[FORMAT_TEXT_CAP];
    const struct {
        const char *name;
        const char *text;
    } words[] = {
        {"tcp_timeout_reset_unanswered", format_duration(config->reset_unanswered_us, time_text)},
        {"tcp_simultaneous_open", config->simultaneous_open ? "true" : "false"},
        {"tcp_pick_up", config->pick_up ? "true" : "false"},
        {"tcp_unsolicited", nat_tcp_unsolicited_name(config->unsolicited)},
        {"tcp_window", nat_tcp_window_name(config->window)},
        {"tcp_reset", nat_tcp_reset_name(config->reset)},
        {"tcp_reopen", nat_tcp_reopen_name(config->reopen)},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].name, name) == 0) {
            snprintf(text, cap, "%s", words[i].text);
            return true;
        }
    }
    for (int phase = 0; phase < NAT_TCP_PHASE_COUNT; phase++) {
        if (is_timeout_of(name, (nat_tcp_phase)phase)) {
            snprintf(text, cap, "%s", format_duration(config->timeout_us[phase], time_text));
            return true;
        }
    }
    return false;
}

void preset_print_tcp(const nat_tcp_preset *preset, FILE *out) {
    fprintf(out, "%s, TCP: %s\n", preset->name, preset->title);
    for (const nat_field_source *source = preset->sources; source->field != NULL; source++) {
        char value[FORMAT_TEXT_CAP] = "?";
        (void)preset_tcp_field_text(&preset->config, source->field, value, sizeof value);
        fprintf(out, "  %-28s %-12s %s\n", source->field, value, source->source);
    }
}

void preset_print(const nat_preset *preset, FILE *out) {
    fprintf(out, "%s: %s\n", preset->name, preset->title);
    for (const nat_field_source *source = preset->sources; source->field != NULL; source++) {
        char value[FORMAT_TEXT_CAP] = "?";
        (void)preset_field_text(&preset->config, source->field, value, sizeof value);
        fprintf(out, "  %-20s %-12s %s\n", source->field, value, source->source);
    }
}

void preset_print_list(FILE *out) {
    size_t count = 0;
    const nat_preset *presets = nat_presets(&count);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "  %-28s %s\n", presets[i].name, presets[i].title);
    }
}

void preset_print_links(FILE *out) {
    size_t count = 0;
    const sim_link_preset *presets = sim_link_presets(&count);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "  %-28s %s\n", presets[i].name, presets[i].title);
    }
}
