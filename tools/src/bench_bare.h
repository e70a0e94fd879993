/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor everything is compared with: an event heap, NAT tables, fixed-size packets and the
 * draws of loss and jitter, and nothing else. No faults, no queues, no checks, no truth, no digest,
 * no crypto: what any simulator of this topology has to do at the least.
 *
 *   client - lan - NAT - core - (broker | NAT - lan - client)
 */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <stddef.h>
#include <stdint.h>

/* The topology all workloads of the benchmark share. Delays: chosen, as common as any. */
#define BENCH_LAN_US 1000
#define BENCH_CORE_US 20000
#define BENCH_JITTER_US 2000 /* of a client's uplink */
#define BENCH_CALL_AT_US 200000
#define BENCH_GO_MARGIN_US 150000
#define BENCH_PACKET_BYTES 64
#define BENCH_KEEPALIVE_US 15000000

typedef struct bare bare;

/* Clients behind one NAT each, and a broker. NULL: out of memory. */
bare *bare_create(uint32_t clients);
void bare_destroy(bare *world); /* accepts NULL */
size_t bare_bytes(const bare *world);

/* Clients 0 and 1 register, call, fire and connect, from a clean world. Returns the events popped;
 * 0 when they did not connect. */
uint64_t bare_pair_trial(bare *world, uint64_t seed);

/* All clients register, spread evenly over the first keepalive interval, and then send a keepalive
 * per interval, which the broker answers. */
void bare_keepalive_begin(bare *world);

/* Goes on until that instant; returns the events popped. */
uint64_t bare_keepalive_run(bare *world, int64_t until_us);

#endif
