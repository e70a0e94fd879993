/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "expect.h"

#include <math.h>

#include "punch/assert.h"
#include "words.h"

static const sim_measure *measure_of(const sim_expect *expect) {
    uint32_t count = 0;
    const sim_measure *table = sim_measures(&count);
    PUNCH_ASSERT(expect->measure < count);
    return &table[expect->measure];
}

const char *expect_outcome_name(expect_outcome outcome) {
    static const char *const names[] = {
        [EXPECT_PASS] = "pass", [EXPECT_FAIL] = "fail", [EXPECT_INCONCLUSIVE] = "inconclusive"};
    return names[outcome];
}

expect_outcome expect_overall(const expect_verdict *verdicts, uint32_t count) {
    expect_outcome overall = EXPECT_PASS;
    for (uint32_t i = 0; i < count; i++) {
        switch (verdicts[i].outcome) {
        case EXPECT_FAIL:
            return EXPECT_FAIL;
        case EXPECT_INCONCLUSIVE:
            overall = EXPECT_INCONCLUSIVE;
            break;
        case EXPECT_PASS:
            break;
        }
    }
    return overall;
}

/* --- judging */

static bool is_share(const sim_expect *expect) {
    return expect->form == SIM_EXPECT_VALUE && measure_of(expect)->kind == SIM_MEASURE_SHARE;
}

static expect_outcome outcome_of_share(const sim_expect *expect, const stats_estimate *e,
                                       double confidence) {
    const double limit = expect->limit;
    const stats_count found = stats_count_of(e);
    const double tail = (1.0 - confidence) / 2.0;
    if (found.n == 0) {
        return EXPECT_INCONCLUSIVE;
    }
    switch (expect->bound) {
    case SIM_EXPECT_AT_LEAST:
        /* Every share is at least 0 and at most 1: no chance is left. */
        if (limit <= 0.0 || stats_share_above_p(&found, limit) <= tail) {
            return EXPECT_PASS;
        }
        return stats_share_below_p(&found, limit) <= tail ? EXPECT_FAIL : EXPECT_INCONCLUSIVE;
    case SIM_EXPECT_AT_MOST:
        if (limit >= 1.0 || stats_share_below_p(&found, limit) <= tail) {
            return EXPECT_PASS;
        }
        return stats_share_above_p(&found, limit) <= tail ? EXPECT_FAIL : EXPECT_INCONCLUSIVE;
    case SIM_EXPECT_EXACTLY:
        /* The value of a share is 0 or 1 only without an exception. */
        return e->value == limit ? EXPECT_PASS : EXPECT_FAIL;
    }
    return EXPECT_INCONCLUSIVE;
}

static expect_outcome outcome_of(const sim_expect *expect, const stats_estimate *e) {
    const double limit = expect->limit;
    if (e->n == 0) {
        return EXPECT_INCONCLUSIVE;
    }
    switch (expect->bound) {
    case SIM_EXPECT_AT_LEAST:
        if (e->lo >= limit) {
            return EXPECT_PASS;
        }
        return e->hi < limit ? EXPECT_FAIL : EXPECT_INCONCLUSIVE;
    case SIM_EXPECT_AT_MOST:
        /* What may be never is not at most anything. */
        if (e->hi <= limit && e->hi < (double)INFINITY) {
            return EXPECT_PASS;
        }
        return e->lo > limit ? EXPECT_FAIL : EXPECT_INCONCLUSIVE;
    case SIM_EXPECT_EXACTLY:
        return e->value == limit ? EXPECT_PASS : EXPECT_FAIL;
    }
    return EXPECT_INCONCLUSIVE;
}

expect_verdict expect_judge(const sim_expect *expect, const stats_estimate *estimate,
                            uint64_t trials, double confidence) {
    const bool share = is_share(expect);
    expect_verdict verdict = {.outcome = share ? outcome_of_share(expect, estimate, confidence)
                                               : outcome_of(expect, estimate),
                              .estimate = *estimate,
                              .example_trial = UINT64_MAX};
    if (verdict.outcome == EXPECT_INCONCLUSIVE) {
        verdict.trials_needed = share ? stats_trials_needed_share(estimate, expect->limit, trials)
                                      : stats_trials_needed(estimate, expect->limit, trials);
    }
    return verdict;
}

/* --- in words */

static char *limit_words(const sim_expect *expect, char text[WORDS_CAP]) {
    switch (expect->form) {
    case SIM_EXPECT_VALUE:
        return words_limit(measure_of(expect)->unit, expect->limit, text);
    case SIM_EXPECT_DIFFERENCE:
        return words_change_limit(measure_of(expect)->unit, expect->limit, text);
    case SIM_EXPECT_RATIO:
        return words_limit(SIM_UNIT_COUNT, expect->limit, text);
    }
    return text;
}

static void print_bound(const sim_expect *expect, FILE *out) {
    char limit[WORDS_CAP];
    (void)limit_words(expect, limit);
    switch (expect->bound) {
    case SIM_EXPECT_AT_LEAST:
        fprintf(out, "at least %s", limit);
        return;
    case SIM_EXPECT_AT_MOST:
        fprintf(out, "at most %s", limit);
        return;
    case SIM_EXPECT_EXACTLY:
        fprintf(out, "exactly %s, without an exception", limit);
        return;
    }
}

void expect_print_claim(const facts *about, const sim_expect *expect, FILE *out) {
    fprintf(out, "%s of ", measure_of(expect)->name);
    words_cell(about, expect->cell, out);
    switch (expect->form) {
    case SIM_EXPECT_VALUE:
        break;
    case SIM_EXPECT_DIFFERENCE:
        fputs(" minus that of ", out);
        words_cell(about, expect->other, out);
        break;
    case SIM_EXPECT_RATIO:
        fputs(" divided by that of ", out);
        words_cell(about, expect->other, out);
        break;
    }
    fputc(' ', out);
    print_bound(expect, out);
}

static char *estimate_words(const sim_expect *expect, const stats_estimate *e,
                            char text[WORDS_CAP]) {
    switch (expect->form) {
    case SIM_EXPECT_VALUE:
        return words_estimate(measure_of(expect)->unit, e, text);
    case SIM_EXPECT_DIFFERENCE:
        return words_change(measure_of(expect)->unit, e, text);
    case SIM_EXPECT_RATIO:
        return words_ratio(e, text);
    }
    return text;
}

void expect_print_finding(const facts *about, const sim_expect *expect,
                          const expect_verdict *verdict, FILE *out) {
    char text[WORDS_CAP];
    if (verdict->estimate.n == 0) {
        fputs("was not measured: no call counts", out);
        return;
    }
    fprintf(out, "is %s", estimate_words(expect, &verdict->estimate, text));
    if (verdict->paired) {
        fputs(" in the same worlds", out);
    }
    if (verdict->outcome != EXPECT_INCONCLUSIVE) {
        return;
    }
    if (verdict->trials_needed == 0) {
        fputs("; no number of trials would decide it, for that is the limit", out);
        return;
    }
    fprintf(out, "; about %s trials a cell would decide it",
            words_about(verdict->trials_needed, text));
    if (verdict->trials_needed > about->trials && about->until.given) {
        fprintf(out, ", until.max_trials is %llu", (unsigned long long)about->trials);
    }
}
