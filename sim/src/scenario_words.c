/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What texts of a scenario may be: names that do not collide with what results are called, and
 * texts that a terminal, a plot or a table can show.
 */
#include <stdio.h>
#include <string.h>

#include "scenario_internal.h"

/* Columns of the CSV files of results, and the keys beside "factors" in JSON results. A measure
 * stands for its columns NAME, NAME_n, NAME_lo and NAME_hi; "caller_" and "callee_" are all
 * reserved. */
static const char *const columns[] = {
    "cell",
    "trial",
    "trials",
    "call",
    "seed",
    "trial_seed",
    "lost_after",
    "path_private",
    "messages_acked",
    "messages_unconfirmed",
    "messages_refused",
    "events",
    "packets_sent",
    "packets_delivered",
    "packets_lost_link",
    "packets_blocked",
    "blocked_by_verdict",
    "packets_lost_ttl",
    "packets_lost_isolated",
    "packets_lost_host",
    "packets_nowhere",
    "packets_copied",
    "packets_left",
    "bytes_sent",
    "ended_at_s",
    "time_to_connect_s",
    "digest",
    "failed",
    "most_frequent_failure",
    "most_frequent_failure_count",
    "example_trial",
    "reason",
    NULL,
};
static const char *const sides[] = {"caller_", "callee_", NULL};

static bool is_measure_column(const char *name) {
    uint32_t count;
    const sim_measure *measures = sim_measures(&count);
    for (uint32_t i = 0; i < count; i++) {
        const size_t length = strlen(measures[i].name);
        const char *rest = name + length;
        if (strncmp(name, measures[i].name, length) == 0 &&
            (*rest == '\0' || strcmp(rest, "_n") == 0 || strcmp(rest, "_lo") == 0 ||
             strcmp(rest, "_hi") == 0)) {
            return true;
        }
    }
    return false;
}

static bool is_column(const char *name) {
    for (size_t i = 0; columns[i] != NULL; i++) {
        if (strcmp(name, columns[i]) == 0) {
            return true;
        }
    }
    for (size_t i = 0; sides[i] != NULL; i++) {
        if (strncmp(name, sides[i], strlen(sides[i])) == 0) {
            return true;
        }
    }
    return is_measure_column(name);
}

static void append(char *list, size_t cap, const char *name, const char *ending) {
    const size_t length = strlen(list);
    (void)snprintf(list + length, cap - length, "%s%s%s", length > 0 ? ", " : "", name, ending);
}

bool scenario_check_factor_name(scenario_loader *loader, scenario_place place, const char *name) {
    if (!is_column(name)) {
        return true;
    }
    char list[800] = "";
    for (size_t i = 0; columns[i] != NULL; i++) {
        append(list, sizeof list, columns[i], "");
    }
    uint32_t count;
    const sim_measure *measures = sim_measures(&count);
    for (uint32_t i = 0; i < count; i++) {
        append(list, sizeof list, measures[i].name, "");
    }
    for (size_t i = 0; sides[i] != NULL; i++) {
        append(list, sizeof list, sides[i], "...");
    }
    scenario_complain(loader->complaints, place,
                      "\"%s\" is a column of the results already; a factor needs another name "
                      "than %s",
                      name, list);
    return false;
}

/* C0, DEL, or C1 written in UTF-8 (U+0080..U+009F): what a terminal obeys instead of showing. */
static size_t control_at(const char *text, unsigned *code_out) {
    const unsigned char first = (unsigned char)text[0];
    const unsigned char second = first != 0 ? (unsigned char)text[1] : 0;
    if (first != 0 && (first < 0x20 || first == 0x7f)) {
        *code_out = first;
        return 1;
    }
    if (first == 0xc2 && second >= 0x80 && second <= 0x9f) {
        *code_out = second;
        return 2;
    }
    return 0;
}

bool scenario_check_printable(scenario_loader *loader, scenario_place place, const char *text) {
    unsigned code = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (control_at(at, &code) > 0) {
            scenario_complain(loader->complaints, place,
                              "the control character U+%04X is not allowed in a text that is "
                              "printed",
                              code);
            return false;
        }
    }
    return true;
}

/* Bytes of the UTF-8 sequence that starts here as far as it is whole; 0 when none does. */
static size_t sequence_length(const char *text) {
    const unsigned char lead = (unsigned char)text[0];
    const size_t wanted = lead < 0x80                   ? 1
                          : lead >= 0xc2 && lead < 0xe0 ? 2
                          : lead >= 0xe0 && lead < 0xf0 ? 3
                          : lead >= 0xf0 && lead < 0xf5 ? 4
                                                        : 0;
    for (size_t i = 1; i < wanted; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return wanted;
}

void scenario_print_escaped(FILE *out, const char *text) {
    while (*text != '\0') {
        unsigned code = 0;
        const size_t control = control_at(text, &code);
        const size_t length = sequence_length(text);
        if (control > 0) {
            (void)fprintf(out, "\\u%04x", code);
            text += control;
        } else if (length > 0) {
            (void)fwrite(text, 1, length, out);
            text += length;
        } else {
            (void)fprintf(out, "\\x%02x", (unsigned)(unsigned char)*text++);
        }
    }
}
