/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines people meet, as pairs of link plans: what a scenario's link starts from when it names one.
 * Every field that is not zero names its public source or says "chosen".
 *
 * A packet crosses one uplink and one downlink on its way. What a source says about a whole path
 * (the core of G.1050) therefore stands in the uplink only, so that every path meets it once.
 */
#ifndef SIM_LINK_PRESETS_H
#define SIM_LINK_PRESETS_H

#include <stdio.h>

#include "sim/plan.h"

typedef struct {
    const char *field;  /* as in scenario files: "delay", "burst_bad", ... */
    const char *source; /* public source, or "chosen: ..." */
} sim_link_field_source;

typedef struct {
    const char *name;  /* "g1050-e", "cable", ... */
    const char *title; /* one line for people */
    sim_link_plan up;
    sim_link_plan down;
    /* One entry per field that is not zero in some direction, perhaps more; ends with {NULL, NULL}.
     */
    const sim_link_field_source *sources;
} sim_link_preset;

#ifdef __cplusplus
extern "C" {
#endif

/* All presets; *count_out is how many. */
const sim_link_preset *sim_link_presets(size_t *count_out);

/* By name, or NULL. */
const sim_link_preset *sim_link_preset_find(const char *name);

/* Every field that is not zero, with its values up and down and its source. */
void sim_link_preset_explain(const sim_link_preset *preset, FILE *out);

#ifdef __cplusplus
}
#endif

#endif
