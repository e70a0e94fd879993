/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which NATs may stand at which place around a peer: the chains of scenario_chain.c, but all that
 * could be drawn instead of what one trial draws. Each NAT is followed once per place, so that no
 * scenario takes long, however its draws multiply.
 */
#include <string.h>

#include "punch/assert.h"
#include "scenario_internal.h"

typedef struct {
    const scenario_cell *cell;
    const scenario_value *last; /* the peer's "behind", or NULL */
    scenario_reach *out;
} walker;

static void walk_ref(walker *w, int64_t ref, uint32_t place, bool is_last);

static void walk_value(walker *w, const scenario_value *value, uint32_t place, bool is_last) {
    if (value == NULL) {
        walk_ref(w, SCENARIO_NAT_NONE, place, is_last);
    } else if (value->draw == NULL) {
        walk_ref(w, value->number, place, is_last);
    } else {
        for (uint32_t i = 0; i < value->draw->point_count; i++) {
            walk_value(w, &value->draw->points[i].value, place, is_last);
        }
    }
}

/* A NAT at a place, and all that may come after it. */
static void walk_object(walker *w, uint32_t object, uint32_t common, uint32_t place, bool is_last) {
    scenario_reach *at = &w->out[object];
    PUNCH_ASSERT(place < SIM_CHAIN_MAX); /* checked for the cell */
    if ((at->seen[is_last] & 1u << place) != 0) {
        return;
    }
    at->seen[is_last] |= (uint8_t)(1u << place);
    at->common = common;
    const scenario_option *behind = scenario_option_find(SECTION_NAT, "behind");
    const scenario_value *value = scenario_cell_value(w->cell, object, behind);
    value = value != NULL ? value : scenario_cell_value(w->cell, common, behind);
    walk_value(w, value, place + 1, is_last);
}

static void walk_class(walker *w, const scenario_class *class, uint32_t place, bool is_last) {
    if (class->nat == SCENARIO_NAT_NONE) {
        walk_ref(w, SCENARIO_NAT_NONE, place, is_last);
        return;
    }
    const uint32_t object = (uint32_t) class->nat;
    walk_object(w, object, class->of_its_own ? class->common : object, place, is_last);
    w->out[object].of_population |= (uint8_t)(1u << place);
}

/* What stands at a place and outside of it; `is_last`: the peer's own "behind" is among it. */
static void walk_ref(walker *w, int64_t ref, uint32_t place, bool is_last) {
    if (ref >= SCENARIO_VIEW_BASE) {
        const scenario_view *view = &w->cell->scenario->views[ref - SCENARIO_VIEW_BASE];
        const scenario_population *population = &w->cell->scenario->populations[view->population];
        for (uint32_t i = 0; i < population->class_count; i++) {
            if (!view->without[i]) {
                walk_class(w, &population->classes[i], place, is_last);
            }
        }
    } else if (ref != SCENARIO_NAT_NONE) {
        walk_object(w, (uint32_t)ref, (uint32_t)ref, place, is_last);
    } else if (!is_last && w->last != NULL) {
        walk_value(w, w->last, place > 0 ? place : 1, true); /* place 0 is for a peer's own */
    }
}

static void reach_of(const scenario_cell *cell, uint32_t peer, scenario_reach *out) {
    walker w = {
        .cell = cell,
        .last = scenario_cell_value(cell, peer, scenario_option_find(SECTION_PEERS, "behind")),
        .out = out,
    };
    memset(out, 0, cell->scenario->object_count * sizeof *out);
    walk_value(&w, scenario_cell_value(cell, peer, scenario_option_find(SECTION_PEERS, "nat")), 0,
               false);
}

void scenario_reach_nat(const scenario_cell *cell, const scenario_reach *reach, uint32_t object,
                        scenario_nat *out) {
    const scenario_class class = {.nat = object,
                                  .of_its_own = reach[object].common != object,
                                  .common = reach[object].common};
    (void)scenario_cell_class(cell, &class, STREAM_A, out);
}

const scenario_reach *scenario_reach_of_fault(const scenario_loader *loader,
                                              const scenario_cell *cell,
                                              const scenario_fault *fault) {
    scenario_root root = cell->scenario->defaults.root;
    scenario_cell_apply(cell, OBJECT_ROOT, STREAM_WORLD, &root);
    return loader->reach[fault->on == SCENARIO_ON_A || root.same_site ? 0 : 1];
}

bool scenario_reach_note(scenario_loader *loader, const scenario_cell *cell) {
    scenario_arena *arena = &loader->scenario->arena;
    const uint32_t count = loader->scenario->object_count;
    for (uint32_t i = 0; i < 2; i++) {
        if (loader->reach[i] == NULL) {
            loader->reach[i] = scenario_arena_take(arena, count * sizeof *loader->reach[i]);
        }
        if (loader->reach[i] == NULL) {
            return false;
        }
        reach_of(cell, OBJECT_PEER_A + i, loader->reach[i]);
    }
    return true;
}
