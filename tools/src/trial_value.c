/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trial_value.h"

#include <math.h>

static double mean_of(const sim_measure *measure, const sim_trial_result *trial, uint32_t calls) {
    double sum = 0.0;
    uint32_t count = 0;
    for (uint32_t c = 0; c < calls; c++) {
        const double value = measure->value(trial, c);
        if (!isnan(value)) {
            sum += value;
            count++;
        }
    }
    return count > 0 ? sum / (double)count : SIM_MEASURE_NOT_COUNTED;
}

/* The smallest of the values that so large a share of them does not exceed: the inverse of their
 * distribution function, as of whole samples. They are few, so each is counted against all. */
static double quantile_of(const sim_measure *measure, const sim_trial_result *trial,
                          uint32_t calls) {
    double found = SIM_MEASURE_NOT_COUNTED;
    for (uint32_t c = 0; c < calls; c++) {
        const double value = measure->value(trial, c);
        uint32_t count = 0;
        uint32_t within = 0;
        for (uint32_t other = 0; other < calls; other++) {
            const double against = measure->value(trial, other);
            count += isnan(against) ? 0 : 1;
            within += against <= value ? 1 : 0;
        }
        const bool reaches = !isnan(value) && (double)within >= measure->p * (double)count;
        if (reaches && (isnan(found) || value < found)) {
            found = value;
        }
    }
    return found;
}

double trial_value(const sim_measure *measure, const sim_trial_result *trial, uint32_t calls) {
    if (measure->per_trial || calls == 1) {
        return measure->value(trial, 0);
    }
    switch (measure->kind) {
    case SIM_MEASURE_SHARE:
    case SIM_MEASURE_MEAN:
        return mean_of(measure, trial, calls);
    case SIM_MEASURE_QUANTILE:
        return quantile_of(measure, trial, calls);
    }
    return SIM_MEASURE_NOT_COUNTED;
}

sim_measure_kind trial_value_kind(const sim_measure *measure, uint32_t calls) {
    const bool is_mean = measure->kind == SIM_MEASURE_SHARE && !measure->per_trial && calls > 1;
    return is_mean ? SIM_MEASURE_MEAN : measure->kind;
}
