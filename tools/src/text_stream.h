/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text of any length, written as to a file.
 */
#ifndef TEXT_STREAM_H
#define TEXT_STREAM_H

#include <stdio.h>

typedef struct {
    char *text;
    size_t length;
    FILE *out;
} text_stream;

/* Where to write; never NULL. */
FILE *text_begin(text_stream *stream);

/* What was written since text_begin; to be freed. */
char *text_end(text_stream *stream);

#endif
