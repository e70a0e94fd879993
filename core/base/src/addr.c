/* SPDX-License-Identifier: MIT */
/*
 * Addresses as text and as members of well-known ranges. IPv4 text is dotted decimal, IPv6 text is
 * RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups (the first of
 * equals) written "::". Reading is strict, so that one address has few spellings and none is
 * misread: decimal numbers carry no leading zeros, "::" stands for at least one group (RFC 4291
 * §2.2).
 */
#include "punch/addr.h"

#include "punch/rng.h"

#define IPV6_GROUPS 8
#define NO_GAP SIZE_MAX

/* All addresses whose first `bits` bits are those of ip. */
typedef struct {
    uint8_t family;
    uint8_t bits;
    uint8_t ip[16];
} addr_range;

static const addr_range private_ranges[] = {
    {PUNCH_FAMILY_IPV4, 8, {10}},          /* RFC 1918 */
    {PUNCH_FAMILY_IPV4, 12, {172, 16}},    /* RFC 1918 */
    {PUNCH_FAMILY_IPV4, 16, {192, 168}},   /* RFC 1918 */
    {PUNCH_FAMILY_IPV4, 10, {100, 64}},    /* RFC 6598: shared, behind carrier NATs */
    {PUNCH_FAMILY_IPV4, 16, {169, 254}},   /* RFC 3927: link-local */
    {PUNCH_FAMILY_IPV4, 8, {127}},         /* RFC 1122 §3.2.1.3: loopback */
    {PUNCH_FAMILY_IPV6, 7, {0xfc}},        /* RFC 4193: unique-local */
    {PUNCH_FAMILY_IPV6, 10, {0xfe, 0x80}}, /* RFC 4291 §2.5.6: link-local */
    {PUNCH_FAMILY_IPV6, 128, {[15] = 1}},  /* RFC 4291 §2.5.3: loopback */
};
static const addr_range unsendable_ranges[] = {
    {PUNCH_FAMILY_IPV4, 8, {0}},    /* RFC 1122 §3.2.1.3: "this host on this network" */
    {PUNCH_FAMILY_IPV4, 3, {224}},  /* RFC 5771: multicast; RFC 1112 §4: reserved, broadcast */
    {PUNCH_FAMILY_IPV6, 8, {0xff}}, /* RFC 4291 §2.7: multicast */
    {PUNCH_FAMILY_IPV6, 128, {0}},  /* RFC 4291 §2.5.2: unspecified */
    {PUNCH_FAMILY_IPV6, 96, {[10] = 0xff, [11] = 0xff}}, /* RFC 4291 §2.5.5.2: IPv4 in disguise */
};

static bool in_ranges(const punch_addr *addr, const addr_range *ranges, size_t count) {
    for (const addr_range *range = ranges; range < ranges + count; range++) {
        const size_t whole = range->bits / 8;
        const int rest = range->bits % 8;
        if (addr->family == range->family && memcmp(addr->ip, range->ip, whole) == 0 &&
            (rest == 0 || (addr->ip[whole] ^ range->ip[whole]) >> (8 - rest) == 0)) {
            return true;
        }
    }
    return false;
}

uint64_t punch_addr_hash_ip(const punch_addr *addr) {
    uint64_t words[2];
    memcpy(words, addr->ip, sizeof words);
    const uint64_t hash = punch_mix64(words[0] + PUNCH_RNG_GAMMA * addr->family);
    return words[1] == 0 ? hash : punch_mix64(hash ^ words[1]); /* IPv4: one round */
}

bool punch_addr_is_private(const punch_addr *addr) {
    return in_ranges(addr, private_ranges, sizeof private_ranges / sizeof private_ranges[0]);
}

bool punch_addr_is_sendable(const punch_addr *addr) {
    return addr->family != PUNCH_FAMILY_NONE && addr->port != 0 &&
           !in_ranges(addr, unsendable_ranges,
                      sizeof unsendable_ranges / sizeof unsendable_ranges[0]);
}

/* Writes value in the given base without leading zeros; returns the end. */
static char *put_number(char *text, uint32_t value, uint32_t base) {
    char reversed[10];
    size_t count = 0;
    do {
        reversed[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);
    while (count > 0) {
        *text++ = reversed[--count];
    }
    return text;
}

static char *put_ipv6(char *text, const uint8_t *ip) {
    uint32_t groups[IPV6_GROUPS];
    size_t best_start = NO_GAP;
    size_t best_length = 1; /* RFC 5952 §4.2.2: a single zero group is not shortened */
    size_t zeros = 0;
    for (size_t i = 0; i < IPV6_GROUPS; i++) {
        groups[i] = (uint32_t)ip[2 * i] << 8 | ip[2 * i + 1];
        zeros = groups[i] == 0 ? zeros + 1 : 0;
        if (zeros > best_length) {
            best_length = zeros;
            best_start = i + 1 - zeros;
        }
    }
    for (size_t i = 0; i < IPV6_GROUPS; i++) {
        if (i == best_start) {
            *text++ = ':';
            *text++ = ':';
            i += best_length - 1;
            continue;
        }
        if (i > 0 && text[-1] != ':') {
            *text++ = ':';
        }
        text = put_number(text, groups[i], 16);
    }
    return text;
}

char *punch_addr_format(const punch_addr *addr, char *text) {
    char *end = text;
    if (addr->family == PUNCH_FAMILY_IPV4) {
        for (size_t i = 0; i < 4; i++) {
            end = put_number(end, addr->ip[i], 10);
            *end++ = i < 3 ? '.' : ':';
        }
    } else if (addr->family == PUNCH_FAMILY_IPV6) {
        *end++ = '[';
        end = put_ipv6(end, addr->ip);
        *end++ = ']';
        *end++ = ':';
    } else {
        return memcpy(text, "none", sizeof "none");
    }
    end = put_number(end, addr->port, 10);
    *end = '\0';
    return text;
}

/* A decimal number of at most `max` without leading zeros; moves *at behind it. */
static bool take_decimal(const char **at, uint32_t max, uint32_t *value_out) {
    const char *text = *at;
    uint32_t value = 0;
    while (*text >= '0' && *text <= '9' && value <= max) {
        value = value * 10 + (uint32_t)(*text - '0');
        text++;
    }
    const bool leading_zero = **at == '0' && text - *at > 1;
    if (text == *at || leading_zero || value > max) {
        return false;
    }
    *at = text;
    *value_out = value;
    return true;
}

static bool take_ipv4(const char **at, uint8_t *ip) {
    for (size_t i = 0; i < 4; i++) {
        uint32_t value;
        if ((i > 0 && *(*at)++ != '.') || !take_decimal(at, 255, &value)) {
            return false;
        }
        ip[i] = (uint8_t)value;
    }
    return true;
}

/* The value of a hexadecimal digit, or 16. */
static uint32_t hex_value(char digit) {
    if (digit >= '0' && digit <= '9') {
        return (uint32_t)(digit - '0');
    }
    const char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? (uint32_t)(lower - 'a' + 10) : 16;
}

static bool take_ipv6(const char **at, uint8_t ip[16]) {
    uint8_t found[16] = {0};
    size_t length = 0;
    size_t gap = NO_GAP; /* where "::" stood */
    const char *text = *at;
    if (text[0] == ':' && text[1] == ':') {
        gap = 0;
        text += 2;
    }
    while (length < sizeof found && hex_value(*text) < 16) {
        uint32_t value = 0;
        for (size_t digits = 0; digits < 4 && hex_value(*text) < 16; digits++) {
            value = value << 4 | hex_value(*text++);
        }
        found[length++] = (uint8_t)(value >> 8);
        found[length++] = (uint8_t)value;
        if (text[0] == ':' && text[1] == ':' && gap == NO_GAP) {
            gap = length;
            text += 2;
        } else if (text[0] == ':' && hex_value(text[1]) < 16) {
            text++;
        } else {
            break;
        }
    }
    if ((gap == NO_GAP) != (length == sizeof found)) {
        return false;
    }
    const size_t head = gap == NO_GAP ? length : gap;
    memset(ip, 0, sizeof found);
    memcpy(ip, found, head);
    memcpy(ip + sizeof found - (length - head), found + head, length - head);
    *at = text;
    return true;
}

punch_err punch_addr_parse(const char *text, punch_addr *addr_out) {
    punch_addr addr;
    memset(&addr, 0, sizeof addr);
    if (*text == '[') {
        text++;
        addr.family = PUNCH_FAMILY_IPV6;
        if (!take_ipv6(&text, addr.ip) || *text++ != ']') {
            return PUNCH_ERR_PARSE;
        }
    } else {
        addr.family = PUNCH_FAMILY_IPV4;
        if (!take_ipv4(&text, addr.ip)) {
            return PUNCH_ERR_PARSE;
        }
    }
    uint32_t port;
    if (*text++ != ':' || !take_decimal(&text, UINT16_MAX, &port) || *text != '\0') {
        return PUNCH_ERR_PARSE;
    }
    addr.port = (uint16_t)port;
    *addr_out = addr;
    return PUNCH_OK;
}
