/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The benchmark runs and prints every figure it promises. How fast it is is not tested here: that
 * depends on the machine and on the build.
 */
#include <cjson/cJSON.h>
#include <string.h>

#include "process.h"
#include "punch_test.h"

static double number(const cJSON *object, const char *name) {
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void nats(const cJSON *object) {
    static const char *const costs[] = {
        "out_ns",          "in_ns",     "both_ns",  "out_look_up_ns", "in_look_up_ns",
        "both_look_up_ns", "out_ratio", "in_ratio", "both_ratio",     "bytes_per_mapping"};
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(object, "nat");
    EXPECT_INT("two sizes of a NAT", cJSON_GetArraySize(rows), 2);
    for (int i = 0; i < 2; i++) {
        const cJSON *row = cJSON_GetArrayItem(rows, i);
        EXPECT_REAL("mappings", number(row, "mappings"), i == 0 ? 16.0 : 10000.0, 0.0);
        for (size_t f = 0; f < sizeof costs / sizeof costs[0]; f++) {
            EXPECT(costs[f], number(row, costs[f]) > 0.0);
        }
    }
}

static void keepalives(const cJSON *object) {
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(object, "keepalive");
    EXPECT("ten strategies or more", cJSON_GetArraySize(rows) >= 10);
    const cJSON *row = NULL;
    cJSON_ArrayForEach(row, rows) {
        EXPECT("each has a name", cJSON_GetObjectItemCaseSensitive(row, "name") != NULL);
        EXPECT("takes its time", number(row, "day_s") > 0.0);
        EXPECT("and sends at least what the broker wants", number(row, "packets_per_h") > 400.0);
    }
}

static void figures(void) {
    char program[4096];
    const char *const argv[] = {
        process_punchlab(program, sizeof program), "bench", "--quick", "--json", "-", NULL};
    const process_how how = {0};
    process_said said = process_run(&how, argv);
    EXPECT_INT("exit code", said.status, 0);
    EXPECT("a table for people", strstr(said.err, "ns/event") != NULL);
    cJSON *object = cJSON_Parse(said.out);
    const cJSON *pair = cJSON_GetObjectItemCaseSensitive(object, "pair");
    static const char *const names[] = {"bare", "null", "full-fast", "full-sodium"};
    static const char *const each[] = {
        "trial_us",     "trials_per_s",       "events_per_trial", "event_ns",
        "events_per_s", "messages_per_trial", "ratio_to_bare",    "message_ratio_to_bare"};
    EXPECT_INT("four ways to run a trial", cJSON_GetArraySize(pair), 4);
    for (int i = 0; i < 4; i++) {
        const cJSON *row = cJSON_GetArrayItem(pair, i);
        EXPECT_TEXT("in this order",
                    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "name")), names[i]);
        for (size_t f = 0; f < sizeof each / sizeof each[0]; f++) {
            EXPECT(each[f], number(row, each[f]) > 0.0);
        }
    }
    /* The same workload: the same messages, and the same events but for the broker's start. */
    const cJSON *bare = cJSON_GetArrayItem(pair, 0);
    const cJSON *null_core = cJSON_GetArrayItem(pair, 1);
    EXPECT_REAL("messages with the null core", number(null_core, "messages_per_trial"),
                number(bare, "messages_per_trial"), 1e-9);
    EXPECT_REAL("events with the null core", number(null_core, "events_per_trial"),
                number(bare, "events_per_trial") + 1.0, 1.0);
    EXPECT("bytes of a peer", number(object, "peer_bytes") > number(object, "client_bytes"));
    EXPECT("bytes of a client", number(object, "client_bytes") > 0.0);
    const cJSON *clients =
        cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(object, "clients"), 0);
    EXPECT_REAL("a thousand clients", number(clients, "clients"), 1000.0, 0.0);
    const double parts = number(clients, "peer_bytes") + number(clients, "nat_bytes") +
                         number(clients, "broker_bytes_per_client");
    EXPECT("parts of a client", parts > 0.0);
    EXPECT("and the rest of it", number(clients, "world_bytes_per_client") > parts);
    /* One keepalive and its answer every 15 s. */
    EXPECT_REAL("packets per client and second", number(clients, "packets_per_client_and_s"),
                2.0 / 15.0, 0.02);
    const cJSON *targets = cJSON_GetObjectItemCaseSensitive(object, "targets");
    EXPECT_INT("a verdict on each figure a quick run measures", cJSON_GetArraySize(targets), 8);
    nats(object);
    keepalives(object);
    const cJSON *lab = cJSON_GetObjectItemCaseSensitive(object, "lab");
    EXPECT("trials of the laboratory", number(lab, "trials") >= 1800.0);
    EXPECT("its time", number(lab, "run_s") > 0.0 && number(lab, "report_s") > 0.0);
    EXPECT("its memory", number(lab, "few_bytes") > 1e6 && number(lab, "all_bytes") > 1e6);
    const cJSON *target = NULL;
    cJSON_ArrayForEach(target, targets) {
        const bool least = cJSON_HasObjectItem(target, "at_least");
        const double bound = number(target, least ? "at_least" : "at_most");
        const double value = number(target, "value");
        EXPECT("a bound", bound > 0.0);
        EXPECT("the verdict is the comparison's",
               cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(target, "met")) ==
                   (least ? value >= bound : value <= bound));
    }
    EXPECT("for people, too", strstr(said.err, "null core: % of the bare") != NULL);
    EXPECT("what was not measured is said", strstr(said.err, "not measured\n") != NULL);
    cJSON_Delete(object);
    process_free(&said);
}

static void server(void) {
    char program[4096];
    const char *const argv[] = {process_punchlab(program, sizeof program),
                                "bench",
                                "--server",
                                "--quick",
                                "--json",
                                "-",
                                NULL};
    const process_how how = {0};
    process_said said = process_run(&how, argv);
    EXPECT_INT("exit code", said.status, 0);
    cJSON *object = cJSON_Parse(said.out);
    const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(object, "server"), 0);
    EXPECT_REAL("a thousand clients", number(row, "clients"), 1000.0, 0.0);
    EXPECT_REAL("all registered", number(row, "registered"), 1.0, 0.0);
    EXPECT_REAL("each sends a keepalive every 15 s, and some more for jitter",
                number(row, "sent_per_s"), 1000.0 / 15.0, 7.0);
    EXPECT("the arithmetic: headers alone", strstr(said.err, "280869 clients") != NULL);
    EXPECT("and bits for bytes", strstr(said.err, " = 2246949\n") != NULL);
    cJSON_Delete(object);
    process_free(&said);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"every figure is there", figures},
        {"a server on 4 Mib/s", server},
    };
    return PUNCH_TEST_MAIN("cli_bench", cases);
}
