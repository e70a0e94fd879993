/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of a packet. A hop without delay is taken at once, a hop with delay is an event; a host
 * is only ever reached by an event, so no core is entered from within another's send.
 *
 *   send -> [LEAVE] -> NAT out -> uplink -> core -> [DOWN] -> downlink -> [ENTER] -> NAT in
 *        -> [ARRIVE] -> host
 *
 * LEAVE and ARRIVE exist when the LAN has a delay; DOWN when the downlink remembers earlier packets
 * (rate, jitter, bursts) or may go down: otherwise its outcome is computed when the packet leaves.
 *
 * Behind another site an uplink ends inside that one, where the packet finds a neighbour or the
 * next NAT; the downlink of a site inside is the next one after the NAT around it:
 *
 *   uplink -> [CLIMB] -> (a neighbour's downlink, or) [LEAVE] -> NAT out -> uplink -> ...
 *   ... -> downlink -> [ENTER] -> NAT in -> [DOWN] -> downlink -> [ENTER] -> NAT in -> host
 *
 * A dropped packet may come back as an ICMP error (RFC 792, RFC 5508): in its slot, with the
 * addresses the packet had there, it takes the same hops to where the packet came from. Nobody
 * answers an error. It ends at the host: the cores' sockets are not connected, and such sockets are
 * not told (udp(7)).
 */
#include <string.h>

#include "punch/assert.h"
#include "sim/digest.h"
#include "world_internal.h"

#define TTL_OF_HOSTS 64 /* RFC 1700, "IP time to live parameter"; Linux ip_default_ttl */

/* Where a packet wants to go; an error to where what it quotes came from. */
static const punch_addr *goal_of(const sim_packet *at) {
    return at->icmp == SIM_ICMP_NONE ? &at->dst : &at->src;
}

static sim_saw saw_of(const sim_world *world, const sim_packet *at, sim_saw_kind kind) {
    const sim_saw saw = {.kind = kind,
                         .at_us = world->now_us,
                         .packet = at->number,
                         .host = SIM_NONE,
                         .site = SIM_NONE,
                         .type = at->type,
                         .length = at->length,
                         .icmp = at->icmp,
                         .src = at->src,
                         .dst = at->dst,
                         .data = at->data};
    return saw;
}

static void tell(const sim_world *world, const sim_saw *saw) {
    world->observer->saw(world->observer->user, saw);
}

/* --- ends of the way ---------------------------------------------------------------------------
 */

static void tell_end(const sim_world *world, const sim_packet *at, sim_saw_kind kind, uint32_t site,
                     const char *text) {
    if (world->observer != NULL) {
        sim_saw saw = saw_of(world, at, kind);
        saw.site = site;
        saw.text = text;
        tell(world, &saw);
    }
}

/* On a link, or in the core. */
static void lose(sim_world *world, uint32_t slot, uint32_t site, const char *text) {
    sim_packet *at = sim_pool_at(&world->packets, slot);
    if (at->icmp != SIM_ICMP_NONE) {
        world->errors_ended++;
    } else {
        world->result->packets_lost_link++;
        sim_calls_saw_lost(world, at);
    }
    tell_end(world, at, SIM_SAW_LOSS, site, text);
    sim_pool_give(&world->packets, slot);
}

static void count_elsewhere(sim_world *world, const sim_packet *at, sim_loss why) {
    if (at->icmp != SIM_ICMP_NONE) {
        world->errors_ended++;
    } else {
        world->result->packets_lost_elsewhere[why]++;
        sim_calls_saw_lost_elsewhere(world, at, why);
    }
}

static void lose_elsewhere(sim_world *world, uint32_t slot, uint32_t site, sim_loss why,
                           const char *text) {
    sim_packet *at = sim_pool_at(&world->packets, slot);
    count_elsewhere(world, at, why);
    tell_end(world, at, SIM_SAW_LOSS, site, text);
    sim_pool_give(&world->packets, slot);
}

static void end_nowhere(sim_world *world, uint32_t slot, const char *text) {
    sim_packet *at = sim_pool_at(&world->packets, slot);
    count_elsewhere(world, at, SIM_LOSS_NOWHERE);
    tell_end(world, at, SIM_SAW_NOWHERE, SIM_NONE, text);
    sim_pool_give(&world->packets, slot);
}

static const char *down_text(const sim_host *host) {
    return host->kind == SIM_HOST_BROKER ? "lost: the broker is down"
                                         : "lost: the host sleeps or has crashed";
}

/* What a NAT did to its ports besides its verdict: counters that grew since. */
typedef struct {
    uint64_t collided;
    uint64_t strays_made;
    uint64_t strays_dodged;
    uint64_t ended; /* mappings, before their time */
} port_marks;

static port_marks marks_of(const nat *box) {
    const nat_counters *counters = nat_stats(box);
    const port_marks marks = {counters->ports_collided, counters->strays_made,
                              counters->strays_dodged,
                              counters->mappings_evicted + counters->mappings_killed};
    return marks;
}

static const char *marks_text(const port_marks *before, const port_marks *after) {
    if (after->strays_made != before->strays_made) {
        return "the packet now occupies that port for its sender: what goes to the sender must "
               "leave from another port";
    }
    if (after->strays_dodged != before->strays_dodged) {
        return "the port wanted is occupied by an earlier unsolicited packet from that remote: "
               "another is used";
    }
    if (after->collided != before->collided) {
        return "the port wanted was taken: another is used";
    }
    return NULL;
}

static void digest_delivery(sim_world *world, const sim_packet *at) {
    uint64_t digest = world->result->digest;
    digest = sim_digest_word(digest, (uint64_t)world->now_us);
    digest = sim_digest_word(digest, (uint64_t)at->from << 32 | at->to);
    digest = sim_digest_addr(digest, &at->src);
    digest = sim_digest_addr(digest, &at->dst);
    world->result->digest = sim_digest_bytes(digest, at->data, at->length);
}

/* An error has reached a host; its core's socket is not connected and is not told (udp(7)). */
static void arrive_error(sim_world *world, uint32_t slot) {
    const sim_packet *at = sim_pool_at(&world->packets, slot);
    uint64_t digest = sim_digest_word(world->result->digest, (uint64_t)world->now_us);
    digest = sim_digest_word(digest, (uint64_t)at->icmp << 32 | at->to);
    digest = sim_digest_addr(digest, &at->src);
    world->result->digest = sim_digest_addr(digest, &at->dst);
    world->result->icmp_delivered++;
    world->errors_ended++;
    if (world->observer != NULL) {
        sim_saw saw = saw_of(world, at, SIM_SAW_ICMP_DELIVER);
        saw.host = at->to;
        saw.site = world->hosts[at->to].site;
        tell(world, &saw);
    }
    sim_pool_give(&world->packets, slot);
}

/* The packet stands before its host. */
static void arrive(sim_world *world, uint32_t slot) {
    sim_packet *at = sim_pool_at(&world->packets, slot);
    const uint32_t to = at->to;
    const sim_host *host = &world->hosts[to];
    if (!sim_host_listens_at(host, goal_of(at))) {
        end_nowhere(world, slot, "no socket on that port");
        return;
    }
    if (at->icmp != SIM_ICMP_NONE) {
        arrive_error(world, slot);
        return;
    }
    if (host->is_down) {
        lose_elsewhere(world, slot, host->site, SIM_LOSS_HOST, down_text(host));
        return;
    }
    sim_invariants_on_delivery(world, slot);
    world->result->packets_delivered++;
    digest_delivery(world, at);
    sim_calls_saw_arrival(world, at, to);
    sim_holes_saw_arrival(world, at);
    if (world->observer != NULL) {
        sim_saw saw = saw_of(world, at, SIM_SAW_DELIVER);
        saw.host = to;
        saw.site = host->site;
        tell(world, &saw);
    }
    sim_host_on_packet(world, to, at);
    sim_pool_give(&world->packets, slot);
}

/* --- hops --------------------------------------------------------------------------------------
 */

/* From inside a site, or from its NAT, to one of its hosts. Always an event. */
static void cross_lan(sim_world *world, uint32_t slot, uint32_t site, uint32_t to) {
    sim_pool_at(&world->packets, slot)->to = to;
    sim_world_push(world, world->now_us + world->sites[site].lan_delay_us, SIM_EVENT_ARRIVE, slot);
}

/* The copy of a packet a link made, or SIM_SLOT_NONE when there is no slot for it. */
static uint32_t copy_packet(sim_world *world, uint32_t slot, uint32_t site) {
    if (world->packets.live >= world->plan->packets_max) {
        return SIM_SLOT_NONE;
    }
    const uint32_t second = sim_pool_take(&world->packets);
    const sim_packet *from = sim_pool_at(&world->packets, slot);
    sim_packet *copy = sim_pool_at(&world->packets, second);
    memcpy(copy, from, offsetof(sim_packet, data) + from->length);
    if (copy->icmp != SIM_ICMP_NONE) {
        world->errors_made++;
    } else {
        world->result->packets_copied++;
    }
    if (world->observer != NULL) {
        sim_saw saw = saw_of(world, copy, SIM_SAW_DUPLICATE);
        saw.site = site;
        tell(world, &saw);
    }
    return second;
}

/* Offers the packet to a site's downlink at an instant and sets out its arrivals at the site. */
static void go_down(sim_world *world, uint32_t slot, punch_time_us at_us) {
    sim_packet *at = sim_pool_at(&world->packets, slot);
    const uint32_t index = at->to;
    sim_link_arrivals arrivals = {0};
    const sim_link_fate fate =
        sim_link_offer(&world->sites[index].down, &world->plan->sites[index].down,
                       sim_packet_ip_bytes(at), at_us, &arrivals);
    if (fate != SIM_LINK_PASSED) {
        lose(world, slot, index, sim_link_fate_text(fate));
        return;
    }
    const uint32_t second = arrivals.count > 1 ? copy_packet(world, slot, index) : SIM_SLOT_NONE;
    sim_world_push(world, arrivals.at_us[0], SIM_EVENT_ENTER, slot);
    if (second != SIM_SLOT_NONE) {
        sim_world_push(world, arrivals.at_us[1], SIM_EVENT_ENTER, second);
    }
}

/* Sends the packet down towards a site in the present one, by the next site on the way. */
static void descend(sim_world *world, uint32_t slot, uint32_t step, punch_time_us at_us) {
    sim_pool_at(&world->packets, slot)->to = step;
    if (world->sites[step].is_direct) {
        go_down(world, slot, at_us);
    } else {
        sim_world_push(world, at_us, SIM_EVENT_DOWN, slot);
    }
}

/* Takes a way inside a site; false when it leads nowhere. */
static bool take_way(sim_world *world, uint32_t slot, uint32_t index, sim_route_way way) {
    if (way.host != SIM_NONE) {
        cross_lan(world, slot, index, way.host);
        return true;
    }
    if (way.step != SIM_NONE) {
        descend(world, slot, way.step, world->now_us + world->sites[index].lan_delay_us);
        return true;
    }
    return false;
}

/* --- errors ------------------------------------------------------------------------------------
 */

static void go_up(sim_world *world, uint32_t slot, uint32_t index);

/* The packet has been dropped: its slot goes on as an error about it. */
static void answer(sim_world *world, uint32_t slot, sim_icmp kind, uint32_t site) {
    sim_packet *at = sim_pool_at(&world->packets, slot);
    at->icmp = (uint8_t)kind;
    at->ttl = TTL_OF_HOSTS;
    at->call = SIM_NONE;
    world->errors_made++;
    world->result->icmp_sent++;
    if (world->observer != NULL) {
        sim_saw saw = saw_of(world, at, SIM_SAW_ICMP_SEND);
        saw.site = site;
        saw.text = kind == SIM_ICMP_TIME_EXCEEDED ? "time exceeded" : "destination unreachable";
        tell(world, &saw);
    }
}

/* The error of a site's box leaves towards where the packet came from: inside, or out of the
 * uplink. */
static void send_back(sim_world *world, uint32_t slot, uint32_t index, sim_saw_kind way) {
    const sim_packet *at = sim_pool_at(&world->packets, slot);
    if (way == SIM_SAW_NAT_IN) {
        go_up(world, slot, index);
    } else if (!take_way(world, slot, index, sim_route_inside(world, index, goal_of(at)))) {
        end_nowhere(world, slot, "nobody inside has the address an error goes to");
    }
}

/* --- boxes -------------------------------------------------------------------------------------
 */

/* Runs the packet through a site's NAT, one way. True: it goes on, rewritten. */
static bool translate(sim_world *world, uint32_t slot, uint32_t index, sim_saw_kind way,
                      nat_verdict *verdict_out) {
    sim_packet *at = sim_pool_at(&world->packets, slot);
    nat_packet addrs = {at->src, at->dst};
    nat *box = sim_site_nat_now(world, &world->sites[index]);
    const port_marks before = marks_of(box);
    const nat_verdict verdict = way == SIM_SAW_NAT_OUT
                                    ? nat_translate_out(box, &addrs, world->now_us)
                                    : nat_translate_in(box, &addrs, world->now_us);
    const port_marks after = marks_of(box);
    const bool passes = verdict == NAT_PASS || verdict == NAT_TURNED_BACK;
    if (after.strays_made != before.strays_made) {
        sim_calls_saw_stray(world, at);
    }
    if (passes && after.strays_dodged != before.strays_dodged) {
        sim_calls_saw_dodge(world, at, addrs.src.port);
    }
    if (world->observer != NULL) {
        sim_saw saw = saw_of(world, at, way);
        saw.site = index;
        saw.verdict = verdict;
        saw.text = marks_text(&before, &after);
        if (passes) {
            saw.src_after = addrs.src;
            saw.dst_after = addrs.dst;
        }
        tell(world, &saw);
    }
    *verdict_out = verdict;
    if (after.ended != before.ended) {
        sim_holes_on_mappings_ended(world, index);
    }
    if (passes) {
        at->src = addrs.src;
        at->dst = addrs.dst;
        if (way == SIM_SAW_NAT_OUT && world->sites[index].parent == SIM_NONE) {
            sim_holes_saw_leave(world, at);
        }
        return true;
    }
    world->result->packets_blocked++;
    world->result->verdicts[verdict]++;
    sim_calls_saw_blocked(world, at, verdict, index);
    if (!nat_refuses_aloud(nat_configuration(box), verdict)) {
        sim_pool_give(&world->packets, slot);
    } else {
        answer(world, slot, SIM_ICMP_UNREACHABLE, index);
        send_back(world, slot, index, way);
    }
    return false;
}

/* The same for an ICMP error. */
static bool translate_error(sim_world *world, uint32_t slot, uint32_t index, sim_saw_kind way,
                            nat_verdict *verdict_out) {
    sim_packet *at = sim_pool_at(&world->packets, slot);
    nat_packet quoted = {at->src, at->dst};
    nat *box = sim_site_nat_now(world, &world->sites[index]);
    const uint64_t killed = nat_stats(box)->mappings_killed;
    *verdict_out = way == SIM_SAW_NAT_OUT ? nat_translate_icmp_out(box, &quoted, world->now_us)
                                          : nat_translate_icmp_in(box, &quoted, world->now_us);
    const bool passes = *verdict_out == NAT_PASS || *verdict_out == NAT_TURNED_BACK;
    if (nat_stats(box)->mappings_killed != killed) {
        sim_holes_on_mappings_ended(world, index);
    }
    if (world->observer != NULL) {
        sim_saw saw = saw_of(world, at, SIM_SAW_ICMP_NAT);
        saw.site = index;
        saw.verdict = *verdict_out;
        saw.text = way == SIM_SAW_NAT_OUT ? "out" : "in";
        saw.src_after = quoted.src;
        saw.dst_after = quoted.dst;
        tell(world, &saw);
    }
    at->src = quoted.src; /* unchanged when it does not pass */
    at->dst = quoted.dst;
    if (!passes) {
        world->errors_ended++;
        sim_pool_give(&world->packets, slot);
    }
    return passes;
}

/* Nobody answers an error with another one (RFC 1122 §3.2.2). True: there is an answer to send. */
static bool run_out(sim_world *world, uint32_t slot, uint32_t site, const char *text) {
    const sim_packet *at = sim_pool_at(&world->packets, slot);
    if (at->icmp != SIM_ICMP_NONE) {
        lose_elsewhere(world, slot, site, SIM_LOSS_TTL, text);
        return false;
    }
    count_elsewhere(world, at, SIM_LOSS_TTL);
    tell_end(world, at, SIM_SAW_LOSS, site, text);
    answer(world, slot, SIM_ICMP_TIME_EXCEEDED, site);
    return true;
}

/* A NAT is a router: it takes one from the TTL, and a packet whose time is up there goes no
 * further, before the NAT has looked at it (RFC 1812 §5.3.1). */
static bool passes_router(sim_world *world, uint32_t slot, uint32_t index, sim_saw_kind way) {
    sim_packet *at = sim_pool_at(&world->packets, slot);
    if (at->ttl > 1) {
        at->ttl--;
        return true;
    }
    if (run_out(world, slot, index, "lost: its TTL ran out before the NAT")) {
        send_back(world, slot, index, way);
    }
    return false;
}

/* Through a site's box, as a router and as a NAT. True: it goes on, rewritten. */
static bool passes_box(sim_world *world, uint32_t slot, uint32_t index, sim_saw_kind way,
                       nat_verdict *verdict_out) {
    if (!passes_router(world, slot, index, way)) {
        return false;
    }
    return sim_pool_at(&world->packets, slot)->icmp == SIM_ICMP_NONE
               ? translate(world, slot, index, way, verdict_out)
               : translate_error(world, slot, index, way, verdict_out);
}

/* An error of a router of the core goes straight to the outermost site around its goal: it has only
 * a part of the way behind it, and is not lost on that. */
static void return_from_core(sim_world *world, uint32_t slot, punch_time_us at_us) {
    const sim_packet *at = sim_pool_at(&world->packets, slot);
    const sim_route found = sim_route_find(world, SIM_ROUTE_PUBLIC, goal_of(at));
    if (found.kind == SIM_ROUTE_NOWHERE) {
        end_nowhere(world, slot, "nobody has the address an error goes to");
        return;
    }
    descend(world, slot, sim_route_step(world, SIM_NONE, sim_route_site(world, found)), at_us);
}

/* The routers of the core between two sites take theirs; they lie at even distances. */
static bool passes_core_routers(sim_world *world, uint32_t slot, size_t pair, punch_time_us at_us) {
    sim_packet *at = sim_pool_at(&world->packets, slot);
    const uint32_t hops = world->plan->core_hops != NULL ? world->plan->core_hops[pair] : 0;
    if (at->ttl > hops) {
        at->ttl = (uint8_t)(at->ttl - hops);
        return true;
    }
    const punch_time_us there_and_back_us =
        2 * world->plan->core_delay_us[pair] * at->ttl / (hops + 1);
    if (run_out(world, slot, SIM_NONE, "lost: its TTL ran out in the core")) {
        return_from_core(world, slot, at_us + there_and_back_us);
    }
    return false;
}

/* From the far end of an outermost site's uplink through the core to the outermost site around the
 * destination. */
static void cross_core(sim_world *world, uint32_t slot, uint32_t copy, punch_time_us at_us,
                       uint32_t from) {
    const sim_plan *plan = world->plan;
    sim_packet *at = sim_pool_at(&world->packets, slot);
    const sim_route found = sim_route_find(world, SIM_ROUTE_PUBLIC, goal_of(at));
    if (found.kind == SIM_ROUTE_NOWHERE) {
        end_nowhere(world, slot,
                    punch_addr_is_private(goal_of(at)) ? "private address outside its site"
                                                       : "nobody has that address");
        return;
    }
    if (sim_link_core_loses(&world->sites[from].up, copy, plan->core_loss)) {
        lose(world, slot, SIM_NONE, "lost: in the core");
        return;
    }
    const uint32_t to = sim_route_step(world, SIM_NONE, sim_route_site(world, found));
    const size_t pair =
        (size_t)world->sites[from].region * plan->region_count + world->sites[to].region;
    if (passes_core_routers(world, slot, pair, at_us)) {
        descend(world, slot, to, at_us + plan->core_delay_us[pair]);
    }
}

/* One copy of a packet has crossed a site's uplink. */
static void come_out(sim_world *world, uint32_t slot, uint32_t copy, punch_time_us at_us,
                     uint32_t index) {
    const uint32_t parent = world->sites[index].parent;
    if (parent == SIM_NONE) {
        cross_core(world, slot, copy, at_us, index);
    } else {
        sim_pool_at(&world->packets, slot)->to = parent;
        sim_world_push(world, at_us, SIM_EVENT_CLIMB, slot);
    }
}

static void go_up(sim_world *world, uint32_t slot, uint32_t index) {
    sim_link_arrivals arrivals = {0};
    const sim_link_fate fate = sim_link_offer(
        &world->sites[index].up, &world->plan->sites[index].up,
        sim_packet_ip_bytes(sim_pool_at(&world->packets, slot)), world->now_us, &arrivals);
    if (fate != SIM_LINK_PASSED) {
        lose(world, slot, index, sim_link_fate_text(fate));
        return;
    }
    const uint32_t second = arrivals.count > 1 ? copy_packet(world, slot, index) : SIM_SLOT_NONE;
    come_out(world, slot, 0, arrivals.at_us[0], index);
    if (second != SIM_SLOT_NONE) {
        come_out(world, second, 1, arrivals.at_us[1], index);
    }
}

/* The packet stands before a site's NAT, or where one would be, and wants to get out. */
static void leave(sim_world *world, uint32_t slot, uint32_t index) {
    if (world->sites[index].box != NULL) {
        nat_verdict verdict = NAT_PASS;
        if (!passes_box(world, slot, index, SIM_SAW_NAT_OUT, &verdict)) {
            return;
        }
        if (verdict == NAT_TURNED_BACK) {
            const sim_packet *at = sim_pool_at(&world->packets, slot);
            if (!take_way(world, slot, index, sim_route_inside(world, index, goal_of(at)))) {
                end_nowhere(world, slot, "turned back to an inside address nobody has");
            }
            return;
        }
    }
    go_up(world, slot, index);
}

/* The packet is inside a site: it goes to whoever there has its destination, or out. */
static void cross_inside(sim_world *world, uint32_t slot, uint32_t index) {
    sim_packet *at = sim_pool_at(&world->packets, slot);
    const sim_site *site = &world->sites[index];
    if (site->is_shared) {
        const sim_route_way way = sim_route_inside(world, index, goal_of(at));
        if (way.host != SIM_NONE || way.step != SIM_NONE) {
            if (world->plan->sites[index].is_isolated) {
                lose_elsewhere(world, slot, index, SIM_LOSS_ISOLATED,
                               "lost: the site keeps its hosts apart");
            } else {
                (void)take_way(world, slot, index, way);
            }
            return;
        }
    }
    if (site->lan_delay_us > 0) {
        at->to = index;
        sim_world_push(world, world->now_us + site->lan_delay_us, SIM_EVENT_LEAVE, slot);
    } else {
        leave(world, slot, index);
    }
}

static sim_packet *fill(sim_world *world, uint32_t slot, uint32_t from,
                        const punch_datagram *datagram) {
    sim_packet *at = sim_pool_at(&world->packets, slot);
    at->number = ++world->result->packets_sent;
    at->src = sim_host_sock_addr(&world->hosts[from], datagram->sock);
    at->dst = datagram->remote;
    at->from = from;
    at->to = SIM_NONE;
    at->call = SIM_NONE;
    at->length = datagram->length;
    at->type = punch_packet_type(datagram->data, datagram->length);
    at->to_side = 0;
    at->icmp = SIM_ICMP_NONE;
    at->shape = datagram->shape;
    at->ttl = datagram->ttl != PUNCH_TTL_DEFAULT ? datagram->ttl : TTL_OF_HOSTS;
    memcpy(at->data, datagram->data, datagram->length);
    return at;
}

void sim_fabric_send(sim_world *world, uint32_t from, const punch_datagram *datagram) {
    /* The pool has one slot more than may be in flight, so that even a packet there is no room for
     * can be told of. */
    const uint32_t slot = sim_pool_take(&world->packets);
    PUNCH_ASSERT(slot != SIM_SLOT_NONE);
    sim_packet *at = fill(world, slot, from, datagram);
    const uint32_t site = world->hosts[from].site;
    world->result->bytes_sent += sim_packet_ip_bytes(at);
    if (world->observer != NULL) {
        sim_saw saw = saw_of(world, at, SIM_SAW_SEND);
        saw.host = from;
        saw.site = site;
        tell(world, &saw);
    }
    if (sim_packet_is_peer_to_peer(at)) {
        sim_calls_name_packet(world, at);
        sim_calls_saw_send(world, at);
    }
    sim_holes_saw_send(world, at);
    if (world->packets.live > world->plan->packets_max) {
        lose(world, slot, site, "lost: too many packets in flight (packets_max)");
    } else if (world->hosts[from].is_down) {
        lose_elsewhere(world, slot, site, SIM_LOSS_HOST, down_text(&world->hosts[from]));
    } else if (punch_addr_same_ip(&at->dst, &at->src)) {
        end_nowhere(world, slot, "the sender's own address: it does not leave the host");
    } else {
        cross_inside(world, slot, site);
    }
}

void sim_fabric_on_leave(sim_world *world, uint32_t slot) {
    leave(world, slot, sim_pool_at(&world->packets, slot)->to);
}

void sim_fabric_on_climb(sim_world *world, uint32_t slot) {
    cross_inside(world, slot, sim_pool_at(&world->packets, slot)->to);
}

void sim_fabric_on_down(sim_world *world, uint32_t slot) {
    go_down(world, slot, world->now_us);
}

void sim_fabric_on_enter(sim_world *world, uint32_t slot) {
    sim_packet *at = sim_pool_at(&world->packets, slot);
    const uint32_t index = at->to;
    const sim_site *site = &world->sites[index];
    nat_verdict verdict = NAT_PASS;
    if (site->box != NULL && !passes_box(world, slot, index, SIM_SAW_NAT_IN, &verdict)) {
        return;
    }
    sim_route_way way = {site->only_host, SIM_NONE};
    if (site->only_host == SIM_NONE) {
        way = sim_route_inside(world, index, goal_of(at));
    } else if (!punch_addr_same_ip(&world->hosts[site->only_host].addr, goal_of(at))) {
        way.host = SIM_NONE;
    }
    if (way.host != SIM_NONE && site->lan_delay_us == 0) {
        at->to = way.host;
        arrive(world, slot);
    } else if (!take_way(world, slot, index, way)) {
        end_nowhere(world, slot, "nobody inside has that address");
    }
}

void sim_fabric_on_arrive(sim_world *world, uint32_t slot) {
    arrive(world, slot);
}
