/* SPDX-License-Identifier: MIT */
/*
 * Replays a fuzz corpus through LLVMFuzzerTestOneInput without libFuzzer: every file of the
 * directories (or the files) given. Fails when there was nothing to replay.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t replay_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return 0;
    }
    uint8_t *data = NULL;
    size_t size = 0;
    size_t cap = 0;
    for (;;) {
        if (size == cap) {
            cap = cap == 0 ? 4096 : cap * 2;
            uint8_t *grown = realloc(data, cap);
            if (grown == NULL) {
                break;
            }
            data = grown;
        }
        const size_t got = fread(data + size, 1, cap - size, file);
        if (got == 0) {
            break;
        }
        size += got;
    }
    fclose(file);
    /* An exact-size copy, so that a sanitizer sees the first byte read past the end. */
    uint8_t *exact = malloc(size > 0 ? size : 1);
    if (exact != NULL) {
        memcpy(exact, data, size);
        (void)LLVMFuzzerTestOneInput(exact, size);
    }
    free(exact);
    free(data);
    return 1;
}

static size_t replay(const char *path) {
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return replay_file(path);
    }
    size_t count = 0;
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char child[4096];
        const int length = snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
        if (length > 0 && (size_t)length < sizeof child) {
            count += replay_file(child);
        }
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv) {
    size_t count = 0;
    for (int i = 1; i < argc; i++) {
        count += replay(argv[i]);
    }
    printf("%zu inputs replayed\n", count);
    return count > 0 ? 0 : 1;
}
