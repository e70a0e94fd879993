/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NATs behind NATs as scenarios say it: which boxes stand around each peer and at which addresses,
 * which of them are shared, what is struck, and which chains are refused, where and why.
 */
#include <stdio.h>
#include <string.h>

#include "punch_test.h"
#include "sim/scenario.h"
#include "sim/world.h"

enum { WAY_CAP = 512 };

/* "192.168.1.10 < a 100.64.0.1 < a's carrier 192.0.2.1": a host and what is around it; sites
 * without a NAT in parentheses. */
static const char *way_of(const sim_plan *plan, uint32_t host, char text[WAY_CAP]) {
    char addr[PUNCH_ADDR_TEXT_CAP];
    punch_addr_format(&plan->hosts[host].addr, addr);
    *strrchr(addr, ':') = '\0';
    (void)snprintf(text, WAY_CAP, "%s", addr);
    for (uint32_t at = plan->hosts[host].site; at != SIM_NONE;
         at = sim_site_parent(&plan->sites[at])) {
        const sim_site_plan *site = &plan->sites[at];
        const size_t length = strlen(text);
        punch_addr_format(&site->external, addr);
        *strrchr(addr, ':') = '\0';
        (void)snprintf(text + length, WAY_CAP - length, site->has_nat ? " < %s %s" : " < (%s)",
                       site->name, addr);
    }
    return text;
}

#define NATS                                                                 \
    "\"nat\": {\"home\": {}, \"wall\": {\"firewall\": true}, "               \
    "\"attic\": {\"behind\": \"home\"}, \"flat\": {\"behind\": \"cgn\"}, "   \
    "\"cgn\": {\"preset\": \"rfc6888\"}, \"metro\": {\"behind\": \"cgn\"}, " \
    "\"district\": {\"behind\": \"metropolitan\"}, \"metropolitan\": {}},\n"
/* The last cell is another one: there same_carrier means something. */
#define SHARING                                                                                  \
    "\"factors\": [{\"name\": \"f\", \"levels\": [{\"label\": \"0\", \"set\": {}}, {\"label\": " \
    "\"1\", \"set\": {\"peers.a.nat\": \"flat\", \"peers.b.nat\": \"flat\"}}]}]"
#define CGNS                                                                     \
    "\"populations\": {\"cgns\": {\"source\": \"s\", \"classes\": [{\"share\": " \
    "\"100%\", \"nat\": \"metro\"}]}},\n"

typedef struct {
    const char *sentence;
    const char *text; /* after the NATs */
    const char *way_a;
    const char *way_b;
} way_row;

static const way_row ways[] = {
    {"no chain", "\"peers\": {\"a\": {\"nat\": \"home\"}, \"b\": {}}", "192.168.1.10 < a 192.0.2.1",
     "198.51.100.10 < (b)"},
    {"by the NAT", "\"peers\": {\"a\": {\"nat\": \"flat\"}, \"b\": {\"nat\": \"cgn\"}}",
     "192.168.1.10 < a 100.64.0.1 < a's cgn 192.0.2.1", "192.168.1.10 < b 198.51.100.1"},
    {"by the peer", "\"peers\": {\"a\": {}, \"b\": {\"nat\": \"home\", \"behind\": \"cgn\"}}",
     "192.0.2.10 < (a)", "192.168.1.10 < b 100.64.2.1 < b's cgn 198.51.100.1"},
    {"by both, the peer's outside",
     "\"peers\": {\"a\": {\"nat\": \"attic\", \"behind\": \"metro\"}, \"b\": {}}",
     "192.168.1.10 < a 100.64.0.1 < a's home 100.64.3.1 < a's metro 100.64.6.1 < a's cgn 192.0.2.1",
     "198.51.100.10 < (b)"},
    {"a phone", "\"peers\": {\"a\": {\"behind\": \"cgn\"}, \"b\": {\"nat\": \"home\"}}",
     "100.64.0.10 < (a) < a's cgn 192.0.2.1", "192.168.1.10 < b 198.51.100.1"},
    {"a firewall in front translates nothing",
     "\"peers\": {\"a\": {\"nat\": \"wall\", \"behind\": \"cgn\"}, \"b\": {\"nat\": \"home\", "
     "\"behind\": \"wall\"}}",
     "100.64.0.10 < a 100.64.0.1 < a's cgn 192.0.2.1",
     "192.168.1.10 < b 198.51.100.1 < b's wall 198.51.100.1"},
    {"each its own, unless said otherwise",
     "\"peers\": {\"a\": {\"nat\": \"flat\"}, \"b\": {\"nat\": \"flat\"}}",
     "192.168.1.10 < a 100.64.0.1 < a's cgn 192.0.2.1",
     "192.168.1.10 < b 100.64.2.1 < b's cgn 198.51.100.1"},
    {"one for both",
     "\"same_carrier\": true, \"peers\": {\"a\": {\"nat\": \"flat\"}, \"b\": {\"nat\": \"flat\"}}",
     "192.168.1.10 < a 100.64.0.1 < the cgn 192.0.2.1",
     "192.168.1.10 < b 100.64.2.1 < the cgn 192.0.2.1"},
    {"as far as the names agree",
     "\"same_carrier\": true, \"peers\": {\"a\": {\"nat\": \"attic\", \"behind\": \"metro\"}, "
     "\"b\": {\"nat\": \"home\", \"behind\": \"metro\"}}",
     "192.168.1.10 < a 100.64.0.1 < a's home 100.64.3.1 < the metro 100.64.5.1 < the cgn 192.0.2.1",
     "192.168.1.10 < b 100.64.2.1 < the metro 100.64.5.1 < the cgn 192.0.2.1"},
    {"nothing in common: nothing shared",
     "\"same_carrier\": true, \"peers\": {\"a\": {\"nat\": \"attic\"}, \"b\": {\"nat\": "
     "\"flat\"}}, " SHARING,
     "192.168.1.10 < a 100.64.0.1 < a's home 192.0.2.1",
     "192.168.1.10 < b 100.64.2.1 < b's cgn 198.51.100.1"},
    {"the peers' own are never shared",
     "\"same_carrier\": true, \"peers\": {\"a\": {\"nat\": \"home\"}, \"b\": {\"nat\": "
     "\"home\"}}, " SHARING,
     "192.168.1.10 < a 192.0.2.1", "192.168.1.10 < b 198.51.100.1"},
    {"nor is one's own what the other one is behind",
     "\"same_carrier\": true, \"peers\": {\"a\": {\"nat\": \"cgn\"}, \"b\": {\"nat\": "
     "\"flat\"}}, " SHARING,
     "192.168.1.10 < a 192.0.2.1", "192.168.1.10 < b 100.64.2.1 < b's cgn 198.51.100.1"},
    {"a phone and a home of one carrier",
     "\"same_carrier\": true, \"peers\": {\"a\": {\"behind\": \"cgn\"}, \"b\": {\"nat\": "
     "\"flat\"}}",
     "100.64.0.10 < (a) < the cgn 192.0.2.1", "192.168.1.10 < b 100.64.2.1 < the cgn 192.0.2.1"},
    {"two phones of one carrier",
     "\"same_carrier\": true, \"peers\": {\"a\": {\"behind\": \"cgn\"}, \"b\": {\"behind\": "
     "\"cgn\"}}",
     "100.64.0.10 < (a) < the cgn 192.0.2.1", "100.64.2.10 < (b) < the cgn 192.0.2.1"},
    {"a site they share, behind a carrier",
     "\"same_site\": true, \"peers\": {\"a\": {\"nat\": \"flat\"}, \"b\": {}}",
     "192.168.1.10 < a 100.64.0.1 < a's cgn 192.0.2.1",
     "192.168.1.11 < a 100.64.0.1 < a's cgn 192.0.2.1"},
    {"drawn from a population, each for itself",
     CGNS "\"peers\": {\"a\": {\"nat\": \"home\", \"behind\": {\"population\": \"cgns\"}}, \"b\": "
          "{\"behind\": {\"population\": \"cgns\"}}}",
     "192.168.1.10 < a 100.64.0.1 < a's metro 100.64.3.1 < a's cgn 192.0.2.1",
     "100.64.2.10 < (b) < b's metro 100.64.4.1 < b's cgn 198.51.100.1"},
    {"the same drawn for both",
     "\"same_carrier\": true, " CGNS
     "\"peers\": {\"a\": {\"nat\": \"home\", \"behind\": {\"population\": \"cgns\"}}, \"b\": "
     "{\"behind\": {\"population\": \"cgns\"}}}",
     "192.168.1.10 < a 100.64.0.1 < the metro 100.64.5.1 < the cgn 192.0.2.1",
     "100.64.2.10 < (b) < the metro 100.64.5.1 < the cgn 192.0.2.1"},
    {"names too long for a box",
     "\"peers\": {\"a\": {\"nat\": \"home\", \"behind\": \"district\"}, \"b\": {}}",
     "192.168.1.10 < a 100.64.0.1 < a's district 100.64.3.1 < a's carrier 2 192.0.2.1",
     "198.51.100.10 < (b)"},
    {"a choice",
     "\"peers\": {\"a\": {\"nat\": \"home\", \"behind\": {\"choice\": [{\"share\": \"100%\", "
     "\"value\": \"cgn\"}]}}, \"b\": {}}",
     "192.168.1.10 < a 100.64.0.1 < a's cgn 192.0.2.1", "198.51.100.10 < (b)"},
};

static void chains_are_put_together(void) {
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        char text[2048];
        char way[WAY_CAP];
        sim_complaints complaints = {0};
        (void)snprintf(text, sizeof text, "{\"name\": \"x\", " NATS "%s}", ways[i].text);
        sim_scenario *scenario =
            sim_scenario_parse("x.json", text, strlen(text), NULL, 0, &complaints);
        sim_complaints_print(&complaints, stderr);
        EXPECT(ways[i].sentence, scenario != NULL);
        if (scenario != NULL) {
            sim_plan *plan = sim_scenario_plan_create(scenario);
            sim_plan *largest = sim_scenario_largest_plan(scenario);
            EXPECT_TEXT(ways[i].sentence, way_of(plan, 0, way), ways[i].way_a);
            EXPECT_TEXT(ways[i].sentence, way_of(plan, 1, way), ways[i].way_b);
            EXPECT("the plan can be run", sim_world_refuses(plan) == NULL);
            EXPECT("the largest has room for all its sites",
                   largest->site_count >= plan->site_count);
            for (uint32_t site = 0; site < plan->site_count; site++) {
                EXPECT_TEXT("and names them", largest->sites[site].name[0] != '\0' ? "yes" : "no",
                            "yes");
                EXPECT("and their NATs",
                       largest->sites[site].has_nat || !plan->sites[site].has_nat);
            }
            sim_scenario_plan_destroy(largest);
            sim_scenario_plan_destroy(plan);
        }
        sim_scenario_destroy(scenario);
        sim_complaints_clear(&complaints);
    }
}

static sim_scenario *load(const char *text) {
    sim_complaints complaints = {0};
    sim_scenario *scenario = sim_scenario_parse("x.json", text, strlen(text), NULL, 0, &complaints);
    sim_complaints_print(&complaints, stderr);
    sim_complaints_clear(&complaints);
    EXPECT("the scenario loads", scenario != NULL);
    return scenario;
}

/* A factor may move peers in and out of chains, and a population's classes may be in some. */
static void chains_differ_between_cells_and_trials(void) {
    static const char text[] =
        "{\"name\": \"x\", " NATS
        "\"populations\": {\"p\": {\"source\": \"s\", \"classes\": [{\"share\": \"50%\", \"name\": "
        "\"in\", \"behind\": \"metro\"}, {\"share\": \"50%\", \"nat\": \"none\"}]}},"
        "\"peers\": {\"a\": {\"nat\": {\"population\": \"p\"}}, \"b\": {\"nat\": \"home\"}},"
        "\"timeline\": [{\"at\": \"9s\", \"do\": \"nat-reboot\", \"on\": \"a\", \"box\": 2}],"
        "\"factors\": [{\"name\": \"f\", \"set\": \"nat.home.behind\", \"levels\": [\"none\", "
        "\"cgn\"]}]}";
    sim_complaints complaints = {0};
    sim_scenario *scenario = sim_scenario_parse("x.json", text, strlen(text), NULL, 0, &complaints);
    sim_complaints_print(&complaints, stderr);
    EXPECT("the scenario loads", scenario != NULL);
    if (scenario == NULL) {
        sim_complaints_clear(&complaints);
        return;
    }
    sim_plan *plan = sim_scenario_plan_create(scenario);
    uint32_t deep = 0;
    for (uint32_t cell = 0; cell < 2; cell++) {
        for (uint64_t trial = 0; trial < 100; trial++) {
            sim_scenario_plan(scenario, cell, sim_scenario_trial_seed(scenario, 1, cell, trial),
                              plan);
            const uint32_t outer = sim_site_parent(&plan->sites[0]);
            EXPECT_INT("the level says whether b is behind a carrier", plan->sites[2].behind != 0,
                       cell == 1);
            EXPECT_INT("the third box is struck where there is one", plan->fault_count,
                       outer != SIM_NONE);
            EXPECT("and it is that one",
                   outer == SIM_NONE ||
                       plan->faults[0].index == sim_site_parent(&plan->sites[outer]));
            EXPECT("the plan can be run", sim_world_refuses(plan) == NULL);
            deep += outer != SIM_NONE;
        }
    }
    EXPECT("half of the trials have a chain around a", deep > 60 && deep < 140);
    sim_scenario_plan_destroy(plan);
    sim_scenario_destroy(scenario);
}

/* Customers of two carriers, of which the second has classes of its own here and there: who draws
 * the same as the other one shares it, and nobody else, however the draw is spelt. */
static void carriers_are_shared_as_drawn(void) {
    static const struct {
        const char *sentence;
        const char *behind;
        double shared; /* share of trials */
    } rows[] = {
        {"a choice of two",
         "{\"choice\": [{\"share\": \"50%\", \"value\": \"cgn\"}, {\"share\": \"50%\", "
         "\"value\": \"other\"}]}",
         0.5},
        {"a population of the same two", "{\"population\": \"named\"}", 0.5},
        {"a population of classes of its own", "{\"population\": \"own\"}", 0.5},
        {"uneven ones", "{\"population\": \"uneven\"}", 0.82},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[2048];
        (void)snprintf(
            text, sizeof text,
            "{\"name\": \"x\", \"same_carrier\": true, \"nat\": {\"cgn\": {\"preset\": "
            "\"rfc6888\"}, \"other\": {\"preset\": \"hard\"}}, \"populations\": {"
            "\"named\": {\"source\": \"s\", \"classes\": [{\"share\": \"50%%\", \"nat\": \"cgn\"}, "
            "{\"share\": \"50%%\", \"nat\": \"other\"}]},"
            "\"own\": {\"source\": \"s\", \"classes\": [{\"share\": \"50%%\", \"preset\": "
            "\"rfc6888\"}, {\"share\": \"50%%\", \"preset\": \"hard\"}]},"
            "\"uneven\": {\"source\": \"s\", \"classes\": [{\"share\": \"90%%\", \"preset\": "
            "\"rfc6888\"}, {\"share\": \"10%%\", \"nat\": \"other\"}]}},"
            "\"peers\": {\"a\": {\"behind\": %s}, \"b\": {\"behind\": %s}}}",
            rows[i].behind, rows[i].behind);
        sim_scenario *scenario = load(text);
        if (scenario == NULL) {
            continue;
        }
        enum { TRIALS = 1000 };
        sim_plan *plan = sim_scenario_plan_create(scenario);
        uint32_t shared = 0;
        for (uint64_t trial = 0; trial < TRIALS; trial++) {
            sim_scenario_plan(scenario, 0, sim_scenario_trial_seed(scenario, 1, 0, trial), plan);
            const sim_site_plan *of_a = &plan->sites[sim_site_parent(&plan->sites[0])];
            const sim_site_plan *of_b = &plan->sites[sim_site_parent(&plan->sites[2])];
            shared += of_a == of_b;
            EXPECT("what is not the same box is not the same NAT",
                   of_a == of_b || of_a->nat.mapping != of_b->nat.mapping);
        }
        EXPECT_REAL(rows[i].sentence, (double)shared / TRIALS, rows[i].shared, 0.07);
        sim_scenario_plan_destroy(plan);
        sim_scenario_destroy(scenario);
    }
}

static void outer_boxes_have_what_is_said_of_them(void) {
    static const char text[] =
        "{\"name\": \"x\", \"nat\": {\"home\": {\"behind\": \"cgn\"}, \"cgn\": {\"link\": "
        "\"wire\", "
        "\"isolated\": true}}, \"link\": {\"wire\": {\"delay\": \"7ms\"}, \"own\": {\"delay\": "
        "\"3ms\"}}, \"peers\": {\"a\": {\"nat\": \"home\", \"link\": \"own\"}, \"b\": {\"behind\": "
        "{\"choice\": [{\"share\": \"99.9999%\", \"value\": \"none\"}, {\"share\": \"0.0001%\", "
        "\"value\": \"cgn\"}]}}},"
        "\"internet\": {\"a-b-hops\": 3, \"b-broker-hops\": 5},"
        "\"timeline\": [{\"at\": \"1s\", \"do\": \"nat-renumber\", \"on\": \"a\"},"
        "{\"at\": \"2s\", \"do\": \"nat-renumber\", \"on\": \"a\", \"box\": 1},"
        "{\"at\": \"3s\", \"do\": \"link-down\", \"on\": \"a\", \"box\": 1},"
        "{\"at\": \"4s\", \"do\": \"link-down\", \"on\": \"b\", \"box\": 1}]}";
    sim_complaints complaints = {0};
    sim_scenario *scenario = sim_scenario_parse("x.json", text, strlen(text), NULL, 0, &complaints);
    sim_complaints_print(&complaints, stderr);
    EXPECT("the scenario loads", scenario != NULL);
    if (scenario == NULL) {
        sim_complaints_clear(&complaints);
        return;
    }
    char addr[PUNCH_ADDR_TEXT_CAP];
    sim_plan *plan = sim_scenario_plan_create(scenario);
    const uint32_t outer = sim_site_parent(&plan->sites[0]);
    EXPECT_INT("the home has its peer's link", plan->sites[0].up.delay_us, 3000);
    EXPECT_INT("the carrier its own", plan->sites[outer].down.delay_us, 7000);
    EXPECT("it keeps its customers apart", plan->sites[outer].is_isolated);
    EXPECT("the home does not", !plan->sites[0].is_isolated);
    EXPECT_INT("three things happen: nothing is around b", plan->fault_count, 3);
    EXPECT_TEXT("the home's new address is one of the carrier's",
                punch_addr_format(&plan->faults[0].external, addr), "100.127.0.1:0");
    EXPECT_TEXT("the carrier's a public one", punch_addr_format(&plan->faults[1].external, addr),
                "198.18.1.1:0");
    EXPECT_INT("the carrier's link goes down", plan->faults[2].index, outer);
    EXPECT_INT("routers from a to b", plan->core_hops[0 * 3 + 2], 3);
    EXPECT_INT("and back", plan->core_hops[2 * 3 + 0], 3);
    EXPECT_INT("from a to the broker", plan->core_hops[0 * 3 + 1], 10);
    EXPECT_INT("from the broker to b", plan->core_hops[1 * 3 + 2], 5);
    sim_scenario_plan_destroy(plan);
    sim_scenario_destroy(scenario);
}

typedef struct {
    const char *sentence;
    const char *text;
    uint32_t line;
    uint32_t column;
    const char *pointer;
    const char *what;
} wrong_row;

#define PEERS "{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {}},\n"
#define DEEP                                                                               \
    "\"1\": {\"behind\": \"2\"}, \"2\": {\"behind\": \"3\"}, \"3\": {\"behind\": \"4\"}, " \
    "\"4\": {\"behind\": \"5\"}, \"5\": {\"behind\": \"6\"}, \"6\": {}"

/* Something happens to a home, or to the box around it. */
#define CHANGING(nats, behind, what)                                \
    "{\"name\": \"x\", \"nat\": {\"h\": {}, " nats                  \
    "},\n\"peers\": {\"a\": {\"nat\": \"h\", \"behind\": \"" behind \
    "\"}, \"b\": {}},\n\"timeline\": [{\"at\": \"1s\", \"on\": \"a\", \"do\": \"" what "}]}"

static const wrong_row wrongs[] = {
    {"behind itself", PEERS "\"nat\": {\"h\": {\"behind\": \"h\"}}}", 2, 25, "/nat/h/behind",
     "a chain that loops: this NAT is behind itself: \"h\" behind \"h\""},
    {"behind each other",
     PEERS "\"nat\": {\"h\": {\"behind\": \"c\"}, \"c\": {\"behind\": \"h\"}}}", 2, 25,
     "/nat/h/behind", "\"h\" behind \"c\", \"c\" behind \"h\""},
    {"a loop some way out",
     PEERS "\"nat\": {\"h\": {\"behind\": \"c\"}, \"c\": {\"behind\": \"d\"}, \"d\": {\"behind\": "
           "\"c\"}}}",
     2, 47, "/nat/c/behind", "\"c\" behind \"d\", \"d\" behind \"c\""},
    {"a loop that might be drawn",
     PEERS "\"nat\": {\"h\": {\"behind\": {\"choice\": [{\"share\": \"99%\", \"value\": \"none\"}, "
           "{\"share\": \"1%\", \"value\": \"h\"}]}}}}",
     2, 25, "/nat/h/behind", "a chain that loops"},
    {"a loop in one cell",
     PEERS "\"nat\": {\"h\": {}, \"c\": {\"behind\": \"h\"}}, \"factors\": [{\"name\": \"f\", "
           "\"set\": \"nat.h.behind\", \"levels\": [\"none\", \"c\"]}]}",
     2, 14, "/nat/h", "\"h\" behind \"c\", \"c\" behind \"h\" in the cell f=c"},
    {"one box too many", PEERS "\"nat\": {\"0\": {\"behind\": \"1\"}, " DEEP "}}", 2, 25,
     "/nat/0/behind", "at most 6 NATs are one behind the other"},
    {"one too many with the peer's own",
     "{\"name\": \"x\", \"nat\": {\"h\": {}, " DEEP "},\n"
     "\"peers\": {\"a\": {\"nat\": \"h\", \"behind\": \"1\"}, \"b\": {}}}",
     2, 39, "/peers/a/behind", "at most 6 NATs"},
    {"a class behind too much",
     PEERS "\"nat\": {" DEEP "}, \"populations\": {\"p\": {\"source\": \"s\", \"classes\":\n"
           "[{\"share\": \"100%\", \"behind\": \"1\"}]}}}",
     3, 30, "/populations/p/classes/0/behind", "at most 6 NATs"},
    {"behind nobody", PEERS "\"nat\": {\"h\": {\"behind\": \"cng\"}, \"cgn\": {}}}", 2, 25,
     "/nat/h/behind", "there is no NAT in \"nat\" called \"cng\"; did you mean \"cgn\"?"},
    {"a guest with a carrier of its own",
     "{\"name\": \"x\", \"same_site\": true, \"nat\": {\"h\": {}},\n\"peers\": {\"a\": {}, \"b\": "
     "{\"behind\": \"h\"}}}",
     2, 25, "/peers/b", "nor is it \"behind\" anything else"},
    {"a box of the broker",
     PEERS
     "\"timeline\": [{\"at\": \"1s\", \"do\": \"link-down\", \"on\": \"broker\", \"box\": 1}]}",
     2, 14, "/timeline/0", "\"box\" counts the NATs around a or b"},
    {"a carrier that becomes a firewall",
     "{\"name\": \"x\", \"nat\": {\"h\": {}, \"w\": {\"firewall\": true}},\n\"peers\": {\"a\": "
     "{\"behind\": \"h\"}, \"b\": {}},\n\"timeline\": [{\"at\": \"1s\", \"do\": \"nat-change\", "
     "\"on\": \"a\", \"box\": 1, \"to\": \"w\"}]}",
     3, 14, "/timeline/0", "a NAT cannot become a firewall"},
    {"a carrier that may be a firewall, sometimes",
     "{\"name\": \"x\", \"nat\": {\"h\": {}, \"w\": {\"firewall\": true}},\n\"peers\": {\"a\": "
     "{\"behind\": {\"choice\": [{\"share\": \"99%\", \"value\": \"h\"}, {\"share\": \"1%\", "
     "\"value\": \"w\"}]}}, \"b\": {}},\n\"timeline\": [{\"at\": \"1s\", \"do\": \"nat-change\", "
     "\"on\": \"a\", \"box\": 1, \"to\": \"h\"}]}",
     3, 14, "/timeline/0", "a NAT cannot become a firewall"},
    {"the other way round",
     "{\"name\": \"x\", \"nat\": {\"h\": {}, \"w\": {\"firewall\": true}},\n\"peers\": {\"a\": "
     "{\"behind\": {\"choice\": [{\"share\": \"1%\", \"value\": \"h\"}, {\"share\": \"99%\", "
     "\"value\": \"w\"}]}}, \"b\": {}},\n\"timeline\": [{\"at\": \"1s\", \"do\": \"nat-change\", "
     "\"on\": \"a\", \"box\": 1, \"to\": \"h\"}]}",
     3, 14, "/timeline/0", "a NAT cannot become a firewall"},
    {"one of a population that changes",
     "{\"name\": \"x\", \"nat\": {\"h\": {}}, \"populations\": {\"p\": {\"source\": \"s\", "
     "\"classes\": [{\"share\": \"1%\", \"nat\": \"h\"}, {\"share\": \"99%\", \"nat\": "
     "\"none\"}]}},\n\"peers\": {\"a\": {\"behind\": {\"population\": \"p\"}}, \"b\": "
     "{}},\n\"timeline\": [{\"at\": \"1s\", \"do\": \"nat-change\", \"on\": \"a\", \"box\": 1, "
     "\"to\": \"h\"}]}",
     3, 14, "/timeline/0", "drawn from a population cannot change"},
    {"a firewall around a home that is renumbered",
     CHANGING("\"w\": {\"firewall\": true}", "w", "nat-renumber\", \"box\": 1"), 3, 14,
     "/timeline/0", "a firewall has no address that could change"},
    {"a change of the others behind it",
     CHANGING("\"to\": {\"cross_rate\": 1}", "none", "nat-change\", \"to\": \"to\""), 3, 14,
     "/timeline/0", "the same \"cross_...\""},
    {"a change of place",
     CHANGING("\"c\": {}, \"to\": {\"behind\": \"c\"}", "c", "nat-change\", \"to\": \"to\""), 3, 14,
     "/timeline/0", "must be \"behind\" the same"},
    {"a change of the network behind it",
     CHANGING("\"c\": {}, \"to\": {\"isolated\": true}", "c",
              "nat-change\", \"to\": \"to\", \"box\": 1"),
     3, 14, "/timeline/0", "the same \"link\" and \"isolated\""},
    {"a box too far out", CHANGING("\"c\": {}", "c", "nat-reboot\", \"box\": 2"), 3, 65,
     "/timeline/0/box", "never has so many NATs"},
    {"a home told to keep its customers apart",
     "{\"name\": \"x\", \"peers\": {\"a\": {\"nat\": \"h\"}, \"b\": {}},\n\"nat\": {\"h\": "
     "{\"isolated\": true}}}",
     2, 27, "/nat/h/isolated", "nothing is behind this NAT but a peer"},
    {"a home with a link",
     "{\"name\": \"x\", \"peers\": {\"a\": {\"nat\": \"h\"}, \"b\": {}}, \"link\": {\"l\": "
     "{}},\n\"nat\": {\"h\": {\"link\": \"l\"}}}",
     2, 23, "/nat/h/link", "whose own \"link\" counts"},
    {"homes of a population with a link, all of them",
     "{\"name\": \"x\", \"peers\": {\"a\": {\"nat\": {\"population\": \"p\"}}, \"b\": {}}, "
     "\"link\": {\"l\": {}},\n\"populations\": {\"p\": {\"source\": \"s\", \"common\": {\"link\": "
     "\"l\"}, \"classes\": [{\"share\": \"100%\"}]}}}",
     2, 57, "/populations/p/common/link", "whose own \"link\" counts"},
    {"a link in one cell where it is of no use",
     "{\"name\": \"x\", \"peers\": {\"a\": {\"nat\": \"h\"}, \"b\": {}}, \"link\": {\"l\": {}}, "
     "\"nat\": {\"h\": {}},\n\"factors\": [{\"name\": \"f\", \"set\": \"nat.h.link\", \"levels\": "
     "[\"none\", \"l\"]}]}",
     2, 13, "/factors/0", "whose own \"link\" counts"},
    {"one carrier where there is none",
     "{\"name\": \"x\", \"nat\": {\"h\": {}}, \"peers\": {\"a\": {\"nat\": \"h\"}, \"b\": "
     "{\"nat\": \"h\"}},\n\"same_carrier\": true}",
     2, 17, "/same_carrier", "never \"behind\" the same NAT"},
    {"one carrier of different ones",
     "{\"name\": \"x\", \"nat\": {\"h\": {}, \"g\": {}}, \"peers\": {\"a\": {\"behind\": \"h\"}, "
     "\"b\": {\"behind\": \"g\"}},\n\"same_carrier\": true}",
     2, 17, "/same_carrier", "never \"behind\" the same NAT"},
    {"kept apart, each at home", PEERS "\"isolated\": true}", 2, 13, "/isolated",
     "of the \"same_site\""},
};

/* What does nothing in one cell and something in another, or in some trials only, is no mistake. */
static void idle_keys_are_not_mistakes(void) {
    static const char *const texts[] = {
        "\"nat\": {\"h\": {}, \"c\": {\"isolated\": true, \"link\": \"l\"}}, \"link\": {\"l\": "
        "{}}, "
        "\"peers\": {\"a\": {\"nat\": \"c\"}, \"b\": {\"nat\": \"h\"}}, \"factors\": [{\"name\": "
        "\"f\", "
        "\"set\": \"peers.b.behind\", \"levels\": [\"none\", \"c\"]}]",
        "\"nat\": {\"unused\": {\"isolated\": true}}, \"peers\": {\"a\": {}, \"b\": {}}",
        "\"nat\": {\"c\": {}}, \"same_carrier\": true, \"peers\": {\"a\": {\"behind\": \"c\"}, "
        "\"b\": {}}, "
        "\"factors\": [{\"name\": \"f\", \"set\": \"peers.b.behind\", \"levels\": [\"none\", "
        "\"c\"]}]",
        "\"isolated\": true, \"peers\": {\"a\": {}, \"b\": {}}, \"factors\": [{\"name\": \"f\", "
        "\"set\": "
        "\"same_site\", \"levels\": [false, true]}]",
        "\"nat\": {\"h\": {}, \"w\": {\"firewall\": true}}, \"peers\": {\"a\": {\"behind\": "
        "{\"choice\": "
        "[{\"share\": \"1%\", \"value\": \"h\"}, {\"share\": \"99%\", \"value\": \"w\"}]}}, \"b\": "
        "{}}, "
        "\"timeline\": [{\"at\": \"1s\", \"do\": \"nat-renumber\", \"on\": \"a\", \"box\": 1}]",
        "\"nat\": {\"c\": {\"cross_rate\": 2, \"isolated\": true}, \"d\": {\"cross_rate\": 2, "
        "\"isolated\": true, \"mapping\": \"ADM\"}}, \"peers\": {\"a\": {\"behind\": \"c\"}, "
        "\"b\": "
        "{\"nat\": \"d\"}}, \"timeline\": [{\"at\": \"1s\", \"do\": \"nat-change\", \"on\": \"a\", "
        "\"box\": 1, \"to\": \"d\"}]",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[1024];
        (void)snprintf(text, sizeof text, "{\"name\": \"x\", %s}", texts[i]);
        sim_scenario *scenario = load(text);
        sim_plan *plan = scenario != NULL ? sim_scenario_plan_create(scenario) : NULL;
        for (uint64_t seed = 0; plan != NULL && seed < 100; seed++) {
            sim_scenario_plan(scenario, 0, seed, plan);
            EXPECT("the plan can be run", sim_world_refuses(plan) == NULL);
        }
        sim_scenario_plan_destroy(plan);
        sim_scenario_destroy(scenario);
    }
}

static void wrong_chains_are_refused(void) {
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        const wrong_row *row = &wrongs[i];
        sim_complaints complaints = {0};
        sim_scenario *scenario =
            sim_scenario_parse("x.json", row->text, strlen(row->text), NULL, 0, &complaints);
        EXPECT(row->sentence, scenario == NULL && complaints.count > 0);
        if (complaints.count > 0) {
            const sim_complaint *said = &complaints.items[0];
            EXPECT_INT(row->sentence, complaints.count, 1);
            EXPECT_INT(row->sentence, said->line, row->line);
            EXPECT_INT(row->sentence, said->column, row->column);
            EXPECT_TEXT(row->sentence, said->pointer, row->pointer);
            EXPECT_TEXT(row->sentence,
                        strstr(said->what, row->what) != NULL ? row->what : said->what, row->what);
        }
        sim_scenario_destroy(scenario);
        sim_complaints_clear(&complaints);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"chains are put together", chains_are_put_together},
        {"chains differ between cells and trials", chains_differ_between_cells_and_trials},
        {"carriers are shared as drawn", carriers_are_shared_as_drawn},
        {"outer boxes have what is said of them", outer_boxes_have_what_is_said_of_them},
        {"idle keys are not mistakes", idle_keys_are_not_mistakes},
        {"wrong chains are refused", wrong_chains_are_refused},
    };
    return PUNCH_TEST_MAIN("unit_scenario_chains", cases);
}
