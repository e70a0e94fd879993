/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of numbers that R made, tests/data/r/NAME.txt: one row at a time, its numbers in order.
 */
#ifndef VECTORS_H
#define VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define VECTORS_NUMBERS_MAX 1024u

typedef struct {
    FILE *file;
    size_t line; /* of the row, from 1 */
    double numbers[VECTORS_NUMBERS_MAX];
    size_t count;
} vectors;

/* False (and a failed expectation) when there is no such file. */
bool vectors_open(vectors *rows, const char *name);

/* The next row; false at the end, which is a failed expectation when there was none. Closes. */
bool vectors_next(vectors *rows);

#endif
