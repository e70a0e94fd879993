/* SPDX-License-Identifier: MIT */
/*
 * A broker on a port that keeps what is sent, and clients made by hand from handshake, channel and
 * codec: they say exactly what a test wants said, also what no peer would say.
 */
#ifndef PUNCH_BROKER_FIXTURE_H
#define PUNCH_BROKER_FIXTURE_H

#include "handshake.h"
#include "punch/broker.h"
#include "punch/rng.h"

#define FIXTURE_SENT_CAP 256

typedef struct {
    punch_time_us at_us;
    punch_addr to;
    uint16_t length;
    uint8_t data[PUNCH_PACKET_MAX];
} fixture_packet;

typedef struct {
    punch_broker *broker;
    punch_broker_config config;
    void *memory;
    punch_port port;
    punch_rng rng;
    punch_time_us now_us;
    bool sends_fail;
    bool opens_fail;
    const char *state_text; /* of the last trace record of that kind */
    fixture_packet sent[FIXTURE_SENT_CAP];
    size_t sent_count;
    size_t taken_count;
} fixture_world;

typedef struct {
    fixture_world *world;
    punch_keypair identity;
    punch_addr addr;
    punch_cookie cookie;
    uint8_t ephemeral_seed[PUNCH_KEY_BYTES];
    punch_hello_state hello;
    uint8_t hello_packet[PUNCH_PACKET_MAX];
    size_t hello_length;
    uint32_t hello_index; /* counts up, as a peer's */
    punch_channel channel;
    uint64_t instance;
    punch_signal registration; /* what HELLO and REGISTER say */
    punch_signal taken;        /* last signal taken; its blob lies in scratch */
    uint8_t scratch[PUNCH_PACKET_MAX];
} fixture_client;

/* A started broker at time 1,000 s; aborts when that fails. Close it again. */
fixture_world *fixture_open(uint32_t peers_max, uint32_t calls_max);
void fixture_close(fixture_world *world);

/* Gives bytes to the broker, from an address. */
void fixture_deliver(fixture_world *world, const punch_addr *from, const uint8_t *data,
                     size_t length);

/* Runs the broker's timers up to and including an instant; that is now then. */
void fixture_run_until(fixture_world *world, punch_time_us at_us);

/* The next packet sent and not yet taken, or NULL. */
const fixture_packet *fixture_take(fixture_world *world);
/* How many wait. */
size_t fixture_waiting(const fixture_world *world);
void fixture_forget_sent(fixture_world *world);

/* A client with key and address of its own number, not registered; the address may be changed. */
fixture_client fixture_client_of(fixture_world *world, uint32_t number);

/* The steps of a registration, each true when it was answered as it should. */
bool fixture_get_cookie(fixture_client *client);
void fixture_write_hello(fixture_client *client);  /* into hello_packet, with a fresh ephemeral */
void fixture_send_hello(fixture_client *client);   /* hello_packet */
bool fixture_take_welcome(fixture_client *client); /* the answer, in `taken` */

/* All of them; EXPECTs that it works. */
void fixture_register(fixture_client *client);

/* Registers these tokens' hashes from the next HELLO or REGISTER on; the token of a number is made
 * of that number. */
void fixture_set_tokens(fixture_client *client, const uint8_t *numbers, uint8_t count);
punch_token fixture_token(uint8_t number);

/* Seals a signal (the type decides which fields matter) and writes it; then it may be delivered. */
size_t fixture_seal(fixture_client *client, uint8_t type, const punch_signal *signal,
                    uint8_t packet[PUNCH_PACKET_MAX]);
void fixture_signal(fixture_client *client, uint8_t type, const punch_signal *signal);

/* Takes the next packet: must be of this type, sent to this client, and open; then in `taken`. */
bool fixture_take_signal(fixture_client *client, uint8_t type);

uint64_t fixture_dropped(const fixture_world *world, punch_drop why);

#endif
