/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The channel follows Gilbert (1960) and Elliott (1963) in continuous time: exponential dwell times
 * in two states, each with its own loss.
 */
#include "sim/link.h"

#include <string.h>

#include "punch/realmath.h"
#include "purpose.h"

#define NS_PER_US INT64_C(1000)
#define NS_PER_S UINT64_C(1000000000)
#define QUEUE_BYTES_MAX \
    ((uint64_t)1 << 30) /* chosen: keeps bits x 10^9 within 64 bits; a larger room is cut to it */

/* Places within a packet's block of draws; the values are part of every digest. */
enum {
    DRAW_LOSS = 0,
    DRAW_CHANNEL = 1,
    DRAW_JITTER = 2,
    DRAW_DUPLICATE = 3,
    DRAW_DUPLICATE_JITTER = 4,
    DRAW_REORDER = 5,
    DRAW_CORE = 6,         /* and 7 for the second copy */
    DRAW_OUTAGE_PHASE = 8, /* of packet 0 only */
    DRAW_FLAP_PHASE = 9,   /* of packet 0 only */
    DRAW_BAD_JITTER = 10,  /* and 11 for the second copy */
    DRAWS_PER_PACKET = 16  /* room for more without moving these */
};

static inline punch_rng draw_of(const sim_link *link, uint64_t packet, uint32_t place) {
    const punch_rng rng = {link->key + (packet * DRAWS_PER_PACKET + place) * PUNCH_RNG_GAMMA};
    return rng;
}

static inline bool chance_of(const sim_link *link, uint32_t place, punch_probability chance) {
    if (chance == 0) {
        return false; /* the place in the stream is its own: nothing shifts when it is not read */
    }
    punch_rng rng = draw_of(link, link->offered, place);
    return punch_rng_chance(&rng, chance);
}

static punch_time_us jitter_of(const sim_link *link, uint32_t place, punch_time_us jitter_us) {
    if (jitter_us <= 0) {
        return 0;
    }
    punch_rng rng = draw_of(link, link->offered, place);
    return (punch_time_us)punch_rng_below(&rng, (uint64_t)jitter_us + 1);
}

const char *sim_link_fate_text(sim_link_fate fate) {
    switch (fate) {
    case SIM_LINK_PASSED:
        return "passed";
    case SIM_LINK_LOST_DOWN:
        return "lost: the link is down";
    case SIM_LINK_LOST_OUTAGE:
        return "lost: regular outage";
    case SIM_LINK_LOST_MTU:
        return "lost: larger than the MTU";
    case SIM_LINK_LOST_QUEUE:
        return "lost: waiting room full";
    case SIM_LINK_LOST_RANDOM:
        return "lost: random loss";
    case SIM_LINK_LOST_CHANNEL:
        return "lost: burst loss";
    case SIM_LINK_FATE_COUNT:
        break;
    }
    return "unknown";
}

/* An exponential dwell time of at least 1 us. */
static punch_time_us dwell_us(punch_rng *rng, punch_time_us mean_us) {
    const double dwell = -punch_log(punch_rng_unit(rng)) * (double)mean_us;
    return 1 + (punch_time_us)dwell;
}

static bool has_only_delay(const sim_link_plan *plan) {
    return sim_link_is_plain(plan) && plan->loss == 0 && plan->duplicate == 0 &&
           plan->reorder == 0 && plan->mtu_bytes == 0 && plan->outage_every_us == 0 &&
           plan->flap_every_us == 0;
}

void sim_link_init(sim_link *link, const sim_link_plan *plan, uint64_t seed, uint32_t object) {
    memset(link, 0, sizeof *link);
    link->key = punch_rng_stream(seed, object, SIM_PURPOSE_PACKETS).state;
    link->dwell_until_us = PUNCH_NEVER;
    link->fixed_delay_us = has_only_delay(plan) ? plan->delay_us : -1;
    if (plan->bad_mean_us > 0) {
        link->dwells = punch_rng_stream(seed, object, SIM_PURPOSE_DWELLS);
        /* Starts in its stationary distribution. */
        const double total = (double)plan->good_mean_us + (double)plan->bad_mean_us;
        link->is_bad = punch_rng_unit(&link->dwells) * total < (double)plan->bad_mean_us;
        link->dwell_until_us =
            dwell_us(&link->dwells, link->is_bad ? plan->bad_mean_us : plan->good_mean_us);
    }
}

/* Brings the channel's state to now_us. */
static void channel_advance(sim_link *link, const sim_link_plan *plan, punch_time_us now_us) {
    while (plan->bad_mean_us > 0 && link->dwell_until_us <= now_us) {
        link->is_bad = !link->is_bad;
        const punch_time_us mean_us = link->is_bad ? plan->bad_mean_us : plan->good_mean_us;
        link->dwell_until_us =
            punch_time_after(link->dwell_until_us, dwell_us(&link->dwells, mean_us));
    }
}

/* Down for outage_for in every outage_every, with a phase drawn once: a function of time alone. */
static bool is_outage(const sim_link *link, const sim_link_plan *plan, punch_time_us now_us) {
    if (plan->outage_every_us <= 0) {
        return false;
    }
    punch_rng rng = draw_of(link, 0, DRAW_OUTAGE_PHASE);
    const uint64_t every_us = (uint64_t)plan->outage_every_us;
    const uint64_t phase_us = punch_rng_below(&rng, every_us);
    return ((uint64_t)now_us + phase_us) % every_us < (uint64_t)plan->outage_for_us;
}

/* How much longer the present route is. The phase is uniform over both routes, so that a world
 * begins on either as likely: a function of time alone. */
static punch_time_us detour_us(const sim_link *link, const sim_link_plan *plan,
                               punch_time_us at_us) {
    if (plan->flap_every_us <= 0) {
        return 0;
    }
    punch_rng rng = draw_of(link, 0, DRAW_FLAP_PHASE);
    const uint64_t every_us = (uint64_t)plan->flap_every_us;
    const uint64_t phase_us = punch_rng_below(&rng, 2 * every_us);
    return ((uint64_t)at_us + phase_us) / every_us % 2 == 1 ? plan->flap_delay_us : 0;
}

/* Time on the wire at the plan's rate, and what does not make a whole nanosecond. */
static uint64_t wire_ns(uint64_t bytes, uint64_t rate_bps, uint64_t rest, uint64_t *rest_out) {
    const uint64_t numerator = bytes * 8 * NS_PER_S + rest;
    *rest_out = numerator % rate_bps;
    return numerator / rate_bps;
}

/* Passes the packet through waiting room and rate. The room is measured in bits not yet sent, the
 * rest of the packet being sent included; an idle link takes any packet. False: no room. */
static bool transmit(sim_link *link, const sim_link_plan *plan, uint32_t ip_bytes,
                     punch_time_us now_us, punch_time_us *sent_at_us_out) {
    const int64_t now_ns = now_us * NS_PER_US;
    uint64_t rest = link->busy_rest;
    int64_t start_ns = link->busy_until_ns;
    if (start_ns < now_ns) {
        start_ns = now_ns;
        rest = 0;
    }
    const int64_t end_ns = start_ns + (int64_t)wire_ns(ip_bytes, plan->rate_bps, rest, &rest);
    if (plan->queue_bytes > 0 && start_ns > now_ns) {
        uint64_t ignored = 0;
        const uint64_t room_bytes =
            plan->queue_bytes < QUEUE_BYTES_MAX ? plan->queue_bytes : QUEUE_BYTES_MAX;
        const uint64_t room_ns = wire_ns(room_bytes, plan->rate_bps, 0, &ignored);
        if ((uint64_t)(end_ns - now_ns) > room_ns) {
            return false;
        }
    }
    link->busy_until_ns = end_ns;
    link->busy_rest = rest;
    /* The last bit has not arrived before it has left: round up. */
    *sent_at_us_out = (end_ns + (rest > 0 ? 1 : 0) + NS_PER_US - 1) / NS_PER_US;
    return true;
}

/* Extra delay of copy 0 or 1: what the link always adds, and what its bad state adds. */
static punch_time_us extra_delay_us(const sim_link *link, const sim_link_plan *plan,
                                    uint32_t copy) {
    const punch_time_us always_us =
        jitter_of(link, copy == 0 ? DRAW_JITTER : DRAW_DUPLICATE_JITTER, plan->jitter_us);
    const punch_time_us bad_us =
        link->is_bad ? jitter_of(link, DRAW_BAD_JITTER + copy, plan->bad_jitter_us) : 0;
    return always_us + bad_us;
}

/* Delay, jitter and reordering of a packet that left at sent_at_us, and of its second copy. Only
 * jitter keeps the order: a change of route lies behind it. */
static void arrive(sim_link *link, const sim_link_plan *plan, punch_time_us sent_at_us,
                   sim_link_arrivals *arrivals_out) {
    const punch_time_us earliest_us = sent_at_us + plan->delay_us;
    const punch_time_us longer_us = detour_us(link, plan, sent_at_us);
    punch_time_us at_us = earliest_us + extra_delay_us(link, plan, 0);
    if (chance_of(link, DRAW_REORDER, plan->reorder)) {
        at_us += plan->reorder_us;         /* held back beside the others: may be overtaken */
    } else if (!sim_link_is_plain(plan)) { /* a plain link's offers come in any order */
        at_us = punch_time_later(at_us, link->last_arrival_us);
        link->last_arrival_us = at_us;
    }
    arrivals_out->at_us[0] = at_us + longer_us;
    arrivals_out->count = 1;
    if (chance_of(link, DRAW_DUPLICATE, plan->duplicate)) {
        const punch_time_us copy_us = earliest_us + extra_delay_us(link, plan, 1);
        arrivals_out->at_us[1] = punch_time_later(at_us, copy_us) + longer_us;
        arrivals_out->count = 2;
    }
}

/* What happens to the packet before it has a time of arrival. */
static sim_link_fate pass(sim_link *link, const sim_link_plan *plan, uint32_t ip_bytes,
                          punch_time_us now_us, punch_time_us *sent_at_us_out) {
    if (link->is_down) {
        return SIM_LINK_LOST_DOWN;
    }
    if (is_outage(link, plan, now_us)) {
        return SIM_LINK_LOST_OUTAGE;
    }
    if (plan->mtu_bytes > 0 && ip_bytes > plan->mtu_bytes) {
        return SIM_LINK_LOST_MTU;
    }
    *sent_at_us_out = now_us;
    if (plan->rate_bps > 0 && !transmit(link, plan, ip_bytes, now_us, sent_at_us_out)) {
        return SIM_LINK_LOST_QUEUE;
    }
    if (chance_of(link, DRAW_LOSS, plan->loss)) {
        return SIM_LINK_LOST_RANDOM;
    }
    if (plan->bad_mean_us > 0 &&
        chance_of(link, DRAW_CHANNEL, link->is_bad ? plan->loss_bad : plan->loss_good)) {
        return SIM_LINK_LOST_CHANNEL;
    }
    return SIM_LINK_PASSED;
}

sim_link_fate sim_link_offer_any(sim_link *link, const sim_link_plan *plan, uint32_t ip_bytes,
                                 punch_time_us now_us, sim_link_arrivals *arrivals_out) {
    channel_advance(link, plan, now_us);
    punch_time_us sent_at_us = now_us;
    const sim_link_fate fate = pass(link, plan, ip_bytes, now_us, &sent_at_us);
    if (fate == SIM_LINK_PASSED) {
        arrive(link, plan, sent_at_us, arrivals_out);
    }
    link->offered++;
    return fate;
}

bool sim_link_core_loses(const sim_link *link, uint32_t copy, punch_probability loss) {
    if (loss == 0) {
        return false;
    }
    punch_rng rng = draw_of(link, link->offered - 1, DRAW_CORE + copy);
    return punch_rng_chance(&rng, loss);
}

bool sim_link_is_plain(const sim_link_plan *plan) {
    return plan->rate_bps == 0 && plan->jitter_us == 0 && plan->bad_mean_us == 0;
}

double sim_link_loss_now(const sim_link *link, const sim_link_plan *plan, punch_time_us now_us) {
    if (link->is_down || is_outage(link, plan, now_us)) {
        return 1.0;
    }
    const double one = (double)PUNCH_PROBABILITY_ONE;
    double passes = 1.0 - (double)plan->loss / one;
    if (plan->bad_mean_us > 0) {
        sim_link then = *link;
        channel_advance(&then, plan, now_us);
        passes *= 1.0 - (double)(then.is_bad ? plan->loss_bad : plan->loss_good) / one;
    }
    return 1.0 - passes;
}
