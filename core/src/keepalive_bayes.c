/* SPDX-License-Identifier: MIT */
/*
 * bayes: the interval of least expected cost under a belief about the lifetime T of our own hole
 * (lifetime.h). Costs are counted in packets, per second of connection. Of the interval t:
 *
 *   cost(t) = (1 + lapse(t)) / t + DETECTION t
 *
 *   lapse(t) = P(T <= t) LAPSE + E(t - T; T <= t) OUTAGE           we are too late
 *            + P(t < T <= t + LATENESS) q (LAPSE + t OUTAGE)       in time, but it is lost
 *
 * A keepalive that is lost is missed: every packet promises the counterparty how long the silence
 * after it may be, and when that is over it asks. So it is enough to end a silence LATENESS before
 * the hole lapses.
 *
 * What is beyond the present interval is found out on a spare port, where a lapse harms nobody. To
 * be silent there for g is worth what the answer is expected to save,
 *
 *   cost(best t) - P(came in) cost(best t | came in) - P(did not) cost(best t | did not)
 *
 * over HORIZON seconds, and is done when that exceeds its packets. This looks one probe ahead. It
 * asks first where the answer is most in doubt and matters most, between the longest silence that
 * held and the shortest that failed halves what is left, and stops when the rest is worth less than
 * a probe. As belief fades it begins anew: seldom when nothing is in doubt, never for the last
 * time.
 */
#include <stdbool.h>

#include "lifetime.h"
#include "punch/keepalive.h"

#define CELLS PUNCH_LIFETIME_CELLS

/* What things cost in packets. Chosen: a second of being unreachable is worth ten, so that an hour
 * without a keepalive is worth six seconds at most where 60 s would do; a lapse a dozen besides,
 * what setting up the path anew takes. */
#define LAPSE 12.0
#define OUTAGE_PER_S 10.0
/* Of noticing a death a second later, per second of connection. Chosen: a death a day, on average
 * half an interval late, and a second of not knowing costs half a packet: 0.5 x 0.5 / 86,400 s. No
 * interval above 10 minutes (1 / sqrt of this) is worth having. */
#define DETECTION 2.9e-6
/* Two packets to open the port, up to three questions, and their answers. Chosen: between the six
 * it takes when nothing is lost and the ten when nothing is answered, and what the broker does for
 * us is no less dear. */
#define PROBE_COST 9.0
/* What an answer is good for. Chosen: connections last for hours, and beliefs about as long. */
#define HORIZON_S 7200.0

/* A keepalive that is lost is asked for rtt + 1 s after it was promised, then once a second
 * (protocol §5). Chosen: two of these must be on time. */
#define LATENESS_US (3 * PUNCH_US_PER_S)
#define INTERVAL_US_MAX (600 * PUNCH_US_PER_S) /* see DETECTION */
#define INTERVAL_US_MIN (5 * PUNCH_US_PER_S)   /* RFC 7675 §5.1: consent is asked for as often */

/* RFC 8085 §3.5: keepalives not more often than every 15 s. It is done where probes have shown the
 * need, and at the start, for as long as the first of them take. Chosen: five minutes; and an
 * answer stands for two hours. */
#define START_US (300 * PUNCH_US_PER_S)
#define INFORMED_US (7200 * PUNCH_US_PER_S)

#define PLAN_EVERY_US (900 * PUNCH_US_PER_S)    /* when all is as expected: chosen */
#define PROBE_LATEST_US (3600 * PUNCH_US_PER_S) /* and a probe is not worth its packets: chosen */
#define PROBE_SLACK_US (200 * PUNCH_US_PER_MS)  /* an answer may be early, by jitter: chosen */
#define PROBE_ATTEMPTS 3                        /* protocol §5 */
#define DOUBT_MIN 0.01                          /* of an answer, or it is not asked for: chosen */
#define SHORT_SHARE 1e-5 /* of lifetimes too short to look at: chosen, far below 1 / LAPSE */

typedef struct {
    punch_lifetime lifetime;
    punch_time_us interval_us;
    punch_time_us
        before_us; /* what packets sent before changed_at_us have promised, at the least */
    punch_time_us changed_at_us;
    punch_time_us plan_at_us;        /* next time, if all is as expected until then */
    punch_time_us informed_until_us; /* probes have been answered, or refused, of late */
    punch_time_us polite_us;         /* the shortest interval when they have not */
    punch_keepalive_probe wish;
} bayes_state;

/* Sums over the cells below each: a cost takes no loop, whatever an answer makes of them. */
typedef struct {
    double share[CELLS + 1];      /* of the weights */
    double lifetime_s[CELLS + 1]; /* of weight x lower end */
    double interval_s[CELLS];     /* that suits lifetimes from the cell on */
    uint8_t lapsed[CELLS];        /* how many cells lapse during it */
    unsigned first;               /* the first cell whose interval may be chosen */
    double loss;
} outlook;

/* An answer: what it weighs the cells below one by, and those from it on. */
typedef struct {
    unsigned cell;
    double below;
    double above;
} answer;

static double seconds(punch_time_us duration_us) {
    return (double)duration_us / (double)PUNCH_US_PER_S;
}

static punch_time_us interval_for(unsigned cell) {
    return punch_time_later(punch_lifetime_edge_us(cell) - LATENESS_US, INTERVAL_US_MIN);
}

static void look_out(const punch_lifetime *lifetime, outlook *out) {
    unsigned lapsed = 0;
    out->share[0] = 0;
    out->lifetime_s[0] = 0;
    out->first = 0;
    out->loss = punch_lifetime_loss(lifetime);
    for (unsigned i = 0; i < CELLS; i++) {
        const double weight = (double)lifetime->weights[i];
        const punch_time_us interval_us = interval_for(i);
        out->share[i + 1] = out->share[i] + weight;
        out->lifetime_s[i + 1] = out->lifetime_s[i] + weight * seconds(punch_lifetime_edge_us(i));
        out->interval_s[i] = seconds(interval_us);
        while (lapsed < i && punch_lifetime_edge_us(lapsed) <= interval_us) {
            lapsed++;
        }
        out->lapsed[i] = (uint8_t)lapsed;
        if (out->share[i] < SHORT_SHARE && interval_us < INTERVAL_US_MAX) {
            out->first = i;
        }
    }
}

/* Of one of the sums, below a cell. */
static double weighed(const double *sums, unsigned cell, const answer *given) {
    const unsigned split = cell < given->cell ? cell : given->cell;
    return given->below * sums[split] + given->above * (sums[cell] - sums[split]);
}

/* Of the interval that suits a cell, times the probability of the answer. *outage_out is the part
 * of it that grows with the interval whatever the belief. */
static double cost(const outlook *out, unsigned cell, const answer *given, double *outage_out) {
    const double interval_s = out->interval_s[cell];
    const unsigned lapsed = out->lapsed[cell];
    const double all = weighed(out->share, CELLS, given);
    const double late = weighed(out->share, lapsed, given);
    const double close = weighed(out->share, cell, given) - late;
    const double late_s = interval_s * late - weighed(out->lifetime_s, lapsed, given);
    const double lost = close * out->loss * (LAPSE + interval_s * OUTAGE_PER_S);
    *outage_out = late_s * OUTAGE_PER_S / interval_s;
    return (all + late * LAPSE + lost) / interval_s + *outage_out + all * DETECTION * interval_s;
}

static double least_cost(const outlook *out, const answer *given, unsigned *cell_out) {
    double outage = 0;
    double least = cost(out, out->first, given, &outage);
    *cell_out = out->first;
    for (unsigned i = out->first + 1; i < CELLS && outage <= least; i++) {
        const double here = cost(out, i, given, &outage);
        if (here < least) {
            least = here;
            *cell_out = i;
        }
    }
    return least;
}

/* What a probe of the silence that begins a cell is expected to save, per second. */
static double saving(const outlook *out, unsigned cell, double least, double all_lost) {
    unsigned best;
    const answer held = {.cell = cell, .below = 0, .above = 1 - all_lost};
    const answer silent = {.cell = cell, .below = 1, .above = all_lost};
    return least - least_cost(out, &held, &best) - least_cost(out, &silent, &best);
}

/* `cell` is that of the present interval: what is asked about again when nothing is in doubt. */
static punch_keepalive_probe wish_for(const bayes_state *state, const outlook *out, double least,
                                      unsigned cell, punch_time_us now_us) {
    const double all_lost = punch_lifetime_all_lost(&state->lifetime, PROBE_ATTEMPTS);
    double most = 0;
    for (unsigned i = 1; i < CELLS; i++) {
        if (out->share[i] > DOUBT_MIN && out->share[i] < 1 - DOUBT_MIN) {
            const double worth =
                (HORIZON_S - seconds(punch_lifetime_edge_us(i))) * saving(out, i, least, all_lost);
            if (worth > most) {
                most = worth;
                cell = i;
            }
        }
    }
    return (punch_keepalive_probe){
        .at_us = most > PROBE_COST ? now_us : punch_time_after(now_us, PROBE_LATEST_US),
        .silence_us = punch_lifetime_edge_us(cell) + PROBE_SLACK_US};
}

static void plan(bayes_state *state, punch_time_us now_us) {
    const answer none = {.cell = 0, .below = 1, .above = 1};
    outlook out;
    unsigned cell;
    look_out(&state->lifetime, &out);
    /* Without probes a lost packet cannot be told from a short lifetime, and belief fades towards
     * some that hardly any NAT has: then no more often than was right before. */
    while (now_us >= state->informed_until_us && interval_for(out.first) < state->polite_us) {
        out.first++;
    }
    const double least = least_cost(&out, &none, &cell);
    state->interval_us = interval_for(cell);
    state->wish = wish_for(state, &out, least, cell, now_us);
    state->plan_at_us = punch_time_after(now_us, PLAN_EVERY_US);
    if (state->informed_until_us > now_us) {
        state->plan_at_us = punch_time_earlier(state->plan_at_us, state->informed_until_us);
    }
}

static void reset(void *memory, const punch_keepalive_settings *settings, punch_time_us now_us) {
    bayes_state *state = memory;
    (void)settings; /* an interval set by the user is for strategies that have a fixed one */
    *state = (bayes_state){.informed_until_us = punch_time_after(now_us, START_US),
                           .polite_us = PUNCH_KEEPALIVE_US};
    punch_lifetime_reset(&state->lifetime, now_us);
    plan(state, now_us);
}

static void observe(void *memory, const punch_keepalive_evidence *evidence) {
    bayes_state *state = memory;
    const punch_time_us now_us = evidence->now_us;
    punch_lifetime_observe(&state->lifetime, evidence);
    switch (evidence->kind) {
    case PUNCH_EVIDENCE_HELD: /* frequent, and mostly as expected */
        if (now_us >= state->plan_at_us) {
            plan(state, now_us);
        }
        break;
    case PUNCH_EVIDENCE_PROBE_HELD:
    case PUNCH_EVIDENCE_PROBE_SILENT:
        state->informed_until_us = punch_time_after(now_us, INFORMED_US);
        plan(state, now_us);
        state->polite_us = punch_time_earlier(PUNCH_KEEPALIVE_US, state->interval_us);
        break;
    case PUNCH_EVIDENCE_SILENT:
    case PUNCH_EVIDENCE_REMAPPED:
        plan(state, now_us);
        break;
    }
}

/* Jitter only shortens the interval, which is what was promised. */
static punch_time_us next_send_us(const void *memory, const punch_keepalive_view *view) {
    const bayes_state *state = memory;
    const int32_t jitter = view->jitter_permille;
    return punch_time_after(view->last_send_at_us,
                            state->interval_us -
                                state->interval_us / 1000 * (jitter < 0 ? -jitter : jitter));
}

static punch_time_us promise_us(const void *memory, const punch_keepalive_view *view) {
    const bayes_state *state = memory;
    (void)view;
    return state->interval_us;
}

static punch_keepalive_probe probe(const void *memory, punch_time_us earliest_us) {
    const bayes_state *state = memory;
    (void)earliest_us;
    return state->wish;
}

const punch_keepalive punch_keepalive_bayes = {
    .abi = PUNCH_KEEPALIVE_ABI,
    .state_bytes = sizeof(bayes_state),
    .name = "bayes",
    .id = {{0x5a, 0x58, 0x6d, 0xd9, 0xc1, 0x83, 0xd9, 0x4f, 0x70, 0x81, 0x4e, 0xaf, 0x22, 0xa9,
            0x85, 0x27}},
    .help = "the interval of least expected cost, from a belief about how long the hole lives",
    /* until the first packet has promised something */
    .silence_after_last_us = PUNCH_KEEPALIVE_US,
    .silence_after_first_us = PUNCH_KEEPALIVE_US,
    .next_send_us = next_send_us,
    .reset = reset,
    .observe = observe,
    .promise_us = promise_us,
    .probe = probe,
};
