/* SPDX-License-Identifier: MIT */
/*
 * What a NAT remembers about single remotes, four kinds in one pool:
 *
 *   permission  (binding, remote address [+ port])  may come in            RFC 4787 §5
 *   session     (inside endpoint, remote)           answers leave by the binding it came in by
 *   stray       (place, remote)                     taken by an unsolicited packet
 *   barred      (remote address)                    nothing comes in
 *
 * Entries are not swept when their time is up: they stay, as the memory that there once was one,
 * until the pool is full. Then the expired go first, then the one refreshed longest ago. A
 * permission carries its binding's serial number, so that it ends with the binding without anybody
 * looking for it.
 *
 * Permissions are spread over SPREAD neighbouring buckets by port. So the question "was any port of
 * that address sent to?", which only a refused packet asks, looks into SPREAD buckets, and a host
 * that probes a thousand ports of one address does not make one chain of a thousand.
 */
#include "box.h"

#define SPREAD 16u /* chosen: a refused packet's cost against a port scan's */

static nat_timers timers_of(const nat *box) {
    return (nat_timers){&box->remotes->timer, sizeof(nat_remote)};
}

static uint32_t *bucket_of(const nat *box, uint32_t hash) {
    return &box->remote_buckets[hash & box->remote_mask];
}

/* First slot of a chain, NAT_NONE where the bucket is a leftover (see box.h). */
static uint32_t chain_of(const nat *box, uint32_t hash) {
    const uint32_t slot = *bucket_of(box, hash);
    if (slot >= box->remotes_used || !box->remotes[slot].in_use ||
        ((box->remotes[slot].hash ^ hash) & box->remote_mask) != 0) {
        return NAT_NONE;
    }
    return slot;
}

static void bucket_unlink(nat *box, uint32_t slot) {
    uint32_t *at = bucket_of(box, box->remotes[slot].hash);
    while (*at != slot) {
        at = &box->remotes[*at].next;
    }
    *at = box->remotes[slot].next;
}

void nat_remotes_clear(nat *box) {
    box->remotes_used = 0;
    box->remotes_free = NAT_NONE;
    memset(box->kind_count, 0, sizeof box->kind_count);
    for (unsigned i = 0; i < NAT_TIMEOUT_COUNT; i++) {
        for (unsigned level = 0; level < box->level_count; level++) {
            nat_queue_clear(&box->levels[level].remembered[i]);
        }
    }
}

static nat_queue *queue_of(nat *box, uint32_t slot) {
    return &box->levels[box->remotes[slot].level].remembered[box->remotes[slot].timeout];
}

static void forget(nat *box, uint32_t slot) {
    nat_remote *entry = &box->remotes[slot];
    bucket_unlink(box, slot);
    nat_queue_remove(queue_of(box, slot), timers_of(box), slot);
    box->kind_count[entry->kind]--;
    entry->in_use = false;
    entry->next = box->remotes_free;
    box->remotes_free = slot;
}

/* Whom to forget when the pool is full: of the expired the one that expired first, else the one
 * refreshed longest ago. Heads suffice, since each queue is in order of both. */
static uint32_t least_needed(const nat *box, punch_time_us now_us) {
    uint32_t expired = NAT_NONE;
    uint32_t oldest = NAT_NONE;
    punch_time_us expired_at_us = PUNCH_NEVER;
    punch_time_us oldest_at_us = PUNCH_NEVER;
    for (unsigned i = 0; i < NAT_TIMEOUT_COUNT * box->level_count; i++) {
        const uint8_t timeout = (uint8_t)(i / box->level_count);
        const uint8_t level = (uint8_t)(i % box->level_count);
        const uint32_t head = box->levels[level].remembered[timeout].head;
        if (head == NAT_NONE) {
            continue;
        }
        const punch_time_us at_us = box->remotes[head].timer.at_us;
        const punch_time_us end_us =
            punch_time_after(at_us, nat_timeout_us(box, timeout, level, now_us));
        if (end_us <= now_us && end_us < expired_at_us) {
            expired = head;
            expired_at_us = end_us;
        }
        if (at_us < oldest_at_us) {
            oldest = head;
            oldest_at_us = at_us;
        }
    }
    return expired != NAT_NONE ? expired : oldest;
}

static uint32_t slot_take(nat *box, punch_time_us now_us) {
    if (box->remotes_free == NAT_NONE && box->remotes_used == box->remotes_max) {
        forget(box, least_needed(box, now_us));
    }
    uint32_t slot = box->remotes_free;
    if (slot != NAT_NONE) {
        box->remotes_free = box->remotes[slot].next;
    } else {
        slot = box->remotes_used;
        box->remotes_used++;
        box->remotes[slot].in_use = false; /* memory of an earlier life */
    }
    return slot;
}

/* What identifies an entry among all. */
typedef struct {
    nat_remote_kind kind;
    uint32_t hash;
    uint32_t owner;
    uint32_t serial;
    uint8_t level; /* of a new entry's timeouts; does not identify */
    punch_addr addr;
} remote_key;

static uint32_t make(nat *box, const remote_key *key, nat_timeout timeout, punch_time_us now_us) {
    const uint32_t slot = slot_take(box, now_us);
    const uint32_t chain = chain_of(box, key->hash);
    nat_remote *entry = &box->remotes[slot];
    entry->addr = key->addr;
    entry->hash = key->hash;
    entry->owner = key->owner;
    entry->serial = key->serial;
    entry->next = chain;
    entry->kind = (uint8_t)key->kind;
    entry->in_use = true;
    entry->answered = false;
    entry->made_at_us = now_us;
    entry->timeout = (uint8_t)timeout;
    entry->level = key->level;
    *bucket_of(box, key->hash) = slot;
    nat_queue_insert(queue_of(box, slot), timers_of(box), slot, now_us);
    box->kind_count[key->kind]++;
    return slot;
}

/* Starts an entry's time anew. */
static void restart(nat *box, uint32_t slot, nat_timeout timeout, punch_time_us at_us) {
    nat_remote *entry = &box->remotes[slot];
    if (entry->timeout == timeout) {
        nat_queue_refresh(queue_of(box, slot), timers_of(box), slot, at_us);
    } else {
        nat_queue_remove(queue_of(box, slot), timers_of(box), slot);
        entry->timeout = (uint8_t)timeout;
        nat_queue_insert(queue_of(box, slot), timers_of(box), slot, at_us);
    }
}

/* Makes an entry whose time was up as good as new. */
static void revive(nat *box, uint32_t slot, nat_timeout timeout, punch_time_us now_us) {
    restart(box, slot, timeout, now_us);
    box->remotes[slot].made_at_us = now_us;
    box->remotes[slot].answered = false;
}

/* A packet passed in the direction the entry was made by. */
static void used(nat *box, uint32_t slot, bool refreshes, punch_time_us now_us) {
    const nat_remote *entry = &box->remotes[slot];
    const bool streams = entry->timeout == NAT_TIMEOUT_FIRST && entry->answered &&
                         nat_stream_begins(box, true, entry->made_at_us, now_us);
    if (streams || refreshes) {
        restart(box, slot, streams ? NAT_TIMEOUT_STREAM : (nat_timeout)entry->timeout,
                refreshes ? now_us : entry->timer.at_us);
    }
}

/* A packet passed in the other direction. */
static void answered(nat *box, uint32_t slot, bool refreshes, punch_time_us now_us) {
    nat_remote *entry = &box->remotes[slot];
    const bool streams = entry->timeout == NAT_TIMEOUT_FIRST &&
                         nat_stream_begins(box, entry->answered, entry->made_at_us, now_us);
    entry->answered = true;
    if (streams || refreshes) {
        restart(box, slot, streams ? NAT_TIMEOUT_STREAM : (nat_timeout)entry->timeout,
                refreshes ? now_us : entry->timer.at_us);
    }
}

static uint32_t find(const nat *box, const remote_key *key) {
    uint32_t slot = chain_of(box, key->hash);
    while (slot != NAT_NONE) {
        const nat_remote *entry = &box->remotes[slot];
        if (entry->hash == key->hash && entry->kind == key->kind && entry->owner == key->owner &&
            nat_same_addr(&entry->addr, &key->addr)) {
            return slot;
        }
        slot = entry->next;
    }
    return NAT_NONE;
}

/* --- permissions --- */

static uint32_t permission_base(uint32_t serial, const punch_addr *remote) {
    return (uint32_t)nat_hash_addr((uint64_t)serial << 2 | NAT_REMOTE_PERMISSION, remote, 0);
}

static uint32_t permission_hash(const nat *box, uint32_t serial, const punch_addr *remote) {
    const uint32_t base = permission_base(serial, remote);
    return box->config.filtering == NAT_FILTERING_ADF
               ? base
               : base + (uint32_t)nat_hash_word(0, remote->port) % SPREAD;
}

static uint32_t permission_find(const nat *box, const nat_binding *binding,
                                const punch_addr *remote) {
    const uint32_t guess = nat_permission_guess(box, binding, remote);
    if (guess != NAT_NONE) {
        return guess;
    }
    const uint32_t serial = binding->serial;
    const uint32_t hash = permission_hash(box, serial, remote);
    const bool any_port = box->config.filtering == NAT_FILTERING_ADF;
    for (uint32_t slot = chain_of(box, hash); slot != NAT_NONE; slot = box->remotes[slot].next) {
        const nat_remote *entry = &box->remotes[slot];
        if (entry->hash == hash && entry->owner == serial && entry->kind == NAT_REMOTE_PERMISSION &&
            nat_same_ip(&entry->addr, remote) && (any_port || entry->addr.port == remote->port)) {
            return slot;
        }
    }
    return NAT_NONE;
}

static void permission_make(nat *box, uint32_t slot, const punch_addr *remote,
                            punch_time_us now_us) {
    nat_binding *binding = &box->bindings[slot];
    const remote_key key = {.kind = NAT_REMOTE_PERMISSION,
                            .hash = permission_hash(box, binding->serial, remote),
                            .owner = binding->serial,
                            .level = binding->level,
                            .addr = *remote};
    binding->permission = make(box, &key, NAT_TIMEOUT_FIRST, now_us);
}

void nat_permit(nat *box, uint32_t binding, const punch_addr *remote, punch_time_us now_us) {
    if (box->config.filtering == NAT_FILTERING_EIF) {
        return;
    }
    const uint32_t slot = permission_find(box, &box->bindings[binding], remote);
    if (slot != NAT_NONE) {
        box->bindings[binding].permission = slot;
    }
    if (slot == NAT_NONE) {
        permission_make(box, binding, remote, now_us);
    } else if (!nat_remote_lives(box, &box->remotes[slot], now_us)) {
        revive(box, slot, NAT_TIMEOUT_FIRST, now_us);
    } else {
        used(box, slot, box->config.refresh_outbound, now_us);
    }
}

/* Was any port of that address sent to, however long ago? */
static bool address_known(const nat *box, uint32_t serial, const punch_addr *remote) {
    const uint32_t base = permission_base(serial, remote);
    const uint32_t buckets = box->remote_mask < SPREAD ? box->remote_mask + 1 : SPREAD;
    for (uint32_t i = 0; i < buckets; i++) {
        for (uint32_t slot = chain_of(box, base + i); slot != NAT_NONE;
             slot = box->remotes[slot].next) {
            const nat_remote *entry = &box->remotes[slot];
            if (entry->kind == NAT_REMOTE_PERMISSION && entry->owner == serial &&
                nat_same_ip(&entry->addr, remote)) {
                return true;
            }
        }
    }
    return false;
}

nat_verdict nat_permission_check(const nat *box, uint32_t binding, const punch_addr *remote,
                                 punch_time_us now_us, uint32_t *permission_out) {
    *permission_out = NAT_NONE;
    if (box->config.filtering == NAT_FILTERING_EIF) {
        return NAT_PASS;
    }
    const uint32_t serial = box->bindings[binding].serial;
    const uint32_t slot = permission_find(box, &box->bindings[binding], remote);
    if (slot == NAT_NONE) {
        return box->config.filtering == NAT_FILTERING_APDF && address_known(box, serial, remote)
                   ? NAT_DROP_FILTER_PORT
                   : NAT_DROP_FILTER_ADDRESS;
    }
    if (!nat_remote_lives(box, &box->remotes[slot], now_us)) {
        return NAT_DROP_FILTER_EXPIRED;
    }
    *permission_out = slot;
    return NAT_PASS;
}

void nat_permission_received(nat *box, uint32_t permission, punch_time_us now_us) {
    if (permission != NAT_NONE) {
        answered(box, permission, box->config.refresh_inbound, now_us);
    }
}

/* --- sessions --- */

static uint32_t session_hash(const punch_addr *inside, const punch_addr *remote) {
    const uint64_t hash = nat_hash_addr(NAT_REMOTE_SESSION, inside, inside->port);
    return (uint32_t)nat_hash_addr(hash, remote, remote->port);
}

uint32_t nat_session_look_up(const nat *box, const punch_addr *inside, const punch_addr *remote,
                             punch_time_us now_us) {
    const uint32_t hash = session_hash(inside, remote);
    for (uint32_t slot = chain_of(box, hash); slot != NAT_NONE; slot = box->remotes[slot].next) {
        const nat_remote *entry = &box->remotes[slot];
        if (entry->hash != hash || entry->kind != NAT_REMOTE_SESSION ||
            !nat_same_addr(&entry->addr, remote) || !nat_remote_lives(box, entry, now_us)) {
            continue;
        }
        const nat_binding *binding = &box->bindings[entry->owner];
        if (binding->serial == entry->serial && nat_binding_lives(box, binding, now_us) &&
            nat_same_addr(&binding->inside, inside)) {
            return slot;
        }
    }
    return NAT_NONE;
}

void nat_session_received(nat *box, uint32_t binding, const punch_addr *remote,
                          punch_time_us now_us) {
    const punch_addr *inside = &box->bindings[binding].inside;
    const uint32_t slot = nat_session_find(box, inside, remote, now_us);
    if (slot == NAT_NONE) {
        const remote_key key = {.kind = NAT_REMOTE_SESSION,
                                .hash = session_hash(inside, remote),
                                .owner = binding,
                                .serial = box->bindings[binding].serial,
                                .level = box->bindings[binding].level,
                                .addr = *remote};
        (void)make(box, &key, NAT_TIMEOUT_FIRST, now_us);
    } else if (box->remotes[slot].owner == binding) {
        used(box, slot, box->config.refresh_inbound, now_us);
    }
}

void nat_session_sent(nat *box, uint32_t session, punch_time_us now_us) {
    answered(box, session, box->config.refresh_outbound, now_us);
}

/* --- strays and barred addresses --- */

static remote_key stray_key(uint32_t place, const punch_addr *remote) {
    remote_key key = {.kind = NAT_REMOTE_STRAY, .owner = place, .addr = *remote};
    key.hash =
        (uint32_t)nat_hash_addr((uint64_t)place << 2 | NAT_REMOTE_STRAY, remote, remote->port);
    return key;
}

static remote_key barred_key(const punch_addr *remote) {
    remote_key key = {.kind = NAT_REMOTE_BARRED, .addr = nat_addr_only(remote)};
    key.hash = (uint32_t)nat_hash_addr(NAT_REMOTE_BARRED, remote, 0);
    return key;
}

static bool holds(const nat *box, const remote_key *key, punch_time_us now_us) {
    const uint32_t slot = find(box, key);
    return slot != NAT_NONE && nat_remote_lives(box, &box->remotes[slot], now_us);
}

bool nat_stray_look_up(const nat *box, uint32_t place, const punch_addr *remote,
                       punch_time_us now_us) {
    const remote_key key = stray_key(place, remote);
    return holds(box, &key, now_us);
}

void nat_stray_take(nat *box, uint32_t place, const punch_addr *remote, punch_time_us now_us) {
    const remote_key key = stray_key(place, remote);
    const uint32_t slot = find(box, &key);
    if (slot == NAT_NONE) {
        (void)make(box, &key, NAT_TIMEOUT_FIRST, now_us);
        box->counters.strays_made++;
        return;
    }
    if (!nat_remote_lives(box, &box->remotes[slot], now_us)) {
        box->counters.strays_made++;
    }
    restart(box, slot, NAT_TIMEOUT_FIRST, now_us);
}

void nat_stray_release(nat *box, uint32_t place, const punch_addr *remote) {
    if (box->kind_count[NAT_REMOTE_STRAY] == 0) {
        return;
    }
    const remote_key key = stray_key(place, remote);
    const uint32_t slot = find(box, &key);
    if (slot != NAT_NONE) {
        forget(box, slot);
    }
}

bool nat_is_barred(const nat *box, const punch_addr *remote, punch_time_us now_us) {
    if (box->kind_count[NAT_REMOTE_BARRED] == 0) {
        return false;
    }
    const remote_key key = barred_key(remote);
    return holds(box, &key, now_us);
}

void nat_bar(nat *box, const punch_addr *remote, punch_time_us now_us) {
    const remote_key key = barred_key(remote);
    const uint32_t slot = find(box, &key);
    if (slot == NAT_NONE) {
        (void)make(box, &key, NAT_TIMEOUT_BARRED, now_us);
    } else {
        restart(box, slot, NAT_TIMEOUT_BARRED, now_us);
    }
}
