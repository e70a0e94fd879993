/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heap against a sorted array: random pushes, pops and filters from fixed seeds.
 */
#include <string.h>

#include "punch/rng.h"
#include "punch_test.h"
#include "sim/queue.h"

enum { CAP = 300, STEPS = 20000, SEEDS = 20 };

typedef struct {
    sim_event events[CAP];
    uint32_t count;
} sorted_array;

/* Behind all events of the same instant: arrival order is sequence order. */
static void insert(sorted_array *array, sim_event event) {
    uint32_t at = array->count++;
    while (at > 0 && array->events[at - 1].at_us > event.at_us) {
        array->events[at] = array->events[at - 1];
        at--;
    }
    array->events[at] = event;
}

static sim_event remove_first(sorted_array *array) {
    const sim_event first = array->events[0];
    memmove(array->events, array->events + 1, --array->count * sizeof first);
    return first;
}

static bool keep(const void *user, const sim_event *event) {
    return event->what % *(const uint32_t *)user != 0;
}

static void filter(sorted_array *array, uint32_t modulus) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < array->count; i++) {
        if (keep(&modulus, &array->events[i])) {
            array->events[kept++] = array->events[i];
        }
    }
    array->count = kept;
}

static bool step(sim_queue *queue, sorted_array *array, punch_rng *rng, punch_time_us *now_us) {
    const uint64_t draw = punch_rng_below(rng, 1000);
    if (draw == 0) {
        const uint32_t modulus = 2 + (uint32_t)punch_rng_below(rng, 3);
        sim_queue_filter(queue, keep, &modulus);
        filter(array, modulus);
    } else if (array->count < CAP && (array->count == 0 || draw < 520)) {
        /* Few distinct instants, so that ties are common. */
        const punch_time_us at_us = *now_us + (punch_time_us)punch_rng_below(rng, 40);
        const uint32_t what = (uint32_t)punch_rng_u64(rng);
        const uint32_t seq = sim_queue_push(queue, at_us, what);
        insert(array, (sim_event){at_us, seq, what});
    } else {
        const sim_event got = sim_queue_pop(queue);
        const sim_event expected = remove_first(array);
        *now_us = got.at_us;
        if (got.at_us != expected.at_us || got.what != expected.what) {
            return false;
        }
    }
    return queue->count == array->count;
}

static void behaves_as_sorted_array(void) {
    static sorted_array array;
    sim_queue queue;
    EXPECT("a queue is made", sim_queue_create(&queue, CAP));
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        punch_rng rng = punch_rng_stream(seed, 0, 0);
        punch_time_us now_us = 0;
        uint32_t done = 0;
        sim_queue_reset(&queue);
        queue.next_seq = (uint32_t)punch_rng_u64(&rng);
        array.count = 0;
        while (done < STEPS && step(&queue, &array, &rng, &now_us)) {
            done++;
        }
        if (!EXPECT_INT("the heap does what the sorted array does (steps)", done, STEPS)) {
            break;
        }
    }
    sim_queue_destroy(&queue);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"the queue behaves as a sorted array", behaves_as_sorted_array},
    };
    return PUNCH_TEST_MAIN("prop_queue", cases);
}
