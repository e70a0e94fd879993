/* SPDX-License-Identifier: MIT */
/*
 * Sealing and opening in place, and the replay window: a sliding bitmap under the highest sequence
 * number, as RFC 4303 §3.4.3 does it. The number counts as seen only once the packet has opened, so
 * that a forged one cannot push the window.
 */
#include "channel.h"

#include <string.h>

#include "punch/bytes.h"

#define INDEX_AT 2
#define SEQUENCE_AT 6

void punch_channel_init(punch_channel *channel, const punch_key *send_key,
                        const punch_key *receive_key, uint32_t local_index, uint32_t remote_index) {
    channel->send_key = *send_key;
    channel->receive_key = *receive_key;
    channel->window = 0;
    channel->highest = 0;
    channel->next_sequence = 1;
    channel->local_index = local_index;
    channel->remote_index = remote_index;
}

punch_err punch_channel_seal(punch_channel *channel, const punch_crypto *crypto, uint8_t type,
                             uint8_t *packet, size_t body_length, size_t *length_out) {
    if (body_length > PUNCH_CHANNEL_BODY_MAX) {
        return PUNCH_ERR_TOO_LONG;
    }
    const uint32_t sequence = channel->next_sequence;
    if (sequence == 0) {
        return PUNCH_ERR_STATE;
    }
    channel->next_sequence = sequence + 1; /* wraps to 0: used up */
    packet[0] = PUNCH_WIRE_VERSION;
    packet[1] = type;
    punch_put_be(packet + INDEX_AT, 4, channel->remote_index);
    punch_put_be(packet + SEQUENCE_AT, 4, sequence);
    const punch_sealed sealed = {
        .key = &channel->send_key,
        .nonce = sequence,
        .header = packet,
        .header_length = PUNCH_CHANNEL_HEADER_BYTES,
        .body = packet + PUNCH_CHANNEL_HEADER_BYTES,
        .body_length = body_length,
    };
    crypto->seal(&sealed);
    *length_out = PUNCH_CHANNEL_HEADER_BYTES + body_length + PUNCH_TAG_BYTES;
    return PUNCH_OK;
}

uint32_t punch_channel_index_of(const uint8_t *packet, size_t length) {
    if (length < PUNCH_CHANNEL_HEADER_BYTES + PUNCH_TAG_BYTES) {
        return 0;
    }
    return (uint32_t)punch_get_be(packet + INDEX_AT, 4);
}

static bool is_replay(const punch_channel *channel, uint32_t sequence) {
    if (sequence > channel->highest) {
        return false;
    }
    const uint32_t age = channel->highest - sequence;
    return age >= PUNCH_REPLAY_WINDOW || (channel->window >> age & 1) != 0;
}

static void mark_seen(punch_channel *channel, uint32_t sequence) {
    if (sequence > channel->highest) {
        const uint32_t shift = sequence - channel->highest;
        channel->window = shift < PUNCH_REPLAY_WINDOW ? channel->window << shift : 0;
        channel->highest = sequence;
    }
    channel->window |= (uint64_t)1 << (channel->highest - sequence);
}

punch_err punch_channel_open(punch_channel *channel, const punch_crypto *crypto, uint8_t *packet,
                             size_t length, punch_opened *opened_out) {
    if (length < PUNCH_CHANNEL_HEADER_BYTES + PUNCH_TAG_BYTES || length > PUNCH_PACKET_MAX ||
        packet[0] != PUNCH_WIRE_VERSION) {
        return PUNCH_ERR_PARSE;
    }
    const uint32_t sequence = (uint32_t)punch_get_be(packet + SEQUENCE_AT, 4);
    if (sequence == 0 || is_replay(channel, sequence)) {
        return PUNCH_ERR_STATE; /* numbers start at 1: no sender uses 0 */
    }
    const punch_sealed sealed = {
        .key = &channel->receive_key,
        .nonce = sequence,
        .header = packet,
        .header_length = PUNCH_CHANNEL_HEADER_BYTES,
        .body = packet + PUNCH_CHANNEL_HEADER_BYTES,
        .body_length = length - PUNCH_CHANNEL_HEADER_BYTES - PUNCH_TAG_BYTES,
    };
    if (crypto->open(&sealed) != PUNCH_OK) {
        return PUNCH_ERR_CRYPTO;
    }
    mark_seen(channel, sequence);
    opened_out->type = packet[1];
    opened_out->sequence = sequence;
    opened_out->body = sealed.body;
    opened_out->body_length = sealed.body_length;
    return PUNCH_OK;
}
