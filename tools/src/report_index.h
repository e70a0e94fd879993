/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index over several runs: what each asked, what came of it, and where its report is. An entry
 * is a few lines of text made from an analysis, which is not needed afterwards, so that a batch of
 * any length keeps little.
 */
#ifndef REPORT_INDEX_H
#define REPORT_INDEX_H

#include "analysis.h"

/* All text owned here. */
typedef struct {
    char *name;      /* of the scenario; NULL: no entry */
    char *title;     /* of the scenario, or its name */
    char *question;  /* or "" */
    char *directory; /* of its results, relative to the index; "" when there are none */
    bool missing;    /* it has no results: why stands in `worst` */
    uint32_t cells;
    uint64_t trials;
    bool partial;
    uint32_t held; /* expectations */
    uint32_t failed;
    uint32_t inconclusive;
    char *worst; /* the smallest share connected, and in which cell; or why there is nothing */
    char *suite; /* of junit.xml */
} report_index_entry;

report_index_entry report_index_entry_of(const analysis *of, const char *directory);

/* Of a scenario that was refused or failed: it may not look as if it had never been asked for. */
report_index_entry report_index_entry_missing(const char *name, const char *why);
void report_index_entry_free(report_index_entry *entry);

/* Writes index.html, index.md and junit.xml over all entries into a directory; false after saying
 * on err why not. */
bool report_index(const report_index_entry *entries, size_t count, const char *directory,
                  FILE *err);

/* The same in a line per entry, for a terminal. */
void report_index_table(const report_index_entry *entries, size_t count, FILE *out);

#endif
