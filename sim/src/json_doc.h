/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A JSON text that knows where everything in it stands.
 *
 *   bytes -> strict scanner (json_scan.c: RFC 8259, nothing beyond) -> nodes in document order
 *         -> cJSON -> decoded strings, joined to the nodes one by one (json_doc.c)
 *
 * cJSON alone accepts 0x10, 01, 1e400, bad UTF-8, \u0000, duplicate keys and trailing text, and
 * forgets positions; the scanner refuses the former and remembers the latter. Numbers stay literal:
 * whoever reads one takes its text, so that decimals remain exact.
 */
#ifndef SIM_JSON_DOC_H
#define SIM_JSON_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/scenario.h"

/* chosen: 4 MiB, a thousand times the longest scenario */
#define JSON_BYTES_MAX ((size_t)4 << 20)
#define JSON_DEPTH_MAX 32     /* chosen: scenarios need 9 levels; bounds the recursion */
#define JSON_KEYS_MAX 256     /* keys of one object; chosen: keeps the duplicate check short */
#define JSON_NODES_MAX 200000 /* values of one file; chosen: 16 MB of nodes */
#define JSON_NONE UINT32_MAX

typedef enum {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
} json_kind;

typedef struct {
    uint32_t line; /* from 1 */
    uint32_t column;
} json_place;

typedef struct {
    json_kind kind;
    uint32_t parent; /* node index, or JSON_NONE */
    uint32_t next;   /* next sibling, or JSON_NONE */
    uint32_t first;  /* first child, or JSON_NONE */
    uint32_t child_count;
    uint32_t index;      /* among its siblings */
    uint32_t offset;     /* of the value's first byte */
    uint32_t length;     /* of the value in bytes */
    json_place at;       /* of the value */
    json_place key_at;   /* of the key; line 0 in arrays and at the root */
    uint32_t key_offset; /* of the key between its quotes, still with escapes */
    uint32_t key_length;
    const char *key;   /* decoded; NULL in arrays and at the root */
    const char *text;  /* decoded; strings only */
    uint32_t key_hash; /* of the decoded key */
} json_node;

struct cJSON;

typedef struct {
    const char *file;  /* for complaints; borrowed */
    const char *bytes; /* borrowed */
    size_t length;
    json_node *nodes; /* document order: a parent before its children */
    uint32_t count;
    uint32_t cap;
    struct cJSON *tree;
} json_doc;

/* Scans, parses and joins. false with at least one complaint; json_doc_free() is due either way.
 * Both texts must outlive the document. */
bool json_doc_parse(json_doc *doc, const char *file, const char *bytes, size_t length,
                    sim_complaints *complaints);
void json_doc_free(json_doc *doc); /* accepts a zeroed document */

/* Only the scanner: fills nodes without keys and texts. */
bool json_scan(json_doc *doc, sim_complaints *complaints);

static inline const json_node *json_root(const json_doc *doc) {
    return &doc->nodes[0];
}

/* First child or next sibling, NULL at the end. */
static inline const json_node *json_first(const json_doc *doc, const json_node *node) {
    return node->first == JSON_NONE ? NULL : &doc->nodes[node->first];
}

static inline const json_node *json_next(const json_doc *doc, const json_node *node) {
    return node->next == JSON_NONE ? NULL : &doc->nodes[node->next];
}

/* The member of that name, or NULL (also when node is no object). */
const json_node *json_find(const json_doc *doc, const json_node *node, const char *key);

/* The RFC 6901 pointer of a node, cut at cap bytes; returns text. */
char *json_pointer(const json_doc *doc, const json_node *node, char *text, size_t cap);

/* "a number", "an object", ... */
const char *json_kind_text(json_kind kind);

#endif
