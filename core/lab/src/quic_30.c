/* SPDX-License-Identifier: MIT */
/*
 * quic-30: a QUIC connection that is kept open (RFC 9308 §3.2: most middleboxes keep UDP state when
 * there is a packet every 30 s; RFC 9000 §10.1.2): a PING, which elicits an acknowledgement, once
 * nothing has been sent for 30 s. An acknowledgement is a packet of its own direction: when both
 * ends do this, mostly one of them asks and the other answers.
 */
#include "punch/lab.h"

#define INTERVAL_US (30 * PUNCH_US_PER_S) /* RFC 9308 §3.2 */

static punch_time_us next_send_us(const void *state, const punch_keepalive_view *view) {
    (void)state;
    return punch_time_after(view->last_send_at_us, view->interval_us);
}

const punch_keepalive punch_lab_quic_30 = {
    .abi = PUNCH_KEEPALIVE_ABI,
    .name = "quic-30",
    .id = {{0x73, 0xda, 0x32, 0x2e, 0x4e, 0x4f, 0xf7, 0x8d, 0xee, 0x80, 0x7d, 0xe0, 0x34, 0xfd,
            0xa8, 0x65}},
    .help = "a PING after 30 s without sending, which is answered (RFC 9308 3.2)",
    .interval_us = INTERVAL_US,
    .silence_after_last_us = INTERVAL_US,
    .silence_after_first_us = INTERVAL_US,
    .asks = true,
    .next_send_us = next_send_us,
};
