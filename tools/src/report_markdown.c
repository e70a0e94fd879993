/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.md: what was asked, what was run, the table of cells, the two figures, and the command for
 * every failing cell.
 */
#include <math.h>

#include "format.h"
#include "report.h"
#include "version.h"

static void put_ratio(FILE *out, const stats_estimate *e) {
    if (e->n == 0) {
        fputs(" - |", out);
        return;
    }
    char value[FORMAT_TEXT_CAP];
    char lo[FORMAT_TEXT_CAP];
    char hi[FORMAT_TEXT_CAP];
    fprintf(out, " %s %% [%s, %s] |", format_percent(e->value, value), format_percent(e->lo, lo),
            format_percent(e->hi, hi));
}

static void put_seconds(FILE *out, double value) {
    if (isfinite(value)) {
        fprintf(out, "%.3f", value);
    } else {
        fputs("never", out);
    }
}

static void put_time(FILE *out, const stats_estimate *e) {
    if (e->n == 0) {
        fputs(" - |", out);
        return;
    }
    fputc(' ', out);
    put_seconds(out, e->value);
    fputs(" [", out);
    put_seconds(out, e->lo);
    fputs(", ", out);
    put_seconds(out, e->hi);
    fputs("] |", out);
}

static void put_number(FILE *out, const stats_estimate *e) {
    if (e->n == 0) {
        fputs(" - |", out);
    } else {
        fprintf(out, " %.1f [%.1f, %.1f] |", e->value, e->lo, e->hi);
    }
}

static void put_table(const report *view, FILE *out) {
    const uint32_t factor_count = sim_scenario_factor_count(view->request->scenario);
    fputs("| cell |", out);
    for (uint32_t f = 0; f < factor_count; f++) {
        fputc(' ', out);
        format_markdown_cell(out, sim_scenario_factor(view->request->scenario, f).name);
        fputs(" |", out);
    }
    const bool holds = report_holds(view);
    fprintf(out, " n | connected | p50, s | p95, s |%s most frequent failure |\n|--:|",
            holds ? " held | keepalives | longest gap, s |" : "");
    for (uint32_t f = 0; f < factor_count; f++) {
        fputs("---|", out);
    }
    fprintf(out, "--:|---|---|---|%s---|\n", holds ? "---|---|---|" : "");
    for (uint32_t i = 0; i < view->results->cell_count; i++) {
        const reason_top *top = &view->reasons[i];
        fprintf(out, "| %u |", i);
        for (uint32_t f = 0; f < factor_count; f++) {
            fputc(' ', out);
            format_markdown_cell(out, report_level(view, i, f));
            fputs(" |", out);
        }
        fprintf(out, " %llu |", (unsigned long long)report_estimate(view, i, MEASURE_CONNECTED)->n);
        put_ratio(out, report_estimate(view, i, MEASURE_CONNECTED));
        put_time(out, report_estimate(view, i, MEASURE_TIME_P50));
        put_time(out, report_estimate(view, i, MEASURE_TIME_P95));
        if (holds) {
            put_ratio(out, report_estimate(view, i, MEASURE_HELD));
            put_number(out, report_estimate(view, i, MEASURE_KEEPALIVES));
            put_time(out, report_estimate(view, i, MEASURE_OUTBOUND_GAP));
        }
        if (top->failed_count > 0) {
            fprintf(out, " %llu of %llu: ", (unsigned long long)top->count,
                    (unsigned long long)top->failed_count);
            format_markdown_cell(out, top->text);
        }
        fputs(" |\n", out);
    }
}

static void put_replays(const report *view, FILE *out) {
    bool any = false;
    for (uint32_t i = 0; i < view->results->cell_count; i++) {
        if (view->reasons[i].failed_count == 0) {
            continue;
        }
        if (!any) {
            fputs(
                "\n## Failures, packet by packet\n\nOne example of each failing cell's most "
                "frequent failure:\n\n```\n",
                out);
        }
        any = true;
        report_replay(view, out, i, view->reasons[i].example_trial);
        fputc('\n', out);
    }
    fputs(any ? "```\n" : "", out);
}

static void put_measures(FILE *out) {
    size_t measure_count = 0;
    const measure *table = measures(&measure_count);
    fputs("\n## What was measured\n\n", out);
    for (size_t m = 0; m < measure_count; m++) {
        fprintf(out, "- `%s`: %s\n", table[m].name, table[m].help);
    }
    fputs(
        "\nAll intervals are 95 %: Wilson's for shares, order statistics for quantiles, "
        "Student's t for means.\nA call that failed counts as never, so a quantile can be "
        "never.\n",
        out);
}

void report_markdown(const report *view, FILE *out, bool plots) {
    const run_request *request = view->request;
    fprintf(out, "# %s\n\n", sim_scenario_title(request->scenario));
    const char *question = sim_scenario_question(request->scenario);
    if (question != NULL && question[0] != '\0') {
        fprintf(out, "%s\n\n", question);
    }
    fprintf(out,
            "Scenario `%s` (digest `%016llx`), backend `%s`, crypto `%s`, seed `%llu`, "
            "%llu trials a cell; punchlab %s (%s).\n",
            sim_scenario_name(request->scenario),
            (unsigned long long)sim_scenario_digest(request->scenario), request->backend->name,
            view->crypto, (unsigned long long)request->seed, (unsigned long long)request->trials,
            version_number, version_commit);
    if (view->partial) {
        fprintf(out, "\n**Partial**: the run was interrupted; %llu of %llu trials were finished.\n",
                (unsigned long long)view->results->trials_done,
                (unsigned long long)(request->trials * view->results->cell_count));
    }
    fputs("\n## Cells\n\n", out);
    put_table(view, out);
    if (plots) {
        fputs(
            "\n## Success per cell\n\n![share of calls that connected, per cell]"
            "(success.svg)\n\n## Time to connect\n\n![distribution of the time to connect, with "
            "a 95 % band](time-to-connect.svg)\n",
            out);
    }
    put_replays(view, out);
    put_measures(out);
}
