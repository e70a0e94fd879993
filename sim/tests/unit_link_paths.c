/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What whole paths do, over time: routes that change, delay and loss that come together, waiting
 * rooms that fill (bufferbloat), holes that swallow large packets. Against closed forms.
 */
#include <math.h>

#include "punch/realmath.h"
#include "punch_test.h"
#include "sim/link.h"

enum { SEED = 11, OBJECT = 5 };

static sim_link link_of(const sim_link_plan *plan) {
    sim_link link;
    sim_link_init(&link, plan, SEED, OBJECT);
    return link;
}

/* --- routes */

static void routes_change_at_their_pace(void) {
    const sim_link_plan plan = {.delay_us = 1000, .flap_every_us = 5000, .flap_delay_us = 700};
    sim_link link = link_of(&plan);
    punch_time_us last_change_us = -1;
    punch_time_us was_us = 0;
    uint32_t longer = 0;
    uint32_t changes = 0;
    for (punch_time_us now_us = 0; now_us < 100000; now_us++) {
        sim_link_arrivals arrivals = {0};
        (void)sim_link_offer(&link, &plan, 100, now_us, &arrivals);
        const punch_time_us took_us = arrivals.at_us[0] - now_us;
        EXPECT("by the shorter or by the longer route", took_us == 1000 || took_us == 1700);
        longer += took_us == 1700;
        if (now_us > 0 && took_us != was_us) {
            if (last_change_us >= 0) {
                EXPECT_INT("changes come at the interval", now_us - last_change_us, 5000);
            }
            last_change_us = now_us;
            changes++;
        }
        was_us = took_us;
    }
    EXPECT_INT("half of the time it is longer", longer, 50000);
    EXPECT("one change per interval", changes == 19 || changes == 20);
}

/* The phase is uniform over both routes: a world begins on either as likely. */
static void routes_begin_anywhere(void) {
    const sim_link_plan plan = {.flap_every_us = 1000000, .flap_delay_us = 700};
    const uint32_t n = 20000;
    uint32_t longer = 0;
    for (uint32_t object = 0; object < n; object++) {
        sim_link link;
        sim_link_arrivals arrivals = {0};
        sim_link_init(&link, &plan, SEED, object);
        (void)sim_link_offer(&link, &plan, 100, 0, &arrivals);
        longer += arrivals.at_us[0] > 0;
    }
    EXPECT_REAL("share that begins on the longer route", (double)longer / n, 0.5,
                4 * sqrt(0.25 / n));
}

/* Overtaking happens where the route becomes shorter, and nowhere else, jitter or not. */
static void shorter_routes_overtake(void) {
    static const punch_time_us jitters_us[] = {0, 300};
    for (size_t row = 0; row < 2; row++) {
        const sim_link_plan plan = {
            .jitter_us = jitters_us[row], .flap_every_us = 10000, .flap_delay_us = 5000};
        sim_link link = link_of(&plan);
        punch_time_us last_us = -1;
        uint32_t overtaken = 0;
        for (punch_time_us now_us = 0; now_us < 400000; now_us += 100) {
            sim_link_arrivals arrivals = {0};
            (void)sim_link_offer(&link, &plan, 100, now_us, &arrivals);
            EXPECT("never early", arrivals.at_us[0] >= now_us);
            overtaken += arrivals.at_us[0] < last_us;
            last_us = arrivals.at_us[0];
        }
        EXPECT("once per return to the shorter route", overtaken == 20 || overtaken == 19);
    }
}

static void routes_leave_the_other_draws_alone(void) {
    const sim_link_plan steady = {.jitter_us = 50000, .loss = punch_probability_of(0.2)};
    sim_link_plan flapping = steady;
    flapping.flap_every_us = 3000000;
    flapping.flap_delay_us = 1000;
    sim_link a = link_of(&steady);
    sim_link b = link_of(&flapping);
    for (uint32_t i = 0; i < 1000; i++) {
        const punch_time_us now_us = (punch_time_us)i * 1000000;
        sim_link_arrivals at_a = {0};
        sim_link_arrivals at_b = {0};
        EXPECT_INT("the same packets are lost", sim_link_offer(&b, &flapping, 100, now_us, &at_b),
                   sim_link_offer(&a, &steady, 100, now_us, &at_a));
        const punch_time_us more_us = at_b.at_us[0] - at_a.at_us[0];
        EXPECT("the others differ by the route", more_us == 0 || more_us == 1000);
    }
}

/* --- delay and loss together */

/* Bad for pi of the time, then J of uniform jitter and loss q. Among packets that arrive the bad
 * share is pi (1 - q) / (1 - pi q), and the mean extra delay J / 2 times that. */
static void delay_and_loss_come_together(void) {
    const double pi = 0.3;
    const double q = 0.5;
    const double most_us = 80000;
    const sim_link_plan plan = {.good_mean_us = 70000,
                                .bad_mean_us = 30000,
                                .loss_bad = punch_probability_of(q),
                                .bad_jitter_us = 80000};
    const uint32_t n = 100000;
    uint32_t passed = 0;
    double sum_us = 0;
    sim_link link = link_of(&plan);
    for (uint32_t i = 0; i < n; i++) {
        const punch_time_us now_us = (punch_time_us)i * 2000000; /* independent of each other */
        sim_link_arrivals arrivals = {0};
        if (sim_link_offer(&link, &plan, 100, now_us, &arrivals) == SIM_LINK_PASSED) {
            const punch_time_us extra_us = arrivals.at_us[0] - now_us;
            EXPECT("late in the bad state only", link.is_bad || extra_us == 0);
            EXPECT("within its bound", extra_us >= 0 && extra_us <= plan.bad_jitter_us);
            passed++;
            sum_us += (double)extra_us;
        }
    }
    const double bad = pi * (1 - q) / (1 - pi * q);
    const double second_us2 = bad * most_us * most_us / 3;
    const double mean_us = bad * most_us / 2;
    EXPECT_REAL("loss", 1 - (double)passed / n, pi * q, 4 * sqrt(pi * q * (1 - pi * q) / n));
    EXPECT_REAL("mean extra delay of what arrives", sum_us / passed, mean_us,
                4 * sqrt((second_us2 - mean_us * mean_us) / passed));
}

/* A link without a bad state is plain: it may be offered packets in any order of time, and its
 * jitter of that state, which never comes, must not hold one back behind another. */
static void no_bad_state_no_order(void) {
    const sim_link_plan plan = {.delay_us = 10, .bad_jitter_us = 80000, .mtu_bytes = 1500};
    sim_link link = link_of(&plan);
    EXPECT("it is plain", sim_link_is_plain(&plan));
    for (punch_time_us now_us = 1000000; now_us > 0; now_us -= 100000) {
        sim_link_arrivals arrivals = {0};
        (void)sim_link_offer(&link, &plan, 100, now_us, &arrivals);
        EXPECT_INT("arrives in its own time", arrivals.at_us[0], now_us + 10);
    }
}

/* --- waiting rooms */

/* A sender twice as fast as the line: the room stays full, every other packet is lost, and whatever
 * passes waits for all that stands before it. 1000 bytes take 8 ms at 1 Mbps. */
static void full_rooms_stand(void) {
    static const uint32_t rooms_bytes[] = {16000, 64000, 256000};
    const punch_time_us gap_us = 4000;
    const uint32_t warm_up = 2000;
    const uint32_t n = 20000;
    for (size_t row = 0; row < sizeof rooms_bytes / sizeof rooms_bytes[0]; row++) {
        const sim_link_plan plan = {.rate_bps = 1000000, .queue_bytes = rooms_bytes[row]};
        const punch_time_us full_us = (punch_time_us)rooms_bytes[row] * 8;
        sim_link link = link_of(&plan);
        uint32_t lost = 0;
        for (uint32_t i = 0; i < n + warm_up; i++) {
            const punch_time_us now_us = (punch_time_us)i * gap_us;
            sim_link_arrivals arrivals = {0};
            const sim_link_fate fate = sim_link_offer(&link, &plan, 1000, now_us, &arrivals);
            if (i < warm_up) {
                continue;
            }
            if (fate == SIM_LINK_LOST_QUEUE) {
                lost++;
                continue;
            }
            EXPECT_INT("what passes waits for a full room", arrivals.at_us[0] - now_us, full_us);
        }
        EXPECT_INT("every other packet is lost", lost, n / 2);
    }
}

enum { BATCHES = 50, BATCH = 8000 };

/* Poisson arrivals, packets of one length, unlimited room: M/D/1. Pollaczek and Khinchine: the mean
 * wait is rho s / (2 (1 - rho)). The standard error is that of the means of batches. */
static void random_arrivals_wait_as_pollaczek_khinchine_say(void) {
    static const double loads[] = {0.3, 0.6, 0.8};
    const double service_us = 8000; /* 1000 bytes at 1 Mbps */
    const sim_link_plan plan = {.rate_bps = 1000000};
    for (size_t row = 0; row < sizeof loads / sizeof loads[0]; row++) {
        const double rho = loads[row];
        punch_rng rng = punch_rng_stream(SEED, OBJECT, 77);
        sim_link link = link_of(&plan);
        double now_us = 0;
        double sum_us = 0;
        double sum2_us2 = 0;
        for (uint32_t batch = 0; batch < BATCHES; batch++) {
            double batch_us = 0;
            for (uint32_t i = 0; i < BATCH; i++) {
                sim_link_arrivals arrivals = {0};
                now_us += -punch_log(punch_rng_unit(&rng)) * service_us / rho;
                const punch_time_us at_us = (punch_time_us)now_us;
                (void)sim_link_offer(&link, &plan, 1000, at_us, &arrivals);
                batch_us += (double)(arrivals.at_us[0] - at_us) - service_us;
            }
            sum_us += batch_us / BATCH;
            sum2_us2 += batch_us / BATCH * (batch_us / BATCH);
        }
        const double mean_us = sum_us / BATCHES;
        const double error_us = sqrt((sum2_us2 / BATCHES - mean_us * mean_us) / (BATCHES - 1));
        const double expected_us = rho * service_us / (2 * (1 - rho));
        EXPECT_REAL("mean wait", mean_us, expected_us, 4 * error_us + 1);
        EXPECT("known well enough to say something", error_us < 0.05 * expected_us);
    }
}

/* --- holes */

/* Larger packets vanish, whatever else happens; smaller ones meet what they would have met. */
static void holes_swallow_large_packets_only(void) {
    const sim_link_plan whole = {.jitter_us = 50000, .loss = punch_probability_of(0.2)};
    sim_link_plan hole = whole;
    hole.mtu_bytes = 576;
    sim_link a = link_of(&whole);
    sim_link b = link_of(&hole);
    for (uint32_t i = 0; i < 1000; i++) {
        const punch_time_us now_us = (punch_time_us)i * 1000000;
        const uint32_t ip_bytes = i % 3 == 0 ? 577 : 576;
        sim_link_arrivals at_a = {0};
        sim_link_arrivals at_b = {0};
        const sim_link_fate fate_a = sim_link_offer(&a, &whole, ip_bytes, now_us, &at_a);
        const sim_link_fate fate_b = sim_link_offer(&b, &hole, ip_bytes, now_us, &at_b);
        EXPECT_INT("its fate", fate_b, i % 3 == 0 ? SIM_LINK_LOST_MTU : fate_a);
        if (fate_b == SIM_LINK_PASSED) {
            EXPECT_INT("its time", at_b.at_us[0], at_a.at_us[0]);
        }
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"routes change at their pace", routes_change_at_their_pace},
        {"routes begin anywhere", routes_begin_anywhere},
        {"shorter routes overtake", shorter_routes_overtake},
        {"routes leave the other draws alone", routes_leave_the_other_draws_alone},
        {"delay and loss come together", delay_and_loss_come_together},
        {"no bad state, no order", no_bad_state_no_order},
        {"full rooms stand", full_rooms_stand},
        {"random arrivals wait as Pollaczek and Khinchine say",
         random_arrivals_wait_as_pollaczek_khinchine_say},
        {"holes swallow large packets only", holes_swallow_large_packets_only},
    };
    return PUNCH_TEST_MAIN("unit_link_paths", cases);
}
