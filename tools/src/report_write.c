/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory of a run.
 *
 *   DIR/.part/     everything is written here first
 *   DIR/           gets it, file by file, when it is whole
 *   DIR.partial/   gets it when the run was interrupted or not everything could be written
 *
 * So nothing whole is replaced by less. A staged manifest says partial until all else is there; a
 * directory has no manifest while its files are being replaced. Hence a directory whose manifest
 * does not say partial is whole. Only files named here are touched: a directory may hold others.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "format.h"
#include "gnuplot.h"
#include "report.h"
#include "version.h"

/* A figure takes less than a second; chosen. */
#define GNUPLOT_LIMIT_MS 60000u

/* About the machine: kept apart, because nothing here may be compared between runs. */
static void put_host(const report *view, FILE *out) {
    struct utsname system;
    const bool known = uname(&system) == 0;
    const double wall_s = view->results->wall_s;
    fputs("  \"host\": {\n    \"system\": ", out);
    format_json_string(out, known ? system.sysname : "unknown");
    fputs(",\n    \"release\": ", out);
    format_json_string(out, known ? system.release : "unknown");
    fputs(",\n    \"machine\": ", out);
    format_json_string(out, known ? system.machine : "unknown");
    const time_t now = time(NULL);
    struct tm utc;
    char written[32] = "unknown";
    if (gmtime_r(&now, &utc) != NULL) {
        strftime(written, sizeof written, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    fprintf(out,
            ",\n    \"cores\": %ld,\n    \"jobs\": %u,\n    \"wall_s\": %.3f,\n"
            "    \"written_at\": \"%s\"\n  }\n",
            sysconf(_SC_NPROCESSORS_ONLN), view->request->jobs, wall_s, written);
}

void report_manifest(const report *view, FILE *out, bool partial) {
    const run_request *request = view->request;
    fputs("{\n  \"schema\": 1,\n  \"version\": ", out);
    format_json_string(out, version_number);
    fputs(",\n  \"commit\": ", out);
    format_json_string(out, version_commit);
    fputs(",\n  \"scenario\": ", out);
    format_json_string(out, sim_scenario_name(request->scenario));
    fputs(",\n  \"file\": ", out);
    format_json_string(out, request->file);
    fprintf(out, ",\n  \"digest\": \"%016llx\",\n  \"overrides\": [",
            (unsigned long long)sim_scenario_digest(request->scenario));
    for (size_t i = 0; i < request->override_count; i++) {
        fputs(i > 0 ? ", [" : "[", out);
        format_json_string(out, request->overrides[i].key);
        fputs(", ", out);
        format_json_string(out, request->overrides[i].value);
        fputc(']', out);
    }
    fprintf(out, "],\n  \"seed\": \"%llu\",\n  \"trials\": %llu,\n  \"cells\": %u,\n",
            (unsigned long long)request->seed, (unsigned long long)request->trials,
            view->results->cell_count);
    fputs("  \"backend\": ", out);
    format_json_string(out, request->backend->name);
    fputs(",\n  \"crypto\": ", out);
    format_json_string(out, view->crypto);
    fprintf(out, ",\n  \"partial\": %s,\n  \"trials_done\": %llu,\n", partial ? "true" : "false",
            (unsigned long long)view->results->trials_done);
    fprintf(out, "  \"results_digest\": \"%016llx\",\n",
            (unsigned long long)run_digest(view->results));
    put_host(view, out);
    fputs("}\n", out);
}

/* A writer of one whole file, or of the manifest when put is NULL. */
typedef struct {
    const char *name;
    void (*put)(const report *view, FILE *out);
} report_file;

static bool write_file(const report *view, const char *directory, const report_file *what,
                       FILE *err) {
    char *path = file_join(directory, what->name);
    file_out file;
    const bool opened = file_open(&file, path, err);
    if (opened) {
        what->put(view, file.out);
    }
    free(path);
    return opened && file_commit(&file, err);
}

static void put_manifest_partial(const report *view, FILE *out) {
    report_manifest(view, out, true);
}

static void put_manifest(const report *view, FILE *out) {
    report_manifest(view, out, view->partial);
}

static void put_markdown_with_plots(const report *view, FILE *out) {
    report_markdown(view, out, true);
}

static void put_markdown_bare(const report *view, FILE *out) {
    report_markdown(view, out, false);
}

/* The manifest first: see move_all. */
static const char *const run_files[] = {
    "manifest.json",       "cells.csv",           "trials.csv",  "report.md",
    "success.gp",          "success.svg",         "success.png", "time-to-connect.gp",
    "time-to-connect.svg", "time-to-connect.png",
};

#define RUN_FILES (sizeof run_files / sizeof run_files[0])

/* What a killed run left must not pass for part of this one. */
static void clear_stage(const char *stage) {
    for (size_t i = 0; i < RUN_FILES; i++) {
        char *path = file_join(stage, run_files[i]);
        unlink(path);
        free(path);
    }
}

/* Moves one file, or removes the old one when there is no new one. */
static bool move_file(const char *stage, const char *directory, const char *name, FILE *err) {
    char *from = file_join(stage, name);
    char *to = file_join(directory, name);
    errno = 0;
    bool moved = rename(from, to) == 0;
    if (!moved && errno == ENOENT) {
        moved = unlink(to) == 0 || errno == ENOENT;
    }
    if (!moved) {
        fprintf(err, "punchlab: cannot move %s to %s: %s\n", from, to, strerror(errno));
    }
    free(from);
    free(to);
    return moved;
}

/* Moves everything, the manifest last; meanwhile there is none. */
static bool move_all(const char *stage, const char *directory, FILE *err) {
    char *manifest = file_join(directory, run_files[0]);
    bool moved = unlink(manifest) == 0 || errno == ENOENT;
    if (!moved) {
        fprintf(err, "punchlab: cannot replace %s: %s\n", manifest, strerror(errno));
    }
    free(manifest);
    for (size_t i = RUN_FILES; moved && i > 0; i--) {
        moved = move_file(stage, directory, run_files[i - 1], err);
    }
    return moved;
}

/* "DIR.partial", or "DIR/partial" where the name is no name. To be freed. */
static char *partial_directory(const char *directory) {
    char *plain = file_copy_name(directory);
    size_t length = strlen(plain);
    while (length > 1 && plain[length - 1] == '/') {
        plain[--length] = '\0';
    }
    const char *slash = strrchr(plain, '/');
    const char *last = slash != NULL ? slash + 1 : plain;
    const bool nameless = last[0] == '\0' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0;
    char *partial = nameless ? file_join(plain, "partial") : file_with_suffix(plain, ".partial");
    free(plain);
    return partial;
}

/* One figure in one format: drawn under a temporary name, then renamed. */
static gnuplot_result draw(const char *directory, const char *stem, const char *format) {
    char name[64];
    snprintf(name, sizeof name, "%s.gp", stem);
    char *script = file_join(directory, name);
    snprintf(name, sizeof name, "%s.%s", stem, format);
    char *final = file_join(directory, name);
    snprintf(name, sizeof name, "%s.%s.part", stem, format);
    char *temporary = file_join(directory, name);
    gnuplot_result result = gnuplot_run(script, format, temporary, GNUPLOT_LIMIT_MS);
    if (result == GNUPLOT_DREW && rename(temporary, final) != 0) {
        result = GNUPLOT_FAILED;
    }
    if (result != GNUPLOT_DREW) {
        unlink(temporary);
    }
    free(script);
    free(final);
    free(temporary);
    return result;
}

/* Both figures in both formats. A missing or failing gnuplot costs the figures, not the results. */
static bool draw_all(const char *directory, FILE *err) {
    static const char *const stems[] = {"success", "time-to-connect"};
    static const char *const formats[] = {"svg", "png"};
    for (size_t i = 0; i < 4; i++) {
        const gnuplot_result result = draw(directory, stems[i / 2], formats[i % 2]);
        switch (result) {
        case GNUPLOT_DREW:
            continue;
        case GNUPLOT_MISSING:
            fputs("punchlab: no plots: gnuplot was not found (apt install gnuplot-nox)\n", err);
            return false;
        case GNUPLOT_FAILED:
            fprintf(err, "punchlab: no plots: gnuplot failed on %s.gp\n", stems[i / 2]);
            return false;
        case GNUPLOT_HUNG:
            fprintf(err, "punchlab: no plots: gnuplot took more than %u s for %s.gp\n",
                    GNUPLOT_LIMIT_MS / 1000, stems[i / 2]);
            return false;
        }
    }
    return true;
}

/* Everything into one directory; false when something could not be written. */
static bool write_all(const report *view, const char *directory, FILE *err) {
    static const report_file first[] = {
        {"manifest.json", put_manifest_partial},   {"cells.csv", report_cells_csv},
        {"trials.csv", report_trials_csv},         {"success.gp", report_plot_success},
        {"time-to-connect.gp", report_plot_times},
    };
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        if (!write_file(view, directory, &first[i], err)) {
            return false;
        }
    }
    const bool plots = draw_all(directory, err);
    const report_file markdown = {"report.md", plots ? put_markdown_with_plots : put_markdown_bare};
    const report_file manifest = {"manifest.json", put_manifest};
    return write_file(view, directory, &markdown, err) &&
           write_file(view, directory, &manifest, err);
}

/* Less than a whole run goes beside the directory. */
static void keep_partial(const char *stage, const char *directory, bool written, FILE *err) {
    char *partial = partial_directory(directory);
    const bool kept = file_make_directories(partial, err) && move_all(stage, partial, err);
    fprintf(err, "punchlab: the results are partial%s: they are in %s; %s is as it was\n",
            written ? "" : ", because not everything could be written", kept ? partial : stage,
            directory);
    free(partial);
}

report_written report_write(const report *view, const char *directory, FILE *err) {
    if (view->results->trials_done == 0) {
        fprintf(err, "punchlab: no trial was finished: nothing was written\n");
        return REPORT_PARTIAL;
    }
    char *stage = file_join(directory, ".part");
    clear_stage(stage);
    bool written = file_make_directories(stage, err) && write_all(view, stage, err);
    const bool whole = written && !view->partial;
    if (whole) {
        written = move_all(stage, directory, err);
    } else {
        keep_partial(stage, directory, written, err);
    }
    rmdir(stage);
    free(stage);
    return !written ? REPORT_FAILED : whole ? REPORT_WHOLE : REPORT_PARTIAL;
}
