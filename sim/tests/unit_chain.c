/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sites behind sites: who reaches whom, by which way, through which boxes; what becomes of a call
 * when a box of a chain is struck; how far a packet gets with how much TTL.
 */
#include <stdio.h>
#include <string.h>

#include "punch_test.h"
#include "sim/truth.h"
#include "small_world.h"
#include "world_internal.h"

enum { SEED = 1 };

/* What went through which site's box. */
typedef struct {
    uint32_t out[SMALL_SITES];
    uint32_t in[SMALL_SITES];
    uint32_t turned_back[SMALL_SITES];
    uint32_t nowhere;
    uint32_t lost;
    uint32_t lost_at; /* site of the last loss, or SIM_NONE */
    uint32_t delivered;
} boxes_seen;

static void see(void *user, const sim_saw *record) {
    boxes_seen *seen = user;
    if (record->kind == SIM_SAW_NAT_OUT) {
        seen->out[record->site]++;
        seen->turned_back[record->site] += record->verdict == NAT_TURNED_BACK;
    }
    seen->in[record->kind == SIM_SAW_NAT_IN ? record->site : 0] += record->kind == SIM_SAW_NAT_IN;
    seen->nowhere += record->kind == SIM_SAW_NOWHERE;
    seen->lost += record->kind == SIM_SAW_LOSS;
    seen->lost_at = record->kind == SIM_SAW_LOSS ? record->site : seen->lost_at;
    seen->delivered += record->kind == SIM_SAW_DELIVER;
}

/* A site behind another one, with an inside address of that one; its index. */
static uint32_t add_behind(small_world *small, const nat_config *box, uint32_t outer) {
    const uint32_t index = small_add_site(small, box);
    small->sites[index].behind = outer + 1;
    small->sites[index].external =
        punch_addr_ipv4(UINT32_C(0x64400000) + index, 0); /* 100.64.0.x */
    return index;
}

/* A peer with an inside address of the carrier and no NAT of its own: a phone. */
static uint32_t add_phone(small_world *small, uint32_t carrier) {
    const uint32_t host = small_add_peer(small, add_behind(small, NULL, carrier));
    small->hosts[host].addr = punch_addr_ipv4(UINT32_C(0x64400100) + host, 5000);
    return host;
}

static uint32_t add_home(small_world *small, uint32_t carrier, nat_filtering filtering) {
    const nat_config box = small_nat(NAT_MAPPING_EIM, filtering);
    return small_add_peer(small, add_behind(small, &box, carrier));
}

/* --- who reaches whom ---------------------------------------------------------------------------
 */

typedef enum { HOME, PHONE } access_kind;

typedef struct {
    const char *sentence;
    access_kind a;
    access_kind b;
    nat_filtering filtering; /* of the homes' NATs */
    nat_hairpin hairpin;     /* of the carrier */
    bool is_isolated;        /* the carrier keeps its customers apart */
    bool connects;
    bool is_private; /* over an address inside the carrier */
} shared_row;

static const shared_row shared_rows[] = {
    {"two homes, no hairpin: no way from one to the other", HOME, HOME, NAT_FILTERING_APDF,
     NAT_HAIRPIN_NONE, false, false, false},
    {"two homes, external hairpin: as between two carriers", HOME, HOME, NAT_FILTERING_APDF,
     NAT_HAIRPIN_EXTERNAL, false, true, false},
    {"two homes, internal hairpin: comes from where nobody was sent to", HOME, HOME,
     NAT_FILTERING_APDF, NAT_HAIRPIN_INTERNAL, false, false, false},
    {"two homes that let everybody in: answers go by inside addresses", HOME, HOME,
     NAT_FILTERING_EIF, NAT_HAIRPIN_INTERNAL, false, true, true},
    {"the same, kept apart: only one way arrives", HOME, HOME, NAT_FILTERING_EIF,
     NAT_HAIRPIN_INTERNAL, true, false, false},
    {"two phones: by their inside addresses", PHONE, PHONE, NAT_FILTERING_APDF, NAT_HAIRPIN_NONE,
     false, true, true},
    {"two phones, kept apart: nothing is left", PHONE, PHONE, NAT_FILTERING_APDF, NAT_HAIRPIN_NONE,
     true, false, false},
    {"two phones, kept apart: by the hairpin", PHONE, PHONE, NAT_FILTERING_APDF,
     NAT_HAIRPIN_EXTERNAL, true, true, false},
    {"a home calls a phone: it opens by sending there", HOME, PHONE, NAT_FILTERING_APDF,
     NAT_HAIRPIN_NONE, false, true, true},
    {"a phone calls a home: likewise, from the other end", PHONE, HOME, NAT_FILTERING_APDF,
     NAT_HAIRPIN_NONE, false, true, true},
};

static uint32_t add_access(small_world *small, access_kind kind, uint32_t carrier,
                           nat_filtering filtering) {
    return kind == PHONE ? add_phone(small, carrier) : add_home(small, carrier, filtering);
}

static void one_carrier_for_both(void) {
    for (size_t i = 0; i < sizeof shared_rows / sizeof shared_rows[0]; i++) {
        const shared_row *row = &shared_rows[i];
        nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
        box.hairpin = row->hairpin;
        small_world small;
        small_begin(&small);
        const uint32_t carrier = small_add_site(&small, &box);
        small.sites[carrier].is_isolated = row->is_isolated;
        const uint32_t a = add_access(&small, row->a, carrier, row->filtering);
        const uint32_t b = add_access(&small, row->b, carrier, row->filtering);
        small_add_call(&small, a, b, 0);
        small.plan.hold_us = 60 * PUNCH_US_PER_S;
        boxes_seen seen = {0};
        const sim_observer observer = {see, &seen};
        sim_world *world = sim_world_create(&small.plan);
        sim_world_begin(world, &small.plan, SEED, &observer, small_result(&small));
        (void)sim_world_run_until(world, 40 * PUNCH_US_PER_S);
        const sim_call_result *call = &small.result.calls[0];
        EXPECT_INT(row->sentence, call->connected, row->connects);
        EXPECT_INT("the truth says the same", sim_truth_path_exists(world, 0), row->connects);
        (void)sim_world_run_until(world, PUNCH_NEVER);
        sim_world_finish(world);
        sim_world_destroy(world);
        EXPECT_INT("by an address inside the carrier", call->path_private, row->is_private);
        EXPECT_INT("the carrier turns packets back as it was told", seen.turned_back[carrier] > 0,
                   row->hairpin != NAT_HAIRPIN_NONE);
        if (!row->connects && row->hairpin == NAT_HAIRPIN_NONE && !row->is_isolated) {
            EXPECT_INT("it was the carrier's NAT", call->blocked_site[1], carrier);
            EXPECT_INT("that does not hairpin", call->blocked_verdict[1], NAT_DROP_NO_HAIRPIN);
        }
    }
}

typedef struct {
    const char *sentence;
    uint32_t depth_a; /* boxes around each peer */
    uint32_t depth_b;
    nat_mapping outermost; /* of a's chain */
    bool connects;
} depth_row;

static const depth_row depth_rows[] = {
    {"a home behind a carrier, and a home", 2, 1, NAT_MAPPING_EIM, true},
    {"each behind its own carrier", 2, 2, NAT_MAPPING_EIM, true},
    {"three deep", 3, 1, NAT_MAPPING_EIM, true},
    {"four deep against no NAT at all", 4, 0, NAT_MAPPING_EIM, true},
    {"a chain maps as its worst box does", 2, 1, NAT_MAPPING_APDM, false},
    {"even three deep", 3, 2, NAT_MAPPING_APDM, false},
};

/* So many boxes one behind the other and a peer in the innermost; its index. */
static uint32_t add_deep(small_world *small, uint32_t depth, nat_mapping outermost) {
    nat_config box = small_nat(outermost, NAT_FILTERING_APDF);
    uint32_t site = small_add_site(small, depth > 0 ? &box : NULL);
    box.mapping = NAT_MAPPING_EIM;
    for (uint32_t i = 1; i < depth; i++) {
        site = add_behind(small, &box, site);
    }
    return small_add_peer(small, site);
}

static void chains_of_any_depth(void) {
    for (size_t i = 0; i < sizeof depth_rows / sizeof depth_rows[0]; i++) {
        const depth_row *row = &depth_rows[i];
        small_world small;
        small_begin(&small);
        const uint32_t a = add_deep(&small, row->depth_a, row->outermost);
        const uint32_t b = add_deep(&small, row->depth_b, NAT_MAPPING_EIM);
        small_add_call(&small, a, b, 0);
        boxes_seen seen = {0};
        const sim_observer observer = {see, &seen};
        small_run(&small, SEED, &observer);
        EXPECT_INT(row->sentence, small.result.calls[0].connected, row->connects);
        EXPECT("not over private addresses", !small.result.calls[0].path_private);
        for (uint32_t site = 1; site <= row->depth_a; site++) {
            EXPECT("every box of the chain translates on the way out", seen.out[site] > 0);
            EXPECT("and on the way in", seen.in[site] > 0);
        }
        const uint32_t box_delays = row->depth_a + (row->depth_b > 0 ? row->depth_b : 1);
        EXPECT("each box's link takes its time",
               !row->connects || small.result.calls[0].time_to_connect_us >
                                     (punch_time_us)box_delays * 10 * PUNCH_US_PER_MS);
    }
}

static void neighbours_at_home_stay_there(void) {
    const nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    small_world small;
    small_begin(&small);
    const uint32_t carrier = small_add_site(&small, &box);
    const uint32_t home = add_behind(&small, &box, carrier);
    const uint32_t a = small_add_peer(&small, home);
    const uint32_t b = small_add_peer(&small, home);
    small_add_call(&small, a, b, 0);
    small_run(&small, SEED, NULL);
    EXPECT("two hosts of one home behind a carrier connect", small.result.calls[0].connected);
    EXPECT("over the LAN", small.result.calls[0].path_private);
}

/* Two routers of one home, each with a peer, behind the router of the house: nothing but the inner
 * two and the one around both sees their packets. */
static void half_way_up_is_enough(void) {
    nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    box.hairpin = NAT_HAIRPIN_EXTERNAL;
    small_world small;
    small_begin(&small);
    const uint32_t carrier = small_add_site(&small, &box);
    const uint32_t house = add_behind(&small, &box, carrier);
    const uint32_t a = small_add_peer(&small, add_behind(&small, &box, house));
    const uint32_t b = small_add_peer(&small, add_behind(&small, &box, house));
    small_add_call(&small, a, b, 0);
    boxes_seen seen = {0};
    const sim_observer observer = {see, &seen};
    small_run(&small, SEED, &observer);
    EXPECT("they connect", small.result.calls[0].connected);
    EXPECT("by the carrier's hairpin, whose address is all they know",
           seen.turned_back[carrier] > 0);
    EXPECT_INT("not by that of the house", seen.turned_back[house], 0);
}

/* --- boxes that are struck ----------------------------------------------------------------------
 */

typedef struct {
    const char *sentence;
    sim_fault_kind kind;
    bool of_carrier; /* else of the home */
    nat_allocation allocation;
    bool lost;
} strike_row;

static const strike_row strike_rows[] = {
    {"the carrier reboots, ports kept: both punch again", SIM_FAULT_NAT_REBOOT, true,
     NAT_ALLOCATION_PRESERVING, false},
    {"the carrier reboots, other ports: b has never seen them", SIM_FAULT_NAT_REBOOT, true,
     NAT_ALLOCATION_RANDOM, true},
    {"the carrier is renumbered", SIM_FAULT_NAT_RENUMBER, true, NAT_ALLOCATION_PRESERVING, true},
    {"the home reboots, other ports: another mapping of the carrier", SIM_FAULT_NAT_REBOOT, false,
     NAT_ALLOCATION_RANDOM, true},
    {"the home gets another address inside the carrier, which keeps its port",
     SIM_FAULT_NAT_RENUMBER, false, NAT_ALLOCATION_PRESERVING, true},
    {"the carrier's link goes down", SIM_FAULT_LINK_DOWN, true, NAT_ALLOCATION_PRESERVING, true},
    {"the home's link goes down", SIM_FAULT_LINK_DOWN, false, NAT_ALLOCATION_PRESERVING, true},
    {"the carrier changes its timeouts only", SIM_FAULT_NAT_CHANGE, true, NAT_ALLOCATION_PRESERVING,
     false},
};

static void any_box_may_be_struck(void) {
    for (size_t i = 0; i < sizeof strike_rows / sizeof strike_rows[0]; i++) {
        const strike_row *row = &strike_rows[i];
        nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
        box.allocation = row->allocation;
        small_world small;
        small_begin(&small);
        const uint32_t carrier = small_add_site(&small, &box);
        const uint32_t home = add_behind(&small, &box, carrier);
        const uint32_t a = small_add_peer(&small, home);
        const uint32_t b = small_add_peer(&small, small_add_site(&small, &box));
        small_add_call(&small, a, b, 0);
        small.plan.hold_us = 100 * PUNCH_US_PER_S;
        small_add_fault(&small, 10 * PUNCH_US_PER_S, row->kind, row->of_carrier ? carrier : home);
        small.faults[0].external = row->of_carrier
                                       ? punch_addr_ipv4(UINT32_C(0xc6120001), 0)  /* 198.18.0.1 */
                                       : punch_addr_ipv4(UINT32_C(0x647f0001), 0); /* 100.127.0.1 */
        small.faults[0].nat = box;
        small.faults[0].nat.udp_timeout_first_us = 60 * PUNCH_US_PER_S;
        small_run(&small, SEED, NULL);
        EXPECT("the pair had connected", small.result.calls[0].connected);
        EXPECT_INT(row->sentence, small.result.calls[0].lost_after, row->lost);
    }
}

/* --- TTL ----------------------------------------------------------------------------------------
 */

enum { CORE_HOPS = 5 };

typedef struct {
    const char *sentence;
    uint8_t ttl;
    uint32_t boxes_out; /* of a's two that saw it */
    bool reaches_b;     /* b's NAT saw it */
    uint32_t lost_at;   /* index of a site; SIM_NONE: in the core, or not lost */
    bool is_lost;
} ttl_row;

/* Routers on the way: home 1, carrier 2, core 3 to 7, b's NAT 8. */
static const ttl_row ttl_rows[] = {
    {"1: not past the own NAT", 1, 0, false, 2, true},
    {"2: not past the carrier", 2, 1, false, 1, true},
    {"3: not past the first router of the core", 3, 2, false, SIM_NONE, true},
    {"7: not past its last", 7, 2, false, SIM_NONE, true},
    {"8: reaches b's NAT, which forwards nothing", 8, 2, false, 3, true},
    {"9: is judged by b's NAT", 9, 2, true, SIM_NONE, false},
    {"the host's own default", 0, 2, true, SIM_NONE, false},
    {"the largest", 255, 2, true, SIM_NONE, false},
};

static void ttl_counts_hops(void) {
    const nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    const uint8_t hello[40] = {PUNCH_WIRE_VERSION, PUNCH_TYPE_INTRO};
    for (size_t i = 0; i < sizeof ttl_rows / sizeof ttl_rows[0]; i++) {
        const ttl_row *row = &ttl_rows[i];
        uint16_t hops[1] = {CORE_HOPS};
        small_world small;
        small_begin(&small);
        const uint32_t carrier = small_add_site(&small, &box);
        const uint32_t home = add_behind(&small, &box, carrier);
        const uint32_t a = small_add_peer(&small, home);
        const uint32_t b_site = small_add_site(&small, &box);
        (void)small_add_peer(&small, b_site);
        small.plan.core_hops = hops;
        boxes_seen seen = {.lost_at = SIM_NONE};
        const sim_observer observer = {see, &seen};
        sim_world *world = sim_world_create(&small.plan);
        sim_world_begin(world, &small.plan, SEED, NULL, small_result(&small));
        (void)sim_world_run_until(world, 5 * PUNCH_US_PER_S);
        world->observer = &observer;
        const punch_datagram datagram = {
            .remote = small.sites[b_site].external, .ttl = row->ttl, .length = 40, .data = hello};
        punch_datagram sent = datagram;
        sent.remote.port = 7777;
        sim_fabric_send(world, a, &sent);
        (void)sim_world_run_until(world, 6 * PUNCH_US_PER_S);
        sim_world_finish(world);
        sim_world_destroy(world);
        EXPECT_INT(row->sentence, seen.out[home] + seen.out[carrier], row->boxes_out);
        EXPECT_INT("b's NAT judges it", seen.in[b_site], row->reaches_b);
        EXPECT_INT("it is lost on the way", seen.lost, row->is_lost);
        EXPECT_INT("and there", seen.lost_at, row->lost_at);
    }
}

static void neighbours_need_no_ttl(void) {
    const nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    const uint8_t hello[40] = {PUNCH_WIRE_VERSION, PUNCH_TYPE_INTRO};
    small_world small;
    small_begin(&small);
    const uint32_t home = small_add_site(&small, &box);
    const uint32_t a = small_add_peer(&small, home);
    const uint32_t b = small_add_peer(&small, home);
    boxes_seen seen = {0};
    const sim_observer observer = {see, &seen};
    sim_world *world = sim_world_create(&small.plan);
    sim_world_begin(world, &small.plan, SEED, NULL, small_result(&small));
    (void)sim_world_run_until(world, 5 * PUNCH_US_PER_S);
    world->observer = &observer;
    const punch_datagram to_b = {
        .remote = small.hosts[b].addr, .ttl = 1, .length = 40, .data = hello};
    const punch_datagram to_itself = {
        .remote = small.hosts[a].addr, .ttl = 1, .length = 40, .data = hello};
    sim_fabric_send(world, a, &to_b);
    sim_fabric_send(world, a, &to_itself);
    (void)sim_world_run_until(world, 6 * PUNCH_US_PER_S);
    sim_world_finish(world);
    sim_world_destroy(world);
    EXPECT_INT("TTL 1 is enough for the LAN", seen.delivered, 1);
    EXPECT_INT("a packet to oneself leaves no host", seen.nowhere, 1);
}

/* --- plans that cannot be, and sameness ---------------------------------------------------------
 */

static void wrong_chains_are_refused(void) {
    static const struct {
        const char *sentence;
        uint32_t behind[8]; /* of sites 1.. : 1 + index */
        const char *says;   /* NULL: nothing */
    } rows[] = {
        {"a chain of two", {0, 2}, NULL},
        {"as deep as it may be", {0, 2, 3, 4, 5, 6}, NULL},
        {"one too deep", {0, 2, 3, 4, 5, 6, 7}, "more sites lie one behind the other"},
        {"behind itself", {2}, "behind itself"},
        {"behind each other", {3, 2}, "behind itself"},
        {"behind what is not there", {100}, "does not exist"},
    };
    const nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        small_world small;
        small_begin(&small);
        for (size_t site = 0; site < 8; site++) {
            small.sites[small_add_site(&small, &box)].behind = rows[i].behind[site];
        }
        const char *wrong = sim_world_refuses(&small.plan);
        EXPECT_INT(rows[i].sentence, wrong == NULL, rows[i].says == NULL);
        EXPECT("and says why",
               rows[i].says == NULL || (wrong != NULL && strstr(wrong, rows[i].says) != NULL));
    }
}

/* A plan from anywhere: a firewall has no address that could change, not even an outer one. */
static void firewalls_are_not_renumbered(void) {
    nat_config wall = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    for (int firewall = 0; firewall < 2; firewall++) {
        small_world small;
        wall.firewall = firewall != 0;
        small_begin(&small);
        const uint32_t outer = small_add_site(&small, &wall);
        (void)add_home(&small, outer, NAT_FILTERING_APDF);
        small_add_fault(&small, PUNCH_US_PER_S, SIM_FAULT_NAT_RENUMBER, outer);
        small.plan.faults[0].external = punch_addr_ipv4(UINT32_C(0xc6120001), 0);
        const char *wrong = sim_world_refuses(&small.plan);
        EXPECT_TEXT("renumbering", wrong != NULL ? wrong : "",
                    wall.firewall
                        ? "a firewall has no address that could change: its hosts have their own"
                        : "");
    }
}

static void chain_world(small_world *small) {
    nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_EIF);
    box.hairpin = NAT_HAIRPIN_EXTERNAL;
    small_begin(small);
    const uint32_t carrier = small_add_site(small, &box);
    small->sites[carrier].up.loss = punch_probability_of(0.05);
    small->sites[carrier].up.duplicate = punch_probability_of(0.05);
    small->sites[carrier].lan_delay_us = 700;
    const uint32_t a = add_home(small, carrier, NAT_FILTERING_APDF);
    const uint32_t b = add_home(small, carrier, NAT_FILTERING_EIF);
    small->sites[2].down.jitter_us = 5 * PUNCH_US_PER_MS;
    small->sites[3].up.duplicate = punch_probability_of(0.2);
    small_add_call(small, a, b, 0);
    small->plan.hold_us = 30 * PUNCH_US_PER_S;
}

/* A world that ran other chains before runs these as a fresh one does. */
static void chains_are_the_same_again(void) {
    small_world small;
    small_world other;
    chain_world(&small);
    chain_world(&other);
    other.sites[3].behind = 0;
    other.sites[3].external = punch_addr_ipv4(UINT32_C(0xcb007150), 0);
    const uint64_t fresh = small_digest(&small, SEED);
    EXPECT("the other world is another one", small_digest(&other, SEED) != fresh);
    sim_world *world = sim_world_create(&small.plan);
    const small_world *const order[] = {&other, &small};
    for (size_t i = 0; i < 2; i++) {
        sim_world_begin(world, &order[i]->plan, SEED, NULL, small_result(&small));
        (void)sim_world_run_until(world, PUNCH_NEVER);
        sim_world_finish(world);
    }
    sim_world_destroy(world);
    EXPECT_INT("a used world equals a fresh one", small.result.digest == fresh, true);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"one carrier for both", one_carrier_for_both},
        {"chains of any depth", chains_of_any_depth},
        {"neighbours at home stay there", neighbours_at_home_stay_there},
        {"half way up is enough", half_way_up_is_enough},
        {"any box may be struck", any_box_may_be_struck},
        {"TTL counts hops", ttl_counts_hops},
        {"neighbours need no TTL", neighbours_need_no_ttl},
        {"wrong chains are refused", wrong_chains_are_refused},
        {"firewalls are not renumbered", firewalls_are_not_renumbered},
        {"chains are the same again", chains_are_the_same_again},
    };
    return PUNCH_TEST_MAIN("unit_chain", cases);
}
