/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats_bootstrap.h"

#include <math.h>
#include <stdlib.h>

#define MATHLIB_STANDALONE 1
#include <Rmath.h>

#include "punch/assert.h"
#include "punch/rng.h"

#define BLOCK_BITS 9u  /* of a draw choose one of 512 blocks, */
#define DRAW_BLOCKS 7u /* so a draw of 64 bits chooses seven */

/* A spread below this share of the values is what rounding leaves of none. Chosen: sums of 10^6
 * values keep ten digits. */
#define SPREAD_MIN 1e-10

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

/* --- influences */

/* How far each block that has a value pulls an estimate off; they add up to nothing. */
typedef struct {
    uint32_t count;
    double off[STATS_BLOCKS_MAX];
    double error;     /* standard error of the estimate */
    double effective; /* how many blocks make up the spread: 1 when one of them does */
} influences;

static bool has_value(const stats_block *block) {
    return block->first_count > 0.0 || block->second_count > 0.0;
}

static stats_block sum_of(const stats_blocks *blocks, uint32_t *count_out,
                          uint32_t *differing_out) {
    stats_block sum = {0};
    *count_out = 0;
    *differing_out = 0;
    for (uint32_t b = 0; b < blocks->count; b++) {
        const stats_block *block = &blocks->blocks[b];
        sum.first_sum += block->first_sum;
        sum.first_count += block->first_count;
        sum.second_sum += block->second_sum;
        sum.second_count += block->second_count;
        *count_out += has_value(block) ? 1 : 0;
        *differing_out +=
            block->first_sum * block->second_count != block->second_sum * block->first_count ||
                    (block->first_count > 0.0) != (block->second_count > 0.0)
                ? 1
                : 0;
    }
    return sum;
}

/* Of an estimate that grows with the first mean and falls with the second at these rates: 1 for
 * their difference, the inverse means for the logarithm of their ratio. */
static void influence(const stats_blocks *blocks, const stats_block *sum, const double rates[2],
                      influences *of) {
    const double first_mean = sum->first_sum / sum->first_count;
    const double second_mean = sum->second_sum / sum->second_count;
    double squares = 0.0;
    double fourths = 0.0;
    for (uint32_t b = 0; b < blocks->count; b++) {
        const stats_block *block = &blocks->blocks[b];
        if (!has_value(block)) {
            continue;
        }
        const double first = block->first_sum - first_mean * block->first_count;
        const double second = block->second_sum - second_mean * block->second_count;
        const double off =
            rates[0] * first / sum->first_count - rates[1] * second / sum->second_count;
        of->off[of->count++] = off;
        squares += off * off;
        fourths += off * off * off * off;
    }
    const double count = of->count;
    for (uint32_t b = 0; b < of->count; b++) {
        of->off[b] *= count;
    }
    of->error = sqrt(squares * count / (count - 1.0));
    of->effective = fourths > 0.0 ? squares * squares / fourths : 0.0;
    const double scale =
        fmax(fabs(rates[0] * first_mean), fabs(rates[1] * second_mean)) / sqrt(count);
    if (of->error <= SPREAD_MIN * scale) {
        of->error = 0.0;
    }
}

/* --- the interval */

/* How many standard errors the mean of as many blocks, drawn with replacement, is off. */
static double resampled_t(const influences *of, punch_rng *rng) {
    const uint32_t count = of->count;
    double sum = 0.0;
    double squares = 0.0;
    uint64_t draw = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t chosen = 0;
        if (count < STATS_BLOCKS_MAX) {
            chosen = punch_rng_below(rng, count);
        } else {
            draw = i % DRAW_BLOCKS == 0 ? punch_rng_u64(rng) : draw >> BLOCK_BITS;
            chosen = draw % STATS_BLOCKS_MAX;
        }
        sum += of->off[chosen];
        squares += of->off[chosen] * of->off[chosen];
    }
    const double mean = sum / count;
    const double spread = squares - sum * mean;
    /* Without a spread the mean is off by any number of errors, were it not for rounding. */
    if (spread <= SPREAD_MIN * squares) {
        return mean < 0.0 ? -INFINITY : INFINITY;
    }
    return mean / sqrt(spread / (count - 1.0) / count);
}

/* The distances of the ends of an interval around an estimate. */
typedef struct {
    double below;
    double above;
} distances;

static distances student(const influences *of, double freedom, double confidence) {
    const double half = qt((1.0 - confidence) / 2.0, freedom, 0, 0) * of->error;
    const distances made = {half, half};
    return made;
}

static distances distances_of(const influences *of, double confidence, uint64_t seed) {
    if (of->count < STATS_BLOCKS_ENOUGH) {
        return student(of, of->count - 1.0, confidence);
    }
    double *t = malloc(STATS_RESAMPLES * sizeof *t);
    PUNCH_ASSERT(t != NULL);
    punch_rng rng = punch_rng_stream(seed, 0, 0);
    for (uint32_t i = 0; i < STATS_RESAMPLES; i++) {
        t[i] = resampled_t(of, &rng);
    }
    stats_sort(t, STATS_RESAMPLES);
    /* 1e-9: (1 - 0.95) / 2 * 2000 is not quite 50 in binary */
    const double rank = floor((STATS_RESAMPLES + 1.0) * (1.0 - confidence) / 2.0 + 1e-9);
    const uint32_t at = rank < 1.0 ? 1 : (uint32_t)rank;
    const distances made = {t[STATS_RESAMPLES - at] * of->error, -t[at - 1] * of->error};
    free(t);
    if (isfinite(made.below) && isfinite(made.above)) {
        return made;
    }
    /* Too many resamples missed the few blocks that make up the spread: what is known of it is no
     * more than that many blocks say. */
    return student(of, fmax(of->effective - 1.0, 1.0), confidence);
}

/* --- both together */

/* p of blocks that are so many errors off, of which so many differ at all. */
static double p_of(double value, const influences *of, uint32_t differing) {
    if (value == 0.0 || differing == 0) {
        return 1.0;
    }
    const double least = ldexp(1.0, 1 - (int)differing);
    if (of->error == 0.0) {
        return least;
    }
    return fmax(2.0 * pt(-fabs(value) / of->error, of->count - 1.0, 1, 0), least);
}

/* An estimate with its interval, in the same scale. */
static stats_estimate around(uint64_t n, double value, const influences *of, double confidence,
                             uint64_t seed) {
    stats_estimate made = {n, value, -INFINITY, INFINITY};
    if (of->count < 2) {
        return made;
    }
    if (of->error == 0.0) {
        if (value == 0.0 || of->count >= STATS_BLOCKS_ENOUGH) {
            made.lo = value;
            made.hi = value;
        }
        return made;
    }
    const distances ends = distances_of(of, confidence, seed);
    made.lo = value - ends.below;
    made.hi = value + ends.above;
    return made;
}

static stats_estimate ratio_of(const stats_blocks *blocks, const stats_block *sum, uint64_t n,
                               double confidence, uint64_t seed) {
    const double first_mean = sum->first_sum / sum->first_count;
    const double second_mean = sum->second_sum / sum->second_count;
    if (!(first_mean > 0.0) && !(second_mean > 0.0)) {
        return (stats_estimate){n, 1.0, 1.0, 1.0};
    }
    if (!(first_mean > 0.0) || !(second_mean > 0.0)) {
        return (stats_estimate){n, first_mean / second_mean, 0.0, INFINITY};
    }
    influences of = {0};
    const double rates[2] = {1.0 / first_mean, 1.0 / second_mean};
    influence(blocks, sum, rates, &of);
    const double log_ratio = first_mean == second_mean ? 0.0 : log(first_mean / second_mean);
    const stats_estimate made = around(n, log_ratio, &of, confidence, seed);
    return (stats_estimate){n, first_mean / second_mean, exp(made.lo), exp(made.hi)};
}

/* How far the means of both samples are apart, before anything is resampled. */
typedef struct {
    stats_block sum;
    uint64_t n; /* of the smaller sample; 0: there is nothing else */
    double value;
    double p;
    influences of;
} separation;

static void separate(const stats_blocks *blocks, separation *out) {
    uint32_t count = 0;
    uint32_t differing = 0;
    const double rates[2] = {1.0, 1.0};
    *out = (separation){.sum = sum_of(blocks, &count, &differing), .p = 1.0};
    const stats_block *sum = &out->sum;
    out->n = (uint64_t)fmin(sum->first_count, sum->second_count);
    if (out->n == 0) {
        return;
    }
    influence(blocks, sum, rates, &out->of);
    out->value = sum->first_sum / sum->first_count - sum->second_sum / sum->second_count;
    out->p = count < 2 ? 1.0 : p_of(out->value, &out->of, differing);
}

stats_bootstrapped stats_bootstrap(const stats_blocks *blocks, double confidence, uint64_t seed) {
    const stats_difference nothing = {{0, NAN, -INFINITY, INFINITY}, 1.0};
    stats_bootstrapped made = {nothing, nothing};
    separation apart;
    separate(blocks, &apart);
    if (apart.n == 0) {
        return made;
    }
    made.difference.estimate = around(apart.n, apart.value, &apart.of, confidence, seed);
    made.ratio.estimate = ratio_of(blocks, &apart.sum, apart.n, confidence, seed);
    made.difference.p = apart.p;
    made.ratio.p = apart.p;
    return made;
}

double stats_blocks_p(const stats_blocks *blocks) {
    separation apart;
    separate(blocks, &apart);
    return apart.p;
}
