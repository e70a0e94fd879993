/* SPDX-License-Identifier: MIT */
/*
 * What is inside a sealed packet, as structs; one encoder and one decoder per family. Decoders are
 * total: any bytes, never past the end, PUNCH_ERR_PARSE otherwise. Behind the fixed fields of every
 * body may follow extensions, type (1 byte), length (2 bytes), value; unknown ones, and ones of
 * another length than theirs, are skipped.
 * Network byte order throughout.
 *
 *   packet        version 1 | type 1 | receiver index 4 | sequence 4 | sealed body | tag 16
 *   signal body   (peer <-> broker) the fields listed at punch_signal, in that order
 *   path body     (peer <-> peer) highest 4 | bitmap 4 | the fields listed at punch_path_body
 *   address       family 1 | port 2 | IP 16
 */
#ifndef PUNCH_CODEC_H
#define PUNCH_CODEC_H

#include <stdbool.h>

#include "punch/addr.h"
#include "punch/contact.h"
#include "punch/crypto.h"
#include "punch/keepalive.h"
#include "punch/time.h"
#include "punch/wire.h"

#define PUNCH_TOKEN_HASH_BYTES 16 /* first half of the provider's hash of a token; chosen */
#define PUNCH_BLOB_MAX 320        /* sealed invitation, with tag: see punch_invitation */

typedef struct {
    uint8_t bytes[PUNCH_CALL_ID_BYTES];
} punch_call_id;

typedef struct {
    uint8_t bytes[PUNCH_TOKEN_HASH_BYTES];
} punch_token_hash;

typedef struct {
    uint8_t bytes[PUNCH_COOKIE_BYTES];
} punch_cookie;

/*
 * REGISTER    echo_us (sender's local clock), token_hash_count (1 byte), token_hashes
 * REGISTERED  echo_us (given back), stamp_us (broker's clock), instance,
 *             addr (as the broker sees the peer)
 * CALL        call_id, token, key (callee), rtt_us, blob
 * CALLING     call_id
 * RING        call_id, key (caller), blob
 * ACCEPT      call_id, rtt_us, blob
 * REFUSE      call_id
 * REFUSED     call_id, reason (1 byte, punch_fail)
 * GO          call_id, stamp_us (T on the broker's clock), rtt_us (receiver's own), rtt_other_us,
 *             addr (of the other), blob (to the caller the callee's invitation, else empty)
 * GO_ACK      call_id
 * PROBE       echo_us, 43 zeros
 * PROBED      echo_us (given back), stamp_us (broker's clock), addr (of the spare port), cookie
 * ECHO        echo_us, stamp_us, addr, cookie (all three from PROBED)
 * ECHOING     echo_us (of ECHO), reason (1 byte: 0 = sent, 1 = refused)
 * ECHOED      echo_us (of ECHO)
 */
#define PUNCH_PROBE_PADDING_BYTES 43 /* PROBE is as long as PROBED: stamp 8, addr 19, cookie 16 */

typedef struct {
    punch_call_id call_id;
    punch_token token;
    punch_key key;
    punch_addr addr;
    punch_cookie cookie;
    uint64_t echo_us;
    uint64_t stamp_us;
    uint64_t instance;
    uint32_t rtt_us;
    uint32_t rtt_other_us;
    uint8_t reason;
    uint8_t token_hash_count; /* 0..PUNCH_TOKENS_MAX */
    uint16_t blob_length;     /* 0..PUNCH_BLOB_MAX; 2 bytes on the wire */
    const uint8_t *blob; /* borrowed: from the caller when encoding, from the packet when decoded */
    punch_token_hash token_hashes[PUNCH_TOKENS_MAX];
} punch_signal;

/*
 * INTRO          nonce, choice (strategy of the sender's direction)
 * INTRO_ACK      nonce (given back)
 * KEEPALIVE      -
 * ARE_YOU_THERE  nonce
 * HERE           nonce (given back)
 * MESSAGE        number (its id), payload (2 bytes length first; 1..PUNCH_MESSAGE_MAX)
 * MESSAGE_ACK    number
 * RENEGOTIATE    number (revision), choice, offer_count (1 byte), offers
 * RENEGOTIATED   the same, of the answering side
 * BYE            -
 *
 * INTRO, KEEPALIVE, ARE_YOU_THERE, HERE, RENEGOTIATE and RENEGOTIATED may carry the extension
 * PROMISE (1): promise_ms, 4 bytes.
 */
#define PUNCH_PROMISE_ANY_MS UINT32_MAX /* any silence */

typedef struct {
    uint32_t highest; /* highest sequence number received, 0 = none */
    uint32_t bitmap;  /* bit i: highest - 1 - i was received too */
    uint64_t nonce;
    uint32_t number;
    punch_keepalive_id choice;
    uint16_t payload_length;
    const uint8_t *payload; /* borrowed */
    uint32_t promise_ms;    /* how long the sender will be silent at most; 0 = it does not say */
    uint8_t offer_count;    /* 0..PUNCH_OFFERS_MAX */
    punch_keepalive_id offers[PUNCH_OFFERS_MAX];
} punch_path_body;

/* What caller and callee tell each other under DH(static, static), so that the broker cannot read
 * it: travels as `blob`.
 *   nonce 8 | sealed: ephemeral 32, index 4, candidate count 1, addresses, offer count 1, ids
 */
typedef struct {
    uint64_t nonce; /* random: a broker that rings twice with one call id gets two invitations under
                     * one key, but not under one nonce */
    punch_key ephemeral;
    uint32_t index; /* of the sender's end of the future channel */
    uint8_t candidate_count;
    punch_addr candidates[PUNCH_CANDIDATES_MAX];
    uint8_t offer_count;
    punch_keepalive_id offers[PUNCH_OFFERS_MAX];
} punch_invitation;

/* May packets of this type carry PROMISE? */
bool punch_path_may_promise(uint8_t type);

/* Writes the body of a signal (16..31) or path (32..63) message into body; PUNCH_ERR_CAPACITY when
 * it does not fit, PUNCH_ERR_ARGUMENT for a type of the other family. */
punch_err punch_signal_encode(uint8_t type, const punch_signal *signal, uint8_t *body, size_t cap,
                              size_t *length_out);
punch_err punch_signal_decode(uint8_t type, const uint8_t *body, size_t length,
                              punch_signal *signal_out);
punch_err punch_path_encode(uint8_t type, const punch_path_body *path, uint8_t *body, size_t cap,
                            size_t *length_out);
punch_err punch_path_decode(uint8_t type, const uint8_t *body, size_t length,
                            punch_path_body *path_out);

/* Seals an invitation into blob (PUNCH_BLOB_MAX bytes): nonce 8 | sealed rest | tag. */
punch_err punch_invitation_seal(const punch_crypto *crypto, const punch_key *key,
                                const punch_invitation *invitation, uint8_t *blob,
                                size_t *length_out);
/* PUNCH_ERR_CRYPTO or PUNCH_ERR_PARSE; the blob is not changed. */
punch_err punch_invitation_open(const punch_crypto *crypto, const punch_key *key,
                                const uint8_t *blob, size_t length,
                                punch_invitation *invitation_out);

#endif
