/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event queue, ordered by (at_us, seq): events of one instant leave in the order they were put
 * in. A 4-ary heap whose nodes share a cache line with their siblings (four events of 16 bytes);
 * large queues keep events that are far away in a wheel beside it, which changes the cost and
 * nothing else. Room is fixed at creation; whoever pushes knows the bound.
 */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "punch/time.h"

typedef struct {
    punch_time_us at_us;
    uint32_t seq;  /* order among events of one instant; compared modulo 2^32 */
    uint32_t what; /* the user's own: a kind and an index */
} sim_event;

typedef struct sim_wheel sim_wheel;

typedef struct {
    sim_event *heap; /* children of i: 4i+1 .. 4i+4 */
    void *memory;
    sim_wheel *wheel;    /* NULL in a small queue */
    uint32_t heap_count; /* events in the heap */
    uint32_t count;      /* all events */
    uint32_t cap;
    uint32_t next_seq;
} sim_queue;

/* Room from which on a wheel pays: chosen; below it a heap stays within 256 kB of cache. */
#define SIM_QUEUE_WHEEL_CAP_MIN 16384u

#ifdef __cplusplus
extern "C" {
#endif

/* Room for cap events. False: out of memory. */
bool sim_queue_create(sim_queue *queue, uint32_t cap);
void sim_queue_destroy(sim_queue *queue); /* accepts a zeroed queue */

/* Empties it; sequence numbers start at 0 again. O(1). */
void sim_queue_reset(sim_queue *queue);

/* Adds an event behind all others of its instant and returns its sequence number. There must be
 * room. O(log n). */
uint32_t sim_queue_push(sim_queue *queue, punch_time_us at_us, uint32_t what);

/* Takes the earliest event that is due by then; false when there is none. O(log n). */
bool sim_queue_pop(sim_queue *queue, punch_time_us until_us, sim_event *event_out);

/* Drops every event for which keep() is false; the order of the rest stays. O(n). */
void sim_queue_filter(sim_queue *queue, bool (*keep)(const void *user, const sim_event *event),
                      const void *user);

#ifdef __cplusplus
}
#endif

#endif
