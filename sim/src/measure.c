/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/measure.h"

#include <string.h>

static double connected(const sim_trial_result *trial, uint32_t call) {
    return trial->calls[call].connected ? 1.0 : 0.0;
}

static double time_to_connect_us(const sim_trial_result *trial, uint32_t call) {
    const sim_call_result *result = &trial->calls[call];
    return result->connected ? (double)result->time_to_connect_us : INFINITY;
}

static double intros(const sim_trial_result *trial, uint32_t call) {
    const sim_call_result *result = &trial->calls[call];
    return (double)result->intros_sent[0] + (double)result->intros_sent[1];
}

static double packets(const sim_trial_result *trial, uint32_t call) {
    (void)call;
    return (double)trial->packets_sent;
}

static double held(const sim_trial_result *trial, uint32_t call) {
    const sim_call_result *result = &trial->calls[call];
    if (!result->connected) {
        return SIM_MEASURE_NOT_COUNTED;
    }
    return result->lost_after ? 0.0 : 1.0;
}

static double keepalives(const sim_trial_result *trial, uint32_t call) {
    const sim_call_result *result = &trial->calls[call];
    if (!result->connected) {
        return SIM_MEASURE_NOT_COUNTED;
    }
    return (double)result->keepalives_sent[0] + (double)result->keepalives_sent[1];
}

static double outbound_gap_us(const sim_trial_result *trial, uint32_t call) {
    const sim_call_result *result = &trial->calls[call];
    if (!result->connected) {
        return SIM_MEASURE_NOT_COUNTED;
    }
    return (double)punch_time_later(result->outbound_gap_us_max[0], result->outbound_gap_us_max[1]);
}

static double messages_acked(const sim_trial_result *trial, uint32_t call) {
    const sim_call_result *result = &trial->calls[call];
    if (!result->connected) {
        return SIM_MEASURE_NOT_COUNTED;
    }
    const double all = (double)result->messages_acked + (double)result->messages_unconfirmed +
                       (double)result->messages_refused;
    return all > 0.0 ? (double)result->messages_acked / all : 0.0;
}

static const sim_measure table[] = {
    {.name = "connected",
     .label = "connected",
     .help = "share of calls in which both sides emitted CONNECTED before the limit",
     .kind = SIM_MEASURE_SHARE,
     .unit = SIM_UNIT_SHARE,
     .sense = SIM_MORE_IS_BETTER,
     .value = connected},
    {.name = "time_to_connect_s_p50",
     .label = "time to connect, median, s",
     .help = "median time from the intended moment of the call, failures as never",
     .kind = SIM_MEASURE_QUANTILE,
     .unit = SIM_UNIT_SECONDS,
     .sense = SIM_LESS_IS_BETTER,
     .p = 0.5,
     .value = time_to_connect_us},
    {.name = "time_to_connect_s_p95",
     .label = "time to connect, 95th percentile, s",
     .help = "95th percentile of the same",
     .kind = SIM_MEASURE_QUANTILE,
     .unit = SIM_UNIT_SECONDS,
     .sense = SIM_LESS_IS_BETTER,
     .p = 0.95,
     .value = time_to_connect_us},
    {.name = "intros_sent_mean",
     .label = "INTRO packets per call",
     .help = "INTRO packets of both sides per call",
     .kind = SIM_MEASURE_MEAN,
     .unit = SIM_UNIT_COUNT,
     .sense = SIM_LESS_IS_BETTER,
     .value = intros},
    {.name = "packets_sent_mean",
     .label = "packets per trial",
     .help = "packets of all hosts per trial",
     .kind = SIM_MEASURE_MEAN,
     .unit = SIM_UNIT_COUNT,
     .sense = SIM_LESS_IS_BETTER,
     .per_trial = true,
     .value = packets},
    {.name = "held",
     .label = "held",
     .help = "share of connected calls that were not lost before the world ended",
     .kind = SIM_MEASURE_SHARE,
     .unit = SIM_UNIT_SHARE,
     .sense = SIM_MORE_IS_BETTER,
     .where = SIM_MEASURED_HOLDING,
     .value = held},
    {.name = "keepalives_sent_mean",
     .label = "keepalives per call",
     .help = "KEEPALIVE, ARE_YOU_THERE and HERE of both sides per connected call",
     .kind = SIM_MEASURE_MEAN,
     .unit = SIM_UNIT_COUNT,
     .sense = SIM_LESS_IS_BETTER,
     .where = SIM_MEASURED_HOLDING,
     .value = keepalives},
    {.name = "outbound_gap_s_max_p50",
     .label = "longest outbound silence, median, s",
     .help = "median over connected calls of the longest outbound silence of either side",
     .kind = SIM_MEASURE_QUANTILE,
     .unit = SIM_UNIT_SECONDS,
     .sense = SIM_LESS_IS_BETTER,
     .where = SIM_MEASURED_HOLDING,
     .p = 0.5,
     .value = outbound_gap_us},
    {.name = "messages_acked_mean",
     .label = "messages acknowledged",
     .help = "share of a connected call's short messages that were acknowledged",
     .kind = SIM_MEASURE_MEAN,
     .unit = SIM_UNIT_SHARE,
     .sense = SIM_MORE_IS_BETTER,
     .where = SIM_MEASURED_MESSAGES,
     .value = messages_acked},
};

const sim_measure *sim_measures(uint32_t *count_out) {
    *count_out = (uint32_t)(sizeof table / sizeof table[0]);
    return table;
}

uint32_t sim_measure_find(const char *name) {
    for (uint32_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(table[i].name, name) == 0) {
            return i;
        }
    }
    return SIM_MEASURE_UNKNOWN;
}

double sim_measure_shown(const sim_measure *measure, double raw) {
    return measure->unit == SIM_UNIT_SECONDS ? raw / 1e6 : raw;
}
