/* SPDX-License-Identifier: MIT */
/*
 * A NAT for TCP: the mappings, ports and limits of nat.h, and every connection through them
 * followed by tcp.h. It stands beside the NAT for UDP of the same device, because a NAT keeps the
 * ports of the two apart; a NAT without TCP is not larger or slower for it. RFC 5382.
 *
 *   inside host --- nat_tcp_box_out ---> outside        segments: (packet, segment) -> outcome
 *   inside host <--- nat_tcp_box_in ---- outside
 *               nat_tcp_box_on_timer --> outside        answers to SYNs that nobody asked for
 *
 *   session:  (external endpoint, remote) <-> inside endpoint, and the phase of their connection
 *
 * A session is the filter's permission for its remote, it says by which port that is answered, and
 * a mapping ends with the last of its sessions (REQ-5). Neither outside nor inside do two sessions
 * join the same two endpoints. A SYN that nobody asked for is held as tcp.h says, and becomes a
 * session when the inside host sends one to the same remote from that port in time (REQ-4).
 *
 * Nothing is allocated after nat_tcp_box_init; a segment costs O(1). Time never runs backwards.
 */
#ifndef NAT_TCP_BOX_H
#define NAT_TCP_BOX_H

#include "nat/nat.h"
#include "nat/tcp.h"

typedef struct {
    /* Mapping, filtering, ports, addresses, limits, hairpinning, ICMP. filters_max is how many
     * sessions there may be. Not looked at, being about UDP: its timeouts and what varies them,
     * refresh, reply affinity, unsolicited, blacklist, udp_blocked, udp_rate and udp_burst. */
    nat_config nat;
    nat_tcp_config tracking;
} nat_tcp_box_config;

/* What became of a segment: the table and the tracking must both let it pass. */
typedef struct {
    /* NAT_PASS, NAT_TURNED_BACK, or why the table drops it: as in nat.h, and
     *   NAT_DROP_EXPIRED     the mapping on that port has ended with its last connection
     *   NAT_DROP_TABLE_FULL  or there is no room for one more session
     *   NAT_DROP_NO_PORT     or those two endpoints are already those of another connection */
    nat_verdict table;
    /* NAT_TCP_PASS, or why the tracking drops it. When the table refuses an inbound segment, what
     * that comes to: held, answered, or dropped in silence. */
    nat_tcp_verdict tracking;
} nat_tcp_outcome;

static inline bool nat_tcp_passed(nat_tcp_outcome outcome) {
    return (outcome.table == NAT_PASS || outcome.table == NAT_TURNED_BACK) &&
           outcome.tracking == NAT_TCP_PASS;
}

/* What a held SYN gets. */
typedef struct {
    nat_tcp_verdict kind; /* NAT_TCP_ANSWER_RST or NAT_TCP_ANSWER_ICMP */
    nat_packet packet;    /* src: what the SYN was sent to; dst: who sent it */
    uint32_t ack;         /* of a RST */
} nat_tcp_answer;

typedef struct {
    uint64_t tracking[NAT_TCP_VERDICT_COUNT]; /* of segments; the table's are in nat_stats */
    uint64_t sessions_made;
    uint64_t sessions_expired;
    uint64_t sessions_closed;  /* at once, by a RST */
    uint64_t sessions_evicted; /* for want of room */
    uint64_t sessions_lost;    /* with their mapping: evicted, or ended by an ICMP error */
    uint64_t sessions_flushed;
    uint64_t syns_held;
    uint64_t syns_answered;
    uint64_t syns_forgotten; /* held ones, for want of room */
} nat_tcp_box_counters;

typedef struct nat_tcp_box nat_tcp_box;

#ifdef __cplusplus
extern "C" {
#endif

/* NULL when the configuration is in range, else a static sentence saying what is wrong. */
const char *nat_tcp_box_config_check(const nat_tcp_box_config *config);

/* Bytes it needs, 16-byte aligned; on a boundary of 64 it is faster. */
size_t nat_tcp_box_size(const nat_tcp_box_config *config);

/* Makes one in the caller's memory, as nat_init does. */
nat_tcp_box *nat_tcp_box_init(void *memory, const nat_tcp_box_config *config,
                              const punch_addr *external, punch_rng rng);

/* Empties it in O(1) and takes a new configuration, none of whose tables may be larger than those
 * it was made with. */
void nat_tcp_box_reset(nat_tcp_box *box, const nat_tcp_box_config *config,
                       const punch_addr *external, punch_rng rng);

/* A reboot: every mapping and session is gone, and what was held is never answered. O(1). */
void nat_tcp_box_flush(nat_tcp_box *box, punch_time_us now_us);

/* A new (first) external address; it flushes. */
void nat_tcp_box_renumber(nat_tcp_box *box, const punch_addr *external, punch_time_us now_us);

/* A segment from inside. NAT_PASS: src has become external; NAT_TURNED_BACK: hairpinned, dst (and
 * src) rewritten to inside. A hairpinned segment that the other side's filter refuses is dropped,
 * and nobody is answered. Dropped: the packet is unchanged. O(1), but for the search of a port. */
nat_tcp_outcome nat_tcp_box_out(nat_tcp_box *box, nat_packet *packet,
                                const nat_tcp_segment *segment, punch_time_us now_us);

/* A segment from outside. NAT_PASS: dst has become internal; else the packet is unchanged.
 * NAT_TCP_ANSWER_RST or _ICMP: that goes back now; a RST acknowledges the SYN. O(1). */
nat_tcp_outcome nat_tcp_box_in(nat_tcp_box *box, nat_packet *packet, const nat_tcp_segment *segment,
                               punch_time_us now_us);

/* As nat_translate_icmp_in and nat_translate_icmp_out: an error passes if it is about a connection
 * that is followed. It ends nothing (REQ-10) unless icmp_kills_mapping. REQ-9. O(1). */
nat_verdict nat_tcp_box_icmp_in(nat_tcp_box *box, nat_packet *quoted, punch_time_us now_us);
nat_verdict nat_tcp_box_icmp_out(nat_tcp_box *box, nat_packet *quoted, punch_time_us now_us);

/* When an answer to a held SYN is due, or PUNCH_NEVER. Sessions need no timer. O(1). */
punch_time_us nat_tcp_box_next_deadline_us(const nat_tcp_box *box);

/* True: one answer that is due; call again until false. A SYN is held until its answer was taken
 * here, even if that is late. O(1). */
bool nat_tcp_box_on_timer(nat_tcp_box *box, punch_time_us now_us, nat_tcp_answer *answer_out);

/* The truth, without changing anything: what nat_tcp_box_in would answer. */
nat_tcp_outcome nat_tcp_box_would_admit(const nat_tcp_box *box, const nat_packet *packet,
                                        const nat_tcp_segment *segment, punch_time_us now_us);

/* The truth, without changing anything: the external source that a segment from inside would get
 * now, if a live session or mapping decides it already and the tracking lets it pass. False also
 * for one to our own address, which leaves nowhere. */
bool nat_tcp_box_would_leave_from(const nat_tcp_box *box, const nat_packet *packet,
                                  const nat_tcp_segment *segment, punch_time_us now_us,
                                  punch_addr *external_out);

/* The session between these two, or NULL. Lent until the next call. */
const nat_tcp_session *nat_tcp_box_session(const nat_tcp_box *box, const punch_addr *inside,
                                           const punch_addr *remote);

/* As of the last call: sessions, and SYNs held. */
uint32_t nat_tcp_box_session_count(const nat_tcp_box *box);
uint32_t nat_tcp_box_held_count(const nat_tcp_box *box);

/* Its mappings, for nat_stats, nat_mapping_count, nat_host_mapping_count, nat_external and
 * nat_owns; as of the last call. */
const nat *nat_tcp_box_table(const nat_tcp_box *box);

const nat_tcp_box_counters *nat_tcp_box_stats(const nat_tcp_box *box);

#ifdef __cplusplus
}
#endif

#endif
