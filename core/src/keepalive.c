/* SPDX-License-Identifier: MIT */
/*
 * The table of built-in keepalive strategies. Each strategy is a file of its own.
 */
#include "punch/keepalive.h"

#include <string.h>

#include "punch/bytes.h"

static const punch_keepalive *const builtin[] = {
    &punch_keepalive_agreed_15,
    &punch_keepalive_seed,
    &punch_keepalive_seed_bounded,
    &punch_keepalive_bayes,
};
#define OFFERED_COUNT 3 /* those that need no memory */

const punch_keepalive *const *punch_keepalive_builtin(size_t *count_out) {
    *count_out = sizeof builtin / sizeof builtin[0];
    return builtin;
}

const punch_keepalive *const *punch_keepalive_offered(size_t *count_out) {
    *count_out = OFFERED_COUNT;
    return builtin;
}

const punch_keepalive *punch_keepalive_find(const char *name) {
    for (size_t i = 0; i < sizeof builtin / sizeof builtin[0]; i++) {
        if (strcmp(builtin[i]->name, name) == 0) {
            return builtin[i];
        }
    }
    return NULL;
}

/* FNV-1a, 128 bits (G. Fowler, L. C. Noll, K.-P. Vo; www.isthe.com/chongo/tech/comp/fnv). The prime
 * is 2^88 + 0x13b: one multiplication is a shift and a product with a short number. */
punch_keepalive_id punch_keepalive_id_of(const char *name) {
    uint64_t high = UINT64_C(0x6c62272e07bb0142);
    uint64_t low = UINT64_C(0x62b821756295c58d);
    for (; *name != '\0'; name++) {
        low ^= (uint8_t)*name;
        const uint64_t product_low = (low & UINT32_MAX) * 0x13b;
        const uint64_t product_high = (low >> 32) * 0x13b + (product_low >> 32);
        high = high * 0x13b + (product_high >> 32) + (low << 24);
        low = product_high << 32 | (product_low & UINT32_MAX);
    }
    punch_keepalive_id id;
    punch_put_be(id.bytes, 8, high);
    punch_put_be(id.bytes + 8, 8, low);
    return id;
}
