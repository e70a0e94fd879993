/* SPDX-License-Identifier: MIT */
/*
 * The sessions of a NAT for TCP: one pool, found from outside by (external endpoint, remote), from
 * inside by (inside endpoint, remote), from a binding by its list, and from the clock by queues.
 *
 *   free --take--> outside only (a SYN that is held) --own--> also inside, and in a binding's list
 *     ^                          |                                  |
 *     +--------------------------+------------- forget -------------+
 *
 * There is a queue per timeout a session can wait for; each is in order of deadlines, because what
 * goes in has the same time left as all before it, so that expiry looks at heads only. Buckets are
 * believed as box.h says, which makes emptying O(1). tcp_box.c is the only user.
 */
#ifndef NAT_TCP_POOL_H
#define NAT_TCP_POOL_H

#include "box.h"
#include "nat/tcp.h"

/* By phase; and for a RST as the only answer to a SYN, which has a timeout of its own. */
#define TCP_QUEUE_UNANSWERED ((unsigned)NAT_TCP_PHASE_COUNT)
#define TCP_QUEUE_COUNT (TCP_QUEUE_UNANSWERED + 1)
#define TCP_QUEUE_NONE TCP_QUEUE_COUNT

typedef struct {
    nat_timer timer; /* the deadline; queue, or free slots */
    nat_tcp_session session;
    punch_addr local; /* the external endpoint; behind a firewall the inside one */
    punch_addr remote;
    punch_addr inside;
    uint32_t binding; /* NAT_NONE: a SYN that is held */
    uint32_t outside_hash;
    uint32_t outside_next;
    uint32_t inside_hash;
    uint32_t inside_next;
    uint32_t sibling_prev; /* of the same binding */
    uint32_t sibling_next;
    uint8_t queue;
    bool in_use;
} tcp_entry;

/* The sessions of one binding. */
typedef struct {
    uint32_t head;
    uint32_t count; /* keeps the binding alive; counted before the session is in the list */
} tcp_root;

typedef struct {
    tcp_entry *entries;
    tcp_root *roots; /* by slot of the binding */
    uint32_t *outside_buckets;
    uint32_t *inside_buckets;
    punch_time_us expire_at_us; /* no session ends before; those held do not count */
    uint32_t mask;
    uint32_t most; /* of the configuration */
    uint32_t used;
    uint32_t free;
    uint32_t owned_count;
    uint32_t held_count;
    nat_queue queues[TCP_QUEUE_COUNT];
} tcp_pool;

void tcp_pool_clear(tcp_pool *pool);

/* Slots, or NAT_NONE. From outside one that is held is found, too. */
uint32_t tcp_pool_find_outside(const tcp_pool *pool, const punch_addr *local,
                               const punch_addr *remote);
uint32_t tcp_pool_find_inside(const tcp_pool *pool, const punch_addr *inside,
                              const punch_addr *remote);

/* Has the inside host sent anything by this binding to that address, whatever port, in a session
 * that lives? O(1) as long as it does not talk to very many ports of one address. */
bool tcp_pool_knows_address(const tcp_pool *pool, uint32_t binding, const punch_addr *local,
                            const punch_addr *remote, punch_time_us now_us);

/* Does any session of this binding live? */
bool tcp_pool_binding_lives(const tcp_pool *pool, uint32_t binding, punch_time_us now_us);

static inline bool tcp_pool_has_free(const tcp_pool *pool) {
    return pool->free != NAT_NONE || pool->used < pool->most;
}

/* A new entry for these two, held by nobody's clock yet; there is a free one. */
uint32_t tcp_pool_take(tcp_pool *pool, const punch_addr *local, const punch_addr *remote);

/* The entry becomes a session of that binding, which counts it already. */
void tcp_pool_own(tcp_pool *pool, uint32_t slot, uint32_t binding, const punch_addr *inside);

/* The session's deadline is what it now waits for in that queue. */
void tcp_pool_file(tcp_pool *pool, uint32_t slot, unsigned queue);

/* Back among the free ones; its binding does not count it any more. */
void tcp_pool_forget(tcp_pool *pool, uint32_t slot);

/* The session that ends first (held ones do not count), or NAT_NONE; *at_us_out: when. */
uint32_t tcp_pool_first(const tcp_pool *pool, punch_time_us *at_us_out);

#endif
