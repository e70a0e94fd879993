/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replay tells what decided a trial: one that connects, one that cannot, in words and as JSON.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "punch_test.h"

static process_said replay_of(const char *file, const char *cell, const char *trial,
                              const char *option) {
    char program[4096];
    char data[4096];
    const process_how how = {.directory = process_source(data, sizeof data, "tools/tests/data")};
    const char *const argv[] = {process_punchlab(program, sizeof program),
                                "replay",
                                file,
                                "--cell",
                                cell,
                                "--trial",
                                trial,
                                option,
                                NULL};
    return process_run(&how, argv);
}

static process_said replay(const char *cell, const char *option) {
    return replay_of("tiny.json", cell, "1", option);
}

static void contains(const process_said *said, const char *const *phrases) {
    for (; *phrases != NULL; phrases++) {
        EXPECT(*phrases, strstr(said->out, *phrases) != NULL);
    }
}

static void working(void) {
    process_said said = replay("0", NULL);
    EXPECT_INT("exit code", said.status, 0);
    static const char *const phrases[] = {
        "NAT of a: at ",
        "mapping EIM, filtering APDF",
        "a        -> broker   HELLO  192.168.1.10:",
        "NAT of a rewrites source 192.168.1.10:",
        "** registered: the broker sees it at ",
        "b           ** ring",
        "** go: will fire when its clock shows 00:02.",
        "** fired: the first INTRO leaves; its clock shows 00:02.",
        "a        -> b        INTRO #1  ",
        "NAT of b lets it in: destination ",
        "** connected: the counterparty is at ",
        "VERDICT: a and b connected 0.",
        "a heard b (",
        NULL,
    };
    contains(&said, phrases);
    EXPECT("no NAT dropped anything", strstr(said.out, "DROPS") == NULL);
    process_free(&said);
}

static void failing(void) {
    process_said said = replay("1", NULL);
    EXPECT_INT("exit code", said.status, 0);
    static const char *const phrases[] = {
        "mapping APDM, filtering APDF, allocation random",
        "NAT of a DROPS INTRO from ",
        "the mapping lives, but nothing was sent to that port (filter-port)",
        "NAT of b DROPS INTRO from ",
        "the mapping lives, but nothing was sent to that address (filter-address)",
        "** ended: no_answer",
        "VERDICT: a and b did not connect.",
        "b never heard a. The NAT of b dropped ",
        "a concluded: no_answer (it punched and heard nothing).",
        "In short: no_answer; b's NAT dropped a: other address (filter-address); a's NAT ",
        "; a's NAT dropped b: other port (filter-port).",
        NULL,
    };
    contains(&said, phrases);
    EXPECT("nobody connected", strstr(said.out, "** connected") == NULL);
    process_free(&said);
}

/* The packet that came too early, the one that met it, and the verdict all name the collision. */
static void collision(void) {
    process_said said = replay_of("collision.json", "0", "0", NULL);
    EXPECT_INT("exit code", said.status, 0);
    static const char *const phrases[] = {
        "(filter-address); the packet now occupies that port for its sender",
        "; the port wanted is occupied by an earlier unsolicited packet from that remote",
        "b's early packet took port 40000 at a's NAT before a had sent to b; a's punch left from ",
        "In short: no_answer; b's early packet took a's port, a then left from another; ",
        NULL,
    };
    contains(&said, phrases);
    process_free(&said);
    said = replay_of("collision.json", "0", "0", "--jsonl");
    EXPECT("no handle where there is no call", strstr(said.out, "4294967295") == NULL);
    EXPECT("in JSON too", strstr(said.out, "\"port_taken\":40000,\"port_dodged_to\":") != NULL);
    process_free(&said);
}

/* What kept a peer from its broker, and that the totals add up. */
static void causes(void) {
    static const struct {
        const char *file;
        const char *cell;
        const char *phrases[4];
    } rows[] = {
        {"alone.json",
         "0",
         {"The NAT of a dropped 6 of a's packets to the broker, the last one because: that network "
          "lets no UDP pass (udp-blocked). a never heard the broker.",
          "In short: broker_lost; a's NAT dropped what a sent to the broker: UDP blocked "
          "(udp-blocked).",
          "14 packets sent, 8 delivered, 0 lost on links, 6 refused by NATs (udp-blocked 6)."}},
        {"alone.json",
         "2",
         {"The NAT of a dropped 5 of the broker's packets to a, the last one because: ",
          "In short: broker_lost; a's NAT dropped what the broker sent to a: UDP rate limited "
          "(rate)."}},
        {"alone.json",
         "5",
         {"6 of a's packets to the broker ran out of TTL.",
          "In short: broker_lost; what a sent to the broker ran out of TTL.",
          "14 packets sent, 8 delivered, 0 lost on links, 0 refused by NATs, 6 ran out of TTL."}},
        {"crowded.json",
         "0",
         {"In short: broker_lost; the carrier's NAT dropped what b sent to the broker: table full "
          "(table-full)."}},
        {"broker-down.json", "0", {"In short: broker_lost; the broker was down."}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        process_said said = replay_of(rows[i].file, rows[i].cell, "1", NULL);
        EXPECT_INT("exit code", said.status, 0);
        contains(&said, rows[i].phrases);
        process_free(&said);
    }
    process_said said = replay_of("crowded.json", "0", "1", "--jsonl");
    static const char *const phrases[] = {
        "\"to_broker\":{\"lost_link\":0,\"lost_ttl\":0,\"lost_isolated\":0,\"lost_host\":0,"
        "\"nowhere\":0,\"blocked\":6,\"blocked_verdict\":\"table-full\","
        "\"blocked_by_nat_of\":\"the carrier\"}",
        "\"blocked_by_verdict\":{\"table-full\":6}",
        NULL,
    };
    contains(&said, phrases);
    process_free(&said);
}

/* What is not usual about a NAT, whom a broker means behind one that others share, and what faults
 * make of it. */
static void behaviour(void) {
    static const char *const crowded[] = {
        "NAT of the carrier: at 192.0.2.1 to .4 (paired), mapping EIM, ",
        ", up to 1 block of 512 ports a host, hairpin none, at most 64 mappings, refusal icmp\n"
        "the carrier keeps those inside apart\n",
        "broker   -> the carrier GO (for a)  ",
        "broker   -> the carrier GO (for b)  ",
        NULL,
    };
    process_said said = replay_of("crowded.json", "1", "1", NULL);
    contains(&said, crowded);
    process_free(&said);
    static const char *const changes[] = {
        "NAT changes its behaviour, at a: from now on mapping APDM, filtering APDF, allocation "
        "random, timeouts 300 s / 300 s, hairpin none\n",
        "its mappings are gone, at b: from now on at 198.",
        "peer falls asleep: b\n",
        NULL,
    };
    said = replay_of("changes.json", "0", "1", NULL);
    contains(&said, changes);
    EXPECT("nobody asks for whom where there is one host", strstr(said.out, "(for ") == NULL);
    process_free(&said);
}

static const char *text_of(const cJSON *object, const char *name) {
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return value != NULL ? value : "";
}

/* Every line is an object; counts those of a kind and verdict. */
static int count_lines(char *text, const char *kind, const char *verdict) {
    int count = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        cJSON *object = cJSON_Parse(line);
        EXPECT("the line is JSON", cJSON_IsObject(object));
        const bool fits = strcmp(text_of(object, "kind"), kind) == 0 &&
                          (verdict == NULL || strcmp(text_of(object, "verdict"), verdict) == 0);
        count += fits ? 1 : 0;
        cJSON_Delete(object);
    }
    return count;
}

static void json_lines(void) {
    static const struct {
        const char *sentence;
        const char *option;
        const char *kind;
        const char *verdict;
    } rows[] = {
        {"NATs drop", "--jsonl", "nat-in", "filter-port"},
        {"NATs pass", "--json-lines", "nat-out", "pass"},
        {"hosts send", "--jsonl", "send", NULL},
        {"hosts receive", "--jsonl", "deliver", NULL},
        {"cores speak", "--jsonl", "core", NULL},
        {"events are drained", "--jsonl", "event", NULL},
        {"a verdict is given", "--jsonl", "verdict", NULL},
        {"and an end", "--jsonl", "end", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        process_said said = replay("1", rows[i].option);
        EXPECT_INT("exit code", said.status, 0);
        EXPECT(rows[i].sentence, count_lines(said.out, rows[i].kind, rows[i].verdict) > 0);
        process_free(&said);
    }
}

/* What replay shows is what run counted: same trial, same digest. */
static void same_as_run(void) {
    char program[4096];
    char data[4096];
    char out[4096];
    process_make_directory(out, sizeof out);
    const process_how how = {.directory = process_source(data, sizeof data, "tools/tests/data")};
    const char *const argv[] = {
        process_punchlab(program, sizeof program), "run", "tiny.json", "-q", "--out", out, NULL};
    process_said ran = process_run(&how, argv);
    EXPECT_INT("run works", ran.status, 0);
    char *trials = process_read_file(out, "trials.csv");
    process_said said = replay("1", NULL);
    const char *line = trials != NULL ? strstr(trials, "\n1,1,0,") : NULL;
    const char *end = line != NULL ? strchr(line + 1, '\n') : NULL;
    EXPECT("the trial is in trials.csv", end != NULL && end - line > 16);
    if (end != NULL) {
        char digest[64];
        snprintf(digest, sizeof digest, "Digest %.16s.", end - 16);
        EXPECT(digest, strstr(said.out, digest) != NULL);
    }
    free(trials);
    process_free(&ran);
    process_free(&said);
    process_remove_directory(out);
}

/* What was refused for want of room is a measure where there may be none. */
static void measured(void) {
    char program[4096];
    char data[4096];
    char out[4096];
    process_make_directory(out, sizeof out);
    const process_how how = {.directory = process_source(data, sizeof data, "tools/tests/data")};
    const char *argv[] = {process_punchlab(program, sizeof program),
                          "run",
                          "crowded.json",
                          "-q",
                          "--json",
                          "-",
                          "--out",
                          out,
                          NULL};
    process_said said = process_run(&how, argv);
    static const char *const phrases[] = {
        "\"refused_for_want_of_room_mean\":{\"n\":2,\"value\":6,",
        "\"refused_for_want_of_room_mean\":{\"n\":2,\"value\":0,",
        NULL,
    };
    EXPECT_INT("run works", said.status, 0);
    contains(&said, phrases);
    process_free(&said);
    char *trials = process_read_file(out, "trials.csv");
    EXPECT("each trial says by what verdict",
           trials != NULL && strstr(trials, ",6,table-full:6,0,0,0,0,0,0,") != NULL);
    free(trials);
    process_remove_directory(out);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"a trial that connects, in words", working},
        {"a trial that cannot, in words", failing},
        {"a port taken by an early packet", collision},
        {"JSON lines", json_lines},
        {"what NATs do and become", behaviour},
        {"what had no room", measured},
        {"what kept peers from their broker", causes},
        {"replay repeats what run did", same_as_run},
    };
    return PUNCH_TEST_MAIN("cli_replay", cases);
}
