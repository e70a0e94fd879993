/* SPDX-License-Identifier: MIT */
/*
 * The pool of sessions at work; see tcp_pool.h.
 *
 * From outside, the ports of one remote address are spread over SPREAD neighbouring buckets, as
 * permissions are in remote.c: a filter that goes by the address then looks into SPREAD buckets.
 */
#include "tcp_pool.h"

#include "tcp_window.h"

#define SPREAD 16u /* chosen: as in remote.c */

static nat_timers timers_of(const tcp_pool *pool) {
    return (nat_timers){&pool->entries->timer, sizeof(tcp_entry)};
}

void tcp_pool_clear(tcp_pool *pool) {
    pool->used = 0;
    pool->free = NAT_NONE;
    pool->owned_count = 0;
    pool->held_count = 0;
    pool->expire_at_us = PUNCH_NEVER;
    for (unsigned i = 0; i < TCP_QUEUE_COUNT; i++) {
        nat_queue_clear(&pool->queues[i]);
    }
}

/* --- finding --- */

static uint32_t outside_base(const punch_addr *local, const punch_addr *remote) {
    return (uint32_t)nat_hash_addr(nat_hash_addr(0, local, local->port), remote, 0);
}

static uint32_t outside_hash(const punch_addr *local, const punch_addr *remote) {
    return outside_base(local, remote) + (uint32_t)nat_hash_word(0, remote->port) % SPREAD;
}

static uint32_t inside_hash(const punch_addr *inside, const punch_addr *remote) {
    return (uint32_t)nat_hash_addr(nat_hash_addr(0, inside, inside->port), remote, remote->port);
}

/* First slots of chains, NAT_NONE where the bucket is a leftover (see box.h). */
static uint32_t outside_chain(const tcp_pool *pool, uint32_t hash) {
    const uint32_t slot = pool->outside_buckets[hash & pool->mask];
    if (slot >= pool->used || !pool->entries[slot].in_use ||
        ((pool->entries[slot].outside_hash ^ hash) & pool->mask) != 0) {
        return NAT_NONE;
    }
    return slot;
}

static uint32_t inside_chain(const tcp_pool *pool, uint32_t hash) {
    const uint32_t slot = pool->inside_buckets[hash & pool->mask];
    if (slot >= pool->used || !pool->entries[slot].in_use ||
        pool->entries[slot].binding == NAT_NONE ||
        ((pool->entries[slot].inside_hash ^ hash) & pool->mask) != 0) {
        return NAT_NONE;
    }
    return slot;
}

uint32_t tcp_pool_find_outside(const tcp_pool *pool, const punch_addr *local,
                               const punch_addr *remote) {
    uint32_t slot = outside_chain(pool, outside_hash(local, remote));
    while (slot != NAT_NONE && !(nat_same_addr(&pool->entries[slot].remote, remote) &&
                                 nat_same_addr(&pool->entries[slot].local, local))) {
        slot = pool->entries[slot].outside_next;
    }
    return slot;
}

uint32_t tcp_pool_find_inside(const tcp_pool *pool, const punch_addr *inside,
                              const punch_addr *remote) {
    uint32_t slot = inside_chain(pool, inside_hash(inside, remote));
    while (slot != NAT_NONE && !(nat_same_addr(&pool->entries[slot].remote, remote) &&
                                 nat_same_addr(&pool->entries[slot].inside, inside))) {
        slot = pool->entries[slot].inside_next;
    }
    return slot;
}

bool tcp_pool_knows_address(const tcp_pool *pool, uint32_t binding, const punch_addr *local,
                            const punch_addr *remote, punch_time_us now_us) {
    const uint32_t base = outside_base(local, remote);
    const uint32_t buckets = pool->mask < SPREAD ? pool->mask + 1 : SPREAD;
    for (uint32_t i = 0; i < buckets; i++) {
        for (uint32_t slot = outside_chain(pool, base + i); slot != NAT_NONE;
             slot = pool->entries[slot].outside_next) {
            const tcp_entry *entry = &pool->entries[slot];
            if (entry->binding == binding && nat_same_ip(&entry->remote, remote) &&
                (entry->session.marks & TCP_MARK_KNOWN(NAT_TCP_OUT)) != 0 &&
                now_us < entry->session.deadline_us) {
                return true;
            }
        }
    }
    return false;
}

bool tcp_pool_binding_lives(const tcp_pool *pool, uint32_t binding, punch_time_us now_us) {
    uint32_t slot = pool->roots[binding].head;
    while (slot != NAT_NONE && now_us >= pool->entries[slot].session.deadline_us) {
        slot = pool->entries[slot].sibling_next;
    }
    return slot != NAT_NONE;
}

/* --- life and death --- */

uint32_t tcp_pool_take(tcp_pool *pool, const punch_addr *local, const punch_addr *remote) {
    uint32_t slot = pool->free;
    if (slot != NAT_NONE) {
        pool->free = pool->entries[slot].timer.next;
    } else {
        PUNCH_ASSERT(pool->used < pool->most);
        slot = pool->used;
        pool->used++;
        pool->entries[slot].in_use = false; /* memory of an earlier life, before chains are read */
    }
    const uint32_t hash = outside_hash(local, remote);
    const uint32_t chain = outside_chain(pool, hash);
    pool->entries[slot] = (tcp_entry){.local = *local,
                                      .remote = *remote,
                                      .binding = NAT_NONE,
                                      .outside_hash = hash,
                                      .outside_next = chain,
                                      .queue = TCP_QUEUE_NONE,
                                      .in_use = true};
    pool->outside_buckets[hash & pool->mask] = slot;
    pool->held_count++;
    return slot;
}

void tcp_pool_own(tcp_pool *pool, uint32_t slot, uint32_t binding, const punch_addr *inside) {
    tcp_entry *entry = &pool->entries[slot];
    PUNCH_ASSERT_EQ(entry->binding, NAT_NONE);
    const uint32_t hash = inside_hash(inside, &entry->remote);
    const uint32_t chain = inside_chain(pool, hash);
    entry->inside = *inside;
    entry->inside_hash = hash;
    entry->inside_next = chain;
    entry->binding = binding;
    pool->inside_buckets[hash & pool->mask] = slot;
    tcp_root *root = &pool->roots[binding];
    entry->sibling_prev = NAT_NONE;
    entry->sibling_next = root->head;
    if (root->head != NAT_NONE) {
        pool->entries[root->head].sibling_prev = slot;
    }
    root->head = slot;
    pool->held_count--;
    pool->owned_count++;
}

static void leave_queue(tcp_pool *pool, uint32_t slot) {
    tcp_entry *entry = &pool->entries[slot];
    if (entry->queue != TCP_QUEUE_NONE) {
        nat_queue_remove(&pool->queues[entry->queue], timers_of(pool), slot);
        entry->queue = TCP_QUEUE_NONE;
    }
}

void tcp_pool_file(tcp_pool *pool, uint32_t slot, unsigned queue) {
    tcp_entry *entry = &pool->entries[slot];
    leave_queue(pool, slot);
    entry->queue = (uint8_t)queue;
    nat_queue_insert(&pool->queues[queue], timers_of(pool), slot, entry->session.deadline_us);
    if (queue != NAT_TCP_HELD) {
        pool->expire_at_us = punch_time_earlier(pool->expire_at_us, entry->session.deadline_us);
    }
}

static void outside_unlink(tcp_pool *pool, uint32_t slot) {
    uint32_t *at = &pool->outside_buckets[pool->entries[slot].outside_hash & pool->mask];
    while (*at != slot) {
        at = &pool->entries[*at].outside_next;
    }
    *at = pool->entries[slot].outside_next;
}

static void inside_unlink(tcp_pool *pool, uint32_t slot) {
    uint32_t *at = &pool->inside_buckets[pool->entries[slot].inside_hash & pool->mask];
    while (*at != slot) {
        at = &pool->entries[*at].inside_next;
    }
    *at = pool->entries[slot].inside_next;
}

static void sibling_unlink(tcp_pool *pool, uint32_t slot) {
    const tcp_entry *entry = &pool->entries[slot];
    tcp_root *root = &pool->roots[entry->binding];
    if (entry->sibling_prev == NAT_NONE) {
        root->head = entry->sibling_next;
    } else {
        pool->entries[entry->sibling_prev].sibling_next = entry->sibling_next;
    }
    if (entry->sibling_next != NAT_NONE) {
        pool->entries[entry->sibling_next].sibling_prev = entry->sibling_prev;
    }
    root->count--;
}

void tcp_pool_forget(tcp_pool *pool, uint32_t slot) {
    tcp_entry *entry = &pool->entries[slot];
    outside_unlink(pool, slot);
    leave_queue(pool, slot);
    if (entry->binding != NAT_NONE) {
        inside_unlink(pool, slot);
        sibling_unlink(pool, slot);
        pool->owned_count--;
    } else {
        pool->held_count--;
    }
    entry->in_use = false;
    entry->timer.next = pool->free;
    pool->free = slot;
}

uint32_t tcp_pool_first(const tcp_pool *pool, punch_time_us *at_us_out) {
    uint32_t first = NAT_NONE;
    *at_us_out = PUNCH_NEVER;
    for (unsigned i = 0; i < TCP_QUEUE_COUNT; i++) {
        const uint32_t head = pool->queues[i].head;
        if (i != NAT_TCP_HELD && head != NAT_NONE && pool->entries[head].timer.at_us < *at_us_out) {
            first = head;
            *at_us_out = pool->entries[head].timer.at_us;
        }
    }
    return first;
}
