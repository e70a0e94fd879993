/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two figures of a tradeoff as gnuplot scripts with their data. Levels by cost and harm, with
 * intervals both ways and the frontier: data are parts of the axes, whose ticks carry the values
 * (report_pareto.h). And maps: cost and harm of every level at every level of another factor.
 */
#include <string.h>

#include "gnuplot.h"
#include "report.h"
#include "report_pareto.h"

static void put_nothing(const analysis *of, FILE *out, const char *words) {
    gnuplot_begin(out, 640, 160);
    fputs("set title ", out);
    gnuplot_text(out, of->about->title);
    fprintf(out,
            "\nunset border\nunset tics\nunset key\nset xrange [0:1]\nset yrange [0:1]\n"
            "set label '%s' at 0.5, 0.5 center\nplot NaN\n",
            words);
}

/* --- cost and harm */

/* Pixels. Chosen. */
#define WIDTH 800.0
#define HEIGHT 560.0
#define LEFT 100.0
#define RIGHT 120.0
#define TOP 44.0
#define BOTTOM 96.0
#define LETTER 6.4
#define LINE 15.0

#define BEST_COLOUR "#d55e00" /* after Okabe & Ito, as the other colours */
#define FRONTIER_COLOUR "#0072b2"
#define BEATEN_COLOUR "#6f6f6f"

/* The three looks of marks, and which levels have them. */
static const struct {
    const char *name;
    const char *colour;
    const char *point;
    const char *title;
    double title_at; /* part of the figure's width */
} looks[] = {
    {"best", BEST_COLOUR, "pointtype 13 pointsize 1.6", "best", 0.12},
    {"frontier", FRONTIER_COLOUR, "pointtype 7 pointsize 1.1",
     "on the frontier: nothing is shown to beat it", 0.24},
    {"beaten", BEATEN_COLOUR, "pointtype 6 pointsize 1.1", "beaten", 0.70},
};

#define LOOKS (sizeof looks / sizeof looks[0])

static size_t look_of(const pareto_mark *mark) {
    return mark->row->mark == TRADEOFF_BEST ? 0 : mark->row->frontier ? 1 : 2;
}

static void put_marks(const pareto *of, FILE *out) {
    for (size_t look = 0; look < LOOKS; look++) {
        bool any = false;
        fprintf(out, "# cost harm cost_lo cost_hi harm_lo harm_hi\n$%s << EOD\n", looks[look].name);
        for (uint32_t m = 0; m < of->mark_count; m++) {
            const pareto_mark *mark = &of->marks[m];
            if (look_of(mark) == look) {
                fprintf(out, "%.6f %.6f %.6f %.6f %.6f %.6f\n", mark->at[TRADEOFF_COST],
                        mark->at[TRADEOFF_HARM], mark->lo[TRADEOFF_COST], mark->hi[TRADEOFF_COST],
                        mark->lo[TRADEOFF_HARM], mark->hi[TRADEOFF_HARM]);
                any = true;
            }
        }
        fputs(any ? "EOD\n" : "NaN NaN NaN NaN NaN NaN\nEOD\n", out);
    }
    fputs("$steps << EOD\n", out);
    for (uint32_t c = 0; c < of->corner_count; c++) {
        fprintf(out, "%.6f %.6f\n", of->corners[c][TRADEOFF_COST], of->corners[c][TRADEOFF_HARM]);
    }
    fputs(of->corner_count > 0 ? "EOD\n" : "NaN NaN\nEOD\n", out);
}

static void put_axis(const pareto_axis *axis, FILE *out, const char *letter) {
    fprintf(out, "set %slabel ", letter);
    gnuplot_text(out, axis->title);
    fprintf(out, "\nset %srange [0:1]\nset %stics (", letter, letter);
    for (uint32_t t = 0; t < axis->tick_count; t++) {
        fprintf(out, "%s\"%s\" %.6f", t > 0 ? ", " : "", axis->ticks[t].text, axis->ticks[t].at);
    }
    fputs(")\n", out);
}

static void put_labels(const pareto *of, FILE *out) {
    static const char *const anchors[] = {
        [PARETO_LEFT] = "left", [PARETO_MIDDLE] = "center", [PARETO_RIGHT] = "right"};
    for (uint32_t m = 0; m < of->mark_count; m++) {
        const pareto_mark *mark = &of->marks[m];
        const double *at = mark->label_at;
        fprintf(out, "set label %u ", m + 1);
        gnuplot_text(out, mark->label);
        fprintf(out, " at %.6f, %.6f %s front textcolor rgb \"%s\"\n", at[TRADEOFF_COST],
                at[TRADEOFF_HARM], anchors[mark->anchor], looks[look_of(mark)].colour);
        if (mark->led) {
            fprintf(out,
                    "set arrow %u from %.6f, %.6f to %.6f, %.6f nohead linewidth 0.7 linecolor rgb "
                    "\"#a0%s\"\n",
                    m + 1, mark->at[TRADEOFF_COST], mark->at[TRADEOFF_HARM], at[TRADEOFF_COST],
                    at[TRADEOFF_HARM], looks[look_of(mark)].colour + 1);
        }
    }
}

/* In a line below: gnuplot's own key would break it. */
static void put_legend(FILE *out) {
    for (size_t look = 0; look < LOOKS; look++) {
        fprintf(out,
                "set label %zu '%s' at screen %.4f, screen %.4f left point %s linecolor rgb \"%s\" "
                "offset character 1.5, 0\n",
                1000 + look, looks[look].title, looks[look].title_at, 20.0 / HEIGHT,
                looks[look].point, looks[look].colour);
    }
}

void report_plot_tradeoff(const analysis *of, FILE *out) {
    static const pareto_size size = {WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM, LETTER, LINE,
                                     RIGHT - 6.0};
    const tradeoff_table *table = &of->judged->tables[0];
    if (table->trials == 0) {
        put_nothing(of, out, "Not every level has a trial yet.");
        return;
    }
    pareto made = pareto_of(of->judged, table, &size);
    gnuplot_begin(out, (uint32_t)WIDTH, (uint32_t)HEIGHT);
    fputs("set title ", out);
    gnuplot_text(out, of->about->title);
    fprintf(out,
            "\nset lmargin at screen %.4f\nset rmargin at screen %.4f\nset tmargin at screen %.4f\n"
            "set bmargin at screen %.4f\nset tics nomirror scale 0.5\nset border 3\n"
            "set grid linetype 1 linewidth 0.5 linecolor rgb \"#dddddd\"\n"
            "unset key\n"
            "set errorbars small\n",
            LEFT / WIDTH, 1.0 - RIGHT / WIDTH, 1.0 - TOP / HEIGHT, BOTTOM / HEIGHT);
    put_axis(&made.axes[TRADEOFF_COST], out, "x");
    put_axis(&made.axes[TRADEOFF_HARM], out, "y");
    put_marks(&made, out);
    put_labels(&made, out);
    put_legend(out);
    fputs(
        "plot $steps using 1:2 with lines linewidth 1.5 dashtype 2 linecolor rgb \"#80"
        "0072b2\"",
        out);
    for (size_t look = 0; look < LOOKS; look++) {
        fprintf(out,
                ", \\\n  $%s using 1:2:3:4:5:6 with xyerrorbars linewidth 1.2 %s linecolor rgb "
                "\"%s\"",
                looks[look].name, looks[look].point, looks[look].colour);
    }
    fputc('\n', out);
    pareto_free(&made);
}

/* --- maps */

/* Pixels. Chosen. */
#define TILE_WIDTH 62.0
#define TILE_HEIGHT 30.0
#define MAP_GAP 40.0
#define MAP_TOP 80.0

/* Of the names of a factor's levels as they are drawn, in pixels. */
static uint32_t names_width(const facts_factor *factor) {
    size_t longest = 0;
    for (uint32_t l = 0; l < factor->level_count; l++) {
        char text[PARETO_TEXT_CAP];
        pareto_short_label(factor->levels[l], text);
        const size_t length = strlen(text);
        longest = length > longest ? length : longest;
    }
    return (uint32_t)(LETTER * (double)longest);
}

/* Where the two maps are, in pixels; the names of the treatment's levels are slanted. */
typedef struct {
    double width;
    double height;
    double left;
    double wide; /* each */
} map_place;

static map_place map_place_of(const tradeoff *of) {
    const facts *about = of->about;
    const double below = names_width(&about->factors[about->tradeoff.factor]);
    map_place made = {.wide = TILE_WIDTH * of->level_count};
    made.left = 72.0 + names_width(&about->factors[of->map.factor]);
    made.width = made.left + 2.0 * made.wide + MAP_GAP + 20.0 + 0.8 * below;
    made.height = MAP_TOP + TILE_HEIGHT * of->map.level_count + 30.0 + 0.7 * below;
    return made;
}

static void put_map_data(const tradeoff *of, FILE *out, tradeoff_side side) {
    fprintf(out, "# x y badness label\n$map%d << EOD\n", (int)side);
    for (uint32_t level = 0; level < of->map.level_count; level++) {
        for (uint32_t r = 0; r < of->level_count; r++) {
            char text[PARETO_TEXT_CAP];
            const uint32_t treated = of->tables[0].rows[r].level;
            const double badness = pareto_tile_badness(of, side, level, treated);
            if (badness < 0.0) {
                fprintf(out, "%u %u NaN -\n", r, level);
            } else {
                fprintf(out, "%u %u %.4f %s\n", r, level, badness,
                        pareto_tile_words(of, side, level, treated, text));
            }
        }
    }
    fputs("EOD\n", out);
}

static void put_names(FILE *out, const char *command, const facts_factor *factor,
                      const tradeoff_row *order) {
    fprintf(out, "set %s (", command);
    for (uint32_t l = 0; l < factor->level_count; l++) {
        char text[PARETO_TEXT_CAP];
        pareto_short_label(factor->levels[order != NULL ? order[l].level : l], text);
        fputs(l > 0 ? ", '" : "'", out);
        gnuplot_tick_words(out, text);
        fprintf(out, "' %u", l);
    }
    fputs(")\n", out);
}

static void put_map(const tradeoff *of, FILE *out, tradeoff_side side, const map_place *at) {
    const facts_factor *factor = &of->about->factors[of->map.factor];
    const facts_factor *treatment = &of->about->factors[of->about->tradeoff.factor];
    const sim_measure *measure = tradeoff_measure(&of->about->tradeoff, side);
    const double left = at->left + (side == TRADEOFF_COST ? 0.0 : at->wide + MAP_GAP);
    fprintf(out,
            "set lmargin at screen %.4f\nset rmargin at screen %.4f\nset tmargin at screen %.4f\n"
            "set bmargin at screen %.4f\nset title '%s: ",
            left / at->width, (left + at->wide) / at->width, 1.0 - MAP_TOP / at->height,
            1.0 - (MAP_TOP + TILE_HEIGHT * of->map.level_count) / at->height,
            side == TRADEOFF_COST ? "cost" : "harm");
    gnuplot_words(out, measure->label);
    fprintf(out, "%s'\n", measure->unit == SIM_UNIT_SHARE ? ", %" : "");
    put_names(out, "xtics rotate by -40 left", treatment, of->tables[0].rows);
    if (side == TRADEOFF_COST) {
        fputs("set ylabel ", out);
        gnuplot_text(out, factor->name);
        fputc('\n', out);
        put_names(out, "ytics", factor, NULL);
    } else {
        fputs("unset ylabel\nset format y ''\nset ytics ()\n", out);
    }
    fprintf(out,
            "plot $map%d using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3 with boxxyerror fillstyle "
            "solid border rgb \"white\" linecolor palette, \\\n     $map%d using 1:2:4 with "
            "labels\n",
            (int)side, (int)side);
}

void report_plot_tradeoff_map(const analysis *of, FILE *out) {
    const tradeoff *judged = of->judged;
    if (judged->tables[0].trials == 0) {
        put_nothing(of, out, "Not every level has a trial yet.");
        return;
    }
    const map_place place = map_place_of(judged);
    gnuplot_begin(out, (uint32_t)place.width, (uint32_t)place.height);
    fputs("set multiplot title ", out);
    gnuplot_text(out, of->about->title);
    /* From blue over grey to orange, which all kinds of colour vision tell apart; light enough
     * everywhere for black numbers. */
    fprintf(out,
            "\nset palette defined (0 \"#92c5de\", 0.5 \"#f4f4f4\", 1 \"#f4a582\")\n"
            "set cbrange [0:1]\nunset colorbox\nunset key\nset tics scale 0\nunset border\n"
            "set xrange [-0.5:%u.5]\nset yrange [%u.5:-0.5]\n",
            judged->level_count - 1, judged->map.level_count - 1);
    put_map_data(judged, out, TRADEOFF_COST);
    put_map_data(judged, out, TRADEOFF_HARM);
    put_map(judged, out, TRADEOFF_COST, &place);
    put_map(judged, out, TRADEOFF_HARM, &place);
    fputs("unset multiplot\n", out);
}
