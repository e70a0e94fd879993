/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program: picks the subcommand and hands over.
 */
#include <errno.h>
#include <string.h>

#include "about.h"
#include "commands.h"

static const cli_command *const commands[] = {
    &command_run,    &command_report,  &command_merge,    &command_compare,
    &command_replay, &command_explain, &command_list,     &command_validate,
    &command_bench,  &command_doctor,  &command_generate,
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

const cli_command *const *punchlab_commands(size_t *count_out) {
    *count_out = COMMAND_COUNT;
    return commands;
}

static void help(const char *program, FILE *out) {
    fprintf(out,
            "usage: %s COMMAND ...\n\n"
            "Drives libpunch, a NAT-traversal core, through modelled NATs.\n\ncommands:\n",
            program);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (!commands[i]->hidden) {
            fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
        }
    }
    fprintf(out,
            "\n'%s COMMAND --help' lists the options of a command.\n"
            "'%s --version' says what this program was made of.\n\nexit codes:\n",
            program, program);
    size_t count = 0;
    const cli_exit *exits = cli_exits(&count);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "  %-10s %s\n", exits[i].code, exits[i].meaning);
    }
}

static int unknown_command(const char *program, const char *word, FILE *err) {
    cli_nearest nearest = cli_nearest_to(word);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (!commands[i]->hidden) {
            cli_nearest_offer(&nearest, commands[i]->name);
        }
    }
    fprintf(err, "%s: unknown command '%s'", program, word);
    if (nearest.best != NULL) {
        fprintf(err, "; did you mean '%s'?", nearest.best);
    }
    fprintf(err, "\n'%s --help' lists the commands.\n", program);
    return CLI_USAGE;
}

static int run_command(const cli_command *command, int argc, char **argv, FILE *out, FILE *err) {
    cli_args args = {.program = argv[0], .command = command, .out = out, .err = err};
    int status = cli_parse(&args, argc - 2, argv + 2);
    if (status == CLI_OK && cli_has(&args, "help")) {
        cli_help(&args);
    } else if (status == CLI_OK) {
        status = command->run(&args);
    }
    cli_args_free(&args);
    return status;
}

int punchlab(int argc, char **argv, FILE *out, FILE *err) {
    const char *program = argv[0];
    if (argc < 2) {
        help(program, err);
        return CLI_USAGE;
    }
    const char *word = argv[1];
    int status = CLI_OK;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        help(program, out);
    } else if (strcmp(word, "--version") == 0) {
        about_print(out);
    } else {
        const cli_command *command = NULL;
        for (size_t i = 0; i < COMMAND_COUNT; i++) {
            if (strcmp(commands[i]->name, word) == 0) {
                command = commands[i];
            }
        }
        if (command == NULL) {
            return unknown_command(program, word, err);
        }
        status = run_command(command, argc, argv, out, err);
    }
    errno = 0;
    if (fflush(out) != 0 || ferror(out)) {
        fprintf(err, "%s: cannot write to standard output: %s\n", program,
                strerror(errno != 0 ? errno : ENOSPC));
        return status == CLI_OK ? CLI_FAILED : status;
    }
    return status;
}
