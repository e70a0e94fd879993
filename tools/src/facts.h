/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The facts of a run: everything about it that is not the result of a trial. They are taken from a
 * scenario when a run begins, stand at the head of its trials file, and are all that reports ever
 * read: a report needs no scenario file. Nothing here depends on the machine, the time of day or
 * the number of jobs.
 */
#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/measure.h"
#include "sim/scenario.h"

typedef struct {
    char *name;
    bool treatment; /* its levels meet the same worlds */
    uint32_t level_count;
    char **levels;
} facts_factor;

typedef struct {
    uint32_t call_count; /* per trial */
    bool holds;          /* the world ran on after the calls were decided */
    bool messages;       /* connected calls sent short messages */
    bool crashes;        /* with a hold: a peer crashed */
    bool faults;         /* ... there was something to recover from */
    bool radio;          /* ... a peer had a radio */
    bool room;           /* NATs might lack it, or the scenario asks */
    bool adapts;         /* with a hold: a strategy that learns might be used (intervals.h) */
} facts_cell;

/* Which host calls which: positions in facts.hosts. */
typedef struct {
    uint32_t caller;
    uint32_t callee;
} facts_call;

typedef struct {
    char *version; /* of the program that ran the trials */
    char *commit;
    char *scenario; /* name */
    char *title;
    char *question; /* "" when the file asks none */
    char *file;     /* as typed */
    uint64_t digest;
    sim_override *overrides; /* keys and values owned here */
    uint32_t override_count;
    char **plugins; /* files, as typed */
    uint32_t plugin_count;
    char **plugin_digests; /* of their bytes; as many */
    uint32_t plugin_digest_count;
    uint64_t seed;
    uint64_t trials; /* per cell; the most, with until */
    char *backend;
    bool virtual_time;  /* same seed, same bytes */
    bool backend_given; /* on the command line */
    char *crypto;
    bool crypto_given;
    uint32_t shard;       /* this part of the run, from 0, */
    uint32_t shard_count; /* of so many; 1 = all of it */
    sim_until until;      /* measure by its position in sim_measures() */
    sim_tradeoff tradeoff;
    facts_factor *factors;
    uint32_t factor_count;
    facts_cell *cells;
    uint32_t cell_count;
    char **hosts;
    uint32_t host_count;
    char **sites;
    uint32_t site_count;
    facts_call *calls; /* of the cell with the most calls */
    uint32_t call_count;
    sim_expect *expects; /* why owned here */
    uint32_t expect_count;
} facts;

/* One JSON object, the same bytes for the same facts. */
void facts_write(const facts *of, FILE *out);

/* Reads what facts_write wrote; false with *why_out a static sentence and *out zeroed. Free with
 * facts_free. Total: hostile text is refused, never trusted. */
bool facts_parse(const char *text, size_t length, facts *out, const char **why_out);

/* A copy in its own memory. */
facts facts_copy(const facts *of);
void facts_free(facts *of);

/* Level of a factor in a cell; the last factor varies fastest. */
uint32_t facts_level(const facts *of, uint32_t cell, uint32_t factor);
const char *facts_level_name(const facts *of, uint32_t cell, uint32_t factor);

/* Does the measure say anything in that cell? */
bool facts_measured(const facts *of, uint32_t cell, uint32_t measure);

/* Cells that differ in nothing but treatments meet the same worlds, trial by trial. */
bool facts_paired(const facts *of, uint32_t cell, uint32_t other);

#endif
