/* SPDX-License-Identifier: MIT */
/*
 * TCP tracking, one behaviour per script: segments with the verdict and the phase each must leave;
 * then windows, one number at a time; then deadlines, words and presets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "punch_test.h"
#include "tcp_support.h"

#define STEPS_MAX 10
#define README_BYTES_MAX 65536

typedef struct {
    nat_tcp_way way;
    unsigned flags; /* 0: no step, the script is over */
    nat_tcp_verdict verdict;
    nat_tcp_phase phase;
} script_step;

typedef struct {
    const char *sentence;
    const char *preset;
    script_step steps[STEPS_MAX];
} script;

static const script SCRIPTS[] = {
    {"opened from inside, closed from inside",
     "pf",
     {{OUT, SYN, NAT_TCP_PASS, NAT_TCP_SYN_SENT},
      {IN, SYN | ACK, NAT_TCP_PASS, NAT_TCP_SYN_RECEIVED},
      {OUT, ACK, NAT_TCP_PASS, NAT_TCP_ESTABLISHED},
      {OUT, FIN | ACK, NAT_TCP_PASS, NAT_TCP_FIN_WAIT},
      {OUT, FIN | ACK, NAT_TCP_PASS, NAT_TCP_FIN_WAIT}}},
    {"opened from outside through a filter that admits it",
     "linux-masquerade",
     {{IN, SYN, NAT_TCP_PASS, NAT_TCP_SYN_SENT},
      {OUT, SYN | ACK, NAT_TCP_PASS, NAT_TCP_SYN_RECEIVED},
      {IN, ACK, NAT_TCP_PASS, NAT_TCP_ESTABLISHED}}},
    {"SYNs cross, both answer with SYN-ACK",
     "linux-masquerade",
     {{OUT, SYN, NAT_TCP_PASS, NAT_TCP_SYN_SENT},
      {IN, SYN, NAT_TCP_PASS, NAT_TCP_SYN_BOTH},
      {OUT, SYN | ACK, NAT_TCP_PASS, NAT_TCP_SYN_RECEIVED},
      {IN, SYN | ACK, NAT_TCP_PASS, NAT_TCP_ESTABLISHED}}},
    {"SYNs cross, one is lost behind the NAT and comes again",
     "linux-masquerade",
     {{OUT, SYN, NAT_TCP_PASS, NAT_TCP_SYN_SENT},
      {IN, SYN, NAT_TCP_PASS, NAT_TCP_SYN_BOTH},
      {IN, SYN, NAT_TCP_PASS, NAT_TCP_SYN_BOTH},
      {OUT, SYN | ACK, NAT_TCP_PASS, NAT_TCP_SYN_RECEIVED},
      {IN, ACK, NAT_TCP_PASS, NAT_TCP_ESTABLISHED}}},
    {"a SYN comes again before its answer",
     "rfc5382",
     {{OUT, SYN, NAT_TCP_PASS, NAT_TCP_SYN_SENT},
      {OUT, SYN, NAT_TCP_PASS, NAT_TCP_SYN_SENT},
      {IN, SYN | ACK, NAT_TCP_PASS, NAT_TCP_SYN_RECEIVED}}},
    {"a SYN and its answer come again late",
     "linux-masquerade",
     {{OUT, SYN, NAT_TCP_PASS, NAT_TCP_SYN_SENT},
      {IN, SYN | ACK, NAT_TCP_PASS, NAT_TCP_SYN_RECEIVED},
      {OUT, SYN, NAT_TCP_PASS, NAT_TCP_SYN_RECEIVED},
      {IN, SYN | ACK, NAT_TCP_PASS, NAT_TCP_SYN_RECEIVED},
      {OUT, ACK, NAT_TCP_PASS, NAT_TCP_ESTABLISHED},
      {IN, SYN | ACK, NAT_TCP_PASS, NAT_TCP_ESTABLISHED}}},
    {"the remote remembers an older connection and answers SYN with ACK",
     "linux-masquerade",
     {{OUT, SYN, NAT_TCP_PASS, NAT_TCP_SYN_SENT},
      {IN, ACK, NAT_TCP_PASS, NAT_TCP_SYN_SENT},
      {OUT, RST, NAT_TCP_PASS, NAT_TCP_CLOSED}}},
    {"nothing but SYN, RST or their answers before the SYN-ACK",
     "rfc5382",
     {{OUT, SYN, NAT_TCP_PASS, NAT_TCP_SYN_SENT},
      {OUT, ACK, NAT_TCP_DROP_PHASE, NAT_TCP_SYN_SENT},
      {OUT, SYN | ACK, NAT_TCP_DROP_PHASE, NAT_TCP_SYN_SENT},
      {OUT, FIN | ACK, NAT_TCP_DROP_PHASE, NAT_TCP_SYN_SENT},
      {IN, FIN | ACK, NAT_TCP_DROP_PHASE, NAT_TCP_SYN_SENT}}},
    {"what begins no connection",
     "rfc5382",
     {{OUT, ACK, NAT_TCP_DROP_NO_SESSION, NAT_TCP_CLOSED},
      {OUT, SYN | ACK, NAT_TCP_DROP_NO_SESSION, NAT_TCP_CLOSED},
      {IN, FIN | ACK, NAT_TCP_DROP_NO_SESSION, NAT_TCP_CLOSED},
      {IN, RST, NAT_TCP_DROP_NO_SESSION, NAT_TCP_CLOSED}}},
    {"control bits no TCP sends together",
     "rfc5382",
     {{OUT, SYN | FIN, NAT_TCP_DROP_FLAGS, NAT_TCP_CLOSED},
      {OUT, SYN | RST, NAT_TCP_DROP_FLAGS, NAT_TCP_CLOSED},
      {OUT, FIN, NAT_TCP_DROP_FLAGS, NAT_TCP_CLOSED},
      {OUT, FIN | RST | ACK, NAT_TCP_DROP_FLAGS, NAT_TCP_CLOSED},
      {OUT, 0x08u, NAT_TCP_DROP_FLAGS, NAT_TCP_CLOSED}}},
    {"a connection picked up in the middle",
     "linux-masquerade",
     {{OUT, ACK, NAT_TCP_PASS, NAT_TCP_ESTABLISHED},
      {IN, ACK, NAT_TCP_PASS, NAT_TCP_ESTABLISHED},
      {IN, FIN | ACK, NAT_TCP_PASS, NAT_TCP_FIN_WAIT}}},
    {"a refused connection is over at once for Linux, and its SYN may come again",
     "linux-masquerade",
     {{OUT, SYN, NAT_TCP_PASS, NAT_TCP_SYN_SENT},
      {IN, RST | ACK, NAT_TCP_PASS, NAT_TCP_CLOSED},
      {OUT, SYN, NAT_TCP_PASS, NAT_TCP_SYN_SENT}}},
    {"a RST closes: data passes, nothing brings it back but its opener's SYN",
     "linux-masquerade",
     {{OUT, SYN, NAT_TCP_PASS, NAT_TCP_SYN_SENT},
      {IN, SYN | ACK, NAT_TCP_PASS, NAT_TCP_SYN_RECEIVED},
      {OUT, ACK, NAT_TCP_PASS, NAT_TCP_ESTABLISHED},
      {IN, RST, NAT_TCP_PASS, NAT_TCP_RESET},
      {OUT, ACK, NAT_TCP_PASS, NAT_TCP_RESET},
      {IN, SYN, NAT_TCP_DROP_PHASE, NAT_TCP_RESET},
      {OUT, SYN, NAT_TCP_PASS, NAT_TCP_SYN_SENT}}},
    {"a RST shortens: the phase stays",
     "rfc5382",
     {{OUT, SYN, NAT_TCP_PASS, NAT_TCP_SYN_SENT},
      {IN, SYN | ACK, NAT_TCP_PASS, NAT_TCP_SYN_RECEIVED},
      {OUT, ACK, NAT_TCP_PASS, NAT_TCP_ESTABLISHED},
      {IN, RST, NAT_TCP_PASS, NAT_TCP_ESTABLISHED},
      {OUT, ACK, NAT_TCP_PASS, NAT_TCP_ESTABLISHED}}},
    {"a server may close before its SYN-ACK is acknowledged",
     "rfc5382",
     {{OUT, SYN, NAT_TCP_PASS, NAT_TCP_SYN_SENT},
      {IN, SYN | ACK, NAT_TCP_PASS, NAT_TCP_SYN_RECEIVED},
      {IN, FIN | ACK, NAT_TCP_PASS, NAT_TCP_FIN_WAIT}}},
};

static support_flow flow_of(const char *preset) {
    return support_flow_of(&nat_tcp_preset_find(preset)->config);
}

static void scripts(void) {
    for (size_t i = 0; i < sizeof SCRIPTS / sizeof SCRIPTS[0]; i++) {
        support_flow flow = flow_of(SCRIPTS[i].preset);
        for (size_t k = 0; k < STEPS_MAX && SCRIPTS[i].steps[k].flags != 0; k++) {
            const script_step *step = &SCRIPTS[i].steps[k];
            char sentence[160];
            (void)snprintf(sentence, sizeof sentence, "%s: step %zu", SCRIPTS[i].sentence, k);
            const punch_time_us now_us = (punch_time_us)k * SECOND;
            EXPECT_TEXT(sentence,
                        nat_tcp_verdict_name(support_pass(&flow, step->way, step->flags, now_us)),
                        nat_tcp_verdict_name(step->verdict));
            EXPECT_TEXT(sentence, nat_tcp_phase_name(nat_tcp_phase_at(&flow.session, now_us)),
                        nat_tcp_phase_name(step->phase));
        }
    }
}

/* --- closing, with numbers --- */

typedef struct {
    nat_tcp_way way;
    unsigned flags;
    uint32_t data_out;
    uint32_t data_in;
    nat_tcp_phase phase;
} closing_step;

static void play_closing(const char *sentence, const closing_step *steps, size_t count) {
    support_flow flow = flow_of("pf");
    EXPECT(sentence, support_handshake(&flow, OUT, 0));
    for (size_t i = 0; i < count; i++) {
        const closing_step *step = &steps[i];
        const nat_tcp_segment segment =
            support_segment(step->way, step->flags, step->data_out, step->data_in);
        EXPECT_INT(sentence,
                   nat_tcp_on_segment(&flow.config, &flow.session, &segment, step->way, SECOND),
                   NAT_TCP_PASS);
        EXPECT_TEXT(sentence, nat_tcp_phase_name(nat_tcp_phase_at(&flow.session, SECOND)),
                    nat_tcp_phase_name(step->phase));
    }
}

static void closing(void) {
    static const closing_step ORDERLY[] = {
        {OUT, FIN | ACK, 1, 1, NAT_TCP_FIN_WAIT}, {IN, ACK, 1, 1, NAT_TCP_FIN_WAIT},
        {IN, ACK, 2, 1, NAT_TCP_CLOSE_WAIT},      {OUT, ACK, 2, 1, NAT_TCP_CLOSE_WAIT},
        {IN, FIN | ACK, 2, 1, NAT_TCP_LAST_ACK},  {OUT, ACK, 2, 1, NAT_TCP_LAST_ACK},
        {OUT, ACK, 2, 2, NAT_TCP_TIME_WAIT},      {IN, FIN | ACK, 2, 1, NAT_TCP_TIME_WAIT},
        {OUT, ACK, 2, 2, NAT_TCP_TIME_WAIT},
    };
    play_closing("orderly: acknowledged first, then closed from the other side", ORDERLY,
                 sizeof ORDERLY / sizeof ORDERLY[0]);
    static const closing_step AT_ONCE[] = {
        {IN, FIN | ACK, 1, 1, NAT_TCP_FIN_WAIT},
        {OUT, FIN | ACK, 1, 1, NAT_TCP_LAST_ACK},
        {IN, ACK, 2, 2, NAT_TCP_TIME_WAIT},
    };
    play_closing("FINs cross", AT_ONCE, sizeof AT_ONCE / sizeof AT_ONCE[0]);
}

/* --- windows --- */

typedef struct {
    const char *sentence;
    nat_tcp_way way;
    unsigned flags;
    uint32_t seq;
    uint32_t ack;
    uint16_t length;
    nat_tcp_verdict strict;
    nat_tcp_verdict rst_only;
} window_row;

/* After a handshake with windows of 8000 bytes; the next bytes are 1001 (out) and 5001 (in). */
static const window_row WINDOWS[] = {
    {"the next byte", OUT, ACK, 1001, 5001, 1, NAT_TCP_PASS, NAT_TCP_PASS},
    {"the last byte of the window", OUT, ACK, 9000, 5001, 1, NAT_TCP_PASS, NAT_TCP_PASS},
    {"a probe of a full window", OUT, ACK, 9001, 5001, 1, NAT_TCP_PASS, NAT_TCP_PASS},
    {"behind the window", OUT, ACK, 9002, 5001, 0, NAT_TCP_DROP_WINDOW, NAT_TCP_PASS},
    {"a keepalive: one before the next", OUT, ACK, 1000, 5001, 0, NAT_TCP_PASS, NAT_TCP_PASS},
    {"a window too old", OUT, ACK, 1001u - 8001u, 5001, 0, NAT_TCP_DROP_WINDOW, NAT_TCP_PASS},
    {"as old as a window", OUT, ACK, 1001u - 8000u, 5001, 0, NAT_TCP_PASS, NAT_TCP_PASS},
    {"acknowledges what was not sent", OUT, ACK, 1001, 5002, 0, NAT_TCP_DROP_WINDOW, NAT_TCP_PASS},
    {"an old acknowledgement", OUT, ACK, 1001, 5001u - 66000u, 0, NAT_TCP_PASS, NAT_TCP_PASS},
    {"one too old", OUT, ACK, 1001, 5001u - 66001u, 0, NAT_TCP_DROP_WINDOW, NAT_TCP_PASS},
    {"from outside, behind the window", IN, ACK, 13002, 1001, 0, NAT_TCP_DROP_WINDOW, NAT_TCP_PASS},
    {"a RST with the next number", IN, RST, 5001, 0, 0, NAT_TCP_PASS, NAT_TCP_PASS},
    {"a forged RST", IN, RST, 77777, 0, 0, NAT_TCP_DROP_WINDOW, NAT_TCP_DROP_WINDOW},
    {"a RST that acknowledges what was not sent", IN, RST | ACK, 5001, 1002, 0, NAT_TCP_DROP_WINDOW,
     NAT_TCP_DROP_WINDOW},
};

static void windows(void) {
    for (size_t i = 0; i < sizeof WINDOWS / sizeof WINDOWS[0]; i++) {
        const window_row *row = &WINDOWS[i];
        for (int mode = NAT_TCP_WINDOW_LOOSE; mode <= NAT_TCP_WINDOW_STRICT; mode++) {
            support_flow flow = flow_of("pf");
            flow.config.window = (nat_tcp_window)mode;
            EXPECT(row->sentence, support_handshake(&flow, OUT, 0));
            const nat_tcp_segment segment = {.seq = row->seq,
                                             .ack = row->ack,
                                             .length = row->length,
                                             .window = SUPPORT_WINDOW,
                                             .flags = (uint8_t)row->flags,
                                             .scale = NAT_TCP_NO_SCALE};
            const nat_tcp_verdict verdicts[] = {NAT_TCP_PASS, row->rst_only, row->strict};
            const nat_tcp_session before = flow.session;
            const nat_tcp_verdict verdict =
                nat_tcp_on_segment(&flow.config, &flow.session, &segment, row->way, SECOND);
            EXPECT_TEXT(row->sentence, nat_tcp_verdict_name(verdict),
                        nat_tcp_verdict_name(verdicts[mode]));
            if (verdict != NAT_TCP_PASS) {
                EXPECT_BYTES("a dropped segment changes nothing", &flow.session, &before,
                             sizeof before);
            }
        }
    }
}

/* The remote offers `window` with `scale`; how far the inside host may send behind its SYN. */
static uint32_t reach(uint8_t own_scale, uint8_t scale, uint16_t syn_window, uint16_t window) {
    support_flow flow = flow_of("pf");
    nat_tcp_segment syn = support_segment(OUT, SYN, 0, 0);
    syn.scale = own_scale;
    syn.window = 65535;
    nat_tcp_segment synack = support_segment(IN, SYN | ACK, 1, 0);
    synack.scale = scale;
    synack.window = syn_window;
    const nat_tcp_segment last = support_segment(OUT, ACK, 1, 1);
    nat_tcp_segment update = support_segment(IN, ACK, 1, 1);
    update.window = window;
    (void)nat_tcp_on_segment(&flow.config, &flow.session, &syn, OUT, 0);
    (void)nat_tcp_on_segment(&flow.config, &flow.session, &synack, IN, 0);
    (void)nat_tcp_on_segment(&flow.config, &flow.session, &last, OUT, 0);
    (void)nat_tcp_on_segment(&flow.config, &flow.session, &update, IN, 0);
    uint32_t low = 1;
    uint32_t high = UINT32_C(1) << 31;
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        const nat_tcp_segment data = support_segment(OUT, ACK, middle, 1);
        const nat_tcp_verdict verdict =
            nat_tcp_would(&flow.config, &flow.session, &data, OUT, SECOND);
        *(verdict == NAT_TCP_PASS ? &low : &high) = middle;
    }
    return low - 1;
}

static void scales(void) {
    EXPECT_INT("both offer one: windows are scaled", reach(7, 3, 1000, 4000), 32000);
    EXPECT_INT("the window of the SYN-ACK is not", reach(7, 3, 50000, 100), 50000);
    EXPECT_INT("only the opener does: no", reach(7, NAT_TCP_NO_SCALE, 1000, 4000), 4000);
    EXPECT_INT("only the other does: no", reach(NAT_TCP_NO_SCALE, 7, 1000, 4000), 4000);
    EXPECT_INT("more than 14 counts as 14", reach(0, 200, 1000, 65535), 65535 << 14);
    EXPECT_INT("a closed window may be probed", reach(0, 0, 0, 0), 1);
}

/* --- the answer to a SYN, and the numbers of a second attempt --- */

static void handshake_numbers(void) {
    support_flow flow = flow_of("linux-masquerade");
    (void)support_pass(&flow, OUT, SYN, 0);
    nat_tcp_segment forged = support_segment(IN, SYN | ACK, 2, 0);
    EXPECT_INT("a SYN-ACK for another SYN",
               nat_tcp_on_segment(&flow.config, &flow.session, &forged, IN, 0),
               NAT_TCP_DROP_WINDOW);
    forged = support_segment(IN, RST, 1, 0);
    EXPECT_INT("a RST that acknowledges no SYN",
               nat_tcp_on_segment(&flow.config, &flow.session, &forged, IN, 0),
               NAT_TCP_DROP_WINDOW);
    nat_tcp_segment again = support_segment(OUT, SYN, 0, 0);
    again.seq = 0xfffffff0u;
    EXPECT_INT("the SYN of another attempt",
               nat_tcp_on_segment(&flow.config, &flow.session, &again, OUT, 0), NAT_TCP_PASS);
    nat_tcp_segment answer = support_segment(IN, SYN | ACK, 1, 0);
    EXPECT_INT("the answer to the first one is too late",
               nat_tcp_on_segment(&flow.config, &flow.session, &answer, IN, 0),
               NAT_TCP_DROP_WINDOW);
    answer.ack = 0xfffffff1u;
    EXPECT_INT("that to the second passes",
               nat_tcp_on_segment(&flow.config, &flow.session, &answer, IN, 0), NAT_TCP_PASS);
    nat_tcp_segment data = support_segment(OUT, ACK, 1, 1);
    data.seq = 0x10; /* 31 bytes on, beyond 2^32 */
    EXPECT_INT("numbers wrap around",
               nat_tcp_on_segment(&flow.config, &flow.session, &data, OUT, 0), NAT_TCP_PASS);
}

static void crossing_again(void) {
    support_flow flow = flow_of("linux-masquerade");
    (void)support_pass(&flow, OUT, SYN, 0);
    (void)support_pass(&flow, IN, SYN, 0);
    nat_tcp_segment again = support_segment(OUT, SYN, 0, 0);
    again.seq = 900000;
    EXPECT_INT("after crossing, a SYN with another number",
               nat_tcp_on_segment(&flow.config, &flow.session, &again, OUT, SECOND), NAT_TCP_PASS);
    EXPECT_INT("begins anew", nat_tcp_phase_at(&flow.session, SECOND), NAT_TCP_SYN_SENT);
    flow = flow_of("linux-masquerade");
    flow.config.simultaneous_open = false;
    (void)support_pass(&flow, OUT, SYN, 0);
    EXPECT_INT("a NAT without simultaneous open", support_pass(&flow, IN, SYN, 1),
               NAT_TCP_DROP_CROSSED_SYN);
    EXPECT_INT("goes on with the first SYN", support_pass(&flow, IN, SYN | ACK, 2), NAT_TCP_PASS);
}

/* --- time --- */

static void deadlines(void) {
    support_flow flow = flow_of("linux-masquerade");
    EXPECT("a closed session has none", nat_tcp_deadline_us(&flow.session) == PUNCH_NEVER);
    (void)support_pass(&flow, OUT, SYN, SECOND);
    EXPECT_INT("SYN", nat_tcp_deadline_us(&flow.session), 121 * SECOND);
    (void)support_pass(&flow, IN, ACK, 2 * SECOND);
    EXPECT_INT("what passes beside the connection does not prolong it",
               nat_tcp_deadline_us(&flow.session), 121 * SECOND);
    EXPECT_INT("alive just before", nat_tcp_phase_at(&flow.session, 121 * SECOND - 1),
               NAT_TCP_SYN_SENT);
    EXPECT_INT("gone at the deadline", nat_tcp_phase_at(&flow.session, 121 * SECOND),
               NAT_TCP_CLOSED);
    EXPECT_INT("what comes then has no session", support_pass(&flow, IN, SYN | ACK, 121 * SECOND),
               NAT_TCP_DROP_NO_SESSION);
    (void)support_pass(&flow, OUT, SYN, 200 * SECOND);
    EXPECT_INT("on_deadline closes", nat_tcp_on_deadline(&flow.config, &flow.session, 320 * SECOND),
               NAT_TCP_EXPIRED);
    EXPECT("and leaves no deadline", nat_tcp_deadline_us(&flow.session) == PUNCH_NEVER);
    (void)support_handshake(&flow, OUT, PUNCH_NEVER - 1);
    EXPECT("the end of time is not passed", nat_tcp_deadline_us(&flow.session) == PUNCH_NEVER);
}

static void resets_in_time(void) {
    support_flow flow = flow_of("rfc5382");
    (void)support_handshake(&flow, OUT, 0);
    (void)support_pass(&flow, IN, RST, MINUTE);
    EXPECT_INT("a RST leaves four minutes", nat_tcp_deadline_us(&flow.session), 5 * MINUTE);
    (void)support_pass(&flow, OUT, RST, 2 * MINUTE);
    EXPECT_INT("one from inside does not add any", nat_tcp_deadline_us(&flow.session), 5 * MINUTE);
    (void)support_pass(&flow, IN, ACK, 3 * MINUTE);
    EXPECT_INT("data brings the connection back", nat_tcp_deadline_us(&flow.session), 127 * MINUTE);
    flow = flow_of("linux-masquerade");
    (void)support_handshake(&flow, OUT, 0);
    (void)support_pass(&flow, IN, RST, MINUTE);
    (void)support_pass(&flow, OUT, ACK, MINUTE + SECOND);
    EXPECT_INT("not where a RST closes", nat_tcp_deadline_us(&flow.session), MINUTE + 11 * SECOND);
}

/* --- unsolicited --- */

static void unsolicited(void) {
    support_flow flow = flow_of("rfc5382");
    EXPECT_INT("a SYN is held", support_unsolicited(&flow, SYN, 0), NAT_TCP_HOLD);
    EXPECT_INT("six seconds", nat_tcp_deadline_us(&flow.session), 6 * SECOND);
    EXPECT_INT("the answer acknowledges it", nat_tcp_held_ack(&flow.session), SUPPORT_FIRST_IN + 1);
    EXPECT_INT("it comes again", support_unsolicited(&flow, SYN, SECOND), NAT_TCP_HOLD);
    EXPECT_INT("and waits anew", nat_tcp_deadline_us(&flow.session), 7 * SECOND);
    EXPECT_INT("then", nat_tcp_on_deadline(&flow.config, &flow.session, 7 * SECOND),
               NAT_TCP_ANSWER_ICMP);
    EXPECT_INT("the number is still there", nat_tcp_held_ack(&flow.session), SUPPORT_FIRST_IN + 1);
    EXPECT_INT("other segments are dropped", support_unsolicited(&flow, ACK, 8 * SECOND),
               NAT_TCP_DROP_NO_SESSION);
    EXPECT_INT("and nonsense", support_unsolicited(&flow, SYN | FIN, 8 * SECOND),
               NAT_TCP_DROP_FLAGS);
    flow = flow_of("linux-masquerade");
    EXPECT_INT("without a hold the RST goes at once", support_unsolicited(&flow, SYN, 0),
               NAT_TCP_ANSWER_RST);
    EXPECT("and leaves nothing", nat_tcp_deadline_us(&flow.session) == PUNCH_NEVER);
    flow = flow_of("pf");
    flow.config.timeout_us[NAT_TCP_HELD] = 6 * SECOND;
    EXPECT_INT("silence holds nothing", support_unsolicited(&flow, SYN, 0),
               NAT_TCP_DROP_UNSOLICITED);
}

/* --- words and presets --- */

static void names(void) {
    for (int i = 0; i < NAT_TCP_PHASE_COUNT; i++) {
        EXPECT("every phase has a name", strlen(nat_tcp_phase_name((nat_tcp_phase)i)) > 3);
    }
    for (int i = 0; i < NAT_TCP_VERDICT_COUNT; i++) {
        EXPECT("every verdict has a name", strlen(nat_tcp_verdict_name((nat_tcp_verdict)i)) > 3);
        EXPECT("and a sentence", strlen(nat_tcp_verdict_text((nat_tcp_verdict)i)) > 8);
    }
    EXPECT_TEXT("unsolicited", nat_tcp_unsolicited_name(NAT_TCP_UNSOLICITED_ICMP), "icmp");
    EXPECT_TEXT("window", nat_tcp_window_name(NAT_TCP_WINDOW_STRICT), "strict");
    EXPECT_TEXT("reset", nat_tcp_reset_name(NAT_TCP_RESET_SHORTENS), "shortens");
    EXPECT_TEXT("reopen", nat_tcp_reopen_name(NAT_TCP_REOPEN_EITHER), "either");
    EXPECT_TEXT("a value that is none", nat_tcp_reopen_name((nat_tcp_reopen)77), "unknown");
}

static void bad_configurations(void) {
    nat_tcp_config config = nat_tcp_config_default();
    EXPECT("the default is in range", nat_tcp_config_check(&config) == NULL);
    for (int phase = 0; phase < NAT_TCP_PHASE_COUNT; phase++) {
        const punch_time_us before_us = config.timeout_us[phase];
        config.timeout_us[phase] = 0;
        const bool may_be_zero =
            phase == NAT_TCP_CLOSED || phase == NAT_TCP_HELD || phase == NAT_TCP_RESET;
        EXPECT(nat_tcp_phase_name((nat_tcp_phase)phase),
               (nat_tcp_config_check(&config) == NULL) == may_be_zero);
        config.timeout_us[phase] = -1;
        EXPECT("negative", nat_tcp_config_check(&config) != NULL);
        config.timeout_us[phase] = NAT_TCP_TIMEOUT_US_MAX + 1;
        EXPECT("too long", nat_tcp_config_check(&config) != NULL);
        config.timeout_us[phase] = before_us;
    }
    config.reset_unanswered_us = -1;
    EXPECT("negative after a RST", nat_tcp_config_check(&config) != NULL);
    config = nat_tcp_config_default();
    config.unsolicited = (nat_tcp_unsolicited)3;
    EXPECT("no such answer", nat_tcp_config_check(&config) != NULL);
    config = nat_tcp_config_default();
    config.window = (nat_tcp_window)3;
    EXPECT("no such check", nat_tcp_config_check(&config) != NULL);
    config = nat_tcp_config_default();
    config.reset = (nat_tcp_reset)2;
    EXPECT("no such reset", nat_tcp_config_check(&config) != NULL);
    config = nat_tcp_config_default();
    config.reopen = (nat_tcp_reopen)-1;
    EXPECT("no such reopening", nat_tcp_config_check(&config) != NULL);
}

static const char *const FIELDS[] = {"tcp_timeout_held",
                                     "tcp_timeout_syn_sent",
                                     "tcp_timeout_syn_both",
                                     "tcp_timeout_syn_received",
                                     "tcp_timeout_established",
                                     "tcp_timeout_fin_wait",
                                     "tcp_timeout_close_wait",
                                     "tcp_timeout_last_ack",
                                     "tcp_timeout_time_wait",
                                     "tcp_timeout_reset",
                                     "tcp_simultaneous_open",
                                     "tcp_timeout_reset_unanswered",
                                     "tcp_pick_up",
                                     "tcp_unsolicited",
                                     "tcp_window",
                                     "tcp_reset",
                                     "tcp_reopen"};

static void presets(void) {
    size_t count = 0;
    const nat_tcp_preset *all = nat_tcp_presets(&count);
    EXPECT_INT("five presets", count, 5);
    for (size_t i = 0; i < count; i++) {
        EXPECT(all[i].name, nat_tcp_config_check(&all[i].config) == NULL);
        EXPECT(all[i].name, nat_tcp_preset_find(all[i].name) == &all[i]);
        EXPECT("a device both lists know has one name",
               i == 0 || nat_preset_find(all[i].name) != NULL);
        size_t sources = 0;
        while (all[i].sources[sources].field != NULL) {
            sources++;
        }
        EXPECT_INT(all[i].name, sources, sizeof FIELDS / sizeof FIELDS[0]);
        for (size_t k = 0; k < sizeof FIELDS / sizeof FIELDS[0]; k++) {
            size_t found = 0;
            for (size_t s = 0; s < sources; s++) {
                const nat_field_source *source = &all[i].sources[s];
                found += strcmp(source->field, FIELDS[k]) == 0 && strlen(source->source) > 8;
            }
            EXPECT_INT(FIELDS[k], found, 1);
        }
    }
    EXPECT("an unknown name finds nothing", nat_tcp_preset_find("toaster") == NULL);
}

static long long seconds(const nat_tcp_config *config, nat_tcp_phase phase) {
    return (long long)(config->timeout_us[phase] / SECOND);
}

/* One row of the README's table. */
static void format_row(const nat_tcp_preset *preset, char *row, size_t cap) {
    const nat_tcp_config *config = &preset->config;
    char unsolicited_text[32];
    (void)snprintf(unsolicited_text, sizeof unsolicited_text, "%s after %lld s",
                   nat_tcp_unsolicited_name(config->unsolicited), seconds(config, NAT_TCP_HELD));
    (void)snprintf(
        row, cap,
        "| `%s` | %lld / %lld / %lld | %lld | %lld / %lld | %lld / %lld | %lld / %lld, %s | %s | "
        "%s | %s | %s |",
        preset->name, seconds(config, NAT_TCP_SYN_SENT), seconds(config, NAT_TCP_SYN_BOTH),
        seconds(config, NAT_TCP_SYN_RECEIVED), seconds(config, NAT_TCP_ESTABLISHED),
        seconds(config, NAT_TCP_FIN_WAIT), seconds(config, NAT_TCP_CLOSE_WAIT),
        seconds(config, NAT_TCP_LAST_ACK), seconds(config, NAT_TCP_TIME_WAIT),
        (long long)(config->reset_unanswered_us / SECOND), seconds(config, NAT_TCP_RESET),
        nat_tcp_reset_name(config->reset), nat_tcp_window_name(config->window),
        config->unsolicited == NAT_TCP_UNSOLICITED_SILENCE ? "silence" : unsolicited_text,
        nat_tcp_reopen_name(config->reopen), config->pick_up ? "yes" : "no");
}

static void readme_table(void) {
    const char *top = getenv("PUNCH_SOURCE_DIR");
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/nat_models/README.md", top != NULL ? top : ".");
    char *text = calloc(1, README_BYTES_MAX);
    FILE *file = fopen(path, "rb");
    if (!EXPECT("nat_models/README.md can be read", text != NULL && file != NULL)) {
        free(text);
        return;
    }
    (void)fread(text, 1, README_BYTES_MAX - 1, file);
    (void)fclose(file);
    size_t count = 0;
    const nat_tcp_preset *all = nat_tcp_presets(&count);
    for (size_t i = 0; i < count; i++) {
        char row[256];
        format_row(&all[i], row, sizeof row);
        EXPECT(row, strstr(text, row) != NULL);
    }
    free(text);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"scripts of segments", scripts},
        {"closing", closing},
        {"windows", windows},
        {"window scales", scales},
        {"numbers of the handshake", handshake_numbers},
        {"SYNs that cross", crossing_again},
        {"deadlines", deadlines},
        {"resets and time", resets_in_time},
        {"unsolicited segments", unsolicited},
        {"names", names},
        {"configurations out of range", bad_configurations},
        {"presets name a source for every field", presets},
        {"the README's table is true", readme_table},
    };
    return PUNCH_TEST_MAIN("unit_tcp", cases);
}
