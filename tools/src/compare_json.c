/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A comparison as one JSON object, schema 1:
 *
 *   {"schema":1, "scenario", "old":{"path","digest","seed","partial"}, "new":{...}, "paired",
 *    "worse":n, "better":n, "only_old":n, "only_new":n, "lost":n, "whole",
 *    "rows":[{"old":{factor:level,...}, "new":{...}, "measure", "paired",
 *    "values":{"old":{n,value,lo,hi},"new":{...}}, "difference":{...}, "ratio":{...}, "p",
 *    "p_adjusted", "margin", "p_margin", "verdict", "worse_trial"}],
 *    "tradeoff":{...} (tradeoff_json.c; of one run whose scenario has one)}
 *
 * Infinity is null, with "unbounded":true beside it.
 */
#include <math.h>

#include "compare.h"
#include "format.h"
#include "tradeoff_words.h"

static void put_text(FILE *out, const char *name, const char *text) {
    fprintf(out, "\"%s\":", name);
    format_json_string(out, text);
}

static void put_real(FILE *out, const char *name, double value) {
    fprintf(out, ",\"%s\":", name);
    format_json_real(out, value);
}

static void put_estimate(FILE *out, const char *name, const stats_estimate *e) {
    fprintf(out, "\"%s\":{\"n\":%llu", name, (unsigned long long)e->n);
    put_real(out, "value", e->value);
    put_real(out, "lo", e->lo);
    put_real(out, "hi", e->hi);
    if (e->n > 0 && (isinf(e->value) || isinf(e->lo) || isinf(e->hi))) {
        fputs(",\"unbounded\":true", out);
    }
    fputc('}', out);
}

static void put_source(FILE *out, const char *name, const compare_source *source) {
    fprintf(out, "\"%s\":{", name);
    put_text(out, "path", source->path);
    fputc(',', out);
    put_text(out, "digest", source->digest);
    fputc(',', out);
    put_text(out, "seed", source->seed);
    fprintf(out, ",\"partial\":%s}", source->partial ? "true" : "false");
}

static void put_levels(FILE *out, const char *name, const compare_source *source, uint32_t cell) {
    fprintf(out, "\"%s\":{", name);
    for (uint32_t f = 0; f < source->factor_count; f++) {
        fputs(f > 0 ? "," : "", out);
        format_json_string(out, source->factors[f]);
        fputc(':', out);
        format_json_string(out, source->cells[cell].levels[f]);
    }
    fputs("},", out);
}

static void put_row(const comparison *of, const compare_row *row, FILE *out) {
    uint32_t measure_count = 0;
    const sim_measure *measure = &sim_measures(&measure_count)[row->measure];
    const compare_pair *pair = &of->pairs[row->pair];
    fputc('{', out);
    put_levels(out, "old", of->old_run, pair->old_cell);
    put_levels(out, "new", of->new_run, pair->new_cell);
    put_text(out, "measure", measure->name);
    fprintf(out, ",\"paired\":%s,\"values\":{", row->change.paired ? "true" : "false");
    put_estimate(out, "old", &of->old_run->cells[pair->old_cell].estimates[row->measure]);
    fputc(',', out);
    put_estimate(out, "new", &of->new_run->cells[pair->new_cell].estimates[row->measure]);
    fputs("},", out);
    put_estimate(out, "difference", &row->change.difference.estimate);
    fputc(',', out);
    put_estimate(out, "ratio", &row->change.ratio.estimate);
    put_real(out, "p", row->change.difference.p);
    put_real(out, "p_adjusted", row->p);
    if (row->has_margin) {
        put_real(out, "margin", of->request->margins[row->measure]);
        put_real(out, "p_margin", row->margin.p);
    }
    fputc(',', out);
    put_text(out, "verdict", compare_verdict_name(row->verdict));
    if (row->change.worse_trial != UINT64_MAX) {
        fprintf(out, ",\"worse_trial\":%llu", (unsigned long long)row->change.worse_trial);
    }
    fputc('}', out);
}

void compare_json(const comparison *of, FILE *out) {
    fputs("{\"schema\":1,", out);
    put_text(out, "scenario", of->new_run->scenario);
    fputc(',', out);
    put_source(out, "old", of->old_run);
    fputc(',', out);
    put_source(out, "new", of->new_run);
    fprintf(out, ",\"paired\":%s,\"worse\":%zu,\"better\":%zu,\"only_old\":%u,\"only_new\":%u",
            of->unpaired == NULL ? "true" : "false", of->worse, of->better, of->only_old,
            of->only_new);
    fprintf(out, ",\"lost\":%zu,\"whole\":%s", of->lost, compare_is_whole(of) ? "true" : "false");
    fputs(",\"rows\":[", out);
    for (size_t i = 0; i < of->row_count; i++) {
        fputs(i > 0 ? ",\n" : "\n", out);
        put_row(of, &of->rows[i], out);
    }
    fputs("\n]", out);
    if (compare_judged(of) != NULL) {
        fputs(",\"tradeoff\":", out);
        tradeoff_json(compare_judged(of), out);
    }
    fputs("}\n", out);
}
