/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runner over a backend that computes nothing: places of results, any number of jobs, and every
 * way in which a run can be cut short and continued. What is compared are the bytes of the file.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "analysis.h"
#include "fake.h"
#include "file.h"
#include "process.h"
#include "punch/rng.h"
#include "punch_test.h"

/* A directory of a test, and the file a run writes there. */
typedef struct {
    char directory[256];
    char *path;
} place;

static place place_make(void) {
    place made;
    process_make_directory(made.directory, sizeof made.directory);
    made.path = file_join(made.directory, "trials.bin");
    return made;
}

static void place_remove(place *made) {
    free(made->path);
    process_remove_directory(made->directory);
}

typedef struct {
    uint8_t *bytes;
    size_t length;
} contents;

static contents read_all(const char *path) {
    contents of = {malloc(1 << 20), 0};
    FILE *in = fopen(path, "r");
    EXPECT("the file is there", in != NULL);
    if (in != NULL) {
        of.length = fread(of.bytes, 1, 1 << 20, in);
        fclose(in);
    }
    return of;
}

static void write_all(const char *path, const uint8_t *bytes, size_t length) {
    FILE *out = fopen(path, "w");
    EXPECT("the file can be written", out != NULL && fwrite(bytes, 1, length, out) == length);
    fclose(out);
}

static bool same_contents(const contents *a, const contents *b) {
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

/* Runs to the end into a new file and returns its bytes. */
static contents whole_run(const run_request *request, const char *path) {
    run_outcome outcome;
    EXPECT("it runs", run_trials(request, path, NULL, &outcome));
    EXPECT("to the end", outcome.whole);
    EXPECT("not interrupted", !outcome.interrupted);
    trials_close(&outcome.file);
    return read_all(path);
}

/* Continues what is at path and compares with what it should be. */
static void continue_run(const run_request *request, const char *path, const contents *expected,
                         const char *what) {
    trials_file begun;
    char *wrong = trials_open(&begun, path);
    EXPECT("the file can be continued", wrong == NULL);
    free(wrong);
    run_outcome outcome;
    EXPECT("it goes on", run_trials(request, path, &begun, &outcome));
    EXPECT("to the end", outcome.whole);
    trials_close(&outcome.file);
    contents got = read_all(path);
    EXPECT(what, same_contents(&got, expected));
    free(got.bytes);
}

static void places(void) {
    sim_scenario *scenario = fake_scenario("");
    static const uint32_t jobs[3] = {1, 2, 7};
    contents files[3];
    place at = place_make();
    for (size_t j = 0; j < 3; j++) {
        const run_request request = fake_request(scenario, &fake_backend, jobs[j]);
        files[j] = whole_run(&request, at.path);
    }
    EXPECT("two jobs, same bytes", same_contents(&files[0], &files[1]));
    EXPECT("seven jobs, same bytes", same_contents(&files[0], &files[2]));
    trials_file file;
    char *wrong = trials_open(&file, at.path);
    EXPECT("it can be read", wrong == NULL);
    for (uint32_t c = 0; wrong == NULL && c < 3; c++) {
        trials_reader reader;
        uint64_t seen = 0;
        uint64_t misplaced = 0;
        for (trials_reader_begin(&reader, &file, c); trials_reader_next(&reader);) {
            for (uint32_t t = 0; t < reader.chunk.count; t++, seen++) {
                const uint64_t seed = sim_scenario_trial_seed(scenario, 99, c, seen);
                misplaced += reader.results[t].digest != seed * 3 ? 1 : 0;
            }
        }
        trials_reader_end(&reader);
        EXPECT_INT("each cell has all its trials", seen, 777);
        EXPECT_INT("each result stands in its place", misplaced, 0);
    }
    trials_close(&file);
    for (size_t j = 0; j < 3; j++) {
        free(files[j].bytes);
    }
    place_remove(&at);
    sim_scenario_destroy(scenario);
}

/* Trials run by the interrupting fake: a backend's run() has no place of its own for it. */
static atomic_int trials_run;

static void run_interrupting(void *world, const sim_plan *plan, uint64_t seed,
                             const sim_observer *observer, sim_trial_result *result) {
    fake_run(world, plan, seed, observer, result);
    if (atomic_fetch_add(&trials_run, 1) == 900) {
        kill(getpid(), SIGINT);
    }
    if (atomic_load(&trials_run) > 900) {
        const struct timespec pause = {
            0, 100000}; /* the signal arrives before the last trial is done */
        nanosleep(&pause, NULL);
    }
}

static const sim_backend_ops interrupting = {
    "fake", "for tests", true, fake_refuses_nothing, fake_create, run_interrupting, free};

static void interruption(void) {
    sim_scenario *scenario = fake_scenario("");
    place at = place_make();
    const run_request undisturbed = fake_request(scenario, &fake_backend, 2);
    contents expected = whole_run(&undisturbed, at.path);
    const run_request request = fake_request(scenario, &interrupting, 2);
    atomic_store(&trials_run, 0);
    run_outcome outcome;
    EXPECT("it runs", run_trials(&request, at.path, NULL, &outcome));
    EXPECT("and says that it was interrupted", outcome.interrupted);
    EXPECT("and that not everything is there", !outcome.whole);
    EXPECT("something was finished", outcome.trials_done > 0);
    EXPECT("but not everything", outcome.trials_done < 3 * 777);
    trials_close(&outcome.file);
    continue_run(&undisturbed, at.path, &expected, "the same bytes as undisturbed");
    free(expected.bytes);
    place_remove(&at);
    sim_scenario_destroy(scenario);
}

/* A file cut off anywhere, with or without rubbish behind it, as a crash leaves it. */
static void torn(void) {
    sim_scenario *scenario = fake_scenario("");
    place at = place_make();
    const run_request request = fake_request(scenario, &fake_backend, 2);
    contents expected = whole_run(&request, at.path);
    trials_file file;
    EXPECT("it can be read", trials_open(&file, at.path) == NULL);
    const uint64_t head = file.head_length;
    trials_close(&file);
    punch_rng rng = punch_rng_stream(1, 0, 0);
    for (int i = 0; i < 40; i++) {
        const uint64_t cut = head + punch_rng_below(&rng, expected.length - head + 1);
        write_all(at.path, expected.bytes, (size_t)cut);
        if (i % 2 == 1) {
            uint8_t rubbish[200];
            for (size_t b = 0; b < sizeof rubbish; b++) {
                rubbish[b] = (uint8_t)punch_rng_u64(&rng);
            }
            FILE *out = fopen(at.path, "a");
            EXPECT("rubbish is there", fwrite(rubbish, 1, sizeof rubbish, out) == sizeof rubbish);
            fclose(out);
        }
        continue_run(&request, at.path, &expected, "cut off anywhere, the same bytes");
    }
    free(expected.bytes);
    place_remove(&at);
    sim_scenario_destroy(scenario);
}

/* A disk that fills up: here, a file that may not grow. */
static void full(void) {
    sim_scenario *scenario = fake_scenario("");
    place at = place_make();
    const run_request request = fake_request(scenario, &fake_backend, 2);
    contents expected = whole_run(&request, at.path);
    struct rlimit before;
    getrlimit(RLIMIT_FSIZE, &before);
    struct rlimit narrow = {expected.length / 2, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &narrow);
    run_outcome outcome;
    EXPECT("it runs", run_trials(&request, at.path, NULL, &outcome));
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT("the error is kept", outcome.write_errno != 0);
    EXPECT("not whole", !outcome.whole);
    EXPECT("something was kept", outcome.trials_done > 0);
    trials_close(&outcome.file);
    continue_run(&request, at.path, &expected, "with room again, the same bytes");
    free(expected.bytes);
    place_remove(&at);
    sim_scenario_destroy(scenario);
}

/* Each cell stops at the first look at which its interval is narrow enough. */
static void until(void) {
    sim_scenario *scenario = fake_scenario("");
    place at = place_make();
    run_request request = fake_request(scenario, &fake_backend, 3);
    request.trials = 5000;
    request.until = (sim_until){true, SIM_MEASURE_CONNECTED, 0.03, 5000};
    contents expected = whole_run(&request, at.path);
    trials_file file;
    EXPECT("it can be read", trials_open(&file, at.path) == NULL);
    const uint32_t looks = trials_look_count(&file.about);
    EXPECT("several looks", looks > 3);
    for (uint32_t c = 0; c < 3; c++) {
        const stats_estimate e =
            analysis_measure(&file, c, SIM_MEASURE_CONNECTED, stats_confidence_of_looks(looks));
        EXPECT("narrow enough", (e.hi - e.lo) / 2.0 <= 0.03);
        EXPECT("and no more trials than needed", e.n < 5000);
        bool at_look = false;
        for (uint32_t l = 0; l < looks; l++) {
            at_look = at_look || trials_look(&file.about, l) == e.n;
        }
        EXPECT("stopped at a look", at_look);
    }
    const uint64_t head = file.head_length;
    trials_close(&file);
    analysis said;
    EXPECT("it can be read", trials_open(&file, at.path) == NULL);
    EXPECT("it can be analysed", analysis_make(&said, &file, "prog", 2) == NULL);
    EXPECT("cells that stopped early are whole", !said.partial);
    EXPECT_REAL("intervals make up for the looks", said.confidence, 1.0 - 0.05 / looks, 1e-12);
    analysis_free(&said);
    trials_close(&file);
    punch_rng rng = punch_rng_stream(2, 0, 0);
    for (int i = 0; i < 10; i++) {
        const uint64_t cut = head + punch_rng_below(&rng, expected.length - head + 1);
        write_all(at.path, expected.bytes, (size_t)cut);
        continue_run(&request, at.path, &expected, "cut off anywhere, the same bytes");
    }
    free(expected.bytes);
    place_remove(&at);
    sim_scenario_destroy(scenario);
}

/* Shards have every chunk exactly once. */
static void shards(void) {
    sim_scenario *scenario = fake_scenario("");
    place at = place_make();
    uint64_t trials[3] = {0, 0, 0};
    for (uint32_t s = 0; s < 4; s++) {
        run_request request = fake_request(scenario, &fake_backend, 2);
        request.shard = s;
        request.shard_count = 4;
        contents part = whole_run(&request, at.path);
        free(part.bytes);
        trials_file file;
        EXPECT("it can be read", trials_open(&file, at.path) == NULL);
        for (uint32_t c = 0; c < 3; c++) {
            EXPECT("no shard has nothing or all",
                   file.cells[c].trials > 0 && file.cells[c].trials < 777);
            trials[c] += file.cells[c].trials;
        }
        trials_close(&file);
    }
    for (uint32_t c = 0; c < 3; c++) {
        EXPECT_INT("together all trials", trials[c], 777);
    }
    place_remove(&at);
    sim_scenario_destroy(scenario);
}

static const char *refuses_all(const sim_plan *plan) {
    (void)plan;
    return "it is a fake";
}

static const sim_backend_ops refusing = {"fake",      "for tests", true, refuses_all,
                                         fake_create, fake_run,    free};

static void refusal(void) {
    sim_scenario *scenario = fake_scenario("");
    const run_request good = fake_request(scenario, &fake_backend, 1);
    const run_request bad = fake_request(scenario, &refusing, 1);
    EXPECT("a backend that can, may", run_refused(&good) == NULL);
    EXPECT_TEXT("one that cannot says why", run_refused(&bad), "it is a fake");
    sim_scenario_destroy(scenario);
}

/* Estimates against the plain arithmetic over all trials. */
static void measured(void) {
    sim_scenario *scenario = fake_scenario("");
    place at = place_make();
    const run_request request = fake_request(scenario, &fake_backend, 1);
    contents file_bytes = whole_run(&request, at.path);
    free(file_bytes.bytes);
    sim_plan *plan = sim_scenario_plan_create(scenario);
    run_plan(&request, 0, 0, plan);
    double times_s[777];
    uint64_t connected = 0;
    uint64_t packets = 0;
    uint64_t first_failed = UINT64_MAX;
    for (uint64_t t = 0; t < 777; t++) {
        sim_call_result call;
        sim_trial_result result = {.calls = &call};
        fake_fill(plan, sim_scenario_trial_seed(scenario, 99, 0, t), &result);
        connected += call.connected ? 1 : 0;
        packets += result.packets_sent;
        first_failed = !call.connected && first_failed == UINT64_MAX ? t : first_failed;
        times_s[t] = call.connected ? (double)call.time_to_connect_us / 1e6 : (double)INFINITY;
    }
    stats_sort(times_s, 777);
    trials_file file;
    analysis said;
    EXPECT("it can be read", trials_open(&file, at.path) == NULL);
    EXPECT("it can be analysed", analysis_make(&said, &file, "prog", 3) == NULL);
    const stats_estimate *share = analysis_estimate(&said, 0, SIM_MEASURE_CONNECTED);
    EXPECT_REAL("share that connected", share->value, (double)connected / 777.0, 1e-15);
    const stats_estimate expected = stats_quantile(times_s, 777, 0.5, STATS_CONFIDENCE);
    const stats_estimate *p50 = analysis_estimate(&said, 0, SIM_MEASURE_TIME_P50);
    EXPECT_REAL("the median is exact", p50->value, expected.value, 0.0);
    EXPECT_REAL("its lower end, too", p50->lo, expected.lo, 0.0);
    EXPECT_REAL("its upper end, too", p50->hi, expected.hi, 0.0);
    EXPECT("a quarter fails, so the 95th percentile is never",
           analysis_estimate(&said, 0, SIM_MEASURE_TIME_P95)->value > 1e300);
    EXPECT_REAL("a mean", analysis_estimate(&said, 0, 4)->value, (double)packets / 777.0, 1e-12);
    EXPECT_INT("nothing is held", analysis_estimate(&said, 0, SIM_MEASURE_HELD)->n, 0);
    const analysis_cell *cell = &said.cells[0];
    EXPECT_INT("one reason", cell->reason_count, 1);
    EXPECT_TEXT("in words", cell->reasons[0].text,
                "no_answer; b's NAT dropped a: other port (filter-port)");
    EXPECT_INT("every failure", cell->failed, 777 - connected);
    EXPECT_INT("all for it", cell->reasons[0].count, cell->failed);
    EXPECT_INT("the first is the example", cell->reasons[0].example_trial, first_failed);
    EXPECT("the distribution ends at the share that connected",
           cell->point_count > 0 &&
               fabs(cell->points[cell->point_count - 1].share - share->value) < 1e-12);
    EXPECT("nothing is missing", !said.partial);
    EXPECT_INT("events of all", said.events, 3 * 777 * 10);
    analysis_free(&said);
    trials_close(&file);
    sim_scenario_plan_destroy(plan);
    place_remove(&at);
    sim_scenario_destroy(scenario);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"each result stands in its place, for any number of jobs", places},
        {"an interrupted run can be continued", interruption},
        {"a run that was killed anywhere can be continued", torn},
        {"a run that found the disk full can be continued", full},
        {"cells stop at the look at which they have seen enough", until},
        {"shards share out the trials", shards},
        {"a backend's refusal is passed on", refusal},
        {"measures and reasons of a cell", measured},
    };
    return PUNCH_TEST_MAIN("run", cases);
}
