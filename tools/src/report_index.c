/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_index.h"

#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "punch/assert.h"
#include "report_html.h"
#include "report_junit.h"
#include "report_words.h"
#include "words.h"

static char *worst_words(const analysis *of) {
    const uint32_t worst = report_worst_cell(of, SIM_MEASURE_CONNECTED);
    if (worst == UINT32_MAX) {
        return file_copy_name("-");
    }
    const stats_estimate *e = analysis_estimate(of, worst, SIM_MEASURE_CONNECTED);
    if (e->value >= 1.0) {
        return file_copy_name("every call connected");
    }
    char share[REPORT_TEXT_CAP];
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    PUNCH_ASSERT(out != NULL);
    fprintf(out, "%s in ", report_estimate(SIM_UNIT_SHARE, e, share));
    words_cell(of->about, worst, out);
    fclose(out);
    return text;
}

report_index_entry report_index_entry_of(const analysis *of, const char *directory) {
    const facts *about = of->about;
    const report_index_entry entry = {
        .name = file_copy_name(about->scenario),
        .title = file_copy_name(about->title[0] != '\0' ? about->title : about->scenario),
        .question = file_copy_name(about->question),
        .directory = file_copy_name(directory),
        .cells = about->cell_count,
        .trials = of->trials,
        .partial = of->partial,
        .held = report_outcomes(of, EXPECT_PASS),
        .failed = report_outcomes(of, EXPECT_FAIL),
        .inconclusive = report_outcomes(of, EXPECT_INCONCLUSIVE),
        .worst = worst_words(of),
        .suite = report_junit_suite(of),
    };
    return entry;
}

report_index_entry report_index_entry_missing(const char *name, const char *why) {
    const report_index_entry entry = {
        .name = file_copy_name(name),
        .title = file_copy_name(name),
        .question = file_copy_name(""),
        .directory = file_copy_name(""),
        .missing = true,
        .worst = file_copy_name(why),
        .suite = report_junit_missing_suite(name, why),
    };
    return entry;
}

void report_index_entry_free(report_index_entry *entry) {
    free(entry->name);
    free(entry->title);
    free(entry->question);
    free(entry->directory);
    free(entry->worst);
    free(entry->suite);
    memset(entry, 0, sizeof *entry);
}

/* What became of a scenario, in the order in which they are counted. */
typedef enum {
    STATE_PASS,
    STATE_FAIL,
    STATE_INCONCLUSIVE,
    STATE_UNFINISHED, /* whatever its expectations say so far */
    STATE_MISSING,
    STATE_SILENT, /* nothing is expected of it */
    STATE_COUNT
} entry_state;

static const struct {
    const char *words; /* of one, as a verdict */
    const char *one;   /* as counted */
    const char *many;
} states[STATE_COUNT] = {
    [STATE_PASS] = {"pass", "passes", "pass"},
    [STATE_FAIL] = {"fail", "fails", "fail"},
    [STATE_INCONCLUSIVE] = {"inconclusive", "inconclusive", "inconclusive"},
    [STATE_UNFINISHED] = {"not finished", "not finished", "not finished"},
    [STATE_MISSING] = {"no results", "without results", "without results"},
    [STATE_SILENT] = {"nothing expected", "without expectations", "without expectations"},
};

static uint32_t expectations(const report_index_entry *entry) {
    return entry->held + entry->failed + entry->inconclusive;
}

static entry_state state_of(const report_index_entry *entry) {
    if (entry->missing || entry->partial) {
        return entry->missing ? STATE_MISSING : STATE_UNFINISHED;
    }
    return entry->failed > 0          ? STATE_FAIL
           : entry->inconclusive > 0  ? STATE_INCONCLUSIVE
           : expectations(entry) == 0 ? STATE_SILENT
                                      : STATE_PASS;
}

/* "8 scenarios: 5 pass, 1 fails, 2 inconclusive." */
static void put_sentence(const report_index_entry *entries, size_t count, FILE *out) {
    size_t counts[STATE_COUNT] = {0};
    for (size_t i = 0; i < count; i++) {
        counts[state_of(&entries[i])]++;
    }
    const char *before = "";
    fprintf(out, "%zu scenario%s:", count, count == 1 ? "" : "s");
    for (entry_state s = STATE_PASS; s < STATE_COUNT; s++) {
        if (counts[s] > 0) {
            fprintf(out, "%s %zu %s", before, counts[s],
                    counts[s] == 1 ? states[s].one : states[s].many);
            before = ",";
        }
    }
    fputc('.', out);
}

/* A path as a reference within HTML or Markdown: RFC 3986 §2.1, percent-encoded but for what is
 * safe in both. */
static void put_reference(FILE *out, const char *directory, const char *file) {
    static const char safe[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    for (const char *at = directory; *at != '\0'; at++) {
        if (strchr(safe, *at) != NULL) {
            fputc(*at, out);
        } else {
            fprintf(out, "%%%02X", (unsigned char)*at);
        }
    }
    fprintf(out, "/%s", file);
}

/* --- the forms */

static void put_html_state(const report_index_entry *entry, FILE *out) {
    const entry_state state = state_of(entry);
    switch (state) {
    case STATE_PASS:
        html_verdict(out, EXPECT_PASS);
        break;
    case STATE_FAIL:
        html_verdict(out, EXPECT_FAIL);
        break;
    case STATE_INCONCLUSIVE:
        html_verdict(out, EXPECT_INCONCLUSIVE);
        break;
    case STATE_UNFINISHED:
    case STATE_MISSING:
        fprintf(out, "<span class=\"verdict %s\">%s</span>",
                expect_outcome_name(state == STATE_MISSING ? EXPECT_FAIL : EXPECT_INCONCLUSIVE),
                states[state].words);
        break;
    case STATE_SILENT:
    case STATE_COUNT:
        fputs(states[STATE_SILENT].words, out);
        break;
    }
    if (expectations(entry) > 0) {
        fprintf(out, "<br>%u of %u hold", entry->held, expectations(entry));
    }
}

static void put_html_title(const report_index_entry *entry, FILE *out) {
    if (!entry->missing) {
        fputs("<a href=\"", out);
        put_reference(out, entry->directory, "report.html");
        fputs("\">", out);
    }
    format_markup(out, entry->title);
    fputs(entry->missing ? "" : "</a>", out);
    if (entry->question[0] != '\0') {
        fputs("<br><span class=\"why\">", out);
        format_markup(out, entry->question);
        fputs("</span>", out);
    }
}

static void put_html_row(const report_index_entry *entry, FILE *out) {
    char number[FORMAT_TEXT_CAP];
    fputs("<tr><td>", out);
    put_html_state(entry, out);
    fputs("</td><td>", out);
    put_html_title(entry, out);
    fprintf(out, "</td><td>%u</td><td>%s</td><td>", entry->cells,
            format_count(entry->trials, number));
    format_markup(out, entry->worst);
    fputs("</td></tr>\n", out);
}

static void put_html(const report_index_entry *entries, size_t count, FILE *out) {
    html_begin(out, "punchlab: all scenarios");
    fputs(
        "<header>\n<p class=\"kind\">punchlab reports</p>\n<h1>All scenarios</h1>\n"
        "<p class=\"summary\">",
        out);
    put_sentence(entries, count, out);
    fputs(
        "</p>\n</header>\n<main>\n<div class=\"scroll\"><table>\n<thead><tr>"
        "<th scope=\"col\">verdict</th><th scope=\"col\">scenario</th><th scope=\"col\">cells</th>"
        "<th scope=\"col\">trials</th><th scope=\"col\">worst cell</th></tr></thead>\n"
        "<tbody>\n",
        out);
    for (size_t i = 0; i < count; i++) {
        put_html_row(&entries[i], out);
    }
    fputs("</tbody></table></div>\n</main>\n", out);
    html_end(out);
}

static void put_markdown(const report_index_entry *entries, size_t count, FILE *out) {
    fputs("# All scenarios\n\n**", out);
    put_sentence(entries, count, out);
    fputs(
        "**\n\n| verdict | scenario | question | cells | trials | worst cell |\n"
        "|---|---|---|--:|--:|---|\n",
        out);
    for (size_t i = 0; i < count; i++) {
        const report_index_entry *entry = &entries[i];
        char number[FORMAT_TEXT_CAP];
        fprintf(out, "| %s", states[state_of(entry)].words);
        if (expectations(entry) > 0) {
            fprintf(out, ", %u of %u hold", entry->held, expectations(entry));
        }
        fputs(entry->missing ? " | " : " | [", out);
        format_markdown(out, entry->name);
        if (!entry->missing) {
            fputs("](", out);
            put_reference(out, entry->directory, "report.md");
            fputc(')', out);
        }
        fputs(" | ", out);
        format_markdown(out, entry->question);
        fprintf(out, " | %u | %s | ", entry->cells, format_count(entry->trials, number));
        format_markdown(out, entry->worst);
        fputs(" |\n", out);
    }
}

static void put_junit(const report_index_entry *entries, size_t count, FILE *out) {
    report_junit_begin(out);
    for (size_t i = 0; i < count; i++) {
        report_junit_put(entries[i].suite, (uint32_t)i, out);
    }
    report_junit_end(out);
}

bool report_index(const report_index_entry *entries, size_t count, const char *directory,
                  FILE *err) {
    static const struct {
        const char *name;
        void (*put)(const report_index_entry *entries, size_t count, FILE *out);
    } files[] = {{"index.html", put_html}, {"index.md", put_markdown}, {"junit.xml", put_junit}};
    bool written = true;
    for (size_t i = 0; written && i < sizeof files / sizeof files[0]; i++) {
        char *path = file_join(directory, files[i].name);
        file_out file;
        written = file_open(&file, path, err);
        if (written) {
            files[i].put(entries, count, file.out);
            written = file_commit(&file, err);
        }
        free(path);
    }
    return written;
}

void report_index_table(const report_index_entry *entries, size_t count, FILE *out) {
    size_t width = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(entries[i].name);
        width = length > width ? length : width;
    }
    fputc('\n', out);
    put_sentence(entries, count, out);
    fputc('\n', out);
    for (size_t i = 0; i < count; i++) {
        const report_index_entry *entry = &entries[i];
        fprintf(out, "  %-*s  %-16s  ", (int)width, entry->name, states[state_of(entry)].words);
        if (!entry->missing) {
            fprintf(out, "%u of %u expectations hold; ", entry->held, expectations(entry));
        }
        fprintf(out, "%s\n", entry->worst);
    }
}
