/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure.h"

#include <math.h>
#include <stdlib.h>

#include "punch/assert.h"

measure_cell measure_cell_of(const run_cell *cell) {
    measure_cell view = {cell, NULL, NULL, 0, 0};
    const size_t calls = (size_t)(cell->trials_done * cell->call_count);
    view.times_s = calloc(calls + 1, sizeof *view.times_s);
    view.scratch = calloc(calls + (size_t)cell->trials_done + 1, sizeof *view.scratch);
    PUNCH_ASSERT(view.times_s != NULL);
    PUNCH_ASSERT(view.scratch != NULL);
    for (uint64_t t = 0; t < cell->trials_done; t++) {
        for (uint32_t c = 0; c < cell->call_count; c++) {
            const sim_call_result *call = &cell->trials[t].calls[c];
            view.times_s[view.call_count++] =
                call->connected ? (double)call->time_to_connect_us / 1e6 : INFINITY;
            view.connected_count += call->connected ? 1 : 0;
        }
    }
    stats_sort(view.times_s, view.call_count);
    return view;
}

void measure_cell_free(measure_cell *cell) {
    free(cell->times_s);
    free(cell->scratch);
    cell->times_s = NULL;
    cell->scratch = NULL;
}

static stats_estimate connected(const measure_cell *cell) {
    return stats_ratio(cell->connected_count, cell->call_count, STATS_CONFIDENCE);
}

static stats_estimate time_p50(const measure_cell *cell) {
    return stats_quantile(cell->times_s, cell->call_count, 0.5, STATS_CONFIDENCE);
}

static stats_estimate time_p95(const measure_cell *cell) {
    return stats_quantile(cell->times_s, cell->call_count, 0.95, STATS_CONFIDENCE);
}

/* Mean over calls of a number each call has. */
static stats_estimate mean_over_calls(const measure_cell *cell,
                                      double (*number)(const sim_call_result *call),
                                      bool only_connected) {
    stats_moments moments = {0};
    for (uint64_t t = 0; t < cell->cell->trials_done; t++) {
        for (uint32_t c = 0; c < cell->cell->call_count; c++) {
            const sim_call_result *call = &cell->cell->trials[t].calls[c];
            if (call->connected || !only_connected) {
                stats_moments_add(&moments, number(call));
            }
        }
    }
    return stats_mean_of(&moments, STATS_CONFIDENCE);
}

static double intros_of(const sim_call_result *call) {
    return (double)call->intros_sent[0] + (double)call->intros_sent[1];
}

static double keepalives_of(const sim_call_result *call) {
    return (double)call->keepalives_sent[0] + (double)call->keepalives_sent[1];
}

static double acked_of(const sim_call_result *call) {
    const double all = (double)call->messages_acked + (double)call->messages_unconfirmed +
                       (double)call->messages_refused;
    return all > 0.0 ? (double)call->messages_acked / all : 0.0;
}

static stats_estimate intros_mean(const measure_cell *cell) {
    return mean_over_calls(cell, intros_of, false);
}

static stats_estimate keepalives_mean(const measure_cell *cell) {
    return mean_over_calls(cell, keepalives_of, true);
}

static stats_estimate acked_mean(const measure_cell *cell) {
    return mean_over_calls(cell, acked_of, true);
}

static stats_estimate packets_mean(const measure_cell *cell) {
    stats_moments moments = {0};
    for (uint64_t t = 0; t < cell->cell->trials_done; t++) {
        stats_moments_add(&moments, (double)cell->cell->trials[t].packets_sent);
    }
    return stats_mean_of(&moments, STATS_CONFIDENCE);
}

static stats_estimate held(const measure_cell *cell) {
    uint64_t lost = 0;
    for (uint64_t t = 0; t < cell->cell->trials_done; t++) {
        for (uint32_t c = 0; c < cell->cell->call_count; c++) {
            const sim_call_result *call = &cell->cell->trials[t].calls[c];
            lost += call->connected && call->lost_after ? 1 : 0;
        }
    }
    return stats_ratio(cell->connected_count - lost, cell->connected_count, STATS_CONFIDENCE);
}

static stats_estimate outbound_gap_p50(const measure_cell *cell) {
    uint64_t count = 0;
    for (uint64_t t = 0; t < cell->cell->trials_done; t++) {
        for (uint32_t c = 0; c < cell->cell->call_count; c++) {
            const sim_call_result *call = &cell->cell->trials[t].calls[c];
            if (call->connected) {
                const punch_time_us gap_us =
                    punch_time_later(call->outbound_gap_us_max[0], call->outbound_gap_us_max[1]);
                cell->scratch[count++] = (double)gap_us / 1e6;
            }
        }
    }
    stats_sort(cell->scratch, count);
    return stats_quantile(cell->scratch, count, 0.5, STATS_CONFIDENCE);
}

static bool holds(const run_cell *cell) {
    return cell->holds;
}

static bool sends_messages(const run_cell *cell) {
    return cell->messages;
}

static const measure table[] = {
    {"connected", "share of calls in which both sides emitted CONNECTED before the limit", NULL,
     connected},
    {"time_to_connect_s_p50", "median time from the intended moment of the call, failures as never",
     NULL, time_p50},
    {"time_to_connect_s_p95", "95th percentile of the same", NULL, time_p95},
    {"intros_sent_mean", "INTRO packets of both sides per call", NULL, intros_mean},
    {"packets_sent_mean", "packets of all hosts per trial", NULL, packets_mean},
    {"held", "share of connected calls that were not lost before the world ended", holds, held},
    {"keepalives_sent_mean", "KEEPALIVE, ARE_YOU_THERE and HERE of both sides per connected call",
     holds, keepalives_mean},
    {"outbound_gap_s_max_p50",
     "median over connected calls of the longest outbound silence of either side", holds,
     outbound_gap_p50},
    {"messages_acked_mean", "share of a connected call's short messages that were acknowledged",
     sends_messages, acked_mean},
};

const measure *measures(size_t *count_out) {
    *count_out = sizeof table / sizeof table[0];
    return table;
}
