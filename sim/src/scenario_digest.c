/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A number that tells two scenarios apart: of every setting, share and level that changes a world,
 * with names instead of indices, so that neither formatting nor the order of keys matters. Seed,
 * trials, "until", "tradeoff", "expect" and texts for people are left out: they change no world.
 */
#include <string.h>

#include "nat/presets.h"
#include "punch/rng.h"
#include "scenario_internal.h"
#include "sim/link_presets.h"

static uint64_t join(uint64_t digest, uint64_t number) {
    return punch_mix64(digest + PUNCH_RNG_GAMMA) ^ punch_mix64(number ^ PUNCH_RNG_GAMMA);
}

static uint64_t join_text(uint64_t digest, const char *text) {
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a, 64 bit */
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    }
    return join(digest, hash);
}

static uint64_t of_object_name(const sim_scenario *scenario, uint32_t object) {
    const scenario_object *about = &scenario->objects[object];
    uint64_t digest = join_text(about->section, about->part);
    return join_text(digest, about->name != NULL ? about->name : "");
}

static uint64_t of_nat(const sim_scenario *scenario, int64_t nat_ref) {
    if (nat_ref == SCENARIO_NAT_NONE) {
        return 0;
    }
    if (nat_ref < SCENARIO_VIEW_BASE) {
        return of_object_name(scenario, (uint32_t)nat_ref);
    }
    const scenario_view *view = &scenario->views[nat_ref - SCENARIO_VIEW_BASE];
    const scenario_population *population = &scenario->populations[view->population];
    uint64_t digest = join_text(1, population->name);
    for (uint32_t i = 0; i < population->class_count; i++) {
        digest = join(digest, view->without[i]);
    }
    return digest;
}

static uint64_t of_number(const sim_scenario *scenario, const scenario_option *option,
                          int64_t number) {
    size_t count;
    switch (option->type) {
    case TYPE_NAT:
    case TYPE_OUTER_NAT:
        return of_nat(scenario, number);
    case TYPE_LINK:
        return number < 0 ? 0 : of_object_name(scenario, (uint32_t)number);
    case TYPE_PRESET:
        return join_text(0, nat_presets(&count)[number].name);
    case TYPE_LINK_PRESET:
        return join_text(0, sim_link_presets(&count)[number].name);
    case TYPE_KEEPALIVE:
        return join_text(0, scenario->keepalives[number]->name);
    case TYPE_KEEPALIVES: {
        uint64_t digest = 0;
        for (uint64_t list = (uint64_t)number; list != 0; list >>= 8) {
            digest = join_text(digest, scenario->keepalives[(list & 0xff) - 1]->name);
        }
        return digest;
    }
    case TYPE_NUMBER:
    case TYPE_BOOL:
    case TYPE_ENUM:
    case TYPE_TEXT:
    case TYPE_NAME:
    case TYPE_SEED:
    case TYPE_MEASURE:
    case TYPE_QUANTITY:
    case TYPE_CELLS:
    case TYPE_COUNT:
        break;
    }
    return (uint64_t)number;
}

static uint64_t of_value(const sim_scenario *scenario, const scenario_option *option,
                         const scenario_value *value) {
    const scenario_draw *draw = value->draw;
    if (draw == NULL) {
        return of_number(scenario, option, value->number);
    }
    uint64_t digest = join(draw->kind, (uint64_t)draw->low);
    digest = join(digest, (uint64_t)draw->high);
    for (uint32_t i = 0; i < draw->point_count; i++) {
        digest = join(digest, (uint64_t)draw->points[i].share);
        digest = join(digest, of_value(scenario, option, &draw->points[i].value));
    }
    return digest;
}

/* Sums over the settings, so that their order does not count. */
static uint64_t of_settings(const sim_scenario *scenario, const scenario_setting *settings,
                            uint32_t count) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        if ((settings[i].option->flags & OPTION_SILENT) == 0) {
            uint64_t one =
                join_text(of_object_name(scenario, settings[i].object), settings[i].option->name);
            one = join(one, of_value(scenario, settings[i].option, &settings[i].value));
            sum += punch_mix64(one);
        }
    }
    return sum;
}

static uint64_t of_population(const sim_scenario *scenario, const scenario_population *population) {
    uint64_t digest = join_text(0, population->name);
    const scenario_object *common = &scenario->objects[population->common];
    digest = join(digest, of_settings(scenario, common->settings, common->setting_count));
    for (uint32_t i = 0; i < population->class_count; i++) {
        const scenario_class *class = &population->classes[i];
        digest = join_text(join(digest, (uint64_t) class->share), class->name);
        if (class->common != population->common) { /* of another population */
            const scenario_object *other = &scenario->objects[class->common];
            digest = join(digest, of_settings(scenario, other->settings, other->setting_count));
        }
        if (class->of_its_own) {
            const scenario_object *own = &scenario->objects[class->nat];
            digest = join(digest, of_settings(scenario, own->settings, own->setting_count));
        } else {
            digest = join(digest, of_nat(scenario, class->nat));
        }
    }
    return digest;
}

uint64_t scenario_digest_of(const sim_scenario *scenario) {
    uint64_t objects = 0;
    for (uint32_t i = 0; i < scenario->object_count; i++) {
        const scenario_object *object = &scenario->objects[i];
        const bool in_timeline = object->section == SECTION_TIMELINE;
        const bool in_population = object->section == SECTION_NAT && object->name == NULL;
        const bool of_measures =
            object->section == SECTION_UNTIL || object->section == SECTION_TRADEOFF;
        if (!in_population && !of_measures) {
            uint64_t one = of_settings(scenario, object->settings, object->setting_count);
            one = join(of_object_name(scenario, i), one);
            objects += punch_mix64(in_timeline ? join(one, i - scenario->fault_first) : one);
        }
    }
    uint64_t digest = join(0, objects);
    uint64_t populations = 0;
    for (uint32_t i = 0; i < scenario->population_count; i++) {
        populations += of_population(scenario, &scenario->populations[i]);
    }
    digest = join(digest, populations);
    for (uint32_t f = 0; f < scenario->factor_count; f++) {
        const scenario_factor *factor = &scenario->factors[f];
        digest = join(join_text(digest, factor->name), factor->treatment);
        for (uint32_t l = 0; l < factor->level_count; l++) {
            const scenario_level *level = &factor->levels[l];
            digest = join_text(digest, factor->labels[l]);
            digest = join(digest, of_settings(scenario, level->settings, level->setting_count));
        }
    }
    return digest;
}
