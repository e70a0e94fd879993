/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Populations: the published ones have the shares they are said to have and name their sources, and
 * a population made of others has exactly the shares that follow, to 10^-12.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "punch_test.h"
#include "scenario_internal.h"

static void print_complaints(const char *label, sim_complaints *complaints) {
    if (complaints->count > 0) {
        (void)fprintf(stderr, "%s:\n", label);
        sim_complaints_print(complaints, stderr);
    }
    sim_complaints_clear(complaints);
}

/* A scenario whose populations are those; files are found as from scenarios/. */
static sim_scenario *load(const char *label, const char *populations) {
    const char *source = getenv("PUNCH_SOURCE_DIR");
    char path[1024];
    char text[8192];
    sim_complaints complaints = {0};
    EXPECT("ctest says where the sources are", source != NULL);
    (void)snprintf(path, sizeof path, "%s/scenarios/x.json", source != NULL ? source : ".");
    const int length =
        snprintf(text, sizeof text,
                 "{\"name\": \"x\", \"nat\": {\"named\": {}}, \"peers\": {\"a\": {}, "
                 "\"b\": {}},\n\"populations\": {%s}}",
                 populations);
    sim_scenario *scenario = sim_scenario_parse(path, text, (size_t)length, NULL, 0, &complaints);
    print_complaints(label, &complaints);
    EXPECT(label, scenario != NULL);
    return scenario;
}

/* A class and its share in 10^-12. */
typedef struct {
    const char *name;
    int64_t share;
} class_row;

/* The population of that name has these classes in this order, and no others. */
static void expect_classes(const char *label, const sim_scenario *scenario, const char *population,
                           const class_row *rows) {
    char sentence[200];
    const scenario_population *found = NULL;
    for (uint32_t i = 0; i < scenario->population_count; i++) {
        const bool same = strcmp(scenario->populations[i].name, population) == 0;
        found = same ? &scenario->populations[i] : found;
    }
    if (!EXPECT(label, found != NULL)) {
        return;
    }
    uint32_t count = 0;
    for (; rows[count].name != NULL; count++) {
        const bool there = count < found->class_count;
        (void)snprintf(sentence, sizeof sentence, "%s: name of class %u", label, (unsigned)count);
        EXPECT_TEXT(sentence, there ? found->classes[count].name : NULL, rows[count].name);
        (void)snprintf(sentence, sizeof sentence, "%s: share of %s", label, rows[count].name);
        EXPECT_INT(sentence, there ? found->classes[count].share : -1, rows[count].share);
    }
    (void)snprintf(sentence, sizeof sentence, "%s: classes", label);
    EXPECT_INT(sentence, found->class_count, count);
}

/* --- published ones */

#define PERCENT INT64_C(10000000000)
#define PER_MILLE INT64_C(1000000000)

typedef struct {
    const char *name; /* data/population-NAME.json */
    class_row classes[16];
} published_row;

static const published_row published[] = {
    {"gvod",
     {{"eim-preserving-apdf", 252 * PER_MILLE},
      {"open", 214 * PER_MILLE},
      {"apdm-random-apdf", 124 * PER_MILLE},
      {"eim-random-apdf", 99 * PER_MILLE},
      {"eim-preserving-eif", 93 * PER_MILLE},
      {"eim-random-eif", 77 * PER_MILLE},
      {"eim-preserving-adf", 46 * PER_MILLE},
      {"eim-contiguous-eif", 44 * PER_MILLE},
      {"apdm-preserving-apdf", 26 * PER_MILLE},
      {"apdm-preserving-eif", 7 * PER_MILLE},
      {"apdm-random-eif", 6 * PER_MILLE},
      {"eim-contiguous-apdf", 6 * PER_MILLE},
      {"eim-random-adf", 4 * PER_MILLE},
      {"adm-random-apdf", 2 * PER_MILLE}}},
    {"halkes2011", /* 64, 21 and 11 of 96 */
     {{"puncturable", INT64_C(666666666667)},
      {"open", INT64_C(218750000000)},
      {"endpoint-dependent", INT64_C(114583333333)}}},
    {"richter2016-home", {{"independent", 98 * PERCENT}, {"symmetric", 2 * PERCENT}}},
    {"richter2016-cgn-fixed", {{"independent", 89 * PERCENT}, {"symmetric", 11 * PERCENT}}},
    {"richter2016-cgn-cellular",
     {{"symmetric", 40 * PERCENT}, {"independent", 40 * PERCENT}, {"full-cone", 20 * PERCENT}}},
    {"netpiculet2011",
     {{"independent", 736 * PER_MILLE}, {"connection-dependent", 264 * PER_MILLE}}},
    {"ford2005", {{"punchable", 82 * PERCENT}, {"not-punchable", 18 * PERCENT}}},
};

static void published_shares_are_kept(void) {
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "\"p\": {\"file\": \"data/population-%s.json\"}",
                       published[i].name);
        sim_scenario *scenario = load(published[i].name, text);
        if (scenario != NULL) {
            expect_classes(published[i].name, scenario, "p", published[i].classes);
        }
        sim_scenario_destroy(scenario);
    }
}

/* What a reader needs in order to trust a figure. */
static void published_ones_say_where_from(void) {
    static const char *const words[] = {"\"source\": ", "\"notes\": ", "http"};
    const char *source = getenv("PUNCH_SOURCE_DIR");
    for (size_t i = 0; source != NULL && i < sizeof published / sizeof published[0]; i++) {
        char path[1024];
        char *text = NULL;
        size_t length = 0;
        const char *why = NULL;
        (void)snprintf(path, sizeof path, "%s/scenarios/data/population-%s.json", source,
                       published[i].name);
        if (!EXPECT(path, scenario_file_read(path, &text, &length, &why))) {
            continue;
        }
        char *whole = calloc(1, length + 1);
        EXPECT("there is memory", whole != NULL);
        for (size_t w = 0; whole != NULL && w < sizeof words / sizeof words[0]; w++) {
            char sentence[160];
            memcpy(whole, text, length);
            (void)snprintf(sentence, sizeof sentence, "population-%s has %s", published[i].name,
                           words[w]);
            EXPECT(sentence, strstr(whole, words[w]) != NULL);
        }
        free(whole);
        free(text);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"published shares are kept", published_shares_are_kept},
        {"published ones say where from", published_ones_say_where_from},
    };
    return PUNCH_TEST_MAIN("unit_populations", cases);
}
