/* SPDX-License-Identifier: MIT */
/*
 * The crypto provider: the only way the core touches keys. punch_crypto_sodium is the one for
 * production; a simulator may bring a fast toy with the same sizes. Nothing in the protocol reads
 * key, nonce or tag bytes to decide anything, so outcomes do not depend on the provider.
 */
#ifndef PUNCH_CRYPTO_H
#define PUNCH_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#include "punch/error.h"
#include "punch/limits.h"

typedef struct {
    uint8_t bytes[PUNCH_KEY_BYTES];
} punch_key;

typedef struct {
    punch_key secret;
    punch_key public_key;
} punch_keypair;

/* One packet or field to seal or open in place. */
typedef struct {
    const punch_key *key;
    uint64_t nonce;        /* counter; never twice under one key */
    const uint8_t *header; /* authenticated, not encrypted; may be NULL when header_length is 0 */
    size_t header_length;
    uint8_t *body; /* encrypted in place; the PUNCH_TAG_BYTES after it are the tag */
    size_t body_length;
} punch_sealed;

typedef struct punch_crypto {
    const char *name;
    /* Deterministic key pair from 32 secret random bytes. */
    void (*keypair_from_seed)(const uint8_t seed[PUNCH_KEY_BYTES], punch_keypair *pair_out);
    /* Diffie-Hellman. PUNCH_ERR_CRYPTO when the public key is of low order; shared_out is then
     * untouched. */
    punch_err (*dh)(const punch_key *secret, const punch_key *public_key, punch_key *shared_out);
    /* Key derivation: key_out = PRF(key, info). info_length <= 256. key_out may be the same object
     * as key. */
    void (*kdf)(const punch_key *key, const void *info, size_t info_length, punch_key *key_out);
    /* Encrypts body in place and writes the tag behind it. */
    void (*seal)(const punch_sealed *packet);
    /* Checks the tag behind body and decrypts in place; PUNCH_ERR_CRYPTO (body unchanged) when it
     * does not fit. */
    punch_err (*open)(const punch_sealed *packet);
    /* Collision-resistant hash (not keyed). */
    void (*hash)(const void *data, size_t length, uint8_t hash_out[PUNCH_KEY_BYTES]);
} punch_crypto;

#ifdef __cplusplus
extern "C" {
#endif

/* X25519, ChaCha20-Poly1305 (IETF), BLAKE2b, from libsodium. PUNCH_ERR_CRYPTO from
 * punch_crypto_sodium_init() when libsodium finds no way to work on this machine; call it once
 * before use, from one thread. */
extern const punch_crypto punch_crypto_sodium;
punch_err punch_crypto_sodium_init(void);

#ifdef __cplusplus
}
#endif

#endif
