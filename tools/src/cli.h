/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line. A subcommand is a row of a const table with a table of its options; parsing,
 * --help and "did you mean" come from those tables alone. Streams are arguments, so that a test
 * can run a whole command and read what it printed.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What the process ends with. */
enum {
    CLI_OK = 0,
    CLI_FAILED = 1,       /* an expectation failed, or results could not be written */
    CLI_USAGE = 2,        /* bad usage or scenario: nothing ran */
    CLI_BROKEN = 3,       /* an invariant broke */
    CLI_UNAVAILABLE = 77, /* the backend is not there or cannot model this scenario */
    CLI_SIGNALLED = 128   /* plus the signal, as shells report it: 130 SIGINT, 143 SIGTERM */
};

/* The same in words, for --help and the manual. */
typedef struct {
    const char *code;
    const char *meaning;
} cli_exit;

const cli_exit *cli_exits(size_t *count_out);

typedef struct {
    const char *name;     /* long form without the dashes */
    char letter;          /* short form, or 0 */
    const char *argument; /* what follows, in capitals, or "one|another"; NULL for a flag */
    const char *help;
} cli_option;

typedef struct {
    const cli_option *option;
    const char *value; /* NULL for a flag */
} cli_given;

typedef struct cli_command cli_command;

/* A parsed command line; all text is borrowed from argv. */
typedef struct {
    const char *program; /* as the user typed it */
    const cli_command *command;
    const char **operands;
    size_t operand_count;
    cli_given *given; /* in the order given */
    size_t given_count;
    FILE *out;
    FILE *err;
} cli_args;

struct cli_command {
    const char *name;
    const char *operands; /* as shown in the usage line */
    const char *summary;
    const cli_option *options;
    size_t option_count;
    size_t operand_min;
    size_t operand_max;
    bool hidden;                      /* for the build, not for people: not in --help */
    int (*run)(const cli_args *args); /* returns the exit code */
};

/* Splits argv (the words behind the subcommand) by the command's table. CLI_OK, or CLI_USAGE after
 * complaining on args->err. args needs program, command, out and err; free with cli_args_free. */
int cli_parse(cli_args *args, int argc, char **argv);
void cli_args_free(cli_args *args);

/* Is there an option of that name in the command's table? */
bool cli_knows(const cli_args *args, const char *name);

/* Whether the option was given. The name must be in the command's table. */
bool cli_has(const cli_args *args, const char *name);

/* The value last given, or NULL. */
const char *cli_value(const cli_args *args, const char *name);

/* A whole number as scenario files write it: decimal, no leading zero, below 2^64; else false,
 * *number_out untouched. */
bool cli_parse_u64(const char *text, uint64_t *number_out);

/* Reads a decimal number within min..max into *number_out, leaving it alone when the option was not
 * given. False after complaining. */
bool cli_number(const cli_args *args, const char *name, uint64_t min, uint64_t max,
                uint64_t *number_out);

/* Does somebody read this as it is written? */
bool cli_is_terminal(FILE *out);

/* Colour is for people: a terminal, and nobody objected (https://no-color.org). */
bool cli_wants_colour(FILE *out);

void cli_help(const cli_args *args);
void cli_usage_hint(const cli_args *args);

/* The nearest of several names, found by offering them one by one. */
typedef struct {
    const char *word;
    const char *best; /* NULL when nothing offered was near enough */
    size_t distance;
} cli_nearest;

cli_nearest cli_nearest_to(const char *word);
void cli_nearest_offer(cli_nearest *nearest, const char *candidate);

#endif
