/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Splitting of command lines, help and "did you mean", on a table of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "format.h"
#include "punch_test.h"

static const cli_option options[] = {
    {"trials", 0, "N", "how many"},     {"jobs", 'j', "N", "threads"},
    {"quiet", 'q', NULL, "say little"}, {"verbose", 'v', NULL, "say much"},
    {"help", 'h', NULL, "this text"},
};

static int never_run(const cli_args *args) {
    (void)args;
    return CLI_OK;
}

static const cli_command command = {
    .name = "try",
    .operands = "FILE [options]",
    .summary = "for tests",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operand_min = 1,
    .operand_max = 1,
    .run = never_run,
};

/* A parsed command line with what it printed. */
typedef struct {
    cli_args args;
    int status;
    char *out;
    char *err;
    size_t out_length;
    size_t err_length;
    char *argv[8];
} parsed;

static void parse(parsed *made, const char *const *words) {
    memset(made, 0, sizeof *made);
    made->args.program = "prog";
    made->args.command = &command;
    made->args.out = open_memstream(&made->out, &made->out_length);
    made->args.err = open_memstream(&made->err, &made->err_length);
    int argc = 0;
    for (; words[argc] != NULL; argc++) {
        made->argv[argc] = strdup(words[argc]);
    }
    made->status = cli_parse(&made->args, argc, made->argv);
    fflush(made->args.out);
    fflush(made->args.err);
}

static void clear(parsed *made) {
    cli_args_free(&made->args);
    fclose(made->args.out);
    fclose(made->args.err);
    free(made->out);
    free(made->err);
    for (size_t i = 0; i < 8; i++) {
        free(made->argv[i]);
    }
}

static void good_lines(void) {
    static const struct {
        const char *sentence;
        const char *words[6];
        const char *jobs;
        const char *trials;
        bool quiet;
    } rows[] = {
        {"operand alone", {"a.json", NULL}, NULL, NULL, false},
        {"long option, separate value", {"a.json", "--trials", "5", NULL}, NULL, "5", false},
        {"long option, joined value", {"--trials=5", "a.json", NULL}, NULL, "5", false},
        {"an empty joined value is a value", {"--trials=", "a.json", NULL}, NULL, "", false},
        {"short option, joined value", {"-j4", "a.json", NULL}, "4", NULL, false},
        {"short option, separate value", {"-j", "4", "a.json", NULL}, "4", NULL, false},
        {"short flags together with a value", {"-qj4", "a.json", NULL}, "4", NULL, true},
        {"the last value counts", {"-j4", "--jobs", "8", "a.json", NULL}, "8", NULL, false},
        {"after -- nothing is an option", {"-q", "--", "a.json", NULL}, NULL, NULL, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        parsed made;
        parse(&made, rows[i].words);
        EXPECT_INT(rows[i].sentence, made.status, CLI_OK);
        const char *jobs = cli_value(&made.args, "jobs");
        const char *trials = cli_value(&made.args, "trials");
        EXPECT_TEXT(rows[i].sentence, jobs != NULL ? jobs : "-",
                    rows[i].jobs != NULL ? rows[i].jobs : "-");
        EXPECT_TEXT(rows[i].sentence, trials != NULL ? trials : "-",
                    rows[i].trials != NULL ? rows[i].trials : "-");
        EXPECT(rows[i].sentence, cli_has(&made.args, "quiet") == rows[i].quiet);
        EXPECT_INT(rows[i].sentence, made.args.operand_count, 1);
        EXPECT_TEXT(rows[i].sentence, made.args.operands[0], "a.json");
        clear(&made);
    }
}

#define USAGE "usage: prog try FILE [options]\n'prog try --help' lists the options.\n"

static void bad_lines(void) {
    static const struct {
        const char *sentence;
        const char *words[6];
        const char *says;
    } rows[] = {
        {"near miss of an option",
         {"a.json", "--trails", "5", NULL},
         "prog try: unknown option '--trails'; did you mean '--trials'?\n" USAGE},
        {"near miss with a value joined",
         {"a.json", "--job=5", NULL},
         "prog try: unknown option '--job=5'; did you mean '--jobs'?\n" USAGE},
        {"nothing near", {"a.json", "--xyzzy", NULL}, "prog try: unknown option '--xyzzy'\n" USAGE},
        {"unknown letter", {"a.json", "-x", NULL}, "prog try: unknown option '-x'\n" USAGE},
        {"value missing",
         {"a.json", "--trials", NULL},
         "prog try: --trials needs a value: --trials N\n"},
        {"flag with a value", {"a.json", "--quiet=1", NULL}, "prog try: --quiet takes no value\n"},
        {"operand missing", {"-q", NULL}, "prog try: FILE is missing\n" USAGE},
        {"operand too many", {"a", "b", NULL}, "prog try: unexpected 'b'\n" USAGE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        parsed made;
        parse(&made, rows[i].words);
        EXPECT_INT(rows[i].sentence, made.status, CLI_USAGE);
        EXPECT_TEXT(rows[i].sentence, made.err, rows[i].says);
        clear(&made);
    }
}

static void numbers(void) {
    static const struct {
        const char *text;
        bool good;
        uint64_t value;
    } rows[] = {
        {"1", true, 1},     {"100", true, 100},
        {"0x10", false, 0}, {"01", false, 0},
        {"0", false, 0},    {"101", false, 0},
        {"-1", false, 0},   {"1.5", false, 0},
        {"", false, 0},     {"0x", false, 0},
        {" 5", false, 0},   {"5 ", false, 0},
        {"ten", false, 0},  {"18446744073709551616", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const words[] = {"a.json", "--trials", rows[i].text, NULL};
        parsed made;
        parse(&made, words);
        uint64_t number = 77;
        EXPECT(rows[i].text, cli_number(&made.args, "trials", 1, 100, &number) == rows[i].good);
        EXPECT_INT(rows[i].text, number, rows[i].good ? rows[i].value : 77);
        clear(&made);
    }
    uint64_t most = 0;
    EXPECT("the largest 64-bit number is one", format_parse_u64("18446744073709551615", &most));
    EXPECT("and is read whole", most == UINT64_MAX);
}

static void nearest(void) {
    static const struct {
        const char *typed;
        const char *finds;
    } rows[] = {
        {"rnu", "run"},         {"replya", "replay"}, {"valdate", "validate"},
        {"expalin", "explain"}, {"doc", NULL},        {"xyz", NULL},
    };
    static const char *const names[] = {"run", "replay", "explain", "list", "validate", "doctor"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cli_nearest found = cli_nearest_to(rows[i].typed);
        for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
            cli_nearest_offer(&found, names[n]);
        }
        EXPECT_TEXT(rows[i].typed, found.best != NULL ? found.best : "nothing",
                    rows[i].finds != NULL ? rows[i].finds : "nothing");
    }
}

static void help(void) {
    const char *const words[] = {"--help", NULL};
    parsed made;
    parse(&made, words);
    EXPECT_INT("help needs no operand", made.status, CLI_OK);
    cli_help(&made.args);
    fflush(made.args.out);
    EXPECT_TEXT("help comes from the table", made.out,
                "usage: prog try FILE [options]\n\nfor tests\n\noptions:\n"
                "      --trials N             how many\n"
                "  -j, --jobs N               threads\n"
                "  -q, --quiet                say little\n"
                "  -v, --verbose              say much\n"
                "  -h, --help                 this text\n");
    clear(&made);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"well-formed command lines", good_lines},
        {"malformed command lines say what is wrong", bad_lines},
        {"numbers within a range", numbers},
        {"the nearest name", nearest},
        {"help", help},
    };
    return PUNCH_TEST_MAIN("cli", cases);
}
