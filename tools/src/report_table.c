/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of cells on a terminal, and below it one command per failing cell that shows an example
 * of its failure.
 */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "punch/assert.h"

/* Up to this many failing cells each get their command; beyond, each distinct reason gets one.
 * Chosen: about a screen. */
#define EXAMPLES_MAX 24u

#define FIELD_CAP 64

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

/* Columns this report has, of those above. */
static fixed_column column_count(const report *view) {
    return report_holds(view) ? COLUMN_FIXED_COUNT : COLUMN_HELD;
}

/* value_width: of the widest value of the column, so that intervals begin below each other. */
static void ratio_text(const stats_estimate *e, int value_width, char text[FIELD_CAP]) {
    if (e->n == 0) {
        snprintf(text, FIELD_CAP, "-");
        return;
    }
    char value[FORMAT_TEXT_CAP];
    char lo[FORMAT_TEXT_CAP];
    char hi[FORMAT_TEXT_CAP];
    snprintf(text, FIELD_CAP, "%*.17s %% [%.17s, %.17s]", value_width,
             format_percent(e->value, value), format_percent(e->lo, lo), format_percent(e->hi, hi));
}

static void seconds_text(double value, char text[FIELD_CAP]) {
    if (isfinite(value)) {
        snprintf(text, FIELD_CAP, "%.3f", value);
    } else {
        snprintf(text, FIELD_CAP, "never");
    }
}

static void time_text(const stats_estimate *e, char text[FIELD_CAP]) {
    if (e->n == 0) {
        snprintf(text, FIELD_CAP, "-");
        return;
    }
    char value[FIELD_CAP];
    char lo[FIELD_CAP];
    char hi[FIELD_CAP];
    seconds_text(e->value, value);
    seconds_text(e->lo, lo);
    seconds_text(e->hi, hi);
    snprintf(text, FIELD_CAP, "%.16s [%.16s, %.16s]", value, lo, hi);
}

static void number_text(const stats_estimate *e, char text[FIELD_CAP]) {
    if (e->n == 0) {
        snprintf(text, FIELD_CAP, "-");
        return;
    }
    snprintf(text, FIELD_CAP, "%.1f [%.1f, %.1f]", e->value, e->lo, e->hi);
}

/* What the columns of one table need. */
typedef struct {
    const report *view;
    size_t *widths;      /* fixed columns first, then one per factor */
    int connected_width; /* of its value alone */
    int held_width;
} table_layout;

/* Text of a fixed column. */
static void field_text(const table_layout *layout, uint32_t cell, fixed_column column,
                       char text[FIELD_CAP]) {
    const report *view = layout->view;
    switch (column) {
    case COLUMN_CELL:
        snprintf(text, FIELD_CAP, "%u", cell);
        break;
    case COLUMN_N:
        snprintf(text, FIELD_CAP, "%llu",
                 (unsigned long long)report_estimate(view, cell, MEASURE_CONNECTED)->n);
        break;
    case COLUMN_CONNECTED:
        ratio_text(report_estimate(view, cell, MEASURE_CONNECTED), layout->connected_width, text);
        break;
    case COLUMN_P50:
        time_text(report_estimate(view, cell, MEASURE_TIME_P50), text);
        break;
    case COLUMN_P95:
        time_text(report_estimate(view, cell, MEASURE_TIME_P95), text);
        break;
    case COLUMN_HELD:
        ratio_text(report_estimate(view, cell, MEASURE_HELD), layout->held_width, text);
        break;
    case COLUMN_KEEPALIVES:
        number_text(report_estimate(view, cell, MEASURE_KEEPALIVES), text);
        break;
    case COLUMN_GAP:
        time_text(report_estimate(view, cell, MEASURE_OUTBOUND_GAP), text);
        break;
    case COLUMN_FIXED_COUNT:
        text[0] = '\0';
        break;
    }
}

static const char *const fixed_titles[COLUMN_FIXED_COUNT] = {
    "cell",         "n",           "connected [95 %]",  "p50 s [95 %]",
    "p95 s [95 %]", "held [95 %]", "keepalives [95 %]", "longest gap s [95 %]"};

/* The widest value of a share; at least "100.0". */
static int share_width(const report *view, size_t measure_index) {
    int width = 5;
    for (uint32_t cell = 0; cell < view->results->cell_count; cell++) {
        const stats_estimate *e = report_estimate(view, cell, measure_index);
        char text[FORMAT_TEXT_CAP];
        if (e->n > 0) {
            const int length = (int)strlen(format_percent(e->value, text));
            width = length > width ? length : width;
        }
    }
    return width;
}

/* widths to be freed. */
static table_layout layout_of(const report *view, uint32_t factor_count) {
    size_t *widths = calloc(COLUMN_FIXED_COUNT + factor_count, sizeof *widths);
    PUNCH_ASSERT(widths != NULL);
    const table_layout layout = {view, widths, share_width(view, MEASURE_CONNECTED),
                                 share_width(view, MEASURE_HELD)};
    for (fixed_column c = COLUMN_CELL; c < column_count(view); c++) {
        widths[c] = strlen(fixed_titles[c]);
        for (uint32_t cell = 0; cell < view->results->cell_count; cell++) {
            char text[FIELD_CAP];
            field_text(&layout, cell, c, text);
            widths[c] = strlen(text) > widths[c] ? strlen(text) : widths[c];
        }
    }
    for (uint32_t f = 0; f < factor_count; f++) {
        const sim_factor_view factor = sim_scenario_factor(view->request->scenario, f);
        size_t width = strlen(factor.name);
        for (uint32_t l = 0; l < factor.level_count; l++) {
            const size_t length = strlen(factor.levels[l]);
            width = length > width ? length : width;
        }
        widths[COLUMN_FIXED_COUNT + f] = width;
    }
    return layout;
}

static void print_header(const table_layout *layout, FILE *out, uint32_t factor_count) {
    const report *view = layout->view;
    const size_t *widths = layout->widths;
    fprintf(out, "%*s", (int)widths[COLUMN_CELL], fixed_titles[COLUMN_CELL]);
    for (uint32_t f = 0; f < factor_count; f++) {
        fprintf(out, "  %-*s", (int)widths[COLUMN_FIXED_COUNT + f],
                sim_scenario_factor(view->request->scenario, f).name);
    }
    for (fixed_column c = COLUMN_N; c < column_count(view); c++) {
        const int width = c + 1 == column_count(view) ? 0 : (int)widths[c];
        fprintf(out, "  %*s", c == COLUMN_N ? width : -width, fixed_titles[c]);
    }
    fputc('\n', out);
}

static const char *cell_colour(const report *view, uint32_t cell) {
    const stats_estimate *e = report_estimate(view, cell, MEASURE_CONNECTED);
    if (e->n == 0 || e->value >= 1.0) {
        return e->n == 0 ? "" : "\x1b[32m";
    }
    return e->value <= 0.0 ? "\x1b[31m" : "\x1b[33m";
}

static void print_row(const table_layout *layout, FILE *out, uint32_t cell, bool colour) {
    const report *view = layout->view;
    const size_t *widths = layout->widths;
    char text[FIELD_CAP];
    const uint32_t factor_count = sim_scenario_factor_count(view->request->scenario);
    field_text(layout, cell, COLUMN_CELL, text);
    fprintf(out, "%*s", (int)widths[COLUMN_CELL], text);
    for (uint32_t f = 0; f < factor_count; f++) {
        fprintf(out, "  %-*s", (int)widths[COLUMN_FIXED_COUNT + f], report_level(view, cell, f));
    }
    for (fixed_column c = COLUMN_N; c < column_count(view); c++) {
        const bool coloured = colour && c == COLUMN_CONNECTED;
        field_text(layout, cell, c, text);
        fprintf(out, "  %s", coloured ? cell_colour(view, cell) : "");
        /* Numbers to the right; nothing is padded when nothing follows. */
        const int width = c + 1 == column_count(view) ? 0 : (int)widths[c];
        fprintf(out, "%*s", c == COLUMN_N ? width : -width, text);
        fputs(coloured ? "\x1b[0m" : "", out);
    }
    fputc('\n', out);
}

/* Cells before this one whose most frequent failure is the same. */
static uint32_t same_before(const report *view, uint32_t cell) {
    uint32_t same = 0;
    for (uint32_t i = 0; i < cell; i++) {
        same += view->reasons[i].failed_count > 0 &&
                        strcmp(view->reasons[i].text, view->reasons[cell].text) == 0
                    ? 1
                    : 0;
    }
    return same;
}

static void print_example(const report *view, FILE *out, uint32_t cell) {
    const reason_top *top = &view->reasons[cell];
    fprintf(out, "  cell %u: %llu of %llu failures: %s\n      ", cell,
            (unsigned long long)top->count, (unsigned long long)top->failed_count, top->text);
    report_replay(view, out, cell, top->example_trial);
    fputc('\n', out);
}

static void print_examples(const report *view, FILE *out) {
    uint32_t failing = 0;
    for (uint32_t i = 0; i < view->results->cell_count; i++) {
        failing += view->reasons[i].failed_count > 0 ? 1 : 0;
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
    for (uint32_t i = 0; i < view->results->cell_count; i++) {
        if (view->reasons[i].failed_count > 0 && (each || same_before(view, i) == 0)) {
            print_example(view, out, i);
        }
    }
}

void report_table(const report *view, FILE *out, bool colour) {
    const uint32_t factor_count = sim_scenario_factor_count(view->request->scenario);
    const table_layout layout = layout_of(view, factor_count);
    print_header(&layout, out, factor_count);
    for (uint32_t i = 0; i < view->results->cell_count; i++) {
        print_row(&layout, out, i, colour);
    }
    free(layout.widths);
    print_examples(view, out);
    if (view->partial) {
        const uint64_t wanted = view->request->trials * view->results->cell_count;
        fprintf(out, "\nPartial: %llu of %llu trials were finished.\n",
                (unsigned long long)view->results->trials_done, (unsigned long long)wanted);
    }
}
