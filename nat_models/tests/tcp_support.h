/* SPDX-License-Identifier: MIT */
/*
 * Small helpers of the TCP tests: segments of a connection between an inside host (numbers from
 * 1000) and a remote (numbers from 5000), and how they go through a tracked session.
 */
#ifndef TCP_SUPPORT_H
#define TCP_SUPPORT_H

#include "nat/tcp.h"

#define SECOND PUNCH_US_PER_S
#define MINUTE (60 * SECOND)
#define OUT NAT_TCP_OUT
#define IN NAT_TCP_IN
#define SYN NAT_TCP_SYN
#define ACK NAT_TCP_ACK
#define FIN NAT_TCP_FIN
#define RST NAT_TCP_RST

#define SUPPORT_WINDOW 8000u
#define SUPPORT_FIRST_OUT 1000u /* the inside host's SYN */
#define SUPPORT_FIRST_IN 5000u  /* the remote's */

typedef struct {
    nat_tcp_config config;
    nat_tcp_session session;
} support_flow;

static inline support_flow support_flow_of(const nat_tcp_config *config) {
    support_flow flow = {.config = *config};
    return flow;
}

/* A segment; data_out and data_in are how far behind the SYNs the two sides have come: 0 the SYN
 * itself, 1 the first byte. */
static inline nat_tcp_segment support_segment(nat_tcp_way way, unsigned flags, uint32_t data_out,
                                              uint32_t data_in) {
    const uint32_t seq_out = SUPPORT_FIRST_OUT + data_out;
    const uint32_t seq_in = SUPPORT_FIRST_IN + data_in;
    nat_tcp_segment segment = {.seq = way == NAT_TCP_OUT ? seq_out : seq_in,
                               .ack = way == NAT_TCP_OUT ? seq_in : seq_out,
                               .window = SUPPORT_WINDOW,
                               .flags = (uint8_t)flags,
                               .scale = NAT_TCP_NO_SCALE};
    return segment;
}

static inline nat_tcp_verdict support_pass(support_flow *flow, nat_tcp_way way, unsigned flags,
                                           punch_time_us now_us) {
    const bool opens = (flags & NAT_TCP_SYN) != 0;
    const uint32_t data_out = opens && way == NAT_TCP_OUT ? 0 : 1;
    const uint32_t data_in = opens && way == NAT_TCP_IN ? 0 : 1;
    const nat_tcp_segment segment = support_segment(way, flags, data_out, data_in);
    return nat_tcp_on_segment(&flow->config, &flow->session, &segment, way, now_us);
}

static inline nat_tcp_verdict support_unsolicited(support_flow *flow, unsigned flags,
                                                  punch_time_us now_us) {
    const nat_tcp_segment segment = support_segment(NAT_TCP_IN, flags, 0, 0);
    return nat_tcp_on_unsolicited(&flow->config, &flow->session, &segment, now_us);
}

/* SYN, SYN-ACK, ACK, all at one instant; whether all passed. */
static inline bool support_handshake(support_flow *flow, nat_tcp_way opener, punch_time_us now_us) {
    const nat_tcp_way other = opener == NAT_TCP_OUT ? NAT_TCP_IN : NAT_TCP_OUT;
    return support_pass(flow, opener, NAT_TCP_SYN, now_us) == NAT_TCP_PASS &&
           support_pass(flow, other, NAT_TCP_SYN | NAT_TCP_ACK, now_us) == NAT_TCP_PASS &&
           support_pass(flow, opener, NAT_TCP_ACK, now_us) == NAT_TCP_PASS;
}

#endif
