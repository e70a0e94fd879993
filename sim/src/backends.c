/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/backend.h"

#include <string.h>

static const sim_backend_ops *const all[] = {&sim_backend_des};

const sim_backend_ops *const *sim_backends(size_t *count_out) {
    *count_out = sizeof all / sizeof all[0];
    return all;
}

const sim_backend_ops *sim_backend_find(const char *name) {
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i]->name, name) == 0) {
            return all[i];
        }
    }
    return NULL;
}
