/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts of report.html that are written elsewhere: the cells as a grid, as cards and as a table;
 * the figures. Text is escaped by whoever writes it into the page.
 *
 * The page must also serve where a content security policy forbids scripts, or styles: links to
 * cards are fragments, shown by :target; shapes have their colours as attributes, which style
 * sheets override for dark screens.
 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "analysis.h"

/* Cells that have a card; more would make the page too large. Chosen: about 2 MB. */
#define HTML_CARDS_MAX 1000u

/* The sheet and the script, made from report.css and report.js when the program is built. */
extern const char report_css[];
extern const char report_js[];

/* The beginning of a page up to its body, and its end. */
void html_begin(FILE *out, const char *title);
void html_end(FILE *out);

/* A command as people copy it. */
void html_command(FILE *out, const char *command);

/* A link to the card of a cell, where it has one: "cell 5". */
void html_cell_link(FILE *out, uint32_t cell);

/* "fail" in words, sign and colour. */
void html_verdict(FILE *out, expect_outcome outcome);

/* The beginning of a picture, a legend's line (the look of a curve and what it stands for), and the
 * dashes of a curve as an attribute. */
void html_svg(FILE *out, double width, double height);
void html_key(FILE *out, uint32_t curve, const char *text);
const char *html_dashes(uint32_t curve);

/* The sections, each with its heading. */
void html_tradeoff(const analysis *of, FILE *out); /* nothing where none is asked for */
void html_grid(const analysis *of, FILE *out);
void html_cards(const analysis *of, FILE *out);
void html_table(const analysis *of, FILE *out);
void html_times(const analysis *of, FILE *out);
void html_survival(const analysis *of, FILE *out);  /* nothing where nothing was held */
void html_intervals(const analysis *of, FILE *out); /* nothing where no strategy learns */
void html_factors(const analysis *of, FILE *out);
void html_reasons(const analysis *of, FILE *out);

#endif
