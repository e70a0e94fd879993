/* SPDX-License-Identifier: MIT */
/*
 * Bytes become a configuration and segments; whatever they are, tracking keeps its promises: what
 * is dropped changes nothing, what lives has a deadline ahead of it and within its timeout, the
 * const query foretells, and a session is cleared when its time has come.
 *
 *   28 bytes of configuration, then 16 bytes per segment:
 *   way and kind of call, flags, seq, ack, length and window, scale, how much time
 */
#include <string.h>

#include "nat/tcp.h"
#include "punch/assert.h"
#include "punch/bytes.h"

#define SEGMENTS_MAX 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    nat_tcp_config config;
    nat_tcp_session session;
    punch_time_us now_us;
} world;

static nat_tcp_config read_config(punch_reader *reader) {
    nat_tcp_config config = {0};
    const uint8_t kinds = punch_read_u8(reader);
    const uint8_t more = punch_read_u8(reader);
    for (int i = NAT_TCP_HELD; i < NAT_TCP_PHASE_COUNT; i++) {
        const bool may_be_zero = i == NAT_TCP_HELD || i == NAT_TCP_RESET;
        config.timeout_us[i] = (may_be_zero ? 0 : 1) + (punch_time_us)punch_read_u16(reader);
    }
    config.reset_unanswered_us = punch_read_u16(reader);
    config.unsolicited = (nat_tcp_unsolicited)(kinds % 3);
    config.window = (nat_tcp_window)(kinds / 3 % 3);
    config.reopen = (nat_tcp_reopen)(kinds / 9 % 3);
    config.reset = (nat_tcp_reset)(kinds / 27 % 2);
    config.simultaneous_open = (more & 1) != 0;
    config.pick_up = (more & 2) != 0;
    (void)punch_read_span(reader, 4);
    return config;
}

static punch_time_us longest_us(const nat_tcp_config *config) {
    punch_time_us longest = config->reset_unanswered_us;
    for (int i = 0; i < NAT_TCP_PHASE_COUNT; i++) {
        longest = punch_time_later(longest, config->timeout_us[i]);
    }
    return longest;
}

static void check_session(const world *self) {
    const nat_tcp_session *session = &self->session;
    PUNCH_ASSERT(session->phase < NAT_TCP_PHASE_COUNT);
    if (session->phase == NAT_TCP_CLOSED) {
        PUNCH_ASSERT(nat_tcp_deadline_us(session) == PUNCH_NEVER);
        return;
    }
    PUNCH_ASSERT(nat_tcp_deadline_us(session) > self->now_us);
    PUNCH_ASSERT(nat_tcp_deadline_us(session) <= self->now_us + longest_us(&self->config));
    PUNCH_ASSERT_EQ(nat_tcp_phase_at(session, self->now_us), session->phase);
}

static void track(world *self, const nat_tcp_segment *segment, nat_tcp_way way) {
    const nat_tcp_session before = self->session;
    const bool over = nat_tcp_deadline_us(&before) <= self->now_us;
    const nat_tcp_verdict foretold =
        nat_tcp_would(&self->config, &self->session, segment, way, self->now_us);
    PUNCH_ASSERT(memcmp(&before, &self->session, sizeof before) == 0);
    const nat_tcp_verdict verdict =
        nat_tcp_on_segment(&self->config, &self->session, segment, way, self->now_us);
    PUNCH_ASSERT_EQ(verdict, foretold);
    PUNCH_ASSERT(verdict == NAT_TCP_PASS || verdict >= NAT_TCP_DROP_NO_SESSION);
    PUNCH_ASSERT(verdict != NAT_TCP_EXPIRED);
    if (verdict != NAT_TCP_PASS && over) {
        PUNCH_ASSERT_EQ(self->session.phase, NAT_TCP_CLOSED);
    } else if (verdict != NAT_TCP_PASS) {
        PUNCH_ASSERT(memcmp(&before, &self->session, sizeof before) == 0);
    }
}

static void refuse(world *self, const nat_tcp_segment *segment) {
    const nat_tcp_phase phase = nat_tcp_phase_at(&self->session, self->now_us);
    if (phase != NAT_TCP_CLOSED && phase != NAT_TCP_HELD) {
        return;
    }
    const nat_tcp_verdict verdict =
        nat_tcp_on_unsolicited(&self->config, &self->session, segment, self->now_us);
    PUNCH_ASSERT(verdict != NAT_TCP_PASS);
    if (verdict == NAT_TCP_HOLD) {
        PUNCH_ASSERT(self->config.unsolicited != NAT_TCP_UNSOLICITED_SILENCE);
        PUNCH_ASSERT_EQ(nat_tcp_deadline_us(&self->session),
                        self->now_us + self->config.timeout_us[NAT_TCP_HELD]);
    }
}

static void pass_time(world *self, punch_time_us time_us) {
    self->now_us += time_us;
    if (nat_tcp_deadline_us(&self->session) > self->now_us) {
        return;
    }
    const bool held = self->session.phase == NAT_TCP_HELD;
    const nat_tcp_verdict verdict =
        nat_tcp_on_deadline(&self->config, &self->session, self->now_us);
    PUNCH_ASSERT((verdict == NAT_TCP_EXPIRED) != held);
    PUNCH_ASSERT_EQ(self->session.phase, NAT_TCP_CLOSED);
}

static void play(world *self, punch_reader *reader) {
    for (uint32_t i = 0; i < SEGMENTS_MAX && reader->left >= 16; i++) {
        const uint8_t call = punch_read_u8(reader);
        nat_tcp_segment segment = {.flags = punch_read_u8(reader)};
        segment.seq = punch_read_u32(reader);
        segment.ack = punch_read_u32(reader);
        segment.length = punch_read_u8(reader);
        segment.window = punch_read_u16(reader);
        segment.scale = punch_read_u8(reader);
        const punch_time_us time_us = (punch_time_us)punch_read_u16(reader) >> (call >> 4);
        if ((call & 1) != 0) {
            pass_time(self, time_us);
        } else {
            self->now_us += time_us; /* nobody looks at the deadline: it counts all the same */
        }
        if ((call & 6) == 6) {
            refuse(self, &segment);
        } else {
            track(self, &segment, (call & 2) != 0 ? NAT_TCP_IN : NAT_TCP_OUT);
        }
        if (nat_tcp_deadline_us(&self->session) > self->now_us) {
            check_session(self);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    punch_reader reader = punch_reader_of(data, size);
    world self = {.config = read_config(&reader)};
    if (reader.failed) {
        return 0;
    }
    PUNCH_ASSERT(nat_tcp_config_check(&self.config) == NULL);
    play(&self, &reader);
    return 0;
}
