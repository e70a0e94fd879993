/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plans the benchmark runs: the topology of bench_bare.h as the simulator describes it.
 */
#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include "sim/plan.h"

/* Two peers behind endpoint-independent mapping with address-and-port-dependent filtering, a broker
 * without NAT, no loss; host 0 calls host 1. Asserts that memory is there. */
sim_plan *bench_plan_pair(const punch_crypto *crypto);

/* As many clients, each behind such a NAT of its own, registered at one broker and keeping that
 * alive; they start spread over the first keepalive interval. NULL: out of memory. */
sim_plan *bench_plan_clients(uint32_t clients, const punch_crypto *crypto);

size_t bench_plan_bytes(const sim_plan *plan);
void bench_plan_free(sim_plan *plan); /* accepts NULL */

#endif
