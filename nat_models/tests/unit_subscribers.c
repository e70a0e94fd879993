/* SPDX-License-Identifier: MIT */
/*
 * What a carrier's NAT grants the addresses behind it (RFC 6888): further blocks of ports, ports
 * kept back for a while, a rate of new mappings, destinations that are none of its business.
 */
#include <stdio.h>

#include "nat_support.h"
#include "punch_test.h"

#define SECOND PUNCH_US_PER_S

static nat_config base_config(void) {
    nat_config config = nat_config_default();
    config.filtering = NAT_FILTERING_EIF;
    config.port_min = 40000;
    config.port_max = 40099;
    config.udp_timeout_first_us = 30 * SECOND;
    config.udp_timeout_stream_us = 30 * SECOND;
    return config;
}

static punch_addr send_from(nat *box, uint32_t host, uint16_t port, punch_time_us now_us,
                            nat_verdict *verdict_out) {
    nat_packet packet = {support_inside(host, port), support_remote(1, 1)};
    *verdict_out = nat_translate_out(box, &packet, now_us);
    return packet.src;
}

/* --- further blocks --- */

static void further_blocks(void) {
    nat_config config = base_config();
    config.allocation = NAT_ALLOCATION_RANDOM;
    config.collision = NAT_COLLISION_RANDOM;
    config.block_ports = 10;
    config.blocks_per_host = 3;
    config.address_count = 4;
    nat *box = support_nat(&config, 1);
    nat_verdict verdict;
    punch_addr first = {0};
    int blocks[3] = {0};
    for (uint16_t i = 0; i < 30; i++) {
        const punch_addr source = send_from(box, 1, (uint16_t)(5000 + i), 0, &verdict);
        const int block = (source.port - 40000) / 10;
        first = i == 0 ? source : first;
        blocks[i / 10] = i % 10 == 0 ? block : blocks[i / 10];
        EXPECT_INT("a block is used up before there is another", block, blocks[i / 10]);
        EXPECT("all are of one address", punch_addr_same_ip(&source, &first));
    }
    EXPECT("three blocks", blocks[0] != blocks[1] && blocks[1] != blocks[2]);
    (void)send_from(box, 1, 6000, 0, &verdict);
    EXPECT_TEXT("a fourth is refused", nat_verdict_name(verdict), "host-ports");
    free(box);
}

/* A block goes back when its last mapping ends, and what is free in the first comes first. */
static void blocks_go_back(void) {
    nat_config config = base_config();
    config.port_max = 40029;
    config.block_ports = 10;
    config.blocks_per_host = 2;
    nat *box = support_nat(&config, 1);
    nat_verdict verdict;
    const int one = (send_from(box, 1, 5000, 0, &verdict).port - 40000) / 10;
    for (uint16_t i = 1; i < 10; i++) {
        (void)send_from(box, 1, (uint16_t)(5000 + i), 20 * SECOND, &verdict);
    }
    const int two = (send_from(box, 1, 5010, 20 * SECOND, &verdict).port - 40000) / 10;
    EXPECT("the eleventh port is of another block", one != two);
    (void)send_from(box, 2, 5000, 20 * SECOND, &verdict);
    EXPECT_INT("a third block is left for another host", verdict, NAT_PASS);
    (void)send_from(box, 3, 5000, 20 * SECOND, &verdict);
    EXPECT_TEXT("and none for a third", nat_verdict_name(verdict), "no-port");
    const int again = (send_from(box, 1, 5011, 30 * SECOND, &verdict).port - 40000) / 10;
    EXPECT_INT("a port that is free again in the first block", again, one);
    for (uint16_t i = 1; i < 10; i++) {
        (void)send_from(box, 1, (uint16_t)(5000 + i), 40 * SECOND, &verdict);
    }
    (void)send_from(box, 3, 5000, 50 * SECOND, &verdict);
    EXPECT_INT("the second goes back with its last mapping", verdict, NAT_PASS);
    free(box);
}

static void no_further_block(void) {
    nat_config config = base_config();
    config.port_max = 40009;
    config.block_ports = 5;
    config.blocks_per_host = 4;
    nat *box = support_nat(&config, 1);
    nat_verdict verdict;
    (void)send_from(box, 2, 5000, 0, &verdict);
    for (uint16_t i = 0; i < 5; i++) {
        (void)send_from(box, 1, (uint16_t)(5000 + i), 0, &verdict);
    }
    (void)send_from(box, 1, 5005, 0, &verdict);
    EXPECT_TEXT("there may be none left", nat_verdict_name(verdict), "no-port");
    free(box);
}

/* --- hold-down --- */

/* A mapping on 40001 is made at 0 and ends in one of these ways; when can the port be had again? */
static const struct {
    const char *what;
    nat_unsolicited unsolicited;
    nat_full full;
    punch_time_us ends_at_us;
} endings[] = {
    {"timed out", NAT_UNSOLICITED_IGNORE, NAT_FULL_REFUSE, 30 * SECOND},
    {"killed", NAT_UNSOLICITED_KILL, NAT_FULL_REFUSE, 5 * SECOND},
    {"evicted", NAT_UNSOLICITED_IGNORE, NAT_FULL_EVICT_OLDEST, 5 * SECOND},
};

static void hold_down(void) {
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        nat_config config = base_config();
        config.filtering = NAT_FILTERING_APDF;
        config.hold_down_us = 60 * SECOND;
        config.unsolicited = endings[i].unsolicited;
        config.full = endings[i].full;
        config.per_host_max = endings[i].full == NAT_FULL_REFUSE ? 0 : 1;
        nat *box = support_nat(&config, 1);
        nat_verdict verdict;
        EXPECT_INT("the port wanted", send_from(box, 1, 40001, 0, &verdict).port, 40001);
        if (endings[i].unsolicited == NAT_UNSOLICITED_KILL) {
            (void)support_arrive(box, support_remote(9, 9), 40001, endings[i].ends_at_us);
        } else if (endings[i].full == NAT_FULL_EVICT_OLDEST) {
            (void)send_from(box, 1, 40050, endings[i].ends_at_us, &verdict);
        }
        const punch_time_us free_at_us = endings[i].ends_at_us + 60 * SECOND;
        EXPECT_INT(endings[i].what, send_from(box, 2, 40001, free_at_us - 1, &verdict).port, 40002);
        EXPECT_INT(endings[i].what, send_from(box, 3, 40001, free_at_us, &verdict).port, 40001);
        free(box);
    }
}

/* With all ports held there is none, though no mapping lives. */
static void hold_down_exhausts(void) {
    nat_config config = base_config();
    config.port_max = 40003;
    config.hold_down_us = 60 * SECOND;
    for (uint32_t most = 0; most < 4; most++) {
        config.hold_down_max = most;
        nat *box = support_nat(&config, 1);
        nat_verdict verdict;
        for (uint16_t i = 0; i < 4; i++) {
            (void)send_from(box, 1, (uint16_t)(40000 + i), i, &verdict);
        }
        uint32_t had = 0;
        for (uint16_t i = 0; i < 4; i++) {
            (void)send_from(box, 2, (uint16_t)(50000 + i), 40 * SECOND, &verdict);
            had += verdict == NAT_PASS;
        }
        EXPECT_INT("ports that are not held can be had", had, most == 0 ? 0 : 4 - most);
        EXPECT_TEXT("then there is none", nat_verdict_name(verdict), "no-port");
        free(box);
    }
}

/* --- the rate of new mappings --- */

static void mapping_rate(void) {
    nat_config config = base_config();
    config.mapping_rate_per_s = 2;
    config.mapping_burst = 3;
    static const struct {
        punch_time_us at_us;
        uint32_t host;
        const char *verdict;
    } steps[] = {
        {0, 1, "pass"},
        {0, 1, "pass"},
        {0, 1, "pass"},
        {0, 1, "mapping-rate"},
        {0, 2, "pass"}, /* each host has its own */
        {SECOND / 2 - 1, 1, "mapping-rate"},
        {SECOND / 2, 1, "pass"},
        {SECOND / 2, 1, "mapping-rate"},
        {SECOND + 1, 1, "pass"},
        {20 * SECOND, 1, "pass"}, /* no more than the burst is saved */
        {20 * SECOND, 1, "pass"},
        {20 * SECOND, 1, "pass"},
        {20 * SECOND, 1, "mapping-rate"},
    };
    nat *box = support_nat(&config, 1);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        nat_verdict verdict;
        (void)send_from(box, steps[i].host, (uint16_t)(40000 + i), steps[i].at_us, &verdict);
        char sentence[32];
        (void)snprintf(sentence, sizeof sentence, "step %zu", i);
        EXPECT_TEXT(sentence, nat_verdict_name(verdict), steps[i].verdict);
    }
    nat_verdict verdict;
    (void)send_from(box, 1, 40009, 20 * SECOND, &verdict);
    EXPECT_INT("what has a mapping needs no new one", verdict, NAT_PASS);
    free(box);
}

/* The store outlives the mappings. */
static void mapping_rate_is_remembered(void) {
    nat_config config = base_config();
    config.mapping_rate_per_s = 1;
    config.mapping_burst = 4;
    config.udp_timeout_first_us = SECOND;
    nat *box = support_nat(&config, 1);
    nat_verdict verdict;
    for (uint16_t i = 0; i < 4; i++) {
        (void)send_from(box, 1, (uint16_t)(40000 + i), 0, &verdict);
    }
    uint32_t made = 0;
    for (uint16_t i = 0; i < 4; i++) {
        (void)send_from(box, 1, (uint16_t)(41000 + i), 2 * SECOND, &verdict);
        made += verdict == NAT_PASS;
    }
    EXPECT_INT("two seconds give two more, though none of the four lives", made, 2);
    free(box);
}

/* --- exempt destinations --- */

static void exempt(void) {
    nat_config config = base_config();
    config.exempt_count = 2;
    config.exempt[0] = (nat_exempt){support_remote(0x40, 0), 27};
    config.exempt[1] = (nat_exempt){support_remote(7, 53), 32};
    static const struct {
        const char *what;
        uint32_t remote;
        uint16_t port;
        bool exempt;
    } rows[] = {
        {"the first of the prefix", 0x40, 9, true},
        {"the last of the prefix", 0x5f, 9, true},
        {"just below", 0x3f, 9, false},
        {"just above", 0x60, 9, false},
        {"one address and port", 7, 53, true},
        {"another port of that address", 7, 54, false},
    };
    nat *box = support_nat(&config, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const punch_addr inside = support_inside(1, 5000);
        const punch_addr remote = support_remote(rows[i].remote, rows[i].port);
        nat_packet out = {inside, remote};
        EXPECT_INT("it leaves", nat_translate_out(box, &out, 0), NAT_PASS);
        EXPECT_INT(rows[i].what, punch_addr_equal(&out.src, &inside), rows[i].exempt);
        nat_packet in = {remote, inside};
        EXPECT_INT("its answer comes in untranslated", nat_translate_in(box, &in, 0),
                   rows[i].exempt ? NAT_PASS : NAT_DROP_NOT_OURS);
        nat_packet error = {inside, remote};
        EXPECT_INT("and an error about it", nat_translate_icmp_in(box, &error, 0),
                   rows[i].exempt ? NAT_PASS : NAT_DROP_NOT_OURS);
    }
    EXPECT_INT("one mapping for all the others", nat_mapping_count(box, 0), 1);
    free(box);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"further blocks when the first is used up", further_blocks},
        {"blocks go back", blocks_go_back},
        {"no further block is left", no_further_block},
        {"ports are held down", hold_down},
        {"ports held down are used up", hold_down_exhausts},
        {"a rate of new mappings", mapping_rate},
        {"the rate outlives the mappings", mapping_rate_is_remembered},
        {"exempt destinations", exempt},
    };
    return PUNCH_TEST_MAIN("unit_subscribers", cases);
}
