/* SPDX-License-Identifier: MIT */
/*
 * One table says which fields a type has; one encoder and one decoder per family walk the fields in
 * a fixed order and skip those the type lacks. A decoder fills a local head (everything but the
 * arrays at the end of the struct) and copies it out only when the whole body has parsed,
 * extensions included; arrays are copied straight from the packet, as many entries as there are.
 */
#include "codec.h"

#include <string.h>

#include "punch/assert.h"
#include "punch/bytes.h"

#define ADDR_BYTES 19 /* family 1, port 2, IP 16 */
#define IPV4_BYTES 4
#define PIECE_BYTES 64 /* chosen: small enough for plain moves */

#define EXTENSION_PROMISE 1
#define PROMISE_BYTES 4

#define INVITATION_NONCE_BYTES 8

_Static_assert(INVITATION_NONCE_BYTES + PUNCH_KEY_BYTES + 4 + 1 +
                       PUNCH_CANDIDATES_MAX * ADDR_BYTES + 1 +
                       PUNCH_OFFERS_MAX * PUNCH_KEEPALIVE_ID_BYTES + PUNCH_TAG_BYTES <=
                   PUNCH_BLOB_MAX,
               "the largest invitation fits");

enum {
    HAS_CALL_ID = 1u << 0,
    HAS_TOKEN = 1u << 1,
    HAS_KEY = 1u << 2,
    HAS_ECHO = 1u << 3,
    HAS_STAMP = 1u << 4,
    HAS_INSTANCE = 1u << 5,
    HAS_RTT = 1u << 6,
    HAS_RTT_OTHER = 1u << 7,
    HAS_REASON = 1u << 8,
    HAS_ADDR = 1u << 9,
    HAS_BLOB = 1u << 10,
    HAS_TOKEN_HASHES = 1u << 11,
    HAS_COOKIE = 1u << 12,
    HAS_PADDING = 1u << 13,
    IS_SIGNAL = 1u << 15, /* every signal type has it: 0 means another family */
};

enum {
    HAS_NONCE = 1u << 0,
    HAS_NUMBER = 1u << 1,
    HAS_CHOICE = 1u << 2,
    HAS_PAYLOAD = 1u << 3,
    HAS_OFFERS = 1u << 4,
    MAY_PROMISE = 1u << 5,
    IS_PATH = 1u << 15,
};

static const uint16_t signal_fields[] = {
    [PUNCH_TYPE_REGISTER] = IS_SIGNAL | HAS_ECHO | HAS_TOKEN_HASHES,
    [PUNCH_TYPE_REGISTERED] = IS_SIGNAL | HAS_ECHO | HAS_STAMP | HAS_INSTANCE | HAS_ADDR,
    [PUNCH_TYPE_CALL] = IS_SIGNAL | HAS_CALL_ID | HAS_TOKEN | HAS_KEY | HAS_RTT | HAS_BLOB,
    [PUNCH_TYPE_CALLING] = IS_SIGNAL | HAS_CALL_ID,
    [PUNCH_TYPE_RING] = IS_SIGNAL | HAS_CALL_ID | HAS_KEY | HAS_BLOB,
    [PUNCH_TYPE_ACCEPT] = IS_SIGNAL | HAS_CALL_ID | HAS_RTT | HAS_BLOB,
    [PUNCH_TYPE_REFUSE] = IS_SIGNAL | HAS_CALL_ID,
    [PUNCH_TYPE_REFUSED] = IS_SIGNAL | HAS_CALL_ID | HAS_REASON,
    [PUNCH_TYPE_GO] =
        IS_SIGNAL | HAS_CALL_ID | HAS_STAMP | HAS_RTT | HAS_RTT_OTHER | HAS_ADDR | HAS_BLOB,
    [PUNCH_TYPE_GO_ACK] = IS_SIGNAL | HAS_CALL_ID,
    [PUNCH_TYPE_PROBE] = IS_SIGNAL | HAS_ECHO | HAS_PADDING,
    [PUNCH_TYPE_PROBED] = IS_SIGNAL | HAS_ECHO | HAS_STAMP | HAS_ADDR | HAS_COOKIE,
    [PUNCH_TYPE_ECHO] = IS_SIGNAL | HAS_ECHO | HAS_STAMP | HAS_ADDR | HAS_COOKIE,
    [PUNCH_TYPE_ECHOING] = IS_SIGNAL | HAS_ECHO | HAS_REASON,
    [PUNCH_TYPE_ECHOED] = IS_SIGNAL | HAS_ECHO,
};

static const uint16_t path_fields[] = {
    [PUNCH_TYPE_INTRO] = IS_PATH | HAS_NONCE | HAS_CHOICE | MAY_PROMISE,
    [PUNCH_TYPE_INTRO_ACK] = IS_PATH | HAS_NONCE,
    [PUNCH_TYPE_KEEPALIVE] = IS_PATH | MAY_PROMISE,
    [PUNCH_TYPE_ARE_YOU_THERE] = IS_PATH | HAS_NONCE | MAY_PROMISE,
    [PUNCH_TYPE_HERE] = IS_PATH | HAS_NONCE | MAY_PROMISE,
    [PUNCH_TYPE_MESSAGE] = IS_PATH | HAS_NUMBER | HAS_PAYLOAD,
    [PUNCH_TYPE_MESSAGE_ACK] = IS_PATH | HAS_NUMBER,
    [PUNCH_TYPE_RENEGOTIATE] = IS_PATH | HAS_NUMBER | HAS_CHOICE | HAS_OFFERS | MAY_PROMISE,
    [PUNCH_TYPE_RENEGOTIATED] = IS_PATH | HAS_NUMBER | HAS_CHOICE | HAS_OFFERS | MAY_PROMISE,
    [PUNCH_TYPE_BYE] = IS_PATH,
};

static const uint8_t padding[PUNCH_PROBE_PADDING_BYTES] = {0};

/* The fields of a type, or 0 when the table does not know it. */
static uint32_t fields_of(const uint16_t *table, size_t count, uint8_t type) {
    return type < count ? table[type] : 0;
}

#define SIGNAL_FIELDS(type) \
    fields_of(signal_fields, sizeof signal_fields / sizeof signal_fields[0], (type))
#define PATH_FIELDS(type) fields_of(path_fields, sizeof path_fields / sizeof path_fields[0], (type))

/* Clears and copies the head of a signal piece by piece. In one go gcc uses string instructions for
 * this size, which take longer to start than a whole decoding (28 ns became 9). */
static inline void clear_head(void *head, size_t length) {
    uint8_t *at = head;
    for (; length > PIECE_BYTES; length -= PIECE_BYTES) {
        memset(at, 0, PIECE_BYTES);
        at += PIECE_BYTES;
    }
    memset(at, 0, length);
}

static inline void copy_head(void *to, const void *from, size_t length) {
    uint8_t *at = to;
    const uint8_t *source = from;
    for (; length > PIECE_BYTES; length -= PIECE_BYTES) {
        memcpy(at, source, PIECE_BYTES);
        at += PIECE_BYTES;
        source += PIECE_BYTES;
    }
    memcpy(at, source, length);
}

static bool addr_is_valid(const punch_addr *addr) {
    static const uint8_t zeros[sizeof addr->ip - IPV4_BYTES] = {0};
    if (addr->family == PUNCH_FAMILY_IPV4) {
        return memcmp(addr->ip + IPV4_BYTES, zeros, sizeof zeros) == 0;
    }
    return addr->family == PUNCH_FAMILY_IPV6;
}

static void write_addr(punch_writer *writer, const punch_addr *addr) {
    uint8_t *span = punch_write_span(writer, ADDR_BYTES);
    if (span != NULL) {
        span[0] = addr->family;
        punch_put_be(span + 1, 2, addr->port);
        memcpy(span + 3, addr->ip, sizeof addr->ip);
    }
}

static void read_addr(punch_reader *reader, punch_addr *addr) {
    const uint8_t *span = punch_read_span(reader, ADDR_BYTES);
    if (span == NULL) {
        return;
    }
    addr->family = span[0];
    addr->port = (uint16_t)punch_get_be(span + 1, 2);
    memcpy(addr->ip, span + 3, sizeof addr->ip);
    if (!addr_is_valid(addr)) {
        reader->failed = true;
    }
}

/* A count of at most `max` and so many entries of `entry_bytes` each: lends the entries. */
static const uint8_t *read_array(punch_reader *reader, uint8_t max, size_t entry_bytes,
                                 uint8_t *count_out) {
    const uint8_t count = punch_read_u8(reader);
    if (count > max) {
        reader->failed = true;
    }
    const uint8_t *entries = punch_read_span(reader, count * entry_bytes);
    *count_out = entries != NULL ? count : 0;
    return entries;
}

static void write_promise(punch_writer *writer, uint32_t promise_ms) {
    punch_write_u8(writer, EXTENSION_PROMISE);
    punch_write_u16(writer, PROMISE_BYTES);
    punch_write_u32(writer, promise_ms);
}

/* Offers: as many as there is room for, whatever their number; they can be nonsense without any
 * harm, since ids that are not known are never chosen. */
static const uint8_t *read_offers(punch_reader *reader, uint8_t *count_out) {
    const uint8_t count = punch_read_u8(reader);
    const uint8_t *entries = punch_read_span(reader, (size_t)count * PUNCH_KEEPALIVE_ID_BYTES);
    *count_out = entries == NULL ? 0 : count < PUNCH_OFFERS_MAX ? count : PUNCH_OFFERS_MAX;
    return entries;
}

/* Type-length-value to the end. What is not known, by type and length, is skipped; promise_out may
 * be NULL. */
static bool read_extensions(punch_reader *reader, uint32_t *promise_out) {
    while (reader->left > 0 && !reader->failed) {
        const uint8_t type = punch_read_u8(reader);
        const uint16_t length = punch_read_u16(reader);
        const uint8_t *value = punch_read_span(reader, length);
        if (value != NULL && promise_out != NULL && type == EXTENSION_PROMISE &&
            length == PROMISE_BYTES) {
            *promise_out = (uint32_t)punch_get_be(value, PROMISE_BYTES);
        }
    }
    return !reader->failed;
}

static punch_err finish_writing(const punch_writer *writer, size_t *length_out) {
    if (writer->failed) {
        return PUNCH_ERR_CAPACITY;
    }
    *length_out = writer->length;
    return PUNCH_OK;
}

static bool signal_is_encodable(uint32_t fields, const punch_signal *signal) {
    if ((fields & HAS_ADDR) != 0 && !addr_is_valid(&signal->addr)) {
        return false;
    }
    if ((fields & HAS_BLOB) != 0 && (signal->blob_length > PUNCH_BLOB_MAX ||
                                     (signal->blob_length > 0 && signal->blob == NULL))) {
        return false;
    }
    return (fields & HAS_TOKEN_HASHES) == 0 || signal->token_hash_count <= PUNCH_TOKENS_MAX;
}

punch_err punch_signal_encode(uint8_t type, const punch_signal *signal, uint8_t *body, size_t cap,
                              size_t *length_out) {
    const uint32_t fields = SIGNAL_FIELDS(type);
    if (fields == 0 || !signal_is_encodable(fields, signal)) {
        return PUNCH_ERR_ARGUMENT;
    }
    punch_writer writer = punch_writer_of(body, cap);
    if ((fields & HAS_CALL_ID) != 0) {
        punch_write_copy(&writer, signal->call_id.bytes, sizeof signal->call_id.bytes);
    }
    if ((fields & HAS_TOKEN) != 0) {
        punch_write_copy(&writer, signal->token.bytes, sizeof signal->token.bytes);
    }
    if ((fields & HAS_KEY) != 0) {
        punch_write_copy(&writer, signal->key.bytes, sizeof signal->key.bytes);
    }
    if ((fields & HAS_ECHO) != 0) {
        punch_write_u64(&writer, signal->echo_us);
    }
    if ((fields & HAS_STAMP) != 0) {
        punch_write_u64(&writer, signal->stamp_us);
    }
    if ((fields & HAS_INSTANCE) != 0) {
        punch_write_u64(&writer, signal->instance);
    }
    if ((fields & HAS_RTT) != 0) {
        punch_write_u32(&writer, signal->rtt_us);
    }
    if ((fields & HAS_RTT_OTHER) != 0) {
        punch_write_u32(&writer, signal->rtt_other_us);
    }
    if ((fields & HAS_REASON) != 0) {
        punch_write_u8(&writer, signal->reason);
    }
    if ((fields & HAS_ADDR) != 0) {
        write_addr(&writer, &signal->addr);
    }
    if ((fields & HAS_COOKIE) != 0) {
        punch_write_copy(&writer, signal->cookie.bytes, sizeof signal->cookie.bytes);
    }
    if ((fields & HAS_PADDING) != 0) {
        punch_write_copy(&writer, padding, sizeof padding);
    }
    if ((fields & HAS_BLOB) != 0) {
        punch_write_u16(&writer, signal->blob_length);
        punch_write_copy(&writer, signal->blob, signal->blob_length);
    }
    if ((fields & HAS_TOKEN_HASHES) != 0) {
        punch_write_u8(&writer, signal->token_hash_count);
        punch_write_copy(&writer, signal->token_hashes,
                         signal->token_hash_count * sizeof signal->token_hashes[0]);
    }
    return finish_writing(&writer, length_out);
}

/* The fixed fields of a signal, into a zeroed head. */
static void read_signal_head(punch_reader *reader, uint32_t fields, punch_signal *head) {
    if ((fields & HAS_CALL_ID) != 0) {
        punch_read_copy(reader, head->call_id.bytes, sizeof head->call_id.bytes);
    }
    if ((fields & HAS_TOKEN) != 0) {
        punch_read_copy(reader, head->token.bytes, sizeof head->token.bytes);
    }
    if ((fields & HAS_KEY) != 0) {
        punch_read_copy(reader, head->key.bytes, sizeof head->key.bytes);
    }
    if ((fields & HAS_ECHO) != 0) {
        head->echo_us = punch_read_u64(reader);
    }
    if ((fields & HAS_STAMP) != 0) {
        head->stamp_us = punch_read_u64(reader);
    }
    if ((fields & HAS_INSTANCE) != 0) {
        head->instance = punch_read_u64(reader);
    }
    if ((fields & HAS_RTT) != 0) {
        head->rtt_us = punch_read_u32(reader);
    }
    if ((fields & HAS_RTT_OTHER) != 0) {
        head->rtt_other_us = punch_read_u32(reader);
    }
    if ((fields & HAS_REASON) != 0) {
        head->reason = punch_read_u8(reader);
    }
    if ((fields & HAS_ADDR) != 0) {
        read_addr(reader, &head->addr);
    }
    if ((fields & HAS_COOKIE) != 0) {
        punch_read_copy(reader, head->cookie.bytes, sizeof head->cookie.bytes);
    }
    if ((fields & HAS_PADDING) != 0) {
        const uint8_t *span = punch_read_span(reader, sizeof padding);
        reader->failed |= span != NULL && memcmp(span, padding, sizeof padding) != 0;
    }
}

punch_err punch_signal_decode(uint8_t type, const uint8_t *body, size_t length,
                              punch_signal *signal_out) {
    const uint32_t fields = SIGNAL_FIELDS(type);
    if (fields == 0) {
        return PUNCH_ERR_ARGUMENT;
    }
    punch_signal head;
    clear_head(&head, offsetof(punch_signal, token_hashes));
    punch_reader reader = punch_reader_of(body, length);
    read_signal_head(&reader, fields, &head);
    if ((fields & HAS_BLOB) != 0) {
        head.blob_length = punch_read_u16(&reader);
        head.blob = punch_read_span(&reader, head.blob_length);
        if (head.blob_length > PUNCH_BLOB_MAX) {
            return PUNCH_ERR_PARSE;
        }
    }
    const uint8_t *hashes = NULL;
    if ((fields & HAS_TOKEN_HASHES) != 0) {
        hashes =
            read_array(&reader, PUNCH_TOKENS_MAX, PUNCH_TOKEN_HASH_BYTES, &head.token_hash_count);
    }
    if (!read_extensions(&reader, NULL)) {
        return PUNCH_ERR_PARSE;
    }
    copy_head(signal_out, &head, offsetof(punch_signal, token_hashes));
    if (hashes != NULL) {
        memcpy(signal_out->token_hashes, hashes, head.token_hash_count * PUNCH_TOKEN_HASH_BYTES);
    }
    return PUNCH_OK;
}

bool punch_path_may_promise(uint8_t type) {
    return (PATH_FIELDS(type) & MAY_PROMISE) != 0;
}

static bool path_is_encodable(uint32_t fields, const punch_path_body *path) {
    if ((fields & HAS_PAYLOAD) != 0 &&
        (path->payload_length == 0 || path->payload_length > PUNCH_MESSAGE_MAX ||
         path->payload == NULL)) {
        return false;
    }
    return (fields & HAS_OFFERS) == 0 || path->offer_count <= PUNCH_OFFERS_MAX;
}

punch_err punch_path_encode(uint8_t type, const punch_path_body *path, uint8_t *body, size_t cap,
                            size_t *length_out) {
    const uint32_t fields = PATH_FIELDS(type);
    if (fields == 0 || !path_is_encodable(fields, path)) {
        return PUNCH_ERR_ARGUMENT;
    }
    punch_writer writer = punch_writer_of(body, cap);
    punch_write_u32(&writer, path->highest);
    punch_write_u32(&writer, path->bitmap);
    if ((fields & HAS_NONCE) != 0) {
        punch_write_u64(&writer, path->nonce);
    }
    if ((fields & HAS_NUMBER) != 0) {
        punch_write_u32(&writer, path->number);
    }
    if ((fields & HAS_CHOICE) != 0) {
        punch_write_copy(&writer, path->choice.bytes, sizeof path->choice.bytes);
    }
    if ((fields & HAS_PAYLOAD) != 0) {
        punch_write_u16(&writer, path->payload_length);
        punch_write_copy(&writer, path->payload, path->payload_length);
    }
    if ((fields & HAS_OFFERS) != 0) {
        punch_write_u8(&writer, path->offer_count);
        punch_write_copy(&writer, path->offers, path->offer_count * sizeof path->offers[0]);
    }
    if ((fields & MAY_PROMISE) != 0 && path->promise_ms != 0) {
        write_promise(&writer, path->promise_ms);
    }
    return finish_writing(&writer, length_out);
}

punch_err punch_path_decode(uint8_t type, const uint8_t *body, size_t length,
                            punch_path_body *path_out) {
    const uint32_t fields = PATH_FIELDS(type);
    if (fields == 0) {
        return PUNCH_ERR_ARGUMENT;
    }
    punch_path_body head;
    memset(&head, 0, offsetof(punch_path_body, offers));
    punch_reader reader = punch_reader_of(body, length);
    head.highest = punch_read_u32(&reader);
    head.bitmap = punch_read_u32(&reader);
    if ((fields & HAS_NONCE) != 0) {
        head.nonce = punch_read_u64(&reader);
    }
    if ((fields & HAS_NUMBER) != 0) {
        head.number = punch_read_u32(&reader);
    }
    if ((fields & HAS_CHOICE) != 0) {
        punch_read_copy(&reader, head.choice.bytes, sizeof head.choice.bytes);
    }
    if ((fields & HAS_PAYLOAD) != 0) {
        head.payload_length = punch_read_u16(&reader);
        head.payload = punch_read_span(&reader, head.payload_length);
        if (head.payload_length == 0 || head.payload_length > PUNCH_MESSAGE_MAX) {
            return PUNCH_ERR_PARSE;
        }
    }
    const uint8_t *offers = NULL;
    if ((fields & HAS_OFFERS) != 0) {
        offers = read_offers(&reader, &head.offer_count);
    }
    if (!read_extensions(&reader, (fields & MAY_PROMISE) != 0 ? &head.promise_ms : NULL)) {
        return PUNCH_ERR_PARSE;
    }
    memcpy(path_out, &head, offsetof(punch_path_body, offers));
    if (offers != NULL) {
        memcpy(path_out->offers, offers, head.offer_count * PUNCH_KEEPALIVE_ID_BYTES);
    }
    return PUNCH_OK;
}

punch_err punch_invitation_seal(const punch_crypto *crypto, const punch_key *key,
                                const punch_invitation *invitation, uint8_t *blob,
                                size_t *length_out) {
    if (invitation->candidate_count > PUNCH_CANDIDATES_MAX ||
        invitation->offer_count > PUNCH_OFFERS_MAX) {
        return PUNCH_ERR_ARGUMENT;
    }
    punch_writer writer = punch_writer_of(blob, PUNCH_BLOB_MAX - PUNCH_TAG_BYTES);
    punch_write_u64(&writer, invitation->nonce);
    punch_write_copy(&writer, invitation->ephemeral.bytes, sizeof invitation->ephemeral.bytes);
    punch_write_u32(&writer, invitation->index);
    punch_write_u8(&writer, invitation->candidate_count);
    for (size_t i = 0; i < invitation->candidate_count; i++) {
        if (!addr_is_valid(&invitation->candidates[i])) {
            return PUNCH_ERR_ARGUMENT;
        }
        write_addr(&writer, &invitation->candidates[i]);
    }
    punch_write_u8(&writer, invitation->offer_count);
    punch_write_copy(&writer, invitation->offers,
                     invitation->offer_count * sizeof invitation->offers[0]);
    PUNCH_ASSERT(!writer.failed); /* the largest invitation fits: asserted statically above */
    const punch_sealed sealed = {.key = key,
                                 .nonce = invitation->nonce,
                                 .body = blob + INVITATION_NONCE_BYTES,
                                 .body_length = writer.length - INVITATION_NONCE_BYTES};
    crypto->seal(&sealed);
    *length_out = writer.length + PUNCH_TAG_BYTES;
    return PUNCH_OK;
}

static punch_err read_invitation(punch_reader *reader, punch_invitation *invitation) {
    memset(invitation, 0, sizeof *invitation);
    punch_read_copy(reader, invitation->ephemeral.bytes, sizeof invitation->ephemeral.bytes);
    invitation->index = punch_read_u32(reader);
    invitation->candidate_count = punch_read_u8(reader);
    if (invitation->candidate_count > PUNCH_CANDIDATES_MAX) {
        return PUNCH_ERR_PARSE;
    }
    for (size_t i = 0; i < invitation->candidate_count; i++) {
        read_addr(reader, &invitation->candidates[i]);
    }
    if (reader->failed) {
        return PUNCH_ERR_PARSE;
    }
    const uint8_t *offers = read_offers(reader, &invitation->offer_count);
    if (offers != NULL) {
        memcpy(invitation->offers, offers, invitation->offer_count * PUNCH_KEEPALIVE_ID_BYTES);
    }
    /* Nonsense from the offers on: an end that understands none of ours. No reason not to call. */
    (void)read_extensions(reader, NULL);
    return PUNCH_OK;
}

punch_err punch_invitation_open(const punch_crypto *crypto, const punch_key *key,
                                const uint8_t *blob, size_t length,
                                punch_invitation *invitation_out) {
    if (length < INVITATION_NONCE_BYTES + PUNCH_TAG_BYTES || length > PUNCH_BLOB_MAX) {
        return PUNCH_ERR_PARSE;
    }
    uint8_t copy[PUNCH_BLOB_MAX];
    const uint64_t nonce = punch_get_be(blob, INVITATION_NONCE_BYTES);
    memcpy(copy, blob + INVITATION_NONCE_BYTES, length - INVITATION_NONCE_BYTES);
    const punch_sealed sealed = {
        .key = key,
        .nonce = nonce,
        .body = copy,
        .body_length = length - INVITATION_NONCE_BYTES - PUNCH_TAG_BYTES,
    };
    if (crypto->open(&sealed) != PUNCH_OK) {
        return PUNCH_ERR_CRYPTO;
    }
    punch_reader reader = punch_reader_of(copy, sealed.body_length);
    punch_invitation invitation;
    const punch_err err = read_invitation(&reader, &invitation);
    if (err == PUNCH_OK) {
        invitation.nonce = nonce;
        *invitation_out = invitation;
    }
    return err;
}
