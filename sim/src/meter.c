/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "meter.h"

void sim_meter_begin(sim_meter *meter, punch_time_us now_us) {
    *meter = (sim_meter){.is_running = true};
    sim_radio_begin(&meter->radio, now_us);
    sim_radio_begin(&meter->peers_radio, now_us);
}

void sim_meter_use(sim_meter *meter, const sim_radio_plan *plan, const sim_packet *at,
                   punch_time_us now_us) {
    if (!meter->is_running) {
        return;
    }
    const bool is_peers = sim_packet_is_peer_to_peer(at);
    if (!is_peers) {
        meter->broker_packets++;
        meter->broker_bytes += sim_packet_ip_bytes(at);
    }
    if (sim_radio_exists(plan)) {
        sim_radio_use(&meter->radio, plan, now_us);
        if (is_peers) {
            sim_radio_use(&meter->peers_radio, plan, now_us);
        }
    }
}

void sim_meter_end(sim_meter *meter, const sim_radio_plan *plan, punch_time_us now_us) {
    if (meter->is_running) {
        meter->is_running = false;
        sim_radio_use(&meter->radio, plan, now_us);
        sim_radio_use(&meter->peers_radio, plan, now_us);
    }
}

void sim_meter_read(const sim_meter *meter, const sim_radio_plan *plan, sim_hold_result *result,
                    uint32_t side) {
    result->broker_packets[side] = meter->broker_packets;
    result->broker_bytes[side] = meter->broker_bytes;
    if (sim_radio_exists(plan)) {
        result->radio_us[side] = meter->radio.last_at_us - meter->radio.start_at_us;
        result->radio_on_us[side] = meter->radio.high_us + meter->radio.low_us;
        result->radio_ua[side] = sim_radio_ua(&meter->radio, plan);
        result->radio_peers_ua[side] = sim_radio_ua(&meter->peers_radio, plan);
    }
}
