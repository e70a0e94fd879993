/* SPDX-License-Identifier: MIT */
/*
 * Peer <-> broker: cookie, then a Noise-IK-shaped handshake (the initiator knows the responder's
 * static key; revision 34 of the Noise framework, pattern IK: e, es, s, ss / e, ee, se).
 * Registration rides in both messages.
 *
 *   COOKIE_REQUEST  version type nonce 8, padded to the size of COOKIE
 *   COOKIE          version type nonce 8 cookie 16
 *   HELLO           version type sender index 4 cookie 16 ephemeral 32
 *                   | sealed static 32 + 16 | sealed REGISTER body + 16
 *   WELCOME         version type receiver index 4 sender index 4 ephemeral 32
 *                   | sealed REGISTERED body + 16
 *   RESTARTED       version type index 4 sequence 4 (both of the packet that was not understood)
 *                   instance 8; never longer than that packet
 *
 * Every sealed part authenticates all bytes of its packet before it. HELLO is never shorter than
 * WELCOME.
 */
#ifndef PUNCH_HANDSHAKE_H
#define PUNCH_HANDSHAKE_H

#include "channel.h"

#define PUNCH_COOKIE_PACKET_BYTES 26
#define PUNCH_RESTARTED_BYTES 18

/* What the initiator must remember between HELLO and WELCOME. */
typedef struct {
    punch_keypair ephemeral;
    punch_key chain;
} punch_hello_state;

typedef struct {
    const punch_crypto *crypto;
    const punch_keypair *identity; /* initiator's */
    const punch_key *broker;       /* responder's static key */
    const uint8_t *ephemeral_seed; /* PUNCH_KEY_BYTES fresh random bytes */
    uint32_t index;                /* sender index */
} punch_hello_input;

/* Both write PUNCH_COOKIE_PACKET_BYTES into packet. */
size_t punch_cookie_request_write(uint64_t nonce, uint8_t *packet);
size_t punch_cookie_write(uint64_t nonce, const punch_cookie *cookie, uint8_t *packet);
/* Of either packet; PUNCH_ERR_PARSE. For a request the cookie is zero. */
punch_err punch_cookie_read(const uint8_t *packet, size_t length, uint64_t *nonce_out,
                            punch_cookie *cookie_out);

/* The stateless cookie of an address in an epoch: KDF(secret, address, epoch), cut. */
punch_cookie punch_cookie_of(const punch_crypto *crypto, const punch_key *secret,
                             const punch_addr *addr, uint64_t epoch);

/* The stateless cookie that says who was seen where and when by its spare port. */
punch_cookie punch_probe_cookie_of(const punch_crypto *crypto, const punch_key *secret,
                                   const punch_key *who, const punch_addr *where,
                                   uint64_t stamp_us);
/* In time that does not depend on what differs. */
bool punch_cookie_equal(const punch_cookie *a, const punch_cookie *b);

/* Initiator: writes HELLO. PUNCH_ERR_CRYPTO when the broker's key is of low order. */
punch_err punch_hello_write(const punch_hello_input *input, const punch_cookie *cookie,
                            const punch_signal *registration, punch_hello_state *state_out,
                            uint8_t *packet, size_t *length_out);

/* Responder, before any expensive work: the cookie in a HELLO of plausible size, and the
 * initiator's ephemeral. */
punch_err punch_hello_peek(const uint8_t *packet, size_t length, punch_cookie *cookie_out,
                           punch_key *ephemeral_out);

typedef struct {
    punch_key initiator; /* static key, authenticated */
    punch_key ephemeral;
    uint32_t index; /* of the initiator's end */
    punch_key chain;
    punch_signal registration; /* REGISTER */
} punch_hello;

/* Responder: opens HELLO (packet is used as scratch). PUNCH_ERR_PARSE, PUNCH_ERR_CRYPTO. */
punch_err punch_hello_read(const punch_crypto *crypto, const punch_keypair *identity,
                           uint8_t *packet, size_t length, punch_hello *hello_out);

typedef struct {
    const punch_crypto *crypto;
    const punch_hello *hello;      /* as punch_hello_read left it */
    const uint8_t *ephemeral_seed; /* PUNCH_KEY_BYTES fresh random bytes */
    uint32_t index;                /* of the responder's end */
    const punch_signal *registered;
} punch_welcome_input;

/* Responder: writes WELCOME and makes the channel (local index = index). PUNCH_ERR_CRYPTO,
 * PUNCH_ERR_ARGUMENT (registered cannot be encoded). */
punch_err punch_welcome_write(const punch_welcome_input *input, uint8_t *packet, size_t *length_out,
                              punch_channel *channel_out);

/* Initiator: opens WELCOME (packet is scratch), makes the channel. PUNCH_ERR_PARSE,
 * PUNCH_ERR_CRYPTO, PUNCH_ERR_STATE (another index). */
punch_err punch_welcome_read(const punch_hello_input *input, const punch_hello_state *state,
                             uint8_t *packet, size_t length, punch_signal *registered_out,
                             punch_channel *channel_out);

typedef struct {
    uint32_t index;
    uint32_t sequence;
    uint64_t instance;
} punch_restarted;

size_t punch_restarted_write(const punch_restarted *restarted,
                             uint8_t *packet); /* PUNCH_RESTARTED_BYTES */
punch_err punch_restarted_read(const uint8_t *packet, size_t length,
                               punch_restarted *restarted_out);

/*
 * Peer <-> peer keys of a call. static_secret = DH(static, static).
 *   invitation key of a role   KDF(static_secret, "invitation", role, call id); random nonce
 *   session keys               KDF(KDF(static_secret, call id), DH(ephemeral, ephemeral)), then one
 *                              per direction
 */
typedef enum { PUNCH_ROLE_CALLER = 0, PUNCH_ROLE_CALLEE = 1 } punch_role;

void punch_invitation_key(const punch_crypto *crypto, const punch_key *static_secret,
                          punch_role role, const punch_call_id *call_id, punch_key *key_out);

typedef struct {
    const punch_key *static_secret;
    const punch_key *ephemeral_secret; /* ours */
    const punch_key *ephemeral_public; /* theirs */
    const punch_call_id *call_id;
    punch_role role; /* ours */
    uint32_t local_index;
    uint32_t remote_index;
} punch_session_input;

/* Makes the session's channel. PUNCH_ERR_CRYPTO when their ephemeral is of low order. */
punch_err punch_session_keys(const punch_crypto *crypto, const punch_session_input *input,
                             punch_channel *channel_out);

#endif
