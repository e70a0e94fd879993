/* SPDX-License-Identifier: MIT */
/*
 * The spare port: what a peer finds out about its hole through the broker, with packets lost, a
 * broker that is gone or refuses, and a network that changes. Protocol §5.
 */
#include <stdlib.h>

#include "net.h"
#include "peer_internal.h"
#include "punch/wire.h"
#include "punch_test.h"

#define S PUNCH_US_PER_S

/* The NAT in front of peer 0's spare port, and what is lost on the way. */
typedef struct {
    punch_time_us lifetime_us; /* of the hole; only packets out refresh it */
    punch_time_us open_until_us;
    uint8_t lost_type;   /* packets of this type are lost, */
    int lost_count;      /* so many of them */
    uint64_t bytes[256]; /* sent, by type */
} wall;

static bool stand_between(net *world, net_packet *packet, void *user) {
    wall *state = user;
    const punch_addr spare = net_spare_addr(world, 0);
    state->bytes[packet->data[1]] += packet->length;
    if (packet->data[1] == state->lost_type && state->lost_count > 0) {
        state->lost_count--;
        return false;
    }
    if (punch_addr_equal(&packet->src, &spare)) {
        state->open_until_us = world->now_us + state->lifetime_us;
    } else if (punch_addr_equal(&packet->dst, &spare)) {
        return world->now_us + world->delay_us < state->open_until_us;
    }
    return true;
}

typedef struct {
    net *world;
    wall state;
} place;

/* Peer 0, whose way to the broker is kept by a strategy that wishes for probes of 20 s. */
static place *fresh(punch_time_us lifetime_us) {
    place *made = calloc(1, sizeof *made);
    PUNCH_ASSERT(made != NULL);
    made->world = malloc(sizeof *made->world);
    PUNCH_ASSERT(made->world != NULL);
    net_init(made->world, &punch_crypto_sodium);
    made->world->configs[0].broker_keepalive = &net_curious_20;
    made->world->configs[0].calls_max = 0;
    made->world->configs[0].messages_max = 0;
    made->world->configs[0].inbox_max = 0;
    net_make_peer(made->world, 0);
    made->state.lifetime_us = lifetime_us;
    made->world->hook = stand_between;
    made->world->hook_user = &made->state;
    net_start(made->world);
    return made;
}

static void done(place *made) {
    net_free(made->world);
    free(made->world);
    free(made);
}

static const net_notebook *book_of(const place *made) {
    return punch_learning_state(made->world->peers[0], &net_curious_20);
}

static void what_a_probe_finds(void) {
    static const struct {
        const char *sentence;
        punch_time_us lifetime_us;
        uint8_t lost_type;
        int lost_count;
        uint32_t held, silent; /* evidence within 35 s, enough for one probe */
        uint8_t attempts;      /* of that evidence */
    } rows[] = {
        {"a hole of 30 s holds for 20 s", 30 * S, 0, 0, 1, 0, 1},
        {"a hole of 15 s does not", 15 * S, 0, 0, 0, 1, 3},
        {"a PROBE is lost", 30 * S, PUNCH_TYPE_PROBE, 1, 1, 0, 1},
        {"two PROBEDs are lost", 30 * S, PUNCH_TYPE_PROBED, 2, 1, 0, 1},
        {"an ECHO is lost: it does not count as an ask", 30 * S, PUNCH_TYPE_ECHO, 1, 1, 0, 1},
        {"an ECHO is lost, and the hole has lapsed", 15 * S, PUNCH_TYPE_ECHO, 1, 0, 1, 3},
        {"an ECHOED is lost: the second comes in", 30 * S, PUNCH_TYPE_ECHOED, 1, 1, 0, 2},
        {"three ECHOEDs are lost: looks like a lapse", 30 * S, PUNCH_TYPE_ECHOED, 3, 0, 1, 3},
        {"an ECHOING is lost: the answer itself is there", 30 * S, PUNCH_TYPE_ECHOING, 1, 1, 0, 1},
        {"an ECHOING is lost: that ask does not count", 15 * S, PUNCH_TYPE_ECHOING, 1, 0, 1, 3},
        {"no ECHO arrives: nothing is learnt", 15 * S, PUNCH_TYPE_ECHO, 1000, 0, 0, 0},
        {"no PROBE arrives: nothing is learnt", 30 * S, PUNCH_TYPE_PROBE, 1000, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        place *made = fresh(rows[i].lifetime_us);
        made->state.lost_type = rows[i].lost_type;
        made->state.lost_count = rows[i].lost_count;
        net_run(made->world, 35 * S);
        const net_notebook *book = book_of(made);
        EXPECT_INT(rows[i].sentence,
                   net_notes_count(book, PUNCH_EVIDENCE_PROBE_HELD, 19 * S, 23 * S), rows[i].held);
        EXPECT_INT(rows[i].sentence,
                   net_notes_count(book, PUNCH_EVIDENCE_PROBE_SILENT, 19 * S, 23 * S),
                   rows[i].silent);
        EXPECT_INT(rows[i].sentence, book->count, rows[i].held + rows[i].silent);
        if (book->count == 1) {
            EXPECT_INT(rows[i].sentence, book->notes[0].attempts, rows[i].attempts);
        }
        const uint64_t *bytes = made->state.bytes;
        EXPECT("PROBEs get no more bytes than they have",
               bytes[PUNCH_TYPE_PROBED] <= bytes[PUNCH_TYPE_PROBE]);
        EXPECT("nor do ECHOs",
               bytes[PUNCH_TYPE_ECHOING] + bytes[PUNCH_TYPE_ECHOED] <= bytes[PUNCH_TYPE_ECHO]);
        EXPECT_INT("the registration has not moved",
                   net_count(made->world, 0, PUNCH_EVENT_BROKER_LOST), 0);
        done(made);
    }
}

static void probing_goes_on(void) {
    place *made = fresh(30 * S);
    net_run(made->world, 600 * S);
    const uint32_t held = net_notes_count(book_of(made), PUNCH_EVIDENCE_PROBE_HELD, 19 * S, 23 * S);
    EXPECT_INT("as many as the notebook has room for", held, 16);
    EXPECT_INT("all told", book_of(made)->count, 600 / 23 - 1);
    EXPECT_INT("two PROBEs each", made->world->sent_by_type[PUNCH_TYPE_PROBE], 2 * (600 / 23));
    EXPECT_INT("one ECHO each", made->world->sent_by_type[PUNCH_TYPE_ECHO], 600 / 23 - 1);
    done(made);
}

static void a_broker_that_restarts_says_nothing_about_the_hole(void) {
    place *made = fresh(30 * S);
    net_run(made->world, 15 * S);
    EXPECT_INT("reset", punch_broker_reset(made->world->broker, &made->world->broker_config),
               PUNCH_OK);
    EXPECT_INT("started",
               punch_broker_start(made->world->broker, net_local(made->world, NET_BROKER)),
               PUNCH_OK);
    net_run(made->world, 45 * S);
    EXPECT("its new life knows no old cookie", made->world->sent_by_type[PUNCH_TYPE_ECHOING] >= 1);
    EXPECT_INT("nothing is learnt", book_of(made)->count, 0);
    net_run(made->world, 120 * S);
    EXPECT("it is tried again after a pause",
           net_notes_count(book_of(made), PUNCH_EVIDENCE_PROBE_HELD, 19 * S, 23 * S) >= 1);
    done(made);
}

static void another_network_ends_a_probe(void) {
    place *made = fresh(30 * S);
    net_run(made->world, 15 * S);
    punch_peer_on_network_change(made->world->peers[0], net_local(made->world, 0));
    net_drain(made->world);
    net_run(made->world, 30 * S);
    EXPECT_INT("what was under way is forgotten", book_of(made)->count, 0);
    EXPECT_INT("the strategy began anew", book_of(made)->resets, 2);
    net_run(made->world, 45 * S);
    EXPECT_INT("and has its next probe", book_of(made)->count, 1);
    done(made);
}

static void only_strategies_in_use_are_probed_for(void) {
    net *world = malloc(sizeof *world);
    PUNCH_ASSERT(world != NULL);
    net_init(world, &punch_crypto_sodium);
    world->configs[0].offers[0] = &punch_keepalive_agreed_15;
    world->configs[0].offers[1] = &net_curious_20;
    world->configs[1].offers[0] = &punch_keepalive_agreed_15;
    world->configs[1].offers[1] = &net_curious_20;
    net_make_peer(world, 0);
    net_make_peer(world, 1);
    punch_call calls[2];
    net_connect(world, &calls[0], &calls[1]);
    net_run(world, world->now_us + 60 * S);
    EXPECT_INT("offered, but not used: no spare port", world->hosts[0].socks, 1);
    EXPECT_INT("and no probes", world->sent_by_type[PUNCH_TYPE_PROBE], 0);
    const punch_keepalive *const offers[] = {&net_curious_20, NULL};
    EXPECT_INT("now it is wanted",
               punch_peer_renegotiate(world->peers[0], calls[0], offers, net_local(world, 0)),
               PUNCH_OK);
    net_run(world, world->now_us + 60 * S);
    EXPECT_INT("a spare port", world->hosts[0].socks, 2);
    EXPECT("and probes", world->sent_by_type[PUNCH_TYPE_PROBE] >= 2);
    punch_peer_stop(world->peers[0], net_local(world, 0));
    net_drain(world);
    EXPECT_INT("both ports are closed with the peer", world->hosts[0].socks, 0);
    net_free(world);
    free(world);
}

static void a_host_without_a_second_port_does_without(void) {
    place *made = fresh(30 * S);
    made->world->hosts[0].socks = 2;
    net_run(made->world, 100 * S);
    EXPECT_INT("no probes", made->world->sent_by_type[PUNCH_TYPE_PROBE], 0);
    EXPECT("registered all the same", punch_peer_is_registered(made->world->peers[0]));
    done(made);
}

static void strangers_at_the_spare_port_are_ignored(void) {
    place *made = fresh(30 * S);
    net_run(made->world, 10 * S);
    const punch_addr *broker = &made->world->hosts[NET_BROKER].addr;
    const punch_counters *counters = punch_peer_counters(made->world->peers[0]);
    const uint64_t sent = counters->sent_packets;
    for (int type = 0; type <= UINT8_MAX; type++) {
        uint8_t packet[64] = {PUNCH_WIRE_VERSION, (uint8_t)type};
        net_inject_spare(made->world, 0, broker, packet, sizeof packet);
    }
    EXPECT_INT("all but two types are none of its business", counters->dropped[PUNCH_DROP_TYPE],
               254);
    EXPECT_INT("nothing is sent", counters->sent_packets, sent);
    net_run(made->world, 35 * S);
    EXPECT_INT("and the probe comes to its end", book_of(made)->count, 1);
    done(made);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"what a probe finds", what_a_probe_finds},
        {"probing goes on", probing_goes_on},
        {"a broker that restarts", a_broker_that_restarts_says_nothing_about_the_hole},
        {"another network ends a probe", another_network_ends_a_probe},
        {"only strategies in use are probed for", only_strategies_in_use_are_probed_for},
        {"a host without a second port", a_host_without_a_second_port_does_without},
        {"strangers at the spare port", strangers_at_the_spare_port_are_ignored},
    };
    return PUNCH_TEST_MAIN("unit_prober", cases);
}
