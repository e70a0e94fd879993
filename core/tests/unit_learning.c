/* SPDX-License-Identifier: MIT */
/*
 * Strategies that learn: which evidence reaches them, what they promise and what the counterparty
 * makes of it, their memory; and the options of all strategies. The strategies here keep notes and
 * decide nothing. Protocol §5.
 */
#include <stdlib.h>

#include "net.h"
#include "peer_internal.h"
#include "punch/wire.h"
#include "punch_test.h"

#define S PUNCH_US_PER_S
#define MS PUNCH_US_PER_MS

/* Sends every 40 s, and says so. */
static punch_time_us every_40(const void *state, const punch_keepalive_view *view) {
    PUNCH_ASSERT(state != NULL);
    return view->last_send_at_us + 40 * S;
}

static punch_time_us promise_40(const void *state, const punch_keepalive_view *view) {
    PUNCH_ASSERT(state != NULL);
    (void)view;
    return 40 * S;
}

static const punch_keepalive notes_40 = {
    .abi = PUNCH_KEEPALIVE_ABI,
    .state_bytes = sizeof(net_notebook),
    .name = "notes-40",
    .id = {{40}},
    .help = "keeps notes",
    .silence_after_last_us = 15 * S,
    .silence_after_first_us = 15 * S,
    .next_send_us = every_40,
    .reset = net_notes_reset,
    .observe = net_notes_observe,
    .promise_us = promise_40,
};

static punch_time_us every_20(const void *state, const punch_keepalive_view *view) {
    PUNCH_ASSERT(state == NULL);
    return view->last_send_at_us + view->interval_us;
}

static const punch_keepalive asks_20 = {
    .abi = PUNCH_KEEPALIVE_ABI,
    .name = "asks-20",
    .id = {{20}},
    .help = "asks every 20 s",
    .interval_us = 20 * S,
    .silence_after_last_us = 20 * S,
    .silence_after_first_us = 20 * S,
    .asks = true,
    .next_send_us = every_20,
};

static const punch_keepalive impatient_5 = {
    .abi = PUNCH_KEEPALIVE_ABI,
    .name = "impatient-5",
    .id = {{5}},
    .help = "asks every 5 s, gives up after 30 s",
    .interval_us = 5 * S,
    .silence_after_last_us = 5 * S,
    .silence_after_first_us = 5 * S,
    .asks = true,
    .give_up_us = 30 * S,
    .next_send_us = every_20,
};

typedef struct {
    net *world;
    punch_call calls[2];
} pair;

/* Both offer the same, with the same options; but the phase is side 0's alone. */
static pair fresh(const punch_keepalive *strategy, const punch_options *options) {
    pair made = {.world = malloc(sizeof(net))};
    net_init(made.world, &punch_crypto_sodium);
    for (int i = 0; i < 2; i++) {
        made.world->configs[i].offers[0] = strategy;
        made.world->configs[i].options = *options;
        made.world->configs[i].options.keepalive_phase_us =
            i == 0 ? options->keepalive_phase_us : 0;
        net_make_peer(made.world, i);
    }
    net_connect(made.world, &made.calls[0], &made.calls[1]);
    return made;
}

static void done(pair *made) {
    net_free(made->world);
    free(made->world);
}

static const net_notebook *book_of(const pair *made, int side) {
    return punch_learning_state(made->world->peers[side], &notes_40);
}

/* What happens to packets between the two. */
typedef struct {
    punch_time_us muted_until_us[2]; /* what this side sends until then is lost */
    uint8_t lost_type;               /* and only packets of this type; 0 = all */
    uint16_t observed_port;          /* of side 0 at the broker; 0 = its own */
} meddling;

static bool meddle(net *world, net_packet *packet, void *user) {
    const meddling *how = user;
    const int side = punch_addr_equal(&packet->src, &world->hosts[0].addr) ? 0 : 1;
    if (packet->data[1] < PUNCH_TYPE_INTRO) {
        if (side == 0 && how->observed_port != 0) {
            packet->src.port = how->observed_port;
        } else if (packet->dst.port == how->observed_port) {
            packet->dst.port = world->hosts[0].addr.port;
        }
        return true;
    }
    return world->now_us >= how->muted_until_us[side] ||
           (how->lost_type != 0 && packet->data[1] != how->lost_type);
}

static void what_came_in_held(void) {
    const punch_options options = {.keepalive_phase_us = 10 * S};
    pair made = fresh(&notes_40, &options);
    net_run(made.world, made.world->now_us + 100 * S);
    const net_notebook *book = book_of(&made, 0);
    /* Side 0 sends at 10, 50 and 90 s, side 1 at 40 and 80 s after connecting. */
    EXPECT_INT("side 0 hears them after silences of 30 s",
               net_notes_count(book, PUNCH_EVIDENCE_HELD, 29 * S, 31 * S), 2);
    EXPECT_INT("side 1 after silences of 10 s",
               net_notes_count(book_of(&made, 1), PUNCH_EVIDENCE_HELD, 9 * S, 11 * S), 3);
    EXPECT_INT("nothing was silent", net_notes_count(book, PUNCH_EVIDENCE_SILENT, 0, PUNCH_NEVER),
               0);
    EXPECT_INT("and nobody asked", made.world->sent_by_type[PUNCH_TYPE_ARE_YOU_THERE], 0);
    EXPECT_INT("it began once", book->resets, 1);
    done(&made);
}

static void what_is_missing_was_silent(void) {
    const punch_options options = {0};
    pair made = fresh(&notes_40, &options);
    meddling how = {.muted_until_us = {0, made.world->now_us + 60 * S},
                    .lost_type = PUNCH_TYPE_KEEPALIVE};
    made.world->hook = meddle;
    made.world->hook_user = &how;
    net_run(made.world, made.world->now_us + 45 * S);
    const net_notebook *book = book_of(&made, 0);
    EXPECT_INT("their keepalive of 40 s is missing; the answer to ours shows that it was sent",
               net_notes_count(book, PUNCH_EVIDENCE_SILENT, 38 * S, 42 * S), 1);
    EXPECT_INT("one question of side 0, and one of side 1 about its unacknowledged keepalive",
               made.world->sent_by_type[PUNCH_TYPE_ARE_YOU_THERE], 2);
    done(&made);
}

static void the_broker_sees_a_lapse(void) {
    static const struct {
        const char *sentence;
        uint16_t port;
        uint32_t remapped;
    } rows[] = {
        {"another port after a silence of about 15 s", 50001, 1},
        {"the same port says nothing", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const punch_options options = {0};
        pair made = fresh(&notes_40, &options);
        meddling how = {.observed_port = rows[i].port};
        made.world->hook = meddle;
        made.world->hook_user = &how;
        net_run(made.world, made.world->now_us + 20 * S);
        EXPECT_INT(rows[i].sentence,
                   net_notes_count(book_of(&made, 0), PUNCH_EVIDENCE_REMAPPED, 10 * S, 20 * S),
                   rows[i].remapped);
        EXPECT_INT("the other side's hole is its own", book_of(&made, 1)->resets, 1);
        done(&made);
    }
}

static void another_network_is_another_hole(void) {
    const punch_options options = {.keepalive_interval_us = 7 * S};
    pair made = fresh(&notes_40, &options);
    EXPECT_INT("settings arrive", book_of(&made, 0)->interval_us, 7 * S);
    punch_peer_on_network_change(made.world->peers[0], net_local(made.world, 0));
    net_drain(made.world);
    net_run(made.world, made.world->now_us + S);
    EXPECT_INT("it begins anew", book_of(&made, 0)->resets, 2);
    done(&made);
}

static void a_promise_is_waited_for(void) {
    const punch_options options = {0};
    pair made = fresh(&notes_40, &options);
    net_run(made.world, made.world->now_us + 200 * S);
    EXPECT_INT("silences of 40 s, promised, raise no doubt",
               made.world->sent_by_type[PUNCH_TYPE_ARE_YOU_THERE], 0);
    EXPECT("and each side sends one keepalive in 40 s",
           made.world->sent_by_type[PUNCH_TYPE_KEEPALIVE] >= 9 &&
               made.world->sent_by_type[PUNCH_TYPE_KEEPALIVE] <= 10);
    meddling how = {.muted_until_us = {0, PUNCH_NEVER}};
    const punch_time_us began_us = made.world->now_us;
    made.world->hook = meddle;
    made.world->hook_user = &how;
    net_run(made.world, began_us + 120 * S);
    const net_event *ended = net_find(made.world, 0, PUNCH_EVENT_ENDED, 0);
    EXPECT("a broken promise is noticed", ended != NULL && ended->event.fail == PUNCH_FAIL_DEAD);
    if (ended != NULL) {
        const punch_time_us after_us =
            ended->event.at_us - made.world->hosts[0].clock_offset_us - began_us;
        EXPECT("after at most the promise, rtt + 1 s and 20 questions", after_us <= 62 * S);
    }
    done(&made);
}

static void another_strategy_is_not_bound_by_a_promise(void) {
    const punch_options options = {0};
    pair made = fresh(&notes_40, &options);
    net_run(made.world, made.world->now_us + 50 * S);
    const punch_keepalive *const offers[] = {&punch_keepalive_agreed_15, NULL};
    EXPECT_INT("both go on with agreed-15",
               punch_peer_renegotiate(made.world->peers[0], made.calls[0], offers,
                                      net_local(made.world, 0)),
               PUNCH_OK);
    net_run(made.world, made.world->now_us + 50 * S);
    EXPECT_INT("nobody asks", made.world->sent_by_type[PUNCH_TYPE_ARE_YOU_THERE], 0);
    const uint64_t before = made.world->sent_by_type[PUNCH_TYPE_KEEPALIVE];
    while (made.world->sent_by_type[PUNCH_TYPE_KEEPALIVE] < before + 2) {
        net_run(made.world, made.world->now_us + 100 * MS); /* both have just sent */
    }
    net_run(made.world, made.world->now_us + 100 * MS);
    meddling how = {.muted_until_us = {0, PUNCH_NEVER}};
    made.world->hook = meddle;
    made.world->hook_user = &how;
    net_run(made.world, made.world->now_us + 33 * S);
    punch_call_view view = {0};
    (void)punch_peer_view(made.world->peers[0], made.calls[0], &view);
    EXPECT("a silence is noticed after 15 s, not after the 40 s once promised",
           view.probes_unanswered > 0);
    done(&made);
}

static void a_set_interval_is_promised(void) {
    static const struct {
        const char *sentence;
        const punch_keepalive *strategy;
        punch_time_us interval_us;
        uint64_t least, most; /* keepalives of both sides in 600 s */
    } rows[] = {
        {"agreed-15 at its own 15 s", &punch_keepalive_agreed_15, 0, 78, 80},
        {"agreed-15 at 60 s", &punch_keepalive_agreed_15, 60 * S, 18, 20},
        {"seed-bounded at 120 s", &punch_keepalive_seed_bounded, 120 * S, 8, 10},
        {"seed at 2 s", &punch_keepalive_seed, 2 * S, 500, 602},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const punch_options options = {.keepalive_interval_us = rows[i].interval_us};
        pair made = fresh(rows[i].strategy, &options);
        net_run(made.world, made.world->now_us + 600 * S);
        const uint64_t sent = made.world->sent_by_type[PUNCH_TYPE_KEEPALIVE];
        EXPECT(rows[i].sentence, sent >= rows[i].least);
        EXPECT(rows[i].sentence, sent <= rows[i].most);
        EXPECT_INT(rows[i].sentence, made.world->sent_by_type[PUNCH_TYPE_ARE_YOU_THERE], 0);
        done(&made);
    }
}

static void questions_are_answered(void) {
    const punch_options options = {0};
    pair made = fresh(&asks_20, &options);
    net_run(made.world, made.world->now_us + 65 * S);
    EXPECT_INT("every keepalive is a question", made.world->sent_by_type[PUNCH_TYPE_KEEPALIVE], 0);
    EXPECT("both ask", made.world->sent_by_type[PUNCH_TYPE_ARE_YOU_THERE] >= 4);
    EXPECT_INT("each is answered", made.world->sent_by_type[PUNCH_TYPE_HERE],
               made.world->sent_by_type[PUNCH_TYPE_ARE_YOU_THERE]);
    meddling how = {.muted_until_us = {0, PUNCH_NEVER}};
    const punch_time_us began_us = made.world->now_us;
    made.world->hook = meddle;
    made.world->hook_user = &how;
    net_run(made.world, began_us + 60 * S);
    const net_event *ended = net_find(made.world, 0, PUNCH_EVENT_ENDED, 0);
    EXPECT("an answer that is missing is asked for at once",
           ended != NULL && ended->event.at_us - made.world->hosts[0].clock_offset_us - began_us <=
                                (20 + 2 + 20) * S);
    done(&made);
}

static void patience_ends(void) {
    static const struct {
        const char *sentence;
        const punch_keepalive *strategy;
        uint8_t probes_max;
        punch_time_us least_us, most_us; /* from the last packet heard to the end */
        uint64_t questions;              /* of both sides at most */
    } rows[] = {
        {"give_up_us takes the place of are-you-there", &impatient_5, 0, 30 * S, 30 * S, 14},
        {"three are-you-theres", &punch_keepalive_agreed_15, 3, 17 * S, 38 * S, 6},
        {"one are-you-there", &punch_keepalive_agreed_15, 1, 15 * S, 36 * S, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const punch_options options = {.keepalive_probes_max = rows[i].probes_max};
        pair made = fresh(rows[i].strategy, &options);
        punch_call_view view = {0};
        net_run(made.world, made.world->now_us + 12 * S);
        (void)punch_peer_view(made.world->peers[0], made.calls[0], &view);
        const uint64_t before = made.world->sent_by_type[PUNCH_TYPE_ARE_YOU_THERE];
        meddling how = {.muted_until_us = {0, PUNCH_NEVER}};
        made.world->hook = meddle;
        made.world->hook_user = &how;
        net_run(made.world, made.world->now_us + 60 * S);
        const net_event *ended = net_find(made.world, 0, PUNCH_EVENT_ENDED, 0);
        EXPECT(rows[i].sentence, ended != NULL && ended->event.fail == PUNCH_FAIL_DEAD);
        if (ended != NULL) {
            const punch_time_us patience_us = ended->event.at_us - view.last_heard_at_us;
            EXPECT(rows[i].sentence, patience_us >= rows[i].least_us);
            EXPECT(rows[i].sentence, patience_us <= rows[i].most_us);
        }
        EXPECT(rows[i].sentence,
               made.world->sent_by_type[PUNCH_TYPE_ARE_YOU_THERE] - before <= rows[i].questions);
        done(&made);
    }
}

static void memory(void) {
    net world;
    net_init(&world, &punch_crypto_sodium);
    punch_peer_config config = world.configs[0];
    config.offers[0] = &punch_keepalive_agreed_15;
    const size_t plain = punch_peer_size(&config);
    config.offers[1] = &notes_40;
    const size_t one = punch_peer_size(&config);
    EXPECT("a state needs its bytes", one >= plain + sizeof(net_notebook));
    config.broker_keepalive = &notes_40;
    EXPECT_INT("the broker's strategy shares them", punch_peer_size(&config), one);
    config.offers[1] = NULL;
    EXPECT_INT("and needs them alone", punch_peer_size(&config), one);
    EXPECT_INT("a peer of another size is refused", punch_peer_reset(world.peers[0], &config),
               PUNCH_ERR_ARGUMENT);
    net_free(&world);

    const punch_options options = {0};
    pair made = fresh(&punch_keepalive_agreed_15, &options);
    const punch_keepalive *const offers[] = {&notes_40, NULL};
    EXPECT_INT("a strategy that learns cannot be offered without memory",
               punch_peer_renegotiate(made.world->peers[0], made.calls[0], offers,
                                      net_local(made.world, 0)),
               PUNCH_ERR_ARGUMENT);
    done(&made);

    pair foresighted = {.world = malloc(sizeof(net))};
    net_init(foresighted.world, &punch_crypto_sodium);
    for (int i = 0; i < 2; i++) {
        foresighted.world->configs[i].offers[0] = &punch_keepalive_agreed_15;
        foresighted.world->configs[i].later[0] = &notes_40;
        foresighted.world->configs[i].options.keepalive_phase_us = i == 0 ? 5 * S : 0;
        net_make_peer(foresighted.world, i);
    }
    net_connect(foresighted.world, &foresighted.calls[0], &foresighted.calls[1]);
    net_run(foresighted.world, foresighted.world->now_us + 100 * S);
    EXPECT("what comes later learns from the beginning", book_of(&foresighted, 1)->count > 0);
    EXPECT_INT("and can be offered",
               punch_peer_renegotiate(foresighted.world->peers[0], foresighted.calls[0], offers,
                                      net_local(foresighted.world, 0)),
               PUNCH_OK);
    done(&foresighted);
}

static void options_out_of_range(void) {
    static const struct {
        punch_time_us interval_us;
        bool taken;
    } rows[] = {{0, true},           {S - 1, false},         {S, true},
                {86400 * S, true},   {86400 * S + 1, false}, {-S, false},
                {PUNCH_NEVER, false}};
    net world;
    net_init(&world, &punch_crypto_sodium);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        punch_peer_config config = world.configs[0];
        config.options.keepalive_interval_us = rows[i].interval_us;
        EXPECT_INT("an interval from 1 s to a day", punch_peer_size(&config) != 0, rows[i].taken);
    }
    net_free(&world);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"a packet that came in: the hole held", what_came_in_held},
        {"a packet that is missing: it was silent", what_is_missing_was_silent},
        {"another port at the broker: it lapsed", the_broker_sees_a_lapse},
        {"another network", another_network_is_another_hole},
        {"promises", a_promise_is_waited_for},
        {"promises of a strategy given up", another_strategy_is_not_bound_by_a_promise},
        {"an interval of one's own", a_set_interval_is_promised},
        {"keepalives that ask", questions_are_answered},
        {"how long before dead", patience_ends},
        {"memory", memory},
        {"options out of range", options_out_of_range},
    };
    return PUNCH_TEST_MAIN("unit_learning", cases);
}
