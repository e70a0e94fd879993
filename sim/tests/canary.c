/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A dead harness must be noticed: each lie below is told to a world at the core's own door (linked
 * with --wrap), and the world must die of the invariant named beside it. CTest inverts the result:
 * exit 1 = died as it should, 0 = survived, or died of something else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"
#include "punch/wire.h"
#include "small_world.h"

typedef enum { LIE_CONNECTED, LIE_DEADLINE, LIE_FLOOD, LIE_MATRIX } lie_kind;

static const struct {
    const char *name;
    const char *dies_of;
} lies[] = {
    [LIE_CONNECTED] = {"connected", "connected only along an address"},
    [LIE_DEADLINE] = {"deadline", "deadlines progress"},
    [LIE_FLOOD] = {"flood", "PUNCH_INTROS_PER_TARGET_MAX"},
    [LIE_MATRIX] = {"matrix", "two APDM/APDF NATs connect"},
};

static lie_kind told;

void punch_panic(const char *file, int line, const char *what, int64_t got, int64_t expected) {
    const bool as_it_should = strstr(what, lies[told].dies_of) != NULL;
    fprintf(stderr, "%s:%d: %s (got %lld, expected %lld): %s\n", file, line, what, (long long)got,
            (long long)expected, as_it_should ? "as it should" : "not what was to die of");
    exit(as_it_should ? 1 : 0);
}

bool __real_punch_peer_next_event(punch_peer *peer, punch_event *event_out);
bool __wrap_punch_peer_next_event(punch_peer *peer, punch_event *event_out);
punch_time_us __real_punch_peer_next_deadline_us(const punch_peer *peer);
punch_time_us __wrap_punch_peer_next_deadline_us(const punch_peer *peer);
punch_err __real_punch_peer_init(void *memory, const punch_peer_config *config,
                                 punch_peer **peer_out);
punch_err __wrap_punch_peer_init(void *memory, const punch_peer_config *config,
                                 punch_peer **peer_out);

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

bool __wrap_punch_peer_next_event(punch_peer *peer, punch_event *event_out) {
    if (!__real_punch_peer_next_event(peer, event_out)) {
        return false;
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

int main(int argc, char **argv) {
    size_t found = sizeof lies / sizeof lies[0];
    for (size_t i = 0; argc > 1 && i < sizeof lies / sizeof lies[0]; i++) {
        if (strcmp(argv[1], lies[i].name) == 0) {
            found = i;
        }
    }
    if (found == sizeof lies / sizeof lies[0]) {
        fprintf(stderr, "usage: canary connected|deadline|flood|matrix\n");
        return 0; /* inverted by CTest: a wrong call is a failed test */
    }
    told = (lie_kind)found;
    if (told == LIE_MATRIX) {
        claim_impossible_pair();
        return 0;
    }
    small_world small;
    small_pair(&small, NULL, NULL);
    small_run(&small, 1, NULL);
    fprintf(stderr, "canary: the lie \"%s\" went unnoticed\n", lies[told].name);
    return 0;
}
