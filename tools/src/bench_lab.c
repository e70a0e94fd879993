/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What statistics and reports cost, and whether a run's memory grows with its trials: the program
 * runs the quickstart as a user does, with a tenth of the trials and with all, then makes every
 * report again from the trials alone. The kernel says what each process took.
 */
#define _DEFAULT_SOURCE /* wait4 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "file.h"
#include "setup.h"

extern char **environ;

#define WORDS_MAX 12u

/* One process to its end, its words going nowhere; false when it did not end as expected. Exit code
 * 1 is an expectation that fails with few trials: no trouble here. */
static bool run_process(const char *const *words, struct rusage *usage_out) {
    char *argv[WORDS_MAX + 1] = {NULL};
    for (size_t i = 0; i < WORDS_MAX && words[i] != NULL; i++) {
        argv[i] = file_copy_name(words[i]);
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    int status = 0;
    const bool started = posix_spawn(&child, "/proc/self/exe", &actions, NULL, argv, environ) == 0;
    const bool ended = started && wait4(child, &status, 0, usage_out) == child;
    posix_spawn_file_actions_destroy(&actions);
    for (size_t i = 0; argv[i] != NULL; i++) {
        free(argv[i]);
    }
    return ended && WIFEXITED(status) && WEXITSTATUS(status) <= 1;
}

static double cpu_s(const struct rusage *usage) {
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1e-6;
}

/* Everything into a directory that is removed afterwards. */
static bool measure_in(const char *directory, uint64_t trials, bench_lab *result) {
    char *scenario = file_join(setup_root(), "scenarios/quickstart.json");
    char few[24];
    char all[24];
    snprintf(few, sizeof few, "%llu", (unsigned long long)(trials / 10 + 1));
    snprintf(all, sizeof all, "%llu", (unsigned long long)trials);
    const char *const run_few[] = {"punchlab", "run",   scenario,  "-q", "--trials",
                                   few,        "--out", directory, NULL};
    const char *const run_all[] = {"punchlab", "run",   scenario,  "-q", "--trials",
                                   all,        "--out", directory, NULL};
    const char *const report[] = {"punchlab", "report", directory, "-q", NULL};
    struct rusage small;
    struct rusage large;
    struct rusage again;
    const bool good =
        run_process(run_few, &small) && run_process(run_all, &large) && run_process(report, &again);
    if (good) {
        result->run_s = cpu_s(&large);
        result->report_s = cpu_s(&again);
        result->few_bytes = (double)small.ru_maxrss * 1024.0; /* Linux: kilobytes */
        result->all_bytes = (double)large.ru_maxrss * 1024.0;
    }
    free(scenario);
    return good;
}

/* The quickstart's cells. */
#define CELLS 18u

bool bench_run_lab(uint64_t trials, bench_lab *result, const char **error_out) {
    const char *base = getenv("TMPDIR");
    char *directory = file_join(base != NULL ? base : "/tmp", "punchlab-bench-XXXXXX");
    *error_out = NULL;
    if (mkdtemp(directory) == NULL) {
        *error_out = "no temporary directory can be made";
    } else {
        result->trials = (trials / CELLS + 1) * CELLS;
        if (!measure_in(directory, trials / CELLS + 1, result)) {
            *error_out = "a run of the quickstart failed";
        }
        (void)file_remove_directory(directory);
    }
    free(directory);
    return *error_out == NULL;
}
