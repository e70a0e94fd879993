/* SPDX-License-Identifier: MIT */
/*
 * The reference NAT's time and memory: timeouts in force, and what is remembered about remotes.
 */
#include <math.h>

#include "reference_parts.h"

static int64_t drift_permille(const reference_nat *ref, punch_time_us now_us) {
    const punch_time_us day_us = 86400 * PUNCH_US_PER_S;
    const punch_time_us period_us =
        ref->config.drift_period_us != 0 ? ref->config.drift_period_us : day_us;
    punch_time_us at_us = (now_us + ref->config.drift_phase_us) % period_us;
    at_us = at_us < 0 ? at_us + period_us : at_us;
    const int64_t step = at_us * 64 / period_us; /* of the table: whole steps */
    const double angle = (double)step / 64 * 2 * acos(-1.0);
    return 1000 + (int64_t)ref->config.timeout_drift_permille * lround(1000 * sin(angle)) / 1000;
}

static int64_t pressure_permille(const reference_nat *ref) {
    const int64_t start = ref->config.pressure_start;
    const int64_t end = ref->config.pressure_end;
    const int64_t left = end - (int64_t)ref->crowd;
    if (end == 0 || ref->crowd <= start) {
        return 1000;
    }
    return left <= 0 ? 0 : left * 1000 / (end - start);
}

/* Normal quantiles at 1/16, 3/16, .. 15/16, from R: qnorm((2 * 0:7 + 1) / 16). */
static const double normal_steps[] = {-1.534120544352546, -0.887146559018876, -0.488776411114669,
                                      -0.157310684610171, 0.157310684610171,  0.488776411114669,
                                      0.887146559018876,  1.534120544352546};

punch_time_us reference_timeout_us(const reference_nat *ref, int timeout, int level,
                                   punch_time_us now_us) {
    if (timeout == 2) {
        return ref->config.blacklist_us;
    }
    const int64_t spread = ref->config.timeout_spread_permille;
    int64_t level_permille = level == 0 ? 1000 : 1000 - spread + spread * 2 * (level - 1) / 7;
    if (level > 0 && ref->config.timeout_spread_shape == NAT_SPREAD_LOGNORMAL) {
        level_permille =
            (int64_t)floor(1000 * exp((double)spread / 1000 * normal_steps[level - 1]) + 0.5);
    }
    punch_time_us us =
        timeout == 0 ? ref->config.udp_timeout_first_us : ref->config.udp_timeout_stream_us;
    us = us * level_permille / 1000;
    us = us < 1 ? 1 : us;
    us = us * drift_permille(ref, now_us) / 1000 * pressure_permille(ref) / 1000;
    return us < 1 ? 1 : us;
}

uint32_t reference_remotes_max(const reference_nat *ref) {
    return ref->config.filters_max != 0 ? ref->config.filters_max : 4 * ref->config.table_max;
}

static punch_time_us remote_end_us(const reference_nat *ref, const reference_remote *remote,
                                   punch_time_us now_us) {
    return remote->refreshed_at_us +
           reference_timeout_us(ref, remote->timeout, remote->level, now_us);
}

/* Does the stream timeout begin with this packet? */
bool reference_stream_begins(const reference_nat *ref, bool answered, punch_time_us made_at_us,
                             punch_time_us now_us) {
    return ref->config.stream_after_us == 0 ||
           (answered && now_us - made_at_us > ref->config.stream_after_us);
}

uint32_t reference_remembered(const reference_nat *ref) {
    uint32_t count = 0;
    for (int i = 0; i < REFERENCE_REMOTES_MAX; i++) {
        count += ref->remotes[i].kind != REFERENCE_UNUSED ? 1 : 0;
    }
    return count;
}

/* --- remotes --- */

reference_remote *reference_remote_find(reference_nat *ref, reference_kind kind, uint64_t owner,
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

/* A stray that has taken this external endpoint. */
reference_remote *reference_stray_find(reference_nat *ref, const punch_addr *place,
                                       const punch_addr *addr) {
    for (int i = 0; i < REFERENCE_REMOTES_MAX; i++) {
        reference_remote *remote = &ref->remotes[i];
        if (remote->kind == REFERENCE_STRAY && punch_addr_equal(&remote->place, place) &&
            punch_addr_equal(&remote->addr, addr)) {
            return remote;
        }
    }
    return NULL;
}

bool reference_remote_live(const reference_nat *ref, const reference_remote *remote,
                           punch_time_us now_us) {
    return remote != NULL && now_us < remote_end_us(ref, remote, now_us);
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
        const bool gone = !reference_remote_live(ref, remote, now_us);
        const bool least_gone = !reference_remote_live(ref, least, now_us);
        if (gone != least_gone) {
            least = gone ? remote : least;
            continue;
        }
        const punch_time_us at_us =
            gone ? remote_end_us(ref, remote, now_us) : remote->refreshed_at_us;
        const punch_time_us least_us =
            gone ? remote_end_us(ref, least, now_us) : least->refreshed_at_us;
        if (at_us != least_us) {
            least = at_us < least_us ? remote : least;
        } else if (remote->timeout != least->timeout) {
            least = remote->timeout < least->timeout ? remote : least;
        } else if (remote->level != least->level) {
            least = remote->level < least->level ? remote : least;
        } else if (remote->queued < least->queued) {
            least = remote;
        }
    }
    least->kind = REFERENCE_UNUSED;
}

void reference_remote_restart(reference_nat *ref, reference_remote *remote, int timeout,
                              punch_time_us at_us) {
    remote->timeout = timeout;
    remote->refreshed_at_us = at_us;
    remote->queued = ref->stamp++;
}

void reference_remote_make(reference_nat *ref, reference_remote wanted, punch_time_us now_us) {
    if (reference_remembered(ref) == reference_remotes_max(ref)) {
        forget_one(ref, now_us);
    }
    for (int i = 0; i < REFERENCE_REMOTES_MAX; i++) {
        if (ref->remotes[i].kind == REFERENCE_UNUSED) {
            ref->remotes[i] = wanted;
            ref->remotes[i].made_at_us = now_us;
            reference_remote_restart(ref, &ref->remotes[i], wanted.timeout, now_us);
            return;
        }
    }
}

/* A packet passed: the way the entry was made by, or the other one. */
void reference_remote_passed(reference_nat *ref, reference_remote *remote, bool other_way,
                             bool refreshes, punch_time_us now_us) {
    const bool may = other_way || remote->answered;
    const bool streams = remote->timeout == 0 && may &&
                         reference_stream_begins(ref, remote->answered, remote->made_at_us, now_us);
    remote->answered = remote->answered || other_way;
    if (streams || refreshes) {
        reference_remote_restart(ref, remote, streams ? 1 : remote->timeout,
                                 refreshes ? now_us : remote->refreshed_at_us);
    }
}

bool reference_stray_holds(reference_nat *ref, const punch_addr *place, const punch_addr *remote,
                           punch_time_us now_us) {
    return reference_remote_live(ref, reference_stray_find(ref, place, remote), now_us);
}

punch_addr reference_permitted(const reference_nat *ref, const punch_addr *remote) {
    punch_addr addr = *remote;
    if (ref->config.filtering == NAT_FILTERING_ADF) {
        addr.port = 0;
    }
    return addr;
}

void reference_permit(reference_nat *ref, const reference_mapping *mapping,
                      const punch_addr *remote, punch_time_us now_us) {
    if (ref->config.filtering == NAT_FILTERING_EIF) {
        return;
    }
    const punch_addr addr = reference_permitted(ref, remote);
    reference_remote *permission =
        reference_remote_find(ref, REFERENCE_PERMISSION, mapping->id, &addr);
    if (permission == NULL) {
        const reference_remote wanted = {.kind = REFERENCE_PERMISSION,
                                         .addr = addr,
                                         .owner = mapping->id,
                                         .level = mapping->level};
        reference_remote_make(ref, wanted, now_us);
    } else if (!reference_remote_live(ref, permission, now_us)) {
        reference_remote_restart(ref, permission, 0, now_us);
        permission->made_at_us = now_us;
        permission->answered = false;
    } else {
        reference_remote_passed(ref, permission, false, ref->config.refresh_outbound, now_us);
    }
}

nat_verdict reference_filter(reference_nat *ref, const reference_mapping *mapping,
                             const punch_addr *remote, punch_time_us now_us) {
    if (ref->config.filtering == NAT_FILTERING_EIF) {
        return NAT_PASS;
    }
    const punch_addr addr = reference_permitted(ref, remote);
    const reference_remote *permission =
        reference_remote_find(ref, REFERENCE_PERMISSION, mapping->id, &addr);
    if (permission != NULL) {
        return reference_remote_live(ref, permission, now_us) ? NAT_PASS : NAT_DROP_FILTER_EXPIRED;
    }
    for (int i = 0; i < REFERENCE_REMOTES_MAX; i++) {
        if (ref->remotes[i].kind == REFERENCE_PERMISSION && ref->remotes[i].owner == mapping->id &&
            punch_addr_same_ip(&ref->remotes[i].addr, remote)) {
            return NAT_DROP_FILTER_PORT;
        }
    }
    return NAT_DROP_FILTER_ADDRESS;
}
