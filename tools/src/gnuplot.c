/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gnuplot.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "format.h"

extern char **environ;

/* How often it is asked whether gnuplot has ended. Chosen: a figure takes some 100 ms. */
#define POLL_MS 5

/* What gnuplot reads as itself (a quote) and what it draws as itself (a percent sign of a tick). */
static void put_doubled(FILE *out, const char *text, const char *doubled) {
    char point[FORMAT_POINT_CAP];
    for (size_t length = format_next_printable(text, point); length > 0;
         length = format_next_printable(text, point)) {
        /* gnuplot escapes < and & in its SVGs, not >; this may not stand in XML: XML 1.0 §2.4. */
        const bool ends_cdata = strncmp(text, "]]>", 3) == 0;
        fputs(strchr(doubled, point[0]) != NULL ? point : "", out);
        fputs(ends_cdata ? "] ]" : point, out);
        text += ends_cdata ? 2 : length;
    }
}

void gnuplot_words(FILE *out, const char *text) {
    put_doubled(out, text, "'");
}

void gnuplot_tick_words(FILE *out, const char *text) {
    put_doubled(out, text, "'%");
}

void gnuplot_text(FILE *out, const char *text) {
    fputc('\'', out);
    gnuplot_words(out, text);
    fputc('\'', out);
}

void gnuplot_begin(FILE *out, uint32_t width, uint32_t height) {
    fprintf(out,
            "if (ARG1 eq \"png\") {\n"
            "    set terminal pngcairo size %u,%u noenhanced font \"sans,10\"\n"
            "} else {\n"
            "    set terminal svg size %u,%u noenhanced font \"sans,10\" background \"white\"\n"
            "}\n"
            "set output ARG2\n",
            width, height, width, height);
}

/* gnuplot takes names that begin with | or < for commands, and ~ for a home. */
static char *plain_path(const char *path) {
    return path[0] == '/' ? file_copy_name(path) : file_join("./", path);
}

/* In a process group of its own, so that it can be killed with its children; without input. */
static bool start(pid_t *child_out, char *const argv[]) {
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    const bool started =
        posix_spawnp(child_out, argv[0], &actions, &attributes, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return started;
}

static gnuplot_result wait_for(pid_t child, uint32_t limit_ms) {
    int status = 0;
    for (uint32_t waited_ms = 0; waitpid(child, &status, WNOHANG) == 0; waited_ms += POLL_MS) {
        if (waited_ms >= limit_ms) {
            kill(-child, SIGKILL);
            (void)waitpid(child, &status, 0);
            return GNUPLOT_HUNG;
        }
        const struct timespec pause = {0, POLL_MS * 1000000};
        nanosleep(&pause, NULL);
    }
    if (!WIFEXITED(status)) {
        return GNUPLOT_FAILED;
    }
    return WEXITSTATUS(status) == 0     ? GNUPLOT_DREW
           : WEXITSTATUS(status) == 127 ? GNUPLOT_MISSING
                                        : GNUPLOT_FAILED;
}

static void put_path(FILE *out, const char *path) {
    char *plain = plain_path(path);
    gnuplot_text(out, plain);
    free(plain);
}

static bool write_driver(const gnuplot_figure *figures, size_t count, const char *driver) {
    FILE *out = fopen(driver, "w");
    if (out == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        fputs("reset\ncall ", out);
        put_path(out, figures[i].script);
        fprintf(out, " '%s' ", figures[i].format);
        put_path(out, figures[i].output);
        fputs("\nunset output\n", out);
    }
    return fclose(out) == 0;
}

gnuplot_result gnuplot_draw(const gnuplot_figure *figures, size_t count, const char *driver,
                            uint32_t limit_ms) {
    if (!write_driver(figures, count, driver)) {
        return GNUPLOT_FAILED;
    }
    char *words[] = {file_copy_name("gnuplot"),
                     file_copy_name("-d"), /* nobody's ~/.gnuplot changes a figure */
                     plain_path(driver), NULL};
    pid_t child = 0;
    const gnuplot_result result =
        start(&child, words) ? wait_for(child, limit_ms) : GNUPLOT_MISSING;
    for (size_t i = 0; words[i] != NULL; i++) {
        free(words[i]);
    }
    return result;
}
