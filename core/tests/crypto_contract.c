/* SPDX-License-Identifier: MIT */
#include "crypto_contract.h"

#include <stdio.h>
#include <string.h>

#include "punch/rng.h"
#include "punch_test.h"

#define PAIRS 8
#define HEADER_BYTES 10
#define BODY_BYTES 75 /* not a multiple of any block or word */

void crypto_contract_fill(uint8_t *bytes, size_t length, uint64_t seed) {
    punch_rng rng = punch_rng_stream(seed, 0, 0);
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (uint8_t)punch_rng_u64(&rng);
    }
}

static punch_keypair pair_of(const punch_crypto *crypto, uint64_t seed) {
    uint8_t bytes[PUNCH_KEY_BYTES];
    punch_keypair pair;
    crypto_contract_fill(bytes, sizeof bytes, seed);
    crypto->keypair_from_seed(bytes, &pair);
    return pair;
}

void crypto_contract_dh_agrees(const punch_crypto *crypto) {
    for (uint64_t seed = 1; seed <= PAIRS; seed++) {
        const punch_keypair a = pair_of(crypto, seed);
        const punch_keypair again = pair_of(crypto, seed);
        const punch_keypair b = pair_of(crypto, seed + 100);
        punch_key ab;
        punch_key ba;
        EXPECT_BYTES("one seed, one pair", &a, &again, sizeof a);
        EXPECT("another seed, another key",
               memcmp(&a.public_key, &b.public_key, sizeof a.public_key) != 0);
        EXPECT("the public key is not the secret",
               memcmp(&a.public_key, &a.secret, sizeof a.secret) != 0);
        EXPECT_INT("dh works", crypto->dh(&a.secret, &b.public_key, &ab), PUNCH_OK);
        EXPECT_INT("dh works the other way", crypto->dh(&b.secret, &a.public_key, &ba), PUNCH_OK);
        EXPECT_BYTES("both ends agree", &ab, &ba, sizeof ab);
        EXPECT("the result is not a public key", memcmp(&ab, &a.public_key, sizeof ab) != 0 &&
                                                     memcmp(&ab, &b.public_key, sizeof ab) != 0);
    }
    /* A single changed byte of the seed matters wherever it stands. */
    uint8_t seed[PUNCH_KEY_BYTES] = {0};
    punch_keypair base;
    crypto->keypair_from_seed(seed, &base);
    for (size_t i = 0; i < sizeof seed; i++) {
        punch_keypair other;
        seed[i] ^= 0x10; /* not one of the bits X25519 clamps */
        crypto->keypair_from_seed(seed, &other);
        seed[i] ^= 0x10;
        EXPECT("every byte of the seed counts",
               memcmp(&other.public_key, &base.public_key, sizeof base.public_key) != 0);
    }
}

void crypto_contract_dh_refuses_zero(const punch_crypto *crypto) {
    const punch_keypair a = pair_of(crypto, 1);
    const punch_key zero = {{0}};
    punch_key before;
    crypto_contract_fill(before.bytes, sizeof before.bytes, 7);
    punch_key shared = before;
    EXPECT_INT("the zero key is of low order", crypto->dh(&a.secret, &zero, &shared),
               PUNCH_ERR_CRYPTO);
    EXPECT_BYTES("the result is untouched", &shared, &before, sizeof shared);
}

void crypto_contract_derivation(const punch_crypto *crypto) {
    enum { INFO_MAX = 256 };
    uint8_t info[INFO_MAX];
    punch_key key;
    punch_key made[INFO_MAX + 1];
    crypto_contract_fill(key.bytes, sizeof key.bytes, 4);
    memset(info, 0, sizeof info); /* lengths must count even when zeros are all that is added */
    for (size_t length = 0; length <= INFO_MAX; length++) {
        crypto->kdf(&key, length > 0 ? info : NULL, length, &made[length]);
        for (size_t other = 0; other < length; other++) {
            if (!EXPECT("another length of info, another key",
                        memcmp(&made[length], &made[other], sizeof key) != 0)) {
                return;
            }
        }
    }
    punch_key again;
    crypto_contract_fill(info, sizeof info, 3);
    crypto->kdf(&key, info, 40, &made[40]);
    crypto->kdf(&key, info, 40, &again);
    EXPECT_BYTES("the same input gives the same key", &again, &made[40], sizeof again);
    for (size_t i = 0; i < 40; i++) {
        info[i] ^= 1;
        crypto->kdf(&key, info, 40, &again);
        info[i] ^= 1;
        EXPECT("every byte of info counts", memcmp(&again, &made[40], sizeof again) != 0);
    }
    for (size_t i = 0; i < sizeof key.bytes; i++) {
        key.bytes[i] ^= 1;
        crypto->kdf(&key, info, 40, &again);
        key.bytes[i] ^= 1;
        EXPECT("every byte of the key counts", memcmp(&again, &made[40], sizeof again) != 0);
    }
    crypto->kdf(&key, info, 40, &key);
    EXPECT_BYTES("the key may be replaced in place", &key, &made[40], sizeof key);
}

void crypto_contract_hash(const punch_crypto *crypto) {
    uint8_t data[200];
    uint8_t base[PUNCH_KEY_BYTES];
    uint8_t other[PUNCH_KEY_BYTES];
    crypto_contract_fill(data, sizeof data, 5);
    crypto->hash(data, sizeof data, base);
    crypto->hash(data, sizeof data, other);
    EXPECT_BYTES("the same data, the same hash", other, base, sizeof base);
    crypto->hash(data, sizeof data - 1, other);
    EXPECT("a shorter text has another hash", memcmp(other, base, sizeof base) != 0);
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] ^= 0x80;
        crypto->hash(data, sizeof data, other);
        data[i] ^= 0x80;
        EXPECT("every byte counts", memcmp(other, base, sizeof base) != 0);
    }
}

/* A packet to seal, and the bytes around it that must not be touched. */
typedef struct {
    punch_key key;
    uint8_t header[HEADER_BYTES];
    uint8_t body[PUNCH_PACKET_MAX + PUNCH_TAG_BYTES + 1]; /* body, tag, guard */
    punch_sealed sealed;
} packet;

static void packet_make(packet *p, size_t body_length) {
    crypto_contract_fill(p->key.bytes, sizeof p->key.bytes, 11);
    crypto_contract_fill(p->header, sizeof p->header, 12);
    crypto_contract_fill(p->body, sizeof p->body, 13);
    p->sealed = (punch_sealed){
        .key = &p->key,
        .nonce = 42,
        .header = p->header,
        .header_length = sizeof p->header,
        .body = p->body,
        .body_length = body_length,
    };
}

void crypto_contract_round_trips(const punch_crypto *crypto) {
    static const size_t lengths[] = {0, 1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 100, 1023, 1174, 1200};
    packet p;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (int with_header = 0; with_header < 2; with_header++) {
            uint8_t plain[sizeof p.body];
            char sentence[64];
            packet_make(&p, lengths[i]);
            if (!with_header) {
                p.sealed.header = NULL;
                p.sealed.header_length = 0;
            }
            snprintf(sentence, sizeof sentence, "body of %zu bytes", lengths[i]);
            memcpy(plain, p.body, sizeof plain);
            crypto->seal(&p.sealed);
            EXPECT_INT("the tag ends where it should", p.body[lengths[i] + PUNCH_TAG_BYTES],
                       plain[lengths[i] + PUNCH_TAG_BYTES]);
            EXPECT("the tag was written",
                   memcmp(p.body + lengths[i], plain + lengths[i], PUNCH_TAG_BYTES) != 0);
            EXPECT_INT(sentence, crypto->open(&p.sealed), PUNCH_OK);
            EXPECT_BYTES(sentence, p.body, plain, lengths[i]);
        }
    }
}

/* The packet as it is now must not open, and the attempt must not change it. */
static void expect_closed(const punch_crypto *crypto, packet *p, const char *sentence) {
    uint8_t before[BODY_BYTES + PUNCH_TAG_BYTES + 1];
    memcpy(before, p->body, sizeof before);
    EXPECT_INT(sentence, crypto->open(&p->sealed), PUNCH_ERR_CRYPTO);
    EXPECT_BYTES("a packet that does not open stays as it was", p->body, before, sizeof before);
}

void crypto_contract_any_change_is_noticed(const punch_crypto *crypto) {
    packet p;
    packet_make(&p, BODY_BYTES);
    crypto->seal(&p.sealed);
    for (size_t bit = 0; bit < (BODY_BYTES + PUNCH_TAG_BYTES) * 8; bit++) {
        p.body[bit / 8] ^= (uint8_t)(1 << bit % 8);
        expect_closed(crypto, &p, "a changed bit of body or tag");
        p.body[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t bit = 0; bit < sizeof p.header * 8; bit++) {
        p.header[bit / 8] ^= (uint8_t)(1 << bit % 8);
        expect_closed(crypto, &p, "a changed bit of the header");
        p.header[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t i = 0; i < sizeof p.key.bytes; i++) {
        p.key.bytes[i] ^= 1;
        expect_closed(crypto, &p, "another key");
        p.key.bytes[i] ^= 1;
    }
    for (int bit = 0; bit < 64; bit++) {
        p.sealed.nonce ^= (uint64_t)1 << bit;
        expect_closed(crypto, &p, "another nonce");
        p.sealed.nonce ^= (uint64_t)1 << bit;
    }
    p.sealed.header_length--;
    expect_closed(crypto, &p, "a shorter header");
    p.sealed.header_length++;
    p.sealed.body_length--;
    expect_closed(crypto, &p, "a shorter body");
    p.sealed.body_length++;
    EXPECT_INT("unchanged, it opens after all that", crypto->open(&p.sealed), PUNCH_OK);
}
