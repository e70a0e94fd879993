/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run says: all estimates, distributions, reasons of failure and verdicts, computed once
 * from the trials file, cell by cell and in memory that does not depend on the number of trials.
 * Tables, files, pages and comparisons only format what is here.
 */
#ifndef ANALYSIS_H
#define ANALYSIS_H

#include "expect.h"
#include "facts.h"
#include "reason.h"
#include "stats.h"
#include "tradeoff.h"
#include "trials.h"

/* A step of a distribution function: this share of calls connected within this time. */
typedef struct {
    double time_s;
    double share;
} analysis_point;

/* Reasons kept per cell, the most frequent first. Chosen: more do not fit into a bar. */
#define ANALYSIS_REASONS_MAX 8u

typedef struct {
    uint64_t trials;           /* finished without a gap, from trial 0 */
    uint64_t calls;            /* of those */
    uint64_t failed;           /* calls that did not connect */
    stats_estimate *estimates; /* per measure, in the unit shown; n 0: not measured here */
    reason_count *reasons;     /* reason_count.text etc., most frequent first */
    uint32_t reason_count;
    uint64_t other_failed;  /* failed for reasons beyond those kept */
    analysis_point *points; /* of the distribution of the time to connect; ascending */
    uint32_t point_count;
    uint64_t example_connected; /* first trial whose calls all connected; UINT64_MAX: none */
} analysis_cell;

typedef struct {
    const facts *about;      /* borrowed */
    const trials_file *file; /* borrowed; NULL in tests of writers */
    const char *program;     /* as typed, for replay commands; borrowed */
    double confidence;       /* of every interval: 0.95, or more with until (stats.h) */
    bool partial;            /* some trials are missing */
    uint64_t trials;         /* over all cells */
    uint64_t events;
    uint64_t digest; /* over all trials in order */
    analysis_cell *cells;
    expect_verdict *verdicts; /* about->expect_count of them */
    tradeoff *judged;         /* levels of a treatment; NULL: the scenario asks for none */
} analysis;

/* Uses up to jobs threads. NULL, or a sentence to be freed why not. */
char *analysis_make(analysis *made, const trials_file *file, const char *program, uint32_t jobs);
void analysis_free(analysis *made);

/* One measure of one cell alone, over all its trials in the file. */
stats_estimate analysis_measure(const trials_file *file, uint32_t cell, uint32_t measure,
                                double confidence);

/* Is the interval of the measure that "until" watches narrow enough? One without any width is not,
 * if it is a mean's: values that were all alike so far say nothing about what has not been seen. A
 * quantile that is surely never is known, though. */
bool analysis_seen_enough(const facts *about, const stats_estimate *e);

const stats_estimate *analysis_estimate(const analysis *of, uint32_t cell, uint32_t measure);

/* True when connections were held after connecting in some cell. */
bool analysis_holds(const analysis *of);

/* The command that repeats one trial of this run. */
void analysis_replay(const analysis *of, FILE *out, uint32_t cell, uint64_t trial);

#endif
