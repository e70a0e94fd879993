/* SPDX-License-Identifier: MIT */
/*
 * bayes as the core sees it: a hole of known lifetime answers its probes, and the interval that
 * comes of it is held against that lifetime.
 */
#include <stdio.h>
#include <string.h>

#include "punch/keepalive.h"
#include "punch/rng.h"
#include "punch_test.h"

#define S PUNCH_US_PER_S
#define HOUR_US (3600 * S)

typedef struct {
    _Alignas(16) uint8_t state[PUNCH_KEEPALIVE_STATE_MAX];
    punch_time_us now_us;
    punch_time_us lifetime_us; /* of the holes of this NAT */
    uint32_t loss_percent;     /* of questions */
    punch_rng rng;
    unsigned probes;
    punch_time_us worst_us; /* longest interval */
} nat_world;

static const punch_keepalive *const bayes = &punch_keepalive_bayes;

static void start(nat_world *world, punch_time_us lifetime_us) {
    const punch_keepalive_settings settings = {0};
    *world = (nat_world){.lifetime_us = lifetime_us, .rng = punch_rng_stream(1, 2, 3)};
    bayes->reset(world->state, &settings, 0);
}

static punch_time_us promise_us(const nat_world *world) {
    const punch_keepalive_view view = {.last_send_at_us = world->now_us};
    return bayes->promise_us(world->state, &view);
}

static void tell(nat_world *world, punch_evidence_kind kind, punch_time_us silence_us,
                 uint8_t attempts) {
    const punch_keepalive_evidence evidence = {.kind = kind,
                                               .attempts = attempts,
                                               .silence_us = silence_us,
                                               .unsent_us = silence_us,
                                               .now_us = world->now_us};
    bayes->observe(world->state, &evidence);
}

/* Three questions, as the core asks them. */
static void answer(nat_world *world, punch_time_us silence_us) {
    for (uint8_t attempt = 1; attempt <= 3; attempt++) {
        if (punch_rng_below(&world->rng, 100) >= world->loss_percent &&
            silence_us < world->lifetime_us) {
            tell(world, PUNCH_EVIDENCE_PROBE_HELD, silence_us, attempt);
            return;
        }
    }
    tell(world, PUNCH_EVIDENCE_PROBE_SILENT, silence_us, 3);
}

/* Until then, probes are answered as the NAT has it, and something comes in every ten seconds. */
static void live(nat_world *world, punch_time_us until_us) {
    punch_time_us probe_at_us = PUNCH_NEVER;
    punch_time_us silence_us = 0;
    for (; world->now_us < until_us; world->now_us += 10 * S) {
        tell(world, PUNCH_EVIDENCE_HELD, 5 * S, 1);
        if (probe_at_us <= world->now_us) {
            probe_at_us = PUNCH_NEVER;
            answer(world, silence_us);
        }
        const punch_keepalive_probe wish = bayes->probe(world->state, world->now_us);
        if (probe_at_us == PUNCH_NEVER && wish.at_us <= world->now_us) {
            silence_us = wish.silence_us;
            probe_at_us = world->now_us + silence_us;
            world->probes++;
        }
        world->worst_us = punch_time_later(world->worst_us, promise_us(world));
    }
}

static void finds_lifetimes(void) {
    static const struct {
        const char *sentence;
        double lifetime_s;
        uint32_t loss_percent;
        double share_least; /* of the lifetime, after an hour */
    } rows[] = {
        {"shorter than most keepalives", 11.3, 0, 0.6},
        {"Linux", 30, 0, 0.85},
        {"pf", 60, 0, 0.85},
        {"no default", 47.7, 0, 0.8},
        {"no default, a third of all questions lost", 47.7, 33, 0.4},
        {"a Linux stream", 120, 0, 0.8},
        {"no default, and long", 261, 0, 0.5},
        {"RFC 4787", 300, 0, 0.5},
        {"an hour", 3600, 0, 0.05},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        nat_world world;
        const punch_time_us lifetime_us = (punch_time_us)(rows[i].lifetime_s * (double)S);
        start(&world, lifetime_us);
        world.loss_percent = rows[i].loss_percent;
        live(&world, HOUR_US);
        const double share = (double)promise_us(&world) / (double)lifetime_us;
        if (!EXPECT(rows[i].sentence, share >= rows[i].share_least && share < 1)) {
            printf("interval is %.2f of the lifetime\n", share);
        }
        if (rows[i].loss_percent == 0) {
            EXPECT("and was never beyond it", world.worst_us < lifetime_us);
        }
        EXPECT("in few probes", world.probes < 25);
        const unsigned probes = world.probes;
        live(&world, 12 * HOUR_US);
        EXPECT("asks again now and then", world.probes > probes + 3);
        EXPECT("but seldom", rows[i].loss_percent > 0 || world.probes < probes + 11 * 6);
    }
}

static void a_short_day(void) {
    nat_world world;
    start(&world, 200 * S);
    live(&world, 2 * HOUR_US);
    const punch_time_us before_us = promise_us(&world);
    world.lifetime_us = 40 * S;
    tell(&world, PUNCH_EVIDENCE_SILENT, before_us, 1);
    EXPECT("a packet that was missed makes it careful at once", promise_us(&world) < before_us);
    live(&world, world.now_us + HOUR_US / 2);
    EXPECT("the shorter lifetime is found", promise_us(&world) < 40 * S);
    world.lifetime_us = 400 * S;
    live(&world, world.now_us + 24 * HOUR_US);
    EXPECT("and a longer one, in time", promise_us(&world) > 80 * S);
}

static void nobody_answers(void) {
    nat_world world;
    start(&world, 200 * S);
    EXPECT("careful at first", promise_us(&world) < 15 * S);
    for (; world.now_us < 24 * HOUR_US; world.now_us += 15 * S) {
        tell(&world, PUNCH_EVIDENCE_HELD, 7 * S, 1);
        if (punch_rng_below(&world.rng, 20) == 0) {
            tell(&world, PUNCH_EVIDENCE_SILENT, 15 * S, 1);
        }
        EXPECT("without probes never more often than every 15 s",
               world.now_us < 300 * S || promise_us(&world) >= 14 * S);
    }
    const punch_keepalive_probe wish = bayes->probe(world.state, world.now_us);
    EXPECT("a probe is still wished for", wish.at_us <= world.now_us + HOUR_US);
}

static void schedule(void) {
    nat_world world;
    start(&world, 120 * S);
    live(&world, HOUR_US);
    const punch_time_us most_us = promise_us(&world);
    for (int32_t jitter = -50; jitter <= 50; jitter += 10) {
        const punch_keepalive_view view = {.last_send_at_us = 7 * S, .jitter_permille = jitter};
        const punch_time_us gap_us = bayes->next_send_us(world.state, &view) - 7 * S;
        EXPECT("jitter does not exceed what was promised", gap_us <= most_us);
        EXPECT("and shortens by so much at most", gap_us >= most_us * 95 / 100 - 1000);
    }
    const punch_keepalive_view any = {0};
    const punch_keepalive_settings settings = {.interval_us = 60 * S};
    bayes->reset(world.state, &settings, world.now_us);
    nat_world fresh;
    start(&fresh, 120 * S);
    EXPECT_INT("a change of network begins anew", bayes->promise_us(world.state, &any),
               bayes->promise_us(fresh.state, &any));
}

static void nonsense(void) {
    nat_world world;
    start(&world, 120 * S);
    for (unsigned i = 0; i < 5000; i++) {
        const unsigned magnitude = (unsigned)punch_rng_below(&world.rng, 40);
        tell(&world, (punch_evidence_kind)punch_rng_below(&world.rng, PUNCH_EVIDENCE_REMAPPED + 1),
             (punch_time_us)punch_rng_below(&world.rng, (uint64_t)1 << magnitude),
             (uint8_t)(1 + punch_rng_below(&world.rng, 255)));
        world.now_us += (punch_time_us)punch_rng_below(&world.rng, 100 * (uint64_t)S);
        const punch_keepalive_probe wish = bayes->probe(world.state, world.now_us);
        EXPECT("5 s to 10 min", promise_us(&world) >= 5 * S && promise_us(&world) <= 600 * S);
        EXPECT("a probe is wished for",
               wish.at_us <= world.now_us + HOUR_US && wish.silence_us > 7 * S);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"it finds lifetimes, and keeps below them", finds_lifetimes},
        {"lifetimes that change", a_short_day},
        {"probes that nobody answers", nobody_answers},
        {"when the next keepalive is due", schedule},
        {"nonsense does no harm", nonsense},
    };
    return PUNCH_TEST_MAIN("unit_keepalive_bayes", cases);
}
