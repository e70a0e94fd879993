/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A comparison as a comment on a change: what came of it, the rows that changed, how to see a
 * worsening, and the other rows folded away. When it is too long for a comment, tables are cut to
 * fewer rows, and say so.
 */
#include <stdlib.h>
#include <string.h>

#include "compare_words.h"
#include "format.h"
#include "punch/assert.h"
#include "report.h"
#include "tradeoff_words.h"
#include "words.h"

static void put_line(FILE *out, const char *before, char *line) {
    if (line[0] != '\0') {
        fputs(before, out);
        format_markdown(out, line);
        fputs("\n", out);
    }
    free(line);
}

static bool is_shown(const compare_row *row, bool changed) {
    return (row->verdict != COMPARE_NOTHING) == changed;
}

static size_t rows_of(const comparison *of, bool changed) {
    size_t count = 0;
    for (size_t i = 0; i < of->row_count; i++) {
        count += is_shown(&of->rows[i], changed) ? 1 : 0;
    }
    return count;
}

static void put_heading(const comparison *of, FILE *out) {
    for (uint32_t c = 0; c < compare_columns(of); c++) {
        fputs("| ", out);
        format_markdown(out, compare_heading(of, c));
        fputc(' ', out);
    }
    fputs("|\n", out);
    for (uint32_t c = 0; c < compare_columns(of); c++) {
        fputs("|---", out);
    }
    fputs("|\n", out);
}

static void put_row(const comparison *of, const compare_row *row, FILE *out) {
    const bool strong = row->verdict == COMPARE_WORSE;
    for (uint32_t c = 0; c < compare_columns(of); c++) {
        char *field = compare_field(of, row, c);
        const bool marked = strong && c + 1 == compare_columns(of);
        fputs(marked ? "| **" : "| ", out);
        format_markdown(out, field);
        fputs(marked ? "** " : " ", out);
        free(field);
    }
    fputs("|\n", out);
}

static void put_rows(const comparison *of, FILE *out, bool changed, size_t most) {
    const size_t count = rows_of(of, changed);
    size_t put = 0;
    put_heading(of, out);
    for (size_t i = 0; i < of->row_count && put < most; i++) {
        if (is_shown(&of->rows[i], changed)) {
            put_row(of, &of->rows[i], out);
            put++;
        }
    }
    if (count > put) {
        fprintf(out, "\n%zu more were left out to keep this short.\n", count - put);
    }
}

static void put_worse(const comparison *of, FILE *out, size_t most) {
    size_t put = 0;
    uint32_t pair = compare_next_worse(of, 0);
    for (; pair < of->pair_count && put < most; put++) {
        char *how = compare_replay_words(of, pair);
        put_line(out, "\n", compare_worse_words(of, pair));
        if (how[0] != '\0') {
            fputc('\n', out);
            format_markdown_block(out, how);
        }
        free(how);
        pair = compare_next_worse(of, pair + 1);
    }
}

/* Worsenings that are shown by commands. Chosen: the table has all. */
#define WORSE_SHOWN_MAX 8u

static char *compose(const comparison *of, size_t rows_max, size_t *length_out) {
    char *text = NULL;
    FILE *out = open_memstream(&text, length_out);
    PUNCH_ASSERT(out != NULL);
    fputs("## ", out);
    put_line(out, "", words_sentence("%s: compared", of->new_run->scenario));
    put_line(out, "\n", compare_summary(of));
    put_line(out, "\n", compare_not_whole_words(of));
    if (compare_judged(of) != NULL) {
        const uint32_t tables = rows_max < UINT32_MAX ? (uint32_t)rows_max : UINT32_MAX;
        tradeoff_markdown(compare_judged(of), of->new_run->confidence, out, tables);
    }
    put_line(out, "\n", compare_unmatched_words(of));
    if (rows_of(of, true) > 0) {
        fputc('\n', out);
        put_rows(of, out, true, rows_max);
    }
    put_worse(of, out, rows_max < WORSE_SHOWN_MAX ? rows_max : WORSE_SHOWN_MAX);
    const size_t quiet = rows_of(of, false);
    if (quiet > 0) {
        fprintf(out, "\n<details><summary>%zu without a shown change</summary>\n\n", quiet);
        put_rows(of, out, false, rows_max);
        fputs("\n</details>\n", out);
    }
    put_line(out, "\nold: ", compare_source_words(of, true));
    put_line(out, "\nnew: ", compare_source_words(of, false));
    put_line(out, "\n", compare_paired_words(of));
    const bool closed = fclose(out) == 0;
    PUNCH_ASSERT(closed);
    return text;
}

void compare_markdown(const comparison *of, FILE *out) {
    size_t length = 0;
    size_t rows_max = of->row_count + 1;
    char *text = compose(of, rows_max, &length);
    while (length >= REPORT_MARKDOWN_BYTES_MAX && rows_max > 0) {
        free(text);
        rows_max /= 2;
        text = compose(of, rows_max, &length);
    }
    fwrite(text, 1, length, out);
    free(text);
}
