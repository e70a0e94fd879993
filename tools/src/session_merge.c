/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Putting shards together: every shard's frames are in the order of the whole, so merging is
 * merging sorted lists, byte for byte. The result is the file a single run would have written.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "punch/assert.h"
#include "session_internal.h"

typedef struct {
    trials_file *files;
    uint32_t count;
} shard_files;

static void close_shards(shard_files *shards) {
    for (uint32_t i = 0; i < shards->count; i++) {
        trials_close(&shards->files[i]);
    }
    free(shards->files);
    shards->files = NULL;
    shards->count = 0;
}

static bool ends_with(const char *text, const char *ending) {
    const size_t length = strlen(text);
    const size_t end = strlen(ending);
    return length >= end && strcmp(text + length - end, ending) == 0;
}

static int by_shard(const void *a, const void *b) {
    const uint32_t x = ((const trials_file *)a)->about.shard;
    const uint32_t y = ((const trials_file *)b)->about.shard;
    return (x > y) - (x < y);
}

/* Opens DIR/shards/(anything).trials; false after saying what is wrong. */
static bool open_shards(const session_how *how, shard_files *shards) {
    char *directory = file_join(how->directory, "shards");
    DIR *listing = opendir(directory);
    bool good = listing != NULL;
    if (!good) {
        fprintf(how->err, "%s merge: %s: %s\n", how->program, directory, strerror(errno));
    }
    for (const struct dirent *entry = good ? readdir(listing) : NULL; good && entry != NULL;
         entry = readdir(listing)) {
        if (!ends_with(entry->d_name, ".trials")) {
            continue;
        }
        shards->files = realloc(shards->files, (shards->count + 1) * sizeof *shards->files);
        PUNCH_ASSERT(shards->files != NULL);
        char *path = file_join(directory, entry->d_name);
        char *wrong = trials_open(&shards->files[shards->count], path);
        free(path);
        good = wrong == NULL;
        if (good) {
            shards->count++;
        } else {
            fprintf(how->err, "%s merge: %s\n", how->program, wrong);
            free(wrong);
        }
    }
    if (listing != NULL) {
        closedir(listing);
    }
    free(directory);
    if (good && shards->count > 1) {
        qsort(shards->files, shards->count, sizeof *shards->files, by_shard);
    }
    return good;
}

/* Equal but for which shard it is? */
static bool same_run(const facts *a, const facts *b) {
    facts left = *a;
    facts right = *b;
    left.shard = right.shard = 0;
    return session_same_facts(&left, &right);
}

/* Are they of one run, each once, and whole? */
static bool check_each(const session_how *how, const shard_files *shards) {
    const trials_file *first = &shards->files[0];
    for (uint32_t i = 0; i < shards->count; i++) {
        const trials_file *file = &shards->files[i];
        if (!same_run(&first->about, &file->about)) {
            fprintf(how->err, "%s merge: %s and %s are not of the same run: %s\n", how->program,
                    first->path, file->path, session_difference(&first->about, &file->about));
            return false;
        }
        if (i > 0 && file->about.shard == shards->files[i - 1].about.shard) {
            fprintf(how->err, "%s merge: %s and %s are the same shard: remove one\n", how->program,
                    shards->files[i - 1].path, file->path);
            return false;
        }
        if (!trials_is_complete(file)) {
            fprintf(how->err,
                    "%s merge: %s is damaged or not finished: repeat its run with --resume\n",
                    how->program, file->path);
            return false;
        }
    }
    return true;
}

/* Are all shards there? */
static bool check_shards(const session_how *how, const shard_files *shards) {
    if (shards->count == 0) {
        fprintf(how->err, "%s merge: %s/shards: there are no finished shards\n", how->program,
                how->directory);
        return false;
    }
    if (!check_each(how, shards)) {
        return false;
    }
    const uint32_t shard_count = shards->files[0].about.shard_count;
    uint32_t missing = 0;
    uint32_t next = 0; /* of the files */
    for (uint32_t i = 0; i < shard_count; i++) {
        if (next < shards->count && shards->files[next].about.shard == i) {
            next++;
        } else if (missing++ < 8) { /* chosen: enough to see which */
            fprintf(how->err, "%s merge: shard %u of %u is missing in %s/shards\n", how->program,
                    i + 1, shard_count, how->directory);
        }
    }
    return missing == 0;
}

/* Copies the frame as it is. 0, or errno. */
static int copy_frame(const trials_file *from, const trials_frame *frame, trials_writer *to,
                      trials_buffer *room) {
    if (room->cap < frame->length) {
        uint8_t *bytes = realloc(room->bytes, frame->length);
        PUNCH_ASSERT(bytes != NULL);
        room->bytes = bytes;
        room->cap = frame->length;
    }
    size_t got = 0;
    while (got < frame->length) {
        const ssize_t more =
            pread(from->fd, room->bytes + got, frame->length - got, (off_t)(frame->at + got));
        if (more < 0 && errno == EINTR) {
            continue;
        }
        if (more <= 0) {
            return more < 0 ? errno : EIO;
        }
        got += (size_t)more;
    }
    room->length = frame->length;
    return trials_append(to, room);
}

/* The shard whose next frame comes first; its count when all are at their ends. */
static uint32_t first_of(const shard_files *shards, const uint32_t *next) {
    uint32_t best = shards->count;
    for (uint32_t i = 0; i < shards->count; i++) {
        const trials_file *file = &shards->files[i];
        if (next[i] < file->frame_count &&
            (best == shards->count ||
             trials_order(&file->about, &file->frames[next[i]].chunk,
                          &shards->files[best].frames[next[best]].chunk) < 0)) {
            best = i;
        }
    }
    return best;
}

/* 0, or errno. */
static int write_merged(const shard_files *shards, const char *path) {
    facts about = shards->files[0].about; /* borrows everything */
    about.shard = 0;
    about.shard_count = 1;
    trials_writer writer;
    int why = trials_create(&writer, path, &about);
    uint32_t *next = calloc(shards->count, sizeof *next);
    PUNCH_ASSERT(next != NULL);
    trials_buffer room = {0};
    for (uint32_t i = first_of(shards, next); why == 0 && i < shards->count;
         i = first_of(shards, next)) {
        why = copy_frame(&shards->files[i], &shards->files[i].frames[next[i]++], &writer, &room);
    }
    trials_buffer_free(&room);
    free(next);
    const int finished = trials_finish(&writer);
    return why != 0 ? why : finished;
}

static int merge_locked(const session_how *how, uint32_t jobs, session *out) {
    shard_files shards = {NULL, 0};
    session_paths paths = session_paths_of(how, 0, 1);
    char *merged = file_join(paths.stage, "merged.bin"); /* an unfinished run keeps its journal */
    int status = CLI_USAGE;
    if (!open_shards(how, &shards) || !check_shards(how, &shards)) {
        goto done;
    }
    status = CLI_FAILED;
    if (!file_make_directories(paths.stage, how->err)) {
        goto done;
    }
    const int why = write_merged(&shards, merged);
    if (why != 0) {
        fprintf(how->err, "%s merge: cannot write %s: %s\n", how->program, merged, strerror(why));
        unlink(merged);
        goto done;
    }
    char *wrong = trials_open(&out->file, merged);
    if (wrong != NULL) {
        fprintf(how->err, "%s merge: %s\n", how->program, wrong);
        free(wrong);
        goto done;
    }
    out->opened = true;
    const report_host host = {jobs, 0.0};
    const report_options options = {
        .host = &host, .journal = merged, .trials_csv = how->trials_csv};
    status = session_publish(how, &options, jobs, out);
done:
    close_shards(&shards);
    session_free_paths(&paths);
    free(merged);
    return status;
}

int session_merge(const session_how *how, uint32_t jobs, session *out) {
    if (!session_open_json(how, out)) {
        return CLI_FAILED;
    }
    const int lock = file_lock_directory(how->directory, how->err);
    if (lock < 0) {
        return CLI_USAGE;
    }
    const int status = merge_locked(how, jobs, out);
    close(lock);
    return status;
}
