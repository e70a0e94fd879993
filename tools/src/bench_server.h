/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many clients a server serves on an access link of 4 Mib/s: worlds of so many clients, each
 * behind a NAT of its own and keeping a registration alive, whose broker's link has that rate in
 * either direction and a waiting room. Beside what is measured, the arithmetic.
 */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define BENCH_SERVER_RATE_BPS UINT64_C(4194304) /* 4 Mib/s: 4 x 2^20 bits a second */
#define BENCH_SERVER_SIZES 4                    /* numbers of clients measured at most */

typedef struct {
    uint32_t clients;
    uint64_t rate_bps;
    double registered;    /* share of the clients the broker knows, mean over the time measured */
    double kept;          /* share that was never unknown to it when looked at */
    double up_bytes;      /* a client's packet to the broker, with IP and UDP headers, on average */
    double down_bytes;    /* the broker's, likewise */
    double up_per_s;      /* packets sent by clients, each second */
    double arrived_per_s; /* of those, what came through the link */
    double down_per_s;    /* packets sent by the broker */
    double load; /* sent, over what the link carries, in its busier direction; beyond 1 it drops */
} bench_server_row;

/* Measures one number of clients on a link of that rate. False with *error_out on trouble. */
bool bench_run_server(uint32_t clients, uint64_t rate_bps, bench_server_row *row_out,
                      const char **error_out);

/* The numbers of clients to measure, ascending; quick: one that shows that it works. */
const uint32_t *bench_server_sizes(bool quick, uint32_t *count_out);

/* As many clients as fill a link: a packet of so many bytes from each in every keepalive interval.
 */
double bench_server_full(double packet_bytes, uint64_t rate_bps);

void bench_server_print(const bench_server_row *rows, uint32_t count, FILE *out);
void bench_server_json(const bench_server_row *rows, uint32_t count, FILE *out);

#endif
