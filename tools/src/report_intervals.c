/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_intervals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "memory.h"
#include "punch/assert.h"
#include "report.h"

#define US_PER_S 1e6

bool intervals_are_drawn(const analysis *of) {
    bool adapts = false;
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        adapts = adapts || of->about->cells[i].adapts;
    }
    return of->file != NULL && adapts;
}

/* Records of a cell by trial, empty where there are none. False: the file changed meanwhile. */
static bool read_cell(const analysis *of, uint32_t cell, interval_log logs[INTERVALS_TRIALS]) {
    const facts_cell *about = &of->about->cells[cell];
    memset(logs, 0, INTERVALS_TRIALS * sizeof *logs);
    if (!about->adapts) {
        return true;
    }
    trials_reader reader;
    trials_reader_begin(&reader, of->file, cell);
    while (trials_reader_next(&reader) && reader.chunk.first < INTERVALS_TRIALS) {
        memcpy(logs + reader.chunk.first, reader.logs,
               trials_logged(&reader.chunk, about) * sizeof *logs);
    }
    const bool broken = reader.broken;
    trials_reader_end(&reader);
    return !broken;
}

/* --- what is drawn */

bool intervals_plot_at(const intervals_plot *plot, uint32_t panel, uint32_t line,
                       interval_log *log_out) {
    interval_log *logs = memory_zeroed(INTERVALS_TRIALS, sizeof *logs);
    const bool read = read_cell(plot->of, plot->cells[panel] + line * plot->stride, logs);
    *log_out = logs[0];
    free(logs);
    return read && (log_out->sides[0].count > 0 || log_out->sides[1].count > 0);
}

static void widen(intervals_plot *plot, const interval_line *line) {
    for (uint32_t i = 0; i < line->count; i++) {
        const interval_point *point = &line->points[i];
        const double interval_s = (double)point->interval_us / US_PER_S;
        const double lifetime_s =
            point->lifetime_us == PUNCH_NEVER ? interval_s : (double)point->lifetime_us / US_PER_S;
        plot->end_s = fmax(plot->end_s, (double)point->at_us / US_PER_S);
        plot->low_s = fmin(plot->low_s, fmin(interval_s, lifetime_s));
        plot->high_s = fmax(plot->high_s, fmax(interval_s, lifetime_s));
    }
}

/* Takes the panel that begins with the cell when it has a line. */
static void take_panel(intervals_plot *plot, uint32_t cell, interval_log *log) {
    bool any = false;
    for (uint32_t line = 0; line < plot->lines; line++) {
        any = any || plot->of->about->cells[cell + line * plot->stride].adapts;
    }
    if (!any || plot->panels == INTERVALS_PANELS_MAX) {
        plot->skipped += any;
        return;
    }
    plot->cells[plot->panels] = cell;
    for (uint32_t line = 0; line < plot->lines; line++) {
        if (intervals_plot_at(plot, plot->panels, line, log)) {
            widen(plot, &log->sides[0]);
            widen(plot, &log->sides[1]);
        }
    }
    plot->panels++;
}

bool intervals_plot_of(const analysis *of, intervals_plot *plot_out) {
    const facts *about = of->about;
    intervals_plot plot = {
        .of = of, .factor = UINT32_MAX, .lines = 1, .stride = 1, .low_s = INFINITY};
    if (!intervals_are_drawn(of)) {
        return false;
    }
    for (uint32_t f = 0, after = about->cell_count; f < about->factor_count; f++) {
        after /= about->factors[f].level_count;
        if (about->factors[f].treatment) {
            plot.factor = f;
            plot.lines = about->factors[f].level_count;
            plot.stride = after;
        }
    }
    interval_log *log = memory_zeroed(1, sizeof *log);
    for (uint32_t cell = 0; cell < about->cell_count; cell++) {
        if (plot.factor == UINT32_MAX || facts_level(about, cell, plot.factor) == 0) {
            take_panel(&plot, cell, log);
        }
    }
    free(log);
    *plot_out = plot;
    return plot.end_s > 0.0;
}

char *intervals_line_title(const intervals_plot *plot, uint32_t line) {
    return memory_text(plot->factor == UINT32_MAX
                           ? "keepalive interval"
                           : plot->of->about->factors[plot->factor].levels[line]);
}

char *intervals_panel_title(const intervals_plot *plot, uint32_t panel) {
    const facts *about = plot->of->about;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    PUNCH_ASSERT(out != NULL);
    const char *between = "";
    for (uint32_t f = 0; f < about->factor_count; f++) {
        if (f != plot->factor) {
            fprintf(out, "%s%s", between, facts_level_name(about, plot->cells[panel], f));
            between = " / ";
        }
    }
    const int closed = fclose(out);
    PUNCH_ASSERT_EQ(closed, 0);
    return text;
}

/* --- intervals.csv */

static void put_line(const analysis *of, FILE *out, uint32_t at[3], const interval_line *line) {
    for (uint32_t i = 0; i < line->count; i++) {
        const interval_point *point = &line->points[i];
        fprintf(out, "%u", at[0]);
        for (uint32_t f = 0; f < of->about->factor_count; f++) {
            fputc(',', out);
            format_csv_label(out, facts_level_name(of->about, at[0], f));
        }
        fprintf(out, ",%u,0,%s,%.6f,%.6f,", at[1], at[2] == 0 ? "caller" : "callee",
                (double)point->at_us / US_PER_S, (double)point->interval_us / US_PER_S);
        if (point->lifetime_us != PUNCH_NEVER) {
            fprintf(out, "%.6f", (double)point->lifetime_us / US_PER_S);
        }
        fputc('\n', out);
    }
}

bool report_intervals_csv(const analysis *of, FILE *out) {
    fputs("cell", out);
    for (uint32_t f = 0; f < of->about->factor_count; f++) {
        fputc(',', out);
        format_csv_label(out, of->about->factors[f].name);
    }
    fputs(",trial,call,side,time_s,interval_s,nat_timeout_s\n", out);
    interval_log *logs = memory_zeroed(INTERVALS_TRIALS, sizeof *logs);
    bool read = true;
    for (uint32_t cell = 0; read && cell < of->about->cell_count; cell++) {
        read = read_cell(of, cell, logs);
        for (uint32_t i = 0; read && i < 2 * INTERVALS_TRIALS; i++) {
            uint32_t at[3] = {cell, i / 2, i % 2};
            put_line(of, out, at, &logs[i / 2].sides[i % 2]);
        }
    }
    free(logs);
    return read;
}
