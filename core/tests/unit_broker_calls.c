/* SPDX-License-Identifier: MIT */
/* Calls through a broker: who may ring whom, what is said when, and how often (protocol §3). */
#include <string.h>

#include "broker_fixture.h"
#include "punch_test.h"

#define MS PUNCH_US_PER_MS
#define SECOND PUNCH_US_PER_S

/* A broker, a caller and a callee with two tokens, both registered. */
typedef struct {
    fixture_world *world;
    fixture_client caller;
    fixture_client callee;
} pair;

static pair open_pair(uint32_t peers_max, uint32_t calls_max) {
    pair p = {.world = fixture_open(peers_max, calls_max)};
    p.caller = fixture_client_of(p.world, 1);
    p.callee = fixture_client_of(p.world, 2);
    fixture_set_tokens(&p.callee, (const uint8_t[]){10, 11}, 2);
    fixture_register(&p.caller);
    fixture_register(&p.callee);
    fixture_forget_sent(p.world);
    return p;
}

static punch_call_id id_of(uint8_t number) {
    punch_call_id id = {{0}};
    id.bytes[0] = 0x1d;
    id.bytes[PUNCH_CALL_ID_BYTES - 1] = number;
    return id;
}

static const uint8_t caller_blob[5] = {1, 2, 3, 4, 5};
static const uint8_t callee_blob[PUNCH_BLOB_MAX] = {9, 8, 7};

static void say_call(fixture_client *from, const fixture_client *to, uint8_t id, uint8_t token,
                     uint32_t rtt_us) {
    const punch_signal call = {.call_id = id_of(id),
                               .token = fixture_token(token),
                               .key = to->identity.public_key,
                               .rtt_us = rtt_us,
                               .blob_length = sizeof caller_blob,
                               .blob = caller_blob};
    fixture_signal(from, PUNCH_TYPE_CALL, &call);
}

static void say(fixture_client *from, uint8_t type, uint8_t id) {
    const punch_signal signal = {.call_id = id_of(id),
                                 .rtt_us = 40000,
                                 .blob_length = sizeof callee_blob,
                                 .blob = callee_blob};
    fixture_signal(from, type, &signal);
}

/* A call that rings; nothing is left to take. */
static void ring(pair *p, uint8_t id) {
    say_call(&p->caller, &p->callee, id, 10, 100000);
    EXPECT("the caller is told that it rings", fixture_take_signal(&p->caller, PUNCH_TYPE_CALLING));
    EXPECT("the callee is rung", fixture_take_signal(&p->callee, PUNCH_TYPE_RING));
}

/* The same, accepted: both have their first GO. */
static void go(pair *p, uint8_t id) {
    ring(p, id);
    say(&p->callee, PUNCH_TYPE_ACCEPT, id);
    EXPECT("GO to the caller", fixture_take_signal(&p->caller, PUNCH_TYPE_GO));
    EXPECT("GO to the callee", fixture_take_signal(&p->callee, PUNCH_TYPE_GO));
}

/* Everything sent to a client is of this type and was sent so many microseconds after t0. */
static void expect_times(const fixture_world *world, const fixture_client *to, uint8_t type,
                         punch_time_us t0_us, const punch_time_us *after_us, size_t count) {
    size_t found = 0;
    for (size_t i = world->taken_count; i < world->sent_count; i++) {
        const fixture_packet *packet = &world->sent[i];
        if (punch_addr_equal(&packet->to, &to->addr) && packet->data[1] == type) {
            if (found < count) {
                EXPECT_INT("sent at", packet->at_us - t0_us, after_us[found]);
            }
            found++;
        }
    }
    EXPECT_INT("sent so often", found, count);
}

/* --- who may call whom ------------------------------------------------------------------------ */

typedef struct {
    const char *sentence;
    bool known; /* the key called is registered */
    bool self;
    uint8_t token;
    bool rings;
} token_row;

static void wrong_tokens_and_unknown_keys_get_the_same_answer(void) {
    static const token_row rows[] = {
        {"first token", true, false, 10, true},  {"second token", true, false, 11, true},
        {"wrong token", true, false, 12, false}, {"unknown key", false, false, 10, false},
        {"oneself", true, true, 10, false},
    };
    size_t refused_length = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const token_row *row = &rows[i];
        pair p = open_pair(4, 4);
        fixture_client unknown = fixture_client_of(p.world, 3);
        fixture_client *from = row->self ? &p.callee : &p.caller;
        say_call(from, row->known ? &p.callee : &unknown, 1, row->token, 0);
        EXPECT_INT(row->sentence, punch_broker_calls_count(p.world->broker), row->rings);
        EXPECT_INT("answers", fixture_waiting(p.world), row->rings ? 2 : 1);
        if (!row->rings && fixture_take_signal(from, PUNCH_TYPE_REFUSED)) {
            const size_t length = p.world->sent[0].length;
            EXPECT_INT("reason", from->taken.reason, PUNCH_FAIL_UNAVAILABLE);
            EXPECT_BYTES("call id", from->taken.call_id.bytes, id_of(1).bytes, PUNCH_CALL_ID_BYTES);
            refused_length = refused_length != 0 ? refused_length : length;
            EXPECT_INT("all such answers are as long", length, refused_length);
        }
        fixture_close(p.world);
    }
}

static void a_register_replaces_the_tokens(void) {
    pair p = open_pair(4, 4);
    fixture_set_tokens(&p.callee, (const uint8_t[]){12}, 1);
    fixture_signal(&p.callee, PUNCH_TYPE_REGISTER, &p.callee.registration);
    (void)fixture_take_signal(&p.callee, PUNCH_TYPE_REGISTERED);
    for (uint8_t token = 10; token <= 11; token++) {
        say_call(&p.caller, &p.callee, token, token, 0);
        EXPECT("a token taken back rings nobody",
               fixture_take_signal(&p.caller, PUNCH_TYPE_REFUSED));
    }
    say_call(&p.caller, &p.callee, 12, 12, 0);
    EXPECT("the new token rings", fixture_take_signal(&p.caller, PUNCH_TYPE_CALLING));
    fixture_set_tokens(&p.callee, NULL, 0);
    fixture_forget_sent(p.world);
    fixture_signal(&p.callee, PUNCH_TYPE_REGISTER, &p.callee.registration);
    (void)fixture_take_signal(&p.callee, PUNCH_TYPE_REGISTERED);
    say_call(&p.caller, &p.callee, 13, 12, 0);
    EXPECT("without tokens nobody rings", fixture_take_signal(&p.caller, PUNCH_TYPE_REFUSED));
    fixture_close(p.world);
}

static void an_overtaken_register_brings_nothing_back(void) {
    pair p = open_pair(4, 4);
    uint8_t overtaken[PUNCH_PACKET_MAX];
    fixture_set_tokens(&p.callee, (const uint8_t[]){10}, 1);
    const size_t length =
        fixture_seal(&p.callee, PUNCH_TYPE_REGISTER, &p.callee.registration, overtaken);
    fixture_set_tokens(&p.callee, NULL, 0);
    fixture_signal(&p.callee, PUNCH_TYPE_REGISTER, &p.callee.registration);
    (void)fixture_take_signal(&p.callee, PUNCH_TYPE_REGISTERED);
    fixture_deliver(p.world, &p.callee.addr, overtaken, length);
    EXPECT("it is answered", fixture_take_signal(&p.callee, PUNCH_TYPE_REGISTERED));
    say_call(&p.caller, &p.callee, 1, 10, 0);
    EXPECT("but its tokens stay revoked", fixture_take_signal(&p.caller, PUNCH_TYPE_REFUSED));
    fixture_close(p.world);
}

static void a_caller_may_hang_up_while_it_rings(void) {
    pair p = open_pair(4, 4);
    ring(&p, 1);
    say(&p.caller, PUNCH_TYPE_REFUSE, 1);
    EXPECT("the callee is told", fixture_take_signal(&p.callee, PUNCH_TYPE_REFUSED));
    EXPECT_INT("why", p.callee.taken.reason, PUNCH_FAIL_BYE);
    EXPECT("the caller gets its answer", fixture_take_signal(&p.caller, PUNCH_TYPE_REFUSED));
    say(&p.callee, PUNCH_TYPE_ACCEPT, 1);
    EXPECT_INT("and nothing can be accepted any more", fixture_waiting(p.world), 0);
    fixture_close(p.world);
}

static void third_parties_decide_nothing(void) {
    static const uint8_t types[] = {PUNCH_TYPE_ACCEPT, PUNCH_TYPE_REFUSE, PUNCH_TYPE_GO_ACK};
    pair p = open_pair(4, 4);
    fixture_client third = fixture_client_of(p.world, 3);
    fixture_set_tokens(&third, (const uint8_t[]){10}, 1);
    fixture_register(&third);
    ring(&p, 1);
    uint64_t dropped = fixture_dropped(p.world, PUNCH_DROP_STATE);
    for (size_t i = 0; i < sizeof types; i++) {
        say(&third, types[i], 1);
        EXPECT_INT("a third party is not listened to", fixture_dropped(p.world, PUNCH_DROP_STATE),
                   ++dropped);
        if (types[i] != PUNCH_TYPE_REFUSE) { /* that would be hanging up */
            say(&p.caller, types[i], 1);
            EXPECT_INT("nor the caller while it rings", fixture_dropped(p.world, PUNCH_DROP_STATE),
                       ++dropped);
        }
    }
    say(&p.callee, PUNCH_TYPE_GO_ACK, 1);
    EXPECT_INT("nor an acknowledgement of what was not said",
               fixture_dropped(p.world, PUNCH_DROP_STATE), ++dropped);
    say_call(&third, &p.callee, 1, 10, 0);
    EXPECT_INT("nor another caller with the same call id",
               fixture_dropped(p.world, PUNCH_DROP_STATE), ++dropped);
    say_call(&p.caller, &third, 1, 10, 0);
    EXPECT_INT("nor a call that changes its callee", fixture_dropped(p.world, PUNCH_DROP_STATE),
               ++dropped);
    say(&p.callee, PUNCH_TYPE_ACCEPT, 2);
    EXPECT_INT("nor an ACCEPT of no call", fixture_dropped(p.world, PUNCH_DROP_STATE), ++dropped);
    EXPECT_INT("nothing was said to anyone", fixture_waiting(p.world), 0);
    say(&p.callee, PUNCH_TYPE_ACCEPT, 1);
    EXPECT("the callee decides", fixture_take_signal(&p.caller, PUNCH_TYPE_GO));
    EXPECT("GO to the callee", fixture_take_signal(&p.callee, PUNCH_TYPE_GO));
    say(&third, PUNCH_TYPE_GO_ACK, 1);
    EXPECT_INT("a third party acknowledges nothing", fixture_dropped(p.world, PUNCH_DROP_STATE),
               ++dropped);
    fixture_close(p.world);
}

/* --- ringing ---------------------------------------------------------------------------------- */

static void ring_says_who_calls(void) {
    pair p = open_pair(4, 4);
    ring(&p, 1);
    EXPECT_BYTES("caller's key", p.callee.taken.key.bytes, p.caller.identity.public_key.bytes,
                 PUNCH_KEY_BYTES);
    EXPECT_BYTES("call id", p.callee.taken.call_id.bytes, id_of(1).bytes, PUNCH_CALL_ID_BYTES);
    EXPECT_INT("blob length", p.callee.taken.blob_length, sizeof caller_blob);
    EXPECT_BYTES("blob", p.callee.taken.blob, caller_blob, sizeof caller_blob);
    EXPECT_TEXT("trace", p.world->state_text, "call ringing");
    fixture_close(p.world);
}

static void an_unanswered_ring_is_repeated_and_ends(void) {
    static const punch_time_us rings_us[] = {
        250 * MS,   750 * MS,   1750 * MS,  3750 * MS,  7750 * MS,
        11750 * MS, 15750 * MS, 19750 * MS, 23750 * MS, 27750 * MS,
    };
    static const punch_time_us refused_us[] = {30 * SECOND};
    pair p = open_pair(4, 4);
    const punch_time_us t0_us = p.world->now_us;
    ring(&p, 1);
    fixture_run_until(p.world, t0_us + 55 * SECOND);
    expect_times(p.world, &p.callee, PUNCH_TYPE_RING, t0_us, rings_us,
                 sizeof rings_us / sizeof rings_us[0]);
    expect_times(p.world, &p.caller, PUNCH_TYPE_REFUSED, t0_us, refused_us, 1);
    fixture_forget_sent(p.world);
    say_call(&p.caller, &p.callee, 1, 10, 0);
    (void)fixture_take_signal(&p.caller, PUNCH_TYPE_REFUSED);
    EXPECT_INT("a repeated CALL hears why again", p.caller.taken.reason, PUNCH_FAIL_NOT_ANSWERED);
    say(&p.callee, PUNCH_TYPE_ACCEPT, 1);
    EXPECT_INT("an ACCEPT that comes too late changes nothing", fixture_waiting(p.world), 0);
    fixture_run_until(p.world, t0_us + 30 * SECOND + PUNCH_CALL_LINGER_US - 1);
    EXPECT_INT("remembered for half a minute", punch_broker_calls_count(p.world->broker), 1);
    fixture_run_until(p.world, t0_us + 30 * SECOND + PUNCH_CALL_LINGER_US);
    EXPECT_INT("then forgotten", punch_broker_calls_count(p.world->broker), 0);
    fixture_close(p.world);
}

static void polls_are_answered_while_it_rings(void) {
    pair p = open_pair(4, 4);
    ring(&p, 1);
    const punch_time_us due_us = punch_broker_next_deadline_us(p.world->broker);
    say_call(&p.caller, &p.callee, 1, 10, 0);
    EXPECT("a repeated CALL is told that it rings",
           fixture_take_signal(&p.caller, PUNCH_TYPE_CALLING));
    EXPECT_INT("and rings no more for it", fixture_waiting(p.world), 0);
    EXPECT_INT("nor changes the rhythm", punch_broker_next_deadline_us(p.world->broker), due_us);
    EXPECT_INT("one call", punch_broker_calls_count(p.world->broker), 1);
    fixture_close(p.world);
}

static void a_refusal_reaches_the_caller(void) {
    pair p = open_pair(4, 4);
    ring(&p, 1);
    say(&p.callee, PUNCH_TYPE_REFUSE, 1);
    (void)fixture_take_signal(&p.caller, PUNCH_TYPE_REFUSED);
    EXPECT_INT("reason", p.caller.taken.reason, PUNCH_FAIL_REFUSED);
    fixture_run_until(p.world, p.world->now_us + 5 * SECOND);
    EXPECT_INT("it rings no more", fixture_waiting(p.world), 0);
    say_call(&p.caller, &p.callee, 1, 10, 0);
    (void)fixture_take_signal(&p.caller, PUNCH_TYPE_REFUSED);
    EXPECT_INT("a repeated CALL hears it again", p.caller.taken.reason, PUNCH_FAIL_REFUSED);
    say(&p.callee, PUNCH_TYPE_ACCEPT, 1);
    EXPECT_INT("the callee cannot change its mind", fixture_waiting(p.world), 0);
    fixture_run_until(p.world, p.world->now_us + PUNCH_CALL_LINGER_US);
    ring(&p, 1);
    fixture_close(p.world);
}

static void a_callee_that_registers_again_is_rung_again(void) {
    pair p = open_pair(4, 4);
    ring(&p, 1);
    p.callee.addr.port = 61000;
    fixture_register(&p.callee);
    fixture_run_until(p.world, p.world->now_us + 300 * MS);
    EXPECT("RING in the new channel, at the new address",
           fixture_take_signal(&p.callee, PUNCH_TYPE_RING));
    fixture_register(&p.caller);
    say_call(&p.caller, &p.callee, 1, 10, 0);
    EXPECT("the caller may come back, too: its call is still known",
           fixture_take_signal(&p.caller, PUNCH_TYPE_CALLING));
    EXPECT_INT("and is not rung twice", fixture_waiting(p.world), 0);
    fixture_close(p.world);
}

static void forgotten_callees_are_not_rung_and_may_come_back(void) {
    pair p = open_pair(4, 4);
    fixture_run_until(p.world, p.world->now_us + 50 * SECOND);
    fixture_signal(&p.caller, PUNCH_TYPE_REGISTER, &p.caller.registration);
    (void)fixture_take_signal(&p.caller, PUNCH_TYPE_REGISTERED);
    const punch_time_us t0_us = p.world->now_us;
    ring(&p, 1);
    fixture_run_until(p.world, t0_us + 19 * SECOND);
    static const punch_time_us rings_us[] = {250 * MS, 750 * MS, 1750 * MS, 3750 * MS, 7750 * MS};
    expect_times(p.world, &p.callee, PUNCH_TYPE_RING, t0_us, rings_us, 5);
    EXPECT_INT("the callee was forgotten", punch_broker_registered_count(p.world->broker), 1);
    fixture_forget_sent(p.world);
    fixture_register(&p.callee);
    fixture_run_until(p.world, t0_us + 20 * SECOND);
    EXPECT("it rings when it is back", fixture_take_signal(&p.callee, PUNCH_TYPE_RING));
    fixture_close(p.world);
}

static void calls_end_with_the_registration_of_their_caller(void) {
    pair p = open_pair(4, 4);
    const punch_time_us t0_us = p.world->now_us;
    ring(&p, 1);
    ring(&p, 2);
    fixture_run_until(p.world, t0_us + PUNCH_REGISTRATION_US - 1);
    EXPECT_INT("unanswered, but remembered", punch_broker_calls_count(p.world->broker), 2);
    fixture_run_until(p.world, t0_us + PUNCH_REGISTRATION_US);
    EXPECT_INT("no caller, no calls", punch_broker_calls_count(p.world->broker), 0);
    EXPECT_INT("nobody", punch_broker_registered_count(p.world->broker), 0);
    EXPECT_INT("nothing due", punch_broker_next_deadline_us(p.world->broker), PUNCH_NEVER);
    fixture_forget_sent(p.world);
    fixture_register(&p.caller);
    fixture_register(&p.callee);
    ring(&p, 1);
    fixture_close(p.world);
}

/* --- GO --------------------------------------------------------------------------------------- */

typedef struct {
    const char *sentence;
    uint32_t rtt_caller_us, rtt_callee_us;
    punch_time_us ahead_us; /* T - now */
    uint32_t told_caller_us, told_callee_us;
} go_row;

static void go_names_one_instant(void) {
    static const go_row rows[] = {
        {"slower caller", 100000, 40000, 100 * MS, 100000, 40000},
        {"slower callee", 40000, 100001, 100 * MS, 40000, 100001},
        {"unknown caller", 0, 40000, 300 * MS, 500000, 40000},
        {"both unknown", 0, 0, 300 * MS, 500000, 500000},
        {"a lie is cut", 4294967295, 1, 1550 * MS, 3000000, 1},
        {"the largest believed", 3000000, 3000001, 1550 * MS, 3000000, 3000000},
        {"next to nothing", 1, 1, 50 * MS, 1, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const go_row *row = &rows[i];
        pair p = open_pair(4, 4);
        say_call(&p.caller, &p.callee, 1, 10, row->rtt_caller_us);
        fixture_run_until(p.world, p.world->now_us + 100 * MS);
        fixture_forget_sent(p.world);
        const punch_signal accept = {.call_id = id_of(1), .rtt_us = row->rtt_callee_us};
        fixture_signal(&p.callee, PUNCH_TYPE_ACCEPT, &accept);
        (void)fixture_take_signal(&p.caller, PUNCH_TYPE_GO);
        (void)fixture_take_signal(&p.callee, PUNCH_TYPE_GO);
        const punch_signal *a = &p.caller.taken;
        const punch_signal *b = &p.callee.taken;
        EXPECT_INT(row->sentence, (punch_time_us)a->stamp_us - p.world->now_us, row->ahead_us);
        EXPECT_INT("the same to both", b->stamp_us, a->stamp_us);
        EXPECT_INT("caller's own round trip", a->rtt_us, row->told_caller_us);
        EXPECT_INT("callee's round trip, to the caller", a->rtt_other_us, row->told_callee_us);
        EXPECT_INT("callee's own round trip", b->rtt_us, row->told_callee_us);
        EXPECT_INT("caller's round trip, to the callee", b->rtt_other_us, row->told_caller_us);
        fixture_close(p.world);
    }
}

static void a_poll_brings_a_better_round_trip(void) {
    pair p = open_pair(4, 4);
    say_call(&p.caller, &p.callee, 1, 10, 0);
    say_call(&p.caller, &p.callee, 1, 10, 60000);
    fixture_forget_sent(p.world);
    say(&p.callee, PUNCH_TYPE_ACCEPT, 1);
    (void)fixture_take_signal(&p.caller, PUNCH_TYPE_GO);
    EXPECT_INT("T", (punch_time_us)p.caller.taken.stamp_us - p.world->now_us, 80 * MS);
    fixture_close(p.world);
}

static void go_carries_addresses_and_the_callees_invitation(void) {
    pair p = open_pair(4, 4);
    go(&p, 1);
    const punch_signal *a = &p.caller.taken;
    const punch_signal *b = &p.callee.taken;
    EXPECT_BYTES("call id", a->call_id.bytes, id_of(1).bytes, PUNCH_CALL_ID_BYTES);
    EXPECT("the callee's address, to the caller", punch_addr_equal(&a->addr, &p.callee.addr));
    EXPECT("the caller's address, to the callee", punch_addr_equal(&b->addr, &p.caller.addr));
    EXPECT_INT("invitation, to the caller", a->blob_length, sizeof callee_blob);
    EXPECT_BYTES("bytes", a->blob, callee_blob, sizeof callee_blob);
    EXPECT_INT("none to the callee", b->blob_length, 0);
    p.callee.addr.port = 61000;
    fixture_signal(&p.callee, PUNCH_TYPE_REGISTER, &p.callee.registration);
    (void)fixture_take_signal(&p.callee, PUNCH_TYPE_REGISTERED);
    fixture_run_until(p.world, p.world->now_us + 250 * MS);
    (void)fixture_take_signal(&p.caller, PUNCH_TYPE_GO);
    EXPECT("a repeated GO names the address as it is now",
           punch_addr_equal(&a->addr, &p.callee.addr));
    EXPECT("and goes to it", fixture_take_signal(&p.callee, PUNCH_TYPE_GO));
    fixture_close(p.world);
}

static const punch_time_us gos_us[] = {250 * MS,  750 * MS,   1750 * MS,  3750 * MS,
                                       7750 * MS, 11750 * MS, 15750 * MS, 19750 * MS};
#define GOS (sizeof gos_us / sizeof gos_us[0])

typedef struct {
    const char *sentence;
    size_t caller_acks_after; /* that many repeats; GOS: never */
    size_t callee_acks_after;
} ack_row;

static void go_is_repeated_until_each_acknowledges(void) {
    static const ack_row rows[] = {
        {"nobody acknowledges", GOS, GOS}, {"both at once", 0, 0}, {"only the caller", 0, GOS},
        {"only the callee", GOS, 0},       {"caller late", 3, 0},  {"callee later", 1, 5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const ack_row *row = &rows[i];
        pair p = open_pair(4, 4);
        const punch_time_us t0_us = p.world->now_us;
        go(&p, 1);
        for (size_t step = 0; step < GOS; step++) {
            if (step == row->caller_acks_after) {
                say(&p.caller, PUNCH_TYPE_GO_ACK, 1);
            }
            if (step == row->callee_acks_after) {
                say(&p.callee, PUNCH_TYPE_GO_ACK, 1);
            }
            fixture_run_until(p.world, t0_us + gos_us[step] + 1);
        }
        fixture_run_until(p.world, t0_us + 29 * SECOND);
        EXPECT_INT(row->sentence, fixture_waiting(p.world),
                   row->caller_acks_after + row->callee_acks_after);
        expect_times(p.world, &p.caller, PUNCH_TYPE_GO, t0_us, gos_us, row->caller_acks_after);
        expect_times(p.world, &p.callee, PUNCH_TYPE_GO, t0_us, gos_us, row->callee_acks_after);
        EXPECT_INT("only forgetting is due", punch_broker_next_deadline_us(p.world->broker),
                   t0_us + PUNCH_CALL_LINGER_US);
        fixture_run_until(p.world, t0_us + PUNCH_CALL_LINGER_US);
        EXPECT_INT("forgotten", punch_broker_calls_count(p.world->broker), 0);
        fixture_close(p.world);
    }
}

static void who_asks_again_gets_go_again_until_acknowledged(void) {
    pair p = open_pair(4, 4);
    go(&p, 1);
    const uint64_t instant_us = p.caller.taken.stamp_us;
    fixture_run_until(p.world, p.world->now_us + 100 * MS);
    say_call(&p.caller, &p.callee, 1, 10, 2000000);
    (void)fixture_take_signal(&p.caller, PUNCH_TYPE_GO);
    EXPECT_INT("T stays, to the caller", p.caller.taken.stamp_us, instant_us);
    say(&p.callee, PUNCH_TYPE_ACCEPT, 1);
    (void)fixture_take_signal(&p.callee, PUNCH_TYPE_GO);
    EXPECT_INT("T stays, to the callee", p.callee.taken.stamp_us, instant_us);
    say(&p.caller, PUNCH_TYPE_GO_ACK, 1);
    say(&p.callee, PUNCH_TYPE_GO_ACK, 1);
    say_call(&p.caller, &p.callee, 1, 10, 0);
    say(&p.callee, PUNCH_TYPE_ACCEPT, 1);
    say(&p.callee, PUNCH_TYPE_REFUSE, 1);
    EXPECT_INT("after that late repeats get nothing", fixture_waiting(p.world), 0);
    EXPECT_INT("and are counted", fixture_dropped(p.world, PUNCH_DROP_STATE), 3);
    say(&p.caller, PUNCH_TYPE_GO_ACK, 1);
    EXPECT_INT("a repeated acknowledgement does no harm",
               fixture_dropped(p.world, PUNCH_DROP_STATE), 3);
    fixture_close(p.world);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void a_full_table_lets_callers_try_again(void) {
    pair p = open_pair(4, 2);
    ring(&p, 1);
    ring(&p, 2);
    say_call(&p.caller, &p.callee, 3, 10, 0);
    EXPECT_INT("no answer", fixture_waiting(p.world), 0);
    EXPECT_INT("counted as full", fixture_dropped(p.world, PUNCH_DROP_FULL), 1);
    say(&p.callee, PUNCH_TYPE_REFUSE, 1);
    (void)fixture_take_signal(&p.caller, PUNCH_TYPE_REFUSED);
    say(&p.callee, PUNCH_TYPE_ACCEPT, 2);
    fixture_run_until(p.world, p.world->now_us + PUNCH_CALL_LINGER_US);
    fixture_forget_sent(p.world);
    ring(&p, 3);
    fixture_close(p.world);
}

static void one_caller_cannot_fill_the_table(void) {
    pair p = open_pair(4, 200);
    fixture_client other = fixture_client_of(p.world, 3);
    fixture_register(&other);
    for (uint8_t id = 0; id < PUNCH_CALLS_PER_CALLER_MAX; id++) {
        ring(&p, id);
    }
    say_call(&p.caller, &p.callee, 200, 10, 0);
    EXPECT_INT("no answer", fixture_waiting(p.world), 0);
    EXPECT_INT("counted as full", fixture_dropped(p.world, PUNCH_DROP_FULL), 1);
    say_call(&other, &p.callee, 201, 10, 0);
    EXPECT("another caller gets through", fixture_take_signal(&other, PUNCH_TYPE_CALLING));
    fixture_close(p.world);
}

static void a_reset_forgets_calls(void) {
    pair p = open_pair(4, 4);
    ring(&p, 1);
    go(&p, 2);
    EXPECT_INT("reset", punch_broker_reset(p.world->broker, &p.world->config), PUNCH_OK);
    EXPECT_INT("no calls", punch_broker_calls_count(p.world->broker), 0);
    EXPECT_INT("nothing due", punch_broker_next_deadline_us(p.world->broker), PUNCH_NEVER);
    EXPECT_INT("start", punch_broker_start(p.world->broker, p.world->now_us), PUNCH_OK);
    fixture_register(&p.caller);
    fixture_register(&p.callee);
    go(&p, 1);
    ring(&p, 2);
    fixture_close(p.world);
}

static const punch_test_case cases[] = {
    {"wrong tokens and unknown keys get the same answer",
     wrong_tokens_and_unknown_keys_get_the_same_answer},
    {"a REGISTER replaces the tokens", a_register_replaces_the_tokens},
    {"third parties decide nothing", third_parties_decide_nothing},
    {"an overtaken REGISTER brings no token back", an_overtaken_register_brings_nothing_back},
    {"a caller may hang up while it rings", a_caller_may_hang_up_while_it_rings},
    {"RING says who calls", ring_says_who_calls},
    {"an unanswered RING is repeated and ends", an_unanswered_ring_is_repeated_and_ends},
    {"polls are answered while it rings", polls_are_answered_while_it_rings},
    {"a refusal reaches the caller", a_refusal_reaches_the_caller},
    {"a callee that registers again is rung again", a_callee_that_registers_again_is_rung_again},
    {"forgotten callees are not rung and may come back",
     forgotten_callees_are_not_rung_and_may_come_back},
    {"calls end with the registration of their caller",
     calls_end_with_the_registration_of_their_caller},
    {"GO names one instant", go_names_one_instant},
    {"a poll brings a better round trip", a_poll_brings_a_better_round_trip},
    {"GO carries addresses and the callee's invitation",
     go_carries_addresses_and_the_callees_invitation},
    {"GO is repeated until each acknowledges", go_is_repeated_until_each_acknowledges},
    {"who asks again gets GO again until acknowledged",
     who_asks_again_gets_go_again_until_acknowledged},
    {"a full table lets callers try again", a_full_table_lets_callers_try_again},
    {"one caller cannot fill the table", one_caller_cannot_fill_the_table},
    {"a reset forgets calls", a_reset_forgets_calls},
};

int main(void) {
    return PUNCH_TEST_MAIN("broker_calls", cases);
}
