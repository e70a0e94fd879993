/* SPDX-License-Identifier: MIT */
/*
 * The windows of a TCP connection; see tcp_window.h. A window is kept in 16 bits, in units of its
 * side's scale. The window of a SYN is never scaled, and scales count only if both SYNs offered one
 * (RFC 7323 §2.2), so the first SYN's scale is kept aside until the second SYN settles it.
 */
#include "tcp_window.h"

#define SHIFT_MAX 14u  /* RFC 7323 §2.3 */
#define SHIFT_NONE 15u /* not offered, not settled yet */
/* npf-params(7), state.tcp.max_ack_win, after van Rooij: any window without a scale, and a segment
 * more. */
#define ACK_WINDOW_MIN 66000u
#define WINDOW_UNITS_MAX 65535u /* RFC 9293 §3.1: 16 bits */

static uint32_t later(uint32_t a, uint32_t b) {
    return tcp_before(a, b) ? b : a;
}

static bool is_known(const nat_tcp_session *session, nat_tcp_way way) {
    return (session->marks & TCP_MARK_KNOWN(way)) != 0;
}

static uint32_t in_bytes(uint16_t units, uint8_t shift) {
    return shift == SHIFT_NONE ? units : (uint32_t)units << shift;
}

static uint16_t in_units(uint32_t bytes, uint8_t shift) {
    const uint32_t units = shift == SHIFT_NONE ? bytes : (bytes + (1u << shift) - 1) >> shift;
    return (uint16_t)(units < WINDOW_UNITS_MAX ? units : WINDOW_UNITS_MAX);
}

static uint32_t offered_bytes(const nat_tcp_session *session, const nat_tcp_segment *segment,
                              nat_tcp_way way) {
    const bool scaled = (segment->flags & NAT_TCP_SYN) == 0;
    return scaled ? in_bytes(segment->window, session->shift[way]) : segment->window;
}

static uint8_t shift_of(const nat_tcp_segment *segment) {
    if ((segment->flags & NAT_TCP_SYN) == 0 || segment->scale == NAT_TCP_NO_SCALE) {
        return SHIFT_NONE;
    }
    return segment->scale < SHIFT_MAX ? segment->scale : SHIFT_MAX;
}

/* Both sides are known: scales count if both offered one. */
static void settle_scales(nat_tcp_session *session) {
    if (session->shift[NAT_TCP_OUT] != SHIFT_NONE && session->shift[NAT_TCP_IN] != SHIFT_NONE) {
        return;
    }
    for (size_t side = 0; side < 2; side++) {
        session->window[side] = in_units(in_bytes(session->window[side], session->shift[side]), 0);
        session->shift[side] = 0;
    }
}

void tcp_window_introduce(nat_tcp_session *session, const nat_tcp_segment *segment,
                          nat_tcp_way way) {
    const nat_tcp_way peer = tcp_peer_of(way);
    const uint32_t first = segment->seq + ((segment->flags & NAT_TCP_SYN) != 0);
    session->marks |= TCP_MARK_KNOWN(way);
    session->shift[way] = shift_of(segment);
    session->window[way] = in_units(segment->window, session->shift[way]);
    session->end[way] = tcp_end_of(segment);
    session->limit[way] = first;
    if (!is_known(session, peer)) {
        return;
    }
    settle_scales(session);
    session->limit[way] = first + in_bytes(session->window[peer], session->shift[peer]);
    if ((segment->flags & NAT_TCP_ACK) == 0) { /* SYNs crossed: this one opens the peer's window */
        session->limit[peer] += segment->window;
    }
}

/* An answer to a SYN: acknowledges it, and at most what came with it. RFC 9293 §3.10.7.3. */
static bool answers_syn(const nat_tcp_session *session, const nat_tcp_segment *segment,
                        nat_tcp_way peer) {
    return (segment->flags & NAT_TCP_ACK) != 0 && !tcp_before(segment->ack, session->limit[peer]) &&
           !tcp_before(session->end[peer], segment->ack);
}

bool tcp_window_admits(const nat_tcp_session *session, const nat_tcp_segment *segment,
                       nat_tcp_way way) {
    const nat_tcp_way peer = tcp_peer_of(way);
    if ((session->marks & TCP_MARK_UNCHECKED) != 0) {
        return true;
    }
    if (!is_known(session, way)) {
        return answers_syn(session, segment, peer);
    }
    const uint32_t peer_window = in_bytes(session->window[peer], session->shift[peer]);
    const bool fits = !tcp_before(session->limit[way], segment->seq) &&
                      !tcp_before(tcp_end_of(segment), session->end[way] - peer_window);
    if (!fits || (segment->flags & NAT_TCP_ACK) == 0 || !is_known(session, peer)) {
        return fits;
    }
    const uint32_t own_window = in_bytes(session->window[way], session->shift[way]);
    const uint32_t age_max = own_window > ACK_WINDOW_MIN ? own_window : ACK_WINDOW_MIN;
    return !tcp_before(session->end[peer], segment->ack) &&
           !tcp_before(segment->ack, session->end[peer] - age_max);
}

void tcp_window_note(nat_tcp_session *session, const nat_tcp_segment *segment, nat_tcp_way way) {
    const nat_tcp_way peer = tcp_peer_of(way);
    if (!is_known(session, way)) {
        tcp_window_introduce(session, segment, way);
    }
    const uint32_t offered = offered_bytes(session, segment, way);
    const uint16_t units = in_units(offered, session->shift[way]);
    session->end[way] = later(session->end[way], tcp_end_of(segment));
    session->window[way] = units > session->window[way] ? units : session->window[way];
    if ((segment->flags & NAT_TCP_ACK) != 0 && is_known(session, peer)) {
        /* A closed window may be probed with one byte: RFC 9293 §3.8.6.1. */
        const uint32_t allowed = segment->ack + (offered > 0 ? offered : 1);
        session->limit[peer] = later(session->limit[peer], allowed);
    }
}
