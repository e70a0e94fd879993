/* SPDX-License-Identifier: MIT */
/*
 * Addresses as text and ranges, readers and writers, time, random streams, error names.
 */
#include <stdio.h>
#include <string.h>

#include "punch/addr.h"
#include "punch/bytes.h"
#include "punch/error.h"
#include "punch/rng.h"
#include "punch/time.h"
#include "punch_test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- addresses --- */

static void addresses_read_and_write(void) {
    static const struct {
        const char *sentence;
        const char *text;
        const char *written; /* NULL: refused */
    } rows[] = {
        {"IPv4", "192.0.2.1:5000", "192.0.2.1:5000"},
        {"IPv4 extremes", "255.255.255.255:65535", "255.255.255.255:65535"},
        {"IPv4 zeros", "0.0.0.0:0", "0.0.0.0:0"},
        {"IPv6", "[2001:db8::1]:5000", "[2001:db8::1]:5000"},
        {"unspecified", "[::]:1", "[::]:1"},
        {"loopback", "[::1]:1", "[::1]:1"},
        {"gap at the end", "[fe80::]:1", "[fe80::]:1"},
        {"full length", "[1:2:3:4:5:6:7:8]:1", "[1:2:3:4:5:6:7:8]:1"},
        {"RFC 5952 4.1: leading zeros go", "[2001:0db8::0001]:1", "[2001:db8::1]:1"},
        {"RFC 5952 4.2.1: shorten as far as possible", "[2001:db8:0:0:0:0:2:1]:1",
         "[2001:db8::2:1]:1"},
        {"RFC 5952 4.2.2: one zero group stays", "[2001:db8:0:1:1:1:1:1]:1",
         "[2001:db8:0:1:1:1:1:1]:1"},
        {"RFC 5952 4.2.3: the longest run", "[2001:0:0:1:0:0:0:1]:1", "[2001:0:0:1::1]:1"},
        {"RFC 5952 4.2.3: the first of equal runs", "[2001:db8:0:0:1:0:0:1]:1",
         "[2001:db8::1:0:0:1]:1"},
        {"RFC 5952 4.3: lower case", "[ABCD::EF]:1", "[abcd::ef]:1"},
        {"a gap of one group is read", "[1:2:3::5:6:7:8]:1", "[1:2:3:0:5:6:7:8]:1"},
        {"longest text", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
        {"nothing", "", NULL},
        {"no port", "192.0.2.1", NULL},
        {"empty port", "192.0.2.1:", NULL},
        {"port too large", "192.0.2.1:65536", NULL},
        {"port beyond 32 bits", "192.0.2.1:4294967297", NULL},
        {"port with a leading zero", "192.0.2.1:05000", NULL},
        {"negative port", "192.0.2.1:-1", NULL},
        {"text behind", "192.0.2.1:1 ", NULL},
        {"space before", " 192.0.2.1:1", NULL},
        {"three numbers", "192.0.2:1", NULL},
        {"five numbers", "192.0.2.1.1:1", NULL},
        {"number too large", "192.0.256.1:1", NULL},
        {"octal", "192.0.02.1:1", NULL},
        {"hexadecimal", "0xc0.0.2.1:1", NULL},
        {"IPv6 without brackets", "2001:db8::1:5000", NULL},
        {"bracket not closed", "[2001:db8::1:5000", NULL},
        {"IPv6 without port", "[2001:db8::1]", NULL},
        {"empty brackets", "[]:1", NULL},
        {"two gaps", "[1::2::3]:1", NULL},
        {"three colons", "[1:::2]:1", NULL},
        {"leading colon", "[:1:2:3:4:5:6:7]:1", NULL},
        {"trailing colon", "[1:2:3:4:5:6:7:]:1", NULL},
        {"too few groups", "[1:2:3:4:5:6:7]:1", NULL},
        {"too many groups", "[1:2:3:4:5:6:7:8:9]:1", NULL},
        {"a gap for nothing", "[1:2:3:4:5:6:7::8]:1", NULL},
        {"five digits", "[12345::]:1", NULL},
        {"no digit", "[g::]:1", NULL},
        {"zone", "[fe80::1%eth0]:1", NULL},
        {"dotted tail", "[::ffff:192.0.2.1]:1", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        punch_addr before;
        memset(&before, 0xa5, sizeof before);
        punch_addr addr = before;
        const punch_err err = punch_addr_parse(rows[i].text, &addr);
        EXPECT_INT(rows[i].sentence, err, rows[i].written != NULL ? PUNCH_OK : PUNCH_ERR_PARSE);
        if (err == PUNCH_OK && rows[i].written != NULL) {
            char text[PUNCH_ADDR_TEXT_CAP];
            EXPECT_TEXT(rows[i].sentence, punch_addr_format(&addr, text), rows[i].written);
        } else {
            EXPECT_BYTES(rows[i].sentence, &addr, &before, sizeof addr);
        }
    }
}

static void random_addresses_come_back(void) {
    punch_rng rng = punch_rng_stream(1, 0, 0);
    for (int i = 0; i < 20000; i++) {
        punch_addr addr = punch_addr_ipv4((uint32_t)punch_rng_u64(&rng), 0);
        if (i % 2 == 0) {
            addr.family = PUNCH_FAMILY_IPV6;
            for (size_t k = 0; k < sizeof addr.ip; k++) { /* many zeros: all kinds of runs */
                addr.ip[k] = punch_rng_below(&rng, 3) == 0 ? (uint8_t)punch_rng_u64(&rng) : 0;
            }
        }
        addr.port = (uint16_t)punch_rng_u64(&rng);
        char text[PUNCH_ADDR_TEXT_CAP];
        punch_addr back;
        punch_addr_format(&addr, text);
        if (!EXPECT_INT(text, punch_addr_parse(text, &back), PUNCH_OK) ||
            !EXPECT_BYTES(text, &back, &addr, sizeof addr)) {
            return;
        }
    }
    punch_addr none;
    char text[PUNCH_ADDR_TEXT_CAP];
    memset(&none, 0, sizeof none);
    EXPECT_TEXT("no address", punch_addr_format(&none, text), "none");
}

static void ranges_are_known(void) {
    static const struct {
        const char *text;
        bool is_private;
        bool is_sendable;
    } rows[] = {
        {"9.255.255.255:1", false, true},
        {"10.0.0.0:1", true, true},
        {"10.255.255.255:1", true, true},
        {"11.0.0.0:1", false, true},
        {"100.63.255.255:1", false, true},
        {"100.64.0.0:1", true, true},
        {"100.127.255.255:1", true, true},
        {"100.128.0.0:1", false, true},
        {"126.255.255.255:1", false, true},
        {"127.0.0.1:1", true, true},
        {"128.0.0.0:1", false, true},
        {"169.253.255.255:1", false, true},
        {"169.254.0.1:1", true, true},
        {"169.255.0.0:1", false, true},
        {"172.15.255.255:1", false, true},
        {"172.16.0.0:1", true, true},
        {"172.31.255.255:1", true, true},
        {"172.32.0.0:1", false, true},
        {"192.167.255.255:1", false, true},
        {"192.168.0.1:1", true, true},
        {"192.169.0.0:1", false, true},
        {"203.0.113.7:0", false, false}, /* no port */
        {"0.0.0.0:1", false, false},
        {"0.1.2.3:1", false, false},
        {"1.0.0.0:1", false, true},
        {"223.255.255.255:1", false, true},
        {"224.0.0.1:1", false, false},
        {"239.255.255.255:1", false, false},
        {"240.0.0.1:1", false, false},
        {"255.255.255.255:1", false, false},
        {"[::]:1", false, false},
        {"[::1]:1", true, true},
        {"[::2]:1", false, true},
        {"[::ffff:a00:1]:1", false, false}, /* 10.0.0.1 in disguise */
        {"[::fffe:a00:1]:1", false, true},
        {"[fbff::1]:1", false, true},
        {"[fc00::1]:1", true, true},
        {"[fdff::1]:1", true, true},
        {"[fe00::1]:1", false, true},
        {"[fe80::1]:1", true, true},
        {"[febf::1]:1", true, true},
        {"[fec0::1]:1", false, true},
        {"[2001:db8::1]:1", false, true},
        {"[2001:db8::1]:0", false, false},
        {"[ff02::1]:1", false, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        punch_addr addr;
        char sentence[PUNCH_ADDR_TEXT_CAP + 16];
        EXPECT_INT(rows[i].text, punch_addr_parse(rows[i].text, &addr), PUNCH_OK);
        snprintf(sentence, sizeof sentence, "%s private", rows[i].text);
        EXPECT_INT(sentence, punch_addr_is_private(&addr), rows[i].is_private);
        snprintf(sentence, sizeof sentence, "%s sendable", rows[i].text);
        EXPECT_INT(sentence, punch_addr_is_sendable(&addr), rows[i].is_sendable);
    }
    punch_addr none;
    memset(&none, 0, sizeof none);
    none.port = 1;
    EXPECT("no family is not sendable", !punch_addr_is_sendable(&none));
}

static void addresses_compare_and_hash(void) {
    const punch_addr a = punch_addr_ipv4(0xc0000201, 5000);
    const punch_addr b = punch_addr_ipv4(0xc0000201, 5001);
    const punch_addr c = punch_addr_ipv4(0xc0000202, 5000);
    punch_addr as_ipv6 = a;
    as_ipv6.family = PUNCH_FAMILY_IPV6;
    EXPECT("equal to itself", punch_addr_equal(&a, &a));
    EXPECT("another port is another address", !punch_addr_equal(&a, &b));
    EXPECT("another port is the same IP", punch_addr_same_ip(&a, &b));
    EXPECT("another IP", !punch_addr_same_ip(&a, &c));
    EXPECT("another family", !punch_addr_same_ip(&a, &as_ipv6));
    EXPECT("the hash ignores ports", punch_addr_hash_ip(&a) == punch_addr_hash_ip(&b));
    EXPECT("the hash sees the family", punch_addr_hash_ip(&a) != punch_addr_hash_ip(&as_ipv6));
    /* Consecutive addresses fill the low bits of a table about as chance does: 1 - 1/e. */
    enum { SLOTS = 4096 };
    static const size_t expected_min = SLOTS * 60 / 100;
    uint8_t seen[SLOTS] = {0};
    size_t filled = 0;
    for (uint32_t i = 0; i < SLOTS; i++) {
        const punch_addr addr = punch_addr_ipv4(0x0a000000 + i, 0);
        uint8_t *slot = &seen[punch_addr_hash_ip(&addr) % SLOTS];
        filled += *slot == 0;
        *slot = 1;
    }
    EXPECT("the hash scatters neighbours", filled >= expected_min);
}

/* --- readers and writers --- */

static void writers_and_readers_agree(void) {
    uint8_t bytes[15 + 3];
    punch_writer writer = punch_writer_of(bytes, sizeof bytes);
    punch_write_u8(&writer, 0x01);
    punch_write_u16(&writer, 0x0203);
    punch_write_u32(&writer, 0x04050607);
    punch_write_u64(&writer, UINT64_C(0x08090a0b0c0d0e0f));
    punch_write_copy(&writer, "abc", 3);
    punch_write_copy(&writer, NULL, 0);
    EXPECT("all fits", !writer.failed);
    EXPECT_INT("length", writer.length, sizeof bytes);
    EXPECT_BYTES("network byte order", bytes,
                 "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
                 "abc",
                 sizeof bytes);
    punch_reader reader = punch_reader_of(bytes, sizeof bytes);
    char text[3];
    EXPECT_INT("8 bits", punch_read_u8(&reader), 0x01);
    EXPECT_INT("16 bits", punch_read_u16(&reader), 0x0203);
    EXPECT_INT("32 bits", punch_read_u32(&reader), 0x04050607);
    EXPECT_INT("64 bits", punch_read_u64(&reader), INT64_C(0x08090a0b0c0d0e0f));
    punch_read_copy(&reader, text, sizeof text);
    EXPECT_BYTES("copy", text, "abc", sizeof text);
    EXPECT_INT("used up", reader.left, 0);
    EXPECT("not failed", !reader.failed);
    EXPECT_INT("past the end there are zeros", punch_read_u16(&reader), 0);
    EXPECT("past the end fails", reader.failed);
}

static void failures_stick(void) {
    uint8_t bytes[4] = {1, 2, 3, 4};
    punch_reader reader = punch_reader_of(bytes, sizeof bytes);
    EXPECT_INT("too long a number", punch_read_u64(&reader), 0);
    EXPECT_INT("no reading after a failure", punch_read_u8(&reader), 0);
    uint8_t out[2] = {9, 9};
    punch_read_copy(&reader, out, sizeof out);
    EXPECT_BYTES("a failed copy gives zeros", out, "\0\0", sizeof out);
    EXPECT("no span after a failure", punch_read_span(&reader, 0) == NULL);

    punch_writer writer = punch_writer_of(bytes, sizeof bytes);
    punch_write_u8(&writer, 7);
    punch_write_u32(&writer, 0xffffffff);
    EXPECT("no room", writer.failed);
    EXPECT_INT("nothing of it was written", writer.length, 1);
    punch_write_u8(&writer, 8);
    EXPECT_BYTES("nothing is written after a failure", bytes, "\x07\x02\x03\x04", sizeof bytes);
}

/* --- time, random numbers, errors --- */

static void time_saturates(void) {
    static const struct {
        const char *sentence;
        punch_time_us instant;
        punch_time_us duration;
        punch_time_us expected;
    } rows[] = {
        {"plain sum", 5, 7, 12},
        {"negative instant", -5, 7, 2},
        {"never stays never", PUNCH_NEVER, 0, PUNCH_NEVER},
        {"never plus something", PUNCH_NEVER, PUNCH_US_PER_S, PUNCH_NEVER},
        {"beyond the end", PUNCH_NEVER - 1, 2, PUNCH_NEVER},
        {"exactly the end", PUNCH_NEVER - 2, 2, PUNCH_NEVER},
        {"longest duration", 1, PUNCH_NEVER, PUNCH_NEVER},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        EXPECT_INT(rows[i].sentence, punch_time_after(rows[i].instant, rows[i].duration),
                   rows[i].expected);
    }
    EXPECT_INT("never is neutral", punch_time_earlier(PUNCH_NEVER, 3), 3);
    EXPECT_INT("earlier", punch_time_earlier(-1, 3), -1);
    EXPECT_INT("later", punch_time_later(-1, 3), 3);
}

static void random_numbers_are_those_of_splitmix64(void) {
    /* First outputs of the reference implementation (prng.di.unimi.it/splitmix64.c), state 0. */
    static const uint64_t expected[] = {UINT64_C(0xe220a8397b1dcdaf), UINT64_C(0x6e789e6aa1b965f4),
                                        UINT64_C(0x06c45d188009454f)};
    punch_rng rng = {0};
    for (size_t i = 0; i < COUNT(expected); i++) {
        EXPECT_INT("reference output", punch_rng_u64(&rng), expected[i]);
    }
    punch_rng a = punch_rng_stream(1, 2, 3);
    punch_rng b = punch_rng_stream(1, 2, 4);
    punch_rng c = punch_rng_stream(1, 3, 3);
    punch_rng d = punch_rng_stream(2, 2, 3);
    const uint64_t first = punch_rng_u64(&a);
    EXPECT("another purpose, another stream", first != punch_rng_u64(&b));
    EXPECT("another object, another stream", first != punch_rng_u64(&c));
    EXPECT("another seed, another stream", first != punch_rng_u64(&d));
}

static void draws_have_their_frequency(void) {
    enum { DRAWS = 100000, SIDES = 7 };
    punch_rng rng = punch_rng_stream(9, 9, 9);
    uint32_t counts[SIDES] = {0};
    uint32_t hits = 0;
    double sum = 0.0;
    const punch_probability quarter = punch_probability_of(0.25);
    for (int i = 0; i < DRAWS; i++) {
        const uint64_t side = punch_rng_below(&rng, SIDES);
        if (!EXPECT("below its bound", side < SIDES)) {
            return;
        }
        counts[side]++;
        hits += punch_rng_chance(&rng, quarter);
        const double unit = punch_rng_unit(&rng);
        if (!EXPECT("within the open interval", unit > 0.0 && unit < 1.0)) {
            return;
        }
        sum += unit;
    }
    for (size_t i = 0; i < SIDES; i++) { /* 5 standard deviations */
        EXPECT_REAL("uniform", counts[i], (double)DRAWS / SIDES, 553.0);
    }
    EXPECT_REAL("a quarter of all", hits, 0.25 * DRAWS, 685.0);
    EXPECT_REAL("mean of the unit interval", sum / DRAWS, 0.5, 0.0046);
}

static void probabilities_become_thresholds(void) {
    static const struct {
        const char *sentence;
        double p;
        punch_probability expected;
    } rows[] = {
        {"zero", 0.0, 0},
        {"negative", -1.0, 0},
        {"one", 1.0, PUNCH_PROBABILITY_ONE},
        {"above one", 2.0, PUNCH_PROBABILITY_ONE},
        {"a half", 0.5, PUNCH_PROBABILITY_ONE / 2},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        EXPECT(rows[i].sentence, punch_probability_of(rows[i].p) == rows[i].expected);
    }
    punch_rng rng = punch_rng_stream(3, 3, 3);
    punch_rng other = rng;
    for (int i = 0; i < 1000; i++) {
        EXPECT("never", !punch_rng_chance(&rng, 0));
        EXPECT("always", punch_rng_chance(&other, PUNCH_PROBABILITY_ONE));
    }
    EXPECT("a chance always costs one draw", rng.state == other.state);
}

static void errors_have_names(void) {
    static const struct {
        punch_err err;
        const char *name;
    } rows[] = {
        {PUNCH_OK, "ok"},
        {PUNCH_ERR_PARSE, "parse"},
        {PUNCH_ERR_CRYPTO, "crypto"},
        {PUNCH_ERR_CAPACITY, "capacity"},
        {PUNCH_ERR_STATE, "state"},
        {PUNCH_ERR_ARGUMENT, "argument"},
        {PUNCH_ERR_TOO_LONG, "too long"},
        {PUNCH_ERR_PORT, "port"},
        {PUNCH_ERR_UNSUPPORTED, "unsupported"},
        {(punch_err)1, "unknown"},
        {(punch_err)-9, "unknown"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        EXPECT_TEXT("name of an error", punch_err_name(rows[i].err), rows[i].name);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"addresses are read and written as RFC 5952 says", addresses_read_and_write},
        {"random addresses come back from text", random_addresses_come_back},
        {"private and sendable ranges end where their RFCs say", ranges_are_known},
        {"addresses compare and hash", addresses_compare_and_hash},
        {"writers and readers agree", writers_and_readers_agree},
        {"a failed reader or writer stays failed", failures_stick},
        {"time saturates at never", time_saturates},
        {"random numbers are those of SplitMix64", random_numbers_are_those_of_splitmix64},
        {"draws have their frequency", draws_have_their_frequency},
        {"probabilities become thresholds", probabilities_become_thresholds},
        {"errors have names", errors_have_names},
    };
    return PUNCH_TEST_MAIN("base", cases);
}
