/* SPDX-License-Identifier: MIT */
/*
 * Small helpers of the tests of a NAT for TCP: one on the heap, one-line segments (numbers as in
 * tcp_support.h), handshakes.
 */
#ifndef TCP_BOX_SUPPORT_H
#define TCP_BOX_SUPPORT_H

#include "nat/tcp_box.h"
#include "nat_support.h"
#include "tcp_support.h"

/* What the RFCs recommend, for UDP and for TCP. */
static inline nat_tcp_box_config support_recommended(void) {
    return (nat_tcp_box_config){nat_config_default(), nat_tcp_config_default()};
}

static inline nat_tcp_box *support_box(const nat_tcp_box_config *config) {
    const punch_addr external = support_external();
    void *memory = aligned_alloc(16, nat_tcp_box_size(config));
    PUNCH_ASSERT(memory != NULL);
    return nat_tcp_box_init(memory, config, &external, punch_rng_stream(1, 0, 0));
}

static inline nat_tcp_segment support_numbered(nat_tcp_way way, unsigned flags) {
    const bool opens = (flags & SYN) != 0;
    return support_segment(way, flags, opens && way == OUT ? 0 : 1, opens && way == IN ? 0 : 1);
}

/* Where a segment went to, and what was said about it. */
typedef struct {
    nat_tcp_outcome outcome;
    nat_packet packet;
} support_result;

static inline support_result support_out(nat_tcp_box *box, punch_addr inside, punch_addr remote,
                                         unsigned flags, punch_time_us now_us) {
    support_result result = {.packet = {inside, remote}};
    const nat_tcp_segment segment = support_numbered(OUT, flags);
    result.outcome = nat_tcp_box_out(box, &result.packet, &segment, now_us);
    return result;
}

static inline support_result support_in(nat_tcp_box *box, punch_addr remote, punch_addr external,
                                        unsigned flags, punch_time_us now_us) {
    support_result result = {.packet = {remote, external}};
    const nat_tcp_segment segment = support_numbered(IN, flags);
    result.outcome = nat_tcp_box_in(box, &result.packet, &segment, now_us);
    return result;
}

/* The external endpoint of a handshake from inside, all at one instant; port 0 when it failed. */
static inline punch_addr support_connect(nat_tcp_box *box, punch_addr inside, punch_addr remote,
                                         punch_time_us now_us) {
    const support_result syn = support_out(box, inside, remote, SYN, now_us);
    const bool done =
        nat_tcp_passed(syn.outcome) &&
        nat_tcp_passed(support_in(box, remote, syn.packet.src, SYN | ACK, now_us).outcome) &&
        nat_tcp_passed(support_out(box, inside, remote, ACK, now_us).outcome);
    return done ? syn.packet.src : (punch_addr){0};
}

static inline uint32_t support_mappings(const nat_tcp_box *box, punch_time_us now_us) {
    return nat_mapping_count(nat_tcp_box_table(box), now_us);
}

#endif
