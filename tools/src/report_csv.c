/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cells.csv: one row per cell, every measure with its interval. reasons.csv: one row per cell and
 * reason of failure. ecdf.csv: the distribution of the time to connect in steps. The columns are
 * described in results/README.md. Times are in seconds, "inf" is never, empty is not applicable.
 */
#include <math.h>

#include "format.h"
#include "report.h"

static void put_factor_names(const analysis *of, FILE *out) {
    for (uint32_t f = 0; f < of->about->factor_count; f++) {
        fputc(',', out);
        format_csv_label(out, of->about->factors[f].name);
    }
}

static void put_levels(const analysis *of, FILE *out, uint32_t cell) {
    for (uint32_t f = 0; f < of->about->factor_count; f++) {
        fputc(',', out);
        format_csv_label(out, facts_level_name(of->about, cell, f));
    }
}

static void put_real(FILE *out, double value) {
    if (isnan(value)) {
        fputc(',', out);
    } else if (isinf(value)) {
        fputs(value > 0 ? ",inf" : ",-inf", out);
    } else {
        fprintf(out, ",%.15g", value);
    }
}

void report_cells_csv(const analysis *of, FILE *out) {
    uint32_t measure_count = 0;
    const sim_measure *table = sim_measures(&measure_count);
    fputs("cell", out);
    put_factor_names(of, out);
    fputs(",trials", out);
    for (uint32_t m = 0; m < measure_count; m++) {
        fprintf(out, ",%s_n,%s,%s_lo,%s_hi", table[m].name, table[m].name, table[m].name,
                table[m].name);
    }
    fputs(",failed,most_frequent_failure,most_frequent_failure_count,example_trial\n", out);
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        const analysis_cell *cell = &of->cells[i];
        fprintf(out, "%u", i);
        put_levels(of, out, i);
        fprintf(out, ",%llu", (unsigned long long)cell->trials);
        for (uint32_t m = 0; m < measure_count; m++) {
            const stats_estimate *e = analysis_estimate(of, i, m);
            if (!facts_measured(of->about, i, m)) {
                fputs(",,,,", out);
                continue;
            }
            fprintf(out, ",%llu", (unsigned long long)e->n);
            put_real(out, e->value);
            put_real(out, e->lo);
            put_real(out, e->hi);
        }
        const reason_count *top = cell->reason_count > 0 ? &cell->reasons[0] : NULL;
        fprintf(out, ",%llu,", (unsigned long long)cell->failed);
        format_csv(out, top != NULL ? top->text : "");
        fprintf(out, ",%llu,", top != NULL ? (unsigned long long)top->count : 0ULL);
        if (top != NULL) {
            fprintf(out, "%llu", (unsigned long long)top->example_trial);
        }
        fputc('\n', out);
    }
}

void report_reasons_csv(const analysis *of, FILE *out) {
    fputs("cell", out);
    put_factor_names(of, out);
    fputs(",reason,failed,example_trial\n", out);
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        const analysis_cell *cell = &of->cells[i];
        for (uint32_t r = 0; r < cell->reason_count; r++) {
            fprintf(out, "%u", i);
            put_levels(of, out, i);
            fputc(',', out);
            format_csv(out, cell->reasons[r].text);
            fprintf(out, ",%llu,%llu\n", (unsigned long long)cell->reasons[r].count,
                    (unsigned long long)cell->reasons[r].example_trial);
        }
        if (cell->other_failed > 0) {
            fprintf(out, "%u", i);
            put_levels(of, out, i);
            fprintf(out, ",other,%llu,\n", (unsigned long long)cell->other_failed);
        }
    }
}

void report_ecdf_csv(const analysis *of, FILE *out) {
    fputs("cell", out);
    put_factor_names(of, out);
    fputs(",time_to_connect_s,connected,connected_lo,connected_hi\n", out);
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        const analysis_cell *cell = &of->cells[i];
        const double band = cell->trials > 0 ? stats_ecdf_band(cell->trials, of->confidence) : 1.0;
        for (uint32_t p = 0; p < cell->point_count; p++) {
            const double share = cell->points[p].share;
            fprintf(out, "%u", i);
            put_levels(of, out, i);
            fprintf(out, ",%.6f", cell->points[p].time_s);
            put_real(out, share);
            put_real(out, fmax(0.0, share - band));
            put_real(out, fmin(1.0, share + band));
            fputc('\n', out);
        }
    }
}
