/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One cell at a time, one thread a cell: a pass over its trials feeds every measure, and as many
 * more as it takes to find exact quantiles. What a thread keeps meanwhile has a fixed size.
 */
#include "analysis.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "compare_cells.h"
#include "context.h"
#include "file.h"
#include "punch/assert.h"
#include "punch/rng.h"
#include "stats_select.h"
#include "trial_value.h"

/* Measures there may be, and different numbers that quantiles are taken of. Chosen: asserted. */
#define MEASURES_MAX 64u
#define STREAMS_MAX 16u

/* Distinct reasons told apart in a cell; more are counted as failures without one. Chosen. */
#define REASONS_MAX 128u

/* A drawn distribution is nowhere further from the true one than 1 / POINTS_MAX. Chosen: about a
 * pixel. */
#define POINTS_MAX 1000u

/* Numbers that quantiles are taken of, once for all quantiles of the same numbers. */
typedef struct {
    const sim_measure *measure; /* the first that asks for them */
    bool per_call;              /* each call by itself, for a distribution over calls */
    stats_select *select;
    bool open; /* another pass is needed */
} collector_stream;

typedef struct {
    uint64_t n;
    uint64_t successes;
    stats_moments moments;
    uint32_t stream;    /* of a quantile */
    uint32_t wanted[3]; /* value, lo, hi */
} collector_measure;

/* What one thread keeps while it goes over a cell. */
typedef struct {
    const trials_file *file;
    const sim_measure *table;
    uint32_t measure_count;
    bool measured[MEASURES_MAX];
    collector_measure measures[MEASURES_MAX];
    collector_stream streams[STREAMS_MAX];
    uint32_t stream_count;
    uint32_t times;      /* stream of the times to connect, call by call */
    uint32_t call_count; /* of a trial of the cell */
    reason_key reasons[REASONS_MAX];
    uint64_t reason_calls[REASONS_MAX];
    uint64_t reason_trial[REASONS_MAX];
    uint32_t reason_count;
} collector;

static uint32_t open_stream(collector *made, const sim_measure *measure, bool per_call) {
    const uint32_t s = made->stream_count++;
    PUNCH_ASSERT(s < STREAMS_MAX);
    made->streams[s] = (collector_stream){measure, per_call, stats_select_create(), false};
    return s;
}

/* Two quantiles of the same numbers share them, unless they are numbers of several calls. */
static bool shares_stream(const sim_measure *a, const sim_measure *b, bool several) {
    return a->value == b->value && (!several || (a->p >= b->p && a->p <= b->p));
}

static collector *collector_create(const trials_file *file) {
    collector *made = calloc(1, sizeof *made);
    const bool several = file->about.call_count > 1;
    PUNCH_ASSERT(made != NULL);
    made->file = file;
    made->table = sim_measures(&made->measure_count);
    PUNCH_ASSERT(made->measure_count <= MEASURES_MAX);
    for (uint32_t m = 0; m < made->measure_count; m++) {
        if (made->table[m].kind != SIM_MEASURE_QUANTILE) {
            continue;
        }
        uint32_t s = 0;
        while (s < made->stream_count &&
               !shares_stream(made->streams[s].measure, &made->table[m], several)) {
            s++;
        }
        made->measures[m].stream =
            s < made->stream_count ? s : open_stream(made, &made->table[m], false);
    }
    made->times = several ? open_stream(made, &made->table[SIM_MEASURE_TIME_P50], true)
                          : made->measures[SIM_MEASURE_TIME_P50].stream;
    return made;
}

static void collector_destroy(collector *made) {
    for (uint32_t s = 0; s < made->stream_count; s++) {
        stats_select_destroy(made->streams[s].select);
    }
    free(made);
}

/* For another cell, of which only one measure is wanted unless `only` is SIM_MEASURE_UNKNOWN. */
static void collector_begin(collector *of, uint32_t cell, uint32_t only) {
    for (uint32_t s = 0; s < of->stream_count; s++) {
        of->streams[s].open = false;
        stats_select_reset(of->streams[s].select);
    }
    for (uint32_t m = 0; m < of->measure_count; m++) {
        const uint32_t stream = of->measures[m].stream;
        of->measured[m] =
            facts_measured(&of->file->about, cell, m) && (only == SIM_MEASURE_UNKNOWN || only == m);
        of->measures[m] = (collector_measure){.stream = stream};
        if (of->measured[m] && of->table[m].kind == SIM_MEASURE_QUANTILE) {
            of->streams[stream].open = true;
        }
    }
    of->streams[of->times].open = of->streams[of->times].open || only == SIM_MEASURE_UNKNOWN;
    of->call_count = of->file->about.cells[cell].call_count;
    of->reason_count = 0;
}

static void feed_measure(const sim_measure *measure, const sim_trial_result *trial,
                         uint32_t call_count, collector_measure *to) {
    const double value = trial_value(measure, trial, call_count);
    if (isnan(value)) {
        return;
    }
    switch (trial_value_kind(measure, call_count)) {
    case SIM_MEASURE_SHARE:
        to->n++;
        to->successes += value > 0.0 ? 1 : 0;
        return;
    case SIM_MEASURE_MEAN:
        stats_moments_add(&to->moments, value);
        return;
    case SIM_MEASURE_QUANTILE:
        return; /* by its stream */
    }
}

static void add_value(stats_select *select, double value) {
    if (!isnan(value)) {
        stats_select_add(select, isinf(value) ? INT64_MAX : (int64_t)value);
    }
}

static void feed_stream(collector_stream *stream, const sim_trial_result *trial,
                        uint32_t call_count) {
    if (!stream->per_call) {
        add_value(stream->select, trial_value(stream->measure, trial, call_count));
        return;
    }
    for (uint32_t c = 0; c < call_count; c++) {
        add_value(stream->select, stream->measure->value(trial, c));
    }
}

static void feed_streams(collector *of, const sim_trial_result *trial) {
    for (uint32_t s = 0; s < of->stream_count; s++) {
        if (of->streams[s].open) {
            feed_stream(&of->streams[s], trial, of->call_count);
        }
    }
}

static void feed(collector *of, const sim_trial_result *trial) {
    for (uint32_t m = 0; m < of->measure_count; m++) {
        if (of->measured[m]) {
            feed_measure(&of->table[m], trial, of->call_count, &of->measures[m]);
        }
    }
    feed_streams(of, trial);
}

/* Says after the first pass which order statistics are wanted. */
static void want_ranks(collector *of, double confidence) {
    for (uint32_t m = 0; m < of->measure_count; m++) {
        collector_measure *to = &of->measures[m];
        if (!of->measured[m] || of->table[m].kind != SIM_MEASURE_QUANTILE) {
            continue;
        }
        stats_select *select = of->streams[to->stream].select;
        to->n = stats_select_count(select);
        const stats_ranks ranks = stats_quantile_ranks(to->n, of->table[m].p, confidence);
        to->wanted[0] = stats_select_want(select, ranks.value);
        to->wanted[1] = stats_select_want(select, ranks.lo);
        to->wanted[2] = stats_select_want(select, ranks.hi);
    }
}

/* Ends a pass; true when some stream needs another. */
static bool next_pass(collector *of) {
    bool any = false;
    for (uint32_t s = 0; s < of->stream_count; s++) {
        collector_stream *stream = &of->streams[s];
        stream->open = stream->open && stats_select_next_pass(stream->select);
        any = any || stream->open;
    }
    return any;
}

/* Do all open streams need only what the first part of a frame holds? */
static bool times_suffice(const collector *of) {
    for (uint32_t s = 0; s < of->stream_count; s++) {
        if (of->streams[s].open &&
            of->streams[s].measure->value != of->table[SIM_MEASURE_TIME_P50].value) {
            return false;
        }
    }
    return true;
}

/* All further passes. False: the file changed under us. */
static bool find_quantiles(collector *of, uint32_t cell, double confidence) {
    bool broken = false;
    want_ranks(of, confidence);
    while (!broken && next_pass(of)) {
        trials_reader reader;
        trials_reader_begin(&reader, of->file, cell);
        reader.times_only = times_suffice(of);
        while (trials_reader_next(&reader)) {
            for (uint32_t t = 0; t < reader.chunk.count; t++) {
                feed_streams(of, &reader.results[t]);
            }
        }
        broken = reader.broken;
        trials_reader_end(&reader);
    }
    return !broken;
}

/* An order statistic in the unit shown. */
static double shown_rank(const sim_measure *measure, const stats_select *select, uint32_t wanted) {
    return sim_measure_shown(measure, stats_select_shown(select, wanted));
}

static stats_estimate estimate_of(const collector *of, uint32_t m, double confidence) {
    const sim_measure *measure = &of->table[m];
    const collector_measure *from = &of->measures[m];
    stats_estimate e = {0, NAN, NAN, NAN};
    if (!of->measured[m]) {
        return e;
    }
    switch (trial_value_kind(measure, of->call_count)) {
    case SIM_MEASURE_SHARE:
        return stats_ratio(from->successes, from->n, confidence);
    case SIM_MEASURE_MEAN:
        if (measure->unit == SIM_UNIT_SHARE) {
            return stats_mean_of_shares(&from->moments, confidence);
        }
        e = stats_mean_of(&from->moments, confidence);
        e.value = sim_measure_shown(measure, e.value);
        e.lo = sim_measure_shown(measure, e.lo);
        e.hi = sim_measure_shown(measure, e.hi);
        return e;
    case SIM_MEASURE_QUANTILE: {
        const stats_select *select = of->streams[from->stream].select;
        e.n = from->n;
        if (e.n > 0) {
            e.value = shown_rank(measure, select, from->wanted[0]);
        }
        e.lo = shown_rank(measure, select, from->wanted[1]);
        e.hi = shown_rank(measure, select, from->wanted[2]);
        return e;
    }
    }
    return e;
}

/* --- reasons */

static void note_failure(collector *of, const reason_key *key, uint64_t trial) {
    uint32_t i = 0;
    while (i < of->reason_count && memcmp(&of->reasons[i], key, sizeof *key) != 0) {
        i++;
    }
    if (i == REASONS_MAX) {
        return;
    }
    if (i == of->reason_count) {
        of->reasons[i] = *key;
        of->reason_calls[i] = 0;
        of->reason_trial[i] = trial;
        of->reason_count++;
    }
    of->reason_calls[i]++;
}

/* The most frequent first, then the one met first. */
static int by_count(const void *a, const void *b) {
    const reason_count *x = a;
    const reason_count *y = b;
    if (x->count != y->count) {
        return x->count < y->count ? 1 : -1;
    }
    return (x->example_trial > y->example_trial) - (x->example_trial < y->example_trial);
}

/* Keys of different calls may read alike: they are one reason. */
static void take_reasons(const collector *of, analysis_cell *cell) {
    reason_count *all = calloc(of->reason_count + 1, sizeof *all);
    PUNCH_ASSERT(all != NULL);
    uint32_t count = 0;
    for (uint32_t i = 0; i < of->reason_count; i++) {
        char text[REASON_TEXT_CAP];
        const reason_names names = reason_names_of_facts(&of->file->about, of->reasons[i].call);
        reason_text(&names, &of->reasons[i], text);
        uint32_t at = 0;
        while (at < count && strcmp(all[at].text, text) != 0) {
            at++;
        }
        if (at == count) {
            memcpy(all[at].text, text, sizeof text);
            all[at].example_trial = of->reason_trial[i];
            count++;
        }
        all[at].count += of->reason_calls[i];
    }
    qsort(all, count, sizeof *all, by_count);
    cell->reasons = all;
    cell->reason_count = count < ANALYSIS_REASONS_MAX ? count : ANALYSIS_REASONS_MAX;
    cell->other_failed = cell->failed;
    for (uint32_t i = 0; i < cell->reason_count; i++) {
        cell->other_failed -= all[i].count;
    }
}

/* --- the distribution of the time to connect */

static void take_points(const collector *of, analysis_cell *cell) {
    const collector_stream *stream = &of->streams[of->times];
    const uint64_t n = stats_select_count(stream->select);
    cell->points = calloc(POINTS_MAX + 2, sizeof *cell->points);
    PUNCH_ASSERT(cell->points != NULL);
    stats_select_step step = {0};
    uint64_t drawn = 0;
    analysis_point last = {0.0, 0.0};
    while (stats_select_walk(stream->select, &step) && step.upper != INT64_MAX) {
        last.time_s = (double)step.upper / 1e6;
        last.share = (double)step.cumulative / (double)n;
        if ((step.cumulative - drawn) * POINTS_MAX >= n) {
            cell->points[cell->point_count++] = last;
            drawn = step.cumulative;
        }
    }
    if (cell->point_count == 0 ? last.share > 0.0
                               : last.share > cell->points[cell->point_count - 1].share) {
        cell->points[cell->point_count++] = last;
    }
}

/* --- cells */

typedef struct {
    uint32_t cell;
    uint64_t events;
    uint64_t digest;
} cell_sums;

static void take_trial(collector *of, analysis_cell *cell, cell_sums *sums, uint64_t trial,
                       const sim_trial_result *result) {
    const uint32_t calls = of->call_count;
    uint64_t failed = 0;
    for (uint32_t c = 0; c < calls; c++) {
        if (!result->calls[c].connected) {
            const reason_key key = reason_key_of(&result->calls[c], c);
            note_failure(of, &key, trial);
            failed++;
        }
    }
    if (failed == 0 && cell->example_connected == UINT64_MAX) {
        cell->example_connected = trial;
    }
    feed(of, result);
    cell->failed += failed;
    cell->calls += calls;
    cell->trials++;
    sums->events += result->events;
    sums->digest = punch_mix64(sums->digest ^ result->digest);
}

/* False: the file changed under us. */
static bool analyse_cell(collector *of, uint32_t index, double confidence, analysis_cell *cell,
                         cell_sums *sums) {
    trials_reader reader;
    collector_begin(of, index, SIM_MEASURE_UNKNOWN);
    cell->example_connected = UINT64_MAX;
    trials_reader_begin(&reader, of->file, index);
    while (trials_reader_next(&reader) && reader.chunk.first == cell->trials) {
        for (uint32_t t = 0; t < reader.chunk.count; t++) {
            take_trial(of, cell, sums, reader.chunk.first + t, &reader.results[t]);
        }
    }
    const bool broken = reader.broken;
    trials_reader_end(&reader);
    if (broken || !find_quantiles(of, index, confidence)) {
        return false;
    }
    cell->estimates = calloc(of->measure_count, sizeof *cell->estimates);
    PUNCH_ASSERT(cell->estimates != NULL);
    for (uint32_t m = 0; m < of->measure_count; m++) {
        cell->estimates[m] = estimate_of(of, m, confidence);
    }
    take_reasons(of, cell);
    take_points(of, cell);
    return true;
}

/* What the threads share. */
typedef struct {
    analysis *made;
    cell_sums *sums; /* per cell */
    atomic_uint_fast32_t next_cell;
    atomic_bool broken;
} analysis_state;

static void *analyse_cells(void *user) {
    analysis_state *state = user;
    collector *mine = collector_create(state->made->file);
    for (;;) {
        const uint32_t cell = (uint32_t)atomic_fetch_add(&state->next_cell, 1);
        if (cell >= state->made->about->cell_count || atomic_load(&state->broken)) {
            break;
        }
        if (!analyse_cell(mine, cell, state->made->confidence, &state->made->cells[cell],
                          &state->sums[cell])) {
            atomic_store(&state->broken, true);
        }
    }
    collector_destroy(mine);
    return NULL;
}

static void run_threads(analysis_state *state, uint32_t jobs) {
    const uint32_t cells = state->made->about->cell_count;
    const uint32_t helpers = (jobs < cells ? jobs : cells) - 1; /* and this thread */
    pthread_t *threads = calloc((size_t)helpers + 1, sizeof *threads);
    PUNCH_ASSERT(threads != NULL);
    uint32_t started = 0;
    while (started < helpers &&
           pthread_create(&threads[started], NULL, analyse_cells, state) == 0) {
        started++;
    }
    (void)analyse_cells(state);
    for (uint32_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    free(threads);
}

/* --- verdicts */

static uint64_t example_of(const analysis *of, const sim_expect *expect) {
    const analysis_cell *cell = &of->cells[expect->cell];
    const bool failing_shows = expect->bound != SIM_EXPECT_AT_MOST;
    if (cell->reason_count > 0 && failing_shows) {
        return cell->reasons[0].example_trial;
    }
    return cell->example_connected != UINT64_MAX ? cell->example_connected
           : cell->trials > 0                    ? 0
                                                 : UINT64_MAX;
}

/* A trial that goes the way the bound does not allow, be that better or worse. */
static uint64_t example_of_change(const sim_expect *expect, const compare_change *change) {
    uint32_t count = 0;
    const sim_measure *measure = &sim_measures(&count)[expect->measure];
    bool larger_is_worse = true;
    switch (measure->sense) {
    case SIM_LESS_IS_BETTER:
        break;
    case SIM_MORE_IS_BETTER:
        larger_is_worse = false;
        break;
    }
    switch (expect->bound) {
    case SIM_EXPECT_AT_LEAST:
        return larger_is_worse ? change->better_trial : change->worse_trial;
    case SIM_EXPECT_AT_MOST:
        return larger_is_worse ? change->worse_trial : change->better_trial;
    case SIM_EXPECT_EXACTLY:
        return change->worse_trial != UINT64_MAX ? change->worse_trial : change->better_trial;
    }
    return UINT64_MAX;
}

static compare_side side_of(const analysis *of, uint32_t cell) {
    const compare_side side = {of->file, cell, of->cells[cell].estimates};
    return side;
}

/* How the measure of two cells differs. False: the file changed under us. */
static bool judge_change(const analysis *of, const sim_expect *expect, expect_verdict *verdict) {
    const compare_side first = side_of(of, expect->cell);
    const compare_side second = side_of(of, expect->other);
    const uint64_t first_trials = of->cells[expect->cell].trials;
    const uint64_t second_trials = of->cells[expect->other].trials;
    compare_how how = {.paired = facts_paired(of->about, expect->cell, expect->other),
                       .confidence = of->confidence,
                       .seed = of->about->seed};
    how.wanted[expect->measure] = true;
    compare_changes changes;
    if (!compare_cells(&first, &second, &how, &changes)) {
        return false;
    }
    const compare_change *change = &changes.of[expect->measure];
    *verdict = expect_judge(
        expect,
        expect->form == SIM_EXPECT_RATIO ? &change->ratio.estimate : &change->difference.estimate,
        first_trials < second_trials ? first_trials : second_trials, of->confidence);
    verdict->paired = change->paired;
    verdict->example_trial = example_of_change(expect, change);
    return true;
}

/* False: the file changed under us. */
static bool judge(analysis *of, uint32_t index) {
    const sim_expect *expect = &of->about->expects[index];
    const analysis_cell *cell = &of->cells[expect->cell];
    expect_verdict *verdict = &of->verdicts[index];
    bool whole = true;
    switch (expect->form) {
    case SIM_EXPECT_VALUE:
        *verdict =
            expect_judge(expect, &cell->estimates[expect->measure], cell->trials, of->confidence);
        break;
    case SIM_EXPECT_DIFFERENCE:
    case SIM_EXPECT_RATIO:
        whole = judge_change(of, expect, verdict);
        break;
    }
    if (verdict->example_trial == UINT64_MAX) {
        verdict->example_trial = example_of(of, expect);
    }
    return whole;
}

bool analysis_seen_enough(const facts *about, const stats_estimate *e) {
    uint32_t count = 0;
    if (e->n == 0) {
        return false;
    }
    if (!(e->hi > e->lo)) {
        return sim_measures(&count)[about->until.measure].kind != SIM_MEASURE_MEAN;
    }
    return (e->hi - e->lo) / 2.0 <= about->until.half_width; /* false for an unbounded one */
}

/* Is every trial asked for there? With until a cell may have stopped at an earlier look. */
static bool is_partial(const analysis *of, uint32_t cell) {
    const uint64_t trials = of->cells[cell].trials;
    if (trials == of->about->trials) {
        return false;
    }
    if (!of->about->until.given) {
        return true;
    }
    const stats_estimate *e = &of->cells[cell].estimates[of->about->until.measure];
    bool at_look = false;
    for (uint32_t look = 0; look < trials_look_count(of->about); look++) {
        at_look = at_look || trials_look(of->about, look) == trials;
    }
    return !(at_look && analysis_seen_enough(of->about, e));
}

/* False: the file changed under us. */
static bool sum_up(analysis *made, const cell_sums *sums) {
    for (uint32_t i = 0; i < made->about->cell_count; i++) {
        made->trials += made->cells[i].trials;
        made->events += sums[i].events;
        made->digest = punch_mix64(made->digest ^ made->cells[i].trials);
        made->digest = punch_mix64(made->digest ^ sums[i].digest);
        made->partial = made->partial || is_partial(made, i);
    }
    bool whole = true;
    for (uint32_t i = 0; i < made->about->expect_count && whole; i++) {
        whole = judge(made, i);
    }
    return whole;
}

char *analysis_make(analysis *made, const trials_file *file, const char *program, uint32_t jobs) {
    memset(made, 0, sizeof *made);
    made->about = &file->about;
    made->file = file;
    made->program = program;
    made->confidence = stats_confidence_of_looks(trials_look_count(&file->about));
    made->cells = calloc(file->about.cell_count, sizeof *made->cells);
    made->verdicts = calloc((size_t)file->about.expect_count + 1, sizeof *made->verdicts);
    analysis_state state = {.made = made};
    state.sums = calloc(file->about.cell_count, sizeof *state.sums);
    PUNCH_ASSERT(made->cells != NULL);
    PUNCH_ASSERT(made->verdicts != NULL);
    PUNCH_ASSERT(state.sums != NULL);
    for (uint32_t i = 0; i < file->about.cell_count; i++) {
        state.sums[i].cell = i;
    }
    run_threads(&state, jobs);
    bool broken = atomic_load(&state.broken) || !sum_up(made, state.sums);
    free(state.sums);
    if (!broken && file->about.tradeoff.given) {
        made->judged = tradeoff_make(file, made->confidence);
        broken = made->judged == NULL;
    }
    if (!broken) {
        return NULL;
    }
    analysis_free(made);
    return file_with_suffix(file->path, ": the file is damaged, or changed while it was read");
}

void analysis_free(analysis *made) {
    for (uint32_t i = 0; made->cells != NULL && i < made->about->cell_count; i++) {
        free(made->cells[i].estimates);
        free(made->cells[i].reasons);
        free(made->cells[i].points);
    }
    free(made->cells);
    free(made->verdicts);
    tradeoff_free(made->judged);
    memset(made, 0, sizeof *made);
}

stats_estimate analysis_measure(const trials_file *file, uint32_t cell, uint32_t measure,
                                double confidence) {
    collector *of = collector_create(file);
    trials_reader reader;
    collector_begin(of, cell, measure);
    trials_reader_begin(&reader, file, cell);
    while (trials_reader_next(&reader)) {
        for (uint32_t t = 0; t < reader.chunk.count; t++) {
            feed(of, &reader.results[t]);
        }
    }
    const bool whole = !reader.broken && find_quantiles(of, cell, confidence);
    trials_reader_end(&reader);
    const stats_estimate e = estimate_of(of, measure, confidence);
    collector_destroy(of);
    const stats_estimate nothing = {0, NAN, -INFINITY, INFINITY};
    return whole ? e : nothing;
}

const stats_estimate *analysis_estimate(const analysis *of, uint32_t cell, uint32_t measure) {
    return &of->cells[cell].estimates[measure];
}

bool analysis_holds(const analysis *of) {
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        if (of->about->cells[i].holds) {
            return true;
        }
    }
    return false;
}

void analysis_replay(const analysis *of, FILE *out, uint32_t cell, uint64_t trial) {
    const facts *about = of->about;
    const context where = {
        .program = of->program,
        .file = about->file,
        .overrides = about->overrides,
        .override_count = about->override_count,
        .plugins = about->plugins,
        .plugin_count = about->plugin_count,
        .backend_given = about->backend_given ? about->backend : NULL,
        .crypto_given = about->crypto_given ? about->crypto : NULL,
        .cell = cell,
        .trial = trial,
        .seed = about->seed,
    };
    context_print_replay(out, &where);
}
