/* SPDX-License-Identifier: MIT */
/*
 * A NAT for TCP, one behaviour at a time: scripts of segments with what becomes of each, then what
 * needs more than a script: lifetimes, limits, hairpinning, ICMP, answers, reboots.
 */
#include <stdio.h>
#include <string.h>

#include "punch_test.h"
#include "tcp_box_support.h"

#define STEPS_MAX 8
#define PORT 5000

typedef enum { END = 0, SEND, RECEIVE, TIMER } step_kind;

/* Host 10.0.0.<host>:5000 and remote 198.51.100.<remote / 10>:<remote>; what arrives arrives at the
 * external port. TIMER: tracking is the answer that is due, NAT_TCP_PASS: none. */
typedef struct {
    step_kind kind;
    uint32_t host;
    uint16_t port; /* SEND: the external one it leaves from, where it passes */
    uint16_t remote;
    unsigned flags;
    punch_time_us at_us;
    nat_verdict table;
    nat_tcp_verdict tracking;
} step;

typedef struct {
    const char *sentence;
    const char *tracking; /* preset; NULL: as the RFC recommends */
    nat_filtering filtering;
    step steps[STEPS_MAX];
} script;

#define PASSES NAT_PASS, NAT_TCP_PASS

static const script SCRIPTS[] = {
    {"a connection opened from inside",
     NULL,
     NAT_FILTERING_APDF,
     {{SEND, 1, PORT, 11, SYN, 0, PASSES},
      {RECEIVE, 1, PORT, 11, SYN | ACK, 1, PASSES},
      {SEND, 1, PORT, 11, ACK, 2, PASSES},
      {RECEIVE, 1, PORT, 11, ACK, 3, PASSES}}},
    {"the same through strict windows",
     "pf",
     NAT_FILTERING_APDF,
     {{SEND, 1, PORT, 11, SYN, 0, PASSES},
      {RECEIVE, 1, PORT, 11, SYN | ACK, 1, PASSES},
      {SEND, 1, PORT, 11, ACK, 2, PASSES}}},
    {"SYNs that cross",
     NULL,
     NAT_FILTERING_APDF,
     {{SEND, 1, PORT, 11, SYN, 0, PASSES},
      {RECEIVE, 1, PORT, 11, SYN, 1, PASSES},
      {SEND, 1, PORT, 11, SYN | ACK, 2, PASSES},
      {RECEIVE, 1, PORT, 11, SYN | ACK, 3, PASSES}}},
    {"a segment from inside that begins nothing makes no mapping",
     NULL,
     NAT_FILTERING_APDF,
     {{SEND, 1, 0, 11, ACK, 0, NAT_PASS, NAT_TCP_DROP_NO_SESSION},
      {SEND, 1, 0, 11, SYN | ACK, 0, NAT_PASS, NAT_TCP_DROP_NO_SESSION},
      {SEND, 1, 0, 11, RST, 0, NAT_PASS, NAT_TCP_DROP_NO_SESSION},
      {SEND, 1, 0, 11, SYN | FIN, 0, NAT_PASS, NAT_TCP_DROP_FLAGS},
      {RECEIVE, 1, PORT, 11, ACK, 1, NAT_DROP_NO_MAPPING, NAT_TCP_DROP_NO_SESSION}}},
    {"... but one in the middle of a connection does where that is picked up",
     "linux-masquerade",
     NAT_FILTERING_APDF,
     {{SEND, 1, PORT, 11, ACK, 0, PASSES}, {RECEIVE, 1, PORT, 11, ACK, 1, PASSES}}},
    {"a SYN nobody asked for is answered after six seconds",
     NULL,
     NAT_FILTERING_APDF,
     {{RECEIVE, 1, PORT, 11, SYN, 0, NAT_DROP_NO_MAPPING, NAT_TCP_HOLD},
      {TIMER, .at_us = 6 * SECOND - 1},
      {TIMER, .at_us = 6 * SECOND, .tracking = NAT_TCP_ANSWER_ICMP},
      {TIMER, .at_us = 6 * SECOND}}},
    {"... at once and with a RST by Linux",
     "linux-masquerade",
     NAT_FILTERING_APDF,
     {{RECEIVE, 1, PORT, 11, SYN, 0, NAT_DROP_NO_MAPPING, NAT_TCP_ANSWER_RST},
      {TIMER, .at_us = MINUTE}}},
    {"... never by pf",
     "pf",
     NAT_FILTERING_APDF,
     {{RECEIVE, 1, PORT, 11, SYN, 0, NAT_DROP_NO_MAPPING, NAT_TCP_DROP_UNSOLICITED},
      {TIMER, .at_us = MINUTE}}},
    {"... nor when a SYN leaves for its sender in time, which its next one then meets",
     NULL,
     NAT_FILTERING_APDF,
     {{RECEIVE, 1, PORT, 11, SYN, 0, NAT_DROP_NO_MAPPING, NAT_TCP_HOLD},
      {SEND, 1, PORT, 11, SYN, 3 * SECOND, PASSES},
      {TIMER, .at_us = 6 * SECOND},
      {RECEIVE, 1, PORT, 11, SYN, 7 * SECOND, PASSES},
      {SEND, 1, PORT, 11, SYN | ACK, 8 * SECOND, PASSES}}},
    {"one that leaves for somebody else changes nothing",
     NULL,
     NAT_FILTERING_APDF,
     {{RECEIVE, 1, PORT, 11, SYN, 0, NAT_DROP_NO_MAPPING, NAT_TCP_HOLD},
      {SEND, 1, PORT, 12, SYN, 3 * SECOND, PASSES},
      {TIMER, .at_us = 6 * SECOND, .tracking = NAT_TCP_ANSWER_ICMP}}},
    {"a held SYN that comes again is held anew",
     NULL,
     NAT_FILTERING_APDF,
     {{RECEIVE, 1, PORT, 11, SYN, 0, NAT_DROP_NO_MAPPING, NAT_TCP_HOLD},
      {RECEIVE, 1, PORT, 11, SYN, 3 * SECOND, NAT_DROP_NO_MAPPING, NAT_TCP_HOLD},
      {TIMER, .at_us = 6 * SECOND},
      {TIMER, .at_us = 9 * SECOND, .tracking = NAT_TCP_ANSWER_ICMP}}},
    {"a timer that is late answers late",
     NULL,
     NAT_FILTERING_APDF,
     {{RECEIVE, 1, PORT, 11, SYN, 0, NAT_DROP_NO_MAPPING, NAT_TCP_HOLD},
      {SEND, 2, PORT, 12, SYN, MINUTE, PASSES},
      {TIMER, .at_us = MINUTE, .tracking = NAT_TCP_ANSWER_ICMP}}},
    {"APDF: other ports and addresses are unsolicited",
     NULL,
     NAT_FILTERING_APDF,
     {{SEND, 1, PORT, 11, SYN, 0, PASSES},
      {RECEIVE, 1, PORT, 12, SYN, 1, NAT_DROP_FILTER_PORT, NAT_TCP_HOLD},
      {RECEIVE, 1, PORT, 21, SYN, 1, NAT_DROP_FILTER_ADDRESS, NAT_TCP_HOLD},
      {RECEIVE, 1, PORT, 21, ACK, 1, NAT_DROP_FILTER_ADDRESS, NAT_TCP_DROP_NO_SESSION}}},
    {"ADF: other ports of the address may open connections, and hold the door for no others",
     NULL,
     NAT_FILTERING_ADF,
     {{SEND, 1, PORT, 11, SYN, 0, PASSES},
      {RECEIVE, 1, PORT, 12, SYN, 200 * SECOND, PASSES},
      {RECEIVE, 1, PORT, 21, SYN, 200 * SECOND, NAT_DROP_FILTER_ADDRESS, NAT_TCP_HOLD},
      {RECEIVE, 1, PORT, 13, SYN, 240 * SECOND, NAT_DROP_FILTER_ADDRESS, NAT_TCP_HOLD}}},
    {"EIF: anybody may open one, and is answered from the same port",
     NULL,
     NAT_FILTERING_EIF,
     {{SEND, 1, PORT, 11, SYN, 0, PASSES},
      {RECEIVE, 1, PORT, 21, SYN, 1, PASSES},
      {SEND, 1, PORT, 21, SYN | ACK, 2, PASSES},
      {RECEIVE, 1, PORT, 21, ACK, 3, PASSES}}},
    {"a connection that is refused ends its mapping at once with Linux",
     "linux-masquerade",
     NAT_FILTERING_APDF,
     {{SEND, 1, PORT, 11, SYN, 0, PASSES},
      {RECEIVE, 1, PORT, 11, RST | ACK, 1, PASSES},
      {RECEIVE, 1, PORT, 11, ACK, 2, NAT_DROP_EXPIRED, NAT_TCP_DROP_NO_SESSION}}},
    {"... and after four minutes as RFC 7857 wants it",
     NULL,
     NAT_FILTERING_APDF,
     {{SEND, 1, PORT, 11, SYN, 0, PASSES},
      {RECEIVE, 1, PORT, 11, RST | ACK, 1, PASSES},
      {RECEIVE, 1, PORT, 11, SYN | ACK, 240 * SECOND, PASSES},
      {RECEIVE, 1, PORT, 11, ACK, 480 * SECOND, NAT_DROP_EXPIRED, NAT_TCP_DROP_NO_SESSION}}},
    {"two hosts with one port get two",
     NULL,
     NAT_FILTERING_APDF,
     {{SEND, 1, PORT, 11, SYN, 0, PASSES},
      {SEND, 2, PORT + 1, 11, SYN, 0, PASSES},
      {RECEIVE, 1, PORT, 11, SYN | ACK, 1, PASSES},
      {RECEIVE, 2, PORT + 1, 11, SYN | ACK, 1, PASSES}}},
    {"a segment outside the window is dropped and nothing changes",
     "pf",
     NAT_FILTERING_APDF,
     {{SEND, 1, PORT, 11, SYN, 0, PASSES},
      {SEND, 1, 0, 11, ACK, 1, NAT_PASS, NAT_TCP_DROP_PHASE},
      {RECEIVE, 1, PORT, 11, SYN | ACK, 2, PASSES}}},
};

static punch_addr remote_of(const step *now) {
    return support_remote(now->remote / 10u, now->remote);
}

static void play_step(nat_tcp_box *box, const char *sentence, const step *now) {
    const punch_addr host = support_inside(now->host, PORT);
    const punch_addr external = punch_addr_ipv4(SUPPORT_EXTERNAL_IP, now->port);
    support_result got = {{NAT_PASS, NAT_TCP_PASS}, {host, external}};
    nat_tcp_answer answer = {.kind = NAT_TCP_PASS};
    switch (now->kind) {
    case SEND:
        got = support_out(box, host, remote_of(now), now->flags, now->at_us);
        if (now->port != 0) {
            EXPECT_INT(sentence, got.packet.src.port, now->port);
        }
        break;
    case RECEIVE:
        got = support_in(box, remote_of(now), external, now->flags, now->at_us);
        if (nat_tcp_passed(got.outcome)) {
            EXPECT(sentence, punch_addr_equal(&got.packet.dst, &host));
        }
        break;
    case TIMER:
        (void)nat_tcp_box_on_timer(box, now->at_us, &answer);
        got.outcome.tracking = answer.kind;
        break;
    case END:
        break;
    }
    EXPECT_TEXT(sentence, nat_verdict_name(got.outcome.table), nat_verdict_name(now->table));
    EXPECT_TEXT(sentence, nat_tcp_verdict_name(got.outcome.tracking),
                nat_tcp_verdict_name(now->tracking));
}

static void scripts(void) {
    for (size_t i = 0; i < sizeof SCRIPTS / sizeof SCRIPTS[0]; i++) {
        const script *row = &SCRIPTS[i];
        nat_tcp_box_config config = support_recommended();
        config.nat.filtering = row->filtering;
        if (row->tracking != NULL) {
            config.tracking = nat_tcp_preset_find(row->tracking)->config;
        }
        nat_tcp_box *box = support_box(&config);
        for (int k = 0; k < STEPS_MAX && row->steps[k].kind != END; k++) {
            char sentence[160];
            (void)snprintf(sentence, sizeof sentence, "%s, step %d", row->sentence, k + 1);
            play_step(box, sentence, &row->steps[k]);
        }
        free(box);
    }
}

/* --- simultaneous open that is not known --- */

static void crossed_syns(void) {
    nat_tcp_box_config config = support_recommended();
    config.tracking.simultaneous_open = false;
    nat_tcp_box *box = support_box(&config);
    const punch_addr remote = support_remote(1, 80);
    const support_result syn = support_out(box, support_inside(1, PORT), remote, SYN, 0);
    const support_result other = support_in(box, remote, syn.packet.src, SYN, 1);
    EXPECT_INT("the table lets it in", other.outcome.table, NAT_PASS);
    EXPECT_INT("the tracking does not", other.outcome.tracking, NAT_TCP_DROP_CROSSED_SYN);
    EXPECT("and it is unchanged", punch_addr_equal(&other.packet.dst, &syn.packet.src));
    free(box);
}

/* --- lifetimes --- */

typedef struct {
    const char *sentence;
    unsigned flags[4]; /* after the handshake, from inside and outside in turn */
    bool handshake;
    punch_time_us life_us;
} life_row;

static const life_row LIVES[] = {
    {"an unanswered SYN: four minutes", {0}, false, 240 * SECOND},
    {"established: two hours and four minutes", {0}, true, 7440 * SECOND},
    {"half closed: as established", {FIN | ACK}, true, 7440 * SECOND},
    {"closed from both sides: four minutes", {FIN | ACK, FIN | ACK}, true, 240 * SECOND},
    {"... and acknowledged", {FIN | ACK, FIN | ACK, ACK}, true, 240 * SECOND},
    {"reset: four minutes", {RST}, true, 240 * SECOND},
};

static void lifetimes(void) {
    const punch_addr inside = support_inside(1, PORT);
    const punch_addr remote = support_remote(1, 80);
    for (size_t i = 0; i < sizeof LIVES / sizeof LIVES[0]; i++) {
        const life_row *row = &LIVES[i];
        const nat_tcp_box_config config = support_recommended();
        nat_tcp_box *box = support_box(&config);
        const punch_addr external = row->handshake
                                        ? support_connect(box, inside, remote, 0)
                                        : support_out(box, inside, remote, SYN, 0).packet.src;
        for (int k = 0; k < 4 && row->flags[k] != 0; k++) {
            const support_result result = k % 2 == 0
                                              ? support_out(box, inside, remote, row->flags[k], 0)
                                              : support_in(box, remote, external, row->flags[k], 0);
            EXPECT(row->sentence, nat_tcp_passed(result.outcome));
        }
        const nat_tcp_segment ack = support_numbered(IN, SYN | ACK);
        const nat_packet packet = {remote, external};
        EXPECT(row->sentence,
               nat_tcp_passed(nat_tcp_box_would_admit(box, &packet, &ack, row->life_us - 1)));
        EXPECT_INT(row->sentence, nat_tcp_box_would_admit(box, &packet, &ack, row->life_us).table,
                   NAT_DROP_EXPIRED);
        nat_tcp_answer answer;
        EXPECT(row->sentence, !nat_tcp_box_on_timer(box, row->life_us - 1, &answer));
        EXPECT_INT(row->sentence, support_mappings(box, row->life_us - 1), 1);
        EXPECT(row->sentence, !nat_tcp_box_on_timer(box, row->life_us, &answer));
        EXPECT_INT(row->sentence, support_mappings(box, row->life_us), 0);
        EXPECT_INT(row->sentence, nat_tcp_box_session_count(box), 0);
        free(box);
    }
}

/* The longest timeout there may be is no longer than what the table under it waits. */
static void longest_life(void) {
    nat_tcp_box_config config = support_recommended();
    config.tracking.timeout_us[NAT_TCP_ESTABLISHED] = NAT_TCP_TIMEOUT_US_MAX;
    nat_tcp_box *box = support_box(&config);
    const punch_addr inside = support_inside(1, PORT);
    const punch_addr remote = support_remote(1, 80);
    punch_time_us now_us = 0;
    const punch_addr external = support_connect(box, inside, remote, now_us);
    for (int i = 0; i < 4; i++) {
        now_us += NAT_TCP_TIMEOUT_US_MAX - 1;
        EXPECT("30 days later, less a microsecond",
               nat_tcp_passed(support_in(box, remote, external, ACK, now_us).outcome));
    }
    now_us += 2 * NAT_TCP_TIMEOUT_US_MAX;
    EXPECT_INT("60 days later", support_in(box, remote, external, ACK, now_us).outcome.table,
               NAT_DROP_EXPIRED);
    EXPECT_INT("it ended once", nat_stats(nat_tcp_box_table(box))->mappings_expired, 1);
    free(box);
}

/* RFC 5382 REQ-5: a mapping lives as long as one of its connections. */
static void mapping_of_two(void) {
    const nat_tcp_box_config config = support_recommended();
    nat_tcp_box *box = support_box(&config);
    const punch_addr inside = support_inside(1, PORT);
    const punch_addr external = support_connect(box, inside, support_remote(1, 80), 0);
    const punch_addr second = support_out(box, inside, support_remote(2, 80), SYN, 1).packet.src;
    EXPECT("one mapping for both", punch_addr_equal(&external, &second));
    EXPECT_INT("two sessions", nat_tcp_box_session_count(box), 2);
    nat_tcp_answer answer;
    (void)nat_tcp_box_on_timer(box, 7439 * SECOND, &answer);
    EXPECT_INT("the SYN was never answered", nat_tcp_box_session_count(box), 1);
    EXPECT_INT("the mapping lives on", support_mappings(box, 7439 * SECOND), 1);
    (void)nat_tcp_box_on_timer(box, 7440 * SECOND, &answer);
    EXPECT_INT("until the other has ended", support_mappings(box, 7440 * SECOND), 0);
    EXPECT_INT("two expired", nat_tcp_box_stats(box)->sessions_expired, 2);
    free(box);
}

/* --- limits --- */

typedef struct {
    const char *sentence;
    uint32_t table_max;
    uint32_t per_host_max;
    uint32_t filters_max;
    nat_full full;
    nat_verdict third; /* what a third connection comes to, of the same host to the same remote */
    uint32_t sessions;
    uint64_t evicted;
    uint64_t lost;
} limit_row;

static const limit_row LIMITS[] = {
    {"a full table refuses", 2, 0, 0, NAT_FULL_REFUSE, NAT_DROP_TABLE_FULL, 2, 0, 0},
    {"a full table evicts, and the sessions go with the mapping", 2, 0, 0, NAT_FULL_EVICT_OLDEST,
     NAT_PASS, 2, 0, 1},
    {"a host has had its share", 8, 2, 0, NAT_FULL_REFUSE, NAT_DROP_HOST_LIMIT, 2, 0, 0},
    {"a host evicts its own", 8, 2, 0, NAT_FULL_EVICT_OLDEST, NAT_PASS, 2, 0, 1},
    {"no room for one more session", 8, 0, 2, NAT_FULL_REFUSE, NAT_DROP_TABLE_FULL, 2, 0, 0},
    {"the session that ends first makes room", 8, 0, 2, NAT_FULL_EVICT_OLDEST, NAT_PASS, 2, 1, 0},
    {"room for all three", 3, 3, 3, NAT_FULL_REFUSE, NAT_PASS, 3, 0, 0},
};

static void limits(void) {
    for (size_t i = 0; i < sizeof LIMITS / sizeof LIMITS[0]; i++) {
        const limit_row *row = &LIMITS[i];
        nat_tcp_box_config config = support_recommended();
        config.nat.table_max = row->table_max;
        config.nat.per_host_max = row->per_host_max;
        config.nat.filters_max = row->filters_max;
        config.nat.full = row->full;
        nat_tcp_box *box = support_box(&config);
        support_result last = {0};
        for (uint16_t k = 0; k < 3; k++) {
            const punch_addr inside = support_inside(1, (uint16_t)(PORT + k));
            last = support_out(box, inside, support_remote(1, 80), SYN, k);
        }
        EXPECT_TEXT(row->sentence, nat_verdict_name(last.outcome.table),
                    nat_verdict_name(row->third));
        EXPECT_INT(row->sentence, nat_tcp_box_session_count(box), row->sessions);
        EXPECT_INT(row->sentence, support_mappings(box, 3), row->sessions);
        EXPECT_INT(row->sentence, nat_tcp_box_stats(box)->sessions_evicted, row->evicted);
        EXPECT_INT(row->sentence, nat_tcp_box_stats(box)->sessions_lost, row->lost);
        free(box);
    }
}

/* Unsolicited SYNs take room that nobody needs, and none that somebody does. */
static void held_syns_give_way(void) {
    nat_tcp_box_config config = support_recommended();
    config.nat.filters_max = 2;
    nat_tcp_box *box = support_box(&config);
    const punch_addr port = punch_addr_ipv4(SUPPORT_EXTERNAL_IP, 6000);
    for (uint16_t i = 1; i <= 3; i++) {
        EXPECT_INT("all are held",
                   support_in(box, support_remote(9, i), port, SYN, i).outcome.tracking,
                   NAT_TCP_HOLD);
    }
    EXPECT_INT("as many as there is room for", nat_tcp_box_held_count(box), 2);
    EXPECT_INT("the first is forgotten", nat_tcp_box_stats(box)->syns_forgotten, 1);
    for (uint16_t i = 0; i < 2; i++) {
        const punch_addr inside = support_inside(1, (uint16_t)(PORT + i));
        EXPECT("connections take their room",
               nat_tcp_passed(support_out(box, inside, support_remote(1, 80), SYN, 4).outcome));
    }
    EXPECT_INT("of both", nat_tcp_box_held_count(box), 0);
    EXPECT_INT("then there is none to hold a SYN",
               support_in(box, support_remote(9, 1), port, SYN, 5).outcome.tracking,
               NAT_TCP_DROP_UNSOLICITED);
    EXPECT("and nothing is due", nat_tcp_box_next_deadline_us(box) == PUNCH_NEVER);
    free(box);
}

/* --- endpoints that are taken --- */

static void no_two_alike(void) {
    nat_tcp_box_config config = support_recommended();
    config.nat.collision = NAT_COLLISION_OVERLOAD;
    nat_tcp_box *box = support_box(&config);
    const punch_addr remote = support_remote(1, 80);
    (void)support_out(box, support_inside(1, PORT), remote, SYN, 0);
    EXPECT_INT("a shared port, the same remote",
               support_out(box, support_inside(2, PORT), remote, SYN, 1).outcome.table,
               NAT_DROP_NO_PORT);
    EXPECT_INT("leaves no mapping behind", support_mappings(box, 1), 1);
    const support_result other =
        support_out(box, support_inside(2, PORT), support_remote(2, 80), SYN, 2);
    EXPECT_INT("another remote shares it", other.packet.src.port, PORT);
    const support_result answer = support_in(box, remote, other.packet.src, SYN | ACK, 3);
    const punch_addr first = support_inside(1, PORT);
    EXPECT("answers find their way by session", punch_addr_equal(&answer.packet.dst, &first));
    free(box);
}

/* One remote endpoint cannot have two connections to one inside endpoint. */
static void no_two_alike_inside(void) {
    nat_tcp_box_config config = support_recommended();
    config.nat.mapping = NAT_MAPPING_APDM;
    config.nat.filtering = NAT_FILTERING_EIF;
    nat_tcp_box *box = support_box(&config);
    const punch_addr inside = support_inside(1, PORT);
    const punch_addr stranger = support_remote(9, 9);
    const punch_addr one = support_out(box, inside, support_remote(1, 80), SYN, 0).packet.src;
    const punch_addr two = support_out(box, inside, support_remote(2, 80), SYN, 0).packet.src;
    EXPECT("APDM: two mappings", !punch_addr_equal(&one, &two));
    EXPECT("the stranger comes in by one",
           nat_tcp_passed(support_in(box, stranger, one, SYN, 1).outcome));
    EXPECT_INT("not by the other, too", support_in(box, stranger, two, SYN, 2).outcome.table,
               NAT_DROP_NO_PORT);
    const support_result answer = support_out(box, inside, stranger, SYN | ACK, 3);
    EXPECT("it is answered by the one it came in by", punch_addr_equal(&answer.packet.src, &one));
    free(box);
}

/* --- hairpinning --- */

static void hairpin(void) {
    nat_tcp_box_config config = support_recommended();
    config.nat.filtering = NAT_FILTERING_EIF;
    nat_tcp_box *box = support_box(&config);
    const punch_addr a = support_inside(1, PORT);
    const punch_addr b = support_inside(2, PORT);
    const punch_addr b_outside = support_out(box, b, support_remote(1, 80), SYN, 0).packet.src;
    const support_result syn = support_out(box, a, b_outside, SYN, 1);
    EXPECT_INT("turned back", syn.outcome.table, NAT_TURNED_BACK);
    EXPECT("to the inside host", punch_addr_equal(&syn.packet.dst, &b));
    EXPECT_INT("from its external port", syn.packet.src.port, PORT + 1);
    const support_result answer = support_out(box, b, syn.packet.src, SYN | ACK, 2);
    EXPECT_INT("so is the answer", answer.outcome.table, NAT_TURNED_BACK);
    EXPECT("to who asked", punch_addr_equal(&answer.packet.dst, &a));
    EXPECT("from where it had asked", punch_addr_equal(&answer.packet.src, &b_outside));
    EXPECT_INT("both sides are followed", nat_tcp_box_session_count(box), 3);
    free(box);
}

static void hairpin_refused(void) {
    nat_tcp_box_config config = support_recommended();
    config.nat.filtering = NAT_FILTERING_APDF;
    nat_tcp_box *box = support_box(&config);
    const punch_addr a = support_inside(1, PORT);
    const punch_addr b = support_inside(2, PORT + 1);
    const punch_addr b_outside = support_out(box, b, support_remote(1, 80), SYN, 0).packet.src;
    const support_result syn = support_out(box, a, b_outside, SYN, 1);
    EXPECT_INT("the other side's filter", syn.outcome.table, NAT_DROP_FILTER_ADDRESS);
    EXPECT("nobody is answered", nat_tcp_box_next_deadline_us(box) == PUNCH_NEVER);
    EXPECT("the packet is unchanged", punch_addr_equal(&syn.packet.src, &a));
    const punch_addr a_outside = punch_addr_ipv4(SUPPORT_EXTERNAL_IP, PORT);
    EXPECT_INT("a SYN the other way meets the first one's session",
               support_out(box, b, a_outside, SYN, 2).outcome.table, NAT_TURNED_BACK);
    EXPECT_INT("and opens the way", support_out(box, a, b_outside, SYN, 3).outcome.table,
               NAT_TURNED_BACK);
    config.nat.hairpin = NAT_HAIRPIN_NONE;
    const punch_addr external = support_external();
    nat_tcp_box_reset(box, &config, &external, punch_rng_stream(1, 0, 0));
    EXPECT_INT("or none at all", support_out(box, a, b_outside, SYN, 0).outcome.table,
               NAT_DROP_NO_HAIRPIN);
    free(box);
}

/* --- ICMP, answers, reboots, firewalls --- */

static void icmp_errors(void) {
    const nat_tcp_box_config config = support_recommended();
    nat_tcp_box *box = support_box(&config);
    const punch_addr inside = support_inside(1, PORT);
    const punch_addr remote = support_remote(1, 80);
    const punch_addr external = support_connect(box, inside, remote, 0);
    nat_packet quoted = {external, remote};
    EXPECT_INT("about what has left", nat_tcp_box_icmp_in(box, &quoted, 1), NAT_PASS);
    EXPECT("goes to the inside host", punch_addr_equal(&quoted.src, &inside));
    quoted = (nat_packet){remote, inside};
    EXPECT_INT("about what has come in", nat_tcp_box_icmp_out(box, &quoted, 1), NAT_PASS);
    EXPECT("quotes the external endpoint", punch_addr_equal(&quoted.dst, &external));
    quoted = (nat_packet){external, support_remote(1, 81)};
    EXPECT_INT("about no connection", nat_tcp_box_icmp_in(box, &quoted, 1), NAT_DROP_NO_MAPPING);
    EXPECT("nothing has ended", nat_tcp_box_session(box, &inside, &remote) != NULL);
    EXPECT_INT("they are counted", nat_stats(nat_tcp_box_table(box))->icmp_passed, 2);
    free(box);
}

static void answer_in_detail(void) {
    nat_tcp_box_config config = support_recommended();
    config.tracking.unsolicited = NAT_TCP_UNSOLICITED_RST;
    nat_tcp_box *box = support_box(&config);
    const punch_addr remote = support_remote(1, 80);
    const punch_addr port = punch_addr_ipv4(SUPPORT_EXTERNAL_IP, 7000);
    (void)support_in(box, remote, port, SYN, 0);
    EXPECT_INT("due in six seconds", nat_tcp_box_next_deadline_us(box), 6 * SECOND);
    nat_tcp_answer answer = {0};
    EXPECT("due", nat_tcp_box_on_timer(box, 6 * SECOND, &answer));
    EXPECT_INT("a RST", answer.kind, NAT_TCP_ANSWER_RST);
    EXPECT_INT("that acknowledges the SYN", answer.ack, SUPPORT_FIRST_IN + 1);
    EXPECT("from the port it was for", punch_addr_equal(&answer.packet.src, &port));
    EXPECT("to its sender", punch_addr_equal(&answer.packet.dst, &remote));
    EXPECT("once", !nat_tcp_box_on_timer(box, 6 * SECOND, &answer));
    free(box);
}

static void reboot(void) {
    const nat_tcp_box_config config = support_recommended();
    nat_tcp_box *box = support_box(&config);
    const punch_addr inside = support_inside(1, PORT);
    const punch_addr remote = support_remote(1, 80);
    const punch_addr external = support_connect(box, inside, remote, 0);
    (void)support_in(box, support_remote(9, 9), external, SYN, 0);
    nat_tcp_box_flush(box, 1);
    EXPECT("no session", nat_tcp_box_session(box, &inside, &remote) == NULL);
    EXPECT_INT("nothing held", nat_tcp_box_held_count(box), 0);
    EXPECT_INT("no mapping, and none that ended",
               support_in(box, remote, external, ACK, 2).outcome.table, NAT_DROP_NO_MAPPING);
    EXPECT_INT("counted", nat_tcp_box_stats(box)->sessions_flushed, 1);
    const punch_addr elsewhere = punch_addr_ipv4(SUPPORT_EXTERNAL_IP + 9, 0);
    nat_tcp_box_renumber(box, &elsewhere, 3);
    const support_result syn = support_out(box, inside, remote, SYN, 4);
    EXPECT("a new address", punch_addr_same_ip(&syn.packet.src, &elsewhere));
    EXPECT_INT("the old one is not ours", support_in(box, remote, external, ACK, 5).outcome.table,
               NAT_DROP_NOT_OURS);
    free(box);
}

static void firewall(void) {
    nat_tcp_box_config config = support_recommended();
    config.nat.firewall = true;
    nat_tcp_box *box = support_box(&config);
    const punch_addr one = support_inside(1, PORT);
    const punch_addr two = support_inside(2, PORT);
    const punch_addr remote = support_remote(1, 80);
    for (int i = 0; i < 2; i++) {
        const support_result syn = support_out(box, i == 0 ? one : two, remote, SYN, 0);
        EXPECT("translates nothing", punch_addr_equal(&syn.packet.src, i == 0 ? &one : &two));
    }
    EXPECT("lets answers in", nat_tcp_passed(support_in(box, remote, two, SYN | ACK, 1).outcome));
    EXPECT_INT("and nothing else", support_in(box, support_remote(9, 9), two, SYN, 1).outcome.table,
               NAT_DROP_FILTER_ADDRESS);
    free(box);
}

static void configurations(void) {
    nat_tcp_box_config config = support_recommended();
    EXPECT("recommended", nat_tcp_box_config_check(&config) == NULL);
    config.nat.table_max = 0;
    EXPECT("a table without room", nat_tcp_box_config_check(&config) != NULL);
    config = support_recommended();
    config.tracking.timeout_us[NAT_TCP_ESTABLISHED] = 0;
    EXPECT("a phase without time", nat_tcp_box_config_check(&config) != NULL);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"scripts of segments", scripts},
        {"simultaneous open is not known", crossed_syns},
        {"a mapping lives as long as its connection", lifetimes},
        {"also the longest there may be", longest_life},
        {"a mapping lives as long as one of its connections", mapping_of_two},
        {"limits", limits},
        {"held SYNs give way", held_syns_give_way},
        {"no two connections look alike outside", no_two_alike},
        {"nor inside", no_two_alike_inside},
        {"hairpin", hairpin},
        {"hairpin refused", hairpin_refused},
        {"ICMP errors", icmp_errors},
        {"the answer to a held SYN", answer_in_detail},
        {"reboot and renumbering", reboot},
        {"a firewall", firewall},
        {"configurations", configurations},
    };
    return PUNCH_TEST_MAIN("unit_tcp_box", cases);
}
