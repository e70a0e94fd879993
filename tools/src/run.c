/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "context.h"
#include "punch/assert.h"
#include "punch/rng.h"

/* Trials per chunk: chosen; long enough that handing out chunks costs nothing, short enough that
 * the last chunks keep all cores busy. */
#define CHUNK_TRIALS_MAX 256u

/* How often the progress line is redrawn. Chosen. */
#define PROGRESS_MS 200

/* What the threads of a run share. */
typedef struct {
    const run_request *request;
    run_results *results;
    uint64_t chunk_trials;
    uint64_t chunks_per_cell;
    uint64_t chunk_count;
    uint32_t *chunk_done; /* finished trials of each chunk; written by its worker alone */
    atomic_uint_fast64_t next_chunk;
    atomic_uint_fast64_t trials_done;
    atomic_uint_fast64_t trials_failed;
    atomic_bool stop;
    atomic_bool out_of_memory;
    int done_pipe[2]; /* a worker that ends writes one byte */
} run_state;

static double wall_now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void fill_plan(const run_request *request, uint32_t cell, uint64_t trial, sim_plan *plan) {
    const uint64_t seed = sim_scenario_trial_seed(request->scenario, request->seed, cell, trial);
    sim_scenario_plan(request->scenario, cell, seed, plan);
    if (request->crypto != NULL) {
        plan->crypto = request->crypto;
    }
}

const char *run_refused(const run_request *request) {
    sim_plan *plan = sim_scenario_plan_create(request->scenario);
    if (plan == NULL) {
        return "out of memory";
    }
    const char *reason = NULL;
    const uint32_t cell_count = sim_scenario_cell_count(request->scenario);
    for (uint32_t cell = 0; cell < cell_count && reason == NULL; cell++) {
        fill_plan(request, cell, 0, plan);
        reason = request->backend->refuses(plan);
    }
    sim_scenario_plan_destroy(plan);
    return reason;
}

bool run_world_create(run_world *world, const run_request *request) {
    world->request = request;
    world->world = NULL;
    world->plan = sim_scenario_plan_create(request->scenario);
    sim_plan *largest = sim_scenario_largest_plan(request->scenario);
    if (largest != NULL && request->crypto != NULL) {
        largest->crypto = request->crypto;
    }
    if (largest != NULL && world->plan != NULL) {
        world->world = request->backend->create(largest);
    }
    sim_scenario_plan_destroy(largest);
    return world->world != NULL;
}

void run_world_destroy(run_world *world) {
    if (world->world != NULL) {
        world->request->backend->destroy(world->world);
    }
    sim_scenario_plan_destroy(world->plan);
    world->world = NULL;
    world->plan = NULL;
}

context run_context(const run_request *request, uint32_t cell, uint64_t trial) {
    const char *backend = request->backend->name;
    const bool usual = strcmp(backend, sim_scenario_backend(request->scenario)) == 0;
    const context where = {
        .program = request->program,
        .file = request->file,
        .overrides = request->overrides,
        .override_count = request->override_count,
        .backend_given = usual ? NULL : backend,
        .crypto_given = request->crypto != NULL ? request->crypto->name : NULL,
        .backend = request->backend,
        .cell = cell,
        .trial = trial,
        .seed = request->seed,
    };
    return where;
}

void run_world_trial(run_world *world, uint32_t cell, uint64_t trial, const sim_observer *observer,
                     sim_trial_result *result) {
    const run_request *request = world->request;
    context *here = context_here();
    *here = run_context(request, cell, trial);
    here->plan = world->plan;
    here->trial_seed = sim_scenario_trial_seed(request->scenario, request->seed, cell, trial);
    fill_plan(request, cell, trial, world->plan);
    request->backend->run(world->world, world->plan, here->trial_seed, observer, result);
    here->program = NULL;
}

static bool any_call_failed(const sim_trial_result *trial, uint32_t call_count) {
    for (uint32_t i = 0; i < call_count; i++) {
        if (!trial->calls[i].connected) {
            return true;
        }
    }
    return false;
}

static void run_chunk(run_state *state, run_world *world, uint64_t chunk) {
    const uint32_t cell_index = (uint32_t)(chunk % state->results->cell_count);
    const uint64_t first = chunk / state->results->cell_count * state->chunk_trials;
    const uint64_t left = state->request->trials - first;
    const uint64_t count = left < state->chunk_trials ? left : state->chunk_trials;
    run_cell *cell = &state->results->cells[cell_index];
    for (uint64_t i = 0; i < count; i++) {
        if (atomic_load_explicit(&state->stop, memory_order_relaxed)) {
            return;
        }
        sim_trial_result *trial = &cell->trials[first + i];
        run_world_trial(world, cell_index, first + i, NULL, trial);
        PUNCH_ASSERT_EQ(world->plan->call_count, cell->call_count);
        state->chunk_done[chunk] = (uint32_t)(i + 1);
        atomic_fetch_add_explicit(&state->trials_done, 1, memory_order_relaxed);
        if (any_call_failed(trial, cell->call_count)) {
            atomic_fetch_add_explicit(&state->trials_failed, 1, memory_order_relaxed);
        }
    }
}

static void *worker(void *user) {
    run_state *state = user;
    run_world world;
    if (run_world_create(&world, state->request)) {
        for (;;) {
            const uint64_t chunk = atomic_fetch_add(&state->next_chunk, 1);
            if (chunk >= state->chunk_count || atomic_load(&state->stop)) {
                break;
            }
            run_chunk(state, &world, chunk);
        }
    } else {
        atomic_store(&state->out_of_memory, true);
        atomic_store(&state->stop, true);
    }
    run_world_destroy(&world);
    while (write(state->done_pipe[1], "", 1) < 0 && errno == EINTR) {
    }
    return NULL;
}

static void draw_progress(run_state *state, double began_s, bool last) {
    FILE *out = state->request->progress;
    if (out == NULL) {
        return;
    }
    const uint64_t total = state->request->trials * state->results->cell_count;
    const uint64_t done = atomic_load(&state->trials_done);
    const uint64_t failed = atomic_load(&state->trials_failed);
    const double spent_s = wall_now_s() - began_s;
    const double left_s = done > 0 ? spent_s / (double)done * (double)(total - done) : 0.0;
    const uint64_t eta_s = (uint64_t)(left_s + 0.5);
    if (last) {
        fprintf(out, "\r%79s\r", "");
    } else {
        fprintf(out, "\r[%3llu%%] %llu/%llu trials, %llu failed, eta %02llu:%02llu   ",
                (unsigned long long)(total > 0 ? done * 100 / total : 100),
                (unsigned long long)done, (unsigned long long)total, (unsigned long long)failed,
                (unsigned long long)(eta_s / 60), (unsigned long long)(eta_s % 60));
    }
    fflush(out);
}

/* Waits for the workers; SIGINT and SIGTERM arrive here as data, because they are blocked. */
static void wait_for(run_state *state, uint32_t workers, const sigset_t *signals) {
    const double began_s = wall_now_s();
    const int signal_fd = signalfd(-1, signals, SFD_CLOEXEC);
    uint32_t ended = 0;
    while (ended < workers) {
        struct pollfd fds[2] = {{state->done_pipe[0], POLLIN, 0}, {signal_fd, POLLIN, 0}};
        (void)poll(fds, 2, state->request->progress != NULL ? PROGRESS_MS : -1);
        if (fds[1].revents & POLLIN) {
            struct signalfd_siginfo info;
            if (read(signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
                state->results->interrupted = true;
                state->results->signal = (int)info.ssi_signo;
                atomic_store(&state->stop, true);
            }
        }
        if (fds[0].revents & POLLIN) {
            char bytes[64];
            const ssize_t got = read(state->done_pipe[0], bytes, sizeof bytes);
            ended += got > 0 ? (uint32_t)got : 0;
        }
        if (ended < workers) {
            draw_progress(state, began_s, false);
        }
    }
    draw_progress(state, began_s, true);
    if (signal_fd >= 0) {
        close(signal_fd);
    }
}

static void signals_of_interest(sigset_t *signals) {
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
}

void run_hold_signals(sigset_t *before_out) {
    sigset_t signals;
    signals_of_interest(&signals);
    pthread_sigmask(SIG_BLOCK, &signals, before_out);
}

void run_release_signals(const sigset_t *before) {
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* Starts, waits for and joins the threads. False when not even one could be started. */
static bool run_threads(run_state *state, uint32_t jobs) {
    pthread_t *threads = calloc(jobs, sizeof *threads);
    sigset_t signals;
    sigset_t before;
    signals_of_interest(&signals);
    run_hold_signals(&before); /* inherited by the workers */
    uint32_t started = 0;
    while (threads != NULL && started < jobs &&
           pthread_create(&threads[started], NULL, worker, state) == 0) {
        started++;
    }
    wait_for(state, started, &signals);
    for (uint32_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    run_release_signals(&before);
    free(threads);
    return started > 0;
}

/* Memory that programs may still take: what the kernel calls available, which counts caches it
 * would give up, or else the pages that are free. */
static uint64_t available_bytes(void) {
    static const char label[] = "MemAvailable:"; /* then blanks, kilobytes, " kB" */
    unsigned long long kilobytes = 0;
    FILE *info = fopen("/proc/meminfo", "r");
    char line[128];
    while (info != NULL && kilobytes == 0 && fgets(line, sizeof line, info) != NULL) {
        if (strncmp(line, label, sizeof label - 1) == 0) {
            kilobytes = strtoull(line + sizeof label - 1, NULL, 10); /* 0 when there is no number */
        }
    }
    if (info != NULL) {
        fclose(info);
    }
    if (kilobytes > 0) {
        return (uint64_t)kilobytes * 1024;
    }
    const long pages = sysconf(_SC_AVPHYS_PAGES);
    const long page_bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : UINT64_MAX;
}

uint64_t run_trials_that_fit(const run_request *request) {
    const uint32_t cell_count = sim_scenario_cell_count(request->scenario);
    sim_plan *plan = sim_scenario_plan_create(request->scenario);
    if (plan == NULL) {
        return 1;
    }
    fill_plan(request, 0, 0, plan); /* a call less or more in other cells changes little */
    const uint64_t calls = plan->call_count;
    sim_scenario_plan_destroy(plan);
    const uint64_t round_bytes =
        cell_count * (sizeof(sim_trial_result) + calls * sizeof(sim_call_result));
    /* Three quarters are for results, the rest for worlds, reports and everybody else; chosen. */
    const uint64_t fit = available_bytes() / 4 * 3 / round_bytes;
    return fit > 0 ? fit : 1;
}

/* Room for every result, and what each cell looks like. */
static bool prepare(const run_request *request, run_results *results) {
    const uint32_t cell_count = sim_scenario_cell_count(request->scenario);
    results->cell_count = cell_count;
    results->cells = calloc(cell_count, sizeof *results->cells);
    results->plan = sim_scenario_plan_create(request->scenario);
    if (results->cells == NULL || results->plan == NULL) {
        return false;
    }
    uint64_t calls_per_round = 0;
    for (uint32_t i = cell_count; i-- > 0;) { /* downwards: the plan of cell 0 stays */
        run_cell *cell = &results->cells[i];
        fill_plan(request, i, 0, results->plan);
        cell->call_count = results->plan->call_count;
        cell->holds = results->plan->hold_us > 0;
        for (uint32_t c = 0; c < cell->call_count; c++) {
            cell->messages = cell->messages || results->plan->calls[c].message_count > 0;
        }
        calls_per_round += cell->call_count;
    }
    const uint64_t trials = request->trials * cell_count;
    const uint64_t calls = request->trials * calls_per_round;
    if (calls > SIZE_MAX / 2 / sizeof(sim_call_result) ||
        trials > SIZE_MAX / 2 / sizeof(sim_trial_result)) {
        return false;
    }
    results->trial_memory = calloc((size_t)trials + 1, sizeof *results->trial_memory);
    results->call_memory = calloc((size_t)calls + 1, sizeof *results->call_memory);
    if (results->trial_memory == NULL || results->call_memory == NULL) {
        return false;
    }
    sim_call_result *call = results->call_memory;
    for (uint32_t i = 0; i < cell_count; i++) {
        run_cell *cell = &results->cells[i];
        cell->trials = results->trial_memory + request->trials * i;
        for (uint64_t t = 0; t < request->trials; t++) {
            cell->trials[t].calls = call;
            call += cell->call_count;
        }
    }
    return true;
}

/* Each cell keeps its trials up to the first one that is not finished. */
static void count_finished(const run_state *state, run_results *results) {
    for (uint32_t i = 0; i < results->cell_count; i++) {
        run_cell *cell = &results->cells[i];
        for (uint64_t k = 0; k < state->chunks_per_cell; k++) {
            const uint32_t done = state->chunk_done[k * results->cell_count + i];
            cell->trials_done += done;
            if (done < state->chunk_trials) {
                break;
            }
        }
        results->trials_done += cell->trials_done;
        for (uint64_t t = 0; t < cell->trials_done; t++) {
            results->events += cell->trials[t].events;
        }
    }
}

/* Chunks so small that every job gets several, but not larger than the maximum. */
static uint64_t chunk_size(const run_request *request, uint32_t cell_count) {
    const uint64_t total = request->trials * cell_count;
    const uint64_t share = total / ((uint64_t)request->jobs * 8) + 1;
    return share < CHUNK_TRIALS_MAX ? share : CHUNK_TRIALS_MAX;
}

bool run_trials(const run_request *request, run_results *results) {
    memset(results, 0, sizeof *results);
    const double began_s = wall_now_s();
    run_state state = {.request = request, .results = results};
    bool ran = false;
    if (!prepare(request, results)) {
        results->error = "out of memory: use fewer trials";
        return false;
    }
    state.chunk_trials = chunk_size(request, results->cell_count);
    state.chunks_per_cell = (request->trials + state.chunk_trials - 1) / state.chunk_trials;
    state.chunk_count = state.chunks_per_cell * results->cell_count;
    state.chunk_done = calloc((size_t)state.chunk_count + 1, sizeof *state.chunk_done);
    const bool piped = pipe(state.done_pipe) == 0;
    if (state.chunk_done == NULL || !piped) {
        results->error = "out of memory or file handles";
    } else if (!run_threads(&state, request->jobs)) {
        results->error = "no thread could be started";
    } else if (atomic_load(&state.out_of_memory)) {
        results->error = "out of memory for the worlds: use fewer --jobs";
    } else {
        count_finished(&state, results);
        ran = true;
    }
    if (piped) {
        close(state.done_pipe[0]);
        close(state.done_pipe[1]);
    }
    free(state.chunk_done);
    results->wall_s = wall_now_s() - began_s;
    return ran;
}

void run_results_free(run_results *results) {
    free(results->cells);
    free(results->trial_memory);
    free(results->call_memory);
    sim_scenario_plan_destroy(results->plan);
    memset(results, 0, sizeof *results);
}

uint64_t run_digest(const run_results *results) {
    uint64_t digest = 0;
    for (uint32_t i = 0; i < results->cell_count; i++) {
        const run_cell *cell = &results->cells[i];
        digest = punch_mix64(digest ^ cell->trials_done);
        for (uint64_t t = 0; t < cell->trials_done; t++) {
            digest = punch_mix64(digest ^ cell->trials[t].digest);
        }
    }
    return digest;
}
