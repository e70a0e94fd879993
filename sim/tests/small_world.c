/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "small_world.h"

#include <string.h>

#include "punch/assert.h"
#include "sim/crypto_fast.h"

nat_config small_nat(nat_mapping mapping, nat_filtering filtering) {
    nat_config config = nat_config_default();
    config.mapping = mapping;
    config.filtering = filtering;
    config.allocation = NAT_ALLOCATION_RANDOM;
    config.collision = NAT_COLLISION_NEXT_FREE;
    config.table_max = 64;
    config.per_host_max = 0;
    config.filters_max = 0;
    return config;
}

uint32_t small_add_site(small_world *small, const nat_config *box) {
    const uint32_t index = small->plan.site_count++;
    PUNCH_ASSERT(index < SMALL_SITES);
    sim_site_plan *site = &small->sites[index];
    site->has_nat = box != NULL;
    if (box != NULL) {
        site->nat = *box;
        site->external = punch_addr_ipv4(UINT32_C(0xcb007100) + index, 0); /* 203.0.113.x */
    }
    site->up.delay_us = 10 * PUNCH_US_PER_MS;
    site->down.delay_us = 10 * PUNCH_US_PER_MS;
    return index;
}

uint32_t small_add_peer(small_world *small, uint32_t site) {
    const uint32_t index = small->plan.host_count++;
    PUNCH_ASSERT(index < SMALL_HOSTS);
    sim_host_plan *host = &small->hosts[index];
    host->kind = SIM_HOST_PEER;
    host->site = site;
    host->addr = small->sites[site].has_nat
                     ? punch_addr_ipv4(UINT32_C(0x0a000000) + index, 5000)  /* 10.0.0.x */
                     : punch_addr_ipv4(UINT32_C(0xc0000200) + index, 5000); /* 192.0.2.x */
    host->broker = 0;
    host->calls_max = 8;
    host->messages_max = 8;
    host->inbox_max = 8;
    host->options.keepalive_jitter_permille = -1;
    return index;
}

void small_begin(small_world *small) {
    memset(small, 0, sizeof *small);
    small->plan = (sim_plan){.sites = small->sites,
                             .hosts = small->hosts,
                             .host_count = 1,
                             .calls = small->calls,
                             .faults = small->faults,
                             .core_delay_us = small->core_delay_us,
                             .region_count = 1,
                             .limit_us = 200 * PUNCH_US_PER_S,
                             .packets_max = 256,
                             .crypto = &sim_crypto_fast};
    small->core_delay_us[0] = 5 * PUNCH_US_PER_MS;
    (void)small_add_site(small, NULL);
    sim_host_plan *broker = &small->hosts[0];
    broker->kind = SIM_HOST_BROKER;
    broker->addr = punch_addr_ipv4(UINT32_C(0xc6336401), 3478); /* 198.51.100.1 */
    broker->peers_max = SMALL_HOSTS;
    broker->broker_calls_max = SMALL_CALLS;
}

void small_add_call(small_world *small, uint32_t caller, uint32_t callee, punch_time_us at_us) {
    PUNCH_ASSERT(small->plan.call_count < SMALL_CALLS);
    sim_call_plan *call = &small->calls[small->plan.call_count++];
    call->caller = caller;
    call->callee = callee;
    call->at_us = at_us;
}

void small_add_fault(small_world *small, punch_time_us at_us, sim_fault_kind kind, uint32_t index) {
    PUNCH_ASSERT(small->plan.fault_count < SMALL_FAULTS);
    uint32_t place = small->plan.fault_count++;
    while (place > 0 && small->faults[place - 1].at_us > at_us) {
        small->faults[place] = small->faults[place - 1];
        place--;
    }
    small->faults[place] = (sim_fault){.at_us = at_us, .kind = kind, .index = index};
}

void small_pair(small_world *small, const nat_config *caller, const nat_config *callee) {
    small_begin(small);
    const uint32_t a = small_add_peer(small, small_add_site(small, caller));
    const uint32_t b = small_add_peer(small, small_add_site(small, callee));
    small_add_call(small, a, b, 0);
}

sim_trial_result *small_result(small_world *small) {
    small->result.calls = small->call_results;
    return &small->result;
}

void small_run(small_world *small, uint64_t seed, const sim_observer *observer) {
    PUNCH_ASSERT(sim_backend_des.refuses(&small->plan) == NULL);
    void *world = sim_backend_des.create(&small->plan);
    PUNCH_ASSERT(world != NULL);
    sim_backend_des.run(world, &small->plan, seed, observer, small_result(small));
    sim_backend_des.destroy(world);
}

uint64_t small_digest(small_world *small, uint64_t seed) {
    small_run(small, seed, NULL);
    return small->result.digest;
}
