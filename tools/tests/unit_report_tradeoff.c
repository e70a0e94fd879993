/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What reports make of a tradeoff: the same bytes twice, JSON that programs can read, Markdown that
 * stays short, figures that come and go with it, and labels that stay clear of each other.
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "process.h"
#include "punch/rng.h"
#include "punch_test.h"
#include "report.h"
#include "report_pareto.h"
#include "said.h"

static void put_plain_table(const analysis *of, FILE *out) {
    report_table(of, out, false);
}

static void put_markdown(const analysis *of, FILE *out) {
    report_markdown(of, out, true);
}

static void same_bytes(void) {
    static const struct {
        const char *name;
        void (*put)(const analysis *of, FILE *out);
        const char *says;
    } forms[] = {
        {"table", put_plain_table, "For this mix use f1 level 1: it costs 23 % [19, 28] less"},
        {"json", report_json, "\"tradeoff\":{\"treatment\":\"f1\""},
        {"markdown", put_markdown, "| **f1 level 1** |"},
        {"html", report_html, "<section id=\"tradeoff\">"},
        {"cost and harm", report_plot_tradeoff, "'f1 level 0 (baseline)'"},
        {"map", report_plot_tradeoff_map, "$map1 << EOD"},
    };
    const said_how how = {.level_counts = {4, 11}, .treatment = true, .judged = true};
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        said *a = said_make(&how);
        said *b = said_make(&how);
        char *left = said_text(a, forms[f].put);
        char *right = said_text(b, forms[f].put);
        EXPECT(forms[f].name, strcmp(left, right) == 0);
        EXPECT(forms[f].name, strstr(left, forms[f].says) != NULL);
        free(left);
        free(right);
        said_free(a);
        said_free(b);
    }
}

static double number_of(const cJSON *object, const char *first, const char *second) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, first);
    item = second != NULL ? cJSON_GetObjectItemCaseSensitive(item, second) : item;
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static const char *text_of(const cJSON *object, const char *name) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text != NULL ? text : "none";
}

static void json(void) {
    const said_how how = {
        .level_counts = {3, 2, 4}, .treatment = true, .judged = true, .until = true};
    said *made = said_make(&how);
    char *text = said_text(made, report_json);
    cJSON *root = cJSON_Parse(text);
    EXPECT("it is JSON", root != NULL);
    const cJSON *of = cJSON_GetObjectItemCaseSensitive(root, "tradeoff");
    EXPECT_TEXT("what is judged", text_of(of, "treatment"), "f2");
    EXPECT_TEXT("by what", text_of(of, "cost"), "packets_sent_mean");
    EXPECT_TEXT("against what", text_of(of, "baseline"), "f2 level 0");
    EXPECT_REAL("with a margin", number_of(of, "margin", NULL), 0.2, 1e-12);
    const cJSON *tables = cJSON_GetObjectItemCaseSensitive(of, "tables");
    EXPECT_INT("a table of all, and one of each cell", cJSON_GetArraySize(tables), 7);
    const cJSON *pooled = cJSON_GetArrayItem(tables, 0);
    EXPECT("the first has no factors", cJSON_GetObjectItemCaseSensitive(pooled, "factors") == NULL);
    EXPECT_TEXT(
        "the others have",
        text_of(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(tables, 4), "factors"), "f1"),
        "f1 level 1");
    EXPECT_TEXT("which to use", text_of(pooled, "best"), "f2 level 1");
    const cJSON *levels = cJSON_GetObjectItemCaseSensitive(pooled, "levels");
    const cJSON *level = NULL;
    double before = 0.0;
    cJSON_ArrayForEach(level, levels) {
        EXPECT("by cost", number_of(level, "cost", "value") >= before);
        before = number_of(level, "cost", "value");
        const bool baseline = strcmp(text_of(level, "level"), "f2 level 0") == 0;
        EXPECT("changes of all but the baseline",
               isnan(number_of(level, "harm_difference", "lo")) == baseline &&
                   isnan(number_of(level, "cost_p", NULL)) == baseline);
    }
    EXPECT_INT("all levels", cJSON_GetArraySize(levels), 4);
    cJSON_Delete(root);
    free(text);
    said_free(made);
}

static void markdown_stays_short(void) {
    static const said_how rows[] = {
        {.level_counts = {3, 30}, .treatment = true, .judged = true},
        {.level_counts = {50, 30}, .treatment = true, .judged = true, .expects = 900},
        {.level_counts = {5, 5, 40}, .treatment = true, .judged = true, .text = "a | b ` c"},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        said *made = said_make(&rows[r]);
        char *text = said_text(made, put_markdown);
        EXPECT("fits into a comment", strlen(text) < REPORT_MARKDOWN_BYTES_MAX);
        EXPECT("with its answer", strstr(text, "\n## Which to use\n") != NULL);
        free(text);
        said_free(made);
    }
}

static bool exists(const char *directory, const char *name) {
    char *path = file_join(directory, name);
    const bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

/* Figures are there when there is something to show, and go when there no longer is. */
static void figures_come_and_go(void) {
    static const struct {
        const char *sentence;
        said_how how;
        bool judged;
        bool mapped;
    } rows[] = {
        {"three levels of another factor",
         {.level_counts = {3, 4}, .treatment = true, .judged = true, .trials = 300000},
         true,
         true},
        {"two",
         {.level_counts = {2, 4}, .treatment = true, .judged = true, .trials = 300000},
         true,
         false},
        {"nothing judged",
         {.level_counts = {3, 4}, .treatment = true, .trials = 300000},
         false,
         false},
    };
    char directory[4096];
    process_make_directory(directory, sizeof directory);
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        said *made = said_make(&rows[r].how);
        char *said_on_err = NULL;
        size_t length = 0;
        FILE *err = open_memstream(&said_on_err, &length);
        const report_options options = {0};
        EXPECT_INT(rows[r].sentence, report_write(&made->said, &options, directory, err),
                   REPORT_WHOLE);
        fclose(err);
        if (!EXPECT("gnuplot draws them all", strstr(said_on_err, "no plots") == NULL)) {
            fputs(said_on_err, stderr);
        }
        EXPECT(rows[r].sentence, exists(directory, "tradeoff.svg") == rows[r].judged);
        EXPECT(rows[r].sentence, exists(directory, "tradeoff.png") == rows[r].judged);
        EXPECT(rows[r].sentence, exists(directory, "tradeoff-map.png") == rows[r].mapped);
        EXPECT(rows[r].sentence, exists(directory, "tradeoff-map.gp") == rows[r].mapped);
        free(said_on_err);
        said_free(made);
    }
    process_remove_directory(directory);
}

/* --- labels */

#define LEVELS 12u
#define ROUNDS 100u

typedef struct {
    double left, right, below, above;
} box;

static box box_of(const pareto_mark *mark, const pareto_size *size) {
    const double wide = (double)strlen(mark->label) * size->letter;
    const double x = mark->label_at[TRADEOFF_COST] * size->width;
    const double y = mark->label_at[TRADEOFF_HARM] * size->height;
    const double left = mark->anchor == PARETO_LEFT     ? x
                        : mark->anchor == PARETO_MIDDLE ? x - wide / 2.0
                                                        : x - wide;
    return (box){left, left + wide, y - size->line / 2.0, y + size->line / 2.0};
}

/* Scatters the levels: evenly, or all close to the first. */
static void scatter(tradeoff_table *table, uint32_t levels, bool close, punch_rng *rng) {
    double at[TRADEOFF_SIDES] = {0};
    for (uint32_t r = 0; r < levels; r++) {
        for (uint32_t side = 0; side < TRADEOFF_SIDES; side++) {
            const double part = (double)punch_rng_below(rng, 10000) / 10000.0;
            at[side] = r == 0 || !close ? 10.0 + 80.0 * part : at[side] + part - 0.5;
            table->rows[r].estimates[side] =
                (stats_estimate){100, at[side], at[side] * 0.99, at[side] * 1.01};
        }
    }
    if (close) { /* what is far away makes the others near */
        table->rows[levels - 1].estimates[0] = (stats_estimate){100, 300.0, 299.0, 301.0};
        table->rows[levels - 1].estimates[1] = (stats_estimate){100, 300.0, 299.0, 301.0};
    }
}

static uint32_t overlaps(const pareto *of, const pareto_size *size) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < of->mark_count; i++) {
        const box a = box_of(&of->marks[i], size);
        count += a.left < -1e-6 || a.right > size->width + size->room + 1e-6 || a.below < -1e-6 ||
                         a.above > size->height + 1e-6
                     ? 1
                     : 0;
        for (uint32_t j = 0; j < i; j++) {
            const box b = box_of(&of->marks[j], size);
            count += fmin(a.right, b.right) - fmax(a.left, b.left) > 1e-6 &&
                             fmin(a.above, b.above) - fmax(a.below, b.below) > 1e-6
                         ? 1
                         : 0;
        }
    }
    return count;
}

static void labels_stay_clear_of_each_other(void) {
    static const pareto_size size = {600.0, 400.0, 6.4, 15.0, 80.0};
    const said_how how = {.level_counts = {LEVELS}, .treatment = true, .judged = true};
    punch_rng rng = punch_rng_stream(5, 0, 0);
    said *made = said_make(&how);
    uint32_t wrong[2] = {0};
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t close = 0; close < 2; close++) {
            scatter(&made->said.judged->tables[0], LEVELS, close == 1, &rng);
            pareto plot = pareto_of(made->said.judged, &made->said.judged->tables[0], &size);
            const uint32_t found = overlaps(&plot, &size);
            EXPECT_INT("every level has a mark", plot.mark_count, LEVELS);
            wrong[close] += found > 0 ? 1 : 0;
            for (uint32_t side = 0; side < TRADEOFF_SIDES; side++) {
                const pareto_axis *axis = &plot.axes[side];
                EXPECT("ticks enough, not too many",
                       axis->tick_count >= 3 && axis->tick_count <= 12);
                for (uint32_t t = 1; t < axis->tick_count; t++) {
                    EXPECT("ticks ascend", axis->ticks[t - 1].at < axis->ticks[t].at);
                }
            }
            pareto_free(&plot);
        }
    }
    /* Twelve labels about one point may leave no room: then one or another overlaps. */
    if (!EXPECT("labels neither overlap nor leave the plot", wrong[0] <= 1 && wrong[1] <= 10)) {
        fprintf(stderr, "%u of %u scattered, %u of %u close to each other\n", wrong[0], ROUNDS,
                wrong[1], ROUNDS);
    }
    said_free(made);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"the same bytes twice", same_bytes},
        {"JSON", json},
        {"Markdown stays short", markdown_stays_short},
        {"figures come and go", figures_come_and_go},
        {"labels stay clear of each other", labels_stay_clear_of_each_other},
    };
    return PUNCH_TEST_MAIN("unit_report_tradeoff", cases);
}
