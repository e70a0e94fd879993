/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tradeoff as a JSON object:
 *
 *   {"treatment", "cost":measure, "harm":measure, "baseline":level, "margin":number (or absent),
 *    "tables":[{"factors":{name:level,...} (absent: pooled), "trials":n, "tests":n, "answer":text,
 *      "best":level, "levels":[{"level", "cost":{n,value,lo,hi}, "harm":{...},
 *        "cost_difference":{...}, "cost_ratio":{...}, "cost_p", "harm_difference":{...},
 *        "harm_ratio":{...}, "harm_p" (those against the baseline, absent in its own; p adjusted),
 *        "eligible", "frontier", "mark", "trials_needed" (of "open")}]}]}
 *
 * The first table is the pooled one, or that of the only cell. Levels are sorted by cost. Infinity
 * is null, with "unbounded":true beside it.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "format.h"
#include "tradeoff_words.h"

static void put_real(FILE *out, const char *name, double value) {
    fprintf(out, ",\"%s\":", name);
    format_json_real(out, value);
}

static void put_text(FILE *out, const char *name, const char *text) {
    fprintf(out, "\"%s\":", name);
    format_json_string(out, text);
}

static void put_estimate(FILE *out, const char *side, const char *what, const stats_estimate *e) {
    fprintf(out, ",\"%s%s\":{\"n\":%" PRIu64, side, what, e->n);
    put_real(out, "value", e->value);
    put_real(out, "lo", e->lo);
    put_real(out, "hi", e->hi);
    if (e->n > 0 && (isinf(e->value) || isinf(e->lo) || isinf(e->hi))) {
        fputs(",\"unbounded\":true", out);
    }
    fputc('}', out);
}

static void put_row(const tradeoff *of, const tradeoff_table *table, const tradeoff_row *row,
                    FILE *out) {
    static const char *const sides[] = {"cost", "harm"};
    static const char *const p_names[] = {"cost_p", "harm_p"};
    const facts_factor *factor = &of->about->factors[of->about->tradeoff.factor];
    fputc('{', out);
    put_text(out, "level", factor->levels[row->level]);
    for (uint32_t side = 0; side < TRADEOFF_SIDES; side++) {
        put_estimate(out, sides[side], "", &row->estimates[side]);
        if (row->level != of->about->tradeoff.baseline) {
            put_estimate(out, sides[side], "_difference", &row->changes[side].difference.estimate);
            put_estimate(out, sides[side], "_ratio", &row->changes[side].ratio.estimate);
            put_real(out, p_names[side], row->p[side]);
        }
    }
    fprintf(out, ",\"eligible\":%s,\"frontier\":%s,\"mark\":", row->eligible ? "true" : "false",
            row->frontier ? "true" : "false");
    format_json_string(out, tradeoff_mark_name(row->mark));
    if (row->mark == TRADEOFF_OPEN) {
        fprintf(out, ",\"trials_needed\":%" PRIu64, tradeoff_trials_needed(of, table, row));
    }
    fputc('}', out);
}

static void put_table(const tradeoff *of, const tradeoff_table *table, FILE *out) {
    const facts *about = of->about;
    bool any = false;
    fputc('{', out);
    if (table->cell != TRADEOFF_ALL) {
        fputs("\"factors\":{", out);
        for (uint32_t f = 0; f < about->factor_count; f++) {
            if (f != about->tradeoff.factor) {
                fputs(any ? "," : "", out);
                format_json_string(out, about->factors[f].name);
                fputc(':', out);
                format_json_string(out, facts_level_name(about, table->cell, f));
                any = true;
            }
        }
        fputs("},", out);
    }
    char *answer = tradeoff_answer(of, table);
    fprintf(out, "\"trials\":%" PRIu64 ",\"tests\":%zu,", table->trials, table->tests);
    put_text(out, "answer", answer);
    free(answer);
    if (table->trials > 0) {
        fputc(',', out);
        put_text(out, "best",
                 about->factors[about->tradeoff.factor].levels[table->rows[table->best].level]);
    }
    fputs(",\"levels\":[", out);
    for (uint32_t r = 0; table->trials > 0 && r < of->level_count; r++) {
        fputs(r > 0 ? ",\n" : "\n", out);
        put_row(of, table, &table->rows[r], out);
    }
    fputs("]}", out);
}

void tradeoff_json(const tradeoff *of, FILE *out) {
    const sim_tradeoff *rules = &of->about->tradeoff;
    const facts_factor *factor = &of->about->factors[rules->factor];
    fputc('{', out);
    put_text(out, "treatment", factor->name);
    fputc(',', out);
    put_text(out, "cost", tradeoff_measure(rules, TRADEOFF_COST)->name);
    fputc(',', out);
    put_text(out, "harm", tradeoff_measure(rules, TRADEOFF_HARM)->name);
    fputc(',', out);
    put_text(out, "baseline", factor->levels[rules->baseline]);
    if (rules->has_margin) {
        put_real(out, "margin", rules->margin);
    }
    fputs(",\"tables\":[", out);
    for (uint32_t t = 0; t < of->table_count; t++) {
        fputs(t > 0 ? ",\n" : "\n", out);
        put_table(of, &of->tables[t], out);
    }
    fputs("]}", out);
}
