/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Means of two samples from the same worlds, in bounded memory: the worlds are cut into at most 512
 * consecutive blocks of the same length. Worlds are independent, so a block is as good as a world,
 * and 512 of them lose next to nothing. What a block adds to the difference is its influence, to
 * the first order: it is exact where blocks hold as many values, as they do but for calls that do
 * not count.
 *
 *   p          Student's t of the blocks, no less than 2^(1 - n) for n blocks that differ at all:
 *              changing signs of so few cannot say more
 *   interval   fewer than 20 blocks: Student's. From there on the studentised bootstrap (Efron &
 *              Tibshirani, An Introduction to the Bootstrap, 1993, 12.5), which follows skewness;
 *              percentiles of resamples would be too narrow, by far for few blocks
 *
 * A ratio is the same of its logarithm. The draws are those of punch/rng.h: the same sums and seed
 * give the same bytes.
 */
#ifndef STATS_BOOTSTRAP_H
#define STATS_BOOTSTRAP_H

#include "stats_difference.h"

#define STATS_BLOCKS_MAX 512u /* chosen: 9 bits of a draw choose one */

/* From so many blocks on an interval is resampled, and one without width believed. Chosen: with
 * fewer, resampled spreads often rest on two or three blocks. */
#define STATS_BLOCKS_ENOUGH 20u

/* Chosen: an end of the interval is good to about 2 % of its width. */
#define STATS_RESAMPLES 1999u

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

typedef struct {
    stats_difference difference;
    stats_difference ratio; /* nothing by nothing is 1 */
} stats_bootstrapped;

/* p of both is that of the difference. With fewer than two blocks that have a value the intervals
 * are unbounded, and with fewer than STATS_BLOCKS_ENOUGH where all blocks changed alike. A change
 * of nothing in all blocks is said as it is. */
stats_bootstrapped stats_bootstrap(const stats_blocks *blocks, double confidence, uint64_t seed);

/* That p alone, without the interval and its resamples. */
double stats_blocks_p(const stats_blocks *blocks);

#endif
