/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world of the `des` backend: hosts, sites, links, NATs and one virtual clock, driving
 * unmodified punch_peer and punch_broker objects. Allocated once from the largest plan, then reset
 * for each trial without allocating.
 *
 *   create -> ( begin -> run_until ... -> finish )* -> destroy
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "punch/broker.h"
#include "sim/observer.h"
#include "sim/plan.h"

typedef struct sim_world sim_world;

#ifdef __cplusplus
extern "C" {
#endif

/* NULL when this backend can run the plan, else a static sentence saying what is wrong with it or
 * cannot be modelled. */
const char *sim_world_refuses(const sim_plan *plan);

/* A world able to run any plan whose host i, site i, calls and packets are no larger than those of
 * this one. NULL: out of memory. */
sim_world *sim_world_create(const sim_plan *largest);
void sim_world_destroy(sim_world *world); /* accepts NULL */

/* A clean world at time 0. The plan, the observer (may be NULL) and the result must stay until
 * finish; result->calls points to room for plan->call_count. O(what the plan uses). */
void sim_world_begin(sim_world *world, const sim_plan *plan, uint64_t seed,
                     const sim_observer *observer, sim_trial_result *result);

/* Runs all events up to and including at_us. False when the world has ended: everything decided and
 * held, or limit_us reached. */
bool sim_world_run_until(sim_world *world, punch_time_us at_us);

/* Completes the result and checks what must hold at the end. */
void sim_world_finish(sim_world *world);

punch_time_us sim_world_now_us(const sim_world *world);

/* The core object of a host, to look at; NULL when the host is of the other kind. */
const punch_peer *sim_world_peer(const sim_world *world, uint32_t host);
const punch_broker *sim_world_broker(const sim_world *world, uint32_t host);

/* Bytes this world takes, everything included but the plan. */
size_t sim_world_bytes(const sim_world *world);

/* Those of a host's core object, and of a site's NAT (0: it was made without one). */
size_t sim_world_core_bytes(const sim_world *world, uint32_t host);
size_t sim_world_nat_bytes(const sim_world *world, uint32_t site);

#ifdef __cplusplus
}
#endif

#endif
