/* SPDX-License-Identifier: MIT */
/*
 * Keys. A chain of derivations takes in every public key and every Diffie-Hellman result in the
 * order of Noise's pattern IK, and a hash of HELLO as it was on the wire; what is sealed under a
 * key from the chain therefore only opens for someone who saw the same bytes and holds the right
 * secrets.
 *
 *   c1 = KDF(es, "hello", e_i, s_r)          KDF(c1, "static")       seals s_i
 *   c2 = KDF(c1, "identity", ss)             KDF(c2, "registration") seals REGISTER
 *   c3 = KDF(c2, "transcript", HASH(HELLO))
 *   c4 = KDF(c3, "welcome", e_r, ee, se)     KDF(c4, "answer") seals REGISTERED; two channel keys
 *
 * Each sealing key is used for one packet only, so its nonce is 0. Each derivation has a label of
 * its own, in a field of fixed width, so that no two of them ever have the same input.
 */
#include "handshake.h"

#include <string.h>

#include "punch/assert.h"
#include "punch/bytes.h"

/* Offsets; the layout is drawn in handshake.h. */
#define COOKIE_NONCE_AT 2
#define COOKIE_AT 10
#define HELLO_INDEX_AT 2
#define HELLO_COOKIE_AT 6
#define HELLO_EPHEMERAL_AT 22
#define HELLO_STATIC_AT 54
#define HELLO_BODY_AT 102
#define HELLO_BODY_BYTES_MIN 9 /* REGISTER without token hashes: echo 8, count 1 */
#define HELLO_BYTES_MIN (HELLO_BODY_AT + HELLO_BODY_BYTES_MIN + PUNCH_TAG_BYTES)
#define WELCOME_RECEIVER_AT 2
#define WELCOME_SENDER_AT 6
#define WELCOME_EPHEMERAL_AT 10
#define WELCOME_BODY_AT 42
#define WELCOME_BODY_BYTES 43 /* REGISTERED: echo 8, stamp 8, instance 8, address 19 */
#define WELCOME_BYTES (WELCOME_BODY_AT + WELCOME_BODY_BYTES + PUNCH_TAG_BYTES)
#define RESTARTED_INDEX_AT 2
#define RESTARTED_SEQUENCE_AT 6
#define RESTARTED_INSTANCE_AT 10

_Static_assert(WELCOME_BYTES <= HELLO_BYTES_MIN, "a HELLO never draws a longer answer");
_Static_assert(PUNCH_RESTARTED_BYTES <= PUNCH_CHANNEL_HEADER_BYTES + PUNCH_TAG_BYTES,
               "a sealed packet never draws a longer answer");

#define DATA_MAX (3 * PUNCH_KEY_BYTES)

/* What a derived key is for; a field of fixed width, zero-padded. */
typedef struct {
    char text[16];
} label;
#define LABEL(text) (&(const label){text})

/* key_out = KDF(key, purpose, data); key_out may be key. */
static inline void derive(const punch_crypto *crypto, const punch_key *key, const label *purpose,
                          const void *data, size_t length, punch_key *key_out) {
    uint8_t info[sizeof *purpose + DATA_MAX];
    PUNCH_ASSERT(length <= DATA_MAX);
    memcpy(info, purpose, sizeof *purpose);
    if (length > 0) {
        memcpy(info + sizeof *purpose, data, length);
    }
    crypto->kdf(key, info, sizeof *purpose + length, key_out);
}

/* A part of a packet under a key of its own: everything before it is authenticated with it. */
static punch_sealed part_of(const punch_key *key, uint8_t *packet, size_t at, size_t length) {
    const punch_sealed part = {
        .key = key,
        .header = packet,
        .header_length = at,
        .body = packet + at,
        .body_length = length,
    };
    return part;
}

static void seal_part(const punch_crypto *crypto, const punch_key *key, uint8_t *packet, size_t at,
                      size_t length) {
    const punch_sealed part = part_of(key, packet, at, length);
    crypto->seal(&part);
}

static punch_err open_part(const punch_crypto *crypto, const punch_key *key, uint8_t *packet,
                           size_t at, size_t length) {
    const punch_sealed part = part_of(key, packet, at, length);
    return crypto->open(&part);
}

/* --- cookies --- */

size_t punch_cookie_request_write(uint64_t nonce, uint8_t *packet) {
    static const punch_cookie padding = {{0}};
    (void)punch_cookie_write(nonce, &padding, packet);
    packet[1] = PUNCH_TYPE_COOKIE_REQUEST;
    return PUNCH_COOKIE_PACKET_BYTES;
}

size_t punch_cookie_write(uint64_t nonce, const punch_cookie *cookie, uint8_t *packet) {
    packet[0] = PUNCH_WIRE_VERSION;
    packet[1] = PUNCH_TYPE_COOKIE;
    punch_put_be(packet + COOKIE_NONCE_AT, 8, nonce);
    memcpy(packet + COOKIE_AT, cookie->bytes, sizeof cookie->bytes);
    return PUNCH_COOKIE_PACKET_BYTES;
}

punch_err punch_cookie_read(const uint8_t *packet, size_t length, uint64_t *nonce_out,
                            punch_cookie *cookie_out) {
    const uint8_t type = punch_packet_type(packet, length);
    if (length != PUNCH_COOKIE_PACKET_BYTES ||
        (type != PUNCH_TYPE_COOKIE_REQUEST && type != PUNCH_TYPE_COOKIE)) {
        return PUNCH_ERR_PARSE;
    }
    *nonce_out = punch_get_be(packet + COOKIE_NONCE_AT, 8);
    if (type == PUNCH_TYPE_COOKIE) {
        memcpy(cookie_out->bytes, packet + COOKIE_AT, sizeof cookie_out->bytes);
    } else {
        memset(cookie_out->bytes, 0, sizeof cookie_out->bytes);
    }
    return PUNCH_OK;
}

punch_cookie punch_cookie_of(const punch_crypto *crypto, const punch_key *secret,
                             const punch_addr *addr, uint64_t epoch) {
    uint8_t data[sizeof addr->ip + 1 + 2 + 8];
    punch_writer writer = punch_writer_of(data, sizeof data);
    punch_write_copy(&writer, addr->ip, sizeof addr->ip);
    punch_write_u8(&writer, addr->family);
    punch_write_u16(&writer, addr->port);
    punch_write_u64(&writer, epoch);
    punch_key derived;
    derive(crypto, secret, LABEL("cookie"), data, sizeof data, &derived);
    punch_cookie cookie;
    memcpy(cookie.bytes, derived.bytes, sizeof cookie.bytes);
    return cookie;
}

punch_cookie punch_probe_cookie_of(const punch_crypto *crypto, const punch_key *secret,
                                   const punch_key *who, const punch_addr *where,
                                   uint64_t stamp_us) {
    punch_key derived;
    derive(crypto, secret, LABEL("probe"), who->bytes, sizeof who->bytes, &derived);
    return punch_cookie_of(crypto, &derived, where, stamp_us);
}

bool punch_cookie_equal(const punch_cookie *a, const punch_cookie *b) {
    uint8_t difference = 0;
    for (size_t i = 0; i < sizeof a->bytes; i++) {
        difference |= (uint8_t)(a->bytes[i] ^ b->bytes[i]);
    }
    return difference == 0;
}

/* --- HELLO --- */

/* c1, equal at both ends: es is the result, e_i and s_r the public keys. */
static void begin_chain(const punch_crypto *crypto, const punch_key *es, const punch_key *ephemeral,
                        const punch_key *responder, punch_key *chain_out) {
    uint8_t data[2 * PUNCH_KEY_BYTES];
    memcpy(data, ephemeral->bytes, PUNCH_KEY_BYTES);
    memcpy(data + PUNCH_KEY_BYTES, responder->bytes, PUNCH_KEY_BYTES);
    derive(crypto, es, LABEL("hello"), data, sizeof data, chain_out);
}

/* c3 from c2 and the whole HELLO, still sealed. */
static void mix_transcript(const punch_crypto *crypto, const uint8_t hash[PUNCH_KEY_BYTES],
                           punch_key *chain) {
    derive(crypto, chain, LABEL("transcript"), hash, PUNCH_KEY_BYTES, chain);
}

punch_err punch_hello_write(const punch_hello_input *input, const punch_cookie *cookie,
                            const punch_signal *registration, punch_hello_state *state_out,
                            uint8_t *packet, size_t *length_out) {
    const punch_crypto *crypto = input->crypto;
    punch_keypair ephemeral;
    punch_key es;
    punch_key ss;
    size_t body_length;
    crypto->keypair_from_seed(input->ephemeral_seed, &ephemeral);
    if (crypto->dh(&ephemeral.secret, input->broker, &es) != PUNCH_OK ||
        crypto->dh(&input->identity->secret, input->broker, &ss) != PUNCH_OK) {
        return PUNCH_ERR_CRYPTO;
    }
    const punch_err err =
        punch_signal_encode(PUNCH_TYPE_REGISTER, registration, packet + HELLO_BODY_AT,
                            PUNCH_PACKET_MAX - HELLO_BODY_AT - PUNCH_TAG_BYTES, &body_length);
    if (err != PUNCH_OK) {
        return err;
    }
    packet[0] = PUNCH_WIRE_VERSION;
    packet[1] = PUNCH_TYPE_HELLO;
    punch_put_be(packet + HELLO_INDEX_AT, 4, input->index);
    memcpy(packet + HELLO_COOKIE_AT, cookie->bytes, sizeof cookie->bytes);
    memcpy(packet + HELLO_EPHEMERAL_AT, ephemeral.public_key.bytes, PUNCH_KEY_BYTES);
    memcpy(packet + HELLO_STATIC_AT, input->identity->public_key.bytes, PUNCH_KEY_BYTES);

    punch_key chain;
    punch_key key;
    begin_chain(crypto, &es, &ephemeral.public_key, input->broker, &chain);
    derive(crypto, &chain, LABEL("static"), NULL, 0, &key);
    seal_part(crypto, &key, packet, HELLO_STATIC_AT, PUNCH_KEY_BYTES);
    derive(crypto, &chain, LABEL("identity"), ss.bytes, sizeof ss.bytes, &chain);
    derive(crypto, &chain, LABEL("registration"), NULL, 0, &key);
    seal_part(crypto, &key, packet, HELLO_BODY_AT, body_length);

    uint8_t hash[PUNCH_KEY_BYTES];
    *length_out = HELLO_BODY_AT + body_length + PUNCH_TAG_BYTES;
    crypto->hash(packet, *length_out, hash);
    mix_transcript(crypto, hash, &chain);
    state_out->ephemeral = ephemeral;
    state_out->chain = chain;
    return PUNCH_OK;
}

static bool is_hello(const uint8_t *packet, size_t length) {
    return length >= HELLO_BYTES_MIN && length <= PUNCH_PACKET_MAX &&
           punch_packet_type(packet, length) == PUNCH_TYPE_HELLO;
}

punch_err punch_hello_peek(const uint8_t *packet, size_t length, punch_cookie *cookie_out,
                           punch_key *ephemeral_out) {
    if (!is_hello(packet, length)) {
        return PUNCH_ERR_PARSE;
    }
    memcpy(cookie_out->bytes, packet + HELLO_COOKIE_AT, sizeof cookie_out->bytes);
    memcpy(ephemeral_out->bytes, packet + HELLO_EPHEMERAL_AT, sizeof ephemeral_out->bytes);
    return PUNCH_OK;
}

punch_err punch_hello_read(const punch_crypto *crypto, const punch_keypair *identity,
                           uint8_t *packet, size_t length, punch_hello *hello_out) {
    if (!is_hello(packet, length)) {
        return PUNCH_ERR_PARSE;
    }
    punch_key ephemeral;
    punch_key initiator;
    punch_key shared;
    punch_key chain;
    punch_key key;
    uint8_t hash[PUNCH_KEY_BYTES];
    crypto->hash(packet, length, hash); /* before opening in place changes the bytes */

    memcpy(ephemeral.bytes, packet + HELLO_EPHEMERAL_AT, sizeof ephemeral.bytes);
    if (crypto->dh(&identity->secret, &ephemeral, &shared) != PUNCH_OK) {
        return PUNCH_ERR_CRYPTO;
    }
    begin_chain(crypto, &shared, &ephemeral, &identity->public_key, &chain);

    /* The registration authenticates the static part as it was on the wire: open that into a copy.
     */
    uint8_t head[HELLO_BODY_AT];
    memcpy(head, packet, sizeof head);
    derive(crypto, &chain, LABEL("static"), NULL, 0, &key);
    if (open_part(crypto, &key, head, HELLO_STATIC_AT, PUNCH_KEY_BYTES) != PUNCH_OK) {
        return PUNCH_ERR_CRYPTO;
    }
    memcpy(initiator.bytes, head + HELLO_STATIC_AT, sizeof initiator.bytes);
    if (crypto->dh(&identity->secret, &initiator, &shared) != PUNCH_OK) {
        return PUNCH_ERR_CRYPTO;
    }
    derive(crypto, &chain, LABEL("identity"), shared.bytes, sizeof shared.bytes, &chain);

    const size_t body_length = length - HELLO_BODY_AT - PUNCH_TAG_BYTES;
    derive(crypto, &chain, LABEL("registration"), NULL, 0, &key);
    if (open_part(crypto, &key, packet, HELLO_BODY_AT, body_length) != PUNCH_OK) {
        return PUNCH_ERR_CRYPTO;
    }
    const punch_err err = punch_signal_decode(PUNCH_TYPE_REGISTER, packet + HELLO_BODY_AT,
                                              body_length, &hello_out->registration);
    if (err != PUNCH_OK) {
        return err;
    }
    mix_transcript(crypto, hash, &chain);
    hello_out->initiator = initiator;
    hello_out->ephemeral = ephemeral;
    hello_out->index = (uint32_t)punch_get_be(packet + HELLO_INDEX_AT, 4);
    hello_out->chain = chain;
    return PUNCH_OK;
}

/* --- WELCOME --- */

typedef struct {
    punch_key answer;
    punch_key to_initiator;
    punch_key to_responder;
} welcome_keys;

/* c4 and what hangs on it, equal at both ends. */
static welcome_keys end_chain(const punch_crypto *crypto, const punch_key *chain,
                              const punch_key *ephemeral, const punch_key *ee,
                              const punch_key *se) {
    uint8_t data[3 * PUNCH_KEY_BYTES];
    memcpy(data, ephemeral->bytes, PUNCH_KEY_BYTES);
    memcpy(data + PUNCH_KEY_BYTES, ee->bytes, PUNCH_KEY_BYTES);
    memcpy(data + (size_t)2 * PUNCH_KEY_BYTES, se->bytes, PUNCH_KEY_BYTES);
    punch_key last;
    welcome_keys keys;
    derive(crypto, chain, LABEL("welcome"), data, sizeof data, &last);
    derive(crypto, &last, LABEL("answer"), NULL, 0, &keys.answer);
    derive(crypto, &last, LABEL("to initiator"), NULL, 0, &keys.to_initiator);
    derive(crypto, &last, LABEL("to responder"), NULL, 0, &keys.to_responder);
    return keys;
}

punch_err punch_welcome_write(const punch_welcome_input *input, uint8_t *packet, size_t *length_out,
                              punch_channel *channel_out) {
    const punch_crypto *crypto = input->crypto;
    const punch_hello *hello = input->hello;
    punch_keypair ephemeral;
    punch_key ee;
    punch_key se;
    size_t body_length;
    crypto->keypair_from_seed(input->ephemeral_seed, &ephemeral);
    if (crypto->dh(&ephemeral.secret, &hello->ephemeral, &ee) != PUNCH_OK ||
        crypto->dh(&ephemeral.secret, &hello->initiator, &se) != PUNCH_OK) {
        return PUNCH_ERR_CRYPTO;
    }
    const punch_err err =
        punch_signal_encode(PUNCH_TYPE_REGISTERED, input->registered, packet + WELCOME_BODY_AT,
                            WELCOME_BODY_BYTES, &body_length);
    if (err != PUNCH_OK) {
        return err;
    }
    packet[0] = PUNCH_WIRE_VERSION;
    packet[1] = PUNCH_TYPE_WELCOME;
    punch_put_be(packet + WELCOME_RECEIVER_AT, 4, hello->index);
    punch_put_be(packet + WELCOME_SENDER_AT, 4, input->index);
    memcpy(packet + WELCOME_EPHEMERAL_AT, ephemeral.public_key.bytes, PUNCH_KEY_BYTES);
    const welcome_keys keys = end_chain(crypto, &hello->chain, &ephemeral.public_key, &ee, &se);
    seal_part(crypto, &keys.answer, packet, WELCOME_BODY_AT, body_length);
    *length_out = WELCOME_BODY_AT + body_length + PUNCH_TAG_BYTES;
    punch_channel_init(channel_out, &keys.to_initiator, &keys.to_responder, input->index,
                       hello->index);
    return PUNCH_OK;
}

punch_err punch_welcome_read(const punch_hello_input *input, const punch_hello_state *state,
                             uint8_t *packet, size_t length, punch_signal *registered_out,
                             punch_channel *channel_out) {
    const punch_crypto *crypto = input->crypto;
    if (length < WELCOME_BYTES || length > PUNCH_PACKET_MAX ||
        punch_packet_type(packet, length) != PUNCH_TYPE_WELCOME) {
        return PUNCH_ERR_PARSE;
    }
    if (punch_get_be(packet + WELCOME_RECEIVER_AT, 4) != input->index) {
        return PUNCH_ERR_STATE;
    }
    const uint32_t remote_index = (uint32_t)punch_get_be(packet + WELCOME_SENDER_AT, 4);
    const size_t body_length = length - WELCOME_BODY_AT - PUNCH_TAG_BYTES;
    punch_key ephemeral;
    punch_key ee;
    punch_key se;
    memcpy(ephemeral.bytes, packet + WELCOME_EPHEMERAL_AT, sizeof ephemeral.bytes);
    if (crypto->dh(&state->ephemeral.secret, &ephemeral, &ee) != PUNCH_OK ||
        crypto->dh(&input->identity->secret, &ephemeral, &se) != PUNCH_OK) {
        return PUNCH_ERR_CRYPTO;
    }
    const welcome_keys keys = end_chain(crypto, &state->chain, &ephemeral, &ee, &se);
    if (open_part(crypto, &keys.answer, packet, WELCOME_BODY_AT, body_length) != PUNCH_OK) {
        return PUNCH_ERR_CRYPTO;
    }
    const punch_err err = punch_signal_decode(PUNCH_TYPE_REGISTERED, packet + WELCOME_BODY_AT,
                                              body_length, registered_out);
    if (err == PUNCH_OK) {
        punch_channel_init(channel_out, &keys.to_responder, &keys.to_initiator, input->index,
                           remote_index);
    }
    return err;
}

/* --- RESTARTED --- */

size_t punch_restarted_write(const punch_restarted *restarted, uint8_t *packet) {
    packet[0] = PUNCH_WIRE_VERSION;
    packet[1] = PUNCH_TYPE_RESTARTED;
    punch_put_be(packet + RESTARTED_INDEX_AT, 4, restarted->index);
    punch_put_be(packet + RESTARTED_SEQUENCE_AT, 4, restarted->sequence);
    punch_put_be(packet + RESTARTED_INSTANCE_AT, 8, restarted->instance);
    return PUNCH_RESTARTED_BYTES;
}

punch_err punch_restarted_read(const uint8_t *packet, size_t length,
                               punch_restarted *restarted_out) {
    if (length != PUNCH_RESTARTED_BYTES ||
        punch_packet_type(packet, length) != PUNCH_TYPE_RESTARTED) {
        return PUNCH_ERR_PARSE;
    }
    restarted_out->index = (uint32_t)punch_get_be(packet + RESTARTED_INDEX_AT, 4);
    restarted_out->sequence = (uint32_t)punch_get_be(packet + RESTARTED_SEQUENCE_AT, 4);
    restarted_out->instance = punch_get_be(packet + RESTARTED_INSTANCE_AT, 8);
    return PUNCH_OK;
}

/* --- peer to peer --- */

void punch_invitation_key(const punch_crypto *crypto, const punch_key *static_secret,
                          punch_role role, const punch_call_id *call_id, punch_key *key_out) {
    uint8_t data[1 + PUNCH_CALL_ID_BYTES];
    data[0] = (uint8_t)role;
    memcpy(data + 1, call_id->bytes, sizeof call_id->bytes);
    derive(crypto, static_secret, LABEL("invitation"), data, sizeof data, key_out);
}

punch_err punch_session_keys(const punch_crypto *crypto, const punch_session_input *input,
                             punch_channel *channel_out) {
    punch_key shared;
    if (crypto->dh(input->ephemeral_secret, input->ephemeral_public, &shared) != PUNCH_OK) {
        return PUNCH_ERR_CRYPTO;
    }
    punch_key base;
    punch_key to_caller;
    punch_key to_callee;
    derive(crypto, input->static_secret, LABEL("session"), input->call_id->bytes,
           sizeof input->call_id->bytes, &base);
    derive(crypto, &base, LABEL("ephemeral"), shared.bytes, sizeof shared.bytes, &base);
    derive(crypto, &base, LABEL("to caller"), NULL, 0, &to_caller);
    derive(crypto, &base, LABEL("to callee"), NULL, 0, &to_callee);
    const bool is_caller = input->role == PUNCH_ROLE_CALLER;
    punch_channel_init(channel_out, is_caller ? &to_callee : &to_caller,
                       is_caller ? &to_caller : &to_callee, input->local_index,
                       input->remote_index);
    return PUNCH_OK;
}
