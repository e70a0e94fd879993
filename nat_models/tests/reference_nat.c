/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "punch/assert.h"
#include "reference_parts.h"

void reference_init(reference_nat *ref, const nat_config *config, const punch_addr *external,
                    punch_rng rng) {
    memset(ref, 0, sizeof *ref);
    ref->config = *config;
    ref->external = *external;
    ref->external.port = 0;
    ref->rng = rng;
    ref->spread_rng.state = punch_mix64(rng.state ^ UINT64_C(0x737072656164));
    ref->share_rng.state = punch_mix64(rng.state ^ UINT64_C(0x7368617265));
    ref->backlog_at_us = INT64_MIN;
    ref->ended_at_us = INT64_MIN;
    PUNCH_ASSERT(config->table_max <= REFERENCE_MAPPINGS_MAX);
    PUNCH_ASSERT(reference_remotes_max(ref) <= REFERENCE_REMOTES_MAX);
}

/* What packets between these two leave by, by which session; or what they would, had no stray
 * taken its port. */
typedef struct {
    reference_mapping *mapping;
    reference_remote *session;
    reference_mapping *blocked;
} exit_way;

static bool try_exit(reference_nat *ref, exit_way *way, reference_mapping *mapping,
                     const punch_addr *remote, punch_time_us now_us) {
    if (mapping == NULL) {
        return false;
    }
    if (reference_stray_holds(ref, &mapping->external, remote, now_us)) {
        way->blocked = way->blocked == NULL ? mapping : way->blocked;
        return false;
    }
    way->mapping = mapping;
    return true;
}

static exit_way find_exit(reference_nat *ref, const nat_packet *packet, punch_time_us now_us) {
    exit_way way = {NULL, NULL, NULL};
    reference_remote *session = reference_session_find(ref, &packet->src, &packet->dst, now_us);
    if (session != NULL &&
        try_exit(ref, &way, reference_mapping_of_id(ref, session->owner), &packet->dst, now_us)) {
        way.session = session;
        return way;
    }
    reference_mapping *own = reference_mapping_find(ref, &packet->src, &packet->dst, true, now_us);
    if (!try_exit(ref, &way, own, &packet->dst, now_us)) {
        reference_mapping *general =
            reference_mapping_find(ref, &packet->src, &packet->dst, false, now_us);
        (void)try_exit(ref, &way, general, &packet->dst, now_us);
    }
    return way;
}

static nat_verdict dodge(reference_nat *ref, exit_way *way, const nat_packet *packet,
                         punch_time_us now_us) {
    reference_mapping *own = reference_mapping_find(ref, &packet->src, &packet->dst, true, now_us);
    const punch_addr wanted = way->blocked->external;
    reference_choice choice = {.dodged = true};
    const nat_verdict room =
        own == NULL ? reference_find_room(ref, &packet->src, &choice.victim) : NAT_PASS;
    if (room != NAT_PASS) {
        return room;
    }
    ref->counters.ports_collided++;
    reference_ports list = {reference_address_of(ref, &wanted), ref->config.port_min,
                            ref->config.port_max, -1};
    if (ref->config.block_ports > 0) {
        list = reference_block_around(ref, &wanted);
    }
    list.parity = ref->config.port_parity ? packet->src.port % 2 : -1;
    uint32_t port = reference_port_other(ref, &list, wanted.port, &packet->dst, now_us);
    const reference_mapping *victim = choice.victim;
    if (port == 0 && victim != NULL && reference_inherits(ref, victim, packet, now_us) &&
        reference_address_of(ref, &victim->external) == list.address &&
        victim->external.port >= list.min && victim->external.port <= list.max) {
        port = victim->external.port;
    }
    if (port == 0) {
        return ref->config.block_ports > 0 ? NAT_DROP_HOST_PORTS : NAT_DROP_NO_PORT;
    }
    ref->last_port = (uint16_t)port;
    choice.external = reference_endpoint(ref, list.address, port);
    reference_make_way(ref, &choice);
    if (own == NULL) {
        way->mapping = reference_mapping_make(ref, packet, true, &choice.external, now_us);
    } else {
        reference_forget_on(ref, &choice.external);
        own->external = choice.external;
        own->id = ref->stamp++;
        own->used = ref->stamp++;
        way->mapping = own;
    }
    ref->counters.strays_dodged++;
    return NAT_PASS;
}

/* A port of this list for the packet; 0: there is none. */
static uint32_t port_of(reference_nat *ref, reference_ports *list, const nat_packet *packet,
                        punch_time_us now_us, reference_choice *choice) {
    list->parity = ref->config.port_parity ? packet->src.port % 2 : -1;
    const uint32_t wanted = reference_port_wanted(ref, list, &packet->src);
    const punch_addr there = reference_endpoint(ref, list->address, wanted);
    const reference_mapping *gone = ref->config.hold_down_us > 0 ? NULL : choice->victim;
    reference_mapping *holder = wanted != 0 ? reference_holder_of(ref, &there, gone) : NULL;
    const bool held = wanted != 0 && reference_held_down(ref, &there, now_us);
    choice->dodged = wanted != 0 && reference_stray_holds(ref, &there, &packet->dst, now_us);
    ref->counters.ports_collided += holder != NULL || held || choice->dodged ? 1 : 0;
    if (wanted == 0 || held || choice->dodged ||
        (holder != NULL && !reference_shares_or_takes(ref))) {
        return reference_port_other(ref, list, wanted, &packet->dst, now_us);
    }
    choice->overridden = ref->config.collision == NAT_COLLISION_OVERRIDE ? holder : NULL;
    return wanted;
}

/* The port and the list it is from. */
static nat_verdict port_in_blocks(reference_nat *ref, const nat_packet *packet,
                                  punch_time_us now_us, reference_ports *list, uint32_t *port,
                                  reference_choice *choice) {
    reference_ports blocks[REFERENCE_MAPPINGS_MAX];
    const uint32_t count = reference_blocks_of_host(ref, &packet->src, blocks);
    for (uint32_t i = 0; i < count; i++) {
        *list = blocks[i];
        if (!reference_shares_or_takes(ref) &&
            reference_taken_on(ref, list->address, list->min, list->max) ==
                reference_port_count(list)) {
            continue;
        }
        *port = port_of(ref, list, packet, now_us, choice);
        if (*port != 0) {
            return NAT_PASS;
        }
    }
    if (count >= nat_config_blocks_per_host(&ref->config) && count > 0) {
        return NAT_DROP_HOST_PORTS;
    }
    if (!reference_further_block(ref, &packet->src, list)) {
        return NAT_DROP_NO_PORT;
    }
    *port = port_of(ref, list, packet, now_us, choice);
    return *port != 0 ? NAT_PASS : NAT_DROP_HOST_PORTS;
}

static nat_verdict port_in_pool(reference_nat *ref, const nat_packet *packet, punch_time_us now_us,
                                reference_ports *list, uint32_t *port, reference_choice *choice) {
    if (!reference_find_ports(ref, &packet->src, list)) {
        return NAT_DROP_NO_PORT;
    }
    if (!reference_shares_or_takes(ref) &&
        reference_taken_on(ref, list->address, 0, UINT16_MAX) >= reference_port_count(list)) {
        return NAT_DROP_NO_PORT;
    }
    *port = port_of(ref, list, packet, now_us, choice);
    return *port != 0 ? NAT_PASS : NAT_DROP_NO_PORT;
}

/* Where a new mapping for this packet is seen from outside, and who must make way for it. */
nat_verdict reference_choose(reference_nat *ref, const nat_packet *packet, punch_time_us now_us,
                             reference_choice *choice) {
    *choice = (reference_choice){.external = packet->src};
    const nat_verdict room = reference_find_room(ref, &packet->src, &choice->victim);
    if (room != NAT_PASS || ref->config.firewall) {
        return room;
    }
    reference_ports list;
    uint32_t port = 0;
    const nat_verdict found = ref->config.block_ports > 0
                                  ? port_in_blocks(ref, packet, now_us, &list, &port, choice)
                                  : port_in_pool(ref, packet, now_us, &list, &port, choice);
    if (found == NAT_PASS) {
        choice->external = reference_endpoint(ref, list.address, port);
    } else if (choice->victim != NULL && reference_inherits(ref, choice->victim, packet, now_us)) {
        choice->external = choice->victim->external;
    } else {
        return found;
    }
    ref->last_port = choice->external.port;
    return NAT_PASS;
}

static nat_verdict make_exit(reference_nat *ref, exit_way *way, const nat_packet *packet,
                             punch_time_us now_us) {
    if (way->blocked != NULL) {
        return dodge(ref, way, packet, now_us);
    }
    reference_choice choice;
    const nat_verdict chosen = reference_choose(ref, packet, now_us, &choice);
    if (chosen != NAT_PASS) {
        return chosen;
    }
    reference_make_way(ref, &choice);
    const bool exact = choice.dodged || ref->config.mapping == NAT_MAPPING_APDM;
    way->mapping = reference_mapping_make(ref, packet, exact, &choice.external, now_us);
    ref->counters.strays_dodged += choice.dodged ? 1 : 0;
    return NAT_PASS;
}

/* --- packets --- */

static void come_in(reference_nat *ref, reference_mapping *mapping, const punch_addr *remote,
                    punch_time_us now_us) {
    const punch_addr addr = reference_permitted(ref, remote);
    reference_mapping *usual = reference_mapping_find(ref, &mapping->inside, remote, true, now_us);
    if (usual == NULL) {
        usual = reference_mapping_find(ref, &mapping->inside, remote, false, now_us);
    }
    if (!mapping->stream &&
        reference_stream_begins(ref, mapping->answered, mapping->made_at_us, now_us)) {
        mapping->stream = true;
        mapping->queued = ref->stamp++;
    }
    mapping->answered = true;
    if (ref->config.refresh_inbound) {
        mapping->refreshed_at_us = now_us;
        mapping->queued = ref->stamp++;
        mapping->host_queued = ref->stamp++;
    }
    reference_remote *permission =
        reference_remote_find(ref, REFERENCE_PERMISSION, mapping->id, &addr);
    if (permission != NULL && ref->config.filtering != NAT_FILTERING_EIF) {
        reference_remote_passed(ref, permission, true, ref->config.refresh_inbound, now_us);
    }
    reference_remote *stray = reference_stray_find(ref, &mapping->external, remote);
    if (stray != NULL) {
        stray->kind = REFERENCE_UNUSED;
    }
    if (!ref->config.reply_affinity || usual == mapping) {
        return;
    }
    reference_remote *session = reference_session_find(ref, &mapping->inside, remote, now_us);
    if (session == NULL) {
        const reference_remote wanted = {.kind = REFERENCE_SESSION,
                                         .addr = *remote,
                                         .owner = mapping->id,
                                         .level = mapping->level};
        reference_remote_make(ref, wanted, now_us);
    } else if (session->owner == mapping->id) {
        reference_remote_passed(ref, session, false, ref->config.refresh_inbound, now_us);
    }
}

static nat_verdict turn_back(reference_nat *ref, const reference_mapping *exit, nat_packet *packet,
                             punch_time_us now_us) {
    const punch_addr source = exit->external;
    bool expired;
    reference_mapping *mapping = reference_reached_by(ref, &packet->dst, now_us, &expired);
    if (mapping == NULL) {
        return expired ? NAT_DROP_EXPIRED : NAT_DROP_NO_MAPPING;
    }
    const nat_verdict verdict = reference_filter(ref, mapping, &source, now_us);
    if (verdict != NAT_PASS) {
        return verdict;
    }
    come_in(ref, mapping, &source, now_us);
    packet->src = ref->config.hairpin == NAT_HAIRPIN_EXTERNAL ? source : packet->src;
    packet->dst = mapping->inside;
    return NAT_TURNED_BACK;
}

/* One of our external addresses? A firewall has none. */
bool reference_is_ours(const reference_nat *ref, const punch_addr *addr) {
    for (uint32_t i = 0; !ref->config.firewall && i < reference_address_count(ref); i++) {
        const punch_addr external = reference_endpoint(ref, i, 0);
        if (punch_addr_same_ip(addr, &external)) {
            return true;
        }
    }
    return false;
}

/* The limit of rate as a bucket that leaks. */
static nat_verdict gate(reference_nat *ref, punch_time_us now_us) {
    if (ref->config.udp_blocked) {
        return NAT_DROP_UDP_BLOCKED;
    }
    if (ref->config.udp_rate_pps == 0) {
        return NAT_PASS;
    }
    const int64_t packet_ns = 1000000000 / ref->config.udp_rate_pps;
    if (ref->backlog_at_us != INT64_MIN) {
        ref->backlog_ns -= (now_us - ref->backlog_at_us) * 1000;
        ref->backlog_ns = ref->backlog_ns < 0 ? 0 : ref->backlog_ns;
    }
    ref->backlog_at_us = now_us;
    if (ref->backlog_ns > packet_ns * ((int64_t)ref->config.udp_burst - 1)) {
        return NAT_DROP_RATE;
    }
    ref->backlog_ns += packet_ns;
    return NAT_PASS;
}

/* Compared bit by bit. */
bool reference_is_exempt(const reference_nat *ref, const punch_addr *remote) {
    for (uint32_t i = 0; i < ref->config.exempt_count; i++) {
        const nat_exempt *exempt = &ref->config.exempt[i];
        bool same = remote->family == exempt->addr.family &&
                    (exempt->addr.port == 0 || exempt->addr.port == remote->port);
        for (uint32_t bit = 0; same && bit < exempt->prefix_bits; bit++) {
            const int differ = remote->ip[bit / 8] ^ exempt->addr.ip[bit / 8];
            same = (differ >> (7 - bit % 8) & 1) == 0;
        }
        if (same) {
            return true;
        }
    }
    return false;
}

static nat_verdict out(reference_nat *ref, nat_packet *packet, punch_time_us now_us) {
    const nat_verdict open = gate(ref, now_us);
    if (open != NAT_PASS) {
        return open;
    }
    const bool hairpin = reference_is_ours(ref, &packet->dst);
    if (hairpin && ref->config.hairpin == NAT_HAIRPIN_NONE) {
        return NAT_DROP_NO_HAIRPIN;
    }
    if (!hairpin && reference_is_exempt(ref, &packet->dst)) {
        return NAT_PASS;
    }
    exit_way way = find_exit(ref, packet, now_us);
    const nat_verdict made = way.mapping == NULL ? make_exit(ref, &way, packet, now_us) : NAT_PASS;
    if (made != NAT_PASS) {
        return made;
    }
    way.mapping->used = ref->stamp++;
    if (!way.mapping->stream && way.mapping->answered &&
        reference_stream_begins(ref, true, way.mapping->made_at_us, now_us)) {
        way.mapping->stream = true;
        way.mapping->queued = ref->stamp++;
    }
    if (ref->config.refresh_outbound) {
        way.mapping->refreshed_at_us = now_us;
        way.mapping->queued = ref->stamp++;
        way.mapping->host_queued = ref->stamp++;
    }
    if (way.session != NULL) {
        reference_remote_passed(ref, way.session, true, ref->config.refresh_outbound, now_us);
    }
    reference_permit(ref, way.mapping, &packet->dst, now_us);
    if (hairpin) {
        return turn_back(ref, way.mapping, packet, now_us);
    }
    packet->src = way.mapping->external;
    return NAT_PASS;
}

void reference_flush(reference_nat *ref, punch_time_us now_us) {
    reference_expire(ref, now_us);
    ref->counters.mappings_flushed += reference_mapped(ref);
    memset(ref->mappings, 0, sizeof ref->mappings);
    memset(ref->remotes, 0, sizeof ref->remotes);
    ref->last_port = 0;
    ref->crowd = 0;
    ref->free_count = 0;
    ref->slots_used = 0;
    ref->endings = 0;
    ref->ended_at_us = INT64_MIN;
    memset(ref->hosts, 0, sizeof ref->hosts);
}

void reference_renumber(reference_nat *ref, const punch_addr *external, punch_time_us now_us) {
    reference_flush(ref, now_us);
    ref->external = *external;
    ref->external.port = 0;
}

/* What a mapping is made of, and who is counted, stays the same: only then can it live on. */
static bool mappings_fit(const nat_config *old, const nat_config *new) {
    const bool overloaded = old->collision == NAT_COLLISION_OVERLOAD;
    const uint32_t of_old[] = {(uint32_t)old->mapping,
                               (uint32_t)old->filtering,
                               (uint32_t)old->pooling,
                               old->port_min,
                               old->port_max,
                               old->table_max,
                               old->filters_max,
                               old->per_host_max,
                               old->block_ports,
                               old->blocks_per_host,
                               old->address_count,
                               old->timeout_spread_permille,
                               old->firewall,
                               overloaded,
                               old->mapping_rate_per_s > 0};
    const uint32_t of_new[] = {(uint32_t) new->mapping,
                               (uint32_t) new->filtering,
                               (uint32_t) new->pooling,
                               new->port_min,
                               new->port_max,
                               new->table_max,
                               new->filters_max,
                               new->per_host_max,
                               new->block_ports,
                               new->blocks_per_host,
                               new->address_count,
                               new->timeout_spread_permille,
                               new->firewall,
                               new->collision == NAT_COLLISION_OVERLOAD,
                               new->mapping_rate_per_s > 0};
    return memcmp(of_old, of_new, sizeof of_old) == 0;
}

void reference_change(reference_nat *ref, const nat_config *config, punch_time_us now_us) {
    if (!mappings_fit(&ref->config, config)) {
        reference_flush(ref, now_us);
    }
    reference_expire(ref, now_us);
    ref->config = *config;
    ref->crowd = reference_mapped(ref);
}

nat_verdict reference_out(reference_nat *ref, nat_packet *packet, punch_time_us now_us) {
    reference_expire(ref, now_us);
    const nat_verdict verdict = out(ref, packet, now_us);
    ref->crowd = reference_mapped(ref);
    ref->counters.verdicts[verdict]++;
    return verdict;
}

static void unsolicited(reference_nat *ref, reference_mapping *mapping, const nat_packet *packet,
                        punch_time_us now_us) {
    punch_addr address = packet->src;
    address.port = 0;
    reference_remote *known = NULL;
    switch (ref->config.unsolicited) {
    case NAT_UNSOLICITED_IGNORE:
        break;
    case NAT_UNSOLICITED_COLLIDE:
        known = reference_stray_find(ref, &packet->dst, &packet->src);
        ref->counters.strays_made += reference_remote_live(ref, known, now_us) ? 0 : 1;
        if (known == NULL) {
            const reference_remote wanted = {
                .kind = REFERENCE_STRAY, .addr = packet->src, .place = packet->dst};
            reference_remote_make(ref, wanted, now_us);
        } else {
            reference_remote_restart(ref, known, 0, now_us);
        }
        break;
    case NAT_UNSOLICITED_KILL:
        if (mapping != NULL) {
            reference_end(ref, mapping);
            ref->counters.mappings_killed++;
        }
        break;
    case NAT_UNSOLICITED_BLACKLIST:
        known = reference_remote_find(ref, REFERENCE_BARRED, 0, &address);
        if (known == NULL) {
            const reference_remote wanted = {
                .kind = REFERENCE_BARRED, .addr = address, .timeout = 2};
            reference_remote_make(ref, wanted, now_us);
        } else {
            reference_remote_restart(ref, known, 2, now_us);
        }
        break;
    }
}

static nat_verdict in(reference_nat *ref, nat_packet *packet, punch_time_us now_us) {
    punch_addr address = packet->src;
    address.port = 0;
    const bool bypass =
        reference_is_exempt(ref, &packet->src) && !reference_is_ours(ref, &packet->dst);
    if (!bypass && !ref->config.firewall && !reference_is_ours(ref, &packet->dst)) {
        return NAT_DROP_NOT_OURS;
    }
    const nat_verdict open = gate(ref, now_us);
    if (open != NAT_PASS || bypass) {
        return open;
    }
    if (reference_remote_live(ref, reference_remote_find(ref, REFERENCE_BARRED, 0, &address),
                              now_us)) {
        return NAT_DROP_BLACKLISTED;
    }
    bool expired;
    reference_mapping *mapping = reference_reached_by(ref, &packet->dst, now_us, &expired);
    nat_verdict verdict = expired ? NAT_DROP_EXPIRED : NAT_DROP_NO_MAPPING;
    if (mapping != NULL) {
        verdict = reference_filter(ref, mapping, &packet->src, now_us);
    }
    if (verdict != NAT_PASS) {
        unsolicited(ref, mapping, packet, now_us);
        return verdict;
    }
    come_in(ref, mapping, &packet->src, now_us);
    packet->dst = mapping->inside;
    return NAT_PASS;
}

nat_verdict reference_in(reference_nat *ref, nat_packet *packet, punch_time_us now_us) {
    reference_expire(ref, now_us);
    const nat_verdict verdict = in(ref, packet, now_us);
    ref->crowd = reference_mapped(ref);
    ref->counters.verdicts[verdict]++;
    return verdict;
}

/* --- ICMP errors: which live mapping does the quoted packet belong to? --- */

/* The mapping a packet of this remote to that endpoint of ours comes in by, if answers to the
 * remote may leave by it, too. */
static nat_verdict sender_of(reference_nat *ref, const nat_packet *quoted, punch_time_us now_us,
                             reference_mapping **mapping_out) {
    if (!ref->config.firewall && !reference_is_ours(ref, &quoted->src)) {
        return reference_is_exempt(ref, &quoted->dst) ? NAT_PASS : NAT_DROP_NOT_OURS;
    }
    bool expired;
    reference_mapping *mapping = reference_reached_by(ref, &quoted->src, now_us, &expired);
    if (mapping == NULL) {
        return expired ? NAT_DROP_EXPIRED : NAT_DROP_NO_MAPPING;
    }
    const nat_verdict verdict = reference_filter(ref, mapping, &quoted->dst, now_us);
    if (verdict != NAT_PASS) {
        return verdict;
    }
    const reference_remote *session =
        reference_session_find(ref, &mapping->inside, &quoted->dst, now_us);
    if (!reference_key_fits(ref, mapping, &mapping->inside, &quoted->dst) &&
        (session == NULL || session->owner != mapping->id)) {
        return NAT_DROP_NO_MAPPING;
    }
    *mapping_out = mapping;
    return NAT_PASS;
}

static nat_verdict icmp_done(reference_nat *ref, nat_verdict verdict, reference_mapping *mapping) {
    const bool passed = verdict == NAT_PASS || verdict == NAT_TURNED_BACK;
    ref->counters.icmp_passed += passed ? 1 : 0;
    ref->counters.icmp_dropped += passed ? 0 : 1;
    if (passed && ref->config.icmp_kills_mapping && mapping != NULL) {
        reference_end(ref, mapping);
        ref->counters.mappings_killed++;
        ref->crowd = reference_mapped(ref);
    }
    return verdict;
}

nat_verdict reference_icmp_in(reference_nat *ref, nat_packet *quoted, punch_time_us now_us) {
    reference_expire(ref, now_us);
    reference_mapping *mapping = NULL;
    nat_verdict verdict = NAT_DROP_ICMP_BLOCKED;
    if (!ref->config.icmp_blocked) {
        verdict = sender_of(ref, quoted, now_us, &mapping);
    }
    if (mapping != NULL) {
        quoted->src = mapping->inside;
    }
    return icmp_done(ref, verdict, mapping);
}

static nat_verdict receiver_of(reference_nat *ref, const nat_packet *quoted, punch_time_us now_us,
                               reference_mapping **mapping_out) {
    const reference_remote *session =
        reference_session_find(ref, &quoted->dst, &quoted->src, now_us);
    reference_mapping *const ways[] = {
        session != NULL ? reference_mapping_of_id(ref, session->owner) : NULL,
        reference_mapping_find(ref, &quoted->dst, &quoted->src, true, now_us),
        reference_mapping_find(ref, &quoted->dst, &quoted->src, false, now_us),
    };
    nat_verdict verdict = NAT_DROP_NO_MAPPING;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0] && *mapping_out == NULL; i++) {
        if (ways[i] != NULL) {
            verdict = reference_filter(ref, ways[i], &quoted->src, now_us);
            *mapping_out = verdict == NAT_PASS ? ways[i] : NULL;
        }
    }
    return verdict;
}

nat_verdict reference_icmp_out(reference_nat *ref, nat_packet *quoted, punch_time_us now_us) {
    reference_expire(ref, now_us);
    reference_mapping *mapping = NULL;
    if (ref->config.icmp_blocked) {
        return icmp_done(ref, NAT_DROP_ICMP_BLOCKED, NULL);
    }
    if (reference_is_exempt(ref, &quoted->src)) {
        return icmp_done(ref, NAT_PASS, NULL);
    }
    const bool hairpinned = reference_is_ours(ref, &quoted->src);
    if (hairpinned && ref->config.hairpin != NAT_HAIRPIN_EXTERNAL) {
        return icmp_done(ref, NAT_DROP_NO_HAIRPIN, NULL);
    }
    nat_verdict verdict = receiver_of(ref, quoted, now_us, &mapping);
    if (verdict != NAT_PASS) {
        return icmp_done(ref, verdict, NULL);
    }
    nat_packet original = {quoted->src, mapping->external};
    if (hairpinned) {
        verdict = sender_of(ref, &original, now_us, &mapping);
        if (verdict != NAT_PASS) {
            return icmp_done(ref, verdict, NULL);
        }
        original.src = mapping->inside;
        verdict = NAT_TURNED_BACK;
    }
    *quoted = original;
    return icmp_done(ref, verdict, mapping);
}
