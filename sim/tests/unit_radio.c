/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A radio's books against sums worked out by hand, and against a published table: average currents
 * of a phone that sends a keepalive every so often (Haverinen, Siren, Eronen, "Energy Consumption
 * of Always-On Applications in WCDMA Networks", VTC 2007, Table 2). The models of scenario files
 * are derived from its shortest and its longest interval; the rows between test them.
 */
#include <stdio.h>

#include "punch_test.h"
#include "radio.h"

#define S PUNCH_US_PER_S

typedef struct {
    const char *sentence;
    punch_time_us packets_us[4]; /* the last one closes the books */
    punch_time_us high_us;
    punch_time_us low_us;
    uint32_t ua;
} book_row;

/* 5 s at 100 mA, then 10 s at 50 mA, then 10 mA. */
static const sim_radio_plan by_hand = {.high_tail_us = 5 * S,
                                       .low_tail_us = 10 * S,
                                       .high_ua = 100000,
                                       .low_ua = 50000,
                                       .idle_ua = 10000};

static const book_row book_rows[] = {
    {"nothing but the first tail", {100 * S}, 5 * S, 10 * S, 18500},
    {"packets far apart: two whole tails", {50 * S, 100 * S}, 10 * S, 20 * S, 27000},
    {"a packet in the low tail starts the high one anew", {7 * S, 100 * S}, 10 * S, 12 * S, 23800},
    {"packets closer than the high tail: always high", {4 * S, 8 * S, 12 * S}, 12 * S, 0, 100000},
    {"no time", {0}, 0, 0, 0},
};

static void books_are_right(void) {
    for (size_t row = 0; row < sizeof book_rows / sizeof book_rows[0]; row++) {
        const book_row *at = &book_rows[row];
        const punch_time_us start_us = 1234567;
        sim_radio radio;
        sim_radio_begin(&radio, start_us);
        for (size_t i = 0; i < 4 && (i == 0 || at->packets_us[i] > 0); i++) {
            sim_radio_use(&radio, &by_hand, start_us + at->packets_us[i]);
        }
        EXPECT_INT(at->sentence, radio.high_us, at->high_us);
        EXPECT_INT(at->sentence, radio.low_us, at->low_us);
        EXPECT_INT(at->sentence, sim_radio_ua(&radio, &by_hand), at->ua);
    }
}

typedef struct {
    punch_time_us interval_us; /* 0 = no keepalives */
    double published_ma[SIM_RADIO_KINDS];
} published_row;

static const published_row published[] = {{20 * S, {[SIM_RADIO_2G] = 29, [SIM_RADIO_3G] = 34}},
                                          {40 * S, {[SIM_RADIO_2G] = 16, [SIM_RADIO_3G] = 24}},
                                          {150 * S, {[SIM_RADIO_2G] = 9.1, [SIM_RADIO_3G] = 16}},
                                          {300 * S, {[SIM_RADIO_2G] = 7.3, [SIM_RADIO_3G] = 14}},
                                          {0, {[SIM_RADIO_2G] = 5.2, [SIM_RADIO_3G] = 6.1}}};

static double modelled_ma(const sim_radio_plan *plan, punch_time_us interval_us) {
    const punch_time_us end_us = 30000 * S; /* a multiple of every interval */
    sim_radio radio;
    sim_radio_begin(&radio, 0);
    for (punch_time_us at_us = interval_us; interval_us > 0 && at_us < end_us;
         at_us += interval_us) {
        sim_radio_use(&radio, plan, at_us);
    }
    sim_radio_use(&radio, plan, end_us);
    return sim_radio_ua(&radio, plan) / 1e3;
}

static void models_meet_the_table(void) {
    static const char *const names[SIM_RADIO_KINDS] = {
        [SIM_RADIO_2G] = "2G", [SIM_RADIO_3G] = "3G"};
    for (uint32_t kind = SIM_RADIO_2G; kind <= SIM_RADIO_3G; kind++) {
        for (size_t row = 0; row < sizeof published / sizeof published[0]; row++) {
            const double want_ma = published[row].published_ma[kind];
            const double got_ma =
                modelled_ma(sim_radio_kind_plan((sim_radio_kind)kind), published[row].interval_us);
            char sentence[120];
            (void)snprintf(sentence, sizeof sentence,
                           "%s, every %3lld s: published %5.1f mA, modelled %5.1f mA", names[kind],
                           (long long)(published[row].interval_us / S), want_ma, got_ma);
            puts(sentence);
            /* Without any keepalive a 3G phone draws half of what the rows with keepalives lead
             * to: a model of tails cannot say that, and does not. */
            if (published[row].interval_us > 0) {
                EXPECT_REAL(sentence, got_ma / want_ma, 1.0, 0.1);
            }
        }
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"the books are right", books_are_right},
        {"2G and 3G meet the published table within a tenth", models_meet_the_table},
    };
    return PUNCH_TEST_MAIN("unit_radio", cases);
}
