/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The truth about the holes of connected calls, over time; and beside it what holding them costs.
 * Only in worlds with a hold.
 *
 *   open --- until_us comes and nothing prolonged it ---> shut at that very instant
 *   open --- its mapping was evicted, its NAT rebooted, the counterparty moved ---> shut now
 *   shut --- a packet left, the counterparty moved ---> looked at again
 *
 * An open hole is asked until when it would stay open if nothing else happened, and looked at again
 * then, by an event; packets prolong it in the meantime without anybody looking. So a hole costs
 * one look per timeout of its NAT, however many packets keep it open.
 */
#ifndef SIM_HOLES_H
#define SIM_HOLES_H

#include "meter.h"
#include "sim/plan.h"

struct sim_world;

typedef struct {
    punch_addr source;          /* where this side's packets come from, seen outside its NAT */
    punch_time_us until_us;     /* open until then, as far as known; while it is open */
    punch_time_us shut_held_us; /* hold's clock when this side ceased to be reachable */
    punch_time_us event_at_us;  /* of its one live event; PUNCH_NEVER = none */
    uint32_t event_seq;
    bool is_open;
    bool is_reachable;
    bool has_heard; /* a packet sent after the latest fault */
} sim_hole;

/* One call's hold. */
typedef struct {
    sim_hole holes[2]; /* [side] packets towards that side come in by it */
    punch_time_us held_us;
    punch_time_us running_since_us; /* PUNCH_NEVER = the clock stands */
    punch_time_us fault_at_us;      /* not recovered from yet; PUNCH_NEVER = none */
    punch_time_us crash_at_us;      /* PUNCH_NEVER = none */
    uint64_t fault_packet;          /* the last one sent before the latest fault */
    bool has_begun;
    bool is_up; /* both sides are connected */
    bool is_over;
    bool was_asleep; /* when it was over: the call did not outlive the sleep */
} sim_hold;

void sim_holes_begin(struct sim_world *world);
/* Both sides of the call are connected, for the first time or again. */
void sim_holes_on_up(struct sim_world *world, uint32_t call);
/* One side has ended; lasting: nobody will redial. */
void sim_holes_on_ended(struct sim_world *world, uint32_t call, uint32_t side, bool lasting);
/* The side sends to another address from now on. */
void sim_holes_on_moved(struct sim_world *world, uint32_t call, uint32_t side);
/* A fault has struck; an awakening is told of before the core wakes. */
void sim_holes_on_fault(struct sim_world *world, const sim_fault *fault);
/* The NAT of a site ended mappings before their time. O(calls). */
void sim_holes_on_mappings_ended(struct sim_world *world, uint32_t site);
/* Flows of others have ended some of a NAT's mappings at an instant that may lie in the past. */
void sim_holes_on_crowded_out(struct sim_world *world, uint32_t site, punch_time_us at_us);
/* The event of a hole: 2 x call + side. */
void sim_holes_on_look(struct sim_world *world, uint32_t index_and_side, uint32_t seq);
bool sim_holes_look_is_live(const struct sim_world *world, uint32_t index_and_side, uint32_t seq);
/* A host sent a packet; it left its site's NAT, rewritten; it stands before the host it reached. */
void sim_holes_saw_send(struct sim_world *world, const sim_packet *at);
void sim_holes_saw_leave(struct sim_world *world, const sim_packet *at);
void sim_holes_saw_arrival(struct sim_world *world, const sim_packet *at);
void sim_holes_finish(struct sim_world *world);

#endif
