/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "found.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "punch/assert.h"

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_scenario(const char *name) {
    const size_t length = strlen(name);
    return length > 5 && strcmp(name + length - 5, ".json") == 0 && name[0] != '.' &&
           strcmp(name, "schema.json") != 0;
}

/* Where scenarios are kept, below the root. */
static const char *const folders[] = {"scenarios", "scenarios/keepalive", "scenarios/published"};

#define FOLDER_COUNT (sizeof folders / sizeof folders[0])

found_files found_in(const char *directory) {
    found_files found = {NULL, 0};
    DIR *open = opendir(directory);
    if (open != NULL) {
        for (const struct dirent *entry = readdir(open); entry != NULL; entry = readdir(open)) {
            if (is_scenario(entry->d_name)) {
                found.paths = realloc(found.paths, (found.count + 1) * sizeof *found.paths);
                PUNCH_ASSERT(found.paths != NULL);
                found.paths[found.count++] = file_join(directory, entry->d_name);
            }
        }
        closedir(open);
    }
    if (found.count > 1) {
        qsort(found.paths, found.count, sizeof *found.paths, by_name);
    }
    return found;
}

found_files found_scenarios(const char *root) {
    found_files all = {NULL, 0};
    for (size_t f = 0; f < FOLDER_COUNT; f++) {
        char *directory = file_join(root, folders[f]);
        found_files found = found_in(directory);
        free(directory);
        if (found.count > 0) {
            all.paths = realloc(all.paths, (all.count + found.count) * sizeof *all.paths);
            PUNCH_ASSERT(all.paths != NULL);
            memcpy(all.paths + all.count, found.paths, found.count * sizeof *all.paths);
            all.count += found.count;
            free(found.paths); /* its texts are all's now */
        }
    }
    return all;
}

char *found_scenario(const char *root, const char *word) {
    struct stat info;
    if (stat(word, &info) == 0 || strchr(word, '/') != NULL) {
        return file_copy_name(word);
    }
    for (size_t f = 0; f < FOLDER_COUNT; f++) {
        char *directory = file_join(root, folders[f]);
        char *bare = file_join(directory, word);
        char *path = is_scenario(word) ? file_copy_name(bare) : file_with_suffix(bare, ".json");
        free(directory);
        free(bare);
        if (stat(path, &info) == 0) {
            return path;
        }
        free(path);
    }
    return file_copy_name(word);
}

void found_free(found_files *found) {
    for (size_t i = 0; i < found->count; i++) {
        free(found->paths[i]);
    }
    free(found->paths);
    found->paths = NULL;
    found->count = 0;
}
