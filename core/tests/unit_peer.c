/* SPDX-License-Identifier: MIT */
/*
 * Registration and calls of whole peers through a broker, without NATs: protocol §1-4.
 */
#include <stdlib.h>

#include "net.h"
#include "peer_internal.h"
#include "punch/wire.h"
#include "punch_test.h"

#define S PUNCH_US_PER_S
#define MS PUNCH_US_PER_MS

static net *fresh(void) {
    net *world = malloc(sizeof *world);
    net_init(world, &punch_crypto_sodium);
    return world;
}

static void done(net *world) {
    net_free(world);
    free(world);
}

/* Drops packets of one type while `left` lasts. */
typedef struct {
    uint8_t type;
    int left;
    int seen;
} drop_rule;

static bool drop_some(net *world, net_packet *packet, void *user) {
    drop_rule *rule = user;
    (void)world;
    if (packet->data[1] != rule->type) {
        return true;
    }
    rule->seen++;
    return rule->left-- <= 0;
}

static void registers(void) {
    net *world = fresh();
    net_start(world);
    net_run(world, S);
    for (int i = 0; i < NET_PEERS; i++) {
        const net_event *event = net_find(world, i, PUNCH_EVENT_REGISTERED, 0);
        punch_time_us offset = 0;
        punch_time_us rtt = 0;
        EXPECT("registered", event != NULL && punch_peer_is_registered(world->peers[i]));
        EXPECT("the broker tells where it sees us",
               event != NULL && punch_addr_equal(&event->event.remote, &world->hosts[i].addr));
        EXPECT_INT("a clock sample exists", punch_peer_broker_clock(world->peers[i], &offset, &rtt),
                   PUNCH_OK);
        EXPECT_INT("round trip measured", rtt, 2 * world->delay_us);
        EXPECT_INT("offset exact on a symmetric path", offset,
                   world->hosts[NET_BROKER].clock_offset_us - world->hosts[i].clock_offset_us);
    }
    EXPECT_INT("four packets each", world->sent, 4 * NET_PEERS);
    EXPECT_INT("the broker knows them", punch_broker_registered_count(world->broker), NET_PEERS);
    done(world);
}

static void keeps_registered(void) {
    net *world = fresh();
    net_start(world);
    net_run(world, 301 * S);
    EXPECT("20 keepalives each in 301 s, give or take the first slot",
           world->sent_by_type[PUNCH_TYPE_REGISTER] >= 19 * NET_PEERS &&
               world->sent_by_type[PUNCH_TYPE_REGISTER] <= 21 * NET_PEERS);
    EXPECT_INT("one handshake was enough", world->sent_by_type[PUNCH_TYPE_HELLO], NET_PEERS);
    done(world);
}

static void survives_losses_of_each_step(void) {
    static const uint8_t types[] = {
        PUNCH_TYPE_COOKIE_REQUEST, PUNCH_TYPE_COOKIE, PUNCH_TYPE_HELLO,
        PUNCH_TYPE_WELCOME,        PUNCH_TYPE_CALL,   PUNCH_TYPE_CALLING,
        PUNCH_TYPE_RING,           PUNCH_TYPE_ACCEPT, PUNCH_TYPE_GO,
        PUNCH_TYPE_GO_ACK,         PUNCH_TYPE_INTRO,  PUNCH_TYPE_INTRO_ACK};
    for (size_t i = 0; i < sizeof types; i++) {
        net *world = fresh();
        drop_rule rule = {.type = types[i], .left = 2};
        punch_call caller;
        world->hook = drop_some;
        world->hook_user = &rule;
        net_start(world);
        net_run(world, 5 * S);
        caller = net_call(world, 0, 1);
        net_run(world, world->now_us + 20 * S);
        (void)caller;
        EXPECT_INT(punch_type_name(types[i]), net_count(world, 0, PUNCH_EVENT_CONNECTED), 1);
        EXPECT_INT(punch_type_name(types[i]), net_count(world, 1, PUNCH_EVENT_CONNECTED), 1);
        EXPECT("the type was there to be lost", rule.seen >= 1);
        done(world);
    }
}

static void connects(void) {
    net *world = fresh();
    punch_call caller;
    punch_call callee;
    punch_call_view view;
    net_connect(world, &caller, &callee);
    const net_event *fired_a = net_find(world, 0, PUNCH_EVENT_FIRED, 0);
    const net_event *fired_b = net_find(world, 1, PUNCH_EVENT_FIRED, 0);
    const net_event *ring = net_find(world, 1, PUNCH_EVENT_RING, 0);
    EXPECT("the callee is told who calls",
           ring != NULL && memcmp(&ring->event.key, punch_peer_key(world->peers[0]),
                                  sizeof ring->event.key) == 0);
    EXPECT("both fired", fired_a != NULL && fired_b != NULL);
    if (fired_a != NULL && fired_b != NULL) {
        EXPECT_INT("at one instant of true time",
                   fired_a->event.at_us - world->hosts[0].clock_offset_us,
                   fired_b->event.at_us - world->hosts[1].clock_offset_us);
    }
    EXPECT_INT("caller connected", net_count(world, 0, PUNCH_EVENT_CONNECTED), 1);
    EXPECT_INT("callee connected", net_count(world, 1, PUNCH_EVENT_CONNECTED), 1);
    EXPECT_INT("the view exists", punch_peer_view(world->peers[0], caller, &view), PUNCH_OK);
    EXPECT("it shows where we send", punch_addr_equal(&view.remote, &world->hosts[1].addr));
    EXPECT_INT("and the path's round trip", view.rtt_us, 2 * world->delay_us);
    EXPECT_INT("one INTRO each way", world->sent_by_type[PUNCH_TYPE_INTRO], 2);
    done(world);
}

static void fire_rules(void) {
    static const struct {
        const char *sentence;
        punch_fire_rule rule;
        punch_time_us after_go; /* local instant of firing minus arrival of GO */
    } rows[] = {
        /* GO is made at T - 70 ms (rtt 40: 20 + margin 50) and arrives 20 ms later. */
        {"same_instant fires at T", PUNCH_FIRE_SAME_INSTANT, 50 * MS},
        {"seed_literal fires half a round trip earlier", PUNCH_FIRE_SEED_LITERAL, 30 * MS},
        {"on_receipt fires at once", PUNCH_FIRE_ON_RECEIPT, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        net *world = fresh();
        punch_call a;
        punch_call b;
        world->configs[0].options.fire_rule = rows[i].rule;
        net_make_peer(world, 0);
        net_connect(world, &a, &b);
        const net_event *go = net_find(world, 0, PUNCH_EVENT_GO, 0);
        const net_event *fired = net_find(world, 0, PUNCH_EVENT_FIRED, 0);
        EXPECT(rows[i].sentence, go != NULL && fired != NULL);
        if (go != NULL && fired != NULL) {
            EXPECT_INT(rows[i].sentence, fired->event.at_us - go->event.at_us, rows[i].after_go);
        }
        done(world);
    }
}

static void unanswered_calls_end(void) {
    net *world = fresh();
    world->accepts = false;
    net_start(world);
    net_run(world, S);
    (void)net_call(world, 0, 1);
    net_run(world, 60 * S);
    const net_event *ended = net_find(world, 0, PUNCH_EVENT_ENDED, 0);
    EXPECT("the caller is told", ended != NULL);
    if (ended != NULL) {
        EXPECT_TEXT("why", punch_fail_name(ended->event.fail), "not_answered");
    }
    done(world);
}

static void refusals(void) {
    net *world = fresh();
    world->accepts = false;
    net_start(world);
    net_run(world, S);
    (void)net_call(world, 0, 1);
    net_run(world, world->now_us + S);
    const net_event *ring = net_find(world, 1, PUNCH_EVENT_RING, 0);
    EXPECT("it rang", ring != NULL);
    drop_rule rule = {.type = PUNCH_TYPE_REFUSE, .left = 1};
    if (ring != NULL) {
        world->hook = drop_some;
        world->hook_user = &rule;
        EXPECT_INT("refused",
                   punch_peer_refuse(world->peers[1], ring->event.call, net_local(world, 1)),
                   PUNCH_OK);
        EXPECT_INT("a stale handle is refused, not misread",
                   punch_peer_accept(world->peers[1], ring->event.call, net_local(world, 1)),
                   PUNCH_ERR_STATE);
    }
    net_run(world, world->now_us + 10 * S);
    const net_event *ended = net_find(world, 0, PUNCH_EVENT_ENDED, 0);
    EXPECT("the caller learns of it although the first REFUSE was lost", ended != NULL);
    if (ended != NULL) {
        EXPECT_TEXT("as a refusal", punch_fail_name(ended->event.fail), "refused");
    }
    done(world);
}

static bool no_path(net *world, net_packet *packet, void *user) {
    (void)world;
    (void)user;
    return packet->data[1] < PUNCH_TYPE_INTRO;
}

static void hanging_up_early(void) {
    net *world = fresh();
    world->accepts = false;
    net_start(world);
    net_run(world, S);
    const punch_call call = net_call(world, 0, 1);
    net_run(world, world->now_us + S);
    EXPECT_INT("hung up", punch_peer_hang_up(world->peers[0], call, net_local(world, 0)), PUNCH_OK);
    net_run(world, world->now_us + S);
    const net_event *ended = net_find(world, 1, PUNCH_EVENT_ENDED, 0);
    EXPECT("the callee's phone stops at once",
           ended != NULL && ended->event.fail == PUNCH_FAIL_BYE);
    done(world);
}

static void ringing_has_an_end(void) {
    net *world = fresh();
    world->accepts = false;
    net_start(world);
    net_run(world, S);
    const punch_call call = net_call(world, 0, 1);
    punch_call_slot *slot = &world->peers[0]->calls[call & 0xff];
    for (int i = 0; i < 60 && slot->state == CALL_CALLING; i++) {
        slot->broker_heard_at_us = net_local(world, 0); /* a broker that says CALLING for ever */
        net_run(world, world->now_us + S);
        EXPECT("ended after 50 s at the latest", i <= 50);
    }
    EXPECT_INT("ended", net_count(world, 0, PUNCH_EVENT_ENDED), 1);
    done(world);
}

static void a_second_ring_gets_another_invitation(void) {
    net *world = fresh();
    punch_call caller;
    punch_call callee;
    uint8_t first[PUNCH_BLOB_MAX];
    uint8_t packet[PUNCH_PACKET_MAX];
    size_t length = 0;
    net_connect(world, &caller, &callee);
    const punch_call_slot *called = &world->peers[1]->calls[callee & 0xff];
    memcpy(first, called->blob, sizeof first);
    const punch_call_slot *calling = &world->peers[0]->calls[caller & 0xff];
    const punch_signal ring = {.call_id = calling->id,
                               .key = *punch_peer_key(world->peers[0]),
                               .blob_length = calling->blob_length,
                               .blob = calling->blob};
    (void)punch_peer_hang_up(world->peers[1], callee, net_local(world, 1));
    net_drain(world);
    net_run(world, world->now_us + 40 * S);
    /* A broker gone bad rings again with what it kept, over its end of the channel. */
    punch_channel theirs = world->peers[1]->link.channel;
    theirs.send_key = world->peers[1]->link.channel.receive_key;
    theirs.remote_index = world->peers[1]->link.channel.local_index;
    theirs.next_sequence = 1000;
    (void)punch_signal_encode(PUNCH_TYPE_RING, &ring, packet + PUNCH_CHANNEL_HEADER_BYTES,
                              PUNCH_CHANNEL_BODY_MAX, &length);
    (void)punch_channel_seal(&theirs, &punch_crypto_sodium, PUNCH_TYPE_RING, packet, length,
                             &length);
    net_inject(world, 1, &world->hosts[NET_BROKER].addr, packet, length);
    EXPECT_INT("it rings again", net_count(world, 1, PUNCH_EVENT_RING), 2);
    const net_event *again = net_find(world, 1, PUNCH_EVENT_RING, 1);
    if (again != NULL) {
        const punch_call_slot *slot = &world->peers[1]->calls[again->event.call & 0xff];
        EXPECT("under another nonce", memcmp(first, slot->blob, 8) != 0);
        /* candidates and offers are the same in both: equal plaintext behind ephemeral and index */
        EXPECT("so nothing repeats", memcmp(first + 44, slot->blob + 44, 20) != 0);
    }
    done(world);
}

static void far_away_brokers(void) {
    static const punch_time_us delays_ms[] = {100, 600, 1000, 1450};
    for (size_t i = 0; i < sizeof delays_ms / sizeof delays_ms[0]; i++) {
        net *world = fresh();
        world->delay_us = delays_ms[i] * MS;
        net_start(world);
        net_run(world, 60 * S);
        EXPECT_INT("a broker up to 3 s away can be registered with",
                   punch_broker_registered_count(world->broker), NET_PEERS);
        done(world);
    }
}

static void hints_bring_one_handshake_a_second(void) {
    net *world = fresh();
    net_start(world);
    net_run(world, 16 * S);
    uint8_t hint[PUNCH_RESTARTED_BYTES];
    const punch_channel *channel = &world->peers[0]->link.channel;
    const punch_restarted restarted = {
        .index = channel->remote_index, .sequence = channel->next_sequence - 1, .instance = 7};
    const uint64_t before = world->sent_by_type[PUNCH_TYPE_HELLO];
    for (int i = 0; i < 30; i++) {
        const punch_restarted now = {.index = world->peers[0]->link.channel.remote_index,
                                     .sequence = world->peers[0]->link.channel.next_sequence - 1,
                                     .instance = 7};
        (void)punch_restarted_write(&now, hint);
        net_inject(world, 0, &world->hosts[NET_BROKER].addr, hint, sizeof hint);
        net_run(world, world->now_us + 100 * MS);
    }
    EXPECT("forged hints cost a handshake a second at most",
           world->sent_by_type[PUNCH_TYPE_HELLO] - before <= 3);
    const punch_restarted foreign = {.index = restarted.index ^ 1, .sequence = 1};
    const uint64_t requests = world->sent_by_type[PUNCH_TYPE_COOKIE_REQUEST];
    (void)punch_restarted_write(&foreign, hint);
    net_run(world, world->now_us + 5 * S);
    net_inject(world, 0, &world->hosts[NET_BROKER].addr, hint, sizeof hint);
    EXPECT_INT("one about another packet costs nothing",
               world->sent_by_type[PUNCH_TYPE_COOKIE_REQUEST], requests);
    done(world);
}

static void intros_are_capped(void) {
    net *world = fresh();
    for (int i = 0; i < 2; i++) {
        world->configs[i].options.backoff_permille =
            1000; /* gaps never grow: only the cap ends it */
        net_make_peer(world, i);
    }
    world->hook = no_path;
    net_start(world);
    net_run(world, S);
    (void)net_call(world, 0, 1);
    net_run(world, world->now_us + 120 * S);
    EXPECT_INT("16 to one address, from either side", world->sent_by_type[PUNCH_TYPE_INTRO],
               2 * PUNCH_INTROS_PER_TARGET_MAX);
    EXPECT_INT("and then it ends", net_count(world, 0, PUNCH_EVENT_ENDED), 1);
    done(world);
}

static void no_membership_oracle(void) {
    net *world = fresh();
    punch_contact wrong_token;
    punch_contact unknown_key;
    punch_call call;
    net_start(world);
    net_run(world, S);
    (void)punch_peer_mint(world->peers[1], net_local(world, 1), &wrong_token);
    net_run(world, world->now_us + S);
    unknown_key = wrong_token;
    unknown_key.callee = *punch_broker_key(world->broker); /* a good key that never registered */
    wrong_token.token.bytes[3] ^= 1;
    const uint64_t before = world->sent;
    (void)punch_peer_call(world->peers[0], &wrong_token, net_local(world, 0), &call);
    net_run(world, world->now_us + S);
    const uint64_t between = world->sent;
    (void)punch_peer_call(world->peers[2], &unknown_key, net_local(world, 2), &call);
    net_run(world, world->now_us + S);
    const net_event *a = net_find(world, 0, PUNCH_EVENT_ENDED, 0);
    const net_event *b = net_find(world, 2, PUNCH_EVENT_ENDED, 0);
    EXPECT("both calls end", a != NULL && b != NULL);
    if (a != NULL && b != NULL) {
        EXPECT_TEXT("wrong token", punch_fail_name(a->event.fail), "unavailable");
        EXPECT_TEXT("unknown key", punch_fail_name(b->event.fail), "unavailable");
    }
    EXPECT_INT("after equally many packets", (int64_t)(world->sent - between),
               (int64_t)(between - before));
    done(world);
}

static void revoked_tokens(void) {
    net *world = fresh();
    punch_contact contact;
    punch_call call;
    net_start(world);
    net_run(world, S);
    (void)punch_peer_mint(world->peers[1], net_local(world, 1), &contact);
    EXPECT_INT("revoked", punch_peer_revoke(world->peers[1], &contact.token, net_local(world, 1)),
               PUNCH_OK);
    EXPECT_INT("not twice", punch_peer_revoke(world->peers[1], &contact.token, net_local(world, 1)),
               PUNCH_ERR_STATE);
    net_run(world, world->now_us + S);
    (void)punch_peer_call(world->peers[0], &contact, net_local(world, 0), &call);
    net_run(world, world->now_us + S);
    const net_event *ended = net_find(world, 0, PUNCH_EVENT_ENDED, 0);
    EXPECT("a revoked token does not ring", ended != NULL &&
                                                ended->event.fail == PUNCH_FAIL_UNAVAILABLE &&
                                                net_count(world, 1, PUNCH_EVENT_RING) == 0);
    done(world);
}

static void restarted_broker(void) {
    net *world = fresh();
    net_start(world);
    net_run(world, S);
    EXPECT_INT("restart", punch_broker_reset(world->broker, &world->broker_config), PUNCH_OK);
    (void)punch_broker_start(world->broker, net_local(world, NET_BROKER));
    net_run(world, 20 * S);
    EXPECT_INT("all registered again at their next keepalive",
               punch_broker_registered_count(world->broker), NET_PEERS);
    EXPECT_INT("and were told", net_count(world, 0, PUNCH_EVENT_REGISTERED), 2);
    (void)net_call(world, 0, 1);
    net_run(world, world->now_us + 2 * S);
    EXPECT_INT("calls work again", net_count(world, 0, PUNCH_EVENT_CONNECTED), 1);
    done(world);
}

static void restarted_while_ringing(void) {
    net *world = fresh();
    world->accepts = false;
    net_start(world);
    net_run(world, S);
    (void)net_call(world, 0, 1);
    net_run(world, world->now_us + S);
    EXPECT_INT("it rings", net_count(world, 1, PUNCH_EVENT_RING), 1);
    EXPECT_INT("restart", punch_broker_reset(world->broker, &world->broker_config), PUNCH_OK);
    (void)punch_broker_start(world->broker, net_local(world, NET_BROKER));
    /* The caller's next poll finds the restart; the callee learns of it at its next keepalive. */
    net_run(world, world->now_us + 20 * S);
    EXPECT_INT("the call goes on", net_count(world, 0, PUNCH_EVENT_ENDED), 0);
    const net_event *ring = net_find(world, 1, PUNCH_EVENT_RING, 0);
    EXPECT_INT("the callee's phone rang once", net_count(world, 1, PUNCH_EVENT_RING), 1);
    if (ring != NULL) {
        (void)punch_peer_accept(world->peers[1], ring->event.call, net_local(world, 1));
    }
    net_run(world, world->now_us + 5 * S);
    EXPECT_INT("and is answered", net_count(world, 0, PUNCH_EVENT_CONNECTED), 1);
    done(world);
}

static void called_after_a_restart(void) {
    net *world = fresh();
    punch_contact contact;
    punch_call call;
    net_start(world);
    net_run(world, 2 * S);
    (void)punch_peer_mint(world->peers[1], net_local(world, 1), &contact);
    net_run(world, 14 * S);
    EXPECT_INT("restart", punch_broker_reset(world->broker, &world->broker_config), PUNCH_OK);
    (void)punch_broker_start(world->broker, net_local(world, NET_BROKER));
    /* The caller learns of it first, and calls while the broker knows nobody else. */
    punch_peer_on_network_change(world->peers[0], net_local(world, 0));
    net_run(world, world->now_us + 100 * MS);
    EXPECT_INT("only the caller is known", punch_broker_registered_count(world->broker), 1);
    (void)punch_peer_call(world->peers[0], &contact, net_local(world, 0), &call);
    net_run(world, world->now_us + 20 * S);
    EXPECT_INT("not yet is not never", net_count(world, 0, PUNCH_EVENT_CONNECTED), 1);
    done(world);
}

/* The broker hears nothing for a while. */
static bool broker_is_deaf(net *world, net_packet *packet, void *user) {
    (void)user;
    return !punch_addr_equal(&packet->dst, &world->hosts[NET_BROKER].addr);
}

static void lost_broker(void) {
    net *world = fresh();
    net_start(world);
    net_run(world, S);
    world->hook = broker_is_deaf;
    net_run(world, 60 * S);
    EXPECT_INT("noticed within a minute", net_count(world, 0, PUNCH_EVENT_BROKER_LOST), 1);
    punch_contact contact;
    punch_call call;
    (void)punch_peer_mint(world->peers[1], net_local(world, 1), &contact);
    (void)punch_peer_call(world->peers[0], &contact, net_local(world, 0), &call);
    net_run(world, world->now_us + 25 * S);
    const net_event *ended = net_find(world, 0, PUNCH_EVENT_ENDED, 0);
    EXPECT("a call meanwhile fails by its name",
           ended != NULL && ended->event.fail == PUNCH_FAIL_BROKER_LOST);
    world->hook = NULL;
    net_run(world, world->now_us + 40 * S);
    EXPECT("and all is well when it is back", punch_peer_is_registered(world->peers[0]));
    done(world);
}

static void hopeless_pairs_give_up(void) {
    net *world = fresh();
    world->hook = no_path;
    net_start(world);
    net_run(world, S);
    (void)net_call(world, 0, 1);
    net_run(world, world->now_us + 120 * S);
    const net_event *ended = net_find(world, 0, PUNCH_EVENT_ENDED, 0);
    const net_event *fired = net_find(world, 0, PUNCH_EVENT_FIRED, 0);
    EXPECT("it ends", ended != NULL && fired != NULL);
    if (ended != NULL && fired != NULL) {
        EXPECT_TEXT("for want of an answer", punch_fail_name(ended->event.fail), "no_answer");
        /* gaps 100 ms x 1.5^k, k = 0..13, in whole microseconds each, then one more 100 ms */
        punch_time_us sum = 100 * MS;
        punch_time_us gap = 100 * MS;
        int rounds = 1;
        for (; gap <= 20 * S; gap = gap * 3 / 2) {
            sum += gap;
            rounds++;
        }
        EXPECT_INT("after exactly the slow backoff", ended->event.at_us - fired->event.at_us, sum);
        EXPECT_INT("with one INTRO a round and side", world->sent_by_type[PUNCH_TYPE_INTRO],
                   2 * rounds);
        EXPECT("within the cap", rounds <= PUNCH_INTROS_PER_TARGET_MAX);
    }
    done(world);
}

static void stops_and_starts(void) {
    net *world = fresh();
    punch_call a;
    punch_call b;
    net_connect(world, &a, &b);
    punch_peer_stop(world->peers[0], net_local(world, 0));
    EXPECT_INT("a stopped peer wants no timer", punch_peer_next_deadline_us(world->peers[0]),
               PUNCH_NEVER);
    net_drain(world);
    net_run(world, world->now_us + S);
    const net_event *ended = net_find(world, 1, PUNCH_EVENT_ENDED, 0);
    EXPECT("the counterparty was told", ended != NULL && ended->event.fail == PUNCH_FAIL_BYE);
    EXPECT_INT("starts again", punch_peer_start(world->peers[0], net_local(world, 0)), PUNCH_OK);
    net_run(world, world->now_us + S);
    EXPECT("and registers", punch_peer_is_registered(world->peers[0]));
    done(world);
}

static void configurations(void) {
    net *world = fresh();
    punch_peer_config config = world->configs[0];
    static const struct {
        const char *sentence;
        uint16_t calls, messages, inbox;
        int32_t jitter;
        uint32_t backoff;
    } rows[] = {
        {"too many calls", PUNCH_CALLS_MAX + 1, 0, 0, 0, 0},
        {"too many messages", 1, PUNCH_MESSAGES_MAX + 1, 0, 0, 0},
        {"too large an inbox", 1, 1, 65, 0, 0},
        {"jitter of half an interval", 1, 1, 1, 500, 0},
        {"shrinking gaps", 1, 1, 1, 0, 999},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        config = world->configs[0];
        config.calls_max = rows[i].calls;
        config.messages_max = rows[i].messages;
        config.inbox_max = rows[i].inbox;
        config.options.keepalive_jitter_permille = rows[i].jitter;
        config.options.backoff_permille = rows[i].backoff;
        EXPECT_INT(rows[i].sentence, punch_peer_size(&config), 0);
    }
    config = world->configs[0];
    config.calls_max = 1;
    EXPECT_INT("reset keeps the sizes", punch_peer_reset(world->peers[0], &config),
               PUNCH_ERR_ARGUMENT);
    done(world);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"peers register and read the broker's clock", registers},
        {"registrations are kept", keeps_registered},
        {"any step may be lost twice", survives_losses_of_each_step},
        {"two peers connect", connects},
        {"fire rules", fire_rules},
        {"nobody accepts", unanswered_calls_end},
        {"the callee refuses", refusals},
        {"hanging up while it rings", hanging_up_early},
        {"ringing has an end", ringing_has_an_end},
        {"a second RING gets another invitation", a_second_ring_gets_another_invitation},
        {"brokers far away", far_away_brokers},
        {"forged hints are rationed", hints_bring_one_handshake_a_second},
        {"INTROs to one address are capped", intros_are_capped},
        {"wrong token and unknown key look alike", no_membership_oracle},
        {"tokens can be taken back", revoked_tokens},
        {"the broker restarts", restarted_broker},
        {"the broker restarts while it rings", restarted_while_ringing},
        {"a call right after a restart", called_after_a_restart},
        {"the broker is lost", lost_broker},
        {"hopeless pairs give up on schedule", hopeless_pairs_give_up},
        {"stop and start", stops_and_starts},
        {"configurations out of range", configurations},
    };
    if (punch_crypto_sodium_init() != PUNCH_OK) {
        return 1;
    }
    return PUNCH_TEST_MAIN("unit_peer", cases);
}
