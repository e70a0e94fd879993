/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CSV texts: which records they hold, where the fields stand, and which mistakes are named where.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "punch_test.h"

/* All records as one text: fields in brackets with their places, records on lines. */
static void write_records(const char *text, size_t length, char *out, size_t cap) {
    csv_reader reader = csv_begin(text, length);
    csv_record record;
    out[0] = '\0';
    while (csv_next(&reader, &record)) {
        for (uint32_t i = 0; i < record.count; i++) {
            const size_t used = strlen(out);
            (void)snprintf(out + used, cap - used, "%u:%u[%s]", (unsigned)record.fields[i].line,
                           (unsigned)record.fields[i].column, record.fields[i].text);
        }
        const size_t used = strlen(out);
        (void)snprintf(out + used, cap - used, "/");
    }
    const size_t used = strlen(out);
    if (reader.wrong != NULL) {
        (void)snprintf(out + used, cap - used, "%u:%u %s", (unsigned)reader.wrong_line,
                       (unsigned)reader.wrong_column, reader.wrong);
    }
}

typedef struct {
    const char *sentence;
    const char *text;
    const char *records; /* of a mistake, the beginning is enough */
} csv_row;

static const csv_row rows[] = {
    {"nothing", "", ""},
    {"only empty lines, blanks and comments", "\n \r\n# x\n\t# y", ""},
    {"one field", "a", "1:1[a]/"},
    {"fields and lines", "a,b\n1,2\n", "1:1[a]1:3[b]/2:1[1]2:3[2]/"},
    {"no line break at the end", "a,b\n1,2", "1:1[a]1:3[b]/2:1[1]2:3[2]/"},
    {"CR LF", "a,b\r\n1,2\r\n", "1:1[a]1:3[b]/2:1[1]2:3[2]/"},
    {"CR alone", "a,b\r1,2\r", "1:1[a]1:3[b]/2:1[1]2:3[2]/"},
    {"a byte order mark",
     "\xef\xbb\xbf"
     "a,b\n",
     "1:1[a]1:3[b]/"},
    {"comments and empty lines between", "# x\na\n\n # y, \"\n1\n", "2:1[a]/5:1[1]/"},
    {"a '#' inside a line", "a,#b\n", "1:1[a]1:3[#b]/"},
    {"a '#' in quotation marks", "\"#a\"\n", "1:1[#a]/"},
    {"empty fields", ",\n,,\n", "1:1[]1:2[]/2:1[]2:2[]2:3[]/"},
    {"an empty field in quotation marks", "\"\"\n", "1:1[]/"},
    {"blanks around", " a ,\tb c\t,\" d \" \n", "1:2[a]1:6[b c]1:11[ d ]/"},
    {"quoted commas and quotation marks", "\"a,\"\"b\"\"\",c\n", "1:1[a,\"b\"]1:11[c]/"},
    {"a quoted line break", "\"a\nb\",c\nd\n", "1:1[a\nb]2:4[c]/3:1[d]/"},
    {"a quoted CR LF", "\"a\r\nb\",c\n", "1:1[a\r\nb]2:4[c]/"},
    {"a mark never closed", "a\n\"b\nc,\n", "1:1[a]/2:1 this quotation mark is never closed"},
    {"a mark inside a field", "a\"b\n", "1:2 a quotation mark inside a field"},
    {"text behind the closing mark", "\"a\"b\n", "1:4 after the closing quotation mark"},
};

static void texts_are_records(void) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char got[1024];
        write_records(rows[i].text, strlen(rows[i].text), got, sizeof got);
        const bool wrong = strrchr(rows[i].records, ']') == NULL ||
                           strrchr(rows[i].records, ' ') > strrchr(rows[i].records, '/');
        got[wrong && rows[i].records[0] != '\0' ? strlen(rows[i].records) : sizeof got - 1] = '\0';
        EXPECT_TEXT(rows[i].sentence, got, rows[i].records);
    }
}

static void nul_bytes_are_refused(void) {
    static const char utf16[] =
        "\xff\xfe"
        "a\0,\0b\0\n\0";
    char got[256];
    write_records(utf16, sizeof utf16 - 1, got, sizeof got);
    EXPECT("UTF-16 is named", strncmp(got, "1:4 a NUL byte is no text", 25) == 0);
}

/* A record of exactly 4095 bytes with the ends of its fields fits; one more does not. */
static void records_have_a_limit(void) {
    enum { FITS = 4095 };
    char *text = malloc(FITS + 1);
    csv_record record;
    EXPECT("there is memory", text != NULL);
    for (size_t extra = 0; text != NULL && extra < 2; extra++) {
        memset(text, 'x', FITS + 1);
        text[1000] = ','; /* takes the room of the end of the first field */
        csv_reader reader = csv_begin(text, FITS + extra);
        const bool read = csv_next(&reader, &record);
        EXPECT_INT("4095 bytes are a record, 4096 are not", read, extra == 0);
        EXPECT("that is said", (reader.wrong != NULL) == (extra == 1));
    }
    free(text);
}

static void fields_have_a_limit(void) {
    char text[CSV_COLUMNS_MAX + 2];
    csv_record record;
    memset(text, ',', sizeof text);
    csv_reader reader = csv_begin(text, CSV_COLUMNS_MAX - 1);
    EXPECT("63 commas make 64 fields", csv_next(&reader, &record) && record.count == 64);
    reader = csv_begin(text, CSV_COLUMNS_MAX);
    EXPECT("64 are one too many",
           !csv_next(&reader, &record) && strstr(reader.wrong, "at most 64 fields") != NULL);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"texts are records", texts_are_records},
        {"NUL bytes are refused", nul_bytes_are_refused},
        {"records have a limit", records_have_a_limit},
        {"fields have a limit", fields_have_a_limit},
    };
    return PUNCH_TEST_MAIN("unit_csv", cases);
}
