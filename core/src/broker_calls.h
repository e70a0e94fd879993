/* SPDX-License-Identifier: MIT */
/*
 * The calls a broker is setting up, found by call id (hash table), by who makes them (a list per
 * registration) and by what is due next (deadline_heap.h). What is sent when is decided in
 * broker_rendezvous.c.
 *
 *   RINGING --ACCEPT--> GOING (GO to both until acknowledged)  --linger--> forgotten
 *      |----REFUSE, not answered----> REFUSED (CALLs answered) --linger--> forgotten
 *
 * A call id is random and never repeats, so one table serves all callers: an id that is taken means
 * one call. Calls live no longer than the registration of their caller.
 */
#ifndef PUNCH_BROKER_CALLS_H
#define PUNCH_BROKER_CALLS_H

#include "broker_registry.h"
#include "handshake.h"
#include "punch/peer.h"

typedef enum {
    PUNCH_BROKER_RINGING,
    PUNCH_BROKER_GOING,
    PUNCH_BROKER_REFUSED
} punch_broker_call_state;

/* What the broker still has to tell one side. */
typedef struct {
    punch_time_us next_at_us; /* of the next repeat, or PUNCH_NEVER */
    uint32_t gap_us;          /* after that repeat */
    uint32_t rtt_us;          /* that side's round trip to the broker, as far as it is believed */
    bool acknowledged;        /* GO */
} punch_broker_leg;

typedef struct {
    punch_call_id id;
    punch_key callee;
    punch_broker_leg legs[2]; /* by punch_role */
    punch_time_us repeat_until_us;
    punch_time_us ends_at_us; /* not answered, or forgotten */
    punch_time_us go_at_us;   /* T, on the broker's clock; when GOING */
    uint32_t caller;          /* registration slot */
    uint32_t previous, next;  /* among the calls of the caller */
    uint32_t bucket_next;     /* same bucket, or the next free slot */
    uint8_t state;            /* punch_broker_call_state */
    uint8_t reason;           /* punch_fail, when REFUSED */
    uint16_t blob_length;
    uint8_t blob[PUNCH_BLOB_MAX]; /* the caller's invitation while RINGING, then the callee's */
} punch_broker_call;

typedef struct {
    punch_broker_call *slots;
    uint32_t *buckets;
    punch_deadline_heap due; /* of every live call */
    uint64_t hash_secret;
    uint32_t bucket_mask;
    uint32_t slots_max;
    uint32_t slots_used;
    uint32_t free_first;
} punch_broker_calls;

/* Bytes of memory the table needs beside its struct, a multiple of 16. */
uint64_t punch_broker_calls_bytes(uint32_t slots_max);

/* Empty, in the caller's memory (16-byte aligned). O(slots_max). */
void punch_broker_calls_init(punch_broker_calls *calls, void *memory, uint32_t slots_max);

/* Forgets every call; the registrations of their callers must be forgotten too. O(live). */
void punch_broker_calls_clear(punch_broker_calls *calls);

/* Only while empty. */
void punch_broker_calls_seed(punch_broker_calls *calls, uint64_t hash_secret);

/* The call with this id, or NULL. Lent. */
punch_broker_call *punch_broker_calls_find(punch_broker_calls *calls, const punch_call_id *id);

/* A new call of a caller, RINGING, with nothing to repeat and no end yet: call _schedule when these
 * are set. NULL when the table is full or the caller has PUNCH_CALLS_PER_CALLER_MAX calls. */
punch_broker_call *punch_broker_calls_add(punch_broker_calls *calls, punch_registry *registry,
                                          punch_registration *caller, const punch_call_id *id);

/* To be called whenever legs or end have changed. O(log live). */
void punch_broker_calls_schedule(punch_broker_calls *calls, const punch_broker_call *call);

/* O(log live). */
void punch_broker_calls_remove(punch_broker_calls *calls, punch_registry *registry,
                               punch_broker_call *call);

/* Removes all calls that this registration makes. */
void punch_broker_calls_remove_all_of(punch_broker_calls *calls, punch_registry *registry,
                                      const punch_registration *caller);

/* The call due first and already due, or NULL. */
static inline punch_broker_call *punch_broker_calls_due(punch_broker_calls *calls,
                                                        punch_time_us now_us) {
    return punch_deadline_heap_due_us(&calls->due) <= now_us
               ? &calls->slots[punch_deadline_heap_first(&calls->due)]
               : NULL;
}

static inline uint32_t punch_broker_calls_live_count(const punch_broker_calls *calls) {
    return calls->due.count;
}

/* Something was sent on this leg: plans the repeat, 250 ms later at first, doubling to a ceiling,
 * until `until_us`. */
void punch_broker_leg_begin(punch_broker_leg *leg, punch_time_us now_us);
void punch_broker_leg_repeated(punch_broker_leg *leg, punch_time_us now_us, punch_time_us until_us);

/* A claimed round trip as far as it is believed: 0 is unknown, lies are cut. */
uint32_t punch_broker_believed_rtt_us(uint32_t claimed_us);

/* T: protocol §3. */
punch_time_us punch_broker_go_instant_us(punch_time_us now_us, uint32_t rtt_a_us,
                                         uint32_t rtt_b_us);

#endif
