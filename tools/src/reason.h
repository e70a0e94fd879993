/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a pair did not connect, in words: what the cores said, and what the world knows. Side 0 is
 * the caller, side 1 the callee.
 */
#ifndef REASON_H
#define REASON_H

#include <stdbool.h>
#include <stdio.h>

#include "facts.h"
#include "sim/plan.h"

#define REASON_TEXT_CAP 512

/* "other port", "mapping expired", ...: a verdict in two or three words. */
const char *reason_verdict_words(nat_verdict verdict);

/* Names of the hosts and sites a call is about: from any plan of the scenario, or from the facts of
 * a run. */
typedef struct {
    const sim_plan *plan; /* or NULL */
    const facts *about;   /* or NULL */
    uint32_t host[2];     /* caller, callee */
} reason_names;

reason_names reason_names_of(const sim_plan *plan, uint32_t call);
reason_names reason_names_of_facts(const facts *about, uint32_t call);
const char *reason_host(const reason_names *names, int side);
const char *reason_site(const reason_names *names, uint32_t site);

/* What a reason is told from, and nothing else: calls that failed alike have equal bytes. */
typedef struct {
    uint32_t call;
    uint32_t blocked_site[2]; /* 0 where nothing was blocked */
    uint32_t broker_site[2];  /* likewise */
    uint8_t fail[2];          /* punch_fail */
    uint8_t fate[2];          /* of packets towards that side: reason_fate */
    uint8_t verdict[2];       /* nat_verdict; 0 where nothing was blocked */
    uint8_t dodged[2];        /* its port was taken */
    uint8_t broker[2];        /* of packets between that side and its broker: reason_broker */
    uint8_t broker_verdict[2];
} reason_key;

typedef enum {
    REASON_ARRIVED,
    REASON_BLOCKED,
    REASON_APART, /* inside their site; and where NATs do not hairpin, there is no other way */
    REASON_LOST,
    REASON_TTL,
    REASON_HOST_DOWN,
    REASON_NOBODY,
    REASON_NOTHING_SENT
} reason_fate;

/* Asked only where a side failed for want of its broker: what became of most of the packets between
 * the two that did not arrive. */
typedef enum {
    REASON_BROKER_UNASKED,
    REASON_BROKER_BLOCKED_TO,
    REASON_BROKER_BLOCKED_FROM,
    REASON_BROKER_DOWN,
    REASON_BROKER_HOST_DOWN,
    REASON_BROKER_TTL_TO,
    REASON_BROKER_TTL_FROM,
    REASON_BROKER_APART,
    REASON_BROKER_NOBODY,
    REASON_BROKER_LINK
} reason_broker;

reason_key reason_key_of(const sim_call_result *result, uint32_t call);

/* "no_answer; B's NAT dropped A: other port (filter-port)"; a port that was taken comes first,
 * being the cause of what was dropped. Free of port numbers and counts, so that equal failures read
 * alike.
 * Returns text. */
char *reason_text(const reason_names *names, const reason_key *key, char text[REASON_TEXT_CAP]);

/* The same of a call. */
char *reason_of_call(const reason_names *names, const sim_call_result *call,
                     char text[REASON_TEXT_CAP]);

/* One reason, how many calls failed for it, and the first trial that shows it. */
typedef struct {
    char text[REASON_TEXT_CAP];
    uint64_t count;
    uint64_t example_trial;
} reason_count;

#endif
