/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys from outside an object: "nat.home.mapping" behind --set and in the levels of factors. A
 * factor either sets one key, its levels being values, or its levels are labelled and set several:
 *
 *   {"name": "loss", "set": "link.dsl.loss", "levels": ["0%", {"label": "a lot", "value": "10%"}]}
 *   {"name": "pair", "levels": [{"label": "x", "set": {"peers.a.nat": "home", ...}}, ...]}
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_internal.h"

#define KEY_PARTS_MAX 4

/* A dotted key, cut into its parts. */
typedef struct {
    scenario_place place;
    char text[256];
    const char *parts[KEY_PARTS_MAX];
    uint32_t part_count;
} dotted;

static bool cut_key(scenario_loader *loader, scenario_place place, const char *key, dotted *out) {
    *out = (dotted){.place = place};
    if (strlen(key) >= sizeof out->text) {
        scenario_complain(loader->complaints, place, "this key is longer than 255 bytes");
        return false;
    }
    memcpy(out->text, key, strlen(key) + 1);
    for (char *at = out->text; at != NULL;) {
        if (out->part_count == KEY_PARTS_MAX) {
            scenario_complain(loader->complaints, place,
                              "\"%s\" has too many parts; keys look "
                              "like nat.home.mapping",
                              key);
            return false;
        }
        out->parts[out->part_count++] = at;
        at = strchr(at, '.');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    return true;
}

static bool no_such(scenario_loader *loader, const dotted *key, const char *what,
                    const scenario_suggest *suggest) {
    char meant[96];
    scenario_complain(loader->complaints, key->place, "there is no %s \"%s\"%s", what,
                      suggest->word, scenario_suggest_text(suggest, meant, sizeof meant));
    return false;
}

/* The last part of a key as an option of the section. */
static const scenario_option *find_option(scenario_loader *loader, const dotted *key,
                                          scenario_section section) {
    const char *word = key->parts[key->part_count - 1];
    const scenario_option *found = scenario_option_find(section, word);
    size_t count;
    const scenario_option *options = scenario_options(&count);
    scenario_suggest suggest = scenario_suggest_for(word);
    for (size_t i = 0; found == NULL && i < count; i++) {
        if (options[i].section == section) {
            scenario_suggest_offer(&suggest, scenario_option_key(&options[i]));
        }
    }
    if (found == NULL) {
        char what[64];
        const char *in = scenario_section_key(section);
        (void)snprintf(what, sizeof what, "option%s%s called", in[0] != '\0' ? " of " : "", in);
        (void)no_such(loader, key, what, &suggest);
    }
    return found;
}

/* The object of "nat.home", "link.dsl[.up]" or "peers.a". */
static bool find_named(scenario_loader *loader, const dotted *key, scenario_section section,
                       uint32_t *object_out) {
    const sim_scenario *scenario = loader->scenario;
    const uint32_t found = scenario_object_find(scenario, section, key->parts[1]);
    if (found == JSON_NONE) {
        const char *what = section == SECTION_NAT    ? "NAT in \"nat\" called"
                           : section == SECTION_LINK ? "link in \"link\" called"
                                                     : "peer called";
        scenario_suggest suggest = scenario_suggest_for(key->parts[1]);
        for (uint32_t i = 0; i < scenario->object_count; i++) {
            if (scenario->objects[i].section == section && scenario->objects[i].name != NULL) {
                scenario_suggest_offer(&suggest, scenario->objects[i].name);
            }
        }
        return no_such(loader, key, what, &suggest);
    }
    *object_out = found;
    if (key->part_count == 3) {
        return true;
    }
    const bool up = strcmp(key->parts[2], "up") == 0;
    if (section != SECTION_LINK || (!up && strcmp(key->parts[2], "down") != 0)) {
        scenario_suggest suggest = scenario_suggest_for(key->parts[2]);
        return no_such(loader, key, "part called", &suggest);
    }
    *object_out = found + (up ? LINK_UP : LINK_DOWN);
    return true;
}

static bool find_fault(scenario_loader *loader, const dotted *key, uint32_t *object_out) {
    char *end = NULL;
    const unsigned long index = strtoul(key->parts[1], &end, 10);
    if (key->parts[1][0] < '0' || key->parts[1][0] > '9' || *end != '\0' ||
        index >= loader->scenario->fault_count) {
        const scenario_suggest none = scenario_suggest_for(key->parts[1]);
        return no_such(loader, key, "entry of the timeline numbered (from 0)", &none);
    }
    *object_out = loader->scenario->fault_first + (uint32_t)index;
    return true;
}

/* populations.NAME.common.OPTION */
static bool find_common(scenario_loader *loader, const dotted *key, uint32_t *object_out) {
    const sim_scenario *scenario = loader->scenario;
    scenario_suggest suggest = scenario_suggest_for(key->parts[1]);
    for (uint32_t i = 0; i < scenario->population_count; i++) {
        if (strcmp(scenario->populations[i].name, key->parts[1]) == 0) {
            *object_out = scenario->populations[i].common;
            return true;
        }
        scenario_suggest_offer(&suggest, scenario->populations[i].name);
    }
    return no_such(loader, key, "population called", &suggest);
}

/* "core" alone: what stands there is no value. True after complaining. */
static bool is_section(scenario_loader *loader, scenario_place place, const char *text) {
    const char *file_only = strcmp(text, "factors") == 0       ? "factors"
                            : strcmp(text, "populations") == 0 ? "populations"
                            : strcmp(text, "expect") == 0      ? "expect"
                            : strncmp(text, "expect.", 7) == 0 ? "expect"
                                                               : NULL;
    if (file_only != NULL) {
        scenario_complain(loader->complaints, place,
                          "\"%s\" is a section of the file, not an option; only the file can give "
                          "it",
                          file_only);
        return true;
    }
    for (uint32_t i = 0; i < SECTION_COUNT; i++) {
        const scenario_section section = (scenario_section)i;
        if (section != SECTION_ROOT && strcmp(scenario_section_key(section), text) == 0) {
            scenario_complain(loader->complaints, place,
                              "\"%s\" is a section, not an option; its options look like %s%s",
                              text, text,
                              scenario_section_is_named(section) ? ".NAME.OPTION" : ".OPTION");
            return true;
        }
    }
    return false;
}

/* What a key means; complains at its place when it means nothing. */
static bool resolve_key(scenario_loader *loader, scenario_place place, const char *text,
                        scenario_key *out) {
    static const uint32_t single[SECTION_COUNT] = {
        [SECTION_ROOT] = OBJECT_ROOT,        [SECTION_CORE] = OBJECT_CORE,
        [SECTION_BROKER] = OBJECT_BROKER,    [SECTION_INTERNET] = OBJECT_INTERNET,
        [SECTION_CALL] = OBJECT_CALL,        [SECTION_UNTIL] = OBJECT_UNTIL,
        [SECTION_TRADEOFF] = OBJECT_TRADEOFF};
    dotted key;
    if (!cut_key(loader, place, text, &key) || is_section(loader, place, text)) {
        return false;
    }
    if (key.part_count == 4 && strcmp(key.parts[0], "populations") == 0 &&
        strcmp(key.parts[2], "common") == 0) {
        out->option = find_option(loader, &key, SECTION_NAT);
        return out->option != NULL && find_common(loader, &key, &out->object);
    }
    scenario_suggest suggest = scenario_suggest_for(key.parts[0]);
    for (uint32_t i = 0; i < SECTION_COUNT; i++) {
        const scenario_section section = (scenario_section)i;
        const bool named = scenario_section_is_named(section);
        if (key.part_count == 1 ? section != SECTION_ROOT
                                : strcmp(scenario_section_key(section), key.parts[0]) != 0) {
            scenario_suggest_offer(&suggest, scenario_section_key(section));
            continue;
        }
        if (named ? key.part_count < 3 : key.part_count > 2) {
            scenario_complain(loader->complaints, place,
                              "\"%s\" is no key of an option; those of \"%s\" look like %s%s", text,
                              key.parts[0], key.parts[0], named ? ".NAME.OPTION" : ".OPTION");
            return false;
        }
        out->option = find_option(loader, &key, section);
        out->object = single[section];
        return out->option != NULL &&
               (!named ||
                (section == SECTION_TIMELINE ? find_fault(loader, &key, &out->object)
                                             : find_named(loader, &key, section, &out->object)));
    }
    return no_such(loader, &key, "section called", &suggest);
}

/* --- overrides */

static void apply_override(scenario_loader *loader, const sim_override *override) {
    const scenario_place place = {.override_key = override->key};
    scenario_key key;
    scenario_value value;
    if (!resolve_key(loader, place, override->key, &key)) {
        return;
    }
    scenario_source source = {.place = place, .raw = override->value};
    char name[SCENARIO_POINTER_CAP]; /* of the value as a document of its own */
    (void)snprintf(name, sizeof name, "--set %s", override->key);
    json_doc doc = {0};
    if (override->value[0] == '{' || override->value[0] == '[' || override->value[0] == '"') {
        if (!json_doc_parse(&doc, name, override->value, strlen(override->value),
                            loader->complaints)) {
            json_doc_free(&doc);
            return;
        }
        source = (scenario_source){.place = scenario_at(&doc, json_root(&doc))};
    }
    if (scenario_read_value(loader, key.option, source, &value)) {
        scenario_object *object = &loader->scenario->objects[key.object];
        scenario_setting setting =
            scenario_setting_of(loader->scenario, key.object, key.option, value);
        setting.override_key = override->key;
        scenario_setting_put(loader, &object->settings, &object->setting_count,
                             &object->setting_cap, setting);
    }
    json_doc_free(&doc);
}

void scenario_apply_overrides(scenario_loader *loader, const sim_override *overrides,
                              size_t count) {
    for (size_t i = 0; i < count; i++) {
        apply_override(loader, &overrides[i]);
    }
}

void scenario_check_overrides(scenario_loader *loader) {
    const sim_scenario *scenario = loader->scenario;
    for (uint32_t f = 0; f < scenario->factor_count; f++) {
        const scenario_factor *factor = &scenario->factors[f];
        for (uint32_t k = 0; k < factor->key_count; k++) {
            const scenario_object *object = &scenario->objects[factor->keys[k].object];
            for (uint32_t i = 0; i < object->setting_count; i++) {
                const scenario_setting *setting = &object->settings[i];
                if (setting->option == factor->keys[k].option && setting->override_key != NULL) {
                    scenario_complain(loader->complaints,
                                      (scenario_place){.override_key = setting->override_key},
                                      "the factor \"%s\" sets this key in its levels; setting it "
                                      "here would change nothing",
                                      factor->name);
                }
            }
        }
    }
}

/* --- factors */

static bool note_key(scenario_loader *loader, scenario_factor *factor, scenario_place place,
                     scenario_key key) {
    for (uint32_t i = 0; i < factor->key_count; i++) {
        if (factor->keys[i].object == key.object && factor->keys[i].option == key.option) {
            return true;
        }
    }
    const sim_scenario *scenario = loader->scenario;
    for (uint32_t f = 0; f < scenario->factor_count; f++) {
        const scenario_factor *other = &scenario->factors[f];
        for (uint32_t i = 0; i < other->key_count; i++) {
            if (other->keys[i].object == key.object && other->keys[i].option == key.option) {
                scenario_complain(loader->complaints, place,
                                  "the factor \"%s\" sets this key already", other->name);
                return false;
            }
        }
    }
    if ((key.option->flags & OPTION_FIXED) != 0) {
        scenario_complain(loader->complaints, place,
                          "\"%s\" is the same in every cell; no factor can set it",
                          key.option->name);
        return false;
    }
    if (factor->key_count == SCENARIO_KEYS_MAX) {
        scenario_complain(loader->complaints, place, "one factor sets at most %d keys",
                          SCENARIO_KEYS_MAX);
        return false;
    }
    factor->keys[factor->key_count++] = key;
    return true;
}

static void add_setting(scenario_loader *loader, scenario_level *level, scenario_key key,
                        const json_node *node) {
    scenario_value value;
    const scenario_source source = {.place = scenario_at(&loader->doc, node)};
    if (scenario_read_value(loader, key.option, source, &value)) {
        scenario_setting_put(loader, &level->settings, &level->setting_count, &level->setting_cap,
                             scenario_setting_of(loader->scenario, key.object, key.option, value));
    }
}

/* The label of a level that is a bare value: the value as it stands. */
static const char *bare_label(scenario_loader *loader, const json_node *node) {
    char text[72] = "";
    if (node->kind == JSON_STRING) {
        return node->text;
    }
    memcpy(text, loader->doc.bytes + node->offset,
           node->length < sizeof text ? node->length : sizeof text - 1);
    return scenario_arena_text(&loader->scenario->arena, text);
}

/* One level; *label_out is its label, or NULL with a complaint. */
static void read_level(scenario_loader *loader, scenario_factor *factor, const scenario_key *key,
                       const json_node *node, const char **label_out) {
    static const char *const value_keys[] = {"label", "value", NULL};
    static const char *const set_keys[] = {"label", "set", NULL};
    const json_doc *doc = &loader->doc;
    scenario_level *level = &factor->levels[factor->level_count];
    if (key != NULL && node->kind != JSON_OBJECT && node->kind != JSON_ARRAY) {
        if (node->kind == JSON_STRING &&
            !scenario_check_printable(loader, scenario_at(doc, node), node->text)) {
            return;
        }
        *label_out = bare_label(loader, node);
        add_setting(loader, level, *key, node);
        return;
    }
    if (node->kind != JSON_OBJECT) {
        scenario_complain(loader->complaints, scenario_at(doc, node),
                          "expected a level {\"label\": ..., \"%s\": ...}, not %s",
                          key != NULL ? "value" : "set", json_kind_text(node->kind));
        return;
    }
    scenario_check_keys(loader, doc, node, key != NULL ? value_keys : set_keys);
    *label_out = scenario_read_text(loader, doc, node, "label");
    const json_node *content = json_find(doc, node, key != NULL ? "value" : "set");
    if (content == NULL) {
        scenario_complain(loader->complaints, scenario_at(doc, node), "\"%s\" is missing",
                          key != NULL ? "value" : "set");
        return;
    }
    if (key != NULL) {
        add_setting(loader, level, *key, content);
        return;
    }
    if (!scenario_check_kind(loader, doc, content, JSON_OBJECT)) {
        return;
    }
    for (const json_node *member = json_first(doc, content); member != NULL;
         member = json_next(doc, member)) {
        const scenario_place place = scenario_at_key(doc, member);
        scenario_key target;
        if (resolve_key(loader, place, member->key, &target) &&
            note_key(loader, factor, place, target)) {
            add_setting(loader, level, target, member);
        }
    }
}

static uint32_t plugin_count(const sim_scenario *scenario) {
    return scenario->keepalive_count - scenario->plugin_first;
}

static bool has_level(const scenario_factor *factor, const char *label) {
    for (uint32_t i = 0; i < factor->level_count; i++) {
        if (strcmp(factor->labels[i], label) == 0) {
            return true;
        }
    }
    return false;
}

/* A factor that sets nothing but keepalive strategies compares them: plug-ins join in, each as one
 * more level, unless the file has one of that name. */
static void add_plugins(scenario_loader *loader, scenario_factor *factor) {
    const sim_scenario *scenario = loader->scenario;
    bool compares = factor->key_count > 0;
    for (uint32_t k = 0; k < factor->key_count; k++) {
        compares = compares && factor->keys[k].option->type == TYPE_KEEPALIVES;
    }
    for (uint32_t i = scenario->plugin_first; compares && i < scenario->keepalive_count; i++) {
        const char *name = scenario->keepalives[i]->name;
        if (has_level(factor, name)) {
            continue;
        }
        scenario_level *level = &factor->levels[factor->level_count];
        const scenario_value value = {.number = (int64_t)i + 1}; /* a list of one */
        for (uint32_t k = 0; k < factor->key_count; k++) {
            scenario_setting_put(loader, &level->settings, &level->setting_count,
                                 &level->setting_cap,
                                 scenario_setting_of(scenario, factor->keys[k].object,
                                                     factor->keys[k].option, value));
        }
        factor->labels[factor->level_count++] = name;
    }
}

static void read_levels(scenario_loader *loader, scenario_factor *factor, const scenario_key *key,
                        const json_node *list) {
    const json_doc *doc = &loader->doc;
    scenario_arena *arena = &loader->scenario->arena;
    if (!scenario_check_kind(loader, doc, list, JSON_ARRAY)) {
        return;
    }
    if (list->child_count == 0 || list->child_count > SCENARIO_LEVELS_MAX) {
        scenario_complain(loader->complaints, scenario_at(doc, list), "a factor has 1 to %d levels",
                          SCENARIO_LEVELS_MAX);
        return;
    }
    const size_t cap = list->child_count + plugin_count(loader->scenario);
    factor->levels = scenario_arena_take(arena, cap * sizeof *factor->levels);
    factor->labels = scenario_arena_take(arena, cap * sizeof *factor->labels);
    if (factor->levels == NULL || factor->labels == NULL) {
        return;
    }
    for (const json_node *node = json_first(doc, list); node != NULL; node = json_next(doc, node)) {
        const char *label = NULL;
        read_level(loader, factor, key, node, &label);
        if (label != NULL && has_level(factor, label)) {
            scenario_complain(loader->complaints, scenario_at(doc, node),
                              "a level labelled \"%s\" stands in this factor already", label);
            label = NULL;
        }
        const char *copy = scenario_arena_text(arena, label != NULL ? label : "");
        if (copy == NULL) {
            return;
        }
        factor->labels[factor->level_count++] = copy;
    }
}

static void read_factor(scenario_loader *loader, const json_node *node) {
    static const char *const keys[] = {"name", "treatment", "set", "levels", "notes", NULL};
    const json_doc *doc = &loader->doc;
    sim_scenario *scenario = loader->scenario;
    if (!scenario_check_kind(loader, doc, node, JSON_OBJECT)) {
        return;
    }
    scenario_check_keys(loader, doc, node, keys);
    scenario_factor factor = {.node = node};
    const char *name = scenario_read_text(loader, doc, node, "name");
    const json_node *treatment = json_find(doc, node, "treatment");
    const json_node *set = json_find(doc, node, "set");
    const json_node *levels = json_find(doc, node, "levels");
    if (name == NULL ||
        !scenario_check_name(loader, scenario_at(doc, json_find(doc, node, "name")), name)) {
        return;
    }
    if (!scenario_check_factor_name(loader, scenario_at(doc, json_find(doc, node, "name")), name)) {
        return;
    }
    for (uint32_t f = 0; f < scenario->factor_count; f++) {
        if (strcmp(scenario->factors[f].name, name) == 0) {
            scenario_complain(loader->complaints, scenario_at(doc, json_find(doc, node, "name")),
                              "there is a factor \"%s\" already", name);
            return;
        }
    }
    if (treatment != NULL && treatment->kind != JSON_TRUE && treatment->kind != JSON_FALSE) {
        scenario_complain(loader->complaints, scenario_at(doc, treatment),
                          "\"treatment\" must be true or false");
    }
    factor.name = scenario_arena_text(&scenario->arena, name);
    factor.treatment = treatment != NULL && treatment->kind == JSON_TRUE;
    scenario_key key;
    if (set != NULL && (!scenario_check_kind(loader, doc, set, JSON_STRING) ||
                        !resolve_key(loader, scenario_at(doc, set), set->text, &key) ||
                        !note_key(loader, &factor, scenario_at(doc, set), key))) {
        return;
    }
    if (levels == NULL) {
        scenario_complain(loader->complaints, scenario_at(doc, node), "\"levels\" is missing");
        return;
    }
    read_levels(loader, &factor, set != NULL ? &key : NULL, levels);
    if (factor.level_count > 0) {
        add_plugins(loader, &factor);
    }
    scenario_factor *factors =
        scenario_arena_grow(&scenario->arena, scenario->factors, scenario->factor_count,
                            &scenario->factor_cap, sizeof *factors);
    if (factors != NULL && factor.name != NULL) {
        scenario->factors = factors;
        factors[scenario->factor_count++] = factor;
    }
}

void scenario_read_factors(scenario_loader *loader, const json_node *list) {
    const json_doc *doc = &loader->doc;
    sim_scenario *scenario = loader->scenario;
    scenario->cell_count = 1;
    if (list == NULL || !scenario_check_kind(loader, doc, list, JSON_ARRAY)) {
        return;
    }
    if (list->child_count > SCENARIO_FACTORS_MAX) {
        scenario_complain(loader->complaints, scenario_at(doc, list), "at most %d factors",
                          SCENARIO_FACTORS_MAX);
        return;
    }
    uint64_t cells = 1;
    for (const json_node *node = json_first(doc, list); node != NULL; node = json_next(doc, node)) {
        read_factor(loader, node);
    }
    for (uint32_t f = 0; f < scenario->factor_count && cells <= SCENARIO_CELLS_MAX; f++) {
        cells *= scenario->factors[f].level_count > 0 ? scenario->factors[f].level_count : 1;
    }
    if (cells > SCENARIO_CELLS_MAX) {
        scenario_complain(loader->complaints, scenario_at(doc, list),
                          "these factors make at least %" PRIu64 " cells; at most %d are allowed",
                          cells, SCENARIO_CELLS_MAX);
        return;
    }
    scenario->cell_count = (uint32_t)cells;
}
