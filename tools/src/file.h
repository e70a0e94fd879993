/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output files that are either whole or absent: written under a temporary name beside the final
 * one, renamed when every byte is on its way. Devices and pipes are written directly. Every failure
 * is one line on err that names the file and the system's reason.
 */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stdio.h>

typedef struct {
    FILE *out;       /* to write to; NULL when it is not open */
    char *path;      /* final name */
    char *temporary; /* NULL: written directly */
} file_out;

/* Opens; false after saying why not on err. */
bool file_open(file_out *file, const char *path, FILE *err);

/* Flushes, closes, renames. False (the temporary file removed) after saying why not. */
bool file_commit(file_out *file, FILE *err);

/* Closes and removes the temporary file. Harmless when nothing is open. */
void file_abandon(file_out *file);

/* Makes a directory and those above it; false after saying why not. */
bool file_make_directories(const char *path, FILE *err);

/* Takes a directory for this process alone, among those that ask; the end of the process or close()
 * gives it back. A descriptor, or after saying why not FILE_TAKEN (by another) or FILE_NOT_LOCKED.
 */
enum { FILE_NOT_LOCKED = -1, FILE_TAKEN = -2 };
int file_lock_directory(const char *path, FILE *err);

/* The same beside others that ask likewise; it keeps those off that want the directory alone. */
int file_share_directory(const char *path, FILE *err);

/* The same of a file, which is made when it is not there. */
int file_lock(const char *path, FILE *err);

/* Removes a directory with all that is in it; false when something stayed. */
bool file_remove_directory(const char *path);

/* Copies a file; false after saying why not. */
bool file_copy(const char *from, const char *to, FILE *err);

/* The same text, to be freed. Asserts that memory is there. */
char *file_copy_name(const char *path);

/* Text and suffix, to be freed. Asserts that memory is there. */
char *file_with_suffix(const char *text, const char *suffix);

/* The path of name, relative to the directory of this program's own file; false when that cannot be
 * told. */
bool file_beside_program(char *path, size_t cap, const char *name);

/* "dir/name", to be freed. Asserts that memory is there. */
char *file_join(const char *directory, const char *name);

#endif
