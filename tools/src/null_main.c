/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab_null REPETITIONS TURN_S: the simulator with the null core against the bare loop, in
 * turns. Prints one line for `punchlab bench`: microseconds, events and packets of a trial with the
 * null core, and its events/s as a share of the bare loop's (median of the turns' ratios).
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench_bare.h"
#include "bench_plan.h"
#include "format.h"
#include "punch/assert.h"
#include "sim/backend.h"
#include "sim/crypto_fast.h"
#include "stats.h"

#define REPETITIONS_MAX 101u

void punch_panic(const char *file, int line, const char *what, int64_t got, int64_t expected) {
    fprintf(stderr, "punchlab_null: %s:%d: %s (got %lld, expected %lld)\n", file, line, what,
            (long long)got, (long long)expected);
    abort();
}

static double cpu_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

typedef struct {
    double took_s;
    uint64_t events;
    uint64_t packets;
} turn;

static turn turn_null(void *world, const sim_plan *plan, uint64_t trials) {
    turn made = {0.0, 0, 0};
    const double began_s = cpu_s();
    for (uint64_t i = 0; i < trials; i++) {
        sim_call_result call;
        sim_trial_result result = {.calls = &call};
        sim_backend_des.run(world, plan, i, NULL, &result);
        PUNCH_ASSERT(call.connected);
        made.events += result.events;
        made.packets += result.packets_sent;
    }
    made.took_s = cpu_s() - began_s;
    return made;
}

static turn turn_bare(bare *world, uint64_t trials) {
    turn made = {0.0, 0, 0};
    const double began_s = cpu_s();
    for (uint64_t i = 0; i < trials; i++) {
        const uint64_t events = bare_pair_trial(world, i);
        PUNCH_ASSERT(events > 0);
        made.events += events;
    }
    made.took_s = cpu_s() - began_s;
    return made;
}

int main(int argc, char **argv) {
    uint64_t repetitions = 0;
    if (argc != 3 || !format_parse_u64(argv[1], &repetitions) || repetitions < 1 ||
        repetitions > REPETITIONS_MAX) {
        fprintf(stderr, "usage: punchlab_null REPETITIONS TURN_S\n");
        return 2;
    }
    const double turn_s = strtod(argv[2], NULL);
    sim_plan *plan = bench_plan_pair(&sim_crypto_fast);
    void *world = sim_backend_des.create(plan);
    bare *floor_world = bare_create(2);
    PUNCH_ASSERT(world != NULL);
    PUNCH_ASSERT(floor_world != NULL);
    uint64_t trials = 16;
    turn first = turn_null(world, plan, trials);
    while (first.took_s < turn_s) {
        trials *= 2;
        first = turn_null(world, plan, trials);
    }
    double times_us[REPETITIONS_MAX];
    double shares[REPETITIONS_MAX];
    for (uint64_t r = 0; r < repetitions; r++) {
        const turn null_turn = turn_null(world, plan, trials);
        const turn bare_turn = turn_bare(floor_world, trials);
        times_us[r] = null_turn.took_s / (double)trials * 1e6;
        shares[r] = (double)null_turn.events / null_turn.took_s /
                    ((double)bare_turn.events / bare_turn.took_s);
    }
    printf("%.6f %.6f %.6f %.6f\n", stats_median(times_us, repetitions),
           (double)first.events / (double)trials, (double)first.packets / (double)trials,
           stats_median(shares, repetitions));
    sim_backend_des.destroy(world);
    bare_destroy(floor_world);
    bench_plan_free(plan);
    return 0;
}
