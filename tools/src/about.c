/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "about.h"

#define MATHLIB_STANDALONE 1 /* Rmath.h without the rest of R */
#include <Rmath.h>
#include <cjson/cJSON.h>
#include <sodium.h>

#include "version.h"

#ifdef __clang__
#define COMPILER __VERSION__ /* begins with its name */
#else
#define COMPILER "gcc " __VERSION__
#endif

void about_print(FILE *out) {
    fprintf(out, "punchlab %s (%s)\n", version_number, version_commit);
    fprintf(out, "compiler   %s\n", COMPILER);
    fprintf(out, "libsodium  %s\n", sodium_version_string());
    fprintf(out, "R mathlib  %s\n", R_VERSION_STRING);
    fprintf(out, "cJSON      %s\n", cJSON_Version());
}
