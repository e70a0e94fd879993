/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The object `--json` promises, schema 1. Nothing in it depends on the machine, the time of day or
 * the number of jobs, so equal runs are equal bytes.
 */
#include <math.h>
#include <stdlib.h>

#include "format.h"
#include "report.h"
#include "report_words.h"
#include "tradeoff_words.h"

/* One end of an estimate. Infinity is null, and "unbounded" beside it says which null it is. */
static void put_real(FILE *out, const char *name, double value) {
    fprintf(out, ",\"%s\":", name);
    format_json_real(out, value);
}

static void put_range(FILE *out, const stats_estimate *e) {
    put_real(out, "value", e->value);
    put_real(out, "lo", e->lo);
    put_real(out, "hi", e->hi);
    if (isinf(e->value) || isinf(e->lo) || isinf(e->hi)) {
        fputs(",\"unbounded\":true", out);
    }
}

static void put_estimate(FILE *out, const stats_estimate *e) {
    fprintf(out, "{\"n\":%llu", (unsigned long long)e->n);
    put_range(out, e);
    fputc('}', out);
}

static void put_factors(const analysis *of, FILE *out, uint32_t cell) {
    fputs("\"factors\":{", out);
    for (uint32_t f = 0; f < of->about->factor_count; f++) {
        fputs(f > 0 ? "," : "", out);
        format_json_string(out, of->about->factors[f].name);
        fputc(':', out);
        format_json_string(out, facts_level_name(of->about, cell, f));
    }
    fputc('}', out);
}

static void put_measures(const analysis *of, FILE *out, uint32_t cell) {
    uint32_t measure_count = 0;
    const sim_measure *table = sim_measures(&measure_count);
    bool first = true;
    fputs("\"measures\":{", out);
    for (uint32_t m = 0; m < measure_count; m++) {
        if (!facts_measured(of->about, cell, m)) {
            continue;
        }
        fputs(first ? "" : ",", out);
        first = false;
        format_json_string(out, table[m].name);
        fputc(':', out);
        put_estimate(out, analysis_estimate(of, cell, m));
    }
    fputc('}', out);
}

static const char *form_name(sim_expect_form form) {
    switch (form) {
    case SIM_EXPECT_VALUE:
        return "value";
    case SIM_EXPECT_DIFFERENCE:
        return "difference";
    case SIM_EXPECT_RATIO:
        return "ratio";
    }
    return "?";
}

static const char *bound_name(sim_expect_bound bound) {
    switch (bound) {
    case SIM_EXPECT_AT_LEAST:
        return "at_least";
    case SIM_EXPECT_AT_MOST:
        return "at_most";
    case SIM_EXPECT_EXACTLY:
        return "exactly";
    }
    return "?";
}

static void put_text(FILE *out, const char *name, const char *text) {
    fprintf(out, ",\"%s\":", name);
    format_json_string(out, text);
}

static void put_expect(const analysis *of, FILE *out, uint32_t index) {
    const sim_expect *expect = &of->about->expects[index];
    const expect_verdict *verdict = &of->verdicts[index];
    uint32_t measure_count = 0;
    char *claim = report_claim(of, index);
    fprintf(out, "{\"entry\":%u", expect->entry);
    put_text(out, "measure", sim_measures(&measure_count)[expect->measure].name);
    put_text(out, "claim", claim);
    if (expect->why != NULL) {
        put_text(out, "why", expect->why);
    }
    fprintf(out, ",\"form\":\"%s\",\"cell\":%u", form_name(expect->form), expect->cell);
    if (expect->form != SIM_EXPECT_VALUE) {
        fprintf(out, ",\"other\":%u", expect->other);
    }
    fprintf(out, ",\"bound\":\"%s\"", bound_name(expect->bound));
    put_real(out, "limit", expect->limit);
    fprintf(out, ",\"outcome\":\"%s\",\"n\":%llu", expect_outcome_name(verdict->outcome),
            (unsigned long long)verdict->estimate.n);
    put_range(out, &verdict->estimate);
    if (verdict->outcome == EXPECT_INCONCLUSIVE) {
        fprintf(out, ",\"trials_needed\":%llu", (unsigned long long)verdict->trials_needed);
    }
    if (report_example(of, index) != UINT64_MAX) {
        fprintf(out, ",\"example_trial\":%llu", (unsigned long long)report_example(of, index));
    }
    fputc('}', out);
    free(claim);
}

#define ALL_CELLS UINT32_MAX

/* Those about one cell, or all. */
static void put_expects(const analysis *of, FILE *out, uint32_t cell) {
    bool any = false;
    fputc('[', out);
    for (uint32_t i = 0; i < of->about->expect_count; i++) {
        if (cell == ALL_CELLS || of->about->expects[i].cell == cell) {
            fputs(any ? ",\n" : "", out);
            put_expect(of, out, i);
            any = true;
        }
    }
    fputc(']', out);
}

static void put_cell(const analysis *of, FILE *out, uint32_t cell) {
    fputc('{', out);
    put_factors(of, out, cell);
    fprintf(out, ",\"trials\":%llu,", (unsigned long long)of->cells[cell].trials);
    put_measures(of, out, cell);
    const analysis_cell *at = &of->cells[cell];
    if (at->reason_count > 0) {
        fputs(",\"most_frequent_failure\":{\"reason\":", out);
        format_json_string(out, at->reasons[0].text);
        fprintf(out, ",\"count\":%llu,\"failed\":%llu,\"example_trial\":%llu}",
                (unsigned long long)at->reasons[0].count, (unsigned long long)at->failed,
                (unsigned long long)at->reasons[0].example_trial);
    }
    fputs(",\"expect\":", out);
    put_expects(of, out, cell);
    fputc('}', out);
}

void report_json(const analysis *of, FILE *out) {
    const facts *about = of->about;
    fputs("{\"schema\":1,\"scenario\":", out);
    format_json_string(out, about->scenario);
    fprintf(out, ",\"digest\":\"%016llx\",\"seed\":\"%llu\",\"backend\":",
            (unsigned long long)about->digest, (unsigned long long)about->seed);
    format_json_string(out, about->backend);
    fputs(",\"crypto\":", out);
    format_json_string(out, about->crypto);
    fprintf(out, ",\"partial\":%s,\"confidence\":", of->partial ? "true" : "false");
    format_json_real(out, of->confidence);
    fputs(",\"cells\":[", out);
    for (uint32_t i = 0; i < about->cell_count; i++) {
        fputs(i > 0 ? ",\n" : "\n", out);
        put_cell(of, out, i);
    }
    fputs("\n],\"expect\":", out);
    put_expects(of, out, ALL_CELLS);
    if (of->judged != NULL) {
        fputs(",\"tradeoff\":", out);
        tradeoff_json(of->judged, out);
    }
    fputs("}\n", out);
}
