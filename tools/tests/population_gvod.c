/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The population scenario, with fewer trials, against what follows from the population file and
 * RFC 4787's definitions alone. Two classes of NAT connect
 *
 *   both endpoint-independent mapping    always
 *   one endpoint-dependent               iff the other's filter ignores the port
 *   both endpoint-dependent              iff one filter is EIF and the other EIF or ADF
 *
 * and without answers at unsignalled addresses only if, besides, each endpoint-dependent side has
 * an EIF filter: what is sent to it goes to the port it showed the broker. No NAT is EIM/EIF. The
 * expected share is the sum over all pairs of classes; the interval of each cell must cover it.
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "punch_test.h"

#define TRIALS "4000"
#define Z_999 3.2905 /* two-sided 99.9 % of the normal distribution */

enum { CLASSES_MAX = 64 };

typedef struct {
    double share; /* percent */
    bool has_nat;
    bool dependent;   /* endpoint-dependent mapping */
    bool any_address; /* filter: EIF */
    bool any_port;    /* filter: EIF or ADF */
} nat_class;

typedef struct {
    nat_class items[CLASSES_MAX];
    int count;
} population;

static bool is(const char *text, const char *name) {
    return text != NULL && strcmp(text, name) == 0;
}

static const char *text_of(const cJSON *object, const char *name) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static bool read_population(population *all) {
    char directory[4096];
    char *text = process_read_file(process_source(directory, sizeof directory, "scenarios/data"),
                                   "population-gvod.json");
    cJSON *file = cJSON_Parse(text);
    free(text);
    const cJSON *item = NULL;
    double total = 0;
    all->count = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(file, "classes")) {
        const char *share = text_of(item, "share");
        const char *filtering = text_of(item, "filtering");
        if (all->count == CLASSES_MAX || share == NULL) {
            break;
        }
        nat_class *at = &all->items[all->count++];
        at->share = strtod(share, NULL);
        at->has_nat = !is(text_of(item, "nat"), "none");
        at->dependent = at->has_nat && !is(text_of(item, "mapping"), "EIM");
        at->any_address = !at->has_nat || is(filtering, "EIF");
        at->any_port = at->any_address || is(filtering, "ADF");
        total += at->share;
    }
    cJSON_Delete(file);
    return EXPECT("the population has classes", all->count > 1) &&
           EXPECT_REAL("their shares sum to 100 %", total, 100.0, 1e-9);
}

static bool pair_connects(const nat_class *a, const nat_class *b, bool peer_reflexive) {
    if (!peer_reflexive &&
        ((a->dependent && !a->any_address) || (b->dependent && !b->any_address))) {
        return false;
    }
    if (!a->dependent && !b->dependent) {
        return true;
    }
    if (a->dependent != b->dependent) {
        return a->dependent ? b->any_port : a->any_port;
    }
    return (a->any_address && b->any_port) || (b->any_address && a->any_port);
}

static double share_connected(const population *all, bool nated_only, bool peer_reflexive) {
    double connected = 0;
    double pairs = 0;
    for (int i = 0; i < all->count; i++) {
        for (int j = 0; j < all->count; j++) {
            const nat_class *a = &all->items[i];
            const nat_class *b = &all->items[j];
            if (nated_only && (!a->has_nat || !b->has_nat)) {
                continue;
            }
            pairs += a->share * b->share;
            connected += pair_connects(a, b, peer_reflexive) ? a->share * b->share : 0;
        }
    }
    return connected / pairs;
}

/* Wilson's score interval for a ratio of n. */
static void wilson(double ratio, double n, double *lo_out, double *hi_out) {
    const double z2 = Z_999 * Z_999;
    const double middle = (ratio + z2 / (2 * n)) / (1 + z2 / n);
    const double half = Z_999 / (1 + z2 / n) * sqrt(ratio * (1 - ratio) / n + z2 / (4 * n * n));
    *lo_out = middle - half;
    *hi_out = middle + half;
}

static void check_cell(const population *all, const cJSON *cell, int *seen) {
    const cJSON *factors = cJSON_GetObjectItemCaseSensitive(cell, "factors");
    const char *pairs = text_of(factors, "pairs");
    const char *reflexive = text_of(factors, "peer_reflexive");
    const cJSON *measures = cJSON_GetObjectItemCaseSensitive(cell, "measures");
    const cJSON *connected = cJSON_GetObjectItemCaseSensitive(measures, "connected");
    const double n = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(connected, "n"));
    const double got = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(connected, "value"));
    EXPECT("a cell is nated or all, on or off", (is(pairs, "nated") || is(pairs, "all")) &&
                                                    (is(reflexive, "on") || is(reflexive, "off")));
    *seen |= 1 << ((is(pairs, "all") ? 2 : 0) + (is(reflexive, "on") ? 1 : 0));
    EXPECT_REAL("every trial counts", n, strtod(TRIALS, NULL), 0);
    const double expected = share_connected(all, is(pairs, "nated"), is(reflexive, "on"));
    double lo = 0;
    double hi = 0;
    wilson(got, n, &lo, &hi);
    char sentence[160];
    snprintf(sentence, sizeof sentence,
             "%s pairs, peer-reflexive %s: %.2f %% of %.0f (%.2f .. %.2f), expected %.2f %%",
             pairs != NULL ? pairs : "?", reflexive != NULL ? reflexive : "?", 100 * got, n,
             100 * lo, 100 * hi, 100 * expected);
    printf("%s\n", sentence);
    EXPECT(sentence, lo <= expected && expected <= hi);
}

static void cells_cover_the_rules(void) {
    population all;
    if (!read_population(&all)) {
        return;
    }
    char program[4096];
    char scenario[4096];
    char out[4096];
    process_make_directory(out, sizeof out);
    const char *const argv[] = {
        process_punchlab(program, sizeof program),
        "run",
        process_source(scenario, sizeof scenario, "scenarios/population-gvod.json"),
        "-q",
        "--trials",
        TRIALS,
        "--allow-inconclusive", /* it judges with intervals of its own */
        "--out",
        out,
        "--json",
        "-",
        NULL};
    const process_how how = {0};
    process_said said = process_run(&how, argv);
    EXPECT_INT("exit code", said.status, 0);
    cJSON *object = cJSON_Parse(said.out);
    int seen = 0;
    const cJSON *cell = NULL;
    cJSON_ArrayForEach(cell, cJSON_GetObjectItemCaseSensitive(object, "cells")) {
        check_cell(&all, cell, &seen);
    }
    EXPECT_INT("all four cells", seen, 15);
    cJSON_Delete(object);
    process_free(&said);
    process_remove_directory(out);
}

/* The rules on classes small enough to count by hand: a third each of open, EIM/APDF, APDM/APDF. Of
 * the nine pairs open x open, open x EIM (2), EIM x EIM connect, open x APDM (2) with answers at
 * unsignalled addresses only, the other three never. */
static void counts(void) {
    const population three = {.items = {{1, false, false, true, true},
                                        {1, true, false, false, false},
                                        {1, true, true, false, false}},
                              .count = 3};
    EXPECT_REAL("all, on", share_connected(&three, false, true), 6.0 / 9, 1e-12);
    EXPECT_REAL("all, off", share_connected(&three, false, false), 4.0 / 9, 1e-12);
    EXPECT_REAL("nated, on", share_connected(&three, true, true), 1.0 / 4, 1e-12);
    EXPECT_REAL("nated, off", share_connected(&three, true, false), 1.0 / 4, 1e-12);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"the rules count as many pairs as a count by hand", counts},
        {"every cell covers what the rules say", cells_cover_the_rules},
    };
    return PUNCH_TEST_MAIN("population_gvod", cases);
}
