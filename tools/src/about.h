/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this program was made of.
 */
#ifndef ABOUT_H
#define ABOUT_H

#include <stdio.h>

/* Version and commit on the first line; then the compiler and the libraries, one a line. */
void about_print(FILE *out);

#endif
