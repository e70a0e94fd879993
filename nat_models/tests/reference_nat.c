/* SPDX-License-Identifier: MIT */
#include "reference_nat.h"

#include <string.h>

#include "punch/assert.h"

static punch_time_us timeout_us(const reference_nat *ref, int timeout) {
    const punch_time_us values[] = {ref->config.udp_timeout_first_us,
                                    ref->config.udp_timeout_stream_us, ref->config.blacklist_us};
    return values[timeout];
}

static uint32_t remotes_max(const reference_nat *ref) {
    return ref->config.filters_max != 0 ? ref->config.filters_max : 4 * ref->config.table_max;
}

static punch_time_us mapping_end_us(const reference_nat *ref, const reference_mapping *mapping) {
    return mapping->refreshed_at_us + timeout_us(ref, mapping->stream ? 1 : 0);
}

static punch_time_us remote_end_us(const reference_nat *ref, const reference_remote *remote) {
    return remote->refreshed_at_us + timeout_us(ref, remote->timeout);
}

static bool live(const reference_nat *ref, const reference_mapping *mapping, punch_time_us now_us) {
    return mapping->state == REFERENCE_LIVE && now_us < mapping_end_us(ref, mapping);
}

void reference_init(reference_nat *ref, const nat_config *config, const punch_addr *external,
                    punch_rng rng) {
    memset(ref, 0, sizeof *ref);
    ref->config = *config;
    ref->external = *external;
    ref->external.port = 0;
    ref->rng = rng;
    PUNCH_ASSERT(config->table_max <= REFERENCE_MAPPINGS_MAX);
    PUNCH_ASSERT(remotes_max(ref) <= REFERENCE_REMOTES_MAX);
}

uint32_t reference_live(const reference_nat *ref, punch_time_us now_us) {
    uint32_t count = 0;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        count += live(ref, &ref->mappings[i], now_us) ? 1 : 0;
    }
    return count;
}

uint32_t reference_remembered(const reference_nat *ref) {
    uint32_t count = 0;
    for (int i = 0; i < REFERENCE_REMOTES_MAX; i++) {
        count += ref->remotes[i].kind != REFERENCE_UNUSED ? 1 : 0;
    }
    return count;
}

/* --- time --- */

/* Of two live mappings: whose time is up first? Equal ends: first-packet timeouts, then stamps. */
static bool ends_before(const reference_nat *ref, const reference_mapping *a,
                        const reference_mapping *b) {
    const punch_time_us a_us = mapping_end_us(ref, a);
    const punch_time_us b_us = mapping_end_us(ref, b);
    if (a_us != b_us) {
        return a_us < b_us;
    }
    return a->stream != b->stream ? !a->stream : a->queued < b->queued;
}

static void expire(reference_nat *ref, punch_time_us now_us) {
    for (;;) {
        reference_mapping *next = NULL;
        for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
            reference_mapping *mapping = &ref->mappings[i];
            if (mapping->state == REFERENCE_LIVE && !live(ref, mapping, now_us) &&
                (next == NULL || ends_before(ref, mapping, next))) {
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

/* --- remotes --- */

static reference_remote *remote_find(reference_nat *ref, reference_kind kind, uint64_t owner,
                                     const punch_addr *addr) {
    for (int i = 0; i < REFERENCE_REMOTES_MAX; i++) {
        reference_remote *remote = &ref->remotes[i];
        if (remote->kind == kind && remote->owner == owner &&
            punch_addr_equal(&remote->addr, addr)) {
            return remote;
        }
    }
    return NULL;
}

static bool remote_live(const reference_nat *ref, const reference_remote *remote,
                        punch_time_us now_us) {
    return remote != NULL && now_us < remote_end_us(ref, remote);
}

/* Forgets the one least needed: expired before live, then earliest end or longest unrefreshed. */
static void forget_one(reference_nat *ref, punch_time_us now_us) {
    reference_remote *least = NULL;
    for (int i = 0; i < REFERENCE_REMOTES_MAX; i++) {
        reference_remote *remote = &ref->remotes[i];
        if (remote->kind == REFERENCE_UNUSED) {
            continue;
        }
        if (least == NULL) {
            least = remote;
            continue;
        }
        const bool gone = !remote_live(ref, remote, now_us);
        const bool least_gone = !remote_live(ref, least, now_us);
        if (gone != least_gone) {
            least = gone ? remote : least;
            continue;
        }
        const punch_time_us at_us = gone ? remote_end_us(ref, remote) : remote->refreshed_at_us;
        const punch_time_us least_us = gone ? remote_end_us(ref, least) : least->refreshed_at_us;
        if (at_us != least_us) {
            least = at_us < least_us ? remote : least;
        } else if (remote->timeout != least->timeout) {
            least = remote->timeout < least->timeout ? remote : least;
        } else if (remote->queued < least->queued) {
            least = remote;
        }
    }
    least->kind = REFERENCE_UNUSED;
}

static void remote_restart(reference_nat *ref, reference_remote *remote, int timeout,
                           punch_time_us at_us) {
    remote->timeout = timeout;
    remote->refreshed_at_us = at_us;
    remote->queued = ref->stamp++;
}

static void remote_make(reference_nat *ref, reference_remote wanted, punch_time_us now_us) {
    if (reference_remembered(ref) == remotes_max(ref)) {
        forget_one(ref, now_us);
    }
    for (int i = 0; i < REFERENCE_REMOTES_MAX; i++) {
        if (ref->remotes[i].kind == REFERENCE_UNUSED) {
            ref->remotes[i] = wanted;
            remote_restart(ref, &ref->remotes[i], wanted.timeout, now_us);
            return;
        }
    }
}

static void remote_answered(reference_nat *ref, reference_remote *remote, bool refreshes,
                            punch_time_us now_us) {
    if (refreshes) {
        remote_restart(ref, remote, 1, now_us);
    } else if (remote->timeout != 1) {
        remote_restart(ref, remote, 1, remote->refreshed_at_us);
    }
}

static bool stray_holds(reference_nat *ref, uint16_t port, const punch_addr *remote,
                        punch_time_us now_us) {
    return remote_live(ref, remote_find(ref, REFERENCE_STRAY, port, remote), now_us);
}

static punch_addr permitted(const reference_nat *ref, const punch_addr *remote) {
    punch_addr addr = *remote;
    if (ref->config.filtering == NAT_FILTERING_ADF) {
        addr.port = 0;
    }
    return addr;
}

static void permit(reference_nat *ref, const reference_mapping *mapping, const punch_addr *remote,
                   punch_time_us now_us) {
    if (ref->config.filtering == NAT_FILTERING_EIF) {
        return;
    }
    const punch_addr addr = permitted(ref, remote);
    reference_remote *permission = remote_find(ref, REFERENCE_PERMISSION, mapping->id, &addr);
    if (permission == NULL) {
        const reference_remote wanted = {
            .kind = REFERENCE_PERMISSION, .addr = addr, .owner = mapping->id};
        remote_make(ref, wanted, now_us);
    } else if (!remote_live(ref, permission, now_us)) {
        remote_restart(ref, permission, 0, now_us);
    } else if (ref->config.refresh_outbound) {
        remote_restart(ref, permission, permission->timeout, now_us);
    }
}

static nat_verdict filter(reference_nat *ref, const reference_mapping *mapping,
                          const punch_addr *remote, punch_time_us now_us) {
    if (ref->config.filtering == NAT_FILTERING_EIF) {
        return NAT_PASS;
    }
    const punch_addr addr = permitted(ref, remote);
    const reference_remote *permission = remote_find(ref, REFERENCE_PERMISSION, mapping->id, &addr);
    if (permission != NULL) {
        return remote_live(ref, permission, now_us) ? NAT_PASS : NAT_DROP_FILTER_EXPIRED;
    }
    for (int i = 0; i < REFERENCE_REMOTES_MAX; i++) {
        if (ref->remotes[i].kind == REFERENCE_PERMISSION && ref->remotes[i].owner == mapping->id &&
            punch_addr_same_ip(&ref->remotes[i].addr, remote)) {
            return NAT_DROP_FILTER_PORT;
        }
    }
    return NAT_DROP_FILTER_ADDRESS;
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
            !remote_live(ref, session, now_us)) {
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

static bool port_taken(const reference_nat *ref, uint16_t port) {
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        if (ref->mappings[i].state == REFERENCE_LIVE && ref->mappings[i].port == port) {
            return true;
        }
    }
    return false;
}

static reference_mapping *on_port(reference_nat *ref, uint16_t port, punch_time_us now_us,
                                  bool *expired) {
    reference_mapping *latest = NULL;
    *expired = false;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        reference_mapping *mapping = &ref->mappings[i];
        if (mapping->state == REFERENCE_NOTHING || mapping->port != port) {
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

static void evict(reference_nat *ref, reference_mapping *mapping) {
    mapping->state = REFERENCE_NOTHING;
    ref->counters.mappings_evicted++;
}

static nat_verdict make_room(reference_nat *ref, const punch_addr *inside) {
    uint32_t total = 0;
    uint32_t of_host = 0;
    reference_mapping *oldest_of_host = NULL;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        reference_mapping *mapping = &ref->mappings[i];
        if (mapping->state != REFERENCE_LIVE || !punch_addr_same_ip(&mapping->inside, inside)) {
            continue;
        }
        of_host++;
        if (oldest_of_host == NULL || mapping->host_queued < oldest_of_host->host_queued) {
            oldest_of_host = mapping;
        }
    }
    if (ref->config.per_host_max > 0 && of_host >= ref->config.per_host_max) {
        if (ref->config.full == NAT_FULL_REFUSE) {
            return NAT_DROP_HOST_LIMIT;
        }
        evict(ref, oldest_of_host);
    }
    reference_mapping *oldest = NULL;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        reference_mapping *mapping = &ref->mappings[i];
        if (mapping->state != REFERENCE_LIVE) {
            continue;
        }
        total++;
        if (oldest == NULL || mapping->refreshed_at_us < oldest->refreshed_at_us ||
            (mapping->refreshed_at_us == oldest->refreshed_at_us &&
             (mapping->stream != oldest->stream ? !mapping->stream
                                                : mapping->queued < oldest->queued))) {
            oldest = mapping;
        }
    }
    if (total >= ref->config.table_max) {
        if (ref->config.full == NAT_FULL_REFUSE) {
            return NAT_DROP_TABLE_FULL;
        }
        evict(ref, oldest);
    }
    return NAT_PASS;
}

/* --- ports --- */

static uint16_t port_after(const reference_nat *ref, uint16_t port) {
    if (port < ref->config.port_min || port >= ref->config.port_max) {
        return ref->config.port_min;
    }
    return (uint16_t)(port + 1);
}

static uint32_t port_count(const reference_nat *ref) {
    return (uint32_t)ref->config.port_max - ref->config.port_min + 1;
}

static uint16_t port_draw(reference_nat *ref) {
    return (uint16_t)(ref->config.port_min + punch_rng_below(&ref->rng, port_count(ref)));
}

static bool port_usable(reference_nat *ref, uint16_t port, const punch_addr *remote,
                        punch_time_us now_us) {
    return !port_taken(ref, port) && !stray_holds(ref, port, remote, now_us);
}

static uint16_t port_random(reference_nat *ref, const punch_addr *remote, punch_time_us now_us) {
    for (int i = 0; i < 64; i++) {
        const uint16_t port = port_draw(ref);
        if (port_usable(ref, port, remote, now_us)) {
            return port;
        }
    }
    uint16_t usable[65535];
    uint32_t count = 0;
    for (uint32_t port = ref->config.port_min; port <= ref->config.port_max; port++) {
        if (port_usable(ref, (uint16_t)port, remote, now_us)) {
            usable[count++] = (uint16_t)port;
        }
    }
    return count == 0 ? 0 : usable[punch_rng_below(&ref->rng, count)];
}

static uint16_t port_other(reference_nat *ref, uint16_t wanted, const punch_addr *remote,
                           punch_time_us now_us) {
    if (ref->config.collision == NAT_COLLISION_RANDOM) {
        return port_random(ref, remote, now_us);
    }
    uint16_t port = ref->config.collision == NAT_COLLISION_CONTIGUOUS ? ref->last_port : wanted;
    for (uint32_t i = 0; i < port_count(ref); i++) {
        port = port_after(ref, port);
        if (port_usable(ref, port, remote, now_us)) {
            return port;
        }
    }
    return 0;
}

static uint16_t port_wanted(reference_nat *ref, const punch_addr *inside) {
    switch (ref->config.allocation) {
    case NAT_ALLOCATION_PRESERVING:
        if (inside->port >= ref->config.port_min && inside->port <= ref->config.port_max) {
            return inside->port;
        }
        if (ref->config.collision == NAT_COLLISION_OVERLOAD) {
            return (uint16_t)(ref->config.port_min + inside->port % port_count(ref));
        }
        return 0;
    case NAT_ALLOCATION_CONTIGUOUS:
        return port_after(ref, ref->last_port);
    case NAT_ALLOCATION_RANDOM:
        return port_draw(ref);
    }
    return 0;
}

/* --- making and moving mappings --- */

static void forget_timed_out_on(reference_nat *ref, uint16_t port) {
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        if (ref->mappings[i].state == REFERENCE_TIMED_OUT && ref->mappings[i].port == port) {
            ref->mappings[i].state = REFERENCE_NOTHING;
        }
    }
}

/* As many timed-out mappings are remembered as the table has room for. */
static void forget_timed_out_beyond(reference_nat *ref) {
    uint32_t known = 0;
    reference_mapping *first = NULL;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        reference_mapping *mapping = &ref->mappings[i];
        known += mapping->state != REFERENCE_NOTHING ? 1 : 0;
        if (mapping->state == REFERENCE_TIMED_OUT &&
            (first == NULL || mapping->died < first->died)) {
            first = mapping;
        }
    }
    if (known == ref->config.table_max) {
        first->state = REFERENCE_NOTHING;
    }
}

static reference_mapping *mapping_make(reference_nat *ref, const nat_packet *packet, bool exact,
                                       uint16_t port, punch_time_us now_us) {
    forget_timed_out_on(ref, port);
    forget_timed_out_beyond(ref);
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        reference_mapping *mapping = &ref->mappings[i];
        if (mapping->state != REFERENCE_NOTHING) {
            continue;
        }
        *mapping = (reference_mapping){.state = REFERENCE_LIVE,
                                       .inside = packet->src,
                                       .remote = packet->dst,
                                       .exact = exact,
                                       .port = port,
                                       .refreshed_at_us = now_us};
        mapping->id = ref->stamp++;
        mapping->queued = ref->stamp++;
        mapping->host_queued = ref->stamp++;
        mapping->used = ref->stamp++;
        ref->counters.mappings_made++;
        return mapping;
    }
    return NULL;
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
    if (stray_holds(ref, mapping->port, remote, now_us)) {
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
    const uint16_t wanted = way->blocked->port;
    const nat_verdict room = own == NULL ? make_room(ref, &packet->src) : NAT_PASS;
    if (room != NAT_PASS) {
        return room;
    }
    ref->counters.ports_collided++;
    const uint16_t port = port_other(ref, wanted, &packet->dst, now_us);
    if (port == 0) {
        return NAT_DROP_NO_PORT;
    }
    ref->last_port = port;
    if (own == NULL) {
        way->mapping = mapping_make(ref, packet, true, port, now_us);
    } else {
        forget_timed_out_on(ref, port);
        own->port = port;
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
    const bool overload = ref->config.collision == NAT_COLLISION_OVERLOAD;
    if (!overload && reference_live(ref, now_us) >= port_count(ref)) {
        return NAT_DROP_NO_PORT;
    }
    const uint16_t wanted = port_wanted(ref, &packet->src);
    const bool taken = wanted != 0 && port_taken(ref, wanted);
    const bool held = wanted != 0 && stray_holds(ref, wanted, &packet->dst, now_us);
    ref->counters.ports_collided += taken || held ? 1 : 0;
    uint16_t port = wanted;
    if (wanted == 0 || held || (taken && !overload)) {
        port = port_other(ref, wanted, &packet->dst, now_us);
    }
    if (port == 0) {
        return NAT_DROP_NO_PORT;
    }
    ref->last_port = port;
    const bool exact = held || ref->config.mapping == NAT_MAPPING_APDM;
    way->mapping = mapping_make(ref, packet, exact, port, now_us);
    ref->counters.strays_dodged += held ? 1 : 0;
    return NAT_PASS;
}

/* --- packets --- */

static void come_in(reference_nat *ref, reference_mapping *mapping, const punch_addr *remote,
                    punch_time_us now_us) {
    const punch_addr addr = permitted(ref, remote);
    reference_mapping *usual = mapping_find(ref, &mapping->inside, remote, true, now_us);
    if (usual == NULL) {
        usual = mapping_find(ref, &mapping->inside, remote, false, now_us);
    }
    if (!mapping->stream) {
        mapping->stream = true;
        mapping->queued = ref->stamp++;
    }
    if (ref->config.refresh_inbound) {
        mapping->refreshed_at_us = now_us;
        mapping->queued = ref->stamp++;
        mapping->host_queued = ref->stamp++;
    }
    reference_remote *permission = remote_find(ref, REFERENCE_PERMISSION, mapping->id, &addr);
    if (permission != NULL && ref->config.filtering != NAT_FILTERING_EIF) {
        remote_answered(ref, permission, ref->config.refresh_inbound, now_us);
    }
    reference_remote *stray = remote_find(ref, REFERENCE_STRAY, mapping->port, remote);
    if (stray != NULL) {
        stray->kind = REFERENCE_UNUSED;
    }
    if (!ref->config.reply_affinity || usual == mapping) {
        return;
    }
    reference_remote *session = session_find(ref, &mapping->inside, remote, now_us);
    if (session == NULL) {
        const reference_remote wanted = {
            .kind = REFERENCE_SESSION, .addr = *remote, .owner = mapping->id};
        remote_make(ref, wanted, now_us);
    } else if (session->owner == mapping->id && ref->config.refresh_inbound) {
        remote_restart(ref, session, session->timeout, now_us);
    }
}

static nat_verdict turn_back(reference_nat *ref, const reference_mapping *exit, nat_packet *packet,
                             punch_time_us now_us) {
    punch_addr source = ref->external;
    source.port = exit->port;
    bool expired;
    reference_mapping *mapping = on_port(ref, packet->dst.port, now_us, &expired);
    if (mapping == NULL) {
        return expired ? NAT_DROP_EXPIRED : NAT_DROP_NO_MAPPING;
    }
    const nat_verdict verdict = filter(ref, mapping, &source, now_us);
    if (verdict != NAT_PASS) {
        return verdict;
    }
    come_in(ref, mapping, &source, now_us);
    packet->src = ref->config.hairpin == NAT_HAIRPIN_EXTERNAL ? source : packet->src;
    packet->dst = mapping->inside;
    return NAT_TURNED_BACK;
}

static nat_verdict out(reference_nat *ref, nat_packet *packet, punch_time_us now_us) {
    const bool hairpin = punch_addr_same_ip(&packet->dst, &ref->external);
    if (hairpin && ref->config.hairpin == NAT_HAIRPIN_NONE) {
        return NAT_DROP_NO_HAIRPIN;
    }
    exit_way way = find_exit(ref, packet, now_us);
    const nat_verdict made = way.mapping == NULL ? make_exit(ref, &way, packet, now_us) : NAT_PASS;
    if (made != NAT_PASS) {
        return made;
    }
    way.mapping->used = ref->stamp++;
    if (ref->config.refresh_outbound) {
        way.mapping->refreshed_at_us = now_us;
        way.mapping->queued = ref->stamp++;
        way.mapping->host_queued = ref->stamp++;
    }
    if (way.session != NULL) {
        remote_answered(ref, way.session, ref->config.refresh_outbound, now_us);
    }
    permit(ref, way.mapping, &packet->dst, now_us);
    if (hairpin) {
        return turn_back(ref, way.mapping, packet, now_us);
    }
    packet->src = ref->external;
    packet->src.port = way.mapping->port;
    return NAT_PASS;
}

nat_verdict reference_out(reference_nat *ref, nat_packet *packet, punch_time_us now_us) {
    expire(ref, now_us);
    const nat_verdict verdict = out(ref, packet, now_us);
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
        known = remote_find(ref, REFERENCE_STRAY, packet->dst.port, &packet->src);
        ref->counters.strays_made += remote_live(ref, known, now_us) ? 0 : 1;
        if (known == NULL) {
            const reference_remote wanted = {
                .kind = REFERENCE_STRAY, .addr = packet->src, .owner = packet->dst.port};
            remote_make(ref, wanted, now_us);
        } else {
            remote_restart(ref, known, 0, now_us);
        }
        break;
    case NAT_UNSOLICITED_KILL:
        if (mapping != NULL) {
            mapping->state = REFERENCE_NOTHING;
            ref->counters.mappings_killed++;
        }
        break;
    case NAT_UNSOLICITED_BLACKLIST:
        known = remote_find(ref, REFERENCE_BARRED, 0, &address);
        if (known == NULL) {
            const reference_remote wanted = {
                .kind = REFERENCE_BARRED, .addr = address, .timeout = 2};
            remote_make(ref, wanted, now_us);
        } else {
            remote_restart(ref, known, 2, now_us);
        }
        break;
    }
}

static nat_verdict in(reference_nat *ref, nat_packet *packet, punch_time_us now_us) {
    punch_addr address = packet->src;
    address.port = 0;
    if (!punch_addr_same_ip(&packet->dst, &ref->external)) {
        return NAT_DROP_NOT_OURS;
    }
    if (remote_live(ref, remote_find(ref, REFERENCE_BARRED, 0, &address), now_us)) {
        return NAT_DROP_BLACKLISTED;
    }
    bool expired;
    reference_mapping *mapping = on_port(ref, packet->dst.port, now_us, &expired);
    nat_verdict verdict = expired ? NAT_DROP_EXPIRED : NAT_DROP_NO_MAPPING;
    if (mapping != NULL) {
        verdict = filter(ref, mapping, &packet->src, now_us);
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
    ref->counters.verdicts[verdict]++;
    return verdict;
}
