/* SPDX-License-Identifier: MIT */
/*
 * A queue of table slots in order of an instant: the oldest is at the head. Expiry and
 * "evict oldest" look at the head only. The links live inside the slots; slots are named by index.
 * A slot goes in with an instant that is nearly always "now" and so lands at the tail at once; only
 * a slot that changes queues without being refreshed walks back past younger ones.
 */
#ifndef NAT_QUEUE_H
#define NAT_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "punch/time.h"

#define NAT_NONE UINT32_MAX

typedef struct {
    punch_time_us at_us;
    uint32_t prev;
    uint32_t next;
} nat_timer;

typedef struct {
    uint32_t head;
    uint32_t tail;
} nat_queue;

/* Where the timers of one slot array are: that of slot 0, and the size of a slot. */
typedef struct {
    nat_timer *first;
    size_t stride;
} nat_timers;

static inline nat_timer *nat_timer_at(nat_timers timers, uint32_t slot) {
    return (nat_timer *)(void *)((char *)timers.first + timers.stride * slot);
}

static inline void nat_queue_clear(nat_queue *queue) {
    queue->head = NAT_NONE;
    queue->tail = NAT_NONE;
}

static inline void nat_queue_remove(nat_queue *queue, nat_timers timers, uint32_t slot) {
    const nat_timer *timer = nat_timer_at(timers, slot);
    if (timer->prev == NAT_NONE) {
        queue->head = timer->next;
    } else {
        nat_timer_at(timers, timer->prev)->next = timer->next;
    }
    if (timer->next == NAT_NONE) {
        queue->tail = timer->prev;
    } else {
        nat_timer_at(timers, timer->next)->prev = timer->prev;
    }
}

/* Puts a slot behind `after`, at the head when that is NAT_NONE. */
static inline void nat_queue_put(nat_queue *queue, nat_timers timers, uint32_t after,
                                 uint32_t slot) {
    nat_timer *timer = nat_timer_at(timers, slot);
    timer->prev = after;
    if (after == NAT_NONE) {
        timer->next = queue->head;
        queue->head = slot;
    } else {
        nat_timer *before = nat_timer_at(timers, after);
        timer->next = before->next;
        before->next = slot;
    }
    if (timer->next == NAT_NONE) {
        queue->tail = slot;
    } else {
        nat_timer_at(timers, timer->next)->prev = slot;
    }
}

/* Puts a slot behind all that are not younger than at_us. */
static inline void nat_queue_insert(nat_queue *queue, nat_timers timers, uint32_t slot,
                                    punch_time_us at_us) {
    uint32_t after = queue->tail;
    while (after != NAT_NONE && nat_timer_at(timers, after)->at_us > at_us) {
        after = nat_timer_at(timers, after)->prev;
    }
    nat_timer_at(timers, slot)->at_us = at_us;
    nat_queue_put(queue, timers, after, slot);
}

/* The slot was used now: it becomes the youngest of its queue. */
static inline void nat_queue_refresh(nat_queue *queue, nat_timers timers, uint32_t slot,
                                     punch_time_us now_us) {
    if (queue->tail == slot) {
        nat_timer_at(timers, slot)->at_us = now_us;
    } else {
        nat_queue_remove(queue, timers, slot);
        nat_queue_insert(queue, timers, slot, now_us);
    }
}

#endif
