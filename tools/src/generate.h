/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The manual page and the completions of shells, made from the tables that parse the command line:
 * what they say is what the program does. The build runs `punchlab generate FORM` for each.
 */
#ifndef GENERATE_H
#define GENERATE_H

#include <stddef.h>
#include <stdio.h>

#include "cli.h"

/* All commands of the program, hidden ones too. */
typedef struct {
    const cli_command *const *commands;
    size_t count;
} generate_table;

void generate_man(const generate_table *table, FILE *out);  /* mdoc(7) */
void generate_bash(const generate_table *table, FILE *out); /* bash 4 and newer */
void generate_zsh(const generate_table *table, FILE *out);
void generate_fish(const generate_table *table, FILE *out); /* fish 3 and newer */

#endif
