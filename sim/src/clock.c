/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/clock.h"

enum { PPB = 1000000000 };

/* floor(value * numerator / denominator) for value >= 0, denominator > 0, without overflow as long
 * as the result fits: the value is split by the denominator first. */
static int64_t scaled(int64_t value, int64_t numerator, int64_t denominator) {
    const int64_t whole = value / denominator * numerator;
    const int64_t product = value % denominator * numerator;
    const int64_t part = product / denominator;
    return whole + part - (product % denominator < 0 ? 1 : 0);
}

punch_time_us sim_clock_local_us(sim_clock clock, punch_time_us world_us) {
    if (clock.drift_ppb == 0) {
        return world_us + clock.offset_us;
    }
    return world_us + clock.offset_us + scaled(world_us, clock.drift_ppb, PPB);
}

punch_time_us sim_clock_world_us(sim_clock clock, punch_time_us local_us) {
    if (local_us == PUNCH_NEVER) {
        return PUNCH_NEVER;
    }
    const punch_time_us elapsed_us = local_us - clock.offset_us;
    if (elapsed_us <= 0) {
        return 0;
    }
    if (clock.drift_ppb == 0) {
        return elapsed_us;
    }
    /* elapsed / (1 + drift) is within a step or two of the answer; the rest is exact. */
    punch_time_us world_us =
        elapsed_us - scaled(elapsed_us, clock.drift_ppb, PPB + (int64_t)clock.drift_ppb);
    while (world_us > 0 && sim_clock_local_us(clock, world_us - 1) >= local_us) {
        world_us--;
    }
    while (sim_clock_local_us(clock, world_us) < local_us) {
        world_us++;
    }
    return world_us;
}
