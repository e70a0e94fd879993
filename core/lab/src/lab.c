/* SPDX-License-Identifier: MIT */
/*
 * The table of all strategies: those built into the core, then the laboratory's.
 */
#include "punch/lab.h"

#include <string.h>

static const punch_keepalive *const all[] = {
    &punch_keepalive_agreed_15, &punch_keepalive_seed,   &punch_keepalive_seed_bounded,
    &punch_keepalive_bayes,     &punch_lab_wireguard_25, &punch_lab_sip_24_29,
    &punch_lab_consent,         &punch_lab_quic_30,      &punch_lab_lifetime_search,
    &punch_lab_longest_silence, &punch_lab_repunch,
};

const punch_keepalive *const *punch_lab_keepalives(size_t *count_out) {
    *count_out = sizeof all / sizeof all[0];
    return all;
}

const punch_keepalive *punch_lab_find(const char *name) {
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i]->name, name) == 0) {
            return all[i];
        }
    }
    return NULL;
}
