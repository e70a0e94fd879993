/* SPDX-License-Identifier: MIT */
/*
 * Which external address and port a new binding gets. First a range: an address of the pool (RFC
 * 4787 §4.1), within it the host's block where there are blocks. In the range the allocation wants
 * a port (§4.2), and the collision rule finds another when that one is taken, or when an
 * unsolicited packet from that very remote got there first (a stray). ports.c searches.
 *
 * Where a binding must be evicted for the new one, it is evicted afterwards: so it is not in vain.
 */
#include "box.h"

/* --- addresses and blocks --- */

static uint32_t index_in_pool(const nat_config *config, const punch_addr *external,
                              const punch_addr *addr) {
    const size_t tail = nat_addr_tail(external);
    if (addr->family != external->family || memcmp(addr->ip, external->ip, tail) != 0) {
        return NAT_NONE;
    }
    const uint32_t index = nat_addr_tail_word(addr) - nat_addr_tail_word(external);
    return index < nat_config_addresses(config) ? index : NAT_NONE;
}

uint32_t nat_address_look_up(const nat *box, const punch_addr *addr) {
    return index_in_pool(&box->config, &box->external, addr);
}

bool nat_config_owns(const nat_config *config, const punch_addr *external, const punch_addr *addr) {
    return !config->firewall && index_in_pool(config, external, addr) != NAT_NONE;
}

bool nat_exempt_look_up(const nat_config *config, const punch_addr *remote) {
    for (uint32_t i = 0; i < config->exempt_count; i++) {
        const nat_exempt *exempt = &config->exempt[i];
        const uint32_t bytes = exempt->prefix_bits / 8;
        const uint8_t mask = (uint8_t)(0xff00u >> exempt->prefix_bits % 8);
        if (remote->family == exempt->addr.family &&
            (exempt->addr.port == 0 || remote->port == exempt->addr.port) &&
            memcmp(remote->ip, exempt->addr.ip, bytes) == 0 &&
            (mask == 0 || ((remote->ip[bytes] ^ exempt->addr.ip[bytes]) & mask) == 0)) {
            return true;
        }
    }
    return false;
}

static uint32_t ports_of_address(const nat *box) {
    return (uint32_t)box->config.port_max - box->config.port_min + 1;
}

static uint32_t blocks_of_address(const nat *box) {
    return ports_of_address(box) / box->config.block_ports;
}

uint32_t nat_block_of(const nat *box, uint32_t place) {
    const uint32_t offset = (uint32_t)nat_port_of(place) - box->config.port_min;
    return (place >> 16) * blocks_of_address(box) + offset / box->config.block_ports;
}

static nat_ports range_of_block(const nat *box, uint32_t block) {
    const uint32_t min =
        box->config.port_min + block % blocks_of_address(box) * box->config.block_ports;
    const nat_ports range = {.base = block / blocks_of_address(box) << 16,
                             .min = (uint16_t)min,
                             .max = (uint16_t)(min + box->config.block_ports - 1)};
    return range;
}

static nat_ports range_of_address(const nat *box, uint32_t address) {
    const nat_ports range = {
        .base = address << 16, .min = box->config.port_min, .max = box->config.port_max};
    return range;
}

/* A free block of `count` from `first` on: the first from a drawn one on. */
static bool draw_block(nat *box, uint32_t first, uint32_t count, nat_ports *range_out) {
    uint32_t offset = (uint32_t)punch_rng_below(&box->share_rng, count);
    if (box->blocks_taken == blocks_of_address(box) * nat_config_addresses(&box->config)) {
        return false; /* spares the search where it is longest */
    }
    for (uint32_t left = count; left > 0; left--) {
        if (nat_block_bindings(box, first + offset) == 0) {
            *range_out = range_of_block(box, first + offset);
            return true;
        }
        offset = offset + 1 == count ? 0 : offset + 1;
    }
    return false;
}

/* Does the collision rule let a taken port be had all the same? */
static bool yields(nat_collision collision) {
    return collision == NAT_COLLISION_OVERLOAD || collision == NAT_COLLISION_OVERRIDE;
}

/* An address that is not full: the first from a drawn one on. */
static bool draw_address(nat *box, nat_ports *range_out) {
    const uint32_t count = nat_config_addresses(&box->config);
    uint32_t address = count > 1 ? (uint32_t)punch_rng_below(&box->share_rng, count) : 0;
    for (uint32_t left = count; left > 0; left--) {
        if (yields(box->config.collision) || box->on_address[address] < ports_of_address(box)) {
            *range_out = range_of_address(box, address);
            return true;
        }
        address = address + 1 == count ? 0 : address + 1;
    }
    return false;
}

/* Where an inside address without blocks may have ports. */
static bool find_range(nat *box, const punch_addr *inside, nat_ports *range_out) {
    const nat_host *host = nat_host_of(box, inside);
    if (host != NULL && box->config.pooling == NAT_POOLING_PAIRED) {
        *range_out = range_of_address(box, host->place >> 16);
        return true;
    }
    return draw_address(box, range_out);
}

/* --- ports --- */

static uint16_t other_port(nat *box, const nat_ports *range, uint16_t wanted,
                           const punch_addr *remote, punch_time_us now_us) {
    switch (box->config.collision) {
    case NAT_COLLISION_NEXT_FREE:
    case NAT_COLLISION_OVERLOAD: /* a port held by the NAT itself can be neither shared ... */
    case NAT_COLLISION_OVERRIDE: /* ... nor taken away */
        return nat_port_next_usable(box, range, nat_port_after(range, wanted), remote, now_us);
    case NAT_COLLISION_CONTIGUOUS:
        return nat_port_next_usable(box, range, nat_port_after(range, box->last_port), remote,
                                    now_us);
    case NAT_COLLISION_RANDOM:
        return nat_port_draw_usable(box, range, remote, now_us);
    }
    return 0;
}

/* The port the allocation asks for; 0: none in particular, ask the collision rule. */
static uint16_t wanted_port(nat *box, const nat_ports *range, const punch_addr *inside) {
    switch (box->config.allocation) {
    case NAT_ALLOCATION_PRESERVING:
        if (nat_ports_contain(range, inside->port)) {
            return inside->port;
        }
        if (yields(box->config.collision)) {
            /* These have no search to fall back on: fold the port into the range. */
            const uint32_t offset = inside->port % nat_ports_count(range);
            return nat_port_suiting(range, (uint16_t)(range->min + offset));
        }
        return 0;
    case NAT_ALLOCATION_CONTIGUOUS:
        return nat_port_suiting(range, nat_port_after(range, box->last_port));
    case NAT_ALLOCATION_RANDOM:
        return nat_port_draw(box, range);
    }
    return 0;
}

/* Only ports of this packet's parity, if any. */
static void heed_parity(const nat *box, nat_ports *range, const nat_packet *packet) {
    range->parity = box->config.port_parity;
    range->odd = (packet->src.port & 1) != 0;
}

static nat_choice give(nat *box, const nat_ports *range, uint16_t port, bool dodged) {
    nat_choice choice = {.dodged = dodged};
    if (port == 0) {
        choice.verdict = box->config.block_ports > 0 ? NAT_DROP_HOST_PORTS : NAT_DROP_NO_PORT;
    } else {
        choice.place = range->base | port;
        box->last_port = port;
    }
    return choice;
}

/* Could this packet have the place of a binding that is to be evicted, if nothing else is left? A
 * place held down it could not; nor, of another host, one on another address than its own, or in a
 * block that has other bindings or would be one too many. */
static bool inherits(const nat *box, uint32_t victim, const nat_packet *packet,
                     punch_time_us now_us) {
    const nat_binding *old = &box->bindings[victim];
    const bool parity_fits = !box->config.port_parity || ((old->place ^ packet->src.port) & 1) == 0;
    if (box->config.hold_down_us > 0 || !parity_fits ||
        nat_place_holder_but(box, old->place, victim) != NAT_NONE ||
        nat_stray_holds(box, old->place, &packet->dst, now_us)) {
        return false;
    }
    if (nat_same_ip(&old->inside, &packet->src)) {
        return true;
    }
    const nat_host *host = nat_host_of(box, &packet->src);
    if (host != NULL && box->config.pooling == NAT_POOLING_PAIRED &&
        host->place >> 16 != old->place >> 16) {
        return false;
    }
    return box->config.block_ports == 0 ||
           (nat_block_bindings(box, nat_block_of(box, old->place)) == 1 &&
            (host == NULL || host->block_count < nat_config_blocks_per_host(&box->config)));
}

static nat_choice inherit(nat *box, nat_choice choice, uint32_t victim) {
    choice.verdict = NAT_PASS;
    choice.place = box->bindings[victim].place;
    box->last_port = nat_port_of(choice.place);
    return choice;
}

nat_choice nat_place_dodge(nat *box, uint32_t wanted, const nat_packet *packet, uint32_t victim,
                           punch_time_us now_us) {
    nat_places_settle(box, now_us);
    nat_ports range = range_of_address(box, wanted >> 16);
    if (box->config.block_ports > 0) {
        range = range_of_block(box, nat_block_of(box, wanted));
    }
    heed_parity(box, &range, packet);
    const uint16_t port = other_port(box, &range, nat_port_of(wanted), &packet->dst, now_us);
    const nat_choice choice = give(box, &range, port, true);
    if (port == 0 && victim != NAT_NONE) {
        const uint32_t place = box->bindings[victim].place;
        if (place >= (range.base | range.min) && place <= (range.base | range.max) &&
            inherits(box, victim, packet, now_us)) {
            return inherit(box, choice, victim);
        }
    }
    return choice;
}

/* A port of one range: the wanted one (which the victim no longer holds, unless it is held down),
 * or by the collision rule another. */
static nat_choice choose_in(nat *box, nat_ports *range, const nat_packet *packet, uint32_t victim,
                            punch_time_us now_us) {
    heed_parity(box, range, packet);
    bool dodged = false;
    const uint16_t wanted = wanted_port(box, range, &packet->src);
    if (wanted != 0) {
        const uint32_t place = range->base | wanted;
        const uint32_t holder =
            nat_place_holder_but(box, place, box->config.hold_down_us > 0 ? NAT_NONE : victim);
        const bool held = nat_place_held(box, place, now_us);
        dodged = nat_stray_holds(box, place, &packet->dst, now_us);
        if (holder != NAT_NONE || held || dodged) {
            box->counters.ports_collided++;
        }
        if (!dodged && !held && (holder == NAT_NONE || yields(box->config.collision))) {
            nat_choice choice = give(box, range, wanted, false);
            choice.overrides =
                holder != NAT_NONE && box->config.collision == NAT_COLLISION_OVERRIDE;
            return choice;
        }
    }
    return give(box, range, other_port(box, range, wanted, &packet->dst, now_us), dodged);
}

/* A port of the host's blocks, in the order in which it was given them; then of one more. */
static nat_choice choose_in_blocks(nat *box, const nat_packet *packet, uint32_t victim,
                                   punch_time_us now_us) {
    nat_choice choice = {0}; /* the last one tried */
    const nat_host *host = nat_host_of(box, &packet->src);
    const uint32_t of_address = blocks_of_address(box);
    uint32_t first = 0;
    uint32_t count = of_address * nat_config_addresses(&box->config);
    if (host != NULL) {
        const bool shared = yields(box->config.collision);
        for (uint32_t slot = host->first_block; slot != NAT_NONE;
             slot = box->blocks[slot].sibling) {
            nat_ports range = range_of_block(box, box->blocks[slot].number);
            if (!shared && box->blocks[slot].count == box->config.block_ports) {
                continue; /* used up */
            }
            choice = choose_in(box, &range, packet, victim, now_us);
            if (choice.verdict == NAT_PASS) {
                return choice;
            }
        }
        if (host->block_count >= nat_config_blocks_per_host(&box->config)) {
            choice.verdict = NAT_DROP_HOST_PORTS;
            return choice;
        }
        first = (host->place >> 16) * of_address; /* paired: of the same address */
        count = of_address;
    }
    nat_ports range;
    if (!draw_block(box, first, count, &range)) {
        choice.verdict = NAT_DROP_NO_PORT;
        return choice;
    }
    return choose_in(box, &range, packet, victim, now_us);
}

static nat_choice choose_in_pool(nat *box, const nat_packet *packet, uint32_t victim,
                                 punch_time_us now_us) {
    nat_ports range;
    if (!find_range(box, &packet->src, &range)) {
        return (nat_choice){.verdict = NAT_DROP_NO_PORT};
    }
    /* Is there a port left for one more, taken ones being what they are? Saves a search in vain. */
    if (!yields(box->config.collision) &&
        box->on_address[range.base >> 16] >= nat_ports_count(&range)) {
        return (nat_choice){.verdict = NAT_DROP_NO_PORT};
    }
    return choose_in(box, &range, packet, victim, now_us);
}

nat_choice nat_place_choose(nat *box, const nat_packet *packet, uint32_t victim,
                            punch_time_us now_us) {
    if (box->config.firewall) {
        return (nat_choice){.place = packet->src.port};
    }
    nat_places_settle(box, now_us);
    const nat_choice choice = box->config.block_ports > 0
                                  ? choose_in_blocks(box, packet, victim, now_us)
                                  : choose_in_pool(box, packet, victim, now_us);
    if (choice.verdict != NAT_PASS && victim != NAT_NONE && inherits(box, victim, packet, now_us)) {
        return inherit(box, choice, victim);
    }
    return choice;
}
