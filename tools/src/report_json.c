/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The object `--json` promises, schema 1. Nothing in it depends on the machine, the time of day or
 * the number of jobs, so equal runs are equal bytes.
 */
#include <math.h>

#include "format.h"
#include "report.h"

/* One end of an estimate. Infinity is null, and "unbounded" beside it says which null it is. */
static void put_real(FILE *out, const char *name, double value) {
    fprintf(out, ",\"%s\":", name);
    format_json_real(out, value);
}

static void put_estimate(FILE *out, const stats_estimate *e) {
    fprintf(out, "{\"n\":%llu", (unsigned long long)e->n);
    put_real(out, "value", e->value);
    put_real(out, "lo", e->lo);
    put_real(out, "hi", e->hi);
    if (isinf(e->value) || isinf(e->lo) || isinf(e->hi)) {
        fputs(",\"unbounded\":true", out);
    }
    fputc('}', out);
}

static void put_factors(const report *view, FILE *out, uint32_t cell) {
    const uint32_t factor_count = sim_scenario_factor_count(view->request->scenario);
    fputs("\"factors\":{", out);
    for (uint32_t f = 0; f < factor_count; f++) {
        fputs(f > 0 ? "," : "", out);
        format_json_string(out, sim_scenario_factor(view->request->scenario, f).name);
        fputc(':', out);
        format_json_string(out, report_level(view, cell, f));
    }
    fputc('}', out);
}

static void put_measures(const report *view, FILE *out, uint32_t cell) {
    size_t measure_count = 0;
    const measure *table = measures(&measure_count);
    bool first = true;
    fputs("\"measures\":{", out);
    for (size_t m = 0; m < measure_count; m++) {
        if (table[m].applies != NULL && !table[m].applies(&view->results->cells[cell])) {
            continue;
        }
        fputs(first ? "" : ",", out);
        first = false;
        format_json_string(out, table[m].name);
        fputc(':', out);
        put_estimate(out, report_estimate(view, cell, m));
    }
    fputc('}', out);
}

static void put_cell(const report *view, FILE *out, uint32_t cell) {
    fputc('{', out);
    put_factors(view, out, cell);
    fprintf(out, ",\"trials\":%llu,", (unsigned long long)view->results->cells[cell].trials_done);
    put_measures(view, out, cell);
    const reason_top *top = &view->reasons[cell];
    if (top->failed_count > 0) {
        fputs(",\"most_frequent_failure\":{\"reason\":", out);
        format_json_string(out, top->text);
        fprintf(out, ",\"count\":%llu,\"failed\":%llu,\"example_trial\":%llu}",
                (unsigned long long)top->count, (unsigned long long)top->failed_count,
                (unsigned long long)top->example_trial);
    }
    fputs(",\"expect\":[]}", out);
}

void report_json(const report *view, FILE *out) {
    const run_request *request = view->request;
    fputs("{\"schema\":1,\"scenario\":", out);
    format_json_string(out, sim_scenario_name(request->scenario));
    fprintf(out, ",\"digest\":\"%016llx\",\"seed\":\"%llu\",\"backend\":",
            (unsigned long long)sim_scenario_digest(request->scenario),
            (unsigned long long)request->seed);
    format_json_string(out, request->backend->name);
    fputs(",\"crypto\":", out);
    format_json_string(out, view->crypto);
    fprintf(out, ",\"partial\":%s,\"cells\":[", view->partial ? "true" : "false");
    for (uint32_t i = 0; i < view->results->cell_count; i++) {
        fputs(i > 0 ? ",\n" : "\n", out);
        put_cell(view, out, i);
    }
    fputs("\n]}\n", out);
}
