/* SPDX-License-Identifier: MIT */
/*
 * Every refusal of nat_config_check, with its reason, and the nearest configuration that is fine: a
 * row changes up to four fields of the default.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "nat/presets.h"
#include "punch/assert.h"
#include "punch_test.h"

#define SECOND PUNCH_US_PER_S
#define MONTH_US (31 * 86400 * SECOND)
#define CHANGES_MAX 4

typedef struct {
    size_t offset;
    size_t bytes; /* 0: no change */
    int64_t value;
} change;

#define SET(field, to) \
    { offsetof(nat_config, field), sizeof(((nat_config *)NULL)->field), to }

static const struct {
    const char *what;
    const char *refusal; /* a part of the sentence; NULL: it is fine */
    change changes[CHANGES_MAX];
} rows[] = {
    {"the default", NULL, {{0}}},
    {"a mapping that is none", "mapping must be", {SET(mapping, 3)}},
    {"a filtering that is none", "filtering must be", {SET(filtering, 3)}},
    {"an allocation that is none", "allocation must be", {SET(allocation, 3)}},
    {"a collision that is none", "collision must be", {SET(collision, 5)}},
    {"a pooling that is none", "pooling must be", {SET(pooling, 2)}},
    {"a hairpin that is none", "hairpin must be", {SET(hairpin, 3)}},
    {"a policy that is none", "table_full must be", {SET(full, 3)}},
    {"a reaction that is none", "inbound_unsolicited must be", {SET(unsolicited, 4)}},
    {"a refusal that is none", "refusal must be", {SET(refusal, 2)}},

    {"no port at all", "1 <= port_min", {SET(port_min, 0), SET(port_max, 0)}},
    {"port 0", "1 <= port_min", {SET(port_min, 0)}},
    {"a range that ends before it begins",
     "port_min <= port_max",
     {SET(port_min, 2000), SET(port_max, 1999)}},
    {"a range of one port", NULL, {SET(port_min, 2000), SET(port_max, 2000)}},
    {"a block larger than the range",
     "block_ports must not be more",
     {SET(port_min, 2000), SET(port_max, 2009), SET(block_ports, 11)}},
    {"a block that is the range",
     NULL,
     {SET(port_min, 2000), SET(port_max, 2009), SET(block_ports, 10)}},
    {"too many blocks", "more than 16384 blocks", {SET(block_ports, 3)}},
    {"blocks over an arbitrary pool",
     "block_ports needs paired pooling",
     {SET(block_ports, 64), SET(pooling, NAT_POOLING_ARBITRARY)}},
    {"further blocks without a first", "needs block_ports", {SET(blocks_per_host, 2)}},
    {"too many of them",
     "blocks_per_host must be",
     {SET(block_ports, 64), SET(blocks_per_host, NAT_BLOCKS_PER_HOST_MAX + 1)}},
    {"the most of them",
     NULL,
     {SET(block_ports, 64), SET(blocks_per_host, NAT_BLOCKS_PER_HOST_MAX)}},
    {"a hold-down backwards", "hold_down must be", {SET(hold_down_us, -1)}},
    {"a hold-down of ports that are shared",
     "cannot be overload or override",
     {SET(hold_down_us, 1), SET(collision, NAT_COLLISION_OVERLOAD)}},
    {"a hold-down of ports that are taken over",
     "cannot be overload or override",
     {SET(hold_down_us, 1), SET(collision, NAT_COLLISION_OVERRIDE)}},
    {"a hold-down of ports that are not given",
     "a firewall gives no ports",
     {SET(hold_down_us, 1), SET(firewall, 1)}},
    {"a hold-down longer than the few ports last",
     NULL,
     {SET(hold_down_us, MONTH_US), SET(port_min, 2000), SET(port_max, 2000)}},
    {"mappings faster than the clock", "at most 1000000", {SET(mapping_rate_per_s, 1000001)}},
    {"a rate that makes no mapping", "needs a mapping_burst", {SET(mapping_rate_per_s, 1)}},
    {"a rate of one mapping", NULL, {SET(mapping_rate_per_s, 1), SET(mapping_burst, 1)}},
    {"too many exempt destinations",
     "at most 2 destinations",
     {SET(exempt_count, NAT_EXEMPT_MAX + 1)}},
    {"a prefix longer than an IPv4 address",
     "longer than its address",
     {SET(exempt_count, 1), SET(exempt[0].prefix_bits, 33)}},
    {"a prefix of an IPv6 address",
     NULL,
     {SET(exempt_count, 1), SET(exempt[0].prefix_bits, 128),
      SET(exempt[0].addr.family, PUNCH_FAMILY_IPV6)}},
    {"parity with one port",
     "port_parity needs two ports",
     {SET(port_min, 2000), SET(port_max, 2000), SET(port_parity, 1)}},
    {"parity in blocks of one",
     "port_parity needs two ports",
     {SET(port_min, 2000), SET(port_max, 2009), SET(block_ports, 1), SET(port_parity, 1)}},
    {"too many addresses", "addresses must be", {SET(address_count, NAT_ADDRESSES_MAX + 1)}},
    {"the most addresses", NULL, {SET(address_count, NAT_ADDRESSES_MAX)}},

    {"a first timeout of nothing", "udp_timeout_first must be", {SET(udp_timeout_first_us, 0)}},
    {"a negative one", "udp_timeout_first must be", {SET(udp_timeout_first_us, -1)}},
    {"the shortest one", NULL, {SET(udp_timeout_first_us, 1)}},
    {"a stream timeout of nothing", "udp_timeout_stream must be", {SET(udp_timeout_stream_us, 0)}},
    {"one that never ends", "udp_timeout_stream must be", {SET(udp_timeout_stream_us, INT64_MAX)}},
    {"the longest one", NULL, {SET(udp_timeout_stream_us, MONTH_US)}},
    {"a stream that begins before it", "stream_after must be", {SET(stream_after_us, -1)}},
    {"a spread of no shape", "uniform or lognormal", {SET(timeout_spread_shape, 2)}},
    {"a spread to nothing", "must be at most 0.9", {SET(timeout_spread_permille, 901)}},
    {"a drift to nothing", "must be at most 0.9", {SET(timeout_drift_permille, 901)}},
    {"a drift backwards", "drift_period and", {SET(drift_period_us, -1)}},
    {"a phase that is over", "drift_phase must be", {SET(drift_phase_us, MONTH_US + 1)}},
    {"pressure without an end", "pressure_start must be below", {SET(pressure_start, 1)}},
    {"pressure that ends where it starts",
     "pressure_start must be below",
     {SET(pressure_start, 5), SET(pressure_end, 5)}},
    {"pressure over one mapping", NULL, {SET(pressure_start, 5), SET(pressure_end, 6)}},

    {"a table of nothing", "table_max must be", {SET(table_max, 0)}},
    {"a table too large", "table_max must be", {SET(table_max, 4194305)}},
    {"too many filters", "filters_max must be", {SET(filters_max, 16777217)}},
    {"a blacklist without a time",
     "needs a blacklist_for above 0",
     {SET(unsolicited, NAT_UNSOLICITED_BLACKLIST)}},
    {"a blacklist with one",
     NULL,
     {SET(unsolicited, NAT_UNSOLICITED_BLACKLIST), SET(blacklist_us, 1)}},
    {"a negative one", "blacklist_for must be", {SET(blacklist_us, -1)}},

    {"a firewall that maps by address",
     "its mapping must be EIM",
     {SET(firewall, 1), SET(mapping, NAT_MAPPING_ADM)}},
    {"a firewall whose ports are taken",
     "cannot be collide",
     {SET(firewall, 1), SET(unsolicited, NAT_UNSOLICITED_COLLIDE)}},
    {"a firewall with a pool", "no external addresses", {SET(firewall, 1), SET(address_count, 2)}},
    {"a firewall with blocks", "or ports to share", {SET(firewall, 1), SET(block_ports, 64)}},
    {"a firewall", NULL, {SET(firewall, 1)}},
    {"a rate above the clock's", "at most 1000000", {SET(udp_rate_pps, 1000001)}},
    {"a rate that lets nothing pass", "needs a udp_burst", {SET(udp_rate_pps, 1)}},
    {"a rate of one packet", NULL, {SET(udp_rate_pps, 1), SET(udp_burst, 1)}},
    {"ICMP errors that kill and are blocked",
     "icmp_blocked must be false",
     {SET(icmp_blocked, 1), SET(icmp_kills_mapping, 1)}},
};

static void apply(nat_config *config, const change *to) {
    uint8_t *at = (uint8_t *)config + to->offset;
    const uint8_t byte = (uint8_t)to->value;
    const uint16_t half = (uint16_t)to->value;
    const uint32_t word = (uint32_t)to->value;
    switch (to->bytes) {
    case 0:
        return;
    case 1:
        memcpy(at, &byte, sizeof byte);
        return;
    case 2:
        memcpy(at, &half, sizeof half);
        return;
    case 4:
        memcpy(at, &word, sizeof word);
        return;
    default:
        PUNCH_ASSERT_EQ(to->bytes, sizeof to->value);
        memcpy(at, &to->value, sizeof to->value);
    }
}

static void refusals(void) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        nat_config config = nat_config_default();
        for (size_t k = 0; k < CHANGES_MAX; k++) {
            apply(&config, &rows[i].changes[k]);
        }
        const char *wrong = nat_config_check(&config);
        char sentence[256];
        (void)snprintf(sentence, sizeof sentence, "row %zu, %s: expected %s, got %s", i,
                       rows[i].what, rows[i].refusal != NULL ? rows[i].refusal : "no refusal",
                       wrong != NULL ? wrong : "none");
        EXPECT(sentence, rows[i].refusal == NULL
                             ? wrong == NULL
                             : wrong != NULL && strstr(wrong, rows[i].refusal) != NULL);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"what cannot be, and the nearest that can", refusals},
    };
    return PUNCH_TEST_MAIN("unit_config", cases);
}
