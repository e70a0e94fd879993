/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What became of packets that did not arrive: every one is counted under its cause, those between a
 * peer and its broker too, and the totals add up.
 */
#include "punch_test.h"
#include "sim/measure.h"
#include "small_world.h"

#define SEED 11

static nat_config open_nat(void) {
    return small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
}

/* Two peers, one behind each of two NATs (or both behind the first), and one thing that is wrong
 * with the first. */
static void spoil_nothing(small_world *small) {
    (void)small;
}

static void block_udp(small_world *small) {
    small->sites[1].nat.udp_blocked = true;
}

static void police(small_world *small) {
    small->sites[1].nat.udp_rate_pps = 1;
    small->sites[1].nat.udp_burst = 1;
}

static void fill_table(small_world *small) {
    small->sites[1].nat.table_max = 1;
    small->sites[1].nat.full = NAT_FULL_REFUSE;
}

static void take_ports(small_world *small) {
    small->sites[1].nat.port_min = 50000;
    small->sites[1].nat.port_max = 50000;
}

static void share_site(small_world *small) {
    small->hosts[2].site = 1;
    small->hosts[2].addr = small->hosts[1].addr;
    small->hosts[2].addr.ip[3]++;
    small->hosts[1].start_at_us = 0;
    small->hosts[2].start_at_us = PUNCH_US_PER_S;
}

static void fill_shared_table(small_world *small) {
    share_site(small);
    fill_table(small);
}

static void take_shared_ports(small_world *small) {
    share_site(small);
    take_ports(small);
}

static void stop_broker(small_world *small) {
    small_add_fault(small, 0, SIM_FAULT_BROKER_DOWN, 0);
}

static void isolate(small_world *small) {
    share_site(small);
    small->sites[1].is_isolated = true;
}

typedef struct {
    const char *sentence;
    void (*spoil)(small_world *);
    uint32_t side;
    bool to_blocked;   /* on the way to the broker */
    bool from_blocked; /* from there */
    nat_verdict verdict;
    int elsewhere; /* sim_loss of the packets to the broker; -1 = none */
    bool connects;
} broker_row;

static const broker_row broker_rows[] = {
    {"nothing is wrong", spoil_nothing, 0, false, false, NAT_PASS, -1, true},
    {"UDP is blocked", block_udp, 0, true, false, NAT_DROP_UDP_BLOCKED, -1, false},
    {"a policer drops both ways", police, 0, true, true, NAT_DROP_RATE, -1, false},
    {"no room for a second host", fill_shared_table, 1, true, false, NAT_DROP_TABLE_FULL, -1,
     false},
    {"no port for a second host", take_shared_ports, 1, true, false, NAT_DROP_NO_PORT, -1, false},
    {"the broker is down", stop_broker, 0, false, false, NAT_PASS, SIM_LOSS_HOST, false},
};

static void spoilt_pair(small_world *small, void (*spoil)(small_world *)) {
    const nat_config box = open_nat();
    small_pair(small, &box, &box);
    small->plan.limit_us = 30 * PUNCH_US_PER_S;
    spoil(small);
}

static void brokers_are_attributed(void) {
    for (size_t i = 0; i < sizeof broker_rows / sizeof broker_rows[0]; i++) {
        const broker_row *row = &broker_rows[i];
        small_world small;
        spoilt_pair(&small, row->spoil);
        small_run(&small, SEED, NULL);
        const sim_call_result *call = &small.result.calls[0];
        const sim_broker_way *to = &call->to_broker[row->side];
        const sim_broker_way *from = &call->from_broker[row->side];
        EXPECT_INT(row->sentence, call->connected, row->connects);
        EXPECT_INT("blocked on the way there", to->blocked > 0, row->to_blocked);
        EXPECT_INT("blocked on the way back", from->blocked > 0, row->from_blocked);
        if (row->to_blocked) {
            EXPECT_INT("the last verdict there", to->verdict, row->verdict);
            EXPECT_INT("of that NAT", to->site, 1);
        }
        if (row->from_blocked) {
            EXPECT_INT("the last verdict back", from->verdict, row->verdict);
            EXPECT_INT("of that NAT, too", from->site, 1);
        }
        for (int why = 0; why < SIM_LOSS_COUNT; why++) {
            EXPECT_INT("lost elsewhere", to->lost_elsewhere[why] > 0, why == row->elsewhere);
        }
        EXPECT_INT("heard of the broker", call->broker_arrived[row->side] > 0, row->connects);
        if (row->verdict != NAT_PASS) {
            EXPECT("every such drop stands under its verdict",
                   small.result.verdicts[row->verdict] >= to->blocked + from->blocked);
        }
    }
}

/* A host's calls share its broker. */
static void calls_share_the_broker(void) {
    small_world small;
    spoilt_pair(&small, block_udp);
    small_add_call(&small, 2, 1, PUNCH_US_PER_S);
    small_run(&small, SEED, NULL);
    const sim_call_result *first = &small.result.calls[0];
    const sim_call_result *second = &small.result.calls[1];
    EXPECT("the first call's caller was blocked", first->to_broker[0].blocked > 0);
    EXPECT_INT("who is the second's callee", second->to_broker[1].blocked,
               first->to_broker[0].blocked);
    EXPECT_INT("by that verdict", second->to_broker[1].verdict, NAT_DROP_UDP_BLOCKED);
    EXPECT_INT("the other one was not", second->to_broker[0].blocked, 0);
    EXPECT_INT("and heard of it", second->broker_arrived[0] > 0, 1);
}

/* Peers' own packets: by cause, side 1 being the callee. */
static void peers_are_attributed(void) {
    small_world small;
    spoilt_pair(&small, isolate);
    small_run(&small, SEED, NULL);
    const sim_call_result *call = &small.result.calls[0];
    EXPECT("kept apart inside their site", call->lost_elsewhere[1][SIM_LOSS_ISOLATED] > 0);
    EXPECT_INT("which is no link", call->lost_link[1], 0);
    EXPECT("in the totals, too", small.result.packets_lost_elsewhere[SIM_LOSS_ISOLATED] > 0);
    EXPECT_INT("where links lose nothing", small.result.packets_lost_link, 0);
}

static void hops_end_packets(void) {
    uint16_t core_hops[1] = {250};
    small_world small;
    spoilt_pair(&small, spoil_nothing);
    small.plan.core_hops = core_hops;
    small_run(&small, SEED, NULL);
    const sim_call_result *call = &small.result.calls[0];
    EXPECT("nothing gets through the core", call->to_broker[0].lost_elsewhere[SIM_LOSS_TTL] > 0);
    EXPECT_INT("which is no link", call->to_broker[0].lost_link, 0);
    EXPECT_INT("all of it", small.result.packets_lost_elsewhere[SIM_LOSS_TTL],
               small.result.packets_sent);
}

/* Of all packets of a world. */
static uint64_t ends_of(const sim_trial_result *result) {
    uint64_t ends = result->packets_delivered + result->packets_lost_link +
                    result->packets_blocked + result->packets_left;
    for (int why = 0; why < SIM_LOSS_COUNT; why++) {
        ends += result->packets_lost_elsewhere[why];
    }
    return ends;
}

static void totals_add_up(void) {
    static void (*const spoils[])(small_world *) = {spoil_nothing, block_udp,   police,
                                                    fill_table,    stop_broker, isolate};
    uint64_t copied = 0;
    for (size_t i = 0; i < sizeof spoils / sizeof spoils[0]; i++) {
        small_world small;
        spoilt_pair(&small, spoils[i]);
        small.sites[2].up.duplicate = punch_probability_of(0.3);
        small.sites[2].up.loss = punch_probability_of(0.1);
        small.plan.hold_us = 10 * PUNCH_US_PER_S;
        small_run(&small, SEED + i, NULL);
        const sim_trial_result *result = &small.result;
        uint64_t verdicts = 0;
        for (int verdict = 0; verdict < NAT_VERDICT_COUNT; verdict++) {
            verdicts += result->verdicts[verdict];
        }
        copied += result->packets_copied;
        EXPECT_INT("each packet has one end", result->packets_sent + result->packets_copied,
                   ends_of(result));
        EXPECT_INT("and each that was blocked one verdict", result->packets_blocked, verdicts);
    }
    EXPECT("links made copies", copied > 0);
}

static void limit_host(small_world *small) {
    small->sites[1].nat.per_host_max = 8;
}

static void change_nat(small_world *small) {
    small_add_fault(small, PUNCH_US_PER_S, SIM_FAULT_NAT_CHANGE, 1);
    small->faults[0].nat = open_nat();
    small->faults[0].nat.table_max = nat_config_default().table_max;
    small->faults[0].nat.block_ports = 64;
}

static void add_others(small_world *small) {
    small->sites[1].cross.rate_milli = 1;
}

/* A measure of its own, where NATs may lack room. */
static void want_of_room_is_measured(void) {
    static const struct {
        const char *sentence;
        void (*spoil)(small_world *);
        bool applies;
    } rows[] = {
        {"a usual NAT has room", spoil_nothing, false},
        {"what blocks UDP does not lack it", block_udp, false},
        {"a small table", fill_table, true},
        {"few ports", take_ports, true},
        {"a limit for each host", limit_host, true},
        {"a NAT that becomes so", change_nat, true},
        {"others use it", add_others, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        nat_config box = open_nat();
        box.table_max = nat_config_default().table_max;
        small_world small;
        small_pair(&small, &box, &box);
        rows[i].spoil(&small);
        EXPECT_INT(rows[i].sentence, sim_measure_applies(SIM_MEASURED_ROOM, &small.plan),
                   rows[i].applies);
    }
    small_world small;
    spoilt_pair(&small, fill_shared_table);
    small_run(&small, SEED, NULL);
    uint32_t count = 0;
    const sim_measure *measure =
        &sim_measures(&count)[sim_measure_find("refused_for_want_of_room_mean")];
    EXPECT("a table that was full", small.result.verdicts[NAT_DROP_TABLE_FULL] > 0);
    EXPECT_REAL("is counted", measure->value(&small.result, 0),
                (double)small.result.verdicts[NAT_DROP_TABLE_FULL], 0.0);
    small.result.verdicts[NAT_DROP_HOST_LIMIT] += 100;
    small.result.verdicts[NAT_DROP_NO_PORT] += 1000;
    small.result.verdicts[NAT_DROP_HOST_PORTS] += 10000;
    small.result.verdicts[NAT_DROP_RATE] += 100000;
    EXPECT_REAL("limits and ports, too; nothing else", measure->value(&small.result, 0),
                11100.0 + (double)small.result.verdicts[NAT_DROP_TABLE_FULL], 0.0);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"packets to and from brokers have causes", brokers_are_attributed},
        {"a host's calls share its broker", calls_share_the_broker},
        {"packets between peers have causes", peers_are_attributed},
        {"hops end packets", hops_end_packets},
        {"totals add up", totals_add_up},
        {"want of room is measured", want_of_room_is_measured},
    };
    return PUNCH_TEST_MAIN("unit_fates", cases);
}
