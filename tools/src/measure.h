/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is measured in a cell: a const table of measures, each an estimate with its interval. A
 * call is the unit unless the name says otherwise. Tables, files and JSON all go through this
 * table.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include "run.h"
#include "stats.h"

/* A cell with its times sorted once. */
typedef struct {
    const run_cell *cell;
    double *times_s; /* time to connect of every call, ascending, +infinity where it failed */
    double *scratch; /* as long as times_s, at least one per trial */
    uint64_t call_count;
    uint64_t connected_count;
} measure_cell;

/* Asserts that memory is there. */
measure_cell measure_cell_of(const run_cell *cell);
void measure_cell_free(measure_cell *cell);

typedef struct {
    const char *name; /* unit last, then the quantile */
    const char *help;
    bool (*applies)(const run_cell *cell); /* NULL: always */
    stats_estimate (*estimate)(const measure_cell *cell);
} measure;

/* The first is "connected", then "time_to_connect_s_p50" and "_p95"; *count_out is how many. */
const measure *measures(size_t *count_out);

enum {
    MEASURE_CONNECTED = 0,
    MEASURE_TIME_P50 = 1,
    MEASURE_TIME_P95 = 2,
    MEASURE_HELD = 5,
    MEASURE_KEEPALIVES = 6,
    MEASURE_OUTBOUND_GAP = 7
};

#endif
