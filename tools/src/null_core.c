/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A core that does nothing a simulator could be slow for: fixed-size packets, no encoding, no keys,
 * no retries. It stands in for libpunch's peer and broker at link time, so that the benchmark of
 * the simulator runs the world exactly as it is.
 *
 *   register -> registered -> call -> ring -> accept -> go -> intro -> ack: connected
 */
#include <string.h>

#include "bench_bare.h"
#include "punch/broker.h"
#include "punch/wire.h"

typedef struct {
    uint8_t version;
    uint8_t type;
    uint8_t zero[2];
    punch_key key;   /* who is called, or who calls */
    punch_addr addr; /* the counterparty's, in GO */
    uint8_t padding[8];
} null_packet;

_Static_assert(sizeof(null_packet) == BENCH_PACKET_BYTES, "as large as the bare loop's packets");

enum { NULL_EVENTS_MAX = 4, NULL_PEERS_MAX = 2, NULL_CALL = 0 };

struct punch_peer {
    punch_peer_config config;
    punch_key key;
    uint32_t sock;
    bool registered;
    punch_time_us fire_at_us;
    punch_addr remote;
    uint32_t event_count;
    uint32_t event_next;
    punch_event events[NULL_EVENTS_MAX];
    punch_counters counters; /* nothing is counted */
};

typedef struct {
    punch_key key;
    punch_addr addr;
} null_registration;

struct punch_broker {
    punch_broker_config config;
    punch_key key;
    uint32_t sock;
    uint32_t registered;
    null_registration peers[NULL_PEERS_MAX];
    punch_counters counters;
};

static void transmit(const punch_port *port, void *host, uint32_t sock, const punch_addr *to,
                     const null_packet *packet) {
    const punch_datagram datagram = {.remote = *to,
                                     .sock = sock,
                                     .shape = PUNCH_SHAPE_UDP,
                                     .ttl = PUNCH_TTL_DEFAULT,
                                     .length = sizeof *packet,
                                     .data = (const uint8_t *)packet};
    (void)port->send(host, &datagram);
}

static null_packet packet_of(punch_type type, const punch_key *key) {
    null_packet packet;
    memset(&packet, 0, sizeof packet);
    packet.version = PUNCH_WIRE_VERSION;
    packet.type = (uint8_t)type;
    packet.key = *key;
    return packet;
}

static void peer_send(punch_peer *peer, const punch_addr *to, punch_type type,
                      const punch_key *key) {
    const null_packet packet = packet_of(type, key);
    transmit(peer->config.port, peer->config.host, peer->sock, to, &packet);
}

static void emit(punch_peer *peer, punch_event_kind kind, punch_time_us now_us) {
    punch_event *event = &peer->events[peer->event_count++ % NULL_EVENTS_MAX];
    event->kind = kind;
    event->call = NULL_CALL;
    event->at_us = now_us;
    event->remote = peer->remote;
}

const char *punch_event_name(punch_event_kind kind) {
    (void)kind;
    return "event";
}

const char *punch_fail_name(punch_fail fail) {
    (void)fail;
    return "fail";
}

const char *punch_drop_name(punch_drop drop) {
    (void)drop;
    return "drop";
}

size_t punch_peer_size(const punch_peer_config *config) {
    (void)config;
    return sizeof(punch_peer);
}

punch_err punch_peer_reset(punch_peer *peer, const punch_peer_config *config) {
    peer->config = *config;
    memcpy(peer->key.bytes, config->identity_seed, sizeof peer->key.bytes);
    peer->registered = false;
    peer->fire_at_us = PUNCH_NEVER;
    memset(&peer->remote, 0, sizeof peer->remote);
    peer->event_count = 0;
    peer->event_next = 0;
    return PUNCH_OK;
}

punch_err punch_peer_init(void *memory, const punch_peer_config *config, punch_peer **peer_out) {
    punch_peer *peer = memory;
    memset(peer, 0, sizeof *peer);
    *peer_out = peer;
    return punch_peer_reset(peer, config);
}

punch_err punch_peer_start(punch_peer *peer, punch_time_us now_us) {
    (void)now_us;
    const punch_err err =
        peer->config.port->sock_open(peer->config.host, &peer->config.bind, &peer->sock);
    if (err == PUNCH_OK) {
        peer_send(peer, &peer->config.broker_addr, PUNCH_TYPE_REGISTER, &peer->key);
    }
    return err;
}

void punch_peer_on_datagram(punch_peer *peer, const punch_datagram *datagram,
                            punch_time_us now_us) {
    null_packet packet;
    memcpy(&packet, datagram->data, sizeof packet);
    if (packet.type == PUNCH_TYPE_REGISTERED) {
        peer->registered = true;
        emit(peer, PUNCH_EVENT_REGISTERED, now_us);
    } else if (packet.type == PUNCH_TYPE_RING) {
        emit(peer, PUNCH_EVENT_RING, now_us);
        peer->events[(peer->event_count - 1) % NULL_EVENTS_MAX].key = packet.key;
    } else if (packet.type == PUNCH_TYPE_GO) {
        peer->remote = packet.addr;
        peer->fire_at_us = now_us + BENCH_GO_MARGIN_US;
    } else if (packet.type == PUNCH_TYPE_INTRO) {
        peer_send(peer, &datagram->remote, PUNCH_TYPE_INTRO_ACK, &peer->key);
    } else if (packet.type == PUNCH_TYPE_INTRO_ACK) {
        emit(peer, PUNCH_EVENT_CONNECTED, now_us);
    }
}

void punch_peer_on_timer(punch_peer *peer, punch_time_us now_us) {
    if (peer->fire_at_us > now_us) {
        return;
    }
    peer->fire_at_us = PUNCH_NEVER;
    peer_send(peer, &peer->remote, PUNCH_TYPE_INTRO, &peer->key);
    emit(peer, PUNCH_EVENT_FIRED, now_us);
}

punch_time_us punch_peer_next_deadline_us(const punch_peer *peer) {
    return peer->fire_at_us;
}

bool punch_peer_next_event(punch_peer *peer, punch_event *event_out) {
    if (peer->event_next == peer->event_count) {
        return false;
    }
    *event_out = peer->events[peer->event_next++ % NULL_EVENTS_MAX];
    return true;
}

const punch_key *punch_peer_key(const punch_peer *peer) {
    return &peer->key;
}

bool punch_peer_is_registered(const punch_peer *peer) {
    return peer->registered;
}

punch_err punch_peer_mint(punch_peer *peer, punch_time_us now_us, punch_contact *contact_out) {
    (void)now_us;
    memset(contact_out, 0, sizeof *contact_out);
    contact_out->callee = peer->key;
    return PUNCH_OK;
}

punch_err punch_peer_call(punch_peer *peer, const punch_contact *contact, punch_time_us now_us,
                          punch_call *call_out) {
    (void)now_us;
    peer_send(peer, &peer->config.broker_addr, PUNCH_TYPE_CALL, &contact->callee);
    *call_out = NULL_CALL;
    return PUNCH_OK;
}

punch_err punch_peer_accept(punch_peer *peer, punch_call call, punch_time_us now_us) {
    (void)call;
    (void)now_us;
    peer_send(peer, &peer->config.broker_addr, PUNCH_TYPE_ACCEPT, &peer->key);
    return PUNCH_OK;
}

punch_err punch_peer_refuse(punch_peer *peer, punch_call call, punch_time_us now_us) {
    (void)peer;
    (void)call;
    (void)now_us;
    return PUNCH_ERR_UNSUPPORTED;
}

punch_err punch_peer_send(punch_peer *peer, punch_call call, const uint8_t *data, size_t length,
                          punch_time_us now_us, uint32_t *message_out) {
    (void)peer;
    (void)call;
    (void)data;
    (void)length;
    (void)now_us;
    (void)message_out;
    return PUNCH_ERR_UNSUPPORTED;
}

/* One call only: its id is zero at both ends. */
punch_err punch_peer_view(const punch_peer *peer, punch_call call, punch_call_view *view_out) {
    (void)peer;
    (void)call;
    memset(view_out, 0, sizeof *view_out);
    return PUNCH_OK;
}

/* --- the rest of the interface: there, so that nothing of libpunch's peer and broker is linked ---
 */

void punch_peer_stop(punch_peer *peer, punch_time_us now_us) {
    (void)now_us;
    peer->config.port->sock_close(peer->config.host, peer->sock);
}

void punch_peer_on_network_change(punch_peer *peer, punch_time_us now_us) {
    (void)peer;
    (void)now_us;
}

const punch_counters *punch_peer_counters(const punch_peer *peer) {
    return &peer->counters;
}

punch_err punch_peer_broker_clock(const punch_peer *peer, punch_time_us *offset_out,
                                  punch_time_us *rtt_out) {
    (void)peer;
    (void)offset_out;
    (void)rtt_out;
    return PUNCH_ERR_STATE;
}

punch_err punch_peer_revoke(punch_peer *peer, const punch_token *token, punch_time_us now_us) {
    (void)peer;
    (void)token;
    (void)now_us;
    return PUNCH_ERR_UNSUPPORTED;
}

punch_err punch_peer_hang_up(punch_peer *peer, punch_call call, punch_time_us now_us) {
    (void)peer;
    (void)call;
    (void)now_us;
    return PUNCH_ERR_UNSUPPORTED;
}

punch_err punch_peer_renegotiate(punch_peer *peer, punch_call call,
                                 const punch_keepalive *const *offers, punch_time_us now_us) {
    (void)peer;
    (void)call;
    (void)offers;
    (void)now_us;
    return PUNCH_ERR_UNSUPPORTED;
}

const punch_counters *punch_broker_counters(const punch_broker *broker) {
    return &broker->counters;
}

uint32_t punch_broker_registered_count(const punch_broker *broker) {
    return broker->registered;
}

uint32_t punch_broker_calls_count(const punch_broker *broker) {
    (void)broker;
    return 0;
}

size_t punch_broker_size(const punch_broker_config *config) {
    (void)config;
    return sizeof(punch_broker);
}

punch_err punch_broker_reset(punch_broker *broker, const punch_broker_config *config) {
    broker->config = *config;
    memcpy(broker->key.bytes, config->identity_seed, sizeof broker->key.bytes);
    broker->registered = 0;
    return PUNCH_OK;
}

punch_err punch_broker_init(void *memory, const punch_broker_config *config,
                            punch_broker **broker_out) {
    punch_broker *broker = memory;
    memset(broker, 0, sizeof *broker);
    *broker_out = broker;
    return punch_broker_reset(broker, config);
}

punch_err punch_broker_start(punch_broker *broker, punch_time_us now_us) {
    (void)now_us;
    return broker->config.port->sock_open(broker->config.host, &broker->config.bind, &broker->sock);
}

static void broker_send(punch_broker *broker, const punch_addr *to, const null_packet *packet) {
    transmit(broker->config.port, broker->config.host, broker->sock, to, packet);
}

/* The registered peer that has (or has not) that address. */
static uint32_t find_peer(const punch_broker *broker, const punch_addr *addr, bool same) {
    uint32_t i = 0;
    while (i + 1 < broker->registered && punch_addr_equal(&broker->peers[i].addr, addr) != same) {
        i++;
    }
    return i;
}

static void send_go(punch_broker *broker) {
    for (uint32_t i = 0; i < NULL_PEERS_MAX; i++) {
        null_packet go = packet_of(PUNCH_TYPE_GO, &broker->peers[1 - i].key);
        go.addr = broker->peers[1 - i].addr;
        broker_send(broker, &broker->peers[i].addr, &go);
    }
}

void punch_broker_on_datagram(punch_broker *broker, const punch_datagram *datagram,
                              punch_time_us now_us) {
    (void)now_us;
    null_packet packet;
    memcpy(&packet, datagram->data, sizeof packet);
    if (packet.type == PUNCH_TYPE_REGISTER && broker->registered < NULL_PEERS_MAX) {
        null_registration *made = &broker->peers[broker->registered++];
        made->key = packet.key;
        made->addr = datagram->remote;
        const null_packet answer = packet_of(PUNCH_TYPE_REGISTERED, &broker->key);
        broker_send(broker, &datagram->remote, &answer);
    } else if (packet.type == PUNCH_TYPE_CALL) {
        const uint32_t caller = find_peer(broker, &datagram->remote, true);
        const uint32_t callee = find_peer(broker, &datagram->remote, false);
        const null_packet ring = packet_of(PUNCH_TYPE_RING, &broker->peers[caller].key);
        broker_send(broker, &broker->peers[callee].addr, &ring);
    } else if (packet.type == PUNCH_TYPE_ACCEPT && broker->registered == NULL_PEERS_MAX) {
        send_go(broker);
    }
}

void punch_broker_on_timer(punch_broker *broker, punch_time_us now_us) {
    (void)broker;
    (void)now_us;
}

punch_time_us punch_broker_next_deadline_us(const punch_broker *broker) {
    (void)broker;
    return PUNCH_NEVER;
}

const punch_key *punch_broker_key(const punch_broker *broker) {
    return &broker->key;
}
