/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab doctor: is everything here that a run needs? One line per thing: ok, or what is missing
 * and how to get it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "file.h"
#include "found.h"
#include "setup.h"

static const cli_option options[] = {
    {"help", 'h', NULL, "this text"},
};

#define DETAIL_CAP 512

/* Fills detail with what was found, or with the cure; true when all is well. */
typedef struct {
    const char *name;
    bool needed; /* without it nothing runs */
    bool (*check)(char detail[DETAIL_CAP]);
} doctor_check;

static bool check_sodium(char detail[DETAIL_CAP]) {
    if (punch_crypto_sodium_init() != PUNCH_OK) {
        snprintf(detail, DETAIL_CAP, "it finds no source of randomness: check /dev/urandom");
        return false;
    }
    /* Two strangers agree on a key, or the library is broken. */
    const uint8_t seeds[2][PUNCH_KEY_BYTES] = {{1}, {2}};
    punch_keypair pair[2];
    punch_key shared[2];
    memset(shared, 0, sizeof shared);
    punch_err agreed = PUNCH_OK;
    for (int i = 0; i < 2; i++) {
        punch_crypto_sodium.keypair_from_seed(seeds[i], &pair[i]);
    }
    for (int i = 0; i < 2 && agreed == PUNCH_OK; i++) {
        agreed = punch_crypto_sodium.dh(&pair[i].secret, &pair[1 - i].public_key, &shared[i]);
    }
    const bool same = memcmp(&shared[0], &shared[1], sizeof shared[0]) == 0;
    snprintf(detail, DETAIL_CAP, "%s",
             agreed == PUNCH_OK && same
                 ? "two key pairs agree"
                 : "it computes wrongly: reinstall it (apt install --reinstall libsodium23)");
    return agreed == PUNCH_OK && same;
}

static bool check_gnuplot(char detail[DETAIL_CAP]) {
    const char *path = getenv("PATH");
    const char *at = path != NULL ? path : "/usr/bin:/bin";
    while (*at != '\0') {
        const size_t length = strcspn(at, ":");
        const int written = snprintf(detail, DETAIL_CAP, "%.*s/gnuplot", (int)length, at);
        if (written > 0 && written < DETAIL_CAP && access(detail, X_OK) == 0) {
            return true;
        }
        at += length + (at[length] == ':' ? 1 : 0);
    }
    snprintf(detail, DETAIL_CAP, "runs work, without plots: apt install gnuplot-nox");
    return false;
}

static bool check_cores(char detail[DETAIL_CAP]) {
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    snprintf(detail, DETAIL_CAP, "%ld, all used unless --jobs says otherwise", cores);
    return cores >= 1;
}

static bool check_terminal(char detail[DETAIL_CAP]) {
    const bool terminal = isatty(STDERR_FILENO) != 0;
    snprintf(detail, DETAIL_CAP, "%s",
             terminal ? "progress is shown" : "standard error is no terminal: no progress line");
    return true;
}

static bool check_results(char detail[DETAIL_CAP]) {
    char *directory = setup_results();
    char *message = NULL;
    size_t message_length = 0;
    FILE *err = open_memstream(&message, &message_length);
    bool writable = err != NULL && file_make_directories(directory, err);
    if (writable) {
        char *path = file_join(directory, "doctor.probe");
        file_out probe;
        writable = file_open(&probe, path, err);
        file_abandon(&probe);
        free(path);
        (void)rmdir(directory); /* leaves no trace where there was nothing */
    }
    if (err != NULL) {
        fclose(err);
    }
    snprintf(detail, DETAIL_CAP, "%s%s", directory,
             writable ? "" : " cannot be written: use run --out DIR, or change its owner");
    free(message);
    free(directory);
    return writable;
}

static bool check_scenarios(char detail[DETAIL_CAP]) {
    found_files found = found_scenarios(setup_root());
    const bool some = found.count > 0;
    if (some) {
        snprintf(detail, DETAIL_CAP, "%zu in %s/scenarios", found.count, setup_root());
    } else {
        snprintf(detail, DETAIL_CAP, "none in %s/scenarios: run from the project's directory",
                 setup_root());
    }
    found_free(&found);
    return some;
}

static const doctor_check checks[] = {
    {"libsodium", true, check_sodium}, {"cores", true, check_cores},
    {"results", true, check_results},  {"scenarios", true, check_scenarios},
    {"gnuplot", false, check_gnuplot}, {"terminal", false, check_terminal},
};

static int doctor_command(const cli_args *args) {
    int status = CLI_OK;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        char detail[DETAIL_CAP] = "";
        const bool well = checks[i].check(detail);
        fprintf(args->out, "%-10s %-8s %s\n", checks[i].name, well ? "ok" : "missing", detail);
        if (!well && checks[i].needed) {
            status = CLI_FAILED;
        }
    }
    return status;
}

const cli_command command_doctor = {
    .name = "doctor",
    .operands = "",
    .summary = "check that everything a run needs is here",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operand_min = 0,
    .operand_max = 0,
    .run = doctor_command,
};
