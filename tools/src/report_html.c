/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.html: the page around its sections, and those that are text: summary, verdicts, what was
 * measured, where the run came from and how to repeat it.
 */
#include "report_html.h"

#include <stdlib.h>

#include "report.h"
#include "report_words.h"

void html_begin(FILE *out, const char *title) {
    /* Nothing may be fetched, whatever a text of the scenario tries. */
    fputs(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<link rel=\"icon\" href=\"data:,\">\n<title>",
        out);
    format_markup(out, title);
    fputs("</title>\n<style>\n", out);
    fputs(report_css, out);
    fputs("</style>\n</head>\n<body>\n", out);
}

void html_end(FILE *out) {
    fputs("<script>\n", out);
    fputs(report_js, out);
    fputs("</script>\n</body>\n</html>\n", out);
}

void html_command(FILE *out, const char *command) {
    fputs("<pre class=\"command\"><code>", out);
    format_markup(out, command);
    fputs("</code></pre>\n", out);
}

void html_cell_link(FILE *out, uint32_t cell) {
    if (cell < HTML_CARDS_MAX) {
        fprintf(out, "<a href=\"#cell-%u\">cell %u</a>", cell, cell);
    } else {
        fprintf(out, "cell %u", cell);
    }
}

void html_verdict(FILE *out, expect_outcome outcome) {
    const char *sign = "?";
    switch (outcome) {
    case EXPECT_PASS:
        sign = "&#10003;";
        break;
    case EXPECT_FAIL:
        sign = "&#10007;";
        break;
    case EXPECT_INCONCLUSIVE:
        break;
    }
    const char *name = expect_outcome_name(outcome);
    fprintf(out, "<span class=\"verdict %s\"><span aria-hidden=\"true\">%s</span> %s</span>", name,
            sign, name);
}

static void put_header(const analysis *of, FILE *out) {
    const facts *about = of->about;
    char *summary = report_summary(of);
    fputs("<header>\n<p class=\"kind\">punchlab report</p>\n<h1>", out);
    format_markup(out, about->title[0] != '\0' ? about->title : about->scenario);
    fputs("</h1>\n", out);
    if (about->question[0] != '\0') {
        fputs("<p class=\"question\">", out);
        format_markup(out, about->question);
        fputs("</p>\n", out);
    }
    fputs("<p class=\"summary\">", out);
    if (about->expect_count > 0) {
        html_verdict(out, expect_overall(of->verdicts, about->expect_count));
        fputc(' ', out);
    }
    format_markup(out, summary);
    fprintf(out,
            "</p>\n<nav aria-label=\"Sections\">%s%s<a href=\"#grid\">Success</a> "
            "<a href=\"#times\">Times</a> <a href=\"#factors\">Factors</a> "
            "<a href=\"#reasons\">Failures</a> <a href=\"#cells\">Cells</a> "
            "<a href=\"#measures\">Measures</a> <a href=\"#run\">Run</a></nav>\n</header>\n",
            of->judged != NULL ? "<a href=\"#tradeoff\">Which to use</a> " : "",
            about->expect_count > 0 ? "<a href=\"#verdicts\">Verdicts</a> " : "");
    free(summary);
}

static void put_verdict(const analysis *of, FILE *out, uint32_t index) {
    const sim_expect *expect = &of->about->expects[index];
    char *claim = report_claim(of, index);
    char *finding = report_finding(of, index);
    fputs("<tr><td>", out);
    html_verdict(out, of->verdicts[index].outcome);
    fputs("</td><td>", out);
    format_markup(out, claim);
    if (expect->why != NULL) {
        fputs("<br><span class=\"why\">", out);
        format_markup(out, expect->why);
        fputs("</span>", out);
    }
    fputs("</td><td>", out);
    format_markup(out, finding);
    fputs("<br>", out);
    html_cell_link(out, expect->cell);
    if (report_example(of, index) != UINT64_MAX) {
        char *replay = report_replay_words(of, expect->cell, report_example(of, index));
        html_command(out, replay);
        free(replay);
    }
    fputs("</td></tr>\n", out);
    free(claim);
    free(finding);
}

typedef enum { VERDICTS_HELD, VERDICTS_NOT_HELD } verdicts_shown;

static bool is_shown(expect_outcome outcome, verdicts_shown shown) {
    return (outcome == EXPECT_PASS) == (shown == VERDICTS_HELD);
}

static void put_verdict_table(const analysis *of, FILE *out, verdicts_shown shown) {
    fputs(
        "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">verdict</th>"
        "<th scope=\"col\">expected</th><th scope=\"col\">found</th></tr></thead>\n<tbody>\n",
        out);
    for (uint32_t i = 0; i < of->about->expect_count; i++) {
        if (is_shown(of->verdicts[i].outcome, shown)) {
            put_verdict(of, out, i);
        }
    }
    fputs("</tbody></table></div>\n", out);
}

/* More that hold are folded. Chosen: half a screen. */
#define HELD_OPEN_MAX 12u

static void put_verdicts(const analysis *of, FILE *out) {
    const uint32_t all = of->about->expect_count;
    const uint32_t held = report_outcomes(of, EXPECT_PASS);
    if (all == 0) {
        return;
    }
    char *tally = report_tally(of);
    fputs("<section id=\"verdicts\">\n<h2>Verdicts</h2>\n<p>", out);
    format_markup(out, tally);
    fputs("</p>\n", out);
    free(tally);
    if (held < all) {
        put_verdict_table(of, out, VERDICTS_NOT_HELD);
    }
    if (held > 0) {
        fprintf(out, "<details%s><summary>%u that hold%s</summary>\n",
                held <= HELD_OPEN_MAX ? " open" : "", held, held == 1 ? "s" : "");
        put_verdict_table(of, out, VERDICTS_HELD);
        fputs("</details>\n", out);
    }
    fputs("</section>\n", out);
}

static void put_measures(const analysis *of, FILE *out) {
    uint32_t count = 0;
    const sim_measure *table = sim_measures(&count);
    char *method = report_method(of);
    fputs("<section id=\"measures\">\n<h2>What was measured</h2>\n<dl>\n", out);
    for (uint32_t m = 0; m < count; m++) {
        if (!report_measured(of->about, m)) {
            continue;
        }
        fprintf(out, "<dt><code>%s</code></dt><dd>", table[m].name);
        format_markup(out, table[m].help);
        fputs("</dd>\n", out);
    }
    fputs("</dl>\n<p>", out);
    format_markup(out, method);
    fputs("</p>\n</section>\n", out);
    free(method);
}

static void put_fact(FILE *out, const char *name, const char *value) {
    fprintf(out, "<tr><th scope=\"row\">%s</th><td>", name);
    format_markup(out, value);
    fputs("</td></tr>\n", out);
}

static void put_run(const analysis *of, FILE *out) {
    const facts *about = of->about;
    char number[FORMAT_TEXT_CAP];
    char *run = report_run_words(of);
    fputs(
        "<section id=\"run\">\n<h2>Where this comes from</h2>\n<div class=\"scroll\"><table>\n"
        "<tbody>\n",
        out);
    put_fact(out, "scenario", about->scenario);
    put_fact(out, "file", about->file);
    snprintf(number, sizeof number, "%016llx", (unsigned long long)about->digest);
    put_fact(out, "digest", number);
    snprintf(number, sizeof number, "%llu", (unsigned long long)about->seed);
    put_fact(out, "seed", number);
    put_fact(out, about->until.given ? "trials a cell, at most" : "trials a cell",
             format_count(about->trials, number));
    put_fact(out, "backend", about->backend);
    put_fact(out, "crypto", about->crypto);
    for (uint32_t i = 0; i < about->override_count; i++) {
        fputs("<tr><th scope=\"row\">set</th><td>", out);
        format_markup(out, about->overrides[i].key);
        fputc('=', out);
        format_markup(out, about->overrides[i].value);
        fputs("</td></tr>\n", out);
    }
    for (uint32_t i = 0; i < about->plugin_count; i++) {
        put_fact(out, "plug-in", about->plugins[i]);
        put_fact(out, "its digest", about->plugin_digests[i]);
    }
    put_fact(out, "punchlab", about->version);
    put_fact(out, "commit", about->commit);
    snprintf(number, sizeof number, "%016llx", (unsigned long long)of->digest);
    put_fact(out, "digest of the results", number);
    fprintf(out, "</tbody></table></div>\n<p>%s:</p>\n",
            about->virtual_time ? "To get the same results, to the last bit"
                                : "To run it again; time is real there, so results will differ");
    html_command(out, run);
    fputs("</section>\n", out);
    free(run);
}

void report_html(const analysis *of, FILE *out) {
    const facts *about = of->about;
    html_begin(out, about->title[0] != '\0' ? about->title : about->scenario);
    put_header(of, out);
    fputs("<main>\n", out);
    html_tradeoff(of, out);
    put_verdicts(of, out);
    html_grid(of, out);
    html_times(of, out);
    html_survival(of, out);
    html_intervals(of, out);
    html_factors(of, out);
    html_reasons(of, out);
    html_table(of, out);
    put_measures(of, out);
    put_run(of, out);
    html_cards(of, out);
    fputs("</main>\n", out);
    html_end(out);
}
