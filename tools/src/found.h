/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scenario files in a directory.
 */
#ifndef FOUND_H
#define FOUND_H

#include <stddef.h>

typedef struct {
    char **paths; /* "scenarios/quickstart.json", in alphabetical order */
    size_t count;
} found_files;

/* All *.json right in a directory but schema.json; none when there is no such directory. */
found_files found_in(const char *directory);

/* Those in root/scenarios, then those in its keepalive and its published. */
found_files found_scenarios(const char *root);

/* The scenario file that is meant: the word itself, or, when there is no such file and the word is
 * but a name, NAME.json where found_scenarios() looks. To be freed. */
char *found_scenario(const char *root, const char *word);

void found_free(found_files *found);

#endif
