/* SPDX-License-Identifier: MIT */
/*
 * repunch: no keepalives at all. The hole lapses, and whoever has something to say finds out and
 * calls again: cheapest for those who rarely speak, and never reachable in between. The other end
 * of every comparison.
 */
#include "punch/lab.h"

static punch_time_us next_send_us(const void *state, const punch_keepalive_view *view) {
    (void)state;
    (void)view;
    return PUNCH_NEVER;
}

const punch_keepalive punch_lab_repunch = {
    .abi = PUNCH_KEEPALIVE_ABI,
    .name = "repunch",
    .id = {{0x1e, 0x05, 0x8a, 0xbe, 0xfd, 0x4f, 0xf7, 0x8d, 0xf9, 0xc4, 0x41, 0x03, 0x43, 0xc0,
            0xd2, 0xe8}},
    .help = "no keepalives; the application calls again when it has something to say",
    .silence_after_last_us = PUNCH_NEVER,
    .silence_after_first_us = PUNCH_NEVER,
    .next_send_us = next_send_us,
};
