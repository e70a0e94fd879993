/* SPDX-License-Identifier: MIT */
/*
 * Channels: packets pass in any order, once; the replay window against a list of everything seen;
 * nothing changes when a packet does not open; sequence numbers end.
 */
#include <string.h>

#include "channel.h"
#include "crypto_contract.h"
#include "punch/rng.h"
#include "punch_test.h"

static const punch_crypto *const crypto = &punch_crypto_sodium;

typedef struct {
    uint8_t bytes[PUNCH_PACKET_MAX + 1];
    size_t length;
} packet;

static void make_pair(punch_channel *a, punch_channel *b) {
    punch_key keys[2];
    crypto_contract_fill(keys[0].bytes, PUNCH_KEY_BYTES, 1);
    crypto_contract_fill(keys[1].bytes, PUNCH_KEY_BYTES, 2);
    punch_channel_init(a, &keys[0], &keys[1], 7, 8);
    punch_channel_init(b, &keys[1], &keys[0], 8, 7);
}

/* A sealed packet with this sequence number. */
static packet seal_numbered(punch_channel *from, uint32_t sequence, size_t body_length) {
    packet p;
    p.length = 0;
    from->next_sequence = sequence;
    crypto_contract_fill(p.bytes, sizeof p.bytes, sequence);
    EXPECT_INT("sealed",
               punch_channel_seal(from, crypto, PUNCH_TYPE_INTRO, p.bytes, body_length, &p.length),
               PUNCH_OK);
    return p;
}

static punch_err open_copy(punch_channel *to, const packet *p) {
    packet copy = *p;
    punch_opened opened;
    return punch_channel_open(to, crypto, copy.bytes, copy.length, &opened);
}

static void packets_pass(void) {
    punch_channel a;
    punch_channel b;
    make_pair(&a, &b);
    static const size_t lengths[] = {0, 1, 8, 100, PUNCH_CHANNEL_BODY_MAX};
    for (uint32_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        packet p;
        uint8_t body[PUNCH_PACKET_MAX];
        punch_opened opened;
        crypto_contract_fill(p.bytes, sizeof p.bytes, i);
        memcpy(body, p.bytes + PUNCH_CHANNEL_HEADER_BYTES, lengths[i]);
        EXPECT_INT("sealed",
                   punch_channel_seal(&a, crypto, PUNCH_TYPE_HERE, p.bytes, lengths[i], &p.length),
                   PUNCH_OK);
        EXPECT_INT("length", p.length, lengths[i] + PUNCH_CHANNEL_HEADER_BYTES + PUNCH_TAG_BYTES);
        EXPECT_BYTES("header", p.bytes, "\1\x24\0\0\0\x08\0\0\0", 9);
        EXPECT_INT("sequence on the wire", p.bytes[9], i + 1);
        EXPECT_INT("index", punch_channel_index_of(p.bytes, p.length), 8);
        if (!EXPECT_INT("opened", punch_channel_open(&b, crypto, p.bytes, p.length, &opened),
                        PUNCH_OK)) {
            return;
        }
        EXPECT_INT("type", opened.type, PUNCH_TYPE_HERE);
        EXPECT_INT("sequence", opened.sequence, i + 1);
        EXPECT_INT("body length", opened.body_length, lengths[i]);
        EXPECT_BYTES("body", opened.body, body, lengths[i]);
        EXPECT_INT("a reflected packet does not open", open_copy(&a, &p), PUNCH_ERR_CRYPTO);
    }
}

static void equal_bodies_look_different(void) {
    punch_channel a;
    punch_channel b;
    packet first;
    packet second;
    make_pair(&a, &b);
    memset(&first, 0, sizeof first);
    memset(&second, 0, sizeof second);
    (void)punch_channel_seal(&a, crypto, PUNCH_TYPE_HERE, first.bytes, 64, &first.length);
    (void)punch_channel_seal(&a, crypto, PUNCH_TYPE_HERE, second.bytes, 64, &second.length);
    EXPECT("no two packets share a nonce",
           memcmp(first.bytes + PUNCH_CHANNEL_HEADER_BYTES,
                  second.bytes + PUNCH_CHANNEL_HEADER_BYTES, 64) != 0);
}

static void limits_are_kept(void) {
    punch_channel a;
    punch_channel b;
    packet p;
    make_pair(&a, &b);
    memset(&p, 0, sizeof p);
    EXPECT_INT("body too long",
               punch_channel_seal(&a, crypto, 1, p.bytes, PUNCH_CHANNEL_BODY_MAX + 1, &p.length),
               PUNCH_ERR_TOO_LONG);
    EXPECT_INT("no number was used up by that", a.next_sequence, 1);
    p = seal_numbered(&a, UINT32_MAX, 4);
    EXPECT_INT("the last number opens", open_copy(&b, &p), PUNCH_OK);
    EXPECT_INT("highest", b.highest, UINT32_MAX);
    EXPECT_INT("no number is left", punch_channel_seal(&a, crypto, 1, p.bytes, 4, &p.length),
               PUNCH_ERR_STATE);

    make_pair(&a, &b);
    const packet good = seal_numbered(&a, 5, 4);
    punch_opened opened;
    for (size_t length = 0; length < PUNCH_CHANNEL_HEADER_BYTES + PUNCH_TAG_BYTES; length++) {
        p = good;
        EXPECT_INT("too short", punch_channel_open(&b, crypto, p.bytes, length, &opened),
                   PUNCH_ERR_PARSE);
        EXPECT_INT("too short for an index", punch_channel_index_of(p.bytes, length), 0);
    }
    p = good;
    EXPECT_INT("too long", punch_channel_open(&b, crypto, p.bytes, PUNCH_PACKET_MAX + 1, &opened),
               PUNCH_ERR_PARSE);
    p.bytes[0]++;
    EXPECT_INT("another version", open_copy(&b, &p), PUNCH_ERR_PARSE);
    p = seal_numbered(&a, 5, 4);
    memset(p.bytes + 6, 0, 4);
    EXPECT_INT("number 0", open_copy(&b, &p), PUNCH_ERR_STATE);
}

static void changed_packets_change_nothing(void) {
    punch_channel a;
    punch_channel b;
    make_pair(&a, &b);
    packet p = seal_numbered(&a, 3, 20);
    EXPECT_INT("opened", open_copy(&b, &p), PUNCH_OK);
    p = seal_numbered(&a, 1000, 20);
    const punch_channel before = b;
    for (size_t bit = 0; bit < p.length * 8; bit++) {
        p.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        EXPECT("a changed bit is noticed", open_copy(&b, &p) != PUNCH_OK);
        EXPECT_BYTES("the channel is unchanged", &b, &before, sizeof b);
        p.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    EXPECT_INT("unchanged, it opens", open_copy(&b, &p), PUNCH_OK);
    EXPECT_INT("and only once", open_copy(&b, &p), PUNCH_ERR_STATE);
}

static void window_ends_where_it_should(void) {
    static const struct {
        const char *sentence;
        uint32_t first;
        uint32_t second;
        punch_err expected;
    } rows[] = {
        {"the same again", 100, 100, PUNCH_ERR_STATE},
        {"the next", 100, 101, PUNCH_OK},
        {"one before", 100, 99, PUNCH_OK},
        {"the oldest of the window", 100, 37, PUNCH_OK},
        {"one older", 100, 36, PUNCH_ERR_STATE},
        {"number 1 within the window", 64, 1, PUNCH_OK},
        {"number 1 outside", 65, 1, PUNCH_ERR_STATE},
        {"a jump as wide as the window", 1, 65, PUNCH_OK},
        {"a jump one wider", 1, 66, PUNCH_OK},
        {"a jump of two windows", 1, 129, PUNCH_OK},
        {"a jump over everything", 1, UINT32_MAX, PUNCH_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        punch_channel a;
        punch_channel b;
        make_pair(&a, &b);
        const packet first = seal_numbered(&a, rows[i].first, 8);
        const packet second = seal_numbered(&a, rows[i].second, 8);
        EXPECT_INT("first", open_copy(&b, &first), PUNCH_OK);
        EXPECT_INT(rows[i].sentence, open_copy(&b, &second), rows[i].expected);
        EXPECT_INT("the first never again", open_copy(&b, &first), PUNCH_ERR_STATE);
        const uint32_t lower = rows[i].first < rows[i].second ? rows[i].first : rows[i].second;
        const uint32_t back = b.highest - lower; /* bit back - 1, if that exists and it was taken */
        const bool shown = rows[i].expected == PUNCH_OK && back <= PUNCH_ACK_BITMAP_BITS;
        EXPECT_INT("acknowledged besides the highest", punch_channel_ack_bitmap(&b),
                   shown ? UINT32_C(1) << (back - 1) : 0);
    }
}

/* Numbers in a random order with repeats, against a list of all that was ever seen. */
static void window_agrees_with_a_list(void) {
    enum { NUMBERS = 1000, ROUNDS = 4000 };
    punch_channel a;
    punch_channel b;
    bool seen[NUMBERS + 1] = {false};
    uint32_t highest = 0;
    punch_rng rng = punch_rng_stream(3, 1, 4);
    make_pair(&a, &b);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const uint32_t middle = 1 + i * NUMBERS / ROUNDS;
        uint32_t sequence = middle + (uint32_t)punch_rng_below(&rng, 100);
        sequence = sequence > 50 ? sequence - 50 : 1;
        sequence = sequence > NUMBERS ? NUMBERS : sequence;
        const packet p = seal_numbered(&a, sequence, 8);
        const bool too_old =
            highest >= PUNCH_REPLAY_WINDOW && sequence <= highest - PUNCH_REPLAY_WINDOW;
        const punch_err expected = seen[sequence] || too_old ? PUNCH_ERR_STATE : PUNCH_OK;
        if (!EXPECT_INT("as the list says", open_copy(&b, &p), expected)) {
            return;
        }
        if (expected == PUNCH_OK) {
            seen[sequence] = true;
            highest = sequence > highest ? sequence : highest;
        }
        uint32_t bitmap = 0;
        for (uint32_t bit = 0; bit < PUNCH_ACK_BITMAP_BITS; bit++) {
            const bool was_seen = highest > bit + 1 && seen[highest - 1 - bit];
            bitmap |= (uint32_t)was_seen << bit;
        }
        EXPECT_INT("highest", b.highest, highest);
        if (!EXPECT_INT("acknowledgement bitmap", punch_channel_ack_bitmap(&b), bitmap)) {
            return;
        }
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"packets pass", packets_pass},
        {"equal bodies look different", equal_bodies_look_different},
        {"limits are kept", limits_are_kept},
        {"changed packets change nothing", changed_packets_change_nothing},
        {"the window ends where it should", window_ends_where_it_should},
        {"the window agrees with a list", window_agrees_with_a_list},
    };
    if (punch_crypto_sodium_init() != PUNCH_OK) {
        return 1;
    }
    return PUNCH_TEST_MAIN("channel", cases);
}
