/* SPDX-License-Identifier: MIT */
/* The grid, its prior, how belief fades, what evidence does to it; the model is in the header. */
#include "lifetime.h"

#include <stdbool.h>
#include <stddef.h>

#include "punch/assert.h"

#define CELLS PUNCH_LIFETIME_CELLS
#define CELLS_PER_OCTAVE 12

/* Lower ends of the first octave's cells: 7.4 s x 2^(i/12), rounded; the others double it. */
static const int32_t first_octave_us[CELLS_PER_OCTAVE] = {7400000,  7840027,  8306219,  8800133,
                                                          9323416,  9877815,  10465180, 11087472,
                                                          11746768, 12445267, 13185301, 13969340};

/* The prior: published defaults, and a slab that gives every cell alike what they leave over. The
 * values are their vendors'; the shares are chosen, for nobody has published any. */
typedef struct {
    int16_t lifetime_s;
    int16_t permille;
} atom;

static const atom atoms[] = {
    {30, 100},  /* Linux nf_conntrack_udp_timeout, AWS security groups, GCP Cloud NAT */
    {60, 100},  /* pf.conf(5) udp.multiple; RFC 3581 §3: most UDP bindings about a minute */
    {120, 100}, /* Linux nf_conntrack_udp_timeout_stream; RFC 4787 REQ-5: at least; Cisco ASA */
    {180, 80},  /* Linux streams before 5.0, MikroTik RouterOS, AWS security groups */
    {240, 20},  /* Azure NAT gateway */
    {300, 80},  /* RFC 4787 REQ-5: recommended; Cisco IOS */
    {350, 20},  /* AWS NAT gateway */
};
#define ATOM_COUNT (sizeof atoms / sizeof atoms[0])
#define SLAB_SHARE 0.5F /* = 1 - what the atoms have */

#define STEP_US (120 * PUNCH_US_PER_S) /* belief fades in steps of this; chosen */
#define STEPS_MAX 720                  /* a day of them */
/* What a cell gives to each neighbour with every step. Chosen: after an hour a belief is half a
 * cell wide (3 %), after a day two and a half (15 %); what drifts faster is noticed. */
#define SPREAD_SHARE (1.0F / 240)
/* What goes back to the prior with every step. Chosen: new rules every two weeks. */
#define LEAK_SHARE (1.0F / 10080)

/* What "impossible" is worth. Chosen: one observation in a thousand is not what it seems, because a
 * clock was wrong, somebody else's packets kept a hole open, or a NAT was restarted. */
#define ERROR_LIKELIHOOD 0.001F
/* However many attempts were lost: they may have met the same outage. Chosen. */
#define ALL_LOST_MIN 0.002

/* A loss of 1 in 20 as if seen in 20 questions; and when there are more than 200, older ones count
 * half. Chosen. */
#define ASKED_START 20.0F
#define LOST_START 1.0F
#define ASKED_MAX 200.0F

/* Weights below this become 0: numbers that are almost denormal say nothing and take long. */
#define WEIGHT_MIN 1e-30F

punch_time_us punch_lifetime_edge_us(unsigned cell) {
    PUNCH_ASSERT(cell <= CELLS);
    return (punch_time_us)first_octave_us[cell % CELLS_PER_OCTAVE] << (cell / CELLS_PER_OCTAVE);
}

/* The cell that a duration falls into. */
static unsigned cell_of(punch_time_us duration_us) {
    unsigned low = 0;
    unsigned high = CELLS;
    while (high - low > 1) {
        const unsigned middle = (low + high) / 2;
        if (punch_lifetime_edge_us(middle) <= duration_us) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static void take_prior(float *weights) {
    for (unsigned i = 0; i < CELLS; i++) {
        weights[i] = SLAB_SHARE / CELLS;
    }
    for (size_t i = 0; i < ATOM_COUNT; i++) {
        weights[cell_of(atoms[i].lifetime_s * PUNCH_US_PER_S)] += (float)atoms[i].permille / 1000;
    }
}

void punch_lifetime_reset(punch_lifetime *lifetime, punch_time_us now_us) {
    *lifetime = (punch_lifetime){
        .asked_count = ASKED_START, .lost_count = LOST_START, .faded_at_us = now_us};
    take_prior(lifetime->weights);
}

/* --- fading ----------------------------------------------------------------------------------- */

static void fade_step(float *weights, const float *prior) {
    float before = weights[0];
    for (unsigned i = 0; i < CELLS; i++) {
        const float here = weights[i];
        const float after = i + 1 < CELLS ? weights[i + 1] : here;
        const float spread = here + SPREAD_SHARE * (before - 2 * here + after);
        weights[i] = (1 - LEAK_SHARE) * spread + LEAK_SHARE * prior[i];
        before = here;
    }
}

void punch_lifetime_fade(punch_lifetime *lifetime, punch_time_us now_us) {
    PUNCH_ASSERT(now_us >= lifetime->faded_at_us);
    const punch_time_us steps = (now_us - lifetime->faded_at_us) / STEP_US;
    if (steps == 0) {
        return;
    }
    float prior[CELLS];
    take_prior(prior);
    for (punch_time_us i = 0; i < steps && i < STEPS_MAX; i++) {
        fade_step(lifetime->weights, prior);
    }
    lifetime->faded_at_us += steps * STEP_US;
}

/* --- evidence --------------------------------------------------------------------------------- */

/* Never all of them vanish: no likelihood is below a thousandth. */
static void normalize(float *weights) {
    float sum = 0;
    for (unsigned i = 0; i < CELLS; i++) {
        sum += weights[i];
    }
    PUNCH_ASSERT(sum > 0);
    for (unsigned i = 0; i < CELLS; i++) {
        const float weight = weights[i] / sum;
        weights[i] = weight < WEIGHT_MIN ? 0 : weight;
    }
}

static void take_held(float *weights, punch_time_us silence_us) {
    const unsigned cell = cell_of(silence_us);
    if (cell == 0) {
        return;
    }
    for (unsigned i = 0; i < cell; i++) {
        weights[i] *= ERROR_LIKELIHOOD;
    }
    normalize(weights);
}

/* Nothing came in after a silence, which is as likely as this where T is longer. */
static void take_silent(float *weights, punch_time_us silence_us, float likelihood) {
    const unsigned cell = cell_of(silence_us);
    const punch_time_us middle_us =
        (punch_lifetime_edge_us(cell) + punch_lifetime_edge_us(cell + 1)) / 2;
    for (unsigned i = silence_us < middle_us ? cell : cell + 1; i < CELLS; i++) {
        weights[i] *= likelihood;
    }
    normalize(weights);
}

/* The share of a silence, of which nothing is known but its end and length, after T had passed. */
static float share_beyond(punch_time_us lifetime_us, punch_time_us end_us,
                          punch_time_us length_us) {
    const punch_time_us beyond_us = punch_time_earlier(end_us - lifetime_us, length_us);
    return beyond_us > 0 ? (float)beyond_us / (float)length_us : 0;
}

/* Something did not come in at some time during a silence, any time alike: it was lost, or came
 * after T. A NAT counts from the last packet out, and then T was not over when something last came
 * in; or from the last packet in either direction. Whichever fits better. */
static void take_missed(float *weights, const punch_keepalive_evidence *evidence, float lost) {
    const punch_time_us silence_us = evidence->silence_us;
    const punch_time_us unsent_us = evidence->unsent_us;
    PUNCH_ASSERT(unsent_us >= silence_us);
    if (silence_us == 0) {
        return;
    }
    for (unsigned i = 0; i < CELLS; i++) {
        const punch_time_us lifetime_us = punch_lifetime_edge_us(i);
        const bool was_over = punch_lifetime_edge_us(i + 1) <= unsent_us - silence_us;
        const float out = was_over ? 0 : share_beyond(lifetime_us, unsent_us, silence_us);
        const float any = share_beyond(lifetime_us, silence_us, silence_us);
        weights[i] *= lost + (1 - lost) * (out > any ? out : any);
    }
    normalize(weights);
}

/* Of a packet between peers: it crosses two lines, the answer to a probe only ours. */
static double path_loss(const punch_lifetime *lifetime) {
    const double loss = 2 * punch_lifetime_loss(lifetime);
    return loss < 1 ? loss : 1;
}

static void take_answer(punch_lifetime *lifetime, uint8_t attempts) {
    PUNCH_ASSERT(attempts >= 1);
    if (lifetime->asked_count > ASKED_MAX) {
        lifetime->asked_count /= 2;
        lifetime->lost_count /= 2;
    }
    lifetime->asked_count += (float)attempts;
    lifetime->lost_count += (float)(attempts - 1);
}

void punch_lifetime_observe(punch_lifetime *lifetime, const punch_keepalive_evidence *evidence) {
    PUNCH_ASSERT(evidence->silence_us >= 0);
    punch_lifetime_fade(lifetime, evidence->now_us);
    switch (evidence->kind) {
    case PUNCH_EVIDENCE_HELD:
        take_held(lifetime->weights, evidence->silence_us);
        break;
    case PUNCH_EVIDENCE_SILENT:
        take_missed(lifetime->weights, evidence, (float)path_loss(lifetime));
        break;
    case PUNCH_EVIDENCE_PROBE_HELD:
        take_answer(lifetime, evidence->attempts);
        take_held(lifetime->weights, evidence->silence_us);
        break;
    case PUNCH_EVIDENCE_PROBE_SILENT:
        take_silent(lifetime->weights, evidence->silence_us,
                    (float)punch_lifetime_all_lost(lifetime, evidence->attempts));
        break;
    case PUNCH_EVIDENCE_REMAPPED:
        take_silent(lifetime->weights, evidence->unsent_us, ERROR_LIKELIHOOD);
        break;
    }
}

/* --- questions -------------------------------------------------------------------------------- */

double punch_lifetime_loss(const punch_lifetime *lifetime) {
    return (double)lifetime->lost_count / (double)lifetime->asked_count;
}

double punch_lifetime_all_lost(const punch_lifetime *lifetime, uint8_t attempts) {
    PUNCH_ASSERT(attempts >= 1);
    const double loss = punch_lifetime_loss(lifetime);
    double all = 1;
    for (unsigned i = 0; i < attempts && all > ALL_LOST_MIN; i++) {
        all *= loss;
    }
    return all > ALL_LOST_MIN ? all : ALL_LOST_MIN;
}

double punch_lifetime_survival(const punch_lifetime *lifetime, punch_time_us silence_us) {
    double sum = 0;
    for (unsigned i = CELLS; i > 0 && punch_lifetime_edge_us(i - 1) > silence_us; i--) {
        sum += (double)lifetime->weights[i - 1];
    }
    return sum < 1 ? sum : 1;
}

punch_time_us punch_lifetime_quantile(const punch_lifetime *lifetime, double probability) {
    double sum = 0;
    unsigned i = CELLS;
    while (i > 0 && sum < probability) {
        i--;
        sum += (double)lifetime->weights[i];
    }
    return punch_lifetime_edge_us(i < CELLS ? i : CELLS - 1);
}
