/* SPDX-License-Identifier: MIT */
/*
 * The way of a packet, and the public functions.
 *
 *   out: expire -> may UDP pass? -> towards ourselves? -> session, own session, mapping: the first
 *        whose port no stray holds -> else a new binding (limits, then allocation) -> refresh,
 *        permit -> rewrite
 *   in:  expire -> ours? barred? -> binding on that port -> filter -> refresh, session -> rewrite
 *        refused: what the device does about unsolicited packets
 *
 * Every public entry that changes something sweeps first, so that "live" means live now. RFC 4787.
 */
#include "box.h"

/* Names of the streams derived from the caller's: "spread", "share" in ASCII. */
#define SPREAD_STREAM UINT64_C(0x737072656164)
#define SHARE_STREAM UINT64_C(0x7368617265)

/* --- beginning --- */

nat *nat_init(void *memory, const nat_config *config, const punch_addr *external, punch_rng rng) {
    PUNCH_ASSERT(nat_config_check(config) == NULL);
    PUNCH_ASSERT_EQ((uintptr_t)memory % NAT_ALIGNMENT, 0);
    const size_t bytes = nat_size(config);
    memset(memory, 0, bytes);
    nat *box = memory;
    box->bytes = bytes;
    nat_reset(box, config, external, rng);
    return box;
}

/* Nothing is mapped, nothing remembered. */
static void empty(nat *box) {
    box->last_port = 0;
    nat_bindings_clear(box);
    nat_remotes_clear(box);
    nat_timing_reset(box);
}

void nat_reset(nat *box, const nat_config *config, const punch_addr *external, punch_rng rng) {
    PUNCH_ASSERT(nat_config_check(config) == NULL);
    nat_lay_out(box, config);
    memset(&box->counters, 0, sizeof box->counters);
    box->external = nat_addr_only(external);
    box->rng = rng;
    box->spread_rng.state = punch_mix64(rng.state ^ SPREAD_STREAM);
    box->share_rng.state = punch_mix64(rng.state ^ SHARE_STREAM);
    box->last_at_us = INT64_MIN;
    box->next_slot_ns = INT64_MIN;
    empty(box);
}

/* --- which binding a packet leaves by --- */

typedef struct {
    uint32_t binding; /* NAT_NONE: a new one is needed */
    uint32_t session; /* the session that says so, or NAT_NONE */
    uint32_t blocked; /* what it would have left by, had no stray held that port; or NAT_NONE */
} nat_exit;

/* Takes a candidate if its port is not held for that remote; the first held one is remembered. */
static bool leave_by(const nat *box, nat_exit *way, uint32_t binding, const punch_addr *remote,
                     punch_time_us now_us) {
    if (binding == NAT_NONE) {
        return false;
    }
    if (!nat_stray_holds(box, box->bindings[binding].place, remote, now_us)) {
        way->binding = binding;
        return true;
    }
    if (way->blocked == NAT_NONE) {
        way->blocked = binding;
    }
    return false;
}

static nat_exit find_exit(const nat *box, const nat_packet *packet, punch_time_us now_us) {
    nat_exit way = {NAT_NONE, NAT_NONE, NAT_NONE};
    const uint32_t session = nat_session_find(box, &packet->src, &packet->dst, now_us);
    if (session != NAT_NONE &&
        leave_by(box, &way, box->remotes[session].owner, &packet->dst, now_us)) {
        way.session = session;
        return way;
    }
    if (box->exact_count > 0) {
        const uint32_t own = nat_binding_find(box, packet, true, now_us);
        if (leave_by(box, &way, own, &packet->dst, now_us)) {
            return way;
        }
    }
    const uint32_t general = nat_binding_find(box, packet, false, now_us);
    (void)leave_by(box, &way, general, &packet->dst, now_us);
    return way;
}

/* A stray holds the port this packet would have left from (RFC-less, but what a Linux masquerade
 * does): it leaves from another. A binding for just this remote moves; otherwise a session of its
 * own is made and the mapping stays for everybody else. */
static nat_verdict dodge_stray(nat *box, nat_exit *way, const nat_packet *packet,
                               punch_time_us now_us) {
    const uint32_t own = nat_binding_find(box, packet, true, now_us);
    const uint32_t wanted = box->bindings[way->blocked].place;
    uint32_t victim = NAT_NONE;
    if (own == NAT_NONE) {
        const nat_verdict room = nat_bindings_room(box, &packet->src, now_us, &victim);
        if (room != NAT_PASS) {
            return room;
        }
    }
    box->counters.ports_collided++;
    const nat_choice choice = nat_place_dodge(box, wanted, packet, victim, now_us);
    if (choice.verdict != NAT_PASS) {
        return choice.verdict;
    }
    nat_choice_clear(box, &choice, victim);
    if (own == NAT_NONE) {
        way->binding = nat_binding_make(box, packet, true, choice.place, now_us);
    } else {
        nat_binding_move(box, own, choice.place);
        way->binding = own;
    }
    box->counters.strays_dodged++;
    return NAT_PASS;
}

static nat_verdict make_exit(nat *box, nat_exit *way, const nat_packet *packet,
                             punch_time_us now_us) {
    if (way->blocked != NAT_NONE) {
        return dodge_stray(box, way, packet, now_us);
    }
    uint32_t victim;
    const nat_verdict room = nat_bindings_room(box, &packet->src, now_us, &victim);
    if (room != NAT_PASS) {
        return room;
    }
    const nat_choice choice = nat_place_choose(box, packet, victim, now_us);
    if (choice.verdict != NAT_PASS) {
        return choice.verdict;
    }
    nat_choice_clear(box, &choice, victim);
    way->binding = nat_binding_make(box, packet, choice.dodged, choice.place, now_us);
    box->counters.strays_dodged += choice.dodged ? 1 : 0;
    return NAT_PASS;
}

/* --- inbound --- */

uint32_t nat_place_for(const nat *box, const punch_addr *dst) {
    if (box->config.firewall) {
        return dst->port;
    }
    const uint32_t address = nat_address_index(box, dst);
    return address == NAT_NONE ? NAT_NONE : address << 16 | dst->port;
}

nat_verdict nat_entrance_find(const nat *box, const punch_addr *remote, const punch_addr *dst,
                              punch_time_us now_us, nat_entrance *entrance) {
    bool expired;
    entrance->binding = nat_binding_at(box, nat_place_for(box, dst), dst, now_us, &expired);
    if (entrance->binding == NAT_NONE) {
        return expired ? NAT_DROP_EXPIRED : NAT_DROP_NO_MAPPING;
    }
    return nat_permission_check(box, entrance->binding, remote, now_us, &entrance->permission);
}

/* Do answers to that remote leave by this binding without being told? */
static bool covers(const nat *box, uint32_t slot, const punch_addr *remote, punch_time_us now_us) {
    const nat_binding *binding = &box->bindings[slot];
    if (binding->exact) {
        return nat_same_addr(&box->origins[slot].remote, remote);
    }
    if (box->exact_count > 0) {
        const nat_packet answer = {binding->inside, *remote};
        if (nat_binding_find(box, &answer, true, now_us) != NAT_NONE) {
            return false;
        }
    }
    return box->config.mapping == NAT_MAPPING_EIM ||
           nat_same_ip(&box->origins[slot].remote, remote);
}

static void come_in(nat *box, const nat_entrance *entrance, const punch_addr *remote,
                    punch_time_us now_us) {
    const uint32_t slot = entrance->binding;
    nat_binding_received(box, slot, now_us);
    nat_permission_received(box, entrance->permission, now_us);
    nat_stray_release(box, box->bindings[slot].place, remote);
    if (box->config.reply_affinity && !covers(box, slot, remote, now_us)) {
        nat_session_received(box, slot, remote, now_us);
    }
}

static void unsolicited(nat *box, const nat_packet *packet, const nat_entrance *entrance,
                        punch_time_us now_us) {
    switch (box->config.unsolicited) {
    case NAT_UNSOLICITED_IGNORE:
        break;
    case NAT_UNSOLICITED_COLLIDE:
        nat_stray_take(box, nat_place_for(box, &packet->dst), &packet->src, now_us);
        break;
    case NAT_UNSOLICITED_KILL:
        if (entrance->binding != NAT_NONE) {
            nat_binding_kill(box, entrance->binding);
        }
        break;
    case NAT_UNSOLICITED_BLACKLIST:
        nat_bar(box, &packet->src, now_us);
        break;
    }
}

/* RFC 4787 §6: a packet for our own external address goes back inside. The filter of the binding it
 * reaches decides as for any other remote, and what it decides is no reason to punish anybody. */
static nat_verdict turn_back(nat *box, uint32_t exit, nat_packet *packet, punch_time_us now_us) {
    const punch_addr source = nat_endpoint_of(box, box->bindings[exit].place);
    nat_entrance entrance;
    const nat_verdict verdict = nat_entrance_find(box, &source, &packet->dst, now_us, &entrance);
    if (verdict != NAT_PASS) {
        return verdict;
    }
    come_in(box, &entrance, &source, now_us);
    if (box->config.hairpin == NAT_HAIRPIN_EXTERNAL) {
        packet->src = source;
    }
    packet->dst = box->bindings[entrance.binding].inside;
    return NAT_TURNED_BACK;
}

/* --- public --- */

void nat_advance(nat *box, punch_time_us now_us) {
    PUNCH_ASSERT(now_us >= box->last_at_us);
    box->last_at_us = now_us;
    nat_bindings_expire(box, now_us);
}

static nat_verdict translate_out(nat *box, nat_packet *packet, punch_time_us now_us) {
    const nat_verdict gate = nat_gate(box, now_us);
    if (gate != NAT_PASS) {
        return gate;
    }
    nat_gate_passed(box, now_us);
    const bool hairpin = nat_address_index(box, &packet->dst) != NAT_NONE;
    if (hairpin && box->config.hairpin == NAT_HAIRPIN_NONE) {
        return NAT_DROP_NO_HAIRPIN;
    }
    if (!hairpin && nat_is_exempt(box, &packet->dst)) {
        return NAT_PASS;
    }
    nat_exit way = find_exit(box, packet, now_us);
    if (way.binding == NAT_NONE) {
        const nat_verdict made = make_exit(box, &way, packet, now_us);
        if (made != NAT_PASS) {
            return made;
        }
    }
    nat_binding_sent(box, way.binding, now_us);
    if (way.session != NAT_NONE) {
        nat_session_sent(box, way.session, now_us);
    }
    nat_permit(box, way.binding, &packet->dst, now_us);
    if (hairpin) {
        return turn_back(box, way.binding, packet, now_us);
    }
    if (!box->config.firewall) {
        packet->src = nat_endpoint_of(box, box->bindings[way.binding].place);
    }
    return NAT_PASS;
}

nat_verdict nat_translate_out(nat *box, nat_packet *packet, punch_time_us now_us) {
    if (nat_fast_out(box, packet, now_us)) {
        return NAT_PASS;
    }
    nat_advance(box, now_us);
    const nat_verdict verdict = translate_out(box, packet, now_us);
    nat_pressure_update(box);
    box->counters.verdicts[verdict]++;
    return verdict;
}

/* A packet of an exempt remote to an inside host, which it knows by its own address. */
static bool bypasses(const nat *box, const nat_packet *packet) {
    return nat_is_exempt(box, &packet->src) && nat_address_index(box, &packet->dst) == NAT_NONE;
}

/* What translate_in would answer, and the entrance when it got as far as looking for one. */
static nat_verdict judge(const nat *box, const nat_packet *packet, punch_time_us now_us,
                         nat_entrance *entrance) {
    const bool bypass = bypasses(box, packet);
    if (!bypass && nat_place_for(box, &packet->dst) == NAT_NONE) {
        return NAT_DROP_NOT_OURS;
    }
    const nat_verdict gate = nat_gate(box, now_us);
    if (gate != NAT_PASS || bypass) {
        return gate;
    }
    if (nat_is_barred(box, &packet->src, now_us)) {
        return NAT_DROP_BLACKLISTED;
    }
    return nat_entrance_find(box, &packet->src, &packet->dst, now_us, entrance);
}

nat_verdict nat_translate_in(nat *box, nat_packet *packet, punch_time_us now_us) {
    if (nat_fast_in(box, packet, now_us)) {
        return NAT_PASS;
    }
    nat_advance(box, now_us);
    nat_entrance entrance = {NAT_NONE, NAT_NONE};
    const nat_verdict verdict = judge(box, packet, now_us, &entrance);
    box->counters.verdicts[verdict]++;
    const bool at_table =
        verdict != NAT_DROP_NOT_OURS && verdict != NAT_DROP_UDP_BLOCKED && verdict != NAT_DROP_RATE;
    if (at_table) {
        nat_gate_passed(box, now_us);
    }
    if (entrance.binding != NAT_NONE && verdict == NAT_PASS) {
        come_in(box, &entrance, &packet->src, now_us);
        packet->dst = box->bindings[entrance.binding].inside;
    } else if (verdict != NAT_PASS && at_table && verdict != NAT_DROP_BLACKLISTED) {
        unsolicited(box, packet, &entrance, now_us);
    }
    nat_pressure_update(box);
    return verdict;
}

nat_verdict nat_would_admit(const nat *box, const nat_packet *packet, punch_time_us now_us) {
    nat_entrance entrance;
    return judge(box, packet, now_us, &entrance);
}

punch_time_us nat_admits_until(const nat *box, nat_packet *packet, punch_time_us now_us) {
    nat_entrance entrance = {NAT_NONE, NAT_NONE};
    if (bypasses(box, packet) && !box->config.udp_blocked) {
        return PUNCH_NEVER;
    }
    if (nat_place_for(box, &packet->dst) == NAT_NONE || box->config.udp_blocked ||
        nat_is_barred(box, &packet->src, now_us) ||
        nat_entrance_find(box, &packet->src, &packet->dst, now_us, &entrance) != NAT_PASS) {
        return now_us;
    }
    const nat_binding *binding = &box->bindings[entrance.binding];
    punch_time_us until_us = nat_binding_expires_us(box, binding, now_us);
    if (entrance.permission != NAT_NONE) {
        until_us = punch_time_earlier(
            until_us, nat_remote_expires_us(box, &box->remotes[entrance.permission], now_us));
    }
    packet->dst = binding->inside;
    return until_us;
}

bool nat_would_leave_from(const nat *box, const nat_packet *packet, punch_time_us now_us,
                          punch_addr *external_out) {
    if (nat_address_index(box, &packet->dst) != NAT_NONE || nat_gate(box, now_us) != NAT_PASS) {
        return false; /* a hairpinned packet leaves nowhere */
    }
    if (nat_is_exempt(box, &packet->dst)) {
        *external_out = packet->src;
        return true;
    }
    const nat_exit way = find_exit(box, packet, now_us);
    if (way.binding == NAT_NONE) {
        return false;
    }
    *external_out =
        box->config.firewall ? packet->src : nat_endpoint_of(box, box->bindings[way.binding].place);
    return true;
}

/* Does a binding live on when a packet has left by it? A stream may begin that has been silent for
 * too long. */
static bool outlives_sending(const nat *box, uint32_t slot, punch_time_us now_us) {
    const nat_binding *binding = &box->bindings[slot];
    if (box->config.refresh_outbound || binding->timeout == NAT_TIMEOUT_STREAM ||
        !binding->answered ||
        !nat_stream_begins(box, true, box->origins[slot].made_at_us, now_us)) {
        return true;
    }
    const punch_time_us stream_us = nat_timeout_us(box, NAT_TIMEOUT_STREAM, binding->level, now_us);
    return now_us < punch_time_after(binding->timer.at_us, stream_us);
}

bool nat_would_turn_back(const nat *box, const nat_packet *packet, punch_time_us now_us,
                         nat_packet *inside_out) {
    if (nat_address_index(box, &packet->dst) == NAT_NONE ||
        box->config.hairpin == NAT_HAIRPIN_NONE || nat_gate(box, now_us) != NAT_PASS) {
        return false;
    }
    const nat_exit way = find_exit(box, packet, now_us);
    if (way.binding == NAT_NONE) {
        return false;
    }
    const punch_addr source = nat_endpoint_of(box, box->bindings[way.binding].place);
    /* To its own port the packet itself would open the way (and, overloaded, take it over). */
    nat_entrance entrance = {way.binding, NAT_NONE};
    const bool admitted =
        nat_same_addr(&source, &packet->dst)
            ? outlives_sending(box, way.binding, now_us)
            : nat_entrance_find(box, &source, &packet->dst, now_us, &entrance) == NAT_PASS;
    if (!admitted) {
        return false;
    }
    inside_out->src = box->config.hairpin == NAT_HAIRPIN_EXTERNAL ? source : packet->src;
    inside_out->dst = box->bindings[entrance.binding].inside;
    return true;
}

void nat_flush(nat *box, punch_time_us now_us) {
    nat_advance(box, now_us);
    box->counters.mappings_flushed += box->live_count;
    empty(box);
}

void nat_renumber(nat *box, const punch_addr *external, punch_time_us now_us) {
    nat_flush(box, now_us);
    box->external = nat_addr_only(external);
}

/* Can bindings made under one configuration live on under the other? Keys, filters, places and
 * tables must mean the same. */
static bool keeps_bindings(const nat_config *a, const nat_config *b) {
    return a->mapping == b->mapping && a->filtering == b->filtering &&
           (a->collision == NAT_COLLISION_OVERLOAD) == (b->collision == NAT_COLLISION_OVERLOAD) &&
           a->port_min == b->port_min && a->port_max == b->port_max &&
           a->table_max == b->table_max && a->filters_max == b->filters_max &&
           a->per_host_max == b->per_host_max &&
           a->timeout_spread_permille == b->timeout_spread_permille &&
           a->address_count == b->address_count && a->pooling == b->pooling &&
           a->block_ports == b->block_ports && a->blocks_per_host == b->blocks_per_host &&
           (a->mapping_rate_per_s > 0) == (b->mapping_rate_per_s > 0) && a->firewall == b->firewall;
}

void nat_change(nat *box, const nat_config *config, punch_time_us now_us) {
    PUNCH_ASSERT(nat_config_check(config) == NULL);
    nat_advance(box, now_us);
    const bool keeps = keeps_bindings(&box->config, config);
    nat_lay_out(box, config); /* what keeps bindings also keeps them where they are */
    if (keeps) {
        nat_places_hold_anew(box);
        nat_timing_reset(box);
    } else {
        box->counters.mappings_flushed += box->live_count;
        empty(box);
    }
}

uint32_t nat_mapping_count(const nat *box, punch_time_us now_us) {
    uint32_t count = box->live_count;
    for (unsigned i = 0; i < 2 * box->level_count; i++) {
        uint32_t slot = box->levels[i / 2].live[i % 2].head;
        while (slot != NAT_NONE && !nat_binding_lives(box, &box->bindings[slot], now_us)) {
            count--;
            slot = box->bindings[slot].timer.next;
        }
    }
    return count;
}

uint32_t nat_host_mapping_count(const nat *box, const punch_addr *inside, punch_time_us now_us) {
    uint32_t count = 0;
    for (unsigned i = 0; i < 2 * box->level_count; i++) {
        for (uint32_t slot = box->levels[i / 2].live[i % 2].head; slot != NAT_NONE;
             slot = box->bindings[slot].timer.next) {
            const nat_binding *binding = &box->bindings[slot];
            count +=
                nat_same_ip(&binding->inside, inside) && nat_binding_lives(box, binding, now_us);
        }
    }
    return count;
}

uint32_t nat_filter_count(const nat *box) {
    uint32_t count = 0;
    for (unsigned kind = 0; kind < NAT_REMOTE_KIND_COUNT; kind++) {
        count += box->kind_count[kind];
    }
    return count;
}

punch_addr nat_external(const nat *box, uint32_t number) {
    return nat_endpoint_of(box, number << 16);
}

bool nat_owns(const nat *box, const punch_addr *addr) {
    return nat_address_index(box, addr) != NAT_NONE;
}

const nat_counters *nat_stats(const nat *box) {
    return &box->counters;
}

const nat_config *nat_configuration(const nat *box) {
    return &box->config;
}
