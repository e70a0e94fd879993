/* SPDX-License-Identifier: MIT */
/*
 * Hostile datagrams into a broker. The crypto provider here is transparent: nothing is encrypted,
 * all derived keys are equal and a tag of zeros fits, so that a fuzzer gets behind the
 * authentication too. The port draws zeros only: cookie, instance and first index do not vary.
 *
 * Input: records of  from 1 | length 2 | bytes.  The low bits of `from` choose the source address;
 * bit 7 lets ten seconds pass first.
 *
 * Holds always: no crash; what is sent because of something not authenticated is one packet, not
 * longer than that; an authenticated packet makes at most two; timers move on; tables stay within
 * their bounds, and in the end everything is forgotten.
 */
#include <stdlib.h>
#include <string.h>

#include "broker_fixture.h"
#include "punch/assert.h"

#define PEERS_MAX 4
#define CALLS_MAX 6
#define PAUSE_US (10 * PUNCH_US_PER_S)
#define RECORD_HEADER_BYTES 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void transparent_keypair(const uint8_t seed[PUNCH_KEY_BYTES], punch_keypair *pair_out) {
    memcpy(pair_out->secret.bytes, seed, PUNCH_KEY_BYTES);
    memcpy(pair_out->public_key.bytes, seed, PUNCH_KEY_BYTES);
}

/* The key of all ones is the one of low order. */
static punch_err transparent_dh(const punch_key *secret, const punch_key *public_key,
                                punch_key *shared_out) {
    (void)secret;
    for (size_t i = 0; i < PUNCH_KEY_BYTES; i++) {
        if (public_key->bytes[i] != 0xff) {
            memset(shared_out, 0, sizeof *shared_out);
            return PUNCH_OK;
        }
    }
    return PUNCH_ERR_CRYPTO;
}

static void transparent_kdf(const punch_key *key, const void *info, size_t info_length,
                            punch_key *key_out) {
    (void)key;
    (void)info;
    PUNCH_ASSERT(info_length <= 256);
    memset(key_out, 0, sizeof *key_out);
}

static void transparent_seal(const punch_sealed *packet) {
    memset(packet->body + packet->body_length, 0, PUNCH_TAG_BYTES);
}

static punch_err transparent_open(const punch_sealed *packet) {
    static const uint8_t zeros[PUNCH_TAG_BYTES] = {0};
    const bool fits = memcmp(packet->body + packet->body_length, zeros, sizeof zeros) == 0;
    return fits ? PUNCH_OK : PUNCH_ERR_CRYPTO;
}

static void transparent_hash(const void *data, size_t length, uint8_t hash_out[PUNCH_KEY_BYTES]) {
    memset(hash_out, 0, PUNCH_KEY_BYTES);
    memcpy(hash_out, data, length < PUNCH_KEY_BYTES ? length : PUNCH_KEY_BYTES);
}

static const punch_crypto crypto_transparent = {
    .name = "transparent",
    .keypair_from_seed = transparent_keypair,
    .dh = transparent_dh,
    .kdf = transparent_kdf,
    .seal = transparent_seal,
    .open = transparent_open,
    .hash = transparent_hash,
};

static void draw_zeros(void *host, uint8_t *out, size_t length) {
    (void)host;
    memset(out, 0, length);
}

static void feed(fixture_world *world, uint32_t from, const uint8_t *bytes, size_t length) {
    const punch_counters *counters = punch_broker_counters(world->broker);
    const uint64_t authentic = counters->received_packets;
    const uint64_t sent_packets = counters->sent_packets;
    const uint64_t sent_bytes = counters->sent_bytes;
    const punch_addr source = punch_addr_ipv4(0xcb007100 + from % 8, (uint16_t)(5000 + from % 8));
    fixture_deliver(world, &source, bytes, length);
    if (counters->received_packets == authentic) {
        PUNCH_ASSERT(counters->sent_packets - sent_packets <= 1);
        PUNCH_ASSERT(counters->sent_bytes - sent_bytes <= length);
    } else {
        PUNCH_ASSERT(counters->sent_packets - sent_packets <= 2);
    }
    PUNCH_ASSERT(punch_broker_registered_count(world->broker) <= PEERS_MAX);
    PUNCH_ASSERT(punch_broker_calls_count(world->broker) <= CALLS_MAX);
    fixture_forget_sent(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fixture_world *world = fixture_open(PEERS_MAX, CALLS_MAX);
    world->port.crypto = &crypto_transparent;
    world->port.random = draw_zeros;
    PUNCH_ASSERT_EQ(punch_broker_reset(world->broker, &world->config), PUNCH_OK);
    PUNCH_ASSERT_EQ(punch_broker_start(world->broker, world->now_us), PUNCH_OK);
    while (size >= RECORD_HEADER_BYTES) {
        const uint32_t from = data[0];
        size_t length = (size_t)data[1] << 8 | data[2];
        data += RECORD_HEADER_BYTES;
        size -= RECORD_HEADER_BYTES;
        length = length < size ? length : size;
        if ((from & 0x80) != 0) {
            fixture_run_until(world, world->now_us + PAUSE_US);
            fixture_forget_sent(world);
        }
        feed(world, from, data, length);
        data += length;
        size -= length;
    }
    fixture_run_until(world, world->now_us + 10 * (punch_time_us)PUNCH_REGISTRATION_US);
    PUNCH_ASSERT_EQ(punch_broker_registered_count(world->broker), 0);
    PUNCH_ASSERT_EQ(punch_broker_calls_count(world->broker), 0);
    PUNCH_ASSERT_EQ(punch_broker_next_deadline_us(world->broker), PUNCH_NEVER);
    fixture_close(world);
    return 0;
}
