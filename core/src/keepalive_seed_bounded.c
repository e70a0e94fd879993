/* SPDX-License-Identifier: MIT */
/*
 * seed-bounded: 15 s after the own last packet or the counterparty's, whichever is earlier. The
 * seed's rule with its slow mode taken out: the outbound gap never exceeds 15 s. As in `seed`, one
 * heard packet earns one keepalive; otherwise a silent counterparty would be sent to without pause.
 */
#include "punch/keepalive.h"

static punch_time_us next_send_us(const void *state, const punch_keepalive_view *view) {
    (void)state;
    const punch_time_us own = punch_time_after(view->last_send_at_us, view->interval_us);
    if (view->last_keepalive_at_us != PUNCH_NEVER &&
        view->last_keepalive_at_us >= view->last_heard_at_us) {
        return own;
    }
    return punch_time_earlier(own, punch_time_after(view->last_heard_at_us, view->interval_us));
}

const punch_keepalive punch_keepalive_seed_bounded = {
    .abi = PUNCH_KEEPALIVE_ABI,
    .name = "seed-bounded",
    .id = {{0xea, 0xe5, 0x21, 0xed, 0xf5, 0x16, 0x8b, 0x4b, 0xbf, 0x0a, 0x45, 0xb2, 0x5d, 0x74,
            0x54, 0xd8}},
    .help = "15 s after the own or the counterparty's last packet, whichever is earlier",
    .interval_us = PUNCH_KEEPALIVE_US,
    .silence_after_last_us = PUNCH_KEEPALIVE_US,
    .silence_after_first_us = PUNCH_KEEPALIVE_US,
    .next_send_us = next_send_us,
};
