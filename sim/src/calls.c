/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who calls whom, and what came of it.
 *
 *   callee starts -> mints a contact -> (out of band) -> caller, once both are registered and the
 *   intended moment has come -> punch_peer_call -> RING at the callee: accept or refuse -> both
 *   CONNECTED or ENDED: decided -> short messages -> the hold
 *
 * A call is decided when both sides are CONNECTED or ENDED; a callee that never heard of a call its
 * caller has ended counts as decided too.
 */
#include <string.h>

#include "punch/assert.h"
#include "world_internal.h"

typedef struct {
    uint32_t index; /* call, or SIM_NONE */
    uint32_t which; /* side */
} place;

static uint32_t host_of(const sim_world *world, uint32_t index, uint32_t which) {
    const sim_call_plan *plan = &world->plan->calls[index];
    return which == 0 ? plan->caller : plan->callee;
}

static uint32_t side_of(const sim_world *world, uint32_t index, uint32_t host) {
    return world->plan->calls[index].caller == host ? 0 : 1;
}

static uint32_t next_of(const sim_world *world, uint32_t index, uint32_t host) {
    return world->calls[index].next_call[side_of(world, index, host)];
}

/* --- life of a call ----------------------------------------------------------------------------
 */

static bool is_done(const sim_side *at) {
    return at->is_connected || at->is_ended;
}

/* Looks whether the call is decided now. */
static void decide(sim_world *world, uint32_t index) {
    sim_call *call = &world->calls[index];
    const sim_side *caller = &call->sides[0];
    const sim_side *callee = &call->sides[1];
    const bool callee_done = is_done(callee) || (caller->is_ended && !callee->is_known);
    if (call->is_decided || !is_done(caller) || !callee_done) {
        return;
    }
    sim_invariants_on_decision(world, index);
    call->is_decided = true;
    world->undecided--;
    world->decided_at_us = world->now_us;
    sim_world_settle_end(world);
}

/* The caller's core places the call. False: it has no room for it now. */
static bool place_call(sim_world *world, uint32_t index) {
    sim_call *call = &world->calls[index];
    const uint32_t caller = world->plan->calls[index].caller;
    sim_side *side = &call->sides[0];
    punch_peer *peer = world->hosts[caller].core;
    if (punch_peer_call(peer, &world->contacts[index], sim_host_local_us(world, caller),
                        &side->handle) != PUNCH_OK) {
        return false;
    }
    side->is_known = true;
    punch_call_view view;
    PUNCH_ASSERT_EQ(punch_peer_view(peer, side->handle, &view), PUNCH_OK);
    memcpy(call->id, view.id, sizeof call->id);
    sim_host_settle(world, caller);
    return true;
}

/* Places the call when its moment has come and both sides are registered. */
static void begin(sim_world *world, uint32_t index) {
    sim_call *call = &world->calls[index];
    const sim_call_plan *plan = &world->plan->calls[index];
    const sim_host *caller = &world->hosts[plan->caller];
    const sim_host *callee = &world->hosts[plan->callee];
    if (!call->is_due || call->begun_at_us != PUNCH_NEVER || !caller->is_started ||
        !callee->is_started || caller->is_down || !punch_peer_is_registered(caller->core) ||
        !punch_peer_is_registered(callee->core)) {
        return;
    }
    call->begun_at_us = world->now_us;
    const bool placed = place_call(world, index);
    PUNCH_ASSERT(placed);
}

/* What one expects of an application: a call that was connected and is lost is placed again, until
 * it is connected again. What the callee's core still thinks of the old one is hung up when the new
 * one rings. */
static void redial(sim_world *world, uint32_t index) {
    sim_call *call = &world->calls[index];
    const sim_call_plan *plan = &world->plan->calls[index];
    const sim_side *callee = &call->sides[1];
    if (world->hosts[plan->caller].is_down) {
        call->redials_on_wake = true;
        return;
    }
    call->redials_on_wake = false;
    if (callee->is_known && !callee->is_ended) {
        call->stale = callee->handle;
    }
    memset(call->sides, 0, sizeof call->sides);
    call->sides[0].handle = PUNCH_CALL_NONE;
    call->sides[1].handle = PUNCH_CALL_NONE;
    world->result->calls[index].hold.redials++;
    if (!place_call(world, index)) {
        sim_world_push(world, world->now_us + plan->redial_us, SIM_EVENT_CALL, index);
    }
}

void sim_calls_begin(sim_world *world) {
    const sim_plan *plan = world->plan;
    for (uint32_t index = plan->call_count; index-- > 0;) {
        sim_call *call = &world->calls[index];
        sim_call_result *result = &world->result->calls[index];
        memset(call, 0, sizeof *call);
        memset(result, 0, sizeof *result);
        call->begun_at_us = PUNCH_NEVER;
        call->stale = PUNCH_CALL_NONE;
        call->late = PUNCH_CALL_NONE;
        result->time_to_connect_us = PUNCH_NEVER;
        for (uint32_t which = 0; which < 2; which++) {
            sim_host *host = &world->hosts[host_of(world, index, which)];
            call->sides[which].handle = PUNCH_CALL_NONE;
            call->next_call[which] = host->first_call;
            host->first_call = index;
            result->connected_us[which] = PUNCH_NEVER;
            result->fired_at_us[which] = PUNCH_NEVER;
            result->blocked_site[which] = SIM_NONE;
            result->to_broker[which].site = SIM_NONE;
            result->from_broker[which].site = SIM_NONE;
        }
        sim_world_push(world, plan->calls[index].at_us, SIM_EVENT_CALL, index);
    }
}

void sim_calls_mint(sim_world *world, uint32_t callee) {
    const sim_host *host = &world->hosts[callee];
    uint32_t minted = SIM_NONE;
    for (uint32_t i = host->first_call; i != SIM_NONE; i = next_of(world, i, callee)) {
        if (side_of(world, i, callee) == 0) {
            continue;
        }
        /* One token does for all callers of a host: what a token proves is that its callee gave it
         * away. */
        if (minted == SIM_NONE) {
            const punch_err err =
                punch_peer_mint(host->core, sim_host_local_us(world, callee), &world->contacts[i]);
            PUNCH_ASSERT_EQ(err, PUNCH_OK);
            minted = i;
        }
        world->contacts[i] = world->contacts[minted];
    }
}

void sim_calls_on_due(sim_world *world, uint32_t index) {
    world->calls[index].is_due = true;
    if (world->calls[index].begun_at_us == PUNCH_NEVER) {
        begin(world, index);
    } else {
        redial(world, index);
    }
}

/* --- short messages ----------------------------------------------------------------------------
 */

/* So many short messages came to this outcome. */
static void count_messages(sim_world *world, uint32_t index, punch_message_outcome outcome,
                           uint32_t count) {
    sim_call_result *result = &world->result->calls[index];
    switch (outcome) {
    case PUNCH_MESSAGE_ACKED:
        result->messages_acked += count;
        break;
    case PUNCH_MESSAGE_UNCONFIRMED:
        result->messages_unconfirmed += count;
        break;
    case PUNCH_MESSAGE_REFUSED:
        result->messages_refused += count;
        break;
    }
    world->messages_open -= count;
    sim_world_settle_end(world);
}

static void start_messages(sim_world *world, uint32_t index) {
    const uint32_t count = world->plan->calls[index].message_count;
    if (count == 0) {
        return;
    }
    world->messages_open += 2 * count;
    for (uint32_t which = 0; which < 2; which++) {
        world->calls[index].sides[which].messages_left = count;
        sim_world_push(world, world->now_us, SIM_EVENT_MESSAGE, 2 * index + which);
    }
}

void sim_calls_on_message(sim_world *world, uint32_t index_and_side) {
    const uint32_t index = index_and_side / 2;
    const uint32_t which = index_and_side % 2;
    const sim_call_plan *plan = &world->plan->calls[index];
    sim_side *side = &world->calls[index].sides[which];
    if (side->messages_left == 0) {
        return; /* the call ended meanwhile */
    }
    const uint32_t from = host_of(world, index, which);
    if (world->hosts[from].is_down) { /* it sleeps, and so does its application */
        sim_world_push(world,
                       world->now_us + punch_time_later(plan->message_gap_us, PUNCH_US_PER_S),
                       SIM_EVENT_MESSAGE, index_and_side);
        return;
    }
    uint8_t data[PUNCH_MESSAGE_MAX] = {0};
    const uint32_t length = plan->message_bytes < 1 ? 1 : plan->message_bytes;
    PUNCH_ASSERT(length <= PUNCH_MESSAGE_MAX);
    memset(data, (int)(side->messages_left & 0xff), length);
    uint32_t number = 0;
    const punch_err err = punch_peer_send(world->hosts[from].core, side->handle, data, length,
                                          sim_host_local_us(world, from), &number);
    side->messages_left--;
    if (side->messages_left > 0) {
        sim_world_push(world, world->now_us + plan->message_gap_us, SIM_EVENT_MESSAGE,
                       index_and_side);
    }
    if (err == PUNCH_OK) {
        side->messages_open++;
    } else {
        count_messages(world, index, PUNCH_MESSAGE_REFUSED, 1);
    }
    sim_host_settle(world, from);
}

/* --- events of the cores -----------------------------------------------------------------------
 */

static place find_handle(const sim_world *world, uint32_t host, punch_call handle) {
    for (uint32_t i = world->hosts[host].first_call; i != SIM_NONE; i = next_of(world, i, host)) {
        const uint32_t which = side_of(world, i, host);
        const sim_side *side = &world->calls[i].sides[which];
        if (side->is_known && !side->is_ended && side->handle == handle) {
            return (place){i, which};
        }
    }
    return (place){SIM_NONE, 0};
}

/* The call that rings: placed to this callee under the same id. */
static uint32_t find_ring(const sim_world *world, uint32_t callee, punch_call handle) {
    punch_call_view view;
    PUNCH_ASSERT_EQ(punch_peer_view(world->hosts[callee].core, handle, &view), PUNCH_OK);
    for (uint32_t i = world->hosts[callee].first_call; i != SIM_NONE;
         i = next_of(world, i, callee)) {
        const sim_call *call = &world->calls[i];
        if (side_of(world, i, callee) == 1 && call->begun_at_us != PUNCH_NEVER &&
            memcmp(call->id, view.id, sizeof view.id) == 0) {
            return i;
        }
    }
    return SIM_NONE;
}

/* The broker rings for a call that its caller gave up meanwhile and has placed anew: refused, for
 * the new one will ring. */
static void refuse_late(sim_world *world, uint32_t callee, punch_call handle) {
    uint32_t index = world->hosts[callee].first_call;
    while (index != SIM_NONE &&
           (side_of(world, index, callee) == 0 || world->result->calls[index].hold.redials == 0)) {
        index = next_of(world, index, callee);
    }
    PUNCH_ASSERT(index != SIM_NONE); /* nobody placed the call that rings */
    world->calls[index].late = handle;
    PUNCH_ASSERT_EQ(
        punch_peer_refuse(world->hosts[callee].core, handle, sim_host_local_us(world, callee)),
        PUNCH_OK);
}

static void on_ring(sim_world *world, uint32_t callee, const punch_event *event) {
    const uint32_t index = find_ring(world, callee, event->call);
    if (index == SIM_NONE) {
        refuse_late(world, callee, event->call);
        return;
    }
    sim_side *side = &world->calls[index].sides[1];
    PUNCH_ASSERT(!side->is_known);
    side->handle = event->call;
    side->is_known = true;
    punch_peer *peer = world->hosts[callee].core;
    const punch_time_us local_us = sim_host_local_us(world, callee);
    if (world->calls[index].stale != PUNCH_CALL_NONE) {
        PUNCH_ASSERT_EQ(punch_peer_hang_up(peer, world->calls[index].stale, local_us), PUNCH_OK);
    }
    const punch_err err = sim_world_host_plan(world, callee)->refuses
                              ? punch_peer_refuse(peer, event->call, local_us)
                              : punch_peer_accept(peer, event->call, local_us);
    PUNCH_ASSERT_EQ(err, PUNCH_OK);
}

static void on_connected(sim_world *world, place at, const punch_event *event) {
    sim_call *call = &world->calls[at.index];
    sim_side *side = &call->sides[at.which];
    sim_call_result *result = &world->result->calls[at.index];
    sim_invariants_on_path(world, at.index, at.which, &event->remote);
    PUNCH_ASSERT(!side->is_connected);
    side->is_connected = true;
    side->remote = event->remote;
    const punch_time_us took_us = world->now_us - world->plan->calls[at.index].at_us;
    result->connected_us[at.which] = punch_time_earlier(result->connected_us[at.which], took_us);
    if (call->sides[1 - at.which].is_connected) {
        if (!result->connected) {
            result->connected = true;
            result->time_to_connect_us =
                punch_time_later(result->connected_us[0], result->connected_us[1]);
            start_messages(world, at.index);
        }
        sim_holes_on_up(world, at.index);
    }
    decide(world, at.index);
}

static void note_gap(const sim_world *world, place at) {
    const sim_side *side = &world->calls[at.index].sides[at.which];
    sim_call_result *result = &world->result->calls[at.index];
    if (side->is_connected) {
        result->outbound_gap_us_max[at.which] = punch_time_later(
            result->outbound_gap_us_max[at.which], world->now_us - side->last_send_at_us);
    }
}

/* The side takes no further part in the call. */
static void end_side(sim_world *world, place at) {
    sim_side *side = &world->calls[at.index].sides[at.which];
    note_gap(world, at);
    side->is_connected = false;
    side->is_ended = true;
    const uint32_t unsent = side->messages_left;
    const uint32_t open = side->messages_open;
    side->messages_left = 0;
    side->messages_open = 0;
    count_messages(world, at.index, PUNCH_MESSAGE_REFUSED, unsent);
    count_messages(world, at.index, PUNCH_MESSAGE_UNCONFIRMED, open);
    decide(world, at.index);
}

static void on_ended(sim_world *world, place at, punch_fail fail) {
    const sim_side *side = &world->calls[at.index].sides[at.which];
    const sim_side *other = &world->calls[at.index].sides[1 - at.which];
    const sim_host *counterparty = &world->hosts[host_of(world, at.index, 1 - at.which)];
    const punch_time_us redial_us = world->plan->calls[at.index].redial_us;
    sim_call_result *result = &world->result->calls[at.index];
    result->fail[at.which] = fail;
    if (result->connected && fail == PUNCH_FAIL_DEAD) {
        result->lost_after = true;
        result->hold.false_give_ups +=
            side->is_connected && other->is_connected && !counterparty->is_down;
    }
    sim_holes_on_ended(world, at.index, at.which, redial_us == 0);
    end_side(world, at);
    if (redial_us > 0 && result->connected && at.which == 0) {
        sim_world_push(world, world->now_us + redial_us, SIM_EVENT_CALL, at.index);
    }
}

static void on_outcome(sim_world *world, place at, punch_message_outcome outcome) {
    sim_side *side = &world->calls[at.index].sides[at.which];
    PUNCH_ASSERT(side->messages_open > 0);
    side->messages_open--;
    count_messages(world, at.index, outcome, 1);
}

static void on_registered(sim_world *world, uint32_t host) {
    for (uint32_t i = world->hosts[host].first_call; i != SIM_NONE; i = next_of(world, i, host)) {
        begin(world, i);
    }
}

/* An event of a call that was placed anew since. */
static void on_stale_event(sim_world *world, uint32_t from, const punch_event *event) {
    uint32_t index = world->hosts[from].first_call;
    while (index != SIM_NONE && world->calls[index].stale != event->call &&
           world->calls[index].late != event->call) {
        index = next_of(world, index, from);
    }
    PUNCH_ASSERT(index != SIM_NONE); /* nobody knows the call */
    if (event->kind == PUNCH_EVENT_ENDED) {
        sim_call *call = &world->calls[index];
        punch_call *ended = call->late == event->call ? &call->late : &call->stale;
        *ended = PUNCH_CALL_NONE;
    }
}

/* An event of a call both the core and the world know. */
static void on_call_event(sim_world *world, uint32_t from, const punch_event *event) {
    const place at = find_handle(world, from, event->call);
    if (at.index == SIM_NONE) {
        on_stale_event(world, from, event);
        return;
    }
    switch (event->kind) {
    case PUNCH_EVENT_FIRED:
        world->result->calls[at.index].fired_at_us[at.which] =
            punch_time_earlier(world->result->calls[at.index].fired_at_us[at.which], world->now_us);
        break;
    case PUNCH_EVENT_CONNECTED:
        on_connected(world, at, event);
        break;
    case PUNCH_EVENT_MOVED:
        sim_invariants_on_path(world, at.index, at.which, &event->remote);
        world->calls[at.index].sides[at.which].remote = event->remote;
        sim_holes_on_moved(world, at.index, at.which);
        break;
    case PUNCH_EVENT_ENDED:
        on_ended(world, at, event->fail);
        break;
    case PUNCH_EVENT_OUTCOME:
        on_outcome(world, at, event->outcome);
        break;
    case PUNCH_EVENT_GO:
    case PUNCH_EVENT_MESSAGE:
    case PUNCH_EVENT_KEEPALIVE:
    case PUNCH_EVENT_REGISTERED:
    case PUNCH_EVENT_BROKER_LOST:
    case PUNCH_EVENT_RING:
        break;
    }
}

void sim_calls_on_event(sim_world *world, uint32_t from, const punch_event *event) {
    switch (event->kind) {
    case PUNCH_EVENT_REGISTERED:
        on_registered(world, from);
        break;
    case PUNCH_EVENT_BROKER_LOST:
        break;
    case PUNCH_EVENT_RING:
        on_ring(world, from, event);
        break;
    case PUNCH_EVENT_GO:
    case PUNCH_EVENT_FIRED:
    case PUNCH_EVENT_CONNECTED:
    case PUNCH_EVENT_MOVED:
    case PUNCH_EVENT_ENDED:
    case PUNCH_EVENT_MESSAGE:
    case PUNCH_EVENT_OUTCOME:
    case PUNCH_EVENT_KEEPALIVE:
        on_call_event(world, from, event);
        break;
    }
}

/* --- packets of calls --------------------------------------------------------------------------
 */

bool sim_calls_leads_to(const sim_world *world, uint32_t host, const punch_addr *dst) {
    const sim_host *at = &world->hosts[host];
    if (punch_addr_equal(&at->addr, dst)) {
        return true;
    }
    for (uint32_t site = at->site; site != SIM_NONE; site = world->sites[site].parent) {
        const nat *box = world->sites[site].box;
        if (box != NULL && nat_owns(box, dst)) {
            return true;
        }
    }
    return false;
}

/* The sender's call whose other side the packet is addressed to: by the handle it carries, and by
 * the host it reached (or, as long as `to` is SIM_NONE, the host its address leads to). Calls under
 * way come before ended ones; where two hosts behind one NAT use equal handles, nobody can tell. */
static uint32_t find_call(const sim_world *world, const sim_packet *at, uint32_t to) {
    const uint32_t handle = punch_packet_receiver(at->data, at->length);
    uint32_t ended = SIM_NONE;
    uint32_t found = SIM_NONE;
    for (uint32_t i = world->hosts[at->from].first_call; i != SIM_NONE;
         i = next_of(world, i, at->from)) {
        const uint32_t theirs = 1 - side_of(world, i, at->from);
        const sim_side *side = &world->calls[i].sides[theirs];
        const uint32_t host = host_of(world, i, theirs);
        if (!side->is_known || side->handle != handle ||
            (to == SIM_NONE ? !sim_calls_leads_to(world, host, &at->dst) : host != to)) {
            continue;
        }
        if (world->calls[i].sides[1 - theirs].is_ended) {
            ended = i;
        } else if (found != SIM_NONE) {
            return SIM_NONE;
        } else {
            found = i;
        }
    }
    return found != SIM_NONE ? found : ended;
}

void sim_calls_name_packet(sim_world *world, sim_packet *at) {
    const uint32_t first = world->hosts[at->from].first_call;
    const bool is_only = first != SIM_NONE && next_of(world, first, at->from) == SIM_NONE;
    at->call = is_only ? first : find_call(world, at, SIM_NONE);
    if (at->call != SIM_NONE) {
        at->to_side = (uint8_t)(1 - side_of(world, at->call, at->from));
    }
}

void sim_calls_saw_send(sim_world *world, const sim_packet *at) {
    if (at->call == SIM_NONE) {
        return;
    }
    const place from = {at->call, 1u - at->to_side};
    sim_side *side = &world->calls[from.index].sides[from.which];
    sim_call_result *result = &world->result->calls[from.index];
    if (at->type == PUNCH_TYPE_INTRO) {
        result->intros_sent[from.which]++;
        sim_invariants_on_intro(side, &at->dst);
    } else if (sim_packet_is_keepalive(at)) {
        result->keepalives_sent[from.which]++;
    }
    note_gap(world, from);
    side->last_send_at_us = world->now_us;
    side->last_target = at->dst;
}

/* --- packets between peers and their brokers: counted at the first call of the host, and copied to
 * its others at the end ---
 */

/* Chosen: whom a packet of a broker was meant for is looked up among all calls, and only when it is
 * dropped; worlds of more calls do not ask. */
#define BROKER_CALLS_MAX 256u

/* Where packets of a host and its broker are counted; nowhere when it has no calls. */
static place broker_place(const sim_world *world, uint32_t host) {
    const uint32_t index = world->hosts[host].first_call;
    return (place){index, index != SIM_NONE ? side_of(world, index, host) : 0};
}

/* Whom a dropped packet of a broker was meant for: the host the broker sees at that address or,
 * where a NAT on the way has rewritten that, the only one whose address it may be. */
static place broker_goal(const sim_world *world, const sim_packet *at) {
    place only = {SIM_NONE, 0};
    bool is_only = true;
    const uint32_t calls =
        world->plan->call_count <= BROKER_CALLS_MAX ? world->plan->call_count : 0;
    for (uint32_t i = 0; i < 2 * calls; i++) {
        const uint32_t host = host_of(world, i / 2, i % 2);
        const place found = {i / 2, i % 2};
        if (world->hosts[host].first_call != found.index) {
            continue;
        }
        if (punch_addr_equal(&world->calls[found.index].sides[found.which].broker_sees, &at->dst)) {
            return found;
        }
        if (sim_calls_leads_to(world, host, &at->dst)) {
            is_only = only.index == SIM_NONE;
            only = found;
        }
    }
    return is_only ? only : (place){SIM_NONE, 0};
}

/* Where to count a packet to or from a broker that did not arrive; NULL when nobody knows. */
static sim_broker_way *broker_way(sim_world *world, const sim_packet *at) {
    const bool is_to = world->hosts[at->from].kind == SIM_HOST_PEER;
    const place found = is_to ? broker_place(world, at->from) : broker_goal(world, at);
    if (found.index == SIM_NONE) {
        return NULL;
    }
    sim_call_result *result = &world->result->calls[found.index];
    return is_to ? &result->to_broker[found.which] : &result->from_broker[found.which];
}

static void saw_broker_arrival(sim_world *world, const sim_packet *at, uint32_t to) {
    const bool is_to = world->hosts[at->from].kind == SIM_HOST_PEER;
    const place found = broker_place(world, is_to ? at->from : to);
    if (found.index == SIM_NONE) {
        return;
    }
    if (is_to) {
        world->calls[found.index].sides[found.which].broker_sees = at->src;
    } else {
        world->result->calls[found.index].broker_arrived[found.which]++;
    }
}

/* The other calls of a host know of its broker what its first one does. */
static void share_broker(sim_world *world, place at) {
    const place first = broker_place(world, host_of(world, at.index, at.which));
    const sim_call_result *from = &world->result->calls[first.index];
    sim_call_result *to = &world->result->calls[at.index];
    if (first.index != at.index) {
        to->to_broker[at.which] = from->to_broker[first.which];
        to->from_broker[at.which] = from->from_broker[first.which];
        to->broker_arrived[at.which] = from->broker_arrived[first.which];
    }
}

/* --- what became of packets --------------------------------------------------------------------
 */

void sim_calls_saw_arrival(sim_world *world, sim_packet *at, uint32_t to) {
    if (!sim_packet_is_peer_to_peer(at)) {
        saw_broker_arrival(world, at, to);
        return;
    }
    if (at->call == SIM_NONE || host_of(world, at->call, at->to_side) != to) {
        at->call = find_call(world, at, to);
        if (at->call == SIM_NONE) {
            return; /* a packet that went astray: nobody here talks with its sender */
        }
        at->to_side = (uint8_t)(1 - side_of(world, at->call, at->from));
    }
    world->result->calls[at->call].arrived[at->to_side]++;
    sim_invariants_on_arrival(&world->calls[at->call].sides[at->to_side], at);
}

void sim_calls_saw_lost(sim_world *world, const sim_packet *at) {
    if (!sim_packet_is_peer_to_peer(at)) {
        sim_broker_way *way = broker_way(world, at);
        if (way != NULL) {
            way->lost_link++;
        }
    } else if (at->call != SIM_NONE) {
        world->result->calls[at->call].lost_link[at->to_side]++;
    }
}

void sim_calls_saw_lost_elsewhere(sim_world *world, const sim_packet *at, sim_loss why) {
    if (!sim_packet_is_peer_to_peer(at)) {
        sim_broker_way *way = broker_way(world, at);
        if (way != NULL) {
            way->lost_elsewhere[why]++;
        }
    } else if (at->call != SIM_NONE) {
        world->result->calls[at->call].lost_elsewhere[at->to_side][why]++;
    }
}

void sim_calls_saw_stray(sim_world *world, const sim_packet *at) {
    if (sim_packet_is_peer_to_peer(at) && at->call != SIM_NONE) {
        world->result->calls[at->call].port_taken[at->to_side] = at->dst.port;
    }
}

void sim_calls_saw_dodge(sim_world *world, const sim_packet *at, uint16_t port) {
    if (sim_packet_is_peer_to_peer(at) && at->call != SIM_NONE) {
        world->result->calls[at->call].port_dodged_to[1 - at->to_side] = port;
    }
}

void sim_calls_saw_blocked(sim_world *world, const sim_packet *at, nat_verdict verdict,
                           uint32_t where) {
    if (!sim_packet_is_peer_to_peer(at)) {
        sim_broker_way *way = broker_way(world, at);
        if (way != NULL) {
            way->blocked++;
            way->verdict = verdict;
            way->site = where;
        }
    } else if (at->call != SIM_NONE) {
        sim_call_result *result = &world->result->calls[at->call];
        result->blocked[at->to_side]++;
        result->blocked_verdict[at->to_side] = verdict;
        result->blocked_site[at->to_side] = where;
    }
}

/* --- hosts that sleep or crash -----------------------------------------------------------------
 */

void sim_calls_on_down(sim_world *world, uint32_t host) {
    if (!world->hosts[host].has_crashed) {
        return;
    }
    for (uint32_t i = world->hosts[host].first_call; i != SIM_NONE; i = next_of(world, i, host)) {
        const place at = {i, side_of(world, i, host)};
        if (!world->calls[i].sides[at.which].is_ended) {
            end_side(world, at);
        }
    }
}

void sim_calls_on_wake(sim_world *world, uint32_t host) {
    for (uint32_t i = world->hosts[host].first_call; i != SIM_NONE; i = next_of(world, i, host)) {
        if (world->calls[i].redials_on_wake) {
            redial(world, i);
        } else {
            begin(world, i);
        }
    }
}

/* --- the end -----------------------------------------------------------------------------------
 */

static void finish_side(sim_world *world, place at) {
    const sim_side *side = &world->calls[at.index].sides[at.which];
    sim_call_result *result = &world->result->calls[at.index];
    const sim_host *host = &world->hosts[host_of(world, at.index, at.which)];
    note_gap(world, at); /* the silence that the end cut off */
    share_broker(world, at);
    if (!is_done(side) && !(host->is_started && punch_peer_is_registered(host->core))) {
        result->fail[at.which] = PUNCH_FAIL_BROKER_LOST;
    }
}

void sim_calls_finish(sim_world *world) {
    for (uint32_t index = 0; index < world->plan->call_count; index++) {
        finish_side(world, (place){index, 0});
        finish_side(world, (place){index, 1});
        const punch_addr *remote = &world->calls[index].sides[0].remote;
        world->result->calls[index].path_private =
            remote->family != PUNCH_FAMILY_NONE && punch_addr_is_private(remote);
    }
}
