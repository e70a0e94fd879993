/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario_complaints.h"

#include <stdlib.h>
#include <string.h>

static char *copy_text(const char *text) {
    const size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

static void free_item(sim_complaint *item) {
    free(item->file);
    free(item->pointer);
    free(item->what);
}

static bool was_said(const sim_complaints *complaints, const char *file, json_place at,
                     const char *pointer, const char *what) {
    for (size_t i = 0; i < complaints->count; i++) {
        const sim_complaint *item = &complaints->items[i];
        if (item->line == at.line && item->column == at.column && strcmp(item->file, file) == 0 &&
            strcmp(item->pointer, pointer) == 0 && strcmp(item->what, what) == 0) {
            return true;
        }
    }
    return false;
}

void scenario_complain_raw(sim_complaints *complaints, const char *file, json_place at,
                           const char *pointer, const char *what) {
    if (complaints->count >= SCENARIO_COMPLAINTS_MAX ||
        was_said(complaints, file, at, pointer, what)) {
        return;
    }
    if (complaints->items == NULL) {
        complaints->items = calloc(SCENARIO_COMPLAINTS_MAX, sizeof *complaints->items);
        complaints->cap = complaints->items != NULL ? SCENARIO_COMPLAINTS_MAX : 0;
    }
    sim_complaint item = {.file = copy_text(file),
                          .line = at.line,
                          .column = at.column,
                          .pointer = copy_text(pointer),
                          .what = copy_text(what)};
    if (complaints->items == NULL || item.file == NULL || item.pointer == NULL ||
        item.what == NULL) {
        free_item(&item);
        return;
    }
    complaints->items[complaints->count++] = item;
}

/* "nat.home.mapping" as typed behind --set, written as a pointer. */
static void dotted_pointer(const char *key, char *text, size_t cap) {
    (void)snprintf(text, cap, "/%s", key);
    for (char *at = text; *at != '\0'; at++) {
        if (*at == '.') {
            *at = '/';
        }
    }
}

void scenario_complain(sim_complaints *complaints, scenario_place place, const char *format, ...) {
    char what[SCENARIO_WHAT_CAP];
    char pointer[SCENARIO_POINTER_CAP];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (place.csv_file != NULL) {
        char in_column[SCENARIO_WHAT_CAP];
        const bool named = place.csv_column != NULL;
        (void)snprintf(in_column, sizeof in_column, "%s%.64s%s%.*s", named ? "column \"" : "",
                       named ? place.csv_column : "", named ? "\": " : "", SCENARIO_WHAT_CAP - 96,
                       what);
        scenario_complain_raw(complaints, place.csv_file, place.csv_at, "", in_column);
        return;
    }
    if (place.doc == NULL) {
        char option[SCENARIO_POINTER_CAP];
        (void)snprintf(option, sizeof option, "--set %s", place.override_key);
        dotted_pointer(place.override_key, pointer, sizeof pointer);
        scenario_complain_raw(complaints, option, (json_place){0}, pointer, what);
        return;
    }
    json_pointer(place.doc, place.node, pointer, sizeof pointer);
    const bool at_key = place.at_key && place.node->key_at.line != 0;
    scenario_complain_raw(complaints, place.doc->file, at_key ? place.node->key_at : place.node->at,
                          pointer, what);
}

static bool before(const sim_complaint *a, const sim_complaint *b) {
    if (strcmp(a->file, b->file) != 0) {
        return false;
    }
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

void scenario_complaints_sort(sim_complaints *complaints) {
    for (size_t i = 1; i < complaints->count; i++) {
        for (size_t j = i; j > 0 && before(&complaints->items[j], &complaints->items[j - 1]); j--) {
            const sim_complaint swap = complaints->items[j];
            complaints->items[j] = complaints->items[j - 1];
            complaints->items[j - 1] = swap;
        }
    }
}

void sim_complaints_clear(sim_complaints *complaints) {
    for (size_t i = 0; i < complaints->count; i++) {
        free_item(&complaints->items[i]);
    }
    free(complaints->items);
    *complaints = (sim_complaints){0};
}

void sim_complaints_print(const sim_complaints *complaints, FILE *out) {
    for (size_t i = 0; i < complaints->count; i++) {
        const sim_complaint *item = &complaints->items[i];
        scenario_print_escaped(out, item->file);
        (void)fputc(':', out);
        if (item->line > 0) {
            (void)fprintf(out, "%u:%u:", (unsigned)item->line, (unsigned)item->column);
        }
        /* Without a line it is an override, whose key is its pointer. */
        if (item->line > 0 && item->pointer[0] != '\0') {
            (void)fputc(' ', out);
            scenario_print_escaped(out, item->pointer);
            (void)fputc(':', out);
        }
        (void)fputc(' ', out);
        scenario_print_escaped(out, item->what);
        (void)fputc('\n', out);
    }
}

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

static int lower(char byte) {
    return byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte == '_' ? '-' : byte;
}

/* Optimal string alignment distance (insert, delete, replace, swap neighbours); case and '_' vs '-'
 * do not count. Damerau, CACM 7(3), 1964. */
static uint32_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    uint32_t rows[3][SCENARIO_SUGGEST_LENGTH + 1];
    for (uint32_t j = 0; j <= b_length; j++) {
        rows[0][j] = j;
    }
    for (uint32_t i = 1; i <= a_length; i++) {
        uint32_t *row = rows[i % 3];
        const uint32_t *above = rows[(i + 2) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            const uint32_t replace = lower(a[i - 1]) != lower(b[j - 1]);
            row[j] = least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + replace);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1])) {
                row[j] = least(row[j], rows[(i + 1) % 3][j - 2] + 1);
            }
        }
    }
    return rows[a_length % 3][b_length];
}

scenario_suggest scenario_suggest_for(const char *word) {
    return (scenario_suggest){.word = word, .distance = UINT32_MAX};
}

void scenario_suggest_offer(scenario_suggest *suggest, const char *candidate) {
    const size_t word_length = strlen(suggest->word);
    const size_t length = strlen(candidate);
    if (word_length == 0 || word_length > SCENARIO_SUGGEST_LENGTH ||
        length > SCENARIO_SUGGEST_LENGTH) {
        return;
    }
    const uint32_t distance = edit_distance(suggest->word, word_length, candidate, length);
    /* Chosen: one mistake in three letters may be a slip; more is another word. */
    const size_t slips_max = (word_length > length ? word_length : length) / 3;
    /* An abbreviation or a forgotten ending counts as one slip: "home" for "homeB". */
    const size_t shorter = word_length < length ? word_length : length;
    const bool prefix = shorter >= 3 && strncmp(suggest->word, candidate, shorter) == 0;
    const uint32_t score = prefix ? least(distance, 2) : distance;
    if ((prefix || distance <= slips_max) && score < suggest->distance) {
        suggest->nearest = candidate;
        suggest->distance = score;
    }
}

char *scenario_suggest_text(const scenario_suggest *suggest, char *text, size_t cap) {
    text[0] = '\0';
    if (suggest->nearest != NULL) {
        (void)snprintf(text, cap, "; did you mean \"%s\"?", suggest->nearest);
    }
    return text;
}
