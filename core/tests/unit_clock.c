/* SPDX-License-Identifier: MIT */
#include "clock.h"
#include "punch_test.h"

static void least_round_trip_wins(void) {
    punch_clock clock = {0};
    punch_clock_sample best;
    EXPECT("no sample, no clock", !punch_clock_best(&clock, &best));
    /* true offset 5,000; an asymmetric slow exchange, then a quick symmetric one */
    EXPECT("slow one taken", punch_clock_take(&clock, 1000, 1000 + 900, 1000 + 800 + 5000));
    EXPECT("quick one taken", punch_clock_take(&clock, 5000, 5000 + 100, 5000 + 50 + 5000));
    EXPECT("there is a clock", punch_clock_best(&clock, &best));
    EXPECT_INT("the quick one's round trip", best.rtt_us, 100);
    EXPECT_INT("the quick one's offset", best.offset_us, 5000);
}

static void only_the_last_eight_count(void) {
    punch_clock clock = {0};
    punch_clock_sample best = {0};
    (void)punch_clock_take(&clock, 0, 10, 5);
    for (int i = 0; i < PUNCH_CLOCK_SAMPLES; i++) {
        (void)punch_clock_take(&clock, 0, 200 + i, 100);
    }
    (void)punch_clock_best(&clock, &best);
    EXPECT_INT("the best one has left the window", best.rtt_us, 200);
}

static void nonsense_is_refused(void) {
    static const struct {
        const char *sentence;
        punch_time_us sent, received, stamp;
    } rows[] = {
        {"an answer before its question", 100, 99, 0},
        {"an answer after more than a minute", 0, 60 * PUNCH_US_PER_S + 1, 0},
        {"a stamp that would overflow sums", 0, 1, INT64_MAX},
        {"a stamp that would underflow sums", 0, 1, INT64_MIN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        punch_clock clock = {0};
        EXPECT(rows[i].sentence,
               !punch_clock_take(&clock, rows[i].sent, rows[i].received, rows[i].stamp));
        EXPECT_INT(rows[i].sentence, clock.count, 0);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"the sample with the least round trip decides", least_round_trip_wins},
        {"only the last eight samples count", only_the_last_eight_count},
        {"impossible exchanges are refused", nonsense_is_refused},
    };
    return PUNCH_TEST_MAIN("unit_clock", cases);
}
