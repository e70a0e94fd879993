/* SPDX-License-Identifier: MIT */
/*
 * The way of a TCP segment. An inner NAT (box.h) has the bindings, their ports and all limits; the
 * pool (tcp_pool.h) has the sessions; this file decides which session a segment belongs to and
 * keeps the two in step.
 *
 *   out: sweep -> towards ourselves? -> session of (inside, remote)
 *        none: could it begin one? -> room for a session -> binding: the mapping's, or a new one
 *        -> tracking -> rewrite
 *   in:  sweep -> ours? -> session of (external, remote)
 *        none: binding on that port -> filter -> could it begin one? -> tracking -> rewrite
 *        refused: held, answered or dropped, as the tracking says
 *
 *   memory:  | nat_tcp_box | inner NAT | entries | roots | buckets: outside, inside |
 *
 * The inner NAT's own timeout lies beyond every timeout of a session, and every segment that passes
 * refreshes the binding, so that a binding never times out by itself: it ends when its root's count
 * of sessions comes to 0, and its place in the inner queues is still the order of use, which is
 * what "evict oldest" goes by. Whenever a binding is taken away, its sessions go first.
 */
#include "nat/tcp_box.h"

#include "tcp_pool.h"

#define LINE 64u /* the cache lines of nearly all machines */
#define BEYOND_US (NAT_TCP_TIMEOUT_US_MAX + 86400 * PUNCH_US_PER_S) /* a day longer than any */

struct nat_tcp_box {
    nat *table;
    tcp_pool pool;
    nat_tcp_config tracking;
    nat_tcp_box_counters counters;
    uint32_t entries_max; /* of the memory */
    uint32_t roots_max;
};

static const nat_tcp_session EMPTY = {0};
static const nat_tcp_outcome PASSES = {NAT_PASS, NAT_TCP_PASS};

static nat_tcp_outcome drop(nat_verdict why) {
    return (nat_tcp_outcome){why, NAT_TCP_PASS};
}

/* --- beginning --- */

/* What the inner NAT is made of: nothing that is about UDP, and no memory for permissions. */
static nat_config table_config(const nat_tcp_box_config *config) {
    nat_config table = config->nat;
    table.udp_timeout_first_us = BEYOND_US;
    table.udp_timeout_stream_us = BEYOND_US;
    table.refresh_outbound = true;
    table.refresh_inbound = true;
    table.unsolicited = NAT_UNSOLICITED_IGNORE;
    table.blacklist_us = 0;
    table.reply_affinity = false;
    table.filters_max = 1;
    table.stream_after_us = 0;
    table.timeout_spread_permille = 0;
    table.timeout_drift_permille = 0;
    table.drift_period_us = 0;
    table.drift_phase_us = 0;
    table.pressure_start = 0;
    table.pressure_end = 0;
    table.udp_blocked = false;
    table.udp_rate_pps = 0;
    table.udp_burst = 0;
    return table;
}

const char *nat_tcp_box_config_check(const nat_tcp_box_config *config) {
    const char *wrong = nat_config_check(&config->nat);
    return wrong != NULL ? wrong : nat_tcp_config_check(&config->tracking);
}

static uint32_t sessions_max_of(const nat_config *config) {
    return config->filters_max != 0 ? config->filters_max : 4 * config->table_max;
}

/* Byte offsets of the parts. */
typedef struct {
    size_t table;
    size_t entries;
    size_t roots;
    size_t buckets;
    size_t total;
    uint32_t bucket_count;
} layout;

static size_t round_up(size_t bytes, size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

static layout layout_of(const nat_tcp_box_config *config) {
    const nat_config table = table_config(config);
    const uint32_t sessions_max = sessions_max_of(&config->nat);
    layout parts = {.table = round_up(sizeof(nat_tcp_box), LINE), .bucket_count = 1};
    while (parts.bucket_count < sessions_max) {
        parts.bucket_count *= 2;
    }
    parts.entries = parts.table + round_up(nat_size(&table), LINE);
    parts.roots = parts.entries + sizeof(tcp_entry) * (size_t)sessions_max;
    parts.buckets = parts.roots + sizeof(tcp_root) * (size_t)table.table_max;
    const size_t bucket_bytes = 2 * sizeof(uint32_t) * (size_t)parts.bucket_count;
    parts.total = round_up(parts.buckets + bucket_bytes, NAT_ALIGNMENT);
    return parts;
}

size_t nat_tcp_box_size(const nat_tcp_box_config *config) {
    return layout_of(config).total;
}

nat_tcp_box *nat_tcp_box_init(void *memory, const nat_tcp_box_config *config,
                              const punch_addr *external, punch_rng rng) {
    PUNCH_ASSERT(nat_tcp_box_config_check(config) == NULL);
    PUNCH_ASSERT_EQ((uintptr_t)memory % NAT_ALIGNMENT, 0);
    const layout parts = layout_of(config);
    const nat_config table = table_config(config);
    unsigned char *bytes = memory;
    memset(memory, 0, parts.total);
    nat_tcp_box *box = memory;
    box->table = nat_init(bytes + parts.table, &table, external, rng);
    box->pool.entries = (tcp_entry *)(void *)(bytes + parts.entries);
    box->pool.roots = (tcp_root *)(void *)(bytes + parts.roots);
    box->pool.outside_buckets = (uint32_t *)(void *)(bytes + parts.buckets);
    box->pool.inside_buckets = box->pool.outside_buckets + parts.bucket_count;
    box->pool.mask = parts.bucket_count - 1;
    box->entries_max = sessions_max_of(&config->nat);
    box->roots_max = table.table_max;
    nat_tcp_box_reset(box, config, external, rng);
    return box;
}

void nat_tcp_box_reset(nat_tcp_box *box, const nat_tcp_box_config *config,
                       const punch_addr *external, punch_rng rng) {
    PUNCH_ASSERT(nat_tcp_box_config_check(config) == NULL);
    PUNCH_ASSERT(sessions_max_of(&config->nat) <= box->entries_max);
    PUNCH_ASSERT(config->nat.table_max <= box->roots_max);
    const nat_config table = table_config(config);
    nat_reset(box->table, &table, external, rng);
    box->tracking = config->tracking;
    box->pool.most = sessions_max_of(&config->nat);
    tcp_pool_clear(&box->pool);
    memset(&box->counters, 0, sizeof box->counters);
}

/* --- sessions and bindings end --- */

/* A session ends, and with the last one its binding. */
static void release(nat_tcp_box *box, uint32_t slot, punch_time_us at_us) {
    const uint32_t binding = box->pool.entries[slot].binding;
    tcp_pool_forget(&box->pool, slot);
    if (box->pool.roots[binding].count == 0) {
        nat_binding_expire(box->table, binding, at_us);
    }
}

/* Before a binding is taken away. */
static void lose_sessions(nat_tcp_box *box, uint32_t binding) {
    const tcp_root *root = &box->pool.roots[binding];
    while (root->head != NAT_NONE) {
        tcp_pool_forget(&box->pool, root->head);
        box->counters.sessions_lost++;
    }
}

static void evict_binding(nat_tcp_box *box, uint32_t binding) {
    lose_sessions(box, binding);
    nat_binding_evict(box->table, binding);
}

static void sweep(nat_tcp_box *box, punch_time_us now_us) {
    while (now_us >= box->pool.expire_at_us) {
        punch_time_us at_us;
        const uint32_t slot = tcp_pool_first(&box->pool, &at_us);
        box->pool.expire_at_us = at_us;
        if (now_us >= at_us) {
            release(box, slot, at_us);
            box->counters.sessions_expired++;
        }
    }
}

/* What every entry that changes something begins with. */
static void advance(nat_tcp_box *box, punch_time_us now_us) {
    PUNCH_ASSERT(now_us >= box->table->last_at_us);
    box->table->last_at_us = now_us;
    sweep(box, now_us);
}

/* Files a session that a segment may have changed. Its deadline is either what it was, or now plus
 * one of the timeouts. */
static void settle(nat_tcp_box *box, uint32_t slot, punch_time_us now_us) {
    tcp_entry *entry = &box->pool.entries[slot];
    const nat_tcp_phase phase = (nat_tcp_phase)entry->session.phase;
    if (phase == NAT_TCP_CLOSED) {
        release(box, slot, now_us);
        box->counters.sessions_closed++;
        return;
    }
    const punch_time_us deadline_us = entry->session.deadline_us;
    if (entry->queue != TCP_QUEUE_NONE && entry->queue != NAT_TCP_HELD &&
        entry->timer.at_us == deadline_us) {
        return;
    }
    const punch_time_us *timeout_us = box->tracking.timeout_us;
    unsigned queue = TCP_QUEUE_UNANSWERED;
    if (deadline_us == punch_time_after(now_us, timeout_us[phase])) {
        queue = phase;
    } else if (deadline_us == punch_time_after(now_us, timeout_us[NAT_TCP_RESET])) {
        queue = NAT_TCP_RESET;
    }
    tcp_pool_file(&box->pool, slot, queue);
}

/* --- room --- */

/* Room for one more session; who must go for it is decided by make_room below. */
static bool has_room(const nat_tcp_box *box, punch_time_us now_us) {
    punch_time_us first_us;
    return tcp_pool_has_free(&box->pool) || box->pool.queues[NAT_TCP_HELD].head != NAT_NONE ||
           (tcp_pool_first(&box->pool, &first_us) != NAT_NONE &&
            (first_us <= now_us || box->table->config.full != NAT_FULL_REFUSE));
}

/* The same for a SYN that is only held: no session has to go for it. */
static bool has_room_to_hold(const nat_tcp_box *box, punch_time_us now_us) {
    punch_time_us first_us;
    (void)tcp_pool_first(&box->pool, &first_us);
    return tcp_pool_has_free(&box->pool) || box->pool.queues[NAT_TCP_HELD].head != NAT_NONE ||
           first_us <= now_us;
}

/* The SYN held longest goes first, then the session that would end first: those that are closing or
 * opening before those that are established. */
static void make_room(nat_tcp_box *box, punch_time_us now_us) {
    if (tcp_pool_has_free(&box->pool)) {
        return;
    }
    const uint32_t held = box->pool.queues[NAT_TCP_HELD].head;
    if (held != NAT_NONE) {
        tcp_pool_forget(&box->pool, held);
        box->counters.syns_forgotten++;
        return;
    }
    punch_time_us at_us;
    const uint32_t first = tcp_pool_first(&box->pool, &at_us);
    PUNCH_ASSERT(first != NAT_NONE);
    release(box, first, now_us);
    box->counters.sessions_evicted++;
}

/* A session of this binding; a SYN held for the same two endpoints becomes it. */
static uint32_t adopt(nat_tcp_box *box, uint32_t binding, const punch_addr *local,
                      const punch_addr *remote, punch_time_us now_us) {
    box->pool.roots[binding].count++; /* first: to make room must not end this very binding */
    uint32_t slot = tcp_pool_find_outside(&box->pool, local, remote);
    if (slot == NAT_NONE) {
        make_room(box, now_us);
        slot = tcp_pool_take(&box->pool, local, remote);
    }
    const punch_addr inside = box->table->bindings[binding].inside;
    tcp_pool_own(&box->pool, slot, binding, &inside);
    box->counters.sessions_made++;
    return slot;
}

/* --- out --- */

static punch_addr local_of(const nat *table, const punch_addr *inside, uint32_t place) {
    return table->config.firewall ? *inside : nat_endpoint_of(table, place);
}

/* Is there a session between these two, of whomever but this binding (NAT_NONE: of whomever)? */
static bool is_joined(const nat_tcp_box *box, const punch_addr *local, const punch_addr *remote,
                      uint32_t but) {
    const uint32_t slot = tcp_pool_find_outside(&box->pool, local, remote);
    return slot != NAT_NONE && box->pool.entries[slot].binding != NAT_NONE &&
           box->pool.entries[slot].binding != but;
}

/* A new binding without sessions, and where it is seen from outside. */
static nat_verdict make_binding(nat_tcp_box *box, const nat_packet *packet, punch_time_us now_us,
                                uint32_t *binding_out, punch_addr *local_out) {
    nat *table = box->table;
    uint32_t victim;
    const nat_verdict room = nat_bindings_room(table, &packet->src, now_us, &victim);
    if (room != NAT_PASS) {
        return room;
    }
    const nat_choice choice = nat_place_choose(table, packet, victim, now_us);
    if (choice.verdict != NAT_PASS) {
        return choice.verdict;
    }
    *local_out = local_of(table, &packet->src, choice.place);
    /* What is overridden goes, and its sessions with it. */
    if (!choice.overrides && is_joined(box, local_out, &packet->dst, victim)) {
        return NAT_DROP_NO_PORT;
    }
    if (victim != NAT_NONE) {
        evict_binding(box, victim);
    }
    if (choice.overrides) {
        evict_binding(box, nat_place_holder(table, choice.place));
    }
    *binding_out = nat_binding_make(table, packet, choice.dodged, choice.place, now_us);
    box->pool.roots[*binding_out] = (tcp_root){.head = NAT_NONE, .count = 0};
    return NAT_PASS;
}

/* A session for a segment from inside that has none. */
static nat_tcp_outcome begin_out(nat_tcp_box *box, const nat_packet *packet,
                                 const nat_tcp_segment *segment, punch_time_us now_us,
                                 uint32_t *slot_out) {
    const nat_tcp_verdict may = nat_tcp_would(&box->tracking, &EMPTY, segment, NAT_TCP_OUT, now_us);
    if (may != NAT_TCP_PASS) {
        return (nat_tcp_outcome){NAT_PASS, may};
    }
    if (!has_room(box, now_us)) {
        return drop(NAT_DROP_TABLE_FULL);
    }
    punch_addr local;
    uint32_t binding = nat_binding_find(box->table, packet, false, now_us);
    if (binding != NAT_NONE) {
        local = local_of(box->table, &packet->src, box->table->bindings[binding].place);
        if (is_joined(box, &local, &packet->dst, NAT_NONE)) {
            return drop(NAT_DROP_NO_PORT);
        }
    } else {
        const nat_verdict made = make_binding(box, packet, now_us, &binding, &local);
        if (made != NAT_PASS) {
            return drop(made);
        }
    }
    *slot_out = adopt(box, binding, &local, &packet->dst, now_us);
    return PASSES;
}

/* --- in --- */

/* By what a segment comes in: a session, or a binding that admits a new one, or neither. */
typedef struct {
    nat_tcp_outcome outcome;
    uint32_t slot;
    uint32_t binding;
} entrance;

/* The binding that inbound segments reach: live means here that a session of it lives. */
static uint32_t binding_at(const nat_tcp_box *box, const punch_addr *dst, punch_time_us now_us,
                           bool *expired_out) {
    const nat *table = box->table;
    const uint32_t place = nat_place_for(table, dst);
    *expired_out = false;
    for (uint32_t slot = nat_place_chain(table, place); slot != NAT_NONE;
         slot = table->bindings[slot].place_next) {
        const nat_binding *binding = &table->bindings[slot];
        if (binding->place != place ||
            (table->config.firewall && !nat_same_addr(&binding->inside, dst))) {
            continue;
        }
        if (binding->state == NAT_SLOT_LIVE && tcp_pool_binding_lives(&box->pool, slot, now_us)) {
            return slot;
        }
        *expired_out = *expired_out || binding->state != NAT_SLOT_HELD;
    }
    return NAT_NONE;
}

/* RFC 5382 REQ-3; who has a session does not come here. */
static nat_verdict filter(const nat_tcp_box *box, uint32_t binding, const nat_packet *packet,
                          punch_time_us now_us) {
    const nat_filtering filtering = box->table->config.filtering;
    if (filtering == NAT_FILTERING_EIF) {
        return NAT_PASS;
    }
    if (!tcp_pool_knows_address(&box->pool, binding, &packet->dst, &packet->src, now_us)) {
        return NAT_DROP_FILTER_ADDRESS;
    }
    return filtering == NAT_FILTERING_ADF ? NAT_PASS : NAT_DROP_FILTER_PORT;
}

static bool lives(const nat_tcp_box *box, uint32_t slot, punch_time_us now_us) {
    return slot != NAT_NONE && box->pool.entries[slot].binding != NAT_NONE &&
           now_us < box->pool.entries[slot].session.deadline_us;
}

/* The verdict of the table, and the tracking's of a new session; an old one is still to be asked.
 */
static entrance find_entrance(const nat_tcp_box *box, const nat_packet *packet,
                              const nat_tcp_segment *segment, punch_time_us now_us) {
    entrance way = {PASSES, NAT_NONE, NAT_NONE};
    const uint32_t slot = tcp_pool_find_outside(&box->pool, &packet->dst, &packet->src);
    if (lives(box, slot, now_us)) {
        way.slot = slot;
        return way;
    }
    bool expired;
    const uint32_t binding = binding_at(box, &packet->dst, now_us, &expired);
    if (binding == NAT_NONE) {
        way.outcome = drop(expired ? NAT_DROP_EXPIRED : NAT_DROP_NO_MAPPING);
        return way;
    }
    way.outcome = drop(filter(box, binding, packet, now_us));
    if (way.outcome.table != NAT_PASS) {
        return way;
    }
    const punch_addr *inside = &box->table->bindings[binding].inside;
    if (lives(box, tcp_pool_find_inside(&box->pool, inside, &packet->src), now_us)) {
        way.outcome = drop(NAT_DROP_NO_PORT);
        return way;
    }
    way.outcome.tracking = nat_tcp_would(&box->tracking, &EMPTY, segment, NAT_TCP_IN, now_us);
    if (way.outcome.tracking == NAT_TCP_PASS && !has_room(box, now_us)) {
        way.outcome = drop(NAT_DROP_TABLE_FULL);
    }
    way.binding = binding;
    return way;
}

static nat_tcp_verdict come_in(nat_tcp_box *box, const entrance *way, const nat_packet *packet,
                               const nat_tcp_segment *segment, punch_time_us now_us) {
    const uint32_t slot = way->slot != NAT_NONE
                              ? way->slot
                              : adopt(box, way->binding, &packet->dst, &packet->src, now_us);
    tcp_entry *entry = &box->pool.entries[slot];
    const nat_tcp_verdict verdict =
        nat_tcp_on_segment(&box->tracking, &entry->session, segment, NAT_TCP_IN, now_us);
    PUNCH_ASSERT(verdict == NAT_TCP_PASS || way->slot != NAT_NONE);
    if (verdict == NAT_TCP_PASS) {
        nat_binding_received(box->table, entry->binding, now_us);
        settle(box, slot, now_us);
    }
    return verdict;
}

/* Is it one of those refusals that a SYN may wait after? */
static bool is_unsolicited(nat_verdict verdict) {
    return verdict == NAT_DROP_NO_MAPPING || verdict == NAT_DROP_EXPIRED ||
           verdict == NAT_DROP_FILTER_ADDRESS || verdict == NAT_DROP_FILTER_PORT;
}

/* What a refused segment comes to, and the held SYN it makes. */
static nat_tcp_verdict refuse(const nat_tcp_box *box, const nat_packet *packet,
                              const nat_tcp_segment *segment, punch_time_us now_us,
                              nat_tcp_session *held_out) {
    *held_out = EMPTY;
    const nat_tcp_verdict verdict =
        nat_tcp_on_unsolicited(&box->tracking, held_out, segment, now_us);
    const uint32_t slot = tcp_pool_find_outside(&box->pool, &packet->dst, &packet->src);
    return verdict == NAT_TCP_HOLD && slot == NAT_NONE && !has_room_to_hold(box, now_us)
               ? NAT_TCP_DROP_UNSOLICITED
               : verdict;
}

static void hold(nat_tcp_box *box, const nat_packet *packet, const nat_tcp_session *held) {
    uint32_t slot = tcp_pool_find_outside(&box->pool, &packet->dst, &packet->src);
    if (slot == NAT_NONE) {
        if (!tcp_pool_has_free(&box->pool)) {
            tcp_pool_forget(&box->pool, box->pool.queues[NAT_TCP_HELD].head);
            box->counters.syns_forgotten++;
        }
        slot = tcp_pool_take(&box->pool, &packet->dst, &packet->src);
        box->counters.syns_held++;
    }
    box->pool.entries[slot].session = *held;
    tcp_pool_file(&box->pool, slot, NAT_TCP_HELD);
}

/* A segment of an exempt remote to an inside host, which it knows by its own address. */
static bool bypasses(const nat *table, const nat_packet *packet) {
    return nat_is_exempt(table, &packet->src) && nat_address_index(table, &packet->dst) == NAT_NONE;
}

static nat_tcp_outcome segment_in(nat_tcp_box *box, nat_packet *packet,
                                  const nat_tcp_segment *segment, punch_time_us now_us) {
    if (bypasses(box->table, packet)) {
        return PASSES;
    }
    if (nat_place_for(box->table, &packet->dst) == NAT_NONE) {
        return drop(NAT_DROP_NOT_OURS);
    }
    entrance way = find_entrance(box, packet, segment, now_us);
    if (is_unsolicited(way.outcome.table)) {
        nat_tcp_session held;
        way.outcome.tracking = refuse(box, packet, segment, now_us, &held);
        if (way.outcome.tracking == NAT_TCP_HOLD) {
            hold(box, packet, &held);
        }
    }
    if (!nat_tcp_passed(way.outcome)) {
        return way.outcome;
    }
    const punch_addr inside = way.slot != NAT_NONE ? box->pool.entries[way.slot].inside
                                                   : box->table->bindings[way.binding].inside;
    way.outcome.tracking = come_in(box, &way, packet, segment, now_us);
    if (way.outcome.tracking == NAT_TCP_PASS) {
        packet->dst = inside;
    }
    return way.outcome;
}

/* RFC 5382 REQ-8: as from any other remote, but what the filter refuses is dropped in silence: an
 * answer would only come back to us. */
static nat_tcp_outcome turn_back(nat_tcp_box *box, const punch_addr *source, nat_packet *packet,
                                 const nat_tcp_segment *segment, punch_time_us now_us) {
    const nat_packet outside = {*source, packet->dst};
    entrance way = find_entrance(box, &outside, segment, now_us);
    if (!nat_tcp_passed(way.outcome)) {
        return way.outcome;
    }
    const punch_addr inside = way.slot != NAT_NONE ? box->pool.entries[way.slot].inside
                                                   : box->table->bindings[way.binding].inside;
    way.outcome.tracking = come_in(box, &way, &outside, segment, now_us);
    if (way.outcome.tracking == NAT_TCP_PASS) {
        way.outcome.table = NAT_TURNED_BACK;
        packet->src = box->table->config.hairpin == NAT_HAIRPIN_EXTERNAL ? *source : packet->src;
        packet->dst = inside;
    }
    return way.outcome;
}

static nat_tcp_outcome segment_out(nat_tcp_box *box, nat_packet *packet,
                                   const nat_tcp_segment *segment, punch_time_us now_us) {
    nat *table = box->table;
    const bool hairpin = nat_address_index(table, &packet->dst) != NAT_NONE;
    if (hairpin && table->config.hairpin == NAT_HAIRPIN_NONE) {
        return drop(NAT_DROP_NO_HAIRPIN);
    }
    if (!hairpin && nat_is_exempt(table, &packet->dst)) {
        return PASSES;
    }
    uint32_t slot = tcp_pool_find_inside(&box->pool, &packet->src, &packet->dst);
    const bool is_new = slot == NAT_NONE;
    if (is_new) {
        const nat_tcp_outcome begun = begin_out(box, packet, segment, now_us, &slot);
        if (!nat_tcp_passed(begun)) {
            return begun;
        }
    }
    tcp_entry *entry = &box->pool.entries[slot];
    const nat_tcp_verdict verdict =
        nat_tcp_on_segment(&box->tracking, &entry->session, segment, NAT_TCP_OUT, now_us);
    PUNCH_ASSERT(verdict == NAT_TCP_PASS || !is_new);
    if (verdict != NAT_TCP_PASS) {
        return (nat_tcp_outcome){NAT_PASS, verdict};
    }
    const punch_addr source = entry->local;
    nat_binding_sent(table, entry->binding, now_us);
    settle(box, slot, now_us);
    if (hairpin) {
        return turn_back(box, &source, packet, segment, now_us);
    }
    packet->src = source;
    return PASSES;
}

/* --- public: segments --- */

static nat_tcp_outcome count(nat_tcp_box *box, nat_tcp_outcome outcome) {
    box->table->counters.verdicts[outcome.table]++;
    box->counters.tracking[outcome.tracking]++;
    return outcome;
}

nat_tcp_outcome nat_tcp_box_out(nat_tcp_box *box, nat_packet *packet,
                                const nat_tcp_segment *segment, punch_time_us now_us) {
    advance(box, now_us);
    return count(box, segment_out(box, packet, segment, now_us));
}

nat_tcp_outcome nat_tcp_box_in(nat_tcp_box *box, nat_packet *packet, const nat_tcp_segment *segment,
                               punch_time_us now_us) {
    advance(box, now_us);
    return count(box, segment_in(box, packet, segment, now_us));
}

nat_tcp_outcome nat_tcp_box_would_admit(const nat_tcp_box *box, const nat_packet *packet,
                                        const nat_tcp_segment *segment, punch_time_us now_us) {
    if (bypasses(box->table, packet)) {
        return PASSES;
    }
    if (nat_place_for(box->table, &packet->dst) == NAT_NONE) {
        return drop(NAT_DROP_NOT_OURS);
    }
    entrance way = find_entrance(box, packet, segment, now_us);
    if (is_unsolicited(way.outcome.table)) {
        nat_tcp_session held;
        way.outcome.tracking = refuse(box, packet, segment, now_us, &held);
    } else if (way.slot != NAT_NONE) {
        way.outcome.tracking = nat_tcp_would(&box->tracking, &box->pool.entries[way.slot].session,
                                             segment, NAT_TCP_IN, now_us);
    }
    return way.outcome;
}

bool nat_tcp_box_would_leave_from(const nat_tcp_box *box, const nat_packet *packet,
                                  const nat_tcp_segment *segment, punch_time_us now_us,
                                  punch_addr *external_out) {
    const nat *table = box->table;
    if (nat_address_index(table, &packet->dst) != NAT_NONE) {
        return false;
    }
    if (nat_is_exempt(table, &packet->dst)) {
        *external_out = packet->src;
        return true;
    }
    const uint32_t slot = tcp_pool_find_inside(&box->pool, &packet->src, &packet->dst);
    const bool found = lives(box, slot, now_us);
    const nat_tcp_session *session = found ? &box->pool.entries[slot].session : &EMPTY;
    if (nat_tcp_would(&box->tracking, session, segment, NAT_TCP_OUT, now_us) != NAT_TCP_PASS) {
        return false;
    }
    if (found) {
        *external_out = box->pool.entries[slot].local;
        return true;
    }
    const uint32_t binding = nat_binding_find(table, packet, false, now_us);
    if (binding == NAT_NONE || !tcp_pool_binding_lives(&box->pool, binding, now_us) ||
        !has_room(box, now_us)) {
        return false;
    }
    const punch_addr local = local_of(table, &packet->src, table->bindings[binding].place);
    if (lives(box, tcp_pool_find_outside(&box->pool, &local, &packet->dst), now_us)) {
        return false;
    }
    *external_out = local;
    return true;
}

/* --- public: held SYNs --- */

punch_time_us nat_tcp_box_next_deadline_us(const nat_tcp_box *box) {
    const uint32_t head = box->pool.queues[NAT_TCP_HELD].head;
    return head == NAT_NONE ? PUNCH_NEVER : box->pool.entries[head].timer.at_us;
}

bool nat_tcp_box_on_timer(nat_tcp_box *box, punch_time_us now_us, nat_tcp_answer *answer_out) {
    advance(box, now_us);
    if (now_us < nat_tcp_box_next_deadline_us(box)) {
        return false;
    }
    const uint32_t slot = box->pool.queues[NAT_TCP_HELD].head;
    tcp_entry *entry = &box->pool.entries[slot];
    answer_out->kind = nat_tcp_on_deadline(&box->tracking, &entry->session, now_us);
    answer_out->packet = (nat_packet){entry->local, entry->remote};
    answer_out->ack = nat_tcp_held_ack(&entry->session);
    tcp_pool_forget(&box->pool, slot);
    box->counters.syns_answered++;
    return true;
}

/* --- public: ICMP errors --- */

static nat_verdict icmp_done(nat_tcp_box *box, nat_verdict verdict, uint32_t binding) {
    if (verdict != NAT_PASS && verdict != NAT_TURNED_BACK) {
        box->table->counters.icmp_dropped++;
        return verdict;
    }
    box->table->counters.icmp_passed++;
    if (box->table->config.icmp_kills_mapping && binding != NAT_NONE) {
        lose_sessions(box, binding);
        nat_binding_kill(box->table, binding);
    }
    return verdict;
}

/* The session the quoted packet has left by. */
static nat_verdict left_by(const nat_tcp_box *box, const nat_packet *quoted, uint32_t *slot_out) {
    if (nat_place_for(box->table, &quoted->src) == NAT_NONE) {
        return nat_is_exempt(box->table, &quoted->dst) ? NAT_PASS : NAT_DROP_NOT_OURS;
    }
    const uint32_t slot = tcp_pool_find_outside(&box->pool, &quoted->src, &quoted->dst);
    if (slot == NAT_NONE || box->pool.entries[slot].binding == NAT_NONE) {
        return NAT_DROP_NO_MAPPING;
    }
    *slot_out = slot;
    return NAT_PASS;
}

static uint32_t binding_of(const nat_tcp_box *box, uint32_t slot) {
    return slot == NAT_NONE ? NAT_NONE : box->pool.entries[slot].binding;
}

nat_verdict nat_tcp_box_icmp_in(nat_tcp_box *box, nat_packet *quoted, punch_time_us now_us) {
    advance(box, now_us);
    uint32_t slot = NAT_NONE;
    const nat_verdict verdict =
        box->table->config.icmp_blocked ? NAT_DROP_ICMP_BLOCKED : left_by(box, quoted, &slot);
    if (slot != NAT_NONE) {
        quoted->src = box->pool.entries[slot].inside;
    }
    return icmp_done(box, verdict, binding_of(box, slot));
}

static nat_verdict error_out(const nat_tcp_box *box, nat_packet *quoted, uint32_t *slot_out) {
    const nat *table = box->table;
    if (table->config.icmp_blocked) {
        return NAT_DROP_ICMP_BLOCKED;
    }
    if (nat_is_exempt(table, &quoted->src)) {
        return NAT_PASS; /* it came in as it was */
    }
    const bool hairpinned = nat_address_index(table, &quoted->src) != NAT_NONE;
    if (hairpinned && table->config.hairpin != NAT_HAIRPIN_EXTERNAL) {
        return NAT_DROP_NO_HAIRPIN; /* with an internal source it would quote that */
    }
    *slot_out = tcp_pool_find_inside(&box->pool, &quoted->dst, &quoted->src);
    if (*slot_out == NAT_NONE) {
        return NAT_DROP_NO_MAPPING;
    }
    nat_packet original = {quoted->src, box->pool.entries[*slot_out].local};
    if (hairpinned) {
        const nat_verdict verdict = left_by(box, &original, slot_out);
        if (verdict != NAT_PASS) {
            return verdict;
        }
        original.src = box->pool.entries[*slot_out].inside;
    }
    *quoted = original;
    return hairpinned ? NAT_TURNED_BACK : NAT_PASS;
}

nat_verdict nat_tcp_box_icmp_out(nat_tcp_box *box, nat_packet *quoted, punch_time_us now_us) {
    advance(box, now_us);
    uint32_t slot = NAT_NONE;
    const nat_verdict verdict = error_out(box, quoted, &slot);
    return icmp_done(box, verdict, binding_of(box, slot));
}

/* --- public: the rest --- */

void nat_tcp_box_flush(nat_tcp_box *box, punch_time_us now_us) {
    advance(box, now_us);
    box->counters.sessions_flushed += box->pool.owned_count;
    tcp_pool_clear(&box->pool);
    nat_flush(box->table, now_us);
}

void nat_tcp_box_renumber(nat_tcp_box *box, const punch_addr *external, punch_time_us now_us) {
    nat_tcp_box_flush(box, now_us);
    nat_renumber(box->table, external, now_us);
}

const nat_tcp_session *nat_tcp_box_session(const nat_tcp_box *box, const punch_addr *inside,
                                           const punch_addr *remote) {
    const uint32_t slot = tcp_pool_find_inside(&box->pool, inside, remote);
    return slot == NAT_NONE ? NULL : &box->pool.entries[slot].session;
}

uint32_t nat_tcp_box_session_count(const nat_tcp_box *box) {
    return box->pool.owned_count;
}

uint32_t nat_tcp_box_held_count(const nat_tcp_box *box) {
    return box->pool.held_count;
}

const nat *nat_tcp_box_table(const nat_tcp_box *box) {
    return box->table;
}

const nat_tcp_box_counters *nat_tcp_box_stats(const nat_tcp_box *box) {
    return &box->counters;
}
