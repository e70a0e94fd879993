/* SPDX-License-Identifier: MIT */
/*
 * Timeouts that are not one number: the stream that begins late, those drawn for each mapping,
 * those that follow the day, those that shrink under pressure; and the limit of rate. Every row is
 * a mapping, a silence, and whether an answer still comes in.
 */
#include <stdio.h>

#include "nat/presets.h"
#include "nat_support.h"
#include "punch_test.h"

#define SECOND PUNCH_US_PER_S
#define HOUR (3600 * SECOND)

static nat_config base_config(void) {
    nat_config config = nat_config_default();
    config.filtering = NAT_FILTERING_APDF;
    config.udp_timeout_first_us = 30 * SECOND;
    config.udp_timeout_stream_us = 120 * SECOND;
    return config;
}

/* --- the stream that begins late --- */

/* Packets '>' and '<' of one flow at given instants; then how long it still lives. */
static void stream_after(void) {
    static const struct {
        const char *sentence;
        const char *ways; /* one letter each */
        punch_time_us at_ms[4];
        int lives_s; /* after the last packet */
    } rows[] = {
        {"unanswered: never a stream, however long it sends", ">>>>", {0, 1000, 2500, 9000}, 30},
        {"an answer within 2 s is no stream yet", "><", {0, 100}, 30},
        {"nor are packets both ways within 2 s", "><><", {0, 100, 200, 2000}, 30},
        {"a packet out after 2 s makes it one", "><>", {0, 100, 2001}, 120},
        {"so does a packet in after 2 s", "><<", {0, 100, 2001}, 120},
        {"the first answer alone does not, however late", "><", {0, 5000}, 30},
        {"but the packet after it does", "><>", {0, 5000, 5001}, 120},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int late = 0; late < 2; late++) {
            nat_config config = base_config();
            config.stream_after_us = 2 * SECOND;
            nat *box = support_nat(&config, 1);
            punch_time_us now_us = 0;
            for (size_t k = 0; rows[i].ways[k] != '\0'; k++) {
                now_us = rows[i].at_ms[k] * 1000;
                if (rows[i].ways[k] == '>') {
                    (void)support_send(box, support_inside(1, 5000), support_remote(1, 1), now_us);
                } else {
                    (void)support_arrive(box, support_remote(1, 1), 5000, now_us);
                }
            }
            now_us += rows[i].lives_s * SECOND - 1 + late;
            const nat_verdict got = support_arrive(box, support_remote(1, 1), 5000, now_us);
            EXPECT_TEXT(rows[i].sentence, nat_verdict_name(got),
                        nat_verdict_name(late ? NAT_DROP_EXPIRED : NAT_PASS));
            free(box);
        }
    }
}

/* A revived permission starts over: its flow is new, though the mapping is a stream. */
static void stream_after_of_permissions(void) {
    nat_config config = base_config();
    config.stream_after_us = 2 * SECOND;
    nat *box = support_nat(&config, 1);
    const punch_addr inside = support_inside(1, 5000);
    for (int s = 0; s <= 60; s += 10) {
        (void)support_send(box, inside, support_remote(1, 1), s * SECOND);
        (void)support_arrive(box, support_remote(1, 1), 5000, s * SECOND + 1);
    }
    (void)support_send(box, inside, support_remote(2, 2), 61 * SECOND);
    EXPECT_TEXT("a new remote of an old mapping has the first timeout",
                nat_verdict_name(support_arrive(box, support_remote(2, 2), 5000, 91 * SECOND)),
                "filter-expired");
    EXPECT_TEXT("the old one has the stream's",
                nat_verdict_name(support_arrive(box, support_remote(1, 1), 5000, 91 * SECOND)),
                "pass");
    free(box);
}

/* --- timeouts drawn --- */

static void spread(void) {
    nat_config config = base_config();
    config.filtering = NAT_FILTERING_EIF;
    config.timeout_spread_permille = 700; /* 9, 15, 21, 27, 33, 39, 45, 51 s */
    config.table_max = 4096;
    nat *box = support_nat(&config, 1);
    for (uint16_t i = 0; i < 4000; i++) {
        (void)support_send(box, support_inside(1, (uint16_t)(2000 + i)), support_remote(1, 1), 0);
    }
    uint32_t before = 4000;
    for (int step = 0; step < 8; step++) {
        const punch_time_us end_us = (9 + 6 * step) * SECOND;
        EXPECT_INT("nothing ends before its step", nat_mapping_count(box, end_us - 1), before);
        const uint32_t after = nat_mapping_count(box, end_us);
        /* 500 of 4000 expected, standard deviation 21: five of them */
        EXPECT("an eighth ends at each step", before - after >= 395 && before - after <= 605);
        before = after;
    }
    EXPECT_INT("nothing outlives the last", before, 0);
    free(box);
}

/* Mean and variance of what mappings draw, against those of the eight steps; by R, for x <-
 * exp(0.5 * qnorm((2 * 0:7 + 1) / 16)): mean(x), mean(x^2) - mean(x)^2. (Of a log-normal without
 * steps: 1.133, 0.365.) Evenly spread by 0.7: 1, 0.21. */
static void spread_shapes(void) {
    static const struct {
        nat_spread shape;
        uint32_t spread_permille;
        double mean;
        double variance;
    } rows[] = {{NAT_SPREAD_UNIFORM, 700, 1.0, 0.21}, {NAT_SPREAD_LOGNORMAL, 500, 1.1105, 0.2620}};
    enum { MAPPINGS = 20000, STEP_MS = 100 };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        nat_config config = base_config();
        config.timeout_spread_permille = rows[i].spread_permille;
        config.timeout_spread_shape = rows[i].shape;
        config.table_max = MAPPINGS;
        nat *box = support_nat(&config, 4);
        for (uint32_t k = 0; k < MAPPINGS; k++) {
            const punch_addr inside = support_inside(1, (uint16_t)(2000 + k));
            (void)support_send(box, inside, support_remote(1, 1), 0);
        }
        double sum = 0;
        double squares = 0;
        uint32_t before = MAPPINGS;
        for (int64_t at_ms = STEP_MS; before > 0 && at_ms < 120000; at_ms += STEP_MS) {
            const uint32_t after = nat_mapping_count(box, at_ms * 1000);
            const double share = (double)at_ms / 30000; /* of the timeout */
            sum += (before - after) * share;
            squares += (before - after) * share * share;
            before = after;
        }
        const double mean = sum / MAPPINGS;
        const double variance = squares / MAPPINGS - mean * mean;
        printf("%s: mean %.4f, expected %.4f; variance %.4f, expected %.4f\n",
               nat_spread_name(rows[i].shape), mean, rows[i].mean, variance, rows[i].variance);
        /* Five standard deviations of either are below 0.02, and steps of 0.1 s add 0.002. */
        EXPECT("the mean", mean > rows[i].mean - 0.02 && mean < rows[i].mean + 0.02);
        EXPECT("the variance",
               variance > rows[i].variance - 0.02 && variance < rows[i].variance + 0.02);
        EXPECT_INT("all of them end", before, 0);
        free(box);
    }
}

/* The ports a NAT gives do not depend on how long it keeps them. */
static void spread_has_its_own_stream(void) {
    nat_config config = base_config();
    config.allocation = NAT_ALLOCATION_RANDOM;
    nat *plain = support_nat(&config, 3);
    config.timeout_spread_permille = 500;
    nat *drawn = support_nat(&config, 3);
    for (uint16_t i = 0; i < 20; i++) {
        const punch_addr inside = support_inside(1, (uint16_t)(5000 + i));
        EXPECT_INT("the same port", support_send(drawn, inside, support_remote(1, 1), 0),
                   support_send(plain, inside, support_remote(1, 1), 0));
    }
    free(plain);
    free(drawn);
}

/* --- the time of day --- */

static void drift(void) {
    static const struct {
        const char *sentence;
        punch_time_us at_us;
        punch_time_us phase_us;
        int lives_ms;
    } rows[] = {
        {"midnight: as configured", 0, 0, 30000},
        {"six hours later: half as long again", 6 * HOUR, 0, 45000},
        {"noon: as configured", 12 * HOUR, 0, 30000},
        {"six in the evening: half as long", 18 * HOUR, 0, 15000},
        {"a day later the same", 42 * HOUR, 0, 15000},
        {"the phase moves it", 0, 18 * HOUR, 15000},
        {"before time 0 as after it", -6 * HOUR, 0, 15000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        nat_config config = base_config();
        config.timeout_drift_permille = 500;
        config.drift_phase_us = rows[i].phase_us;
        nat *box = support_nat(&config, 1);
        const punch_time_us at_us = rows[i].at_us;
        (void)support_send(box, support_inside(1, 5000), support_remote(1, 1), at_us);
        const punch_time_us end_us = at_us + rows[i].lives_ms * INT64_C(1000);
        EXPECT_INT(rows[i].sentence, nat_mapping_count(box, end_us - 1), 1);
        EXPECT_INT(rows[i].sentence, nat_mapping_count(box, end_us), 0);
        free(box);
    }
}

/* --- pressure --- */

static void pressure(void) {
    static const struct {
        const char *sentence;
        uint16_t mappings;
        int lives_ms;
    } rows[] = {
        {"up to the start nothing changes", 4, 30000},
        {"half way they live half as long", 8, 15000},
        {"three quarters of the way, a quarter", 10, 7500},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        nat_config config = base_config();
        config.pressure_start = 4;
        config.pressure_end = 12;
        nat *box = support_nat(&config, 1);
        for (uint16_t k = 0; k < rows[i].mappings; k++) {
            (void)support_send(box, support_inside(1, (uint16_t)(5000 + k)), support_remote(1, 1),
                               0);
        }
        const punch_time_us end_us = rows[i].lives_ms * INT64_C(1000);
        EXPECT_INT(rows[i].sentence, nat_mapping_count(box, end_us - 1), rows[i].mappings);
        EXPECT_INT(rows[i].sentence, nat_mapping_count(box, end_us), 0);
        free(box);
    }
}

/* At the end of the scale all idle ones go, as pf.conf(5) says of adaptive.end. */
static void pressure_purges(void) {
    nat_config config = base_config();
    config.pressure_start = 4;
    config.pressure_end = 8;
    nat *box = support_nat(&config, 1);
    for (uint16_t k = 0; k < 8; k++) {
        (void)support_send(box, support_inside(1, (uint16_t)(5000 + k)), support_remote(1, 1), 0);
    }
    EXPECT_INT("at the end the idle ones go at once", nat_mapping_count(box, 1), 0);
    (void)support_send(box, support_inside(1, 6000), support_remote(1, 1), 1);
    EXPECT_INT("and pressure is off again", nat_mapping_count(box, 29 * SECOND), 1);
    free(box);
}

/* --- limit of rate --- */

static void rate(void) {
    nat_config config = base_config();
    config.filtering = NAT_FILTERING_EIF;
    config.udp_rate_pps = 10;
    config.udp_burst = 3;
    nat *box = support_nat(&config, 1);
    static const struct {
        const char *sentence;
        bool outbound;
        int at_ms;
        nat_verdict wanted;
    } rows[] = {
        {"the first of a burst", true, 0, NAT_PASS},
        {"the second, the other way", false, 0, NAT_PASS},
        {"the third", true, 0, NAT_PASS},
        {"the fourth is one too many", true, 0, NAT_DROP_RATE},
        {"the other way too", false, 99, NAT_DROP_RATE},
        {"a tenth of a second buys one", false, 100, NAT_PASS},
        {"and one only", true, 100, NAT_DROP_RATE},
        {"a pause fills the store", true, 5000, NAT_PASS},
        {"to its size", true, 5000, NAT_PASS},
        {"three", true, 5000, NAT_PASS},
        {"not more", true, 5000, NAT_DROP_RATE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const punch_addr external = punch_addr_ipv4(SUPPORT_EXTERNAL_IP, 5000);
        nat_packet packet = {support_inside(1, 5000), support_remote(1, 1)};
        const punch_time_us now_us = rows[i].at_ms * INT64_C(1000);
        nat_verdict got;
        if (rows[i].outbound) {
            got = nat_translate_out(box, &packet, now_us);
        } else {
            packet = (nat_packet){support_remote(1, 1), external};
            EXPECT_INT("foretold", nat_would_admit(box, &packet, now_us), rows[i].wanted);
            got = nat_translate_in(box, &packet, now_us);
        }
        EXPECT_TEXT(rows[i].sentence, nat_verdict_name(got), nat_verdict_name(rows[i].wanted));
    }
    free(box);
}

static void blocked(void) {
    nat_config config = base_config();
    config.udp_blocked = true;
    nat *box = support_nat(&config, 1);
    nat_packet out = {support_inside(1, 5000), support_remote(1, 1)};
    EXPECT_INT("nothing goes out", nat_translate_out(box, &out, 0), NAT_DROP_UDP_BLOCKED);
    EXPECT_INT("nothing comes in", support_arrive(box, support_remote(1, 1), 5000, 0),
               NAT_DROP_UDP_BLOCKED);
    EXPECT_INT("and nothing is kept", nat_mapping_count(box, 0), 0);
    free(box);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"a stream begins late (Linux)", stream_after},
        {"so do permissions", stream_after_of_permissions},
        {"timeouts drawn for each mapping", spread},
        {"even and log-normal timeouts", spread_shapes},
        {"drawn timeouts change nobody's ports", spread_has_its_own_stream},
        {"timeouts that follow the day", drift},
        {"timeouts under pressure", pressure},
        {"a full scale of pressure", pressure_purges},
        {"a limit of rate", rate},
        {"no UDP at all", blocked},
    };
    return PUNCH_TEST_MAIN("unit_timing", cases);
}
