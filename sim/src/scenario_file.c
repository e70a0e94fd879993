/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of a scenario: itself, and data beside it. A reference to data is relative and stays below
 * the scenario's directory, so that a scenario from a stranger reads nothing else.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_internal.h"

/* The cause of a failed open or read, in the words of strerror(), which is neither thread-safe nor
 * the same in every locale. */
static const char *cause_of(int error) {
    switch (error) {
    case ENOENT:
        return "cannot be read: No such file or directory";
    case ENOTDIR:
        return "cannot be read: Not a directory";
    case EISDIR:
        return "cannot be read: Is a directory";
    case EACCES:
    case EPERM:
        return "cannot be read: Permission denied";
    case ELOOP:
        return "cannot be read: Too many levels of symbolic links";
    case ENAMETOOLONG:
        return "cannot be read: File name too long";
    case EMFILE:
    case ENFILE:
        return "cannot be read: Too many open files";
    case EIO:
        return "cannot be read: Input/output error";
    }
    return "cannot be read";
}

bool scenario_file_read(const char *path, char **bytes_out, size_t *length_out,
                        const char **why_out) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        *why_out = cause_of(errno);
        return false;
    }
    char *bytes = NULL;
    size_t length = 0;
    size_t cap = 0;
    int read_error = 0;
    *why_out = NULL;
    while (*why_out == NULL && length <= JSON_BYTES_MAX) {
        if (length == cap) {
            cap = cap == 0 ? 65536 : cap * 2;
            char *grown = realloc(bytes, cap);
            if (grown == NULL) {
                *why_out = "does not fit into memory";
                break;
            }
            bytes = grown;
        }
        const size_t got = fread(bytes + length, 1, cap - length, file);
        length += got;
        if (got == 0) {
            read_error = errno;
            break;
        }
    }
    if (*why_out == NULL && ferror(file)) {
        *why_out = cause_of(read_error);
    }
    (void)fclose(file);
    if (*why_out != NULL) {
        free(bytes);
        return false;
    }
    *bytes_out = bytes;
    *length_out = length;
    return true;
}

/* Data lies below the scenario's directory, or in "data" beside that directory, which folders of
 * scenarios share. Not elsewhere: a scenario and its data are to be moved and checked as one. */
static bool is_allowed(const char *relative) {
    static const char shared[] = "../data/";
    if (strncmp(relative, shared, sizeof shared - 1) == 0) {
        relative += sizeof shared - 1;
    }
    if (relative[0] == '\0' || relative[0] == '/') {
        return false;
    }
    for (const char *at = relative; at != NULL; at = strchr(at, '/')) {
        at += *at == '/' ? 1 : 0;
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0')) {
            return false;
        }
    }
    return true;
}

/* The path of a file named relative to the scenario; NULL out of memory. */
static char *beside(const char *scenario_path, const char *relative) {
    const char *slash = strrchr(scenario_path, '/');
    const size_t directory = slash != NULL ? (size_t)(slash - scenario_path) + 1 : 0;
    const size_t length = strlen(relative);
    char *path = malloc(directory + length + 1);
    if (path != NULL) {
        memcpy(path, scenario_path, directory);
        memcpy(path + directory, relative, length + 1);
    }
    return path;
}

scenario_file *scenario_file_fetch(scenario_loader *loader, scenario_place place,
                                   const char *relative) {
    if (!is_allowed(relative)) {
        scenario_complain(
            loader->complaints, place,
            "\"%s\" must be a file below the scenario's directory, without \"..\", or "
            "one of \"../data/\"",
            relative);
        return NULL;
    }
    char *path = beside(loader->scenario->path, relative);
    for (scenario_file *open = loader->files; path != NULL && open != NULL; open = open->next) {
        if (strcmp(open->path, path) == 0) {
            free(path);
            return open->bytes != NULL ? open : NULL; /* if not, there was a complaint */
        }
    }
    scenario_file *file = calloc(1, sizeof *file);
    if (path == NULL || file == NULL) {
        loader->scenario->arena.failed = true;
        free(path);
        free(file);
        return NULL;
    }
    file->path = path;
    file->next = loader->files;
    loader->files = file;
    const char *why = NULL;
    if (!scenario_file_read(path, &file->bytes, &file->length, &why)) {
        scenario_complain(loader->complaints, place, "the file \"%s\" %s", path, why);
        return NULL;
    }
    return file;
}

const json_doc *scenario_file_open(scenario_loader *loader, scenario_place place,
                                   const char *relative) {
    scenario_file *file = scenario_file_fetch(loader, place, relative);
    if (file == NULL) {
        return NULL;
    }
    if (!file->parsed) {
        file->parsed = true;
        if (!json_doc_parse(&file->doc, file->path, file->bytes, file->length,
                            loader->complaints)) {
            json_doc_free(&file->doc);
        }
    }
    return file->doc.tree != NULL ? &file->doc : NULL;
}

bool scenario_file_is_csv(const char *name) {
    static const char ending[] = ".csv";
    const size_t length = strlen(name);
    if (length < sizeof ending - 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof ending - 1; i++) {
        const char byte = name[length - (sizeof ending - 1) + i];
        const char small = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
        if (small != ending[i]) {
            return false;
        }
    }
    return true;
}
