/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tradeoff in Markdown: the answer and the table of all cells in sight, the other tables folded.
 */
#include <stdlib.h>

#include "format.h"
#include "tradeoff_words.h"

static void put_words(FILE *out, char *text, const char *after) {
    format_markdown(out, text);
    fputs(after, out);
    free(text);
}

static void put_table(const tradeoff *of, const tradeoff_table *table, FILE *out) {
    if (table->trials == 0) {
        return;
    }
    for (uint32_t c = 0; c < TRADEOFF_COLUMN_COUNT; c++) {
        fputs("| ", out);
        put_words(out, tradeoff_heading(of, (tradeoff_column)c), " ");
    }
    fputs("|\n", out);
    for (uint32_t c = 0; c < TRADEOFF_COLUMN_COUNT; c++) {
        fputs("|---", out);
    }
    fputs("|\n", out);
    for (uint32_t r = 0; r < of->level_count; r++) {
        const tradeoff_row *row = &table->rows[r];
        for (uint32_t c = 0; c < TRADEOFF_COLUMN_COUNT; c++) {
            const bool strong = row->mark == TRADEOFF_BEST &&
                                (c == TRADEOFF_COLUMN_LEVEL || c == TRADEOFF_COLUMN_MARK);
            fputs(strong ? "| **" : "| ", out);
            put_words(out, tradeoff_field(of, row, (tradeoff_column)c), strong ? "** " : " ");
        }
        fputs("|\n", out);
    }
}

void tradeoff_markdown(const tradeoff *of, double confidence, FILE *out, uint32_t tables_max) {
    fputs("\n## Which to use\n\n", out);
    put_words(out, tradeoff_answer(of, &of->tables[0]), "\n\n");
    put_words(out, tradeoff_table_title(of, &of->tables[0]), ":\n\n");
    put_table(of, &of->tables[0], out);
    const uint32_t cells = of->table_count - 1;
    const uint32_t shown = cells < tables_max ? cells : tables_max;
    if (shown > 0) {
        fprintf(out, "\n<details><summary>The same in each of %u cells</summary>\n", cells);
    }
    for (uint32_t t = 1; t <= shown; t++) {
        fputs("\n**", out);
        put_words(out, tradeoff_table_title(of, &of->tables[t]), "**: ");
        put_words(out, tradeoff_answer(of, &of->tables[t]), "\n\n");
        put_table(of, &of->tables[t], out);
    }
    if (shown > 0) {
        fputs("\n</details>\n", out);
    }
    if (cells > shown) {
        fprintf(out, "\nThe tables of %u%s cells were left out to keep this short.\n",
                cells - shown, shown > 0 ? " more" : "");
    }
    fputc('\n', out);
    put_words(out, tradeoff_method(of, confidence), "\n");
}
