/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Completions. What may follow an option or a command is told from the word that --help shows for
 * it: FILE, DIR and SCENARIO, "one|another" for a choice, anything else for what cannot be guessed.
 */
#include <ctype.h>
#include <string.h>

#include "generate.h"

typedef enum {
    VALUE_NONE,      /* nothing follows */
    VALUE_ANY,       /* something that cannot be guessed */
    VALUE_FILE,      /* any file */
    VALUE_DIRECTORY, /* a directory */
    VALUE_SCENARIO,  /* a scenario: a name, a file or a directory of them */
    VALUE_CHOICE     /* one of the words in the argument */
} value_kind;

static value_kind kind_of_argument(const char *argument) {
    if (argument == NULL) {
        return VALUE_NONE;
    }
    if (strchr(argument, '|') != NULL && islower((unsigned char)argument[0])) {
        return VALUE_CHOICE;
    }
    if (strncmp(argument, "DIR", 3) == 0) {
        return VALUE_DIRECTORY;
    }
    return strncmp(argument, "FILE", 4) == 0 ? VALUE_FILE : VALUE_ANY;
}

static value_kind kind_of_operands(const char *operands) {
    const char *word = operands[0] == '[' ? operands + 1 : operands;
    if (strncmp(word, "options]", 8) == 0 || word[0] == '\0') {
        return VALUE_NONE;
    }
    const value_kind kind = kind_of_argument(word);
    return kind == VALUE_FILE || strncmp(word, "SCENARIO", 8) == 0 ? VALUE_SCENARIO : kind;
}

/* The words of "[one|another] [options]", each behind a separator but the first. */
static void put_choices(const char *argument, FILE *out) {
    const char *at = argument[0] == '[' ? argument + 1 : argument;
    for (; *at != '\0' && *at != ']' && *at != ' '; at++) {
        fputc(*at == '|' ? ' ' : *at, out);
    }
}

/* Within single quotes, where each character that means something there is written otherwise. */
static void put_quoted(const char *text, const char *special, FILE *out) {
    for (; *text != '\0'; text++) {
        if (strchr(special, *text) != NULL) {
            fputc('\\', out);
        }
        fputc(*text, out);
    }
}

/* --- bash */

static void bash_reply(value_kind kind, const char *argument, FILE *out) {
    switch (kind) {
    case VALUE_NONE:
    case VALUE_ANY:
        fputs("return ;;\n", out);
        break;
    case VALUE_FILE:
        fputs("_punchlab_files -f; return ;;\n", out);
        break;
    case VALUE_DIRECTORY:
        fputs("_punchlab_files -d; return ;;\n", out);
        break;
    case VALUE_SCENARIO:
        fputs("_punchlab_scenarios \"$1\" ;;\n", out);
        break;
    case VALUE_CHOICE:
        fputs("_punchlab_words '", out);
        put_choices(argument, out);
        fputs("'; return ;;\n", out);
        break;
    }
}

static void bash_command(const cli_command *command, FILE *out) {
    fprintf(out, "    %s)\n        case $prev in\n", command->name);
    for (size_t i = 0; i < command->option_count; i++) {
        const cli_option *option = &command->options[i];
        const value_kind kind = kind_of_argument(option->argument);
        if (kind != VALUE_NONE) {
            fprintf(out, "        --%s", option->name);
            if (option->letter != 0) {
                fprintf(out, " | -%c", option->letter);
            }
            fputs(") ", out);
            bash_reply(kind, option->argument, out);
        }
    }
    fputs("        esac\n        case $cur in\n        -*) _punchlab_words '", out);
    for (size_t i = 0; i < command->option_count; i++) {
        fprintf(out, "%s--%s", i > 0 ? " " : "", command->options[i].name);
    }
    fputs("' ;;\n        *) ", out);
    bash_reply(kind_of_operands(command->operands), command->operands, out);
    fputs("        esac\n        ;;\n", out);
}

void generate_bash(const generate_table *table, FILE *out) {
    fputs(
        "# bash completion of punchlab; made by 'punchlab generate bash'.\n\n"
        "_punchlab_words() {\n"
        "    mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
        "}\n\n"
        "_punchlab_files() {\n"
        "    compopt -o filenames 2>/dev/null\n"
        "    mapfile -t COMPREPLY < <(compgen \"$@\" -- \"$cur\")\n"
        "}\n\n"
        "# Names of scenarios are asked of an installed program only: the script of the source\n"
        "# tree may begin to build.\n"
        "_punchlab_scenarios() {\n"
        "    local names=\n"
        "    if [[ $1 != */* ]]; then\n"
        "        names=$(\"$1\" generate scenarios 2>/dev/null)\n"
        "    fi\n"
        "    compopt -o filenames 2>/dev/null\n"
        "    mapfile -t COMPREPLY < <(compgen -W \"$names\" -- \"$cur\"\n"
        "        compgen -f -X '!*.json' -- \"$cur\"; compgen -d -- \"$cur\")\n"
        "}\n\n"
        "_punchlab() {\n"
        "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
        "    COMPREPLY=()\n"
        "    if [[ $COMP_CWORD -eq 1 ]]; then\n"
        "        _punchlab_words '",
        out);
    for (size_t i = 0; i < table->count; i++) {
        if (!table->commands[i]->hidden) {
            fprintf(out, "%s ", table->commands[i]->name);
        }
    }
    fputs("--help --version'\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n", out);
    for (size_t i = 0; i < table->count; i++) {
        if (!table->commands[i]->hidden) {
            bash_command(table->commands[i], out);
        }
    }
    fputs("    esac\n}\n\ncomplete -F _punchlab punchlab\n", out);
}

/* --- zsh */

/* What means something in the specifications of _arguments; a quote closes and opens again. */
static void zsh_quoted(const char *text, FILE *out) {
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs("'\\''", out);
        } else {
            char one[2] = {*text, '\0'};
            put_quoted(one, "[]:\\", out);
        }
    }
}

static void zsh_value(value_kind kind, const char *argument, FILE *out) {
    switch (kind) {
    case VALUE_NONE:
        break;
    case VALUE_ANY:
        fputs(":value:", out);
        break;
    case VALUE_FILE:
        fputs(":file:_files", out);
        break;
    case VALUE_DIRECTORY:
        fputs(":directory:_files -/", out);
        break;
    case VALUE_SCENARIO:
        fputs(":scenario:_punchlab_scenarios", out);
        break;
    case VALUE_CHOICE:
        fputs(":value:(", out);
        put_choices(argument, out);
        fputc(')', out);
        break;
    }
}

static void zsh_command(const cli_command *command, FILE *out) {
    fprintf(out, "  %s)\n    _arguments \\\n", command->name);
    for (size_t i = 0; i < command->option_count; i++) {
        const cli_option *option = &command->options[i];
        if (option->letter != 0) {
            fprintf(out, "      '*'{-%c,--%s}'[", option->letter, option->name);
        } else {
            fprintf(out, "      '*--%s[", option->name);
        }
        zsh_quoted(option->help, out);
        fputc(']', out);
        zsh_value(kind_of_argument(option->argument), option->argument, out);
        fputs("' \\\n", out);
    }
    const value_kind kind = kind_of_operands(command->operands);
    if (kind != VALUE_NONE) {
        fputs("      '*", out);
        zsh_value(kind, command->operands, out);
        fputs("' \\\n", out);
    }
    fputs("      && return\n    ;;\n", out);
}

void generate_zsh(const generate_table *table, FILE *out) {
    fputs(
        "#compdef punchlab\n"
        "# zsh completion of punchlab; made by 'punchlab generate zsh'.\n\n"
        "_punchlab_scenarios() {\n"
        "  local -a names\n"
        "  [[ $service == */* ]] || names=(${(f)\"$($service generate scenarios 2>/dev/null)\"})\n"
        "  _alternative 'names:scenario:compadd -a names' 'files:file:_files -g \"*.json(-.)\"'\n"
        "}\n\n"
        "local -a commands\n"
        "commands=(\n",
        out);
    for (size_t i = 0; i < table->count; i++) {
        if (!table->commands[i]->hidden) {
            fprintf(out, "  '%s:", table->commands[i]->name);
            zsh_quoted(table->commands[i]->summary, out);
            fputs("'\n", out);
        }
    }
    fputs(
        ")\n\n"
        "if (( CURRENT == 2 )); then\n"
        "  _describe command commands\n"
        "  _arguments '--help[list the commands]' '--version[what it was made of]'\n"
        "  return\n"
        "fi\n"
        "shift words\n"
        "(( CURRENT-- ))\n"
        "case $words[1] in\n",
        out);
    for (size_t i = 0; i < table->count; i++) {
        if (!table->commands[i]->hidden) {
            zsh_command(table->commands[i], out);
        }
    }
    fputs("esac\n", out);
}

/* --- fish */

static void fish_value(value_kind kind, const char *argument, FILE *out) {
    switch (kind) {
    case VALUE_NONE:
        break;
    case VALUE_ANY:
        fputs(" -x", out);
        break;
    case VALUE_FILE:
    case VALUE_SCENARIO:
        fputs(" -r -F", out);
        break;
    case VALUE_DIRECTORY:
        fputs(" -x -a '(__fish_complete_directories)'", out);
        break;
    case VALUE_CHOICE:
        fputs(" -x -a '", out);
        put_choices(argument, out);
        fputc('\'', out);
        break;
    }
}

static void fish_command(const cli_command *command, FILE *out) {
    fprintf(out, "\ncomplete -c punchlab -n __fish_use_subcommand -a %s -d '", command->name);
    put_quoted(command->summary, "'\\", out);
    fputs("'\n", out);
    for (size_t i = 0; i < command->option_count; i++) {
        const cli_option *option = &command->options[i];
        fprintf(out, "complete -c punchlab -n '__fish_seen_subcommand_from %s' -l %s",
                command->name, option->name);
        if (option->letter != 0) {
            fprintf(out, " -s %c", option->letter);
        }
        fish_value(kind_of_argument(option->argument), option->argument, out);
        fputs(" -d '", out);
        put_quoted(option->help, "'\\", out);
        fputs("'\n", out);
    }
    const value_kind kind = kind_of_operands(command->operands);
    if (kind == VALUE_NONE || kind == VALUE_ANY) {
        return;
    }
    fprintf(out, "complete -c punchlab -n '__fish_seen_subcommand_from %s'", command->name);
    if (kind == VALUE_SCENARIO) {
        fputs(" -F -a '(command -q punchlab; and punchlab generate scenarios)'", out);
    } else {
        fish_value(kind, command->operands, out);
    }
    fputc('\n', out);
}

void generate_fish(const generate_table *table, FILE *out) {
    fputs(
        "# fish completion of punchlab; made by 'punchlab generate fish'.\n\n"
        "complete -c punchlab -f\n"
        "complete -c punchlab -n __fish_use_subcommand -l help -d 'list the commands'\n"
        "complete -c punchlab -n __fish_use_subcommand -l version -d 'what it was made of'\n",
        out);
    for (size_t i = 0; i < table->count; i++) {
        if (!table->commands[i]->hidden) {
            fish_command(table->commands[i], out);
        }
    }
}
