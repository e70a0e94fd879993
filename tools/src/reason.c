/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reason.h"

#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"

const char *reason_verdict_words(nat_verdict verdict) {
    switch (verdict) {
    case NAT_PASS:
        return "let through";
    case NAT_TURNED_BACK:
        return "turned back inside";
    case NAT_DROP_NO_MAPPING:
        return "nothing mapped to that port";
    case NAT_DROP_EXPIRED:
        return "mapping expired";
    case NAT_DROP_FILTER_ADDRESS:
        return "other address";
    case NAT_DROP_FILTER_PORT:
        return "other port";
    case NAT_DROP_FILTER_EXPIRED:
        return "opened too long ago";
    case NAT_DROP_TABLE_FULL:
        return "table full";
    case NAT_DROP_HOST_LIMIT:
        return "too many mappings of one host";
    case NAT_DROP_NO_PORT:
        return "no free port";
    case NAT_DROP_NO_HAIRPIN:
        return "no hairpinning";
    case NAT_DROP_BLACKLISTED:
        return "sender blacklisted";
    case NAT_DROP_NOT_OURS:
        return "not its address";
    case NAT_VERDICT_COUNT:
        break;
    }
    return "unknown";
}

reason_names reason_names_of(const sim_plan *plan, uint32_t call) {
    PUNCH_ASSERT(call < plan->call_count);
    const reason_names names = {plan, &plan->calls[call]};
    return names;
}

const char *reason_host(const reason_names *names, int side) {
    const uint32_t host = side == 0 ? names->call->caller : names->call->callee;
    return names->plan->hosts[host].name;
}

const char *reason_site(const reason_names *names, uint32_t site) {
    return site < names->plan->site_count ? names->plan->sites[site].name : "?";
}

/* What the cores said: once when both agree. */
static int core_words(const reason_names *names, const sim_call_result *call, char *text,
                      size_t cap) {
    const char *fail[2] = {punch_fail_name(call->fail[0]), punch_fail_name(call->fail[1])};
    if (call->fail[0] == PUNCH_FAIL_NONE && call->fail[1] == PUNCH_FAIL_NONE) {
        return snprintf(text, cap, "undecided at the time limit");
    }
    if (call->fail[0] == call->fail[1] || call->fail[1] == PUNCH_FAIL_NONE) {
        return snprintf(text, cap, "%s", fail[0]);
    }
    if (call->fail[0] == PUNCH_FAIL_NONE) {
        return snprintf(text, cap, "%s", fail[1]);
    }
    return snprintf(text, cap, "%s at %s, %s at %s", fail[0], reason_host(names, 0), fail[1],
                    reason_host(names, 1));
}

/* The inbound-first collision at one side's NAT; writes nothing when there was none. */
static int collision_words(const reason_names *names, const sim_call_result *call, int side,
                           char *text, size_t cap) {
    if (call->port_dodged_to[side] == 0) {
        return 0;
    }
    const char *self = reason_host(names, side);
    return snprintf(text, cap, "; %s's early packet took %s's port, %s then left from another",
                    reason_host(names, 1 - side), self, self);
}

/* What the world knows about packets towards one side; writes nothing when they arrived. */
static int truth_words(const reason_names *names, const sim_call_result *call, int side, char *text,
                       size_t cap) {
    const char *to = reason_host(names, side);
    const char *from = reason_host(names, 1 - side);
    if (call->arrived[side] > 0) {
        return 0;
    }
    if (call->blocked[side] > 0) {
        const nat_verdict verdict = call->blocked_verdict[side];
        return snprintf(text, cap, "; %s's NAT dropped %s: %s (%s)",
                        reason_site(names, call->blocked_site[side]), from,
                        reason_verdict_words(verdict), nat_verdict_name(verdict));
    }
    if (call->lost_link[side] > 0) {
        return snprintf(text, cap, "; everything to %s was lost on links", to);
    }
    return 0;
}

char *reason_of_call(const reason_names *names, const sim_call_result *call,
                     char text[REASON_TEXT_CAP]) {
    size_t length = (size_t)core_words(names, call, text, REASON_TEXT_CAP);
    for (int side = 1; side >= 0 && length < REASON_TEXT_CAP; side--) {
        length +=
            (size_t)collision_words(names, call, side, text + length, REASON_TEXT_CAP - length);
    }
    for (int side = 1; side >= 0 && length < REASON_TEXT_CAP; side--) {
        length += (size_t)truth_words(names, call, side, text + length, REASON_TEXT_CAP - length);
    }
    return text;
}

/* Distinct reasons looked at per cell: chosen; more are counted as failures but cannot win. */
#define REASONS_MAX 128

reason_top reason_of_cell(const run_results *results, uint32_t cell_index) {
    reason_top top = {{0}, 0, 0, 0};
    const run_cell *cell = &results->cells[cell_index];
    reason_top *seen = calloc(REASONS_MAX, sizeof *seen);
    PUNCH_ASSERT(seen != NULL);
    size_t seen_count = 0;
    for (uint64_t t = 0; t < cell->trials_done; t++) {
        for (uint32_t c = 0; c < cell->call_count; c++) {
            const sim_call_result *call = &cell->trials[t].calls[c];
            if (call->connected) {
                continue;
            }
            top.failed_count++;
            char text[REASON_TEXT_CAP];
            const reason_names names = reason_names_of(results->plan, c);
            reason_of_call(&names, call, text);
            size_t i = 0;
            while (i < seen_count && strcmp(seen[i].text, text) != 0) {
                i++;
            }
            if (i == REASONS_MAX) {
                continue;
            }
            if (i == seen_count) {
                memcpy(seen[i].text, text, sizeof text);
                seen[i].example_trial = t;
                seen_count++;
            }
            seen[i].count++;
        }
    }
    const uint64_t failed_count = top.failed_count;
    for (size_t i = 0; i < seen_count; i++) {
        if (seen[i].count > top.count) {
            top = seen[i];
        }
    }
    top.failed_count = failed_count;
    free(seen);
    return top;
}
