/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From scenario files to plans: every committed scenario loads; options, presets, levels and
 * overrides arrive where they belong; seeds, shares and digests do what they promise.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat/presets.h"
#include "punch_test.h"
#include "sim/crypto_fast.h"
#include "sim/scenario.h"

/* A scenario that must load, and a plan for it. */
typedef struct {
    sim_scenario *scenario;
    sim_plan *plan;
} loaded;

static loaded load_with(const char *text, const sim_override *overrides, size_t count) {
    sim_complaints complaints = {0};
    loaded out = {.scenario = sim_scenario_parse("x.json", text, strlen(text), overrides, count,
                                                 &complaints)};
    sim_complaints_print(&complaints, stderr);
    sim_complaints_clear(&complaints);
    EXPECT("the scenario loads", out.scenario != NULL);
    out.plan = out.scenario != NULL ? sim_scenario_plan_create(out.scenario) : NULL;
    EXPECT("there is a plan", out.plan != NULL);
    return out;
}

static loaded load(const char *text) {
    return load_with(text, NULL, 0);
}

static void unload(loaded *it) {
    sim_scenario_plan_destroy(it->plan);
    sim_scenario_destroy(it->scenario);
}

/* Fills the plan for a cell and trial of the scenario's own seed. */
static void plan_trial(loaded *it, uint32_t cell, uint64_t trial) {
    const uint64_t seed = sim_scenario_trial_seed(it->scenario, 1, cell, trial);
    sim_scenario_plan(it->scenario, cell, seed, it->plan);
}

typedef struct {
    const char *name;
    uint32_t cells;
    uint32_t factors;
    uint32_t claims; /* about single cells */
} file_row;

static const file_row files[] = {
    {"quickstart", 18, 2, 20},          {"pair-matrix", 162, 5, 162},
    {"population-gvod", 4, 2, 10},      {"same-nat", 18, 3, 18},
    {"lossy-broker", 12, 2, 9},         {"keepalive-hold", 24, 4, 36},
    {"impaired-links", 9, 1, 28},       {"own-measurements", 2, 1, 1},
    {"crowded-nat", 24, 3, 21},         {"ipv6-firewall", 48, 4, 48},
    {"link-severities", 11, 1, 21},     {"access-lines", 12, 1, 39},
    {"carrier-nat", 16, 2, 12},         {"published/dcutr2025", 10, 2, 0},
    {"published/ford2005", 3, 1, 0},    {"published/halkes2011", 6, 2, 2},
    {"published/richter2016", 7, 1, 0},
};

/* Where rules decide every cell, every cell is claimed, and none twice. */
static void every_pair_is_claimed_once(const sim_scenario *scenario) {
    uint32_t count;
    bool claimed[162] = {0};
    const sim_expect *expects = sim_scenario_expects(scenario, &count);
    for (uint32_t i = 0; i < count && expects[i].cell < 162; i++) {
        EXPECT("a pair is claimed once", !claimed[expects[i].cell]);
        EXPECT_INT("without exceptions", expects[i].bound, SIM_EXPECT_EXACTLY);
        EXPECT("and with a reason", expects[i].why != NULL);
        claimed[expects[i].cell] = true;
    }
}

static void every_committed_scenario_loads(void) {
    const char *source = getenv("PUNCH_SOURCE_DIR");
    EXPECT("ctest says where the sources are", source != NULL);
    for (size_t i = 0; source != NULL && i < sizeof files / sizeof files[0]; i++) {
        char path[1024];
        sim_complaints complaints = {0};
        (void)snprintf(path, sizeof path, "%s/scenarios/%s.json", source, files[i].name);
        sim_scenario *scenario = sim_scenario_load(path, NULL, 0, &complaints);
        sim_complaints_print(&complaints, stderr);
        EXPECT(path, scenario != NULL);
        if (scenario != NULL) {
            EXPECT_TEXT("a scenario is named like its file", sim_scenario_name(scenario),
                        strchr(files[i].name, '/') != NULL ? strchr(files[i].name, '/') + 1
                                                           : files[i].name);
            EXPECT_TEXT("it knows its path", sim_scenario_path(scenario), path);
            EXPECT("it asks one question", strchr(sim_scenario_question(scenario), '?') != NULL);
            EXPECT("it has a title", sim_scenario_title(scenario)[0] != '\0');
            EXPECT_INT(path, sim_scenario_cell_count(scenario), files[i].cells);
            EXPECT_INT(path, sim_scenario_factor_count(scenario), files[i].factors);
            uint32_t claims;
            (void)sim_scenario_expects(scenario, &claims);
            EXPECT_INT(path, claims, files[i].claims);
            if (strcmp(files[i].name, "pair-matrix") == 0) {
                every_pair_is_claimed_once(scenario);
            }
        }
        sim_scenario_destroy(scenario);
        sim_complaints_clear(&complaints);
    }
}

static const char defaults_text[] = "{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {}}}";

static void defaults(void) {
    loaded it = load(defaults_text);
    if (it.plan == NULL) {
        return;
    }
    const sim_plan *plan = it.plan;
    char text[PUNCH_ADDR_TEXT_CAP];
    EXPECT_TEXT("backend", sim_scenario_backend(it.scenario), "des");
    EXPECT_INT("seed", sim_scenario_seed(it.scenario), 1);
    EXPECT_INT("trials", sim_scenario_trials(it.scenario), 1000);
    EXPECT_INT("one cell", sim_scenario_cell_count(it.scenario), 1);
    EXPECT_INT("limit", plan->limit_us, 120 * PUNCH_US_PER_S);
    EXPECT_INT("hold", plan->hold_us, 0);
    EXPECT_INT("three hosts", plan->host_count, 3);
    EXPECT_INT("three sites", plan->site_count, 3);
    EXPECT_INT("one call", plan->call_count, 1);
    EXPECT_INT("no faults", plan->fault_count, 0);
    EXPECT("a has no NAT", !plan->sites[0].has_nat);
    EXPECT("the fast provider", plan->crypto == &sim_crypto_fast);
    EXPECT_INT("delay from a to b", plan->core_delay_us[0 * 3 + 2], 20000);
    EXPECT_INT("delay from b to a", plan->core_delay_us[2 * 3 + 0], 20000);
    EXPECT_INT("no delay within a region", plan->core_delay_us[0], 0);
    EXPECT_TEXT("a", punch_addr_format(&plan->hosts[0].addr, text), "192.0.2.10:40000");
    EXPECT_TEXT("b", punch_addr_format(&plan->hosts[1].addr, text), "198.51.100.10:40000");
    EXPECT_TEXT("broker", punch_addr_format(&plan->hosts[2].addr, text), "203.0.113.1:3478");
    EXPECT_INT("backoff", plan->hosts[0].options.backoff_permille, 1500);
    EXPECT_INT("jitter", plan->hosts[0].options.keepalive_jitter_permille, 50);
    EXPECT("peer-reflexive", !plan->hosts[0].options.peer_reflexive_off);
    EXPECT("all strategies are offered", plan->hosts[0].offers[0] == NULL);
    EXPECT("agreed-15 to the broker",
           plan->hosts[1].broker_keepalive == &punch_keepalive_agreed_15);
    EXPECT_INT("the call", plan->calls[0].at_us, 5 * PUNCH_US_PER_S);
    EXPECT_INT("no messages, no room for them", plan->hosts[0].messages_max, 0);
    unload(&it);
}

static const char full_text[] =
    "{\"name\": \"x\", \"limit\": \"100s\", \"hold\": \"1min\","
    "\"core\": {\"fire_rule\": \"on_receipt\", \"backoff\": 2, \"peer_reflexive\": false,"
    "           \"keepalive_jitter\": \"10%\"},"
    "\"nat\": {\"home\": {\"preset\": \"linux-masquerade\", \"udp_timeout_first\": \"45s\","
    "                     \"hairpin\": \"internal\", \"table_max\": 12, \"table_full\": "
    "\"evict-oldest\"},"
    "         \"bare\": {\"mapping\": \"ADM\", \"filtering\": \"EIF\", \"port_min\": 5000,"
    "                    \"port_max\": 6000, \"reply_affinity\": true}},"
    "\"link\": {\"dsl\": {\"delay\": \"10ms\", \"loss\": \"50%\", \"rate\": \"1Mbps\","
    "                    \"up\": {\"rate\": \"128kbps\", \"queue\": \"2KiB\"},"
    "                    \"down\": {\"loss\": 0.25}}},"
    "\"peers\": {\"a\": {\"nat\": \"home\", \"link\": \"dsl\", \"clock_offset\": \"-2s\","
    "                  \"clock_drift\": \"20ppm\", \"keepalive\": [\"seed\", \"agreed-15\"],"
    "                  \"lan_delay\": \"500us\", \"start\": \"1s\"},"
    "           \"b\": {\"nat\": \"bare\", \"port\": 7, \"refuses\": true}},"
    "\"broker\": {\"link\": \"dsl\", \"keepalive\": \"seed-bounded\", \"clock_offset\": \"1h\"},"
    "\"internet\": {\"a-b\": \"1ms\", \"a-broker\": \"2ms\", \"b-broker\": \"3ms\", \"loss\": 1},"
    "\"call\": {\"at\": \"3s\", \"messages\": 200, \"message_size\": \"1000B\"},"
    "\"timeline\": [{\"at\": \"9s\", \"do\": \"link-up\", \"on\": \"b\"},"
    "               {\"at\": \"4s\", \"do\": \"broker-restart\", \"on\": \"broker\"},"
    "               {\"at\": \"5s\", \"do\": \"broker-down\", \"on\": \"broker\", \"happens\": "
    "false},"
    "               {\"at\": \"4s\", \"do\": \"link-down\", \"on\": \"a\"}]}";

static void nats_and_links_arrive(void) {
    loaded it = load(full_text);
    if (it.plan == NULL) {
        return;
    }
    const nat_config *home = &it.plan->sites[0].nat;
    const nat_config *bare = &it.plan->sites[2].nat;
    EXPECT("both have NATs", it.plan->sites[0].has_nat && it.plan->sites[2].has_nat);
    EXPECT_INT("the preset's", home->unsolicited, NAT_UNSOLICITED_COLLIDE);
    EXPECT_INT("over the preset", home->udp_timeout_first_us, 45 * PUNCH_US_PER_S);
    EXPECT_INT("hairpin", home->hairpin, NAT_HAIRPIN_INTERNAL);
    EXPECT_INT("table", home->table_max, 12);
    EXPECT_INT("table full", home->full, NAT_FULL_EVICT_OLDEST);
    EXPECT_INT("mapping", bare->mapping, NAT_MAPPING_ADM);
    EXPECT_INT("filtering", bare->filtering, NAT_FILTERING_EIF);
    EXPECT_INT("first port", bare->port_min, 5000);
    EXPECT_INT("last port", bare->port_max, 6000);
    EXPECT("reply affinity", bare->reply_affinity);
    EXPECT_INT("the rest is RFC 4787's", bare->udp_timeout_stream_us,
               nat_config_default().udp_timeout_stream_us);
    const sim_site_plan *a = &it.plan->sites[0];
    EXPECT_INT("a link's delay counts up", a->up.delay_us, 10000);
    EXPECT_INT("... and down", a->down.delay_us, 10000);
    EXPECT("a ratio becomes a threshold", a->up.loss == PUNCH_PROBABILITY_ONE / 2);
    EXPECT("down has a loss of its own", a->down.loss == PUNCH_PROBABILITY_ONE / 4);
    EXPECT_INT("up has a rate of its own", (int64_t)a->up.rate_bps, 128000);
    EXPECT_INT("down keeps the link's", (int64_t)a->down.rate_bps, 1000000);
    EXPECT_INT("up has a queue", a->up.queue_bytes, 2048);
    EXPECT_INT("down has none", a->down.queue_bytes, 0);
    EXPECT_INT("no link, no delay", it.plan->sites[2].up.delay_us, 0);
    EXPECT_INT("the broker's link", it.plan->sites[1].up.delay_us, 10000);
    EXPECT_INT("within the home", a->lan_delay_us, 500);
    unload(&it);
}

static void hosts_and_faults_arrive(void) {
    loaded it = load(full_text);
    if (it.plan == NULL) {
        return;
    }
    char text[PUNCH_ADDR_TEXT_CAP];
    const sim_plan *plan = it.plan;
    const sim_host_plan *a = &plan->hosts[0];
    const sim_host_plan *b = &plan->hosts[1];
    EXPECT_TEXT("a", punch_addr_format(&a->addr, text), "192.168.1.10:40000");
    EXPECT_TEXT("b has the same private address", punch_addr_format(&b->addr, text),
                "192.168.1.10:7");
    EXPECT_TEXT("a's NAT", punch_addr_format(&plan->sites[0].external, text), "192.0.2.1:0");
    EXPECT_TEXT("b's NAT", punch_addr_format(&plan->sites[2].external, text), "198.51.100.1:0");
    EXPECT_INT("clock offset", a->clock_offset_us, -2000000);
    EXPECT_INT("clock drift", a->clock_drift_ppb, 20000);
    EXPECT_INT("start", a->start_at_us, 1000000);
    EXPECT("offers in order", a->offers[0] == &punch_keepalive_seed &&
                                  a->offers[1] == &punch_keepalive_agreed_15 &&
                                  a->offers[2] == NULL);
    EXPECT("refusal", b->refuses && !a->refuses);
    EXPECT_INT("fire rule", b->options.fire_rule, PUNCH_FIRE_ON_RECEIPT);
    EXPECT_INT("backoff", b->options.backoff_permille, 2000);
    EXPECT_INT("jitter", a->options.keepalive_jitter_permille, 100);
    EXPECT("no peer-reflexive answers", a->options.peer_reflexive_off);
    EXPECT("the way to the broker", a->broker_keepalive == &punch_keepalive_seed_bounded);
    EXPECT_INT("the broker's clock", plan->hosts[2].clock_offset_us, 3600 * PUNCH_US_PER_S);
    EXPECT_INT("room for messages is cut", a->messages_max, PUNCH_MESSAGES_MAX);
    EXPECT_INT("the messages are not", plan->calls[0].message_count, 200);
    EXPECT("all is lost between sites", plan->core_loss == PUNCH_PROBABILITY_ONE);
    EXPECT_INT("b to broker", plan->core_delay_us[2 * 3 + 1], 3000);
    EXPECT_INT("what does not happen is left out", plan->fault_count, 3);
    EXPECT_INT("faults are in order", plan->faults[0].at_us, 4000000);
    EXPECT_INT("equal times keep their order", plan->faults[0].kind, SIM_FAULT_BROKER_RESTART);
    EXPECT_INT("a broker's fault names the host", plan->faults[0].index, 2);
    EXPECT_INT("a link's fault names the site", plan->faults[1].index, 0);
    EXPECT_INT("the last one comes last", plan->faults[2].kind, SIM_FAULT_LINK_UP);
    EXPECT_INT("b's site", plan->faults[2].index, 2);
    unload(&it);
}

static void peers_may_share_a_site(void) {
    loaded it = load(
        "{\"name\": \"x\", \"same_site\": true, \"nat\": {\"home\": {}},"
        "\"peers\": {\"a\": {\"nat\": \"home\"}, \"b\": {}},"
        "\"timeline\": [{\"at\": \"1s\", \"do\": \"link-down\", \"on\": \"b\"}]}");
    if (it.plan == NULL) {
        return;
    }
    char text[PUNCH_ADDR_TEXT_CAP];
    EXPECT_INT("two sites", it.plan->site_count, 2);
    EXPECT_INT("b lives at a's", it.plan->hosts[1].site, 0);
    EXPECT_TEXT("with an address of its own", punch_addr_format(&it.plan->hosts[1].addr, text),
                "192.168.1.11:40000");
    EXPECT_INT("b's link is a's", it.plan->faults[0].index, 0);
    sim_plan *largest = sim_scenario_largest_plan(it.scenario);
    EXPECT("the largest plan has room for sites apart",
           largest != NULL && largest->site_count == 3);
    sim_scenario_plan_destroy(largest);
    unload(&it);
}

static const char factors_text[] =
    "{\"name\": \"x\", \"nat\": {\"n\": {\"port_min\": 2000}}, \"link\": {\"l\": {}},"
    "\"peers\": {\"a\": {\"nat\": \"n\", \"link\": \"l\"}, \"b\": {\"link\": \"l\"}},"
    "\"factors\": ["
    "  {\"name\": \"mapping\", \"set\": \"nat.n.mapping\", \"levels\": [\"EIM\", \"APDM\"]},"
    "  {\"name\": \"loss\", \"treatment\": true, \"set\": \"link.l.loss\","
    "   \"levels\": [\"0%\", 0.5, {\"label\": \"lots\", \"value\": \"100%\"}]},"
    "  {\"name\": \"who\", \"levels\": [{\"label\": \"nobody\", \"set\": {}},"
    "    {\"label\": \"b\", \"set\": {\"peers.b.nat\": \"n\", \"link.l.up.delay\": \"7ms\"}}]}]}";

static void cells_are_the_cross_product(void) {
    loaded it = load(factors_text);
    if (it.plan == NULL) {
        return;
    }
    EXPECT_INT("2 x 3 x 2 cells", sim_scenario_cell_count(it.scenario), 12);
    const sim_factor_view loss = sim_scenario_factor(it.scenario, 1);
    EXPECT_TEXT("name", loss.name, "loss");
    EXPECT("it is the treatment", loss.treatment);
    EXPECT_INT("levels", loss.level_count, 3);
    EXPECT_TEXT("a text labels itself", loss.levels[0], "0%");
    EXPECT_TEXT("so does a number", loss.levels[1], "0.5");
    EXPECT_TEXT("or it has a label", loss.levels[2], "lots");
    for (uint32_t cell = 0; cell < 12; cell++) {
        EXPECT_INT("the first varies slowest", sim_scenario_cell_level(it.scenario, cell, 0),
                   cell / 6);
        EXPECT_INT("the second", sim_scenario_cell_level(it.scenario, cell, 1), cell / 2 % 3);
        EXPECT_INT("the last varies fastest", sim_scenario_cell_level(it.scenario, cell, 2),
                   cell % 2);
        plan_trial(&it, cell, 0);
        const sim_plan *plan = it.plan;
        EXPECT_INT("mapping", plan->sites[0].nat.mapping, cell / 6 == 0 ? 0 : NAT_MAPPING_APDM);
        EXPECT("loss", plan->sites[0].up.loss == PUNCH_PROBABILITY_ONE / 2 * (cell / 2 % 3));
        EXPECT_INT("b's NAT", plan->sites[2].has_nat, cell % 2);
        EXPECT_INT("one direction", plan->sites[2].up.delay_us, cell % 2 * 7000);
        EXPECT_INT("not the other", plan->sites[2].down.delay_us, 0);
    }
    unload(&it);
}

static void treatments_share_trial_seeds(void) {
    loaded it = load(factors_text);
    if (it.plan == NULL) {
        return;
    }
    const sim_scenario *s = it.scenario;
    for (uint32_t trial = 0; trial < 3; trial++) {
        const uint64_t seed = sim_scenario_trial_seed(s, 1, 0, trial);
        EXPECT("cells that differ in the treatment share the seed",
               seed == sim_scenario_trial_seed(s, 1, 2, trial) &&
                   seed == sim_scenario_trial_seed(s, 1, 4, trial));
        EXPECT("other cells do not", seed != sim_scenario_trial_seed(s, 1, 1, trial) &&
                                         seed != sim_scenario_trial_seed(s, 1, 6, trial));
        EXPECT("other trials do not", seed != sim_scenario_trial_seed(s, 1, 0, trial + 1));
        EXPECT("other seeds do not", seed != sim_scenario_trial_seed(s, 2, 0, trial));
    }
    unload(&it);
}

static const char drawn_text[] =
    "{\"name\": \"x\", \"nat\": {\"n\": {\"udp_timeout_first\": {\"uniform\": [\"1s\", \"9s\"]}}},"
    "\"link\": {\"l\": {\"delay\": {\"uniform\": [\"1us\", \"1s\"]},"
    "                 \"up\": {\"jitter\": {\"uniform\": [\"1us\", \"1s\"]}},"
    "                 \"down\": {\"jitter\": {\"uniform\": [\"1us\", \"1s\"]}}}},"
    "\"peers\": {\"a\": {\"nat\": \"n\", \"link\": \"l\"}, \"b\": {\"nat\": \"n\", \"link\": "
    "\"l\"}},"
    "\"internet\": {\"loss\": {\"exponential\": {\"mean\": \"90%\"}}}}";

static void draws_have_streams_of_their_own(void) {
    loaded it = load(drawn_text);
    if (it.plan == NULL) {
        return;
    }
    bool cut = false;
    for (uint64_t trial = 0; trial < 20; trial++) {
        plan_trial(&it, 0, trial);
        const sim_site_plan *a = &it.plan->sites[0];
        const sim_site_plan *b = &it.plan->sites[2];
        EXPECT("a link's draw counts for both directions", a->up.delay_us == a->down.delay_us);
        EXPECT("directions draw apart", a->up.jitter_us != a->down.jitter_us);
        EXPECT("sites draw apart", a->up.delay_us != b->up.delay_us);
        EXPECT("NATs draw apart", a->nat.udp_timeout_first_us != b->nat.udp_timeout_first_us);
        EXPECT("draws are cut to the range", it.plan->core_loss <= PUNCH_PROBABILITY_ONE);
        cut = cut || it.plan->core_loss == PUNCH_PROBABILITY_ONE;
        const punch_time_us delay = a->up.delay_us;
        plan_trial(&it, 0, trial + 1);
        EXPECT("trials draw apart", delay != it.plan->sites[0].up.delay_us);
        plan_trial(&it, 0, trial);
        EXPECT_INT("a trial repeats", it.plan->sites[0].up.delay_us, delay);
    }
    EXPECT("some draw was cut", cut);
    /* A new option draws without moving the others. */
    const sim_override more = {"internet.a-b", "{\"uniform\": [\"1ms\", \"9ms\"]}"};
    loaded other = load_with(drawn_text, &more, 1);
    if (other.plan != NULL) {
        plan_trial(&it, 0, 0);
        plan_trial(&other, 0, 0);
        EXPECT("the new draw", other.plan->core_delay_us[2] != it.plan->core_delay_us[2]);
        EXPECT_INT("the old one", other.plan->sites[0].up.delay_us, it.plan->sites[0].up.delay_us);
    }
    unload(&other);
    unload(&it);
}

static const char population_text[] =
    "{\"name\": \"x\", \"nat\": {\"named\": {\"mapping\": \"APDM\"}},"
    "\"populations\": {\"p\": {\"source\": \"s\", \"common\": {\"filtering\": \"EIF\"},"
    "  \"classes\": [{\"share\": \"33.3333333333%\", \"nat\": \"none\"},"
    "                {\"share\": \"33.3333333333%\", \"name\": \"own\", \"mapping\": \"ADM\"},"
    "                {\"share\": \"33.3333333334%\", \"nat\": \"named\"}]}},"
    "\"peers\": {\"a\": {\"nat\": {\"population\": \"p\"}},"
    "          \"b\": {\"nat\": {\"population\": \"p\", \"without\": [\"none\"]}}}}";

static void populations_are_drawn_by_share(void) {
    enum { TRIALS = 30000 };
    loaded it = load(population_text);
    if (it.plan == NULL) {
        return;
    }
    uint32_t a[4] = {0};
    uint32_t b[4] = {0};
    for (uint64_t trial = 0; trial < TRIALS; trial++) {
        plan_trial(&it, 0, trial);
        const sim_site_plan *sites = it.plan->sites;
        a[sites[0].has_nat ? 1 + sites[0].nat.mapping : 0]++;
        b[sites[2].has_nat ? 1 + sites[2].nat.mapping : 0]++;
        if (sites[0].has_nat && sites[0].nat.mapping == NAT_MAPPING_ADM) {
            EXPECT_INT("a class of its own has the common options", sites[0].nat.filtering,
                       NAT_FILTERING_EIF);
        } else if (sites[0].has_nat) {
            EXPECT_INT("a named NAT does not", sites[0].nat.filtering, NAT_FILTERING_ADF);
        }
    }
    const double tolerance = 0.014; /* five standard errors of a third of 30,000 */
    EXPECT_REAL("a third has none", (double)a[0] / TRIALS, 1.0 / 3, tolerance);
    EXPECT_REAL("a third is of its own", (double)a[1 + NAT_MAPPING_ADM] / TRIALS, 1.0 / 3,
                tolerance);
    EXPECT_REAL("a third is named", (double)a[1 + NAT_MAPPING_APDM] / TRIALS, 1.0 / 3, tolerance);
    EXPECT_INT("what is left out never occurs", b[0], 0);
    EXPECT_REAL("the others keep their proportion", (double)b[1 + NAT_MAPPING_ADM] / TRIALS, 0.5,
                tolerance);
    unload(&it);
}

static void overrides_change_any_option(void) {
    static const sim_override overrides[] = {
        {"seed", "18446744073709551615"},
        {"trials", "7"},
        {"limit", "95s"},
        {"core.peer_reflexive", "true"},
        {"nat.home.preset", "hard"},
        {"nat.bare.udp_timeout_first", "30s"},
        {"link.dsl.up.loss", "0.5"},
        {"peers.b.nat", "none"},
        {"peers.a.keepalive", "[\"seed-bounded\"]"},
        {"peers.b.keepalive", "seed"},
        {"timeline.0.at", "1s"},
        {"internet.a-b", "{\"uniform\": [\"4ms\", \"4ms\"]}"},
        {"internet.a-b", "{\"uniform\": [\"5ms\", \"5ms\"]}"},
    };
    loaded it = load_with(full_text, overrides, sizeof overrides / sizeof overrides[0]);
    if (it.plan == NULL) {
        return;
    }
    EXPECT("seed", sim_scenario_seed(it.scenario) == UINT64_MAX);
    EXPECT_INT("trials", sim_scenario_trials(it.scenario), 7);
    EXPECT_INT("limit", it.plan->limit_us, 95000000);
    EXPECT("bool", !it.plan->hosts[0].options.peer_reflexive_off);
    EXPECT_INT("preset", it.plan->sites[0].nat.mapping, nat_preset_find("hard")->config.mapping);
    EXPECT_INT("... under the file's own options", it.plan->sites[0].nat.hairpin,
               NAT_HAIRPIN_INTERNAL);
    EXPECT("a direction", it.plan->sites[0].up.loss == PUNCH_PROBABILITY_ONE / 2);
    EXPECT("no NAT", !it.plan->sites[2].has_nat);
    EXPECT("a list", it.plan->hosts[0].offers[0] == &punch_keepalive_seed_bounded);
    EXPECT("a list of one", it.plan->hosts[1].offers[0] == &punch_keepalive_seed &&
                                it.plan->hosts[1].offers[1] == NULL);
    EXPECT_INT("an entry of the timeline", it.plan->faults[0].at_us, 1000000);
    EXPECT_INT("the last one counts", it.plan->core_delay_us[2], 5000);
    unload(&it);
}

typedef struct {
    const char *sentence;
    const char *text;
    bool same;
} digest_row;

static const digest_row digests[] = {
    {"the text itself", defaults_text, true},
    {"blanks, title, seed and trials",
     "{ \"peers\":{\"b\":{},\"a\":{}},\n\"title\": \"t\", \"seed\": \"9\", \"trials\": 3, "
     "\"name\": \"y\"}",
     true},
    {"another limit", "{\"name\": \"x\", \"limit\": \"7s\", \"peers\": {\"a\": {}, \"b\": {}}}",
     false},
    {"another port of a", "{\"name\": \"x\", \"peers\": {\"a\": {\"port\": 9}, \"b\": {}}}", false},
    {"another port of b", "{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {\"port\": 9}}}", false},
    {"a factor of one level",
     "{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {}}, \"factors\": [{\"name\": \"f\", "
     "\"levels\": [{\"label\": \"l\", \"set\": {}}]}]}",
     false},
};

static void digests_tell_worlds_apart(void) {
    loaded it = load(defaults_text);
    uint64_t seen[sizeof digests / sizeof digests[0]] = {0};
    for (size_t i = 0; it.plan != NULL && i < sizeof digests / sizeof digests[0]; i++) {
        loaded other = load(digests[i].text);
        if (other.plan != NULL) {
            seen[i] = sim_scenario_digest(other.scenario);
            EXPECT_INT(digests[i].sentence, seen[i] == sim_scenario_digest(it.scenario),
                       digests[i].same);
        }
        for (size_t j = 2; j < i; j++) {
            EXPECT(digests[i].sentence, seen[i] != seen[j]);
        }
        unload(&other);
    }
    unload(&it);
}

static void the_largest_plan_is_largest(void) {
    loaded it = load(
        "{\"name\": \"x\", \"packets_max\": 100, \"nat\": {\"small\": {\"table_max\": "
        "5}, \"wide\": {\"filters_max\": 900000}, \"odd\": {\"timeout_spread\": 0.1, "
        "\"per_host_max\": 3, \"block_ports\": 1024, \"addresses\": 2}},"
        "\"peers\": {\"a\": {}, \"b\": {}},"
        "\"factors\": [{\"name\": \"f\", \"levels\": [{\"label\": \"l\", \"set\": {"
        "\"nat.small.table_max\": 70000, \"peers.b.nat\": \"small\", "
        "\"packets_max\": 5000}}]}]}");
    sim_plan *largest = it.scenario != NULL ? sim_scenario_largest_plan(it.scenario) : NULL;
    EXPECT("there is one", largest != NULL);
    if (largest != NULL) {
        EXPECT("every peer may have a NAT", largest->sites[0].has_nat && largest->sites[2].has_nat);
        EXPECT_INT("mappings", largest->sites[2].nat.table_max, 70000);
        EXPECT_INT("filters", largest->sites[2].nat.filters_max, 900000);
        EXPECT_INT("packets", largest->packets_max, 5000);
        EXPECT("it is a possible NAT", nat_config_check(&largest->sites[0].nat) == NULL);
        nat_config wanted = nat_config_default();
        wanted.table_max = 70000;
        wanted.filters_max = 900000;
        wanted.timeout_spread_permille = 100;
        wanted.per_host_max = 3;
        wanted.block_ports = 1024;
        wanted.address_count = 2;
        EXPECT("it has room for whatever is set",
               nat_size(&largest->sites[0].nat) >= nat_size(&wanted));
    }
    sim_scenario_plan_destroy(largest);
    unload(&it);
}

typedef struct {
    const char *key;
    size_t matched;
    const char *nearest; /* NULL: none */
} explain_row;

static const explain_row explains[] = {
    {"nat.mapping", 1, NULL},
    {"nat.homeB.mapping", 1, NULL},
    {"mapping", 1, NULL},
    {"link.dsl.up.delay", 1, NULL},
    {"populations.town.common.filtering", 1, NULL},
    {"limit", 1, NULL},
    {"core", 5, NULL},
    {"until", 3, NULL},
    {"until.half_width", 1, NULL},
    {"tradeoff", 5, NULL},
    {"tradeoff.margin", 1, NULL},
    {"expect", 8, NULL},
    {"expect.0.at_least", 1, NULL},
    {"half_with", 0, "until.half_width"},
    {"keepalive", 3, NULL},
    {"nat.maping", 0, "nat.mapping"},
    {"nat.homeB.maping", 0, "nat.mapping"},
    {"backof", 0, "core.backoff"},
    {"nonsensical", 0, NULL},
};

static void options_are_explained(void) {
    FILE *out = tmpfile();
    EXPECT("there is a temporary file", out != NULL);
    for (size_t i = 0; out != NULL && i < sizeof explains / sizeof explains[0]; i++) {
        const char *nearest = NULL;
        EXPECT_INT(explains[i].key, sim_scenario_explain(explains[i].key, out, &nearest),
                   explains[i].matched);
        EXPECT(explains[i].key, (nearest == NULL) == (explains[i].nearest == NULL));
        if (nearest != NULL && explains[i].nearest != NULL) {
            EXPECT_TEXT(explains[i].key, nearest, explains[i].nearest);
        }
    }
    const char *nearest = NULL;
    EXPECT("\"*\" explains everything",
           out == NULL || sim_scenario_explain("*", out, &nearest) > 60);
    if (out != NULL) {
        (void)fclose(out);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"every committed scenario loads", every_committed_scenario_loads},
        {"defaults", defaults},
        {"NATs and links arrive", nats_and_links_arrive},
        {"hosts and faults arrive", hosts_and_faults_arrive},
        {"peers may share a site", peers_may_share_a_site},
        {"cells are the cross product", cells_are_the_cross_product},
        {"treatments share trial seeds", treatments_share_trial_seeds},
        {"draws have streams of their own", draws_have_streams_of_their_own},
        {"populations are drawn by share", populations_are_drawn_by_share},
        {"overrides change any option", overrides_change_any_option},
        {"digests tell worlds apart", digests_tell_worlds_apart},
        {"the largest plan is largest", the_largest_plan_is_largest},
        {"options are explained", options_are_explained},
    };
    return PUNCH_TEST_MAIN("unit_scenario", cases);
}
