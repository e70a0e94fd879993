/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the benchmark measured against what the project aims for: one row per aim.
 */
#ifndef BENCH_TARGETS_H
#define BENCH_TARGETS_H

#include <stdio.h>

#include "bench.h"

#define BENCH_SIZES_MAX 4
#define BENCH_NATS_MAX 3

typedef struct {
    bench_effort effort;
    bench_pair pair;
    bench_lab lab;
    bench_keepalive keepalive;
    bench_clients_row sizes[BENCH_SIZES_MAX]; /* ascending */
    size_t size_count;
    bench_nat_row nats[BENCH_NATS_MAX]; /* ascending */
    size_t nat_count;
} bench_figures;

/* CPU time of a message of a way to run trials, over the bare loop's. */
double bench_message_ratio(const bench_pair *pair, int row);

/* Cost of an event against the smallest world's, over the bare loop's own growth. */
double bench_growth(const bench_figures *figures, size_t size);

/* A translation over a look-up. */
double bench_nat_ratio(const bench_nat_cost *cost);

/* A line per aim: met, missed or not measured. */
void bench_targets_print(const bench_figures *figures, FILE *out);

/* [{"name", "value", "at_least" or "at_most", "met"}, ...]; what was not measured is left out. */
void bench_targets_json(const bench_figures *figures, FILE *out);

#endif
