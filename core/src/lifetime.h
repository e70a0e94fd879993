/* SPDX-License-Identifier: MIT */
/*
 * What we believe about the lifetime T of our hole: how long our NAT remembers it when nothing
 * passes. A posterior on a grid whose cells are equal steps of ln T, twelve to the octave:
 *
 *   cell i holds T from edge(i) to edge(i + 1);  edge(i) = 7.4 s x 2^(i/12);  84 cells, to 947 s
 *
 * Cell 0 also stands for all that is shorter, the last one for all that is longer. 7.4 s puts the
 * published defaults (30, 60, 120, 180, 240, 300, 350 s) just above an edge, so that a probe as
 * long as an edge answers the question "is it at least this one?".
 *
 * Evidence is that something came in after a silence g, or that it did not. With q the probability
 * that a question or its answer gets lost, and k attempts:
 *
 *   came in      L(T) = 1 - q^k  where T > g,  0 elsewhere       (the factor drops out)
 *   did not      L(T) = q^k      where T > g,  1 elsewhere
 *
 * and of a packet that was missed at an unknown time in a silence, q + (1 - q) x the share of the
 * silence after T. But nothing is quite 0: clocks, restarts and other people's devices break every
 * rule, and what is certain could never be unlearnt. The cell that g falls into is spared when
 * something came in, and when it did not, unless g lies in its lower half.
 *
 * With time, belief fades in two ways. It spreads to neighbouring cells: timeouts drift, with load
 * and by time of day. And a small share of it goes back to the prior: the device was replaced, or
 * its rules were (the fixed share of Herbster and Warmuth, "Tracking the best expert", Machine
 * Learning 32, 1998).
 *
 * Only + - * / on IEEE numbers, in one order: the same bits everywhere.
 */
#ifndef PUNCH_LIFETIME_H
#define PUNCH_LIFETIME_H

#include <stdint.h>

#include "punch/keepalive.h"
#include "punch/time.h"

#define PUNCH_LIFETIME_CELLS 84

typedef struct {
    float weights[PUNCH_LIFETIME_CELLS]; /* of the cells; they sum to 1 */
    /* Questions asked of holes that were open, and those of them that got lost. */
    float asked_count;
    float lost_count;
    punch_time_us faded_at_us; /* until when belief has faded */
} punch_lifetime;

/* Forgets everything: the prior, as of now. */
void punch_lifetime_reset(punch_lifetime *lifetime, punch_time_us now_us);

/* Lets belief fade until now; time does not run backwards. O(cells) for every two minutes gone by,
 * at most a day of them: more would change nothing. */
void punch_lifetime_fade(punch_lifetime *lifetime, punch_time_us now_us);

/* Takes one piece of evidence, after letting belief fade until then. O(cells). */
void punch_lifetime_observe(punch_lifetime *lifetime, const punch_keepalive_evidence *evidence);

/* P(T > silence), taking T as the lower end of its cell. */
double punch_lifetime_survival(const punch_lifetime *lifetime, punch_time_us silence_us);

/* The longest edge that T is at least with this probability (0..1). */
punch_time_us punch_lifetime_quantile(const punch_lifetime *lifetime, double probability);

/* Probability that a question asked of an open hole, or its answer, gets lost. */
double punch_lifetime_loss(const punch_lifetime *lifetime);

/* Probability that none of so many questions (>= 1) is answered though the hole is open. */
double punch_lifetime_all_lost(const punch_lifetime *lifetime, uint8_t attempts);

/* Lower end of a cell; of PUNCH_LIFETIME_CELLS, upper end of the last. */
punch_time_us punch_lifetime_edge_us(unsigned cell);

#endif
