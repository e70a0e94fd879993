/* SPDX-License-Identifier: MIT */
/*
 * Random operations on the registry against a table searched from end to end: who is found by key,
 * by index, in what order of age, and how many there are.
 */
#include "broker_registry.h"

#include <stdlib.h>

#include "punch/rng.h"
#include "punch_test.h"

#define KEYS 24
#define SLOTS_MAX 16 /* fewer than keys: it fills up */
#define STEPS 20000

typedef struct {
    bool live;
    uint32_t index;
    uint32_t former_index;
    uint64_t heard; /* number of the step */
    punch_registration *registration;
} entry;

typedef struct {
    punch_registry registry;
    entry entries[KEYS];
    uint32_t live_count;
} state;

static punch_key key_of(uint32_t number) {
    punch_key key = {{0}};
    key.bytes[PUNCH_KEY_BYTES - 1] = (uint8_t)number;
    return key;
}

static void seed_registry(state *at, punch_rng *rng) {
    const punch_registry_secrets secrets = {
        .hash_secret = punch_rng_u64(rng),
        .slot_mask = (uint32_t)punch_rng_u64(rng),
        .generation_first = (uint8_t)punch_rng_u64(rng),
    };
    punch_registry_seed(&at->registry, &secrets);
}

/* A handshake: a new channel, for a registration that may be new too. */
static bool take_channel(state *at, uint32_t number, uint64_t step) {
    entry *wanted = &at->entries[number];
    const punch_key key = key_of(number);
    if (!wanted->live) {
        wanted->registration = punch_registry_add(&at->registry, &key, (punch_time_us)step);
        if (at->live_count == SLOTS_MAX) {
            return EXPECT("a full registry takes nobody", wanted->registration == NULL);
        }
        if (!EXPECT("a registry with room takes a new key", wanted->registration != NULL)) {
            return false;
        }
        wanted->live = true;
        at->live_count++;
    }
    punch_channel channel = {0};
    channel.local_index = punch_registry_next_index(&at->registry, wanted->registration);
    punch_registry_take_channel(wanted->registration, &channel);
    punch_registry_touch(&at->registry, wanted->registration, (punch_time_us)step);
    wanted->former_index = wanted->index;
    wanted->index = channel.local_index;
    wanted->heard = step;
    return EXPECT("an index is never 0", wanted->index != 0);
}

static void forget(state *at, uint32_t number) {
    entry *wanted = &at->entries[number];
    punch_registry_remove(&at->registry, wanted->registration);
    wanted->live = false;
    wanted->former_index = wanted->index;
    at->live_count--;
}

static bool agrees(state *at) {
    const entry *oldest = NULL;
    bool held = EXPECT_INT("live count", at->registry.live_count, at->live_count);
    for (uint32_t number = 0; number < KEYS; number++) {
        const entry *it = &at->entries[number];
        const punch_key key = key_of(number);
        punch_registration *expected = it->live ? it->registration : NULL;
        held = EXPECT("found by key", punch_registry_find(&at->registry, &key) == expected) && held;
        if (it->live) {
            held = EXPECT("found by index",
                          punch_registry_at_index(&at->registry, it->index) == expected) &&
                   held;
            oldest = oldest == NULL || it->heard < oldest->heard ? it : oldest;
        }
        if (it->former_index != 0) {
            const punch_registration *other =
                punch_registry_at_index(&at->registry, it->former_index);
            held = EXPECT("not found by a former index", other == NULL) && held;
        }
    }
    const punch_registration *got = punch_registry_oldest(&at->registry);
    return EXPECT("oldest", got == (oldest != NULL ? oldest->registration : NULL)) && held;
}

/* Generations come round after 255 channels of a slot; an index that old may mean somebody again.
 */
static void forget_old_indices(state *at) {
    for (uint32_t number = 0; number < KEYS; number++) {
        at->entries[number].former_index = 0;
    }
}

static void run(uint64_t seed) {
    state at = {0};
    punch_rng rng = punch_rng_stream(seed, 0, 0);
    void *memory = aligned_alloc(16, punch_registry_bytes(SLOTS_MAX));
    bool held = EXPECT("memory", memory != NULL);
    if (held) {
        punch_registry_init(&at.registry, memory, SLOTS_MAX);
        seed_registry(&at, &rng);
    }
    for (uint64_t step = 1; held && step <= STEPS; step++) {
        const uint32_t number = (uint32_t)punch_rng_below(&rng, KEYS);
        const uint64_t what = punch_rng_below(&rng, 1000);
        entry *wanted = &at.entries[number];
        if (what < 2) {
            punch_registry_clear(&at.registry);
            memset(at.entries, 0, sizeof at.entries);
            at.live_count = 0;
            seed_registry(&at, &rng);
        } else if (what < 300) {
            held = take_channel(&at, number, step);
        } else if (what < 600 && wanted->live) {
            forget(&at, number);
        } else if (wanted->live) {
            punch_registry_touch(&at.registry, wanted->registration, (punch_time_us)step);
            wanted->heard = step;
        }
        if (step % 100 == 0) {
            forget_old_indices(&at);
        }
        held = held && agrees(&at);
    }
    EXPECT("registry and table agree after every step", held);
    free(memory);
}

static void agrees_with_a_search(void) {
    for (uint64_t seed = 1; seed <= 3; seed++) {
        run(seed);
    }
}

static const punch_test_case cases[] = {
    {"the registry agrees with a table searched from end to end", agrees_with_a_search},
};

int main(void) {
    return PUNCH_TEST_MAIN("broker_registry", cases);
}
