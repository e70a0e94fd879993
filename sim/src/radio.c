/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radio.h"

/* A keepalive every t seconds costs idle + charge / t on average while its tail is shorter than t.
 * Haverinen, Siren and Eronen ("Energy Consumption of Always-On Applications in WCDMA Networks",
 * VTC 2007, Table 2) measured t = 20, 40, 150, 300 s: 2G 29, 16, 9.1, 7.3 mA; 3G 34, 24, 16, 14 mA.
 * Idle current and charge follow from the first and the last of them; the two between are met
 * within a tenth (tests/unit_radio.c). Charge is (level - idle) x tail, of which one is chosen:
 *
 *   2G  idle  5.75 mA, charge 465.0 mA s: tail 6 s (GSM: Balasubramanian et al., "Energy
 *       Consumption in Mobile Phones", IMC 2009), so 83.25 mA
 *   3G  idle 12.57 mA, charge 428.6 mA s: 120 mA (CELL_FACH, which small packets need not leave:
 *       chosen), so 3.99 s
 *
 * Small packets alone never raise either to a high level. */
const sim_radio_plan *sim_radio_kind_plan(sim_radio_kind kind) {
    static const sim_radio_plan plans[SIM_RADIO_KINDS] = {
        [SIM_RADIO_2G] = {.low_tail_us = 6000000, .low_ua = 83250, .idle_ua = 5750},
        [SIM_RADIO_3G] = {.low_tail_us = 3990000, .low_ua = 120000, .idle_ua = 12570}};
    return &plans[kind];
}

void sim_radio_begin(sim_radio *radio, punch_time_us now_us) {
    *radio = (sim_radio){.start_at_us = now_us, .last_at_us = now_us};
}

void sim_radio_use(sim_radio *radio, const sim_radio_plan *plan, punch_time_us now_us) {
    const punch_time_us passed_us = now_us - radio->last_at_us;
    const punch_time_us high_us = punch_time_earlier(passed_us, plan->high_tail_us);
    radio->high_us += high_us;
    radio->low_us += punch_time_earlier(passed_us - high_us, plan->low_tail_us);
    radio->last_at_us = now_us;
}

uint32_t sim_radio_ua(const sim_radio *radio, const sim_radio_plan *plan) {
    const int64_t span_us = radio->last_at_us - radio->start_at_us;
    if (span_us <= 0) {
        return 0;
    }
    /* No overflow: a world lasts 10^12.5 us at most, a level is 10^6 uA at most. */
    const int64_t idle_us = span_us - radio->high_us - radio->low_us;
    const int64_t charge =
        radio->high_us * plan->high_ua + radio->low_us * plan->low_ua + idle_us * plan->idle_ua;
    return (uint32_t)((charge + span_us / 2) / span_us);
}
