/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What it takes to hold a connection open, and what that gives: the part of a call's result that
 * only worlds with a hold fill in.
 *
 * The clock of a hold starts when both sides are connected. It stands while one of the two hosts
 * sleeps, and ends when one of them crashes, when the call is lost and nobody redials, or with the
 * world. All rates are per hour of this clock.
 *
 * A side's hole is open while a packet of its counterparty, sent from where the counterparty's NAT
 * sends it now to where the counterparty sends now, would come in; loss aside. A side is reachable
 * while its hole is open and both sides are connected.
 */
#ifndef SIM_HOLD_H
#define SIM_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "punch/time.h"

/* A radio that stays on after each packet: at a high level for one tail, then at a low level for
 * another, then idle. All zero: the host has none. */
typedef struct {
    punch_time_us high_tail_us;
    punch_time_us low_tail_us;
    uint32_t high_ua; /* microamperes drawn at each level */
    uint32_t low_ua;
    uint32_t idle_ua;
} sim_radio_plan;

static inline bool sim_radio_exists(const sim_radio_plan *plan) {
    return plan->high_ua != 0 || plan->low_ua != 0 || plan->idle_ua != 0;
}

/* [0] caller [1] callee, of that side itself. Times are of the hold's clock. */
typedef struct {
    punch_time_us held_us; /* the hold's clock at its end; 0 = never connected */
    /* while both were connected; KEEPALIVE, ARE_YOU_THERE and HERE */
    uint32_t keepalives[2];
    uint64_t keepalive_bytes[2]; /* with IP and UDP headers */
    uint32_t holes_lost[2];
    punch_time_us unreachable_us[2];
    punch_time_us unreachable_us_max[2];
    punch_time_us hole_lost_at_us[2]; /* the first time; PUNCH_NEVER */
    /* Reboots and new addresses of NATs, and awakenings: the longest time from one until both sides
     * were reachable and had packets of each other that were sent after it; PUNCH_NEVER = one was
     * not recovered from. */
    uint32_t faults;
    punch_time_us recovery_us_max;
    bool has_crashed;        /* one of the hosts, while the hold lasted */
    punch_time_us notice_us; /* from then until the other side gave up; PUNCH_NEVER = never */
    uint32_t false_give_ups; /* a side found the other dead, which was awake and connected */
    uint32_t redials;
    /* From here on until the end of the world, or of the host. */
    uint64_t broker_packets[2]; /* between that host and its broker, both ways, sent */
    uint64_t broker_bytes[2];
    punch_time_us radio_us[2]; /* 0 = no radio */
    punch_time_us radio_on_us[2];
    uint32_t radio_ua[2];       /* average current */
    uint32_t radio_peers_ua[2]; /* ... if there had been no packets to and from the broker */
} sim_hold_result;

#endif
