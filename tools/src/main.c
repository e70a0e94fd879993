/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _XOPEN_SOURCE 700 /* realpath */
#include <signal.h>
#include <stdlib.h>

#include "commands.h"
#include "file.h"

/* An installed program has its scenarios where it was installed to, wherever that was moved since:
 * PUNCHLAB_DATA is relative to the program. In a build directory there is no such place. */
static void find_data(void) {
    char path[4096];
    char *data =
        file_beside_program(path, sizeof path, PUNCHLAB_DATA) ? realpath(path, NULL) : NULL;
    if (data != NULL) {
        (void)setenv("PUNCHLAB_ROOT", data, 0);
    }
    free(data);
}

int main(int argc, char **argv) {
    /* A wrapper script says under which name the user called it, so that printed commands work. */
    char *called_as = getenv("PUNCHLAB_AS");
    if (argc > 0 && called_as != NULL && called_as[0] != '\0') {
        argv[0] = called_as;
    }
    find_data();
    /* A file size limit is a full disk like any other: an error of write(), not a death. */
    signal(SIGXFSZ, SIG_IGN);
    /* Whoever reads the table may stop reading; the results are still written. */
    signal(SIGPIPE, SIG_IGN);
    return argc > 0 ? punchlab(argc, argv, stdout, stderr) : CLI_USAGE;
}
