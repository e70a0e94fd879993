/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run says, in every form: one view with all estimates and reasons, made once, and one
 * writer per form. Writers only format; they decide nothing.
 */
#ifndef REPORT_H
#define REPORT_H

#include "measure.h"
#include "reason.h"
#include "run.h"

typedef struct {
    const run_request *request;
    const run_results *results;
    const char *crypto;        /* provider name */
    bool partial;              /* some trials are missing */
    stats_estimate *estimates; /* cell x measure */
    reason_top *reasons;       /* per cell */
} report;

/* Borrows request and results. */
report report_of(const run_request *request, const run_results *results);
void report_free(report *view);

const stats_estimate *report_estimate(const report *view, uint32_t cell, size_t measure_index);

/* True when connections were held after connecting, so that keeping them is worth a column. */
bool report_holds(const report *view);

/* Label of a factor's level in a cell. */
const char *report_level(const report *view, uint32_t cell, uint32_t factor);

/* The cells for a terminal. Colour: ANSI escapes for failing and perfect cells. */
void report_table(const report *view, FILE *out, bool colour);

/* The object `--json` promises. */
void report_json(const report *view, FILE *out);

void report_manifest(const report *view, FILE *out, bool partial);
void report_cells_csv(const report *view, FILE *out);
void report_trials_csv(const report *view, FILE *out);

/* report.md; plots says whether the two figures exist. */
void report_markdown(const report *view, FILE *out, bool plots);

/* gnuplot scripts with their data: success per cell as a grid, and time to connect. Each runs as
 * `gnuplot -c FILE svg|png OUTPUT`. */
void report_plot_success(const report *view, FILE *out);
void report_plot_times(const report *view, FILE *out);

/* The command that repeats one trial of this run. */
void report_replay(const report *view, FILE *out, uint32_t cell, uint64_t trial);

typedef enum {
    REPORT_WHOLE,   /* all of it is in the directory */
    REPORT_PARTIAL, /* the run was interrupted: what was finished is in DIRECTORY.partial */
    REPORT_FAILED   /* not everything could be written; what could is in DIRECTORY.partial */
} report_written;

/* Writes all files of a run. The directory, which exists and is locked, gets them when the run and
 * its files are whole, else it stays as it was. Says on err when that is so, and why. Without a
 * finished trial nothing is written. */
report_written report_write(const report *view, const char *directory, FILE *err);

#endif
