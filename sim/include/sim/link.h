/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One direction of an access link. A packet is offered once and is told when its copies arrive, or
 * why it is lost:
 *
 *   down? outage? mtu? -> waiting room -> rate -> loss -> delay + jitter (+ reorder) + longer route
 *   -> arrivals
 *
 * Draws are counter-based: packet n of a link owns a fixed block of the link's stream, one place
 * per purpose, so switching one fault on leaves every other draw alike. The Gilbert-Elliott state
 * is sampled as exponential dwell times and is a function of (seed, time): what is sent through the
 * link does not change it. It carries loss and delay together, as queues do that overflow. Outages
 * and routes are functions of (seed, time) too. Offers come in order of time.
 */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/plan.h"

typedef struct {
    punch_time_us fixed_delay_us;  /* every packet just takes that long; -1: there is more to it */
    uint64_t key;                  /* of this link's draws */
    punch_rng dwells;              /* draws of the channel's dwell times */
    punch_time_us dwell_until_us;  /* the channel's present state lasts until then */
    punch_time_us last_arrival_us; /* by the shorter route: jitter never overtakes */
    int64_t busy_until_ns;         /* the last bit accepted leaves then */
    uint64_t busy_rest;            /* ... plus busy_rest / rate_bps ns */
    uint32_t offered;              /* packets so far */
    bool is_bad;                   /* Gilbert-Elliott state */
    bool is_down;                  /* by a fault of the timeline */
} sim_link;

typedef enum {
    SIM_LINK_PASSED = 0,
    SIM_LINK_LOST_DOWN,   /* a fault of the timeline */
    SIM_LINK_LOST_OUTAGE, /* the plan's regular outage */
    SIM_LINK_LOST_MTU,
    SIM_LINK_LOST_QUEUE,
    SIM_LINK_LOST_RANDOM,  /* independent loss */
    SIM_LINK_LOST_CHANNEL, /* Gilbert-Elliott */
    SIM_LINK_FATE_COUNT
} sim_link_fate;

typedef struct {
    punch_time_us at_us[2];
    uint32_t count; /* 1, or 2 when duplicated */
} sim_link_arrivals;

#ifdef __cplusplus
extern "C" {
#endif

/* "lost: waiting room full", ...; never NULL. */
const char *sim_link_fate_text(sim_link_fate fate);

/* The link of an object (site and direction) at world time 0. */
void sim_link_init(sim_link *link, const sim_link_plan *plan, uint64_t seed, uint32_t object);

/* As sim_link_offer, whatever there is to the link. */
sim_link_fate sim_link_offer_any(sim_link *link, const sim_link_plan *plan, uint32_t ip_bytes,
                                 punch_time_us now_us, sim_link_arrivals *arrivals_out);

/* Whether copy 0 or 1 of the packet last offered is lost beyond the link, in the core: that draw
 * stands beside the link's own. */
bool sim_link_core_loses(const sim_link *link, uint32_t copy, punch_probability loss);

/* True when what happens to a packet depends on its entry time alone, not on other packets or on a
 * state that is stepped: offers then need not come in order of time. */
bool sim_link_is_plain(const sim_link_plan *plan);

/* The truth, without changing anything: probability that a packet offered now is lost (waiting room
 * and mtu aside). now_us is not before the last offer. */
double sim_link_loss_now(const sim_link *link, const sim_link_plan *plan, punch_time_us now_us);

#ifdef __cplusplus
}
#endif

/* Offers a packet of ip_bytes (headers included) at an instant not before the last offer's.
 * *arrivals_out is written on SIM_LINK_PASSED only. */
static inline sim_link_fate sim_link_offer(sim_link *link, const sim_link_plan *plan,
                                           uint32_t ip_bytes, punch_time_us now_us,
                                           sim_link_arrivals *arrivals_out) {
    if (link->fixed_delay_us < 0 || link->is_down) {
        return sim_link_offer_any(link, plan, ip_bytes, now_us, arrivals_out);
    }
    link->offered++;
    arrivals_out->at_us[0] = now_us + link->fixed_delay_us;
    arrivals_out->count = 1;
    return SIM_LINK_PASSED;
}

#endif
