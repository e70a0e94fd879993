/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a radio was on. It is on for a tail after each packet sent or received, at two levels
 * (as WCDMA's CELL_DCH and CELL_FACH, 3GPP TS 25.331), then idle:
 *
 *   packet ---- high ----|-------- low --------|--- idle ...        each packet starts anew
 *
 * Only the time between two packets decides, so a radio costs one subtraction per packet.
 */
#ifndef SIM_RADIO_H
#define SIM_RADIO_H

#include "sim/hold.h"

/* Radios known by name, or given in figures. */
typedef enum {
    SIM_RADIO_NONE,
    SIM_RADIO_2G,
    SIM_RADIO_3G,
    SIM_RADIO_CUSTOM,
    SIM_RADIO_KINDS
} sim_radio_kind;

/* All zero for SIM_RADIO_NONE and SIM_RADIO_CUSTOM. */
const sim_radio_plan *sim_radio_kind_plan(sim_radio_kind kind);

typedef struct {
    punch_time_us start_at_us;
    punch_time_us last_at_us; /* of the last packet; everything before is accounted for */
    punch_time_us high_us;
    punch_time_us low_us;
} sim_radio;

/* A radio that has just been used. */
void sim_radio_begin(sim_radio *radio, punch_time_us now_us);
/* A packet was sent or received; or the books are closed at now_us. */
void sim_radio_use(sim_radio *radio, const sim_radio_plan *plan, punch_time_us now_us);
/* Average current from the start to the last use; 0 when no time has passed. */
uint32_t sim_radio_ua(const sim_radio *radio, const sim_radio_plan *plan);

#endif
