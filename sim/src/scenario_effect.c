/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys that are given and do nothing. A key may idle in some cells, where a factor puts a peer
 * elsewhere, and a NAT that nobody uses may say what it likes; but what does nothing in any cell is
 * a mistake, and is refused.
 */
#include "scenario_internal.h"

/* Somebody may draw it: an object, and the settings it shares. */
static void note_place(scenario_effects *effects, uint32_t object, const scenario_reach *reach) {
    const uint32_t both[2] = {object, reach->common};
    const uint8_t places = scenario_reach_places(reach);
    for (uint32_t i = 0; i < 2 && places != 0; i++) {
        effects->objects[both[i]].inside |= (places & 1u) != 0;
        effects->objects[both[i]].outside |= (places & ~1u) != 0;
    }
}

/* Is an option other than nothing, or may be? */
static bool is_given(const scenario_cell *cell, uint32_t object, const scenario_option *option,
                     int64_t nothing) {
    const scenario_value *value = scenario_cell_value(cell, object, option);
    return value != NULL && (value->draw != NULL || value->number != nothing);
}

static void note_nats(scenario_loader *loader, const scenario_cell *cell) {
    const scenario_option *link = scenario_option_find(SECTION_NAT, "link");
    const scenario_option *isolated = scenario_option_find(SECTION_NAT, "isolated");
    scenario_effects *effects = &loader->effects;
    bool may_share = false;
    for (uint32_t o = 0; o < cell->scenario->object_count; o++) {
        if (cell->scenario->objects[o].section != SECTION_NAT) {
            continue;
        }
        effects->objects[o].link |= is_given(cell, o, link, -1);
        effects->objects[o].isolated |= is_given(cell, o, isolated, 0);
        const uint32_t around_a = scenario_reach_places(&loader->reach[0][o]);
        const uint32_t around_b = scenario_reach_places(&loader->reach[1][o]);
        may_share = may_share || (around_a > 1 && around_b > 1); /* not only as their own */
        note_place(effects, o, &loader->reach[0][o]);
        note_place(effects, o, &loader->reach[1][o]);
    }
    scenario_root root = cell->scenario->defaults.root;
    scenario_cell_apply(cell, OBJECT_ROOT, STREAM_WORLD, &root);
    effects->carrier_given |= root.same_carrier;
    effects->carrier_met |= root.same_carrier && !root.same_site && may_share;
    effects->isolated_given |= root.isolated;
    effects->isolated_met |= root.isolated && root.same_site;
}

static bool has_box(const scenario_cell *cell, const scenario_reach *reach, uint32_t box) {
    for (uint32_t o = 0; o < cell->scenario->object_count; o++) {
        if ((scenario_reach_places(&reach[o]) & 1u << box) != 0) {
            return true;
        }
    }
    return false;
}

static void note_faults(scenario_loader *loader, const scenario_cell *cell) {
    const sim_scenario *scenario = cell->scenario;
    const scenario_option *happens = scenario_option_find(SECTION_TIMELINE, "happens");
    for (uint32_t i = 0; i < scenario->fault_count; i++) {
        const uint32_t object = scenario->fault_first + i;
        const uint64_t bit = UINT64_C(1) << i;
        scenario_fault fault = scenario->defaults.fault;
        scenario_cell_apply(cell, object, STREAM_TIMELINE + i, &fault);
        const scenario_value *drawn = scenario_cell_value(cell, object, happens);
        if (fault.box == 0 || (!fault.happens && (drawn == NULL || drawn->draw == NULL))) {
            continue;
        }
        loader->effects.box_given |= bit;
        if (has_box(cell, scenario_reach_of_fault(loader, cell, &fault), fault.box)) {
            loader->effects.box_met |= bit;
        }
        if (fault.to != SCENARIO_NAT_NONE && fault.to < SCENARIO_VIEW_BASE) {
            loader->effects.objects[fault.to].outside = true;
        }
    }
}

void scenario_effect_note(scenario_loader *loader, const scenario_cell *cell) {
    note_nats(loader, cell);
    note_faults(loader, cell);
}

static void complain(scenario_loader *loader, uint32_t object, const char *key, const char *why) {
    scenario_complain(loader->complaints, scenario_place_of_key(loader, object, key),
                      "\"%s\" has no effect in any cell: %s", key, why);
}

void scenario_effect_check(scenario_loader *loader) {
    const scenario_effects *effects = &loader->effects;
    const sim_scenario *scenario = loader->scenario;
    for (uint32_t o = 0; o < scenario->object_count; o++) {
        const scenario_effect *of = &effects->objects[o];
        if (of->link && of->inside && !of->outside) {
            complain(loader, o, "link",
                     "nothing is behind this NAT but a peer, whose own \"link\" counts");
        }
        if (of->isolated && of->inside && !of->outside) {
            complain(loader, o, "isolated",
                     "nothing is behind this NAT but a peer; peers of one site are kept apart by "
                     "\"same_site\" and the scenario's \"isolated\"");
        }
    }
    if (effects->carrier_given && !effects->carrier_met) {
        complain(loader, OBJECT_ROOT, "same_carrier",
                 "a and b are never \"behind\" the same NAT, besides their own");
    }
    if (effects->isolated_given && !effects->isolated_met) {
        complain(loader, OBJECT_ROOT, "isolated",
                 "it keeps peers apart that are of the \"same_site\"");
    }
    for (uint32_t i = 0; i < scenario->fault_count; i++) {
        const uint64_t bit = UINT64_C(1) << i;
        if ((effects->box_given & bit) != 0 && (effects->box_met & bit) == 0) {
            complain(loader, scenario->fault_first + i, "box",
                     "the chain around that peer never has so many NATs");
        }
    }
}
