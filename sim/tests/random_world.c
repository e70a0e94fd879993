/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "random_world.h"

#include "punch/lab.h"
#include "punch/rng.h"
#include "sim/truth.h"

static uint64_t below(punch_rng *rng, uint64_t count) {
    return punch_rng_below(rng, count);
}

/* One time in three. */
static bool now_and_then(punch_rng *rng) {
    return below(rng, 3) == 0;
}

static punch_time_us upto_ms(punch_rng *rng, uint64_t ms) {
    return (punch_time_us)below(rng, ms * 1000 + 1);
}

static nat_config draw_nat(punch_rng *rng) {
    /* One draw per statement: the order of evaluation of arguments is the compiler's. */
    const nat_mapping mapping = (nat_mapping)below(rng, 3);
    const nat_filtering filtering = (nat_filtering)below(rng, 3);
    nat_config config = small_nat(mapping, filtering);
    config.allocation = (nat_allocation)below(rng, 3);
    config.udp_timeout_first_us = (punch_time_us)(20 + below(rng, 60)) * PUNCH_US_PER_S;
    config.udp_timeout_stream_us =
        config.udp_timeout_first_us + (punch_time_us)below(rng, 200) * PUNCH_US_PER_S;
    config.refresh_inbound = below(rng, 2) == 0;
    config.hairpin = (nat_hairpin)below(rng, 3);
    config.reply_affinity = below(rng, 2) == 0;
    if (below(rng, 2) == 0) {
        return config; /* half of all NATs have room and are kind to strays */
    }
    config.collision = (nat_collision)below(rng, 4);
    config.port_min = 1024;
    config.port_max = (uint16_t)(now_and_then(rng) ? 1040 : 65535);
    config.table_max = now_and_then(rng) ? 2 + (uint32_t)below(rng, 6) : 64;
    config.per_host_max = now_and_then(rng) ? 1 + (uint32_t)below(rng, 4) : 0;
    config.full = (nat_full)below(rng, 2);
    config.unsolicited = now_and_then(rng) ? (nat_unsolicited)below(rng, 4) : 0;
    config.blacklist_us = 10 * PUNCH_US_PER_S;
    return config;
}

static void draw_link(punch_rng *rng, sim_link_plan *link) {
    link->delay_us = upto_ms(rng, 100);
    if (now_and_then(rng)) {
        link->jitter_us = upto_ms(rng, 50);
    }
    if (now_and_then(rng)) {
        link->loss = punch_probability_of((double)below(rng, 30) / 100);
    }
    if (now_and_then(rng)) {
        link->good_mean_us = 1000 + upto_ms(rng, 3000);
        link->bad_mean_us = 1000 + upto_ms(rng, 500);
        link->loss_bad = PUNCH_PROBABILITY_ONE / 4 * (1 + below(rng, 4));
    }
    if (now_and_then(rng)) {
        link->duplicate = punch_probability_of((double)below(rng, 30) / 100);
    }
    if (now_and_then(rng)) {
        link->reorder = punch_probability_of((double)below(rng, 30) / 100);
        link->reorder_us = upto_ms(rng, 80);
    }
    if (now_and_then(rng)) {
        link->rate_bps = 100000 + below(rng, 10000000);
        link->queue_bytes = below(rng, 2) == 0 ? 0 : 3000 + (uint32_t)below(rng, 20000);
    }
    if (now_and_then(rng)) {
        link->outage_every_us = 1000 + upto_ms(rng, 20000);
        link->outage_for_us = upto_ms(rng, 1000);
    }
    /* Drawn apart, so that worlds drawn before these came differ in them alone. */
    punch_rng own = {punch_mix64(rng->state)};
    if (now_and_then(&own)) {
        link->bad_jitter_us = upto_ms(&own, 200);
    }
    if (now_and_then(&own)) {
        link->flap_every_us = 1 + upto_ms(&own, 10000);
        link->flap_delay_us = upto_ms(&own, 100);
    }
}

/* One NAT in eight is crowded. Drawn apart, like the above. */
static void draw_cross(const punch_rng *rng, sim_site_plan *site) {
    punch_rng own = {punch_mix64(~rng->state)};
    if (site->has_nat && below(&own, 8) == 0) {
        site->cross.rate_milli = 1 + (uint32_t)below(&own, 1000);
        site->cross.dispersion_milli = 1000 + (uint32_t)below(&own, 9001);
        site->cross.hosts = 1 + (uint32_t)below(&own, 20);
        site->cross.answered = PUNCH_PROBABILITY_ONE / 4 * below(&own, 5);
    }
}

/* Every other peer keeps its holes open by any strategy there is, some with settings of their own.
 * Drawn apart, like the above. */
static void draw_keepalives(const punch_rng *rng, sim_host_plan *host) {
    punch_rng own = {punch_mix64(rng->state + 2)};
    size_t count = 0;
    const punch_keepalive *const *all = punch_lab_keepalives(&count);
    if (below(&own, 2) == 0) {
        return;
    }
    host->offers[0] = all[below(&own, count)];
    host->offers[1] = all[below(&own, count)];
    host->broker_keepalive = now_and_then(&own) ? all[below(&own, count)] : NULL;
    if (now_and_then(&own)) {
        host->options.keepalive_interval_us =
            PUNCH_KEEPALIVE_INTERVAL_US_MIN + upto_ms(&own, 300000);
    }
    host->options.keepalive_probes_max = now_and_then(&own) ? 1 + (uint8_t)below(&own, 255) : 0;
}

static void draw_peer(punch_rng *rng, random_world *random) {
    small_world *small = &random->small;
    uint32_t site;
    if (small->plan.site_count > 1 && below(rng, 4) == 0) {
        site = 1 + (uint32_t)below(rng, small->plan.site_count - 1);
    } else {
        const nat_config config = draw_nat(rng);
        site = small_add_site(small, below(rng, 6) == 0 ? NULL : &config);
        draw_link(rng, &small->sites[site].up);
        draw_link(rng, &small->sites[site].down);
        draw_cross(rng, &small->sites[site]);
        small->sites[site].lan_delay_us = now_and_then(rng) ? upto_ms(rng, 2) : 0;
    }
    sim_host_plan *host = &small->hosts[small_add_peer(small, site)];
    host->clock_offset_us = upto_ms(rng, 2000000) - 1000 * PUNCH_US_PER_S;
    host->clock_drift_ppb = (int32_t)below(rng, 200001) - 100000;
    host->start_at_us = now_and_then(rng) ? upto_ms(rng, 5000) : 0;
    host->options.fire_rule = (punch_fire_rule)below(rng, 3);
    host->options.peer_reflexive_off = below(rng, 4) == 0;
    /* From no growth at all, where INTROs per address are what ends a punch. */
    host->options.backoff_permille = now_and_then(rng) ? 1000 + (uint32_t)below(rng, 1001) : 0;
    host->options.keepalive_jitter_permille = below(rng, 2) == 0 ? -1 : (int32_t)below(rng, 200);
    host->options.keepalive_phase_us = now_and_then(rng) ? upto_ms(rng, 30000) : 0;
    size_t strategies = 0;
    const punch_keepalive *const *builtin = punch_keepalive_builtin(&strategies);
    host->offers[0] = builtin[below(rng, strategies)];
    draw_keepalives(rng, host);
}

/* A carrier's NAT in front of some homes, and perhaps another one in front of that. Drawn apart, so
 * that worlds drawn before these came differ in them alone. */
static void draw_carriers(const punch_rng *rng, small_world *small) {
    punch_rng own = {punch_mix64(rng->state + 1)};
    const uint32_t homes = small->plan.site_count;
    const uint32_t carriers = below(&own, 6) == 0 ? 1 + (uint32_t)below(&own, 2) : 0;
    for (uint32_t i = 0; i < carriers; i++) {
        const nat_config config = draw_nat(&own);
        const uint32_t carrier = small_add_site(small, &config);
        draw_link(&own, &small->sites[carrier].up);
        draw_link(&own, &small->sites[carrier].down);
        small->sites[carrier].lan_delay_us = now_and_then(&own) ? upto_ms(&own, 2) : 0;
        small->sites[carrier].is_isolated = now_and_then(&own);
        for (uint32_t site = 1; site < carrier; site++) {
            const bool joins = below(&own, 2) == 0;
            if (joins && small->sites[site].has_nat && small->sites[site].behind == 0 &&
                (site < homes || i > 0)) {
                small->sites[site].behind = carrier + 1;
                small->sites[site].external = /* RFC 6598: 100.64.0.x */
                    punch_addr_ipv4(UINT32_C(0x64400000) + site, 0);
            }
        }
    }
}

static void draw_faults(punch_rng *rng, random_world *random) {
    small_world *small = &random->small;
    const uint32_t half_ms = (uint32_t)(RANDOM_CALM_AT_US / PUNCH_US_PER_MS) / 2;
    for (uint32_t i = 0; i < 3 && now_and_then(rng); i++) {
        const punch_time_us from_us = upto_ms(rng, half_ms);
        small_add_fault(small, from_us, SIM_FAULT_BROKER_DOWN, 0);
        small_add_fault(small, from_us + upto_ms(rng, half_ms), SIM_FAULT_BROKER_UP, 0);
    }
    for (uint32_t i = 0; i < 3 && now_and_then(rng); i++) {
        small_add_fault(small, upto_ms(rng, 2 * half_ms), SIM_FAULT_BROKER_RESTART, 0);
    }
    for (uint32_t i = 0; i < 3 && now_and_then(rng); i++) {
        const uint32_t site = 1 + (uint32_t)below(rng, small->plan.site_count - 1);
        const punch_time_us from_us = upto_ms(rng, half_ms);
        small_add_fault(small, from_us, SIM_FAULT_LINK_DOWN, site);
        small_add_fault(small, from_us + upto_ms(rng, half_ms), SIM_FAULT_LINK_UP, site);
    }
    /* Overlapping faults of one kind may leave something down: all is well from here on. */
    small_add_fault(small, RANDOM_CALM_AT_US, SIM_FAULT_BROKER_UP, 0);
    for (uint32_t site = 1; small->plan.fault_count > 1 && site < small->plan.site_count; site++) {
        small_add_fault(small, RANDOM_CALM_AT_US, SIM_FAULT_LINK_UP, site);
    }
}

/* Hosts that sleep and wake, a crash, applications that redial. Drawn apart, so that worlds drawn
 * before these came differ in them alone; whoever crashes takes no part in calm calls. */
static void draw_sleepers(const punch_rng *rng, small_world *small, uint32_t first_calm_call) {
    punch_rng own = {punch_mix64(rng->state + 2)};
    const uint32_t half_ms = (uint32_t)(RANDOM_CALM_AT_US / PUNCH_US_PER_MS) / 2;
    for (uint32_t i = 0; i < 3 && below(&own, 4) == 0; i++) {
        const uint32_t host = 1 + (uint32_t)below(&own, small->plan.host_count - 1);
        const punch_time_us from_us = upto_ms(&own, half_ms);
        small_add_fault(small, from_us, SIM_FAULT_PEER_SLEEP, host);
        small_add_fault(small, from_us + upto_ms(&own, half_ms), SIM_FAULT_PEER_WAKE, host);
    }
    for (uint32_t i = 0; i < small->plan.fault_count; i++) {
        small->faults[i].network_changed = below(&own, 2) == 0;
    }
    for (uint32_t i = 0; i < small->plan.call_count; i++) {
        small->calls[i].redial_us = below(&own, 4) == 0 ? 1 + upto_ms(&own, 10000) : 0;
    }
    const uint32_t mortal = 1 + (uint32_t)below(&own, small->plan.host_count - 1);
    bool is_needed = below(&own, 4) != 0;
    for (uint32_t i = first_calm_call; i < small->plan.call_count; i++) {
        is_needed =
            is_needed || small->calls[i].caller == mortal || small->calls[i].callee == mortal;
    }
    if (!is_needed) {
        small_add_fault(small, upto_ms(&own, 2 * half_ms), SIM_FAULT_PEER_CRASH, mortal);
    }
}

static void draw_call(punch_rng *rng, small_world *small, punch_time_us at_us) {
    const uint32_t peers = small->plan.host_count - 1;
    const uint32_t caller = 1 + (uint32_t)below(rng, peers);
    const uint32_t callee = 1 + (caller + (uint32_t)below(rng, peers - 1)) % peers;
    small_add_call(small, caller, callee, at_us);
    sim_call_plan *call = &small->calls[small->plan.call_count - 1];
    if (now_and_then(rng)) {
        call->message_count = (uint32_t)below(rng, 5);
        call->message_bytes = 1 + (uint32_t)below(rng, PUNCH_MESSAGE_MAX);
        call->message_gap_us = upto_ms(rng, 500);
    }
}

void random_world_draw(random_world *random, uint64_t seed) {
    punch_rng rng = punch_rng_stream(seed, 0, 0);
    small_world *small = &random->small;
    small_begin(small);
    const uint32_t peers = 2 + (uint32_t)below(&rng, 4);
    for (uint32_t i = 0; i < peers; i++) {
        draw_peer(&rng, random);
    }
    draw_carriers(&rng, small);
    small->core_delay_us[0] = upto_ms(&rng, 150);
    small->plan.core_loss = now_and_then(&rng) ? punch_probability_of(0.02) : 0;
    small->plan.limit_us = RANDOM_LIMIT_US;
    small->plan.hold_us = now_and_then(&rng) ? 60 * PUNCH_US_PER_S : 0;
    draw_faults(&rng, random);
    const uint32_t first = 1 + (uint32_t)below(&rng, 3);
    for (uint32_t i = 0; i < first; i++) {
        draw_call(&rng, small, upto_ms(&rng, 100000));
    }
    random->first_calm_call = small->plan.call_count;
    for (uint32_t i = 0; i < 3; i++) {
        draw_call(&rng, small, RANDOM_CALL_AT_US);
    }
    draw_sleepers(&rng, small, random->first_calm_call);
}

static void calm(sim_link_plan *link) {
    link->loss = 0;
    link->loss_good = 0;
    link->loss_bad = 0;
    link->duplicate = 0;
    link->reorder = 0;
    link->queue_bytes = 0;
    link->outage_for_us = 0;
}

void random_world_calm(random_world *random) {
    for (uint32_t i = 0; i < random->small.plan.site_count; i++) {
        calm(&random->small.sites[i].up);
        calm(&random->small.sites[i].down);
    }
    random->small.plan.core_loss = 0;
}

/* Room for everything the hosts of a site do, and no answer to strays that hurts. */
static bool is_benign(const sim_site_plan *site) {
    return !site->has_nat || (site->cross.rate_milli == 0 && site->nat.table_max >= 64 &&
                              site->nat.per_host_max == 0 && site->nat.port_max == 65535 &&
                              site->nat.collision != NAT_COLLISION_OVERLOAD &&
                              site->nat.unsolicited == NAT_UNSOLICITED_IGNORE);
}

/* Are all boxes around a site kind, and, behind others, independent of where packets go? A chain of
 * such NATs is another one: EIM, with all their filters. */
static bool is_benign_chain(const small_world *small, const sim_site_plan *site) {
    bool good = is_benign(site);
    const bool is_chain = site->behind != 0;
    for (uint32_t at = sim_site_parent(site); at != SIM_NONE;
         at = sim_site_parent(&small->sites[at])) {
        good =
            good && is_benign(&small->sites[at]) && small->sites[at].nat.mapping == NAT_MAPPING_EIM;
    }
    return good && (!is_chain || site->nat.mapping == NAT_MAPPING_EIM);
}

static const sim_site_plan *outermost(const small_world *small, const sim_site_plan *site) {
    while (site->behind != 0) {
        site = &small->sites[sim_site_parent(site)];
    }
    return site;
}

bool random_world_must_connect(const random_world *random, uint32_t call) {
    const small_world *small = &random->small;
    const sim_host_plan *a = &small->hosts[small->calls[call].caller];
    const sim_host_plan *b = &small->hosts[small->calls[call].callee];
    const sim_site_plan *site_a = &small->sites[a->site];
    const sim_site_plan *site_b = &small->sites[b->site];
    if (!is_benign_chain(small, site_a) || !is_benign_chain(small, site_b) ||
        a->options.peer_reflexive_off || b->options.peer_reflexive_off) {
        return false;
    }
    if (a->site == b->site) {
        return true;
    }
    if (outermost(small, site_a) == outermost(small, site_b)) {
        return false; /* it depends on who turns what back */
    }
    const nat_config *of_a = site_a->has_nat ? &site_a->nat : NULL;
    const nat_config *of_b = site_b->has_nat ? &site_b->nat : NULL;
    const bool in_chain = site_a->behind != 0 || site_b->behind != 0;
    if (in_chain && of_a != NULL && of_b != NULL && of_a->mapping != of_b->mapping) {
        return false; /* whether all filters of the chain ignore ports is not asked */
    }
    return sim_truth_can_open(of_a, of_b);
}
