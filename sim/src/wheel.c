/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wheel.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "punch/assert.h"

#define NO_CHUNK UINT32_MAX

sim_wheel *sim_wheel_create(uint32_t cap) {
    sim_wheel *wheel = calloc(1, sizeof *wheel);
    if (wheel == NULL) {
        return NULL;
    }
    /* One chunk in each slot may be partly filled; one more is in hand while filtering. */
    wheel->chunk_cap = cap / SIM_WHEEL_CHUNK_EVENTS + SIM_WHEEL_SLOTS + 1;
    wheel->chunks = sim_memory_take((size_t)wheel->chunk_cap * sizeof *wheel->chunks);
    if (wheel->chunks == NULL) {
        free(wheel);
        return NULL;
    }
    sim_wheel_reset(wheel);
    return wheel;
}

void sim_wheel_destroy(sim_wheel *wheel) {
    if (wheel != NULL) {
        free(wheel->chunks);
        free(wheel);
    }
}

void sim_wheel_reset(sim_wheel *wheel) {
    wheel->chunks_used = 0;
    wheel->free_head = NO_CHUNK;
    wheel->count = 0;
    wheel->near_end_us = 0;
    memset(wheel->slots, 0xff, sizeof wheel->slots); /* NO_CHUNK everywhere */
}

static uint32_t take_chunk(sim_wheel *wheel) {
    uint32_t index = wheel->free_head;
    if (index != NO_CHUNK) {
        wheel->free_head = wheel->chunks[index].next;
    } else {
        PUNCH_ASSERT(wheel->chunks_used < wheel->chunk_cap);
        index = wheel->chunks_used++;
    }
    wheel->chunks[index].count = 0;
    wheel->chunks[index].next = NO_CHUNK;
    return index;
}

static void give_chunk(sim_wheel *wheel, uint32_t index) {
    wheel->chunks[index].next = wheel->free_head;
    wheel->free_head = index;
}

static uint32_t slot_of(punch_time_us at_us) {
    return (uint32_t)((uint64_t)(at_us / SIM_WHEEL_WIDTH_US) % SIM_WHEEL_SLOTS);
}

static void put_into(sim_wheel *wheel, uint32_t slot, const sim_event *event) {
    uint32_t index = wheel->slots[slot];
    if (index == NO_CHUNK || wheel->chunks[index].count == SIM_WHEEL_CHUNK_EVENTS) {
        index = take_chunk(wheel);
        wheel->chunks[index].next = wheel->slots[slot];
        wheel->slots[slot] = index;
    }
    sim_wheel_chunk *chunk = &wheel->chunks[index];
    chunk->events[chunk->count++] = *event;
    wheel->count++;
}

bool sim_wheel_put(sim_wheel *wheel, const sim_event *event) {
    if (event->at_us < wheel->near_end_us ||
        event->at_us - wheel->near_end_us >= SIM_WHEEL_SPAN_US) {
        return false;
    }
    put_into(wheel, slot_of(event->at_us), event);
    return true;
}

void sim_wheel_turn(sim_wheel *wheel, void (*take)(void *user, const sim_event *event),
                    void *user) {
    const uint32_t slot = slot_of(wheel->near_end_us);
    uint32_t index = wheel->slots[slot];
    wheel->slots[slot] = NO_CHUNK;
    wheel->near_end_us += SIM_WHEEL_WIDTH_US;
    while (index != NO_CHUNK) {
        const sim_wheel_chunk *chunk = &wheel->chunks[index];
        const uint32_t next = chunk->next;
        for (uint32_t i = 0; i < chunk->count; i++) {
            take(user, &chunk->events[i]);
        }
        wheel->count -= chunk->count;
        give_chunk(wheel, index);
        index = next;
    }
}

void sim_wheel_skip_to(sim_wheel *wheel, punch_time_us at_us) {
    PUNCH_ASSERT_EQ(wheel->count, 0);
    if (at_us > wheel->near_end_us) {
        wheel->near_end_us = at_us - at_us % SIM_WHEEL_WIDTH_US;
    }
}

void sim_wheel_filter(sim_wheel *wheel, bool (*keep)(const void *user, const sim_event *event),
                      const void *user) {
    for (uint32_t slot = 0; slot < SIM_WHEEL_SLOTS; slot++) {
        uint32_t index = wheel->slots[slot];
        wheel->slots[slot] = NO_CHUNK;
        while (index != NO_CHUNK) {
            const sim_wheel_chunk *chunk = &wheel->chunks[index];
            const uint32_t next = chunk->next;
            wheel->count -= chunk->count;
            for (uint32_t i = 0; i < chunk->count; i++) {
                if (keep(user, &chunk->events[i])) {
                    put_into(wheel, slot, &chunk->events[i]);
                }
            }
            give_chunk(wheel, index);
            index = next;
        }
    }
}
