/* SPDX-License-Identifier: MIT */
/*
 * The way out: encode into a stack buffer, seal, hand to the port; events for the host and traces
 * for whoever listens.
 */
#include "peer_internal.h"

static void trace_packet(const punch_peer *peer, punch_trace_kind kind, const punch_trace *what) {
    punch_trace record = *what;
    record.kind = kind;
    peer->config.port->trace(peer->config.host, &record);
}

/* Fills in what all datagrams have, hands it to the port and counts it. */
static void transmit(punch_peer *peer, punch_datagram *datagram, punch_call call,
                     punch_time_us now_us) {
    datagram->shape = PUNCH_SHAPE_UDP;
    datagram->ttl = PUNCH_TTL_DEFAULT;
    PUNCH_ASSERT(datagram->length <= PUNCH_PACKET_MAX);
    if (peer->config.port->trace != NULL) {
        const punch_trace record = {.type = datagram->data[1],
                                    .length = datagram->length,
                                    .call = call,
                                    .remote = datagram->remote,
                                    .now_us = now_us};
        trace_packet(peer, PUNCH_TRACE_SENT, &record);
    }
    if (peer->config.port->send(peer->config.host, datagram) != PUNCH_OK) {
        peer->counters.send_errors++;
        return;
    }
    peer->counters.sent_packets++;
    peer->counters.sent_bytes += datagram->length;
}

void punch_outbox_transmit(punch_peer *peer, const punch_addr *to, const uint8_t *packet,
                           size_t length, punch_call call, punch_time_us now_us) {
    punch_datagram datagram = {
        .remote = *to, .sock = peer->sock, .length = (uint16_t)length, .data = packet};
    transmit(peer, &datagram, call, now_us);
}

void punch_outbox_signal(punch_peer *peer, uint8_t type, const punch_signal *signal,
                         punch_time_us now_us) {
    if (peer->link.open) {
        peer->link.view.last_send_at_us = now_us;
    }
    punch_outbox_signal_from(peer, peer->sock, type, signal, now_us);
}

void punch_outbox_signal_from(punch_peer *peer, uint32_t sock, uint8_t type,
                              const punch_signal *signal, punch_time_us now_us) {
    if (!peer->link.open) {
        return;
    }
    uint8_t packet[PUNCH_PACKET_MAX];
    size_t length = 0;
    punch_err err = punch_signal_encode(type, signal, packet + PUNCH_CHANNEL_HEADER_BYTES,
                                        PUNCH_CHANNEL_BODY_MAX, &length);
    PUNCH_ASSERT_EQ(err, PUNCH_OK);
    err = punch_channel_seal(&peer->link.channel, peer->config.port->crypto, type, packet, length,
                             &length);
    if (err != PUNCH_OK) {
        /* Sequence numbers used up: only a new handshake helps. */
        punch_link_restart(peer, now_us);
        return;
    }
    punch_datagram datagram = {.remote = peer->config.broker_addr,
                               .sock = sock,
                               .length = (uint16_t)length,
                               .data = packet};
    transmit(peer, &datagram, PUNCH_CALL_NONE, now_us);
}

void punch_outbox_path(punch_peer *peer, punch_call_slot *slot, uint8_t type, punch_path_body *body,
                       const punch_addr *to, punch_time_us now_us) {
    PUNCH_ASSERT(slot->keyed);
    uint8_t packet[PUNCH_PACKET_MAX];
    size_t length = 0;
    const uint32_t sequence = slot->channel.next_sequence;
    body->highest = slot->channel.highest;
    body->bitmap = punch_channel_ack_bitmap(&slot->channel);
    body->promise_ms = punch_path_may_promise(type) ? punch_session_promise_ms(peer, slot) : 0;
    punch_err err = punch_path_encode(type, body, packet + PUNCH_CHANNEL_HEADER_BYTES,
                                      PUNCH_CHANNEL_BODY_MAX, &length);
    PUNCH_ASSERT_EQ(err, PUNCH_OK);
    err = punch_channel_seal(&slot->channel, peer->config.port->crypto, type, packet, length,
                             &length);
    if (err != PUNCH_OK) {
        peer->counters.send_errors++; /* used up: the session will find itself dead */
        return;
    }
    punch_session_sent(slot, sequence, now_us);
    punch_outbox_transmit(peer, to, packet, length, slot->handle, now_us);
}

punch_waiting_event *punch_outbox_event(punch_peer *peer, punch_event_kind kind, punch_call call,
                                        punch_time_us now_us) {
    PUNCH_ASSERT(peer->event_tail - peer->event_head < peer->event_cap);
    punch_waiting_event *event = &peer->events[peer->event_tail % peer->event_cap];
    peer->event_tail++;
    *event = (punch_waiting_event){
        .kind = (uint8_t)kind, .call = call, .at_us = now_us, .fire_at_us = PUNCH_NEVER};
    return event;
}

void punch_outbox_trace_state(const punch_peer *peer, punch_call call, const char *text,
                              int64_t number, punch_time_us now_us) {
    if (peer->config.port->trace != NULL) {
        const punch_trace record = {.call = call, .text = text, .number = number, .now_us = now_us};
        trace_packet(peer, PUNCH_TRACE_STATE, &record);
    }
}

void punch_outbox_trace_received(const punch_peer *peer, uint8_t type, punch_call call,
                                 const punch_datagram *datagram, punch_time_us now_us) {
    if (peer->config.port->trace != NULL) {
        const punch_trace record = {.type = type,
                                    .length = datagram->length,
                                    .call = call,
                                    .remote = datagram->remote,
                                    .now_us = now_us};
        trace_packet(peer, PUNCH_TRACE_RECEIVED, &record);
    }
}

void punch_outbox_drop(punch_peer *peer, punch_drop why, const punch_datagram *datagram,
                       punch_time_us now_us) {
    peer->counters.dropped[why]++;
    if (peer->config.port->trace != NULL) {
        const punch_trace record = {.type = punch_packet_type(datagram->data, datagram->length),
                                    .length = datagram->length,
                                    .call = PUNCH_CALL_NONE,
                                    .remote = datagram->remote,
                                    .text = punch_drop_name(why),
                                    .now_us = now_us};
        trace_packet(peer, PUNCH_TRACE_DROPPED, &record);
    }
}

punch_time_us punch_retry_delay_us(punch_time_us first_us, uint32_t sends,
                                   punch_time_us ceiling_us) {
    punch_time_us delay_us = first_us;
    for (uint32_t i = 1; i < sends && delay_us < ceiling_us; i++) {
        delay_us *= 2;
    }
    return punch_time_earlier(delay_us, ceiling_us);
}
