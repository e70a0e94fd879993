/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory of a run and the JSON object: complete, the same for any number of jobs, and honest
 * when something went wrong on the way.
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "process.h"
#include "punch_test.h"

typedef struct {
    char out[4096];
    process_said said;
} made_run;

/* Runs the tiny scenario into a new directory. how's directory is set here. */
static made_run run_into(process_how how, const char *const *options) {
    char program[4096];
    char data[4096];
    made_run made;
    process_make_directory(made.out, sizeof made.out);
    const char *argv[16] = {process_punchlab(program, sizeof program), "run", "tiny.json", "--out",
                            made.out};
    for (size_t i = 0; options[i] != NULL && i + 6 < sizeof argv / sizeof argv[0]; i++) {
        argv[i + 5] = options[i];
    }
    how.directory = process_source(data, sizeof data, "tools/tests/data");
    made.said = process_run(&how, argv);
    return made;
}

/* The same into a directory that is there. */
static process_said run_there(const process_how *base, const char *out,
                              const char *const *options) {
    char program[4096];
    char data[4096];
    process_how how = *base;
    how.directory = process_source(data, sizeof data, "tools/tests/data");
    const char *argv[16] = {process_punchlab(program, sizeof program), "run", "tiny.json", "--out",
                            out};
    for (size_t i = 0; options[i] != NULL && i + 6 < sizeof argv / sizeof argv[0]; i++) {
        argv[i + 5] = options[i];
    }
    return process_run(&how, argv);
}

static void clear(made_run *made) {
    char partial[4200];
    snprintf(partial, sizeof partial, "%s.partial", made->out);
    process_free(&made->said);
    process_remove_directory(made->out);
    process_remove_directory(partial);
}

static bool exists(const char *directory, const char *name) {
    char path[8192];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return access(path, F_OK) == 0;
}

static const cJSON *at(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static bool manifest_says_partial(const char *directory, bool *partial_out) {
    char *text = process_read_file(directory, "manifest.json");
    cJSON *manifest = text != NULL ? cJSON_Parse(text) : NULL;
    const cJSON *partial = at(manifest, "partial");
    const bool found = cJSON_IsBool(partial);
    *partial_out = cJSON_IsTrue(partial);
    cJSON_Delete(manifest);
    free(text);
    return found;
}

static void expect_partial(const char *directory, bool expected) {
    bool partial = false;
    EXPECT("the manifest has a partial flag", manifest_says_partial(directory, &partial));
    EXPECT_INT("whether the manifest says partial", partial, expected);
}

static void complete(void) {
    static const char *const names[] = {"manifest.json", "cells.csv",  "trials.csv",
                                        "report.md",     "success.gp", "time-to-connect.gp"};
    const char *const options[] = {NULL};
    const process_how how = {0};
    made_run made = run_into(how, options);
    EXPECT_INT("exit code", made.said.status, 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        EXPECT(names[i], exists(made.out, names[i]));
    }
    const bool gnuplot = strstr(made.said.err, "gnuplot was not found") == NULL;
    EXPECT("plots, unless gnuplot is missing", exists(made.out, "success.svg") == gnuplot);
    EXPECT("of times, too", exists(made.out, "time-to-connect.png") == gnuplot);
    EXPECT("no temporary file is left", !exists(made.out, "cells.csv.part"));
    expect_partial(made.out, false);
    clear(&made);
}

static void same_for_any_jobs(void) {
    static const char *const names[] = {"cells.csv", "trials.csv", "report.md", "success.gp",
                                        "time-to-connect.gp"};
    const char *const one[] = {"--trials", "700", "--jobs", "1", "--json", "-", NULL};
    const char *const two[] = {"--trials", "700", "--jobs", "2", "--json", "-", NULL};
    const process_how how = {0};
    made_run a = run_into(how, one);
    made_run b = run_into(how, two);
    EXPECT_INT("one job", a.said.status, 0);
    EXPECT_INT("two jobs", b.said.status, 0);
    EXPECT("the same JSON", strcmp(a.said.out, b.said.out) == 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *left = process_read_file(a.out, names[i]);
        char *right = process_read_file(b.out, names[i]);
        EXPECT(names[i], left != NULL && right != NULL && strcmp(left, right) == 0);
        free(left);
        free(right);
    }
    clear(&a);
    clear(&b);
}

/* Outcomes do not depend on the crypto provider: every measure is equal. */
static void same_for_any_crypto(void) {
    const char *const fast[] = {"--crypto", "fast", "-q", NULL};
    const char *const sodium[] = {"--crypto", "sodium", "-q", NULL};
    const process_how how = {0};
    made_run a = run_into(how, fast);
    made_run b = run_into(how, sodium);
    char *left = process_read_file(a.out, "cells.csv");
    char *right = process_read_file(b.out, "cells.csv");
    EXPECT_TEXT("the same cells", left, right);
    free(left);
    free(right);
    clear(&a);
    clear(&b);
}

static void json_fields(void) {
    const char *const options[] = {"--json", "-", NULL};
    const process_how how = {0};
    made_run made = run_into(how, options);
    cJSON *object = cJSON_Parse(made.said.out);
    EXPECT("standard output is one JSON object", cJSON_IsObject(object));
    EXPECT_REAL("schema", cJSON_GetNumberValue(at(object, "schema")), 1.0, 0.0);
    EXPECT_TEXT("scenario", cJSON_GetStringValue(at(object, "scenario")), "tiny");
    EXPECT_TEXT("seed is a text", cJSON_GetStringValue(at(object, "seed")), "7");
    EXPECT_TEXT("backend", cJSON_GetStringValue(at(object, "backend")), "des");
    EXPECT("digest is a text", cJSON_IsString(at(object, "digest")));
    const cJSON *cells = at(object, "cells");
    EXPECT_INT("two cells", cJSON_GetArraySize(cells), 2);
    const cJSON *hard = cJSON_GetArrayItem(cells, 1);
    EXPECT_TEXT("factors by name", cJSON_GetStringValue(at(at(hard, "factors"), "nat_b")), "hard");
    EXPECT_REAL("trials", cJSON_GetNumberValue(at(hard, "trials")), 3.0, 0.0);
    EXPECT("expectations are a list", cJSON_IsArray(at(hard, "expect")));
    const cJSON *connected = at(at(hard, "measures"), "connected");
    EXPECT_REAL("n", cJSON_GetNumberValue(at(connected, "n")), 3.0, 0.0);
    EXPECT_REAL("value", cJSON_GetNumberValue(at(connected, "value")), 0.0, 0.0);
    EXPECT_REAL("lo", cJSON_GetNumberValue(at(connected, "lo")), 0.0, 0.0);
    EXPECT_REAL("hi, as R: prop.test(0, 3, correct = FALSE)",
                cJSON_GetNumberValue(at(connected, "hi")), 0.561497, 1e-6);
    const cJSON *p50 = at(at(hard, "measures"), "time_to_connect_s_p50");
    EXPECT("never is null", cJSON_IsNull(at(p50, "value")));
    EXPECT("and says unbounded", cJSON_IsTrue(at(p50, "unbounded")));
    const cJSON *easy = at(cJSON_GetArrayItem(cells, 0), "measures");
    const double p95_s = cJSON_GetNumberValue(at(at(easy, "time_to_connect_s_p95"), "value"));
    EXPECT("a time is a number of seconds", p95_s > 0.1 && p95_s < 1.0);
    EXPECT("means are there", cJSON_IsObject(at(easy, "intros_sent_mean")) &&
                                  cJSON_IsObject(at(easy, "packets_sent_mean")));
    EXPECT("without a hold nothing is held", at(easy, "held") == NULL);
    cJSON_Delete(object);
    clear(&made);
    const char *const holding[] = {"--set", "hold=40s", "--json", "-", NULL};
    made = run_into(how, holding);
    object = cJSON_Parse(made.said.out);
    const cJSON *measures = at(cJSON_GetArrayItem(at(object, "cells"), 0), "measures");
    EXPECT_REAL("with one it is", cJSON_GetNumberValue(at(at(measures, "held"), "value")), 1.0,
                0.0);
    EXPECT("and keepalives are counted",
           cJSON_GetNumberValue(at(at(measures, "keepalives_sent_mean"), "value")) > 0.0);
    cJSON_Delete(object);
    clear(&made);
}

#define HOSTILE \
    "`touch hit` $(touch hit) 'touch' \\\"; system \\\"touch hit\\\" \\\\ %%s @x {/:Bold a}"

/* Text of a scenario is text, whatever it looks like to a shell or to gnuplot. */
static void hostile_text(void) {
    char data[4096];
    char out[4096];
    char path[8192];
    char program[4096];
    process_make_directory(out, sizeof out);
    char *tiny =
        process_read_file(process_source(data, sizeof data, "tools/tests/data"), "tiny.json");
    const char *levels = tiny != NULL ? strstr(tiny, "\"levels\"") : NULL;
    snprintf(path, sizeof path, "%s/hostile.json", out);
    FILE *file = fopen(path, "w");
    EXPECT("a scenario to start from", levels != NULL && file != NULL);
    /* tiny.json with another title and another label. */
    const char *question = strstr(tiny, "\"question\"");
    fprintf(file,
            "{\"title\": \"" HOSTILE
            "\", \"name\": \"hostile\", %.*s\"levels\": [{\"label\": \"" HOSTILE
            "\", \"value\": \"easy\"}, \"hard\"]}]}\n",
            (int)(levels - question), question);
    fclose(file);
    const process_how how = {.directory = out};
    const char *const argv[] = {process_punchlab(program, sizeof program),
                                "run",
                                "hostile.json",
                                "--out",
                                "|results",
                                NULL};
    process_said said = process_run(&how, argv);
    EXPECT_INT("exit code", said.status, 0);
    EXPECT("nothing of it was executed", !exists(out, "hit"));
    const bool gnuplot = strstr(said.err, "gnuplot was not found") == NULL;
    EXPECT("and the figures were drawn", !gnuplot || (exists(out, "|results/success.png") &&
                                                      exists(out, "|results/time-to-connect.svg")));
    free(tiny);
    process_free(&said);
    process_remove_directory(out);
}

/* No room for all trials: what there is can be continued. */
static void full_disk_for_trials(void) {
    const char *const options[] = {"--trials", "300", NULL};
    const process_how how = {.file_bytes_max = 8192};
    made_run made = run_into(how, options);
    EXPECT_INT("exit code", made.said.status, 1);
    EXPECT("which file, and why",
           strstr(made.said.err, "/.part/trials.bin: File too large\n") != NULL);
    EXPECT("what became of them, and what to do", strstr(made.said.err,
                                                         " trials are kept in it: "
                                                         "make room, then repeat "
                                                         "the command with "
                                                         "--resume\n") != NULL);
    EXPECT("nothing pretends to be results", !exists(made.out, "manifest.json"));
    process_free(&made.said);
    const char *const again[] = {"--trials", "300", "--resume", NULL};
    const process_how roomy = {0};
    char *first = file_copy_name(made.out);
    made.said = run_there(&roomy, first, again);
    EXPECT_INT("with room, it goes on", made.said.status, 0);
    EXPECT("and says where", strstr(made.said.err, "continuing after ") != NULL);
    expect_partial(first, false);
    free(first);
    clear(&made);
}

/* Room for the trials, but not for what is said about them. */
static void full_disk(void) {
    const char *const options[] = {"--trials", "100", NULL};
    const process_how how = {.file_bytes_max = 24000};
    made_run made = run_into(how, options);
    EXPECT_INT("exit code", made.said.status, 1);
    EXPECT("which file, and why", strstr(made.said.err, "punchlab: cannot write ") != NULL &&
                                      strstr(made.said.err, "/.part/") != NULL);
    EXPECT("what became of the rest",
           strstr(made.said.err,
                  "the results are partial, because not everything could be written: "
                  "they are in ") != NULL);
    EXPECT("the table was shown all the same", strstr(made.said.out, "100.0 %") != NULL);
    char partial[4200];
    snprintf(partial, sizeof partial, "%s.partial", made.out);
    EXPECT("what fitted is kept", exists(partial, "cells.csv"));
    EXPECT("what did not fit is not there",
           !exists(partial, "trials.csv") && !exists(partial, "trials.csv.part"));
    expect_partial(partial, true);
    EXPECT("apart from where whole results go",
           !exists(made.out, "manifest.json") && !exists(made.out, "cells.csv"));
    EXPECT("the trials wait for another try", exists(made.out, ".part/trials.bin"));
    clear(&made);
}

static void json_to_full_device(void) {
    const char *const options[] = {"--json", "/dev/full", NULL};
    const process_how how = {0};
    made_run made = run_into(how, options);
    EXPECT_INT("exit code", made.said.status, 1);
    EXPECT("says so", strstr(made.said.err,
                             "punchlab: cannot write /dev/full: No space left on "
                             "device\n") != NULL);
    expect_partial(made.out, false);
    clear(&made);
}

static void unwritable(void) {
    static const struct {
        const char *sentence;
        const char *options[4];
        const char *says;
    } rows[] = {
        {"no such place", {"--out", "/proc/nowhere/x", NULL}, "cannot make directory /proc/"},
        {"a file where a directory should be", {"--out", "tiny.json/x", NULL}, "tiny.json"},
        {"JSON nowhere", {"--json", "/nowhere/x.json", NULL}, "cannot write /nowhere/x.json: "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const process_how how = {0};
        made_run made = run_into(how, rows[i].options);
        EXPECT_INT(rows[i].sentence, made.said.status, 1);
        EXPECT(rows[i].sentence, strstr(made.said.err, rows[i].says) != NULL);
        EXPECT("nothing ran", strcmp(made.said.out, "") == 0);
        clear(&made);
    }
}

static void interrupted(void) {
    const char *const options[] = {"--trials", "1000000", "--json", "-", NULL};
    const process_how how = {.interrupt = true};
    made_run made = run_into(how, options);
    EXPECT_INT("exit code", made.said.status, 130);
    EXPECT("says so", strstr(made.said.err, "--resume continues\n") != NULL);
    char partial[4200];
    snprintf(partial, sizeof partial, "%s.partial", made.out);
    cJSON *object = cJSON_Parse(made.said.out);
    EXPECT("the JSON object is whole", cJSON_IsObject(object));
    EXPECT("and says partial", cJSON_IsTrue(at(object, "partial")));
    const cJSON *first = cJSON_GetArrayItem(at(object, "cells"), 0);
    const double trials = cJSON_GetNumberValue(at(first, "trials"));
    EXPECT("fewer trials than asked for", trials >= 0.0 && trials < 1e6);
    /* Too early, and nothing was finished: then nothing is written. */
    const bool any = strstr(made.said.err, "nothing was written") == NULL;
    char *rows = process_read_file(partial, "cells.csv");
    char expected[64];
    snprintf(expected, sizeof expected, "\n0,easy,%.0f,", trials);
    EXPECT("cells.csv counts the same", !any || (rows != NULL && strstr(rows, expected) != NULL));
    EXPECT("without a trial there is no directory", any || access(partial, F_OK) != 0);
    if (any) {
        expect_partial(partial, true);
    }
    EXPECT("where whole results go there are none", !exists(made.out, "manifest.json"));
    free(rows);
    cJSON_Delete(object);
    clear(&made);
}

/* Runs once more into the directory of an earlier run. */
static process_said run_again(const process_how *how, const char *out, const char *trials) {
    const char *const options[] = {"--trials", trials, NULL};
    return run_there(how, out, options);
}

/* A worse result never replaces a whole one; a whole one does, and other files stay. */
static void whole_results_stay(void) {
    static const struct {
        const char *sentence;
        process_how how;
        const char *trials;
        bool replaces;
    } rows[] = {
        {"a full disk", {.file_bytes_max = 24000}, "100", false},
        {"an interrupted run", {.interrupt = true}, "1000000", false},
        {"a whole run", {.interrupt = false}, "5", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const options[] = {NULL};
        const process_how plain = {0};
        made_run made = run_into(plain, options);
        char path[4200];
        snprintf(path, sizeof path, "%s/notes.txt", made.out);
        FILE *notes = fopen(path, "w");
        EXPECT("notes beside the results", notes != NULL && fclose(notes) == 0);
        char *before = process_read_file(made.out, "trials.csv");
        process_said said = run_again(&rows[i].how, made.out, rows[i].trials);
        char *after = process_read_file(made.out, "trials.csv");
        EXPECT(rows[i].sentence,
               before != NULL && after != NULL && (strcmp(before, after) != 0) == rows[i].replaces);
        expect_partial(made.out, false);
        EXPECT("the notes stay", exists(made.out, "notes.txt"));
        EXPECT("unfinished work is kept, and only that",
               exists(made.out, ".part") == !rows[i].replaces);
        free(before);
        free(after);
        process_free(&said);
        clear(&made);
    }
}

/* Two runs into one directory: the second is refused while the first lives. */
static void directory_taken(void) {
    char out[4096];
    process_make_directory(out, sizeof out);
    const process_how how = {0};
    const int lock = file_lock_directory(out, stderr);
    EXPECT("a lock", lock >= 0);
    process_said said = run_again(&how, out, "3");
    EXPECT_INT("exit code", said.status, 2);
    EXPECT("says why", strstr(said.err, "punchlab: another run is writing to ") != NULL);
    EXPECT_TEXT("nothing ran", said.out, "");
    EXPECT("and nothing was written", !exists(out, "manifest.json") && !exists(out, ".part"));
    process_free(&said);
    close(lock);
    said = run_again(&how, out, "3");
    EXPECT_INT("afterwards it runs", said.status, 0);
    process_free(&said);
    process_remove_directory(out);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"all files of a run", complete},
        {"the same bytes for any number of jobs", same_for_any_jobs},
        {"the same cells with either crypto provider", same_for_any_crypto},
        {"fields of the JSON object", json_fields},
        {"hostile text in a scenario", hostile_text},
        {"a disk too full for the trials", full_disk_for_trials},
        {"a disk too full for the reports", full_disk},
        {"a full device behind --json", json_to_full_device},
        {"places that cannot be written", unwritable},
        {"an interrupted run", interrupted},
        {"whole results stay", whole_results_stay},
        {"a directory that another run uses", directory_taken},
    };
    return PUNCH_TEST_MAIN("cli_results", cases);
}
