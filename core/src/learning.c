/* SPDX-License-Identifier: MIT */
/*
 * What the strategies of a peer have learnt about its network: one state for each strategy that has
 * any, shared by all sessions and the way to the broker, which all lie behind the same NAT.
 * Evidence goes to every one of them, in use or not; another network makes all of them forget.
 */
#include "peer_internal.h"

/* The strategies found so far, and how many. */
typedef struct {
    const punch_keepalive **found;
    uint8_t count;
} finding;

static void add(finding *so_far, const punch_keepalive *strategy) {
    for (uint8_t i = 0; i < so_far->count; i++) {
        if (so_far->found[i] == strategy) {
            return;
        }
    }
    if (strategy->state_bytes > 0) {
        so_far->found[so_far->count++] = strategy;
    }
}

static void add_all(finding *so_far, const punch_keepalive *const *strategies, size_t count) {
    for (size_t i = 0; i < count && strategies[i] != NULL; i++) {
        add(so_far, strategies[i]);
    }
}

uint8_t punch_learning_find(const punch_peer_config *config,
                            const punch_keepalive *found[PUNCH_LEARNING_MAX]) {
    finding so_far = {.found = found};
    if (config->broker_keepalive != NULL) {
        add(&so_far, config->broker_keepalive);
    }
    if (config->calls_max > 0) {
        /* What is offered when none is named needs no memory: punch_keepalive_offered. */
        add_all(&so_far, config->offers, PUNCH_OFFERS_MAX);
        add_all(&so_far, config->later, PUNCH_OFFERS_MAX);
    }
    return so_far.count;
}

size_t punch_peer_learning_bytes(const punch_keepalive *strategy) {
    if (strategy->state_bytes == 0) {
        return 0;
    }
    const size_t bytes = sizeof(punch_learning) + strategy->state_bytes + 2 * (size_t)15 +
                         (strategy->probe != NULL ? sizeof(punch_prober) + 15 : 0);
    return (bytes + 15) / 16 * 16;
}

void *punch_learning_state(const punch_peer *peer, const punch_keepalive *strategy) {
    for (uint8_t i = 0; i < peer->learning_count; i++) {
        if (peer->learning[i].strategy == strategy) {
            return peer->learning[i].state;
        }
    }
    return NULL;
}

void punch_learning_reset(punch_peer *peer, punch_time_us now_us) {
    const punch_keepalive_settings settings = {
        .interval_us = peer->config.options.keepalive_interval_us,
    };
    for (uint8_t i = 0; i < peer->learning_count; i++) {
        peer->learning[i].strategy->reset(peer->learning[i].state, &settings, now_us);
    }
    punch_prober_forget(peer, now_us);
}

void punch_learning_observe(punch_peer *peer, const punch_keepalive_evidence *evidence) {
    for (uint8_t i = 0; i < peer->learning_count; i++) {
        if (peer->learning[i].strategy->observe != NULL) {
            peer->learning[i].strategy->observe(peer->learning[i].state, evidence);
        }
    }
}

void punch_learning_seen_at(punch_peer *peer, const punch_addr *before, const punch_addr *now_at,
                            punch_time_us silence_us, punch_time_us now_us) {
    if (before->family == PUNCH_FAMILY_NONE || punch_addr_equal(before, now_at)) {
        return;
    }
    if (!punch_addr_same_ip(before, now_at)) {
        punch_learning_reset(peer, now_us); /* another network, or the same with another address */
    } else if (silence_us > 0) {
        const punch_keepalive_evidence evidence = {.kind = PUNCH_EVIDENCE_REMAPPED,
                                                   .attempts = 1,
                                                   .silence_us = silence_us,
                                                   .unsent_us = silence_us,
                                                   .now_us = now_us};
        punch_learning_observe(peer, &evidence);
    }
}

void punch_learning_draw(punch_peer *peer, punch_keepalive_view *view) {
    const int32_t most = peer->config.options.keepalive_jitter_permille;
    const uint64_t draw = punch_rng_below(&peer->rng, (uint64_t)(2 * most + 1));
    punch_rng second = punch_rng_stream(peer->rng.state, 0, 1);
    view->jitter_permille = (int32_t)draw - most;
    view->draw = (uint32_t)punch_rng_u64(&second);
}
