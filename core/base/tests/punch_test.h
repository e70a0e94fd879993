/* SPDX-License-Identifier: MIT */
/*
 * What every test program needs: run named tests under CUnit's basic runner and turn failures into
 * an exit code; report a failing table row with its sentence, the expected and the found value.
 * Also supplies punch_panic().
 */
#ifndef PUNCH_TEST_H
#define PUNCH_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *name; /* a sentence */
    void (*run)(void);
} punch_test_case;

/* Runs all cases as one suite; returns the exit code for main: 0, or 1 when anything failed. */
int punch_test_main(const char *suite, const punch_test_case *cases, size_t count);

#define PUNCH_TEST_MAIN(suite, cases) \
    punch_test_main(suite, cases, sizeof(cases) / sizeof((cases)[0]))

/* Record a comparison; on failure print file, line, the sentence, expected and got. All return
 * whether it held. */
bool punch_expect_true(const char *file, int line, const char *sentence, bool held);
bool punch_expect_int(const char *file, int line, const char *sentence, int64_t got,
                      int64_t expected);
bool punch_expect_text(const char *file, int line, const char *sentence, const char *got,
                       const char *expected);
bool punch_expect_bytes(const char *file, int line, const char *sentence, const void *got,
                        const void *expected, size_t length);
bool punch_expect_real(const char *file, int line, const char *sentence, double got,
                       double expected, double tolerance);

#define EXPECT(sentence, condition) punch_expect_true(__FILE__, __LINE__, sentence, (condition))
#define EXPECT_INT(sentence, got, expected) \
    punch_expect_int(__FILE__, __LINE__, sentence, (int64_t)(got), (int64_t)(expected))
#define EXPECT_TEXT(sentence, got, expected) \
    punch_expect_text(__FILE__, __LINE__, sentence, got, expected)
#define EXPECT_BYTES(sentence, got, expected, length) \
    punch_expect_bytes(__FILE__, __LINE__, sentence, got, expected, length)
#define EXPECT_REAL(sentence, got, expected, tolerance) \
    punch_expect_real(__FILE__, __LINE__, sentence, got, expected, tolerance)

#endif
