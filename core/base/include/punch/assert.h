/* SPDX-License-Identifier: MIT */
/*
 * Impossible trouble. Asserts are on in every build; they end in punch_panic(), which the host
 * program supplies (the laboratory's adds seed and simulated time). One condition per assert.
 */
#ifndef PUNCH_ASSERT_H
#define PUNCH_ASSERT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Supplied by the host program; must not return. */
#if defined(__GNUC__)
__attribute__((noreturn, cold))
#endif
void punch_panic(const char *file, int line, const char *what, int64_t got, int64_t expected);

#ifdef __cplusplus
}
#endif

#define PUNCH_ASSERT(cond) ((cond) ? (void)0 : punch_panic(__FILE__, __LINE__, #cond, 0, 1))
#define PUNCH_ASSERT_EQ(a, b) \
    ((a) == (b) ? (void)0     \
                : punch_panic(__FILE__, __LINE__, #a " == " #b, (int64_t)(a), (int64_t)(b)))

#endif
