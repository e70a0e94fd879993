/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nothing is allocated between the creation of a world and its destruction: linked with --wrap, all
 * allocating calls of our own libraries are counted over 1,000 trials.
 */
#include <stdlib.h>

#include "punch_test.h"
#include "random_world.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static uint64_t allocations;

void *__wrap_malloc(size_t size) {
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size) {
    allocations++;
    return __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    allocations++;
    return __real_aligned_alloc(alignment, size);
}

static void trials_allocate_nothing(void) {
    static small_world small;
    const nat_config a = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_ADF);
    const nat_config b = small_nat(NAT_MAPPING_APDM, NAT_FILTERING_APDF);
    small_pair(&small, &a, &b);
    small.sites[1].up.loss = punch_probability_of(0.1);
    small.sites[2].down.duplicate = punch_probability_of(0.2);
    small.calls[0].message_count = 2;
    small.calls[0].message_bytes = 50;
    small.plan.hold_us = 60 * PUNCH_US_PER_S;
    void *world = sim_backend_des.create(&small.plan);
    EXPECT("making a world allocates: the counter counts", allocations > 0);
    const uint64_t before = allocations;
    uint32_t connected = 0;
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        sim_backend_des.run(world, &small.plan, seed, NULL, small_result(&small));
        connected += small.result.calls[0].connected;
    }
    const uint64_t during = allocations - before;
    sim_backend_des.destroy(world);
    EXPECT_INT("1,000 trials allocate nothing", during, 0);
    EXPECT("and they were real trials", connected > 900);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"trials allocate nothing", trials_allocate_nothing},
    };
    return PUNCH_TEST_MAIN("alloc_counter", cases);
}
