/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nothing is lost: runs that are killed at any moment, cut into shards, or begun twice, and what
 * they end in. Whole directories are compared, file by file, all but host.json.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "process.h"
#include "punch/rng.h"
#include "punch_test.h"

#define KILLS 20 /* random moments; chosen */

#define WORDS_MAX 24u

/* punchlab with these words, in the directory of the small scenarios. */
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

static int status_of(const char *const *words) {
    process_said said = punchlab(words);
    const int status = said.status;
    process_free(&said);
    return status;
}

typedef struct {
    uint8_t *bytes;
    size_t length;
} contents;

static contents read_file(const char *directory, const char *name) {
    contents of = {NULL, 0};
    char *path = file_join(directory, name);
    FILE *in = fopen(path, "r");
    if (in != NULL) {
        of.bytes = malloc(64 << 20);
        of.length = fread(of.bytes, 1, 64 << 20, in);
        fclose(in);
    }
    free(path);
    return of;
}

/* Files of `from` that `to` does not have alike. */
static int differing(const char *from, const char *to) {
    int different = 0;
    int compared = 0;
    DIR *listing = opendir(from);
    for (const struct dirent *entry = listing != NULL ? readdir(listing) : NULL; entry != NULL;
         entry = readdir(listing)) {
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, "host.json") == 0 ||
            strcmp(entry->d_name, "shards") == 0) {
            continue;
        }
        contents a = read_file(from, entry->d_name);
        contents b = read_file(to, entry->d_name);
        const bool same = a.bytes != NULL && b.bytes != NULL && a.length == b.length &&
                          memcmp(a.bytes, b.bytes, a.length) == 0;
        if (!same) {
            fprintf(stderr, "%s differs in %s and %s\n", entry->d_name, from, to);
        }
        different += same ? 0 : 1;
        compared++;
        free(a.bytes);
        free(b.bytes);
    }
    if (listing != NULL) {
        closedir(listing);
    }
    return compared >= 8 ? different : -1; /* -1: hardly anything was there to compare */
}

static void expect_same(const char *sentence, const char *a, const char *b) {
    EXPECT_INT(sentence, differing(a, b), 0);
    EXPECT_INT(sentence, differing(b, a), 0);
}

/* Starts a run and kills it after so many microseconds; true when it was still running. */
static bool killed_after(const char *const *words, uint64_t delay_us) {
    char program[4096];
    char data[4096];
    const char *argv[WORDS_MAX] = {process_punchlab(program, sizeof program)};
    for (size_t i = 0; words[i] != NULL && i + 2 < WORDS_MAX; i++) {
        argv[i + 1] = words[i];
    }
    (void)process_source(data, sizeof data, "tools/tests/data");
    const pid_t child = fork();
    if (child == 0) {
        if (chdir(data) == 0) {
            execv(program, (char *const *)(uintptr_t)argv);
        }
        _exit(127);
    }
    const struct timespec delay = {(time_t)(delay_us / 1000000), (long)(delay_us % 1000000) * 1000};
    nanosleep(&delay, NULL);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status);
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void killed(void) {
    char whole[256];
    char torn[256];
    process_make_directory(whole, sizeof whole);
    process_make_directory(torn, sizeof torn);
    const char *const undisturbed[] = {"run",  "tiny.json", "-q",  "--trials",
                                       "4000", "--out",     whole, NULL};
    const char *const again[] = {"run",   "tiny.json", "-q",       "--trials", "4000",
                                 "--out", torn,        "--resume", NULL};
    const double began_s = seconds_now();
    EXPECT_INT("undisturbed", status_of(undisturbed), 0);
    const double took_s = seconds_now() - began_s;
    punch_rng rng = punch_rng_stream(6, 0, 0);
    int hits = 0;
    for (int i = 0; i < KILLS; i++) {
        process_remove_directory(torn);
        const uint64_t delay_us = punch_rng_below(&rng, (uint64_t)(took_s * 1e6) + 1);
        hits += killed_after(again, delay_us) ? 1 : 0;
        (void)killed_after(again, delay_us / 2); /* and once more while it goes on */
        EXPECT_INT("it goes on", status_of(again), 0);
        expect_same("the same bytes as undisturbed", torn, whole);
    }
    EXPECT("kills hit runs", hits > 0);
    process_remove_directory(whole);
    process_remove_directory(torn);
}

static void begun_twice(void) {
    char out[256];
    process_make_directory(out, sizeof out);
    const char *const words[] = {"run",    "tiny.json", "-q", "--trials",
                                 "300000", "--out",     out,  NULL};
    char *journal = file_join(out, ".part/trials.bin");
    for (uint64_t delay_us = 100000; delay_us < 3000000; delay_us *= 2) {
        (void)killed_after(words, delay_us);
        FILE *in = fopen(journal, "r");
        long length = 0;
        if (in != NULL) {
            fseek(in, 0, SEEK_END);
            length = ftell(in);
            fclose(in);
        }
        if (length > 20000) {
            break;
        }
    }
    process_said said = punchlab(words);
    EXPECT_INT("unfinished work is not thrown away", said.status, 2);
    EXPECT("it says what is there", strstr(said.err, " holds an unfinished run of ") != NULL);
    EXPECT("and what to do",
           strstr(said.err, "--resume continues it; --fresh throws it away") != NULL);
    process_free(&said);
    const char *const other[] = {"run",    "tiny.json", "--seed", "8", "--trials",
                                 "300000", "--resume",  "--out",  out, NULL};
    said = punchlab(other);
    EXPECT_INT("what cannot be continued is not thrown away either", said.status, 2);
    EXPECT("it says why not", strstr(said.err, "(another seed)") != NULL);
    process_free(&said);
    const char *const fresh[] = {"run", "tiny.json", "-q", "--fresh", "--trials",
                                 "3",   "--out",     out,  NULL};
    EXPECT_INT("unless asked to", status_of(fresh), 0);
    free(journal);
    process_remove_directory(out);
}

static void sharded(void) {
    char whole[256];
    char parts[256];
    process_make_directory(whole, sizeof whole);
    process_make_directory(parts, sizeof parts);
    for (int round = 0; round < 2; round++) {
        const char *run_words[WORDS_MAX] = {
            "run", round == 0 ? "tiny.json" : "looks.json", "-q", "--out", whole, "--fresh"};
        EXPECT_INT("a single run", status_of(run_words), 0);
        for (int i = 3; i >= 1; i--) { /* in any order */
            char shard[16];
            snprintf(shard, sizeof shard, "%d/3", i);
            const char *const words[] = {"run", round == 0 ? "tiny.json" : "looks.json",
                                         "-q",  "--out",
                                         parts, "--shard",
                                         shard, NULL};
            const char *const merge[] = {"merge", parts, "-q", NULL};
            process_said early = punchlab(merge);
            EXPECT_INT("not before all are there", early.status, 2);
            process_free(&early);
            EXPECT_INT("a shard", status_of(words), 0);
        }
        const char *const merge[] = {"merge", parts, "-q", NULL};
        EXPECT_INT("together", status_of(merge), 0);
        expect_same("merged is the same as single", parts, whole);
        process_remove_directory(parts);
        process_remove_directory(whole);
    }
}

/* Shards that do not belong together. */
static void mixed_up(void) {
    char parts[256];
    process_make_directory(parts, sizeof parts);
    const char *const first[] = {"run", "tiny.json", "-q", "--out", parts, "--shard", "1/2", NULL};
    const char *const second[] = {"run",   "tiny.json", "-q",      "--seed", "9",
                                  "--out", parts,       "--shard", "2/2",    NULL};
    const char *const merge[] = {"merge", parts, NULL};
    EXPECT_INT("a shard", status_of(first), 0);
    process_said said = punchlab(merge);
    EXPECT_INT("one is missing", said.status, 2);
    EXPECT("it says which", strstr(said.err, "shard 2 of 2 is missing") != NULL);
    process_free(&said);
    EXPECT_INT("a shard of something else", status_of(second), 0);
    said = punchlab(merge);
    EXPECT_INT("they do not fit", said.status, 2);
    EXPECT("it says why", strstr(said.err, "are not of the same run: another seed") != NULL);
    process_free(&said);
    process_remove_directory(parts);
}

/* report makes everything again from the trials file alone. */
static void reported_again(void) {
    char whole[256];
    char copy[256];
    process_make_directory(whole, sizeof whole);
    process_make_directory(copy, sizeof copy);
    const char *const run[] = {"run", "tiny.json", "-q", "--out", whole, NULL};
    const char *const report[] = {"report", copy, "-q", NULL};
    EXPECT_INT("a run", status_of(run), 0);
    char *from = file_join(whole, "trials.bin");
    char *to = file_join(copy, "trials.bin");
    EXPECT("its trials alone", file_copy(from, to, stderr));
    EXPECT_INT("are enough", status_of(report), 0);
    expect_same("for the same files", copy, whole);
    free(from);
    free(to);
    process_remove_directory(whole);
    process_remove_directory(copy);
}

static void cut_off(const char *directory, const char *name, long bytes) {
    char *path = file_join(directory, name);
    FILE *in = fopen(path, "r");
    EXPECT("the file is there", in != NULL);
    if (in != NULL) {
        fseek(in, 0, SEEK_END);
        const long length = ftell(in);
        fclose(in);
        EXPECT("it can be cut", truncate(path, length - bytes) == 0);
    }
    free(path);
}

static void change_byte(const char *directory, const char *name, long at) {
    char *path = file_join(directory, name);
    FILE *both = fopen(path, "r+");
    EXPECT("the file is there", both != NULL);
    if (both != NULL) {
        fseek(both, at, SEEK_SET);
        const int byte = fgetc(both);
        fseek(both, at, SEEK_SET);
        fputc(byte ^ 1, both);
        fclose(both);
    }
    free(path);
}

/* What was finished and is damaged is not finished: --resume mends it, report does not let it
 * replace what is whole, merge names the shard. */
static void damaged(void) {
    char whole[256];
    char hurt[256];
    char partial[300];
    process_make_directory(whole, sizeof whole);
    process_make_directory(hurt, sizeof hurt);
    snprintf(partial, sizeof partial, "%s.partial", hurt);
    const char *const undisturbed[] = {"run", "tiny.json", "-q",  "--trials",
                                       "400", "--out",     whole, NULL};
    const char *const run[] = {"run", "tiny.json", "-q", "--trials", "400", "--out", hurt, NULL};
    const char *const again[] = {"run",   "tiny.json", "-q",       "--trials", "400",
                                 "--out", hurt,        "--resume", NULL};
    const char *const report[] = {"report", hurt, "-q", NULL};
    EXPECT_INT("a run", status_of(undisturbed), 0);
    EXPECT_INT("another", status_of(run), 0);
    cut_off(hurt, "trials.bin", 3);
    contents before = read_file(hurt, "cells.csv");
    process_said said = punchlab(report);
    EXPECT_INT("a report on damaged trials is no success", said.status, 1);
    EXPECT("it says so", strstr(said.err, "trials.bin is damaged from byte ") != NULL);
    process_free(&said);
    contents after = read_file(hurt, "cells.csv");
    EXPECT("what was whole stays",
           before.length == after.length && memcmp(before.bytes, after.bytes, before.length) == 0);
    free(before.bytes);
    free(after.bytes);
    EXPECT_INT("it is mended", status_of(again), 0);
    expect_same("to the same bytes", hurt, whole);
    process_remove_directory(hurt);
    const char *const shard[] = {"run", "tiny.json", "-q",  "--trials", "400", "--out",
                                 hurt,  "--shard",   "1/2", "--resume", NULL};
    const char *const other[] = {"run",   "tiny.json", "-q",      "--trials", "400",
                                 "--out", hurt,        "--shard", "2/2",      NULL};
    const char *const merge[] = {"merge", hurt, "-q", NULL};
    EXPECT_INT("a shard", status_of(shard), 0);
    EXPECT_INT("and the other", status_of(other), 0);
    cut_off(hurt, "shards/1-of-2.trials", 3);
    said = punchlab(merge);
    EXPECT_INT("a damaged shard is not merged", status_of(merge), 2);
    EXPECT("it is named", strstr(said.err, "1-of-2.trials is damaged or not finished") != NULL);
    process_free(&said);
    EXPECT_INT("it is mended", status_of(shard), 0);
    EXPECT_INT("and then merged", status_of(merge), 0);
    expect_same("to the same bytes", hurt, whole);
    process_remove_directory(whole);
    process_remove_directory(hurt);
    process_remove_directory(partial);
}

/* A journal that cannot be read may be somebody's work, too; merge does not need its place. */
static void nothing_thrown_away(void) {
    char out[256];
    process_make_directory(out, sizeof out);
    const char *const run[] = {"run", "tiny.json", "-q", "--out", out, NULL};
    const char *const fresh[] = {"run", "tiny.json", "-q", "--out", out, "--fresh", NULL};
    EXPECT_INT("a run", status_of(run), 0);
    char *part = file_join(out, ".part");
    char *from = file_join(out, "trials.bin");
    char *journal = file_join(part, "trials.bin");
    EXPECT("as if it had been killed", file_make_directories(part, stderr));
    EXPECT("with a journal", file_copy(from, journal, stderr));
    change_byte(part, "trials.bin", 18);
    process_said said = punchlab(run);
    EXPECT_INT("what cannot be read is not thrown away", said.status, 2);
    EXPECT("it says why", strstr(said.err, "written by another version of punchlab") != NULL);
    process_free(&said);
    EXPECT("it is still there", access(journal, F_OK) == 0);
    EXPECT_INT("unless asked to", status_of(fresh), 0);
    free(part);
    free(from);
    free(journal);
    process_remove_directory(out);
}

/* Whoever reads the table stops reading: the results are written all the same. */
static void nobody_listens(void) {
    char out[256];
    char program[4096];
    char data[4096];
    process_make_directory(out, sizeof out);
    const char *const words[] = {"/bin/sh",
                                 "-c",
                                 "\"$0\" run tiny.json --out \"$1\" 2>/dev/null | true",
                                 process_punchlab(program, sizeof program),
                                 out,
                                 NULL};
    const process_how how = {.directory = process_source(data, sizeof data, "tools/tests/data")};
    process_said said = process_run(&how, words);
    process_free(&said);
    char *manifest = file_join(out, "manifest.json");
    for (int i = 0; i < 500 && access(manifest, F_OK) != 0; i++) {
        const struct timespec pause = {0, 10000000}; /* sh did not wait for it */
        nanosleep(&pause, NULL);
    }
    EXPECT("the results are there", access(manifest, F_OK) == 0);
    free(manifest);
    process_remove_directory(out);
}

static void no_name(void) {
    const char *const words[] = {"run", "tiny.json", "-q", "--out", "", NULL};
    process_said said = punchlab(words);
    EXPECT_INT("exit code", said.status, 1);
    EXPECT("it says why", strstr(said.err, "the name of a directory is empty") != NULL);
    process_free(&said);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"killed at random moments and continued", killed},
        {"a second run beside unfinished work", begun_twice},
        {"shards put together", sharded},
        {"shards that do not belong together", mixed_up},
        {"reports from the trials alone", reported_again},
        {"trials that are damaged", damaged},
        {"journals that cannot be read", nothing_thrown_away},
        {"a table nobody reads to its end", nobody_listens},
        {"a directory without a name", no_name},
    };
    return PUNCH_TEST_MAIN("cli_journal", cases);
}
