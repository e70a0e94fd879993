/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Estimates, changes and cells in words, each with its unit: for verdicts and comparisons.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stdio.h>

#include "facts.h"
#include "stats.h"

#define WORDS_CAP 160 /* room for any text of the functions below */

/* "81.5 %", "0.278 s", "never", "12.3", "-". Returns text, as all of these do. */
char *words_value(sim_measure_unit unit, double value, char text[WORDS_CAP]);

/* "81.5 % [79.0, 83.8]", "0.278 s [0.278, 0.279]", "never [1.405, never]"; "-" of n 0. */
char *words_estimate(sim_measure_unit unit, const stats_estimate *e, char text[WORDS_CAP]);

/* A difference: "-3.7 points [-4.9, -2.6]", "+0.012 s [+0.003, +0.021]", "+1.3 [0.0, +2.6]". */
char *words_change(sim_measure_unit unit, const stats_estimate *e, char text[WORDS_CAP]);

/* A ratio: "1.32 [1.20, 1.45]". */
char *words_ratio(const stats_estimate *e, char text[WORDS_CAP]);

/* A ratio as a relative change: "+32 % [+20, +45]". */
char *words_relative(const stats_estimate *e, char text[WORDS_CAP]);

/* A ratio as how much less it is: "45 % [43, 47]". */
char *words_reduction(const stats_estimate *e, char text[WORDS_CAP]);

/* What was set as a limit, with no more digits than it has: "99.5 %", "-2 points" (a change),
 * "0.5 s", "1.2". */
char *words_limit(sim_measure_unit unit, double limit, char text[WORDS_CAP]);
char *words_change_limit(sim_measure_unit unit, double limit, char text[WORDS_CAP]);

/* "2,400": a number of trials, rounded up to two digits. */
char *words_about(uint64_t number, char text[WORDS_CAP]);

/* printf into a text of its own, at most 1,023 bytes long; to be freed. */
__attribute__((format(printf, 1, 2))) char *words_sentence(const char *format, ...);

/* "cell 5 (pair linux x linux, loss 10%)"; without factors "cell 0". */
void words_cell(const facts *about, uint32_t cell, FILE *out);

#endif
