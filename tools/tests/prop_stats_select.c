/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Order statistics in several passes against sorting everything: random sets of values of all
 * magnitudes and signs, ties, nevers.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "punch/rng.h"
#include "punch_test.h"
#include "stats_select.h"

#define VALUES_MAX 3000u

static int ascending(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* One of several kinds of values; kind fixes how large they get. */
static int64_t draw(punch_rng *rng, uint32_t kind) {
    const uint64_t bits = punch_rng_u64(rng);
    switch (kind) {
    case 0: /* ties of small numbers */
        return (int64_t)(bits % 7);
    case 1: /* every magnitude and sign */
        return (int64_t)bits >> punch_rng_below(rng, 64);
    case 2: /* times to connect, a third never */
        return bits % 3 == 0 ? INT64_MAX : (int64_t)(bits % 5000000);
    case 3: /* differences of such */
        return bits % 5 == 0 ? INT64_MIN : (int64_t)(bits % 200000) - 100000;
    default: /* the edges of buckets */
        return ((int64_t)1 << punch_rng_below(rng, 62)) * (bits % 2 == 0 ? 1 : -1) +
               (int64_t)(bits / 2 % 3) - 1;
    }
}

/* Passes over all values; returns how many there were. */
static uint32_t run_passes(stats_select *select, const int64_t *values, uint32_t n) {
    uint32_t passes = 1;
    while (stats_select_next_pass(select)) {
        for (uint32_t i = 0; i < n; i++) {
            stats_select_add(select, values[i]);
        }
        passes++;
    }
    return passes;
}

static void against_sorting(void) {
    int64_t values[VALUES_MAX];
    stats_select *select = stats_select_create();
    punch_rng rng = punch_rng_stream(1, 0, 0);
    for (uint32_t round = 0; round < 400; round++) {
        const uint32_t n = 1 + (uint32_t)punch_rng_below(&rng, round % 4 == 0 ? 9 : VALUES_MAX);
        stats_select_reset(select);
        for (uint32_t i = 0; i < n; i++) {
            values[i] = draw(&rng, round % 5);
            stats_select_add(select, values[i]);
        }
        uint64_t ranks[STATS_SELECT_WANTED_MAX];
        for (uint32_t i = 0; i < STATS_SELECT_WANTED_MAX; i++) {
            ranks[i] = punch_rng_below(&rng, n + 2);
            EXPECT_INT("wanted are numbered", stats_select_want(select, ranks[i]), i);
        }
        EXPECT_INT("count", stats_select_count(select), n);
        run_passes(select, values, n);
        qsort(values, n, sizeof values[0], ascending);
        for (uint32_t i = 0; i < STATS_SELECT_WANTED_MAX; i++) {
            const int64_t expected = ranks[i] == 0  ? INT64_MIN
                                     : ranks[i] > n ? INT64_MAX
                                                    : values[ranks[i] - 1];
            if (!EXPECT_INT("the value of that rank", stats_select_value(select, i), expected)) {
                printf("round %" PRIu32 ", rank %" PRIu64 " of %" PRIu32 "\n", round, ranks[i], n);
                break;
            }
        }
    }
    stats_select_destroy(select);
}

/* Each step of the walk says how many values are not above its edge. */
static void walking(void) {
    int64_t values[VALUES_MAX];
    stats_select *select = stats_select_create();
    punch_rng rng = punch_rng_stream(2, 0, 0);
    for (uint32_t kind = 0; kind < 5; kind++) {
        stats_select_reset(select);
        for (uint32_t i = 0; i < VALUES_MAX; i++) {
            values[i] = draw(&rng, kind);
            stats_select_add(select, values[i]);
        }
        qsort(values, VALUES_MAX, sizeof values[0], ascending);
        stats_select_step step = {0};
        uint64_t last = 0;
        int64_t last_upper = INT64_MIN;
        while (stats_select_walk(select, &step)) {
            EXPECT("buckets ascend", last == 0 || step.upper > last_upper);
            EXPECT("and are not empty", step.cumulative > last);
            EXPECT("the last one is within", values[step.cumulative - 1] <= step.upper);
            EXPECT("the next one is not",
                   step.cumulative == VALUES_MAX || values[step.cumulative] > step.upper);
            /* 512 buckets to an octave: an edge is at most 1/512 of its value away */
            const int64_t value = values[step.cumulative - 1];
            EXPECT("the edge is near",
                   (double)step.upper - (double)value <= fabs((double)value) / 512.0 + 1.0);
            last = step.cumulative;
            last_upper = step.upper;
        }
        EXPECT_INT("the last step has all", last, VALUES_MAX);
    }
    stats_select_destroy(select);
}

static void pass_counts(void) {
    static const struct {
        int64_t value;
        uint32_t passes;
    } rows[] = {
        {0, 1},          {1023, 1},       {-1024, 1},         {INT64_MAX, 1},
        {INT64_MIN, 1},  {2097151, 2},    {2097152, 3},       {-2097152, 2},
        {4294967295, 3}, {4294967296, 4}, {INT64_MAX - 1, 6}, {INT64_MIN + 1, 6},
    };
    stats_select *select = stats_select_create();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        stats_select_reset(select);
        stats_select_add(select, rows[i].value);
        const uint32_t wanted = stats_select_want(select, 1);
        EXPECT_INT("passes", run_passes(select, &rows[i].value, 1), rows[i].passes);
        EXPECT_INT("value", stats_select_value(select, wanted), rows[i].value);
    }
    stats_select_destroy(select);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"every rank has the value that sorting gives it", against_sorting},
        {"the walk over buckets is the distribution function", walking},
        {"as many passes as said", pass_counts},
    };
    return PUNCH_TEST_MAIN("select", cases);
}
