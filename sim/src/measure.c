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

static double refused_for_want_of_room(const sim_trial_result *trial, uint32_t call) {
    (void)call;
    return (double)trial->verdicts[NAT_DROP_TABLE_FULL] +
           (double)trial->verdicts[NAT_DROP_HOST_LIMIT] +
           (double)trial->verdicts[NAT_DROP_NO_PORT] + (double)trial->verdicts[NAT_DROP_HOST_PORTS];
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

/* --- rates, per hour of the hold's clock --- */

#define HOUR_US 3600e6

static double per_hour(const sim_trial_result *trial, uint32_t call, double amount) {
    const punch_time_us held_us = trial->calls[call].hold.held_us;
    return held_us > 0 ? amount * HOUR_US / (double)held_us : SIM_MEASURE_NOT_COUNTED;
}

static double keepalives_per_hour(const sim_trial_result *trial, uint32_t call) {
    const sim_hold_result *hold = &trial->calls[call].hold;
    return per_hour(trial, call, (double)hold->keepalives[0] + (double)hold->keepalives[1]);
}

static double keepalive_bytes_per_hour(const sim_trial_result *trial, uint32_t call) {
    const sim_hold_result *hold = &trial->calls[call].hold;
    return per_hour(trial, call,
                    (double)hold->keepalive_bytes[0] + (double)hold->keepalive_bytes[1]);
}

static double holes_lost_per_hour(const sim_trial_result *trial, uint32_t call) {
    const sim_hold_result *hold = &trial->calls[call].hold;
    return per_hour(trial, call, (double)hold->holes_lost[0] + (double)hold->holes_lost[1]);
}

/* Of both sides, on average. */
static double unreachable_us(const sim_trial_result *trial, uint32_t call) {
    const sim_hold_result *hold = &trial->calls[call].hold;
    return ((double)hold->unreachable_us[0] + (double)hold->unreachable_us[1]) / 2;
}

static double unreachable_us_per_hour(const sim_trial_result *trial, uint32_t call) {
    return per_hour(trial, call, unreachable_us(trial, call));
}

static double unreachable_share(const sim_trial_result *trial, uint32_t call) {
    return per_hour(trial, call, unreachable_us(trial, call)) / HOUR_US;
}

static double unreachable_us_max(const sim_trial_result *trial, uint32_t call) {
    const sim_hold_result *hold = &trial->calls[call].hold;
    return hold->held_us == 0
               ? SIM_MEASURE_NOT_COUNTED
               : (double)punch_time_later(hold->unreachable_us_max[0], hold->unreachable_us_max[1]);
}

static double false_give_ups_per_hour(const sim_trial_result *trial, uint32_t call) {
    return per_hour(trial, call, (double)trial->calls[call].hold.false_give_ups);
}

static double broker_packets_per_hour(const sim_trial_result *trial, uint32_t call) {
    const sim_hold_result *hold = &trial->calls[call].hold;
    return per_hour(trial, call, (double)hold->broker_packets[0] + (double)hold->broker_packets[1]);
}

static double broker_bytes_per_hour(const sim_trial_result *trial, uint32_t call) {
    const sim_hold_result *hold = &trial->calls[call].hold;
    return per_hour(trial, call, (double)hold->broker_bytes[0] + (double)hold->broker_bytes[1]);
}

/* Keepalives, and all that goes to the broker and comes from there: probes of spare ports too. */
static double upkeep_bytes_per_hour(const sim_trial_result *trial, uint32_t call) {
    return keepalive_bytes_per_hour(trial, call) + broker_bytes_per_hour(trial, call);
}

/* --- faults and radios --- */

static double or_never(punch_time_us time_us) {
    return time_us == PUNCH_NEVER ? INFINITY : (double)time_us;
}

static double notice_us(const sim_trial_result *trial, uint32_t call) {
    const sim_hold_result *hold = &trial->calls[call].hold;
    return hold->has_crashed ? or_never(hold->notice_us) : SIM_MEASURE_NOT_COUNTED;
}

static double recovery_us(const sim_trial_result *trial, uint32_t call) {
    const sim_hold_result *hold = &trial->calls[call].hold;
    return hold->faults > 0 ? or_never(hold->recovery_us_max) : SIM_MEASURE_NOT_COUNTED;
}

/* A figure of both sides, on average over those that have a radio. */
static double of_radios(const sim_hold_result *hold, const double figure[2]) {
    const bool has[2] = {hold->radio_us[0] > 0, hold->radio_us[1] > 0};
    if (!has[0] && !has[1]) {
        return SIM_MEASURE_NOT_COUNTED;
    }
    return ((has[0] ? figure[0] : 0.0) + (has[1] ? figure[1] : 0.0)) /
           ((has[0] ? 1.0 : 0.0) + (has[1] ? 1.0 : 0.0));
}

static double share_of(punch_time_us part_us, punch_time_us whole_us) {
    return whole_us > 0 ? (double)part_us / (double)whole_us : 0.0;
}

static double radio_on(const sim_trial_result *trial, uint32_t call) {
    const sim_hold_result *hold = &trial->calls[call].hold;
    const double share[2] = {share_of(hold->radio_on_us[0], hold->radio_us[0]),
                             share_of(hold->radio_on_us[1], hold->radio_us[1])};
    return of_radios(hold, share);
}

#define UA_PER_MA 1e3

static double radio_ma(const sim_trial_result *trial, uint32_t call) {
    const sim_hold_result *hold = &trial->calls[call].hold;
    const double ma[2] = {hold->radio_ua[0] / UA_PER_MA, hold->radio_ua[1] / UA_PER_MA};
    return of_radios(hold, ma);
}

static double radio_peers_ma(const sim_trial_result *trial, uint32_t call) {
    const sim_hold_result *hold = &trial->calls[call].hold;
    const double ma[2] = {hold->radio_peers_ua[0] / UA_PER_MA, hold->radio_peers_ua[1] / UA_PER_MA};
    return of_radios(hold, ma);
}

/* What most measures of a hold have in common. */
#define HOLD_MEAN(called, labelled, helped, valued)                                         \
    {                                                                                       \
        .name = (called), .label = (labelled), .help = (helped), .kind = SIM_MEASURE_MEAN,  \
        .unit = SIM_UNIT_COUNT, .sense = SIM_LESS_IS_BETTER, .where = SIM_MEASURED_HOLDING, \
        .value = (valued)                                                                   \
    }
#define HOLD_QUANTILE(called, labelled, helped, placed, share, valued)                          \
    {                                                                                           \
        .name = (called), .label = (labelled), .help = (helped), .kind = SIM_MEASURE_QUANTILE,  \
        .unit = SIM_UNIT_SECONDS, .sense = SIM_LESS_IS_BETTER, .where = (placed), .p = (share), \
        .value = (valued)                                                                       \
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
    HOLD_MEAN("keepalives_per_h_mean", "keepalives per hour",
              "KEEPALIVE, ARE_YOU_THERE and HERE of both sides per connection-hour",
              keepalives_per_hour),
    HOLD_MEAN("keepalive_bytes_per_h_mean", "keepalive bytes per hour",
              "the bytes of those with IP and UDP headers, per connection-hour",
              keepalive_bytes_per_hour),
    HOLD_MEAN("holes_lost_per_h_mean", "holes lost per hour",
              "times a side's NAT would no longer let its counterparty in, both sides, per "
              "connection-hour",
              holes_lost_per_hour),
    {.name = "unreachable_s_per_h_mean",
     .label = "unreachable, s per hour",
     .help = "time a side would not have been reached, mean of both, per connection-hour",
     .kind = SIM_MEASURE_MEAN,
     .unit = SIM_UNIT_SECONDS,
     .sense = SIM_LESS_IS_BETTER,
     .where = SIM_MEASURED_HOLDING,
     .value = unreachable_us_per_hour},
    {.name = "unreachable_mean",
     .label = "unreachable",
     .help = "the same as a share of the time",
     .kind = SIM_MEASURE_MEAN,
     .unit = SIM_UNIT_SHARE,
     .sense = SIM_LESS_IS_BETTER,
     .where = SIM_MEASURED_HOLDING,
     .value = unreachable_share},
    HOLD_QUANTILE("unreachable_s_max_p95", "longest time unreachable, 95th percentile, s",
                  "95th percentile over connected calls of the longest time either side would not "
                  "have been reached",
                  SIM_MEASURED_HOLDING, 0.95, unreachable_us_max),
    HOLD_MEAN("false_give_ups_per_h_mean", "false give-ups per hour",
              "times a side found the other dead that was awake and connected, per "
              "connection-hour",
              false_give_ups_per_hour),
    HOLD_MEAN("broker_packets_per_h_mean", "broker packets per hour",
              "packets of both hosts to their broker, and of it that arrived, per connection-hour",
              broker_packets_per_hour),
    HOLD_MEAN("broker_bytes_per_h_mean", "broker bytes per hour",
              "the bytes of those with IP and UDP headers, per connection-hour",
              broker_bytes_per_hour),
    HOLD_QUANTILE("notice_dead_s_p50", "dead peer noticed, median, s",
                  "median time from a crash until the other side gave up, never as never",
                  SIM_MEASURED_CRASHES, 0.5, notice_us),
    HOLD_QUANTILE("notice_dead_s_p95", "dead peer noticed, 95th percentile, s",
                  "95th percentile of the same", SIM_MEASURED_CRASHES, 0.95, notice_us),
    HOLD_QUANTILE("recovery_s_p50", "recovery, median, s",
                  "median over calls of the longest time from a fault until both sides were "
                  "reachable and had heard of each other, never as never",
                  SIM_MEASURED_FAULTS, 0.5, recovery_us),
    HOLD_QUANTILE("recovery_s_p95", "recovery, 95th percentile, s", "95th percentile of the same",
                  SIM_MEASURED_FAULTS, 0.95, recovery_us),
    {.name = "radio_on_mean",
     .label = "radio on",
     .help = "share of the time the radio was not idle, mean of the sides that have one",
     .kind = SIM_MEASURE_MEAN,
     .unit = SIM_UNIT_SHARE,
     .sense = SIM_LESS_IS_BETTER,
     .where = SIM_MEASURED_RADIO,
     .value = radio_on},
    {.name = "radio_ma_mean",
     .label = "radio, mA",
     .help = "average current of the radio, mean of the sides that have one",
     .kind = SIM_MEASURE_MEAN,
     .unit = SIM_UNIT_COUNT,
     .sense = SIM_LESS_IS_BETTER,
     .where = SIM_MEASURED_RADIO,
     .value = radio_ma},
    {.name = "radio_peers_ma_mean",
     .label = "radio without broker, mA",
     .help = "the same if there had been no packets to and from the broker",
     .kind = SIM_MEASURE_MEAN,
     .unit = SIM_UNIT_COUNT,
     .sense = SIM_LESS_IS_BETTER,
     .where = SIM_MEASURED_RADIO,
     .value = radio_peers_ma},
    HOLD_MEAN("upkeep_bytes_per_h_mean", "upkeep bytes per hour",
              "keepalive and broker bytes together, spare-port probes among them, per "
              "connection-hour",
              upkeep_bytes_per_hour),
    {.name = "refused_for_want_of_room_mean",
     .label = "refused for want of room",
     .help =
         "packets per trial that NATs refused for a full table, a host's limit, or want of ports",
     .kind = SIM_MEASURE_MEAN,
     .unit = SIM_UNIT_COUNT,
     .sense = SIM_LESS_IS_BETTER,
     .where = SIM_MEASURED_ROOM,
     .per_trial = true,
     .value = refused_for_want_of_room},
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

static bool has_fault(const sim_plan *plan, bool crash) {
    for (uint32_t i = 0; i < plan->fault_count; i++) {
        const sim_fault_kind kind = plan->faults[i].kind;
        if (crash ? kind == SIM_FAULT_PEER_CRASH
                  : kind == SIM_FAULT_NAT_REBOOT || kind == SIM_FAULT_NAT_RENUMBER ||
                        kind == SIM_FAULT_PEER_WAKE) {
            return true;
        }
    }
    return false;
}

static bool has_radio(const sim_plan *plan) {
    for (uint32_t i = 0; i < plan->host_count; i++) {
        if (sim_radio_exists(&plan->hosts[i].radio)) {
            return true;
        }
    }
    return false;
}

static bool has_messages(const sim_plan *plan) {
    for (uint32_t i = 0; i < plan->call_count; i++) {
        if (plan->calls[i].message_count > 0) {
            return true;
        }
    }
    return false;
}

/* Can it be that a NAT has no room? One that has as much as RFC 4787 NATs usually do, for a pair
 * alone, always has. */
static bool is_short(const nat_config *box) {
    const nat_config usual = nat_config_default();
    return box->table_max < usual.table_max || box->per_host_max > 0 || box->block_ports > 0 ||
           (uint32_t)box->port_max - box->port_min < usual.table_max;
}

static bool may_lack_room(const sim_plan *plan) {
    for (uint32_t i = 0; i < plan->site_count; i++) {
        const sim_site_plan *site = &plan->sites[i];
        if (site->has_nat && (site->cross.rate_milli > 0 || is_short(&site->nat))) {
            return true;
        }
    }
    for (uint32_t i = 0; i < plan->fault_count; i++) {
        if (plan->faults[i].kind == SIM_FAULT_NAT_CHANGE && is_short(&plan->faults[i].nat)) {
            return true;
        }
    }
    return false;
}

bool sim_measure_applies(sim_measure_where where, const sim_plan *plan) {
    switch (where) {
    case SIM_MEASURED_ALWAYS:
        return true;
    case SIM_MEASURED_HOLDING:
        return plan->hold_us > 0;
    case SIM_MEASURED_MESSAGES:
        return has_messages(plan);
    case SIM_MEASURED_ROOM:
        return may_lack_room(plan);
    case SIM_MEASURED_CRASHES:
        return plan->hold_us > 0 && has_fault(plan, true);
    case SIM_MEASURED_FAULTS:
        return plan->hold_us > 0 && has_fault(plan, false);
    case SIM_MEASURED_RADIO:
        return plan->hold_us > 0 && has_radio(plan);
    }
    return false;
}

double sim_measure_shown(const sim_measure *measure, double raw) {
    return measure->unit == SIM_UNIT_SECONDS ? raw / 1e6 : raw;
}
