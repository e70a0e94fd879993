/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A broken invariant ends the program with exit code 3 and everything needed to repeat it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "punch_test.h"

static void broken(void) {
    const char *build = getenv("PUNCH_BINARY_DIR");
    char program[4096];
    snprintf(program, sizeof program, "%s/tools/panic_program", build != NULL ? build : ".");
    const char *const argv[] = {program, NULL};
    const process_how how = {0};
    process_said said = process_run(&how, argv);
    EXPECT_INT("exit code", said.status, 3);
    static const char *const phrases[] = {
        "punchlab: an invariant broke: ",
        "panic_program.c:",
        ": seed != broken_seed (got 0, expected 1)\n",
        "scenario a file.json, cell 0, trial 42, seed 5, trial seed ",
        "simulated time 00:00.500000\n",
        "repeat: tools/punchlab replay 'a file.json' --cell 0 --trial 42 --seed 5 --backend fake ",
        " --set ",
        " --set core.fire_rule=on_receipt\n",
    };
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        EXPECT(phrases[i], strstr(said.err, phrases[i]) != NULL);
    }
    process_free(&said);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"an assert names scenario, cell, trial, seed, time and the command", broken},
    };
    return PUNCH_TEST_MAIN("cli_panic", cases);
}
