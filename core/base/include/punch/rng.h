/* SPDX-License-Identifier: MIT */
/*
 * Counter-based random numbers: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom
 * number generators", OOPSLA 2014). A stream is named by (seed, object, purpose) and is 8 bytes of
 * state, so adding an object changes nobody else's draws. Integer code only: every platform and
 * compiler draws the same numbers. Not for secrets.
 */
#ifndef PUNCH_RNG_H
#define PUNCH_RNG_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint64_t state;
} punch_rng;

/* A probability as an integer threshold: 0 = never, PUNCH_PROBABILITY_ONE = always. */
typedef uint64_t punch_probability;
#define PUNCH_PROBABILITY_ONE ((punch_probability)1 << 63)

#define PUNCH_RNG_GAMMA UINT64_C(0x9e3779b97f4a7c15) /* golden ratio; SplitMix64 */

/* The finalizer of SplitMix64: a bijection that scatters every input bit. */
static inline uint64_t punch_mix64(uint64_t x) {
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* The stream of one purpose of one object under a seed. */
static inline punch_rng punch_rng_stream(uint64_t seed, uint32_t object, uint32_t purpose) {
    punch_rng rng;
    rng.state =
        punch_mix64(punch_mix64(seed + PUNCH_RNG_GAMMA) ^ ((uint64_t)object << 32 | purpose));
    return rng;
}

static inline uint64_t punch_rng_u64(punch_rng *rng) {
    rng->state += PUNCH_RNG_GAMMA;
    return punch_mix64(rng->state);
}

/* Uniform in 0 .. count-1 without bias (rejection); count >= 1. */
static inline uint64_t punch_rng_below(punch_rng *rng, uint64_t count) {
    const uint64_t reject_below = (0 - count) % count;
    uint64_t draw;
    do {
        draw = punch_rng_u64(rng);
    } while (draw < reject_below);
    return draw % count;
}

/* True with the given probability. Always draws once, so that switching a fault on leaves other
 * draws alike. */
static inline bool punch_rng_chance(punch_rng *rng, punch_probability probability) {
    return (punch_rng_u64(rng) >> 1) < probability;
}

/* Uniform in the open interval (0, 1); 53 bits. */
static inline double punch_rng_unit(punch_rng *rng) {
    return ((double)(punch_rng_u64(rng) >> 12) + 0.5) * (1.0 / 4503599627370496.0);
}

/* The nearest threshold to p, clamped to 0 .. 1. */
static inline punch_probability punch_probability_of(double p) {
    if (!(p > 0.0)) {
        return 0;
    }
    if (p >= 1.0) {
        return PUNCH_PROBABILITY_ONE;
    }
    return (punch_probability)(p * 9223372036854775808.0);
}

#endif
