/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pieces of text that several forms of a report share: numbers with their intervals, cells by the
 * levels of their factors, and the summary in plain words. All of it is raw text: who writes HTML,
 * XML or Markdown escapes it.
 */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include "analysis.h"
#include "format.h"

#define REPORT_TEXT_CAP 256

/* A number without its unit, as the unit is shown: "81.5" (percent), "0.278" or "never" (seconds),
 * "12.3". Returns text. */
char *report_number(sim_measure_unit unit, double value, char text[FORMAT_TEXT_CAP]);

/* "81.5 % [79.0, 83.8]", "0.278 [0.278, 0.279]", "12.3 [12.1, 12.6]", or "-" when nothing was
 * measured. Returns text. */
char *report_estimate(sim_measure_unit unit, const stats_estimate *e, char text[REPORT_TEXT_CAP]);

/* "95 %": of every interval of the report. Returns text. */
char *report_confidence(const analysis *of, char text[FORMAT_TEXT_CAP]);

/* "loss 10%, pair linux x linux", or "the one cell" without factors. To be freed. */
char *report_cell_words(const analysis *of, uint32_t cell);

/* The lines of a verdict (see expect.h). To be freed. */
char *report_claim(const analysis *of, uint32_t expect);
char *report_finding(const analysis *of, uint32_t expect);

/* The commands that repeat a trial, and the whole run. To be freed. */
char *report_replay_words(const analysis *of, uint32_t cell, uint64_t trial);
char *report_run_words(const analysis *of);

/* A trial that shows why an expectation failed; UINT64_MAX: it did not, or there is none. */
uint64_t report_example(const analysis *of, uint32_t expect);

/* How many verdicts are of that outcome. */
uint32_t report_outcomes(const analysis *of, expect_outcome outcome);

/* The cell with the smallest value of a measure among those that were measured; UINT32_MAX when
 * none was. */
uint32_t report_worst_cell(const analysis *of, uint32_t measure);

/* Is the measure taken in some cell? */
bool report_measured(const facts *about, uint32_t measure);

/* Trials there would be if the run were whole; without until. */
uint64_t report_trials_wanted(const analysis *of);

/* "10 of 12 expectations hold, 1 fails, 1 is inconclusive." To be freed. */
char *report_tally(const analysis *of);

/* A paragraph: how much was run, how much of it connected, where it is worst, and whether the
 * expectations hold. To be freed. */
char *report_summary(const analysis *of);

/* What the intervals are, in a paragraph. To be freed. */
char *report_method(const analysis *of);

#endif
