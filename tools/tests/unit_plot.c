/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The figure of times as data: what is drawn stays within a pixel of the true distribution, also
 * where many times are equal, and a gnuplot that hangs is not waited for.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gnuplot.h"
#include "process.h"
#include "punch_test.h"
#include "report.h"
#include "said.h"

#define TRIALS 20011u /* a prime: ties end at no multiple of anything */
#define DRAWN_WITHIN 0.001

typedef struct {
    uint32_t ties; /* different times; 0: all different */
    double connected;
    const char *sentence;
} ecdf_row;

/* Gives the one cell a distribution with a point for each different time. */
static void give_points(said *made, const ecdf_row *row) {
    const uint32_t kinds = row->ties > 0 ? row->ties : TRIALS;
    uint32_t *counts = calloc(kinds, sizeof *counts);
    analysis_cell *cell = &made->said.cells[0];
    free(cell->points);
    cell->points = calloc(kinds, sizeof *cell->points);
    if (counts == NULL || cell->points == NULL) {
        abort();
    }
    for (uint32_t i = 0; i < TRIALS; i++) {
        const bool connected = (double)(i * 31u % 1000u) < row->connected * 1000.0;
        counts[row->ties > 0 ? i * 7u % row->ties : i] += connected ? 1 : 0;
    }
    uint32_t reached = 0;
    cell->point_count = 0;
    for (uint32_t k = 0; k < kinds; k++) {
        reached += counts[k];
        if (counts[k] > 0) {
            cell->points[cell->point_count++] =
                (analysis_point){0.25 + (double)k / 1e3, (double)reached / TRIALS};
        }
    }
    free(counts);
}

/* Share of calls that took at most so long. */
static double true_share(const said *made, double time_s) {
    const analysis_cell *cell = &made->said.cells[0];
    double share = 0.0;
    for (uint32_t i = 0; i < cell->point_count && cell->points[i].time_s <= time_s + 1e-9; i++) {
        share = cell->points[i].share;
    }
    return share;
}

/* Reads a number and moves behind it; false, unmoved, when there is none. */
static bool read_number(const char **at, double *number_out) {
    char *end = NULL;
    const double number = strtod(*at, &end);
    if (end == *at) {
        return false;
    }
    *at = end;
    *number_out = number;
    return true;
}

/* Compares the first curve, at every point it turns, with what it stands for. */
static void check_curve(const said *made, const char *script, const ecdf_row *row) {
    const char *at = strstr(script, "$curve0_0 << EOD\n");
    EXPECT("the script holds the curve", at != NULL);
    at = at != NULL ? strchr(at, '\n') + 1 : "EOD";
    double furthest = 0.0;
    double before = 0.0;
    uint32_t points = 0;
    while (strncmp(at, "EOD", 3) != 0) {
        double time_s = 0.0;
        double share = 0.0;
        if (!read_number(&at, &time_s) || !read_number(&at, &share)) {
            abort();
        }
        /* Just before the time the old share was drawn; from it on, the last one at that time. */
        furthest = fmax(furthest, fabs(before - true_share(made, time_s - 1e-6)));
        double next_s = 0.0;
        const char *next = strchr(at, '\n') + 1;
        const char *ahead = next;
        if (!read_number(&ahead, &next_s) || next_s > time_s) {
            furthest = fmax(furthest, fabs(share - true_share(made, time_s)));
        }
        before = share;
        points++;
        at = next;
    }
    printf("  %s: furthest %.6f, %u points\n", row->sentence, furthest, points);
    EXPECT(row->sentence, furthest <= DRAWN_WITHIN + 1e-5);
    EXPECT("few points", points <= 2 * 1001 + 4);
}

static void drawn_is_true(void) {
    static const ecdf_row rows[] = {
        {0, 1.0, "all different"},    {0, 0.7, "all different, some never"},
        {1, 1.0, "all equal"},        {3, 0.5, "three ties, half never"},
        {13, 0.9, "thirteen ties"},   {997, 1.0, "many small ties"},
        {2, 0.0, "nothing connects"},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        const said_how how = {.trials = TRIALS};
        said *made = said_make(&how);
        give_points(made, &rows[r]);
        char *script = said_text(made, report_plot_times);
        check_curve(made, script, &rows[r]);
        free(script);
        said_free(made);
    }
}

/* How many curves and panels, and of how many worlds the band speaks. */
static void layouts(void) {
    static const struct {
        const char *sentence;
        said_how how;
        const char *has;
        const char *has_not;
        uint64_t band_of; /* worlds */
    } rows[] = {
        {"one cell: one curve", {.trials = 100}, "$curve0_0 <<", "$curve0_1 <<", 100},
        {"three cells: three curves",
         {.level_counts = {3}, .trials = 100},
         "$curve0_2 <<",
         "multiplot",
         100},
        {"twelve cells: a panel per level of the other factor, curves by treatment",
         {.level_counts = {3, 4}, .treatment = true, .trials = 100},
         "$curve2_3 <<",
         "$curve3_0 <<",
         100},
        {"too many: pooled, and worlds that meet again count once",
         {.level_counts = {3, 10}, .treatment = true, .trials = 100},
         "$curve0_2 <<",
         "$curve1_0 <<",
         100},
        {"too many without treatments: all worlds count",
         {.level_counts = {3, 10}, .trials = 100},
         "$curve0_2 <<",
         "$curve1_0 <<",
         1000},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        said *made = said_make(&rows[r].how);
        char *script = said_text(made, report_plot_times);
        EXPECT(rows[r].sentence, strstr(script, rows[r].has) != NULL);
        EXPECT(rows[r].sentence, strstr(script, rows[r].has_not) == NULL);
        const char *at = strstr(script, "$curve0_0 << EOD\n");
        double high = 0.0;
        at = at != NULL ? strchr(at, '\n') + 1 : "";
        for (int column = 0; column < 4; column++) { /* time, share, low, high */
            EXPECT("a first point of four numbers", read_number(&at, &high));
        }
        EXPECT_REAL("height of its band", high, stats_ecdf_band(rows[r].band_of, 0.95), 1e-5);
        free(script);
        said_free(made);
    }
}

static void texts(void) {
    static const struct {
        const char *text;
        const char *quoted;
    } rows[] = {
        {"plain", "'plain'"},        {"`touch hit`", "'`touch hit`'"},
        {"it's 5%", "'it''s 5%'"},   {"\\n \"q\" @x $(y)", "'\\n \"q\" @x $(y)'"},
        {"a\nb\x7f\x01", "'a b  '"}, {"", "''"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *got = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&got, &length);
        gnuplot_text(out, rows[i].text);
        fclose(out);
        EXPECT_TEXT("as gnuplot reads it back", got, rows[i].quoted);
        free(got);
    }
}

/* A program called gnuplot, first in PATH, that sleeps. */
static void hangs(void) {
    char directory[4096];
    char path[8192];
    process_make_directory(directory, sizeof directory);
    snprintf(path, sizeof path, "%s/gnuplot", directory);
    FILE *script = fopen(path, "w");
    if (script == NULL) {
        abort();
    }
    fputs("#!/bin/sh\nPATH=/bin:/usr/bin sleep 100\n", script);
    fclose(script);
    if (chmod(path, 0700) != 0 || setenv("PATH", directory, 1) != 0) {
        abort();
    }
    const gnuplot_figure figure = {"a.gp", "svg", "a.svg"};
    char driver[8192];
    snprintf(driver, sizeof driver, "%s/driver", directory);
    EXPECT_INT("given up", gnuplot_draw(&figure, 1, driver, 100), GNUPLOT_HUNG);
    if (unlink(path) != 0) {
        abort();
    }
    EXPECT_INT("and a missing one is missing", gnuplot_draw(&figure, 1, driver, 100),
               GNUPLOT_MISSING);
    EXPECT_INT("nor can it draw without a place for its orders",
               gnuplot_draw(&figure, 1, "/nowhere/driver", 100), GNUPLOT_FAILED);
    process_remove_directory(directory);
}

/* Text of a scenario reaches gnuplot as text, and the SVG as XML. */
static void words(void) {
    static const struct {
        const char *sentence;
        void (*put)(FILE *out, const char *text);
        const char *text;
        const char *expected;
    } rows[] = {
        {"plain", gnuplot_text, "a > b", "'a > b'"},
        {"quotes", gnuplot_text, "it's", "'it''s'"},
        {"lines", gnuplot_text, "a\nb\x7f", "'a b '"},
        {"the end of a CDATA section", gnuplot_text, "a]]>b", "'a] ]>b'"},
        {"in a longer row", gnuplot_text, "]]]>]]>", "']] ]>] ]>'"},
        {"of a tick", gnuplot_tick_words, "5%]]>'", "5%%] ]>''"},
        {"stray bytes", gnuplot_text, "a\xff", "'a\xef\xbf\xbd'"},
        {"what XML calls no character", gnuplot_text, "\xef\xbf\xbe", "'\xef\xbf\xbd'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *got = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&got, &length);
        rows[i].put(out, rows[i].text);
        fclose(out);
        EXPECT_TEXT(rows[i].sentence, got, rows[i].expected);
        free(got);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"drawn within a thousandth of the truth", drawn_is_true},
        {"layouts", layouts},
        {"texts", texts},
        {"words", words},
        {"a gnuplot that hangs", hangs},
    };
    return PUNCH_TEST_MAIN("plot", cases);
}
