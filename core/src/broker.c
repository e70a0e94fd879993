/* SPDX-License-Identifier: MIT */
/*
 * The broker's entries and its switchboard: what a datagram is, what it costs to find out, and who
 * answers it. Protocol §1-3; the parts are listed in broker_internal.h.
 *
 *   stranger      COOKIE_REQUEST -> COOKIE            one key derivation, nothing remembered
 *   proven addr   HELLO          -> WELCOME           Diffie-Hellman only behind a good cookie
 *   registered    sealed signals -> sealed answers    to where the peer was last heard from
 *   anyone else   sealed signals -> RESTARTED         a hint, not longer than what it answers
 */
#include "broker_internal.h"
#include "punch/bytes.h"

#define PEERS_MAX (UINT32_C(1) << PUNCH_REGISTRY_SLOT_BITS) /* broker.h */
#define CALLS_MAX (UINT32_C(1) << 20)                       /* broker.h */

/* --- memory ----------------------------------------------------------------------------------- */

static uint64_t broker_bytes(void) {
    return (sizeof(punch_broker) + 15) / 16 * 16;
}

size_t punch_broker_size(const punch_broker_config *config) {
    if (config->peers_max < 1 || config->peers_max > PEERS_MAX || config->calls_max < 1 ||
        config->calls_max > CALLS_MAX) {
        return 0;
    }
    const uint64_t bytes = broker_bytes() + punch_registry_bytes(config->peers_max) +
                           punch_broker_calls_bytes(config->calls_max);
    return bytes <= SIZE_MAX ? (size_t)bytes : 0;
}

/* Everything but the tables, which the caller has made empty. */
static void forget(punch_broker *broker, const punch_broker_config *config) {
    broker->port = config->port;
    broker->host = config->host;
    broker->bind = config->bind;
    broker->sock = 0;
    broker->started = false;
    broker->started_at_us = PUNCH_NEVER;
    broker->expiry_at_us = PUNCH_NEVER;
    broker->instance = 0;
    memset(&broker->cookie_secret, 0, sizeof broker->cookie_secret);
    memset(&broker->counters, 0, sizeof broker->counters);
    broker->port->crypto->keypair_from_seed(config->identity_seed, &broker->identity);
}

punch_err punch_broker_init(void *memory, const punch_broker_config *config,
                            punch_broker **broker_out) {
    if (punch_broker_size(config) == 0 || config->port == NULL) {
        return PUNCH_ERR_ARGUMENT;
    }
    PUNCH_ASSERT_EQ((uintptr_t)memory % 16, 0);
    punch_broker *broker = memory;
    uint8_t *at = memory;
    memset(broker, 0, sizeof *broker);
    at += broker_bytes();
    punch_registry_init(&broker->registry, at, config->peers_max);
    at += punch_registry_bytes(config->peers_max);
    punch_broker_calls_init(&broker->calls, at, config->calls_max);
    forget(broker, config);
    *broker_out = broker;
    return PUNCH_OK;
}

punch_err punch_broker_reset(punch_broker *broker, const punch_broker_config *config) {
    if (config->port == NULL || config->peers_max != broker->registry.slots_max ||
        config->calls_max != broker->calls.slots_max) {
        return PUNCH_ERR_ARGUMENT;
    }
    punch_broker_calls_clear(&broker->calls);
    punch_registry_clear(&broker->registry);
    forget(broker, config);
    return PUNCH_OK;
}

/* Draws what makes this life of the broker different from its last one. */
static void draw_secrets(punch_broker *broker) {
    uint8_t drawn[PUNCH_KEY_BYTES + 3 * sizeof(uint64_t) + sizeof(uint32_t)];
    broker->port->random(broker->host, drawn, sizeof drawn);
    punch_reader reader = punch_reader_of(drawn, sizeof drawn);
    punch_read_copy(&reader, &broker->cookie_secret, sizeof broker->cookie_secret);
    broker->instance = punch_read_u64(&reader);
    punch_broker_calls_seed(&broker->calls, punch_read_u64(&reader));
    punch_registry_secrets secrets = {.hash_secret = punch_read_u64(&reader)};
    const uint32_t index_bits = punch_read_u32(&reader);
    secrets.slot_mask = index_bits;
    secrets.generation_first = (uint8_t)(index_bits >> PUNCH_REGISTRY_SLOT_BITS);
    punch_registry_seed(&broker->registry, &secrets);
    PUNCH_ASSERT(!reader.failed);
}

punch_err punch_broker_start(punch_broker *broker, punch_time_us now_us) {
    if (broker->started) {
        return PUNCH_ERR_STATE;
    }
    const punch_err err = broker->port->sock_open(broker->host, &broker->bind, &broker->sock);
    if (err != PUNCH_OK) {
        return err;
    }
    draw_secrets(broker);
    broker->started = true;
    broker->started_at_us = now_us;
    punch_broker_trace_state(broker, &broker->bind, "broker started", 0, now_us);
    return PUNCH_OK;
}

/* --- registrations ---------------------------------------------------------------------------- */

/* Forgets who has been silent for too long, with the calls they make; then looks at the next
 * candidate only when it can have been silent that long. */
static void expire(punch_broker *broker, punch_time_us now_us) {
    punch_registration *oldest = punch_registry_oldest(&broker->registry);
    while (oldest != NULL && now_us - oldest->heard_at_us >= PUNCH_REGISTRATION_US) {
        punch_broker_trace_state(broker, &oldest->addr, "registration expired", 0, now_us);
        punch_broker_calls_remove_all_of(&broker->calls, &broker->registry, oldest);
        punch_registry_remove(&broker->registry, oldest);
        oldest = punch_registry_oldest(&broker->registry);
    }
    broker->expiry_at_us =
        oldest != NULL ? punch_time_after(oldest->heard_at_us, PUNCH_REGISTRATION_US) : PUNCH_NEVER;
}

static void keep_tokens(punch_registration *registration, const punch_signal *signal) {
    PUNCH_ASSERT(signal->token_hash_count <= PUNCH_TOKENS_MAX);
    registration->token_hash_count = signal->token_hash_count;
    memcpy(registration->token_hashes, signal->token_hashes,
           signal->token_hash_count * sizeof signal->token_hashes[0]);
}

static punch_signal registered_of(const punch_broker *broker, uint64_t echo_us,
                                  const punch_addr *addr, punch_time_us now_us) {
    return (punch_signal){.echo_us = echo_us,
                          .stamp_us = (uint64_t)now_us,
                          .instance = broker->instance,
                          .addr = *addr};
}

static void on_register(punch_broker *broker, punch_registration *from, const punch_signal *signal,
                        uint32_t sequence, punch_time_us now_us) {
    if (sequence > from->tokens_sequence) {
        /* One that was overtaken must not bring revoked tokens back. */
        from->tokens_sequence = sequence;
        keep_tokens(from, signal);
    }
    const punch_signal registered = registered_of(broker, signal->echo_us, &from->addr, now_us);
    punch_broker_signal(broker, from, PUNCH_TYPE_REGISTERED, &registered, now_us);
}

/* --- strangers -------------------------------------------------------------------------------- */

static void on_cookie_request(punch_broker *broker, const punch_broker_packet *packet) {
    const punch_datagram *datagram = packet->datagram;
    uint8_t answer[PUNCH_COOKIE_PACKET_BYTES];
    uint64_t nonce = 0;
    punch_cookie cookie;
    if (datagram->length < sizeof answer ||
        punch_cookie_read(datagram->data, datagram->length, &nonce, &cookie) != PUNCH_OK) {
        punch_broker_drop(broker, packet, PUNCH_DROP_PARSE);
        return;
    }
    const uint64_t epoch =
        (uint64_t)((packet->now_us - broker->started_at_us) / PUNCH_COOKIE_EPOCH_US);
    cookie =
        punch_cookie_of(broker->port->crypto, &broker->cookie_secret, &datagram->remote, epoch);
    const size_t length = punch_cookie_write(nonce, &cookie, answer);
    punch_broker_transmit(broker, &datagram->remote, answer, length, packet->now_us);
}

static bool is_cookie_of(const punch_broker *broker, const punch_cookie *cookie,
                         const punch_addr *addr, uint64_t epoch) {
    const punch_cookie good =
        punch_cookie_of(broker->port->crypto, &broker->cookie_secret, addr, epoch);
    return punch_cookie_equal(&good, cookie);
}

static bool is_good_cookie(const punch_broker *broker, const punch_cookie *cookie,
                           const punch_broker_packet *packet) {
    const punch_addr *addr = &packet->datagram->remote;
    const uint64_t epoch =
        (uint64_t)((packet->now_us - broker->started_at_us) / PUNCH_COOKIE_EPOCH_US);
    return is_cookie_of(broker, cookie, addr, epoch) ||
           (epoch > 0 && is_cookie_of(broker, cookie, addr, epoch - 1));
}

/* Answers an opened HELLO and makes its channel the one of the registration. */
static punch_err welcome(punch_broker *broker, punch_registration *registration,
                         const punch_hello *hello, const punch_broker_packet *packet) {
    const punch_addr *from = &packet->datagram->remote;
    uint8_t seed[PUNCH_KEY_BYTES];
    uint8_t bytes[PUNCH_PACKET_MAX];
    size_t length = 0;
    punch_channel channel;
    broker->port->random(broker->host, seed, sizeof seed);
    const uint32_t index = punch_registry_next_index(&broker->registry, registration);
    const punch_signal registered =
        registered_of(broker, hello->registration.echo_us, from, packet->now_us);
    const punch_welcome_input input = {broker->port->crypto, hello, seed, index, &registered};
    const punch_err err = punch_welcome_write(&input, bytes, &length, &channel);
    if (err != PUNCH_OK) {
        return err;
    }
    PUNCH_ASSERT(length <= packet->datagram->length);
    punch_registry_take_channel(registration, &channel);
    registration->addr = *from;
    memcpy(registration->ephemeral_mark, hello->ephemeral.bytes,
           sizeof registration->ephemeral_mark);
    registration->tokens_sequence = 0;
    keep_tokens(registration, &hello->registration);
    punch_broker_transmit(broker, from, bytes, length, packet->now_us);
    return PUNCH_OK;
}

static void register_new(punch_broker *broker, const punch_hello *hello,
                         const punch_broker_packet *packet) {
    punch_registration *registration =
        punch_registry_add(&broker->registry, &hello->initiator, packet->now_us);
    if (registration == NULL) {
        punch_broker_drop(broker, packet, PUNCH_DROP_FULL);
        return;
    }
    if (welcome(broker, registration, hello, packet) != PUNCH_OK) {
        punch_registry_remove(&broker->registry, registration);
        punch_broker_drop(broker, packet, PUNCH_DROP_AUTH);
        return;
    }
    broker->expiry_at_us = punch_time_earlier(
        broker->expiry_at_us, punch_time_after(packet->now_us, PUNCH_REGISTRATION_US));
    punch_broker_trace_state(broker, &registration->addr, "registered", 0, packet->now_us);
}

/* How far behind the last one a HELLO counts as a replay; beyond, the peer has restarted and counts
 * from a new random number. Chosen: more than a peer sends while a cookie lives. */
#define HELLO_BEHIND_MAX 64

/* The same key again: restarted, or its WELCOME was lost. Calls of the key go on. */
static void register_again(punch_broker *broker, punch_registration *registration,
                           const punch_hello *hello, const punch_broker_packet *packet) {
    /* Indices of a peer's HELLOs count up: one of the last few again, or overtaken, is no news. */
    const uint32_t behind = registration->channel.remote_index - hello->index;
    if (behind < HELLO_BEHIND_MAX || memcmp(registration->ephemeral_mark, hello->ephemeral.bytes,
                                            sizeof registration->ephemeral_mark) == 0) {
        punch_broker_drop(broker, packet, PUNCH_DROP_REPLAY);
        return;
    }
    if (welcome(broker, registration, hello, packet) != PUNCH_OK) {
        punch_broker_drop(broker, packet, PUNCH_DROP_AUTH);
        return;
    }
    punch_registry_touch(&broker->registry, registration, packet->now_us);
    punch_broker_trace_state(broker, &registration->addr, "registered again", 0, packet->now_us);
}

static void on_hello(punch_broker *broker, const punch_broker_packet *packet) {
    const punch_datagram *datagram = packet->datagram;
    punch_cookie cookie;
    punch_key ephemeral;
    if (punch_hello_peek(datagram->data, datagram->length, &cookie, &ephemeral) != PUNCH_OK) {
        punch_broker_drop(broker, packet, PUNCH_DROP_PARSE);
        return;
    }
    if (!is_good_cookie(broker, &cookie, packet)) {
        punch_broker_drop(broker, packet, PUNCH_DROP_COOKIE);
        return;
    }
    uint8_t bytes[PUNCH_PACKET_MAX];
    punch_hello hello;
    memcpy(bytes, datagram->data, datagram->length);
    const punch_err err =
        punch_hello_read(broker->port->crypto, &broker->identity, bytes, datagram->length, &hello);
    if (err != PUNCH_OK) {
        punch_broker_drop(broker, packet,
                          err == PUNCH_ERR_PARSE ? PUNCH_DROP_PARSE : PUNCH_DROP_AUTH);
        return;
    }
    punch_broker_received(broker, packet);
    punch_registration *registration = punch_registry_find(&broker->registry, &hello.initiator);
    if (registration == NULL) {
        register_new(broker, &hello, packet);
    } else {
        register_again(broker, registration, &hello, packet);
    }
}

/* --- sealed signals --------------------------------------------------------------------------- */

/* Nobody has that index: perhaps a peer of our former life. Says so, in no more bytes than came. */
_Static_assert(PUNCH_RESTARTED_BYTES <= PUNCH_CHANNEL_HEADER_BYTES + PUNCH_TAG_BYTES,
               "the hint is not longer than the shortest sealed packet");

static void on_unknown_index(punch_broker *broker, const punch_broker_packet *packet) {
    const punch_datagram *datagram = packet->datagram;
    punch_broker_drop(broker, packet, PUNCH_DROP_UNKNOWN);
    const punch_restarted restarted = {
        .index = punch_channel_index_of(datagram->data, datagram->length),
        .sequence = (uint32_t)punch_get_be(datagram->data + 6, 4), /* channel.h */
        .instance = broker->instance,
    };
    uint8_t bytes[PUNCH_RESTARTED_BYTES];
    const size_t length = punch_restarted_write(&restarted, bytes);
    punch_broker_transmit(broker, &datagram->remote, bytes, length, packet->now_us);
}

static punch_drop drop_of(punch_err open_error) {
    return open_error == PUNCH_ERR_STATE   ? PUNCH_DROP_REPLAY
           : open_error == PUNCH_ERR_PARSE ? PUNCH_DROP_PARSE
                                           : PUNCH_DROP_AUTH;
}

static void dispatch(punch_broker *broker, punch_registration *from, const punch_signal *signal,
                     uint32_t sequence, const punch_broker_packet *packet) {
    if (packet->type == PUNCH_TYPE_REGISTER) {
        on_register(broker, from, signal, sequence, packet->now_us);
    } else if (packet->type == PUNCH_TYPE_CALL) {
        punch_broker_on_call(broker, from, signal, packet);
    } else if (packet->type == PUNCH_TYPE_ACCEPT) {
        punch_broker_on_accept(broker, from, signal, packet);
    } else if (packet->type == PUNCH_TYPE_REFUSE) {
        punch_broker_on_refuse(broker, from, signal, packet);
    } else if (packet->type == PUNCH_TYPE_PROBE) {
        punch_broker_on_probe(broker, from, signal, packet);
    } else if (packet->type == PUNCH_TYPE_ECHO) {
        punch_broker_on_echo(broker, from, signal, packet);
    } else {
        PUNCH_ASSERT_EQ(packet->type, PUNCH_TYPE_GO_ACK);
        punch_broker_on_go_ack(broker, from, signal, packet);
    }
}

static void on_sealed(punch_broker *broker, const punch_broker_packet *packet) {
    const punch_datagram *datagram = packet->datagram;
    if (datagram->length < PUNCH_CHANNEL_HEADER_BYTES + PUNCH_TAG_BYTES) {
        punch_broker_drop(broker, packet, PUNCH_DROP_PARSE);
        return;
    }
    punch_registration *from = punch_registry_at_index(
        &broker->registry, punch_channel_index_of(datagram->data, datagram->length));
    if (from == NULL) {
        on_unknown_index(broker, packet);
        return;
    }
    uint8_t bytes[PUNCH_PACKET_MAX];
    punch_opened opened;
    punch_signal signal;
    memcpy(bytes, datagram->data, datagram->length);
    const punch_err err =
        punch_channel_open(&from->channel, broker->port->crypto, bytes, datagram->length, &opened);
    if (err != PUNCH_OK) {
        punch_broker_drop(broker, packet, drop_of(err));
        return;
    }
    punch_broker_received(broker, packet);
    punch_registry_touch(&broker->registry, from, packet->now_us);
    /* A NAT may have rebound the peer. Packets overtaken on their way are older news than that, and
     * a probe comes from elsewhere on purpose. */
    if (opened.sequence == from->channel.highest && packet->type != PUNCH_TYPE_PROBE &&
        !punch_addr_equal(&from->addr, &datagram->remote)) {
        from->addr = datagram->remote;
        punch_broker_trace_state(broker, &from->addr, "registration moved", 0, packet->now_us);
    }
    if (punch_signal_decode(packet->type, opened.body, opened.body_length, &signal) != PUNCH_OK) {
        punch_broker_drop(broker, packet, PUNCH_DROP_PARSE);
        return;
    }
    dispatch(broker, from, &signal, opened.sequence, packet);
}

/* --- entries ---------------------------------------------------------------------------------- */

static void switchboard(punch_broker *broker, const punch_broker_packet *packet) {
    switch ((punch_type)packet->type) {
    case PUNCH_TYPE_COOKIE_REQUEST:
        on_cookie_request(broker, packet);
        return;
    case PUNCH_TYPE_HELLO:
        on_hello(broker, packet);
        return;
    case PUNCH_TYPE_REGISTER:
    case PUNCH_TYPE_CALL:
    case PUNCH_TYPE_ACCEPT:
    case PUNCH_TYPE_REFUSE:
    case PUNCH_TYPE_GO_ACK:
    case PUNCH_TYPE_PROBE:
    case PUNCH_TYPE_ECHO:
        on_sealed(broker, packet);
        return;
    case PUNCH_TYPE_NONE:
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
        break;
    }
    punch_broker_drop(broker, packet, PUNCH_DROP_TYPE);
}

void punch_broker_on_datagram(punch_broker *broker, const punch_datagram *datagram,
                              punch_time_us now_us) {
    punch_broker_packet packet = {.datagram = datagram, .now_us = now_us};
    if (broker->expiry_at_us <= now_us) {
        expire(broker, now_us);
    }
    if (datagram->length < 2 || datagram->length > PUNCH_PACKET_MAX ||
        !punch_addr_is_sendable(&datagram->remote)) {
        punch_broker_drop(broker, &packet, PUNCH_DROP_PARSE);
        return;
    }
    packet.type = datagram->data[1];
    if (datagram->data[0] != PUNCH_WIRE_VERSION) {
        punch_broker_drop(broker, &packet, PUNCH_DROP_VERSION);
    } else if (datagram->shape != PUNCH_SHAPE_UDP) {
        punch_broker_drop(broker, &packet, PUNCH_DROP_TYPE);
    } else if (!broker->started) {
        punch_broker_drop(broker, &packet, PUNCH_DROP_STATE);
    } else {
        switchboard(broker, &packet);
    }
}

void punch_broker_on_timer(punch_broker *broker, punch_time_us now_us) {
    if (broker->expiry_at_us <= now_us) {
        expire(broker, now_us);
    }
    punch_broker_rendezvous_on_timer(broker, now_us);
}

punch_time_us punch_broker_next_deadline_us(const punch_broker *broker) {
    return punch_time_earlier(broker->expiry_at_us, punch_deadline_heap_due_us(&broker->calls.due));
}

const punch_key *punch_broker_key(const punch_broker *broker) {
    return &broker->identity.public_key;
}

const punch_counters *punch_broker_counters(const punch_broker *broker) {
    return &broker->counters;
}

uint32_t punch_broker_registered_count(const punch_broker *broker) {
    return broker->registry.live_count;
}

uint32_t punch_broker_calls_count(const punch_broker *broker) {
    return punch_broker_calls_live_count(&broker->calls);
}
