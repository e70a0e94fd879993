/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _XOPEN_SOURCE 700 /* nftw */
#include "process.h"

#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what) {
    perror(what);
    abort();
}

typedef struct {
    int fd;
    char *text;
    size_t length;
    size_t cap;
} stream;

/* Takes what there is; false at the end. */
static bool take(stream *from) {
    if (from->length + 4096 + 1 > from->cap) {
        from->cap = from->cap * 2 + 8192;
        from->text = realloc(from->text, from->cap);
        if (from->text == NULL) {
            die("realloc");
        }
    }
    const ssize_t got = read(from->fd, from->text + from->length, 4096);
    if (got > 0) {
        from->length += (size_t)got;
    }
    from->text[from->length] = '\0';
    return got > 0 || (got < 0 && errno == EINTR);
}

static void become(const process_how *how, const char *const *argv, int out, int err) {
    if ((how->directory != NULL && chdir(how->directory) != 0) || dup2(out, 1) < 0 ||
        dup2(err, 2) < 0) {
        _exit(126);
    }
    if (how->file_bytes_max > 0) {
        const struct rlimit limit = {(rlim_t)how->file_bytes_max, (rlim_t)how->file_bytes_max};
        (void)setrlimit(RLIMIT_FSIZE, &limit);
    }
    if (how->environment != NULL) {
        (void)putenv(strdup(how->environment));
    }
    char *words[32] = {NULL}; /* execv wants them writable */
    for (size_t i = 0; argv[i] != NULL && i + 1 < sizeof words / sizeof words[0]; i++) {
        words[i] = strdup(argv[i]);
    }
    execv(words[0], words);
    _exit(127);
}

/* Collects both streams until their ends; interrupts the child when it was asked for. */
static void collect(const process_how *how, pid_t child, stream *out, stream *err) {
    bool interrupted = false;
    bool open[2] = {true, true};
    while (open[0] || open[1]) {
        struct pollfd fds[2] = {{open[0] ? out->fd : -1, POLLIN, 0},
                                {open[1] ? err->fd : -1, POLLIN, 0}};
        (void)poll(fds, 2, -1);
        if (fds[0].revents != 0) {
            open[0] = take(out);
        }
        if (fds[1].revents != 0) {
            open[1] = take(err);
            if (how->interrupt && !interrupted) {
                kill(child, SIGINT);
                interrupted = true;
            }
        }
    }
}

process_said process_run(const process_how *how, const char *const *argv) {
    int pipes[2][2];
    if (pipe(pipes[0]) != 0 || pipe(pipes[1]) != 0) {
        die("pipe");
    }
    fflush(NULL);
    const pid_t child = fork();
    if (child < 0) {
        die("fork");
    }
    if (child == 0) {
        close(pipes[0][0]);
        close(pipes[1][0]);
        become(how, argv, pipes[0][1], pipes[1][1]);
    }
    close(pipes[0][1]);
    close(pipes[1][1]);
    stream out = {pipes[0][0], NULL, 0, 0};
    stream err = {pipes[1][0], NULL, 0, 0};
    collect(how, child, &out, &err);
    close(out.fd);
    close(err.fd);
    int status = 0;
    if (waitpid(child, &status, 0) < 0) {
        die("waitpid");
    }
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    const process_said made = {code, out.text, err.text};
    return made;
}

void process_free(process_said *made) {
    free(made->out);
    free(made->err);
    made->out = NULL;
    made->err = NULL;
}

const char *process_punchlab(char *path, size_t cap) {
    const char *build = getenv("PUNCH_BINARY_DIR");
    if (build == NULL) {
        fputs("PUNCH_BINARY_DIR is not set: run this through ctest\n", stderr);
        abort();
    }
    snprintf(path, cap, "%s/tools/punchlab", build);
    return path;
}

const char *process_source(char *path, size_t cap, const char *name) {
    const char *source = getenv("PUNCH_SOURCE_DIR");
    if (source == NULL) {
        fputs("PUNCH_SOURCE_DIR is not set: run this through ctest\n", stderr);
        abort();
    }
    snprintf(path, cap, "%s/%s", source, name);
    return path;
}

void process_make_directory(char *path, size_t cap) {
    const char *base = getenv("TMPDIR");
    snprintf(path, cap, "%s/punchlab-XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(path) == NULL) {
        die(path);
    }
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

void process_remove_directory(const char *path) {
    (void)nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

char *process_read_file(const char *directory, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    stream text = {fileno(file), NULL, 0, 0};
    while (take(&text)) {
    }
    fclose(file);
    return text.text;
}
