/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compare_cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"
#include "stats_bootstrap.h"
#include "trial_value.h"

/* What one measure needs to keep while two cells are read. */
typedef struct {
    bool open; /* wanted, and measured in both */
    double threshold;
    stats_pairs pairs; /* shares: yes; quantiles: beyond the threshold */
    stats_count beyond[2];
    stats_blocks *blocks;
} keeper;

typedef struct {
    const compare_side *sides[2];
    const compare_how *how;
    const sim_measure *table;
    uint32_t count;
    keeper keepers[COMPARE_MEASURES_MAX];
    compare_changes *changes;
} reading;

/* --- two cells in step */

typedef struct {
    trials_reader reader;
    uint32_t next; /* of the chunk at hand */
} walker;

typedef struct {
    walker walkers[2];
    uint64_t pairs; /* that were met */
} pair_walker;

static void pairs_begin(pair_walker *pair, const reading *of) {
    memset(pair, 0, sizeof *pair);
    for (int side = 0; side < 2; side++) {
        trials_reader_begin(&pair->walkers[side].reader, of->sides[side]->file,
                            of->sides[side]->cell);
    }
}

/* Ends both; false when a file changed. */
static bool pairs_end(pair_walker *pair) {
    const bool whole = !pair->walkers[0].reader.broken && !pair->walkers[1].reader.broken;
    trials_reader_end(&pair->walkers[0].reader);
    trials_reader_end(&pair->walkers[1].reader);
    return whole;
}

/* Makes sure that a trial is at hand. */
static bool walker_ready(walker *at) {
    while (at->next >= at->reader.chunk.count) {
        if (!trials_reader_next(&at->reader)) {
            return false;
        }
        at->next = 0;
    }
    return true;
}

/* The next trial that both have. */
static bool pairs_next(pair_walker *pair, uint64_t *trial_out, const sim_trial_result *out[2]) {
    walker *a = &pair->walkers[0];
    walker *b = &pair->walkers[1];
    while (walker_ready(a) && walker_ready(b)) {
        const uint64_t trial_a = a->reader.chunk.first + a->next;
        const uint64_t trial_b = b->reader.chunk.first + b->next;
        if (trial_a == trial_b) {
            out[0] = &a->reader.results[a->next++];
            out[1] = &b->reader.results[b->next++];
            *trial_out = trial_a;
            pair->pairs++;
            return true;
        }
        if (trial_a < trial_b) {
            a->next++;
        } else {
            b->next++;
        }
    }
    return false;
}

/* --- what is kept */

/* Is the first value worse? Of a quantile only when the two are on either side of it. */
static bool is_worse(const sim_measure *measure, double threshold, double first, double second) {
    switch (measure->sense) {
    case SIM_MORE_IS_BETTER:
        return first < second;
    case SIM_LESS_IS_BETTER:
        break;
    }
    if (measure->kind == SIM_MEASURE_QUANTILE) {
        return sim_measure_shown(measure, first) > threshold &&
               sim_measure_shown(measure, second) <= threshold;
    }
    return first > second;
}

static void count_pair(bool first, bool second, stats_pairs *pairs) {
    pairs->both += first && second ? 1 : 0;
    pairs->first_only += first && !second ? 1 : 0;
    pairs->second_only += !first && second ? 1 : 0;
    pairs->neither += !first && !second ? 1 : 0;
}

/* One value of each side; either may not count. */
static void keep_pair(keeper *to, const sim_measure *measure, uint64_t world,
                      const double values[2]) {
    if (to->blocks != NULL) {
        stats_blocks_add(to->blocks, world, sim_measure_shown(measure, values[0]),
                         sim_measure_shown(measure, values[1]));
        return;
    }
    if (isnan(values[0]) || isnan(values[1])) {
        return;
    }
    if (measure->kind == SIM_MEASURE_SHARE) {
        count_pair(values[0] > 0.0, values[1] > 0.0, &to->pairs);
        return;
    }
    count_pair(sim_measure_shown(measure, values[0]) > to->threshold,
               sim_measure_shown(measure, values[1]) > to->threshold, &to->pairs);
}

static uint32_t calls_of(const compare_side *side) {
    return side->file->about.cells[side->cell].call_count;
}

/* The values of one measure in a pair of trials, the world-th pair. */
static void keep_pairs(reading *of, uint32_t m, uint64_t world, uint64_t trial,
                       const sim_trial_result *const trials[2]) {
    const sim_measure *measure = &of->table[m];
    const double values[2] = {trial_value(measure, trials[0], calls_of(of->sides[0])),
                              trial_value(measure, trials[1], calls_of(of->sides[1]))};
    keep_pair(&of->keepers[m], measure, world, values);
    compare_change *change = &of->changes->of[m];
    const double threshold = of->keepers[m].threshold;
    if (change->worse_trial == UINT64_MAX && is_worse(measure, threshold, values[0], values[1])) {
        change->worse_trial = trial;
    }
    if (change->better_trial == UINT64_MAX && is_worse(measure, threshold, values[1], values[0])) {
        change->better_trial = trial;
    }
}

/* Do the values of either side say how much, not only whether? */
static bool is_mean(const reading *of, uint32_t m) {
    return trial_value_kind(&of->table[m], calls_of(of->sides[0])) == SIM_MEASURE_MEAN ||
           trial_value_kind(&of->table[m], calls_of(of->sides[1])) == SIM_MEASURE_MEAN;
}

static uint64_t pairs_at_most(const reading *of) {
    uint64_t most = UINT64_MAX;
    for (int side = 0; side < 2; side++) {
        const uint64_t trials = of->sides[side]->file->cells[of->sides[side]->cell].trials;
        most = trials < most ? trials : most;
    }
    return most;
}

static void open_keepers(reading *of) {
    for (uint32_t m = 0; m < of->count; m++) {
        keeper *to = &of->keepers[m];
        const stats_estimate *first = &of->sides[0]->estimates[m];
        const stats_estimate *second = &of->sides[1]->estimates[m];
        to->open = of->how->wanted[m] && first->n > 0 && second->n > 0;
        to->threshold = fmin(first->value, second->value);
        if (!to->open || !of->how->paired) {
            continue;
        }
        if (is_mean(of, m)) {
            to->blocks = malloc(sizeof *to->blocks);
            PUNCH_ASSERT(to->blocks != NULL);
            stats_blocks_init(to->blocks, pairs_at_most(of));
        }
    }
}

static void close_keepers(reading *of) {
    for (uint32_t m = 0; m < of->count; m++) {
        free(of->keepers[m].blocks);
    }
}

/* --- the same worlds */

static bool keep_all_pairs(reading *of) {
    pair_walker pair;
    uint64_t trial = 0;
    const sim_trial_result *trials[2];
    pairs_begin(&pair, of);
    while (pairs_next(&pair, &trial, trials)) {
        for (uint32_t m = 0; m < of->count; m++) {
            if (of->keepers[m].open) {
                keep_pairs(of, m, pair.pairs - 1, trial, trials);
            }
        }
    }
    return pairs_end(&pair);
}

static void conclude_pairs(const reading *of, uint32_t m, compare_change *change) {
    const keeper *from = &of->keepers[m];
    const stats_estimate *first = &of->sides[0]->estimates[m];
    const stats_estimate *second = &of->sides[1]->estimates[m];
    const double confidence = of->how->confidence;
    change->paired = true;
    if (from->blocks != NULL) {
        const stats_bootstrapped made = stats_bootstrap(from->blocks, confidence, of->how->seed);
        change->difference = made.difference;
        change->ratio = made.ratio;
        return;
    }
    switch (of->table[m].kind) {
    case SIM_MEASURE_SHARE:
        change->difference = stats_paired_shares(&from->pairs, confidence);
        change->ratio = stats_paired_shares_ratio(&from->pairs, confidence);
        return;
    case SIM_MEASURE_MEAN:
        return; /* by blocks */
    case SIM_MEASURE_QUANTILE:
        change->ratio = stats_ratio_of_summaries(first, second, confidence);
        change->difference = stats_of_summaries(first, second, confidence);
        change->difference.p = stats_sign_test(from->pairs.first_only, from->pairs.second_only);
        change->ratio.p = change->difference.p;
        return;
    }
}

/* --- other worlds */

/* Counts what is beyond the threshold of each quantile. */
static bool count_beyond(reading *of, int side) {
    const trials_file *file = of->sides[side]->file;
    const uint32_t cell = of->sides[side]->cell;
    trials_reader reader;
    trials_reader_begin(&reader, file, cell);
    while (trials_reader_next(&reader)) {
        for (uint32_t t = 0; t < reader.chunk.count; t++) {
            for (uint32_t m = 0; m < of->count; m++) {
                const sim_measure *measure = &of->table[m];
                if (!of->keepers[m].open || measure->kind != SIM_MEASURE_QUANTILE) {
                    continue;
                }
                const double value =
                    trial_value(measure, &reader.results[t], calls_of(of->sides[side]));
                const double shown = sim_measure_shown(measure, value);
                stats_count *beyond = &of->keepers[m].beyond[side];
                beyond->n += isnan(value) ? 0 : 1;
                beyond->successes += shown > of->keepers[m].threshold ? 1 : 0;
            }
        }
    }
    const bool whole = !reader.broken;
    trials_reader_end(&reader);
    return whole;
}

static void conclude_apart(const reading *of, uint32_t m, compare_change *change) {
    const stats_estimate *first = &of->sides[0]->estimates[m];
    const stats_estimate *second = &of->sides[1]->estimates[m];
    const double confidence = of->how->confidence;
    if (of->table[m].kind == SIM_MEASURE_SHARE) {
        const stats_count a = stats_count_of(first);
        const stats_count b = stats_count_of(second);
        change->difference = stats_shares(&a, &b, confidence);
        change->ratio = stats_shares_ratio(&a, &b, confidence);
        return;
    }
    change->ratio = stats_ratio_of_summaries(first, second, confidence);
    if (of->table[m].kind == SIM_MEASURE_MEAN) {
        change->difference = stats_means(first, second, confidence);
    } else {
        change->difference = stats_quantiles(first, second, of->table[m].p, confidence);
        const stats_count *beyond = of->keepers[m].beyond;
        if (beyond[0].n > 0 && beyond[1].n > 0) {
            change->difference.p = stats_fisher_test(&beyond[0], &beyond[1]);
        }
    }
    change->ratio.p = change->difference.p;
}

bool compare_cells(const compare_side *first, const compare_side *second, const compare_how *how,
                   compare_changes *changes_out) {
    const stats_difference nothing = {{0, NAN, -INFINITY, INFINITY}, 1.0};
    reading *of = calloc(1, sizeof *of);
    PUNCH_ASSERT(of != NULL);
    *of = (reading){.sides = {first, second}, .how = how, .changes = changes_out};
    of->table = sim_measures(&of->count);
    PUNCH_ASSERT(of->count <= COMPARE_MEASURES_MAX);
    for (uint32_t m = 0; m < COMPARE_MEASURES_MAX; m++) {
        changes_out->of[m] = (compare_change){nothing, nothing, false, UINT64_MAX, UINT64_MAX};
    }
    open_keepers(of);
    bool whole = true;
    if (how->paired) {
        whole = keep_all_pairs(of);
    } else if (first->file != NULL && second->file != NULL) {
        whole = count_beyond(of, 0) && count_beyond(of, 1);
    }
    for (uint32_t m = 0; m < of->count && whole; m++) {
        if (of->keepers[m].open && how->paired) {
            conclude_pairs(of, m, &changes_out->of[m]);
        } else if (of->keepers[m].open) {
            conclude_apart(of, m, &changes_out->of[m]);
        }
    }
    close_keepers(of);
    free(of);
    return whole;
}
