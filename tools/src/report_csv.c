/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cells.csv: one row per cell with every measure and its interval. trials.csv: one row per call,
 * everything the world said about it; the columns are described in results/README.md. Times are in
 * seconds, "inf" is never, empty is not applicable.
 */
#include <inttypes.h>
#include <math.h>

#include "format.h"
#include "report.h"

static void put_factor_names(const report *view, FILE *out) {
    const uint32_t factor_count = sim_scenario_factor_count(view->request->scenario);
    for (uint32_t f = 0; f < factor_count; f++) {
        fputc(',', out);
        format_csv(out, sim_scenario_factor(view->request->scenario, f).name);
    }
}

static void put_levels(const report *view, FILE *out, uint32_t cell) {
    const uint32_t factor_count = sim_scenario_factor_count(view->request->scenario);
    for (uint32_t f = 0; f < factor_count; f++) {
        fputc(',', out);
        format_csv(out, report_level(view, cell, f));
    }
}

static void put_real(FILE *out, double value) {
    if (isnan(value)) {
        fputc(',', out);
    } else if (isinf(value)) {
        fputs(value > 0 ? ",inf" : ",-inf", out);
    } else {
        fprintf(out, ",%.15g", value);
    }
}

void report_cells_csv(const report *view, FILE *out) {
    size_t measure_count = 0;
    const measure *table = measures(&measure_count);
    fputs("cell", out);
    put_factor_names(view, out);
    fputs(",trials", out);
    for (size_t m = 0; m < measure_count; m++) {
        fprintf(out, ",%s_n,%s,%s_lo,%s_hi", table[m].name, table[m].name, table[m].name,
                table[m].name);
    }
    fputs(",failed,most_frequent_failure,most_frequent_failure_count,example_trial\n", out);
    for (uint32_t i = 0; i < view->results->cell_count; i++) {
        const run_cell *cell = &view->results->cells[i];
        fprintf(out, "%u", i);
        put_levels(view, out, i);
        fprintf(out, ",%llu", (unsigned long long)cell->trials_done);
        for (size_t m = 0; m < measure_count; m++) {
            const stats_estimate *e = report_estimate(view, i, m);
            if (table[m].applies != NULL && !table[m].applies(cell)) {
                fputs(",,,,", out);
                continue;
            }
            fprintf(out, ",%llu", (unsigned long long)e->n);
            put_real(out, e->value);
            put_real(out, e->lo);
            put_real(out, e->hi);
        }
        const reason_top *top = &view->reasons[i];
        fprintf(out, ",%llu,", (unsigned long long)top->failed_count);
        format_csv(out, top->failed_count > 0 ? top->text : "");
        fprintf(out, ",%llu,", (unsigned long long)top->count);
        if (top->failed_count > 0) {
            fprintf(out, "%llu", (unsigned long long)top->example_trial);
        }
        fputc('\n', out);
    }
}

/* Columns of one side of a call. */
static void put_side(const reason_names *names, FILE *out, const sim_call_result *call, int side) {
    char connected_s[FORMAT_TEXT_CAP];
    char fired_s[FORMAT_TEXT_CAP];
    char gap_s[FORMAT_TEXT_CAP];
    fprintf(out, ",%s,%s,%s,%" PRIu32 ",%s,%" PRIu32,
            format_seconds(call->connected_us[side], connected_s),
            punch_fail_name(call->fail[side]), format_seconds(call->fired_at_us[side], fired_s),
            call->intros_sent[side], format_seconds(call->outbound_gap_us_max[side], gap_s),
            call->keepalives_sent[side]);
    fprintf(out, ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",", call->arrived[side],
            call->lost_link[side], call->blocked[side]);
    if (call->blocked[side] > 0) {
        fprintf(out, "%s,", nat_verdict_name(call->blocked_verdict[side]));
        format_csv(out, reason_site(names, call->blocked_site[side]));
    } else {
        fputc(',', out);
    }
}

static void put_side_names(FILE *out, const char *side) {
    static const char *const stems[] = {
        "connected_s",       "fail",    "fired_at_s", "intros_sent", "outbound_gap_s_max",
        "keepalives_sent",   "arrived", "lost_link",  "blocked",     "blocked_verdict",
        "blocked_by_nat_of",
    };
    for (size_t i = 0; i < sizeof stems / sizeof stems[0]; i++) {
        fprintf(out, ",%s_%s", side, stems[i]);
    }
}

static void put_trial(const report *view, FILE *out, uint32_t cell, uint64_t trial) {
    const sim_trial_result *result = &view->results->cells[cell].trials[trial];
    const uint64_t seed =
        sim_scenario_trial_seed(view->request->scenario, view->request->seed, cell, trial);
    for (uint32_t c = 0; c < view->results->cells[cell].call_count; c++) {
        const sim_call_result *call = &result->calls[c];
        const reason_names names = reason_names_of(view->results->plan, c);
        char time_s[FORMAT_TEXT_CAP];
        char ended_s[FORMAT_TEXT_CAP];
        fprintf(out, "%" PRIu32 ",%" PRIu64 ",%" PRIu32 ",%" PRIu64 ",%d,%s,%d,%d", cell, trial, c,
                seed, call->connected, format_seconds(call->time_to_connect_us, time_s),
                call->lost_after, call->path_private);
        put_side(&names, out, call, 0);
        put_side(&names, out, call, 1);
        fprintf(out, ",%" PRIu32 ",%" PRIu32 ",%" PRIu32, call->messages_acked,
                call->messages_unconfirmed, call->messages_refused);
        fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, result->events,
                result->packets_sent, result->packets_delivered, result->packets_lost_link,
                result->packets_blocked);
        fprintf(out, ",%" PRIu64 ",%s,%016" PRIx64 "\n", result->bytes_sent,
                format_seconds(result->ended_at_us, ended_s), result->digest);
    }
}

void report_trials_csv(const report *view, FILE *out) {
    fputs("cell,trial,call,trial_seed,connected,time_to_connect_s,lost_after,path_private", out);
    put_side_names(out, "caller");
    put_side_names(out, "callee");
    fputs(
        ",messages_acked,messages_unconfirmed,messages_refused,events,packets_sent,"
        "packets_delivered,packets_lost_link,packets_blocked,bytes_sent,ended_at_s,digest\n",
        out);
    for (uint32_t i = 0; i < view->results->cell_count; i++) {
        for (uint64_t t = 0; t < view->results->cells[i].trials_done; t++) {
            put_trial(view, out, i, t);
        }
    }
}
