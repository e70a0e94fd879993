/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cross.h"

#include "punch/assert.h"
#include "punch/realmath.h"

#define WINDOW_US (10 * PUNCH_US_PER_S) /* chosen: few windows in a day, few flows skipped */
#define PERMILLE 1000
#define PORT_MIN 1024u     /* RFC 6056 §3.2: the whole range from here on is for ephemeral ports */
#define REMOTES 65536u     /* 198.19.0.0/16 of RFC 2544's benchmarking range, or as many of IPv6 */
#define REMOTE_PORT 443    /* RFC 9114 §3.1: where HTTP/3 is found */
#define INSIDE 0xac100001u /* 172.16.0.1 and up: RFC 1918 */
#define REMOTE 0xc6130000u /* 198.19.0.0 */

const char *sim_cross_refuses(const sim_cross_plan *plan) {
    if (plan->rate_milli == 0) {
        return NULL;
    }
    if (plan->rate_milli > SIM_CROSS_RATE_MILLI_MAX) {
        return "other hosts open at most 100,000 flows a second";
    }
    if (plan->dispersion_milli < PERMILLE ||
        plan->dispersion_milli > SIM_CROSS_DISPERSION_MILLI_MAX) {
        return "the index of dispersion of other hosts' flows lies between 1 and 1000";
    }
    if (plan->hosts == 0 || plan->hosts > SIM_CROSS_HOSTS_MAX) {
        return "flows of others need 1 to 1,000,000 hosts that open them";
    }
    return NULL;
}

/* Is a mapping still there when its stream may begin, later than with the first answer? */
static bool goes_on(const nat_config *box) {
    return box->stream_after_us > 0 && box->stream_after_us < box->udp_timeout_first_us;
}

punch_time_us sim_cross_memory_us(const nat_config *box) {
    const punch_time_us configured_us =
        punch_time_later(box->udp_timeout_first_us,
                         (goes_on(box) ? box->stream_after_us : 0) + box->udp_timeout_stream_us);
    return configured_us * nat_spread_step_permille(box, NAT_SPREAD_STEPS - 1) / PERMILLE *
           (PERMILLE + box->timeout_drift_permille) / PERMILLE;
}

uint64_t sim_cross_flows_expected(const sim_cross_plan *plan, const nat_config *box,
                                  punch_time_us limit_us) {
    const double seconds = (3.0 * (double)sim_cross_memory_us(box) + (double)limit_us) / 1e6;
    return (uint64_t)(seconds * plan->rate_milli / PERMILLE);
}

/* --- when --- */

static punch_time_us window_begin_us(int64_t window) {
    return window * WINDOW_US;
}

/* To the next batch, perhaps in a later window. */
static void step(const sim_cross *cross, sim_cross_cursor *at) {
    at->offset_us -= punch_log(punch_rng_unit(&at->rng)) * cross->gap_us;
}

static void open_window(const sim_cross *cross, sim_cross_cursor *at, int64_t window) {
    at->window = window;
    at->rng.state = punch_mix64(cross->key + (uint64_t)window * PUNCH_RNG_GAMMA);
    at->offset_us = 0;
    step(cross, at);
}

/* When the next batch comes, of those that come before the end of a window; false: later. */
static bool find_batch(const sim_cross *cross, sim_cross_cursor *at, punch_time_us now_us,
                       punch_time_us *at_us_out) {
    while (at->offset_us >= (double)WINDOW_US) {
        if (window_begin_us(at->window + 1) > now_us) {
            return false;
        }
        open_window(cross, at, at->window + 1);
    }
    *at_us_out = window_begin_us(at->window) + (punch_time_us)at->offset_us;
    return *at_us_out <= now_us;
}

/* A logarithmic size: geometric with a parameter that is itself drawn (Kemp, Applied Statistics 30,
 * 1981: 249-253). */
static uint32_t batch_size(const sim_cross *cross, punch_rng *rng) {
    if (cross->plan.dispersion_milli == PERMILLE) {
        return 1;
    }
    const double u = punch_rng_unit(rng);
    const double v = punch_rng_unit(rng);
    const double q = 1.0 - punch_exp(-u * cross->log_dispersion);
    return 1 + (uint32_t)(punch_log(v) / punch_log(q));
}

/* --- who and where to --- */

static punch_addr inside_of(const sim_cross *cross, uint32_t host, uint16_t port) {
    if (cross->family == PUNCH_FAMILY_IPV4) {
        return punch_addr_ipv4(INSIDE + host, port);
    }
    /* 2001:db8:1::/48 (RFC 3849), from ::1 on. */
    host++;
    const punch_addr addr = {
        .ip = {0x20, 0x01, 0x0d, 0xb8, 0,
               1, [13] = (uint8_t)(host >> 16), [14] = (uint8_t)(host >> 8), [15] = (uint8_t)host},
        .port = port,
        .family = PUNCH_FAMILY_IPV6};
    return addr;
}

static punch_addr remote_of(const sim_cross *cross, uint32_t number) {
    if (cross->family == PUNCH_FAMILY_IPV4) {
        return punch_addr_ipv4(REMOTE + number, REMOTE_PORT);
    }
    /* 2001:db8:2::/48 */
    const punch_addr addr = {
        .ip = {0x20, 0x01, 0x0d, 0xb8, 0, 2, [14] = (uint8_t)(number >> 8), [15] = (uint8_t)number},
        .port = REMOTE_PORT,
        .family = PUNCH_FAMILY_IPV6};
    return addr;
}

typedef struct {
    nat_packet packet; /* as it leaves its host */
    bool is_answered;
    bool happens;
} flow;

/* Whether a flow of that time happens: some of those before time 0 do not. */
static bool happens(const sim_cross *cross, punch_time_us at_us, bool is_in_part) {
    return at_us >= cross->whole_us || (at_us >= cross->begin_us && is_in_part);
}

/* Mappings that did not live to their timeout. */
static uint64_t ended_by(const nat *box) {
    return nat_stats(box)->mappings_evicted + nat_stats(box)->mappings_killed;
}

/* All that may be drawn of a flow is drawn. */
static flow draw_flow(const sim_cross *cross, punch_rng *rng, uint32_t host, punch_time_us at_us) {
    const uint64_t port = PORT_MIN + punch_rng_below(rng, 65536 - PORT_MIN);
    const uint64_t number = punch_rng_below(rng, REMOTES);
    const bool is_answered = punch_rng_chance(rng, cross->plan.answered);
    const bool is_in_part = punch_rng_chance(rng, cross->part);
    return (flow){.packet = {.src = inside_of(cross, host, (uint16_t)port),
                             .dst = remote_of(cross, (uint32_t)number)},
                  .is_answered = is_answered,
                  .happens = happens(cross, at_us, is_in_part)};
}

/* A packet, and perhaps its answer, which comes at once: no timeout is so short that the time in
 * between would matter. */
static bool exchange(sim_cross *cross, nat *box, const flow *of, punch_time_us at_us) {
    nat_packet packet = of->packet;
    const uint64_t ended_before = ended_by(box);
    const bool passes = nat_translate_out(box, &packet, at_us) == NAT_PASS;
    if (passes && of->is_answered) {
        nat_packet answer = {.src = packet.dst, .dst = packet.src};
        (void)nat_translate_in(box, &answer, at_us);
    }
    if (ended_by(box) != ended_before && cross->listener.ended != NULL) {
        cross->listener.ended(cross->listener.user, cross->listener.site, at_us);
    }
    return passes;
}

static void open_flow(sim_cross *cross, nat *box, const flow *of, punch_time_us at_us) {
    const bool passes = exchange(cross, box, of, at_us);
    if (at_us >= 0) {
        cross->flows++;
        cross->refused += passes ? 0 : 1;
    }
}

/* What has been answered goes on when the NAT takes it for a stream; one that was refused, or lost
 * its mapping, does not. */
static void go_on(sim_cross *cross, nat *box, const flow *of, punch_time_us at_us) {
    punch_addr external;
    if (of->is_answered && nat_would_leave_from(box, &of->packet, at_us, &external)) {
        (void)exchange(cross, box, of, at_us);
    }
}

/* The batch a cursor is at, so much later than it begins. */
static void run_batch(sim_cross *cross, nat *box, sim_cross_cursor *at, punch_time_us begin_us,
                      punch_time_us later_us) {
    const uint32_t size = batch_size(cross, &at->rng);
    const uint32_t host = (uint32_t)punch_rng_below(&at->rng, cross->plan.hosts);
    for (uint32_t i = 0; i < size; i++) {
        const flow drawn = draw_flow(cross, &at->rng, host, begin_us);
        if (drawn.happens && later_us == 0) {
            open_flow(cross, box, &drawn, begin_us);
        } else if (drawn.happens) {
            go_on(cross, box, &drawn, punch_time_after(begin_us, later_us));
        }
    }
    step(cross, at);
}

/* Mappings there is room for. */
static double room_of(const nat_config *box) {
    const double ports = ((double)box->port_max - box->port_min + 1) * nat_config_addresses(box);
    const bool shares = box->firewall || box->collision == NAT_COLLISION_OVERLOAD ||
                        box->collision == NAT_COLLISION_OVERRIDE;
    return shares || ports > box->table_max ? box->table_max : ports;
}

/* How long an answered flow's mapping lasts. */
static punch_time_us answered_life_us(const nat_config *box) {
    return box->stream_after_us == 0 ? box->udp_timeout_stream_us
           : goes_on(box)            ? box->stream_after_us + box->udp_timeout_stream_us
                                     : box->udp_timeout_first_us;
}

/* Mappings there would be without a limit: Little's law. */
static double load_of(const sim_cross_plan *plan, const nat_config *box) {
    const double answered = (double)plan->answered / (double)PUNCH_PROBABILITY_ONE;
    const double life_us = (1.0 - answered) * (double)box->udp_timeout_first_us +
                           answered * (double)answered_life_us(box);
    return plan->rate_milli * life_us / (1e6 * PERMILLE);
}

void sim_cross_begin(sim_cross *cross, const sim_cross_plan *plan, const nat_config *box,
                     punch_family family, punch_rng rng) {
    PUNCH_ASSERT(sim_cross_refuses(plan) == NULL);
    PUNCH_ASSERT(plan->rate_milli > 0);
    const double gap_us = 1e6 * PERMILLE / plan->rate_milli;
    const double dispersion = (double)plan->dispersion_milli / PERMILLE;
    const double log_dispersion = punch_log(dispersion);
    const double size_mean =
        plan->dispersion_milli == PERMILLE ? 1.0 : (dispersion - 1.0) / log_dispersion;
    /* Drawn timeouts may be longer than what was looked at when the scenario was loaded. */
    const punch_time_us memory_us =
        punch_time_earlier(sim_cross_memory_us(box), (punch_time_us)(SIM_CROSS_FLOWS_MAX * gap_us));
    const punch_time_us rest_us = (punch_time_us)(punch_rng_unit(&rng) * (double)memory_us);
    *cross = (sim_cross){.plan = *plan,
                         .key = rng.state,
                         .gap_us = gap_us * size_mean,
                         .log_dispersion = log_dispersion,
                         .begin_us = -2 * memory_us - rest_us,
                         .whole_us = -memory_us - rest_us,
                         .part = punch_probability_of(room_of(box) / load_of(plan, box)),
                         .later_us = goes_on(box) ? box->stream_after_us + 1 : 0,
                         .family = (uint8_t)family};
    open_window(cross, &cross->opening, (cross->begin_us - WINDOW_US + 1) / WINDOW_US); /* down */
    cross->going_on = cross->opening;
}

void sim_cross_catch_up(sim_cross *cross, nat *box, punch_time_us now_us) {
    const punch_time_us later_us = cross->later_us;
    punch_time_us open_at_us;
    punch_time_us on_at_us; /* the flow's beginning, of what goes on now */
    for (;;) {
        const bool opens = find_batch(cross, &cross->opening, now_us, &open_at_us);
        const bool continues =
            later_us > 0 && find_batch(cross, &cross->going_on, now_us - later_us, &on_at_us);
        if (continues && (!opens || on_at_us + later_us <= open_at_us)) {
            run_batch(cross, box, &cross->going_on, on_at_us, later_us);
        } else if (opens) {
            run_batch(cross, box, &cross->opening, open_at_us, 0);
        } else {
            return;
        }
    }
}
