/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _DEFAULT_SOURCE /* madvise */
#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    LINE_BYTES = 64,
    HUGE_PAGE_BYTES = 2 << 20 /* x86-64 and AArch64 with 4 kB pages */
};

static size_t rounded(size_t bytes, size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

void *sim_memory_take(size_t bytes) {
    if (bytes < 2 * (size_t)HUGE_PAGE_BYTES) {
        return aligned_alloc(LINE_BYTES, rounded(bytes + 1, LINE_BYTES));
    }
    const size_t length = rounded(bytes, HUGE_PAGE_BYTES);
    void *block = aligned_alloc(HUGE_PAGE_BYTES, length);
#ifdef MADV_HUGEPAGE
    if (block != NULL) {
        (void)madvise(block, length, MADV_HUGEPAGE); /* a wish: nothing depends on it */
    }
#endif
    return block;
}

void *sim_memory_take_zeroed(size_t count, size_t size) {
    void *block = sim_memory_take(count * size);
    if (block != NULL) {
        memset(block, 0, count * size);
    }
    return block;
}
