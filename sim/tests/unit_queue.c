/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "punch_test.h"
#include "sim/queue.h"

typedef struct {
    const char *sentence;
    punch_time_us pushed_us[6];
    uint32_t popped[6]; /* indices into pushed_us, in the order expected */
    uint32_t count;
} order_row;

static const order_row order_rows[] = {
    {"one event comes back", {5}, {0}, 1},
    {"earlier events come first", {30, 10, 20}, {1, 2, 0}, 3},
    {"events of one instant keep their order", {7, 7, 7, 7, 7, 7}, {0, 1, 2, 3, 4, 5}, 6},
    {"instants may be negative", {0, -5, 5}, {1, 0, 2}, 3},
    {"an equal instant does not overtake", {9, 3, 9, 3, 1, 9}, {4, 1, 3, 0, 2, 5}, 6},
};

/* The earliest event of a queue that has one. */
static sim_event pop(sim_queue *queue) {
    sim_event event = {0};
    EXPECT("there is an event", sim_queue_pop(queue, PUNCH_NEVER, &event));
    return event;
}

static void pops_in_order(void) {
    sim_queue queue;
    EXPECT("a queue is made", sim_queue_create(&queue, 8));
    for (size_t row = 0; row < sizeof order_rows / sizeof order_rows[0]; row++) {
        const order_row *at = &order_rows[row];
        sim_queue_reset(&queue);
        for (uint32_t i = 0; i < at->count; i++) {
            (void)sim_queue_push(&queue, at->pushed_us[i], i);
        }
        for (uint32_t i = 0; i < at->count; i++) {
            const sim_event event = pop(&queue);
            EXPECT_INT(at->sentence, event.what, at->popped[i]);
            EXPECT_INT("the event kept its instant", event.at_us, at->pushed_us[event.what]);
        }
        sim_event event;
        EXPECT_INT("nothing is left", queue.count, 0);
        EXPECT("nothing comes out", !sim_queue_pop(&queue, PUNCH_NEVER, &event));
    }
    sim_queue_destroy(&queue);
}

static void order_survives_wrap(void) {
    sim_queue queue;
    EXPECT("a queue is made", sim_queue_create(&queue, 8));
    queue.next_seq = UINT32_MAX - 2;
    for (uint32_t i = 0; i < 6; i++) {
        (void)sim_queue_push(&queue, 100, i);
    }
    for (uint32_t i = 0; i < 6; i++) {
        EXPECT_INT("sequence numbers are compared modulo 2^32", pop(&queue).what, i);
    }
    sim_queue_destroy(&queue);
}

static bool is_even(const void *user, const sim_event *event) {
    (void)user;
    return event->what % 2 == 0;
}

static void filter_keeps_order(void) {
    sim_queue queue;
    EXPECT("a queue is made", sim_queue_create(&queue, 64));
    for (uint32_t i = 0; i < 64; i++) {
        (void)sim_queue_push(&queue, (punch_time_us)(i * 37 % 11), i);
    }
    sim_queue_filter(&queue, is_even, NULL);
    EXPECT_INT("half of the events is left", queue.count, 32);
    sim_event last = {.at_us = -1};
    for (uint32_t i = 0; i < 32; i++) {
        const sim_event event = pop(&queue);
        EXPECT_INT("only kept events come out", event.what % 2, 0);
        EXPECT("the order of the rest stays",
               event.at_us > last.at_us || (event.at_us == last.at_us && event.seq > last.seq));
        last = event;
    }
    sim_queue_filter(&queue, is_even, NULL);
    EXPECT_INT("an empty queue can be filtered", queue.count, 0);
    sim_queue_destroy(&queue);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"events leave in order of (instant, sequence)", pops_in_order},
        {"the order survives the wrap of the sequence number", order_survives_wrap},
        {"filtering keeps the order", filter_keeps_order},
    };
    return PUNCH_TEST_MAIN("unit_queue", cases);
}
