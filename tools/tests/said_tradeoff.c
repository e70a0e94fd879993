/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tradeoff made by hand: costs fall by a third from level to level, harm grows; every third level
 * is a beaten copy of the one before. The last level but one of many is never, the last was not
 * measured.
 */
#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "said.h"

static stats_estimate around(double value, double part) {
    return (stats_estimate){1000, value, value * (1.0 - part), value * (1.0 + part)};
}

static void fill_row(tradeoff_row *row, uint32_t level, uint32_t levels, double more) {
    const double cost = 200.0 * pow(0.67, level - level / 3.0) * more;
    const uint32_t step = level / 3;
    const double harm = (level == 0 ? 0.3 : 0.3 * pow(2.25, step)) * more;
    row->level = level;
    row->estimates[TRADEOFF_COST] = around(cost * (level % 3 == 2 ? 1.3 : 1.0), 0.04);
    row->estimates[TRADEOFF_HARM] = around(harm * (level % 3 == 2 ? 1.4 : 1.0), 0.1);
    if (levels > 5 && level + 2 == levels) {
        row->estimates[TRADEOFF_HARM] = (stats_estimate){1000, INFINITY, harm, INFINITY};
    }
    if (levels > 5 && level + 1 == levels) {
        row->estimates[TRADEOFF_HARM] = (stats_estimate){0, NAN, NAN, NAN};
    }
}

static signed char shown(const stats_estimate *a, const stats_estimate *b) {
    if (a->n == 0 || b->n == 0) {
        return 0;
    }
    return (signed char)(a->lo > b->hi ? 1 : a->hi < b->lo ? -1 : 0);
}

static void fill_table(tradeoff_table *table, const facts *about, uint32_t levels, double more) {
    const uint32_t baseline = about->tradeoff.baseline;
    table->trials = about->trials;
    table->tests = (size_t)levels * (levels - 1);
    table->rows = memory_zeroed(levels, sizeof *table->rows);
    for (uint32_t l = 0; l < levels; l++) {
        fill_row(&table->rows[l], l, levels, more);
    }
    for (uint32_t side = 0; side < TRADEOFF_SIDES; side++) {
        table->shown[side] = memory_zeroed((size_t)levels * levels, 1);
        for (uint32_t i = 0; i < levels; i++) {
            const stats_estimate *own = &table->rows[i].estimates[side];
            const stats_estimate *base = &table->rows[baseline].estimates[side];
            tradeoff_change *change = &table->rows[i].changes[side];
            change->difference = stats_of_summaries(own, base, STATS_CONFIDENCE);
            change->ratio = stats_ratio_of_summaries(own, base, STATS_CONFIDENCE);
            table->rows[i].p[side] = change->difference.p;
            for (uint32_t j = 0; j < levels; j++) {
                table->shown[side][i * levels + j] = shown(own, &table->rows[j].estimates[side]);
            }
        }
    }
    tradeoff_judge(table, &about->tradeoff, levels);
}

static void fill_map(tradeoff *made) {
    const facts *about = made->about;
    tradeoff_map *map = &made->map;
    map->factor = TRADEOFF_ALL;
    if (about->factor_count < 2 || about->factors[0].level_count < TRADEOFF_MAP_LEVELS_MIN) {
        return;
    }
    map->factor = 0;
    map->level_count = about->factors[0].level_count;
    for (uint32_t side = 0; side < TRADEOFF_SIDES; side++) {
        map->estimates[side] = memory_zeroed((size_t)map->level_count * made->level_count,
                                             sizeof *map->estimates[side]);
    }
    for (uint32_t level = 0; level < map->level_count; level++) {
        for (uint32_t l = 0; l < made->level_count; l++) {
            tradeoff_row row = {0};
            fill_row(&row, l, made->level_count, 1.0 + level);
            for (uint32_t side = 0; side < TRADEOFF_SIDES; side++) {
                map->estimates[side][level * made->level_count + l] = row.estimates[side];
            }
        }
    }
}

tradeoff *said_tradeoff(const facts *about) {
    tradeoff *made = memory_zeroed(1, sizeof *made);
    made->about = about;
    made->level_count = about->factors[about->tradeoff.factor].level_count;
    const uint32_t cells = about->cell_count / made->level_count;
    const uint32_t tables = cells > 1 && cells <= TRADEOFF_TABLES_MAX ? cells + 1 : 1;
    made->tables = memory_zeroed(tables, sizeof *made->tables);
    made->table_count = tables;
    for (uint32_t t = 0; t < tables; t++) {
        made->tables[t].cell = t > 0 ? (t - 1) * made->level_count : cells > 1 ? TRADEOFF_ALL : 0;
        fill_table(&made->tables[t], about, made->level_count, 1.0 + t);
    }
    fill_map(made);
    return made;
}
