/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The presets of ITU-T G.1050 against what was published and against closed forms. Loss is sampled
 * where it is frequent enough (E to H); where it is too rare (B to D), the stays in each state and
 * the loss while in it are looked at instead. One seed, set beforehand; bounds are four standard
 * errors, or the 99.9 % point of chi-square.
 *
 *   pi   share of time in the high-loss state: bad / (good + bad)
 *   r    correlation of the state after a gap: exp(-gap (1/good + 1/bad))
 *   q    loss in that state; none in the other, so each lost packet says what the state was
 */
#include <math.h>
#include <string.h>

#include "punch_test.h"
#include "sim/link.h"
#include "sim/link_presets.h"

enum { SEED = 1050, OBJECT = 1, GAP_US = 20000, IP_BYTES = 100 };

/* As published: per millisecond, and as shares. The stationary loss is derived from them. */
typedef struct {
    const char *name;
    double p_low_to_high;
    double p_high_to_low;
    double loss_high;
    double loss_stationary;
    double core_loss;
    punch_time_us core_delay_us;
    punch_time_us core_jitter_us;
    punch_time_us fails_every_us;
    punch_time_us fails_for_us;
    punch_time_us flap_delay_us;
} severity;

static const severity severities[] = {
    {"g1050-a", 0, 0.2, 0, 0, 0, 4000, 5000, 0, 0, 0},
    {"g1050-b", 0.0002, 0.1, 0.0005, 1e-6, 0.0001, 8000, 10000, 3600000000, 64000, 2000},
    {"g1050-c", 0.0004, 0.06667, 0.001, 6e-6, 0.0002, 16000, 16000, 1800000000, 128000, 4000},
    {"g1050-d", 0.0008, 0.04, 0.002, 3.9e-5, 0.0004, 32000, 40000, 900000000, 256000, 8000},
    {"g1050-e", 0.0016, 0.02222, 0.004, 0.000269, 0.001, 64000, 70000, 480000000, 400000, 16000},
    {"g1050-f", 0.003, 0.0125, 0.0075, 0.001452, 0.002, 128000, 100000, 240000000, 800000, 32000},
    {"g1050-g", 0.006, 0.00645, 0.015, 0.007228, 0.005, 256000, 150000, 120000000, 1600000, 64000},
    {"g1050-h", 0.01, 0.00392, 0.025, 0.017958, 0.01, 512000, 500000, 60000000, 3000000, 128000},
};

#define FIRST_BURSTY 1 /* B */
#define FIRST_LOSSY 4  /* E */
#define SEVERITY_COUNT (sizeof severities / sizeof severities[0])

static const sim_link_preset *preset_of(const severity *at) {
    const sim_link_preset *preset = sim_link_preset_find(at->name);
    EXPECT(at->name, preset != NULL);
    return preset;
}

static double share_of(punch_probability p) {
    return (double)p / (double)PUNCH_PROBABILITY_ONE;
}

static double bad_share(const sim_link_plan *plan) {
    return (double)plan->bad_mean_us / (double)(plan->good_mean_us + plan->bad_mean_us);
}

/* r of a gap. */
static double correlation(const sim_link_plan *plan, double gap_us) {
    return exp(-gap_us * (1 / (double)plan->good_mean_us + 1 / (double)plan->bad_mean_us));
}

static void check_access(const severity *at, const sim_link_plan *plan) {
    EXPECT_REAL(at->name, 1000 / (double)plan->good_mean_us, at->p_low_to_high,
                1e-4 * at->p_low_to_high);
    EXPECT_REAL(at->name, 1000 / (double)plan->bad_mean_us, at->p_high_to_low,
                1e-3 * at->p_high_to_low);
    EXPECT_REAL(at->name, share_of(plan->loss_bad), at->loss_high, 1e-12);
    EXPECT_INT(at->name, plan->loss_good, 0);
    EXPECT_REAL(at->name, bad_share(plan) * share_of(plan->loss_bad), at->loss_stationary,
                0.5e-6); /* as many decimals as it was derived to */
}

static void figures_are_those_published(void) {
    for (size_t i = 0; i < SEVERITY_COUNT; i++) {
        const severity *at = &severities[i];
        const sim_link_preset *preset = preset_of(at);
        if (preset == NULL) {
            continue;
        }
        const sim_link_plan *up = &preset->up;
        if (i >= FIRST_BURSTY) {
            check_access(at, up);
            check_access(at, &preset->down);
        }
        EXPECT_INT(at->name, up->delay_us, at->core_delay_us);
        EXPECT_INT(at->name, up->jitter_us, at->core_jitter_us);
        EXPECT_REAL(at->name, share_of(up->loss), at->core_loss, 1e-12);
        EXPECT_INT(at->name, up->outage_every_us, at->fails_every_us);
        EXPECT_INT(at->name, up->outage_for_us, at->fails_for_us);
        EXPECT_INT(at->name, up->flap_every_us, at->fails_every_us);
        EXPECT_INT(at->name, up->flap_delay_us, at->flap_delay_us);
        EXPECT_INT("the core is met once, on the way up", preset->down.delay_us, 0);
        EXPECT_INT("... its jitter too", preset->down.jitter_us, 0);
        EXPECT_INT("... its loss too", preset->down.loss, 0);
        EXPECT_INT("... its failures too", preset->down.outage_every_us, 0);
    }
}

/* Losses of n packets, one per gap: of any kind. */
static uint32_t losses_of(const sim_link_plan *plan, uint32_t n) {
    sim_link link;
    uint32_t lost = 0;
    sim_link_init(&link, plan, SEED, OBJECT);
    for (uint32_t i = 0; i < n; i++) {
        sim_link_arrivals arrivals = {0};
        lost += sim_link_offer(&link, plan, IP_BYTES, (punch_time_us)i * GAP_US, &arrivals) !=
                SIM_LINK_PASSED;
    }
    return lost;
}

/* Standard error of the channel's share of losses among n packets: losses are correlated through
 * the state, with covariance q^2 pi (1 - pi) r^k at k packets' distance. */
static double loss_error(const sim_link_plan *plan, uint32_t n) {
    const double q = share_of(plan->loss_bad);
    const double pi = bad_share(plan);
    const double r = correlation(plan, GAP_US);
    const double own = pi * q * (1 - pi * q);
    const double shared = 2 * q * q * pi * (1 - pi) * r / (1 - r);
    return sqrt((own + shared) / n);
}

static void loss_is_what_was_derived(void) {
    const uint32_t n = 1992000; /* a whole number of every severity's intervals between failures */
    for (size_t i = FIRST_LOSSY; i < SEVERITY_COUNT; i++) {
        const severity *at = &severities[i];
        const sim_link_preset *preset = preset_of(at);
        if (preset == NULL) {
            continue;
        }
        const double access = (double)losses_of(&preset->down, n) / n;
        const double error = loss_error(&preset->down, n);
        EXPECT_REAL(at->name, access, at->loss_stationary, 4 * error + 0.5e-6);

        const double fails = (double)at->fails_for_us / (double)at->fails_every_us;
        const double whole = 1 - (1 - fails) * (1 - at->core_loss) * (1 - at->loss_stationary);
        const double core_error = sqrt(at->core_loss / n);
        EXPECT_REAL(at->name, (double)losses_of(&preset->up, n) / n, whole,
                    4 * (error + core_error));
    }
}

/* The 99.9 % point of chi-square by Wilson and Hilferty's approximation (PNAS 17, 1931). */
static double chi_square_limit(uint32_t freedom) {
    const double part = 2.0 / (9.0 * freedom);
    return freedom * pow(1 - part + 3.090 * sqrt(part), 3);
}

enum { STAY_BINS = 10 };

/* Stays in one state: how long, and among how many equally likely lengths they fall. */
typedef struct {
    double sum_us;
    uint32_t count;
    uint32_t bins[STAY_BINS];
} stays;

static void note_stay(stays *out, double us, double mean_us) {
    const uint32_t bin = (uint32_t)((1 - exp(-us / mean_us)) * STAY_BINS);
    out->sum_us += us;
    out->count++;
    out->bins[bin < STAY_BINS ? bin : STAY_BINS - 1]++;
}

static void check_stays(const char *name, const stays *seen, double mean_us) {
    const double each = (double)seen->count / STAY_BINS;
    double chi_square = 0;
    for (uint32_t i = 0; i < STAY_BINS; i++) {
        chi_square += (seen->bins[i] - each) * (seen->bins[i] - each) / each;
    }
    EXPECT_REAL(name, seen->sum_us / seen->count, mean_us, 4 * mean_us / sqrt(seen->count));
    EXPECT_REAL(name, chi_square, 0, chi_square_limit(STAY_BINS - 1));
}

/* Walks from one change of state to the next; while it is bad, packets go through every 100 us. */
static void rare_losses_by_their_state(void) {
    for (size_t i = FIRST_BURSTY; i < FIRST_LOSSY; i++) {
        const severity *at = &severities[i];
        const sim_link_preset *preset = preset_of(at);
        if (preset == NULL) {
            continue;
        }
        const sim_link_plan *plan = &preset->down;
        stays seen[2];
        memset(seen, 0, sizeof seen);
        uint64_t offered[2] = {0, 0};
        uint64_t lost[2] = {0, 0};
        sim_link link;
        sim_link_arrivals arrivals = {0};
        sim_link_init(&link, plan, SEED, OBJECT);
        for (uint32_t change = 0; change < 20000; change++) {
            const bool bad = link.is_bad;
            const punch_time_us until_us = link.dwell_until_us;
            punch_time_us now_us = until_us;
            (void)sim_link_offer(&link, plan, IP_BYTES, now_us, &arrivals);
            EXPECT("the state changes when the stay ends", link.is_bad != bad);
            const double mean_us = (double)(link.is_bad ? plan->bad_mean_us : plan->good_mean_us);
            note_stay(&seen[link.is_bad], (double)(link.dwell_until_us - until_us), mean_us);
            const punch_time_us step_us = link.is_bad ? 100 : plan->good_mean_us / 20;
            for (now_us += step_us; now_us < link.dwell_until_us; now_us += step_us) {
                offered[link.is_bad]++;
                lost[link.is_bad] += sim_link_offer(&link, plan, IP_BYTES, now_us, &arrivals) ==
                                     SIM_LINK_LOST_CHANNEL;
            }
        }
        check_stays(at->name, &seen[0], 1000 / at->p_low_to_high);
        check_stays(at->name, &seen[1], 1000 / at->p_high_to_low);
        EXPECT_INT("nothing is lost in the low-loss state", lost[0], 0);
        EXPECT_REAL(at->name, (double)lost[1] / (double)offered[1], at->loss_high,
                    4 * sqrt(at->loss_high / (double)offered[1]));
    }
}

enum { BURSTS_MAX = 200 };

/* Lengths of runs of lost packets are geometric: after a lost packet the state is bad, so the next
 * one is lost too with q (pi + (1 - pi) r). */
static void check_bursts(const char *name, const sim_link_plan *plan, uint32_t n) {
    const double pi = bad_share(plan);
    const double on =
        share_of(plan->loss_bad) * (pi + (1 - pi) * correlation(plan, GAP_US)); /* goes on */
    uint32_t counts[BURSTS_MAX + 1] = {0};
    uint32_t bursts = 0;
    uint32_t length = 0;
    sim_link link;
    sim_link_arrivals arrivals = {0};
    sim_link_init(&link, plan, SEED, OBJECT);
    for (uint32_t i = 0; i < n; i++) {
        const punch_time_us now_us = (punch_time_us)i * GAP_US;
        if (sim_link_offer(&link, plan, IP_BYTES, now_us, &arrivals) == SIM_LINK_LOST_CHANNEL) {
            length++;
        } else if (length > 0) {
            counts[length < BURSTS_MAX ? length : BURSTS_MAX]++;
            bursts++;
            length = 0;
        }
    }
    /* Lengths 1 .. last-1 and all from last on, of which some twenty are expected. */
    const uint32_t wanted = 1 + (uint32_t)(log(20.0 / bursts) / log(on));
    const uint32_t last = wanted < 2 ? 2 : wanted < BURSTS_MAX ? wanted : BURSTS_MAX;
    double chi_square = 0;
    double left = bursts;
    double seen_left = bursts;
    for (uint32_t i = 1; i <= last; i++) {
        const double expected = i < last ? left * (1 - on) : left;
        const double seen = i < last ? counts[i] : seen_left;
        chi_square += (seen - expected) * (seen - expected) / expected;
        left -= expected;
        seen_left -= seen;
    }
    EXPECT(name, bursts > 400);
    EXPECT_REAL(name, chi_square, 0, chi_square_limit(last - 1));
}

static void bursts_have_their_lengths(void) {
    for (size_t i = FIRST_LOSSY; i < SEVERITY_COUNT; i++) {
        const sim_link_preset *preset = preset_of(&severities[i]);
        if (preset != NULL) {
            sim_link_plan all_lost = preset->down;
            all_lost.loss_bad = PUNCH_PROBABILITY_ONE; /* bursts as long as the state */
            check_bursts(severities[i].name, &preset->down, 2000000);
            check_bursts(severities[i].name, &all_lost, 500000);
        }
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"figures are those published", figures_are_those_published},
        {"E to H: loss is what was derived", loss_is_what_was_derived},
        {"B to D: stays, and loss given the state", rare_losses_by_their_state},
        {"E to H: bursts have their lengths", bursts_have_their_lengths},
    };
    return PUNCH_TEST_MAIN("unit_link_g1050", cases);
}
