/* SPDX-License-Identifier: MIT */
#include "broker_registry.h"

#include "punch/assert.h"
#include "punch/bytes.h"
#include "punch/rng.h"

_Static_assert(sizeof(punch_registration) <= 320, "two million of them must fit in 640 MB");

#define SLOT_MASK ((UINT32_C(1) << PUNCH_REGISTRY_SLOT_BITS) - 1)

uint64_t punch_registry_bytes(uint32_t slots_max) {
    return punch_table_bytes((uint64_t)slots_max * sizeof(punch_registration)) +
           punch_table_bytes((uint64_t)punch_table_buckets(slots_max) * sizeof(uint32_t));
}

static void make_empty(punch_registry *registry) {
    registry->slots_used = 0;
    registry->free_first = PUNCH_HANDLE_NONE;
    registry->oldest = PUNCH_HANDLE_NONE;
    registry->newest = PUNCH_HANDLE_NONE;
    registry->live_count = 0;
}

void punch_registry_init(punch_registry *registry, void *memory, uint32_t slots_max) {
    PUNCH_ASSERT(slots_max >= 1);
    PUNCH_ASSERT(slots_max <= SLOT_MASK + 1);
    memset(registry, 0, sizeof *registry);
    const uint32_t buckets = punch_table_buckets(slots_max);
    registry->slots = memory;
    registry->buckets =
        (uint32_t *)(void *)((uint8_t *)memory +
                             punch_table_bytes(slots_max * sizeof(punch_registration)));
    registry->bucket_mask = buckets - 1;
    registry->slots_max = slots_max;
    memset(registry->buckets, 0xff, (size_t)buckets * sizeof *registry->buckets);
    make_empty(registry);
}

/* Keys are chosen by whoever registers: without the secret they could be made to collide. */
static uint32_t bucket_of(const punch_registry *registry, const punch_key *key) {
    uint64_t hash = registry->hash_secret;
    for (size_t i = 0; i < PUNCH_KEY_BYTES; i += sizeof hash) {
        hash = punch_mix64(hash ^ punch_get_be(key->bytes + i, sizeof hash)) + PUNCH_RNG_GAMMA;
    }
    return (uint32_t)hash & registry->bucket_mask;
}

void punch_registry_clear(punch_registry *registry) {
    for (uint32_t slot = registry->oldest; slot != PUNCH_HANDLE_NONE;
         slot = registry->slots[slot].newer) {
        registry->buckets[bucket_of(registry, &registry->slots[slot].key)] = PUNCH_HANDLE_NONE;
    }
    make_empty(registry);
}

void punch_registry_seed(punch_registry *registry, const punch_registry_secrets *secrets) {
    PUNCH_ASSERT_EQ(registry->live_count, 0);
    PUNCH_ASSERT_EQ(registry->slots_used, 0);
    registry->hash_secret = secrets->hash_secret;
    registry->slot_mask = secrets->slot_mask & SLOT_MASK;
    registry->generation_first = secrets->generation_first != 0 ? secrets->generation_first : 1;
}

punch_registration *punch_registry_find(punch_registry *registry, const punch_key *key) {
    uint32_t slot = registry->buckets[bucket_of(registry, key)];
    while (slot != PUNCH_HANDLE_NONE) {
        punch_registration *registration = &registry->slots[slot];
        if (memcmp(&registration->key, key, sizeof *key) == 0) {
            return registration;
        }
        slot = registration->bucket_next;
    }
    return NULL;
}

punch_registration *punch_registry_at_index(punch_registry *registry, uint32_t index) {
    const uint32_t slot = (index & SLOT_MASK) ^ registry->slot_mask;
    if (slot >= registry->slots_used) {
        return NULL;
    }
    punch_registration *registration = &registry->slots[slot];
    const bool current =
        registration->live && registration->generation == index >> PUNCH_REGISTRY_SLOT_BITS;
    return current ? registration : NULL;
}

static uint8_t generation_after(uint8_t generation) {
    return generation == UINT8_MAX ? 1 : (uint8_t)(generation + 1);
}

static uint8_t generation_before(uint8_t generation) {
    return generation <= 1 ? UINT8_MAX : (uint8_t)(generation - 1);
}

static void link_newest(punch_registry *registry, uint32_t slot) {
    punch_registration *registration = &registry->slots[slot];
    registration->older = registry->newest;
    registration->newer = PUNCH_HANDLE_NONE;
    if (registry->newest != PUNCH_HANDLE_NONE) {
        registry->slots[registry->newest].newer = slot;
    } else {
        registry->oldest = slot;
    }
    registry->newest = slot;
}

static void unlink_age(punch_registry *registry, const punch_registration *registration) {
    if (registration->older != PUNCH_HANDLE_NONE) {
        registry->slots[registration->older].newer = registration->newer;
    } else {
        registry->oldest = registration->newer;
    }
    if (registration->newer != PUNCH_HANDLE_NONE) {
        registry->slots[registration->newer].older = registration->older;
    } else {
        registry->newest = registration->older;
    }
}

static uint32_t take_free_slot(punch_registry *registry) {
    const uint32_t slot = registry->free_first;
    if (slot != PUNCH_HANDLE_NONE) {
        registry->free_first = registry->slots[slot].bucket_next;
        return slot;
    }
    if (registry->slots_used == registry->slots_max) {
        return PUNCH_HANDLE_NONE;
    }
    registry->slots[registry->slots_used].generation =
        generation_before(registry->generation_first);
    return registry->slots_used++;
}

punch_registration *punch_registry_add(punch_registry *registry, const punch_key *key,
                                       punch_time_us now_us) {
    const uint32_t slot = take_free_slot(registry);
    if (slot == PUNCH_HANDLE_NONE) {
        return NULL;
    }
    punch_registration *registration = &registry->slots[slot];
    uint32_t *bucket = &registry->buckets[bucket_of(registry, key)];
    registration->key = *key;
    registration->heard_at_us = now_us;
    registration->bucket_next = *bucket;
    registration->calls_first = PUNCH_HANDLE_NONE;
    registration->calls_count = 0;
    registration->probe_tick = 0;
    registration->token_hash_count = 0;
    memset(registration->token_hashes, 0, sizeof registration->token_hashes);
    registration->live = true;
    *bucket = slot;
    link_newest(registry, slot);
    registry->live_count++;
    return registration;
}

uint32_t punch_registry_next_index(const punch_registry *registry,
                                   const punch_registration *registration) {
    const uint32_t generation = generation_after(registration->generation);
    return generation << PUNCH_REGISTRY_SLOT_BITS |
           (punch_registry_slot_of(registry, registration) ^ registry->slot_mask);
}

void punch_registry_take_channel(punch_registration *registration, const punch_channel *channel) {
    registration->channel = *channel;
    registration->generation = (uint8_t)(channel->local_index >> PUNCH_REGISTRY_SLOT_BITS);
}

void punch_registry_touch(punch_registry *registry, punch_registration *registration,
                          punch_time_us now_us) {
    registration->heard_at_us = now_us;
    const uint32_t slot = punch_registry_slot_of(registry, registration);
    if (registry->newest != slot) {
        unlink_age(registry, registration);
        link_newest(registry, slot);
    }
}

void punch_registry_remove(punch_registry *registry, punch_registration *registration) {
    PUNCH_ASSERT(registration->live);
    PUNCH_ASSERT_EQ(registration->calls_count, 0);
    const uint32_t slot = punch_registry_slot_of(registry, registration);
    uint32_t *link = &registry->buckets[bucket_of(registry, &registration->key)];
    while (*link != slot) {
        link = &registry->slots[*link].bucket_next;
    }
    *link = registration->bucket_next;
    unlink_age(registry, registration);
    registration->live = false;
    registration->bucket_next = registry->free_first;
    registry->free_first = slot;
    registry->live_count--;
}
