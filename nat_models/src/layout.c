/* SPDX-License-Identifier: MIT */
/*
 * Where the parts of a NAT lie in its memory, and how much of it a configuration asks for; box.h
 * draws it.
 */
#include "box.h"

#define LINE 64u       /* the cache lines of nearly all machines */
#define SMALL_TABLE 8u /* chosen: the table of a home, of which there may be millions */

/* Byte offsets of the parts, and numbers of buckets. */
typedef struct {
    uint32_t levels_count;
    uint32_t remotes_max;
    uint32_t binding_buckets;
    uint32_t remote_buckets;
    uint32_t map_words;
    bool tracks_hosts;
    size_t levels;
    size_t bindings;
    size_t remotes;
    size_t origins;
    size_t shares;
    size_t hosts;
    size_t blocks;
    size_t ports;
    size_t buckets;
    size_t total;
} layout;

/* The least power of two that is not below count, or twice that: the second slot of a chain is
 * often a cache line to be waited for. */
static uint32_t bucket_count(uint32_t count) {
    uint32_t buckets = 1;
    while (buckets < count) {
        buckets *= 2;
    }
    return count > SMALL_TABLE ? 2 * buckets : buckets;
}

static uint32_t remotes_max_of(const nat_config *config) {
    return config->filters_max != 0 ? config->filters_max : 4 * config->table_max;
}

static bool needs_hosts(const nat_config *config) {
    return config->per_host_max > 0 || config->block_ports > 0 || config->mapping_rate_per_s > 0 ||
           (config->address_count > 1 && config->pooling == NAT_POOLING_PAIRED);
}

static size_t round_up(size_t bytes, size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

/* Words there are for the map of ports: one for each mapping, if all can be used. Whatever range of
 * ports a NAT is given later, it fits or is done without. */
static uint32_t map_words_of(const nat_config *config) {
    const uint32_t most = (UINT16_MAX + 1) / NAT_WORD_PORTS * nat_config_addresses(config);
    if (config->table_max <= SMALL_TABLE) {
        return 0;
    }
    return config->table_max < most ? config->table_max : most;
}

/* Words with a bit for each word of the map. */
static uint32_t noted_words_of(uint32_t map_words) {
    return (map_words + NAT_WORD_PORTS - 1) / NAT_WORD_PORTS;
}

/* Parts made of cache lines come first, so that they need no padding in between. */
static layout layout_of(const nat_config *config) {
    const size_t bindings_max = config->table_max;
    layout parts = {.levels_count = config->timeout_spread_permille > 0 ? NAT_LEVELS : 1,
                    .remotes_max = remotes_max_of(config),
                    .binding_buckets = bucket_count(config->table_max),
                    .tracks_hosts = needs_hosts(config)};
    parts.remote_buckets = bucket_count(parts.remotes_max);
    parts.levels = round_up(sizeof(nat), LINE);
    parts.bindings = parts.levels + sizeof(nat_level) * parts.levels_count;
    parts.remotes = parts.bindings + sizeof(nat_binding) * bindings_max;
    parts.origins = parts.remotes + sizeof(nat_remote) * parts.remotes_max;
    parts.shares = parts.origins + sizeof(nat_origin) * bindings_max;
    parts.hosts = parts.shares + (parts.tracks_hosts ? sizeof(nat_share) * bindings_max : 0);
    parts.blocks = parts.hosts + (parts.tracks_hosts ? sizeof(nat_host) * bindings_max : 0);
    parts.ports = parts.blocks + (config->block_ports > 0 ? sizeof(nat_block) * bindings_max : 0);
    parts.map_words = map_words_of(config);
    parts.buckets = parts.ports +
                    sizeof(uint64_t) * ((size_t)parts.map_words + noted_words_of(parts.map_words));
    size_t words = 2 * (size_t)parts.binding_buckets + parts.remote_buckets;
    words += parts.tracks_hosts ? parts.binding_buckets : 0;
    words += config->block_ports > 0 ? parts.binding_buckets : 0;
    words += nat_config_addresses(config);
    parts.total = round_up(parts.buckets + sizeof(uint32_t) * words, NAT_ALIGNMENT);
    return parts;
}

size_t nat_size(const nat_config *config) {
    return layout_of(config).total;
}

size_t nat_room_bytes(const nat *box) {
    return box->bytes;
}

/* A firewall gives no ports. */
static void lay_out_ports(nat *box, uint64_t *map, uint32_t map_words) {
    const nat_config *config = &box->config;
    box->port_words = config->port_max / NAT_WORD_PORTS - config->port_min / NAT_WORD_PORTS + 1u;
    const bool kept =
        !config->firewall && box->port_words * nat_config_addresses(config) <= map_words;
    box->ports_taken = kept ? map : NULL;
    box->ports_noted = kept ? map + map_words : NULL;
}

void nat_lay_out(nat *box, const nat_config *config) {
    const layout parts = layout_of(config);
    PUNCH_ASSERT(parts.total <= box->bytes);
    unsigned char *bytes = (unsigned char *)box;
    box->config = *config;
    box->level_count = (uint16_t)parts.levels_count;
    box->tracks_hosts = parts.tracks_hosts;
    box->binding_mask = parts.binding_buckets - 1;
    box->remote_mask = parts.remote_buckets - 1;
    box->remotes_max = parts.remotes_max;
    box->levels = (nat_level *)(void *)(bytes + parts.levels);
    box->bindings = (nat_binding *)(void *)(bytes + parts.bindings);
    box->remotes = (nat_remote *)(void *)(bytes + parts.remotes);
    box->origins = (nat_origin *)(void *)(bytes + parts.origins);
    box->shares = parts.tracks_hosts ? (nat_share *)(void *)(bytes + parts.shares) : NULL;
    box->hosts = parts.tracks_hosts ? (nat_host *)(void *)(bytes + parts.hosts) : NULL;
    box->blocks = config->block_ports > 0 ? (nat_block *)(void *)(bytes + parts.blocks) : NULL;
    lay_out_ports(box, (uint64_t *)(void *)(bytes + parts.ports), parts.map_words);
    box->key_buckets = (uint32_t *)(void *)(bytes + parts.buckets);
    box->remote_buckets = box->key_buckets + 2 * (size_t)parts.binding_buckets;
    box->on_address = box->remote_buckets + parts.remote_buckets;
    box->host_buckets = box->on_address + nat_config_addresses(config);
}

nat_config nat_config_room(const nat_config *a, const nat_config *b) {
    const uint32_t remotes =
        remotes_max_of(a) > remotes_max_of(b) ? remotes_max_of(a) : remotes_max_of(b);
    const bool blocks = a->block_ports > 0 || b->block_ports > 0;
    nat_config room = nat_config_default();
    room.table_max = a->table_max > b->table_max ? a->table_max : b->table_max;
    room.filters_max = remotes;
    room.address_count =
        nat_config_addresses(a) > nat_config_addresses(b) ? a->address_count : b->address_count;
    room.timeout_spread_permille =
        a->timeout_spread_permille > 0 ? a->timeout_spread_permille : b->timeout_spread_permille;
    room.pooling = NAT_POOLING_ARBITRARY;
    if (needs_hosts(a) || needs_hosts(b)) {
        room.pooling = NAT_POOLING_PAIRED;
        room.per_host_max = 1;
    }
    if (blocks) {
        /* One block an address: the number of blocks takes no room. */
        room.block_ports = (uint32_t)room.port_max - room.port_min + 1;
    }
    return room;
}
