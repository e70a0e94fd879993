/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A comparison: the levels of the treatments of one run against each other, or the same cells of
 * two runs. Every pair of cells and every measure is a row; p values are adjusted over all rows
 * (Holm). A row is better or worse when its adjusted p is below 5 % and its interval excludes no
 * change; with a margin it is worse only when it is shown to be worse by more than that. It is
 * good when nothing is worse and it is whole: the new run lacks nothing that the old one has.
 *
 *   sources -> pairs of cells -> changes (compare_cells.h) -> rows -> table, JSON, Markdown
 */
#ifndef COMPARE_H
#define COMPARE_H

#include <stdio.h>

#include "compare_cells.h"
#include "compare_source.h"

#define COMPARE_ALPHA 0.05 /* the usual level; an adjusted p below it is significant */

typedef enum {
    COMPARE_NOTHING, /* no change is shown */
    COMPARE_BETTER,
    COMPARE_WORSE,
    COMPARE_NOT_WORSE, /* shown to be no worse than the margin */
    COMPARE_UNDECIDED  /* neither that, nor worse than the margin */
} compare_verdict;

typedef struct {
    bool wanted[COMPARE_MEASURES_MAX];
    double margins[COMPARE_MEASURES_MAX]; /* in the unit shown, >= 0; NaN: none */
    const char *against;                  /* level that others are compared with; NULL: the first */
} compare_request;

/* Which cells: positions in the two sources. */
typedef struct {
    uint32_t old_cell;
    uint32_t new_cell;
    uint32_t factor; /* within a run, that which differs; UINT32_MAX: none */
    bool paired;
} compare_pair;

typedef struct {
    uint32_t pair;
    uint32_t measure;
    compare_change change; /* new minus, and divided by, old */
    double p;              /* adjusted */
    bool has_margin;
    stats_margin_verdict margin; /* of the worsening, when there is one */
    compare_verdict verdict;
} compare_row;

typedef struct {
    const compare_source *old_run; /* borrowed; the same twice within a run */
    const compare_source *new_run;
    const compare_request *request; /* borrowed */
    char *unpaired;                 /* why trials are not compared one by one; NULL: they are */
    compare_pair *pairs;
    uint32_t pair_count;
    compare_row *rows;
    size_t row_count;
    size_t better;
    size_t worse;
    uint32_t only_old; /* cells without a counterpart */
    uint32_t only_new;
    size_t lost; /* rows that the old run has and the new one should have, but has not */
} comparison;

/* All measures, no margins. */
compare_request compare_request_all(void);

/* NULL, or a sentence to be freed why they cannot be compared, not even in one measure of one cell;
 * then there is nothing to free. */
char *compare_within(comparison *made, const compare_source *run, const compare_request *request);
char *compare_runs(comparison *made, const compare_source *old_run, const compare_source *new_run,
                   const compare_request *request);
void comparison_free(comparison *made);

/* Does the new run have all that the old one has, every trial of it? What is missing could be what
 * became worse: a comparison that is not whole vouches for nothing. */
bool compare_is_whole(const comparison *of);

/* What the run says of its treatment's levels, when the comparison is within one run and its
 * scenario asks; else NULL. */
const tradeoff *compare_judged(const comparison *of);

/* "better", "worse", "~", "within the margin", "inconclusive" */
const char *compare_verdict_name(compare_verdict verdict);

/* What a pair's cells have in a factor: "10%", or "0% -> 10%". To be freed. */
char *compare_level(const comparison *of, const compare_pair *pair, uint32_t factor);

/* For people, for programs, for pull requests: the last is never longer than a comment may be. */
void compare_table(const comparison *of, FILE *out, bool colour);
void compare_json(const comparison *of, FILE *out);
void compare_markdown(const comparison *of, FILE *out);

#endif
