/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench_plan.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench_bare.h"
#include "punch/assert.h"

static void fill_nat(sim_site_plan *site, uint32_t client) {
    site->has_nat = true;
    site->nat = nat_config_default();
    site->nat.mapping = NAT_MAPPING_EIM;
    site->nat.filtering = NAT_FILTERING_APDF;
    site->nat.allocation = NAT_ALLOCATION_PRESERVING;
    /* One mapping, two remotes: a broker and a counterparty. No NAT needs more room here. */
    site->nat.table_max = 2;
    site->nat.filters_max = 2;
    site->external = punch_addr_ipv4(0x0b000000u + client, 0);
    site->lan_delay_us = BENCH_LAN_US;
    site->up.jitter_us = BENCH_JITTER_US;
}

static void fill_client(sim_plan *plan, uint32_t client, uint32_t broker) {
    sim_host_plan *host = &plan->hosts[client];
    fill_nat(&plan->sites[client], client);
    snprintf(plan->sites[client].name, sizeof plan->sites[client].name, "%u", client);
    snprintf(host->name, sizeof host->name, "%u", client);
    host->kind = SIM_HOST_PEER;
    host->site = client;
    host->addr = punch_addr_ipv4(0xc0a8010au, 5000);
    host->broker = broker;
    host->options.keepalive_jitter_permille = -1;
}

/* Clients at sites 0.., the broker at the last. */
static sim_plan *make(uint32_t clients, const punch_crypto *crypto) {
    sim_plan *plan = calloc(1, sizeof *plan);
    if (plan == NULL) {
        return NULL;
    }
    plan->site_count = clients + 1;
    plan->host_count = clients + 1;
    plan->sites = calloc(plan->site_count, sizeof *plan->sites);
    plan->hosts = calloc(plan->host_count, sizeof *plan->hosts);
    plan->core_delay_us = calloc(1, sizeof *plan->core_delay_us);
    if (plan->sites == NULL || plan->hosts == NULL || plan->core_delay_us == NULL) {
        bench_plan_free(plan);
        return NULL;
    }
    plan->region_count = 1;
    plan->core_delay_us[0] = BENCH_CORE_US;
    plan->crypto = crypto;
    for (uint32_t i = 0; i < clients; i++) {
        fill_client(plan, i, clients);
    }
    sim_host_plan *broker = &plan->hosts[clients];
    snprintf(broker->name, sizeof broker->name, "broker");
    snprintf(plan->sites[clients].name, sizeof plan->sites[clients].name, "broker");
    broker->kind = SIM_HOST_BROKER;
    broker->site = clients;
    broker->addr = punch_addr_ipv4(0xc6336401u, 3478);
    broker->peers_max = clients;
    broker->broker_calls_max = 1;
    return plan;
}

sim_plan *bench_plan_pair(const punch_crypto *crypto) {
    sim_plan *plan = make(2, crypto);
    PUNCH_ASSERT(plan != NULL);
    plan->calls = calloc(1, sizeof *plan->calls);
    PUNCH_ASSERT(plan->calls != NULL);
    plan->call_count = 1;
    plan->calls[0].caller = 0;
    plan->calls[0].callee = 1;
    plan->calls[0].at_us = BENCH_CALL_AT_US;
    for (uint32_t i = 0; i < 2; i++) {
        plan->hosts[i].calls_max = 1;
        plan->hosts[i].messages_max = 1;
        plan->hosts[i].inbox_max = 1;
    }
    plan->limit_us = 60 * PUNCH_US_PER_S;
    plan->packets_max = 64;
    return plan;
}

sim_plan *bench_plan_clients(uint32_t clients, const punch_crypto *crypto) {
    sim_plan *plan = make(clients, crypto);
    if (plan == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < clients; i++) {
        plan->hosts[i].start_at_us = (punch_time_us)i * BENCH_KEEPALIVE_US / clients;
    }
    plan->limit_us = 3600 * PUNCH_US_PER_S;
    /* Packets take 21 ms each way, starts are spread over 15 s: chosen with room to spare. */
    plan->packets_max = 1024 + clients / 32;
    return plan;
}

size_t bench_plan_bytes(const sim_plan *plan) {
    return sizeof *plan + plan->site_count * sizeof *plan->sites +
           plan->host_count * sizeof *plan->hosts + plan->call_count * sizeof *plan->calls;
}

void bench_plan_free(sim_plan *plan) {
    if (plan == NULL) {
        return;
    }
    free(plan->sites);
    free(plan->hosts);
    free(plan->calls);
    free(plan->core_delay_us);
    free(plan);
}
