/* SPDX-License-Identifier: MIT */
/*
 * Bytes become a configuration and packets; whatever they are, the NAT keeps its promises: limits
 * hold, the const queries foretell what happens, a packet that passed has the right addresses, and
 * one that was dropped is unchanged.
 *
 *   about 20 bytes of configuration, then 6 bytes per packet:
 *   way and time, inside host and port, remote, remote port, external port, how much time
 */
#include <stdlib.h>
#include <string.h>

#include "nat_support.h"
#include "punch/bytes.h"

#define TABLE_MAX 16u
#define PACKETS_MAX 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static punch_time_us read_timeout_us(punch_reader *reader) {
    return 1 + (punch_time_us)punch_read_u16(reader) * 1000;
}

/* Seven bytes that switch on what is off in a plain NAT. */
static void read_extras(punch_reader *reader, nat_config *config) {
    const uint8_t which = punch_read_u8(reader);
    const uint32_t ports = (uint32_t)config->port_max - config->port_min + 1;
    config->stream_after_us = (which & 1) != 0 ? punch_read_u8(reader) * 100 : 0;
    config->timeout_spread_permille = (which & 2) != 0 ? punch_read_u8(reader) * 3 : 0;
    config->timeout_drift_permille = (which & 4) != 0 ? punch_read_u8(reader) * 3 : 0;
    config->drift_period_us = 1000;
    config->pressure_end = (which & 8) != 0 ? 1 + punch_read_u8(reader) % 32 : 0;
    config->full = (which & 16) != 0 ? NAT_FULL_EVICT_RANDOM : config->full;
    if ((which & 32) != 0) {
        config->address_count = 1 + punch_read_u8(reader) % 4;
        config->block_ports = punch_read_u8(reader) % (ports + 1);
        config->port_parity = ports > 1 && config->block_ports != 1;
    }
    config->collision = (which & 64) != 0 ? NAT_COLLISION_OVERRIDE : config->collision;
    if ((which & 128) != 0) {
        config->udp_rate_pps = 1 + punch_read_u8(reader);
        config->udp_burst = 1 + punch_read_u8(reader) % 8;
    }
}

/* One byte of what RFC 6888 adds. */
static void read_grants(punch_reader *reader, nat_config *config) {
    const uint8_t grants = punch_read_u8(reader);
    const uint32_t amount = 1u + (grants >> 3);
    if ((grants & 1) != 0 && config->collision != NAT_COLLISION_OVERLOAD &&
        config->collision != NAT_COLLISION_OVERRIDE) {
        config->hold_down_us = amount * 1000;
        config->hold_down_max = grants >> 6;
    }
    if ((grants & 2) != 0) {
        config->mapping_rate_per_s = amount * 100;
        config->mapping_burst = amount;
    }
    if ((grants & 4) != 0) {
        config->exempt_count = 1;
        config->exempt[0] = (nat_exempt){support_remote(amount, 0), 32 - amount / 4};
    }
    config->blocks_per_host = config->block_ports > 0 ? amount : 0;
}

static nat_config read_config(punch_reader *reader) {
    nat_config config = nat_config_default();
    const uint8_t kinds = punch_read_u8(reader);
    const uint8_t more = punch_read_u8(reader);
    config.mapping = (nat_mapping)(kinds % 3);
    config.filtering = (nat_filtering)(kinds / 3 % 3);
    config.allocation = (nat_allocation)(kinds / 9 % 3);
    config.collision = (nat_collision)(kinds / 27 % 4);
    config.hairpin = (nat_hairpin)(more % 3);
    config.full = (nat_full)(more / 3 % 2);
    config.unsolicited = (nat_unsolicited)(more / 6 % 4);
    config.refresh_outbound = (more / 24 & 1) == 0;
    config.refresh_inbound = (more / 48 & 1) == 0;
    config.reply_affinity = (more / 96 & 1) != 0;
    config.port_min = (uint16_t)(1000 + punch_read_u8(reader) % 16);
    config.port_max = (uint16_t)(config.port_min + punch_read_u8(reader) % 32);
    config.udp_timeout_first_us = read_timeout_us(reader);
    config.udp_timeout_stream_us = read_timeout_us(reader);
    config.blacklist_us = read_timeout_us(reader);
    config.table_max = 1 + punch_read_u8(reader) % TABLE_MAX;
    config.per_host_max = punch_read_u8(reader) % 8;
    config.filters_max = punch_read_u8(reader) % 32;
    read_extras(reader, &config);
    read_grants(reader, &config);
    config.icmp_kills_mapping = more >= 192;
    return config;
}

static void check_limits(const nat *box, punch_time_us now_us) {
    const nat_config *config = nat_configuration(box);
    const nat_counters *counters = nat_stats(box);
    const uint32_t live = nat_mapping_count(box, now_us);
    const uint64_t swept =
        counters->mappings_expired + counters->mappings_evicted + counters->mappings_killed;
    PUNCH_ASSERT(live <= config->table_max);
    PUNCH_ASSERT(counters->mappings_made >= swept + live);
    /* Only where a packet shortens a mapping's life can one be over that is not swept yet. */
    PUNCH_ASSERT(counters->mappings_made == swept + live || config->pressure_end > 0 ||
                 config->udp_timeout_stream_us < config->udp_timeout_first_us);
}

static bool same_packet(const nat_packet *a, const nat_packet *b) {
    return punch_addr_equal(&a->src, &b->src) && punch_addr_equal(&a->dst, &b->dst);
}

static void send_out(nat *box, nat_packet packet, punch_time_us now_us) {
    const nat_packet before = packet;
    const nat_config *config = nat_configuration(box);
    punch_addr promised;
    const bool decided = nat_would_leave_from(box, &packet, now_us, &promised);
    const nat_verdict verdict = nat_translate_out(box, &packet, now_us);
    if (verdict == NAT_PASS && config->exempt_count > 0 && same_packet(&packet, &before)) {
        PUNCH_ASSERT(decided);
        PUNCH_ASSERT(punch_addr_equal(&promised, &packet.src));
        return;
    }
    if (verdict == NAT_PASS) {
        PUNCH_ASSERT(punch_addr_equal(&packet.dst, &before.dst));
        PUNCH_ASSERT(packet.src.port >= config->port_min);
        PUNCH_ASSERT(packet.src.port <= config->port_max);
        PUNCH_ASSERT(!decided || punch_addr_equal(&promised, &packet.src));
        if (config->udp_rate_pps > 0) {
            return; /* another one might be one too many */
        }
        if (!config->refresh_outbound &&
            config->udp_timeout_stream_us < config->udp_timeout_first_us) {
            return; /* it may have become a stream, and as such have been silent for too long */
        }
        if (config->pressure_end > 0 && config->unsolicited == NAT_UNSOLICITED_COLLIDE) {
            return; /* less pressure, longer timeouts: a stray that was over holds its port again */
        }
        punch_addr again;
        PUNCH_ASSERT(nat_would_leave_from(box, &before, now_us, &again));
        PUNCH_ASSERT(punch_addr_equal(&again, &packet.src));
        return;
    }
    PUNCH_ASSERT(!decided);
    PUNCH_ASSERT((verdict == NAT_TURNED_BACK) != same_packet(&packet, &before));
}

static void let_in(nat *box, nat_packet packet, punch_time_us now_us) {
    const nat_packet before = packet;
    const nat_verdict foretold = nat_would_admit(box, &packet, now_us);
    const nat_verdict verdict = nat_translate_in(box, &packet, now_us);
    PUNCH_ASSERT_EQ(verdict, foretold);
    PUNCH_ASSERT((verdict == NAT_PASS) != same_packet(&packet, &before));
}

static void quote(nat *box, nat_packet quoted, bool inward, punch_time_us now_us) {
    const nat_packet before = quoted;
    const nat_verdict verdict = inward ? nat_translate_icmp_in(box, &quoted, now_us)
                                       : nat_translate_icmp_out(box, &quoted, now_us);
    const bool passed = verdict == NAT_PASS || verdict == NAT_TURNED_BACK;
    const bool exempt = !inward && nat_configuration(box)->exempt_count > 0;
    PUNCH_ASSERT(passed != same_packet(&quoted, &before) || exempt);
    PUNCH_ASSERT(!passed || !nat_configuration(box)->icmp_blocked);
}

static void play(nat *box, punch_reader *reader) {
    const nat_config *config = nat_configuration(box);
    punch_time_us now_us = 0;
    for (uint32_t i = 0; i < PACKETS_MAX && reader->left >= 6; i++) {
        const uint8_t way = punch_read_u8(reader);
        const uint8_t inside = punch_read_u8(reader);
        const uint8_t remote = punch_read_u8(reader);
        const uint8_t remote_port = punch_read_u8(reader);
        const uint8_t port = punch_read_u8(reader);
        now_us += (punch_time_us)punch_read_u8(reader) * (way & 4 ? 10000 : 10);
        const punch_addr host = support_inside(1 + (inside & 3), (uint16_t)(995 + (inside >> 2)));
        const punch_addr peer = support_remote(remote, (uint16_t)(1 + remote_port));
        const uint16_t ours = (uint16_t)(config->port_min + port % 34);
        const punch_addr external = punch_addr_ipv4(SUPPORT_EXTERNAL_IP, ours);
        if ((way & 0xf0) == 0xf0) {
            const bool inward = (way & 3) == 0;
            quote(box, inward ? (nat_packet){external, peer} : (nat_packet){peer, host}, inward,
                  now_us);
            check_limits(box, now_us);
            continue;
        }
        switch (way & 3) {
        case 0:
        case 1:
            send_out(box, (nat_packet){host, peer}, now_us);
            break;
        case 2:
            let_in(box, (nat_packet){peer, external}, now_us);
            break;
        case 3:
            send_out(box, (nat_packet){host, external}, now_us);
            break;
        }
        check_limits(box, now_us);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    punch_reader reader = punch_reader_of(data, size);
    const nat_config config = read_config(&reader);
    if (reader.failed) {
        return 0;
    }
    PUNCH_ASSERT(nat_config_check(&config) == NULL);
    nat *box = support_nat(&config, size);
    play(box, &reader);
    free(box);
    return 0;
}
