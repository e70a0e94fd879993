/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers, names and times as people and files want them. Times are printed from integer
 * microseconds, so that the same result is the same text everywhere.
 */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "punch/addr.h"
#include "punch/time.h"

/* Room for any text of the functions below that take a buffer. */
#define FORMAT_TEXT_CAP 64

/* Decimal or 0x-hexadecimal digits only, all of the text, no overflow; else false, *value_out
 * untouched. */
bool format_parse_u64(const char *text, uint64_t *value_out);

/* "00:01.234567": minutes, seconds, microseconds of an instant. Returns text. */
char *format_clock(punch_time_us at_us, char text[FORMAT_TEXT_CAP]);

/* "1.234567", or "inf" for PUNCH_NEVER. Returns text. */
char *format_seconds(punch_time_us duration_us, char text[FORMAT_TEXT_CAP]);

/* "300 s", "1.5 s", "250 ms", "never". Returns text. */
char *format_duration(punch_time_us duration_us, char text[FORMAT_TEXT_CAP]);

/* "97.3" for 0.973: percent with one decimal, and as many more as it takes that only 0 and 1 are
 * "0.0" and "100.0". Returns text. */
char *format_percent(double share, char text[FORMAT_TEXT_CAP]);

/* "14" for 0.14, and where percent are not whole as format_percent. For cells of a grid. Returns
 * text. */
char *format_percent_short(double share, char text[FORMAT_TEXT_CAP]);

/* "1,234,567". Returns text. */
char *format_count(uint64_t count, char text[FORMAT_TEXT_CAP]);

/* A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void format_json_string(FILE *out, const char *text);

/* A JSON number; null for NaN and infinities. */
void format_json_real(FILE *out, double value);

/* A CSV field (RFC 4180), quoted where needed. */
void format_csv(FILE *out, const char *text);

/* The same of text that a scenario chose: a single quote before what a spreadsheet would take for a
 * formula, that is before = + - @ TAB or CR at its beginning, unless it is a number. After OWASP,
 * "CSV Injection": https://owasp.org/www-community/attacks/CSV_Injection */
void format_csv_label(FILE *out, const char *text);

/* A word a POSIX shell reads back as it was. */
void format_shell_word(FILE *out, const char *text);

#define FORMAT_POINT_CAP 5 /* a code point of UTF-8, and an end */

/* The code point that text begins with, fit to be shown, into point: what is no UTF-8, or no
 * character of XML, as U+FFFD; control characters, also those of C1, as spaces. Returns its length
 * in the text, 0 at the end. */
size_t format_next_printable(const char *text, char point[FORMAT_POINT_CAP]);

/* Text between tags or inside an attribute in double quotes, of HTML or XML 1.0: & < > " ' as
 * entities, control characters as spaces, bytes that are not UTF-8 and code points XML has no room
 * for as U+FFFD. */
void format_markup(FILE *out, const char *text);

/* Text in Markdown as GitHub reads it: shown as it is, with no formatting, links, images, mentions
 * or HTML of its own; line ends become spaces. Fit for a cell of a table. */
void format_markdown(FILE *out, const char *text);

/* The same inside a code span, which it opens and closes. */
void format_markdown_code(FILE *out, const char *text);

/* Whole lines as a block of code, which nothing in them can end. */
void format_markdown_block(FILE *out, const char *text);

#endif
