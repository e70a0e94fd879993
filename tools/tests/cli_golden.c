/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the program prints, to the letter: the table of a tiny scenario, help, and errors. The
 * expected table is data/tiny.table.txt; when it changes on purpose, write it anew with
 * `PUNCHLAB_AS=punchlab PROGRAM run tiny.json --out DIR > tiny.table.txt` in that directory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "punch_test.h"
#include "sim/scenario.h"

/* Runs punchlab, called "punchlab", in the directory of the test data. */
static process_said run(const char *const *words) {
    char program[4096];
    char data[4096];
    const char *argv[16] = {process_punchlab(program, sizeof program)};
    for (size_t i = 0; words[i] != NULL && i + 2 < sizeof argv / sizeof argv[0]; i++) {
        argv[i + 1] = words[i];
    }
    const process_how how = {.directory = process_source(data, sizeof data, "tools/tests/data"),
                             .environment = "PUNCHLAB_AS=punchlab"};
    return process_run(&how, argv);
}

static void table(void) {
    char out[4096];
    char data[4096];
    process_make_directory(out, sizeof out);
    const char *const words[] = {"run", "tiny.json", "--out", out, NULL};
    process_said said = run(words);
    char *expected =
        process_read_file(process_source(data, sizeof data, "tools/tests/data"), "tiny.table.txt");
    EXPECT_INT("exit code", said.status, 0);
    EXPECT_TEXT("the table, to the letter", said.out, expected);
    EXPECT("the first line names program, scenario, digest, backend, crypto and seed",
           strncmp(said.err, "punchlab 0.1.0 (", 16) == 0 &&
               strstr(said.err, "), scenario tiny ") != NULL &&
               strstr(said.err, ", backend des, crypto fast, seed 7\n") != NULL);
    EXPECT("no progress without a terminal", strchr(said.err, '\r') == NULL);
    EXPECT("no colour without a terminal", strchr(said.out, '\x1b') == NULL);
    free(expected);
    process_free(&said);
    process_remove_directory(out);
}

#define RUN_USAGE \
    "usage: punchlab run FILE|DIRECTORY... [options]\n'punchlab run --help' lists the options.\n"

static const struct {
    const char *sentence;
    const char *words[8];
    int status;
    const char *says;
} wrong[] = {
    {"unknown command",
     {"rnu", NULL},
     2,
     "punchlab: unknown command 'rnu'; did you mean 'run'?\n"
     "'punchlab --help' lists the commands.\n"},
    {"unknown command, nothing near",
     {"frobnicate", NULL},
     2,
     "punchlab: unknown command 'frobnicate'\n'punchlab --help' lists the commands.\n"},
    {"unknown option",
     {"run", "tiny.json", "--trails", "5", NULL},
     2,
     "punchlab run: unknown option '--trails'; did you mean '--trials'?\n" RUN_USAGE},
    {"no file", {"run", NULL}, 2, "punchlab run: FILE|DIRECTORY is missing\n" RUN_USAGE},
    {"no such file",
     {"run", "nofile.json", NULL},
     2,
     "punchlab run: nofile.json: No such file or directory\n"},
    {"a directory without scenarios",
     {"run", "r", NULL},
     2,
     "punchlab run: r: there are no scenarios in this directory\n"},
    {"an unknown list",
     {"list", "preset", NULL},
     2,
     "punchlab list: there are no 'preset'; there are: scenarios presets strategies backends; "
     "did you mean 'presets'?\n"},
    {"hexadecimal",
     {"run", "tiny.json", "--trials", "0x10", NULL},
     2,
     "punchlab run: --trials 0x10: expected a whole number from 1 to 1000000000\n"},
    {"a leading zero",
     {"run", "tiny.json", "--seed", "01", NULL},
     2,
     "punchlab run: --seed 01: expected a 64-bit number or 'random'\n"},
    {"an override of a wrong type",
     {"run", "tiny.json", "--set", "limit=5", NULL},
     2,
     "--set limit: \"5\" lacks its unit; \"limit\" is a duration such as \"30s\" (us, ms, s, "
     "min, "
     "h)\n"},
    {"an override of a section",
     {"run", "tiny.json", "--set", "factors=1", NULL},
     2,
     "--set factors: \"factors\" is a section of the file, not an option; only the file can "
     "give "
     "it\n"},
    {"the beginning of a preset's name",
     {"explain", "preset:aws", NULL},
     2,
     "punchlab explain: nothing is called 'preset:aws'; did you mean "
     "'preset:aws-nat-gateway'?\n"
     "'punchlab explain \"*\"' explains everything.\n"},
    {"wrong count",
     {"run", "tiny.json", "--trials", "0", NULL},
     2,
     "punchlab run: --trials 0: expected a whole number from 1 to 1000000000\n"},
    {"wrong seed",
     {"run", "tiny.json", "--seed", "blue", NULL},
     2,
     "punchlab run: --seed blue: expected a 64-bit number or 'random'\n"},
    {"wrong crypto",
     {"run", "tiny.json", "--crypto", "none", NULL},
     2,
     "punchlab run: --crypto none: expected 'fast' or 'sodium'\n"},
    {"override without a value",
     {"run", "tiny.json", "--set", "limit", NULL},
     2,
     "punchlab run: --set limit: expected key=value, as in --set core.fire_rule=on_receipt\n"},
    {"unknown backend",
     {"run", "tiny.json", "--backend", "dse", NULL},
     77,
     "punchlab run: no backend 'dse'; there is: des; did you mean 'des'?\n"},
    {"cell out of range",
     {"replay", "tiny.json", "--cell", "2", NULL},
     2,
     "punchlab replay: --cell 2: expected a whole number from 0 to 1\n"},
    {"nothing of that name",
     {"explain", "nat.mappnig", NULL},
     2,
     "punchlab explain: nothing is called 'nat.mappnig'; did you mean 'nat.mapping'?\n"
     "'punchlab explain \"*\"' explains everything.\n"},
    {"no preset of that name",
     {"explain", "preset:pff", NULL},
     2,
     "punchlab explain: nothing is called 'preset:pff'; did you mean 'preset:pf'?\n"
     "'punchlab explain \"*\"' explains everything.\n"},
};

static void errors(void) {
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        process_said said = run(wrong[i].words);
        EXPECT_INT(wrong[i].sentence, said.status, wrong[i].status);
        EXPECT_TEXT(wrong[i].sentence, said.err, wrong[i].says);
        EXPECT_TEXT(wrong[i].sentence, said.out, "");
        process_free(&said);
    }
}

static void broken_scenario(void) {
    const char *const words[] = {"validate", "tiny.json", "broken.json", NULL};
    process_said said = run(words);
    EXPECT_INT("exit code", said.status, 2);
    EXPECT_TEXT("the good file is named on standard output", said.out,
                "tiny.json: fine: 2 cells x 3 trials\n");
    EXPECT("the bad one with line, column and pointer",
           strstr(said.err, "broken.json:3:3: /trails: ") != NULL);
    EXPECT("and a guess", strstr(said.err, "did you mean \"trials\"?") != NULL);
    process_free(&said);
}

/* Where the program is called from decides how the path of the guess begins. */
static void guesses_of_files(void) {
    static const char *const typed[] = {"quikstart", "quickstrat.json", "scenarios/quikstart.json"};
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        const char *const words[] = {"run", typed[i], NULL};
        process_said said = run(words);
        EXPECT_INT(typed[i], said.status, 2);
        EXPECT(typed[i], strstr(said.err, ": No such file or directory; did you mean '") != NULL &&
                             strstr(said.err, "scenarios/quickstart.json'?\n") != NULL);
        process_free(&said);
    }
}

static void validate_all(void) {
    char scenarios[4096];
    const char *const words[] = {"validate",
                                 process_source(scenarios, sizeof scenarios, "scenarios"), NULL};
    process_said said = run(words);
    EXPECT_INT("a directory: exit code", said.status, 0);
    EXPECT_TEXT("nothing is wrong", said.err, "");
    EXPECT("its scenarios are named", strstr(said.out, "/quickstart.json: fine: ") != NULL);
    process_free(&said);
    char schema[4096];
    const char *const file[] = {
        "validate", process_source(schema, sizeof schema, "scenarios/schema.json"), NULL};
    said = run(file);
    EXPECT_INT("the schema: exit code", said.status, 0);
    EXPECT("it is skipped", strstr(said.out, ": skipped: a JSON Schema, not a scenario\n") != NULL);
    process_free(&said);
}

/* No factor may be named like a column: those of a real run all are refused. */
static void columns_are_reserved(void) {
    char out[4096];
    process_make_directory(out, sizeof out);
    const char *const words[] = {"run",    "tiny.json", "-q", "--crypto",
                                 "sodium", "--out",     out,  NULL};
    process_said said = run(words);
    EXPECT_TEXT("-q is silent", said.err, "");
    process_free(&said);
    static const char *const files[] = {"cells.csv", "trials.csv", "reasons.csv", "ecdf.csv"};
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        char *text = process_read_file(out, files[f]);
        char *end = text != NULL ? strchr(text, '\n') : NULL;
        EXPECT(files[f], end != NULL);
        if (end != NULL) {
            *end = '\0';
        }
        char *rest = NULL;
        for (char *name = text != NULL ? strtok_r(text, ",", &rest) : NULL; name != NULL;
             name = strtok_r(NULL, ",", &rest)) {
            char scenario[512];
            sim_complaints complaints = {0};
            const int length =
                snprintf(scenario, sizeof scenario,
                         "{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {}}, \"factors\": "
                         "[{\"name\": \"%s\", \"levels\": [{\"label\": \"l\", \"set\": {}}]}]}",
                         name);
            sim_scenario *made =
                sim_scenario_parse("x", scenario, (size_t)length, NULL, 0, &complaints);
            EXPECT(name, (made == NULL) == (strcmp(name, "nat_b") != 0)); /* its own factor */
            sim_scenario_destroy(made);
            sim_complaints_clear(&complaints);
        }
        free(text);
    }
    char *markdown = process_read_file(out, "report.md");
    EXPECT("the printed replay command says which crypto",
           markdown != NULL && strstr(markdown, " --seed 7 --crypto sodium") != NULL);
    free(markdown);
    process_remove_directory(out);
}

static void help(void) {
    const char *const words[] = {"--help", NULL};
    process_said said = run(words);
    EXPECT_INT("exit code", said.status, 0);
    EXPECT_TEXT("the commands, to the letter", said.out,
                "usage: punchlab COMMAND ...\n\n"
                "Drives libpunch, a NAT-traversal core, through modelled NATs.\n\ncommands:\n"
                "  run        run scenarios and report every cell\n"
                "  report     write everything about a run anew, from its trials alone\n"
                "  merge      put the shards of a run together\n"
                "  compare    compare treatments, or two results (directories or --json files)\n"
                "  replay     tell one trial packet by packet\n"
                "  explain    explain a scenario key, a preset or a keepalive strategy\n"
                "  list       list scenarios, presets, keepalive strategies and backends\n"
                "  validate   check scenario files without running them\n"
                "  bench      measure speed and memory, beside a bare loop\n"
                "  doctor     check that everything a run needs is here\n"
                "\n'punchlab COMMAND --help' lists the options of a command.\n"
                "'punchlab --version' says what this program was made of.\n\n"
                "exit codes:\n"
                "  0          fine\n"
                "  1          an expectation failed or is undecided, or results could not be "
                "written\n"
                "  2          bad usage or scenario; nothing ran\n"
                "  3          an invariant broke\n"
                "  77         the backend is unavailable, or cannot model the scenario\n"
                "  130, 143   interrupted by SIGINT, SIGTERM\n");
    process_free(&said);
    static const char *const commands[] = {"run",      "replay", "explain", "list",
                                           "validate", "bench",  "doctor"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        const char *const asks[] = {commands[i], "--help", NULL};
        said = run(asks);
        char usage[64];
        snprintf(usage, sizeof usage, "usage: punchlab %s", commands[i]);
        EXPECT_INT(commands[i], said.status, 0);
        EXPECT(usage, strncmp(said.out, usage, strlen(usage)) == 0);
        EXPECT("no line ends in a blank", strstr(said.out, " \n") == NULL);
        EXPECT(commands[i], strstr(said.out, "  -h, --help ") != NULL);
        process_free(&said);
    }
}

static void version(void) {
    const char *const words[] = {"--version", NULL};
    process_said said = run(words);
    EXPECT_INT("exit code", said.status, 0);
    EXPECT("version and commit first", strncmp(said.out, "punchlab 0.1.0 (", 16) == 0);
    static const char *const names[] = {"\ncompiler   ", "\nlibsodium  1.", "\nR mathlib  4.",
                                        "\ncJSON      1."};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        EXPECT(names[i], strstr(said.out, names[i]) != NULL);
    }
    process_free(&said);
}

static void names_of_scenarios(void) {
    const char *const words[] = {"validate", "quickstart", "halkes2011", "nat-reboot", NULL};
    process_said said = run(words);
    EXPECT_INT("a name will do: exit code", said.status, 0);
    EXPECT("and stands for a file", strstr(said.out, "/scenarios/quickstart.json: fine: ") != NULL);
    EXPECT("or for one of the published",
           strstr(said.out, "/scenarios/published/halkes2011.json: fine: ") != NULL);
    EXPECT("or for one about keepalives",
           strstr(said.out, "/scenarios/keepalive/nat-reboot.json: fine: ") != NULL);
    process_free(&said);
}

static void explanations(void) {
    static const struct {
        const char *key;
        const char *phrases[4];
    } rows[] = {
        {"nat.mapping", {"nat.mapping\n", "RFC 4787", NULL}},
        {"nat.preset", {"linux-masquerade ", "punchlab explain preset:NAME", NULL}},
        {"preset:pf", {"pf: FreeBSD pf", "udp_timeout_first    60 s", NULL}},
        {"agreed-15", {"agreed-15: ", "longest silence to expect: ", NULL}},
        {"broker.keepalive", {"broker.keepalive\n", "seed-bounded ", NULL}},
        {"quantiles", {"{\"quantiles\": {", "Linear between", NULL}},
        {"population", {"\"without\": [", "left out", NULL}},
        {"keepalive:seed", {"seed: ", "counterparty's last packet", NULL}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const words[] = {"explain", rows[i].key, NULL};
        process_said said = run(words);
        EXPECT_INT(rows[i].key, said.status, 0);
        for (size_t p = 0; rows[i].phrases[p] != NULL; p++) {
            EXPECT(rows[i].phrases[p], strstr(said.out, rows[i].phrases[p]) != NULL);
        }
        EXPECT("every field of a preset has a value", strstr(said.out, " ? ") == NULL);
        process_free(&said);
    }
}

static void standard_output_full(void) {
    char program[4096];
    char command[8192];
    snprintf(command, sizeof command, "'%s' list > /dev/full",
             process_punchlab(program, sizeof program));
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    const process_how how = {.environment = "PUNCHLAB_AS=punchlab"};
    process_said said = process_run(&how, argv);
    EXPECT_INT("exit code", said.status, 1);
    EXPECT_TEXT("and says so", said.err,
                "punchlab: cannot write to standard output: No space left on device\n");
    process_free(&said);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"the table of a tiny scenario", table},
        {"errors, to the letter, and their exit codes", errors},
        {"a broken scenario", broken_scenario},
        {"guesses of files", guesses_of_files},
        {"validate whole directories", validate_all},
        {"columns are reserved", columns_are_reserved},
        {"help", help},
        {"version", version},
        {"scenarios by name", names_of_scenarios},
        {"explanations", explanations},
        {"a full device behind standard output", standard_output_full},
    };
    return PUNCH_TEST_MAIN("cli_golden", cases);
}
