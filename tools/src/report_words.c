/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_words.h"

#include <math.h>
#include <stdlib.h>

#include "text_stream.h"
#include "words.h"

char *report_number(sim_measure_unit unit, double value, char text[FORMAT_TEXT_CAP]) {
    switch (unit) {
    case SIM_UNIT_SHARE:
        return format_percent(value, text);
    case SIM_UNIT_SECONDS:
        if (isfinite(value)) {
            snprintf(text, FORMAT_TEXT_CAP, "%.3f", value);
        } else {
            snprintf(text, FORMAT_TEXT_CAP, "never");
        }
        return text;
    case SIM_UNIT_COUNT:
        snprintf(text, FORMAT_TEXT_CAP, "%.1f", value);
        return text;
    }
    snprintf(text, FORMAT_TEXT_CAP, "?");
    return text;
}

char *report_estimate(sim_measure_unit unit, const stats_estimate *e, char text[REPORT_TEXT_CAP]) {
    if (e->n == 0) {
        snprintf(text, REPORT_TEXT_CAP, "-");
        return text;
    }
    char value[FORMAT_TEXT_CAP];
    char lo[FORMAT_TEXT_CAP];
    char hi[FORMAT_TEXT_CAP];
    snprintf(text, REPORT_TEXT_CAP, "%s%s [%s, %s]", report_number(unit, e->value, value),
             unit == SIM_UNIT_SHARE ? " %" : "", report_number(unit, e->lo, lo),
             report_number(unit, e->hi, hi));
    return text;
}

char *report_confidence(const analysis *of, char text[FORMAT_TEXT_CAP]) {
    snprintf(text, FORMAT_TEXT_CAP, "%.4g %%", of->confidence * 100.0);
    return text;
}

static void put_cell_words(const facts *about, uint32_t cell, FILE *out) {
    for (uint32_t f = 0; f < about->factor_count; f++) {
        fprintf(out, "%s%s %s", f > 0 ? ", " : "", about->factors[f].name,
                facts_level_name(about, cell, f));
    }
    if (about->factor_count == 0) {
        fputs("the one cell", out);
    }
}

char *report_cell_words(const analysis *of, uint32_t cell) {
    text_stream stream;
    put_cell_words(of->about, cell, text_begin(&stream));
    return text_end(&stream);
}

char *report_claim(const analysis *of, uint32_t expect) {
    text_stream stream;
    expect_print_claim(of->about, &of->about->expects[expect], text_begin(&stream));
    return text_end(&stream);
}

char *report_finding(const analysis *of, uint32_t expect) {
    text_stream stream;
    expect_print_finding(of->about, &of->about->expects[expect], &of->verdicts[expect],
                         text_begin(&stream));
    return text_end(&stream);
}

char *report_replay_words(const analysis *of, uint32_t cell, uint64_t trial) {
    text_stream stream;
    analysis_replay(of, text_begin(&stream), cell, trial);
    return text_end(&stream);
}

char *report_run_words(const analysis *of) {
    const facts *about = of->about;
    text_stream stream;
    FILE *out = text_begin(&stream);
    format_shell_word(out, of->program);
    fputs(" run ", out);
    format_shell_word(out, about->file);
    if (!about->until.given) {
        fprintf(out, " --trials %llu", (unsigned long long)about->trials);
    }
    fprintf(out, " --seed %llu", (unsigned long long)about->seed);
    if (about->backend_given) {
        fputs(" --backend ", out);
        format_shell_word(out, about->backend);
    }
    if (about->crypto_given) {
        fputs(" --crypto ", out);
        format_shell_word(out, about->crypto);
    }
    for (uint32_t i = 0; i < about->override_count; i++) {
        text_stream word;
        fprintf(text_begin(&word), "%s=%s", about->overrides[i].key, about->overrides[i].value);
        char *override = text_end(&word);
        fputs(" --set ", out);
        format_shell_word(out, override);
        free(override);
    }
    for (uint32_t i = 0; i < about->plugin_count; i++) {
        fputs(" --plugin ", out);
        format_shell_word(out, about->plugins[i]);
    }
    return text_end(&stream);
}

uint64_t report_example(const analysis *of, uint32_t expect) {
    return of->verdicts[expect].outcome == EXPECT_FAIL ? of->verdicts[expect].example_trial
                                                       : UINT64_MAX;
}

uint32_t report_outcomes(const analysis *of, expect_outcome outcome) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < of->about->expect_count; i++) {
        count += of->verdicts[i].outcome == outcome ? 1 : 0;
    }
    return count;
}

uint32_t report_worst_cell(const analysis *of, uint32_t measure) {
    uint32_t worst = UINT32_MAX;
    double least = INFINITY;
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        const stats_estimate *e = analysis_estimate(of, i, measure);
        if (e->n > 0 && e->value < least) {
            least = e->value;
            worst = i;
        }
    }
    return worst;
}

bool report_measured(const facts *about, uint32_t measure) {
    for (uint32_t cell = 0; cell < about->cell_count; cell++) {
        if (facts_measured(about, cell, measure)) {
            return true;
        }
    }
    return false;
}

uint64_t report_trials_wanted(const analysis *of) {
    return of->about->trials * of->about->cell_count;
}

/* "18 cells of 1,000 trials" */
static void put_extent(const analysis *of, FILE *out) {
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        const uint64_t trials = of->cells[i].trials;
        least = trials < least ? trials : least;
        most = trials > most ? trials : most;
    }
    char text[FORMAT_TEXT_CAP];
    if (of->about->cell_count == 1) {
        fputs("One cell of ", out);
    } else {
        fprintf(out, "%s cells of ", format_count(of->about->cell_count, text));
    }
    if (least < most) {
        fprintf(out, "%s to ", format_count(least, text));
    }
    fprintf(out, "%s trial%s", format_count(most, text), most == 1 ? "" : "s");
}

/* The cell with the smallest share among those that connected at all, but not always. */
static uint32_t worst_between(const analysis *of) {
    uint32_t worst = UINT32_MAX;
    double least = 1.0;
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        const stats_estimate *e = analysis_estimate(of, i, SIM_MEASURE_CONNECTED);
        if (e->n > 0 && e->value > 0.0 && e->value < least) {
            least = e->value;
            worst = i;
        }
    }
    return worst;
}

/* How many cells connected always, how many never, and which is the worst between. */
static void put_connected(const analysis *of, FILE *out) {
    const uint32_t cell_count = of->about->cell_count;
    uint32_t always = 0;
    uint32_t never = 0;
    for (uint32_t i = 0; i < cell_count; i++) {
        const stats_estimate *e = analysis_estimate(of, i, SIM_MEASURE_CONNECTED);
        always += e->n > 0 && e->value >= 1.0 ? 1 : 0;
        never += e->n > 0 && e->value <= 0.0 ? 1 : 0;
    }
    if (always == cell_count || never == cell_count) {
        fprintf(out, "; %s call connected", always == cell_count ? "every" : "no");
        return;
    }
    const uint32_t worst = worst_between(of);
    char text[REPORT_TEXT_CAP] = "";
    if (worst != UINT32_MAX) {
        report_estimate(SIM_UNIT_SHARE, analysis_estimate(of, worst, SIM_MEASURE_CONNECTED), text);
    }
    if (cell_count == 1) {
        fprintf(out, "; %s connected", text);
        return;
    }
    fprintf(out, "; %u connect%s always and %u never", always, always == 1 ? "s" : "", never);
    if (worst != UINT32_MAX) {
        fputs(never > 0 ? "; between them the worst is " : "; the worst is ", out);
        words_cell(of->about, worst, out);
        fprintf(out, ": %s", text);
    }
}

/* Of connections that were to be held, the share of the worst cell. */
static void put_held(const analysis *of, FILE *out) {
    const uint32_t worst = report_worst_cell(of, SIM_MEASURE_HELD);
    if (worst == UINT32_MAX) {
        return;
    }
    const stats_estimate *e = analysis_estimate(of, worst, SIM_MEASURE_HELD);
    if (e->value >= 1.0) {
        fputs("; every connection was held", out);
        return;
    }
    char text[REPORT_TEXT_CAP];
    fputs("; connections were held least in ", out);
    words_cell(of->about, worst, out);
    fprintf(out, ": %s", report_estimate(SIM_UNIT_SHARE, e, text));
}

static void put_tally(const analysis *of, FILE *out) {
    const uint32_t all = of->about->expect_count;
    if (all == 0) {
        fputs("The scenario states no expectations.", out);
        return;
    }
    const uint32_t held = report_outcomes(of, EXPECT_PASS);
    const uint32_t failed = report_outcomes(of, EXPECT_FAIL);
    const uint32_t open = report_outcomes(of, EXPECT_INCONCLUSIVE);
    fprintf(out, "%u of %u expectation%s hold%s", held, all, all == 1 ? "" : "s",
            all == 1 ? "s" : "");
    if (failed > 0) {
        fprintf(out, ", %u fail%s", failed, failed == 1 ? "s" : "");
    }
    if (open > 0) {
        fprintf(out, ", %u %s inconclusive", open, open == 1 ? "is" : "are");
    }
    fputc('.', out);
}

char *report_tally(const analysis *of) {
    text_stream stream;
    put_tally(of, text_begin(&stream));
    return text_end(&stream);
}

char *report_summary(const analysis *of) {
    text_stream stream;
    FILE *out = text_begin(&stream);
    if (of->partial) {
        char text[FORMAT_TEXT_CAP];
        fprintf(out, "Partial: only %s", format_count(of->trials, text));
        if (!of->about->until.given) {
            fprintf(out, " of %s", format_count(report_trials_wanted(of), text));
        }
        fputs(" trials were finished. ", out);
    }
    put_extent(of, out);
    put_connected(of, out);
    put_held(of, out);
    fputs(". ", out);
    put_tally(of, out);
    return text_end(&stream);
}

char *report_method(const analysis *of) {
    text_stream stream;
    FILE *out = text_begin(&stream);
    char text[FORMAT_TEXT_CAP];
    fprintf(out,
            "All intervals are %s: Wilson's for shares, order statistics for quantiles, Student's "
            "t for means. A call that failed counts as never, so a quantile can be never.",
            report_confidence(of, text));
    if (of->about->until.given) {
        fprintf(out,
                " A cell ends at one of %u looks at it; the intervals are that wide so that all of "
                "a cell's looks together hold with 95 %%.",
                trials_look_count(of->about));
    }
    return text_end(&stream);
}
