/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "punch/assert.h"
#include "reference_parts.h"

static punch_time_us mapping_end_us(const reference_nat *ref, const reference_mapping *mapping,
                                    punch_time_us now_us) {
    return mapping->refreshed_at_us +
           reference_timeout_us(ref, mapping->stream ? 1 : 0, mapping->level, now_us);
}

static bool live(const reference_nat *ref, const reference_mapping *mapping, punch_time_us now_us) {
    return mapping->state == REFERENCE_LIVE && now_us < mapping_end_us(ref, mapping, now_us);
}

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
    PUNCH_ASSERT(config->table_max <= REFERENCE_MAPPINGS_MAX);
    PUNCH_ASSERT(reference_remotes_max(ref) <= REFERENCE_REMOTES_MAX);
}

uint32_t reference_live(const reference_nat *ref, punch_time_us now_us) {
    uint32_t count = 0;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        count += live(ref, &ref->mappings[i], now_us) ? 1 : 0;
    }
    return count;
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

static void expire(reference_nat *ref, punch_time_us now_us) {
    for (;;) {
        reference_mapping *next = NULL;
        for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
            reference_mapping *mapping = &ref->mappings[i];
            if (mapping->state == REFERENCE_LIVE && !live(ref, mapping, now_us) &&
                (next == NULL || ends_before(ref, mapping, next, now_us))) {
                next = mapping;
            }
        }
        if (next == NULL) {
            return;
        }
        next->state = REFERENCE_TIMED_OUT;
        next->died = ref->stamp++;
        ref->counters.mappings_expired++;
    }
}

/* --- mappings --- */

static reference_mapping *mapping_of_id(reference_nat *ref, uint64_t id) {
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        if (ref->mappings[i].state == REFERENCE_LIVE && ref->mappings[i].id == id) {
            return &ref->mappings[i];
        }
    }
    return NULL;
}

/* Does the mapping's key say that packets between these two leave by it? */
static bool key_fits(const reference_nat *ref, const reference_mapping *mapping,
                     const punch_addr *inside, const punch_addr *remote) {
    if (!punch_addr_equal(&mapping->inside, inside)) {
        return false;
    }
    if (mapping->exact) {
        return punch_addr_equal(&mapping->remote, remote);
    }
    return ref->config.mapping == NAT_MAPPING_EIM || punch_addr_same_ip(&mapping->remote, remote);
}

static reference_mapping *mapping_find(reference_nat *ref, const punch_addr *inside,
                                       const punch_addr *remote, bool exact, punch_time_us now_us) {
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        reference_mapping *mapping = &ref->mappings[i];
        if (live(ref, mapping, now_us) && mapping->exact == exact &&
            key_fits(ref, mapping, inside, remote)) {
            return mapping;
        }
    }
    return NULL;
}

static reference_remote *session_find(reference_nat *ref, const punch_addr *inside,
                                      const punch_addr *remote, punch_time_us now_us) {
    for (int i = 0; i < REFERENCE_REMOTES_MAX; i++) {
        reference_remote *session = &ref->remotes[i];
        if (session->kind != REFERENCE_SESSION || !punch_addr_equal(&session->addr, remote) ||
            !reference_remote_live(ref, session, now_us)) {
            continue;
        }
        const reference_mapping *mapping = mapping_of_id(ref, session->owner);
        if (mapping != NULL && live(ref, mapping, now_us) &&
            punch_addr_equal(&mapping->inside, inside)) {
            return session;
        }
    }
    return NULL;
}

static reference_mapping *reached_by(reference_nat *ref, const punch_addr *dst,
                                     punch_time_us now_us, bool *expired) {
    reference_mapping *latest = NULL;
    *expired = false;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        reference_mapping *mapping = &ref->mappings[i];
        if (mapping->state == REFERENCE_NOTHING || !punch_addr_equal(&mapping->external, dst)) {
            continue;
        }
        if (!live(ref, mapping, now_us)) {
            *expired = true;
        } else if (latest == NULL || mapping->used > latest->used) {
            latest = mapping;
        }
    }
    return latest;
}

static void set_free(reference_nat *ref, reference_mapping *mapping) {
    mapping->state = REFERENCE_NOTHING;
    ref->free_slots[ref->free_count++] = (int)(mapping - ref->mappings);
}

static void evict(reference_nat *ref, reference_mapping *mapping) {
    set_free(ref, mapping);
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

static nat_verdict make_host_room(reference_nat *ref, const punch_addr *inside) {
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
            evict(ref, mapping);
            break;
        }
    }
    return NAT_PASS;
}

static nat_verdict make_room(reference_nat *ref, const punch_addr *inside) {
    const nat_verdict of_host = make_host_room(ref, inside);
    if (of_host != NAT_PASS) {
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
    evict(ref, ref->config.full == NAT_FULL_EVICT_RANDOM
                   ? &ref->mappings[punch_rng_below(&ref->share_rng, total)]
                   : oldest);
    return NAT_PASS;
}

/* --- making and moving mappings --- */

static void forget_timed_out_on(reference_nat *ref, const punch_addr *external) {
    for (;;) {
        reference_mapping *latest = NULL;
        for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
            reference_mapping *mapping = &ref->mappings[i];
            if (mapping->state == REFERENCE_TIMED_OUT &&
                punch_addr_equal(&mapping->external, external) &&
                (latest == NULL || mapping->used > latest->used)) {
                latest = mapping;
            }
        }
        if (latest == NULL) {
            return;
        }
        set_free(ref, latest);
    }
}

/* As many timed-out mappings are remembered as the table has room for. */
static reference_mapping *take_slot(reference_nat *ref) {
    if (ref->free_count == 0 && ref->slots_used == (int)ref->config.table_max) {
        reference_mapping *first = NULL;
        for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
            reference_mapping *mapping = &ref->mappings[i];
            if (mapping->state == REFERENCE_TIMED_OUT &&
                (first == NULL || mapping->died < first->died)) {
                first = mapping;
            }
        }
        set_free(ref, first);
    }
    const int slot = ref->free_count > 0 ? ref->free_slots[--ref->free_count] : ref->slots_used++;
    return &ref->mappings[slot];
}

static reference_mapping *mapping_make(reference_nat *ref, const nat_packet *packet, bool exact,
                                       const punch_addr *external, punch_time_us now_us) {
    forget_timed_out_on(ref, external);
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
    ref->counters.mappings_made++;
    return mapping;
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
    reference_remote *session = session_find(ref, &packet->src, &packet->dst, now_us);
    if (session != NULL &&
        try_exit(ref, &way, mapping_of_id(ref, session->owner), &packet->dst, now_us)) {
        way.session = session;
        return way;
    }
    reference_mapping *own = mapping_find(ref, &packet->src, &packet->dst, true, now_us);
    if (!try_exit(ref, &way, own, &packet->dst, now_us)) {
        reference_mapping *general = mapping_find(ref, &packet->src, &packet->dst, false, now_us);
        (void)try_exit(ref, &way, general, &packet->dst, now_us);
    }
    return way;
}

static nat_verdict dodge(reference_nat *ref, exit_way *way, const nat_packet *packet,
                         punch_time_us now_us) {
    reference_mapping *own = mapping_find(ref, &packet->src, &packet->dst, true, now_us);
    const punch_addr wanted = way->blocked->external;
    const nat_verdict room = own == NULL ? make_room(ref, &packet->src) : NAT_PASS;
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
    const uint32_t port = reference_port_other(ref, &list, wanted.port, &packet->dst, now_us);
    if (port == 0) {
        return ref->config.block_ports > 0 ? NAT_DROP_HOST_PORTS : NAT_DROP_NO_PORT;
    }
    ref->last_port = (uint16_t)port;
    const punch_addr external = reference_endpoint(ref, list.address, port);
    if (own == NULL) {
        way->mapping = mapping_make(ref, packet, true, &external, now_us);
    } else {
        forget_timed_out_on(ref, &external);
        own->external = external;
        own->id = ref->stamp++;
        own->used = ref->stamp++;
        way->mapping = own;
    }
    ref->counters.strays_dodged++;
    return NAT_PASS;
}

static nat_verdict make_exit(reference_nat *ref, exit_way *way, const nat_packet *packet,
                             punch_time_us now_us) {
    if (way->blocked != NULL) {
        return dodge(ref, way, packet, now_us);
    }
    const nat_verdict room = make_room(ref, &packet->src);
    if (room != NAT_PASS) {
        return room;
    }
    if (ref->config.firewall) {
        way->mapping = mapping_make(ref, packet, false, &packet->src, now_us);
        return NAT_PASS;
    }
    reference_ports list;
    if (!reference_find_ports(ref, &packet->src, &list)) {
        return NAT_DROP_NO_PORT;
    }
    if (!reference_shares_or_takes(ref) && ref->config.block_ports == 0 &&
        reference_taken_on(ref, list.address, 0, UINT16_MAX) >= reference_port_count(&list)) {
        return NAT_DROP_NO_PORT;
    }
    const uint32_t wanted = reference_port_wanted(ref, &list, &packet->src);
    const punch_addr there = reference_endpoint(ref, list.address, wanted);
    reference_mapping *holder = wanted != 0 ? reference_holder_of(ref, &there) : NULL;
    const bool held = wanted != 0 && reference_stray_holds(ref, &there, &packet->dst, now_us);
    ref->counters.ports_collided += holder != NULL || held ? 1 : 0;
    uint32_t port = wanted;
    if (wanted == 0 || held || (holder != NULL && !reference_shares_or_takes(ref))) {
        port = reference_port_other(ref, &list, wanted, &packet->dst, now_us);
    } else if (holder != NULL && ref->config.collision == NAT_COLLISION_OVERRIDE) {
        evict(ref, holder);
    }
    if (port == 0) {
        return ref->config.block_ports > 0 ? NAT_DROP_HOST_PORTS : NAT_DROP_NO_PORT;
    }
    ref->last_port = (uint16_t)port;
    const bool exact = held || ref->config.mapping == NAT_MAPPING_APDM;
    const punch_addr external = reference_endpoint(ref, list.address, port);
    way->mapping = mapping_make(ref, packet, exact, &external, now_us);
    ref->counters.strays_dodged += held ? 1 : 0;
    return NAT_PASS;
}

/* --- packets --- */

static void come_in(reference_nat *ref, reference_mapping *mapping, const punch_addr *remote,
                    punch_time_us now_us) {
    const punch_addr addr = reference_permitted(ref, remote);
    reference_mapping *usual = mapping_find(ref, &mapping->inside, remote, true, now_us);
    if (usual == NULL) {
        usual = mapping_find(ref, &mapping->inside, remote, false, now_us);
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
    reference_remote *session = session_find(ref, &mapping->inside, remote, now_us);
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
    reference_mapping *mapping = reached_by(ref, &packet->dst, now_us, &expired);
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
static bool is_ours(const reference_nat *ref, const punch_addr *addr) {
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

static nat_verdict out(reference_nat *ref, nat_packet *packet, punch_time_us now_us) {
    const nat_verdict open = gate(ref, now_us);
    if (open != NAT_PASS) {
        return open;
    }
    const bool hairpin = is_ours(ref, &packet->dst);
    if (hairpin && ref->config.hairpin == NAT_HAIRPIN_NONE) {
        return NAT_DROP_NO_HAIRPIN;
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

/* Mappings not yet found to have timed out. */
static uint32_t mapped(const reference_nat *ref) {
    uint32_t count = 0;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        count += ref->mappings[i].state == REFERENCE_LIVE ? 1 : 0;
    }
    return count;
}

void reference_flush(reference_nat *ref, punch_time_us now_us) {
    expire(ref, now_us);
    ref->counters.mappings_flushed += mapped(ref);
    memset(ref->mappings, 0, sizeof ref->mappings);
    memset(ref->remotes, 0, sizeof ref->remotes);
    ref->last_port = 0;
    ref->crowd = 0;
    ref->free_count = 0;
    ref->slots_used = 0;
}

void reference_renumber(reference_nat *ref, const punch_addr *external, punch_time_us now_us) {
    reference_flush(ref, now_us);
    ref->external = *external;
    ref->external.port = 0;
}

/* What a mapping is made of stays the same: only then can it live on. */
static bool mappings_fit(const nat_config *old, const nat_config *new) {
    nat_config other = *new;
    other.allocation = old->allocation;
    other.port_parity = old->port_parity;
    if (old->collision != NAT_COLLISION_OVERLOAD && new->collision != NAT_COLLISION_OVERLOAD) {
        other.collision = old->collision;
    }
    other.udp_timeout_first_us = old->udp_timeout_first_us;
    other.udp_timeout_stream_us = old->udp_timeout_stream_us;
    other.stream_after_us = old->stream_after_us;
    other.timeout_drift_permille = old->timeout_drift_permille;
    other.drift_period_us = old->drift_period_us;
    other.drift_phase_us = old->drift_phase_us;
    other.pressure_start = old->pressure_start;
    other.pressure_end = old->pressure_end;
    other.refresh_outbound = old->refresh_outbound;
    other.refresh_inbound = old->refresh_inbound;
    other.hairpin = old->hairpin;
    other.full = old->full;
    other.unsolicited = old->unsolicited;
    other.blacklist_us = old->blacklist_us;
    other.reply_affinity = old->reply_affinity;
    other.udp_blocked = old->udp_blocked;
    other.udp_rate_pps = old->udp_rate_pps;
    other.udp_burst = old->udp_burst;
    other.refusal = old->refusal;
    other.icmp_blocked = old->icmp_blocked;
    other.icmp_kills_mapping = old->icmp_kills_mapping;
    return memcmp(&other, old, sizeof other) == 0;
}

void reference_change(reference_nat *ref, const nat_config *config, punch_time_us now_us) {
    if (!mappings_fit(&ref->config, config)) {
        reference_flush(ref, now_us);
    }
    expire(ref, now_us);
    ref->config = *config;
    ref->crowd = mapped(ref);
}

nat_verdict reference_out(reference_nat *ref, nat_packet *packet, punch_time_us now_us) {
    expire(ref, now_us);
    const nat_verdict verdict = out(ref, packet, now_us);
    ref->crowd = mapped(ref);
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
            set_free(ref, mapping);
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
    if (!ref->config.firewall && !is_ours(ref, &packet->dst)) {
        return NAT_DROP_NOT_OURS;
    }
    const nat_verdict open = gate(ref, now_us);
    if (open != NAT_PASS) {
        return open;
    }
    if (reference_remote_live(ref, reference_remote_find(ref, REFERENCE_BARRED, 0, &address),
                              now_us)) {
        return NAT_DROP_BLACKLISTED;
    }
    bool expired;
    reference_mapping *mapping = reached_by(ref, &packet->dst, now_us, &expired);
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
    expire(ref, now_us);
    const nat_verdict verdict = in(ref, packet, now_us);
    ref->crowd = mapped(ref);
    ref->counters.verdicts[verdict]++;
    return verdict;
}

/* --- ICMP errors: which live mapping does the quoted packet belong to? --- */

/* The mapping a packet of this remote to that endpoint of ours comes in by, if answers to the
 * remote may leave by it, too. */
static nat_verdict sender_of(reference_nat *ref, const nat_packet *quoted, punch_time_us now_us,
                             reference_mapping **mapping_out) {
    if (!ref->config.firewall && !is_ours(ref, &quoted->src)) {
        return NAT_DROP_NOT_OURS;
    }
    bool expired;
    reference_mapping *mapping = reached_by(ref, &quoted->src, now_us, &expired);
    if (mapping == NULL) {
        return expired ? NAT_DROP_EXPIRED : NAT_DROP_NO_MAPPING;
    }
    const nat_verdict verdict = reference_filter(ref, mapping, &quoted->dst, now_us);
    if (verdict != NAT_PASS) {
        return verdict;
    }
    const reference_remote *session = session_find(ref, &mapping->inside, &quoted->dst, now_us);
    if (!key_fits(ref, mapping, &mapping->inside, &quoted->dst) &&
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
    if (passed && ref->config.icmp_kills_mapping) {
        set_free(ref, mapping);
        ref->counters.mappings_killed++;
        ref->crowd = mapped(ref);
    }
    return verdict;
}

nat_verdict reference_icmp_in(reference_nat *ref, nat_packet *quoted, punch_time_us now_us) {
    expire(ref, now_us);
    reference_mapping *mapping = NULL;
    nat_verdict verdict = NAT_DROP_ICMP_BLOCKED;
    if (!ref->config.icmp_blocked) {
        verdict = sender_of(ref, quoted, now_us, &mapping);
    }
    if (verdict == NAT_PASS) {
        quoted->src = mapping->inside;
    }
    return icmp_done(ref, verdict, mapping);
}

static nat_verdict receiver_of(reference_nat *ref, const nat_packet *quoted, punch_time_us now_us,
                               reference_mapping **mapping_out) {
    const reference_remote *session = session_find(ref, &quoted->dst, &quoted->src, now_us);
    reference_mapping *const ways[] = {
        session != NULL ? mapping_of_id(ref, session->owner) : NULL,
        mapping_find(ref, &quoted->dst, &quoted->src, true, now_us),
        mapping_find(ref, &quoted->dst, &quoted->src, false, now_us),
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
    expire(ref, now_us);
    reference_mapping *mapping = NULL;
    if (ref->config.icmp_blocked) {
        return icmp_done(ref, NAT_DROP_ICMP_BLOCKED, NULL);
    }
    const bool hairpinned = is_ours(ref, &quoted->src);
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
