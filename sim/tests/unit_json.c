/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The JSON scanner and its join with cJSON: what is accepted, where things stand, how they are
 * pointed at. What is refused, and with which words, is bad_input.c's.
 */
#include <string.h>

#include "json_doc.h"
#include "punch_test.h"

typedef struct {
    const char *sentence;
    const char *text;
    bool accepted;
} scan_row;

/* Each accepted by RFC 8259 and refused, or the other way round, for the reason in its sentence. */
static const scan_row scans[] = {
    {"an empty object", "{}", true},
    {"an empty list within blanks", " \t\r\n[ ]\n", true},
    {"a bare number", "-0", true},
    {"a fraction with exponent", "[1.5e-3, 0.0E+5, 10e0]", true},
    {"all escapes", "\"\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u00e9\"", true},
    {"a surrogate pair", "\"\\ud83d\\ude00\"", true},
    {"UTF-8 of two, three and four bytes", "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"", true},
    {"the last code point", "\"\xf4\x8f\xbf\xbf\"", true},
    {"DEL is no control character to JSON", "\"\x7f\"", true},
    {"the largest double", "1.7976931348623157e308", true},
    {"a number too small for a double", "1e-400", true},
    {"a number of 60 characters", "[0.1234567890123456789012345678901234567890123456789012345678]",
     true},
    {"a number of 61 characters", "[0.12345678901234567890123456789012345678901234567890123456789]",
     false},
    {"one beyond the last code point", "\"\xf4\x90\x80\x80\"", false},
    {"a surrogate in UTF-8", "\"\xed\xa0\x80\"", false},
    {"a cut UTF-8 sequence", "\"\xe2\x82\"", false},
    {"a low surrogate alone", "\"\\ude00\"", false},
    {"a high surrogate before a letter", "\"\\ud83dx\"", false},
    {"three hexadecimal digits", "\"\\u12g4\"", false},
    {"no digit after the minus", "[-]", false},
    {"no digit in the exponent", "[1e]", false},
    {"a dot without digits before it", "[.5]", false},
    {"a minus and a leading zero", "[-01]", false},
    {"an octal number", "[0o17]", false},
    {"Infinity", "[Infinity]", false},
    {"a word with more letters", "[truest]", false},
    {"a capital word", "[True]", false},
    {"a missing comma", "[1 2]", false},
    {"a missing colon", "{\"a\" 1}", false},
    {"a key that is no text", "{1: 2}", false},
    {"a wrong bracket", "[1}", false},
    {"an escape at the end", "\"\\", false},
    {"an escape of nothing", "\"\\\"", false},
    {"a form feed between values", "[1,\f2]", false},
};

static void the_grammar_is_strict(void) {
    for (size_t i = 0; i < sizeof scans / sizeof scans[0]; i++) {
        sim_complaints complaints = {0};
        json_doc doc;
        const bool accepted =
            json_doc_parse(&doc, "x.json", scans[i].text, strlen(scans[i].text), &complaints);
        EXPECT_INT(scans[i].sentence, accepted, scans[i].accepted);
        EXPECT_INT(scans[i].sentence, complaints.count, scans[i].accepted ? 0 : 1);
        EXPECT("nothing is blamed on memory",
               complaints.count == 0 || strcmp(complaints.items[0].what, "out of memory") != 0);
        json_doc_free(&doc);
        sim_complaints_clear(&complaints);
    }
}

static void a_nul_byte_ends_nothing(void) {
    static const char text[] = "{\"a\": 1}\0{";
    sim_complaints complaints = {0};
    json_doc doc;
    EXPECT("bytes behind a NUL are text, too",
           !json_doc_parse(&doc, "x.json", text, sizeof text - 1, &complaints));
    EXPECT_INT("it is at column 9", complaints.count == 1 ? complaints.items[0].column : 0, 9);
    json_doc_free(&doc);
    sim_complaints_clear(&complaints);
}

static void nesting_has_a_limit(void) {
    char text[2 * JSON_DEPTH_MAX + 3];
    for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        sim_complaints complaints = {0};
        json_doc doc;
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        EXPECT_INT("32 levels are accepted, 33 are not",
                   json_doc_parse(&doc, "x.json", text, 2 * depth, &complaints),
                   depth == JSON_DEPTH_MAX);
        json_doc_free(&doc);
        sim_complaints_clear(&complaints);
    }
}

typedef struct {
    const char *pointer;
    uint32_t line;
    uint32_t column;
    uint32_t key_line; /* 0: none */
    uint32_t key_column;
} place_row;

static const char places_text[] =
    "{\n"
    "  \"a\": [true, {\"b\": null}],\n"
    "  \"c/d\": \"x\", \"e~f\":\n"
    "    -1.5\n"
    "}";

/* In document order. */
static const place_row places[] = {
    {"", 1, 1, 0, 0},         {"/a", 2, 8, 2, 3},     {"/a/0", 2, 9, 0, 0},   {"/a/1", 2, 15, 0, 0},
    {"/a/1/b", 2, 21, 2, 16}, {"/c~1d", 3, 10, 3, 3}, {"/e~0f", 4, 5, 3, 15},
};

static void everything_has_its_place(void) {
    sim_complaints complaints = {0};
    json_doc doc;
    EXPECT("it is accepted",
           json_doc_parse(&doc, "x.json", places_text, strlen(places_text), &complaints));
    EXPECT_INT("every value is a node", doc.count, sizeof places / sizeof places[0]);
    for (uint32_t i = 0; i < doc.count; i++) {
        char pointer[64];
        EXPECT_TEXT("pointer", json_pointer(&doc, &doc.nodes[i], pointer, sizeof pointer),
                    places[i].pointer);
        EXPECT_INT("line", doc.nodes[i].at.line, places[i].line);
        EXPECT_INT("column", doc.nodes[i].at.column, places[i].column);
        EXPECT_INT("line of the key", doc.nodes[i].key_at.line, places[i].key_line);
        EXPECT_INT("column of the key", doc.nodes[i].key_at.column, places[i].key_column);
    }
    const json_node *number = json_find(&doc, json_root(&doc), "e~f");
    EXPECT("members are found by decoded key", number != NULL);
    EXPECT("a number keeps its literal", number != NULL && number->length == 4 &&
                                             memcmp(doc.bytes + number->offset, "-1.5", 4) == 0);
    EXPECT("nothing is found in a list", json_find(&doc, &doc.nodes[1], "b") == NULL);
    json_doc_free(&doc);
    sim_complaints_clear(&complaints);
}

static void texts_are_decoded(void) {
    static const char text[] = "{\"k\\u0065y\": \"a\\u00e9\\ud83d\\ude00\\n\"}";
    sim_complaints complaints = {0};
    json_doc doc;
    EXPECT("it is accepted", json_doc_parse(&doc, "x.json", text, strlen(text), &complaints));
    const json_node *node = json_find(&doc, json_root(&doc), "key");
    EXPECT("the key is decoded", node != NULL);
    EXPECT_TEXT("the text is decoded", node != NULL ? node->text : NULL,
                "a\xc3\xa9\xf0\x9f\x98\x80\n");
    json_doc_free(&doc);
    sim_complaints_clear(&complaints);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"the grammar is strict", the_grammar_is_strict},
        {"a NUL byte ends nothing", a_nul_byte_ends_nothing},
        {"nesting has a limit", nesting_has_a_limit},
        {"everything has its place", everything_has_its_place},
        {"texts are decoded", texts_are_decoded},
    };
    return PUNCH_TEST_MAIN("unit_json", cases);
}
