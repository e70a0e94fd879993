/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Life of a world: memory once, then trials. Everything a trial needs was allocated for the largest
 * plan; a reset touches what the plan at hand uses and nothing else.
 */
#include "sim/world.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "punch/assert.h"
#include "purpose.h"
#include "sim/digest.h"
#include "world_internal.h"

enum { ALIGNMENT = 64 }; /* one cache line: chosen for NATs and cores */

static size_t aligned(size_t bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* --- events ------------------------------------------------------------------------------------
 */

void sim_world_push(sim_world *world, punch_time_us at_us, sim_event_kind kind, uint32_t index) {
    (void)sim_queue_push(&world->queue, at_us, (uint32_t)kind << SIM_EVENT_INDEX_BITS | index);
}

static bool is_live(const void *user, const sim_event *event) {
    const sim_world *world = user;
    const uint32_t index = event->what & SIM_EVENT_INDEX_MAX;
    const uint32_t kind = event->what >> SIM_EVENT_INDEX_BITS;
    if (kind == SIM_EVENT_LOOK) {
        return sim_holes_look_is_live(world, index, event->seq);
    }
    return kind != SIM_EVENT_TIMER || (world->hosts[index].timer_seq == event->seq &&
                                       world->hosts[index].timer_at_us == event->at_us);
}

/* Makes room for one more timer or look. */
static void sweep_timers(sim_world *world) {
    if (world->timers_queued == world->timers_cap) {
        const uint32_t before = world->queue.count;
        sim_queue_filter(&world->queue, is_live, world);
        world->timers_queued -= before - world->queue.count;
    }
    world->timers_queued++;
}

uint32_t sim_world_push_look(sim_world *world, punch_time_us at_us, uint32_t index_and_side) {
    sweep_timers(world);
    return sim_queue_push(&world->queue, at_us,
                          (uint32_t)SIM_EVENT_LOOK << SIM_EVENT_INDEX_BITS | index_and_side);
}

void sim_world_push_timer(sim_world *world, sim_host *at, punch_time_us at_us) {
    at->timer_at_us = PUNCH_NEVER; /* an event armed before is stale from here on */
    sweep_timers(world);
    at->timer_at_us = at_us;
    at->timer_seq =
        sim_queue_push(&world->queue, at_us,
                       (uint32_t)SIM_EVENT_TIMER << SIM_EVENT_INDEX_BITS | sim_host_index(at));
}

static const char *fault_text(sim_fault_kind kind) {
    switch (kind) {
    case SIM_FAULT_BROKER_DOWN:
        return "broker down";
    case SIM_FAULT_BROKER_UP:
        return "broker up";
    case SIM_FAULT_BROKER_RESTART:
        return "broker restarts";
    case SIM_FAULT_LINK_DOWN:
        return "link down";
    case SIM_FAULT_LINK_UP:
        return "link up";
    case SIM_FAULT_NAT_REBOOT:
        return "NAT reboots: its mappings are gone";
    case SIM_FAULT_NAT_RENUMBER:
        return "NAT has a new external address: its mappings are gone";
    case SIM_FAULT_NAT_CHANGE:
        return "NAT changes its behaviour";
    case SIM_FAULT_PEER_CRASH:
        return "peer crashes";
    case SIM_FAULT_PEER_SLEEP:
        return "peer falls asleep";
    case SIM_FAULT_PEER_WAKE:
        return "peer wakes";
    case SIM_FAULT_RENEGOTIATE:
        return "peer offers other keepalive strategies";
    }
    return "";
}

/* May packets that left under one configuration come from where none would under the other? */
static bool seems_other(const nat_config *a, const nat_config *b) {
    return nat_config_addresses(a) != nat_config_addresses(b) || a->port_min != b->port_min ||
           a->port_max != b->port_max || a->firewall != b->firewall;
}

static void strike_site(sim_world *world, const sim_fault *fault) {
    sim_site *site = &world->sites[fault->index];
    nat *box = sim_site_nat_now(world, site);
    switch (fault->kind) {
    case SIM_FAULT_BROKER_DOWN:
    case SIM_FAULT_BROKER_UP:
    case SIM_FAULT_BROKER_RESTART:
    case SIM_FAULT_PEER_CRASH:
    case SIM_FAULT_PEER_SLEEP:
    case SIM_FAULT_PEER_WAKE:
    case SIM_FAULT_RENEGOTIATE:
        break; /* strike hosts */
    case SIM_FAULT_LINK_DOWN:
    case SIM_FAULT_LINK_UP:
        site->up.is_down = fault->kind == SIM_FAULT_LINK_DOWN;
        site->down.is_down = fault->kind == SIM_FAULT_LINK_DOWN;
        break;
    case SIM_FAULT_NAT_REBOOT:
        nat_flush(box, world->now_us);
        break;
    case SIM_FAULT_NAT_RENUMBER:
        nat_renumber(box, &fault->external, world->now_us);
        site->external = fault->external;
        site->has_changed = true;
        sim_route_begin(world);
        break;
    case SIM_FAULT_NAT_CHANGE:
        site->has_changed = site->has_changed || seems_other(nat_configuration(box), &fault->nat);
        nat_change(box, &fault->nat, world->now_us);
        site->promised = &fault->nat;
        sim_route_begin(world); /* it may have other addresses now */
        break;
    }
    sim_holes_on_fault(world, fault);
}

static void strike_host(sim_world *world, const sim_fault *fault) {
    sim_host *host = &world->hosts[fault->index];
    switch (fault->kind) {
    case SIM_FAULT_BROKER_DOWN:
    case SIM_FAULT_BROKER_UP:
        host->is_down = fault->kind == SIM_FAULT_BROKER_DOWN;
        break;
    case SIM_FAULT_BROKER_RESTART:
        sim_host_restart_broker(world, fault->index);
        break;
    case SIM_FAULT_PEER_CRASH:
    case SIM_FAULT_PEER_SLEEP:
        host->is_down = true;
        host->has_slept = true;
        host->has_crashed = host->has_crashed || fault->kind == SIM_FAULT_PEER_CRASH;
        sim_holes_on_fault(world, fault);
        sim_calls_on_down(world, fault->index);
        break;
    case SIM_FAULT_PEER_WAKE:
        if (host->is_down && !host->has_crashed) {
            host->is_down = false;
            sim_holes_on_fault(world, fault);
            sim_host_wake(world, fault->index, fault->network_changed);
            sim_calls_on_wake(world, fault->index);
        }
        break;
    case SIM_FAULT_RENEGOTIATE:
        sim_host_renegotiate(world, fault->index, fault->offers);
        break;
    case SIM_FAULT_LINK_DOWN:
    case SIM_FAULT_LINK_UP:
    case SIM_FAULT_NAT_REBOOT:
    case SIM_FAULT_NAT_RENUMBER:
    case SIM_FAULT_NAT_CHANGE:
        break; /* strike sites */
    }
}

static void on_fault(sim_world *world, uint32_t index) {
    const sim_fault *fault = &world->plan->faults[index];
    const bool is_site = sim_fault_is_of_site(fault->kind);
    if (world->observer != NULL) {
        const sim_saw saw = {.kind = SIM_SAW_FAULT,
                             .at_us = world->now_us,
                             .host = is_site ? SIM_NONE : fault->index,
                             .site = is_site ? fault->index : SIM_NONE,
                             .text = fault_text(fault->kind)};
        world->observer->saw(world->observer->user, &saw);
    }
    if (is_site) {
        strike_site(world, fault);
    } else {
        strike_host(world, fault);
    }
    if (index + 1 < world->plan->fault_count) {
        sim_world_push(world, world->plan->faults[index + 1].at_us, SIM_EVENT_FAULT, index + 1);
    }
}

static void dispatch(sim_world *world, const sim_event *event) {
    const uint32_t index = event->what & SIM_EVENT_INDEX_MAX;
    switch ((sim_event_kind)(event->what >> SIM_EVENT_INDEX_BITS)) {
    case SIM_EVENT_START:
        sim_host_start(world, index);
        break;
    case SIM_EVENT_TIMER:
        world->timers_queued--;
        sim_host_on_timer(world, index, event->seq);
        break;
    case SIM_EVENT_CALL:
        sim_calls_on_due(world, index);
        break;
    case SIM_EVENT_MESSAGE:
        sim_calls_on_message(world, index);
        break;
    case SIM_EVENT_FAULT:
        on_fault(world, index);
        break;
    case SIM_EVENT_LEAVE:
        sim_fabric_on_leave(world, index);
        break;
    case SIM_EVENT_DOWN:
        sim_fabric_on_down(world, index);
        break;
    case SIM_EVENT_ENTER:
        sim_fabric_on_enter(world, index);
        break;
    case SIM_EVENT_ARRIVE:
        sim_fabric_on_arrive(world, index);
        break;
    case SIM_EVENT_LOOK:
        world->timers_queued--;
        world->result->events--; /* looking is no event of the world's */
        sim_holes_on_look(world, index, event->seq);
        break;
    case SIM_EVENT_CLIMB:
        sim_fabric_on_climb(world, index);
        break;
    }
}

/* --- memory ------------------------------------------------------------------------------------
 */

/* What the NAT of a site is, and what the timeline may make of it. A NAT made for that can be reset
 * to any configuration that needs no more memory. */
static nat_config nat_room(const sim_plan *largest, uint32_t site) {
    nat_config room = largest->sites[site].nat;
    for (uint32_t i = 0; i < largest->fault_count; i++) {
        const sim_fault *fault = &largest->faults[i];
        if (fault->kind == SIM_FAULT_NAT_CHANGE && fault->index == site) {
            room = nat_config_room(&room, &fault->nat);
        }
    }
    return room;
}

/* Lays cores and NATs out one behind the other; with no arena it only measures. */
static size_t lay_out(sim_world *world, const sim_plan *largest, uint8_t *arena) {
    size_t used = 0;
    for (uint32_t i = 0; i < largest->host_count; i++) {
        const size_t bytes = sim_host_core_bytes(largest, i);
        if (arena != NULL) {
            world->hosts[i].core = arena + used;
            world->hosts[i].core_cap = (uint32_t)bytes;
        }
        used += aligned(bytes);
    }
    for (uint32_t i = 0; i < largest->site_count; i++) {
        if (!largest->sites[i].has_nat) {
            continue;
        }
        const nat_config room = nat_room(largest, i);
        if (arena != NULL) {
            world->sites[i].nat_memory = nat_init(arena + used, &room, &largest->sites[i].external,
                                                  punch_rng_stream(0, 0, SIM_PURPOSE_NAT));
        }
        used += aligned(nat_size(&room));
    }
    return used;
}

/* Room for others' flows at every site, if there are any at all. */
static bool make_crosses(sim_world *world, const sim_plan *largest) {
    bool any = false;
    for (uint32_t i = 0; i < largest->site_count; i++) {
        any = any || largest->sites[i].cross.rate_milli > 0;
    }
    if (any) {
        world->crosses = sim_memory_take_zeroed(largest->site_count, sizeof *world->crosses);
    }
    return !any || world->crosses != NULL;
}

static bool allocate(sim_world *world, const sim_plan *largest) {
    const size_t call_count = largest->call_count > 0 ? largest->call_count : 1;
    world->host_cap = largest->host_count;
    world->site_cap = largest->site_count;
    world->call_cap = largest->call_count;
    world->hosts = sim_memory_take_zeroed(largest->host_count, sizeof *world->hosts);
    world->sites = sim_memory_take_zeroed(largest->site_count, sizeof *world->sites);
    world->calls = sim_memory_take_zeroed(call_count, sizeof *world->calls);
    world->holds = sim_memory_take_zeroed(call_count, sizeof *world->holds);
    world->meters = sim_memory_take_zeroed(2 * call_count, sizeof *world->meters);
    world->contacts = sim_memory_take_zeroed(call_count, sizeof *world->contacts);
    if (world->hosts == NULL || world->sites == NULL || world->calls == NULL ||
        world->holds == NULL || world->meters == NULL || world->contacts == NULL) {
        return false;
    }
    if (!make_crosses(world, largest)) {
        return false;
    }
    world->arena_bytes = lay_out(world, largest, NULL);
    world->arena = sim_memory_take(world->arena_bytes);
    if (world->arena == NULL) {
        return false;
    }
    (void)lay_out(world, largest, world->arena);
    /* More than the live timers and looks: stale ones are swept out when the room is used up, and
     * at least a fifth of it is then free again. */
    const uint32_t live = largest->host_count + 2 * largest->call_count;
    world->timers_cap = live + live / 4 + 16;
    const uint64_t events = (uint64_t)largest->packets_max + 1 + world->timers_cap +
                            largest->host_count + 3 * (uint64_t)largest->call_count + 1;
    PUNCH_ASSERT(events <= UINT32_MAX);
    return sim_queue_create(&world->queue, (uint32_t)events) &&
           sim_pool_create(&world->packets, largest->packets_max + 1) &&
           sim_route_create(&world->routes, largest->host_count, sim_route_externals(largest));
}

sim_world *sim_world_create(const sim_plan *largest) {
    sim_world *world = calloc(1, sizeof *world);
    if (world != NULL && !allocate(world, largest)) {
        sim_world_destroy(world);
        return NULL;
    }
    return world;
}

void sim_world_destroy(sim_world *world) {
    if (world == NULL) {
        return;
    }
    sim_queue_destroy(&world->queue);
    sim_pool_destroy(&world->packets);
    sim_route_destroy(&world->routes);
    free(world->arena);
    free(world->hosts);
    free(world->sites);
    free(world->crosses);
    free(world->calls);
    free(world->holds);
    free(world->meters);
    free(world->contacts);
    free(world);
}

size_t sim_world_bytes(const sim_world *world) {
    return sizeof *world + world->arena_bytes + world->host_cap * sizeof *world->hosts +
           world->site_cap * sizeof *world->sites +
           world->call_cap * (sizeof *world->calls + sizeof *world->contacts +
                              sizeof *world->holds + 2 * sizeof *world->meters) +
           (world->crosses != NULL ? world->site_cap * sizeof *world->crosses : 0) +
           world->queue.cap * sizeof(sim_event) + world->packets.cap * sizeof(sim_packet) +
           world->routes.cap * sizeof(uint32_t);
}

size_t sim_world_core_bytes(const sim_world *world, uint32_t host) {
    PUNCH_ASSERT(host < world->host_cap);
    return aligned(world->hosts[host].core_cap);
}

size_t sim_world_nat_bytes(const sim_world *world, uint32_t site) {
    PUNCH_ASSERT(site < world->site_cap);
    const nat *box = world->sites[site].nat_memory;
    return box != NULL ? aligned(nat_room_bytes(box)) : 0;
}

/* --- a trial -----------------------------------------------------------------------------------
 */

/* Others' flows have ended mappings, perhaps some time ago. */
static void on_crowded_out(void *user, uint32_t site, punch_time_us at_us) {
    sim_holes_on_crowded_out(user, site, at_us);
}

static void begin_site(sim_world *world, uint32_t index) {
    const sim_site_plan *plan = &world->plan->sites[index];
    sim_site *site = &world->sites[index];
    sim_link_init(&site->up, &plan->up, world->seed, 2 * index);
    sim_link_init(&site->down, &plan->down, world->seed, 2 * index + 1);
    site->external = plan->external;
    site->region = plan->region;
    site->parent = sim_site_parent(plan);
    site->lan_delay_us = plan->lan_delay_us;
    site->only_host = SIM_NONE;
    site->is_shared = false;
    site->is_direct = sim_link_is_plain(&plan->down) && !world->has_link_faults;
    site->box = NULL;
    site->cross = NULL;
    site->has_changed = false;
    site->promised = &plan->nat;
    if (!plan->has_nat) {
        return;
    }
    PUNCH_ASSERT(site->nat_memory != NULL); /* the largest plan had a NAT here */
    site->box = site->nat_memory;
    nat_reset(site->box, &plan->nat, &plan->external,
              punch_rng_stream(world->seed, index, SIM_PURPOSE_NAT));
    if (plan->cross.rate_milli > 0) {
        PUNCH_ASSERT(world->crosses != NULL); /* the largest plan had some */
        site->cross = &world->crosses[index];
        sim_cross_begin(site->cross, &plan->cross, &plan->nat, (punch_family)plan->external.family,
                        punch_rng_stream(world->seed, index, SIM_PURPOSE_CROSS));
        if (world->plan->hold_us > 0) {
            site->cross->listener = (sim_cross_listener){on_crowded_out, world, index};
        }
    }
}

static bool has_link_faults(const sim_plan *plan) {
    for (uint32_t i = 0; i < plan->fault_count; i++) {
        if (plan->faults[i].kind == SIM_FAULT_LINK_DOWN ||
            plan->faults[i].kind == SIM_FAULT_LINK_UP) {
            return true;
        }
    }
    return false;
}

static void place_host(sim_world *world, uint32_t index) {
    const sim_host_plan *plan = &world->plan->hosts[index];
    sim_host *host = &world->hosts[index];
    sim_site *site = &world->sites[plan->site];
    host->site = plan->site;
    host->addr = plan->addr;
    site->is_shared = site->is_shared || site->only_host != SIM_NONE;
    site->only_host = site->is_shared ? SIM_NONE : index;
}

/* Sites inside others. */
static void place_sites(sim_world *world) {
    for (uint32_t i = 0; i < world->plan->site_count; i++) {
        const uint32_t parent = world->sites[i].parent;
        if (parent != SIM_NONE) {
            world->sites[parent].is_shared = true;
            world->sites[parent].only_host = SIM_NONE;
        }
    }
}

static void begin_hosts(sim_world *world) {
    const sim_plan *plan = world->plan;
    place_sites(world);
    /* Brokers first: peers must know their broker's key. */
    for (uint32_t i = 0; i < plan->host_count; i++) {
        place_host(world, i);
        if (plan->hosts[i].kind == SIM_HOST_BROKER) {
            sim_host_make(world, i);
        }
    }
    for (uint32_t i = 0; i < plan->host_count; i++) {
        if (plan->hosts[i].kind == SIM_HOST_PEER) {
            sim_host_make(world, i);
        }
        sim_world_push(world, plan->hosts[i].start_at_us, SIM_EVENT_START, i);
    }
}

void sim_world_begin(sim_world *world, const sim_plan *plan, uint64_t seed,
                     const sim_observer *observer, sim_trial_result *result) {
    PUNCH_ASSERT(plan->host_count <= world->host_cap);
    PUNCH_ASSERT(plan->site_count <= world->site_cap);
    PUNCH_ASSERT(plan->call_count <= world->call_cap);
    PUNCH_ASSERT(plan->packets_max < world->packets.cap);
    sim_call_result *calls = result->calls;
    memset(result, 0, sizeof *result);
    result->calls = calls;
    result->digest = SIM_DIGEST_START;
    world->plan = plan;
    world->observer = observer;
    world->result = result;
    world->seed = seed;
    world->now_us = 0;
    world->end_at_us = plan->limit_us;
    world->decided_at_us = PUNCH_NEVER;
    world->timers_queued = 0;
    world->undecided = plan->call_count;
    world->messages_open = 0;
    world->errors_made = 0;
    world->errors_ended = 0;
    world->in_core = false;
    world->has_link_faults = has_link_faults(plan);
    world->port = sim_host_port(plan->crypto, observer);
    sim_queue_reset(&world->queue);
    sim_pool_reset(&world->packets);
    for (uint32_t i = 0; i < plan->site_count; i++) {
        begin_site(world, i);
    }
    begin_hosts(world);
    sim_route_begin(world);
    sim_calls_begin(world);
    sim_holes_begin(world);
    if (plan->fault_count > 0) {
        sim_world_push(world, plan->faults[0].at_us, SIM_EVENT_FAULT, 0);
    }
}

void sim_world_settle_end(sim_world *world) {
    if (world->undecided == 0 && world->messages_open == 0) {
        const punch_time_us held_us = punch_time_after(world->decided_at_us, world->plan->hold_us);
        world->end_at_us =
            punch_time_earlier(world->plan->limit_us, punch_time_later(held_us, world->now_us));
    }
}

bool sim_world_run_until(sim_world *world, punch_time_us at_us) {
    sim_event event;
    while (sim_queue_pop(&world->queue, punch_time_earlier(at_us, world->end_at_us), &event)) {
        sim_invariants_on_clock(world, event.at_us);
        world->now_us = event.at_us;
        world->result->events++;
        dispatch(world, &event);
    }
    if (at_us >= world->end_at_us) {
        world->now_us = punch_time_later(world->now_us, world->end_at_us);
        return false;
    }
    world->now_us = punch_time_later(world->now_us, at_us);
    return true;
}

void sim_world_finish(sim_world *world) {
    world->result->ended_at_us = world->now_us;
    world->result->packets_left = world->packets.live - (world->errors_made - world->errors_ended);
    for (uint32_t i = 0; world->crosses != NULL && i < world->plan->site_count; i++) {
        (void)sim_site_nat_now(world, &world->sites[i]);
        if (world->sites[i].cross != NULL) {
            world->result->cross_flows += world->sites[i].cross->flows;
            world->result->cross_refused += world->sites[i].cross->refused;
        }
    }
    sim_calls_finish(world);
    sim_holes_finish(world);
    sim_invariants_on_finish(world);
}

punch_time_us sim_world_now_us(const sim_world *world) {
    return world->now_us;
}

const punch_peer *sim_world_peer(const sim_world *world, uint32_t host) {
    PUNCH_ASSERT(host < world->plan->host_count);
    return world->hosts[host].kind == SIM_HOST_PEER ? world->hosts[host].core : NULL;
}

const punch_broker *sim_world_broker(const sim_world *world, uint32_t host) {
    PUNCH_ASSERT(host < world->plan->host_count);
    return world->hosts[host].kind == SIM_HOST_BROKER ? world->hosts[host].core : NULL;
}
