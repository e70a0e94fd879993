/* SPDX-License-Identifier: MIT */
/*
 * TCP tracking: what one segment does to one connection.
 *
 *   control bits --kind_of--> kind
 *   (phase, kind, opener or not) --STEPS--> step
 *   step: drop it, let it by, or check its numbers (tcp_window.h), note it, go to the next phase
 *
 * The phase says what may come next; the marks say what each side has done so far, and the phase
 * after a segment follows from them. What endpoints must sort out among themselves (a SYN in the
 * middle of a connection, an ACK that answers a SYN because the remote still remembers an older
 * connection: RFC 9293 §3.5.1) passes and changes nothing.
 */
#include "tcp_window.h"

#include "punch/assert.h"

_Static_assert(sizeof(nat_tcp_session) == 32, "a session is carried by every TCP flow of a NAT");

/* What the control bits make of a segment. */
typedef enum { KIND_SYN, KIND_SYNACK, KIND_ACK, KIND_FIN, KIND_RST, KIND_COUNT } segment_kind;

/* Everything one call is about. */
typedef struct {
    const nat_tcp_config *config;
    nat_tcp_session *session;
    const nat_tcp_segment *segment;
    nat_tcp_way way;
    segment_kind kind;
    punch_time_us now_us;
} visit;

typedef enum {
    STEP_STRAY,   /* drop: belongs to no connection */
    STEP_DROP,    /* drop: cannot come now */
    STEP_LET,     /* pass, and nothing changes */
    STEP_OPEN,    /* a connection opened by this side */
    STEP_CROSS,   /* the other side's SYN: simultaneous open */
    STEP_AGAIN,   /* a SYN once more */
    STEP_PICK_UP, /* a connection whose beginning was not seen */
    STEP_REOPEN,  /* a SYN after the end */
    STEP_TRACK,   /* part of the connection */
    STEP_RESET
} step;

#define BOTH(step) \
    { (step), (step) }
#define NEW_ONLY                                                        \
    {                                                                   \
        [KIND_SYN] = BOTH(STEP_OPEN), [KIND_SYNACK] = BOTH(STEP_STRAY), \
        [KIND_ACK] = BOTH(STEP_PICK_UP), [KIND_FIN] = BOTH(STEP_STRAY), \
        [KIND_RST] = BOTH(STEP_STRAY),                                  \
    }
#define SYNCHRONIZED                                                  \
    {                                                                 \
        [KIND_SYN] = BOTH(STEP_LET), [KIND_SYNACK] = BOTH(STEP_LET),  \
        [KIND_ACK] = BOTH(STEP_TRACK), [KIND_FIN] = BOTH(STEP_TRACK), \
        [KIND_RST] = BOTH(STEP_RESET),                                \
    }
#define FINISHED                                                        \
    {                                                                   \
        [KIND_SYN] = BOTH(STEP_REOPEN), [KIND_SYNACK] = BOTH(STEP_LET), \
        [KIND_ACK] = BOTH(STEP_TRACK), [KIND_FIN] = BOTH(STEP_TRACK),   \
        [KIND_RST] = BOTH(STEP_RESET),                                  \
    }

/* By phase, kind, and sender: {who opened the connection, the other side}. */
static const uint8_t STEPS[NAT_TCP_PHASE_COUNT][KIND_COUNT][2] = {
    [NAT_TCP_CLOSED] = NEW_ONLY,
    [NAT_TCP_HELD] = NEW_ONLY,
    [NAT_TCP_SYN_SENT] =
        {
            [KIND_SYN] = {STEP_OPEN, STEP_CROSS},
            [KIND_SYNACK] = {STEP_DROP, STEP_TRACK},
            [KIND_ACK] = {STEP_DROP, STEP_LET},
            [KIND_FIN] = BOTH(STEP_DROP),
            [KIND_RST] = BOTH(STEP_RESET),
        },
    [NAT_TCP_SYN_BOTH] =
        {
            [KIND_SYN] = BOTH(STEP_AGAIN),
            [KIND_SYNACK] = BOTH(STEP_TRACK),
            [KIND_ACK] = BOTH(STEP_TRACK),
            [KIND_FIN] = BOTH(STEP_TRACK),
            [KIND_RST] = BOTH(STEP_RESET),
        },
    [NAT_TCP_SYN_RECEIVED] =
        {
            [KIND_SYN] = BOTH(STEP_LET),
            [KIND_SYNACK] = BOTH(STEP_TRACK),
            [KIND_ACK] = BOTH(STEP_TRACK),
            [KIND_FIN] = BOTH(STEP_TRACK),
            [KIND_RST] = BOTH(STEP_RESET),
        },
    [NAT_TCP_ESTABLISHED] = SYNCHRONIZED,
    [NAT_TCP_FIN_WAIT] = SYNCHRONIZED,
    [NAT_TCP_CLOSE_WAIT] = SYNCHRONIZED,
    [NAT_TCP_LAST_ACK] = SYNCHRONIZED,
    [NAT_TCP_TIME_WAIT] = FINISHED,
    [NAT_TCP_RESET] = FINISHED,
};

static bool kind_of(const nat_tcp_segment *segment, segment_kind *kind_out) {
    switch (segment->flags & (NAT_TCP_SYN | NAT_TCP_ACK | NAT_TCP_FIN | NAT_TCP_RST)) {
    case NAT_TCP_SYN:
        *kind_out = KIND_SYN;
        return true;
    case NAT_TCP_SYN | NAT_TCP_ACK:
        *kind_out = KIND_SYNACK;
        return true;
    case NAT_TCP_ACK:
        *kind_out = KIND_ACK;
        return true;
    case NAT_TCP_FIN | NAT_TCP_ACK:
        *kind_out = KIND_FIN;
        return true;
    case NAT_TCP_RST:
    case NAT_TCP_RST | NAT_TCP_ACK:
        *kind_out = KIND_RST;
        return true;
    default: /* a combination no TCP sends; FIN always comes with ACK (RFC 9293 §3.10.7.4) */
        return false;
    }
}

static bool is_over(const nat_tcp_session *session, punch_time_us now_us) {
    return session->phase != NAT_TCP_CLOSED && now_us >= session->deadline_us;
}

static void clear(nat_tcp_session *session) {
    *session = (nat_tcp_session){0};
}

static bool is_opener(const visit *v) {
    const bool outside = (v->session->marks & TCP_MARK_OPENER_OUTSIDE) != 0;
    return outside == (v->way == NAT_TCP_IN);
}

static nat_tcp_verdict enter(const visit *v, nat_tcp_phase phase) {
    v->session->phase = (uint8_t)phase;
    v->session->deadline_us = punch_time_after(v->now_us, v->config->timeout_us[phase]);
    return NAT_TCP_PASS;
}

static nat_tcp_verdict open_session(const visit *v) {
    clear(v->session);
    v->session->marks = v->way == NAT_TCP_IN ? TCP_MARK_OPENER_OUTSIDE : 0;
    tcp_window_introduce(v->session, v->segment, v->way);
    return enter(v, NAT_TCP_SYN_SENT);
}

static nat_tcp_verdict cross_syns(const visit *v) {
    if (!v->config->simultaneous_open) {
        return NAT_TCP_DROP_CROSSED_SYN;
    }
    tcp_window_introduce(v->session, v->segment, v->way);
    return enter(v, NAT_TCP_SYN_BOTH);
}

/* A SYN with another number is another attempt: its numbers would not fit the windows of this one,
 * and the other side's SYN comes again anyway. */
static nat_tcp_verdict repeat_syn(const visit *v) {
    const bool same = tcp_end_of(v->segment) == v->session->end[v->way];
    return same ? enter(v, NAT_TCP_SYN_BOTH) : open_session(v);
}

static nat_tcp_verdict pick_up(const visit *v) {
    if (!v->config->pick_up) {
        return NAT_TCP_DROP_NO_SESSION;
    }
    clear(v->session);
    v->session->marks = v->way == NAT_TCP_IN ? TCP_MARK_OPENER_OUTSIDE : 0;
    v->session->marks |= TCP_MARK_UNCHECKED | TCP_MARK_ACK(NAT_TCP_OUT) | TCP_MARK_ACK(NAT_TCP_IN);
    tcp_window_introduce(v->session, v->segment, v->way);
    return enter(v, NAT_TCP_ESTABLISHED);
}

static nat_tcp_verdict reopen(const visit *v) {
    switch (v->config->reopen) {
    case NAT_TCP_REOPEN_NONE:
        return NAT_TCP_PASS;
    case NAT_TCP_REOPEN_OPENER:
        return is_opener(v) ? open_session(v) : NAT_TCP_DROP_PHASE;
    case NAT_TCP_REOPEN_EITHER:
        break;
    }
    return open_session(v);
}

/* The phase behind a segment that has been noted. */
static nat_tcp_phase phase_after(const visit *v) {
    const nat_tcp_session *session = v->session;
    const nat_tcp_way peer = tcp_peer_of(v->way);
    const bool fin = (session->marks & TCP_MARK_FIN(v->way)) != 0;
    const bool peer_fin = (session->marks & TCP_MARK_FIN(peer)) != 0;
    const bool acks_all = !tcp_before(v->segment->ack, session->end[peer]);
    const nat_tcp_phase phase = (nat_tcp_phase)session->phase;
    if (phase == NAT_TCP_RESET || phase == NAT_TCP_TIME_WAIT) {
        return phase;
    }
    if (fin && peer_fin) {
        return v->kind == KIND_ACK && acks_all ? NAT_TCP_TIME_WAIT : NAT_TCP_LAST_ACK;
    }
    if (fin || peer_fin) {
        const bool acked = phase == NAT_TCP_CLOSE_WAIT || (peer_fin && acks_all);
        return acked ? NAT_TCP_CLOSE_WAIT : NAT_TCP_FIN_WAIT;
    }
    const uint8_t acks = TCP_MARK_ACK(NAT_TCP_OUT) | TCP_MARK_ACK(NAT_TCP_IN);
    return (session->marks & acks) == acks ? NAT_TCP_ESTABLISHED : NAT_TCP_SYN_RECEIVED;
}

/* A RST was the only answer to the SYN: there is no connection that anything could be part of. */
static bool is_refused(const nat_tcp_session *session) {
    const uint8_t known = TCP_MARK_KNOWN(NAT_TCP_OUT) | TCP_MARK_KNOWN(NAT_TCP_IN);
    return session->phase == NAT_TCP_RESET && (session->marks & TCP_MARK_UNCHECKED) == 0 &&
           (session->marks & known) != known;
}

static nat_tcp_verdict track(const visit *v) {
    if (is_refused(v->session)) {
        return NAT_TCP_DROP_PHASE;
    }
    const bool checked = v->config->window == NAT_TCP_WINDOW_STRICT;
    if (checked && !tcp_window_admits(v->session, v->segment, v->way)) {
        return NAT_TCP_DROP_WINDOW;
    }
    tcp_window_note(v->session, v->segment, v->way);
    v->session->marks |= TCP_MARK_ACK(v->way);
    if (v->kind == KIND_FIN) {
        v->session->marks |= TCP_MARK_FIN(v->way);
    }
    return enter(v, phase_after(v));
}

/* RFC 7857 §2.2: a RST is translated, and the session kept for a while, because it may be forged or
 * not be believed. §7.1: one from inside does not prolong anything. */
static nat_tcp_verdict take_reset(const visit *v) {
    nat_tcp_session *session = v->session;
    const bool checked = v->config->window != NAT_TCP_WINDOW_LOOSE;
    if (checked && !tcp_window_admits(session, v->segment, v->way)) {
        return NAT_TCP_DROP_WINDOW;
    }
    const punch_time_us life_us = session->phase == NAT_TCP_SYN_SENT
                                      ? v->config->reset_unanswered_us
                                      : v->config->timeout_us[NAT_TCP_RESET];
    if (life_us == 0) {
        clear(session);
        return NAT_TCP_PASS;
    }
    const punch_time_us end_us = punch_time_after(v->now_us, life_us);
    session->deadline_us =
        v->way == NAT_TCP_OUT ? punch_time_earlier(session->deadline_us, end_us) : end_us;
    if (v->config->reset == NAT_TCP_RESET_CLOSES) {
        session->phase = NAT_TCP_RESET;
    }
    return NAT_TCP_PASS;
}

static nat_tcp_verdict take(const visit *v) {
    const uint8_t *by_sender = STEPS[v->session->phase][v->kind];
    switch ((step)by_sender[is_opener(v) ? 0 : 1]) {
    case STEP_STRAY:
        return NAT_TCP_DROP_NO_SESSION;
    case STEP_DROP:
        return NAT_TCP_DROP_PHASE;
    case STEP_LET:
        return NAT_TCP_PASS;
    case STEP_OPEN:
        return open_session(v);
    case STEP_CROSS:
        return cross_syns(v);
    case STEP_AGAIN:
        return repeat_syn(v);
    case STEP_PICK_UP:
        return pick_up(v);
    case STEP_REOPEN:
        return reopen(v);
    case STEP_TRACK:
        return track(v);
    case STEP_RESET:
        break;
    }
    return take_reset(v);
}

nat_tcp_verdict nat_tcp_on_segment(const nat_tcp_config *config, nat_tcp_session *session,
                                   const nat_tcp_segment *segment, nat_tcp_way way,
                                   punch_time_us now_us) {
    PUNCH_ASSERT(session->phase < NAT_TCP_PHASE_COUNT);
    visit v = {.config = config, .session = session, .segment = segment, .way = way};
    v.now_us = now_us;
    if (is_over(session, now_us)) {
        clear(session);
    }
    return kind_of(segment, &v.kind) ? take(&v) : NAT_TCP_DROP_FLAGS;
}

nat_tcp_verdict nat_tcp_would(const nat_tcp_config *config, const nat_tcp_session *session,
                              const nat_tcp_segment *segment, nat_tcp_way way,
                              punch_time_us now_us) {
    nat_tcp_session copy = *session;
    return nat_tcp_on_segment(config, &copy, segment, way, now_us);
}

static nat_tcp_verdict answer_of(const nat_tcp_config *config) {
    switch (config->unsolicited) {
    case NAT_TCP_UNSOLICITED_SILENCE:
        return NAT_TCP_DROP_UNSOLICITED;
    case NAT_TCP_UNSOLICITED_RST:
        return NAT_TCP_ANSWER_RST;
    case NAT_TCP_UNSOLICITED_ICMP:
        break;
    }
    return NAT_TCP_ANSWER_ICMP;
}

nat_tcp_verdict nat_tcp_on_unsolicited(const nat_tcp_config *config, nat_tcp_session *session,
                                       const nat_tcp_segment *segment, punch_time_us now_us) {
    if (is_over(session, now_us)) {
        clear(session);
    }
    PUNCH_ASSERT(session->phase == NAT_TCP_CLOSED || session->phase == NAT_TCP_HELD);
    segment_kind kind;
    if (!kind_of(segment, &kind)) {
        return NAT_TCP_DROP_FLAGS;
    }
    if (kind != KIND_SYN) {
        return NAT_TCP_DROP_NO_SESSION;
    }
    const nat_tcp_verdict answer = answer_of(config);
    const punch_time_us hold_us = config->timeout_us[NAT_TCP_HELD];
    if (answer == NAT_TCP_DROP_UNSOLICITED || hold_us == 0) {
        return answer;
    }
    /* A SYN that comes again is held anew: the wait is counted from every SYN received. */
    clear(session);
    session->end[NAT_TCP_IN] = tcp_end_of(segment);
    session->phase = NAT_TCP_HELD;
    session->deadline_us = punch_time_after(now_us, hold_us);
    return NAT_TCP_HOLD;
}

nat_tcp_verdict nat_tcp_on_deadline(const nat_tcp_config *config, nat_tcp_session *session,
                                    punch_time_us now_us) {
    PUNCH_ASSERT(session->phase != NAT_TCP_CLOSED);
    PUNCH_ASSERT(now_us >= session->deadline_us);
    const bool held = session->phase == NAT_TCP_HELD;
    const uint32_t held_ack = session->end[NAT_TCP_IN];
    clear(session);
    session->end[NAT_TCP_IN] = held_ack;
    return held ? answer_of(config) : NAT_TCP_EXPIRED;
}

uint32_t nat_tcp_held_ack(const nat_tcp_session *session) {
    return session->end[NAT_TCP_IN];
}

punch_time_us nat_tcp_deadline_us(const nat_tcp_session *session) {
    return session->phase == NAT_TCP_CLOSED ? PUNCH_NEVER : session->deadline_us;
}

nat_tcp_phase nat_tcp_phase_at(const nat_tcp_session *session, punch_time_us now_us) {
    return is_over(session, now_us) ? NAT_TCP_CLOSED : (nat_tcp_phase)session->phase;
}
