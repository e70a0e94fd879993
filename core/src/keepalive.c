/* SPDX-License-Identifier: MIT */
/*
 * The table of built-in keepalive strategies. Each strategy is a file of its own.
 */
#include "punch/keepalive.h"

#include <string.h>

static const punch_keepalive *const builtin[] = {
    &punch_keepalive_agreed_15,
    &punch_keepalive_seed,
    &punch_keepalive_seed_bounded,
};

const punch_keepalive *const *punch_keepalive_builtin(size_t *count_out) {
    *count_out = sizeof builtin / sizeof builtin[0];
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
