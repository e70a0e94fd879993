/* SPDX-License-Identifier: MIT */
/*
 * Total readers and writers in network byte order. A reader or writer that would run past its end
 * sets `failed` and from then on yields zeros or writes nothing, so a codec checks once, at the
 * end.
 */
#ifndef PUNCH_BYTES_H
#define PUNCH_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const uint8_t *at; /* borrowed */
    size_t left;
    bool failed;
} punch_reader;

typedef struct {
    uint8_t *start; /* borrowed */
    size_t length;  /* written so far */
    size_t cap;
    bool failed;
} punch_writer;

static inline punch_reader punch_reader_of(const uint8_t *bytes, size_t length) {
    const punch_reader reader = {bytes, length, false};
    return reader;
}

static inline punch_writer punch_writer_of(uint8_t *bytes, size_t cap) {
    const punch_writer writer = {bytes, 0, cap, false};
    return writer;
}

/* Borrows the next `length` bytes, or NULL (and fails) when there are fewer. */
static inline const uint8_t *punch_read_span(punch_reader *reader, size_t length) {
    if (reader->failed || reader->left < length) {
        reader->failed = true;
        return NULL;
    }
    const uint8_t *span = reader->at;
    reader->at += length;
    reader->left -= length;
    return span;
}

static inline void punch_read_copy(punch_reader *reader, void *out, size_t length) {
    const uint8_t *span = punch_read_span(reader, length);
    if (span != NULL) {
        memcpy(out, span, length);
    } else {
        memset(out, 0, length);
    }
}

static inline uint64_t punch_get_be(const uint8_t *bytes, size_t length) {
    uint64_t value = 0;
#pragma GCC unroll 8 /* becomes one load and a byte swap */
    for (size_t i = 0; i < length; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static inline void punch_put_be(uint8_t *bytes, size_t length, uint64_t value) {
#pragma GCC unroll 8
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (uint8_t)(value >> (8 * (length - 1 - i)));
    }
}

static inline uint64_t punch_read_be(punch_reader *reader, size_t length) {
    const uint8_t *span = punch_read_span(reader, length);
    return span != NULL ? punch_get_be(span, length) : 0;
}

static inline uint8_t punch_read_u8(punch_reader *reader) {
    return (uint8_t)punch_read_be(reader, 1);
}
static inline uint16_t punch_read_u16(punch_reader *reader) {
    return (uint16_t)punch_read_be(reader, 2);
}
static inline uint32_t punch_read_u32(punch_reader *reader) {
    return (uint32_t)punch_read_be(reader, 4);
}
static inline uint64_t punch_read_u64(punch_reader *reader) {
    return punch_read_be(reader, 8);
}

/* Reserves `length` bytes and lends them, or NULL (and fails) when there is no room. */
static inline uint8_t *punch_write_span(punch_writer *writer, size_t length) {
    if (writer->failed || writer->cap - writer->length < length) {
        writer->failed = true;
        return NULL;
    }
    uint8_t *span = writer->start + writer->length;
    writer->length += length;
    return span;
}

static inline void punch_write_copy(punch_writer *writer, const void *bytes, size_t length) {
    uint8_t *span = punch_write_span(writer, length);
    if (span != NULL && length > 0) {
        memcpy(span, bytes, length);
    }
}

static inline void punch_write_be(punch_writer *writer, size_t length, uint64_t value) {
    uint8_t *span = punch_write_span(writer, length);
    if (span != NULL) {
        punch_put_be(span, length, value);
    }
}

static inline void punch_write_u8(punch_writer *writer, uint8_t value) {
    punch_write_be(writer, 1, value);
}
static inline void punch_write_u16(punch_writer *writer, uint16_t value) {
    punch_write_be(writer, 2, value);
}
static inline void punch_write_u32(punch_writer *writer, uint32_t value) {
    punch_write_be(writer, 4, value);
}
static inline void punch_write_u64(punch_writer *writer, uint64_t value) {
    punch_write_be(writer, 8, value);
}

#endif
