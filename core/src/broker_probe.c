/* SPDX-License-Identifier: MIT */
/*
 * The broker's part in trying spare ports (protocol §5): it tells a port where it is seen, and
 * later sends to that place for the peer's main socket. It remembers nothing of a probe; a cookie
 * says who was seen where and when.
 *
 *   spare port -- PROBE --> broker -- PROBED (addr, cookie) --> spare port
 *   main socket - ECHO (addr, cookie) -> broker -- ECHOED --> addr;  -- ECHOING --> main socket
 *
 * No use to those who want others to be sent to: only registered peers are heard, a cookie is good
 * for the key and the place it was made for and for a limited time, each peer is rationed, and
 * nothing is answered with more bytes than were asked with.
 */
#include "broker_internal.h"
#include "codec.h"
#include "handshake.h"

_Static_assert(PUNCH_PROBE_PADDING_BYTES == 8 + 19 + PUNCH_COOKIE_BYTES,
               "PROBE is as long as PROBED");

/* One PROBE or ECHO of a peer in each tick of PUNCH_BROKER_PROBE_GAP_US. */
static bool is_too_early(punch_broker *broker, punch_registration *from,
                         const punch_broker_packet *packet) {
    const uint64_t since_us = (uint64_t)(packet->now_us - broker->started_at_us);
    const uint32_t tick = (uint32_t)(since_us / PUNCH_BROKER_PROBE_GAP_US + 1);
    if (from->probe_tick == tick) {
        punch_broker_drop(broker, packet, PUNCH_DROP_STATE);
        return true;
    }
    from->probe_tick = tick;
    return false;
}

void punch_broker_on_probe(punch_broker *broker, punch_registration *from,
                           const punch_signal *signal, const punch_broker_packet *packet) {
    if (is_too_early(broker, from, packet)) {
        return;
    }
    const punch_addr *seen = &packet->datagram->remote;
    const uint64_t stamp_us = (uint64_t)packet->now_us;
    const punch_signal probed = {
        .echo_us = signal->echo_us,
        .stamp_us = stamp_us,
        .addr = *seen,
        .cookie = punch_probe_cookie_of(broker->port->crypto, &broker->cookie_secret, &from->key,
                                        seen, stamp_us),
    };
    punch_broker_signal_at(broker, from, seen, PUNCH_TYPE_PROBED, &probed, packet->now_us);
}

/* Have we seen this peer there, and not too long ago? */
static bool is_vouched_for(const punch_broker *broker, const punch_registration *from,
                           const punch_signal *echo, punch_time_us now_us) {
    const uint64_t age_us = (uint64_t)now_us - echo->stamp_us;
    const punch_cookie good = punch_probe_cookie_of(broker->port->crypto, &broker->cookie_secret,
                                                    &from->key, &echo->addr, echo->stamp_us);
    return age_us <= PUNCH_PROBE_SILENCE_US_MAX + PUNCH_PROBE_GRACE_US &&
           punch_cookie_equal(&good, &echo->cookie);
}

void punch_broker_on_echo(punch_broker *broker, punch_registration *from,
                          const punch_signal *signal, const punch_broker_packet *packet) {
    if (is_too_early(broker, from, packet)) {
        return;
    }
    punch_signal answer = {.echo_us = signal->echo_us, .reason = 1};
    if (is_vouched_for(broker, from, signal, packet->now_us)) {
        answer.reason = 0;
        punch_broker_signal_at(broker, from, &signal->addr, PUNCH_TYPE_ECHOED, &answer,
                               packet->now_us);
    }
    punch_broker_signal(broker, from, PUNCH_TYPE_ECHOING, &answer, packet->now_us);
}
