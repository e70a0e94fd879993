/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a host has used since the first of its calls was connected: packets to and from its broker,
 * and its radio; the radio also as if there had been no packets of the broker.
 */
#ifndef SIM_METER_H
#define SIM_METER_H

#include "pool.h"
#include "radio.h"

typedef struct {
    sim_radio radio;       /* all packets */
    sim_radio peers_radio; /* peer-to-peer packets */
    uint64_t broker_packets;
    uint64_t broker_bytes;
    bool is_running;
} sim_meter;

void sim_meter_begin(sim_meter *meter, punch_time_us now_us);
/* The host sent or received the packet. */
void sim_meter_use(sim_meter *meter, const sim_radio_plan *plan, const sim_packet *at,
                   punch_time_us now_us);
/* The host is no more, or the world; later ends do nothing. */
void sim_meter_end(sim_meter *meter, const sim_radio_plan *plan, punch_time_us now_us);
/* Into one side of a result. */
void sim_meter_read(const sim_meter *meter, const sim_radio_plan *plan, sim_hold_result *result,
                    uint32_t side);

#endif
