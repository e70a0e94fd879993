/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A comparison for a terminal: a row per measure and pair of cells, aligned, then what came of it
 * and how to see it.
 */
#include <stdlib.h>
#include <string.h>

#include "compare_words.h"
#include "punch/assert.h"
#include "tradeoff_words.h"

/* Pairs of cells whose worsenings are shown by commands. Chosen: a screen; the table has all. */
#define WORSE_SHOWN_MAX 8u

/* Characters of UTF-8, each taken for one column. */
static size_t width_of(const char *text) {
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0u) != 0x80u ? 1 : 0;
    }
    return width;
}

static const char *colour_of(compare_verdict verdict) {
    switch (verdict) {
    case COMPARE_BETTER:
        return "\x1b[32m";
    case COMPARE_WORSE:
        return "\x1b[31m";
    case COMPARE_UNDECIDED:
        return "\x1b[33m";
    case COMPARE_NOTHING:
    case COMPARE_NOT_WORSE:
        return "";
    }
    return "";
}

static void put_padded(FILE *out, const char *text, size_t width, bool last) {
    const size_t own = width_of(text);
    fprintf(out, "%s%*s", text, last ? 0 : (int)(width - own + 2), "");
}

typedef struct {
    char **fields; /* row x column */
    size_t *widths;
    uint32_t columns;
} layout;

static layout layout_of(const comparison *of) {
    layout made = {.columns = compare_columns(of)};
    made.fields = calloc(of->row_count * made.columns + 1, sizeof *made.fields);
    made.widths = calloc(made.columns, sizeof *made.widths);
    PUNCH_ASSERT(made.fields != NULL);
    PUNCH_ASSERT(made.widths != NULL);
    for (uint32_t c = 0; c < made.columns; c++) {
        made.widths[c] = width_of(compare_heading(of, c));
        for (size_t r = 0; r < of->row_count; r++) {
            char *field = compare_field(of, &of->rows[r], c);
            const size_t width = width_of(field);
            made.widths[c] = width > made.widths[c] ? width : made.widths[c];
            made.fields[r * made.columns + c] = field;
        }
    }
    return made;
}

static void layout_free(layout *of, size_t rows) {
    for (size_t i = 0; i < rows * of->columns; i++) {
        free(of->fields[i]);
    }
    free(of->fields);
    free(of->widths);
}

static void put_rows(const comparison *of, FILE *out, bool colour) {
    layout made = layout_of(of);
    for (uint32_t c = 0; c < made.columns; c++) {
        put_padded(out, compare_heading(of, c), made.widths[c], c + 1 == made.columns);
    }
    fputc('\n', out);
    for (size_t r = 0; r < of->row_count; r++) {
        /* Levels stand once for all measures of their cells. */
        const bool again = r > 0 && of->rows[r].pair == of->rows[r - 1].pair;
        const char *shade = colour ? colour_of(of->rows[r].verdict) : "";
        fputs(shade, out);
        for (uint32_t c = 0; c < made.columns; c++) {
            const bool blank = again && c < of->new_run->factor_count;
            put_padded(out, blank ? "" : made.fields[r * made.columns + c], made.widths[c],
                       c + 1 == made.columns);
        }
        fputs(shade[0] != '\0' ? "\x1b[0m" : "", out);
        fputc('\n', out);
    }
    layout_free(&made, of->row_count);
}

/* A text of lines, each behind a margin of blanks. */
static void put_indented(FILE *out, const char *text) {
    while (*text != '\0') {
        const size_t length = strcspn(text, "\n");
        fprintf(out, "    %.*s\n", (int)length, text);
        text += length + (text[length] == '\n' ? 1 : 0);
    }
}

static void put_worse(const comparison *of, FILE *out) {
    uint32_t shown = 0;
    uint32_t pair = compare_next_worse(of, 0);
    for (; pair < of->pair_count && shown < WORSE_SHOWN_MAX; shown++) {
        char *what = compare_worse_words(of, pair);
        char *how = compare_replay_words(of, pair);
        fprintf(out, "  %s\n", what);
        put_indented(out, how);
        free(what);
        free(how);
        pair = compare_next_worse(of, pair + 1);
    }
    uint32_t more = 0;
    for (; pair < of->pair_count; pair = compare_next_worse(of, pair + 1)) {
        more++;
    }
    if (more > 0) {
        fprintf(out, "  and in %u more\n", more);
    }
}

static void put_line(FILE *out, const char *before, char *line) {
    if (line[0] != '\0') {
        fprintf(out, "%s%s\n", before, line);
    }
    free(line);
}

void compare_table(const comparison *of, FILE *out, bool colour) {
    if (of->old_run != of->new_run) {
        put_line(out, "old: ", compare_source_words(of, true));
        put_line(out, "new: ", compare_source_words(of, false));
    } else {
        put_line(out, "run: ", compare_source_words(of, false));
    }
    put_line(out, "", compare_paired_words(of));
    fputc('\n', out);
    if (compare_judged(of) != NULL) {
        tradeoff_print(compare_judged(of), of->new_run->confidence, out, colour);
        fputc('\n', out);
    }
    put_rows(of, out, colour);
    fputc('\n', out);
    put_line(out, "", compare_unmatched_words(of));
    put_line(out, "", compare_summary(of));
    put_line(out, "", compare_not_whole_words(of));
    put_worse(of, out);
}
