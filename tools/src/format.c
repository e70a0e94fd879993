/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"

static int digit_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return 16;
}

bool format_parse_u64(const char *text, uint64_t *value_out) {
    uint64_t base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (*text == '\0') {
        return false;
    }
    uint64_t value = 0;
    for (; *text != '\0'; text++) {
        const uint64_t digit = (uint64_t)digit_value(*text);
        if (digit >= base || value > (UINT64_MAX - digit) / base) {
            return false;
        }
        value = value * base + digit;
    }
    *value_out = value;
    return true;
}

/* Sign and magnitude: INT64_MIN has no positive twin in int64_t. */
static uint64_t magnitude(int64_t value) {
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

char *format_clock(punch_time_us at_us, char text[FORMAT_TEXT_CAP]) {
    if (at_us == PUNCH_NEVER) {
        snprintf(text, FORMAT_TEXT_CAP, "never");
        return text;
    }
    const uint64_t us = magnitude(at_us);
    snprintf(text, FORMAT_TEXT_CAP, "%s%02llu:%02llu.%06llu", at_us < 0 ? "-" : "",
             (unsigned long long)(us / 60000000), (unsigned long long)(us / 1000000 % 60),
             (unsigned long long)(us % 1000000));
    return text;
}

char *format_seconds(punch_time_us duration_us, char text[FORMAT_TEXT_CAP]) {
    if (duration_us == PUNCH_NEVER) {
        snprintf(text, FORMAT_TEXT_CAP, "inf");
        return text;
    }
    const uint64_t us = magnitude(duration_us);
    snprintf(text, FORMAT_TEXT_CAP, "%s%llu.%06llu", duration_us < 0 ? "-" : "",
             (unsigned long long)(us / 1000000), (unsigned long long)(us % 1000000));
    return text;
}

char *format_duration(punch_time_us duration_us, char text[FORMAT_TEXT_CAP]) {
    if (duration_us == PUNCH_NEVER) {
        snprintf(text, FORMAT_TEXT_CAP, "never");
    } else if (duration_us % PUNCH_US_PER_S == 0) {
        snprintf(text, FORMAT_TEXT_CAP, "%lld s", (long long)(duration_us / PUNCH_US_PER_S));
    } else if (duration_us > -PUNCH_US_PER_S && duration_us < PUNCH_US_PER_S) {
        snprintf(text, FORMAT_TEXT_CAP, "%.6g ms", (double)duration_us / 1e3);
    } else {
        snprintf(text, FORMAT_TEXT_CAP, "%.6g s", (double)duration_us / 1e6);
    }
    return text;
}

/* Percent of all that fifteen digits tell apart from certainty. */
#define PERCENT_DIGITS_MAX 13

char *format_percent(double share, char text[FORMAT_TEXT_CAP]) {
    const double percent = share * 100.0;
    double step = 0.1; /* of the last digit */
    int digits = 1;
    /* What is nearer to an end than half a step would be rounded to it. */
    while (share > 0.0 && share < 1.0 && digits < PERCENT_DIGITS_MAX &&
           (percent <= step / 2.0 || 100.0 - percent <= step / 2.0)) {
        digits++;
        step /= 10.0;
    }
    snprintf(text, FORMAT_TEXT_CAP, "%.*f", digits, percent);
    return text;
}

/* Further from whole than any quotient of counts that is whole, nearer than any that is not: chosen
 * between 100 rounding errors and 100 / 10^9, of as many calls as a cell may have. */
#define WHOLE_WITHIN 1e-10

char *format_percent_short(double share, char text[FORMAT_TEXT_CAP]) {
    const double percent = share * 100.0;
    if (fabs(percent - round(percent)) > WHOLE_WITHIN) {
        return format_percent(share, text);
    }
    snprintf(text, FORMAT_TEXT_CAP, "%.0f", percent);
    return text;
}

char *format_count(uint64_t count, char text[FORMAT_TEXT_CAP]) {
    char digits[FORMAT_TEXT_CAP];
    const int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    size_t at = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            text[at++] = ',';
        }
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

/* Length of the well-formed UTF-8 sequence at text (RFC 3629), or 0. */
static size_t utf8_length(const char *text) {
    const uint8_t lead = (uint8_t)text[0];
    size_t length = 0;
    uint32_t code = 0;
    uint32_t least = 0;
    if (lead < 0x80) {
        return 1;
    } else if (lead >= 0xc2 && lead <= 0xdf) {
        length = 2;
        code = lead & 0x1fu;
        least = 0x80;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        length = 3;
        code = lead & 0x0fu;
        least = 0x800;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        length = 4;
        code = lead & 0x07u;
        least = 0x10000;
    } else {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        const uint8_t byte = (uint8_t)text[i];
        if ((byte & 0xc0u) != 0x80u) {
            return 0;
        }
        code = code << 6 | (byte & 0x3fu);
    }
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < least || code > 0x10ffff || surrogate ? 0 : length;
}

void format_json_string(FILE *out, const char *text) {
    fputc('"', out);
    while (*text != '\0') {
        const size_t length = utf8_length(text);
        const uint8_t byte = (uint8_t)*text;
        if (length == 0) {
            fputs("\\ufffd", out);
        } else if (byte == '"' || byte == '\\') {
            fprintf(out, "\\%c", byte);
        } else if (byte < 0x20 || byte == 0x7f) {
            fprintf(out, "\\u%04x", byte);
        } else {
            fwrite(text, 1, length, out);
        }
        text += length == 0 ? 1 : length;
    }
    fputc('"', out);
}

void format_json_real(FILE *out, double value) {
    if (isfinite(value)) {
        fprintf(out, "%.15g", value);
    } else {
        fputs("null", out);
    }
}

void format_csv(FILE *out, const char *text) {
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            fputc('"', out);
        }
        fputc(*text, out);
    }
    fputc('"', out);
}

/* A number by itself is no formula, whatever its sign. */
static bool is_number(const char *text) {
    char *end = NULL;
    (void)strtod(text, &end);
    return end != text && *end == '\0';
}

void format_csv_label(FILE *out, const char *text) {
    if (text[0] == '\0' || strchr("=+-@\t\r", text[0]) == NULL || is_number(text)) {
        format_csv(out, text);
        return;
    }
    const size_t length = strlen(text);
    char *plain = malloc(length + 2);
    PUNCH_ASSERT(plain != NULL);
    plain[0] = '\'';
    memcpy(plain + 1, text, length + 1);
    format_csv(out, plain);
    free(plain);
}

void format_shell_word(FILE *out, const char *text) {
    const char *safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,/:%@";
    if (*text != '\0' && strspn(text, safe) == strlen(text)) {
        fputs(text, out);
        return;
    }
    fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs("'\\''", out);
        } else {
            fputc(*text, out);
        }
    }
    fputc('\'', out);
}

size_t format_next_printable(const char *text, char point[FORMAT_POINT_CAP]) {
    if (*text == '\0') {
        return 0;
    }
    const size_t length = utf8_length(text);
    const uint8_t lead = (uint8_t)text[0];
    memset(point, 0, FORMAT_POINT_CAP);
    if (length == 0) {
        memcpy(point, "\xef\xbf\xbd", 3);
        return 1;
    }
    const bool c1 = length == 2 && lead == 0xc2 && (uint8_t)text[1] < 0xa0;
    if (lead < 0x20 || lead == 0x7f || c1) {
        point[0] = ' ';
        return length;
    }
    memcpy(point, text, length);
    /* U+FFFE and U+FFFF are no characters: XML 1.0 §2.2. */
    if (strcmp(point, "\xef\xbf\xbe") == 0 || strcmp(point, "\xef\xbf\xbf") == 0) {
        point[2] = (char)0xbd;
    }
    return length;
}

void format_markup(FILE *out, const char *text) {
    char point[FORMAT_POINT_CAP];
    for (size_t length = format_next_printable(text, point); length > 0;
         length = format_next_printable(text, point)) {
        switch (point[0]) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        default:
            fputs(point, out);
            break;
        }
        text += length;
    }
}

static bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void format_markdown(FILE *out, const char *text) {
    char point[FORMAT_POINT_CAP];
    for (size_t length = format_next_printable(text, point); length > 0;
         length = format_next_printable(text, point)) {
        if (strchr("\\`*_[]<>|~&$", point[0]) != NULL) {
            fputc('\\', out);
        }
        fputs(point, out);
        text += length;
        /* Not to be escaped: mentions and numbers of issues are looked for after formatting. A word
         * joiner (U+2060) keeps them apart, unseen. */
        if ((point[0] == '@' || point[0] == '#') && is_alphanumeric(*text)) {
            fputs("\xe2\x81\xa0", out);
        }
    }
}

/* The longest run of backticks. */
static size_t backticks(const char *text) {
    size_t longest = 0;
    while (*text != '\0') {
        const size_t run = strspn(text, "`");
        longest = run > longest ? run : longest;
        text += run + (text[run] != '\0' ? 1 : 0);
    }
    return longest;
}

void format_markdown_code(FILE *out, const char *text) {
    const size_t ticks = backticks(text) + 1;
    const char *pad = ticks > 1 ? " " : ""; /* or the text's own would join the fence */
    for (size_t i = 0; i < ticks; i++) {
        fputc('`', out);
    }
    fputs(pad, out);
    char point[FORMAT_POINT_CAP];
    for (size_t length = format_next_printable(text, point); length > 0;
         length = format_next_printable(text, point)) {
        fputs(point, out);
        text += length;
    }
    fputs(pad, out);
    for (size_t i = 0; i < ticks; i++) {
        fputc('`', out);
    }
}

void format_markdown_block(FILE *out, const char *text) {
    size_t ticks = backticks(text) + 1;
    ticks = ticks < 3 ? 3 : ticks;
    char *fence = malloc(ticks + 1);
    PUNCH_ASSERT(fence != NULL);
    memset(fence, '`', ticks);
    fence[ticks] = '\0';
    fprintf(out, "%s\n%s%s\n", fence, text, fence);
    free(fence);
}
