/* SPDX-License-Identifier: MIT */
/*
 * One behaviour per script: a configuration, packets out ('>') and in ('<') at given seconds, and
 * what becomes of each. Ports and hosts are small numbers; the base configuration is EIM/APDF,
 * preserving, 40000..40009, 30 s until answered and 120 s from then on.
 */
#include <stdio.h>
#include <string.h>

#include "nat_support.h"
#include "punch_test.h"

#define STEPS_MAX 16

/* Wanted: an external port (packets out), or a refusal as -verdict; for packets in, a verdict. */
typedef struct {
    char way;      /* '>' out: inside host:port -> remote; '<' in: remote -> our port */
    uint32_t host; /* inside host of '>'; 0 in '<' */
    uint16_t port; /* inside port of '>', external port of '<' */
    uint32_t remote;
    uint16_t remote_port;
    int64_t at_s;
    int wanted;
} step;

typedef struct {
    const char *sentence;
    void (*tweak)(nat_config *config);
    step steps[STEPS_MAX]; /* ends with way 0 */
} script;

static nat_config base_config(void) {
    nat_config config = nat_config_default();
    config.filtering = NAT_FILTERING_APDF;
    config.port_min = 40000;
    config.port_max = 40009;
    config.udp_timeout_first_us = 30 * PUNCH_US_PER_S;
    config.udp_timeout_stream_us = 120 * PUNCH_US_PER_S;
    config.table_max = 8;
    return config;
}

static void nothing(nat_config *config) {
    (void)config;
}

static void adm(nat_config *config) {
    config->mapping = NAT_MAPPING_ADM;
}

static void apdm(nat_config *config) {
    config->mapping = NAT_MAPPING_APDM;
}

static void eif(nat_config *config) {
    config->filtering = NAT_FILTERING_EIF;
}

static void adf(nat_config *config) {
    config->filtering = NAT_FILTERING_ADF;
}

static void no_refresh_in(nat_config *config) {
    config->refresh_inbound = false;
}

static void no_refresh_out(nat_config *config) {
    config->refresh_outbound = false;
}

static void contiguous(nat_config *config) {
    config->mapping = NAT_MAPPING_APDM;
    config->allocation = NAT_ALLOCATION_CONTIGUOUS;
    config->port_max = 40002;
}

static void collide_contiguous(nat_config *config) {
    config->collision = NAT_COLLISION_CONTIGUOUS;
}

static void overload(nat_config *config) {
    config->collision = NAT_COLLISION_OVERLOAD;
    config->filtering = NAT_FILTERING_EIF;
}

static void two_refuse(nat_config *config) {
    config->table_max = 2;
}

static void two_evict(nat_config *config) {
    config->table_max = 2;
    config->full = NAT_FULL_EVICT_OLDEST;
}

static void host_two_refuse(nat_config *config) {
    config->per_host_max = 2;
}

static void host_two_evict(nat_config *config) {
    config->per_host_max = 2;
    config->full = NAT_FULL_EVICT_OLDEST;
}

static void two_ports(nat_config *config) {
    config->port_max = 40001;
}

static void two_filters(nat_config *config) {
    config->filters_max = 2;
}

static void collide(nat_config *config) {
    config->unsolicited = NAT_UNSOLICITED_COLLIDE;
}

static void collide_apdm(nat_config *config) {
    config->mapping = NAT_MAPPING_APDM;
    config->unsolicited = NAT_UNSOLICITED_COLLIDE;
}

static void collide_overload(nat_config *config) {
    config->unsolicited = NAT_UNSOLICITED_COLLIDE;
    config->collision = NAT_COLLISION_OVERLOAD;
}

static void kill_mapping(nat_config *config) {
    config->unsolicited = NAT_UNSOLICITED_KILL;
}

static void blacklist(nat_config *config) {
    config->unsolicited = NAT_UNSOLICITED_BLACKLIST;
    config->blacklist_us = 10 * PUNCH_US_PER_S;
}

static void affinity(nat_config *config) {
    config->mapping = NAT_MAPPING_APDM;
    config->filtering = NAT_FILTERING_EIF;
    config->reply_affinity = true;
}

static void no_affinity(nat_config *config) {
    affinity(config);
    config->reply_affinity = false;
}

static const script MAPPING[] = {
    {"EIM: one port for every remote",
     nothing,
     {{'>', 1, 40003, 1, 1, 0, 40003},
      {'>', 1, 40003, 1, 2, 0, 40003},
      {'>', 1, 40003, 2, 1, 0, 40003}}},
    {"ADM: one port for each remote address",
     adm,
     {{'>', 1, 40003, 1, 1, 0, 40003},
      {'>', 1, 40003, 1, 2, 0, 40003},
      {'>', 1, 40003, 2, 1, 0, 40004}}},
    {"APDM: one port for each remote endpoint",
     apdm,
     {{'>', 1, 40003, 1, 1, 0, 40003},
      {'>', 1, 40003, 1, 2, 0, 40004},
      {'>', 1, 40003, 2, 1, 0, 40005},
      {'>', 1, 40003, 1, 2, 1, 40004}}},
    {"two hosts with one source port never share",
     nothing,
     {{'>', 1, 40003, 1, 1, 0, 40003},
      {'>', 2, 40003, 1, 1, 0, 40004},
      {'>', 1, 40003, 2, 1, 0, 40003}}},
};

static const script FILTERING[] = {
    {"EIF: everybody comes in",
     eif,
     {{'<', 0, 40003, 2, 7, 0, NAT_DROP_NO_MAPPING},
      {'>', 1, 40003, 1, 1, 0, 40003},
      {'<', 0, 40003, 2, 7, 0, NAT_PASS}}},
    {"ADF: the address counts, the port does not",
     adf,
     {{'>', 1, 40003, 1, 1, 0, 40003},
      {'<', 0, 40003, 1, 7, 0, NAT_PASS},
      {'<', 0, 40003, 2, 1, 0, NAT_DROP_FILTER_ADDRESS}}},
    {"APDF: address and port count",
     nothing,
     {{'>', 1, 40003, 1, 1, 0, 40003},
      {'<', 0, 40003, 1, 1, 0, NAT_PASS},
      {'<', 0, 40003, 1, 7, 0, NAT_DROP_FILTER_PORT},
      {'<', 0, 40003, 2, 1, 0, NAT_DROP_FILTER_ADDRESS},
      {'<', 0, 40004, 1, 1, 0, NAT_DROP_NO_MAPPING}}},
    {"a permission belongs to one mapping",
     nothing,
     {{'>', 1, 40003, 1, 1, 0, 40003},
      {'>', 2, 40004, 2, 1, 0, 40004},
      {'<', 0, 40004, 1, 1, 0, NAT_DROP_FILTER_ADDRESS}}},
    {"with room for two remotes the oldest is forgotten",
     two_filters,
     {{'>', 1, 40003, 1, 1, 0, 40003},
      {'>', 1, 40003, 2, 1, 1, 40003},
      {'>', 1, 40003, 1, 1, 2, 40003},
      {'>', 1, 40003, 3, 1, 3, 40003},
      {'<', 0, 40003, 2, 1, 4, NAT_DROP_FILTER_ADDRESS},
      {'<', 0, 40003, 1, 1, 4, NAT_PASS},
      {'<', 0, 40003, 3, 1, 4, NAT_PASS}}},
};

static const script TIMEOUTS[] = {
    {"unanswered: gone after exactly 30 s",
     nothing,
     {{'>', 1, 40003, 1, 1, 0, 40003}, {'<', 0, 40003, 1, 1, 30, NAT_DROP_EXPIRED}}},
    {"answered: lives 120 s from the last packet",
     nothing,
     {{'>', 1, 40003, 1, 1, 0, 40003},
      {'<', 0, 40003, 1, 1, 29, NAT_PASS},
      {'<', 0, 40003, 1, 1, 148, NAT_PASS},
      {'<', 0, 40003, 1, 1, 268, NAT_DROP_EXPIRED}}},
    {"outbound packets refresh an unanswered mapping",
     nothing,
     {{'>', 1, 40003, 1, 1, 0, 40003},
      {'>', 1, 40003, 1, 1, 20, 40003},
      {'<', 0, 40003, 1, 1, 49, NAT_PASS}}},
    {"without inbound refresh answers buy the longer timeout, counted from the last packet out",
     no_refresh_in,
     {{'>', 1, 40003, 1, 1, 0, 40003},
      {'<', 0, 40003, 1, 1, 29, NAT_PASS},
      {'<', 0, 40003, 1, 1, 119, NAT_PASS},
      {'<', 0, 40003, 1, 1, 120, NAT_DROP_EXPIRED}}},
    {"without outbound refresh a mapping dies under steady sending",
     no_refresh_out,
     {{'>', 1, 40003, 1, 1, 0, 40003},
      {'>', 1, 40003, 1, 1, 29, 40003},
      {'<', 0, 40003, 1, 1, 30, NAT_DROP_EXPIRED}}},
    {"a permission times out by itself while the mapping lives",
     nothing,
     {{'>', 1, 40003, 1, 1, 0, 40003},
      {'>', 1, 40003, 2, 1, 20, 40003},
      {'<', 0, 40003, 1, 1, 30, NAT_DROP_FILTER_EXPIRED},
      {'<', 0, 40003, 2, 1, 40, NAT_PASS},
      {'>', 1, 40003, 1, 1, 41, 40003},
      {'<', 0, 40003, 1, 1, 42, NAT_PASS}}},
    {"a port that is given again is new, not expired",
     nothing,
     {{'>', 1, 40003, 1, 1, 0, 40003},
      {'<', 0, 40003, 1, 1, 31, NAT_DROP_EXPIRED},
      {'>', 2, 40003, 2, 1, 32, 40003},
      {'<', 0, 40003, 1, 1, 33, NAT_DROP_FILTER_ADDRESS}}},
};

static const script PORTS[] = {
    {"preserving: next free port above, wrapping within the range",
     nothing,
     {{'>', 1, 40009, 1, 1, 0, 40009},
      {'>', 2, 40009, 1, 1, 0, 40000},
      {'>', 3, 40009, 1, 1, 0, 40001}}},
    {"preserving: a port outside the range begins at its start",
     nothing,
     {{'>', 1, 5000, 1, 1, 0, 40000}, {'>', 1, 50000, 1, 1, 0, 40001}}},
    {"contiguous: the one after the last, wrapping, skipping taken ones",
     contiguous,
     {{'>', 1, 7, 1, 1, 0, 40000},
      {'>', 1, 7, 2, 1, 0, 40001},
      {'>', 1, 7, 3, 1, 0, 40002},
      {'>', 1, 7, 4, 1, 0, -NAT_DROP_NO_PORT},
      {'>', 1, 7, 2, 1, 29, 40001},
      {'>', 1, 7, 5, 1, 31, 40000},
      {'>', 1, 7, 6, 1, 31, 40002}}},
    {"collision contiguous: the one after the last given, not after the wanted one",
     collide_contiguous,
     {{'>', 1, 40001, 1, 1, 0, 40001},
      {'>', 1, 40006, 1, 1, 0, 40006},
      {'>', 2, 40001, 1, 1, 0, 40007}}},
    {"overload: both share, inbound goes to the latest user",
     overload,
     {{'>', 1, 40001, 1, 1, 0, 40001},
      {'>', 2, 40001, 1, 1, 1, 40001},
      {'<', 0, 40001, 1, 1, 2, NAT_PASS},
      {'>', 1, 40001, 1, 1, 29, 40001},
      {'<', 0, 40001, 1, 1, 125, NAT_DROP_EXPIRED}}},
    {"no port is left",
     two_ports,
     {{'>', 1, 1, 1, 1, 0, 40000},
      {'>', 1, 2, 1, 1, 0, 40001},
      {'>', 1, 3, 1, 1, 0, -NAT_DROP_NO_PORT}}},
};

static const script LIMITS[] = {
    {"table full, refuse: the new one is refused until an old one times out",
     two_refuse,
     {{'>', 1, 40001, 1, 1, 0, 40001},
      {'>', 1, 40002, 1, 1, 10, 40002},
      {'>', 1, 40003, 1, 1, 11, -NAT_DROP_TABLE_FULL},
      {'>', 1, 40003, 1, 1, 30, 40003}}},
    {"table full, evict oldest: the one refreshed longest ago goes",
     two_evict,
     {{'>', 1, 40001, 1, 1, 0, 40001},
      {'>', 1, 40002, 1, 1, 1, 40002},
      {'>', 1, 40001, 1, 1, 2, 40001},
      {'>', 1, 40003, 1, 1, 3, 40003},
      {'<', 0, 40002, 1, 1, 4, NAT_DROP_NO_MAPPING},
      {'<', 0, 40001, 1, 1, 4, NAT_PASS}}},
    {"per host, refuse: other hosts are not touched",
     host_two_refuse,
     {{'>', 1, 40001, 1, 1, 0, 40001},
      {'>', 1, 40002, 1, 1, 0, 40002},
      {'>', 1, 40003, 1, 1, 0, -NAT_DROP_HOST_LIMIT},
      {'>', 2, 40003, 1, 1, 0, 40003},
      {'>', 1, 40004, 1, 1, 30, 40004}}},
    {"per host, evict oldest: a host evicts its own",
     host_two_evict,
     {{'>', 2, 40000, 1, 1, 0, 40000},
      {'>', 1, 40001, 1, 1, 1, 40001},
      {'>', 1, 40002, 1, 1, 2, 40002},
      {'>', 1, 40003, 1, 1, 3, 40003},
      {'<', 0, 40001, 1, 1, 4, NAT_DROP_NO_MAPPING},
      {'<', 0, 40000, 1, 1, 4, NAT_PASS}}},
};

static const script UNSOLICITED[] = {
    {"ignore: an early packet changes nothing",
     nothing,
     {{'>', 1, 40003, 9, 9, 0, 40003},
      {'<', 0, 40003, 1, 1, 1, NAT_DROP_FILTER_ADDRESS},
      {'>', 1, 40003, 1, 1, 2, 40003},
      {'<', 0, 40003, 1, 1, 3, NAT_PASS}}},
    {"collide: an early packet takes the port for its sender, and only for that one",
     collide,
     {{'>', 1, 40003, 9, 9, 0, 40003},
      {'<', 0, 40003, 1, 1, 1, NAT_DROP_FILTER_ADDRESS},
      {'>', 1, 40003, 1, 1, 2, 40004},
      {'<', 0, 40003, 1, 1, 3, NAT_DROP_FILTER_ADDRESS},
      {'<', 0, 40004, 1, 1, 3, NAT_PASS},
      {'>', 1, 40003, 2, 1, 4, 40003},
      {'>', 1, 40003, 9, 9, 4, 40003}}},
    {"collide: without any mapping the wanted port is taken all the same",
     collide,
     {{'<', 0, 40003, 1, 1, 0, NAT_DROP_NO_MAPPING},
      {'>', 1, 40003, 1, 1, 1, 40004},
      {'>', 1, 40003, 2, 1, 1, 40003}}},
    {"collide: the port is free again after the first-packet timeout",
     collide,
     {{'<', 0, 40003, 1, 1, 0, NAT_DROP_NO_MAPPING}, {'>', 1, 40003, 1, 1, 30, 40003}}},
    {"collide: repeats keep it taken",
     collide,
     {{'<', 0, 40003, 1, 1, 0, NAT_DROP_NO_MAPPING},
      {'<', 0, 40003, 1, 1, 20, NAT_DROP_NO_MAPPING},
      {'>', 1, 40003, 1, 1, 45, 40004}}},
    {"collide: under APDM the mapping itself moves",
     collide_apdm,
     {{'>', 1, 40003, 1, 1, 0, 40003},
      {'<', 0, 40003, 1, 1, 1, NAT_PASS},
      {'<', 0, 40003, 1, 2, 1, NAT_DROP_FILTER_PORT},
      {'>', 1, 40003, 1, 2, 2, 40004},
      {'>', 1, 40003, 1, 1, 2, 40003}}},
    {"collide: overloading cannot share with the NAT itself",
     collide_overload,
     {{'<', 0, 40003, 1, 1, 0, NAT_DROP_NO_MAPPING}, {'>', 1, 40003, 1, 1, 1, 40004}}},
    {"kill: an unsolicited packet destroys the mapping",
     kill_mapping,
     {{'>', 1, 40003, 9, 9, 0, 40003},
      {'<', 0, 40003, 1, 1, 1, NAT_DROP_FILTER_ADDRESS},
      {'<', 0, 40003, 9, 9, 2, NAT_DROP_NO_MAPPING},
      {'>', 1, 40003, 1, 1, 3, 40003},
      {'<', 0, 40003, 9, 9, 4, NAT_DROP_FILTER_ADDRESS}}},
    {"blacklist: the address is barred for 10 s, whatever was sent to it",
     blacklist,
     {{'>', 1, 40003, 1, 1, 0, 40003},
      {'<', 0, 40003, 1, 2, 1, NAT_DROP_FILTER_PORT},
      {'<', 0, 40003, 1, 1, 2, NAT_DROP_BLACKLISTED},
      {'<', 0, 40003, 1, 2, 9, NAT_DROP_BLACKLISTED},
      {'<', 0, 40003, 1, 1, 11, NAT_PASS}}},
};

static const script AFFINITY[] = {
    {"without it an answer gets a port of its own",
     no_affinity,
     {{'>', 1, 40003, 9, 9, 0, 40003},
      {'<', 0, 40003, 1, 1, 1, NAT_PASS},
      {'>', 1, 40003, 1, 1, 2, 40004}}},
    {"with it an answer leaves by the port the packet came in by",
     affinity,
     {{'>', 1, 40003, 9, 9, 0, 40003},
      {'<', 0, 40003, 1, 1, 1, NAT_PASS},
      {'>', 1, 40003, 1, 1, 2, 40003},
      {'>', 1, 40003, 2, 1, 2, 40004}}},
    {"even when a mapping for that remote exists already",
     affinity,
     {{'>', 1, 40003, 9, 9, 0, 40003},
      {'>', 1, 40003, 1, 1, 0, 40004},
      {'<', 0, 40003, 1, 1, 1, NAT_PASS},
      {'>', 1, 40003, 1, 1, 2, 40003}}},
    {"the first session stays while it lives",
     affinity,
     {{'>', 1, 40003, 9, 9, 0, 40003},
      {'>', 1, 40003, 8, 8, 0, 40004},
      {'<', 0, 40003, 1, 1, 1, NAT_PASS},
      {'<', 0, 40004, 1, 1, 2, NAT_PASS},
      {'>', 1, 40003, 1, 1, 3, 40003}}},
    {"an unanswered session times out like a mapping",
     affinity,
     {{'>', 1, 40003, 9, 9, 0, 40003},
      {'<', 0, 40003, 1, 1, 1, NAT_PASS},
      {'>', 1, 40003, 1, 1, 31, 40004}}},
};

static void run_step(nat *box, const char *sentence, size_t number, const step *at) {
    char where[160];
    (void)snprintf(where, sizeof where, "%s: step %zu", sentence, number + 1);
    const punch_addr remote = support_remote(at->remote, at->remote_port);
    const punch_time_us now_us = at->at_s * PUNCH_US_PER_S;
    if (at->way == '<') {
        const nat_verdict got = support_arrive(box, remote, at->port, now_us);
        EXPECT_TEXT(where, nat_verdict_name(got), nat_verdict_name((nat_verdict)at->wanted));
        return;
    }
    nat_packet packet = {support_inside(at->host, at->port), remote};
    const nat_verdict got = nat_translate_out(box, &packet, now_us);
    EXPECT_INT(where, got == NAT_PASS ? (int)packet.src.port : -(int)got, at->wanted);
}

static void run_scripts(const script *scripts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        nat_config config = base_config();
        scripts[i].tweak(&config);
        nat *box = support_nat(&config, 5);
        for (size_t k = 0; k < STEPS_MAX && scripts[i].steps[k].way != 0; k++) {
            run_step(box, scripts[i].sentence, k, &scripts[i].steps[k]);
        }
        free(box);
    }
}

#define RUN_SCRIPTS(table) run_scripts(table, sizeof(table) / sizeof((table)[0]))

static void mapping(void) {
    RUN_SCRIPTS(MAPPING);
}

static void filtering(void) {
    RUN_SCRIPTS(FILTERING);
}

static void timeouts(void) {
    RUN_SCRIPTS(TIMEOUTS);
}

static void ports(void) {
    RUN_SCRIPTS(PORTS);
}

static void limits(void) {
    RUN_SCRIPTS(LIMITS);
}

static void unsolicited(void) {
    RUN_SCRIPTS(UNSOLICITED);
}

static void reply_affinity(void) {
    RUN_SCRIPTS(AFFINITY);
}

/* --- what does not fit a script --- */

static void random_ports(void) {
    nat_config config = base_config();
    config.mapping = NAT_MAPPING_APDM;
    config.allocation = NAT_ALLOCATION_RANDOM;
    config.collision = NAT_COLLISION_RANDOM;
    config.port_max = 40099;
    config.table_max = 100;
    nat *box = support_nat(&config, 3);
    bool used[100] = {false};
    bool in_order = true;
    uint16_t last = 0;
    for (uint16_t i = 0; i < 100; i++) {
        const uint16_t port =
            support_send(box, support_inside(1, 7), support_remote(1, (uint16_t)(1 + i)), 0);
        const bool in_range = port >= 40000 && port <= 40099;
        EXPECT("a random port is in the range and free", in_range && !used[port - 40000]);
        used[in_range ? port - 40000 : 0] = true;
        in_order = in_order && port > last;
        last = port;
    }
    EXPECT("random ports come in no order", !in_order);
    EXPECT_INT("a full range has no port to give",
               support_send(box, support_inside(1, 7), support_remote(2, 1), 0), 0);
    free(box);
}

/* Over many NATs every port of the range comes up about equally often. */
static void random_ports_are_uniform(void) {
    nat_config config = base_config();
    config.allocation = NAT_ALLOCATION_RANDOM;
    nat *box = support_nat(&config, 1);
    const punch_addr external = support_external();
    uint32_t drawn[10] = {0};
    for (uint32_t i = 0; i < 10000; i++) {
        nat_reset(box, &config, &external, punch_rng_stream(9, i, 0));
        drawn[support_send(box, support_inside(1, 7), support_remote(1, 1), 0) - 40000]++;
    }
    for (int i = 0; i < 10; i++) {
        /* 1000 expected, standard deviation 30: five of them */
        EXPECT("each of ten ports is drawn 850 to 1150 times in 10000",
               drawn[i] >= 850 && drawn[i] <= 1150);
    }
    free(box);
}

static void overload_latest_user(void) {
    nat_config config = base_config();
    overload(&config);
    nat *box = support_nat(&config, 3);
    (void)support_send(box, support_inside(1, 40001), support_remote(1, 1), 0);
    (void)support_send(box, support_inside(2, 40001), support_remote(1, 1), 0);
    static const uint32_t senders[] = {2, 1, 2};
    for (size_t i = 0; i < 3; i++) {
        (void)support_send(box, support_inside(senders[i], 40001), support_remote(1, 1), 0);
        nat_packet packet = {support_remote(1, 1), punch_addr_ipv4(SUPPORT_EXTERNAL_IP, 40001)};
        EXPECT("inbound passes", nat_translate_in(box, &packet, 0) == NAT_PASS);
        EXPECT_INT("the host that sent last gets it", packet.dst.ip[3], senders[i]);
    }
    free(box);
}

static void hairpin(void) {
    static const struct {
        const char *sentence;
        nat_hairpin mode;
        nat_verdict verdict;
        uint32_t source_ip;
    } rows[] = {
        {"none: dropped", NAT_HAIRPIN_NONE, NAT_DROP_NO_HAIRPIN, 0x0a000001},
        {"internal: the inside source shows", NAT_HAIRPIN_INTERNAL, NAT_TURNED_BACK, 0x0a000001},
        {"external: ours shows", NAT_HAIRPIN_EXTERNAL, NAT_TURNED_BACK, SUPPORT_EXTERNAL_IP},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        nat_config config = base_config();
        config.filtering = NAT_FILTERING_EIF;
        config.hairpin = rows[i].mode;
        nat *box = support_nat(&config, 1);
        (void)support_send(box, support_inside(2, 40002), support_remote(9, 9), 0);
        nat_packet packet = {support_inside(1, 40001), punch_addr_ipv4(SUPPORT_EXTERNAL_IP, 40002)};
        EXPECT_INT(rows[i].sentence, nat_translate_out(box, &packet, 1), rows[i].verdict);
        const punch_addr source = punch_addr_ipv4(rows[i].source_ip, 40001);
        EXPECT(rows[i].sentence, punch_addr_equal(&packet.src, &source));
        const punch_addr inside = support_inside(2, 40002);
        EXPECT("the destination is inside when turned back",
               punch_addr_equal(&packet.dst, &inside) == (rows[i].verdict == NAT_TURNED_BACK));
        free(box);
    }
}

/* What the const query says about a packet from a to b's external port, and about the answer. */
static void hairpin_is_foretold(void) {
    static const struct {
        const char *sentence;
        nat_hairpin mode;
        bool turns;
    } rows[] = {{"no hairpin: nothing is turned back", NAT_HAIRPIN_NONE, false},
                {"internal source", NAT_HAIRPIN_INTERNAL, true},
                {"external source", NAT_HAIRPIN_EXTERNAL, true}};
    const punch_addr a = support_inside(1, 40001);
    const punch_addr b = support_inside(2, 40002);
    const punch_addr outside_a = punch_addr_ipv4(SUPPORT_EXTERNAL_IP, 40001);
    const punch_addr outside_b = punch_addr_ipv4(SUPPORT_EXTERNAL_IP, 40002);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        nat_config config = base_config();
        config.hairpin = rows[i].mode;
        nat *box = support_nat(&config, 1);
        const nat_packet there = {a, outside_b};
        nat_packet inside = {0};
        EXPECT("before a has a mapping nothing is decided",
               !nat_would_turn_back(box, &there, 0, &inside));
        (void)support_send(box, a, support_remote(9, 9), 0);
        (void)support_send(box, b, support_remote(9, 9), 0);
        EXPECT("before b has sent to a its filter refuses",
               !nat_would_turn_back(box, &there, 0, &inside));
        EXPECT_INT("the output is untouched then", inside.dst.family, PUNCH_FAMILY_NONE);
        nat_packet opener = {b, outside_a};
        (void)nat_translate_out(box, &opener, 1);
        EXPECT_INT(rows[i].sentence, nat_would_turn_back(box, &there, 1, &inside), rows[i].turns);
        if (rows[i].turns) {
            EXPECT("it goes to b", punch_addr_equal(&inside.dst, &b));
            EXPECT("from the source that the mode says",
                   punch_addr_equal(&inside.src,
                                    rows[i].mode == NAT_HAIRPIN_EXTERNAL ? &outside_a : &a));
        }
        const nat_packet away = {a, support_remote(9, 9)};
        EXPECT("a packet that leaves is not turned back",
               !nat_would_turn_back(box, &away, 1, &inside));
        free(box);
    }
}

static void hairpin_obeys_the_filter(void) {
    nat_config config = base_config();
    config.hairpin = NAT_HAIRPIN_EXTERNAL;
    nat *box = support_nat(&config, 1);
    const punch_addr a = support_inside(1, 40001);
    const punch_addr b = support_inside(2, 40002);
    (void)support_send(box, a, support_remote(9, 9), 0);
    (void)support_send(box, b, support_remote(9, 9), 0);
    nat_packet first = {a, punch_addr_ipv4(SUPPORT_EXTERNAL_IP, 40002)};
    EXPECT_INT("nobody inside has sent to the other's external port yet",
               nat_translate_out(box, &first, 1), NAT_DROP_FILTER_ADDRESS);
    nat_packet answer = {b, punch_addr_ipv4(SUPPORT_EXTERNAL_IP, 40001)};
    EXPECT_INT("the first packet opened the way back", nat_translate_out(box, &answer, 1),
               NAT_TURNED_BACK);
    nat_packet again = {a, punch_addr_ipv4(SUPPORT_EXTERNAL_IP, 40002)};
    EXPECT_INT("and now both ways are open", nat_translate_out(box, &again, 1), NAT_TURNED_BACK);
    free(box);
}

static void queries(void) {
    nat_config config = base_config();
    collide(&config);
    nat *box = support_nat(&config, 1);
    const nat_packet out = {support_inside(1, 40003), support_remote(1, 1)};
    punch_addr from = support_remote(7, 7);
    EXPECT("a new mapping cannot be foretold", !nat_would_leave_from(box, &out, 0, &from));
    EXPECT_INT("the output is untouched then", from.port, 7);
    (void)support_send(box, out.src, support_remote(9, 9), 0);
    EXPECT("a live mapping decides", nat_would_leave_from(box, &out, 0, &from));
    EXPECT_INT("its port", from.port, 40003);
    EXPECT("an expired one does not", !nat_would_leave_from(box, &out, 30 * PUNCH_US_PER_S, &from));
    EXPECT_INT("expired ones are not counted", nat_mapping_count(box, 30 * PUNCH_US_PER_S), 0);
    EXPECT_INT("live ones are", nat_mapping_count(box, 29 * PUNCH_US_PER_S), 1);
    EXPECT_INT("that host's", nat_host_mapping_count(box, &out.src, 29 * PUNCH_US_PER_S), 1);
    EXPECT_INT("not its expired ones", nat_host_mapping_count(box, &out.src, 30 * PUNCH_US_PER_S),
               0);
    const punch_addr other = support_inside(2, 40003);
    EXPECT_INT("another host has none", nat_host_mapping_count(box, &other, 1), 0);
    EXPECT_INT("the remote it sent to is remembered", nat_filter_count(box), 1);
    (void)support_arrive(box, out.dst, 40003, 1);
    EXPECT_INT("and the stray", nat_filter_count(box), 2);
    EXPECT("a stray makes it a matter of allocation", !nat_would_leave_from(box, &out, 2, &from));
    nat_packet foreign = {out.dst, support_remote(5, 40003)};
    EXPECT_INT("not our address", nat_would_admit(box, &foreign, 2), NAT_DROP_NOT_OURS);
    free(box);
}

static void counters(void) {
    nat_config config = base_config();
    two_evict(&config);
    config.unsolicited = NAT_UNSOLICITED_COLLIDE;
    nat *box = support_nat(&config, 1);
    (void)support_send(box, support_inside(1, 40001), support_remote(1, 1), 0);
    (void)support_send(box, support_inside(2, 40001), support_remote(1, 1), 1);
    (void)support_send(box, support_inside(3, 40001), support_remote(1, 1), 2);
    (void)support_arrive(box, support_remote(2, 2), 40002, 3);
    (void)support_arrive(box, support_remote(2, 2), 40002, 4);
    (void)support_arrive(box, support_remote(2, 2), 40002, 200 * PUNCH_US_PER_S);
    const nat_counters *seen = nat_stats(box);
    EXPECT_INT("passed", seen->verdicts[NAT_PASS], 3);
    EXPECT_INT("filtered", seen->verdicts[NAT_DROP_FILTER_ADDRESS], 2);
    EXPECT_INT("expired in front of a packet", seen->verdicts[NAT_DROP_EXPIRED], 1);
    EXPECT_INT("made", seen->mappings_made, 3);
    EXPECT_INT("evicted", seen->mappings_evicted, 1);
    EXPECT_INT("expired", seen->mappings_expired, 2);
    EXPECT_INT("collided", seen->ports_collided, 1);
    EXPECT_INT("a stray counts once while it lives", seen->strays_made, 2);
    free(box);
}

static void ipv6(void) {
    nat_config config = base_config();
    nat *box = support_nat(&config, 1);
    punch_addr remote = {.family = PUNCH_FAMILY_IPV6, .port = 9, .ip = {0x20, 0x01, 0x0d, 0xb8}};
    punch_addr other = remote;
    other.ip[15] = 1;
    EXPECT_INT("out", support_send(box, support_inside(1, 40001), remote, 0), 40001);
    EXPECT_INT("in", support_arrive(box, remote, 40001, 1), NAT_PASS);
    EXPECT_INT("all sixteen bytes count", support_arrive(box, other, 40001, 1),
               NAT_DROP_FILTER_ADDRESS);
    free(box);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"mapping", mapping},
        {"filtering", filtering},
        {"timeouts and refresh", timeouts},
        {"allocation and collision", ports},
        {"random ports are free ports of the range", random_ports},
        {"random ports are uniform", random_ports_are_uniform},
        {"an overloaded port belongs to its latest user", overload_latest_user},
        {"limits", limits},
        {"unsolicited packets", unsolicited},
        {"reply affinity", reply_affinity},
        {"hairpin", hairpin},
        {"hairpins are foretold", hairpin_is_foretold},
        {"hairpinned packets obey the filter", hairpin_obeys_the_filter},
        {"queries", queries},
        {"counters", counters},
        {"IPv6 remotes", ipv6},
    };
    return PUNCH_TEST_MAIN("unit_nat", cases);
}
