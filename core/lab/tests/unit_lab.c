/* SPDX-License-Identifier: MIT */
/*
 * The laboratory's strategies: when each sends next, what the learning ones make of evidence, and
 * that the table of all is in order.
 */
#include <string.h>

#include "punch/lab.h"
#include "punch_test.h"

#define S PUNCH_US_PER_S
#define MS PUNCH_US_PER_MS

typedef struct {
    const char *sentence;
    const punch_keepalive *strategy;
    punch_keepalive_view view;
    punch_time_us due_us;
} row;

static const row rows[] = {
    {"wireguard-25: 25 s after our last packet",
     &punch_lab_wireguard_25,
     {.last_send_at_us = 110 * S, .last_heard_at_us = 100 * S},
     135 * S},
    {"wireguard-25: a packet heard puts it off",
     &punch_lab_wireguard_25,
     {.last_send_at_us = 110 * S, .last_heard_at_us = 134 * S},
     159 * S},
    {"wireguard-25: an interval that is set",
     &punch_lab_wireguard_25,
     {.last_send_at_us = 110 * S, .last_heard_at_us = 100 * S, .interval_us = 10 * S},
     120 * S},
    {"sip-24-29: 29 s at the most",
     &punch_lab_sip_24_29,
     {.opened_at_us = 100 * S, .last_keepalive_at_us = PUNCH_NEVER},
     129 * S},
    {"sip-24-29: about 26.5 s in the middle, whatever else was sent",
     &punch_lab_sip_24_29,
     {.last_send_at_us = 120 * S, .last_keepalive_at_us = 100 * S, .draw = UINT32_C(0x80000000)},
     126500026},
    {"sip-24-29: 24 s at the least, to the microsecond of its arithmetic",
     &punch_lab_sip_24_29,
     {.last_keepalive_at_us = 100 * S, .draw = UINT32_MAX},
     124 * S + 52},
    {"consent: 4 s at the least",
     &punch_lab_consent,
     {.last_keepalive_at_us = 100 * S, .last_send_at_us = 103 * S},
     104 * S},
    {"consent: 5 s in the middle",
     &punch_lab_consent,
     {.last_keepalive_at_us = 100 * S, .draw = UINT32_C(0x80000000)},
     105 * S},
    {"consent: just below 6 s at the most",
     &punch_lab_consent,
     {.opened_at_us = 100 * S, .last_keepalive_at_us = PUNCH_NEVER, .draw = UINT32_MAX},
     105995 * MS},
    {"quic-30: 30 s after our last packet, heard or not",
     &punch_lab_quic_30,
     {.last_send_at_us = 110 * S, .last_heard_at_us = 130 * S},
     140 * S},
    {"repunch: never",
     &punch_lab_repunch,
     {.last_send_at_us = 110 * S, .last_heard_at_us = 130 * S},
     PUNCH_NEVER},
};

static void schedules(void) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        punch_keepalive_view view = rows[i].view;
        if (view.interval_us == 0) {
            view.interval_us = rows[i].strategy->interval_us;
        }
        EXPECT_INT(rows[i].sentence, rows[i].strategy->next_send_us(NULL, &view), rows[i].due_us);
    }
}

/* One piece of evidence, and what the strategy then does. */
typedef struct {
    const char *sentence;
    punch_evidence_kind kind;
    punch_time_us silence_us;
    punch_time_us interval_us;
    punch_time_us probe_us; /* 0 = none wished for */
} lesson;

static void learn(const punch_keepalive *strategy, const lesson *lessons, size_t count) {
    _Alignas(16) uint8_t state[PUNCH_KEEPALIVE_STATE_MAX];
    const punch_keepalive_settings settings = {0};
    const punch_keepalive_view view = {.last_send_at_us = 1000 * S};
    strategy->reset(state, &settings, 100 * S);
    for (size_t i = 0; i < count; i++) {
        const punch_keepalive_evidence evidence = {.kind = lessons[i].kind,
                                                   .attempts = 3,
                                                   .silence_us = lessons[i].silence_us,
                                                   .unsent_us = lessons[i].silence_us,
                                                   .now_us = 200 * S};
        if (lessons[i].silence_us > 0) {
            strategy->observe(state, &evidence);
        }
        EXPECT_INT(lessons[i].sentence, strategy->next_send_us(state, &view) - 1000 * S,
                   lessons[i].interval_us);
        EXPECT_INT("it promises what it does", strategy->promise_us(state, &view),
                   lessons[i].interval_us);
        const punch_keepalive_probe probe = strategy->probe(state, 200 * S);
        EXPECT_INT(lessons[i].sentence, probe.at_us != PUNCH_NEVER ? probe.silence_us : 0,
                   lessons[i].probe_us);
    }
}

static void longest_silence(void) {
    static const lesson lessons[] = {
        {"at first 30 s; 40 s are tried", PUNCH_EVIDENCE_HELD, 0, 30 * S, 40 * S},
        {"held: three quarters, and half as long again is tried", PUNCH_EVIDENCE_PROBE_HELD, 40 * S,
         30 * S, 60 * S},
        {"held again", PUNCH_EVIDENCE_PROBE_HELD, 60 * S, 45 * S, 90 * S},
        {"a packet that came in counts too", PUNCH_EVIDENCE_HELD, 64 * S, 48 * S, 90 * S},
        {"a packet that did not may have been lost", PUNCH_EVIDENCE_SILENT, 48 * S, 48 * S, 90 * S},
        {"a silence that did not hold ends it", PUNCH_EVIDENCE_PROBE_SILENT, 90 * S, 48 * S, 0},
        {"seen elsewhere: all over again", PUNCH_EVIDENCE_REMAPPED, 48 * S, 30 * S, 40 * S},
        {"what never lapses is kept every quarter of an hour", PUNCH_EVIDENCE_PROBE_HELD, 1200 * S,
         900 * S, 0},
    };
    learn(&punch_lab_longest_silence, lessons, sizeof lessons / sizeof lessons[0]);
}

static void lifetime_search(void) {
    static const lesson lessons[] = {
        {"at first 15 s; 30 s are tried", PUNCH_EVIDENCE_HELD, 0, 13 * S, 30 * S},
        {"held: doubled", PUNCH_EVIDENCE_PROBE_HELD, 30 * S, 28 * S, 60 * S},
        {"held: doubled", PUNCH_EVIDENCE_PROBE_HELD, 60 * S, 58 * S, 120 * S},
        {"not held: halved, the live hole stays", PUNCH_EVIDENCE_PROBE_SILENT, 120 * S, 58 * S,
         60 * S},
        {"what held once does no more", PUNCH_EVIDENCE_PROBE_SILENT, 60 * S, 28 * S, 30 * S},
        {"packets of the live hole teach nothing", PUNCH_EVIDENCE_HELD, 500 * S, 28 * S, 30 * S},
        {"a lapse for certain does", PUNCH_EVIDENCE_REMAPPED, 28 * S, 12 * S, 30 * S},
        {"no less than 10 s are tried", PUNCH_EVIDENCE_PROBE_SILENT, 12 * S, 8 * S, 10 * S},
        {"no more than an hour", PUNCH_EVIDENCE_PROBE_HELD, 3600 * S, 3598 * S, 3600 * S},
    };
    learn(&punch_lab_lifetime_search, lessons, sizeof lessons / sizeof lessons[0]);
}

static void table(void) {
    size_t count = 0;
    size_t core_count = 0;
    const punch_keepalive *const *all = punch_lab_keepalives(&count);
    const punch_keepalive *const *core = punch_keepalive_builtin(&core_count);
    EXPECT("there are more than the core's", count > core_count);
    for (size_t i = 0; i < count; i++) {
        const punch_keepalive *strategy = all[i];
        EXPECT("the core's come first", i >= core_count || strategy == core[i]);
        EXPECT(strategy->name, punch_lab_find(strategy->name) == strategy);
        const punch_keepalive_id id = punch_keepalive_id_of(strategy->name);
        EXPECT_BYTES(strategy->name, &strategy->id, &id, sizeof id);
        EXPECT_INT(strategy->name, strategy->abi, PUNCH_KEEPALIVE_ABI);
        EXPECT(strategy->name, strategy->help != NULL && strategy->help[0] != '\0');
        EXPECT(strategy->name, strategy->state_bytes <= PUNCH_KEEPALIVE_STATE_MAX);
        EXPECT(strategy->name, strategy->state_bytes == 0 || strategy->reset != NULL);
        EXPECT(strategy->name, strategy->give_up_us == 0 || strategy->asks);
        EXPECT(strategy->name, strategy->silence_after_last_us > 0);
        EXPECT(strategy->name, strategy->silence_after_first_us >= strategy->silence_after_last_us);
    }
    EXPECT("an unknown name is none", punch_lab_find("wireguard-26") == NULL);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"when the next keepalive is due", schedules},
        {"longest-silence", longest_silence},
        {"lifetime-search", lifetime_search},
        {"the table of all", table},
    };
    return PUNCH_TEST_MAIN("unit_lab", cases);
}
