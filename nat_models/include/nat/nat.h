/* SPDX-License-Identifier: MIT */
/*
 * A NAT as a pure state machine: (state, packet, now) -> verdict. Hashed tables, O(1) a packet,
 * nothing allocated after nat_init. Words and requirement numbers are RFC 4787's. Time never runs
 * backwards between calls.
 *
 *   inside host --- nat_translate_out ---> outside
 *   inside host <--- nat_translate_in ---- outside
 *
 *   mapping:  inside endpoint [+ destination] -> external port
 *   filter:   per mapping, which remotes may come in
 *   session:  (inside endpoint, remote) -> external port, where it differs from the mapping's
 *             (reply affinity, or the port was taken by an inbound-first packet)
 *   stray:    (external port, remote) taken by an unsolicited packet
 *
 * A configuration may also be a firewall, which keeps all of that but translates nothing.
 */
#ifndef NAT_NAT_H
#define NAT_NAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "punch/addr.h"
#include "punch/rng.h"
#include "punch/time.h"

typedef enum {
    NAT_MAPPING_EIM = 0, /* endpoint-independent, RFC 4787 §4.1 */
    NAT_MAPPING_ADM = 1, /* address-dependent */
    NAT_MAPPING_APDM = 2 /* address- and port-dependent */
} nat_mapping;

typedef enum {
    NAT_FILTERING_EIF = 0, /* endpoint-independent, RFC 4787 §5 */
    NAT_FILTERING_ADF = 1, /* address-dependent */
    NAT_FILTERING_APDF = 2 /* address- and port-dependent */
} nat_filtering;

typedef enum {
    NAT_ALLOCATION_PRESERVING = 0, /* the inside port, if it is free and in range */
    NAT_ALLOCATION_CONTIGUOUS = 1, /* the port after the last one given */
    NAT_ALLOCATION_RANDOM = 2      /* uniform over the range */
} nat_allocation;

/* What to do when the port wanted is taken. */
typedef enum {
    NAT_COLLISION_NEXT_FREE = 0,  /* next free one above the wanted, wrapping within the range */
    NAT_COLLISION_CONTIGUOUS = 1, /* the next free port after the last one given */
    NAT_COLLISION_RANDOM = 2,     /* a free port drawn uniformly */
    NAT_COLLISION_OVERLOAD = 3, /* shared (RFC 4787 REQ-3: MUST NOT): inbound to the latest user */
    NAT_COLLISION_OVERRIDE = 4  /* the newcomer takes it, the mapping that had it ends */
} nat_collision;

/* Which of several external addresses a mapping gets: RFC 4787 §4.1. */
typedef enum {
    NAT_POOLING_PAIRED = 0,   /* an inside address keeps to one (REQ-2) while it has mappings */
    NAT_POOLING_ARBITRARY = 1 /* each mapping draws */
} nat_pooling;

typedef enum {
    NAT_HAIRPIN_NONE = 0,
    NAT_HAIRPIN_INTERNAL = 1, /* back inside with the internal source (breaks RFC 4787 REQ-9a) */
    NAT_HAIRPIN_EXTERNAL = 2  /* back inside with the external source (REQ-9a) */
} nat_hairpin;

typedef enum {
    NAT_FULL_REFUSE = 0,
    NAT_FULL_EVICT_OLDEST = 1, /* the one refreshed longest ago */
    NAT_FULL_EVICT_RANDOM = 2
} nat_full;

/* What an inbound packet does that no mapping or filter admits. */
typedef enum {
    NAT_UNSOLICITED_IGNORE = 0,   /* dropped without a trace */
    NAT_UNSOLICITED_COLLIDE = 1,  /* takes (port, remote) for udp_timeout_first: a plain Linux
                                     masquerade without a WAN-INPUT drop */
    NAT_UNSOLICITED_KILL = 2,     /* destroys the mapping it was sent to */
    NAT_UNSOLICITED_BLACKLIST = 3 /* its source address is barred for blacklist_us */
} nat_unsolicited;

/* How drawn timeouts are spread. */
typedef enum {
    NAT_SPREAD_UNIFORM = 0,  /* evenly, between so much shorter and so much longer */
    NAT_SPREAD_LOGNORMAL = 1 /* their logarithms are normal, with that standard deviation; the
                                configured timeout is the median */
} nat_spread;

/* What the sender of a dropped packet is told. */
typedef enum {
    NAT_REFUSAL_SILENCE = 0, /* nothing */
    NAT_REFUSAL_ICMP = 1     /* an ICMP error: RFC 5508 REQ-8, RFC 6888 REQ-11B */
} nat_refusal;

#define NAT_EXEMPT_MAX 2u /* chosen: a provider's servers, and one more net */

/* Destinations that are not translated: RFC 6888 REQ-6. */
typedef struct {
    punch_addr addr;      /* port 0: any */
    uint32_t prefix_bits; /* how much of the address counts */
} nat_exempt;

typedef struct {
    nat_mapping mapping;
    nat_filtering filtering;
    nat_allocation allocation;
    nat_collision collision;
    uint16_t port_min; /* range of external ports, inclusive; 1 <= port_min <= port_max */
    uint16_t port_max;
    punch_time_us udp_timeout_first_us;  /* until a packet has passed in the other direction */
    punch_time_us udp_timeout_stream_us; /* from then on */
    bool refresh_outbound;               /* RFC 4787 REQ-6: MUST be true */
    bool refresh_inbound;                /* REQ-6a: MAY be */
    nat_hairpin hairpin;
    uint32_t table_max;    /* live mappings, 1..4,194,304 (sessions of their own included) */
    uint32_t per_host_max; /* live mappings of one inside address; 0 = no limit */
    nat_full full;         /* when table_max or per_host_max is reached */
    nat_unsolicited unsolicited;
    punch_time_us blacklist_us;
    /* Replies to a session accepted inbound leave from the port it came in by. */
    bool reply_affinity;
    /* Remotes remembered over all mappings, 0 = 4 x table_max; the oldest is forgotten first. */
    uint32_t filters_max;

    /* Zero in all that follows: without it. */

    /* The stream timeout starts only with a packet that comes later than this after the first one,
     * when one has come in before (Linux: 2 s); 0 = with the first answer. */
    punch_time_us stream_after_us;
    /* Timeouts of a mapping are drawn when it is made, from NAT_SPREAD_STEPS equally likely steps:
     * see nat_spread_step_permille. */
    uint32_t timeout_spread_permille;
    nat_spread timeout_spread_shape;
    /* Mapping timeouts follow the day: longer and shorter by at most this, a sine over
     * drift_period_us (0 = 24 h) that begins drift_phase_us before time 0. */
    uint32_t timeout_drift_permille;
    punch_time_us drift_period_us;
    punch_time_us drift_phase_us;
    /* Above pressure_start live mappings their timeouts shrink, in proportion, to nothing at
     * pressure_end (pf.conf(5): adaptive.start, adaptive.end); pressure_end 0 = never. */
    uint32_t pressure_start;
    uint32_t pressure_end;

    uint32_t address_count; /* external addresses, consecutive; 0 = 1 */
    nat_pooling pooling;    /* among them */
    bool port_parity;       /* RFC 4787 REQ-4: an even inside port gets an even external one */
    /* Each inside address gets a block of so many ports, and none other; it is its own while there
     * is a mapping in it (RFC 6888 REQ-4). 0 = the whole range for everybody. */
    uint32_t block_ports;
    uint32_t blocks_per_host; /* further blocks when the first is used up; 0 = 1 */
    /* A port is not given again for so long after its mapping has ended (RFC 6888 REQ-8: 120 s);
     * only the latest so many of them (0 = all), and at most as the table has room for. */
    punch_time_us hold_down_us;
    uint32_t hold_down_max;
    /* New mappings of one inside address a second (RFC 6888 REQ-4C), and how many at once; 0 = no
     * limit. */
    uint32_t mapping_rate_per_s;
    uint32_t mapping_burst;
    uint32_t exempt_count;
    nat_exempt exempt[NAT_EXEMPT_MAX];

    bool firewall;         /* the inside endpoint is its own external one: ports, addresses and
                              hairpinning do not apply */
    bool udp_blocked;      /* nothing passes */
    uint32_t udp_rate_pps; /* packets per second in both directions together; 0 = no limit */
    uint32_t udp_burst;    /* packets that may come at once; with udp_rate_pps at least 1 */

    nat_refusal refusal;     /* see nat_refuses_aloud */
    bool icmp_blocked;       /* no ICMP error passes (breaks RFC 4787 REQ-12b, RFC 5508 REQ-4) */
    bool icmp_kills_mapping; /* one that passes ends the mapping it is about (breaks REQ-12) */
} nat_config;

#define NAT_SPREAD_STEPS 8u         /* chosen: each step costs two queues */
#define NAT_ADDRESSES_MAX 16u       /* chosen: 16 x 64,512 ports are a million mappings */
#define NAT_BLOCKS_MAX 16384u       /* chosen: over all addresses; a free one is searched for */
#define NAT_BLOCKS_PER_HOST_MAX 64u /* chosen: they are searched one after the other */
#define NAT_PERMILLE_MAX 900u /* chosen: of spread and drift, so that timeouts stay positive */

/* A UDP packet's addresses; a verdict NAT_PASS or NAT_TURNED_BACK rewrites them. */
typedef struct {
    punch_addr src;
    punch_addr dst;
} nat_packet;

typedef enum {
    NAT_PASS = 0,
    NAT_TURNED_BACK,         /* out: hairpin; the packet now goes to an inside host */
    NAT_DROP_NO_MAPPING,     /* in: nothing is mapped to that port */
    NAT_DROP_EXPIRED,        /* in: the mapping on that port timed out */
    NAT_DROP_FILTER_ADDRESS, /* in: mapping lives, but that address was never sent to */
    NAT_DROP_FILTER_PORT,    /* in: that address was sent to, but not that port */
    NAT_DROP_FILTER_EXPIRED, /* in: that remote was sent to, too long ago */
    NAT_DROP_TABLE_FULL,     /* out: table_max reached, policy refuse */
    NAT_DROP_HOST_LIMIT,     /* out: per_host_max reached, policy refuse */
    NAT_DROP_NO_PORT,        /* out: no free external port */
    NAT_DROP_NO_HAIRPIN,     /* out: towards our own external address, hairpin none */
    NAT_DROP_BLACKLISTED,    /* in: source address barred */
    NAT_DROP_NOT_OURS,       /* in: not our external address */
    NAT_DROP_HOST_PORTS,     /* out: the inside address has used up its block of ports */
    NAT_DROP_UDP_BLOCKED,    /* this network lets no UDP pass */
    NAT_DROP_RATE,           /* more packets than udp_rate_pps allows */
    NAT_DROP_ICMP_BLOCKED,   /* ICMP: this network lets no errors pass */
    NAT_DROP_MAPPING_RATE,   /* out: the inside address makes mappings too fast */
    NAT_VERDICT_COUNT
} nat_verdict;

typedef struct {
    uint64_t verdicts[NAT_VERDICT_COUNT];
    uint64_t mappings_made;
    uint64_t mappings_expired;
    uint64_t mappings_evicted;
    uint64_t mappings_killed;  /* by an unsolicited packet or an ICMP error */
    uint64_t mappings_flushed; /* by a reboot, a new address or a new configuration */
    uint64_t ports_collided;   /* wanted port was taken */
    uint64_t strays_made;      /* inbound-first packets that took a port */
    uint64_t strays_dodged;    /* times an outbound packet left from another port because of one */
    uint64_t icmp_passed;      /* ICMP errors, which the verdicts above do not count */
    uint64_t icmp_dropped;
} nat_counters;

typedef struct nat nat;

#ifdef __cplusplus
extern "C" {
#endif

const char *nat_mapping_name(nat_mapping mapping);       /* "EIM" ... */
const char *nat_filtering_name(nat_filtering filtering); /* "EIF" ... */
const char *nat_allocation_name(nat_allocation allocation);
const char *nat_collision_name(nat_collision collision);
const char *nat_hairpin_name(nat_hairpin hairpin);
const char *nat_pooling_name(nat_pooling pooling);
const char *nat_spread_name(nat_spread spread);
const char *nat_full_name(nat_full full);
const char *nat_unsolicited_name(nat_unsolicited unsolicited);
const char *nat_refusal_name(nat_refusal refusal);
const char *nat_verdict_name(nat_verdict verdict); /* "pass", "filter-port", ... */
/* A sentence end for people: "the mapping lives, but nothing was sent to that port". */
const char *nat_verdict_text(nat_verdict verdict);

/* RFC 4787-recommended behaviour with 5-minute timeouts, as the preset "rfc4787". */
nat_config nat_config_default(void);

/* NULL when the configuration is in range, else a static sentence saying what is wrong. */
const char *nat_config_check(const nat_config *config);

/* External addresses of a configuration: 1 unless it says otherwise. */
uint32_t nat_config_addresses(const nat_config *config);

/* Blocks one inside address may have: 1 unless it says otherwise. */
uint32_t nat_config_blocks_per_host(const nat_config *config);

/* What a drawn timeout is of the configured one, by step 0 .. NAT_SPREAD_STEPS - 1. Uniform: from
 * 1 - spread to 1 + spread. Log-normal: e^(spread z), z being the normal quantile in the middle of
 * the step's eighth, (2 step + 1) / 16: at a spread of 0.5, from 0.464 to 2.153, with a mean of
 * 1.11. */
uint32_t nat_spread_step_permille(const nat_config *config, uint32_t step);

/* Is this one of the external addresses of a NAT so configured, `external` being its first? Ports
 * do not count. Always false for a firewall. */
bool nat_config_owns(const nat_config *config, const punch_addr *external, const punch_addr *addr);

/* Does a NAT so configured answer a packet that met this verdict with an ICMP error? Only a drop it
 * decided on itself, and none of a barred address, of one that was not for it, or for want of rate:
 * policers say nothing. */
bool nat_refuses_aloud(const nat_config *config, nat_verdict verdict);

/* Bytes a NAT of this configuration needs, 16-byte aligned; on a boundary of 64 it is faster. They
 * grow with table_max, filters_max and address_count, and with what takes room only where it is
 * used: timeout_spread_permille, and tables of inside addresses (per_host_max, block_ports, or more
 * than one external address, paired). */
size_t nat_size(const nat_config *config);

/* Bytes this one was made with. */
size_t nat_room_bytes(const nat *box);

/* A configuration whose NAT has room for either of these. Means nothing else. */
nat_config nat_config_room(const nat_config *a, const nat_config *b);

/* Makes a NAT in the caller's memory. external: its outside address, the first if it has several
 * (port ignored). The stream draws random ports; what else is drawn has streams derived from it.
 * The configuration must pass nat_config_check. */
nat *nat_init(void *memory, const nat_config *config, const punch_addr *external, punch_rng rng);

/* Empties all tables in O(1) and takes a new configuration, any whose nat_size is not above that of
 * the one it was made with. */
void nat_reset(nat *box, const nat_config *config, const punch_addr *external, punch_rng rng);

/* A reboot: every mapping and everything remembered is gone; configuration and counters stay. O(1).
 */
void nat_flush(nat *box, punch_time_us now_us);

/* A new (first) external address: nothing of the old one is of use any more, so it flushes. */
void nat_renumber(nat *box, const punch_addr *external, punch_time_us now_us);

/* Other behaviour from now on, in a configuration that fits the same memory. Mappings survive when
 * only timeouts, refresh, hairpinning, limits of rate, or the reaction to collisions (without
 * overloading), to a full table and to unsolicited packets change; anything else flushes. */
void nat_change(nat *box, const nat_config *config, punch_time_us now_us);

/* A packet from inside. NAT_PASS: src has become external. NAT_TURNED_BACK: hairpinned, dst (and
 * src) rewritten to inside. Anything else: dropped, packet unchanged. O(1). RFC 4787 §4. */
nat_verdict nat_translate_out(nat *box, nat_packet *packet, punch_time_us now_us);

/* A packet from outside to our external address. NAT_PASS: dst has become internal. Else dropped,
 * unchanged. O(1). §5. */
nat_verdict nat_translate_in(nat *box, nat_packet *packet, punch_time_us now_us);

/* An ICMP error from outside. quoted: the packet it is about, as it was seen outside: src our
 * external endpoint, dst the remote. NAT_PASS: src has become the inside endpoint, which is where
 * the error goes. Only for a live mapping that may have sent that packet; it refreshes nothing.
 * O(1). RFC 4787 REQ-12, RFC 5508 REQ-4. */
nat_verdict nat_translate_icmp_in(nat *box, nat_packet *quoted, punch_time_us now_us);

/* An ICMP error from inside about a packet that had come in: quoted src is the remote, dst the
 * inside endpoint. NAT_PASS: dst has become external; the error goes to src. NAT_TURNED_BACK: the
 * packet had been hairpinned, and is now as its inside sender sent it. RFC 5508 REQ-5, REQ-7. */
nat_verdict nat_translate_icmp_out(nat *box, nat_packet *quoted, punch_time_us now_us);

/* The truth, without changing anything: what nat_translate_in would answer. */
nat_verdict nat_would_admit(const nat *box, const nat_packet *packet, punch_time_us now_us);

/* The truth, without changing anything: until when a packet like this would be admitted if nothing
 * else happened from now on, with the timeouts in force now; dst becomes internal, as it would be.
 * now_us when it is not admitted now; then the packet stays. A momentary limit of rate does not
 * count. O(1). */
punch_time_us nat_admits_until(const nat *box, nat_packet *packet, punch_time_us now_us);

/* The truth, without changing anything: the external source a packet from inside would get now, if
 * a live mapping or session decides it already; false when a new one would have to be made, when it
 * would be dropped, and for one to our own address (hairpinned packets leave nowhere). */
bool nat_would_leave_from(const nat *box, const nat_packet *packet, punch_time_us now_us,
                          punch_addr *external_out);

/* The truth, without changing anything: whether a packet from inside towards our own external
 * address would be turned back now, and what nat_translate_out would make of it. False also when a
 * new mapping would have to be made for it: what port that gets is not decided yet. */
bool nat_would_turn_back(const nat *box, const nat_packet *packet, punch_time_us now_us,
                         nat_packet *inside_out);

/* Live mappings now (expired ones not counted). */
uint32_t nat_mapping_count(const nat *box, punch_time_us now_us);

/* Those of one inside address (its port is ignored). O(mappings). */
uint32_t nat_host_mapping_count(const nat *box, const punch_addr *inside, punch_time_us now_us);

/* Remotes remembered: what filters_max bounds. */
uint32_t nat_filter_count(const nat *box);

/* An external address by its number (below nat_config_addresses), port 0. */
punch_addr nat_external(const nat *box, uint32_t number);

/* Whether an address is one of its external ones now; always false for a firewall. */
bool nat_owns(const nat *box, const punch_addr *addr);

const nat_counters *nat_stats(const nat *box);
const nat_config *nat_configuration(const nat *box);

#ifdef __cplusplus
}
#endif

#endif
