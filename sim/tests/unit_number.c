/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers with units: exact, or refused.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "punch_test.h"
#include "scenario_number.h"

typedef struct {
    scenario_number_type type;
    const char *text;
    bool accepted;
    int64_t number;
} number_row;

static const number_row rows[] = {
    {NUMBER_DURATION, "30s", true, 30000000},
    {NUMBER_DURATION, "250ms", true, 250000},
    {NUMBER_DURATION, "15us", true, 15},
    {NUMBER_DURATION, "2min", true, 120000000},
    {NUMBER_DURATION, "1h", true, INT64_C(3600000000)},
    {NUMBER_DURATION, "1.5ms", true, 1500},
    {NUMBER_DURATION, "0.5h", true, 1800000000},
    {NUMBER_DURATION, "0.000001s", true, 1},
    {NUMBER_DURATION, "1.000000000000s", true, 1000000},
    {NUMBER_DURATION, "-3s", true, -3000000},
    {NUMBER_DURATION, "0s", true, 0},
    {NUMBER_DURATION, "0.1us", false, 0},
    {NUMBER_DURATION, "0.0000001s", false, 0},
    {NUMBER_DURATION, "30", false, 0},
    {NUMBER_DURATION, "30 s", false, 0},
    {NUMBER_DURATION, "30S", false, 0},
    {NUMBER_DURATION, "s", false, 0},
    {NUMBER_DURATION, "", false, 0},
    {NUMBER_DURATION, "1.s", false, 0},
    {NUMBER_DURATION, ".5s", false, 0},
    {NUMBER_DURATION, "1e3s", false, 0},
    {NUMBER_DURATION, "1s2ms", false, 0},
    {NUMBER_DURATION, "9999999999999h", false, 0},
    {NUMBER_RATIO, "2%", true, INT64_C(20000000000)},
    {NUMBER_RATIO, "0.02", true, INT64_C(20000000000)},
    {NUMBER_RATIO, "2e-2", true, INT64_C(20000000000)},
    {NUMBER_RATIO, "21.4%", true, INT64_C(214000000000)},
    {NUMBER_RATIO, "0.0000000001%", true, 1},
    {NUMBER_RATIO, "1", true, SCENARIO_RATIO_ONE},
    {NUMBER_RATIO, "100%", true, SCENARIO_RATIO_ONE},
    {NUMBER_RATIO, "0.0000000000001", false, 0},
    {NUMBER_RATIO, "2 %", false, 0},
    {NUMBER_RATIO, "2e0%", false, 0},
    {NUMBER_DRIFT, "20ppm", true, 20000},
    {NUMBER_DRIFT, "-1.5ppm", true, -1500},
    {NUMBER_DRIFT, "7ppb", true, 7},
    {NUMBER_DRIFT, "0.5ppb", false, 0},
    {NUMBER_RATE, "1Mbps", true, 1000000},
    {NUMBER_RATE, "512kbps", true, 512000},
    {NUMBER_RATE, "1.5Gbps", true, 1500000000},
    {NUMBER_RATE, "1MBps", false, 0},
    {NUMBER_BYTES, "64KiB", true, 65536},
    {NUMBER_BYTES, "0.5KiB", true, 512},
    {NUMBER_BYTES, "1500B", true, 1500},
    {NUMBER_BYTES, "1kB", true, 1000},
    {NUMBER_BYTES, "0.3KiB", false, 0},
    {NUMBER_COUNT, "20000", true, 20000},
    {NUMBER_COUNT, "2e4", true, 20000},
    {NUMBER_COUNT, "1.50e1", true, 15},
    {NUMBER_COUNT, "1.5", false, 0},
    {NUMBER_COUNT, "1e18", true, INT64_C(1000000000000000000)},
    {NUMBER_COUNT, "1e19", false, 0},
    {NUMBER_COUNT, "1e999999999999", false, 0},
    {NUMBER_COUNT, "0e999999999999", true, 0},
    {NUMBER_COUNT, "1234567890123456789", false, 0},
    {NUMBER_MULTIPLIER, "1.5", true, 1500},
    {NUMBER_MULTIPLIER, "1.0001", false, 0},
};

static void numbers_are_exact_or_refused(void) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t number = 0;
        const char *why = NULL;
        const bool accepted = scenario_number_read(rows[i].type, rows[i].text, &number, &why);
        EXPECT_INT(rows[i].text, accepted, rows[i].accepted);
        EXPECT(rows[i].text, accepted || why != NULL);
        if (accepted) {
            EXPECT_INT(rows[i].text, number, rows[i].number);
        }
    }
}

typedef struct {
    scenario_number_type type;
    int64_t number;
    const char *text;
} write_row;

static const write_row writes[] = {
    {NUMBER_DURATION, 0, "0s"},
    {NUMBER_DURATION, 30000000, "30s"},
    {NUMBER_DURATION, 120000000, "2min"},
    {NUMBER_DURATION, 1500, "1500us"},
    {NUMBER_DURATION, -2000, "-2ms"},
    {NUMBER_RATIO, SCENARIO_RATIO_ONE, "100%"},
    {NUMBER_RATIO, INT64_C(214000000000), "21.4%"},
    {NUMBER_RATIO, 1, "0.0000000001%"},
    {NUMBER_RATIO, -INT64_C(5000000000), "-0.5%"},
    {NUMBER_MULTIPLIER, 1500, "1.5"},
    {NUMBER_MULTIPLIER, 1005, "1.005"},
    {NUMBER_RATE, 64000, "64kbps"},
    {NUMBER_BYTES, 65536, "64KiB"},
    {NUMBER_BYTES, 1500, "1500B"},
    {NUMBER_BYTES, 0, "0B"},
    {NUMBER_DRIFT, 1500, "1500ppb"},
    {NUMBER_COUNT, 7, "7"},
};

static void numbers_are_written_and_read_back(void) {
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        char text[SCENARIO_NUMBER_CAP];
        int64_t number = -1;
        const char *why = NULL;
        EXPECT_TEXT(writes[i].text, scenario_number_write(writes[i].type, writes[i].number, text),
                    writes[i].text);
        EXPECT(writes[i].text, scenario_number_read(writes[i].type, text, &number, &why));
        EXPECT_INT(writes[i].text, number, writes[i].number);
    }
}

typedef struct {
    scenario_number_type type;
    const char *text;
    const char *unit; /* NULL: in the text */
    bool accepted;
    int64_t number;
} measured_row;

static const measured_row measurements[] = {
    {NUMBER_DURATION, "23.4567", "ms", true, 23457},
    {NUMBER_DURATION, "23.4564999", "ms", true, 23456},
    {NUMBER_DURATION, "23.4565", "ms", true, 23457},
    {NUMBER_DURATION, "0.4", "us", true, 0},
    {NUMBER_DURATION, "0.5", "us", true, 1},
    {NUMBER_DURATION, "2.5e1", "ms", true, 25000},
    {NUMBER_DURATION, "1e-05", "s", true, 10},
    {NUMBER_DURATION, "0.1234567890123456", "s", true, 123457},
    {NUMBER_DURATION, "1.5ms", NULL, true, 1500},
    {NUMBER_DURATION, "1.00049ms", NULL, true, 1000},
    {NUMBER_DURATION, "1.5ms", "ms", false, 0},
    {NUMBER_DURATION, "1.5", NULL, false, 0},
    {NUMBER_DURATION, "", "ms", false, 0},
    {NUMBER_DURATION, "nan", "ms", false, 0},
    {NUMBER_DURATION, "inf", "ms", false, 0},
    {NUMBER_DURATION, "0x10", "ms", false, 0},
    {NUMBER_DURATION, "1,5", "ms", false, 0},
    {NUMBER_DURATION, "99999999999999999", "h", false, 0},
    {NUMBER_RATIO, "2.5", "%", true, INT64_C(25000000000)},
    {NUMBER_COUNT, "7", NULL, true, 7},
};

static void measurements_are_rounded(void) {
    for (size_t i = 0; i < sizeof measurements / sizeof measurements[0]; i++) {
        const measured_row *row = &measurements[i];
        int64_t number = 0;
        const char *why = NULL;
        char text[96];
        (void)snprintf(text, sizeof text, "%s in %s", row->text, row->unit ? row->unit : "itself");
        EXPECT_INT(text, scenario_number_measured(row->type, row->text, row->unit, &number, &why),
                   row->accepted);
        EXPECT_INT(text, number, row->number);
        EXPECT(text, row->accepted == (why == NULL));
    }
}

typedef struct {
    const char *sentence;
    const char *texts[4]; /* ends with NULL or the array */
    bool joined;
    int64_t wholes[4];
} weights_row;

static const weights_row weights[] = {
    {"counts", {"1", "2", "3"}, true, {1, 2, 3}},
    {"a common divisor goes", {"20", "40", "0", "60"}, true, {1, 2, 0, 3}},
    {"decimals", {"0.25", "0.5", "0.250"}, true, {1, 2, 1}},
    {"percentages and shares mixed", {"25%", "0.5", "2.5e-1"}, true, {1, 2, 1}},
    {"nothing but nothing", {"0", "0.00"}, true, {0, 0}},
    {"many digits", {"999999999999999999", "1"}, true, {999999999999999999, 1}},
    {"too many digits between them", {"999999999999999999", "0.001"}, false, {0}},
};

static void weights_are_joined_exactly(void) {
    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++) {
        scenario_weight read[4];
        int64_t wholes[4] = {0};
        uint32_t count = 0;
        const char *why = NULL;
        for (; count < 4 && weights[i].texts[count] != NULL; count++) {
            EXPECT(weights[i].sentence,
                   scenario_weight_read(weights[i].texts[count], &read[count], &why));
        }
        EXPECT_INT(weights[i].sentence, scenario_weights_join(read, count, wholes),
                   weights[i].joined);
        for (uint32_t k = 0; weights[i].joined && k < count; k++) {
            EXPECT_INT(weights[i].sentence, wholes[k], weights[i].wholes[k]);
        }
    }
    static const char *const wrong[] = {"", "-1", "x", "1x", "1 %", "nan", "1e", "--1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        scenario_weight weight;
        const char *why = NULL;
        EXPECT(wrong[i], !scenario_weight_read(wrong[i], &weight, &why) && why != NULL);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"numbers are exact or refused", numbers_are_exact_or_refused},
        {"numbers are written and read back", numbers_are_written_and_read_back},
        {"measurements are rounded", measurements_are_rounded},
        {"weights are joined exactly", weights_are_joined_exactly},
    };
    return PUNCH_TEST_MAIN("unit_number", cases);
}
