/* SPDX-License-Identifier: MIT */
/*
 * The life of the reference NAT's mappings: found, made, ended, and what becomes of their ports.
 */
#include "reference_parts.h"

static punch_time_us mapping_end_us(const reference_nat *ref, const reference_mapping *mapping,
                                    punch_time_us now_us) {
    return mapping->refreshed_at_us +
           reference_timeout_us(ref, mapping->stream ? 1 : 0, mapping->level, now_us);
}

bool reference_is_live(const reference_nat *ref, const reference_mapping *mapping,
                       punch_time_us now_us) {
    return mapping->state == REFERENCE_LIVE && now_us < mapping_end_us(ref, mapping, now_us);
}

uint32_t reference_live(const reference_nat *ref, punch_time_us now_us) {
    uint32_t count = 0;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        count += reference_is_live(ref, &ref->mappings[i], now_us) ? 1 : 0;
    }
    return count;
}

/* --- what a host may make --- */

static int64_t mapping_interval_ns(const reference_nat *ref) {
    return 1000000000 / ref->config.mapping_rate_per_s;
}

static reference_host *host_find(reference_nat *ref, const punch_addr *inside) {
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        reference_host *host = &ref->hosts[i];
        if (host->known && punch_addr_same_ip(&host->addr, inside)) {
            host->backlog_ns -= (ref->now_us - host->backlog_at_us) * 1000;
            host->backlog_ns = host->backlog_ns < 0 ? 0 : host->backlog_ns;
            host->backlog_at_us = ref->now_us;
            return host;
        }
    }
    return NULL;
}

static bool may_make(reference_nat *ref, const punch_addr *inside) {
    if (ref->config.mapping_rate_per_s == 0) {
        return true;
    }
    const reference_host *host = host_find(ref, inside);
    const int64_t most = (int64_t)ref->config.mapping_burst - 1;
    return host == NULL || host->backlog_ns <= mapping_interval_ns(ref) * most;
}

/* As many hosts are known as there may be mappings; of the others the one idle for longest goes. */
static reference_host *host_learn(reference_nat *ref, const punch_addr *inside) {
    uint32_t known = 0;
    reference_host *idle = NULL;
    reference_host *unused = NULL;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        reference_host *host = &ref->hosts[i];
        known += host->known ? 1 : 0;
        unused = host->known ? unused : host;
        if (host->known && host->idle != 0 && (idle == NULL || host->idle < idle->idle)) {
            idle = host;
        }
    }
    reference_host *host = known < ref->config.table_max ? unused : idle;
    *host = (reference_host){.known = true, .addr = *inside, .backlog_at_us = ref->now_us};
    return host;
}

static void host_made(reference_nat *ref, const punch_addr *inside) {
    if (ref->config.mapping_rate_per_s > 0) {
        reference_host *host = host_find(ref, inside);
        host = host != NULL ? host : host_learn(ref, inside);
        host->idle = 0;
        host->backlog_ns += mapping_interval_ns(ref);
    }
}

/* A mapping of that host is no more. */
static void host_lost(reference_nat *ref, const punch_addr *inside) {
    reference_host *host = host_find(ref, inside);
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        if (ref->mappings[i].state == REFERENCE_LIVE &&
            punch_addr_same_ip(&ref->mappings[i].inside, inside)) {
            return;
        }
    }
    if (host != NULL) {
        host->known = host->backlog_ns > 0;
        host->idle = 1 + ref->stamp++;
    }
}

/* --- time --- */

/* Among mappings of equal age: in which order are they looked at? */
static bool is_ahead(const reference_mapping *a, const reference_mapping *b) {
    if (a->stream != b->stream) {
        return !a->stream;
    }
    return a->level != b->level ? a->level < b->level : a->queued < b->queued;
}

/* Of two live mappings: whose time is up first? Equal ends: first-packet timeouts, then stamps. */
static bool ends_before(const reference_nat *ref, const reference_mapping *a,
                        const reference_mapping *b, punch_time_us now_us) {
    const punch_time_us a_us = mapping_end_us(ref, a, now_us);
    const punch_time_us b_us = mapping_end_us(ref, b, now_us);
    return a_us != b_us ? a_us < b_us : is_ahead(a, b);
}

/* Mappings end in the order in which they are found to have ended. */
static punch_time_us ended_at_us(reference_nat *ref, punch_time_us at_us) {
    ref->ended_at_us = at_us > ref->ended_at_us ? at_us : ref->ended_at_us;
    return ref->ended_at_us;
}

void reference_time_out(reference_nat *ref, reference_mapping *mapping, punch_time_us at_us) {
    mapping->state = REFERENCE_TIMED_OUT;
    mapping->died = ref->stamp++;
    mapping->ended_at_us = ended_at_us(ref, at_us);
    mapping->ending = ref->endings++;
    host_lost(ref, &mapping->inside);
    ref->counters.mappings_expired++;
}

void reference_expire(reference_nat *ref, punch_time_us now_us) {
    ref->now_us = now_us;
    for (;;) {
        reference_mapping *next = NULL;
        for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
            reference_mapping *mapping = &ref->mappings[i];
            if (mapping->state == REFERENCE_LIVE && !reference_is_live(ref, mapping, now_us) &&
                (next == NULL || ends_before(ref, mapping, next, now_us))) {
                next = mapping;
            }
        }
        if (next == NULL) {
            return;
        }
        reference_time_out(ref, next, mapping_end_us(ref, next, now_us));
    }
}

/* --- mappings --- */

reference_mapping *reference_mapping_of_id(reference_nat *ref, uint64_t id) {
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        if (ref->mappings[i].state == REFERENCE_LIVE && ref->mappings[i].id == id) {
            return &ref->mappings[i];
        }
    }
    return NULL;
}

/* Does the mapping's key say that packets between these two leave by it? */
bool reference_key_fits(const reference_nat *ref, const reference_mapping *mapping,
                        const punch_addr *inside, const punch_addr *remote) {
    if (!punch_addr_equal(&mapping->inside, inside)) {
        return false;
    }
    if (mapping->exact) {
        return punch_addr_equal(&mapping->remote, remote);
    }
    return ref->config.mapping == NAT_MAPPING_EIM || punch_addr_same_ip(&mapping->remote, remote);
}

reference_mapping *reference_mapping_find(reference_nat *ref, const punch_addr *inside,
                                          const punch_addr *remote, bool exact,
                                          punch_time_us now_us) {
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        reference_mapping *mapping = &ref->mappings[i];
        if (reference_is_live(ref, mapping, now_us) && mapping->exact == exact &&
            reference_key_fits(ref, mapping, inside, remote)) {
            return mapping;
        }
    }
    return NULL;
}

reference_remote *reference_session_find(reference_nat *ref, const punch_addr *inside,
                                         const punch_addr *remote, punch_time_us now_us) {
    for (int i = 0; i < REFERENCE_REMOTES_MAX; i++) {
        reference_remote *session = &ref->remotes[i];
        if (session->kind != REFERENCE_SESSION || !punch_addr_equal(&session->addr, remote) ||
            !reference_remote_live(ref, session, now_us)) {
            continue;
        }
        const reference_mapping *mapping = reference_mapping_of_id(ref, session->owner);
        if (mapping != NULL && reference_is_live(ref, mapping, now_us) &&
            punch_addr_equal(&mapping->inside, inside)) {
            return session;
        }
    }
    return NULL;
}

reference_mapping *reference_reached_by(reference_nat *ref, const punch_addr *dst,
                                        punch_time_us now_us, bool *expired) {
    reference_mapping *latest = NULL;
    *expired = false;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        reference_mapping *mapping = &ref->mappings[i];
        if (mapping->state == REFERENCE_NOTHING || !punch_addr_equal(&mapping->external, dst)) {
            continue;
        }
        if (!reference_is_live(ref, mapping, now_us)) {
            *expired = *expired || mapping->state != REFERENCE_ENDED;
        } else if (latest == NULL || mapping->used > latest->used) {
            latest = mapping;
        }
    }
    return latest;
}

static void forget(reference_nat *ref, reference_mapping *mapping) {
    mapping->state = REFERENCE_NOTHING;
    ref->free_slots[ref->free_count++] = (int)(mapping - ref->mappings);
}

void reference_end(reference_nat *ref, reference_mapping *mapping) {
    if (ref->config.hold_down_us > 0) {
        mapping->state = REFERENCE_ENDED;
        mapping->died = ref->stamp++;
        mapping->ended_at_us = ended_at_us(ref, ref->now_us);
        mapping->ending = ref->endings++;
    } else {
        forget(ref, mapping);
    }
    host_lost(ref, &mapping->inside);
}

/* Has a mapping that had this endpoint ended too recently? */
bool reference_held_down(const reference_nat *ref, const punch_addr *external,
                         punch_time_us now_us) {
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        const reference_mapping *mapping = &ref->mappings[i];
        const bool ended =
            mapping->state == REFERENCE_TIMED_OUT || mapping->state == REFERENCE_ENDED;
        const bool counts = ref->config.hold_down_max == 0 ||
                            mapping->ending + ref->config.hold_down_max >= ref->endings;
        if (ended && counts && punch_addr_equal(&mapping->external, external) &&
            now_us - mapping->ended_at_us < ref->config.hold_down_us) {
            return true;
        }
    }
    return false;
}

void reference_evict(reference_nat *ref, reference_mapping *mapping) {
    reference_end(ref, mapping);
    ref->counters.mappings_evicted++;
}

/* The live mappings of one inside address, or of all (NULL): how many come before this one? */
static uint32_t rank_in_host(const reference_nat *ref, const reference_mapping *mapping) {
    uint32_t rank = 0;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        const reference_mapping *other = &ref->mappings[i];
        rank += other->state == REFERENCE_LIVE &&
                punch_addr_same_ip(&other->inside, &mapping->inside) &&
                other->host_queued < mapping->host_queued;
    }
    return rank;
}

static nat_verdict find_host_room(reference_nat *ref, const punch_addr *inside,
                                  reference_mapping **victim) {
    uint32_t count = 0;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        count += ref->mappings[i].state == REFERENCE_LIVE &&
                 punch_addr_same_ip(&ref->mappings[i].inside, inside);
    }
    if (ref->config.per_host_max == 0 || count < ref->config.per_host_max) {
        return NAT_PASS;
    }
    if (ref->config.full == NAT_FULL_REFUSE) {
        return NAT_DROP_HOST_LIMIT;
    }
    const uint64_t wanted =
        ref->config.full == NAT_FULL_EVICT_RANDOM ? punch_rng_below(&ref->share_rng, count) : 0;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        reference_mapping *mapping = &ref->mappings[i];
        if (mapping->state == REFERENCE_LIVE && punch_addr_same_ip(&mapping->inside, inside) &&
            rank_in_host(ref, mapping) == wanted) {
            *victim = mapping;
        }
    }
    return NAT_PASS;
}

/* Room for one more mapping, once that victim is gone. */
nat_verdict reference_find_room(reference_nat *ref, const punch_addr *inside,
                                reference_mapping **victim) {
    *victim = NULL;
    if (!may_make(ref, inside)) {
        return NAT_DROP_MAPPING_RATE;
    }
    const nat_verdict of_host = find_host_room(ref, inside, victim);
    if (of_host != NAT_PASS || *victim != NULL) {
        return of_host;
    }
    uint32_t total = 0;
    reference_mapping *oldest = NULL;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        reference_mapping *mapping = &ref->mappings[i];
        if (mapping->state != REFERENCE_LIVE) {
            continue;
        }
        total++;
        if (oldest == NULL || mapping->refreshed_at_us < oldest->refreshed_at_us ||
            (mapping->refreshed_at_us == oldest->refreshed_at_us && is_ahead(mapping, oldest))) {
            oldest = mapping;
        }
    }
    if (total < ref->config.table_max) {
        return NAT_PASS;
    }
    if (ref->config.full == NAT_FULL_REFUSE) {
        return NAT_DROP_TABLE_FULL;
    }
    *victim = ref->config.full == NAT_FULL_EVICT_RANDOM
                  ? &ref->mappings[punch_rng_below(&ref->share_rng, total)]
                  : oldest;
    return NAT_PASS;
}

void reference_make_way(reference_nat *ref, const reference_choice *choice) {
    if (choice->victim != NULL) {
        reference_evict(ref, choice->victim);
    }
    if (choice->overridden != NULL) {
        reference_evict(ref, choice->overridden);
    }
}

void reference_forget_on(reference_nat *ref, const punch_addr *external) {
    for (;;) {
        reference_mapping *latest = NULL;
        for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
            reference_mapping *mapping = &ref->mappings[i];
            if ((mapping->state == REFERENCE_TIMED_OUT || mapping->state == REFERENCE_ENDED) &&
                punch_addr_equal(&mapping->external, external) &&
                (latest == NULL || mapping->used > latest->used)) {
                latest = mapping;
            }
        }
        if (latest == NULL) {
            return;
        }
        forget(ref, latest);
    }
}

/* As many timed-out mappings are remembered as the table has room for. */
static reference_mapping *take_slot(reference_nat *ref) {
    if (ref->free_count == 0 && ref->slots_used == (int)ref->config.table_max) {
        reference_mapping *first = NULL;
        for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
            reference_mapping *mapping = &ref->mappings[i];
            if ((mapping->state == REFERENCE_TIMED_OUT || mapping->state == REFERENCE_ENDED) &&
                (first == NULL || mapping->died < first->died)) {
                first = mapping;
            }
        }
        forget(ref, first);
    }
    const int slot = ref->free_count > 0 ? ref->free_slots[--ref->free_count] : ref->slots_used++;
    return &ref->mappings[slot];
}

reference_mapping *reference_mapping_make(reference_nat *ref, const nat_packet *packet, bool exact,
                                          const punch_addr *external, punch_time_us now_us) {
    reference_forget_on(ref, external);
    reference_mapping *mapping = take_slot(ref);
    *mapping = (reference_mapping){.state = REFERENCE_LIVE,
                                   .inside = packet->src,
                                   .remote = packet->dst,
                                   .exact = exact,
                                   .external = *external,
                                   .made_at_us = now_us,
                                   .refreshed_at_us = now_us};
    if (ref->config.timeout_spread_permille > 0) {
        mapping->level = 1 + (int)punch_rng_below(&ref->spread_rng, 8);
    }
    mapping->id = ref->stamp++;
    mapping->queued = ref->stamp++;
    mapping->host_queued = ref->stamp++;
    mapping->used = ref->stamp++;
    mapping->block_stamp = reference_block_stamp(ref, mapping);
    host_made(ref, &packet->src);
    ref->counters.mappings_made++;
    return mapping;
}

/* Mappings not yet found to have timed out. */
uint32_t reference_mapped(const reference_nat *ref) {
    uint32_t count = 0;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        count += ref->mappings[i].state == REFERENCE_LIVE ? 1 : 0;
    }
    return count;
}
