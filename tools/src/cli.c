/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "punch/assert.h"

/* Longer words are not compared: nobody mistypes that much. Chosen. */
#define WORD_MAX 48

static const cli_exit exits[] = {
    {"0", "fine"},
    {"1", "an expectation failed or is undecided, or results could not be written"},
    {"2", "bad usage or scenario; nothing ran"},
    {"3", "an invariant broke"},
    {"77", "the backend is unavailable, or cannot model the scenario"},
    {"130, 143", "interrupted by SIGINT, SIGTERM"},
};

const cli_exit *cli_exits(size_t *count_out) {
    *count_out = sizeof exits / sizeof exits[0];
    return exits;
}

/* Edits that turn a into b (insert, delete, replace, swap neighbours); Damerau 1964, restricted. */
static size_t edit_distance(const char *a, const char *b) {
    size_t rows[3][WORD_MAX + 1];
    const size_t a_length = strlen(a);
    const size_t b_length = strlen(b);
    if (a_length > WORD_MAX || b_length > WORD_MAX) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= b_length; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                rows[(i - 2) % 3][j - 2] + 1 < best) {
                best = rows[(i - 2) % 3][j - 2] + 1;
            }
            row[j] = best;
        }
    }
    return rows[a_length % 3][b_length];
}

cli_nearest cli_nearest_to(const char *word) {
    const size_t length = strlen(word);
    /* One slip for every three letters, at least one: "rnu" finds run, "xyz" finds nothing. */
    const cli_nearest nearest = {word, NULL, (length < 6 ? 1 : length / 3) + 1};
    return nearest;
}

void cli_nearest_offer(cli_nearest *nearest, const char *candidate) {
    const size_t distance = edit_distance(nearest->word, candidate);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->best = candidate;
    }
}

static const cli_option *find_long(const cli_command *command, const char *name, size_t length) {
    for (size_t i = 0; i < command->option_count; i++) {
        const cli_option *option = &command->options[i];
        if (strlen(option->name) == length && strncmp(option->name, name, length) == 0) {
            return option;
        }
    }
    return NULL;
}

static const cli_option *find_short(const cli_command *command, char letter) {
    for (size_t i = 0; i < command->option_count; i++) {
        if (command->options[i].letter == letter) {
            return &command->options[i];
        }
    }
    return NULL;
}

static void print_usage(const cli_args *args, FILE *out) {
    const char *operands = args->command->operands;
    fprintf(out, "usage: %s %s%s%s\n", args->program, args->command->name,
            operands[0] != '\0' ? " " : "", operands);
}

void cli_usage_hint(const cli_args *args) {
    print_usage(args, args->err);
    fprintf(args->err, "'%s %s --help' lists the options.\n", args->program, args->command->name);
}

static int unknown_option(const cli_args *args, const char *typed, const char *name,
                          size_t length) {
    fprintf(args->err, "%s %s: unknown option '%s'", args->program, args->command->name, typed);
    char word[WORD_MAX + 1];
    if (length <= WORD_MAX) {
        memcpy(word, name, length);
        word[length] = '\0';
        cli_nearest nearest = cli_nearest_to(word);
        for (size_t i = 0; i < args->command->option_count; i++) {
            cli_nearest_offer(&nearest, args->command->options[i].name);
        }
        if (nearest.best != NULL) {
            fprintf(args->err, "; did you mean '--%s'?", nearest.best);
        }
    }
    fputc('\n', args->err);
    cli_usage_hint(args);
    return CLI_USAGE;
}

static void remember(cli_args *args, const cli_option *option, const char *value) {
    args->given[args->given_count].option = option;
    args->given[args->given_count].value = value;
    args->given_count++;
}

static int wrong_argument(const cli_args *args, const cli_option *option) {
    if (option->argument == NULL) {
        fprintf(args->err, "%s %s: --%s takes no value\n", args->program, args->command->name,
                option->name);
    } else {
        fprintf(args->err, "%s %s: --%s needs a value: --%s %s\n", args->program,
                args->command->name, option->name, option->name, option->argument);
    }
    return CLI_USAGE;
}

/* "--name", "--name=value" or "--name value"; *at is the index of the word and moves past a value.
 */
static int parse_long(cli_args *args, int argc, char **argv, int *at) {
    const char *name = argv[*at] + 2;
    const char *equals = strchr(name, '=');
    const size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const cli_option *option = find_long(args->command, name, length);
    if (option == NULL) {
        return unknown_option(args, argv[*at], name, length);
    }
    if (option->argument == NULL) {
        if (equals != NULL) {
            return wrong_argument(args, option);
        }
        remember(args, option, NULL);
        return CLI_OK;
    }
    if (equals == NULL && *at + 1 >= argc) {
        return wrong_argument(args, option);
    }
    remember(args, option, equals != NULL ? equals + 1 : argv[++*at]);
    return CLI_OK;
}

/* "-q", "-qv", "-j4" or "-j 4". */
static int parse_short(cli_args *args, int argc, char **argv, int *at) {
    for (const char *letter = argv[*at] + 1; *letter != '\0'; letter++) {
        const cli_option *option = find_short(args->command, *letter);
        if (option == NULL) {
            return unknown_option(args, argv[*at], letter, 1);
        }
        if (option->argument == NULL) {
            remember(args, option, NULL);
            continue;
        }
        if (letter[1] == '\0' && *at + 1 >= argc) {
            return wrong_argument(args, option);
        }
        remember(args, option, letter[1] != '\0' ? letter + 1 : argv[++*at]);
        break;
    }
    return CLI_OK;
}

static int check_operands(const cli_args *args) {
    if (cli_has(args, "help") || (args->operand_count >= args->command->operand_min &&
                                  args->operand_count <= args->command->operand_max)) {
        return CLI_OK;
    }
    if (args->operand_count > args->command->operand_max) {
        fprintf(args->err, "%s %s: unexpected '%s'\n", args->program, args->command->name,
                args->operands[args->command->operand_max]);
    } else {
        /* The first word of "FILE [options]" or "KEY...". */
        const int length = (int)strcspn(args->command->operands, " .");
        fprintf(args->err, "%s %s: %.*s is missing\n", args->program, args->command->name, length,
                args->command->operands);
    }
    cli_usage_hint(args);
    return CLI_USAGE;
}

int cli_parse(cli_args *args, int argc, char **argv) {
    const size_t room = (size_t)argc + 1;
    args->operands = calloc(room, sizeof *args->operands);
    /* "-qqq" holds more options than words, but never more than its letters. */
    size_t letters = room;
    for (int i = 0; i < argc; i++) {
        letters += strlen(argv[i]);
    }
    args->given = calloc(letters, sizeof *args->given);
    PUNCH_ASSERT(args->operands != NULL);
    PUNCH_ASSERT(args->given != NULL);
    bool options_over = false;
    for (int at = 0; at < argc; at++) {
        const char *word = argv[at];
        int status = CLI_OK;
        if (options_over || word[0] != '-' || word[1] == '\0') {
            args->operands[args->operand_count++] = word;
        } else if (strcmp(word, "--") == 0) {
            options_over = true;
        } else if (word[1] == '-') {
            status = parse_long(args, argc, argv, &at);
        } else {
            status = parse_short(args, argc, argv, &at);
        }
        if (status != CLI_OK) {
            return status;
        }
    }
    return check_operands(args);
}

void cli_args_free(cli_args *args) {
    free(args->operands);
    free(args->given);
    args->operands = NULL;
    args->given = NULL;
}

static const cli_given *find_given(const cli_args *args, const char *name) {
    PUNCH_ASSERT(find_long(args->command, name, strlen(name)) != NULL);
    const cli_given *found = NULL;
    for (size_t i = 0; i < args->given_count; i++) {
        if (strcmp(args->given[i].option->name, name) == 0) {
            found = &args->given[i];
        }
    }
    return found;
}

bool cli_knows(const cli_args *args, const char *name) {
    return find_long(args->command, name, strlen(name)) != NULL;
}

bool cli_has(const cli_args *args, const char *name) {
    return find_given(args, name) != NULL;
}

const char *cli_value(const cli_args *args, const char *name) {
    const cli_given *given = find_given(args, name);
    return given != NULL ? given->value : NULL;
}

bool cli_parse_u64(const char *text, uint64_t *number_out) {
    return (text[0] != '0' || text[1] == '\0') && format_parse_u64(text, number_out);
}

bool cli_number(const cli_args *args, const char *name, uint64_t min, uint64_t max,
                uint64_t *number_out) {
    const char *value = cli_value(args, name);
    if (value == NULL) {
        return true;
    }
    uint64_t number = 0;
    if (!cli_parse_u64(value, &number) || number < min || number > max) {
        fprintf(args->err, "%s %s: --%s %s: expected a whole number from %llu to %llu\n",
                args->program, args->command->name, name, value, (unsigned long long)min,
                (unsigned long long)max);
        return false;
    }
    *number_out = number;
    return true;
}

bool cli_is_terminal(FILE *out) {
    const int fd = fileno(out);
    return fd >= 0 && isatty(fd);
}

bool cli_wants_colour(FILE *out) {
    const char *no_color = getenv("NO_COLOR");
    return (no_color == NULL || no_color[0] == '\0') && cli_is_terminal(out);
}

void cli_help(const cli_args *args) {
    const cli_command *command = args->command;
    print_usage(args, args->out);
    fprintf(args->out, "\n%s\n\noptions:\n", command->summary);
    for (size_t i = 0; i < command->option_count; i++) {
        const cli_option *option = &command->options[i];
        char left[64];
        const char *argument = option->argument != NULL ? option->argument : "";
        const char *space = option->argument != NULL ? " " : "";
        if (option->letter != 0) {
            snprintf(left, sizeof left, "-%c, --%s%s%s", option->letter, option->name, space,
                     argument);
        } else {
            snprintf(left, sizeof left, "    --%s%s%s", option->name, space, argument);
        }
        fprintf(args->out, "  %-26s %s\n", left, option->help);
    }
}
