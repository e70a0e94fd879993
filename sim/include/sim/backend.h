/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A backend runs plans. One const table each, chosen by name; what a backend cannot model it
 * refuses with a reason.
 */
#ifndef SIM_BACKEND_H
#define SIM_BACKEND_H

#include "sim/observer.h"
#include "sim/plan.h"

typedef struct sim_backend_ops {
    const char *name; /* "des" */
    const char *help;
    bool virtual_time; /* same seed, same bytes */
    /* NULL when the backend can run it, else a static sentence saying what it cannot model. */
    const char *(*refuses)(const sim_plan *plan);
    /* A world able to run any plan no larger than this one (sites, hosts, calls, NAT tables,
     * packets). NULL: out of memory. */
    void *(*create)(const sim_plan *largest);
    /* Runs one trial from a clean world. result->calls points to room for plan->call_count.
     * observer may be NULL. A broken invariant ends in punch_panic(). */
    void (*run)(void *world, const sim_plan *plan, uint64_t seed, const sim_observer *observer,
                sim_trial_result *result);
    void (*destroy)(void *world); /* accepts NULL */
} sim_backend_ops;

#ifdef __cplusplus
extern "C" {
#endif

extern const sim_backend_ops sim_backend_des;

/* All backends built in; *count_out is how many. */
const sim_backend_ops *const *sim_backends(size_t *count_out);
const sim_backend_ops *sim_backend_find(const char *name); /* or NULL */

/* What punch_panic() should report about the trial running on this thread: set by the runner before
 * each trial. Thread-local inside the host program that supplies punch_panic(), so the simulator
 * itself keeps no state: sim only formats it. */
typedef struct {
    const char *scenario;
    uint32_t cell;
    uint64_t trial;
    uint64_t seed;
    punch_time_us now_us;
} sim_panic_context;

#ifdef __cplusplus
}
#endif

#endif
