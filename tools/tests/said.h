/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An analysis made by hand, of any shape and without any trials, for tests of what reports make of
 * it. Cell c of n connects c / (n - 1) of its calls, the first never, the last always.
 */
#ifndef SAID_H
#define SAID_H

#include "analysis.h"

#define SAID_FACTORS_MAX 5

/* All zero but level_counts: see said_make. */
typedef struct {
    uint32_t level_counts[SAID_FACTORS_MAX]; /* up to the first 0 */
    bool treatment;                          /* the last factor is one */
    bool holds;                              /* connections are held */
    bool partial;
    bool until;
    uint32_t expects;   /* their outcomes: pass, fail, inconclusive, pass, ... */
    const char *text;   /* title, question, a level, reasons and why; NULL: plain ones */
    double connected;   /* of every cell instead; 0: see above, below 0: none */
    uint64_t trials;    /* per cell; 0: 1000 */
    uint32_t why_bytes; /* length of each expectation's why; 0: a short one */
    bool judged;        /* the treatment is, by a tradeoff: see said_tradeoff.c */
} said_how;

typedef struct {
    facts about;
    analysis said;
} said;

/* To be freed by said_free. */
said *said_make(const said_how *how);
void said_free(said *made);

/* Levels that cost less and harm more the later they stand, with some that are beaten, one that is
 * never, and one that was not measured. Free with tradeoff_free. */
tradeoff *said_tradeoff(const facts *about);

/* What a writer writes, as text to be freed. */
char *said_text(const said *made, void (*put)(const analysis *of, FILE *out));

#endif
