/* SPDX-License-Identifier: MIT */
/*
 * Everything that reads bytes off the wire before or after they were opened. The first byte chooses
 * the reader, the rest is its input. What parses must survive encoding and parsing again.
 */
#include <stdlib.h>
#include <string.h>

#include "handshake.h"
#include "punch/assert.h"
#include "punch/contact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A provider that lets every tag pass: the fuzzer reaches the parsers behind it. */
static void null_keypair(const uint8_t seed[PUNCH_KEY_BYTES], punch_keypair *pair_out) {
    memcpy(pair_out->secret.bytes, seed, PUNCH_KEY_BYTES);
    memcpy(pair_out->public_key.bytes, seed, PUNCH_KEY_BYTES);
}

static punch_err null_dh(const punch_key *secret, const punch_key *public_key,
                         punch_key *shared_out) {
    for (size_t i = 0; i < PUNCH_KEY_BYTES; i++) {
        shared_out->bytes[i] = secret->bytes[i] ^ public_key->bytes[i];
    }
    return PUNCH_OK;
}

static void null_kdf(const punch_key *key, const void *info, size_t info_length,
                     punch_key *key_out) {
    const uint8_t first = info_length > 0 ? *(const uint8_t *)info : 0;
    *key_out = *key;
    key_out->bytes[0] ^= first;
}

static void null_seal(const punch_sealed *packet) {
    memset(packet->body + packet->body_length, 0, PUNCH_TAG_BYTES);
}

static punch_err null_open(const punch_sealed *packet) {
    uint8_t sum = 0; /* reads every byte it was given, so that a wrong length is seen */
    for (size_t i = 0; i < packet->header_length; i++) {
        sum ^= packet->header[i];
    }
    for (size_t i = 0; i < packet->body_length + PUNCH_TAG_BYTES; i++) {
        sum ^= packet->body[i];
    }
    return sum == 0xff ? PUNCH_ERR_CRYPTO : PUNCH_OK;
}

static void null_hash(const void *data, size_t length, uint8_t hash_out[PUNCH_KEY_BYTES]) {
    memset(hash_out, 0, PUNCH_KEY_BYTES);
    for (size_t i = 0; i < length; i++) {
        hash_out[i % PUNCH_KEY_BYTES] ^= ((const uint8_t *)data)[i];
    }
}

static const punch_crypto null_crypto = {
    .name = "null",
    .keypair_from_seed = null_keypair,
    .dh = null_dh,
    .kdf = null_kdf,
    .seal = null_seal,
    .open = null_open,
    .hash = null_hash,
};

#define PROMISE_EXTENSION_BYTES 7 /* type 1, length 2, value 4 */
#define OFFERS_AT 28              /* highest 4, bitmap 4, number 4, choice 16 */

static void fuzz_signal(uint8_t type, const uint8_t *data, size_t size) {
    punch_signal first;
    punch_signal second;
    uint8_t body[PUNCH_PACKET_MAX];
    size_t length;
    if (punch_signal_decode(type, data, size, &first) == PUNCH_OK) {
        PUNCH_ASSERT_EQ(punch_signal_encode(type, &first, body, sizeof body, &length), PUNCH_OK);
        PUNCH_ASSERT(length <= size); /* extensions are dropped, nothing is invented */
        PUNCH_ASSERT_EQ(memcmp(body, data, length), 0);
        PUNCH_ASSERT_EQ(punch_signal_decode(type, body, length, &second), PUNCH_OK);
    }
}

static void fuzz_path(uint8_t type, const uint8_t *data, size_t size) {
    punch_path_body first;
    punch_path_body second;
    uint8_t body[PUNCH_PACKET_MAX];
    size_t length;
    if (punch_path_decode(type, data, size, &first) == PUNCH_OK) {
        PUNCH_ASSERT_EQ(punch_path_encode(type, &first, body, sizeof body, &length), PUNCH_OK);
        PUNCH_ASSERT(length <= size);
        /* A promise may have stood anywhere among the extensions; offers beyond those that are kept
         * are left out. */
        const bool has_offers = type == PUNCH_TYPE_RENEGOTIATE || type == PUNCH_TYPE_RENEGOTIATED;
        const size_t promise = first.promise_ms != 0 ? PROMISE_EXTENSION_BYTES : 0;
        PUNCH_ASSERT_EQ(memcmp(body, data, has_offers ? OFFERS_AT : length - promise), 0);
        PUNCH_ASSERT_EQ(punch_path_decode(type, body, length, &second), PUNCH_OK);
        PUNCH_ASSERT_EQ(first.promise_ms, second.promise_ms);
        PUNCH_ASSERT_EQ(first.offer_count, second.offer_count);
        PUNCH_ASSERT_EQ(
            memcmp(first.offers, second.offers, first.offer_count * sizeof first.offers[0]), 0);
    }
}

static void fuzz_invitation(const uint8_t *data, size_t size) {
    const punch_key key = {{1}};
    punch_invitation invitation;
    uint8_t blob[PUNCH_BLOB_MAX];
    size_t length;
    if (punch_invitation_open(&null_crypto, &key, data, size, &invitation) == PUNCH_OK) {
        PUNCH_ASSERT_EQ(punch_invitation_seal(&null_crypto, &key, &invitation, blob, &length),
                        PUNCH_OK);
        /* Offers may have been any nonsense, or none at all: up to there nothing is invented. */
        const size_t fixed = 8 + PUNCH_KEY_BYTES + 4 + 1 + 19 * (size_t)invitation.candidate_count;
        PUNCH_ASSERT(fixed + PUNCH_TAG_BYTES <= size);
        PUNCH_ASSERT_EQ(memcmp(blob, data, fixed), 0);
        punch_invitation again;
        if (punch_invitation_open(&null_crypto, &key, blob, length, &again) != PUNCH_ERR_CRYPTO) {
            PUNCH_ASSERT_EQ(again.offer_count, invitation.offer_count);
            PUNCH_ASSERT_EQ(memcmp(again.offers, invitation.offers, sizeof again.offers), 0);
        }
    }
}

/* Packets that are opened in place: `scratch` is an exact-size copy. */
static void fuzz_packet(uint8_t *scratch, size_t size) {
    const punch_keypair identity = {{{2}}, {{3}}};
    const uint8_t seed[PUNCH_KEY_BYTES] = {4};
    const punch_hello_input input = {&null_crypto, &identity, &identity.public_key, seed, 5};
    const punch_hello_state state = {identity, {{6}}};
    punch_cookie cookie;
    punch_key key;
    uint64_t nonce;
    punch_hello hello;
    punch_restarted restarted;
    punch_signal registered;
    punch_channel channel;
    punch_opened opened;
    (void)punch_type_name(punch_packet_type(scratch, size));
    (void)punch_cookie_read(scratch, size, &nonce, &cookie);
    (void)punch_hello_peek(scratch, size, &cookie, &key);
    (void)punch_restarted_read(scratch, size, &restarted);
    (void)punch_channel_index_of(scratch, size);
    (void)punch_hello_read(&null_crypto, &identity, scratch, size, &hello);
    (void)punch_welcome_read(&input, &state, scratch, size, &registered, &channel);
    punch_channel_init(&channel, &identity.secret, &identity.secret, 1, 2);
    if (punch_channel_open(&channel, &null_crypto, scratch, size, &opened) == PUNCH_OK) {
        fuzz_signal(opened.type, opened.body, opened.body_length);
        fuzz_path(opened.type, opened.body, opened.body_length);
    }
}

static void fuzz_contact(const uint8_t *data, size_t size) {
    punch_contact first;
    punch_contact second;
    char again[PUNCH_CONTACT_TEXT_CAP];
    char *text = malloc(size + 1);
    if (text == NULL) {
        return;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    if (punch_contact_parse(text, &first) == PUNCH_OK) {
        punch_contact_format(&first, again);
        PUNCH_ASSERT_EQ(punch_contact_parse(again, &second), PUNCH_OK);
        PUNCH_ASSERT_EQ(memcmp(&first, &second, sizeof first), 0);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    const uint8_t reader = data[0];
    uint8_t *exact = malloc(size > 1 ? size - 1 : 1);
    if (exact == NULL) {
        return 0;
    }
    memcpy(exact, data + 1, size - 1);
    if (reader == 0) {
        fuzz_packet(exact, size - 1);
    } else if (reader == 1) {
        fuzz_invitation(exact, size - 1);
    } else if (reader == 2) {
        fuzz_contact(exact, size - 1);
    } else { /* the reader is the type of a body */
        fuzz_signal(reader, exact, size - 1);
        fuzz_path(reader, exact, size - 1);
    }
    free(exact);
    return 0;
}
