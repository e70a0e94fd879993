/* SPDX-License-Identifier: MIT */
/*
 * One TCP connection as the NAT in its middle sees it: (session, segment, direction, now) ->
 * verdict, phase, deadline. 32 bytes of state, no allocation, integers only; the words are those of
 * RFC 9293, the rules those of RFC 5382 and RFC 7857 §2.
 *
 *             SYN               SYN-ACK                ACK of both
 *   CLOSED ---------> SYN_SENT ---------> SYN_RECEIVED ----------> ESTABLISHED
 *      |                 | SYN crosses        ^                     | FIN
 *      | SYN nobody      +----> SYN_BOTH -----+                     v
 *      | may send in               SYN-ACK or ACK               FIN_WAIT -- its ACK --> CLOSE_WAIT
 *      v                                                            | second FIN            |
 *    HELD, then answered (RFC 5382 REQ-4)                           v                       |
 *                                             TIME_WAIT <-- ACK -- LAST_ACK <---------------+
 *   RST, wherever it is believed: RESET, or the same phase with less time left.
 *   Every phase ends in CLOSED when now >= deadline.
 *
 * How a NAT calls it, which tcp_box.h does. One session belongs to one (mapping, remote); it is the
 * filter's permission for that remote, and a mapping lives as long as one of its sessions:
 *
 *   due      nat_tcp_on_deadline for every session whose nat_tcp_deadline_us has come, before any
 *            segment of that instant; it says what a held SYN is answered with
 *   out      the session of (mapping, remote), or an empty one: nat_tcp_on_segment(.., NAT_TCP_OUT)
 *   in       a session, or a filter that admits this remote without one (EIF, ADF):
 *            nat_tcp_on_segment(.., NAT_TCP_IN); else nat_tcp_on_unsolicited with an empty or a
 *            held one
 *   after    NAT_TCP_PASS: translate as for UDP. In any case: a session that is CLOSED goes back
 *            to its pool, another is filed under its deadline, which a RST may have moved forward
 *
 * A segment that is dropped changes nothing and prolongs nothing (RFC 7857 §7).
 */
#ifndef NAT_TCP_H
#define NAT_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nat/presets.h"
#include "punch/time.h"

typedef enum {
    NAT_TCP_CLOSED = 0,   /* no connection; all-zero memory is a closed session */
    NAT_TCP_HELD,         /* an unsolicited SYN waits for its answer, or for one from inside */
    NAT_TCP_SYN_SENT,     /* SYN from one side */
    NAT_TCP_SYN_BOTH,     /* SYNs crossed (simultaneous open), neither acknowledged */
    NAT_TCP_SYN_RECEIVED, /* SYNs from both sides, not yet an ACK from both */
    NAT_TCP_ESTABLISHED,  /* ACKs from both sides: where RFC 5382 §5 lets "established" begin */
    NAT_TCP_FIN_WAIT,     /* FIN from one side */
    NAT_TCP_CLOSE_WAIT,   /* ... and acknowledged: half-closed */
    NAT_TCP_LAST_ACK,     /* FIN from both sides */
    NAT_TCP_TIME_WAIT,    /* ... and the last one acknowledged */
    NAT_TCP_RESET,        /* RST (with NAT_TCP_RESET_CLOSES) */
    NAT_TCP_PHASE_COUNT
} nat_tcp_phase;

/* Who sent it; also the index of that side. */
typedef enum {
    NAT_TCP_OUT = 0, /* the inside host */
    NAT_TCP_IN = 1   /* the remote */
} nat_tcp_way;

/* What an inbound SYN gets that nobody asked for. With timeout_us[NAT_TCP_HELD] > 0 it gets it that
 * much later, or never if a SYN leaves for that remote meanwhile. RFC 5382 REQ-4. */
typedef enum {
    NAT_TCP_UNSOLICITED_SILENCE = 0, /* REQ-4a */
    NAT_TCP_UNSOLICITED_RST = 1,     /* ends a punch whose SYN is still on its way */
    NAT_TCP_UNSOLICITED_ICMP = 2     /* port unreachable: what REQ-4 recommends */
} nat_tcp_unsolicited;

/* Whether sequence and acknowledgement numbers must lie in the windows seen so far. */
typedef enum {
    NAT_TCP_WINDOW_LOOSE = 0, /* never looked at */
    NAT_TCP_WINDOW_RST = 1,   /* those of RST only */
    NAT_TCP_WINDOW_STRICT = 2 /* all */
} nat_tcp_window;

typedef enum {
    NAT_TCP_RESET_CLOSES = 0,  /* the session is RESET, and only a SYN can wake it */
    NAT_TCP_RESET_SHORTENS = 1 /* RFC 7857 §2.2: less time, back to normal with the next segment */
} nat_tcp_reset;

/* What a SYN does in TIME_WAIT and RESET. RFC 9293 §3.6.1 lets a host accept one in TIME-WAIT. */
typedef enum {
    NAT_TCP_REOPEN_NONE = 0,   /* passes, but the session goes on dying: RFC 7857 Figure 1 */
    NAT_TCP_REOPEN_OPENER = 1, /* a new connection, if it comes from who opened the last one */
    NAT_TCP_REOPEN_EITHER = 2  /* a new connection */
} nat_tcp_reopen;

#define NAT_TCP_TIMEOUT_US_MAX (720 * 3600 * PUNCH_US_PER_S) /* chosen: 30 days, Linux has 5 */

typedef struct {
    /* Life without a segment, by phase. CLOSED: 0. HELD and RESET: >= 0, the others > 0. */
    punch_time_us timeout_us[NAT_TCP_PHASE_COUNT];
    punch_time_us reset_unanswered_us; /* life after a RST in SYN_SENT; 0: the session is over */
    bool simultaneous_open;            /* RFC 5382 REQ-2a: MUST be true */
    bool pick_up; /* an ACK without a session makes one, whose numbers are never checked */
    nat_tcp_unsolicited unsolicited;
    nat_tcp_window window;
    nat_tcp_reset reset;
    nat_tcp_reopen reopen;
} nat_tcp_config;

/* Control bits where RFC 9293 §3.1 has them; others are ignored. */
#define NAT_TCP_FIN 0x01u
#define NAT_TCP_SYN 0x02u
#define NAT_TCP_RST 0x04u
#define NAT_TCP_ACK 0x10u

#define NAT_TCP_NO_SCALE 0xffu

typedef struct {
    uint32_t seq;
    uint32_t ack;    /* counts with NAT_TCP_ACK only */
    uint16_t length; /* bytes of payload */
    uint16_t window; /* as in the header, not scaled */
    uint8_t flags;
    uint8_t scale; /* window scale option (RFC 7323 §2) of a SYN, or NAT_TCP_NO_SCALE */
} nat_tcp_segment;

/* The state; its fields are read through the functions below. Arrays are indexed by nat_tcp_way. */
typedef struct {
    punch_time_us deadline_us;
    uint32_t end[2];    /* just behind the last sequence number that side has sent */
    uint32_t limit[2];  /* just behind the last one it may send */
    uint16_t window[2]; /* the largest it has offered, in units of 1 << shift bytes */
    uint8_t shift[2];   /* its window scale */
    uint8_t phase;      /* nat_tcp_phase */
    uint8_t marks;      /* who has opened, sent ACK, sent FIN; see tcp.c */
} nat_tcp_session;

typedef enum {
    NAT_TCP_PASS = 0,
    NAT_TCP_HOLD,             /* in: dropped for now; the answer is due at the deadline */
    NAT_TCP_ANSWER_RST,       /* in: dropped, and a RST goes back */
    NAT_TCP_ANSWER_ICMP,      /* in: dropped, and ICMP port unreachable goes back */
    NAT_TCP_DROP_UNSOLICITED, /* in: SYN, dropped in silence */
    NAT_TCP_DROP_NO_SESSION,  /* neither a SYN nor part of a connection */
    NAT_TCP_DROP_CROSSED_SYN, /* simultaneous open, which this NAT does not know */
    NAT_TCP_DROP_PHASE,       /* not what can come now: an ACK before the SYN-ACK */
    NAT_TCP_DROP_WINDOW,      /* numbers outside the window */
    NAT_TCP_DROP_FLAGS,       /* control bits that no TCP sends together */
    NAT_TCP_EXPIRED,          /* on_deadline: the session has timed out */
    NAT_TCP_VERDICT_COUNT
} nat_tcp_verdict;

typedef struct {
    const char *name;  /* as the NAT preset of the same device, where there is one */
    const char *title; /* one line for people */
    nat_tcp_config config;
    const nat_field_source *sources; /* one entry per field, ends with {NULL, NULL} */
} nat_tcp_preset;

#ifdef __cplusplus
extern "C" {
#endif

/* What RFC 5382 and RFC 7857 ask for, as the preset "rfc5382". */
nat_tcp_config nat_tcp_config_default(void);

/* NULL when the configuration is in range, else a static sentence saying what is wrong. */
const char *nat_tcp_config_check(const nat_tcp_config *config);

/* A segment of a live session, or one that may begin a session (an empty one is handed in): any
 * from inside, and from outside what a filter admits. O(1). */
nat_tcp_verdict nat_tcp_on_segment(const nat_tcp_config *config, nat_tcp_session *session,
                                   const nat_tcp_segment *segment, nat_tcp_way way,
                                   punch_time_us now_us);

/* What nat_tcp_on_segment would answer. */
nat_tcp_verdict nat_tcp_would(const nat_tcp_config *config, const nat_tcp_session *session,
                              const nat_tcp_segment *segment, nat_tcp_way way,
                              punch_time_us now_us);

/* A segment from outside that neither session nor filter admits; the session is empty or HELD.
 * NAT_TCP_HOLD: keep the session until its deadline. Never NAT_TCP_PASS. O(1). */
nat_tcp_verdict nat_tcp_on_unsolicited(const nat_tcp_config *config, nat_tcp_session *session,
                                       const nat_tcp_segment *segment, punch_time_us now_us);

/* The deadline has come (asserted): the session is CLOSED. NAT_TCP_ANSWER_RST or _ICMP: that goes
 * to the remote now, a RST with nat_tcp_held_ack; else NAT_TCP_EXPIRED. */
nat_tcp_verdict nat_tcp_on_deadline(const nat_tcp_config *config, nat_tcp_session *session,
                                    punch_time_us now_us);

/* The acknowledgement number of a RST that answers the SYN held last (RFC 9293 §3.10.7.1); valid
 * while HELD and right after nat_tcp_on_deadline. */
uint32_t nat_tcp_held_ack(const nat_tcp_session *session);

/* When the session ends by itself: alive while now < deadline. PUNCH_NEVER when CLOSED. */
punch_time_us nat_tcp_deadline_us(const nat_tcp_session *session);

/* The phase now: CLOSED from the deadline on. */
nat_tcp_phase nat_tcp_phase_at(const nat_tcp_session *session, punch_time_us now_us);

const char *nat_tcp_phase_name(nat_tcp_phase phase); /* "syn-sent", ... */
const char *nat_tcp_unsolicited_name(nat_tcp_unsolicited unsolicited);
const char *nat_tcp_window_name(nat_tcp_window window);
const char *nat_tcp_reset_name(nat_tcp_reset reset);
const char *nat_tcp_reopen_name(nat_tcp_reopen reopen);
const char *nat_tcp_verdict_name(nat_tcp_verdict verdict); /* "pass", "crossed-syn", ... */
/* A sentence end for people: "its numbers lie outside the window". */
const char *nat_tcp_verdict_text(nat_tcp_verdict verdict);

/* All presets; *count_out is how many. */
const nat_tcp_preset *nat_tcp_presets(size_t *count_out);

/* By name, or NULL. */
const nat_tcp_preset *nat_tcp_preset_find(const char *name);

#ifdef __cplusplus
}
#endif

#endif
