/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _XOPEN_SOURCE 700 /* nftw */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "punch/assert.h"

char *file_with_suffix(const char *text, const char *suffix) {
    const size_t length = strlen(text);
    const size_t extra = strlen(suffix);
    char *copy = malloc(length + extra + 1);
    PUNCH_ASSERT(copy != NULL);
    memcpy(copy, text, length);
    memcpy(copy + length, suffix, extra + 1);
    return copy;
}

char *file_copy_name(const char *path) {
    return file_with_suffix(path, "");
}

char *file_join(const char *directory, const char *name) {
    if (strcmp(directory, ".") == 0) {
        return file_copy_name(name); /* shown as a user there would type it */
    }
    const size_t length = strlen(directory);
    const bool closed = length > 0 && directory[length - 1] == '/';
    char *front = file_with_suffix(directory, closed ? "" : "/");
    char *path = file_with_suffix(front, name);
    free(front);
    return path;
}

static bool complain(FILE *err, const char *doing, const char *path, int reason) {
    fprintf(err, "punchlab: cannot %s %s: %s\n", doing, path, strerror(reason));
    return false;
}

bool file_open(file_out *file, const char *path, FILE *err) {
    memset(file, 0, sizeof *file);
    struct stat existing;
    const bool special = stat(path, &existing) == 0 && !S_ISREG(existing.st_mode);
    file->path = file_with_suffix(path, "");
    file->temporary = special ? NULL : file_with_suffix(path, ".part");
    file->out = fopen(special ? file->path : file->temporary, "w");
    if (file->out == NULL) {
        const int reason = errno;
        file_abandon(file);
        return complain(err, "write", path, reason);
    }
    return true;
}

bool file_commit(file_out *file, FILE *err) {
    int reason = ferror(file->out) ? ENOSPC : 0;
    errno = 0;
    if (fflush(file->out) != 0) {
        reason = errno;
    }
    if (fclose(file->out) != 0 && reason == 0) {
        reason = errno;
    }
    file->out = NULL;
    if (reason == 0 && file->temporary != NULL && rename(file->temporary, file->path) != 0) {
        reason = errno;
    }
    if (reason != 0) {
        complain(err, "write", file->path, reason);
        file_abandon(file);
        return false;
    }
    free(file->path);
    free(file->temporary);
    memset(file, 0, sizeof *file);
    return true;
}

void file_abandon(file_out *file) {
    if (file->out != NULL) {
        fclose(file->out);
    }
    if (file->temporary != NULL) {
        unlink(file->temporary);
    }
    free(file->path);
    free(file->temporary);
    memset(file, 0, sizeof *file);
}

bool file_make_directories(const char *path, FILE *err) {
    if (path[0] == '\0') {
        fputs("punchlab: the name of a directory is empty\n", err);
        return false;
    }
    char *partial = file_with_suffix(path, "");
    bool made = true;
    for (char *at = partial + 1; made; at++) {
        if (*at != '/' && *at != '\0') {
            continue;
        }
        const char kept = *at;
        *at = '\0';
        struct stat existing;
        if (mkdir(partial, 0777) != 0) {
            const int reason = errno;
            const bool there = stat(partial, &existing) == 0 && S_ISDIR(existing.st_mode);
            made = there || complain(err, "make directory", partial, reason);
        }
        *at = kept;
        if (kept == '\0') {
            break;
        }
    }
    free(partial);
    return made;
}

/* Locks an open file, which it closes when that fails. */
static int lock_open(int fd, const char *path, int kind, FILE *err) {
    if (fd < 0) {
        (void)complain(err, "open", path, errno);
        return FILE_NOT_LOCKED;
    }
    if (flock(fd, kind | LOCK_NB) == 0) {
        return fd;
    }
    const int reason = errno;
    close(fd);
    if (reason == EWOULDBLOCK) {
        fprintf(err, "punchlab: another run is writing to %s\n", path);
        return FILE_TAKEN;
    }
    (void)complain(err, "lock", path, reason);
    return FILE_NOT_LOCKED;
}

bool file_beside_program(char *path, size_t cap, const char *name) {
    const ssize_t length = readlink("/proc/self/exe", path, cap - 1);
    if (length <= 0) {
        return false;
    }
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL || (size_t)(slash + 1 - path) + strlen(name) >= cap) {
        return false;
    }
    memcpy(slash + 1, name, strlen(name) + 1);
    return true;
}

int file_lock_directory(const char *path, FILE *err) {
    return lock_open(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), path, LOCK_EX, err);
}

int file_share_directory(const char *path, FILE *err) {
    return lock_open(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), path, LOCK_SH, err);
}

/* Whoever held it may have removed the name between our open and our lock: then what we hold is
 * nobody's any more, and we ask again. */
int file_lock(const char *path, FILE *err) {
    for (;;) {
        const int fd =
            lock_open(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666), path, LOCK_EX, err);
        struct stat ours;
        struct stat named;
        if (fd < 0 || (fstat(fd, &ours) == 0 && stat(path, &named) == 0 &&
                       ours.st_ino == named.st_ino && ours.st_dev == named.st_dev)) {
            return fd;
        }
        close(fd);
    }
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

#define REMOVE_DEPTH 8 /* directories open at once; chosen */

bool file_remove_directory(const char *path) {
    return nftw(path, remove_entry, REMOVE_DEPTH, FTW_DEPTH | FTW_PHYS) == 0;
}

/* Chosen: a page or more at a time. */
#define COPY_BYTES 65536u

bool file_copy(const char *from, const char *to, FILE *err) {
    FILE *in = fopen(from, "r");
    if (in == NULL) {
        return complain(err, "read", from, errno);
    }
    file_out out;
    if (!file_open(&out, to, err)) {
        fclose(in);
        return false;
    }
    char *bytes = malloc(COPY_BYTES);
    PUNCH_ASSERT(bytes != NULL);
    size_t got = 0;
    while ((got = fread(bytes, 1, COPY_BYTES, in)) > 0) {
        (void)fwrite(bytes, 1, got, out.out); /* file_commit sees whether it failed */
    }
    free(bytes);
    const bool read_all = ferror(in) == 0;
    fclose(in);
    if (!read_all) {
        file_abandon(&out);
        return complain(err, "read", from, EIO);
    }
    return file_commit(&out, err);
}
