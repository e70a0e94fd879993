/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is there, or the program ends: what is asked for here is small, and nothing sensible
 * could be done without it.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

/* Room for count things and one more, all zero; to be freed. Asserts that it is there. */
void *memory_zeroed(size_t count, size_t size);

/* A copy, to be freed; NULL is copied as "". Asserts that there is room. */
char *memory_text(const char *text);

#endif
