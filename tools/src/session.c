/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "punch/assert.h"

session_how session_how_of(const cli_args *args, const char *directory) {
    const char *json = cli_knows(args, "json") ? cli_value(args, "json") : NULL;
    const bool on_stdout = json != NULL && strcmp(json, "-") == 0;
    const session_how how = {
        .directory = directory,
        .resume = cli_knows(args, "resume") && cli_has(args, "resume"),
        .fresh = cli_knows(args, "fresh") && cli_has(args, "fresh"),
        .quiet = cli_has(args, "quiet"),
        .verbose = cli_knows(args, "verbose") && cli_has(args, "verbose"),
        .trials_csv = cli_knows(args, "trials-csv") && cli_has(args, "trials-csv"),
        .allow_inconclusive =
            cli_knows(args, "allow-inconclusive") && cli_has(args, "allow-inconclusive"),
        .json = json,
        .table = on_stdout ? args->err : args->out,
        .json_stdout = args->out,
        .err = args->err,
        .program = args->program,
    };
    return how;
}

/* --- where things are */

session_paths session_paths_of(const session_how *how, uint32_t shard, uint32_t shard_count) {
    session_paths paths = {NULL, NULL, NULL, NULL};
    if (shard_count == 1) {
        paths.stage = file_join(how->directory, ".part");
        paths.journal = file_join(paths.stage, REPORT_TRIALS_NAME);
        paths.final = file_join(how->directory, REPORT_TRIALS_NAME);
        return paths;
    }
    char name[64];
    paths.stage = file_join(how->directory, "shards");
    snprintf(name, sizeof name, "%u-of-%u.trials", shard + 1, shard_count);
    paths.final = file_join(paths.stage, name);
    paths.journal = file_with_suffix(paths.final, ".part");
    paths.lock = file_with_suffix(paths.final, ".lock");
    return paths;
}

void session_free_paths(session_paths *paths) {
    free(paths->stage);
    free(paths->journal);
    free(paths->final);
    free(paths->lock);
}

static bool is_there(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

/* --- locks */

typedef struct {
    int directory;
    int file;
} session_locks;

static void unlock(const session_locks *locks, const session_paths *paths) {
    if (locks->file >= 0) {
        unlink(paths->lock);
        close(locks->file);
    }
    if (locks->directory >= 0) {
        close(locks->directory);
    }
}

static int lock_all(const session_how *how, const session_paths *paths, session_locks *locks_out) {
    locks_out->directory = FILE_NOT_LOCKED;
    locks_out->file = FILE_NOT_LOCKED;
    if (!file_make_directories(how->directory, how->err)) {
        return CLI_FAILED;
    }
    locks_out->directory = paths->lock != NULL ? file_share_directory(how->directory, how->err)
                                               : file_lock_directory(how->directory, how->err);
    if (locks_out->directory == FILE_TAKEN) {
        fputs("    --out DIR runs elsewhere\n", how->err);
    }
    if (locks_out->directory < 0) {
        return locks_out->directory == FILE_TAKEN ? CLI_USAGE : CLI_FAILED;
    }
    if (!file_make_directories(paths->stage, how->err)) {
        return CLI_FAILED;
    }
    if (paths->lock != NULL) {
        locks_out->file = file_lock(paths->lock, how->err);
        if (locks_out->file < 0) {
            return locks_out->file == FILE_TAKEN ? CLI_USAGE : CLI_FAILED;
        }
    }
    return CLI_OK;
}

/* --- unfinished work */

static char *text_of_facts(const facts *of) {
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    PUNCH_ASSERT(memory != NULL);
    facts_write(of, memory);
    const int closed = fclose(memory);
    PUNCH_ASSERT_EQ(closed, 0);
    return text;
}

bool session_same_facts(const facts *a, const facts *b) {
    facts other = *b; /* borrows everything */
    other.file = a->file;
    char *left = text_of_facts(a);
    char *right = text_of_facts(&other);
    const bool same = strcmp(left, right) == 0;
    free(left);
    free(right);
    return same;
}

const char *session_difference(const facts *a, const facts *b) {
    if (strcmp(a->scenario, b->scenario) != 0 || a->digest != b->digest) {
        return "another scenario, or the file has changed since";
    }
    if (strcmp(a->version, b->version) != 0 || strcmp(a->commit, b->commit) != 0) {
        return "another version of punchlab";
    }
    if (a->seed != b->seed) {
        return "another seed";
    }
    if (a->trials != b->trials || a->until.given != b->until.given) {
        return "another number of trials";
    }
    if (strcmp(a->backend, b->backend) != 0 || strcmp(a->crypto, b->crypto) != 0) {
        return "another backend or crypto provider";
    }
    if (a->shard_count != b->shard_count) {
        return "another number of shards";
    }
    return "other options";
}

static uint64_t trials_in(const trials_file *file) {
    uint64_t trials = 0;
    for (uint32_t i = 0; i < file->about.cell_count; i++) {
        trials += file->cells[i].trials;
    }
    return trials;
}

/* Opens the journal of an earlier, unfinished run of the same when there is one and it is to be
 * continued; else *begun_out is not open. An exit code. */
static int find_unfinished(const session_how *how, const run_request *request,
                           const session_paths *paths, trials_file *begun_out) {
    memset(begun_out, 0, sizeof *begun_out);
    begun_out->fd = -1;
    if (how->fresh || !is_there(paths->journal) || trials_is_stub(paths->journal)) {
        return CLI_OK;
    }
    char *wrong = trials_open(begun_out, paths->journal);
    if (wrong != NULL) {
        fprintf(how->err, "%s: an unfinished run is there, but cannot be continued: %s\n",
                how->program, wrong);
        fputs("    --fresh throws it away; --out DIR runs elsewhere\n", how->err);
        free(wrong);
        return CLI_USAGE;
    }
    const uint64_t trials = trials_in(begun_out);
    facts ours = run_facts(request);
    const bool same = session_same_facts(&ours, &begun_out->about);
    int status = CLI_OK;
    if (same && how->resume) {
        if (!how->quiet) {
            fprintf(how->err, "continuing after %llu trials\n", (unsigned long long)trials);
        }
    } else if (trials == 0) {
        trials_close(begun_out);
    } else {
        fprintf(how->err, "%s: %s holds an unfinished run of %llu trials%s%s%s\n", how->program,
                how->directory, (unsigned long long)trials, same ? "" : " (",
                same ? "" : session_difference(&ours, &begun_out->about), same ? "" : ")");
        fprintf(how->err, "    %s--fresh throws it away; --out DIR runs elsewhere\n",
                same ? "--resume continues it; " : "");
        trials_close(begun_out);
        status = CLI_USAGE;
    }
    facts_free(&ours);
    return status;
}

/* With --resume: are these very results there already? Opens them then, to be continued where they
 * are: that costs nothing when they are whole, and mends them when they are not. */
static bool find_finished(const session_how *how, const run_request *request,
                          const session_paths *paths, trials_file *begun_out) {
    if (!how->resume || !is_there(paths->final)) {
        return false;
    }
    char *wrong = trials_open(begun_out, paths->final);
    if (wrong != NULL) {
        free(wrong);
        return false;
    }
    facts ours = run_facts(request);
    const bool same = session_same_facts(&ours, &begun_out->about);
    facts_free(&ours);
    if (!same) {
        trials_close(begun_out);
    }
    return same;
}

/* --- saying what came of it */

bool session_open_json(const session_how *how, session *out) {
    memset(out, 0, sizeof *out);
    return how->json == NULL || strcmp(how->json, "-") == 0 ||
           file_open(&out->json, how->json, how->err);
}

static bool put_json(const session_how *how, session *out) {
    if (how->json == NULL) {
        return true;
    }
    if (out->json.out == NULL) {
        report_json(&out->said, how->json_stdout);
        return true;
    }
    report_json(&out->said, out->json.out);
    return file_commit(&out->json, how->err);
}

int session_verdict(const session *of, bool allow_inconclusive) {
    switch (expect_overall(of->said.verdicts, of->said.about->expect_count)) {
    case EXPECT_PASS:
        return CLI_OK;
    case EXPECT_INCONCLUSIVE:
        return allow_inconclusive ? CLI_OK : CLI_FAILED;
    case EXPECT_FAIL:
        break;
    }
    return CLI_FAILED;
}

int session_publish(const session_how *how, const report_options *options, uint32_t jobs,
                    session *out) {
    char *wrong = analysis_make(&out->said, &out->file, how->program, jobs);
    if (wrong != NULL) {
        fprintf(how->err, "%s: %s\n", how->program, wrong);
        free(wrong);
        return CLI_FAILED;
    }
    out->analysed = true;
    if (!how->quiet) {
        report_table(&out->said, how->table, cli_wants_colour(how->table));
        fflush(how->table);
    }
    const bool json = put_json(how, out);
    const report_written kept = report_write(&out->said, options, how->directory, how->err);
    if (kept == REPORT_WHOLE && !how->quiet) {
        fprintf(how->err, "\nresults: %s/report.html\n", how->directory);
    }
    if (kept == REPORT_FAILED && options->journal != NULL) {
        fputs("    all trials are kept: make room, then repeat the command with --resume\n",
              how->err);
    }
    if (!json || kept != REPORT_WHOLE) {
        return CLI_FAILED;
    }
    return session_verdict(out, how->allow_inconclusive);
}

/* --- run */

static void print_speed(const session_how *how, const run_request *request,
                        const run_outcome *outcome) {
    const double wall_s = outcome->wall_s > 0.0 ? outcome->wall_s : 1e-9;
    fprintf(how->err,
            "%llu trials, %llu events in %.3f s with %u jobs: %.0f trials/s, %.0f events/s\n",
            (unsigned long long)outcome->trials_done, (unsigned long long)outcome->events,
            outcome->wall_s, request->jobs, (double)outcome->trials_done / wall_s,
            (double)outcome->events / wall_s);
}

/* A copy of an interrupted run's trials beside its reports. */
static void keep_partial_trials(const session_how *how, const char *journal) {
    char *directory = report_partial_directory(how->directory);
    char *copy = file_join(directory, REPORT_TRIALS_NAME);
    if (is_there(directory)) {
        (void)file_copy(journal, copy, how->err);
    }
    free(directory);
    free(copy);
}

/* What to say and write when not every trial is there. An exit code. */
static int tell_unfinished(const session_how *how, const run_request *request, const char *journal,
                           const run_outcome *outcome, session *out) {
    const unsigned long long kept = (unsigned long long)trials_in(&out->file);
    if (outcome->write_errno != 0) {
        fprintf(how->err,
                "%s: cannot write %s: %s\n"
                "    %llu trials are kept in it: make room, then repeat the command with "
                "--resume\n",
                how->program, journal, strerror(outcome->write_errno), kept);
        return CLI_FAILED;
    }
    const report_host host = {request->jobs, outcome->wall_s};
    const report_options options = {.host = &host, .trials_csv = how->trials_csv};
    if (request->shard_count == 1) {
        (void)session_publish(how, &options, request->jobs, out);
        keep_partial_trials(how, journal);
    }
    fprintf(how->err, "%s: interrupted after %llu trials; --resume continues\n", how->program,
            kept);
    return CLI_SIGNALLED + outcome->signal;
}

/* journal: NULL when the trials are where they belong already. */
static int tell_finished(const session_how *how, const run_request *request,
                         const session_paths *paths, const char *journal,
                         const run_outcome *outcome, session *out) {
    if (request->shard_count == 1) {
        const report_host host = {request->jobs, outcome->wall_s};
        const report_options options = {.host = outcome->trials_done > 0 ? &host : NULL,
                                        .journal = journal,
                                        .trials_csv = how->trials_csv};
        return session_publish(how, &options, request->jobs, out);
    }
    if (journal != NULL && rename(journal, paths->final) != 0) {
        fprintf(how->err, "%s run: cannot move %s to %s: %s\n", how->program, journal, paths->final,
                strerror(errno));
        return CLI_FAILED;
    }
    if (!how->quiet) {
        fprintf(how->err, "shard %u of %u: %llu trials in %s\n", request->shard + 1,
                request->shard_count, (unsigned long long)trials_in(&out->file), paths->final);
    }
    return CLI_OK;
}

/* With everything locked. */
static int run_locked(const setup *made, const session_how *how, const session_paths *paths,
                      const sigset_t *signals, session *out) {
    const run_request *request = &made->request;
    trials_file begun;
    int status = find_unfinished(how, request, paths, &begun);
    if (status != CLI_OK) {
        return status;
    }
    const bool in_place = begun.fd < 0 && find_finished(how, request, paths, &begun);
    const char *journal = in_place ? paths->final : paths->journal;
    run_outcome outcome;
    const bool ran = run_trials(request, journal, begun.fd >= 0 ? &begun : NULL, &outcome);
    run_release_signals(signals);
    if (!ran) {
        fprintf(how->err, "%s run: %s: %s\n", how->program, journal, outcome.error);
        return CLI_FAILED;
    }
    out->file = outcome.file;
    out->opened = true;
    if (how->verbose) {
        print_speed(how, request, &outcome);
    }
    return outcome.whole
               ? tell_finished(how, request, paths, in_place ? NULL : journal, &outcome, out)
               : tell_unfinished(how, request, journal, &outcome, out);
}

int session_run(const setup *made, const session_how *how, const sigset_t *signals, session *out) {
    if (!session_open_json(how, out)) {
        return CLI_FAILED;
    }
    session_paths paths = session_paths_of(how, made->request.shard, made->request.shard_count);
    session_locks locks;
    int status = lock_all(how, &paths, &locks);
    if (status == CLI_OK) {
        status = run_locked(made, how, &paths, signals, out);
    }
    unlock(&locks, &paths);
    session_free_paths(&paths);
    return status;
}

/* --- report */

int session_report(const session_how *how, uint32_t jobs, session *out) {
    if (!session_open_json(how, out)) {
        return CLI_FAILED;
    }
    const int lock = file_lock_directory(how->directory, how->err);
    if (lock < 0) {
        return CLI_USAGE;
    }
    char *path = file_join(how->directory, REPORT_TRIALS_NAME);
    char *wrong = trials_open(&out->file, path);
    free(path);
    int status = CLI_USAGE;
    if (wrong != NULL) {
        fprintf(how->err, "%s: %s\n", how->program, wrong);
        free(wrong);
    } else {
        /* What is damaged does not replace what was made when it was whole. */
        const report_options options = {.trials_csv = how->trials_csv, .in_place = !out->file.torn};
        out->opened = true;
        if (out->file.torn) {
            fprintf(how->err,
                    "%s: %s is damaged from byte %llu on: only the %llu trials before "
                    "it count\n",
                    how->program, out->file.path, (unsigned long long)out->file.length,
                    (unsigned long long)trials_in(&out->file));
        }
        status = session_publish(how, &options, jobs, out);
    }
    close(lock);
    return status;
}

void session_close(session *of) {
    file_abandon(&of->json);
    if (of->analysed) {
        analysis_free(&of->said);
    }
    if (of->opened) {
        trials_close(&of->file);
    }
    memset(of, 0, sizeof *of);
}
