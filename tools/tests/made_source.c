/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "made_source.h"

#include <stdlib.h>

#include "process.h"
#include "punch/rng.h"
#include "punch_test.h"

void made_result(const void *user, uint32_t cell, uint64_t trial, sim_trial_result *result) {
    const made_quality *how = user;
    punch_rng rng = punch_rng_stream(trial, 0, 0);
    const uint32_t loss = cell % MADE_LOSSES;
    const uint64_t luck = punch_rng_below(&rng, 100);
    const punch_time_us usual_us = 200000 + (punch_time_us)punch_rng_below(&rng, 100000);
    const uint64_t packets = 20 + punch_rng_below(&rng, 5);
    const bool slow = how->slow_percent == 0 || punch_rng_below(&rng, 100) < how->slow_percent;
    if (luck >= how->fails_percent + loss * how->fails_percent_more) {
        made_connected(result, usual_us + (slow ? how->slower_us * (1 + loss) : 0));
    }
    result->packets_sent = packets + how->packets_more;
    result->calls[0].intros_sent[0] = 1;
}

void made_slow_with_loss(const void *user, uint32_t cell, uint64_t trial,
                         sim_trial_result *result) {
    made_quality how = *(const made_quality *)user;
    how.slower_us = cell % MADE_LOSSES > 0 ? 1000000 : 0;
    made_result(&how, cell, trial, result);
}

bool made_source_open(made_source *made, const made_run *run) {
    process_make_directory(made->directory, sizeof made->directory);
    if (!made_run_write(run, made->directory)) {
        return false;
    }
    char *why = compare_source_open(&made->source, made->directory, "punchlab", 1);
    const bool good = EXPECT_TEXT("it can be opened", why == NULL ? "" : why, "");
    free(why);
    return good;
}

void made_source_close(made_source *made) {
    compare_source_close(&made->source);
    process_remove_directory(made->directory);
}

made_run made_run_like(const made_quality *how) {
    const made_run run = {.scenario = "made",
                          .digest = 0x1234,
                          .seed = 1,
                          .trials = 600,
                          .loss = "loss",
                          .treatment = true,
                          .result = made_result,
                          .user = how};
    return run;
}

sim_call_result made_call_of(const made_quality *how, uint32_t cell, uint64_t trial) {
    sim_call_result call = {.time_to_connect_us = PUNCH_NEVER};
    sim_trial_result result = {.calls = &call};
    made_result(how, cell, trial, &result);
    return call;
}
