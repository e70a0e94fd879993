/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tradeoff.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"

/* --- one table: before p values are adjusted they stand in a list of all of the family */

typedef struct {
    double *p;
    size_t count;
} family;

/* Are both levels measured? */
static bool is_test(const tradeoff_sample *sample, tradeoff_side side, uint32_t i, uint32_t j) {
    return sample->estimates[side][i].n > 0 && sample->estimates[side][j].n > 0;
}

static void add_tests(const tradeoff_sample *sample, family *to) {
    for (tradeoff_side side = TRADEOFF_COST; side <= TRADEOFF_HARM; side++) {
        for (uint32_t i = 0; i < sample->level_count; i++) {
            for (uint32_t j = 0; j < i; j++) {
                const uint32_t levels[2] = {i, j};
                if (is_test(sample, side, i, j)) {
                    to->p[to->count++] = tradeoff_sample_p(sample, side, levels);
                }
            }
        }
    }
}

/* Everything about the levels but what depends on adjusted p values. */
static void take_rows(const tradeoff_sample *sample, const sim_tradeoff *rules, double confidence,
                      tradeoff_table *table) {
    const stats_difference nothing = {{0, NAN, -INFINITY, INFINITY}, 1.0};
    table->rows = memory_zeroed(sample->level_count, sizeof *table->rows);
    for (uint32_t l = 0; l < sample->level_count; l++) {
        tradeoff_row *row = &table->rows[l];
        row->level = l;
        for (tradeoff_side side = TRADEOFF_COST; side <= TRADEOFF_HARM; side++) {
            const uint32_t levels[2] = {l, rules->baseline};
            row->estimates[side] = sample->estimates[side][l];
            row->changes[side] = (tradeoff_change){nothing, nothing};
            row->p[side] = 1.0;
            if (l != rules->baseline && is_test(sample, side, l, rules->baseline)) {
                row->changes[side] =
                    tradeoff_sample_change(sample, rules, side, levels, confidence);
            }
        }
    }
}

/* Does the interval of the change between a level and the baseline leave no change out? */
static bool leaves_out_none(const tradeoff_table *table, tradeoff_side side, uint32_t level) {
    const stats_estimate *e = &table->rows[level].changes[side].difference.estimate;
    return e->lo > 0.0 || e->hi < 0.0;
}

/* 1, -1, 0: is the first level shown to be worse, better, neither? */
static int shown_of(const tradeoff_table *table, const sim_tradeoff *rules, tradeoff_side side,
                    const uint32_t levels[2], double p) {
    const stats_estimate *first = &table->rows[levels[0]].estimates[side];
    const stats_estimate *second = &table->rows[levels[1]].estimates[side];
    const bool with_baseline = levels[0] == rules->baseline || levels[1] == rules->baseline;
    const uint32_t other = levels[0] == rules->baseline ? levels[1] : levels[0];
    if (!(p < TRADEOFF_ALPHA) || first->value == second->value ||
        (with_baseline && !leaves_out_none(table, side, other))) {
        return 0;
    }
    const bool more = first->value > second->value;
    switch (tradeoff_measure(rules, side)->sense) {
    case SIM_LESS_IS_BETTER:
        break;
    case SIM_MORE_IS_BETTER:
        return more ? -1 : 1;
    }
    return more ? 1 : -1;
}

/* Takes the table's adjusted p values, in the order they were added, and judges it. */
static void conclude(tradeoff_table *table, const sim_tradeoff *rules, uint32_t level_count,
                     const double **p) {
    for (tradeoff_side side = TRADEOFF_COST; side <= TRADEOFF_HARM; side++) {
        table->shown[side] = memory_zeroed((size_t)level_count * level_count, 1);
        for (uint32_t i = 0; i < level_count; i++) {
            for (uint32_t j = 0; j < i; j++) {
                const uint32_t levels[2] = {i, j};
                if (table->rows[i].estimates[side].n == 0 ||
                    table->rows[j].estimates[side].n == 0) {
                    continue;
                }
                const double adjusted = *(*p)++;
                const int shown = shown_of(table, rules, side, levels, adjusted);
                table->shown[side][i * level_count + j] = (signed char)shown;
                table->shown[side][j * level_count + i] = (signed char)-shown;
                if (i == rules->baseline || j == rules->baseline) {
                    table->rows[i == rules->baseline ? j : i].p[side] = adjusted;
                }
            }
        }
    }
    tradeoff_judge(table, rules, level_count);
}

/* --- all tables */

/* False when the file changed. */
static bool make_table(const trials_file *file, uint32_t cell, double confidence,
                       tradeoff_table *table, family *tests) {
    const sim_tradeoff *rules = &file->about.tradeoff;
    const tradeoff_scope scope = {cell, TRADEOFF_ALL, 0};
    tradeoff_sample sample;
    if (!tradeoff_sample_read(file, &scope, TRADEOFF_CHANGES, confidence, &sample)) {
        return false;
    }
    table->cell = cell;
    table->trials = sample.trials;
    if (sample.trials > 0) {
        add_tests(&sample, tests);
        take_rows(&sample, rules, confidence, table);
    }
    tradeoff_sample_free(&sample);
    return true;
}

/* Tables first..end-1 are a family of tests. */
static void conclude_family(tradeoff *of, uint32_t first, uint32_t end, family *tests) {
    const double *p = tests->p;
    stats_holm(tests->p, tests->count);
    for (uint32_t t = first; t < end; t++) {
        of->tables[t].tests = tests->count;
        if (of->tables[t].trials > 0) {
            conclude(&of->tables[t], &of->about->tradeoff, of->level_count, &p);
        }
    }
    tests->count = 0;
}

static bool make_tables(tradeoff *of, const trials_file *file, double confidence) {
    const facts *about = of->about;
    const uint32_t cells = about->cell_count / of->level_count;
    const bool each = cells > 1 && cells <= TRADEOFF_TABLES_MAX;
    const size_t pairs = (size_t)of->level_count * (of->level_count - 1) / 2;
    of->tables = memory_zeroed(1 + (size_t)cells, sizeof *of->tables);
    family tests = {memory_zeroed(pairs * TRADEOFF_SIDES * (each ? cells : 1), sizeof(double)), 0};
    bool whole = make_table(file, cells > 1 ? TRADEOFF_ALL : 0, confidence, &of->tables[0], &tests);
    of->table_count = 1;
    if (whole) {
        conclude_family(of, 0, 1, &tests);
    }
    for (uint32_t cell = 0; whole && each && cell < about->cell_count; cell++) {
        if (facts_level(about, cell, about->tradeoff.factor) == 0) {
            whole = make_table(file, cell, confidence, &of->tables[of->table_count++], &tests);
        }
    }
    if (whole && each) {
        conclude_family(of, 1, of->table_count, &tests);
    }
    free(tests.p);
    return whole;
}

/* --- the map */

static uint32_t map_factor(const facts *about) {
    uint32_t factor = TRADEOFF_ALL;
    uint32_t most = TRADEOFF_MAP_LEVELS_MIN - 1;
    for (uint32_t f = 0; f < about->factor_count; f++) {
        if (f != about->tradeoff.factor && about->factors[f].level_count > most) {
            factor = f;
            most = about->factors[f].level_count;
        }
    }
    return factor;
}

static bool make_map(tradeoff *of, const trials_file *file, double confidence) {
    tradeoff_map *map = &of->map;
    map->factor = map_factor(of->about);
    if (map->factor == TRADEOFF_ALL) {
        return true;
    }
    map->level_count = of->about->factors[map->factor].level_count;
    const size_t tiles = (size_t)map->level_count * of->level_count;
    for (uint32_t side = 0; side < TRADEOFF_SIDES; side++) {
        map->estimates[side] = memory_zeroed(tiles, sizeof *map->estimates[side]);
    }
    for (uint32_t level = 0; level < map->level_count; level++) {
        const tradeoff_scope scope = {TRADEOFF_ALL, map->factor, level};
        tradeoff_sample sample;
        if (!tradeoff_sample_read(file, &scope, TRADEOFF_ESTIMATES, confidence, &sample)) {
            return false;
        }
        for (uint32_t side = 0; side < TRADEOFF_SIDES; side++) {
            for (uint32_t l = 0; l < of->level_count; l++) {
                map->estimates[side][level * of->level_count + l] = sample.estimates[side][l];
            }
        }
        tradeoff_sample_free(&sample);
    }
    return true;
}

tradeoff *tradeoff_make(const trials_file *file, double confidence) {
    tradeoff *made = memory_zeroed(1, sizeof *made);
    made->about = &file->about;
    made->level_count = file->about.factors[file->about.tradeoff.factor].level_count;
    made->map.factor = TRADEOFF_ALL;
    if (make_tables(made, file, confidence) && make_map(made, file, confidence)) {
        return made;
    }
    tradeoff_free(made);
    return NULL;
}

void tradeoff_free(tradeoff *made) {
    if (made == NULL) {
        return;
    }
    for (uint32_t t = 0; t < made->table_count; t++) {
        free(made->tables[t].rows);
        free(made->tables[t].shown[TRADEOFF_COST]);
        free(made->tables[t].shown[TRADEOFF_HARM]);
    }
    free(made->tables);
    free(made->map.estimates[TRADEOFF_COST]);
    free(made->map.estimates[TRADEOFF_HARM]);
    free(made);
}
