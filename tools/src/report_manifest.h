/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two files that say what a directory of results is: manifest.json about the run, the same for
 * the same trials; host.json about the machine and the time of day, which may never be compared.
 */
#ifndef REPORT_MANIFEST_H
#define REPORT_MANIFEST_H

#include "report.h"

/* partial: some files are missing yet, or some trials are. */
void report_manifest(const analysis *of, FILE *out, bool partial);

void report_host_json(const report_host *host, FILE *out);

#endif
