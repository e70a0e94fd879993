/* SPDX-License-Identifier: MIT */
/*
 * Random segments through randomly configured tracking: the 32-byte session and the reference that
 * keeps every segment agree on verdict, phase and deadline every time. And pairs of small TCPs over
 * a lossy path: whatever they send is let through, and they get done. PUNCH_TEST_SCALE scales both.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"
#include "punch/rng.h"
#include "punch_test.h"
#include "reference_tcp.h"
#include "tcp_hosts.h"

#define OPERATIONS 1000000u
#define OPERATIONS_PER_CONFIG 500u
#define CONVERSATIONS 3000u

typedef struct {
    nat_tcp_config config;
    nat_tcp_session session;
    reference_tcp *ref;
    punch_rng rng;
    punch_time_us now_us;
    uint64_t seed;
    uint32_t step;
    uint64_t verdicts[NAT_TCP_VERDICT_COUNT];
    uint64_t phases[NAT_TCP_PHASE_COUNT];
} run;

static uint32_t pick(run *self, uint32_t count) {
    return (uint32_t)punch_rng_below(&self->rng, count);
}

static uint32_t scaled(uint32_t count) {
    const char *scale = getenv("PUNCH_TEST_SCALE");
    const double factor = scale != NULL ? strtod(scale, NULL) : 1.0;
    return factor > 0 ? (uint32_t)(count * factor) : count;
}

static bool complain(const run *self, const char *what) {
    char sentence[160];
    (void)snprintf(sentence, sizeof sentence, "%s (configuration seed %llu, step %u)", what,
                   (unsigned long long)self->seed, self->step);
    return EXPECT(sentence, false);
}

static nat_tcp_config random_config(run *self) {
    nat_tcp_config config = {0};
    for (int i = NAT_TCP_SYN_SENT; i < NAT_TCP_PHASE_COUNT; i++) {
        config.timeout_us[i] = 1 + pick(self, 100);
    }
    config.timeout_us[NAT_TCP_HELD] = pick(self, 2) * pick(self, 50);
    config.timeout_us[NAT_TCP_RESET] = pick(self, 2) * pick(self, 100);
    config.reset_unanswered_us = pick(self, 2) * pick(self, 100);
    config.simultaneous_open = pick(self, 4) != 0;
    config.pick_up = pick(self, 4) == 0;
    config.unsolicited = (nat_tcp_unsolicited)pick(self, 3);
    config.window = (nat_tcp_window)pick(self, 3);
    config.reset = (nat_tcp_reset)pick(self, 2);
    config.reopen = (nat_tcp_reopen)pick(self, 3);
    return config;
}

/* Numbers where something may change, and their neighbours. */
static int64_t random_seq(run *self, nat_tcp_way way) {
    const nat_tcp_way peer = way == NAT_TCP_OUT ? NAT_TCP_IN : NAT_TCP_OUT;
    if (!reference_tcp_knows(self->ref, way)) {
        return (INT64_C(1) << 32) - 200 + pick(self, 400);
    }
    const int64_t near = (int64_t)pick(self, 3) - 1;
    switch (pick(self, 6)) {
    case 0:
        return reference_tcp_limit(self->ref, way) + near;
    case 1:
        return reference_tcp_end(self->ref, way) - reference_tcp_window(self->ref, peer) + near;
    case 2:
        return reference_tcp_end(self->ref, way) + (int64_t)pick(self, 200000) - 100000;
    default:
        return reference_tcp_end(self->ref, way) + (pick(self, 4) == 0 ? near : 0);
    }
}

static int64_t random_ack(run *self, nat_tcp_way way) {
    const nat_tcp_way peer = way == NAT_TCP_OUT ? NAT_TCP_IN : NAT_TCP_OUT;
    if (!reference_tcp_knows(self->ref, peer)) {
        return (INT64_C(1) << 32) + pick(self, 100);
    }
    const int64_t near = (int64_t)pick(self, 3) - 1;
    switch (pick(self, 8)) {
    case 0:
        return reference_tcp_end(self->ref, peer) - 66000 + near;
    case 1:
        return reference_tcp_end(self->ref, peer) - reference_tcp_window(self->ref, way) + near;
    case 2:
        return reference_tcp_end(self->ref, peer) + near;
    default:
        return reference_tcp_end(self->ref, peer);
    }
}

static unsigned random_flags(run *self) {
    static const unsigned USUAL[] = {
        NAT_TCP_SYN,
        NAT_TCP_SYN,
        NAT_TCP_SYN | NAT_TCP_ACK,
        NAT_TCP_SYN | NAT_TCP_ACK,
        NAT_TCP_ACK,
        NAT_TCP_ACK,
        NAT_TCP_ACK,
        NAT_TCP_ACK,
        NAT_TCP_ACK,
        NAT_TCP_FIN | NAT_TCP_ACK,
        NAT_TCP_FIN | NAT_TCP_ACK,
        NAT_TCP_ACK,
    };
    const uint32_t luck = pick(self, 100);
    if (luck < 2) {
        return pick(self, 32) & (NAT_TCP_SYN | NAT_TCP_ACK | NAT_TCP_FIN | NAT_TCP_RST);
    }
    if (luck < 6) {
        return NAT_TCP_RST | (pick(self, 2) == 0 ? NAT_TCP_ACK : 0);
    }
    return USUAL[pick(self, sizeof USUAL / sizeof USUAL[0])];
}

static reference_segment random_segment(run *self) {
    reference_segment segment = {.way = (nat_tcp_way)pick(self, 2)};
    segment.flags = random_flags(self);
    segment.seq = random_seq(self, segment.way);
    segment.ack = random_ack(self, segment.way);
    segment.length = pick(self, 3) == 0 ? pick(self, 1461) : 0;
    /* A multiple of the largest scale, so that the 16 bits a session has for it lose nothing. */
    segment.window = (int64_t)pick(self, 4) << 14;
    segment.scale = pick(self, 3) == 0 ? -1 : (int)pick(self, 16);
    return segment;
}

static nat_tcp_segment on_the_wire(const reference_segment *segment) {
    const nat_tcp_segment wire = {
        .seq = (uint32_t)segment->seq,
        .ack = (uint32_t)segment->ack,
        .length = (uint16_t)segment->length,
        .window = (uint16_t)segment->window,
        .flags = (uint8_t)segment->flags,
        .scale = segment->scale < 0 ? (uint8_t)NAT_TCP_NO_SCALE : (uint8_t)segment->scale,
    };
    return wire;
}

static bool agrees(run *self, nat_tcp_verdict got, nat_tcp_verdict wanted) {
    if (got != wanted) {
        (void)EXPECT_TEXT("verdict", nat_tcp_verdict_name(got), nat_tcp_verdict_name(wanted));
        return complain(self, "verdicts differ");
    }
    const nat_tcp_phase phase = reference_tcp_phase(self->ref);
    if (self->session.phase != phase) {
        (void)EXPECT_TEXT("phase", nat_tcp_phase_name((nat_tcp_phase)self->session.phase),
                          nat_tcp_phase_name(phase));
        return complain(self, "phases differ");
    }
    if (nat_tcp_deadline_us(&self->session) != reference_tcp_deadline_us(self->ref)) {
        return complain(self, "deadlines differ");
    }
    self->verdicts[got]++;
    self->phases[phase]++;
    return true;
}

static bool step_deadline(run *self) {
    const nat_tcp_verdict got = nat_tcp_on_deadline(&self->config, &self->session, self->now_us);
    return agrees(self, got, reference_tcp_on_deadline(self->ref));
}

static bool step_segment(run *self) {
    const reference_segment segment = random_segment(self);
    const nat_tcp_segment wire = on_the_wire(&segment);
    const nat_tcp_phase phase = nat_tcp_phase_at(&self->session, self->now_us);
    const bool empty = phase == NAT_TCP_CLOSED || phase == NAT_TCP_HELD;
    if (empty && segment.way == NAT_TCP_IN && pick(self, 2) == 0) {
        const nat_tcp_verdict got =
            nat_tcp_on_unsolicited(&self->config, &self->session, &wire, self->now_us);
        return agrees(self, got, reference_tcp_on_unsolicited(self->ref, &segment, self->now_us));
    }
    const nat_tcp_verdict foretold =
        nat_tcp_would(&self->config, &self->session, &wire, segment.way, self->now_us);
    const nat_tcp_verdict got =
        nat_tcp_on_segment(&self->config, &self->session, &wire, segment.way, self->now_us);
    if (foretold != got) {
        return complain(self, "nat_tcp_would foretold another verdict");
    }
    return agrees(self, got, reference_tcp_on_segment(self->ref, &segment, self->now_us));
}

static bool play(run *self) {
    for (self->step = 0; self->step < OPERATIONS_PER_CONFIG; self->step++) {
        self->now_us += pick(self, 50) == 0 ? pick(self, 150) : pick(self, 4);
        const bool due = nat_tcp_deadline_us(&self->session) <= self->now_us;
        if (due && pick(self, 2) == 0 && !step_deadline(self)) {
            return false;
        }
        if (!step_segment(self)) {
            return false;
        }
    }
    return true;
}

static void agrees_with_reference(void) {
    run self = {0};
    self.ref = malloc(sizeof *self.ref);
    PUNCH_ASSERT(self.ref != NULL);
    const uint32_t configs = 1 + scaled(OPERATIONS) / OPERATIONS_PER_CONFIG;
    for (self.seed = 0; self.seed < configs; self.seed++) {
        self.rng = punch_rng_stream(self.seed, 5382, 0);
        self.config = random_config(&self);
        self.now_us = -5000; /* world clocks need not start at 0 */
        EXPECT("a drawn configuration is in range", nat_tcp_config_check(&self.config) == NULL);
        memset(&self.session, 0, sizeof self.session);
        reference_tcp_init(self.ref, &self.config);
        if (!play(&self)) {
            break;
        }
    }
    for (int i = 0; i < NAT_TCP_VERDICT_COUNT; i++) {
        printf("%s %llu  ", nat_tcp_verdict_name((nat_tcp_verdict)i),
               (unsigned long long)self.verdicts[i]);
        EXPECT("every verdict occurs", self.verdicts[i] > 10);
    }
    printf("\n");
    for (int i = 0; i < NAT_TCP_PHASE_COUNT; i++) {
        printf("%s %llu  ", nat_tcp_phase_name((nat_tcp_phase)i),
               (unsigned long long)self.phases[i]);
        EXPECT("every phase occurs", self.phases[i] > 10);
    }
    printf("\n");
    free(self.ref);
}

/* --- two hosts --- */

static void hosts_get_through(void) {
    const uint32_t conversations = scaled(CONVERSATIONS);
    uint64_t segments = 0;
    for (uint64_t seed = 0; seed < conversations; seed++) {
        hosts_conversation talk = {.config = nat_tcp_preset_find("pf")->config};
        talk.rng = punch_rng_stream(seed, 9293, 0);
        talk.opening = (hosts_opening)(seed % 3);
        hosts_talk(&talk);
        segments += talk.segments;
        if (talk.dropped != NAT_TCP_PASS || !talk.done) {
            char sentence[160];
            (void)snprintf(sentence, sizeof sentence, "seed %llu: segment %u dropped: %s, done: %d",
                           (unsigned long long)seed, talk.segments,
                           nat_tcp_verdict_name(talk.dropped), talk.done);
            EXPECT(sentence, false);
            break;
        }
        EXPECT_TEXT("closed", nat_tcp_phase_name((nat_tcp_phase)talk.session.phase), "time-wait");
    }
    printf("%u conversations, %llu segments\n", conversations, (unsigned long long)segments);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"tracking agrees with the reference", agrees_with_reference},
        {"strict windows let two hosts talk over a lossy path", hosts_get_through},
    };
    return PUNCH_TEST_MAIN("prop_tcp", cases);
}
