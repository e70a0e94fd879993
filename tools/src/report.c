/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <stdlib.h>

#include "context.h"
#include "punch/assert.h"

report report_of(const run_request *request, const run_results *results) {
    report view = {request, results, NULL, results->interrupted, NULL, NULL};
    size_t measure_count = 0;
    const measure *table = measures(&measure_count);
    view.crypto = results->plan->crypto->name;
    view.estimates = calloc(results->cell_count * measure_count, sizeof *view.estimates);
    view.reasons = calloc(results->cell_count, sizeof *view.reasons);
    PUNCH_ASSERT(view.estimates != NULL);
    PUNCH_ASSERT(view.reasons != NULL);
    for (uint32_t i = 0; i < results->cell_count; i++) {
        const run_cell *cell = &results->cells[i];
        measure_cell prepared = measure_cell_of(cell);
        for (size_t m = 0; m < measure_count; m++) {
            if (table[m].applies == NULL || table[m].applies(cell)) {
                view.estimates[i * measure_count + m] = table[m].estimate(&prepared);
            }
        }
        measure_cell_free(&prepared);
        view.reasons[i] = reason_of_cell(results, i);
        view.partial = view.partial || cell->trials_done < request->trials;
    }
    return view;
}

void report_free(report *view) {
    free(view->estimates);
    free(view->reasons);
    view->estimates = NULL;
    view->reasons = NULL;
}

bool report_holds(const report *view) {
    for (uint32_t i = 0; i < view->results->cell_count; i++) {
        if (view->results->cells[i].holds) {
            return true;
        }
    }
    return false;
}

const stats_estimate *report_estimate(const report *view, uint32_t cell, size_t measure_index) {
    size_t measure_count = 0;
    (void)measures(&measure_count);
    return &view->estimates[cell * measure_count + measure_index];
}

const char *report_level(const report *view, uint32_t cell, uint32_t factor) {
    const sim_factor_view described = sim_scenario_factor(view->request->scenario, factor);
    return described.levels[sim_scenario_cell_level(view->request->scenario, cell, factor)];
}

void report_replay(const report *view, FILE *out, uint32_t cell, uint64_t trial) {
    const context where = run_context(view->request, cell, trial);
    context_print_replay(out, &where);
}
