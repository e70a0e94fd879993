/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Populations made of others: a class may be a whole population, with its share of the whole.
 *
 *   "users": {"source": "...", "classes": [
 *       {"share": "60%", "population": "home"},
 *       {"share": "40%", "population": "mobile", "without": ["open"]}]}
 *
 * When all populations are read, each such class is replaced by those of the population it names,
 * called "home.CLASS"; with the settings "common" in their own population. Shares stay exact: what
 * 10^-12 cannot hold is rounded so that the parts sum to the whole (largest remainders).
 */
#include <stdio.h>
#include <string.h>

#include "punch/assert.h"
#include "scenario_internal.h"

#define MIX_DEPTH_MAX 32 /* populations in populations; chosen: as deep as the file itself may be */
#define MIX_CLASSES_MAX 100000 /* of all populations together; chosen: 100 of the largest */

/* a * b / c with b <= c: the quotient and, for who comes first in rounding, the remainder. Bit by
 * bit, because the product needs 128. */
typedef struct {
    int64_t quotient;
    uint64_t remainder;
} divided;

static divided part_of(int64_t whole, int64_t share, int64_t total) {
    divided out = {0};
    PUNCH_ASSERT(whole >= 0);
    PUNCH_ASSERT(share >= 0);
    PUNCH_ASSERT(share <= total);
    for (int bit = 62; bit >= 0; bit--) {
        out.quotient *= 2;
        out.remainder *= 2; /* below 2^64, total being below 2^63 */
        if (out.remainder >= (uint64_t)total) {
            out.remainder -= (uint64_t)total;
            out.quotient++;
        }
        if (((uint64_t)whole >> bit & 1) != 0) {
            out.remainder += (uint64_t)share;
        }
        if (out.remainder >= (uint64_t)total) {
            out.remainder -= (uint64_t)total;
            out.quotient++;
        }
    }
    return out;
}

/* Cuts a share into parts in proportion; what rounding leaves goes to the largest remainders, the
 * first of equal ones. Views leave out at least one class that is not there, so total > 0. */
static void cut(int64_t whole, const scenario_population *of, const scenario_view *view,
                scenario_class *parts, uint64_t *remainders) {
    int64_t left = whole;
    uint32_t count = 0;
    for (uint32_t i = 0; i < of->class_count; i++) {
        if (!view->without[i]) {
            const divided part = part_of(whole, of->classes[i].share, view->total);
            parts[count].share = part.quotient;
            remainders[count++] = part.remainder;
            left -= part.quotient;
        }
    }
    PUNCH_ASSERT(left >= 0);
    PUNCH_ASSERT(left < (int64_t)count);
    for (; left > 0; left--) {
        uint32_t largest = 0;
        for (uint32_t i = 1; i < count; i++) {
            largest = remainders[i] > remainders[largest] ? i : largest;
        }
        PUNCH_ASSERT(remainders[largest] > 0); /* what divides exactly stays exact */
        parts[largest].share++;
        remainders[largest] = 0;
    }
}

/* "home.CLASS", or NULL out of memory. */
static const char *joined(scenario_arena *arena, const char *front, const char *back) {
    const size_t length = strlen(front) + strlen(back) + 2;
    char *name = scenario_arena_take(arena, length);
    if (name != NULL) {
        (void)snprintf(name, length, "%s.%s", front, back);
    }
    return name;
}

static bool put(scenario_arena *arena, scenario_population *population, scenario_class class) {
    scenario_class *classes =
        scenario_arena_grow(arena, population->classes, population->class_count,
                            &population->class_cap, sizeof *classes);
    if (classes == NULL || class.name == NULL) {
        return false;
    }
    population->classes = classes;
    classes[population->class_count++] = class;
    return true;
}

/* The classes of another population, in place of one. */
static bool put_parts(scenario_arena *arena, scenario_population *flat, const scenario_class *mixed,
                      const scenario_population *of, const scenario_view *view) {
    const uint32_t first = flat->class_count;
    uint64_t *remainders = scenario_arena_take(arena, of->class_count * sizeof *remainders);
    for (uint32_t i = 0; i < of->class_count; i++) {
        scenario_class part = of->classes[i];
        if (!view->without[i]) {
            part.name = joined(arena, mixed->name, part.name);
            if (!put(arena, flat, part)) {
                return false;
            }
        }
    }
    if (remainders == NULL) {
        return false;
    }
    cut(mixed->share, of, view, &flat->classes[first], remainders);
    return true;
}

static bool flatten(scenario_loader *loader, uint32_t index, uint32_t depth);

static bool complain_of_depth(scenario_loader *loader, const scenario_class *mixed) {
    scenario_complain(loader->complaints, scenario_at(mixed->doc, mixed->node),
                      "populations are made of populations at most %d deep", MIX_DEPTH_MAX);
    return false;
}

/* Is the population that a class names there, whole, and none of those it is a part of? */
static bool resolve(scenario_loader *loader, const scenario_class *mixed, uint32_t depth,
                    scenario_view *view_out) {
    const sim_scenario *scenario = loader->scenario;
    const json_node *named = json_find(mixed->doc, mixed->node, "population");
    if (!scenario_find_population(loader, mixed->doc, named, &view_out->population)) {
        return false;
    }
    const scenario_population *of = &scenario->populations[view_out->population];
    if (of->mixing == MIX_UNDER_WAY) {
        scenario_complain(loader->complaints, scenario_at(mixed->doc, named),
                          "the population \"%s\" would be a part of itself", of->name);
        return false;
    }
    if (depth == MIX_DEPTH_MAX) {
        return complain_of_depth(loader, mixed);
    }
    if (!flatten(loader, view_out->population, depth + 1)) {
        return false;
    }
    if (of->mix_depth == MIX_DEPTH_MAX) { /* flattened earlier, not from here */
        return complain_of_depth(loader, mixed);
    }
    return scenario_leave_out(loader, mixed->doc, mixed->node, view_out);
}

/* Are they not too many, in a population with a part and in all together? */
static bool check_room(scenario_loader *loader, const scenario_class *mixed, uint32_t count) {
    const sim_scenario *scenario = loader->scenario;
    uint64_t all = count;
    if (count > SCENARIO_LEVELS_MAX) {
        scenario_complain(loader->complaints, scenario_at(mixed->doc, mixed->node),
                          "a population has at most %d classes, those of its parts included",
                          SCENARIO_LEVELS_MAX);
        return false;
    }
    for (uint32_t i = 0; i < scenario->population_count; i++) {
        all += scenario->populations[i].class_count;
    }
    if (all > MIX_CLASSES_MAX) {
        scenario_complain(loader->complaints, scenario_at(mixed->doc, mixed->node),
                          "all populations together have at most %d classes", MIX_CLASSES_MAX);
        return false;
    }
    return true;
}

/* One class of a population, or those it stands for. */
static bool put_class(scenario_loader *loader, scenario_population *flat,
                      const scenario_class *class, uint32_t depth) {
    const sim_scenario *scenario = loader->scenario;
    scenario_view view = {0};
    if (class->node == NULL) {
        scenario_class own = *class;
        own.common = flat->common;
        return put(&loader->scenario->arena, flat, own);
    }
    if (!resolve(loader, class, depth, &view)) {
        return false;
    }
    const scenario_population *of = &scenario->populations[view.population];
    flat->mix_depth = of->mix_depth + 1 > flat->mix_depth ? of->mix_depth + 1 : flat->mix_depth;
    return put_parts(&loader->scenario->arena, flat, class, of, &view);
}

/* Replaces the classes that are populations. false: there was a complaint, now or earlier. */
static bool flatten(scenario_loader *loader, uint32_t index, uint32_t depth) {
    scenario_population *population = &loader->scenario->populations[index];
    if (population->mixing != MIX_NOT_YET) {
        return population->mixing == MIX_DONE;
    }
    population->mixing = MIX_UNDER_WAY;
    scenario_population flat = {.name = population->name, .common = population->common};
    const scenario_class *mixed = NULL;
    bool good = population->class_count > 0;
    for (uint32_t i = 0; i < population->class_count && good; i++) {
        const scenario_class *class = &population->classes[i];
        mixed = class->node != NULL ? class : mixed;
        good = put_class(loader, &flat, class, depth) &&
               (mixed == NULL || check_room(loader, mixed, flat.class_count));
    }
    flat.mixing = good ? MIX_DONE : MIX_FAILED;
    flat.class_count = good ? flat.class_count : 0;
    *population = flat;
    return good;
}

void scenario_mix_populations(scenario_loader *loader) {
    for (uint32_t i = 0; i < loader->scenario->population_count; i++) {
        (void)flatten(loader, i, 0);
    }
}
