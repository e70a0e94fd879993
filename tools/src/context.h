/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which trial this thread is running. The one piece of thread-local state in the project: an assert
 * in the core knows nothing but its own line, and punch_panic() takes no user pointer, so this is
 * the only way a broken invariant can name the command that repeats it. Nothing else reads it.
 */
#ifndef CONTEXT_H
#define CONTEXT_H

#include "sim/backend.h"
#include "sim/scenario.h"

typedef struct {
    const char *program; /* NULL: no trial is running */
    const char *file;    /* scenario file as typed */
    const sim_override *overrides;
    size_t override_count;
    char *const *plugins; /* files, as typed */
    size_t plugin_count;
    const char *backend_given; /* --backend or --crypto, where they differ from the scenario's */
    const char *crypto_given;  /* or NULL */
    const sim_backend_ops *backend;
    const sim_plan *plan;
    uint32_t cell;
    uint64_t trial;
    uint64_t seed;       /* of the run */
    uint64_t trial_seed; /* of the trial */
    /* Filled while punch_panic() runs the trial again with an observer, to learn the time. */
    bool repeating;
    punch_time_us last_at_us;
    /* What the first panic said. */
    const char *panic_file;
    int panic_line;
    const char *panic_what;
    int64_t panic_got;
    int64_t panic_expected;
} context;

/* This thread's. */
context *context_here(void);

/* Prints "PROGRAM replay FILE --cell C --trial T --seed S --backend B --crypto N --set k=v
 * --plugin F", shell-quoted. */
void context_print_replay(FILE *out, const context *where);

#endif
