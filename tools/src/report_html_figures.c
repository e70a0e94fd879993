/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures in report.html, as shapes inside the page: distributions of the time to connect with
 * their bands, the effect of each factor, and why calls failed. Each panel is a picture of its own,
 * about as wide as a phone's screen, so that panels flow into as many columns as there is room for
 * and stay readable. Text and lines take the page's colour; curves have classes c0, c1, ... whose
 * colours the sheet sets for light and dark screens.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"
#include "report_html.h"
#include "report_layout.h"
#include "report_words.h"

/* Of a panel and its plot, in pixels at their natural size. Chosen. */
#define WIDTH 340.0
#define HEIGHT 230.0
#define LEFT 38.0
#define RIGHT 10.0
#define TOP 10.0
#define BOTTOM 34.0

/* A drawn curve is nowhere further from the true one than 1 / POINTS_MAX. Chosen: a pixel of a
 * panel at twice its natural size. */
#define POINTS_MAX 300u

static const char *const dashes[] = {"", " stroke-dasharray=\"7 3\"", " stroke-dasharray=\"2 2\"",
                                     " stroke-dasharray=\"7 2 2 2\""};

void html_svg(FILE *out, double width, double height) {
    fprintf(out,
            "<svg viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\" "
            "fill=\"currentColor\" font-family=\"system-ui, sans-serif\" font-size=\"10\">\n",
            width, height, width, height);
}

static void put_line(FILE *out, const double from[2], const double to[2]) {
    fprintf(out, "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"currentColor\" stroke-opacity=\".2\"/>",
            from[0], from[1], to[0], to[1]);
}

/* anchor: "start", "middle" or "end". */
static void put_label(FILE *out, const double at[2], const char *anchor, const char *text) {
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", at[0], at[1], anchor);
    format_markup(out, text);
    fputs("</text>", out);
}

const char *html_dashes(uint32_t curve) {
    return dashes[curve % (sizeof dashes / sizeof dashes[0])];
}

void html_key(FILE *out, uint32_t curve, const char *text) {
    fprintf(out,
            "<li><svg width=\"28\" height=\"10\" aria-hidden=\"true\"><path class=\"c%u\" d=\"M1 "
            "5H27\" stroke=\"%s\" stroke-width=\"2\" fill=\"none\"%s/></svg> ",
            curve % LAYOUT_CURVES_MAX, layout_colours[curve % LAYOUT_CURVES_MAX],
            html_dashes(curve));
    format_markup(out, text);
    fputs("</li>\n", out);
}

/* --- times */

typedef struct {
    const layout_times *plot;
    FILE *out;
    double begin; /* of the axis, as a logarithm */
    double end;
} times_frame;

static double x_of(const times_frame *frame, double time_s) {
    const double part = (log10(time_s) - frame->begin) / (frame->end - frame->begin);
    return LEFT + fmin(fmax(part, 0.0), 1.0) * (WIDTH - LEFT - RIGHT);
}

static double y_of(double share) {
    return TOP + (1.0 - fmin(fmax(share, 0.0), 1.0)) * (HEIGHT - TOP - BOTTOM);
}

/* Steps to the right, or back to the left, this much above the curve. */
static void put_steps(const times_frame *frame, const layout_curve *curve, double above) {
    fprintf(frame->out, "M%.1f %.1f", LEFT, y_of(above));
    for (uint32_t i = 0; i < curve->point_count; i++) {
        fprintf(frame->out, "H%.1fV%.1f", x_of(frame, curve->points[i].time_s),
                y_of(curve->points[i].share + above));
    }
    fprintf(frame->out, "H%.1f", WIDTH - RIGHT);
}

static void put_steps_back(const times_frame *frame, const layout_curve *curve, double above) {
    const double last = curve->point_count > 0 ? curve->points[curve->point_count - 1].share : 0.0;
    fprintf(frame->out, "V%.1f", y_of(last + above));
    for (uint32_t i = curve->point_count; i-- > 0;) {
        const double before = i > 0 ? curve->points[i - 1].share : 0.0;
        fprintf(frame->out, "H%.1fV%.1f", x_of(frame, curve->points[i].time_s),
                y_of(before + above));
    }
    fprintf(frame->out, "H%.1fZ", LEFT);
}

static void put_curve(const times_frame *frame, uint32_t panel, uint32_t index) {
    layout_curve curve = layout_curve_at(frame->plot, panel, index, POINTS_MAX);
    fprintf(frame->out, "<g class=\"c%u\" stroke=\"%s\" fill=\"%s\">", index, layout_colours[index],
            layout_colours[index]);
    fputs("<path stroke=\"none\" fill-opacity=\".15\" d=\"", frame->out);
    put_steps(frame, &curve, curve.band);
    put_steps_back(frame, &curve, -curve.band);
    fprintf(frame->out, "\"/><path fill=\"none\" stroke-width=\"1.6\"%s d=\"", dashes[index % 4]);
    put_steps(frame, &curve, 0.0);
    fputs("\"/></g>\n", frame->out);
    layout_curve_free(&curve);
}

/* Lines of the grid with their labels. Labels of times leave room for each other. */
static void put_times_axes(const times_frame *frame, const layout_time_axis *axis) {
    char text[FORMAT_TEXT_CAP];
    double labelled = -100.0;
    for (int n = axis->first; n <= axis->last; n++) {
        const double x = x_of(frame, layout_tick_s(n));
        const bool last = n == axis->last;
        const double next = x_of(frame, layout_tick_s(axis->last));
        put_line(frame->out, (double[2]){x, TOP}, (double[2]){x, HEIGHT - BOTTOM});
        if (x - labelled >= 26.0 && (last || next - x >= 26.0)) {
            snprintf(text, sizeof text, "%.6g", layout_tick_s(n));
            put_label(frame->out, (double[2]){x, HEIGHT - BOTTOM + 12}, "middle", text);
            labelled = x;
        }
    }
    for (int percent = 0; percent <= 100; percent += 25) {
        const double y = y_of(percent / 100.0);
        put_line(frame->out, (double[2]){LEFT, y}, (double[2]){WIDTH - RIGHT, y});
        snprintf(text, sizeof text, "%d %%", percent);
        put_label(frame->out, (double[2]){LEFT - 4, y + 3}, "end", text);
    }
    put_label(frame->out, (double[2]){(LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6}, "middle",
              "time to connect, s (logarithmic)");
    fputc('\n', frame->out);
}

static void put_times_panel(const times_frame *frame, const layout_time_axis *axis,
                            uint32_t panel) {
    fputs("<figure>\n", frame->out);
    if (frame->plot->kind == LAYOUT_PANELS) {
        char *title = layout_panel_title(frame->plot, panel);
        fputs("<figcaption>", frame->out);
        format_markup(frame->out, title);
        fputs("</figcaption>\n", frame->out);
        free(title);
    }
    html_svg(frame->out, WIDTH, HEIGHT);
    fputs("<title>Share of calls connected by the time since the call</title>\n", frame->out);
    put_times_axes(frame, axis);
    for (uint32_t curve = 0; curve < frame->plot->curves; curve++) {
        put_curve(frame, panel, curve);
    }
    fputs("</svg>\n</figure>\n", frame->out);
}

void html_times(const analysis *of, FILE *out) {
    const layout_times plot = layout_times_of(of);
    const layout_time_axis axis = layout_time_axis_of(of);
    const times_frame frame = {&plot, out, log10(layout_tick_s(axis.first)),
                               log10(layout_tick_s(axis.last))};
    char confidence[FORMAT_TEXT_CAP];
    fprintf(
        out,
        "<section id=\"times\">\n<h2>Time to connect</h2>\n<p>Share of calls that had connected "
        "within a time from the intended moment of the call, with a band that holds the whole "
        "curve with %s. Failed calls never connect, so a curve ends at the share that did.%s"
        "</p>\n<ul class=\"legend\">\n",
        report_confidence(of, confidence),
        plot.kind == LAYOUT_POOLED ? " Cells of a curve are pooled." : "");
    for (uint32_t curve = 0; curve < plot.curves; curve++) {
        char *title = layout_curve_title(&plot, curve);
        html_key(out, curve, title);
        free(title);
    }
    fprintf(out, "</ul>\n<div class=\"%s\">\n", plot.panels > 1 ? "panels" : "panel");
    for (uint32_t panel = 0; panel < plot.panels; panel++) {
        put_times_panel(&frame, &axis, panel);
    }
    fputs("</div>\n</section>\n", out);
}

/* --- factors */

/* Room for one level's label where labels lie flat, and how much of a label is shown. Chosen. */
#define LEVEL_WIDTH 46.0
#define LETTER 5.5
#define LABEL_LETTERS_MAX 22u

/* What a picture of a factor is about. */
typedef enum {
    EFFECT_CONNECTED,
    EFFECT_TIME,
    EFFECT_HELD, /* only when connections were held */
    EFFECT_COUNT
} effect_shows;

static const char *const effect_titles[EFFECT_COUNT] = {"connected", "median time to connect, s",
                                                        "held, of those that connected"};

typedef struct {
    FILE *out;
    const layout_effect *effect;
    uint32_t level_count;
    layout_time_axis times;
    double width;
    double left;   /* room for the first label, and */
    double bottom; /* for all of them */
    bool slanted;  /* labels */
    effect_shows shows;
} factor_frame;

/* The beginning of a label, whole characters. */
static void short_label(const char *label, char text[4 * LABEL_LETTERS_MAX + 4]) {
    uint32_t letters = 0;
    size_t bytes = 0;
    while (label[bytes] != '\0' && letters < LABEL_LETTERS_MAX &&
           bytes < 4 * LABEL_LETTERS_MAX - 4) {
        bytes++;
        while (((unsigned char)label[bytes] & 0xc0u) == 0x80u &&
               bytes < 4 * LABEL_LETTERS_MAX - 4) {
            bytes++;
        }
        letters++;
    }
    memcpy(text, label, bytes);
    memcpy(text + bytes, label[bytes] == '\0' ? "" : "...", label[bytes] == '\0' ? 1 : 4);
}

static factor_frame factor_frame_of(const layout_effect *effect, FILE *out) {
    const facts_factor *factor = &effect->of->about->factors[effect->factor];
    factor_frame frame = {.out = out, .effect = effect, .level_count = factor->level_count};
    size_t longest = 0;
    for (uint32_t level = 0; level < factor->level_count; level++) {
        char text[4 * LABEL_LETTERS_MAX + 4];
        short_label(factor->levels[level], text);
        longest = strlen(text) > longest ? strlen(text) : longest;
    }
    frame.times = layout_time_axis_of(effect->of);
    frame.left = LEFT;
    frame.width = fmax(WIDTH, LEFT + RIGHT + factor->level_count * LEVEL_WIDTH / 2);
    const double room = (frame.width - LEFT - RIGHT) / factor->level_count;
    frame.slanted = (double)longest * LETTER > room;
    if (frame.slanted) { /* a label ends at its level, and begins to the left */
        frame.left = fmax(LEFT, (double)longest * LETTER * 0.77 - room / 2.0 + 10.0);
        frame.width += frame.left - LEFT;
    }
    frame.bottom = frame.slanted ? 14.0 + (double)longest * LETTER * 0.7 : 20.0;
    return frame;
}

static double level_x(const factor_frame *frame, uint32_t level, uint32_t line) {
    const double room = (frame->width - frame->left - RIGHT) / frame->level_count;
    const double apart = fmin(5.0, room * 0.7 / frame->effect->lines);
    return frame->left + room * (level + 0.5) +
           ((double)line - (double)(frame->effect->lines - 1) / 2.0) * apart;
}

/* Of a share, or of a time on a logarithmic axis that ends at never. */
static double value_y(const factor_frame *frame, double value) {
    if (frame->shows != EFFECT_TIME) {
        return y_of(value);
    }
    const double begin = log10(layout_tick_s(frame->times.first));
    const double end = log10(layout_tick_s(frame->times.last + 1));
    const double at = isfinite(value) ? log10(fmax(value, layout_tick_s(frame->times.first))) : end;
    return y_of((at - begin) / (end - begin));
}

static void put_value_axis(const factor_frame *frame) {
    char text[FORMAT_TEXT_CAP];
    const bool seconds = frame->shows == EFFECT_TIME;
    const int first = seconds ? frame->times.first : 0;
    const int last = seconds ? frame->times.last + 1 : 4;
    double labelled = HEIGHT;
    for (int n = first; n <= last; n++) {
        const double y = value_y(frame, seconds ? layout_tick_s(n) : n / 4.0);
        if (seconds) {
            snprintf(text, sizeof text, "%.6g", layout_tick_s(n));
        } else {
            snprintf(text, sizeof text, "%d %%", n * 25);
        }
        put_line(frame->out, (double[2]){frame->left, y}, (double[2]){frame->width - RIGHT, y});
        const bool never = seconds && n == last;
        if (never || (labelled - y >= 11.0 && (!seconds || y - TOP >= 11.0))) {
            put_label(frame->out, (double[2]){frame->left - 4, y + 3}, "end",
                      never ? "never" : text);
            labelled = y;
        }
    }
}

static void put_level_labels(const factor_frame *frame) {
    const facts_factor *factor = &frame->effect->of->about->factors[frame->effect->factor];
    const double y = HEIGHT - BOTTOM + 13;
    for (uint32_t level = 0; level < frame->level_count; level++) {
        char text[4 * LABEL_LETTERS_MAX + 4];
        const double x =
            level_x(frame, level, 0) +
            (level_x(frame, level, frame->effect->lines - 1) - level_x(frame, level, 0)) / 2.0;
        short_label(factor->levels[level], text);
        if (frame->slanted) {
            fprintf(frame->out,
                    "<text transform=\"translate(%.1f %.1f) rotate(-40)\" "
                    "text-anchor=\"end\">",
                    x + 3, y - 4);
            format_markup(frame->out, text);
            fputs("</text>", frame->out);
        } else {
            put_label(frame->out, (double[2]){x, y}, "middle", text);
        }
    }
    fputc('\n', frame->out);
}

static const stats_estimate *shown_estimate(const factor_frame *frame,
                                            const layout_effect_point *at) {
    switch (frame->shows) {
    case EFFECT_CONNECTED:
        return &at->connected;
    case EFFECT_TIME:
        return &at->p50_s;
    case EFFECT_HELD:
        return &at->held;
    case EFFECT_COUNT:
        break;
    }
    return &at->connected;
}

static void put_effect_line(const factor_frame *frame, uint32_t line) {
    fprintf(frame->out, "<g class=\"c%u\" stroke=\"%s\" fill=\"%s\">", line, layout_colours[line],
            layout_colours[line]);
    double before[2] = {0.0, 0.0};
    bool any = false;
    for (uint32_t level = 0; level < frame->level_count; level++) {
        const layout_effect_point at = layout_effect_at(frame->effect, line, level);
        const stats_estimate *e = shown_estimate(frame, &at);
        if (e->n == 0) {
            any = false;
            continue;
        }
        const double x = level_x(frame, level, line);
        const double y = value_y(frame, e->value);
        fprintf(frame->out,
                "<path fill=\"none\" d=\"M%.1f %.1fV%.1fm-2.5 0h5M%.1f %.1fh5\"/>"
                "<circle stroke=\"none\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\"/>",
                x, value_y(frame, e->lo), value_y(frame, e->hi), x - 2.5, value_y(frame, e->lo), x,
                y);
        if (any) {
            fprintf(frame->out, "<path stroke-opacity=\".4\" d=\"M%.1f %.1fL%.1f %.1f\"/>",
                    before[0], before[1], x, y);
        }
        before[0] = x;
        before[1] = y;
        any = true;
    }
    fputs("</g>\n", frame->out);
}

static void put_effect(factor_frame *frame, effect_shows shows) {
    frame->shows = shows;
    fprintf(frame->out, "<figure>\n<figcaption>%s</figcaption>\n<div class=\"scroll\">",
            effect_titles[shows]);
    html_svg(frame->out, frame->width, HEIGHT - BOTTOM + frame->bottom);
    fprintf(frame->out, "<title>%s: at every level</title>\n", effect_titles[shows]);
    put_value_axis(frame);
    put_level_labels(frame);
    for (uint32_t line = 0; line < frame->effect->lines; line++) {
        put_effect_line(frame, line);
    }
    fputs("</svg></div>\n</figure>\n", frame->out);
}

static void put_factor(const analysis *of, FILE *out, uint32_t factor) {
    const layout_effect effect = layout_effect_of(of, factor);
    factor_frame frame = factor_frame_of(&effect, out);
    fputs("<div>\n<h3>", out);
    format_markup(out, of->about->factors[factor].name);
    fputs("</h3>\n<ul class=\"legend\">\n", out);
    for (uint32_t line = 0; line < effect.lines; line++) {
        char *title = layout_effect_title(&effect, line);
        html_key(out, line, title);
        free(title);
    }
    fputs("</ul>\n<div class=\"panels\">\n", out);
    put_effect(&frame, EFFECT_CONNECTED);
    put_effect(&frame, EFFECT_TIME);
    if (analysis_holds(of)) {
        put_effect(&frame, EFFECT_HELD);
    }
    fputs("</div>\n</div>\n", out);
}

void html_factors(const analysis *of, FILE *out) {
    const facts *about = of->about;
    fputs("<section id=\"factors\">\n<h2>What the factors change</h2>\n", out);
    if (about->factor_count == 0) {
        fputs("<p>The scenario varies nothing.</p>\n", out);
    } else {
        char confidence[FORMAT_TEXT_CAP];
        fprintf(out,
                "<p>Each level of each factor with its %s interval. Where the other factors have "
                "more than %u combinations, all cells of a level are pooled; worlds that cells "
                "share count once.</p>\n",
                report_confidence(of, confidence), LAYOUT_EFFECT_LINES_MAX);
    }
    for (uint32_t f = 0; f < about->factor_count; f++) {
        put_factor(of, out, f);
    }
    fputs("</section>\n", out);
}

/* --- reasons */

/* Failing cells whose bars are shown at once; the rest is folded. Chosen: about a screen. */
#define BARS_OPEN_MAX 24u

/* Length of a bar in which every call failed. */
#define BAR_UNITS 1000.0

static void put_bar(const analysis *of, FILE *out, const layout_reasons *reasons, uint32_t cell) {
    const layout_reason_bar bar = layout_reason_bar_of(of, reasons, cell);
    const double calls = (double)of->cells[cell].calls;
    char percent[FORMAT_TEXT_CAP];
    char *words = report_cell_words(of, cell);
    fputs("<li><span class=\"of\">", out);
    html_cell_link(out, cell);
    fputs(" <span>", out);
    format_markup(out, words);
    fprintf(out,
            "</span></span>\n<svg class=\"bar\" viewBox=\"0 0 1000 12\" width=\"300\" "
            "height=\"12\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"%s %% failed\">"
            "<path d=\"M0 11.5H1000\" stroke=\"currentColor\" stroke-opacity=\".25\"/>",
            format_percent((double)of->cells[cell].failed / calls, percent));
    uint64_t begin = 0;
    for (uint32_t r = 0; r <= reasons->count; r++) {
        if (bar.counts[r] == 0) {
            continue;
        }
        fprintf(out, "<rect class=\"r%u\" fill=\"%s\" x=\"%.2f\" width=\"%.2f\" height=\"12\"/>",
                r < reasons->count ? r : LAYOUT_REASONS_MAX,
                r < reasons->count ? layout_colours[r] : "#aaaaaa",
                (double)begin / calls * BAR_UNITS, (double)bar.counts[r] / calls * BAR_UNITS);
        begin += bar.counts[r];
    }
    fprintf(out, "</svg>\n<span class=\"percent\">%s %%</span></li>\n", percent);
    free(words);
}

static void put_reason_key(FILE *out, uint32_t class, const char *colour, const char *text,
                           uint64_t calls) {
    char count[FORMAT_TEXT_CAP];
    fprintf(out,
            "<li><svg width=\"14\" height=\"12\" aria-hidden=\"true\"><rect class=\"r%u\" "
            "fill=\"%s\" width=\"14\" height=\"12\"/></svg> ",
            class, colour);
    format_markup(out, text);
    fprintf(out, " <span class=\"count\">(%s)</span></li>\n", format_count(calls, count));
}

void html_reasons(const analysis *of, FILE *out) {
    const layout_reasons reasons = layout_reasons_of(of);
    uint32_t failing = 0;
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        failing += of->cells[i].failed > 0 ? 1 : 0;
    }
    fputs("<section id=\"reasons\">\n<h2>Why calls failed</h2>\n", out);
    if (failing == 0) {
        fputs("<p>No call failed.</p>\n</section>\n", out);
        return;
    }
    fputs(
        "<p>Share of each cell's calls that failed, by what the peers said and the world knows."
        "</p>\n<ul class=\"legend long\">\n",
        out);
    for (uint32_t r = 0; r < reasons.count; r++) {
        put_reason_key(out, r, layout_colours[r], reasons.texts[r], reasons.counts[r]);
    }
    if (reasons.other > 0) {
        put_reason_key(out, LAYOUT_REASONS_MAX, "#aaaaaa", "other reasons", reasons.other);
    }
    fputs("</ul>\n<ul class=\"bars\">\n", out);
    uint32_t shown = 0;
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        if (of->cells[i].failed == 0) {
            continue;
        }
        if (shown == BARS_OPEN_MAX) {
            fprintf(out,
                    "</ul>\n<details><summary>%u more cells fail</summary>\n"
                    "<ul class=\"bars\">\n",
                    failing - shown);
        }
        put_bar(of, out, &reasons, i);
        shown++;
    }
    fputs(failing > BARS_OPEN_MAX ? "</ul>\n</details>\n</section>\n" : "</ul>\n</section>\n", out);
}
