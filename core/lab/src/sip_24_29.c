/* SPDX-License-Identifier: MIT */
/*
 * sip-24-29: keepalives of SIP over UDP (RFC 5626 §4.4 and §4.4.2): a STUN request every 24 to
 * 29 s, drawn anew each time, whatever else is sent. It is answered, and an answer that is missing
 * is asked for again.
 */
#include "punch/lab.h"

#define INTERVAL_US (29 * PUNCH_US_PER_S)       /* RFC 5626 §4.4: 24 to 29 s for UDP */
#define INTERVAL_LEAST_US (24 * PUNCH_US_PER_S) /* likewise; another interval in proportion */

static punch_time_us next_send_us(const void *state, const punch_keepalive_view *view) {
    (void)state;
    const punch_time_us last_us =
        view->last_keepalive_at_us == PUNCH_NEVER ? view->opened_at_us : view->last_keepalive_at_us;
    const punch_time_us most_us = view->interval_us;
    const punch_time_us spread_ppm = (INTERVAL_US - INTERVAL_LEAST_US) / (INTERVAL_US / 1000000);
    const punch_time_us share_ppm = (punch_time_us)view->draw * spread_ppm >> 32;
    return last_us + most_us - most_us / 1000000 * share_ppm;
}

const punch_keepalive punch_lab_sip_24_29 = {
    .abi = PUNCH_KEEPALIVE_ABI,
    .name = "sip-24-29",
    .id = {{0x53, 0x71, 0x2d, 0xb2, 0x95, 0x06, 0x90, 0x8d, 0x50, 0x16, 0xa0, 0x2e, 0x8a, 0xe5,
            0xac, 0xde}},
    .help = "a request every 24 to 29 s, which is answered (RFC 5626 4.4)",
    .interval_us = INTERVAL_US,
    .silence_after_last_us = INTERVAL_US,
    .silence_after_first_us = INTERVAL_US,
    .asks = true,
    .next_send_us = next_send_us,
};
