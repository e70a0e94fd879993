/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Joins the scanner's nodes with the tree cJSON builds from the same bytes: both are walked in
 * document order, so the n-th value of one is the n-th of the other. Then refuses duplicate keys,
 * comparing them decoded ("a" and "\u0061" are one key).
 */
#include "json_doc.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"
#include "scenario_complaints.h"

static uint32_t hash_key(const char *text) {
    uint32_t hash = UINT32_C(2166136261); /* FNV-1a, 32 bit */
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT32_C(16777619);
    }
    return hash;
}

/* Depth is bounded by the scanner. */
static void join(json_doc *doc, uint32_t id, const cJSON *item) {
    json_node *node = &doc->nodes[id];
    node->text = node->kind == JSON_STRING ? item->valuestring : NULL;
    if (node->key_at.line != 0) {
        node->key = item->string;
        node->key_hash = hash_key(item->string);
    }
    const cJSON *child = item->child;
    for (uint32_t at = node->first; at != JSON_NONE; at = doc->nodes[at].next) {
        PUNCH_ASSERT(child != NULL);
        join(doc, at, child);
        child = child->next;
    }
    PUNCH_ASSERT(child == NULL);
}

/* An earlier member of the same object with the same key, or NULL. */
static const json_node *find_twin(const json_doc *doc, const json_node *object,
                                  const json_node *member) {
    for (const json_node *first = json_first(doc, object); first != NULL && first != member;
         first = json_next(doc, first)) {
        if (first->key_hash == member->key_hash && strcmp(first->key, member->key) == 0) {
            return first;
        }
    }
    return NULL;
}

static bool refuse_duplicates(const json_doc *doc, sim_complaints *complaints) {
    const json_node *const end = doc->nodes + doc->count;
    bool ok = true;
    for (const json_node *object = doc->nodes; object < end; object++) {
        const json_node *member = object->kind == JSON_OBJECT ? json_first(doc, object) : NULL;
        for (; member != NULL; member = json_next(doc, member)) {
            const json_node *twin = find_twin(doc, object, member);
            if (twin != NULL) {
                scenario_complain(complaints, scenario_at_key(doc, member),
                                  "duplicate key \"%s\"; it stands already in line %u", member->key,
                                  (unsigned)twin->key_at.line);
                ok = false;
            }
        }
    }
    return ok;
}

bool json_doc_parse(json_doc *doc, const char *file, const char *bytes, size_t length,
                    sim_complaints *complaints) {
    *doc = (json_doc){.file = file, .bytes = bytes, .length = length};
    if (!json_scan(doc, complaints)) {
        return false;
    }
    doc->tree = cJSON_ParseWithLength(bytes, length);
    if (doc->tree == NULL) {
        scenario_complain_raw(complaints, file, (json_place){.line = 1, .column = 1}, "",
                              "out of memory");
        return false;
    }
    join(doc, 0, doc->tree);
    return refuse_duplicates(doc, complaints);
}

void json_doc_free(json_doc *doc) {
    cJSON_Delete(doc->tree);
    free(doc->nodes);
    *doc = (json_doc){0};
}

const json_node *json_find(const json_doc *doc, const json_node *node, const char *key) {
    if (node->kind != JSON_OBJECT) {
        return NULL;
    }
    const json_node *member = json_first(doc, node);
    while (member != NULL && strcmp(member->key, key) != 0) {
        member = json_next(doc, member);
    }
    return member;
}

/* Writes one reference token backwards from `end`; returns where it begins, or NULL without room.
 * RFC 6901 §3: '~' becomes "~0", '/' becomes "~1". */
static char *write_token(char *start, char *end, const char *token, size_t length) {
    for (size_t i = length; i > 0; i--) {
        const char byte = token[i - 1];
        const bool escaped = byte == '~' || byte == '/';
        if (end - start < 3) {
            return NULL;
        }
        if (escaped) {
            *--end = byte == '~' ? '0' : '1';
        }
        *--end = escaped ? '~' : byte;
    }
    *--end = '/';
    return end;
}

char *json_pointer(const json_doc *doc, const json_node *node, char *text, size_t cap) {
    char *end = text + cap - 1;
    *end = '\0';
    while (node->parent != JSON_NONE) {
        char index[16];
        (void)snprintf(index, sizeof index, "%u", (unsigned)node->index);
        const bool member = doc->nodes[node->parent].kind == JSON_OBJECT;
        /* A complaint of the scanner comes before keys are decoded: then as they stand. */
        const char *token = !member             ? index
                            : node->key != NULL ? node->key
                                                : doc->bytes + node->key_offset;
        const size_t length = member && node->key == NULL ? node->key_length : strlen(token);
        char *begin = write_token(text, end, token, length);
        if (begin == NULL) {
            break;
        }
        end = begin;
        node = &doc->nodes[node->parent];
    }
    memmove(text, end, strlen(end) + 1);
    return text;
}

const char *json_kind_text(json_kind kind) {
    switch (kind) {
    case JSON_NULL:
        return "null";
    case JSON_FALSE:
        return "false";
    case JSON_TRUE:
        return "true";
    case JSON_NUMBER:
        return "a number";
    case JSON_STRING:
        return "a text";
    case JSON_ARRAY:
        return "a list";
    case JSON_OBJECT:
        return "an object";
    }
    return "nothing";
}
