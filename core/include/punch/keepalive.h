/* SPDX-License-Identifier: MIT */
/*
 * Keepalive strategies: const tables behind a name, so that they can be compared, negotiated and
 * plugged in. A strategy says when the next keepalive of one direction is due; acknowledging,
 * probing and giving up are not its business. Protocol §5.
 */
#ifndef PUNCH_KEEPALIVE_H
#define PUNCH_KEEPALIVE_H

#include <stddef.h>
#include <stdint.h>

#include "punch/limits.h"
#include "punch/time.h"

typedef struct {
    uint8_t bytes[PUNCH_KEEPALIVE_ID_BYTES];
} punch_keepalive_id;

/* What a strategy may know. All instants on the local clock; PUNCH_NEVER where it has not happened.
 */
typedef struct {
    punch_time_us start_at_us;      /* the instant T both ends agreed on, on the local clock */
    punch_time_us opened_at_us;     /* when this direction opened (connected, registered) */
    punch_time_us last_send_at_us;  /* last packet we sent on this path, of whatever kind */
    punch_time_us last_heard_at_us; /* last authenticated packet from the counterparty */
    punch_time_us
        last_keepalive_at_us; /* last keepalive of this strategy; PUNCH_NEVER = none yet */
    int32_t jitter_permille;  /* drawn by the caller, once per keepalive; of the interval */
} punch_keepalive_view;

typedef struct punch_keepalive {
    const char *name;      /* short and lower-case: "agreed-15" */
    punch_keepalive_id id; /* on the wire; must equal punch_keepalive_id_of(name) */
    const char *help;      /* one line, with its source */
    /* When the next keepalive is due (may be in the past: now), or PUNCH_NEVER. Pure. */
    punch_time_us (*next_send_us)(const punch_keepalive_view *view);
    /* The longest silence of a sender of this strategy, as its counterparty should expect it,
     * without rtt and slack: after the counterparty's last packet, and after its first unanswered
     * one. They differ when every packet heard puts the next keepalive off. */
    punch_time_us silence_after_last_us;
    punch_time_us silence_after_first_us;
    uint8_t silence_jitters; /* and this many jitters more, where it is jittered */
} punch_keepalive;

#ifdef __cplusplus
extern "C" {
#endif

extern const punch_keepalive punch_keepalive_agreed_15;
extern const punch_keepalive punch_keepalive_seed;
extern const punch_keepalive punch_keepalive_seed_bounded;

/* The strategies built into the core, agreed-15 first; *count_out is how many. */
const punch_keepalive *const *punch_keepalive_builtin(size_t *count_out);

/* The id that belongs to a name: FNV-1a with 128 bits, so that it needs neither registry nor crypto
 * provider. Strategies carry it as a constant; whoever takes in a foreign one checks it. */
punch_keepalive_id punch_keepalive_id_of(const char *name);

/* A built-in by name, or NULL. */
const punch_keepalive *punch_keepalive_find(const char *name);

#ifdef __cplusplus
}
#endif

#endif
