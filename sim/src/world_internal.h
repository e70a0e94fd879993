/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the world share. One struct per kind of object, kept small: a world may hold
 * millions of hosts.
 *
 *   world.c       life of a world: create, begin, loop, finish
 *   host.c        a host: the core's port, entries into the core, timers
 *   fabric.c      the way of a packet from host to host
 *   route.c       addresses -> hosts and sites
 *   cross.c       what other hosts do to a NAT
 *   pool.c        packet slots
 *   calls.c       who calls whom and when; what came of it
 *   holes.c       the truth about the holes of connected calls; meter.c, radio.c: what they cost
 *   invariants.c  what must never happen
 */
#ifndef SIM_WORLD_INTERNAL_H
#define SIM_WORLD_INTERNAL_H

#include "cross.h"
#include "holes.h"
#include "pool.h"
#include "punch/broker.h"
#include "route.h"
#include "sim/clock.h"
#include "sim/link.h"
#include "sim/queue.h"
#include "sim/world.h"

/* --- events: a kind in the upper 4 bits, an index in the lower 28 */
typedef enum {
    SIM_EVENT_START,   /* host */
    SIM_EVENT_TIMER,   /* host */
    SIM_EVENT_CALL,    /* call: its intended moment */
    SIM_EVENT_MESSAGE, /* 2 x call + side: the next short message */
    SIM_EVENT_FAULT,   /* entry of the timeline */
    SIM_EVENT_LEAVE,   /* packet: reaches a site's NAT from inside */
    SIM_EVENT_DOWN,    /* packet: reaches the downlink's entry */
    SIM_EVENT_ENTER,   /* packet: reaches its site's NAT from outside */
    SIM_EVENT_ARRIVE,  /* packet: reaches its host */
    SIM_EVENT_LOOK,    /* 2 x call + side: is its hole still open? */
    SIM_EVENT_CLIMB    /* packet: has left a site and is inside the one around that */
} sim_event_kind;

#define SIM_EVENT_INDEX_BITS 28
#define SIM_EVENT_INDEX_MAX ((1u << SIM_EVENT_INDEX_BITS) - 1)

typedef struct {
    sim_world *world;
    void *core; /* punch_peer or punch_broker, in the world's arena */
    sim_clock clock;
    punch_addr addr; /* of the plan, like clock and site: kept here because every packet asks */
    uint32_t site;
    uint32_t scope; /* in which its address means something (route.h) */
    punch_rng random;
    punch_time_us deadline_at_us; /* when the core wants to be woken; world time */
    punch_time_us timer_at_us;    /* of the one live timer event; PUNCH_NEVER = none */
    punch_time_us woken_at_us;    /* of the last wake ... */
    uint32_t timer_seq;           /* the live timer event; others of this host are stale */
    uint32_t first_call;          /* chain of this host's calls, or SIM_NONE */
    uint32_t meter;               /* or SIM_NONE: no call of it was connected yet */
    uint32_t core_cap;            /* bytes at core */
    uint16_t wakes;               /* ... and how often at that instant */
    uint8_t kind;                 /* sim_host_kind */
    bool is_made : 1;             /* core holds an initialised object of this kind */
    bool is_started : 1;
    bool is_bound : 1;       /* its socket is open */
    bool is_spare_bound : 1; /* its second one too */
    bool is_down : 1;   /* a broker that loses every packet; a peer that sleeps or has crashed */
    bool has_slept : 1; /* or crashed: then nobody can say when its calls must be decided */
    bool has_crashed : 1;
} sim_host;

typedef struct {
    nat *box; /* NULL = no NAT in this plan */
    punch_addr external;
    const nat_config *promised; /* what the plan says the NAT is now */
    uint32_t region;
    uint32_t parent; /* the site around it; SIM_NONE = the core network */
    punch_time_us lan_delay_us;
    nat *nat_memory;  /* made for the largest plan; NULL = that had none here */
    sim_cross *cross; /* NULL = nobody else uses this NAT */
    sim_link up;
    sim_link down;
    uint32_t only_host; /* the one host here, and no site; SIM_NONE = none or several */
    bool is_shared;     /* several hosts, or sites: whose an inside address is must be looked up */
    bool has_changed;   /* its NAT's endpoints have: packets under way may show what they were */
    bool is_direct; /* arrivals can be computed when a packet leaves: no event at the downlink */
} sim_site;

#define SIM_SIDE_SOURCES 8 /* sources of deliveries remembered per side: chosen */

/* One side of a call, as the world watches it. */
typedef struct {
    punch_call handle; /* valid once is_known; stale once is_ended */
    bool is_known;     /* the core of this side has (had) this call */
    bool is_connected; /* emitted CONNECTED, not ended since */
    bool is_ended;
    uint8_t source_count; /* distinct sources below, at most SIM_SIDE_SOURCES */
    uint8_t source_next;  /* the one to be replaced */
    uint8_t target_count;
    uint8_t target_next;
    uint32_t messages_left; /* short messages still to be sent */
    uint32_t messages_open; /* sent, outcome unknown */
    punch_time_us last_send_at_us;
    punch_addr last_target; /* destination of the last peer-to-peer packet */
    punch_addr broker_sees; /* source of its last packet that reached the broker; only of the first
                               call of a host */
    punch_addr remote;      /* of the last CONNECTED or MOVED */
    punch_addr sources[SIM_SIDE_SOURCES];
    punch_addr targets[PUNCH_TARGETS_MAX];
    uint8_t target_intros[PUNCH_TARGETS_MAX]; /* INTROs there since the last INTRO_ACK from there */
} sim_side;

typedef struct {
    sim_side sides[2];
    uint8_t id[PUNCH_CALL_ID_BYTES]; /* as the cores name it, once begun */
    punch_time_us begun_at_us;       /* the caller placed it; PUNCH_NEVER = not yet */
    uint32_t next_call[2];           /* chain of the caller's, of the callee's calls */
    punch_call stale; /* the callee's handle on what the caller has lost; PUNCH_CALL_NONE */
    punch_call late;  /* that on what the caller gave up before it rang, until it has ended */
    bool is_due;      /* its intended moment has come */
    bool is_decided;
    bool redials_on_wake; /* its moment came while the caller slept */
} sim_call;

struct sim_world {
    const sim_plan *plan;
    const sim_observer *observer;
    sim_trial_result *result;
    punch_time_us now_us;
    punch_time_us end_at_us;
    punch_time_us decided_at_us; /* when the last call was decided; PUNCH_NEVER */
    sim_queue queue;
    sim_pool packets;
    sim_route_table routes;
    sim_host *hosts;
    sim_site *sites;
    sim_cross *crosses; /* by site; NULL = the largest plan had none */
    sim_call *calls;
    sim_hold *holds;         /* by call */
    sim_meter *meters;       /* of hosts that were connected */
    punch_contact *contacts; /* by call; minted by its callee when it starts */
    uint8_t *arena;          /* cores and NATs */
    size_t arena_bytes;
    uint32_t host_cap;
    uint32_t site_cap;
    uint32_t call_cap;
    uint32_t timers_cap;    /* timer and look events the queue has room for */
    uint32_t timers_queued; /* stale ones included */
    uint32_t meters_used;
    uint32_t undecided;     /* calls */
    uint32_t messages_open; /* over all calls: to be sent or outcome unknown */
    bool has_link_faults;
    bool watches_holes; /* the plan has a hold */
    bool in_core;       /* inside an entry of a core: no other may be entered */
    uint64_t seed;
    uint64_t errors_made;  /* ICMP errors, copies by links included */
    uint64_t errors_ended; /* delivered or gone */
    punch_port port;       /* of all hosts: depends on the plan's crypto and on who listens */
};

static inline uint32_t sim_host_index(const sim_host *at) {
    return (uint32_t)(at - at->world->hosts);
}

static inline const sim_host_plan *sim_world_host_plan(const sim_world *world, uint32_t index) {
    return &world->plan->hosts[index];
}

/* The site's NAT, after all that others did to it up to now: for whoever is about to use it, or to
 * ask it. */
static inline nat *sim_site_nat_now(const sim_world *world, const sim_site *site) {
    if (site->cross != NULL) {
        sim_cross_catch_up(site->cross, site->box, world->now_us);
    }
    return site->box;
}

/* Does a site lie in another one, however deep, or is it that one? */
static inline bool sim_route_holds(const sim_world *world, uint32_t outer, uint32_t inner) {
    while (inner != outer && inner != SIM_NONE) {
        inner = world->sites[inner].parent;
    }
    return inner == outer;
}

/* The next site on the way down from inside a site (SIM_NONE: from the core network) to one that
 * lies in it, however deep; SIM_NONE when it does not. */
static inline uint32_t sim_route_step(const sim_world *world, uint32_t from, uint32_t to) {
    while (to != SIM_NONE && world->sites[to].parent != from) {
        to = world->sites[to].parent;
    }
    return to;
}

/* world.c */
void sim_world_push(sim_world *world, punch_time_us at_us, sim_event_kind kind, uint32_t index);
void sim_world_push_timer(sim_world *world, sim_host *at, punch_time_us at_us);
/* Returns the event's sequence number; what sim_holes_look_is_live denies may be swept out. */
uint32_t sim_world_push_look(sim_world *world, punch_time_us at_us, uint32_t index_and_side);
/* Calls and messages are all done: the world ends after the hold. */
void sim_world_settle_end(sim_world *world);

/* host.c */
/* The port of all hosts of a world. */
punch_port sim_host_port(const punch_crypto *crypto, const sim_observer *observer);
void sim_host_make(sim_world *world, uint32_t index);
void sim_host_start(sim_world *world, uint32_t index);
void sim_host_on_timer(sim_world *world, uint32_t index, uint32_t seq);
void sim_host_on_packet(sim_world *world, uint32_t index, const sim_packet *packet);
void sim_host_restart_broker(sim_world *world, uint32_t index);
/* A peer that slept goes on, told that its network may have changed, or not. */
void sim_host_wake(sim_world *world, uint32_t index, bool network_changed);
punch_time_us sim_host_local_us(const sim_world *world, uint32_t index);
/* Drains events and re-arms the timer; after every entry into the core. */
void sim_host_settle(sim_world *world, uint32_t index);
/* Bytes the core object of a planned host needs; 0 when its configuration is out of range. */
size_t sim_host_core_bytes(const sim_plan *plan, uint32_t index);
/* Offers other strategies in all calls of a peer that are connected. */
void sim_host_renegotiate(sim_world *world, uint32_t index, const punch_keepalive *const *offers);
/* The inside address of one of its sockets. */
punch_addr sim_host_sock_addr(const sim_host *host, uint32_t sock);
/* Has it an open socket at that (inside) address? */
bool sim_host_listens_at(const sim_host *host, const punch_addr *addr);

/* fabric.c */
void sim_fabric_send(sim_world *world, uint32_t from, const punch_datagram *datagram);
void sim_fabric_on_leave(sim_world *world, uint32_t slot);
void sim_fabric_on_down(sim_world *world, uint32_t slot);
void sim_fabric_on_enter(sim_world *world, uint32_t slot);
void sim_fabric_on_arrive(sim_world *world, uint32_t slot);
void sim_fabric_on_climb(sim_world *world, uint32_t slot);

/* truth.c: until when a packet that comes out of the core is admitted by every NAT around a host,
 * if nothing else happens; now: it is not. */
punch_time_us sim_truth_admitted_until(const sim_world *world, const nat_packet *from, uint32_t to);

/* calls.c */
void sim_calls_begin(sim_world *world);
void sim_calls_mint(sim_world *world, uint32_t callee);
void sim_calls_on_due(sim_world *world, uint32_t index);
void sim_calls_on_message(sim_world *world, uint32_t index_and_side);
void sim_calls_on_event(sim_world *world, uint32_t from, const punch_event *event);
/* The host has crashed or sleeps, and its application with it. */
void sim_calls_on_down(sim_world *world, uint32_t host);
void sim_calls_on_wake(sim_world *world, uint32_t host);
void sim_calls_finish(sim_world *world);
/* The call and receiving side a peer-to-peer packet belongs to, into packet->call and ->to_side. */
void sim_calls_name_packet(sim_world *world, sim_packet *at);
/* Whether an address is this host's: its own, or that of a NAT it is behind. */
bool sim_calls_leads_to(const sim_world *world, uint32_t host, const punch_addr *dst);
void sim_calls_saw_send(sim_world *world, const sim_packet *at);
void sim_calls_saw_arrival(sim_world *world, sim_packet *at, uint32_t to);
void sim_calls_saw_lost(sim_world *world, const sim_packet *at); /* on a link, or in the core */
void sim_calls_saw_lost_elsewhere(sim_world *world, const sim_packet *at, sim_loss why);
void sim_calls_saw_stray(sim_world *world, const sim_packet *at); /* it took the port it went to */
void sim_calls_saw_dodge(sim_world *world, const sim_packet *at, uint16_t port);
void sim_calls_saw_blocked(sim_world *world, const sim_packet *at, nat_verdict verdict,
                           uint32_t where);

/* invariants.c */
void sim_invariants_on_clock(const sim_world *world, punch_time_us at_us);
void sim_invariants_on_wake(const sim_world *world, sim_host *at);
void sim_invariants_on_intro(sim_side *from, const punch_addr *to);
void sim_invariants_on_arrival(sim_side *to, const sim_packet *at);
void sim_invariants_on_path(const sim_world *world, uint32_t index, uint32_t which,
                            const punch_addr *remote);
void sim_invariants_on_delivery(const sim_world *world, uint32_t slot);
void sim_invariants_on_decision(const sim_world *world, uint32_t index);
void sim_invariants_on_finish(const sim_world *world);

#endif
