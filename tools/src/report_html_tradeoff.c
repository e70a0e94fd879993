/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which level of a treatment to use, in report.html: the answer, its table, levels by cost and harm
 * as a picture, both at each level of another factor as coloured tables, and the tables of single
 * cells, folded.
 */
#include <stdlib.h>

#include "report_html.h"
#include "report_layout.h"
#include "report_pareto.h"
#include "report_words.h"
#include "tradeoff_words.h"

/* Of the picture and its plot, in pixels at its natural size. Chosen. */
#define WIDTH 680.0
#define HEIGHT 420.0
#define LEFT 64.0
#define RIGHT 110.0
#define TOP 10.0
#define BOTTOM 44.0
#define LETTER 6.2
#define LINE 14.0

static void put_words(FILE *out, char *text) {
    format_markup(out, text);
    free(text);
}

/* --- tables */

static void put_table(const tradeoff *of, const tradeoff_table *table, FILE *out) {
    fputs("<div class=\"scroll\"><table class=\"numbers judged\">\n<thead><tr>", out);
    for (uint32_t c = 0; c < TRADEOFF_COLUMN_COUNT; c++) {
        fputs("<th scope=\"col\">", out);
        put_words(out, tradeoff_heading(of, (tradeoff_column)c));
        fputs("</th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (uint32_t r = 0; table->trials > 0 && r < of->level_count; r++) {
        const tradeoff_row *row = &table->rows[r];
        fputs(row->mark == TRADEOFF_BEST ? "<tr class=\"best\">" : "<tr>", out);
        for (uint32_t c = 0; c < TRADEOFF_COLUMN_COUNT; c++) {
            fputs(c == 0 ? "<th scope=\"row\">" : "<td>", out);
            put_words(out, tradeoff_field(of, row, (tradeoff_column)c));
            fputs(c == 0 ? "</th>" : "</td>", out);
        }
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

static void put_cells(const tradeoff *of, FILE *out) {
    if (of->table_count < 2) {
        return;
    }
    fprintf(out, "<details><summary>The same in each of %u cells</summary>\n", of->table_count - 1);
    for (uint32_t t = 1; t < of->table_count; t++) {
        fputs("<h3>", out);
        put_words(out, tradeoff_table_title(of, &of->tables[t]));
        fputs("</h3>\n<p>", out);
        put_words(out, tradeoff_answer(of, &of->tables[t]));
        fputs("</p>\n", out);
        put_table(of, &of->tables[t], out);
    }
    fputs("</details>\n", out);
}

/* --- the picture */

static double x_of(double part) {
    return LEFT + part * (WIDTH - LEFT - RIGHT);
}

static double y_of(double part) {
    return TOP + (1.0 - part) * (HEIGHT - TOP - BOTTOM);
}

static void put_axes(const pareto *of, FILE *out) {
    const pareto_axis *cost = &of->axes[TRADEOFF_COST];
    const pareto_axis *harm = &of->axes[TRADEOFF_HARM];
    fputs("<g stroke=\"none\">", out);
    for (uint32_t t = 0; t < cost->tick_count; t++) {
        const double x = x_of(cost->ticks[t].at);
        fprintf(out,
                "<path d=\"M%.1f %.1fV%.1f\" stroke=\"currentColor\" stroke-opacity=\".15\"/>"
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n",
                x, TOP, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 14.0, cost->ticks[t].text);
    }
    for (uint32_t t = 0; t < harm->tick_count; t++) {
        const double y = y_of(harm->ticks[t].at);
        fprintf(out,
                "<path d=\"M%.1f %.1fH%.1f\" stroke=\"currentColor\" stroke-opacity=\".15\"/>"
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                LEFT, y, WIDTH - RIGHT, LEFT - 5.0, y + 4.0, harm->ticks[t].text);
    }
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">", x_of(0.5), HEIGHT - 8.0);
    format_markup(out, cost->title);
    fprintf(out,
            "</text>\n<text transform=\"translate(12 %.1f) rotate(-90)\" text-anchor=\"middle\">",
            y_of(0.5));
    format_markup(out, harm->title);
    fputs("</text></g>\n", out);
}

static void put_steps(const pareto *of, FILE *out) {
    if (of->corner_count < 2) {
        return;
    }
    fputs(
        "<path class=\"c0\" fill=\"none\" stroke-opacity=\".5\" stroke-width=\"1.5\" "
        "stroke-dasharray=\"6 4\" d=\"",
        out);
    for (uint32_t c = 0; c < of->corner_count; c++) {
        fprintf(out, "%c%.1f %.1f", c == 0 ? 'M' : 'L', x_of(of->corners[c][TRADEOFF_COST]),
                y_of(of->corners[c][TRADEOFF_HARM]));
    }
    fprintf(out, "\" stroke=\"%s\"/>\n", layout_colours[0]);
}

/* Which of the curves' colours: the best's, the frontier's, or grey. */
static uint32_t colour_of(const pareto_mark *mark) {
    return mark->row->mark == TRADEOFF_BEST ? 1 : mark->row->frontier ? 0 : 7;
}

/* A diamond, a disc or a ring: not by colour alone. */
static void put_shape(FILE *out, uint32_t colour, double x, double y) {
    if (colour == 1) {
        fprintf(out, "<path stroke=\"none\" d=\"M%.1f %.1fl6.5 6.5l-6.5 6.5l-6.5 -6.5z\"/>", x,
                y - 6.5);
    } else {
        fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\"%s/>", x, y,
                colour == 7 ? " fill=\"none\"" : " stroke=\"none\"");
    }
}

static void put_mark(const pareto_mark *mark, FILE *out) {
    static const char *const anchors[] = {
        [PARETO_LEFT] = "start", [PARETO_MIDDLE] = "middle", [PARETO_RIGHT] = "end"};
    const uint32_t colour = colour_of(mark);
    const double x = x_of(mark->at[TRADEOFF_COST]);
    const double y = y_of(mark->at[TRADEOFF_HARM]);
    const double label_x = x_of(mark->label_at[TRADEOFF_COST]);
    const double label_y = y_of(mark->label_at[TRADEOFF_HARM]);
    fprintf(out,
            "<g class=\"c%u\" stroke=\"%s\" fill=\"%s\"><path stroke-width=\"1.3\" fill=\"none\" "
            "d=\"M%.1f %.1fH%.1fM%.1f %.1fV%.1f\"/>",
            colour, layout_colours[colour], layout_colours[colour], x_of(mark->lo[TRADEOFF_COST]),
            y, x_of(mark->hi[TRADEOFF_COST]), x, y_of(mark->lo[TRADEOFF_HARM]),
            y_of(mark->hi[TRADEOFF_HARM]));
    put_shape(out, colour, x, y);
    if (mark->led) {
        fprintf(out, "<path stroke-opacity=\".4\" d=\"M%.1f %.1fL%.1f %.1f\"/>", x, y, label_x,
                label_y);
    }
    fprintf(out, "<text stroke=\"none\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", label_x,
            label_y + 4.0, anchors[mark->anchor]);
    format_markup(out, mark->label);
    fputs("</text></g>\n", out);
}

static void put_key(FILE *out, uint32_t colour, const char *text) {
    fprintf(out,
            "<li><svg width=\"16\" height=\"16\" aria-hidden=\"true\"><g class=\"c%u\" "
            "stroke=\"%s\" fill=\"%s\">",
            colour, layout_colours[colour], layout_colours[colour]);
    put_shape(out, colour, 8.0, 8.0);
    fprintf(out, "</g></svg> %s</li>\n", text);
}

static void put_picture(const tradeoff *of, FILE *out) {
    static const pareto_size size = {WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM, LETTER, LINE,
                                     RIGHT - 6.0};
    pareto made = pareto_of(of, &of->tables[0], &size);
    fputs("<figure>\n<figcaption>Cost and harm with their intervals; ", out);
    put_words(out, tradeoff_table_title(of, &of->tables[0]));
    fputs("</figcaption>\n<ul class=\"legend\">\n", out);
    put_key(out, 1, "best");
    put_key(out, 0, "on the frontier: nothing is shown to beat it");
    put_key(out, 7, "beaten");
    fprintf(out,
            "</ul>\n<div class=\"scroll\"><svg class=\"whole\" viewBox=\"0 0 %.0f %.0f\" "
            "width=\"%.0f\" height=\"%.0f\" role=\"img\" fill=\"currentColor\" "
            "font-family=\"system-ui, sans-serif\" font-size=\"11\">\n<title>Levels by cost and "
            "harm</title>\n",
            WIDTH, HEIGHT, WIDTH, HEIGHT);
    put_axes(&made, out);
    put_steps(&made, out);
    for (uint32_t m = 0; m < made.mark_count; m++) {
        put_mark(&made.marks[m], out);
    }
    fputs("</svg></div>\n</figure>\n", out);
    pareto_free(&made);
}

/* --- maps */

static void put_map_row(const tradeoff *of, FILE *out, tradeoff_side side, uint32_t level) {
    fputs("<tr><th scope=\"row\">", out);
    format_markup(out, of->about->factors[of->map.factor].levels[level]);
    fputs("</th>", out);
    for (uint32_t r = 0; r < of->level_count; r++) {
        char text[PARETO_TEXT_CAP];
        const uint32_t treated = of->tables[0].rows[r].level;
        const double badness = pareto_tile_badness(of, side, level, treated);
        if (badness < 0.0) {
            fputs("<td>-</td>", out);
        } else {
            fprintf(out, "<td class=\"h%u\">%s</td>", (uint32_t)((1.0 - badness) * 10.0 + 0.5),
                    pareto_tile_words(of, side, level, treated, text));
        }
    }
    fputs("</tr>\n", out);
}

static void put_map(const tradeoff *of, FILE *out, tradeoff_side side) {
    const facts *about = of->about;
    const sim_measure *measure = tradeoff_measure(&about->tradeoff, side);
    fprintf(out, "<figure>\n<figcaption>%s: ", side == TRADEOFF_COST ? "cost" : "harm");
    format_markup(out, measure->label);
    fprintf(out,
            "%s</figcaption>\n<div class=\"scroll\"><table class=\"grid\">\n<thead>\n<tr><th "
            "scope=\"col\" class=\"name\">",
            measure->unit == SIM_UNIT_SHARE ? ", %" : "");
    format_markup(out, about->factors[of->map.factor].name);
    fputs("</th>", out);
    for (uint32_t r = 0; r < of->level_count; r++) {
        fputs("<th scope=\"col\">", out);
        format_markup(out,
                      about->factors[about->tradeoff.factor].levels[of->tables[0].rows[r].level]);
        fputs("</th>", out);
    }
    fputs("</tr>\n</thead>\n<tbody>\n", out);
    for (uint32_t level = 0; level < of->map.level_count; level++) {
        put_map_row(of, out, side, level);
    }
    fputs("</tbody></table></div>\n</figure>\n", out);
}

void html_tradeoff(const analysis *of, FILE *out) {
    const tradeoff *judged = of->judged;
    if (judged == NULL) {
        return;
    }
    fputs("<section id=\"tradeoff\">\n<h2>Which to use</h2>\n<p class=\"summary\">", out);
    put_words(out, tradeoff_answer(judged, &judged->tables[0]));
    fputs("</p>\n", out);
    if (judged->tables[0].trials > 0) {
        fputs("<h3>", out);
        put_words(out, tradeoff_table_title(judged, &judged->tables[0]));
        fputs("</h3>\n", out);
        put_table(judged, &judged->tables[0], out);
        put_picture(judged, out);
        if (judged->map.factor != TRADEOFF_ALL) {
            fputs("<h3>Where it depends on ", out);
            format_markup(out, of->about->factors[judged->map.factor].name);
            fputs(
                "</h3>\n<p class=\"why\">Blue is good, orange bad, within each table; all other "
                "factors are pooled.</p>\n",
                out);
            put_map(judged, out, TRADEOFF_COST);
            put_map(judged, out, TRADEOFF_HARM);
        }
        put_cells(judged, out);
    }
    fputs("<p class=\"why\">", out);
    put_words(out, tradeoff_method(judged, of->confidence));
    fputs("</p>\n</section>\n", out);
}
