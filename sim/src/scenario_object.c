/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects and their settings, and the small checks every part of the loader needs: kinds of values,
 * known keys, names.
 */
#include <stdio.h>
#include <string.h>

#include "scenario_internal.h"

static uint32_t hash_text(uint32_t hash, const char *text) {
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT32_C(16777619); /* FNV-1a, 32 bit */
    }
    return hash;
}

uint32_t scenario_object_add(scenario_loader *loader, scenario_section section, const char *name,
                             const char *part) {
    sim_scenario *scenario = loader->scenario;
    scenario_object *objects =
        scenario_arena_grow(&scenario->arena, scenario->objects, scenario->object_count,
                            &scenario->object_cap, sizeof *objects);
    const char *copy = name != NULL ? scenario_arena_text(&scenario->arena, name) : NULL;
    if (objects == NULL || (name != NULL && copy == NULL)) {
        return JSON_NONE;
    }
    scenario->objects = objects;
    objects[scenario->object_count] =
        (scenario_object){.section = section, .name = copy, .part = part};
    return scenario->object_count++;
}

scenario_setting scenario_setting_of(const sim_scenario *scenario, uint32_t object,
                                     const scenario_option *option, scenario_value value) {
    scenario_setting setting = {.option = option, .value = value, .object = object};
    const uint32_t part = hash_text(UINT32_C(2166136261), scenario->objects[object].part);
    setting.purpose = hash_text(part, option->name);
    scenario_option_range(option, &setting.low, &setting.high);
    return setting;
}

void scenario_setting_put(scenario_loader *loader, scenario_setting **settings, uint32_t *count,
                          uint32_t *cap, scenario_setting setting) {
    for (uint32_t i = 0; i < *count; i++) {
        if ((*settings)[i].option == setting.option && (*settings)[i].object == setting.object) {
            (*settings)[i] = setting;
            return;
        }
    }
    scenario_setting *grown =
        scenario_arena_grow(&loader->scenario->arena, *settings, *count, cap, sizeof *grown);
    if (grown != NULL) {
        *settings = grown;
        grown[(*count)++] = setting;
    }
}

static void unknown_key(scenario_loader *loader, scenario_place place, scenario_section section,
                        const char *const *extra) {
    const char *key = place.node->key;
    char meant[96];
    char allowed[700] = "";
    size_t option_count;
    const scenario_option *options = scenario_options(&option_count);
    scenario_suggest suggest = scenario_suggest_for(key);
    for (size_t i = 0; section != SECTION_COUNT && i < option_count; i++) {
        if (options[i].section == section) {
            const size_t length = strlen(allowed);
            scenario_suggest_offer(&suggest, scenario_option_key(&options[i]));
            (void)snprintf(allowed + length, sizeof allowed - length, "%s%s",
                           length > 0 ? ", " : "", scenario_option_key(&options[i]));
        }
    }
    for (size_t i = 0; extra != NULL && extra[i] != NULL; i++) {
        const size_t length = strlen(allowed);
        scenario_suggest_offer(&suggest, extra[i]);
        (void)snprintf(allowed + length, sizeof allowed - length, "%s%s", length > 0 ? ", " : "",
                       extra[i]);
    }
    scenario_complain(loader->complaints, place, "unknown key \"%s\"%s%s here: %s", key,
                      scenario_suggest_text(&suggest, meant, sizeof meant),
                      suggest.nearest != NULL ? " Allowed" : "; allowed", allowed);
}

static bool is_among(const char *const *keys, const char *key) {
    for (; keys != NULL && *keys != NULL; keys++) {
        if (strcmp(*keys, key) == 0) {
            return true;
        }
    }
    return false;
}

bool scenario_check_kind(scenario_loader *loader, const json_doc *doc, const json_node *node,
                         json_kind kind) {
    if (node->kind == kind) {
        return true;
    }
    scenario_complain(loader->complaints, scenario_at(doc, node), "expected %s, not %s",
                      json_kind_text(kind), json_kind_text(node->kind));
    return false;
}

void scenario_check_keys(scenario_loader *loader, const json_doc *doc, const json_node *node,
                         const char *const *keys) {
    for (const json_node *member = json_first(doc, node); member != NULL;
         member = json_next(doc, member)) {
        if (!is_among(keys, member->key)) {
            unknown_key(loader, scenario_at_key(doc, member), SECTION_COUNT, keys);
        }
    }
}

void scenario_check_options(scenario_loader *loader, const json_doc *doc, const json_node *node,
                            scenario_section section) {
    for (const json_node *member = json_first(doc, node); member != NULL;
         member = json_next(doc, member)) {
        if (scenario_option_find(section, member->key) == NULL) {
            unknown_key(loader, scenario_at_key(doc, member), section, NULL);
        }
    }
}

void scenario_read_object(scenario_loader *loader, uint32_t object, const json_doc *doc,
                          const json_node *node, const char *const *extra) {
    sim_scenario *scenario = loader->scenario;
    if (object == JSON_NONE || !scenario_check_kind(loader, doc, node, JSON_OBJECT)) {
        return;
    }
    const scenario_section section = scenario->objects[object].section;
    scenario->objects[object].doc = doc;
    scenario->objects[object].node = node;
    for (const json_node *member = json_first(doc, node); member != NULL;
         member = json_next(doc, member)) {
        const scenario_option *option = scenario_option_find(section, member->key);
        scenario_value value;
        if (option == NULL) {
            if (!is_among(extra, member->key)) {
                unknown_key(loader, scenario_at_key(doc, member), section, extra);
            }
        } else if (scenario_read_value(loader, option,
                                       (scenario_source){.place = scenario_at(doc, member)},
                                       &value)) {
            scenario_object *to = &scenario->objects[object];
            scenario_setting_put(loader, &to->settings, &to->setting_count, &to->setting_cap,
                                 scenario_setting_of(scenario, object, option, value));
        }
    }
    size_t count;
    const scenario_option *options = scenario_options(&count);
    for (size_t i = 0; i < count; i++) {
        const char *key = scenario_option_key(&options[i]);
        if (options[i].section == section && (options[i].flags & OPTION_REQUIRED) != 0 &&
            json_find(doc, node, key) == NULL) {
            scenario_complain(loader->complaints, scenario_at(doc, node), "\"%s\" is missing", key);
        }
    }
}

bool scenario_is_set(const sim_scenario *scenario, uint32_t object, const char *key) {
    const scenario_object *of = &scenario->objects[object];
    const scenario_option *option = scenario_option_find(of->section, key);
    for (uint32_t i = 0; i < of->setting_count; i++) {
        if (of->settings[i].option == option) {
            return true;
        }
    }
    return false;
}

scenario_place scenario_place_of(const scenario_loader *loader, uint32_t object, const char *key) {
    const scenario_object *of = &loader->scenario->objects[object];
    const json_doc *doc = &loader->doc;
    const scenario_option *option = scenario_option_find(of->section, key);
    for (uint32_t i = 0; i < of->setting_count; i++) {
        if (of->settings[i].option == option && of->settings[i].override_key != NULL) {
            return (scenario_place){.override_key = of->settings[i].override_key};
        }
    }
    const json_node *section = json_find(doc, json_root(doc), scenario_section_key(of->section));
    const json_node *member = section != NULL ? json_find(doc, section, key) : NULL;
    if (section == NULL) {
        return (scenario_place){.override_key = of->settings[0].override_key};
    }
    return scenario_at(doc, member != NULL ? member : section);
}

scenario_place scenario_place_of_key(const scenario_loader *loader, uint32_t object,
                                     const char *key) {
    const sim_scenario *scenario = loader->scenario;
    const scenario_object *of = &scenario->objects[object];
    const scenario_option *option = scenario_option_find(of->section, key);
    const json_doc *doc = of->node != NULL ? of->doc : &loader->doc;
    const json_node *node = of->node != NULL ? of->node : json_root(doc);
    const json_node *member = json_find(doc, node, key);
    for (uint32_t i = 0; i < of->setting_count; i++) {
        if (of->settings[i].option == option && of->settings[i].override_key != NULL) {
            return (scenario_place){.override_key = of->settings[i].override_key};
        }
    }
    for (uint32_t f = 0; f < scenario->factor_count && member == NULL; f++) {
        const scenario_factor *factor = &scenario->factors[f];
        for (uint32_t k = 0; k < factor->key_count; k++) {
            if (factor->keys[k].object == object && factor->keys[k].option == option) {
                return scenario_at(&loader->doc, factor->node);
            }
        }
    }
    return scenario_at(doc, member != NULL ? member : node);
}

const char *scenario_read_text(scenario_loader *loader, const json_doc *doc, const json_node *node,
                               const char *key) {
    const json_node *member = json_find(doc, node, key);
    if (member == NULL) {
        scenario_complain(loader->complaints, scenario_at(doc, node), "\"%s\" is missing", key);
        return NULL;
    }
    const bool good = scenario_check_kind(loader, doc, member, JSON_STRING) &&
                      scenario_check_printable(loader, scenario_at(doc, member), member->text);
    return good ? member->text : NULL;
}

bool scenario_check_name(scenario_loader *loader, scenario_place place, const char *name) {
    const size_t length = strlen(name);
    bool ok = length >= 1 && length <= SCENARIO_NAME_MAX;
    for (size_t i = 0; ok && i < length; i++) {
        ok = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z') ||
             (name[i] >= '0' && name[i] <= '9') || name[i] == '-' || name[i] == '_';
    }
    if (!ok) {
        scenario_complain(loader->complaints, place,
                          "\"%.64s\" is no name; a name is 1 to %d letters, digits, '-' and '_'",
                          name, SCENARIO_NAME_MAX);
    }
    return ok;
}

bool scenario_read_share(scenario_loader *loader, const json_doc *doc, const json_node *node,
                         int64_t *share_out) {
    char literal[72] = "";
    const char *why = NULL;
    if (node->kind == JSON_NUMBER && node->length < sizeof literal) {
        memcpy(literal, doc->bytes + node->offset, node->length);
    } else if (node->kind != JSON_STRING) {
        (void)scenario_check_kind(loader, doc, node, JSON_STRING);
        return false;
    }
    const char *text = node->kind == JSON_STRING ? node->text : literal;
    if (!scenario_number_read(NUMBER_RATIO, text, share_out, &why)) {
        scenario_complain(loader->complaints, scenario_at(doc, node), "\"%s\" %s; a share is %s",
                          text, why, scenario_number_allowed(NUMBER_RATIO));
        return false;
    }
    if (*share_out <= 0 || *share_out > SCENARIO_RATIO_ONE) {
        scenario_complain(loader->complaints, scenario_at(doc, node),
                          "%s is out of range; a share is above 0%% and at most 100%%", text);
        return false;
    }
    return true;
}
