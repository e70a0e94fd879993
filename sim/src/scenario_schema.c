/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scenarios/schema.json, from the option table: a JSON Schema (draft 2020-12) for editors. It knows
 * keys, types, names and units; what needs arithmetic or the rest of the file (ranges of texts,
 * sums, references) is the loader's alone.
 */
#include <inttypes.h>
#include <string.h>

#include "nat/presets.h"
#include "punch/lab.h"
#include "scenario_internal.h"
#include "sim/link_presets.h"

#define NAME_PATTERN "^[A-Za-z0-9_-]{1,32}$"

/* A JSON string. The texts of the option table hold no control characters. */
static void write_text(const char *text, FILE *out) {
    (void)fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            (void)fputc('\\', out);
        }
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

static void write_names(const char *const *names, FILE *out) {
    (void)fputs("{\"enum\": [", out);
    for (size_t i = 0; names[i] != NULL; i++) {
        (void)fputs(i > 0 ? ", " : "", out);
        write_text(names[i], out);
    }
    (void)fputs("]}", out);
}

static void write_number(const scenario_option *option, FILE *out) {
    const char *pattern = scenario_number_pattern(option->number);
    int64_t low;
    int64_t high;
    scenario_option_range(option, &low, &high);
    if (option->number == NUMBER_COUNT) {
        (void)fprintf(out,
                      "{\"type\": \"integer\", \"minimum\": %" PRId64 ", \"maximum\": %" PRId64 "}",
                      low, high);
    } else if (option->number == NUMBER_MULTIPLIER) {
        (void)fprintf(out, "{\"type\": \"number\", \"minimum\": %s, \"maximum\": %s}", option->low,
                      option->high);
    } else if (option->number == NUMBER_RATIO) {
        (void)fprintf(out,
                      "{\"anyOf\": [{\"type\": \"string\", \"pattern\": \"%s\"}, {\"type\": "
                      "\"number\", \"minimum\": 0, \"maximum\": 1}]}",
                      pattern);
    } else {
        /* Without the optional sign where the range has none. */
        const bool skip = low >= 0 && strncmp(pattern, "^-?", 3) == 0;
        (void)fprintf(out, "{\"type\": \"string\", \"pattern\": \"%s%s\"}", skip ? "^" : "",
                      pattern + (skip ? 3 : 0));
    }
}

static void write_presets(FILE *out) {
    size_t count;
    const nat_preset *presets = nat_presets(&count);
    (void)fputs("{\"enum\": [", out);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "%s\"%s\"", i > 0 ? ", " : "", presets[i].name);
    }
    (void)fputs("]}", out);
}

static void write_link_presets(FILE *out) {
    size_t count;
    const sim_link_preset *presets = sim_link_presets(&count);
    (void)fputs("{\"enum\": [", out);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "%s\"%s\"", i > 0 ? ", " : "", presets[i].name);
    }
    (void)fputs("]}", out);
}

static void write_keepalives(FILE *out) {
    size_t count;
    const punch_keepalive *const *known = punch_lab_keepalives(&count);
    (void)fputs("{\"enum\": [", out);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "%s\"%s\"", i > 0 ? ", " : "", known[i]->name);
    }
    (void)fputs("]}", out);
}

static void write_measures(FILE *out) {
    uint32_t count;
    const sim_measure *measures = sim_measures(&count);
    (void)fputs("{\"enum\": [", out);
    for (uint32_t i = 0; i < count; i++) {
        (void)fprintf(out, "%s\"%s\"", i > 0 ? ", " : "", measures[i].name);
    }
    (void)fputs("]}", out);
}

/* The schema of a fixed value. */
static void write_fixed(const scenario_option *option, FILE *out) {
    switch (option->type) {
    case TYPE_NUMBER:
        write_number(option, out);
        return;
    case TYPE_BOOL:
        (void)fputs("{\"type\": \"boolean\"}", out);
        return;
    case TYPE_ENUM:
        write_names(option->names, out);
        return;
    case TYPE_TEXT:
        (void)fputs("{\"type\": \"string\"}", out);
        return;
    case TYPE_NAME:
    case TYPE_OUTER_NAT:
    case TYPE_LINK:
        (void)fputs("{\"type\": \"string\", \"pattern\": \"" NAME_PATTERN "\"}", out);
        return;
    case TYPE_SEED:
        (void)fputs("{\"type\": \"string\", \"pattern\": \"^[0-9]{1,20}$\"}", out);
        return;
    case TYPE_PRESET:
        write_presets(out);
        return;
    case TYPE_LINK_PRESET:
        write_link_presets(out);
        return;
    case TYPE_NAT:
        (void)fputs("{\"anyOf\": [{\"type\": \"string\", \"pattern\": \"" NAME_PATTERN
                    "\"}, "
                    "{\"$ref\": \"#/$defs/view\"}]}",
                    out);
        return;
    case TYPE_KEEPALIVE:
        write_keepalives(out);
        return;
    case TYPE_KEEPALIVES:
        (void)fputs(
            "{\"type\": \"array\", \"minItems\": 1, \"maxItems\": 8, \"uniqueItems\": "
            "true, \"items\": ",
            out);
        write_keepalives(out);
        (void)fputs("}", out);
        return;
    case TYPE_MEASURE:
        write_measures(out);
        return;
    case TYPE_QUANTITY:
        (void)fputs("{\"type\": [\"string\", \"number\"]}", out);
        return;
    case TYPE_CELLS:
        (void)fputs("{\"$ref\": \"#/$defs/cells\"}", out);
        return;
    case TYPE_COUNT:
        return;
    }
}

static void write_property(const scenario_option *option, FILE *out) {
    (void)fputs("        ", out);
    write_text(scenario_option_key(option), out);
    (void)fputs(": {\"description\": ", out);
    write_text(option->help, out);
    (void)fputs(", ", out);
    if ((option->flags & OPTION_DRAWN) == 0) {
        (void)fputs("\"allOf\": [", out);
    } else {
        (void)fputs("\"anyOf\": [", out);
    }
    write_fixed(option, out);
    if ((option->flags & OPTION_DRAWN) != 0) {
        (void)fprintf(out, ", {\"$ref\": \"#/$defs/%s\"}",
                      option->type == TYPE_NUMBER ? "distribution" : "choice");
    }
    if ((option->flags & OPTION_DRAWN) != 0 &&
        (option->type == TYPE_ENUM || option->type == TYPE_BOOL ||
         option->type == TYPE_LINK_PRESET)) {
        (void)fputs(", {\"$ref\": \"#/$defs/measured\"}", out);
    }
    (void)fputs("]}", out);
}

/* The body of an object schema: the options of a section and further properties. */
static void write_section(scenario_section section, const char *further, FILE *out) {
    size_t count;
    bool first = true;
    const scenario_option *options = scenario_options(&count);
    (void)fputs(
        "\"type\": \"object\", \"additionalProperties\": false,\n      \"properties\": "
        "{\n",
        out);
    for (size_t i = 0; i < count; i++) {
        if (options[i].section == section) {
            (void)fputs(first ? "" : ",\n", out);
            write_property(&options[i], out);
            first = false;
        }
    }
    (void)fprintf(out, "%s\n      }", further);
    first = true;
    for (size_t i = 0; i < count; i++) {
        if (options[i].section == section && (options[i].flags & OPTION_REQUIRED) != 0) {
            (void)fputs(first ? ", \"required\": [" : ", ", out);
            write_text(scenario_option_key(&options[i]), out);
            first = false;
        }
    }
    (void)fputs(first ? "" : section == SECTION_ROOT ? ", \"peers\"]" : "]", out);
}

/* `further` are properties, `rules` what holds between them. */
static void write_ruled_def(const char *name, scenario_section section, const char *further,
                            const char *rules, FILE *out) {
    (void)fprintf(out, "    \"%s\": {", name);
    write_section(section, further, out);
    (void)fprintf(out, "%s},\n", rules);
}

static void write_def(const char *name, scenario_section section, const char *further, FILE *out) {
    write_ruled_def(name, section, further, "", out);
}

/* Definitions that are the same whatever the options are. */
static const char fixed_defs[] =
    "    \"share\": {\"anyOf\": [{\"type\": \"string\", \"pattern\": "
    "\"^[0-9]+(\\\\.[0-9]+)?%?$\"}, {\"type\": \"number\", \"exclusiveMinimum\": 0, \"maximum\": "
    "1}]},\n"
    "    \"scalar\": {\"type\": [\"string\", \"number\", \"boolean\"]},\n"
    "    \"measured\": {\"type\": \"object\", \"additionalProperties\": false, \"required\": "
    "[\"from\"], \"properties\": {\"from\": {\"type\": \"string\", \"pattern\": "
    "\"\\\\.[cC][sS][vV]$\"}, \"column\": {\"type\": \"string\"}}},\n"
    "    \"choice\": {\"type\": \"object\", \"additionalProperties\": false, \"required\": "
    "[\"choice\"], \"properties\": {\"choice\": {\"type\": \"array\", \"minItems\": 1, "
    "\"items\": {\"type\": \"object\", \"additionalProperties\": false, \"required\": "
    "[\"share\", \"value\"], \"properties\": {\"share\": {\"$ref\": \"#/$defs/share\"}, "
    "\"value\": {\"anyOf\": [{\"$ref\": \"#/$defs/scalar\"}, {\"$ref\": "
    "\"#/$defs/distribution\"}, {\"$ref\": \"#/$defs/view\"}]}}}}}},\n"
    "    \"distribution\": {\"anyOf\": [\n"
    "      {\"$ref\": \"#/$defs/choice\"},\n"
    "      {\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"uniform\"], "
    "\"properties\": {\"uniform\": {\"type\": \"array\", \"minItems\": 2, \"maxItems\": 2, "
    "\"items\": {\"$ref\": \"#/$defs/scalar\"}}}},\n"
    "      {\"type\": \"object\", \"additionalProperties\": false, \"required\": "
    "[\"loguniform\"], \"properties\": {\"loguniform\": {\"type\": \"array\", \"minItems\": 2, "
    "\"maxItems\": 2, \"items\": {\"$ref\": \"#/$defs/scalar\"}}}},\n"
    "      {\"type\": \"object\", \"additionalProperties\": false, \"required\": "
    "[\"exponential\"], \"properties\": {\"exponential\": {\"type\": \"object\", "
    "\"additionalProperties\": false, \"required\": [\"mean\"], \"properties\": {\"mean\": "
    "{\"$ref\": \"#/$defs/scalar\"}}}}},\n"
    "      {\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"lognormal\"], "
    "\"properties\": {\"lognormal\": {\"type\": \"object\", \"additionalProperties\": false, "
    "\"required\": [\"median\", \"sigma\"], \"properties\": {\"median\": {\"$ref\": "
    "\"#/$defs/scalar\"}, \"sigma\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": "
    "10}}}}},\n"
    "      {\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"quantiles\"], "
    "\"properties\": {\"quantiles\": {\"type\": \"object\", \"minProperties\": 2, "
    "\"additionalProperties\": {\"$ref\": \"#/$defs/scalar\"}}}},\n"
    "      {\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"from\"], "
    "\"properties\": {\"from\": {\"type\": \"string\"}, \"column\": {\"type\": "
    "\"string\"}, \"unit\": {\"type\": \"string\"}, \"scale\": {\"$ref\": "
    "\"#/$defs/share\"}}}\n"
    "    ]},\n"
    "    \"view\": {\"type\": \"object\", \"additionalProperties\": false, \"required\": "
    "[\"population\"], \"properties\": {\"population\": {\"type\": \"string\"}, \"without\": "
    "{\"type\": \"array\", \"items\": {\"type\": \"string\"}}}},\n"
    "    \"level\": {\"anyOf\": [{\"$ref\": \"#/$defs/scalar\"},\n"
    "      {\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"label\", "
    "\"value\"], \"properties\": {\"label\": {\"type\": \"string\"}, \"value\": true}},\n"
    "      {\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"label\", "
    "\"set\"], \"properties\": {\"label\": {\"type\": \"string\"}, \"set\": {\"type\": "
    "\"object\"}}}]},\n"
    "    \"factor\": {\"type\": \"object\", \"additionalProperties\": false, \"required\": "
    "[\"name\", \"levels\"], \"properties\": {\"name\": {\"type\": \"string\", \"pattern\": "
    "\"" NAME_PATTERN
    "\"}, \"treatment\": {\"type\": \"boolean\"}, \"set\": {\"type\": "
    "\"string\"}, \"notes\": {\"type\": \"string\"}, \"levels\": {\"type\": \"array\", "
    "\"minItems\": 1, \"maxItems\": 1000, \"items\": {\"$ref\": \"#/$defs/level\"}}}},\n"
    "    \"cells\": {\"type\": \"object\", \"additionalProperties\": {\"anyOf\": [{\"$ref\": "
    "\"#/$defs/scalar\"}, {\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": "
    "\"#/$defs/scalar\"}}]}},\n";
static const char population_defs[] =
    "    \"part\": {\"type\": \"object\", \"additionalProperties\": false, \"required\": "
    "[\"share\", \"population\"], \"properties\": {\"share\": {\"$ref\": \"#/$defs/share\"}, "
    "\"name\": {\"type\": \"string\", \"pattern\": \"" NAME_PATTERN
    "\"}, \"population\": {\"type\": \"string\"}, \"without\": {\"type\": \"array\", "
    "\"items\": {\"type\": \"string\"}}}},\n"
    "    \"population\": {\"anyOf\": [\n"
    "      {\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"file\"], "
    "\"properties\": {\"file\": {\"type\": \"string\"}}},\n"
    "      {\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"from\"], "
    "\"properties\": {\"from\": {\"type\": \"string\", \"pattern\": "
    "\"\\\\.[cC][sS][vV]$\"}, \"source\": {\"type\": \"string\"}, \"notes\": {\"type\": "
    "\"string\"}, \"common\": {\"$ref\": \"#/$defs/nat\"}, \"ignore\": {\"type\": \"array\", "
    "\"items\": {\"type\": \"string\"}}}},\n"
    "      {\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"source\", "
    "\"classes\"], \"properties\": {\"source\": {\"type\": \"string\"}, \"notes\": {\"type\": "
    "\"string\"}, \"common\": {\"$ref\": \"#/$defs/nat\"}, \"classes\": {\"type\": \"array\", "
    "\"minItems\": 1, \"maxItems\": 1000, \"items\": {\"anyOf\": [{\"$ref\": \"#/$defs/class\"}, "
    "{\"$ref\": \"#/$defs/part\"}]}}}}\n"
    "    ]},\n";

static const char nat_class_further[] =
    ",\n        \"share\": {\"$ref\": \"#/$defs/share\"},\n        \"name\": {\"type\": "
    "\"string\", \"pattern\": \"" NAME_PATTERN "\"},\n        \"nat\": {\"type\": \"string\"}";
static const char link_further[] =
    ",\n        \"up\": {\"$ref\": \"#/$defs/direction\"},\n        \"down\": {\"$ref\": "
    "\"#/$defs/direction\"}";
static const char root_further[] =
    ",\n        \"$schema\": {\"type\": \"string\"},\n"
    "        \"core\": {\"$ref\": \"#/$defs/core\"},\n"
    "        \"nat\": {\"type\": \"object\", \"propertyNames\": {\"pattern\": \"" NAME_PATTERN
    "\"}, \"additionalProperties\": {\"$ref\": \"#/$defs/nat\"}},\n"
    "        \"link\": {\"type\": \"object\", \"propertyNames\": {\"pattern\": \"" NAME_PATTERN
    "\"}, \"additionalProperties\": {\"$ref\": \"#/$defs/link\"}},\n"
    "        \"peers\": {\"type\": \"object\", \"additionalProperties\": false, \"required\": "
    "[\"a\", \"b\"], \"properties\": {\"a\": {\"$ref\": \"#/$defs/peer\"}, \"b\": {\"$ref\": "
    "\"#/$defs/peer\"}}},\n"
    "        \"broker\": {\"$ref\": \"#/$defs/broker\"},\n"
    "        \"internet\": {\"$ref\": \"#/$defs/internet\"},\n"
    "        \"call\": {\"$ref\": \"#/$defs/call\"},\n"
    "        \"timeline\": {\"type\": \"array\", \"maxItems\": 64, \"items\": {\"$ref\": "
    "\"#/$defs/fault\"}},\n"
    "        \"until\": {\"$ref\": \"#/$defs/until\"},\n"
    "        \"tradeoff\": {\"$ref\": \"#/$defs/tradeoff\"},\n"
    "        \"expect\": {\"type\": \"array\", \"items\": {\"$ref\": "
    "\"#/$defs/expect\"}},\n"
    "        \"populations\": {\"type\": \"object\", \"propertyNames\": {\"pattern\": "
    "\"" NAME_PATTERN
    "\"}, \"additionalProperties\": {\"$ref\": \"#/$defs/population\"}},\n"
    "        \"factors\": {\"type\": \"array\", \"maxItems\": 16, \"items\": {\"$ref\": "
    "\"#/$defs/factor\"}}";

/* At least one bound, "exactly" alone, one comparison at most. */
static const char expect_rules[] =
    ", \"anyOf\": [{\"required\": [\"at_least\"]}, {\"required\": [\"at_most\"]}, "
    "{\"required\": [\"exactly\"]}], \"not\": {\"anyOf\": [{\"required\": [\"minus\", "
    "\"over\"]}, {\"required\": [\"exactly\", \"at_least\"]}, {\"required\": [\"exactly\", "
    "\"at_most\"]}]}";
static const char root_rules[] = ", \"not\": {\"required\": [\"trials\", \"until\"]}";

void sim_scenario_write_schema(FILE *out) {
    (void)fputs(
        "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
        "  \"title\": \"punchlab scenario\",\n  \"$defs\": {\n",
        out);
    (void)fputs(fixed_defs, out);
    (void)fputs(population_defs, out);
    write_def("nat", SECTION_NAT, "", out);
    write_def("class", SECTION_NAT, nat_class_further, out);
    write_def("direction", SECTION_LINK, "", out);
    write_def("link", SECTION_LINK, link_further, out);
    write_def("core", SECTION_CORE, "", out);
    write_def("peer", SECTION_PEERS, "", out);
    write_def("broker", SECTION_BROKER, "", out);
    write_def("internet", SECTION_INTERNET, "", out);
    write_def("call", SECTION_CALL, "", out);
    write_def("fault", SECTION_TIMELINE, "", out);
    write_def("until", SECTION_UNTIL, "", out);
    write_def("tradeoff", SECTION_TRADEOFF, "", out);
    write_ruled_def("expect", SECTION_EXPECT, "", expect_rules, out);
    (void)fputs("    \"scenario\": {", out);
    write_section(SECTION_ROOT, root_further, out);
    (void)fputs(root_rules, out);
    (void)fputs("}\n  },\n  \"$ref\": \"#/$defs/scenario\"\n}\n", out);
}
