/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The manual page, in mdoc(7). Text from tables may hold anything; it stands on lines of its own,
 * where only a few characters mean something: the first of a line, backslashes and leading dashes.
 */
#include <stdlib.h>
#include <string.h>

#include "generate.h"
#include "version.h"

/* Source lines stay shorter than this, as mandoc's style wants. */
#define COLUMNS 72

/* A new line for every sentence and wherever one grows too long; ends the last one. */
static void put_text(const char *text, FILE *out) {
    char before = ' ';
    int column = 0;
    for (const char *at = text; *at != '\0'; at++) {
        const bool sentence = before == '.' && at - text > 1;
        if (*at == ' ' && (sentence || column >= COLUMNS)) {
            fputc('\n', out);
            column = 0;
            before = ' ';
            continue;
        }
        if (column == 0 && (*at == '.' || *at == '\'')) {
            fputs("\\&", out);
        }
        if (*at == '\\') {
            fputs("\\e", out);
        } else if (*at == '-' && (before == ' ' || before == '-')) {
            fputs("\\-", out);
        } else {
            fputc(*at, out);
        }
        before = *at;
        column++;
    }
    fputc('\n', out);
}

static void put_option(const cli_option *option, FILE *out) {
    fputs(".It ", out);
    if (option->letter != 0) {
        fprintf(out, "Fl %c , Fl \\-%s", option->letter, option->name);
    } else {
        fprintf(out, "Fl \\-%s", option->name);
    }
    if (option->argument != NULL) {
        fprintf(out, " Ar %s", option->argument);
    }
    fputc('\n', out);
    put_text(option->help, out);
}

static void put_command(const cli_command *command, FILE *out) {
    fprintf(out, ".Ss %s\n", command->name);
    put_text(command->summary, out);
    fprintf(out, ".Dl punchlab %s%s%s\n", command->name, command->operands[0] != '\0' ? " " : "",
            command->operands);
    fputs(".Bl -tag -width Ds\n", out);
    for (size_t i = 0; i < command->option_count; i++) {
        put_option(&command->options[i], out);
    }
    fputs(".El\n", out);
}

/* "2026-11-22" as mdoc wants it: "November 22, 2026". */
static void put_date(const char *date, FILE *out) {
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    char *end = NULL;
    const unsigned long year = strtoul(date, &end, 10);
    const unsigned long month = *end == '-' ? strtoul(end + 1, &end, 10) : 0;
    const unsigned long day = *end == '-' ? strtoul(end + 1, &end, 10) : 0;
    if (month >= 1 && month <= sizeof months / sizeof months[0]) {
        fprintf(out, ".Dd %s %lu, %lu\n", months[month - 1], day, year);
    }
}

static const char beginning[] =
    ".Dt PUNCHLAB 1\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm punchlab\n"
    ".Nd drive a NAT-traversal core through modelled NATs\n"
    ".Sh SYNOPSIS\n"
    ".Nm\n"
    ".Ar command\n"
    ".Op Ar options\n"
    ".Op Ar operands\n"
    ".Nm\n"
    ".Fl \\-help | Fl \\-version\n"
    ".Sh DESCRIPTION\n"
    ".Nm\n"
    "runs libpunch, a library that connects two peers behind NATs, through\n"
    "scenarios: JSON files that describe peers, NATs, links, a call, and the\n"
    "factors to vary.\n"
    "It says how often the peers connect, how fast, and why not, with\n"
    "intervals, and repeats any single trial packet by packet.\n"
    "The same seed gives the same results, on any number of threads.\n"
    ".Pp\n"
    "A scenario is named by its file, or by its name alone when it is one of\n"
    "those that come with the program.\n"
    "Results go to standard output and to a directory, all else to standard error.\n"
    ".Sh COMMANDS\n"
    "Operands and options may be mixed;\n"
    ".Fl \\-name Ar value\n"
    "and\n"
    ".Fl \\-name Ns = Ns Ar value\n"
    "are the same.\n";

static const char environment[] =
    ".Sh ENVIRONMENT\n"
    ".Bl -tag -width Ds\n"
    ".It Ev NO_COLOR\n"
    "When not empty, nothing is printed in colour.\n"
    ".It Ev PUNCHLAB_ROOT\n"
    "Where\n"
    ".Pa scenarios\n"
    "is, unless it is in the current directory.\n"
    "Without it: where the program was installed to.\n"
    ".El\n"
    ".Sh FILES\n"
    ".Bl -tag -width Ds\n"
    ".It Pa punchlab-results/NAME\n"
    "The results of a scenario of that name, unless told otherwise;\n"
    ".Pa results/runs/NAME\n"
    "where there is a directory\n"
    ".Pa results ,\n"
    "as in the source tree.\n"
    ".It Pa share/punchlab/scenarios\n"
    "Scenarios that come with the program, below the directory it was\n"
    "installed to; there also their format, in\n"
    ".Pa README.md .\n"
    ".El\n"
    ".Sh EXIT STATUS\n"
    ".Bl -tag -width \"130, 143\"\n";

static const char ending[] =
    ".El\n"
    ".Sh EXAMPLES\n"
    "Run a scenario and look at one of its failures:\n"
    ".Bd -literal -offset indent\n"
    "punchlab run quickstart\n"
    "punchlab replay quickstart \\-\\-cell 5 \\-\\-trial 13\n"
    ".Ed\n"
    ".Pp\n"
    "Explain a setting of scenario files, and run with another value of it:\n"
    ".Bd -literal -offset indent\n"
    "punchlab explain core.fire_rule\n"
    "punchlab run quickstart \\-\\-set core.fire_rule=on_receipt\n"
    ".Ed\n";

void generate_man(const generate_table *table, FILE *out) {
    fputs(".\\\" Made by 'punchlab generate man'.\n", out);
    put_date(version_date, out);
    fputs(beginning, out);
    for (size_t i = 0; i < table->count; i++) {
        if (!table->commands[i]->hidden) {
            put_command(table->commands[i], out);
        }
    }
    fputs(environment, out);
    size_t count = 0;
    const cli_exit *exits = cli_exits(&count);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, ".It %s\n", exits[i].code);
        put_text(exits[i].meaning, out);
    }
    fputs(ending, out);
}
