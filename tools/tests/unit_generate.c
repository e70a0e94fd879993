/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The manual and the completions leave nothing out: every option of every command of the program
 * is in each of them, where that command is described. And nothing that a help text may hold breaks
 * their syntax, shown on a command made for that.
 */
#include "generate.h"

#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "punch_test.h"

typedef struct {
    const char *name;
    void (*print)(const generate_table *table, FILE *out);
    const char *begin; /* of the part about a command, whose name is %s */
    const char *end;   /* of that part */
    const char *option;
    const char *letter;
} form;

static const form forms[] = {
    {"man", generate_man, "\n.Ss %s\n", "\n.El\n", "Fl \\-%s", ".It Fl %c ,"},
    {"bash", generate_bash, "\n    %s)\n", "\n        ;;\n", "--%s", NULL},
    {"zsh", generate_zsh, "\n  %s)\n", "\n    ;;\n", "--%s", "{-%c,"},
    {"fish", generate_fish, " -a %s -d ", "\n\n", " -l %s ", " -s %c "},
};

#define FORM_COUNT (sizeof forms / sizeof forms[0])

static char *printed(const form *of, const generate_table *table) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    of->print(table, out);
    fputs("\n\n", out);
    fclose(out);
    return text;
}

/* The part of the text about a command, to be freed; NULL when there is none. */
static char *part_about(const form *of, const char *text, const char *command) {
    char begin[64];
    snprintf(begin, sizeof begin, of->begin, command);
    const char *at = strstr(text, begin);
    const char *end = at != NULL ? strstr(at, of->end) : NULL;
    return end != NULL ? strndup(at, (size_t)(end - at) + 1) : NULL;
}

/* Does the part name the option, and not only a longer one that begins like it? */
static bool names_option(const form *of, const char *part, const char *option) {
    char word[64];
    const int length = snprintf(word, sizeof word, of->option, option);
    for (const char *at = strstr(part, word); at != NULL; at = strstr(at + 1, word)) {
        const char behind = at[length];
        if (word[length - 1] == ' ' || strchr(" '|}[)\n", behind) != NULL) {
            return true;
        }
    }
    return false;
}

static void check_command(const form *of, const char *text, const cli_command *command) {
    char *part = part_about(of, text, command->name);
    char sentence[128];
    snprintf(sentence, sizeof sentence, "%s: %s is there unless it is hidden", of->name,
             command->name);
    EXPECT(sentence, (part == NULL) == command->hidden);
    for (size_t i = 0; part != NULL && i < command->option_count; i++) {
        const cli_option *option = &command->options[i];
        snprintf(sentence, sizeof sentence, "%s: %s --%s", of->name, command->name, option->name);
        EXPECT(sentence, names_option(of, part, option->name));
        if (option->letter != 0 && of->letter != NULL) {
            char letter[16];
            snprintf(letter, sizeof letter, of->letter, option->letter);
            snprintf(sentence, sizeof sentence, "%s: %s -%c", of->name, command->name,
                     option->letter);
            EXPECT(sentence, strstr(part, letter) != NULL);
        }
    }
    if (part != NULL) {
        EXPECT("an option that does not exist is not found", !names_option(of, part, "nonsuch"));
        EXPECT("nor the beginning of one", !names_option(of, part, "hel"));
    }
    free(part);
}

static void whole_program(void) {
    generate_table table = {0};
    table.commands = punchlab_commands(&table.count);
    for (size_t f = 0; f < FORM_COUNT; f++) {
        char *text = printed(&forms[f], &table);
        for (size_t i = 0; i < table.count; i++) {
            check_command(&forms[f], text, table.commands[i]);
        }
        free(text);
    }
}

static int never_run(const cli_args *args) {
    (void)args;
    return CLI_OK;
}

static const cli_option options[] = {
    {"mode", 'm', "one|other", "it's [a: b] \\ c"},
    {"where", 0, "DIR", ".hidden -- so"},
    {"what", 0, "FILE", "a file. Another sentence"},
    {"much", 0, NULL, "a flag"},
};

static const cli_command command = {
    .name = "try",
    .operands = "[one|two]",
    .summary = "what's [this]",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = never_run,
};

static void difficult_texts(void) {
    static const struct {
        const char *form;
        const char *line;
    } rows[] = {
        {"man", "\n.It Fl m , Fl \\-mode Ar one|other\nit's [a: b] \\e c\n"},
        {"man", "\n\\&.hidden \\-\\- so\n"},
        {"man", "\na file.\nAnother sentence\n"},
        {"bash", "\n        --mode | -m) _punchlab_words 'one other'; return ;;\n"},
        {"bash", "\n        --where) _punchlab_files -d; return ;;\n"},
        {"bash", "\n        --what) _punchlab_files -f; return ;;\n"},
        {"bash", "\n        -*) _punchlab_words '--mode --where --what --much' ;;\n"},
        {"bash", "\n        *) _punchlab_words 'one two'; return ;;\n"},
        {"zsh", "\n  'try:what'\\''s \\[this\\]'\n"},
        {"zsh", "\n      '*'{-m,--mode}'[it'\\''s \\[a\\: b\\] \\\\ c]:value:(one other)' \\\n"},
        {"zsh", "\n      '*--where[.hidden -- so]:directory:_files -/' \\\n"},
        {"zsh", "\n      '*--much[a flag]' \\\n"},
        {"fish", " -a try -d 'what\\'s [this]'\n"},
        {"fish", " -l mode -s m -x -a 'one other' -d 'it\\'s [a: b] \\\\ c'\n"},
        {"fish", " -l much -d 'a flag'\n"},
    };
    static const cli_command *const commands[] = {&command};
    const generate_table table = {commands, 1};
    for (size_t f = 0; f < FORM_COUNT; f++) {
        char *text = printed(&forms[f], &table);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            if (strcmp(rows[i].form, forms[f].name) == 0 &&
                !EXPECT(rows[i].line, strstr(text, rows[i].line) != NULL)) {
                printf("%s\n", text);
            }
        }
        free(text);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"every option of every command is in every form", whole_program},
        {"difficult texts", difficult_texts},
    };
    return PUNCH_TEST_MAIN("generate", cases);
}
