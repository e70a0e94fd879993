/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scenario files: JSON in, plans out. One option table makes parser, schema.json, `explain` and the
 * format reference.
 *
 *   load   strict: errors with file:line:column and pointer
 *    -> cells               cross product of factors
 *    -> plan(cell, trial)   one world, everything drawn
 *
 * A trial's draws come from streams named by (trial seed, option), and the trial seed from
 * (scenario seed, the levels of the factors that are not treatments, trial number): cells that
 * differ only in treatments meet the same worlds.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/plan.h"

typedef struct sim_scenario sim_scenario;

/* One complaint: where, what is wrong, what is allowed. All text owned by the list. */
typedef struct {
    char *file;
    uint32_t line;   /* from 1; 0 = not in the file (an override) */
    uint32_t column; /* from 1, in bytes */
    char *pointer;   /* RFC 6901, "/nat/home/mapping" */
    char *what;      /* full sentence(s) incl. what is allowed and "did you mean" */
} sim_complaint;

typedef struct {
    sim_complaint *items;
    size_t count;
    size_t cap;
} sim_complaints;

/* "core.fire_rule=on_receipt": as typed behind --set. */
typedef struct {
    const char *key;
    const char *value;
} sim_override;

/* What is loaded along with a file. */
typedef struct {
    const sim_override *overrides;
    size_t override_count;
    /* Keepalive strategies beyond punch_lab_keepalives(), which factors of strategies are extended
     * by; must outlive the scenario. At most SIM_PLUGINS_MAX, all names different. */
    const punch_keepalive *const *plugins;
    size_t plugin_count;
} sim_scenario_with;

#define SIM_PLUGINS_MAX 32 /* chosen: a strategy's number fits into a byte */

typedef struct {
    const char *name; /* factor */
    bool treatment;   /* its levels share trial seeds */
    uint32_t level_count;
    const char *const *levels; /* labels, in file order */
} sim_factor_view;

/* One thing a scenario expects: about a measure of one cell, or about its difference from or its
 * ratio to the same measure of another cell. An entry of "expect" that selects several cells, or
 * gives both a lower and an upper bound, is several of these. */
typedef enum { SIM_EXPECT_VALUE, SIM_EXPECT_DIFFERENCE, SIM_EXPECT_RATIO } sim_expect_form;
typedef enum {
    SIM_EXPECT_AT_LEAST,
    SIM_EXPECT_AT_MOST,
    SIM_EXPECT_EXACTLY /* a share of 0 or 1, without an exception: no interval is asked */
} sim_expect_bound;

typedef struct {
    uint32_t entry;   /* in the file's list, from 0 */
    uint32_t line;    /* of that entry in the file, from 1 */
    const char *why;  /* the author's words, or NULL */
    uint32_t measure; /* position in sim_measures() */
    sim_expect_form form;
    uint32_t cell;
    uint32_t other; /* cell that is subtracted, or divided by; = cell for SIM_EXPECT_VALUE */
    sim_expect_bound bound;
    double limit; /* in the unit the measure is shown in; a plain number for a ratio */
} sim_expect;

/* When a cell has seen enough: as soon as the interval of the measure is that narrow. */
typedef struct {
    bool given;
    uint32_t measure;
    double half_width;   /* in the unit the measure is shown in */
    uint64_t trials_max; /* per cell */
} sim_until;

/* What the levels of a treatment are judged by. */
#define SIM_TRADEOFF_LEVELS_MAX 64u /* of that factor; chosen: every pair of them is compared */

typedef struct {
    bool given;
    uint32_t cost; /* position in sim_measures() */
    uint32_t harm;
    uint32_t factor;   /* the treatment */
    uint32_t baseline; /* its level that others are compared with */
    bool has_margin;
    double margin; /* of harm, >= 0, in the unit it is shown in */
} sim_tradeoff;

#ifdef __cplusplus
extern "C" {
#endif

/* Loads and checks a file completely. NULL on any error, with at least one complaint. path "-" is
 * not special. */
sim_scenario *sim_scenario_load(const char *path, const sim_override *overrides,
                                size_t override_count, sim_complaints *complaints);

/* The same from memory; name is used in complaints, and relative references are resolved beside it.
 */
sim_scenario *sim_scenario_parse(const char *name, const char *text, size_t length,
                                 const sim_override *overrides, size_t override_count,
                                 sim_complaints *complaints);
void sim_scenario_destroy(sim_scenario *scenario); /* accepts NULL */

/* The same of a file, and from memory, with more than overrides. */
sim_scenario *sim_scenario_load_with(const char *path, const sim_scenario_with *with,
                                     sim_complaints *complaints);
sim_scenario *sim_scenario_parse_with(const char *name, const char *text, size_t length,
                                      const sim_scenario_with *with, sim_complaints *complaints);

/* Is this file a JSON Schema, as lies beside scenarios, rather than one of them? */
bool sim_scenario_is_schema(const char *path);

void sim_complaints_clear(sim_complaints *complaints);
/* "file:line:column: /pointer: what" per line. */
void sim_complaints_print(const sim_complaints *complaints, FILE *out);

const char *sim_scenario_name(const sim_scenario *scenario);
const char *sim_scenario_title(const sim_scenario *scenario);
const char *sim_scenario_question(const sim_scenario *scenario);
const char *sim_scenario_path(const sim_scenario *scenario);
const char *sim_scenario_backend(const sim_scenario *scenario); /* name, default "des" */
uint64_t sim_scenario_seed(const sim_scenario *scenario);
uint64_t sim_scenario_trials(const sim_scenario *scenario); /* per cell; the most, with until */
/* 64-bit digest of the effective content: file and overrides except what changes no world (seed,
 * trials, until, tradeoff, expect, texts). */
uint64_t sim_scenario_digest(const sim_scenario *scenario);

uint32_t sim_scenario_factor_count(const sim_scenario *scenario);
sim_factor_view sim_scenario_factor(const sim_scenario *scenario, uint32_t factor);
uint32_t sim_scenario_cell_count(const sim_scenario *scenario); /* >= 1 */
/* Level index of a factor in a cell; the last factor varies fastest. */
uint32_t sim_scenario_cell_level(const sim_scenario *scenario, uint32_t cell, uint32_t factor);

/* What the file expects, in file order; *count_out is how many. Owned by the scenario. */
const sim_expect *sim_scenario_expects(const sim_scenario *scenario, uint32_t *count_out);
sim_until sim_scenario_until(const sim_scenario *scenario);
sim_tradeoff sim_scenario_tradeoff(const sim_scenario *scenario);

/* A plan with room for any trial of any cell, its arrays owned by the plan; NULL on out of memory.
 */
sim_plan *sim_scenario_plan_create(const sim_scenario *scenario);
void sim_scenario_plan_destroy(sim_plan *plan); /* accepts NULL */

/* The seed of one trial. */
uint64_t sim_scenario_trial_seed(const sim_scenario *scenario, uint64_t seed, uint32_t cell,
                                 uint64_t trial);

/* Fills the plan for one trial, drawing what is distributed. Cannot fail: everything was checked at
 * load. Const on the scenario, so threads may share it. */
void sim_scenario_plan(const sim_scenario *scenario, uint32_t cell, uint64_t trial_seed,
                       sim_plan *plan);

/* The largest plan over all cells (table sizes etc.), for backend->create. Same ownership as
 * plan_create. */
sim_plan *sim_scenario_largest_plan(const sim_scenario *scenario);

/* Option table: prints type, unit, default, range and help of every option that matches key
 * ("nat.mapping", or with a scenario's own name in it, "nat.homeB.mapping"; "" or "*" = all).
 * Returns how many matched; 0 = none, and *nearest_out is the nearest name (static) or NULL. */
size_t sim_scenario_explain(const char *key, FILE *out, const char **nearest_out);

/* Writes scenarios/schema.json (JSON Schema 2020-12) or the format reference as Markdown, both from
 * the option table. */
void sim_scenario_write_schema(FILE *out);
void sim_scenario_write_reference(FILE *out);

#ifdef __cplusplus
}
#endif

#endif
