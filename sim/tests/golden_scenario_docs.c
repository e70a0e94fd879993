/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scenarios/schema.json and the reference in scenarios/README.md are generated from the option
 * table and committed; here they are compared with fresh ones, and the README's example is loaded.
 * With --write they are renewed:
 *
 *   golden_scenario_docs SCENARIOS_DIRECTORY [--write]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "punch_test.h"
#include "sim/scenario.h"

#define MARK_BEGIN "<!-- generated from the option table -->\n"
#define MARK_END "<!-- end of the generated part -->\n"

/* A whole stream as a text, or NULL; the caller frees it. */
static char *read_all(FILE *file) {
    size_t length = 0;
    size_t cap = 1 << 16;
    char *text = malloc(cap);
    while (text != NULL) {
        length += fread(text + length, 1, cap - 1 - length, file);
        if (length < cap - 1) {
            text[length] = '\0';
            return text;
        }
        char *grown = realloc(text, cap *= 2);
        if (grown == NULL) {
            free(text);
        }
        text = grown;
    }
    return NULL;
}

static char *read_path(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    char *text = read_all(file);
    (void)fclose(file);
    return text;
}

/* What a writer writes, as a text. */
static char *written_by(void (*write)(FILE *out)) {
    FILE *file = tmpfile();
    if (file == NULL) {
        return NULL;
    }
    write(file);
    rewind(file);
    char *text = read_all(file);
    (void)fclose(file);
    return text;
}

static bool write_path(const char *path, const char *head, const char *body, const char *tail) {
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return false;
    }
    const bool ok = fputs(head, file) >= 0 && fputs(body, file) >= 0 && fputs(tail, file) >= 0;
    return fclose(file) == 0 && ok;
}

/* Says where two texts part. */
static bool same_text(const char *what, const char *committed, const char *fresh) {
    unsigned line = 1;
    while (*committed == *fresh && *fresh != '\0') {
        line += *fresh == '\n' ? 1u : 0u;
        committed++;
        fresh++;
    }
    if (*committed == *fresh) {
        return true;
    }
    (void)fprintf(stderr, "%s: line %u of the generated text: expected \"%.60s\", got \"%.60s\"\n",
                  what, line, fresh, committed);
    return false;
}

static bool check_schema(const char *directory, bool write) {
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/schema.json", directory);
    char *fresh = written_by(sim_scenario_write_schema);
    bool ok = fresh != NULL;
    if (ok && write) {
        ok = write_path(path, "", fresh, "");
    } else if (ok) {
        char *committed = read_path(path);
        ok = committed != NULL && same_text(path, committed, fresh);
        free(committed);
    }
    free(fresh);
    return ok;
}

static bool check_reference(const char *directory, bool write) {
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/README.md", directory);
    char *readme = read_path(path);
    char *fresh = written_by(sim_scenario_write_reference);
    char *begin = readme != NULL ? strstr(readme, MARK_BEGIN) : NULL;
    char *end = begin != NULL ? strstr(begin, MARK_END) : NULL;
    bool ok = fresh != NULL && end != NULL;
    if (!ok) {
        (void)fprintf(stderr, "%s: missing, or without its marks\n", path);
    } else if (write) {
        begin += strlen(MARK_BEGIN);
        char *tail = malloc(strlen(end) + 1);
        ok = tail != NULL;
        if (ok) {
            memcpy(tail, end, strlen(end) + 1);
            *begin = '\0';
            ok = write_path(path, readme, fresh, tail);
        }
        free(tail);
    } else {
        *end = '\0';
        ok = same_text(path, begin + strlen(MARK_BEGIN), fresh);
    }
    free(readme);
    free(fresh);
    return ok;
}

/* The README's example must load. */
static bool check_example(const char *directory) {
    static const char fence[] = "```json\n";
    char path[1024];
    sim_complaints complaints = {0};
    (void)snprintf(path, sizeof path, "%s/README.md", directory);
    char *readme = read_path(path);
    char *begin = readme != NULL ? strstr(readme, fence) : NULL;
    char *end = begin != NULL ? strstr(begin + strlen(fence), "```") : NULL;
    sim_scenario *scenario = NULL;
    if (end != NULL) {
        begin += strlen(fence);
        scenario = sim_scenario_parse(path, begin, (size_t)(end - begin), NULL, 0, &complaints);
    }
    const bool ok = scenario != NULL;
    if (!ok) {
        (void)fprintf(stderr, "%s: the example does not load:\n", path);
        sim_complaints_print(&complaints, stderr);
    }
    sim_scenario_destroy(scenario);
    sim_complaints_clear(&complaints);
    free(readme);
    return ok;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        (void)fprintf(stderr, "usage: %s SCENARIOS_DIRECTORY [--write]\n", argv[0]);
        return 2;
    }
    const bool write = argc > 2 && strcmp(argv[2], "--write") == 0;
    const bool schema = check_schema(argv[1], write);
    const bool reference = check_reference(argv[1], write);
    const bool example = check_example(argv[1]);
    if (!schema || !reference) {
        (void)fprintf(stderr, "repeat: %s %s; renew with --write\n", argv[0], argv[1]);
    }
    return schema && reference && example ? 0 : 1;
}
