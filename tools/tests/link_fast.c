/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The toy crypto of the laboratory is in nothing that others embed: no MIT library mentions it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "punch_test.h"

/* How often nm mentions a symbol in a file below the build directory; -1 when nm fails. */
static int mentions(const char *file, const char *symbol) {
    const char *build = getenv("PUNCH_BINARY_DIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", build != NULL ? build : ".", file);
    const char *const argv[] = {"/usr/bin/env", "nm", path, NULL};
    const process_how how = {0};
    process_said said = process_run(&how, argv);
    int count = 0;
    for (const char *at = strstr(said.out, symbol); at != NULL; at = strstr(at + 1, symbol)) {
        count++;
    }
    const bool good = said.status == 0;
    process_free(&said);
    return good ? count : -1;
}

static void nowhere(void) {
    static const char *const libraries[] = {
        "core/libpunch.a",
        "core/base/libpunch_base.a",
        "nat_models/libnat_models.a",
    };
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
        EXPECT_INT(libraries[i], mentions(libraries[i], "sim_crypto_fast"), 0);
        EXPECT_INT(libraries[i], mentions(libraries[i], " sim_"), 0);
    }
}

static void found_where_it_is(void) {
    EXPECT("the laboratory has it", mentions("sim/libsim.a", "sim_crypto_fast") > 0);
    EXPECT("libpunch has the real one", mentions("core/libpunch.a", "punch_crypto_sodium") > 0);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"no library that others embed mentions the toy crypto", nowhere},
        {"the search finds what is there", found_where_it_is},
    };
    return PUNCH_TEST_MAIN("link_fast", cases);
}
