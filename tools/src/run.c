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

#include "analysis.h"
#include "context.h"
#include "intervals.h"
#include "memory.h"
#include "punch/assert.h"

/* How often the progress line is redrawn. Chosen. */
#define PROGRESS_MS 200

/* Frames that wait for an earlier one, per job. Chosen: a slow chunk then stops nobody. */
#define WAITING_PER_JOB 8u

/* A finished frame that waits for its turn to be appended. */
typedef struct {
    trials_chunk chunk;
    trials_buffer bytes;
    bool ready;
} waiting_frame;

/* What the threads of a run share. Chunks are numbered in the order of the file. */
typedef struct {
    const run_request *request;
    run_outcome *outcome;
    trials_writer writer;

    pthread_mutex_t lock; /* guards everything down to the next empty line */
    pthread_cond_t moved; /* next_append has */
    uint64_t first;       /* of the chunks that are handed out now */
    uint32_t turn;        /* next of `active` */
    uint64_t next_ticket;
    uint64_t next_append;
    waiting_frame *waiting; /* ring, by ticket */
    uint32_t waiting_count;

    uint64_t *resume_from; /* per cell: trials that are in the file already */
    uint32_t *active;      /* cells of this look, ascending */
    uint32_t active_count;
    uint32_t chunk_trials;
    uint64_t look_begin; /* trials per cell */
    uint64_t look_end;
    uint32_t look;

    uint64_t trials_wanted; /* of this look, and before */
    atomic_uint_fast64_t trials_done;
    atomic_uint_fast64_t trials_failed;
    atomic_uint_fast64_t events;
    atomic_bool stop;
    atomic_bool out_of_memory;
    int done_pipe[2]; /* a worker that ends writes one byte */
} run_state;

static double wall_now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void run_plan(const run_request *request, uint32_t cell, uint64_t trial, sim_plan *plan) {
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
        run_plan(request, cell, 0, plan);
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
        .plugins = request->plugins,
        .plugin_count = request->plugin_count,
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
    run_plan(request, cell, trial, world->plan);
    request->backend->run(world->world, world->plan, here->trial_seed, observer, result);
    here->program = NULL;
}

/* --- workers */

static bool any_call_failed(const sim_trial_result *trial, uint32_t call_count) {
    for (uint32_t i = 0; i < call_count; i++) {
        if (!trial->calls[i].connected) {
            return true;
        }
    }
    return false;
}

/* The next chunk in file order, whoever computes it; false at the end of the look. */
static bool advance(run_state *state, trials_chunk *chunk_out) {
    if (state->active_count == 0 || state->first >= state->look_end) {
        return false;
    }
    const uint64_t left = state->look_end - state->first;
    chunk_out->cell = state->active[state->turn];
    chunk_out->first = state->first;
    chunk_out->count = (uint32_t)(left < state->chunk_trials ? left : state->chunk_trials);
    if (++state->turn == state->active_count) {
        state->turn = 0;
        state->first += state->chunk_trials;
    }
    return true;
}

/* The next chunk that is ours and not in the file yet. */
static bool next_own(run_state *state, trials_chunk *chunk_out) {
    const trials_file *file = &state->outcome->file;
    while (advance(state, chunk_out)) {
        if (trials_of_shard(&file->about, chunk_out) &&
            chunk_out->first >= state->resume_from[chunk_out->cell]) {
            return true;
        }
    }
    return false;
}

/* Hands out a chunk with its place in the file; waits while too many frames wait themselves. */
static bool take_chunk(run_state *state, trials_chunk *chunk_out, uint64_t *ticket_out) {
    bool taken = false;
    pthread_mutex_lock(&state->lock);
    while (!atomic_load(&state->stop) &&
           state->next_ticket - state->next_append >= state->waiting_count) {
        pthread_cond_wait(&state->moved, &state->lock);
    }
    if (!atomic_load(&state->stop) && next_own(state, chunk_out)) {
        *ticket_out = state->next_ticket++;
        taken = true;
    }
    pthread_mutex_unlock(&state->lock);
    return taken;
}

static void stop_all(run_state *state) {
    atomic_store(&state->stop, true);
    pthread_cond_broadcast(&state->moved);
}

/* Appends the frames whose turn it is. Called with the lock. */
static void append_ready(run_state *state) {
    trials_file *file = &state->outcome->file;
    while (state->outcome->write_errno == 0) {
        waiting_frame *frame = &state->waiting[state->next_append % state->waiting_count];
        if (!frame->ready) {
            return;
        }
        const int why = trials_append(&state->writer, &frame->bytes);
        if (why != 0) {
            state->outcome->write_errno = why;
            stop_all(state);
            return;
        }
        trials_note(file, &frame->chunk, (uint32_t)frame->bytes.length);
        frame->bytes.length = 0;
        frame->ready = false;
        state->next_append++;
        pthread_cond_broadcast(&state->moved);
    }
}

/* Results of one chunk, with room for any cell's calls. */
typedef struct {
    sim_trial_result *results;
    sim_call_result *calls;
    interval_log *logs; /* INTERVALS_TRIALS */
} chunk_room;

static void deliver(run_state *state, const trials_chunk *chunk, uint64_t ticket,
                    const chunk_room *room) {
    const facts_cell *cell = &state->outcome->file.about.cells[chunk->cell];
    waiting_frame *frame = &state->waiting[ticket % state->waiting_count]; /* ours until ready */
    frame->chunk = *chunk;
    frame->bytes.length = 0;
    trials_encode_logs(chunk, cell, room->results, room->logs, &frame->bytes);
    pthread_mutex_lock(&state->lock);
    frame->ready = true;
    append_ready(state);
    pthread_mutex_unlock(&state->lock);
}

/* The chunk's i-th trial, listened to. */
static void run_logged(run_world *world, const trials_chunk *chunk, uint32_t i,
                       const chunk_room *room) {
    interval_watch watch;
    const sim_observer observer = {intervals_saw, &watch};
    intervals_begin(&watch, world->plan, &room->logs[i]);
    run_world_trial(world, chunk->cell, chunk->first + i, &observer, &room->results[i]);
    intervals_end(&watch);
}

/* False: stopped on the way. */
static bool run_chunk(run_state *state, run_world *world, const trials_chunk *chunk,
                      const chunk_room *room) {
    const facts_cell *cell = &state->outcome->file.about.cells[chunk->cell];
    const uint32_t calls = cell->call_count;
    const uint32_t logged = trials_logged(chunk, cell);
    sim_trial_result *results = room->results;
    uint64_t events = 0;
    for (uint32_t i = 0; i < chunk->count; i++) {
        if (atomic_load_explicit(&state->stop, memory_order_relaxed)) {
            return false;
        }
        if (i < logged) {
            run_logged(world, chunk, i, room);
        } else {
            run_world_trial(world, chunk->cell, chunk->first + i, NULL, &results[i]);
        }
        PUNCH_ASSERT_EQ(world->plan->call_count, calls);
        events += results[i].events;
        atomic_fetch_add_explicit(&state->trials_done, 1, memory_order_relaxed);
        if (any_call_failed(&results[i], calls)) {
            atomic_fetch_add_explicit(&state->trials_failed, 1, memory_order_relaxed);
        }
    }
    atomic_fetch_add_explicit(&state->events, events, memory_order_relaxed);
    return true;
}

static chunk_room make_chunk_room(const run_state *state) {
    const uint32_t calls = state->outcome->file.about.call_count;
    const chunk_room room = {
        memory_zeroed(state->chunk_trials, sizeof *room.results),
        memory_zeroed((size_t)state->chunk_trials * calls, sizeof *room.calls),
        memory_zeroed(INTERVALS_TRIALS, sizeof *room.logs),
    };
    for (uint32_t i = 0; i < state->chunk_trials; i++) {
        room.results[i].calls = room.calls + (size_t)i * calls;
    }
    return room;
}

static void *worker(void *user) {
    run_state *state = user;
    run_world world;
    const chunk_room room = make_chunk_room(state);
    if (run_world_create(&world, state->request)) {
        trials_chunk chunk;
        uint64_t ticket = 0;
        while (take_chunk(state, &chunk, &ticket) && run_chunk(state, &world, &chunk, &room)) {
            deliver(state, &chunk, ticket, &room);
        }
    } else {
        atomic_store(&state->out_of_memory, true);
        stop_all(state);
    }
    run_world_destroy(&world);
    free(room.results);
    free(room.calls);
    free(room.logs);
    while (write(state->done_pipe[1], "", 1) < 0 && errno == EINTR) {
    }
    return NULL;
}

/* --- waiting for them */

static void draw_progress(run_state *state, double began_s, bool last) {
    FILE *out = state->request->progress;
    if (out == NULL) {
        return;
    }
    const uint64_t before = state->outcome->trials_before;
    const uint64_t total = state->trials_wanted;
    const uint64_t now = atomic_load(&state->trials_done);
    const uint64_t done = before + now;
    const uint64_t failed = atomic_load(&state->trials_failed);
    const double spent_s = wall_now_s() - began_s;
    const double left_s =
        now > 0 && total > done ? spent_s / (double)now * (double)(total - done) : 0.0;
    const uint64_t eta_s = (uint64_t)(left_s + 0.5);
    if (last) {
        fprintf(out, "\r%79s\r", "");
    } else {
        fprintf(out, "\r[%3llu%%] %llu/%llu trials, %llu failed, eta %02llu:%02llu",
                (unsigned long long)(total > 0 ? done * 100 / total : 100),
                (unsigned long long)done, (unsigned long long)total, (unsigned long long)failed,
                (unsigned long long)(eta_s / 60), (unsigned long long)(eta_s % 60));
        if (state->request->until.given) {
            fprintf(out, ", look %u", state->look + 1);
        }
        fputs("   ", out);
    }
    fflush(out);
}

/* Waits for the workers; SIGINT and SIGTERM arrive here as data, because they are blocked. */
static void wait_for(run_state *state, uint32_t workers, const sigset_t *signals, double began_s) {
    const int signal_fd = signalfd(-1, signals, SFD_CLOEXEC);
    uint32_t ended = 0;
    while (ended < workers) {
        struct pollfd fds[2] = {{state->done_pipe[0], POLLIN, 0}, {signal_fd, POLLIN, 0}};
        (void)poll(fds, 2, state->request->progress != NULL ? PROGRESS_MS : -1);
        if (fds[1].revents & POLLIN) {
            struct signalfd_siginfo info;
            if (read(signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
                state->outcome->interrupted = true;
                state->outcome->signal = (int)info.ssi_signo;
                stop_all(state);
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

/* One look: starts, waits for and joins the threads. False when not even one could be started. */
static bool run_look(run_state *state, double began_s) {
    const uint32_t jobs = state->request->jobs;
    pthread_t *threads = memory_zeroed(jobs, sizeof *threads);
    sigset_t signals;
    sigset_t before;
    signals_of_interest(&signals);
    run_hold_signals(&before); /* inherited by the workers */
    uint32_t started = 0;
    while (started < jobs && pthread_create(&threads[started], NULL, worker, state) == 0) {
        started++;
    }
    wait_for(state, started, &signals, began_s);
    for (uint32_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    run_release_signals(&before);
    free(threads);
    return started > 0;
}

/* --- looks */

/* Has the cell seen enough by the end of the look it has just finished? */
static bool seen_enough(const run_state *state, uint32_t cell) {
    const facts *about = &state->outcome->file.about;
    const stats_estimate e = analysis_measure(&state->outcome->file, cell, about->until.measure,
                                              stats_confidence_of_looks(trials_look_count(about)));
    return analysis_seen_enough(about, &e);
}

/* Cells that go on to this look, and how many trials that makes. A cell that has trials of it
 * already went on when this run was begun. */
static void choose_active(run_state *state) {
    const trials_file *file = &state->outcome->file;
    const facts *about = &file->about;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < state->active_count; i++) {
        const uint32_t cell = state->active[i];
        if (state->look == 0 || file->cells[cell].trials > state->look_begin ||
            !seen_enough(state, cell)) {
            state->active[kept++] = cell;
        }
    }
    state->active_count = kept;
    for (uint64_t first = state->look_begin; first < state->look_end;
         first += state->chunk_trials) {
        const uint64_t left = state->look_end - first;
        for (uint32_t i = 0; i < kept; i++) {
            const trials_chunk chunk = {state->active[i], first, 0};
            if (trials_of_shard(about, &chunk)) {
                state->trials_wanted += left < state->chunk_trials ? left : state->chunk_trials;
            }
        }
    }
}

static bool run_looks(run_state *state) {
    run_outcome *outcome = state->outcome;
    const facts *about = &outcome->file.about;
    const uint32_t looks = trials_look_count(about);
    const double began_s = wall_now_s();
    bool started = true;
    for (state->look = 0; state->look < looks && started && !atomic_load(&state->stop);
         state->look++) {
        state->look_begin = state->look_end;
        state->look_end = trials_look(about, state->look);
        state->first = state->look_begin;
        state->turn = 0;
        choose_active(state);
        if (state->active_count == 0) {
            break;
        }
        started = run_look(state, began_s);
    }
    draw_progress(state, began_s, true);
    outcome->whole = started && !atomic_load(&state->stop);
    return started;
}

/* --- the whole */

/* Opens the file for reading and for writing. False with outcome->error or write_errno set. */
static bool open_file(run_state *state, const char *path, trials_file *begun) {
    run_outcome *outcome = state->outcome;
    int why = 0;
    if (begun != NULL) {
        outcome->file = *begun;
        memset(begun, 0, sizeof *begun);
        begun->fd = -1;
        why = trials_continue(&state->writer, &outcome->file);
    } else {
        facts about = run_facts(state->request);
        why = trials_create(&state->writer, path, &about);
        facts_free(&about);
        char *wrong = why == 0 ? trials_open(&outcome->file, path) : NULL;
        if (wrong != NULL) {
            free(wrong);
            outcome->error = "the trials file cannot be read back";
            return false;
        }
    }
    outcome->write_errno = why;
    if (why != 0) {
        outcome->error = strerror(why);
    }
    return why == 0;
}

static void prepare(run_state *state) {
    const facts *about = &state->outcome->file.about;
    state->chunk_trials = trials_chunk_size(about);
    state->waiting_count = state->request->jobs * WAITING_PER_JOB;
    state->waiting = memory_zeroed(state->waiting_count, sizeof *state->waiting);
    state->active = memory_zeroed(about->cell_count, sizeof *state->active);
    state->resume_from = memory_zeroed(about->cell_count, sizeof *state->resume_from);
    for (uint32_t i = 0; i < about->cell_count; i++) {
        const struct trials_cell *cell = &state->outcome->file.cells[i];
        const trials_frame *frames = state->outcome->file.frames;
        state->active[i] = i;
        if (cell->last != TRIALS_NONE) {
            state->resume_from[i] = frames[cell->last].chunk.first + frames[cell->last].chunk.count;
        }
        state->outcome->trials_before += cell->trials;
    }
    state->active_count = about->cell_count;
    pthread_mutex_init(&state->lock, NULL);
    pthread_cond_init(&state->moved, NULL);
}

static void release(run_state *state) {
    for (uint32_t i = 0; state->waiting != NULL && i < state->waiting_count; i++) {
        trials_buffer_free(&state->waiting[i].bytes);
    }
    free(state->waiting);
    free(state->active);
    free(state->resume_from);
    pthread_mutex_destroy(&state->lock);
    pthread_cond_destroy(&state->moved);
}

bool run_trials(const run_request *request, const char *path, trials_file *begun,
                run_outcome *outcome) {
    memset(outcome, 0, sizeof *outcome);
    outcome->file.fd = -1;
    const double began_s = wall_now_s();
    run_state state = {.request = request, .outcome = outcome, .writer = {-1, 0}};
    if (open_file(&state, path, begun)) {
        prepare(&state);
        if (pipe(state.done_pipe) != 0) {
            outcome->error = "out of file handles";
        } else {
            if (!run_looks(&state)) {
                outcome->error = "no thread could be started";
            } else if (atomic_load(&state.out_of_memory)) {
                outcome->error = "out of memory for the worlds: use fewer --jobs";
            }
            close(state.done_pipe[0]);
            close(state.done_pipe[1]);
        }
        release(&state);
        const int why = trials_finish(&state.writer);
        outcome->write_errno = outcome->write_errno != 0 ? outcome->write_errno : why;
        outcome->whole = outcome->whole && outcome->write_errno == 0 && outcome->error == NULL;
    }
    for (uint32_t i = 0; i < outcome->file.about.cell_count; i++) {
        outcome->trials_done += outcome->file.cells[i].trials;
    }
    outcome->trials_done -= outcome->trials_before;
    outcome->events = atomic_load(&state.events);
    outcome->wall_s = wall_now_s() - began_s;
    if (outcome->error != NULL) {
        trials_close(&outcome->file);
    }
    return outcome->error == NULL;
}
