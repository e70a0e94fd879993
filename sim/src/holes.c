/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holes.h"

#include <string.h>

#include "punch/assert.h"
#include "sim/truth.h"
#include "world_internal.h"

/* One side of one call; its hole is the one packets towards it come in by. */
typedef struct {
    uint32_t call;
    uint32_t side;
} place;

static sim_hole *hole_of(sim_world *world, place at) {
    return &world->holds[at.call].holes[at.side];
}

static sim_hold_result *result_of(sim_world *world, uint32_t call) {
    return &world->result->calls[call].hold;
}

/* The hold's clock at an instant of the world. */
static punch_time_us held_at(const sim_hold *hold, punch_time_us at_us) {
    return hold->running_since_us == PUNCH_NEVER
               ? hold->held_us
               : hold->held_us + punch_time_later(at_us - hold->running_since_us, 0);
}

static bool clock_runs(const sim_hold *hold) {
    return hold->running_since_us != PUNCH_NEVER;
}

static uint32_t host_of(const sim_world *world, uint32_t call, uint32_t side) {
    const sim_call_plan *plan = &world->plan->calls[call];
    return side == 0 ? plan->caller : plan->callee;
}

/* --- reachable or not --------------------------------------------------------------------------
 */

/* Enters a time in which the side was not reachable, now that it is over. */
static void enter_span(sim_world *world, place at) {
    sim_hold_result *result = result_of(world, at.call);
    const punch_time_us span_us =
        held_at(&world->holds[at.call], world->now_us) - hole_of(world, at)->shut_held_us;
    result->unreachable_us[at.side] += span_us;
    result->unreachable_us_max[at.side] =
        punch_time_later(result->unreachable_us_max[at.side], span_us);
}

static void cease_reachable(sim_world *world, place at, punch_time_us at_us) {
    sim_hole *hole = hole_of(world, at);
    if (hole->is_reachable) {
        hole->is_reachable = false;
        hole->shut_held_us = held_at(&world->holds[at.call], at_us);
    }
}

/* The hole shut at at_us, which may lie in the past. */
static void lose(sim_world *world, place at, punch_time_us at_us) {
    sim_hold_result *result = result_of(world, at.call);
    hole_of(world, at)->is_open = false;
    result->holes_lost[at.side]++;
    result->hole_lost_at_us[at.side] = punch_time_earlier(result->hole_lost_at_us[at.side],
                                                          held_at(&world->holds[at.call], at_us));
    cease_reachable(world, at, at_us);
}

/* Is the latest fault over? */
static void recover(sim_world *world, uint32_t call) {
    sim_hold *hold = &world->holds[call];
    const sim_hole *holes = hold->holes;
    if (hold->fault_at_us == PUNCH_NEVER || !holes[0].is_reachable || !holes[1].is_reachable ||
        !holes[0].has_heard || !holes[1].has_heard) {
        return;
    }
    sim_hold_result *result = result_of(world, call);
    result->recovery_us_max =
        punch_time_later(result->recovery_us_max, world->now_us - hold->fault_at_us);
    hold->fault_at_us = PUNCH_NEVER;
}

/* --- looking -----------------------------------------------------------------------------------
 */

static uint32_t outermost(const sim_world *world, uint32_t host) {
    uint32_t site = world->hosts[host].site;
    while (world->sites[site].parent != SIM_NONE) {
        site = world->sites[site].parent;
    }
    return site;
}

/* At one site, or behind one carrier: what they send each other does not cross the core. */
static bool are_neighbours(const sim_world *world, uint32_t call) {
    return outermost(world, host_of(world, call, 0)) == outermost(world, host_of(world, call, 1));
}

/* What the counterparty sends, as it stands before this side's outermost NAT. */
static nat_packet packet_towards(const sim_world *world, place at) {
    const uint32_t theirs = 1 - at.side;
    const nat_packet packet = {.src = world->holds[at.call].holes[theirs].source,
                               .dst = world->calls[at.call].sides[theirs].remote};
    return packet;
}

/* Until when what the counterparty sends would come in, if nothing else happened; now: it does not.
 * Where the counterparty's own mapping has lapsed, the port it will get is not drawn yet: its last
 * one counts until it sends. Neighbours have no timeout to wait for: they are looked at whenever a
 * packet of theirs leaves. */
static punch_time_us open_until(const sim_world *world, place at) {
    const uint32_t theirs = 1 - at.side;
    if (are_neighbours(world, at.call)) {
        return sim_truth_has_opened(world, at.call, theirs) ? PUNCH_NEVER : world->now_us;
    }
    const nat_packet packet = packet_towards(world, at);
    return sim_truth_admitted_until(world, &packet, host_of(world, at.call, at.side));
}

static void look(sim_world *world, place at) {
    const sim_hold *hold = &world->holds[at.call];
    sim_hole *hole = hole_of(world, at);
    if (!hold->is_up || !clock_runs(hold)) {
        return;
    }
    const punch_time_us until_us = open_until(world, at);
    if (until_us <= world->now_us) {
        if (hole->is_open) {
            lose(world, at, punch_time_earlier(hole->until_us, world->now_us));
        }
        return;
    }
    hole->is_open = true;
    hole->until_us = until_us;
    if (!hole->is_reachable) {
        enter_span(world, at);
        hole->is_reachable = true;
        recover(world, at.call);
    }
    if (until_us < hole->event_at_us) {
        hole->event_at_us = until_us;
        hole->event_seq = sim_world_push_look(world, until_us, 2 * at.call + at.side);
    }
}

static void look_at_both(sim_world *world, uint32_t call) {
    look(world, (place){call, 0});
    look(world, (place){call, 1});
}

bool sim_holes_look_is_live(const sim_world *world, uint32_t index_and_side, uint32_t seq) {
    const sim_hole *hole = &world->holds[index_and_side / 2].holes[index_and_side % 2];
    return hole->event_at_us != PUNCH_NEVER && hole->event_seq == seq;
}

void sim_holes_on_look(sim_world *world, uint32_t index_and_side, uint32_t seq) {
    const place at = {index_and_side / 2, index_and_side % 2};
    if (sim_holes_look_is_live(world, index_and_side, seq)) {
        hole_of(world, at)->event_at_us = PUNCH_NEVER;
        look(world, at);
    }
}

void sim_holes_on_mappings_ended(sim_world *world, uint32_t site) {
    for (uint32_t i = 0; world->watches_holes && i < world->plan->call_count; i++) {
        if (sim_route_holds(world, site, world->hosts[host_of(world, i, 0)].site) ||
            sim_route_holds(world, site, world->hosts[host_of(world, i, 1)].site)) {
            look_at_both(world, i);
        }
    }
}

/* What comes out of the core towards a host, as it stands before the NAT of a site around that
 * host: the NATs further out have let it in. */
static nat_packet packet_before(const sim_world *world, uint32_t site, const nat_packet *from) {
    nat_packet packet = *from;
    const uint32_t outer = world->sites[site].parent;
    if (outer != SIM_NONE) {
        packet = packet_before(world, outer, from);
        if (world->sites[outer].box != NULL) {
            (void)nat_admits_until(world->sites[outer].box, &packet, world->now_us);
        }
    }
    return packet;
}

/* The NAT is at that instant, not at the world's: it may not be asked anything else, nor may those
 * further in. */
void sim_holes_on_crowded_out(sim_world *world, uint32_t site, punch_time_us at_us) {
    for (uint32_t i = 0; world->watches_holes && i < 2 * world->plan->call_count; i++) {
        const place at = {i / 2, i % 2};
        const sim_hold *hold = &world->holds[at.call];
        if (!hold->is_up || !clock_runs(hold) || !hole_of(world, at)->is_open ||
            !sim_route_holds(world, site, world->hosts[host_of(world, at.call, at.side)].site) ||
            are_neighbours(world, at.call)) {
            continue;
        }
        const nat_packet towards = packet_towards(world, at);
        nat_packet packet = packet_before(world, site, &towards);
        if (nat_admits_until(world->sites[site].box, &packet, at_us) <= at_us) {
            lose(world, at, punch_time_earlier(hole_of(world, at)->until_us, at_us));
        }
    }
}

/* --- life of a hold ----------------------------------------------------------------------------
 */

static void begin_meters(sim_world *world, uint32_t call) {
    for (uint32_t side = 0; side < 2; side++) {
        sim_host *host = &world->hosts[host_of(world, call, side)];
        if (host->meter == SIM_NONE) {
            host->meter = world->meters_used++;
            sim_meter_begin(&world->meters[host->meter], world->now_us);
        }
    }
}

static void begin_hold(sim_world *world, uint32_t index) {
    sim_hold *hold = &world->holds[index];
    sim_hold_result *result = result_of(world, index);
    memset(hold, 0, sizeof *hold);
    hold->running_since_us = PUNCH_NEVER;
    hold->fault_at_us = PUNCH_NEVER;
    hold->crash_at_us = PUNCH_NEVER;
    result->notice_us = PUNCH_NEVER;
    for (uint32_t side = 0; side < 2; side++) {
        hold->holes[side].event_at_us = PUNCH_NEVER;
        hold->holes[side].source = world->hosts[host_of(world, index, side)].addr;
        result->hole_lost_at_us[side] = PUNCH_NEVER;
    }
}

void sim_holes_begin(sim_world *world) {
    world->watches_holes = world->plan->hold_us > 0;
    world->meters_used = 0;
    for (uint32_t i = 0; world->watches_holes && i < world->plan->call_count; i++) {
        begin_hold(world, i);
    }
}

/* The clock stands from now on. */
static void stop_clock(sim_world *world, uint32_t call) {
    sim_hold *hold = &world->holds[call];
    look_at_both(world, call);
    hold->held_us = held_at(hold, world->now_us);
    hold->running_since_us = PUNCH_NEVER;
}

static void end_hold(sim_world *world, uint32_t call) {
    sim_hold *hold = &world->holds[call];
    sim_hold_result *result = result_of(world, call);
    if (!hold->has_begun || hold->is_over) {
        return;
    }
    hold->was_asleep = !clock_runs(hold);
    stop_clock(world, call);
    for (uint32_t side = 0; side < 2; side++) {
        if (!hold->holes[side].is_reachable) {
            enter_span(world, (place){call, side});
        }
    }
    if (hold->fault_at_us != PUNCH_NEVER && !result->has_crashed) {
        result->recovery_us_max = PUNCH_NEVER;
    }
    result->held_us = hold->held_us;
    hold->is_up = false;
    hold->is_over = true;
}

void sim_holes_on_up(sim_world *world, uint32_t call) {
    sim_hold *hold = &world->holds[call];
    if (!world->watches_holes || hold->is_over) {
        return;
    }
    if (!hold->has_begun) {
        hold->has_begun = true;
        hold->running_since_us = world->now_us;
        begin_meters(world, call);
    }
    hold->is_up = true;
    look_at_both(world, call);
}

void sim_holes_on_ended(sim_world *world, uint32_t call, uint32_t side, bool lasting) {
    sim_hold *hold = &world->holds[call];
    sim_hold_result *result = result_of(world, call);
    if (!world->watches_holes || !hold->has_begun) {
        return;
    }
    if (result->has_crashed && result->notice_us == PUNCH_NEVER &&
        !world->hosts[host_of(world, call, side)].is_down) {
        result->notice_us = world->now_us - hold->crash_at_us;
    }
    if (hold->is_up) {
        look_at_both(world, call);
        hold->is_up = false;
        for (uint32_t i = 0; i < 2; i++) {
            hold->holes[i].is_open = false;
            cease_reachable(world, (place){call, i}, world->now_us);
        }
    }
    if (lasting) {
        end_hold(world, call);
    }
}

void sim_holes_on_moved(sim_world *world, uint32_t call, uint32_t side) {
    if (world->watches_holes) {
        look(world, (place){call, 1 - side});
    }
}

/* --- faults ------------------------------------------------------------------------------------
 */

static void note_fault(sim_world *world, uint32_t call) {
    sim_hold *hold = &world->holds[call];
    if (!hold->has_begun || hold->is_over) {
        return;
    }
    result_of(world, call)->faults++;
    hold->fault_at_us = punch_time_earlier(hold->fault_at_us, world->now_us);
    hold->fault_packet = world->result->packets_sent;
    hold->holes[0].has_heard = false;
    hold->holes[1].has_heard = false;
}

static void on_crash(sim_world *world, uint32_t call) {
    sim_hold *hold = &world->holds[call];
    if (hold->is_up && !hold->is_over) {
        result_of(world, call)->has_crashed = true;
        hold->crash_at_us = world->now_us;
    }
    end_hold(world, call);
}

static void on_wake(sim_world *world, uint32_t call) {
    sim_hold *hold = &world->holds[call];
    const bool sleeps = world->hosts[host_of(world, call, 0)].is_down ||
                        world->hosts[host_of(world, call, 1)].is_down;
    if (hold->was_asleep) {
        result_of(world, call)->faults++;
        result_of(world, call)->recovery_us_max = PUNCH_NEVER;
    } else if (hold->has_begun && !hold->is_over && !sleeps) {
        hold->running_since_us = world->now_us;
        note_fault(world, call);
    }
}

static void strike(sim_world *world, uint32_t call, sim_fault_kind kind) {
    switch (kind) {
    case SIM_FAULT_PEER_CRASH:
        on_crash(world, call);
        break;
    case SIM_FAULT_PEER_SLEEP:
        stop_clock(world, call);
        break;
    case SIM_FAULT_PEER_WAKE:
        on_wake(world, call);
        break;
    case SIM_FAULT_NAT_REBOOT:
    case SIM_FAULT_NAT_RENUMBER:
        note_fault(world, call);
        break;
    case SIM_FAULT_BROKER_DOWN:
    case SIM_FAULT_BROKER_UP:
    case SIM_FAULT_BROKER_RESTART:
    case SIM_FAULT_LINK_DOWN:
    case SIM_FAULT_LINK_UP:
    case SIM_FAULT_NAT_CHANGE:
    case SIM_FAULT_RENEGOTIATE:
        break;
    }
    look_at_both(world, call);
}

static bool is_struck(const sim_world *world, uint32_t call, const sim_fault *fault) {
    const uint32_t caller = host_of(world, call, 0);
    const uint32_t callee = host_of(world, call, 1);
    return sim_fault_is_of_site(fault->kind)
               ? sim_route_holds(world, fault->index, world->hosts[caller].site) ||
                     sim_route_holds(world, fault->index, world->hosts[callee].site)
               : caller == fault->index || callee == fault->index;
}

void sim_holes_on_fault(sim_world *world, const sim_fault *fault) {
    for (uint32_t i = 0; world->watches_holes && i < world->plan->call_count; i++) {
        if (is_struck(world, i, fault)) {
            strike(world, i, fault->kind);
        }
    }
    if (fault->kind == SIM_FAULT_PEER_CRASH && world->hosts[fault->index].meter != SIM_NONE) {
        sim_meter_end(&world->meters[world->hosts[fault->index].meter],
                      &world->plan->hosts[fault->index].radio, world->now_us);
    }
}

/* --- packets -----------------------------------------------------------------------------------
 */

static sim_meter *meter_of(sim_world *world, uint32_t host) {
    const uint32_t meter = world->hosts[host].meter;
    return meter != SIM_NONE ? &world->meters[meter] : NULL;
}

void sim_holes_saw_send(sim_world *world, const sim_packet *at) {
    sim_meter *meter = meter_of(world, at->from);
    if (meter == NULL) {
        return;
    }
    sim_meter_use(meter, &world->plan->hosts[at->from].radio, at, world->now_us);
    if (at->call == SIM_NONE) {
        return;
    }
    if (are_neighbours(world, at->call)) {
        look_at_both(world, at->call); /* before their NAT sees it */
    }
    const sim_hold *hold = &world->holds[at->call];
    if (sim_packet_is_keepalive(at) && hold->is_up && clock_runs(hold)) {
        sim_hold_result *result = result_of(world, at->call);
        result->keepalives[1 - at->to_side]++;
        result->keepalive_bytes[1 - at->to_side] += sim_packet_ip_bytes(at);
    }
}

/* A packet of this host may have opened any of its holes that are shut. */
static void look_at_shut(sim_world *world, uint32_t host) {
    for (uint32_t i = world->hosts[host].first_call; i != SIM_NONE;) {
        const uint32_t side = host_of(world, i, 0) == host ? 0 : 1;
        if (!world->holds[i].holes[side].is_open) {
            look(world, (place){i, side});
        }
        i = world->calls[i].next_call[side];
    }
}

void sim_holes_saw_leave(sim_world *world, const sim_packet *at) {
    if (!world->watches_holes) {
        return;
    }
    if (at->call != SIM_NONE) {
        const uint32_t from = 1u - at->to_side;
        sim_hole *own = &world->holds[at->call].holes[from];
        if (!punch_addr_equal(&own->source, &at->src)) {
            own->source = at->src;
            look(world, (place){at->call, at->to_side});
        }
    }
    look_at_shut(world, at->from);
}

void sim_holes_saw_arrival(sim_world *world, const sim_packet *at) {
    sim_meter *meter = meter_of(world, at->to);
    if (meter == NULL) {
        return;
    }
    sim_meter_use(meter, &world->plan->hosts[at->to].radio, at, world->now_us);
    if (at->call == SIM_NONE) {
        return;
    }
    sim_hold *hold = &world->holds[at->call];
    if (hold->fault_at_us != PUNCH_NEVER && at->number > hold->fault_packet) {
        hold->holes[at->to_side].has_heard = true;
        recover(world, at->call);
    }
}

/* --- the end -----------------------------------------------------------------------------------
 */

void sim_holes_finish(sim_world *world) {
    for (uint32_t i = 0; world->watches_holes && i < world->plan->call_count; i++) {
        end_hold(world, i);
        for (uint32_t side = 0; side < 2; side++) {
            const uint32_t host = host_of(world, i, side);
            sim_meter *meter = meter_of(world, host);
            if (world->holds[i].has_begun && meter != NULL) {
                sim_meter_end(meter, &world->plan->hosts[host].radio, world->now_us);
                sim_meter_read(meter, &world->plan->hosts[host].radio, result_of(world, i), side);
            }
        }
    }
}
