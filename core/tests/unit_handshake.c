/* SPDX-License-Identifier: MIT */
/*
 * Cookies, handshake, RESTARTED and session keys, with libsodium: the contract of src/handshake.h
 * and every way to fail.
 */
#include <string.h>

#include "crypto_contract.h"
#include "handshake_contract.h"
#include "punch_test.h"

static const punch_crypto *const crypto = &punch_crypto_sodium;

static void handshake_agrees(void) {
    handshake_contract_agrees(crypto);
}

static void handshake_notices_changes(void) {
    handshake_contract_notices_changes(crypto);
}

static void session_agrees(void) {
    handshake_contract_session_agrees(crypto);
}

static void cookies_travel(void) {
    uint8_t request[PUNCH_COOKIE_PACKET_BYTES + 1] = {0};
    uint8_t answer[PUNCH_COOKIE_PACKET_BYTES];
    punch_cookie sent;
    punch_cookie cookie;
    uint64_t nonce = 0;
    crypto_contract_fill(sent.bytes, sizeof sent.bytes, 1);
    const size_t request_length = punch_cookie_request_write(UINT64_C(0x0123456789abcdef), request);
    const size_t answer_length = punch_cookie_write(UINT64_C(0x0123456789abcdef), &sent, answer);
    EXPECT_INT("an answer is no longer than its request", answer_length, request_length);
    EXPECT_INT("request type", punch_packet_type(request, request_length),
               PUNCH_TYPE_COOKIE_REQUEST);
    EXPECT_INT("answer type", punch_packet_type(answer, answer_length), PUNCH_TYPE_COOKIE);

    EXPECT_INT("request", punch_cookie_read(request, request_length, &nonce, &cookie), PUNCH_OK);
    EXPECT_INT("nonce of the request", nonce, INT64_C(0x0123456789abcdef));
    EXPECT_BYTES("a request has no cookie", cookie.bytes, (uint8_t[PUNCH_COOKIE_BYTES]){0},
                 sizeof cookie.bytes);
    nonce = 0;
    EXPECT_INT("answer", punch_cookie_read(answer, answer_length, &nonce, &cookie), PUNCH_OK);
    EXPECT_INT("nonce of the answer", nonce, INT64_C(0x0123456789abcdef));
    EXPECT_BYTES("cookie", &cookie, &sent, sizeof cookie);

    for (size_t length = 0; length <= sizeof request; length++) {
        EXPECT_INT("only one length is right", punch_cookie_read(request, length, &nonce, &cookie),
                   length == PUNCH_COOKIE_PACKET_BYTES ? PUNCH_OK : PUNCH_ERR_PARSE);
    }
    request[0]++;
    EXPECT_INT("another version", punch_cookie_read(request, request_length, &nonce, &cookie),
               PUNCH_ERR_PARSE);
    answer[1] = PUNCH_TYPE_HELLO;
    EXPECT_INT("another type", punch_cookie_read(answer, answer_length, &nonce, &cookie),
               PUNCH_ERR_PARSE);
}

static void cookies_belong_to_an_address(void) {
    punch_key secret = {{1}};
    const punch_addr addr = punch_addr_ipv4(0xcb007109, 40000);
    const punch_cookie base = punch_cookie_of(crypto, &secret, &addr, 7);
    const punch_cookie again = punch_cookie_of(crypto, &secret, &addr, 7);
    EXPECT_BYTES("stateless", &again, &base, sizeof base);
    punch_addr others[4] = {addr, addr, addr, addr};
    others[0].port++;
    others[1].ip[3]++;
    others[2].family = PUNCH_FAMILY_IPV6;
    others[3].ip[15]++;
    for (size_t i = 0; i < 4; i++) {
        const punch_cookie cookie = punch_cookie_of(crypto, &secret, &others[i], 7);
        EXPECT("another address, another cookie", memcmp(&cookie, &base, sizeof base) != 0);
    }
    const punch_cookie later = punch_cookie_of(crypto, &secret, &addr, 8);
    EXPECT("another epoch, another cookie", memcmp(&later, &base, sizeof base) != 0);
    secret.bytes[31] ^= 1;
    const punch_cookie foreign = punch_cookie_of(crypto, &secret, &addr, 7);
    EXPECT("another secret, another cookie", memcmp(&foreign, &base, sizeof base) != 0);
}

static void restarted_travels(void) {
    const punch_restarted sent = {0x01020304, 0x05060708, UINT64_C(0x090a0b0c0d0e0f10)};
    punch_restarted got = {0};
    uint8_t packet[PUNCH_RESTARTED_BYTES + 1] = {0};
    const size_t length = punch_restarted_write(&sent, packet);
    EXPECT("never longer than the shortest sealed packet",
           length <= PUNCH_CHANNEL_HEADER_BYTES + PUNCH_TAG_BYTES);
    EXPECT_BYTES("layout", packet + 2, "\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10", 16);
    EXPECT_INT("read", punch_restarted_read(packet, length, &got), PUNCH_OK);
    EXPECT_INT("index", got.index, sent.index);
    EXPECT_INT("sequence", got.sequence, sent.sequence);
    EXPECT_INT("instance", got.instance, sent.instance);
    for (size_t i = 0; i <= sizeof packet; i++) {
        EXPECT_INT("only one length is right", punch_restarted_read(packet, i, &got),
                   i == length ? PUNCH_OK : PUNCH_ERR_PARSE);
    }
    packet[1]++;
    EXPECT_INT("another type", punch_restarted_read(packet, length, &got), PUNCH_ERR_PARSE);
    packet[1]--;
    packet[0]++;
    EXPECT_INT("another version", punch_restarted_read(packet, length, &got), PUNCH_ERR_PARSE);
}

static void hello_is_recognised_before_any_work(void) {
    handshake h;
    punch_cookie cookie;
    punch_key ephemeral;
    handshake_prepare(&h, crypto, 0);
    if (!handshake_run(&h)) {
        return;
    }
    EXPECT_INT("the shortest HELLO",
               punch_hello_peek(h.hello_packet, h.hello_length, &cookie, &ephemeral), PUNCH_OK);
    EXPECT_INT("a byte less",
               punch_hello_peek(h.hello_packet, h.hello_length - 1, &cookie, &ephemeral),
               PUNCH_ERR_PARSE);
    EXPECT_INT("too long",
               punch_hello_peek(h.hello_packet, PUNCH_PACKET_MAX + 1, &cookie, &ephemeral),
               PUNCH_ERR_PARSE);
    EXPECT_INT("nothing", punch_hello_peek(h.hello_packet, 0, &cookie, &ephemeral),
               PUNCH_ERR_PARSE);
    h.hello_packet[1] = PUNCH_TYPE_WELCOME;
    EXPECT_INT("another type",
               punch_hello_peek(h.hello_packet, h.hello_length, &cookie, &ephemeral),
               PUNCH_ERR_PARSE);
    EXPECT_INT("another type, read",
               punch_hello_read(crypto, &h.broker, h.hello_packet, h.hello_length, &h.hello),
               PUNCH_ERR_PARSE);
}

static void bad_keys_and_bodies_are_refused(void) {
    const punch_key zero = {{0}};
    handshake h;
    size_t length = 0;
    punch_channel channel;
    handshake_prepare(&h, crypto, 0);
    h.input.broker = &zero;
    EXPECT_INT(
        "the broker's key is of low order",
        punch_hello_write(&h.input, &h.cookie, &h.registration, &h.state, h.hello_packet, &length),
        PUNCH_ERR_CRYPTO);
    handshake_prepare(&h, crypto, PUNCH_TOKENS_MAX);
    h.registration.token_hash_count++;
    EXPECT_INT(
        "too many tokens",
        punch_hello_write(&h.input, &h.cookie, &h.registration, &h.state, h.hello_packet, &length),
        PUNCH_ERR_ARGUMENT);

    handshake_prepare(&h, crypto, 0);
    h.peer.public_key = zero;
    EXPECT_INT(
        "a HELLO with a static key of low order is written",
        punch_hello_write(&h.input, &h.cookie, &h.registration, &h.state, h.hello_packet, &length),
        PUNCH_OK);
    EXPECT_INT("and refused", punch_hello_read(crypto, &h.broker, h.hello_packet, length, &h.hello),
               PUNCH_ERR_CRYPTO);

    handshake_prepare(&h, crypto, 0);
    if (!handshake_run(&h)) {
        return;
    }
    uint8_t packet[PUNCH_PACKET_MAX];
    memcpy(packet, h.hello_packet, h.hello_length);
    memset(packet + 22, 0, PUNCH_KEY_BYTES);
    EXPECT_INT("HELLO's ephemeral key is of low order",
               punch_hello_read(crypto, &h.broker, packet, h.hello_length, &h.hello),
               PUNCH_ERR_CRYPTO);
    memcpy(packet, h.welcome_packet, h.welcome_length);
    memset(packet + 10, 0, PUNCH_KEY_BYTES);
    EXPECT_INT(
        "WELCOME's ephemeral key is of low order",
        punch_welcome_read(&h.input, &h.state, packet, h.welcome_length, &h.registered, &channel),
        PUNCH_ERR_CRYPTO);
    h.input.index++;
    EXPECT_INT("WELCOME is for another index",
               punch_welcome_read(&h.input, &h.state, h.welcome_packet, h.welcome_length,
                                  &h.registered, &channel),
               PUNCH_ERR_STATE);
    const punch_welcome_input answer_input = {crypto, &h.hello, h.broker_seed, 1, &h.registered};
    h.registered.addr.family = PUNCH_FAMILY_NONE;
    EXPECT_INT("an answer without an address",
               punch_welcome_write(&answer_input, h.welcome_packet, &length, &channel),
               PUNCH_ERR_ARGUMENT);
    h.hello.ephemeral = zero;
    EXPECT_INT("no answer to an ephemeral key of low order",
               punch_welcome_write(&answer_input, h.welcome_packet, &length, &channel),
               PUNCH_ERR_CRYPTO);
}

/* Seals as libsodium does, but first spoils a body: a counterparty that holds the right keys and
 * writes nonsense. Registration bodies get a count beyond all bounds, answers an unknown family. */
static void spoiling_seal(const punch_sealed *packet) {
    enum { REGISTER_COUNT_AT = 8, REGISTERED_FAMILY_AT = 24 };
    const bool is_answer = packet->body_length > PUNCH_KEY_BYTES;
    const bool is_registration = packet->body_length < PUNCH_KEY_BYTES;
    if (is_answer) {
        packet->body[REGISTERED_FAMILY_AT] = 5;
    } else if (is_registration) {
        packet->body[REGISTER_COUNT_AT] = PUNCH_TOKENS_MAX + 1;
    }
    punch_crypto_sodium.seal(packet);
}

static void authentic_nonsense_is_refused(void) {
    punch_crypto spoiling = punch_crypto_sodium;
    spoiling.seal = spoiling_seal;
    handshake h;
    size_t length = 0;
    punch_channel channel;
    punch_signal registered;
    handshake_prepare(&h, crypto, 0);
    h.input.crypto = &spoiling;
    EXPECT_INT(
        "HELLO",
        punch_hello_write(&h.input, &h.cookie, &h.registration, &h.state, h.hello_packet, &length),
        PUNCH_OK);
    EXPECT_INT("a registration that does not parse",
               punch_hello_read(crypto, &h.broker, h.hello_packet, length, &h.hello),
               PUNCH_ERR_PARSE);
    handshake_prepare(&h, crypto, 0);
    if (!handshake_run(&h)) {
        return;
    }
    const punch_welcome_input answer_input = {&spoiling, &h.hello, h.broker_seed, 1, &h.registered};
    EXPECT_INT("WELCOME", punch_welcome_write(&answer_input, h.welcome_packet, &length, &channel),
               PUNCH_OK);
    EXPECT_INT(
        "an answer that does not parse",
        punch_welcome_read(&h.input, &h.state, h.welcome_packet, length, &registered, &channel),
        PUNCH_ERR_PARSE);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"a handshake agrees", handshake_agrees},
        {"a handshake notices changes", handshake_notices_changes},
        {"a session agrees", session_agrees},
        {"cookies travel", cookies_travel},
        {"cookies belong to an address and an epoch", cookies_belong_to_an_address},
        {"RESTARTED travels", restarted_travels},
        {"HELLO is recognised before any work", hello_is_recognised_before_any_work},
        {"bad keys and bodies are refused", bad_keys_and_bodies_are_refused},
        {"authentic nonsense is refused", authentic_nonsense_is_refused},
    };
    if (punch_crypto_sodium_init() != PUNCH_OK) {
        return 1;
    }
    return PUNCH_TEST_MAIN("handshake", cases);
}
