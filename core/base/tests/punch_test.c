/* SPDX-License-Identifier: MIT */
#include "punch_test.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"

void punch_panic(const char *file, int line, const char *what, int64_t got, int64_t expected) {
    fprintf(stderr, "panic: %s:%d: %s (got %lld, expected %lld)\n", file, line, what,
            (long long)got, (long long)expected);
    abort();
}

int punch_test_main(const char *suite, const punch_test_case *cases, size_t count) {
    if (CU_initialize_registry() != CUE_SUCCESS) {
        return 1;
    }
    CU_pSuite handle = CU_add_suite(suite, NULL, NULL);
    for (size_t i = 0; handle != NULL && i < count; i++) {
        if (CU_add_test(handle, cases[i].name, cases[i].run) == NULL) {
            handle = NULL;
        }
    }
    if (handle == NULL) {
        fprintf(stderr, "%s: CUnit: %s\n", suite, CU_get_error_msg());
        CU_cleanup_registry();
        return 1;
    }
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    const bool failed = CU_get_number_of_failures() != 0 || CU_get_number_of_tests_run() != count;
    CU_cleanup_registry();
    return failed ? 1 : 0;
}

static bool record(const char *file, int line, const char *sentence, bool held) {
    (void)CU_assertImplementation(held ? CU_TRUE : CU_FALSE, (unsigned)line, sentence, file, "",
                                  CU_FALSE);
    return held;
}

bool punch_expect_true(const char *file, int line, const char *sentence, bool held) {
    if (!held) {
        fprintf(stderr, "%s:%d: %s: does not hold\n", file, line, sentence);
    }
    return record(file, line, sentence, held);
}

bool punch_expect_int(const char *file, int line, const char *sentence, int64_t got,
                      int64_t expected) {
    if (got != expected) {
        fprintf(stderr, "%s:%d: %s: expected %lld, got %lld\n", file, line, sentence,
                (long long)expected, (long long)got);
    }
    return record(file, line, sentence, got == expected);
}

bool punch_expect_text(const char *file, int line, const char *sentence, const char *got,
                       const char *expected) {
    const bool held = got != NULL && expected != NULL && strcmp(got, expected) == 0;
    if (!held) {
        fprintf(stderr, "%s:%d: %s: expected \"%s\", got \"%s\"\n", file, line, sentence,
                expected != NULL ? expected : "(null)", got != NULL ? got : "(null)");
    }
    return record(file, line, sentence, held);
}

bool punch_expect_bytes(const char *file, int line, const char *sentence, const void *got,
                        const void *expected, size_t length) {
    const bool held = length == 0 || memcmp(got, expected, length) == 0;
    if (!held) {
        const uint8_t *a = got;
        const uint8_t *b = expected;
        size_t at = 0;
        while (a[at] == b[at]) {
            at++;
        }
        fprintf(stderr, "%s:%d: %s: byte %zu of %zu: expected %02x, got %02x\n", file, line,
                sentence, at, length, b[at], a[at]);
    }
    return record(file, line, sentence, held);
}

bool punch_expect_real(const char *file, int line, const char *sentence, double got,
                       double expected, double tolerance) {
    const bool held = fabs(got - expected) <= tolerance;
    if (!held) {
        fprintf(stderr, "%s:%d: %s: expected %.17g +- %g, got %.17g\n", file, line, sentence,
                expected, tolerance, got);
    }
    return record(file, line, sentence, held);
}
