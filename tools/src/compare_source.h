/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be compared: a directory of results with its trials, or the object that --json wrote,
 * which has estimates only. Either becomes cells named by the levels of their factors.
 */
#ifndef COMPARE_SOURCE_H
#define COMPARE_SOURCE_H

#include "analysis.h"
#include "trials.h"

typedef struct {
    char **levels;             /* per factor of the source */
    stats_estimate *estimates; /* per measure, in the unit shown; n 0: not measured */
    uint64_t trials;
} compare_cell;

typedef struct {
    char *path; /* as given */
    char *scenario;
    char *digest;  /* 16 hexadecimal digits */
    char *seed;    /* decimal */
    char *made_by; /* "punchlab 0.1.0 (1234567)", or "" when not known */
    double confidence;
    bool partial;
    char **factors;
    uint32_t factor_count;
    compare_cell *cells;
    uint32_t cell_count;
    bool has_trials;
    trials_file file; /* when it has trials; its cells are these, in order */
    analysis said;
} compare_source;

/* NULL when it is good, else a sentence to be freed why not; then there is nothing to close. A
 * directory is analysed by that many threads. */
char *compare_source_open(compare_source *source, const char *path, const char *program,
                          uint32_t jobs);

/* The same from the text of a JSON object; total: any text is refused or understood. */
char *compare_source_parse(compare_source *source, const char *path, const char *text,
                           size_t length);
void compare_source_close(compare_source *source);

#endif
