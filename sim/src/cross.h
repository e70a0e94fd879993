/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cross traffic: what the other hosts behind a NAT do to it. They open flows, one packet each,
 * perhaps answered; nothing of them crosses a link or reaches a host, only the NAT feels them:
 * ports run on, tables fill, mappings are evicted, limits of rate are used up. Where a stream
 * begins only some time after the first packet (stream_after), an answered flow sends another one
 * then, which is answered, too: the same flows are drawn a second time, that much later, so that
 * none need be remembered. (It is that time of the NAT the world begins with.)
 *
 *   ... |----- window -----|----- window -----|----- window -----| ...      (each with a stream of
 *          o    oo       o     o        ooo        o    o                    its own)
 *       ^ lead begins            ^ time 0
 *
 * Batches of flows arrive as a Poisson process; sizes are logarithmic, so that counts are negative
 * binomial (Quenouille, Biometrics 5, 1949: 162-164). With size parameter p, mean size m and index
 * of dispersion D (variance of counts / their mean):
 *
 *   P(size = k) = -p^k / (k ln(1 - p))     D = 1 / (1 - p)     m = (D - 1) / ln D
 *
 * and batches arrive at rate / m. D = 1 is the Poisson process itself. A batch comes from one host.
 *
 * Which flows there are is a function of (seed, time) alone: a window of time has its own stream,
 * and the process has no memory, so it may be begun at any of them. Worlds under one seed meet the
 * same flows whatever else differs. No event stands for them in the queue: whoever is about to use
 * the NAT first lets them catch up, in order and with their own timestamps.
 */
#ifndef SIM_CROSS_H
#define SIM_CROSS_H

#include "sim/plan.h"

#define SIM_CROSS_RATE_MILLI_MAX 100000000u     /* flows per 1000 s; chosen: a carrier's big box */
#define SIM_CROSS_DISPERSION_MILLI_MAX 1000000u /* chosen: counts as good as always 0 or huge */
#define SIM_CROSS_HOSTS_MAX 1000000u            /* chosen: 172.16.0.0/12 has room for as many */
#define SIM_CROSS_FLOWS_MAX 10000000u           /* of a trial; chosen: about 20 s of computing */

/* Told after each flow that ended somebody's mapping before its time, with that instant. */
typedef struct {
    void (*ended)(void *user, uint32_t site, punch_time_us at_us);
    void *user;
    uint32_t site;
} sim_cross_listener;

/* Where in the sequence of batches. */
typedef struct {
    punch_rng rng;    /* of the window at hand */
    int64_t window;   /* its number: it begins at number x length */
    double offset_us; /* of the next batch, in this window */
} sim_cross_cursor;

typedef struct {
    sim_cross_plan plan;
    sim_cross_listener listener; /* ended NULL: nobody */
    uint64_t key;                /* of the windows' streams */
    sim_cross_cursor opening;    /* flows that begin */
    sim_cross_cursor going_on;   /* the same flows, once more, later_us after they began */
    punch_time_us later_us;      /* 0: one packet each */
    double gap_us;               /* mean, between batches */
    double log_dispersion;       /* ln D */
    punch_time_us begin_us;      /* flows before are left out */
    punch_time_us whole_us;      /* from begin_us up to here only this part of them happens: */
    punch_probability part;
    uint8_t family;
    uint64_t flows; /* from time 0 on */
    uint64_t refused;
} sim_cross;

/* NULL, or a static sentence saying what is out of range. */
const char *sim_cross_refuses(const sim_cross_plan *plan);

/* The longest that a mapping of others' lasts. */
punch_time_us sim_cross_memory_us(const nat_config *box);

/* Flows of a trial to be expected, at most, those before time 0 included. */
uint64_t sim_cross_flows_expected(const sim_cross_plan *plan, const nat_config *box,
                                  punch_time_us limit_us);

/* Begins two to three times as long before time 0 as the NAT remembers: after once, the table is as
 * full as it will be. But one that refuses what it has no room for would fill at one go, and from
 * then on empty and fill in step with its timeout. So at first only as many flows happen as it has
 * room for in the long run; it settles for once as long; and the rest is drawn, so that a trial may
 * begin anywhere in what is left of such a rhythm. */
void sim_cross_begin(sim_cross *cross, const sim_cross_plan *plan, const nat_config *box,
                     punch_family family, punch_rng rng);

/* Everything due up to now, now included. Each flow costs one to four packets of the NAT. */
void sim_cross_catch_up(sim_cross *cross, nat *box, punch_time_us now_us);

#endif
