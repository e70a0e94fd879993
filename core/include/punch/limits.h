/* SPDX-License-Identifier: MIT */
/*
 * Every number of the protocol, with its source. "Chosen" numbers are ours: a measurement may
 * change them.
 */
#ifndef PUNCH_LIMITS_H
#define PUNCH_LIMITS_H

/* sizes */
/* RFC 9000 §14: every path worth using carries 1200 bytes of UDP payload */
#define PUNCH_PACKET_MAX 1200
#define PUNCH_KEY_BYTES 32          /* X25519 (RFC 7748), and the keys derived from it */
#define PUNCH_TAG_BYTES 16          /* Poly1305 tag (RFC 8439) */
#define PUNCH_TOKEN_BYTES 16        /* chosen: 128 bits cannot be guessed */
#define PUNCH_CALL_ID_BYTES 16      /* chosen: random, never repeats */
#define PUNCH_COOKIE_BYTES 16       /* chosen: as WireGuard's */
#define PUNCH_KEEPALIVE_ID_BYTES 16 /* chosen: hashed names need no registry */
/* short messages: chosen, leaves room for headers within PUNCH_PACKET_MAX */
#define PUNCH_MESSAGE_MAX 1024
#define PUNCH_CANDIDATES_MAX 4 /* private and mapped addresses per peer: chosen */
#define PUNCH_OFFERS_MAX 8     /* keepalive strategies offered per peer: chosen */
#define PUNCH_TOKENS_MAX 8     /* tokens a peer may have registered at once: chosen */
/* addresses one call may fire at: candidates, broker's view, reflexive; chosen */
#define PUNCH_TARGETS_MAX 8
#define PUNCH_CALLS_MAX 64       /* calls and sessions per peer: chosen (seed: "thirty peers") */
#define PUNCH_MESSAGES_MAX 64    /* short messages under way per session: chosen */
#define PUNCH_REPLAY_WINDOW 64   /* packets; chosen: as wide as one machine word */
#define PUNCH_ACK_BITMAP_BITS 32 /* protocol §5 */
#define PUNCH_MESSAGE_DEDUP_IDS 1024 /* protocol §6 */

/* broker time */
#define PUNCH_CLOCK_SAMPLES 8    /* protocol §2: the least round trip of the last 8 */
#define PUNCH_GO_MARGIN_US 50000 /* protocol §3: 50 ms beyond the slower way out; chosen */
/* a peer's claimed broker round trip is cut here: chosen, = the largest first gap */
#define PUNCH_RTT_CLAIM_US_MAX 3000000
/* round trip assumed before the first sample: RFC 8445 §14.3 (RTO of 500 ms) */
#define PUNCH_RTT_UNKNOWN_US 500000

/* retries */
#define PUNCH_RETRY_FIRST_US 250000   /* protocol §6: first retry after 250 ms, then doubling */
#define PUNCH_RETRY_TOTAL_US 20000000 /* protocol §6: 20 s in all */
/* cookie and handshake: RFC 8489 §6.2.1 (RTO 500 ms), then doubling */
#define PUNCH_REGISTER_FIRST_US 500000
#define PUNCH_REGISTER_GAP_US_MAX 16000000 /* ceiling of that doubling: chosen */
#define PUNCH_RING_TOTAL_US 30000000       /* how long the broker rings a callee: chosen */
/* how long ended calls are remembered, to answer repeats: chosen */
#define PUNCH_CALL_LINGER_US 30000000
/* at most one new handshake a second on "restarted" hints: chosen */
#define PUNCH_REHANDSHAKE_GAP_US 1000000

/* punch (protocol §4) */
#define PUNCH_GAP_US_MIN 100000        /* first gap at least 100 ms */
#define PUNCH_GAP_FIRST_US_MAX 3000000 /* first gap at most 3 s */
/* seed: "until exponential backoff approaches the twenty second limit" */
#define PUNCH_GAP_US_MAX 20000000
#define PUNCH_BACKOFF_PERMILLE 1500 /* "slow backoff": chosen 1.5 */
/* unacknowledged INTROs per address: a lying broker must not aim peers at a victim */
#define PUNCH_INTROS_PER_TARGET_MAX 16

/* keepalive (protocol §5) */
#define PUNCH_KEEPALIVE_US 15000000    /* seed; RFC 8085 §3.5: not below 15 s */
#define PUNCH_MISSING_SLACK_US 1000000 /* protocol §5: rtt + 1 s */
#define PUNCH_PROBE_GAP_US 1000000     /* seed: are-you-there "one per second" */
#define PUNCH_PROBES_MAX 20            /* 20 unanswered -> dead: chosen */
/* what a user may set as interval: chosen, from are-you-there's gap to a day */
#define PUNCH_KEEPALIVE_INTERVAL_US_MIN 1000000
#define PUNCH_KEEPALIVE_INTERVAL_US_MAX 86400000000
/* a counterparty's promise is believed up to here, so that its death is noticed whatever it said:
 * chosen, above the longest interval of a built-in strategy that learns */
#define PUNCH_PROMISE_US_MAX 1200000000
/* the way to the broker is never silent for longer, whatever its strategy says: three keepalives,
 * chosen; leaves 15 s to repeat before the broker forgets (PUNCH_REGISTRATION_US) */
#define PUNCH_REGISTER_SILENCE_US_MAX 45000000
/* spare port (protocol §5): two probes so far apart that a Linux NAT counts them as a stream
 * (nf_conntrack: more than 2 s) */
#define PUNCH_PROBE_STREAM_US 2500000
#define PUNCH_PROBE_ASKS 3                 /* asks before a spare port counts as silent: chosen */
#define PUNCH_PROBE_SILENCE_US_MIN 1000000 /* shorter ones are not tried: chosen */
#define PUNCH_PROBE_SILENCE_US_MAX 7200000000 /* longer ones are not tried: chosen, two hours */
#define PUNCH_PROBE_GRACE_US 60000000         /* for asking, on top: chosen */
#define PUNCH_PROBE_SENDS_MAX 6               /* of one PROBE, of ECHOs in all: chosen */
#define PUNCH_PROBE_PAUSE_US 30000000         /* after a probe that came to nothing: chosen */
#define PUNCH_BROKER_PROBE_GAP_US 500000      /* a broker serves a peer once in each: chosen */
#define PUNCH_JITTER_PERMILLE 50              /* +-5 % of the interval, against synchronisation */

/* broker */
#define PUNCH_COOKIE_EPOCH_US 60000000 /* a cookie is good for this and the next epoch: chosen */
/* silent registrations are forgotten: chosen, four keepalives */
#define PUNCH_REGISTRATION_US 60000000
/* ceiling of the doubling between repeated RINGs and GOs: chosen */
#define PUNCH_SIGNAL_GAP_US_MAX 4000000
/* calls one peer may have in a broker's table: chosen, = PUNCH_CALLS_MAX */
#define PUNCH_CALLS_PER_CALLER_MAX 64

#endif
