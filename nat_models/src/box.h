/* SPDX-License-Identifier: MIT */
/*
 * What a NAT is made of, and which file owns which part.
 *
 *   binding.c   bindings: an inside endpoint [+ remote] at work on an external port
 *   host.c      inside addresses: their bindings, blocks of ports, rate of new mappings
 *   remote.c    what is remembered about single remotes: permissions, sessions, strays, barred ones
 *   allocate.c  which external address and port a new binding gets
 *   ports.c     which ports of a range can be given
 *   timing.c    the timeouts in force: drawn, by time of day, under pressure; the limit of rate
 *   nat.c       the way of a packet through all of that; the public functions
 *   fast.c      the same for packets about which nothing is to be decided: nearly all of them
 *   icmp.c      the way of an ICMP error
 *   layout.c    where all of that lies in memory
 *   tcp_box.c   a NAT for TCP, which uses the table but decides by itself how long bindings live
 *   config.c    defaults and checks; names.c and presets.c: tables
 *
 *   memory:  | nat | levels | bindings | remotes | origins | [shares | hosts | [blocks]] |
 *            | [map of ports] | buckets: keys, places, remotes | bindings of each address |
 *            | [buckets: hosts, [blocks]] |
 *
 * What a configuration does not ask for takes no room. A reset lays everything out anew, which
 * costs nothing: no part needs to be cleared (but what says which words of the map count).
 *
 * A binding is split by how often its parts are read: `nat_binding`, a cache line, with every
 * packet; `nat_origin` where the remote or the age counts; `nat_share` where hosts are counted.
 *
 * A binding is `nat_mapping` at work (that name is taken by the behaviour). Its life:
 *
 *   free --made--> live --timed out--> ghost --its slot or port is needed--> free
 *                    \--evicted, killed--> free, or held first where ports are held down
 *
 * A place is an external port of one of the external addresses: (index of address) << 16 | port. A
 * firewall has places too, of inside ports, which several hosts may share.
 *
 * Ghosts exist to tell "timed out" from "never was", and like held ones to keep their port from
 * being given again too soon. Emptying costs O(1) because a bucket is
 * believed only when the slot it names is in use (below the mark `used`) and hashes to that very
 * bucket: whatever an earlier life left in the buckets fails that test (after Briggs and Torczon,
 * "An efficient representation for sparse sets", 1993).
 */
#ifndef NAT_BOX_H
#define NAT_BOX_H

#include <string.h>

#include "nat/nat.h"
#include "punch/assert.h"
#include "queue.h"

#define NAT_NS_PER_S INT64_C(1000000000)
#define NAT_WORD_PORTS 64u /* of the map of ports: a bit each */

/* Which timeout runs. */
typedef enum {
    NAT_TIMEOUT_FIRST = 0,
    NAT_TIMEOUT_STREAM = 1,
    NAT_TIMEOUT_BARRED = 2,
    NAT_TIMEOUT_COUNT
} nat_timeout;

/* Timeouts of a mapping as configured, or one of the drawn ones. */
#define NAT_LEVEL_PLAIN 0u
#define NAT_LEVELS (NAT_SPREAD_STEPS + 1)

typedef enum {
    NAT_SLOT_FREE = 0,
    NAT_SLOT_LIVE = 1,
    NAT_SLOT_GHOST = 2, /* timed out */
    NAT_SLOT_HELD = 3   /* ended otherwise; only its port is remembered */
} nat_slot_state;

typedef struct {
    nat_timer timer; /* last refresh, or the end; queue by timeout, of ghosts, or of free slots */
    punch_addr inside;
    uint32_t key_hash;
    uint32_t key_next;
    uint32_t place;
    uint32_t place_next;
    uint32_t serial; /* never used twice: permissions of a dead binding match no later one; of what
                        has ended: how many ended before */
    uint8_t state;   /* nat_slot_state */
    uint8_t timeout; /* nat_timeout; STREAM once a packet has come in (and stream_after is over) */
    uint8_t level;
    bool answered : 1;   /* a packet has come in */
    bool exact : 1;      /* the full remote endpoint counts: APDM, or a session of its own */
    bool holds : 1;      /* has ended, and the map of ports still has its place as taken */
    uint32_t permission; /* the one used last, a guess: it may be another's by now, or none */
} nat_binding;

_Static_assert(sizeof(nat_binding) <= 64, "a binding is one cache line");

/* Of the first packet of a binding. */
typedef struct {
    punch_time_us made_at_us;
    punch_addr remote; /* compared as far as the mapping depends on it */
} nat_origin;

/* A binding as one of its host's. */
typedef struct {
    nat_timer timer; /* last refresh; queue of the host's bindings */
    uint32_t host;
} nat_share;

/* An inside address, to count its bindings and to know what it was given. */
typedef struct {
    punch_addr addr;
    uint32_t hash;
    uint32_t next;
    uint32_t count;
    uint32_t place;       /* of its first binding: says its address */
    uint32_t first_block; /* of its blocks, where there are any */
    uint32_t block_count;
    nat_queue bindings;
    nat_timer idle;          /* queue of those without bindings */
    int64_t next_mapping_ns; /* when its store of new mappings would be full again */
    bool in_use;
} nat_host;

/* A block of ports in use. */
typedef struct {
    uint32_t number; /* over all addresses */
    uint32_t next;
    uint32_t sibling; /* of the same host */
    uint32_t count;   /* bindings in it */
} nat_block;

typedef enum {
    NAT_REMOTE_PERMISSION = 0, /* owner: serial of the binding; may come in by it */
    NAT_REMOTE_SESSION = 1,    /* owner: slot of the binding; came in by it, answers leave by it */
    NAT_REMOTE_STRAY = 2,      /* owner: place, taken by an unsolicited packet */
    NAT_REMOTE_BARRED = 3,     /* owner: 0; nothing from this address comes in */
    NAT_REMOTE_KIND_COUNT
} nat_remote_kind;

typedef struct {
    nat_timer timer;
    punch_addr addr; /* port 0 where only the address counts */
    uint32_t hash;
    uint32_t next;
    uint32_t owner;
    uint32_t serial; /* sessions: of the binding */
    uint8_t kind;    /* nat_remote_kind */
    uint8_t timeout; /* nat_timeout */
    uint8_t level;   /* of its binding; strays and barred ones: plain */
    bool in_use : 1;
    bool answered : 1; /* a packet has passed in the direction it was not made by */
    punch_time_us made_at_us;
} nat_remote;

_Static_assert(sizeof(nat_remote) <= 64, "so is a remote");

/* What waits for the same timeouts, whatever drift and pressure make of them. */
typedef struct {
    punch_time_us timeout_us[NAT_TIMEOUT_COUNT]; /* before drift and pressure */
    nat_queue live[2];                           /* bindings, by nat_timeout */
    nat_queue remembered[NAT_TIMEOUT_COUNT];     /* remotes */
} nat_level;

struct nat {
    /* With every packet. */
    nat_binding *bindings;
    nat_remote *remotes;
    uint32_t *key_buckets; /* of bindings by key and, behind, by place */
    uint32_t *remote_buckets;
    nat_level *levels;
    punch_time_us last_at_us;
    punch_time_us expire_at_us; /* no binding expires before, unless timeouts are elastic */
    uint32_t binding_mask;      /* buckets of keys, of places, of hosts and of blocks, less one */
    uint32_t remote_mask;
    uint32_t bindings_used;
    uint32_t remotes_used;
    uint32_t live_count;
    uint32_t exact_count; /* live sessions of their own, where the mapping is not APDM */
    uint32_t kind_count[NAT_REMOTE_KIND_COUNT];
    uint32_t pressure_permille; /* what pressure leaves of a timeout; of the last call's end */
    uint16_t level_count;       /* 1, or all */
    uint16_t last_port;         /* the last one given; 0 = none yet */
    bool is_elastic;            /* timeouts in force change while bindings wait */
    bool tracks_hosts;
    bool is_plain; /* the configuration lets packets go by fast.c */
    punch_addr external;
    nat_config config;

    /* With new bindings and remotes. */
    nat_origin *origins;
    nat_share *shares; /* NULL unless hosts are tracked */
    nat_host *hosts;
    nat_block *blocks;      /* NULL unless there are blocks */
    uint32_t *host_buckets; /* and, behind, of blocks */
    uint32_t *on_address;   /* live bindings of each external address */
    uint64_t *ports_taken;  /* the map of ports, NULL where it is not kept: see ports.c */
    uint64_t *ports_noted;
    uint32_t port_words;  /* of the map, for each address */
    uint32_t held;        /* the first of the ghosts that holds its place, as do all after it */
    punch_rng rng;        /* ports */
    punch_rng spread_rng; /* levels of timeouts */
    punch_rng share_rng;  /* addresses, blocks, victims */
    int64_t next_slot_ns; /* when the limit of rate would have its store of packets full again */
    size_t bytes;         /* of the memory all of this is in */
    uint32_t remotes_max; /* of the configuration */
    uint32_t bindings_free;
    uint32_t remotes_free;
    uint32_t hosts_used;
    uint32_t hosts_free;
    uint32_t blocks_used;
    uint32_t blocks_free;
    uint32_t serial;
    uint32_t endings;
    uint32_t blocks_taken;
    punch_time_us ended_at_us; /* the last ending: those after it are no earlier */
    nat_queue ghosts;
    nat_queue idle_hosts;
    nat_counters counters;
};

/* --- addresses as words: memcmp over 20 bytes costs more than three comparisons --- */

static inline uint64_t nat_addr_word(const punch_addr *addr, size_t offset) {
    uint64_t word;
    memcpy(&word, addr->ip + offset, sizeof word);
    return word;
}

static inline bool nat_same_ip(const punch_addr *a, const punch_addr *b) {
    return nat_addr_word(a, 0) == nat_addr_word(b, 0) &&
           nat_addr_word(a, 8) == nat_addr_word(b, 8) && a->family == b->family;
}

static inline bool nat_same_addr(const punch_addr *a, const punch_addr *b) {
    return a->port == b->port && nat_same_ip(a, b);
}

/* One step of a multiplicative hash (Knuth, TAOCP 6.4); the low half is good for masking. */
static inline uint64_t nat_hash_word(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * PUNCH_RNG_GAMMA;
    return hash ^ hash >> 32;
}

static inline uint64_t nat_hash_addr(uint64_t hash, const punch_addr *addr, uint16_t port) {
    const uint64_t rest = (uint64_t)port << 32 | (uint64_t)addr->family << 48;
    if (addr->family == PUNCH_FAMILY_IPV4) {
        uint32_t ip;
        memcpy(&ip, addr->ip, sizeof ip);
        return nat_hash_word(hash, rest | ip);
    }
    hash = nat_hash_word(hash, nat_addr_word(addr, 0));
    hash = nat_hash_word(hash, nat_addr_word(addr, 8));
    return nat_hash_word(hash, rest);
}

static inline punch_addr nat_addr_only(const punch_addr *addr) {
    punch_addr only = *addr;
    only.port = 0;
    return only;
}

/* --- layout.c --- */

#define NAT_ALIGNMENT 16u /* what nat_size promises */

/* Takes a configuration and finds a place for all it asks for. O(1), nothing is cleared. */
void nat_lay_out(nat *box, const nat_config *config);

/* --- timing.c --- */

/* Works out everything that follows from the configuration alone, and draws streams. */
void nat_timing_reset(nat *box);

/* What drift and pressure make of a timeout. */
punch_time_us nat_timeout_stretched(const nat *box, punch_time_us timeout_us, punch_time_us now_us);

/* The timeout in force now; at least 1. */
static inline punch_time_us nat_timeout_us(const nat *box, uint8_t timeout, uint8_t level,
                                           punch_time_us now_us) {
    const punch_time_us timeout_us = box->levels[level].timeout_us[timeout];
    return box->is_elastic && timeout != NAT_TIMEOUT_BARRED
               ? nat_timeout_stretched(box, timeout_us, now_us)
               : timeout_us;
}

/* How tight the table is from now on. Held still in between, so that what const queries say is what
 * the next call does. */
void nat_pressure_update(nat *box);

/* A store of so many things that fills at so many a second (the virtual scheduling algorithm of
 * ITU-T I.371: all it needs is the instant at which the store would be full). */
static inline int64_t nat_ns_of(punch_time_us at_us) {
    return at_us * 1000;
}

static inline bool nat_store_gives(int64_t full_at_ns, uint32_t per_s, uint32_t most,
                                   punch_time_us now_us) {
    return full_at_ns <= nat_ns_of(now_us) + NAT_NS_PER_S / per_s * ((int64_t)most - 1);
}

static inline void nat_store_take(int64_t *full_at_ns, uint32_t per_s, punch_time_us now_us) {
    const int64_t now_ns = nat_ns_of(now_us);
    *full_at_ns = (*full_at_ns > now_ns ? *full_at_ns : now_ns) + NAT_NS_PER_S / per_s;
}

/* Does this network let a UDP packet pass now? */
nat_verdict nat_gate(const nat *box, punch_time_us now_us);

/* It did. */
void nat_gate_passed(nat *box, punch_time_us now_us);

static inline bool nat_stream_begins(const nat *box, bool was_answered, punch_time_us made_at_us,
                                     punch_time_us now_us) {
    return box->config.stream_after_us == 0 ||
           (was_answered && now_us > punch_time_after(made_at_us, box->config.stream_after_us));
}

/* --- binding.c --- */

static inline uint16_t nat_port_of(uint32_t place) {
    return (uint16_t)(place & UINT16_MAX);
}

static inline punch_time_us nat_binding_expires_us(const nat *box, const nat_binding *binding,
                                                   punch_time_us now_us) {
    return punch_time_after(binding->timer.at_us,
                            nat_timeout_us(box, binding->timeout, binding->level, now_us));
}

static inline bool nat_binding_lives(const nat *box, const nat_binding *binding,
                                     punch_time_us now_us) {
    return binding->state == NAT_SLOT_LIVE && now_us < nat_binding_expires_us(box, binding, now_us);
}

/* The hash of what a mapping looks at in a packet from inside. RFC 4787 §4.1. */
static inline uint32_t nat_key_hash(nat_mapping mapping, const nat_packet *packet) {
    const uint64_t hash = nat_hash_addr(0, &packet->src, packet->src.port);
    switch (mapping) {
    case NAT_MAPPING_EIM:
        return (uint32_t)hash;
    case NAT_MAPPING_ADM:
        return (uint32_t)nat_hash_addr(hash, &packet->dst, 0);
    case NAT_MAPPING_APDM:
        return (uint32_t)nat_hash_addr(hash, &packet->dst, packet->dst.port);
    }
    return 0;
}

static inline uint32_t nat_place_hash(uint32_t place) {
    return (uint32_t)nat_hash_word(0, place);
}

/* First slots of chains, NAT_NONE where the bucket is a leftover (see above). */
static inline uint32_t nat_key_chain(const nat *box, uint32_t hash) {
    const uint32_t slot = box->key_buckets[hash & box->binding_mask];
    if (slot >= box->bindings_used || box->bindings[slot].state != NAT_SLOT_LIVE ||
        ((box->bindings[slot].key_hash ^ hash) & box->binding_mask) != 0) {
        return NAT_NONE;
    }
    return slot;
}

static inline uint32_t nat_place_chain(const nat *box, uint32_t place) {
    const uint32_t hash = nat_place_hash(place);
    const uint32_t slot = box->key_buckets[box->binding_mask + 1 + (hash & box->binding_mask)];
    if (slot >= box->bindings_used || box->bindings[slot].state == NAT_SLOT_FREE ||
        ((nat_place_hash(box->bindings[slot].place) ^ hash) & box->binding_mask) != 0) {
        return NAT_NONE;
    }
    return slot;
}

void nat_bindings_clear(nat *box);

/* Turns every binding whose time is up into a ghost. O(1) amortised. */
void nat_bindings_sweep(nat *box, punch_time_us now_us);

static inline void nat_bindings_expire(nat *box, punch_time_us now_us) {
    if (box->is_elastic || now_us >= box->expire_at_us) {
        nat_bindings_sweep(box, now_us);
    }
}

/* The live binding for packets between these two, or NAT_NONE. exact: one for this very remote,
 * whatever the mapping depends on. */
uint32_t nat_binding_find(const nat *box, const nat_packet *packet, bool exact,
                          punch_time_us now_us);

/* The binding that inbound packets to this place reach, or NAT_NONE; then *expired_out says whether
 * one was there. dst: where they are addressed to, which is what counts for a firewall. */
uint32_t nat_binding_at(const nat *box, uint32_t place, const punch_addr *dst, punch_time_us now_us,
                        bool *expired_out);

/* The live binding that holds a place, other than this one (NAT_NONE: whichever), or NAT_NONE;
 * expired ones were swept before. */
uint32_t nat_place_holder_but(const nat *box, uint32_t place, uint32_t other);

static inline uint32_t nat_place_holder(const nat *box, uint32_t place) {
    return nat_place_holder_but(box, place, NAT_NONE);
}

static inline bool nat_place_taken(const nat *box, uint32_t place) {
    return nat_place_holder(box, place) != NAT_NONE;
}

bool nat_place_look_up_held(const nat *box, uint32_t place, punch_time_us now_us);

/* Has a place been given back too recently to be given again? RFC 6888 REQ-8. */
static inline bool nat_place_held(const nat *box, uint32_t place, punch_time_us now_us) {
    return box->config.hold_down_us > 0 && nat_place_look_up_held(box, place, now_us);
}

/* What is held down no longer goes back to the map of ports. O(1) amortised. */
void nat_places_settle(nat *box, punch_time_us now_us);

/* Another configuration, which may hold ports down where the old one did not. O(table). */
void nat_places_hold_anew(nat *box);

/* NAT_PASS when there is room for one more binding of this host, or would be once *victim_out (else
 * NAT_NONE) is evicted. */
nat_verdict nat_bindings_room(nat *box, const punch_addr *inside, punch_time_us now_us,
                              uint32_t *victim_out);

/* A new live binding for packets between these two; there is room. */
uint32_t nat_binding_make(nat *box, const nat_packet *packet, bool exact, uint32_t place,
                          punch_time_us now_us);

/* Moves a binding to another place; what was permitted on the old one ends. */
void nat_binding_move(nat *box, uint32_t slot, uint32_t place);

/* A packet left by this binding: under overload it owns the port from now on. */
void nat_binding_sent(nat *box, uint32_t slot, punch_time_us now_us);

/* A packet came in by this binding. */
void nat_binding_received(nat *box, uint32_t slot, punch_time_us now_us);

/* Its time was up then: the sweep finds that by itself, where bindings have timeouts. */
void nat_binding_expire(nat *box, uint32_t slot, punch_time_us at_us);

void nat_binding_kill(nat *box, uint32_t slot);
void nat_binding_evict(nat *box, uint32_t slot);

/* --- host.c --- */

void nat_hosts_clear(nat *box);

/* The slot of an inside address, or NAT_NONE: it is not remembered, or nobody asks. It may have no
 * bindings. */
uint32_t nat_host_find(const nat *box, const punch_addr *inside);

/* The same, of one that has bindings, or NULL. */
static inline const nat_host *nat_host_of(const nat *box, const punch_addr *inside) {
    const uint32_t slot = nat_host_find(box, inside);
    return slot != NAT_NONE && box->hosts[slot].count > 0 ? &box->hosts[slot] : NULL;
}

/* May it (NAT_NONE: one that is not remembered) make a mapping now? RFC 6888 REQ-4C. */
bool nat_host_may_make(const nat *box, uint32_t host, punch_time_us now_us);

/* Bindings in a block; it is some host's when there are any. */
uint32_t nat_block_bindings(const nat *box, uint32_t block);

/* A binding is new, has ended, was refreshed; only where hosts are tracked. */
void nat_host_join(nat *box, uint32_t binding, punch_time_us now_us);
void nat_host_leave(nat *box, uint32_t binding);
void nat_host_refresh(nat *box, uint32_t binding, punch_time_us now_us);

/* --- remote.c --- */

static inline punch_time_us nat_remote_expires_us(const nat *box, const nat_remote *remote,
                                                  punch_time_us now_us) {
    return punch_time_after(remote->timer.at_us,
                            nat_timeout_us(box, remote->timeout, remote->level, now_us));
}

static inline bool nat_remote_lives(const nat *box, const nat_remote *remote,
                                    punch_time_us now_us) {
    return now_us < nat_remote_expires_us(box, remote, now_us);
}

/* The permission of a binding for a remote, if it is the one that was used last; or NAT_NONE. */
static inline uint32_t nat_permission_guess(const nat *box, const nat_binding *binding,
                                            const punch_addr *remote) {
    const uint32_t slot = binding->permission;
    if (slot >= box->remotes_used) {
        return NAT_NONE;
    }
    const nat_remote *entry = &box->remotes[slot];
    const bool is_it =
        entry->in_use && entry->kind == NAT_REMOTE_PERMISSION && entry->owner == binding->serial &&
        nat_same_ip(&entry->addr, remote) &&
        (entry->addr.port == remote->port || box->config.filtering == NAT_FILTERING_ADF);
    return is_it ? slot : NAT_NONE;
}

void nat_remotes_clear(nat *box);

/* A packet left by this binding to this remote: it may answer. */
void nat_permit(nat *box, uint32_t binding, const punch_addr *remote, punch_time_us now_us);

/* May the remote come in by this binding? NAT_PASS and, where a permission says so, its slot; or
 * why not. */
nat_verdict nat_permission_check(const nat *box, uint32_t binding, const punch_addr *remote,
                                 punch_time_us now_us, uint32_t *permission_out);

/* A packet came in by that permission (NAT_NONE: there was no need for one). */
void nat_permission_received(nat *box, uint32_t permission, punch_time_us now_us);

uint32_t nat_session_look_up(const nat *box, const punch_addr *inside, const punch_addr *remote,
                             punch_time_us now_us);

/* The live session between these two, or NAT_NONE. Most NATs have none at all. */
static inline uint32_t nat_session_find(const nat *box, const punch_addr *inside,
                                        const punch_addr *remote, punch_time_us now_us) {
    return box->kind_count[NAT_REMOTE_SESSION] == 0
               ? NAT_NONE
               : nat_session_look_up(box, inside, remote, now_us);
}

/* The remote came in by this binding: answers to it leave by it, unless a live session says
 * otherwise already. */
void nat_session_received(nat *box, uint32_t binding, const punch_addr *remote,
                          punch_time_us now_us);

/* An answer left by that session. */
void nat_session_sent(nat *box, uint32_t session, punch_time_us now_us);

bool nat_stray_look_up(const nat *box, uint32_t place, const punch_addr *remote,
                       punch_time_us now_us);

/* Has an unsolicited packet taken (place, remote)? Most NATs let none. */
static inline bool nat_stray_holds(const nat *box, uint32_t place, const punch_addr *remote,
                                   punch_time_us now_us) {
    return box->kind_count[NAT_REMOTE_STRAY] != 0 && nat_stray_look_up(box, place, remote, now_us);
}
void nat_stray_take(nat *box, uint32_t place, const punch_addr *remote, punch_time_us now_us);
void nat_stray_release(nat *box, uint32_t place, const punch_addr *remote);

bool nat_is_barred(const nat *box, const punch_addr *remote, punch_time_us now_us);
void nat_bar(nat *box, const punch_addr *remote, punch_time_us now_us);

/* --- nat.c --- */

/* By what a packet comes in. */
typedef struct {
    uint32_t binding;
    uint32_t permission;
} nat_entrance;

/* What every entry that changes something begins with. */
void nat_advance(nat *box, punch_time_us now_us);

/* The place a packet to this destination is for, or NAT_NONE when it is not for us. */
uint32_t nat_place_for(const nat *box, const punch_addr *dst);

/* Would a packet from that remote to that destination of ours come in, and by what? */
nat_verdict nat_entrance_find(const nat *box, const punch_addr *remote, const punch_addr *dst,
                              punch_time_us now_us, nat_entrance *entrance);

/* --- fast.c --- */

/* What nat_translate_out and nat_translate_in do, for a packet about which nothing is to be
 * decided. False: it is not one, and nothing has changed. */
bool nat_fast_out(nat *box, nat_packet *packet, punch_time_us now_us);
bool nat_fast_in(nat *box, nat_packet *packet, punch_time_us now_us);

/* --- ports.c --- */

/* Ports of one address, both ends included. */
typedef struct {
    uint32_t base; /* place of port 0 there */
    uint16_t min;
    uint16_t max;
    bool parity; /* only ports like this one's inside port: */
    bool odd;
} nat_ports;

static inline uint32_t nat_ports_count(const nat_ports *range) {
    return (uint32_t)range->max - range->min + 1;
}

static inline bool nat_ports_contain(const nat_ports *range, uint16_t port) {
    return port >= range->min && port <= range->max;
}

static inline uint16_t nat_port_after(const nat_ports *range, uint16_t port) {
    return !nat_ports_contain(range, port) || port == range->max ? range->min
                                                                 : (uint16_t)(port + 1);
}

/* The map of ports, where there is one: emptied, a place taken, given back. O(1); to empty it, one
 * step for 4096 ports. */
void nat_ports_clear(nat *box);
void nat_ports_take(nat *box, uint32_t place);
void nat_ports_give_back(nat *box, uint32_t place);

/* The first port from this one on that has the right parity; two steps may be needed at the end of
 * a range of odd size. */
uint16_t nat_port_suiting(const nat_ports *range, uint16_t port);

/* A port of the range, whether usable or not. */
uint16_t nat_port_draw(nat *box, const nat_ports *range);

/* A port is usable when it has the right parity, is neither taken nor held down, and no stray of
 * that remote holds it. What is held down no longer was settled before. 0: there is none. One step
 * for 64 ports with the map, for one without it, and for each free one while there are strays. */

/* The first usable port from `port` on, once around. */
uint16_t nat_port_next_usable(const nat *box, const nat_ports *range, uint16_t port,
                              const punch_addr *remote, punch_time_us now_us);

/* Uniform among the usable ports, by drawing; when that takes too long, by counting them. */
uint16_t nat_port_draw_usable(nat *box, const nat_ports *range, const punch_addr *remote,
                              punch_time_us now_us);

/* --- allocate.c --- */

bool nat_exempt_look_up(const nat_config *config, const punch_addr *remote);

/* Are packets to and from this remote left as they are? RFC 6888 REQ-6. */
static inline bool nat_is_exempt(const nat *box, const punch_addr *remote) {
    return box->config.exempt_count > 0 && nat_exempt_look_up(&box->config, remote);
}

/* Where the word of an address that counts up begins: its last four bytes. */
static inline size_t nat_addr_tail(const punch_addr *addr) {
    return addr->family == PUNCH_FAMILY_IPV6 ? 12 : 0;
}

static inline uint32_t nat_addr_tail_word(const punch_addr *addr) {
    const uint8_t *tail = addr->ip + nat_addr_tail(addr);
    return (uint32_t)tail[0] << 24 | (uint32_t)tail[1] << 16 | (uint32_t)tail[2] << 8 | tail[3];
}

/* The index of an external address, or NAT_NONE. */
uint32_t nat_address_look_up(const nat *box, const punch_addr *addr);

static inline uint32_t nat_address_index(const nat *box, const punch_addr *addr) {
    if (box->config.firewall) {
        return NAT_NONE;
    }
    if (addr->family == PUNCH_FAMILY_IPV4 && box->external.family == PUNCH_FAMILY_IPV4) {
        const uint32_t index = nat_addr_tail_word(addr) - nat_addr_tail_word(&box->external);
        return index == 0 || index < box->config.address_count ? index : NAT_NONE;
    }
    return nat_address_look_up(box, addr);
}

/* The external endpoint of a place, written to where it belongs: a copy of a copy would wait until
 * what was stored in parts can be read as a whole. */
static inline void nat_endpoint_put(const nat *box, uint32_t place, punch_addr *endpoint_out) {
    *endpoint_out = box->external;
    endpoint_out->port = nat_port_of(place);
    if (place >> 16 != 0) {
        const uint32_t word = nat_addr_tail_word(&box->external) + (place >> 16);
        const uint8_t tail[4] = {(uint8_t)(word >> 24), (uint8_t)(word >> 16), (uint8_t)(word >> 8),
                                 (uint8_t)word};
        memcpy(endpoint_out->ip + nat_addr_tail(endpoint_out), tail, sizeof tail);
    }
}

static inline punch_addr nat_endpoint_of(const nat *box, uint32_t place) {
    punch_addr endpoint;
    nat_endpoint_put(box, place, &endpoint);
    return endpoint;
}

/* The block a place is in, counted over all addresses; only where there are blocks. */
uint32_t nat_block_of(const nat *box, uint32_t place);

/* A place, and whether it had to be another than the one wanted because a stray holds that. */
typedef struct {
    uint32_t place;
    nat_verdict verdict; /* NAT_PASS, or why there is none */
    bool dodged;
    bool overrides; /* besides the victim, the binding that holds the place must be evicted */
} nat_choice;

/* The place a new binding for this packet gets. victim: the binding that is evicted for it, if it
 * gets one at all (or NAT_NONE); it still has its place, and so may be given just that: the wanted
 * one if it is, else when there is none left. A packet refused costs nobody a mapping. */
nat_choice nat_place_choose(nat *box, const nat_packet *packet, uint32_t victim,
                            punch_time_us now_us);

/* A place other than `wanted`, by the collision rule. */
nat_choice nat_place_dodge(nat *box, uint32_t wanted, const nat_packet *packet, uint32_t victim,
                           punch_time_us now_us);

/* Makes way for a new binding at the place chosen. */
static inline void nat_choice_clear(nat *box, const nat_choice *choice, uint32_t victim) {
    if (victim != NAT_NONE) {
        nat_binding_evict(box, victim);
    }
    if (choice->overrides) {
        nat_binding_evict(box, nat_place_holder(box, choice->place));
    }
}

#endif
