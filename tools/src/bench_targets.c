/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench_targets.h"

#include <math.h>

/* Attempts in the largest measurement of hole punching published so far: Trautwein et al. 2025,
 * https://arxiv.org/abs/2510.27500. */
#define CAMPAIGN_TRIALS 4.4e6

double bench_message_ratio(const bench_pair *pair, int row) {
    const bench_pair_row *bare = &pair->rows[BENCH_BARE];
    return pair->rows[row].trial_us / pair->rows[row].packets / (bare->trial_us / bare->packets);
}

double bench_growth(const bench_figures *figures, size_t size) {
    const bench_clients_row *first = &figures->sizes[0];
    const bench_clients_row *row = &figures->sizes[size];
    return row->event_ns / first->event_ns / (row->bare_event_ns / first->bare_event_ns);
}

/* NULL when so many clients were not measured. */
static const bench_clients_row *size_of(const bench_figures *figures, uint32_t clients) {
    for (size_t i = 0; i < figures->size_count; i++) {
        if (figures->sizes[i].clients == clients) {
            return &figures->sizes[i];
        }
    }
    return NULL;
}

/* The functions below: NaN when not measured. */

static double null_share(const bench_figures *figures) {
    return figures->pair.null_share * 100.0;
}

static double full_trial_us(const bench_figures *figures) {
    return figures->pair.rows[BENCH_FULL_FAST].trial_us;
}

static double full_over_bare(const bench_figures *figures) {
    return full_trial_us(figures) / figures->pair.rows[BENCH_BARE].trial_us;
}

/* Scaled to two cores when there are more or fewer. */
static double campaign_s(const bench_figures *figures) {
    const bench_pair *pair = &figures->pair;
    const double two_cores = pair->all_cores_trials_per_s * 2.0 / pair->cores;
    return two_cores > 0.0 ? CAMPAIGN_TRIALS / two_cores : NAN;
}

static double client_bytes(const bench_figures *figures) {
    const bench_clients_row *row = size_of(figures, 2000000);
    return row != NULL ? row->world_bytes : NAN;
}

static double speedup_2m(const bench_figures *figures) {
    const bench_clients_row *row = size_of(figures, 2000000);
    return row != NULL ? row->speedup : NAN;
}

static double speedup_100k(const bench_figures *figures) {
    const bench_clients_row *row = size_of(figures, 100000);
    return row != NULL ? row->speedup : NAN;
}

static double growth_max(const bench_figures *figures) {
    double most = NAN;
    for (size_t i = 1; i < figures->size_count; i++) {
        most = fmax(most, bench_growth(figures, i));
    }
    return most;
}

double bench_nat_ratio(const bench_nat_cost *cost) {
    return cost->nat_ns / cost->table_ns;
}

/* The worst way at the worst size. */
static double nat_ratio_max(const bench_figures *figures) {
    double most = NAN;
    for (size_t i = 0; i < figures->nat_count; i++) {
        for (int way = 0; way < BENCH_NAT_WAYS; way++) {
            most = fmax(most, bench_nat_ratio(&figures->nats[i].ways[way]));
        }
    }
    return most;
}

static double comparison_s(const bench_figures *figures) {
    return figures->keepalive.count > 0 ? figures->keepalive.comparison_s : NAN;
}

static double report_share(const bench_figures *figures) {
    return figures->lab.report_s / figures->lab.run_s * 100.0;
}

static double memory_growth(const bench_figures *figures) {
    return figures->lab.all_bytes / figures->lab.few_bytes;
}

typedef enum { AT_LEAST, AT_MOST } target_kind;

typedef struct {
    const char *name; /* in JSON */
    const char *what;
    double (*value)(const bench_figures *figures);
    target_kind kind;
    double target; /* chosen: what the project aims for, on a machine with two cores */
} bench_target;

static const bench_target targets[] = {
    {"null_share_percent", "null core: % of the bare loop's events/s", null_share, AT_LEAST, 80.0},
    {"full_trial_us", "full trial, fast crypto: us of one core", full_trial_us, AT_MOST, 7.0},
    {"full_trial_over_bare", "full trial, fast crypto: bare trials", full_over_bare, AT_MOST, 10.0},
    {"campaign_s", "4.4 million full trials: s on two cores", campaign_s, AT_MOST, 15.0},
    {"clients_2000000_bytes", "2,000,000 clients: bytes of world each", client_bytes, AT_MOST,
     1024.0},
    {"clients_2000000_real_time", "2,000,000 clients: x real time", speedup_2m, AT_LEAST, 1.0},
    {"clients_100000_real_time", "100,000 clients: x real time", speedup_100k, AT_LEAST, 20.0},
    {"growth_over_bare", "growth of an event's cost, x the bare loop's", growth_max, AT_MOST, 1.5},
    {"nat_over_look_up", "a translation, x a plain hash look-up", nat_ratio_max, AT_MOST, 3.0},
    {"comparison_s", "1,000 connections x 24 h x 10 strategies: s, 2 cores", comparison_s, AT_MOST,
     45.0},
    {"report_share_percent", "statistics and reports: % of a run's time", report_share, AT_MOST,
     10.0},
    {"memory_growth", "memory of a run, ten times the trials: x", memory_growth, AT_MOST, 1.1},
};

static bool is_met(const bench_target *target, double value) {
    return target->kind == AT_LEAST ? value >= target->target : value <= target->target;
}

void bench_targets_print(const bench_figures *figures, FILE *out) {
    fputs("\ntargets; those in seconds and x real time depend on the machine\n", out);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        const bench_target *target = &targets[i];
        const double value = target->value(figures);
        const char *bound = target->kind == AT_LEAST ? "at least" : "at most";
        if (isnan(value)) {
            fprintf(out, "%-46s %9s  %-8s %6g  not measured\n", target->what, "-", bound,
                    target->target);
        } else {
            fprintf(out, "%-46s %9.2f  %-8s %6g  %s\n", target->what, value, bound, target->target,
                    is_met(target, value) ? "met" : "missed");
        }
    }
}

void bench_targets_json(const bench_figures *figures, FILE *out) {
    bool any = false;
    fputc('[', out);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        const bench_target *target = &targets[i];
        const double value = target->value(figures);
        if (!isnan(value)) {
            fprintf(out, "%s\n{\"name\":\"%s\",\"value\":%.6g,\"%s\":%.6g,\"met\":%s}",
                    any ? "," : "", target->name, value,
                    target->kind == AT_LEAST ? "at_least" : "at_most", target->target,
                    is_met(target, value) ? "true" : "false");
            any = true;
        }
    }
    fputs("\n]", out);
}
