/* SPDX-License-Identifier: MIT */
/*
 * ICMP errors on their way through a NAT. An error quotes the packet it is about; the NAT looks for
 * the mapping that packet went through, and undoes in the quotation what it had done to the packet.
 *
 *   in    inside host ==packet==> NAT ==quoted==> ... router: "unreachable"
 *         the quoted source is our external endpoint; the error goes to whose mapping that is
 *   out   inside host: "unreachable" <==quoted== NAT <==packet== remote
 *         the quoted destination is the inside endpoint; it becomes the one the remote knows
 *
 * An error passes only where a packet the other way round passes now, refreshes nothing (RFC 5508
 * REQ-6 says so of queries) and, unless the device is told to, ends nothing (RFC 4787 REQ-12). Who
 * sent it is not looked at: REQ-12a. Rates and blocking are about UDP and do not hold it up.
 */
#include "box.h"

/* May this binding have sent something to that remote? */
static bool may_send(const nat *box, uint32_t slot, const punch_addr *remote,
                     punch_time_us now_us) {
    const nat_binding *binding = &box->bindings[slot];
    const punch_addr *first = &box->origins[slot].remote;
    const bool by_itself =
        binding->exact ? nat_same_addr(first, remote)
                       : box->config.mapping == NAT_MAPPING_EIM || nat_same_ip(first, remote);
    if (by_itself) {
        return true;
    }
    const uint32_t session = nat_session_find(box, &binding->inside, remote, now_us);
    return session != NAT_NONE && box->remotes[session].owner == slot;
}

/* The binding by which the quoted packet has left. */
static nat_verdict left_by(const nat *box, const nat_packet *quoted, punch_time_us now_us,
                           uint32_t *binding_out) {
    if (nat_place_for(box, &quoted->src) == NAT_NONE) {
        return nat_is_exempt(box, &quoted->dst) ? NAT_PASS : NAT_DROP_NOT_OURS;
    }
    nat_entrance entrance;
    const nat_verdict verdict =
        nat_entrance_find(box, &quoted->dst, &quoted->src, now_us, &entrance);
    if (verdict != NAT_PASS) {
        return verdict;
    }
    if (!may_send(box, entrance.binding, &quoted->dst, now_us)) {
        return NAT_DROP_NO_MAPPING;
    }
    *binding_out = entrance.binding;
    return NAT_PASS;
}

/* The binding by which the quoted packet has come in: that of a session, one for this very remote,
 * the mapping; the first whose filter admits the remote. */
static nat_verdict came_in_by(const nat *box, const nat_packet *quoted, punch_time_us now_us,
                              uint32_t *binding_out) {
    const nat_packet answer = {quoted->dst, quoted->src};
    const uint32_t session = nat_session_find(box, &answer.src, &answer.dst, now_us);
    const uint32_t candidates[] = {
        session != NAT_NONE ? box->remotes[session].owner : NAT_NONE,
        nat_binding_find(box, &answer, true, now_us),
        nat_binding_find(box, &answer, false, now_us),
    };
    nat_verdict verdict = NAT_DROP_NO_MAPPING;
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        if (candidates[i] == NAT_NONE) {
            continue;
        }
        uint32_t permission;
        verdict = nat_permission_check(box, candidates[i], &answer.dst, now_us, &permission);
        if (verdict == NAT_PASS) {
            *binding_out = candidates[i];
            return NAT_PASS;
        }
    }
    return verdict;
}

/* Counts the error, and what a device does that breaks RFC 4787 REQ-12. */
static nat_verdict done(nat *box, nat_verdict verdict, uint32_t binding) {
    if (verdict != NAT_PASS && verdict != NAT_TURNED_BACK) {
        box->counters.icmp_dropped++;
        return verdict;
    }
    box->counters.icmp_passed++;
    if (box->config.icmp_kills_mapping && binding != NAT_NONE) {
        nat_binding_kill(box, binding);
        nat_pressure_update(box);
    }
    return verdict;
}

nat_verdict nat_translate_icmp_in(nat *box, nat_packet *quoted, punch_time_us now_us) {
    nat_advance(box, now_us);
    uint32_t binding = NAT_NONE;
    const nat_verdict verdict =
        box->config.icmp_blocked ? NAT_DROP_ICMP_BLOCKED : left_by(box, quoted, now_us, &binding);
    if (binding != NAT_NONE) {
        quoted->src = box->bindings[binding].inside;
    }
    return done(box, verdict, binding);
}

static nat_verdict translate_out(const nat *box, nat_packet *quoted, punch_time_us now_us,
                                 uint32_t *binding_out) {
    if (box->config.icmp_blocked) {
        return NAT_DROP_ICMP_BLOCKED;
    }
    if (nat_is_exempt(box, &quoted->src)) {
        return NAT_PASS; /* it came in as it was */
    }
    const bool hairpinned = nat_address_index(box, &quoted->src) != NAT_NONE;
    if (hairpinned && box->config.hairpin != NAT_HAIRPIN_EXTERNAL) {
        return NAT_DROP_NO_HAIRPIN; /* with an internal source it would quote that */
    }
    nat_verdict verdict = came_in_by(box, quoted, now_us, binding_out);
    if (verdict != NAT_PASS) {
        return verdict;
    }
    nat_packet original = *quoted;
    if (!box->config.firewall) {
        original.dst = nat_endpoint_of(box, box->bindings[*binding_out].place);
    }
    if (hairpinned) {
        verdict = left_by(box, &original, now_us, binding_out);
        if (verdict != NAT_PASS) {
            return verdict;
        }
        original.src = box->bindings[*binding_out].inside;
        verdict = NAT_TURNED_BACK;
    }
    *quoted = original;
    return verdict;
}

nat_verdict nat_translate_icmp_out(nat *box, nat_packet *quoted, punch_time_us now_us) {
    nat_advance(box, now_us);
    uint32_t binding = NAT_NONE;
    const nat_verdict verdict = translate_out(box, quoted, now_us, &binding);
    return done(box, verdict, binding);
}

bool nat_refuses_aloud(const nat_config *config, nat_verdict verdict) {
    if (config->refusal == NAT_REFUSAL_SILENCE) {
        return false;
    }
    switch (verdict) {
    case NAT_DROP_NO_MAPPING:
    case NAT_DROP_EXPIRED:
    case NAT_DROP_FILTER_ADDRESS:
    case NAT_DROP_FILTER_PORT:
    case NAT_DROP_FILTER_EXPIRED:
    case NAT_DROP_TABLE_FULL:
    case NAT_DROP_HOST_LIMIT:
    case NAT_DROP_NO_PORT:
    case NAT_DROP_NO_HAIRPIN:
    case NAT_DROP_HOST_PORTS:
    case NAT_DROP_UDP_BLOCKED:
    case NAT_DROP_MAPPING_RATE:
        return true;
    case NAT_PASS:
    case NAT_TURNED_BACK:
    case NAT_DROP_BLACKLISTED:
    case NAT_DROP_NOT_OURS:
    case NAT_DROP_RATE:
    case NAT_DROP_ICMP_BLOCKED: /* RFC 1122 §3.2.2: no error about an error */
    case NAT_VERDICT_COUNT:
        return false;
    }
    return false;
}
