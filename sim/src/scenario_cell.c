/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One cell of a scenario in one trial: settings of objects, then of the levels, stored through the
 * option table. A setting made at a link counts for both directions and is drawn once; one made at
 * "up" or "down" has a stream of its own. Everything is found anew for each trial: a few dozen
 * stores, cheaper than keeping a hundred thousand cells.
 */
#include "nat/presets.h"
#include "punch/assert.h"
#include "scenario_internal.h"
#include "sim/link_presets.h"

/* Keeps the loader's streams apart from those of the world that runs under the same trial seed. */
#define CELL_STREAM_TAG UINT64_C(0x7363656e6172696f)
#define PURPOSE_CLASS UINT32_C(0x636c6173) /* which class of a population */

scenario_cell scenario_cell_at(const sim_scenario *scenario, uint32_t cell, uint64_t trial_seed) {
    scenario_cell at = {.scenario = scenario, .key = punch_mix64(trial_seed ^ CELL_STREAM_TAG)};
    for (uint32_t f = scenario->factor_count; f > 0; f--) {
        at.levels[f - 1] = cell % scenario->factors[f - 1].level_count;
        cell /= scenario->factors[f - 1].level_count;
    }
    return at;
}

static int64_t number_of(const scenario_cell *cell, const scenario_setting *setting,
                         uint32_t stream) {
    if (setting->value.draw == NULL) {
        return setting->value.number;
    }
    punch_rng rng = punch_rng_stream(cell->key, stream, setting->purpose);
    const int64_t drawn = scenario_draw_number(&setting->value, &rng);
    return drawn < setting->low ? setting->low : drawn > setting->high ? setting->high : drawn;
}

void scenario_cell_apply(const scenario_cell *cell, uint32_t object, uint32_t stream,
                         void *section) {
    const scenario_object *base = &cell->scenario->objects[object];
    for (uint32_t i = 0; i < base->setting_count; i++) {
        scenario_option_store(base->settings[i].option, number_of(cell, &base->settings[i], stream),
                              section);
    }
    for (uint32_t f = 0; f < cell->scenario->factor_count; f++) {
        const scenario_level *level = &cell->scenario->factors[f].levels[cell->levels[f]];
        for (uint32_t i = 0; i < level->setting_count; i++) {
            if (level->settings[i].object == object) {
                scenario_option_store(level->settings[i].option,
                                      number_of(cell, &level->settings[i], stream), section);
            }
        }
    }
}

const scenario_value *scenario_cell_value(const scenario_cell *cell, uint32_t object,
                                          const scenario_option *option) {
    const scenario_value *value = NULL;
    const scenario_object *base = &cell->scenario->objects[object];
    for (uint32_t i = 0; i < base->setting_count; i++) {
        value = base->settings[i].option == option ? &base->settings[i].value : value;
    }
    for (uint32_t f = 0; f < cell->scenario->factor_count; f++) {
        const scenario_level *level = &cell->scenario->factors[f].levels[cell->levels[f]];
        for (uint32_t i = 0; i < level->setting_count; i++) {
            const scenario_setting *at = &level->settings[i];
            value = at->object == object && at->option == option ? &at->value : value;
        }
    }
    return value;
}

/* The preset an object asks for in this cell, or the one given. */
static int64_t preset_of(const scenario_cell *cell, uint32_t object, uint32_t stream,
                         int64_t preset) {
    scenario_nat only = {.preset = preset};
    scenario_cell_apply(cell, object, stream, &only);
    return only.preset;
}

/* The class a trial draws. */
static const scenario_class *draw_class(const scenario_cell *cell, const scenario_view *view,
                                        uint32_t stream) {
    const scenario_population *population = &cell->scenario->populations[view->population];
    punch_rng rng = punch_rng_stream(cell->key, stream, PURPOSE_CLASS);
    int64_t u = (int64_t)punch_rng_below(&rng, (uint64_t)view->total);
    for (uint32_t i = 0;; i++) {
        PUNCH_ASSERT(i < population->class_count); /* the shares sum to the total */
        const int64_t share = view->without[i] ? 0 : population->classes[i].share;
        if (u < share) {
            return &population->classes[i];
        }
        u -= share;
    }
}

/* Settings of one or two objects, the later stronger, over the preset they name. */
static void build_nat(const scenario_cell *cell, const uint32_t layers[2], uint32_t count,
                      uint32_t stream, scenario_nat *out) {
    int64_t preset = out->preset;
    for (uint32_t i = 0; i < count; i++) {
        preset = preset_of(cell, layers[i], stream, preset);
    }
    if (preset >= 0) {
        size_t preset_count;
        out->config = nat_presets(&preset_count)[preset].config;
    }
    for (uint32_t i = 0; i < count; i++) {
        scenario_cell_apply(cell, layers[i], stream, out);
    }
    if (out->udp_timeout_us > 0) {
        out->config.udp_timeout_first_us = out->udp_timeout_us;
        out->config.udp_timeout_stream_us = out->udp_timeout_us;
    }
}

bool scenario_cell_class(const scenario_cell *cell, const scenario_class *class, uint32_t stream,
                         scenario_nat *out) {
    const uint32_t layers[2] = {class->common, (uint32_t) class->nat};
    if (!class->of_its_own) {
        return scenario_cell_nat(cell, class->nat, stream, out);
    }
    *out = cell->scenario->defaults.nat;
    build_nat(cell, layers, 2, stream, out);
    return true;
}

bool scenario_cell_nat(const scenario_cell *cell, int64_t ref, uint32_t stream, scenario_nat *out) {
    if (ref >= SCENARIO_VIEW_BASE) {
        const scenario_view *view = &cell->scenario->views[ref - SCENARIO_VIEW_BASE];
        return scenario_cell_class(cell, draw_class(cell, view, stream), stream, out);
    }
    *out = cell->scenario->defaults.nat;
    if (ref == SCENARIO_NAT_NONE) {
        return false;
    }
    const uint32_t layers[2] = {(uint32_t)ref, 0};
    build_nat(cell, layers, 1, stream, out);
    return true;
}

uint32_t scenario_cell_object(const scenario_cell *cell, int64_t ref, uint32_t stream) {
    if (ref >= SCENARIO_VIEW_BASE) {
        const scenario_view *view = &cell->scenario->views[ref - SCENARIO_VIEW_BASE];
        ref = draw_class(cell, view, stream)->nat;
    }
    return ref == SCENARIO_NAT_NONE ? JSON_NONE : (uint32_t)ref;
}

void scenario_cell_link_as_set(const scenario_cell *cell, int64_t link, uint32_t direction,
                               uint32_t stream, sim_link_plan *out) {
    scenario_link at = cell->scenario->defaults.link;
    if (link >= 0) {
        const uint32_t layers[2] = {(uint32_t)link, (uint32_t)link + direction};
        scenario_cell_apply(cell, layers[0], stream, &at);
        scenario_cell_apply(cell, layers[1], stream, &at);
        if (at.preset >= 0) { /* known now: once more, over what it says */
            size_t count;
            const sim_link_preset *preset = &sim_link_presets(&count)[at.preset];
            at.plan = direction == LINK_UP ? preset->up : preset->down;
            scenario_cell_apply(cell, layers[0], stream, &at);
            scenario_cell_apply(cell, layers[1], stream, &at);
        }
    }
    *out = at.plan;
}

void scenario_cell_link(const scenario_cell *cell, int64_t link, uint32_t direction,
                        uint32_t stream, sim_link_plan *out) {
    scenario_cell_link_as_set(cell, link, direction, stream, out);
    /* Draws may contradict each other where fixed values were checked. */
    if (out->outage_for_us > out->outage_every_us) {
        out->outage_for_us = out->outage_every_us;
    }
    if (out->bad_mean_us > 0 && out->good_mean_us == 0) {
        out->good_mean_us = 1;
    }
}
