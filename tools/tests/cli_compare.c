/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab compare as a build would use it: what its exit code says, what it refuses and why, and
 * that the commands it prints show what they promise.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "punch_test.h"

#define WORDS_MAX 16u

/* Runs punchlab in tests/data with up to 14 words, the last NULL. */
static process_said punchlab(const char *const *words) {
    char program[4096];
    char data[4096];
    const char *argv[WORDS_MAX] = {process_punchlab(program, sizeof program)};
    for (size_t i = 0; words[i] != NULL && i + 2 < WORDS_MAX; i++) {
        argv[i + 1] = words[i];
    }
    const process_how how = {.directory = process_source(data, sizeof data, "tools/tests/data")};
    return process_run(&how, argv);
}

/* A directory of results of paired.json. */
typedef struct {
    char path[4096];
} results;

static void make(results *to, const char *option, const char *value) {
    process_make_directory(to->path, sizeof to->path);
    const char *const words[] = {"run",    "paired.json", "--quiet", "--out",
                                 to->path, option,        value,     NULL};
    process_said said = punchlab(words);
    if (!EXPECT_INT("it runs", said.status, 0)) {
        fputs(said.err, stdout);
    }
    process_free(&said);
}

static bool has(const char *text, const char *part) {
    return strstr(text, part) != NULL;
}

static size_t count_of(const char *text, const char *part) {
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

static void same_results(void) {
    results once;
    results again;
    make(&once, NULL, NULL);
    make(&again, "--jobs", "1");
    const char *const words[] = {"compare", once.path, again.path, NULL};
    process_said said = punchlab(words);
    EXPECT_INT("nothing changed: exit code", said.status, 0);
    EXPECT_INT("three cells, five measures", count_of(said.out, "  ~\n"), 15);
    EXPECT("in so many words", has(said.out, "0 worse, 0 better, 15 without a shown change"));
    EXPECT("trial by trial", has(said.out, "compared trial by trial in the same worlds"));
    process_free(&said);
    process_remove_directory(once.path);
    process_remove_directory(again.path);
}

static void worse_results(void) {
    results before;
    results after;
    char json[8192];
    make(&before, NULL, NULL);
    make(&after, "--set", "link.access.delay=90ms");
    snprintf(json, sizeof json, "%s/changes.json", after.path);
    const char *const words[] = {"compare", before.path, after.path, "--json", json, NULL};
    process_said said = punchlab(words);
    EXPECT_INT("slower links: exit code", said.status, 1);
    EXPECT("the time to connect is worse", has(said.out, "time_to_connect_s_p50"));
    EXPECT("why it was not compared trial by trial", has(said.out, "for the scenarios differ"));
    process_free(&said);
    char *text = process_read_file(after.path, "changes.json");
    cJSON *object = text != NULL ? cJSON_Parse(text) : NULL;
    EXPECT("the JSON counts what is worse",
           cJSON_GetNumberValue(cJSON_GetObjectItem(object, "worse")) >= 3.0);
    cJSON_Delete(object);
    free(text);
    const char *const back[] = {"compare", after.path, before.path, "--quiet", NULL};
    said = punchlab(back);
    EXPECT_INT("the other way it is better: exit code", said.status, 0);
    EXPECT_TEXT("quiet", said.out, "");
    process_free(&said);
    const char *const margin[] = {"compare",   before.path, after.path,      "--measure",
                                  "connected", "--margin",  "connected=10%", NULL};
    said = punchlab(margin);
    EXPECT_INT("as many connect: exit code", said.status, 0);
    EXPECT("and it is said", has(said.out, "within the margin"));
    process_free(&said);
    process_remove_directory(before.path);
    process_remove_directory(after.path);
}

/* A copy of the word-split command in "now: PROGRAM replay FILE --cell C --trial T --seed S". */
static process_said replay(const char *line) {
    static const char *const names[] = {" --cell ", " --trial ", " --seed "};
    char values[3][32] = {"", "", ""};
    for (size_t i = 0; i < 3; i++) {
        const char *at = strstr(line, names[i]);
        at = at != NULL ? at + strlen(names[i]) : "";
        snprintf(values[i], sizeof values[i], "%.*s", (int)strspn(at, "0123456789"), at);
    }
    const char *const words[] = {"replay",  "paired.json", "--cell",  values[0], "--trial",
                                 values[1], "--seed",      values[2], NULL};
    return punchlab(words);
}

static void treatments(void) {
    results run;
    make(&run, NULL, NULL);
    const char *const words[] = {"compare", run.path, "--measure", "connected", NULL};
    process_said said = punchlab(words);
    EXPECT_INT("much loss: exit code", said.status, 1);
    EXPECT("levels against the first", has(said.out, "0% -> 30%"));
    EXPECT_INT("one row is worse", count_of(said.out, "  worse\n"), 1);
    const char *was = strstr(said.out, "was: ");
    const char *now = strstr(said.out, "now: ");
    EXPECT("a pair of trials shows it", was != NULL && now != NULL);
    if (was != NULL && now != NULL) {
        process_said good = replay(was);
        process_said bad = replay(now);
        EXPECT("connected before", !has(good.out, "did not connect"));
        EXPECT("not any more", has(bad.out, "did not connect"));
        process_free(&good);
        process_free(&bad);
    }
    process_free(&said);
    const char *const against[] = {"compare", run.path,     "--measure", "connected", "--against",
                                   "30%",     "--markdown", "-",         NULL};
    said = punchlab(against);
    EXPECT_INT("less loss is better: exit code", said.status, 0);
    EXPECT("as Markdown", has(said.out, "| better |"));
    EXPECT("the table goes elsewhere", has(said.err, "30% -> 0%"));
    process_free(&said);
    process_remove_directory(run.path);
}

/* A scenario is run first, here into a directory that is named. */
static void scenario(void) {
    results run;
    process_make_directory(run.path, sizeof run.path);
    const char *const words[] = {"compare",  "paired.json", "--out",     run.path,
                                 "--trials", "100",         "--measure", "time_to_connect_s_p95",
                                 NULL};
    process_said said = punchlab(words);
    EXPECT_INT("much loss takes longer: exit code", said.status, 1);
    EXPECT("and is worse", has(said.out, "worse\n"));
    process_free(&said);
    char *trials = process_read_file(run.path, "manifest.json");
    EXPECT("the results are there", trials != NULL);
    free(trials);
    process_remove_directory(run.path);
}

static void estimates(void) {
    results run;
    char json[8192];
    make(&run, NULL, NULL);
    snprintf(json, sizeof json, "%s/kept.json", run.path);
    const char *const keep[] = {"report", run.path, "--quiet", "--json", json, NULL};
    process_said said = punchlab(keep);
    EXPECT_INT("a file of estimates: exit code", said.status, 0);
    process_free(&said);
    const char *const words[] = {"compare", json, run.path, NULL};
    said = punchlab(words);
    EXPECT_INT("the same run again: exit code", said.status, 0);
    EXPECT("apart", has(said.out, "kept.json has estimates only"));
    EXPECT_INT("no change", count_of(said.out, "  ~\n"), 15);
    process_free(&said);
    const char *const both[] = {"compare", json, json, NULL};
    said = punchlab(both);
    EXPECT_INT("two files: exit code", said.status, 0);
    process_free(&said);
    const char *const alone[] = {"compare", json, NULL};
    said = punchlab(alone);
    EXPECT_INT("one file alone is refused: exit code", said.status, 2);
    process_free(&said);
    process_remove_directory(run.path);
}

/* A new side with one of three cells, in which nothing is worse, is no success. */
static void lacking(void) {
    static const char one_cell[] =
        "{\"schema\":1,\"scenario\":\"paired\",\"cells\":[{\"factors\":{\"loss\":\"0%\"},"
        "\"trials\":150,\"measures\":{\"connected\":{\"n\":150,\"value\":1,\"lo\":0.98,\"hi\":1}}}]"
        "}";
    results run;
    char json[8192];
    make(&run, NULL, NULL);
    snprintf(json, sizeof json, "%s/less.json", run.path);
    FILE *file = fopen(json, "w");
    EXPECT("a smaller run", file != NULL && fputs(one_cell, file) >= 0 && fclose(file) == 0);
    static const char says[] = "no success: the new run lacks 2 cells that the old one has\n";
    const char *const words[] = {"compare", run.path, json, "--measure", "connected", NULL};
    process_said said = punchlab(words);
    EXPECT_INT("two cells are missing: exit code", said.status, 1);
    EXPECT("which is said", has(said.out, says));
    process_free(&said);
    const char *const quiet[] = {"compare", run.path, json, "--measure", "connected", "-q", NULL};
    said = punchlab(quiet);
    EXPECT_INT("quietly: exit code", said.status, 1);
    EXPECT("also then", has(said.err, says));
    process_free(&said);
    const char *const turned[] = {"compare", json, run.path, "--measure", "connected", NULL};
    said = punchlab(turned);
    EXPECT_INT("two cells more: exit code", said.status, 0);
    process_free(&said);
    process_remove_directory(run.path);
}

static void refused(void) {
    results run;
    results other;
    make(&run, "--trials", "10");
    process_make_directory(other.path, sizeof other.path);
    const char *const tiny[] = {"run", "tiny.json", "--quiet", "--out", other.path, NULL};
    process_said said = punchlab(tiny);
    process_free(&said);
    const struct {
        const char *sentence;
        const char *words[8];
        const char *says;
    } rows[] = {
        {"another scenario", {"compare", run.path, other.path}, "is of scenario \"paired\""},
        {"no treatment", {"compare", other.path}, "there is nothing to compare in it"},
        {"no results", {"compare", "."}, "it is not the directory of a finished run"},
        {"nothing there", {"compare", "no-such", run.path}, "no-such: "},
        {"an unknown measure",
         {"compare", run.path, "--measure", "conected"},
         "did you mean \"connected\"?"},
        {"an unknown level", {"compare", run.path, "--against", "3O%"}, "no treatment has a level"},
        {"no margin", {"compare", run.path, "--margin", "connected"}, "it is MEASURE=VALUE"},
        {"a wrong margin", {"compare", run.path, "--margin", "connected=5s"}, "in points"},
        {"a negative one", {"compare", run.path, "--margin", "connected=-1%"}, "not below 0"},
        {"a share that was meant as percent",
         {"compare", run.path, "--margin", "connected=5"},
         "in points, such as 1%"},
        {"all of it", {"compare", run.path, "--margin", "connected=100%"}, "below 100%"},
        {"nothing to compare",
         {"compare", run.path, "--measure", "held"},
         "nothing can be compared"},
        {"nor between two",
         {"compare", run.path, run.path, "--measure", "held"},
         "nothing can be compared"},
        {"options of a run", {"compare", run.path, "--trials", "5"}, "was already"},
        {"two forms at once",
         {"compare", run.path, "--json", "-", "--markdown", "-"},
         "cannot both be standard output"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        said = punchlab(rows[i].words);
        EXPECT_INT(rows[i].sentence, said.status, 2);
        if (!EXPECT("the reason", has(said.err, rows[i].says))) {
            printf("expected: %s\ngot: %s\n", rows[i].says, said.err);
        }
        EXPECT_TEXT("nothing on standard output", said.out, "");
        process_free(&said);
    }
    process_remove_directory(run.path);
    process_remove_directory(other.path);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"the same results twice", same_results}, {"results that were made worse", worse_results},
        {"the treatments of a run", treatments},  {"a scenario that is run first", scenario},
        {"files of estimates", estimates},        {"a run with less in it", lacking},
        {"what is refused, and why", refused},
    };
    return PUNCH_TEST_MAIN("cli_compare", cases);
}
