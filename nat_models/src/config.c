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
    if ((unsigned)config->collision > NAT_COLLISION_OVERLOAD) {
        return "collision must be next-free, contiguous, random or overload";
    }
    if ((unsigned)config->hairpin > NAT_HAIRPIN_EXTERNAL) {
        return "hairpin must be none, internal or external";
    }
    if ((unsigned)config->full > NAT_FULL_EVICT_OLDEST) {
        return "table_full must be refuse or evict-oldest";
    }
    if ((unsigned)config->unsolicited > NAT_UNSOLICITED_BLACKLIST) {
        return "inbound_unsolicited must be ignore, collide, kill or blacklist";
    }
    return NULL;
}

const char *nat_config_check(const nat_config *config) {
    const char *wrong = check_enums(config);
    if (wrong != NULL) {
        return wrong;
    }
    if (config->port_min < 1 || config->port_min > config->port_max) {
        return "the port range must be 1 <= port_min <= port_max <= 65535";
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
    return NULL;
}
