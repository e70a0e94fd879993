/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab bench: how fast it is, as figures of this machine and as multiples of a bare loop
 * measured in the same run.
 */
#define _DEFAULT_SOURCE /* getloadavg */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_server.h"
#include "bench_targets.h"
#include "commands.h"
#include "file.h"
#include "punch/crypto.h"
#include "version.h"

static const cli_option options[] = {
    {"repetitions", 0, "N", "turns of each workload, of which the median counts (default 5)"},
    {"quick", 0, NULL, "short turns and few clients: shows that it works, not how fast"},
    {"full", 0, NULL, "also a world of 2,000,000 clients (needs several GB)"},
    {"server", 0, NULL, "only: how many clients a server serves on 4 Mib/s, and the arithmetic"},
    {"json", 0, "FILE", "also write the figures as JSON; '-' is standard output"},
    {"help", 'h', NULL, "this text"},
};

static double per_second(double each_us) {
    return each_us > 0.0 ? 1e6 / each_us : 0.0;
}

static void print_pair(const bench_pair *pair, FILE *out) {
    fprintf(out,
            "pair trial: two peers behind EIM/APDF, a broker, lossless; CPU time of one core\n"
            "%-12s %9s %10s %9s %11s %11s %9s %7s %11s\n",
            "", "us/trial", "trials/s", "events", "ns/event", "events/s", "messages", "x bare",
            "per message");
    for (int i = 0; i < BENCH_PAIR_COUNT; i++) {
        const bench_pair_row *row = &pair->rows[i];
        fprintf(out, "%-12s %9.2f %10.0f %9.1f %11.1f %11.0f %9.1f %7.1f %11.1f  %s\n", row->name,
                row->trial_us, per_second(row->trial_us), row->events,
                row->trial_us * 1e3 / row->events, row->events * per_second(row->trial_us),
                row->packets, row->trial_us / pair->rows[BENCH_BARE].trial_us,
                bench_message_ratio(pair, i), row->help);
    }
    fprintf(out, "null core: %.0f %% of the bare loop's events/s, measured side by side\n",
            pair->null_share * 100.0);
    fprintf(out, "libpunch: %zu bytes for a peer with one call, %zu for one that only registers\n",
            pair->peer_bytes, pair->client_bytes);
    fprintf(out, "%u cores: %.0f full trials/s (fast crypto): 4.4 million in %.1f s\n\n",
            pair->cores, pair->all_cores_trials_per_s,
            pair->all_cores_trials_per_s > 0.0 ? 4.4e6 / pair->all_cores_trials_per_s : 0.0);
}

static void print_clients(const bench_figures *figures, FILE *out) {
    fprintf(out,
            "keepalive clients registered at one broker, each behind its own NAT\n"
            "%9s %11s %10s %10s %11s %9s %11s %12s\n",
            "clients", "world B/cl", "plan B/cl", "ns/event", "x real time", "bare ns", "x bare",
            "growth/bare");
    for (size_t i = 0; i < figures->size_count; i++) {
        const bench_clients_row *row = &figures->sizes[i];
        fprintf(out, "%9u %11.0f %10.0f %10.1f %11.1f %9.1f %11.1f %12.2f\n", row->clients,
                row->world_bytes, row->plan_bytes, row->event_ns, row->speedup, row->bare_event_ns,
                row->event_ns / row->bare_event_ns, bench_growth(figures, i));
    }
    fputs(
        "bytes of a client: peer, NAT, entry at the broker; host, site, events, packets, routes\n",
        out);
    for (size_t i = 0; i < figures->size_count; i++) {
        const bench_clients_row *row = &figures->sizes[i];
        const double core = row->peer_bytes + row->nat_bytes + row->entry_bytes;
        fprintf(out, "%9u %7.0f %7.0f %7.0f %7.0f\n", row->clients, row->peer_bytes, row->nat_bytes,
                row->entry_bytes, row->world_bytes - core);
    }
}

static void print_nats(const bench_figures *figures, FILE *out) {
    static const char *const ways[BENCH_NAT_WAYS] = {"out", "in", "both"};
    fputs(
        "\none NAT, EIM/APDF, live mappings: a packet translated, and looked up in a plain hash "
        "table\n mappings  B/mapping",
        out);
    for (int way = 0; way < BENCH_NAT_WAYS; way++) {
        fprintf(out, " %5s ns  table     x", ways[way]);
    }
    fputc('\n', out);
    for (size_t i = 0; i < figures->nat_count; i++) {
        const bench_nat_row *row = &figures->nats[i];
        fprintf(out, "%9u %10.0f", row->mappings, row->bytes);
        for (int way = 0; way < BENCH_NAT_WAYS; way++) {
            const bench_nat_cost *cost = &row->ways[way];
            fprintf(out, " %8.1f %6.1f %5.2f", cost->nat_ns, cost->table_ns, bench_nat_ratio(cost));
        }
        fputc('\n', out);
    }
}

static void print_lab(const bench_lab *lab, FILE *out) {
    fprintf(out,
            "\nthe laboratory: quickstart, %llu trials; CPU time of all cores\n"
            "whole run %.2f s, statistics and reports again %.2f s: %.1f %%\n"
            "memory of the run %.1f MB, of one with a tenth of the trials %.1f MB: x %.2f\n",
            (unsigned long long)lab->trials, lab->run_s, lab->report_s,
            lab->report_s / lab->run_s * 100.0, lab->all_bytes / 1e6, lab->few_bytes / 1e6,
            lab->all_bytes / lab->few_bytes);
}

static void print_keepalive(const bench_keepalive *keepalive, FILE *out) {
    fprintf(out,
            "\nconnections held by keepalive strategies; CPU time of one core\n"
            "%-18s %13s %13s %11s\n",
            "", "ms for 24 h", "packets/h", "ns/packet");
    for (size_t i = 0; i < keepalive->count; i++) {
        const bench_keepalive_row *row = &keepalive->rows[i];
        fprintf(out, "%-18s %13.1f %13.0f %11.1f\n", row->name, row->day_s * 1e3,
                row->packets_per_h, row->day_s * 1e9 / (row->packets_per_h * 24.0));
    }
    fprintf(out, "1,000 connections x 24 h x 10 such strategies on two cores: %.1f s\n",
            keepalive->comparison_s);
}

static void put_keepalive(const bench_keepalive *keepalive, FILE *out) {
    fputs("\n],\"keepalive\":[", out);
    for (size_t i = 0; i < keepalive->count; i++) {
        const bench_keepalive_row *row = &keepalive->rows[i];
        fprintf(out, "%s\n{\"name\":\"%s\",\"day_s\":%.6g,\"packets_per_h\":%.6g}",
                i > 0 ? "," : "", row->name, row->day_s, row->packets_per_h);
    }
}

static void put_nats(const bench_figures *figures, FILE *out) {
    static const char *const ways[BENCH_NAT_WAYS] = {"out", "in", "both"};
    fputs("\n],\"nat\":[", out);
    for (size_t i = 0; i < figures->nat_count; i++) {
        const bench_nat_row *row = &figures->nats[i];
        fprintf(out, "%s\n{\"mappings\":%u,\"bytes_per_mapping\":%.6g", i > 0 ? "," : "",
                row->mappings, row->bytes);
        for (int way = 0; way < BENCH_NAT_WAYS; way++) {
            const bench_nat_cost *cost = &row->ways[way];
            fprintf(out, ",\"%s_ns\":%.6g,\"%s_look_up_ns\":%.6g,\"%s_ratio\":%.6g", ways[way],
                    cost->nat_ns, ways[way], cost->table_ns, ways[way], bench_nat_ratio(cost));
        }
        fputc('}', out);
    }
}

static void put_json(const bench_figures *figures, FILE *out) {
    fprintf(out, "{\"schema\":1,\"version\":\"%s\",\"commit\":\"%s\",\"repetitions\":%u,\"pair\":[",
            version_number, version_commit, figures->effort.repetitions);
    const bench_pair *pair = &figures->pair;
    for (int i = 0; i < BENCH_PAIR_COUNT; i++) {
        const bench_pair_row *row = &pair->rows[i];
        fprintf(out,
                "%s\n{\"name\":\"%s\",\"trial_us\":%.6g,\"trials_per_s\":%.6g,"
                "\"events_per_trial\":%.6g,\"event_ns\":%.6g,\"events_per_s\":%.6g,"
                "\"messages_per_trial\":%.6g,\"ratio_to_bare\":%.6g,"
                "\"message_ratio_to_bare\":%.6g}",
                i > 0 ? "," : "", row->name, row->trial_us, per_second(row->trial_us), row->events,
                row->trial_us * 1e3 / row->events, row->events * per_second(row->trial_us),
                row->packets, row->trial_us / pair->rows[BENCH_BARE].trial_us,
                bench_message_ratio(pair, i));
    }
    fprintf(out,
            "\n],\"null_share_of_bare\":%.6g,\"peer_bytes\":%zu,\"client_bytes\":%zu,"
            "\"cores\":%u,\"all_cores_trials_per_s\":%.6g,\"clients\":[",
            pair->null_share, pair->peer_bytes, pair->client_bytes, pair->cores,
            pair->all_cores_trials_per_s);
    for (size_t i = 0; i < figures->size_count; i++) {
        const bench_clients_row *row = &figures->sizes[i];
        fprintf(out,
                "%s\n{\"clients\":%u,\"peer_bytes\":%.6g,\"nat_bytes\":%.6g,"
                "\"broker_bytes_per_client\":%.6g,\"world_bytes_per_client\":%.6g,"
                "\"plan_bytes_per_client\":%.6g,\"event_ns\":%.6g,\"real_time_ratio\":%.6g,"
                "\"bare_event_ns\":%.6g,\"growth_over_bare\":%.6g,"
                "\"packets_per_client_and_s\":%.6g}",
                i > 0 ? "," : "", row->clients, row->peer_bytes, row->nat_bytes, row->entry_bytes,
                row->world_bytes, row->plan_bytes, row->event_ns, row->speedup, row->bare_event_ns,
                bench_growth(figures, i), row->packets_per_s);
    }
    put_nats(figures, out);
    put_keepalive(&figures->keepalive, out);
    const bench_lab *lab = &figures->lab;
    fprintf(out,
            "\n],\"lab\":{\"trials\":%llu,\"run_s\":%.6g,\"report_s\":%.6g,\"few_bytes\":%.6g,"
            "\"all_bytes\":%.6g},\"targets\":",
            (unsigned long long)lab->trials, lab->run_s, lab->report_s, lab->few_bytes,
            lab->all_bytes);
    bench_targets_json(figures, out);
    fputs("}\n", out);
}

/* Trials of the laboratory's measurement. Chosen: the number its target is about, and as many as
 * show that it works. */
#define LAB_TRIALS 1000000u
#define LAB_TRIALS_QUICK 1800u

static bool measure_nats(bench_figures *figures, const cli_args *args) {
    static const uint32_t mappings[BENCH_NATS_MAX] = {16, 10000, 1000000};
    const size_t nat_count = cli_has(args, "quick") ? 2 : BENCH_NATS_MAX;
    for (size_t i = 0; i < nat_count; i++) {
        if (!bench_run_nat(mappings[i], &figures->effort, &figures->nats[i])) {
            fprintf(args->err, "%s bench: %u mappings: out of memory\n", args->program,
                    mappings[i]);
            return false;
        }
        figures->nat_count = i + 1;
    }
    return true;
}

static bool measure(bench_figures *figures, const cli_args *args, FILE *people) {
    static const uint32_t sizes[BENCH_SIZES_MAX] = {1000, 10000, 100000, 2000000};
    const bool quick = cli_has(args, "quick");
    const size_t size_count = quick ? 1 : cli_has(args, "full") ? 4 : 3;
    const char *error = NULL;
    /* First: the kernel counts our own memory as its children's until they are other programs. */
    if (!bench_run_lab(quick ? LAB_TRIALS_QUICK : LAB_TRIALS, &figures->lab, &error)) {
        fprintf(args->err, "%s bench: the laboratory: %s\n", args->program, error);
        return false;
    }
    if (!bench_run_pair(&figures->effort, &figures->pair, &error)) {
        fprintf(args->err, "%s bench: pair trials: %s\n", args->program, error);
        return false;
    }
    print_pair(&figures->pair, people);
    fflush(people);
    for (size_t i = 0; i < size_count; i++) {
        if (!bench_run_clients(sizes[i], &figures->effort, &figures->sizes[i], &error)) {
            fprintf(args->err, "%s bench: %u clients: %s\n", args->program, sizes[i], error);
            return false;
        }
        figures->size_count = i + 1;
    }
    print_clients(figures, people);
    if (!measure_nats(figures, args)) {
        return false;
    }
    print_nats(figures, people);
    if (!bench_run_keepalive(quick ? 1 : 24, &figures->effort, &figures->keepalive, &error)) {
        fprintf(args->err, "%s bench: keepalive strategies: %s\n", args->program, error);
        return false;
    }
    print_keepalive(&figures->keepalive, people);
    print_lab(&figures->lab, people);
    bench_targets_print(figures, people);
    return true;
}

/* Above this share of the cores, others take part of what is measured. Chosen. */
#define LOAD_MAX 0.5

static void warn_of_load(const cli_args *args) {
    double load = 0.0;
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (getloadavg(&load, 1) == 1 && cores > 0 && load > LOAD_MAX * (double)cores) {
        fprintf(args->err,
                "%s bench: the load average is %.1f on %ld cores: other work makes these figures "
                "worse; wait for it to end\n",
                args->program, load, cores);
    }
}

/* Where JSON goes, if anywhere. */
typedef struct {
    const char *path;
    bool on_stdout;
    file_out file;
} json_out;

static bool json_open(json_out *json, const cli_args *args) {
    *json = (json_out){.path = cli_value(args, "json")};
    json->on_stdout = json->path != NULL && strcmp(json->path, "-") == 0;
    return json->path == NULL || json->on_stdout || file_open(&json->file, json->path, args->err);
}

static int serve_clients(const cli_args *args) {
    bench_server_row rows[BENCH_SERVER_SIZES];
    uint32_t count = 0;
    const uint32_t *sizes = bench_server_sizes(cli_has(args, "quick"), &count);
    json_out json;
    if (!json_open(&json, args)) {
        return CLI_FAILED;
    }
    const char *error = NULL;
    bool good = true;
    for (uint32_t i = 0; good && i < count; i++) {
        good = bench_run_server(sizes[i], BENCH_SERVER_RATE_BPS, &rows[i], &error);
        if (!good) {
            fprintf(args->err, "%s bench: %u clients: %s\n", args->program, sizes[i], error);
        }
    }
    if (good) {
        bench_server_print(rows, count, json.on_stdout ? args->err : args->out);
    }
    if (good && json.path != NULL) {
        bench_server_json(rows, count, json.on_stdout ? args->out : json.file.out);
        good = json.on_stdout || file_commit(&json.file, args->err);
    }
    file_abandon(&json.file);
    return good ? CLI_OK : CLI_FAILED;
}

static int bench_command(const cli_args *args) {
    if (cli_has(args, "server")) {
        return serve_clients(args);
    }
    bench_figures figures;
    memset(&figures, 0, sizeof figures);
    uint64_t repetitions = cli_has(args, "quick") ? 1 : 5;
    if (!cli_number(args, "repetitions", 1, BENCH_REPETITIONS_MAX, &repetitions)) {
        return CLI_USAGE;
    }
    if (punch_crypto_sodium_init() != PUNCH_OK) {
        fprintf(args->err, "%s bench: libsodium does not work on this machine\n", args->program);
        return CLI_UNAVAILABLE;
    }
    figures.effort.repetitions = (uint32_t)repetitions;
    figures.effort.turn_s = cli_has(args, "quick") ? 0.005 : 0.25;
    json_out json;
    if (!json_open(&json, args)) {
        return CLI_FAILED;
    }
    warn_of_load(args);
    bool good = measure(&figures, args, json.on_stdout ? args->err : args->out);
    if (good && json.path != NULL) {
        put_json(&figures, json.on_stdout ? args->out : json.file.out);
        good = json.on_stdout || file_commit(&json.file, args->err);
    }
    file_abandon(&json.file);
    return good ? CLI_OK : CLI_FAILED;
}

const cli_command command_bench = {
    .name = "bench",
    .operands = "[options]",
    .summary = "measure speed and memory, beside a bare loop",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operand_min = 0,
    .operand_max = 0,
    .run = bench_command,
};
