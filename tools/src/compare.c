/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "file.h"
#include "punch/assert.h"
#include "words.h"

#define NO_FACTOR UINT32_MAX
#define NO_CELL UINT32_MAX

compare_request compare_request_all(void) {
    compare_request request = {.against = NULL};
    for (uint32_t m = 0; m < COMPARE_MEASURES_MAX; m++) {
        request.wanted[m] = true;
        request.margins[m] = NAN;
    }
    return request;
}

const char *compare_verdict_name(compare_verdict verdict) {
    static const char *const names[] = {[COMPARE_NOTHING] = "~",
                                        [COMPARE_BETTER] = "better",
                                        [COMPARE_WORSE] = "worse",
                                        [COMPARE_NOT_WORSE] = "within the margin",
                                        [COMPARE_UNDECIDED] = "inconclusive"};
    return names[verdict];
}

char *compare_level(const comparison *of, const compare_pair *pair, uint32_t factor) {
    const char *new_level = of->new_run->cells[pair->new_cell].levels[factor];
    if (pair->factor != factor) {
        return file_copy_name(new_level);
    }
    return words_sentence("%s -> %s", of->old_run->cells[pair->old_cell].levels[factor], new_level);
}

static void add_pair(comparison *of, const compare_pair *pair) {
    of->pairs[of->pair_count++] = *pair;
}

/* --- pairs within a run */

/* The cell that differs from another in the level of one factor. */
static uint32_t cell_with_level(const facts *about, uint32_t cell, uint32_t factor,
                                uint32_t level) {
    for (uint32_t other = 0; other < about->cell_count; other++) {
        bool fits = facts_level(about, other, factor) == level;
        for (uint32_t f = 0; f < about->factor_count && fits; f++) {
            fits = f == factor || facts_level(about, other, f) == facts_level(about, cell, f);
        }
        if (fits) {
            return other;
        }
    }
    return NO_CELL;
}

/* The level of a treatment that others are compared with: the one asked for, or the first. */
static uint32_t reference_level(const facts_factor *factor, const char *against) {
    for (uint32_t level = 0; against != NULL && level < factor->level_count; level++) {
        if (strcmp(factor->levels[level], against) == 0) {
            return level;
        }
    }
    return 0;
}

/* NULL when --against names a level of a treatment, or nothing. */
static char *check_against(const facts *about, const char *against) {
    if (against == NULL) {
        return NULL;
    }
    cli_nearest nearest = cli_nearest_to(against);
    for (uint32_t f = 0; f < about->factor_count; f++) {
        for (uint32_t level = 0; level < about->factors[f].level_count; level++) {
            if (!about->factors[f].treatment) {
                continue;
            }
            if (strcmp(about->factors[f].levels[level], against) == 0) {
                return NULL;
            }
            cli_nearest_offer(&nearest, about->factors[f].levels[level]);
        }
    }
    return nearest.best != NULL
               ? words_sentence("no treatment has a level \"%s\"; did you mean \"%s\"?", against,
                                nearest.best)
               : words_sentence("no treatment has a level \"%s\"", against);
}

static void pair_levels(comparison *made, const facts *about, uint32_t factor, uint32_t from) {
    for (uint32_t cell = 0; cell < about->cell_count; cell++) {
        if (facts_level(about, cell, factor) == from) {
            continue;
        }
        const uint32_t old_cell = cell_with_level(about, cell, factor, from);
        PUNCH_ASSERT(old_cell != NO_CELL);
        const compare_pair pair = {old_cell, cell, factor, facts_paired(about, cell, old_cell)};
        add_pair(made, &pair);
    }
}

static char *pair_within(comparison *made, const compare_source *run, const char *against) {
    if (!run->has_trials) {
        return words_sentence(
            "%s: a file of estimates does not say what its treatments are; give two", run->path);
    }
    const facts *about = &run->file.about;
    char *why = check_against(about, against);
    if (why != NULL) {
        return why;
    }
    made->pairs = calloc((size_t)about->cell_count * about->factor_count + 1, sizeof *made->pairs);
    PUNCH_ASSERT(made->pairs != NULL);
    for (uint32_t f = 0; f < about->factor_count; f++) {
        if (about->factors[f].treatment) {
            pair_levels(made, about, f, reference_level(&about->factors[f], against));
        }
    }
    if (made->pair_count == 0) {
        comparison_free(made);
        return words_sentence(
            "%s: there is nothing to compare in it: no factor with several levels is "
            "a treatment (\"treatment\": true in the scenario)",
            run->path);
    }
    return NULL;
}

/* --- pairs of two runs */

/* Position of a factor of one source in the other. */
static uint32_t factor_in(const compare_source *source, const char *name) {
    for (uint32_t f = 0; f < source->factor_count; f++) {
        if (strcmp(source->factors[f], name) == 0) {
            return f;
        }
    }
    return NO_FACTOR;
}

/* NULL when all factors of one are factors of the other. */
static char *check_factors(const compare_source *one, const compare_source *other) {
    for (uint32_t f = 0; f < one->factor_count; f++) {
        if (factor_in(other, one->factors[f]) == NO_FACTOR) {
            return words_sentence("%s has a factor \"%s\", %s has not", one->path, one->factors[f],
                                  other->path);
        }
    }
    return NULL;
}

static char *check_sources(const compare_source *old_run, const compare_source *new_run,
                           const char *against) {
    if (against != NULL) {
        return words_sentence("--against is for the treatments of one run");
    }
    if (strcmp(old_run->scenario, new_run->scenario) != 0) {
        return words_sentence(
            "%s is of scenario \"%s\", %s of \"%s\": they do not answer the same "
            "question",
            old_run->path, old_run->scenario, new_run->path, new_run->scenario);
    }
    char *why = check_factors(old_run, new_run);
    return why != NULL ? why : check_factors(new_run, old_run);
}

static bool same_levels(const comparison *of, const uint32_t *old_factors, uint32_t new_cell,
                        uint32_t old_cell) {
    for (uint32_t f = 0; f < of->new_run->factor_count; f++) {
        if (strcmp(of->new_run->cells[new_cell].levels[f],
                   of->old_run->cells[old_cell].levels[old_factors[f]]) != 0) {
            return false;
        }
    }
    return true;
}

/* Why the trials of two runs do not meet the same worlds; NULL when they do. */
static char *why_unpaired(const compare_source *old_run, const compare_source *new_run) {
    if (!old_run->has_trials || !new_run->has_trials) {
        return words_sentence("%s has estimates only",
                              old_run->has_trials ? new_run->path : old_run->path);
    }
    if (strcmp(old_run->digest, new_run->digest) != 0) {
        return words_sentence("the scenarios differ (digests %s and %s)", old_run->digest,
                              new_run->digest);
    }
    if (strcmp(old_run->seed, new_run->seed) != 0) {
        return words_sentence("the seeds differ (%s and %s)", old_run->seed, new_run->seed);
    }
    return NULL;
}

static char *pair_runs(comparison *made) {
    const compare_source *old_run = made->old_run;
    const compare_source *new_run = made->new_run;
    uint32_t *old_factors = calloc((size_t)new_run->factor_count + 1, sizeof *old_factors);
    made->pairs = calloc((size_t)new_run->cell_count + 1, sizeof *made->pairs);
    PUNCH_ASSERT(old_factors != NULL);
    PUNCH_ASSERT(made->pairs != NULL);
    for (uint32_t f = 0; f < new_run->factor_count; f++) {
        old_factors[f] = factor_in(old_run, new_run->factors[f]);
    }
    made->unpaired = why_unpaired(old_run, new_run);
    bool *met = calloc((size_t)old_run->cell_count + 1, sizeof *met);
    PUNCH_ASSERT(met != NULL);
    for (uint32_t cell = 0; cell < new_run->cell_count; cell++) {
        uint32_t old_cell = 0;
        while (old_cell < old_run->cell_count && !same_levels(made, old_factors, cell, old_cell)) {
            old_cell++;
        }
        if (old_cell < old_run->cell_count) {
            const bool paired =
                made->unpaired == NULL && old_run->file.about.cells[old_cell].call_count ==
                                              new_run->file.about.cells[cell].call_count;
            const compare_pair pair = {old_cell, cell, NO_FACTOR, paired};
            add_pair(made, &pair);
            met[old_cell] = true;
        }
    }
    free(old_factors);
    made->only_new = new_run->cell_count - made->pair_count;
    for (uint32_t cell = 0; cell < old_run->cell_count; cell++) {
        made->only_old += met[cell] ? 0 : 1;
    }
    free(met);
    if (made->pair_count > 0) {
        return NULL;
    }
    comparison_free(made);
    return words_sentence("no cell of %s has the levels of a cell of %s", new_run->path,
                          old_run->path);
}

/* --- rows */

static compare_side side_of(const compare_source *source, uint32_t cell) {
    const compare_side side = {source->has_trials ? &source->file : NULL, cell,
                               source->cells[cell].estimates};
    return side;
}

/* Is the measure wanted, and was it measured on either side? */
static bool row_wanted(const comparison *of, const compare_pair *pair, uint32_t measure) {
    return of->request->wanted[measure] &&
           (of->old_run->cells[pair->old_cell].estimates[measure].n > 0 ||
            of->new_run->cells[pair->new_cell].estimates[measure].n > 0);
}

/* Of a wanted row: has the old cell the measure, and the new one not? Within a run, cells may be
 * made for different measures. */
static bool is_lost(const comparison *of, const compare_pair *pair, uint32_t measure) {
    const compare_source *new_run = of->new_run;
    return of->old_run->cells[pair->old_cell].estimates[measure].n > 0 &&
           new_run->cells[pair->new_cell].estimates[measure].n == 0 &&
           (of->old_run != new_run ||
            facts_measured(&new_run->file.about, pair->new_cell, measure));
}

static bool is_on_both_sides(const comparison *of, const compare_pair *pair, uint32_t measure) {
    return of->old_run->cells[pair->old_cell].estimates[measure].n > 0 &&
           of->new_run->cells[pair->new_cell].estimates[measure].n > 0;
}

static char *fill_rows(comparison *of, uint32_t measure_count) {
    compare_changes *changes = malloc(sizeof *changes);
    PUNCH_ASSERT(changes != NULL);
    /* Intervals of different confidence (a run with "until") are taken for the wider's: no
     * narrower than they say. */
    compare_how how = {.confidence = fmin(of->old_run->confidence, of->new_run->confidence),
                       .seed = 1}; /* chosen; the same comparison draws the same */
    memcpy(how.wanted, of->request->wanted, sizeof how.wanted);
    bool whole = true;
    size_t at = 0;
    for (uint32_t p = 0; p < of->pair_count && whole; p++) {
        const compare_pair *pair = &of->pairs[p];
        const compare_side new_side = side_of(of->new_run, pair->new_cell);
        const compare_side old_side = side_of(of->old_run, pair->old_cell);
        how.paired = pair->paired;
        whole = compare_cells(&new_side, &old_side, &how, changes);
        for (uint32_t m = 0; m < measure_count; m++) {
            if (row_wanted(of, pair, m)) {
                of->rows[at++] =
                    (compare_row){.pair = p, .measure = m, .change = changes->of[m], .p = 1.0};
            }
        }
    }
    free(changes);
    return whole ? NULL : words_sentence("a file of trials changed while it was read");
}

static void adjust(comparison *of) {
    double *p = calloc(of->row_count + 1, sizeof *p);
    PUNCH_ASSERT(p != NULL);
    size_t count = 0;
    for (size_t i = 0; i < of->row_count; i++) {
        if (of->rows[i].change.difference.estimate.n > 0) {
            p[count++] = of->rows[i].change.difference.p;
        }
    }
    stats_holm(p, count);
    count = 0;
    for (size_t i = 0; i < of->row_count; i++) {
        if (of->rows[i].change.difference.estimate.n > 0) {
            of->rows[i].p = p[count++];
        }
    }
    free(p);
}

/* The change with its sign turned so that more is worse. */
static stats_estimate worsening_of(const compare_row *row, const sim_measure *measure) {
    const stats_estimate e = row->change.difference.estimate;
    switch (measure->sense) {
    case SIM_LESS_IS_BETTER:
        return e;
    case SIM_MORE_IS_BETTER:
        return (stats_estimate){e.n, -e.value, -e.hi, -e.lo};
    }
    return e;
}

static compare_verdict verdict_of(const compare_row *row, const stats_estimate *worsening) {
    const bool significant = worsening->n > 0 && row->p < COMPARE_ALPHA;
    if (significant && worsening->hi < 0.0) {
        return COMPARE_BETTER;
    }
    if (row->has_margin) {
        switch (row->margin.outcome) {
        case STATS_NOT_WORSE:
            return COMPARE_NOT_WORSE;
        case STATS_WORSE:
            return significant ? COMPARE_WORSE : COMPARE_UNDECIDED;
        case STATS_UNDECIDED:
            return COMPARE_UNDECIDED;
        }
    }
    return significant && worsening->lo > 0.0 ? COMPARE_WORSE : COMPARE_NOTHING;
}

static void conclude(comparison *of, const sim_measure *table) {
    const double confidence = fmin(of->old_run->confidence, of->new_run->confidence);
    for (size_t i = 0; i < of->row_count; i++) {
        compare_row *row = &of->rows[i];
        const stats_estimate worsening = worsening_of(row, &table[row->measure]);
        const double margin = of->request->margins[row->measure];
        row->has_margin = !isnan(margin);
        if (row->has_margin) {
            row->margin = stats_margin(&worsening, margin, confidence);
        }
        row->verdict = verdict_of(row, &worsening);
        of->better += row->verdict == COMPARE_BETTER ? 1 : 0;
        of->worse += row->verdict == COMPARE_WORSE ? 1 : 0;
    }
}

/* NULL when there is at least one row with two sides. */
static char *count_rows(comparison *made, uint32_t measure_count) {
    size_t comparable = 0;
    for (uint32_t p = 0; p < made->pair_count; p++) {
        const compare_pair *pair = &made->pairs[p];
        for (uint32_t m = 0; m < measure_count; m++) {
            if (row_wanted(made, pair, m)) {
                made->row_count++;
                made->lost += is_lost(made, pair, m) ? 1 : 0;
                comparable += is_on_both_sides(made, pair, m) ? 1 : 0;
            }
        }
    }
    if (comparable > 0) {
        return NULL;
    }
    return made->old_run == made->new_run
               ? words_sentence(
                     "%s: nothing can be compared: no measure that is wanted was taken "
                     "in two cells that differ in a treatment only",
                     made->new_run->path)
               : words_sentence(
                     "nothing can be compared: no measure that is wanted was taken in a "
                     "cell of %s and in the same of %s",
                     made->old_run->path, made->new_run->path);
}

static char *compare_pairs(comparison *made) {
    uint32_t measure_count = 0;
    const sim_measure *table = sim_measures(&measure_count);
    PUNCH_ASSERT(measure_count <= COMPARE_MEASURES_MAX);
    char *why = count_rows(made, measure_count);
    if (why != NULL) {
        comparison_free(made);
        return why;
    }
    made->rows = calloc(made->row_count + 1, sizeof *made->rows);
    PUNCH_ASSERT(made->rows != NULL);
    why = fill_rows(made, measure_count);
    if (why != NULL) {
        comparison_free(made);
        return why;
    }
    adjust(made);
    conclude(made, table);
    return NULL;
}

bool compare_is_whole(const comparison *of) {
    return of->only_old == 0 && of->lost == 0 && !of->new_run->partial;
}

const tradeoff *compare_judged(const comparison *of) {
    return of->old_run == of->new_run && of->new_run->has_trials ? of->new_run->said.judged : NULL;
}

char *compare_within(comparison *made, const compare_source *run, const compare_request *request) {
    *made = (comparison){.old_run = run, .new_run = run, .request = request};
    char *why = pair_within(made, run, request->against);
    return why != NULL ? why : compare_pairs(made);
}

char *compare_runs(comparison *made, const compare_source *old_run, const compare_source *new_run,
                   const compare_request *request) {
    *made = (comparison){.old_run = old_run, .new_run = new_run, .request = request};
    char *why = check_sources(old_run, new_run, request->against);
    why = why != NULL ? why : pair_runs(made);
    return why != NULL ? why : compare_pairs(made);
}

void comparison_free(comparison *made) {
    free(made->pairs);
    free(made->rows);
    free(made->unpaired);
    memset(made, 0, sizeof *made);
}
