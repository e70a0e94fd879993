/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packet slots: a fixed pool with a free list threaded through it. The slot last given back is the
 * next one used, so a small world stays within a few cache lines.
 */
#ifndef SIM_POOL_H
#define SIM_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "punch/addr.h"
#include "punch/limits.h"
#include "punch/wire.h"
#include "sim/plan.h"

#define SIM_SLOT_NONE UINT32_MAX

typedef struct {
    uint64_t number; /* within the world, from 1; copies keep it; 0 = slot is free */
    punch_addr src;  /* as it stands now: NATs rewrite both */
    punch_addr dst;
    uint32_t from; /* host that sent it */
    uint32_t to;   /* host or site, whatever the next hop needs */
    uint32_t call; /* it belongs to, or SIM_NONE */
    uint32_t next; /* free list */
    uint16_t length;
    uint8_t type; /* wire type byte */
    uint8_t to_side;
    uint8_t shape;
    uint8_t ttl;
    uint8_t icmp; /* sim_icmp: this is an error about the packet; src and dst are the packet's, as
                     seen where the error is, which goes to src */
    uint8_t data[PUNCH_PACKET_MAX];
} sim_packet;

static inline bool sim_packet_is_peer_to_peer(const sim_packet *at) {
    return at->type >= PUNCH_TYPE_INTRO && at->type < 64;
}

/* Does it serve to keep a call's way open? */
static inline bool sim_packet_is_keepalive(const sim_packet *at) {
    return at->type == PUNCH_TYPE_KEEPALIVE || at->type == PUNCH_TYPE_ARE_YOU_THERE ||
           at->type == PUNCH_TYPE_HERE;
}

#define SIM_IPV6_EXTRA_BYTES 20 /* RFC 8200: 40-byte header against IPv4's 20 */

/* With IP and UDP headers. */
static inline uint32_t sim_packet_ip_bytes(const sim_packet *at) {
    const uint32_t headers =
        SIM_IP_UDP_HEADER_BYTES + (at->dst.family == PUNCH_FAMILY_IPV6 ? SIM_IPV6_EXTRA_BYTES : 0);
    /* An ICMP error has a header as long as UDP's, and quotes the packet's two (RFC 792). */
    return headers + (at->icmp != 0 ? headers : at->length);
}

typedef struct {
    sim_packet *slots;
    uint32_t cap;
    uint32_t used;      /* slots handed out at least once since reset */
    uint32_t free_head; /* SIM_SLOT_NONE = none given back */
    uint32_t live;
} sim_pool;

bool sim_pool_create(sim_pool *pool, uint32_t cap);
void sim_pool_destroy(sim_pool *pool); /* accepts a zeroed pool */
void sim_pool_reset(sim_pool *pool);   /* O(1) */

/* A slot, or SIM_SLOT_NONE when all are in flight. */
uint32_t sim_pool_take(sim_pool *pool);
void sim_pool_give(sim_pool *pool, uint32_t slot);

static inline sim_packet *sim_pool_at(const sim_pool *pool, uint32_t slot) {
    return &pool->slots[slot];
}

#endif
