/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tradeoff for a terminal: the answer, then the table of all cells pooled and those of each cell.
 */
#include <stdlib.h>
#include <string.h>

#include "tradeoff_words.h"

/* Tables of cells that are printed. Chosen: two screens; report.html has all. */
#define TABLES_SHOWN_MAX 12u

/* Letters of a line of the answer. Chosen: as narrow as terminals are. */
#define LINE_LETTERS 100u

/* Characters of UTF-8, each taken for one column. */
static size_t width_of(const char *text) {
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0u) != 0x80u ? 1 : 0;
    }
    return width;
}

/* Words of a paragraph in lines. */
static void put_paragraph(FILE *out, const char *text) {
    size_t line = 0;
    while (*text != '\0') {
        const size_t bytes = strcspn(text, " ");
        char *word = strndup(text, bytes);
        const size_t width = word != NULL ? width_of(word) : 0;
        const bool breaks = line > 0 && line + 1 + width > LINE_LETTERS;
        fprintf(out, "%s%s", line == 0 ? "" : breaks ? "\n" : " ", word != NULL ? word : "");
        line = breaks ? width : line + (line > 0 ? 1 : 0) + width;
        free(word);
        text += bytes + (text[bytes] == ' ' ? 1 : 0);
    }
    fputc('\n', out);
}

static const char *colour_of(tradeoff_mark mark) {
    switch (mark) {
    case TRADEOFF_BEST:
        return "\x1b[32m";
    case TRADEOFF_WORSE:
    case TRADEOFF_RISKIER:
        return "\x1b[31m";
    case TRADEOFF_OPEN:
        return "\x1b[33m";
    case TRADEOFF_ALIKE:
    case TRADEOFF_SAFER:
        return "";
    }
    return "";
}

static void put_row(char *const *fields, const size_t *widths, FILE *out) {
    for (uint32_t c = 0; c < TRADEOFF_COLUMN_COUNT; c++) {
        const bool last = c + 1 == TRADEOFF_COLUMN_COUNT;
        fprintf(out, "%s%*s", fields[c], last ? 0 : (int)(widths[c] - width_of(fields[c]) + 2), "");
    }
}

/* Widths are those of all tables, so that columns stand below each other. */
static void measure_widths(const tradeoff *of, size_t widths[TRADEOFF_COLUMN_COUNT]) {
    for (uint32_t c = 0; c < TRADEOFF_COLUMN_COUNT; c++) {
        char *heading = tradeoff_heading(of, (tradeoff_column)c);
        widths[c] = width_of(heading);
        free(heading);
        for (uint32_t t = 0; t < of->table_count && t <= TABLES_SHOWN_MAX; t++) {
            for (uint32_t r = 0; of->tables[t].trials > 0 && r < of->level_count; r++) {
                char *field = tradeoff_field(of, &of->tables[t].rows[r], (tradeoff_column)c);
                const size_t width = width_of(field);
                widths[c] = width > widths[c] ? width : widths[c];
                free(field);
            }
        }
    }
}

static void put_table(const tradeoff *of, const tradeoff_table *table, const size_t *widths,
                      FILE *out, bool colour) {
    char *fields[TRADEOFF_COLUMN_COUNT];
    char *title = tradeoff_table_title(of, table);
    fprintf(out, "\n%s\n", title);
    free(title);
    for (uint32_t r = 0; r <= of->level_count && table->trials > 0; r++) {
        const tradeoff_row *row = r > 0 ? &table->rows[r - 1] : NULL;
        const char *shade = colour && row != NULL ? colour_of(row->mark) : "";
        for (uint32_t c = 0; c < TRADEOFF_COLUMN_COUNT; c++) {
            fields[c] = row != NULL ? tradeoff_field(of, row, (tradeoff_column)c)
                                    : tradeoff_heading(of, (tradeoff_column)c);
        }
        fputs(shade, out);
        put_row(fields, widths, out);
        fprintf(out, "%s\n", shade[0] != '\0' ? "\x1b[0m" : "");
        for (uint32_t c = 0; c < TRADEOFF_COLUMN_COUNT; c++) {
            free(fields[c]);
        }
    }
}

void tradeoff_print(const tradeoff *of, double confidence, FILE *out, bool colour) {
    size_t widths[TRADEOFF_COLUMN_COUNT];
    char *answer = tradeoff_answer(of, &of->tables[0]);
    char *method = tradeoff_method(of, confidence);
    put_paragraph(out, answer);
    measure_widths(of, widths);
    for (uint32_t t = 0; t < of->table_count && t <= TABLES_SHOWN_MAX; t++) {
        put_table(of, &of->tables[t], widths, out, colour);
    }
    if (of->table_count > TABLES_SHOWN_MAX + 1) {
        fprintf(out, "\n%u more cells: see report.html\n", of->table_count - 1 - TABLES_SHOWN_MAX);
    }
    fputc('\n', out);
    put_paragraph(out, method);
    free(answer);
    free(method);
}
