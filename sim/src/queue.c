/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 4-ary heap is half as deep as a binary one and reads one cache line per level: the array starts
 * three events behind a line boundary, so that every group of four children fills a line.
 */
#include "sim/queue.h"

#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"

enum { ARITY = 4, LINE_BYTES = 64, LEAD = 3 };

static inline bool is_before(const sim_event *a, const sim_event *b) {
    if (a->at_us != b->at_us) {
        return a->at_us < b->at_us;
    }
    return (int32_t)(a->seq - b->seq) < 0;
}

bool sim_queue_create(sim_queue *queue, uint32_t cap) {
    memset(queue, 0, sizeof *queue);
    const size_t bytes = ((size_t)cap + LEAD) * sizeof(sim_event);
    queue->memory = aligned_alloc(LINE_BYTES, (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES);
    if (queue->memory == NULL) {
        return false;
    }
    queue->heap = (sim_event *)queue->memory + LEAD;
    queue->cap = cap;
    return true;
}

void sim_queue_destroy(sim_queue *queue) {
    free(queue->memory);
    memset(queue, 0, sizeof *queue);
}

void sim_queue_reset(sim_queue *queue) {
    queue->count = 0;
    queue->next_seq = 0;
}

uint32_t sim_queue_push(sim_queue *queue, punch_time_us at_us, uint32_t what) {
    PUNCH_ASSERT(queue->count < queue->cap);
    sim_event *heap = queue->heap;
    const sim_event event = {.at_us = at_us, .seq = queue->next_seq++, .what = what};
    uint32_t hole = queue->count++;
    while (hole > 0) {
        const uint32_t parent = (hole - 1) / ARITY;
        /* The new event has the latest seq: at an equal instant it stays below. */
        if (heap[parent].at_us <= at_us) {
            break;
        }
        heap[hole] = heap[parent];
        hole = parent;
    }
    heap[hole] = event;
    return event.seq;
}

/* The earliest of the children first .. last - 1. */
static inline uint32_t earliest(const sim_event *heap, uint32_t first, uint32_t last) {
    uint32_t best = first;
    for (uint32_t child = first + 1; child < last; child++) {
        if (is_before(&heap[child], &heap[best])) {
            best = child;
        }
    }
    return best;
}

/* Lets `event` sink from the hole to its place. */
static void sink(sim_event *heap, uint32_t count, uint32_t hole, sim_event event) {
    for (;;) {
        const uint32_t first = ARITY * hole + 1;
        if (first >= count) {
            break;
        }
        const uint32_t last = count - first < ARITY ? count : first + ARITY;
        const uint32_t child = earliest(heap, first, last);
        if (!is_before(&heap[child], &event)) {
            break;
        }
        heap[hole] = heap[child];
        hole = child;
    }
    heap[hole] = event;
}

sim_event sim_queue_pop(sim_queue *queue) {
    PUNCH_ASSERT(queue->count > 0);
    const sim_event top = queue->heap[0];
    queue->count--;
    if (queue->count > 0) {
        sink(queue->heap, queue->count, 0, queue->heap[queue->count]);
    }
    return top;
}

void sim_queue_filter(sim_queue *queue, bool (*keep)(const void *user, const sim_event *event),
                      const void *user) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < queue->count; i++) {
        if (keep(user, &queue->heap[i])) {
            queue->heap[kept++] = queue->heap[i];
        }
    }
    queue->count = kept;
    for (uint32_t i = kept / ARITY + 1; i-- > 0;) {
        if (i < kept) {
            sink(queue->heap, kept, i, queue->heap[i]);
        }
    }
}
