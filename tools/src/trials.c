/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "punch/assert.h"
#include "trials_frame.h"

static const char magic[] = "punchlab trials 1\n";

#define MAGIC_LENGTH (sizeof magic - 1)
#define HEAD_FIXED (MAGIC_LENGTH + 16) /* layout, length and check of the facts */
#define FACTS_BYTES_MAX (64u << 20)    /* chosen: far more than any scenario's facts */

/* Chunks of a cell, when a run is small: enough that all cores share it and that little is lost
 * when it is killed. Chosen. */
#define CHUNKS_WANTED 64u
#define CHUNK_TRIALS 256u      /* usual; chosen: handing out chunks then costs nothing */
#define CHUNK_TRIALS_MAX 4096u /* chosen: a chunk in memory stays small */
#define FRAMES_WANTED 65536u   /* chosen: up to here the index of a file stays small */

/* --- how a run is cut up */

static uint64_t round_up(uint64_t number, uint64_t divisor) {
    return (number + divisor - 1) / divisor;
}

/* Chunks grow when there would be too many of them. */
static uint64_t grown(uint64_t chunk, const facts *of) {
    while (chunk < CHUNK_TRIALS_MAX &&
           round_up(of->trials, chunk) > FRAMES_WANTED / (of->cell_count + 1) + 1) {
        chunk *= 2;
    }
    return chunk < CHUNK_TRIALS_MAX ? chunk : CHUNK_TRIALS_MAX;
}

/* With until, a first look after this many trials, then after each doubling. Chosen: before, no
 * interval is worth a look. */
#define FIRST_LOOK_TRIALS 256u

uint32_t trials_chunk_size(const facts *of) {
    if (of->until.given) {
        return (uint32_t)grown(FIRST_LOOK_TRIALS / 4, of);
    }
    uint64_t chunk = round_up(of->trials, CHUNKS_WANTED);
    chunk = chunk < CHUNK_TRIALS ? chunk : CHUNK_TRIALS;
    return chunk < CHUNK_TRIALS ? (uint32_t)chunk : (uint32_t)grown(chunk, of);
}

uint64_t trials_look(const facts *of, uint32_t look) {
    if (!of->until.given) {
        return of->trials;
    }
    uint64_t trials = trials_chunk_size(of) * UINT64_C(4);
    for (uint32_t i = 0; i < look && trials < of->trials; i++) {
        trials *= 2;
    }
    return trials < of->trials ? trials : of->trials;
}

uint32_t trials_look_count(const facts *of) {
    uint32_t looks = 1;
    while (trials_look(of, looks - 1) < of->trials) {
        looks++;
    }
    return looks;
}

int trials_order(const facts *of, const trials_chunk *a, const trials_chunk *b) {
    (void)of; /* looks end at whole chunks, so that their order is that of the first trials */
    if (a->first != b->first) {
        return a->first < b->first ? -1 : 1;
    }
    return (a->cell > b->cell) - (a->cell < b->cell);
}

bool trials_of_shard(const facts *of, const trials_chunk *chunk) {
    if (of->until.given) {
        return chunk->cell % of->shard_count == of->shard;
    }
    const uint64_t turn = chunk->first / trials_chunk_size(of);
    return (turn * of->cell_count + chunk->cell) % of->shard_count == of->shard;
}

/* --- reading */

static char *complaint(const char *path, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static char *complaint(const char *path, const char *format, ...) {
    char what[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    const size_t length = strlen(path) + strlen(what) + 3;
    char *text = malloc(length);
    PUNCH_ASSERT(text != NULL);
    snprintf(text, length, "%s: %s", path, what);
    return text;
}

/* All of the bytes at that offset; false when there are fewer or none can be read. */
static bool read_at(int fd, uint64_t at, void *bytes, size_t length) {
    uint8_t *to = bytes;
    while (length > 0) {
        const ssize_t got = pread(fd, to, length, (off_t)at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        to += got;
        at += (uint64_t)got;
        length -= (size_t)got;
    }
    return true;
}

static void need_room(trials_buffer *buffer, size_t length) {
    if (buffer->cap < length) {
        uint8_t *bytes = realloc(buffer->bytes, length);
        PUNCH_ASSERT(bytes != NULL);
        buffer->bytes = bytes;
        buffer->cap = length;
    }
}

/* The facts at the head of the file; NULL when they are good. */
static char *read_head(trials_file *file) {
    uint8_t fixed[HEAD_FIXED];
    if (!read_at(file->fd, 0, fixed, sizeof fixed) || memcmp(fixed, magic, MAGIC_LENGTH) != 0) {
        return complaint(file->path, "this is no file of trials");
    }
    if (!trials_frame_reads((uint32_t)trials_get_le(fixed + MAGIC_LENGTH, 4))) {
        return complaint(file->path, "written by another version of punchlab: run it again");
    }
    const size_t length = (size_t)trials_get_le(fixed + MAGIC_LENGTH + 4, 4);
    const uint64_t check = trials_get_le(fixed + MAGIC_LENGTH + 8, 8);
    trials_buffer text = {0};
    const char *why = "its head is damaged";
    if (length <= FACTS_BYTES_MAX) {
        need_room(&text, length + 1);
    }
    bool good = length <= FACTS_BYTES_MAX && read_at(file->fd, HEAD_FIXED, text.bytes, length) &&
                trials_check(0, text.bytes, length) == check;
    if (good) {
        text.bytes[length] = '\0';
        good = facts_parse((const char *)text.bytes, length, &file->about, &why);
    }
    trials_buffer_free(&text);
    file->head_length = HEAD_FIXED + length;
    file->length = file->head_length;
    return good ? NULL : complaint(file->path, "%s", why);
}

/* Is this the chunk that may come next of its cell? */
static bool fits(const trials_file *file, const trials_chunk *chunk) {
    const facts *about = &file->about;
    if (chunk->cell >= about->cell_count || chunk->first >= about->trials) {
        return false;
    }
    const uint64_t left = about->trials - chunk->first;
    const uint32_t size = trials_chunk_size(about);
    if (chunk->first % size != 0 || chunk->count != (left < size ? left : size)) {
        return false;
    }
    if (!trials_of_shard(about, chunk)) {
        return false;
    }
    return file->frame_count == 0 ||
           trials_order(about, &file->frames[file->frame_count - 1].chunk, chunk) < 0;
}

void trials_note(trials_file *file, const trials_chunk *chunk, uint32_t length) {
    /* Room doubles: it is full whenever the count is a power of two. */
    if ((file->frame_count & (file->frame_count - 1)) == 0) {
        const size_t cap = file->frame_count == 0 ? 1 : (size_t)file->frame_count * 2;
        trials_frame *frames = realloc(file->frames, cap * sizeof *frames);
        PUNCH_ASSERT(frames != NULL);
        file->frames = frames;
    }
    struct trials_cell *cell = &file->cells[chunk->cell];
    const uint32_t index = file->frame_count++;
    file->frames[index] = (trials_frame){*chunk, file->length, length, TRIALS_NONE};
    if (cell->first == TRIALS_NONE) {
        cell->first = index;
    } else {
        file->frames[cell->last].next = index;
    }
    cell->last = index;
    cell->trials += chunk->count;
    file->length += length;
}

/* Every whole frame, up to the first that is not. */
static void scan(trials_file *file) {
    trials_buffer bytes = {0};
    struct stat info;
    const uint64_t size = fstat(file->fd, &info) == 0 ? (uint64_t)info.st_size : 0;
    for (;;) {
        uint8_t fixed[TRIALS_FRAME_HEAD];
        trials_frame_head head;
        if (!read_at(file->fd, file->length, fixed, sizeof fixed) ||
            !trials_frame_head_get(fixed, &head) || !fits(file, &head.chunk)) {
            break;
        }
        const uint64_t payload = (uint64_t)head.times_length + head.rest_length;
        const uint64_t length = TRIALS_FRAME_HEAD + payload;
        if (length > size - file->length || length > UINT32_MAX) {
            break;
        }
        need_room(&bytes, (size_t)length);
        if (!read_at(file->fd, file->length, bytes.bytes, (size_t)length) ||
            !trials_frame_is_whole(bytes.bytes, (size_t)payload)) {
            break;
        }
        trials_note(file, &head.chunk, (uint32_t)length);
    }
    file->torn = file->length != size;
    trials_buffer_free(&bytes);
}

char *trials_open(trials_file *file, const char *path) {
    memset(file, 0, sizeof *file);
    file->path = malloc(strlen(path) + 1);
    PUNCH_ASSERT(file->path != NULL);
    memcpy(file->path, path, strlen(path) + 1);
    struct stat info;
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not make us wait */
    char *wrong = NULL;
    if (file->fd < 0) {
        wrong = complaint(path, "%s", strerror(errno));
    } else if (fstat(file->fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        wrong = complaint(path, "this is no file of trials");
    } else {
        wrong = read_head(file);
    }
    if (wrong != NULL) {
        trials_close(file);
        return wrong;
    }
    file->cells = calloc(file->about.cell_count, sizeof *file->cells);
    PUNCH_ASSERT(file->cells != NULL);
    for (uint32_t i = 0; i < file->about.cell_count; i++) {
        file->cells[i].first = file->cells[i].last = TRIALS_NONE;
    }
    scan(file);
    return NULL;
}

bool trials_is_stub(const char *path) {
    uint8_t fixed[HEAD_FIXED];
    struct stat info;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return false;
    }
    bool stub = false;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
        const uint64_t size = (uint64_t)info.st_size;
        stub = size < HEAD_FIXED ||
               (read_at(fd, 0, fixed, sizeof fixed) && memcmp(fixed, magic, MAGIC_LENGTH) == 0 &&
                size < HEAD_FIXED + trials_get_le(fixed + MAGIC_LENGTH + 4, 4));
    }
    close(fd);
    return stub;
}

bool trials_is_complete(const trials_file *file) {
    const facts *about = &file->about;
    const uint32_t size = trials_chunk_size(about);
    if (file->torn || about->until.given) {
        return !file->torn;
    }
    for (uint32_t i = 0; i < about->cell_count; i++) {
        uint64_t expected = 0;
        for (uint64_t first = 0; first < about->trials; first += size) {
            const trials_chunk chunk = {i, first, 0};
            const uint64_t left = about->trials - first;
            if (trials_of_shard(about, &chunk)) {
                expected += left < size ? left : size;
            }
        }
        if (file->cells[i].trials != expected) {
            return false;
        }
    }
    return true;
}

void trials_close(trials_file *file) {
    if (file->fd >= 0) {
        close(file->fd);
    }
    facts_free(&file->about);
    free(file->path);
    free(file->frames);
    free(file->cells);
    memset(file, 0, sizeof *file);
    file->fd = -1;
}

void trials_reader_begin(trials_reader *reader, const trials_file *file, uint32_t cell) {
    PUNCH_ASSERT(cell < file->about.cell_count);
    memset(reader, 0, sizeof *reader);
    reader->file = file;
    reader->cell = cell;
    reader->next_frame = file->cells[cell].first;
    if (file->about.cells[cell].adapts) {
        reader->logs = calloc(INTERVALS_TRIALS, sizeof *reader->logs);
        PUNCH_ASSERT(reader->logs != NULL);
    }
}

/* Results with their calls in one piece of memory each. */
static void reader_room(trials_reader *reader, uint32_t count) {
    if (count <= reader->cap) {
        return;
    }
    const uint32_t calls = reader->file->about.cells[reader->cell].call_count;
    free(reader->results);
    free(reader->calls);
    reader->results = calloc(count, sizeof *reader->results);
    reader->calls = calloc((size_t)count * calls + 1, sizeof *reader->calls);
    PUNCH_ASSERT(reader->results != NULL);
    PUNCH_ASSERT(reader->calls != NULL);
    for (uint32_t i = 0; i < count; i++) {
        reader->results[i].calls = reader->calls + (size_t)i * calls;
    }
    reader->cap = count;
}

bool trials_reader_next(trials_reader *reader) {
    const trials_file *file = reader->file;
    if (reader->next_frame == TRIALS_NONE || reader->broken) {
        return false;
    }
    const trials_frame *frame = &file->frames[reader->next_frame];
    reader->next_frame = frame->next;
    trials_frame_head head;
    need_room(&reader->bytes, frame->length);
    reader_room(reader, frame->chunk.count);
    const facts_cell *cell = &file->about.cells[reader->cell];
    reader->broken =
        !read_at(file->fd, frame->at, reader->bytes.bytes, frame->length) ||
        !trials_frame_head_get(reader->bytes.bytes, &head) ||
        TRIALS_FRAME_HEAD + (uint64_t)head.times_length + head.rest_length != frame->length ||
        head.chunk.count != frame->chunk.count ||
        !trials_decode(&head, reader->bytes.bytes + TRIALS_FRAME_HEAD, cell, reader->times_only,
                       reader->results) ||
        (reader->logs != NULL &&
         !trials_decode_logs(&head, reader->bytes.bytes + TRIALS_FRAME_HEAD, cell, reader->logs));
    reader->chunk = frame->chunk;
    return !reader->broken;
}

void trials_reader_end(trials_reader *reader) {
    trials_buffer_free(&reader->bytes);
    free(reader->results);
    free(reader->calls);
    free(reader->logs);
    memset(reader, 0, sizeof *reader);
}

/* --- writing */

/* All of the bytes at the end, or none: what was written of them is cut off again. */
static int append_bytes(trials_writer *writer, const uint8_t *bytes, size_t length) {
    size_t done = 0;
    while (done < length) {
        const ssize_t put = write(writer->fd, bytes + done, length - done);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            const int why = put < 0 ? errno : ENOSPC;
            if (ftruncate(writer->fd, (off_t)writer->length) == 0) {
                (void)lseek(writer->fd, (off_t)writer->length, SEEK_SET);
            }
            return why;
        }
        done += (size_t)put;
    }
    writer->length += length;
    return 0;
}

static int write_head(trials_writer *writer, const facts *of) {
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    PUNCH_ASSERT(memory != NULL);
    facts_write(of, memory);
    const int closed = fclose(memory);
    PUNCH_ASSERT_EQ(closed, 0);
    PUNCH_ASSERT(length <= FACTS_BYTES_MAX);
    uint8_t *bytes = malloc(HEAD_FIXED + length);
    PUNCH_ASSERT(bytes != NULL);
    memcpy(bytes, magic, MAGIC_LENGTH);
    trials_put_le(bytes + MAGIC_LENGTH, trials_frame_layout(), 4);
    trials_put_le(bytes + MAGIC_LENGTH + 4, length, 4);
    memcpy(bytes + HEAD_FIXED, text, length);
    trials_put_le(bytes + MAGIC_LENGTH + 8, trials_check(0, bytes + HEAD_FIXED, length), 8);
    const int status = append_bytes(writer, bytes, HEAD_FIXED + length);
    free(bytes);
    free(text);
    return status;
}

int trials_create(trials_writer *writer, const char *path, const facts *of) {
    writer->length = 0;
    writer->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return writer->fd < 0 ? errno : write_head(writer, of);
}

int trials_continue(trials_writer *writer, const trials_file *file) {
    writer->length = file->length;
    writer->fd = open(file->path, O_WRONLY | O_CLOEXEC);
    if (writer->fd < 0) {
        return errno;
    }
    const off_t end = (off_t)file->length;
    return ftruncate(writer->fd, end) == 0 && lseek(writer->fd, end, SEEK_SET) == end ? 0 : errno;
}

int trials_append(trials_writer *writer, const trials_buffer *buffer) {
    return append_bytes(writer, buffer->bytes, buffer->length);
}

int trials_finish(trials_writer *writer) {
    if (writer->fd < 0) {
        return 0;
    }
    const int synced = fsync(writer->fd) == 0 ? 0 : errno;
    const int closed = close(writer->fd) == 0 ? 0 : errno;
    writer->fd = -1;
    return synced != 0 ? synced : closed;
}
