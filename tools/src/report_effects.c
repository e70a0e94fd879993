/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two figures as gnuplot scripts with their data. Factors: share connected, median time and share
 * held at every level of each factor, with their intervals, a line per combination of the other
 * factors, or one for all when they are many. Reasons: why calls failed, a stacked bar per failing
 * cell.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gnuplot.h"
#include "report.h"
#include "report_layout.h"
#include "report_words.h"

/* --- factors */

/* Pixels of a panel, and of what surrounds all of them. Chosen. */
#define PANEL_WIDTH_MIN 280u
#define PANEL_HEIGHT 240u
#define LEVEL_WIDTH 44u
#define LEFT 80u
#define TOP 60u
#define GAP 54u /* between panels: labels of the next axis */
#define LEGEND_LINE 18u

/* Lines lie side by side, so that their error bars do not hide each other. */
#define LINES_APART 0.07

/* One above the other. */
typedef enum {
    ROW_CONNECTED,
    ROW_TIME,
    ROW_HELD, /* only when connections were held */
    ROW_COUNT
} effects_row;

typedef struct {
    const analysis *of;
    FILE *out;
    effects_row rows;
    layout_time_axis times;
    double never_s;  /* where "never" is on the axis of times */
    uint32_t bottom; /* room for the labels of levels, which are slanted */
} effects;

/* Room for the longest label, and its end is not far to see. Chosen: 6 pixels a letter, at 40
 * degrees. */
static uint32_t labels_height(const facts *about) {
    size_t longest = 0;
    for (uint32_t f = 0; f < about->factor_count; f++) {
        for (uint32_t l = 0; l < about->factors[f].level_count; l++) {
            const size_t length = strlen(about->factors[f].levels[l]);
            longest = length > longest ? length : longest;
        }
    }
    return 50 + 4 * (uint32_t)(longest < 40 ? longest : 40);
}

static uint32_t panel_width(const facts *about, uint32_t factor) {
    const uint32_t width = 60 + LEVEL_WIDTH * about->factors[factor].level_count;
    return width < PANEL_WIDTH_MIN ? PANEL_WIDTH_MIN : width;
}

/* On the axis of times, which is logarithmic and ends at never. */
static double drawn_s(const effects *to, double time_s) {
    return fmax(layout_tick_s(to->times.first), isfinite(time_s) ? time_s : to->never_s);
}

static void put_percent(FILE *out, const stats_estimate *e) {
    if (e->n == 0) {
        fputs(" NaN NaN NaN", out);
    } else {
        fprintf(out, " %.6g %.6g %.6g", e->value * 100.0, e->lo * 100.0, e->hi * 100.0);
    }
}

/* Three columns per row of panels. */
static void put_points(const effects *to, const layout_effect *effect, uint32_t line) {
    const uint32_t level_count = to->of->about->factors[effect->factor].level_count;
    const double apart = ((double)line - (double)(effect->lines - 1) / 2.0) * LINES_APART;
    fprintf(to->out, "# level percent low high s low high held low high\n$factor%u_%u << EOD\n",
            effect->factor, line);
    for (uint32_t level = 0; level < level_count; level++) {
        const layout_effect_point at = layout_effect_at(effect, line, level);
        fprintf(to->out, "%.3f", (double)level + apart);
        put_percent(to->out, &at.connected);
        if (at.p50_s.n == 0) {
            fputs(" NaN NaN NaN", to->out);
        } else {
            fprintf(to->out, " %.6f %.6f %.6f", drawn_s(to, at.p50_s.value),
                    drawn_s(to, at.p50_s.lo), drawn_s(to, at.p50_s.hi));
        }
        put_percent(to->out, &at.held);
        fputc('\n', to->out);
    }
    fputs("EOD\n", to->out);
}

static void put_level_ticks(const effects *to, uint32_t factor, bool labels) {
    const facts_factor *of = &to->of->about->factors[factor];
    fprintf(to->out, "set xrange [-0.5:%u.5]\nset xtics rotate by -40 left (", of->level_count - 1);
    for (uint32_t level = 0; level < of->level_count; level++) {
        fputs(level > 0 ? ", '" : "'", to->out);
        gnuplot_tick_words(to->out, labels ? of->levels[level] : "");
        fprintf(to->out, "' %u", level);
    }
    fputs(")\n", to->out);
}

/* Pale lines under points with their error bars. */
static void put_lines(const effects *to, const layout_effect *effect, uint32_t column) {
    fputs("plot \\\n", to->out);
    for (uint32_t line = 0; line < effect->lines; line++) {
        fprintf(to->out,
                "  $factor%u_%u using 1:%u with lines linecolor rgb \"#a0%s\" notitle, \\\n",
                effect->factor, line, column, layout_colours[line] + 1);
    }
    for (uint32_t line = 0; line < effect->lines; line++) {
        fprintf(to->out,
                "  $factor%u_%u using 1:%u:%u:%u with yerrorbars linewidth 1.5 pointtype 7 "
                "pointsize 0.6 linecolor rgb \"%s\" notitle%s\n",
                effect->factor, line, column, column + 1, column + 2, layout_colours[line],
                line + 1 < effect->lines ? ", \\" : "");
    }
}

/* Where a panel is, in pixels from the upper left corner. */
typedef struct {
    uint32_t left;
    uint32_t width;
    uint32_t figure_width;
    uint32_t figure_height;
} effects_place;

static void put_margins(const effects *to, const effects_place *place, effects_row row) {
    const double width = place->figure_width;
    const double height = place->figure_height;
    const double top = TOP + (double)row * PANEL_HEIGHT;
    fprintf(to->out,
            "set lmargin at screen %.4f\nset rmargin at screen %.4f\nset tmargin at screen %.4f\n"
            "set bmargin at screen %.4f\n",
            place->left / width, (place->left + place->width - GAP) / width, 1.0 - top / height,
            1.0 - (top + PANEL_HEIGHT - 20) / height);
}

static void put_values_axis(const effects *to, effects_row row) {
    if (row != ROW_TIME) {
        fputs("unset logscale y\nset yrange [0:100]\nset ytics autofreq\n", to->out);
        return;
    }
    fprintf(to->out, "set yrange [%.6g:%.6g]\nset logscale y\nset ytics (\"never\" %.6g",
            layout_tick_s(to->times.first), to->never_s * 1.1, to->never_s);
    for (int n = to->times.first; n <= to->times.last; n++) {
        fprintf(to->out, ", \"%.6g\" %.6g", layout_tick_s(n), layout_tick_s(n));
    }
    fputs(")\n", to->out);
}

/* What a row of panels shows, to the left of the first. */
static void put_row_label(const effects *to, const effects_place *place, effects_row row) {
    static const char *const names[ROW_COUNT] = {"connected, %", "median time to connect, s",
                                                 "held, % of connected"};
    char confidence[FORMAT_TEXT_CAP];
    char intervals[FORMAT_TEXT_CAP + 16] = "";
    if (row == ROW_CONNECTED) { /* there is room, and it holds for all */
        snprintf(intervals, sizeof intervals, "; %s intervals",
                 report_confidence(to->of, confidence));
    }
    fprintf(to->out, "set label 1 \"%s%s\" at screen %.4f, screen %.4f center rotate\n", names[row],
            intervals, 18.0 / place->figure_width,
            1.0 - (TOP + ((double)row + 0.5) * PANEL_HEIGHT) / place->figure_height);
}

static void put_legend(const effects *to, const effects_place *place, const layout_effect *effect) {
    const uint32_t top = TOP + (uint32_t)to->rows * PANEL_HEIGHT + to->bottom - 20;
    for (uint32_t line = 0; line < effect->lines; line++) {
        char *title = layout_effect_title(effect, line);
        fprintf(to->out, "set label %u '", line + 10);
        gnuplot_words(to->out, title);
        fprintf(to->out, "' at screen %.4f, screen %.4f left textcolor rgb \"%s\"\n",
                (double)place->left / place->figure_width,
                1.0 - (double)(top + line * LEGEND_LINE) / place->figure_height,
                layout_colours[line]);
        free(title);
    }
}

/* All panels of a factor, and below them what its lines are. */
static void put_factor(const effects *to, const effects_place *place, uint32_t factor) {
    const layout_effect effect = layout_effect_of(to->of, factor);
    fputs("set title ", to->out);
    gnuplot_text(to->out, to->of->about->factors[factor].name);
    fputc('\n', to->out);
    for (effects_row row = ROW_CONNECTED; row < to->rows; row++) {
        const bool last = row + 1 == to->rows;
        put_margins(to, place, row);
        put_values_axis(to, row);
        put_level_ticks(to, factor, last);
        if (factor == 0) {
            put_row_label(to, place, row);
        }
        if (last) {
            put_legend(to, place, &effect);
        }
        put_lines(to, &effect, 2 + 3 * (uint32_t)row);
        fputs("unset title\nunset label\n", to->out);
    }
}

static void put_nothing(const analysis *of, FILE *out, const char *words) {
    gnuplot_begin(out, 640, 160);
    fputs("set title ", out);
    gnuplot_text(out, of->about->title);
    fprintf(out,
            "\nunset border\nunset tics\nunset key\nset xrange [0:1]\nset yrange [0:1]\n"
            "set label '%s' at 0.5, 0.5 center\nplot NaN\n",
            words);
}

void report_plot_factors(const analysis *of, FILE *out) {
    const facts *about = of->about;
    if (about->factor_count == 0) {
        put_nothing(of, out, "The scenario varies nothing.");
        return;
    }
    effects to = {.of = of, .out = out, .times = layout_time_axis_of(of)};
    to.rows = analysis_holds(of) ? ROW_COUNT : ROW_HELD;
    to.never_s = layout_tick_s(to.times.last + 1);
    to.bottom = labels_height(about);
    uint32_t lines = 1;
    effects_place place = {LEFT, 0, LEFT, TOP + (uint32_t)to.rows * PANEL_HEIGHT + to.bottom};
    for (uint32_t f = 0; f < about->factor_count; f++) {
        const layout_effect effect = layout_effect_of(of, f);
        lines = effect.lines > lines ? effect.lines : lines;
        place.figure_width += panel_width(about, f);
        for (uint32_t line = 0; line < effect.lines; line++) {
            put_points(&to, &effect, line);
        }
    }
    place.figure_height += lines * LEGEND_LINE;
    gnuplot_begin(out, place.figure_width, place.figure_height);
    fputs("set multiplot title ", out);
    gnuplot_text(out, about->title);
    fputs(
        "\nset grid ytics linetype 1 linewidth 0.5 linecolor rgb \"#cccccc\"\n"
        "set tics nomirror\nunset key\n",
        out);
    for (uint32_t f = 0; f < about->factor_count; f++) {
        place.width = panel_width(about, f);
        put_factor(&to, &place, f);
        place.left += place.width;
    }
    fputs("unset multiplot\n", out);
}

/* --- reasons */

/* Bars of more cells are too thin to compare; then those with most failures are drawn. Chosen. */
#define BARS_MAX 80u
#define BAR_HEIGHT 18u
#define BARS_WIDTH 960u
#define REASON_LETTERS_MAX 120

typedef struct {
    uint32_t cells[BARS_MAX];
    uint32_t count;
    uint32_t failing; /* cells, drawn or not */
} bar_list;

static double failed_share(const analysis *of, uint32_t cell) {
    const analysis_cell *at = &of->cells[cell];
    return at->calls > 0 ? (double)at->failed / (double)at->calls : 0.0;
}

/* The failing cells in order; of too many, those that fail most. */
static bar_list bars_of(const analysis *of) {
    bar_list list = {{0}, 0, 0};
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        if (of->cells[i].failed == 0) {
            continue;
        }
        list.failing++;
        if (list.count < BARS_MAX) {
            list.cells[list.count++] = i;
            continue;
        }
        uint32_t least = 0;
        for (uint32_t b = 1; b < list.count; b++) {
            if (failed_share(of, list.cells[b]) < failed_share(of, list.cells[least])) {
                least = b;
            }
        }
        if (failed_share(of, i) > failed_share(of, list.cells[least])) {
            memmove(&list.cells[least], &list.cells[least + 1],
                    (list.count - least - 1) * sizeof list.cells[0]);
            list.cells[list.count - 1] = i;
        }
    }
    return list;
}

/* Where each reason's part of each bar begins and ends. */
static void put_bar_data(const analysis *of, FILE *out, const layout_reasons *reasons,
                         const bar_list *bars) {
    for (uint32_t r = 0; r <= reasons->count; r++) {
        fprintf(out, "# row begin end percent\n$reason%u << EOD\n", r);
        for (uint32_t b = 0; b < bars->count; b++) {
            const layout_reason_bar bar = layout_reason_bar_of(of, reasons, bars->cells[b]);
            const double calls = (double)of->cells[bars->cells[b]].calls;
            uint64_t begin = 0;
            for (uint32_t before = 0; before < r; before++) {
                begin += bar.counts[before];
            }
            fprintf(out, "%u %.6g %.6g\n", b, (double)begin / calls * 100.0,
                    (double)(begin + bar.counts[r]) / calls * 100.0);
        }
        fputs("EOD\n", out);
    }
}

static void put_bar_ticks(const analysis *of, FILE *out, const bar_list *bars) {
    fputs("set ytics (", out);
    for (uint32_t b = 0; b < bars->count; b++) {
        const uint32_t cell = bars->cells[b];
        fputs(b > 0 ? ", '" : "'", out);
        for (uint32_t f = 0; f < of->about->factor_count; f++) {
            fputs(f > 0 ? " / " : "", out);
            gnuplot_tick_words(out, facts_level_name(of->about, cell, f));
        }
        fprintf(out, "%s%u' %u", of->about->factor_count > 0 ? "  " : "cell ", cell, b);
    }
    fputs(")\n", out);
}

static const char *reason_colour(const layout_reasons *reasons, uint32_t reason) {
    return reason < reasons->count ? layout_colours[reason] : "#aaaaaa";
}

/* Below the bars, a line each: gnuplot's own key would break into columns. */
static void put_bar_legend(FILE *out, const layout_reasons *reasons, uint32_t height) {
    const uint32_t entries = reasons->count + (reasons->other > 0 ? 1 : 0);
    for (uint32_t r = 0; r < entries; r++) {
        char title[REASON_LETTERS_MAX + 4];
        const char *text = r < reasons->count ? reasons->texts[r] : "other reasons";
        const bool whole = strlen(text) <= REASON_LETTERS_MAX;
        const double middle = (double)(LEGEND_LINE * (entries - r)) / height;
        snprintf(title, sizeof title, "%.*s%s", whole ? REASON_LETTERS_MAX : REASON_LETTERS_MAX - 3,
                 text, whole ? "" : "...");
        fprintf(out,
                "set object %u rectangle from screen 0.02, screen %.4f to screen 0.035, screen "
                "%.4f fillcolor rgb \"%s\" fillstyle solid noborder\nset label %u ",
                r + 1, middle - 5.0 / height, middle + 5.0 / height, reason_colour(reasons, r),
                r + 1);
        gnuplot_text(out, title);
        fprintf(out, " at screen 0.045, screen %.4f left\n", middle);
    }
}

static void put_bar_plots(FILE *out, const layout_reasons *reasons) {
    fputs("plot \\\n", out);
    for (uint32_t r = 0; r <= reasons->count; r++) {
        fprintf(out,
                "  $reason%u using 2:1:2:3:($1-0.36):($1+0.36) with boxxyerror fillstyle solid "
                "noborder linecolor rgb \"%s\" notitle%s\n",
                r, reason_colour(reasons, r), r < reasons->count ? ", \\" : "");
    }
}

void report_plot_reasons(const analysis *of, FILE *out) {
    const layout_reasons reasons = layout_reasons_of(of);
    const bar_list bars = bars_of(of);
    if (bars.count == 0) {
        put_nothing(of, out, "No call failed.");
        return;
    }
    put_bar_data(of, out, &reasons, &bars);
    const uint32_t entries = reasons.count + (reasons.other > 0 ? 1 : 0);
    const uint32_t legend = 10 + LEGEND_LINE * entries;
    const uint32_t height = 40 + BAR_HEIGHT * (bars.count + 1) + 50 + legend;
    gnuplot_begin(out, BARS_WIDTH, height);
    fputs("set title ", out);
    gnuplot_text(out, of->about->title);
    fprintf(out,
            "\nset xlabel \"failed calls, %%%s\"\nset xrange [0:100]\nset yrange [%u.6:-0.6]\n"
            "set tics nomirror scale 0.5\nset grid xtics linetype 1 linewidth 0.5 linecolor rgb "
            "\"#cccccc\"\nset tmargin at screen %.4f\nset bmargin at screen %.4f\nunset key\n",
            bars.count < bars.failing ? ", of the cells that fail most" : "", bars.count - 1,
            1.0 - 40.0 / height, (double)(legend + 50) / height);
    put_bar_legend(out, &reasons, height);
    put_bar_ticks(of, out, &bars);
    put_bar_plots(out, &reasons);
}
