/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes report.html, report.md, junit.xml and an index of made-up runs into a directory, for tests
 * that read them with other people's programs. usage: report_sample DIRECTORY
 */
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "report.h"
#include "said.h"

#define HOSTILE                                                                            \
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>]]>&amp;&#0;--><!--</title>" \
    "</style></svg>`touch hit`|[a](http://example.org/) @all #1 "                          \
    "\x01\x1b[31m\xff\xc3\x28\xef\xbf\xbf"

static const struct {
    const char *name;
    said_how how;
} samples[] = {
    {"one", {.expects = 1}},
    {"six", {.level_counts = {2, 3}, .treatment = true, .expects = 6}},
    {"many", {.level_counts = {3, 3, 3, 3}, .expects = 27, .trials = 50}},
    {"pooled", {.level_counts = {3, 30}, .treatment = true, .until = true}},
    {"thousand", {.level_counts = {10, 10, 10}, .expects = 1000}},
    {"beyond", {.level_counts = {11, 10, 10}}},
    {"never", {.level_counts = {4}, .connected = -1.0, .expects = 4}},
    {"always", {.level_counts = {4}, .connected = 1.0}},
    {"holds", {.level_counts = {5}, .holds = true, .partial = true}},
    {"judged", {.level_counts = {4, 11}, .treatment = true, .judged = true, .expects = 3}},
    {"judged-within",
     {.level_counts = {3, 2, 4}, .treatment = true, .judged = true, .until = true}},
    {"judged-alone", {.level_counts = {7}, .treatment = true, .judged = true}},
    {"judged-hostile",
     {.level_counts = {3, 3}, .treatment = true, .judged = true, .text = HOSTILE}},
    {"hostile", {.level_counts = {2, 2}, .text = HOSTILE, .expects = 3}},
};

#define SAMPLES (sizeof samples / sizeof samples[0])

static void put_markdown(const analysis *of, FILE *out) {
    report_markdown(of, out, true);
}

static bool write_one(const char *directory, const char *name, const said *made,
                      void (*put)(const analysis *of, FILE *out)) {
    char *path = file_join(directory, name);
    file_out file;
    const bool opened = file_open(&file, path, stderr);
    if (opened) {
        put(&made->said, file.out);
    }
    free(path);
    return opened && file_commit(&file, stderr);
}

static bool write_sample(const char *directory, const said *made) {
    return file_make_directories(directory, stderr) &&
           write_one(directory, "report.html", made, report_html) &&
           write_one(directory, "report.md", made, put_markdown) &&
           write_one(directory, "junit.xml", made, report_junit) &&
           (made->said.judged == NULL ||
            (write_one(directory, "tradeoff.gp", made, report_plot_tradeoff) &&
             (made->said.judged->map.factor == TRADEOFF_ALL ||
              write_one(directory, "tradeoff-map.gp", made, report_plot_tradeoff_map))));
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fputs("usage: report_sample DIRECTORY\n", stderr);
        return 2;
    }
    report_index_entry entries[SAMPLES + 1];
    bool written = true;
    for (size_t i = 0; i < SAMPLES; i++) {
        said *made = said_make(&samples[i].how);
        char *directory = file_join(argv[1], samples[i].name);
        written = write_sample(directory, made) && written;
        entries[i] = report_index_entry_of(&made->said, samples[i].name);
        free(directory);
        said_free(made);
    }
    entries[SAMPLES] = report_index_entry_missing("absent", HOSTILE);
    written = report_index(entries, SAMPLES + 1, argv[1], stderr) && written;
    for (size_t i = 0; i < SAMPLES + 1; i++) {
        report_index_entry_free(&entries[i]);
    }
    return written ? 0 : 1;
}
