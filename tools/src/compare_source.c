/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compare_source.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "memory.h"
#include "punch/assert.h"
#include "report.h"
#include "words.h"

#define JSON_BYTES_MAX (64u << 20) /* chosen: a hundred thousand cells */
#define FACTORS_MAX 64u            /* chosen: as far more than scenarios have */

static stats_estimate *no_estimates(void) {
    uint32_t count = 0;
    (void)sim_measures(&count);
    stats_estimate *estimates = memory_zeroed(count, sizeof *estimates);
    for (uint32_t m = 0; m < count; m++) {
        estimates[m] = (stats_estimate){0, NAN, NAN, NAN};
    }
    return estimates;
}

/* --- directories */

static void take_cells(compare_source *source) {
    const facts *about = &source->file.about;
    uint32_t measure_count = 0;
    (void)sim_measures(&measure_count);
    source->factor_count = about->factor_count;
    source->factors = memory_zeroed(about->factor_count, sizeof *source->factors);
    for (uint32_t f = 0; f < about->factor_count; f++) {
        source->factors[f] = file_copy_name(about->factors[f].name);
    }
    source->cell_count = about->cell_count;
    source->cells = memory_zeroed(about->cell_count, sizeof *source->cells);
    for (uint32_t i = 0; i < about->cell_count; i++) {
        compare_cell *cell = &source->cells[i];
        cell->trials = source->said.cells[i].trials;
        cell->estimates = no_estimates();
        memcpy(cell->estimates, source->said.cells[i].estimates,
               measure_count * sizeof *cell->estimates);
        cell->levels = memory_zeroed(about->factor_count, sizeof *cell->levels);
        for (uint32_t f = 0; f < about->factor_count; f++) {
            cell->levels[f] = file_copy_name(facts_level_name(about, i, f));
        }
    }
}

static char *open_directory(compare_source *source, const char *path, const char *program,
                            uint32_t jobs) {
    char *trials = file_join(path, REPORT_TRIALS_NAME);
    struct stat there;
    char *why = NULL;
    if (stat(trials, &there) != 0) {
        why =
            words_sentence("%s: there is no %s in it, so it is not the directory of a finished run",
                           path, REPORT_TRIALS_NAME);
    } else {
        why = trials_open(&source->file, trials);
    }
    free(trials);
    if (why != NULL) {
        return why;
    }
    why = analysis_make(&source->said, &source->file, program, jobs);
    if (why != NULL) {
        trials_close(&source->file);
        return why;
    }
    const facts *about = &source->file.about;
    source->has_trials = true;
    source->path = file_copy_name(path);
    source->scenario = file_copy_name(about->scenario);
    source->digest = words_sentence("%016" PRIx64, about->digest);
    source->seed = words_sentence("%" PRIu64, about->seed);
    source->made_by = words_sentence("punchlab %s (%s)", about->version, about->commit);
    source->confidence = source->said.confidence;
    source->partial = source->said.partial;
    take_cells(source);
    return NULL;
}

/* --- JSON */

static const char *text_of(const cJSON *object, const char *name) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text != NULL ? text : "";
}

/* A number, or what null stands for there. */
static double real_of(const cJSON *object, const char *name, double null) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : null;
}

static uint64_t count_of(const cJSON *object, const char *name) {
    const double number = real_of(object, name, 0.0);
    return number >= 0.0 && number < 1e18 ? (uint64_t)number : 0;
}

static stats_estimate estimate_of(const cJSON *object) {
    stats_estimate e = {count_of(object, "n"), NAN, NAN, NAN};
    if (e.n > 0) {
        e.value = real_of(object, "value", INFINITY);
        /* The lower end of what is never is never; of a mean of one it is below everything. */
        e.lo = real_of(object, "lo", isinf(e.value) ? INFINITY : -INFINITY);
        e.hi = real_of(object, "hi", INFINITY);
    }
    return e.lo <= e.value && e.value <= e.hi ? e : (stats_estimate){0, NAN, NAN, NAN};
}

static void parse_measures(const cJSON *measures, compare_cell *cell) {
    cell->estimates = no_estimates();
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, measures) {
        /* Measures of other versions are none of ours. */
        const uint32_t measure = sim_measure_find(item->string);
        if (measure != SIM_MEASURE_UNKNOWN) {
            cell->estimates[measure] = estimate_of(item);
        }
    }
}

/* False when the factors are not those of the first cell. */
static bool parse_levels(const compare_source *source, const cJSON *factors, compare_cell *cell) {
    cell->levels = memory_zeroed(source->factor_count, sizeof *cell->levels);
    if ((uint32_t)cJSON_GetArraySize(factors) != source->factor_count) {
        return false;
    }
    for (uint32_t f = 0; f < source->factor_count; f++) {
        const cJSON *level = cJSON_GetObjectItemCaseSensitive(factors, source->factors[f]);
        if (!cJSON_IsString(level)) {
            return false;
        }
        cell->levels[f] = file_copy_name(level->valuestring);
    }
    return true;
}

static char *parse_cells(compare_source *source, const cJSON *cells) {
    const cJSON *factors = cJSON_GetObjectItemCaseSensitive(cells->child, "factors");
    const int factor_count = cJSON_GetArraySize(factors);
    if (!cJSON_IsObject(factors) || factor_count > (int)FACTORS_MAX) {
        return words_sentence("%s: its first cell has no factors", source->path);
    }
    source->factor_count = (uint32_t)factor_count;
    source->factors = memory_zeroed(source->factor_count, sizeof *source->factors);
    uint32_t f = 0;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, factors) {
        source->factors[f++] = file_copy_name(item->string);
    }
    source->cells = memory_zeroed((size_t)cJSON_GetArraySize(cells), sizeof *source->cells);
    cJSON_ArrayForEach(item, cells) {
        compare_cell *cell = &source->cells[source->cell_count++];
        cell->trials = count_of(item, "trials");
        parse_measures(cJSON_GetObjectItemCaseSensitive(item, "measures"), cell);
        if (!parse_levels(source, cJSON_GetObjectItemCaseSensitive(item, "factors"), cell)) {
            return words_sentence("%s: cell %" PRIu32 " does not have the factors of the first",
                                  source->path, source->cell_count - 1);
        }
    }
    return NULL;
}

static char *parse_object(compare_source *source, const cJSON *object) {
    const cJSON *cells = cJSON_GetObjectItemCaseSensitive(object, "cells");
    if (!cJSON_IsObject(object) || !cJSON_IsArray(cells) || cells->child == NULL ||
        text_of(object, "scenario")[0] == '\0') {
        return words_sentence("%s: not what 'punchlab run --json' writes", source->path);
    }
    const double schema = real_of(object, "schema", 0.0);
    if (schema != 1.0) {
        return words_sentence("%s: its schema is %g; this program reads 1", source->path, schema);
    }
    source->scenario = file_copy_name(text_of(object, "scenario"));
    source->digest = file_copy_name(text_of(object, "digest"));
    source->seed = file_copy_name(text_of(object, "seed"));
    source->made_by = file_copy_name("");
    source->partial = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "partial"));
    source->confidence = real_of(object, "confidence", STATS_CONFIDENCE);
    if (!(source->confidence > 0.0 && source->confidence < 1.0)) {
        return words_sentence("%s: its confidence is %g", source->path, source->confidence);
    }
    return parse_cells(source, cells);
}

char *compare_source_parse(compare_source *source, const char *path, const char *text,
                           size_t length) {
    memset(source, 0, sizeof *source);
    source->path = file_copy_name(path);
    const char *end = NULL;
    cJSON *object = cJSON_ParseWithLengthOpts(text, length, &end, false);
    char *why = object != NULL ? parse_object(source, object)
                               : words_sentence("%s: not JSON, at byte %zu", path,
                                                end != NULL ? (size_t)(end - text) : 0);
    cJSON_Delete(object);
    if (why != NULL) {
        compare_source_close(source);
    }
    return why;
}

/* All of a file, or NULL with errno; an empty file has one byte of room, too. */
static char *read_all(const char *path, size_t *length_out) {
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        return NULL;
    }
    size_t cap = 65536;
    size_t length = 0;
    char *text = malloc(cap);
    PUNCH_ASSERT(text != NULL);
    size_t got = 0;
    while ((got = fread(text + length, 1, cap - length, in)) > 0 && length < JSON_BYTES_MAX) {
        length += got;
        if (length == cap) {
            cap *= 2;
            char *more = realloc(text, cap);
            PUNCH_ASSERT(more != NULL);
            text = more;
        }
    }
    const int error = ferror(in) ? errno : 0;
    (void)fclose(in);
    if (error != 0) {
        free(text);
        errno = error;
        return NULL;
    }
    *length_out = length;
    return text;
}

static char *open_json(compare_source *source, const char *path) {
    size_t length = 0;
    char *text = read_all(path, &length);
    if (text == NULL) {
        return words_sentence("%s: %s", path, strerror(errno));
    }
    char *why = compare_source_parse(source, path, text, length);
    free(text);
    return why;
}

char *compare_source_open(compare_source *source, const char *path, const char *program,
                          uint32_t jobs) {
    memset(source, 0, sizeof *source);
    struct stat there;
    if (stat(path, &there) != 0) {
        return words_sentence("%s: %s", path, strerror(errno));
    }
    return S_ISDIR(there.st_mode) ? open_directory(source, path, program, jobs)
                                  : open_json(source, path);
}

void compare_source_close(compare_source *source) {
    for (uint32_t i = 0; i < source->cell_count; i++) {
        for (uint32_t f = 0; source->cells[i].levels != NULL && f < source->factor_count; f++) {
            free(source->cells[i].levels[f]);
        }
        free(source->cells[i].levels);
        free(source->cells[i].estimates);
    }
    for (uint32_t f = 0; f < source->factor_count; f++) {
        free(source->factors[f]);
    }
    free(source->cells);
    free(source->factors);
    free(source->path);
    free(source->scenario);
    free(source->digest);
    free(source->seed);
    free(source->made_by);
    if (source->has_trials) {
        analysis_free(&source->said);
        trials_close(&source->file);
    }
    memset(source, 0, sizeof *source);
}
