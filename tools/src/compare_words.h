/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What table and Markdown of a comparison have in common: its columns, its summary, and what shows
 * a worsening.
 */
#ifndef COMPARE_WORDS_H
#define COMPARE_WORDS_H

#include "compare.h"

/* Columns are the factors, then these. */
typedef enum {
    COMPARE_COLUMN_MEASURE,
    COMPARE_COLUMN_OLD,
    COMPARE_COLUMN_NEW,
    COMPARE_COLUMN_CHANGE,
    COMPARE_COLUMN_RELATIVE,
    COMPARE_COLUMN_P,
    COMPARE_COLUMN_VERDICT,
    COMPARE_COLUMN_COUNT
} compare_column;

uint32_t compare_columns(const comparison *of);
const char *compare_heading(const comparison *of, uint32_t column);

/* What stands in a row's column; to be freed. */
char *compare_field(const comparison *of, const compare_row *row, uint32_t column);

/* One line each, without its end: what is compared, whether trial by trial, what came of it, and
 * which cells were left aside ("" when none). To be freed. */
char *compare_source_words(const comparison *of, bool old_run);
char *compare_paired_words(const comparison *of);
char *compare_summary(const comparison *of);
char *compare_unmatched_words(const comparison *of);

/* Why a comparison is no success although nothing in it is worse; "" when it is whole. To be freed.
 */
char *compare_not_whole_words(const comparison *of);

/* Pairs of cells in which something is worse, in order: the next one from `pair` on, or
 * pair_count. */
uint32_t compare_next_worse(const comparison *of, uint32_t pair);

/* "linux x linux, 0% -> 10%: connected, time_to_connect_s_p50 worse". To be freed. */
char *compare_worse_words(const comparison *of, uint32_t pair);

/* Commands that repeat the first trial that is worse now, a line each: how it was, how it is. ""
 * when no single trial shows it. To be freed. */
char *compare_replay_words(const comparison *of, uint32_t pair);

#endif
