/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must never happen, whatever the scenario: checked beside the world, in every run. A breach
 * is a bug of the core, of a NAT model or of the world itself and ends in punch_panic(). Nothing
 * here asks the core: the world's own eyes only.
 */
#include "punch/assert.h"
#include "world_internal.h"

#define WAKES_PER_INSTANT_MAX 1000 /* chosen: more timers than that at one instant do not end */

/* What a call may take besides its punch: CALL answered or given up, ringing, ACCEPT to GO, waiting
 * for the instant, one more claimed round trip of both after the last INTRO; and as much again as
 * one retry for packets under way. */
#define SIGNALLING_US_MAX \
    (4 * (punch_time_us)PUNCH_RETRY_TOTAL_US + PUNCH_RING_TOTAL_US + 2 * PUNCH_RTT_CLAIM_US_MAX)

/* Rounds of INTROs a punch may have at most: every target may be learnt just after the one before
 * has had all of its. */
#define ROUNDS_MAX (PUNCH_INTROS_PER_TARGET_MAX * PUNCH_TARGETS_MAX)

#define MUST(sentence, held) \
    ((held) ? (void)0 : punch_panic(__FILE__, __LINE__, "invariant: " sentence, 0, 1))

void sim_invariants_on_clock(const sim_world *world, punch_time_us at_us) {
    MUST("time never runs backwards", at_us >= world->now_us);
}

void sim_invariants_on_wake(const sim_world *world, sim_host *at) {
    at->wakes = at->woken_at_us == world->now_us ? (uint16_t)(at->wakes + 1) : 0;
    at->woken_at_us = world->now_us;
    MUST("deadlines progress: no host asks to be woken at one instant for ever",
         at->wakes < WAKES_PER_INSTANT_MAX);
}

static uint32_t find_addr(const punch_addr *addrs, uint32_t count, const punch_addr *addr) {
    for (uint32_t i = 0; i < count; i++) {
        if (punch_addr_equal(&addrs[i], addr)) {
            return i;
        }
    }
    return count;
}

/* Remembers an address in a short list, in place of the oldest when full; its place. */
static uint32_t remember(punch_addr *addrs, uint8_t *count, uint8_t *next, uint8_t max,
                         const punch_addr *addr) {
    uint32_t at = *count;
    if (*count < max) {
        (*count)++;
    } else {
        at = *next;
        *next = (uint8_t)((*next + 1) % max);
    }
    addrs[at] = *addr;
    return at;
}

void sim_invariants_on_intro(sim_side *from, const punch_addr *to) {
    uint32_t at = find_addr(from->targets, from->target_count, to);
    if (at == from->target_count) {
        at =
            remember(from->targets, &from->target_count, &from->target_next, PUNCH_TARGETS_MAX, to);
        from->target_intros[at] = 0;
    }
    from->target_intros[at]++;
    MUST("at most PUNCH_INTROS_PER_TARGET_MAX unacknowledged INTROs per address",
         from->target_intros[at] <= PUNCH_INTROS_PER_TARGET_MAX);
}

void sim_invariants_on_arrival(sim_side *to, const sim_packet *at) {
    if (find_addr(to->sources, to->source_count, &at->src) == to->source_count) {
        (void)remember(to->sources, &to->source_count, &to->source_next, SIM_SIDE_SOURCES,
                       &at->src);
    }
    if (at->type == PUNCH_TYPE_INTRO_ACK) {
        const uint32_t target = find_addr(to->targets, to->target_count, &at->src);
        if (target < to->target_count) {
            to->target_intros[target] = 0;
        }
    }
}

/* A side sends where an acknowledgement came from. Only one that answers at signalled addresses
 * alone may name another address of the counterparty, when the acknowledgement came from a port
 * nobody signalled. */
static bool is_proven(const sim_world *world, uint32_t index, uint32_t which,
                      const punch_addr *remote) {
    const sim_call_plan *plan = &world->plan->calls[index];
    const uint32_t host = which == 0 ? plan->caller : plan->callee;
    const uint32_t other = which == 0 ? plan->callee : plan->caller;
    const sim_side *side = &world->calls[index].sides[which];
    return find_addr(side->sources, side->source_count, remote) < side->source_count ||
           (sim_world_host_plan(world, host)->options.peer_reflexive_off &&
            sim_calls_leads_to(world, other, remote));
}

void sim_invariants_on_path(const sim_world *world, uint32_t index, uint32_t which,
                            const punch_addr *remote) {
    const sim_call_result *result = &world->result->calls[index];
    MUST("connected only along an address the counterparty's packets came from",
         is_proven(world, index, which, remote));
    MUST("connected only when a packet has arrived here", result->arrived[which] > 0);
    MUST("connected only when a packet has arrived there", result->arrived[1 - which] > 0);
}

/* Where a packet of that host may seem to come from, seen by a receiver at some site: itself, for
 * neighbours and where no NAT translates; otherwise a NAT it is behind, one around both included:
 * that may have turned it back. */
static bool is_source_of(const sim_world *world, const sim_packet *at, uint32_t to_site) {
    const sim_host *from = &world->hosts[at->from];
    bool is_bare = true; /* nothing on the way so far has another address for it */
    for (uint32_t i = from->site; i != SIM_NONE; i = world->sites[i].parent) {
        const sim_site *site = &world->sites[i];
        const bool translates = site->box != NULL && !nat_configuration(site->box)->firewall;
        if (site->has_changed) {
            return true; /* who knows when it left */
        }
        if (translates && nat_owns(site->box, &at->src)) {
            const nat_config *config = nat_configuration(site->box);
            return at->src.port >= config->port_min && at->src.port <= config->port_max;
        }
        is_bare = is_bare && (!translates || sim_route_holds(world, i, to_site));
    }
    return is_bare && sim_host_listens_at(from, &at->src);
}

void sim_invariants_on_delivery(const sim_world *world, uint32_t slot) {
    const sim_packet *at = sim_pool_at(&world->packets, slot);
    const sim_host *to = &world->hosts[at->to];
    MUST("no packet is delivered that was never sent",
         at->number != 0 && at->number <= world->result->packets_sent);
    MUST("no packet comes from nowhere: its source is its sender or the sender's NAT",
         is_source_of(world, at, to->site));
    MUST("a packet is delivered to the address it carries", sim_host_listens_at(to, &at->dst));
    MUST("no packet exceeds PUNCH_PACKET_MAX", at->length <= PUNCH_PACKET_MAX);
}

/* Longest time from the first INTRO to the last, in local time: gaps start at
 * PUNCH_GAP_FIRST_US_MAX at most and grow, or end at PUNCH_GAP_US_MAX at most and shrink towards
 * the past. The smaller of the two sums bounds every sequence of ROUNDS_MAX gaps. */
static punch_time_us punch_us_max(uint32_t backoff_permille) {
    const uint64_t permille = backoff_permille != 0 ? backoff_permille : PUNCH_BACKOFF_PERMILLE;
    uint64_t growing_us = PUNCH_GAP_FIRST_US_MAX;
    uint64_t shrinking_us = PUNCH_GAP_US_MAX;
    uint64_t forwards_us = 0;
    uint64_t backwards_us = 0;
    for (uint32_t round = 0; round < ROUNDS_MAX; round++) {
        forwards_us += growing_us;
        backwards_us += shrinking_us;
        growing_us = growing_us * permille / 1000;
        growing_us = growing_us < PUNCH_GAP_US_MAX ? growing_us : PUNCH_GAP_US_MAX;
        shrinking_us = (shrinking_us * 1000 + permille - 1) / permille; /* rounded up */
    }
    return (punch_time_us)(forwards_us < backwards_us ? forwards_us : backwards_us);
}

/* How long a side may leave a call undecided, in world time: a slow clock takes longer. */
static punch_time_us undecided_us_max(const sim_world *world, uint32_t host) {
    const sim_host_plan *plan = sim_world_host_plan(world, host);
    const sim_host_plan *broker = sim_world_host_plan(world, plan->broker);
    const punch_time_us local_us = SIGNALLING_US_MAX + punch_us_max(plan->options.backoff_permille);
    const int32_t slowest_ppb = plan->clock_drift_ppb < broker->clock_drift_ppb
                                    ? plan->clock_drift_ppb
                                    : broker->clock_drift_ppb;
    const sim_clock clock = {.drift_ppb = slowest_ppb < 0 ? slowest_ppb : 0};
    return sim_clock_world_us(clock, local_us);
}

void sim_invariants_on_decision(const sim_world *world, uint32_t index) {
    const sim_call *call = &world->calls[index];
    if (call->begun_at_us == PUNCH_NEVER) {
        return;
    }
    const punch_time_us took_us = world->now_us - call->begun_at_us;
    if (took_us <= PUNCH_RETRY_TOTAL_US) {
        return; /* nearly all calls: no bound is lower */
    }
    const sim_call_plan *plan = &world->plan->calls[index];
    if (world->hosts[plan->caller].has_slept || world->hosts[plan->callee].has_slept) {
        return; /* who sleeps decides nothing */
    }
    MUST("every call placed is decided within its bound",
         took_us <= punch_time_later(undecided_us_max(world, plan->caller),
                                     undecided_us_max(world, plan->callee)));
}

/* What an inside address of a site may have of its NAT. */
static void check_share(const sim_world *world, uint32_t index, const punch_addr *inside) {
    const sim_site *site = &world->sites[index];
    const uint32_t most = site->box != NULL ? site->promised->per_host_max : 0;
    if (most > 0) {
        MUST("no host has more mappings than its NAT grants one",
             nat_host_mapping_count(site->box, inside, world->now_us) <= most);
    }
}

/* Against the plan, not against what the NATs believe they were told. */
static void check_nats(const sim_world *world) {
    for (uint32_t i = 0; i < world->plan->site_count; i++) {
        const nat *box = world->sites[i].box;
        if (box != NULL) {
            const nat_config *config = world->sites[i].promised;
            MUST("no NAT holds more mappings than its table",
                 nat_mapping_count(box, world->now_us) <= config->table_max);
            MUST("no NAT remembers more remotes than its filters",
                 nat_filter_count(box) <=
                     (config->filters_max != 0 ? config->filters_max : 4 * config->table_max));
        }
    }
    for (uint32_t i = 0; i < world->plan->host_count; i++) {
        check_share(world, world->hosts[i].site, &world->hosts[i].addr);
    }
    for (uint32_t i = 0; i < world->plan->site_count; i++) {
        const sim_site *site = &world->sites[i];
        const uint32_t count = site->box != NULL && site->parent != SIM_NONE
                                   ? nat_config_addresses(nat_configuration(site->box))
                                   : 0;
        for (uint32_t number = 0; number < count; number++) {
            const punch_addr inside = nat_external(site->box, number);
            check_share(world, site->parent, &inside);
        }
    }
}

static void check_packets(const sim_world *world) {
    const sim_trial_result *result = world->result;
    const uint64_t errors_live = world->errors_made - world->errors_ended;
    MUST("no ICMP error vanishes", errors_live <= world->packets.live);
    uint64_t ended = result->packets_delivered + result->packets_lost_link;
    for (uint32_t why = 0; why < SIM_LOSS_COUNT; why++) {
        ended += result->packets_lost_elsewhere[why];
    }
    uint64_t blocked = 0;
    for (uint32_t verdict = 0; verdict < NAT_VERDICT_COUNT; verdict++) {
        blocked += result->verdicts[verdict];
    }
    MUST("every packet that was blocked met a verdict", blocked == result->packets_blocked);
    MUST("every packet was delivered, lost, blocked, addressed to nobody, or is under way",
         result->packets_sent + result->packets_copied ==
             ended + result->packets_blocked + result->packets_left);
}

/* Nothing lasts longer than the hold it is part of. */
static void check_holds(const sim_world *world) {
    for (uint32_t i = 0; world->watches_holes && i < world->plan->call_count; i++) {
        const sim_hold_result *hold = &world->result->calls[i].hold;
        MUST("no hold is longer than its world", hold->held_us <= world->result->ended_at_us);
        for (uint32_t side = 0; side < 2; side++) {
            MUST("nobody is unreachable for longer than the hold",
                 hold->unreachable_us[side] >= 0 && hold->unreachable_us[side] <= hold->held_us);
            MUST("the longest time unreachable is part of all of it",
                 hold->unreachable_us_max[side] <= hold->unreachable_us[side]);
            MUST("a hole is lost within its hold, or never",
                 (hold->hole_lost_at_us[side] == PUNCH_NEVER) == (hold->holes_lost[side] == 0) &&
                     (hold->holes_lost[side] == 0 || hold->hole_lost_at_us[side] <= hold->held_us));
        }
    }
}

void sim_invariants_on_finish(const sim_world *world) {
    for (uint32_t i = 0; i < world->plan->call_count; i++) {
        if (!world->calls[i].is_decided) {
            sim_invariants_on_decision(world, i); /* it may still be, within the bound */
        }
    }
    check_nats(world);
    check_packets(world);
    check_holds(world);
}
