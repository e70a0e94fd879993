/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run says, in every form: one writer per form over an analysis. Writers only format; they
 * decide nothing, read nothing but the analysis (trials.csv also its trials file), and write equal
 * bytes for equal trials: nothing here depends on the machine, the time of day, or the number of
 * jobs, except host.json, which says just that.
 */
#ifndef REPORT_H
#define REPORT_H

#include "analysis.h"
#include "report_index.h"

/* The cells for a terminal, then the verdicts, if any, then how to see failures. Colour: ANSI
 * escapes for failing and perfect cells and for verdicts. */
void report_table(const analysis *of, FILE *out, bool colour);

/* The object `--json` promises. */
void report_json(const analysis *of, FILE *out);

void report_cells_csv(const analysis *of, FILE *out);
void report_reasons_csv(const analysis *of, FILE *out);
void report_ecdf_csv(const analysis *of, FILE *out);

/* One row per call, read from the trials file. False when that changed under the reader. */
bool report_trials_csv(const analysis *of, FILE *out);

/* How long holes lasted, cell by cell from the trials file. False when that changed under the
 * reader. */
bool report_survival_csv(const analysis *of, FILE *out);

/* How strategies that learn changed their intervals, likewise. */
bool report_intervals_csv(const analysis *of, FILE *out);

/* report.md; figures says whether gnuplot drew them. Never as long as REPORT_MARKDOWN_BYTES_MAX. */
#define REPORT_MARKDOWN_BYTES_MAX 65536u /* GitHub refuses comments that are longer */
void report_markdown(const analysis *of, FILE *out, bool figures);

/* report.html: one file that asks for nothing else and needs no script. */
void report_html(const analysis *of, FILE *out);

/* junit.xml: a case for the trials and one for each expectation. */
void report_junit(const analysis *of, FILE *out);

/* gnuplot scripts with their data: success per cell as a grid, times to connect, the effect of each
 * factor, reasons of failure. Each runs as `gnuplot -c FILE svg|png OUTPUT`. */
void report_plot_success(const analysis *of, FILE *out);
void report_plot_times(const analysis *of, FILE *out);
void report_plot_factors(const analysis *of, FILE *out);
void report_plot_reasons(const analysis *of, FILE *out);

/* Only where a treatment is judged: its levels by cost and harm; and, where another factor has
 * enough levels, both at each of them. */
void report_plot_tradeoff(const analysis *of, FILE *out);
void report_plot_tradeoff_map(const analysis *of, FILE *out);

/* Only where a strategy learns: its intervals over time. */
void report_plot_intervals(const analysis *of, FILE *out);

/* What host.json says beside the machine and the time of day. */
typedef struct {
    uint32_t jobs;
    double wall_s;
} report_host;

/* More rows than this are not written unasked. Chosen: about 40 MB. */
#define REPORT_TRIALS_CSV_ROWS_MAX 200000u

typedef struct {
    const report_host *host; /* NULL: an old host.json stays */
    const char *journal;     /* becomes DIRECTORY/trials.bin with the rest; NULL: it is there */
    bool trials_csv;         /* however many rows it has */
    bool in_place;           /* partial results belong into the directory, too */
} report_options;

/* "DIRECTORY.partial", where less than a whole run goes. To be freed. */
char *report_partial_directory(const char *directory);

typedef enum {
    REPORT_WHOLE,   /* all of it is in the directory */
    REPORT_PARTIAL, /* the run was interrupted: what was finished is in DIRECTORY.partial */
    REPORT_FAILED   /* not everything could be written; what could is in DIRECTORY.partial */
} report_written;

#define REPORT_TRIALS_NAME "trials.bin"

/* Writes all files of a run. The directory, which exists and is locked, gets
 * them when the run and its files are whole, else it stays as it was; with in_place it gets also
 * those of a partial run. Says on err when something is not as expected, and why. Without a
 * finished trial nothing is written. */
report_written report_write(const analysis *of, const report_options *options,
                            const char *directory, FILE *err);

#endif
