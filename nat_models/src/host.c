/* SPDX-License-Identifier: MIT */
/*
 * Inside addresses ("hosts") where anything is counted or shared out by them: how many bindings
 * they have, which address and which blocks of ports they were given, how fast they may make more.
 *
 *   host    has bindings           -> its blocks, its queue of bindings, its store of new mappings
 *           has none, store not full -> idle: remembered for the store alone, until room is needed
 *   block   a binding is in it     -> some host's, and no other's
 *
 * Buckets are believed as box.h says; "in use" is a mark of its own here.
 */
#include "box.h"

static nat_timers shares_of(const nat *box) {
    return (nat_timers){&box->shares->timer, sizeof(nat_share)};
}

static nat_timers idle_of(const nat *box) {
    return (nat_timers){&box->hosts->idle, sizeof(nat_host)};
}

void nat_hosts_clear(nat *box) {
    box->hosts_used = 0;
    box->hosts_free = NAT_NONE;
    box->blocks_used = 0;
    box->blocks_taken = 0;
    box->blocks_free = NAT_NONE;
    nat_queue_clear(&box->idle_hosts);
}

/* --- finding hosts --- */

static uint32_t host_hash(const punch_addr *inside) {
    return (uint32_t)nat_hash_addr(0, inside, 0);
}

static uint32_t *host_bucket(const nat *box, uint32_t hash) {
    return &box->host_buckets[hash & box->binding_mask];
}

static uint32_t host_chain(const nat *box, uint32_t hash) {
    const uint32_t slot = *host_bucket(box, hash);
    if (slot >= box->hosts_used || !box->hosts[slot].in_use ||
        ((box->hosts[slot].hash ^ hash) & box->binding_mask) != 0) {
        return NAT_NONE;
    }
    return slot;
}

static uint32_t find(const nat *box, const punch_addr *inside, uint32_t hash) {
    uint32_t slot = host_chain(box, hash);
    while (slot != NAT_NONE && !nat_same_ip(&box->hosts[slot].addr, inside)) {
        slot = box->hosts[slot].next;
    }
    return slot;
}

uint32_t nat_host_find(const nat *box, const punch_addr *inside) {
    return box->tracks_hosts ? find(box, inside, host_hash(inside)) : NAT_NONE;
}

/* --- the rate of new mappings: RFC 6888 REQ-4C --- */

bool nat_host_may_make(const nat *box, uint32_t host, punch_time_us now_us) {
    const nat_config *config = &box->config;
    return config->mapping_rate_per_s == 0 || host == NAT_NONE ||
           nat_store_gives(box->hosts[host].next_mapping_ns, config->mapping_rate_per_s,
                           config->mapping_burst, now_us);
}

/* --- making and forgetting hosts --- */

static void forget(nat *box, uint32_t slot) {
    uint32_t *link = host_bucket(box, box->hosts[slot].hash);
    while (*link != slot) {
        link = &box->hosts[*link].next;
    }
    *link = box->hosts[slot].next;
    box->hosts[slot].in_use = false;
    box->hosts[slot].next = box->hosts_free;
    box->hosts_free = slot;
}

static void forget_idle(nat *box, uint32_t slot) {
    nat_queue_remove(&box->idle_hosts, idle_of(box), slot);
    forget(box, slot);
}

static uint32_t make(nat *box, const punch_addr *inside, uint32_t hash) {
    if (box->hosts_free == NAT_NONE && box->hosts_used == box->config.table_max) {
        forget_idle(box, box->idle_hosts.head); /* not all have a binding: there is one to come */
    }
    uint32_t slot = box->hosts_free;
    if (slot != NAT_NONE) {
        box->hosts_free = box->hosts[slot].next;
    } else {
        slot = box->hosts_used;
        box->hosts_used++;
    }
    nat_host *host = &box->hosts[slot];
    host->in_use = false; /* memory of an earlier life, before the chain is read */
    const uint32_t chain = host_chain(box, hash);
    host->addr = nat_addr_only(inside);
    host->hash = hash;
    host->next = chain;
    host->count = 0;
    host->next_mapping_ns = INT64_MIN;
    host->in_use = true;
    *host_bucket(box, hash) = slot;
    return slot;
}

/* --- blocks --- */

static uint32_t block_hash(uint32_t number) {
    return (uint32_t)nat_hash_word(0, number);
}

static uint32_t *block_bucket(const nat *box, uint32_t number) {
    return &box->host_buckets[box->binding_mask + 1 + (block_hash(number) & box->binding_mask)];
}

static uint32_t block_chain(const nat *box, uint32_t number) {
    const uint32_t slot = *block_bucket(box, number);
    if (slot >= box->blocks_used || box->blocks[slot].count == 0 ||
        ((block_hash(box->blocks[slot].number) ^ block_hash(number)) & box->binding_mask) != 0) {
        return NAT_NONE;
    }
    return slot;
}

static uint32_t block_find(const nat *box, uint32_t number) {
    uint32_t slot = block_chain(box, number);
    while (slot != NAT_NONE && box->blocks[slot].number != number) {
        slot = box->blocks[slot].next;
    }
    return slot;
}

uint32_t nat_block_bindings(const nat *box, uint32_t block) {
    const uint32_t slot = block_find(box, block);
    return slot != NAT_NONE ? box->blocks[slot].count : 0;
}

/* Behind the host's others: ports are looked for in the order in which blocks were given. */
static uint32_t block_make(nat *box, uint32_t host, uint32_t number) {
    uint32_t slot = box->blocks_free;
    if (slot != NAT_NONE) {
        box->blocks_free = box->blocks[slot].next;
    } else {
        PUNCH_ASSERT(box->blocks_used < box->config.table_max);
        slot = box->blocks_used;
        box->blocks_used++;
    }
    box->blocks[slot].count = 0; /* not in use yet, see make() */
    const uint32_t chain = block_chain(box, number);
    box->blocks[slot] = (nat_block){.number = number, .next = chain, .sibling = NAT_NONE};
    *block_bucket(box, number) = slot;
    uint32_t *last = &box->hosts[host].first_block;
    while (*last != NAT_NONE) {
        last = &box->blocks[*last].sibling;
    }
    *last = slot;
    box->hosts[host].block_count++;
    box->blocks_taken++;
    return slot;
}

static void block_forget(nat *box, uint32_t host, uint32_t slot) {
    uint32_t *link = block_bucket(box, box->blocks[slot].number);
    while (*link != slot) {
        link = &box->blocks[*link].next;
    }
    *link = box->blocks[slot].next;
    link = &box->hosts[host].first_block;
    while (*link != slot) {
        link = &box->blocks[*link].sibling;
    }
    *link = box->blocks[slot].sibling;
    box->hosts[host].block_count--;
    box->blocks_taken--;
    box->blocks[slot].next = box->blocks_free;
    box->blocks_free = slot;
}

static void block_join(nat *box, uint32_t host, uint32_t place) {
    const uint32_t number = nat_block_of(box, place);
    uint32_t slot = block_find(box, number);
    if (slot == NAT_NONE) {
        slot = block_make(box, host, number);
    }
    box->blocks[slot].count++;
}

static void block_leave(nat *box, uint32_t host, uint32_t place) {
    const uint32_t slot = block_find(box, nat_block_of(box, place));
    PUNCH_ASSERT(slot != NAT_NONE);
    box->blocks[slot].count--;
    if (box->blocks[slot].count == 0) {
        block_forget(box, host, slot);
    }
}

/* --- bindings come and go --- */

void nat_host_join(nat *box, uint32_t binding, punch_time_us now_us) {
    const punch_addr *inside = &box->bindings[binding].inside;
    const uint32_t place = box->bindings[binding].place;
    const uint32_t hash = host_hash(inside);
    uint32_t slot = find(box, inside, hash);
    if (slot == NAT_NONE) {
        slot = make(box, inside, hash);
    } else if (box->hosts[slot].count == 0) {
        nat_queue_remove(&box->idle_hosts, idle_of(box), slot);
    }
    nat_host *host = &box->hosts[slot];
    if (host->count == 0) {
        host->place = place;
        host->first_block = NAT_NONE;
        host->block_count = 0;
        nat_queue_clear(&host->bindings);
    }
    host->count++;
    if (box->config.mapping_rate_per_s > 0) {
        nat_store_take(&host->next_mapping_ns, box->config.mapping_rate_per_s, now_us);
    }
    if (box->config.block_ports > 0) {
        block_join(box, slot, place);
    }
    box->shares[binding].host = slot;
    nat_queue_insert(&host->bindings, shares_of(box), binding, now_us);
}

void nat_host_leave(nat *box, uint32_t binding) {
    const uint32_t slot = box->shares[binding].host;
    nat_host *host = &box->hosts[slot];
    nat_queue_remove(&host->bindings, shares_of(box), binding);
    if (box->config.block_ports > 0) {
        block_leave(box, slot, box->bindings[binding].place);
    }
    host->count--;
    if (host->count > 0) {
        return;
    }
    if (host->next_mapping_ns > nat_ns_of(box->last_at_us)) {
        nat_queue_insert(&box->idle_hosts, idle_of(box), slot, box->last_at_us);
    } else {
        forget(box, slot); /* a full store is as good as none */
    }
}

void nat_host_refresh(nat *box, uint32_t binding, punch_time_us now_us) {
    nat_queue_refresh(&box->hosts[box->shares[binding].host].bindings, shares_of(box), binding,
                      now_us);
}
