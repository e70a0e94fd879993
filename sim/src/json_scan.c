/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The strict scanner: one pass over the raw bytes, RFC 8259 and nothing beyond it, every value
 * recorded with line, column and extent. It stops at the first mistake, because after a syntax
 * error positions mean little, and says what was found and what may stand there.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_doc.h"
#include "scenario_complaints.h"

#define NUMBER_LENGTH_MAX 60 /* cJSON reads no more than 63 characters of a number */

typedef struct {
    json_doc *doc;
    sim_complaints *complaints;
    size_t at;
    size_t line_start;
    uint32_t line;
    uint32_t node; /* being scanned, for the pointer of a complaint */
    uint32_t depth;
    json_place key_at; /* the key read last, for the node that follows it */
    uint32_t key_offset;
    uint32_t key_length;
} scanner;

static bool scan_value(scanner *s, uint32_t parent, uint32_t *node_out);

static json_place place_of(const scanner *s, size_t offset) {
    return (json_place){.line = s->line, .column = (uint32_t)(offset - s->line_start + 1)};
}

static bool refuse(scanner *s, size_t offset, const char *what) {
    char pointer[SCENARIO_POINTER_CAP] = "";
    if (s->node != JSON_NONE) {
        json_pointer(s->doc, &s->doc->nodes[s->node], pointer, sizeof pointer);
    }
    scenario_complain_raw(s->complaints, s->doc->file, place_of(s, offset), pointer, what);
    return false;
}

/* The byte at the position, or -1 at the end. */
static int peek(const scanner *s) {
    return s->at < s->doc->length ? (unsigned char)s->doc->bytes[s->at] : -1;
}

static bool refuse_found(scanner *s, const char *expected) {
    char what[SCENARIO_WHAT_CAP];
    const int byte = peek(s);
    if (byte < 0) {
        (void)snprintf(what, sizeof what, "the file ends here; expected %s", expected);
    } else if (byte > ' ' && byte < 0x7f) {
        const char *hint = byte == '/' || byte == '#' ? " (JSON has no comments)" : "";
        (void)snprintf(what, sizeof what, "found '%c'; expected %s%s", byte, expected, hint);
    } else {
        (void)snprintf(what, sizeof what, "found byte 0x%02x; expected %s", (unsigned)byte,
                       expected);
    }
    return refuse(s, s->at, what);
}

static void skip_space(scanner *s) {
    for (;; s->at++) {
        const int byte = peek(s);
        if (byte == '\n') {
            s->line++;
            s->line_start = s->at + 1;
        } else if (byte != ' ' && byte != '\t' && byte != '\r') {
            return;
        }
    }
}

/* Length of the UTF-8 sequence at bytes (RFC 3629: no overlong forms, surrogates or values above
 * U+10FFFF), 0 when there is none. */
static size_t utf8_length(const unsigned char *bytes, size_t left) {
    const unsigned char lead = bytes[0];
    const size_t length = lead < 0x80                   ? 1
                          : lead >= 0xc2 && lead < 0xe0 ? 2
                          : lead >= 0xe0 && lead < 0xf0 ? 3
                          : lead >= 0xf0 && lead < 0xf5 ? 4
                                                        : 0;
    if (length > left) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    const bool overlong = (lead == 0xe0 && bytes[1] < 0xa0) || (lead == 0xf0 && bytes[1] < 0x90);
    const bool surrogate = lead == 0xed && bytes[1] >= 0xa0;
    const bool beyond = lead == 0xf4 && bytes[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : length;
}

/* Four hexadecimal digits at offset, or -1. */
static long hex4(const scanner *s, size_t offset) {
    long value = 0;
    for (size_t i = 0; i < 4; i++) {
        const int byte =
            offset + i < s->doc->length ? (unsigned char)s->doc->bytes[offset + i] : -1;
        const int digit = byte >= '0' && byte <= '9'   ? byte - '0'
                          : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                          : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                                       : -1;
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

/* "\uXXXX" at the position; surrogates only as a pair, and no U+0000, which would end C strings. */
static bool scan_unicode(scanner *s) {
    const size_t start = s->at;
    const long first = hex4(s, start + 2);
    if (first < 0) {
        return refuse(s, start, "\\u needs four hexadecimal digits");
    }
    if (first == 0) {
        return refuse(s, start, "\\u0000 is not allowed in a text");
    }
    s->at += 6;
    if (first < 0xd800 || first > 0xdfff) {
        return true;
    }
    const bool low_follows = s->at + 1 < s->doc->length && s->doc->bytes[s->at] == '\\' &&
                             s->doc->bytes[s->at + 1] == 'u';
    const long second = low_follows ? hex4(s, s->at + 2) : -1;
    if (first > 0xdbff || second < 0xdc00 || second > 0xdfff) {
        return refuse(s, start,
                      "lone surrogate: \\ud800..\\udbff must be followed by "
                      "\\udc00..\\udfff");
    }
    s->at += 6;
    return true;
}

/* At the opening quote; ends after the closing one. */
static bool scan_string(scanner *s) {
    const size_t start = s->at++;
    for (;;) {
        const int byte = peek(s);
        if (byte < 0 || byte == '\n') {
            return refuse(s, start, "this text is not closed on its line; expected '\"'");
        }
        if (byte == '"') {
            s->at++;
            return true;
        }
        if (byte < 0x20) {
            return refuse(s, s->at, "control characters must be written as escapes, such as \\t");
        }
        if (byte != '\\') {
            const size_t length =
                utf8_length((const unsigned char *)s->doc->bytes + s->at, s->doc->length - s->at);
            if (length == 0) {
                return refuse(s, s->at, "these bytes are not UTF-8");
            }
            s->at += length;
            continue;
        }
        const int escape =
            s->at + 1 < s->doc->length ? (unsigned char)s->doc->bytes[s->at + 1] : -1;
        if (escape == 'u') {
            if (!scan_unicode(s)) {
                return false;
            }
        } else if (escape > 0 && strchr("\"\\/bfnrt", escape) != NULL) {
            s->at += 2;
        } else {
            return refuse(s, s->at,
                          "unknown escape; allowed: \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
        }
    }
}

static size_t scan_digits(scanner *s) {
    const size_t start = s->at;
    while (peek(s) >= '0' && peek(s) <= '9') {
        s->at++;
    }
    return s->at - start;
}

static bool is_word_byte(int byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '.' || byte == '_' || byte == '+';
}

static bool scan_number(scanner *s) {
    const size_t start = s->at;
    if (peek(s) == '-') {
        s->at++;
    }
    const size_t whole = s->at;
    const size_t whole_digits = scan_digits(s);
    if (whole_digits == 0) {
        return refuse_found(s, "a digit");
    }
    if (s->doc->bytes[whole] == '0' && (whole_digits > 1 || is_word_byte(peek(s)))) {
        const int byte = peek(s);
        if (whole_digits > 1 || (byte != '.' && byte != 'e' && byte != 'E')) {
            return refuse(s, start,
                          "a number is decimal and has no leading zero (not 01, not "
                          "0x10); values with a unit are texts: \"0s\"");
        }
    }
    if (peek(s) == '.') {
        s->at++;
        if (scan_digits(s) == 0) {
            return refuse_found(s, "a digit after the decimal point");
        }
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (peek(s) == '+' || peek(s) == '-') {
            s->at++;
        }
        if (scan_digits(s) == 0) {
            return refuse_found(s, "a digit in the exponent");
        }
    }
    if (is_word_byte(peek(s))) {
        return refuse_found(s, "the end of the number; values with a unit are texts: \"30s\"");
    }
    if (s->at - start > NUMBER_LENGTH_MAX) {
        return refuse(s, start, "a number of more than 60 characters");
    }
    char literal[NUMBER_LENGTH_MAX + 1] = {0};
    memcpy(literal, s->doc->bytes + start, s->at - start);
    if (isinf(strtod(literal, NULL))) {
        return refuse(s, start, "this number is too large for a double (above 1.8e308)");
    }
    return true;
}

static bool scan_word(scanner *s, json_node *node) {
    static const struct {
        const char *word;
        json_kind kind;
    } words[] = {{"true", JSON_TRUE}, {"false", JSON_FALSE}, {"null", JSON_NULL}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t length = strlen(words[i].word);
        if (s->doc->length - s->at >= length &&
            memcmp(s->doc->bytes + s->at, words[i].word, length) == 0) {
            s->at += length;
            node->kind = words[i].kind;
            return is_word_byte(peek(s)) ? refuse_found(s, "the end of the word") : true;
        }
    }
    return refuse_found(s,
                        "a value: a text in \"...\", a number, true, false, null, {...} or "
                        "[...]");
}

/* One more node as the last child of parent; JSON_NONE (with a complaint) when there is no room. */
static uint32_t add_node(scanner *s, uint32_t parent) {
    json_doc *doc = s->doc;
    if (doc->count == doc->cap) {
        const uint32_t cap = doc->cap == 0 ? 256 : doc->cap * 2;
        json_node *grown =
            doc->count < JSON_NODES_MAX ? realloc(doc->nodes, (size_t)cap * sizeof *grown) : NULL;
        if (grown == NULL) {
            (void)refuse(s, s->at,
                         doc->count < JSON_NODES_MAX ? "out of memory" : "too many values");
            return JSON_NONE;
        }
        doc->nodes = grown;
        doc->cap = cap;
    }
    const uint32_t id = doc->count++;
    doc->nodes[id] = (json_node){.kind = JSON_NULL,
                                 .parent = parent,
                                 .next = JSON_NONE,
                                 .first = JSON_NONE,
                                 .offset = (uint32_t)s->at,
                                 .at = place_of(s, s->at)};
    if (parent != JSON_NONE) {
        doc->nodes[id].index = doc->nodes[parent].child_count++;
    }
    if (parent != JSON_NONE && doc->nodes[parent].kind == JSON_OBJECT) {
        doc->nodes[id].key_at = s->key_at;
        doc->nodes[id].key_offset = s->key_offset;
        doc->nodes[id].key_length = s->key_length;
    }
    return id;
}

/* Between the elements of a container: true when it goes on, false at its end or on a mistake. */
static bool scan_separator(scanner *s, int close, bool *ok_out) {
    skip_space(s);
    const size_t comma = s->at;
    if (peek(s) == close) {
        s->at++;
        return false;
    }
    if (peek(s) != ',') {
        *ok_out = refuse_found(s, close == '}' ? "',' or '}'" : "',' or ']'");
        return false;
    }
    s->at++;
    const json_place comma_at = place_of(s, comma);
    skip_space(s);
    if (peek(s) == close) {
        char pointer[SCENARIO_POINTER_CAP];
        json_pointer(s->doc, &s->doc->nodes[s->node], pointer, sizeof pointer);
        scenario_complain_raw(s->complaints, s->doc->file, comma_at, pointer,
                              "a comma may not stand before the closing bracket");
        *ok_out = false;
        return false;
    }
    return true;
}

/* The key of a member and its colon; remembered for the node of its value. */
static bool scan_key(scanner *s) {
    skip_space(s);
    s->key_at = place_of(s, s->at);
    s->key_offset = (uint32_t)s->at + 1;
    if (peek(s) != '"') {
        return refuse_found(s, "a key in \"...\"");
    }
    if (!scan_string(s)) {
        return false;
    }
    s->key_length = (uint32_t)s->at - 1 - s->key_offset;
    skip_space(s);
    if (peek(s) != ':') {
        return refuse_found(s, "':' after the key");
    }
    s->at++;
    return true;
}

/* At the opening bracket of node `self`. */
static bool scan_container(scanner *s, uint32_t self) {
    const bool object = s->doc->nodes[self].kind == JSON_OBJECT;
    const int close = object ? '}' : ']';
    uint32_t last = JSON_NONE;
    bool ok = true;
    s->at++;
    skip_space(s);
    if (peek(s) == close) {
        s->at++;
        return true;
    }
    do {
        uint32_t child = JSON_NONE;
        if (object && s->doc->nodes[self].child_count == JSON_KEYS_MAX) {
            return refuse(s, s->at, "more than 256 keys in one object");
        }
        if ((object && !scan_key(s)) || !scan_value(s, self, &child)) {
            return false;
        }
        s->node = self;
        if (last == JSON_NONE) {
            s->doc->nodes[self].first = child;
        } else {
            s->doc->nodes[last].next = child;
        }
        last = child;
    } while (scan_separator(s, close, &ok));
    return ok;
}

static bool scan_value(scanner *s, uint32_t parent, uint32_t *node_out) {
    skip_space(s);
    const uint32_t id = add_node(s, parent);
    if (id == JSON_NONE) {
        return false;
    }
    *node_out = id;
    s->node = id;
    bool ok;
    const int byte = peek(s);
    if (byte == '{' || byte == '[') {
        if (s->depth == JSON_DEPTH_MAX) {
            return refuse(s, s->at, "nested deeper than 32 levels");
        }
        s->doc->nodes[id].kind = byte == '{' ? JSON_OBJECT : JSON_ARRAY;
        s->depth++;
        ok = scan_container(s, id);
        s->depth--;
    } else if (byte == '"') {
        s->doc->nodes[id].kind = JSON_STRING;
        ok = scan_string(s);
    } else if (byte == '-' || (byte >= '0' && byte <= '9')) {
        s->doc->nodes[id].kind = JSON_NUMBER;
        ok = scan_number(s);
    } else {
        ok = scan_word(s, &s->doc->nodes[id]);
    }
    s->doc->nodes[id].length = (uint32_t)(s->at - s->doc->nodes[id].offset);
    return ok;
}

bool json_scan(json_doc *doc, sim_complaints *complaints) {
    scanner s = {.doc = doc, .complaints = complaints, .line = 1, .node = JSON_NONE};
    uint32_t root = JSON_NONE;
    if (doc->length > JSON_BYTES_MAX) {
        return refuse(&s, 0, "the file is larger than 4 MiB");
    }
    if (doc->length >= 3 && memcmp(doc->bytes, "\xef\xbb\xbf", 3) == 0) {
        return refuse(&s, 0, "the file begins with a byte order mark; save it as plain UTF-8");
    }
    skip_space(&s);
    if (s.at == doc->length) {
        return refuse(&s, s.at, "the file is empty; expected {...}");
    }
    if (!scan_value(&s, JSON_NONE, &root)) {
        return false;
    }
    s.node = JSON_NONE;
    skip_space(&s);
    return s.at == doc->length ? true : refuse_found(&s, "nothing after the closing bracket");
}
