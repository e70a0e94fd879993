/* SPDX-License-Identifier: MIT */
/*
 * The belief about a hole's lifetime: its grid and prior, the posterior against integration by
 * brute force, every kind of evidence, fading, and a long run of nonsense.
 */
#include "lifetime.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "punch/realmath.h"
#include "punch/rng.h"
#include "punch_test.h"

#define S PUNCH_US_PER_S
#define CELLS PUNCH_LIFETIME_CELLS

static punch_keepalive_evidence after(punch_evidence_kind kind, punch_time_us silence_us,
                                      uint8_t attempts, punch_time_us now_us) {
    return (punch_keepalive_evidence){.kind = kind,
                                      .attempts = attempts,
                                      .silence_us = silence_us,
                                      .unsent_us = silence_us,
                                      .now_us = now_us};
}

/* What everybody may rely on at any time. */
static bool is_sane(const punch_lifetime *lifetime) {
    double sum = 0;
    for (unsigned i = 0; i < CELLS; i++) {
        if (!(lifetime->weights[i] >= 0 && lifetime->weights[i] <= 1)) {
            return false;
        }
        sum += (double)lifetime->weights[i];
    }
    const double loss = punch_lifetime_loss(lifetime);
    return sum > 0.999 && sum < 1.001 && loss > 0 && loss < 1;
}

static void grid(void) {
    for (unsigned i = 0; i <= CELLS; i++) {
        const double edge_us = 7.4e6 * punch_exp((double)i / 12 * punch_log(2));
        /* Higher octaves double the rounding of the first. */
        EXPECT_REAL("edges are 7.4 s x 2^(i/12)", (double)punch_lifetime_edge_us(i), edge_us, 65);
    }
}

static void prior(void) {
    static const struct {
        const char *sentence;
        int64_t lifetime_s;
        double share;
    } rows[] = {
        {"30 s", 30, 0.10},   {"60 s", 60, 0.10},          {"120 s", 120, 0.10},
        {"180 s", 180, 0.08}, {"240 s", 240, 0.02},        {"300 s", 300, 0.08},
        {"350 s", 350, 0.02}, {"no default: 85 s", 85, 0},
    };
    punch_lifetime lifetime;
    punch_lifetime_reset(&lifetime, 0);
    EXPECT("sums to 1", is_sane(&lifetime));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned cell = 0;
        while (punch_lifetime_edge_us(cell + 1) <= rows[i].lifetime_s * S) {
            cell++;
        }
        EXPECT_REAL(rows[i].sentence, (double)lifetime.weights[cell], rows[i].share + 0.5 / CELLS,
                    1e-6);
    }
    EXPECT_REAL("half of it lies below 100 s", 1 - punch_lifetime_survival(&lifetime, 100 * S), 0.5,
                0.06);
}

/* --- brute force ------------------------------------------------------------------------------ */

#define POINTS_PER_CELL 50
#define POINTS (CELLS * POINTS_PER_CELL)

/* Points spread evenly over ln T, each with its share of its cell's prior. */
typedef struct {
    double lifetime_us[POINTS];
    double weight[POINTS];
} brute;

static void brute_reset(brute *all, const punch_lifetime *start) {
    for (unsigned i = 0; i < POINTS; i++) {
        const double cells = (i + 0.5) / POINTS_PER_CELL;
        all->lifetime_us[i] = 7.4e6 * punch_exp(cells / 12 * punch_log(2));
        all->weight[i] = (double)start->weights[i / POINTS_PER_CELL] / POINTS_PER_CELL;
    }
}

/* By Bayes' rule: likelihoods where T exceeds the silence, and where it does not. */
static void brute_weigh(brute *all, punch_time_us silence_us, double longer, double shorter) {
    double sum = 0;
    for (unsigned i = 0; i < POINTS; i++) {
        all->weight[i] *= all->lifetime_us[i] > (double)silence_us ? longer : shorter;
        sum += all->weight[i];
    }
    for (unsigned i = 0; i < POINTS; i++) {
        all->weight[i] /= sum;
    }
}

static double brute_survival(const brute *all, punch_time_us silence_us) {
    double sum = 0;
    for (unsigned i = 0; i < POINTS; i++) {
        sum += all->lifetime_us[i] > (double)silence_us ? all->weight[i] : 0;
    }
    return sum;
}

/* Probes as long as edges, which cells decide exactly. */
static void against_brute_force(void) {
    static brute all;
    punch_rng rng = punch_rng_stream(1, 2, 3);
    for (unsigned run = 0; run < 50; run++) {
        punch_lifetime lifetime;
        punch_lifetime_reset(&lifetime, 0);
        brute_reset(&all, &lifetime);
        for (unsigned step = 0; step < 12; step++) {
            const unsigned cell = 1 + (unsigned)punch_rng_below(&rng, CELLS - 1);
            const uint8_t attempts = (uint8_t)(1 + punch_rng_below(&rng, 3));
            const bool held = punch_rng_below(&rng, 2) == 0;
            const punch_keepalive_evidence evidence =
                after(held ? PUNCH_EVIDENCE_PROBE_HELD : PUNCH_EVIDENCE_PROBE_SILENT,
                      punch_lifetime_edge_us(cell), attempts, 0);
            if (held) {
                brute_weigh(&all, evidence.silence_us, 1, 0.001);
            } else {
                brute_weigh(&all, evidence.silence_us, punch_lifetime_all_lost(&lifetime, attempts),
                            1);
            }
            punch_lifetime_observe(&lifetime, &evidence);
        }
        for (unsigned i = 1; i < CELLS; i++) {
            const punch_time_us just_below_us = punch_lifetime_edge_us(i) - 1;
            EXPECT_REAL("P(T > edge) is the integral",
                        punch_lifetime_survival(&lifetime, just_below_us),
                        brute_survival(&all, just_below_us), 1e-4);
        }
    }
}

/* --- kinds of evidence ------------------------------------------------------------------------ */

/* Odds of P(T > at_us) before and after: how many times likelier longer lifetimes have become. */
static double odds_ratio(const punch_keepalive_evidence *evidence, punch_time_us at_us) {
    punch_lifetime lifetime;
    punch_lifetime_reset(&lifetime, 0);
    const double before = punch_lifetime_survival(&lifetime, at_us);
    punch_lifetime_observe(&lifetime, evidence);
    const double now = punch_lifetime_survival(&lifetime, at_us);
    return now / (1 - now) / (before / (1 - before));
}

static void kinds(void) {
    /* Of longer against shorter lifetimes; 100 s lies in the cell from 99.6 to 105.5 s, nearer to
     * its lower end. */
    static const struct {
        const char *sentence;
        punch_evidence_kind kind;
        uint8_t attempts;
        int64_t silence_s;
        int64_t unsent_s;
        double at_s;
        double least;
        double most;
    } rows[] = {
        {"what came in after 100 s makes longer ones a thousand times likelier",
         PUNCH_EVIDENCE_HELD, 1, 100, 100, 99, 990, 1010},
        {"and how long nothing was sent changes nothing: something else may have come in",
         PUNCH_EVIDENCE_HELD, 1, 100, 300, 99, 990, 1010},
        {"a spare port that answers says the same", PUNCH_EVIDENCE_PROBE_HELD, 1, 100, 100, 99, 990,
         1010},
        {"one that does not: one question in twenty is lost", PUNCH_EVIDENCE_PROBE_SILENT, 1, 100,
         100, 99, 0.0499, 0.0501},
        {"two of them in four hundred", PUNCH_EVIDENCE_PROBE_SILENT, 2, 100, 100, 99, 0.00249,
         0.00251},
        {"many may have met one outage", PUNCH_EVIDENCE_PROBE_SILENT, 200, 100, 100, 99, 0.0019,
         0.0021},
        {"another port is nearly certain", PUNCH_EVIDENCE_REMAPPED, 1, 100, 100, 99, 0.0009,
         0.0011},
        {"a packet missed in a silence may have been lost, on either line", PUNCH_EVIDENCE_SILENT,
         1, 100, 100, 99, 0.13, 0.18},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const punch_keepalive_evidence evidence = {.kind = rows[i].kind,
                                                   .attempts = rows[i].attempts,
                                                   .silence_us = rows[i].silence_s * S,
                                                   .unsent_us = rows[i].unsent_s * S};
        const double ratio = odds_ratio(&evidence, (punch_time_us)(rows[i].at_s * (double)S));
        const double middle = (rows[i].least + rows[i].most) / 2;
        EXPECT_REAL(rows[i].sentence, ratio, middle, middle - rows[i].least);
    }
}

/* Something came in 80 s after we had last sent, something else did not within the 20 s after. What
 * lived for 150 s lost it, which a tenth of all packets are; how much likelier is the rest? */
static void missed(void) {
    static const struct {
        const char *sentence;
        unsigned cell;
        double beyond; /* share of the 20 s after the cell's lower end */
    } rows[] = {
        {"9.9 s: it is over for half the time if what came in counts", 5, (20 - 9.878) / 20},
        {"19.8 s: for hardly any", 17, (20 - 19.756) / 20},
        {"50 s: neither over at 20 s nor open at 80 s, so it was lost", 33, 0},
        {"89 s: it is over for half the time if only what we send counts", 43, (100 - 88.700) / 20},
        {"99.6 s: for hardly any", 45, (100 - 99.562) / 20},
        {"112 s: it was lost", 47, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const punch_keepalive_evidence evidence = {.kind = PUNCH_EVIDENCE_SILENT,
                                                   .attempts = 1,
                                                   .silence_us = 20 * S,
                                                   .unsent_us = 100 * S};
        const unsigned lost = 52; /* 149 s */
        punch_lifetime lifetime;
        punch_lifetime_reset(&lifetime, 0);
        const float before = lifetime.weights[rows[i].cell] / lifetime.weights[lost];
        punch_lifetime_observe(&lifetime, &evidence);
        const float now = lifetime.weights[rows[i].cell] / lifetime.weights[lost];
        EXPECT_REAL(rows[i].sentence, (double)(now / before), (0.1 + 0.9 * rows[i].beyond) / 0.1,
                    1e-3);
    }
}

/* Evidence that a hole held never makes any lifetime's survival less likely, and none that it did
 * not more. */
static void monotonic(void) {
    punch_rng rng = punch_rng_stream(4, 5, 6);
    for (unsigned run = 0; run < 400; run++) {
        punch_lifetime lifetime;
        punch_lifetime_reset(&lifetime, 0);
        for (unsigned step = 0; step < 8; step++) {
            const punch_lifetime before = lifetime;
            static const punch_evidence_kind of[] = {PUNCH_EVIDENCE_HELD, PUNCH_EVIDENCE_PROBE_HELD,
                                                     PUNCH_EVIDENCE_PROBE_SILENT,
                                                     PUNCH_EVIDENCE_REMAPPED};
            const punch_evidence_kind kind = of[punch_rng_below(&rng, 4)];
            const bool held = kind == PUNCH_EVIDENCE_HELD || kind == PUNCH_EVIDENCE_PROBE_HELD;
            const punch_keepalive_evidence evidence =
                after(kind, (punch_time_us)punch_rng_below(&rng, 1200 * (uint64_t)S), 3, 0);
            punch_lifetime_observe(&lifetime, &evidence);
            for (unsigned i = 0; i < CELLS; i++) {
                const punch_time_us at_us = punch_lifetime_edge_us(i);
                const double change = punch_lifetime_survival(&lifetime, at_us) -
                                      punch_lifetime_survival(&before, at_us);
                EXPECT("survival moves with the evidence", held ? change > -1e-5 : change < 1e-5);
            }
        }
    }
}

static void quantiles(void) {
    punch_lifetime lifetime;
    punch_lifetime_reset(&lifetime, 0);
    EXPECT_INT("of nothing", punch_lifetime_quantile(&lifetime, 0),
               punch_lifetime_edge_us(CELLS - 1));
    EXPECT_INT("of everything", punch_lifetime_quantile(&lifetime, 1.5), punch_lifetime_edge_us(0));
    for (int percent = 1; percent < 100; percent++) {
        const double p = percent / 100.0;
        const punch_time_us at_us = punch_lifetime_quantile(&lifetime, p);
        EXPECT("at least so likely", punch_lifetime_survival(&lifetime, at_us - 1) >= p);
        EXPECT("and the longest that is", punch_lifetime_survival(&lifetime, at_us) < p);
    }
}

/* --- time ------------------------------------------------------------------------------------- */

static double distance(const punch_lifetime *a, const punch_lifetime *b) {
    double sum = 0;
    for (unsigned i = 0; i < CELLS; i++) {
        const double apart = (double)a->weights[i] - (double)b->weights[i];
        sum += apart < 0 ? -apart : apart;
    }
    return sum / 2;
}

static void fading(void) {
    punch_lifetime prior_now;
    punch_lifetime lifetime;
    punch_lifetime_reset(&prior_now, 0);
    lifetime = prior_now;
    const punch_keepalive_evidence held = after(PUNCH_EVIDENCE_PROBE_HELD, 100 * S, 1, 0);
    const punch_keepalive_evidence silent = after(PUNCH_EVIDENCE_PROBE_SILENT, 110 * S, 3, 0);
    punch_lifetime_observe(&lifetime, &held);
    punch_lifetime_observe(&lifetime, &silent);
    const punch_lifetime known = lifetime;
    punch_lifetime_fade(&lifetime, 119 * S);
    EXPECT_REAL("nothing fades within two minutes", distance(&lifetime, &known), 0, 0);
    double last = distance(&known, &prior_now);
    for (int hour = 1; hour <= 24; hour++) {
        punch_lifetime_fade(&lifetime, hour * 3600 * S);
        const double now = distance(&lifetime, &prior_now);
        EXPECT("belief comes nearer to the prior every hour", now < last);
        EXPECT("and stays one", is_sane(&lifetime));
        last = now;
    }
    punch_lifetime at_once = known;
    punch_lifetime_fade(&at_once, 24 * 3600 * S);
    EXPECT_REAL("in many steps or at once", distance(&at_once, &lifetime), 0, 1e-6);
    EXPECT("after a day it is still about 100 s",
           punch_lifetime_survival(&lifetime, 50 * S) > 0.75 &&
               punch_lifetime_survival(&lifetime, 200 * S) < 0.25);
    punch_lifetime_fade(&at_once, 3650 * 24 * 3600 * S);
    EXPECT("ten years take no longer than a day", is_sane(&at_once));
    EXPECT_INT("and are over", at_once.faded_at_us, 3650 * 24 * 3600 * S);
}

/* What all evidence speaks against is still possible: a NAT that changes is noticed. */
static void a_change(void) {
    punch_lifetime lifetime;
    punch_lifetime_reset(&lifetime, 0);
    punch_time_us now_us = 0;
    for (unsigned i = 0; i < 1000; i++) {
        const punch_keepalive_evidence held = after(PUNCH_EVIDENCE_HELD, 200 * S, 1, now_us);
        punch_lifetime_observe(&lifetime, &held);
        now_us += 210 * S;
    }
    EXPECT("200 s held a thousand times", punch_lifetime_survival(&lifetime, 150 * S) > 0.99);
    for (unsigned i = 0; i < 3; i++) {
        const punch_keepalive_evidence silent =
            after(PUNCH_EVIDENCE_PROBE_SILENT, 100 * S, 3, now_us);
        punch_lifetime_observe(&lifetime, &silent);
        now_us += 110 * S;
    }
    EXPECT("three probes that failed outweigh them",
           punch_lifetime_survival(&lifetime, 110 * S) < 0.1);
}

static void loss(void) {
    punch_lifetime lifetime;
    punch_lifetime_reset(&lifetime, 0);
    EXPECT_REAL("5 % at the start", punch_lifetime_loss(&lifetime), 0.05, 1e-6);
    for (unsigned i = 0; i < 200; i++) {
        const punch_keepalive_evidence held =
            after(PUNCH_EVIDENCE_PROBE_HELD, 10 * S, i % 4 == 0 ? 2 : 1, 0);
        punch_lifetime_observe(&lifetime, &held);
    }
    EXPECT_REAL("learnt from answers that took two questions", punch_lifetime_loss(&lifetime), 0.2,
                0.02);
    for (unsigned i = 0; i < 400; i++) {
        const punch_keepalive_evidence held = after(PUNCH_EVIDENCE_PROBE_HELD, 10 * S, 1, 0);
        punch_lifetime_observe(&lifetime, &held);
    }
    EXPECT("and unlearnt", punch_lifetime_loss(&lifetime) < 0.06);
}

/* Whatever is observed, belief stays one. */
static void nonsense(void) {
    punch_rng rng = punch_rng_stream(7, 8, 9);
    punch_lifetime lifetime;
    punch_time_us now_us = 0;
    punch_lifetime_reset(&lifetime, now_us);
    for (unsigned i = 0; i < 20000; i++) {
        const unsigned magnitude = (unsigned)punch_rng_below(&rng, 40);
        punch_keepalive_evidence evidence = {
            .kind = (punch_evidence_kind)punch_rng_below(&rng, PUNCH_EVIDENCE_REMAPPED + 1),
            .attempts = (uint8_t)(1 + punch_rng_below(&rng, 255)),
            .silence_us = (punch_time_us)punch_rng_below(&rng, (uint64_t)1 << magnitude),
            .now_us = now_us};
        evidence.unsent_us =
            evidence.silence_us + (punch_time_us)punch_rng_below(&rng, (uint64_t)1 << magnitude);
        punch_lifetime_observe(&lifetime, &evidence);
        if (!EXPECT("belief stays one", is_sane(&lifetime))) {
            printf("at step %u\n", i);
            return;
        }
        now_us +=
            punch_rng_below(&rng, 50) == 0 ? (punch_time_us)punch_rng_below(&rng, 1 << 30) : 0;
    }
}

static void backwards(void) {
    (void)fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        punch_lifetime lifetime;
        punch_lifetime_reset(&lifetime, 100 * S);
        (void)close(STDERR_FILENO);
        punch_lifetime_fade(&lifetime, 99 * S);
        _exit(0);
    }
    int status = 0;
    EXPECT("a process of its own", child > 0 && waitpid(child, &status, 0) == child);
    EXPECT("time that runs backwards is refused", WIFSIGNALED(status));
}

int main(void) {
    static const punch_test_case cases[] = {
        {"the grid", grid},
        {"the prior", prior},
        {"the posterior is what integration says", against_brute_force},
        {"what each kind of evidence is worth", kinds},
        {"what a missed packet is worth", missed},
        {"evidence moves belief one way", monotonic},
        {"quantiles", quantiles},
        {"belief fades", fading},
        {"a change is noticed", a_change},
        {"loss is learnt", loss},
        {"nonsense does no harm", nonsense},
        {"time backwards", backwards},
    };
    return PUNCH_TEST_MAIN("unit_lifetime", cases);
}
