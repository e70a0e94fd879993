/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"

void *memory_zeroed(size_t count, size_t size) {
    void *memory = calloc(count + 1, size);
    PUNCH_ASSERT(memory != NULL);
    return memory;
}

char *memory_text(const char *text) {
    const char *given = text != NULL ? text : "";
    const size_t length = strlen(given);
    char *copy = memory_zeroed(length, 1);
    memcpy(copy, given, length);
    return copy;
}
