/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long things last when some are still there at the end of the observation: the product-limit
 * estimate (Kaplan & Meier 1958, JASA 53:457-481) with Greenwood's variance. What ends at a moment
 * was at risk until then, and so was what is last seen at that moment (R's survfit).
 */
#ifndef STATS_SURVIVAL_H
#define STATS_SURVIVAL_H

#include "stats.h"

typedef struct {
    double time;
    bool ended; /* else it was last seen then, still there */
} stats_span;

/* Which interval: symmetric about the share and cut to 0..1, or of log(-log(share)), which stays
 * inside by itself and holds better for few spans (Kalbfleisch & Prentice 1980). */
typedef enum { STATS_SURVIVAL_PLAIN, STATS_SURVIVAL_LOG_LOG } stats_survival_interval;

typedef struct {
    double time; /* something ended */
    uint64_t at_risk;
    uint64_t ended;
    double deviation;        /* Greenwood's standard error of the share; NaN once it is 0 */
    stats_estimate survival; /* share that lasts longer; 0..1 where its variance is unknown */
} stats_survival_point;

/* Sorts the spans and fills one point for each time at which something ended; points has room for
 * n. Returns how many there are. */
size_t stats_survival(stats_span *spans, size_t n, stats_survival_interval interval,
                      double confidence, stats_survival_point *points);

#endif
