/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tradeoff_sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "punch/assert.h"
#include "stats_select.h"
#include "trial_value.h"

/* One measure while the cells are read. */
typedef struct {
    const sim_measure *measure;
    sim_measure_kind kind;  /* of its values, one per trial: where trials have several calls, a
                               share is a mean */
    stats_moments *whole;   /* of means, per level: of all cells, spread within cells only */
    stats_moments *here;    /* of the cells at hand */
    stats_count *counts;    /* of shares */
    stats_select **selects; /* of quantiles */
    uint32_t (*wanted)[3];  /* value, lo, hi */
    double *values;         /* of a trial at hand, per level; NaN: does not count */
} side_state;

typedef enum { PASS_FIRST, PASS_RANKS, PASS_PAIRS } pass_kind;

typedef struct {
    const trials_file *file;
    const facts *about;
    const tradeoff_scope *scope;
    tradeoff_depth depth;
    double confidence;
    uint32_t stride; /* from a cell to that with the treatment's next level */
    side_state sides[TRADEOFF_SIDES];
    pass_kind pass;
    tradeoff_sample *out;
} gathering;

const sim_measure *tradeoff_measure(const sim_tradeoff *tradeoff, tradeoff_side side) {
    uint32_t count = 0;
    return &sim_measures(&count)[side == TRADEOFF_COST ? tradeoff->cost : tradeoff->harm];
}

/* --- which cells */

/* Is this cell the one with the treatment's first level of a group that is in the scope? */
static bool in_scope(const gathering *of, uint32_t cell) {
    const facts *about = of->about;
    const tradeoff_scope *scope = of->scope;
    if (facts_level(about, cell, about->tradeoff.factor) != 0) {
        return false;
    }
    if (scope->cell != TRADEOFF_ALL) {
        return cell ==
               scope->cell - facts_level(about, scope->cell, about->tradeoff.factor) * of->stride;
    }
    return scope->factor == TRADEOFF_ALL || facts_level(about, cell, scope->factor) == scope->level;
}

/* Cells of a scope that meet the same worlds take turns: this one's, of how many. */
static uint64_t turn_of(const gathering *of, uint32_t cell, uint64_t *turns_out) {
    uint64_t turn = 0;
    *turns_out = 1;
    if (of->scope->cell != TRADEOFF_ALL) {
        return 0;
    }
    for (uint32_t f = 0; f < of->about->factor_count; f++) {
        const facts_factor *factor = &of->about->factors[f];
        if (factor->treatment && f != of->about->tradeoff.factor && f != of->scope->factor) {
            turn = turn * factor->level_count + facts_level(of->about, cell, f);
            *turns_out *= factor->level_count;
        }
    }
    return turn;
}

static uint64_t common_trials(const gathering *of) {
    uint64_t trials = UINT64_MAX;
    for (uint32_t cell = 0; cell < of->about->cell_count; cell++) {
        for (uint32_t l = 0; in_scope(of, cell) && l < of->out->level_count; l++) {
            const uint64_t there = of->file->cells[cell + l * of->stride].trials;
            trials = there < trials ? there : trials;
        }
    }
    return trials == UINT64_MAX ? 0 : trials;
}

/* --- one trial */

static void keep_first(gathering *of, tradeoff_side side, uint64_t trial) {
    side_state *state = &of->sides[side];
    const double *values = state->values;
    for (uint32_t l = 0; l < of->out->level_count; l++) {
        if (isnan(values[l])) {
            continue;
        }
        switch (state->kind) {
        case SIM_MEASURE_SHARE:
            state->counts[l].n++;
            state->counts[l].successes += values[l] > 0.0 ? 1 : 0;
            break;
        case SIM_MEASURE_MEAN:
            stats_moments_add(&state->here[l], values[l]);
            if (of->depth == TRADEOFF_CHANGES) {
                stats_blocks_add(&of->out->blocks[side][l], trial,
                                 sim_measure_shown(state->measure, values[l]), (double)NAN);
            }
            break;
        case SIM_MEASURE_QUANTILE:
            stats_select_add(state->selects[l], isinf(values[l]) ? INT64_MAX : (int64_t)values[l]);
            break;
        }
    }
}

/* Of a share: is it one? Of a quantile: is it beyond the smaller quantile of the two? */
static bool is_above(const gathering *of, tradeoff_side side, const uint32_t pair[2],
                     double value) {
    const sim_measure *measure = of->sides[side].measure;
    const stats_estimate *estimates = of->out->estimates[side];
    return of->sides[side].kind == SIM_MEASURE_SHARE
               ? value > 0.0
               : sim_measure_shown(measure, value) >
                     fmin(estimates[pair[0]].value, estimates[pair[1]].value);
}

static void keep_pairs(gathering *of, tradeoff_side side) {
    const double *values = of->sides[side].values;
    const uint32_t levels = of->out->level_count;
    for (uint32_t i = 0; i < levels; i++) {
        for (uint32_t j = 0; j < levels; j++) {
            if (i == j || isnan(values[i]) || isnan(values[j])) {
                continue;
            }
            const uint32_t pair[2] = {i, j};
            const bool first = is_above(of, side, pair, values[i]);
            const bool second = is_above(of, side, pair, values[j]);
            stats_pairs *to = &of->out->pairs[side][i * levels + j];
            to->both += first && second ? 1 : 0;
            to->first_only += first && !second ? 1 : 0;
            to->second_only += !first && second ? 1 : 0;
            to->neither += !first && !second ? 1 : 0;
        }
    }
}

static void keep_values(gathering *of, tradeoff_side side, uint64_t trial) {
    const sim_measure_kind kind = of->sides[side].kind;
    switch (of->pass) {
    case PASS_FIRST:
        keep_first(of, side, trial);
        if (kind == SIM_MEASURE_SHARE && of->depth == TRADEOFF_CHANGES) {
            keep_pairs(of, side);
        }
        return;
    case PASS_RANKS:
        if (kind == SIM_MEASURE_QUANTILE) {
            keep_first(of, side, trial);
        }
        return;
    case PASS_PAIRS:
        if (kind == SIM_MEASURE_QUANTILE) {
            keep_pairs(of, side);
        }
        return;
    }
}

/* --- all levels of a cell in step */

typedef struct {
    trials_reader reader;
    uint32_t next; /* of the chunk at hand */
    uint32_t calls;
} walker;

/* The walker's next trial; NULL: the file changed, for it has fewer than it said. */
static const sim_trial_result *next_trial(walker *at) {
    while (at->next >= at->reader.chunk.count) {
        if (!trials_reader_next(&at->reader)) {
            return NULL;
        }
        at->next = 0;
    }
    return &at->reader.results[at->next++];
}

static void keep_trial(gathering *of, const walker *walkers, const sim_trial_result *const *results,
                       uint64_t trial) {
    for (tradeoff_side side = TRADEOFF_COST; side <= TRADEOFF_HARM; side++) {
        side_state *state = &of->sides[side];
        for (uint32_t l = 0; l < of->out->level_count; l++) {
            state->values[l] = trial_value(state->measure, results[l], walkers[l].calls);
        }
        keep_values(of, side, trial);
    }
}

/* Moments of one more cell: cells are fixed, so what lies between them is no chance. */
static void merge_moments(gathering *of) {
    for (uint32_t side = 0; side < TRADEOFF_SIDES; side++) {
        side_state *state = &of->sides[side];
        for (uint32_t l = 0; l < of->out->level_count; l++) {
            stats_moments *to = &state->whole[l];
            const stats_moments *from = &state->here[l];
            const uint64_t n = to->n + from->n;
            if (from->n > 0) {
                to->mean += (from->mean - to->mean) * (double)from->n / (double)n;
                to->squares += from->squares;
                to->n = n;
            }
            state->here[l] = (stats_moments){0};
        }
    }
}

static bool read_cells(gathering *of, uint32_t cell) {
    const uint32_t levels = of->out->level_count;
    walker *walkers = memory_zeroed(levels, sizeof *walkers);
    const sim_trial_result **results = memory_zeroed(levels, sizeof *results);
    uint64_t turns = 1;
    const uint64_t turn = turn_of(of, cell, &turns);
    bool whole = true;
    for (uint32_t l = 0; l < levels; l++) {
        walkers[l].calls = of->about->cells[cell + l * of->stride].call_count;
        trials_reader_begin(&walkers[l].reader, of->file, cell + l * of->stride);
    }
    for (uint64_t trial = 0; whole && trial < of->out->trials; trial++) {
        for (uint32_t l = 0; l < levels; l++) {
            results[l] = next_trial(&walkers[l]);
            whole = whole && results[l] != NULL;
        }
        if (whole && trial % turns == turn) {
            keep_trial(of, walkers, results, trial);
        }
    }
    for (uint32_t l = 0; l < levels; l++) {
        trials_reader_end(&walkers[l].reader);
    }
    free(walkers);
    free(results);
    merge_moments(of);
    return whole;
}

static bool read_scope(gathering *of, pass_kind pass) {
    bool whole = true;
    of->pass = pass;
    for (uint32_t cell = 0; whole && cell < of->about->cell_count; cell++) {
        whole = !in_scope(of, cell) || read_cells(of, cell);
    }
    return whole;
}

/* --- quantiles */

static void want_ranks(gathering *of, side_state *state) {
    for (uint32_t l = 0; l < of->out->level_count; l++) {
        const uint64_t n = stats_select_count(state->selects[l]);
        const stats_ranks ranks = stats_quantile_ranks(n, state->measure->p, of->confidence);
        state->wanted[l][0] = stats_select_want(state->selects[l], ranks.value);
        state->wanted[l][1] = stats_select_want(state->selects[l], ranks.lo);
        state->wanted[l][2] = stats_select_want(state->selects[l], ranks.hi);
    }
}

/* True when some level needs another pass. A level that does not may be fed again: what it knows
 * stays. */
static bool next_pass(gathering *of) {
    bool any = false;
    for (uint32_t side = 0; side < TRADEOFF_SIDES; side++) {
        for (uint32_t l = 0; of->sides[side].selects != NULL && l < of->out->level_count; l++) {
            any = stats_select_next_pass(of->sides[side].selects[l]) || any;
        }
    }
    return any;
}

static bool find_quantiles(gathering *of) {
    bool whole = true;
    for (uint32_t side = 0; side < TRADEOFF_SIDES; side++) {
        if (of->sides[side].selects != NULL) {
            want_ranks(of, &of->sides[side]);
        }
    }
    while (whole && next_pass(of)) {
        whole = read_scope(of, PASS_RANKS);
    }
    return whole;
}

/* --- all of it */

static stats_estimate estimate_of(const gathering *of, tradeoff_side side, uint32_t level) {
    const side_state *state = &of->sides[side];
    stats_estimate e = {0, NAN, NAN, NAN};
    switch (state->kind) {
    case SIM_MEASURE_SHARE:
        return stats_ratio(state->counts[level].successes, state->counts[level].n, of->confidence);
    case SIM_MEASURE_MEAN:
        if (state->measure->unit == SIM_UNIT_SHARE) {
            return stats_mean_of_shares(&state->whole[level], of->confidence);
        }
        e = stats_mean_of(&state->whole[level], of->confidence);
        break;
    case SIM_MEASURE_QUANTILE: {
        const stats_select *select = state->selects[level];
        e.n = stats_select_count(select);
        if (e.n > 0) {
            e.value = stats_select_shown(select, state->wanted[level][0]);
        }
        e.lo = stats_select_shown(select, state->wanted[level][1]);
        e.hi = stats_select_shown(select, state->wanted[level][2]);
        break;
    }
    }
    e.value = sim_measure_shown(state->measure, e.value);
    e.lo = sim_measure_shown(state->measure, e.lo);
    e.hi = sim_measure_shown(state->measure, e.hi);
    return e;
}

static void open_sides(gathering *of) {
    const uint32_t levels = of->out->level_count;
    const bool changes = of->depth == TRADEOFF_CHANGES;
    for (tradeoff_side side = TRADEOFF_COST; side <= TRADEOFF_HARM; side++) {
        side_state *state = &of->sides[side];
        state->measure = tradeoff_measure(&of->about->tradeoff, side);
        state->kind = trial_value_kind(state->measure, of->about->call_count);
        state->whole = memory_zeroed(levels, sizeof *state->whole);
        state->here = memory_zeroed(levels, sizeof *state->here);
        state->counts = memory_zeroed(levels, sizeof *state->counts);
        state->values = memory_zeroed(levels, sizeof *state->values);
        state->wanted = memory_zeroed(levels, sizeof *state->wanted);
        of->out->estimates[side] = memory_zeroed(levels, sizeof *of->out->estimates[side]);
        if (state->kind == SIM_MEASURE_QUANTILE) {
            state->selects = memory_zeroed(levels, sizeof(stats_select *));
            for (uint32_t l = 0; l < levels; l++) {
                state->selects[l] = stats_select_create();
            }
        }
        if (changes && state->kind == SIM_MEASURE_MEAN) {
            of->out->blocks[side] = memory_zeroed(levels, sizeof *of->out->blocks[side]);
            for (uint32_t l = 0; l < levels; l++) {
                stats_blocks_init(&of->out->blocks[side][l], of->out->trials);
            }
        } else if (changes) {
            of->out->pairs[side] =
                memory_zeroed((size_t)levels * levels, sizeof *of->out->pairs[side]);
        }
    }
}

static void close_sides(gathering *of) {
    for (uint32_t side = 0; side < TRADEOFF_SIDES; side++) {
        side_state *state = &of->sides[side];
        for (uint32_t l = 0; state->selects != NULL && l < of->out->level_count; l++) {
            stats_select_destroy(state->selects[l]);
        }
        free(state->selects);
        free(state->whole);
        free(state->here);
        free(state->counts);
        free(state->values);
        free(state->wanted);
    }
}

bool tradeoff_sample_read(const trials_file *file, const tradeoff_scope *scope,
                          tradeoff_depth depth, double confidence, tradeoff_sample *out) {
    const facts *about = &file->about;
    gathering of = {.file = file,
                    .about = about,
                    .scope = scope,
                    .depth = depth,
                    .confidence = confidence,
                    .stride = 1,
                    .out = out};
    *out = (tradeoff_sample){.level_count = about->factors[about->tradeoff.factor].level_count};
    for (uint32_t f = about->tradeoff.factor + 1; f < about->factor_count; f++) {
        of.stride *= about->factors[f].level_count;
    }
    out->trials = common_trials(&of);
    open_sides(&of);
    bool whole = read_scope(&of, PASS_FIRST) && find_quantiles(&of);
    for (tradeoff_side side = TRADEOFF_COST; side <= TRADEOFF_HARM; side++) {
        for (uint32_t l = 0; whole && l < out->level_count; l++) {
            out->estimates[side][l] = estimate_of(&of, side, l);
        }
    }
    const bool quantiles = of.sides[0].selects != NULL || of.sides[1].selects != NULL;
    if (whole && quantiles && depth == TRADEOFF_CHANGES) {
        whole = read_scope(&of, PASS_PAIRS);
    }
    close_sides(&of);
    if (!whole) {
        tradeoff_sample_free(out);
    }
    return whole;
}

void tradeoff_sample_free(tradeoff_sample *sample) {
    for (uint32_t side = 0; side < TRADEOFF_SIDES; side++) {
        free(sample->estimates[side]);
        free(sample->blocks[side]);
        free(sample->pairs[side]);
    }
    memset(sample, 0, sizeof *sample);
}

/* --- two levels */

/* The values of two levels as two samples of the same worlds. */
static stats_blocks *join_blocks(const stats_blocks *first, const stats_blocks *second) {
    stats_blocks *joined = memory_zeroed(1, sizeof *joined);
    *joined = *first;
    for (uint32_t b = 0; b < joined->count; b++) {
        joined->blocks[b].second_sum = second->blocks[b].first_sum;
        joined->blocks[b].second_count = second->blocks[b].first_count;
    }
    return joined;
}

double tradeoff_sample_p(const tradeoff_sample *sample, tradeoff_side side,
                         const uint32_t levels[2]) {
    if (sample->blocks[side] != NULL) {
        stats_blocks *joined =
            join_blocks(&sample->blocks[side][levels[0]], &sample->blocks[side][levels[1]]);
        const double p = stats_blocks_p(joined);
        free(joined);
        return p;
    }
    const stats_pairs *pairs = &sample->pairs[side][levels[0] * sample->level_count + levels[1]];
    return stats_sign_test(pairs->first_only, pairs->second_only);
}

tradeoff_change tradeoff_sample_change(const tradeoff_sample *sample, const sim_tradeoff *tradeoff,
                                       tradeoff_side side, const uint32_t levels[2],
                                       double confidence) {
    const stats_estimate *first = &sample->estimates[side][levels[0]];
    const stats_estimate *second = &sample->estimates[side][levels[1]];
    tradeoff_change change;
    if (sample->blocks[side] != NULL) {
        stats_blocks *joined =
            join_blocks(&sample->blocks[side][levels[0]], &sample->blocks[side][levels[1]]);
        /* chosen; the same trials draw the same */
        const stats_bootstrapped made = stats_bootstrap(joined, confidence, 1);
        free(joined);
        change = (tradeoff_change){made.difference, made.ratio};
        return change;
    }
    if (tradeoff_measure(tradeoff, side)->kind == SIM_MEASURE_SHARE) {
        const stats_pairs *pairs =
            &sample->pairs[side][levels[0] * sample->level_count + levels[1]];
        change.difference = stats_paired_shares(pairs, confidence);
        change.ratio = stats_paired_shares_ratio(pairs, confidence);
        return change;
    }
    change.difference = stats_of_summaries(first, second, confidence);
    change.ratio = stats_ratio_of_summaries(first, second, confidence);
    change.difference.p = tradeoff_sample_p(sample, side, levels);
    change.ratio.p = change.difference.p;
    return change;
}
