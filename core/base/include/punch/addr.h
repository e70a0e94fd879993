/* SPDX-License-Identifier: MIT */
/*
 * A transport address: 16 bytes of IP, family, port. IPv4 lives in the first four bytes, the other
 * twelve are zero, so that memcmp, hashing and digests see one representation only.
 */
#ifndef PUNCH_ADDR_H
#define PUNCH_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "punch/error.h"

typedef enum { PUNCH_FAMILY_NONE = 0, PUNCH_FAMILY_IPV4 = 4, PUNCH_FAMILY_IPV6 = 6 } punch_family;

typedef struct {
    uint8_t ip[16];
    uint16_t port;  /* host byte order */
    uint8_t family; /* punch_family */
    uint8_t zero;   /* padding, always 0 */
} punch_addr;

/* Room for any formatted address with its port and the closing NUL. */
#define PUNCH_ADDR_TEXT_CAP 56

#ifdef __cplusplus
extern "C" {
#endif

/* IPv4 address a.b.c.d, given as 0xaabbccdd, with a port; both in host byte order. */
static inline punch_addr punch_addr_ipv4(uint32_t ip, uint16_t port) {
    const punch_addr addr = {
        {(uint8_t)(ip >> 24), (uint8_t)(ip >> 16), (uint8_t)(ip >> 8), (uint8_t)ip},
        port,
        PUNCH_FAMILY_IPV4,
        0};
    return addr;
}

/* Same IP and family; ports are not looked at. */
static inline bool punch_addr_same_ip(const punch_addr *a, const punch_addr *b) {
    return a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

/* Same family, IP and port. */
static inline bool punch_addr_equal(const punch_addr *a, const punch_addr *b) {
    return a->port == b->port && punch_addr_same_ip(a, b);
}

/* 64-bit mix of family and IP (not the port): for hash tables, not for security. */
uint64_t punch_addr_hash_ip(const punch_addr *addr);

/* Private, shared (RFC 6598), link-local, unique-local or loopback: not meaningful outside its
 * network. */
bool punch_addr_is_private(const punch_addr *addr);

/* May be sent to at all: has a family and a port, is neither unspecified nor multicast nor IPv4
 * broadcast or reserved nor an IPv4 address dressed as IPv6 (it would slip past the ranges above).
 */
bool punch_addr_is_sendable(const punch_addr *addr);

/* Writes "192.0.2.1:5000" or "[2001:db8::1]:5000" into text (at least PUNCH_ADDR_TEXT_CAP bytes)
 * and returns text; "none", which does not parse, for an address without family. */
char *punch_addr_format(const punch_addr *addr, char *text);

/* Parses what punch_addr_format writes; the whole text must be used up. PUNCH_ERR_PARSE otherwise.
 */
punch_err punch_addr_parse(const char *text, punch_addr *addr_out);

#ifdef __cplusplus
}
#endif

#endif
