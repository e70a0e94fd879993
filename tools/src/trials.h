/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trials file: every trial of a run, and the run's journal at the same time.
 *
 *   "punchlab trials 1\n" | length, check | facts (JSON)     head
 *   mark, cell, first trial, count, lengths, check | bytes   frame: a chunk of trials of one cell
 *   ...
 *
 * Frames are appended in one order that depends on the facts alone (see trials_order), whoever
 * computed them, so a run that was killed leaves the beginning of the file it would have left, and
 * what is continued ends in the same bytes. A frame that is not whole, or whose check does not fit,
 * ends the file: what follows is cut off and computed again. Numbers are little-endian; a trial is
 * written in variable-length integers (LEB128), times of calls first, so that reading only those
 * is quick.
 */
#ifndef TRIALS_H
#define TRIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "facts.h"
#include "intervals.h"
#include "sim/plan.h"

/* A chunk of trials of one cell: the unit of work, of journalling and of sharding. */
typedef struct {
    uint32_t cell;
    uint64_t first;
    uint32_t count;
} trials_chunk;

/* How a run is cut into chunks: from its facts alone. A look is a number of trials per cell after
 * which it is asked whether a cell has seen enough; without "until" there is one, the last. */
uint32_t trials_chunk_size(const facts *of);
uint32_t trials_look_count(const facts *of);
uint64_t trials_look(const facts *of, uint32_t look); /* trials per cell by the end of that look */

/* Negative, 0, positive: which of two chunks comes first in the file: by look, then by turns of
 * the cells. */
int trials_order(const facts *of, const trials_chunk *a, const trials_chunk *b);

/* Is the chunk computed by this shard? With until a shard has whole cells, else every
 * shard_count-th chunk. */
bool trials_of_shard(const facts *of, const trials_chunk *chunk);

/* --- one frame's bytes */

typedef struct {
    uint8_t *bytes;
    size_t length;
    size_t cap;
} trials_buffer;

void trials_buffer_free(trials_buffer *buffer);

/* Appends a whole frame of a cell with these facts. results[i].calls has as many entries as they
 * say. Asserts that memory is there. */
void trials_encode(const trials_chunk *chunk, const facts_cell *cell,
                   const sim_trial_result *results, trials_buffer *buffer);

/* The same with what was recorded of the chunk's trials among the first INTERVALS_TRIALS of a cell
 * that adapts: logs[i] is of the chunk's i-th. NULL: nothing was. */
void trials_encode_logs(const trials_chunk *chunk, const facts_cell *cell,
                        const sim_trial_result *results, const interval_log *logs,
                        trials_buffer *buffer);

/* How many trials of a chunk have a log. */
uint32_t trials_logged(const trials_chunk *chunk, const facts_cell *cell);

/* --- a file being read */

typedef struct {
    trials_chunk chunk;
    uint64_t at; /* offset of the frame */
    uint32_t length;
    uint32_t next; /* frame of the same cell, or TRIALS_NONE */
} trials_frame;

#define TRIALS_NONE UINT32_MAX

struct trials_cell {
    uint64_t trials; /* present */
    uint32_t first;  /* frame, or TRIALS_NONE */
    uint32_t last;
};

typedef struct {
    int fd;
    facts about;
    char *path;
    uint64_t head_length;
    uint64_t length;      /* of all that is whole */
    bool torn;            /* something followed that is not */
    trials_frame *frames; /* in file order */
    uint32_t frame_count;
    struct trials_cell *cells; /* where each cell's frames begin and end */
} trials_file;

/* Opens and scans a file. NULL when it is good, else a sentence to be freed; then there is nothing
 * to close. Every check is verified. */
char *trials_open(trials_file *file, const char *path);
/* Was it cut off before its head was whole, so that no trial can be lost with it? */
bool trials_is_stub(const char *path);
/* Is every trial there that this file should hold? With until nobody can tell before the trials are
 * looked at: then what is whole counts. */
bool trials_is_complete(const trials_file *file);
/* Tells an open file that a frame was appended to it. */
void trials_note(trials_file *file, const trials_chunk *chunk, uint32_t length);
void trials_close(trials_file *file);

/* Reads one cell from its first trial, a chunk at a time. */
typedef struct {
    const trials_file *file;
    uint32_t cell;
    bool times_only; /* only time_to_connect_us and connected are filled */
    uint32_t next_frame;
    trials_buffer bytes;
    sim_trial_result *results; /* of the chunk at hand */
    sim_call_result *calls;
    uint32_t cap;
    interval_log *logs; /* of the trials of the chunk that have one */
    trials_chunk chunk;
    bool broken; /* the file changed under the reader */
} trials_reader;

void trials_reader_begin(trials_reader *reader, const trials_file *file, uint32_t cell);
/* The next chunk in reader->chunk and reader->results; false at the end. */
bool trials_reader_next(trials_reader *reader);
void trials_reader_end(trials_reader *reader);

/* --- a file being written */

typedef struct {
    int fd;
    uint64_t length;
} trials_writer;

/* Makes the file with its head. 0, or errno. */
int trials_create(trials_writer *writer, const char *path, const facts *of);
/* Opens an existing file at the end of what is whole in it and cuts off the rest. 0, or errno. */
int trials_continue(trials_writer *writer, const trials_file *file);
/* Appends all of the bytes or none. 0, or errno (ENOSPC: the disk is full). */
int trials_append(trials_writer *writer, const trials_buffer *buffer);
/* Makes it durable and closes. 0, or errno. */
int trials_finish(trials_writer *writer);

#endif
