/* SPDX-License-Identifier: MIT */
/*
 * Who is registered with a broker: found by static key (hash table), by channel index (slot and
 * generation), and by age (a list ordered by the last authenticated packet). All O(1).
 *
 *   channel index:  generation 8 | slot 24 ^ mask       generation is never 0, so the index isn't
 *
 * A slot keeps its place as long as its key is registered; a new handshake only changes generation
 * and channel. First generation and mask are drawn when a broker starts: an index of its former
 * life hardly ever means anyone in the new one, so that old packets are answered by "restarted"
 * instead of failing to open. Two million of these may be live: kept compact.
 */
#ifndef PUNCH_BROKER_REGISTRY_H
#define PUNCH_BROKER_REGISTRY_H

#include "channel.h"
#include "deadline_heap.h"

#define PUNCH_REGISTRY_SLOT_BITS 24
/* First bytes of a handshake's ephemeral: enough to know it again; chosen. */
#define PUNCH_EPHEMERAL_MARK_BYTES 16

/* Buckets of a table of that many slots: a power of two, so that the load is at most 1. */
static inline uint32_t punch_table_buckets(uint32_t slots_max) {
    uint32_t count = 1;
    while (count < slots_max) {
        count *= 2;
    }
    return count;
}

/* Bytes as the block hands them out: whole 16s. */
static inline uint64_t punch_table_bytes(uint64_t bytes) {
    return (bytes + 15) / 16 * 16;
}

typedef struct {
    punch_channel channel;
    punch_time_us heard_at_us; /* last authenticated packet */
    punch_key key;
    uint8_t ephemeral_mark[PUNCH_EPHEMERAL_MARK_BYTES]; /* of the HELLO that made the channel */
    punch_token_hash token_hashes[PUNCH_TOKENS_MAX];
    punch_addr addr;          /* source of the newest authenticated packet */
    uint32_t older, newer;    /* neighbours in the order of heard_at_us */
    uint32_t bucket_next;     /* same bucket, or the next free slot */
    uint32_t calls_first;     /* calls this key makes (broker_calls.h), or PUNCH_HANDLE_NONE */
    uint32_t tokens_sequence; /* of the REGISTER that set token_hashes; 0 = the HELLO */
    uint32_t probe_tick;      /* when PROBE or ECHO was last served (broker_probe.c); 0 = never */
    uint8_t calls_count;      /* length of that list */
    uint8_t generation;       /* of the channel index; kept while the slot is free */
    uint8_t token_hash_count;
    bool live;
} punch_registration;

typedef struct {
    punch_registration *slots;
    uint32_t *buckets; /* first slot, or PUNCH_HANDLE_NONE */
    uint32_t bucket_mask;
    uint32_t slots_max;
    uint32_t slots_used; /* slots from here on were never claimed since the last clear */
    uint32_t free_first;
    uint32_t oldest, newest;
    uint32_t live_count;
    uint32_t slot_mask;
    uint8_t generation_first;
    uint64_t hash_secret;
} punch_registry;

/* Drawn at start; nothing visible depends on them but the indices themselves. */
typedef struct {
    uint64_t hash_secret;
    uint32_t slot_mask;       /* cut to 24 bits */
    uint8_t generation_first; /* 0 is taken as 1 */
} punch_registry_secrets;

/* Bytes of memory a registry needs beside its struct, a multiple of 16. */
uint64_t punch_registry_bytes(uint32_t slots_max);

/* Empty, in the caller's memory (16-byte aligned). O(slots_max), 4 to 8 bytes each. */
void punch_registry_init(punch_registry *registry, void *memory, uint32_t slots_max);

/* Forgets everyone. O(live). */
void punch_registry_clear(punch_registry *registry);

/* Only while empty. */
void punch_registry_seed(punch_registry *registry, const punch_registry_secrets *secrets);

/* The registration of a key, or NULL. Lent. */
punch_registration *punch_registry_find(punch_registry *registry, const punch_key *key);

/* The registration whose present channel has this index, or NULL. Lent. */
punch_registration *punch_registry_at_index(punch_registry *registry, uint32_t index);

/* A new registration of a key that has none, as the newest, without a channel; NULL when full. */
punch_registration *punch_registry_add(punch_registry *registry, const punch_key *key,
                                       punch_time_us now_us);

/* The index that the next channel of a registration gets. */
uint32_t punch_registry_next_index(const punch_registry *registry,
                                   const punch_registration *registration);

/* Takes that channel into use; packets with former indices are unknown from now on. */
void punch_registry_take_channel(punch_registration *registration, const punch_channel *channel);

/* Something authentic came: makes it the newest. */
void punch_registry_touch(punch_registry *registry, punch_registration *registration,
                          punch_time_us now_us);

/* Its calls must be gone. */
void punch_registry_remove(punch_registry *registry, punch_registration *registration);

static inline uint32_t punch_registry_slot_of(const punch_registry *registry,
                                              const punch_registration *registration) {
    return (uint32_t)(registration - registry->slots);
}

/* The one silent for longest, or NULL. */
static inline punch_registration *punch_registry_oldest(punch_registry *registry) {
    return registry->oldest != PUNCH_HANDLE_NONE ? &registry->slots[registry->oldest] : NULL;
}

#endif
