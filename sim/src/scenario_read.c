/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the values of options, whether they stand in the file, in a level of a factor or behind
 * --set: by the row of the option table, one function per kind of value, each of which complains
 * in the words of the option.
 */
#include <stdio.h>
#include <string.h>

#include "nat/presets.h"
#include "punch/keepalive.h"
#include "scenario_internal.h"
#include "sim/link_presets.h"

/* A scalar as text, whoever wrote it. */
typedef struct {
    json_kind kind;
    const char *text;
    char literal[72]; /* of a number */
} scalar;

static void read_scalar(const scenario_source *source, scalar *out) {
    if (source->raw != NULL) {
        out->kind = JSON_STRING;
        out->text = source->raw;
        return;
    }
    const json_node *node = source->place.node;
    out->kind = node->kind;
    out->text = node->text;
    if (node->kind != JSON_STRING) {
        const size_t length =
            node->length < sizeof out->literal ? node->length : sizeof out->literal - 1;
        memcpy(out->literal, source->place.doc->bytes + node->offset, length);
        out->literal[length] = '\0';
        out->text = out->literal;
    }
}

static bool wrong_kind(scenario_loader *loader, const scenario_option *option,
                       const scenario_source *source, const char *allowed) {
    scenario_complain(
        loader->complaints, source->place, "\"%s\" must be %s, not %s", scenario_option_key(option),
        allowed,
        json_kind_text(source->place.doc != NULL ? source->place.node->kind : JSON_STRING));
    return false;
}

static bool read_number(scenario_loader *loader, const scenario_option *option,
                        const scenario_source *source, int64_t *number_out) {
    const char *allowed = scenario_number_allowed(option->number);
    const char *why = NULL;
    scalar value;
    read_scalar(source, &value);
    const bool bare = scenario_number_is_bare(option->number);
    const bool text_too = option->number != NUMBER_COUNT && option->number != NUMBER_MULTIPLIER;
    if (value.kind != JSON_NUMBER && value.kind != JSON_STRING) {
        return wrong_kind(loader, option, source, allowed);
    }
    if (value.kind == JSON_NUMBER ? !bare : !text_too && source->raw == NULL) {
        return wrong_kind(loader, option, source, allowed);
    }
    if (!scenario_number_read(option->number, value.text, number_out, &why)) {
        scenario_complain(loader->complaints, source->place, "\"%s\" %s; \"%s\" is %s", value.text,
                          why, scenario_option_key(option), allowed);
        return false;
    }
    int64_t low;
    int64_t high;
    scenario_option_range(option, &low, &high);
    if (*number_out < low || *number_out > high) {
        scenario_complain(loader->complaints, source->place,
                          "%s is out of range; \"%s\" may be %s .. %s", value.text,
                          scenario_option_key(option), option->low, option->high);
        return false;
    }
    return true;
}

static bool read_bool(scenario_loader *loader, const scenario_option *option,
                      const scenario_source *source, int64_t *number_out) {
    scalar value;
    read_scalar(source, &value);
    const bool yes = strcmp(value.text, "true") == 0;
    if ((value.kind == JSON_STRING && source->raw == NULL) ||
        (!yes && strcmp(value.text, "false") != 0)) {
        return wrong_kind(loader, option, source, "true or false");
    }
    *number_out = yes;
    return true;
}

static bool read_enum(scenario_loader *loader, const scenario_option *option,
                      const scenario_source *source, int64_t *number_out) {
    char allowed[256] = "one of";
    char meant[96];
    scalar value;
    read_scalar(source, &value);
    scenario_suggest suggest = scenario_suggest_for(value.text);
    for (size_t i = 0; option->names[i] != NULL; i++) {
        if (value.kind == JSON_STRING && strcmp(option->names[i], value.text) == 0) {
            *number_out = (int64_t)i;
            return true;
        }
        scenario_suggest_offer(&suggest, option->names[i]);
        const size_t length = strlen(allowed);
        (void)snprintf(allowed + length, sizeof allowed - length, "%s \"%s\"", i > 0 ? "," : "",
                       option->names[i]);
    }
    if (value.kind != JSON_STRING) {
        return wrong_kind(loader, option, source, allowed);
    }
    scenario_complain(loader->complaints, source->place, "\"%s\" is unknown%s%s \"%s\" is %s",
                      value.text, scenario_suggest_text(&suggest, meant, sizeof meant),
                      suggest.nearest != NULL ? "" : ";", scenario_option_key(option), allowed);
    return false;
}

/* The value of a text is its index. */
static bool keep_text(scenario_loader *loader, const char *text, int64_t *number_out) {
    sim_scenario *scenario = loader->scenario;
    const char **texts =
        scenario_arena_grow(&scenario->arena, scenario->texts, scenario->text_count,
                            &scenario->text_cap, sizeof *texts);
    const char *copy = scenario_arena_text(&scenario->arena, text);
    if (texts == NULL || copy == NULL) {
        return false;
    }
    scenario->texts = texts;
    texts[scenario->text_count] = copy;
    *number_out = scenario->text_count++;
    return true;
}

static bool read_text(scenario_loader *loader, const scenario_option *option,
                      const scenario_source *source, int64_t *number_out) {
    scalar value;
    read_scalar(source, &value);
    if (value.kind != JSON_STRING) {
        return wrong_kind(loader, option, source, "a text");
    }
    const bool is_name = option->type == TYPE_NAME;
    if (is_name ? !scenario_check_name(loader, source->place, value.text)
                : !scenario_check_printable(loader, source->place, value.text)) {
        return false;
    }
    return keep_text(loader, value.text, number_out);
}

static bool read_seed(scenario_loader *loader, const scenario_option *option,
                      const scenario_source *source, int64_t *number_out) {
    scalar value;
    read_scalar(source, &value);
    if (value.kind != JSON_STRING) {
        return wrong_kind(loader, option, source,
                          "a text of decimal digits such as \"1\" (64 bits do not fit a JSON "
                          "number)");
    }
    uint64_t seed = 0;
    bool ok = value.text[0] != '\0';
    for (const char *at = value.text; ok && *at != '\0'; at++) {
        const uint64_t digit = (uint64_t)(*at - '0');
        ok = *at >= '0' && *at <= '9' && seed <= (UINT64_MAX - digit) / 10;
        seed = seed * 10 + digit;
    }
    if (!ok) {
        scenario_complain(loader->complaints, source->place,
                          "\"%s\" is no seed; allowed are \"0\" .. \"18446744073709551615\"",
                          value.text);
        return false;
    }
    memcpy(number_out, &seed, sizeof seed);
    return true;
}

/* Reads the text of a reference; complains when it is none. */
static bool reference_text(scenario_loader *loader, const scenario_option *option,
                           const scenario_source *source, scalar *value) {
    read_scalar(source, value);
    return value->kind == JSON_STRING ||
           wrong_kind(loader, option, source, "a name in quotation marks");
}

static bool unknown_reference(scenario_loader *loader, const scenario_source *source,
                              const scenario_suggest *suggest, const char *what) {
    char meant[96];
    scenario_complain(loader->complaints, source->place, "there is no %s \"%s\"%s", what,
                      suggest->word, scenario_suggest_text(suggest, meant, sizeof meant));
    return false;
}

static bool read_preset(scenario_loader *loader, const scenario_option *option,
                        const scenario_source *source, int64_t *number_out) {
    scalar value;
    size_t count;
    const nat_preset *presets = nat_presets(&count);
    if (!reference_text(loader, option, source, &value)) {
        return false;
    }
    scenario_suggest suggest = scenario_suggest_for(value.text);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(presets[i].name, value.text) == 0) {
            *number_out = (int64_t)i;
            return true;
        }
        scenario_suggest_offer(&suggest, presets[i].name);
    }
    return unknown_reference(loader, source, &suggest, "NAT preset");
}

static bool read_link_preset(scenario_loader *loader, const scenario_option *option,
                             const scenario_source *source, int64_t *number_out) {
    scalar value;
    size_t count;
    const sim_link_preset *presets = sim_link_presets(&count);
    if (!reference_text(loader, option, source, &value)) {
        return false;
    }
    scenario_suggest suggest = scenario_suggest_for(value.text);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(presets[i].name, value.text) == 0) {
            *number_out = (int64_t)i;
            return true;
        }
        scenario_suggest_offer(&suggest, presets[i].name);
    }
    return unknown_reference(loader, source, &suggest, "link preset");
}

static bool read_keepalive(scenario_loader *loader, const scenario_option *option,
                           const scenario_source *source, int64_t *number_out) {
    scalar value;
    const sim_scenario *scenario = loader->scenario;
    if (!reference_text(loader, option, source, &value)) {
        return false;
    }
    scenario_suggest suggest = scenario_suggest_for(value.text);
    for (uint32_t i = 0; i < scenario->keepalive_count; i++) {
        if (strcmp(scenario->keepalives[i]->name, value.text) == 0) {
            *number_out = (int64_t)i;
            return true;
        }
        scenario_suggest_offer(&suggest, scenario->keepalives[i]->name);
    }
    return unknown_reference(loader, source, &suggest, "keepalive strategy");
}

/* A list of strategies packed into one number, a byte each. */
static bool read_keepalives(scenario_loader *loader, const scenario_option *option,
                            const scenario_source *source, int64_t *number_out) {
    uint64_t packed = 0;
    if (source->raw != NULL) {
        int64_t index = 0;
        const bool ok = read_keepalive(loader, option, source, &index);
        *number_out = index + 1;
        return ok;
    }
    const json_doc *doc = source->place.doc;
    const json_node *list = source->place.node;
    if (list->kind != JSON_ARRAY) {
        return wrong_kind(loader, option, source,
                          "a list of 1 to 8 names such as [\"agreed-15\", \"seed\"]");
    }
    if (list->child_count == 0 || list->child_count > PUNCH_OFFERS_MAX) {
        scenario_complain(loader->complaints, source->place,
                          "this list has %u entries; 1 to %d strategies can be offered",
                          list->child_count, PUNCH_OFFERS_MAX);
        return false;
    }
    for (const json_node *item = json_first(doc, list); item != NULL; item = json_next(doc, item)) {
        int64_t index = 0;
        const scenario_source element = {.place = scenario_at(doc, item)};
        if (!read_keepalive(loader, option, &element, &index)) {
            return false;
        }
        for (uint32_t i = 0; i < item->index; i++) {
            if ((packed >> (8 * i) & 0xff) == (uint64_t)index + 1) {
                scenario_complain(loader->complaints, element.place,
                                  "\"%s\" stands in the list already", item->text);
                return false;
            }
        }
        packed |= ((uint64_t)index + 1) << (8 * item->index);
    }
    memcpy(number_out, &packed, sizeof packed);
    return true;
}

uint32_t scenario_object_find(const sim_scenario *scenario, scenario_section section,
                              const char *name) {
    for (uint32_t i = 0; i < scenario->object_count; i++) {
        const scenario_object *object = &scenario->objects[i];
        if (object->section == section && object->name != NULL && object->part[0] == '\0' &&
            strcmp(object->name, name) == 0) {
            return i;
        }
    }
    return JSON_NONE;
}

/* "none" or the name of a NAT or link. */
static bool read_named(scenario_loader *loader, const scenario_option *option,
                       const scenario_source *source, int64_t *number_out) {
    const scenario_section section = option->type == TYPE_LINK ? SECTION_LINK : SECTION_NAT;
    scalar value;
    if (!reference_text(loader, option, source, &value)) {
        return false;
    }
    if (strcmp(value.text, "none") == 0) {
        *number_out = SCENARIO_NAT_NONE;
        return true;
    }
    const uint32_t found = scenario_object_find(loader->scenario, section, value.text);
    if (found != JSON_NONE) {
        *number_out = found;
        return true;
    }
    scenario_suggest suggest = scenario_suggest_for(value.text);
    scenario_suggest_offer(&suggest, "none");
    for (uint32_t i = 0; i < loader->scenario->object_count; i++) {
        const scenario_object *object = &loader->scenario->objects[i];
        if (object->section == section && object->name != NULL) {
            scenario_suggest_offer(&suggest, object->name);
        }
    }
    return unknown_reference(loader, source, &suggest,
                             section == SECTION_NAT ? "NAT in \"nat\" called"
                                                    : "link in \"link\" called");
}

static bool read_measure(scenario_loader *loader, const scenario_option *option,
                         const scenario_source *source, int64_t *number_out) {
    scalar value;
    uint32_t count;
    const sim_measure *measures = sim_measures(&count);
    if (!reference_text(loader, option, source, &value)) {
        return false;
    }
    const uint32_t found = sim_measure_find(value.text);
    if (found != SIM_MEASURE_UNKNOWN) {
        *number_out = found;
        return true;
    }
    scenario_suggest suggest = scenario_suggest_for(value.text);
    for (uint32_t i = 0; i < count; i++) {
        scenario_suggest_offer(&suggest, measures[i].name);
    }
    return unknown_reference(loader, source, &suggest, "measure");
}

/* A number or a text as it stands; what it means is known with its measure. */
static bool read_quantity(scenario_loader *loader, const scenario_option *option,
                          const scenario_source *source, int64_t *number_out) {
    scalar value;
    read_scalar(source, &value);
    if (value.kind != JSON_STRING && value.kind != JSON_NUMBER) {
        return wrong_kind(loader, option, source, "a number in the measure's unit");
    }
    return keep_text(loader, value.text, number_out);
}

bool scenario_read_fixed(scenario_loader *loader, const scenario_option *option,
                         scenario_source source, int64_t *number_out) {
    switch (option->type) {
    case TYPE_NUMBER:
        return read_number(loader, option, &source, number_out);
    case TYPE_BOOL:
        return read_bool(loader, option, &source, number_out);
    case TYPE_ENUM:
        return read_enum(loader, option, &source, number_out);
    case TYPE_TEXT:
    case TYPE_NAME:
        return read_text(loader, option, &source, number_out);
    case TYPE_SEED:
        return read_seed(loader, option, &source, number_out);
    case TYPE_PRESET:
        return read_preset(loader, option, &source, number_out);
    case TYPE_LINK_PRESET:
        return read_link_preset(loader, option, &source, number_out);
    case TYPE_NAT:
    case TYPE_OUTER_NAT:
    case TYPE_LINK:
        return read_named(loader, option, &source, number_out);
    case TYPE_KEEPALIVE:
        return read_keepalive(loader, option, &source, number_out);
    case TYPE_KEEPALIVES:
        return read_keepalives(loader, option, &source, number_out);
    case TYPE_MEASURE:
        return read_measure(loader, option, &source, number_out);
    case TYPE_QUANTITY:
        return read_quantity(loader, option, &source, number_out);
    case TYPE_CELLS: /* scenario_expect.c */
    case TYPE_COUNT:
        break;
    }
    return false;
}

bool scenario_read_value(scenario_loader *loader, const scenario_option *option,
                         scenario_source source, scenario_value *value_out) {
    *value_out = (scenario_value){0};
    if (source.raw == NULL && source.place.node->kind == JSON_OBJECT) {
        const json_doc *doc = source.place.doc;
        const json_node *node = source.place.node;
        if (option->type == TYPE_NAT && json_find(doc, node, "choice") == NULL) {
            return scenario_read_view(loader, doc, node, &value_out->number);
        }
        if ((option->flags & OPTION_DRAWN) == 0) {
            scenario_complain(loader->complaints, source.place,
                              "\"%s\" must be one value, the same in every trial of a cell",
                              scenario_option_key(option));
            return false;
        }
        return scenario_read_draw(loader, option, doc, node, value_out);
    }
    return scenario_read_fixed(loader, option, source, &value_out->number);
}
