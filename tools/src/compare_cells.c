/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compare_cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"
#include "stats_bootstrap.h"
#include "stats_select.h"

/* What one measure needs to keep while two cells are read. */
typedef struct {
    bool open; /* wanted, and measured in both */
    double threshold;
    stats_pairs pairs; /* shares: yes; quantiles: beyond the threshold */
    stats_count beyond[2];
    uint64_t longer; /* medians: differences above 0 */
    uint64_t shorter;
    stats_select *differences;
    bool selecting; /* another pass is needed */
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

static void pairs_begin(pair_walker *pair, const reading *of, bool times_only) {
    memset(pair, 0, sizeof *pair);
    for (int side = 0; side < 2; side++) {
        trials_reader_begin(&pair->walkers[side].reader, of->sides[side]->file,
                            of->sides[side]->cell);
        pair->walkers[side].reader.times_only = times_only;
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

static bool is_median(const sim_measure *measure) {
    return measure->kind == SIM_MEASURE_QUANTILE && measure->p == 0.5;
}

static int64_t whole_us(double value) {
    return isinf(value) ? INT64_MAX : (int64_t)value;
}

/* Does this pair show a worsening? Of a quantile only one that is on either side of it. */
static bool is_worse(const sim_measure *measure, double threshold, const double values[2]) {
    switch (measure->sense) {
    case SIM_MORE_IS_BETTER:
        return values[0] < values[1];
    case SIM_LESS_IS_BETTER:
        break;
    }
    if (measure->kind == SIM_MEASURE_QUANTILE && !is_median(measure)) {
        return sim_measure_shown(measure, values[0]) > threshold &&
               sim_measure_shown(measure, values[1]) <= threshold;
    }
    return values[0] > values[1];
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
    if (measure->kind == SIM_MEASURE_MEAN) {
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
    if (is_median(measure)) {
        const int64_t off = stats_time_difference(whole_us(values[0]), whole_us(values[1]));
        to->longer += off > 0 ? 1 : 0;
        to->shorter += off < 0 ? 1 : 0;
        stats_select_add(to->differences, off);
        return;
    }
    count_pair(sim_measure_shown(measure, values[0]) > to->threshold,
               sim_measure_shown(measure, values[1]) > to->threshold, &to->pairs);
}

static uint32_t values_of(const reading *of, const sim_measure *measure) {
    const compare_side *side = of->sides[0];
    return measure->per_trial ? 1 : side->file->about.cells[side->cell].call_count;
}

/* All values of one measure in a pair of trials, the world-th pair. */
static void keep_pairs(reading *of, uint32_t m, uint64_t world, uint64_t trial,
                       const sim_trial_result *const trials[2]) {
    const sim_measure *measure = &of->table[m];
    for (uint32_t c = 0; c < values_of(of, measure); c++) {
        const double values[2] = {measure->value(trials[0], c), measure->value(trials[1], c)};
        keep_pair(&of->keepers[m], measure, world, values);
        compare_change *change = &of->changes->of[m];
        if (change->worse_trial == UINT64_MAX &&
            is_worse(measure, of->keepers[m].threshold, values)) {
            change->worse_trial = trial;
        }
    }
}

/* The same for a further pass of a median. */
static void keep_again(reading *of, uint32_t m, const sim_trial_result *const trials[2]) {
    const sim_measure *measure = &of->table[m];
    for (uint32_t c = 0; c < values_of(of, measure); c++) {
        const double first = measure->value(trials[0], c);
        const double second = measure->value(trials[1], c);
        if (!isnan(first) && !isnan(second)) {
            stats_select_add(of->keepers[m].differences,
                             stats_time_difference(whole_us(first), whole_us(second)));
        }
    }
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
        if (of->table[m].kind == SIM_MEASURE_MEAN) {
            to->blocks = malloc(sizeof *to->blocks);
            PUNCH_ASSERT(to->blocks != NULL);
            stats_blocks_init(to->blocks, pairs_at_most(of));
        } else if (is_median(&of->table[m])) {
            to->differences = stats_select_create();
        }
    }
}

static void close_keepers(reading *of) {
    for (uint32_t m = 0; m < of->count; m++) {
        stats_select_destroy(of->keepers[m].differences);
        free(of->keepers[m].blocks);
    }
}

/* --- the same worlds */

static bool first_pass(reading *of) {
    pair_walker pair;
    uint64_t trial = 0;
    const sim_trial_result *trials[2];
    pairs_begin(&pair, of, false);
    while (pairs_next(&pair, &trial, trials)) {
        for (uint32_t m = 0; m < of->count; m++) {
            if (of->keepers[m].open) {
                keep_pairs(of, m, pair.pairs - 1, trial, trials);
            }
        }
    }
    return pairs_end(&pair);
}

static void want_median(const reading *of, keeper *to) {
    const uint64_t n = stats_select_count(to->differences);
    const stats_ranks ranks = stats_quantile_ranks(n, 0.5, of->how->confidence);
    (void)stats_select_want(to->differences, ranks.value);
    (void)stats_select_want(to->differences, ranks.lo);
    (void)stats_select_want(to->differences, ranks.hi);
}

/* Ends a pass; true when some median needs another. *times_only_out: and only times do. */
static bool next_pass(reading *of, bool *times_only_out) {
    bool any = false;
    *times_only_out = true;
    for (uint32_t m = 0; m < of->count; m++) {
        keeper *to = &of->keepers[m];
        to->selecting = to->selecting && stats_select_next_pass(to->differences);
        any = any || to->selecting;
        const bool times = of->table[m].value == of->table[SIM_MEASURE_TIME_P50].value;
        *times_only_out = *times_only_out && (times || !to->selecting);
    }
    return any;
}

static bool later_pass(reading *of, bool times_only) {
    pair_walker pair;
    uint64_t trial = 0;
    const sim_trial_result *trials[2];
    pairs_begin(&pair, of, times_only);
    while (pairs_next(&pair, &trial, trials)) {
        for (uint32_t m = 0; m < of->count; m++) {
            if (of->keepers[m].selecting) {
                keep_again(of, m, trials);
            }
        }
    }
    return pairs_end(&pair);
}

static bool find_medians(reading *of) {
    for (uint32_t m = 0; m < of->count; m++) {
        keeper *to = &of->keepers[m];
        to->selecting = to->differences != NULL;
        if (to->selecting) {
            want_median(of, to);
        }
    }
    bool times_only = false;
    bool whole = true;
    while (whole && next_pass(of, &times_only)) {
        whole = later_pass(of, times_only);
    }
    return whole;
}

static double seconds(int64_t us) {
    if (us == INT64_MAX || us == INT64_MIN) {
        return us == INT64_MAX ? INFINITY : -INFINITY;
    }
    return (double)us / 1e6;
}

static stats_difference median_difference(const keeper *of) {
    stats_difference made = {{stats_select_count(of->differences), NAN, -INFINITY, INFINITY}, 1.0};
    if (made.estimate.n > 0) {
        made.estimate.value = seconds(stats_select_value(of->differences, 0));
        made.estimate.lo = seconds(stats_select_value(of->differences, 1));
        made.estimate.hi = seconds(stats_select_value(of->differences, 2));
        made.p = stats_sign_test(of->longer, of->shorter);
    }
    return made;
}

static void conclude_pairs(const reading *of, uint32_t m, compare_change *change) {
    const keeper *from = &of->keepers[m];
    const stats_estimate *first = &of->sides[0]->estimates[m];
    const stats_estimate *second = &of->sides[1]->estimates[m];
    const double confidence = of->how->confidence;
    change->paired = true;
    switch (of->table[m].kind) {
    case SIM_MEASURE_SHARE:
        change->difference = stats_paired_shares(&from->pairs, confidence);
        change->ratio = stats_paired_shares_ratio(&from->pairs, confidence);
        return;
    case SIM_MEASURE_MEAN: {
        const stats_bootstrap_how how = {
            confidence, stats_bootstrap_resamples(of->how->comparisons), of->how->seed};
        const stats_bootstrapped made = stats_bootstrap(from->blocks, &how);
        change->difference = made.difference;
        change->ratio = made.ratio;
        return;
    }
    case SIM_MEASURE_QUANTILE:
        change->ratio = stats_ratio_of_summaries(first, second, confidence);
        if (is_median(&of->table[m])) {
            change->difference = median_difference(from);
        } else {
            change->difference = stats_of_summaries(first, second, confidence);
            change->difference.p = stats_sign_test(from->pairs.first_only, from->pairs.second_only);
        }
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
                const uint32_t calls = measure->per_trial ? 1 : file->about.cells[cell].call_count;
                for (uint32_t c = 0; c < calls; c++) {
                    const double value = measure->value(&reader.results[t], c);
                    const double shown = sim_measure_shown(measure, value);
                    stats_count *beyond = &of->keepers[m].beyond[side];
                    beyond->n += isnan(value) ? 0 : 1;
                    beyond->successes += shown > of->keepers[m].threshold ? 1 : 0;
                }
            }
        }
    }
    const bool whole = !reader.broken;
    trials_reader_end(&reader);
    return whole;
}

static stats_count count_of(const stats_estimate *share) {
    const stats_count count = {(uint64_t)(share->value * (double)share->n + 0.5), share->n};
    return count;
}

static void conclude_apart(const reading *of, uint32_t m, compare_change *change) {
    const stats_estimate *first = &of->sides[0]->estimates[m];
    const stats_estimate *second = &of->sides[1]->estimates[m];
    const double confidence = of->how->confidence;
    if (of->table[m].kind == SIM_MEASURE_SHARE) {
        const stats_count a = count_of(first);
        const stats_count b = count_of(second);
        change->difference = stats_shares(&a, &b, confidence);
        change->ratio = stats_shares_ratio(&a, &b, confidence);
        return;
    }
    change->difference = stats_of_summaries(first, second, confidence);
    change->ratio = stats_ratio_of_summaries(first, second, confidence);
    const stats_count *beyond = of->keepers[m].beyond;
    if (of->table[m].kind == SIM_MEASURE_QUANTILE && beyond[0].n > 0 && beyond[1].n > 0) {
        change->difference.p = stats_fisher_test(&beyond[0], &beyond[1]);
        change->ratio.p = change->difference.p;
    }
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
        changes_out->of[m] = (compare_change){nothing, nothing, false, UINT64_MAX};
    }
    open_keepers(of);
    bool whole = true;
    if (how->paired) {
        whole = first_pass(of) && find_medians(of);
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
