/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ICMP errors on their way back: from whom, through which boxes, to whom, and what they do there.
 * Each case sends packets by hand from a peer behind a home behind a carrier.
 */
#include <string.h>

#include "punch/assert.h"
#include "punch_test.h"
#include "small_world.h"
#include "world_internal.h"

enum { SEED = 1, CORE_HOPS = 5 };
enum { CARRIER = 1, HOME = 2, FAR = 3, FAR_HOME = 4 }; /* sites, in the order they are added */
enum { A = 1, B = 2 };                                 /* hosts */

typedef struct {
    uint32_t sent;
    uint32_t delivered;
    uint32_t sent_by; /* site of the last one; SIM_NONE: the core, or none */
    uint32_t passed[SMALL_SITES];
    uint32_t stopped[SMALL_SITES];
    uint8_t kind;
    punch_time_us at_us; /* the last one arrived */
    punch_addr about;    /* destination of what that quotes */
} errors_seen;

static void see(void *user, const sim_saw *record) {
    errors_seen *seen = user;
    if (record->kind == SIM_SAW_ICMP_SEND) {
        seen->sent++;
        seen->sent_by = record->site;
        seen->kind = record->icmp;
    } else if (record->kind == SIM_SAW_ICMP_NAT) {
        const bool passes = record->verdict == NAT_PASS || record->verdict == NAT_TURNED_BACK;
        (passes ? seen->passed : seen->stopped)[record->site]++;
    } else if (record->kind == SIM_SAW_ICMP_DELIVER) {
        seen->delivered++;
        seen->at_us = record->at_us;
        seen->about = record->dst;
    }
}

/* The far side: a NAT, or a home behind one. */
typedef struct {
    small_world small;
    uint16_t hops[1];
    errors_seen seen;
    sim_observer observer;
    sim_world *world;
} icmp_world;

static void put_behind(small_world *small, uint32_t inner, uint32_t outer) {
    small->sites[inner].behind = outer + 1;
    small->sites[inner].external = punch_addr_ipv4(UINT32_C(0x64400000) + inner, 0); /* 100.64 */
}

/* Everything but the run: the caller may change it. far_home: B is behind a home there. */
static void prepare(icmp_world *it, bool far_home) {
    nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    memset(it, 0, sizeof *it);
    small_begin(&it->small);
    (void)small_add_site(&it->small, &box);
    (void)small_add_site(&it->small, &box);
    put_behind(&it->small, HOME, CARRIER);
    (void)small_add_peer(&it->small, HOME);
    (void)small_add_site(&it->small, &box);
    if (far_home) {
        (void)small_add_site(&it->small, &box);
        put_behind(&it->small, FAR_HOME, FAR);
    }
    (void)small_add_peer(&it->small, far_home ? FAR_HOME : FAR);
    it->hops[0] = CORE_HOPS;
    it->small.plan.core_hops = it->hops;
    it->observer = (sim_observer){see, &it->seen};
    it->seen.sent_by = SIM_NONE;
}

static void begin(icmp_world *it) {
    PUNCH_ASSERT(sim_world_refuses(&it->small.plan) == NULL);
    it->world = sim_world_create(&it->small.plan);
    sim_world_begin(it->world, &it->small.plan, SEED, &it->observer, small_result(&it->small));
    (void)sim_world_run_until(it->world, 5 * PUNCH_US_PER_S); /* registered, and quiet */
    memset(&it->seen, 0, sizeof it->seen);
    it->seen.sent_by = SIM_NONE;
}

static void send_one(icmp_world *it, uint32_t from, punch_addr to, uint8_t ttl) {
    const uint8_t hello[40] = {PUNCH_WIRE_VERSION, PUNCH_TYPE_INTRO};
    const punch_datagram datagram = {.remote = to, .ttl = ttl, .length = 40, .data = hello};
    sim_fabric_send(it->world, from, &datagram);
    (void)sim_world_run_until(it->world, sim_world_now_us(it->world) + PUNCH_US_PER_S / 2);
}

/* Of the NAT in front of everything else on the far side, a port nobody has. */
static punch_addr nobody(const icmp_world *it) {
    punch_addr addr = it->small.sites[FAR].external;
    addr.port = 7;
    return addr;
}

static void end(icmp_world *it) {
    sim_world_finish(it->world); /* with the invariants of what was sent and what ended */
    sim_world_destroy(it->world);
}

/* --- time exceeded ------------------------------------------------------------------------------
 */

static void who_drops_tells_the_sender(void) {
    static const struct {
        const char *sentence;
        uint8_t ttl;
        uint32_t sent;
        uint32_t sent_by;
        uint32_t boxes; /* of a's two that the error came in by */
        punch_time_us after_us;
    } rows[] = {
        {"its own NAT, at once", 1, 1, HOME, 0, 0},
        {"the carrier: up and down the home's link", 2, 1, CARRIER, 1, 20000},
        {"the core's first router: a sixth of its 6 ms, there and back", 3, 1, SIM_NONE, 2, 42000},
        {"the core's last: five sixths", 7, 1, SIM_NONE, 2, 50000},
        {"b's NAT: 10 + 10 + 6 + 10 ms, there and back", 8, 1, FAR, 2, 72000},
        {"nobody: b's NAT says nothing", 9, 0, SIM_NONE, 0, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        icmp_world it;
        prepare(&it, false);
        it.small.core_delay_us[0] = 6 * PUNCH_US_PER_MS;
        begin(&it);
        const punch_time_us sent_at_us = sim_world_now_us(it.world);
        send_one(&it, A, nobody(&it), rows[i].ttl);
        EXPECT_INT(rows[i].sentence, it.seen.sent, rows[i].sent);
        EXPECT_INT("it arrives", it.seen.delivered, rows[i].sent);
        EXPECT_INT("sent by", it.seen.sent_by, rows[i].sent_by);
        EXPECT_INT("kind", it.seen.kind, rows[i].sent > 0 ? SIM_ICMP_TIME_EXCEEDED : SIM_ICMP_NONE);
        EXPECT_INT("it passes the boxes it came by", it.seen.passed[HOME] + it.seen.passed[CARRIER],
                   rows[i].boxes);
        if (rows[i].sent > 0) {
            EXPECT_INT("and takes as long", it.seen.at_us - sent_at_us, rows[i].after_us);
            EXPECT("it quotes the packet as the host sent it",
                   punch_addr_same_ip(&it.seen.about, &it.small.sites[FAR].external));
        }
        EXPECT_INT("the result counts it", it.small.result.icmp_delivered, rows[i].sent);
        end(&it);
    }
}

/* --- unreachable --------------------------------------------------------------------------------
 */

typedef struct {
    const char *sentence;
    bool far_home;       /* the drop happens behind the far NAT */
    bool aloud;          /* who drops says so */
    uint32_t blocked_at; /* that site's NAT lets no errors pass; SIM_NONE: none does */
    bool is_lost;        /* a's downlink loses everything */
    uint32_t sent;
    uint32_t delivered;
} refusal_row;

static const refusal_row refusals[] = {
    {"silence", false, false, SIM_NONE, false, 0, 0},
    {"refused aloud", false, true, SIM_NONE, false, 1, 1},
    {"the carrier lets no error in", false, true, CARRIER, false, 1, 0},
    {"nor the home", false, true, HOME, false, 1, 0},
    {"lost on the way back", false, true, SIM_NONE, true, 1, 0},
    {"from behind the far NAT: out through that", true, true, SIM_NONE, false, 1, 1},
    {"which lets none out", true, true, FAR, false, 1, 0},
};

static void refusals_come_back(void) {
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const refusal_row *row = &refusals[i];
        icmp_world it;
        prepare(&it, row->far_home);
        const uint32_t drops = row->far_home ? (uint32_t)FAR_HOME : (uint32_t)FAR;
        it.small.sites[drops].nat.refusal = row->aloud ? NAT_REFUSAL_ICMP : NAT_REFUSAL_SILENCE;
        if (row->far_home) {
            it.small.sites[FAR].nat.filtering = NAT_FILTERING_EIF; /* only the home's says no */
        }
        if (row->blocked_at != SIM_NONE) {
            it.small.sites[row->blocked_at].nat.icmp_blocked = true;
        }
        it.small.sites[HOME].down.jitter_us = 1; /* an event of its own: the loss below counts */
        begin(&it);
        if (row->is_lost) {
            it.small.sites[HOME].down.loss = PUNCH_PROBABILITY_ONE;
        }
        punch_addr to = nobody(&it);
        if (row->far_home) { /* the port by which b's home goes out of the far NAT */
            nat_packet out = {it.small.sites[FAR_HOME].external, it.small.hosts[0].addr};
            out.src.port = 4321;
            EXPECT_INT(
                "the far NAT has a port for the home",
                nat_translate_out(it.world->sites[FAR].box, &out, sim_world_now_us(it.world)),
                NAT_PASS);
            to = out.src;
        }
        send_one(&it, A, to, 0);
        EXPECT_INT(row->sentence, it.seen.sent, row->sent);
        EXPECT_INT(row->sentence, it.seen.delivered, row->delivered);
        EXPECT_INT("unreachable", it.seen.kind, row->sent > 0 ? SIM_ICMP_UNREACHABLE : 0);
        if (row->sent > 0) {
            EXPECT_INT("by who dropped it", it.seen.sent_by, drops);
        }
        if (row->blocked_at != SIM_NONE) {
            EXPECT_INT("it ends where none may pass", it.seen.stopped[row->blocked_at], 1);
        }
        if (row->delivered > 0) {
            EXPECT("it quotes the packet as the host sent it",
                   punch_addr_equal(&it.seen.about, &to));
        }
        EXPECT_INT("the packet is blocked once, whatever is said about it",
                   it.small.result.packets_blocked, 1);
        end(&it);
    }
}

/* A carrier that turns nothing back says so to the home's host: the error does not leave it. */
static void refusals_inside_stay_inside(void) {
    icmp_world it;
    prepare(&it, false);
    it.small.sites[CARRIER].nat.refusal = NAT_REFUSAL_ICMP;
    it.small.sites[CARRIER].nat.hairpin = NAT_HAIRPIN_NONE;
    begin(&it);
    punch_addr own = it.small.sites[CARRIER].external;
    own.port = 9;
    send_one(&it, A, own, 0);
    EXPECT_INT("the carrier refuses", it.seen.sent_by, CARRIER);
    EXPECT_INT("the host is told", it.seen.delivered, 1);
    EXPECT_INT("through its home", it.seen.passed[HOME], 1);
    EXPECT_INT("and nothing else", it.seen.passed[CARRIER], 0);
    end(&it);
}

/* A hairpinned packet that the neighbour's home refuses: the error is turned back as well. */
static void errors_about_hairpins_turn_back(void) {
    icmp_world it;
    prepare(&it, true);
    put_behind(&it.small, FAR_HOME, CARRIER); /* both homes behind one carrier */
    it.small.sites[CARRIER].nat.hairpin = NAT_HAIRPIN_EXTERNAL;
    it.small.sites[CARRIER].nat.filtering = NAT_FILTERING_EIF;
    it.small.sites[FAR_HOME].nat.refusal = NAT_REFUSAL_ICMP;
    begin(&it);
    nat_packet out = {it.small.sites[FAR_HOME].external, nobody(&it)};
    out.src.port = 4321;
    EXPECT_INT("the carrier has a port for b's home",
               nat_translate_out(it.world->sites[CARRIER].box, &out, sim_world_now_us(it.world)),
               NAT_PASS);
    send_one(&it, A, out.src, 0);
    EXPECT_INT("b's home refuses", it.seen.sent_by, FAR_HOME);
    EXPECT_INT("the carrier turns the error back", it.seen.passed[CARRIER], 1);
    EXPECT_INT("a's home lets it in", it.seen.passed[HOME], 1);
    EXPECT_INT("a's host gets it", it.seen.delivered, 1);
    EXPECT("about the packet it sent", punch_addr_equal(&it.seen.about, &out.src));
    end(&it);
}

/* --- what errors do -----------------------------------------------------------------------------
 */

static void errors_may_kill_mappings(void) {
    for (int kills = 0; kills < 2; kills++) {
        icmp_world it;
        prepare(&it, false);
        it.small.sites[FAR].nat.refusal = NAT_REFUSAL_ICMP;
        it.small.sites[HOME].nat.icmp_kills_mapping = kills != 0;
        begin(&it);
        const nat *home = it.world->sites[HOME].box;
        EXPECT_INT("a is registered by one mapping",
                   nat_mapping_count(home, sim_world_now_us(it.world)), 1);
        send_one(&it, A, nobody(&it), 0);
        EXPECT_INT("the error arrives", it.seen.delivered, 1);
        EXPECT_INT("and takes the mapping with it, where that is done",
                   nat_mapping_count(home, sim_world_now_us(it.world)), 1 - kills);
        end(&it);
    }
}

/* Errors by the dozen, copied and lost: nothing vanishes, and twice is the same. */
static void errors_are_counted_to_the_end(void) {
    uint64_t digests[2];
    for (size_t i = 0; i < 2; i++) {
        nat_config box = small_nat(NAT_MAPPING_APDM, NAT_FILTERING_APDF);
        box.refusal = NAT_REFUSAL_ICMP;
        small_world small;
        small_pair(&small, &box, &box);
        for (uint32_t site = 1; site <= 2; site++) {
            small.sites[site].up.duplicate = punch_probability_of(0.3);
            small.sites[site].down.loss = punch_probability_of(0.2);
            small.sites[site].down.jitter_us = 3 * PUNCH_US_PER_MS;
        }
        small_run(&small, SEED, NULL);
        digests[i] = small.result.digest;
        EXPECT("a pair that cannot connect", !small.result.calls[0].connected);
        EXPECT_INT("each refusal is told", small.result.icmp_sent, small.result.packets_blocked);
        EXPECT("some hear of it", small.result.icmp_delivered > 0);
        EXPECT("not all", small.result.icmp_delivered < small.result.icmp_sent * 2);
    }
    EXPECT("the same again", digests[0] == digests[1]);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"who drops tells the sender", who_drops_tells_the_sender},
        {"refusals come back", refusals_come_back},
        {"refusals inside stay inside", refusals_inside_stay_inside},
        {"errors about hairpins turn back", errors_about_hairpins_turn_back},
        {"errors may kill mappings", errors_may_kill_mappings},
        {"errors are counted to the end", errors_are_counted_to_the_end},
    };
    return PUNCH_TEST_MAIN("unit_icmp", cases);
}
