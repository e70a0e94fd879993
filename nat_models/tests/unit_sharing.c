/* SPDX-License-Identifier: MIT */
/*
 * What hosts share and how: several external addresses, blocks of ports, parity, ports taken over,
 * victims of a full table; a firewall, which shares nothing out; and what ends all of it: a reboot,
 * a new address, other behaviour.
 */
#include <stdio.h>
#include <string.h>

#include "nat_support.h"
#include "punch_test.h"

#define SECOND PUNCH_US_PER_S
#define ADDRESSES 8

static nat_config base_config(void) {
    nat_config config = nat_config_default();
    config.filtering = NAT_FILTERING_EIF;
    config.port_min = 40000;
    config.port_max = 40999;
    config.udp_timeout_first_us = 30 * SECOND;
    config.udp_timeout_stream_us = 120 * SECOND;
    return config;
}

static punch_addr send_from(nat *box, uint32_t host, uint16_t port, punch_time_us now_us,
                            nat_verdict *verdict_out) {
    nat_packet packet = {support_inside(host, port), support_remote(1, 1)};
    *verdict_out = nat_translate_out(box, &packet, now_us);
    return packet.src;
}

/* Which external address a host's packet leaves from: 0.. */
static uint32_t address_used(nat *box, uint32_t host, uint16_t port) {
    nat_verdict verdict;
    const punch_addr source = send_from(box, host, port, 0, &verdict);
    EXPECT_INT("it passes", verdict, NAT_PASS);
    EXPECT("the source is one of ours", nat_owns(box, &source));
    return (uint32_t)source.ip[3] - (SUPPORT_EXTERNAL_IP & 0xff);
}

static void pooling(void) {
    for (int arbitrary = 0; arbitrary < 2; arbitrary++) {
        nat_config config = base_config();
        config.address_count = ADDRESSES;
        config.pooling = (nat_pooling)arbitrary;
        nat *box = support_nat(&config, 1);
        uint32_t hosts_on[ADDRESSES] = {0};
        bool moved = false;
        for (uint32_t host = 1; host <= 24; host++) {
            const uint32_t first = address_used(box, host, 5000);
            for (uint16_t port = 5001; port < 5008; port++) {
                moved = address_used(box, host, port) != first || moved;
            }
            EXPECT_INT("a mapping keeps its address", address_used(box, host, 5000), first);
            hosts_on[first]++;
        }
        EXPECT_INT(nat_pooling_name((nat_pooling)arbitrary), moved, arbitrary == 1);
        uint32_t used = 0;
        for (uint32_t i = 0; i < ADDRESSES; i++) {
            used += hosts_on[i] > 0 ? 1 : 0;
        }
        EXPECT("24 hosts use more than half of 8 addresses", used > ADDRESSES / 2);
        free(box);
    }
}

static void pool_comes_in(void) {
    nat_config config = base_config();
    config.address_count = ADDRESSES;
    nat *box = support_nat(&config, 1);
    nat_verdict verdict;
    const punch_addr source = send_from(box, 1, 40005, 0, &verdict);
    nat_packet back = {support_remote(1, 1), source};
    EXPECT_INT("what is sent to the mapping's address comes in", nat_translate_in(box, &back, 1),
               NAT_PASS);
    punch_addr other = source;
    other.ip[3] = (uint8_t)(source.ip[3] == (SUPPORT_EXTERNAL_IP & 0xff) ? source.ip[3] + 1
                                                                         : source.ip[3] - 1);
    nat_packet astray = {support_remote(1, 1), other};
    EXPECT_INT("the same port of another address is not mapped", nat_translate_in(box, &astray, 1),
               NAT_DROP_NO_MAPPING);
    nat_packet beyond = {support_remote(1, 1), punch_addr_ipv4(SUPPORT_EXTERNAL_IP + ADDRESSES, 1)};
    EXPECT_INT("an address behind the pool is not ours", nat_translate_in(box, &beyond, 1),
               NAT_DROP_NOT_OURS);
    free(box);
}

/* Every port of every address can be had. */
static void pool_is_used_up(void) {
    nat_config config = base_config();
    config.address_count = 4;
    config.pooling = NAT_POOLING_ARBITRARY;
    config.port_max = 40009;
    nat *box = support_nat(&config, 1);
    nat_verdict verdict = NAT_PASS;
    uint16_t sent = 0;
    while (verdict == NAT_PASS) {
        (void)send_from(box, 1, (uint16_t)(1000 + sent), 0, &verdict);
        sent++;
    }
    EXPECT_TEXT("then there is no port", nat_verdict_name(verdict), "no-port");
    EXPECT_INT("forty mappings on four addresses of ten ports", sent - 1, 40);
    free(box);
}

static void blocks(void) {
    nat_config config = base_config();
    config.block_ports = 100;
    config.allocation = NAT_ALLOCATION_RANDOM;
    config.collision = NAT_COLLISION_RANDOM;
    config.table_max = 2000;
    nat *box = support_nat(&config, 1);
    bool taken[10] = {false};
    nat_verdict verdict;
    for (uint32_t host = 1; host <= 10; host++) {
        const int block = (send_from(box, host, 5000, 0, &verdict).port - 40000) / 100;
        EXPECT("every host gets a block of its own", !taken[block]);
        taken[block] = true;
        for (uint16_t i = 1; i < 100; i++) {
            const punch_addr source = send_from(box, host, (uint16_t)(5000 + i), 0, &verdict);
            EXPECT_INT("and all its ports", (source.port - 40000) / 100, block);
        }
        (void)send_from(box, host, 6000, 0, &verdict);
        EXPECT_TEXT("but no more", nat_verdict_name(verdict), "host-ports");
    }
    (void)send_from(box, 11, 5000, 0, &verdict);
    EXPECT_TEXT("an eleventh host finds no block", nat_verdict_name(verdict), "no-port");
    (void)send_from(box, 11, 5000, 30 * SECOND, &verdict);
    EXPECT_TEXT("until a host has lost all its mappings", nat_verdict_name(verdict), "pass");
    free(box);
}

static void parity(void) {
    for (int allocation = 0; allocation < 3; allocation++) {
        for (int collision = 0; collision < 5; collision++) {
            nat_config config = base_config();
            config.allocation = (nat_allocation)allocation;
            config.collision = (nat_collision)collision;
            config.port_parity = true;
            config.port_min = 40001;
            config.port_max = 40021;
            nat *box = support_nat(&config, 1);
            for (uint16_t i = 0; i < 18; i++) {
                nat_verdict verdict;
                const uint16_t inside = (uint16_t)(40000 + i % 6);
                const uint16_t port = send_from(box, 1 + i / 6, inside, 0, &verdict).port;
                EXPECT_INT(nat_collision_name(config.collision), port % 2, inside % 2);
                EXPECT("in the range", port >= 40001 && port <= 40021);
            }
            free(box);
        }
    }
}

static void override(void) {
    nat_config config = base_config();
    config.collision = NAT_COLLISION_OVERRIDE;
    nat *box = support_nat(&config, 1);
    nat_verdict verdict;
    (void)send_from(box, 1, 40003, 0, &verdict);
    EXPECT_INT("the newcomer gets the port", send_from(box, 2, 40003, 1, &verdict).port, 40003);
    nat_packet in = {support_remote(1, 1), punch_addr_ipv4(SUPPORT_EXTERNAL_IP, 40003)};
    EXPECT_INT("packets reach it", nat_translate_in(box, &in, 2), NAT_PASS);
    EXPECT_INT("not the one before", in.dst.ip[3], 2);
    EXPECT_INT("whose mapping is gone", nat_mapping_count(box, 2), 1);
    EXPECT_INT("and counted", (int64_t)nat_stats(box)->mappings_evicted, 1);
    free(box);
}

/* A table of ten, one more: over many NATs each of the ten is the victim about equally often. */
static void evict_random(void) {
    uint32_t victims[10] = {0};
    nat_config config = base_config();
    config.table_max = 10;
    config.full = NAT_FULL_EVICT_RANDOM;
    nat *box = support_nat(&config, 1);
    const punch_addr external = support_external();
    for (uint32_t seed = 0; seed < 5000; seed++) {
        nat_verdict verdict;
        nat_reset(box, &config, &external, punch_rng_stream(seed, 0, 0));
        for (uint16_t i = 0; i <= 10; i++) {
            (void)send_from(box, 1, (uint16_t)(40000 + i), i, &verdict);
            EXPECT_INT("nobody is refused", verdict, NAT_PASS);
        }
        for (uint16_t i = 0; i < 10; i++) {
            victims[i] +=
                support_arrive(box, support_remote(1, 1), (uint16_t)(40000 + i), 11) != NAT_PASS;
        }
    }
    for (int i = 0; i < 10; i++) {
        /* 500 expected, standard deviation 21: five of them */
        EXPECT("each of ten goes 395 to 605 times in 5000", victims[i] >= 395 && victims[i] <= 605);
    }
    free(box);
}

static void firewall(void) {
    for (int six = 0; six < 2; six++) {
        nat_config config = base_config();
        config.filtering = NAT_FILTERING_APDF;
        config.firewall = true;
        nat *box = support_nat(&config, 1);
        punch_addr inside = support_inside(1, 5000);
        punch_addr remote = support_remote(1, 1);
        if (six) {
            inside = (punch_addr){.family = PUNCH_FAMILY_IPV6,
                                  .port = 5000,
                                  .ip = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
            remote = inside;
            remote.ip[15] = 2;
        }
        nat_packet early = {remote, inside};
        EXPECT_INT("unasked: refused", nat_translate_in(box, &early, 0), NAT_DROP_NO_MAPPING);
        nat_packet out = {inside, remote};
        EXPECT_INT("out", nat_translate_out(box, &out, 1), NAT_PASS);
        EXPECT("with its own source", punch_addr_equal(&out.src, &inside));
        nat_packet in = {remote, inside};
        EXPECT_INT("the answer comes in", nat_translate_in(box, &in, 2), NAT_PASS);
        EXPECT("to the same endpoint", punch_addr_equal(&in.dst, &inside));
        nat_packet neighbour = {remote, inside};
        neighbour.dst.ip[six ? 15 : 3] = 7;
        EXPECT_INT("a neighbour with that port has asked for nothing",
                   nat_translate_in(box, &neighbour, 2), NAT_DROP_NO_MAPPING);
        in = (nat_packet){remote, inside};
        EXPECT_INT("after the timeout: refused", nat_translate_in(box, &in, 122 * SECOND + 2),
                   NAT_DROP_EXPIRED);
        free(box);
    }
}

static void reboot_and_renumber(void) {
    nat_config config = base_config();
    nat *box = support_nat(&config, 1);
    nat_verdict verdict;
    (void)send_from(box, 1, 40001, 0, &verdict);
    nat_flush(box, 1);
    EXPECT_INT("a reboot forgets", support_arrive(box, support_remote(1, 1), 40001, 2),
               NAT_DROP_NO_MAPPING);
    EXPECT_INT("and says how much", (int64_t)nat_stats(box)->mappings_flushed, 1);
    EXPECT_INT("the same port can be had", send_from(box, 1, 40001, 3, &verdict).port, 40001);
    const punch_addr other = support_remote(77, 9);
    nat_renumber(box, &other, 4);
    EXPECT_INT("the old address is not ours", support_arrive(box, support_remote(1, 1), 40001, 5),
               NAT_DROP_NOT_OURS);
    const punch_addr source = send_from(box, 1, 40001, 6, &verdict);
    EXPECT("packets leave from the new one", punch_addr_same_ip(&source, &other));
    EXPECT_INT("at their port", source.port, 40001);
    free(box);
}

static void change(void) {
    static const struct {
        const char *sentence;
        bool keeps;
        int which;
    } rows[] = {{"other timeouts: mappings live on", true, 0},
                {"other filtering: they do not", false, 1},
                {"another mapping behaviour: nor then", false, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        nat_config config = base_config();
        nat *box = support_nat(&config, 1);
        nat_verdict verdict;
        (void)send_from(box, 1, 40001, 0, &verdict);
        config.udp_timeout_first_us = rows[i].which == 0 ? 10 * SECOND : 30 * SECOND;
        config.filtering = rows[i].which == 1 ? NAT_FILTERING_APDF : NAT_FILTERING_EIF;
        config.mapping = rows[i].which == 2 ? NAT_MAPPING_APDM : NAT_MAPPING_EIM;
        nat_change(box, &config, 5 * SECOND);
        EXPECT_INT(rows[i].sentence, nat_mapping_count(box, 5 * SECOND), rows[i].keeps);
        EXPECT_INT("not beyond the new timeout", nat_mapping_count(box, 10 * SECOND), 0);
        free(box);
    }
}

static void bad_configurations(void) {
    const nat_config good = base_config();
    nat_config bad[16];
    for (size_t i = 0; i < 16; i++) {
        bad[i] = good;
    }
    bad[0].address_count = NAT_ADDRESSES_MAX + 1;
    bad[1].block_ports = 1001;
    bad[2].block_ports = 100;
    bad[2].pooling = NAT_POOLING_ARBITRARY;
    bad[3].port_parity = true;
    bad[3].port_max = bad[3].port_min;
    bad[4].port_parity = true;
    bad[4].block_ports = 1;
    bad[5].port_min = 1;
    bad[5].port_max = 65535;
    bad[5].block_ports = 2;
    bad[6].stream_after_us = -1;
    bad[7].timeout_spread_permille = 901;
    bad[8].timeout_drift_permille = 901;
    bad[9].drift_period_us = -1;
    bad[10].pressure_start = 5;
    bad[11].pressure_start = 5;
    bad[11].pressure_end = 5;
    bad[12].firewall = true;
    bad[12].mapping = NAT_MAPPING_APDM;
    bad[13].firewall = true;
    bad[13].unsolicited = NAT_UNSOLICITED_COLLIDE;
    bad[14].udp_rate_pps = 10;
    bad[15].full = (nat_full)3;
    EXPECT("the one they start from is fine", nat_config_check(&good) == NULL);
    for (size_t i = 0; i < 16; i++) {
        char sentence[64];
        (void)snprintf(sentence, sizeof sentence, "bad configuration %zu is refused", i);
        EXPECT(sentence, nat_config_check(&bad[i]) != NULL);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"pooling over several addresses", pooling},
        {"inbound at several addresses", pool_comes_in},
        {"a pool used up", pool_is_used_up},
        {"blocks of ports", blocks},
        {"parity", parity},
        {"ports taken over", override},
        {"random victims", evict_random},
        {"a firewall", firewall},
        {"reboot and renumbering", reboot_and_renumber},
        {"other behaviour at run time", change},
        {"configurations that contradict themselves", bad_configurations},
    };
    return PUNCH_TEST_MAIN("unit_sharing", cases);
}
