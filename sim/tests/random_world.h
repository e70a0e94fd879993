/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans that draw every option from a seed, for swarm and determinism tests. The first half of a
 * trial has faults (many of them switched off entirely, so that their combinations differ), the
 * second half has none.
 */
#ifndef SIM_TESTS_RANDOM_WORLD_H
#define SIM_TESTS_RANDOM_WORLD_H

#include "small_world.h"

#define RANDOM_CALM_AT_US (120 * PUNCH_US_PER_S) /* from then on there are no faults */
#define RANDOM_CALL_AT_US (400 * PUNCH_US_PER_S) /* then the second calls are placed */
#define RANDOM_LIMIT_US (600 * PUNCH_US_PER_S)   /* and by then they must be decided */

typedef struct {
    small_world small;
    uint32_t first_calm_call; /* calls before it are placed while there are faults */
} random_world;

/* Draws a plan. */
void random_world_draw(random_world *random, uint64_t seed);

/* Takes everything random and every outage off the links, as of now: for use between two steps of a
 * running world. */
void random_world_calm(random_world *random);

/* Whether two peers must connect when nothing is wrong: their NATs can be opened to each other, and
 * neither bars or destroys what a stray packet met. */
bool random_world_must_connect(const random_world *random, uint32_t call);

#endif
