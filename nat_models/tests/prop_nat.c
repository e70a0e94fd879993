/* SPDX-License-Identifier: MIT */
/*
 * Random packets through randomly configured NATs: the hashed NAT and the linear-scan reference
 * give the same verdict, the same packet and the same counters every time; the const queries had
 * said so before; the limits hold. PUNCH_TEST_SCALE scales the number of operations.
 */
#include <stdio.h>
#include <string.h>

#include "nat_support.h"
#include "punch_test.h"
#include "reference_nat.h"

#define OPERATIONS 1200000u
#define OPERATIONS_PER_CONFIG 1000u
#define TABLE_MAX 12u
#define ADDRESSES_MAX 4u
#define PORT 40060u /* chosen: ranges from here on reach into another 64 ports */

/* One run: a NAT, its reference, and what is known of the last step for the failure message. */
typedef struct {
    nat *box;
    reference_nat *ref;
    punch_rng rng;
    punch_time_us now_us;
    uint64_t seed;
    uint32_t step;
    uint32_t external_ip;
} run;

static uint32_t pick(run *self, uint32_t count) {
    return (uint32_t)punch_rng_below(&self->rng, count);
}

/* Every one of these is off most of the time, so that each is met alone and with others. */
static void random_timing(run *self, nat_config *config) {
    if (pick(self, 3) == 0) {
        config->stream_after_us = 1 + pick(self, 30);
    }
    if (pick(self, 4) == 0) {
        config->timeout_spread_permille = 1 + pick(self, NAT_PERMILLE_MAX);
        config->timeout_spread_shape = (nat_spread)pick(self, 2);
    }
    if (pick(self, 5) == 0) {
        config->timeout_drift_permille = 1 + pick(self, NAT_PERMILLE_MAX);
        config->drift_period_us = 1 + pick(self, 500);
        config->drift_phase_us = pick(self, 500);
    }
    if (pick(self, 5) == 0) {
        config->pressure_start = pick(self, TABLE_MAX);
        config->pressure_end = config->pressure_start + 1 + pick(self, TABLE_MAX);
    }
    if (pick(self, 6) == 0) {
        config->udp_rate_pps = 100000 + pick(self, 900000);
        config->udp_burst = 1 + pick(self, 20);
    }
    config->udp_blocked = pick(self, 50) == 0;
}

static void random_sharing(run *self, nat_config *config) {
    const uint32_t ports = (uint32_t)config->port_max - config->port_min + 1;
    if (pick(self, 8) == 0) {
        config->firewall = true;
        config->mapping = NAT_MAPPING_EIM;
        config->unsolicited = config->unsolicited == NAT_UNSOLICITED_COLLIDE ? NAT_UNSOLICITED_KILL
                                                                             : config->unsolicited;
        return;
    }
    if (pick(self, 3) == 0) {
        config->address_count = 1 + pick(self, ADDRESSES_MAX);
    }
    config->pooling = (nat_pooling)pick(self, 2);
    if (pick(self, 4) == 0) {
        config->block_ports = 1 + pick(self, pick(self, 2) == 0 ? ports : 1 + ports / 4);
        config->blocks_per_host = pick(self, 4);
        config->pooling = NAT_POOLING_PAIRED;
    }
    if (pick(self, 3) == 0 && config->collision != NAT_COLLISION_OVERLOAD &&
        config->collision != NAT_COLLISION_OVERRIDE) {
        config->hold_down_us = 1 + pick(self, 60);
        config->hold_down_max = pick(self, 2) == 0 ? 0 : 1 + pick(self, 4);
    }
    config->port_parity = pick(self, 4) == 0 && ports > 1 && config->block_ports != 1;
}

static void random_subscribers(run *self, nat_config *config) {
    if (pick(self, 5) == 0) {
        config->mapping_rate_per_s = 20000 + pick(self, 980000);
        config->mapping_burst = 1 + pick(self, 4);
    }
    if (pick(self, 6) == 0) {
        config->exempt_count = 1 + pick(self, NAT_EXEMPT_MAX);
        config->exempt[0] = (nat_exempt){support_remote(pick(self, 4), (uint16_t)pick(self, 3)),
                                         24 + pick(self, 9)};
        config->exempt[1].addr.family = PUNCH_FAMILY_IPV6;
        config->exempt[1].addr.ip[0] = 0x20;
        config->exempt[1].prefix_bits = pick(self, 129);
    }
}

/* Takes out what keeps packets from the short way (src/fast.c), so that many go it. */
static void make_plain(run *self, nat_config *config) {
    config->mapping = NAT_MAPPING_EIM;
    config->collision =
        config->collision == NAT_COLLISION_OVERLOAD ? NAT_COLLISION_NEXT_FREE : config->collision;
    config->unsolicited = pick(self, 2) == 0 ? NAT_UNSOLICITED_IGNORE : config->unsolicited;
    config->udp_timeout_first_us *= 1 + pick(self, 20);
    config->udp_timeout_stream_us *= 1 + pick(self, 20);
    config->per_host_max = 0;
    config->timeout_drift_permille = 0;
    config->pressure_start = 0;
    config->pressure_end = 0;
    config->pooling = NAT_POOLING_ARBITRARY;
    config->block_ports = 0;
    config->firewall = false;
    config->udp_blocked = false;
    config->udp_rate_pps = 0;
    config->blocks_per_host = 0;
    config->mapping_rate_per_s = 0;
    config->exempt_count = 0;
}

static nat_config random_config(run *self) {
    nat_config config = nat_config_default();
    config.mapping = (nat_mapping)pick(self, 3);
    config.filtering = (nat_filtering)pick(self, 3);
    config.allocation = (nat_allocation)pick(self, 3);
    config.collision = (nat_collision)pick(self, 5);
    config.port_min = (uint16_t)(PORT + pick(self, 4));
    /* The long ones are more than small tables keep a map of. */
    config.port_max =
        (uint16_t)(config.port_min + (pick(self, 12) == 0 ? pick(self, 1200) : pick(self, 16)));
    config.udp_timeout_first_us = 1 + pick(self, 60);
    config.udp_timeout_stream_us = 1 + pick(self, 120);
    config.refresh_outbound = pick(self, 4) != 0;
    config.refresh_inbound = pick(self, 2) != 0;
    config.hairpin = (nat_hairpin)pick(self, 3);
    config.table_max = 1 + pick(self, TABLE_MAX);
    config.per_host_max = pick(self, 2) == 0 ? 0 : 1 + pick(self, 5);
    config.full = (nat_full)pick(self, 3);
    config.unsolicited = (nat_unsolicited)pick(self, 4);
    config.blacklist_us = 1 + pick(self, 40);
    config.reply_affinity = pick(self, 2) != 0;
    config.filters_max = pick(self, 3) == 0 ? 0 : 1 + pick(self, 20);
    config.refusal = (nat_refusal)pick(self, 2);
    config.icmp_blocked = pick(self, 20) == 0;
    config.icmp_kills_mapping = !config.icmp_blocked && pick(self, 6) == 0;
    random_timing(self, &config);
    random_sharing(self, &config);
    random_subscribers(self, &config);
    if (pick(self, 3) == 0) {
        make_plain(self, &config);
    }
    return config;
}

static bool complain(const run *self, const char *what) {
    char sentence[160];
    (void)snprintf(sentence, sizeof sentence, "%s (configuration seed %llu, step %u)", what,
                   (unsigned long long)self->seed, self->step);
    return EXPECT(sentence, false);
}

/* A few ports and hosts only, so that everything meets everything. */
static punch_addr random_inside(run *self) {
    return support_inside(1 + pick(self, 3), (uint16_t)(PORT - 2 + pick(self, 6)));
}

static punch_addr random_remote(run *self) {
    if (pick(self, 12) == 0) {
        punch_addr six = {.family = PUNCH_FAMILY_IPV6, .port = (uint16_t)(1 + pick(self, 3))};
        six.ip[0] = 0x20;
        six.ip[15] = (uint8_t)pick(self, 2);
        return six;
    }
    return support_remote(1 + pick(self, 3), (uint16_t)(1 + pick(self, 3)));
}

static punch_addr random_external(run *self) {
    const nat_config *config = nat_configuration(self->box);
    if (config->firewall) {
        return random_inside(self);
    }
    const uint32_t range = (uint32_t)config->port_max - config->port_min + 1;
    const uint32_t address = self->external_ip + pick(self, nat_config_addresses(config));
    return punch_addr_ipv4(address, (uint16_t)(config->port_min + pick(self, range)));
}

static bool same_packet(const nat_packet *a, const nat_packet *b) {
    return punch_addr_equal(&a->src, &b->src) && punch_addr_equal(&a->dst, &b->dst);
}

static uint32_t filters_max_of(const nat *box) {
    const nat_config *config = nat_configuration(box);
    return config->filters_max != 0 ? config->filters_max : 4 * config->table_max;
}

static bool step_out(run *self) {
    nat_packet packet = {random_inside(self), random_remote(self)};
    if (pick(self, 8) == 0) {
        packet.dst = random_external(self);
    }
    nat_packet expected = packet;
    punch_addr promised = {0};
    const nat_counters before = *nat_stats(self->box);
    const bool decided = nat_would_leave_from(self->box, &packet, self->now_us, &promised);
    nat_packet turned = {0};
    const bool turns = nat_would_turn_back(self->box, &packet, self->now_us, &turned);
    const bool forgets = nat_filter_count(self->box) == filters_max_of(self->box);
    const nat_verdict got = nat_translate_out(self->box, &packet, self->now_us);
    const nat_verdict wanted = reference_out(self->ref, &expected, self->now_us);
    if (got != wanted || !same_packet(&packet, &expected)) {
        return complain(self, "outbound: hashed and linear-scan NAT disagree");
    }
    if (decided && (got != NAT_PASS || !punch_addr_equal(&promised, &packet.src))) {
        return complain(self, "nat_would_leave_from promised another source");
    }
    if (turns && !forgets && (got != NAT_TURNED_BACK || !same_packet(&packet, &turned))) {
        return complain(self, "nat_would_turn_back promised another way");
    }
    const nat_counters *after = nat_stats(self->box);
    if (!turns && got == NAT_TURNED_BACK && after->mappings_made == before.mappings_made &&
        after->ports_collided == before.ports_collided) {
        return complain(self, "nat_would_turn_back said no, yet nothing new was made");
    }
    if (!decided && got == NAT_PASS && after->mappings_made == before.mappings_made &&
        after->ports_collided == before.ports_collided) {
        return complain(self, "nat_would_leave_from said nothing, yet nothing new was made");
    }
    return true;
}

static bool admitted_by_mapping(const run *self, const punch_addr *inside,
                                const punch_addr *external) {
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        const reference_mapping *mapping = &self->ref->mappings[i];
        if (mapping->state == REFERENCE_LIVE && punch_addr_equal(&mapping->external, external) &&
            punch_addr_equal(&mapping->inside, inside)) {
            return true;
        }
    }
    return false;
}

/* Finds the last instant at which nat_would_admit still says yes, by bisection between one at which
 * it does and one at which it does not, and compares. Timeouts in force change in elastic NATs, and
 * an overloaded port has other users once the latest is gone: there only "now" can be asked. */
static bool until_holds(run *self, const nat_packet *packet, nat_packet *inside) {
    const nat_config *config = nat_configuration(self->box);
    const nat_verdict foretold = nat_would_admit(self->box, packet, self->now_us);
    const punch_time_us until_us = nat_admits_until(self->box, inside, self->now_us);
    if (foretold == NAT_DROP_RATE) {
        return true; /* which does not count */
    }
    if ((foretold == NAT_PASS) != (until_us > self->now_us)) {
        return complain(self, "nat_admits_until and nat_would_admit disagree about now");
    }
    if (foretold != NAT_PASS || config->timeout_drift_permille > 0 || config->pressure_end > 0 ||
        config->collision == NAT_COLLISION_OVERLOAD) {
        return true;
    }
    punch_time_us open_us = self->now_us;
    punch_time_us shut_us = self->now_us + PUNCH_US_PER_S; /* far above all timeouts drawn */
    while (shut_us - open_us > 1) {
        const punch_time_us middle_us = open_us + (shut_us - open_us) / 2;
        if (nat_would_admit(self->box, packet, middle_us) == NAT_PASS) {
            open_us = middle_us;
        } else {
            shut_us = middle_us;
        }
    }
    const bool for_ever = until_us == PUNCH_NEVER && config->exempt_count > 0;
    return until_us == shut_us || (for_ever && shut_us == self->now_us + PUNCH_US_PER_S) ||
           complain(self, "nat_admits_until names another instant");
}

/* Does a packet that is the same as before belong to nobody, but to a remote that is exempt? */
static bool left_alone(const run *self, const nat_packet *before, const nat_packet *after) {
    return nat_configuration(self->box)->exempt_count > 0 && same_packet(before, after);
}

static bool step_in(run *self) {
    nat_packet packet = {random_remote(self), random_external(self)};
    const uint32_t astray = pick(self, 50);
    if (astray < 2) {
        packet.dst = astray == 0 ? support_remote(9, 1) : random_inside(self);
    }
    const nat_packet before = packet;
    nat_packet expected = packet;
    const nat_verdict foretold = nat_would_admit(self->box, &packet, self->now_us);
    nat_packet inside = packet;
    if (!until_holds(self, &packet, &inside)) {
        return false;
    }
    const nat_verdict got = nat_translate_in(self->box, &packet, self->now_us);
    const nat_verdict wanted = reference_in(self->ref, &expected, self->now_us);
    if (got != wanted || !same_packet(&packet, &expected)) {
        return complain(self, "inbound: hashed and linear-scan NAT disagree");
    }
    if (foretold != got) {
        return complain(self, "nat_would_admit foretold another verdict");
    }
    if (got != NAT_DROP_RATE && !same_packet(&packet, &inside)) {
        return complain(self, "nat_admits_until foretold another destination");
    }
    return got != NAT_PASS || left_alone(self, &before, &packet) ||
           admitted_by_mapping(self, &packet.dst, &before.dst) ||
           complain(self, "a packet came in that belongs to no live mapping");
}

/* An ICMP error, about a packet that may have gone or not. */
static bool step_icmp(run *self) {
    const bool inward = pick(self, 2) == 0;
    nat_packet quoted = {random_external(self), random_remote(self)};
    if (!inward) {
        quoted.src = pick(self, 4) == 0 ? random_external(self) : random_remote(self);
        quoted.dst = random_inside(self);
    } else if (pick(self, 50) == 0) {
        quoted.src = support_remote(9, 1);
    }
    const nat_packet before = quoted;
    nat_packet expected = quoted;
    const uint64_t killed = nat_stats(self->box)->mappings_killed;
    const nat_verdict got = inward ? nat_translate_icmp_in(self->box, &quoted, self->now_us)
                                   : nat_translate_icmp_out(self->box, &quoted, self->now_us);
    const nat_verdict wanted = inward ? reference_icmp_in(self->ref, &expected, self->now_us)
                                      : reference_icmp_out(self->ref, &expected, self->now_us);
    if (got != wanted || !same_packet(&quoted, &expected)) {
        return complain(self, "ICMP: hashed and linear-scan NAT disagree");
    }
    const bool passed = got == NAT_PASS || got == NAT_TURNED_BACK;
    if (!passed || left_alone(self, &before, &quoted)) {
        return true;
    }
    if (nat_configuration(self->box)->icmp_kills_mapping) {
        return nat_stats(self->box)->mappings_killed == killed + 1 ||
               complain(self, "an ICMP error that passed killed no mapping");
    }
    return !inward || admitted_by_mapping(self, &quoted.src, &before.src) ||
           complain(self, "an ICMP error came in that belongs to no live mapping");
}

/* What two live mappings must not have in common, and what they must. */
static bool pair_holds(run *self, const reference_mapping *a, const reference_mapping *b) {
    const nat_config *config = nat_configuration(self->box);
    const bool same_host = punch_addr_same_ip(&a->inside, &b->inside);
    const bool same_address = punch_addr_same_ip(&a->external, &b->external);
    if (config->collision != NAT_COLLISION_OVERLOAD &&
        punch_addr_equal(&a->external, &b->external)) {
        return complain(self, "two live mappings share a port");
    }
    if (config->pooling == NAT_POOLING_PAIRED && same_host && !same_address) {
        return complain(self, "a host has mappings on two addresses of a paired pool");
    }
    if (config->block_ports == 0) {
        return true;
    }
    const uint32_t blocks_most = nat_config_blocks_per_host(config);
    const bool same_block =
        same_address && (a->external.port - config->port_min) / (int)config->block_ports ==
                            (b->external.port - config->port_min) / (int)config->block_ports;
    if (same_block && !same_host) {
        return complain(self, "a block is two hosts'");
    }
    return same_block || !same_host || blocks_most > 1 || complain(self, "a host has two blocks");
}

static bool ports_hold(run *self) {
    const nat_config *config = nat_configuration(self->box);
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX && !config->firewall; i++) {
        const reference_mapping *mapping = &self->ref->mappings[i];
        if (mapping->state != REFERENCE_LIVE) {
            continue;
        }
        if (mapping->external.port < config->port_min ||
            mapping->external.port > config->port_max) {
            return complain(self, "port outside the range");
        }
        if (config->port_parity && mapping->external.port % 2 != mapping->inside.port % 2) {
            return complain(self, "parity is not kept");
        }
        for (int k = 0; k < i; k++) {
            if (self->ref->mappings[k].state == REFERENCE_LIVE &&
                !pair_holds(self, mapping, &self->ref->mappings[k])) {
                return false;
            }
        }
    }
    return true;
}

/* Live mappings share no port unless overloading is allowed; limits hold; counters agree. */
static bool invariants_hold(run *self) {
    const nat_config *config = nat_configuration(self->box);
    const uint32_t count = nat_mapping_count(self->box, self->now_us);
    if (count != reference_live(self->ref, self->now_us) || count > config->table_max) {
        return complain(self, "number of live mappings");
    }
    if (reference_remembered(self->ref) >
        (config->filters_max != 0 ? config->filters_max : 4 * config->table_max)) {
        return complain(self, "number of remembered remotes");
    }
    if (!ports_hold(self)) {
        return false;
    }
    if (nat_filter_count(self->box) > filters_max_of(self->box)) {
        return complain(self, "more remotes remembered than filters_max");
    }
    const nat_counters *counters = nat_stats(self->box);
    if (memcmp(counters, &self->ref->counters, sizeof *counters) != 0) {
        return complain(self, "counters");
    }
    return true;
}

/* Now and then a long silence, most of the time a moment, often none at all. */
static void pass_time(run *self) {
    const uint32_t luck = pick(self, 100);
    if (luck < 2) {
        self->now_us += 200;
    } else if (luck < 60) {
        self->now_us += pick(self, 6);
    }
}

/* Other behaviour: something altogether different, or what mappings survive. */
static void change(run *self) {
    const nat_config old = *nat_configuration(self->box);
    nat_config config = random_config(self);
    const bool may_keep = pick(self, 3) != 0;
    if (may_keep) {
        const nat_config other = config;
        config = old;
        config.udp_timeout_first_us = other.udp_timeout_first_us;
        config.udp_timeout_stream_us = other.udp_timeout_stream_us;
        config.refresh_outbound = other.refresh_outbound;
        config.refresh_inbound = other.refresh_inbound;
        config.hairpin = other.hairpin;
        config.full = other.full;
        config.udp_blocked = other.udp_blocked;
        config.udp_rate_pps = other.udp_rate_pps;
        config.udp_burst = other.udp_burst;
        config.stream_after_us = other.stream_after_us;
        config.timeout_drift_permille = other.timeout_drift_permille;
        config.pressure_start = other.pressure_start;
        config.pressure_end = other.pressure_end;
        config.allocation = other.allocation;
        config.reply_affinity = other.reply_affinity;
        config.unsolicited = config.firewall ? config.unsolicited : other.unsolicited;
        config.icmp_blocked = other.icmp_blocked;
        config.icmp_kills_mapping = other.icmp_kills_mapping;
        if (config.collision != NAT_COLLISION_OVERLOAD &&
            other.collision != NAT_COLLISION_OVERLOAD) {
            config.collision = other.collision;
        }
        config.hold_down_us = other.hold_down_us;
        config.hold_down_max = other.hold_down_max;
        config.mapping_burst = other.mapping_burst;
        config.exempt_count = other.exempt_count;
        memcpy(config.exempt, other.exempt, sizeof config.exempt);
        config = nat_config_check(&config) == NULL ? config : old;
    }
    const uint64_t flushed = nat_stats(self->box)->mappings_flushed;
    nat_change(self->box, &config, self->now_us);
    reference_change(self->ref, &config, self->now_us);
    if (may_keep && nat_stats(self->box)->mappings_flushed != flushed) {
        (void)complain(self, "a change of timeouts and manners flushed mappings");
    }
}

/* A reboot, a new address, or other behaviour. */
static void disturb(run *self) {
    const uint32_t luck = pick(self, 4);
    if (luck < 2) {
        change(self);
        return;
    }
    if (luck == 2) {
        nat_flush(self->box, self->now_us);
        reference_flush(self->ref, self->now_us);
        return;
    }
    self->external_ip = SUPPORT_EXTERNAL_IP + 16 * pick(self, 4);
    const punch_addr external = punch_addr_ipv4(self->external_ip, 0);
    nat_renumber(self->box, &external, self->now_us);
    reference_renumber(self->ref, &external, self->now_us);
}

static bool play(run *self) {
    for (self->step = 0; self->step < OPERATIONS_PER_CONFIG; self->step++) {
        pass_time(self);
        if (pick(self, 250) == 0) {
            disturb(self);
        }
        bool held = pick(self, 8) != 0 || step_icmp(self);
        held = held && (pick(self, 2) == 0 ? step_out(self) : step_in(self));
        if (!held || !invariants_hold(self)) {
            return false;
        }
    }
    return true;
}

/* The memory every NAT of this test fits into, used by one after the other without cleaning. */
static nat_config largest_config(void) {
    nat_config config = nat_config_default();
    config.table_max = TABLE_MAX;
    config.filters_max = 4 * TABLE_MAX;
    config.timeout_spread_permille = 1;
    config.address_count = ADDRESSES_MAX;
    config.block_ports = 1000;
    config.mapping_rate_per_s = 1;
    config.mapping_burst = 1;
    return config;
}

static uint32_t scaled_operations(void) {
    const char *scale = getenv("PUNCH_TEST_SCALE");
    const double factor = scale != NULL ? strtod(scale, NULL) : 1.0;
    return factor > 0 ? (uint32_t)(OPERATIONS * factor) : OPERATIONS;
}

static void agrees_with_reference(void) {
    static const punch_time_us START_US = -5000; /* world clocks need not start at 0 */
    const nat_config largest = largest_config();
    const punch_addr external = support_external();
    run self = {.box = support_nat(&largest, 0)};
    self.ref = malloc(sizeof *self.ref);
    PUNCH_ASSERT(self.ref != NULL);
    uint64_t passed = 0;
    uint64_t collided = 0;
    uint64_t errors = 0;
    uint64_t met[NAT_VERDICT_COUNT] = {0};
    const uint32_t configs = 1 + scaled_operations() / OPERATIONS_PER_CONFIG;
    for (self.seed = 0; self.seed < configs; self.seed++) {
        self.rng = punch_rng_stream(self.seed, 1, 0);
        self.now_us = START_US;
        self.external_ip = SUPPORT_EXTERNAL_IP;
        const nat_config config = random_config(&self);
        EXPECT("a drawn configuration is in range", nat_config_check(&config) == NULL);
        nat_reset(self.box, &config, &external, punch_rng_stream(self.seed, 2, 0));
        reference_init(self.ref, &config, &external, punch_rng_stream(self.seed, 2, 0));
        if (!play(&self)) {
            break;
        }
        passed += nat_stats(self.box)->verdicts[NAT_PASS];
        collided += nat_stats(self.box)->ports_collided;
        errors += nat_stats(self.box)->icmp_passed;
        for (int i = 0; i < NAT_VERDICT_COUNT; i++) {
            met[i] += nat_stats(self.box)->verdicts[i];
        }
    }
    printf("%llu configurations, %llu packets passed, %llu ports collided, %llu ICMP errors\n",
           (unsigned long long)self.seed, (unsigned long long)passed, (unsigned long long)collided,
           (unsigned long long)errors);
    for (int i = 0; i < NAT_VERDICT_COUNT; i++) {
        /* That one is ICMP's, which these do not count. */
        EXPECT(nat_verdict_name((nat_verdict)i), met[i] > 0 || i == NAT_DROP_ICMP_BLOCKED);
    }
    EXPECT("the test lets packets through", passed > 100);
    EXPECT("the test makes ports collide", collided > 10);
    EXPECT("the test lets ICMP errors through", errors > 10);
    free(self.ref);
    free(self.box);
}

/* A NAT after a reset behaves as a new one, whatever it was before, and in larger memory too. */
static void reset_equals_fresh(void) {
    const nat_config largest = largest_config();
    const punch_addr external = support_external();
    nat *reused = support_nat(&largest, 7);
    for (uint64_t seed = 0; seed < 200; seed++) {
        run self = {
            .rng = punch_rng_stream(seed, 3, 0), .seed = seed, .external_ip = SUPPORT_EXTERNAL_IP};
        const nat_config config = random_config(&self);
        nat *fresh = support_nat(&config, seed);
        nat_reset(reused, &config, &external, punch_rng_stream(seed, 0, 0));
        self.box = fresh;
        for (self.step = 0; self.step < 300; self.step++) {
            pass_time(&self);
            const bool outbound = pick(&self, 2) == 0;
            nat_packet a = {outbound ? random_inside(&self) : random_remote(&self),
                            outbound ? random_remote(&self) : random_external(&self)};
            nat_packet b = a;
            const nat_verdict got = outbound ? nat_translate_out(reused, &a, self.now_us)
                                             : nat_translate_in(reused, &a, self.now_us);
            const nat_verdict wanted = outbound ? nat_translate_out(fresh, &b, self.now_us)
                                                : nat_translate_in(fresh, &b, self.now_us);
            if (got != wanted || !same_packet(&a, &b)) {
                (void)complain(&self, "a reset NAT differs from a new one");
                break;
            }
        }
        free(fresh);
    }
    free(reused);
}

/* What asks for room of its own must be in nat_config_room. */
static void room_for_either(void) {
    for (uint64_t seed = 0; seed < 2000; seed++) {
        run self = {.rng = punch_rng_stream(seed, 4, 0), .seed = seed};
        const nat_config a = random_config(&self);
        const nat_config b = random_config(&self);
        const nat_config room = nat_config_room(&a, &b);
        if (nat_config_check(&room) != NULL) {
            complain(&self, "a configuration of room for two can be used");
            return;
        }
        if (nat_size(&room) < nat_size(&a) || nat_size(&room) < nat_size(&b)) {
            complain(&self, "either of two configurations fits into the room for both");
            return;
        }
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"the hashed NAT agrees with the linear-scan NAT", agrees_with_reference},
        {"a reset NAT equals a new one", reset_equals_fresh},
        {"room for two configurations is room for either", room_for_either},
    };
    return PUNCH_TEST_MAIN("prop_nat", cases);
}
