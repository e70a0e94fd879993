/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory of a run as report_write leaves it, and the rows of trials.csv, each compared with
 * the trial it was made from.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"
#include "file.h"
#include "format.h"
#include "process.h"
#include "punch_test.h"
#include "report.h"
#include "said.h"

static bool exists(const char *directory, const char *name) {
    char *path = file_join(directory, name);
    const bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

/* What it says on the way, to be freed. */
static char *write_into(const char *directory, const said *made, const report_options *options,
                        report_written expected) {
    char *text = NULL;
    size_t length = 0;
    FILE *err = open_memstream(&text, &length);
    EXPECT_INT("what came of it", report_write(&made->said, options, directory, err), expected);
    fclose(err);
    return text;
}

/* More rows than anybody asked for; nothing is read, so there need not be any trials. */
#define MANY_TRIALS (REPORT_TRIALS_CSV_ROWS_MAX + 1u)

static void places(void) {
    static const struct {
        const char *sentence;
        said_how how;
        bool in_place;
        report_written written;
        bool here; /* and not in DIRECTORY.partial */
    } rows[] = {
        {"a whole run", {.level_counts = {2}, .trials = MANY_TRIALS}, false, REPORT_WHOLE, true},
        {"part of a run goes beside it",
         {.level_counts = {2}, .trials = 2 * MANY_TRIALS, .partial = true},
         false,
         REPORT_PARTIAL,
         false},
        {"unless told to stay",
         {.level_counts = {2}, .trials = 2 * MANY_TRIALS, .partial = true},
         true,
         REPORT_PARTIAL,
         true},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        char base[4096];
        process_make_directory(base, sizeof base);
        char *directory = file_join(base, "run");
        char *partial = report_partial_directory(directory);
        said *made = said_make(&rows[r].how);
        const report_options options = {.in_place = rows[r].in_place};
        EXPECT("a directory", file_make_directories(directory, stderr));
        char *text = write_into(directory, made, &options, rows[r].written);
        EXPECT(rows[r].sentence, exists(directory, "report.html") == rows[r].here);
        EXPECT(rows[r].sentence, exists(partial, "report.html") != rows[r].here);
        EXPECT("nothing is left in between", !exists(directory, ".part"));
        EXPECT("without a host nothing is said about one", !exists(directory, "host.json"));
        EXPECT("many rows are left out",
               !exists(directory, "trials.csv") && !exists(partial, "trials.csv"));
        EXPECT("and it says so", strstr(text, "punchlab: trials.csv would have ") != NULL);
        free(text);
        said_free(made);
        free(directory);
        free(partial);
        process_remove_directory(base);
    }
}

/* Regenerated reports say nothing about this machine: what was said about the run's stays. */
static void host_stays(void) {
    char directory[4096];
    process_make_directory(directory, sizeof directory);
    const said_how how = {.trials = MANY_TRIALS};
    said *made = said_make(&how);
    const report_host host = {7, 1.5};
    const report_options first = {.host = &host};
    const report_options again = {.host = NULL};
    free(write_into(directory, made, &first, REPORT_WHOLE));
    char *before = process_read_file(directory, "host.json");
    EXPECT("jobs and wall time", before != NULL && strstr(before, "\"jobs\": 7,") != NULL &&
                                     strstr(before, "\"wall_s\": 1.500,") != NULL);
    char *manifest = process_read_file(directory, "manifest.json");
    EXPECT("which are nowhere else", manifest != NULL && strstr(manifest, "jobs") == NULL &&
                                         strstr(manifest, "wall_s") == NULL);
    free(write_into(directory, made, &again, REPORT_WHOLE));
    char *after = process_read_file(directory, "host.json");
    EXPECT_TEXT("the same file", after, before);
    free(before);
    free(after);
    free(manifest);
    said_free(made);
    process_remove_directory(directory);
}

static void nothing_finished(void) {
    char directory[4096];
    process_make_directory(directory, sizeof directory);
    const said_how how = {.trials = 1, .partial = true};
    said *made = said_make(&how);
    const report_options options = {.in_place = true};
    char *text = write_into(directory, made, &options, REPORT_PARTIAL);
    EXPECT_TEXT("says so", text, "punchlab: no trial was finished: nothing was written\n");
    EXPECT("and writes nothing", !exists(directory, "manifest.json"));
    free(text);
    said_free(made);
    process_remove_directory(directory);
}

/* --- trials.csv */

/* Of a side and its broker: the verdict of the way there stands before that of the way back. */
static void print_broker(const facts *about, FILE *out, const sim_broker_way *to,
                         const sim_broker_way *from) {
    fprintf(out, ",%" PRIu32 ",%" PRIu32, to->blocked, from->blocked);
    if (to->blocked > 0) {
        fprintf(out, ",%s,%s", nat_verdict_name(to->verdict), about->sites[to->site]);
    } else if (from->blocked > 0) {
        fprintf(out, ",%s,%s", nat_verdict_name(from->verdict), about->sites[from->site]);
    } else {
        fputs(",,", out);
    }
}

/* A row as fprintf writes it. */
static void print_expected(const facts *about, FILE *out, uint32_t cell, uint64_t trial,
                           const sim_trial_result *result) {
    const sim_call_result *call = &result->calls[0];
    char text[FORMAT_TEXT_CAP];
    fprintf(out, "%" PRIu32 ",%" PRIu64 ",0,%d,%s,%d,%d", cell, trial, call->connected,
            format_seconds(call->time_to_connect_us, text), call->lost_after, call->path_private);
    for (int side = 0; side < 2; side++) {
        fprintf(out, ",%s,%s", format_seconds(call->connected_us[side], text),
                punch_fail_name(call->fail[side]));
        fprintf(out, ",%s,%" PRIu32, format_seconds(call->fired_at_us[side], text),
                call->intros_sent[side]);
        fprintf(out, ",%s,%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32,
                format_seconds(call->outbound_gap_us_max[side], text), call->keepalives_sent[side],
                call->arrived[side], call->lost_link[side], call->blocked[side]);
        const bool blocked = call->blocked[side] > 0;
        fprintf(out, ",%s,%s", blocked ? nat_verdict_name(call->blocked_verdict[side]) : "",
                blocked ? about->sites[call->blocked_site[side]] : "");
        for (int why = 0; why < SIM_LOSS_COUNT; why++) {
            fprintf(out, ",%" PRIu32, call->lost_elsewhere[side][why]);
        }
        print_broker(about, out, &call->to_broker[side], &call->from_broker[side]);
    }
    fprintf(out, ",%" PRIu32 ",%" PRIu32 ",%" PRIu32, call->messages_acked,
            call->messages_unconfirmed, call->messages_refused);
    fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, result->events,
            result->packets_sent, result->packets_delivered, result->packets_lost_link,
            result->packets_blocked);
    fputs(call->connected ? "," : ",filter-port:3 rate:2", out);
    for (int why = 0; why < SIM_LOSS_COUNT; why++) {
        fprintf(out, ",%" PRIu64, result->packets_lost_elsewhere[why]);
    }
    fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, result->packets_copied, result->packets_left,
            result->bytes_sent);
    fprintf(out, ",%s,%016" PRIx64 "\n", format_seconds(result->ended_at_us, text), result->digest);
}

/* All rows there should be, of the fake backend's results. */
static char *expected_rows(const run_request *request, const facts *about) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    sim_plan *plan = sim_scenario_plan_create(request->scenario);
    for (uint32_t cell = 0; cell < about->cell_count; cell++) {
        for (uint64_t trial = 0; trial < request->trials; trial++) {
            sim_call_result call;
            sim_trial_result result = {.calls = &call};
            const uint64_t seed =
                sim_scenario_trial_seed(request->scenario, request->seed, cell, trial);
            run_plan(request, cell, trial, plan);
            fake_fill(plan, seed, &result);
            print_expected(about, out, cell, trial, &result);
        }
    }
    sim_scenario_plan_destroy(plan);
    fclose(out);
    return text;
}

static void rows_of_trials(void) {
    char directory[4096];
    process_make_directory(directory, sizeof directory);
    char *path = file_join(directory, "trials.bin");
    sim_scenario *scenario = fake_scenario("");
    const run_request request = fake_request(scenario, &fake_backend, 2);
    run_outcome outcome;
    analysis made;
    EXPECT("it runs", run_trials(&request, path, NULL, &outcome));
    char *wrong = analysis_make(&made, &outcome.file, "prog", 2);
    EXPECT("it can be analysed", wrong == NULL);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    EXPECT("all is read", report_trials_csv(&made, out));
    fclose(out);
    char *expected = expected_rows(&request, made.about);
    const char *rows = strchr(text, '\n') + 1;
    EXPECT("every row, to the letter", strcmp(rows, expected) == 0);
    EXPECT("and no fewer", strlen(rows) > 777 * 3 * 100);
    free(text);
    free(expected);
    free(wrong);
    analysis_free(&made);
    trials_close(&outcome.file);
    sim_scenario_destroy(scenario);
    free(path);
    process_remove_directory(directory);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"where results go", places},
        {"what is said about the machine", host_stays},
        {"nothing finished", nothing_finished},
        {"rows of trials", rows_of_trials},
    };
    return PUNCH_TEST_MAIN("report_write", cases);
}
