/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The `des` backend: the built-in event simulator on virtual time. All it does is to run a world to
 * its end.
 */
#include "sim/backend.h"
#include "sim/world.h"

static void *create(const sim_plan *largest) {
    return sim_world_create(largest);
}

static void run(void *world, const sim_plan *plan, uint64_t seed, const sim_observer *observer,
                sim_trial_result *result) {
    sim_world_begin(world, plan, seed, observer, result);
    (void)sim_world_run_until(world, PUNCH_NEVER);
    sim_world_finish(world);
}

static void destroy(void *world) {
    sim_world_destroy(world);
}

const sim_backend_ops sim_backend_des = {
    .name = "des",
    .help = "event simulator on virtual time with modelled NATs: exact replay, millions of trials",
    .virtual_time = true,
    .refuses = sim_world_refuses,
    .create = create,
    .run = run,
    .destroy = destroy,
};
