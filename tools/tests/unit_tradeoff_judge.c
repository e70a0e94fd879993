/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks, frontier and best from what is shown of pairs of levels: no trials, only the rules.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "punch_test.h"
#include "tradeoff.h"

#define LEVELS 4u

/* One row: cost and harm of every level, known to so much; two values further apart than that are
 * shown to differ. Level 0 is the baseline. */
typedef struct {
    const char *sentence;
    double cost[LEVELS];
    double harm[LEVELS];
    double known;         /* half the width of the interval of a difference */
    double margin;        /* below 0: none */
    const char *marks;    /* per level, its first letter; '~' alike */
    const char *frontier; /* per level, 'y' or 'n' */
} judge_row;

static const judge_row rows[] = {
    {"alike in everything", {5, 5, 5, 5}, {1, 1, 1, 1}, 0.5, -1, "b~~~", "yyyy"},
    {"the cheapest of those that harm no more is the best",
     {9, 7, 5, 3},
     {1, 1, 1, 4},
     0.5,
     -1,
     "wwbr",
     "nnyy"},
    {"what is not told apart from the best is alike",
     {9, 5.2, 5, 3},
     {1, 1.2, 1.1, 4},
     0.5,
     -1,
     "w~br",
     "nyyy"},
    {"dearer and less harmful is another choice, not a worse one",
     {5, 9, 4.9, 7},
     {3, 1, 3, 3},
     0.5,
     -1,
     "~sbw",
     "yyyn"},
    {"the baseline is the best when all that is cheaper harms more",
     {9, 7, 5, 3},
     {1, 3, 4, 5},
     0.5,
     -1,
     "brrr",
     "yyyy"},
    {"what is dearer and harms more is worse", {5, 9, 9, 9}, {1, 3, 1, 2}, 0.5, -1, "bwww", "ynnn"},
    {"a level that harms less for the same cost beats a cheaper-looking one",
     {9, 5, 4.9, 9},
     {3, 1, 3, 3},
     0.5,
     -1,
     "wbww",
     "nynn"},
    {"without a margin, what is not shown to harm is chosen",
     {9, 5, 3, 9},
     {1, 1, 1.4, 1},
     0.5,
     -1,
     "wwbw",
     "nnyn"},
    {"with one it must be shown to stay within",
     {9, 5, 3, 9},
     {1, 1, 1.4, 1},
     0.5,
     0.6,
     "wbow",
     "nnyn"},
    {"a margin lets harm pass that is within it, shown or not",
     {9, 5, 3, 9},
     {1, 1, 1.4, 1},
     0.1,
     0.6,
     "ssbs",
     "nyyn"},
    {"nothing can be shown to stay within a margin of nothing",
     {9, 5, 3, 9},
     {1, 1, 1.4, 1},
     0.5,
     0.0,
     "booo",
     "nnyn"},
};

static signed char shown(double first, double second, double known) {
    return (signed char)(fabs(first - second) <= known ? 0 : first > second ? 1 : -1);
}

static tradeoff_table table_of(const judge_row *row) {
    tradeoff_table table = {.trials = 100};
    table.rows = calloc(LEVELS, sizeof *table.rows);
    for (uint32_t side = 0; side < TRADEOFF_SIDES; side++) {
        const double *values = side == TRADEOFF_COST ? row->cost : row->harm;
        table.shown[side] = calloc((size_t)LEVELS * LEVELS, 1);
        for (uint32_t i = 0; i < LEVELS; i++) {
            const double off = values[i] - values[0];
            table.rows[i].level = i;
            table.rows[i].estimates[side] = (stats_estimate){100, values[i], 0.0, 10.0};
            table.rows[i].changes[side].difference.estimate =
                (stats_estimate){100, off, off - row->known, off + row->known};
            for (uint32_t j = 0; j < LEVELS; j++) {
                table.shown[side][i * LEVELS + j] = shown(values[i], values[j], row->known);
            }
        }
    }
    return table;
}

static void table_free(tradeoff_table *table) {
    free(table->rows);
    free(table->shown[TRADEOFF_COST]);
    free(table->shown[TRADEOFF_HARM]);
}

static void marks_follow_from_what_is_shown(void) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const judge_row *row = &rows[i];
        const sim_tradeoff rules = {.given = true,
                                    .cost = sim_measure_find("intros_sent_mean"),
                                    .harm = sim_measure_find("packets_sent_mean"),
                                    .has_margin = row->margin >= 0.0,
                                    .margin = row->margin};
        tradeoff_table table = table_of(row);
        char marks[LEVELS + 1] = "";
        char frontier[LEVELS + 1] = "";
        tradeoff_judge(&table, &rules, LEVELS);
        for (uint32_t l = 0; l < LEVELS; l++) {
            const tradeoff_row *at = tradeoff_row_of(&table, LEVELS, l);
            marks[l] = tradeoff_mark_name(at->mark)[0];
            frontier[l] = at->frontier ? 'y' : 'n';
        }
        EXPECT_TEXT(row->sentence, marks, row->marks);
        EXPECT_TEXT(row->sentence, frontier, row->frontier);
        for (uint32_t r = 1; r < LEVELS; r++) {
            EXPECT("rows are sorted by cost", table.rows[r - 1].estimates[TRADEOFF_COST].value <=
                                                  table.rows[r].estimates[TRADEOFF_COST].value);
        }
        EXPECT("the best is where it says", table.rows[table.best].mark == TRADEOFF_BEST);
        table_free(&table);
    }
}

/* With a measure of which more is better, worse is less. */
static void more_may_be_better(void) {
    judge_row row = rows[1];
    for (uint32_t l = 0; l < LEVELS; l++) {
        row.harm[l] = 1.0 - row.harm[l] / 10.0;
    }
    row.known = 0.05;
    tradeoff_table table = table_of(&row);
    const sim_tradeoff rules = {
        .given = true, .cost = sim_measure_find("intros_sent_mean"), .harm = SIM_MEASURE_HELD};
    for (uint32_t i = 0; i < LEVELS * LEVELS; i++) {
        const signed char turned = table.shown[TRADEOFF_HARM][i];
        table.shown[TRADEOFF_HARM][i] = (signed char)-turned;
        table.shown[TRADEOFF_COST][i] = shown(row.cost[i / LEVELS], row.cost[i % LEVELS], 0.5);
    }
    tradeoff_judge(&table, &rules, LEVELS);
    EXPECT_INT("the best is level 2", table.rows[table.best].level, 2);
    EXPECT_INT("level 3 is cheaper, and held less", tradeoff_row_of(&table, LEVELS, 3)->mark,
               TRADEOFF_RISKIER);
    table_free(&table);
}

/* Harm that its interval puts beyond the baseline's is no harm that passes, though among so many
 * tests it is not shown; and what was not measured neither beats nor is chosen. */
static void doubt_does_not_pass(void) {
    const judge_row row = {"", {9, 5, 3, 1}, {1, 1, 1.4, 1}, 0.1, -1.0, "", ""};
    const sim_tradeoff rules = {.given = true,
                                .cost = sim_measure_find("intros_sent_mean"),
                                .harm = sim_measure_find("packets_sent_mean")};
    tradeoff_table table = table_of(&row);
    for (uint32_t l = 0; l < LEVELS; l++) {
        table.shown[TRADEOFF_HARM][2 * LEVELS + l] = 0;
        table.shown[TRADEOFF_HARM][l * LEVELS + 2] = 0;
    }
    table.rows[3].estimates[TRADEOFF_HARM] = (stats_estimate){0, NAN, NAN, NAN};
    tradeoff_judge(&table, &rules, LEVELS);
    EXPECT_INT("the next one is chosen", table.rows[table.best].level, 1);
    EXPECT_INT("harm that may be more is open", tradeoff_row_of(&table, LEVELS, 2)->mark,
               TRADEOFF_OPEN);
    EXPECT_INT("so is harm that nobody measured", tradeoff_row_of(&table, LEVELS, 3)->mark,
               TRADEOFF_OPEN);
    EXPECT("which is on no frontier", !tradeoff_row_of(&table, LEVELS, 3)->frontier &&
                                          tradeoff_row_of(&table, LEVELS, 2)->frontier);
    table_free(&table);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"marks follow from what is shown", marks_follow_from_what_is_shown},
        {"more may be better", more_may_be_better},
        {"doubt does not pass", doubt_does_not_pass},
    };
    return PUNCH_TEST_MAIN("unit_tradeoff_judge", cases);
}
