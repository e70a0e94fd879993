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

/* From inside a site outwards, until somebody there has the destination or the core is reached:
 * *site_out is where the way down begins. The packet is rewritten as the NATs would. */
static bool climb(const sim_world *world, uint32_t index, nat_packet *packet, uint32_t *site_out) {
    for (; index != SIM_NONE; index = world->sites[index].parent) {
        const sim_site *site = &world->sites[index];
        const sim_route_way way = sim_route_inside(world, index, &packet->dst);
        *site_out = index;
        if (way.host != SIM_NONE || way.step != SIM_NONE) {
            return !world->plan->sites[index].is_isolated;
        }
        nat_packet inside;
        const nat *box = sim_site_nat_now(world, site);
        if (box == NULL) {
            continue;
        }
        if (nat_would_turn_back(box, packet, world->now_us, &inside)) {
            *packet = inside;
            return true;
        }
        if (!nat_would_leave_from(box, packet, world->now_us, &packet->src)) {
            return false;
        }
    }
    *site_out = SIM_NONE;
    return true;
}

/* The way to an address from inside a site; SIM_NONE: from the core. */
static sim_route_way way_down(const sim_world *world, uint32_t index, const punch_addr *addr) {
    if (index != SIM_NONE) {
        return sim_route_inside(world, index, addr);
    }
    sim_route_way way = {SIM_NONE, SIM_NONE};
    const sim_route found = sim_route_find(world, SIM_ROUTE_PUBLIC, addr);
    if (found.kind != SIM_ROUTE_NOWHERE) {
        way.step = sim_route_step(world, SIM_NONE, sim_route_site(world, found));
    }
    return way;
}

/* From there down to a host. */
static bool reaches(const sim_world *world, uint32_t index, const nat_packet *from, uint32_t to) {
    nat_packet packet = *from;
    sim_route_way way = way_down(world, index, &packet.dst);
    while (way.step != SIM_NONE) {
        index = way.step;
        const nat *box = sim_site_nat_now(world, &world->sites[index]);
        if (box != NULL) {
            if (nat_would_admit(box, &packet, world->now_us) != NAT_PASS) {
                return false;
            }
            (void)nat_admits_until(box, &packet, world->now_us); /* dst becomes internal */
        }
        way = sim_route_inside(world, index, &packet.dst);
    }
    return way.host == to && punch_addr_equal(&packet.dst, &world->hosts[to].addr);
}

punch_time_us sim_truth_admitted_until(const sim_world *world, const nat_packet *from,
                                       uint32_t to) {
    nat_packet packet = *from;
    punch_time_us until_us = PUNCH_NEVER;
    sim_route_way way = way_down(world, SIM_NONE, &packet.dst);
    while (way.step != SIM_NONE && until_us > world->now_us) {
        const uint32_t index = way.step;
        const nat *box = sim_site_nat_now(world, &world->sites[index]);
        if (box != NULL) {
            until_us = punch_time_earlier(until_us, nat_admits_until(box, &packet, world->now_us));
        }
        way = sim_route_inside(world, index, &packet.dst);
    }
    return way.host == to && punch_addr_equal(&packet.dst, &world->hosts[to].addr) ? until_us
                                                                                   : world->now_us;
}

bool sim_truth_has_opened(const sim_world *world, uint32_t call, uint32_t side) {
    PUNCH_ASSERT(call < world->plan->call_count);
    PUNCH_ASSERT(side < 2);
    const sim_call_plan *plan = &world->plan->calls[call];
    const sim_host *from = &world->hosts[side == 0 ? plan->caller : plan->callee];
    const uint32_t to = side == 0 ? plan->callee : plan->caller;
    nat_packet packet = {from->addr, world->calls[call].sides[side].last_target};
    uint32_t site;
    return packet.dst.family != PUNCH_FAMILY_NONE && climb(world, from->site, &packet, &site) &&
           reaches(world, site, &packet, to);
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
