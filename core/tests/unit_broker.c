/* SPDX-License-Identifier: MIT */
/* A broker and strangers, registrations and their ends (protocol §1, §2); calls: unit_broker_calls.
 */
#include <stdlib.h>
#include <string.h>

#include "broker_fixture.h"
#include "punch/bytes.h"
#include "punch_test.h"

#define EPOCH_US ((punch_time_us)PUNCH_COOKIE_EPOCH_US)

/* --- cookies ---------------------------------------------------------------------------------- */

typedef struct {
    const char *sentence;
    punch_time_us asked_after_us; /* since start, which is when an epoch begins */
    punch_time_us used_after_us;
    bool other_port;
    bool spoiled;
    bool good;
} cookie_row;

static void cookies_hold_for_two_epochs_and_one_address(void) {
    static const cookie_row rows[] = {
        {"used at once", 0, 0, false, false, true},
        {"used at the end of its epoch", 0, EPOCH_US - 1, false, false, true},
        {"used at the end of the next epoch", 0, 2 * EPOCH_US - 1, false, false, true},
        {"used in the epoch after that", 0, 2 * EPOCH_US, false, false, false},
        {"of the end of an epoch, used a minute later", EPOCH_US - 1, 2 * EPOCH_US - 1, false,
         false, true},
        {"of the end of an epoch, too old", EPOCH_US - 1, 2 * EPOCH_US, false, false, false},
        {"used from another port", 0, 0, true, false, false},
        {"with a bit changed", 0, 0, false, true, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const cookie_row *row = &rows[i];
        fixture_world *world = fixture_open(4, 4);
        fixture_client client = fixture_client_of(world, 1);
        const punch_time_us start_us = world->now_us;
        fixture_run_until(world, start_us + row->asked_after_us);
        (void)fixture_get_cookie(&client);
        fixture_run_until(world, start_us + row->used_after_us);
        client.addr.port = (uint16_t)(client.addr.port + row->other_port);
        client.cookie.bytes[15] ^= (uint8_t)row->spoiled;
        fixture_write_hello(&client);
        fixture_send_hello(&client);
        EXPECT_INT(row->sentence, fixture_waiting(world), row->good);
        EXPECT_INT(row->sentence, fixture_dropped(world, PUNCH_DROP_COOKIE), !row->good);
        EXPECT_INT(row->sentence, punch_broker_registered_count(world->broker), row->good);
        fixture_close(world);
    }
}

static void cookies_do_not_outlive_a_restart(void) {
    fixture_world *world = fixture_open(4, 4);
    fixture_client client = fixture_client_of(world, 1);
    (void)fixture_get_cookie(&client);
    EXPECT_INT("reset", punch_broker_reset(world->broker, &world->config), PUNCH_OK);
    EXPECT_INT("start again", punch_broker_start(world->broker, world->now_us), PUNCH_OK);
    fixture_write_hello(&client);
    fixture_send_hello(&client);
    EXPECT_INT("no answer to a cookie of the former life", fixture_waiting(world), 0);
    EXPECT_INT("counted as cookie", fixture_dropped(world, PUNCH_DROP_COOKIE), 1);
    fixture_close(world);
}

/* --- handshake -------------------------------------------------------------------------------- */

static void welcome_says_time_instance_and_address(void) {
    fixture_world *world = fixture_open(4, 4);
    fixture_client client = fixture_client_of(world, 1);
    fixture_register(&client);
    EXPECT_INT("echo", client.taken.echo_us, client.registration.echo_us);
    EXPECT_INT("stamp", client.taken.stamp_us, world->now_us);
    EXPECT("instance is drawn", client.taken.instance != 0);
    EXPECT("address", punch_addr_equal(&client.taken.addr, &client.addr));
    EXPECT("the broker's index is not 0", client.channel.remote_index != 0);
    EXPECT_INT("registered", punch_broker_registered_count(world->broker), 1);
    EXPECT_TEXT("trace", world->state_text, "registered");
    EXPECT_INT("expiry is the only deadline", punch_broker_next_deadline_us(world->broker),
               world->now_us + PUNCH_REGISTRATION_US);
    fixture_close(world);
}

static void an_older_hello_is_a_replay(void) {
    fixture_world *world = fixture_open(4, 4);
    fixture_client client = fixture_client_of(world, 1);
    uint8_t older[PUNCH_PACKET_MAX];
    (void)fixture_get_cookie(&client);
    fixture_write_hello(&client);
    const size_t length = client.hello_length;
    memcpy(older, client.hello_packet, length);
    fixture_write_hello(&client);
    fixture_send_hello(&client);
    EXPECT("the newer one is taken", fixture_take_welcome(&client));
    fixture_deliver(world, &client.addr, older, length);
    EXPECT_INT("the older one, overtaken or replayed, is not",
               fixture_dropped(world, PUNCH_DROP_REPLAY), 1);
    EXPECT_INT("nor answered", fixture_waiting(world), 0);
    fixture_close(world);
}

static void a_repeated_hello_is_a_replay(void) {
    fixture_world *world = fixture_open(4, 4);
    fixture_client client = fixture_client_of(world, 1);
    fixture_register(&client);
    fixture_send_hello(&client);
    EXPECT_INT("no answer", fixture_waiting(world), 0);
    EXPECT_INT("counted as replay", fixture_dropped(world, PUNCH_DROP_REPLAY), 1);
    fixture_signal(&client, PUNCH_TYPE_REGISTER, &client.registration);
    EXPECT("the channel it tried to replace still works",
           fixture_take_signal(&client, PUNCH_TYPE_REGISTERED));
    fixture_close(world);
}

static void a_new_hello_replaces_the_channel(void) {
    fixture_world *world = fixture_open(4, 4);
    fixture_client client = fixture_client_of(world, 1);
    fixture_register(&client);
    fixture_client former = client;
    fixture_run_until(world, world->now_us + 40 * PUNCH_US_PER_S);
    fixture_register(&client);
    fixture_run_until(world, world->now_us + 40 * PUNCH_US_PER_S);
    EXPECT_INT("still one registration, as young as the HELLO",
               punch_broker_registered_count(world->broker), 1);
    EXPECT("another index", client.channel.remote_index != former.channel.remote_index);
    EXPECT("the same instance", client.instance == former.instance);
    fixture_signal(&former, PUNCH_TYPE_REGISTER, &former.registration);
    EXPECT_INT("the former index is unknown", fixture_dropped(world, PUNCH_DROP_UNKNOWN), 1);
    EXPECT_INT("and hinted at", fixture_take(world)->data[1], PUNCH_TYPE_RESTARTED);
    fixture_signal(&client, PUNCH_TYPE_REGISTER, &client.registration);
    EXPECT("the new channel works", fixture_take_signal(&client, PUNCH_TYPE_REGISTERED));
    fixture_close(world);
}

static void a_spoiled_hello_registers_nobody(void) {
    fixture_world *world = fixture_open(4, 4);
    fixture_client client = fixture_client_of(world, 1);
    (void)fixture_get_cookie(&client);
    fixture_write_hello(&client);
    for (size_t at = 22; at < client.hello_length; at++) { /* behind the cookie */
        client.hello_packet[at] ^= 0x40;
        fixture_send_hello(&client);
        client.hello_packet[at] ^= 0x40;
    }
    EXPECT_INT("no answer", fixture_waiting(world), 0);
    EXPECT_INT("nobody registered", punch_broker_registered_count(world->broker), 0);
    EXPECT_INT("all counted as not opened", fixture_dropped(world, PUNCH_DROP_AUTH),
               client.hello_length - 22);
    fixture_close(world);
}

/* --- sealed packets --------------------------------------------------------------------------- */

static void register_is_answered_with_the_time(void) {
    fixture_world *world = fixture_open(4, 4);
    fixture_client client = fixture_client_of(world, 1);
    fixture_register(&client);
    fixture_run_until(world, world->now_us + 15 * PUNCH_US_PER_S);
    client.registration.echo_us = 77;
    fixture_signal(&client, PUNCH_TYPE_REGISTER, &client.registration);
    (void)fixture_take_signal(&client, PUNCH_TYPE_REGISTERED);
    EXPECT_INT("echo", client.taken.echo_us, 77);
    EXPECT_INT("stamp", client.taken.stamp_us, world->now_us);
    EXPECT("instance", client.taken.instance == client.instance);
    EXPECT("address", punch_addr_equal(&client.taken.addr, &client.addr));
    const punch_counters *counters = punch_broker_counters(world->broker);
    EXPECT_INT("authenticated packets", counters->received_packets, 2);
    EXPECT_INT("sent packets: cookie, welcome, registered", counters->sent_packets, 3);
    fixture_close(world);
}

static void sealed_packets_are_checked(void) {
    fixture_world *world = fixture_open(4, 4);
    fixture_client client = fixture_client_of(world, 1);
    fixture_register(&client);
    uint8_t packet[PUNCH_PACKET_MAX];
    const size_t length = fixture_seal(&client, PUNCH_TYPE_REGISTER, &client.registration, packet);
    for (size_t at = 1; at < length; at++) {
        if (at >= 2 && at < 6) {
            continue; /* index: another peer's, or nobody's */
        }
        packet[at] ^= at == 1 ? PUNCH_TYPE_REGISTER ^ PUNCH_TYPE_CALL : 1;
        fixture_deliver(world, &client.addr, packet, length);
        packet[at] ^= at == 1 ? PUNCH_TYPE_REGISTER ^ PUNCH_TYPE_CALL : 1;
    }
    const uint64_t bad =
        fixture_dropped(world, PUNCH_DROP_AUTH) + fixture_dropped(world, PUNCH_DROP_REPLAY);
    EXPECT_INT("a changed bit anywhere is noticed", bad, length - 5);
    EXPECT_INT("no answer", fixture_waiting(world), 0);
    fixture_deliver(world, &client.addr, packet, length);
    EXPECT("the packet as it was is taken", fixture_take_signal(&client, PUNCH_TYPE_REGISTERED));
    const uint64_t replays = fixture_dropped(world, PUNCH_DROP_REPLAY);
    fixture_deliver(world, &client.addr, packet, length);
    EXPECT_INT("once", fixture_waiting(world), 0);
    EXPECT_INT("then it is a replay", fixture_dropped(world, PUNCH_DROP_REPLAY), replays + 1);
    fixture_close(world);
}

static void an_authentic_but_malformed_body_is_dropped(void) {
    fixture_world *world = fixture_open(4, 4);
    fixture_client client = fixture_client_of(world, 1);
    fixture_register(&client);
    uint8_t packet[PUNCH_PACKET_MAX] = {0};
    size_t length = 0;
    packet[PUNCH_CHANNEL_HEADER_BYTES + 8] = PUNCH_TOKENS_MAX + 1; /* token_hash_count */
    (void)punch_channel_seal(&client.channel, world->port.crypto, PUNCH_TYPE_REGISTER, packet, 600,
                             &length);
    fixture_deliver(world, &client.addr, packet, length);
    EXPECT_INT("no answer", fixture_waiting(world), 0);
    EXPECT_INT("counted as malformed", fixture_dropped(world, PUNCH_DROP_PARSE), 1);
    EXPECT_INT("and as authenticated", punch_broker_counters(world->broker)->received_packets, 2);
    fixture_close(world);
}

static void a_registration_follows_its_newest_packet(void) {
    fixture_world *world = fixture_open(4, 4);
    fixture_client client = fixture_client_of(world, 1);
    fixture_register(&client);
    const punch_addr home = client.addr;
    uint8_t late[PUNCH_PACKET_MAX];
    const size_t late_length =
        fixture_seal(&client, PUNCH_TYPE_REGISTER, &client.registration, late);
    client.addr.port = 61000;
    fixture_signal(&client, PUNCH_TYPE_REGISTER, &client.registration);
    EXPECT("answered at the new address", fixture_take_signal(&client, PUNCH_TYPE_REGISTERED));
    EXPECT("which it is told", punch_addr_equal(&client.taken.addr, &client.addr));
    EXPECT_TEXT("trace", world->state_text, "registration moved");
    fixture_deliver(world, &home, late, late_length);
    EXPECT("a packet overtaken on its way moves nothing back",
           fixture_take_signal(&client, PUNCH_TYPE_REGISTERED));
    fixture_close(world);
}

/* --- restart and expiry ----------------------------------------------------------------------- */

static void a_restarted_broker_says_so(void) {
    fixture_world *world = fixture_open(4, 4);
    fixture_client client = fixture_client_of(world, 1);
    fixture_client other = fixture_client_of(world, 2);
    fixture_register(&client);
    EXPECT_INT("reset", punch_broker_reset(world->broker, &world->config), PUNCH_OK);
    EXPECT_INT("nobody is registered", punch_broker_registered_count(world->broker), 0);
    EXPECT_INT("nothing is due", punch_broker_next_deadline_us(world->broker), PUNCH_NEVER);
    EXPECT_INT("start again", punch_broker_start(world->broker, world->now_us), PUNCH_OK);
    fixture_register(&other); /* takes the place the client had */
    uint8_t packet[PUNCH_PACKET_MAX];
    const size_t length = fixture_seal(&client, PUNCH_TYPE_REGISTER, &client.registration, packet);
    fixture_deliver(world, &client.addr, packet, length);
    const fixture_packet *hint = fixture_take(world);
    punch_restarted restarted = {0};
    if (EXPECT("there is a hint", hint != NULL) &&
        EXPECT_INT("that can be read", punch_restarted_read(hint->data, hint->length, &restarted),
                   PUNCH_OK)) {
        EXPECT("it goes to the client", punch_addr_equal(&hint->to, &client.addr));
        EXPECT_INT("it names the index", restarted.index, client.channel.remote_index);
        EXPECT_INT("and the sequence number", restarted.sequence, 1);
        EXPECT("and the new instance", restarted.instance != client.instance);
        EXPECT("which the other client was told", restarted.instance == other.instance);
        EXPECT("it is not longer than what caused it", hint->length <= length);
    }
    fixture_register(&client);
    EXPECT_INT("both are registered", punch_broker_registered_count(world->broker), 2);
    fixture_close(world);
}

static void silent_registrations_are_forgotten(void) {
    fixture_world *world = fixture_open(4, 4);
    fixture_client silent = fixture_client_of(world, 1);
    fixture_client lively = fixture_client_of(world, 2);
    const punch_time_us start_us = world->now_us;
    fixture_register(&silent);
    fixture_register(&lively);
    fixture_run_until(world, start_us + 40 * PUNCH_US_PER_S);
    fixture_signal(&lively, PUNCH_TYPE_REGISTER, &lively.registration);
    fixture_run_until(world, start_us + PUNCH_REGISTRATION_US - 1);
    EXPECT_INT("before a minute both are there", punch_broker_registered_count(world->broker), 2);
    fixture_run_until(world, start_us + PUNCH_REGISTRATION_US);
    EXPECT_INT("after it the lively one is", punch_broker_registered_count(world->broker), 1);
    EXPECT_TEXT("trace", world->state_text, "registration expired");
    EXPECT_INT("who is looked at again when due", punch_broker_next_deadline_us(world->broker),
               start_us + 40 * PUNCH_US_PER_S + PUNCH_REGISTRATION_US);
    fixture_forget_sent(world);
    fixture_signal(&silent, PUNCH_TYPE_REGISTER, &silent.registration);
    EXPECT_INT("the silent one is unknown", fixture_take(world)->data[1], PUNCH_TYPE_RESTARTED);
    fixture_run_until(world, start_us + 40 * PUNCH_US_PER_S + PUNCH_REGISTRATION_US);
    EXPECT_INT("then nobody is left", punch_broker_registered_count(world->broker), 0);
    EXPECT_INT("and nothing due", punch_broker_next_deadline_us(world->broker), PUNCH_NEVER);
    fixture_close(world);
}

static void expiry_does_not_wait_for_the_timer(void) {
    fixture_world *world = fixture_open(4, 4);
    fixture_client client = fixture_client_of(world, 1);
    fixture_register(&client);
    world->now_us += PUNCH_REGISTRATION_US; /* a host that is late with its timers */
    fixture_signal(&client, PUNCH_TYPE_REGISTER, &client.registration);
    EXPECT_INT("a packet at that instant is too late", fixture_take(world)->data[1],
               PUNCH_TYPE_RESTARTED);
    fixture_close(world);
}

static void a_full_table_takes_nobody_until_one_expires(void) {
    fixture_world *world = fixture_open(2, 4);
    fixture_client clients[3];
    for (uint32_t i = 0; i < 3; i++) {
        clients[i] = fixture_client_of(world, i);
    }
    fixture_register(&clients[0]);
    fixture_register(&clients[1]);
    (void)fixture_get_cookie(&clients[2]);
    fixture_write_hello(&clients[2]);
    fixture_send_hello(&clients[2]);
    EXPECT_INT("no answer", fixture_waiting(world), 0);
    EXPECT_INT("counted as full", fixture_dropped(world, PUNCH_DROP_FULL), 1);
    fixture_register(&clients[1]);
    EXPECT_INT("who is in may shake hands again", fixture_dropped(world, PUNCH_DROP_FULL), 1);
    world->now_us += PUNCH_REGISTRATION_US;
    fixture_register(&clients[2]);
    EXPECT_INT("room again", punch_broker_registered_count(world->broker), 1);
    fixture_close(world);
}

/* --- strangers -------------------------------------------------------------------------------- */

/* Every type and length, as noise: whatever is answered is answered with no more bytes, and only
 * cookie requests and what might be a former client's are answered at all. */
static void strangers_get_no_more_bytes_than_they_send(void) {
    fixture_world *world = fixture_open(4, 4);
    fixture_client client = fixture_client_of(world, 1);
    fixture_register(&client);
    const punch_addr stranger = punch_addr_ipv4(0xcb007101, 9);
    uint8_t packet[PUNCH_PACKET_MAX];
    for (size_t i = 0; i < sizeof packet; i++) {
        packet[i] = (uint8_t)punch_rng_u64(&world->rng);
    }
    packet[0] = PUNCH_WIRE_VERSION;
    for (uint32_t type = 0; type < 256; type++) {
        packet[1] = (uint8_t)type;
        for (size_t length = 0; length <= sizeof packet; length += length < 64 ? 1 : 71) {
            fixture_forget_sent(world);
            fixture_deliver(world, &stranger, packet, length);
            const fixture_packet *answer = fixture_take(world);
            const bool may_answer =
                type == PUNCH_TYPE_COOKIE_REQUEST ||
                (type >= PUNCH_TYPE_REGISTER && length >= PUNCH_CHANNEL_HEADER_BYTES);
            EXPECT("only some types are answered", answer == NULL || may_answer);
            EXPECT("with at most as many bytes", answer == NULL || answer->length <= length);
            EXPECT("once", fixture_waiting(world) == 0);
        }
    }
    EXPECT_INT("none of it is authentic", punch_broker_counters(world->broker)->received_packets,
               1);
    EXPECT_INT("nobody else is registered", punch_broker_registered_count(world->broker), 1);
    fixture_close(world);
}

static void every_proper_request_of_a_stranger_is_bounded(void) {
    fixture_world *world = fixture_open(4, 4);
    fixture_client client = fixture_client_of(world, 1);
    EXPECT("a cookie is as long as its request", fixture_get_cookie(&client));
    client.registration.token_hash_count = 0;
    fixture_write_hello(&client);
    const size_t length = client.hello_length;
    client.cookie.bytes[0] ^= 1;
    fixture_write_hello(&client);
    fixture_send_hello(&client);
    EXPECT_INT("a HELLO without a good cookie gets nothing", fixture_waiting(world), 0);
    client.cookie.bytes[0] ^= 1;
    fixture_write_hello(&client);
    fixture_send_hello(&client);
    EXPECT("the shortest HELLO is not shorter than WELCOME", fixture_take_welcome(&client));
    EXPECT_INT("all HELLOs without tokens are as long", client.hello_length, length);
    fixture_close(world);
}

typedef struct {
    const char *sentence;
    size_t length;
    punch_shape shape;
    uint32_t ip;
    punch_drop why;
    uint16_t port;
    uint8_t version;
    uint8_t type;
} drop_row;

static void what_is_not_for_us_is_counted_by_reason(void) {
    static const drop_row rows[] = {
        {"empty", 0, PUNCH_SHAPE_UDP, 0xcb007101, PUNCH_DROP_PARSE, 9, 1, 1},
        {"one byte", 1, PUNCH_SHAPE_UDP, 0xcb007101, PUNCH_DROP_PARSE, 9, 1, 1},
        {"too long", 1201, PUNCH_SHAPE_UDP, 0xcb007101, PUNCH_DROP_PARSE, 9, 1, 1},
        {"from port 0", 26, PUNCH_SHAPE_UDP, 0xcb007101, PUNCH_DROP_PARSE, 0, 1, 1},
        {"from a multicast address", 26, PUNCH_SHAPE_UDP, 0xe0000001, PUNCH_DROP_PARSE, 9, 1, 1},
        {"from the broadcast address", 26, PUNCH_SHAPE_UDP, 0xffffffff, PUNCH_DROP_PARSE, 9, 1, 1},
        {"another version", 26, PUNCH_SHAPE_UDP, 0xcb007101, PUNCH_DROP_VERSION, 9, 2, 1},
        {"shaped like TCP", 26, PUNCH_SHAPE_TCP_SYN, 0xcb007101, PUNCH_DROP_TYPE, 9, 1, 1},
        {"type 0", 26, PUNCH_SHAPE_UDP, 0xcb007101, PUNCH_DROP_TYPE, 9, 1, 0},
        {"type 255", 26, PUNCH_SHAPE_UDP, 0xcb007101, PUNCH_DROP_TYPE, 9, 1, 255},
        {"COOKIE", 26, PUNCH_SHAPE_UDP, 0xcb007101, PUNCH_DROP_TYPE, 9, 1, 2},
        {"RESTARTED", 26, PUNCH_SHAPE_UDP, 0xcb007101, PUNCH_DROP_TYPE, 9, 1, 5},
        {"INTRO", 60, PUNCH_SHAPE_UDP, 0xcb007101, PUNCH_DROP_TYPE, 9, 1, 32},
        {"short COOKIE_REQUEST", 25, PUNCH_SHAPE_UDP, 0xcb007101, PUNCH_DROP_PARSE, 9, 1, 1},
        {"short HELLO", 60, PUNCH_SHAPE_UDP, 0xcb007101, PUNCH_DROP_PARSE, 9, 1, 3},
        {"short REGISTER", 25, PUNCH_SHAPE_UDP, 0xcb007101, PUNCH_DROP_PARSE, 9, 1, 16},
        {"unknown index", 26, PUNCH_SHAPE_UDP, 0xcb007101, PUNCH_DROP_UNKNOWN, 9, 1, 16},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const drop_row *row = &rows[i];
        fixture_world *world = fixture_open(4, 4);
        uint8_t *packet = calloc(1, row->length + 1);
        if (packet != NULL) {
            packet[0] = row->version;
            packet[row->length > 0 ? 1 : 0] = row->type;
        }
        const punch_datagram datagram = {.remote = punch_addr_ipv4(row->ip, row->port),
                                         .shape = (uint8_t)row->shape,
                                         .length = (uint16_t)row->length,
                                         .data = packet};
        punch_broker_on_datagram(world->broker, &datagram, world->now_us);
        for (uint32_t why = 0; why < PUNCH_DROP_COUNT; why++) {
            EXPECT_INT(row->sentence, fixture_dropped(world, (punch_drop)why), why == row->why);
        }
        EXPECT_INT("only what may come of a former life is answered", fixture_waiting(world),
                   row->why == PUNCH_DROP_UNKNOWN);
        free(packet);
        fixture_close(world);
    }
}

/* --- the object ------------------------------------------------------------------------------- */

typedef struct {
    const char *sentence;
    uint32_t peers_max;
    uint32_t calls_max;
    bool good;
} size_row;

static void sizes_have_bounds(void) {
    static const size_row rows[] = {
        {"smallest", 1, 1, true},
        {"no peers", 0, 1, false},
        {"no calls", 1, 0, false},
        {"most peers", 16777216, 1, true},
        {"too many peers", 16777217, 1, false},
        {"most calls", 1, 1048576, true},
        {"too many calls", 1, 1048577, false},
    };
    fixture_world *world = fixture_open(2, 2);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        punch_broker_config config = world->config;
        config.peers_max = rows[i].peers_max;
        config.calls_max = rows[i].calls_max;
        const size_t bytes = punch_broker_size(&config);
        EXPECT_INT(rows[i].sentence, bytes != 0, rows[i].good);
        EXPECT_INT("a multiple of 16", bytes % 16, 0);
        EXPECT_INT("reset takes the same sizes only", punch_broker_reset(world->broker, &config),
                   PUNCH_ERR_ARGUMENT);
    }
    punch_broker_config config = world->config;
    const size_t one = punch_broker_size(&config);
    config.peers_max = 2000000;
    EXPECT("two million registrations fit in a kilobyte each, by far",
           punch_broker_size(&config) - one < 2000000 * (uint64_t)400);
    config.port = NULL;
    punch_broker *broker = NULL;
    EXPECT_INT("no port", punch_broker_init(world->memory, &config, &broker), PUNCH_ERR_ARGUMENT);
    EXPECT("nothing made", broker == NULL);
    fixture_close(world);
}

static void starting_can_fail_and_happens_once(void) {
    fixture_world *world = fixture_open(4, 4);
    EXPECT_INT("twice", punch_broker_start(world->broker, world->now_us), PUNCH_ERR_STATE);
    EXPECT_INT("reset", punch_broker_reset(world->broker, &world->config), PUNCH_OK);
    fixture_client client = fixture_client_of(world, 1);
    uint8_t packet[PUNCH_COOKIE_PACKET_BYTES];
    fixture_deliver(world, &client.addr, packet, punch_cookie_request_write(1, packet));
    EXPECT_INT("before start nothing is answered", fixture_waiting(world), 0);
    EXPECT_INT("but counted", fixture_dropped(world, PUNCH_DROP_STATE), 1);
    world->opens_fail = true;
    EXPECT_INT("no socket", punch_broker_start(world->broker, world->now_us), PUNCH_ERR_PORT);
    world->opens_fail = false;
    EXPECT_INT("may be tried again", punch_broker_start(world->broker, world->now_us), PUNCH_OK);
    world->sends_fail = true;
    fixture_deliver(world, &client.addr, packet, sizeof packet);
    EXPECT_INT("send errors are counted", punch_broker_counters(world->broker)->send_errors, 1);
    EXPECT_INT("and not as sent", punch_broker_counters(world->broker)->sent_packets, 0);
    fixture_close(world);
}

static void a_clock_may_start_below_zero(void) {
    fixture_world *world = fixture_open(4, 4);
    fixture_client client = fixture_client_of(world, 1);
    EXPECT_INT("reset", punch_broker_reset(world->broker, &world->config), PUNCH_OK);
    world->now_us = -100 * PUNCH_US_PER_S;
    EXPECT_INT("start", punch_broker_start(world->broker, world->now_us), PUNCH_OK);
    fixture_register(&client);
    EXPECT_INT("stamp", (punch_time_us)client.taken.stamp_us, world->now_us);
    fixture_run_until(world, -41 * PUNCH_US_PER_S);
    EXPECT_INT("still there", punch_broker_registered_count(world->broker), 1);
    fixture_run_until(world, 0);
    EXPECT_INT("expired", punch_broker_registered_count(world->broker), 0);
    fixture_close(world);
}

static const punch_test_case cases[] = {
    {"cookies hold for two epochs and one address", cookies_hold_for_two_epochs_and_one_address},
    {"cookies do not outlive a restart", cookies_do_not_outlive_a_restart},
    {"WELCOME says time, instance and address", welcome_says_time_instance_and_address},
    {"a repeated HELLO is a replay", a_repeated_hello_is_a_replay},
    {"an older HELLO is a replay", an_older_hello_is_a_replay},
    {"a new HELLO replaces the channel", a_new_hello_replaces_the_channel},
    {"a spoiled HELLO registers nobody", a_spoiled_hello_registers_nobody},
    {"REGISTER is answered with the time", register_is_answered_with_the_time},
    {"sealed packets are checked", sealed_packets_are_checked},
    {"an authentic but malformed body is dropped", an_authentic_but_malformed_body_is_dropped},
    {"a registration follows its newest packet", a_registration_follows_its_newest_packet},
    {"a restarted broker says so", a_restarted_broker_says_so},
    {"silent registrations are forgotten", silent_registrations_are_forgotten},
    {"expiry does not wait for the timer", expiry_does_not_wait_for_the_timer},
    {"a full table takes nobody until one expires", a_full_table_takes_nobody_until_one_expires},
    {"strangers get no more bytes than they send", strangers_get_no_more_bytes_than_they_send},
    {"every proper request of a stranger is bounded",
     every_proper_request_of_a_stranger_is_bounded},
    {"what is not for us is counted by reason", what_is_not_for_us_is_counted_by_reason},
    {"sizes have bounds", sizes_have_bounds},
    {"starting can fail and happens once", starting_can_fail_and_happens_once},
    {"a clock may start below zero", a_clock_may_start_below_zero},
};

int main(void) {
    return PUNCH_TEST_MAIN("broker", cases);
}
