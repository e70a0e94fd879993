/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fast provider keeps the contract of punch/crypto.h, and carries the whole handshake.
 */
#include <string.h>

#include "crypto_contract.h"
#include "handshake_contract.h"
#include "punch_test.h"
#include "sim/crypto_fast.h"

static const punch_crypto *const crypto = &sim_crypto_fast;

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

static void body_is_left_as_it_is(void) {
    uint8_t body[3 + PUNCH_TAG_BYTES] = {1, 2, 3};
    const punch_key key = {{9}};
    const punch_sealed sealed = {.key = &key, .nonce = 1, .body = body, .body_length = 3};
    crypto->seal(&sealed);
    EXPECT_BYTES("no encryption", body, "\1\2\3", 3);
}

static void changed_public_keys_give_other_secrets(void) {
    uint8_t seed[PUNCH_KEY_BYTES];
    punch_keypair a;
    punch_keypair b;
    punch_key right;
    crypto_contract_fill(seed, sizeof seed, 1);
    crypto->keypair_from_seed(seed, &a);
    crypto_contract_fill(seed, sizeof seed, 2);
    crypto->keypair_from_seed(seed, &b);
    EXPECT_INT("dh works", crypto->dh(&a.secret, &b.public_key, &right), PUNCH_OK);
    for (size_t bit = 0; bit < PUNCH_KEY_BYTES * 8; bit++) {
        punch_key changed = b.public_key;
        punch_key shared = {{0}};
        changed.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        (void)crypto->dh(&a.secret, &changed, &shared); /* refused, or another secret */
        EXPECT("every bit of a public key counts", memcmp(&shared, &right, sizeof right) != 0);
    }
}

static void handshake_agrees(void) {
    handshake_contract_agrees(crypto);
}

static void handshake_notices_changes(void) {
    handshake_contract_notices_changes(crypto);
}

static void session_agrees(void) {
    handshake_contract_session_agrees(crypto);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"both ends of a Diffie-Hellman agree", dh_agrees},
        {"the zero key is refused", dh_refuses_zero},
        {"derived keys depend on every input", derivation},
        {"hashes depend on every input", hash_counts_every_byte},
        {"what was sealed opens", round_trips},
        {"any change is noticed", any_change_is_noticed},
        {"the body is left as it is", body_is_left_as_it_is},
        {"changed public keys give other secrets", changed_public_keys_give_other_secrets},
        {"a handshake agrees", handshake_agrees},
        {"a handshake notices changes", handshake_notices_changes},
        {"a session agrees", session_agrees},
    };
    return PUNCH_TEST_MAIN("crypto_fast", cases);
}
