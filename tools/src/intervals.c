/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "intervals.h"

#include <string.h>

#include "punch/wire.h"

/* A change from here on counts, in percent of the interval before. Chosen: what the usual jitter of
 * 5 % each way does is none. */
#define CHANGE_PERCENT 10

static bool adapts(const punch_keepalive *const *offers) {
    for (size_t i = 0; i < PUNCH_OFFERS_MAX && offers[i] != NULL; i++) {
        if (offers[i]->promise_us != NULL) {
            return true;
        }
    }
    return false;
}

bool intervals_adapt(const sim_plan *plan) {
    bool found = false;
    for (uint32_t i = 0; i < plan->host_count; i++) {
        const sim_host_plan *host = &plan->hosts[i];
        found = found || (host->kind == SIM_HOST_PEER && adapts(host->offers));
    }
    for (uint32_t i = 0; i < plan->fault_count; i++) {
        const sim_fault *fault = &plan->faults[i];
        found = found || (fault->kind == SIM_FAULT_RENEGOTIATE && adapts(fault->offers));
    }
    return plan->hold_us > 0 && found;
}

/* --- truth */

/* How long an established mapping lives at that instant, as the NAT of a site is configured. */
static punch_time_us timeout_of(const sim_plan *plan, uint32_t site, punch_time_us at_us) {
    const sim_site_plan *planned = &plan->sites[site];
    punch_time_us timeout_us = planned->has_nat ? planned->nat.udp_timeout_stream_us : PUNCH_NEVER;
    for (uint32_t i = 0; i < plan->fault_count && plan->faults[i].at_us <= at_us; i++) {
        const sim_fault *fault = &plan->faults[i];
        if (fault->kind == SIM_FAULT_NAT_CHANGE && fault->index == site && planned->has_nat) {
            timeout_us = fault->nat.udp_timeout_stream_us;
        }
    }
    return timeout_us;
}

static punch_time_us lifetime_of(const sim_plan *plan, uint32_t host, punch_time_us at_us) {
    punch_time_us lifetime_us = PUNCH_NEVER;
    for (uint32_t site = plan->hosts[host].site; site != SIM_NONE;
         site = sim_site_parent(&plan->sites[site])) {
        lifetime_us = punch_time_earlier(lifetime_us, timeout_of(plan, site, at_us));
    }
    return lifetime_us;
}

/* --- points */

static bool is_change(const interval_point *before, const interval_point *now) {
    const punch_time_us more_us = now->interval_us - before->interval_us;
    return now->lifetime_us != before->lifetime_us ||
           (more_us < 0 ? -more_us : more_us) * 100 >= before->interval_us * CHANGE_PERCENT;
}

static void thin(interval_line *line) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < line->count; i += 2) {
        line->points[kept++] = line->points[i];
    }
    line->count = kept;
}

/* One place is left for the last. */
static void add_point(interval_side *side, interval_line *line, const interval_point *point) {
    side->last = *point;
    side->has_last = true;
    if (line->count > 0 && !is_change(&line->points[line->count - 1], point)) {
        return;
    }
    if (side->changes++ % side->stride != 0) {
        return;
    }
    if (line->count == INTERVALS_POINTS_MAX - 1) {
        thin(line);
        side->stride *= 2;
    }
    line->points[line->count++] = *point;
}

/* --- listening */

void intervals_begin(interval_watch *watch, const sim_plan *plan, interval_log *log) {
    memset(watch, 0, sizeof *watch);
    memset(log, 0, sizeof *log);
    watch->plan = plan;
    watch->log = log;
    for (uint32_t s = 0; s < 2; s++) {
        interval_side *side = &watch->sides[s];
        side->call = PUNCH_CALL_NONE;
        side->strategy_call = PUNCH_CALL_NONE;
        side->connected_at_us = PUNCH_NEVER;
        side->last_send_at_us = PUNCH_NEVER;
        side->stride = 1;
    }
}

static void on_event(interval_side *side, const sim_saw *record) {
    const punch_event *event = record->event;
    const bool is_followed = side->call != PUNCH_CALL_NONE && event->call == side->call;
    if (event->kind == PUNCH_EVENT_CONNECTED && side->call == PUNCH_CALL_NONE) {
        side->call = event->call;
        side->remote = event->remote;
        side->last_send_at_us = PUNCH_NEVER;
        side->connected_at_us = punch_time_earlier(side->connected_at_us, record->at_us);
    } else if (event->kind == PUNCH_EVENT_KEEPALIVE &&
               (is_followed || side->call == PUNCH_CALL_NONE)) {
        side->strategy_call = event->call;
        side->strategy = event->keepalive;
    } else if (event->kind == PUNCH_EVENT_MOVED && is_followed) {
        side->remote = event->remote;
        side->last_send_at_us = PUNCH_NEVER;
    } else if (event->kind == PUNCH_EVENT_ENDED && is_followed) {
        side->call = PUNCH_CALL_NONE;
    }
}

static void on_send(interval_watch *watch, uint32_t which, const sim_saw *record) {
    interval_side *side = &watch->sides[which];
    if (side->call == PUNCH_CALL_NONE || !punch_addr_equal(&record->dst, &side->remote)) {
        return;
    }
    const bool learns = side->strategy_call == side->call && side->strategy != NULL &&
                        side->strategy->promise_us != NULL;
    if (learns && record->type == PUNCH_TYPE_KEEPALIVE && side->last_send_at_us != PUNCH_NEVER) {
        const interval_point point = {record->at_us - side->connected_at_us,
                                      record->at_us - side->last_send_at_us,
                                      lifetime_of(watch->plan, record->host, record->at_us)};
        add_point(side, &watch->log->sides[which], &point);
    }
    side->last_send_at_us = record->at_us;
}

void intervals_saw(void *user, const sim_saw *record) {
    interval_watch *watch = user;
    if (watch->plan->call_count == 0 ||
        (record->kind != SIM_SAW_SEND && record->kind != SIM_SAW_EVENT)) {
        return;
    }
    const sim_call_plan *call = &watch->plan->calls[0];
    if (record->host != call->caller && record->host != call->callee) {
        return;
    }
    const uint32_t which = record->host == call->caller ? 0 : 1;
    if (record->kind == SIM_SAW_EVENT) {
        on_event(&watch->sides[which], record);
    } else {
        on_send(watch, which, record);
    }
}

void intervals_end(interval_watch *watch) {
    for (uint32_t s = 0; s < 2; s++) {
        const interval_side *side = &watch->sides[s];
        interval_line *line = &watch->log->sides[s];
        if (side->has_last && line->points[line->count - 1].at_us < side->last.at_us) {
            line->points[line->count++] = side->last;
        }
    }
}
