/* SPDX-License-Identifier: MIT */
/*
 * Bytes become a NAT for TCP and segments; whatever they are, it keeps its promises: what is
 * dropped is unchanged, the const queries foretell, sessions and mappings are accounted for and
 * stay within their limits, nothing that is over is still there.
 *
 *   16 bytes of configuration, then 8 bytes per call:
 *   which call, endpoints, flags, numbers, how much time
 */
#include <stdlib.h>
#include <string.h>

#include "nat/tcp_box.h"
#include "punch/assert.h"
#include "punch/bytes.h"

#define CALLS_MAX 4096u
#define EXTERNAL_IP 0xcb007101u /* 203.0.113.1, RFC 5737 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    nat_tcp_box_config config;
    nat_tcp_box *box;
    punch_time_us now_us;
} world;

static nat_tcp_box_config read_config(punch_reader *reader) {
    nat_tcp_box_config config = {nat_config_default(), nat_tcp_config_default()};
    nat_config *table = &config.nat;
    nat_tcp_config *tracking = &config.tracking;
    const uint8_t kinds = punch_read_u8(reader);
    table->mapping = (nat_mapping)(kinds % 3);
    table->filtering = (nat_filtering)(kinds / 3 % 3);
    table->hairpin = (nat_hairpin)(kinds / 9 % 3);
    table->full = (nat_full)(kinds / 27 % 3);
    table->collision = (nat_collision)(punch_read_u8(reader) % 5);
    table->table_max = 1 + punch_read_u8(reader) % 8u;
    table->per_host_max = punch_read_u8(reader) % 4u;
    table->filters_max = 1 + punch_read_u8(reader) % 12u;
    table->address_count = punch_read_u8(reader) % 4u;
    table->port_min = 5000;
    table->port_max = (uint16_t)(5000 + punch_read_u8(reader) % 8u);
    const uint8_t more = punch_read_u8(reader);
    table->icmp_kills_mapping = (more & 1) != 0;
    table->firewall = (more & 2) != 0 && table->mapping == NAT_MAPPING_EIM;
    table->address_count = table->firewall ? 0 : table->address_count;
    tracking->simultaneous_open = (more & 4) != 0;
    tracking->pick_up = (more & 8) != 0;
    tracking->reset = (nat_tcp_reset)(more >> 4 & 1);
    const uint8_t rules = punch_read_u8(reader);
    tracking->unsolicited = (nat_tcp_unsolicited)(rules % 3);
    tracking->window = (nat_tcp_window)(rules / 3 % 3);
    tracking->reopen = (nat_tcp_reopen)(rules / 9 % 3);
    for (int i = NAT_TCP_SYN_SENT; i < NAT_TCP_RESET; i++) {
        tracking->timeout_us[i] = 1 + (rules + 37 * i) % 200;
    }
    tracking->timeout_us[NAT_TCP_HELD] = punch_read_u8(reader);
    tracking->timeout_us[NAT_TCP_RESET] = punch_read_u8(reader);
    tracking->reset_unanswered_us = punch_read_u8(reader);
    (void)punch_read_span(reader, 4);
    return config;
}

/* Few of each, so that a short input meets itself. */
static punch_addr inside_of(uint8_t byte) {
    return punch_addr_ipv4(0x0a000001u + byte % 3u, (uint16_t)(5000 + byte / 3 % 3));
}

static punch_addr remote_of(uint8_t byte) {
    return punch_addr_ipv4(0xc6336401u + byte % 2u, (uint16_t)(1 + byte / 2 % 2));
}

static punch_addr external_of(const world *self, uint8_t byte) {
    return self->config.nat.firewall
               ? inside_of(byte)
               : punch_addr_ipv4(EXTERNAL_IP + byte % 3u, (uint16_t)(5000 + byte / 3 % 8));
}

static bool same_packet(const nat_packet *a, const nat_packet *b) {
    return punch_addr_equal(&a->src, &b->src) && punch_addr_equal(&a->dst, &b->dst);
}

static void check_accounts(const world *self) {
    const nat_tcp_box_counters *counters = nat_tcp_box_stats(self->box);
    const nat *table = nat_tcp_box_table(self->box);
    const nat_counters *of_table = nat_stats(table);
    const uint32_t sessions = nat_tcp_box_session_count(self->box);
    const uint32_t mappings = nat_mapping_count(table, self->now_us);
    PUNCH_ASSERT(sessions + nat_tcp_box_held_count(self->box) <= self->config.nat.filters_max);
    PUNCH_ASSERT(mappings <= self->config.nat.table_max);
    PUNCH_ASSERT(mappings <= sessions); /* none without a connection */
    PUNCH_ASSERT_EQ(counters->sessions_made,
                    counters->sessions_expired + counters->sessions_closed +
                        counters->sessions_evicted + counters->sessions_lost +
                        counters->sessions_flushed + sessions);
    PUNCH_ASSERT_EQ(of_table->mappings_made,
                    of_table->mappings_expired + of_table->mappings_evicted +
                        of_table->mappings_killed + of_table->mappings_flushed + mappings);
    PUNCH_ASSERT((nat_tcp_box_held_count(self->box) == 0) ==
                 (nat_tcp_box_next_deadline_us(self->box) == PUNCH_NEVER));
}

static void send(world *self, nat_packet packet, const nat_tcp_segment *segment) {
    const nat_packet before = packet;
    punch_addr promised;
    const bool decided =
        nat_tcp_box_would_leave_from(self->box, &packet, segment, self->now_us, &promised);
    const nat_tcp_outcome outcome = nat_tcp_box_out(self->box, &packet, segment, self->now_us);
    if (decided) {
        PUNCH_ASSERT(nat_tcp_passed(outcome));
        PUNCH_ASSERT(punch_addr_equal(&promised, &packet.src));
    }
    if (!nat_tcp_passed(outcome)) {
        PUNCH_ASSERT(same_packet(&packet, &before));
    }
    const nat_tcp_session *session = nat_tcp_box_session(self->box, &before.src, &before.dst);
    PUNCH_ASSERT(session == NULL || nat_tcp_deadline_us(session) > self->now_us);
}

static void receive(world *self, nat_packet packet, const nat_tcp_segment *segment) {
    const nat_packet before = packet;
    const nat_tcp_outcome foretold =
        nat_tcp_box_would_admit(self->box, &packet, segment, self->now_us);
    const nat_tcp_outcome outcome = nat_tcp_box_in(self->box, &packet, segment, self->now_us);
    PUNCH_ASSERT_EQ(outcome.table, foretold.table);
    PUNCH_ASSERT_EQ(outcome.tracking, foretold.tracking);
    if (!nat_tcp_passed(outcome)) {
        PUNCH_ASSERT(same_packet(&packet, &before));
    }
}

static void answer(world *self) {
    nat_tcp_answer due;
    while (nat_tcp_box_on_timer(self->box, self->now_us, &due)) {
        PUNCH_ASSERT(due.kind == NAT_TCP_ANSWER_RST || due.kind == NAT_TCP_ANSWER_ICMP);
    }
    PUNCH_ASSERT(nat_tcp_box_next_deadline_us(self->box) > self->now_us);
}

static void play(world *self, punch_reader *reader) {
    for (uint32_t i = 0; i < CALLS_MAX && reader->left >= 8; i++) {
        const uint8_t call = punch_read_u8(reader);
        const punch_addr inside = inside_of(punch_read_u8(reader));
        const punch_addr remote = remote_of(punch_read_u8(reader));
        const punch_addr external = external_of(self, punch_read_u8(reader));
        nat_tcp_segment segment = {.flags = punch_read_u8(reader), .window = 1000};
        segment.seq = punch_read_u8(reader);
        segment.ack = punch_read_u8(reader);
        segment.scale = NAT_TCP_NO_SCALE;
        self->now_us += punch_read_u8(reader) >> (call >> 5);
        switch (call % 8) {
        case 0:
        case 1:
            send(self, (nat_packet){inside, remote}, &segment);
            break;
        case 2:
            send(self, (nat_packet){inside, external}, &segment);
            break;
        case 3:
        case 4:
            receive(self, (nat_packet){remote, external}, &segment);
            break;
        case 5:
            answer(self);
            break;
        case 6:
            (void)nat_tcp_box_icmp_in(self->box, &(nat_packet){external, remote}, self->now_us);
            (void)nat_tcp_box_icmp_out(self->box, &(nat_packet){remote, inside}, self->now_us);
            break;
        default: /* rarely */
            if (segment.flags == 0) {
                nat_tcp_box_flush(self->box, self->now_us);
            }
            break;
        }
        check_accounts(self);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    punch_reader reader = punch_reader_of(data, size);
    world self = {.config = read_config(&reader)};
    if (reader.failed) {
        return 0;
    }
    PUNCH_ASSERT(nat_tcp_box_config_check(&self.config) == NULL);
    void *memory = aligned_alloc(16, nat_tcp_box_size(&self.config));
    PUNCH_ASSERT(memory != NULL);
    const punch_addr external = punch_addr_ipv4(EXTERNAL_IP, 0);
    self.box = nat_tcp_box_init(memory, &self.config, &external, punch_rng_stream(1, 2, 3));
    play(&self, &reader);
    free(memory);
    return 0;
}
