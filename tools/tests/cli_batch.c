/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab run with several scenarios: the index holds every one of them, and less never replaces
 * more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "punch_test.h"

/* Runs two scenarios of the test data into a directory. */
static process_said run_both(const process_how *base, const char *out, const char *trials) {
    char program[4096];
    char data[4096];
    process_how how = *base;
    how.directory = process_source(data, sizeof data, "tools/tests/data");
    const char *const argv[] = {process_punchlab(program, sizeof program),
                                "run",
                                "tiny.json",
                                "paired.json",
                                "--trials",
                                trials,
                                "--out",
                                out,
                                NULL};
    return process_run(&how, argv);
}

static bool has(const char *text, const char *part) {
    return text != NULL && strstr(text, part) != NULL;
}

static void whole(void) {
    char out[4096];
    const process_how how = {0};
    process_make_directory(out, sizeof out);
    process_said said = run_both(&how, out, "3");
    char *page = process_read_file(out, "index.html");
    EXPECT_INT("exit code", said.status, 0);
    EXPECT("the index leads to both",
           has(page, "href=\"tiny/report.html\"") && has(page, "href=\"paired/report.html\""));
    EXPECT("says where it is", has(said.err, "/index.html\n"));
    EXPECT("and what became of them", has(said.out, "2 scenarios: 2 without expectations."));
    free(page);
    process_free(&said);
    process_remove_directory(out);
}

/* A file stands where the results of the first should go. */
static void one_fails(void) {
    char out[4096];
    char path[4200];
    const process_how how = {0};
    process_make_directory(out, sizeof out);
    snprintf(path, sizeof path, "%s/tiny", out);
    FILE *file = fopen(path, "w");
    EXPECT("something in the way", file != NULL && fclose(file) == 0);
    process_said said = run_both(&how, out, "3");
    char *page = process_read_file(out, "index.html");
    char *markdown = process_read_file(out, "index.md");
    char *junit = process_read_file(out, "junit.xml");
    EXPECT_INT("exit code", said.status, 1);
    EXPECT("both are counted",
           has(said.out, "2 scenarios: 1 without results, 1 without expectations."));
    EXPECT("both have a row", has(page, "no results</span></td><td>tiny</td>") &&
                                  has(page, "href=\"paired/report.html\""));
    EXPECT("in Markdown, too", has(markdown, "| no results | tiny | "));
    EXPECT("and a suite", has(junit, " name=\"tiny\" ") && has(junit, " errors=\"1\" ") &&
                              has(junit, "<error message=\"failed before its results"));
    free(page);
    free(markdown);
    free(junit);
    process_free(&said);
    process_remove_directory(out);
}

/* The index of a whole batch stays when the next one is interrupted. */
static void interrupted(void) {
    static const char *const names[] = {"index.html", "index.md", "junit.xml"};
    char out[4096];
    char *before[3];
    const process_how plain = {0};
    const process_how how = {.interrupt = true};
    process_make_directory(out, sizeof out);
    process_said said = run_both(&plain, out, "3");
    process_free(&said);
    for (size_t i = 0; i < 3; i++) {
        before[i] = process_read_file(out, names[i]);
    }
    said = run_both(&how, out, "1000000");
    EXPECT_INT("exit code", said.status, 130);
    EXPECT("says so", has(said.err, "no index was written to "));
    EXPECT("and how to go on", has(said.err, "the batch was interrupted; --resume continues it\n"));
    EXPECT("what began is not finished", has(said.out, "1 scenario: 1 not finished."));
    for (size_t i = 0; i < 3; i++) {
        char *after = process_read_file(out, names[i]);
        EXPECT(names[i], before[i] != NULL && after != NULL && strcmp(before[i], after) == 0);
        free(before[i]);
        free(after);
    }
    process_free(&said);
    process_remove_directory(out);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"an index over all", whole},
        {"one of them fails", one_fails},
        {"an interrupted batch", interrupted},
    };
    return PUNCH_TEST_MAIN("cli_batch", cases);
}
