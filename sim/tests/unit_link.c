/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <string.h>

#include "punch_test.h"
#include "sim/link.h"

enum { SEED = 7, OBJECT = 3 };

static sim_link link_of(const sim_link_plan *plan) {
    sim_link link;
    sim_link_init(&link, plan, SEED, OBJECT);
    return link;
}

typedef struct {
    const char *sentence;
    sim_link_plan plan;
    uint32_t ip_bytes;
    punch_time_us offered_us[5];
    punch_time_us arrived_us[5]; /* -1 = lost in the waiting room, -2 = MTU, -3 = outage */
    uint32_t count;
} timing_row;

static const timing_row timing_rows[] = {
    {"a link of zeros is instant", {0}, 1228, {0, 5, 5}, {0, 5, 5}, 3},
    {"delay is added", {.delay_us = 20000}, 100, {0, 7}, {20000, 20007}, 2},
    {"a rate serialises: 1000 bytes at 8 Mbps take 1 ms each",
     {.rate_bps = 8000000, .delay_us = 10},
     1000,
     {0, 0, 500, 9000},
     {1010, 2010, 3010, 10010},
     4},
    {"remainders are kept: 1000 bytes at 3 Mbps take 2666 2/3 us",
     {.rate_bps = 3000000},
     1000,
     {0, 0, 0},
     {2667, 5334, 8000},
     3},
    {"fast rates do not drift: 125 bytes at 1 Gbps take 1 us",
     {.rate_bps = 1000000000},
     125,
     {0, 0, 0, 0, 0},
     {1, 2, 3, 4, 5},
     5},
    {"the room holds 2000 bytes not yet sent",
     {.rate_bps = 8000000, .queue_bytes = 2000},
     1000,
     {0, 0, 0, 1000, 1000},
     {1000, 2000, -1, 3000, -1},
     5},
    {"an idle link takes a packet larger than its room",
     {.rate_bps = 8000000, .queue_bytes = 100},
     1000,
     {0, 0, 1000},
     {1000, -1, 2000},
     3},
    {"a packet as large as the MTU passes", {.mtu_bytes = 1228}, 1228, {0}, {0}, 1},
    {"a larger one does not", {.mtu_bytes = 1227}, 1228, {0}, {-2}, 1},
    {"an outage that never ends loses everything",
     {.outage_every_us = 10, .outage_for_us = 10},
     100,
     {0, 5, 23},
     {-3, -3, -3},
     3},
};

static void timing_is_exact(void) {
    for (size_t row = 0; row < sizeof timing_rows / sizeof timing_rows[0]; row++) {
        const timing_row *at = &timing_rows[row];
        sim_link link = link_of(&at->plan);
        for (uint32_t i = 0; i < at->count; i++) {
            sim_link_arrivals arrivals = {0};
            const sim_link_fate fate =
                sim_link_offer(&link, &at->plan, at->ip_bytes, at->offered_us[i], &arrivals);
            punch_time_us got_us = arrivals.at_us[0];
            if (fate != SIM_LINK_PASSED) {
                got_us = fate == SIM_LINK_LOST_QUEUE ? -1 : fate == SIM_LINK_LOST_MTU ? -2 : -3;
            }
            EXPECT_INT(at->sentence, got_us, at->arrived_us[i]);
        }
    }
}

/* Share of n packets, one per gap_us, that a fate befell. */
static double share_of(const sim_link_plan *plan, uint32_t n, punch_time_us gap_us,
                       sim_link_fate fate) {
    sim_link link = link_of(plan);
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) {
        sim_link_arrivals arrivals = {0};
        count += sim_link_offer(&link, plan, 100, (punch_time_us)i * gap_us, &arrivals) == fate;
    }
    return (double)count / n;
}

static void random_loss_is_what_was_asked(void) {
    static const double losses[] = {0.0, 0.02, 0.1, 0.5, 1.0};
    const uint32_t n = 200000;
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        const double p = losses[i];
        const sim_link_plan plan = {.loss = punch_probability_of(p)};
        const double error = 4 * sqrt(p * (1 - p) / n); /* four standard errors */
        EXPECT_REAL("random loss", share_of(&plan, n, 10, SIM_LINK_LOST_RANDOM), p, error);
    }
}

/* Gilbert-Elliott, closed form: share of time in the bad state = bad / (good + bad); the number of
 * sojourns in t is about t / (good + bad). With n independent-ish cycles the standard error of the
 * bad share is sqrt(2 g^2 b^2 / (g+b)^4 / n) for exponential dwells (renewal-reward). */
static void channel_has_its_closed_form(void) {
    const sim_link_plan plan = {.good_mean_us = 900000,
                                .bad_mean_us = 100000,
                                .loss_good = punch_probability_of(0.01),
                                .loss_bad = punch_probability_of(0.6)};
    const uint32_t n = 4000000;
    const punch_time_us gap_us = 5000;
    const double cycles = (double)n * (double)gap_us / 1000000.0;
    const double bad = 0.1;
    const double share_error = sqrt(2 * 0.81 * 0.01 / cycles);
    const double expected = 0.9 * 0.01 + bad * 0.6;
    EXPECT_REAL("stationary loss of the channel", share_of(&plan, n, gap_us, SIM_LINK_LOST_CHANNEL),
                expected, 4 * (share_error * 0.59 + sqrt(expected / n)));
}

/* At time 0 the channel is as likely bad as at any other: over many links the share that starts bad
 * is that of the time spent so. */
static void channel_starts_stationary(void) {
    const sim_link_plan plan = {.good_mean_us = 700000, .bad_mean_us = 300000};
    const uint32_t n = 20000;
    uint32_t bad = 0;
    for (uint32_t object = 0; object < n; object++) {
        sim_link link;
        sim_link_init(&link, &plan, SEED, object);
        bad += link.is_bad;
    }
    EXPECT_REAL("share of links that start bad", (double)bad / n, 0.3, 4 * sqrt(0.3 * 0.7 / n));
}

/* Loss in the core: its share for either copy of a packet, drawn apart. */
static void core_loss_is_what_was_asked(void) {
    static const double losses[] = {0.0, 0.02, 0.3, 1.0};
    const sim_link_plan plan = {.delay_us = 1};
    const uint32_t n = 100000;
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        const double p = losses[i];
        const punch_probability loss = punch_probability_of(p);
        sim_link link = link_of(&plan);
        uint32_t lost[2] = {0, 0};
        uint32_t both = 0;
        for (uint32_t packet = 0; packet < n; packet++) {
            sim_link_arrivals arrivals = {0};
            (void)sim_link_offer(&link, &plan, 100, packet, &arrivals);
            const bool first = sim_link_core_loses(&link, 0, loss);
            const bool second = sim_link_core_loses(&link, 1, loss);
            lost[0] += first;
            lost[1] += second;
            both += first && second;
        }
        const double error = 4 * sqrt(p * (1 - p) / n);
        EXPECT_REAL("core loss of packets", (double)lost[0] / n, p, error);
        EXPECT_REAL("of their copies", (double)lost[1] / n, p, error);
        EXPECT_REAL("independent of each other", (double)both / n, p * p,
                    4 * sqrt(p * p * (1 - p * p) / n));
    }
}

static void channel_dwells_as_planned(void) {
    const sim_link_plan plan = {.good_mean_us = 50000, .bad_mean_us = 20000};
    sim_link link = link_of(&plan);
    uint64_t total_us[2] = {0, 0};
    uint32_t count[2] = {0, 0};
    punch_time_us since_us = 0;
    bool was_bad = link.is_bad;
    sim_link_arrivals arrivals = {0};
    for (uint32_t i = 0; i < 40000; i++) {
        const punch_time_us until_us = link.dwell_until_us;
        (void)sim_link_offer(&link, &plan, 100, until_us, &arrivals);
        EXPECT("states alternate", link.is_bad != was_bad);
        total_us[was_bad] += (uint64_t)(until_us - since_us);
        count[was_bad]++;
        since_us = until_us;
        was_bad = link.is_bad;
    }
    /* The mean of n exponential dwells has a relative standard error of 1/sqrt(n). */
    const double good_us = (double)total_us[0] / count[0];
    const double bad_us = (double)total_us[1] / count[1];
    EXPECT_REAL("mean dwell in the good state", good_us, 50000, 4 * 50000 / sqrt(count[0]));
    EXPECT_REAL("mean dwell in the bad state", bad_us, 20000, 4 * 20000 / sqrt(count[1]));
}

static void channel_does_not_see_packets(void) {
    const sim_link_plan plan = {.good_mean_us = 30000, .bad_mean_us = 10000};
    sim_link busy = link_of(&plan);
    sim_link quiet = link_of(&plan);
    sim_link_arrivals arrivals = {0};
    for (punch_time_us now_us = 0; now_us < 3000000; now_us += 1000) {
        (void)sim_link_offer(&busy, &plan, 100, now_us, &arrivals);
    }
    (void)sim_link_offer(&quiet, &plan, 100, 2999000, &arrivals);
    EXPECT_INT("the state is a function of time", busy.is_bad, quiet.is_bad);
    EXPECT_INT("and so is its end", busy.dwell_until_us, quiet.dwell_until_us);
}

static void jitter_never_overtakes(void) {
    const sim_link_plan plan = {.delay_us = 1000, .jitter_us = 5000};
    sim_link link = link_of(&plan);
    punch_time_us last_us = 0;
    uint64_t sum_us = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        const punch_time_us now_us = (punch_time_us)i * 100;
        sim_link_arrivals arrivals = {0};
        (void)sim_link_offer(&link, &plan, 100, now_us, &arrivals);
        EXPECT("no packet overtakes another", arrivals.at_us[0] >= last_us);
        EXPECT("jitter lies within its bounds for a packet alone or behind others",
               arrivals.at_us[0] >= now_us + 1000 && arrivals.at_us[0] <= now_us + 6000);
        last_us = arrivals.at_us[0];
        sum_us += (uint64_t)(arrivals.at_us[0] - now_us);
    }
    EXPECT("jitter varies", sum_us / 10000 > 3500);
}

static void copies_and_reordering(void) {
    const sim_link_plan plan = {.delay_us = 1000,
                                .duplicate = punch_probability_of(0.25),
                                .reorder = punch_probability_of(0.1),
                                .reorder_us = 700};
    sim_link link = link_of(&plan);
    const uint32_t n = 100000;
    uint32_t copies = 0;
    uint32_t held_back = 0;
    for (uint32_t i = 0; i < n; i++) {
        const punch_time_us now_us = (punch_time_us)i * 100;
        sim_link_arrivals arrivals = {0};
        (void)sim_link_offer(&link, &plan, 100, now_us, &arrivals);
        copies += arrivals.count == 2;
        if (arrivals.count == 2) {
            EXPECT("the copy follows", arrivals.at_us[1] >= arrivals.at_us[0]);
        }
        held_back += arrivals.at_us[0] == now_us + 1700;
        EXPECT("a packet is in time or held back",
               arrivals.at_us[0] == now_us + 1000 || arrivals.at_us[0] == now_us + 1700);
    }
    EXPECT_REAL("share of copies", (double)copies / n, 0.25, 4 * sqrt(0.25 * 0.75 / n));
    EXPECT_REAL("share held back", (double)held_back / n, 0.1, 4 * sqrt(0.1 * 0.9 / n));
}

static void outage_has_its_share(void) {
    const sim_link_plan plan = {.outage_every_us = 1000, .outage_for_us = 300};
    sim_link link = link_of(&plan);
    sim_link_arrivals arrivals = {0};
    uint32_t lost = 0;
    uint32_t edges = 0;
    bool was_lost = false;
    for (punch_time_us now_us = 0; now_us < 100000; now_us++) {
        const bool is_lost =
            sim_link_offer(&link, &plan, 100, now_us, &arrivals) == SIM_LINK_LOST_OUTAGE;
        EXPECT_REAL("the truth knows the outage", sim_link_loss_now(&link, &plan, now_us),
                    is_lost ? 1.0 : 0.0, 0.0);
        lost += is_lost;
        edges += is_lost && !was_lost;
        was_lost = is_lost;
    }
    EXPECT_INT("300 of every 1000 us are lost", lost, 30000);
    EXPECT("in one window per period", edges == 100 || edges == 101);
}

/* Switching a fault on must leave the rest alike: packets that survive arrive when they would
 * have. */
static void faults_do_not_shift_draws(void) {
    const sim_link_plan calm = {.delay_us = 1000, .jitter_us = 50000};
    sim_link_plan rough = calm;
    rough.loss = punch_probability_of(0.3);
    rough.duplicate = punch_probability_of(0.3);
    sim_link a = link_of(&calm);
    sim_link b = link_of(&rough);
    for (uint32_t i = 0; i < 1000; i++) {
        const punch_time_us now_us = (punch_time_us)i * 1000000; /* too far apart to touch */
        sim_link_arrivals at_a = {0};
        sim_link_arrivals at_b = {0};
        (void)sim_link_offer(&a, &calm, 100, now_us, &at_a);
        if (sim_link_offer(&b, &rough, 100, now_us, &at_b) == SIM_LINK_PASSED) {
            EXPECT_INT("a survivor arrives as without faults", at_b.at_us[0], at_a.at_us[0]);
        }
    }
}

static void truth_is_the_present_state(void) {
    const sim_link_plan plan = {.loss = punch_probability_of(0.5),
                                .good_mean_us = 1000,
                                .bad_mean_us = 1000,
                                .loss_bad = punch_probability_of(0.5)};
    sim_link link = link_of(&plan);
    const sim_link before = link;
    double got = 0;
    for (punch_time_us now_us = 0; now_us < 50000; now_us += 500) {
        got = sim_link_loss_now(&link, &plan, now_us);
        EXPECT("loss is that of one of the two states",
               fabs(got - 0.5) < 1e-12 || fabs(got - 0.75) < 1e-12);
    }
    EXPECT_BYTES("asking changes nothing", &link, &before, sizeof link);
    link.is_down = true;
    EXPECT_REAL("a link that is down loses everything", sim_link_loss_now(&link, &plan, 0), 1.0,
                0.0);
    EXPECT("some states differ", got >= 0.5);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"delay, rate, room, mtu and outage are exact", timing_is_exact},
        {"random loss is what was asked for", random_loss_is_what_was_asked},
        {"the channel has its closed-form loss", channel_has_its_closed_form},
        {"the channel starts as it goes on", channel_starts_stationary},
        {"loss in the core is what was asked for", core_loss_is_what_was_asked},
        {"the channel's dwell times have their means", channel_dwells_as_planned},
        {"the channel does not see packets", channel_does_not_see_packets},
        {"jitter never overtakes", jitter_never_overtakes},
        {"copies and reordering have their shares", copies_and_reordering},
        {"outages have their share", outage_has_its_share},
        {"faults do not shift other draws", faults_do_not_shift_draws},
        {"the truth is the present state", truth_is_the_present_state},
    };
    return PUNCH_TEST_MAIN("unit_link", cases);
}
