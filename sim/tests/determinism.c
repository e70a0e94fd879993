/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Equal seeds, equal worlds: twice in one process, in a world used before and in a fresh one, on
 * one thread and on two, watched and unwatched. `determinism --print` writes one digest per line,
 * so that binaries of different compilers and optimisation levels can be compared.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "punch_test.h"
#include "random_world.h"
#include "sim/crypto_fast.h"

enum { SEEDS = 60 };

static uint64_t digest_of(uint64_t seed, const sim_observer *observer) {
    random_world random;
    random_world_draw(&random, seed);
    small_run(&random.small, seed, observer);
    return random.small.result.digest;
}

static void twice_in_one_process(void) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        EXPECT_INT("a seed has one digest", digest_of(seed, NULL), digest_of(seed, NULL));
    }
    EXPECT("other seeds have other digests", digest_of(1, NULL) != digest_of(2, NULL));
}

/* Room for the one strategy that a random world's peer offers, whichever it is. */
static uint32_t learning_bytes_max(void) {
    size_t count = 0;
    size_t most = 0;
    const punch_keepalive *const *builtin = punch_keepalive_builtin(&count);
    for (size_t i = 0; i < count; i++) {
        const size_t bytes = punch_peer_learning_bytes(builtin[i]);
        most = bytes > most ? bytes : most;
    }
    return (uint32_t)most;
}

/* Large enough for anything random_world draws. */
static void draw_largest(small_world *largest) {
    nat_config config = small_nat(NAT_MAPPING_APDM, NAT_FILTERING_APDF);
    config.per_host_max = 1; /* a limit takes room */
    small_begin(largest);
    while (largest->plan.host_count < SMALL_HOSTS) {
        const uint32_t host = small_add_peer(largest, small_add_site(largest, &config));
        largest->hosts[host].learning_bytes = learning_bytes_max();
    }
    largest->sites[1].cross = (sim_cross_plan){1, 1000, 1, 0}; /* room for others, anywhere */
    while (largest->plan.call_count < SMALL_CALLS) {
        small_add_call(largest, 1, 2, 0);
    }
}

static void reset_equals_fresh(void) {
    static small_world largest;
    draw_largest(&largest);
    void *world = sim_backend_des.create(&largest.plan);
    if (!EXPECT("a world is made", world != NULL)) {
        return;
    }
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        random_world random;
        random_world_draw(&random, seed);
        sim_backend_des.run(world, &random.small.plan, seed, NULL, small_result(&random.small));
        EXPECT_INT("a world used before is as good as new", random.small.result.digest,
                   digest_of(seed, NULL));
    }
    sim_backend_des.destroy(world);
}

typedef struct {
    uint64_t first;
    uint64_t digests[SEEDS];
} job;

static void *work(void *user) {
    job *at = user;
    for (uint64_t i = 0; i < SEEDS; i++) {
        at->digests[i] = digest_of(at->first + i, NULL);
    }
    return NULL;
}

static void two_threads(void) {
    static job jobs[2];
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        jobs[i].first = 1;
        EXPECT_INT("a thread starts", pthread_create(&threads[i], NULL, work, &jobs[i]), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        EXPECT_INT("a thread ends", pthread_join(threads[i], NULL), 0);
    }
    for (uint64_t i = 0; i < SEEDS; i++) {
        EXPECT_INT("two worlds at once do not notice each other", jobs[0].digests[i],
                   jobs[1].digests[i]);
        EXPECT_INT("nor does it matter how many threads there are", jobs[0].digests[i],
                   digest_of(1 + i, NULL));
    }
}

static void count(void *user, const sim_saw *record) {
    (void)record;
    (*(uint64_t *)user)++;
}

static void watching_changes_nothing(void) {
    uint64_t records = 0;
    const sim_observer observer = {count, &records};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        EXPECT_INT("a watched world is the same world", digest_of(seed, &observer),
                   digest_of(seed, NULL));
    }
    EXPECT("and there was something to see", records > 1000);
}

/* Everything of a result but the digest. */
static void expect_same_outcome(const small_world *a, const small_world *b) {
    EXPECT_INT("packets sent", a->result.packets_sent, b->result.packets_sent);
    EXPECT_INT("packets delivered", a->result.packets_delivered, b->result.packets_delivered);
    EXPECT_INT("bytes sent", a->result.bytes_sent, b->result.bytes_sent);
    EXPECT_INT("events", a->result.events, b->result.events);
    EXPECT_INT("end", a->result.ended_at_us, b->result.ended_at_us);
    for (uint32_t i = 0; i < a->plan.call_count; i++) {
        const sim_call_result *x = &a->call_results[i];
        const sim_call_result *y = &b->call_results[i];
        EXPECT_INT("connected", x->connected, y->connected);
        EXPECT_INT("time to connect", x->time_to_connect_us, y->time_to_connect_us);
        EXPECT_INT("intros of the caller", x->intros_sent[0], y->intros_sent[0]);
        EXPECT_INT("arrivals at the callee", x->arrived[1], y->arrived[1]);
        EXPECT_INT("failure of the caller", x->fail[0], y->fail[0]);
    }
}

static void outcome_ignores_provider(void) {
    EXPECT_INT("libsodium works", punch_crypto_sodium_init(), PUNCH_OK);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        static random_world fast;
        static random_world sodium;
        random_world_draw(&fast, seed);
        random_world_draw(&sodium, seed);
        sodium.small.plan.crypto = &punch_crypto_sodium;
        small_run(&fast.small, seed, NULL);
        small_run(&sodium.small, seed, NULL);
        expect_same_outcome(&fast.small, &sodium.small);
    }
}

static int print_digests(void) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        printf("%llu %016llx\n", (unsigned long long)seed,
               (unsigned long long)digest_of(seed, NULL));
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--print") == 0) {
        return print_digests();
    }
    static const punch_test_case cases[] = {
        {"twice in one process", twice_in_one_process},
        {"a reset world equals a fresh one", reset_equals_fresh},
        {"two threads", two_threads},
        {"watching changes nothing", watching_changes_nothing},
        {"outcomes do not depend on the crypto provider", outcome_ignores_provider},
    };
    return PUNCH_TEST_MAIN("determinism", cases);
}
