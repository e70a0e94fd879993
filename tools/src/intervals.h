/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a strategy that learns changes its interval over time: recorded for the first trials of each
 * cell in which one may be used, by listening to their worlds.
 *
 * The interval is what the network sees: the time between a keepalive and whatever its sender last
 * sent on the same path. Jitter is part of it, so a change counts from a tenth on; where that still
 * makes too many points, every second one is dropped, and from then on only every second change is
 * taken, again and again. So a record is bounded, and depends on the trial alone.
 */
#ifndef INTERVALS_H
#define INTERVALS_H

#include "sim/observer.h"

/* Trials of a cell that are listened to, from the first. Chosen: enough to see whether one is
 * typical, and so few that neither time nor file is spent. */
#define INTERVALS_TRIALS 3u

/* Of one side. Chosen: steps that a figure can still show. */
#define INTERVALS_POINTS_MAX 128u

typedef struct {
    punch_time_us at_us;       /* of the keepalive, since the side was first connected */
    punch_time_us interval_us; /* before that keepalive */
    punch_time_us lifetime_us; /* the NATs' shortest timeout in force then; PUNCH_NEVER = no NAT */
} interval_point;

typedef struct {
    uint32_t count;
    interval_point
        points[INTERVALS_POINTS_MAX]; /* ascending in time; the last keepalive at the end */
} interval_line;

/* [0] caller [1] callee of the trial's first call. A host with several calls is followed through
 * one connection at a time, beginning with the first that came about. */
typedef struct {
    interval_line sides[2];
} interval_log;

/* May a strategy that learns be used in such worlds, and do they last? */
bool intervals_adapt(const sim_plan *plan);

typedef struct {
    punch_call call; /* followed now; PUNCH_CALL_NONE = none */
    punch_addr remote;
    punch_call strategy_call; /* whose strategy ... */
    const punch_keepalive *strategy;
    punch_time_us connected_at_us; /* the first time; PUNCH_NEVER = not yet */
    punch_time_us last_send_at_us;
    interval_point last; /* the last keepalive, taken or not */
    bool has_last;
    uint64_t changes;
    uint64_t stride; /* of the changes every so many-th is taken */
} interval_side;

/* Whoever listens to a world. */
typedef struct {
    const sim_plan *plan; /* borrowed; need not be filled in before the world begins */
    interval_log *log;
    interval_side sides[2];
} interval_watch;

void intervals_begin(interval_watch *watch, const sim_plan *plan, interval_log *log);
void intervals_saw(void *user, const sim_saw *record); /* a sim_observer, whose user is the watch */
void intervals_end(interval_watch *watch);

#endif
