/* SPDX-License-Identifier: MIT */
/*
 * RFC 7857 (updates to NAT behaviour), one case per section that asks something of TCP tracking or
 * of a NAT's ports: the preset "rfc5382" meets it; where a setting can break it, one set so does.
 * Sections that say nothing the models know have no case: they are listed with the reason.
 */
#include <stdio.h>
#include <stdlib.h>

#include "nat_support.h"
#include "punch_test.h"
#include "tcp_support.h"

static support_flow recommended(void) {
    const nat_tcp_config config = nat_tcp_preset_find("rfc5382")->config;
    return support_flow_of(&config);
}

/* --- §2: the state machine --- */

/* The states of Figure 1, which is RFC 6146 §3.5.2 with the inside as client. */
typedef enum { F_CLOSED, F_OUT_INIT, F_IN_INIT, F_OPEN, F_OUT_FIN, F_IN_FIN, F_BOTH_FIN } figure;

/* Where ours are finer, several are one of the figure's. Where a RST leads to TRANS there, the
 * phase stays here and its time is cut, which is tested below. */
static figure in_figure(const nat_tcp_session *session, nat_tcp_way opener, nat_tcp_way closer) {
    switch ((nat_tcp_phase)session->phase) {
    case NAT_TCP_CLOSED:
    case NAT_TCP_HELD:
    case NAT_TCP_RESET:
    case NAT_TCP_PHASE_COUNT:
        break;
    case NAT_TCP_SYN_SENT:
        return opener == OUT ? F_OUT_INIT : F_IN_INIT;
    case NAT_TCP_SYN_BOTH:
    case NAT_TCP_SYN_RECEIVED:
    case NAT_TCP_ESTABLISHED:
        return F_OPEN;
    case NAT_TCP_FIN_WAIT:
    case NAT_TCP_CLOSE_WAIT:
        return closer == OUT ? F_OUT_FIN : F_IN_FIN;
    case NAT_TCP_LAST_ACK:
    case NAT_TCP_TIME_WAIT:
        return F_BOTH_FIN;
    }
    return F_CLOSED;
}

typedef struct {
    nat_tcp_way way;
    unsigned flags;
    figure state;
} figure_step;

typedef struct {
    const char *sentence;
    nat_tcp_way opener;
    nat_tcp_way closer;
    figure_step steps[8]; /* ends with flags 0 */
} figure_walk;

static const figure_walk WALKS[] = {
    {"opened and closed from inside",
     OUT,
     OUT,
     {{OUT, SYN, F_OUT_INIT},
      {IN, SYN | ACK, F_OPEN},
      {OUT, ACK, F_OPEN},
      {OUT, FIN | ACK, F_OUT_FIN},
      {IN, ACK, F_OUT_FIN},
      {IN, FIN | ACK, F_BOTH_FIN},
      {OUT, ACK, F_BOTH_FIN}}},
    {"opened and closed from outside",
     IN,
     IN,
     {{IN, SYN, F_IN_INIT},
      {OUT, SYN | ACK, F_OPEN},
      {IN, ACK, F_OPEN},
      {IN, FIN | ACK, F_IN_FIN},
      {OUT, FIN | ACK, F_BOTH_FIN},
      {IN, ACK, F_BOTH_FIN}}},
    {"SYNs cross, closed from outside",
     OUT,
     IN,
     {{OUT, SYN, F_OUT_INIT},
      {IN, SYN, F_OPEN},
      {OUT, SYN | ACK, F_OPEN},
      {IN, SYN | ACK, F_OPEN},
      {IN, FIN | ACK, F_IN_FIN},
      {IN, ACK, F_IN_FIN}}},
};

static void section_2(void) {
    for (size_t i = 0; i < sizeof WALKS / sizeof WALKS[0]; i++) {
        const figure_walk *walk = &WALKS[i];
        support_flow flow = recommended();
        for (size_t k = 0; walk->steps[k].flags != 0; k++) {
            const figure_step *step = &walk->steps[k];
            EXPECT_INT(walk->sentence, support_pass(&flow, step->way, step->flags, (int64_t)k),
                       NAT_TCP_PASS);
            EXPECT_INT(walk->sentence, in_figure(&flow.session, walk->opener, walk->closer),
                       step->state);
        }
        const punch_time_us end_us = nat_tcp_deadline_us(&flow.session);
        EXPECT_INT("every state ends in CLOSED", nat_tcp_phase_at(&flow.session, end_us),
                   NAT_TCP_CLOSED);
    }
}

/* --- §2.1: transitory timeouts --- */

static void section_2_1(void) {
    nat_tcp_config config = nat_tcp_config_default();
    EXPECT("opening: four minutes by default",
           config.timeout_us[NAT_TCP_SYN_SENT] >= 4 * MINUTE &&
               config.timeout_us[NAT_TCP_SYN_BOTH] >= 4 * MINUTE &&
               config.timeout_us[NAT_TCP_SYN_RECEIVED] >= 4 * MINUTE);
    EXPECT("closing: four minutes by default", config.timeout_us[NAT_TCP_LAST_ACK] >= 4 * MINUTE);
    config.timeout_us[NAT_TCP_SYN_SENT] = 30 * SECOND;
    EXPECT("a shorter one for opening may be set", nat_tcp_config_check(&config) == NULL);
    support_flow flow = support_flow_of(&config);
    (void)support_pass(&flow, OUT, SYN, 0);
    EXPECT_INT("it counts for opening", nat_tcp_deadline_us(&flow.session), 30 * SECOND);
    (void)support_pass(&flow, IN, SYN | ACK, 0);
    (void)support_pass(&flow, OUT, FIN | ACK, 0);
    (void)support_pass(&flow, IN, FIN | ACK, 0);
    EXPECT_INT("and not for closing", nat_tcp_deadline_us(&flow.session), 4 * MINUTE);
}

/* --- §2.2: RST --- */

static void section_2_2_translated(void) {
    for (int way = OUT; way <= IN; way++) {
        support_flow flow = recommended();
        (void)support_pass(&flow, OUT, SYN, 0);
        const unsigned flags = way == IN ? RST | ACK : RST;
        EXPECT_INT("a RST after the SYN", support_pass(&flow, (nat_tcp_way)way, flags, 1),
                   NAT_TCP_PASS);
        flow = recommended();
        (void)support_handshake(&flow, OUT, 0);
        EXPECT_INT("a RST of an established connection",
                   support_pass(&flow, (nat_tcp_way)way, RST, 1), NAT_TCP_PASS);
    }
}

/* How long a session is kept after a RST from outside. */
static punch_time_us kept_us(const char *preset, bool answered) {
    support_flow flow = support_flow_of(&nat_tcp_preset_find(preset)->config);
    (void)support_pass(&flow, OUT, SYN, 0);
    if (answered) {
        (void)support_pass(&flow, IN, SYN | ACK, 0);
        (void)support_pass(&flow, OUT, ACK, 0);
    }
    (void)support_pass(&flow, IN, RST | ACK, MINUTE);
    const punch_time_us end_us = nat_tcp_deadline_us(&flow.session);
    return end_us == PUNCH_NEVER ? 0 : end_us - MINUTE;
}

static void section_2_2_kept(void) {
    EXPECT_INT("four minutes", kept_us("rfc5382", true), 4 * MINUTE);
    EXPECT_INT("also when it answers the SYN", kept_us("rfc5382", false), 4 * MINUTE);
    EXPECT_INT("Linux breaks it: 10 s", kept_us("linux-masquerade", true), 10 * SECOND);
    EXPECT_INT("or nothing at all", kept_us("linux-masquerade", false), 0);
}

static punch_time_us life_after_data_us(const char *preset) {
    support_flow flow = support_flow_of(&nat_tcp_preset_find(preset)->config);
    (void)support_handshake(&flow, OUT, 0);
    (void)support_pass(&flow, IN, RST, MINUTE);
    (void)support_pass(&flow, OUT, ACK, MINUTE + SECOND);
    return nat_tcp_deadline_us(&flow.session) - (MINUTE + SECOND);
}

static void section_2_2_survives(void) {
    EXPECT_INT("a connection that goes on after a RST was not reset", life_after_data_us("rfc5382"),
               124 * MINUTE);
    EXPECT_INT("Linux breaks it", life_after_data_us("linux-masquerade"), 10 * SECOND);
}

/* --- §7: what is filtered refreshes nothing --- */

static void section_7(void) {
    support_flow flow = recommended();
    flow.config.window = NAT_TCP_WINDOW_STRICT;
    (void)support_handshake(&flow, OUT, 0);
    const punch_time_us before_us = nat_tcp_deadline_us(&flow.session);
    const nat_tcp_segment forged = support_segment(IN, ACK, 1, 1000000);
    EXPECT_INT("a forged segment is dropped",
               nat_tcp_on_segment(&flow.config, &flow.session, &forged, IN, MINUTE),
               NAT_TCP_DROP_WINDOW);
    EXPECT_INT("and refreshes nothing", nat_tcp_deadline_us(&flow.session), before_us);
    flow.config.window = NAT_TCP_WINDOW_LOOSE;
    (void)nat_tcp_on_segment(&flow.config, &flow.session, &forged, IN, MINUTE);
    EXPECT("a NAT that checks nothing breaks it", nat_tcp_deadline_us(&flow.session) > before_us);
}

static void section_7_1(void) {
    support_flow flow = recommended();
    (void)support_pass(&flow, OUT, SYN, 0);
    const punch_time_us before_us = nat_tcp_deadline_us(&flow.session);
    (void)support_pass(&flow, OUT, RST, MINUTE);
    EXPECT("a RST from inside does not prolong a session",
           nat_tcp_deadline_us(&flow.session) <= before_us);
}

/* --- §9: port randomization --- */

/* Of 100 new mappings, how many have the port behind their predecessor's. */
static int successors(nat_allocation allocation) {
    nat_config config = nat_config_default();
    config.allocation = allocation;
    nat *box = support_nat(&config, 7857);
    int count = 0;
    uint16_t last = 0;
    for (uint16_t i = 0; i < 100; i++) {
        const punch_addr inside = support_inside(1, (uint16_t)(2000 + 7 * i));
        const uint16_t port = support_send(box, inside, support_remote(1, 1), 0);
        count += last != 0 && port == last + 1;
        last = port;
    }
    free(box);
    return count;
}

static void section_9(void) {
    EXPECT("random ports do not follow each other", successors(NAT_ALLOCATION_RANDOM) < 5);
    EXPECT_INT("contiguous ones break it", successors(NAT_ALLOCATION_CONTIGUOUS), 99);
}

/* --- §7.1: errors from inside keep nothing alive --- */

static void section_7_1_icmp(void) {
    const nat_config config = nat_preset_find("rfc4787")->config;
    nat *box = support_nat(&config, 1);
    const punch_addr inside = support_inside(1, 5000);
    (void)support_send(box, inside, support_remote(1, 1), 0);
    for (int minute = 1; minute < 5; minute++) {
        nat_packet quoted = {support_remote(1, 1), inside};
        EXPECT_INT("an ICMP error goes out",
                   nat_translate_icmp_out(box, &quoted, minute * 60 * PUNCH_US_PER_S), NAT_PASS);
    }
    EXPECT_INT("and the mapping ends when it would have",
               nat_mapping_count(box, 300 * PUNCH_US_PER_S), 0);
    (void)support_send(box, inside, support_remote(1, 1), 301 * PUNCH_US_PER_S);
    (void)support_send(box, inside, support_remote(1, 1), 360 * PUNCH_US_PER_S);
    EXPECT_INT("a packet would have prolonged it", nat_mapping_count(box, 659 * PUNCH_US_PER_S), 1);
    free(box);
}

/* Sections without a case, and why. They are printed, not counted as passed. */
static const struct {
    const char *section;
    const char *why;
} not_tested[] = {
    {"3 port overlapping",
     "no model fact: permits that mappings to different remotes share a port; here a port is "
     "one mapping's, or overloaded by all"},
    {"4 address pooling paired", "addresses are nat.h's: conformance_rfc4787 REQ-2"},
    {"5 EIM protocol independence",
     "no model fact: each transport has a table of mappings of its own"},
    {"6 EIF protocol independence", "no model fact: each transport has filters of its own"},
    {"8 port parity", "no model fact: a MAY, to leave parity alone"},
    {"10 IP identification", "no model fact: packets carry no identification field"},
    {"11 ICMP query mappings", "no model fact: a NAT here maps no ICMP queries"},
    {"12 hairpinned ICMP", "no model fact: a NAT here maps no ICMP queries"},
};

int main(void) {
    for (size_t i = 0; i < sizeof not_tested / sizeof not_tested[0]; i++) {
        printf("section %s: not tested: %s\n", not_tested[i].section, not_tested[i].why);
    }
    static const punch_test_case cases[] = {
        {"section 2 session tracking: Figure 1", section_2},
        {"section 2.1 transitory timeouts", section_2_1},
        {"section 2.2 RST is translated", section_2_2_translated},
        {"section 2.2 RST leaves four minutes", section_2_2_kept},
        {"section 2.2 a connection survives a RST", section_2_2_survives},
        {"section 7 filtered segments refresh nothing", section_7},
        {"section 7.1 a RST from inside refreshes nothing", section_7_1},
        {"section 7.1 an ICMP error refreshes nothing", section_7_1_icmp},
        {"section 9 port randomization", section_9},
    };
    return PUNCH_TEST_MAIN("conformance_rfc7857", cases);
}
