/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times, and text that goes into JSON, CSV, shells and Markdown.
 */
#include <math.h>
#include <stdlib.h>

#include "format.h"
#include "punch_test.h"

static void times(void) {
    static const struct {
        punch_time_us us;
        const char *clock;
        const char *seconds;
        const char *duration;
    } rows[] = {
        {0, "00:00.000000", "0.000000", "0 s"},
        {1234567, "00:01.234567", "1.234567", "1.23457 s"},
        {61000000, "01:01.000000", "61.000000", "61 s"},
        {250000, "00:00.250000", "0.250000", "250 ms"},
        {3600000000, "60:00.000000", "3600.000000", "3600 s"},
        {-5000, "-00:00.005000", "-0.005000", "-5 ms"},
        {PUNCH_NEVER, "never", "inf", "never"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[FORMAT_TEXT_CAP];
        EXPECT_TEXT("clock", format_clock(rows[i].us, text), rows[i].clock);
        EXPECT_TEXT("seconds", format_seconds(rows[i].us, text), rows[i].seconds);
        EXPECT_TEXT("duration", format_duration(rows[i].us, text), rows[i].duration);
    }
}

typedef void (*put_text)(FILE *out, const char *text);

static void expect_text(const char *sentence, put_text put, const char *text,
                        const char *expected) {
    char *got = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&got, &length);
    put(out, text);
    fclose(out);
    EXPECT_TEXT(sentence, got, expected);
    free(got);
}

static void texts(void) {
    static const struct {
        const char *sentence;
        put_text put;
        const char *text;
        const char *expected;
    } rows[] = {
        {"JSON: plain", format_json_string, "abc", "\"abc\""},
        {"JSON: quotes", format_json_string, "a\"b\\c", "\"a\\\"b\\\\c\""},
        {"JSON: control characters", format_json_string, "a\n\t\x01", "\"a\\u000a\\u0009\\u0001\""},
        {"JSON: UTF-8 stays", format_json_string, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
         "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"JSON: stray bytes are replaced", format_json_string, "a\xff\xc3", "\"a\\ufffd\\ufffd\""},
        {"JSON: overlong forms are replaced", format_json_string, "\xc0\xaf", "\"\\ufffd\\ufffd\""},
        {"JSON: surrogates are replaced", format_json_string, "\xed\xa0\x80",
         "\"\\ufffd\\ufffd\\ufffd\""},
        {"CSV: plain", format_csv, "a b", "a b"},
        {"CSV: comma", format_csv, "a,b", "\"a,b\""},
        {"CSV: quotes", format_csv, "a\"b", "\"a\"\"b\""},
        {"CSV: our own text stays", format_csv, "-", "-"},
        {"CSV: a label", format_csv_label, "a=b", "a=b"},
        {"CSV: no label", format_csv_label, "", ""},
        {"CSV: a formula is text", format_csv_label, "=1+1", "'=1+1"},
        {"CSV: with a sign, too", format_csv_label, "+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"},
        {"CSV: or the other", format_csv_label, "-5ms", "'-5ms"},
        {"CSV: or of Lotus", format_csv_label, "@SUM(A1,A2)", "\"'@SUM(A1,A2)\""},
        {"CSV: behind a tab", format_csv_label, "\t=1", "'\t=1"},
        {"CSV: a number stays one", format_csv_label, "-0.5", "-0.5"},
        {"shell: plain", format_shell_word, "a/b-c.json", "a/b-c.json"},
        {"shell: space", format_shell_word, "a b", "'a b'"},
        {"shell: quote", format_shell_word, "a'b", "'a'\\''b'"},
        {"shell: nothing", format_shell_word, "", "''"},
        {"shell: dollar", format_shell_word, "$HOME", "'$HOME'"},
        {"Markdown: bar", format_markdown, "a|b", "a\\|b"},
        {"Markdown: its own marks", format_markdown, "*a* _b_ `c` [d](e) <f> ~g~ &h; $i$ \\",
         "\\*a\\* \\_b\\_ \\`c\\` \\[d\\](e) \\<f\\> \\~g\\~ \\&h; \\$i\\$ \\\\"},
        {"Markdown: a mention is none", format_markdown, "@all, a@b, @",
         "@\xe2\x81\xa0"
         "all, a@\xe2\x81\xa0"
         "b, @"},
        {"Markdown: nor a number of an issue", format_markdown, "#1 # 1",
         "#\xe2\x81\xa0"
         "1 # 1"},
        {"Markdown: one line", format_markdown, "a\nb\tc", "a b c"},
        {"Markdown: code", format_markdown_code, "a*b", "`a*b`"},
        {"Markdown: code with backticks", format_markdown_code, "a``b`", "``` a``b` ```"},
        {"Markdown: block", format_markdown_block, "a\nb\n", "```\na\nb\n```\n"},
        {"Markdown: block with a fence inside", format_markdown_block, "````\n",
         "`````\n````\n`````\n"},
        {"markup: plain", format_markup, "a b\xc3\xa9", "a b\xc3\xa9"},
        {"markup: marks", format_markup, "<a href=\"x\">'&'</a>]]>",
         "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;]]&gt;"},
        {"markup: control characters", format_markup,
         "a\x01\n\x7f\xc2\x9b"
         "b",
         "a    b"},
        {"markup: no UTF-8", format_markup, "\xff\xc3(", "\xef\xbf\xbd\xef\xbf\xbd("},
        {"markup: no characters", format_markup, "\xef\xbf\xbe\xef\xbf\xbf",
         "\xef\xbf\xbd\xef\xbf\xbd"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_text(rows[i].sentence, rows[i].put, rows[i].text, rows[i].expected);
    }
}

static void reals(void) {
    static const struct {
        double value;
        const char *text;
    } rows[] = {{0.5, "0.5"},       {1.0, "1"},          {1.0 / 3.0, "0.333333333333333"},
                {INFINITY, "null"}, {-INFINITY, "null"}, {NAN, "null"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *got = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&got, &length);
        format_json_real(out, rows[i].value);
        fclose(out);
        EXPECT_TEXT("JSON number", got, rows[i].text);
        free(got);
    }
}

static void percents(void) {
    static const struct {
        double share;
        const char *text;
    } rows[] = {
        {0.0, "0.0"},
        {1.0, "100.0"},
        {0.5, "50.0"},
        {0.973, "97.3"},
        {0.9996, "99.96"},
        {0.9994, "99.9"},
        {0.0004, "0.04"},
        {0.00004, "0.004"},
        {0.0006, "0.1"},
        {0.9999, "99.99"},
        {0.99999, "99.999"},
        {1.0 - 1e-7, "99.99999"},
        {1e-300, "0.0000000000000"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[FORMAT_TEXT_CAP];
        EXPECT_TEXT("percent", format_percent(rows[i].share, text), rows[i].text);
    }
}

static void short_percents(void) {
    static const struct {
        double share;
        const char *text;
    } rows[] = {
        {0.0, "0"},
        {1.0, "100"},
        {0.14, "14"},
        {0.28, "28"},
        {0.963, "96.3"},
        {1e-9, "0.0000001"},
        {1.0 - 1e-9, "99.9999999"},
        {1.0 / 3.0, "33.3"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[FORMAT_TEXT_CAP];
        EXPECT_TEXT("percent", format_percent_short(rows[i].share, text), rows[i].text);
    }
}

static void counts(void) {
    static const struct {
        uint64_t count;
        const char *text;
    } rows[] = {{0, "0"},
                {999, "999"},
                {1000, "1,000"},
                {123456, "123,456"},
                {UINT64_MAX, "18,446,744,073,709,551,615"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[FORMAT_TEXT_CAP];
        EXPECT_TEXT("count", format_count(rows[i].count, text), rows[i].text);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"times", times},
        {"texts", texts},
        {"numbers", reals},
        {"percents", percents},
        {"percents in a grid", short_percents},
        {"counts", counts},
    };
    return PUNCH_TEST_MAIN("format", cases);
}
