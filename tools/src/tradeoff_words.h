/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answer of a tradeoff in plain words, and what all forms of its tables have in common. Raw
 * text: who writes HTML or Markdown escapes it.
 */
#ifndef TRADEOFF_WORDS_H
#define TRADEOFF_WORDS_H

#include <stdio.h>

#include "tradeoff.h"

typedef enum {
    TRADEOFF_COLUMN_LEVEL,
    TRADEOFF_COLUMN_COST,
    TRADEOFF_COLUMN_COST_CHANGE,
    TRADEOFF_COLUMN_HARM,
    TRADEOFF_COLUMN_HARM_CHANGE,
    TRADEOFF_COLUMN_MARK,
    TRADEOFF_COLUMN_FRONTIER,
    TRADEOFF_COLUMN_COUNT
} tradeoff_column;

/* All of these are to be freed. */

/* What stands above a column, and in a row of it. */
char *tradeoff_heading(const tradeoff *of, tradeoff_column column);
char *tradeoff_field(const tradeoff *of, const tradeoff_row *row, tradeoff_column column);

/* "all 8 cells pooled, 300 trials each", "timeout 30s, loss 0%". */
char *tradeoff_table_title(const tradeoff *of, const tradeoff_table *table);

/* A paragraph: which level to use and why, or that nothing better than the baseline was shown, and
 * about how many trials would decide it. */
char *tradeoff_answer(const tradeoff *of, const tradeoff_table *table);

/* What the marks mean and which statistics stand behind them. */
char *tradeoff_method(const tradeoff *of, double confidence);

/* "best", "~", "dearer, less harm" */
const char *tradeoff_mark_words(tradeoff_mark mark);

/* About how many trials of each cell would show whether a level costs less than the baseline, or
 * stays within the margin where that is what is open. 0: no number would. */
uint64_t tradeoff_trials_needed(const tradeoff *of, const tradeoff_table *table,
                                const tradeoff_row *row);

/* For people: the answer, the tables, how to read them. */
void tradeoff_print(const tradeoff *of, double confidence, FILE *out, bool colour);

/* The object "tradeoff" of --json, without a name. */
void tradeoff_json(const tradeoff *of, FILE *out);

/* Sections of report.md and of a comparison's Markdown; at most so many tables of cells. */
void tradeoff_markdown(const tradeoff *of, double confidence, FILE *out, uint32_t tables_max);

#endif
