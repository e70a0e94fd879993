/* SPDX-License-Identifier: MIT */
#include "broker_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"
#include "punch_test.h"

#define START_US (1000 * PUNCH_US_PER_S)

/* --- the port --------------------------------------------------------------------------------- */

static punch_err port_open(void *host, const punch_addr *bind, uint32_t *sock_out) {
    const fixture_world *world = host;
    (void)bind;
    if (world->opens_fail) {
        return PUNCH_ERR_PORT;
    }
    *sock_out = 7;
    return PUNCH_OK;
}

static void port_close(void *host, uint32_t sock) {
    (void)host;
    (void)sock;
}

static punch_err port_send(void *host, const punch_datagram *datagram) {
    fixture_world *world = host;
    if (world->sends_fail) {
        return PUNCH_ERR_PORT;
    }
    PUNCH_ASSERT_EQ(datagram->sock, 7);
    PUNCH_ASSERT(world->sent_count < FIXTURE_SENT_CAP);
    fixture_packet *packet = &world->sent[world->sent_count++];
    packet->at_us = world->now_us;
    packet->to = datagram->remote;
    packet->length = datagram->length;
    memcpy(packet->data, datagram->data, datagram->length);
    return PUNCH_OK;
}

static void port_random(void *host, uint8_t *out, size_t length) {
    fixture_world *world = host;
    for (size_t i = 0; i < length; i++) {
        out[i] = (uint8_t)punch_rng_u64(&world->rng);
    }
}

static size_t port_local_addrs(void *host, uint32_t sock, punch_addr *out, size_t cap) {
    (void)host;
    (void)sock;
    (void)out;
    (void)cap;
    return 0;
}

static void port_trace(void *host, const punch_trace *record) {
    fixture_world *world = host;
    if (record->kind == PUNCH_TRACE_STATE) {
        world->state_text = record->text;
    }
}

/* --- the world -------------------------------------------------------------------------------- */

fixture_world *fixture_open(uint32_t peers_max, uint32_t calls_max) {
    fixture_world *world = calloc(1, sizeof *world);
    PUNCH_ASSERT(world != NULL);
    PUNCH_ASSERT_EQ(punch_crypto_sodium_init(), PUNCH_OK);
    world->port = (punch_port){
        .sock_open = port_open,
        .sock_close = port_close,
        .send = port_send,
        .random = port_random,
        .local_addrs = port_local_addrs,
        .trace = port_trace,
        .crypto = &punch_crypto_sodium,
    };
    world->rng = punch_rng_stream(1, 2, 3);
    world->now_us = START_US;
    world->config = (punch_broker_config){
        .port = &world->port,
        .host = world,
        .identity_seed = {0xb0},
        .bind = punch_addr_ipv4(0xc0000201, 3478),
        .peers_max = peers_max,
        .calls_max = calls_max,
    };
    world->memory = aligned_alloc(16, punch_broker_size(&world->config));
    PUNCH_ASSERT(world->memory != NULL);
    PUNCH_ASSERT_EQ(punch_broker_init(world->memory, &world->config, &world->broker), PUNCH_OK);
    PUNCH_ASSERT_EQ(punch_broker_start(world->broker, world->now_us), PUNCH_OK);
    return world;
}

void fixture_close(fixture_world *world) {
    free(world->memory);
    free(world);
}

void fixture_deliver(fixture_world *world, const punch_addr *from, const uint8_t *data,
                     size_t length) {
    /* An exact-size copy, so that a sanitizer sees the first byte read past the end. */
    uint8_t *exact = malloc(length > 0 ? length : 1);
    PUNCH_ASSERT(exact != NULL);
    if (length > 0) {
        memcpy(exact, data, length);
    }
    const punch_datagram datagram = {
        .remote = *from, .sock = 7, .length = (uint16_t)length, .data = exact};
    punch_broker_on_datagram(world->broker, &datagram, world->now_us);
    free(exact);
}

void fixture_run_until(fixture_world *world, punch_time_us at_us) {
    for (;;) {
        const punch_time_us due_us = punch_broker_next_deadline_us(world->broker);
        if (due_us > at_us) {
            break;
        }
        world->now_us = punch_time_later(world->now_us, due_us);
        punch_broker_on_timer(world->broker, world->now_us);
        PUNCH_ASSERT(punch_broker_next_deadline_us(world->broker) > world->now_us);
    }
    world->now_us = at_us;
}

const fixture_packet *fixture_take(fixture_world *world) {
    return world->taken_count < world->sent_count ? &world->sent[world->taken_count++] : NULL;
}

size_t fixture_waiting(const fixture_world *world) {
    return world->sent_count - world->taken_count;
}

void fixture_forget_sent(fixture_world *world) {
    world->sent_count = 0;
    world->taken_count = 0;
}

uint64_t fixture_dropped(const fixture_world *world, punch_drop why) {
    return punch_broker_counters(world->broker)->dropped[why];
}

/* --- clients ---------------------------------------------------------------------------------- */

fixture_client fixture_client_of(fixture_world *world, uint32_t number) {
    fixture_client client = {.world = world};
    uint8_t seed[PUNCH_KEY_BYTES] = {0xc1, (uint8_t)number, (uint8_t)(number >> 8)};
    world->port.crypto->keypair_from_seed(seed, &client.identity);
    client.addr = punch_addr_ipv4(0xc6336400 + (number & 0xff), (uint16_t)(4000 + number));
    return client;
}

bool fixture_get_cookie(fixture_client *client) {
    fixture_world *world = client->world;
    uint8_t packet[PUNCH_COOKIE_PACKET_BYTES];
    const uint64_t nonce = punch_rng_u64(&world->rng);
    const size_t length = punch_cookie_request_write(nonce, packet);
    fixture_deliver(world, &client->addr, packet, length);
    const fixture_packet *answer = fixture_take(world);
    uint64_t nonce_back = 0;
    if (!EXPECT("a cookie request is answered", answer != NULL) ||
        !EXPECT_INT("a cookie request is answered by a cookie", answer->data[1],
                    PUNCH_TYPE_COOKIE) ||
        !EXPECT("the cookie goes where the request came from",
                punch_addr_equal(&answer->to, &client->addr)) ||
        !EXPECT_INT("a cookie is as long as its request", answer->length, length)) {
        return false;
    }
    const punch_err err =
        punch_cookie_read(answer->data, answer->length, &nonce_back, &client->cookie);
    return EXPECT_INT("the cookie can be read", err, PUNCH_OK) &&
           EXPECT("the cookie carries the nonce of its request", nonce_back == nonce);
}

static punch_hello_input hello_input(const fixture_client *client) {
    return (punch_hello_input){
        .crypto = client->world->port.crypto,
        .identity = &client->identity,
        .broker = punch_broker_key(client->world->broker),
        .ephemeral_seed = client->ephemeral_seed,
        .index = client->hello_index,
    };
}

void fixture_write_hello(fixture_client *client) {
    port_random(client->world, client->ephemeral_seed, sizeof client->ephemeral_seed);
    client->hello_index = client->hello_index == 0 ? 0x00c11e07 : client->hello_index + 1;
    const punch_hello_input input = hello_input(client);
    client->registration.echo_us = (uint64_t)client->world->now_us + 5;
    const punch_err err =
        punch_hello_write(&input, &client->cookie, &client->registration, &client->hello,
                          client->hello_packet, &client->hello_length);
    EXPECT_INT("HELLO can be written", err, PUNCH_OK);
}

void fixture_send_hello(fixture_client *client) {
    fixture_deliver(client->world, &client->addr, client->hello_packet, client->hello_length);
}

bool fixture_take_welcome(fixture_client *client) {
    const fixture_packet *answer = fixture_take(client->world);
    if (!EXPECT("HELLO is answered", answer != NULL) ||
        !EXPECT_INT("HELLO is answered by WELCOME", answer->data[1], PUNCH_TYPE_WELCOME) ||
        !EXPECT("WELCOME goes where HELLO came from",
                punch_addr_equal(&answer->to, &client->addr)) ||
        !EXPECT("WELCOME is not longer than HELLO", answer->length <= client->hello_length)) {
        return false;
    }
    memcpy(client->scratch, answer->data, answer->length);
    const punch_hello_input input = hello_input(client);
    const punch_err err = punch_welcome_read(&input, &client->hello, client->scratch,
                                             answer->length, &client->taken, &client->channel);
    client->instance = client->taken.instance;
    return EXPECT_INT("WELCOME opens", err, PUNCH_OK);
}

void fixture_register(fixture_client *client) {
    if (fixture_get_cookie(client)) {
        fixture_write_hello(client);
        fixture_send_hello(client);
        (void)fixture_take_welcome(client);
    }
}

punch_token fixture_token(uint8_t number) {
    punch_token token = {{0}};
    token.bytes[0] = 0x70;
    token.bytes[PUNCH_TOKEN_BYTES - 1] = number;
    return token;
}

void fixture_set_tokens(fixture_client *client, const uint8_t *numbers, uint8_t count) {
    for (uint8_t i = 0; i < count; i++) {
        uint8_t digest[PUNCH_KEY_BYTES];
        const punch_token token = fixture_token(numbers[i]);
        client->world->port.crypto->hash(token.bytes, sizeof token.bytes, digest);
        memcpy(client->registration.token_hashes[i].bytes, digest, PUNCH_TOKEN_HASH_BYTES);
    }
    client->registration.token_hash_count = count;
}

size_t fixture_seal(fixture_client *client, uint8_t type, const punch_signal *signal,
                    uint8_t packet[PUNCH_PACKET_MAX]) {
    size_t length = 0;
    punch_err err = punch_signal_encode(type, signal, packet + PUNCH_CHANNEL_HEADER_BYTES,
                                        PUNCH_CHANNEL_BODY_MAX, &length);
    EXPECT_INT("the signal can be encoded", err, PUNCH_OK);
    err = punch_channel_seal(&client->channel, client->world->port.crypto, type, packet, length,
                             &length);
    EXPECT_INT("the signal can be sealed", err, PUNCH_OK);
    return length;
}

void fixture_signal(fixture_client *client, uint8_t type, const punch_signal *signal) {
    uint8_t packet[PUNCH_PACKET_MAX];
    const size_t length = fixture_seal(client, type, signal, packet);
    fixture_deliver(client->world, &client->addr, packet, length);
}

bool fixture_take_signal(fixture_client *client, uint8_t type) {
    const fixture_packet *packet = fixture_take(client->world);
    punch_opened opened;
    if (!EXPECT("there is a signal to take", packet != NULL) ||
        !EXPECT_TEXT("the signal is of the type expected", punch_type_name(packet->data[1]),
                     punch_type_name(type)) ||
        !EXPECT("the signal goes to the client's address",
                punch_addr_equal(&packet->to, &client->addr))) {
        return false;
    }
    memcpy(client->scratch, packet->data, packet->length);
    punch_err err = punch_channel_open(&client->channel, client->world->port.crypto,
                                       client->scratch, packet->length, &opened);
    if (!EXPECT_INT("the signal opens", err, PUNCH_OK)) {
        return false;
    }
    err = punch_signal_decode(type, opened.body, opened.body_length, &client->taken);
    return EXPECT_INT("the signal can be decoded", err, PUNCH_OK);
}
