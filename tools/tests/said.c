/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "said.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "punch/assert.h"

#define STEPS 40u /* of a distribution of times */

static void *zeroed(size_t count, size_t bytes) {
    void *memory = calloc(count + 1, bytes);
    PUNCH_ASSERT(memory != NULL);
    return memory;
}

/* "f0", "f0 level 3" */
static char *named(const char *stem, uint32_t number) {
    char text[128];
    snprintf(text, sizeof text, "%.100s%u", stem, number);
    return file_copy_name(text);
}

static void make_factors(facts *about, const said_how *how) {
    about->cell_count = 1;
    while (about->factor_count < SAID_FACTORS_MAX && how->level_counts[about->factor_count] > 0) {
        about->factor_count++;
    }
    about->factors = zeroed(about->factor_count, sizeof *about->factors);
    for (uint32_t f = 0; f < about->factor_count; f++) {
        facts_factor *factor = &about->factors[f];
        char stem[64];
        snprintf(stem, sizeof stem, "f%u level ", f);
        factor->name = named("f", f);
        factor->treatment = how->treatment && f + 1 == about->factor_count;
        factor->level_count = how->level_counts[f];
        factor->levels = zeroed(factor->level_count, sizeof *factor->levels);
        for (uint32_t l = 0; l < factor->level_count; l++) {
            factor->levels[l] =
                l == 0 && how->text != NULL ? file_copy_name(how->text) : named(stem, l);
        }
        about->cell_count *= factor->level_count;
    }
    about->cells = zeroed(about->cell_count, sizeof *about->cells);
    for (uint32_t i = 0; i < about->cell_count; i++) {
        about->cells[i] = (facts_cell){.call_count = 1, .holds = how->holds};
    }
}

static char *long_text(uint32_t bytes) {
    char *text = zeroed(bytes, 1);
    for (uint32_t i = 0; i < bytes; i++) {
        text[i] = (char)(i % 10 == 9 ? ' ' : 'a' + (int)(i % 26));
    }
    return text;
}

static void make_expects(facts *about, const said_how *how) {
    about->expect_count = how->expects;
    about->expects = zeroed(how->expects, sizeof *about->expects);
    for (uint32_t i = 0; i < how->expects; i++) {
        sim_expect *expect = &about->expects[i];
        const char *why = how->text != NULL ? how->text : i == 0 ? "because" : NULL;
        expect->entry = i;
        expect->line = i + 1;
        expect->cell = i % about->cell_count;
        expect->other = expect->cell;
        expect->limit = 0.5;
        expect->why = how->why_bytes > 0 ? long_text(how->why_bytes)
                      : why != NULL      ? file_copy_name(why)
                                         : NULL;
    }
}

static void make_facts(facts *about, const said_how *how) {
    static const char *const words[2] = {"A title", "What is it?"};
    about->version = file_copy_name("0.0.0");
    about->commit = file_copy_name("abcdef0");
    about->scenario = file_copy_name("made");
    about->title = file_copy_name(how->text != NULL ? how->text : words[0]);
    about->question = file_copy_name(how->text != NULL ? how->text : words[1]);
    about->file = file_copy_name(how->text != NULL ? how->text : "made.json");
    about->digest = 0x123456789abcdef0u;
    about->seed = 7;
    about->trials = how->trials > 0 ? how->trials : 1000;
    about->backend = file_copy_name("des");
    about->virtual_time = true;
    about->crypto = file_copy_name("fast");
    about->shard_count = 1;
    about->until = (sim_until){how->until, SIM_MEASURE_CONNECTED, 0.005, about->trials};
    make_factors(about, how);
    make_expects(about, how);
}

/* A distribution in even steps up to the share that connects. */
static void make_points(analysis_cell *cell, uint32_t index, double connected) {
    cell->points = zeroed(STEPS, sizeof *cell->points);
    cell->point_count = connected > 0.0 ? STEPS : 0;
    for (uint32_t p = 0; p < cell->point_count; p++) {
        cell->points[p].time_s = 0.25 * pow(1.08, p) * (1.0 + (double)(index % 7) / 10.0);
        cell->points[p].share = connected * (double)(p + 1) / STEPS;
    }
}

static void make_reasons(analysis_cell *cell, uint32_t index, const char *text) {
    cell->reasons = zeroed(2, sizeof *cell->reasons);
    if (cell->failed == 0) {
        return;
    }
    const uint64_t first = cell->failed - cell->failed / 3 - cell->failed / 10;
    cell->reason_count = cell->failed > 3 ? 2 : 1;
    cell->reasons[0].count = cell->reason_count == 1 ? cell->failed : first;
    cell->reasons[1].count = cell->reason_count == 1 ? 0 : cell->failed / 3;
    cell->other_failed = cell->failed - cell->reasons[0].count - cell->reasons[1].count;
    cell->reasons[0].example_trial = index;
    for (uint32_t r = 0; r < cell->reason_count; r++) {
        snprintf(cell->reasons[r].text, REASON_TEXT_CAP, "%.200s reason %u",
                 text != NULL ? text : "plain", (index + r) % 11);
    }
}

static void make_cell(said *made, const said_how *how, uint32_t index) {
    uint32_t measure_count = 0;
    const sim_measure *table = sim_measures(&measure_count);
    const uint32_t cells = made->about.cell_count;
    analysis_cell *cell = &made->said.cells[index];
    const double spread = cells > 1 ? (double)index / (double)(cells - 1) : 0.963;
    const double connected = how->connected > 0.0   ? how->connected
                             : how->connected < 0.0 ? 0.0
                                                    : spread;
    cell->trials = made->about.trials / (how->partial ? 2 : 1);
    cell->calls = cell->trials;
    const uint64_t successes = (uint64_t)(connected * (double)cell->calls + 0.5);
    cell->failed = cell->calls - successes;
    cell->example_connected = successes > 0 ? 1 : UINT64_MAX;
    cell->estimates = zeroed(measure_count, sizeof *cell->estimates);
    for (uint32_t m = 0; m < measure_count; m++) {
        cell->estimates[m] = (stats_estimate){cell->calls, 1.25, 1.0, 1.5};
        if (table[m].kind == SIM_MEASURE_SHARE) {
            cell->estimates[m] = stats_ratio(successes, cell->calls, made->said.confidence);
        } else if (table[m].kind == SIM_MEASURE_QUANTILE && connected <= table[m].p) {
            cell->estimates[m] = (stats_estimate){cell->calls, INFINITY, 1.0, INFINITY};
        }
        if (!facts_measured(&made->about, index, m)) {
            cell->estimates[m] = (stats_estimate){0, NAN, NAN, NAN};
        }
    }
    make_points(cell, index, connected);
    make_reasons(cell, index, how->text);
}

said *said_make(const said_how *how) {
    said *made = zeroed(1, sizeof *made);
    make_facts(&made->about, how);
    made->said.about = &made->about;
    made->said.program = "punchlab";
    made->said.confidence = how->until ? 0.99 : STATS_CONFIDENCE;
    made->said.partial = how->partial;
    made->said.digest = 0xfedcba9876543210u;
    made->said.cells = zeroed(made->about.cell_count, sizeof *made->said.cells);
    made->said.verdicts = zeroed(how->expects, sizeof *made->said.verdicts);
    for (uint32_t i = 0; i < made->about.cell_count; i++) {
        make_cell(made, how, i);
        made->said.trials += made->said.cells[i].trials;
    }
    for (uint32_t i = 0; i < how->expects; i++) {
        static const expect_outcome outcomes[3] = {EXPECT_PASS, EXPECT_FAIL, EXPECT_INCONCLUSIVE};
        expect_verdict *verdict = &made->said.verdicts[i];
        verdict->outcome = outcomes[i % 3];
        verdict->estimate = *analysis_estimate(&made->said, made->about.expects[i].cell, 0);
        verdict->trials_needed = verdict->outcome == EXPECT_INCONCLUSIVE ? 2400 : 0;
        verdict->example_trial = verdict->outcome == EXPECT_FAIL ? 5 : UINT64_MAX;
    }
    if (how->judged) {
        made->about.tradeoff = (sim_tradeoff){.given = true,
                                              .cost = sim_measure_find("packets_sent_mean"),
                                              .harm = SIM_MEASURE_TIME_P50,
                                              .factor = made->about.factor_count - 1,
                                              .has_margin = how->until,
                                              .margin = 0.2};
        made->said.judged = said_tradeoff(&made->about);
    }
    return made;
}

void said_free(said *made) {
    for (uint32_t i = 0; made->said.cells != NULL && i < made->about.cell_count; i++) {
        free(made->said.cells[i].estimates);
        free(made->said.cells[i].reasons);
        free(made->said.cells[i].points);
    }
    free(made->said.cells);
    free(made->said.verdicts);
    tradeoff_free(made->said.judged);
    facts_free(&made->about);
    free(made);
}

char *said_text(const said *made, void (*put)(const analysis *of, FILE *out)) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    PUNCH_ASSERT(out != NULL);
    put(&made->said, out);
    fclose(out);
    return text;
}
