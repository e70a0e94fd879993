/* SPDX-License-Identifier: MIT */
/*
 * The naive NAT for TCP; see reference_tcp_box.h.
 */
#include "reference_tcp_box.h"

#include <string.h>

#include "punch/assert.h"
#include "reference_parts.h"

#define NEVER_US (31 * 86400 * PUNCH_US_PER_S) /* longer than any test */

void reference_box_init(reference_tcp_box *ref, const nat_tcp_box_config *config,
                        const punch_addr *external, punch_rng rng) {
    nat_config table = config->nat;
    table.udp_timeout_first_us = NEVER_US;
    table.udp_timeout_stream_us = NEVER_US;
    table.refresh_outbound = true;
    table.refresh_inbound = true;
    table.stream_after_us = 0;
    table.timeout_spread_permille = 0;
    table.timeout_drift_permille = 0;
    table.pressure_end = 0;
    table.filters_max = 1;
    memset(ref, 0, sizeof *ref);
    reference_init(&ref->nat, &table, external, rng);
    ref->config = *config;
    ref->config.nat.filters_max =
        config->nat.filters_max != 0 ? config->nat.filters_max : 4 * config->nat.table_max;
    PUNCH_ASSERT(ref->config.nat.filters_max <= REFERENCE_CONNECTIONS_MAX);
}

static nat_tcp_outcome outcome_of(nat_verdict table, nat_tcp_verdict tracking) {
    return (nat_tcp_outcome){table, tracking};
}

uint32_t reference_box_count(const reference_tcp_box *ref, bool held) {
    uint32_t count = 0;
    for (int i = 0; i < REFERENCE_CONNECTIONS_MAX; i++) {
        count += ref->connections[i].used && ref->connections[i].held == held ? 1 : 0;
    }
    return count;
}

reference_connection *reference_box_find(reference_tcp_box *ref, const punch_addr *inside,
                                         const punch_addr *remote) {
    for (int i = 0; i < REFERENCE_CONNECTIONS_MAX; i++) {
        reference_connection *connection = &ref->connections[i];
        if (connection->used && !connection->held &&
            punch_addr_equal(&connection->inside, inside) &&
            punch_addr_equal(&connection->remote, remote)) {
            return connection;
        }
    }
    return NULL;
}

static reference_connection *find_outside(reference_tcp_box *ref, const punch_addr *local,
                                          const punch_addr *remote, bool held) {
    for (int i = 0; i < REFERENCE_CONNECTIONS_MAX; i++) {
        reference_connection *connection = &ref->connections[i];
        if (connection->used && connection->held == held &&
            punch_addr_equal(&connection->local, local) &&
            punch_addr_equal(&connection->remote, remote)) {
            return connection;
        }
    }
    return NULL;
}

/* Has the mapping a connection? */
static bool is_in_use(const reference_tcp_box *ref, uint64_t owner) {
    for (int i = 0; i < REFERENCE_CONNECTIONS_MAX; i++) {
        const reference_connection *connection = &ref->connections[i];
        if (connection->used && !connection->held && connection->owner == owner) {
            return true;
        }
    }
    return false;
}

static void end(reference_tcp_box *ref, reference_connection *connection, punch_time_us at_us) {
    connection->used = false;
    if (!is_in_use(ref, connection->owner)) {
        reference_time_out(&ref->nat, reference_mapping_of_id(&ref->nat, connection->owner), at_us);
    }
}

/* Connections whose mapping has gone without them. */
static void purge(reference_tcp_box *ref) {
    for (int i = 0; i < REFERENCE_CONNECTIONS_MAX; i++) {
        reference_connection *connection = &ref->connections[i];
        if (connection->used && !connection->held &&
            reference_mapping_of_id(&ref->nat, connection->owner) == NULL) {
            connection->used = false;
            ref->counters.sessions_lost++;
        }
    }
}

static reference_connection *first_to_end(reference_tcp_box *ref, bool held) {
    reference_connection *first = NULL;
    for (int i = 0; i < REFERENCE_CONNECTIONS_MAX; i++) {
        reference_connection *connection = &ref->connections[i];
        if (!connection->used || connection->held != held) {
            continue;
        }
        const punch_time_us at_us = connection->tcp.deadline_us;
        const bool sooner =
            first == NULL || at_us < first->tcp.deadline_us ||
            (at_us == first->tcp.deadline_us &&
             (connection->waits < first->waits ||
              (connection->waits == first->waits && connection->queued < first->queued)));
        first = sooner ? connection : first;
    }
    return first;
}

static void expire(reference_tcp_box *ref, punch_time_us now_us) {
    reference_expire(&ref->nat, now_us);
    for (;;) {
        reference_connection *first = first_to_end(ref, false);
        if (first == NULL || first->tcp.deadline_us > now_us) {
            return;
        }
        end(ref, first, first->tcp.deadline_us);
        ref->counters.sessions_expired++;
    }
}

/* A segment was tracked. */
static void settle(reference_tcp_box *ref, reference_connection *connection,
                   punch_time_us before_us, punch_time_us now_us) {
    const nat_tcp_phase phase = reference_tcp_phase(&connection->tcp);
    if (phase == NAT_TCP_CLOSED) {
        end(ref, connection, now_us);
        ref->counters.sessions_closed++;
        return;
    }
    const punch_time_us left_us = connection->tcp.deadline_us - now_us;
    if (connection->tcp.deadline_us == before_us) {
        return;
    }
    connection->queued = ref->nat.stamp++;
    connection->waits = NAT_TCP_PHASE_COUNT;
    if (left_us == ref->config.tracking.timeout_us[phase]) {
        connection->waits = (int)phase;
    } else if (left_us == ref->config.tracking.timeout_us[NAT_TCP_RESET]) {
        connection->waits = NAT_TCP_RESET;
    }
}

static nat_tcp_verdict would_begin(const reference_tcp_box *ref, const reference_segment *segment,
                                   punch_time_us now_us) {
    nat_tcp_session empty = {0};
    const nat_tcp_segment wire = {.flags = (uint8_t)segment->flags,
                                  .window = (uint16_t)segment->window,
                                  .scale = NAT_TCP_NO_SCALE};
    return nat_tcp_on_segment(&ref->config.tracking, &empty, &wire, segment->way, now_us);
}

static bool is_full(const reference_tcp_box *ref) {
    return reference_box_count(ref, false) + reference_box_count(ref, true) >=
           ref->config.nat.filters_max;
}

static bool has_room(const reference_tcp_box *ref) {
    return !is_full(ref) || reference_box_count(ref, true) > 0 ||
           ref->config.nat.full != NAT_FULL_REFUSE;
}

/* Whoever is not used; there is one. */
static reference_connection *unused(reference_tcp_box *ref) {
    int i = 0;
    while (ref->connections[i].used) {
        i++;
    }
    return &ref->connections[i];
}

static reference_connection *adopt(reference_tcp_box *ref, const reference_mapping *mapping,
                                   const punch_addr *local, const punch_addr *remote,
                                   punch_time_us now_us) {
    reference_connection *connection = find_outside(ref, local, remote, true);
    ref->counters.sessions_made++;
    if (connection == NULL && is_full(ref)) {
        reference_connection *victim = first_to_end(ref, true);
        if (victim != NULL) {
            victim->used = false;
            ref->counters.syns_forgotten++;
        } else {
            victim = first_to_end(ref, false);
            victim->used = false;
            /* The mapping that is about to be used does not end with it. */
            if (victim->owner != mapping->id && !is_in_use(ref, victim->owner)) {
                reference_time_out(&ref->nat, reference_mapping_of_id(&ref->nat, victim->owner),
                                   now_us);
            }
            ref->counters.sessions_evicted++;
        }
    }
    if (connection == NULL) {
        connection = unused(ref);
        reference_tcp_init(&connection->tcp, &ref->config.tracking);
    }
    connection->used = true;
    connection->held = false;
    connection->owner = mapping->id;
    connection->inside = mapping->inside;
    connection->local = *local;
    connection->remote = *remote;
    return connection;
}

static void touch(reference_tcp_box *ref, const reference_connection *connection, bool outbound,
                  punch_time_us now_us) {
    reference_mapping *mapping = reference_mapping_of_id(&ref->nat, connection->owner);
    if (outbound) {
        mapping->used = ref->nat.stamp++;
    }
    if (outbound ? mapping->answered && !mapping->stream : !mapping->stream) {
        mapping->stream = true;
        mapping->queued = ref->nat.stamp++;
    }
    mapping->answered = mapping->answered || !outbound;
    mapping->refreshed_at_us = now_us;
    mapping->queued = ref->nat.stamp++;
    mapping->host_queued = ref->nat.stamp++;
}

static nat_tcp_verdict track(reference_tcp_box *ref, reference_connection *connection,
                             const reference_segment *segment, punch_time_us now_us) {
    const bool is_new = reference_tcp_phase(&connection->tcp) == NAT_TCP_CLOSED ||
                        reference_tcp_phase(&connection->tcp) == NAT_TCP_HELD;
    const punch_time_us before_us = is_new ? PUNCH_NEVER : connection->tcp.deadline_us;
    const nat_tcp_verdict verdict = reference_tcp_on_segment(&connection->tcp, segment, now_us);
    if (verdict == NAT_TCP_PASS) {
        touch(ref, connection, segment->way == NAT_TCP_OUT, now_us);
        settle(ref, connection, before_us, now_us);
    }
    return verdict;
}

/* --- in --- */

/* Has the inside host sent anything to that address by this mapping? */
static bool address_known(const reference_tcp_box *ref, uint64_t owner, const punch_addr *remote) {
    for (int i = 0; i < REFERENCE_CONNECTIONS_MAX; i++) {
        const reference_connection *connection = &ref->connections[i];
        if (connection->used && !connection->held && connection->owner == owner &&
            punch_addr_same_ip(&connection->remote, remote) &&
            reference_tcp_knows(&connection->tcp, NAT_TCP_OUT)) {
            return true;
        }
    }
    return false;
}

static nat_verdict filter(const reference_tcp_box *ref, const reference_mapping *mapping,
                          const punch_addr *remote) {
    if (ref->config.nat.filtering == NAT_FILTERING_EIF) {
        return NAT_PASS;
    }
    if (!address_known(ref, mapping->id, remote)) {
        return NAT_DROP_FILTER_ADDRESS;
    }
    return ref->config.nat.filtering == NAT_FILTERING_ADF ? NAT_PASS : NAT_DROP_FILTER_PORT;
}

/* A segment of that remote to an endpoint of ours; *inside_out where it goes. */
static nat_tcp_outcome arrive(reference_tcp_box *ref, const nat_packet *packet,
                              const reference_segment *segment, punch_time_us now_us,
                              punch_addr *inside_out) {
    reference_connection *connection = find_outside(ref, &packet->dst, &packet->src, false);
    if (connection == NULL) {
        bool expired;
        const reference_mapping *mapping =
            reference_reached_by(&ref->nat, &packet->dst, now_us, &expired);
        if (mapping == NULL) {
            return outcome_of(expired ? NAT_DROP_EXPIRED : NAT_DROP_NO_MAPPING, NAT_TCP_PASS);
        }
        const nat_verdict verdict = filter(ref, mapping, &packet->src);
        if (verdict != NAT_PASS) {
            return outcome_of(verdict, NAT_TCP_PASS);
        }
        if (reference_box_find(ref, &mapping->inside, &packet->src) != NULL) {
            return outcome_of(NAT_DROP_NO_PORT, NAT_TCP_PASS);
        }
        const nat_tcp_verdict would = would_begin(ref, segment, now_us);
        if (would != NAT_TCP_PASS) {
            return outcome_of(NAT_PASS, would);
        }
        if (!has_room(ref)) {
            return outcome_of(NAT_DROP_TABLE_FULL, NAT_TCP_PASS);
        }
        connection = adopt(ref, mapping, &packet->dst, &packet->src, now_us);
    }
    *inside_out = connection->inside;
    return outcome_of(NAT_PASS, track(ref, connection, segment, now_us));
}

static nat_tcp_verdict refuse(reference_tcp_box *ref, const nat_packet *packet,
                              const reference_segment *segment, punch_time_us now_us) {
    reference_tcp held;
    reference_tcp_init(&held, &ref->config.tracking);
    const nat_tcp_verdict verdict = reference_tcp_on_unsolicited(&held, segment, now_us);
    if (verdict != NAT_TCP_HOLD) {
        return verdict;
    }
    reference_connection *connection = find_outside(ref, &packet->dst, &packet->src, true);
    if (connection == NULL) {
        if (is_full(ref)) {
            connection = first_to_end(ref, true);
            if (connection == NULL) {
                return NAT_TCP_DROP_UNSOLICITED;
            }
            ref->counters.syns_forgotten++;
        } else {
            connection = unused(ref);
        }
        ref->counters.syns_held++;
    }
    *connection = (reference_connection){.used = true,
                                         .held = true,
                                         .local = packet->dst,
                                         .remote = packet->src,
                                         .queued = ref->nat.stamp++};
    connection->tcp = held;
    return verdict;
}

static nat_tcp_outcome in(reference_tcp_box *ref, nat_packet *packet,
                          const reference_segment *segment, punch_time_us now_us) {
    const bool ours = ref->config.nat.firewall || reference_is_ours(&ref->nat, &packet->dst);
    if (reference_is_exempt(&ref->nat, &packet->src) &&
        !reference_is_ours(&ref->nat, &packet->dst)) {
        return outcome_of(NAT_PASS, NAT_TCP_PASS);
    }
    if (!ours) {
        return outcome_of(NAT_DROP_NOT_OURS, NAT_TCP_PASS);
    }
    punch_addr inside;
    nat_tcp_outcome outcome = arrive(ref, packet, segment, now_us, &inside);
    if (outcome.table == NAT_DROP_NO_MAPPING || outcome.table == NAT_DROP_EXPIRED ||
        outcome.table == NAT_DROP_FILTER_ADDRESS || outcome.table == NAT_DROP_FILTER_PORT) {
        outcome.tracking = refuse(ref, packet, segment, now_us);
    }
    if (nat_tcp_passed(outcome)) {
        packet->dst = inside;
    }
    return outcome;
}

/* --- out --- */

static nat_tcp_outcome begin_out(reference_tcp_box *ref, const nat_packet *packet,
                                 const reference_segment *segment, punch_time_us now_us,
                                 reference_connection **connection_out) {
    const nat_tcp_verdict would = would_begin(ref, segment, now_us);
    if (would != NAT_TCP_PASS) {
        return outcome_of(NAT_PASS, would);
    }
    if (!has_room(ref)) {
        return outcome_of(NAT_DROP_TABLE_FULL, NAT_TCP_PASS);
    }
    const bool exact = ref->config.nat.mapping == NAT_MAPPING_APDM;
    reference_mapping *mapping =
        reference_mapping_find(&ref->nat, &packet->src, &packet->dst, exact, now_us);
    reference_choice choice = {.external = packet->src};
    punch_addr local = mapping != NULL ? mapping->external : packet->src;
    if (mapping == NULL) {
        const nat_verdict chosen = reference_choose(&ref->nat, packet, now_us, &choice);
        if (chosen != NAT_PASS) {
            return outcome_of(chosen, NAT_TCP_PASS);
        }
        local = choice.external;
    }
    const reference_connection *joined = find_outside(ref, &local, &packet->dst, false);
    if (joined != NULL && choice.overridden == NULL &&
        (choice.victim == NULL || joined->owner != choice.victim->id)) {
        return outcome_of(NAT_DROP_NO_PORT, NAT_TCP_PASS);
    }
    if (mapping == NULL) {
        reference_make_way(&ref->nat, &choice);
        purge(ref);
        mapping = reference_mapping_make(&ref->nat, packet, exact, &local, now_us);
    }
    *connection_out = adopt(ref, mapping, &local, &packet->dst, now_us);
    return outcome_of(NAT_PASS, NAT_TCP_PASS);
}

static nat_tcp_outcome out(reference_tcp_box *ref, nat_packet *packet, reference_segment *segment,
                           punch_time_us now_us) {
    const bool hairpin = reference_is_ours(&ref->nat, &packet->dst);
    if (hairpin && ref->config.nat.hairpin == NAT_HAIRPIN_NONE) {
        return outcome_of(NAT_DROP_NO_HAIRPIN, NAT_TCP_PASS);
    }
    if (!hairpin && reference_is_exempt(&ref->nat, &packet->dst)) {
        return outcome_of(NAT_PASS, NAT_TCP_PASS);
    }
    segment->way = NAT_TCP_OUT;
    reference_connection *connection = reference_box_find(ref, &packet->src, &packet->dst);
    if (connection == NULL) {
        const nat_tcp_outcome begun = begin_out(ref, packet, segment, now_us, &connection);
        if (!nat_tcp_passed(begun)) {
            return begun;
        }
    }
    const punch_addr source = connection->local;
    const nat_tcp_verdict verdict = track(ref, connection, segment, now_us);
    if (verdict != NAT_TCP_PASS) {
        return outcome_of(NAT_PASS, verdict);
    }
    if (!hairpin) {
        packet->src = source;
        return outcome_of(NAT_PASS, NAT_TCP_PASS);
    }
    segment->way = NAT_TCP_IN;
    const nat_packet outside = {source, packet->dst};
    punch_addr inside;
    nat_tcp_outcome outcome = arrive(ref, &outside, segment, now_us, &inside);
    if (nat_tcp_passed(outcome)) {
        outcome.table = NAT_TURNED_BACK;
        packet->src = ref->config.nat.hairpin == NAT_HAIRPIN_EXTERNAL ? source : packet->src;
        packet->dst = inside;
    }
    return outcome;
}

/* --- public --- */

static nat_tcp_outcome count(reference_tcp_box *ref, nat_tcp_outcome outcome) {
    ref->nat.counters.verdicts[outcome.table]++;
    ref->counters.tracking[outcome.tracking]++;
    return outcome;
}

nat_tcp_outcome reference_box_out(reference_tcp_box *ref, nat_packet *packet,
                                  reference_segment *segment, punch_time_us now_us) {
    expire(ref, now_us);
    return count(ref, out(ref, packet, segment, now_us));
}

nat_tcp_outcome reference_box_in(reference_tcp_box *ref, nat_packet *packet,
                                 reference_segment *segment, punch_time_us now_us) {
    expire(ref, now_us);
    segment->way = NAT_TCP_IN;
    return count(ref, in(ref, packet, segment, now_us));
}

punch_time_us reference_box_next_deadline_us(const reference_tcp_box *ref) {
    punch_time_us next_us = PUNCH_NEVER;
    for (int i = 0; i < REFERENCE_CONNECTIONS_MAX; i++) {
        const reference_connection *connection = &ref->connections[i];
        if (connection->used && connection->held) {
            next_us = punch_time_earlier(next_us, connection->tcp.deadline_us);
        }
    }
    return next_us;
}

bool reference_box_on_timer(reference_tcp_box *ref, punch_time_us now_us, nat_tcp_answer *answer) {
    expire(ref, now_us);
    reference_connection *first = first_to_end(ref, true);
    if (first == NULL || first->tcp.deadline_us > now_us) {
        return false;
    }
    answer->packet = (nat_packet){first->local, first->remote};
    answer->kind = reference_tcp_on_deadline(&first->tcp);
    first->used = false;
    ref->counters.syns_answered++;
    return true;
}

void reference_box_flush(reference_tcp_box *ref, punch_time_us now_us) {
    expire(ref, now_us);
    ref->counters.sessions_flushed += reference_box_count(ref, false);
    for (int i = 0; i < REFERENCE_CONNECTIONS_MAX; i++) {
        ref->connections[i].used = false;
    }
    reference_flush(&ref->nat, now_us);
}

static nat_verdict icmp_done(reference_tcp_box *ref, nat_verdict verdict,
                             const reference_connection *connection) {
    const bool passed = verdict == NAT_PASS || verdict == NAT_TURNED_BACK;
    ref->nat.counters.icmp_passed += passed ? 1 : 0;
    ref->nat.counters.icmp_dropped += passed ? 0 : 1;
    if (passed && ref->config.nat.icmp_kills_mapping && connection != NULL) {
        reference_end(&ref->nat, reference_mapping_of_id(&ref->nat, connection->owner));
        ref->nat.counters.mappings_killed++;
        purge(ref);
    }
    return verdict;
}

nat_verdict reference_box_icmp_in(reference_tcp_box *ref, nat_packet *quoted,
                                  punch_time_us now_us) {
    expire(ref, now_us);
    if (ref->config.nat.icmp_blocked) {
        return icmp_done(ref, NAT_DROP_ICMP_BLOCKED, NULL);
    }
    if (!ref->config.nat.firewall && !reference_is_ours(&ref->nat, &quoted->src)) {
        const bool exempt = reference_is_exempt(&ref->nat, &quoted->dst);
        return icmp_done(ref, exempt ? NAT_PASS : NAT_DROP_NOT_OURS, NULL);
    }
    const reference_connection *connection = find_outside(ref, &quoted->src, &quoted->dst, false);
    if (connection == NULL) {
        return icmp_done(ref, NAT_DROP_NO_MAPPING, NULL);
    }
    quoted->src = connection->inside;
    return icmp_done(ref, NAT_PASS, connection);
}

nat_verdict reference_box_icmp_out(reference_tcp_box *ref, nat_packet *quoted,
                                   punch_time_us now_us) {
    expire(ref, now_us);
    if (ref->config.nat.icmp_blocked) {
        return icmp_done(ref, NAT_DROP_ICMP_BLOCKED, NULL);
    }
    if (reference_is_exempt(&ref->nat, &quoted->src)) {
        return icmp_done(ref, NAT_PASS, NULL);
    }
    const bool hairpinned = reference_is_ours(&ref->nat, &quoted->src);
    if (hairpinned && ref->config.nat.hairpin != NAT_HAIRPIN_EXTERNAL) {
        return icmp_done(ref, NAT_DROP_NO_HAIRPIN, NULL);
    }
    const reference_connection *connection = reference_box_find(ref, &quoted->dst, &quoted->src);
    if (connection == NULL) {
        return icmp_done(ref, NAT_DROP_NO_MAPPING, NULL);
    }
    const punch_addr local = connection->local;
    if (!hairpinned) {
        quoted->dst = local;
        return icmp_done(ref, NAT_PASS, connection);
    }
    connection = find_outside(ref, &quoted->src, &local, false);
    if (connection == NULL) {
        return icmp_done(ref, NAT_DROP_NO_MAPPING, NULL);
    }
    *quoted = (nat_packet){connection->inside, local};
    return icmp_done(ref, NAT_TURNED_BACK, connection);
}
