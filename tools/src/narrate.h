/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells a trial packet by packet, as it happens: in words for people, or as one JSON object per
 * record for programs. Both listen as observers of the world.
 */
#ifndef NARRATE_H
#define NARRATE_H

#include <stdio.h>

#include "reason.h"
#include "sim/observer.h"

typedef struct {
    FILE *out;
    const sim_plan *plan;  /* of the trial running */
    uint32_t *intros_sent; /* per host */
    punch_addr *seen_at;   /* per host: where a broker saw it last; no family: never */
    uint32_t *senders;     /* by packet number; grows */
    uint64_t sender_cap;
    uint32_t faults_told;
    uint64_t records;
} narrator;

/* Asserts that memory is there. */
narrator narrator_of(FILE *out, const sim_plan *plan, uint32_t host_max);
void narrator_free(narrator *teller);

/* Callbacks of a sim_observer whose user is a narrator. */
void narrate_words(void *user, const sim_saw *record);
void narrate_json(void *user, const sim_saw *record);

/* Who, in the eyes of someone at that site, has that address; NULL when nobody. */
const char *narrate_name_of(const sim_plan *plan, uint32_t from_site, const punch_addr *addr);

/* "mapping EIM, filtering APDF, ...": what a NAT does. */
void narrate_behaviour(const nat_config *box, FILE *out);
/* "192.0.2.1", or of a pool "192.0.2.1 to .4 (paired)". */
void narrate_addresses(const nat_config *box, const punch_addr *first, FILE *out);

/* Before the first record: who is where, behind which NAT. */
void narrate_cast(const narrator *teller);

/* After the last: what came of each call and why, in a paragraph; or as a JSON object. */
void narrate_verdict_words(const narrator *teller, const sim_trial_result *result);
void narrate_verdict_json(const narrator *teller, const sim_trial_result *result);

#endif
