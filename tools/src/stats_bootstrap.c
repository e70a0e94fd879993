/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats_bootstrap.h"

#include <math.h>
#include <stdlib.h>

#include "punch/assert.h"
#include "punch/rng.h"

#define BLOCK_BITS 9u  /* of a draw choose one of 512 blocks, */
#define DRAW_BLOCKS 7u /* so a draw of 64 bits chooses seven */

void stats_blocks_init(stats_blocks *blocks, uint64_t worlds) {
    *blocks = (stats_blocks){0};
    blocks->worlds = worlds;
    blocks->count = worlds < STATS_BLOCKS_MAX ? (uint32_t)worlds : STATS_BLOCKS_MAX;
}

void stats_blocks_add(stats_blocks *blocks, uint64_t world, double first, double second) {
    PUNCH_ASSERT(world < blocks->worlds);
    /* world * count / worlds without overflow: worlds stay below 2^54 */
    stats_block *block = &blocks->blocks[world * blocks->count / blocks->worlds];
    if (!isnan(first)) {
        block->first_sum += first;
        block->first_count += 1.0;
    }
    if (!isnan(second)) {
        block->second_sum += second;
        block->second_count += 1.0;
    }
}

uint32_t stats_bootstrap_resamples(uint64_t comparisons) {
    if (comparisons <= 25) {
        return 1999;
    }
    return comparisons < 1250 ? (uint32_t)comparisons * 80 - 1 : 99999;
}

static void add_block(stats_block *sum, const stats_block *block) {
    sum->first_sum += block->first_sum;
    sum->first_count += block->first_count;
    sum->second_sum += block->second_sum;
    sum->second_count += block->second_count;
}

/* As many blocks as there are, drawn with replacement. */
static stats_block resample(const stats_blocks *blocks, punch_rng *rng) {
    stats_block sum = {0};
    if (blocks->count < STATS_BLOCKS_MAX) {
        for (uint32_t i = 0; i < blocks->count; i++) {
            add_block(&sum, &blocks->blocks[punch_rng_below(rng, blocks->count)]);
        }
        return sum;
    }
    uint32_t left = STATS_BLOCKS_MAX;
    while (left > 0) {
        uint64_t draw = punch_rng_u64(rng);
        for (uint32_t i = 0; i < DRAW_BLOCKS && left > 0; i++, left--) {
            add_block(&sum, &blocks->blocks[draw % STATS_BLOCKS_MAX]);
            draw >>= BLOCK_BITS;
        }
    }
    return sum;
}

static double difference_of(const stats_block *sum) {
    return sum->first_sum / sum->first_count - sum->second_sum / sum->second_count;
}

static double ratio_of(const stats_block *sum) {
    if (sum->first_sum == 0.0 && sum->second_sum == 0.0) {
        return 1.0;
    }
    return sum->first_sum / sum->first_count / (sum->second_sum / sum->second_count);
}

/* Value, interval and p from the resampled values; null is no change. Sorts them. */
static stats_difference judged(double *values, uint32_t count, double null, double confidence) {
    stats_difference of = {{0, NAN, -INFINITY, INFINITY}, 1.0};
    if (count == 0) {
        return of;
    }
    uint32_t not_above = 0;
    uint32_t not_below = 0;
    for (uint32_t i = 0; i < count; i++) {
        not_above += values[i] <= null ? 1 : 0;
        not_below += values[i] >= null ? 1 : 0;
    }
    const double rarer = not_above < not_below ? not_above : not_below;
    of.p = fmin(1.0, 2.0 * (rarer + 1.0) / ((double)count + 1.0));
    stats_sort(values, count);
    /* 1e-9: (1 - 0.95) / 2 * 2000 is not quite 50 in binary */
    const double rank = floor(((double)count + 1.0) * (1.0 - confidence) / 2.0 + 1e-9);
    if (rank >= 1.0) {
        of.estimate.lo = values[(uint32_t)rank - 1];
        of.estimate.hi = values[count - (uint32_t)rank];
    }
    return of;
}

stats_bootstrapped stats_bootstrap(const stats_blocks *blocks, const stats_bootstrap_how *how) {
    stats_block all = {0};
    for (uint32_t b = 0; b < blocks->count; b++) {
        add_block(&all, &blocks->blocks[b]);
    }
    double *differences = calloc(how->resamples + 1, sizeof *differences);
    double *ratios = calloc(how->resamples + 1, sizeof *ratios);
    PUNCH_ASSERT(differences != NULL);
    PUNCH_ASSERT(ratios != NULL);
    punch_rng rng = punch_rng_stream(how->seed, 0, 0);
    uint32_t count = 0;
    for (uint32_t i = 0; i < how->resamples && blocks->count > 1; i++) {
        const stats_block sum = resample(blocks, &rng);
        /* A resample without a value of either sample has no mean. */
        if (sum.first_count > 0.0 && sum.second_count > 0.0) {
            differences[count] = difference_of(&sum);
            ratios[count] = ratio_of(&sum);
            count++;
        }
    }
    stats_bootstrapped of;
    of.difference = judged(differences, count, 0.0, how->confidence);
    of.ratio = judged(ratios, count, 1.0, how->confidence);
    free(differences);
    free(ratios);
    const double n = fmin(all.first_count, all.second_count);
    if (n > 0.0) {
        of.difference.estimate.n = (uint64_t)n;
        of.difference.estimate.value = difference_of(&all);
        of.ratio.estimate.n = (uint64_t)n;
        of.ratio.estimate.value = ratio_of(&all);
    }
    return of;
}
