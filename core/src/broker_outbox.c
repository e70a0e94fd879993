/* SPDX-License-Identifier: MIT */
/* The broker's way out: encode into a stack buffer, seal, hand to the port; count and trace. */
#include "broker_internal.h"

static void trace_packet(const punch_broker *broker, const punch_trace *record) {
    broker->port->trace(broker->host, record);
}

void punch_broker_transmit(punch_broker *broker, const punch_addr *to, const uint8_t *bytes,
                           size_t length, punch_time_us now_us) {
    PUNCH_ASSERT(length <= PUNCH_PACKET_MAX);
    const punch_datagram datagram = {
        .remote = *to,
        .sock = broker->sock,
        .shape = PUNCH_SHAPE_UDP,
        .ttl = PUNCH_TTL_DEFAULT,
        .length = (uint16_t)length,
        .data = bytes,
    };
    if (broker->port->trace != NULL) {
        const punch_trace record = {.kind = PUNCH_TRACE_SENT,
                                    .type = bytes[1],
                                    .length = (uint16_t)length,
                                    .call = PUNCH_CALL_NONE,
                                    .remote = *to,
                                    .now_us = now_us};
        trace_packet(broker, &record);
    }
    if (broker->port->send(broker->host, &datagram) != PUNCH_OK) {
        broker->counters.send_errors++;
        return;
    }
    broker->counters.sent_packets++;
    broker->counters.sent_bytes += length;
}

void punch_broker_signal_at(punch_broker *broker, punch_registration *to, const punch_addr *at,
                            uint8_t type, const punch_signal *signal, punch_time_us now_us) {
    uint8_t bytes[PUNCH_PACKET_MAX];
    size_t length = 0;
    punch_err err = punch_signal_encode(type, signal, bytes + PUNCH_CHANNEL_HEADER_BYTES,
                                        PUNCH_CHANNEL_BODY_MAX, &length);
    PUNCH_ASSERT_EQ(err, PUNCH_OK);
    err = punch_channel_seal(&to->channel, broker->port->crypto, type, bytes, length, &length);
    if (err != PUNCH_OK) {
        /* Sequence numbers used up: the peer will miss the answers and shake hands again. */
        broker->counters.send_errors++;
        return;
    }
    punch_broker_transmit(broker, at, bytes, length, now_us);
}

void punch_broker_signal(punch_broker *broker, punch_registration *to, uint8_t type,
                         const punch_signal *signal, punch_time_us now_us) {
    punch_broker_signal_at(broker, to, &to->addr, type, signal, now_us);
}

void punch_broker_drop(punch_broker *broker, const punch_broker_packet *packet, punch_drop why) {
    broker->counters.dropped[why]++;
    if (broker->port->trace != NULL) {
        const punch_trace record = {.kind = PUNCH_TRACE_DROPPED,
                                    .type = packet->type,
                                    .length = packet->datagram->length,
                                    .call = PUNCH_CALL_NONE,
                                    .remote = packet->datagram->remote,
                                    .text = punch_drop_name(why),
                                    .now_us = packet->now_us};
        trace_packet(broker, &record);
    }
}

void punch_broker_received(punch_broker *broker, const punch_broker_packet *packet) {
    broker->counters.received_packets++;
    broker->counters.received_bytes += packet->datagram->length;
    if (broker->port->trace != NULL) {
        const punch_trace record = {.kind = PUNCH_TRACE_RECEIVED,
                                    .type = packet->type,
                                    .length = packet->datagram->length,
                                    .call = PUNCH_CALL_NONE,
                                    .remote = packet->datagram->remote,
                                    .now_us = packet->now_us};
        trace_packet(broker, &record);
    }
}

void punch_broker_trace_state(const punch_broker *broker, const punch_addr *remote,
                              const char *text, int64_t number, punch_time_us now_us) {
    if (broker->port->trace != NULL) {
        const punch_trace record = {.kind = PUNCH_TRACE_STATE,
                                    .call = PUNCH_CALL_NONE,
                                    .remote = *remote,
                                    .text = text,
                                    .number = number,
                                    .now_us = now_us};
        trace_packet(broker, &record);
    }
}
