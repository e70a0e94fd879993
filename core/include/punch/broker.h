/* SPDX-License-Identifier: MIT */
/*
 * A broker: the rendezvous that peers register with and that lets two of them fire at one instant
 * of its clock. Same shape as a peer: entries take now_us, the deadline is read afterwards, nothing
 * is allocated after init. Protocol §1-3.
 */
#ifndef PUNCH_BROKER_H
#define PUNCH_BROKER_H

#include "punch/peer.h"

typedef struct punch_broker punch_broker;

typedef struct {
    const punch_port *port; /* must outlive the broker */
    void *host;
    uint8_t identity_seed[PUNCH_KEY_BYTES];
    punch_addr bind;
    uint32_t peers_max; /* 1..16,777,216 registrations */
    uint32_t calls_max; /* 1..1,048,576 calls being set up */
} punch_broker_config;

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes a broker of this configuration needs, 16-byte aligned; 0 when out of range. */
size_t punch_broker_size(const punch_broker_config *config);

punch_err punch_broker_init(void *memory, const punch_broker_config *config,
                            punch_broker **broker_out);

/* Forgets everything, as a restarted process would, and takes a new instance id at start. Same
 * sizes only. */
punch_err punch_broker_reset(punch_broker *broker, const punch_broker_config *config);

punch_err punch_broker_start(punch_broker *broker, punch_time_us now_us);
void punch_broker_on_datagram(punch_broker *broker, const punch_datagram *datagram,
                              punch_time_us now_us);
void punch_broker_on_timer(punch_broker *broker, punch_time_us now_us);
punch_time_us punch_broker_next_deadline_us(const punch_broker *broker);

const punch_key *punch_broker_key(const punch_broker *broker);
const punch_counters *punch_broker_counters(const punch_broker *broker);
uint32_t punch_broker_registered_count(const punch_broker *broker);
uint32_t punch_broker_calls_count(const punch_broker *broker);

#ifdef __cplusplus
}
#endif

#endif
