/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <signal.h>
#include <stdlib.h>

#include "commands.h"

int main(int argc, char **argv) {
    /* A wrapper script says under which name the user called it, so that printed commands work. */
    char *called_as = getenv("PUNCHLAB_AS");
    if (argc > 0 && called_as != NULL && called_as[0] != '\0') {
        argv[0] = called_as;
    }
    /* A file size limit is a full disk like any other: an error of write(), not a death. */
    signal(SIGXFSZ, SIG_IGN);
    return argc > 0 ? punchlab(argc, argv, stdout, stderr) : CLI_USAGE;
}
