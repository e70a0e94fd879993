/* SPDX-License-Identifier: MIT */
/*
 * lifetime-search: a spare port finds out what lifetime holes have, and never stops, because
 * lifetimes change with the load of the NAT (D. Barrett, "iGlance and Adaptive KeepAlives",
 * p2p-hackers, May 2009): the silence it tries is doubled when it held and halved when it did not.
 * The live hole is kept with the longest silence that held since one of no more than that failed.
 *
 *   try 30 s --held--> 60 --held--> 120 --silent--> 60 --held--> 120 ...   keeps with 60 s
 */
#include "punch/lab.h"

#define FIRST_US (30 * PUNCH_US_PER_S) /* chosen: what nearly all middleboxes keep, RFC 9308 §3.2 */
#define LEAST_US (10 * PUNCH_US_PER_S)  /* chosen: the shortest lifetime measured, Richter 2016 */
#define MOST_US (3600 * PUNCH_US_PER_S) /* chosen: an hour saves all that can be saved */
#define MEASURE_AFTER_US (5 * PUNCH_US_PER_S) /* chosen: calls first */
#define SAFETY_US (2 * PUNCH_US_PER_S) /* chosen: what was proved is not proved to the second */

typedef struct {
    punch_time_us keep_us;  /* the live hole's interval */
    punch_time_us probe_us; /* next silence to try */
    punch_time_us probe_at_us;
} search_state;

_Static_assert(sizeof(search_state) <= PUNCH_KEEPALIVE_STATE_MAX, "a state of the largest kind");

static void reset(void *state, const punch_keepalive_settings *settings, punch_time_us now_us) {
    search_state *own = state;
    (void)settings;
    *own = (search_state){
        .keep_us = FIRST_US / 2, .probe_us = FIRST_US, .probe_at_us = now_us + MEASURE_AFTER_US};
}

/* A silence that did not hold: nothing as long is kept with any more. */
static void shrink(search_state *own, punch_time_us silence_us) {
    if (own->keep_us >= silence_us) {
        own->keep_us = punch_time_later(silence_us / 2, LEAST_US);
    }
}

static void observe(void *state, const punch_keepalive_evidence *evidence) {
    search_state *own = state;
    const punch_time_us silence_us = evidence->silence_us;
    switch (evidence->kind) {
    case PUNCH_EVIDENCE_PROBE_HELD:
        own->keep_us = punch_time_later(own->keep_us, silence_us);
        own->probe_us = punch_time_earlier(2 * silence_us, MOST_US);
        break;
    case PUNCH_EVIDENCE_PROBE_SILENT:
        shrink(own, silence_us);
        own->probe_us = punch_time_later(silence_us / 2, LEAST_US);
        break;
    case PUNCH_EVIDENCE_REMAPPED:
        shrink(own, silence_us);
        break;
    case PUNCH_EVIDENCE_HELD: /* the spare port alone decides */
    case PUNCH_EVIDENCE_SILENT:
        break;
    }
}

static punch_time_us interval_us(const search_state *own) {
    return own->keep_us - SAFETY_US;
}

static punch_time_us next_send_us(const void *state, const punch_keepalive_view *view) {
    return punch_time_after(view->last_send_at_us, interval_us(state));
}

static punch_time_us promise_us(const void *state, const punch_keepalive_view *view) {
    (void)view;
    return interval_us(state);
}

static punch_keepalive_probe probe(const void *state, punch_time_us earliest_us) {
    const search_state *own = state;
    (void)earliest_us;
    return (punch_keepalive_probe){.at_us = own->probe_at_us, .silence_us = own->probe_us};
}

const punch_keepalive punch_lab_lifetime_search = {
    .abi = PUNCH_KEEPALIVE_ABI,
    .state_bytes = sizeof(search_state),
    .name = "lifetime-search",
    .id = {{0xe8, 0xd6, 0xc2, 0x7c, 0x6e, 0x83, 0x84, 0xb6, 0x21, 0xbb, 0x2f, 0x7e, 0xc9, 0xf6,
            0x92, 0x9d}},
    .help = "doubles and halves a silence on a spare port, forever (Barrett 2009)",
    .silence_after_last_us = FIRST_US,
    .silence_after_first_us = FIRST_US,
    .next_send_us = next_send_us,
    .reset = reset,
    .observe = observe,
    .promise_us = promise_us,
    .probe = probe,
};
