/* SPDX-License-Identifier: MIT */
/*
 * Bodies of sealed packets: layouts byte by byte, limits, extensions, random round trips, every
 * possible truncation, type names. Decoders read from exact-size heap copies, so that a sanitizer
 * sees the first byte past the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "crypto_contract.h"
#include "punch/rng.h"
#include "punch_test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const uint8_t signal_types[] = {
    PUNCH_TYPE_REGISTER, PUNCH_TYPE_REGISTERED, PUNCH_TYPE_CALL,   PUNCH_TYPE_CALLING,
    PUNCH_TYPE_RING,     PUNCH_TYPE_ACCEPT,     PUNCH_TYPE_REFUSE, PUNCH_TYPE_REFUSED,
    PUNCH_TYPE_GO,       PUNCH_TYPE_GO_ACK,     PUNCH_TYPE_PROBE,  PUNCH_TYPE_PROBED,
    PUNCH_TYPE_ECHO,     PUNCH_TYPE_ECHOING,    PUNCH_TYPE_ECHOED,
};
static const uint8_t path_types[] = {
    PUNCH_TYPE_INTRO,        PUNCH_TYPE_INTRO_ACK, PUNCH_TYPE_KEEPALIVE,   PUNCH_TYPE_ARE_YOU_THERE,
    PUNCH_TYPE_HERE,         PUNCH_TYPE_MESSAGE,   PUNCH_TYPE_MESSAGE_ACK, PUNCH_TYPE_RENEGOTIATE,
    PUNCH_TYPE_RENEGOTIATED, PUNCH_TYPE_BYE,
};

/* --- random structs --- */

static punch_addr random_addr(punch_rng *rng) {
    punch_addr addr = punch_addr_ipv4((uint32_t)punch_rng_u64(rng), (uint16_t)punch_rng_u64(rng));
    if (punch_rng_below(rng, 2) == 0) {
        addr.family = PUNCH_FAMILY_IPV6;
        crypto_contract_fill(addr.ip, sizeof addr.ip, punch_rng_u64(rng));
    }
    return addr;
}

/* Every field is set, those the type lacks too. blob must have room for PUNCH_BLOB_MAX. */
static punch_signal random_signal(punch_rng *rng, uint8_t *blob) {
    punch_signal signal;
    memset(&signal, 0, sizeof signal);
    crypto_contract_fill(signal.call_id.bytes, sizeof signal.call_id.bytes, punch_rng_u64(rng));
    crypto_contract_fill(signal.token.bytes, sizeof signal.token.bytes, punch_rng_u64(rng));
    crypto_contract_fill(signal.key.bytes, sizeof signal.key.bytes, punch_rng_u64(rng));
    crypto_contract_fill(signal.cookie.bytes, sizeof signal.cookie.bytes, punch_rng_u64(rng));
    crypto_contract_fill(blob, PUNCH_BLOB_MAX, punch_rng_u64(rng));
    signal.addr = random_addr(rng);
    signal.echo_us = punch_rng_u64(rng);
    signal.stamp_us = punch_rng_u64(rng);
    signal.instance = punch_rng_u64(rng);
    signal.rtt_us = (uint32_t)punch_rng_u64(rng);
    signal.rtt_other_us = (uint32_t)punch_rng_u64(rng);
    signal.reason = (uint8_t)punch_rng_u64(rng);
    signal.blob = blob;
    signal.blob_length = (uint16_t)punch_rng_below(rng, PUNCH_BLOB_MAX + 1);
    signal.token_hash_count = (uint8_t)punch_rng_below(rng, PUNCH_TOKENS_MAX + 1);
    for (size_t i = 0; i < signal.token_hash_count; i++) {
        crypto_contract_fill(signal.token_hashes[i].bytes, PUNCH_TOKEN_HASH_BYTES,
                             punch_rng_u64(rng));
    }
    return signal;
}

/* payload must have room for PUNCH_MESSAGE_MAX. */
static punch_path_body random_path(punch_rng *rng, uint8_t *payload) {
    punch_path_body path;
    memset(&path, 0, sizeof path);
    path.highest = (uint32_t)punch_rng_u64(rng);
    path.bitmap = (uint32_t)punch_rng_u64(rng);
    path.nonce = punch_rng_u64(rng);
    path.number = (uint32_t)punch_rng_u64(rng);
    crypto_contract_fill(path.choice.bytes, sizeof path.choice.bytes, punch_rng_u64(rng));
    crypto_contract_fill(payload, PUNCH_MESSAGE_MAX, punch_rng_u64(rng));
    path.payload = payload;
    path.payload_length = (uint16_t)(1 + punch_rng_below(rng, PUNCH_MESSAGE_MAX));
    path.offer_count = (uint8_t)punch_rng_below(rng, PUNCH_OFFERS_MAX + 1);
    for (size_t i = 0; i < path.offer_count; i++) {
        crypto_contract_fill(path.offers[i].bytes, sizeof path.offers[i].bytes, punch_rng_u64(rng));
    }
    return path;
}

/* --- decoding from exact-size memory --- */

static punch_err decode_signal(uint8_t type, const uint8_t *body, size_t length, uint8_t **copy_out,
                               punch_signal *signal) {
    *copy_out = malloc(length > 0 ? length : 1);
    if (*copy_out == NULL) {
        return PUNCH_ERR_CAPACITY;
    }
    memcpy(*copy_out, body, length);
    return punch_signal_decode(type, *copy_out, length, signal);
}

static punch_err decode_path(uint8_t type, const uint8_t *body, size_t length, uint8_t **copy_out,
                             punch_path_body *path) {
    *copy_out = malloc(length > 0 ? length : 1);
    if (*copy_out == NULL) {
        return PUNCH_ERR_CAPACITY;
    }
    memcpy(*copy_out, body, length);
    return punch_path_decode(type, *copy_out, length, path);
}

/* --- layouts --- */

#define ID "\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
#define ADDR "\x04\x9c\x40\xcb\x00\x71\x09\0\0\0\0\0\0\0\0\0\0\0\0" /* 203.0.113.9:40000 */

#define ZEROS_10 "\0\0\0\0\0\0\0\0\0\0"
#define ZEROS_43 ZEROS_10 ZEROS_10 ZEROS_10 ZEROS_10 "\0\0\0"

static void signals_have_their_layout(void) {
    static const struct {
        uint8_t type;
        const char *body;
        size_t length;
    } rows[] = {
        {PUNCH_TYPE_REGISTER, "\0\0\0\0\0\0\1\2\1" ID, 8 + 1 + 16},
        {PUNCH_TYPE_REGISTERED,
         "\0\0\0\0\0\0\1\2"
         "\0\0\0\0\0\0\3\4"
         "\0\0\0\0\0\0\5\6" ADDR,
         24 + 19},
        {PUNCH_TYPE_CALL, ID ID ID ID "\0\1\2\3\0\3xyz", 64 + 4 + 2 + 3},
        {PUNCH_TYPE_CALLING, ID, 16},
        {PUNCH_TYPE_RING, ID ID ID "\0\3xyz", 48 + 2 + 3},
        {PUNCH_TYPE_ACCEPT, ID "\0\1\2\3\0\3xyz", 16 + 4 + 2 + 3},
        {PUNCH_TYPE_REFUSE, ID, 16},
        {PUNCH_TYPE_REFUSED, ID "\x2a", 16 + 1},
        {PUNCH_TYPE_GO, ID "\0\0\0\0\0\0\3\4\0\1\2\3\4\5\6\7" ADDR "\0\3xyz", 16 + 16 + 19 + 2 + 3},
        {PUNCH_TYPE_GO_ACK, ID, 16},
        {PUNCH_TYPE_PROBE, "\0\0\0\0\0\0\1\2" ZEROS_43, 8 + 43},
        {PUNCH_TYPE_PROBED, "\0\0\0\0\0\0\1\2\0\0\0\0\0\0\3\4" ADDR ID, 8 + 8 + 19 + 16},
        {PUNCH_TYPE_ECHO, "\0\0\0\0\0\0\1\2\0\0\0\0\0\0\3\4" ADDR ID, 8 + 8 + 19 + 16},
        {PUNCH_TYPE_ECHOING, "\0\0\0\0\0\0\1\2\x2a", 8 + 1},
        {PUNCH_TYPE_ECHOED, "\0\0\0\0\0\0\1\2", 8},
    };
    punch_signal signal = {
        .addr = punch_addr_ipv4(0xcb007109, 40000),
        .echo_us = 0x0102,
        .stamp_us = 0x0304,
        .instance = 0x0506,
        .rtt_us = 0x00010203,
        .rtt_other_us = 0x04050607,
        .reason = 0x2a,
        .token_hash_count = 1,
        .blob_length = 3,
        .blob = (const uint8_t *)"xyz",
    };
    memcpy(signal.call_id.bytes, ID, 16);
    memcpy(signal.token.bytes, ID, 16);
    memcpy(signal.cookie.bytes, ID, 16);
    memcpy(signal.key.bytes, ID ID, 32);
    memcpy(signal.token_hashes[0].bytes, ID, 16);
    EXPECT_INT("every type is in the table", COUNT(rows), COUNT(signal_types));
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *name = punch_type_name(rows[i].type);
        uint8_t body[PUNCH_PACKET_MAX];
        size_t length = 0;
        EXPECT_INT(name, punch_signal_encode(rows[i].type, &signal, body, sizeof body, &length),
                   PUNCH_OK);
        if (EXPECT_INT(name, length, rows[i].length)) {
            EXPECT_BYTES(name, body, rows[i].body, length);
        }
    }
}

static void paths_have_their_layout(void) {
    static const struct {
        uint8_t type;
        const char *body;
        size_t length;
    } rows[] = {
        {PUNCH_TYPE_INTRO, "\0\0\0\x09\x80\0\0\1\0\0\0\0\0\0\1\2" ID, 8 + 8 + 16},
        {PUNCH_TYPE_INTRO_ACK, "\0\0\0\x09\x80\0\0\1\0\0\0\0\0\0\1\2", 8 + 8},
        {PUNCH_TYPE_KEEPALIVE, "\0\0\0\x09\x80\0\0\1", 8},
        {PUNCH_TYPE_ARE_YOU_THERE, "\0\0\0\x09\x80\0\0\1\0\0\0\0\0\0\1\2", 8 + 8},
        {PUNCH_TYPE_HERE, "\0\0\0\x09\x80\0\0\1\0\0\0\0\0\0\1\2", 8 + 8},
        {PUNCH_TYPE_MESSAGE, "\0\0\0\x09\x80\0\0\1\0\0\3\4\0\2hi", 8 + 4 + 2 + 2},
        {PUNCH_TYPE_MESSAGE_ACK, "\0\0\0\x09\x80\0\0\1\0\0\3\4", 8 + 4},
        {PUNCH_TYPE_RENEGOTIATE, "\0\0\0\x09\x80\0\0\1\0\0\3\4" ID "\1" ID, 8 + 4 + 16 + 1 + 16},
        {PUNCH_TYPE_RENEGOTIATED, "\0\0\0\x09\x80\0\0\1\0\0\3\4" ID "\1" ID, 8 + 4 + 16 + 1 + 16},
        {PUNCH_TYPE_BYE, "\0\0\0\x09\x80\0\0\1", 8},
    };
    punch_path_body path = {
        .highest = 9,
        .bitmap = 0x80000001,
        .nonce = 0x0102,
        .number = 0x0304,
        .payload_length = 2,
        .payload = (const uint8_t *)"hi",
        .offer_count = 1,
    };
    memcpy(path.choice.bytes, ID, 16);
    memcpy(path.offers[0].bytes, ID, 16);
    EXPECT_INT("every type is in the table", COUNT(rows), COUNT(path_types));
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *name = punch_type_name(rows[i].type);
        uint8_t body[PUNCH_PACKET_MAX];
        size_t length = 0;
        EXPECT_INT(name, punch_path_encode(rows[i].type, &path, body, sizeof body, &length),
                   PUNCH_OK);
        if (EXPECT_INT(name, length, rows[i].length)) {
            EXPECT_BYTES(name, body, rows[i].body, length);
        }
    }
}

/* --- round trips and truncation --- */

/* Encodes again what was decoded: equal bytes mean equal fields, of those the type has. */
static void expect_signal_comes_back(uint8_t type, const uint8_t *body, size_t length) {
    uint8_t *copy = NULL;
    uint8_t again[PUNCH_PACKET_MAX];
    size_t again_length = 0;
    punch_signal decoded;
    memset(&decoded, 0xa5, sizeof decoded); /* nothing left over may be read */
    const char *name = punch_type_name(type);
    if (EXPECT_INT(name, decode_signal(type, body, length, &copy, &decoded), PUNCH_OK)) {
        EXPECT_INT(name, punch_signal_encode(type, &decoded, again, sizeof again, &again_length),
                   PUNCH_OK);
        EXPECT_INT(name, again_length, length);
        EXPECT_BYTES(name, again, body, length);
    }
    free(copy);
}

static void expect_path_comes_back(uint8_t type, const uint8_t *body, size_t length) {
    uint8_t *copy = NULL;
    uint8_t again[PUNCH_PACKET_MAX];
    size_t again_length = 0;
    punch_path_body decoded;
    memset(&decoded, 0xa5, sizeof decoded);
    const char *name = punch_type_name(type);
    if (EXPECT_INT(name, decode_path(type, body, length, &copy, &decoded), PUNCH_OK)) {
        EXPECT_INT(name, punch_path_encode(type, &decoded, again, sizeof again, &again_length),
                   PUNCH_OK);
        EXPECT_INT(name, again_length, length);
        EXPECT_BYTES(name, again, body, length);
    }
    free(copy);
}

static void random_bodies_come_back(void) {
    punch_rng rng = punch_rng_stream(1, 2, 3);
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < COUNT(signal_types); i++) {
            uint8_t blob[PUNCH_BLOB_MAX];
            uint8_t body[PUNCH_PACKET_MAX];
            size_t length = 0;
            const punch_signal signal = random_signal(&rng, blob);
            if (EXPECT_INT(
                    "encoded",
                    punch_signal_encode(signal_types[i], &signal, body, sizeof body, &length),
                    PUNCH_OK)) {
                expect_signal_comes_back(signal_types[i], body, length);
            }
        }
        for (size_t i = 0; i < COUNT(path_types); i++) {
            uint8_t payload[PUNCH_MESSAGE_MAX];
            uint8_t body[PUNCH_PACKET_MAX];
            size_t length = 0;
            const punch_path_body path = random_path(&rng, payload);
            if (EXPECT_INT("encoded",
                           punch_path_encode(path_types[i], &path, body, sizeof body, &length),
                           PUNCH_OK)) {
                expect_path_comes_back(path_types[i], body, length);
            }
        }
    }
}

static void decoded_fields_are_those_encoded(void) {
    punch_rng rng = punch_rng_stream(4, 5, 6);
    uint8_t blob[PUNCH_BLOB_MAX];
    uint8_t body[PUNCH_PACKET_MAX];
    uint8_t payload[PUNCH_MESSAGE_MAX];
    size_t length = 0;
    punch_signal signal = random_signal(&rng, blob);
    punch_signal got;
    EXPECT_INT("GO", punch_signal_encode(PUNCH_TYPE_GO, &signal, body, sizeof body, &length),
               PUNCH_OK);
    EXPECT_INT("GO", punch_signal_decode(PUNCH_TYPE_GO, body, length, &got), PUNCH_OK);
    EXPECT_BYTES("call id", &got.call_id, &signal.call_id, sizeof got.call_id);
    EXPECT_BYTES("address", &got.addr, &signal.addr, sizeof got.addr);
    EXPECT_INT("stamp", got.stamp_us, signal.stamp_us);
    EXPECT_INT("rtt", got.rtt_us, signal.rtt_us);
    EXPECT_INT("the other's rtt", got.rtt_other_us, signal.rtt_other_us);
    EXPECT_INT("blob length", got.blob_length, signal.blob_length);
    EXPECT_BYTES("blob", got.blob, blob, signal.blob_length);
    EXPECT_INT("a field GO lacks is zero: echo", got.echo_us, 0);
    EXPECT_INT("a field GO lacks is zero: token hashes", got.token_hash_count, 0);

    const punch_path_body path = random_path(&rng, payload);
    punch_path_body path_got;
    EXPECT_INT("MESSAGE", punch_path_encode(PUNCH_TYPE_MESSAGE, &path, body, sizeof body, &length),
               PUNCH_OK);
    EXPECT_INT("MESSAGE", punch_path_decode(PUNCH_TYPE_MESSAGE, body, length, &path_got), PUNCH_OK);
    EXPECT_INT("highest", path_got.highest, path.highest);
    EXPECT_INT("bitmap", path_got.bitmap, path.bitmap);
    EXPECT_INT("number", path_got.number, path.number);
    EXPECT_INT("payload length", path_got.payload_length, path.payload_length);
    EXPECT_BYTES("payload", path_got.payload, payload, path.payload_length);
    EXPECT_INT("a field MESSAGE lacks is zero: nonce", path_got.nonce, 0);
    EXPECT_INT("a field MESSAGE lacks is zero: offers", path_got.offer_count, 0);
}

/* No truncation of any body is a body: every field has a fixed or announced length. */
static void truncated_bodies_do_not_parse(void) {
    punch_rng rng = punch_rng_stream(7, 8, 9);
    for (size_t i = 0; i < COUNT(signal_types) + COUNT(path_types); i++) {
        const bool is_signal = i < COUNT(signal_types);
        const uint8_t type = is_signal ? signal_types[i] : path_types[i - COUNT(signal_types)];
        uint8_t borrowed[PUNCH_MESSAGE_MAX];
        uint8_t body[PUNCH_PACKET_MAX];
        size_t full = 0;
        const punch_signal signal = random_signal(&rng, borrowed);
        EXPECT_INT("encoded",
                   is_signal ? punch_signal_encode(type, &signal, body, sizeof body, &full)
                             : PUNCH_OK,
                   PUNCH_OK);
        const punch_path_body path = random_path(&rng, borrowed);
        if (!is_signal) {
            EXPECT_INT("encoded", punch_path_encode(type, &path, body, sizeof body, &full),
                       PUNCH_OK);
        }
        for (size_t length = 0; length < full; length++) {
            uint8_t *copy = NULL;
            punch_signal signal_out;
            punch_path_body path_out;
            punch_signal signal_before;
            punch_path_body path_before;
            memset(&signal_before, 0xa5, sizeof signal_before);
            memset(&path_before, 0xa5, sizeof path_before);
            signal_out = signal_before;
            path_out = path_before;
            EXPECT_INT(punch_type_name(type),
                       is_signal ? decode_signal(type, body, length, &copy, &signal_out)
                                 : decode_path(type, body, length, &copy, &path_out),
                       PUNCH_ERR_PARSE);
            EXPECT_BYTES("untouched on error", &signal_out, &signal_before, sizeof signal_out);
            EXPECT_BYTES("untouched on error", &path_out, &path_before, sizeof path_out);
            free(copy);
        }
        for (size_t cap = 0; cap < full; cap++) {
            uint8_t small[PUNCH_PACKET_MAX];
            size_t length = 12345;
            EXPECT_INT("does not fit",
                       is_signal ? punch_signal_encode(type, &signal, small, cap, &length)
                                 : punch_path_encode(type, &path, small, cap, &length),
                       PUNCH_ERR_CAPACITY);
            EXPECT_INT("untouched on error", length, 12345);
        }
    }
}

/* --- limits --- */

static void other_families_are_refused(void) {
    punch_signal signal;
    punch_path_body path;
    memset(&signal, 0, sizeof signal);
    memset(&path, 0, sizeof path);
    signal.addr = punch_addr_ipv4(1, 1);
    path.payload = (const uint8_t *)"x";
    path.payload_length = 1;
    for (int type = 0; type <= UINT8_MAX; type++) {
        uint8_t body[PUNCH_PACKET_MAX] = {0};
        size_t length = 0;
        const bool is_signal = memchr(signal_types, type, sizeof signal_types) != NULL;
        const bool is_path = memchr(path_types, type, sizeof path_types) != NULL;
        char sentence[32];
        snprintf(sentence, sizeof sentence, "type %d", type);
        EXPECT_INT(sentence,
                   punch_signal_encode((uint8_t)type, &signal, body, sizeof body, &length),
                   is_signal ? PUNCH_OK : PUNCH_ERR_ARGUMENT);
        EXPECT_INT(sentence, punch_path_encode((uint8_t)type, &path, body, sizeof body, &length),
                   is_path ? PUNCH_OK : PUNCH_ERR_ARGUMENT);
        EXPECT_INT(sentence,
                   punch_signal_decode((uint8_t)type, body, 0, &signal) == PUNCH_ERR_ARGUMENT,
                   !is_signal);
        EXPECT_INT(sentence, punch_path_decode((uint8_t)type, body, 0, &path) == PUNCH_ERR_ARGUMENT,
                   !is_path);
        EXPECT_INT(sentence, strcmp(punch_type_name((uint8_t)type), "unknown") != 0,
                   is_signal || is_path ||
                       (type >= PUNCH_TYPE_COOKIE_REQUEST && type <= PUNCH_TYPE_RESTARTED));
    }
}

static void signal_encoder_keeps_limits(void) {
    uint8_t big[PUNCH_PACKET_MAX] = {0};
    uint8_t body[PUNCH_PACKET_MAX];
    size_t length = 0;
    const punch_addr good = punch_addr_ipv4(0xcb007109, 1);
    punch_addr no_family = good;
    no_family.family = PUNCH_FAMILY_NONE;
    punch_addr dirty = good;
    dirty.ip[4] = 1;
    const struct {
        const char *sentence;
        uint8_t type;
        punch_signal signal;
        punch_err expected;
    } signals[] = {
        {"most tokens", PUNCH_TYPE_REGISTER, {.token_hash_count = PUNCH_TOKENS_MAX}, PUNCH_OK},
        {"a token too many",
         PUNCH_TYPE_REGISTER,
         {.token_hash_count = PUNCH_TOKENS_MAX + 1},
         PUNCH_ERR_ARGUMENT},
        {"largest blob", PUNCH_TYPE_RING, {.blob = big, .blob_length = PUNCH_BLOB_MAX}, PUNCH_OK},
        {"blob too large",
         PUNCH_TYPE_RING,
         {.blob = big, .blob_length = PUNCH_BLOB_MAX + 1},
         PUNCH_ERR_ARGUMENT},
        {"empty blob", PUNCH_TYPE_RING, {.blob = NULL, .blob_length = 0}, PUNCH_OK},
        {"blob without bytes", PUNCH_TYPE_RING, {.blob_length = 1}, PUNCH_ERR_ARGUMENT},
        {"address", PUNCH_TYPE_REGISTERED, {.addr = good}, PUNCH_OK},
        {"no address", PUNCH_TYPE_REGISTERED, {.addr = no_family}, PUNCH_ERR_ARGUMENT},
        {"spare bytes", PUNCH_TYPE_REGISTERED, {.addr = dirty}, PUNCH_ERR_ARGUMENT},
        {"limits of fields the type lacks do not matter",
         PUNCH_TYPE_GO_ACK,
         {.blob_length = 9999, .token_hash_count = 99},
         PUNCH_OK},
    };
    for (size_t i = 0; i < COUNT(signals); i++) {
        EXPECT_INT(
            signals[i].sentence,
            punch_signal_encode(signals[i].type, &signals[i].signal, body, sizeof body, &length),
            signals[i].expected);
    }
}

static void path_encoder_keeps_limits(void) {
    uint8_t big[PUNCH_PACKET_MAX] = {0};
    uint8_t body[PUNCH_PACKET_MAX];
    size_t length = 0;
    const struct {
        const char *sentence;
        uint8_t type;
        punch_path_body path;
        punch_err expected;
    } paths[] = {
        {"largest message",
         PUNCH_TYPE_MESSAGE,
         {.payload = big, .payload_length = PUNCH_MESSAGE_MAX},
         PUNCH_OK},
        {"message too large",
         PUNCH_TYPE_MESSAGE,
         {.payload = big, .payload_length = PUNCH_MESSAGE_MAX + 1},
         PUNCH_ERR_ARGUMENT},
        {"empty message",
         PUNCH_TYPE_MESSAGE,
         {.payload = big, .payload_length = 0},
         PUNCH_ERR_ARGUMENT},
        {"message without bytes", PUNCH_TYPE_MESSAGE, {.payload_length = 1}, PUNCH_ERR_ARGUMENT},
        {"most offers", PUNCH_TYPE_RENEGOTIATE, {.offer_count = PUNCH_OFFERS_MAX}, PUNCH_OK},
        {"an offer too many",
         PUNCH_TYPE_RENEGOTIATE,
         {.offer_count = PUNCH_OFFERS_MAX + 1},
         PUNCH_ERR_ARGUMENT},
    };
    for (size_t i = 0; i < COUNT(paths); i++) {
        EXPECT_INT(paths[i].sentence,
                   punch_path_encode(paths[i].type, &paths[i].path, body, sizeof body, &length),
                   paths[i].expected);
    }
}

/* A body with one byte set to a bad value where the limit is read. */
static void decoders_keep_limits(void) {
    static const struct {
        const char *sentence;
        uint8_t type;
        size_t length;
        size_t at;
        uint8_t value;
        punch_err expected;
    } rows[] = {
        {"no tokens", PUNCH_TYPE_REGISTER, 9, 8, 0, PUNCH_OK},
        {"most tokens", PUNCH_TYPE_REGISTER, 9 + 8 * 16, 8, PUNCH_TOKENS_MAX, PUNCH_OK},
        {"a token too many", PUNCH_TYPE_REGISTER, 9 + 9 * 16, 8, 9, PUNCH_ERR_PARSE},
        {"255 tokens", PUNCH_TYPE_REGISTER, 1150, 8, 255, PUNCH_ERR_PARSE},
        {"IPv4", PUNCH_TYPE_REGISTERED, 43, 24, 4, PUNCH_OK},
        {"IPv6", PUNCH_TYPE_REGISTERED, 43, 24, 6, PUNCH_OK},
        {"family none", PUNCH_TYPE_REGISTERED, 43, 24, 0, PUNCH_ERR_PARSE},
        {"family 5", PUNCH_TYPE_REGISTERED, 43, 24, 5, PUNCH_ERR_PARSE},
        {"family 255", PUNCH_TYPE_REGISTERED, 43, 24, 255, PUNCH_ERR_PARSE},
        {"blob of 64 of 320 bytes", PUNCH_TYPE_ACCEPT, 22 + 64, 21, 64, PUNCH_OK},
        {"blob of 320 bytes", PUNCH_TYPE_ACCEPT, 22 + 256, 20, 1, PUNCH_OK},
        {"blob beyond its maximum", PUNCH_TYPE_ACCEPT, 22 + 512, 20, 2, PUNCH_ERR_PARSE},
        {"any reason", PUNCH_TYPE_REFUSED, 17, 16, 255, PUNCH_OK},
        {"empty message", PUNCH_TYPE_MESSAGE, 14, 13, 0, PUNCH_ERR_PARSE},
        {"shortest message", PUNCH_TYPE_MESSAGE, 15, 13, 1, PUNCH_OK},
        {"largest message", PUNCH_TYPE_MESSAGE, 14 + 1024, 12, 4, PUNCH_OK},
        {"message beyond its maximum", PUNCH_TYPE_MESSAGE, 14 + 1280, 12, 5, PUNCH_ERR_PARSE},
        {"most offers", PUNCH_TYPE_RENEGOTIATE, 29 + 8 * 16, 28, PUNCH_OFFERS_MAX, PUNCH_OK},
        {"an offer too many is left out", PUNCH_TYPE_RENEGOTIATE, 29 + 9 * 16, 28, 9, PUNCH_OK},
        {"thirty offers", PUNCH_TYPE_RENEGOTIATE, 29 + 30 * 16, 28, 30, PUNCH_OK},
        {"more offers than there are", PUNCH_TYPE_RENEGOTIATE, 29 + 8 * 16, 28, 9, PUNCH_ERR_PARSE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t body[PUNCH_PACKET_MAX + 200] = {0};
        uint8_t *copy = NULL;
        punch_signal signal;
        punch_path_body path;
        body[rows[i].at] = rows[i].value;
        EXPECT_INT(rows[i].sentence,
                   rows[i].type < PUNCH_TYPE_INTRO
                       ? decode_signal(rows[i].type, body, rows[i].length, &copy, &signal)
                       : decode_path(rows[i].type, body, rows[i].length, &copy, &path),
                   rows[i].expected);
        free(copy);
    }
    uint8_t body[43] = {[24] = PUNCH_FAMILY_IPV4};
    punch_signal signal;
    for (size_t i = 0; i < 16; i++) {
        body[27 + i] = 1;
        EXPECT_INT("an IPv4 address has twelve spare bytes, all zero",
                   punch_signal_decode(PUNCH_TYPE_REGISTERED, body, sizeof body, &signal),
                   i < 4 ? PUNCH_OK : PUNCH_ERR_PARSE);
        body[27 + i] = 0;
    }
}

static void extensions_are_skipped(void) {
    static const struct {
        const char *sentence;
        const char *bytes;
        size_t length;
        punch_err expected;
    } rows[] = {
        {"none", "", 0, PUNCH_OK},
        {"one without value", "\x07\0\0", 3, PUNCH_OK},
        {"one", "\x07\0\2ab", 5, PUNCH_OK},
        {"two", "\x07\0\2ab\xff\0\1c", 9, PUNCH_OK},
        {"type only", "\x07", 1, PUNCH_ERR_PARSE},
        {"half a length", "\x07\0", 2, PUNCH_ERR_PARSE},
        {"value too short", "\x07\0\3ab", 5, PUNCH_ERR_PARSE},
        {"longest length", "\x07\xff\xff", 3, PUNCH_ERR_PARSE},
        {"a good one, then half of one", "\x07\0\1a\x08\0", 6, PUNCH_ERR_PARSE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t body[64] = {0};
        uint8_t *copy = NULL;
        punch_signal signal;
        punch_path_body path;
        memcpy(body + 16, rows[i].bytes, rows[i].length);
        EXPECT_INT(rows[i].sentence,
                   decode_signal(PUNCH_TYPE_GO_ACK, body, 16 + rows[i].length, &copy, &signal),
                   rows[i].expected);
        free(copy);
        memcpy(body + 8, rows[i].bytes, rows[i].length);
        EXPECT_INT(rows[i].sentence,
                   decode_path(PUNCH_TYPE_KEEPALIVE, body, 8 + rows[i].length, &copy, &path),
                   rows[i].expected);
        free(copy);
    }
}

static void promises_are_told(void) {
    static const struct {
        const char *sentence;
        uint8_t type;
        const char *bytes; /* behind highest and bitmap, and a nonce where there is one */
        size_t length;
        uint32_t promise_ms;
    } rows[] = {
        {"none", PUNCH_TYPE_KEEPALIVE, "", 0, 0},
        {"40 s", PUNCH_TYPE_KEEPALIVE, "\1\0\4\0\0\x9c\x40", 7, 40000},
        {"any silence", PUNCH_TYPE_KEEPALIVE, "\1\0\4\xff\xff\xff\xff", 7, PUNCH_PROMISE_ANY_MS},
        {"behind an unknown one", PUNCH_TYPE_HERE, "\7\0\1x\1\0\4\0\0\0\1", 11, 1},
        {"twice: the last counts", PUNCH_TYPE_HERE, "\1\0\4\0\0\0\1\1\0\4\0\0\0\2", 14, 2},
        {"of another length: skipped", PUNCH_TYPE_KEEPALIVE, "\1\0\3\0\0\1", 6, 0},
        {"where nobody promises: skipped", PUNCH_TYPE_BYE, "\1\0\4\0\0\x9c\x40", 7, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t body[64] = {0};
        uint8_t *copy = NULL;
        punch_path_body path;
        const size_t fixed = rows[i].type == PUNCH_TYPE_HERE ? 16 : 8;
        memcpy(body + fixed, rows[i].bytes, rows[i].length);
        EXPECT_INT(rows[i].sentence,
                   decode_path(rows[i].type, body, fixed + rows[i].length, &copy, &path), PUNCH_OK);
        EXPECT_INT(rows[i].sentence, path.promise_ms, rows[i].promise_ms);
        free(copy);
    }
    for (size_t i = 0; i < COUNT(path_types); i++) {
        punch_rng rng = punch_rng_stream(i, 0, 0);
        uint8_t payload[PUNCH_MESSAGE_MAX];
        uint8_t body[PUNCH_PACKET_MAX];
        uint8_t *copy = NULL;
        size_t length = 0;
        punch_path_body path = random_path(&rng, payload);
        path.promise_ms = 12345;
        EXPECT_INT("encoded", punch_path_encode(path_types[i], &path, body, sizeof body, &length),
                   PUNCH_OK);
        EXPECT_INT("decoded", decode_path(path_types[i], body, length, &copy, &path), PUNCH_OK);
        EXPECT_INT(punch_type_name(path_types[i]), path.promise_ms,
                   punch_path_may_promise(path_types[i]) ? 12345 : 0);
        free(copy);
    }
}

static void padding_is_zeros(void) {
    uint8_t body[8 + PUNCH_PROBE_PADDING_BYTES] = {0};
    uint8_t *copy = NULL;
    punch_signal signal;
    EXPECT_INT("as it should be",
               decode_signal(PUNCH_TYPE_PROBE, body, sizeof body, &copy, &signal), PUNCH_OK);
    free(copy);
    body[sizeof body - 1] = 1;
    EXPECT_INT("one byte is not",
               decode_signal(PUNCH_TYPE_PROBE, body, sizeof body, &copy, &signal), PUNCH_ERR_PARSE);
    free(copy);
}

/* --- invitations and ids --- */

static void fill_invitation(punch_invitation *invitation, uint8_t candidates, uint8_t offers) {
    punch_rng rng = punch_rng_stream(candidates, offers, 0);
    memset(invitation, 0, sizeof *invitation);
    crypto_contract_fill(invitation->ephemeral.bytes, PUNCH_KEY_BYTES, 1);
    invitation->index = 0x01020304;
    invitation->candidate_count = candidates;
    invitation->offer_count = offers;
    for (size_t i = 0; i < candidates && i < PUNCH_CANDIDATES_MAX; i++) {
        invitation->candidates[i] = random_addr(&rng);
    }
    for (size_t i = 0; i < offers && i < PUNCH_OFFERS_MAX; i++) {
        crypto_contract_fill(invitation->offers[i].bytes, PUNCH_KEEPALIVE_ID_BYTES, 5 + i);
    }
}

static void invitations_come_back(void) {
    const punch_crypto *crypto = &punch_crypto_sodium;
    const punch_key key = {{1, 2, 3}};
    for (uint8_t candidates = 0; candidates <= PUNCH_CANDIDATES_MAX; candidates++) {
        for (uint8_t offers = 0; offers <= PUNCH_OFFERS_MAX; offers++) {
            punch_invitation sent;
            punch_invitation got;
            uint8_t blob[PUNCH_BLOB_MAX];
            uint8_t before[PUNCH_BLOB_MAX];
            size_t length = 0;
            fill_invitation(&sent, candidates, offers);
            EXPECT_INT("sealed", punch_invitation_seal(crypto, &key, &sent, blob, &length),
                       PUNCH_OK);
            EXPECT_INT("length", length, 8 + 32 + 4 + 1 + 19 * candidates + 1 + 16 * offers + 16);
            memcpy(before, blob, length);
            EXPECT_INT("opened", punch_invitation_open(crypto, &key, blob, length, &got), PUNCH_OK);
            EXPECT_BYTES("the same invitation", &got, &sent, sizeof got);
            EXPECT_BYTES("the blob is not changed", blob, before, length);
        }
    }
}

static void bad_invitations_are_refused(void) {
    const punch_crypto *crypto = &punch_crypto_sodium;
    const punch_key key = {{1, 2, 3}};
    const punch_key other = {{1, 2, 4}};
    punch_invitation sent;
    punch_invitation got;
    uint8_t blob[PUNCH_BLOB_MAX + 1];
    size_t length = 0;
    fill_invitation(&sent, PUNCH_CANDIDATES_MAX + 1, 0);
    EXPECT_INT("too many candidates", punch_invitation_seal(crypto, &key, &sent, blob, &length),
               PUNCH_ERR_ARGUMENT);
    fill_invitation(&sent, 0, PUNCH_OFFERS_MAX + 1);
    EXPECT_INT("too many offers", punch_invitation_seal(crypto, &key, &sent, blob, &length),
               PUNCH_ERR_ARGUMENT);
    fill_invitation(&sent, 2, 2);
    sent.candidates[1].family = PUNCH_FAMILY_NONE;
    EXPECT_INT("no family", punch_invitation_seal(crypto, &key, &sent, blob, &length),
               PUNCH_ERR_ARGUMENT);
    fill_invitation(&sent, 2, 2);
    EXPECT_INT("good", punch_invitation_seal(crypto, &key, &sent, blob, &length), PUNCH_OK);
    EXPECT_INT("another key", punch_invitation_open(crypto, &other, blob, length, &got),
               PUNCH_ERR_CRYPTO);
    EXPECT_INT("too long", punch_invitation_open(crypto, &key, blob, PUNCH_BLOB_MAX + 1, &got),
               PUNCH_ERR_PARSE);
    for (size_t cut = 0; cut < length; cut++) {
        EXPECT_INT("cut", punch_invitation_open(crypto, &key, blob, cut, &got),
                   cut < 8 + PUNCH_TAG_BYTES ? PUNCH_ERR_PARSE : PUNCH_ERR_CRYPTO);
    }
    /* Authentic nonsense: a body of every length, sealed properly; zeros are an empty invitation
     * when there are enough of them for everything but offers, which may be any nonsense; a count
     * of 255 candidates never is. */
    for (size_t body_length = 0; 8 + body_length + PUNCH_TAG_BYTES <= PUNCH_BLOB_MAX;
         body_length++) {
        for (int spoiled = 0; spoiled < 3; spoiled++) {
            static const size_t count_at[] = {0, 36, 37};
            memset(blob, 0, sizeof blob); /* the nonce in front too */
            blob[8 + count_at[spoiled]] = 255;
            const punch_sealed sealed = {.key = &key, .body = blob + 8, .body_length = body_length};
            crypto->seal(&sealed);
            const bool good = spoiled != 1 && body_length >= 37;
            EXPECT_INT(
                "authentic nonsense",
                punch_invitation_open(crypto, &key, blob, 8 + body_length + PUNCH_TAG_BYTES, &got),
                good ? PUNCH_OK : PUNCH_ERR_PARSE);
        }
    }
}

static void ids_are_fnv_1a(void) {
    /* Published test values of FNV-1a, 128 bits. */
    static const struct {
        const char *name;
        const char *id;
    } rows[] = {
        {"", "\x6c\x62\x27\x2e\x07\xbb\x01\x42\x62\xb8\x21\x75\x62\x95\xc5\x8d"},
        {"a", "\xd2\x28\xcb\x69\x6f\x1a\x8c\xaf\x78\x91\x2b\x70\x4e\x4a\x89\x64"},
        {"foobar", "\x34\x3e\x16\x62\x79\x3c\x64\xbf\x6f\x0d\x35\x97\xba\x44\x6f\x18"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const punch_keepalive_id id = punch_keepalive_id_of(rows[i].name);
        EXPECT_BYTES("id of a name", id.bytes, rows[i].id, sizeof id.bytes);
    }
}

static void packets_show_their_type(void) {
    static const uint8_t packet[] = {PUNCH_WIRE_VERSION, PUNCH_TYPE_INTRO};
    static const uint8_t foreign[] = {PUNCH_WIRE_VERSION + 1, PUNCH_TYPE_INTRO};
    EXPECT_INT("type", punch_packet_type(packet, 2), PUNCH_TYPE_INTRO);
    EXPECT_INT("too short", punch_packet_type(packet, 1), PUNCH_TYPE_NONE);
    EXPECT_INT("empty", punch_packet_type(NULL, 0), PUNCH_TYPE_NONE);
    EXPECT_INT("another version", punch_packet_type(foreign, 2), PUNCH_TYPE_NONE);
    EXPECT_TEXT("name", punch_type_name(PUNCH_TYPE_ARE_YOU_THERE), "ARE_YOU_THERE");
    EXPECT_TEXT("no name", punch_type_name(77), "unknown");
}

int main(void) {
    static const punch_test_case cases[] = {
        {"signals have their layout", signals_have_their_layout},
        {"paths have their layout", paths_have_their_layout},
        {"random bodies come back", random_bodies_come_back},
        {"decoded fields are those encoded", decoded_fields_are_those_encoded},
        {"truncated bodies do not parse", truncated_bodies_do_not_parse},
        {"types of other families are refused", other_families_are_refused},
        {"the signal encoder keeps limits", signal_encoder_keeps_limits},
        {"the path encoder keeps limits", path_encoder_keeps_limits},
        {"decoders keep limits", decoders_keep_limits},
        {"extensions are skipped", extensions_are_skipped},
        {"promises are told", promises_are_told},
        {"padding is zeros", padding_is_zeros},
        {"invitations come back", invitations_come_back},
        {"bad invitations are refused", bad_invitations_are_refused},
        {"strategy ids are FNV-1a", ids_are_fnv_1a},
        {"packets show their type", packets_show_their_type},
    };
    if (punch_crypto_sodium_init() != PUNCH_OK) {
        return 1;
    }
    return PUNCH_TEST_MAIN("codec", cases);
}
