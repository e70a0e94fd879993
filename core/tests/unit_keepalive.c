/* SPDX-License-Identifier: MIT */
#include "punch/keepalive.h"
#include "punch_test.h"

#define S PUNCH_US_PER_S

typedef struct {
    const char *sentence;
    const punch_keepalive *strategy;
    punch_keepalive_view view;
    punch_time_us due;
} row;

static const row rows[] = {
    {"agreed-15: opened just after T, first slot is T + 15",
     &punch_keepalive_agreed_15,
     {.start_at_us = 100 * S, .opened_at_us = 101 * S, .last_keepalive_at_us = PUNCH_NEVER},
     115 * S},
    {"agreed-15: opened 40 s after T, next slot is T + 45",
     &punch_keepalive_agreed_15,
     {.start_at_us = 100 * S, .opened_at_us = 140 * S, .last_keepalive_at_us = PUNCH_NEVER},
     145 * S},
    {"agreed-15: opened before T (fired early), slot is T",
     &punch_keepalive_agreed_15,
     {.start_at_us = 100 * S, .opened_at_us = 99 * S, .last_keepalive_at_us = PUNCH_NEVER},
     100 * S},
    {"agreed-15: a slot sent 0.7 s early is not sent again",
     &punch_keepalive_agreed_15,
     {.start_at_us = 100 * S, .opened_at_us = 101 * S, .last_keepalive_at_us = 114 * S + 300000},
     130 * S},
    {"agreed-15: a slot sent 0.7 s late does not skip the next",
     &punch_keepalive_agreed_15,
     {.start_at_us = 100 * S, .opened_at_us = 101 * S, .last_keepalive_at_us = 115 * S + 700000},
     130 * S},
    {"agreed-15: jitter moves the slot by permille of 15 s",
     &punch_keepalive_agreed_15,
     {.start_at_us = 100 * S,
      .opened_at_us = 101 * S,
      .last_keepalive_at_us = PUNCH_NEVER,
      .jitter_permille = -50},
     115 * S - 750000},
    {"agreed-15: packets of other kinds change nothing",
     &punch_keepalive_agreed_15,
     {.start_at_us = 100 * S,
      .opened_at_us = 101 * S,
      .last_send_at_us = 114 * S,
      .last_heard_at_us = 114 * S,
      .last_keepalive_at_us = PUNCH_NEVER},
     115 * S},
    {"seed: 15 s after the counterparty's last packet",
     &punch_keepalive_seed,
     {.last_send_at_us = 109 * S, .last_heard_at_us = 110 * S, .last_keepalive_at_us = PUNCH_NEVER},
     125 * S},
    {"seed: nothing more until they are heard again",
     &punch_keepalive_seed,
     {.last_send_at_us = 125 * S, .last_heard_at_us = 110 * S, .last_keepalive_at_us = 125 * S},
     PUNCH_NEVER},
    {"seed: heard again, due again",
     &punch_keepalive_seed,
     {.last_send_at_us = 125 * S, .last_heard_at_us = 126 * S, .last_keepalive_at_us = 125 * S},
     141 * S},
    {"seed-bounded: own last packet is the earlier",
     &punch_keepalive_seed_bounded,
     {.last_send_at_us = 100 * S, .last_heard_at_us = 110 * S, .last_keepalive_at_us = 100 * S},
     115 * S},
    {"seed-bounded: theirs is the earlier",
     &punch_keepalive_seed_bounded,
     {.last_send_at_us = 112 * S, .last_heard_at_us = 110 * S, .last_keepalive_at_us = 100 * S},
     125 * S},
    {"seed-bounded: a silent counterparty is still sent to every 15 s",
     &punch_keepalive_seed_bounded,
     {.last_send_at_us = 125 * S, .last_heard_at_us = 110 * S, .last_keepalive_at_us = 125 * S},
     140 * S},
};

static void schedules(void) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        punch_keepalive_view view = rows[i].view;
        view.interval_us = rows[i].strategy->interval_us;
        EXPECT_INT(rows[i].sentence, rows[i].strategy->next_send_us(NULL, &view), rows[i].due);
    }
}

static void names(void) {
    size_t count = 0;
    const punch_keepalive *const *all = punch_keepalive_builtin(&count);
    EXPECT_INT("four strategies are built in", count, 4);
    EXPECT_TEXT("agreed-15 comes first: it is the fallback", all[0]->name, "agreed-15");
    for (size_t i = 0; i < count; i++) {
        EXPECT("every strategy is found by its name", punch_keepalive_find(all[i]->name) == all[i]);
        const punch_keepalive_id id = punch_keepalive_id_of(all[i]->name);
        EXPECT_BYTES("its id is the hash of its name", &all[i]->id, &id, sizeof id);
        EXPECT("and says what it does", all[i]->help != NULL && all[i]->help[0] != '\0');
    }
    size_t offered_count = 0;
    const punch_keepalive *const *offered = punch_keepalive_offered(&offered_count);
    EXPECT("some are offered when none is named", offered_count >= 1 && offered_count <= count);
    for (size_t i = 0; i < offered_count; i++) {
        EXPECT("the first ones", offered[i] == all[i]);
        EXPECT_INT("which need no memory", offered[i]->state_bytes, 0);
    }
    EXPECT("an unknown name is none", punch_keepalive_find("agreed-16") == NULL);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"when the next keepalive is due", schedules},
        {"the table of strategies", names},
    };
    return PUNCH_TEST_MAIN("unit_keepalive", cases);
}
