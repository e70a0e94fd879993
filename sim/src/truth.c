/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Const questions to the world: the NATs' own const queries, followed along the way a packet would
 * take, with nothing changed on it. (Flows of others, which are a function of time, catch up
 * first: they would before anything else happened.)
 */
#include "sim/truth.h"

#include "punch/assert.h"
#include "world_internal.h"

double sim_truth_access_loss(const sim_world *world, uint32_t site, sim_direction direction) {
    PUNCH_ASSERT(site < world->plan->site_count);
    const sim_site *at = &world->sites[site];
    const sim_site_plan *plan = &world->plan->sites[site];
    return direction == SIM_UP ? sim_link_loss_now(&at->up, &plan->up, world->now_us)
                               : sim_link_loss_now(&at->down, &plan->down, world->now_us);
}

/* The source address a packet of this host shows outside its site, if a mapping decides it. */
static bool shows(const sim_world *world, uint32_t host, const punch_addr *dst,
                  punch_addr *source_out) {
    const sim_host_plan *plan = sim_world_host_plan(world, host);
    const nat *box = sim_site_nat_now(world, &world->sites[plan->site]);
    if (box == NULL) {
        *source_out = plan->addr;
        return true;
    }
    const nat_packet packet = {plan->addr, *dst};
    return nat_would_leave_from(box, &packet, world->now_us, source_out);
}

/* Between two hosts of one site: over the LAN, unless it keeps its hosts apart, or back from their
 * NAT. */
static bool reaches_neighbour(const sim_world *world, const sim_host_plan *from,
                              const sim_host_plan *target, const punch_addr *dst) {
    if (punch_addr_equal(dst, &target->addr)) {
        return !world->plan->sites[from->site].is_isolated;
    }
    const nat *box = sim_site_nat_now(world, &world->sites[from->site]);
    const nat_packet packet = {from->addr, *dst};
    nat_packet inside;
    return box != NULL && nat_would_turn_back(box, &packet, world->now_us, &inside) &&
           punch_addr_equal(&inside.dst, &target->addr);
}

bool sim_truth_has_opened(const sim_world *world, uint32_t call, uint32_t side) {
    PUNCH_ASSERT(call < world->plan->call_count);
    PUNCH_ASSERT(side < 2);
    const sim_call_plan *plan = &world->plan->calls[call];
    const uint32_t from = side == 0 ? plan->caller : plan->callee;
    const uint32_t to = side == 0 ? plan->callee : plan->caller;
    const sim_host_plan *target = sim_world_host_plan(world, to);
    const uint32_t target_site = target->site;
    const punch_addr *dst = &world->calls[call].sides[side].last_target;
    if (dst->family == PUNCH_FAMILY_NONE) {
        return false;
    }
    const nat *box = sim_site_nat_now(world, &world->sites[target_site]);
    if (sim_world_host_plan(world, from)->site == target_site) {
        return reaches_neighbour(world, sim_world_host_plan(world, from), target, dst);
    }
    nat_packet packet = {.dst = *dst};
    if (!shows(world, from, dst, &packet.src)) {
        return false;
    }
    if (box == NULL) {
        return punch_addr_equal(dst, &target->addr);
    }
    return nat_would_admit(box, &packet, world->now_us) == NAT_PASS;
}

bool sim_truth_path_exists(const sim_world *world, uint32_t call) {
    return sim_truth_has_opened(world, call, 0) && sim_truth_has_opened(world, call, 1);
}

static bool is_independent(const nat_config *config) {
    return config->mapping == NAT_MAPPING_EIM;
}

static bool ignores_port(const nat_config *config) {
    return config->filtering != NAT_FILTERING_APDF;
}

/* Packets of `from`, whose port towards its peer is known to nobody, get through to `to`: because
 * `to` does not look at ports, or because it was `to` that came in first, at the port `from` had
 * shown the broker, and `from` answers from the port it was reached at (reply affinity). */
static bool dependent_reaches(const nat_config *from, const nat_config *to) {
    return ignores_port(to) || (from->filtering == NAT_FILTERING_EIF && from->reply_affinity);
}

bool sim_truth_can_open(const nat_config *a, const nat_config *b) {
    if ((a != NULL && a->udp_blocked) || (b != NULL && b->udp_blocked)) {
        return false;
    }
    if (a == NULL || b == NULL) {
        return true; /* the side without a NAT answers whoever comes in */
    }
    if (is_independent(a)) {
        return is_independent(b) || dependent_reaches(b, a);
    }
    if (is_independent(b)) {
        return dependent_reaches(a, b);
    }
    /* Neither knows where to send: one must let in whoever finds the port shown to the broker. */
    return (a->filtering == NAT_FILTERING_EIF && dependent_reaches(a, b)) ||
           (b->filtering == NAT_FILTERING_EIF && dependent_reaches(b, a));
}
