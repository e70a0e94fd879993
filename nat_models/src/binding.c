/* SPDX-License-Identifier: MIT */
/*
 * The table of bindings: found by key (outbound) and by external port (inbound), expired from the
 * heads of two queues (one per timeout), counted per inside address where a limit asks for it.
 */
#include "box.h"

static nat_timers timers_of(const nat *box) {
    return (nat_timers){&box->bindings->timer, sizeof(nat_binding)};
}

static nat_timers host_timers_of(const nat *box) {
    return (nat_timers){&box->bindings->host_timer, sizeof(nat_binding)};
}

static uint32_t port_hash(uint16_t port) {
    return (uint32_t)nat_hash_word(0, port);
}

static uint32_t *key_bucket(const nat *box, uint32_t hash) {
    return &box->buckets[hash & box->binding_mask];
}

static uint32_t *port_bucket(const nat *box, uint16_t port) {
    return &box->buckets[box->binding_mask + 1 + (port_hash(port) & box->binding_mask)];
}

static uint32_t *host_bucket(const nat *box, uint32_t hash) {
    return &box->buckets[2 * (box->binding_mask + 1) + (hash & box->binding_mask)];
}

/* The hash of what a mapping looks at in a packet from inside. RFC 4787 §4.1. */
static uint32_t key_hash(nat_mapping mapping, const nat_packet *packet) {
    const uint64_t hash = nat_hash_addr(0, &packet->src, packet->src.port);
    switch (mapping) {
    case NAT_MAPPING_EIM:
        return (uint32_t)hash;
    case NAT_MAPPING_ADM:
        return (uint32_t)nat_hash_addr(hash, &packet->dst, 0);
    case NAT_MAPPING_APDM:
        return (uint32_t)nat_hash_addr(hash, &packet->dst, packet->dst.port);
    }
    return 0;
}

/* First slots of chains, NAT_NONE where the bucket is a leftover (see box.h). */
static uint32_t key_chain(const nat *box, uint32_t hash) {
    const uint32_t slot = *key_bucket(box, hash);
    if (slot >= box->bindings_used || box->bindings[slot].state != NAT_SLOT_LIVE ||
        ((box->bindings[slot].key_hash ^ hash) & box->binding_mask) != 0) {
        return NAT_NONE;
    }
    return slot;
}

static uint32_t port_chain(const nat *box, uint16_t port) {
    const uint32_t slot = *port_bucket(box, port);
    if (slot >= box->bindings_used || box->bindings[slot].state == NAT_SLOT_FREE ||
        ((port_hash(box->bindings[slot].port) ^ port_hash(port)) & box->binding_mask) != 0) {
        return NAT_NONE;
    }
    return slot;
}

static uint32_t host_chain(const nat *box, uint32_t hash) {
    const uint32_t slot = *host_bucket(box, hash);
    if (slot >= box->hosts_used || box->hosts[slot].count == 0 ||
        ((box->hosts[slot].hash ^ hash) & box->binding_mask) != 0) {
        return NAT_NONE;
    }
    return slot;
}

static void key_unlink(nat *box, uint32_t slot) {
    uint32_t *at = key_bucket(box, box->bindings[slot].key_hash);
    while (*at != slot) {
        at = &box->bindings[*at].key_next;
    }
    *at = box->bindings[slot].key_next;
}

static void port_unlink(nat *box, uint32_t slot) {
    uint32_t *at = port_bucket(box, box->bindings[slot].port);
    while (*at != slot) {
        at = &box->bindings[*at].port_next;
    }
    *at = box->bindings[slot].port_next;
}

/* In front: under overload the latest user of a port is found first. */
static void port_link(nat *box, uint32_t slot, uint16_t port) {
    /* The chain is read before the slot has the port: a leftover bucket that names this very slot
     * must not be believed. */
    const uint32_t chain = port_chain(box, port);
    box->bindings[slot].port = port;
    box->bindings[slot].port_next = chain;
    *port_bucket(box, port) = slot;
}

static void slot_free(nat *box, uint32_t slot) {
    nat_binding *binding = &box->bindings[slot];
    binding->state = NAT_SLOT_FREE;
    binding->timer.next = box->bindings_free;
    box->bindings_free = slot;
}

static void ghost_lay(nat *box, uint32_t slot) {
    port_unlink(box, slot);
    nat_queue_remove(&box->ghosts, timers_of(box), slot);
    slot_free(box, slot);
}

/* --- hosts --- */

static uint32_t host_find(const nat *box, const punch_addr *inside, uint32_t hash) {
    uint32_t slot = host_chain(box, hash);
    while (slot != NAT_NONE && !nat_same_ip(&box->hosts[slot].addr, inside)) {
        slot = box->hosts[slot].next;
    }
    return slot;
}

static uint32_t host_hash(const punch_addr *inside) {
    return (uint32_t)nat_hash_addr(0, inside, 0);
}

static uint32_t host_make(nat *box, const punch_addr *inside, uint32_t hash) {
    uint32_t slot = box->hosts_free;
    if (slot != NAT_NONE) {
        box->hosts_free = box->hosts[slot].next;
    } else {
        PUNCH_ASSERT(box->hosts_used < box->bindings_max);
        slot = box->hosts_used;
        box->hosts_used++;
    }
    nat_host *host = &box->hosts[slot];
    host->count = 0; /* before the chain is read: not in use yet */
    const uint32_t chain = host_chain(box, hash);
    host->addr = nat_addr_only(inside);
    host->hash = hash;
    host->next = chain;
    nat_queue_clear(&host->bindings);
    *host_bucket(box, hash) = slot;
    return slot;
}

static void host_join(nat *box, uint32_t slot, punch_time_us now_us) {
    nat_binding *binding = &box->bindings[slot];
    const uint32_t hash = host_hash(&binding->inside);
    uint32_t host = host_find(box, &binding->inside, hash);
    if (host == NAT_NONE) {
        host = host_make(box, &binding->inside, hash);
    }
    binding->host = host;
    box->hosts[host].count++;
    nat_queue_insert(&box->hosts[host].bindings, host_timers_of(box), slot, now_us);
}

static void host_leave(nat *box, uint32_t slot) {
    const uint32_t at = box->bindings[slot].host;
    nat_host *host = &box->hosts[at];
    nat_queue_remove(&host->bindings, host_timers_of(box), slot);
    host->count--;
    if (host->count == 0) {
        uint32_t *link = host_bucket(box, host->hash);
        while (*link != at) {
            link = &box->hosts[*link].next;
        }
        *link = host->next;
        host->next = box->hosts_free;
        box->hosts_free = at;
    }
}

/* --- life and death --- */

void nat_bindings_clear(nat *box) {
    box->bindings_used = 0;
    box->bindings_free = NAT_NONE;
    box->live_count = 0;
    box->exact_count = 0;
    box->serial = 0;
    box->hosts_used = 0;
    box->hosts_free = NAT_NONE;
    box->expire_at_us = PUNCH_NEVER;
    nat_queue_clear(&box->live[NAT_TIMEOUT_FIRST]);
    nat_queue_clear(&box->live[NAT_TIMEOUT_STREAM]);
    nat_queue_clear(&box->ghosts);
}

/* Takes a live binding out of everything but the port table. */
static void bury(nat *box, uint32_t slot) {
    const nat_binding *binding = &box->bindings[slot];
    key_unlink(box, slot);
    nat_queue_remove(&box->live[binding->timeout], timers_of(box), slot);
    if (box->config.per_host_max > 0) {
        host_leave(box, slot);
    }
    if (binding->exact && box->config.mapping != NAT_MAPPING_APDM) {
        box->exact_count--;
    }
    box->live_count--;
}

static void remove_now(nat *box, uint32_t slot) {
    bury(box, slot);
    port_unlink(box, slot);
    slot_free(box, slot);
}

void nat_binding_kill(nat *box, uint32_t slot) {
    remove_now(box, slot);
    box->counters.mappings_killed++;
}

/* When the binding at the head of a queue expires; PUNCH_NEVER for an empty queue. */
static punch_time_us head_expires_us(const nat *box, nat_timeout timeout) {
    const uint32_t head = box->live[timeout].head;
    return head == NAT_NONE ? PUNCH_NEVER : nat_binding_expires_us(box, &box->bindings[head]);
}

void nat_bindings_sweep(nat *box, punch_time_us now_us) {
    while (now_us >= box->expire_at_us) {
        const punch_time_us first_us = head_expires_us(box, NAT_TIMEOUT_FIRST);
        const punch_time_us stream_us = head_expires_us(box, NAT_TIMEOUT_STREAM);
        const nat_timeout next = first_us <= stream_us ? NAT_TIMEOUT_FIRST : NAT_TIMEOUT_STREAM;
        box->expire_at_us = punch_time_earlier(first_us, stream_us);
        if (now_us < box->expire_at_us) {
            break;
        }
        const uint32_t slot = box->live[next].head;
        PUNCH_ASSERT(slot != NAT_NONE);
        bury(box, slot);
        box->bindings[slot].state = NAT_SLOT_GHOST;
        nat_queue_put(&box->ghosts, timers_of(box), box->ghosts.tail, slot);
        box->counters.mappings_expired++;
    }
}

static void evict(nat *box, uint32_t slot) {
    PUNCH_ASSERT(slot != NAT_NONE);
    remove_now(box, slot);
    box->counters.mappings_evicted++;
}

static uint32_t oldest(const nat *box) {
    const uint32_t first = box->live[NAT_TIMEOUT_FIRST].head;
    const uint32_t stream = box->live[NAT_TIMEOUT_STREAM].head;
    if (first == NAT_NONE || stream == NAT_NONE) {
        return first != NAT_NONE ? first : stream;
    }
    return box->bindings[first].timer.at_us <= box->bindings[stream].timer.at_us ? first : stream;
}

nat_verdict nat_bindings_make_room(nat *box, const punch_addr *inside) {
    const bool refuse = box->config.full == NAT_FULL_REFUSE;
    if (box->config.per_host_max > 0) {
        const uint32_t host = host_find(box, inside, host_hash(inside));
        if (host != NAT_NONE && box->hosts[host].count >= box->config.per_host_max) {
            if (refuse) {
                return NAT_DROP_HOST_LIMIT;
            }
            evict(box, box->hosts[host].bindings.head);
        }
    }
    if (box->live_count >= box->config.table_max) {
        if (refuse) {
            return NAT_DROP_TABLE_FULL;
        }
        evict(box, oldest(box));
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

/* A port that is given again is no longer one that timed out. */
static void lay_ghosts_on(nat *box, uint16_t port) {
    uint32_t slot = port_chain(box, port);
    while (slot != NAT_NONE) {
        const uint32_t next = box->bindings[slot].port_next;
        if (box->bindings[slot].port == port && box->bindings[slot].state == NAT_SLOT_GHOST) {
            ghost_lay(box, slot);
        }
        slot = next;
    }
}

static void queue_in(nat *box, uint32_t slot, nat_timeout timeout, punch_time_us at_us) {
    nat_binding *binding = &box->bindings[slot];
    binding->timeout = (uint8_t)timeout;
    nat_queue_insert(&box->live[timeout], timers_of(box), slot, at_us);
    box->expire_at_us = punch_time_earlier(box->expire_at_us, nat_binding_expires_us(box, binding));
}

uint32_t nat_binding_make(nat *box, const nat_packet *packet, bool exact, uint16_t port,
                          punch_time_us now_us) {
    PUNCH_ASSERT(box->live_count < box->config.table_max);
    lay_ghosts_on(box, port);
    const nat_mapping mapping = exact ? NAT_MAPPING_APDM : box->config.mapping;
    const uint32_t slot = slot_take(box);
    const uint32_t hash = key_hash(mapping, packet);
    const uint32_t chain = key_chain(box, hash);
    nat_binding *binding = &box->bindings[slot];
    binding->inside = packet->src;
    binding->remote = packet->dst;
    binding->exact = mapping == NAT_MAPPING_APDM;
    binding->key_hash = hash;
    binding->key_next = chain;
    binding->serial = box->serial++;
    *key_bucket(box, hash) = slot;
    port_link(box, slot, port);
    binding->state = NAT_SLOT_LIVE;
    queue_in(box, slot, NAT_TIMEOUT_FIRST, now_us);
    if (box->config.per_host_max > 0) {
        host_join(box, slot, now_us);
    }
    if (binding->exact && box->config.mapping != NAT_MAPPING_APDM) {
        box->exact_count++;
    }
    box->live_count++;
    box->counters.mappings_made++;
    return slot;
}

void nat_binding_move(nat *box, uint32_t slot, uint16_t port) {
    lay_ghosts_on(box, port);
    port_unlink(box, slot);
    box->bindings[slot].serial = box->serial++;
    port_link(box, slot, port);
}

/* --- finding --- */

/* Does this binding serve packets between these two, with the remote compared as far as the mapping
 * goes? */
static bool serves(const nat_binding *binding, nat_mapping mapping, const nat_packet *packet) {
    if (binding->exact != (mapping == NAT_MAPPING_APDM) ||
        !nat_same_addr(&binding->inside, &packet->src)) {
        return false;
    }
    switch (mapping) {
    case NAT_MAPPING_EIM:
        return true;
    case NAT_MAPPING_ADM:
        return nat_same_ip(&binding->remote, &packet->dst);
    case NAT_MAPPING_APDM:
        return nat_same_addr(&binding->remote, &packet->dst);
    }
    return false;
}

uint32_t nat_binding_find(const nat *box, const nat_packet *packet, bool exact,
                          punch_time_us now_us) {
    const nat_mapping mapping = exact ? NAT_MAPPING_APDM : box->config.mapping;
    const uint32_t hash = key_hash(mapping, packet);
    for (uint32_t slot = key_chain(box, hash); slot != NAT_NONE;
         slot = box->bindings[slot].key_next) {
        const nat_binding *binding = &box->bindings[slot];
        if (binding->key_hash == hash && serves(binding, mapping, packet)) {
            return nat_binding_lives(box, binding, now_us) ? slot : NAT_NONE;
        }
    }
    return NAT_NONE;
}

uint32_t nat_binding_on_port(const nat *box, uint16_t port, punch_time_us now_us,
                             bool *expired_out) {
    *expired_out = false;
    for (uint32_t slot = port_chain(box, port); slot != NAT_NONE;
         slot = box->bindings[slot].port_next) {
        if (box->bindings[slot].port == port) {
            if (nat_binding_lives(box, &box->bindings[slot], now_us)) {
                return slot;
            }
            *expired_out = true;
        }
    }
    return NAT_NONE;
}

bool nat_port_taken(const nat *box, uint16_t port) {
    for (uint32_t slot = port_chain(box, port); slot != NAT_NONE;
         slot = box->bindings[slot].port_next) {
        if (box->bindings[slot].port == port && box->bindings[slot].state == NAT_SLOT_LIVE) {
            return true;
        }
    }
    return false;
}

/* --- use --- */

static void refresh(nat *box, uint32_t slot, punch_time_us now_us) {
    nat_binding *binding = &box->bindings[slot];
    nat_queue_refresh(&box->live[binding->timeout], timers_of(box), slot, now_us);
    if (box->config.per_host_max > 0) {
        nat_queue_refresh(&box->hosts[binding->host].bindings, host_timers_of(box), slot, now_us);
    }
}

void nat_binding_sent(nat *box, uint32_t slot, punch_time_us now_us) {
    if (box->config.refresh_outbound) {
        refresh(box, slot, now_us);
    }
    if (box->config.collision == NAT_COLLISION_OVERLOAD &&
        *port_bucket(box, box->bindings[slot].port) != slot) {
        port_unlink(box, slot);
        port_link(box, slot, box->bindings[slot].port);
    }
}

void nat_binding_received(nat *box, uint32_t slot, punch_time_us now_us) {
    const nat_binding *binding = &box->bindings[slot];
    if (binding->timeout == NAT_TIMEOUT_FIRST) {
        const punch_time_us at_us = box->config.refresh_inbound ? now_us : binding->timer.at_us;
        nat_queue_remove(&box->live[NAT_TIMEOUT_FIRST], timers_of(box), slot);
        queue_in(box, slot, NAT_TIMEOUT_STREAM, at_us);
    }
    if (box->config.refresh_inbound) {
        refresh(box, slot, now_us);
    }
}
