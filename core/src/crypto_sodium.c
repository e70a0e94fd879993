/* SPDX-License-Identifier: MIT */
/*
 * The production crypto provider: X25519 (RFC 7748), ChaCha20-Poly1305 (RFC 8439), BLAKE2b (RFC
 * 7693), all libsodium's. Only the fitting is ours: a counter becomes a nonce, a failed opening
 * leaves the body alone.
 */
#include <sodium.h>
#include <string.h>

#include "punch/assert.h"
#include "punch/bytes.h"
#include "punch/crypto.h"

_Static_assert(PUNCH_KEY_BYTES == crypto_scalarmult_BYTES, "X25519 points");
_Static_assert(PUNCH_KEY_BYTES == crypto_scalarmult_SCALARBYTES, "X25519 scalars");
_Static_assert(PUNCH_KEY_BYTES == crypto_aead_chacha20poly1305_ietf_KEYBYTES, "packet keys");
_Static_assert(PUNCH_KEY_BYTES == crypto_generichash_BYTES, "BLAKE2b-256");
_Static_assert(PUNCH_TAG_BYTES == crypto_aead_chacha20poly1305_ietf_ABYTES, "packet tags");

#define NONCE_BYTES crypto_aead_chacha20poly1305_ietf_NPUBBYTES
#define COUNTER_BYTES 8

punch_err punch_crypto_sodium_init(void) {
    return sodium_init() < 0 ? PUNCH_ERR_CRYPTO : PUNCH_OK;
}

static void sodium_keypair(const uint8_t seed[PUNCH_KEY_BYTES], punch_keypair *pair_out) {
    memcpy(pair_out->secret.bytes, seed, PUNCH_KEY_BYTES); /* X25519 clamps it at every use */
    const int failed = crypto_scalarmult_base(pair_out->public_key.bytes, pair_out->secret.bytes);
    PUNCH_ASSERT_EQ(failed, 0);
}

static punch_err sodium_dh(const punch_key *secret, const punch_key *public_key,
                           punch_key *shared_out) {
    punch_key shared;
    /* Fails when the result is all zero, that is, for public keys of low order. */
    if (crypto_scalarmult(shared.bytes, secret->bytes, public_key->bytes) != 0) {
        return PUNCH_ERR_CRYPTO;
    }
    *shared_out = shared;
    sodium_memzero(&shared, sizeof shared);
    return PUNCH_OK;
}

static void sodium_kdf(const punch_key *key, const void *info, size_t info_length,
                       punch_key *key_out) {
    punch_key derived;
    const int failed = crypto_generichash(derived.bytes, sizeof derived.bytes, info, info_length,
                                          key->bytes, sizeof key->bytes);
    PUNCH_ASSERT_EQ(failed, 0);
    *key_out = derived;
    sodium_memzero(&derived, sizeof derived);
}

static void sodium_hash(const void *data, size_t length, uint8_t hash_out[PUNCH_KEY_BYTES]) {
    const int failed = crypto_generichash(hash_out, PUNCH_KEY_BYTES, data, length, NULL, 0);
    PUNCH_ASSERT_EQ(failed, 0);
}

/* 96 bits: 32 zero bits, then the counter in network byte order. */
static void nonce_of(uint64_t counter, uint8_t nonce[NONCE_BYTES]) {
    memset(nonce, 0, NONCE_BYTES - COUNTER_BYTES);
    punch_put_be(nonce + NONCE_BYTES - COUNTER_BYTES, COUNTER_BYTES, counter);
}

static void sodium_seal(const punch_sealed *packet) {
    uint8_t nonce[NONCE_BYTES];
    nonce_of(packet->nonce, nonce);
    const int failed = crypto_aead_chacha20poly1305_ietf_encrypt_detached(
        packet->body, packet->body + packet->body_length, NULL, packet->body, packet->body_length,
        packet->header, packet->header_length, NULL, nonce, packet->key->bytes);
    PUNCH_ASSERT_EQ(failed, 0);
}

static punch_err sodium_open(const punch_sealed *packet) {
    uint8_t nonce[NONCE_BYTES];
    uint8_t plain[PUNCH_PACKET_MAX];
    PUNCH_ASSERT(packet->body_length <= sizeof plain);
    nonce_of(packet->nonce, nonce);
    /* Into a buffer of our own: libsodium wipes its output when the tag does not fit. */
    if (crypto_aead_chacha20poly1305_ietf_decrypt_detached(
            plain, NULL, packet->body, packet->body_length, packet->body + packet->body_length,
            packet->header, packet->header_length, nonce, packet->key->bytes) != 0) {
        return PUNCH_ERR_CRYPTO;
    }
    memcpy(packet->body, plain, packet->body_length);
    return PUNCH_OK;
}

const punch_crypto punch_crypto_sodium = {
    .name = "sodium",
    .keypair_from_seed = sodium_keypair,
    .dh = sodium_dh,
    .kdf = sodium_kdf,
    .seal = sodium_seal,
    .open = sodium_open,
    .hash = sodium_hash,
};
