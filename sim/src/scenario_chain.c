/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NATs behind NATs: what "behind" says, put together.
 *
 *   peer -- its "nat" -- what that is "behind" -- ... -- the peer's own "behind" -- ... -- internet
 *
 * A chain is drawn per peer and trial. That none loops or is too deep is checked for each cell, for
 * everything that could be drawn in it: depths of NATs are found once per cell, innermost last.
 */
#include <stdio.h>
#include <string.h>

#include "punch/assert.h"
#include "scenario_internal.h"

/* --- chains of a trial */

void scenario_chain_of(const scenario_cell *cell, const scenario_peer *peer, uint32_t stream,
                       scenario_chain *out) {
    scenario_box *own = &out->boxes[0];
    *own = (scenario_box){.ref = peer->nat, .stream = stream};
    own->is_there = scenario_cell_nat(cell, peer->nat, stream, &own->nat);
    out->count = 1;
    int64_t last = peer->behind; /* still to come, when the NATs name no other */
    int64_t next = own->is_there ? own->nat.behind : SCENARIO_NAT_NONE;
    for (;;) {
        if (next == SCENARIO_NAT_NONE) {
            next = last;
            last = SCENARIO_NAT_NONE;
        }
        if (next == SCENARIO_NAT_NONE) {
            return;
        }
        PUNCH_ASSERT(out->count < SIM_CHAIN_MAX); /* checked for the cell */
        scenario_box *box = &out->boxes[out->count];
        *box = (scenario_box){.ref = next, .stream = scenario_chain_stream(stream, out->count)};
        box->is_there = scenario_cell_nat(cell, next, box->stream, &box->nat);
        out->count += box->is_there ? 1 : 0; /* a population may have drawn none */
        next = box->is_there ? box->nat.behind : SCENARIO_NAT_NONE;
    }
}

/* Is one box meant? What was drawn says so, however it was named. */
static bool is_same_box(const scenario_cell *cell, const scenario_box *a, const scenario_box *b) {
    return scenario_cell_object(cell, a->ref, a->stream) ==
           scenario_cell_object(cell, b->ref, b->stream);
}

uint32_t scenario_chain_shared(const scenario_cell *cell, const scenario_chain *a,
                               const scenario_chain *b) {
    uint32_t shared = 0;
    while (shared + 1 < a->count && shared + 1 < b->count &&
           is_same_box(cell, &a->boxes[a->count - 1 - shared], &b->boxes[b->count - 1 - shared])) {
        shared++;
    }
    return shared;
}

/* --- checks of a cell */

enum { DEPTH_UNKNOWN = 0, DEPTH_OPEN = 255 }; /* else: boxes from there outwards, itself included */

typedef struct {
    const scenario_cell *cell;
    uint8_t *depths; /* by object */
    uint32_t loop;   /* object of a chain that loops, or JSON_NONE */
    bool too_deep;
} walker;

static uint32_t depth_of_ref(walker *w, int64_t ref, uint32_t below);

static uint32_t larger(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

static uint32_t depth_of_value(walker *w, const scenario_value *value, uint32_t below) {
    uint32_t depth = 0;
    if (value->draw == NULL) {
        return depth_of_ref(w, value->number, below);
    }
    for (uint32_t i = 0; i < value->draw->point_count; i++) {
        depth = larger(depth, depth_of_value(w, &value->draw->points[i].value, below));
    }
    return depth;
}

/* A NAT of its own settings, over those of its population (or of itself). */
static uint32_t depth_of_object(walker *w, uint32_t object, uint32_t common, uint32_t below) {
    if (w->depths[object] == DEPTH_OPEN) {
        w->loop = object;
        return 0;
    }
    if (w->depths[object] != DEPTH_UNKNOWN) {
        return w->depths[object];
    }
    if (below == SIM_CHAIN_MAX) {
        w->too_deep = true;
        return 0;
    }
    const scenario_option *behind = scenario_option_find(SECTION_NAT, "behind");
    const scenario_value *value = scenario_cell_value(w->cell, object, behind);
    value = value != NULL ? value : scenario_cell_value(w->cell, common, behind);
    w->depths[object] = DEPTH_OPEN;
    const uint32_t depth = 1 + (value != NULL ? depth_of_value(w, value, below + 1) : 0);
    w->depths[object] = (uint8_t)depth;
    w->too_deep = w->too_deep || depth > SIM_CHAIN_MAX;
    return depth;
}

static uint32_t depth_of_class(walker *w, const scenario_class *class, uint32_t below) {
    return class->of_its_own ? depth_of_object(w, (uint32_t) class->nat, class->common, below)
                             : depth_of_ref(w, class->nat, below);
}

static uint32_t depth_of_ref(walker *w, int64_t ref, uint32_t below) {
    const sim_scenario *scenario = w->cell->scenario;
    if (ref == SCENARIO_NAT_NONE) {
        return 0;
    }
    if (ref < SCENARIO_VIEW_BASE) {
        return depth_of_object(w, (uint32_t)ref, (uint32_t)ref, below);
    }
    const scenario_view *view = &scenario->views[ref - SCENARIO_VIEW_BASE];
    const scenario_population *population = &scenario->populations[view->population];
    uint32_t depth = 0;
    for (uint32_t i = 0; i < population->class_count; i++) {
        if (!view->without[i]) {
            depth = larger(depth, depth_of_class(w, &population->classes[i], below));
        }
    }
    return depth;
}

static uint32_t depth_of_option(walker *w, uint32_t object, const char *key) {
    const scenario_value *value =
        scenario_cell_value(w->cell, object, scenario_option_find(SECTION_PEERS, key));
    return value != NULL ? depth_of_value(w, value, 0) : 0;
}

/* Boxes around a peer at most, its own site counted even without a NAT. */
static uint32_t depth_of_peer(walker *w, uint32_t peer) {
    return larger(1, depth_of_option(w, peer, "nat")) + depth_of_option(w, peer, "behind");
}

static void complain(scenario_loader *loader, const scenario_cell *cell, uint32_t object,
                     const char *sentence) {
    char in_cell[512];
    const scenario_object *about = &loader->scenario->objects[object];
    const json_doc *doc = about->node != NULL ? about->doc : &loader->doc;
    const json_node *node = about->node != NULL ? about->node : json_root(doc);
    const json_node *behind = about->node != NULL ? json_find(doc, node, "behind") : NULL;
    scenario_complain(loader->complaints, scenario_at(doc, behind != NULL ? behind : node), "%s%s",
                      sentence, scenario_cell_text(cell, in_cell, sizeof in_cell));
}

/* "home" and what it is behind, as far as names tell: only fixed values are followed. */
static void write_loop(const scenario_cell *cell, uint32_t from, char *text, size_t cap) {
    const scenario_option *behind = scenario_option_find(SECTION_NAT, "behind");
    uint32_t at = from;
    (void)snprintf(text, cap, "a chain that loops: this NAT is behind itself");
    for (uint32_t i = 0; i < SIM_CHAIN_MAX; i++) {
        const scenario_object *object = &cell->scenario->objects[at];
        const scenario_value *value = scenario_cell_value(cell, at, behind);
        const size_t length = strlen(text);
        if (object->name == NULL || value == NULL || value->draw != NULL || value->number < 0) {
            return;
        }
        at = (uint32_t)value->number;
        (void)snprintf(text + length, cap - length, "%s \"%s\" behind \"%s\"", i == 0 ? ":" : ",",
                       object->name, cell->scenario->objects[at].name);
        if (at == from) {
            return;
        }
    }
}

/* Is there anything of the kind in the scenario? Mostly not, and cells are many. */
static bool has_chains(const sim_scenario *scenario) {
    const scenario_option *of_nat = scenario_option_find(SECTION_NAT, "behind");
    const scenario_option *of_peer = scenario_option_find(SECTION_PEERS, "behind");
    for (uint32_t o = 0; o < scenario->object_count; o++) {
        for (uint32_t i = 0; i < scenario->objects[o].setting_count; i++) {
            const scenario_option *option = scenario->objects[o].settings[i].option;
            if (option == of_nat || option == of_peer) {
                return true;
            }
        }
    }
    for (uint32_t f = 0; f < scenario->factor_count; f++) {
        for (uint32_t k = 0; k < scenario->factors[f].key_count; k++) {
            const scenario_option *option = scenario->factors[f].keys[k].option;
            if (option == of_nat || option == of_peer) {
                return true;
            }
        }
    }
    return false;
}

static bool check_depth(scenario_loader *loader, walker *w, uint32_t object) {
    char text[512];
    if (w->loop != JSON_NONE) {
        write_loop(w->cell, w->loop, text, sizeof text);
        complain(loader, w->cell, w->loop, text);
        return false;
    }
    if (w->too_deep) {
        (void)snprintf(text, sizeof text,
                       "at most %u NATs are one behind the other, a peer's own included",
                       SIM_CHAIN_MAX);
        complain(loader, w->cell, object, text);
        return false;
    }
    return true;
}

bool scenario_check_chains(scenario_loader *loader, const scenario_cell *cell) {
    sim_scenario *scenario = loader->scenario;
    if (!has_chains(scenario)) {
        return true;
    }
    if (loader->depths == NULL) {
        loader->depths = scenario_arena_take(&scenario->arena, scenario->object_count);
        if (loader->depths == NULL) {
            return false;
        }
    }
    walker w = {.cell = cell, .depths = loader->depths, .loop = JSON_NONE};
    memset(w.depths, DEPTH_UNKNOWN, scenario->object_count);
    for (uint32_t o = 0; o < scenario->object_count; o++) {
        if (scenario->objects[o].section == SECTION_NAT && scenario->objects[o].name != NULL) {
            (void)depth_of_object(&w, o, o, 0);
            if (!check_depth(loader, &w, o)) {
                return false;
            }
        }
    }
    for (uint32_t p = 0; p < scenario->population_count; p++) {
        for (uint32_t i = 0; i < scenario->populations[p].class_count; i++) {
            const scenario_class *class = &scenario->populations[p].classes[i];
            (void)depth_of_class(&w, class, 0);
            if (!check_depth(loader, &w, class->of_its_own ? (uint32_t) class->nat : OBJECT_ROOT)) {
                return false;
            }
        }
    }
    for (uint32_t peer = OBJECT_PEER_A; peer <= OBJECT_PEER_B; peer++) {
        const uint32_t depth = depth_of_peer(&w, peer);
        w.too_deep = depth > SIM_CHAIN_MAX;
        if (!check_depth(loader, &w, peer)) {
            return false;
        }
        scenario->outer_max = larger(scenario->outer_max, depth - 1);
    }
    return true;
}
