/* SPDX-License-Identifier: MIT */
/*
 * The inside of a broker, shared by its parts and by nobody else:
 *
 *   broker.c             entries, switchboard, cookie, handshake, registration, expiry
 *   broker_rendezvous.c  CALL, ACCEPT, REFUSE, GO_ACK: what is said to whom, and when again
 *   broker_probe.c       PROBE and ECHO: how peers try their spare ports
 *   broker_outbox.c      sealing, sending, counting, traces
 *   broker_registry.c    who is registered
 *   broker_calls.c       which calls are being set up
 *
 * Memory: punch_broker | registry | calls, in one block.
 */
#ifndef PUNCH_BROKER_INTERNAL_H
#define PUNCH_BROKER_INTERNAL_H

#include "broker_calls.h"
#include "punch/assert.h"
#include "punch/broker.h"

struct punch_broker {
    const punch_port *port;
    void *host;
    punch_keypair identity;
    punch_addr bind;
    uint32_t sock;
    bool started;
    punch_time_us started_at_us;
    /* When to look for registrations to forget: set when it falls due or the first peer comes, not
     * moved by every packet, so that keepalives do not re-arm the host's timer. */
    punch_time_us expiry_at_us;
    punch_key cookie_secret;
    uint64_t instance;
    punch_counters counters;
    punch_registry registry;
    punch_broker_calls calls;
};

/* A datagram as it goes through the switchboard. */
typedef struct {
    const punch_datagram *datagram;
    uint8_t type;
    punch_time_us now_us;
} punch_broker_packet;

/* --- broker_outbox.c -------------------------------------------------------------------------- */

/* Hands finished bytes to the port and counts them. */
void punch_broker_transmit(punch_broker *broker, const punch_addr *to, const uint8_t *bytes,
                           size_t length, punch_time_us now_us);

/* Seals a signal for a registered peer and sends it to where it was last heard from. */
void punch_broker_signal(punch_broker *broker, punch_registration *to, uint8_t type,
                         const punch_signal *signal, punch_time_us now_us);

/* The same to another address of that peer. */
void punch_broker_signal_at(punch_broker *broker, punch_registration *to, const punch_addr *at,
                            uint8_t type, const punch_signal *signal, punch_time_us now_us);

void punch_broker_drop(punch_broker *broker, const punch_broker_packet *packet, punch_drop why);

/* Counts and traces an authenticated packet. */
void punch_broker_received(punch_broker *broker, const punch_broker_packet *packet);

void punch_broker_trace_state(const punch_broker *broker, const punch_addr *remote,
                              const char *text, int64_t number, punch_time_us now_us);

/* --- broker_rendezvous.c ---------------------------------------------------------------------- */

/* One per signal, authenticated as coming from that registration. */
void punch_broker_on_call(punch_broker *broker, punch_registration *from,
                          const punch_signal *signal, const punch_broker_packet *packet);
void punch_broker_on_accept(punch_broker *broker, const punch_registration *from,
                            const punch_signal *signal, const punch_broker_packet *packet);
void punch_broker_on_refuse(punch_broker *broker, const punch_registration *from,
                            const punch_signal *signal, const punch_broker_packet *packet);
void punch_broker_on_go_ack(punch_broker *broker, const punch_registration *from,
                            const punch_signal *signal, const punch_broker_packet *packet);

/* Repeats and ends what is due. */
void punch_broker_rendezvous_on_timer(punch_broker *broker, punch_time_us now_us);

/* --- broker_probe.c --------------------------------------------------------------------------- */

void punch_broker_on_probe(punch_broker *broker, punch_registration *from,
                           const punch_signal *signal, const punch_broker_packet *packet);
void punch_broker_on_echo(punch_broker *broker, punch_registration *from,
                          const punch_signal *signal, const punch_broker_packet *packet);

#endif
