/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A crypto provider that costs a simulator almost nothing and keeps no secrets. What it does keep
 * is everything the protocol's outcomes depend on: sizes, agreement between the two ends, and that
 * a packet changed in any bit, or opened with another key, does not open.
 *
 *   keys   a number modulo 2^64, spread over 32 bytes;
 *          public = secret * G, shared = secret * public
 *   tag    SipHash-1-3 with a 128-bit tag over nonce, header and body: a reduced-round SipHash
 *          (J.-P. Aumasson, D. J. Bernstein: "SipHash: a fast short-input PRF", INDOCRYPT 2012)
 *   kdf    the same rounds as a sponge without capacity: 32 bytes of input change the whole state
 *   body   left as it is
 *
 * Words are read in the machine's byte order: keys and tags are never compared across machines.
 */
#include "sim/crypto_fast.h"

#include <string.h>

#define GENERATOR UINT64_C(0x9e3779b97f4a7c15) /* chosen: odd, golden ratio */
#define WORD_BYTES 8
#define FINAL_ROUNDS 3

/* "somepseudorandomlygeneratedbytes", the constants of SipHash. */
static const uint64_t sip_constants[4] = {
    UINT64_C(0x736f6d6570736575),
    UINT64_C(0x646f72616e646f6d),
    UINT64_C(0x6c7967656e657261),
    UINT64_C(0x7465646279746573),
};

typedef struct {
    uint64_t v0, v1, v2, v3;
} sip_state;

static inline uint64_t rotate(uint64_t x, int bits) {
    return x << bits | x >> (64 - bits);
}

static inline uint64_t word_at(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* The last 0..7 bytes, zero-padded, with the length of the whole in the top byte (as SipHash does),
 * so that no message is another one with zeros behind it. */
static inline uint64_t last_word(const uint8_t *bytes, size_t count, size_t length) {
    uint64_t word = (uint64_t)length << 56;
    if (count >= 4) {
        uint32_t low;
        uint32_t high; /* overlaps low: the same bits twice */
        memcpy(&low, bytes, sizeof low);
        memcpy(&high, bytes + count - 4, sizeof high);
        return word | low | (uint64_t)high << (8 * (count - 4));
    }
    for (size_t i = 0; i < count; i++) {
        word |= (uint64_t)bytes[i] << (8 * i);
    }
    return word;
}

static inline void sip_round(sip_state *s) {
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 = rotate(s->v2, 32);
}

static inline void sip_absorb(sip_state *s, uint64_t word) {
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

static inline void sip_absorb_bytes(sip_state *s, const uint8_t *bytes, size_t length) {
    const size_t tail = length % WORD_BYTES;
    const uint8_t *end = bytes + length - tail;
    for (; bytes < end; bytes += WORD_BYTES) {
        sip_absorb(s, word_at(bytes));
    }
    sip_absorb(s, last_word(end, tail, length));
}

static inline void sip_finish(sip_state *s) {
    for (int i = 0; i < FINAL_ROUNDS; i++) {
        sip_round(s);
    }
}

/* The 16 bytes of tag as two words. SipHash takes them one after the other, with rounds between;
 * reduced here to one finish that yields both. */
static inline void tag_of(const punch_sealed *packet, uint64_t tag[2]) {
    const uint8_t *key = packet->key->bytes;
    sip_state s = {
        word_at(key) ^ sip_constants[0],
        word_at(key + 8) ^ sip_constants[1],
        word_at(key + 16) ^ sip_constants[2],
        word_at(key + 24) ^ sip_constants[3],
    };
    sip_absorb(&s, packet->nonce);
    if (packet->header_length > 0) {
        sip_absorb_bytes(&s, packet->header, packet->header_length);
    }
    sip_absorb_bytes(&s, packet->body, packet->body_length);
    s.v2 ^= 0xee; /* SipHash's mark of a 128-bit tag */
    sip_finish(&s);
    tag[0] = s.v0 ^ s.v1;
    tag[1] = s.v2 ^ s.v3;
}

static void fast_seal(const punch_sealed *packet) {
    uint64_t tag[2];
    tag_of(packet, tag);
    memcpy(packet->body + packet->body_length, tag, PUNCH_TAG_BYTES);
}

static punch_err fast_open(const punch_sealed *packet) {
    uint64_t tag[2];
    tag_of(packet, tag);
    const uint8_t *found = packet->body + packet->body_length;
    return word_at(found) == tag[0] && word_at(found + 8) == tag[1] ? PUNCH_OK : PUNCH_ERR_CRYPTO;
}

/* Four words at a time into all of the state, one round each: a bijection of the state, so two
 * inputs of one block, or two keys, never give one output. */
static inline void sponge(sip_state *s, const uint8_t *data, size_t length) {
    s->v3 ^= length;
    for (; length >= 4 * WORD_BYTES; length -= 4 * WORD_BYTES) {
        s->v0 ^= word_at(data);
        s->v1 ^= word_at(data + WORD_BYTES);
        s->v2 ^= word_at(data + (size_t)2 * WORD_BYTES);
        s->v3 ^= word_at(data + (size_t)3 * WORD_BYTES);
        sip_round(s);
        data += (size_t)4 * WORD_BYTES;
    }
    if (length > 0) {
        uint64_t block[4] = {0};
        size_t count = 0;
        for (; length >= WORD_BYTES; length -= WORD_BYTES) {
            block[count++] = word_at(data);
            data += WORD_BYTES;
        }
        block[count] = last_word(data, length, length);
        s->v0 ^= block[0];
        s->v1 ^= block[1];
        s->v2 ^= block[2];
        s->v3 ^= block[3];
        sip_round(s);
    }
    sip_finish(s);
}

static void fast_kdf(const punch_key *key, const void *info, size_t info_length,
                     punch_key *key_out) {
    sip_state s;
    memcpy(&s, key->bytes, sizeof s);
    sponge(&s, info, info_length);
    memcpy(key_out->bytes, &s, sizeof s);
}

static void fast_hash(const void *data, size_t length, uint8_t hash_out[PUNCH_KEY_BYTES]) {
    sip_state s = {sip_constants[0], sip_constants[1], sip_constants[2], sip_constants[3]};
    sponge(&s, data, length);
    memcpy(hash_out, &s, sizeof s);
}

/* A number as 32 bytes: itself, then three disguises of it; 32 zero bytes are none. */
static void spread(uint64_t number, punch_key *key_out) {
    const uint64_t words[4] = {
        number,
        rotate(number, 16),
        rotate(number, 32) ^ sip_constants[2],
        rotate(number, 48) ^ sip_constants[3],
    };
    memcpy(key_out->bytes, words, sizeof words);
}

/* The number again; of a key with a changed byte, some other number. */
static uint64_t gather(const punch_key *key) {
    const uint64_t number = word_at(key->bytes);
    return number ^ word_at(key->bytes + 8) ^ rotate(number, 16) ^ word_at(key->bytes + 16) ^
           rotate(number, 32) ^ sip_constants[2] ^ word_at(key->bytes + 24) ^ rotate(number, 48) ^
           sip_constants[3];
}

static void fast_keypair(const uint8_t seed[PUNCH_KEY_BYTES], punch_keypair *pair_out) {
    uint8_t scattered[PUNCH_KEY_BYTES];
    fast_hash(seed, PUNCH_KEY_BYTES, scattered);
    const uint64_t secret = word_at(scattered) | 1; /* odd: invertible modulo 2^64 */
    spread(secret, &pair_out->secret);
    spread(secret * GENERATOR, &pair_out->public_key);
}

static punch_err fast_dh(const punch_key *secret, const punch_key *public_key,
                         punch_key *shared_out) {
    const uint64_t number = gather(public_key);
    if (number % 2 == 0) {
        return PUNCH_ERR_CRYPTO; /* not a unit modulo 2^64: this group's low order */
    }
    spread(word_at(secret->bytes) * number, shared_out);
    return PUNCH_OK;
}

const punch_crypto sim_crypto_fast = {
    .name = "fast",
    .keypair_from_seed = fast_keypair,
    .dh = fast_dh,
    .kdf = fast_kdf,
    .seal = fast_seal,
    .open = fast_open,
    .hash = fast_hash,
};
