/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab report: from the trials file alone it writes every file of a run again, byte by byte,
 * and where there is none it says what there is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "punch_test.h"

#define WORDS_MAX 12

/* Runs punchlab in the directory of the test data. */
static process_said run(const char *const *words) {
    char program[4096];
    char data[4096];
    const char *argv[WORDS_MAX + 2] = {process_punchlab(program, sizeof program)};
    for (size_t i = 0; words[i] != NULL && i < WORDS_MAX; i++) {
        argv[i + 1] = words[i];
    }
    const process_how how = {.directory = process_source(data, sizeof data, "tools/tests/data"),
                             .environment = "PUNCHLAB_AS=punchlab"};
    return process_run(&how, argv);
}

/* Runs the tiny scenario into it, silently. */
static void make_results(const char *directory) {
    const char *const words[] = {"run",     "tiny.json", "-q", "--out",
                                 directory, "--trials",  "30", NULL};
    process_said said = run(words);
    EXPECT_INT("a run", said.status, 0);
    process_free(&said);
}

/* Files made from the trials, text all of them. */
static const char *const made[] = {
    "manifest.json", "cells.csv", "reasons.csv", "ecdf.csv",           "trials.csv", "report.html",
    "report.md",     "junit.xml", "success.gp",  "time-to-connect.gp", "factors.gp", "reasons.gp",
};

#define MADE (sizeof made / sizeof made[0])

static void remove_file(const char *directory, const char *name) {
    char path[8192];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    EXPECT(name, unlink(path) == 0);
}

static void all_anew(void) {
    char out[4096];
    char *before[MADE];
    process_make_directory(out, sizeof out);
    make_results(out);
    char *host = process_read_file(out, "host.json");
    for (size_t i = 0; i < MADE; i++) {
        before[i] = process_read_file(out, made[i]);
        EXPECT(made[i], before[i] != NULL);
        remove_file(out, made[i]);
    }
    const char *const words[] = {"report", out, "--json", "-", "-q", NULL};
    process_said said = run(words);
    EXPECT_INT("exit code", said.status, 0);
    EXPECT("the JSON object on standard output", strncmp(said.out, "{\"schema\":1,", 12) == 0);
    for (size_t i = 0; i < MADE; i++) {
        char *after = process_read_file(out, made[i]);
        EXPECT(made[i], before[i] != NULL && after != NULL && strcmp(before[i], after) == 0);
        free(before[i]);
        free(after);
    }
    char *host_after = process_read_file(out, "host.json");
    EXPECT_TEXT("what is said about the machine stays", host_after, host);
    free(host);
    free(host_after);
    process_free(&said);
    process_remove_directory(out);
}

/* The table is the run's, and so is the exit code. */
static void same_table(void) {
    char out[4096];
    process_make_directory(out, sizeof out);
    const char *const first[] = {"run", "tiny.json", "--out", out, NULL};
    const char *const again[] = {"report", out, NULL};
    process_said ran = run(first);
    process_said said = run(again);
    EXPECT_INT("exit code", said.status, ran.status);
    EXPECT_TEXT("the same table", said.out, ran.out);
    EXPECT("where the page is", strstr(said.err, "/report.html\n") != NULL);
    process_free(&ran);
    process_free(&said);
    process_remove_directory(out);
}

static void index_over_several(void) {
    char base[4096];
    char one[4200];
    char two[4200];
    process_make_directory(base, sizeof base);
    snprintf(one, sizeof one, "%s/one", base);
    snprintf(two, sizeof two, "%s/two", base);
    make_results(one);
    make_results(two);
    const char *const words[] = {"report", one, two, "-q", "--index", base, NULL};
    process_said said = run(words);
    EXPECT_INT("exit code", said.status, 0);
    char *page = process_read_file(base, "index.html");
    char *markdown = process_read_file(base, "index.md");
    char *junit = process_read_file(base, "junit.xml");
    EXPECT("links within the directory", page != NULL &&
                                             strstr(page, "href=\"one/report.html\"") != NULL &&
                                             strstr(page, "href=\"two/report.html\"") != NULL);
    EXPECT("in Markdown, too", markdown != NULL && strstr(markdown, "](two/report.md)") != NULL);
    EXPECT("numbered suites", junit != NULL && strstr(junit, "<testsuite id=\"0\"") != NULL &&
                                  strstr(junit, "<testsuite id=\"1\"") != NULL);
    free(page);
    free(markdown);
    free(junit);
    process_free(&said);
    const char *const json[] = {"report", one, two, "--json", "-", NULL};
    said = run(json);
    EXPECT_INT("one object is about one run", said.status, 2);
    process_free(&said);
    const char *const above[] = {"report", base, NULL};
    said = run(above);
    EXPECT_INT("the directory above holds none itself", said.status, 2);
    EXPECT("but says where they are",
           strstr(said.err, " there are results in ") != NULL && strstr(said.err, "/one ") != NULL);
    process_free(&said);
    process_remove_directory(base);
}

/* Wherever the index is, its links lead to the reports. */
static void index_elsewhere(void) {
    static const struct {
        const char *sentence;
        const char *index; /* below the base; the results are in its runs/one and runs/two */
        const char *links[2];
    } rows[] = {
        {"above", "", {"runs/one/report.html", "runs/two/report.html"}},
        {"right above", "runs", {"one/report.html", "two/report.html"}},
        {"beside", "pages/all", {"../../runs/one/report.html", "../../runs/two/report.html"}},
        {"with a name that begins alike", "runs/on", {"../one/report.html", "../two/report.html"}},
        {"within", "runs/one", {"./report.html", "../two/report.html"}},
        {"by a detour", "runs/one/../../x", {"../runs/one/report.html", "../runs/two/report.html"}},
    };
    char base[4096];
    char one[4200];
    char two[4200];
    process_make_directory(base, sizeof base);
    snprintf(one, sizeof one, "%s/runs/one", base);
    snprintf(two, sizeof two, "%s//runs/../runs/two/", base);
    make_results(one);
    make_results(two);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char index[4300];
        snprintf(index, sizeof index, "%s/%s", base, rows[i].index);
        const char *const words[] = {"report", one, two, "-q", "--index", index, NULL};
        process_said said = run(words);
        EXPECT_INT("exit code", said.status, 0);
        char *page = process_read_file(index, "index.html");
        for (size_t l = 0; l < 2; l++) {
            char link[200];
            snprintf(link, sizeof link, "<a href=\"%s\">", rows[i].links[l]);
            if (!EXPECT(rows[i].sentence, page != NULL && strstr(page, link) != NULL)) {
                printf("expected: %s\ngot: %s\n", link, page != NULL ? page : "");
            }
        }
        free(page);
        process_free(&said);
    }
    process_remove_directory(base);
}

/* Results that are not there have a line of their own, and nothing to click at. */
static void index_over_missing(void) {
    char base[4096];
    char one[4200];
    char none[4200];
    process_make_directory(base, sizeof base);
    snprintf(one, sizeof one, "%s/one", base);
    snprintf(none, sizeof none, "%s/none", base);
    make_results(one);
    const char *const words[] = {"report", none, one, "-q", "--index", base, NULL};
    process_said said = run(words);
    EXPECT_INT("exit code", said.status, 2);
    char *page = process_read_file(base, "index.html");
    char *junit = process_read_file(base, "junit.xml");
    EXPECT("the page says so", page != NULL && strstr(page, "no results</span>") != NULL &&
                                   strstr(page, "none/report.html") == NULL &&
                                   strstr(page, "href=\"one/report.html\"") != NULL);
    EXPECT("an error for CI systems",
           junit != NULL &&
               strstr(junit, "<error message=\"there is no trials.bin in it\"") != NULL);
    free(page);
    free(junit);
    process_free(&said);
    process_remove_directory(base);
}

static void nothing_there(void) {
    char out[4096];
    char empty[4200];
    process_make_directory(out, sizeof out);
    snprintf(empty, sizeof empty, "%s", out);
    const struct {
        const char *directory;
        const char *says;
    } rows[] = {
        {"/nowhere/at-all", " no trials.bin there; there is no such directory\n"},
        {empty, " no trials.bin there; it holds no results of a run\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const words[] = {"report", rows[i].directory, NULL};
        process_said said = run(words);
        EXPECT_INT("exit code", said.status, 2);
        EXPECT(rows[i].says, strstr(said.err, rows[i].says) != NULL);
        EXPECT_TEXT("nothing is written", said.out, "");
        process_free(&said);
    }
    process_remove_directory(out);
}

/* Trials somebody wrote to. */
static void damaged(void) {
    char out[4096];
    char path[4200];
    process_make_directory(out, sizeof out);
    make_results(out);
    snprintf(path, sizeof path, "%s/trials.bin", out);
    FILE *file = fopen(path, "r+");
    EXPECT("the trials", file != NULL && fseek(file, 100, SEEK_SET) == 0 &&
                             fputc('?', file) == '?' && fclose(file) == 0);
    char *before = process_read_file(out, "report.md");
    const char *const words[] = {"report", out, NULL};
    process_said said = run(words);
    char *after = process_read_file(out, "report.md");
    EXPECT_INT("exit code", said.status, 2);
    EXPECT("which file", strstr(said.err, "/trials.bin: ") != NULL);
    EXPECT_TEXT("what was there stays", after, before);
    free(before);
    free(after);
    process_free(&said);
    process_remove_directory(out);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"everything anew, byte by byte", all_anew},
        {"the same table", same_table},
        {"an index over several", index_over_several},
        {"an index elsewhere", index_elsewhere},
        {"an index over what is not there", index_over_missing},
        {"where there is nothing", nothing_there},
        {"a damaged file", damaged},
    };
    return PUNCH_TEST_MAIN("cli_report", cases);
}
