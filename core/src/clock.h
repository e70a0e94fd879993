/* SPDX-License-Identifier: MIT */
/*
 * The broker's clock as a peer reads it (protocol §2): rtt = receive - send; offset = stamp + rtt/2
 * - receive, taken from the sample with the least round trip of the last PUNCH_CLOCK_SAMPLES.
 */
#ifndef PUNCH_CLOCK_H
#define PUNCH_CLOCK_H

#include <stdbool.h>

#include "punch/limits.h"
#include "punch/time.h"

typedef struct {
    punch_time_us offset_us; /* broker clock minus local clock */
    uint32_t rtt_us;
} punch_clock_sample;

typedef struct {
    punch_time_us offsets_us[PUNCH_CLOCK_SAMPLES]; /* two arrays: no padding in millions of peers */
    uint32_t rtts_us[PUNCH_CLOCK_SAMPLES];
    uint8_t count; /* samples filled */
    uint8_t next;  /* slot the next one goes to */
} punch_clock;

/* False for an instant that only a liar or a broken clock would send: arithmetic on it might
 * overflow. */
bool punch_clock_is_sane(punch_time_us instant_us);

/* Takes one exchange: sent and received on the local clock, stamp on the broker's. Exchanges that
 * took negative time or more than a minute are ignored (false): they are echoes of something else.
 */
bool punch_clock_take(punch_clock *clock, punch_time_us sent_at_us, punch_time_us received_at_us,
                      punch_time_us stamp_us);

/* The sample to trust; false when there is none yet. */
bool punch_clock_best(const punch_clock *clock, punch_clock_sample *sample_out);

#endif
