/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "punch/rng.h"
#include "punch_test.h"
#include "sim/clock.h"

typedef struct {
    const char *sentence;
    sim_clock clock;
    punch_time_us world_us;
    punch_time_us local_us;
} clock_row;

static const clock_row clock_rows[] = {
    {"a perfect clock shows world time", {0, 0}, 123456789, 123456789},
    {"an offset is added", {-5000, 0}, 1000, -4000},
    {"a fast clock gains", {0, 100000}, 1000000, 1000100},
    {"a slow clock loses, rounded down", {0, -1}, 1, 0},
    {"a slow clock loses whole microseconds", {0, -100000}, 1000000, 999900},
    {"a year of drift stays exact", {7, 20000}, INT64_C(31536000000000), INT64_C(31536630720007)},
    {"drift of one part in 10^9 shows after 1000 s", {0, 1}, INT64_C(1000000000), 1000000001},
    {"and not before", {0, 1}, INT64_C(999999999), 999999999},
};

static void shows_local_time(void) {
    for (size_t row = 0; row < sizeof clock_rows / sizeof clock_rows[0]; row++) {
        const clock_row *at = &clock_rows[row];
        EXPECT_INT(at->sentence, sim_clock_local_us(at->clock, at->world_us), at->local_us);
    }
}

static void inverse_is_earliest(void) {
    punch_rng rng = punch_rng_stream(11, 0, 0);
    for (int i = 0; i < 20000; i++) {
        const sim_clock clock = {
            (punch_time_us)punch_rng_below(&rng, 2000000) - 1000000,
            i % 5 == 0 ? 0 : (int32_t)punch_rng_below(&rng, 1000000001) - 500000000};
        const punch_time_us local_us =
            (punch_time_us)punch_rng_below(&rng, i % 2 == 0 ? 1000 : UINT64_C(100000000000000));
        const punch_time_us world_us = sim_clock_world_us(clock, local_us);
        bool held = EXPECT("an instant of the world is never negative", world_us >= 0);
        held =
            EXPECT("it never wakes early", sim_clock_local_us(clock, world_us) >= local_us) && held;
        held = EXPECT("nor later than it must",
                      world_us == 0 || sim_clock_local_us(clock, world_us - 1) < local_us) &&
               held;
        if (!held) {
            break;
        }
    }
}

static void never_runs_backwards(void) {
    const sim_clock clock = {0, -SIM_CLOCK_DRIFT_PPB_MAX};
    for (punch_time_us world_us = 0; world_us < 1000; world_us++) {
        EXPECT("a slow clock never runs backwards",
               sim_clock_local_us(clock, world_us + 1) >= sim_clock_local_us(clock, world_us));
    }
    EXPECT_INT("no instant stays none", sim_clock_world_us(clock, PUNCH_NEVER), PUNCH_NEVER);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"local time is exact", shows_local_time},
        {"the inverse is the earliest instant", inverse_is_earliest},
        {"a clock never runs backwards", never_runs_backwards},
    };
    return PUNCH_TEST_MAIN("unit_sim_clock", cases);
}
