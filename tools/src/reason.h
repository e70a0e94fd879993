/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a pair did not connect, in words: what the cores said, and what the world knows. Side 0 is
 * the caller, side 1 the callee.
 */
#ifndef REASON_H
#define REASON_H

#include <stdbool.h>
#include <stdio.h>

#include "run.h"

#define REASON_TEXT_CAP 512

/* "other port", "mapping expired", ...: a verdict in two or three words. */
const char *reason_verdict_words(nat_verdict verdict);

/* Names of the hosts and sites a call is about, from any plan of the scenario. */
typedef struct {
    const sim_plan *plan;
    const sim_call_plan *call;
} reason_names;

reason_names reason_names_of(const sim_plan *plan, uint32_t call);
const char *reason_host(const reason_names *names, int side);
const char *reason_site(const reason_names *names, uint32_t site);

/* "no_answer; B's NAT dropped A: other port (filter-port)"; a port that was taken comes first,
 * being the cause of what was dropped. Free of port numbers, so that equal failures read alike.
 * Returns text. */
char *reason_of_call(const reason_names *names, const sim_call_result *call,
                     char text[REASON_TEXT_CAP]);

/* One reason, how many calls failed for it, and the first trial that shows it. */
typedef struct {
    char text[REASON_TEXT_CAP];
    uint64_t count;
    uint64_t example_trial;
} reason_count;

/* The most frequent reason of a cell's failed calls. */
typedef struct {
    char text[REASON_TEXT_CAP];
    uint64_t count;         /* calls that failed for it */
    uint64_t failed_count;  /* calls that failed at all */
    uint64_t example_trial; /* the first of them */
} reason_top;

/* With failed_count 0 there is no reason. */
reason_top reason_of_cell(const run_results *results, uint32_t cell);

#endif
