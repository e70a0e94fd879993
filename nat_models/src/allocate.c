/* SPDX-License-Identifier: MIT */
/*
 * Which external port a new binding gets: the allocation wants one (RFC 4787 §4.2), and the
 * collision rule finds another when that one is taken, or when an unsolicited packet from that very
 * remote got there first (a stray). The cost of a search grows with the run of taken ports it
 * meets.
 */
#include "box.h"

#define DRAWS_MAX 64u /* chosen: then 95 % full ranges still need a scan once in 27 times only */

static uint32_t range_size(const nat *box) {
    return (uint32_t)box->config.port_max - box->config.port_min + 1;
}

static bool in_range(const nat *box, uint16_t port) {
    return port >= box->config.port_min && port <= box->config.port_max;
}

static uint16_t after(const nat *box, uint16_t port) {
    return !in_range(box, port) || port == box->config.port_max ? box->config.port_min
                                                                : (uint16_t)(port + 1);
}

static uint16_t draw(nat *box) {
    return (uint16_t)(box->config.port_min + punch_rng_below(&box->rng, range_size(box)));
}

static bool usable(const nat *box, uint16_t port, const punch_addr *remote, punch_time_us now_us) {
    return !nat_port_taken(box, port) && !nat_stray_holds(box, port, remote, now_us);
}

/* The first usable port from `port` on, once around; 0: none. */
static uint16_t scan(const nat *box, uint16_t port, const punch_addr *remote,
                     punch_time_us now_us) {
    for (uint32_t left = range_size(box); left > 0; left--) {
        if (usable(box, port, remote, now_us)) {
            return port;
        }
        port = after(box, port);
    }
    return 0;
}

/* Uniform among the usable ports, by drawing; when that takes too long, by counting them. */
static uint16_t draw_usable(nat *box, const punch_addr *remote, punch_time_us now_us) {
    for (unsigned i = 0; i < DRAWS_MAX; i++) {
        const uint16_t port = draw(box);
        if (usable(box, port, remote, now_us)) {
            return port;
        }
    }
    uint32_t count = 0;
    for (uint32_t port = box->config.port_min; port <= box->config.port_max; port++) {
        count += usable(box, (uint16_t)port, remote, now_us) ? 1 : 0;
    }
    if (count == 0) {
        return 0;
    }
    uint64_t left = punch_rng_below(&box->rng, count);
    uint16_t port = scan(box, box->config.port_min, remote, now_us);
    for (; left > 0; left--) {
        port = scan(box, after(box, port), remote, now_us);
    }
    return port;
}

static uint16_t give(nat *box, uint16_t port) {
    if (port != 0) {
        box->last_port = port;
    }
    return port;
}

uint16_t nat_port_dodge(nat *box, uint16_t wanted, const punch_addr *remote, punch_time_us now_us) {
    switch (box->config.collision) {
    case NAT_COLLISION_NEXT_FREE:
    case NAT_COLLISION_OVERLOAD: /* a port held by the NAT itself cannot be shared */
        return give(box, scan(box, after(box, wanted), remote, now_us));
    case NAT_COLLISION_CONTIGUOUS:
        return give(box, scan(box, after(box, box->last_port), remote, now_us));
    case NAT_COLLISION_RANDOM:
        return give(box, draw_usable(box, remote, now_us));
    }
    return 0;
}

/* The port the allocation asks for; 0: none in particular, ask the collision rule. */
static uint16_t wanted_port(nat *box, const punch_addr *inside) {
    switch (box->config.allocation) {
    case NAT_ALLOCATION_PRESERVING:
        if (in_range(box, inside->port)) {
            return inside->port;
        }
        if (box->config.collision == NAT_COLLISION_OVERLOAD) {
            /* Overload has no search to fall back on: fold the port into the range. */
            return (uint16_t)(box->config.port_min + inside->port % range_size(box));
        }
        return 0;
    case NAT_ALLOCATION_CONTIGUOUS:
        return after(box, box->last_port);
    case NAT_ALLOCATION_RANDOM:
        return draw(box);
    }
    return 0;
}

nat_choice nat_port_choose(nat *box, const punch_addr *inside, const punch_addr *remote,
                           punch_time_us now_us) {
    const bool overload = box->config.collision == NAT_COLLISION_OVERLOAD;
    nat_choice choice = {0};
    if (!overload && box->live_count >= range_size(box)) {
        return choice;
    }
    const uint16_t wanted = wanted_port(box, inside);
    if (wanted != 0) {
        const bool taken = nat_port_taken(box, wanted);
        choice.dodged = nat_stray_holds(box, wanted, remote, now_us);
        if (taken || choice.dodged) {
            box->counters.ports_collided++;
        }
        if (!choice.dodged && (!taken || overload)) {
            choice.port = give(box, wanted);
            return choice;
        }
    }
    choice.port = nat_port_dodge(box, wanted, remote, now_us);
    return choice;
}
