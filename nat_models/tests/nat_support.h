/* SPDX-License-Identifier: MIT */
/*
 * Small helpers of the NAT tests: a NAT on the heap, addresses and one-line packets.
 */
#ifndef NAT_SUPPORT_H
#define NAT_SUPPORT_H

#include <stdlib.h>

#include "nat/nat.h"
#include "punch/assert.h"

#define SUPPORT_EXTERNAL_IP 0xcb007101u /* 203.0.113.1, RFC 5737 */

static inline punch_addr support_external(void) {
    return punch_addr_ipv4(SUPPORT_EXTERNAL_IP, 0);
}

/* An inside host: 10.0.0.<host>:<port>. */
static inline punch_addr support_inside(uint32_t host, uint16_t port) {
    return punch_addr_ipv4(0x0a000000u | host, port);
}

/* A remote one: 198.51.100.<host>:<port>. */
static inline punch_addr support_remote(uint32_t host, uint16_t port) {
    return punch_addr_ipv4(0xc6336400u | host, port);
}

static inline nat *support_nat(const nat_config *config, uint64_t seed) {
    const punch_addr external = support_external();
    void *memory = aligned_alloc(16, nat_size(config));
    PUNCH_ASSERT(memory != NULL);
    return nat_init(memory, config, &external, punch_rng_stream(seed, 0, 0));
}

/* Sends out; the external port the packet left from, 0 when it did not pass. */
static inline uint16_t support_send(nat *box, punch_addr inside, punch_addr remote,
                                    punch_time_us now_us) {
    nat_packet packet = {inside, remote};
    return nat_translate_out(box, &packet, now_us) == NAT_PASS ? packet.src.port : 0;
}

/* Lets a packet arrive at an external port. */
static inline nat_verdict support_arrive(nat *box, punch_addr remote, uint16_t port,
                                         punch_time_us now_us) {
    nat_packet packet = {remote, punch_addr_ipv4(SUPPORT_EXTERNAL_IP, port)};
    return nat_translate_in(box, &packet, now_us);
}

#endif
