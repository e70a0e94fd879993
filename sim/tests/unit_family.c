/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv6 in scenarios: addresses of the plan, what contradicts itself, whole calls past firewalls
 * with each filtering, and what a packet's longer header costs.
 */
#include <stdio.h>
#include <string.h>

#include "punch_test.h"
#include "sim/backend.h"
#include "sim/scenario.h"

static sim_scenario *parse(const char *text, sim_complaints *complaints) {
    return sim_scenario_parse("x.json", text, strlen(text), NULL, 0, complaints);
}

/* --- plans */

static void expect_addr(const char *sentence, const punch_addr *got, const char *expected) {
    char text[PUNCH_ADDR_TEXT_CAP];
    EXPECT_TEXT(sentence, punch_addr_format(got, text), expected);
}

typedef struct {
    const char *name;
    const char *members; /* of the scenario, besides name and peers */
    const char *a;       /* members of the peers */
    const char *b;
    const char *addrs[3]; /* of a, b and the broker */
} plan_row;

static const plan_row plan_rows[] = {
    {"IPv4 unless it says otherwise",
     "",
     "",
     "",
     {"192.0.2.10:40000", "198.51.100.10:40000", "203.0.113.1:3478"}},
    {"said to be IPv4",
     "",
     "\"family\": \"ipv4\"",
     "\"family\": \"ipv4\", \"port\": 7",
     {"192.0.2.10:40000", "198.51.100.10:7", "203.0.113.1:3478"}},
    {"IPv6",
     "",
     "\"family\": \"ipv6\"",
     "\"family\": \"ipv6\", \"port\": 7",
     {"[2001:db8:a::10]:40000", "[2001:db8:b::10]:7", "[2001:db8:c::1]:3478"}},
    {"IPv6 at one site",
     "\"same_site\": true,",
     "\"family\": \"ipv6\"",
     "\"family\": \"ipv6\"",
     {"[2001:db8:a::10]:40000", "[2001:db8:a::11]:40000", "[2001:db8:c::1]:3478"}},
    {"IPv6 behind firewalls",
     "\"nat\": {\"fw\": {\"firewall\": true}},",
     "\"family\": \"ipv6\", \"nat\": \"fw\"",
     "\"family\": \"ipv6\", \"nat\": \"fw\"",
     {"[2001:db8:a::10]:40000", "[2001:db8:b::10]:40000", "[2001:db8:c::1]:3478"}},
    {"IPv6 behind firewalls behind firewalls",
     "\"nat\": {\"fw\": {\"firewall\": true, \"behind\": \"wall\"}, \"wall\": {\"firewall\": true, "
     "\"behind\": \"moat\"}, \"moat\": {\"firewall\": true}},",
     "\"family\": \"ipv6\", \"nat\": \"fw\"",
     "\"family\": \"ipv6\", \"nat\": \"fw\"",
     {"[2001:db8:a::10]:40000", "[2001:db8:b::10]:40000", "[2001:db8:c::1]:3478"}},
};

/* Of two sites, with IPv6: there is room for all of them. */
static bool have_their_own_networks(const sim_plan *plan) {
    for (uint32_t i = 0; i < plan->site_count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (memcmp(plan->sites[i].external.ip, plan->sites[k].external.ip, 6) == 0) {
                return false;
            }
        }
    }
    return true;
}

static void addresses_follow_the_family(void) {
    for (size_t i = 0; i < sizeof plan_rows / sizeof plan_rows[0]; i++) {
        const plan_row *row = &plan_rows[i];
        char text[512];
        sim_complaints complaints = {0};
        (void)snprintf(text, sizeof text,
                       "{\"name\": \"x\", %s \"peers\": {\"a\": {%s}, \"b\": {%s}}}", row->members,
                       row->a, row->b);
        sim_scenario *scenario = parse(text, &complaints);
        sim_complaints_print(&complaints, stderr);
        sim_complaints_clear(&complaints);
        if (!EXPECT(row->name, scenario != NULL)) {
            continue;
        }
        sim_plan *plan = sim_scenario_plan_create(scenario);
        sim_plan *largest = sim_scenario_largest_plan(scenario);
        EXPECT("des runs it", sim_backend_des.refuses(plan) == NULL);
        EXPECT("and the largest", sim_backend_des.refuses(largest) == NULL);
        EXPECT(row->name, plan->sites[0].external.family == PUNCH_FAMILY_IPV4 ||
                              have_their_own_networks(plan));
        for (uint32_t host = 0; host < 3; host++) {
            expect_addr(row->name, &plan->hosts[host].addr, row->addrs[host]);
        }
        sim_scenario_plan_destroy(largest);
        sim_scenario_plan_destroy(plan);
        sim_scenario_destroy(scenario);
    }
}

/* --- contradictions */

#define HEAD "{\"name\": \"x\",\n"
#define BOTH "\"peers\": {\"a\": {\"family\": \"ipv6\"}, \"b\": {\"family\": \"ipv6\"}}"
#define BEHIND(nat) \
    "\"peers\": {\"a\": {\"family\": \"ipv6\"},\n\"b\": {\"family\": \"ipv6\", \"nat\": " nat "}}"
#define MIXED                                                                                    \
    "\"populations\": {\"p\": {\"source\": \"s\", \"classes\": [{\"share\": \"50%\", \"name\": " \
    "\"nat\"}, {\"share\": \"50%\", \"name\": \"fw\", \"firewall\": true}]}},\n"
#define FIREWALL "\"nat\": {\"fw\": {\"firewall\": true}},\n"

typedef struct {
    const char *name;
    const char *text;
    uint32_t line; /* 0: it loads */
    const char *pointer;
    const char *what;
} load_row;

static const load_row load_rows[] = {
    {"both open", HEAD BOTH "}", 0, NULL, NULL},
    {"an unknown family", HEAD "\"peers\": {\"a\": {\"family\": \"ipv5\"}, \"b\": {}}}", 2,
     "/peers/a/family", "\"family\" is one of \"ipv4\", \"ipv6\""},
    {"one of each", HEAD "\"peers\": {\"a\": {\"family\": \"ipv6\"},\n\"b\": {}}}", 3, "/peers/b",
     "the address families of a and b do not match"},
    {"the other one of each", HEAD "\"peers\": {\"a\": {},\n\"b\": {\"family\": \"ipv6\"}}}", 3,
     "/peers/b", "(no NAT64)"},
    {"behind a NAT", HEAD "\"nat\": {\"home\": {}},\n" BEHIND("\"home\"") "}", 4, "/peers/b",
     "(no NAT66): \"firewall\": true"},
    {"behind a firewall", HEAD FIREWALL BEHIND("\"fw\"") "}", 0, NULL, NULL},
    {"behind firewalls in a row",
     HEAD "\"nat\": {\"fw\": {\"firewall\": true, \"behind\": \"wall\"}, \"wall\": {\"firewall\": "
          "true}},\n" BEHIND("\"fw\"") "}",
     0, NULL, NULL},
    {"behind a firewall behind a NAT",
     HEAD "\"nat\": {\"fw\": {\"firewall\": true, \"behind\": \"cgn\"}, \"cgn\": {}},\n" BEHIND(
         "\"fw\"") "}",
     4, "/peers/b", "(no NAT66): \"firewall\": true"},
    {"behind a population that translates", HEAD MIXED BEHIND("{\"population\": \"p\"}") "}", 4,
     "/peers/b", "classes that translate"},
    {"behind what is left of it without",
     HEAD MIXED BEHIND("{\"population\": \"p\", \"without\": [\"nat\"]}") "}", 0, NULL, NULL},
    {"behind a drawn NAT",
     HEAD "\"nat\": {\"home\": {}},\n" BEHIND(
         "{\"choice\": [{\"share\": \"50%\", \"value\": \"none\"}, {\"share\": \"50%\", "
         "\"value\": \"home\"}]}") "}",
     4, "/peers/b", "(no NAT66)"},
    {"a level that does not fit",
     HEAD BOTH ",\n\"factors\": [{\"name\": \"f\", \"set\": \"peers.b.family\", \"levels\": "
               "[\"ipv6\", \"ipv4\"]}]}",
     2, "/peers/b", "in the cell f=ipv4"},
    {"a firewall has no address to change",
     HEAD FIREWALL BEHIND("\"fw\"") ",\n\"timeline\": [{\"at\": \"1s\", \"do\": \"nat-renumber\", "
                                    "\"on\": \"b\"}]}",
     5, "/timeline/0", "a firewall has no address that could change"},
    {"but it may reboot",
     HEAD FIREWALL BEHIND("\"fw\"") ",\n\"timeline\": [{\"at\": \"1s\", \"do\": \"nat-reboot\", "
                                    "\"on\": \"b\"}]}",
     0, NULL, NULL},
    {"nor does it begin to translate",
     HEAD "\"nat\": {\"fw\": {\"firewall\": true}, \"home\": {}},\n" BEHIND(
         "\"fw\"") ",\n\"timeline\": [{\"at\": \"1s\", \"do\": \"nat-change\", \"on\": \"b\", "
                   "\"to\": "
                   "\"home\"}]}",
     5, "/timeline/0", "cannot become a firewall, nor the other way round"},
};

static void contradictions_are_refused(void) {
    for (size_t i = 0; i < sizeof load_rows / sizeof load_rows[0]; i++) {
        const load_row *row = &load_rows[i];
        sim_complaints complaints = {0};
        sim_scenario *scenario = parse(row->text, &complaints);
        EXPECT_INT(row->name, complaints.count, row->line > 0 ? 1 : 0);
        EXPECT_INT(row->name, scenario == NULL, row->line > 0);
        if (complaints.count == 1 && row->line > 0) {
            EXPECT_INT(row->name, complaints.items[0].line, row->line);
            EXPECT_TEXT(row->name, complaints.items[0].pointer, row->pointer);
            if (!EXPECT(row->name, strstr(complaints.items[0].what, row->what) != NULL)) {
                (void)fprintf(stderr, "%s: %s\n", row->name, complaints.items[0].what);
            }
        }
        sim_scenario_destroy(scenario);
        sim_complaints_clear(&complaints);
    }
}

/* --- calls */

typedef struct {
    uint64_t payload;
    uint64_t packets;
    uint64_t refused;
} sums;

static void sum_up(void *user, const sim_saw *record) {
    sums *to = user;
    if (record->kind == SIM_SAW_SEND) {
        to->payload += record->length;
        to->packets++;
    } else if (record->kind == SIM_SAW_NAT_IN && record->verdict != NAT_PASS) {
        to->refused++;
    }
}

typedef struct {
    const char *name;
    const char *nat; /* of both, and what b's host changes of it */
    const char *peers;
    bool connects;
    bool private;
    bool refuses; /* the firewalls had something to refuse */
} call_row;

#define V6(nat_a, nat_b)                                          \
    "\"peers\": {\"a\": {\"family\": \"ipv6\", \"nat\": \"" nat_a \
    "\"}, \"b\": {\"family\": "                                   \
    "\"ipv6\", \"nat\": \"" nat_b "\"}}"
/* One side hears GO early: its first INTRO is there before the other's has left. */
#define APART                                                            \
    ", \"internet\": {\"a-broker\": \"1ms\", \"b-broker\": \"300ms\"}, " \
    "\"core\": {\"fire_rule\": \"on_receipt\"}"

/* A home's firewall behind its carrier's. */
#define TWO(filtering, blocked)                                                      \
    "\"fw\": {\"firewall\": true, \"behind\": \"wall\", \"filtering\": \"" filtering \
    "\"}, \"wall\": {\"firewall\": true, \"udp_blocked\": " blocked "}"

static const call_row call_rows[] = {
    {"open", "", V6("none", "none"), true, false, false},
    {"EIF", "\"fw\": {\"firewall\": true, \"filtering\": \"EIF\"}", V6("fw", "fw") APART, true,
     false, false},
    {"ADF", "\"fw\": {\"firewall\": true, \"filtering\": \"ADF\"}", V6("fw", "fw") APART, true,
     false, true},
    {"APDF", "\"fw\": {\"firewall\": true, \"filtering\": \"APDF\"}", V6("fw", "fw") APART, true,
     false, true},
    {"APDF against an open one", "\"fw\": {\"firewall\": true, \"filtering\": \"APDF\"}",
     V6("none", "fw") APART, true, false, true},
    {"UDP blocked", "\"fw\": {\"firewall\": true, \"udp_blocked\": true}", V6("fw", "none"), false,
     false, false},
    {"two firewalls in a row", TWO("APDF", "false"), V6("fw", "fw") APART, true, false, true},
    {"the outer one lets nothing past", TWO("APDF", "true"), V6("fw", "none"), false, false, false},
    {"the outer one is both peers'", TWO("ADF", "false"), V6("fw", "fw") ", \"same_carrier\": true",
     true, false, false},
    {"a firewall around a phone", "\"wall\": {\"firewall\": true}",
     "\"peers\": {\"a\": {\"family\": \"ipv6\", \"behind\": \"wall\"}, \"b\": {\"family\": "
     "\"ipv6\"}}" APART,
     true, false, false},
};

static void run(const call_row *row, uint64_t seed, sim_trial_result *result, sums *seen) {
    char text[1024];
    sim_complaints complaints = {0};
    (void)snprintf(text, sizeof text, "{\"name\": \"x\", \"nat\": {%s}, %s}", row->nat, row->peers);
    sim_scenario *scenario = parse(text, &complaints);
    sim_complaints_print(&complaints, stderr);
    sim_complaints_clear(&complaints);
    if (!EXPECT(row->name, scenario != NULL)) {
        return;
    }
    sim_plan *plan = sim_scenario_plan_create(scenario);
    sim_plan *largest = sim_scenario_largest_plan(scenario);
    void *world = sim_backend_des.create(largest);
    const sim_observer observer = {sum_up, seen};
    sim_backend_des.run(world, plan, seed, &observer, result);
    sim_backend_des.destroy(world);
    sim_scenario_plan_destroy(largest);
    sim_scenario_plan_destroy(plan);
    sim_scenario_destroy(scenario);
}

static void calls_pass_firewalls(void) {
    for (size_t i = 0; i < sizeof call_rows / sizeof call_rows[0]; i++) {
        const call_row *row = &call_rows[i];
        sim_call_result calls[2] = {0};
        sim_trial_result results[2] = {{.calls = &calls[0]}, {.calls = &calls[1]}};
        sums seen = {0};
        sums unheard = {0};
        run(row, 1, &results[0], &seen);
        run(row, 1, &results[1], &unheard);
        EXPECT_INT(row->name, calls[0].connected, row->connects);
        EXPECT_INT(row->name, calls[0].path_private, row->private);
        EXPECT_INT(row->name, seen.refused > 0, row->refuses);
        EXPECT("equal seeds, equal digests", results[0].digest == results[1].digest);
        /* RFC 8200 §3: 40 bytes of header; RFC 768: 8. */
        EXPECT_INT("bytes with headers", results[0].bytes_sent, seen.payload + 48 * seen.packets);
    }
}

/* The larger header counts on links: what fits the MTU with IPv4 may not with IPv6. */
static void headers_count_on_links(void) {
    static const char *const families[] = {"ipv4", "ipv6"};
    for (int i = 0; i < 2; i++) {
        char text[512];
        sim_complaints complaints = {0};
        sim_call_result call = {0};
        sim_trial_result result = {.calls = &call};
        sums seen = {0};
        (void)snprintf(text, sizeof text,
                       "{\"name\": \"x\", \"hold\": \"30s\", \"link\": {\"l\": {\"mtu\": "
                       "\"1064B\"}}, \"call\": {\"messages\": 1, \"message_size\": \"980B\"}, "
                       "\"peers\": {\"a\": {\"family\": \"%s\", \"link\": \"l\"}, \"b\": "
                       "{\"family\": \"%s\"}}}",
                       families[i], families[i]);
        sim_scenario *scenario = parse(text, &complaints);
        sim_complaints_print(&complaints, stderr);
        sim_complaints_clear(&complaints);
        if (!EXPECT("it loads", scenario != NULL)) {
            continue;
        }
        sim_plan *plan = sim_scenario_plan_create(scenario);
        void *world = sim_backend_des.create(plan);
        const sim_observer observer = {sum_up, &seen};
        sim_backend_des.run(world, plan, 1, &observer, &result);
        EXPECT_INT("messages that arrive", call.messages_acked, i == 0 ? 2 : 0);
        EXPECT_INT("packets that were lost", result.packets_lost_link > 0, i == 1);
        sim_backend_des.destroy(world);
        sim_scenario_plan_destroy(plan);
        sim_scenario_destroy(scenario);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"addresses follow the family", addresses_follow_the_family},
        {"contradictions are refused", contradictions_are_refused},
        {"calls pass firewalls", calls_pass_firewalls},
        {"headers count on links", headers_count_on_links},
    };
    return PUNCH_TEST_MAIN("unit_family", cases);
}
