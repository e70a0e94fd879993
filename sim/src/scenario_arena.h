/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of one scenario: everything is handed out from a chain of blocks and freed at once, so
 * that no part of a scenario has an owner of its own. Used while loading only; nothing here runs
 * in an event loop.
 */
#ifndef SIM_SCENARIO_ARENA_H
#define SIM_SCENARIO_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct scenario_block scenario_block;

typedef struct {
    scenario_block *blocks;
    bool failed; /* out of memory once; the loader gives up at its next look */
} scenario_arena;

/* Zeroed memory for any type, or NULL (and failed). */
void *scenario_arena_take(scenario_arena *arena, size_t size);

/* A copy of a text, or NULL (and failed). */
char *scenario_arena_text(scenario_arena *arena, const char *text);

/* Room for one more element behind count: the array itself, or a larger copy of it, or NULL (and
 * failed), when the old one stays valid. */
void *scenario_arena_grow(scenario_arena *arena, void *items, uint32_t count, uint32_t *cap,
                          size_t item_size);

void scenario_arena_free(scenario_arena *arena);

#endif
