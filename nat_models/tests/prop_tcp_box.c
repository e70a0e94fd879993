/* SPDX-License-Identifier: MIT */
/*
 * Random segments through randomly configured NATs for TCP: the pool with its queues and the list
 * of connections agree on outcome, packet, phase, deadline, answers and counters every time; the
 * const queries had said so before. PUNCH_TEST_SCALE scales the number of operations.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat_support.h"
#include "punch_test.h"
#include "reference_tcp_box.h"

#define OPERATIONS 600000u
#define OPERATIONS_PER_CONFIG 600u
#define TABLE_MAX 10u
#define SESSIONS_MAX 16u
#define ADDRESSES_MAX 3u

typedef struct {
    nat_tcp_box_config config;
    nat_tcp_box *box;
    reference_tcp_box *ref;
    punch_rng rng;
    punch_time_us now_us;
    uint64_t seed;
    uint32_t step;
    uint64_t tables[NAT_VERDICT_COUNT];
    nat_tcp_box_counters sum;
    uint64_t phases[NAT_TCP_PHASE_COUNT];
    uint64_t icmp_passed;
} run;

static uint32_t pick(run *self, uint32_t count) {
    return (uint32_t)punch_rng_below(&self->rng, count);
}

static bool complain(const run *self, const char *what) {
    char sentence[160];
    (void)snprintf(sentence, sizeof sentence, "%s (configuration seed %llu, step %u)", what,
                   (unsigned long long)self->seed, self->step);
    return EXPECT(sentence, false);
}

/* --- configurations --- */

static nat_tcp_config random_tracking(run *self) {
    nat_tcp_config config = {0};
    const uint32_t longest = pick(self, 2) == 0 ? 60 : 600;
    for (int i = NAT_TCP_SYN_SENT; i < NAT_TCP_PHASE_COUNT; i++) {
        config.timeout_us[i] = 1 + pick(self, longest);
    }
    config.timeout_us[NAT_TCP_HELD] = pick(self, 4) == 0 ? 0 : 1 + pick(self, 60);
    config.timeout_us[NAT_TCP_RESET] = pick(self, 3) == 0 ? 0 : 1 + pick(self, 200);
    config.reset_unanswered_us = pick(self, 2) * pick(self, 100);
    config.simultaneous_open = pick(self, 4) != 0;
    config.pick_up = pick(self, 5) == 0;
    config.unsolicited = (nat_tcp_unsolicited)pick(self, 3);
    config.window = (nat_tcp_window)pick(self, 3);
    config.reset = (nat_tcp_reset)pick(self, 2);
    config.reopen = (nat_tcp_reopen)pick(self, 3);
    return config;
}

static void random_sharing(run *self, nat_config *config) {
    const uint32_t ports = (uint32_t)config->port_max - config->port_min + 1;
    if (pick(self, 8) == 0) {
        config->firewall = true;
        config->mapping = NAT_MAPPING_EIM;
        return;
    }
    config->address_count = pick(self, 3) == 0 ? 1 + pick(self, ADDRESSES_MAX) : 0;
    config->pooling = (nat_pooling)pick(self, 2);
    if (pick(self, 5) == 0) {
        config->block_ports = 1 + pick(self, ports);
        config->blocks_per_host = pick(self, 3);
        config->pooling = NAT_POOLING_PAIRED;
    }
    if (pick(self, 4) == 0 && config->collision != NAT_COLLISION_OVERLOAD &&
        config->collision != NAT_COLLISION_OVERRIDE) {
        config->hold_down_us = 1 + pick(self, 60);
        config->hold_down_max = pick(self, 2) == 0 ? 0 : 1 + pick(self, 4);
    }
    config->port_parity = pick(self, 5) == 0 && ports > 1 && config->block_ports != 1;
    if (pick(self, 6) == 0) {
        config->mapping_rate_per_s = 20000 + pick(self, 980000);
        config->mapping_burst = 1 + pick(self, 4);
    }
    if (pick(self, 8) == 0) {
        config->exempt_count = 1;
        config->exempt[0] = (nat_exempt){support_remote(pick(self, 4), 0), 30 + pick(self, 3)};
    }
}

/* What is about UDP is drawn too: it must make no difference. */
static nat_tcp_box_config random_config(run *self) {
    nat_config config = nat_config_default();
    config.mapping = (nat_mapping)pick(self, 3);
    config.filtering = (nat_filtering)pick(self, 3);
    config.allocation = (nat_allocation)pick(self, 3);
    config.collision = (nat_collision)pick(self, 5);
    config.port_min = (uint16_t)(40000 + pick(self, 3));
    config.port_max = (uint16_t)(config.port_min + pick(self, 10));
    config.udp_timeout_first_us = 1 + pick(self, 10);
    config.refresh_inbound = pick(self, 2) != 0;
    config.udp_blocked = pick(self, 4) == 0;
    config.unsolicited = pick(self, 4) == 0 ? NAT_UNSOLICITED_KILL : NAT_UNSOLICITED_IGNORE;
    config.reply_affinity = pick(self, 2) != 0;
    config.hairpin = (nat_hairpin)pick(self, 3);
    config.table_max = 1 + pick(self, TABLE_MAX);
    config.per_host_max = pick(self, 2) == 0 ? 0 : 1 + pick(self, 4);
    config.full = (nat_full)pick(self, 3);
    config.filters_max = 1 + pick(self, SESSIONS_MAX);
    config.icmp_blocked = pick(self, 20) == 0;
    config.icmp_kills_mapping = !config.icmp_blocked && pick(self, 6) == 0;
    random_sharing(self, &config);
    return (nat_tcp_box_config){config, random_tracking(self)};
}

/* --- segments --- */

/* A few hosts and ports only, so that everything meets everything. */
static punch_addr random_inside(run *self) {
    return support_inside(1 + pick(self, 3), (uint16_t)(40000 + pick(self, 3)));
}

static punch_addr random_remote(run *self) {
    if (pick(self, 12) == 0) {
        punch_addr six = {.family = PUNCH_FAMILY_IPV6, .port = (uint16_t)(1 + pick(self, 2))};
        six.ip[0] = 0x20;
        return six;
    }
    return support_remote(1 + pick(self, 2), (uint16_t)(1 + pick(self, 2)));
}

static punch_addr random_external(run *self) {
    const nat_config *config = &self->config.nat;
    if (config->firewall) {
        return random_inside(self);
    }
    const uint32_t range = (uint32_t)config->port_max - config->port_min + 1;
    const uint32_t address = SUPPORT_EXTERNAL_IP + pick(self, nat_config_addresses(config) + 1);
    return punch_addr_ipv4(address, (uint16_t)(config->port_min + pick(self, range)));
}

/* Some connection or held SYN, if the slot drawn has one. */
static const reference_connection *random_connection(run *self) {
    const reference_connection *connection =
        &self->ref->connections[pick(self, REFERENCE_CONNECTIONS_MAX / 2)];
    return connection->used ? connection : NULL;
}

static nat_packet random_packet(run *self, nat_tcp_way way) {
    nat_packet packet = {random_inside(self), random_remote(self)};
    if (way == NAT_TCP_IN) {
        packet = (nat_packet){random_remote(self), random_external(self)};
    } else if (pick(self, 6) == 0) {
        packet.dst = random_external(self);
    }
    for (int tries = 0; tries < 8 && pick(self, 8) != 0; tries++) {
        const reference_connection *old = random_connection(self);
        if (old != NULL && way == NAT_TCP_IN) {
            return (nat_packet){old->remote, old->local};
        }
        if (old != NULL && !old->held) {
            return (nat_packet){old->inside, old->remote};
        }
    }
    return packet;
}

static unsigned random_flags(run *self) {
    static const unsigned usual[] = {
        NAT_TCP_SYN, NAT_TCP_SYN, NAT_TCP_SYN | NAT_TCP_ACK, NAT_TCP_ACK,
        NAT_TCP_ACK, NAT_TCP_ACK, NAT_TCP_FIN | NAT_TCP_ACK, NAT_TCP_RST | NAT_TCP_ACK,
    };
    if (pick(self, 50) == 0) {
        return pick(self, 32) & (NAT_TCP_SYN | NAT_TCP_ACK | NAT_TCP_FIN | NAT_TCP_RST);
    }
    return usual[pick(self, sizeof usual / sizeof usual[0])];
}

/* Numbers that mostly fit the connection, if there is one; windows stay scaled without loss. */
static reference_segment random_segment(run *self, const reference_connection *connection,
                                        nat_tcp_way way) {
    const nat_tcp_way peer = way == NAT_TCP_OUT ? NAT_TCP_IN : NAT_TCP_OUT;
    reference_segment segment = {.way = way,
                                 .flags = random_flags(self),
                                 .seq = (INT64_C(1) << 32) + pick(self, 50),
                                 .ack = (INT64_C(1) << 32) + pick(self, 50),
                                 .length = pick(self, 4) == 0 ? pick(self, 1461) : 0,
                                 .window = (int64_t)pick(self, 4) << 14,
                                 .scale = pick(self, 2) == 0 ? -1 : (int)pick(self, 15)};
    if (connection != NULL && reference_tcp_knows(&connection->tcp, way)) {
        segment.seq = reference_tcp_end(&connection->tcp, way) +
                      (pick(self, 8) == 0 ? (int64_t)pick(self, 9) - 4 : 0);
    }
    if (connection != NULL && reference_tcp_knows(&connection->tcp, peer)) {
        segment.ack = reference_tcp_end(&connection->tcp, peer) - (pick(self, 8) == 0 ? 1 : 0);
    }
    return segment;
}

static nat_tcp_segment on_the_wire(const reference_segment *segment) {
    return (nat_tcp_segment){
        .seq = (uint32_t)segment->seq,
        .ack = (uint32_t)segment->ack,
        .length = (uint16_t)segment->length,
        .window = (uint16_t)segment->window,
        .flags = (uint8_t)segment->flags,
        .scale = segment->scale < 0 ? (uint8_t)NAT_TCP_NO_SCALE : (uint8_t)segment->scale,
    };
}

/* --- comparing --- */

static bool same_packet(const nat_packet *a, const nat_packet *b) {
    return punch_addr_equal(&a->src, &b->src) && punch_addr_equal(&a->dst, &b->dst);
}

static bool same_outcome(nat_tcp_outcome a, nat_tcp_outcome b) {
    return a.table == b.table && a.tracking == b.tracking;
}

static bool sessions_agree(run *self) {
    for (int i = 0; i < REFERENCE_CONNECTIONS_MAX; i++) {
        const reference_connection *connection = &self->ref->connections[i];
        if (!connection->used || connection->held) {
            continue;
        }
        const nat_tcp_session *session =
            nat_tcp_box_session(self->box, &connection->inside, &connection->remote);
        if (session == NULL) {
            return complain(self, "a session is missing");
        }
        const nat_tcp_phase phase = reference_tcp_phase(&connection->tcp);
        self->phases[phase]++;
        if (session->phase != phase) {
            return complain(self, "phases differ");
        }
        if (nat_tcp_deadline_us(session) != reference_tcp_deadline_us(&connection->tcp)) {
            return complain(self, "deadlines differ");
        }
    }
    return true;
}

static bool state_agrees(run *self) {
    const nat *table = nat_tcp_box_table(self->box);
    const nat_tcp_box_counters *counters = nat_tcp_box_stats(self->box);
    if (nat_tcp_box_session_count(self->box) != reference_box_count(self->ref, false) ||
        nat_tcp_box_held_count(self->box) != reference_box_count(self->ref, true)) {
        return complain(self, "numbers of sessions differ");
    }
    if (nat_tcp_box_session_count(self->box) + nat_tcp_box_held_count(self->box) >
        self->config.nat.filters_max) {
        return complain(self, "more sessions than there may be");
    }
    if (nat_tcp_box_next_deadline_us(self->box) != reference_box_next_deadline_us(self->ref)) {
        return complain(self, "the next deadline differs");
    }
    if (nat_mapping_count(table, self->now_us) != reference_live(&self->ref->nat, self->now_us)) {
        return complain(self, "numbers of mappings differ");
    }
    if (memcmp(counters, &self->ref->counters, sizeof *counters) != 0 ||
        memcmp(nat_stats(table), &self->ref->nat.counters, sizeof(nat_counters)) != 0) {
        return complain(self, "counters differ");
    }
    if (counters->sessions_made != counters->sessions_expired + counters->sessions_closed +
                                       counters->sessions_evicted + counters->sessions_lost +
                                       counters->sessions_flushed +
                                       nat_tcp_box_session_count(self->box)) {
        return complain(self, "a session is neither alive nor accounted for");
    }
    return sessions_agree(self);
}

/* --- steps --- */

static bool step_out(run *self) {
    nat_packet packet = random_packet(self, NAT_TCP_OUT);
    nat_packet expected = packet;
    const reference_connection *connection =
        reference_box_find(self->ref, &packet.src, &packet.dst);
    reference_segment segment = random_segment(self, connection, NAT_TCP_OUT);
    const nat_tcp_segment wire = on_the_wire(&segment);
    punch_addr promised;
    const bool decided =
        nat_tcp_box_would_leave_from(self->box, &packet, &wire, self->now_us, &promised);
    const uint64_t made = nat_stats(nat_tcp_box_table(self->box))->mappings_made;
    const nat_tcp_outcome got = nat_tcp_box_out(self->box, &packet, &wire, self->now_us);
    const nat_tcp_outcome wanted = reference_box_out(self->ref, &expected, &segment, self->now_us);
    if (!same_outcome(got, wanted) || !same_packet(&packet, &expected)) {
        (void)EXPECT_TEXT("table", nat_verdict_name(got.table), nat_verdict_name(wanted.table));
        (void)EXPECT_TEXT("tracking", nat_tcp_verdict_name(got.tracking),
                          nat_tcp_verdict_name(wanted.tracking));
        return complain(self, "outbound: pool and list disagree");
    }
    const bool left = got.table == NAT_PASS && got.tracking == NAT_TCP_PASS;
    if (decided && (!left || !punch_addr_equal(&promised, &packet.src))) {
        return complain(self, "nat_tcp_box_would_leave_from promised another source");
    }
    if (!decided && left && nat_stats(nat_tcp_box_table(self->box))->mappings_made == made) {
        return complain(self, "nat_tcp_box_would_leave_from said nothing, yet nothing was made");
    }
    return true;
}

static bool step_in(run *self) {
    nat_packet packet = random_packet(self, NAT_TCP_IN);
    nat_packet expected = packet;
    const reference_connection *connection = NULL;
    for (int i = 0; i < REFERENCE_CONNECTIONS_MAX; i++) {
        const reference_connection *other = &self->ref->connections[i];
        if (other->used && punch_addr_equal(&other->local, &packet.dst) &&
            punch_addr_equal(&other->remote, &packet.src)) {
            connection = other;
        }
    }
    reference_segment segment = random_segment(self, connection, NAT_TCP_IN);
    const nat_tcp_segment wire = on_the_wire(&segment);
    const nat_tcp_outcome foretold =
        nat_tcp_box_would_admit(self->box, &packet, &wire, self->now_us);
    const nat_tcp_outcome got = nat_tcp_box_in(self->box, &packet, &wire, self->now_us);
    const nat_tcp_outcome wanted = reference_box_in(self->ref, &expected, &segment, self->now_us);
    if (!same_outcome(got, wanted) || !same_packet(&packet, &expected)) {
        (void)EXPECT_TEXT("table", nat_verdict_name(got.table), nat_verdict_name(wanted.table));
        (void)EXPECT_TEXT("tracking", nat_tcp_verdict_name(got.tracking),
                          nat_tcp_verdict_name(wanted.tracking));
        return complain(self, "inbound: pool and list disagree");
    }
    return same_outcome(got, foretold) ||
           complain(self, "nat_tcp_box_would_admit foretold another outcome");
}

static bool step_icmp(run *self) {
    const reference_connection *old = random_connection(self);
    const bool inbound = pick(self, 2) == 0;
    nat_packet quoted = {random_remote(self), random_inside(self)};
    if (inbound) {
        quoted = (nat_packet){random_external(self), random_remote(self)};
    }
    if (old != NULL) {
        quoted = inbound ? (nat_packet){old->local, old->remote}
                         : (nat_packet){old->remote, old->inside};
    }
    nat_packet expected = quoted;
    const nat_verdict got = inbound ? nat_tcp_box_icmp_in(self->box, &quoted, self->now_us)
                                    : nat_tcp_box_icmp_out(self->box, &quoted, self->now_us);
    const nat_verdict wanted = inbound ? reference_box_icmp_in(self->ref, &expected, self->now_us)
                                       : reference_box_icmp_out(self->ref, &expected, self->now_us);
    self->icmp_passed += got == NAT_PASS ? 1 : 0;
    return (got == wanted && same_packet(&quoted, &expected)) ||
           complain(self, "ICMP: pool and list disagree");
}

static bool step_timer(run *self) {
    for (;;) {
        nat_tcp_answer got;
        nat_tcp_answer wanted;
        const bool due = nat_tcp_box_on_timer(self->box, self->now_us, &got);
        if (due != reference_box_on_timer(self->ref, self->now_us, &wanted)) {
            return complain(self, "one answers, the other does not");
        }
        if (!due) {
            return true;
        }
        if (got.kind != wanted.kind || !same_packet(&got.packet, &wanted.packet)) {
            return complain(self, "answers differ");
        }
    }
}

static bool step(run *self) {
    const uint32_t luck = pick(self, 500);
    if (luck == 0) {
        nat_tcp_box_flush(self->box, self->now_us);
        reference_box_flush(self->ref, self->now_us);
        return true;
    }
    if (luck < 20) {
        return step_icmp(self);
    }
    /* Late timers are part of the contract, so it is called now and then only. */
    if (luck < 120 && !step_timer(self)) {
        return false;
    }
    return luck % 2 == 0 ? step_out(self) : step_in(self);
}

static bool play(run *self) {
    for (self->step = 0; self->step < OPERATIONS_PER_CONFIG; self->step++) {
        self->now_us += pick(self, 60) == 0 ? pick(self, 300) : pick(self, 3);
        if (!step(self) || !state_agrees(self)) {
            return false;
        }
    }
    return true;
}

static void add_up(run *self) {
    const nat_tcp_box_counters *counters = nat_tcp_box_stats(self->box);
    for (int i = 0; i < NAT_VERDICT_COUNT; i++) {
        self->tables[i] += nat_stats(nat_tcp_box_table(self->box))->verdicts[i];
    }
    for (int i = 0; i < NAT_TCP_VERDICT_COUNT; i++) {
        self->sum.tracking[i] += counters->tracking[i];
    }
    self->sum.sessions_expired += counters->sessions_expired;
    self->sum.sessions_closed += counters->sessions_closed;
    self->sum.sessions_evicted += counters->sessions_evicted;
    self->sum.sessions_lost += counters->sessions_lost;
    self->sum.sessions_flushed += counters->sessions_flushed;
    self->sum.syns_held += counters->syns_held;
    self->sum.syns_answered += counters->syns_answered;
    self->sum.syns_forgotten += counters->syns_forgotten;
}

/* Nothing that can happen was missed, or the comparison would say little. */
static void everything_occurred(const run *self) {
    for (int i = 0; i < NAT_VERDICT_COUNT; i++) {
        const bool udp_only = i == NAT_DROP_FILTER_EXPIRED || i == NAT_DROP_BLACKLISTED ||
                              i == NAT_DROP_UDP_BLOCKED || i == NAT_DROP_RATE ||
                              i == NAT_DROP_ICMP_BLOCKED;
        EXPECT(nat_verdict_name((nat_verdict)i), udp_only == (self->tables[i] == 0));
    }
    for (int i = 0; i < NAT_TCP_EXPIRED; i++) {
        EXPECT(nat_tcp_verdict_name((nat_tcp_verdict)i), self->sum.tracking[i] > 10);
    }
    for (int i = NAT_TCP_SYN_SENT; i < NAT_TCP_PHASE_COUNT; i++) {
        EXPECT(nat_tcp_phase_name((nat_tcp_phase)i), self->phases[i] > 10);
    }
    EXPECT("sessions expired", self->sum.sessions_expired > 10);
    EXPECT("sessions closed", self->sum.sessions_closed > 10);
    EXPECT("sessions evicted", self->sum.sessions_evicted > 10);
    EXPECT("sessions lost", self->sum.sessions_lost > 10);
    EXPECT("sessions flushed", self->sum.sessions_flushed > 10);
    EXPECT("SYNs held", self->sum.syns_held > 10);
    EXPECT("SYNs answered", self->sum.syns_answered > 10);
    EXPECT("SYNs forgotten", self->sum.syns_forgotten > 10);
    EXPECT("ICMP errors passed", self->icmp_passed > 10);
}

static uint32_t scaled(uint32_t count) {
    const char *scale = getenv("PUNCH_TEST_SCALE");
    const double factor = scale != NULL ? strtod(scale, NULL) : 1.0;
    return factor > 0 ? (uint32_t)(count * factor) : count;
}

/* All runs but the first find the memory as the run before left it. */
static void agrees_with_reference(void) {
    run self = {0};
    nat_tcp_box_config room = {nat_config_default(), nat_tcp_config_default()};
    room.nat.table_max = TABLE_MAX;
    room.nat.filters_max = SESSIONS_MAX;
    room.nat.address_count = ADDRESSES_MAX;
    room.nat.block_ports = 1024;
    void *memory = aligned_alloc(64, (nat_tcp_box_size(&room) + 63) / 64 * 64);
    self.ref = malloc(sizeof *self.ref);
    PUNCH_ASSERT(memory != NULL);
    PUNCH_ASSERT(self.ref != NULL);
    const punch_addr external = support_external();
    self.box = nat_tcp_box_init(memory, &room, &external, punch_rng_stream(0, 0, 0));
    const uint32_t configs = 1 + scaled(OPERATIONS) / OPERATIONS_PER_CONFIG;
    bool fine = true;
    for (self.seed = 0; self.seed < configs && fine; self.seed++) {
        self.rng = punch_rng_stream(self.seed, 5382, 1);
        self.config = random_config(&self);
        EXPECT("a drawn configuration is in range", nat_tcp_box_config_check(&self.config) == NULL);
        const punch_rng rng = punch_rng_stream(self.seed, 5382, 2);
        self.now_us = -5000; /* world clocks need not start at 0 */
        nat_tcp_box_reset(self.box, &self.config, &external, rng);
        reference_box_init(self.ref, &self.config, &external, rng);
        fine = play(&self);
        add_up(&self);
    }
    if (fine) {
        everything_occurred(&self);
    }
    free(memory);
    free(self.ref);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"the pool agrees with the list", agrees_with_reference},
    };
    return PUNCH_TEST_MAIN("prop_tcp_box", cases);
}
