/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of cells on a terminal, below it one command per failing cell that shows an example of
 * its failure, and last, where it stays in sight, what became of the expectations.
 */
#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"
#include "report.h"
#include "report_words.h"
#include "tradeoff_words.h"

/* Up to this many failing cells each get their command; beyond, each distinct reason gets one.
 * Chosen: about a screen. */
#define EXAMPLES_MAX 24u

typedef enum {
    COLUMN_CELL,
    COLUMN_N,
    COLUMN_CONNECTED,
    COLUMN_P50,
    COLUMN_P95,
    COLUMN_HELD, /* from here on only when connections were held */
    COLUMN_KEEPALIVES,
    COLUMN_GAP,
    COLUMN_FIXED_COUNT
} fixed_column;

/* Of the columns from COLUMN_CONNECTED on, which are estimates. */
static const struct {
    const char *title;
    uint32_t measure;
} estimates[COLUMN_FIXED_COUNT] = {
    [COLUMN_CONNECTED] = {"connected", SIM_MEASURE_CONNECTED},
    [COLUMN_P50] = {"p50 s", SIM_MEASURE_TIME_P50},
    [COLUMN_P95] = {"p95 s", SIM_MEASURE_TIME_P95},
    [COLUMN_HELD] = {"held", SIM_MEASURE_HELD},
    [COLUMN_KEEPALIVES] = {"keepalives", SIM_MEASURE_KEEPALIVES},
    [COLUMN_GAP] = {"longest gap s", SIM_MEASURE_OUTBOUND_GAP},
};

/* What the columns of one table need. */
typedef struct {
    const analysis *of;
    bool colour;
    size_t *widths;                       /* fixed columns first, then one per factor */
    int value_widths[COLUMN_FIXED_COUNT]; /* of a share alone, without its interval */
} table_layout;

/* Columns this report has, of the fixed ones. */
static fixed_column column_count(const analysis *of) {
    return analysis_holds(of) ? COLUMN_FIXED_COUNT : COLUMN_HELD;
}

static const sim_measure *measure_of(fixed_column column) {
    uint32_t count = 0;
    return &sim_measures(&count)[estimates[column].measure];
}

/* "connected [95 %]" */
static void title_text(const analysis *of, fixed_column column, char text[REPORT_TEXT_CAP]) {
    char confidence[FORMAT_TEXT_CAP];
    if (column < COLUMN_CONNECTED) {
        snprintf(text, REPORT_TEXT_CAP, "%s", column == COLUMN_CELL ? "cell" : "n");
    } else {
        snprintf(text, REPORT_TEXT_CAP, "%s [%s]", estimates[column].title,
                 report_confidence(of, confidence));
    }
}

/* Shares are padded so that their intervals begin below each other. */
static void field_text(const table_layout *layout, uint32_t cell, fixed_column column,
                       char text[REPORT_TEXT_CAP]) {
    if (column < COLUMN_CONNECTED) {
        const uint64_t n = analysis_estimate(layout->of, cell, SIM_MEASURE_CONNECTED)->n;
        snprintf(text, REPORT_TEXT_CAP, "%llu",
                 column == COLUMN_CELL ? (unsigned long long)cell : (unsigned long long)n);
        return;
    }
    char plain[REPORT_TEXT_CAP];
    char value[FORMAT_TEXT_CAP];
    const sim_measure_unit unit = measure_of(column)->unit;
    const stats_estimate *e = analysis_estimate(layout->of, cell, estimates[column].measure);
    const bool pads = unit == SIM_UNIT_SHARE && e->n > 0;
    const int width = pads ? (int)strlen(format_percent(e->value, value)) : 0;
    report_estimate(unit, e, plain);
    snprintf(text, REPORT_TEXT_CAP, "%*s%.200s", pads ? layout->value_widths[column] - width : 0,
             "", plain);
}

/* The widest value of a share; at least "100.0". */
static int share_width(const analysis *of, uint32_t measure) {
    int width = 5;
    for (uint32_t cell = 0; cell < of->about->cell_count; cell++) {
        const stats_estimate *e = analysis_estimate(of, cell, measure);
        char text[FORMAT_TEXT_CAP];
        if (e->n > 0) {
            const int length = (int)strlen(format_percent(e->value, text));
            width = length > width ? length : width;
        }
    }
    return width;
}

/* widths to be freed. */
static table_layout layout_of(const analysis *of) {
    const facts *about = of->about;
    table_layout layout = {.of = of};
    layout.widths = calloc(COLUMN_FIXED_COUNT + about->factor_count, sizeof *layout.widths);
    PUNCH_ASSERT(layout.widths != NULL);
    for (fixed_column c = COLUMN_CELL; c < column_count(of); c++) {
        char text[REPORT_TEXT_CAP];
        if (c >= COLUMN_CONNECTED && measure_of(c)->unit == SIM_UNIT_SHARE) {
            layout.value_widths[c] = share_width(of, estimates[c].measure);
        }
        title_text(of, c, text);
        layout.widths[c] = strlen(text);
        for (uint32_t cell = 0; cell < about->cell_count; cell++) {
            field_text(&layout, cell, c, text);
            layout.widths[c] = strlen(text) > layout.widths[c] ? strlen(text) : layout.widths[c];
        }
    }
    for (uint32_t f = 0; f < about->factor_count; f++) {
        const facts_factor *factor = &about->factors[f];
        size_t width = strlen(factor->name);
        for (uint32_t l = 0; l < factor->level_count; l++) {
            const size_t length = strlen(factor->levels[l]);
            width = length > width ? length : width;
        }
        layout.widths[COLUMN_FIXED_COUNT + f] = width;
    }
    return layout;
}

static void print_header(const table_layout *layout, FILE *out) {
    const analysis *of = layout->of;
    const size_t *widths = layout->widths;
    char text[REPORT_TEXT_CAP];
    title_text(of, COLUMN_CELL, text);
    fprintf(out, "%*s", (int)widths[COLUMN_CELL], text);
    for (uint32_t f = 0; f < of->about->factor_count; f++) {
        fprintf(out, "  %-*s", (int)widths[COLUMN_FIXED_COUNT + f], of->about->factors[f].name);
    }
    for (fixed_column c = COLUMN_N; c < column_count(of); c++) {
        const int width = c + 1 == column_count(of) ? 0 : (int)widths[c];
        title_text(of, c, text);
        fprintf(out, "  %*s", c == COLUMN_N ? width : -width, text);
    }
    fputc('\n', out);
}

static const char *cell_colour(const analysis *of, uint32_t cell) {
    const stats_estimate *e = analysis_estimate(of, cell, SIM_MEASURE_CONNECTED);
    if (e->n == 0 || e->value >= 1.0) {
        return e->n == 0 ? "" : "\x1b[32m";
    }
    return e->value <= 0.0 ? "\x1b[31m" : "\x1b[33m";
}

static void print_row(const table_layout *layout, FILE *out, uint32_t cell) {
    const analysis *of = layout->of;
    const size_t *widths = layout->widths;
    char text[REPORT_TEXT_CAP];
    field_text(layout, cell, COLUMN_CELL, text);
    fprintf(out, "%*s", (int)widths[COLUMN_CELL], text);
    for (uint32_t f = 0; f < of->about->factor_count; f++) {
        fprintf(out, "  %-*s", (int)widths[COLUMN_FIXED_COUNT + f],
                facts_level_name(of->about, cell, f));
    }
    for (fixed_column c = COLUMN_N; c < column_count(of); c++) {
        const bool coloured = layout->colour && c == COLUMN_CONNECTED;
        field_text(layout, cell, c, text);
        fprintf(out, "  %s", coloured ? cell_colour(of, cell) : "");
        /* Numbers to the right; nothing is padded when nothing follows. */
        const int width = c + 1 == column_count(of) ? 0 : (int)widths[c];
        fprintf(out, "%*s", c == COLUMN_N ? width : -width, text);
        fputs(coloured ? "\x1b[0m" : "", out);
    }
    fputc('\n', out);
}

/* Is there a cell before this one whose most frequent failure is the same? */
static bool same_before(const analysis *of, uint32_t cell) {
    for (uint32_t i = 0; i < cell; i++) {
        if (of->cells[i].reason_count > 0 &&
            strcmp(of->cells[i].reasons[0].text, of->cells[cell].reasons[0].text) == 0) {
            return true;
        }
    }
    return false;
}

static void print_example(const analysis *of, FILE *out, uint32_t cell) {
    const reason_count *top = &of->cells[cell].reasons[0];
    fprintf(out, "  cell %u: %llu of %llu failures: %s\n      ", cell,
            (unsigned long long)top->count, (unsigned long long)of->cells[cell].failed, top->text);
    analysis_replay(of, out, cell, top->example_trial);
    fputc('\n', out);
}

static void print_examples(const analysis *of, FILE *out) {
    uint32_t failing = 0;
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        failing += of->cells[i].reason_count > 0 ? 1 : 0;
    }
    if (failing == 0) {
        return;
    }
    const bool each = failing <= EXAMPLES_MAX;
    if (each) {
        fputs("\nThe most frequent failure of each failing cell, and how to see one:\n", out);
    } else {
        fprintf(out,
                "\n%u cells fail; each distinct reason once, and how to see one (report.md has "
                "all):\n",
                failing);
    }
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        if (of->cells[i].reason_count > 0 && (each || !same_before(of, i))) {
            print_example(of, out, i);
        }
    }
}

static const char *outcome_colour(expect_outcome outcome) {
    switch (outcome) {
    case EXPECT_PASS:
        return "\x1b[32m";
    case EXPECT_FAIL:
        return "\x1b[31m";
    case EXPECT_INCONCLUSIVE:
        return "\x1b[33m";
    }
    return "";
}

/* Those that hold are only counted. */
static void print_verdicts(const table_layout *layout, FILE *out) {
    const analysis *of = layout->of;
    if (of->about->expect_count == 0) {
        return;
    }
    char *tally = report_tally(of);
    fprintf(out, "\n%s\n", tally);
    free(tally);
    for (uint32_t i = 0; i < of->about->expect_count; i++) {
        const expect_outcome outcome = of->verdicts[i].outcome;
        if (outcome == EXPECT_PASS) {
            continue;
        }
        char *claim = report_claim(of, i);
        char *finding = report_finding(of, i);
        fprintf(out, "  %s%s%s: %s: %s\n", layout->colour ? outcome_colour(outcome) : "",
                expect_outcome_name(outcome), layout->colour ? "\x1b[0m" : "", claim, finding);
        if (report_example(of, i) != UINT64_MAX) {
            fputs("      ", out);
            analysis_replay(of, out, of->about->expects[i].cell, report_example(of, i));
            fputc('\n', out);
        }
        free(claim);
        free(finding);
    }
}

void report_table(const analysis *of, FILE *out, bool colour) {
    table_layout layout = layout_of(of);
    layout.colour = colour;
    print_header(&layout, out);
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        print_row(&layout, out, i);
    }
    print_examples(of, out);
    if (of->judged != NULL) {
        fputc('\n', out);
        tradeoff_print(of->judged, of->confidence, out, colour);
    }
    print_verdicts(&layout, out);
    free(layout.widths);
    if (of->partial) {
        fprintf(out, "\nPartial: %llu", (unsigned long long)of->trials);
        if (!of->about->until.given) {
            fprintf(out, " of %llu", (unsigned long long)report_trials_wanted(of));
        }
        fputs(" trials were finished.\n", out);
    }
}
