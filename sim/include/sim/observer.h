/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that can be watched in a world, as one kind of record: replay, traces and tests listen
 * here. The world pays nothing when nobody listens.
 */
#ifndef SIM_OBSERVER_H
#define SIM_OBSERVER_H

#include "sim/plan.h"

typedef enum {
    SIM_SAW_SEND,      /* host sends packet: src (inside), dst */
    SIM_SAW_NAT_OUT,   /* site's NAT: verdict; src/dst before, src_after/dst_after when it passed */
    SIM_SAW_NAT_IN,    /* likewise inbound */
    SIM_SAW_LOSS,      /* lost on a link or in the core: text says where and why */
    SIM_SAW_DUPLICATE, /* the link made a second copy */
    SIM_SAW_DELIVER,   /* host receives packet */
    SIM_SAW_NOWHERE,   /* no host or site has that address: dropped */
    SIM_SAW_FAULT,     /* timeline: text */
    SIM_SAW_CORE,      /* a trace record of the core on that host */
    SIM_SAW_EVENT,     /* an event drained from the core on that host */
    /* ICMP errors: what becomes of them otherwise is told as of the packets they quote. */
    SIM_SAW_ICMP_SEND,   /* who dropped a packet tells its sender: a site's box, or a router of the
                            core (SIM_NONE); text says what */
    SIM_SAW_ICMP_NAT,    /* such an error at a site's NAT: verdict; src and dst of what it quotes */
    SIM_SAW_ICMP_DELIVER /* host receives it; its core does not: udp(7), its socket is not
                            connected */
} sim_saw_kind;

/* ICMP errors (RFC 792). A record about one names the packet it quotes. */
typedef enum { SIM_ICMP_NONE, SIM_ICMP_UNREACHABLE, SIM_ICMP_TIME_EXCEEDED } sim_icmp;

typedef struct {
    sim_saw_kind kind;
    punch_time_us at_us; /* world time */
    uint64_t packet; /* number of the packet within the world, from 1; copies keep it; 0 = none */
    uint32_t host;   /* or SIM_NONE */
    uint32_t site;   /* or SIM_NONE */
    uint8_t type;    /* wire type byte */
    uint16_t length; /* payload bytes */
    uint8_t icmp;    /* sim_icmp: not the packet itself, but an error that quotes it */
    punch_addr src, dst;
    punch_addr src_after, dst_after;
    nat_verdict verdict;
    const char *text;         /* static, or NULL; of a NAT: what else it did to its ports */
    const punch_trace *trace; /* SIM_SAW_CORE */
    const punch_event *event; /* SIM_SAW_EVENT */
    const uint8_t *data;      /* packet bytes where there is a packet; borrowed */
} sim_saw;

typedef struct {
    void (*saw)(void *user, const sim_saw *record);
    void *user;
} sim_observer;

#endif
