/* SPDX-License-Identifier: MIT */
/*
 * TCP tracking done stupidly, to check the real one against: keeps every segment of a connection,
 * with sequence numbers of 64 bits that never wrap, and works out phase and windows from all of
 * them each time it is asked.
 */
#ifndef REFERENCE_TCP_H
#define REFERENCE_TCP_H

#include "nat/tcp.h"

#define REFERENCE_LOG_MAX 1024

/* A segment as its sender counts. */
typedef struct {
    nat_tcp_way way;
    unsigned flags;
    int64_t seq;
    int64_t ack;
    int64_t length;
    int64_t window; /* as in the header */
    int scale;      /* -1: none */
} reference_segment;

typedef struct {
    nat_tcp_config config;
    reference_segment log[REFERENCE_LOG_MAX]; /* what belongs to the connection, oldest first */
    int count;
    bool held;
    bool picked_up;
    bool reset;
    punch_time_us deadline_us;
} reference_tcp;

void reference_tcp_init(reference_tcp *ref, const nat_tcp_config *config);
nat_tcp_verdict reference_tcp_on_segment(reference_tcp *ref, const reference_segment *segment,
                                         punch_time_us now_us);
nat_tcp_verdict reference_tcp_on_unsolicited(reference_tcp *ref, const reference_segment *segment,
                                             punch_time_us now_us);
nat_tcp_verdict reference_tcp_on_deadline(reference_tcp *ref);
punch_time_us reference_tcp_deadline_us(const reference_tcp *ref);
nat_tcp_phase reference_tcp_phase(const reference_tcp *ref);

/* Whether anything of that side was seen; what it has sent at most, what it may send at most, and
 * the largest window it has offered. */
bool reference_tcp_knows(const reference_tcp *ref, nat_tcp_way way);
int64_t reference_tcp_end(const reference_tcp *ref, nat_tcp_way way);
int64_t reference_tcp_limit(const reference_tcp *ref, nat_tcp_way way);
int64_t reference_tcp_window(const reference_tcp *ref, nat_tcp_way way);

#endif
