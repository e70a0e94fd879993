/* SPDX-License-Identifier: MIT */
/*
 * wireguard-25: WireGuard's persistent keepalive (J. Donenfeld, "WireGuard: Next Generation Kernel
 * Network Tunnel", NDSS 2017, §6.5; interval as wg(8) recommends it): a packet 25 s after the last
 * one on the path, in whichever direction. So of two ends that both use it only the one whose timer
 * runs out first sends, and where that is always the same one, the other's hole is refreshed by
 * inbound packets alone, which not every NAT counts (RFC 4787 REQ-6).
 */
#include "punch/lab.h"

#define INTERVAL_US (25 * PUNCH_US_PER_S) /* wg(8), PersistentKeepalive */

static punch_time_us next_send_us(const void *state, const punch_keepalive_view *view) {
    (void)state;
    const punch_time_us last_us = punch_time_later(view->last_send_at_us, view->last_heard_at_us);
    return punch_time_after(last_us, view->interval_us);
}

const punch_keepalive punch_lab_wireguard_25 = {
    .abi = PUNCH_KEEPALIVE_ABI,
    .name = "wireguard-25",
    .id = {{0xcf, 0x40, 0xbb, 0xe4, 0xd0, 0x23, 0xb4, 0x05, 0xed, 0xc1, 0x30, 0x73, 0x14, 0xe2,
            0x30, 0xa9}},
    .help = "25 s after the last packet in either direction (WireGuard's persistent keepalive)",
    .interval_us = INTERVAL_US,
    .silence_after_last_us = INTERVAL_US,
    /* Whoever is sent to in between says nothing: two periods, chosen, as for `seed`. */
    .silence_after_first_us = 2 * INTERVAL_US,
    .next_send_us = next_send_us,
};
