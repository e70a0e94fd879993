/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small plans for tests: a public broker and a few sites, every number in one place. Site 0 and
 * host 0 are the broker's; hosts 1, 2, ... are peers.
 */
#ifndef SIM_TESTS_SMALL_WORLD_H
#define SIM_TESTS_SMALL_WORLD_H

#include "sim/backend.h"
#include "sim/world.h"

enum { SMALL_SITES = 9, SMALL_HOSTS = 9, SMALL_CALLS = 12, SMALL_FAULTS = 24 };

typedef struct {
    sim_plan plan;
    sim_site_plan sites[SMALL_SITES];
    sim_host_plan hosts[SMALL_HOSTS];
    sim_call_plan calls[SMALL_CALLS];
    sim_fault faults[SMALL_FAULTS];
    punch_time_us core_delay_us[1];
    sim_trial_result result;
    sim_call_result call_results[SMALL_CALLS];
} small_world;

/* A NAT as most tests want it: random ports, next free, 64 mappings. */
nat_config small_nat(nat_mapping mapping, nat_filtering filtering);

/* A broker on 198.51.100.1 and no peers yet; 10 ms access delay each way, 5 ms core. */
void small_begin(small_world *small);

/* One more site with this NAT (NULL = none, a public address); its index. */
uint32_t small_add_site(small_world *small, const nat_config *box);

/* One more peer in that site; its index. */
uint32_t small_add_peer(small_world *small, uint32_t site);

void small_add_call(small_world *small, uint32_t caller, uint32_t callee, punch_time_us at_us);
void small_add_fault(small_world *small, punch_time_us at_us, sim_fault_kind kind, uint32_t index);

/* The usual: two peers, each behind its NAT (NULL = none), host 1 calls host 2 at 0. */
void small_pair(small_world *small, const nat_config *caller, const nat_config *callee);

/* Runs it through `des` in a fresh world; small->result is filled. */
void small_run(small_world *small, uint64_t seed, const sim_observer *observer);

/* Prepares small->result for a world begun by hand. */
sim_trial_result *small_result(small_world *small);

/* Runs it and returns the digest. */
uint64_t small_digest(small_world *small, uint64_t seed);

#endif
