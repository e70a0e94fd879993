/* SPDX-License-Identifier: MIT */
/*
 * What src/handshake.h promises, checked with any crypto provider. Each function is the body of a
 * test; the small helpers are for further tests of the handshake.
 */
#ifndef HANDSHAKE_CONTRACT_H
#define HANDSHAKE_CONTRACT_H

#include "handshake.h"

/* A peer, a broker, and everything their handshake leaves behind. */
typedef struct {
    const punch_crypto *crypto;
    punch_keypair peer;
    punch_keypair broker;
    uint8_t peer_seed[PUNCH_KEY_BYTES];
    uint8_t broker_seed[PUNCH_KEY_BYTES];
    punch_hello_input input;
    punch_cookie cookie;
    punch_signal registration;
    punch_signal registered;
    punch_hello_state state;
    punch_hello hello;
    uint8_t hello_packet[PUNCH_PACKET_MAX];
    size_t hello_length;
    uint8_t welcome_packet[PUNCH_PACKET_MAX];
    size_t welcome_length;
    punch_channel broker_channel;
} handshake;

/* Keys, cookie and bodies; nothing written yet. The result points into itself: do not copy it. */
void handshake_prepare(handshake *h, const punch_crypto *crypto, uint8_t token_hash_count);

/* Both packets are written, HELLO is read; false (and a failed expectation) when it did not work.
 */
bool handshake_run(handshake *h);

void handshake_contract_agrees(const punch_crypto *crypto);
void handshake_contract_notices_changes(const punch_crypto *crypto);
void handshake_contract_session_agrees(const punch_crypto *crypto);

#endif
