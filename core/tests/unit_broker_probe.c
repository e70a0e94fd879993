/* SPDX-License-Identifier: MIT */
/*
 * The broker and spare ports: what PROBE and ECHO are answered with, and everything an attacker
 * might want from it. Protocol §5.
 */
#include <stdlib.h>
#include <string.h>

#include "broker_fixture.h"
#include "punch_test.h"

#define S PUNCH_US_PER_S

typedef struct {
    fixture_world *world;
    fixture_client client;
    punch_addr spare;
    punch_signal probed;
} place;

/* A registered client whose spare port has asked once. */
static place fresh(void) {
    place made = {.world = fixture_open(4, 4)};
    made.client = fixture_client_of(made.world, 1);
    fixture_register(&made.client);
    made.spare = made.client.addr;
    made.spare.port = 50001;
    return made;
}

static size_t send_from(place *at, const punch_addr *from, uint8_t type,
                        const punch_signal *signal) {
    uint8_t packet[PUNCH_PACKET_MAX];
    const size_t length = fixture_seal(&at->client, type, signal, packet);
    fixture_deliver(at->world, from, packet, length);
    return length;
}

/* Takes the next answer, which must go there and be of that type; its length, or 0. */
static size_t take_at(place *at, const punch_addr *to, uint8_t type, punch_signal *signal_out) {
    const fixture_packet *answer = fixture_take(at->world);
    punch_opened opened;
    if (!EXPECT("there is an answer", answer != NULL) ||
        !EXPECT_INT("of its type", answer->data[1], type) ||
        !EXPECT("to where it belongs", punch_addr_equal(&answer->to, to))) {
        return 0;
    }
    memcpy(at->client.scratch, answer->data, answer->length);
    if (!EXPECT_INT("it opens",
                    punch_channel_open(&at->client.channel, at->world->port.crypto,
                                       at->client.scratch, answer->length, &opened),
                    PUNCH_OK) ||
        !EXPECT_INT("and can be read",
                    punch_signal_decode(opened.type, opened.body, opened.body_length, signal_out),
                    PUNCH_OK)) {
        return 0;
    }
    return answer->length;
}

static void later(place *at, punch_time_us by_us) {
    fixture_run_until(at->world, at->world->now_us + by_us);
}

static void probe(place *at) {
    const punch_signal question = {.echo_us = 77};
    const size_t asked = send_from(at, &at->spare, PUNCH_TYPE_PROBE, &question);
    const size_t answered = take_at(at, &at->spare, PUNCH_TYPE_PROBED, &at->probed);
    EXPECT_INT("as many bytes back as were sent", answered, asked);
    EXPECT_INT("the question's number", at->probed.echo_us, 77);
    EXPECT("where the port is seen", punch_addr_equal(&at->probed.addr, &at->spare));
    later(at, S);
}

static void a_port_is_told_where_it_is_seen(void) {
    place at = fresh();
    probe(&at);
    fixture_signal(&at.client, PUNCH_TYPE_REGISTER, &at.client.registration);
    EXPECT("the registration has not moved to the spare port",
           fixture_take_signal(&at.client, PUNCH_TYPE_REGISTERED));
    fixture_close(at.world);
}

static void a_cookie_has_it_sent_to(void) {
    place at = fresh();
    punch_signal answer;
    probe(&at);
    punch_signal echo = at.probed;
    echo.echo_us = 78;
    const size_t asked = send_from(&at, &at.client.addr, PUNCH_TYPE_ECHO, &echo);
    const size_t spare = take_at(&at, &at.spare, PUNCH_TYPE_ECHOED, &answer);
    EXPECT_INT("the spare port gets the ask's number", answer.echo_us, 78);
    const size_t main_port = take_at(&at, &at.client.addr, PUNCH_TYPE_ECHOING, &answer);
    EXPECT_INT("the main one hears that it was sent", answer.reason, 0);
    EXPECT("no more bytes in all than were sent", spare + main_port <= asked);
    EXPECT_INT("that is all", fixture_waiting(at.world), 0);
    fixture_close(at.world);
}

static void forged_cookies_send_nothing(void) {
    static const struct {
        const char *sentence;
        uint8_t cookie_bit, port_bit, ip_bit, stamp_bit;
        punch_time_us age_us;
        bool sent;
    } rows[] = {
        {"as it was made", 0, 0, 0, 0, 0, true},
        {"as old as may be", 0, 0, 0, 0, PUNCH_PROBE_SILENCE_US_MAX, true},
        {"too old", 0, 0, 0, 0, PUNCH_PROBE_SILENCE_US_MAX + PUNCH_PROBE_GRACE_US, false},
        {"a bit of the cookie changed", 1, 0, 0, 0, 0, false},
        {"another port", 0, 1, 0, 0, 0, false},
        {"another address", 0, 0, 1, 0, 0, false},
        {"another time", 0, 0, 0, 1, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        place at = fresh();
        punch_signal answer;
        probe(&at);
        for (punch_time_us left_us = rows[i].age_us; left_us > 0; left_us -= 30 * S) {
            later(&at, 30 * S);
            fixture_signal(&at.client, PUNCH_TYPE_REGISTER, &at.client.registration);
            fixture_forget_sent(at.world);
            memset(&at.client.channel.window, 0, sizeof at.client.channel.window);
        }
        punch_signal echo = at.probed;
        echo.cookie.bytes[PUNCH_COOKIE_BYTES - 1] ^= rows[i].cookie_bit;
        echo.addr.port ^= rows[i].port_bit;
        echo.addr.ip[3] ^= rows[i].ip_bit;
        echo.stamp_us ^= rows[i].stamp_bit;
        (void)send_from(&at, &at.client.addr, PUNCH_TYPE_ECHO, &echo);
        EXPECT_INT(rows[i].sentence, fixture_waiting(at.world), rows[i].sent ? 2 : 1);
        if (rows[i].sent) {
            (void)fixture_take(at.world);
        }
        (void)take_at(&at, &at.client.addr, PUNCH_TYPE_ECHOING, &answer);
        EXPECT_INT(rows[i].sentence, answer.reason, rows[i].sent ? 0 : 1);
        fixture_close(at.world);
    }
}

static void a_cookie_is_good_for_its_owner_alone(void) {
    place at = fresh();
    probe(&at);
    place thief = at;
    thief.client = fixture_client_of(at.world, 2);
    fixture_register(&thief.client);
    punch_signal answer;
    (void)send_from(&thief, &thief.client.addr, PUNCH_TYPE_ECHO, &at.probed);
    (void)take_at(&thief, &thief.client.addr, PUNCH_TYPE_ECHOING, &answer);
    EXPECT_INT("refused", answer.reason, 1);
    EXPECT_INT("nothing is sent", fixture_waiting(at.world), 0);
    fixture_close(at.world);
}

static void strangers_get_nothing(void) {
    place at = fresh();
    fixture_client stranger = fixture_client_of(at.world, 3);
    uint8_t packet[PUNCH_PACKET_MAX];
    const punch_signal question = {.echo_us = 77};
    const size_t length = fixture_seal(&at.client, PUNCH_TYPE_PROBE, &question, packet);
    packet[length - 1] ^= 1;
    fixture_deliver(at.world, &stranger.addr, packet, length);
    EXPECT_INT("a packet that does not open is not answered", fixture_waiting(at.world), 0);
    packet[length - 1] ^= 1;
    fixture_deliver(at.world, &at.spare, packet, length);
    (void)fixture_take(at.world);
    later(&at, S);
    fixture_deliver(at.world, &stranger.addr, packet, length);
    EXPECT_INT("nor is one that was heard before, from wherever", fixture_waiting(at.world), 0);
    EXPECT_INT("it is a replay", fixture_dropped(at.world, PUNCH_DROP_REPLAY), 1);
    fixture_close(at.world);
}

static void every_peer_is_rationed(void) {
    place at = fresh();
    probe(&at);
    const uint64_t before = punch_broker_counters(at.world->broker)->sent_packets;
    for (int i = 0; i < 1000; i++) {
        (void)send_from(&at, &at.client.addr, PUNCH_TYPE_ECHO, &at.probed);
        fixture_forget_sent(at.world);
        later(&at, 10000); /* a hundred a second, ten seconds long */
    }
    const uint64_t sent = punch_broker_counters(at.world->broker)->sent_packets - before;
    const uint64_t most = 10 * S / PUNCH_BROKER_PROBE_GAP_US + 1;
    EXPECT("two packets for each ask that is served", sent <= 2 * most);
    EXPECT("and some are", sent >= 2 * (most - 2));
    fixture_close(at.world);
}

static void cookies_do_not_outlive_a_restart(void) {
    place at = fresh();
    punch_signal answer;
    probe(&at);
    EXPECT_INT("reset", punch_broker_reset(at.world->broker, &at.world->config), PUNCH_OK);
    EXPECT_INT("start again", punch_broker_start(at.world->broker, at.world->now_us), PUNCH_OK);
    fixture_register(&at.client);
    (void)send_from(&at, &at.client.addr, PUNCH_TYPE_ECHO, &at.probed);
    (void)take_at(&at, &at.client.addr, PUNCH_TYPE_ECHOING, &answer);
    EXPECT_INT("refused", answer.reason, 1);
    EXPECT_INT("nothing is sent", fixture_waiting(at.world), 0);
    fixture_close(at.world);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"a port is told where it is seen", a_port_is_told_where_it_is_seen},
        {"a cookie has it sent to", a_cookie_has_it_sent_to},
        {"forged cookies send nothing", forged_cookies_send_nothing},
        {"a cookie is good for its owner alone", a_cookie_is_good_for_its_owner_alone},
        {"strangers get nothing", strangers_get_nothing},
        {"every peer is rationed", every_peer_is_rationed},
        {"cookies do not outlive a restart", cookies_do_not_outlive_a_restart},
    };
    return PUNCH_TEST_MAIN("unit_broker_probe", cases);
}
