/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What only a whole cell shows: options that are fine one by one and contradict each other in some
 * combination of levels. Every cell is looked at; the first one with a mistake is reported, with
 * its levels, because the others mostly repeat it.
 */
#include <stdio.h>
#include <string.h>

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

static void check_nat(checker *c, uint32_t object, int64_t ref) {
    scenario_nat box;
    (void)scenario_cell_nat(c->cell, ref, STREAM_A, &box);
    const char *wrong = nat_config_check(&box.config);
    if (wrong != NULL) {
        complain(c, object, wrong);
    }
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
            const char *wrong = nat_config_check(&box.config);
            if (wrong != NULL) {
                complain(c, (uint32_t) class->nat, wrong);
            }
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
    if (root.same_site && (b.nat != SCENARIO_NAT_NONE || b.link >= 0)) {
        complain(c, OBJECT_PEER_B,
                 "with \"same_site\", b lives at a's site and has neither \"nat\" nor \"link\" of "
                 "its own");
    }
}

static bool is_firewall(const scenario_cell *cell, int64_t ref) {
    scenario_nat box;
    return scenario_cell_nat(cell, ref, STREAM_A, &box) && box.config.firewall;
}

/* What is wrong with an entry of the timeline; NULL: nothing. */
static const char *fault_refused(const scenario_cell *cell, const scenario_fault *fault) {
    const sim_fault_kind kind = (sim_fault_kind)fault->action;
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
    if (kind != SIM_FAULT_NAT_CHANGE) {
        return NULL;
    }
    scenario_peer peer = cell->scenario->defaults.peer;
    const bool of_a = fault->on == SCENARIO_ON_A;
    scenario_cell_apply(cell, of_a ? OBJECT_PEER_A : OBJECT_PEER_B, of_a ? STREAM_A : STREAM_B,
                        &peer);
    if (peer.nat >= SCENARIO_VIEW_BASE) {
        return "a NAT drawn from a population cannot change: name one";
    }
    return is_firewall(cell, fault->to) == is_firewall(cell, peer.nat)
               ? NULL
               : "a NAT cannot become a firewall, nor the other way round: its hosts would need "
                 "other addresses";
}

static void check_faults(checker *c) {
    const sim_scenario *scenario = c->cell->scenario;
    for (uint32_t i = 0; i < scenario->fault_count; i++) {
        scenario_fault fault = scenario->defaults.fault;
        scenario_cell_apply(c->cell, scenario->fault_first + i, STREAM_TIMELINE + i, &fault);
        const char *wrong = fault_refused(c->cell, &fault);
        if (wrong != NULL) {
            complain(c, scenario->fault_first + i, wrong);
        }
    }
}

void scenario_check_cells(scenario_loader *loader) {
    const sim_scenario *scenario = loader->scenario;
    for (uint32_t i = 0; i < scenario->cell_count; i++) {
        const scenario_cell cell = scenario_cell_at(scenario, i, 0);
        checker c = {loader, &cell, true};
        for (uint32_t o = 0; o < scenario->object_count; o++) {
            const scenario_object *object = &scenario->objects[o];
            if (object->name != NULL && object->part[0] == '\0') {
                if (object->section == SECTION_NAT) {
                    check_nat(&c, o, o);
                } else if (object->section == SECTION_LINK) {
                    check_link(&c, o);
                }
            }
        }
        check_populations(&c);
        check_sites(&c);
        check_faults(&c);
        if (!c.ok) {
            return;
        }
    }
}
