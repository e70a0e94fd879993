/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "made_run.h"

#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "punch_test.h"
#include "report.h"

/* Facts that own nothing. */
typedef struct {
    char *pairs[MADE_PAIRS];
    char *losses[MADE_LOSSES];
    facts_factor factors[2];
    facts_cell cells[MADE_CELLS];
    char *hosts[2];
    char *sites[2];
    facts_call call;
    facts about;
} made_facts;

static void fill_facts(made_facts *made, const made_run *run) {
    *made = (made_facts){.pairs = {"open x open", "hard x open"},
                         .losses = {"0%", "2%", "10%"},
                         .hosts = {"a", "b"},
                         .sites = {"A", "B"},
                         .call = {0, 1}};
    made->factors[0] = (facts_factor){"pair", run->both, MADE_PAIRS, made->pairs};
    made->factors[1] =
        (facts_factor){(char *)(uintptr_t)run->loss, run->treatment, MADE_LOSSES, made->losses};
    for (uint32_t i = 0; i < MADE_CELLS; i++) {
        made->cells[i].call_count = 1;
    }
    made->about = (facts){.version = "0",
                          .commit = "none",
                          .scenario = (char *)(uintptr_t)run->scenario,
                          .title = "",
                          .question = "",
                          .file = "made.json",
                          .digest = run->digest,
                          .seed = run->seed,
                          .trials = run->trials,
                          .backend = "des",
                          .virtual_time = true,
                          .crypto = "fast",
                          .shard_count = run->shard_count > 1 ? run->shard_count : 1,
                          .tradeoff = run->tradeoff,
                          .factors = made->factors,
                          .factor_count = 2,
                          .cells = made->cells,
                          .cell_count = MADE_CELLS,
                          .hosts = made->hosts,
                          .host_count = 2,
                          .sites = made->sites,
                          .site_count = 2,
                          .calls = &made->call,
                          .call_count = 1,
                          .expects = run->expects,
                          .expect_count = run->expect_count};
}

void made_connected(sim_trial_result *result, punch_time_us after_us) {
    sim_call_result *call = result->calls;
    call->connected = true;
    call->time_to_connect_us = after_us;
    call->connected_us[0] = after_us;
    call->connected_us[1] = after_us;
}

static void encode_chunk(const made_run *run, const trials_chunk *chunk, trials_buffer *bytes) {
    const facts_cell cell = {.call_count = 1};
    sim_trial_result *results = calloc(chunk->count, sizeof *results);
    sim_call_result *calls = calloc(chunk->count, sizeof *calls);
    for (uint32_t t = 0; t < chunk->count; t++) {
        calls[t].time_to_connect_us = PUNCH_NEVER;
        calls[t].connected_us[0] = PUNCH_NEVER;
        calls[t].connected_us[1] = PUNCH_NEVER;
        results[t].calls = &calls[t];
        run->result(run->user, chunk->cell, chunk->first + t, &results[t]);
    }
    trials_encode(chunk, &cell, results, bytes);
    free(results);
    free(calls);
}

bool made_run_write(const made_run *run, const char *directory) {
    made_facts made;
    fill_facts(&made, run);
    char *path = file_join(directory, REPORT_TRIALS_NAME);
    trials_writer writer;
    int status = trials_create(&writer, path, &made.about);
    free(path);
    if (!EXPECT_INT("a trials file can be made", status, 0)) {
        return false;
    }
    const uint32_t size = trials_chunk_size(&made.about);
    trials_buffer bytes = {0};
    for (uint64_t first = 0; first < run->trials; first += size) {
        for (uint32_t cell = 0; cell < MADE_CELLS; cell++) {
            const uint64_t left = run->trials - first;
            const trials_chunk chunk = {cell, first, left < size ? (uint32_t)left : size};
            if (trials_of_shard(&made.about, &chunk)) {
                encode_chunk(run, &chunk, &bytes);
            }
        }
    }
    status = trials_append(&writer, &bytes);
    trials_buffer_free(&bytes);
    return EXPECT_INT("trials can be written", status, 0) &&
           EXPECT_INT("and kept", trials_finish(&writer), 0);
}
