/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of a CSV text, one at a time (RFC 4180): fields between commas, in quotation marks where
 * they hold commas, quotation marks (doubled) or line breaks. Beyond the RFC, because files of
 * measurements come that way: a UTF-8 byte order mark, lines that end in LF, CR or both, empty
 * lines, lines that begin with '#', and blanks around fields that are not quoted. Total: any bytes
 * are records, or a mistake with its place.
 */
#ifndef SIM_CSV_H
#define SIM_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CSV_COLUMNS_MAX 64u  /* chosen: a record fits on the stack */
#define CSV_RECORD_MAX 4096u /* bytes of one record, decoded; chosen likewise */

typedef struct {
    const char *text; /* decoded; in the record */
    uint32_t line;    /* from 1 */
    uint32_t column;  /* from 1, in bytes */
} csv_field;

typedef struct {
    csv_field fields[CSV_COLUMNS_MAX];
    uint32_t count; /* at least 1 */
    uint32_t line;
    char text[CSV_RECORD_MAX];
} csv_record;

typedef struct {
    const char *bytes; /* borrowed */
    size_t length;
    size_t at;
    size_t line_start;
    uint32_t line;
    const char *wrong; /* a sentence, once there was a mistake */
    uint32_t wrong_line;
    uint32_t wrong_column;
} csv_reader;

csv_reader csv_begin(const char *bytes, size_t length);

/* The next record, whose texts stay until it is reused; false at the end, and with reader->wrong
 * set after a mistake, which ends the reading. */
bool csv_next(csv_reader *reader, csv_record *record);

#endif
