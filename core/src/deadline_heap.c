/* SPDX-License-Identifier: MIT */
#include "deadline_heap.h"

#include <stdbool.h>

#include "punch/assert.h"

uint64_t punch_deadline_heap_bytes(uint32_t handles_max) {
    const uint64_t bytes =
        (uint64_t)handles_max * (sizeof(punch_time_us) + sizeof(uint32_t) + sizeof(uint32_t));
    return (bytes + 15) / 16 * 16;
}

void punch_deadline_heap_init(punch_deadline_heap *heap, void *memory, uint32_t handles_max) {
    heap->due_at_us = memory;
    heap->place = (uint32_t *)(heap->due_at_us + handles_max);
    heap->order = heap->place + handles_max;
    heap->count = 0;
    for (uint32_t handle = 0; handle < handles_max; handle++) {
        heap->place[handle] = PUNCH_HANDLE_NONE;
    }
}

static bool is_before(const punch_deadline_heap *heap, uint32_t a, uint32_t b) {
    return heap->due_at_us[a] < heap->due_at_us[b] ||
           (heap->due_at_us[a] == heap->due_at_us[b] && a < b);
}

static void put(punch_deadline_heap *heap, uint32_t place, uint32_t handle) {
    heap->order[place] = handle;
    heap->place[handle] = place;
}

/* Moves the handle at `place` towards the top until its parent is before it. */
static void rise(punch_deadline_heap *heap, uint32_t place) {
    const uint32_t handle = heap->order[place];
    while (place > 0) {
        const uint32_t parent = (place - 1) / 2;
        if (!is_before(heap, handle, heap->order[parent])) {
            break;
        }
        put(heap, place, heap->order[parent]);
        place = parent;
    }
    put(heap, place, handle);
}

/* Moves the handle at `place` towards the leaves until it is before both its children. */
static void sink(punch_deadline_heap *heap, uint32_t place) {
    const uint32_t handle = heap->order[place];
    for (;;) {
        uint32_t child = place * 2 + 1;
        if (child >= heap->count) {
            break;
        }
        if (child + 1 < heap->count &&
            is_before(heap, heap->order[child + 1], heap->order[child])) {
            child++;
        }
        if (!is_before(heap, heap->order[child], handle)) {
            break;
        }
        put(heap, place, heap->order[child]);
        place = child;
    }
    put(heap, place, handle);
}

void punch_deadline_heap_set(punch_deadline_heap *heap, uint32_t handle, punch_time_us due_at_us) {
    heap->due_at_us[handle] = due_at_us;
    if (heap->place[handle] == PUNCH_HANDLE_NONE) {
        put(heap, heap->count++, handle);
    }
    rise(heap, heap->place[handle]);
    sink(heap, heap->place[handle]);
}

void punch_deadline_heap_remove(punch_deadline_heap *heap, uint32_t handle) {
    const uint32_t place = heap->place[handle];
    PUNCH_ASSERT(place < heap->count);
    const uint32_t last = heap->order[--heap->count];
    heap->place[handle] = PUNCH_HANDLE_NONE;
    if (last != handle) {
        put(heap, place, last);
        rise(heap, place);
        sink(heap, heap->place[last]);
    }
}
