/* SPDX-License-Identifier: MIT */
/*
 * Which of n handles is due first: a binary heap that knows where each handle stands, so that a
 * deadline can be moved or taken out in O(log n). Handles are 0 .. handles_max - 1. Equal deadlines
 * leave in the order of their handles, so that nothing depends on how the heap came about.
 */
#ifndef PUNCH_DEADLINE_HEAP_H
#define PUNCH_DEADLINE_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "punch/time.h"

#define PUNCH_HANDLE_NONE UINT32_MAX

typedef struct {
    punch_time_us *due_at_us; /* by handle */
    uint32_t *place;          /* by handle: where it stands in order, or PUNCH_HANDLE_NONE */
    uint32_t *order;          /* the heap */
    uint32_t count;
} punch_deadline_heap;

/* Bytes of memory the heap needs beside its struct, a multiple of 16. */
uint64_t punch_deadline_heap_bytes(uint32_t handles_max);

/* Empty, in the caller's memory (16-byte aligned). O(handles_max). */
void punch_deadline_heap_init(punch_deadline_heap *heap, void *memory, uint32_t handles_max);

/* Sets the deadline of a handle, which may be in the heap or not. */
void punch_deadline_heap_set(punch_deadline_heap *heap, uint32_t handle, punch_time_us due_at_us);

/* Takes a handle out; it must be in. */
void punch_deadline_heap_remove(punch_deadline_heap *heap, uint32_t handle);

/* The handle due first, or PUNCH_HANDLE_NONE. O(1). */
static inline uint32_t punch_deadline_heap_first(const punch_deadline_heap *heap) {
    return heap->count > 0 ? heap->order[0] : PUNCH_HANDLE_NONE;
}

/* When that is, or PUNCH_NEVER. O(1). */
static inline punch_time_us punch_deadline_heap_due_us(const punch_deadline_heap *heap) {
    return heap->count > 0 ? heap->due_at_us[heap->order[0]] : PUNCH_NEVER;
}

#endif
