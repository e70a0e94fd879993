/* SPDX-License-Identifier: MIT */
/*
 * The naive TCP tracking; see reference_tcp.h. Conditions in the order in which one would say them,
 * no tables, no modular arithmetic.
 */
#include "reference_tcp.h"

#include "punch/assert.h"

#define SYN NAT_TCP_SYN
#define ACK NAT_TCP_ACK
#define FIN NAT_TCP_FIN
#define RST NAT_TCP_RST
#define ACK_AGE_MIN 66000 /* as in tcp_window.c */

static nat_tcp_way peer_of(nat_tcp_way way) {
    return way == NAT_TCP_OUT ? NAT_TCP_IN : NAT_TCP_OUT;
}

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t end_of(const reference_segment *segment) {
    return segment->seq + segment->length + ((segment->flags & SYN) != 0) +
           ((segment->flags & FIN) != 0);
}

/* The first logged segment of a side, or NULL. */
static const reference_segment *first_of(const reference_tcp *ref, nat_tcp_way way) {
    for (int i = 0; i < ref->count; i++) {
        if (ref->log[i].way == way) {
            return &ref->log[i];
        }
    }
    return NULL;
}

bool reference_tcp_knows(const reference_tcp *ref, nat_tcp_way way) {
    return first_of(ref, way) != NULL;
}

static int64_t end_until(const reference_tcp *ref, nat_tcp_way way, int count) {
    int64_t end = INT64_MIN;
    for (int i = 0; i < count; i++) {
        if (ref->log[i].way == way) {
            end = larger(end, end_of(&ref->log[i]));
        }
    }
    return end;
}

int64_t reference_tcp_end(const reference_tcp *ref, nat_tcp_way way) {
    return end_until(ref, way, ref->count);
}

/* Bytes a segment offers: scaled if both SYNs offered a scale, and never in a SYN. */
static int64_t offered(const reference_tcp *ref, const reference_segment *segment) {
    const reference_segment *own = first_of(ref, segment->way);
    const reference_segment *other = first_of(ref, peer_of(segment->way));
    if ((segment->flags & SYN) != 0 || own == NULL || other == NULL || own->scale < 0 ||
        other->scale < 0 || (own->flags & SYN) == 0 || (other->flags & SYN) == 0) {
        return segment->window;
    }
    return segment->window << (own->scale < 14 ? own->scale : 14);
}

int64_t reference_tcp_window(const reference_tcp *ref, nat_tcp_way way) {
    int64_t window = 0;
    for (int i = 0; i < ref->count; i++) {
        if (ref->log[i].way == way) {
            window = larger(window, offered(ref, &ref->log[i]));
        }
    }
    return window;
}

int64_t reference_tcp_limit(const reference_tcp *ref, nat_tcp_way way) {
    const reference_segment *own = first_of(ref, way);
    const reference_segment *other = first_of(ref, peer_of(way));
    const int64_t first = own->seq + ((own->flags & SYN) != 0);
    if (other == NULL) {
        return first;
    }
    const bool second = other < own;
    int64_t limit = first;
    if (second || (other->flags & ACK) == 0) {
        limit += other->window; /* of a SYN, so not scaled */
    }
    for (int i = 0; i < ref->count; i++) {
        const reference_segment *segment = &ref->log[i];
        if (segment->way != way && (segment->flags & ACK) != 0) {
            limit = larger(limit, segment->ack + larger(1, offered(ref, segment)));
        }
    }
    return limit;
}

static bool admits(const reference_tcp *ref, const reference_segment *segment) {
    const nat_tcp_way way = segment->way;
    const nat_tcp_way peer = peer_of(way);
    const bool acks = (segment->flags & ACK) != 0;
    if (ref->picked_up) {
        return true;
    }
    if (!reference_tcp_knows(ref, way)) { /* it can only answer the SYN */
        return acks && segment->ack > ref->log[0].seq &&
               segment->ack <= reference_tcp_end(ref, peer);
    }
    const int64_t peer_window = reference_tcp_window(ref, peer);
    if (segment->seq > reference_tcp_limit(ref, way) ||
        end_of(segment) < reference_tcp_end(ref, way) - peer_window) {
        return false;
    }
    if (!acks || !reference_tcp_knows(ref, peer)) {
        return true;
    }
    const int64_t age = larger(ACK_AGE_MIN, reference_tcp_window(ref, way));
    const int64_t end = reference_tcp_end(ref, peer);
    return segment->ack <= end && segment->ack >= end - age;
}

typedef struct {
    bool syn[2];
    bool ack[2];
    bool fin[2];
    bool half_closed;
    bool last_ack;
} history;

static history recount(const reference_tcp *ref) {
    history past = {.ack = {ref->picked_up, ref->picked_up}};
    for (int i = 0; i < ref->count; i++) {
        const reference_segment *segment = &ref->log[i];
        const nat_tcp_way peer = peer_of(segment->way);
        past.syn[segment->way] |= (segment->flags & SYN) != 0;
        past.ack[segment->way] |= (segment->flags & ACK) != 0;
        past.fin[segment->way] |= (segment->flags & FIN) != 0;
        if (past.fin[peer] && segment->ack >= end_until(ref, peer, i)) {
            past.half_closed = true;
            past.last_ack |= past.fin[segment->way] && (segment->flags & FIN) == 0;
        }
    }
    return past;
}

nat_tcp_phase reference_tcp_phase(const reference_tcp *ref) {
    if (ref->held || ref->count == 0) {
        return ref->held ? NAT_TCP_HELD : NAT_TCP_CLOSED;
    }
    const history past = recount(ref);
    if (ref->reset) {
        return NAT_TCP_RESET;
    }
    if (past.fin[0] && past.fin[1]) {
        return past.last_ack ? NAT_TCP_TIME_WAIT : NAT_TCP_LAST_ACK;
    }
    if (past.fin[0] || past.fin[1]) {
        return past.half_closed ? NAT_TCP_CLOSE_WAIT : NAT_TCP_FIN_WAIT;
    }
    if (past.ack[0] && past.ack[1]) {
        return NAT_TCP_ESTABLISHED;
    }
    if (past.ack[0] || past.ack[1]) {
        return NAT_TCP_SYN_RECEIVED;
    }
    return past.syn[0] && past.syn[1] ? NAT_TCP_SYN_BOTH : NAT_TCP_SYN_SENT;
}

static void forget(reference_tcp *ref) {
    ref->count = 0;
    ref->held = false;
    ref->picked_up = false;
    ref->reset = false;
    ref->deadline_us = PUNCH_NEVER;
}

void reference_tcp_init(reference_tcp *ref, const nat_tcp_config *config) {
    ref->config = *config;
    forget(ref);
}

static nat_tcp_verdict keep(reference_tcp *ref, punch_time_us now_us) {
    ref->deadline_us = now_us + ref->config.timeout_us[reference_tcp_phase(ref)];
    return NAT_TCP_PASS;
}

static nat_tcp_verdict note(reference_tcp *ref, const reference_segment *segment,
                            punch_time_us now_us) {
    PUNCH_ASSERT(ref->count < REFERENCE_LOG_MAX);
    ref->log[ref->count++] = *segment;
    return keep(ref, now_us);
}

static nat_tcp_verdict begin(reference_tcp *ref, const reference_segment *segment,
                             punch_time_us now_us) {
    forget(ref);
    ref->picked_up = (segment->flags & SYN) == 0;
    return note(ref, segment, now_us);
}

static nat_tcp_verdict track(reference_tcp *ref, const reference_segment *segment,
                             punch_time_us now_us) {
    if (ref->config.window == NAT_TCP_WINDOW_STRICT && !admits(ref, segment)) {
        return NAT_TCP_DROP_WINDOW;
    }
    return note(ref, segment, now_us);
}

static nat_tcp_verdict take_reset(reference_tcp *ref, const reference_segment *segment,
                                  punch_time_us now_us) {
    if (ref->config.window != NAT_TCP_WINDOW_LOOSE && !admits(ref, segment)) {
        return NAT_TCP_DROP_WINDOW;
    }
    const punch_time_us life_us = reference_tcp_phase(ref) == NAT_TCP_SYN_SENT
                                      ? ref->config.reset_unanswered_us
                                      : ref->config.timeout_us[NAT_TCP_RESET];
    if (life_us == 0) {
        forget(ref);
        return NAT_TCP_PASS;
    }
    ref->reset |= ref->config.reset == NAT_TCP_RESET_CLOSES;
    if (segment->way == NAT_TCP_IN || now_us + life_us < ref->deadline_us) {
        ref->deadline_us = now_us + life_us;
    }
    return NAT_TCP_PASS;
}

static nat_tcp_verdict take_syn(reference_tcp *ref, const reference_segment *segment,
                                punch_time_us now_us) {
    const nat_tcp_phase phase = reference_tcp_phase(ref);
    const bool opener = segment->way == ref->log[0].way;
    if (phase == NAT_TCP_SYN_SENT) {
        if (opener) {
            return begin(ref, segment, now_us);
        }
        return ref->config.simultaneous_open ? note(ref, segment, now_us)
                                             : NAT_TCP_DROP_CROSSED_SYN;
    }
    if (phase == NAT_TCP_SYN_BOTH) {
        return end_of(segment) == reference_tcp_end(ref, segment->way)
                   ? keep(ref, now_us)
                   : begin(ref, segment, now_us);
    }
    if (phase != NAT_TCP_TIME_WAIT && phase != NAT_TCP_RESET) {
        return NAT_TCP_PASS;
    }
    if (ref->config.reopen == NAT_TCP_REOPEN_NONE) {
        return NAT_TCP_PASS;
    }
    if (ref->config.reopen == NAT_TCP_REOPEN_OPENER && !opener) {
        return NAT_TCP_DROP_PHASE;
    }
    return begin(ref, segment, now_us);
}

static void expire(reference_tcp *ref, punch_time_us now_us) {
    if (reference_tcp_phase(ref) != NAT_TCP_CLOSED && now_us >= ref->deadline_us) {
        forget(ref);
    }
}

/* SYN, ACK or RST alone, or ACK with one of the others. */
static bool sensible(unsigned flags) {
    const unsigned rest = flags & (SYN | FIN | RST);
    return rest == SYN || rest == RST || ((flags & ACK) != 0 && (rest == 0 || rest == FIN));
}

nat_tcp_verdict reference_tcp_on_segment(reference_tcp *ref, const reference_segment *segment,
                                         punch_time_us now_us) {
    expire(ref, now_us);
    const unsigned flags = segment->flags;
    const nat_tcp_phase phase = reference_tcp_phase(ref);
    if (!sensible(flags)) {
        return NAT_TCP_DROP_FLAGS;
    }
    if (phase == NAT_TCP_CLOSED || phase == NAT_TCP_HELD) {
        const bool begins = flags == SYN || (flags == ACK && ref->config.pick_up);
        return begins ? begin(ref, segment, now_us) : NAT_TCP_DROP_NO_SESSION;
    }
    if (flags == SYN) {
        return take_syn(ref, segment, now_us);
    }
    if ((flags & RST) != 0) {
        return take_reset(ref, segment, now_us);
    }
    const bool opener = segment->way == ref->log[0].way;
    const bool opening =
        phase == NAT_TCP_SYN_SENT || phase == NAT_TCP_SYN_BOTH || phase == NAT_TCP_SYN_RECEIVED;
    if ((flags & SYN) != 0 && !opening) {
        return NAT_TCP_PASS;
    }
    if (phase == NAT_TCP_SYN_SENT && (opener || (flags & FIN) != 0)) {
        return NAT_TCP_DROP_PHASE;
    }
    if (phase == NAT_TCP_SYN_SENT && (flags & SYN) == 0) {
        return NAT_TCP_PASS;
    }
    const bool answered =
        reference_tcp_knows(ref, NAT_TCP_OUT) && reference_tcp_knows(ref, NAT_TCP_IN);
    if (phase == NAT_TCP_RESET && !answered && !ref->picked_up) {
        return NAT_TCP_DROP_PHASE;
    }
    return track(ref, segment, now_us);
}

static nat_tcp_verdict answer(const reference_tcp *ref) {
    if (ref->config.unsolicited == NAT_TCP_UNSOLICITED_RST) {
        return NAT_TCP_ANSWER_RST;
    }
    return ref->config.unsolicited == NAT_TCP_UNSOLICITED_ICMP ? NAT_TCP_ANSWER_ICMP
                                                               : NAT_TCP_DROP_UNSOLICITED;
}

nat_tcp_verdict reference_tcp_on_unsolicited(reference_tcp *ref, const reference_segment *segment,
                                             punch_time_us now_us) {
    expire(ref, now_us);
    if (!sensible(segment->flags)) {
        return NAT_TCP_DROP_FLAGS;
    }
    if (segment->flags != SYN) {
        return NAT_TCP_DROP_NO_SESSION;
    }
    const punch_time_us hold_us = ref->config.timeout_us[NAT_TCP_HELD];
    if (hold_us == 0 || ref->config.unsolicited == NAT_TCP_UNSOLICITED_SILENCE) {
        return answer(ref);
    }
    ref->held = true;
    ref->deadline_us = now_us + hold_us;
    return NAT_TCP_HOLD;
}

nat_tcp_verdict reference_tcp_on_deadline(reference_tcp *ref) {
    const bool held = ref->held;
    forget(ref);
    return held ? answer(ref) : NAT_TCP_EXPIRED;
}

punch_time_us reference_tcp_deadline_us(const reference_tcp *ref) {
    return reference_tcp_phase(ref) == NAT_TCP_CLOSED ? PUNCH_NEVER : ref->deadline_us;
}
