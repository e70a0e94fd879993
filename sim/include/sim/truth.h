/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the world knows and no peer can: asked at any moment between two events, it changes nothing.
 * Protocol §7 names the quantities. Side 0 of a call is the caller, side 1 the callee.
 */
#ifndef SIM_TRUTH_H
#define SIM_TRUTH_H

#include "sim/world.h"

typedef enum { SIM_UP = 0, SIM_DOWN = 1 } sim_direction;

#ifdef __cplusplus
extern "C" {
#endif

/* Probability that a packet offered to this site's access link now is lost on it. */
double sim_truth_access_loss(const sim_world *world, uint32_t site, sim_direction direction);

/* "Has opened": would the other side's NAT admit a packet from this side's last-used external
 * address, sent where this side last sent to? False when the side has not sent yet. Loss aside. */
bool sim_truth_has_opened(const sim_world *world, uint32_t call, uint32_t side);

/* Open to both sides now: what both send arrives, loss aside. */
bool sim_truth_path_exists(const sim_world *world, uint32_t call);

/* "Can open": whether plain punching from fresh mappings can connect the two NATs, for random port
 * allocation and without port prediction; NULL = no NAT. Rules by RFC 4787 semantics (§4.1, §5):
 * an outgoing packet opens only the address it goes to, so one side must send to a port the other
 * really uses. */
bool sim_truth_can_open(const nat_config *a, const nat_config *b);

#ifdef __cplusplus
}
#endif

#endif
