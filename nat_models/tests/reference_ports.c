/* SPDX-License-Identifier: MIT */
/*
 * Which address and port the reference NAT gives, found by looking at every port there is.
 */
#include "reference_parts.h"

uint32_t reference_address_count(const reference_nat *ref) {
    return ref->config.address_count > 1 ? ref->config.address_count : 1;
}

/* The live mapping that has this external endpoint, other than that one; the latest used of
 * several. */
reference_mapping *reference_holder_of(reference_nat *ref, const punch_addr *external,
                                       const reference_mapping *but) {
    reference_mapping *latest = NULL;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        reference_mapping *mapping = &ref->mappings[i];
        if (mapping != but && mapping->state == REFERENCE_LIVE &&
            punch_addr_equal(&mapping->external, external) &&
            (latest == NULL || mapping->used > latest->used)) {
            latest = mapping;
        }
    }
    return latest;
}

/* --- ports --- */

punch_addr reference_endpoint(const reference_nat *ref, uint32_t address, uint32_t port) {
    punch_addr external = ref->external;
    external.ip[3] = (uint8_t)(external.ip[3] + address); /* the tests' pool crosses no carry */
    external.port = (uint16_t)port;
    return external;
}

uint32_t reference_address_of(const reference_nat *ref, const punch_addr *external) {
    return (uint32_t)external->ip[3] - ref->external.ip[3];
}

bool reference_shares_or_takes(const reference_nat *ref) {
    return ref->config.collision == NAT_COLLISION_OVERLOAD ||
           ref->config.collision == NAT_COLLISION_OVERRIDE;
}

uint32_t reference_taken_on(const reference_nat *ref, uint32_t address, uint32_t min,
                            uint32_t max) {
    uint32_t count = 0;
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        const reference_mapping *mapping = &ref->mappings[i];
        count += mapping->state == REFERENCE_LIVE &&
                 reference_address_of(ref, &mapping->external) == address &&
                 mapping->external.port >= min && mapping->external.port <= max;
    }
    return count;
}

static const reference_mapping *any_of_host(const reference_nat *ref, const punch_addr *inside) {
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        if (ref->mappings[i].state == REFERENCE_LIVE &&
            punch_addr_same_ip(&ref->mappings[i].inside, inside)) {
            return &ref->mappings[i];
        }
    }
    return NULL;
}

static reference_ports block_list(const reference_nat *ref, uint32_t address, uint32_t block) {
    const uint32_t min = ref->config.port_min + block * ref->config.block_ports;
    return (reference_ports){address, min, min + ref->config.block_ports - 1, -1};
}

/* The block around an external endpoint. */
reference_ports reference_block_around(const reference_nat *ref, const punch_addr *external) {
    const uint32_t offset = (uint32_t)external->port - ref->config.port_min;
    return block_list(ref, reference_address_of(ref, external), offset / ref->config.block_ports);
}

static bool same_block(const reference_nat *ref, const punch_addr *a, const punch_addr *b) {
    const reference_ports one = reference_block_around(ref, a);
    const reference_ports two = reference_block_around(ref, b);
    return one.address == two.address && one.min == two.min;
}

/* A block is had since a mapping was made in it that was alone there. */
uint64_t reference_block_stamp(reference_nat *ref, const reference_mapping *mapping) {
    if (ref->config.block_ports == 0) {
        return 0;
    }
    for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
        const reference_mapping *other = &ref->mappings[i];
        if (other != mapping && other->state == REFERENCE_LIVE &&
            same_block(ref, &other->external, &mapping->external)) {
            return other->block_stamp;
        }
    }
    return ref->stamp++;
}

/* The blocks of a host in the order in which it got them; returns how many. */
uint32_t reference_blocks_of_host(const reference_nat *ref, const punch_addr *inside,
                                  reference_ports *lists) {
    uint32_t count = 0;
    uint64_t stamp = 0;
    for (;;) {
        const reference_mapping *next = NULL;
        for (int i = 0; i < REFERENCE_MAPPINGS_MAX; i++) {
            const reference_mapping *mapping = &ref->mappings[i];
            if (mapping->state == REFERENCE_LIVE && punch_addr_same_ip(&mapping->inside, inside) &&
                mapping->block_stamp > stamp &&
                (next == NULL || mapping->block_stamp < next->block_stamp)) {
                next = mapping;
            }
        }
        if (next == NULL) {
            return count;
        }
        stamp = next->block_stamp;
        lists[count++] = reference_block_around(ref, &next->external);
    }
}

/* A free block of the pool, or of the one address that a host with mappings keeps to. */
bool reference_further_block(reference_nat *ref, const punch_addr *inside, reference_ports *list) {
    const reference_mapping *other = any_of_host(ref, inside);
    const uint32_t ports = (uint32_t)ref->config.port_max - ref->config.port_min + 1;
    const uint32_t per_address = ports / ref->config.block_ports;
    const uint32_t least =
        other != NULL ? reference_address_of(ref, &other->external) * per_address : 0;
    const uint32_t count = other != NULL ? per_address : per_address * reference_address_count(ref);
    const uint32_t first = (uint32_t)punch_rng_below(&ref->share_rng, count);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t number = least + (first + i) % count;
        *list = block_list(ref, number / per_address, number % per_address);
        if (reference_taken_on(ref, list->address, list->min, list->max) == 0) {
            return true;
        }
    }
    return false;
}

/* Could this packet have the port of a mapping that is to end for it? */
bool reference_inherits(reference_nat *ref, const reference_mapping *victim,
                        const nat_packet *packet, punch_time_us now_us) {
    const punch_addr *there = &victim->external;
    if (ref->config.hold_down_us > 0 || reference_holder_of(ref, there, victim) != NULL ||
        reference_stray_holds(ref, there, &packet->dst, now_us) ||
        (ref->config.port_parity && there->port % 2 != packet->src.port % 2)) {
        return false;
    }
    const reference_mapping *other = any_of_host(ref, &packet->src);
    const bool is_stranger = !punch_addr_same_ip(&victim->inside, &packet->src);
    if (is_stranger && other != NULL && ref->config.pooling == NAT_POOLING_PAIRED &&
        !punch_addr_same_ip(&other->external, there)) {
        return false;
    }
    if (is_stranger && ref->config.block_ports > 0) {
        reference_ports blocks[REFERENCE_MAPPINGS_MAX];
        const reference_ports block = reference_block_around(ref, there);
        const uint32_t had = reference_blocks_of_host(ref, &packet->src, blocks);
        return reference_taken_on(ref, block.address, block.min, block.max) == 1 &&
               had < nat_config_blocks_per_host(&ref->config);
    }
    return true;
}

static bool find_address(reference_nat *ref, reference_ports *list) {
    const uint32_t count = reference_address_count(ref);
    const uint32_t first = count > 1 ? (uint32_t)punch_rng_below(&ref->share_rng, count) : 0;
    for (uint32_t i = 0; i < count; i++) {
        *list =
            (reference_ports){(first + i) % count, ref->config.port_min, ref->config.port_max, -1};
        if (reference_shares_or_takes(ref) ||
            reference_taken_on(ref, list->address, 0, UINT16_MAX) < list->max - list->min + 1) {
            return true;
        }
    }
    return false;
}

bool reference_find_ports(reference_nat *ref, const punch_addr *inside, reference_ports *list) {
    const reference_mapping *other = any_of_host(ref, inside);
    if (other != NULL && reference_address_count(ref) > 1 &&
        ref->config.pooling == NAT_POOLING_PAIRED) {
        *list = (reference_ports){reference_address_of(ref, &other->external), ref->config.port_min,
                                  ref->config.port_max, -1};
        return true;
    }
    return find_address(ref, list);
}

uint32_t reference_port_count(const reference_ports *list) {
    return list->max - list->min + 1;
}

static uint32_t port_after(const reference_ports *list, uint32_t port) {
    return port < list->min || port >= list->max ? list->min : port + 1;
}

static bool port_fits(const reference_ports *list, uint32_t port) {
    return list->parity < 0 || (int)(port % 2) == list->parity;
}

static uint32_t port_draw(reference_nat *ref, const reference_ports *list) {
    uint32_t fitting[65535];
    uint32_t count = 0;
    for (uint32_t port = list->min; port <= list->max; port++) {
        if (port_fits(list, port)) {
            fitting[count++] = port;
        }
    }
    return fitting[punch_rng_below(&ref->rng, count)];
}

static bool port_usable(reference_nat *ref, const reference_ports *list, uint32_t port,
                        const punch_addr *remote, punch_time_us now_us) {
    const punch_addr external = reference_endpoint(ref, list->address, port);
    return port_fits(list, port) && reference_holder_of(ref, &external, NULL) == NULL &&
           !reference_held_down(ref, &external, now_us) &&
           !reference_stray_holds(ref, &external, remote, now_us);
}

static uint32_t port_random(reference_nat *ref, const reference_ports *list,
                            const punch_addr *remote, punch_time_us now_us) {
    for (int i = 0; i < 64; i++) {
        const uint32_t port = port_draw(ref, list);
        if (port_usable(ref, list, port, remote, now_us)) {
            return port;
        }
    }
    uint32_t usable[65535];
    uint32_t count = 0;
    for (uint32_t port = list->min; port <= list->max; port++) {
        if (port_usable(ref, list, port, remote, now_us)) {
            usable[count++] = port;
        }
    }
    return count == 0 ? 0 : usable[punch_rng_below(&ref->rng, count)];
}

uint32_t reference_port_other(reference_nat *ref, const reference_ports *list, uint32_t wanted,
                              const punch_addr *remote, punch_time_us now_us) {
    if (ref->config.collision == NAT_COLLISION_RANDOM) {
        return port_random(ref, list, remote, now_us);
    }
    uint32_t port = ref->config.collision == NAT_COLLISION_CONTIGUOUS ? ref->last_port : wanted;
    for (uint32_t i = 0; i < reference_port_count(list); i++) {
        port = port_after(list, port);
        if (port_usable(ref, list, port, remote, now_us)) {
            return port;
        }
    }
    return 0;
}

uint32_t reference_port_wanted(reference_nat *ref, const reference_ports *list,
                               const punch_addr *inside) {
    uint32_t port = 0;
    switch (ref->config.allocation) {
    case NAT_ALLOCATION_PRESERVING:
        if (inside->port >= list->min && inside->port <= list->max) {
            return inside->port;
        }
        if (!reference_shares_or_takes(ref)) {
            return 0;
        }
        port = list->min + inside->port % reference_port_count(list);
        break;
    case NAT_ALLOCATION_CONTIGUOUS:
        port = port_after(list, ref->last_port);
        break;
    case NAT_ALLOCATION_RANDOM:
        return port_draw(ref, list);
    }
    while (!port_fits(list, port)) {
        port = port_after(list, port);
    }
    return port;
}
