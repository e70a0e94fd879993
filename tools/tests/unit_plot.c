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
#include "punch/addr.h"
#include "punch_test.h"
#include "report.h"

#define TRIALS 20011u /* a prime: ties end at no multiple of anything */
#define DRAWN_WITHIN 0.001

#define SCENARIO_HEAD                                                                     \
    "{\"name\": \"fake\", \"title\": \"t\", \"nat\": {\"n\": {}}, \"link\": {\"l\": {}}," \
    "\"peers\": {\"a\": {\"nat\": \"n\", \"link\": \"l\"}, \"b\": {\"nat\": \"n\","       \
    "\"link\": \"l\"}}, \"broker\": {\"link\": \"l\"}, \"trials\": 10"

typedef struct {
    sim_scenario *scenario;
    run_request request;
    run_results results;
    run_cell *cells;
    sim_trial_result *trials;
    sim_call_result *calls;
} fake_run;

/* Every cell has the same trials: call i of trial i. */
static void fake_make(fake_run *fake, const char *factors, uint64_t trials) {
    char text[2048];
    sim_complaints complaints = {0};
    memset(fake, 0, sizeof *fake);
    snprintf(text, sizeof text, SCENARIO_HEAD "%s}", factors);
    fake->scenario = sim_scenario_parse("fake.json", text, strlen(text), NULL, 0, &complaints);
    sim_complaints_print(&complaints, stderr);
    sim_complaints_clear(&complaints);
    if (fake->scenario == NULL) {
        abort();
    }
    fake->request.scenario = fake->scenario;
    fake->results.cell_count = sim_scenario_cell_count(fake->scenario);
    fake->cells = calloc(fake->results.cell_count, sizeof *fake->cells);
    fake->trials = calloc(trials, sizeof *fake->trials);
    fake->calls = calloc(trials, sizeof *fake->calls);
    if (fake->cells == NULL || fake->trials == NULL || fake->calls == NULL) {
        abort();
    }
    for (uint64_t t = 0; t < trials; t++) {
        fake->trials[t].calls = &fake->calls[t];
    }
    for (uint32_t c = 0; c < fake->results.cell_count; c++) {
        fake->cells[c] = (run_cell){trials, 1, false, false, fake->trials};
    }
    fake->results.cells = fake->cells;
}

static void fake_free(fake_run *fake) {
    sim_scenario_destroy(fake->scenario);
    free(fake->cells);
    free(fake->trials);
    free(fake->calls);
}

/* To be freed. */
static void make_script(const fake_run *fake, char **script_out) {
    size_t length = 0;
    const report view = {.request = &fake->request, .results = &fake->results};
    FILE *out = open_memstream(script_out, &length);
    report_plot_times(&view, out);
    fclose(out);
}

/* Share of calls that took at most so long. */
static double true_share(const fake_run *fake, double time_s) {
    uint64_t count = 0;
    for (uint32_t i = 0; i < TRIALS; i++) {
        const double took_s = (double)fake->calls[i].time_to_connect_us / 1e6;
        count += fake->calls[i].connected && took_s <= time_s + 1e-9 ? 1 : 0;
    }
    return (double)count / TRIALS;
}

typedef struct {
    uint32_t ties; /* different times; 0: all different */
    double connected;
    const char *sentence;
} ecdf_row;

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
static void check_curve(const fake_run *fake, const char *script, const ecdf_row *row) {
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
        furthest = fmax(furthest, fabs(before - true_share(fake, time_s - 1e-6)));
        double next_s = 0.0;
        const char *next = strchr(at, '\n') + 1;
        const char *ahead = next;
        if (!read_number(&ahead, &next_s) || next_s > time_s) {
            furthest = fmax(furthest, fabs(share - true_share(fake, time_s)));
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
        fake_run fake;
        fake_make(&fake, "", TRIALS);
        for (uint32_t i = 0; i < TRIALS; i++) {
            const uint32_t kind = rows[r].ties > 0 ? i * 7u % rows[r].ties : i;
            fake.calls[i].connected = (double)(i * 31u % 1000u) < rows[r].connected * 1000.0;
            fake.calls[i].time_to_connect_us = 250000 + (punch_time_us)kind * 1000;
        }
        char *script = NULL;
        make_script(&fake, &script);
        check_curve(&fake, script, &rows[r]);
        free(script);
        fake_free(&fake);
    }
}

#define FACTOR_8 ", \"factors\": [{\"name\": \"f\", \"set\": \"link.l.loss\", \"levels\": "
#define LOSSES_3 "[\"0%\", \"1%\", \"2%\"]"
#define FACTOR_D "{\"name\": \"d\", \"set\": \"link.l.delay\", \"treatment\": true, \"levels\": "

/* How many curves and panels, and of how many worlds the band speaks. */
static void layouts(void) {
    static const struct {
        const char *sentence;
        const char *factors;
        const char *has;
        const char *has_not;
        uint64_t band_of; /* worlds */
    } rows[] = {
        {"one cell: one curve", "", "$curve0_0 <<", "$curve0_1 <<", 100},
        {"three cells: three curves", FACTOR_8 LOSSES_3 "}]", "$curve0_2 <<", "multiplot", 100},
        {"twelve cells: a panel per level of the other factor, curves by treatment",
         FACTOR_8 LOSSES_3 "}, " FACTOR_D "[\"1ms\", \"2ms\", \"3ms\", \"4ms\"]}]", "$curve2_3 <<",
         "$curve3_0 <<", 100},
        {"too many: pooled, and worlds that meet again count once",
         FACTOR_8 LOSSES_3
         "}, " FACTOR_D "[\"1ms\", \"2ms\", \"3ms\", \"4ms\", \"5ms\", \"6ms\", \"7ms\", \"8ms\", "
         "\"9ms\", \"10ms\"]}]",
         "$curve0_2 <<", "$curve1_0 <<", 100},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        fake_run fake;
        fake_make(&fake, rows[r].factors, 100);
        char *script = NULL;
        make_script(&fake, &script);
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
        fake_free(&fake);
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
    EXPECT_INT("given up", gnuplot_run("a.gp", "svg", "a.svg", 100), GNUPLOT_HUNG);
    if (unlink(path) != 0) {
        abort();
    }
    EXPECT_INT("and a missing one is missing", gnuplot_run("a.gp", "svg", "a.svg", 100),
               GNUPLOT_MISSING);
    process_remove_directory(directory);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"drawn within a thousandth of the truth", drawn_is_true},
        {"layouts", layouts},
        {"texts", texts},
        {"a gnuplot that hangs", hangs},
    };
    return PUNCH_TEST_MAIN("plot", cases);
}
