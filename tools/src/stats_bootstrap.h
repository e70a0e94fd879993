/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Means of two samples from the same worlds, in bounded memory: the worlds are cut into at most 512
 * consecutive blocks of the same length, and whole blocks are drawn with replacement (Efron &
 * Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13: percentile interval). Worlds are
 * independent, so a block is as good as a world, and 512 of them lose next to nothing. The draws
 * are those of punch/rng.h: the same sums and seed give the same bytes.
 */
#ifndef STATS_BOOTSTRAP_H
#define STATS_BOOTSTRAP_H

#include "stats_difference.h"

#define STATS_BLOCKS_MAX 512u /* chosen: 9 bits of a draw choose one */

typedef struct {
    double first_sum;
    double first_count;
    double second_sum;
    double second_count;
} stats_block;

typedef struct {
    uint64_t worlds;
    uint32_t count;
    stats_block blocks[STATS_BLOCKS_MAX];
} stats_blocks;

void stats_blocks_init(stats_blocks *blocks, uint64_t worlds);

/* One value of the first and one of the second sample from that world; NaN: there is none, as where
 * a call does not count. A world may have several. */
void stats_blocks_add(stats_blocks *blocks, uint64_t world, double first, double second);

/* How many resamples: 1999 for one comparison (the ends of the interval are good to about 2 % of
 * its width), and 80 for each of many, so that the least p there is, adjusted for all, is 0.025.
 * No more than 99,999: beyond 2,500 comparisons no mean differs significantly by itself. */
uint32_t stats_bootstrap_resamples(uint64_t comparisons);

typedef struct {
    double confidence;
    uint32_t resamples;
    uint64_t seed;
} stats_bootstrap_how;

typedef struct {
    stats_difference difference;
    stats_difference ratio; /* nothing by nothing is 1 */
} stats_bootstrapped;

/* p is twice the smaller share of resamples on either side of no change, but at least
 * 2 / (resamples + 1) (Davison & Hinkley, Bootstrap Methods and their Application, 1997, 4.2.5: the
 * sample itself counts). With fewer than two blocks the interval is unbounded. */
stats_bootstrapped stats_bootstrap(const stats_blocks *blocks, const stats_bootstrap_how *how);

#endif
