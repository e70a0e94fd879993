/* SPDX-License-Identifier: MIT */
/*
 * The table of bindings: found by key (outbound) and by place (inbound), expired from the heads of
 * queues (one per timeout, and per level where timeouts are drawn).
 *
 * A queue is in order of the last refresh. All of it waits for the same timeout, whatever drift and
 * pressure make of that, so its head always expires first.
 */
#include "box.h"

static nat_timers timers_of(const nat *box) {
    return (nat_timers){&box->bindings->timer, sizeof(nat_binding)};
}

static uint32_t *key_bucket(const nat *box, uint32_t hash) {
    return &box->key_buckets[hash & box->binding_mask];
}

static uint32_t *place_bucket(const nat *box, uint32_t place) {
    return &box->key_buckets[box->binding_mask + 1 + (nat_place_hash(place) & box->binding_mask)];
}

static void key_unlink(nat *box, uint32_t slot) {
    uint32_t *at = key_bucket(box, box->bindings[slot].key_hash);
    while (*at != slot) {
        at = &box->bindings[*at].key_next;
    }
    *at = box->bindings[slot].key_next;
}

static void place_unlink(nat *box, uint32_t slot) {
    uint32_t *at = place_bucket(box, box->bindings[slot].place);
    while (*at != slot) {
        at = &box->bindings[*at].place_next;
    }
    *at = box->bindings[slot].place_next;
}

/* In front: under overload the latest user of a place is found first. */
static void place_link(nat *box, uint32_t slot, uint32_t place) {
    /* The chain is read before the slot has the place: a leftover bucket that names this very slot
     * must not be believed. */
    const uint32_t chain = nat_place_chain(box, place);
    box->bindings[slot].place = place;
    box->bindings[slot].place_next = chain;
    *place_bucket(box, place) = slot;
}

static void slot_free(nat *box, uint32_t slot) {
    nat_binding *binding = &box->bindings[slot];
    binding->state = NAT_SLOT_FREE;
    binding->timer.next = box->bindings_free;
    box->bindings_free = slot;
}

/* A place is nobody's any more; overloaded, others may have it too. */
static void vacate(nat *box, uint32_t place) {
    if (box->config.collision != NAT_COLLISION_OVERLOAD || !nat_place_taken(box, place)) {
        nat_ports_give_back(box, place);
    }
}

static void let_go(nat *box, uint32_t slot) {
    if (box->held == slot) {
        box->held = box->bindings[slot].timer.next;
    }
    box->bindings[slot].holds = false;
    vacate(box, box->bindings[slot].place);
}

static void ghost_lay(nat *box, uint32_t slot) {
    if (box->bindings[slot].holds) {
        let_go(box, slot);
    }
    place_unlink(box, slot);
    nat_queue_remove(&box->ghosts, timers_of(box), slot);
    slot_free(box, slot);
}

/* --- life and death --- */

void nat_bindings_clear(nat *box) {
    box->bindings_used = 0;
    box->bindings_free = NAT_NONE;
    box->live_count = 0;
    box->exact_count = 0;
    box->serial = 0;
    box->endings = 0;
    nat_hosts_clear(box);
    box->expire_at_us = PUNCH_NEVER;
    for (unsigned level = 0; level < box->level_count; level++) {
        nat_queue_clear(&box->levels[level].live[NAT_TIMEOUT_FIRST]);
        nat_queue_clear(&box->levels[level].live[NAT_TIMEOUT_STREAM]);
    }
    nat_queue_clear(&box->ghosts);
    box->held = NAT_NONE;
    box->ended_at_us = INT64_MIN;
    nat_ports_clear(box);
    for (uint32_t i = 0; i < nat_config_addresses(&box->config); i++) {
        box->on_address[i] = 0;
    }
}

/* Takes a live binding out of everything but the port table. */
static void bury(nat *box, uint32_t slot) {
    const nat_binding *binding = &box->bindings[slot];
    key_unlink(box, slot);
    nat_queue_remove(&box->levels[binding->level].live[binding->timeout], timers_of(box), slot);
    if (box->tracks_hosts) {
        nat_host_leave(box, slot);
    }
    box->on_address[binding->place >> 16]--;
    if (binding->exact && box->config.mapping != NAT_MAPPING_APDM) {
        box->exact_count--;
    }
    box->live_count--;
}

/* Leaves a mark where a binding was: what it was, when and as how manyeth it ended. Where timeouts
 * have shrunk it may be found to have ended before others whose end is known already; it counts as
 * ended with them, so that places come out of hold-down in the order of the marks. */
static void leave_mark(nat *box, uint32_t slot, nat_slot_state state, punch_time_us ended_at_us) {
    nat_binding *binding = &box->bindings[slot];
    box->ended_at_us = punch_time_later(box->ended_at_us, ended_at_us);
    binding->state = (uint8_t)state;
    binding->timer.at_us = box->ended_at_us;
    binding->serial = box->endings++;
    nat_queue_put(&box->ghosts, timers_of(box), box->ghosts.tail, slot);
    binding->holds = box->config.hold_down_us > 0;
    if (!binding->holds) {
        vacate(box, binding->place);
    } else if (box->held == NAT_NONE) {
        box->held = slot;
    }
}

static void remove_now(nat *box, uint32_t slot) {
    bury(box, slot);
    if (box->config.hold_down_us > 0) {
        leave_mark(box, slot, NAT_SLOT_HELD, box->last_at_us);
    } else {
        place_unlink(box, slot);
        slot_free(box, slot);
        vacate(box, box->bindings[slot].place);
    }
}

void nat_binding_kill(nat *box, uint32_t slot) {
    remove_now(box, slot);
    box->counters.mappings_killed++;
}

/* Of all live bindings the one that expires first, and when (PUNCH_NEVER: there is none). */
static uint32_t first_to_expire(const nat *box, punch_time_us now_us, punch_time_us *at_us_out) {
    uint32_t first = NAT_NONE;
    *at_us_out = PUNCH_NEVER;
    for (unsigned timeout = NAT_TIMEOUT_FIRST; timeout <= NAT_TIMEOUT_STREAM; timeout++) {
        for (unsigned level = 0; level < box->level_count; level++) {
            const uint32_t head = box->levels[level].live[timeout].head;
            if (head == NAT_NONE) {
                continue;
            }
            const punch_time_us end_us = nat_binding_expires_us(box, &box->bindings[head], now_us);
            if (end_us < *at_us_out) {
                first = head;
                *at_us_out = end_us;
            }
        }
    }
    return first;
}

void nat_binding_expire(nat *box, uint32_t slot, punch_time_us at_us) {
    bury(box, slot);
    leave_mark(box, slot, NAT_SLOT_GHOST, at_us);
    box->counters.mappings_expired++;
}

void nat_bindings_sweep(nat *box, punch_time_us now_us) {
    for (;;) {
        const uint32_t slot = first_to_expire(box, now_us, &box->expire_at_us);
        if (now_us < box->expire_at_us) {
            break;
        }
        PUNCH_ASSERT(slot != NAT_NONE);
        nat_binding_expire(box, slot, box->expire_at_us);
    }
}

void nat_binding_evict(nat *box, uint32_t slot) {
    PUNCH_ASSERT(slot != NAT_NONE);
    remove_now(box, slot);
    box->counters.mappings_evicted++;
}

static uint32_t oldest(const nat *box) {
    uint32_t oldest = NAT_NONE;
    for (unsigned timeout = NAT_TIMEOUT_FIRST; timeout <= NAT_TIMEOUT_STREAM; timeout++) {
        for (unsigned level = 0; level < box->level_count; level++) {
            const uint32_t head = box->levels[level].live[timeout].head;
            if (head != NAT_NONE && (oldest == NAT_NONE || box->bindings[head].timer.at_us <
                                                               box->bindings[oldest].timer.at_us)) {
                oldest = head;
            }
        }
    }
    return oldest;
}

/* Who must go when a host has reached its limit. */
static uint32_t victim_of_host(nat *box, const nat_host *host) {
    uint32_t slot = host->bindings.head;
    if (box->config.full == NAT_FULL_EVICT_RANDOM) {
        for (uint64_t skip = punch_rng_below(&box->share_rng, host->count); skip > 0; skip--) {
            slot = box->shares[slot].timer.next;
        }
    }
    return slot;
}

/* Who must go when the table is full. */
static uint32_t victim(nat *box) {
    if (box->config.full == NAT_FULL_EVICT_RANDOM) {
        /* Full means that every slot is live. */
        PUNCH_ASSERT_EQ(box->bindings_used, box->live_count);
        return (uint32_t)punch_rng_below(&box->share_rng, box->bindings_used);
    }
    return oldest(box);
}

nat_verdict nat_bindings_room(nat *box, const punch_addr *inside, punch_time_us now_us,
                              uint32_t *victim_out) {
    *victim_out = NAT_NONE;
    const bool refuse = box->config.full == NAT_FULL_REFUSE;
    const uint32_t host = nat_host_find(box, inside);
    if (!nat_host_may_make(box, host, now_us)) {
        return NAT_DROP_MAPPING_RATE;
    }
    if (box->config.per_host_max > 0 && host != NAT_NONE &&
        box->hosts[host].count >= box->config.per_host_max) {
        if (refuse) {
            return NAT_DROP_HOST_LIMIT;
        }
        *victim_out = victim_of_host(box, &box->hosts[host]);
    } else if (box->live_count >= box->config.table_max) {
        if (refuse) {
            return NAT_DROP_TABLE_FULL;
        }
        *victim_out = victim(box);
    }
    return NAT_PASS;
}

static uint32_t slot_take(nat *box) {
    if (box->bindings_free == NAT_NONE && box->bindings_used == box->config.table_max) {
        ghost_lay(box, box->ghosts.head); /* not all are live, so the rest are ghosts */
    }
    uint32_t slot = box->bindings_free;
    if (slot != NAT_NONE) {
        box->bindings_free = box->bindings[slot].timer.next;
    } else {
        slot = box->bindings_used;
        box->bindings_used++;
        box->bindings[slot].state = NAT_SLOT_FREE; /* memory of an earlier life */
    }
    return slot;
}

/* Is this binding where packets to that destination, at its place, would go? */
static bool is_at(const nat *box, const nat_binding *binding, uint32_t place,
                  const punch_addr *dst) {
    return binding->place == place &&
           (!box->config.firewall || nat_same_addr(&binding->inside, dst));
}

/* A place that is given again is no longer one that timed out. */
static void lay_ghosts_at(nat *box, uint32_t place, const punch_addr *inside) {
    uint32_t slot = nat_place_chain(box, place);
    while (slot != NAT_NONE) {
        const uint32_t next = box->bindings[slot].place_next;
        if (box->bindings[slot].state != NAT_SLOT_LIVE &&
            is_at(box, &box->bindings[slot], place, inside)) {
            ghost_lay(box, slot);
        }
        slot = next;
    }
}

static void queue_in(nat *box, uint32_t slot, nat_timeout timeout, punch_time_us at_us) {
    nat_binding *binding = &box->bindings[slot];
    binding->timeout = (uint8_t)timeout;
    nat_queue_insert(&box->levels[binding->level].live[timeout], timers_of(box), slot, at_us);
    const punch_time_us end_us =
        punch_time_after(at_us, box->levels[binding->level].timeout_us[timeout]);
    box->expire_at_us = punch_time_earlier(box->expire_at_us, end_us);
}

/* Never on a stream that others draw from: a NAT's ports are the same with and without spread. */
static uint8_t draw_level(nat *box) {
    return box->config.timeout_spread_permille == 0
               ? NAT_LEVEL_PLAIN
               : (uint8_t)(1 + punch_rng_below(&box->spread_rng, NAT_SPREAD_STEPS));
}

uint32_t nat_binding_make(nat *box, const nat_packet *packet, bool exact, uint32_t place,
                          punch_time_us now_us) {
    PUNCH_ASSERT(box->live_count < box->config.table_max);
    lay_ghosts_at(box, place, &packet->src);
    const nat_mapping mapping = exact ? NAT_MAPPING_APDM : box->config.mapping;
    const uint32_t slot = slot_take(box);
    const uint32_t hash = nat_key_hash(mapping, packet);
    const uint32_t chain = nat_key_chain(box, hash);
    nat_binding *binding = &box->bindings[slot];
    binding->inside = packet->src;
    box->origins[slot].remote = packet->dst;
    binding->exact = mapping == NAT_MAPPING_APDM;
    binding->key_hash = hash;
    binding->key_next = chain;
    binding->serial = box->serial++;
    *key_bucket(box, hash) = slot;
    place_link(box, slot, place);
    nat_ports_take(box, place);
    box->on_address[place >> 16]++;
    binding->state = NAT_SLOT_LIVE;
    box->origins[slot].made_at_us = now_us;
    binding->answered = false;
    binding->holds = false;
    binding->permission = NAT_NONE;
    binding->level = draw_level(box);
    queue_in(box, slot, NAT_TIMEOUT_FIRST, now_us);
    if (box->tracks_hosts) {
        nat_host_join(box, slot, now_us);
    }
    if (binding->exact && box->config.mapping != NAT_MAPPING_APDM) {
        box->exact_count++;
    }
    box->live_count++;
    box->counters.mappings_made++;
    return slot;
}

void nat_binding_move(nat *box, uint32_t slot, uint32_t place) {
    lay_ghosts_at(box, place, &box->bindings[slot].inside);
    place_unlink(box, slot);
    box->on_address[box->bindings[slot].place >> 16]--;
    box->on_address[place >> 16]++;
    box->bindings[slot].serial = box->serial++;
    vacate(box, box->bindings[slot].place);
    place_link(box, slot, place);
    nat_ports_take(box, place);
}

/* --- finding --- */

/* Does this binding serve packets between these two, with the remote compared as far as the mapping
 * goes? */
static bool serves(const nat *box, uint32_t slot, nat_mapping mapping, const nat_packet *packet) {
    const nat_binding *binding = &box->bindings[slot];
    const nat_origin *origin = &box->origins[slot];
    if (binding->exact != (mapping == NAT_MAPPING_APDM) ||
        !nat_same_addr(&binding->inside, &packet->src)) {
        return false;
    }
    switch (mapping) {
    case NAT_MAPPING_EIM:
        return true;
    case NAT_MAPPING_ADM:
        return nat_same_ip(&origin->remote, &packet->dst);
    case NAT_MAPPING_APDM:
        return nat_same_addr(&origin->remote, &packet->dst);
    }
    return false;
}

uint32_t nat_binding_find(const nat *box, const nat_packet *packet, bool exact,
                          punch_time_us now_us) {
    const nat_mapping mapping = exact ? NAT_MAPPING_APDM : box->config.mapping;
    const uint32_t hash = nat_key_hash(mapping, packet);
    for (uint32_t slot = nat_key_chain(box, hash); slot != NAT_NONE;
         slot = box->bindings[slot].key_next) {
        const nat_binding *binding = &box->bindings[slot];
        if (binding->key_hash == hash && serves(box, slot, mapping, packet)) {
            return nat_binding_lives(box, binding, now_us) ? slot : NAT_NONE;
        }
    }
    return NAT_NONE;
}

uint32_t nat_binding_at(const nat *box, uint32_t place, const punch_addr *dst, punch_time_us now_us,
                        bool *expired_out) {
    *expired_out = false;
    for (uint32_t slot = nat_place_chain(box, place); slot != NAT_NONE;
         slot = box->bindings[slot].place_next) {
        if (is_at(box, &box->bindings[slot], place, dst)) {
            if (nat_binding_lives(box, &box->bindings[slot], now_us)) {
                return slot;
            }
            *expired_out = *expired_out || box->bindings[slot].state != NAT_SLOT_HELD;
        }
    }
    return NAT_NONE;
}

uint32_t nat_place_holder_but(const nat *box, uint32_t place, uint32_t other) {
    for (uint32_t slot = nat_place_chain(box, place); slot != NAT_NONE;
         slot = box->bindings[slot].place_next) {
        if (slot != other && box->bindings[slot].place == place &&
            box->bindings[slot].state == NAT_SLOT_LIVE) {
            return slot;
        }
    }
    return NAT_NONE;
}

/* Does what ended here keep its place from being given again? */
static bool keeps_back(const nat *box, const nat_binding *mark, punch_time_us now_us) {
    const uint32_t later = box->endings - mark->serial; /* itself included */
    return now_us < punch_time_after(mark->timer.at_us, box->config.hold_down_us) &&
           (box->config.hold_down_max == 0 || later <= box->config.hold_down_max);
}

bool nat_place_look_up_held(const nat *box, uint32_t place, punch_time_us now_us) {
    for (uint32_t slot = nat_place_chain(box, place); slot != NAT_NONE;
         slot = box->bindings[slot].place_next) {
        const nat_binding *binding = &box->bindings[slot];
        if (binding->place == place && binding->state != NAT_SLOT_LIVE &&
            keeps_back(box, binding, now_us)) {
            return true;
        }
    }
    return false;
}

void nat_places_settle(nat *box, punch_time_us now_us) {
    while (box->held != NAT_NONE && !keeps_back(box, &box->bindings[box->held], now_us)) {
        let_go(box, box->held);
    }
}

void nat_places_hold_anew(nat *box) {
    const bool holds = box->config.hold_down_us > 0;
    while (box->held != NAT_NONE) {
        let_go(box, box->held);
    }
    for (uint32_t slot = holds ? box->ghosts.head : NAT_NONE; slot != NAT_NONE;
         slot = box->bindings[slot].timer.next) {
        box->bindings[slot].holds = true;
        nat_ports_take(box, box->bindings[slot].place);
    }
    box->held = holds ? box->ghosts.head : NAT_NONE;
}

/* --- use --- */

static void refresh(nat *box, uint32_t slot, punch_time_us now_us) {
    nat_binding *binding = &box->bindings[slot];
    nat_queue_refresh(&box->levels[binding->level].live[binding->timeout], timers_of(box), slot,
                      now_us);
    if (box->tracks_hosts) {
        nat_host_refresh(box, slot, now_us);
    }
}

/* refreshes: the packet that starts it counts as use, which also spares the walk down the queue. */
static void start_stream(nat *box, uint32_t slot, bool refreshes, punch_time_us now_us) {
    const nat_binding *binding = &box->bindings[slot];
    const punch_time_us at_us = refreshes ? now_us : binding->timer.at_us;
    nat_queue_remove(&box->levels[binding->level].live[NAT_TIMEOUT_FIRST], timers_of(box), slot);
    queue_in(box, slot, NAT_TIMEOUT_STREAM, at_us);
}

void nat_binding_sent(nat *box, uint32_t slot, punch_time_us now_us) {
    nat_binding *binding = &box->bindings[slot];
    if (binding->timeout == NAT_TIMEOUT_FIRST && binding->answered &&
        nat_stream_begins(box, true, box->origins[slot].made_at_us, now_us)) {
        start_stream(box, slot, box->config.refresh_outbound, now_us);
    }
    if (box->config.refresh_outbound) {
        refresh(box, slot, now_us);
    }
    if (box->config.collision == NAT_COLLISION_OVERLOAD &&
        *place_bucket(box, binding->place) != slot) {
        place_unlink(box, slot);
        place_link(box, slot, binding->place);
    }
}

void nat_binding_received(nat *box, uint32_t slot, punch_time_us now_us) {
    nat_binding *binding = &box->bindings[slot];
    if (binding->timeout == NAT_TIMEOUT_FIRST &&
        nat_stream_begins(box, binding->answered, box->origins[slot].made_at_us, now_us)) {
        start_stream(box, slot, box->config.refresh_inbound, now_us);
    }
    binding->answered = true;
    if (box->config.refresh_inbound) {
        refresh(box, slot, now_us);
    }
}
