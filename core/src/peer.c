/* SPDX-License-Identifier: MIT */
/*
 * The switchboard: memory, entries, the deadline, the event queue. What happens to a packet or a
 * timer is decided in the part that owns the state (see peer_internal.h); nothing is decided here.
 */
#include "peer_internal.h"

const char *punch_fail_name(punch_fail fail) {
    static const char *const names[] = {
        [PUNCH_FAIL_NONE] = "none",
        [PUNCH_FAIL_UNAVAILABLE] = "unavailable",
        [PUNCH_FAIL_REFUSED] = "refused",
        [PUNCH_FAIL_NOT_ANSWERED] = "not_answered",
        [PUNCH_FAIL_BROKER_LOST] = "broker_lost",
        [PUNCH_FAIL_NO_ANSWER] = "no_answer",
        [PUNCH_FAIL_ONE_WAY] = "one_way",
        [PUNCH_FAIL_DEAD] = "dead",
        [PUNCH_FAIL_BYE] = "bye",
        [PUNCH_FAIL_HUNG_UP] = "hung_up",
    };
    return (size_t)fail < sizeof names / sizeof names[0] ? names[fail] : "unknown";
}

const char *punch_drop_name(punch_drop drop) {
    static const char *const names[] = {
        [PUNCH_DROP_PARSE] = "parse",   [PUNCH_DROP_VERSION] = "version",
        [PUNCH_DROP_TYPE] = "type",     [PUNCH_DROP_UNKNOWN] = "unknown",
        [PUNCH_DROP_AUTH] = "auth",     [PUNCH_DROP_REPLAY] = "replay",
        [PUNCH_DROP_STATE] = "state",   [PUNCH_DROP_FULL] = "full",
        [PUNCH_DROP_COOKIE] = "cookie",
    };
    return (size_t)drop < sizeof names / sizeof names[0] ? names[drop] : "none";
}

const char *punch_event_name(punch_event_kind kind) {
    static const char *const names[] = {
        [PUNCH_EVENT_REGISTERED] = "registered",
        [PUNCH_EVENT_BROKER_LOST] = "broker_lost",
        [PUNCH_EVENT_RING] = "ring",
        [PUNCH_EVENT_GO] = "go",
        [PUNCH_EVENT_FIRED] = "fired",
        [PUNCH_EVENT_CONNECTED] = "connected",
        [PUNCH_EVENT_MOVED] = "moved",
        [PUNCH_EVENT_ENDED] = "ended",
        [PUNCH_EVENT_MESSAGE] = "message",
        [PUNCH_EVENT_OUTCOME] = "outcome",
        [PUNCH_EVENT_KEEPALIVE] = "keepalive",
    };
    return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : "unknown";
}

/* --- memory ----------------------------------------------------------------------------------- */

/* Where each part of the block begins; `total` is its size. */
typedef struct {
    size_t calls;
    size_t offers;
    size_t tokens;
    size_t events;
    size_t outgoing;
    size_t inbox;
    size_t prober;
    size_t learning;
    size_t total;
    uint32_t event_cap;
} layout;

static size_t align_up(size_t size) {
    return (size + 15) & ~(size_t)15;
}

static layout layout_of(const punch_peer_config *config) {
    layout at;
    const bool has_calls = config->calls_max > 0;
    /* Without calls only REGISTERED and BROKER_LOST can wait. */
    at.event_cap = 2 + (uint32_t)config->calls_max * (8 + (uint32_t)config->messages_max) +
                   (uint32_t)config->inbox_max;
    at.calls = align_up(sizeof(punch_peer));
    at.offers = at.calls + align_up(config->calls_max * sizeof(punch_call_slot));
    at.tokens = at.offers + (has_calls ? PUNCH_OFFERS_MAX * sizeof(punch_keepalive *) : 0);
    at.events = at.tokens + (has_calls ? PUNCH_TOKENS_MAX * sizeof(punch_token) : 0);
    at.outgoing = at.events + align_up(at.event_cap * sizeof(punch_waiting_event));
    at.inbox = at.outgoing +
               align_up((size_t)config->calls_max * config->messages_max * sizeof(punch_outgoing));
    at.prober = at.inbox + align_up(config->inbox_max * sizeof(punch_incoming));
    const punch_keepalive *learning[PUNCH_LEARNING_MAX];
    const uint8_t learning_count = punch_learning_find(config, learning);
    at.learning = at.prober;
    for (uint8_t i = 0; i < learning_count && at.learning == at.prober; i++) {
        at.learning += learning[i]->probe != NULL ? align_up(sizeof(punch_prober)) : 0;
    }
    at.total = at.learning + align_up(learning_count * sizeof(punch_learning));
    for (uint8_t i = 0; i < learning_count; i++) {
        at.total += align_up(learning[i]->state_bytes);
    }
    return at;
}

static bool are_options_valid(const punch_options *options) {
    if (options->fire_rule > PUNCH_FIRE_ON_RECEIPT || options->keepalive_jitter_permille < -1 ||
        options->keepalive_jitter_permille >= 500) {
        return false;
    }
    if (options->backoff_permille != 0 &&
        (options->backoff_permille < 1000 || options->backoff_permille > 10000)) {
        return false;
    }
    if (options->keepalive_interval_us != 0 &&
        (options->keepalive_interval_us < PUNCH_KEEPALIVE_INTERVAL_US_MIN ||
         options->keepalive_interval_us > PUNCH_KEEPALIVE_INTERVAL_US_MAX)) {
        return false;
    }
    return options->keepalive_phase_us >= 0 && options->keepalive_phase_us <= 60 * PUNCH_US_PER_S;
}

static bool is_valid(const punch_peer_config *config) {
    if (config->port == NULL || config->port->crypto == NULL ||
        !punch_addr_is_sendable(&config->broker_addr)) {
        return false;
    }
    if (config->calls_max > PUNCH_CALLS_MAX || config->messages_max > PUNCH_MESSAGES_MAX ||
        config->inbox_max > 64) {
        return false;
    }
    return are_options_valid(&config->options);
}

size_t punch_peer_size(const punch_peer_config *config) {
    return is_valid(config) ? layout_of(config).total : 0;
}

/* Copies what stays needed, with its defaults filled in. */
static void take_config(punch_peer *peer, const punch_peer_config *config) {
    peer->config = (punch_settings){
        .port = config->port,
        .host = config->host,
        .bind = config->bind,
        .broker = config->broker,
        .broker_addr = config->broker_addr,
        .broker_keepalive = config->broker_keepalive != NULL ? config->broker_keepalive
                                                             : &punch_keepalive_agreed_15,
        .calls_max = config->calls_max,
        .messages_max = config->messages_max,
        .inbox_max = config->inbox_max,
        .options = config->options,
    };
    punch_options *options = &peer->config.options;
    if (options->backoff_permille == 0) {
        options->backoff_permille = PUNCH_BACKOFF_PERMILLE;
    }
    if (options->keepalive_jitter_permille < 0) {
        options->keepalive_jitter_permille = PUNCH_JITTER_PERMILLE;
    }
    if (options->keepalive_probes_max == 0) {
        options->keepalive_probes_max = PUNCH_PROBES_MAX;
    }
}

/* The strategies of the configuration, or what is offered when it names none. */
static void take_offers(punch_peer *peer, const punch_peer_config *config) {
    size_t count = PUNCH_OFFERS_MAX;
    const punch_keepalive *const *named = config->offers;
    if (config->offers[0] == NULL) {
        named = punch_keepalive_offered(&count);
    }
    memset(peer->offers, 0, PUNCH_OFFERS_MAX * sizeof peer->offers[0]);
    while (peer->offer_count < PUNCH_OFFERS_MAX && peer->offer_count < count &&
           named[peer->offer_count] != NULL) {
        peer->offers[peer->offer_count] = named[peer->offer_count];
        peer->offer_count++;
    }
}

/* Gives every strategy that learns its memory, zeroed; it is reset when the peer starts. */
static void lay_out_learning(punch_peer *peer, const punch_peer_config *config, uint8_t *at) {
    const punch_keepalive *learning[PUNCH_LEARNING_MAX];
    peer->learning_count = punch_learning_find(config, learning);
    peer->learning = (punch_learning *)(void *)at;
    at += align_up(peer->learning_count * sizeof(punch_learning));
    for (uint8_t i = 0; i < peer->learning_count; i++) {
        peer->learning[i] = (punch_learning){.strategy = learning[i], .state = at};
        memset(at, 0, learning[i]->state_bytes);
        at += align_up(learning[i]->state_bytes);
    }
}

static void lay_out(punch_peer *peer, const punch_peer_config *config) {
    const layout at = layout_of(config);
    uint8_t *block = (uint8_t *)peer;
    memset(peer, 0, sizeof *peer);
    take_config(peer, config);
    peer->bytes = at.total;
    peer->event_cap = at.event_cap;
    peer->calls = (punch_call_slot *)(void *)(block + at.calls);
    peer->offers = (const punch_keepalive **)(void *)(block + at.offers);
    peer->tokens = (punch_token *)(void *)(block + at.tokens);
    peer->events = (punch_waiting_event *)(void *)(block + at.events);
    peer->outgoing = (punch_outgoing *)(void *)(block + at.outgoing);
    peer->inbox = (punch_incoming *)(void *)(block + at.inbox);
    for (uint16_t i = 0; i < config->calls_max; i++) {
        peer->calls[i].state = CALL_FREE;
        peer->calls[i].handle = PUNCH_CALL_NONE;
    }
    for (size_t i = 0; i < (size_t)config->calls_max * config->messages_max; i++) {
        peer->outgoing[i].number = 0;
    }
    if (config->calls_max > 0) {
        take_offers(peer, config);
    }
    if (at.learning > at.prober) {
        peer->prober = (punch_prober *)(void *)(block + at.prober);
        punch_prober_init(peer->prober);
    }
    lay_out_learning(peer, config, block + at.learning);
    config->port->crypto->keypair_from_seed(config->identity_seed, &peer->identity);
    peer->link.retry_at_us = PUNCH_NEVER;
    peer->link.answer_due_at_us = PUNCH_NEVER;
}

punch_err punch_peer_init(void *memory, const punch_peer_config *config, punch_peer **peer_out) {
    if (!is_valid(config)) {
        return PUNCH_ERR_ARGUMENT;
    }
    punch_peer *peer = memory;
    lay_out(peer, config);
    *peer_out = peer;
    return PUNCH_OK;
}

punch_err punch_peer_reset(punch_peer *peer, const punch_peer_config *config) {
    if (!is_valid(config) || config->calls_max != peer->config.calls_max ||
        config->messages_max != peer->config.messages_max ||
        config->inbox_max != peer->config.inbox_max || layout_of(config).total != peer->bytes) {
        return PUNCH_ERR_ARGUMENT;
    }
    lay_out(peer, config);
    return PUNCH_OK;
}

/* --- entries ---------------------------------------------------------------------------------- */

/* What was lent to the host until the next entry is taken back. */
static void begin_entry(punch_peer *peer) {
    peer->inbox_head += peer->inbox_taken;
    peer->inbox_taken = 0;
}

punch_err punch_peer_start(punch_peer *peer, punch_time_us now_us) {
    const punch_port *port = peer->config.port;
    uint64_t seed;
    if (peer->started) {
        return PUNCH_ERR_STATE;
    }
    begin_entry(peer);
    const punch_err err = port->sock_open(peer->config.host, &peer->config.bind, &peer->sock);
    if (err != PUNCH_OK) {
        return err;
    }
    port->random(peer->config.host, (uint8_t *)&seed, sizeof seed);
    peer->rng = punch_rng_stream(seed, 0, 0);
    peer->started = true;
    punch_learning_reset(peer, now_us);
    punch_link_start(peer, now_us);
    return PUNCH_OK;
}

void punch_peer_stop(punch_peer *peer, punch_time_us now_us) {
    if (!peer->started) {
        return;
    }
    begin_entry(peer);
    for (uint16_t i = 0; i < peer->config.calls_max; i++) {
        (void)punch_peer_hang_up(peer, peer->calls[i].handle, now_us);
    }
    punch_prober_close(peer);
    peer->config.port->sock_close(peer->config.host, peer->sock);
    peer->started = false;
    memset(&peer->link, 0, sizeof peer->link);
    peer->link.retry_at_us = PUNCH_NEVER;
    peer->link.answer_due_at_us = PUNCH_NEVER;
}

void punch_peer_on_datagram(punch_peer *peer, const punch_datagram *datagram,
                            punch_time_us now_us) {
    begin_entry(peer);
    if (!peer->started || datagram->length < 2 || datagram->length > PUNCH_PACKET_MAX) {
        punch_outbox_drop(peer, PUNCH_DROP_PARSE, datagram, now_us);
        return;
    }
    if (datagram->data[0] != PUNCH_WIRE_VERSION) {
        punch_outbox_drop(peer, PUNCH_DROP_VERSION, datagram, now_us);
        return;
    }
    const uint8_t type = datagram->data[1];
    if (punch_prober_has_sock(peer, datagram->sock) && type != PUNCH_TYPE_PROBED &&
        type != PUNCH_TYPE_ECHOED) {
        punch_outbox_drop(peer, PUNCH_DROP_TYPE, datagram, now_us);
        return;
    }
    switch (type) {
    case PUNCH_TYPE_COOKIE:
    case PUNCH_TYPE_WELCOME:
    case PUNCH_TYPE_RESTARTED:
    case PUNCH_TYPE_REGISTERED:
    case PUNCH_TYPE_CALLING:
    case PUNCH_TYPE_RING:
    case PUNCH_TYPE_REFUSED:
    case PUNCH_TYPE_GO:
    case PUNCH_TYPE_PROBED:
    case PUNCH_TYPE_ECHOING:
    case PUNCH_TYPE_ECHOED:
        punch_link_on_datagram(peer, datagram, type, now_us);
        break;
    case PUNCH_TYPE_INTRO:
    case PUNCH_TYPE_INTRO_ACK:
    case PUNCH_TYPE_KEEPALIVE:
    case PUNCH_TYPE_ARE_YOU_THERE:
    case PUNCH_TYPE_HERE:
    case PUNCH_TYPE_MESSAGE:
    case PUNCH_TYPE_MESSAGE_ACK:
    case PUNCH_TYPE_RENEGOTIATE:
    case PUNCH_TYPE_RENEGOTIATED:
    case PUNCH_TYPE_BYE:
        punch_session_on_datagram(peer, datagram, now_us);
        break;
    default: /* any byte may come in: what is not listed is counted */
        punch_outbox_drop(peer, PUNCH_DROP_TYPE, datagram, now_us);
        break;
    }
}

void punch_peer_on_timer(punch_peer *peer, punch_time_us now_us) {
    begin_entry(peer);
    if (!peer->started) {
        return;
    }
    punch_link_on_timer(peer, now_us);
    punch_prober_on_timer(peer, now_us);
    for (uint16_t i = 0; i < peer->config.calls_max; i++) {
        punch_call_on_timer(peer, &peer->calls[i], now_us);
    }
}

void punch_peer_on_network_change(punch_peer *peer, punch_time_us now_us) {
    begin_entry(peer);
    if (!peer->started) {
        return;
    }
    punch_learning_reset(peer, now_us);
    punch_link_restart(peer, now_us);
    for (uint16_t i = 0; i < peer->config.calls_max; i++) {
        if (peer->calls[i].state == CALL_CONNECTED) {
            punch_session_probe_now(peer, &peer->calls[i], now_us);
        }
    }
}

punch_time_us punch_peer_next_deadline_us(const punch_peer *peer) {
    if (!peer->started) {
        return PUNCH_NEVER;
    }
    punch_time_us deadline_us =
        punch_time_earlier(punch_link_deadline_us(peer), punch_prober_deadline_us(peer));
    for (uint16_t i = 0; i < peer->config.calls_max; i++) {
        deadline_us =
            punch_time_earlier(deadline_us, punch_call_deadline_us(peer, &peer->calls[i]));
    }
    return deadline_us;
}

bool punch_peer_next_event(punch_peer *peer, punch_event *event_out) {
    if (peer->event_head == peer->event_tail) {
        return false;
    }
    const punch_waiting_event *waiting = &peer->events[peer->event_head % peer->event_cap];
    peer->event_head++;
    *event_out = (punch_event){
        .kind = (punch_event_kind)waiting->kind,
        .call = waiting->call,
        .at_us = waiting->at_us,
        .fire_at_us = waiting->fire_at_us,
        .remote = waiting->remote,
        .message = waiting->message,
        .keepalive = waiting->keepalive,
    };
    if (event_out->kind == PUNCH_EVENT_ENDED) {
        event_out->fail = (punch_fail)waiting->detail;
    } else if (event_out->kind == PUNCH_EVENT_OUTCOME) {
        event_out->outcome = (punch_message_outcome)waiting->detail;
    } else if (event_out->kind == PUNCH_EVENT_RING) {
        event_out->key = peer->calls[waiting->call & 0xff].counterparty;
    } else if (event_out->kind == PUNCH_EVENT_MESSAGE) {
        event_out->data = peer->inbox[waiting->inbox].data;
        event_out->length = peer->inbox[waiting->inbox].length;
        peer->inbox_taken++;
    }
    return true;
}

/* --- questions -------------------------------------------------------------------------------- */

const punch_key *punch_peer_key(const punch_peer *peer) {
    return &peer->identity.public_key;
}

const punch_counters *punch_peer_counters(const punch_peer *peer) {
    return &peer->counters;
}

bool punch_peer_is_registered(const punch_peer *peer) {
    return peer->link.open;
}

punch_err punch_peer_broker_clock(const punch_peer *peer, punch_time_us *offset_out,
                                  punch_time_us *rtt_out) {
    punch_clock_sample best;
    if (!punch_clock_best(&peer->link.clock, &best)) {
        return PUNCH_ERR_STATE;
    }
    *offset_out = best.offset_us;
    *rtt_out = best.rtt_us;
    return PUNCH_OK;
}

punch_err punch_peer_view(const punch_peer *peer, punch_call call, punch_call_view *view_out) {
    const uint32_t index = call & 0xff;
    if (index >= peer->config.calls_max) {
        return PUNCH_ERR_STATE;
    }
    const punch_call_slot *slot = &peer->calls[index];
    if (slot->state == CALL_FREE || slot->state == CALL_ENDED || slot->handle != call) {
        return PUNCH_ERR_STATE;
    }
    const bool connected = slot->state == CALL_CONNECTED;
    *view_out = (punch_call_view){
        .connected = connected,
        .heard = slot->heard,
        .rtt_us = slot->keyed ? slot->session.rtt_us : PUNCH_NEVER,
        .last_send_at_us = slot->session.view.last_send_at_us,
        .last_heard_at_us = slot->session.view.last_heard_at_us,
        .send_keepalive = connected ? slot->session.send_strategy : NULL,
        .intros_sent = slot->traverse.intros_sent,
        .probes_unanswered = slot->session.probes_unanswered,
    };
    memcpy(view_out->id, slot->id.bytes, sizeof view_out->id);
    if (connected) {
        view_out->remote = slot->session.remote;
    }
    return PUNCH_OK;
}

/* --- tokens ----------------------------------------------------------------------------------- */

punch_err punch_peer_mint(punch_peer *peer, punch_time_us now_us, punch_contact *contact_out) {
    if (peer->config.calls_max == 0 || peer->token_count == PUNCH_TOKENS_MAX) {
        return PUNCH_ERR_CAPACITY;
    }
    punch_token *token = &peer->tokens[peer->token_count++];
    peer->config.port->random(peer->config.host, token->bytes, sizeof token->bytes);
    *contact_out = (punch_contact){
        .callee = peer->identity.public_key,
        .broker = peer->config.broker,
        .broker_addr = peer->config.broker_addr,
        .token = *token,
    };
    punch_link_register(peer, now_us); /* registered already: the broker learns of it now */
    return PUNCH_OK;
}

punch_err punch_peer_revoke(punch_peer *peer, const punch_token *token, punch_time_us now_us) {
    for (uint16_t i = 0; i < peer->token_count; i++) {
        if (memcmp(&peer->tokens[i], token, sizeof *token) == 0) {
            peer->tokens[i] = peer->tokens[--peer->token_count];
            punch_link_register(peer, now_us);
            return PUNCH_OK;
        }
    }
    return PUNCH_ERR_STATE;
}
