/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What answering at addresses nobody signalled is worth (core.peer_reflexive), pair by pair. With
 * it off a side still accepts authenticated packets from anywhere, but sends only to what the
 * broker told it. So a side with endpoint-dependent mapping, whose port towards its peer nobody was
 * told, is reached at the port it showed the broker or not at all: its filter must be EIF.
 */
#include <stdio.h>

#include "punch_test.h"
#include "small_world.h"

typedef struct {
    const char *sentence;
    nat_mapping mapping_a;
    nat_filtering filtering_a;
    nat_mapping mapping_b;
    nat_filtering filtering_b;
    bool connects_on;
    bool connects_off;
} reflexive_row;

/* Short names for the table. */
#define EIM NAT_MAPPING_EIM
#define ADM NAT_MAPPING_ADM
#define APDM NAT_MAPPING_APDM
#define EIF NAT_FILTERING_EIF
#define ADF NAT_FILTERING_ADF
#define APDF NAT_FILTERING_APDF

static const reflexive_row rows[] = {
    {"EIM/EIF x EIM/EIF", EIM, EIF, EIM, EIF, true, true},
    {"EIM/ADF x EIM/APDF", EIM, ADF, EIM, APDF, true, true},
    {"EIM/APDF x EIM/APDF", EIM, APDF, EIM, APDF, true, true},
    {"APDM/APDF x EIM/EIF", APDM, APDF, EIM, EIF, true, false},
    {"APDM/APDF x EIM/ADF", APDM, APDF, EIM, ADF, true, false},
    {"APDM/ADF x EIM/EIF", APDM, ADF, EIM, EIF, true, false},
    {"ADM/APDF x EIM/EIF", ADM, APDF, EIM, EIF, true, false},
    {"ADM/EIF x EIM/EIF", ADM, EIF, EIM, EIF, true, true},
    {"ADM/EIF x EIM/ADF", ADM, EIF, EIM, ADF, true, true},
    {"APDM/EIF x EIM/APDF", APDM, EIF, EIM, APDF, false, false},
    {"APDM/EIF x ADM/EIF", APDM, EIF, ADM, EIF, true, true},
    {"APDM/EIF x ADM/ADF", APDM, EIF, ADM, ADF, true, false},
    {"APDM/APDF x APDM/APDF", APDM, APDF, APDM, APDF, false, false},
};

static bool connects(const nat_config *caller, const nat_config *callee, bool is_off) {
    small_world small;
    small_pair(&small, caller, callee);
    small.hosts[1].options.peer_reflexive_off = is_off;
    small.hosts[2].options.peer_reflexive_off = is_off;
    small_run(&small, 1, NULL);
    return small.result.calls[0].connected;
}

static void pairs_with_and_without(void) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const reflexive_row *row = &rows[i];
        const nat_config a = small_nat(row->mapping_a, row->filtering_a);
        const nat_config b = small_nat(row->mapping_b, row->filtering_b);
        for (unsigned turned = 0; turned < 2; turned++) {
            const nat_config *caller = turned ? &b : &a;
            const nat_config *callee = turned ? &a : &b;
            char sentence[96];
            snprintf(sentence, sizeof sentence, "%s%s, peer-reflexive on", row->sentence,
                     turned ? " turned round" : "");
            EXPECT_INT(sentence, connects(caller, callee, false), row->connects_on);
            snprintf(sentence, sizeof sentence, "%s%s, peer-reflexive off", row->sentence,
                     turned ? " turned round" : "");
            EXPECT_INT(sentence, connects(caller, callee, true), row->connects_off);
        }
    }
}

/* Nothing but the addresses the broker told is sent to, however often the counterparty is heard
 * from elsewhere. */
typedef struct {
    punch_addr inside; /* of the side watched */
    punch_addr broker;
    punch_addr first; /* where it sent first, apart from the broker */
    uint32_t elsewhere;
} target_watch;

static void watch_targets(void *user, const sim_saw *record) {
    target_watch *watch = user;
    if (record->kind != SIM_SAW_SEND || !punch_addr_equal(&record->src, &watch->inside) ||
        punch_addr_equal(&record->dst, &watch->broker)) {
        return;
    }
    if (watch->first.family == PUNCH_FAMILY_NONE) {
        watch->first = record->dst;
    } else if (!punch_addr_equal(&watch->first, &record->dst)) {
        watch->elsewhere++;
    }
}

static void off_sends_only_where_told(void) {
    const nat_config dependent = small_nat(NAT_MAPPING_APDM, NAT_FILTERING_EIF);
    const nat_config open = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_EIF);
    for (unsigned is_off = 0; is_off < 2; is_off++) {
        small_world small;
        small_pair(&small, &dependent, &open);
        small.hosts[1].options.peer_reflexive_off = is_off == 1;
        small.hosts[2].options.peer_reflexive_off = is_off == 1;
        small.plan.hold_us = 40 * PUNCH_US_PER_S;
        target_watch watch = {.inside = small.hosts[2].addr, .broker = small.hosts[0].addr};
        const sim_observer observer = {watch_targets, &watch};
        small_run(&small, 1, &observer);
        EXPECT("the pair connects either way", small.result.calls[0].connected);
        EXPECT_INT("the side that hears from an unknown port answers there, unless it is off",
                   watch.elsewhere == 0, is_off);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"pairs with and without peer-reflexive answers", pairs_with_and_without},
        {"without them, only signalled addresses are sent to", off_sends_only_where_told},
    };
    return PUNCH_TEST_MAIN("unit_peer_reflexive", cases);
}
