/* SPDX-License-Identifier: MIT */
/*
 * Time is an argument, never a clock. Instants and durations share one type: microseconds in a
 * signed 64-bit integer. Whose clock an instant belongs to (host, broker, world) is said where it
 * is used.
 */
#ifndef PUNCH_TIME_H
#define PUNCH_TIME_H

#include <stdint.h>

typedef int64_t punch_time_us;

/* No instant at all: later than every other. */
#define PUNCH_NEVER INT64_MAX

#define PUNCH_US_PER_MS ((punch_time_us)1000)
#define PUNCH_US_PER_S ((punch_time_us)1000000)

/* The earlier of two instants; PUNCH_NEVER is the neutral element. */
static inline punch_time_us punch_time_earlier(punch_time_us a, punch_time_us b) {
    return a < b ? a : b;
}

/* The later of two instants. */
static inline punch_time_us punch_time_later(punch_time_us a, punch_time_us b) {
    return a > b ? a : b;
}

/* instant + duration; PUNCH_NEVER stays PUNCH_NEVER, and a sum beyond it becomes it. The duration
 * is >= 0. */
static inline punch_time_us punch_time_after(punch_time_us instant, punch_time_us duration) {
    return instant > PUNCH_NEVER - duration ? PUNCH_NEVER : instant + duration;
}

#endif
