/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading: the file becomes nodes, nodes become objects, names first and contents afterwards, so
 * that everything may refer to everything; then overrides, factors and cells. One mistake does not
 * hide the next, except that cells are only looked at when all else is right.
 */
#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"
#include "punch/lab.h"
#include "scenario_internal.h"

static const char *const root_keys[] = {"$schema",  "core",        "nat",     "link",     "peers",
                                        "broker",   "internet",    "call",    "timeline", "until",
                                        "tradeoff", "populations", "factors", "expect",   NULL};
static const char *const link_keys[] = {"up", "down", NULL};
static const char *const peer_names[] = {"a", "b", NULL};

/* Defaults of one section, from the option table; what is no number is set by hand. */
static void set_defaults(scenario_section section, void *out) {
    size_t count;
    const scenario_option *options = scenario_options(&count);
    for (size_t i = 0; i < count; i++) {
        if (options[i].section == section && options[i].fallback[0] != '\0' &&
            (options[i].type == TYPE_NUMBER || options[i].type == TYPE_BOOL ||
             options[i].type == TYPE_ENUM)) {
            scenario_option_store(&options[i],
                                  scenario_option_number(&options[i], options[i].fallback), out);
        }
    }
}

static void set_all_defaults(scenario_defaults *defaults) {
    set_defaults(SECTION_ROOT, &defaults->root);
    set_defaults(SECTION_CORE, &defaults->core);
    set_defaults(SECTION_LINK, &defaults->link);
    set_defaults(SECTION_PEERS, &defaults->peer);
    set_defaults(SECTION_BROKER, &defaults->broker);
    set_defaults(SECTION_INTERNET, &defaults->internet);
    set_defaults(SECTION_CALL, &defaults->call);
    set_defaults(SECTION_TIMELINE, &defaults->fault);
    set_defaults(SECTION_UNTIL, &defaults->until);
    set_defaults(SECTION_TRADEOFF, &defaults->tradeoff);
    defaults->root.name = defaults->root.title = -1;
    defaults->root.question = defaults->root.notes = -1;
    defaults->root.seed = 1;
    defaults->nat = (scenario_nat){
        .preset = -1, .behind = SCENARIO_NAT_NONE, .link = -1, .config = nat_config_default()};
    set_defaults(SECTION_NAT, &defaults->nat); /* of what is no NAT's own, and in no preset */
    defaults->link.preset = -1;
    defaults->peer.nat = SCENARIO_NAT_NONE;
    defaults->peer.behind = SCENARIO_NAT_NONE;
    defaults->peer.link = -1;
    defaults->fault.to = SCENARIO_NAT_NONE;
    defaults->broker.link = -1;
    defaults->broker.keepalive = 0; /* agreed-15 stands first */
    defaults->until.measure = SIM_MEASURE_CONNECTED;
    defaults->until.half_width = -1;
    defaults->tradeoff.baseline = defaults->tradeoff.treatment = defaults->tradeoff.margin = -1;
}

static bool add_fixed_objects(scenario_loader *loader) {
    static const struct {
        scenario_section section;
        const char *name;
    } rows[OBJECT_FIRST_NAMED] = {
        [OBJECT_ROOT] = {SECTION_ROOT, NULL},         [OBJECT_CORE] = {SECTION_CORE, NULL},
        [OBJECT_BROKER] = {SECTION_BROKER, NULL},     [OBJECT_INTERNET] = {SECTION_INTERNET, NULL},
        [OBJECT_CALL] = {SECTION_CALL, NULL},         [OBJECT_PEER_A] = {SECTION_PEERS, "a"},
        [OBJECT_PEER_B] = {SECTION_PEERS, "b"},       [OBJECT_UNTIL] = {SECTION_UNTIL, NULL},
        [OBJECT_TRADEOFF] = {SECTION_TRADEOFF, NULL},
    };
    bool ok = true;
    for (uint32_t i = 0; i < OBJECT_FIRST_NAMED; i++) {
        ok = scenario_object_add(loader, rows[i].section, rows[i].name, "") == i && ok;
    }
    return ok;
}

/* Objects for all members of "nat" or "link"; a link has two more for its directions. */
static void add_named(scenario_loader *loader, const json_node *set, scenario_section section) {
    const json_doc *doc = &loader->doc;
    if (set == NULL || !scenario_check_kind(loader, doc, set, JSON_OBJECT)) {
        return;
    }
    for (const json_node *member = json_first(doc, set); member != NULL;
         member = json_next(doc, member)) {
        const scenario_place place = scenario_at_key(doc, member);
        if (!scenario_check_name(loader, place, member->key)) {
            continue;
        }
        if (strcmp(member->key, "none") == 0) {
            scenario_complain(loader->complaints, place,
                              "\"none\" always means that there is none; choose another name");
            continue;
        }
        (void)scenario_object_add(loader, section, member->key, "");
        if (section == SECTION_LINK) {
            (void)scenario_object_add(loader, section, member->key, "up");
            (void)scenario_object_add(loader, section, member->key, "down");
        }
    }
}

static void read_nats(scenario_loader *loader, const json_node *set) {
    const json_doc *doc = &loader->doc;
    for (const json_node *member = json_first(doc, set); member != NULL;
         member = json_next(doc, member)) {
        const uint32_t object = scenario_object_find(loader->scenario, SECTION_NAT, member->key);
        scenario_read_object(loader, object, doc, member, NULL);
    }
}

static void read_links(scenario_loader *loader, const json_node *set) {
    const json_doc *doc = &loader->doc;
    for (const json_node *member = json_first(doc, set); member != NULL;
         member = json_next(doc, member)) {
        const uint32_t object = scenario_object_find(loader->scenario, SECTION_LINK, member->key);
        if (object == JSON_NONE) {
            continue;
        }
        const json_node *up = json_find(doc, member, "up");
        const json_node *down = json_find(doc, member, "down");
        scenario_read_object(loader, object, doc, member, link_keys);
        if (up != NULL) {
            scenario_read_object(loader, object + LINK_UP, doc, up, NULL);
        }
        if (down != NULL) {
            scenario_read_object(loader, object + LINK_DOWN, doc, down, NULL);
        }
    }
}

static void read_peers(scenario_loader *loader, const json_node *peers) {
    const json_doc *doc = &loader->doc;
    if (peers == NULL) {
        scenario_complain(loader->complaints, scenario_at(doc, json_root(doc)),
                          "\"peers\" is missing; two are needed: {\"a\": {...}, \"b\": {...}}");
        return;
    }
    if (!scenario_check_kind(loader, doc, peers, JSON_OBJECT)) {
        return;
    }
    scenario_check_keys(loader, doc, peers, peer_names);
    for (uint32_t i = 0; i < 2; i++) {
        const json_node *peer = json_find(doc, peers, peer_names[i]);
        if (peer != NULL) {
            scenario_read_object(loader, OBJECT_PEER_A + i, doc, peer, NULL);
        } else {
            scenario_complain(loader->complaints, scenario_at(doc, peers), "\"%s\" is missing",
                              peer_names[i]);
        }
    }
}

static void read_timeline(scenario_loader *loader, const json_node *list) {
    sim_scenario *scenario = loader->scenario;
    const json_doc *doc = &loader->doc;
    scenario->fault_first = scenario->object_count;
    if (list == NULL || !scenario_check_kind(loader, doc, list, JSON_ARRAY)) {
        return;
    }
    if (list->child_count > SCENARIO_FAULTS_MAX) {
        scenario_complain(loader->complaints, scenario_at(doc, list),
                          "a timeline has at most %d entries", SCENARIO_FAULTS_MAX);
        return;
    }
    for (const json_node *entry = json_first(doc, list); entry != NULL;
         entry = json_next(doc, entry)) {
        const uint32_t object = scenario_object_add(loader, SECTION_TIMELINE, NULL, "");
        scenario_read_object(loader, object, doc, entry, NULL);
        scenario->fault_count += object != JSON_NONE ? 1 : 0;
    }
}

static void read_single(scenario_loader *loader, const char *key, uint32_t object) {
    const json_node *node = json_find(&loader->doc, json_root(&loader->doc), key);
    if (node != NULL) {
        scenario_read_object(loader, object, &loader->doc, node, NULL);
    }
}

static void read_sections(scenario_loader *loader) {
    const json_doc *doc = &loader->doc;
    const json_node *root = json_root(doc);
    const json_node *nats = json_find(doc, root, "nat");
    const json_node *links = json_find(doc, root, "link");
    const json_node *populations = json_find(doc, root, "populations");
    scenario_read_object(loader, OBJECT_ROOT, doc, root, root_keys);
    add_named(loader, nats, SECTION_NAT);
    add_named(loader, links, SECTION_LINK);
    if (nats != NULL) {
        read_nats(loader, nats);
    }
    if (links != NULL) {
        read_links(loader, links);
    }
    if (populations != NULL) {
        scenario_read_populations(loader, populations);
    }
    read_single(loader, "core", OBJECT_CORE);
    read_single(loader, "broker", OBJECT_BROKER);
    read_single(loader, "internet", OBJECT_INTERNET);
    read_single(loader, "call", OBJECT_CALL);
    read_single(loader, "until", OBJECT_UNTIL);
    read_single(loader, "tradeoff", OBJECT_TRADEOFF);
    read_peers(loader, json_find(doc, root, "peers"));
    read_timeline(loader, json_find(doc, root, "timeline"));
}

/* Does anything in these settings differ from trial to trial? */
static bool is_drawn(const scenario_setting *settings, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (settings[i].value.draw != NULL || (settings[i].option->type == TYPE_NAT &&
                                               settings[i].value.number >= SCENARIO_VIEW_BASE)) {
            return true;
        }
    }
    return false;
}

static void note_messages(sim_scenario *scenario, const scenario_setting *settings,
                          uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(settings[i].option->name, "call.messages") == 0 &&
            settings[i].value.number > scenario->messages_max) {
            scenario->messages_max = settings[i].value.number < PUNCH_MESSAGES_MAX
                                         ? (uint32_t)settings[i].value.number
                                         : PUNCH_MESSAGES_MAX;
        }
    }
}

/* What is the same in all cells and asked for often. */
static void finish(sim_scenario *scenario) {
    const scenario_object *root = &scenario->objects[OBJECT_ROOT];
    scenario->root = scenario->defaults.root;
    for (uint32_t i = 0; i < root->setting_count; i++) {
        if (root->settings[i].value.draw == NULL) {
            scenario_option_store(root->settings[i].option, root->settings[i].value.number,
                                  &scenario->root);
        }
    }
    for (uint32_t i = 0; i < scenario->object_count; i++) {
        scenario_object *object = &scenario->objects[i];
        scenario->drawn = scenario->drawn || is_drawn(object->settings, object->setting_count);
        note_messages(scenario, object->settings, object->setting_count);
        object->doc = NULL;
        object->node = NULL;
    }
    for (uint32_t f = 0; f < scenario->factor_count; f++) {
        scenario_factor *factor = &scenario->factors[f];
        factor->node = NULL;
        for (uint32_t l = 0; l < factor->level_count; l++) {
            const scenario_level *level = &factor->levels[l];
            scenario->drawn = scenario->drawn || is_drawn(level->settings, level->setting_count);
            note_messages(scenario, level->settings, level->setting_count);
        }
    }
    scenario->digest = scenario_digest_of(scenario);
}

/* All strategies a name may mean: the laboratory's, then plug-ins. */
static bool add_keepalives(sim_scenario *scenario, const sim_scenario_with *with) {
    size_t count = 0;
    const punch_keepalive *const *lab = punch_lab_keepalives(&count);
    PUNCH_ASSERT(with->plugin_count <= SIM_PLUGINS_MAX);
    PUNCH_ASSERT(count + SIM_PLUGINS_MAX <= UINT8_MAX);
    scenario->keepalives = scenario_arena_take(&scenario->arena, (count + with->plugin_count) *
                                                                     sizeof *scenario->keepalives);
    if (scenario->keepalives == NULL) {
        return false;
    }
    memcpy(scenario->keepalives, lab, count * sizeof *lab);
    for (size_t i = 0; i < with->plugin_count; i++) {
        scenario->keepalives[count + i] = with->plugins[i];
    }
    scenario->plugin_first = (uint32_t)count;
    scenario->keepalive_count = (uint32_t)(count + with->plugin_count);
    return true;
}

static void load(scenario_loader *loader, const char *text, size_t length,
                 const sim_scenario_with *with) {
    sim_scenario *scenario = loader->scenario;
    if (!add_keepalives(scenario, with)) {
        return;
    }
    set_all_defaults(&scenario->defaults);
    if (!json_doc_parse(&loader->doc, scenario->path, text, length, loader->complaints) ||
        !scenario_check_kind(loader, &loader->doc, json_root(&loader->doc), JSON_OBJECT) ||
        !add_fixed_objects(loader)) {
        return;
    }
    read_sections(loader);
    scenario_apply_overrides(loader, with->overrides, with->override_count);
    const size_t before_factors = loader->complaints->count;
    scenario_read_factors(loader, json_find(&loader->doc, json_root(&loader->doc), "factors"));
    scenario_check_overrides(loader);
    if (loader->complaints->count == before_factors) { /* else there would be wrong cells */
        scenario_read_until(loader);
        scenario_read_tradeoff(loader);
        scenario_read_expects(loader, json_find(&loader->doc, json_root(&loader->doc), "expect"));
    }
    if (loader->complaints->count == 0 && !scenario->arena.failed) {
        scenario_check_cells(loader);
    }
}

static void free_files(scenario_file *files) {
    while (files != NULL) {
        scenario_file *next = files->next;
        json_doc_free(&files->doc);
        free(files->bytes);
        free(files->path);
        free(files);
        files = next;
    }
}

sim_scenario *sim_scenario_parse_with(const char *name, const char *text, size_t length,
                                      const sim_scenario_with *with, sim_complaints *complaints) {
    const size_t before = complaints->count;
    scenario_loader loader = {.complaints = complaints};
    loader.scenario = calloc(1, sizeof *loader.scenario);
    if (loader.scenario != NULL) {
        loader.scenario->path = scenario_arena_text(&loader.scenario->arena, name);
    }
    if (loader.scenario == NULL || loader.scenario->path == NULL) {
        scenario_complain_raw(complaints, name, (json_place){0}, "", "out of memory");
        sim_scenario_destroy(loader.scenario);
        return NULL;
    }
    load(&loader, text, length, with);
    if (loader.scenario->arena.failed) {
        scenario_complain_raw(complaints, name, (json_place){0}, "", "out of memory");
    }
    const bool failed = complaints->count > before || loader.scenario->arena.failed;
    if (failed) {
        scenario_complaints_sort(complaints);
        sim_scenario_destroy(loader.scenario);
        loader.scenario = NULL;
    } else {
        finish(loader.scenario);
    }
    json_doc_free(&loader.doc);
    free_files(loader.files);
    return loader.scenario;
}

sim_scenario *sim_scenario_parse(const char *name, const char *text, size_t length,
                                 const sim_override *overrides, size_t override_count,
                                 sim_complaints *complaints) {
    const sim_scenario_with with = {.overrides = overrides, .override_count = override_count};
    return sim_scenario_parse_with(name, text, length, &with, complaints);
}

sim_scenario *sim_scenario_load(const char *path, const sim_override *overrides,
                                size_t override_count, sim_complaints *complaints) {
    const sim_scenario_with with = {.overrides = overrides, .override_count = override_count};
    return sim_scenario_load_with(path, &with, complaints);
}

sim_scenario *sim_scenario_load_with(const char *path, const sim_scenario_with *with,
                                     sim_complaints *complaints) {
    char *bytes = NULL;
    size_t length = 0;
    const char *why = NULL;
    if (!scenario_file_read(path, &bytes, &length, &why)) {
        scenario_complain_raw(complaints, path, (json_place){0}, "", why);
        return NULL;
    }
    sim_scenario *scenario = sim_scenario_parse_with(path, bytes, length, with, complaints);
    free(bytes);
    return scenario;
}

/* A JSON Schema has definitions, or names its dialect by URL (JSON Schema 2020-12, core §8.1.1);
 * the "$schema" of a scenario is the path of a file. */
bool sim_scenario_is_schema(const char *path) {
    char *bytes = NULL;
    size_t length = 0;
    const char *why = NULL;
    if (!scenario_file_read(path, &bytes, &length, &why)) {
        return false;
    }
    json_doc doc = {0};
    sim_complaints unheard = {0};
    bool is_schema = false;
    if (json_doc_parse(&doc, path, bytes, length, &unheard)) {
        const json_node *dialect = json_find(&doc, json_root(&doc), "$schema");
        is_schema = json_find(&doc, json_root(&doc), "$defs") != NULL ||
                    (dialect != NULL && dialect->text != NULL &&
                     strstr(dialect->text, "://json-schema.org/") != NULL);
    }
    json_doc_free(&doc);
    sim_complaints_clear(&unheard);
    free(bytes);
    return is_schema;
}
