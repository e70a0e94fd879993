/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * junit.xml, in what the readers of Ant's junit task and of Jenkins have in common: a suite per
 * scenario, in it a case for the trials and one for each expectation. What is inconclusive is a
 * failure of its own type, because the run's exit code calls it one. Elements and attributes come
 * in the order the strictest of the schemas asks for. Times are 0, the moment is a fixed one: for
 * equal trials make equal files.
 */
#include "report_junit.h"

#include <stdlib.h>

#include "punch/assert.h"
#include "report.h"
#include "report_words.h"

static void put_attribute(FILE *out, const char *name, const char *value) {
    fprintf(out, " %s=\"", name);
    format_markup(out, value);
    fputc('"', out);
}

static void put_property(FILE *out, const char *name, const char *value) {
    fputs("      <property", out);
    put_attribute(out, "name", name);
    put_attribute(out, "value", value);
    fputs("/>\n", out);
}

static void put_properties(const facts *about, FILE *out) {
    char number[FORMAT_TEXT_CAP];
    fputs("    <properties>\n", out);
    put_property(out, "version", about->version);
    put_property(out, "commit", about->commit);
    snprintf(number, sizeof number, "%016llx", (unsigned long long)about->digest);
    put_property(out, "digest", number);
    snprintf(number, sizeof number, "%llu", (unsigned long long)about->seed);
    put_property(out, "seed", number);
    put_property(out, "backend", about->backend);
    put_property(out, "crypto", about->crypto);
    fputs("    </properties>\n", out);
}

static void put_case(const char *scenario, FILE *out, const char *name) {
    fputs("    <testcase classname=\"punchlab.", out);
    format_markup(out, scenario);
    fputc('"', out);
    put_attribute(out, "name", name);
    fputs(" time=\"0\"", out);
}

static const char trials_case[] = "all trials finished";

static void put_trials_case(const analysis *of, FILE *out) {
    put_case(of->about->scenario, out, trials_case);
    if (!of->partial) {
        fputs("/>\n", out);
        return;
    }
    char *run = report_run_words(of);
    fprintf(out, ">\n      <failure message=\"only %llu trials were finished\" type=\"partial\">",
            (unsigned long long)of->trials);
    format_markup(out, run);
    fputs("</failure>\n    </testcase>\n", out);
    free(run);
}

static void put_expect_case(const analysis *of, FILE *out, uint32_t index) {
    const sim_expect *expect = &of->about->expects[index];
    const expect_outcome outcome = of->verdicts[index].outcome;
    char *claim = report_claim(of, index);
    put_case(of->about->scenario, out, claim);
    if (outcome == EXPECT_PASS) {
        fputs("/>\n", out);
        free(claim);
        return;
    }
    char *finding = report_finding(of, index);
    fputs(">\n      <failure", out);
    put_attribute(out, "message", finding);
    put_attribute(out, "type", expect_outcome_name(outcome));
    fputc('>', out);
    format_markup(out, claim);
    fputs(": ", out);
    format_markup(out, finding);
    if (expect->why != NULL) {
        fputs("\nwhy: ", out);
        format_markup(out, expect->why);
    }
    if (report_example(of, index) != UINT64_MAX) {
        char *replay = report_replay_words(of, expect->cell, report_example(of, index));
        fputs("\nrepeat: ", out);
        format_markup(out, replay);
        free(replay);
    }
    fputs("</failure>\n    </testcase>\n", out);
    free(claim);
    free(finding);
}

char *report_junit_suite(const analysis *of) {
    const facts *about = of->about;
    const uint32_t held = report_outcomes(of, EXPECT_PASS);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    PUNCH_ASSERT(out != NULL);
    put_attribute(out, "name", about->scenario);
    fprintf(out,
            " package=\"punchlab\" hostname=\"localhost\" timestamp=\"1970-01-01T00:00:00\" "
            "tests=\"%u\" failures=\"%u\" errors=\"0\" time=\"0\">\n",
            about->expect_count + 1, about->expect_count - held + (of->partial ? 1 : 0));
    put_properties(about, out);
    put_trials_case(of, out);
    for (uint32_t i = 0; i < about->expect_count; i++) {
        put_expect_case(of, out, i);
    }
    char *summary = report_summary(of);
    fputs("    <system-out>", out);
    format_markup(out, summary);
    fputs("</system-out>\n    <system-err></system-err>\n  </testsuite>\n", out);
    free(summary);
    fclose(out);
    return text;
}

char *report_junit_missing_suite(const char *scenario, const char *why) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    PUNCH_ASSERT(out != NULL);
    put_attribute(out, "name", scenario);
    fputs(
        " package=\"punchlab\" hostname=\"localhost\" timestamp=\"1970-01-01T00:00:00\" "
        "tests=\"1\" failures=\"0\" errors=\"1\" time=\"0\">\n    <properties></properties>\n",
        out);
    put_case(scenario, out, trials_case);
    fputs(">\n      <error", out);
    put_attribute(out, "message", why);
    put_attribute(out, "type", "missing");
    fputc('>', out);
    format_markup(out, why);
    fputs(
        "</error>\n    </testcase>\n    <system-out></system-out>\n"
        "    <system-err></system-err>\n  </testsuite>\n",
        out);
    fclose(out);
    return text;
}

void report_junit_begin(FILE *out) {
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", out);
}

void report_junit_put(const char *suite, uint32_t index, FILE *out) {
    fprintf(out, "  <testsuite id=\"%u\"%s", index, suite);
}

void report_junit_end(FILE *out) {
    fputs("</testsuites>\n", out);
}

void report_junit(const analysis *of, FILE *out) {
    char *suite = report_junit_suite(of);
    report_junit_begin(out);
    report_junit_put(suite, 0, out);
    report_junit_end(out);
    free(suite);
}
