/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host's clock against the world's: local = world + offset + floor(world * drift / 10^9), in
 * exact integers. Never runs backwards while |drift| < 10^9, and its inverse never wakes a host
 * early.
 */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include <stdint.h>

#include "punch/time.h"

typedef struct {
    punch_time_us offset_us;
    int32_t drift_ppb; /* -500,000,000 .. 500,000,000: far beyond any real clock; chosen */
} sim_clock;

#define SIM_CLOCK_DRIFT_PPB_MAX 500000000

#ifdef __cplusplus
extern "C" {
#endif

/* What the host's clock shows at a world instant >= 0. */
punch_time_us sim_clock_local_us(sim_clock clock, punch_time_us world_us);

/* The first world instant >= 0 at which the host's clock shows local_us or more; PUNCH_NEVER stays
 * PUNCH_NEVER. */
punch_time_us sim_clock_world_us(sim_clock clock, punch_time_us local_us);

#ifdef __cplusplus
}
#endif

#endif
