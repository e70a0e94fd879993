/* SPDX-License-Identifier: MIT */
/*
 * consent: ICE consent freshness (RFC 7675 §5.1): a STUN request every 5 s, each time longer or
 * shorter by up to a fifth, whatever else is sent. It is answered; nothing is asked in doubt, and
 * after 30 s without an answer the counterparty has withdrawn its consent.
 *
 * Deviates from RFC 7675 §5.1, where only an answer counts: here every authenticated packet does,
 * since with our seals each of them proves that the counterparty wants to talk.
 */
#include "punch/lab.h"

#define INTERVAL_US (5 * PUNCH_US_PER_S) /* RFC 7675 §5.1 */
#define EXPIRES_US (30 * PUNCH_US_PER_S) /* RFC 7675 §5.1 */
#define SPREAD_PERMILLE 200              /* RFC 7675 §5.1: 0.8 to 1.2 */

static punch_time_us next_send_us(const void *state, const punch_keepalive_view *view) {
    (void)state;
    const punch_time_us last_us =
        view->last_keepalive_at_us == PUNCH_NEVER ? view->opened_at_us : view->last_keepalive_at_us;
    const punch_time_us permille =
        1000 - SPREAD_PERMILLE + ((punch_time_us)view->draw * (2 * SPREAD_PERMILLE) >> 32);
    return last_us + view->interval_us / 1000 * permille;
}

const punch_keepalive punch_lab_consent = {
    .abi = PUNCH_KEEPALIVE_ABI,
    .name = "consent",
    .id = {{0x41, 0x4a, 0x36, 0xaa, 0x83, 0x4f, 0xf7, 0x8d, 0xb1, 0x2b, 0xa3, 0x6c, 0xa8, 0x08,
            0x6c, 0x6d}},
    .help = "a request every 4 to 6 s, which is answered; dead after 30 s without (RFC 7675 5.1)",
    .interval_us = INTERVAL_US,
    .silence_after_last_us = INTERVAL_US + INTERVAL_US * SPREAD_PERMILLE / 1000,
    .silence_after_first_us = INTERVAL_US + INTERVAL_US * SPREAD_PERMILLE / 1000,
    .asks = true,
    .give_up_us = EXPIRES_US,
    .next_send_us = next_send_us,
};
