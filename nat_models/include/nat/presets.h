/* SPDX-License-Identifier: MIT */
/*
 * Devices people meet. Every field of every preset names its public source or says "chosen".
 */
#ifndef NAT_PRESETS_H
#define NAT_PRESETS_H

#include "nat/nat.h"

typedef struct {
    const char *field;  /* as in scenario files: "mapping", "udp_timeout_first", ... */
    const char *source; /* public source, or "chosen: ..." */
} nat_field_source;

typedef struct {
    const char *name;  /* "linux-masquerade", ... */
    const char *title; /* one line for people */
    nat_config config;
    const nat_field_source *sources; /* one entry per field, ends with {NULL, NULL} */
} nat_preset;

#ifdef __cplusplus
extern "C" {
#endif

/* All presets; *count_out is how many. */
const nat_preset *nat_presets(size_t *count_out);

/* By name, or NULL. */
const nat_preset *nat_preset_find(const char *name);

#ifdef __cplusplus
}
#endif

#endif
