/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tradeoff_words.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define MATHLIB_STANDALONE 1
#include <Rmath.h>

#include "file.h"
#include "format.h"
#include "text_stream.h"
#include "words.h"

static const sim_tradeoff *rules_of(const tradeoff *of) {
    return &of->about->tradeoff;
}

static const char *level_name(const tradeoff *of, uint32_t level) {
    return of->about->factors[rules_of(of)->factor].levels[level];
}

static const char *baseline_name(const tradeoff *of) {
    return level_name(of, rules_of(of)->baseline);
}

/* A relative change says more than a difference, where there is one: not of shares, whose
 * percentages would be mistaken for points, and not of nothing or never. */
static bool is_relative(const sim_measure *measure, const tradeoff_change *change) {
    const stats_estimate *ratio = &change->ratio.estimate;
    return measure->unit != SIM_UNIT_SHARE && ratio->n > 0 && isfinite(ratio->value) &&
           ratio->value > 0.0;
}

const char *tradeoff_mark_words(tradeoff_mark mark) {
    static const char *const words[] = {[TRADEOFF_BEST] = "best",
                                        [TRADEOFF_ALIKE] = "~",
                                        [TRADEOFF_WORSE] = "worse",
                                        [TRADEOFF_SAFER] = "dearer, less harm",
                                        [TRADEOFF_RISKIER] = "cheaper, more harm",
                                        [TRADEOFF_OPEN] = "undecided"};
    return words[mark];
}

/* --- columns */

char *tradeoff_heading(const tradeoff *of, tradeoff_column column) {
    const facts_factor *factor = &of->about->factors[rules_of(of)->factor];
    switch (column) {
    case TRADEOFF_COLUMN_LEVEL:
        return file_copy_name(factor->name);
    case TRADEOFF_COLUMN_COST:
        return words_sentence("cost: %s", tradeoff_measure(rules_of(of), TRADEOFF_COST)->label);
    case TRADEOFF_COLUMN_HARM:
        return words_sentence("harm: %s", tradeoff_measure(rules_of(of), TRADEOFF_HARM)->label);
    case TRADEOFF_COLUMN_COST_CHANGE:
    case TRADEOFF_COLUMN_HARM_CHANGE:
        return words_sentence("against %s", baseline_name(of));
    case TRADEOFF_COLUMN_MARK:
        return file_copy_name("mark");
    case TRADEOFF_COLUMN_FRONTIER:
        return file_copy_name("frontier");
    case TRADEOFF_COLUMN_COUNT:
        break;
    }
    return file_copy_name("");
}

static char *change_field(const tradeoff *of, const tradeoff_row *row, tradeoff_side side) {
    const sim_measure *measure = tradeoff_measure(rules_of(of), side);
    const tradeoff_change *change = &row->changes[side];
    char text[WORDS_CAP];
    if (row->level == rules_of(of)->baseline) {
        return file_copy_name("");
    }
    return file_copy_name(side == TRADEOFF_COST && is_relative(measure, change)
                              ? words_relative(&change->ratio.estimate, text)
                              : words_change(measure->unit, &change->difference.estimate, text));
}

char *tradeoff_field(const tradeoff *of, const tradeoff_row *row, tradeoff_column column) {
    char text[WORDS_CAP];
    switch (column) {
    case TRADEOFF_COLUMN_LEVEL:
        return file_copy_name(level_name(of, row->level));
    case TRADEOFF_COLUMN_COST:
        return file_copy_name(words_estimate(tradeoff_measure(rules_of(of), TRADEOFF_COST)->unit,
                                             &row->estimates[TRADEOFF_COST], text));
    case TRADEOFF_COLUMN_HARM:
        return file_copy_name(words_estimate(tradeoff_measure(rules_of(of), TRADEOFF_HARM)->unit,
                                             &row->estimates[TRADEOFF_HARM], text));
    case TRADEOFF_COLUMN_COST_CHANGE:
        return change_field(of, row, TRADEOFF_COST);
    case TRADEOFF_COLUMN_HARM_CHANGE:
        return change_field(of, row, TRADEOFF_HARM);
    case TRADEOFF_COLUMN_MARK:
        return file_copy_name(tradeoff_mark_words(row->mark));
    case TRADEOFF_COLUMN_FRONTIER:
        return file_copy_name(row->frontier ? "yes" : "");
    case TRADEOFF_COLUMN_COUNT:
        break;
    }
    return file_copy_name("");
}

/* --- texts */

char *tradeoff_table_title(const tradeoff *of, const tradeoff_table *table) {
    const facts *about = of->about;
    text_stream stream;
    char count[FORMAT_TEXT_CAP];
    FILE *out = text_begin(&stream);
    if (table->cell == TRADEOFF_ALL) {
        fprintf(out, "all %" PRIu32 " cells of the other factors pooled",
                about->cell_count / of->level_count);
    } else {
        bool any = false;
        for (uint32_t f = 0; f < about->factor_count; f++) {
            if (f != rules_of(of)->factor) {
                fprintf(out, "%s%s %s", any ? ", " : "", about->factors[f].name,
                        facts_level_name(about, table->cell, f));
                any = true;
            }
        }
        fputs(any ? "" : "the only cell", out);
    }
    fprintf(out, "; %s trials of each", format_count(table->trials, count));
    return text_end(&stream);
}

/* --- the answer */

/* Holm's first step is Bonferroni's: an interval as wide as it takes among so many tests. */
static stats_estimate widened(const stats_estimate *e, size_t tests) {
    const double one = qnorm5(TRADEOFF_ALPHA / 2.0, 0.0, 1.0, 0, 0);
    const double all = qnorm5(TRADEOFF_ALPHA / 2.0 / (double)tests, 0.0, 1.0, 0, 0);
    return (stats_estimate){e->n, e->value, e->value - (e->value - e->lo) * all / one,
                            e->value + (e->hi - e->value) * all / one};
}

uint64_t tradeoff_trials_needed(const tradeoff *of, const tradeoff_table *table,
                                const tradeoff_row *row) {
    const sim_tradeoff *rules = rules_of(of);
    if (row->mark == TRADEOFF_OPEN) {
        const stats_estimate worsening =
            tradeoff_worsening(tradeoff_measure(rules, TRADEOFF_HARM),
                               &row->changes[TRADEOFF_HARM].difference.estimate);
        const stats_estimate wide = widened(&worsening, table->tests);
        return rules->has_margin ? stats_trials_needed(&worsening, rules->margin, table->trials)
                                 : stats_trials_needed(&wide, 0.0, table->trials);
    }
    const stats_estimate wide =
        widened(&row->changes[TRADEOFF_COST].difference.estimate, table->tests);
    return stats_trials_needed(&wide, 0.0, table->trials);
}

static int against_baseline(const tradeoff *of, const tradeoff_table *table,
                            const tradeoff_row *row, tradeoff_side side) {
    return tradeoff_shown(table, of->level_count, side, row->level, rules_of(of)->baseline);
}

/* "it costs 45 % [43, 47] less than agreed-15 (keepalives per call: 44.1 instead of 80.2)" */
static void put_saving(const tradeoff *of, const tradeoff_table *table, const tradeoff_row *row,
                       FILE *out) {
    const sim_measure *measure = tradeoff_measure(rules_of(of), TRADEOFF_COST);
    const tradeoff_row *baseline = tradeoff_row_of(table, of->level_count, rules_of(of)->baseline);
    const tradeoff_change *change = &row->changes[TRADEOFF_COST];
    char text[WORDS_CAP];
    if (is_relative(measure, change) && measure->sense == SIM_LESS_IS_BETTER) {
        fprintf(out, "costs %s less than %s", words_reduction(&change->ratio.estimate, text),
                baseline_name(of));
    } else {
        fprintf(out, "costs less than %s, by %s", baseline_name(of),
                words_change(measure->unit, &change->difference.estimate, text));
    }
    fprintf(out, " (%s: %s", measure->label,
            words_value(measure->unit, row->estimates[TRADEOFF_COST].value, text));
    fprintf(out, " instead of %s)",
            words_value(measure->unit, baseline->estimates[TRADEOFF_COST].value, text));
}

/* "at no more harm: held differs by -0.1 points [-0.4, +0.2], within the margin of 0.5 points" */
static void put_harm(const tradeoff *of, const tradeoff_table *table, const tradeoff_row *row,
                     FILE *out) {
    const sim_measure *measure = tradeoff_measure(rules_of(of), TRADEOFF_HARM);
    const int shown = against_baseline(of, table, row, TRADEOFF_HARM);
    char text[WORDS_CAP];
    fputs(shown < 0                                   ? "less harm"
          : rules_of(of)->has_margin && row->eligible ? "no more harm than the margin allows"
          : shown > 0                                 ? "more harm"
          : rules_of(of)->has_margin ? "harm that is not shown to stay within the margin"
          : row->eligible            ? "no more harm that was shown"
                                     : "harm that may well be more",
          out);
    fprintf(out, " (%s: difference %s", measure->label,
            words_change(measure->unit, &row->changes[TRADEOFF_HARM].difference.estimate, text));
    if (rules_of(of)->has_margin) {
        fprintf(out, ", margin %s", words_change_limit(measure->unit, rules_of(of)->margin, text));
    }
    fputc(')', out);
}

/* " About 2,400 trials of each cell would decide it." */
static void put_needed(const tradeoff *of, const tradeoff_table *table, const tradeoff_row *row,
                       FILE *out) {
    const uint64_t needed = tradeoff_trials_needed(of, table, row);
    char text[WORDS_CAP];
    if (needed > table->trials) {
        fprintf(out, " About %s trials of each cell would decide it; there were %" PRIu64 ".",
                words_about(needed, text), table->trials);
    }
}

/* Of the levels that stand so that which costs most, or NULL: the next step from the best. One on
 * the frontier, if there is any. */
static const tradeoff_row *next_marked(const tradeoff *of, const tradeoff_table *table,
                                       tradeoff_mark mark) {
    const tradeoff_row *found = NULL;
    for (uint32_t r = 0; r < of->level_count; r++) {
        const tradeoff_row *row = &table->rows[r];
        if (row->mark == mark && (found == NULL || row->frontier || !found->frontier)) {
            found = row;
        }
    }
    return found;
}

/* " Not distinguishable from it: a, b." */
static void put_alike(const tradeoff *of, const tradeoff_table *table, FILE *out) {
    bool any = false;
    for (uint32_t r = 0; r < of->level_count; r++) {
        if (table->rows[r].mark == TRADEOFF_ALIKE) {
            fprintf(out, "%s%s", any ? ", " : " Not distinguishable from it: ",
                    level_name(of, table->rows[r].level));
            any = true;
        }
    }
    fputs(any ? "." : "", out);
}

/* Cheaper levels that were not chosen, and why. */
static void put_cheaper(const tradeoff *of, const tradeoff_table *table, FILE *out) {
    static const tradeoff_mark marks[] = {TRADEOFF_RISKIER, TRADEOFF_OPEN};
    for (size_t m = 0; m < sizeof marks / sizeof marks[0]; m++) {
        const tradeoff_row *row = next_marked(of, table, marks[m]);
        if (row == NULL || row->changes[TRADEOFF_HARM].difference.estimate.n == 0 ||
            against_baseline(of, table, row, TRADEOFF_COST) >= 0) {
            continue;
        }
        fprintf(out, " %s ", level_name(of, row->level));
        put_saving(of, table, row, out);
        fputs(", but at ", out);
        put_harm(of, table, row, out);
        fputc('.', out);
        if (marks[m] == TRADEOFF_OPEN) {
            put_needed(of, table, row, out);
        }
    }
}

/* " Should its harm really be that much more, about 2,400 trials of each cell would show it." */
static void put_doubt(const tradeoff *of, const tradeoff_table *table, const tradeoff_row *row,
                      FILE *out) {
    const stats_estimate worsening =
        tradeoff_worsening(tradeoff_measure(rules_of(of), TRADEOFF_HARM),
                           &row->changes[TRADEOFF_HARM].difference.estimate);
    char text[WORDS_CAP];
    if (rules_of(of)->has_margin || !(worsening.value > 0.0)) {
        return;
    }
    const stats_estimate wide = widened(&worsening, table->tests);
    const uint64_t needed = stats_trials_needed(&wide, 0.0, table->trials);
    if (needed > table->trials) {
        fprintf(out,
                " Should its harm really be that much more, about %s trials of each cell would "
                "show it; there were %" PRIu64 ".",
                words_about(needed, text), table->trials);
    }
}

/* Something is shown to be better than the baseline. */
static void put_better(const tradeoff *of, const tradeoff_table *table, FILE *out) {
    const tradeoff_row *best = &table->rows[table->best];
    const sim_measure *cost = tradeoff_measure(rules_of(of), TRADEOFF_COST);
    char text[WORDS_CAP];
    fprintf(out, "%s %s: it ", table->cell == TRADEOFF_ALL ? "For this mix use" : "Use",
            level_name(of, best->level));
    if (against_baseline(of, table, best, TRADEOFF_COST) < 0) {
        put_saving(of, table, best, out);
        fputs(", at ", out);
        put_harm(of, table, best, out);
    } else {
        fputs("does ", out);
        put_harm(of, table, best, out);
        fprintf(out, " than %s, and no difference in cost was shown (%s: difference %s)",
                baseline_name(of), cost->label,
                words_change(cost->unit, &best->changes[TRADEOFF_COST].difference.estimate, text));
    }
    fputc('.', out);
    put_doubt(of, table, best, out);
}

static void put_nothing_better(const tradeoff *of, const tradeoff_table *table, FILE *out) {
    const tradeoff_row *best = &table->rows[table->best];
    const sim_measure *cost = tradeoff_measure(rules_of(of), TRADEOFF_COST);
    char text[WORDS_CAP];
    fprintf(out, "Nothing better than %s was shown%s.", baseline_name(of),
            table->cell == TRADEOFF_ALL ? " for this mix" : "");
    if (best->level != rules_of(of)->baseline) {
        fprintf(out, " %s has the least %s, but the difference could be chance: %s.",
                level_name(of, best->level), cost->label,
                words_change(cost->unit, &best->changes[TRADEOFF_COST].difference.estimate, text));
        put_needed(of, table, best, out);
    }
}

char *tradeoff_answer(const tradeoff *of, const tradeoff_table *table) {
    text_stream stream;
    FILE *out = text_begin(&stream);
    if (table->trials == 0) {
        fputs("Not every level has a trial yet.", out);
        return text_end(&stream);
    }
    const tradeoff_row *best = &table->rows[table->best];
    const bool better = against_baseline(of, table, best, TRADEOFF_COST) < 0 ||
                        against_baseline(of, table, best, TRADEOFF_HARM) < 0;
    if (better) {
        put_better(of, table, out);
        put_alike(of, table, out);
    } else {
        put_nothing_better(of, table, out);
    }
    put_cheaper(of, table, out);
    return text_end(&stream);
}

char *tradeoff_method(const tradeoff *of, double confidence) {
    const sim_tradeoff *rules = rules_of(of);
    text_stream stream;
    FILE *out = text_begin(&stream);
    char text[WORDS_CAP];
    fprintf(out,
            "Changes are against %s in the same worlds, with %.4g %% intervals. Shown is what has "
            "p below 5 %% after adjustment (Holm) for both measures of all pairs of levels: %zu "
            "tests. Best is the cheapest level ",
            baseline_name(of), confidence * 100.0, of->tables[0].tests);
    if (rules->has_margin) {
        fprintf(
            out, "whose harm is shown to be within %s of %s's",
            words_change_limit(tradeoff_measure(rules, TRADEOFF_HARM)->unit, rules->margin, text),
            baseline_name(of));
    } else {
        fprintf(out, "whose harm may by its interval be no more than %s's", baseline_name(of));
    }
    fputs(
        " and that no such level is shown to beat; ~ is not distinguishable from it. On the "
        "frontier is what no level beats: in one measure, without being worse in the other.",
        out);
    return text_end(&stream);
}
