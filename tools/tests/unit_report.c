/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What reports make of analyses made by hand: the sentences, the verdicts, the tables as data, and
 * sizes. How pages look to other programs is tested by report_html.py and report_junit.py.
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "punch_test.h"
#include "report.h"
#include "report_layout.h"
#include "report_words.h"
#include "said.h"

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

/* --- sentences */

static void summaries(void) {
    static const struct {
        said_how how;
        const char *says;
    } rows[] = {
        {{.trials = 1}, "One cell of 1 trial; every call connected. The scenario states no "},
        {{.trials = 1000},
         "One cell of 1,000 trials; 96.3 % [94.9, 97.3] connected. The scenario states no "
         "expectations."},
        {{.level_counts = {5}, .connected = 1.0},
         "5 cells of 1,000 trials; every call connected. The scenario states no expectations."},
        {{.level_counts = {5}, .connected = -1.0},
         "5 cells of 1,000 trials; no call connected. The scenario states no expectations."},
        {{.level_counts = {5}, .connected = 0.5, .expects = 1},
         "5 cells of 1,000 trials; 0 connect always and 0 never; the worst is cell 0 (f0 f0 level "
         "0): 50.0 % [46.9, 53.1]. 1 of 1 expectation holds."},
        {{.level_counts = {2, 3}, .trials = 12345, .expects = 2},
         "6 cells of 12,345 trials; 1 connects always and 1 never; between them the worst is cell "
         "1 (f0 f0 level 0, f1 f1 level 1): 20.0 % [19.3, 20.7]. 1 of 2 expectations hold, 1 "
         "fails."},
        {{.level_counts = {2}, .expects = 9},
         "2 cells of 1,000 trials; 1 connects always and 1 never. 3 of 9 expectations hold, 3 "
         "fail, 3 are inconclusive."},
        {{.level_counts = {3}, .connected = 1.0, .holds = true},
         "3 cells of 1,000 trials; every call connected; every connection was held. "},
        {{.level_counts = {2}, .connected = 0.9, .holds = true},
         "2 cells of 1,000 trials; 0 connect always and 0 never; the worst is cell 0 (f0 f0 level "
         "0): 90.0 % [88.0, 91.7]; connections were held least in cell 0 (f0 f0 level 0): 90.0 % "
         "[88.0, 91.7]. "},
        {{.level_counts = {2}, .partial = true},
         "Partial: only 1,000 of 2,000 trials were finished. 2 cells of 500 trials; "},
        {{.level_counts = {2}, .partial = true, .until = true},
         "Partial: only 1,000 trials were finished. "},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        said *made = said_make(&rows[r].how);
        char *summary = report_summary(&made->said);
        if (!EXPECT(rows[r].says, begins(summary, rows[r].says))) {
            printf("    got: %s\n", summary);
        }
        free(summary);
        said_free(made);
    }
}

static char *table_text(const said *made, bool colour) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    report_table(&made->said, out, colour);
    fclose(out);
    return text;
}

static void verdicts_on_a_terminal(void) {
    const said_how how = {.level_counts = {2, 2}, .expects = 3};
    said *made = said_make(&how);
    char *text = table_text(made, false);
    const char *block = strstr(text, "\n1 of 3 expectations hold, 1 fails, 1 is inconclusive.\n");
    EXPECT("the tally", block != NULL);
    block = block != NULL ? block : "";
    EXPECT("what holds is only counted", strstr(block, "pass") == NULL);
    EXPECT("what fails, with its replay",
           strstr(block,
                  "\n  fail: connected of cell 1 (f0 f0 level 0, f1 f1 level 1) at least 50 "
                  "%: is 33.3 % [30.4, 36.3]\n      punchlab replay made.json --cell 1 "
                  "--trial 5 --seed 7\n") != NULL);
    EXPECT("what is open, and what would decide it",
           strstr(block, "\n  inconclusive: ") != NULL &&
               strstr(block, "; about 2,400 trials a cell would decide it\n") != NULL);
    free(text);
    text = table_text(made, true);
    EXPECT("in colour", strstr(text, "  \x1b[31mfail\x1b[0m: ") != NULL);
    free(text);
    said_free(made);
    const said_how without = {.level_counts = {2, 2}};
    made = said_make(&without);
    text = table_text(made, false);
    EXPECT("nothing expected, nothing said", strstr(text, "expectation") == NULL);
    EXPECT("95 % where there is one look", strstr(text, "  connected [95 %]  ") != NULL);
    free(text);
    said_free(made);
    const said_how until = {.level_counts = {2, 2}, .until = true};
    made = said_make(&until);
    text = table_text(made, false);
    EXPECT("more with several", strstr(text, "  connected [99 %]  ") != NULL);
    free(text);
    said_free(made);
}

/* --- data */

static const cJSON *at(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static void json(void) {
    const said_how how = {.level_counts = {2}, .expects = 3, .text = "\x01\"\xff"};
    said *made = said_make(&how);
    char *text = said_text(made, report_json);
    cJSON *object = cJSON_Parse(text);
    const cJSON *all = at(object, "expect");
    const cJSON *cells = at(object, "cells");
    EXPECT_INT("all expectations", cJSON_GetArraySize(all), 3);
    EXPECT_INT("those of the first cell", /* 0, and 2 again */
               cJSON_GetArraySize(at(cJSON_GetArrayItem(cells, 0), "expect")), 2);
    EXPECT_INT("those of the second",
               cJSON_GetArraySize(at(cJSON_GetArrayItem(cells, 1), "expect")), 1);
    const cJSON *failed = cJSON_GetArrayItem(all, 1);
    EXPECT_TEXT("outcome", cJSON_GetStringValue(at(failed, "outcome")), "fail");
    EXPECT_TEXT("measure", cJSON_GetStringValue(at(failed, "measure")), "connected");
    EXPECT_TEXT("form", cJSON_GetStringValue(at(failed, "form")), "value");
    EXPECT_TEXT("bound", cJSON_GetStringValue(at(failed, "bound")), "at_least");
    EXPECT_REAL("limit", cJSON_GetNumberValue(at(failed, "limit")), 0.5, 0.0);
    EXPECT_REAL("cell", cJSON_GetNumberValue(at(failed, "cell")), 1.0, 0.0);
    EXPECT_REAL("value", cJSON_GetNumberValue(at(failed, "value")), 1.0, 0.0);
    EXPECT("an interval", cJSON_IsNumber(at(failed, "lo")) && cJSON_IsNumber(at(failed, "hi")));
    EXPECT_REAL("example", cJSON_GetNumberValue(at(failed, "example_trial")), 5.0, 0.0);
    EXPECT("a claim in words", cJSON_IsString(at(failed, "claim")));
    const cJSON *open = cJSON_GetArrayItem(all, 2);
    EXPECT_REAL("needed", cJSON_GetNumberValue(at(open, "trials_needed")), 2400.0, 0.0);
    cJSON_Delete(object);
    free(text);
    said_free(made);
}

/* Every row has as many fields as the first; quotes are not expected. */
static uint32_t rows_of_csv(const char *text, const char *name) {
    uint32_t rows = 0;
    uint32_t fields_of_first = 0;
    uint32_t fields = 1;
    for (const char *c = text; *c != '\0'; c++) {
        fields += *c == ',' ? 1 : 0;
        if (*c == '\n') {
            fields_of_first = rows == 0 ? fields : fields_of_first;
            EXPECT_INT(name, fields, fields_of_first);
            fields = 1;
            rows++;
        }
    }
    return rows;
}

static void csv(void) {
    const said_how how = {.level_counts = {3, 3}, .holds = true};
    said *made = said_make(&how);
    char *cells = said_text(made, report_cells_csv);
    char *reasons = said_text(made, report_reasons_csv);
    char *ecdf = said_text(made, report_ecdf_csv);
    EXPECT_INT("a row per cell", rows_of_csv(cells, "cells.csv"), 1 + 9);
    EXPECT_INT("two reasons and others, for eight that fail", rows_of_csv(reasons, "reasons.csv"),
               1 + 8 * 3);
    EXPECT_INT("forty steps each, for eight that connect", rows_of_csv(ecdf, "ecdf.csv"),
               1 + 8 * 40);
    EXPECT("columns of reasons",
           begins(reasons, "cell,f0,f1,reason,failed,example_trial\n0,f0 level 0,f1 level 0,"));
    EXPECT("columns of steps",
           begins(ecdf, "cell,f0,f1,time_to_connect_s,connected,connected_lo,connected_hi\n1,"));
    free(cells);
    free(reasons);
    free(ecdf);
    said_free(made);
}

/* --- Markdown */

static void put_markdown(const analysis *of, FILE *out) {
    report_markdown(of, out, true);
}

static char *repeated(char c, size_t count) {
    char *text = calloc(count + 1, 1);
    if (text == NULL) {
        abort();
    }
    memset(text, c, count);
    return text;
}

static void markdown_sizes(void) {
    char *huge = repeated('|', 200000);
    const struct {
        const char *sentence;
        said_how how;
        const char *has;
    } rows[] = {
        {"few cells: open tables", {.level_counts = {3}, .expects = 3}, "\n| cell | f0 | n | "},
        {"many cells: folded",
         {.level_counts = {9, 9}},
         "<details><summary>81 cells</summary>\n\n| cell | "},
        {"a thousand cells: cut, and says so",
         {.level_counts = {10, 10, 10}, .expects = 1000},
         " more were left out to keep this short: see cells.csv.\n"},
        {"long reasons why are not in it",
         {.level_counts = {3}, .expects = 3, .why_bytes = 100000},
         "## Verdicts"},
        {"levels that alone are too long",
         {.level_counts = {3}, .text = huge},
         "This report is too long for a comment: see report.html.\n"},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        said *made = said_make(&rows[r].how);
        char *text = said_text(made, put_markdown);
        EXPECT(rows[r].sentence, strstr(text, rows[r].has) != NULL);
        EXPECT("fits into a comment", strlen(text) < REPORT_MARKDOWN_BYTES_MAX);
        free(text);
        said_free(made);
    }
    free(huge);
}

/* Text of a scenario is text, also to GitHub. */
static void markdown_hostile(void) {
    const said_how how = {
        .level_counts = {2}, .expects = 3, .text = "<b> @all #1 [x](y) ``` a|b\n# c $x$ *y* &lt;"};
    said *made = said_make(&how);
    char *text = said_text(made, put_markdown);
    char *end = strchr(text, 0x0a);
    *end = 0;
    EXPECT_TEXT("a heading on one line", text,
                "# \\<b\\> @\xe2\x81\xa0"
                "all #\xe2\x81\xa0"
                "1 \\[x\\](y) \\`\\`\\` a\\|b # c \\$x\\$ \\*y\\* \\&lt;");
    free(text);
    said_free(made);
}

static void verdicts_first(void) {
    const said_how how = {.level_counts = {2}, .expects = 3};
    said *made = said_make(&how);
    char *text = said_text(made, put_markdown);
    const char *verdicts = strstr(text, "\n## Verdicts\n");
    const char *failed = strstr(text, "\n| **fail** | ");
    const char *held = strstr(text, "\n| pass | ");
    const char *cells = strstr(text, "\n## Cells\n");
    EXPECT("all are there", verdicts != NULL && failed != NULL && held != NULL && cells != NULL);
    EXPECT("in this order", verdicts < failed && failed < held && held < cells);
    EXPECT("with the command", strstr(text, "--cell 1 --trial 5 --seed 7\n") != NULL);
    free(text);
    said_free(made);
}

/* --- all forms */

static void put_plain_table(const analysis *of, FILE *out) {
    report_table(of, out, false);
}

static void same_bytes(void) {
    static const struct {
        const char *name;
        void (*put)(const analysis *of, FILE *out);
    } forms[] = {
        {"table", put_plain_table},
        {"json", report_json},
        {"cells", report_cells_csv},
        {"reasons", report_reasons_csv},
        {"ecdf", report_ecdf_csv},
        {"markdown", put_markdown},
        {"html", report_html},
        {"junit", report_junit},
        {"success", report_plot_success},
        {"times", report_plot_times},
        {"factors", report_plot_factors},
        {"bars", report_plot_reasons},
    };
    const said_how how = {.level_counts = {3, 3, 3, 3}, .expects = 81, .holds = true};
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        said *a = said_make(&how);
        said *b = said_make(&how);
        char *left = said_text(a, forms[f].put);
        char *right = said_text(b, forms[f].put);
        EXPECT(forms[f].name, strcmp(left, right) == 0 && strlen(left) > 100);
        free(left);
        free(right);
        said_free(a);
        said_free(b);
    }
}

/* --- the index */

static void index_sentences(void) {
    static const struct {
        uint32_t held, failed, inconclusive; /* of the first entry; the second expects nothing */
        bool partial;
        bool missing;
        const char *says;
    } rows[] = {
        {2, 0, 0, false, false, "2 scenarios: 1 passes, 1 without expectations."},
        {2, 1, 1, false, false, "2 scenarios: 1 fails, 1 without expectations."},
        {2, 0, 1, false, false, "2 scenarios: 1 inconclusive, 1 without expectations."},
        {2, 0, 0, true, false, "2 scenarios: 1 not finished, 1 without expectations."},
        {0, 0, 0, true, false, "2 scenarios: 1 not finished, 1 without expectations."},
        {0, 0, 0, false, true, "2 scenarios: 1 without results, 1 without expectations."},
        {0, 0, 0, false, false, "2 scenarios: 2 without expectations."},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        report_index_entry entries[2] = {{.name = "a", .worst = "-"}, {.name = "b", .worst = "-"}};
        entries[0].held = rows[r].held;
        entries[0].failed = rows[r].failed;
        entries[0].inconclusive = rows[r].inconclusive;
        entries[0].partial = rows[r].partial;
        entries[0].missing = rows[r].missing;
        char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);
        report_index_table(entries, 2, out);
        fclose(out);
        EXPECT(rows[r].says, strstr(text, rows[r].says) != NULL);
        free(text);
    }
}

/* --- effects of factors */

static void effects(void) {
    /* 3 x 10 cells; the second factor is a treatment: its levels share worlds. */
    const said_how how = {.level_counts = {3, 10}, .treatment = true, .trials = 100};
    said *made = said_make(&how);
    layout_effect effect = layout_effect_of(&made->said, 0);
    EXPECT("ten combinations are pooled", effect.pooled && effect.lines == 1);
    layout_effect_point point = layout_effect_at(&effect, 0, 2);
    EXPECT_INT("worlds that cells share count once", point.connected.n, 100);
    double sum = 0.0;
    for (uint32_t cell = 20; cell < 30; cell++) {
        sum += analysis_estimate(&made->said, cell, SIM_MEASURE_CONNECTED)->value / 10.0;
    }
    EXPECT_REAL("the mean of its cells", point.connected.value, sum, 1e-9);
    EXPECT("within its interval",
           point.connected.lo < sum && sum < point.connected.hi && point.connected.hi <= 1.0);
    EXPECT("a median between the first and the last step",
           point.p50_s.lo > 0.2 && point.p50_s.lo <= point.p50_s.value &&
               point.p50_s.value <= point.p50_s.hi);
    point = layout_effect_at(&effect, 0, 0);
    EXPECT("where few connect the median is never", isinf(point.p50_s.value));
    effect = layout_effect_of(&made->said, 1);
    EXPECT("three combinations have their own lines", !effect.pooled && effect.lines == 3);
    point = layout_effect_at(&effect, 1, 4); /* cell 14 */
    EXPECT_REAL("the cell's own", point.connected.value,
                analysis_estimate(&made->said, 14, SIM_MEASURE_CONNECTED)->value, 0.0);
    char *title = layout_effect_title(&effect, 1);
    EXPECT_TEXT("what a line is", title, "f0 level 1");
    free(title);
    said_free(made);
}

/* Pooled over ten cells that meet the same worlds, and over ten that do not. */
static void effect_on_holding(void) {
    static const struct {
        bool treatment;
        uint64_t n; /* each cell has 100 */
    } rows[] = {{true, 100}, {false, 1000}};
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        const said_how how = {.level_counts = {2, 10},
                              .treatment = rows[r].treatment,
                              .holds = true,
                              .connected = 0.9,
                              .trials = 100};
        said *made = said_make(&how);
        const layout_effect effect = layout_effect_of(&made->said, 0);
        const layout_effect_point point = layout_effect_at(&effect, 0, 0);
        EXPECT_INT("connections in worlds of their own", point.held.n, rows[r].n);
        EXPECT_REAL("share held", point.held.value, 0.9, 1e-9);
        EXPECT_REAL("with the interval of so many", point.held.lo,
                    stats_ratio(rows[r].n * 9 / 10, rows[r].n, STATS_CONFIDENCE).lo, 1e-12);
        said_free(made);
    }
    const said_how without = {.level_counts = {2, 10}};
    said *made = said_make(&without);
    const layout_effect effect = layout_effect_of(&made->said, 0);
    EXPECT_INT("nothing held, nothing measured", layout_effect_at(&effect, 0, 0).held.n, 0);
    said_free(made);
}

static void reasons(void) {
    const said_how how = {.level_counts = {4, 5}};
    said *made = said_make(&how);
    const layout_reasons of = layout_reasons_of(&made->said);
    EXPECT_INT("as many as have a colour", of.count, LAYOUT_REASONS_MAX);
    uint64_t sum = of.other;
    for (uint32_t r = 0; r < of.count; r++) {
        EXPECT("the most frequent first", r == 0 || of.counts[r - 1] >= of.counts[r]);
        sum += of.counts[r];
    }
    uint64_t failed = 0;
    for (uint32_t cell = 0; cell < made->about.cell_count; cell++) {
        const layout_reason_bar bar = layout_reason_bar_of(&made->said, &of, cell);
        uint64_t of_bar = 0;
        for (uint32_t r = 0; r <= of.count; r++) {
            of_bar += bar.counts[r];
        }
        EXPECT_INT("a bar holds all failures of its cell", of_bar, made->said.cells[cell].failed);
        failed += made->said.cells[cell].failed;
    }
    EXPECT_INT("and all reasons all failures", sum, failed);
    said_free(made);
}

static void curves(void) {
    const said_how how = {.level_counts = {3, 3, 3, 3}};
    said *made = said_make(&how);
    const layout_times plot = layout_times_of(&made->said);
    EXPECT_INT("81 cells are pooled", plot.kind, LAYOUT_POOLED);
    layout_curve curve = layout_curve_at(&plot, 0, 1, 1000);
    EXPECT_INT("a third of all calls", curve.calls, 27 * 1000);
    double before_s = 0.0;
    double share = 0.0;
    for (uint32_t i = 0; i < curve.point_count; i++) {
        EXPECT("ascending", curve.points[i].time_s > before_s && curve.points[i].share > share);
        before_s = curve.points[i].time_s;
        share = curve.points[i].share;
    }
    double mean = 0.0;
    for (uint32_t cell = 0; cell < 81; cell++) {
        if (layout_curve_of(&plot, cell) == 1) {
            mean += analysis_estimate(&made->said, cell, SIM_MEASURE_CONNECTED)->value / 27.0;
        }
    }
    EXPECT_REAL("ends at the mean of its cells", share, mean, 1e-9);
    layout_curve_free(&curve);
    said_free(made);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"the summary", summaries},
        {"verdicts on a terminal", verdicts_on_a_terminal},
        {"expectations as JSON", json},
        {"tables as CSV", csv},
        {"Markdown fits into a comment", markdown_sizes},
        {"Markdown of hostile text", markdown_hostile},
        {"verdicts come first", verdicts_first},
        {"the same bytes twice", same_bytes},
        {"the index in a sentence", index_sentences},
        {"effects of factors", effects},
        {"effects on holding", effect_on_holding},
        {"reasons and their bars", reasons},
        {"curves", curves},
    };
    return PUNCH_TEST_MAIN("report", cases);
}
