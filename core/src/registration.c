/* SPDX-License-Identifier: MIT */
/*
 * The broker link (protocol §2): cookie, handshake, registered; kept by a keepalive strategy of its
 * own, whose keepalive is REGISTER. An answer that is missing is asked for once a second; after
 * PUNCH_PROBES_MAX the broker counts as lost and the handshake begins again. Every answer is a
 * sample of the broker's clock.
 *
 *   idle -> COOKIE_REQUEST -> cookie -> HELLO -> WELCOME -> settled
 *                  ^                                           | 20 unanswered, or RESTARTED
 *                  +-------------------------------------------+
 */
#include "peer_internal.h"

/* HELLOs sent on one cookie before a fresh one is fetched: chosen; a cookie lives for at least one
 * epoch. */
#define LINK_HELLOS_PER_COOKIE 3

uint32_t punch_link_rtt_us(const punch_peer *peer) {
    punch_clock_sample best;
    return punch_clock_best(&peer->link.clock, &best) ? best.rtt_us : PUNCH_RTT_UNKNOWN_US;
}

static void fill_registration(const punch_peer *peer, punch_signal *signal, punch_time_us now_us) {
    const punch_crypto *crypto = peer->config.port->crypto;
    signal->echo_us = (uint64_t)now_us;
    signal->token_hash_count = (uint8_t)peer->token_count;
    for (uint16_t i = 0; i < peer->token_count; i++) {
        uint8_t hash[PUNCH_KEY_BYTES];
        crypto->hash(peer->tokens[i].bytes, sizeof peer->tokens[i].bytes, hash);
        memcpy(signal->token_hashes[i].bytes, hash, sizeof signal->token_hashes[i].bytes);
    }
}

static void send_cookie_request(punch_peer *peer, punch_time_us now_us) {
    punch_link *link = &peer->link;
    uint8_t packet[PUNCH_COOKIE_PACKET_BYTES];
    if (link->phase != LINK_COOKIE) {
        link->phase = LINK_COOKIE;
        link->attempts = 0;
        peer->config.port->random(peer->config.host, (uint8_t *)&link->cookie_nonce,
                                  sizeof link->cookie_nonce);
    }
    link->attempts = (uint8_t)(link->attempts < UINT8_MAX ? link->attempts + 1 : UINT8_MAX);
    link->retry_at_us = now_us + punch_retry_delay_us(PUNCH_REGISTER_FIRST_US, link->attempts,
                                                      PUNCH_REGISTER_GAP_US_MAX);
    punch_outbox_transmit(peer, &peer->config.broker_addr, packet,
                          punch_cookie_request_write(link->cookie_nonce, packet), PUNCH_CALL_NONE,
                          now_us);
}

static punch_hello_input hello_input(const punch_peer *peer, const uint8_t *ephemeral_seed) {
    return (punch_hello_input){
        .crypto = peer->config.port->crypto,
        .identity = &peer->identity,
        .broker = &peer->config.broker,
        .ephemeral_seed = ephemeral_seed,
        .index = peer->link.generation,
    };
}

static void send_hello(punch_peer *peer, punch_time_us now_us) {
    punch_link *link = &peer->link;
    uint8_t packet[PUNCH_PACKET_MAX];
    uint8_t seed[PUNCH_KEY_BYTES];
    size_t length = 0;
    punch_signal registration = {0};
    if (link->phase != LINK_HELLO) {
        link->phase = LINK_HELLO;
        link->attempts = 0;
    }
    link->attempts++;
    link->hellos = (uint8_t)(link->hellos < UINT8_MAX ? link->hellos + 1 : UINT8_MAX);
    link->generation += link->generation == UINT32_MAX ? 2 : 1; /* never 0 */
    link->hello_sent_at_us = now_us;
    /* Over all cookies: a WELCOME that takes long must find its HELLO still remembered. */
    link->retry_at_us = now_us + punch_retry_delay_us(PUNCH_REGISTER_FIRST_US, link->hellos,
                                                      PUNCH_REGISTER_GAP_US_MAX);
    fill_registration(peer, &registration, now_us);
    peer->config.port->random(peer->config.host, seed, sizeof seed);
    const punch_hello_input input = hello_input(peer, seed);
    if (punch_hello_write(&input, &link->cookie, &registration, &link->hello, packet, &length) !=
        PUNCH_OK) {
        peer->counters
            .send_errors++; /* the broker's key is unusable; keep trying slowly, send nothing */
        return;
    }
    punch_outbox_transmit(peer, &peer->config.broker_addr, packet, length, PUNCH_CALL_NONE, now_us);
}

void punch_link_start(punch_peer *peer, punch_time_us now_us) {
    peer->link.phase = LINK_IDLE;
    peer->config.port->random(peer->config.host, (uint8_t *)&peer->link.generation,
                              sizeof peer->link.generation);
    send_cookie_request(peer, now_us);
}

void punch_link_restart(punch_peer *peer, punch_time_us now_us) {
    if (peer->link.phase == LINK_SETTLED) {
        punch_outbox_trace_state(peer, PUNCH_CALL_NONE, "registering again", 0, now_us);
        send_cookie_request(peer, now_us);
    }
}

void punch_link_register(punch_peer *peer, punch_time_us now_us) {
    punch_link *link = &peer->link;
    punch_signal signal = {0};
    if (!link->open) {
        return;
    }
    fill_registration(peer, &signal, now_us);
    const punch_time_us active_at_us =
        punch_time_later(link->view.last_send_at_us, link->view.last_heard_at_us);
    link->silence_us = punch_time_later(link->silence_us, now_us - active_at_us);
    if (link->answer_due_at_us == PUNCH_NEVER) {
        link->answer_due_at_us = now_us + punch_link_rtt_us(peer) + PUNCH_MISSING_SLACK_US;
    }
    punch_outbox_signal(peer, PUNCH_TYPE_REGISTER, &signal, now_us);
}

static punch_time_us keepalive_at_us(const punch_peer *peer) {
    const punch_link *link = &peer->link;
    const punch_keepalive *strategy = peer->config.broker_keepalive;
    const punch_time_us due_us = punch_time_earlier(
        strategy->next_send_us(punch_learning_state(peer, strategy), &link->view),
        punch_time_after(link->view.last_send_at_us, PUNCH_REGISTER_SILENCE_US_MAX));
    const punch_time_us last_us = link->view.last_keepalive_at_us;
    return last_us == PUNCH_NEVER ? due_us
                                  : punch_time_later(due_us, last_us + PUNCH_KEEPALIVE_GAP_US);
}

/* Where the broker sees us, by whatever answer. */
static void take_observed(punch_peer *peer, const punch_addr *addr, punch_time_us now_us) {
    punch_link *link = &peer->link;
    punch_learning_seen_at(peer, &link->observed, addr, link->silence_us, now_us);
    link->observed = *addr;
    link->silence_us = 0;
}

static void settle(punch_peer *peer, const punch_signal *registered, punch_time_us now_us) {
    punch_link *link = &peer->link;
    link->phase = LINK_SETTLED;
    link->hello = (punch_hello_state){0}; /* the ephemeral secret has done its work */
    link->open = true;
    link->retry_at_us = PUNCH_NEVER;
    link->answer_due_at_us = PUNCH_NEVER;
    link->unanswered = 0;
    link->hellos = 0;
    if (link->instance != 0 && link->instance != registered->instance) {
        /* A restarted broker may have another clock: only samples of this instance count. */
        link->renewed = true;
        link->clock.count = 0;
        link->clock.next = 0;
    }
    link->instance = registered->instance;
    take_observed(peer, &registered->addr, now_us);
    link->view = (punch_keepalive_view){
        .start_at_us = now_us,
        .opened_at_us = now_us,
        .last_send_at_us = link->hello_sent_at_us,
        .last_heard_at_us = now_us,
        .last_keepalive_at_us = PUNCH_NEVER,
        .interval_us = peer->config.broker_keepalive->interval_us,
    };
    punch_learning_draw(peer, &link->view);
    (void)punch_clock_take(&link->clock, (punch_time_us)registered->echo_us, now_us,
                           (punch_time_us)registered->stamp_us);
    punch_outbox_event(peer, PUNCH_EVENT_REGISTERED, PUNCH_CALL_NONE, now_us)->remote =
        link->observed;
    punch_outbox_trace_state(peer, PUNCH_CALL_NONE, "registered", 0, now_us);
    punch_call_on_registered(peer, now_us);
}

static void on_cookie(punch_peer *peer, const punch_datagram *datagram, punch_time_us now_us) {
    punch_link *link = &peer->link;
    uint64_t nonce;
    punch_cookie cookie;
    if (punch_cookie_read(datagram->data, datagram->length, &nonce, &cookie) != PUNCH_OK) {
        punch_outbox_drop(peer, PUNCH_DROP_PARSE, datagram, now_us);
    } else if (link->phase != LINK_COOKIE || nonce != link->cookie_nonce) {
        punch_outbox_drop(peer, PUNCH_DROP_STATE, datagram, now_us);
    } else {
        punch_outbox_trace_received(peer, PUNCH_TYPE_COOKIE, PUNCH_CALL_NONE, datagram, now_us);
        link->cookie = cookie;
        send_hello(peer, now_us);
    }
}

static void on_welcome(punch_peer *peer, const punch_datagram *datagram, punch_time_us now_us) {
    punch_link *link = &peer->link;
    uint8_t packet[PUNCH_PACKET_MAX];
    punch_signal registered;
    if (link->phase != LINK_HELLO) {
        punch_outbox_drop(peer, PUNCH_DROP_STATE, datagram, now_us);
        return;
    }
    memcpy(packet, datagram->data, datagram->length);
    const punch_hello_input input = hello_input(peer, NULL);
    const punch_err err = punch_welcome_read(&input, &link->hello, packet, datagram->length,
                                             &registered, &link->channel);
    if (err != PUNCH_OK) {
        punch_outbox_drop(peer, err == PUNCH_ERR_PARSE ? PUNCH_DROP_PARSE : PUNCH_DROP_AUTH,
                          datagram, now_us);
        return;
    }
    peer->counters.received_packets++;
    peer->counters.received_bytes += datagram->length;
    punch_outbox_trace_received(peer, PUNCH_TYPE_WELCOME, PUNCH_CALL_NONE, datagram, now_us);
    settle(peer, &registered, now_us);
}

/* Unauthenticated, so it only brings a handshake forward, at most one a second, and only when it
 * names a packet we sent. */
static void on_restarted(punch_peer *peer, const punch_datagram *datagram, punch_time_us now_us) {
    const punch_link *link = &peer->link;
    punch_restarted restarted;
    if (punch_restarted_read(datagram->data, datagram->length, &restarted) != PUNCH_OK) {
        punch_outbox_drop(peer, PUNCH_DROP_PARSE, datagram, now_us);
        return;
    }
    const bool ours = link->open && restarted.index == link->channel.remote_index &&
                      restarted.sequence < link->channel.next_sequence &&
                      link->channel.next_sequence - restarted.sequence <= PUNCH_ACK_BITMAP_BITS;
    if (!ours || link->phase != LINK_SETTLED ||
        now_us < link->hello_sent_at_us + PUNCH_REHANDSHAKE_GAP_US) {
        punch_outbox_drop(peer, PUNCH_DROP_STATE, datagram, now_us);
        return;
    }
    punch_outbox_trace_received(peer, PUNCH_TYPE_RESTARTED, PUNCH_CALL_NONE, datagram, now_us);
    punch_link_restart(peer, now_us);
}

static void on_registered(punch_peer *peer, const punch_signal *registered, punch_time_us now_us) {
    punch_link *link = &peer->link;
    link->answer_due_at_us = PUNCH_NEVER;
    link->unanswered = 0;
    take_observed(peer, &registered->addr, now_us);
    if (registered->instance != link->instance) {
        punch_link_restart(peer, now_us);
        return;
    }
    (void)punch_clock_take(&link->clock, (punch_time_us)registered->echo_us, now_us,
                           (punch_time_us)registered->stamp_us);
}

static void on_sealed(punch_peer *peer, const punch_datagram *datagram, punch_time_us now_us) {
    punch_link *link = &peer->link;
    uint8_t packet[PUNCH_PACKET_MAX];
    punch_opened opened;
    punch_signal signal;
    if (!link->open ||
        punch_channel_index_of(datagram->data, datagram->length) != link->channel.local_index) {
        punch_outbox_drop(peer, PUNCH_DROP_UNKNOWN, datagram, now_us);
        return;
    }
    memcpy(packet, datagram->data, datagram->length);
    punch_err err = punch_channel_open(&link->channel, peer->config.port->crypto, packet,
                                       datagram->length, &opened);
    if (err != PUNCH_OK) {
        punch_outbox_drop(peer,
                          err == PUNCH_ERR_PARSE   ? PUNCH_DROP_PARSE
                          : err == PUNCH_ERR_STATE ? PUNCH_DROP_REPLAY
                                                   : PUNCH_DROP_AUTH,
                          datagram, now_us);
        return;
    }
    err = punch_signal_decode(opened.type, opened.body, opened.body_length, &signal);
    if (err != PUNCH_OK) {
        punch_outbox_drop(peer, PUNCH_DROP_PARSE, datagram, now_us);
        return;
    }
    peer->counters.received_packets++;
    peer->counters.received_bytes += datagram->length;
    if (!punch_prober_has_sock(peer, datagram->sock)) {
        link->view.last_heard_at_us = now_us; /* what else came in says nothing about this hole */
    }
    punch_outbox_trace_received(peer, opened.type, PUNCH_CALL_NONE, datagram, now_us);
    if (punch_prober_on_signal(peer, opened.type, &signal, datagram->sock, now_us)) {
        return;
    }
    if (opened.type == PUNCH_TYPE_REGISTERED) {
        on_registered(peer, &signal, now_us);
    } else {
        punch_call_on_signal(peer, opened.type, &signal, datagram, now_us);
    }
}

void punch_link_on_datagram(punch_peer *peer, const punch_datagram *datagram, uint8_t type,
                            punch_time_us now_us) {
    if (!punch_addr_equal(&datagram->remote, &peer->config.broker_addr)) {
        punch_outbox_drop(peer, PUNCH_DROP_UNKNOWN, datagram, now_us);
    } else if (type == PUNCH_TYPE_COOKIE) {
        on_cookie(peer, datagram, now_us);
    } else if (type == PUNCH_TYPE_WELCOME) {
        on_welcome(peer, datagram, now_us);
    } else if (type == PUNCH_TYPE_RESTARTED) {
        on_restarted(peer, datagram, now_us);
    } else {
        on_sealed(peer, datagram, now_us);
    }
}

static void answer_missing(punch_peer *peer, punch_time_us now_us) {
    punch_link *link = &peer->link;
    if (link->unanswered >= PUNCH_PROBES_MAX) {
        link->open = false;
        link->answer_due_at_us = PUNCH_NEVER;
        punch_outbox_event(peer, PUNCH_EVENT_BROKER_LOST, PUNCH_CALL_NONE, now_us);
        punch_outbox_trace_state(peer, PUNCH_CALL_NONE, "broker lost", 0, now_us);
        punch_link_restart(peer, now_us);
        return;
    }
    link->unanswered++;
    link->answer_due_at_us = now_us + PUNCH_PROBE_GAP_US;
    punch_link_register(peer, now_us);
}

void punch_link_on_timer(punch_peer *peer, punch_time_us now_us) {
    punch_link *link = &peer->link;
    if (link->retry_at_us <= now_us) {
        if (link->phase == LINK_HELLO && link->attempts < LINK_HELLOS_PER_COOKIE) {
            send_hello(peer, now_us);
        } else {
            send_cookie_request(peer, now_us);
        }
    }
    if (link->open && link->answer_due_at_us <= now_us) {
        answer_missing(peer, now_us);
    }
    if (link->open && keepalive_at_us(peer) <= now_us) {
        link->view.last_keepalive_at_us = now_us;
        punch_learning_draw(peer, &link->view);
        punch_link_register(peer, now_us);
    }
}

punch_time_us punch_link_deadline_us(const punch_peer *peer) {
    const punch_link *link = &peer->link;
    punch_time_us deadline_us = link->retry_at_us;
    if (link->open) {
        deadline_us = punch_time_earlier(deadline_us, link->answer_due_at_us);
        deadline_us = punch_time_earlier(deadline_us, keepalive_at_us(peer));
    }
    return deadline_us;
}
