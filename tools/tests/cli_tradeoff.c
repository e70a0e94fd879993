/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which level of a treatment to use, asked the way a user does: run, report and compare answer
 * alike, in every form; and a baseline's JSON is enough to notice that a measure per hour got
 * worse.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "punch_test.h"

#define WORDS_MAX 16u
#define ANSWER "For this mix use seed: it costs "

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

static bool has(const char *text, const char *part) {
    return text != NULL && strstr(text, part) != NULL;
}

/* What a JSON object's tradeoff answers about all cells together, as text to be freed. */
static char *answer_of(const char *json) {
    cJSON *root = json != NULL ? cJSON_Parse(json) : NULL;
    const cJSON *tables = cJSON_GetObjectItem(cJSON_GetObjectItem(root, "tradeoff"), "tables");
    const char *answer =
        cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetArrayItem(tables, 0), "answer"));
    char *copy = strdup(answer != NULL ? answer : "none");
    cJSON_Delete(root);
    return copy;
}

static void expect_in_file(const char *directory, const char *name, const char *part) {
    char *text = process_read_file(directory, name);
    EXPECT(name, has(text, part));
    free(text);
}

static void every_form_answers(void) {
    char directory[4096];
    char json[8192];
    process_make_directory(directory, sizeof directory);
    snprintf(json, sizeof json, "%s/run.json", directory);
    const char *const run[] = {"run", "tradeoff.json", "--out", directory, "--json", json, NULL};
    process_said ran = punchlab(run);
    EXPECT_INT("it runs", ran.status, 0);
    EXPECT("and answers", has(ran.out, "\n" ANSWER));
    EXPECT("with a table of each cell", has(ran.out, "\nloss 2%; 40 trials of each\n"));
    expect_in_file(directory, "report.md", ANSWER);
    expect_in_file(directory, "report.html", ANSWER);
    expect_in_file(directory, "tradeoff.gp", "'agreed-15 (baseline)'");
    expect_in_file(directory, "tradeoff-map.gp", "'2%%' 2");
    const char *const report[] = {"report", directory, NULL};
    process_said reported = punchlab(report);
    EXPECT_TEXT("from the trials alone it says the same", reported.out, ran.out);
    const char *const compare[] = {"compare", directory, "--json", "-", NULL};
    process_said compared = punchlab(compare);
    EXPECT("so does a comparison", has(compared.err, "\n" ANSWER));
    char *written = process_read_file(directory, "run.json");
    char *from_run = answer_of(written);
    char *from_compare = answer_of(compared.out);
    EXPECT("in JSON", has(from_run, ANSWER));
    EXPECT_TEXT("in that of both", from_compare, from_run);
    free(written);
    free(from_run);
    free(from_compare);
    process_free(&ran);
    process_free(&reported);
    process_free(&compared);
    process_remove_directory(directory);
}

static void mistakes_are_refused(void) {
    static const struct {
        const char *set;
        const char *says;
    } rows[] = {
        {"tradeoff.baseline=agreed",
         "--set tradeoff.baseline: the factor \"strategy\" has no level \"agreed\""},
        {"tradeoff.harm=keepalives_per_h_mean", "cost and harm are the same measure"},
        {"tradeoff.treatment=loss", "the factor \"loss\" is no treatment"},
        {"tradeoff.margin=5", "a duration such as"},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        const char *const words[] = {"run", "tradeoff.json", "--set", rows[r].set, NULL};
        process_said said = punchlab(words);
        EXPECT_INT(rows[r].set, said.status, 2);
        if (!EXPECT(rows[r].set, has(said.err, rows[r].says) || has(said.out, rows[r].says))) {
            fprintf(stderr, "expected \"...%s...\", got: %s%s", rows[r].says, said.out, said.err);
        }
        process_free(&said);
    }
}

/* As between two versions: only --json files are there. */
static void files_of_estimates_are_enough(void) {
    char directory[4096];
    char files[3][8192];
    static const struct {
        const char *name;
        const char *seed;
        const char *loss;
    } runs[] = {{"before", "1", "link.access.jitter=0s"},
                {"alike", "2", "link.access.jitter=0s"},
                {"worse", "3", "internet.loss=30%"}};
    process_make_directory(directory, sizeof directory);
    for (size_t r = 0; r < 3; r++) {
        char out[8192];
        snprintf(files[r], sizeof files[r], "%s/%s.json", directory, runs[r].name);
        snprintf(out, sizeof out, "%s/%s", directory, runs[r].name);
        const char *const words[] = {"run",        "tradeoff.json", "-q",         "--seed",
                                     runs[r].seed, "--set",         runs[r].loss, "--out",
                                     out,          "--json",        files[r],     NULL};
        process_said said = punchlab(words);
        EXPECT_INT(runs[r].name, said.status, 0);
        process_free(&said);
    }
    for (size_t r = 1; r < 3; r++) {
        const char *const words[] = {"compare",
                                     files[0],
                                     files[r],
                                     "--measure",
                                     "keepalives_per_h_mean",
                                     "--measure",
                                     "unreachable_s_per_h_mean",
                                     NULL};
        process_said said = punchlab(words);
        EXPECT_INT(runs[r].name, said.status, r == 1 ? 0 : 1);
        EXPECT(runs[r].name, has(said.out, "keepalives_per_h_mean worse") == (r == 2) ||
                                 has(said.out, "keepalives_per_h_mean, ") == (r == 2));
        EXPECT("estimates alone answer no tradeoff", !has(said.out, "use seed"));
        process_free(&said);
    }
    process_remove_directory(directory);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"every form answers", every_form_answers},
        {"mistakes are refused", mistakes_are_refused},
        {"files of estimates are enough", files_of_estimates_are_enough},
    };
    return PUNCH_TEST_MAIN("cli_tradeoff", cases);
}
