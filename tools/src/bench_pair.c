/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pair trials: the bare loop, the simulator with a null core, and the real thing with both crypto
 * providers. The null core replaces libpunch at link time, so it lives in a program of its own,
 * which measures it against the bare loop in turns.
 */
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "bench_bare.h"
#include "bench_plan.h"
#include "file.h"
#include "punch/peer.h"
#include "sim/backend.h"
#include "sim/crypto_fast.h"
#include "stats.h"

extern char **environ;

double bench_cpu_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double wall_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* A workload that runs pair trials one after the other. */
typedef struct {
    bare *bare_world; /* the bare loop, or ... */
    sim_plan *plan;   /* ... the simulator */
    void *world;
    uint64_t next_seed;
    uint64_t events;
    uint64_t packets;
    uint64_t trials;
    bool failed; /* a trial did not connect */
} workload;

static bool workload_full(workload *load, const punch_crypto *crypto) {
    memset(load, 0, sizeof *load);
    load->plan = bench_plan_pair(crypto);
    load->world = sim_backend_des.create(load->plan);
    return load->world != NULL;
}

static bool workload_bare(workload *load) {
    memset(load, 0, sizeof *load);
    load->bare_world = bare_create(2);
    return load->bare_world != NULL;
}

static void workload_free(workload *load) {
    bare_destroy(load->bare_world);
    sim_backend_des.destroy(load->world);
    bench_plan_free(load->plan);
}

/* Packets of a bare trial: two registrations with their answers, a call, a ring, an accept, two
 * GOs, two INTROs, two acknowledgements. */
#define BARE_PACKETS 13

/* Runs trials and returns the CPU time they took. */
static double workload_turn(workload *load, uint64_t trials) {
    const double began_s = bench_cpu_s();
    for (uint64_t i = 0; i < trials; i++) {
        if (load->bare_world != NULL) {
            const uint64_t events = bare_pair_trial(load->bare_world, ++load->next_seed);
            load->failed = load->failed || events == 0;
            load->events += events;
            load->packets += BARE_PACKETS;
        } else {
            sim_call_result call;
            sim_trial_result result = {.calls = &call};
            sim_backend_des.run(load->world, load->plan, ++load->next_seed, NULL, &result);
            load->failed = load->failed || !call.connected;
            load->events += result.events;
            load->packets += result.packets_sent;
        }
    }
    load->trials += trials;
    return bench_cpu_s() - began_s;
}

/* Trials that take about turn_s. */
static uint64_t workload_calibrate(workload *load, double turn_s) {
    uint64_t trials = 8;
    double took_s = workload_turn(load, trials);
    while (took_s < turn_s / 8.0) {
        trials *= 2;
        took_s = workload_turn(load, trials);
    }
    const double wanted = (double)trials * turn_s / took_s;
    return wanted < 1.0 ? 1 : (uint64_t)wanted;
}

/* Workloads in turns; the median time of a trial of each. */
static void measure_turns(workload *const *loads, bench_pair_row *const *rows, size_t count,
                          const bench_effort *effort) {
    double times_us[BENCH_PAIR_COUNT][BENCH_REPETITIONS_MAX];
    uint64_t trials[BENCH_PAIR_COUNT];
    for (size_t w = 0; w < count; w++) {
        trials[w] = workload_calibrate(loads[w], effort->turn_s);
    }
    for (uint32_t r = 0; r < effort->repetitions; r++) {
        for (size_t w = 0; w < count; w++) {
            times_us[w][r] = workload_turn(loads[w], trials[w]) / (double)trials[w] * 1e6;
        }
    }
    for (size_t w = 0; w < count; w++) {
        rows[w]->trial_us = stats_median(times_us[w], effort->repetitions);
        rows[w]->events = (double)loads[w]->events / (double)loads[w]->trials;
        rows[w]->packets = (double)loads[w]->packets / (double)loads[w]->trials;
    }
}

/* The path of punchlab_null: beside this program where it was built, in PUNCHLAB_NULL, relative to
 * this program, where it was installed. */
static bool find_null(char *path, size_t cap) {
    return (file_beside_program(path, cap, "punchlab_null") && access(path, X_OK) == 0) ||
           file_beside_program(path, cap, PUNCHLAB_NULL);
}

/* What a program prints, at most cap - 1 bytes; false when it could not be run or failed. */
static bool ask_program(char *const argv[], char *text, size_t cap) {
    int ends[2];
    if (pipe(ends) != 0) {
        return false;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    pid_t child;
    const bool started = posix_spawn(&child, argv[0], &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    size_t length = 0;
    ssize_t got = 0;
    do {
        got = read(ends[0], text + length, cap - 1 - length);
        length += got > 0 ? (size_t)got : 0;
    } while (got > 0 && length < cap - 1);
    text[length] = '\0';
    close(ends[0]);
    int status = -1;
    return started && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

/* Asks punchlab_null; see null_main.c for its line of four numbers. */
static bool measure_null(const bench_effort *effort, bench_pair *result) {
    char path[4096];
    char repetitions[16];
    char turn_s[32];
    char answer[256];
    snprintf(repetitions, sizeof repetitions, "%u", effort->repetitions);
    snprintf(turn_s, sizeof turn_s, "%.6f", effort->turn_s);
    char *const argv[] = {path, repetitions, turn_s, NULL};
    if (!find_null(path, sizeof path) || !ask_program(argv, answer, sizeof answer)) {
        return false;
    }
    bench_pair_row *row = &result->rows[BENCH_NULL];
    double *const numbers[] = {&row->trial_us, &row->events, &row->packets, &result->null_share};
    const char *at = answer;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char *end = NULL;
        *numbers[i] = strtod(at, &end);
        if (end == at) {
            return false;
        }
        at = end;
    }
    return true;
}

typedef struct {
    uint64_t trials;
    bool failed;
} core_job;

static void *run_core(void *user) {
    core_job *job = user;
    workload load;
    job->failed = !workload_full(&load, &sim_crypto_fast);
    if (!job->failed) {
        (void)workload_turn(&load, job->trials);
        job->failed = load.failed;
    }
    workload_free(&load);
    return NULL;
}

/* Full trials per wall-clock second with one thread per core. */
static double measure_all_cores(uint32_t cores, uint64_t trials) {
    pthread_t threads[256];
    core_job jobs[256];
    const uint32_t count = cores < 256 ? cores : 256;
    const double began_s = wall_s();
    uint32_t started = 0;
    for (; started < count; started++) {
        jobs[started].trials = trials;
        if (pthread_create(&threads[started], NULL, run_core, &jobs[started]) != 0) {
            break;
        }
    }
    bool failed = started == 0;
    for (uint32_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
        failed = failed || jobs[i].failed;
    }
    const double took_s = wall_s() - began_s;
    return failed ? 0.0 : (double)trials * started / took_s;
}

/* Bytes of libpunch's peer with room for so many calls; their messages likewise. */
static size_t peer_bytes(uint16_t calls_max) {
    const punch_port port = {.crypto = &sim_crypto_fast};
    const punch_peer_config config = {.port = &port,
                                      .bind = punch_addr_ipv4(0, 0),
                                      .broker_addr = punch_addr_ipv4(0xc6336401u, 3478),
                                      .calls_max = calls_max,
                                      .messages_max = calls_max,
                                      .inbox_max = calls_max,
                                      .options.keepalive_jitter_permille = -1};
    return punch_peer_size(&config);
}

bool bench_run_pair(const bench_effort *effort, bench_pair *result, const char **error_out) {
    static const char *const names[BENCH_PAIR_COUNT] = {"bare", "null", "full-fast", "full-sodium"};
    static const char *const helps[BENCH_PAIR_COUNT] = {
        "event heap, NAT tables, fixed-size packets", "simulator, core that does nothing",
        "simulator, libpunch, fast crypto", "simulator, libpunch, libsodium"};
    memset(result, 0, sizeof *result);
    for (int i = 0; i < BENCH_PAIR_COUNT; i++) {
        result->rows[i].name = names[i];
        result->rows[i].help = helps[i];
    }
    result->peer_bytes = peer_bytes(1);
    result->client_bytes = peer_bytes(0);
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    result->cores = cores > 0 ? (uint32_t)cores : 1;
    workload loads[3];
    const bool made = workload_bare(&loads[0]);
    const bool made_fast = workload_full(&loads[1], &sim_crypto_fast);
    const bool made_sodium = workload_full(&loads[2], &punch_crypto_sodium);
    *error_out = made && made_fast && made_sodium ? NULL : "out of memory";
    if (*error_out == NULL) {
        workload *const turns[3] = {&loads[0], &loads[1], &loads[2]};
        bench_pair_row *const rows[3] = {&result->rows[BENCH_BARE], &result->rows[BENCH_FULL_FAST],
                                         &result->rows[BENCH_FULL_SODIUM]};
        measure_turns(turns, rows, 3, effort);
        if (loads[0].failed || loads[1].failed || loads[2].failed) {
            *error_out = "a lossless trial did not connect";
        } else if (!measure_null(effort, result)) {
            *error_out =
                "punchlab_null, which is built and installed with this program, did not answer";
        }
    }
    if (*error_out == NULL) {
        const double trials = effort->turn_s * 8e6 / result->rows[BENCH_FULL_FAST].trial_us;
        result->all_cores_trials_per_s = measure_all_cores(result->cores, (uint64_t)trials + 1);
    }
    for (int i = 0; i < 3; i++) {
        workload_free(&loads[i]);
    }
    return *error_out == NULL;
}
