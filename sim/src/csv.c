/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "csv.h"

#include <string.h>

csv_reader csv_begin(const char *bytes, size_t length) {
    csv_reader reader = {.bytes = bytes, .length = length, .line = 1};
    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        reader.at = reader.line_start = 3;
    }
    return reader;
}

static bool at_end(const csv_reader *reader) {
    return reader->at == reader->length;
}

/* The byte at hand; a line break at the end of the text. */
static char byte_of(const csv_reader *reader) {
    return at_end(reader) ? '\n' : reader->bytes[reader->at];
}

static bool is_break(char byte) {
    return byte == '\n' || byte == '\r';
}

static bool is_blank(char byte) {
    return byte == ' ' || byte == '\t';
}

static uint32_t column_of(const csv_reader *reader) {
    return (uint32_t)(reader->at - reader->line_start) + 1;
}

/* Steps over LF, CR or CR LF; nothing at the end of the text. */
static void step_line(csv_reader *reader) {
    if (at_end(reader)) {
        return;
    }
    const bool two = reader->bytes[reader->at] == '\r' && reader->at + 1 < reader->length &&
                     reader->bytes[reader->at + 1] == '\n';
    reader->at += two ? 2 : 1;
    reader->line_start = reader->at;
    reader->line++;
}

static void skip_blanks(csv_reader *reader) {
    while (is_blank(byte_of(reader))) {
        reader->at++;
    }
}

/* Past empty lines and comments. */
static void skip_lines(csv_reader *reader) {
    while (!at_end(reader)) {
        const size_t start = reader->at;
        skip_blanks(reader);
        if (byte_of(reader) == '#') {
            while (!is_break(byte_of(reader))) {
                reader->at++;
            }
        } else if (!is_break(byte_of(reader))) {
            reader->at = start;
            return;
        }
        step_line(reader);
    }
}

static bool wrong_at(csv_reader *reader, const char *why, uint32_t line, uint32_t column) {
    reader->wrong = why;
    reader->wrong_line = line;
    reader->wrong_column = column;
    return false;
}

static bool wrong(csv_reader *reader, const char *why) {
    return wrong_at(reader, why, reader->line, column_of(reader));
}

/* Appends the byte at hand and steps over it. */
static bool take(csv_reader *reader, csv_record *record, size_t *used) {
    const char byte = reader->bytes[reader->at];
    if (byte == '\0') {
        return wrong(reader, "a NUL byte is no text; CSV files are read as UTF-8, not UTF-16");
    }
    if (*used + 1 >= CSV_RECORD_MAX) { /* room for the end of the field stays */
        return wrong(reader, "this record is longer than 4095 bytes");
    }
    record->text[(*used)++] = byte;
    reader->at++;
    return true;
}

static bool take_quoted(csv_reader *reader, csv_record *record, size_t *used) {
    const uint32_t line = reader->line;
    const uint32_t column = column_of(reader);
    reader->at++;
    while (!at_end(reader)) {
        const char byte = byte_of(reader);
        const size_t start = reader->at;
        if (byte == '"') {
            reader->at++;
            if (at_end(reader) || byte_of(reader) != '"') {
                skip_blanks(reader);
                return true;
            }
        }
        if (!take(reader, record, used)) {
            return false;
        }
        if (is_break(byte)) { /* the bytes of the break are kept, the place moves on */
            reader->at = start;
            step_line(reader);
            if (reader->at == start + 2 && *used + 1 < CSV_RECORD_MAX) {
                record->text[(*used)++] = '\n';
            }
        }
    }
    return wrong_at(reader, "this quotation mark is never closed", line, column);
}

static bool take_plain(csv_reader *reader, csv_record *record, size_t *used) {
    const size_t start = *used;
    while (byte_of(reader) != ',' && !is_break(byte_of(reader))) {
        if (byte_of(reader) == '"') {
            return wrong(reader,
                         "a quotation mark inside a field; put the whole field into quotation "
                         "marks and double this one");
        }
        if (!take(reader, record, used)) {
            return false;
        }
    }
    while (*used > start && is_blank(record->text[*used - 1])) {
        (*used)--;
    }
    return true;
}

bool csv_next(csv_reader *reader, csv_record *record) {
    size_t used = 0;
    if (reader->wrong != NULL) {
        return false;
    }
    skip_lines(reader);
    if (at_end(reader)) {
        return false;
    }
    record->count = 0;
    record->line = reader->line;
    for (;;) {
        skip_blanks(reader);
        if (record->count == CSV_COLUMNS_MAX) {
            return wrong(reader, "a record has at most 64 fields");
        }
        record->fields[record->count++] = (csv_field){
            .text = record->text + used, .line = reader->line, .column = column_of(reader)};
        const bool taken = byte_of(reader) == '"' ? take_quoted(reader, record, &used)
                                                  : take_plain(reader, record, &used);
        if (!taken) {
            return false;
        }
        record->text[used++] = '\0';
        if (is_break(byte_of(reader))) {
            step_line(reader);
            return true;
        }
        if (byte_of(reader) != ',') {
            return wrong(reader,
                         "after the closing quotation mark a comma must follow, or the end "
                         "of the line");
        }
        reader->at++;
        if (used + 1 >= CSV_RECORD_MAX) {
            return wrong(reader, "this record is longer than 4095 bytes");
        }
    }
}
