/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One pair, and what lies around it, through `des`.
 */
#include <stdio.h>
#include <string.h>

#include "punch_test.h"
#include "sim/truth.h"
#include "small_world.h"

enum { SEED = 1 };

static void lossless_pair_connects(void) {
    const nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    small_world small;
    small_pair(&small, &box, &box);
    small_run(&small, SEED, NULL);
    const sim_trial_result *result = &small.result;
    const sim_call_result *call = &result->calls[0];
    EXPECT("two EIM/APDF NATs without loss connect", call->connected);
    EXPECT("each side says when", call->connected_us[0] > 0 && call->connected_us[1] > 0);
    EXPECT("registration, signalling and punch take a few round trips of 50 ms",
           call->time_to_connect_us > 200000 && call->time_to_connect_us < 1000000);
    EXPECT_INT("caller: no failure", call->fail[0], PUNCH_FAIL_NONE);
    EXPECT_INT("callee: no failure", call->fail[1], PUNCH_FAIL_NONE);
    EXPECT_INT("both fire at one instant", call->fired_at_us[0], call->fired_at_us[1]);
    EXPECT_INT("nothing is lost on links", result->packets_lost_link, 0);
    EXPECT_INT("nothing is blocked: both punched before the other arrived", result->packets_blocked,
               0);
    EXPECT("about two dozen packets do it",
           result->packets_sent >= 20 && result->packets_sent <= 32);
    EXPECT_INT("the world ends when all is decided", result->ended_at_us, call->time_to_connect_us);
    EXPECT("not over private addresses", !call->path_private);
}

typedef struct {
    const char *sentence;
    nat_mapping mapping_a;
    nat_filtering filtering_a;
    nat_mapping mapping_b;
    nat_filtering filtering_b;
    bool connects;
} pair_row;

static const pair_row pair_rows[] = {
    {"EIM/APDF x EIM/APDF", NAT_MAPPING_EIM, NAT_FILTERING_APDF, NAT_MAPPING_EIM,
     NAT_FILTERING_APDF, true},
    {"APDM/APDF x EIM/ADF", NAT_MAPPING_APDM, NAT_FILTERING_APDF, NAT_MAPPING_EIM,
     NAT_FILTERING_ADF, true},
    {"APDM/APDF x EIM/APDF", NAT_MAPPING_APDM, NAT_FILTERING_APDF, NAT_MAPPING_EIM,
     NAT_FILTERING_APDF, false},
    {"APDM/APDF x APDM/APDF", NAT_MAPPING_APDM, NAT_FILTERING_APDF, NAT_MAPPING_APDM,
     NAT_FILTERING_APDF, false},
    {"APDM/EIF x ADM/ADF", NAT_MAPPING_APDM, NAT_FILTERING_EIF, NAT_MAPPING_ADM, NAT_FILTERING_ADF,
     true},
};

static void pairs_follow_their_nats(void) {
    for (size_t row = 0; row < sizeof pair_rows / sizeof pair_rows[0]; row++) {
        const pair_row *at = &pair_rows[row];
        const nat_config a = small_nat(at->mapping_a, at->filtering_a);
        const nat_config b = small_nat(at->mapping_b, at->filtering_b);
        small_world small;
        small_pair(&small, &a, &b);
        small_run(&small, SEED, NULL);
        const sim_call_result *call = &small.result.calls[0];
        EXPECT_INT(at->sentence, call->connected, at->connects);
        EXPECT_INT("the truth knew it", sim_truth_can_open(&a, &b), at->connects);
        if (!at->connects) {
            EXPECT("a failed pair names what blocked it", call->blocked[0] + call->blocked[1] > 0);
            EXPECT("and whose NAT it was", call->blocked_site[0] != SIM_NONE);
            EXPECT("both sides say that they failed",
                   call->fail[0] != PUNCH_FAIL_NONE && call->fail[1] != PUNCH_FAIL_NONE);
            EXPECT_INT("an unconnected call has no time", call->time_to_connect_us, PUNCH_NEVER);
        }
    }
}

static void public_hosts_connect(void) {
    small_world small;
    small_pair(&small, NULL, NULL);
    small_run(&small, SEED, NULL);
    EXPECT("two hosts without NAT connect", small.result.calls[0].connected);
}

static void same_site_is_private(void) {
    const nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    small_world small;
    small_begin(&small);
    const uint32_t site = small_add_site(&small, &box);
    small.sites[site].lan_delay_us = 300;
    const uint32_t a = small_add_peer(&small, site);
    const uint32_t b = small_add_peer(&small, site);
    small_add_call(&small, a, b, 0);
    small_run(&small, SEED, NULL);
    EXPECT("two hosts behind one NAT connect", small.result.calls[0].connected);
    EXPECT("over their private addresses", small.result.calls[0].path_private);
}

/* Counts what went over the LAN of a site, and hairpins. */
typedef struct {
    uint32_t turned_back;
    uint32_t refused_hairpins;
} hairpin_count;

static void count_hairpins(void *user, const sim_saw *record) {
    hairpin_count *count = user;
    if (record->kind == SIM_SAW_NAT_OUT) {
        count->turned_back += record->verdict == NAT_TURNED_BACK;
        count->refused_hairpins += record->verdict == NAT_DROP_NO_HAIRPIN;
    }
}

static void hairpin_follows_the_nat(void) {
    static const nat_hairpin kinds[] = {NAT_HAIRPIN_NONE, NAT_HAIRPIN_EXTERNAL};
    for (size_t i = 0; i < 2; i++) {
        nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_EIF);
        box.hairpin = kinds[i];
        small_world small;
        small_begin(&small);
        const uint32_t site = small_add_site(&small, &box);
        const uint32_t a = small_add_peer(&small, site);
        const uint32_t b = small_add_peer(&small, site);
        small_add_call(&small, a, b, 0);
        hairpin_count count = {0};
        const sim_observer observer = {count_hairpins, &count};
        small_run(&small, SEED, &observer);
        EXPECT("the pair connects either way", small.result.calls[0].connected);
        EXPECT_INT("packets to the own external address are turned back", count.turned_back > 0,
                   kinds[i] == NAT_HAIRPIN_EXTERNAL);
        EXPECT_INT("or dropped", count.refused_hairpins > 0, kinds[i] == NAT_HAIRPIN_NONE);
    }
}

/* A network that keeps its hosts apart: their NAT is the only way, and what it does about hairpins
 * decides. The truth must say the same as what happens. */
static void isolation_leaves_the_hairpin(void) {
    static const struct {
        const char *sentence;
        nat_hairpin hairpin;
        nat_mapping mapping;
        nat_filtering filtering;
        bool is_isolated;
        bool connects;
    } table[] = {
        {"LAN, no hairpin", NAT_HAIRPIN_NONE, NAT_MAPPING_EIM, NAT_FILTERING_APDF, false, true},
        {"apart, no hairpin", NAT_HAIRPIN_NONE, NAT_MAPPING_EIM, NAT_FILTERING_EIF, true, false},
        {"apart, internal source", NAT_HAIRPIN_INTERNAL, NAT_MAPPING_EIM, NAT_FILTERING_APDF, true,
         false},
        {"apart, external source", NAT_HAIRPIN_EXTERNAL, NAT_MAPPING_EIM, NAT_FILTERING_APDF, true,
         true},
        {"apart, external source, ports unknown", NAT_HAIRPIN_EXTERNAL, NAT_MAPPING_APDM,
         NAT_FILTERING_APDF, true, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        nat_config box = small_nat(table[i].mapping, table[i].filtering);
        box.hairpin = table[i].hairpin;
        small_world small;
        small_begin(&small);
        const uint32_t site = small_add_site(&small, &box);
        small.sites[site].is_isolated = table[i].is_isolated;
        const uint32_t a = small_add_peer(&small, site);
        const uint32_t b = small_add_peer(&small, site);
        small_add_call(&small, a, b, 0);
        small.plan.hold_us = 60 * PUNCH_US_PER_S; /* keepalives go along the path chosen */
        sim_world *world = sim_world_create(&small.plan);
        sim_world_begin(world, &small.plan, SEED, NULL, small_result(&small));
        (void)sim_world_run_until(world, 40 * PUNCH_US_PER_S);
        EXPECT_INT(table[i].sentence, small.result.calls[0].connected, table[i].connects);
        EXPECT_INT("the truth says the same of the caller", sim_truth_has_opened(world, 0, 0),
                   table[i].connects);
        EXPECT_INT("and of both", sim_truth_path_exists(world, 0), table[i].connects);
        (void)sim_world_run_until(world, PUNCH_NEVER);
        sim_world_finish(world);
        sim_world_destroy(world);
        EXPECT_INT("over the LAN only where there is one", small.result.calls[0].path_private,
                   !table[i].is_isolated);
    }
}

static void refusal_ends_the_call(void) {
    small_world small;
    small_pair(&small, NULL, NULL);
    small.hosts[2].refuses = true;
    small_run(&small, SEED, NULL);
    const sim_call_result *call = &small.result.calls[0];
    EXPECT("a refused call does not connect", !call->connected);
    EXPECT_INT("the caller hears why", call->fail[0], PUNCH_FAIL_REFUSED);
}

static void lossy_pair_connects(void) {
    const nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    uint32_t connected = 0;
    uint64_t lost = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        small_world small;
        small_pair(&small, &box, &box);
        for (uint32_t site = 1; site <= 2; site++) {
            small.sites[site].up.loss = punch_probability_of(0.1);
            small.sites[site].down.loss = punch_probability_of(0.1);
        }
        small_run(&small, seed, NULL);
        connected += small.result.calls[0].connected;
        lost += small.result.packets_lost_link;
    }
    EXPECT("10 % loss each way is survived by nearly all", connected >= 38);
    EXPECT("and packets were lost", lost > 40);
}

static void core_loss_is_applied(void) {
    static const struct {
        const char *sentence;
        double loss;
        uint32_t connected_min;
        uint32_t connected_max;
    } table[] = {{"a core that loses nothing", 0.0, 40, 40},
                 {"a core that loses 10 %", 0.1, 36, 40},
                 {"a core that loses everything", 1.0, 0, 0}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint32_t connected = 0;
        uint64_t lost = 0;
        uint64_t sent = 0;
        for (uint64_t seed = 1; seed <= 40; seed++) {
            small_world small;
            small_pair(&small, NULL, NULL);
            small.plan.core_loss = punch_probability_of(table[i].loss);
            small.plan.limit_us = 60 * PUNCH_US_PER_S;
            small_run(&small, seed, NULL);
            connected += small.result.calls[0].connected;
            lost += small.result.packets_lost_link;
            sent += small.result.packets_sent;
        }
        EXPECT(table[i].sentence,
               connected >= table[i].connected_min && connected <= table[i].connected_max);
        /* About a thousand packets: four standard errors at 10 % are 4 %. */
        EXPECT_REAL("share of packets lost", (double)lost / (double)sent, table[i].loss,
                    table[i].loss < 1 ? table[i].loss * 0.4 : 0.0);
    }
}

/* Without growth of the gaps it is the limit of INTROs per address that ends a punch. */
static void intros_per_address_are_limited(void) {
    const nat_config box = small_nat(NAT_MAPPING_APDM, NAT_FILTERING_APDF);
    small_world small;
    small_pair(&small, &box, &box);
    small.hosts[1].options.backoff_permille = 1000;
    small.hosts[2].options.backoff_permille = 1000;
    small_run(&small, SEED, NULL);
    const sim_call_result *call = &small.result.calls[0];
    EXPECT("the pair does not connect", !call->connected);
    EXPECT_INT("the caller sends all INTROs it may", call->intros_sent[0],
               PUNCH_INTROS_PER_TARGET_MAX);
    EXPECT_INT("so does the callee", call->intros_sent[1], PUNCH_INTROS_PER_TARGET_MAX);
}

static void broker_restart_is_survived(void) {
    const nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    small_world small;
    small_pair(&small, &box, &box);
    small.calls[0].at_us = 30 * PUNCH_US_PER_S;
    small_add_fault(&small, 5 * PUNCH_US_PER_S, SIM_FAULT_BROKER_RESTART, 0);
    small_run(&small, SEED, NULL);
    EXPECT("peers find a restarted broker again and connect", small.result.calls[0].connected);
}

static void broker_down_fails_the_call(void) {
    small_world small;
    small_pair(&small, NULL, NULL);
    small_add_fault(&small, 0, SIM_FAULT_BROKER_DOWN, 0);
    small.plan.limit_us = 60 * PUNCH_US_PER_S;
    small_run(&small, SEED, NULL);
    const sim_call_result *call = &small.result.calls[0];
    EXPECT("without a broker nothing connects", !call->connected);
    EXPECT_INT("the caller's broker is lost", call->fail[0], PUNCH_FAIL_BROKER_LOST);
    EXPECT_INT("the callee's too", call->fail[1], PUNCH_FAIL_BROKER_LOST);
    EXPECT_INT("the world runs to its limit", small.result.ended_at_us, 60 * PUNCH_US_PER_S);
}

static void link_down_kills_a_connection(void) {
    const nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    small_world small;
    small_pair(&small, &box, &box);
    small.plan.hold_us = 100 * PUNCH_US_PER_S;
    small_add_fault(&small, 10 * PUNCH_US_PER_S, SIM_FAULT_LINK_DOWN, 1);
    small_run(&small, SEED, NULL);
    const sim_call_result *call = &small.result.calls[0];
    EXPECT("the pair had connected", call->connected);
    EXPECT("and was lost", call->lost_after);
    EXPECT_INT("the caller noticed", call->fail[0], PUNCH_FAIL_DEAD);
    EXPECT_INT("the callee noticed", call->fail[1], PUNCH_FAIL_DEAD);
}

/* What becomes of a connection when a's NAT forgets, moves or changes. */
static void nat_faults(void) {
    static const struct {
        const char *sentence;
        bool happens;
        sim_fault_kind kind;
        nat_allocation allocation;
        bool lost;
    } rows[] = {
        {"nothing happens", false, SIM_FAULT_NAT_REBOOT, NAT_ALLOCATION_RANDOM, false},
        {"a reboot, ports kept: both punch again", true, SIM_FAULT_NAT_REBOOT,
         NAT_ALLOCATION_PRESERVING, false},
        {"a reboot, another port: b's filter has never seen it", true, SIM_FAULT_NAT_REBOOT,
         NAT_ALLOCATION_RANDOM, true},
        {"another address: likewise", true, SIM_FAULT_NAT_RENUMBER, NAT_ALLOCATION_PRESERVING,
         true},
        {"other timeouts only: mappings live on", true, SIM_FAULT_NAT_CHANGE, NAT_ALLOCATION_RANDOM,
         false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
        box.allocation = rows[i].allocation;
        small_world small;
        small_pair(&small, &box, &box);
        small.plan.hold_us = 100 * PUNCH_US_PER_S;
        if (rows[i].happens) {
            small_add_fault(&small, 10 * PUNCH_US_PER_S, rows[i].kind, 1);
            small.faults[0].external = punch_addr_ipv4(UINT32_C(0xc6120001), 0);
            small.faults[0].nat = box;
            small.faults[0].nat.udp_timeout_first_us = 60 * PUNCH_US_PER_S;
        }
        small_run(&small, SEED, NULL);
        EXPECT("the pair had connected", small.result.calls[0].connected);
        EXPECT_INT(rows[i].sentence, small.result.calls[0].lost_after, rows[i].lost);
    }
}

/* A firewall is a NAT that translates nothing: as easy as EIM/APDF. UDP may also be blocked. */
static void firewalls(void) {
    nat_config wall = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    wall.firewall = true;
    nat_config blocked = wall;
    blocked.udp_blocked = true;
    nat_config pool = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    pool.address_count = 8;
    const nat_config hard = small_nat(NAT_MAPPING_APDM, NAT_FILTERING_APDF);
    const struct {
        const char *sentence;
        const nat_config *a;
        const nat_config *b;
        bool connects;
    } rows[] = {
        {"two firewalls", &wall, &wall, true},
        {"a firewall and a paired pool", &wall, &pool, true},
        {"a firewall and a hard NAT", &wall, &hard, false},
        {"no UDP on one side", &blocked, &pool, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        small_world small;
        small_pair(&small, rows[i].a, rows[i].b);
        for (uint32_t host = 1; host < small.plan.host_count; host++) {
            if (small.sites[small.hosts[host].site].nat.firewall) {
                small.hosts[host].addr = punch_addr_ipv4(UINT32_C(0xc0000200) + host, 40000);
            }
        }
        small_run(&small, SEED, NULL);
        EXPECT_INT(rows[i].sentence, small.result.calls[0].connected, rows[i].connects);
        EXPECT_INT("the truth knew it", sim_truth_can_open(rows[i].a, rows[i].b), rows[i].connects);
    }
}

static void keepalives_hold_the_path(void) {
    nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    box.udp_timeout_first_us = 30 * PUNCH_US_PER_S;
    box.udp_timeout_stream_us = 30 * PUNCH_US_PER_S;
    small_world small;
    small_pair(&small, &box, &box);
    small.plan.limit_us = 700 * PUNCH_US_PER_S;
    small.plan.hold_us = 600 * PUNCH_US_PER_S;
    small_run(&small, SEED, NULL);
    const sim_call_result *call = &small.result.calls[0];
    EXPECT("the pair connects and stays", call->connected && !call->lost_after);
    EXPECT("about 40 keepalives in 600 s",
           call->keepalives_sent[0] >= 38 && call->keepalives_sent[0] <= 45);
    EXPECT("no silence above 15 s + 5 %", call->outbound_gap_us_max[0] > 14 * PUNCH_US_PER_S &&
                                              call->outbound_gap_us_max[0] < 17 * PUNCH_US_PER_S);
}

static void messages_have_outcomes(void) {
    small_world small;
    small_pair(&small, NULL, NULL);
    small.calls[0].message_count = 5;
    small.calls[0].message_bytes = 100;
    small.calls[0].message_gap_us = 50 * PUNCH_US_PER_MS;
    small_run(&small, SEED, NULL);
    EXPECT_INT("each side's five messages are acknowledged", small.result.calls[0].messages_acked,
               10);
    EXPECT_INT("none is unconfirmed", small.result.calls[0].messages_unconfirmed, 0);
    EXPECT_INT("none is refused", small.result.calls[0].messages_refused, 0);
}

static void clocks_do_not_matter(void) {
    const nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    small_world small;
    small_pair(&small, &box, &box);
    small.hosts[0].clock_offset_us = 77 * PUNCH_US_PER_S;
    small.hosts[1].clock_offset_us = -12345678;
    small.hosts[1].clock_drift_ppb = 100000;
    small.hosts[2].clock_offset_us = 987654321;
    small.hosts[2].clock_drift_ppb = -100000;
    small_run(&small, SEED, NULL);
    const sim_call_result *call = &small.result.calls[0];
    EXPECT("clocks an hour apart connect all the same", call->connected);
    const punch_time_us apart_us = call->fired_at_us[0] - call->fired_at_us[1];
    EXPECT("and fire within a millisecond of each other", apart_us > -1000 && apart_us < 1000);
}

static void truth_follows_the_call(void) {
    const nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    small_world small;
    small_pair(&small, &box, &box);
    small.plan.hold_us = 30 * PUNCH_US_PER_S;
    small.sites[1].up.loss = punch_probability_of(0.25);
    small.sites[1].up.loss = 0;
    sim_world *world = sim_world_create(&small.plan);
    sim_world_begin(world, &small.plan, SEED, NULL, small_result(&small));
    EXPECT("the world runs", sim_world_run_until(world, 1));
    EXPECT("nothing is open before the punch", !sim_truth_has_opened(world, 0, 0));
    EXPECT("no path either", !sim_truth_path_exists(world, 0));
    EXPECT("the world runs on", sim_world_run_until(world, 5 * PUNCH_US_PER_S));
    EXPECT("caller to callee is open", sim_truth_has_opened(world, 0, 0));
    EXPECT("callee to caller is open", sim_truth_has_opened(world, 0, 1));
    EXPECT("a path exists", sim_truth_path_exists(world, 0));
    EXPECT_REAL("no loss on the way up", sim_truth_access_loss(world, 1, SIM_UP), 0.0, 0.0);
    EXPECT("the peer is registered", punch_peer_is_registered(sim_world_peer(world, 1)));
    EXPECT_INT("the broker knows both", punch_broker_registered_count(sim_world_broker(world, 0)),
               2);
    EXPECT("the world ends", !sim_world_run_until(world, PUNCH_NEVER));
    sim_world_finish(world);
    sim_world_destroy(world);
}

static void keepalive_clients_only(void) {
    small_world small;
    small_begin(&small);
    const nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    for (uint32_t i = 1; i < SMALL_HOSTS; i++) {
        const uint32_t peer = small_add_peer(&small, small_add_site(&small, &box));
        small.hosts[peer].calls_max = 0;
        small.hosts[peer].messages_max = 0;
        small.hosts[peer].inbox_max = 0;
    }
    sim_world *world = sim_world_create(&small.plan);
    sim_world_begin(world, &small.plan, SEED, NULL, small_result(&small));
    EXPECT("a world without calls runs", sim_world_run_until(world, 150 * PUNCH_US_PER_S));
    EXPECT_INT("all clients are registered",
               punch_broker_registered_count(sim_world_broker(world, 0)), SMALL_HOSTS - 1);
    EXPECT("until its limit", !sim_world_run_until(world, PUNCH_NEVER));
    sim_world_finish(world);
    EXPECT_INT("which is when it ends", small.result.ended_at_us, small.plan.limit_us);
    sim_world_destroy(world);
}

static void full_pool_loses_packets(void) {
    small_world small;
    small_pair(&small, NULL, NULL);
    small.plan.packets_max = 1;
    small.plan.limit_us = 20 * PUNCH_US_PER_S;
    small_run(&small, SEED, NULL);
    EXPECT("packets beyond packets_max are lost and counted", small.result.packets_lost_link > 0);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"a lossless pair connects", lossless_pair_connects},
        {"pairs follow their NATs", pairs_follow_their_nats},
        {"public hosts connect", public_hosts_connect},
        {"two hosts of one site use private addresses", same_site_is_private},
        {"hairpins follow the NAT", hairpin_follows_the_nat},
        {"a site that keeps its hosts apart leaves the hairpin", isolation_leaves_the_hairpin},
        {"a refusal ends the call", refusal_ends_the_call},
        {"a lossy pair connects", lossy_pair_connects},
        {"loss in the core is applied", core_loss_is_applied},
        {"INTROs per address are limited", intros_per_address_are_limited},
        {"a broker restart is survived", broker_restart_is_survived},
        {"a broker that is down fails the call", broker_down_fails_the_call},
        {"a dead link kills a connection", link_down_kills_a_connection},
        {"a NAT that reboots, moves or changes", nat_faults},
        {"firewalls, pools and blocked UDP", firewalls},
        {"keepalives hold the path", keepalives_hold_the_path},
        {"messages have outcomes", messages_have_outcomes},
        {"clocks do not matter", clocks_do_not_matter},
        {"the truth follows the call", truth_follows_the_call},
        {"keepalive clients only", keepalive_clients_only},
        {"a full pool loses packets", full_pool_loses_packets},
    };
    return PUNCH_TEST_MAIN("unit_world", cases);
}
