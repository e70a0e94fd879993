/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A waiting room for events that are far away: slots of 16 ms around a wheel of 16.8 s, unsorted.
 * In a world of a million clients nearly all events are keepalives about 15 s ahead; a heap would
 * move each past a million others, twice. Here they wait in chunks, untouched, until their slot's
 * time has come and the heap takes them.
 *
 *   near_end                                       near_end + WHEEL_SPAN_US
 *      |slot|slot|slot|slot| ....               |slot|          (a slot is a list of chunks)
 */
#ifndef SIM_WHEEL_H
#define SIM_WHEEL_H

#include "sim/queue.h"

#define SIM_WHEEL_SLOTS 1024u /* chosen: with the width below a little more than 15 s + 5 % */
#define SIM_WHEEL_WIDTH_US ((punch_time_us)16384)
#define SIM_WHEEL_SPAN_US (SIM_WHEEL_WIDTH_US * (punch_time_us)SIM_WHEEL_SLOTS)
#define SIM_WHEEL_CHUNK_EVENTS 31 /* chosen: a chunk is eight cache lines */

typedef struct {
    uint32_t next; /* chunk, or UINT32_MAX */
    uint32_t count;
    uint64_t zero; /* keeps events on 16 bytes */
    sim_event events[SIM_WHEEL_CHUNK_EVENTS];
} sim_wheel_chunk;

struct sim_wheel {
    sim_wheel_chunk *chunks;
    uint32_t chunk_cap;
    uint32_t chunks_used; /* handed out at least once since reset */
    uint32_t free_head;
    uint32_t count;            /* events */
    punch_time_us near_end_us; /* a multiple of the width; no event here is before it */
    uint32_t slots[SIM_WHEEL_SLOTS];
};

/* Room for cap events; NULL: out of memory. */
sim_wheel *sim_wheel_create(uint32_t cap);
void sim_wheel_destroy(sim_wheel *wheel); /* accepts NULL */
void sim_wheel_reset(sim_wheel *wheel);

/* Takes an event that belongs here; false: it is too near or too far. O(1). */
bool sim_wheel_put(sim_wheel *wheel, const sim_event *event);

/* Hands the events of the first slot to the user and moves on by one slot. */
void sim_wheel_turn(sim_wheel *wheel, void (*take)(void *user, const sim_event *event), void *user);

/* Nothing is here: lets the wheel begin at an instant. */
void sim_wheel_skip_to(sim_wheel *wheel, punch_time_us at_us);

/* Drops every event for which keep() is false. */
void sim_wheel_filter(sim_wheel *wheel, bool (*keep)(const void *user, const sim_event *event),
                      const void *user);

#endif
