/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The truth about holes over time, against an observer that knows nothing of it: it asks the world
 * every ten milliseconds whether each side would be reached now. And what the faults of hosts and
 * the application's redialling come to.
 */
#include <stdio.h>
#include <string.h>

#include "punch/assert.h"
#include "punch_test.h"
#include "small_world.h"
#include "world_internal.h"

enum { SEED = 1 };

#define S PUNCH_US_PER_S /* rows are shorter so */
#define STEP_US (10 * PUNCH_US_PER_MS)

/* --- watched ------------------------------------------------------------------------------------
 */

typedef struct {
    punch_addr source; /* where its packets come from, as an observer of its NAT sees */
    punch_time_us shut_us;
    uint32_t shut_count;
    bool was_shut;
} watched_side;

/* By host: 1 is the caller, 2 the callee. */
static void note_source(void *user, const sim_saw *record) {
    watched_side *sides = user;
    if (record->kind == SIM_SAW_NAT_OUT && record->verdict == NAT_PASS &&
        record->type >= PUNCH_TYPE_INTRO) {
        sides[record->site - 1].source = record->src_after;
    }
}

/* Would what the other side sends now come in at this side's NAT? */
static bool is_shut(const sim_world *world, const watched_side sides[2], uint32_t side) {
    const nat_packet packet = {sides[1 - side].source, world->calls[0].sides[1 - side].remote};
    return nat_would_admit(world->sites[1 + side].box, &packet, world->now_us) != NAT_PASS;
}

/* Runs the world in steps and looks at both sides after each. */
static void watch(small_world *small, watched_side sides[2]) {
    memset(sides, 0, 2 * sizeof *sides);
    const sim_observer observer = {note_source, sides};
    sim_world *world = sim_world_create(&small->plan);
    PUNCH_ASSERT(world != NULL);
    sim_world_begin(world, &small->plan, SEED, &observer, small_result(small));
    bool goes_on = true;
    for (punch_time_us at_us = 0; goes_on; at_us += STEP_US) {
        goes_on = sim_world_run_until(world, at_us);
        const sim_side *cores = world->calls[0].sides;
        for (uint32_t i = 0; cores[0].is_connected && cores[1].is_connected && i < 2; i++) {
            const bool shut = is_shut(world, sides, i);
            sides[i].shut_us += shut ? STEP_US : 0;
            sides[i].shut_count += shut && !sides[i].was_shut;
            sides[i].was_shut = shut;
        }
    }
    sim_world_finish(world);
    sim_world_destroy(world);
}

typedef struct {
    const char *sentence;
    nat_mapping mapping;
    nat_filtering filtering;
    nat_allocation allocation;
    bool refresh_inbound;
    punch_time_us timeout_us[2]; /* of the caller's NAT, of the callee's */
    punch_probability loss;
    bool loses[2]; /* holes */
} hole_row;

static const hole_row hole_rows[] = {
    {"timeouts far above the interval: no hole is ever lost",
     NAT_MAPPING_EIM,
     NAT_FILTERING_APDF,
     NAT_ALLOCATION_RANDOM,
     true,
     {120 * S, 120 * S},
     0,
     {false, false}},
    {"a timeout below the interval: the callee's hole lapses before each keepalive",
     NAT_MAPPING_EIM,
     NAT_FILTERING_APDF,
     NAT_ALLOCATION_PRESERVING,
     false,
     {120 * S, 12 * S},
     0,
     {false, true}},
    {"on both sides, and ports are preserved",
     NAT_MAPPING_EIM,
     NAT_FILTERING_APDF,
     NAT_ALLOCATION_PRESERVING,
     false,
     {11 * S, 12 * S},
     0,
     {true, true}},
    {"a hole that lapses comes back on another port",
     NAT_MAPPING_EIM,
     NAT_FILTERING_APDF,
     NAT_ALLOCATION_RANDOM,
     false,
     {120 * S, 12 * S},
     0,
     {true, true}},
    {"without filtering the broker's keepalives hold the hole, too",
     NAT_MAPPING_EIM,
     NAT_FILTERING_EIF,
     NAT_ALLOCATION_PRESERVING,
     true,
     {120 * S, 9 * S},
     0,
     {false, true}},
    {"loss: a keepalive lost on the way in does not prolong where only outbound ones do",
     NAT_MAPPING_EIM,
     NAT_FILTERING_APDF,
     NAT_ALLOCATION_PRESERVING,
     false,
     {20 * S, 25 * S},
     PUNCH_PROBABILITY_ONE / 4,
     {false, false}},
};

static void hole_world(small_world *small, const hole_row *row) {
    nat_config boxes[2];
    for (uint32_t i = 0; i < 2; i++) {
        boxes[i] = small_nat(row->mapping, row->filtering);
        boxes[i].allocation = row->allocation;
        boxes[i].refresh_inbound = row->refresh_inbound;
        boxes[i].udp_timeout_first_us = row->timeout_us[i];
        boxes[i].udp_timeout_stream_us = row->timeout_us[i];
    }
    small_pair(small, &boxes[0], &boxes[1]);
    small->plan.hold_us = 600 * S;
    small->plan.limit_us = 700 * S;
    small->plan.core_loss = row->loss;
}

static void agree_with_the_watch(const hole_row *row, const small_world *small,
                                 const watched_side *watched, uint32_t side) {
    const sim_hold_result *hold = &small->call_results[0].hold;
    char sentence[160];
    (void)snprintf(sentence, sizeof sentence, "%s: %s's holes lost", row->sentence,
                   side == 0 ? "caller" : "callee");
    EXPECT_INT(sentence, hold->holes_lost[side], watched->shut_count);
    EXPECT_INT(row->sentence, hold->holes_lost[side] > 0, row->loses[side]);
    /* Each span is seen with an error of at most one step at its end and one at its beginning. */
    const punch_time_us error_us = hold->unreachable_us[side] - watched->shut_us;
    const punch_time_us error_us_max = (1 + watched->shut_count) * STEP_US;
    (void)snprintf(sentence, sizeof sentence, "%s: time, %lld us against %lld us watched",
                   row->sentence, (long long)hold->unreachable_us[side],
                   (long long)watched->shut_us);
    EXPECT(sentence, error_us >= -error_us_max && error_us <= error_us_max);
    EXPECT("the longest is no longer than all",
           hold->unreachable_us_max[side] <= hold->unreachable_us[side]);
    EXPECT_INT("who never lost one has no first time", hold->hole_lost_at_us[side] == PUNCH_NEVER,
               watched->shut_count == 0);
}

static void holes_are_as_watched(void) {
    for (size_t row = 0; row < sizeof hole_rows / sizeof hole_rows[0]; row++) {
        small_world small;
        watched_side watched[2];
        hole_world(&small, &hole_rows[row]);
        watch(&small, watched);
        EXPECT(hole_rows[row].sentence, small.call_results[0].connected);
        agree_with_the_watch(&hole_rows[row], &small, &watched[0], 0);
        agree_with_the_watch(&hole_rows[row], &small, &watched[1], 1);
    }
}

/* The same lapse, exact to the microsecond: a keepalive at 15 s +- 5 %, a timeout of 12 s. */
static void lapses_are_exact(void) {
    small_world small;
    hole_world(&small, &hole_rows[1]);
    small_run(&small, SEED, NULL);
    const sim_hold_result *hold = &small.call_results[0].hold;
    EXPECT_INT("the clock runs from connected to the end", hold->held_us, 600 * S);
    EXPECT("40 keepalives in 600 s, each after a lapse, and are-you-theres between",
           hold->holes_lost[1] >= 30 && hold->holes_lost[1] <= 41);
    EXPECT("each time for 1.5 to 4.5 s: both its ends are jittered",
           hold->unreachable_us[1] > 60 * S && hold->unreachable_us_max[1] < 4500000);
}

static void watching_costs_nothing(void) {
    small_world with;
    small_world without;
    hole_world(&with, &hole_rows[1]);
    hole_world(&without, &hole_rows[1]);
    without.plan.hold_us = 0;
    small_run(&with, SEED, NULL);
    small_run(&without, SEED, NULL);
    const sim_hold_result nothing = {0};
    EXPECT_BYTES("without a hold nothing is measured", &without.call_results[0].hold, &nothing,
                 sizeof nothing);
}

/* --- faults -------------------------------------------------------------------------------------
 */

static void pair_with_hold(small_world *small, punch_time_us hold_us) {
    const nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
    small_pair(small, &box, &box);
    small->plan.hold_us = hold_us;
    small->plan.limit_us = hold_us + 100 * S;
}

static void a_rebooted_nat_recovers(void) {
    small_world small;
    pair_with_hold(&small, 300 * S);
    small.sites[2].nat.allocation = NAT_ALLOCATION_PRESERVING;
    small_add_fault(&small, 100 * S, SIM_FAULT_NAT_REBOOT, 2);
    small_run(&small, SEED, NULL);
    const sim_hold_result *hold = &small.call_results[0].hold;
    EXPECT_INT("one fault", hold->faults, 1);
    EXPECT_INT("one hole lost, that of the callee", hold->holes_lost[1], 1);
    EXPECT("recovered by the next keepalives and probes",
           hold->recovery_us_max > S && hold->recovery_us_max < 40 * S);
    EXPECT("the callee was unreachable no longer than recovery took",
           hold->unreachable_us[1] > 0 && hold->unreachable_us[1] <= hold->recovery_us_max);
    EXPECT_INT("nobody gave up", small.call_results[0].lost_after, false);
}

/* A port nobody knows, behind filters that let only known ones in: no packet finds a way. */
static void a_new_port_needs_a_redial(void) {
    small_world small;
    pair_with_hold(&small, 300 * S);
    small.calls[0].redial_us = 2 * S;
    small_add_fault(&small, 100 * S, SIM_FAULT_NAT_REBOOT, 2);
    small_run(&small, SEED, NULL);
    const sim_hold_result *hold = &small.call_results[0].hold;
    EXPECT("given up, though both live", small.call_results[0].lost_after);
    EXPECT_INT("which is false", hold->false_give_ups, 1);
    EXPECT_INT("one redial does it", hold->redials, 1);
    EXPECT("recovered after 20 probes and a redial",
           hold->recovery_us_max > 20 * S && hold->recovery_us_max < 60 * S);
    EXPECT("no side was unreachable longer than that",
           hold->unreachable_us_max[0] <= hold->recovery_us_max &&
               hold->unreachable_us_max[1] <= hold->recovery_us_max);
    EXPECT_INT("the clock ran on", hold->held_us, 300 * S);
}

/* Whatever the counterparty has promised: 20 minutes are the most that is believed. */
static void a_promise_does_not_hide_a_crash(void) {
    small_world small;
    pair_with_hold(&small, 3000 * S);
    small.hosts[1].options.keepalive_interval_us = 6 * 3600 * S;
    small_add_fault(&small, 100 * S, SIM_FAULT_PEER_CRASH, 1);
    small_run(&small, SEED, NULL);
    const sim_hold_result *hold = &small.call_results[0].hold;
    EXPECT("it had promised six hours, and is believed twenty minutes",
           hold->notice_us > 1000 * S && hold->notice_us < 1300 * S);
    EXPECT_INT("the other calls it dead", small.call_results[0].fail[1], PUNCH_FAIL_DEAD);
}

static void a_crash_is_noticed(void) {
    for (uint32_t crashed = 1; crashed <= 2; crashed++) {
        small_world small;
        pair_with_hold(&small, 300 * S);
        small_add_fault(&small, 100 * S, SIM_FAULT_PEER_CRASH, crashed);
        small_run(&small, SEED, NULL);
        const sim_hold_result *hold = &small.call_results[0].hold;
        EXPECT("the crash is in the books", hold->has_crashed);
        EXPECT("agreed-15 and 20 probes: 20 to 45 s",
               hold->notice_us > 20 * S && hold->notice_us < 45 * S);
        EXPECT("the clock ended with the crash", hold->held_us < 100 * S);
        EXPECT_INT("giving up was right", hold->false_give_ups, 0);
        EXPECT_INT("the crashed side says nothing", small.call_results[0].fail[crashed - 1],
                   PUNCH_FAIL_NONE);
        EXPECT_INT("the other calls it dead", small.call_results[0].fail[2 - crashed],
                   PUNCH_FAIL_DEAD);
    }
}

static void a_short_sleep_is_survived(void) {
    static const bool changes[] = {false, true};
    punch_time_us recovery_us[2];
    for (size_t i = 0; i < 2; i++) {
        small_world small;
        pair_with_hold(&small, 300 * S);
        small_add_fault(&small, 100 * S, SIM_FAULT_PEER_SLEEP, 2);
        small_add_fault(&small, 110 * S, SIM_FAULT_PEER_WAKE, 2);
        small.faults[1].network_changed = changes[i];
        small_run(&small, SEED, NULL);
        const sim_hold_result *hold = &small.call_results[0].hold;
        recovery_us[i] = hold->recovery_us_max;
        EXPECT_INT("the clock stands while one sleeps", hold->held_us, 290 * S);
        EXPECT_INT("not lost", small.call_results[0].lost_after, false);
        EXPECT_INT("no hole either: the timeout is longer", hold->holes_lost[1], 0);
        EXPECT("recovered", hold->recovery_us_max < 20 * S);
    }
    EXPECT("a core that is told probes at once",
           recovery_us[1] < S && recovery_us[1] < recovery_us[0]);
}

/* The other side has given up before the sleeper wakes; who redials is connected again. */
static void a_long_sleep_needs_a_redial(void) {
    static const punch_time_us redials_us[] = {0, 2 * S};
    for (size_t i = 0; i < 2; i++) {
        for (uint32_t sleeper = 1; sleeper <= 2; sleeper++) {
            small_world small;
            pair_with_hold(&small, 900 * S);
            small.calls[0].redial_us = redials_us[i];
            small_add_fault(&small, 100 * S, SIM_FAULT_PEER_SLEEP, sleeper);
            small_add_fault(&small, 400 * S, SIM_FAULT_PEER_WAKE, sleeper);
            small_run(&small, SEED, NULL);
            const sim_hold_result *hold = &small.call_results[0].hold;
            EXPECT("lost", small.call_results[0].lost_after);
            EXPECT_INT("not a false alarm: the other was asleep", hold->false_give_ups, 0);
            EXPECT_INT("redialled", hold->redials > 0, redials_us[i] > 0);
            EXPECT_INT("and recovered only then", hold->recovery_us_max != PUNCH_NEVER,
                       redials_us[i] > 0);
            EXPECT_INT("the clock goes on only then", hold->held_us > 300 * S, redials_us[i] > 0);
        }
    }
}

/* Links that are down for a minute: both give up though both live; the first of them is wrong. */
static void giving_up_too_early_is_counted(void) {
    small_world small;
    pair_with_hold(&small, 600 * S);
    small.calls[0].redial_us = 5 * S;
    small_add_fault(&small, 100 * S, SIM_FAULT_LINK_DOWN, 2);
    small_add_fault(&small, 200 * S, SIM_FAULT_LINK_UP, 2);
    small_run(&small, SEED, NULL);
    const sim_hold_result *hold = &small.call_results[0].hold;
    EXPECT_INT("one false give-up", hold->false_give_ups, 1);
    EXPECT("connected again after a few redials", hold->redials > 0);
    EXPECT_INT("no clock was stopped", hold->held_us, 600 * S);
    EXPECT("unreachable until then, on both sides", hold->unreachable_us[0] > 50 * S &&
                                                        hold->unreachable_us[1] > 50 * S &&
                                                        hold->unreachable_us_max[0] < 200 * S);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"holes are lost and found when a watch says so", holes_are_as_watched},
        {"lapses are exact", lapses_are_exact},
        {"without a hold nothing is measured", watching_costs_nothing},
        {"a rebooted NAT: recovery", a_rebooted_nat_recovers},
        {"a rebooted NAT: redialling", a_new_port_needs_a_redial},
        {"a crash: notice", a_crash_is_noticed},
        {"a crash: promises", a_promise_does_not_hide_a_crash},
        {"a short sleep: the call goes on", a_short_sleep_is_survived},
        {"a long sleep: redialling", a_long_sleep_needs_a_redial},
        {"false give-ups", giving_up_too_early_is_counted},
    };
    return PUNCH_TEST_MAIN("unit_holes", cases);
}
