/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A dead harness must be noticed: each lie below is told to a world at the door of the core or of
 * the NAT model (linked with --wrap), and the world must die of the invariant named beside it.
 * CTest looks for that invariant's sentence, so dying of something else is no success.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"
#include "punch/wire.h"
#include "small_world.h"

typedef enum {
    LIE_CONNECTED,
    LIE_DEADLINE,
    LIE_FLOOD,
    LIE_MATRIX,
    LIE_NOWHERE,
    LIE_PORT,
    LIE_UNDECIDED,
    LIE_LATE,
    LIE_TABLE,
    LIE_PER_HOST,
    LIE_FILTERS,
    LIE_COUNT
} lie_kind;

static const char *const lies[LIE_COUNT] = {
    [LIE_CONNECTED] = "connected", [LIE_DEADLINE] = "deadline", [LIE_FLOOD] = "flood",
    [LIE_MATRIX] = "matrix",       [LIE_NOWHERE] = "nowhere",   [LIE_PORT] = "port",
    [LIE_UNDECIDED] = "undecided", [LIE_LATE] = "late",         [LIE_TABLE] = "table",
    [LIE_PER_HOST] = "per_host",   [LIE_FILTERS] = "filters"};

#define HOUR_US (3600 * PUNCH_US_PER_S) /* chosen: beyond every bound of a call */

static lie_kind told;
static const sim_world *lied_to; /* its clock is asked by the lie that tells an outcome late */

void punch_panic(const char *file, int line, const char *what, int64_t got, int64_t expected) {
    fprintf(stderr, "%s:%d: %s (got %lld, expected %lld)\n", file, line, what, (long long)got,
            (long long)expected);
    exit(1);
}

bool __real_punch_peer_next_event(punch_peer *peer, punch_event *event_out);
bool __wrap_punch_peer_next_event(punch_peer *peer, punch_event *event_out);
punch_time_us __real_punch_peer_next_deadline_us(const punch_peer *peer);
punch_time_us __wrap_punch_peer_next_deadline_us(const punch_peer *peer);
punch_err __real_punch_peer_init(void *memory, const punch_peer_config *config,
                                 punch_peer **peer_out);
punch_err __wrap_punch_peer_init(void *memory, const punch_peer_config *config,
                                 punch_peer **peer_out);

nat_verdict __real_nat_translate_out(nat *box, nat_packet *packet, punch_time_us now_us);
nat_verdict __wrap_nat_translate_out(nat *box, nat_packet *packet, punch_time_us now_us);
void __real_nat_reset(nat *box, const nat_config *config, const punch_addr *external,
                      punch_rng rng);
void __wrap_nat_reset(nat *box, const nat_config *config, const punch_addr *external,
                      punch_rng rng);

/* A NAT that writes somebody else's source into what leaves, or a port outside of its range. */
nat_verdict __wrap_nat_translate_out(nat *box, nat_packet *packet, punch_time_us now_us) {
    const nat_verdict verdict = __real_nat_translate_out(box, packet, now_us);
    if (told == LIE_NOWHERE && verdict == NAT_PASS) {
        packet->src = punch_addr_ipv4(UINT32_C(0xcb007163), packet->src.port);
    }
    if (told == LIE_PORT && verdict == NAT_PASS) {
        packet->src.port = 1;
    }
    return verdict;
}

/* A NAT that forgets a limit of its plan. */
void __wrap_nat_reset(nat *box, const nat_config *config, const punch_addr *external,
                      punch_rng rng) {
    nat_config lie = *config;
    lie.table_max = told == LIE_TABLE ? 64 : lie.table_max;
    lie.per_host_max = told == LIE_PER_HOST ? 0 : lie.per_host_max;
    lie.filters_max = told == LIE_FILTERS ? 0 : lie.filters_max;
    __real_nat_reset(box, &lie, external, rng);
}

static const punch_port *port; /* of the peer made last, and its host */
static void *host;

punch_err __wrap_punch_peer_init(void *memory, const punch_peer_config *config,
                                 punch_peer **peer_out) {
    port = config->port;
    host = config->host;
    return __real_punch_peer_init(memory, config, peer_out);
}

static void send_intros(void) {
    const uint8_t intro[40] = {PUNCH_WIRE_VERSION, PUNCH_TYPE_INTRO};
    const punch_datagram datagram = {.remote = punch_addr_ipv4(UINT32_C(0xcb007163), 4000),
                                     .length = sizeof intro,
                                     .data = intro};
    for (int i = 0; i < PUNCH_INTROS_PER_TARGET_MAX + 1; i++) {
        (void)port->send(host, &datagram);
    }
}

/* Ends of calls kept back: for ever, or to be told an hour late. */
static struct {
    const punch_peer *peer;
    punch_event event;
} kept[2];

static bool is_an_hour_over(void) {
    return sim_world_now_us(lied_to) >= HOUR_US;
}

static bool keep_back(const punch_peer *peer, const punch_event *event) {
    const size_t place = kept[0].peer == NULL ? 0 : 1;
    kept[place].peer = peer;
    kept[place].event = *event;
    return false;
}

static bool tell_late(const punch_peer *peer, punch_event *event_out) {
    for (size_t i = 0; told == LIE_LATE && is_an_hour_over() && i < 2; i++) {
        if (kept[i].peer == peer) {
            kept[i].peer = NULL;
            *event_out = kept[i].event;
            return true;
        }
    }
    return false;
}

bool __wrap_punch_peer_next_event(punch_peer *peer, punch_event *event_out) {
    if (!__real_punch_peer_next_event(peer, event_out)) {
        return tell_late(peer, event_out);
    }
    if (event_out->kind == PUNCH_EVENT_ENDED && (told == LIE_UNDECIDED || told == LIE_LATE) &&
        !is_an_hour_over()) {
        return keep_back(peer, event_out);
    }
    if (told == LIE_CONNECTED && event_out->kind == PUNCH_EVENT_FIRED) {
        event_out->kind = PUNCH_EVENT_CONNECTED;
        event_out->remote = punch_addr_ipv4(UINT32_C(0xcb007102), 1234);
    }
    if (told == LIE_FLOOD && event_out->kind == PUNCH_EVENT_REGISTERED) {
        send_intros();
    }
    return true;
}

punch_time_us __wrap_punch_peer_next_deadline_us(const punch_peer *peer) {
    return told == LIE_DEADLINE ? 0 : __real_punch_peer_next_deadline_us(peer);
}

/* Two NATs that no plain punch opens to each other must not connect; said the other way round, this
 * must fail. */
static void claim_impossible_pair(void) {
    const nat_config box = small_nat(NAT_MAPPING_APDM, NAT_FILTERING_APDF);
    small_world small;
    small_pair(&small, &box, &box);
    small_run(&small, 1, NULL);
    if (!small.result.calls[0].connected) {
        punch_panic(__FILE__, __LINE__, "two APDM/APDF NATs connect", 0, 1);
    }
}

/* A pair that cannot connect, each NAT with the limit that the lie is about at 1. */
static void run_limited(void) {
    nat_config box = small_nat(NAT_MAPPING_APDM, NAT_FILTERING_APDF);
    small_world small;
    small_pair(&small, &box, &box);
    small.plan.limit_us = 2 * HOUR_US;
    sim_world *world = sim_world_create(&small.plan); /* room for what the lie makes of it */
    lied_to = world;
    for (uint32_t site = 1; site <= 2; site++) {
        nat_config *config = &small.sites[site].nat;
        config->table_max = told == LIE_TABLE ? 1 : config->table_max;
        config->per_host_max = told == LIE_PER_HOST ? 1 : 0;
        config->filters_max = told == LIE_FILTERS ? 1 : 0;
    }
    sim_world_begin(world, &small.plan, 1, NULL, small_result(&small));
    (void)sim_world_run_until(world, PUNCH_NEVER);
    sim_world_finish(world);
    sim_world_destroy(world);
}

int main(int argc, char **argv) {
    size_t found = 0;
    while (found < LIE_COUNT && (argc < 2 || strcmp(argv[1], lies[found]) != 0)) {
        found++;
    }
    if (found == LIE_COUNT) {
        fprintf(stderr, "usage: canary LIE, one of those in CMakeLists.txt\n");
        return 2;
    }
    told = (lie_kind)found;
    if (told == LIE_MATRIX) {
        claim_impossible_pair();
    } else if (told >= LIE_UNDECIDED) {
        run_limited();
    } else {
        const nat_config box = small_nat(NAT_MAPPING_EIM, NAT_FILTERING_APDF);
        small_world small;
        small_pair(&small, told == LIE_NOWHERE || told == LIE_PORT ? &box : NULL, NULL);
        small_run(&small, 1, NULL);
    }
    fprintf(stderr, "canary: the lie \"%s\" went unnoticed\n", lies[told]);
    return 0;
}
