/* SPDX-License-Identifier: MIT */
/*
 * The two small TCPs; see tcp_hosts.h. Sequence numbers are 64 bits inside, from just below 2^32,
 * so that they wrap on the wire.
 */
#include "tcp_hosts.h"

#define FLIGHT_MAX 64
#define ROUNDS_MAX 20000
#define SEGMENT_MAX 1400u

typedef struct {
    bool opened;      /* has sent its SYN */
    bool heard;       /* has seen the peer's SYN */
    bool finished;    /* has seen the peer's FIN */
    int64_t first;    /* number of its SYN */
    int64_t una;      /* oldest not acknowledged */
    int64_t next;     /* next to send */
    int64_t last;     /* number of its FIN */
    int64_t may_send; /* just behind what the peer's window allows */
    int64_t expects;  /* next number expected of the peer */
    int64_t window;   /* bytes it offers */
    uint8_t scale;
    bool scaled; /* both offered one */
} host;

typedef struct {
    nat_tcp_segment segment;
    nat_tcp_way way;
} flying;

typedef struct {
    hosts_conversation *talk;
    host hosts[2];
    flying flight[FLIGHT_MAX];
    uint32_t flying_count;
} scene;

static uint32_t pick(scene *s, uint32_t count) {
    return (uint32_t)punch_rng_below(&s->talk->rng, count);
}

static nat_tcp_way peer_of(nat_tcp_way way) {
    return way == NAT_TCP_OUT ? NAT_TCP_IN : NAT_TCP_OUT;
}

/* Off the wire: the 64-bit number nearest to one that is known. */
static int64_t widen(uint32_t number, int64_t near) {
    return near + (int32_t)(number - (uint32_t)near);
}

static void fly(scene *s, nat_tcp_way way, const nat_tcp_segment *segment) {
    if (s->flying_count < FLIGHT_MAX) {
        s->flight[s->flying_count++] = (flying){*segment, way};
    }
}

static void send_segment(scene *s, nat_tcp_way way, int64_t seq, int64_t length) {
    host *self = &s->hosts[way];
    const bool syn = seq == self->first;
    const bool fin = !syn && seq + length == self->last && self->next > self->last;
    nat_tcp_segment segment = {.seq = (uint32_t)seq, .length = (uint16_t)length};
    segment.flags = (uint8_t)((syn ? NAT_TCP_SYN : 0) | (fin ? NAT_TCP_FIN : 0) |
                              (self->heard ? NAT_TCP_ACK : 0));
    segment.ack = self->heard ? (uint32_t)self->expects : 0;
    segment.scale = syn ? self->scale : (uint8_t)NAT_TCP_NO_SCALE;
    const int64_t shown = self->scaled && !syn ? self->window >> self->scale : self->window;
    segment.window = (uint16_t)(shown < 65535 ? shown : 65535);
    if (pick(s, 10) == 0) {
        return; /* lost in front of the NAT */
    }
    const nat_tcp_verdict verdict =
        nat_tcp_on_segment(&s->talk->config, &s->talk->session, &segment, way, 0);
    s->talk->segments++;
    if (verdict != NAT_TCP_PASS) {
        s->talk->dropped = verdict;
        return;
    }
    const uint32_t copies = pick(s, 20) == 0 ? 2 : pick(s, 10) != 0;
    for (uint32_t i = 0; i < copies; i++) {
        fly(s, way, &segment);
    }
}

/* Sends what may be sent from a number on: data as far as the window goes, then FIN. */
static void send_from(scene *s, nat_tcp_way way, int64_t seq) {
    host *self = &s->hosts[way];
    int64_t length = self->last - seq;
    length = length < (int64_t)SEGMENT_MAX ? length : (int64_t)SEGMENT_MAX;
    length = length < self->may_send - seq ? length : self->may_send - seq;
    length = length < 0 ? 0 : length;
    const bool fin = seq + length == self->last && self->last < self->may_send;
    const int64_t end = seq + length + fin;
    self->next = end > self->next ? end : self->next;
    send_segment(s, way, seq, length);
}

static void act(scene *s, nat_tcp_way way) {
    host *self = &s->hosts[way];
    const bool wants = s->talk->opening == HOSTS_OPEN_BOTH || self->heard ||
                       (s->talk->opening == HOSTS_OPEN_OUT) == (way == NAT_TCP_OUT);
    if (!wants) {
        return;
    }
    if (self->una == self->first) { /* SYN, or SYN-ACK, until acknowledged */
        self->opened = true;
        self->next = self->first + 1;
        send_segment(s, way, self->first, 0);
        return;
    }
    if (!self->heard) {
        return;
    }
    if (self->una < self->next && pick(s, 3) == 0) {
        send_from(s, way, self->una); /* its timer has run out */
    } else if (self->next <= self->last && self->next < self->may_send) {
        send_from(s, way, self->next);
    } else {
        send_segment(s, way, self->next, 0); /* ACK */
    }
}

static void hear_syn(host *self, const nat_tcp_segment *segment) {
    if (self->heard) {
        return;
    }
    self->heard = true;
    self->expects = INT64_C(0x100000000) + (int32_t)segment->seq + 1;
    self->scaled = segment->scale != NAT_TCP_NO_SCALE && self->scale != NAT_TCP_NO_SCALE;
}

static void hear(scene *s, nat_tcp_way way, const nat_tcp_segment *segment) {
    host *self = &s->hosts[way];
    const host *peer = &s->hosts[peer_of(way)];
    const bool syn = (segment->flags & NAT_TCP_SYN) != 0;
    if (syn) {
        hear_syn(self, segment);
    }
    if (!self->heard) {
        return; /* overtook the SYN */
    }
    if ((segment->flags & NAT_TCP_ACK) != 0 && self->opened) {
        const int64_t ack = widen(segment->ack, self->una);
        const int64_t window =
            self->scaled && !syn ? (int64_t)segment->window << peer->scale : segment->window;
        self->una = ack > self->una && ack <= self->next ? ack : self->una;
        self->may_send = ack + window > self->may_send ? ack + window : self->may_send;
    }
    const int64_t seq = widen(segment->seq, self->expects) + syn;
    if (seq <= self->expects) { /* in order, perhaps with something known in front */
        const int64_t end = seq + segment->length;
        const bool fin = (segment->flags & NAT_TCP_FIN) != 0 && end >= self->expects;
        self->expects = end > self->expects ? end : self->expects;
        if (fin && !self->finished) {
            self->finished = true;
            self->expects++;
        }
    }
}

static host new_host(scene *s) {
    host self = {.first = INT64_C(0x100000000) - 3000 + pick(s, 3000)};
    self.una = self.first;
    self.next = self.first;
    self.last = self.first + 1 + pick(s, 20000);
    self.scale = pick(s, 2) == 0 ? (uint8_t)NAT_TCP_NO_SCALE : (uint8_t)pick(s, 8);
    self.window = (int64_t)(1 + pick(s, 40)) << 8;
    return self;
}

static bool is_done(const host *self) {
    return self->una > self->last && self->finished;
}

void hosts_talk(hosts_conversation *talk) {
    scene s = {.talk = talk};
    s.hosts[NAT_TCP_OUT] = new_host(&s);
    s.hosts[NAT_TCP_IN] = new_host(&s);
    for (int round = 0; round < ROUNDS_MAX && talk->dropped == NAT_TCP_PASS; round++) {
        if (is_done(&s.hosts[0]) && is_done(&s.hosts[1])) {
            talk->done = true;
            return;
        }
        if (s.flying_count > 0 && pick(&s, 2) == 0) {
            const uint32_t which = pick(&s, pick(&s, 4) == 0 ? s.flying_count : 1);
            const flying arrived = s.flight[which];
            s.flying_count--;
            for (uint32_t i = which; i < s.flying_count; i++) {
                s.flight[i] = s.flight[i + 1];
            }
            hear(&s, peer_of(arrived.way), &arrived.segment);
        } else {
            act(&s, (nat_tcp_way)pick(&s, 2));
        }
    }
}
