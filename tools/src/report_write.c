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
 * does not say partial is whole. Only files named here are touched: a directory may hold others,
 * the run's trials file first of all.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "gnuplot.h"
#include "report.h"
#include "report_intervals.h"
#include "report_manifest.h"

/* All figures take about a second; chosen. */
#define GNUPLOT_LIMIT_MS 60000u

/* What is being written, and where. */
typedef struct {
    const analysis *of;
    const report_options *options;
    const char *stage; /* to move from; NULL while the stage itself is written */
    const char *directory;
    FILE *err;
    bool figures; /* were drawn */
} writing;

/* A writer of one whole file; false when what it is made from could not be read. */
typedef struct {
    const char *name;
    bool (*put)(const writing *what, FILE *out);
} report_file;

static bool write_file(const writing *what, const report_file *which) {
    char *path = file_join(what->directory, which->name);
    file_out file;
    bool written = file_open(&file, path, what->err);
    if (written && !which->put(what, file.out)) {
        fprintf(what->err, "punchlab: cannot write %s: the trials file changed meanwhile\n", path);
        file_abandon(&file);
        written = false;
    }
    free(path);
    return written && file_commit(&file, what->err);
}

static bool put_manifest_partial(const writing *what, FILE *out) {
    report_manifest(what->of, out, true);
    return true;
}

static bool put_manifest(const writing *what, FILE *out) {
    report_manifest(what->of, out, what->of->partial);
    return true;
}

static bool put_host(const writing *what, FILE *out) {
    report_host_json(what->options->host, out);
    return true;
}

static bool put_cells(const writing *what, FILE *out) {
    report_cells_csv(what->of, out);
    return true;
}

static bool put_reasons(const writing *what, FILE *out) {
    report_reasons_csv(what->of, out);
    return true;
}

static bool put_ecdf(const writing *what, FILE *out) {
    report_ecdf_csv(what->of, out);
    return true;
}

static bool put_trials(const writing *what, FILE *out) {
    return report_trials_csv(what->of, out);
}

static bool put_survival(const writing *what, FILE *out) {
    return report_survival_csv(what->of, out);
}

static bool put_intervals(const writing *what, FILE *out) {
    return report_intervals_csv(what->of, out);
}

static bool put_markdown(const writing *what, FILE *out) {
    report_markdown(what->of, out, what->figures);
    return true;
}

static bool put_html(const writing *what, FILE *out) {
    report_html(what->of, out);
    return true;
}

static bool put_junit(const writing *what, FILE *out) {
    report_junit(what->of, out);
    return true;
}

static bool put_success(const writing *what, FILE *out) {
    report_plot_success(what->of, out);
    return true;
}

static bool put_times(const writing *what, FILE *out) {
    report_plot_times(what->of, out);
    return true;
}

static bool put_factors(const writing *what, FILE *out) {
    report_plot_factors(what->of, out);
    return true;
}

static bool put_reason_bars(const writing *what, FILE *out) {
    report_plot_reasons(what->of, out);
    return true;
}

static bool put_tradeoff(const writing *what, FILE *out) {
    report_plot_tradeoff(what->of, out);
    return true;
}

static bool put_tradeoff_map(const writing *what, FILE *out) {
    report_plot_tradeoff_map(what->of, out);
    return true;
}

static bool put_interval_lines(const writing *what, FILE *out) {
    report_plot_intervals(what->of, out);
    return true;
}

static bool is_judged(const analysis *of) {
    return of->judged != NULL;
}

static bool is_mapped(const analysis *of) {
    return of->judged != NULL && of->judged->map.factor != TRADEOFF_ALL;
}

static const char manifest_name[] = "manifest.json";
static const char host_name[] = "host.json";
static const char trials_name[] = "trials.csv";
static const char survival_name[] = "survival.csv";
static const char intervals_name[] = "intervals.csv";

/* Beside the manifest and the two that are not always written. */
static const report_file plain_files[] = {
    {"cells.csv", put_cells},  {"reasons.csv", put_reasons}, {"ecdf.csv", put_ecdf},
    {"report.html", put_html}, {"junit.xml", put_junit},
};

#define PLAIN_FILES (sizeof plain_files / sizeof plain_files[0])

static const struct {
    const char *stem;
    const char *svg;
    const char *png;
    report_file script;
    bool (*wanted)(const analysis *of); /* NULL: always */
} figures[] = {
    {"success", "success.svg", "success.png", {"success.gp", put_success}, NULL},
    {"time-to-connect",
     "time-to-connect.svg",
     "time-to-connect.png",
     {"time-to-connect.gp", put_times},
     NULL},
    {"factors", "factors.svg", "factors.png", {"factors.gp", put_factors}, NULL},
    {"reasons", "reasons.svg", "reasons.png", {"reasons.gp", put_reason_bars}, NULL},
    {"tradeoff", "tradeoff.svg", "tradeoff.png", {"tradeoff.gp", put_tradeoff}, is_judged},
    {"tradeoff-map",
     "tradeoff-map.svg",
     "tradeoff-map.png",
     {"tradeoff-map.gp", put_tradeoff_map},
     is_mapped},
    {"intervals",
     "intervals.svg",
     "intervals.png",
     {"intervals.gp", put_interval_lines},
     intervals_are_drawn},
};

#define FIGURES (sizeof figures / sizeof figures[0])

static bool is_wanted(const analysis *of, size_t figure) {
    return figures[figure].wanted == NULL || figures[figure].wanted(of);
}

/* Calls a function with the name of each file there may be but the manifest; stops when it says
 * false. */
static bool each_file(bool (*visit)(const writing *what, const char *name), const writing *what) {
    static const char *const others[] = {"report.md", host_name, trials_name, survival_name,
                                         intervals_name};
    bool going = true;
    for (size_t i = 0; going && i < PLAIN_FILES; i++) {
        going = visit(what, plain_files[i].name);
    }
    for (size_t i = 0; going && i < FIGURES; i++) {
        going = visit(what, figures[i].script.name) && visit(what, figures[i].svg) &&
                visit(what, figures[i].png);
    }
    for (size_t i = 0; going && i < sizeof others / sizeof others[0]; i++) {
        going = visit(what, others[i]);
    }
    return going;
}

static bool clear_file(const writing *what, const char *name) {
    char *path = file_join(what->directory, name);
    unlink(path);
    free(path);
    return true;
}

/* Figures are drawn in a directory of their own, one for each process: the gnuplot of a run that
 * was killed may still be drawing. */
#define EASEL "figures-"

static void clear_easels(const writing *staged) {
    DIR *listing = opendir(staged->directory);
    for (const struct dirent *entry = listing != NULL ? readdir(listing) : NULL; entry != NULL;
         entry = readdir(listing)) {
        if (strncmp(entry->d_name, EASEL, sizeof EASEL - 1) == 0) {
            char *path = file_join(staged->directory, entry->d_name);
            (void)file_remove_directory(path);
            free(path);
        }
    }
    if (listing != NULL) {
        closedir(listing);
    }
}

/* What a killed run left must not pass for part of this one. */
static void clear_stage(const writing *staged) {
    (void)clear_file(staged, manifest_name);
    (void)each_file(clear_file, staged);
    clear_easels(staged);
}

/* Moves one file from the stage, or removes the old one when there is no new one. */
static bool move_file(const writing *to, const char *name) {
    char *from_path = file_join(to->stage, name);
    char *to_path = file_join(to->directory, name);
    errno = 0;
    bool moved = rename(from_path, to_path) == 0;
    const bool keeps = to->options->host == NULL && strcmp(name, host_name) == 0;
    if (!moved && errno == ENOENT) {
        moved = keeps || unlink(to_path) == 0 || errno == ENOENT;
    }
    if (!moved) {
        fprintf(to->err, "punchlab: cannot move %s to %s: %s\n", from_path, to_path,
                strerror(errno));
    }
    free(from_path);
    free(to_path);
    return moved;
}

/* The journal of a run becomes the trials file the reports were made from. */
static bool move_journal(const writing *to) {
    const char *from = to->options->journal;
    if (from == NULL) {
        return true;
    }
    char *final = file_join(to->directory, REPORT_TRIALS_NAME);
    const bool moved = rename(from, final) == 0;
    if (!moved) {
        fprintf(to->err, "punchlab: cannot move %s to %s: %s\n", from, final, strerror(errno));
    }
    free(final);
    return moved;
}

/* Moves everything, the manifest last; meanwhile there is none. */
static bool move_all(const writing *to) {
    char *manifest = file_join(to->directory, manifest_name);
    bool moved = unlink(manifest) == 0 || errno == ENOENT;
    if (!moved) {
        fprintf(to->err, "punchlab: cannot replace %s: %s\n", manifest, strerror(errno));
    }
    free(manifest);
    return moved && each_file(move_file, to) && move_journal(to) && move_file(to, manifest_name);
}

/* "DIR.partial", or "DIR/partial" where the name is no name. To be freed. */
char *report_partial_directory(const char *directory) {
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

/* The figure that was being drawn when gnuplot stopped: the last one begun. */
static const char *stopped_at(const gnuplot_figure *all, size_t count) {
    size_t begun = 0;
    for (size_t i = 0; i < count; i++) {
        begun = access(all[i].output, F_OK) == 0 ? i : begun;
    }
    return all[begun].script;
}

/* Says why there are no figures. */
static void tell_undrawn(const writing *what, gnuplot_result result, const gnuplot_figure *all,
                         size_t count) {
    switch (result) {
    case GNUPLOT_DREW:
        return;
    case GNUPLOT_MISSING:
        fputs("punchlab: no plots: gnuplot was not found (apt install gnuplot-nox)\n", what->err);
        return;
    case GNUPLOT_FAILED:
        fprintf(what->err, "punchlab: no plots: gnuplot failed on %s\n", stopped_at(all, count));
        return;
    case GNUPLOT_HUNG:
        fprintf(what->err, "punchlab: no plots: gnuplot took more than %u s, the last for %s\n",
                GNUPLOT_LIMIT_MS / 1000, stopped_at(all, count));
        return;
    }
}

/* Every figure in both formats, under temporary names, renamed when all are there. A missing or
 * failing gnuplot costs the figures, not the results. */
static bool draw_on(const writing *what, const char *easel) {
    gnuplot_figure all[2 * FIGURES];
    char *finals[2 * FIGURES];
    char *outputs[2 * FIGURES];
    char *scripts[FIGURES];
    size_t count = 0;
    for (size_t i = 0; i < FIGURES; i++) {
        scripts[i] = file_join(what->directory, figures[i].script.name);
        for (size_t k = 0; k < 2 && is_wanted(what->of, i); k++) {
            const char *name = k == 0 ? figures[i].svg : figures[i].png;
            finals[count] = file_join(what->directory, name);
            outputs[count] = file_join(easel, name);
            all[count] = (gnuplot_figure){scripts[i], k == 0 ? "svg" : "png", outputs[count]};
            count++;
        }
    }
    char *driver = file_join(easel, "driver.gp");
    gnuplot_result result = gnuplot_draw(all, count, driver, GNUPLOT_LIMIT_MS);
    tell_undrawn(what, result, all, count);
    for (size_t k = 0; k < count; k++) {
        if (result == GNUPLOT_DREW && rename(outputs[k], finals[k]) != 0) {
            result = GNUPLOT_FAILED;
        }
        free(outputs[k]);
        free(finals[k]);
    }
    for (size_t i = 0; i < FIGURES; i++) {
        free(scripts[i]);
    }
    free(driver);
    return result == GNUPLOT_DREW;
}

static bool draw_all(const writing *what) {
    char *easel = file_join(what->directory, EASEL "XXXXXX");
    bool drawn = mkdtemp(easel) != NULL;
    if (drawn) {
        drawn = draw_on(what, easel);
        (void)file_remove_directory(easel);
    } else {
        fprintf(what->err, "punchlab: no plots: cannot make %s: %s\n", easel, strerror(errno));
    }
    free(easel);
    return drawn;
}

static uint64_t rows_of(const analysis *of) {
    uint64_t rows = 0;
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        rows += of->cells[i].calls;
    }
    return rows;
}

/* The rows of trials, unless they are many and nobody asked. */
static bool write_trials(const writing *staged) {
    static const report_file trials = {trials_name, put_trials};
    const uint64_t rows = rows_of(staged->of);
    if (rows <= REPORT_TRIALS_CSV_ROWS_MAX || staged->options->trials_csv) {
        return write_file(staged, &trials);
    }
    fprintf(staged->err,
            "punchlab: trials.csv would have %llu rows and was left out; 'punchlab report "
            "--trials-csv' on these results writes it\n",
            (unsigned long long)rows);
    return true;
}

/* How long holes lasted, where any were held. */
static bool write_survival(const writing *staged) {
    static const report_file survival = {survival_name, put_survival};
    return staged->of->file == NULL || !analysis_holds(staged->of) || write_file(staged, &survival);
}

/* How intervals changed, where any strategy learns. */
static bool write_intervals(const writing *staged) {
    static const report_file intervals = {intervals_name, put_intervals};
    return !intervals_are_drawn(staged->of) || write_file(staged, &intervals);
}

/* Everything into the stage; false when something could not be written. */
static bool write_all(writing *staged) {
    static const report_file partial = {manifest_name, put_manifest_partial};
    static const report_file manifest = {manifest_name, put_manifest};
    static const report_file host = {host_name, put_host};
    static const report_file markdown = {"report.md", put_markdown};
    bool written = write_file(staged, &partial);
    for (size_t i = 0; written && i < PLAIN_FILES; i++) {
        written = write_file(staged, &plain_files[i]);
    }
    for (size_t i = 0; written && i < FIGURES; i++) {
        written = !is_wanted(staged->of, i) || write_file(staged, &figures[i].script);
    }
    if (!written || !write_survival(staged) || !write_intervals(staged) || !write_trials(staged)) {
        return false;
    }
    staged->figures = draw_all(staged);
    return write_file(staged, &markdown) &&
           (staged->options->host == NULL || write_file(staged, &host)) &&
           write_file(staged, &manifest);
}

static bool is_staged(const writing *staged, const char *name) {
    char *path = file_join(staged->directory, name);
    const bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

/* Less than a whole run goes beside the directory. */
static void keep_partial(const writing *staged, const char *directory, bool written) {
    char *partial = report_partial_directory(directory);
    writing to = *staged;
    report_options options = *staged->options;
    options.journal = NULL; /* it stays where the run can be continued */
    to.options = &options;
    to.stage = staged->directory;
    to.directory = partial;
    const bool kept = file_make_directories(partial, to.err) && move_all(&to);
    fprintf(to.err, "punchlab: the results are partial%s: they are in %s; %s is as it was\n",
            written ? "" : ", because not everything could be written", kept ? partial : to.stage,
            directory);
    free(partial);
}

report_written report_write(const analysis *of, const report_options *options,
                            const char *directory, FILE *err) {
    if (of->trials == 0) {
        fprintf(err, "punchlab: no trial was finished: nothing was written\n");
        return REPORT_PARTIAL;
    }
    char *stage = file_join(directory, ".part");
    writing staged = {of, options, NULL, stage, err, false};
    clear_stage(&staged);
    bool written = file_make_directories(stage, err) && write_all(&staged);
    const bool whole = written && (!of->partial || options->in_place);
    if (whole) {
        writing to = staged;
        to.stage = stage;
        to.directory = directory;
        written = move_all(&to);
    } else if (is_staged(&staged, manifest_name)) {
        keep_partial(&staged, directory, written);
    } else {
        fprintf(err, "punchlab: nothing could be written; %s is as it was\n", directory);
    }
    rmdir(stage);
    free(stage);
    return !written ? REPORT_FAILED : of->partial ? REPORT_PARTIAL : REPORT_WHOLE;
}
