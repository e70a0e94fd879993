/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Populations: classes of NATs with exact shares, of which every trial draws one per peer.
 *
 *   "populations": {"town": {"source": "...", "common": {...}, "classes": [
 *       {"share": "60%", "name": "home", "preset": "linux-masquerade"},
 *       {"share": "40%", "nat": "none"}]}}
 *
 * A class is the options of a NAT ("common" first, then its own), the name of a NAT in "nat", or
 * "none", or another population (scenario_mix.c). {"file": "data/x.json"} takes source, common and
 * classes from a file beside the scenario, {"from": "x.csv"} classes from measurements
 * (scenario_csv_population.c). Using a population may leave classes out by name; the others keep
 * their proportions.
 */
#include <stdio.h>
#include <string.h>

#include "scenario_internal.h"

static const char *const population_keys[] = {"source", "notes", "common", "classes", "file", NULL};
static const char *const class_keys[] = {"share", "name", "nat", NULL};

typedef struct {
    scenario_loader *loader;
    const json_doc *doc;
    scenario_population *population;
} reader;

/* The name of a class: its own, that of its NAT or population, or its number. */
static const char *class_name(const reader *r, const json_node *node) {
    char number[16];
    const json_node *name = json_find(r->doc, node, "name");
    const json_node *from = name != NULL ? name : json_find(r->doc, node, "nat");
    from = from != NULL ? from : json_find(r->doc, node, "population");
    if (from != NULL && !scenario_check_kind(r->loader, r->doc, from, JSON_STRING)) {
        return NULL;
    }
    if (name != NULL && !scenario_check_name(r->loader, scenario_at(r->doc, name), name->text)) {
        return NULL;
    }
    (void)snprintf(number, sizeof number, "%u", (unsigned)node->index);
    return scenario_arena_text(&r->loader->scenario->arena, from != NULL ? from->text : number);
}

/* What NAT a class has: a reference, a population's, or options of its own. */
static bool read_class_nat(const reader *r, const json_node *node, scenario_class *out) {
    static const char *const named_keys[] = {"share", "name", "nat", NULL};
    static const char *const mixed_keys[] = {"share", "name", "population", "without", NULL};
    const json_node *named = json_find(r->doc, node, "nat");
    const json_node *mixed = json_find(r->doc, node, "population");
    if (mixed != NULL) {
        scenario_check_keys(r->loader, r->doc, node, mixed_keys);
        out->doc = r->doc;
        out->node = node;
        return scenario_check_kind(r->loader, r->doc, mixed, JSON_STRING);
    }
    if (named != NULL) {
        scenario_check_keys(r->loader, r->doc, node, named_keys);
        const scenario_option *option = scenario_option_find(SECTION_PEERS, "nat");
        return scenario_read_fixed(
            r->loader, option, (scenario_source){.place = scenario_at(r->doc, named)}, &out->nat);
    }
    const uint32_t object = scenario_object_add(r->loader, SECTION_NAT, NULL, "");
    scenario_read_object(r->loader, object, r->doc, node, class_keys);
    out->nat = object;
    out->of_its_own = true;
    return object != JSON_NONE;
}

static bool read_class(const reader *r, const json_node *node) {
    scenario_population *population = r->population;
    if (!scenario_check_kind(r->loader, r->doc, node, JSON_OBJECT)) {
        return false;
    }
    const json_node *share = json_find(r->doc, node, "share");
    if (share == NULL) {
        scenario_complain(r->loader->complaints, scenario_at(r->doc, node), "\"share\" is missing");
        return false;
    }
    scenario_class class = {.nat = SCENARIO_NAT_NONE, .name = class_name(r, node)};
    if (!scenario_read_share(r->loader, r->doc, share, &class.share) || class.name == NULL ||
        !read_class_nat(r, node, &class)) {
        return false;
    }
    for (uint32_t i = 0; i < population->class_count; i++) {
        if (strcmp(population->classes[i].name, class.name) == 0) {
            scenario_complain(r->loader->complaints, scenario_at(r->doc, node),
                              "a class named \"%s\" stands in this population already; give this "
                              "one a \"name\"",
                              class.name);
            return false;
        }
    }
    scenario_class *classes =
        scenario_arena_grow(&r->loader->scenario->arena, population->classes,
                            population->class_count, &population->class_cap, sizeof *classes);
    if (classes == NULL) {
        return false;
    }
    population->classes = classes;
    classes[population->class_count++] = class;
    return true;
}

static void read_classes(const reader *r, const json_node *list) {
    int64_t sum = 0;
    if (!scenario_check_kind(r->loader, r->doc, list, JSON_ARRAY)) {
        return;
    }
    if (list->child_count == 0 || list->child_count > SCENARIO_LEVELS_MAX) {
        scenario_complain(r->loader->complaints, scenario_at(r->doc, list),
                          "a population has 1 to %d classes", SCENARIO_LEVELS_MAX);
        return;
    }
    bool ok = true;
    for (const json_node *node = json_first(r->doc, list); node != NULL;
         node = json_next(r->doc, node)) {
        ok = read_class(r, node) && ok;
    }
    for (uint32_t i = 0; i < r->population->class_count; i++) {
        sum += r->population->classes[i].share;
    }
    if (ok && sum != SCENARIO_RATIO_ONE) {
        char text[SCENARIO_NUMBER_CAP];
        scenario_complain(r->loader->complaints, scenario_at(r->doc, list),
                          "the shares sum to %s, not to 100%%",
                          scenario_number_write(NUMBER_RATIO, sum, text));
    }
}

/* source, common and classes, from the scenario or from a data file. */
static void read_body(const reader *r, const json_node *node) {
    const json_node *common = json_find(r->doc, node, "common");
    const json_node *classes = json_find(r->doc, node, "classes");
    if (common != NULL) {
        scenario_read_object(r->loader, r->population->common, r->doc, common, NULL);
    }
    (void)scenario_read_text(r->loader, r->doc, node, "source");
    if (classes == NULL) {
        scenario_complain(r->loader->complaints, scenario_at(r->doc, node),
                          "\"classes\" is missing");
        return;
    }
    read_classes(r, classes);
}

/* {"from": "x.csv"}; whose data it is may stand in the file as a comment. */
static void read_measured(const reader *r, const json_node *node) {
    static const char *const keys[] = {"from", "source", "notes", "common", "ignore", NULL};
    const json_node *from = json_find(r->doc, node, "from");
    const json_node *common = json_find(r->doc, node, "common");
    scenario_check_keys(r->loader, r->doc, node, keys);
    if (common != NULL) {
        scenario_read_object(r->loader, r->population->common, r->doc, common, NULL);
    }
    if (!scenario_check_kind(r->loader, r->doc, from, JSON_STRING)) {
        return;
    }
    if (!scenario_file_is_csv(from->text)) {
        scenario_complain(r->loader->complaints, scenario_at(r->doc, from),
                          "\"from\" takes a .csv file here; a population in JSON is named with "
                          "\"file\"");
        return;
    }
    scenario_read_csv_classes(r->loader, r->doc, node, r->population);
}

static void read_population(scenario_loader *loader, const json_node *node) {
    static const char *const file_keys[] = {"file", NULL};
    sim_scenario *scenario = loader->scenario;
    reader r = {loader, &loader->doc, NULL};
    if (!scenario_check_name(loader, scenario_at_key(r.doc, node), node->key) ||
        !scenario_check_kind(loader, r.doc, node, JSON_OBJECT)) {
        return;
    }
    const uint32_t common = scenario_object_add(loader, SECTION_NAT, NULL, "");
    scenario_population *populations =
        scenario_arena_grow(&scenario->arena, scenario->populations, scenario->population_count,
                            &scenario->population_cap, sizeof *populations);
    const char *name = scenario_arena_text(&scenario->arena, node->key);
    if (common == JSON_NONE || populations == NULL || name == NULL) {
        return;
    }
    scenario->populations = populations;
    r.population = &populations[scenario->population_count++];
    *r.population = (scenario_population){.name = name, .common = common};
    const json_node *file = json_find(r.doc, node, "file");
    if (json_find(r.doc, node, "from") != NULL) {
        read_measured(&r, node);
        return;
    }
    if (file == NULL) {
        scenario_check_keys(loader, r.doc, node, population_keys);
        read_body(&r, node);
        return;
    }
    scenario_check_keys(loader, r.doc, node, file_keys);
    if (!scenario_check_kind(loader, r.doc, file, JSON_STRING)) {
        return;
    }
    r.doc = scenario_file_open(loader, scenario_at(&loader->doc, file), file->text);
    if (r.doc != NULL && scenario_check_kind(loader, r.doc, json_root(r.doc), JSON_OBJECT)) {
        scenario_check_keys(loader, r.doc, json_root(r.doc), population_keys);
        read_body(&r, json_root(r.doc));
    }
}

void scenario_read_populations(scenario_loader *loader, const json_node *node) {
    if (!scenario_check_kind(loader, &loader->doc, node, JSON_OBJECT)) {
        return;
    }
    for (const json_node *member = json_first(&loader->doc, node); member != NULL;
         member = json_next(&loader->doc, member)) {
        read_population(loader, member);
    }
    scenario_mix_populations(loader);
}

bool scenario_find_population(scenario_loader *loader, const json_doc *doc, const json_node *named,
                              uint32_t *index_out) {
    const sim_scenario *scenario = loader->scenario;
    char meant[96];
    scenario_suggest suggest = scenario_suggest_for(named->text);
    for (uint32_t i = 0; i < scenario->population_count; i++) {
        if (strcmp(scenario->populations[i].name, named->text) == 0) {
            *index_out = i;
            return true;
        }
        scenario_suggest_offer(&suggest, scenario->populations[i].name);
    }
    scenario_complain(loader->complaints, scenario_at(doc, named),
                      "there is no population in \"populations\" called \"%s\"%s", named->text,
                      scenario_suggest_text(&suggest, meant, sizeof meant));
    return false;
}

/* Is the class called that, or a part of the class that was: "home.open" of "home"? */
static bool is_called(const scenario_class *class, const char *word) {
    const size_t length = strlen(word);
    return strncmp(class->name, word, length) == 0 &&
           (class->name[length] == '\0' || class->name[length] == '.');
}

/* Marks the class of that name, or all of the population that was a class of that name. */
static bool leave_out(scenario_loader *loader, const json_doc *doc, const json_node *node,
                      const scenario_population *population, bool *without) {
    char meant[96];
    bool found = false;
    if (!scenario_check_kind(loader, doc, node, JSON_STRING)) {
        return false;
    }
    scenario_suggest suggest = scenario_suggest_for(node->text);
    for (uint32_t i = 0; i < population->class_count; i++) {
        if (is_called(&population->classes[i], node->text)) {
            without[i] = true;
            found = true;
        }
        scenario_suggest_offer(&suggest, population->classes[i].name);
    }
    if (!found) {
        scenario_complain(loader->complaints, scenario_at(doc, node),
                          "the population \"%s\" has no class \"%s\"%s", population->name,
                          node->text, scenario_suggest_text(&suggest, meant, sizeof meant));
    }
    return found;
}

bool scenario_leave_out(scenario_loader *loader, const json_doc *doc, const json_node *node,
                        scenario_view *view) {
    const scenario_population *population = &loader->scenario->populations[view->population];
    const json_node *without = json_find(doc, node, "without");
    if (population->class_count == 0) {
        return false; /* a population without classes was complained about */
    }
    view->without = scenario_arena_take(&loader->scenario->arena, population->class_count);
    if (view->without == NULL ||
        (without != NULL && !scenario_check_kind(loader, doc, without, JSON_ARRAY))) {
        return false;
    }
    for (const json_node *name = without != NULL ? json_first(doc, without) : NULL; name != NULL;
         name = json_next(doc, name)) {
        if (!leave_out(loader, doc, name, population, view->without)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < population->class_count; i++) {
        view->total += view->without[i] ? 0 : population->classes[i].share;
    }
    if (view->total == 0 && without != NULL) {
        scenario_complain(loader->complaints, scenario_at(doc, without),
                          "all classes of \"%s\" are left out", population->name);
    }
    return view->total > 0; /* counts of nothing were complained about */
}

bool scenario_read_view(scenario_loader *loader, const json_doc *doc, const json_node *node,
                        int64_t *number_out) {
    static const char *const keys[] = {"population", "without", NULL};
    sim_scenario *scenario = loader->scenario;
    scenario_view view = {0};
    scenario_check_keys(loader, doc, node, keys);
    if (scenario_read_text(loader, doc, node, "population") == NULL ||
        !scenario_find_population(loader, doc, json_find(doc, node, "population"),
                                  &view.population) ||
        !scenario_leave_out(loader, doc, node, &view)) {
        return false;
    }
    scenario_view *views =
        scenario_arena_grow(&scenario->arena, scenario->views, scenario->view_count,
                            &scenario->view_cap, sizeof *views);
    if (views == NULL) {
        return false;
    }
    scenario->views = views;
    views[scenario->view_count] = view;
    *number_out = SCENARIO_VIEW_BASE + scenario->view_count++;
    return true;
}
