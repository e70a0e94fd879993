/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a program the way a user does and keeps what it said.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    int status; /* exit code, or 128 + signal */
    char *out;
    char *err;
} spawned;

typedef struct {
    const char *directory;   /* to run in; NULL: here */
    const char *environment; /* one NAME=VALUE more; NULL: none */
    long file_bytes_max;     /* no file may grow beyond; 0: no limit */
    bool interrupt;          /* sends SIGINT as soon as it said something on standard error */
} spawn_how;

/* argv[0] is the program's path; ends with NULL. Fails the process when it cannot be started. */
spawned spawn_run(const spawn_how *how, const char *const *argv);
void spawn_free(spawned *made);

/* Path of the built punchlab; NULL when the environment does not say where it was built. */
const char *spawn_punchlab(char *path, size_t cap);

/* A file below the source directory: "tools/tests/data/tiny.json". */
const char *spawn_source(char *path, size_t cap, const char *name);

/* A new empty directory, its name into path. */
void spawn_make_directory(char *path, size_t cap);

/* Removes a directory with all that is in it. */
void spawn_remove_directory(const char *path);

/* The whole file as text, to be freed; NULL when it cannot be read. */
char *spawn_read_file(const char *directory, const char *name);

#endif
