/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections held for a day by each keepalive strategy there is: what a comparison of them costs.
 * Two peers, each behind a NAT that filters by address and port, is refreshed by outbound packets
 * only and forgets after 10 to 600 s, log-uniform; 1 % loss; a lost call is redialled. Holes are
 * watched, as in every world with a hold.
 */
#include "bench.h"
#include "bench_plan.h"
#include "punch/lab.h"
#include "punch/realmath.h"
#include "sim/backend.h"
#include "sim/crypto_fast.h"
#include "stats.h"

#define HOUR_US (3600 * PUNCH_US_PER_S)
#define DAY_HOURS 24.0

/* Of one turn. Chosen: about 0.1 s. */
#define CONNECTIONS 8u

#define TIMEOUT_MIN_US (10 * PUNCH_US_PER_S)
#define TIMEOUT_MAX_US (600 * PUNCH_US_PER_S)
#define REDIAL_US (5 * PUNCH_US_PER_S)
#define LOSS 0.01
/* Room beside the one mapping of a pair trial: for a spare port, and what lapsed. Chosen. */
#define TABLE_MAX 8u

static sim_plan *make_plan(uint32_t hours) {
    sim_plan *plan = bench_plan_pair(&sim_crypto_fast);
    for (uint32_t i = 0; i < 2; i++) {
        plan->sites[i].nat.table_max = TABLE_MAX;
        plan->sites[i].nat.filters_max = 4 * TABLE_MAX;
        plan->sites[i].nat.refresh_inbound = false;
        plan->hosts[i].calls_max = 2; /* one that is lost, one that is dialled */
    }
    plan->calls[0].redial_us = REDIAL_US;
    plan->core_loss = punch_probability_of(LOSS);
    plan->hold_us = hours * HOUR_US;
    plan->limit_us = plan->hold_us + 60 * PUNCH_US_PER_S;
    return plan;
}

static void draw_timeouts(sim_plan *plan, uint64_t seed) {
    const double span = punch_log((double)TIMEOUT_MAX_US / (double)TIMEOUT_MIN_US);
    for (uint32_t i = 0; i < 2; i++) {
        punch_rng rng = punch_rng_stream(seed, i, 0);
        const punch_time_us timeout_us =
            (punch_time_us)((double)TIMEOUT_MIN_US * punch_exp(span * punch_rng_unit(&rng)));
        plan->sites[i].nat.udp_timeout_first_us = timeout_us;
        plan->sites[i].nat.udp_timeout_stream_us = timeout_us;
    }
}

/* CPU seconds of so many connections; packets are added up. False: one did not connect. */
static bool turn(sim_plan *plan, void *world, uint64_t first_seed, double *spent_s_out,
                 uint64_t *packets) {
    sim_call_result call;
    sim_trial_result result = {.calls = &call};
    const double began_s = bench_cpu_s();
    for (uint64_t seed = first_seed; seed < first_seed + CONNECTIONS; seed++) {
        draw_timeouts(plan, seed);
        sim_backend_des.run(world, plan, seed, NULL, &result);
        *packets += result.packets_sent;
        if (call.hold.held_us == 0) {
            return false;
        }
    }
    *spent_s_out = bench_cpu_s() - began_s;
    return true;
}

static bool measure(const punch_keepalive *strategy, uint32_t hours, const bench_effort *effort,
                    bench_keepalive_row *row) {
    sim_plan *plan = make_plan(hours);
    plan->hosts[0].offers[0] = strategy;
    plan->hosts[1].offers[0] = strategy;
    void *world = sim_backend_des.create(plan);
    bool good = world != NULL;
    double days_s[BENCH_REPETITIONS_MAX];
    uint64_t packets = 0;
    for (uint32_t i = 0; good && i < effort->repetitions; i++) {
        double spent_s = 0.0;
        good = turn(plan, world, (uint64_t)i * CONNECTIONS, &spent_s, &packets);
        days_s[i] = spent_s / CONNECTIONS * DAY_HOURS / hours;
    }
    if (good) {
        row->name = strategy->name;
        row->day_s = stats_median(days_s, effort->repetitions);
        row->packets_per_h = (double)packets / ((double)effort->repetitions * CONNECTIONS * hours);
    }
    sim_backend_des.destroy(world);
    bench_plan_free(plan);
    return good;
}

bool bench_run_keepalive(uint32_t hours, const bench_effort *effort, bench_keepalive *result,
                         const char **error_out) {
    size_t count;
    const punch_keepalive *const *strategies = punch_lab_keepalives(&count);
    double sum_s = 0.0;
    for (size_t i = 0; i < count && i < BENCH_STRATEGIES_MAX; i++) {
        if (!measure(strategies[i], hours, effort, &result->rows[i])) {
            *error_out = "a pair did not connect, or there is no memory";
            return false;
        }
        sum_s += result->rows[i].day_s;
        result->count = i + 1;
    }
    result->comparison_s = sum_s / (double)result->count * 1000.0 * 10.0 / 2.0;
    return true;
}
