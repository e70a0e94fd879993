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
    /* What goes to nobody is part of any attempt (private addresses outside their site): it is a
     * cause only where there is no other. */
    const uint32_t *elsewhere = result->lost_elsewhere[side];
    const struct {
        reason_fate fate;
        uint32_t count;
    } causes[] = {{REASON_LOST, result->lost_link[side]},
                  {REASON_TTL, elsewhere[SIM_LOSS_TTL]},
                  {REASON_APART, elsewhere[SIM_LOSS_ISOLATED]},
                  {REASON_HOST_DOWN, elsewhere[SIM_LOSS_HOST]}};
    reason_fate fate = elsewhere[SIM_LOSS_NOWHERE] > 0 ? REASON_NOBODY : REASON_NOTHING_SENT;
    uint32_t most = 0;
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        if (causes[i].count > most) {
            most = causes[i].count;
            fate = causes[i].fate;
        }
    }
    return fate;
}

static reason_broker broker_of(const sim_call_result *result, int side) {
    const sim_broker_way *to = &result->to_broker[side];
    const sim_broker_way *from = &result->from_broker[side];
    const uint32_t *there = to->lost_elsewhere;
    const uint32_t *back = from->lost_elsewhere;
    const bool heard = result->broker_arrived[side] > 0;
    const struct {
        reason_broker fate;
        uint32_t count;
    } causes[] = {
        {REASON_BROKER_BLOCKED_TO, to->blocked},
        {REASON_BROKER_BLOCKED_FROM, from->blocked},
        {REASON_BROKER_DOWN, there[SIM_LOSS_HOST]},
        {REASON_BROKER_HOST_DOWN, back[SIM_LOSS_HOST]},
        {REASON_BROKER_TTL_TO, there[SIM_LOSS_TTL]},
        {REASON_BROKER_TTL_FROM, back[SIM_LOSS_TTL]},
        {REASON_BROKER_APART, there[SIM_LOSS_ISOLATED] + back[SIM_LOSS_ISOLATED]},
        {REASON_BROKER_NOBODY, there[SIM_LOSS_NOWHERE]},
        {REASON_BROKER_LINK, heard ? 0 : to->lost_link + from->lost_link},
    };
    reason_broker fate = REASON_BROKER_UNASKED;
    uint32_t most = 0;
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        if (causes[i].count > most) {
            most = causes[i].count;
            fate = causes[i].fate;
        }
    }
    return fate;
}

/* Does a side's failure ask for what became of its packets to the broker? */
static bool wants_broker(const sim_call_result *result, int side) {
    const bool is_undecided =
        result->fail[0] == PUNCH_FAIL_NONE && result->fail[1] == PUNCH_FAIL_NONE;
    return is_undecided || result->fail[side] == PUNCH_FAIL_BROKER_LOST;
}

static void take_broker(const sim_call_result *result, int side, reason_key *key) {
    const reason_broker fate =
        wants_broker(result, side) ? broker_of(result, side) : REASON_BROKER_UNASKED;
    key->broker[side] = (uint8_t)fate;
    if (fate == REASON_BROKER_BLOCKED_TO || fate == REASON_BROKER_BLOCKED_FROM) {
        const sim_broker_way *way = fate == REASON_BROKER_BLOCKED_TO ? &result->to_broker[side]
                                                                     : &result->from_broker[side];
        key->broker_site[side] = way->site;
        key->broker_verdict[side] = (uint8_t)way->verdict;
    }
}

_Static_assert(sizeof(reason_key) == 5 * sizeof(uint32_t) + 12 * sizeof(uint8_t),
               "keys are compared as bytes and must have no padding");

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
        take_broker(result, side, &key);
    }
    /* A broker that is down is so for both: it is told once, whoever met it. */
    if (key.broker[1] == REASON_BROKER_DOWN &&
        (key.broker[0] == REASON_BROKER_DOWN || key.broker[0] == REASON_BROKER_UNASKED)) {
        key.broker[0] = REASON_BROKER_DOWN;
        key.broker[1] = REASON_BROKER_UNASKED;
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
    case REASON_TTL:
        return snprintf(text, cap, "; everything to %s ran out of TTL", reason_host(names, side));
    case REASON_APART:
        return snprintf(text, cap, "; their site keeps %s apart from %s",
                        reason_host(names, 1 - side), reason_host(names, side));
    case REASON_HOST_DOWN:
        return snprintf(text, cap, "; %s slept or had crashed", reason_host(names, side));
    case REASON_NOBODY:
        return snprintf(text, cap, "; nobody had the addresses that %s sent to",
                        reason_host(names, 1 - side));
    case REASON_ARRIVED:
    case REASON_NOTHING_SENT:
        break;
    }
    return 0;
}

/* The same about a side and its broker; writes nothing where that is not why the side failed. */
static int broker_words(const reason_names *names, const reason_key *key, int side, char *text,
                        size_t cap) {
    const char *host = reason_host(names, side);
    const char *site = reason_site(names, key->broker_site[side]);
    const nat_verdict verdict = (nat_verdict)key->broker_verdict[side];
    switch ((reason_broker)key->broker[side]) {
    case REASON_BROKER_BLOCKED_TO:
        return snprintf(text, cap, "; %s's NAT dropped what %s sent to the broker: %s (%s)", site,
                        host, reason_verdict_words(verdict), nat_verdict_name(verdict));
    case REASON_BROKER_BLOCKED_FROM:
        return snprintf(text, cap, "; %s's NAT dropped what the broker sent to %s: %s (%s)", site,
                        host, reason_verdict_words(verdict), nat_verdict_name(verdict));
    case REASON_BROKER_DOWN:
        return snprintf(text, cap, "; the broker was down");
    case REASON_BROKER_HOST_DOWN:
        return snprintf(text, cap, "; %s slept or had crashed", host);
    case REASON_BROKER_TTL_TO:
        return snprintf(text, cap, "; what %s sent to the broker ran out of TTL", host);
    case REASON_BROKER_TTL_FROM:
        return snprintf(text, cap, "; what the broker sent to %s ran out of TTL", host);
    case REASON_BROKER_APART:
        return snprintf(text, cap, "; their site keeps %s apart from the broker", host);
    case REASON_BROKER_NOBODY:
        return snprintf(text, cap, "; nobody had the address at which %s sought the broker", host);
    case REASON_BROKER_LINK:
        return snprintf(text, cap, "; everything between %s and the broker was lost on links",
                        host);
    case REASON_BROKER_UNASKED:
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
    for (int side = 0; side < 2 && length < REASON_TEXT_CAP; side++) {
        length += (size_t)broker_words(names, key, side, text + length, REASON_TEXT_CAP - length);
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
