/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens when an invariant breaks. The assert knows its line; this adds which trial it was
 * and the command that shows it packet by packet. The simulated time is not known here, so a
 * virtual-time trial is simply run once more with an observer that notes the time of every record,
 * until it breaks again.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"
#include "context.h"
#include "format.h"
#include "punch/assert.h"

static void note_time(void *user, const sim_saw *record) {
    context *where = user;
    where->last_at_us = record->at_us;
}

static void run_again(context *where) {
    const sim_plan *plan = where->plan;
    sim_trial_result result = {0};
    result.calls = calloc(plan->call_count + 1u, sizeof *result.calls);
    void *world = where->backend->create(plan);
    if (result.calls == NULL || world == NULL) {
        return;
    }
    const sim_observer observer = {note_time, where};
    where->backend->run(world, plan, where->trial_seed, &observer, &result);
}

__attribute__((noreturn)) static void report(const context *where, bool repeated) {
    FILE *err = stderr;
    fprintf(err, "\npunchlab: an invariant broke: %s:%d: %s (got %lld, expected %lld)\n",
            where->panic_file, where->panic_line, where->panic_what, (long long)where->panic_got,
            (long long)where->panic_expected);
    if (where->program != NULL) {
        fprintf(err, "scenario %s, cell %u, trial %llu, seed %llu, trial seed %llu\n", where->file,
                where->cell, (unsigned long long)where->trial, (unsigned long long)where->seed,
                (unsigned long long)where->trial_seed);
        char clock[FORMAT_TEXT_CAP];
        if (repeated) {
            fprintf(err, "simulated time %s\n", format_clock(where->last_at_us, clock));
        } else {
            fputs("simulated time unknown: the trial, run again, did not break\n", err);
        }
        fputs("repeat: ", err);
        context_print_replay(err, where);
        fputc('\n', err);
    }
    fflush(NULL);
    _exit(CLI_BROKEN);
}

void punch_panic(const char *file, int line, const char *what, int64_t got, int64_t expected) {
    context *where = context_here();
    if (where->repeating) {
        report(where, true);
    }
    where->panic_file = file;
    where->panic_line = line;
    where->panic_what = what;
    where->panic_got = got;
    where->panic_expected = expected;
    where->repeating = true;
    if (where->program != NULL && where->backend->virtual_time) {
        run_again(where);
    }
    report(where, false);
}
