/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _XOPEN_SOURCE 700 /* realpath */
#include "relative.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"

/* Bytes of whole names that two absolute paths begin with, without the slash behind them. */
static size_t common_length(const char *a, const char *b) {
    size_t common = 0;
    for (size_t i = 0;; i++) {
        const bool ends = (a[i] == '\0' || a[i] == '/') && (b[i] == '\0' || b[i] == '/');
        common = ends ? i : common;
        if (a[i] != b[i] || a[i] == '\0') {
            return common;
        }
    }
}

/* The root is its slash alone: without it, it has no names like the others have. */
static void strip_root(char *path) {
    if (strcmp(path, "/") == 0) {
        path[0] = '\0';
    }
}

static char *way(const char *from, const char *to) {
    const size_t common = common_length(from, to);
    const char *between = "";
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    PUNCH_ASSERT(out != NULL);
    for (const char *at = from + common; *at != '\0'; at++) {
        if (*at == '/') {
            fprintf(out, "%s..", between);
            between = "/";
        }
    }
    if (to[common] == '/') {
        fprintf(out, "%s%s", between, to + common + 1);
    } else if (between[0] == '\0') {
        fputc('.', out);
    }
    const bool closed = fclose(out) == 0;
    PUNCH_ASSERT(closed);
    return text;
}

char *relative_path(const char *from, const char *to) {
    char *start = realpath(from, NULL);
    char *end = realpath(to, NULL);
    char *text = NULL;
    if (start != NULL && end != NULL) {
        strip_root(start);
        strip_root(end);
        text = way(start, end);
    }
    free(start);
    free(end);
    return text;
}
