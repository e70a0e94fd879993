/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reason.h"

#include <stdio.h>

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
    case NAT_DROP_HOST_PORTS:
        return "block of ports used up";
    case NAT_DROP_UDP_BLOCKED:
        return "UDP blocked";
    case NAT_DROP_RATE:
        return "UDP rate limited";
    case NAT_DROP_ICMP_BLOCKED:
        return "ICMP errors blocked";
    case NAT_DROP_MAPPING_RATE:
        return "mappings made too fast";
    case NAT_VERDICT_COUNT:
        break;
    }
    return "unknown";
}

reason_names reason_names_of(const sim_plan *plan, uint32_t call) {
    PUNCH_ASSERT(call < plan->call_count);
    const reason_names names = {
        .plan = plan,
        .host = {plan->calls[call].caller, plan->calls[call].callee},
    };
    return names;
}

reason_names reason_names_of_facts(const facts *about, uint32_t call) {
    PUNCH_ASSERT(call < about->call_count);
    const reason_names names = {
        .about = about,
        .host = {about->calls[call].caller, about->calls[call].callee},
    };
    return names;
}

const char *reason_host(const reason_names *names, int side) {
    const uint32_t host = names->host[side];
    return names->plan != NULL ? names->plan->hosts[host].name : names->about->hosts[host];
}

const char *reason_site(const reason_names *names, uint32_t site) {
    if (names->plan != NULL) {
        return site < names->plan->site_count ? names->plan->sites[site].name : "?";
    }
    return site < names->about->site_count ? names->about->sites[site] : "?";
}

static reason_fate fate_of(const sim_call_result *result, int side) {
    if (result->arrived[side] > 0) {
        return REASON_ARRIVED;
    }
    if (result->blocked[side] > 0) {
        return REASON_BLOCKED;
    }
    return result->lost_link[side] > 0 ? REASON_LOST : REASON_NOTHING_SENT;
}

reason_key reason_key_of(const sim_call_result *result, uint32_t call) {
    reason_key key = {.call = call};
    for (int side = 0; side < 2; side++) {
        key.fail[side] = (uint8_t)result->fail[side];
        key.fate[side] = (uint8_t)fate_of(result, side);
        key.dodged[side] = result->port_dodged_to[side] != 0 ? 1 : 0;
        if (key.fate[side] == REASON_BLOCKED) {
            key.verdict[side] = (uint8_t)result->blocked_verdict[side];
            key.blocked_site[side] = result->blocked_site[side];
        }
    }
    return key;
}

/* What the cores said: once when both agree. */
static int core_words(const reason_names *names, const reason_key *key, char *text, size_t cap) {
    const punch_fail of[2] = {(punch_fail)key->fail[0], (punch_fail)key->fail[1]};
    const char *fail[2] = {punch_fail_name(of[0]), punch_fail_name(of[1])};
    if (of[0] == PUNCH_FAIL_NONE && of[1] == PUNCH_FAIL_NONE) {
        return snprintf(text, cap, "undecided at the time limit");
    }
    if (of[0] == of[1] || of[1] == PUNCH_FAIL_NONE) {
        return snprintf(text, cap, "%s", fail[0]);
    }
    if (of[0] == PUNCH_FAIL_NONE) {
        return snprintf(text, cap, "%s", fail[1]);
    }
    return snprintf(text, cap, "%s at %s, %s at %s", fail[0], reason_host(names, 0), fail[1],
                    reason_host(names, 1));
}

/* The inbound-first collision at one side's NAT; writes nothing when there was none. */
static int collision_words(const reason_names *names, const reason_key *key, int side, char *text,
                           size_t cap) {
    if (key->dodged[side] == 0) {
        return 0;
    }
    const char *self = reason_host(names, side);
    return snprintf(text, cap, "; %s's early packet took %s's port, %s then left from another",
                    reason_host(names, 1 - side), self, self);
}

/* What the world knows about packets towards one side; writes nothing when they arrived. */
static int truth_words(const reason_names *names, const reason_key *key, int side, char *text,
                       size_t cap) {
    const nat_verdict verdict = (nat_verdict)key->verdict[side];
    switch ((reason_fate)key->fate[side]) {
    case REASON_BLOCKED:
        return snprintf(text, cap, "; %s's NAT dropped %s: %s (%s)",
                        reason_site(names, key->blocked_site[side]), reason_host(names, 1 - side),
                        reason_verdict_words(verdict), nat_verdict_name(verdict));
    case REASON_LOST:
        return snprintf(text, cap, "; everything to %s was lost on links",
                        reason_host(names, side));
    case REASON_ARRIVED:
    case REASON_NOTHING_SENT:
        break;
    }
    return 0;
}

char *reason_text(const reason_names *names, const reason_key *key, char text[REASON_TEXT_CAP]) {
    size_t length = (size_t)core_words(names, key, text, REASON_TEXT_CAP);
    for (int side = 1; side >= 0 && length < REASON_TEXT_CAP; side--) {
        length +=
            (size_t)collision_words(names, key, side, text + length, REASON_TEXT_CAP - length);
    }
    for (int side = 1; side >= 0 && length < REASON_TEXT_CAP; side--) {
        length += (size_t)truth_words(names, key, side, text + length, REASON_TEXT_CAP - length);
    }
    return text;
}

char *reason_of_call(const reason_names *names, const sim_call_result *call,
                     char text[REASON_TEXT_CAP]) {
    const reason_key key = reason_key_of(call, 0);
    return reason_text(names, &key, text);
}
