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
 */
#include <string.h>

#include "punch/assert.h"
#include "sim/digest.h"
#include "world_internal.h"

static uint32_t site_of(const sim_world *world, const sim_packet *at) {
    return world->hosts[at->from].site;
}

static sim_saw saw_of(const sim_world *world, const sim_packet *at, sim_saw_kind kind) {
    const sim_saw saw = {.kind = kind,
                         .at_us = world->now_us,
                         .packet = at->number,
                         .host = SIM_NONE,
                         .site = SIM_NONE,
                         .type = at->type,
                         .length = at->length,
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

static void lose(sim_world *world, uint32_t slot, uint32_t site, const char *text) {
    const sim_packet *at = sim_pool_at(&world->packets, slot);
    world->result->packets_lost_link++;
    sim_calls_saw_lost(world, at);
    if (world->observer != NULL) {
        sim_saw saw = saw_of(world, at, SIM_SAW_LOSS);
        saw.site = site;
        saw.text = text;
        tell(world, &saw);
    }
    sim_pool_give(&world->packets, slot);
}

static void end_nowhere(sim_world *world, uint32_t slot, const char *text) {
    const sim_packet *at = sim_pool_at(&world->packets, slot);
    world->nowhere++;
    if (world->observer != NULL) {
        sim_saw saw = saw_of(world, at, SIM_SAW_NOWHERE);
        saw.text = text;
        tell(world, &saw);
    }
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
        if (way == SIM_SAW_NAT_OUT) {
            sim_holes_saw_leave(world, at);
        }
        return true;
    }
    world->result->packets_blocked++;
    sim_calls_saw_blocked(world, at, verdict, index);
    sim_pool_give(&world->packets, slot);
    return false;
}

static void digest_delivery(sim_world *world, const sim_packet *at) {
    uint64_t digest = world->result->digest;
    digest = sim_digest_word(digest, (uint64_t)world->now_us);
    digest = sim_digest_word(digest, (uint64_t)at->from << 32 | at->to);
    digest = sim_digest_addr(digest, &at->src);
    digest = sim_digest_addr(digest, &at->dst);
    world->result->digest = sim_digest_bytes(digest, at->data, at->length);
}

/* The packet stands before its host. */
static void arrive(sim_world *world, uint32_t slot) {
    sim_packet *at = sim_pool_at(&world->packets, slot);
    const uint32_t to = at->to;
    const sim_host *host = &world->hosts[to];
    if (!sim_host_listens_at(host, &at->dst)) {
        end_nowhere(world, slot, "no socket on that port");
        return;
    }
    if (host->is_down) {
        lose(world, slot, host->site, down_text(host));
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
    world->duplicates++;
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

/* From the uplink's far end through the core to the site that has the destination. */
static void cross_core(sim_world *world, uint32_t slot, uint32_t copy, punch_time_us at_us) {
    const sim_plan *plan = world->plan;
    sim_packet *at = sim_pool_at(&world->packets, slot);
    const uint32_t from_site = site_of(world, at);
    const sim_route found = sim_route_find(world, SIM_ROUTE_PUBLIC, &at->dst);
    if (found.kind == SIM_ROUTE_NOWHERE) {
        end_nowhere(world, slot,
                    punch_addr_is_private(&at->dst) ? "private address outside its site"
                                                    : "nobody has that address");
        return;
    }
    if (sim_link_core_loses(&world->sites[from_site].up, copy, plan->core_loss)) {
        lose(world, slot, SIM_NONE, "lost: in the core");
        return;
    }
    at->to = found.kind == SIM_ROUTE_NAT ? found.index : world->hosts[found.index].site;
    const uint32_t from_region = world->sites[from_site].region;
    const uint32_t to_region = world->sites[at->to].region;
    at_us += plan->core_delay_us[from_region * plan->region_count + to_region];
    if (world->sites[at->to].is_direct) {
        go_down(world, slot, at_us);
    } else {
        sim_world_push(world, at_us, SIM_EVENT_DOWN, slot);
    }
}

/* The packet stands before its own site's NAT, or where one would be. */
static void leave(sim_world *world, uint32_t slot) {
    sim_packet *at = sim_pool_at(&world->packets, slot);
    const uint32_t index = site_of(world, at);
    sim_site *site = &world->sites[index];
    if (site->box != NULL) {
        nat_verdict verdict = NAT_PASS;
        if (!translate(world, slot, index, SIM_SAW_NAT_OUT, &verdict)) {
            return;
        }
        if (verdict == NAT_TURNED_BACK) {
            const sim_route found = sim_route_find(world, index, &at->dst);
            if (found.kind == SIM_ROUTE_HOST) {
                cross_lan(world, slot, index, found.index);
            } else {
                end_nowhere(world, slot, "turned back to an inside address nobody has");
            }
            return;
        }
    }
    sim_link_arrivals arrivals = {0};
    const sim_link_fate fate = sim_link_offer(&site->up, &world->plan->sites[index].up,
                                              sim_packet_ip_bytes(at), world->now_us, &arrivals);
    if (fate != SIM_LINK_PASSED) {
        lose(world, slot, index, sim_link_fate_text(fate));
        return;
    }
    const uint32_t second = arrivals.count > 1 ? copy_packet(world, slot, index) : SIM_SLOT_NONE;
    cross_core(world, slot, 0, arrivals.at_us[0]);
    if (second != SIM_SLOT_NONE) {
        cross_core(world, second, 1, arrivals.at_us[1]);
    }
}

/* Another host of the sender's own site has that address: no NAT, no access link. */
static bool is_local(const sim_world *world, const sim_packet *at, uint32_t site,
                     uint32_t *host_out) {
    if (!world->sites[site].is_shared) {
        return false;
    }
    const uint32_t scope = sim_route_scope(world, site, &at->dst);
    const sim_route found = sim_route_find(world, scope, &at->dst);
    if (found.kind != SIM_ROUTE_HOST || world->hosts[found.index].site != site) {
        return false;
    }
    *host_out = found.index;
    return true;
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
    at->shape = datagram->shape;
    at->ttl = datagram->ttl;
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
    uint32_t to = SIM_NONE;
    if (world->packets.live > world->plan->packets_max) {
        lose(world, slot, site, "lost: too many packets in flight (packets_max)");
    } else if (world->hosts[from].is_down) {
        lose(world, slot, site, down_text(&world->hosts[from]));
    } else if (is_local(world, at, site, &to)) {
        if (world->plan->sites[site].is_isolated) {
            lose(world, slot, site, "lost: the site keeps its hosts apart");
        } else {
            cross_lan(world, slot, site, to);
        }
    } else if (world->sites[site].lan_delay_us > 0) {
        sim_world_push(world, world->now_us + world->sites[site].lan_delay_us, SIM_EVENT_LEAVE,
                       slot);
    } else {
        leave(world, slot);
    }
}

void sim_fabric_on_leave(sim_world *world, uint32_t slot) {
    leave(world, slot);
}

void sim_fabric_on_down(sim_world *world, uint32_t slot) {
    go_down(world, slot, world->now_us);
}

/* The host of a site that has the packet's destination, or SIM_NONE. */
static uint32_t host_inside(const sim_world *world, const sim_packet *at, uint32_t index) {
    const sim_site *site = &world->sites[index];
    if (site->only_host != SIM_NONE) {
        const bool is_it = punch_addr_same_ip(&world->hosts[site->only_host].addr, &at->dst);
        return is_it ? site->only_host : SIM_NONE;
    }
    const sim_route found =
        sim_route_find(world, sim_route_scope(world, index, &at->dst), &at->dst);
    return found.kind == SIM_ROUTE_HOST ? found.index : SIM_NONE;
}

void sim_fabric_on_enter(sim_world *world, uint32_t slot) {
    sim_packet *at = sim_pool_at(&world->packets, slot);
    const uint32_t index = at->to;
    nat_verdict verdict = NAT_PASS;
    if (world->sites[index].box != NULL &&
        !translate(world, slot, index, SIM_SAW_NAT_IN, &verdict)) {
        return;
    }
    const uint32_t host = host_inside(world, at, index);
    if (host == SIM_NONE) {
        end_nowhere(world, slot, "nobody inside has that address");
    } else if (world->sites[index].lan_delay_us > 0) {
        cross_lan(world, slot, index, host);
    } else {
        at->to = host;
        arrive(world, slot);
    }
}

void sim_fabric_on_arrive(sim_world *world, uint32_t slot) {
    arrive(world, slot);
}
