/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what is shown of pairs of levels to marks: no statistics here, only the rules of tradeoff.h.
 */
#include <math.h>
#include <stdlib.h>

#include "punch/assert.h"
#include "tradeoff.h"

const char *tradeoff_mark_name(tradeoff_mark mark) {
    static const char *const names[] = {
        [TRADEOFF_BEST] = "best",   [TRADEOFF_ALIKE] = "~",         [TRADEOFF_WORSE] = "worse",
        [TRADEOFF_SAFER] = "safer", [TRADEOFF_RISKIER] = "riskier", [TRADEOFF_OPEN] = "open"};
    return names[mark];
}

int tradeoff_shown(const tradeoff_table *table, uint32_t level_count, tradeoff_side side,
                   uint32_t first, uint32_t second) {
    return table->shown[side][first * level_count + second];
}

const tradeoff_row *tradeoff_row_of(const tradeoff_table *table, uint32_t level_count,
                                    uint32_t level) {
    for (uint32_t r = 0; r < level_count; r++) {
        if (table->rows[r].level == level) {
            return &table->rows[r];
        }
    }
    PUNCH_ASSERT(false); /* every level has a row */
    return NULL;
}

stats_estimate tradeoff_worsening(const sim_measure *measure, const stats_estimate *change) {
    switch (measure->sense) {
    case SIM_LESS_IS_BETTER:
        break;
    case SIM_MORE_IS_BETTER:
        return (stats_estimate){change->n, -change->value, -change->hi, -change->lo};
    }
    return *change;
}

typedef struct {
    tradeoff_table *table;
    const sim_tradeoff *rules;
    uint32_t levels;
} judging;

/* Was it measured in both? What was not can neither beat nor be chosen. */
static bool is_measured(const tradeoff_row *row) {
    return row->estimates[TRADEOFF_COST].n > 0 && row->estimates[TRADEOFF_HARM].n > 0;
}

static bool dominates(const judging *of, const tradeoff_row *first, const tradeoff_row *second) {
    const int cost =
        tradeoff_shown(of->table, of->levels, TRADEOFF_COST, first->level, second->level);
    const int harm =
        tradeoff_shown(of->table, of->levels, TRADEOFF_HARM, first->level, second->level);
    return is_measured(first) && cost <= 0 && harm <= 0 && cost + harm < 0;
}

static bool is_eligible(const judging *of, const tradeoff_row *row) {
    const uint32_t baseline = of->rules->baseline;
    if (row->level == baseline) {
        return true;
    }
    if (!is_measured(row)) {
        return false;
    }
    const stats_estimate worsening =
        tradeoff_worsening(tradeoff_measure(of->rules, TRADEOFF_HARM),
                           &row->changes[TRADEOFF_HARM].difference.estimate);
    if (of->rules->has_margin) {
        return worsening.n > 0 && worsening.hi <= of->rules->margin;
    }
    return worsening.n > 0 && worsening.lo <= 0.0 &&
           tradeoff_shown(of->table, of->levels, TRADEOFF_HARM, row->level, baseline) <= 0;
}

/* Is a row dominated by another, of the eligible ones or of all? */
static bool is_dominated(const judging *of, const tradeoff_row *row, bool among_eligible) {
    for (uint32_t r = 0; r < of->levels; r++) {
        const tradeoff_row *other = &of->table->rows[r];
        if (other != row && (other->eligible || !among_eligible) && dominates(of, other, row)) {
            return true;
        }
    }
    return false;
}

/* A value with its sign turned so that less is better; what was not measured comes last. */
static double badness(const sim_measure *measure, const stats_estimate *e) {
    const stats_estimate turned = tradeoff_worsening(measure, e);
    return e->n > 0 ? turned.value : (double)INFINITY;
}

static bool is_before(const judging *of, const tradeoff_row *a, const tradeoff_row *b) {
    for (tradeoff_side side = TRADEOFF_COST; side <= TRADEOFF_HARM; side++) {
        const sim_measure *measure = tradeoff_measure(of->rules, side);
        const double first = badness(measure, &a->estimates[side]);
        const double second = badness(measure, &b->estimates[side]);
        if (first != second) {
            return first < second;
        }
    }
    return a->level < b->level;
}

/* By cost, then harm, then as in the file. Few rows: the simplest sort. */
static void sort_rows(const judging *of) {
    tradeoff_row *rows = of->table->rows;
    for (uint32_t r = 1; r < of->levels; r++) {
        for (uint32_t at = r; at > 0 && is_before(of, &rows[at], &rows[at - 1]); at--) {
            const tradeoff_row moved = rows[at];
            rows[at] = rows[at - 1];
            rows[at - 1] = moved;
        }
    }
}

/* The first that counts, rows being sorted by cost. Should levels dominate each other in a circle,
 * which differing spreads allow, it is the first eligible one. */
static uint32_t find_best(const judging *of) {
    for (uint32_t r = 0; r < of->levels; r++) {
        if (of->table->rows[r].eligible && !is_dominated(of, &of->table->rows[r], true)) {
            return r;
        }
    }
    uint32_t r = 0;
    while (!of->table->rows[r].eligible) {
        r++;
    }
    return r;
}

static tradeoff_mark mark_of(const judging *of, const tradeoff_row *row, uint32_t best) {
    const uint32_t baseline = of->rules->baseline;
    const int cost = tradeoff_shown(of->table, of->levels, TRADEOFF_COST, row->level, best);
    const int harm = tradeoff_shown(of->table, of->levels, TRADEOFF_HARM, row->level, best);
    const bool harms =
        harm > 0 || (row->level != baseline && tradeoff_shown(of->table, of->levels, TRADEOFF_HARM,
                                                              row->level, baseline) > 0);
    if (row->level == best) {
        return TRADEOFF_BEST;
    }
    if (harms) {
        return cost < 0 ? TRADEOFF_RISKIER : TRADEOFF_WORSE;
    }
    if (cost > 0) {
        return harm < 0 ? TRADEOFF_SAFER : TRADEOFF_WORSE;
    }
    return row->eligible ? TRADEOFF_ALIKE : TRADEOFF_OPEN;
}

void tradeoff_judge(tradeoff_table *table, const sim_tradeoff *rules, uint32_t level_count) {
    const judging of = {table, rules, level_count};
    for (uint32_t r = 0; r < level_count; r++) {
        table->rows[r].eligible = is_eligible(&of, &table->rows[r]);
    }
    for (uint32_t r = 0; r < level_count; r++) {
        table->rows[r].frontier =
            is_measured(&table->rows[r]) && !is_dominated(&of, &table->rows[r], false);
    }
    sort_rows(&of);
    table->best = find_best(&of);
    for (uint32_t r = 0; r < level_count; r++) {
        table->rows[r].mark = mark_of(&of, &table->rows[r], table->rows[table->best].level);
    }
}
