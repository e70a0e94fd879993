/* SPDX-License-Identifier: MIT */
/*
 * The laboratory's keepalive strategies: what others do, to be compared with. libpunch knows none
 * of them; a program that wants one names it in the offers of a peer. Each is a file of its own.
 */
#ifndef PUNCH_LAB_H
#define PUNCH_LAB_H

#include "punch/keepalive.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const punch_keepalive punch_lab_wireguard_25;
extern const punch_keepalive punch_lab_sip_24_29;
extern const punch_keepalive punch_lab_consent;
extern const punch_keepalive punch_lab_quic_30;
extern const punch_keepalive punch_lab_lifetime_search;
extern const punch_keepalive punch_lab_longest_silence;
extern const punch_keepalive punch_lab_repunch;

/* All strategies there are: the core's first, in their order, then these; *count_out is how
 * many. */
const punch_keepalive *const *punch_lab_keepalives(size_t *count_out);

/* One of them by name, or NULL. */
const punch_keepalive *punch_lab_find(const char *name);

#ifdef __cplusplus
}
#endif

#endif
