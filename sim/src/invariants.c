/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must never happen, whatever the scenario: checked beside the world, in every run. A breach
 * is a bug of the core, of a NAT model or of the world itself and ends in punch_panic(). Nothing
 * here asks the core: the world's own eyes only.
 */
#include "punch/assert.h"
#include "world_internal.h"

#define WAKES_PER_INSTANT_MAX 1000 /* chosen: more timers than that at one instant do not end */

/* The longest a call may stay undecided once placed: CALL answered or given up, ringing, ACCEPT to
 * GO, then the punch. A punch sends at most PUNCH_INTROS_PER_TARGET_MAX INTROs to an address, no
 * gap above PUNCH_GAP_US_MAX, and waits one more claimed round trip of both. */
#define CALL_UNDECIDED_US_MAX                                        \
    (2 * PUNCH_RETRY_TOTAL_US + PUNCH_RING_TOTAL_US +                \
     (punch_time_us)PUNCH_INTROS_PER_TARGET_MAX * PUNCH_GAP_US_MAX + \
     2 * (punch_time_us)PUNCH_RTT_CLAIM_US_MAX + PUNCH_RETRY_TOTAL_US)

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

void sim_invariants_on_delivery(const sim_world *world, uint32_t slot) {
    const sim_packet *at = sim_pool_at(&world->packets, slot);
    MUST("no packet is delivered that was never sent",
         at->number != 0 && at->number <= world->result->packets_sent);
    MUST("no packet exceeds PUNCH_PACKET_MAX", at->length <= PUNCH_PACKET_MAX);
}

static void check_nats(const sim_world *world) {
    for (uint32_t i = 0; i < world->plan->site_count; i++) {
        const nat *box = world->sites[i].box;
        if (box != NULL) {
            MUST("no NAT holds more mappings than its table",
                 nat_mapping_count(box, world->now_us) <= nat_configuration(box)->table_max);
        }
    }
}

static void check_packets(const sim_world *world) {
    const sim_trial_result *result = world->result;
    MUST("every packet was delivered, lost, blocked, addressed to nobody, or is under way",
         result->packets_sent + world->duplicates ==
             result->packets_delivered + result->packets_lost_link + result->packets_blocked +
                 world->nowhere + world->packets.live);
}

void sim_invariants_on_finish(const sim_world *world) {
    for (uint32_t i = 0; i < world->plan->call_count; i++) {
        const sim_call *call = &world->calls[i];
        MUST("every call placed is decided within its bound",
             call->is_decided || call->begun_at_us == PUNCH_NEVER ||
                 world->now_us - call->begun_at_us <= CALL_UNDECIDED_US_MAX);
    }
    check_nats(world);
    check_packets(world);
}
