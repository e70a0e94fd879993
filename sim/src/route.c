/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "route.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "punch/assert.h"
#include "world_internal.h"

static uint32_t table_cap(uint64_t entries) {
    uint64_t cap = 8;
    while (cap < 2 * entries) {
        cap *= 2;
    }
    PUNCH_ASSERT(cap <= UINT32_C(1) << 31);
    return (uint32_t)cap;
}

static inline uint32_t hash_of(uint32_t scope, const punch_addr *addr) {
    uint64_t low;
    uint64_t high;
    memcpy(&low, addr->ip, sizeof low);
    memcpy(&high, addr->ip + 8, sizeof high);
    return (uint32_t)punch_mix64(low ^ (high * PUNCH_RNG_GAMMA) ^ ((uint64_t)scope << 32));
}

uint32_t sim_route_scope(const sim_world *world, uint32_t site, const punch_addr *addr) {
    for (;;) {
        const sim_site *at = &world->sites[site];
        const bool translates = at->box != NULL && !nat_configuration(at->box)->firewall;
        if (translates || at->parent == SIM_NONE) {
            return translates || punch_addr_is_private(addr) ? site : SIM_ROUTE_PUBLIC;
        }
        site = at->parent;
    }
}

/* Where the external addresses of a site's NAT mean something. */
static uint32_t outer_scope(const sim_world *world, uint32_t site, const punch_addr *addr) {
    const uint32_t parent = world->sites[site].parent;
    return parent == SIM_NONE ? SIM_ROUTE_PUBLIC : sim_route_scope(world, parent, addr);
}

uint32_t sim_route_site(const sim_world *world, sim_route found) {
    return found.kind == SIM_ROUTE_HOST ? world->hosts[found.index].site : found.index;
}

static bool is_match(const sim_world *world, uint32_t entry, uint32_t scope,
                     const punch_addr *addr) {
    const uint32_t index = (entry - 1) / 2;
    if ((entry - 1) % 2 == 1) {
        const sim_site *site = &world->sites[index];
        return (punch_addr_same_ip(&site->external, addr) || nat_owns(site->box, addr)) &&
               scope == outer_scope(world, index, addr);
    }
    const sim_host *host = &world->hosts[index];
    return host->scope == scope && punch_addr_same_ip(&host->addr, addr);
}

/* The slot of an address: its entry, or the empty slot where it would go. */
static uint32_t slot_of(const sim_world *world, uint32_t scope, const punch_addr *addr) {
    const sim_route_table *table = &world->routes;
    uint32_t slot = hash_of(scope, addr) & table->mask;
    while (table->slots[slot] != 0 && !is_match(world, table->slots[slot], scope, addr)) {
        slot = (slot + 1) & table->mask;
    }
    return slot;
}

uint32_t sim_route_externals(const sim_plan *plan) {
    uint32_t most = 1;
    for (uint32_t i = 0; i < plan->site_count; i++) {
        const uint32_t count = nat_config_addresses(&plan->sites[i].nat);
        most = count > most ? count : most;
    }
    for (uint32_t i = 0; i < plan->fault_count; i++) {
        const uint32_t count = nat_config_addresses(&plan->faults[i].nat);
        most = count > most ? count : most;
    }
    return most * plan->site_count;
}

bool sim_route_create(sim_route_table *table, uint32_t host_count, uint32_t external_count) {
    memset(table, 0, sizeof *table);
    table->cap = table_cap((uint64_t)host_count + external_count);
    table->slots = sim_memory_take_zeroed(table->cap, sizeof *table->slots);
    return table->slots != NULL;
}

void sim_route_destroy(sim_route_table *table) {
    free(table->slots);
    memset(table, 0, sizeof *table);
}

static void add(sim_world *world, uint32_t scope, const punch_addr *addr, uint32_t entry) {
    const uint32_t slot = slot_of(world, scope, addr);
    PUNCH_ASSERT_EQ(world->routes.slots[slot], 0);
    world->routes.slots[slot] = entry;
}

/* Every external address of a site's NAT. A look-up may meet the entry of another one of them
 * first: it says the same. */
static void add_nat(sim_world *world, uint32_t index) {
    const sim_site *site = &world->sites[index];
    const nat_config *config = nat_configuration(site->box);
    const uint32_t entry = 2 + 2 * index;
    for (uint32_t i = 0; i < nat_config_addresses(config) && !config->firewall; i++) {
        const punch_addr addr = nat_external(site->box, i);
        const uint32_t slot = slot_of(world, outer_scope(world, index, &addr), &addr);
        PUNCH_ASSERT(world->routes.slots[slot] == 0 || world->routes.slots[slot] == entry);
        world->routes.slots[slot] = entry;
    }
}

void sim_route_begin(sim_world *world) {
    const sim_plan *plan = world->plan;
    sim_route_table *table = &world->routes;
    const uint32_t cap = table_cap((uint64_t)plan->host_count + sim_route_externals(plan));
    PUNCH_ASSERT(cap <= table->cap);
    table->mask = cap - 1;
    memset(table->slots, 0, (size_t)cap * sizeof *table->slots);
    for (uint32_t i = 0; i < plan->site_count; i++) {
        if (world->sites[i].box != NULL) {
            add_nat(world, i);
        }
    }
    for (uint32_t i = 0; i < plan->host_count; i++) {
        sim_host *host = &world->hosts[i];
        host->scope = sim_route_scope(world, host->site, &host->addr);
        add(world, host->scope, &host->addr, 1 + 2 * i);
    }
}

sim_route sim_route_find(const sim_world *world, uint32_t scope, const punch_addr *addr) {
    const uint32_t entry = world->routes.slots[slot_of(world, scope, addr)];
    sim_route found = {SIM_ROUTE_NOWHERE, 0};
    if (entry != 0) {
        found.kind = (entry - 1) % 2 == 1 ? SIM_ROUTE_NAT : SIM_ROUTE_HOST;
        found.index = (entry - 1) / 2;
    }
    return found;
}

sim_route_way sim_route_inside(const sim_world *world, uint32_t site, const punch_addr *addr) {
    sim_route_way way = {SIM_NONE, SIM_NONE};
    const sim_route found = sim_route_find(world, sim_route_scope(world, site, addr), addr);
    if (found.kind == SIM_ROUTE_NOWHERE) {
        return way;
    }
    const uint32_t whose = sim_route_site(world, found);
    if (whose != site) {
        way.step = sim_route_step(world, site, whose);
    } else if (found.kind == SIM_ROUTE_HOST) {
        way.host = found.index;
    }
    return way;
}
