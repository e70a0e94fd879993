/* SPDX-License-Identifier: MIT */
/*
 * Two small TCPs that open, exchange data and close over a lossy path with a tracking NAT in it.
 * What reaches the NAT reaches it in the order sent, with losses; behind it segments are lost,
 * doubled and overtake each other. No congestion control; a timer is a draw.
 */
#ifndef TCP_HOSTS_H
#define TCP_HOSTS_H

#include "nat/tcp.h"
#include "punch/rng.h"

typedef enum { HOSTS_OPEN_OUT, HOSTS_OPEN_IN, HOSTS_OPEN_BOTH } hosts_opening;

typedef struct {
    nat_tcp_config config; /* in */
    punch_rng rng;         /* in */
    hosts_opening opening; /* in */
    nat_tcp_session session;
    uint32_t segments;       /* that reached the NAT */
    nat_tcp_verdict dropped; /* the first verdict other than NAT_TCP_PASS */
    bool done;               /* all data and both FINs acknowledged */
} hosts_conversation;

void hosts_talk(hosts_conversation *talk);

#endif
