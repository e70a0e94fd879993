/* SPDX-License-Identifier: MIT */
/*
 * cautious: a keepalive strategy as a plug-in, to begin from. It starts with 30 s, makes its
 * interval longer by a tenth whenever a packet came in after a silence, and halves it when one did
 * not. README.md says how to compile it and let it compete.
 */
#include "punch/keepalive.h"

#define FIRST_US (30 * PUNCH_US_PER_S) /* RFC 9308 §3.2: what nearly all middleboxes keep */
#define LEAST_US (10 * PUNCH_US_PER_S) /* chosen */
#define MOST_US (300 * PUNCH_US_PER_S) /* chosen */

/* What it has learnt about the network of its peer, shared by all sessions. */
typedef struct {
    punch_time_us interval_us;
} cautious_state;

static void reset(void *state, const punch_keepalive_settings *settings, punch_time_us now_us) {
    cautious_state *own = state;
    (void)now_us;
    own->interval_us = settings->interval_us != 0 ? settings->interval_us : FIRST_US;
}

static void observe(void *state, const punch_keepalive_evidence *evidence) {
    cautious_state *own = state;
    switch (evidence->kind) {
    case PUNCH_EVIDENCE_HELD:
        own->interval_us = punch_time_earlier(own->interval_us / 10 * 11, MOST_US);
        break;
    case PUNCH_EVIDENCE_SILENT:
    case PUNCH_EVIDENCE_REMAPPED:
        own->interval_us = punch_time_later(own->interval_us / 2, LEAST_US);
        break;
    case PUNCH_EVIDENCE_PROBE_HELD: /* other strategies of this peer may have asked for these */
    case PUNCH_EVIDENCE_PROBE_SILENT:
        break;
    }
}

static punch_time_us next_send_us(const void *state, const punch_keepalive_view *view) {
    const cautious_state *own = state;
    return punch_time_after(view->last_send_at_us, own->interval_us);
}

static punch_time_us promise_us(const void *state, const punch_keepalive_view *view) {
    const cautious_state *own = state;
    (void)view;
    return own->interval_us;
}

/* The one name that punchlab looks for. */
extern const punch_keepalive punch_keepalive_plugin;
const punch_keepalive punch_keepalive_plugin = {
    .abi = PUNCH_KEEPALIVE_ABI,
    .state_bytes = sizeof(cautious_state),
    .name = "cautious",
    .id = {{0xed, 0x74, 0x8c, 0x45, 0x97, 0x65, 0x9b, 0x59, 0x1a, 0xf9, 0xc0, 0x79, 0x80, 0xf0,
            0xe4, 0x08}},
    .help = "a tenth longer after a silence that held, half after one that did not",
    .silence_after_last_us = FIRST_US,
    .silence_after_first_us = FIRST_US,
    .next_send_us = next_send_us,
    .reset = reset,
    .observe = observe,
    .promise_us = promise_us,
};
