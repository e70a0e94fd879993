/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All 81 pairs of mapping and filtering against what RFC 4787's definitions imply for plain
 * punching with random ports, a rendezvous on a third address, and no loss:
 *
 *   both endpoint-independent mapping                 always
 *   one endpoint-dependent                            iff the other's filter ignores the port
 *   both endpoint-dependent                           iff one filter is EIF and the other EIF or
 * ADF
 *
 * because an endpoint-dependent side sends from a port nobody could have been told. With reply
 * affinity such a side answers from the port it was reached at, which helps exactly where its own
 * filter lets the first packet in (EIF) and the other side's filter then insists on the port
 * (APDF).
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "punch_test.h"

typedef struct {
    const char *mapping;
    const char *filtering;
} side;

static bool is(const char *text, const char *name) {
    return text != NULL && strcmp(text, name) == 0;
}

static bool endpoint_dependent(const side *at) {
    return !is(at->mapping, "EIM");
}

static bool ignores_port(const side *at) {
    return is(at->filtering, "EIF") || is(at->filtering, "ADF");
}

static bool plain_rule(const side *a, const side *b) {
    if (!endpoint_dependent(a) && !endpoint_dependent(b)) {
        return true;
    }
    if (endpoint_dependent(a) != endpoint_dependent(b)) {
        return ignores_port(endpoint_dependent(a) ? b : a);
    }
    return (is(a->filtering, "EIF") && ignores_port(b)) ||
           (is(b->filtering, "EIF") && ignores_port(a));
}

/* {ADM, APDM}/EIF against anything/APDF. */
static bool helped_by_affinity(const side *a, const side *b) {
    return endpoint_dependent(a) && is(a->filtering, "EIF") && is(b->filtering, "APDF");
}

static bool rule(const side *a, const side *b, bool affinity) {
    return plain_rule(a, b) || (affinity && (helped_by_affinity(a, b) || helped_by_affinity(b, a)));
}

static const char *factor(const cJSON *cell, const char *name) {
    const cJSON *factors = cJSON_GetObjectItemCaseSensitive(cell, "factors");
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(factors, name));
}

/* "on", "true": how the scenario labels it is not this test's business. */
static bool is_on(const char *label) {
    return is(label, "on") || is(label, "true");
}

static void check_cell(const cJSON *cell, int *on_count) {
    const side a = {factor(cell, "mapping_a"), factor(cell, "filtering_a")};
    const side b = {factor(cell, "mapping_b"), factor(cell, "filtering_b")};
    const char *affinity = factor(cell, "reply_affinity");
    char sentence[128];
    snprintf(sentence, sizeof sentence, "%s/%s x %s/%s, reply affinity %s",
             a.mapping != NULL ? a.mapping : "?", a.filtering != NULL ? a.filtering : "?",
             b.mapping != NULL ? b.mapping : "?", b.filtering != NULL ? b.filtering : "?",
             affinity != NULL ? affinity : "?");
    if (!EXPECT(sentence, a.mapping != NULL && a.filtering != NULL && b.mapping != NULL &&
                              b.filtering != NULL && affinity != NULL)) {
        return;
    }
    const cJSON *measures = cJSON_GetObjectItemCaseSensitive(cell, "measures");
    const cJSON *connected = cJSON_GetObjectItemCaseSensitive(measures, "connected");
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(connected, "value");
    EXPECT(sentence, cJSON_IsNumber(value));
    EXPECT_REAL(sentence, cJSON_GetNumberValue(value), rule(&a, &b, is_on(affinity)) ? 1.0 : 0.0,
                0.0);
    *on_count += is_on(affinity) ? 1 : 0;
}

static void all_cells(void) {
    char program[4096];
    char scenario[4096];
    char out[4096];
    process_make_directory(out, sizeof out);
    const char *const argv[] = {
        process_punchlab(program, sizeof program),
        "run",
        process_source(scenario, sizeof scenario, "scenarios/pair-matrix.json"),
        "-q",
        "--out",
        out,
        "--json",
        "-",
        NULL};
    const process_how how = {0};
    process_said said = process_run(&how, argv);
    EXPECT_INT("exit code", said.status, 0);
    cJSON *object = cJSON_Parse(said.out);
    const cJSON *cells = cJSON_GetObjectItemCaseSensitive(object, "cells");
    EXPECT_INT("81 pairs with and without reply affinity", cJSON_GetArraySize(cells), 162);
    int on_count = 0;
    const cJSON *cell = NULL;
    cJSON_ArrayForEach(cell, cells) {
        check_cell(cell, &on_count);
    }
    EXPECT_INT("half of them with reply affinity", on_count, 81);
    cJSON_Delete(object);
    process_free(&said);
    process_remove_directory(out);
}

/* The rules themselves: how many of the 81 pairs connect, counted by hand. EIM x EIM: 9. One side
 * EIM: 2 x 2 mappings x (2 filters of the EIM side x 3 of the other) = 24. None: 4 mappings x
 * (EIF with EIF, and EIF with ADF both ways) = 12. Reply affinity adds 2 x (2 x 3) = 12. */
static void counts(void) {
    static const char *const mappings[] = {"EIM", "ADM", "APDM"};
    static const char *const filterings[] = {"EIF", "ADF", "APDF"};
    int plain = 0;
    int affinity = 0;
    for (int i = 0; i < 81; i++) {
        const side a = {mappings[i / 27], filterings[i / 9 % 3]};
        const side b = {mappings[i / 3 % 3], filterings[i % 3]};
        plain += rule(&a, &b, false) ? 1 : 0;
        affinity += rule(&a, &b, true) ? 1 : 0;
    }
    EXPECT_INT("pairs that connect", plain, 9 + 24 + 12);
    EXPECT_INT("pairs that connect with reply affinity", affinity, 9 + 24 + 12 + 12);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"the rules count as many pairs as a count by hand", counts},
        {"every cell of the matrix is exactly what the rules say", all_cells},
    };
    return PUNCH_TEST_MAIN("pair_matrix", cases);
}
