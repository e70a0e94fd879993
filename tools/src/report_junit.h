/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts of junit.xml, so that the suites of several runs can be put into one file.
 */
#ifndef REPORT_JUNIT_H
#define REPORT_JUNIT_H

#include "analysis.h"

void report_junit_begin(FILE *out);

/* The suite of one run, without the beginning of its first tag: see report_junit_put; to be freed.
 */
char *report_junit_suite(const analysis *of);

/* The same of a scenario without results: one case, an error. */
char *report_junit_missing_suite(const char *scenario, const char *why);

/* Writes such a suite as the index-th of the file. */
void report_junit_put(const char *suite, uint32_t index, FILE *out);

void report_junit_end(FILE *out);

#endif
