/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Complaints about a scenario: collected while reading, so that one run of `validate` shows several
 * mistakes, and sorted by position at the end.
 */
#ifndef SIM_SCENARIO_COMPLAINTS_H
#define SIM_SCENARIO_COMPLAINTS_H

#include <stdarg.h>

#include "json_doc.h"

#define SCENARIO_COMPLAINTS_MAX 20 /* chosen: a screenful */
#define SCENARIO_WHAT_CAP 1024     /* one complaint's sentences; chosen */
#define SCENARIO_POINTER_CAP 512   /* its pointer; chosen */
#define SCENARIO_SUGGEST_LENGTH 40 /* longer words get no "did you mean"; chosen */

/* Where a complaint belongs: a node of a document, its key, or (doc NULL) an override, or a field
 * of a CSV file. */
typedef struct {
    const json_doc *doc;
    const json_node *node;
    bool at_key;
    const char *override_key; /* dotted, when doc is NULL */
    const char *csv_file;     /* when doc and override_key are NULL */
    const char *csv_column;   /* name of the column, or NULL */
    json_place csv_at;
} scenario_place;

static inline scenario_place scenario_at(const json_doc *doc, const json_node *node) {
    return (scenario_place){.doc = doc, .node = node};
}

static inline scenario_place scenario_at_key(const json_doc *doc, const json_node *node) {
    return (scenario_place){.doc = doc, .node = node, .at_key = true};
}

#if defined(__GNUC__)
#define SCENARIO_FORMAT(string, first) __attribute__((format(printf, string, first)))
#else
#define SCENARIO_FORMAT(string, first)
#endif

/* Adds one complaint, copying all texts. What was said already is dropped (two options may draw
 * from one data file), and what goes beyond SCENARIO_COMPLAINTS_MAX. */
void scenario_complain_raw(sim_complaints *complaints, const char *file, json_place at,
                           const char *pointer, const char *what);
void scenario_complain(sim_complaints *complaints, scenario_place place, const char *format, ...)
    SCENARIO_FORMAT(3, 4);

/* By line and column within a file; files keep the order in which they first complained. */
void scenario_complaints_sort(sim_complaints *complaints);

/* scenario_words.c: prints a text from a stranger, control characters and broken UTF-8 as
 * escapes. */
void scenario_print_escaped(FILE *out, const char *text);

/* The nearest of the words by edit distance, or NULL when none is near enough to be meant. */
typedef struct {
    const char *word;    /* as typed */
    const char *nearest; /* best so far */
    uint32_t distance;
} scenario_suggest;

scenario_suggest scenario_suggest_for(const char *word);
void scenario_suggest_offer(scenario_suggest *suggest, const char *candidate);
/* ", did you mean \"x\"?" or "" into text (cap bytes); returns text. */
char *scenario_suggest_text(const scenario_suggest *suggest, char *text, size_t cap);

#endif
