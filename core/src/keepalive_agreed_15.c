/* SPDX-License-Identifier: MIT */
/*
 * agreed-15: both ends send at T + n x 15 s on the agreed clock, whatever else they send; a jitter
 * keeps many pairs from beating in step. The slot a keepalive belonged to is recovered by rounding,
 * so jitter below half an interval never repeats or skips one; slots missed while the host slept
 * are not made up for.
 */
#include "punch/keepalive.h"

static punch_time_us next_send_us(const void *state, const punch_keepalive_view *view) {
    (void)state;
    const punch_time_us interval = view->interval_us;
    const punch_time_us since = view->last_keepalive_at_us == PUNCH_NEVER
                                    ? view->opened_at_us - view->start_at_us
                                    : view->last_keepalive_at_us + interval / 2 - view->start_at_us;
    const punch_time_us slot = since >= 0 ? since / interval + 1 : 0;
    return view->start_at_us + slot * interval + interval / 1000 * view->jitter_permille;
}

const punch_keepalive punch_keepalive_agreed_15 = {
    .abi = PUNCH_KEEPALIVE_ABI,
    .name = "agreed-15",
    .id = {{0x0d, 0x22, 0xa6, 0xd5, 0x14, 0x06, 0x18, 0x59, 0xb1, 0xfe, 0x80, 0x37, 0x43, 0x07,
            0xf2, 0x1a}},
    .help = "both ends every 15 s at agreed instants (seed: \"the no brainer way\"; RFC 8085 3.5)",
    .interval_us = PUNCH_KEEPALIVE_US,
    .silence_after_last_us = PUNCH_KEEPALIVE_US,
    .silence_after_first_us = PUNCH_KEEPALIVE_US,
    .silence_jitters = 2, /* one slot early, the next one late */
    .next_send_us = next_send_us,
};
