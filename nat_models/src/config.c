/* SPDX-License-Identifier: MIT */
/*
 * The configuration every preset starts from, and what makes a configuration impossible.
 */
#include "nat/nat.h"

#define TABLE_MAX 4194304u                           /* the public limit of table_max */
#define FILTERS_MAX (4 * TABLE_MAX)                  /* chosen: the default for the largest table */
#define TIMEOUT_US_MAX (31 * 86400 * PUNCH_US_PER_S) /* chosen: a month; no device waits longer */
#define DEFAULT_TIMEOUT_US (300 * PUNCH_US_PER_S)    /* RFC 4787 REQ-5c: 5 minutes or more */
#define DEFAULT_PORT_MIN 1024 /* RFC 4787 REQ-3a: an unreserved port stays in 1024..65535 */
#define DEFAULT_PORT_MAX 65535
#define RATE_PPS_MAX 1000000u  /* chosen: a packet a microsecond, the clock's own step */
#define DEFAULT_TABLE_MAX 256u /* chosen: ample for a few hosts, cheap by the thousand */

nat_config nat_config_default(void) {
    nat_config config = {0};
    config.mapping = NAT_MAPPING_EIM;              /* REQ-1 */
    config.filtering = NAT_FILTERING_ADF;          /* REQ-8, where stringent filtering counts */
    config.allocation = NAT_ALLOCATION_PRESERVING; /* §4.2.1 permits it */
    config.collision = NAT_COLLISION_NEXT_FREE;    /* REQ-3: no overloading */
    config.port_min = DEFAULT_PORT_MIN;
    config.port_max = DEFAULT_PORT_MAX;
    config.udp_timeout_first_us = DEFAULT_TIMEOUT_US;
    config.udp_timeout_stream_us = DEFAULT_TIMEOUT_US;
    config.refresh_outbound = true;        /* REQ-6 */
    config.refresh_inbound = true;         /* REQ-6a permits it */
    config.hairpin = NAT_HAIRPIN_EXTERNAL; /* REQ-9, REQ-9a */
    config.table_max = DEFAULT_TABLE_MAX;
    config.full = NAT_FULL_REFUSE;
    config.unsolicited = NAT_UNSOLICITED_IGNORE;
    config.blacklist_us = 0;
    return config;
}

static bool timeout_fits(punch_time_us timeout_us) {
    return timeout_us >= 1 && timeout_us <= TIMEOUT_US_MAX;
}

static const char *check_enums(const nat_config *config) {
    if ((unsigned)config->mapping > NAT_MAPPING_APDM) {
        return "mapping must be EIM, ADM or APDM";
    }
    if ((unsigned)config->filtering > NAT_FILTERING_APDF) {
        return "filtering must be EIF, ADF or APDF";
    }
    if ((unsigned)config->allocation > NAT_ALLOCATION_RANDOM) {
        return "allocation must be preserving, contiguous or random";
    }
    if ((unsigned)config->collision > NAT_COLLISION_OVERRIDE) {
        return "collision must be next-free, contiguous, random, overload or override";
    }
    if ((unsigned)config->pooling > NAT_POOLING_ARBITRARY) {
        return "pooling must be paired or arbitrary";
    }
    if ((unsigned)config->timeout_spread_shape > NAT_SPREAD_LOGNORMAL) {
        return "timeout_spread_shape must be uniform or lognormal";
    }
    if ((unsigned)config->hairpin > NAT_HAIRPIN_EXTERNAL) {
        return "hairpin must be none, internal or external";
    }
    if ((unsigned)config->full > NAT_FULL_EVICT_RANDOM) {
        return "table_full must be refuse, evict-oldest or evict-random";
    }
    if ((unsigned)config->unsolicited > NAT_UNSOLICITED_BLACKLIST) {
        return "inbound_unsolicited must be ignore, collide, kill or blacklist";
    }
    if ((unsigned)config->refusal > NAT_REFUSAL_ICMP) {
        return "refusal must be silence or icmp";
    }
    return NULL;
}

uint32_t nat_config_addresses(const nat_config *config) {
    return config->address_count != 0 ? config->address_count : 1;
}

uint32_t nat_config_blocks_per_host(const nat_config *config) {
    return config->blocks_per_host != 0 ? config->blocks_per_host : 1;
}

static const char *check_timing(const nat_config *config) {
    if (config->stream_after_us < 0 || config->stream_after_us > TIMEOUT_US_MAX) {
        return "stream_after must be 0 to 31 days";
    }
    if (config->timeout_spread_permille > NAT_PERMILLE_MAX ||
        config->timeout_drift_permille > NAT_PERMILLE_MAX) {
        return "timeout_spread and timeout_drift must be at most 0.9";
    }
    if (config->drift_period_us < 0 || config->drift_period_us > TIMEOUT_US_MAX ||
        config->drift_phase_us < 0 || config->drift_phase_us > TIMEOUT_US_MAX) {
        return "drift_period and drift_phase must be 0 to 31 days";
    }
    if (config->pressure_end == 0 ? config->pressure_start != 0
                                  : config->pressure_start >= config->pressure_end) {
        return "pressure_start must be below pressure_end";
    }
    return NULL;
}

static const char *check_ports(const nat_config *config) {
    if (config->port_min < 1 || config->port_min > config->port_max) {
        return "the port range must be 1 <= port_min <= port_max <= 65535";
    }
    const uint32_t ports = (uint32_t)config->port_max - config->port_min + 1;
    if (config->address_count > NAT_ADDRESSES_MAX) {
        return "addresses must be 1 to 16";
    }
    if (config->block_ports > ports) {
        return "block_ports must not be more than there are ports in the range";
    }
    if (config->port_parity && (ports < 2 || config->block_ports == 1)) {
        return "port_parity needs two ports at least, in the range and in a block";
    }
    if (config->block_ports > 0 &&
        ports / config->block_ports * nat_config_addresses(config) > NAT_BLOCKS_MAX) {
        return "block_ports is too small: there are more than 16384 blocks";
    }
    if (config->block_ports > 0 && config->pooling == NAT_POOLING_ARBITRARY) {
        return "block_ports needs paired pooling: a block belongs to one address";
    }
    if (config->blocks_per_host > NAT_BLOCKS_PER_HOST_MAX) {
        return "blocks_per_host must be at most 64";
    }
    if (config->blocks_per_host > 1 && config->block_ports == 0) {
        return "blocks_per_host needs block_ports";
    }
    return NULL;
}

static const char *check_hold_down(const nat_config *config) {
    if (config->hold_down_us < 0 || config->hold_down_us > TIMEOUT_US_MAX) {
        return "hold_down must be 0 to 31 days";
    }
    if (config->hold_down_us == 0) {
        return NULL;
    }
    if (config->collision == NAT_COLLISION_OVERLOAD ||
        config->collision == NAT_COLLISION_OVERRIDE) {
        return "hold_down keeps ports back: collision cannot be overload or override";
    }
    return config->firewall ? "a firewall gives no ports, so hold_down must be 0" : NULL;
}

/* What one inside address may do, and what is none of the NAT's business. */
static const char *check_subscribers(const nat_config *config) {
    if (config->mapping_rate_per_s > RATE_PPS_MAX || config->mapping_burst > RATE_PPS_MAX) {
        return "mapping_rate and mapping_burst must be at most 1000000";
    }
    if (config->mapping_rate_per_s > 0 && config->mapping_burst == 0) {
        return "mapping_rate needs a mapping_burst of at least 1";
    }
    if (config->exempt_count > NAT_EXEMPT_MAX) {
        return "at most 2 destinations can be exempt";
    }
    for (uint32_t i = 0; i < config->exempt_count; i++) {
        const nat_exempt *exempt = &config->exempt[i];
        const bool six = exempt->addr.family == PUNCH_FAMILY_IPV6;
        if (exempt->prefix_bits > (six ? 128 : 32)) {
            return "the prefix of an exempt destination is longer than its address";
        }
    }
    return NULL;
}

static const char *check_icmp(const nat_config *config) {
    if (config->icmp_blocked && config->icmp_kills_mapping) {
        return "icmp_kills_mapping needs ICMP errors to come in: icmp_blocked must be false";
    }
    return NULL;
}

static const char *check_passage(const nat_config *config) {
    if (config->firewall && config->mapping != NAT_MAPPING_EIM) {
        return "a firewall translates nothing: its mapping must be EIM";
    }
    if (config->firewall && config->unsolicited == NAT_UNSOLICITED_COLLIDE) {
        return "a firewall gives no ports: inbound_unsolicited cannot be collide";
    }
    if (config->firewall && (config->address_count > 1 || config->block_ports > 0)) {
        return "a firewall has no external addresses or ports to share out";
    }
    if (config->udp_rate_pps > RATE_PPS_MAX || config->udp_burst > RATE_PPS_MAX) {
        return "udp_rate and udp_burst must be at most 1000000";
    }
    if (config->udp_rate_pps > 0 && config->udp_burst == 0) {
        return "udp_rate needs a udp_burst of at least 1";
    }
    return NULL;
}

const char *nat_config_check(const nat_config *config) {
    const char *wrong = check_enums(config);
    if (wrong != NULL) {
        return wrong;
    }
    if (!timeout_fits(config->udp_timeout_first_us)) {
        return "udp_timeout_first must be above 0 and at most 31 days";
    }
    if (!timeout_fits(config->udp_timeout_stream_us)) {
        return "udp_timeout_stream must be above 0 and at most 31 days";
    }
    if (config->table_max < 1 || config->table_max > TABLE_MAX) {
        return "table_max must be 1 to 4194304";
    }
    if (config->filters_max > FILTERS_MAX) {
        return "filters_max must be at most 16777216 (0 means 4 x table_max)";
    }
    if (config->blacklist_us < 0 || config->blacklist_us > TIMEOUT_US_MAX) {
        return "blacklist_for must be 0 to 31 days";
    }
    if (config->unsolicited == NAT_UNSOLICITED_BLACKLIST && config->blacklist_us == 0) {
        return "inbound_unsolicited blacklist needs a blacklist_for above 0";
    }
    static const char *(*const more[])(const nat_config *) = {
        check_ports, check_hold_down, check_subscribers, check_timing, check_icmp, check_passage};
    for (size_t i = 0; wrong == NULL && i < sizeof more / sizeof more[0]; i++) {
        wrong = more[i](config);
    }
    return wrong;
}
