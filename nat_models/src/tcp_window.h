/* SPDX-License-Identifier: MIT */
/*
 * Which sequence and acknowledgement numbers fit a connection, from what the man in the middle has
 * seen of it: Guido van Rooij, "Real Stateful TCP Packet Filtering in IP Filter", SANE 2000. For
 * the side that sends a segment, with its peer's data going the other way:
 *
 *     end[side] - largest window of the peer        end[side]        limit[side]
 *     --------------|------------------------------------|----------------|----> sequence numbers
 *                   the segment may not end before this        nor begin behind this
 *
 *     acknowledgement: at most end[peer], and not older than the largest window of this side
 *
 * end = just behind what was sent; limit = just behind what the peer's acknowledgements and windows
 * allow. Comparisons are modulo 2^32 (RFC 9293 §3.4). tcp.c is the only user.
 */
#ifndef NAT_TCP_WINDOW_SRC_H
#define NAT_TCP_WINDOW_SRC_H

#include "nat/tcp.h"

/* nat_tcp_session.marks, for a side: */
#define TCP_MARK_KNOWN(way) ((uint8_t)(0x01u << (way))) /* its numbers are known */
#define TCP_MARK_ACK(way) ((uint8_t)(0x04u << (way)))   /* it has acknowledged something */
#define TCP_MARK_FIN(way) ((uint8_t)(0x10u << (way)))   /* it has sent FIN */
/* ... and for the whole: */
#define TCP_MARK_OPENER_OUTSIDE ((uint8_t)0x40u) /* the remote opened the connection */
#define TCP_MARK_UNCHECKED ((uint8_t)0x80u)      /* picked up: windows and scales are unknown */

static inline nat_tcp_way tcp_peer_of(nat_tcp_way way) {
    return way == NAT_TCP_OUT ? NAT_TCP_IN : NAT_TCP_OUT;
}

/* a comes before b, modulo 2^32. */
static inline bool tcp_before(uint32_t a, uint32_t b) {
    return (int32_t)(a - b) < 0;
}

/* Just behind the last sequence number of a segment; SYN and FIN take one each. */
static inline uint32_t tcp_end_of(const nat_tcp_segment *segment) {
    return segment->seq + segment->length + ((segment->flags & NAT_TCP_SYN) != 0) +
           ((segment->flags & NAT_TCP_FIN) != 0);
}

/* The first segment seen of a side: takes its numbers and scale. */
void tcp_window_introduce(nat_tcp_session *session, const nat_tcp_segment *segment,
                          nat_tcp_way way);

bool tcp_window_admits(const nat_tcp_session *session, const nat_tcp_segment *segment,
                       nat_tcp_way way);

/* Moves the windows with a segment of the connection (not a RST: its numbers bind nobody). */
void tcp_window_note(nat_tcp_session *session, const nat_tcp_segment *segment, nat_tcp_way way);

#endif
