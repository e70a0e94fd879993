/* SPDX-License-Identifier: MIT */
/*
 * The short way of nearly all packets: a mapping is there and nobody has anything to say against
 * it, so two timers start anew and an endpoint is rewritten. nat.c would come to the same, over
 * questions that these packets do not raise:
 *
 *   has anything expired?                      not before expire_at_us
 *   rates, limits by host, shared ports, ...   is_plain: the configuration has none of it
 *   sessions, strays, barred remotes           there are none at present
 *   towards our own address? unknown mapping, unknown remote, a stream that begins now:
 *                                              declined before anything has changed
 *
 * `prop_nat` holds both ways against one reference.
 */
#include "box.h"

/* May packets go this way at all now? Time must be checked before anything else is believed: what
 * is live in the table has not expired then. */
static inline bool is_open(const nat *box, punch_time_us now_us) {
    const uint32_t specials = box->exact_count | box->kind_count[NAT_REMOTE_SESSION] |
                              box->kind_count[NAT_REMOTE_STRAY] |
                              box->kind_count[NAT_REMOTE_BARRED];
    return box->is_plain && specials == 0 && now_us < box->expire_at_us;
}

/* Would a packet this way let the stream begin? Outbound ones do after an answer, inbound ones in
 * any case; when exactly is left to others. */
static inline bool may_begin_stream(uint8_t timeout, bool answered) {
    return timeout == NAT_TIMEOUT_FIRST && answered;
}

static inline void refresh_binding(nat *box, uint32_t slot, punch_time_us now_us) {
    const nat_binding *binding = &box->bindings[slot];
    const nat_timers timers = {&box->bindings->timer, sizeof(nat_binding)};
    nat_queue_refresh(&box->levels[binding->level].live[binding->timeout], timers, slot, now_us);
}

static inline void refresh_remote(nat *box, uint32_t slot, punch_time_us now_us) {
    const nat_remote *entry = &box->remotes[slot];
    const nat_timers timers = {&box->remotes->timer, sizeof(nat_remote)};
    nat_queue_refresh(&box->levels[entry->level].remembered[entry->timeout], timers, slot, now_us);
}

static inline bool remote_waits(const nat *box, const nat_remote *entry, punch_time_us now_us) {
    return now_us < punch_time_after(entry->timer.at_us,
                                     box->levels[entry->level].timeout_us[entry->timeout]);
}

bool nat_fast_out(nat *box, nat_packet *packet, punch_time_us now_us) {
    if (!is_open(box, now_us) || nat_address_index(box, &packet->dst) != NAT_NONE) {
        return false;
    }
    const uint32_t hash = nat_key_hash(NAT_MAPPING_EIM, packet);
    uint32_t slot = nat_key_chain(box, hash);
    while (slot != NAT_NONE && (box->bindings[slot].key_hash != hash ||
                                !nat_same_addr(&box->bindings[slot].inside, &packet->src))) {
        slot = box->bindings[slot].key_next;
    }
    if (slot == NAT_NONE) {
        return false;
    }
    const nat_binding *binding = &box->bindings[slot];
    uint32_t permission = NAT_NONE;
    if (box->config.filtering != NAT_FILTERING_EIF) {
        permission = nat_permission_guess(box, binding, &packet->dst);
        if (permission == NAT_NONE) {
            return false;
        }
        const nat_remote *entry = &box->remotes[permission];
        if (may_begin_stream(entry->timeout, entry->answered) ||
            !remote_waits(box, entry, now_us)) {
            return false;
        }
    }
    if (may_begin_stream(binding->timeout, binding->answered)) {
        return false;
    }
    PUNCH_ASSERT(now_us >= box->last_at_us);
    box->last_at_us = now_us;
    if (box->config.refresh_outbound) {
        refresh_binding(box, slot, now_us);
        if (permission != NAT_NONE) {
            refresh_remote(box, permission, now_us);
        }
    }
    nat_endpoint_put(box, binding->place, &packet->src);
    box->counters.verdicts[NAT_PASS]++;
    return true;
}

bool nat_fast_in(nat *box, nat_packet *packet, punch_time_us now_us) {
    const uint32_t address = nat_address_index(box, &packet->dst);
    if (!is_open(box, now_us) || address == NAT_NONE) {
        return false;
    }
    const uint32_t place = address << 16 | packet->dst.port;
    uint32_t slot = nat_place_chain(box, place);
    while (slot != NAT_NONE &&
           (box->bindings[slot].place != place || box->bindings[slot].state != NAT_SLOT_LIVE)) {
        slot = box->bindings[slot].place_next;
    }
    if (slot == NAT_NONE || may_begin_stream(box->bindings[slot].timeout, true)) {
        return false;
    }
    const nat_binding *binding = &box->bindings[slot];
    uint32_t permission = NAT_NONE;
    if (box->config.filtering != NAT_FILTERING_EIF) {
        permission = nat_permission_guess(box, binding, &packet->src);
        if (permission == NAT_NONE) {
            return false;
        }
        const nat_remote *entry = &box->remotes[permission];
        if (may_begin_stream(entry->timeout, true) || !remote_waits(box, entry, now_us)) {
            return false;
        }
    }
    PUNCH_ASSERT(now_us >= box->last_at_us);
    box->last_at_us = now_us;
    if (box->config.refresh_inbound) {
        refresh_binding(box, slot, now_us);
        if (permission != NAT_NONE) {
            refresh_remote(box, permission, now_us);
        }
    }
    packet->dst = binding->inside;
    box->counters.verdicts[NAT_PASS]++;
    return true;
}
