/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Speaking to gnuplot. Text from scenarios is foreign: it goes into single-quoted strings, the only
 * kind in which gnuplot runs no `command`, expands nothing and reads no escapes.
 */
#ifndef GNUPLOT_H
#define GNUPLOT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Text inside a single-quoted string that the caller opens and closes. Control characters become
 * spaces. */
void gnuplot_words(FILE *out, const char *text);

/* The same for the label of a tick, which is a format as well: % is doubled. */
void gnuplot_tick_words(FILE *out, const char *text);

/* A whole string with its quotes. */
void gnuplot_text(FILE *out, const char *text);

/* First lines of a script: ARG1 is svg or png, ARG2 the file to write; pixels. */
void gnuplot_begin(FILE *out, uint32_t width, uint32_t height);

typedef enum { GNUPLOT_DREW, GNUPLOT_MISSING, GNUPLOT_FAILED, GNUPLOT_HUNG } gnuplot_result;

/* A figure to be drawn: format "svg" or "png". */
typedef struct {
    const char *script;
    const char *format;
    const char *output;
} gnuplot_figure;

/* Draws figures one after the other in one process, because starting it takes longer than most
 * figures, and waits for at most so long; then gnuplot, with all it started, is killed. driver: a
 * file to be written with what it shall do. The first figure that fails ends it. */
gnuplot_result gnuplot_draw(const gnuplot_figure *figures, size_t count, const char *driver,
                            uint32_t limit_ms);

#endif
