/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario_arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 16384 /* chosen: most scenarios fit into a few */

struct scenario_block {
    scenario_block *next;
    size_t used;
    size_t cap;
    alignas(max_align_t) unsigned char bytes[];
};

void *scenario_arena_take(scenario_arena *arena, size_t size) {
    const size_t align = alignof(max_align_t);
    const size_t rounded = (size + align - 1) / align * align;
    scenario_block *block = arena->blocks;
    if (block == NULL || block->cap - block->used < rounded) {
        const size_t cap = rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES;
        block = calloc(1, sizeof *block + cap);
        if (block == NULL) {
            arena->failed = true;
            return NULL;
        }
        block->cap = cap;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *taken = block->bytes + block->used;
    block->used += rounded;
    return taken;
}

char *scenario_arena_text(scenario_arena *arena, const char *text) {
    const size_t size = strlen(text) + 1;
    char *copy = scenario_arena_take(arena, size);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

void *scenario_arena_grow(scenario_arena *arena, void *items, uint32_t count, uint32_t *cap,
                          size_t item_size) {
    if (count < *cap) {
        return items;
    }
    const uint32_t larger = *cap == 0 ? 8 : *cap * 2;
    void *grown = scenario_arena_take(arena, larger * item_size);
    if (grown == NULL) {
        return NULL;
    }
    if (count > 0) {
        memcpy(grown, items, count * item_size);
    }
    *cap = larger;
    return grown;
}

void scenario_arena_free(scenario_arena *arena) {
    while (arena->blocks != NULL) {
        scenario_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
}
