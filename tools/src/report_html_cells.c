/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cells in report.html: the grid of success, whose numbers lead to a card per cell with all that is
 * known about it, and the table of all cells.
 */
#include <stdlib.h>

#include "punch/assert.h"
#include "report_html.h"
#include "report_layout.h"
#include "report_words.h"

/* --- the grid */

/* Of eleven colours: the first for never, the last for always, between them by tenths. */
static uint32_t heat_of(double share) {
    if (share <= 0.0 || share >= 1.0) {
        return share <= 0.0 ? 0 : 10;
    }
    const uint32_t tenth = (uint32_t)(share * 10.0);
    return tenth < 1 ? 1 : tenth > 9 ? 9 : tenth;
}

/* What is shown when the pointer rests on a number. */
static void put_hint(const analysis *of, FILE *out, uint32_t cell) {
    char text[REPORT_TEXT_CAP];
    char *words = report_cell_words(of, cell);
    fprintf(out, "cell %u: ", cell);
    format_markup(out, words);
    fprintf(
        out, "&#10;%s connected",
        report_estimate(SIM_UNIT_SHARE, analysis_estimate(of, cell, SIM_MEASURE_CONNECTED), text));
    fprintf(
        out, "&#10;median %s s",
        report_estimate(SIM_UNIT_SECONDS, analysis_estimate(of, cell, SIM_MEASURE_TIME_P50), text));
    if (of->cells[cell].reason_count > 0) {
        fputs("&#10;", out);
        format_markup(out, of->cells[cell].reasons[0].text);
    }
    free(words);
}

static void put_grid_cell(const analysis *of, FILE *out, uint32_t cell, uint32_t measure) {
    const stats_estimate *e = analysis_estimate(of, cell, measure);
    char text[FORMAT_TEXT_CAP];
    const char *number = e->n > 0 ? format_percent_short(e->value, text) : "-";
    if (e->n > 0) {
        fprintf(out, "<td class=\"h%u\">", heat_of(e->value));
    } else {
        fputs("<td>", out);
    }
    if (cell < HTML_CARDS_MAX) {
        if (measure == SIM_MEASURE_CONNECTED) { /* where the card leads back to */
            fprintf(out, "<a id=\"c%u\" href=\"#cell-%u\" title=\"", cell, cell);
        } else {
            fprintf(out, "<a href=\"#cell-%u\" title=\"", cell);
        }
        put_hint(of, out, cell);
        fprintf(out, "\">%s</a>", number);
    } else {
        fputs(number, out);
    }
    fputs("</td>", out);
}

/* Ticks of an axis that share a level of one of its factors. */
static uint32_t inner_ticks(const facts *about, const layout_axis *axis, uint32_t factor) {
    uint32_t ticks = 1;
    for (uint32_t f = factor + 1; f < axis->end; f++) {
        ticks *= about->factors[f].level_count;
    }
    return ticks;
}

/* A row of column headings per factor that runs across, then one with the names of those that run
 * down. */
static void put_grid_head(const facts *about, FILE *out, const layout_grid *grid) {
    const uint32_t down = grid->down.end - grid->down.first;
    fputs("<thead>\n", out);
    for (uint32_t f = grid->across.first; f < grid->across.end; f++) {
        const uint32_t inner = inner_ticks(about, &grid->across, f);
        fprintf(out, "<tr><th scope=\"row\" class=\"name\" colspan=\"%u\">", down > 0 ? down : 1);
        format_markup(out, about->factors[f].name);
        fputs("</th>", out);
        for (uint32_t tick = 0; tick < grid->across.ticks; tick += inner) {
            const uint32_t cell = layout_tick_cell(about, &grid->across, tick);
            fprintf(out, "<th scope=\"%s\" colspan=\"%u\">", inner > 1 ? "colgroup" : "col", inner);
            format_markup(out, facts_level_name(about, cell, f));
            fputs("</th>", out);
        }
        fputs("</tr>\n", out);
    }
    if (down > 0) {
        fputs("<tr>", out);
        for (uint32_t f = grid->down.first; f < grid->down.end; f++) {
            fputs("<th scope=\"col\" class=\"name\">", out);
            format_markup(out, about->factors[f].name);
            fputs("</th>", out);
        }
        fprintf(out, "<td colspan=\"%u\"></td></tr>\n", grid->across.ticks);
    }
    fputs("</thead>\n", out);
}

static void put_grid_row(const analysis *of, FILE *out, const layout_grid *grid, uint32_t row,
                         uint32_t measure) {
    const facts *about = of->about;
    const uint32_t first = layout_tick_cell(about, &grid->down, row);
    fputs("<tr>", out);
    for (uint32_t f = grid->down.first; f < grid->down.end; f++) {
        const uint32_t inner = inner_ticks(about, &grid->down, f);
        if (row % inner == 0) {
            fprintf(out, "<th scope=\"%s\" rowspan=\"%u\">", inner > 1 ? "rowgroup" : "row", inner);
            format_markup(out, facts_level_name(about, first, f));
            fputs("</th>", out);
        }
    }
    if (grid->down.end == grid->down.first) {
        fputs("<th scope=\"row\"></th>", out);
    }
    for (uint32_t tick = 0; tick < grid->across.ticks; tick++) {
        put_grid_cell(of, out, first + layout_tick_cell(about, &grid->across, tick), measure);
    }
    fputs("</tr>\n", out);
}

static void put_grid(const analysis *of, FILE *out, uint32_t measure) {
    const layout_grid grid = layout_grid_of(of->about);
    fputs("<div class=\"scroll\"><table class=\"grid\">\n", out);
    put_grid_head(of->about, out, &grid);
    fputs("<tbody>\n", out);
    for (uint32_t row = 0; row < grid.down.ticks; row++) {
        put_grid_row(of, out, &grid, row, measure);
    }
    fputs("</tbody></table></div>\n", out);
}

void html_grid(const analysis *of, FILE *out) {
    fputs(
        "<section id=\"grid\">\n<h2>Success</h2>\n<p>Share of calls that connected, in percent. "
        "Each number leads to its cell: intervals, reasons of failure, and the command that "
        "replays one.</p>\n",
        out);
    put_grid(of, out, SIM_MEASURE_CONNECTED);
    if (analysis_holds(of)) {
        fputs(
            "<h3>Held</h3>\n<p>Share of connected calls that were not lost afterwards, in "
            "percent.</p>\n",
            out);
        put_grid(of, out, SIM_MEASURE_HELD);
    }
    fputs(
        "<p class=\"scale\">never <span class=\"h0\">0</span> "
        "<span class=\"h2\">25</span> <span class=\"h5\">50</span> <span class=\"h7\">75</span> "
        "<span class=\"h10\">100</span> always</p>\n",
        out);
    if (of->about->cell_count > HTML_CARDS_MAX) {
        fprintf(out, "<p>Only the first %u cells have more to show here; cells.csv has all.</p>\n",
                HTML_CARDS_MAX);
    }
    fputs("</section>\n", out);
}

/* --- cards */

static void put_card_measures(const analysis *of, FILE *out, uint32_t cell) {
    uint32_t count = 0;
    const sim_measure *table = sim_measures(&count);
    fputs("<table><tbody>\n", out);
    for (uint32_t m = 0; m < count; m++) {
        if (!facts_measured(of->about, cell, m)) {
            continue;
        }
        char text[REPORT_TEXT_CAP];
        fputs("<tr><th scope=\"row\">", out);
        format_markup(out, table[m].label);
        fprintf(out, "</th><td>%s</td></tr>\n",
                report_estimate(table[m].unit, analysis_estimate(of, cell, m), text));
    }
    fputs("</tbody></table>\n", out);
}

static void put_card_reasons(const analysis *of, FILE *out, uint32_t cell) {
    const analysis_cell *at = &of->cells[cell];
    char count[FORMAT_TEXT_CAP];
    char all[FORMAT_TEXT_CAP];
    fprintf(out, "<p>%s of %s calls failed:</p>\n<ul>\n", format_count(at->failed, count),
            format_count(at->calls, all));
    for (uint32_t r = 0; r < at->reason_count; r++) {
        fprintf(out, "<li>%s: ", format_count(at->reasons[r].count, count));
        format_markup(out, at->reasons[r].text);
        fputs("</li>\n", out);
    }
    if (at->other_failed > 0) {
        fprintf(out, "<li>%s: other reasons</li>\n", format_count(at->other_failed, count));
    }
    fputs("</ul>\n", out);
}

static void put_card_replays(const analysis *of, FILE *out, uint32_t cell) {
    const analysis_cell *at = &of->cells[cell];
    if (at->reason_count > 0) {
        char *replay = report_replay_words(of, cell, at->reasons[0].example_trial);
        fputs("<p>To see the first failure, packet by packet:</p>\n", out);
        html_command(out, replay);
        free(replay);
    }
    if (at->example_connected != UINT64_MAX) {
        char *replay = report_replay_words(of, cell, at->example_connected);
        fputs("<p>To see one that connected:</p>\n", out);
        html_command(out, replay);
        free(replay);
    }
}

static void put_card_verdicts(const analysis *of, FILE *out, uint32_t cell) {
    for (uint32_t i = 0; i < of->about->expect_count; i++) {
        if (of->about->expects[i].cell == cell) {
            char *claim = report_claim(of, i);
            fputs("<p>", out);
            html_verdict(out, of->verdicts[i].outcome);
            fputc(' ', out);
            format_markup(out, claim);
            fputs("</p>\n", out);
            free(claim);
        }
    }
}

static void put_card(const analysis *of, FILE *out, uint32_t cell) {
    char *words = report_cell_words(of, cell);
    char trials[FORMAT_TEXT_CAP];
    fprintf(out,
            "<article class=\"card\" id=\"cell-%u\" aria-labelledby=\"title-%u\">\n"
            "<a class=\"close\" href=\"#c%u\" aria-label=\"close\">&#215;</a>\n"
            "<h3 id=\"title-%u\">Cell %u</h3>\n<p>",
            cell, cell, cell, cell, cell);
    format_markup(out, words);
    fprintf(out, "; %s trials</p>\n", format_count(of->cells[cell].trials, trials));
    put_card_measures(of, out, cell);
    put_card_verdicts(of, out, cell);
    if (of->cells[cell].failed > 0) {
        put_card_reasons(of, out, cell);
    }
    put_card_replays(of, out, cell);
    fputs("</article>\n", out);
    free(words);
}

void html_cards(const analysis *of, FILE *out) {
    fputs("<section class=\"cards\">\n<h2>Cell by cell</h2>\n", out);
    for (uint32_t cell = 0; cell < of->about->cell_count && cell < HTML_CARDS_MAX; cell++) {
        put_card(of, out, cell);
    }
    fputs("</section>\n", out);
}

/* --- the table */

static void put_row(const analysis *of, FILE *out, uint32_t cell, const bool *shown) {
    uint32_t count = 0;
    const sim_measure *table = sim_measures(&count);
    fputs("<tr><td>", out);
    if (cell < HTML_CARDS_MAX) {
        fprintf(out, "<a href=\"#cell-%u\">%u</a>", cell, cell);
    } else {
        fprintf(out, "%u", cell);
    }
    fputs("</td>", out);
    for (uint32_t f = 0; f < of->about->factor_count; f++) {
        fputs("<td>", out);
        format_markup(out, facts_level_name(of->about, cell, f));
        fputs("</td>", out);
    }
    fprintf(out, "<td>%llu</td>", (unsigned long long)of->cells[cell].trials);
    for (uint32_t m = 0; m < count; m++) {
        char text[REPORT_TEXT_CAP];
        if (shown[m]) {
            fprintf(out, "<td>%s</td>",
                    report_estimate(table[m].unit, analysis_estimate(of, cell, m), text));
        }
    }
    fputs("</tr>\n", out);
}

/* Longer tables are folded. Chosen: about a screen. */
#define ROWS_OPEN_MAX 20u

void html_table(const analysis *of, FILE *out) {
    const facts *about = of->about;
    uint32_t count = 0;
    const sim_measure *table = sim_measures(&count);
    bool *shown = calloc((size_t)count + 1, sizeof *shown);
    PUNCH_ASSERT(shown != NULL);
    fprintf(out,
            "<section id=\"cells\">\n<h2>Cells</h2>\n<details%s><summary>%u cell%s with every "
            "measure and its interval</summary>\n<div class=\"scroll\"><table class=\"numbers\">\n"
            "<thead><tr><th scope=\"col\">cell</th>",
            about->cell_count <= ROWS_OPEN_MAX ? " open" : "", about->cell_count,
            about->cell_count == 1 ? "" : "s");
    for (uint32_t f = 0; f < about->factor_count; f++) {
        fputs("<th scope=\"col\">", out);
        format_markup(out, about->factors[f].name);
        fputs("</th>", out);
    }
    fputs("<th scope=\"col\">trials</th>", out);
    for (uint32_t m = 0; m < count; m++) {
        shown[m] = report_measured(about, m);
        if (shown[m]) {
            fputs("<th scope=\"col\">", out);
            format_markup(out, table[m].label);
            fputs("</th>", out);
        }
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (uint32_t cell = 0; cell < about->cell_count; cell++) {
        put_row(of, out, cell, shown);
    }
    fputs("</tbody></table></div>\n</details>\n</section>\n", out);
    free(shown);
}
