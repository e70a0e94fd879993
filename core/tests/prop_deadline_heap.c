/* SPDX-License-Identifier: MIT */
/* Random operations on the deadline heap against a table searched from end to end. */
#include "deadline_heap.h"

#include <stdbool.h>
#include <stdlib.h>

#include "punch/rng.h"
#include "punch_test.h"

#define HANDLES_MAX 50
#define STEPS 20000

typedef struct {
    bool in;
    punch_time_us due_at_us;
} entry;

static uint32_t first_of(const entry *table, uint32_t handle_count) {
    uint32_t first = PUNCH_HANDLE_NONE;
    for (uint32_t handle = 0; handle < handle_count; handle++) {
        if (table[handle].in &&
            (first == PUNCH_HANDLE_NONE || table[handle].due_at_us < table[first].due_at_us)) {
            first = handle;
        }
    }
    return first;
}

/* One random run; few distinct deadlines, so that ties are common. */
static bool run(uint64_t seed, uint32_t handle_count) {
    entry table[HANDLES_MAX] = {{0}};
    punch_deadline_heap heap;
    void *memory = aligned_alloc(16, punch_deadline_heap_bytes(handle_count));
    bool held = memory != NULL;
    punch_rng rng = punch_rng_stream(seed, handle_count, 0);
    if (held) {
        punch_deadline_heap_init(&heap, memory, handle_count);
    }
    for (uint32_t step = 0; held && step < STEPS; step++) {
        const uint32_t handle = (uint32_t)punch_rng_below(&rng, handle_count);
        if (table[handle].in && punch_rng_below(&rng, 3) == 0) {
            punch_deadline_heap_remove(&heap, handle);
            table[handle].in = false;
        } else {
            table[handle] = (entry){true, (punch_time_us)punch_rng_below(&rng, 40)};
            punch_deadline_heap_set(&heap, handle, table[handle].due_at_us);
        }
        const uint32_t first = first_of(table, handle_count);
        const punch_time_us due_us =
            first != PUNCH_HANDLE_NONE ? table[first].due_at_us : PUNCH_NEVER;
        held = EXPECT_INT("first handle", punch_deadline_heap_first(&heap), first) &&
               EXPECT_INT("first deadline", punch_deadline_heap_due_us(&heap), due_us);
    }
    free(memory);
    return held;
}

static void agrees_with_a_search(void) {
    static const uint32_t handle_counts[] = {1, 2, 3, 7, HANDLES_MAX};
    for (size_t i = 0; i < sizeof handle_counts / sizeof handle_counts[0]; i++) {
        EXPECT("heap and table agree after every step", run(20 + i, handle_counts[i]));
    }
}

static const punch_test_case cases[] = {
    {"the heap agrees with a table searched from end to end", agrees_with_a_search},
};

int main(void) {
    return PUNCH_TEST_MAIN("deadline_heap", cases);
}
