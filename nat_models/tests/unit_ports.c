/* SPDX-License-Identifier: MIT */
/*
 * Ports when hardly any are left, or none: which one is found, that none is missed, and that
 * looking for it does not take ages.
 */
#include <string.h>

#include "nat_support.h"
#include "punch_test.h"

#define HOSTS 200u
#define ROUNDS 20000u /* looked for port by port, they would take more than the time limit */

/* The whole range of ports of one address, in use. Packets nobody asked for end mappings. */
static nat *used_up(nat_collision collision, punch_time_us hold_down_us, uint32_t *left_out) {
    nat_config config = nat_config_default();
    config.collision = collision;
    config.unsolicited = NAT_UNSOLICITED_KILL;
    config.table_max = 200000;
    config.hold_down_us = hold_down_us;
    nat *box = support_nat(&config, 5);
    const uint32_t ports = (uint32_t)config.port_max - config.port_min + 1;
    for (uint32_t i = 0; i < ports; i++) {
        const punch_addr inside = support_inside(1 + i % HOSTS, (uint16_t)(1024 + i / HOSTS));
        *left_out = support_send(box, inside, support_remote(1, 1), 0) == 0 ? i : *left_out;
    }
    return box;
}

/* One port at a time is given back, and the next mapping gets it. */
static void the_last_port(void) {
    static const nat_collision collisions[] = {NAT_COLLISION_NEXT_FREE, NAT_COLLISION_CONTIGUOUS,
                                               NAT_COLLISION_RANDOM};
    for (size_t c = 0; c < sizeof collisions / sizeof collisions[0]; c++) {
        uint32_t left_out = UINT32_MAX;
        nat *box = used_up(collisions[c], 0, &left_out);
        EXPECT_INT(nat_collision_name(collisions[c]), left_out, UINT32_MAX);
        EXPECT_INT("every port is taken", nat_mapping_count(box, 0), 64512);
        EXPECT_INT("then there is none",
                   support_send(box, support_inside(201, 7), support_remote(1, 1), 0), 0);
        punch_rng rng = punch_rng_stream(6, 0, 0);
        uint32_t wrong = 0;
        for (uint32_t i = 0; i < ROUNDS; i++) {
            const uint16_t freed = (uint16_t)(1024 + punch_rng_below(&rng, 64512));
            (void)support_arrive(box, support_remote(9, 9), freed, 0);
            const punch_addr inside = support_inside(201, (uint16_t)(1 + i));
            wrong += support_send(box, inside, support_remote(1, 1), 0) != freed ? 1 : 0;
        }
        EXPECT_INT("the one port given back is found", wrong, 0);
        EXPECT_INT("nobody else lost his", nat_mapping_count(box, 0), 64512);
        free(box);
    }
}

/* Ports given back, among which a new mapping draws: each as often as any other. */
static void evenly(void) {
    static const uint16_t given_back[] = {1024, 1087, 1088, 5000, 5001, 40000, 65472, 65535};
    enum { COUNT = sizeof given_back / sizeof given_back[0], DRAWS = 8000 };
    uint32_t left_out = 0;
    nat *box = used_up(NAT_COLLISION_RANDOM, 0, &left_out);
    uint32_t drawn[COUNT] = {0};
    for (size_t i = 0; i < COUNT; i++) {
        (void)support_arrive(box, support_remote(9, 9), given_back[i], 0);
    }
    for (uint32_t i = 0; i < DRAWS; i++) {
        const uint16_t port = support_send(box, support_inside(201, 7), support_remote(1, 1), 0);
        for (size_t k = 0; k < COUNT; k++) {
            drawn[k] += port == given_back[k] ? 1 : 0;
        }
        (void)support_arrive(box, support_remote(9, 9), port, 0);
    }
    uint32_t sum = 0;
    for (size_t k = 0; k < COUNT; k++) {
        sum += drawn[k];
        /* 1000 +- 4.7 standard deviations of 29.6: one draw of the test in 50,000 fails. */
        EXPECT("each port is drawn about as often", drawn[k] > 861 && drawn[k] < 1139);
    }
    EXPECT_INT("and none but these", sum, DRAWS);
    free(box);
}

/* Nothing is mapped, yet nothing can be had; when the hold-down is over, all of it can. */
static void held_down(void) {
    const punch_time_us hold_us = 120 * PUNCH_US_PER_S;
    uint32_t left_out = UINT32_MAX;
    nat *box = used_up(NAT_COLLISION_RANDOM, hold_us, &left_out);
    const punch_time_us end_us = nat_configuration(box)->udp_timeout_first_us;
    uint32_t given = 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const punch_addr inside = support_inside(201, (uint16_t)(1 + i));
        given += support_send(box, inside, support_remote(1, 1), end_us + hold_us - 1) != 0;
    }
    EXPECT_INT("a port held down is not given", given, 0);
    EXPECT_INT("though nothing is mapped", nat_mapping_count(box, end_us + hold_us - 1), 0);
    EXPECT("a moment later it is", support_send(box, support_inside(201, 40000),
                                                support_remote(1, 1), end_us + hold_us) == 40000);
    free(box);
}

/* Four mappings, as many as there may be, in a range of four ports. A fifth is wanted: does the
 * oldest go for it, and who has its port then? */
static void room_at_no_port(void) {
    static const struct {
        const char *what;
        uint32_t table_max;
        uint32_t per_host_max;
        uint32_t block_ports;
        punch_time_us hold_down_us;
        bool parity;
        uint32_t host; /* of the fifth; the others are host 1's */
        uint16_t inside_port;
        nat_verdict verdict;
        uint16_t port;
    } rows[] = {
        {"a full table", 4, 0, 0, 0, false, 2, 9, NAT_PASS, 40000},
        {"a full host", 8, 4, 0, 0, false, 1, 9, NAT_PASS, 40000},
        {"a full block", 8, 4, 4, 0, false, 1, 9, NAT_PASS, 40000},
        {"the port would be held down", 4, 0, 0, 9, false, 2, 9, NAT_DROP_NO_PORT, 0},
        {"and in a block too", 8, 4, 4, 9, false, 1, 9, NAT_DROP_HOST_PORTS, 0},
        {"the port has the wrong parity", 4, 0, 0, 0, true, 2, 9, NAT_DROP_NO_PORT, 0},
        {"the port has the right one", 4, 0, 0, 0, true, 2, 8, NAT_PASS, 40000},
        {"the block stays another host's", 4, 0, 4, 0, false, 2, 9, NAT_DROP_NO_PORT, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        nat_config config = nat_config_default();
        config.port_min = 40000;
        config.port_max = 40003;
        config.full = NAT_FULL_EVICT_OLDEST;
        config.table_max = rows[i].table_max;
        config.per_host_max = rows[i].per_host_max;
        config.block_ports = rows[i].block_ports;
        config.hold_down_us = rows[i].hold_down_us;
        config.port_parity = rows[i].parity;
        nat *box = support_nat(&config, 1);
        for (uint16_t k = 0; k < 4; k++) {
            const punch_addr inside = support_inside(1, (uint16_t)(40000 + k));
            (void)support_send(box, inside, support_remote(1, 1), k);
        }
        nat_packet packet = {support_inside(rows[i].host, rows[i].inside_port),
                             support_remote(1, 1)};
        const nat_verdict verdict = nat_translate_out(box, &packet, 4);
        const bool passed = rows[i].verdict == NAT_PASS;
        EXPECT_INT(rows[i].what, verdict, rows[i].verdict);
        EXPECT_INT("its port", passed ? packet.src.port : 0, rows[i].port);
        EXPECT_INT("evicted only for what is made", nat_stats(box)->mappings_evicted, passed);
        EXPECT_INT("none is lost", nat_mapping_count(box, 4), 4);
        free(box);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"the last free port is found", the_last_port},
        {"the last free ports are drawn evenly", evenly},
        {"a range that is held down as a whole", held_down},
        {"room is made only for what has a port", room_at_no_port},
    };
    return PUNCH_TEST_MAIN("unit_ports", cases);
}
