/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a measure says of a whole trial. Calls of one trial share a world, so they are not
 * independent: statistics take one number per trial, whatever the number of its calls. It is the
 * mean of what its calls say, and of a quantile that quantile of theirs: of one call its own. A
 * share of several calls is then no longer 0 or 1, but the mean of such numbers.
 */
#ifndef TRIAL_VALUE_H
#define TRIAL_VALUE_H

#include "sim/measure.h"

/* The raw value, over `calls` calls; SIM_MEASURE_NOT_COUNTED when none of them counts. Of a
 * quantile O(calls^2). */
double trial_value(const sim_measure *measure, const sim_trial_result *trial, uint32_t calls);

/* What to make of the values of many trials of so many calls. */
sim_measure_kind trial_value_kind(const sim_measure *measure, uint32_t calls);

#endif
