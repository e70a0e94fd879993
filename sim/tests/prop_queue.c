/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queue against a sorted array: random pushes, pops and filters from fixed seeds; small queues
 * (a heap) and large ones (a heap and a wheel).
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

static punch_time_us draw_delay_us(const sim_queue *queue, punch_rng *rng) {
    if (queue->wheel == NULL || punch_rng_below(rng, 3) == 0) {
        return (punch_time_us)punch_rng_below(rng, 40); /* few instants, so that ties are common */
    }
    /* Within a slot of the wheel, within its span, beyond it. */
    static const uint64_t spans_us[] = {30000, 1000000, 16000000, 17000000, 60000000};
    return (punch_time_us)punch_rng_below(rng, spans_us[punch_rng_below(rng, 5)]);
}

static bool step(sim_queue *queue, sorted_array *array, punch_rng *rng, punch_time_us *now_us) {
    const uint64_t draw = punch_rng_below(rng, 1000);
    if (draw == 0) {
        const uint32_t modulus = 2 + (uint32_t)punch_rng_below(rng, 3);
        sim_queue_filter(queue, keep, &modulus);
        filter(array, modulus);
    } else if (array->count < CAP && (array->count == 0 || draw < 520)) {
        const punch_time_us at_us = *now_us + draw_delay_us(queue, rng);
        const uint32_t what = (uint32_t)punch_rng_u64(rng);
        const uint32_t seq = sim_queue_push(queue, at_us, what);
        insert(array, (sim_event){at_us, seq, what});
    } else {
        const sim_event expected = remove_first(array);
        sim_event got;
        if (sim_queue_pop(queue, expected.at_us - 1, &got) ||
            !sim_queue_pop(queue, expected.at_us, &got)) {
            return false;
        }
        *now_us = got.at_us;
        if (got.at_us != expected.at_us || got.what != expected.what) {
            return false;
        }
    }
    return queue->count == array->count;
}

static void compare(uint32_t cap) {
    static sorted_array array;
    sim_queue queue;
    EXPECT("a queue is made", sim_queue_create(&queue, cap));
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
        if (!EXPECT_INT("the queue does what the sorted array does (steps)", done, STEPS)) {
            break;
        }
    }
    sim_queue_destroy(&queue);
}

static void small_queue(void) {
    compare(CAP);
}

static void large_queue(void) {
    compare(SIM_QUEUE_WHEEL_CAP_MIN);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"a small queue behaves as a sorted array", small_queue},
        {"a large queue, with its wheel, does too", large_queue},
    };
    return PUNCH_TEST_MAIN("prop_queue", cases);
}
