/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A CSV file beside a scenario: its header, and its rows one by one, read as values of options and
 * complained about by line, column and name of the column. The same file may be read by several
 * options; each begins anew.
 */
#ifndef SIM_SCENARIO_CSV_H
#define SIM_SCENARIO_CSV_H

#include "csv.h"
#include "scenario_internal.h"

#define CSV_ROWS_MAX 100000u /* chosen: quantiles say the same of more */
#define CSV_MISTAKES_MAX 3u  /* complaints about one reading of a file; chosen: shows a pattern */

typedef struct {
    scenario_loader *loader;
    const char *path;
    csv_reader reader;
    csv_record header;
    csv_record row; /* as many fields as the header */
    uint32_t row_count;
    size_t complaints_before;
} scenario_csv;

/* Opens a file and reads its header: names that differ. false with a complaint, at place or in the
 * file. */
bool scenario_csv_open(scenario_csv *csv, scenario_loader *loader, scenario_place place,
                       const char *relative);
/* The next row; false at the end, or when there were too many mistakes. */
bool scenario_csv_next(scenario_csv *csv);
/* Was all well so far? */
bool scenario_csv_good(const scenario_csv *csv);

/* The column of that name, or JSON_NONE. */
uint32_t scenario_csv_column(const scenario_csv *csv, const char *name);
/* The same for a name in the scenario; complains there when there is none. */
uint32_t scenario_csv_named(const scenario_csv *csv, scenario_place place, const char *name);
/* A field of the row, or of the header, as the place of a complaint. */
scenario_place scenario_csv_at(const scenario_csv *csv, uint32_t column);
scenario_place scenario_csv_at_header(const scenario_csv *csv, uint32_t column);

/* The unit at the end of a name ("rtt_ms": "ms"), or NULL: values bring their own. *length_out is
 * that of the name without it. */
const char *scenario_csv_unit(const scenario_option *option, const char *name, size_t *length_out);
/* A field as a value of an option, in a unit or (NULL) with its own; numbers are rounded to the
 * base unit. false with a complaint. */
bool scenario_csv_value(const scenario_csv *csv, uint32_t column, const scenario_option *option,
                        const char *unit, int64_t *number_out);
bool scenario_csv_weight(const scenario_csv *csv, uint32_t column, scenario_weight *weight_out);

#endif
