/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compare_words.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "punch/assert.h"
#include "words.h"

/* --- columns */

uint32_t compare_columns(const comparison *of) {
    return of->new_run->factor_count + COMPARE_COLUMN_COUNT;
}

const char *compare_heading(const comparison *of, uint32_t column) {
    static const char *const headings[COMPARE_COLUMN_COUNT] = {
        [COMPARE_COLUMN_MEASURE] = "measure",   [COMPARE_COLUMN_OLD] = "old",
        [COMPARE_COLUMN_NEW] = "new",           [COMPARE_COLUMN_CHANGE] = "change",
        [COMPARE_COLUMN_RELATIVE] = "relative", [COMPARE_COLUMN_P] = "p",
        [COMPARE_COLUMN_VERDICT] = "verdict"};
    const uint32_t factors = of->new_run->factor_count;
    return column < factors ? of->new_run->factors[column] : headings[column - factors];
}

static char *p_words(const compare_row *row) {
    if (row->change.difference.estimate.n == 0) {
        return file_copy_name("-");
    }
    return row->p < 0.0001 ? file_copy_name("<0.0001") : words_sentence("%.4f", row->p);
}

/* Shares change in points; a percentage of a percentage would only confuse, one of never says
 * nothing. */
static char *relative_words(const compare_row *row, const sim_measure *measure) {
    char text[WORDS_CAP];
    const stats_estimate *ratio = &row->change.ratio.estimate;
    if (measure->kind == SIM_MEASURE_SHARE || ratio->n == 0 || !isfinite(ratio->value)) {
        return file_copy_name("-");
    }
    return file_copy_name(words_relative(ratio, text));
}

char *compare_field(const comparison *of, const compare_row *row, uint32_t column) {
    uint32_t measure_count = 0;
    const sim_measure *measure = &sim_measures(&measure_count)[row->measure];
    const compare_pair *pair = &of->pairs[row->pair];
    const uint32_t factors = of->new_run->factor_count;
    char text[WORDS_CAP];
    if (column < factors) {
        return compare_level(of, pair, column);
    }
    switch ((compare_column)(column - factors)) {
    case COMPARE_COLUMN_MEASURE:
        return file_copy_name(measure->name);
    case COMPARE_COLUMN_OLD:
        return file_copy_name(words_value(
            measure->unit, of->old_run->cells[pair->old_cell].estimates[row->measure].value, text));
    case COMPARE_COLUMN_NEW:
        return file_copy_name(words_value(
            measure->unit, of->new_run->cells[pair->new_cell].estimates[row->measure].value, text));
    case COMPARE_COLUMN_CHANGE:
        return file_copy_name(words_change(measure->unit, &row->change.difference.estimate, text));
    case COMPARE_COLUMN_RELATIVE:
        return relative_words(row, measure);
    case COMPARE_COLUMN_P:
        return p_words(row);
    case COMPARE_COLUMN_VERDICT:
        return file_copy_name(compare_verdict_name(row->verdict));
    case COMPARE_COLUMN_COUNT:
        break;
    }
    return file_copy_name("");
}

/* --- lines */

char *compare_source_words(const comparison *of, bool old_run) {
    const compare_source *source = old_run ? of->old_run : of->new_run;
    return words_sentence("%s (scenario %s %s, seed %s%s%s%s)", source->path, source->scenario,
                          source->digest, source->seed, source->made_by[0] != '\0' ? ", " : "",
                          source->made_by, source->partial ? ", partial" : "");
}

char *compare_paired_words(const comparison *of) {
    if (of->unpaired == NULL) {
        return file_copy_name("compared trial by trial in the same worlds");
    }
    return words_sentence(
        "compared as samples apart, for %s; the same worlds would show smaller "
        "changes",
        of->unpaired);
}

char *compare_summary(const comparison *of) {
    size_t within = 0;
    size_t open = 0;
    size_t nothing = 0;
    for (size_t i = 0; i < of->row_count; i++) {
        within += of->rows[i].verdict == COMPARE_NOT_WORSE ? 1 : 0;
        open += of->rows[i].verdict == COMPARE_UNDECIDED ? 1 : 0;
        nothing += of->rows[i].verdict == COMPARE_NOTHING ? 1 : 0;
    }
    char *margins = file_copy_name("");
    if (within + open > 0) {
        free(margins);
        margins =
            words_sentence(", %zu within the margin, %zu inconclusive about it", within, open);
    }
    char *text = words_sentence(
        "%zu comparison%s (p adjusted for all, Holm): %zu worse, %zu "
        "better%s, %zu without a shown change",
        of->row_count, of->row_count == 1 ? "" : "s", of->worse, of->better, margins, nothing);
    free(margins);
    return text;
}

char *compare_unmatched_words(const comparison *of) {
    if (of->only_old == 0 && of->only_new == 0) {
        return file_copy_name("");
    }
    return words_sentence("not compared: %" PRIu32 " of %" PRIu32 " cells of the old and %" PRIu32
                          " of %" PRIu32 " of the new have no counterpart",
                          of->only_old, of->old_run->cell_count, of->only_new,
                          of->new_run->cell_count);
}

/* ", 2 measures" */
static void put_missing(FILE *out, bool *any, const char *words, size_t count) {
    if (count > 0) {
        fprintf(out, "%s %zu %s%s", *any ? "," : "", count, words, count == 1 ? "" : "s");
        *any = true;
    }
}

char *compare_not_whole_words(const comparison *of) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    PUNCH_ASSERT(out != NULL);
    if (!compare_is_whole(of)) {
        const bool within = of->old_run == of->new_run;
        const bool lacks = of->only_old > 0 || of->lost > 0;
        bool any = false;
        fprintf(out, "no success: the %srun", within ? "" : "new ");
        fputs(lacks ? " lacks" : "", out);
        put_missing(out, &any, "cell", of->only_old);
        put_missing(out, &any, "measure", of->lost);
        fputs(lacks && !within ? " that the old one has" : "", out);
        if (of->new_run->partial) {
            fprintf(out, "%s was not finished", lacks ? ", and" : "");
        }
    }
    const bool closed = fclose(out) == 0;
    PUNCH_ASSERT(closed);
    return text;
}

/* --- what shows a worsening */

uint32_t compare_next_worse(const comparison *of, uint32_t pair) {
    for (size_t i = 0; i < of->row_count; i++) {
        if (of->rows[i].pair >= pair && of->rows[i].verdict == COMPARE_WORSE) {
            return of->rows[i].pair;
        }
    }
    return of->pair_count;
}

char *compare_worse_words(const comparison *of, uint32_t pair) {
    uint32_t measure_count = 0;
    const sim_measure *table = sim_measures(&measure_count);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    PUNCH_ASSERT(out != NULL);
    for (uint32_t f = 0; f < of->new_run->factor_count; f++) {
        char *level = compare_level(of, &of->pairs[pair], f);
        fprintf(out, "%s%s", f > 0 ? ", " : "", level);
        free(level);
    }
    const char *before = of->new_run->factor_count > 0 ? ": " : "";
    for (size_t i = 0; i < of->row_count; i++) {
        if (of->rows[i].pair == pair && of->rows[i].verdict == COMPARE_WORSE) {
            fprintf(out, "%s%s", before, table[of->rows[i].measure].name);
            before = ", ";
        }
    }
    fputs(" worse", out);
    const bool closed = fclose(out) == 0;
    PUNCH_ASSERT(closed);
    return text;
}

/* The first trial that shows the pair's first worsening; UINT64_MAX: none. */
static uint64_t worse_trial(const comparison *of, uint32_t pair) {
    for (size_t i = 0; i < of->row_count; i++) {
        const compare_row *row = &of->rows[i];
        if (row->pair == pair && row->verdict == COMPARE_WORSE &&
            row->change.worse_trial != UINT64_MAX) {
            return row->change.worse_trial;
        }
    }
    return UINT64_MAX;
}

/* Of cells whose trials have nothing to do with each other: the first one that failed now. */
static uint64_t failed_trial(const comparison *of, uint32_t pair) {
    if (!of->new_run->has_trials) {
        return UINT64_MAX;
    }
    const analysis_cell *cell = &of->new_run->said.cells[of->pairs[pair].new_cell];
    return cell->reason_count > 0 ? cell->reasons[0].example_trial : UINT64_MAX;
}

char *compare_replay_words(const comparison *of, uint32_t pair) {
    const compare_pair *cells = &of->pairs[pair];
    const uint64_t trial = cells->paired ? worse_trial(of, pair) : failed_trial(of, pair);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    PUNCH_ASSERT(out != NULL);
    if (trial != UINT64_MAX && cells->paired) {
        fputs("was: ", out);
        analysis_replay(&of->old_run->said, out, cells->old_cell, trial);
        fputc('\n', out);
    }
    if (trial != UINT64_MAX) {
        fputs("now: ", out);
        analysis_replay(&of->new_run->said, out, cells->new_cell, trial);
        fputc('\n', out);
    }
    const bool closed = fclose(out) == 0;
    PUNCH_ASSERT(closed);
    return text;
}
