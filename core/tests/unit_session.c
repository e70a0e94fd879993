/* SPDX-License-Identifier: MIT */
/*
 * Connected sessions: keepalives, are-you-there, the path, negotiation, short messages, hostile
 * packets. Protocol §4-6.
 */
#include <stdlib.h>

#include "net.h"
#include "peer_internal.h"
#include "punch/wire.h"
#include "punch_test.h"

#define S PUNCH_US_PER_S
#define MS PUNCH_US_PER_MS

typedef struct {
    net *world;
    punch_call calls[2];
} pair;

static pair fresh(const char *strategy_a, const char *strategy_b) {
    pair made = {.world = malloc(sizeof(net))};
    const char *names[2] = {strategy_a, strategy_b};
    net_init(made.world, &punch_crypto_sodium);
    for (int i = 0; i < 2; i++) {
        if (names[i] != NULL) {
            made.world->configs[i].offers[0] = punch_keepalive_find(names[i]);
            net_make_peer(made.world, i);
        }
    }
    net_connect(made.world, &made.calls[0], &made.calls[1]);
    return made;
}

static void done(pair *made) {
    net_free(made->world);
    free(made->world);
}

/* Longest silence from each of the two towards the other, of path packets. */
typedef struct {
    punch_time_us last[2];
    punch_time_us longest[2];
    int probes;     /* are-you-theres of side 0 */
    bool mute[2];   /* drops what this side sends to the other */
    bool moved;     /* side 0 now appears at another port */
    bool block_old; /* and packets to its old address are lost */
} watch;

static bool watch_path(net *world, net_packet *packet, void *user) {
    watch *state = user;
    if (packet->data[1] < PUNCH_TYPE_INTRO) {
        return true;
    }
    const int side = packet->src.port == world->hosts[0].addr.port &&
                             punch_addr_equal(&packet->src, &world->hosts[0].addr)
                         ? 0
                         : 1;
    const punch_addr elsewhere = punch_addr_ipv4(0xc0000201, 6000);
    if (state->last[side] != 0 && world->now_us - state->last[side] > state->longest[side]) {
        state->longest[side] = world->now_us - state->last[side];
    }
    state->last[side] = world->now_us;
    state->probes += side == 0 && packet->data[1] == PUNCH_TYPE_ARE_YOU_THERE ? 1 : 0;
    if (state->mute[side]) {
        return false;
    }
    if (side == 0 && state->moved) {
        packet->src = elsewhere;
    }
    if (side == 1 && state->moved) {
        if (punch_addr_equal(&packet->dst, &elsewhere)) {
            packet->dst = world->hosts[0].addr;
            return true;
        }
        return !state->block_old;
    }
    return true;
}

static void outbound_gaps(void) {
    static const struct {
        const char *strategy;
        punch_time_us least, most; /* of the longest outbound gap in five minutes */
    } rows[] = {
        {"agreed-15", 15 * S, 16500 * MS},
        {"seed-bounded", 14 * S, 15 * S},
        {"seed", 14 * S, 30 * S + 40 * MS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pair made = fresh(rows[i].strategy, rows[i].strategy);
        watch state = {0};
        made.world->hook = watch_path;
        made.world->hook_user = &state;
        net_run(made.world, made.world->now_us + 300 * S);
        for (int side = 0; side < 2; side++) {
            EXPECT(rows[i].strategy, state.longest[side] >= rows[i].least);
            EXPECT(rows[i].strategy, state.longest[side] <= rows[i].most);
        }
        EXPECT_INT("both still connected", net_count(made.world, 0, PUNCH_EVENT_ENDED), 0);
        EXPECT_INT("without a single doubt", made.world->sent_by_type[PUNCH_TYPE_ARE_YOU_THERE], 0);
        done(&made);
    }
}

static void seed_has_two_modes(void) {
    static const struct {
        const char *sentence;
        punch_time_us phase_us;    /* of side 0 */
        punch_time_us least, most; /* longest outbound gap of either side */
    } rows[] = {
        {"in step, both send every 15 s and a little", 0, 15 * S, 15 * S + 100 * MS},
        {"out of step, each waits for the other: every 30 s + rtt", 7500 * MS, 30 * S,
         30 * S + 100 * MS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pair made = {.world = malloc(sizeof(net))};
        watch state = {0};
        net_init(made.world, &punch_crypto_sodium);
        for (int side = 0; side < 2; side++) {
            made.world->configs[side].offers[0] = &punch_keepalive_seed;
            made.world->configs[side].options.keepalive_phase_us = side == 0 ? rows[i].phase_us : 0;
            net_make_peer(made.world, side);
        }
        made.world->hook = watch_path;
        made.world->hook_user = &state;
        net_connect(made.world, &made.calls[0], &made.calls[1]);
        net_run(made.world, made.world->now_us + 200 * S);
        const punch_time_us longest = punch_time_later(state.longest[0], state.longest[1]);
        EXPECT(rows[i].sentence, longest >= rows[i].least);
        EXPECT(rows[i].sentence, longest <= rows[i].most);
        EXPECT_INT(rows[i].sentence, net_count(made.world, 0, PUNCH_EVENT_ENDED), 0);
        done(&made);
    }
}

static void silence_is_death(void) {
    pair made = fresh(NULL, NULL);
    watch state = {.mute = {false, true}};
    const punch_time_us began = made.world->now_us;
    made.world->hook = watch_path;
    made.world->hook_user = &state;
    net_run(made.world, began + 120 * S);
    const net_event *ended = net_find(made.world, 0, PUNCH_EVENT_ENDED, 0);
    EXPECT("the deaf side dies", ended != NULL && ended->event.fail == PUNCH_FAIL_DEAD);
    if (ended != NULL) {
        const punch_time_us after =
            ended->event.at_us - made.world->hosts[0].clock_offset_us - began;
        /* <= one slot to our next packet + 16.5 s silence + rtt + 1 s + 20 probes */
        EXPECT("after 20 probes a second apart", after >= 35 * S && after <= 55 * S);
    }
    EXPECT_INT("20 probes, no fewer and no more", state.probes, PUNCH_PROBES_MAX);
    EXPECT("the side that was still heard is told or dies too",
           net_count(made.world, 1, PUNCH_EVENT_ENDED) == 1);
    done(&made);
}

static void a_lost_keepalive_is_asked_about_once(void) {
    pair made = fresh(NULL, NULL);
    watch state = {.mute = {true, false}};
    made.world->hook = watch_path;
    made.world->hook_user = &state;
    net_run(made.world, made.world->now_us + 16 * S); /* one keepalive of side 0 is lost */
    state.mute[0] = false;
    net_run(made.world, made.world->now_us + 60 * S);
    EXPECT("somebody asked", made.world->sent_by_type[PUNCH_TYPE_ARE_YOU_THERE] >= 1);
    EXPECT("a few times at most", made.world->sent_by_type[PUNCH_TYPE_ARE_YOU_THERE] <= 4);
    EXPECT_INT("nobody gave up", net_count(made.world, 0, PUNCH_EVENT_ENDED), 0);
    done(&made);
}

static void the_path_moves_on_an_ack_only(void) {
    pair made = fresh(NULL, NULL);
    watch state = {.moved = true, .block_old = false};
    made.world->hook = watch_path;
    made.world->hook_user = &state;
    net_run(made.world, made.world->now_us + 60 * S);
    EXPECT_INT("packets from elsewhere alone move nothing while the old path answers",
               net_count(made.world, 1, PUNCH_EVENT_MOVED), 0);
    state.block_old = true;
    net_run(made.world, made.world->now_us + 60 * S);
    const net_event *moved = net_find(made.world, 1, PUNCH_EVENT_MOVED, 0);
    EXPECT("when it does not, an acknowledgement from there does", moved != NULL);
    if (moved != NULL) {
        EXPECT_INT("to where it came from", moved->event.remote.port, 6000);
    }
    EXPECT_INT("nobody died",
               net_count(made.world, 0, PUNCH_EVENT_ENDED) +
                   net_count(made.world, 1, PUNCH_EVENT_ENDED),
               0);
    done(&made);
}

static void negotiation(void) {
    static const struct {
        const char *sentence;
        const char *a[3];
        const char *b[3];
        const char *used_a, *used_b;
    } rows[] = {
        {"each direction takes its sender's first choice",
         {"seed", "agreed-15"},
         {"agreed-15", "seed"},
         "seed",
         "agreed-15"},
        {"one not understood is skipped", {"seed-bounded", "seed"}, {"seed"}, "seed", "seed"},
        {"nothing in common: agreed-15", {"seed-bounded"}, {"seed"}, "agreed-15", "agreed-15"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pair made = {.world = malloc(sizeof(net))};
        net_init(made.world, &punch_crypto_sodium);
        for (int k = 0; k < 3; k++) {
            made.world->configs[0].offers[k] =
                rows[i].a[k] ? punch_keepalive_find(rows[i].a[k]) : NULL;
            made.world->configs[1].offers[k] =
                rows[i].b[k] ? punch_keepalive_find(rows[i].b[k]) : NULL;
        }
        net_make_peer(made.world, 0);
        net_make_peer(made.world, 1);
        net_connect(made.world, &made.calls[0], &made.calls[1]);
        punch_call_view view = {0};
        (void)punch_peer_view(made.world->peers[0], made.calls[0], &view);
        EXPECT_TEXT(rows[i].sentence, view.send_keepalive ? view.send_keepalive->name : "none",
                    rows[i].used_a);
        (void)punch_peer_view(made.world->peers[1], made.calls[1], &view);
        EXPECT_TEXT(rows[i].sentence, view.send_keepalive ? view.send_keepalive->name : "none",
                    rows[i].used_b);
        done(&made);
    }
}

/* What the counterparty may say about its offers, from RENEGOTIATE's revision on. */
static void nonsense_in_offers_breaks_nothing(void) {
    static const struct {
        const char *sentence;
        uint8_t count;     /* as it says */
        size_t offers;     /* as there are */
        const char *known; /* stands first; NULL: only unknown ones */
        const char *used;  /* by us, from then on */
    } rows[] = {
        {"none at all", 0, 0, NULL, "agreed-15"},
        {"one that nobody knows", 1, 1, NULL, "agreed-15"},
        {"eight that nobody knows", 8, 8, NULL, "agreed-15"},
        {"more than we keep, of which we know the first", 60, 60, "seed", "seed"},
        {"more than there are: not taken", 9, 8, "seed", "seed-bounded"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pair made = {.world = malloc(sizeof(net))};
        net *world = made.world;
        net_init(world, &punch_crypto_sodium);
        for (int side = 0; side < 2; side++) {
            world->configs[side].offers[0] = &punch_keepalive_seed_bounded;
            world->configs[side].offers[1] = &punch_keepalive_seed;
            net_make_peer(world, side);
        }
        net_connect(world, &made.calls[0], &made.calls[1]);
        uint8_t packet[PUNCH_PACKET_MAX] = {0};
        uint8_t *body = packet + PUNCH_CHANNEL_HEADER_BYTES;
        body[11] = 1; /* highest 4, bitmap 4, revision 4 */
        body[28] = rows[i].count;
        memset(body + 29, 0xee, rows[i].offers * PUNCH_KEEPALIVE_ID_BYTES);
        if (rows[i].known != NULL) {
            memcpy(body + 29, punch_keepalive_find(rows[i].known)->id.bytes,
                   PUNCH_KEEPALIVE_ID_BYTES);
        }
        size_t length = 0;
        (void)punch_channel_seal(&world->peers[0]->calls[made.calls[0] & 0xff].channel,
                                 &punch_crypto_sodium, PUNCH_TYPE_RENEGOTIATE, packet,
                                 29 + rows[i].offers * PUNCH_KEEPALIVE_ID_BYTES, &length);
        net_inject(world, 1, &world->hosts[0].addr, packet, length);
        punch_call_view view = {0};
        (void)punch_peer_view(world->peers[1], made.calls[1], &view);
        EXPECT_TEXT(rows[i].sentence, view.send_keepalive->name, rows[i].used);
        net_run(world, world->now_us + 120 * S);
        EXPECT_INT("still connected", net_count(world, 1, PUNCH_EVENT_ENDED), 0);
        EXPECT_INT("and so is the other", net_count(world, 0, PUNCH_EVENT_ENDED), 0);
        done(&made);
    }
}

static void renegotiation(void) {
    pair made = fresh(NULL, NULL);
    const punch_keepalive *const offers[] = {&punch_keepalive_seed_bounded, NULL};
    punch_call_view view = {0};
    EXPECT_INT("asked",
               punch_peer_renegotiate(made.world->peers[0], made.calls[0], offers,
                                      net_local(made.world, 0)),
               PUNCH_OK);
    net_run(made.world, made.world->now_us + S);
    (void)punch_peer_view(made.world->peers[0], made.calls[0], &view);
    EXPECT_TEXT("our direction changed", view.send_keepalive->name, "seed-bounded");
    (void)punch_peer_view(made.world->peers[1], made.calls[1], &view);
    EXPECT_TEXT("theirs follows what we still understand", view.send_keepalive->name,
                "seed-bounded");
    EXPECT_INT("asked once", made.world->sent_by_type[PUNCH_TYPE_RENEGOTIATE], 1);
    done(&made);
}

static void messages(void) {
    pair made = fresh(NULL, NULL);
    uint32_t number = 0;
    uint8_t text[PUNCH_MESSAGE_MAX + 1] = "hello";
    net *world = made.world;
    EXPECT_INT(
        "taken",
        punch_peer_send(world->peers[0], made.calls[0], text, 5, net_local(world, 0), &number),
        PUNCH_OK);
    net_run(world, world->now_us + S);
    const net_event *got = net_find(world, 1, PUNCH_EVENT_MESSAGE, 0);
    const net_event *outcome = net_find(world, 0, PUNCH_EVENT_OUTCOME, 0);
    EXPECT("arrived", got != NULL && got->event.length == 5 && memcmp(got->data, "hello", 5) == 0);
    EXPECT("acknowledged", outcome != NULL && outcome->event.outcome == PUNCH_MESSAGE_ACKED &&
                               outcome->event.message == number);
    EXPECT_INT("too long",
               punch_peer_send(world->peers[0], made.calls[0], text, sizeof text,
                               net_local(world, 0), &number),
               PUNCH_ERR_TOO_LONG);
    EXPECT_INT(
        "empty",
        punch_peer_send(world->peers[0], made.calls[0], text, 0, net_local(world, 0), &number),
        PUNCH_ERR_ARGUMENT);
    EXPECT_INT("no such call",
               punch_peer_send(world->peers[0], 12345, text, 5, net_local(world, 0), &number),
               PUNCH_ERR_STATE);
    for (int i = 0; i < 4; i++) {
        EXPECT_INT(
            "four fit",
            punch_peer_send(world->peers[0], made.calls[0], text, 5, net_local(world, 0), &number),
            PUNCH_OK);
    }
    EXPECT_INT(
        "the fifth does not",
        punch_peer_send(world->peers[0], made.calls[0], text, 5, net_local(world, 0), &number),
        PUNCH_ERR_CAPACITY);
    done(&made);
}

static bool acks_are_lost(net *world, net_packet *packet, void *user) {
    int *left = user;
    (void)world;
    return packet->data[1] != PUNCH_TYPE_MESSAGE_ACK || (*left)-- <= 0;
}

static void messages_arrive_once(void) {
    pair made = fresh(NULL, NULL);
    uint32_t number = 0;
    int left = 3;
    net *world = made.world;
    world->hook = acks_are_lost;
    world->hook_user = &left;
    (void)punch_peer_send(world->peers[0], made.calls[0], (const uint8_t *)"x", 1,
                          net_local(world, 0), &number);
    net_run(world, world->now_us + 10 * S);
    EXPECT_INT("sent four times (0, 0.25, 0.75, 1.75 s)", world->sent_by_type[PUNCH_TYPE_MESSAGE],
               4);
    EXPECT_INT("handed over once", net_count(world, 1, PUNCH_EVENT_MESSAGE), 1);
    EXPECT_INT("one outcome", net_count(world, 0, PUNCH_EVENT_OUTCOME), 1);
    done(&made);
}

static void messages_may_stay_unconfirmed(void) {
    pair made = fresh(NULL, NULL);
    uint32_t number = 0;
    int left = 1000;
    net *world = made.world;
    world->hook = acks_are_lost;
    world->hook_user = &left;
    const punch_time_us began = net_local(world, 0);
    (void)punch_peer_send(world->peers[0], made.calls[0], (const uint8_t *)"x", 1, began, &number);
    net_run(world, world->now_us + 30 * S);
    const net_event *outcome = net_find(world, 0, PUNCH_EVENT_OUTCOME, 0);
    EXPECT("unconfirmed, though it arrived",
           outcome != NULL && outcome->event.outcome == PUNCH_MESSAGE_UNCONFIRMED);
    if (outcome != NULL) {
        EXPECT_INT("after 20 s", outcome->event.at_us - began, 20 * S);
    }
    EXPECT_INT("still handed over once", net_count(world, 1, PUNCH_EVENT_MESSAGE), 1);
    done(&made);
}

/* Keeps the last packet of a type towards host 1. */
typedef struct {
    uint8_t type;
    net_packet packet;
} capture;

static bool keep(net *world, net_packet *packet, void *user) {
    capture *kept = user;
    if (packet->data[1] == kept->type && punch_addr_equal(&packet->dst, &world->hosts[1].addr)) {
        kept->packet = *packet;
    }
    return true;
}

static void a_full_inbox_acknowledges_nothing(void) {
    pair made = {.world = malloc(sizeof(net))};
    uint32_t number = 0;
    net *world = made.world;
    net_init(world, &punch_crypto_sodium);
    world->configs[1].inbox_max = 0;
    net_make_peer(world, 1);
    net_connect(world, &made.calls[0], &made.calls[1]);
    (void)punch_peer_send(world->peers[0], made.calls[0], (const uint8_t *)"x", 1,
                          net_local(world, 0), &number);
    net_run(world, world->now_us + 5 * S);
    EXPECT_INT("nothing was handed over", net_count(world, 1, PUNCH_EVENT_MESSAGE), 0);
    EXPECT_INT("nothing was acknowledged", world->sent_by_type[PUNCH_TYPE_MESSAGE_ACK], 0);
    EXPECT("and it was counted",
           punch_peer_counters(world->peers[1])->dropped[PUNCH_DROP_FULL] > 0);
    done(&made);
}

static bool acks_to_1_are_lost(net *world, net_packet *packet, void *user) {
    (void)user;
    return packet->data[1] != PUNCH_TYPE_INTRO_ACK ||
           !punch_addr_equal(&packet->dst, &world->hosts[1].addr);
}

static void no_message_before_connected(void) {
    pair made = {.world = malloc(sizeof(net))};
    uint32_t number = 0;
    net *world = made.world;
    net_init(world, &punch_crypto_sodium);
    world->hook = acks_to_1_are_lost;
    net_connect(world, &made.calls[0], &made.calls[1]);
    EXPECT_INT("only the caller is connected", net_count(world, 1, PUNCH_EVENT_CONNECTED), 0);
    EXPECT_INT("it sends",
               punch_peer_send(world->peers[0], made.calls[0], (const uint8_t *)"x", 1,
                               net_local(world, 0), &number),
               PUNCH_OK);
    net_run(world, world->now_us + 5 * S);
    EXPECT_INT("nothing is handed over", net_count(world, 1, PUNCH_EVENT_MESSAGE), 0);
    EXPECT_INT("nor called received", net_count(world, 0, PUNCH_EVENT_OUTCOME), 0);
    world->hook = NULL;
    net_run(world, world->now_us + 10 * S);
    EXPECT_INT("once connected, it is", net_count(world, 1, PUNCH_EVENT_MESSAGE), 1);
    done(&made);
}

/* Sends one INTRO_ACK-like proof from elsewhere for an INTRO of long ago. */
static void an_old_ack_moves_nothing(void) {
    pair made = fresh(NULL, NULL);
    net *world = made.world;
    const punch_call_slot *slot = &world->peers[1]->calls[made.calls[1] & 0xff];
    punch_call_slot *theirs = &world->peers[0]->calls[made.calls[0] & 0xff];
    const punch_addr elsewhere = punch_addr_ipv4(0xcb007105, 666);
    uint8_t packet[PUNCH_PACKET_MAX];
    size_t length = 0;
    /* the very first packet of side 1: an INTRO sent before the path proved itself */
    punch_path_body body = {.nonce = (uint64_t)slot->session.nonce_salt << 40 | 1};
    (void)punch_path_encode(PUNCH_TYPE_INTRO_ACK, &body, packet + PUNCH_CHANNEL_HEADER_BYTES,
                            PUNCH_CHANNEL_BODY_MAX, &length);
    (void)punch_channel_seal(&theirs->channel, &punch_crypto_sodium, PUNCH_TYPE_INTRO_ACK, packet,
                             length, &length);
    net_inject(world, 1, &elsewhere, packet, length);
    EXPECT_INT("authentic, but older than the path", net_count(world, 1, PUNCH_EVENT_MOVED), 0);
    done(&made);
}

static void hostile_packets(void) {
    pair made = fresh(NULL, NULL);
    net *world = made.world;
    capture kept = {.type = PUNCH_TYPE_KEEPALIVE};
    world->hook = keep;
    world->hook_user = &kept;
    net_run(world, world->now_us + 20 * S);
    EXPECT("a keepalive was seen", kept.packet.length > 0);
    const punch_counters before = *punch_peer_counters(world->peers[1]);
    const uint64_t sent = world->sent;
    const punch_addr stranger = punch_addr_ipv4(0xcb007105, 666);
    net_inject(world, 1, &stranger, kept.packet.data, kept.packet.length);
    EXPECT_INT("a replay is counted",
               punch_peer_counters(world->peers[1])->dropped[PUNCH_DROP_REPLAY],
               (int64_t)before.dropped[PUNCH_DROP_REPLAY] + 1);
    for (size_t i = 2; i < kept.packet.length; i++) {
        uint8_t forged[PUNCH_PACKET_MAX];
        memcpy(forged, kept.packet.data, kept.packet.length);
        forged[9] = (uint8_t)(forged[9] + 1); /* a sequence number not yet used */
        forged[i] ^= 0x40;
        net_inject(world, 1, &stranger, forged, kept.packet.length);
    }
    for (unsigned type = 0; type < 256; type++) {
        const uint8_t bare[3] = {PUNCH_WIRE_VERSION, (uint8_t)type, 0};
        net_inject(world, 1, &stranger, bare, sizeof bare);
        net_inject(world, 1, &stranger, bare, 2);
    }
    const uint8_t other_version[4] = {9, 1, 2, 3};
    net_inject(world, 1, &stranger, other_version, sizeof other_version);
    net_inject(world, 1, &stranger, other_version, 0);
    EXPECT_INT("another version is counted",
               punch_peer_counters(world->peers[1])->dropped[PUNCH_DROP_VERSION], 1);
    EXPECT_INT("nothing was answered", (int64_t)world->sent, (int64_t)sent);
    EXPECT_INT("nothing was believed",
               (int64_t)punch_peer_counters(world->peers[1])->received_packets,
               (int64_t)before.received_packets);
    net_run(world, world->now_us + 60 * S);
    EXPECT_INT("and nothing changed",
               net_count(world, 1, PUNCH_EVENT_ENDED) + net_count(world, 1, PUNCH_EVENT_MOVED), 0);
    done(&made);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"keepalives bound the outbound gap", outbound_gaps},
        {"the literal seed rule has two modes", seed_has_two_modes},
        {"silence ends in DEAD", silence_is_death},
        {"one lost keepalive costs a question, not the session",
         a_lost_keepalive_is_asked_about_once},
        {"the path moves on a newer acknowledgement only", the_path_moves_on_an_ack_only},
        {"strategies are negotiated per direction", negotiation},
        {"nonsense in offers breaks nothing", nonsense_in_offers_breaks_nothing},
        {"and renegotiated", renegotiation},
        {"short messages", messages},
        {"lost acknowledgements: repeated, handed over once", messages_arrive_once},
        {"no acknowledgement at all: unconfirmed", messages_may_stay_unconfirmed},
        {"a full inbox acknowledges nothing", a_full_inbox_acknowledges_nothing},
        {"no message before connected", no_message_before_connected},
        {"an old acknowledgement moves nothing", an_old_ack_moves_nothing},
        {"forged, replayed and foreign packets change nothing", hostile_packets},
    };
    if (punch_crypto_sodium_init() != PUNCH_OK) {
        return 1;
    }
    return PUNCH_TEST_MAIN("unit_session", cases);
}
