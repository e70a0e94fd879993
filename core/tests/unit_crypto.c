/* SPDX-License-Identifier: MIT */
/*
 * The libsodium provider: the contract of punch/crypto.h, and that the primitives are the ones the
 * protocol names, by test vectors of their RFCs.
 */
#include <string.h>

#include "crypto_contract.h"
#include "punch_test.h"

static const punch_crypto *const crypto = &punch_crypto_sodium;

static uint8_t nibble(char digit) {
    return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/* Bytes from lower-case hexadecimal. */
static void unhex(const char *text, uint8_t *bytes) {
    for (size_t i = 0; i < strlen(text) / 2; i++) {
        bytes[i] = (uint8_t)(nibble(text[2 * i]) << 4 | nibble(text[2 * i + 1]));
    }
}

static void expect_hex(const char *sentence, const uint8_t *got, const char *expected) {
    uint8_t bytes[PUNCH_KEY_BYTES];
    unhex(expected, bytes);
    EXPECT_BYTES(sentence, got, bytes, strlen(expected) / 2);
}

static void keys_are_x25519(void) {
    /* RFC 7748 §6.1. */
    uint8_t seed[PUNCH_KEY_BYTES];
    punch_keypair a;
    punch_keypair b;
    punch_key shared;
    unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", seed);
    crypto->keypair_from_seed(seed, &a);
    unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", seed);
    crypto->keypair_from_seed(seed, &b);
    expect_hex("Alice's public key", a.public_key.bytes,
               "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    expect_hex("Bob's public key", b.public_key.bytes,
               "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    EXPECT_INT("they agree", crypto->dh(&a.secret, &b.public_key, &shared), PUNCH_OK);
    expect_hex("shared secret", shared.bytes,
               "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

static void low_order_points_are_refused(void) {
    /* Points of order 1, 2, 4 and 8 and their other spellings (RFC 7748 §6.1 asks for the check).
     */
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    uint8_t seed[PUNCH_KEY_BYTES];
    punch_keypair pair;
    crypto_contract_fill(seed, sizeof seed, 1);
    crypto->keypair_from_seed(seed, &pair);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        punch_key point;
        punch_key shared;
        unhex(points[i], point.bytes);
        EXPECT_INT(points[i], crypto->dh(&pair.secret, &point, &shared), PUNCH_ERR_CRYPTO);
    }
}

static void packets_are_chacha20_poly1305(void) {
    /* RFC 8439 §A.5; its nonce happens to be four zero bytes and a counter, as ours are. */
    static const char plain[] =
        "Internet-Drafts are draft documents valid for a maximum of six months and may be updated, "
        "replaced, or obsoleted by other documents at any time. It is inappropriate to use "
        "Internet-Drafts as reference material or to cite them other than as "
        "/\xe2\x80\x9cwork in progress./\xe2\x80\x9d";
    uint8_t header[12];
    uint8_t body[sizeof plain - 1 + PUNCH_TAG_BYTES];
    punch_key key;
    unhex("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0", key.bytes);
    unhex("f33388860000000000004e91", header);
    memcpy(body, plain, sizeof plain - 1);
    const punch_sealed sealed = {
        .key = &key,
        .nonce = UINT64_C(0x0102030405060708),
        .header = header,
        .header_length = sizeof header,
        .body = body,
        .body_length = sizeof plain - 1,
    };
    crypto->seal(&sealed);
    expect_hex("first bytes", body, "64a0861575861af460f062c79be643bd");
    expect_hex("tag", body + sizeof plain - 1, "eead9d67890cbb22392336fea1851f38");
    EXPECT_INT("opens", crypto->open(&sealed), PUNCH_OK);
    EXPECT_BYTES("plain text is back", body, plain, sizeof plain - 1);
}

static void hashes_are_blake2b(void) {
    /* RFC 7693, 32 bytes of output; computed with another implementation (Python's hashlib). */
    uint8_t hash[PUNCH_KEY_BYTES];
    punch_key key;
    for (size_t i = 0; i < sizeof key.bytes; i++) {
        key.bytes[i] = (uint8_t)i;
    }
    crypto->hash("abc", 3, hash);
    expect_hex("hash", hash, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    crypto->kdf(&key, "abc", 3, &key);
    expect_hex("keyed hash", key.bytes,
               "d63a32d3e44738d7907f964316c241adaba0abfeabc32349677578a15a203f7f");
}

static void dh_agrees(void) {
    crypto_contract_dh_agrees(crypto);
}

static void dh_refuses_zero(void) {
    crypto_contract_dh_refuses_zero(crypto);
}

static void derivation(void) {
    crypto_contract_derivation(crypto);
}

static void hash_counts_every_byte(void) {
    crypto_contract_hash(crypto);
}

static void round_trips(void) {
    crypto_contract_round_trips(crypto);
}

static void any_change_is_noticed(void) {
    crypto_contract_any_change_is_noticed(crypto);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"both ends of a Diffie-Hellman agree", dh_agrees},
        {"the zero key is refused", dh_refuses_zero},
        {"derived keys depend on every input", derivation},
        {"hashes depend on every input", hash_counts_every_byte},
        {"what was sealed opens", round_trips},
        {"any change is noticed", any_change_is_noticed},
        {"keys are X25519", keys_are_x25519},
        {"points of low order are refused", low_order_points_are_refused},
        {"packets are ChaCha20-Poly1305", packets_are_chacha20_poly1305},
        {"hashes are BLAKE2b", hashes_are_blake2b},
    };
    if (punch_crypto_sodium_init() != PUNCH_OK) {
        return 1;
    }
    return PUNCH_TEST_MAIN("crypto", cases);
}
