/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What only a whole cell shows: options that are fine one by one and contradict each other in some
 * combination of levels. Every cell is looked at; the first one with a mistake is reported, with
 * its levels, because the others mostly repeat it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cross.h"
#include "scenario_internal.h"

typedef struct {
    scenario_loader *loader;
    const scenario_cell *cell;
    bool ok;
} checker;

const char *scenario_cell_text(const scenario_cell *cell, char *text, size_t cap) {
    text[0] = '\0';
    for (uint32_t f = 0; f < cell->scenario->factor_count; f++) {
        const size_t length = strlen(text);
        (void)snprintf(text + length, cap - length, "%s %s=%s", f == 0 ? " in the cell" : ",",
                       cell->scenario->factors[f].name,
                       cell->scenario->factors[f].labels[cell->levels[f]]);
    }
    return text;
}

static void complain(checker *c, uint32_t object, const char *sentence) {
    char in_cell[512];
    const scenario_object *about = &c->loader->scenario->objects[object];
    const json_doc *doc = about->node != NULL ? about->doc : &c->loader->doc;
    const json_node *node = about->node != NULL ? about->node : json_root(doc);
    scenario_complain(c->loader->complaints, scenario_at(doc, node), "%s%s", sentence,
                      scenario_cell_text(c->cell, in_cell, sizeof in_cell));
    c->ok = false;
}

/* Others' flows must be computed one by one: refuses more than a trial has time for. */
static void check_cross(checker *c, uint32_t object, const scenario_nat *box) {
    scenario_root root = c->cell->scenario->defaults.root;
    scenario_cell_apply(c->cell, OBJECT_ROOT, STREAM_WORLD, &root);
    const uint64_t flows = sim_cross_flows_expected(&box->cross, &box->config, root.limit_us);
    if (flows <= SIM_CROSS_FLOWS_MAX) {
        return;
    }
    char memory[SCENARIO_NUMBER_CAP];
    char limit[SCENARIO_NUMBER_CAP];
    char rate[SCENARIO_NUMBER_CAP];
    char sentence[320];
    (void)snprintf(
        sentence, sizeof sentence,
        "\"cross_rate\" %s makes %" PRIu64
        " flows a trial: that many a second for three times as long as a mapping of theirs lasts "
        "(%s), so that the table is in its stride when the world begins, and for the limit (%s); "
        "at most %u are allowed",
        scenario_number_write(NUMBER_MULTIPLIER, box->cross.rate_milli, rate), flows,
        scenario_number_write(NUMBER_DURATION, sim_cross_memory_us(&box->config), memory),
        scenario_number_write(NUMBER_DURATION, root.limit_us, limit), SIM_CROSS_FLOWS_MAX);
    complain(c, object, sentence);
}

/* A NAT as a cell makes it. */
static void check_box(checker *c, uint32_t object, const scenario_nat *box) {
    const char *wrong = nat_config_check(&box->config);
    if (wrong != NULL) {
        complain(c, object, wrong);
    } else {
        check_cross(c, object, box);
    }
}

static void check_nat(checker *c, uint32_t object, int64_t ref) {
    scenario_nat box;
    (void)scenario_cell_nat(c->cell, ref, STREAM_A, &box);
    check_box(c, object, &box);
}

/* Every class, whether a peer draws from it or not. */
static void check_populations(checker *c) {
    const sim_scenario *scenario = c->cell->scenario;
    for (uint32_t p = 0; p < scenario->population_count; p++) {
        const scenario_population *population = &scenario->populations[p];
        for (uint32_t i = 0; i < population->class_count; i++) {
            const scenario_class *class = &population->classes[i];
            scenario_nat box;
            if (!class->of_its_own || class->common != population->common) {
                continue; /* a NAT of the scenario; a class of another population */
            }
            (void)scenario_cell_class(c->cell, class, STREAM_A, &box);
            check_box(c, (uint32_t) class->nat, &box);
        }
    }
}

static void check_link(checker *c, uint32_t object) {
    for (uint32_t direction = LINK_UP; direction <= LINK_DOWN; direction++) {
        sim_link_plan link;
        scenario_cell_link_as_set(c->cell, object, direction, STREAM_A, &link);
        if (link.bad_mean_us > 0 && link.good_mean_us == 0) {
            complain(c, object, "\"burst_bad\" needs \"burst_good\"");
            return;
        }
        if (link.outage_for_us > link.outage_every_us) {
            complain(c, object, "\"outage_for\" must not be longer than \"outage_every\"");
            return;
        }
        if (link.flap_delay_us > 0 && link.flap_every_us == 0) {
            complain(c, object, "\"flap_delay\" needs \"flap_every\"");
            return;
        }
    }
}

static void check_sites(checker *c) {
    const scenario_defaults *defaults = &c->cell->scenario->defaults;
    scenario_root root = defaults->root;
    scenario_peer b = defaults->peer;
    scenario_cell_apply(c->cell, OBJECT_ROOT, STREAM_WORLD, &root);
    scenario_cell_apply(c->cell, OBJECT_PEER_B, STREAM_B, &b);
    if (root.same_site &&
        (b.nat != SCENARIO_NAT_NONE || b.behind != SCENARIO_NAT_NONE || b.link >= 0)) {
        complain(c, OBJECT_PEER_B,
                 "with \"same_site\", b lives at a's site and has neither \"nat\" nor \"link\" of "
                 "its own, nor is it \"behind\" anything else");
    }
}

/* How many there are of each peer; notes the most. */
static void check_counts(checker *c) {
    const scenario_defaults *defaults = &c->cell->scenario->defaults;
    uint32_t *most = &c->loader->scenario->copies_max;
    scenario_root root = defaults->root;
    scenario_peer a = defaults->peer;
    scenario_peer b = defaults->peer;
    scenario_cell_apply(c->cell, OBJECT_ROOT, STREAM_WORLD, &root);
    scenario_cell_apply(c->cell, OBJECT_PEER_A, STREAM_A, &a);
    scenario_cell_apply(c->cell, OBJECT_PEER_B, STREAM_B, &b);
    *most = b.count > *most ? b.count : *most;
    if (a.count > 1) {
        complain(c, OBJECT_PEER_A, "there is one a, who calls; \"count\" is of b");
    }
    if (b.count > 1 && (root.same_site || root.same_carrier)) {
        complain(c, OBJECT_PEER_B,
                 "several b live at sites and behind carriers of their own: \"count\" does not go "
                 "with \"same_site\" or \"same_carrier\"");
    }
}

/* IPv6 is never translated: not by any NAT that may stand anywhere around the peer. */
static void check_family(checker *c, uint32_t object, const scenario_peer *peer) {
    const scenario_reach *reach = c->loader->reach[object - OBJECT_PEER_A];
    for (uint32_t o = 0; o < c->cell->scenario->object_count && peer->family == SCENARIO_IPV6;
         o++) {
        scenario_nat box;
        if (scenario_reach_places(&reach[o]) == 0) {
            continue;
        }
        scenario_reach_nat(c->cell, reach, o, &box);
        if (!box.config.firewall) {
            complain(
                c, object,
                reach[o].of_population != 0
                    ? "a population in front of an IPv6 peer has classes that translate, and "
                      "nothing here translates IPv6 (no NAT66): leave them out with "
                      "\"without\""
                    : "a NAT that translates stands in front of an IPv6 peer, and nothing here "
                      "translates IPv6 (no NAT66): \"firewall\": true, or \"nat\": \"none\"");
            return;
        }
    }
}

static void check_families(checker *c) {
    const scenario_defaults *defaults = &c->cell->scenario->defaults;
    scenario_peer a = defaults->peer;
    scenario_peer b = defaults->peer;
    scenario_cell_apply(c->cell, OBJECT_PEER_A, STREAM_A, &a);
    scenario_cell_apply(c->cell, OBJECT_PEER_B, STREAM_B, &b);
    if (a.family != b.family) {
        complain(c, OBJECT_PEER_B,
                 "the address families of a and b do not match: one of them says \"ipv6\", and "
                 "nothing here translates between IPv4 and IPv6 (no NAT64)");
        return;
    }
    check_family(c, OBJECT_PEER_A, &a);
    check_family(c, OBJECT_PEER_B, &b);
}

/* Is an option of two NATs the same, or left to the default in both? */
static bool is_alike(const checker *c, const scenario_reach *reach, uint32_t object, uint32_t to,
                     const char *key) {
    const scenario_option *option = scenario_option_find(SECTION_NAT, key);
    const scenario_value *a = scenario_cell_value(c->cell, object, option);
    const scenario_value *b = scenario_cell_value(c->cell, to, option);
    a = a != NULL ? a : scenario_cell_value(c->cell, reach[object].common, option);
    const bool is_drawn = (a != NULL && a->draw != NULL) || (b != NULL && b->draw != NULL);
    scenario_nat of_a = c->cell->scenario->defaults.nat;
    scenario_nat of_b = of_a;
    if (a != NULL && b != NULL && is_drawn) {
        return a->draw == b->draw;
    }
    if (a != NULL) {
        scenario_option_store(option, a->number, &of_a);
    }
    if (b != NULL) {
        scenario_option_store(option, b->number, &of_b);
    }
    return !is_drawn && of_a.behind == of_b.behind && of_a.link == of_b.link &&
           of_a.isolated == of_b.isolated;
}

static bool is_same_crowd(const sim_cross_plan *a, const sim_cross_plan *b) {
    return a->rate_milli == b->rate_milli &&
           (a->rate_milli == 0 || (a->dispersion_milli == b->dispersion_milli &&
                                   a->hosts == b->hosts && a->answered == b->answered));
}

/* Why one NAT cannot become what the fault says; NULL: it can. */
static const char *change_refused(const checker *c, const scenario_fault *fault,
                                  const scenario_reach *reach, uint32_t object) {
    scenario_nat before;
    scenario_nat after;
    const uint32_t to = (uint32_t)fault->to;
    scenario_reach_nat(c->cell, reach, object, &before);
    (void)scenario_cell_nat(c->cell, fault->to, STREAM_A, &after);
    if ((reach[object].of_population & 1u << fault->box) != 0) {
        return "a NAT drawn from a population cannot change: name one";
    }
    if (before.config.firewall != after.config.firewall) {
        return "a NAT cannot become a firewall, nor the other way round: its hosts would need "
               "other addresses";
    }
    if (!is_same_crowd(&before.cross, &after.cross)) {
        return "a NAT that changes keeps the other hosts behind it: \"to\" must have the same "
               "\"cross_...\" as what it takes the place of";
    }
    if (!is_alike(c, reach, object, to, "behind")) {
        return "a NAT that changes stays where it is: \"to\" must be \"behind\" the same as what "
               "it "
               "takes the place of";
    }
    if (fault->box > 0 &&
        !(is_alike(c, reach, object, to, "link") && is_alike(c, reach, object, to, "isolated"))) {
        return "a NAT that changes keeps its network: \"to\" must have the same \"link\" and "
               "\"isolated\" as what it takes the place of";
    }
    return NULL;
}

/* Why none of the NATs that may stand there can be renumbered, or one of them not change; NULL:
 * nothing is wrong. Where none is drawn, the fault is left out. */
static const char *nat_fault_refused(const checker *c, const scenario_fault *fault) {
    const scenario_reach *reach = scenario_reach_of_fault(c->loader, c->cell, fault);
    bool is_there = false;
    bool translates = false;
    for (uint32_t o = 0; o < c->cell->scenario->object_count; o++) {
        if ((scenario_reach_places(&reach[o]) & 1u << fault->box) == 0) {
            continue;
        }
        scenario_nat box;
        scenario_reach_nat(c->cell, reach, o, &box);
        is_there = true;
        translates = translates || !box.config.firewall;
        const char *wrong =
            fault->action == SIM_FAULT_NAT_CHANGE ? change_refused(c, fault, reach, o) : NULL;
        if (wrong != NULL) {
            return wrong;
        }
    }
    return fault->action == SIM_FAULT_NAT_RENUMBER && is_there && !translates
               ? "a firewall has no address that could change: its hosts have their own"
               : NULL;
}

/* What is wrong with an entry of the timeline; NULL: nothing. */
static const char *fault_refused(const checker *c, const scenario_fault *fault) {
    const sim_fault_kind kind = (sim_fault_kind)fault->action;
    if (fault->box > 0 && (!sim_fault_is_of_site(kind) || fault->on == SCENARIO_ON_BROKER)) {
        return "\"box\" counts the NATs around a or b; there is none here";
    }
    if ((kind == SIM_FAULT_RENEGOTIATE) != (fault->keepalives != 0)) {
        return "\"keepalive\" lists what is offered: \"renegotiate\" needs it, nothing else takes "
               "it";
    }
    if (sim_fault_is_of_peer(kind)) {
        return fault->on != SCENARIO_ON_BROKER
                   ? NULL
                   : "this happens to peers only: \"on\" must be \"a\" or \"b\"";
    }
    if (!sim_fault_is_of_site(kind)) {
        return fault->on == SCENARIO_ON_BROKER
                   ? NULL
                   : "this happens to the broker only: \"on\" must be \"broker\"";
    }
    if (sim_fault_is_of_nat(kind) && fault->on == SCENARIO_ON_BROKER) {
        return "the broker has no NAT: \"on\" must be \"a\" or \"b\"";
    }
    if ((kind == SIM_FAULT_NAT_CHANGE) != (fault->to != SCENARIO_NAT_NONE)) {
        return "\"to\" names what a NAT changes into: \"nat-change\" needs it, nothing else takes "
               "it";
    }
    if (fault->to >= SCENARIO_VIEW_BASE) {
        return "\"to\" must be one NAT, not a population";
    }
    return sim_fault_is_of_nat(kind) ? nat_fault_refused(c, fault) : NULL;
}

/* The latest that a value may be drawn; of distributions without an end, their mean or median. */
static int64_t latest_of(const scenario_value *value) {
    const scenario_draw *draw = value->draw;
    if (draw == NULL) {
        return value->number;
    }
    int64_t latest = 0;
    switch (draw->kind) {
    case DRAW_UNIFORM:
    case DRAW_LOGUNIFORM:
        return draw->high;
    case DRAW_EXPONENTIAL:
    case DRAW_LOGNORMAL:
        return draw->low;
    case DRAW_QUANTILES:
    case DRAW_CHOICE:
    case DRAW_EMPIRICAL:
        for (uint32_t i = 0; i < draw->point_count; i++) {
            latest = punch_time_later(latest, latest_of(&draw->points[i].value));
        }
    }
    return latest;
}

/* A hold that the limit would cut short in every trial, or whenever the call is late. */
static void check_hold(checker *c) {
    scenario_root root = c->cell->scenario->defaults.root;
    scenario_call call = c->cell->scenario->defaults.call;
    scenario_cell_apply(c->cell, OBJECT_ROOT, STREAM_WORLD, &root);
    const scenario_value *at =
        scenario_cell_value(c->cell, OBJECT_CALL, scenario_option_find(SECTION_CALL, "at"));
    const punch_time_us call_at_us = at != NULL ? latest_of(at) : call.at_us;
    if (root.hold_us == 0 || root.hold_us <= root.limit_us - call_at_us) {
        return;
    }
    char in_cell[512];
    char hold[SCENARIO_NUMBER_CAP];
    char limit[SCENARIO_NUMBER_CAP];
    char call_at[SCENARIO_NUMBER_CAP];
    char sum[SCENARIO_NUMBER_CAP];
    scenario_complain(c->loader->complaints, scenario_place_of_key(c->loader, OBJECT_ROOT, "hold"),
                      "\"hold\" %s is more than \"limit\" %s leaves after a call at %s: together "
                      "they need a limit "
                      "of %s, and what it takes to connect%s",
                      scenario_number_write(NUMBER_DURATION, root.hold_us, hold),
                      scenario_number_write(NUMBER_DURATION, root.limit_us, limit),
                      scenario_number_write(NUMBER_DURATION, call_at_us, call_at),
                      scenario_number_write(NUMBER_DURATION, call_at_us + root.hold_us, sum),
                      scenario_cell_text(c->cell, in_cell, sizeof in_cell));
    c->ok = false;
}

/* A NAT that is told its timeouts twice. */
static void check_timeouts(checker *c, uint32_t object) {
    const scenario_object *at = &c->cell->scenario->objects[object];
    bool both = false;
    bool one = false;
    for (uint32_t i = 0; i < at->setting_count; i++) {
        const char *name = at->settings[i].option->name;
        both = both || strcmp(name, "nat.udp_timeout") == 0;
        one = one || strcmp(name, "nat.udp_timeout_first") == 0 ||
              strcmp(name, "nat.udp_timeout_stream") == 0;
    }
    if (both && one) {
        complain(c, object,
                 "\"udp_timeout\" is \"udp_timeout_first\" and \"udp_timeout_stream\" at once: "
                 "give it or them");
    }
}

/* Figures of a radio that is not asked for them. */
static void check_radio(checker *c, uint32_t object, uint32_t stream) {
    scenario_peer peer = c->cell->scenario->defaults.peer;
    scenario_cell_apply(c->cell, object, stream, &peer);
    const bool has_tails = peer.radio.high_tail_us != 0 || peer.radio.low_tail_us != 0;
    if (peer.radio_kind != SIM_RADIO_CUSTOM && (has_tails || sim_radio_exists(&peer.radio))) {
        complain(c, object, "figures of a radio need \"radio\": \"custom\"");
    }
}

static void check_faults(checker *c) {
    const sim_scenario *scenario = c->cell->scenario;
    for (uint32_t i = 0; i < scenario->fault_count; i++) {
        scenario_fault fault = scenario->defaults.fault;
        scenario_cell_apply(c->cell, scenario->fault_first + i, STREAM_TIMELINE + i, &fault);
        const char *wrong = fault_refused(c, &fault);
        if (wrong != NULL) {
            complain(c, scenario->fault_first + i, wrong);
        }
    }
}

void scenario_check_cells(scenario_loader *loader) {
    sim_scenario *scenario = loader->scenario;
    loader->effects.objects = scenario_arena_take(
        &scenario->arena, scenario->object_count * sizeof *loader->effects.objects);
    if (loader->effects.objects == NULL) {
        return;
    }
    for (uint32_t i = 0; i < scenario->cell_count; i++) {
        const scenario_cell cell = scenario_cell_at(scenario, i, 0);
        checker c = {loader, &cell, true};
        for (uint32_t o = 0; o < scenario->object_count; o++) {
            const scenario_object *object = &scenario->objects[o];
            if (object->name != NULL && object->part[0] == '\0') {
                if (object->section == SECTION_NAT) {
                    check_nat(&c, o, o);
                    check_timeouts(&c, o);
                } else if (object->section == SECTION_LINK) {
                    check_link(&c, o);
                }
            }
        }
        check_populations(&c);
        if (!scenario_check_chains(loader, &cell) || !scenario_reach_note(loader, &cell)) {
            return;
        }
        check_hold(&c);
        check_sites(&c);
        check_counts(&c);
        check_families(&c);
        check_radio(&c, OBJECT_PEER_A, STREAM_A);
        check_radio(&c, OBJECT_PEER_B, STREAM_B);
        check_faults(&c);
        if (!c.ok) {
            return;
        }
        scenario_effect_note(loader, &cell);
    }
    scenario_effect_check(loader);
}
