/* SPDX-License-Identifier: MIT */
#include "handshake_contract.h"

#include <stdio.h>
#include <string.h>

#include "crypto_contract.h"
#include "punch_test.h"

#define PEER_INDEX 0x01020304
#define BROKER_INDEX 0x0a0b0c0d

static punch_keypair pair_of(const punch_crypto *crypto, uint64_t seed) {
    uint8_t bytes[PUNCH_KEY_BYTES];
    punch_keypair pair;
    crypto_contract_fill(bytes, sizeof bytes, seed);
    crypto->keypair_from_seed(bytes, &pair);
    return pair;
}

void handshake_prepare(handshake *h, const punch_crypto *crypto, uint8_t token_hash_count) {
    memset(h, 0, sizeof *h);
    h->crypto = crypto;
    h->peer = pair_of(crypto, 1);
    h->broker = pair_of(crypto, 2);
    crypto_contract_fill(h->peer_seed, sizeof h->peer_seed, 3);
    crypto_contract_fill(h->broker_seed, sizeof h->broker_seed, 4);
    crypto_contract_fill(h->cookie.bytes, sizeof h->cookie.bytes, 5);
    h->input = (punch_hello_input){
        .crypto = crypto,
        .identity = &h->peer,
        .broker = &h->broker.public_key,
        .ephemeral_seed = h->peer_seed,
        .index = PEER_INDEX,
    };
    h->registration.echo_us = 123456789;
    h->registration.token_hash_count = token_hash_count;
    for (size_t i = 0; i < token_hash_count; i++) {
        crypto_contract_fill(h->registration.token_hashes[i].bytes, PUNCH_TOKEN_HASH_BYTES, 10 + i);
    }
    h->registered.echo_us = 123456789;
    h->registered.stamp_us = 987654321;
    h->registered.instance = UINT64_C(0x1122334455667788);
    h->registered.addr = punch_addr_ipv4(0xcb007109, 40000);
}

bool handshake_run(handshake *h) {
    uint8_t scratch[PUNCH_PACKET_MAX];
    if (!EXPECT_INT("HELLO is written",
                    punch_hello_write(&h->input, &h->cookie, &h->registration, &h->state,
                                      h->hello_packet, &h->hello_length),
                    PUNCH_OK)) {
        return false;
    }
    memcpy(scratch, h->hello_packet, h->hello_length);
    const punch_welcome_input input = {h->crypto, &h->hello, h->broker_seed, BROKER_INDEX,
                                       &h->registered};
    return EXPECT_INT("HELLO is read",
                      punch_hello_read(h->crypto, &h->broker, scratch, h->hello_length, &h->hello),
                      PUNCH_OK) &&
           EXPECT_INT("WELCOME is written",
                      punch_welcome_write(&input, h->welcome_packet, &h->welcome_length,
                                          &h->broker_channel),
                      PUNCH_OK);
}

/* One packet from one end opens at the other. */
static void expect_passes(const char *sentence, const punch_crypto *crypto, punch_channel *from,
                          punch_channel *to) {
    uint8_t packet[PUNCH_PACKET_MAX];
    size_t length = 0;
    punch_opened opened;
    memcpy(packet + PUNCH_CHANNEL_HEADER_BYTES, "good morning", 12);
    EXPECT_INT(sentence,
               punch_channel_seal(from, crypto, PUNCH_TYPE_KEEPALIVE, packet, 12, &length),
               PUNCH_OK);
    EXPECT_INT(sentence, punch_channel_index_of(packet, length), to->local_index);
    if (EXPECT_INT(sentence, punch_channel_open(to, crypto, packet, length, &opened), PUNCH_OK)) {
        EXPECT_INT(sentence, opened.type, PUNCH_TYPE_KEEPALIVE);
        EXPECT_INT(sentence, opened.body_length, 12);
        EXPECT_BYTES(sentence, opened.body, "good morning", 12);
    }
}

void handshake_contract_agrees(const punch_crypto *crypto) {
    size_t welcome_max = 0;
    size_t hello_min = PUNCH_PACKET_MAX;
    for (uint8_t count = 0; count <= PUNCH_TOKENS_MAX; count++) {
        handshake h;
        handshake_prepare(&h, crypto, count);
        if (!handshake_run(&h)) {
            return;
        }
        punch_cookie cookie;
        punch_key ephemeral;
        EXPECT_INT("HELLO shows its cookie",
                   punch_hello_peek(h.hello_packet, h.hello_length, &cookie, &ephemeral), PUNCH_OK);
        EXPECT_BYTES("cookie", &cookie, &h.cookie, sizeof cookie);
        EXPECT_BYTES("ephemeral", &ephemeral, &h.state.ephemeral.public_key, sizeof ephemeral);
        EXPECT_BYTES("initiator", &h.hello.initiator, &h.peer.public_key, sizeof h.hello.initiator);
        EXPECT_BYTES("ephemeral as read", &h.hello.ephemeral, &ephemeral, sizeof ephemeral);
        EXPECT_INT("index", h.hello.index, PEER_INDEX);
        EXPECT_INT("echo", h.hello.registration.echo_us, h.registration.echo_us);
        EXPECT_INT("token hashes", h.hello.registration.token_hash_count, count);
        EXPECT_BYTES("token hashes", h.hello.registration.token_hashes, h.registration.token_hashes,
                     count * sizeof(punch_token_hash));

        punch_signal registered;
        punch_channel channel;
        EXPECT_INT("WELCOME is read",
                   punch_welcome_read(&h.input, &h.state, h.welcome_packet, h.welcome_length,
                                      &registered, &channel),
                   PUNCH_OK);
        EXPECT_INT("echo comes back", registered.echo_us, h.registered.echo_us);
        EXPECT_INT("stamp", registered.stamp_us, h.registered.stamp_us);
        EXPECT_INT("instance", registered.instance, h.registered.instance);
        EXPECT("address", punch_addr_equal(&registered.addr, &h.registered.addr));
        EXPECT("each direction has its own key",
               memcmp(&channel.send_key, &channel.receive_key, sizeof channel.send_key) != 0);
        expect_passes("peer to broker", crypto, &channel, &h.broker_channel);
        expect_passes("broker to peer", crypto, &h.broker_channel, &channel);
        welcome_max = h.welcome_length > welcome_max ? h.welcome_length : welcome_max;
        hello_min = h.hello_length < hello_min ? h.hello_length : hello_min;
    }
    EXPECT("no WELCOME is longer than any HELLO", welcome_max <= hello_min);
}

static void expect_hello_closed(const handshake *h, size_t length, const uint8_t *packet,
                                const char *what, size_t at) {
    uint8_t scratch[PUNCH_PACKET_MAX];
    char sentence[64];
    punch_hello hello;
    punch_hello before;
    memset(&before, 0xa5, sizeof before);
    hello = before;
    snprintf(sentence, sizeof sentence, "HELLO %s %zu", what, at);
    memcpy(scratch, packet, length);
    EXPECT(sentence, punch_hello_read(h->crypto, &h->broker, scratch, length, &hello) != PUNCH_OK);
    EXPECT_BYTES("nothing was written", &hello, &before, sizeof hello);
}

static void expect_welcome_closed(const handshake *h, size_t length, const uint8_t *packet,
                                  const char *what, size_t at) {
    uint8_t scratch[PUNCH_PACKET_MAX];
    char sentence[64];
    punch_signal registered;
    punch_channel channel;
    snprintf(sentence, sizeof sentence, "WELCOME %s %zu", what, at);
    memcpy(scratch, packet, length);
    EXPECT(sentence, punch_welcome_read(&h->input, &h->state, scratch, length, &registered,
                                        &channel) != PUNCH_OK);
}

void handshake_contract_notices_changes(const punch_crypto *crypto) {
    handshake h;
    handshake_prepare(&h, crypto, 2);
    if (!handshake_run(&h)) {
        return;
    }
    /* One bit of every byte, another one each time; the top bit of a public key among them, which
     * X25519 itself ignores. */
    for (size_t bit = 0; bit < h.hello_length * 8; bit += 7) {
        h.hello_packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
        expect_hello_closed(&h, h.hello_length, h.hello_packet, "changed at bit", bit);
        h.hello_packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t bit = 0; bit < h.welcome_length * 8; bit += 7) {
        h.welcome_packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
        expect_welcome_closed(&h, h.welcome_length, h.welcome_packet, "changed at bit", bit);
        h.welcome_packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t length = 0; length < h.hello_length; length++) {
        expect_hello_closed(&h, length, h.hello_packet, "cut to", length);
    }
    for (size_t length = 0; length < h.welcome_length; length++) {
        expect_welcome_closed(&h, length, h.welcome_packet, "cut to", length);
    }
    expect_hello_closed(&h, h.hello_length + 1, h.hello_packet, "with a byte behind", 1);
    expect_welcome_closed(&h, h.welcome_length + 1, h.welcome_packet, "with a byte behind", 1);

    handshake other;
    handshake_prepare(&other, crypto, 2);
    other.peer_seed[0] ^= 0x10; /* X25519 clamps lower bits */
    if (!handshake_run(&other)) {
        return;
    }
    expect_welcome_closed(&other, h.welcome_length, h.welcome_packet, "for another HELLO", 0);
    handshake_prepare(&other, crypto, 2);
    other.registration.echo_us++; /* all keys and secrets alike, another text */
    if (!handshake_run(&other)) {
        return;
    }
    expect_welcome_closed(&other, h.welcome_length, h.welcome_packet, "for another text", 0);
    const punch_keypair stranger = pair_of(crypto, 77);
    other.broker = stranger;
    expect_hello_closed(&other, h.hello_length, h.hello_packet, "at another broker", 0);
    h.input.identity = &stranger;
    expect_welcome_closed(&h, h.welcome_length, h.welcome_packet, "at another peer", 0);
}

/* Both ends of a call, with secrets from these seeds. */
static void session_pair(const punch_crypto *crypto, const punch_call_id ids[2],
                         punch_channel channels[2]) {
    punch_keypair identities[2];
    punch_keypair ephemerals[2];
    for (size_t i = 0; i < 2; i++) {
        identities[i] = pair_of(crypto, 20 + i);
        ephemerals[i] = pair_of(crypto, 30 + i);
    }
    for (size_t i = 0; i < 2; i++) {
        punch_key static_secret;
        EXPECT_INT("static secret",
                   crypto->dh(&identities[i].secret, &identities[1 - i].public_key, &static_secret),
                   PUNCH_OK);
        const punch_session_input input = {
            .static_secret = &static_secret,
            .ephemeral_secret = &ephemerals[i].secret,
            .ephemeral_public = &ephemerals[1 - i].public_key,
            .call_id = &ids[i],
            .role = i == 0 ? PUNCH_ROLE_CALLER : PUNCH_ROLE_CALLEE,
            .local_index = (uint32_t)(100 + i),
            .remote_index = (uint32_t)(101 - i),
        };
        EXPECT_INT("session keys", punch_session_keys(crypto, &input, &channels[i]), PUNCH_OK);
    }
}

void handshake_contract_session_agrees(const punch_crypto *crypto) {
    const punch_call_id ids[2] = {{{1, 2, 3}}, {{1, 2, 3}}};
    const punch_call_id other_ids[2] = {{{1, 2, 4}}, {{1, 2, 4}}};
    punch_channel channels[2];
    punch_channel others[2];
    session_pair(crypto, ids, channels);
    session_pair(crypto, other_ids, others);
    expect_passes("caller to callee", crypto, &channels[0], &channels[1]);
    expect_passes("callee to caller", crypto, &channels[1], &channels[0]);
    EXPECT("each direction has its own key",
           memcmp(&channels[0].send_key, &channels[0].receive_key, sizeof(punch_key)) != 0);
    EXPECT("each call has its own keys",
           memcmp(&channels[0].send_key, &others[0].send_key, sizeof(punch_key)) != 0);

    punch_key keys[3];
    const punch_key secret = {{5}};
    punch_invitation_key(crypto, &secret, PUNCH_ROLE_CALLER, &ids[0], &keys[0]);
    punch_invitation_key(crypto, &secret, PUNCH_ROLE_CALLEE, &ids[0], &keys[1]);
    punch_invitation_key(crypto, &secret, PUNCH_ROLE_CALLER, &other_ids[0], &keys[2]);
    EXPECT("each role has its own invitation key", memcmp(&keys[0], &keys[1], sizeof keys[0]) != 0);
    EXPECT("each call has its own invitation key", memcmp(&keys[0], &keys[2], sizeof keys[0]) != 0);

    const punch_key zero = {{0}};
    const punch_session_input input = {
        .static_secret = &secret,
        .ephemeral_secret = &secret,
        .ephemeral_public = &zero,
        .call_id = &ids[0],
        .role = PUNCH_ROLE_CALLER,
    };
    EXPECT_INT("an ephemeral key of low order is refused",
               punch_session_keys(crypto, &input, &channels[0]), PUNCH_ERR_CRYPTO);
}
