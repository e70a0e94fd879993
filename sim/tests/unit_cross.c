/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cross traffic against closed forms: counts of negative binomial and Poisson processes, gaps, a
 * table that is an Erlang loss system, ports that run on. Seeds are fixed, so that a bound of four
 * standard errors holds or does not, the same on every machine.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cross.h"
#include "punch_test.h"
#include "sim/truth.h"
#include "small_world.h"

enum { BOUND = 4 }; /* standard errors: chosen, one in 16,000 by chance */

#define S PUNCH_US_PER_S

typedef struct {
    sim_cross cross;
    nat *box;
    punch_addr external;
} crowd;

static nat_config table_of(uint32_t table_max, punch_time_us timeout_us) {
    nat_config config = nat_config_default();
    config.allocation = NAT_ALLOCATION_RANDOM;
    config.table_max = table_max;
    config.udp_timeout_first_us = timeout_us;
    config.udp_timeout_stream_us = timeout_us;
    config.filters_max = 0;
    return config;
}

static sim_cross_plan plan_of(double rate, double dispersion) {
    const sim_cross_plan plan = {.rate_milli = (uint32_t)(rate * 1000 + 0.5),
                                 .dispersion_milli = (uint32_t)(dispersion * 1000 + 0.5),
                                 .hosts = 1000,
                                 .answered = PUNCH_PROBABILITY_ONE / 2};
    return plan;
}

static crowd crowd_of(const nat_config *config, const sim_cross_plan *plan, uint64_t seed) {
    crowd made = {.external = punch_addr_ipv4(UINT32_C(0xc0000201), 0)};
    void *memory = aligned_alloc(64, (nat_size(config) + 63) / 64 * 64);
    if (memory == NULL) {
        abort();
    }
    made.box = nat_init(memory, config, &made.external, punch_rng_stream(seed, 0, 1));
    sim_cross_begin(&made.cross, plan, config, PUNCH_FAMILY_IPV4, punch_rng_stream(seed, 0, 2));
    return made;
}

static void again(crowd *at, const nat_config *config, const sim_cross_plan *plan, uint64_t seed) {
    nat_reset(at->box, config, &at->external, punch_rng_stream(seed, 0, 1));
    sim_cross_begin(&at->cross, plan, config, PUNCH_FAMILY_IPV4, punch_rng_stream(seed, 0, 2));
}

static uint64_t flows_until(crowd *at, punch_time_us now_us) {
    sim_cross_catch_up(&at->cross, at->box, now_us);
    return at->cross.flows;
}

/* A packet of a host of our own. */
static nat_verdict send_own(crowd *at, uint16_t port, punch_time_us now_us, uint16_t *port_out) {
    nat_packet packet = {punch_addr_ipv4(UINT32_C(0xc0a8010a), port),
                         punch_addr_ipv4(UINT32_C(0xcb007101), 3478)};
    sim_cross_catch_up(&at->cross, at->box, now_us);
    const nat_verdict verdict = nat_translate_out(at->box, &packet, now_us);
    *port_out = packet.src.port;
    return verdict;
}

/* --- counts */

typedef struct {
    double rate;
    double dispersion;
    punch_time_us interval_us;
    uint32_t intervals;
} count_row;

/* Not in step with the windows: 7 s against 10 s. */
static const count_row count_rows[] = {
    {0.5, 1, 7 * S, 4000}, {20, 1, 7 * S, 4000},    {500, 1, 100000, 20000},
    {0.5, 4, 7 * S, 4000}, {20, 1.5, 7 * S, 4000},  {20, 4, 7 * S, 4000},
    {20, 50, 7 * S, 4000}, {2, 1000, 70 * S, 6000}, {500, 10, 100000, 20000},
};

/* Counts have mean m = rate t and variance D m; negative binomial with size r = m / (D - 1), so
 * their excess kurtosis is 6 / r + 1 / (D m). The standard errors of sample mean and variance
 * follow. */
static void counts_have_mean_and_variance(void) {
    const nat_config config = table_of(64, S);
    for (size_t i = 0; i < sizeof count_rows / sizeof count_rows[0]; i++) {
        const count_row *row = &count_rows[i];
        const sim_cross_plan plan = plan_of(row->rate, row->dispersion);
        crowd at = crowd_of(&config, &plan, 1 + i);
        const double n = row->intervals;
        const double mean = row->rate * (double)row->interval_us / 1e6;
        const double variance = mean * row->dispersion;
        const double kurtosis = 6 * (row->dispersion - 1) / mean + 1 / variance;
        double sum = 0;
        double squares = 0;
        uint64_t before = flows_until(&at, 0);
        for (uint32_t k = 1; k <= row->intervals; k++) {
            const uint64_t now = flows_until(&at, k * row->interval_us);
            const double count = (double)(now - before);
            before = now;
            sum += count;
            squares += (count - mean) * (count - mean);
        }
        (void)printf("rate %g dispersion %g: ", row->rate, row->dispersion);
        (void)printf("mean %g (%g), variance %g (%g)\n", sum / n, mean, squares / n, variance);
        EXPECT_REAL("mean of counts", sum / n, mean, BOUND * sqrt(variance / n));
        EXPECT_REAL("variance of counts", squares / n, variance,
                    BOUND * variance * sqrt((2 + kurtosis) / n));
        free(at.box);
    }
}

/* The whole distribution, by chi-square over single counts and the rest. */
static void counts_are_negative_binomial(void) {
    enum { BINS = 16 };
    static const double dispersions[] = {1, 1.5, 4};
    const nat_config config = table_of(64, S);
    const double mean = 4;
    const uint32_t n = 20000;
    for (size_t row = 0; row < sizeof dispersions / sizeof dispersions[0]; row++) {
        const double d = dispersions[row];
        const sim_cross_plan plan = plan_of(mean, d);
        crowd at = crowd_of(&config, &plan, 77 + row);
        uint32_t seen[BINS] = {0};
        uint64_t before = flows_until(&at, 0);
        for (uint32_t k = 1; k <= n; k++) {
            const uint64_t now = flows_until(&at, k * S);
            const uint64_t count = now - before;
            before = now;
            seen[count < BINS - 1 ? count : BINS - 1]++;
        }
        /* P(0) = D^-r; P(k + 1) / P(k) = (k + r) / (k + 1) (1 - 1 / D); Poisson where D = 1. */
        const double r = mean / (d - 1);
        double p = d > 1 ? pow(d, -r) : exp(-mean);
        double rest = 1;
        double chi_square = 0;
        for (uint32_t k = 0; k < BINS; k++) {
            const double expected = n * (k < BINS - 1 ? p : rest);
            chi_square += (seen[k] - expected) * (seen[k] - expected) / expected;
            rest -= p;
            p *= d > 1 ? (k + r) / (k + 1) * (1 - 1 / d) : mean / (k + 1);
        }
        (void)printf("dispersion %g: chi-square %.1f with %d degrees\n", d, chi_square, BINS - 1);
        EXPECT("below its 99.99 % quantile", chi_square < 44.3); /* R: qchisq(0.9999, 15) */
        free(at.box);
    }
}

/* Poisson: times between flows are exponential (Kolmogorov and Smirnov), also across windows. */
static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void gaps_are_exponential(void) {
    enum { CAP = 6000, STEP_US = 100 };
    static double gaps[CAP];
    const nat_config config = table_of(64, S);
    const sim_cross_plan plan = plan_of(50, 1);
    crowd at = crowd_of(&config, &plan, 5);
    uint32_t n = 0;
    uint64_t flows = flows_until(&at, 0);
    punch_time_us last_us = -1;
    for (punch_time_us now_us = STEP_US; now_us < 100 * S && n < CAP; now_us += STEP_US) {
        const uint64_t now = flows_until(&at, now_us);
        if (now != flows) {
            if (last_us >= 0) {
                gaps[n++] = (double)(now_us - last_us) / 1e6;
            }
            last_us = now_us;
            flows = now;
        }
    }
    qsort(gaps, n, sizeof gaps[0], by_value);
    double furthest = 0;
    for (uint32_t i = 0; i < n; i++) {
        const double away = fabs(1 - exp(-50 * gaps[i]) - (i + 0.5) / n);
        furthest = away > furthest ? away : furthest;
    }
    EXPECT("about as many as are expected", n > 4600 && n < 5400);
    /* 1.95 / sqrt(n) is the 99.9 % quantile; a step is half a percent of the mean. */
    EXPECT_REAL("distance from the exponential distribution", furthest, 0, 1.95 / sqrt(n) + 0.005);
    free(at.box);
}

/* --- a function of (seed, time) */

static void steps_do_not_matter(void) {
    nat_config config = table_of(300, 30 * S);
    config.full = NAT_FULL_EVICT_OLDEST;
    static const double dispersions[] = {1, 20};
    for (size_t row = 0; row < 4; row++) {
        const sim_cross_plan plan = plan_of(15, dispersions[row % 2]);
        config.stream_after_us = row < 2 ? 0 : 7 * S;
        crowd once = crowd_of(&config, &plan, 3);
        crowd often = crowd_of(&config, &plan, 3);
        punch_rng rng = {9};
        for (punch_time_us now_us = -100 * S; now_us < 1000 * S;
             now_us += (punch_time_us)punch_rng_below(&rng, 200000)) {
            (void)flows_until(&often, now_us);
            (void)nat_mapping_count(often.box, now_us);
        }
        EXPECT_INT("flows", flows_until(&often, 1000 * S), flows_until(&once, 1000 * S));
        uint16_t ports[2] = {0};
        (void)send_own(&once, 40000, 1000 * S, &ports[0]);
        (void)send_own(&often, 40000, 1000 * S, &ports[1]);
        EXPECT_INT("the next port", ports[1], ports[0]);
        EXPECT_BYTES("what the NAT has counted", nat_stats(often.box), nat_stats(once.box),
                     sizeof(nat_counters));
        EXPECT_INT("refused", often.cross.refused, once.cross.refused);
        free(once.box);
        free(often.box);
    }
}

static void treatments_meet_the_same_flows(void) {
    const nat_config brief = table_of(4, S);
    nat_config lasting = table_of(40000, 3600 * S);
    lasting.mapping = NAT_MAPPING_APDM;
    lasting.timeout_spread_permille = 500;
    const sim_cross_plan plan = plan_of(15, 6);
    crowd a = crowd_of(&brief, &plan, 8);
    crowd b = crowd_of(&lasting, &plan, 8);
    for (punch_time_us now_us = 0; now_us < 300 * S; now_us += 333333) {
        const uint64_t flows = flows_until(&a, now_us);
        if (!EXPECT_INT("flows since time 0", flows_until(&b, now_us), flows)) {
            break;
        }
    }
    EXPECT("one began much earlier", b.cross.begin_us < a.cross.begin_us - 3600 * S);
    EXPECT("one refuses most", a.cross.refused > a.cross.flows / 2);
    EXPECT("the other refuses fewer", b.cross.refused < a.cross.refused / 2);
    free(a.box);
    free(b.box);
}

/* --- tables */

/* Poisson arrivals at c places that each hold for T, refused when all are taken: Erlang's loss
 * formula with a = rate T, whatever the distribution of T (Sevastyanov 1957). */
static double erlang_b(double a, uint32_t c) {
    double b = 1;
    for (uint32_t k = 1; k <= c; k++) {
        b = a * b / (k + a * b);
    }
    return b;
}

/* Loads from half to twice the table. */
static const double loads[] = {25, 45, 55, 100};

static void share_refused_is_erlangs(void) {
    const nat_config config = table_of(50, 10 * S);
    for (size_t i = 0; i < sizeof loads / sizeof loads[0]; i++) {
        const sim_cross_plan plan = plan_of(loads[i] / 10, 1);
        crowd at = crowd_of(&config, &plan, 100 + i);
        const double n = (double)flows_until(&at, 10000 * S);
        const double refused = (double)at.cross.refused / n;
        const double expected = erlang_b(loads[i], 50);
        (void)printf("load %g: refused %.4f (%.4f)\n", loads[i], refused, expected);
        /* Neighbours are alike, over about a timeout: as if there were so many fewer. */
        const double spread = sqrt(expected * (1 - expected) / (n / (loads[i] / 10 * 2)));
        EXPECT_REAL("share of flows refused", refused, expected, BOUND * spread + 1e-4);
        free(at.box);
    }
}

/* At time 0, over seeds. */
static void begins_in_the_steady_state(const nat_config *config, double life_s,
                                       punch_probability answered) {
    const uint32_t n = 2000;
    crowd at = crowd_of(config, &(sim_cross_plan){1000, 1000, 1, 0}, 1);
    for (size_t i = 0; i < sizeof loads / sizeof loads[0]; i++) {
        sim_cross_plan plan = plan_of(loads[i] / life_s, 1);
        plan.answered = answered;
        uint32_t full = 0;
        double sum = 0;
        for (uint32_t seed = 0; seed < n; seed++) {
            again(&at, config, &plan, 1000 + seed);
            (void)flows_until(&at, 0);
            const uint32_t count = nat_mapping_count(at.box, 0);
            full += count == 50 ? 1 : 0;
            sum += count;
        }
        const double b = erlang_b(loads[i], 50);
        (void)printf("load %g: full %.4f (%.4f), mappings %.3f (%.3f)\n", loads[i],
                     (double)full / n, b, sum / n, loads[i] * (1 - b));
        EXPECT_REAL("share of worlds with a full table", (double)full / n, b,
                    BOUND * sqrt(b * (1 - b) / n) + 0.002);
        EXPECT_REAL("mappings at time 0", sum / n, loads[i] * (1 - b), BOUND * sqrt(loads[i] / n));
    }
    free(at.box);
}

/* The world begins in the middle of it: at time 0 the table is as full as it is in the long run,
 * also where it fills and empties in step with its timeout, and where mappings last for more than
 * that because their streams begin late. */
static void worlds_begin_in_the_steady_state(void) {
    nat_config config = table_of(50, 10 * S);
    begins_in_the_steady_state(&config, 10, PUNCH_PROBABILITY_ONE / 2);
    config.udp_timeout_first_us = 9 * S;
    config.udp_timeout_stream_us = 2 * S;
    config.stream_after_us = 8 * S;
    begins_in_the_steady_state(&config, 10, PUNCH_PROBABILITY_ONE);
}

/* --- our own among them */

/* Contiguous ports: between two of our own lie as many as others took meanwhile, one by one. */
static void ports_run_on(void) {
    nat_config config = table_of(4096, S);
    config.allocation = NAT_ALLOCATION_CONTIGUOUS;
    const double dispersions[] = {1, 4};
    const uint32_t n = 1500;
    for (size_t row = 0; row < 2; row++) {
        sim_cross_plan plan = plan_of(100, dispersions[row]);
        plan.hosts = SIM_CROSS_HOSTS_MAX; /* nobody meets a mapping of their own */
        crowd at = crowd_of(&config, &plan, 21 + row);
        uint32_t between = 0;
        for (uint32_t k = 0; k < n; k++) {
            uint16_t first = 0;
            uint16_t second = 0;
            const punch_time_us now_us = 2 * S * k;
            (void)send_own(&at, 40000, now_us, &first);
            const uint64_t flows = at.cross.flows;
            (void)send_own(&at, 40002, now_us + S / 10, &second);
            const uint32_t range = (uint32_t)config.port_max - config.port_min + 1;
            const uint32_t distance = ((uint32_t)second + range - first) % range;
            between += distance - 1;
            if (!EXPECT_INT("ports in between", distance - 1, at.cross.flows - flows)) {
                break;
            }
        }
        EXPECT_REAL("mean of what lies in between", (double)between / n, 10,
                    BOUND * sqrt(10 * dispersions[row] / n));
        free(at.box);
    }
}

typedef struct {
    const char *name;
    uint32_t table_max;
    uint32_t ports;
    uint32_t per_host_max;
    nat_full full;
    uint32_t block_ports;
    nat_verdict first;  /* of our own host's first mapping */
    nat_verdict fourth; /* and of its fourth */
} pressure_row;

/* 2,000 flows in 20 s of timeout, of 1,000 hosts: any table or range below is full. */
static const pressure_row pressure_rows[] = {
    {"room for all", 4096, 60000, 0, NAT_FULL_REFUSE, 0, NAT_PASS, NAT_PASS},
    {"the table is full", 500, 60000, 0, NAT_FULL_REFUSE, 0, NAT_DROP_TABLE_FULL,
     NAT_DROP_TABLE_FULL},
    {"the oldest goes", 500, 60000, 0, NAT_FULL_EVICT_OLDEST, 0, NAT_PASS, NAT_PASS},
    {"anyone goes", 500, 60000, 0, NAT_FULL_EVICT_RANDOM, 0, NAT_PASS, NAT_PASS},
    {"the ports are gone", 4096, 500, 0, NAT_FULL_REFUSE, 0, NAT_DROP_NO_PORT, NAT_DROP_NO_PORT},
    {"a host's limit is its own", 4096, 60000, 3, NAT_FULL_REFUSE, 0, NAT_PASS,
     NAT_DROP_HOST_LIMIT},
    {"a host's block is its own", 4096, 60000, 0, NAT_FULL_REFUSE, 4, NAT_PASS, NAT_PASS},
};

static void verdicts_under_pressure(void) {
    const sim_cross_plan plan = plan_of(100, 1);
    for (size_t i = 0; i < sizeof pressure_rows / sizeof pressure_rows[0]; i++) {
        const pressure_row *row = &pressure_rows[i];
        nat_config config = table_of(row->table_max, 20 * S);
        config.port_min = 1024;
        config.port_max = (uint16_t)(1023 + row->ports);
        config.per_host_max = row->per_host_max;
        config.full = row->full;
        config.block_ports = row->block_ports;
        crowd at = crowd_of(&config, &plan, 40);
        /* Where it refuses, there is room now and then, for one: the first has it with the
         * probability of Erlang's formula, the fourth hardly ever. */
        uint32_t as_expected[2] = {0};
        enum { MOMENTS = 60 };
        for (uint32_t k = 0; k < MOMENTS; k++) {
            again(&at, &config, &plan, 4000 + k);
            nat_verdict verdicts[4] = {0};
            for (uint32_t m = 0; m < 4; m++) {
                uint16_t port = 0;
                verdicts[m] = send_own(&at, (uint16_t)(40000 + m), 5 * S, &port);
            }
            as_expected[0] += verdicts[0] == row->first;
            as_expected[1] += verdicts[3] == row->fourth;
        }
        const bool is_loss = row->first != NAT_PASS;
        const double b = is_loss ? erlang_b(2000, 500) : 1;
        const double spread = BOUND * sqrt(b * (1 - b) / MOMENTS);
        bool good = EXPECT_REAL(row->name, (double)as_expected[0] / MOMENTS, b, spread);
        good = EXPECT(row->name, as_expected[1] >= (is_loss ? MOMENTS * 9 / 10 : MOMENTS)) && good;
        if (!good) {
            (void)printf("in the row \"%s\"\n", row->name);
        }
        free(at.box);
    }
}

/* Answered flows live for the stream timeout, the others for the first: Little's law. Where the
 * stream begins later, they live until then, too, if they can. */
static void answers_prolong(void) {
    static const struct {
        double answered;
        double after_s;
        double life_s; /* expected: first timeout 5 s, stream 20 s */
    } rows[] = {
        {0, 0, 5},  {0.3, 0, 9.5},  {1, 0, 20}, {0, 2, 5},
        {1, 2, 22}, {0.5, 4, 14.5}, {1, 5, 5},  {1, 8, 5},
    };
    nat_config config = table_of(4096, 5 * S);
    config.udp_timeout_stream_us = 20 * S;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sim_cross_plan plan = plan_of(10, 1);
        plan.answered = punch_probability_of(rows[i].answered);
        config.stream_after_us = (punch_time_us)(rows[i].after_s * 1e6);
        crowd at = crowd_of(&config, &plan, 60 + i);
        const uint32_t n = 2000;
        double sum = 0;
        for (uint32_t k = 0; k < n; k++) {
            const punch_time_us now_us = (punch_time_us)k * 40 * S;
            (void)flows_until(&at, now_us);
            sum += nat_mapping_count(at.box, now_us);
        }
        const double expected = 10 * rows[i].life_s;
        (void)printf("answered %g, stream after %g s: ", rows[i].answered, rows[i].after_s);
        (void)printf("%.1f mappings (%g)\n", sum / n, expected);
        EXPECT_REAL("mappings", sum / n, expected, BOUND * sqrt(expected / n));
        free(at.box);
    }
}

/* --- worlds */

static void full_home(small_world *small, double rate) {
    nat_config config = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_ADF);
    config.udp_timeout_first_us = config.udp_timeout_stream_us = 300 * S;
    small_pair(small, &config, NULL);
    small->sites[1].cross = plan_of(rate, 1);
}

static void worlds_with_others(void) {
    small_world *small = calloc(1, sizeof *small);
    if (small == NULL) {
        abort();
    }
    full_home(small, 0);
    const uint64_t alone = small_digest(small, 1);
    EXPECT("alone it connects", small->call_results[0].connected);
    EXPECT_INT("nobody else", small->result.cross_flows, 0);
    small->sites[1].cross.hosts = 7;
    EXPECT("at rate 0 nothing else counts", small_digest(small, 1) == alone);

    full_home(small, 0.001);
    (void)small_digest(small, 1);
    EXPECT("a few others leave room", small->call_results[0].connected);

    full_home(small, 1000);
    const uint64_t crowded = small_digest(small, 1);
    EXPECT("the table is full: no call", !small->call_results[0].connected);
    EXPECT("its packets were refused", small->result.packets_blocked > 0);
    EXPECT("most others were refused, too",
           small->result.cross_refused > small->result.cross_flows * 9 / 10);
    EXPECT("equal seeds, equal worlds", small_digest(small, 1) == crowded);

    small->sites[1].nat.full = NAT_FULL_EVICT_RANDOM;
    (void)small_digest(small, 1);
    EXPECT("nobody is refused where somebody goes", small->result.cross_refused == 0);
    free(small);
}

/* Asking for the truth at any moment changes nothing, although it lets the others catch up; not
 * even when the world says that somebody's mapping was taken away. */
static void asking_changes_nothing(void) {
    small_world *small = calloc(1, sizeof *small);
    if (small == NULL) {
        abort();
    }
    full_home(small, 0.9);
    small->sites[1].nat.full = NAT_FULL_EVICT_RANDOM;
    small_add_fault(small, 20 * S, SIM_FAULT_NAT_REBOOT, 1);
    small->plan.hold_us = 190 * S;
    const uint64_t digest = small_digest(small, 6);
    const uint64_t flows = small->result.cross_flows;
    const sim_hold_result hold = small->call_results[0].hold;
    EXPECT("the hole was lost to others, too", hold.holes_lost[0] > 1);
    EXPECT("for some time", hold.unreachable_us[0] > 0);
    sim_world *world = sim_world_create(&small->plan);
    for (uint32_t round = 0; round < 2; round++) {
        sim_world_begin(world, &small->plan, 6, NULL, small_result(small));
        punch_time_us at_us = 0;
        while (sim_world_run_until(world, at_us)) {
            (void)sim_truth_path_exists(world, 0);
            at_us += round == 0 ? 5000 : 700000;
        }
        sim_world_finish(world);
        EXPECT("the same world", small->result.digest == digest);
        EXPECT_INT("the same flows", small->result.cross_flows, flows);
        EXPECT_BYTES("the same holes", &small->call_results[0].hold, &hold, sizeof hold);
    }
    sim_world_destroy(world);
    free(small);
}

static void out_of_range(void) {
    static const struct {
        const char *name;
        sim_cross_plan plan;
        bool ok;
    } rows[] = {
        {"nobody", {0, 0, 0, 0}, true},
        {"plain", {1000, 1000, 1, 0}, true},
        {"dispersion below 1", {1000, 999, 1, 0}, false},
        {"dispersion far above", {1000, 1000001, 1, 0}, false},
        {"no host", {1000, 1000, 0, 0}, false},
        {"too many hosts", {1000, 1000, 1000001, 0}, false},
        {"too fast", {100000001, 1000, 1, 0}, false},
    };
    small_world *small = calloc(1, sizeof *small);
    if (small == NULL) {
        abort();
    }
    full_home(small, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        small->sites[1].cross = rows[i].plan;
        EXPECT_INT(rows[i].name, sim_world_refuses(&small->plan) == NULL, rows[i].ok);
    }
    free(small);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"counts have the mean and the variance that were set", counts_have_mean_and_variance},
        {"counts are negative binomial", counts_are_negative_binomial},
        {"gaps of a Poisson process are exponential", gaps_are_exponential},
        {"one big step or many small ones", steps_do_not_matter},
        {"treatments meet the same flows", treatments_meet_the_same_flows},
        {"the share refused is Erlang's", share_refused_is_erlangs},
        {"worlds begin in the steady state", worlds_begin_in_the_steady_state},
        {"ports run on by as many as others took", ports_run_on},
        {"verdicts under pressure", verdicts_under_pressure},
        {"answers prolong mappings", answers_prolong},
        {"worlds with others behind a NAT", worlds_with_others},
        {"asking for the truth changes nothing", asking_changes_nothing},
        {"settings out of range", out_of_range},
    };
    return PUNCH_TEST_MAIN("unit_cross", cases);
}
