/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 64-bit order-sensitive digest: equal worlds have equal digests. For comparing runs, not for
 * security. The same bytes give the same digest on every platform.
 */
#ifndef SIM_DIGEST_H
#define SIM_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "punch/addr.h"
#include "punch/rng.h"

#define SIM_DIGEST_START UINT64_C(0x70756e63686c6162) /* "punchlab"; chosen */

/* One more word. A multiplication by an odd constant and a rotation are bijections, so no earlier
 * difference is ever forgotten by a later equal word. */
static inline uint64_t sim_digest_word(uint64_t digest, uint64_t word) {
    const uint64_t product = (digest ^ word) * PUNCH_RNG_GAMMA;
    return product << 29 | product >> 35;
}

/* Eight bytes as a little-endian word. */
static inline uint64_t sim_digest_load(const uint8_t *bytes) {
    return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 |
           (uint64_t)bytes[3] << 24 | (uint64_t)bytes[4] << 32 | (uint64_t)bytes[5] << 40 |
           (uint64_t)bytes[6] << 48 | (uint64_t)bytes[7] << 56;
}

static inline uint64_t sim_digest_addr(uint64_t digest, const punch_addr *addr) {
    digest = sim_digest_word(digest, sim_digest_load(addr->ip));
    digest = sim_digest_word(digest, sim_digest_load(addr->ip + 8));
    return sim_digest_word(digest, (uint64_t)addr->family << 16 | addr->port);
}

/* A run of bytes and its length. Four lanes side by side, because one chain of multiplications
 * would be as slow as it is long. */
static inline uint64_t sim_digest_bytes(uint64_t digest, const uint8_t *bytes, size_t length) {
    uint64_t lane_b = 1;
    uint64_t lane_c = 2;
    uint64_t lane_d = 3;
    size_t at = 0;
    for (; at + 32 <= length; at += 32) {
        digest = sim_digest_word(digest, sim_digest_load(bytes + at));
        lane_b = sim_digest_word(lane_b, sim_digest_load(bytes + at + 8));
        lane_c = sim_digest_word(lane_c, sim_digest_load(bytes + at + 16));
        lane_d = sim_digest_word(lane_d, sim_digest_load(bytes + at + 24));
    }
    digest = sim_digest_word(digest, lane_b);
    digest = sim_digest_word(digest, lane_c);
    digest = sim_digest_word(digest, lane_d);
    for (; at + 8 <= length; at += 8) {
        digest = sim_digest_word(digest, sim_digest_load(bytes + at));
    }
    /* The last eight bytes again, or what there is: the length tells which. */
    uint64_t tail = 0;
    if (length >= 8) {
        tail = sim_digest_load(bytes + length - 8);
    } else {
        for (; at < length; at++) {
            tail = tail << 8 | bytes[at];
        }
    }
    digest = sim_digest_word(digest, tail);
    return sim_digest_word(digest, length);
}

#endif
