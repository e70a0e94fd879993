/* SPDX-License-Identifier: MIT */
/*
 * The spare port (protocol §5): tries for strategies that learn how long a silence a hole survives,
 * on a second socket, where a lapse costs nothing.
 *
 *   idle -> PROBE .. PROBED, twice -> silent for silence_us -> ECHO, up to three -> idle
 *           seen, has a cookie;       the hole ages            ECHOED came in: it held
 *           a stream for Linux                                 3 ECHOINGs, no ECHOED: it did not
 *
 * Only an ask that the broker says it has passed on (ECHOING) counts: neither a lost ECHO nor a
 * broker that is gone says anything about the hole. Whatever takes too long is given up, and tried
 * again after a pause. Probing goes on only while a strategy that wishes for it is in use.
 */
#include "peer_internal.h"

void punch_prober_init(punch_prober *prober) {
    *prober = (punch_prober){.phase = PROBER_IDLE, .next_at_us = PUNCH_NEVER};
}

static bool is_in_use(const punch_peer *peer, const punch_keepalive *strategy) {
    if (peer->config.broker_keepalive == strategy) {
        return true;
    }
    for (uint16_t i = 0; i < peer->config.calls_max; i++) {
        const punch_call_slot *slot = &peer->calls[i];
        if (slot->state == CALL_CONNECTED && slot->session.send_strategy == strategy) {
            return true;
        }
    }
    return false;
}

/* The first probe that a strategy in use wishes for, and when it may begin. */
static punch_keepalive_probe wish_of(const punch_peer *peer) {
    const punch_time_us earliest_us = peer->prober->pause_until_us;
    punch_keepalive_probe first = {.at_us = PUNCH_NEVER};
    for (uint8_t i = 0; i < peer->learning_count; i++) {
        const punch_learning *learning = &peer->learning[i];
        if (learning->strategy->probe == NULL || !is_in_use(peer, learning->strategy)) {
            continue;
        }
        const punch_keepalive_probe wish = learning->strategy->probe(learning->state, earliest_us);
        if (wish.at_us < first.at_us && wish.silence_us >= PUNCH_PROBE_SILENCE_US_MIN &&
            wish.silence_us <= PUNCH_PROBE_SILENCE_US_MAX) {
            first = wish;
        }
    }
    if (first.at_us != PUNCH_NEVER) {
        first.at_us = punch_time_later(first.at_us, earliest_us);
    }
    return first;
}

static punch_time_us answer_us(const punch_peer *peer) {
    return (punch_time_us)punch_link_rtt_us(peer) + PUNCH_MISSING_SLACK_US;
}

static void rest(punch_prober *prober, punch_time_us until_us) {
    prober->phase = PROBER_IDLE;
    prober->next_at_us = PUNCH_NEVER;
    prober->pause_until_us = until_us;
}

static void give_up(punch_peer *peer, const char *why, punch_time_us now_us) {
    punch_outbox_trace_state(peer, PUNCH_CALL_NONE, why, 0, now_us);
    rest(peer->prober, now_us + PUNCH_PROBE_PAUSE_US);
}

void punch_prober_forget(punch_peer *peer, punch_time_us now_us) {
    if (peer->prober != NULL) {
        rest(peer->prober, now_us);
    }
}

static void send_probe(punch_peer *peer, punch_time_us now_us) {
    punch_prober *prober = peer->prober;
    const punch_signal probe = {.echo_us = (uint64_t)now_us};
    prober->sends++;
    prober->echo_us = (uint64_t)now_us;
    prober->sent_at_us = now_us;
    prober->next_at_us = now_us + answer_us(peer);
    punch_outbox_signal_from(peer, prober->sock, PUNCH_TYPE_PROBE, &probe, now_us);
}

static void send_echo(punch_peer *peer, punch_time_us now_us) {
    punch_prober *prober = peer->prober;
    const punch_signal echo = {.echo_us = (uint64_t)now_us,
                               .stamp_us = prober->stamp_us,
                               .addr = prober->addr,
                               .cookie = prober->cookie};
    if (prober->sends == 0) {
        prober->asked_at_us = now_us;
    }
    prober->is_counted = false;
    prober->sends++;
    prober->echo_us = (uint64_t)now_us;
    prober->next_at_us = now_us + answer_us(peer);
    punch_outbox_signal(peer, PUNCH_TYPE_ECHO, &echo, now_us);
}

static void begin(punch_peer *peer, punch_time_us silence_us, punch_time_us now_us) {
    punch_prober *prober = peer->prober;
    if (!prober->has_sock) {
        punch_addr any = peer->config.bind;
        any.port = 0;
        if (peer->config.port->sock_open(peer->config.host, &any, &prober->sock) != PUNCH_OK) {
            give_up(peer, "no spare port", now_us);
            return;
        }
        prober->has_sock = true;
    }
    prober->phase = PROBER_OPENING;
    prober->silence_us = silence_us;
    prober->seen_count = 0;
    prober->sends = 0;
    punch_outbox_trace_state(peer, PUNCH_CALL_NONE, "tries a silence of (us)", silence_us, now_us);
    send_probe(peer, now_us);
}

/* The hole held until now, or did not hold when it was asked. */
static void conclude(punch_peer *peer, punch_evidence_kind kind, punch_time_us at_us,
                     punch_time_us now_us) {
    punch_prober *prober = peer->prober;
    const punch_keepalive_evidence evidence = {
        .kind = kind,
        .attempts = prober->asks,
        .silence_us = at_us - prober->heard_at_us,
        .unsent_us = at_us - prober->sent_at_us,
        .now_us = now_us,
    };
    punch_outbox_trace_state(peer, PUNCH_CALL_NONE,
                             kind == PUNCH_EVIDENCE_PROBE_HELD
                                 ? "the spare port held for (us)"
                                 : "the spare port was closed after (us)",
                             evidence.silence_us, now_us);
    rest(prober, now_us + PUNCH_PROBE_GAP_US); /* the broker rations probes */
    punch_learning_observe(peer, &evidence);
}

/* The broker has passed on an ECHO: it says so, or what it passed on comes in. */
static void count_ask(punch_prober *prober, uint64_t echo_us) {
    if (echo_us == prober->echo_us && !prober->is_counted) {
        prober->is_counted = true;
        prober->asks++;
    }
}

static void on_echoed(punch_peer *peer, const punch_signal *echoed, punch_time_us now_us) {
    punch_prober *prober = peer->prober;
    if (prober->phase == PROBER_ASKING && echoed->echo_us >= (uint64_t)prober->asked_at_us) {
        count_ask(prober, echoed->echo_us);
        prober->asks = prober->asks > 0 ? prober->asks : 1; /* an earlier one, unknown till now */
        conclude(peer, PUNCH_EVIDENCE_PROBE_HELD, now_us, now_us);
    }
}

static void on_echoing(punch_peer *peer, const punch_signal *echoing, punch_time_us now_us) {
    punch_prober *prober = peer->prober;
    if (prober->phase != PROBER_ASKING || echoing->echo_us != prober->echo_us) {
        return;
    }
    if (echoing->reason != 0) {
        give_up(peer, "the broker refuses to try the spare port", now_us);
    } else {
        count_ask(prober, echoing->echo_us);
    }
}

static void on_probed(punch_peer *peer, const punch_signal *probed, punch_time_us now_us) {
    punch_prober *prober = peer->prober;
    if (prober->phase != PROBER_OPENING || probed->echo_us != prober->echo_us) {
        return;
    }
    prober->heard_at_us = now_us;
    prober->addr = probed->addr;
    prober->stamp_us = probed->stamp_us;
    prober->cookie = probed->cookie;
    prober->seen_count++;
    prober->sends = 0;
    if (prober->seen_count < 2) {
        prober->next_at_us = prober->sent_at_us + PUNCH_PROBE_STREAM_US;
        return;
    }
    /* What is asked for now comes in a round trip later. */
    prober->phase = PROBER_SILENT;
    prober->asks = 0;
    prober->next_at_us =
        punch_time_later(now_us + prober->silence_us - punch_link_rtt_us(peer), now_us);
}

bool punch_prober_on_signal(punch_peer *peer, uint8_t type, const punch_signal *signal,
                            uint32_t sock, punch_time_us now_us) {
    const bool spare = punch_prober_has_sock(peer, sock);
    if (spare && type == PUNCH_TYPE_PROBED) {
        on_probed(peer, signal, now_us);
    } else if (spare && type == PUNCH_TYPE_ECHOED) {
        on_echoed(peer, signal, now_us);
    } else if (!spare && type == PUNCH_TYPE_ECHOING && peer->prober != NULL) {
        on_echoing(peer, signal, now_us);
    } else {
        return false;
    }
    return true;
}

bool punch_prober_has_sock(const punch_peer *peer, uint32_t sock) {
    return peer->prober != NULL && peer->prober->has_sock && peer->prober->sock == sock;
}

void punch_prober_close(punch_peer *peer) {
    if (peer->prober != NULL && peer->prober->has_sock) {
        peer->config.port->sock_close(peer->config.host, peer->prober->sock);
        punch_prober_init(peer->prober);
    }
}

/* What was awaited is late: again, or no more. */
static void go_on(punch_peer *peer, punch_time_us now_us) {
    punch_prober *prober = peer->prober;
    switch (prober->phase) {
    case PROBER_IDLE:
        break;
    case PROBER_OPENING:
        if (prober->sends < PUNCH_PROBE_SENDS_MAX) {
            send_probe(peer, now_us);
        } else {
            give_up(peer, "the spare port is not answered", now_us);
        }
        break;
    case PROBER_SILENT:
        prober->phase = PROBER_ASKING;
        send_echo(peer, now_us);
        break;
    case PROBER_ASKING:
        if (prober->asks >= PUNCH_PROBE_ASKS) {
            conclude(peer, PUNCH_EVIDENCE_PROBE_SILENT,
                     prober->asked_at_us + punch_link_rtt_us(peer), now_us);
        } else if (prober->sends < PUNCH_PROBE_SENDS_MAX) {
            send_echo(peer, now_us);
        } else {
            give_up(peer, "asks for the spare port are not answered", now_us);
        }
        break;
    }
}

void punch_prober_on_timer(punch_peer *peer, punch_time_us now_us) {
    punch_prober *prober = peer->prober;
    if (prober == NULL) {
        return;
    }
    if (!peer->link.open) {
        if (prober->phase != PROBER_IDLE) {
            give_up(peer, "the broker is lost", now_us);
        }
    } else if (prober->phase != PROBER_IDLE) {
        if (prober->next_at_us <= now_us) {
            go_on(peer, now_us);
        }
    } else {
        const punch_keepalive_probe wish = wish_of(peer);
        if (wish.at_us <= now_us) {
            begin(peer, wish.silence_us, now_us);
        }
    }
}

punch_time_us punch_prober_deadline_us(const punch_peer *peer) {
    const punch_prober *prober = peer->prober;
    if (prober == NULL || !peer->link.open) {
        return PUNCH_NEVER;
    }
    return prober->phase != PROBER_IDLE ? prober->next_at_us : wish_of(peer).at_us;
}
