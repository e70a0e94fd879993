/* SPDX-License-Identifier: MIT */
/*
 * Keepalive strategies: const tables behind a name, so that they can be compared, negotiated and
 * plugged in. A strategy governs one direction: our packets, which keep our own hole open. It says
 * when the next keepalive is due and how long a silence the counterparty must put up with;
 * acknowledging, asking "are you there?" and giving up are not its business. Protocol §5.
 *
 * A strategy that learns keeps what it has learnt in a state: one for each strategy of a peer,
 * since all its sessions lie behind the same NAT. The core lends the memory, tells it what happened
 * to holes of known silence (evidence), and may try longer silences for it on a spare port, where a
 * lapse costs nothing.
 *
 *   reset -> next_send_us, promise_us, probe   as often as the core likes: pure
 *         -> observe                           once for every piece of evidence
 *         -> reset                             when the network has changed
 *
 * This header and what it includes is all that a plug-in needs (core/lab/README.md).
 */
#ifndef PUNCH_KEEPALIVE_H
#define PUNCH_KEEPALIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "punch/limits.h"
#include "punch/time.h"

#define PUNCH_KEEPALIVE_ABI 1          /* of these structs; counts up when one of them changes */
#define PUNCH_KEEPALIVE_STATE_MAX 1024 /* chosen: room for a belief on a grid of 100 cells */

typedef struct {
    uint8_t bytes[PUNCH_KEEPALIVE_ID_BYTES];
} punch_keepalive_id;

/* What a strategy may know. All instants on the local clock; PUNCH_NEVER where it has not happened.
 */
typedef struct {
    punch_time_us start_at_us;          /* the instant T both ends agreed on, on the local clock */
    punch_time_us opened_at_us;         /* when this direction opened (connected, registered) */
    punch_time_us last_send_at_us;      /* last packet we sent on this path, of whatever kind */
    punch_time_us last_heard_at_us;     /* last authenticated packet from the counterparty */
    punch_time_us last_keepalive_at_us; /* last one of this strategy; PUNCH_NEVER = none yet */
    punch_time_us interval_us; /* the strategy's own, unless the user set another; 0 = neither */
    int32_t jitter_permille;   /* drawn by the caller, once per keepalive; of the interval */
    uint32_t draw; /* 32 random bits likewise, for strategies with a distribution of their own */
} punch_keepalive_view;

typedef struct {
    punch_time_us interval_us; /* as the user set it, 0 = not */
} punch_keepalive_settings;

typedef enum {
    /* A packet came in after our hole had been idle for silence_us. */
    PUNCH_EVIDENCE_HELD,
    /* Something the counterparty sent did not come in during a silence of at most silence_us, but
     * they were heard once we had sent: the hole had lapsed, or it was lost. */
    PUNCH_EVIDENCE_SILENT,
    /* A spare port, silent for silence_us, was asked `attempts` times through the broker: it
     * answered, or it did not. */
    PUNCH_EVIDENCE_PROBE_HELD,
    PUNCH_EVIDENCE_PROBE_SILENT,
    /* We are seen at another port after a silence of at most silence_us: it lapsed for certain. */
    PUNCH_EVIDENCE_REMAPPED
} punch_evidence_kind;

typedef struct {
    punch_evidence_kind kind;
    uint8_t attempts;         /* 1.. packets that might have come in */
    punch_time_us silence_us; /* nothing in or out */
    punch_time_us unsent_us;  /* nothing out: >= silence_us. A NAT that only outbound packets
                                 refresh (RFC 4787 REQ-6) counts from there */
    punch_time_us now_us;
} punch_keepalive_evidence;

/* A wish for a probe of the spare port: silent for silence_us, PUNCH_PROBE_SILENCE_US_MIN.._MAX,
 * begun at at_us or later. */
typedef struct {
    punch_time_us at_us; /* PUNCH_NEVER = none */
    punch_time_us silence_us;
} punch_keepalive_probe;

typedef struct punch_keepalive {
    uint32_t abi;          /* PUNCH_KEEPALIVE_ABI */
    uint32_t state_bytes;  /* 0..PUNCH_KEEPALIVE_STATE_MAX; aligned as for any type */
    const char *name;      /* short and lower-case: "agreed-15" */
    punch_keepalive_id id; /* on the wire; must equal punch_keepalive_id_of(name) */
    const char *help;      /* one line, with its source */
    /* Of strategies with a fixed interval: theirs; a user's setting takes its place in the view and
     * stretches both silences below in proportion. 0: it has none. */
    punch_time_us interval_us;
    /* The longest silence of a sender of this strategy, as its counterparty should expect it until
     * promised something else, without rtt and slack: after the counterparty's last packet, and
     * after its first unanswered one. They differ when every packet heard puts the next keepalive
     * off. PUNCH_NEVER: any silence. */
    punch_time_us silence_after_last_us;
    punch_time_us silence_after_first_us;
    uint8_t silence_jitters; /* and this many jitters more, where it is jittered */
    /* Sends ARE_YOU_THERE, which is answered, in place of KEEPALIVE. */
    bool asks;
    /* Of strategies that ask: the counterparty is dead when nothing was heard for so long, and
     * nothing else is asked in doubt. 0: are-you-there decides, protocol §5. */
    punch_time_us give_up_us;
    /* When the next keepalive is due (may be in the past: now), or PUNCH_NEVER. Pure. `state` is
     * NULL without state_bytes, here and below. */
    punch_time_us (*next_send_us)(const void *state, const punch_keepalive_view *view);
    /* The rest may be NULL; reset may not when there are state_bytes. */
    void (*reset)(void *state, const punch_keepalive_settings *settings, punch_time_us now_us);
    void (*observe)(void *state, const punch_keepalive_evidence *evidence);
    /* How long our silence will be at most after a packet sent now: told to the counterparty in
     * every packet. PUNCH_NEVER: any silence. NULL: nothing is told, the constants above hold.
     * Pure. */
    punch_time_us (*promise_us)(const void *state, const punch_keepalive_view *view);
    /* The next probe wished for, which begins at earliest_us or later. Pure; NULL: none, ever. One
     * that is under way is not taken back; its outcome comes as evidence, or nothing comes. */
    punch_keepalive_probe (*probe)(const void *state, punch_time_us earliest_us);
} punch_keepalive;

#ifdef __cplusplus
extern "C" {
#endif

extern const punch_keepalive punch_keepalive_agreed_15;
extern const punch_keepalive punch_keepalive_seed;
extern const punch_keepalive punch_keepalive_seed_bounded;
extern const punch_keepalive punch_keepalive_bayes;

/* The strategies built into the core, agreed-15 first; *count_out is how many. */
const punch_keepalive *const *punch_keepalive_builtin(size_t *count_out);

/* Those of them that a peer offers when its configuration names none: they learn nothing, and so
 * need no memory; *count_out is how many. */
const punch_keepalive *const *punch_keepalive_offered(size_t *count_out);

/* The id that belongs to a name: FNV-1a with 128 bits, so that it needs neither registry nor crypto
 * provider. Strategies carry it as a constant; whoever takes in a foreign one checks it. */
punch_keepalive_id punch_keepalive_id_of(const char *name);

/* A built-in by name, or NULL. */
const punch_keepalive *punch_keepalive_find(const char *name);

#ifdef __cplusplus
}
#endif

#endif
