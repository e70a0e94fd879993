/* SPDX-License-Identifier: MIT */
/*
 * The NAT for TCP, written to be obviously right: the mappings of the linear-scan NAT, a plain list
 * of connections, and for each of them the tracking that keeps every segment. Nothing is filed
 * anywhere; who ends first is found by comparing all. One thing is imitated instead of modelled: of
 * connections with the same deadline the one whose timeout comes first in the list of phases ends
 * first.
 */
#ifndef REFERENCE_TCP_BOX_H
#define REFERENCE_TCP_BOX_H

#include "nat/tcp_box.h"
#include "reference_nat.h"
#include "reference_tcp.h"

#define REFERENCE_CONNECTIONS_MAX 48

typedef struct {
    bool used;
    bool held;      /* an unsolicited SYN, which has no mapping */
    uint64_t owner; /* mapping id */
    punch_addr inside;
    punch_addr local;
    punch_addr remote;
    int waits; /* for which timeout: a phase, or NAT_TCP_PHASE_COUNT */
    uint64_t queued;
    reference_tcp tcp;
} reference_connection;

typedef struct {
    reference_nat nat;
    nat_tcp_box_config config;
    nat_tcp_box_counters counters;
    reference_connection connections[REFERENCE_CONNECTIONS_MAX];
} reference_tcp_box;

void reference_box_init(reference_tcp_box *ref, const nat_tcp_box_config *config,
                        const punch_addr *external, punch_rng rng);
nat_tcp_outcome reference_box_out(reference_tcp_box *ref, nat_packet *packet,
                                  reference_segment *segment, punch_time_us now_us);
nat_tcp_outcome reference_box_in(reference_tcp_box *ref, nat_packet *packet,
                                 reference_segment *segment, punch_time_us now_us);
nat_verdict reference_box_icmp_in(reference_tcp_box *ref, nat_packet *quoted, punch_time_us now_us);
nat_verdict reference_box_icmp_out(reference_tcp_box *ref, nat_packet *quoted,
                                   punch_time_us now_us);
punch_time_us reference_box_next_deadline_us(const reference_tcp_box *ref);
bool reference_box_on_timer(reference_tcp_box *ref, punch_time_us now_us, nat_tcp_answer *answer);
void reference_box_flush(reference_tcp_box *ref, punch_time_us now_us);

/* Connections, or held SYNs. */
uint32_t reference_box_count(const reference_tcp_box *ref, bool held);
reference_connection *reference_box_find(reference_tcp_box *ref, const punch_addr *inside,
                                         const punch_addr *remote);

#endif
