/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "memory.h"

/* More than any scenario has (the loader's own limits are lower): what a forged file may make us
 * allocate. Chosen. */
#define ITEMS_MAX 200000

/* --- writing */

static void put_name(FILE *out, const char *name) {
    fputs(",\n  ", out);
    format_json_string(out, name);
    fputs(": ", out);
}

static void put_text(FILE *out, const char *name, const char *text) {
    put_name(out, name);
    format_json_string(out, text);
}

/* As text: JSON readers keep only 53 bits. */
static void put_number(FILE *out, const char *name, uint64_t number) {
    put_name(out, name);
    fprintf(out, "\"%" PRIu64 "\"", number);
}

static void put_bool(FILE *out, const char *name, bool value) {
    put_name(out, name);
    fputs(value ? "true" : "false", out);
}

static void put_list(FILE *out, const char *name, char *const *texts, uint32_t count) {
    put_name(out, name);
    fputc('[', out);
    for (uint32_t i = 0; i < count; i++) {
        fputs(i > 0 ? ", " : "", out);
        format_json_string(out, texts[i]);
    }
    fputc(']', out);
}

static void put_overrides(const facts *of, FILE *out) {
    put_name(out, "overrides");
    fputc('[', out);
    for (uint32_t i = 0; i < of->override_count; i++) {
        fputs(i > 0 ? ", [" : "[", out);
        format_json_string(out, of->overrides[i].key);
        fputs(", ", out);
        format_json_string(out, of->overrides[i].value);
        fputc(']', out);
    }
    fputc(']', out);
}

static void put_factors(const facts *of, FILE *out) {
    put_name(out, "factors");
    fputc('[', out);
    for (uint32_t f = 0; f < of->factor_count; f++) {
        const facts_factor *factor = &of->factors[f];
        fputs(f > 0 ? ",\n    {\"name\": " : "\n    {\"name\": ", out);
        format_json_string(out, factor->name);
        fprintf(out, ", \"treatment\": %s, \"levels\": [", factor->treatment ? "true" : "false");
        for (uint32_t l = 0; l < factor->level_count; l++) {
            fputs(l > 0 ? ", " : "", out);
            format_json_string(out, factor->levels[l]);
        }
        fputs("]}", out);
    }
    fputc(']', out);
}

/* What further measures a cell has, in one number. */
enum {
    HAS_CRASHES = 1,
    HAS_FAULTS = 2,
    HAS_RADIO = 4,
    HAS_ROOM = 8,
    HAS_LEARNERS = 16,
    HAS_ALL = 31
};

static int further_bits(const facts_cell *cell) {
    return (cell->crashes ? HAS_CRASHES : 0) | (cell->faults ? HAS_FAULTS : 0) |
           (cell->radio ? HAS_RADIO : 0) | (cell->room ? HAS_ROOM : 0) |
           (cell->adapts ? HAS_LEARNERS : 0);
}

static bool cells_are_alike(const facts_cell *a, const facts_cell *b) {
    return a->call_count == b->call_count && a->holds == b->holds && a->messages == b->messages &&
           further_bits(a) == further_bits(b);
}

/* Cells as runs of equals: [how many, calls, holds, messages, further bits if there are any]. */
static void put_cells(const facts *of, FILE *out) {
    put_name(out, "cells");
    fputc('[', out);
    uint32_t first = 0;
    while (first < of->cell_count) {
        const facts_cell *cell = &of->cells[first];
        uint32_t end = first + 1;
        while (end < of->cell_count && cells_are_alike(&of->cells[end], cell)) {
            end++;
        }
        fprintf(out, "%s[%" PRIu32 ", %" PRIu32 ", %d, %d", first > 0 ? ", " : "", end - first,
                cell->call_count, cell->holds, cell->messages);
        if (further_bits(cell) != 0) {
            fprintf(out, ", %d", further_bits(cell));
        }
        fputc(']', out);
        first = end;
    }
    fputc(']', out);
}

static void put_calls(const facts *of, FILE *out) {
    put_name(out, "calls");
    fputc('[', out);
    for (uint32_t c = 0; c < of->call_count; c++) {
        fprintf(out, "%s[%" PRIu32 ", %" PRIu32 "]", c > 0 ? ", " : "", of->calls[c].caller,
                of->calls[c].callee);
    }
    fputc(']', out);
}

static void put_real(FILE *out, double value) {
    fprintf(out, "%.17g", value);
}

static void put_until(const facts *of, FILE *out) {
    if (!of->until.given) {
        return;
    }
    uint32_t count = 0;
    put_name(out, "until");
    fputs("{\"measure\": ", out);
    format_json_string(out, sim_measures(&count)[of->until.measure].name);
    fputs(", \"half_width\": ", out);
    put_real(out, of->until.half_width);
    fputc('}', out);
}

static void put_tradeoff(const facts *of, FILE *out) {
    if (!of->tradeoff.given) {
        return;
    }
    uint32_t count = 0;
    const sim_measure *table = sim_measures(&count);
    const facts_factor *factor = &of->factors[of->tradeoff.factor];
    put_name(out, "tradeoff");
    fputs("{\"cost\": ", out);
    format_json_string(out, table[of->tradeoff.cost].name);
    fputs(", \"harm\": ", out);
    format_json_string(out, table[of->tradeoff.harm].name);
    fputs(", \"treatment\": ", out);
    format_json_string(out, factor->name);
    fputs(", \"baseline\": ", out);
    format_json_string(out, factor->levels[of->tradeoff.baseline]);
    if (of->tradeoff.has_margin) {
        fputs(", \"margin\": ", out);
        put_real(out, of->tradeoff.margin);
    }
    fputc('}', out);
}

static void put_expects(const facts *of, FILE *out) {
    uint32_t count = 0;
    const sim_measure *table = sim_measures(&count);
    put_name(out, "expects");
    fputc('[', out);
    for (uint32_t i = 0; i < of->expect_count; i++) {
        const sim_expect *e = &of->expects[i];
        fprintf(out, "%s{\"entry\": %" PRIu32 ", \"line\": %" PRIu32 ", \"measure\": ",
                i > 0 ? ",\n    " : "\n    ", e->entry, e->line);
        format_json_string(out, table[e->measure].name);
        fprintf(out,
                ", \"form\": %d, \"cell\": %" PRIu32 ", \"other\": %" PRIu32
                ", \"bound\": %d, \"limit\": ",
                (int)e->form, e->cell, e->other, (int)e->bound);
        put_real(out, e->limit);
        if (e->why != NULL) {
            fputs(", \"why\": ", out);
            format_json_string(out, e->why);
        }
        fputc('}', out);
    }
    fputc(']', out);
}

void facts_write(const facts *of, FILE *out) {
    fputs("{\n  \"schema\": 1", out);
    put_text(out, "version", of->version);
    put_text(out, "commit", of->commit);
    put_text(out, "scenario", of->scenario);
    put_text(out, "title", of->title);
    put_text(out, "question", of->question);
    put_text(out, "file", of->file);
    put_name(out, "digest");
    fprintf(out, "\"%016" PRIx64 "\"", of->digest);
    put_overrides(of, out);
    if (of->plugin_count > 0) {
        put_list(out, "plugins", of->plugins, of->plugin_count);
        put_list(out, "plugin_digests", of->plugin_digests, of->plugin_digest_count);
    }
    put_number(out, "seed", of->seed);
    put_number(out, "trials", of->trials);
    put_text(out, "backend", of->backend);
    put_bool(out, "virtual_time", of->virtual_time);
    put_bool(out, "backend_given", of->backend_given);
    put_text(out, "crypto", of->crypto);
    put_bool(out, "crypto_given", of->crypto_given);
    put_number(out, "shard", of->shard);
    put_number(out, "shard_count", of->shard_count);
    put_until(of, out);
    put_factors(of, out);
    put_tradeoff(of, out);
    put_cells(of, out);
    put_list(out, "hosts", of->hosts, of->host_count);
    put_list(out, "sites", of->sites, of->site_count);
    put_calls(of, out);
    put_expects(of, out);
    fputs("\n}", out);
}

/* --- reading: every getter notes the first thing that is wrong and goes on harmlessly */

typedef struct {
    const cJSON *root;
    const char *why; /* static; NULL: all right so far */
} facts_reader;

static void refuse(facts_reader *reader, const char *why) {
    if (reader->why == NULL) {
        reader->why = why;
    }
}

static char *get_text(facts_reader *reader, const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsString(item)) {
        refuse(reader, "a text is missing in the facts of the run");
        return memory_text("");
    }
    return memory_text(item->valuestring);
}

static uint64_t get_number(facts_reader *reader, const char *name, uint64_t max) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(reader->root, name);
    uint64_t number = 0;
    if (!cJSON_IsString(item) || !format_parse_u64(item->valuestring, &number) || number > max) {
        refuse(reader, "a number is missing or too large in the facts of the run");
        return 0;
    }
    return number;
}

static bool get_bool(facts_reader *reader, const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsBool(item)) {
        refuse(reader, "a flag is missing in the facts of the run");
    }
    return cJSON_IsTrue(item);
}

/* A whole number of an array or object member, 0..max. */
static uint32_t whole(facts_reader *reader, const cJSON *item, double max) {
    if (!cJSON_IsNumber(item) || item->valuedouble < 0.0 || item->valuedouble > max ||
        item->valuedouble != floor(item->valuedouble)) {
        refuse(reader, "a number in the facts of the run makes no sense");
        return 0;
    }
    return (uint32_t)item->valuedouble;
}

static const cJSON *get_list(facts_reader *reader, const cJSON *object, const char *name,
                             uint32_t *count_out) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, name);
    const int size = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : -1;
    if (size < 0 || size > ITEMS_MAX) {
        refuse(reader, "a list is missing or too long in the facts of the run");
        *count_out = 0;
        return NULL;
    }
    *count_out = (uint32_t)size;
    return list;
}

static char **get_texts(facts_reader *reader, const cJSON *object, const char *name,
                        uint32_t *count_out) {
    const cJSON *list = get_list(reader, object, name, count_out);
    char **texts = memory_zeroed(*count_out, sizeof *texts);
    const cJSON *item = NULL;
    uint32_t at = 0;
    cJSON_ArrayForEach(item, list) {
        if (!cJSON_IsString(item)) {
            refuse(reader, "a list of texts in the facts of the run holds something else");
        }
        texts[at++] = memory_text(cJSON_IsString(item) ? item->valuestring : "");
    }
    return texts;
}

static void read_overrides(facts_reader *reader, facts *out) {
    const cJSON *list = get_list(reader, reader->root, "overrides", &out->override_count);
    out->overrides = memory_zeroed(out->override_count, sizeof *out->overrides);
    const cJSON *item = NULL;
    uint32_t at = 0;
    cJSON_ArrayForEach(item, list) {
        const cJSON *key = cJSON_GetArrayItem(item, 0);
        const cJSON *value = cJSON_GetArrayItem(item, 1);
        const bool good = cJSON_IsString(key) && cJSON_IsString(value);
        if (!good) {
            refuse(reader, "an override in the facts of the run is no pair of texts");
        }
        out->overrides[at].key = memory_text(good ? key->valuestring : "");
        out->overrides[at].value = memory_text(good ? value->valuestring : "");
        at++;
    }
}

/* Absent when there are none. */
static void read_plugins(facts_reader *reader, facts *out) {
    if (cJSON_GetObjectItemCaseSensitive(reader->root, "plugins") == NULL) {
        return;
    }
    out->plugins = get_texts(reader, reader->root, "plugins", &out->plugin_count);
    out->plugin_digests =
        get_texts(reader, reader->root, "plugin_digests", &out->plugin_digest_count);
    if (out->plugin_digest_count != out->plugin_count) {
        refuse(reader, "the plug-ins in the facts of the run have not one digest each");
    }
}

static void read_factors(facts_reader *reader, facts *out) {
    const cJSON *list = get_list(reader, reader->root, "factors", &out->factor_count);
    out->factors = memory_zeroed(out->factor_count, sizeof *out->factors);
    const cJSON *item = NULL;
    uint32_t at = 0;
    cJSON_ArrayForEach(item, list) {
        facts_factor *factor = &out->factors[at++];
        factor->name = get_text(reader, item, "name");
        factor->treatment = get_bool(reader, item, "treatment");
        factor->levels = get_texts(reader, item, "levels", &factor->level_count);
        if (factor->level_count == 0) {
            refuse(reader, "a factor in the facts of the run has no levels");
        }
    }
}

static void read_cells(facts_reader *reader, facts *out) {
    uint64_t cells = 1; /* product of all levels */
    for (uint32_t f = 0; f < out->factor_count && cells <= ITEMS_MAX; f++) {
        cells *= out->factors[f].level_count;
    }
    if (cells > ITEMS_MAX) {
        refuse(reader, "there are too many cells in the facts of the run");
        cells = 0;
    }
    uint32_t run_count = 0;
    const cJSON *list = get_list(reader, reader->root, "cells", &run_count);
    out->cells = memory_zeroed((size_t)cells, sizeof *out->cells);
    const cJSON *item = NULL;
    uint32_t at = 0;
    cJSON_ArrayForEach(item, list) {
        const uint32_t count = whole(reader, cJSON_GetArrayItem(item, 0), (double)(cells - at));
        facts_cell cell = {0};
        cell.call_count = whole(reader, cJSON_GetArrayItem(item, 1), ITEMS_MAX);
        cell.holds = whole(reader, cJSON_GetArrayItem(item, 2), 1) == 1;
        cell.messages = whole(reader, cJSON_GetArrayItem(item, 3), 1) == 1;
        const cJSON *bits = cJSON_GetArrayItem(item, 4);
        const uint32_t further = bits != NULL ? whole(reader, bits, HAS_ALL) : 0;
        cell.crashes = (further & HAS_CRASHES) != 0;
        cell.faults = (further & HAS_FAULTS) != 0;
        cell.radio = (further & HAS_RADIO) != 0;
        cell.room = (further & HAS_ROOM) != 0;
        cell.adapts = (further & HAS_LEARNERS) != 0;
        for (uint32_t i = 0; i < count; i++) {
            out->cells[at++] = cell;
        }
    }
    out->cell_count = at;
    if (at != cells || at == 0) {
        refuse(reader, "factors and cells in the facts of the run do not agree");
    }
}

static void read_calls(facts_reader *reader, facts *out) {
    const cJSON *list = get_list(reader, reader->root, "calls", &out->call_count);
    out->calls = memory_zeroed(out->call_count, sizeof *out->calls);
    const double last_host = out->host_count > 0 ? (double)out->host_count - 1.0 : -1.0;
    const cJSON *item = NULL;
    uint32_t at = 0;
    cJSON_ArrayForEach(item, list) {
        out->calls[at].caller = whole(reader, cJSON_GetArrayItem(item, 0), last_host);
        out->calls[at].callee = whole(reader, cJSON_GetArrayItem(item, 1), last_host);
        at++;
    }
    for (uint32_t i = 0; i < out->cell_count; i++) {
        if (out->cells[i].call_count > out->call_count) {
            refuse(reader, "a cell in the facts of the run has more calls than are named");
        }
    }
}

static uint32_t read_measure(facts_reader *reader, const cJSON *object, const char *key) {
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(object, key);
    const uint32_t measure =
        cJSON_IsString(name) ? sim_measure_find(name->valuestring) : SIM_MEASURE_UNKNOWN;
    if (measure == SIM_MEASURE_UNKNOWN) {
        refuse(reader, "the facts of the run name a measure this version does not have");
        return 0;
    }
    return measure;
}

static double read_real(facts_reader *reader, const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble)) {
        refuse(reader, "a bound in the facts of the run is no number");
        return 0.0;
    }
    return item->valuedouble;
}

static void read_until(facts_reader *reader, facts *out) {
    const cJSON *until = cJSON_GetObjectItemCaseSensitive(reader->root, "until");
    if (until == NULL) {
        return;
    }
    out->until.given = true;
    out->until.measure = read_measure(reader, until, "measure");
    out->until.half_width = read_real(reader, until, "half_width");
    out->until.trials_max = out->trials;
}

/* The number of that text in a list; its length when it is none of them. */
static uint32_t place_of(char *const *texts, uint32_t count, const cJSON *text) {
    uint32_t at = 0;
    while (at < count && !(cJSON_IsString(text) && strcmp(texts[at], text->valuestring) == 0)) {
        at++;
    }
    return at;
}

static void read_tradeoff(facts_reader *reader, facts *out) {
    const cJSON *object = cJSON_GetObjectItemCaseSensitive(reader->root, "tradeoff");
    if (object == NULL) {
        return;
    }
    sim_tradeoff made = {.given = true};
    const cJSON *treatment = cJSON_GetObjectItemCaseSensitive(object, "treatment");
    while (made.factor < out->factor_count &&
           place_of(&out->factors[made.factor].name, 1, treatment) == 1) {
        made.factor++;
    }
    if (made.factor == out->factor_count || !out->factors[made.factor].treatment) {
        refuse(reader, "the facts of the run judge what is no treatment in them");
        return;
    }
    const facts_factor *factor = &out->factors[made.factor];
    made.baseline = place_of(factor->levels, factor->level_count,
                             cJSON_GetObjectItemCaseSensitive(object, "baseline"));
    if (made.baseline == factor->level_count || factor->level_count > SIM_TRADEOFF_LEVELS_MAX) {
        refuse(reader, "the facts of the run judge levels that make no sense");
        return;
    }
    made.cost = read_measure(reader, object, "cost");
    made.harm = read_measure(reader, object, "harm");
    made.has_margin = cJSON_GetObjectItemCaseSensitive(object, "margin") != NULL;
    made.margin = made.has_margin ? read_real(reader, object, "margin") : 0.0;
    if (made.margin < 0.0 || made.cost == made.harm) {
        refuse(reader, "the facts of the run judge by measures that make no sense");
    }
    out->tradeoff = made;
}

static void read_expects(facts_reader *reader, facts *out) {
    const cJSON *list = get_list(reader, reader->root, "expects", &out->expect_count);
    out->expects = memory_zeroed(out->expect_count, sizeof *out->expects);
    const double last_cell = out->cell_count > 0 ? (double)out->cell_count - 1.0 : -1.0;
    const cJSON *item = NULL;
    uint32_t at = 0;
    cJSON_ArrayForEach(item, list) {
        sim_expect *e = &out->expects[at++];
        e->entry = whole(reader, cJSON_GetObjectItemCaseSensitive(item, "entry"), ITEMS_MAX);
        e->line = whole(reader, cJSON_GetObjectItemCaseSensitive(item, "line"), UINT32_MAX);
        e->measure = read_measure(reader, item, "measure");
        e->form = (sim_expect_form)whole(reader, cJSON_GetObjectItemCaseSensitive(item, "form"),
                                         SIM_EXPECT_RATIO);
        e->cell = whole(reader, cJSON_GetObjectItemCaseSensitive(item, "cell"), last_cell);
        e->other = whole(reader, cJSON_GetObjectItemCaseSensitive(item, "other"), last_cell);
        e->bound = (sim_expect_bound)whole(reader, cJSON_GetObjectItemCaseSensitive(item, "bound"),
                                           SIM_EXPECT_EXACTLY);
        e->limit = read_real(reader, item, "limit");
        const cJSON *why = cJSON_GetObjectItemCaseSensitive(item, "why");
        e->why = cJSON_IsString(why) ? memory_text(why->valuestring) : NULL;
    }
}

static uint64_t read_digest(facts_reader *reader) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(reader->root, "digest");
    char text[19] = "0x";
    uint64_t digest = 0;
    if (!cJSON_IsString(item) || strlen(item->valuestring) != 16) {
        refuse(reader, "the scenario's digest is missing in the facts of the run");
        return 0;
    }
    memcpy(text + 2, item->valuestring, 17);
    if (!format_parse_u64(text, &digest)) {
        refuse(reader, "the scenario's digest in the facts of the run is no number");
    }
    return digest;
}

static void read_all(facts_reader *reader, facts *out) {
    const cJSON *schema = cJSON_GetObjectItemCaseSensitive(reader->root, "schema");
    if (!cJSON_IsNumber(schema) || schema->valuedouble != 1.0) {
        refuse(reader, "the facts of the run have a schema this version does not read");
    }
    out->version = get_text(reader, reader->root, "version");
    out->commit = get_text(reader, reader->root, "commit");
    out->scenario = get_text(reader, reader->root, "scenario");
    out->title = get_text(reader, reader->root, "title");
    out->question = get_text(reader, reader->root, "question");
    out->file = get_text(reader, reader->root, "file");
    out->digest = read_digest(reader);
    read_overrides(reader, out);
    read_plugins(reader, out);
    out->seed = get_number(reader, "seed", UINT64_MAX);
    out->trials = get_number(reader, "trials", UINT64_MAX / ITEMS_MAX);
    out->backend = get_text(reader, reader->root, "backend");
    out->virtual_time = get_bool(reader, reader->root, "virtual_time");
    out->backend_given = get_bool(reader, reader->root, "backend_given");
    out->crypto = get_text(reader, reader->root, "crypto");
    out->crypto_given = get_bool(reader, reader->root, "crypto_given");
    out->shard = (uint32_t)get_number(reader, "shard", ITEMS_MAX);
    out->shard_count = (uint32_t)get_number(reader, "shard_count", ITEMS_MAX);
    if (out->trials == 0 || out->shard >= out->shard_count) {
        refuse(reader, "there are no trials, or shards make no sense, in the facts of the run");
    }
    read_factors(reader, out);
    read_cells(reader, out);
    out->hosts = get_texts(reader, reader->root, "hosts", &out->host_count);
    out->sites = get_texts(reader, reader->root, "sites", &out->site_count);
    read_calls(reader, out);
    read_until(reader, out);
    read_tradeoff(reader, out);
    read_expects(reader, out);
}

bool facts_parse(const char *text, size_t length, facts *out, const char **why_out) {
    memset(out, 0, sizeof *out);
    cJSON *root = cJSON_ParseWithLength(text, length);
    if (!cJSON_IsObject(root)) {
        cJSON_Delete(root);
        *why_out = "the facts of the run are no JSON object";
        return false;
    }
    facts_reader reader = {root, NULL};
    read_all(&reader, out);
    cJSON_Delete(root);
    if (reader.why != NULL) {
        facts_free(out);
        *why_out = reader.why;
        return false;
    }
    return true;
}

/* --- copies and questions */

static char **copy_texts(char *const *texts, uint32_t count) {
    char **copies = memory_zeroed(count, sizeof *copies);
    for (uint32_t i = 0; i < count; i++) {
        copies[i] = memory_text(texts[i]);
    }
    return copies;
}

static void *copy_array(const void *items, size_t count, size_t size) {
    void *copy = memory_zeroed(count, size);
    if (count > 0) {
        memcpy(copy, items, count * size);
    }
    return copy;
}

facts facts_copy(const facts *of) {
    facts copy = *of;
    char **const texts[] = {&copy.version,  &copy.commit, &copy.scenario, &copy.title,
                            &copy.question, &copy.file,   &copy.backend,  &copy.crypto};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = memory_text(*texts[i]);
    }
    copy.overrides = memory_zeroed(of->override_count, sizeof *copy.overrides);
    for (uint32_t i = 0; i < of->override_count; i++) {
        copy.overrides[i].key = memory_text(of->overrides[i].key);
        copy.overrides[i].value = memory_text(of->overrides[i].value);
    }
    copy.plugins = copy_texts(of->plugins, of->plugin_count);
    copy.plugin_digests = copy_texts(of->plugin_digests, of->plugin_digest_count);
    copy.factors = copy_array(of->factors, of->factor_count, sizeof *of->factors);
    for (uint32_t f = 0; f < of->factor_count; f++) {
        copy.factors[f].name = memory_text(of->factors[f].name);
        copy.factors[f].levels = copy_texts(of->factors[f].levels, of->factors[f].level_count);
    }
    copy.cells = copy_array(of->cells, of->cell_count, sizeof *of->cells);
    copy.hosts = copy_texts(of->hosts, of->host_count);
    copy.sites = copy_texts(of->sites, of->site_count);
    copy.calls = copy_array(of->calls, of->call_count, sizeof *of->calls);
    copy.expects = copy_array(of->expects, of->expect_count, sizeof *of->expects);
    for (uint32_t i = 0; i < of->expect_count; i++) {
        copy.expects[i].why = of->expects[i].why != NULL ? memory_text(of->expects[i].why) : NULL;
    }
    return copy;
}

static void free_texts(char **texts, uint32_t count) {
    for (uint32_t i = 0; texts != NULL && i < count; i++) {
        free(texts[i]);
    }
    free(texts);
}

/* A text that is only lent as const, but is ours. */
static void free_lent(const char *text) {
    free((void *)(uintptr_t)text);
}

void facts_free(facts *of) {
    free(of->version);
    free(of->commit);
    free(of->scenario);
    free(of->title);
    free(of->question);
    free(of->file);
    free(of->backend);
    free(of->crypto);
    for (uint32_t i = 0; of->overrides != NULL && i < of->override_count; i++) {
        free_lent(of->overrides[i].key);
        free_lent(of->overrides[i].value);
    }
    free(of->overrides);
    free_texts(of->plugins, of->plugin_count);
    free_texts(of->plugin_digests, of->plugin_digest_count);
    for (uint32_t f = 0; of->factors != NULL && f < of->factor_count; f++) {
        free(of->factors[f].name);
        free_texts(of->factors[f].levels, of->factors[f].level_count);
    }
    free(of->factors);
    free(of->cells);
    free_texts(of->hosts, of->host_count);
    free_texts(of->sites, of->site_count);
    free(of->calls);
    for (uint32_t i = 0; of->expects != NULL && i < of->expect_count; i++) {
        free_lent(of->expects[i].why);
    }
    free(of->expects);
    memset(of, 0, sizeof *of);
}

uint32_t facts_level(const facts *of, uint32_t cell, uint32_t factor) {
    for (uint32_t f = of->factor_count; f-- > factor + 1;) {
        cell /= of->factors[f].level_count;
    }
    return cell % of->factors[factor].level_count;
}

const char *facts_level_name(const facts *of, uint32_t cell, uint32_t factor) {
    return of->factors[factor].levels[facts_level(of, cell, factor)];
}

bool facts_measured(const facts *of, uint32_t cell, uint32_t measure) {
    uint32_t count = 0;
    const sim_measure *table = sim_measures(&count);
    switch (table[measure].where) {
    case SIM_MEASURED_ALWAYS:
        return true;
    case SIM_MEASURED_HOLDING:
        return of->cells[cell].holds;
    case SIM_MEASURED_MESSAGES:
        return of->cells[cell].messages;
    case SIM_MEASURED_CRASHES:
        return of->cells[cell].crashes;
    case SIM_MEASURED_FAULTS:
        return of->cells[cell].faults;
    case SIM_MEASURED_RADIO:
        return of->cells[cell].radio;
    case SIM_MEASURED_ROOM:
        return of->cells[cell].room;
    }
    return false;
}

bool facts_paired(const facts *of, uint32_t cell, uint32_t other) {
    for (uint32_t f = 0; f < of->factor_count; f++) {
        if (!of->factors[f].treatment && facts_level(of, cell, f) != facts_level(of, other, f)) {
            return false;
        }
    }
    return of->cells[cell].call_count == of->cells[other].call_count;
}
