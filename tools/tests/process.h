/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a program the way a user does and keeps what it said.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    int status; /* exit code, or 128 + signal */
    char *out;
    char *err;
} process_said;

typedef struct {
    const char *directory;   /* to run in; NULL: here */
    const char *environment; /* one NAME=VALUE more; NULL: none */
    long file_bytes_max;     /* no file may grow beyond; 0: no limit */
    bool interrupt;          /* sends SIGINT as soon as it said something on standard error */
} process_how;

/* argv[0] is the program's path; ends with NULL. Fails the process when it cannot be started. */
process_said process_run(const process_how *how, const char *const *argv);
void process_free(process_said *made);

/* Path of the built punchlab; NULL when the environment does not say where it was built. */
const char *process_punchlab(char *path, size_t cap);

/* A file below the source directory: "tools/tests/data/tiny.json". */
const char *process_source(char *path, size_t cap, const char *name);

/* A new empty directory, its name into path. */
void process_make_directory(char *path, size_t cap);

/* Removes a directory with all that is in it. */
void process_remove_directory(const char *path);

/* The whole file as text, to be freed; NULL when it cannot be read. */
char *process_read_file(const char *directory, const char *name);

#endif
