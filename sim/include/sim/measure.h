/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be measured in a trial: a const table of measures by name. A measure is one number per
 * call (or per trial) and what to make of many of them: a share, a mean, or a quantile. The table
 * knows no statistics; tools put intervals around the numbers. Scenario files name measures in
 * "expect" and "until".
 */
#ifndef SIM_MEASURE_H
#define SIM_MEASURE_H

#include <math.h>
#include <stdbool.h>

#include "sim/plan.h"

typedef enum {
    SIM_MEASURE_SHARE,   /* of calls whose value is 1; the others' is 0 */
    SIM_MEASURE_MEAN,    /* of finite values */
    SIM_MEASURE_QUANTILE /* of non-negative whole values (microseconds), +infinity for never */
} sim_measure_kind;

typedef enum { SIM_UNIT_SHARE, SIM_UNIT_SECONDS, SIM_UNIT_COUNT } sim_measure_unit;

/* Which way is worse, for verdicts about a change. */
typedef enum { SIM_MORE_IS_BETTER, SIM_LESS_IS_BETTER } sim_measure_sense;

typedef enum {
    SIM_MEASURED_ALWAYS,
    SIM_MEASURED_HOLDING,  /* only where worlds run on after calls were decided */
    SIM_MEASURED_MESSAGES, /* only where connected calls send short messages */
    SIM_MEASURED_ROOM,     /* where a NAT is short of mappings or ports, or others use it too; and
                              where it is asked for */
    /* only with a hold, and where */
    SIM_MEASURED_CRASHES, /* a peer crashes */
    SIM_MEASURED_FAULTS,  /* a NAT reboots or is renumbered, or a peer wakes */
    SIM_MEASURED_RADIO    /* a peer has a radio */
} sim_measure_where;

/* This call does not count: neither a success nor a failure. */
#define SIM_MEASURE_NOT_COUNTED ((double)NAN)

typedef struct {
    const char *name;  /* unit last, then the quantile */
    const char *label; /* a few words for tables and axes, with the unit */
    const char *help;
    sim_measure_kind kind;
    sim_measure_unit unit;
    sim_measure_sense sense;
    sim_measure_where where;
    double p;       /* of a quantile */
    bool per_trial; /* one value per trial (call 0 is asked), not one per call */
    /* Times in microseconds; SIM_MEASURE_NOT_COUNTED where the call says nothing. */
    double (*value)(const sim_trial_result *trial, uint32_t call);
} sim_measure;

#ifdef __cplusplus
extern "C" {
#endif

/* "connected" stands first; *count_out is how many. Positions are not kept in files; names are. */
const sim_measure *sim_measures(uint32_t *count_out);

#define SIM_MEASURE_UNKNOWN UINT32_MAX
uint32_t sim_measure_find(const char *name); /* position, or SIM_MEASURE_UNKNOWN */

/* Does the measure say anything in worlds of this plan? */
bool sim_measure_applies(sim_measure_where where, const sim_plan *plan);

/* From a raw value to the unit that is shown: seconds are microseconds / 10^6. */
double sim_measure_shown(const sim_measure *measure, double raw);

/* Positions of those that tables show by themselves. */
enum {
    SIM_MEASURE_CONNECTED = 0,
    SIM_MEASURE_TIME_P50 = 1,
    SIM_MEASURE_TIME_P95 = 2,
    SIM_MEASURE_HELD = 5,
    SIM_MEASURE_KEEPALIVES = 6,
    SIM_MEASURE_OUTBOUND_GAP = 7
};

#ifdef __cplusplus
}
#endif

#endif
