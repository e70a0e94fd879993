/* SPDX-License-Identifier: MIT */
#include "clock.h"

#define CLOCK_RTT_US_MAX (60 * PUNCH_US_PER_S) /* chosen: no broker answers later than that */
#define CLOCK_INSTANT_US_MAX \
    ((punch_time_us)1 << 60) /* chosen: 36,000 years; sums of four cannot overflow */

bool punch_clock_is_sane(punch_time_us instant_us) {
    return instant_us > -CLOCK_INSTANT_US_MAX && instant_us < CLOCK_INSTANT_US_MAX;
}

bool punch_clock_take(punch_clock *clock, punch_time_us sent_at_us, punch_time_us received_at_us,
                      punch_time_us stamp_us) {
    const punch_time_us latest = received_at_us;
    const punch_time_us earliest = received_at_us - CLOCK_RTT_US_MAX;
    if (sent_at_us > latest || sent_at_us < earliest || !punch_clock_is_sane(stamp_us)) {
        return false;
    }
    const punch_time_us rtt_us = received_at_us - sent_at_us;
    clock->rtts_us[clock->next] = (uint32_t)rtt_us;
    clock->offsets_us[clock->next] = stamp_us + rtt_us / 2 - received_at_us;
    clock->next = (uint8_t)((clock->next + 1) % PUNCH_CLOCK_SAMPLES);
    if (clock->count < PUNCH_CLOCK_SAMPLES) {
        clock->count++;
    }
    return true;
}

bool punch_clock_best(const punch_clock *clock, punch_clock_sample *sample_out) {
    if (clock->count == 0) {
        return false;
    }
    uint8_t best = 0;
    for (uint8_t i = 1; i < clock->count; i++) {
        if (clock->rtts_us[i] < clock->rtts_us[best]) {
            best = i;
        }
    }
    *sample_out =
        (punch_clock_sample){.offset_us = clock->offsets_us[best], .rtt_us = clock->rtts_us[best]};
    return true;
}
