/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text_stream.h"

#include <stdbool.h>

#include "punch/assert.h"

FILE *text_begin(text_stream *stream) {
    stream->text = NULL;
    stream->out = open_memstream(&stream->text, &stream->length);
    PUNCH_ASSERT(stream->out != NULL);
    return stream->out;
}

char *text_end(text_stream *stream) {
    const bool closed = fclose(stream->out) == 0;
    PUNCH_ASSERT(closed);
    return stream->text;
}
