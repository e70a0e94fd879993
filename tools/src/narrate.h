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

/* Before the first record: who is where, behind which NAT. */
void narrate_cast(const narrator *teller);

/* After the last: what came of each call and why, in a paragraph; or as a JSON object. */
void narrate_verdict_words(const narrator *teller, const sim_trial_result *result);
void narrate_verdict_json(const narrator *teller, const sim_trial_result *result);

#endif
