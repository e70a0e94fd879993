/* SPDX-License-Identifier: MIT */
/*
 * seed: the literal rule, "each keepalive is sent 15 s after the counterparty's previous packet".
 * One heard packet earns one keepalive. It has two modes, chosen by the phase at the start: both
 * ends every 15 s, or every 30 s + rtt each, in which a NAT that only outbound packets refresh and
 * that forgets after 30 s lapses in every cycle.
 */
#include "punch/keepalive.h"

static punch_time_us next_send_us(const void *state, const punch_keepalive_view *view) {
    (void)state;
    if (view->last_keepalive_at_us != PUNCH_NEVER &&
        view->last_keepalive_at_us >= view->last_heard_at_us) {
        return PUNCH_NEVER;
    }
    return punch_time_after(view->last_heard_at_us, view->interval_us);
}

const punch_keepalive punch_keepalive_seed = {
    .abi = PUNCH_KEEPALIVE_ABI,
    .name = "seed",
    .id = {{0x69, 0xf9, 0x17, 0x08, 0x4f, 0x75, 0x72, 0x77, 0xb8, 0x06, 0xe9, 0xa0, 0xf4, 0x85,
            0xc3, 0x7c}},
    .help = "15 s after the counterparty's last packet (seed, literally)",
    .interval_us = PUNCH_KEEPALIVE_US,
    .silence_after_last_us = PUNCH_KEEPALIVE_US,
    /* Whoever is sent to in between waits longer: two periods, chosen. */
    .silence_after_first_us = 2 * PUNCH_KEEPALIVE_US,
    .next_send_us = next_send_us,
};
