/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One world full of clients that keep a registration alive: what a client costs in memory, how fast
 * the world runs against the wall clock, and how the cost of an event grows with the number of
 * hosts, beside the bare loop's own growth.
 */
#include <string.h>

#include "bench.h"
#include "bench_bare.h"
#include "bench_plan.h"
#include "sim/crypto_fast.h"
#include "sim/world.h"
#include "stats.h"

/* By then every client has started and registered: starts are spread over the first 15 s. */
#define SETTLED_AT_US (30 * PUNCH_US_PER_S)

/* Simulated time measured: longer for fewer clients, so that every size pops about as many events.
 * Chosen: about six million client-seconds, at least two keepalive intervals, at most 50 minutes.
 */
static punch_time_us measured_us(uint32_t clients) {
    const punch_time_us span_us = (punch_time_us)6000000 * PUNCH_US_PER_S / clients;
    const punch_time_us least_us = 2 * BENCH_KEEPALIVE_US;
    const punch_time_us most_us = 3000 * PUNCH_US_PER_S;
    return span_us < least_us ? least_us : span_us > most_us ? most_us : span_us;
}

typedef struct {
    sim_plan *plan;
    sim_world *world;
    bare *floor_world;
} clients_worlds;

static bool create(clients_worlds *worlds, uint32_t clients) {
    worlds->plan = bench_plan_clients(clients, &sim_crypto_fast);
    worlds->world = worlds->plan != NULL ? sim_world_create(worlds->plan) : NULL;
    worlds->floor_world = bare_create(clients);
    return worlds->world != NULL && worlds->floor_world != NULL;
}

static void destroy(clients_worlds *worlds) {
    sim_world_destroy(worlds->world);
    bare_destroy(worlds->floor_world);
    bench_plan_free(worlds->plan);
}

/* Both worlds in turns over the same simulated time. */
static void measure(const clients_worlds *worlds, const sim_trial_result *result,
                    const bench_effort *effort, bench_clients_row *row) {
    double event_ns[BENCH_REPETITIONS_MAX];
    double bare_event_ns[BENCH_REPETITIONS_MAX];
    double speedups[BENCH_REPETITIONS_MAX];
    const punch_time_us span_us = measured_us(row->clients) / effort->repetitions;
    const uint64_t packets_before = result->packets_sent;
    for (uint32_t r = 0; r < effort->repetitions; r++) {
        const punch_time_us until_us = SETTLED_AT_US + (r + 1) * span_us;
        const uint64_t events_before = result->events;
        const double began_s = bench_cpu_s();
        (void)sim_world_run_until(worlds->world, until_us);
        const double between_s = bench_cpu_s();
        const uint64_t bare_events = bare_keepalive_run(worlds->floor_world, until_us);
        const double ended_s = bench_cpu_s();
        const double events = (double)(result->events - events_before);
        event_ns[r] = (between_s - began_s) / events * 1e9;
        bare_event_ns[r] = (ended_s - between_s) / (double)bare_events * 1e9;
        speedups[r] = (double)span_us / 1e6 / (between_s - began_s);
    }
    row->event_ns = stats_median(event_ns, effort->repetitions);
    row->bare_event_ns = stats_median(bare_event_ns, effort->repetitions);
    row->speedup = stats_median(speedups, effort->repetitions);
    row->packets_per_s = (double)(result->packets_sent - packets_before) / row->clients /
                         ((double)span_us * effort->repetitions / 1e6);
}

bool bench_run_clients(uint32_t clients, const bench_effort *effort, bench_clients_row *row_out,
                       const char **error_out) {
    memset(row_out, 0, sizeof *row_out);
    row_out->clients = clients;
    clients_worlds worlds;
    sim_call_result no_calls;
    sim_trial_result result = {.calls = &no_calls};
    *error_out = create(&worlds, clients) ? NULL : "out of memory";
    if (*error_out == NULL) {
        *error_out = sim_world_refuses(worlds.plan);
    }
    if (*error_out == NULL) {
        row_out->world_bytes = (double)sim_world_bytes(worlds.world) / clients;
        row_out->peer_bytes = (double)sim_world_core_bytes(worlds.world, 0);
        row_out->nat_bytes = (double)sim_world_nat_bytes(worlds.world, 0);
        row_out->entry_bytes = (double)sim_world_core_bytes(worlds.world, clients) / clients;
        row_out->plan_bytes = (double)bench_plan_bytes(worlds.plan) / clients;
        sim_world_begin(worlds.world, worlds.plan, 1, NULL, &result);
        (void)sim_world_run_until(worlds.world, SETTLED_AT_US);
        bare_keepalive_begin(worlds.floor_world);
        (void)bare_keepalive_run(worlds.floor_world, SETTLED_AT_US);
        const punch_broker *broker = sim_world_broker(worlds.world, clients);
        if (punch_broker_registered_count(broker) != clients) {
            *error_out = "not every client registered";
        } else {
            measure(&worlds, &result, effort, row_out);
        }
        sim_world_finish(worlds.world);
    }
    destroy(&worlds);
    return *error_out == NULL;
}
