/* SPDX-License-Identifier: MIT */
/*
 * A channel: two keys, a sequence number that is also the nonce, a replay window. Between peer and
 * broker, and between peers.
 *
 *   version 1 | type 1 | receiver index 4 | sequence 4 | sealed body | tag 16
 *   \_________________ authenticated ________________/
 *
 * The 32-bit sequence number of protocol §5 is the nonce and the replay counter too: one number,
 * counted from 1. A channel that has used them all up cannot send any more (at one packet a
 * millisecond: 49 days); its session then dies and is called again.
 */
#ifndef PUNCH_CHANNEL_H
#define PUNCH_CHANNEL_H

#include "codec.h"

#define PUNCH_CHANNEL_HEADER_BYTES 10
#define PUNCH_CHANNEL_BODY_MAX (PUNCH_PACKET_MAX - PUNCH_CHANNEL_HEADER_BYTES - PUNCH_TAG_BYTES)

typedef struct {
    punch_key send_key;
    punch_key receive_key;
    uint64_t window;        /* bit i: highest - i was received (bit 0 = highest itself) */
    uint32_t highest;       /* highest sequence received; 0 = none */
    uint32_t next_sequence; /* to send, from 1; 0 = used up */
    uint32_t local_index;
    uint32_t remote_index;
} punch_channel;

typedef struct {
    uint8_t type;
    uint32_t sequence;
    const uint8_t *body; /* inside the packet given */
    size_t body_length;
} punch_opened;

/* Fresh channel with these keys and indices. */
void punch_channel_init(punch_channel *channel, const punch_key *send_key,
                        const punch_key *receive_key, uint32_t local_index, uint32_t remote_index);

/* The body stands at packet + PUNCH_CHANNEL_HEADER_BYTES already; header and tag are put around it.
 * packet has PUNCH_PACKET_MAX bytes. PUNCH_ERR_TOO_LONG, or PUNCH_ERR_STATE when the sequence
 * numbers are used up. */
punch_err punch_channel_seal(punch_channel *channel, const punch_crypto *crypto, uint8_t type,
                             uint8_t *packet, size_t body_length, size_t *length_out);

/* Receiver index of a sealed packet (types 16 and above), or 0 when it is too short. Total. */
uint32_t punch_channel_index_of(const uint8_t *packet, size_t length);

/* Checks replay window, opens in place, then marks the number as seen. PUNCH_ERR_PARSE too short or
 * another version, PUNCH_ERR_STATE replayed or too old, PUNCH_ERR_CRYPTO did not open; the channel
 * is then unchanged. */
punch_err punch_channel_open(punch_channel *channel, const punch_crypto *crypto, uint8_t *packet,
                             size_t length, punch_opened *opened_out);

/* The acknowledgement fields of protocol §5 for what has been received so far. */
static inline uint32_t punch_channel_ack_bitmap(const punch_channel *channel) {
    return (uint32_t)(channel->window >> 1);
}

#endif
