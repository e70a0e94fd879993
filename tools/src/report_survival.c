/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_survival.h"

#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "format.h"
#include "punch/assert.h"
#include "report.h"

#define US_PER_S 1e6

typedef struct {
    stats_span *spans;
    size_t count;
    size_t cap;
} span_list;

static void add_span(span_list *list, stats_span span) {
    if (list->count == list->cap) {
        list->cap = list->cap > 0 ? 2 * list->cap : 1024;
        list->spans = realloc(list->spans, list->cap * sizeof *list->spans);
        PUNCH_ASSERT(list->spans != NULL);
    }
    list->spans[list->count++] = span;
}

/* Until the first of a call's holes was lost, or as long as it was held. */
static void add_call(span_list *list, const sim_hold_result *hold) {
    if (hold->held_us > 0) {
        const punch_time_us lost_us =
            punch_time_earlier(hold->hole_lost_at_us[0], hold->hole_lost_at_us[1]);
        add_span(list, (stats_span){(double)punch_time_earlier(lost_us, hold->held_us) / US_PER_S,
                                    lost_us != PUNCH_NEVER});
    }
}

/* Of each trial its first call: the others share its world. */
static bool add_cell(const analysis *of, uint32_t cell, span_list *list) {
    const facts_cell *about = &of->about->cells[cell];
    trials_reader reader;
    uint64_t calls = 0;
    trials_reader_begin(&reader, of->file, cell);
    while (about->holds && calls < SURVIVAL_CALLS_MAX && trials_reader_next(&reader)) {
        for (uint32_t t = 0; t < reader.chunk.count; t++) {
            if (about->call_count > 0 && calls < SURVIVAL_CALLS_MAX) {
                add_call(list, &reader.results[t].calls[0].hold);
                calls++;
            }
        }
    }
    const bool broken = reader.broken;
    trials_reader_end(&reader);
    return !broken;
}

static survival_curve curve_of(const analysis *of, span_list *list) {
    survival_curve curve = {.calls = list->count};
    curve.points = calloc(list->count + 1, sizeof *curve.points);
    PUNCH_ASSERT(curve.points != NULL);
    curve.count = stats_survival(list->spans, list->count, STATS_SURVIVAL_LOG_LOG, of->confidence,
                                 curve.points);
    curve.last_s = list->count > 0 ? list->spans[list->count - 1].time : 0.0; /* sorted now */
    free(list->spans);
    return curve;
}

bool survival_plot_of(const analysis *of, survival_plot *plot_out) {
    const facts *about = of->about;
    if (of->file == NULL || !analysis_holds(of)) {
        return false;
    }
    *plot_out = (survival_plot){of, UINT32_MAX, 1};
    for (uint32_t f = 0; f < about->factor_count; f++) {
        if (about->factors[f].treatment) {
            plot_out->factor = f;
            plot_out->curves = about->factors[f].level_count;
        }
    }
    return true;
}

static bool is_of_curve(const survival_plot *plot, uint32_t cell, uint32_t curve) {
    const facts *about = plot->of->about;
    for (uint32_t f = 0; f < about->factor_count; f++) {
        const uint32_t level = facts_level(about, cell, f);
        if (about->factors[f].treatment && level != (f == plot->factor ? curve : 0)) {
            return false;
        }
    }
    return true;
}

bool survival_curve_at(const survival_plot *plot, uint32_t curve, survival_curve *curve_out) {
    span_list list = {0};
    bool read = true;
    for (uint32_t cell = 0; read && cell < plot->of->about->cell_count; cell++) {
        read = !is_of_curve(plot, cell, curve) || add_cell(plot->of, cell, &list);
    }
    *curve_out = curve_of(plot->of, &list);
    return read;
}

bool survival_cell(const analysis *of, uint32_t cell, survival_curve *curve_out) {
    span_list list = {0};
    const bool read = add_cell(of, cell, &list);
    *curve_out = curve_of(of, &list);
    return read;
}

void survival_free(survival_curve *curve) {
    free(curve->points);
    memset(curve, 0, sizeof *curve);
}

char *survival_title(const survival_plot *plot, uint32_t curve) {
    if (plot->factor == UINT32_MAX) {
        return file_copy_name("all cells");
    }
    const facts_factor *factor = &plot->of->about->factors[plot->factor];
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    PUNCH_ASSERT(out != NULL);
    fprintf(out, "%s %s", factor->name, factor->levels[curve]);
    const int closed = fclose(out);
    PUNCH_ASSERT_EQ(closed, 0);
    return text;
}

/* --- survival.csv */

/* A written curve is nowhere further from the true one than 1 / POINTS_MAX. Chosen: as ecdf.csv. */
#define POINTS_MAX 1000.0

static void put_point(const analysis *of, FILE *out, uint32_t cell,
                      const stats_survival_point *point) {
    fprintf(out, "%u", cell);
    for (uint32_t f = 0; f < of->about->factor_count; f++) {
        fputc(',', out);
        format_csv_label(out, facts_level_name(of->about, cell, f));
    }
    fprintf(out, ",%.6f,%llu,%.15g,%.15g,%.15g\n", point->time, (unsigned long long)point->at_risk,
            point->survival.value, point->survival.lo, point->survival.hi);
}

bool report_survival_csv(const analysis *of, FILE *out) {
    bool read = true;
    fputs("cell", out);
    for (uint32_t f = 0; f < of->about->factor_count; f++) {
        fputc(',', out);
        format_csv_label(out, of->about->factors[f].name);
    }
    fputs(",held_s,at_risk,intact,intact_lo,intact_hi\n", out);
    for (uint32_t cell = 0; read && cell < of->about->cell_count; cell++) {
        survival_curve curve;
        read = survival_cell(of, cell, &curve);
        double written = 1.0;
        for (size_t i = 0; i < curve.count; i++) {
            const double share = curve.points[i].survival.value;
            if (written - share >= 1.0 / POINTS_MAX || i + 1 == curve.count) {
                put_point(of, out, cell, &curve.points[i]);
                written = share;
            }
        }
        survival_free(&curve);
    }
    return read;
}
