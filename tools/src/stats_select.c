/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats_select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"

/* 512 buckets to an octave keep a distribution within 0.2 % of its values. */
#define OCTAVE_BITS 9u
#define OCTAVE_BUCKETS (1u << OCTAVE_BITS)
/* Magnitudes below 512 have a bucket each; then come the octaves from 2^9 to 2^62. */
#define SIDE_BUCKETS ((63u - OCTAVE_BITS + 1u) * OCTAVE_BUCKETS)
/* The opposite of never, negative values, the others, never. */
#define LEAST_BUCKET 0u
#define ZERO_BUCKET (1u + SIDE_BUCKETS)
#define NEVER_BUCKET (ZERO_BUCKET + SIDE_BUCKETS)
#define BUCKET_COUNT (NEVER_BUCKET + 1u)

#define PART_BITS 11u
#define PART_COUNT (1u << PART_BITS)

/* 2^width_bits values from lo up; counted in parts of 2^part_bits each. */
typedef struct {
    int64_t lo;
    uint32_t width_bits;
    uint32_t part_bits;
    uint64_t below; /* values before lo */
    uint64_t counts[PART_COUNT];
} window;

typedef struct {
    uint64_t rank;
    bool known;
    int64_t value;
    uint32_t window; /* that holds it, while not known */
} wanted_rank;

struct stats_select {
    uint32_t pass; /* from 0 */
    uint64_t count;
    uint64_t buckets[BUCKET_COUNT];
    wanted_rank wanted[STATS_SELECT_WANTED_MAX];
    uint32_t wanted_count;
    window windows[STATS_SELECT_WANTED_MAX];
    uint32_t window_count;
};

stats_select *stats_select_create(void) {
    stats_select *select = calloc(1, sizeof *select);
    PUNCH_ASSERT(select != NULL);
    return select;
}

void stats_select_destroy(stats_select *select) {
    free(select);
}

void stats_select_reset(stats_select *select) {
    memset(select, 0, sizeof *select);
}

/* Position of the highest bit; magnitude > 0. */
static uint32_t highest_bit(uint64_t magnitude) {
    uint32_t bit = 0;
    for (uint32_t step = 32; step > 0; step /= 2) {
        if (magnitude >> step != 0) {
            magnitude >>= step;
            bit += step;
        }
    }
    return bit;
}

/* Which bucket of its side holds a magnitude below 2^63. */
static uint32_t side_bucket(uint64_t magnitude) {
    if (magnitude < OCTAVE_BUCKETS) {
        return (uint32_t)magnitude;
    }
    const uint32_t shift = highest_bit(magnitude) - OCTAVE_BITS;
    return shift * OCTAVE_BUCKETS + (uint32_t)(magnitude >> shift);
}

/* Smallest magnitude of a bucket of a side, and the binary logarithm of how many it holds. */
static uint64_t side_lo(uint32_t bucket, uint32_t *width_bits_out) {
    if (bucket < OCTAVE_BUCKETS) {
        *width_bits_out = 0;
        return bucket;
    }
    const uint32_t shift = bucket / OCTAVE_BUCKETS - 1;
    *width_bits_out = shift;
    return (uint64_t)(bucket - shift * OCTAVE_BUCKETS) << shift;
}

static uint32_t bucket_of(int64_t value) {
    if (value == INT64_MAX) {
        return NEVER_BUCKET;
    }
    if (value == INT64_MIN) {
        return LEAST_BUCKET;
    }
    /* -1 stands next to 0: negative magnitudes are counted from 0 too, so that a bucket's lower
     * edge is its smallest value on either side. */
    return value >= 0 ? ZERO_BUCKET + side_bucket((uint64_t)value)
                      : ZERO_BUCKET - 1 - side_bucket((uint64_t)(-(value + 1)));
}

/* Smallest value of a bucket between the ends. */
static int64_t bucket_lo(uint32_t bucket, uint32_t *width_bits_out) {
    if (bucket >= ZERO_BUCKET) {
        return (int64_t)side_lo(bucket - ZERO_BUCKET, width_bits_out);
    }
    const uint64_t nearest = side_lo(ZERO_BUCKET - 1 - bucket, width_bits_out);
    return -(int64_t)(nearest + ((UINT64_C(1) << *width_bits_out) - 1)) - 1;
}

static int64_t bucket_upper(uint32_t bucket) {
    if (bucket == LEAST_BUCKET) {
        return INT64_MIN;
    }
    if (bucket == NEVER_BUCKET) {
        return INT64_MAX;
    }
    uint32_t width_bits = 0;
    const int64_t lo = bucket_lo(bucket, &width_bits);
    return lo + ((INT64_C(1) << width_bits) - 1);
}

void stats_select_add(stats_select *select, int64_t value) {
    if (select->pass == 0) {
        select->buckets[bucket_of(value)]++;
        select->count++;
        return;
    }
    for (uint32_t w = 0; w < select->window_count; w++) {
        window *at = &select->windows[w];
        /* unsigned: values before lo wrap to beyond the width */
        const uint64_t offset = (uint64_t)value - (uint64_t)at->lo;
        if (offset >> at->width_bits == 0) {
            at->counts[offset >> at->part_bits]++;
            return;
        }
    }
}

uint64_t stats_select_count(const stats_select *select) {
    return select->count;
}

uint32_t stats_select_want(stats_select *select, uint64_t rank) {
    PUNCH_ASSERT(select->pass == 0);
    PUNCH_ASSERT(rank <= select->count + 1);
    PUNCH_ASSERT(select->wanted_count < STATS_SELECT_WANTED_MAX);
    wanted_rank *want = &select->wanted[select->wanted_count];
    *want = (wanted_rank){.rank = rank};
    if (rank == 0 || rank > select->count) {
        want->known = true;
        want->value = rank == 0 ? INT64_MIN : INT64_MAX;
    }
    return select->wanted_count++;
}

/* Narrows a wanted rank down to 2^width_bits values from lo up, with so many values before them:
 * known, or a window of the next pass. */
static void narrow(stats_select *select, wanted_rank *want, const window *to) {
    if (to->width_bits == 0) {
        want->known = true;
        want->value = to->lo;
        return;
    }
    for (uint32_t w = 0; w < select->window_count; w++) {
        if (select->windows[w].lo == to->lo) {
            want->window = w;
            return;
        }
    }
    want->window = select->window_count++;
    window *at = &select->windows[want->window];
    at->lo = to->lo;
    at->below = to->below;
    at->width_bits = to->width_bits;
    at->part_bits = to->width_bits > PART_BITS ? to->width_bits - PART_BITS : 0;
    memset(at->counts, 0, sizeof at->counts);
}

/* Finds the bucket of a rank after the first pass. */
static void narrow_to_bucket(stats_select *select, wanted_rank *want) {
    window to;
    to.below = 0;
    uint32_t bucket = 0;
    while (to.below + select->buckets[bucket] < want->rank) {
        to.below += select->buckets[bucket++];
    }
    to.width_bits = 0;
    if (bucket == LEAST_BUCKET || bucket == NEVER_BUCKET) {
        to.lo = bucket_upper(bucket);
    } else {
        to.lo = bucket_lo(bucket, &to.width_bits);
    }
    narrow(select, want, &to);
}

/* Finds the part of a rank after a later pass. */
static void narrow_to_part(stats_select *select, wanted_rank *want, const window *from) {
    window to;
    to.below = from->below;
    uint32_t part = 0;
    while (to.below + from->counts[part] < want->rank) {
        to.below += from->counts[part++];
        PUNCH_ASSERT(part < PART_COUNT); /* else this pass saw other values than the last */
    }
    to.lo = from->lo + (int64_t)((uint64_t)part << from->part_bits);
    to.width_bits = from->part_bits;
    narrow(select, want, &to);
}

bool stats_select_next_pass(stats_select *select) {
    /* The windows of the next pass are written over those of this one: kept aside. */
    window *old = NULL;
    if (select->window_count > 0) {
        old = malloc(select->window_count * sizeof *old);
        PUNCH_ASSERT(old != NULL);
        memcpy(old, select->windows, select->window_count * sizeof *old);
    }
    select->window_count = 0;
    for (uint32_t i = 0; i < select->wanted_count; i++) {
        wanted_rank *want = &select->wanted[i];
        if (want->known) {
            continue;
        }
        if (select->pass == 0) {
            narrow_to_bucket(select, want);
        } else {
            PUNCH_ASSERT(old != NULL); /* what is not known after a pass has a window */
            narrow_to_part(select, want, &old[want->window]);
        }
    }
    free(old);
    select->pass++;
    return select->window_count > 0;
}

int64_t stats_select_value(const stats_select *select, uint32_t wanted) {
    PUNCH_ASSERT(wanted < select->wanted_count);
    PUNCH_ASSERT(select->wanted[wanted].known);
    return select->wanted[wanted].value;
}

double stats_select_shown(const stats_select *select, uint32_t wanted) {
    const int64_t value = stats_select_value(select, wanted);
    return value == INT64_MAX ? (double)INFINITY : value == INT64_MIN ? 0.0 : (double)value;
}

bool stats_select_walk(const stats_select *select, stats_select_step *step) {
    for (uint32_t bucket = step->next_bucket; bucket < BUCKET_COUNT; bucket++) {
        if (select->buckets[bucket] > 0) {
            step->next_bucket = bucket + 1;
            step->upper = bucket_upper(bucket);
            step->cumulative += select->buckets[bucket];
            return true;
        }
    }
    return false;
}
