/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan: everything one trial's world is made of, with all distributions drawn. Scenario files
 * become plans (scenario.h), backends run plans (backend.h). Plain data, no pointers into other
 * objects except the arrays.
 *
 *   host -- lan -- [NAT] -- access up --> core --> access down -- [NAT] -- lan -- host
 *   \__________ site __________/    (delay per pair    \__________ site __________/
 *                                    of regions)
 *
 * A site may lie behind another one, whose inside is then what the core is to others:
 *
 *   host -- lan -- [NAT] -- access up --> lan -- [carrier's NAT] -- uplink --> core
 *   \_________ home __________/           \________ carrier ________/
 */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include "nat/nat.h"
#include "punch/peer.h"
#include "punch/rng.h"
#include "sim/hold.h"

/* One direction of a link. All zero: instant, lossless, unlimited. */
typedef struct {
    punch_time_us delay_us;
    punch_time_us jitter_us; /* extra delay, uniform 0..jitter; never overtakes (see reorder) */
    punch_probability loss;  /* of each packet, independent */
    /* Gilbert-Elliott in continuous time: mean dwell times; bad_mean_us 0 = off. The state is a
     * function of (seed, time). */
    punch_time_us good_mean_us;
    punch_time_us bad_mean_us;
    punch_probability loss_good;
    punch_probability loss_bad;
    punch_time_us bad_jitter_us; /* in the bad state: more extra delay, uniform 0..bad_jitter */
    punch_probability duplicate; /* a second copy follows, with its own jitter */
    punch_probability reorder;   /* the packet is held back by reorder_us and may be overtaken */
    punch_time_us reorder_us;
    uint64_t rate_bps;    /* 0 = unlimited */
    uint32_t queue_bytes; /* waiting room in front of the rate; 0 = unlimited */
    uint32_t mtu_bytes;   /* larger IP packets vanish without a word; 0 = unlimited */
    /* Regular outage: down for outage_for_us in every outage_every_us, phase drawn from the seed;
     * every 0 = none. */
    punch_time_us outage_every_us;
    punch_time_us outage_for_us;
    /* Route flaps: every flap_every_us, phase drawn from the seed, the route changes between a
     * shorter one and one longer by flap_delay_us; packets may overtake there. Every 0 = none. */
    punch_time_us flap_every_us;
    punch_time_us flap_delay_us;
} sim_link_plan;

#define SIM_IP_UDP_HEADER_BYTES 28 /* RFC 791 (20) + RFC 768 (8); IPv6 adds 20 (RFC 8200) */

/* Flows that other hosts behind a NAT open through it, a packet each (and its answer): they take
 * mappings and ports. All zero: none. */
typedef struct {
    uint32_t rate_milli;       /* flows per 1000 s, on average */
    uint32_t dispersion_milli; /* 1000 x variance of their counts / mean: 1000 = Poisson, more =
                                  negative binomial, in batches of one host each */
    uint32_t hosts;            /* that open them, each as likely */
    punch_probability answered;
} sim_cross_plan;

#define SIM_NONE UINT32_MAX

/* An access network: an uplink, a downlink, and perhaps a NAT box in front of its hosts. Its links
 * end in the core network, or inside another site: a home behind a carrier's NAT. */
typedef struct {
    uint32_t region; /* row and column in the core delay table; of the outermost site of a chain */
    uint32_t behind; /* 1 + index of the site around it; 0: the core network (sim_site_parent) */
    bool has_nat;
    nat_config nat;
    punch_addr external;        /* of the NAT; port 0. Behind a site: an inside address there */
    sim_cross_plan cross;       /* behind the NAT, besides the hosts of the plan */
    punch_time_us lan_delay_us; /* one way between a host (or a site behind this one) and its NAT,
                                   or between two of them */
    bool is_isolated; /* those inside cannot reach each other directly, as in a guest Wi-Fi */
    sim_link_plan up;
    sim_link_plan down;
    char name[16]; /* for people: "A", "home" */
} sim_site_plan;

typedef enum { SIM_HOST_PEER, SIM_HOST_BROKER } sim_host_kind;

typedef struct {
    sim_host_kind kind;
    uint32_t site;
    punch_addr addr; /* inside address and port of its socket */
    char name[16];
    punch_time_us clock_offset_us; /* local clock minus world clock at world time 0; any sign */
    int32_t clock_drift_ppb;       /* local clock runs fast by this */
    punch_time_us start_at_us;     /* world time */
    /* peers */
    uint32_t broker; /* host index */
    punch_options options;
    const punch_keepalive *broker_keepalive; /* NULL = agreed-15 */
    const punch_keepalive *offers[PUNCH_OFFERS_MAX];
    const punch_keepalive *later[PUNCH_OFFERS_MAX]; /* offered by RENEGOTIATE; NULL ends */
    uint32_t learning_bytes; /* of a largest plan: for strategies that other plans offer */
    uint16_t calls_max;
    uint16_t messages_max;
    uint16_t inbox_max;
    bool refuses; /* answers RING with a refusal */
    sim_radio_plan radio;
    /* brokers */
    uint32_t peers_max;
    uint32_t broker_calls_max;
} sim_host_plan;

/* One host calls another once both are registered (or at the instant, whichever is later). */
typedef struct {
    uint32_t caller; /* host index */
    uint32_t callee;
    punch_time_us at_us; /* intended moment: all times count from here. World time. */
    /* after connecting, each side sends this many short messages, one per message_gap_us */
    uint32_t message_count;
    uint32_t message_bytes;
    punch_time_us message_gap_us;
    /* Once connected and lost, the caller calls again this long after, until it is connected; 0 =
     * never. */
    punch_time_us redial_us;
} sim_call_plan;

typedef enum {
    SIM_FAULT_BROKER_DOWN, /* host: loses every packet, keeps its memory */
    SIM_FAULT_BROKER_UP,
    SIM_FAULT_BROKER_RESTART, /* host: forgets everything, new instance id */
    SIM_FAULT_LINK_DOWN,      /* site: both directions */
    SIM_FAULT_LINK_UP,
    SIM_FAULT_NAT_REBOOT,   /* site: its NAT forgets every mapping */
    SIM_FAULT_NAT_RENUMBER, /* site: and has another external address */
    SIM_FAULT_NAT_CHANGE,   /* site: its NAT behaves otherwise from now on (nat_change) */
    SIM_FAULT_PEER_CRASH,   /* host: silent for ever */
    SIM_FAULT_PEER_SLEEP,   /* host: nothing is sent, nothing received, no timer runs */
    SIM_FAULT_PEER_WAKE,    /* host: goes on; its clocks did not stand still */
    SIM_FAULT_RENEGOTIATE   /* host: offers other keepalive strategies in all its calls */
} sim_fault_kind;

typedef struct {
    punch_time_us at_us; /* world time */
    sim_fault_kind kind;
    uint32_t index;       /* host or site */
    punch_addr external;  /* NAT_RENUMBER: the new (first) one; port 0 */
    nat_config nat;       /* NAT_CHANGE: firewall or not as before */
    bool network_changed; /* PEER_WAKE: the core is told that its network may have changed */
    const punch_keepalive *offers[PUNCH_OFFERS_MAX]; /* RENEGOTIATE; NULL ends; also in `later` */
} sim_fault;

typedef struct {
    sim_site_plan *sites;
    uint32_t site_count;
    sim_host_plan *hosts;
    uint32_t host_count;
    sim_call_plan *calls;
    uint32_t call_count;
    sim_fault *faults; /* in order of at_us */
    uint32_t fault_count;
    punch_time_us *core_delay_us; /* one way, [from * region_count + to] */
    uint16_t *core_hops;          /* routers on that way, likewise; NULL: none anywhere */
    uint32_t region_count;
    punch_probability core_loss; /* of each packet between sites, independent */
    punch_time_us limit_us;      /* the world ends here at the latest */
    punch_time_us hold_us;       /* run on for this long after all calls were decided */
    uint32_t packets_max;        /* packets in flight at once */
    const punch_crypto *crypto;
} sim_plan;

/* What else than a link or the core loses packets. */
typedef enum {
    SIM_LOSS_TTL,      /* its TTL ran out */
    SIM_LOSS_ISOLATED, /* a site keeps its hosts apart */
    SIM_LOSS_HOST,     /* a host slept or had crashed, a broker was down */
    SIM_LOSS_NOWHERE,  /* nobody had that address and port */
    SIM_LOSS_COUNT
} sim_loss;

/* Packets between a peer and its broker, one way, that did not arrive. */
typedef struct {
    uint32_t blocked;    /* refused by NATs ... */
    nat_verdict verdict; /* the last such verdict */
    uint32_t site;       /* and whose NAT it was; SIM_NONE: none */
    uint32_t lost_link;
    uint32_t lost_elsewhere[SIM_LOSS_COUNT];
} sim_broker_way;

/* What came of a call, as the cores say and as the world saw it. */
typedef struct {
    bool connected; /* both sides emitted CONNECTED within the limit */
    /* [0] caller [1] callee: since the intended moment; PUNCH_NEVER */
    punch_time_us connected_us[2];
    punch_time_us time_to_connect_us; /* the later of both; PUNCH_NEVER */
    punch_fail fail[2];               /* as each core named it */
    punch_time_us fired_at_us[2];     /* world time of the first INTRO; PUNCH_NEVER */
    uint32_t intros_sent[2];
    bool lost_after;                      /* connected, then DEAD before the world ended */
    punch_time_us outbound_gap_us_max[2]; /* longest silence of that side towards the peer while
                                             connected; 0 = none */
    uint32_t keepalives_sent[2];          /* KEEPALIVE, ARE_YOU_THERE and HERE */
    uint32_t messages_acked;
    uint32_t messages_unconfirmed;
    uint32_t messages_refused;
    bool path_private; /* the caller ended on a private (same site) address */
    /* truth for failures: last reason a peer-to-peer packet towards side i was dropped, and how
     * many were */
    uint32_t arrived[2];   /* peer-to-peer packets delivered to side i */
    uint32_t lost_link[2]; /* ... lost on links */
    uint32_t lost_elsewhere[2][SIM_LOSS_COUNT];
    uint32_t blocked[2];            /* ... refused by NATs */
    nat_verdict blocked_verdict[2]; /* the last such verdict */
    uint32_t blocked_site[2];       /* and whose NAT it was */
    /* truth for a side that its broker did not help: all packets between the two since the world
     * began, those of the host's other calls included */
    sim_broker_way to_broker[2];
    sim_broker_way from_broker[2];
    uint32_t broker_arrived[2]; /* packets of the broker delivered to side i */
    /* inbound-first collision at side i's NAT: the external port that an unsolicited packet of the
     * other side took, and the one side i's packets then left from instead; 0 = did not happen */
    uint16_t port_taken[2];
    uint16_t port_dodged_to[2];
    sim_hold_result hold; /* only with a hold */
} sim_call_result;

typedef struct {
    uint64_t digest; /* of every delivery and event, in order: equal worlds have equal digests */
    uint64_t events; /* popped from the queue */
    uint64_t packets_sent;
    uint64_t packets_delivered;
    uint64_t packets_lost_link; /* or in the core, or for want of a slot (packets_max) */
    uint64_t packets_blocked;
    uint64_t packets_lost_elsewhere[SIM_LOSS_COUNT];
    uint64_t packets_copied;              /* by links: more than were sent */
    uint64_t packets_left;                /* under way when the world ended */
    uint32_t verdicts[NAT_VERDICT_COUNT]; /* of NATs that blocked a packet: their sum is
                                             packets_blocked */
    uint64_t bytes_sent;                  /* with IP and UDP headers */
    uint64_t cross_flows;    /* of others behind the NATs, from time 0 on; in none of the above */
    uint64_t cross_refused;  /* ... that their NAT refused */
    uint64_t icmp_sent;      /* errors about packets, by NATs and routers */
    uint64_t icmp_delivered; /* that reached the host which had sent the packet */
    punch_time_us ended_at_us;
    sim_call_result *calls; /* plan->call_count; memory of the caller */
} sim_trial_result;

/* Sites one behind the other, the innermost and the outermost included: chosen. Two are common (a
 * home behind a carrier, RFC 6888 §1), three are met (a router behind the router of a home); twice
 * that leaves room, and bounds every walk along a chain. */
#define SIM_CHAIN_MAX 6u

/* The site around this one, or SIM_NONE: the core network. */
static inline uint32_t sim_site_parent(const sim_site_plan *site) {
    return site->behind - 1; /* 0 becomes UINT32_MAX */
}

/* Does it strike a site, rather than a host? */
static inline bool sim_fault_is_of_site(sim_fault_kind kind) {
    return kind >= SIM_FAULT_LINK_DOWN && kind <= SIM_FAULT_NAT_CHANGE;
}

/* Does it strike a peer? */
static inline bool sim_fault_is_of_peer(sim_fault_kind kind) {
    return kind >= SIM_FAULT_PEER_CRASH && kind <= SIM_FAULT_RENEGOTIATE;
}

/* Does it strike the site's NAT? */
static inline bool sim_fault_is_of_nat(sim_fault_kind kind) {
    return kind >= SIM_FAULT_NAT_REBOOT && kind <= SIM_FAULT_NAT_CHANGE;
}

#endif
