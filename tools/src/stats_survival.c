/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats_survival.h"

#include <math.h>
#include <stdlib.h>

#define MATHLIB_STANDALONE 1
#include <Rmath.h>

static int by_time(const void *a, const void *b) {
    const stats_span *x = a;
    const stats_span *y = b;
    return (x->time > y->time) - (x->time < y->time);
}

/* Ends of the interval of a share with a relative standard error, that of its logarithm. */
static void put_interval(stats_survival_interval interval, double z, double relative_error,
                         stats_estimate *survival) {
    survival->lo = 0.0;
    survival->hi = 1.0;
    const double share = survival->value;
    if (share <= 0.0 || share >= 1.0) {
        return;
    }
    switch (interval) {
    case STATS_SURVIVAL_PLAIN:
        survival->lo = fmax(0.0, share - z * share * relative_error);
        survival->hi = fmin(1.0, share + z * share * relative_error);
        return;
    case STATS_SURVIVAL_LOG_LOG: {
        /* the standard error of log(-log(share)), by the delta method */
        const double error = relative_error / -log(share);
        survival->lo = pow(share, exp(z * error));
        survival->hi = pow(share, exp(-z * error));
        return;
    }
    }
}

size_t stats_survival(stats_span *spans, size_t n, stats_survival_interval interval,
                      double confidence, stats_survival_point *points) {
    if (n == 0) {
        return 0;
    }
    qsort(spans, n, sizeof *spans, by_time);
    const double z = qnorm5((1.0 - confidence) / 2.0, 0.0, 1.0, 0, 0);
    double share = 1.0;
    double greenwood = 0.0; /* sum of ended / (at risk (at risk - ended)) */
    size_t count = 0;
    for (size_t i = 0; i < n;) {
        const double time = spans[i].time;
        const double at_risk = (double)(n - i);
        uint64_t ended = 0;
        for (; i < n && spans[i].time == time; i++) {
            ended += spans[i].ended ? 1 : 0;
        }
        if (ended == 0) {
            continue;
        }
        const double left = at_risk - (double)ended;
        share *= left / at_risk;
        greenwood += (double)ended / (at_risk * left);
        stats_survival_point *point = &points[count++];
        *point = (stats_survival_point){.time = time, .at_risk = (uint64_t)at_risk, .ended = ended};
        point->survival.n = n;
        point->survival.value = share;
        point->deviation = share > 0.0 ? share * sqrt(greenwood) : NAN;
        put_interval(interval, z, sqrt(greenwood), &point->survival);
    }
    return count;
}
