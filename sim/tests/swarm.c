/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fixed seeds draw all options. Phase 1, with faults: the world's invariants are the test. Phase 2:
 * the faults stop, and everyone who can connect does so in bounded time. `swarm [first] [count]`
 * repeats a part of it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "punch_test.h"
#include "random_world.h"

enum { SEEDS = 2000 };

/* chosen: one lost registration's longest retry gap twice over, and a punch */
#define CONNECT_US_MAX (60 * PUNCH_US_PER_S)

static uint64_t first_seed = 1;
static uint64_t seed_count = SEEDS;

static void judge(const random_world *random, uint64_t seed, uint32_t *must_out) {
    const small_world *small = &random->small;
    for (uint32_t call = random->first_calm_call; call < small->plan.call_count; call++) {
        const sim_call_result *result = &small->call_results[call];
        if (!random_world_must_connect(random, call)) {
            continue;
        }
        (*must_out)++;
        if (!EXPECT("a pair that can connect does so in bounded time",
                    result->connected && result->time_to_connect_us <= CONNECT_US_MAX)) {
            fprintf(stderr, "  seed %llu call %u (%u -> %u): fail %s / %s; repeat: swarm %llu 1\n",
                    (unsigned long long)seed, call, small->calls[call].caller,
                    small->calls[call].callee, punch_fail_name(result->fail[0]),
                    punch_fail_name(result->fail[1]), (unsigned long long)seed);
        }
    }
}

static void swarm(void) {
    uint32_t must = 0;
    for (uint64_t seed = first_seed; seed < first_seed + seed_count; seed++) {
        static random_world random; /* large; the test is one thread */
        random_world_draw(&random, seed);
        sim_plan *plan = &random.small.plan;
        const char *refused = sim_world_refuses(plan);
        EXPECT_TEXT("the plan can be run", refused != NULL ? refused : "", "");
        sim_world *world = sim_world_create(plan);
        if (!EXPECT("a world is made", world != NULL)) {
            return;
        }
        sim_world_begin(world, plan, seed, NULL, small_result(&random.small));
        (void)sim_world_run_until(world, RANDOM_CALM_AT_US);
        random_world_calm(&random);
        (void)sim_world_run_until(world, PUNCH_NEVER);
        sim_world_finish(world);
        sim_world_destroy(world);
        judge(&random, seed, &must);
    }
    EXPECT("some pairs were bound to connect", seed_count < 20 || must > seed_count / 2);
}

int main(int argc, char **argv) {
    if (argc > 1) {
        first_seed = strtoull(argv[1], NULL, 10);
        seed_count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    }
    static const punch_test_case cases[] = {
        {"whatever is drawn, invariants hold and calm worlds connect", swarm},
    };
    return PUNCH_TEST_MAIN("swarm", cases);
}
