/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench_server.h"

#include <stdlib.h>
#include <string.h>

#include "bench_bare.h"
#include "bench_plan.h"
#include "punch/assert.h"
#include "sim/crypto_fast.h"
#include "sim/world.h"

/* All clients have started after 15 s; a registration that is not renewed is forgotten after 60 s,
 * so that what began together has come apart by then. Chosen: twice that. */
#define SETTLED_AT_US (120 * PUNCH_US_PER_S)
/* Chosen: ten keepalive intervals, looked at in every one of them. */
#define LOOKS 10u
/* Waiting room of the link: 125 ms of its rate, 64 KiB at 4 Mib/s. Chosen: a round trip's worth. */
static uint32_t queue_bytes(uint64_t rate_bps) {
    return (uint32_t)(rate_bps / 64);
}

/* The least a UDP packet is: its headers (RFC 791, RFC 768). */
#define BARE_BYTES ((double)SIM_IP_UDP_HEADER_BYTES)

typedef struct {
    uint32_t broker; /* host */
    uint64_t up_packets;
    uint64_t up_bytes;
    uint64_t arrived_packets;
    uint64_t down_packets;
    uint64_t down_bytes;
} traffic;

/* Headers count: what a link carries is IP packets. */
static void saw(void *user, const sim_saw *record) {
    traffic *to = user;
    const uint64_t bytes = record->length + (uint64_t)SIM_IP_UDP_HEADER_BYTES;
    if (record->kind == SIM_SAW_SEND && record->host == to->broker) {
        to->down_packets++;
        to->down_bytes += bytes;
    } else if (record->kind == SIM_SAW_SEND) {
        to->up_packets++;
        to->up_bytes += bytes;
    } else if (record->kind == SIM_SAW_DELIVER && record->host == to->broker) {
        to->arrived_packets++;
    }
}

static double mean_of(uint64_t sum, uint64_t count) {
    return count > 0 ? (double)sum / (double)count : 0.0;
}

/* Ten intervals of a world that has settled. */
static void measure(sim_world *world, const traffic *seen, bench_server_row *row) {
    const punch_broker *broker = sim_world_broker(world, row->clients);
    const traffic before = *seen;
    const double span_s = (double)(LOOKS * BENCH_KEEPALIVE_US) / 1e6;
    uint64_t known = 0;
    uint32_t least = row->clients;
    for (uint32_t i = 1; i <= LOOKS; i++) {
        (void)sim_world_run_until(world, SETTLED_AT_US + (punch_time_us)i * BENCH_KEEPALIVE_US);
        const uint32_t now = punch_broker_registered_count(broker);
        known += now;
        least = now < least ? now : least;
    }
    const uint64_t up = seen->up_packets - before.up_packets;
    const uint64_t down = seen->down_packets - before.down_packets;
    const uint64_t up_bytes = seen->up_bytes - before.up_bytes;
    const uint64_t down_bytes = seen->down_bytes - before.down_bytes;
    const uint64_t busier = up_bytes > down_bytes ? up_bytes : down_bytes;
    row->registered = (double)known / LOOKS / row->clients;
    row->kept = (double)least / row->clients;
    row->up_bytes = mean_of(up_bytes, up);
    row->down_bytes = mean_of(down_bytes, down);
    row->up_per_s = (double)up / span_s;
    row->arrived_per_s = (double)(seen->arrived_packets - before.arrived_packets) / span_s;
    row->down_per_s = (double)down / span_s;
    row->load = (double)busier * 8.0 / span_s / (double)row->rate_bps;
}

/* Packets wait for the link at most as long as its waiting room is deep; others take 21 ms. */
static uint32_t packets_max(uint32_t clients, uint64_t rate_bps) {
    return 4096 + queue_bytes(rate_bps) / SIM_IP_UDP_HEADER_BYTES + clients / 4;
}

bool bench_run_server(uint32_t clients, uint64_t rate_bps, bench_server_row *row_out,
                      const char **error_out) {
    sim_call_result no_calls;
    sim_trial_result result = {.calls = &no_calls};
    traffic seen = {.broker = clients};
    const sim_observer observer = {saw, &seen};
    sim_plan *plan = bench_plan_clients(clients, &sim_crypto_fast);
    sim_world *world = NULL;
    memset(row_out, 0, sizeof *row_out);
    row_out->clients = clients;
    row_out->rate_bps = rate_bps;
    *error_out = plan != NULL ? NULL : "out of memory";
    if (plan != NULL) {
        sim_site_plan *site = &plan->sites[clients]; /* the broker's */
        site->up.rate_bps = site->down.rate_bps = rate_bps;
        site->up.queue_bytes = site->down.queue_bytes = queue_bytes(rate_bps);
        plan->packets_max = packets_max(clients, rate_bps);
        *error_out = sim_world_refuses(plan);
    }
    if (*error_out == NULL) {
        world = sim_world_create(plan);
        *error_out = world != NULL ? NULL : "out of memory";
    }
    if (*error_out == NULL) {
        sim_world_begin(world, plan, 1, &observer, &result);
        (void)sim_world_run_until(world, SETTLED_AT_US);
        measure(world, &seen, row_out);
        sim_world_finish(world);
    }
    sim_world_destroy(world);
    bench_plan_free(plan);
    return *error_out == NULL;
}

const uint32_t *bench_server_sizes(bool quick, uint32_t *count_out) {
    static const uint32_t few[] = {1000};
    static const uint32_t sizes[BENCH_SERVER_SIZES] = {50000, 75000, 100000, 280000};
    *count_out = quick ? 1 : BENCH_SERVER_SIZES;
    return quick ? few : sizes;
}

double bench_server_full(double packet_bytes, uint64_t rate_bps) {
    return (double)rate_bps * (double)BENCH_KEEPALIVE_US / 1e6 / 8.0 / packet_bytes;
}

static void print_sum(double packet_bytes, const char *of, FILE *out) {
    fprintf(out, "  %.0f bit/s x 15 s / 8 / %3.0f bytes = %7.0f clients  %s\n",
            (double)BENCH_SERVER_RATE_BPS, packet_bytes,
            bench_server_full(packet_bytes, BENCH_SERVER_RATE_BPS), of);
}

void bench_server_print(const bench_server_row *rows, uint32_t count, FILE *out) {
    fprintf(out,
            "one server on a link of 4 Mib/s either way (%u KiB wait), clients that keep a "
            "registration alive every 15 s\n"
            "%9s %11s %8s %9s %10s %9s %9s %11s %8s\n",
            queue_bytes(BENCH_SERVER_RATE_BPS) / 1024, "clients", "registered", "always", "sent/s",
            "arrived/s", "answers/s", "bytes", "answer", "link");
    for (uint32_t i = 0; i < count; i++) {
        const bench_server_row *row = &rows[i];
        fprintf(out, "%9u %9.2f %% %6.1f %% %9.0f %10.0f %9.0f %9.1f %11.1f %6.1f %%\n",
                row->clients, row->registered * 100.0, row->kept * 100.0, row->up_per_s,
                row->arrived_per_s, row->down_per_s, row->up_bytes, row->down_bytes,
                row->load * 100.0);
    }
    if (count == 0) {
        return;
    }
    const bool up = rows[0].up_bytes > rows[0].down_bytes;
    fputs("a packet from each client every 15 s fills the link at\n", out);
    print_sum(up ? rows[0].up_bytes : rows[0].down_bytes,
              up ? "their keepalives, as measured" : "the server's answers, as measured", out);
    print_sum(60.0, "32 bytes of payload", out);
    print_sum(BARE_BYTES, "no payload: IP and UDP headers alone", out);
    fprintf(out,
            "\"a couple of million\" takes bits for bytes, and packets without payload:\n"
            "  4 MiB/s x 15 s / 28 bytes = %.0f\n",
            8.0 * bench_server_full(BARE_BYTES, BENCH_SERVER_RATE_BPS));
}

void bench_server_json(const bench_server_row *rows, uint32_t count, FILE *out) {
    fputs("{\"schema\":1,\"server\":[", out);
    for (uint32_t i = 0; i < count; i++) {
        const bench_server_row *row = &rows[i];
        fprintf(out,
                "%s\n{\"clients\":%u,\"rate_bps\":%llu,\"registered\":%.6g,\"always\":%.6g,"
                "\"keepalive_bytes\":%.6g,\"answer_bytes\":%.6g,\"sent_per_s\":%.6g,"
                "\"arrived_per_s\":%.6g,\"answers_per_s\":%.6g,\"link_load\":%.6g}",
                i > 0 ? "," : "", row->clients, (unsigned long long)row->rate_bps, row->registered,
                row->kept, row->up_bytes, row->down_bytes, row->up_per_s, row->arrived_per_s,
                row->down_per_s, row->load);
    }
    fputs("\n]}\n", out);
}
