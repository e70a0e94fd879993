/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exact order statistics of any number of int64 values (microseconds) in bounded memory, by going
 * over the values more than once.
 *
 *   pass 1   counts into a dense log-linear histogram: 512 buckets to an octave, both signs
 *            -> n is known, the ranks can be said, and a distribution can be drawn
 *   pass 2   counts the buckets that hold those ranks again, in 2048 parts each
 *   pass 3.. the same with the parts, until each holds one value only
 *
 * Values below 1024 need one pass, below 2 s two, below 71 min three. INT64_MAX is never and
 * INT64_MIN its opposite (of a difference); both have buckets of their own, the ends.
 */
#ifndef STATS_SELECT_H
#define STATS_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#define STATS_SELECT_WANTED_MAX 16u /* chosen: five quantiles with both ends of their intervals */

typedef struct stats_select stats_select; /* about 700 KB */

/* Asserts that memory is there. */
stats_select *stats_select_create(void);
void stats_select_destroy(stats_select *select); /* accepts NULL */
void stats_select_reset(stats_select *select);   /* as created */

/* One value of this pass. Every pass needs the same values, in any order. */
void stats_select_add(stats_select *select, int64_t value);

/* How many there were in the first pass. */
uint64_t stats_select_count(const stats_select *select);

/* After the first pass and before stats_select_next_pass: asks for the value of a rank, from 1 in
 * ascending order; 0 is answered with INT64_MIN, n + 1 with INT64_MAX. Returns the number to ask
 * stats_select_value with. */
uint32_t stats_select_want(stats_select *select, uint64_t rank);

/* Ends a pass. True: all values have to be added once more. False: all that was wanted is known. */
bool stats_select_next_pass(stats_select *select);

/* What stats_select_want(...) == wanted asked for, once no further pass is needed. */
int64_t stats_select_value(const stats_select *select, uint32_t wanted);

/* The same of values that are not negative: never is infinite, before the first is 0. */
double stats_select_shown(const stats_select *select, uint32_t wanted);

/* Walks the buckets of the first pass that are not empty, in ascending order. All zero: before the
 * first. */
typedef struct {
    uint32_t next_bucket;
    int64_t upper;       /* no value of the bucket is larger */
    uint64_t cumulative; /* values up to there */
} stats_select_step;

/* False at the end, the step unchanged. */
bool stats_select_walk(const stats_select *select, stats_select_step *step);

#endif
