/* SPDX-License-Identifier: MIT */
/*
 * Contact lines: written, read, and refused when they are anything else.
 */
#include <stdio.h>
#include <string.h>

#include "crypto_contract.h"
#include "punch/contact.h"
#include "punch/rng.h"
#include "punch_test.h"

/* Bytes 0..31, 0x40..0x4f, 0xe0..0xff: digits of all kinds, '-' and '_' among them. */
#define CALLEE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define TOKEN "QEFCQ0RFRkdISUpLTE1OTw"
#define BROKER "4OHi4-Tl5ufo6err7O3u7_Dx8vP09fb3-Pn6-_z9_v8"
#define LINE "punch1:" CALLEE ":" TOKEN ":" BROKER "@192.0.2.1:5000"

static punch_contact example(void) {
    punch_contact contact;
    memset(&contact, 0, sizeof contact);
    for (size_t i = 0; i < PUNCH_KEY_BYTES; i++) {
        contact.callee.bytes[i] = (uint8_t)i;
        contact.broker.bytes[i] = (uint8_t)(0xe0 + i);
    }
    for (size_t i = 0; i < PUNCH_TOKEN_BYTES; i++) {
        contact.token.bytes[i] = (uint8_t)(0x40 + i);
    }
    contact.broker_addr = punch_addr_ipv4(0xc0000201, 5000);
    return contact;
}

static void the_line_is_as_documented(void) {
    const punch_contact contact = example();
    char text[PUNCH_CONTACT_TEXT_CAP];
    EXPECT_TEXT("line", punch_contact_format(&contact, text), LINE);
}

static void lines_are_read_or_refused(void) {
    static const struct {
        const char *sentence;
        const char *text;
        bool good;
    } rows[] = {
        {"plain", LINE, true},
        {"white space around", " \t\r\n" LINE "\n \t\r", true},
        {"empty", "", false},
        {"white space only", "  \n", false},
        {"prefix only", "punch1:", false},
        {"another version", "punch2:" CALLEE ":" TOKEN ":" BROKER "@192.0.2.1:5000", false},
        {"prefix in capitals", "PUNCH1:" CALLEE ":" TOKEN ":" BROKER "@192.0.2.1:5000", false},
        {"white space inside", "punch1: " CALLEE ":" TOKEN ":" BROKER "@192.0.2.1:5000", false},
        {"white space before the address", "punch1:" CALLEE ":" TOKEN ":" BROKER "@ 192.0.2.1:5000",
         false},
        {"padding", "punch1:" CALLEE "=:" TOKEN ":" BROKER "@192.0.2.1:5000", false},
        {"a digit too many", "punch1:" CALLEE "A:" TOKEN ":" BROKER "@192.0.2.1:5000", false},
        {"a token as callee", "punch1:" TOKEN ":" TOKEN ":" BROKER "@192.0.2.1:5000", false},
        {"no token", "punch1:" CALLEE "::" BROKER "@192.0.2.1:5000", false},
        {"no broker", "punch1:" CALLEE ":" TOKEN "@192.0.2.1:5000", false},
        {"no address", "punch1:" CALLEE ":" TOKEN ":" BROKER "@", false},
        {"cut before the address", "punch1:" CALLEE ":" TOKEN ":" BROKER, false},
        {"bad address", "punch1:" CALLEE ":" TOKEN ":" BROKER "@192.0.2.1", false},
        {"a host name", "punch1:" CALLEE ":" TOKEN ":" BROKER "@example.org:5000", false},
        {"text behind", LINE " and more", false},
        {"a very long address",
         "punch1:" CALLEE ":" TOKEN ":" BROKER
         "@0000000000000000000000000000000000000000000000000000000000000000000000192.0.2.1:5000",
         false},
        {"base64 of RFC 4648 section 4",
         "punch1:" CALLEE ":" TOKEN ":4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8@192.0.2.1:5000",
         false},
        {"spare bits of a key",
         "punch1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9:" TOKEN ":" BROKER "@192.0.2.1:5000",
         false},
        {"spare bits of a token",
         "punch1:" CALLEE ":QEFCQ0RFRkdISUpLTE1OTx:" BROKER "@192.0.2.1:5000", false},
    };
    const punch_contact expected = example();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        punch_contact before;
        memset(&before, 0xa5, sizeof before);
        punch_contact contact = before;
        EXPECT_INT(rows[i].sentence, punch_contact_parse(rows[i].text, &contact),
                   rows[i].good ? PUNCH_OK : PUNCH_ERR_PARSE);
        EXPECT_BYTES(rows[i].sentence, &contact, rows[i].good ? &expected : &before,
                     sizeof contact);
    }
}

static void random_contacts_come_back(void) {
    punch_rng rng = punch_rng_stream(1, 2, 3);
    for (int i = 0; i < 2000; i++) {
        punch_contact sent;
        punch_contact got;
        char text[PUNCH_CONTACT_TEXT_CAP];
        crypto_contract_fill((uint8_t *)&sent, sizeof sent, punch_rng_u64(&rng));
        sent.broker_addr.family = PUNCH_FAMILY_IPV6;
        sent.broker_addr.zero = 0;
        if (i % 2 == 0) {
            sent.broker_addr = punch_addr_ipv4((uint32_t)i * 7919, (uint16_t)i);
        }
        punch_contact_format(&sent, text);
        EXPECT("fits", strlen(text) < sizeof text);
        if (!EXPECT_INT(text, punch_contact_parse(text, &got), PUNCH_OK) ||
            !EXPECT_BYTES(text, &got, &sent, sizeof got)) {
            return;
        }
    }
}

/* Every cut of a good line, and every character of it replaced, is refused or means another
 * contact. */
static void changed_lines_never_mean_the_same(void) {
    const punch_contact expected = example();
    char text[sizeof LINE];
    punch_contact got;
    for (size_t length = 0; length < sizeof LINE - 1; length++) {
        memcpy(text, LINE, sizeof text);
        text[length] = '\0';
        const punch_err err = punch_contact_parse(text, &got);
        EXPECT("a cut line", err != PUNCH_OK || memcmp(&got, &expected, sizeof got) != 0);
    }
    static const char replacements[] = "A9_-:@. =";
    for (size_t at = 0; at < sizeof LINE - 1; at++) {
        for (size_t i = 0; i < sizeof replacements - 1; i++) {
            memcpy(text, LINE, sizeof text);
            if (text[at] == replacements[i]) {
                continue;
            }
            text[at] = replacements[i];
            const punch_err err = punch_contact_parse(text, &got);
            EXPECT(text, err != PUNCH_OK || memcmp(&got, &expected, sizeof got) != 0);
        }
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"the line is as documented", the_line_is_as_documented},
        {"lines are read or refused", lines_are_read_or_refused},
        {"random contacts come back", random_contacts_come_back},
        {"changed lines never mean the same", changed_lines_never_mean_the_same},
    };
    return PUNCH_TEST_MAIN("contact", cases);
}
