/* SPDX-License-Identifier: MIT */
/*
 * The contact line. Base64url without padding (RFC 4648 §5); reading insists on the one canonical
 * spelling (spare bits of a last digit are zero), so that two different lines never mean the same
 * contact.
 */
#include "punch/contact.h"

#include <stdbool.h>
#include <string.h>

#define PREFIX "punch1:"
#define PREFIX_LENGTH (sizeof PREFIX - 1)

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Writes the digits of `length` bytes; returns the end. */
static char *put_base64(char *text, const uint8_t *bytes, size_t length) {
    uint32_t bits = 0;
    uint32_t bit_count = 0;
    for (size_t i = 0; i < length; i++) {
        bits = bits << 8 | bytes[i];
        bit_count += 8;
        while (bit_count >= 6) {
            bit_count -= 6;
            *text++ = digits[bits >> bit_count & 63];
        }
    }
    if (bit_count > 0) {
        *text++ = digits[bits << (6 - bit_count) & 63];
    }
    return text;
}

/* Exactly the digits of `length` bytes, then `after`; moves *at behind that. */
static bool take_base64(const char **at, size_t length, char after, uint8_t *bytes) {
    uint32_t bits = 0;
    uint32_t bit_count = 0;
    size_t done = 0;
    const char *text = *at;
    while (done < length) {
        const char *digit = *text != '\0' ? strchr(digits, *text) : NULL;
        if (digit == NULL) {
            return false;
        }
        text++;
        bits = bits << 6 | (uint32_t)(digit - digits);
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            bytes[done++] = (uint8_t)(bits >> bit_count);
        }
    }
    const bool spare_is_zero = (bits & ((1u << bit_count) - 1)) == 0;
    if (!spare_is_zero || *text != after) {
        return false;
    }
    *at = text + 1;
    return true;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

char *punch_contact_format(const punch_contact *contact, char *text) {
    char *end = text;
    memcpy(end, PREFIX, PREFIX_LENGTH);
    end = put_base64(end + PREFIX_LENGTH, contact->callee.bytes, sizeof contact->callee.bytes);
    *end++ = ':';
    end = put_base64(end, contact->token.bytes, sizeof contact->token.bytes);
    *end++ = ':';
    end = put_base64(end, contact->broker.bytes, sizeof contact->broker.bytes);
    *end++ = '@';
    (void)punch_addr_format(&contact->broker_addr, end);
    return text;
}

punch_err punch_contact_parse(const char *text, punch_contact *contact_out) {
    punch_contact contact;
    memset(&contact, 0, sizeof contact);
    while (is_space(*text)) {
        text++;
    }
    if (strncmp(text, PREFIX, PREFIX_LENGTH) != 0) {
        return PUNCH_ERR_PARSE;
    }
    text += PREFIX_LENGTH;
    if (!take_base64(&text, sizeof contact.callee.bytes, ':', contact.callee.bytes) ||
        !take_base64(&text, sizeof contact.token.bytes, ':', contact.token.bytes) ||
        !take_base64(&text, sizeof contact.broker.bytes, '@', contact.broker.bytes)) {
        return PUNCH_ERR_PARSE;
    }
    size_t length = strlen(text);
    while (length > 0 && is_space(text[length - 1])) {
        length--;
    }
    char addr[PUNCH_ADDR_TEXT_CAP];
    if (length >= sizeof addr) {
        return PUNCH_ERR_PARSE;
    }
    memcpy(addr, text, length);
    addr[length] = '\0';
    if (punch_addr_parse(addr, &contact.broker_addr) != PUNCH_OK) {
        return PUNCH_ERR_PARSE;
    }
    *contact_out = contact;
    return PUNCH_OK;
}
