/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tradeoffs of made-up trials whose truth is known: a real difference is found, none is not, and
 * pooled cells count every world once.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "made_run.h"
#include "process.h"
#include "punch/rng.h"
#include "punch_test.h"
#include "report.h"
#include "tradeoff_words.h"

#define LEVELS MADE_LOSSES

/* What a level's calls are like: INTROs are the cost, what connects is harmless. */
typedef struct {
    uint32_t intros;    /* at least; up to 7 more by chance */
    uint32_t connected; /* of 1000 calls */
    uint32_t pair_more; /* INTROs more in the second pair */
} made_level;

typedef struct {
    uint64_t seed;
    bool own_chance; /* a level's chance is its own; else that of the world */
    made_level levels[LEVELS];
} made_truth;

static void make_trial(const void *user, uint32_t cell, uint64_t trial, sim_trial_result *result) {
    const made_truth *truth = user;
    const uint32_t level = cell % LEVELS;
    const made_level *of = &truth->levels[level];
    punch_rng world = punch_rng_stream(truth->seed, cell / LEVELS + 1, (uint32_t)trial);
    punch_rng own = punch_rng_stream(truth->seed, cell + 100, (uint32_t)trial);
    punch_rng *chance = truth->own_chance ? &own : &world;
    if (punch_rng_below(chance, 1000) < of->connected) {
        made_connected(result, 100000 + (punch_time_us)punch_rng_below(chance, 900000));
    }
    result->calls[0].intros_sent[0] = of->intros + (cell / LEVELS) * of->pair_more;
    result->calls[0].intros_sent[1] = (uint32_t)punch_rng_below(chance, 8);
    result->packets_sent = result->calls[0].intros_sent[0] + 10;
}

typedef struct {
    trials_file file;
    tradeoff *of;
    char directory[4096];
} opened;

static sim_tradeoff rules_by(const char *cost, const char *harm) {
    return (sim_tradeoff){
        .given = true, .cost = sim_measure_find(cost), .harm = sim_measure_find(harm), .factor = 1};
}

static bool open_made(opened *made, const made_run *run) {
    char path[4200];
    memset(made, 0, sizeof *made);
    process_make_directory(made->directory, sizeof made->directory);
    if (!made_run_write(run, made->directory)) {
        return false;
    }
    (void)snprintf(path, sizeof path, "%s/" REPORT_TRIALS_NAME, made->directory);
    char *why = trials_open(&made->file, path);
    if (!EXPECT("the trials can be read", why == NULL)) {
        free(why);
        return false;
    }
    made->of = tradeoff_make(&made->file, STATS_CONFIDENCE);
    return EXPECT("and judged", made->of != NULL);
}

static void close_made(opened *made) {
    tradeoff_free(made->of);
    trials_close(&made->file);
    process_remove_directory(made->directory);
}

static made_run run_of(const made_truth *truth, const sim_tradeoff *rules, uint64_t trials) {
    return (made_run){.scenario = "made",
                      .digest = 1,
                      .seed = 1,
                      .trials = trials,
                      .loss = "loss",
                      .treatment = true,
                      .tradeoff = *rules,
                      .result = make_trial,
                      .user = truth};
}

/* --- real differences */

typedef struct {
    const char *sentence;
    const char *cost;
    const char *harm;
    double margin; /* below 0: none */
    made_truth truth;
    const char *marks;    /* per level, the first letter of each */
    const char *frontier; /* per level */
    const char *answer;   /* a part of it */
} truth_row;

static const truth_row truths[] = {
    {"half the cost, no more harm",
     "intros_sent_mean",
     "connected",
     -1.0,
     {1, false, {{20, 900, 0}, {9, 900, 0}, {3, 500, 0}}},
     "wbr",
     "nyy",
     "For this mix use 2%: it costs 47 %"},
    {"the same, each level with its own luck",
     "intros_sent_mean",
     "connected",
     -1.0,
     {2, true, {{20, 900, 0}, {9, 900, 0}, {3, 500, 0}}},
     "wbr",
     "nyy",
     "10% costs 72 % [72, 73] less than 0%"},
    {"nothing is cheaper without harm",
     "intros_sent_mean",
     "connected",
     -1.0,
     {3, false, {{20, 900, 0}, {9, 700, 0}, {30, 500, 0}}},
     "brw",
     "yyn",
     "Nothing better than 0% was shown for this mix. 2% costs 47 %"},
    {"less harm for the same",
     "packets_sent_mean",
     "connected",
     -1.0,
     {4, true, {{20, 700, 0}, {20, 950, 0}, {30, 950, 0}}},
     "wbw",
     "nyn",
     "For this mix use 2%: it does less harm"},
    {"harm is the time to connect",
     "intros_sent_mean",
     "time_to_connect_s_p50",
     -1.0,
     {5, false, {{20, 950, 0}, {9, 950, 0}, {3, 560, 0}}},
     "wbr",
     "nyy",
     "use 2%: it costs"},
    {"cost is the time to connect",
     "time_to_connect_s_p50",
     "intros_sent_mean",
     -1.0,
     {6, false, {{20, 600, 0}, {20, 950, 0}, {20, 940, 0}}},
     "wb~",
     "nyy",
     "use 2%: it costs"},
    {"a margin that harm stays within",
     "intros_sent_mean",
     "connected",
     0.05,
     {7, false, {{20, 900, 0}, {9, 880, 0}, {3, 500, 0}}},
     "sbr",
     "yyy",
     "use 2%: it costs 47 %"},
    {"a margin that harm may exceed",
     "intros_sent_mean",
     "connected",
     0.02,
     {8, true, {{20, 900, 0}, {9, 880, 0}, {3, 500, 0}}},
     "bor",
     "nyy",
     "harm that is not shown to stay within the margin"},
};

static void differences_are_found(void) {
    for (size_t i = 0; i < sizeof truths / sizeof truths[0]; i++) {
        const truth_row *row = &truths[i];
        sim_tradeoff rules = rules_by(row->cost, row->harm);
        rules.has_margin = row->margin >= 0.0;
        rules.margin = rules.has_margin ? row->margin : 0.0;
        const made_run run = run_of(&row->truth, &rules, 400);
        opened made;
        if (open_made(&made, &run)) {
            char marks[LEVELS + 1] = "";
            char frontier[LEVELS + 1] = "";
            char *answer = tradeoff_answer(made.of, &made.of->tables[0]);
            for (uint32_t l = 0; l < LEVELS; l++) {
                const tradeoff_row *at = tradeoff_row_of(&made.of->tables[0], LEVELS, l);
                marks[l] = tradeoff_mark_name(at->mark)[0];
                frontier[l] = at->frontier ? 'y' : 'n';
            }
            EXPECT_TEXT(row->sentence, marks, row->marks);
            EXPECT_TEXT(row->sentence, frontier, row->frontier);
            if (!EXPECT(row->sentence, strstr(answer, row->answer) != NULL)) {
                fprintf(stderr, "expected \"...%s...\", got: %s\n", row->answer, answer);
            }
            EXPECT_INT("a table of all, and one of each cell", made.of->table_count, 3);
            free(answer);
        }
        close_made(&made);
    }
}

/* --- none */

/* Runs in which some table marks what is no difference. */
static uint32_t false_marks(const made_truth *like, const sim_tradeoff *rules, uint32_t runs) {
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < runs; i++) {
        made_truth truth = *like;
        truth.seed = 1000 + i;
        const made_run run = run_of(&truth, rules, 60);
        opened made;
        bool any = false;
        if (open_made(&made, &run)) {
            const tradeoff_table *table = &made.of->tables[0];
            for (uint32_t side = 0; side < TRADEOFF_SIDES; side++) {
                for (uint32_t k = 0; k < LEVELS * LEVELS; k++) {
                    any = any || table->shown[side][k] != 0;
                }
            }
        }
        wrong += any ? 1 : 0;
        close_made(&made);
    }
    return wrong;
}

/* 5 % of runs may show something. Of 100 runs more than 13 do with a probability of 0.05 %
 * (binomial). */
static void chance_is_not_marked(void) {
    static const char *const sides[][2] = {{"intros_sent_mean", "connected"},
                                           {"time_to_connect_s_p50", "intros_sent_mean"}};
    const made_truth alike = {0, true, {{9, 800, 4}, {9, 800, 4}, {9, 800, 4}}};
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        const sim_tradeoff rules = rules_by(sides[i][0], sides[i][1]);
        const uint32_t wrong = false_marks(&alike, &rules, 100);
        if (!EXPECT("at most 13 of 100 runs mark chance", wrong <= 13)) {
            fprintf(stderr, "%s, %s: %u of 100\n", sides[i][0], sides[i][1], wrong);
        }
    }
}

static void what_is_open_says_how_many_trials_decide(void) {
    const made_truth near = {9, true, {{9, 800, 0}, {8, 800, 0}, {9, 800, 0}}};
    const sim_tradeoff rules = rules_by("intros_sent_mean", "connected");
    const made_run few = run_of(&near, &rules, 20);
    opened made;
    if (open_made(&made, &few)) {
        char *answer = tradeoff_answer(made.of, &made.of->tables[1]);
        EXPECT("20 trials show nothing",
               strstr(answer, "Nothing better than 0% was shown. 2% has the least") != NULL);
        EXPECT("and it says how many would", strstr(answer,
                                                    " trials of each cell would decide it; "
                                                    "there were 20.") != NULL);
        const uint64_t needed = tradeoff_trials_needed(
            made.of, &made.of->tables[1], tradeoff_row_of(&made.of->tables[1], LEVELS, 1));
        const made_run enough = run_of(&near, &rules, 2 * needed);
        close_made(&made);
        if (open_made(&made, &enough)) {
            EXPECT_INT("twice as many do", made.of->tables[1].shown[TRADEOFF_COST][LEVELS], -1);
        }
        free(answer);
    }
    close_made(&made);
}

/* --- pooling */

/* Cells far apart: what lies between them is no chance, and the change is known well all the same.
 */
static void cells_are_strata(void) {
    const made_truth truth = {11, false, {{20, 900, 1000}, {19, 900, 1000}, {20, 900, 1000}}};
    const sim_tradeoff rules = rules_by("intros_sent_mean", "connected");
    const made_run run = run_of(&truth, &rules, 300);
    opened made;
    if (open_made(&made, &run)) {
        const tradeoff_table *table = &made.of->tables[0];
        const tradeoff_row *row = tradeoff_row_of(table, LEVELS, 1);
        const stats_estimate *e = &row->estimates[TRADEOFF_COST];
        EXPECT_INT("all calls count", e->n, 600);
        EXPECT_REAL("the mean of both cells", e->value, 522.5, 0.3);
        EXPECT("known to half an INTRO, though the cells are 1000 apart", e->hi - e->lo < 0.5);
        const stats_estimate *change = &row->changes[TRADEOFF_COST].difference.estimate;
        EXPECT_REAL("one less in each world", change->value, -1.0, 1e-9);
        EXPECT_REAL("in all of them", change->hi - change->lo, 0.0, 1e-9);
        EXPECT_INT("which is shown", table->shown[TRADEOFF_COST][LEVELS], -1);
    }
    close_made(&made);
}

/* Both factors treatments: the two cells of a level meet the same worlds, each of which counts
 * once. */
static void shared_worlds_count_once(void) {
    const made_truth truth = {12, false, {{20, 900, 5}, {9, 900, 5}, {3, 500, 5}}};
    const sim_tradeoff rules = rules_by("intros_sent_mean", "connected");
    made_run run = run_of(&truth, &rules, 301);
    run.both = true;
    opened made;
    if (open_made(&made, &run)) {
        const tradeoff_row *row = tradeoff_row_of(&made.of->tables[0], LEVELS, 0);
        EXPECT_INT("as many calls as worlds", row->estimates[TRADEOFF_COST].n, 301);
        EXPECT_INT("as many pairs", row->changes[TRADEOFF_HARM].difference.estimate.n, 0);
        const tradeoff_row *other = tradeoff_row_of(&made.of->tables[0], LEVELS, 2);
        EXPECT_INT("of all of them", other->changes[TRADEOFF_HARM].difference.estimate.n, 301);
        const tradeoff_row *alone = tradeoff_row_of(&made.of->tables[1], LEVELS, 0);
        EXPECT_INT("a cell alone has all its own", alone->estimates[TRADEOFF_COST].n, 301);
    }
    close_made(&made);
}

/* Never is never. */
static void expect_same(const char *what, double got, double expected) {
    if (isinf(expected)) {
        EXPECT(what, got == expected);
    } else {
        EXPECT_REAL(what, got, expected, 1e-12);
    }
}

/* The estimates of a single cell are those of the rest of the report. */
static void cells_agree_with_the_report(void) {
    static const char *const measures[][2] = {{"intros_sent_mean", "connected"},
                                              {"time_to_connect_s_p50", "packets_sent_mean"}};
    const made_truth truth = {13, true, {{20, 900, 5}, {9, 800, 5}, {3, 500, 5}}};
    for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++) {
        const sim_tradeoff rules = rules_by(measures[i][0], measures[i][1]);
        const made_run run = run_of(&truth, &rules, 500);
        opened made;
        const bool open = open_made(&made, &run);
        for (uint32_t cell = 0; open && cell < MADE_CELLS; cell++) {
            const tradeoff_row *row =
                tradeoff_row_of(&made.of->tables[1 + cell / LEVELS], LEVELS, cell % LEVELS);
            const uint32_t which[TRADEOFF_SIDES] = {rules.cost, rules.harm};
            for (uint32_t side = 0; side < TRADEOFF_SIDES; side++) {
                const stats_estimate e =
                    analysis_measure(&made.file, cell, which[side], STATS_CONFIDENCE);
                expect_same("n", (double)row->estimates[side].n, (double)e.n);
                expect_same("value", row->estimates[side].value, e.value);
                expect_same("lower end", row->estimates[side].lo, e.lo);
                expect_same("upper end", row->estimates[side].hi, e.hi);
            }
        }
        close_made(&made);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"differences are found", differences_are_found},
        {"chance is not marked", chance_is_not_marked},
        {"what is open says how many trials decide", what_is_open_says_how_many_trials_decide},
        {"cells are strata", cells_are_strata},
        {"shared worlds count once", shared_worlds_count_once},
        {"cells agree with the report", cells_agree_with_the_report},
    };
    return PUNCH_TEST_MAIN("unit_tradeoff", cases);
}
