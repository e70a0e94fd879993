/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "punch_test.h"

bool vectors_open(vectors *rows, const char *name) {
    const char *source = getenv("PUNCH_SOURCE_DIR");
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/tools/tests/data/r/%s.txt", source == NULL ? "." : source,
                   name);
    *rows = (vectors){0};
    rows->file = fopen(path, "r");
    if (rows->file == NULL) {
        printf("no %s\n", path);
    }
    return EXPECT("the vectors are there (PUNCH_SOURCE_DIR)", rows->file != NULL);
}

/* R's NA is no number to strtod. */
static double number_at(const char *text, const char **end_out) {
    if (strncmp(text, "NA", 2) == 0) {
        *end_out = text + 2;
        return NAN;
    }
    char *end = NULL;
    const double number = strtod(text, &end);
    *end_out = end;
    return number;
}

static void parse(vectors *rows, const char *text) {
    rows->count = 0;
    while (rows->count < VECTORS_NUMBERS_MAX) {
        const char *end = NULL;
        while (*text == ' ') {
            text++;
        }
        const double number = number_at(text, &end);
        if (end == text) {
            break;
        }
        rows->numbers[rows->count++] = number;
        text = end;
    }
    EXPECT("a row is numbers only", *text == '\n' || *text == '\0');
}

bool vectors_next(vectors *rows) {
    char *line = NULL;
    size_t cap = 0;
    while (getline(&line, &cap, rows->file) > 0) {
        rows->line++;
        if (line[0] != '#') {
            parse(rows, line);
            free(line);
            return true;
        }
    }
    EXPECT("there were rows", rows->line > 1);
    free(line);
    (void)fclose(rows->file);
    rows->file = NULL;
    return false;
}
