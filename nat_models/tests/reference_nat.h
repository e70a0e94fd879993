/* SPDX-License-Identifier: MIT */
/*
 * The same NAT, written to be obviously right instead of fast: flat arrays, linear scans, no
 * queues, no hashes. Property tests hold nat.h against it. Every "oldest" is found by comparing
 * stamps that are handed out in order of events.
 */
#ifndef REFERENCE_NAT_H
#define REFERENCE_NAT_H

#include "nat/nat.h"

#define REFERENCE_MAPPINGS_MAX 64
#define REFERENCE_REMOTES_MAX 256

typedef enum { REFERENCE_NOTHING = 0, REFERENCE_LIVE, REFERENCE_TIMED_OUT } reference_state;

typedef struct {
    reference_state state;
    punch_addr inside;
    punch_addr remote;
    bool exact;
    uint16_t port;
    bool stream;
    punch_time_us refreshed_at_us;
    uint64_t queued; /* stamp: since when in its timeout class, or last refreshed */
    uint64_t host_queued;
    uint64_t used; /* stamp of the last packet out */
    uint64_t died;
    uint64_t id; /* of permissions and sessions that belong to it */
} reference_mapping;

typedef enum {
    REFERENCE_UNUSED = 0,
    REFERENCE_PERMISSION,
    REFERENCE_SESSION,
    REFERENCE_STRAY,
    REFERENCE_BARRED
} reference_kind;

typedef struct {
    reference_kind kind;
    punch_addr addr;
    uint64_t owner; /* mapping id, or port of a stray */
    int timeout;    /* 0 first, 1 stream, 2 barred */
    punch_time_us refreshed_at_us;
    uint64_t queued;
} reference_remote;

typedef struct {
    nat_config config;
    punch_addr external;
    punch_rng rng;
    nat_counters counters;
    uint64_t stamp;
    uint16_t last_port;
    reference_mapping mappings[REFERENCE_MAPPINGS_MAX];
    reference_remote remotes[REFERENCE_REMOTES_MAX];
} reference_nat;

void reference_init(reference_nat *ref, const nat_config *config, const punch_addr *external,
                    punch_rng rng);
nat_verdict reference_out(reference_nat *ref, nat_packet *packet, punch_time_us now_us);
nat_verdict reference_in(reference_nat *ref, nat_packet *packet, punch_time_us now_us);
uint32_t reference_live(const reference_nat *ref, punch_time_us now_us);
uint32_t reference_remembered(const reference_nat *ref);

#endif
