/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.md, fit to be posted as a comment on a change: the summary and what failed first, long
 * tables folded, and never longer than such a comment may be. It is composed with all its rows;
 * when that is too long, with half as many, and so on, and says what it left out.
 */
#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"
#include "report.h"
#include "report_words.h"
#include "tradeoff_words.h"

/* Longer tables are folded. Chosen: about a screen. */
#define ROWS_OPEN_MAX 20u

/* Of a title or a question. Chosen. */
#define TEXT_BYTES_MAX 2000u

typedef struct {
    const analysis *of;
    FILE *out;
    uint32_t rows_max; /* of each table */
    bool figures;
} markdown;

/* The beginning of a text, whole characters, and "..." when that is not all of it. */
static void put_text(const markdown *to, const char *text) {
    size_t length = strlen(text);
    if (length <= TEXT_BYTES_MAX) {
        format_markdown(to->out, text);
        return;
    }
    length = TEXT_BYTES_MAX;
    while (length > 0 && ((unsigned char)text[length] & 0xc0u) == 0x80u) {
        length--; /* back to the first byte of a character: RFC 3629 */
    }
    char *beginning = strndup(text, length);
    PUNCH_ASSERT(beginning != NULL);
    format_markdown(to->out, beginning);
    fputs("...", to->out);
    free(beginning);
}

/* Opens what put_fold_end closes, of as many rows: folded when there are many. */
static void put_fold(const markdown *to, uint32_t rows, const char *what) {
    if (rows > ROWS_OPEN_MAX) {
        fprintf(to->out, "<details><summary>%u %s</summary>\n\n", rows, what);
    }
}

static void put_fold_end(const markdown *to, uint32_t rows) {
    fputs(rows > ROWS_OPEN_MAX ? "\n</details>\n" : "", to->out);
}

static void put_left_out(const markdown *to, uint32_t rows, uint32_t shown, const char *where) {
    if (rows > shown) {
        fprintf(to->out, "\n%u more were left out to keep this short: see %s.\n", rows - shown,
                where);
    }
}

/* --- verdicts */

static void put_verdict_row(const markdown *to, uint32_t index) {
    char *claim = report_claim(to->of, index);
    char *finding = report_finding(to->of, index);
    const expect_outcome outcome = to->of->verdicts[index].outcome;
    fprintf(to->out, outcome == EXPECT_PASS ? "| %s | " : "| **%s** | ",
            expect_outcome_name(outcome));
    format_markdown(to->out, claim);
    fputs(" | ", to->out);
    format_markdown(to->out, finding);
    fputs(" |\n", to->out);
    free(claim);
    free(finding);
}

typedef enum { VERDICTS_HELD, VERDICTS_NOT_HELD } verdicts_shown;

static bool is_shown(expect_outcome outcome, verdicts_shown shown) {
    return (outcome == EXPECT_PASS) == (shown == VERDICTS_HELD);
}

/* At most rows_max rows of those; how many there are. */
static uint32_t put_verdict_rows(const markdown *to, verdicts_shown shown) {
    uint32_t rows = 0;
    fputs("| verdict | expected | found |\n|---|---|---|\n", to->out);
    for (uint32_t i = 0; i < to->of->about->expect_count; i++) {
        if (is_shown(to->of->verdicts[i].outcome, shown)) {
            if (rows < to->rows_max) {
                put_verdict_row(to, i);
            }
            rows++;
        }
    }
    return rows;
}

static void put_verdict_replays(const markdown *to) {
    char *lines = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&lines, &length);
    PUNCH_ASSERT(out != NULL);
    uint32_t rows = 0;
    for (uint32_t i = 0; i < to->of->about->expect_count && rows < to->rows_max; i++) {
        if (report_example(to->of, i) != UINT64_MAX) {
            analysis_replay(to->of, out, to->of->about->expects[i].cell, report_example(to->of, i));
            fputc('\n', out);
            rows++;
        }
    }
    fclose(out);
    if (rows > 0) {
        fputs("\nTo look at them, packet by packet:\n\n", to->out);
        format_markdown_block(to->out, lines);
    }
    free(lines);
}

static void put_verdicts(const markdown *to) {
    const uint32_t all = to->of->about->expect_count;
    const uint32_t held = report_outcomes(to->of, EXPECT_PASS);
    if (all == 0) {
        return;
    }
    fputs("\n## Verdicts\n\n", to->out);
    if (held < all) {
        const uint32_t rows = put_verdict_rows(to, VERDICTS_NOT_HELD);
        put_left_out(to, rows, to->rows_max, "report.html");
        put_verdict_replays(to);
    }
    if (held > 0) {
        fputs(held < all ? "\n" : "", to->out);
        put_fold(to, held, "expectations hold");
        const uint32_t rows = put_verdict_rows(to, VERDICTS_HELD);
        put_left_out(to, rows, to->rows_max, "report.html");
        put_fold_end(to, held);
    }
}

/* --- cells */

/* The columns of estimates: the last three only when connections were held. */
static const struct {
    const char *title;
    uint32_t measure;
} columns[] = {
    {"connected", SIM_MEASURE_CONNECTED},   {"p50, s", SIM_MEASURE_TIME_P50},
    {"p95, s", SIM_MEASURE_TIME_P95},       {"held", SIM_MEASURE_HELD},
    {"keepalives", SIM_MEASURE_KEEPALIVES}, {"longest gap, s", SIM_MEASURE_OUTBOUND_GAP},
};

static size_t column_count(const analysis *of) {
    return analysis_holds(of) ? sizeof columns / sizeof columns[0] : 3;
}

static void put_cells_header(const markdown *to) {
    const facts *about = to->of->about;
    fputs("| cell |", to->out);
    for (uint32_t f = 0; f < about->factor_count; f++) {
        fputc(' ', to->out);
        format_markdown(to->out, about->factors[f].name);
        fputs(" |", to->out);
    }
    fputs(" n |", to->out);
    for (size_t c = 0; c < column_count(to->of); c++) {
        fprintf(to->out, " %s |", columns[c].title);
    }
    fputs(" most frequent failure |\n|--:|", to->out);
    for (uint32_t f = 0; f < about->factor_count; f++) {
        fputs("---|", to->out);
    }
    fputs("--:|", to->out);
    for (size_t c = 0; c < column_count(to->of); c++) {
        fputs("---|", to->out);
    }
    fputs("---|\n", to->out);
}

static void put_cell_row(const markdown *to, uint32_t cell) {
    const analysis_cell *at = &to->of->cells[cell];
    uint32_t count = 0;
    const sim_measure *measures = sim_measures(&count);
    fprintf(to->out, "| %u |", cell);
    for (uint32_t f = 0; f < to->of->about->factor_count; f++) {
        fputc(' ', to->out);
        format_markdown(to->out, facts_level_name(to->of->about, cell, f));
        fputs(" |", to->out);
    }
    fprintf(to->out, " %llu |",
            (unsigned long long)analysis_estimate(to->of, cell, SIM_MEASURE_CONNECTED)->n);
    for (size_t c = 0; c < column_count(to->of); c++) {
        char text[REPORT_TEXT_CAP];
        const uint32_t measure = columns[c].measure;
        fprintf(to->out, " %s |",
                report_estimate(measures[measure].unit, analysis_estimate(to->of, cell, measure),
                                text));
    }
    if (at->reason_count > 0) {
        fprintf(to->out, " %llu of %llu: ", (unsigned long long)at->reasons[0].count,
                (unsigned long long)at->failed);
        format_markdown(to->out, at->reasons[0].text);
    }
    fputs(" |\n", to->out);
}

static void put_cells(const markdown *to) {
    const uint32_t cell_count = to->of->about->cell_count;
    const uint32_t shown = cell_count < to->rows_max ? cell_count : to->rows_max;
    fputs("\n## Cells\n\n", to->out);
    put_fold(to, cell_count, "cells");
    put_cells_header(to);
    for (uint32_t i = 0; i < shown; i++) {
        put_cell_row(to, i);
    }
    put_left_out(to, cell_count, shown, "cells.csv");
    put_fold_end(to, cell_count);
}

static void put_replays(const markdown *to) {
    uint32_t failing = 0;
    char *lines = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&lines, &length);
    PUNCH_ASSERT(out != NULL);
    for (uint32_t i = 0; i < to->of->about->cell_count; i++) {
        if (to->of->cells[i].reason_count == 0) {
            continue;
        }
        if (failing < to->rows_max) {
            analysis_replay(to->of, out, i, to->of->cells[i].reasons[0].example_trial);
            fputc('\n', out);
        }
        failing++;
    }
    fclose(out);
    if (failing > 0) {
        fputs("\n## Failures, packet by packet\n\n", to->out);
        put_fold(to, failing, "cells fail");
        fputs("One example of each failing cell's most frequent failure:\n\n", to->out);
        format_markdown_block(to->out, lines);
        put_left_out(to, failing, to->rows_max, "report.html");
        put_fold_end(to, failing);
    }
    free(lines);
}

/* --- the rest */

static void put_measures(const markdown *to) {
    uint32_t count = 0;
    const sim_measure *table = sim_measures(&count);
    fputs("\n<details><summary>What was measured, and how to repeat it</summary>\n\n", to->out);
    for (uint32_t m = 0; m < count; m++) {
        if (!report_measured(to->of->about, m)) {
            continue;
        }
        fprintf(to->out, "- `%s`: ", table[m].name);
        format_markdown(to->out, table[m].help);
        fputc('\n', to->out);
    }
    char *method = report_method(to->of);
    char *run = report_run_words(to->of);
    char *line = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&line, &length);
    PUNCH_ASSERT(out != NULL);
    fprintf(out, "%s\n", run);
    fclose(out);
    fprintf(to->out, "\n%s\n\n", method);
    format_markdown_block(to->out, line);
    if (to->figures) {
        fputs(
            "\nFigures beside this file: [success](success.svg), "
            "[time to connect](time-to-connect.svg), [factors](factors.svg), "
            "[reasons](reasons.svg)",
            to->out);
        fputs(to->of->judged != NULL ? ", [cost and harm](tradeoff.svg)" : "", to->out);
        fputs("; all of it in [report.html](report.html).\n", to->out);
    }
    fputs("\n</details>\n", to->out);
    free(method);
    free(run);
    free(line);
}

static void compose(const markdown *to) {
    const facts *about = to->of->about;
    char *summary = report_summary(to->of);
    fputs("# ", to->out);
    put_text(to, about->title[0] != '\0' ? about->title : about->scenario);
    fputs("\n\n", to->out);
    if (about->question[0] != '\0') {
        put_text(to, about->question);
        fputs("\n\n", to->out);
    }
    fputs("**", to->out);
    put_text(to, summary);
    fputs("**\n", to->out);
    free(summary);
    if (to->of->judged != NULL) {
        tradeoff_markdown(to->of->judged, to->of->confidence, to->out, to->rows_max);
    }
    put_verdicts(to);
    put_cells(to);
    put_replays(to);
    put_measures(to);
    fprintf(to->out,
            "\nScenario `%s` (digest `%016llx`), backend `%s`, crypto `%s`, seed `%llu`; "
            "punchlab %s (%s).\n",
            about->scenario, (unsigned long long)about->digest, about->backend, about->crypto,
            (unsigned long long)about->seed, about->version, about->commit);
}

void report_markdown(const analysis *of, FILE *out, bool figures) {
    uint32_t rows_max = UINT32_MAX;
    for (;;) {
        char *text = NULL;
        size_t length = 0;
        const markdown to = {of, open_memstream(&text, &length), rows_max, figures};
        PUNCH_ASSERT(to.out != NULL);
        compose(&to);
        fclose(to.out);
        const bool fits = length < REPORT_MARKDOWN_BYTES_MAX;
        if (fits) {
            fwrite(text, 1, length, out);
        }
        free(text);
        if (fits) {
            return;
        }
        if (rows_max == 0) {
            break;
        }
        const uint32_t rows = of->about->cell_count > of->about->expect_count
                                  ? of->about->cell_count
                                  : of->about->expect_count;
        rows_max = (rows < rows_max ? rows : rows_max) / 2;
    }
    /* Names, levels or a command that alone are too long. */
    fprintf(out, "# %.200s\n\nThis report is too long for a comment: see report.html.\n",
            of->about->scenario);
}
