/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans from cells: two peers and a broker, each at a site of its own unless both peers share one,
 * and the sites those lie in: NATs behind NATs.
 *
 *   index   host     site, region   addresses (RFC 5737, RFC 1918)
 *   0       a        0              NAT 192.0.2.1 (.. 16), inside 192.168.1.10; without NAT .10
 *   1       b        2 (or 0)       NAT 198.51.100.1, inside 192.168.1.10 as in every other home;
 *                                   without NAT 198.51.100.10; at a's site the last byte is .11
 *   2       broker   1              203.0.113.1
 *
 * With IPv6 nothing translates: a has 2001:db8:a::10 (RFC 3849), b 2001:db8:b::10 or, at a's site,
 * 2001:db8:a::11, the broker 2001:db8:c::1; a firewall's own address, which nobody uses, is ::1,
 * those of the sites around them in 2001:db8:d::/48 and so on.
 * The sites around them have places of their own, from 3 on: the first one outside of a's, of b's,
 * the first they share, the second one outside of a's, ... Places nobody takes are empty sites, so
 * that an index means the same in every trial. The outermost NAT has the address above; inside a
 * NAT that others are behind, site S's is 100.64.S.1 and that of a peer without a NAT 100.64.S.10
 * (RFC 6598).
 *
 * Where there are several b, they come last: hosts "b2", "b3", ... from 3 on, each with a block of
 * sites, its own and those around it. Outside, copy K has 198.19.K.1 (.. 16) or .10 (RFC 2544), and
 * 2001:db8:10K:: (the sites around it 2001:db8:20K::, ...).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat/presets.h"
#include "punch/assert.h"
#include "scenario_internal.h"
#include "sim/crypto_fast.h"

enum { SITE_A = 0, SITE_BROKER = 1, SITE_B = 2, SITE_COUNT = 3 };
enum { OF_A = 0, OF_B = 1, OF_BOTH = 2, OF_COUNT = 3 }; /* whose sites; from 3 on: of b's copies */
enum { HOST_A = 0, HOST_B = 1, HOST_BROKER = 2, HOST_COUNT = 3 };

#define BROKER_PORT 3478 /* RFC 8489 §18.6: the port of STUN, open wherever rendezvous is */
#define CALLS_MAX 2      /* for each call: itself, and one that is being forgotten; chosen */
#define INBOX_MAX 16     /* chosen: the world drains at once */
/* At the broker, for each call: peers, and what they leave behind when addresses change; chosen. */
#define BROKER_PEERS_MAX 8
#define BROKER_CALLS_MAX 8

/* A plan with its arrays behind it, and what it was filled for last. */
typedef struct {
    sim_plan plan;
    const sim_scenario *filled_from; /* NULL: not yet */
    uint32_t filled_cell;
    uint32_t outer_max; /* sites around that of each copy */
    sim_fault faults[SCENARIO_FAULTS_MAX];
    punch_time_us core_delay_us[SITE_COUNT * SITE_COUNT];
    uint16_t core_hops[SITE_COUNT * SITE_COUNT];
} plan_memory;

_Static_assert(offsetof(plan_memory, plan) == 0, "a plan is the head of its memory");

static uint32_t copy_sites(const sim_scenario *scenario, uint32_t copies) {
    return SITE_COUNT + OF_COUNT * scenario->outer_max + copies * (1 + scenario->outer_max);
}

sim_plan *sim_scenario_plan_create(const sim_scenario *scenario) {
    const uint32_t calls = scenario->copies_max;
    plan_memory *memory = calloc(1, sizeof *memory);
    if (memory == NULL) {
        return NULL;
    }
    memory->outer_max = scenario->outer_max;
    memory->plan.sites = calloc(copy_sites(scenario, calls - 1), sizeof *memory->plan.sites);
    memory->plan.hosts = calloc(HOST_COUNT + calls - 1, sizeof *memory->plan.hosts);
    memory->plan.calls = calloc(calls, sizeof *memory->plan.calls);
    memory->plan.faults = memory->faults;
    memory->plan.core_delay_us = memory->core_delay_us;
    memory->plan.core_hops = memory->core_hops;
    if (memory->plan.sites == NULL || memory->plan.hosts == NULL || memory->plan.calls == NULL) {
        sim_scenario_plan_destroy(&memory->plan);
        return NULL;
    }
    sim_scenario_plan(scenario, 0, 0, &memory->plan);
    return &memory->plan;
}

void sim_scenario_plan_destroy(sim_plan *plan) {
    if (plan != NULL) {
        free(plan->sites);
        free(plan->hosts);
        free(plan->calls);
        free(plan);
    }
}

static void set_name(char name[16], const char *text) {
    memset(name, 0, 16);
    memcpy(name, text, strlen(text));
}

/* Of b's copy so-and-so, from 1: "b2", and what belongs to it. */
static void set_copy_name(char name[16], uint32_t copy, const char *what) {
    memset(name, 0, 16);
    (void)snprintf(name, 16, "b%u%s", (unsigned)(uint8_t)(copy + 1), what);
}

static uint32_t outer_max_of(const sim_plan *plan) {
    return ((const plan_memory *)plan)->outer_max;
}

/* First site of b's copies. */
static uint32_t copies_first(const sim_plan *plan) {
    return SITE_COUNT + OF_COUNT * outer_max_of(plan);
}

/* Whose side a site is on: a peer's, around both, or a copy's. */
static uint32_t side_of(const sim_plan *plan, uint32_t site) {
    if (site >= copies_first(plan)) {
        return OF_COUNT + (site - copies_first(plan)) / (1 + outer_max_of(plan));
    }
    return site >= SITE_COUNT ? (site - SITE_COUNT) % OF_COUNT : site == SITE_B ? OF_B : OF_A;
}

/* The site at a place in the order outwards, 0 for a peer's own, on a side. */
static uint32_t site_of(const sim_plan *plan, uint32_t of, uint32_t place) {
    if (of >= OF_COUNT) {
        return copies_first(plan) + (of - OF_COUNT) * (1 + outer_max_of(plan)) + place;
    }
    if (place > 0) {
        return SITE_COUNT + OF_COUNT * (place - 1) + of;
    }
    return of == OF_B ? (uint32_t)SITE_B : (uint32_t)SITE_A;
}

static void name_site(const sim_plan *plan, uint32_t index, char name[16]) {
    static const char *const names[SITE_COUNT] = {"a", "broker", "b"};
    static const char *const outer[OF_COUNT] = {"a's carrier", "b's carrier", "the carrier"};
    const uint32_t of = side_of(plan, index);
    uint32_t place = 0;
    if (of >= OF_COUNT) {
        place = index - site_of(plan, of, 0);
        set_copy_name(name, of - OF_COUNT + 1, place > 0 ? "'s carrier" : "");
    } else {
        place = index < SITE_COUNT ? 0 : (index - SITE_COUNT) / OF_COUNT + 1;
        set_name(name, index < SITE_COUNT ? names[index] : outer[of]);
    }
    const size_t length = strlen(name);
    if (place > 1 && length + 2 < 16) { /* "a's carrier 2" */
        name[length] = ' ';
        name[length + 1] = (char)('0' + place);
    }
}

/* An empty site: its name, and where its way through the core begins. */
static sim_site_plan *clear_site(sim_plan *plan, uint32_t index) {
    const uint32_t of = side_of(plan, index);
    sim_site_plan *out = &plan->sites[index];
    memset(out, 0, sizeof *out);
    name_site(plan, index, out->name);
    out->region = index < SITE_COUNT            ? index
                  : of == OF_A || of == OF_BOTH ? (uint32_t)SITE_A
                                                : (uint32_t)SITE_B;
    return out;
}

/* A site with its link; its NAT comes with a peer. Those before it that nobody takes are empty. */
static sim_site_plan *fill_site(const scenario_cell *cell, sim_plan *plan, uint32_t site,
                                int64_t link, uint32_t stream) {
    while (plan->site_count <= site) {
        (void)clear_site(plan, plan->site_count++);
    }
    sim_site_plan *out = clear_site(plan, site);
    scenario_cell_link(cell, link, LINK_UP, stream, &out->up);
    scenario_cell_link(cell, link, LINK_DOWN, stream, &out->down);
    return out;
}

static void fill_offers(const sim_scenario *scenario, int64_t packed_list,
                        const punch_keepalive *offers[PUNCH_OFFERS_MAX]) {
    uint64_t packed;
    memcpy(&packed, &packed_list, sizeof packed);
    for (uint32_t i = 0; i < PUNCH_OFFERS_MAX; i++) {
        const uint64_t index = packed >> (8 * i) & 0xff;
        offers[i] = index > 0 ? scenario->keepalives[index - 1] : NULL;
    }
}

/* An address of a site of ours in 2001:db8::/32: RFC 3849. */
static punch_addr ipv6_of(const sim_plan *plan, uint32_t site, uint8_t last, uint16_t port) {
    static const uint8_t prefixes[SITE_COUNT] = {
        [SITE_A] = 0xa, [SITE_B] = 0xb, [SITE_BROKER] = 0xc};
    const uint32_t of = side_of(plan, site);
    uint8_t network[2] = {0, 0};
    if (of >= OF_COUNT) {
        network[0] = (uint8_t)(1 + site - site_of(plan, of, 0));
        network[1] = (uint8_t)(of - OF_COUNT);
    } else {
        network[1] = site < SITE_COUNT ? prefixes[site] : (uint8_t)(0xd + site - SITE_COUNT);
    }
    const punch_addr addr = {.ip = {0x20, 0x01, 0x0d, 0xb8, network[0], network[1], [15] = last},
                             .port = port,
                             .family = PUNCH_FAMILY_IPV6};
    return addr;
}

static bool translates(const sim_site_plan *site) {
    return site->has_nat && !site->nat.firewall;
}

/* Is there a NAT outside of a site, in whose realm the site's outer address is? */
static bool is_inside(const sim_plan *plan, uint32_t site) {
    for (uint32_t at = sim_site_parent(&plan->sites[site]); at != SIM_NONE;
         at = sim_site_parent(&plan->sites[at])) {
        if (translates(&plan->sites[at])) {
            return true;
        }
    }
    return false;
}

/* An address in front of a site, by its last byte. */
static uint32_t outer_address(const sim_plan *plan, uint32_t site, uint32_t last) {
    const uint32_t shared = UINT32_C(0x64400000);    /* 100.64.0.0 */
    const uint32_t outside_a = UINT32_C(0xc0000200); /* 192.0.2.0 */
    const uint32_t outside_b = UINT32_C(0xc6336400); /* 198.51.100.0 */
    const uint32_t outside = UINT32_C(0xc6130000);   /* 198.19.0.0 */
    const uint32_t of = side_of(plan, site);
    const uint32_t network = is_inside(plan, site) ? shared + (site << 8)
                             : of >= OF_COUNT      ? outside + ((of - OF_COUNT + 1) << 8)
                             : of == OF_B          ? outside_b
                                                   : outside_a;
    return network + last;
}

static void fill_host(const scenario_cell *cell, sim_plan *plan, uint32_t index, uint32_t site,
                      const scenario_peer *peer) {
    const uint32_t inside = UINT32_C(0xc0a8010a); /* 192.168.1.10 */
    const bool guest = index == HOST_B && site == SITE_A;
    const uint32_t first = translates(&plan->sites[site]) ? inside : outer_address(plan, site, 10);
    sim_host_plan *host = &plan->hosts[index];
    memset(host, 0, sizeof *host);
    host->kind = SIM_HOST_PEER;
    if (index >= HOST_COUNT) {
        set_copy_name(host->name, index - HOST_COUNT + 1, "");
    } else {
        set_name(host->name, index == HOST_A ? "a" : "b");
    }
    host->site = site;
    host->addr = peer->family == SCENARIO_IPV6
                     ? ipv6_of(plan, site, guest ? 0x11 : 0x10, peer->port)
                     : punch_addr_ipv4(first + (guest ? 1 : 0), peer->port);
    host->clock_offset_us = peer->clock_offset_us;
    host->clock_drift_ppb = peer->clock_drift_ppb;
    host->start_at_us = peer->start_at_us;
    host->broker = HOST_BROKER;
    host->refuses = peer->refuses;
    host->options = (punch_options){
        .keepalive_phase_us = peer->phase_us,
        .keepalive_interval_us = peer->interval_us,
        .keepalive_probes_max = peer->probes_max,
    };
    host->radio = peer->radio_kind == SIM_RADIO_CUSTOM
                      ? peer->radio
                      : *sim_radio_kind_plan((sim_radio_kind)peer->radio_kind);
    host->calls_max = CALLS_MAX;
    host->messages_max = (uint16_t)cell->scenario->messages_max;
    host->inbox_max = cell->scenario->messages_max > 0 ? INBOX_MAX : 0;
    fill_offers(cell->scenario, peer->keepalives, host->offers);
}

/* An outer box by the name of its NAT, "a's metro", where that is short and no other box's of its
 * side; the name it has by its place stays where not. */
static void name_outer(const scenario_cell *cell, sim_plan *plan, uint32_t index,
                       const scenario_box *box) {
    static const char *const whose[OF_COUNT] = {"a's ", "b's ", "the "};
    const uint32_t of = side_of(plan, index);
    const uint32_t object = scenario_cell_object(cell, box->ref, box->stream);
    const char *name = cell->scenario->objects[object].name;
    char text[sizeof plan->sites[index].name];
    if (of < OF_COUNT) {
        set_name(text, whose[of]);
    } else {
        set_copy_name(text, of - OF_COUNT + 1, "'s ");
    }
    const size_t length = strlen(text);
    if (name == NULL || length + strlen(name) >= sizeof text) {
        return;
    }
    memcpy(text + length, name, strlen(name));
    for (uint32_t at = site_of(plan, of, 1); at < index; at += of < OF_COUNT ? OF_COUNT : 1) {
        if (strcmp(plan->sites[at].name, text) == 0) {
            return;
        }
    }
    memcpy(plan->sites[index].name, text, sizeof text);
}

/* The site of a NAT that others are behind, at its place (from 1) in the order outwards. */
static uint32_t fill_outer(const scenario_cell *cell, sim_plan *plan, uint32_t of, uint32_t place,
                           const scenario_box *box) {
    const uint32_t index = site_of(plan, of, place);
    sim_site_plan *out = fill_site(cell, plan, index, box->nat.link, box->stream);
    name_outer(cell, plan, index, box);
    out->has_nat = true;
    out->nat = box->nat.config;
    out->cross = box->nat.cross;
    out->is_isolated = box->nat.isolated;
    return index;
}

static void put_behind(sim_plan *plan, uint32_t inner, uint32_t outer) {
    plan->sites[inner].behind = outer + 1;
}

/* The site of a peer, and those around it that nobody shares; the outermost of them. */
static uint32_t fill_side(const scenario_cell *cell, sim_plan *plan, uint32_t of,
                          const scenario_peer *peer, const scenario_chain *chain, uint32_t own) {
    uint32_t at = site_of(plan, of, 0);
    sim_site_plan *site = fill_site(cell, plan, at, peer->link, chain->boxes[0].stream);
    site->has_nat = chain->boxes[0].is_there;
    site->nat = chain->boxes[0].nat.config;
    site->cross = chain->boxes[0].nat.cross;
    site->lan_delay_us = peer->lan_delay_us;
    for (uint32_t i = 1; i < own; i++) {
        const uint32_t outer = fill_outer(cell, plan, of, i, &chain->boxes[i]);
        put_behind(plan, at, outer);
        at = outer;
    }
    return at;
}

/* External addresses, when it is known what is behind what. */
static void fill_externals(sim_plan *plan, uint32_t family) {
    for (uint32_t i = 0; i < plan->site_count; i++) {
        sim_site_plan *site = &plan->sites[i];
        site->external = family == SCENARIO_IPV6 ? ipv6_of(plan, i, 1, 0)
                                                 : punch_addr_ipv4(outer_address(plan, i, 1), 0);
    }
}

/* The others of several b. */
static void fill_copies(const scenario_cell *cell, sim_plan *plan, uint32_t count) {
    plan->host_count = HOST_COUNT + count;
    for (uint32_t copy = 1; copy <= count; copy++) {
        const uint32_t stream = scenario_copy_stream(copy);
        scenario_peer peer = cell->scenario->defaults.peer;
        scenario_chain chain;
        scenario_cell_apply(cell, OBJECT_PEER_B, stream, &peer);
        scenario_chain_of(cell, &peer, stream, &chain);
        (void)fill_side(cell, plan, OF_COUNT + copy - 1, &peer, &chain, chain.count);
        fill_host(cell, plan, HOST_COUNT + copy - 1, site_of(plan, OF_COUNT + copy - 1, 0), &peer);
    }
}

/* The peers, their sites and what stands in front of them; so many b. */
static void fill_peers(const scenario_cell *cell, sim_plan *plan, const scenario_root *root,
                       uint32_t count) {
    const bool same_site = root->same_site;
    scenario_peer a = cell->scenario->defaults.peer;
    scenario_peer b = cell->scenario->defaults.peer;
    scenario_chain of_a;
    scenario_chain of_b;
    scenario_cell_apply(cell, OBJECT_PEER_A, STREAM_A, &a);
    scenario_cell_apply(cell, OBJECT_PEER_B, STREAM_B, &b);
    scenario_chain_of(cell, &a, STREAM_A, &of_a);
    scenario_chain_of(cell, &b, STREAM_B, &of_b);
    const uint32_t shared =
        root->same_carrier && !same_site ? scenario_chain_shared(cell, &of_a, &of_b) : 0;
    plan->site_count = same_site ? SITE_COUNT - 1 : SITE_COUNT;

    uint32_t end_a = fill_side(cell, plan, OF_A, &a, &of_a, of_a.count - shared);
    plan->sites[SITE_A].is_isolated = root->isolated;
    uint32_t end_b =
        same_site ? SITE_A : fill_side(cell, plan, OF_B, &b, &of_b, of_b.count - shared);
    for (uint32_t i = 0; i < shared; i++) {
        const scenario_box *box = &of_a.boxes[of_a.count - shared + i];
        const uint32_t outer = fill_outer(cell, plan, OF_BOTH, i + 1, box);
        put_behind(plan, end_a, outer);
        put_behind(plan, end_b, outer);
        end_a = end_b = outer;
    }
    fill_host(cell, plan, HOST_A, SITE_A, &a);
    fill_host(cell, plan, HOST_B, same_site ? SITE_A : SITE_B, &b);
    plan->hosts[HOST_A].calls_max =
        (uint16_t)(CALLS_MAX * count < PUNCH_CALLS_MAX ? CALLS_MAX * count : PUNCH_CALLS_MAX);
    fill_copies(cell, plan, count - 1);
    fill_externals(plan, a.family);
}

static void fill_core(const scenario_cell *cell, sim_plan *plan) {
    scenario_core core = cell->scenario->defaults.core;
    scenario_cell_apply(cell, OBJECT_CORE, STREAM_WORLD, &core);
    const int64_t permille = SCENARIO_RATIO_ONE / 1000;
    for (uint32_t i = 0; i < plan->host_count; i++) {
        if (i == HOST_BROKER) {
            continue;
        }
        punch_options *options = &plan->hosts[i].options; /* the peer's own are there already */
        options->fire_rule = (punch_fire_rule)core.fire_rule;
        options->backoff_permille = core.backoff_permille;
        options->peer_reflexive_off = !core.peer_reflexive;
        options->keepalive_jitter_permille =
            (int32_t)((core.jitter_ratio + permille / 2) / permille);
    }
    plan->crypto = core.crypto == 0 ? &sim_crypto_fast : &punch_crypto_sodium;
}

static void fill_broker(const scenario_cell *cell, sim_plan *plan) {
    scenario_broker broker = cell->scenario->defaults.broker;
    scenario_cell_apply(cell, OBJECT_BROKER, STREAM_BROKER, &broker);
    (void)fill_site(cell, plan, SITE_BROKER, broker.link, STREAM_BROKER);
    sim_host_plan *host = &plan->hosts[HOST_BROKER];
    memset(host, 0, sizeof *host);
    host->kind = SIM_HOST_BROKER;
    host->site = SITE_BROKER;
    host->addr = plan->hosts[HOST_A].addr.family == PUNCH_FAMILY_IPV6
                     ? ipv6_of(plan, SITE_BROKER, 1, BROKER_PORT)
                     : punch_addr_ipv4(UINT32_C(0xcb007101), BROKER_PORT); /* 203.0.113.1 */
    set_name(host->name, "broker");
    host->clock_offset_us = broker.clock_offset_us;
    host->clock_drift_ppb = broker.clock_drift_ppb;
    host->broker = HOST_BROKER;
    const uint32_t calls = plan->host_count - HOST_COUNT + 1;
    host->peers_max = BROKER_PEERS_MAX * calls;
    host->broker_calls_max = BROKER_CALLS_MAX * calls;
    for (uint32_t i = 0; i < plan->host_count; i++) {
        plan->hosts[i].broker_keepalive =
            i != HOST_BROKER ? cell->scenario->keepalives[broker.keepalive] : NULL;
    }
}

static void fill_internet(const scenario_cell *cell, sim_plan *plan) {
    scenario_internet internet = cell->scenario->defaults.internet;
    scenario_cell_apply(cell, OBJECT_INTERNET, STREAM_WORLD, &internet);
    punch_time_us *delay = plan->core_delay_us;
    uint16_t *hops = plan->core_hops;
    memset(delay, 0, SITE_COUNT * SITE_COUNT * sizeof *delay);
    memset(hops, 0, SITE_COUNT * SITE_COUNT * sizeof *hops);
    hops[SITE_A * SITE_COUNT + SITE_B] = hops[SITE_B * SITE_COUNT + SITE_A] = internet.a_b_hops;
    hops[SITE_A * SITE_COUNT + SITE_BROKER] = hops[SITE_BROKER * SITE_COUNT + SITE_A] =
        internet.a_broker_hops;
    hops[SITE_B * SITE_COUNT + SITE_BROKER] = hops[SITE_BROKER * SITE_COUNT + SITE_B] =
        internet.b_broker_hops;
    plan->region_count = SITE_COUNT;
    delay[SITE_A * SITE_COUNT + SITE_B] = delay[SITE_B * SITE_COUNT + SITE_A] = internet.a_b_us;
    delay[SITE_A * SITE_COUNT + SITE_BROKER] = delay[SITE_BROKER * SITE_COUNT + SITE_A] =
        internet.a_broker_us;
    delay[SITE_B * SITE_COUNT + SITE_BROKER] = delay[SITE_BROKER * SITE_COUNT + SITE_B] =
        internet.b_broker_us;
    plan->core_loss = internet.loss;
}

/* a calls every b, each at a moment drawn for it. */
static void fill_calls(const scenario_cell *cell, sim_plan *plan) {
    plan->call_count = plan->host_count - HOST_COUNT + 1;
    for (uint32_t i = 0; i < plan->call_count; i++) {
        scenario_call call = cell->scenario->defaults.call;
        scenario_cell_apply(cell, OBJECT_CALL, i == 0 ? STREAM_WORLD : scenario_copy_stream(i),
                            &call);
        plan->calls[i] = (sim_call_plan){.caller = HOST_A,
                                         .callee = i == 0 ? HOST_B : HOST_COUNT + i - 1,
                                         .at_us = call.at_us,
                                         .message_count = call.message_count,
                                         .message_bytes = call.message_bytes,
                                         .message_gap_us = call.message_gap_us,
                                         .redial_us = call.redial_us};
    }
}

/* What a NAT becomes; false when none was drawn for that site, or one that cannot become that. */
static bool fill_nat_fault(const scenario_cell *cell, const sim_plan *plan,
                           const scenario_fault *fault, uint32_t number, sim_fault *out) {
    const sim_site_plan *site = &plan->sites[out->index];
    scenario_nat box;
    if (out->kind == SIM_FAULT_NAT_RENUMBER) {
        /* Each entry of the timeline has a network of its own: RFC 2544, 198.18.NUMBER.1, or
         * behind another NAT 100.127.NUMBER.1. */
        const uint32_t first =
            is_inside(plan, out->index) ? UINT32_C(0x647f0001) : UINT32_C(0xc6120001);
        out->external = punch_addr_ipv4(first + (number << 8), 0);
        return translates(site);
    }
    if (out->kind == SIM_FAULT_NAT_CHANGE) {
        (void)scenario_cell_nat(cell, fault->to, fault->on == SCENARIO_ON_A ? STREAM_A : STREAM_B,
                                &box);
        out->nat = box.config;
        return site->has_nat && site->nat.firewall == box.config.firewall;
    }
    return site->has_nat;
}

/* The host or the site struck; SIM_NONE when the chain of boxes ends before. */
static uint32_t struck(const sim_plan *plan, const scenario_fault *fault) {
    const uint32_t host = fault->on == SCENARIO_ON_BROKER ? (uint32_t)HOST_BROKER
                          : fault->on == SCENARIO_ON_A    ? (uint32_t)HOST_A
                                                          : (uint32_t)HOST_B;
    uint32_t site = plan->hosts[host].site;
    for (uint32_t i = 0; i < fault->box && site != SIM_NONE; i++) {
        site = sim_site_parent(&plan->sites[site]);
    }
    return sim_fault_is_of_site((sim_fault_kind)fault->action) ? site : host;
}

/* What a peer will offer later, it has memory for from the beginning. */
static void add_later(sim_host_plan *host, const punch_keepalive *const *offers) {
    for (uint32_t i = 0; i < PUNCH_OFFERS_MAX && offers[i] != NULL; i++) {
        uint32_t at = 0;
        while (at < PUNCH_OFFERS_MAX && host->later[at] != NULL && host->later[at] != offers[i]) {
            at++;
        }
        if (at < PUNCH_OFFERS_MAX) {
            host->later[at] = offers[i];
        }
    }
}

/* Faults in order of time; equal times keep the order of the file. */
static void fill_timeline(const scenario_cell *cell, sim_plan *plan) {
    plan->fault_count = 0;
    for (uint32_t i = 0; i < cell->scenario->fault_count; i++) {
        scenario_fault fault = cell->scenario->defaults.fault;
        scenario_cell_apply(cell, cell->scenario->fault_first + i, STREAM_TIMELINE + i, &fault);
        if (!fault.happens) {
            continue;
        }
        sim_fault out = {.at_us = fault.at_us,
                         .kind = (sim_fault_kind)fault.action,
                         .network_changed = fault.network_changed};
        out.index = struck(plan, &fault);
        if (out.index == SIM_NONE ||
            (sim_fault_is_of_nat(out.kind) && !fill_nat_fault(cell, plan, &fault, i, &out))) {
            continue;
        }
        if (out.kind == SIM_FAULT_RENEGOTIATE) {
            fill_offers(cell->scenario, fault.keepalives, out.offers);
            add_later(&plan->hosts[out.index], out.offers);
        }
        uint32_t at = plan->fault_count++;
        for (; at > 0 && plan->faults[at - 1].at_us > out.at_us; at--) {
            plan->faults[at] = plan->faults[at - 1];
        }
        plan->faults[at] = out;
    }
}

/* All of a plan, with so many b; 0: as many as the cell says. */
static void fill_plan(const scenario_cell *cell, uint32_t count, sim_plan *plan) {
    const scenario_defaults *defaults = &cell->scenario->defaults;
    scenario_root root = defaults->root;
    scenario_peer b = defaults->peer;
    scenario_cell_apply(cell, OBJECT_ROOT, STREAM_WORLD, &root);
    scenario_cell_apply(cell, OBJECT_PEER_B, STREAM_B, &b);
    plan->limit_us = root.limit_us;
    plan->hold_us = root.hold_us;
    plan->packets_max = root.packets_max;
    fill_peers(cell, plan, &root, count > 0 ? count : b.count);
    fill_broker(cell, plan);
    fill_core(cell, plan);
    fill_internet(cell, plan);
    fill_calls(cell, plan);
    fill_timeline(cell, plan);
}

void sim_scenario_plan(const sim_scenario *scenario, uint32_t cell, uint64_t trial_seed,
                       sim_plan *plan) {
    plan_memory *memory = (plan_memory *)plan;
    PUNCH_ASSERT(cell < scenario->cell_count);
    if (!scenario->drawn && memory->filled_from == scenario && memory->filled_cell == cell) {
        return; /* all trials of this cell have the same plan */
    }
    const scenario_cell at = scenario_cell_at(scenario, cell, trial_seed);
    fill_plan(&at, 0, plan);
    memory->filled_from = scenario;
    memory->filled_cell = cell;
}

static uint32_t larger(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

/* Room a list of strategies needs for what they learn. */
static uint32_t learning_bytes(const sim_scenario *scenario, int64_t packed_list) {
    uint32_t bytes = 0;
    uint64_t list;
    memcpy(&list, &packed_list, sizeof list);
    for (; list != 0; list >>= 8) {
        bytes += (uint32_t)punch_peer_learning_bytes(scenario->keepalives[(list & 0xff) - 1]);
    }
    return bytes;
}

/* Grows the largest plan's tables to what a value of an option may ask for. */
static void grow_for(const sim_scenario *scenario, const scenario_option *option,
                     const scenario_value *value, sim_plan *plan) {
    if (value->draw != NULL) {
        for (uint32_t i = 0; i < value->draw->point_count; i++) {
            grow_for(scenario, option, &value->draw->points[i].value, plan);
        }
        return;
    }
    nat_config *config = &plan->sites[SITE_A].nat;
    const uint32_t number = (uint32_t)value->number;
    if (option->type == TYPE_PRESET) {
        size_t count;
        *config = nat_config_room(config, &nat_presets(&count)[value->number].config);
    } else if (strcmp(option->name, "nat.table_max") == 0) {
        config->table_max = larger(config->table_max, number);
    } else if (strcmp(option->name, "nat.filters_max") == 0) {
        config->filters_max = larger(config->filters_max, number);
    } else if (strcmp(option->name, "nat.addresses") == 0) {
        config->address_count = larger(config->address_count, number);
    } else if (strcmp(option->name, "nat.timeout_spread") == 0) {
        config->timeout_spread_permille = larger(config->timeout_spread_permille, number);
    } else if (strcmp(option->name, "nat.per_host_max") == 0) {
        config->per_host_max = larger(config->per_host_max, number);
    } else if (strcmp(option->name, "nat.block_ports") == 0) {
        config->block_ports = larger(config->block_ports, number);
    } else if (strcmp(option->name, "nat.cross_rate") == 0) {
        plan->sites[SITE_A].cross.rate_milli = larger(plan->sites[SITE_A].cross.rate_milli, number);
    } else if (strcmp(option->name, "nat.mapping_rate") == 0) {
        config->mapping_rate_per_s = larger(config->mapping_rate_per_s, number);
    } else if (strcmp(option->name, "packets_max") == 0) {
        plan->packets_max = larger(plan->packets_max, number);
    } else if (strcmp(option->name, "timeline.keepalive") == 0) {
        plan->hosts[HOST_B].learning_bytes += learning_bytes(scenario, value->number);
    } else if (option->type == TYPE_KEEPALIVES) {
        uint32_t *bytes = &plan->hosts[HOST_A].learning_bytes;
        *bytes = larger(*bytes, learning_bytes(scenario, value->number));
    } else if (option->type == TYPE_KEEPALIVE) {
        uint32_t *bytes = &plan->hosts[HOST_BROKER].learning_bytes;
        *bytes = larger(*bytes, learning_bytes(scenario, value->number + 1));
    }
}

sim_plan *sim_scenario_largest_plan(const sim_scenario *scenario) {
    sim_plan *plan = sim_scenario_plan_create(scenario);
    if (plan == NULL) {
        return NULL;
    }
    const scenario_cell first = scenario_cell_at(scenario, 0, 0);
    fill_plan(&first, scenario->copies_max, plan);
    while (plan->site_count < copy_sites(scenario, scenario->copies_max - 1)) {
        (void)clear_site(plan, plan->site_count++);
    }
    plan->sites[SITE_A].nat = scenario->defaults.nat.config;
    plan->sites[SITE_A].cross = scenario->defaults.nat.cross;
    plan->fault_count = scenario->fault_count;
    plan->packets_max = scenario->defaults.root.packets_max;
    for (uint32_t o = 0; o < scenario->object_count; o++) {
        for (uint32_t i = 0; i < scenario->objects[o].setting_count; i++) {
            const scenario_setting *setting = &scenario->objects[o].settings[i];
            grow_for(scenario, setting->option, &setting->value, plan);
        }
    }
    for (uint32_t f = 0; f < scenario->factor_count; f++) {
        for (uint32_t l = 0; l < scenario->factors[f].level_count; l++) {
            const scenario_level *level = &scenario->factors[f].levels[l];
            for (uint32_t i = 0; i < level->setting_count; i++) {
                grow_for(scenario, level->settings[i].option, &level->settings[i].value, plan);
            }
        }
    }
    /* Paired or not: paired addresses need more room. What was collected need not be a NAT that can
     * be made; room for it is. */
    nat_config *config = &plan->sites[SITE_A].nat;
    config->filters_max = larger(config->filters_max, 4 * config->table_max);
    config->pooling = NAT_POOLING_PAIRED;
    *config = nat_config_room(config, config);
    for (uint32_t i = 0; i < plan->site_count; i++) {
        if (i != SITE_BROKER) {
            plan->sites[i].nat = *config;
            plan->sites[i].cross = plan->sites[SITE_A].cross;
            plan->sites[i].has_nat = true;
            plan->sites[i].behind = 0;
        }
    }
    fill_externals(plan, SCENARIO_IPV4);
    /* The longest list of a peer's, all that the timeline offers, and the broker's strategy were
     * collected apart. */
    plan->hosts[HOST_A].learning_bytes +=
        plan->hosts[HOST_B].learning_bytes + plan->hosts[HOST_BROKER].learning_bytes;
    for (uint32_t i = 0; i < plan->host_count; i++) {
        plan->hosts[i].learning_bytes = i != HOST_BROKER ? plan->hosts[HOST_A].learning_bytes : 0;
    }
    ((plan_memory *)plan)->filled_from = NULL;
    return plan;
}
