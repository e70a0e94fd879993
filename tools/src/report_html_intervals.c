/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keepalive intervals over time, in report.html: steps for each level of the treatment and side,
 * and the NAT's timeout they are up against.
 */
#include <math.h>
#include <stdlib.h>

#include "format.h"
#include "memory.h"
#include "report_html.h"
#include "report_intervals.h"
#include "report_layout.h"

/* Of a picture and its plot, in pixels at its natural size. Chosen. */
#define WIDTH 480.0
#define HEIGHT 280.0
#define LEFT 46.0
#define RIGHT 16.0
#define TOP 10.0
#define BOTTOM 36.0

#define US_PER_S 1e6
#define S_PER_H 3600.0

typedef struct {
    FILE *out;
    double end_s;
    int first; /* ticks of the interval's axis */
    int last;
} frame;

static frame frame_of(const intervals_plot *plot, FILE *out) {
    frame at = {.out = out, .end_s = plot->end_s};
    while (layout_tick_s(at.first) > plot->low_s && at.first > -18) { /* a microsecond */
        at.first--;
    }
    while (layout_tick_s(at.first + 1) <= plot->low_s) {
        at.first++;
    }
    at.last = at.first + 1;
    while (layout_tick_s(at.last) < plot->high_s) {
        at.last++;
    }
    return at;
}

static double x_of(const frame *at, punch_time_us at_us) {
    return LEFT + (double)at_us / US_PER_S / at->end_s * (WIDTH - LEFT - RIGHT);
}

static double y_of(const frame *at, double interval_s) {
    const double begin = log10(layout_tick_s(at->first));
    const double end = log10(layout_tick_s(at->last));
    const double part = (log10(interval_s) - begin) / (end - begin);
    return TOP + (1.0 - fmin(fmax(part, 0.0), 1.0)) * (HEIGHT - TOP - BOTTOM);
}

static void put_axes(const frame *at) {
    static const char line[] =
        "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"currentColor\" stroke-opacity=\".2\"/>";
    static const char label[] = "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%.4g</text>\n";
    for (int n = at->first; n <= at->last; n++) {
        const double y = y_of(at, layout_tick_s(n));
        fprintf(at->out, line, LEFT, y, WIDTH - RIGHT, y);
        fprintf(at->out, label, LEFT - 5.0, y + 3.5, "end", layout_tick_s(n));
    }
    for (int quarter = 0; quarter <= 4; quarter++) {
        const double part_s = at->end_s * quarter / 4.0;
        const double x = x_of(at, (punch_time_us)(part_s * US_PER_S));
        fprintf(at->out, line, x, TOP, x, HEIGHT - BOTTOM);
        fprintf(at->out, label, x, HEIGHT - BOTTOM + 13.0, "middle", part_s / S_PER_H);
    }
    fprintf(at->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n",
            (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 6.0,
            "hours since connected; interval in s (logarithmic)");
}

static void put_timeout(const frame *at, const interval_line *line) {
    bool drawing = false;
    fputs(
        "<path fill=\"none\" stroke=\"currentColor\" stroke-opacity=\".55\" "
        "stroke-dasharray=\"2 3\" d=\"",
        at->out);
    for (uint32_t i = 0; i < line->count; i++) {
        const punch_time_us lifetime_us = line->points[i].lifetime_us;
        const double x = x_of(at, line->points[i].at_us);
        if (lifetime_us == PUNCH_NEVER) {
            drawing = false;
            continue;
        }
        const double y = y_of(at, (double)lifetime_us / US_PER_S);
        fprintf(at->out, drawing ? "H%.1fV%.1f" : "M%.1f %.1f", x, y);
        drawing = true;
    }
    fputs("\"/>\n", at->out);
}

static void put_line(const frame *at, const interval_line *line, uint32_t index) {
    fprintf(at->out, "<path class=\"c%u\" stroke=\"%s\" fill=\"none\" stroke-width=\"1.4\"%s d=\"",
            index % LAYOUT_CURVES_MAX, layout_colours[index % LAYOUT_CURVES_MAX],
            html_dashes(index));
    for (uint32_t i = 0; i < line->count; i++) {
        fprintf(at->out, i > 0 ? "H%.1fV%.1f" : "M%.1f %.1f", x_of(at, line->points[i].at_us),
                y_of(at, (double)line->points[i].interval_us / US_PER_S));
    }
    fputs("\"/>\n", at->out);
}

static void put_panel(const intervals_plot *plot, const frame *at, uint32_t panel) {
    interval_log *log = memory_zeroed(1, sizeof *log);
    char *title = intervals_panel_title(plot, panel);
    fputs("<figure>\n", at->out);
    html_svg(at->out, WIDTH, HEIGHT);
    fputs("<title>Keepalive interval over time</title>\n", at->out);
    put_axes(at);
    for (uint32_t line = 0; line < plot->lines; line++) {
        if (intervals_plot_at(plot, panel, line, log)) {
            for (uint32_t side = 0; side < 2; side++) {
                put_timeout(at, &log->sides[side]);
                put_line(at, &log->sides[side], line);
            }
        }
    }
    fputs("</svg>\n<figcaption>", at->out);
    format_markup(at->out, title);
    fputs("</figcaption></figure>\n", at->out);
    free(title);
    free(log);
}

/* Levels that learn in some cell. */
static bool has_line(const intervals_plot *plot, uint32_t line) {
    bool adapts = false;
    for (uint32_t panel = 0; panel < plot->panels; panel++) {
        adapts = adapts || plot->of->about->cells[plot->cells[panel] + line * plot->stride].adapts;
    }
    return adapts;
}

void html_intervals(const analysis *of, FILE *out) {
    intervals_plot plot;
    if (!intervals_plot_of(of, &plot)) {
        return;
    }
    const frame at = frame_of(&plot, out);
    fprintf(out,
            "<section id=\"intervals\">\n<h2>How intervals change</h2>\n<p>Silence before each "
            "keepalive of strategies that learn, both sides, in the first trial of each cell. "
            "Dotted: the timeout of the NAT, without what varies it from mapping to mapping or "
            "over the day. The first %u trials are in intervals.csv.",
            INTERVALS_TRIALS);
    if (plot.skipped > 0) {
        fprintf(out, " So are %u more panels.", plot.skipped);
    }
    fputs("</p>\n<ul class=\"legend\">\n", out);
    for (uint32_t line = 0; line < plot.lines; line++) {
        if (has_line(&plot, line)) {
            char *title = intervals_line_title(&plot, line);
            html_key(out, line, title);
            free(title);
        }
    }
    fprintf(out, "</ul>\n<div class=\"%s\">\n", plot.panels > 1 ? "panels" : "panel");
    for (uint32_t panel = 0; panel < plot.panels; panel++) {
        put_panel(&plot, &at, panel);
    }
    fputs("</div>\n</section>\n", out);
}
