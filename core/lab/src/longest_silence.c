/* SPDX-License-Identifier: MIT */
/*
 * longest-silence: three quarters of the longest silence that held, 30 s until one is known; begins
 * anew when the network changes or we are seen elsewhere. The rule is that of an open-source
 * messenger (mycelium, keep_alive.dart, 2026), which cites Richter et al., "A Multi-perspective
 * Analysis of Carrier-Grade NAT Deployment", IMC 2016, for its 30 s.
 *
 *   measuring  spare-port probes of 40 s, then half as long again each time, while they hold
 *   measured   the first that does not hold ends it: a measurement is believed until it is refuted
 */
#include "punch/lab.h"

#define DEFAULT_US (30 * PUNCH_US_PER_S)      /* keep_alive.dart */
#define FIRST_PROBE_US (40 * PUNCH_US_PER_S)  /* chosen: three quarters of it are the default */
#define PROBE_US_MAX (1200 * PUNCH_US_PER_S)  /* chosen: twice the longest lifetime of any preset */
#define MEASURE_AFTER_US (5 * PUNCH_US_PER_S) /* chosen: calls first */

typedef struct {
    punch_time_us longest_us; /* 0 = none known */
    punch_time_us probe_us;   /* next silence to try; 0 = measured */
    punch_time_us probe_at_us;
} silence_state;

_Static_assert(sizeof(silence_state) <= PUNCH_KEEPALIVE_STATE_MAX, "a state of the largest kind");

static void reset(void *state, const punch_keepalive_settings *settings, punch_time_us now_us) {
    silence_state *own = state;
    (void)settings;
    *own = (silence_state){.probe_us = FIRST_PROBE_US, .probe_at_us = now_us + MEASURE_AFTER_US};
}

static void observe(void *state, const punch_keepalive_evidence *evidence) {
    silence_state *own = state;
    switch (evidence->kind) {
    case PUNCH_EVIDENCE_HELD:
        own->longest_us = punch_time_later(own->longest_us, evidence->silence_us);
        break;
    case PUNCH_EVIDENCE_PROBE_HELD:
        own->longest_us = punch_time_later(own->longest_us, evidence->silence_us);
        own->probe_us = evidence->silence_us + evidence->silence_us / 2;
        if (own->probe_us > PROBE_US_MAX) {
            own->probe_us = 0;
        }
        break;
    case PUNCH_EVIDENCE_PROBE_SILENT:
        own->probe_us = 0;
        break;
    case PUNCH_EVIDENCE_REMAPPED:
        reset(own, NULL, evidence->now_us);
        break;
    case PUNCH_EVIDENCE_SILENT: /* may have been lost: the rule knows no loss */
        break;
    }
}

static punch_time_us interval_us(const silence_state *own) {
    return punch_time_later(own->longest_us / 4 * 3, DEFAULT_US);
}

static punch_time_us next_send_us(const void *state, const punch_keepalive_view *view) {
    return punch_time_after(view->last_send_at_us, interval_us(state));
}

static punch_time_us promise_us(const void *state, const punch_keepalive_view *view) {
    (void)view;
    return interval_us(state);
}

static punch_keepalive_probe probe(const void *state, punch_time_us earliest_us) {
    const silence_state *own = state;
    (void)earliest_us;
    return (punch_keepalive_probe){.at_us = own->probe_us > 0 ? own->probe_at_us : PUNCH_NEVER,
                                   .silence_us = own->probe_us};
}

const punch_keepalive punch_lab_longest_silence = {
    .abi = PUNCH_KEEPALIVE_ABI,
    .state_bytes = sizeof(silence_state),
    .name = "longest-silence",
    .id = {{0x06, 0x2d, 0x17, 0x62, 0x37, 0x75, 0xc5, 0x2f, 0x79, 0x97, 0x5a, 0x39, 0x52, 0x20,
            0x42, 0x6b}},
    .help = "3/4 of the longest silence that held on a spare port, at first 30 s",
    .silence_after_last_us = DEFAULT_US,
    .silence_after_first_us = DEFAULT_US,
    .next_send_us = next_send_us,
    .reset = reset,
    .observe = observe,
    .promise_us = promise_us,
    .probe = probe,
};
