/* SPDX-License-Identifier: MIT */
/*
 * The same NAT, written to be obviously right instead of fast: flat arrays, linear scans, no
 * queues, no hashes. Property tests hold nat.h against it. Every "oldest" is found by comparing
 * stamps that are handed out in order of events. One thing is imitated instead of modelled: which
 * slot a mapping lies in, because "evict a random one" draws a slot.
 */
#ifndef REFERENCE_NAT_H
#define REFERENCE_NAT_H

#include "nat/nat.h"

#define REFERENCE_MAPPINGS_MAX 64
#define REFERENCE_REMOTES_MAX 256

typedef enum {
    REFERENCE_NOTHING = 0,
    REFERENCE_LIVE,
    REFERENCE_TIMED_OUT,
    REFERENCE_ENDED /* otherwise: its port is held down */
} reference_state;

typedef struct {
    reference_state state;
    punch_addr inside;
    punch_addr remote;
    bool exact;
    punch_addr external; /* address and port; of a firewall the inside endpoint */
    bool stream;
    bool answered;
    int level; /* of its timeouts; 0 as configured, else 1..8 */
    punch_time_us made_at_us;
    punch_time_us refreshed_at_us;
    uint64_t queued; /* stamp: since when in its timeout class, or last refreshed */
    uint64_t host_queued;
    uint64_t used; /* stamp of the last packet out */
    uint64_t died;
    punch_time_us ended_at_us;
    uint64_t ending;      /* how many had ended before */
    uint64_t block_stamp; /* since when the host has its block */
    uint64_t id;          /* of permissions and sessions that belong to it */
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
    punch_addr place; /* of a stray: the external endpoint it has taken */
    uint64_t owner;   /* mapping id */
    int timeout;      /* 0 first, 1 stream, 2 barred */
    int level;
    bool answered;
    punch_time_us made_at_us;
    punch_time_us refreshed_at_us;
    uint64_t queued;
} reference_remote;

/* How much of its allowance of new mappings a host has used up. */
typedef struct {
    bool known;
    punch_addr addr;
    int64_t backlog_ns;
    punch_time_us backlog_at_us;
    uint64_t idle; /* stamp: since when without mappings; 0: it has some */
} reference_host;

typedef struct {
    nat_config config;
    punch_addr external;
    punch_rng rng;
    punch_rng spread_rng;
    punch_rng share_rng;
    nat_counters counters;
    uint64_t stamp;
    uint64_t endings;
    punch_time_us ended_at_us; /* the last of them */
    punch_time_us now_us;
    uint16_t last_port;
    uint32_t crowd;     /* live mappings at the end of the last call: what pressure goes by */
    int64_t backlog_ns; /* of packets, at the limit of rate ... */
    punch_time_us backlog_at_us;            /* ... then */
    int free_slots[REFERENCE_MAPPINGS_MAX]; /* the last one freed is the next one used */
    int free_count;
    int slots_used;
    reference_mapping mappings[REFERENCE_MAPPINGS_MAX];
    reference_remote remotes[REFERENCE_REMOTES_MAX];
    reference_host hosts[REFERENCE_MAPPINGS_MAX];
} reference_nat;

void reference_init(reference_nat *ref, const nat_config *config, const punch_addr *external,
                    punch_rng rng);
nat_verdict reference_out(reference_nat *ref, nat_packet *packet, punch_time_us now_us);
nat_verdict reference_in(reference_nat *ref, nat_packet *packet, punch_time_us now_us);
nat_verdict reference_icmp_in(reference_nat *ref, nat_packet *quoted, punch_time_us now_us);
nat_verdict reference_icmp_out(reference_nat *ref, nat_packet *quoted, punch_time_us now_us);
void reference_flush(reference_nat *ref, punch_time_us now_us);
void reference_renumber(reference_nat *ref, const punch_addr *external, punch_time_us now_us);
void reference_change(reference_nat *ref, const nat_config *config, punch_time_us now_us);
uint32_t reference_live(const reference_nat *ref, punch_time_us now_us);
uint32_t reference_remembered(const reference_nat *ref);

#endif
