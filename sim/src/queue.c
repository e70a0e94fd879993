/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 4-ary heap is half as deep as a binary one and reads one cache line per level: the array starts
 * three events behind a line boundary, so that every group of four children fills a line.
 */
#include "sim/queue.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "punch/assert.h"
#include "wheel.h"

enum { ARITY = 4, LEAD = 3 };

static inline bool is_before(const sim_event *a, const sim_event *b) {
    if (a->at_us != b->at_us) {
        return a->at_us < b->at_us;
    }
    return (int32_t)(a->seq - b->seq) < 0;
}

bool sim_queue_create(sim_queue *queue, uint32_t cap) {
    memset(queue, 0, sizeof *queue);
    queue->memory = sim_memory_take(((size_t)cap + LEAD) * sizeof(sim_event));
    if (queue->memory == NULL) {
        return false;
    }
    queue->heap = (sim_event *)queue->memory + LEAD;
    queue->cap = cap;
    if (cap >= SIM_QUEUE_WHEEL_CAP_MIN) {
        queue->wheel = sim_wheel_create(cap);
        if (queue->wheel == NULL) {
            sim_queue_destroy(queue);
            return false;
        }
    }
    return true;
}

void sim_queue_destroy(sim_queue *queue) {
    sim_wheel_destroy(queue->wheel);
    free(queue->memory);
    memset(queue, 0, sizeof *queue);
}

void sim_queue_reset(sim_queue *queue) {
    queue->count = 0;
    queue->heap_count = 0;
    queue->next_seq = 0;
    if (queue->wheel != NULL) {
        sim_wheel_reset(queue->wheel);
    }
}

static void rise(sim_queue *queue, sim_event event) {
    sim_event *heap = queue->heap;
    uint32_t hole = queue->heap_count++;
    while (hole > 0) {
        const uint32_t parent = (hole - 1) / ARITY;
        if (!is_before(&event, &heap[parent])) {
            break;
        }
        heap[hole] = heap[parent];
        hole = parent;
    }
    heap[hole] = event;
}

uint32_t sim_queue_push(sim_queue *queue, punch_time_us at_us, uint32_t what) {
    PUNCH_ASSERT(queue->count < queue->cap);
    const sim_event event = {.at_us = at_us, .seq = queue->next_seq++, .what = what};
    queue->count++;
    if (queue->wheel == NULL || !sim_wheel_put(queue->wheel, &event)) {
        rise(queue, event);
    }
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

static void take_from_wheel(void *user, const sim_event *event) {
    rise(user, *event);
}

/* Turns the wheel until the earliest event of all is in the heap. */
static void gather(sim_queue *queue) {
    sim_wheel *wheel = queue->wheel;
    while (wheel->count > 0 &&
           (queue->heap_count == 0 || queue->heap[0].at_us >= wheel->near_end_us)) {
        sim_wheel_turn(wheel, take_from_wheel, queue);
    }
    if (wheel->count == 0 && queue->heap_count > 0) {
        sim_wheel_skip_to(wheel, queue->heap[0].at_us);
    }
}

bool sim_queue_pop(sim_queue *queue, punch_time_us until_us, sim_event *event_out) {
    if (queue->wheel != NULL) {
        gather(queue);
    }
    if (queue->heap_count == 0 || queue->heap[0].at_us > until_us) {
        return false;
    }
    *event_out = queue->heap[0];
    queue->count--;
    queue->heap_count--;
    if (queue->heap_count > 0) {
        sink(queue->heap, queue->heap_count, 0, queue->heap[queue->heap_count]);
    }
    return true;
}

void sim_queue_filter(sim_queue *queue, bool (*keep)(const void *user, const sim_event *event),
                      const void *user) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < queue->heap_count; i++) {
        if (keep(user, &queue->heap[i])) {
            queue->heap[kept++] = queue->heap[i];
        }
    }
    queue->heap_count = kept;
    for (uint32_t i = kept / ARITY + 1; i-- > 0;) {
        if (i < kept) {
            sink(queue->heap, kept, i, queue->heap[i]);
        }
    }
    queue->count = kept;
    if (queue->wheel != NULL) {
        sim_wheel_filter(queue->wheel, keep, user);
        queue->count += queue->wheel->count;
    }
}
