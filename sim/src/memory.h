/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Large blocks. A world of a million hosts reads its memory all over the place: with 4 kB pages
 * most of what it waits for are page table walks, so large blocks ask for huge pages where the
 * system has them.
 */
#ifndef SIM_MEMORY_H
#define SIM_MEMORY_H

#include <stddef.h>

/* At least `bytes` bytes on a cache line boundary, not zeroed; NULL: out of memory. Give back with
 * free(). */
void *sim_memory_take(size_t bytes);

/* The same, zeroed, for `count` objects of `size` bytes. */
void *sim_memory_take_zeroed(size_t count, size_t size);

#endif
