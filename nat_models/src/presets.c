/* SPDX-License-Identifier: MIT */
/*
 * Devices people meet, as configurations with a source per field. How far to trust a source:
 *
 *   "...documentation..."  the vendor's or kernel's own text says so
 *   "secondary: ..."       others report it
 *   "from memory: ..."     widely known, not looked up again for this table
 *   "chosen: ..."          nobody says; ours, with the reason
 *
 * Fields that are zero, and so without effect, need no source beyond the first eighteen.
 *
 * To add a device: a source list, an entry in PRESETS; the tests check that no field is missing.
 */
#include "nat/presets.h"

#include <string.h>

#define SECONDS(n) ((n)*PUNCH_US_PER_S)
#define PORTS_UNPRIVILEGED .port_min = 1024, .port_max = 65535
#define TABLE_LAB .table_max = 256

#define CHOSEN_TABLE                                                                      \
    "chosen: ample for a few hosts and cheap to keep by the thousand; raise it to study " \
    "exhaustion"
#define CHOSEN_NO_HOST_LIMIT "chosen: no limit per host is documented"
#define CHOSEN_FILTERS "chosen: the default, 4 x table_max"
#define NO_BLACKLIST "chosen: unused, nothing is barred"
#define STATEFUL_ANSWERS \
    "chosen: stateful, so the answer to a packet let in belongs to that packet's state"
#define CHOSEN_IGNORE "chosen: no other reaction to unsolicited packets is documented"

#define RFC4787_REFRESH_OUT "RFC 4787 REQ-6: outbound packets must refresh"

/* --- Linux --- */

/* "measured": in Linux network namespaces, kernel 6.18, nftables 1.0.6. */
#define LINUX_MAPPING                                                                           \
    "measured with nftables masquerade (20 of 20 ports kept): endpoint-independent as long as " \
    "the source port is free; conntrack itself tracks each flow on its own"
#define LINUX_FILTERING \
    "Linux kernel, nf_conntrack: only the reply direction of a tracked flow enters; measured APDF"
#define LINUX_ALLOCATION "nft(8), masquerade: the source port is kept if possible"
#define LINUX_COLLISION                                                                        \
    "Linux kernel, nf_nat_core.c: a clashing port is searched from a random offset; measured " \
    "40000 -> 42324"
#define LINUX_PORTS "Linux kernel, nf_nat_core.c: source ports above 1023 stay in 1024..65535"
#define LINUX_FIRST "Linux kernel documentation, nf_conntrack-sysctl: nf_conntrack_udp_timeout 30 s"
#define LINUX_STREAM \
    "Linux kernel documentation, nf_conntrack-sysctl: nf_conntrack_udp_timeout_stream 120 s"
#define LINUX_AFTER                                                                           \
    "Linux kernel, nf_conntrack_proto_udp.c: a flow is a stream once it is still active 2 s " \
    "after "                                                                                  \
    "its first packet and has been answered"
#define LINUX_REFRESH "Linux kernel, nf_conntrack_proto_udp.c: every packet refreshes"
#define LINUX_HAIRPIN "measured: none without rules of its own"
#define LINUX_FULL                                                                            \
    "Linux kernel, nf_conntrack_core.c: new flows are dropped when the table is full (after " \
    "trying to drop unanswered ones, which is not modelled)"
#define LINUX_ANSWERS "Linux kernel, nf_conntrack: replies follow the tracked flow"
#define LINUX_COLLIDE                                                                             \
    "measured: without a drop rule on INPUT a probe that arrives first keeps the tuple, and the " \
    "local punch leaves from another port (also libjuice issue 259, go-libp2p issue 111)"
#define LINUX_IGNORE                                                                            \
    "measured: with `iifname wan ct state new drop` on INPUT nothing is left behind (20 of 20 " \
    "punches against 3 of 20)"

static const nat_field_source LINUX_PLAIN[] = {
    {"mapping", LINUX_MAPPING},         {"filtering", LINUX_FILTERING},
    {"allocation", LINUX_ALLOCATION},   {"collision", LINUX_COLLISION},
    {"port_min", LINUX_PORTS},          {"port_max", LINUX_PORTS},
    {"udp_timeout_first", LINUX_FIRST}, {"udp_timeout_stream", LINUX_STREAM},
    {"stream_after", LINUX_AFTER},      {"refresh_outbound", LINUX_REFRESH},
    {"refresh_inbound", LINUX_REFRESH}, {"hairpin", LINUX_HAIRPIN},
    {"table_max", CHOSEN_TABLE},        {"per_host_max", CHOSEN_NO_HOST_LIMIT},
    {"table_full", LINUX_FULL},         {"inbound_unsolicited", LINUX_COLLIDE},
    {"blacklist_for", NO_BLACKLIST},    {"reply_affinity", LINUX_ANSWERS},
    {"filters_max", CHOSEN_FILTERS},    {NULL, NULL},
};

static const nat_field_source LINUX_INPUT_DROP[] = {
    {"mapping", LINUX_MAPPING},         {"filtering", LINUX_FILTERING},
    {"allocation", LINUX_ALLOCATION},   {"collision", LINUX_COLLISION},
    {"port_min", LINUX_PORTS},          {"port_max", LINUX_PORTS},
    {"udp_timeout_first", LINUX_FIRST}, {"udp_timeout_stream", LINUX_STREAM},
    {"stream_after", LINUX_AFTER},      {"refresh_outbound", LINUX_REFRESH},
    {"refresh_inbound", LINUX_REFRESH}, {"hairpin", LINUX_HAIRPIN},
    {"table_max", CHOSEN_TABLE},        {"per_host_max", CHOSEN_NO_HOST_LIMIT},
    {"table_full", LINUX_FULL},         {"inbound_unsolicited", LINUX_IGNORE},
    {"blacklist_for", NO_BLACKLIST},    {"reply_affinity", LINUX_ANSWERS},
    {"filters_max", CHOSEN_FILTERS},    {NULL, NULL},
};

/* --- the others --- */

static const nat_field_source PF[] = {
    {"mapping",
     "pf.conf(5): a nat rule picks a port per state; pfSense documentation, static port"},
    {"filtering", "pf.conf(5): stateful, only packets that match a state enter"},
    {"allocation", "pfSense documentation, static port: the source port is rewritten at random"},
    {"collision", "pf.conf(5), nat: another random port of the range"},
    {"port_min", "from memory: FreeBSD pf.h, PF_NAT_PROXY_PORT_LOW 50001"},
    {"port_max", "from memory: FreeBSD pf.h, PF_NAT_PROXY_PORT_HIGH 65535"},
    {"udp_timeout_first",
     "FreeBSD pfctl -s timeouts: udp.first 60 s (udp.single 30 s, after more "
     "unanswered packets, is not modelled)"},
    {"udp_timeout_stream", "FreeBSD pfctl -s timeouts: udp.multiple 60 s"},
    {"refresh_outbound", RFC4787_REFRESH_OUT},
    {"refresh_inbound", "chosen: a state's timer restarts with every packet that matches it"},
    {"hairpin", "from memory: OpenBSD pf FAQ, redirection and reflection need rules of their own"},
    {"table_max", CHOSEN_TABLE},
    {"per_host_max", "pf.conf(5): max-src-states is off unless a rule asks for it"},
    {"table_full", "pf.conf(5), set limit states: new states are refused"},
    {"inbound_unsolicited", CHOSEN_IGNORE},
    {"blacklist_for", NO_BLACKLIST},
    {"reply_affinity",
     "pf.conf(5): packets that match a state skip the rules, so answers follow "
     "the state"},
    {"pressure_start",
     "pf.conf(5), adaptive.start: 60 % of the limit of states; here of table_max, 154 of 256"},
    {"pressure_end", "pf.conf(5), adaptive.end: 120 % of the limit of states; 307 of 256"},
    {"filters_max", CHOSEN_FILTERS},
    {NULL, NULL},
};

static const nat_field_source CISCO_ASA[] = {
    {"mapping",
     "Cisco ASA configuration guide, PAT pools: ICE and TURN rely on a PAT binding that "
     "is the same for all destinations, which only extended PAT breaks"},
    {"filtering", "secondary: the connection table lets only the peer of a connection answer"},
    {"allocation", "Cisco ASA configuration guide, dynamic PAT: the real source port if available"},
    {"collision",
     "Cisco ASA configuration guide: another port of the same range; which one is "
     "chosen: the next free"},
    {"port_min", "Cisco ASA configuration guide: ports above 1023 map to 1024..65535"},
    {"port_max", "Cisco ASA configuration guide, as port_min"},
    {"udp_timeout_first", "Cisco ASA default configuration: timeout conn ... udp 0:02:00"},
    {"udp_timeout_stream", "Cisco ASA default configuration: timeout conn ... udp 0:02:00"},
    {"refresh_outbound", RFC4787_REFRESH_OUT},
    {"refresh_inbound", "chosen: an idle timer counts packets of both directions"},
    {"hairpin", "from memory: needs same-security-traffic permit intra-interface"},
    {"table_max", CHOSEN_TABLE},
    {"per_host_max", CHOSEN_NO_HOST_LIMIT},
    {"table_full", "chosen: new translations are refused"},
    {"inbound_unsolicited", CHOSEN_IGNORE},
    {"blacklist_for", NO_BLACKLIST},
    {"reply_affinity", STATEFUL_ANSWERS},
    {"filters_max", CHOSEN_FILTERS},
    {NULL, NULL},
};

static const nat_field_source MIKROTIK[] = {
    {"mapping", "chosen: RouterOS runs on Linux conntrack, see linux-masquerade"},
    {"filtering", "chosen: RouterOS runs on Linux conntrack, see linux-masquerade"},
    {"allocation", "chosen: RouterOS runs on Linux conntrack, see linux-masquerade"},
    {"collision", "chosen: RouterOS runs on Linux conntrack, see linux-masquerade"},
    {"port_min", "chosen: RouterOS runs on Linux conntrack, see linux-masquerade"},
    {"port_max", "chosen: RouterOS runs on Linux conntrack, see linux-masquerade"},
    {"udp_timeout_first",
     "RouterOS 7 exports, connection tracking: udp-timeout 30 s (the manuals "
     "of 2.9 and 3 say 10 s)"},
    {"udp_timeout_stream", "MikroTik RouterOS manual, connection tracking: udp-stream-timeout 3 m"},
    {"stream_after", "from memory: RouterOS 7 is built on Linux 5.6, whose rule this is"},
    {"refresh_outbound", "MikroTik RouterOS manual: counted from the last packet of the entry"},
    {"refresh_inbound", "MikroTik RouterOS manual: counted from the last packet of the entry"},
    {"hairpin", "MikroTik RouterOS manual, NAT: hairpin NAT needs rules of its own"},
    {"table_max", CHOSEN_TABLE},
    {"per_host_max", CHOSEN_NO_HOST_LIMIT},
    {"table_full", "chosen: RouterOS runs on Linux conntrack, see linux-masquerade"},
    {"inbound_unsolicited",
     "secondary: the default configuration drops what is not from the LAN "
     "on the input chain, as linux-masquerade-input-drop does"},
    {"blacklist_for", NO_BLACKLIST},
    {"reply_affinity", "chosen: RouterOS runs on Linux conntrack, see linux-masquerade"},
    {"filters_max", CHOSEN_FILTERS},
    {NULL, NULL},
};

static const nat_field_source AWS[] = {
    {"mapping",
     "secondary: users report endpoint-dependent mapping; AWS documentation counts "
     "ports per destination address, port and protocol"},
    {"filtering", "AWS documentation: hosts on the internet cannot start a connection"},
    {"allocation", "chosen: random; the documentation names the range only"},
    {"collision", "chosen: random, as the allocation"},
    {"port_min", "AWS documentation, NAT gateways: ports 1024-65535"},
    {"port_max", "AWS documentation, NAT gateways: ports 1024-65535"},
    {"udp_timeout_first", "AWS documentation, NAT gateways: 350 s idle timeout"},
    {"udp_timeout_stream", "AWS documentation, NAT gateways: 350 s idle timeout"},
    {"refresh_outbound", RFC4787_REFRESH_OUT},
    {"refresh_inbound", "chosen: an idle timer counts packets of both directions"},
    {"hairpin", "chosen: none is documented"},
    {"table_max",
     "chosen: for the laboratory; AWS documentation: 55,000 connections to each "
     "destination"},
    {"per_host_max", CHOSEN_NO_HOST_LIMIT},
    {"table_full", "AWS documentation: ErrorPortAllocation counts refused connections"},
    {"inbound_unsolicited", CHOSEN_IGNORE},
    {"blacklist_for", NO_BLACKLIST},
    {"reply_affinity", STATEFUL_ANSWERS},
    {"filters_max", CHOSEN_FILTERS},
    {NULL, NULL},
};

static const nat_field_source GCP[] = {
    {"mapping",
     "chosen: with enableEndpointIndependentMapping on (Google RouterNat API); gateways "
     "without it, or with dynamic port allocation, are endpoint-dependent"},
    {"filtering", "Google Cloud NAT documentation: only responses to outbound packets are let in"},
    {"allocation", "chosen: random within the ports a VM has reserved"},
    {"collision", "chosen: random, as the allocation"},
    {"port_min", "from memory: Google Cloud NAT documentation, 64,512 ports of each address"},
    {"port_max", "from memory: Google Cloud NAT documentation, 64,512 ports of each address"},
    {"udp_timeout_first", "Google RouterNat API: udpIdleTimeoutSec 30"},
    {"udp_timeout_stream", "Google RouterNat API: udpIdleTimeoutSec 30"},
    {"refresh_outbound", RFC4787_REFRESH_OUT},
    {"refresh_inbound", "chosen: an idle timer counts packets of both directions"},
    {"hairpin", "chosen: none is documented"},
    {"table_max", CHOSEN_TABLE},
    {"per_host_max", "Google Cloud NAT documentation: 64 ports per VM unless set otherwise"},
    {"table_full", "chosen: new connections are dropped when a VM's ports are used up"},
    {"inbound_unsolicited", CHOSEN_IGNORE},
    {"blacklist_for", NO_BLACKLIST},
    {"reply_affinity", STATEFUL_ANSWERS},
    {"filters_max", CHOSEN_FILTERS},
    {NULL, NULL},
};

static const nat_field_source AZURE[] = {
    {"mapping",
     "chosen: Microsoft documentation, SNAT with NAT gateway: a port per connection, "
     "shared only between different destinations"},
    {"filtering", "chosen: stateful; only answers to outbound flows are documented to enter"},
    {"allocation", "Microsoft documentation, NAT gateway: ports are selected at random"},
    {"collision", "Microsoft documentation, NAT gateway: ports are selected at random"},
    {"port_min", "Microsoft documentation, NAT gateway: 64,512 SNAT ports of each address"},
    {"port_max", "Microsoft documentation, NAT gateway: 64,512 SNAT ports of each address"},
    {"udp_timeout_first",
     "Microsoft documentation, NAT gateway: UDP idle timeout 4 minutes, fixed"},
    {"udp_timeout_stream",
     "Microsoft documentation, NAT gateway: UDP idle timeout 4 minutes, fixed"},
    {"refresh_outbound", RFC4787_REFRESH_OUT},
    {"refresh_inbound",
     "Microsoft documentation, NAT gateway: UDP keepalives are needed from both "
     "sides, read as outbound refresh only"},
    {"hairpin", "chosen: none is documented"},
    {"table_max", CHOSEN_TABLE},
    {"per_host_max", "Microsoft documentation, NAT gateway: all ports are available to every VM"},
    {"table_full", "Microsoft documentation: connections fail when the ports are used up"},
    {"inbound_unsolicited", CHOSEN_IGNORE},
    {"blacklist_for", NO_BLACKLIST},
    {"reply_affinity", STATEFUL_ANSWERS},
    {"filters_max", CHOSEN_FILTERS},
    {NULL, NULL},
};

static const nat_field_source RFC4787[] = {
    {"mapping", "RFC 4787 REQ-1: endpoint-independent"},
    {"filtering",
     "RFC 4787 REQ-8: address-dependent, where stringent filtering matters more than "
     "transparency"},
    {"allocation", "RFC 4787 §4.2.1: preservation, which is permitted, not required"},
    {"collision", "RFC 4787 REQ-3: no overloading; the next free port is chosen"},
    {"port_min", "RFC 4787 REQ-3a: ports above 1023 stay above 1023"},
    {"port_max", "RFC 4787 REQ-3a: ports above 1023 stay above 1023"},
    {"udp_timeout_first", "RFC 4787 REQ-5c: 5 minutes or more"},
    {"udp_timeout_stream", "RFC 4787 REQ-5c: 5 minutes or more"},
    {"refresh_outbound", RFC4787_REFRESH_OUT},
    {"refresh_inbound", "RFC 4787 REQ-6a: inbound packets may refresh"},
    {"hairpin", "RFC 4787 REQ-9 and REQ-9a: with the external source address and port"},
    {"table_max", CHOSEN_TABLE},
    {"per_host_max", "chosen: RFC 4787 sets none (RFC 6888 REQ-4 does, for carriers)"},
    {"table_full", "chosen: RFC 4787 does not say; refusing changes no existing mapping (REQ-11)"},
    {"inbound_unsolicited", "RFC 4787 REQ-11: behaviour does not change under any condition"},
    {"blacklist_for", NO_BLACKLIST},
    {"reply_affinity", "chosen: without meaning where mapping is endpoint-independent"},
    {"filters_max", CHOSEN_FILTERS},
    {NULL, NULL},
};

#define CGN_BLOCK "RFC 6888 REQ-4, REQ-14: ports of a subscriber are limited, and assigned in bulk"

static const nat_field_source RFC6888[] = {
    {"mapping", "RFC 6888 REQ-1: as RFC 4787 REQ-1"},
    {"filtering", "RFC 6888 REQ-7: endpoint-independent"},
    {"allocation", "RFC 6888 REQ-15: hard to guess"},
    {"collision", "RFC 6888 REQ-15: hard to guess"},
    {"port_min", "RFC 6888 REQ-1: as RFC 4787 REQ-3a"},
    {"port_max", "RFC 6888 REQ-1: as RFC 4787 REQ-3a"},
    {"udp_timeout_first", "RFC 6888 REQ-1: as RFC 4787 REQ-5, two minutes at least"},
    {"udp_timeout_stream", "RFC 6888 REQ-1: as RFC 4787 REQ-5c, five minutes"},
    {"refresh_outbound", RFC4787_REFRESH_OUT},
    {"refresh_inbound",
     "RFC 4787 REQ-6a: inbound packets may refresh; chosen: they do not, lest "
     "an outsider hold a subscriber's ports"},
    {"hairpin", "RFC 6888 REQ-1: as RFC 4787 REQ-9 and REQ-9a"},
    {"table_max", CHOSEN_TABLE},
    {"per_host_max", "chosen: the block of ports is the limit"},
    {"table_full", "RFC 6888 REQ-11D: no mapping is deleted to make room"},
    {"inbound_unsolicited", "RFC 4787 REQ-11: behaviour does not change under any condition"},
    {"blacklist_for", NO_BLACKLIST},
    {"reply_affinity", "chosen: without meaning where mapping is endpoint-independent"},
    {"addresses", "chosen: a pool of four; REQ-3 asks for no limit"},
    {"block_ports", "chosen: 512 ports a subscriber, 126 of them to an address; " CGN_BLOCK},
    {"hold_down", "RFC 6888 REQ-8: 120 s"},
    {"mapping_rate", "RFC 6888 REQ-4C asks for a limit; chosen: 50 a second, a page of a browser"},
    {"mapping_burst", "chosen: 200, a household's browsers started together"},
    {"refusal", "RFC 6888 REQ-11B: host unreachable"},
    {"filters_max", CHOSEN_FILTERS},
    {NULL, NULL},
};

static const nat_field_source HARD[] = {
    {"mapping", "chosen: the worst case, Tailscale's \"hard NAT\""},
    {"filtering", "chosen: the worst case"},
    {"allocation", "chosen: the worst case, nothing to predict"},
    {"collision", "chosen: as the allocation"},
    {"port_min", "chosen: as large a range as REQ-3a of RFC 4787 allows"},
    {"port_max", "chosen: as large a range as REQ-3a of RFC 4787 allows"},
    {"udp_timeout_first", "chosen: 30 s, the shortest common value (Linux, RouterOS)"},
    {"udp_timeout_stream", "chosen: 30 s, nothing is gained by answers"},
    {"refresh_outbound", RFC4787_REFRESH_OUT},
    {"refresh_inbound", "chosen: RFC 4787 REQ-6a permits not to"},
    {"hairpin", "chosen: the worst case"},
    {"table_max", CHOSEN_TABLE},
    {"per_host_max", CHOSEN_NO_HOST_LIMIT},
    {"table_full", "chosen: the worst case for newcomers"},
    {"inbound_unsolicited", "chosen: hard by mapping and filtering alone"},
    {"blacklist_for", NO_BLACKLIST},
    {"reply_affinity", "chosen: without effect under APDM and APDF"},
    {"filters_max", CHOSEN_FILTERS},
    {NULL, NULL},
};

#define LINUX_CONFIG                                                                  \
    .mapping = NAT_MAPPING_EIM, .filtering = NAT_FILTERING_APDF,                      \
    .allocation = NAT_ALLOCATION_PRESERVING, .collision = NAT_COLLISION_RANDOM,       \
    PORTS_UNPRIVILEGED, .refresh_outbound = true, .refresh_inbound = true, TABLE_LAB, \
    .reply_affinity = true

static const nat_preset PRESETS[] = {
    {"linux-masquerade",
     "Linux masquerade without a drop rule on INPUT",
     {LINUX_CONFIG, .udp_timeout_first_us = SECONDS(30), .udp_timeout_stream_us = SECONDS(120),
      .stream_after_us = SECONDS(2), .unsolicited = NAT_UNSOLICITED_COLLIDE},
     LINUX_PLAIN},
    {"linux-masquerade-input-drop",
     "Linux masquerade that drops unsolicited packets on INPUT",
     {LINUX_CONFIG, .udp_timeout_first_us = SECONDS(30), .udp_timeout_stream_us = SECONDS(120),
      .stream_after_us = SECONDS(2), .unsolicited = NAT_UNSOLICITED_IGNORE},
     LINUX_INPUT_DROP},
    {"pf",
     "FreeBSD pf (pfSense, OPNsense) with random ports",
     {.mapping = NAT_MAPPING_APDM,
      .filtering = NAT_FILTERING_APDF,
      .allocation = NAT_ALLOCATION_RANDOM,
      .collision = NAT_COLLISION_RANDOM,
      .port_min = 50001,
      .port_max = 65535,
      .udp_timeout_first_us = SECONDS(60),
      .udp_timeout_stream_us = SECONDS(60),
      .refresh_outbound = true,
      .refresh_inbound = true,
      .pressure_start = 154,
      .pressure_end = 307,
      TABLE_LAB,
      .reply_affinity = true},
     PF},
    {"cisco-asa",
     "Cisco ASA, dynamic PAT",
     {.mapping = NAT_MAPPING_EIM,
      .filtering = NAT_FILTERING_APDF,
      .allocation = NAT_ALLOCATION_PRESERVING,
      .collision = NAT_COLLISION_NEXT_FREE,
      PORTS_UNPRIVILEGED,
      .udp_timeout_first_us = SECONDS(120),
      .udp_timeout_stream_us = SECONDS(120),
      .refresh_outbound = true,
      .refresh_inbound = true,
      TABLE_LAB,
      .reply_affinity = true},
     CISCO_ASA},
    {"mikrotik",
     "MikroTik RouterOS, default configuration",
     {LINUX_CONFIG, .udp_timeout_first_us = SECONDS(30), .udp_timeout_stream_us = SECONDS(180),
      .stream_after_us = SECONDS(2)},
     MIKROTIK},
    {"aws-nat-gateway",
     "AWS NAT gateway",
     {.mapping = NAT_MAPPING_APDM,
      .filtering = NAT_FILTERING_APDF,
      .allocation = NAT_ALLOCATION_RANDOM,
      .collision = NAT_COLLISION_RANDOM,
      PORTS_UNPRIVILEGED,
      .udp_timeout_first_us = SECONDS(350),
      .udp_timeout_stream_us = SECONDS(350),
      .refresh_outbound = true,
      .refresh_inbound = true,
      TABLE_LAB,
      .reply_affinity = true},
     AWS},
    {"gcp-cloud-nat",
     "Google Cloud NAT with endpoint-independent mapping",
     {.mapping = NAT_MAPPING_EIM,
      .filtering = NAT_FILTERING_APDF,
      .allocation = NAT_ALLOCATION_RANDOM,
      .collision = NAT_COLLISION_RANDOM,
      PORTS_UNPRIVILEGED,
      .udp_timeout_first_us = SECONDS(30),
      .udp_timeout_stream_us = SECONDS(30),
      .refresh_outbound = true,
      .refresh_inbound = true,
      TABLE_LAB,
      .per_host_max = 64,
      .reply_affinity = true},
     GCP},
    {"azure-nat-gateway",
     "Azure NAT gateway",
     {.mapping = NAT_MAPPING_APDM,
      .filtering = NAT_FILTERING_APDF,
      .allocation = NAT_ALLOCATION_RANDOM,
      .collision = NAT_COLLISION_RANDOM,
      PORTS_UNPRIVILEGED,
      .udp_timeout_first_us = SECONDS(240),
      .udp_timeout_stream_us = SECONDS(240),
      .refresh_outbound = true,
      TABLE_LAB,
      .reply_affinity = true},
     AZURE},
    {"rfc4787",
     "What RFC 4787 recommends",
     {.mapping = NAT_MAPPING_EIM,
      .filtering = NAT_FILTERING_ADF,
      .allocation = NAT_ALLOCATION_PRESERVING,
      .collision = NAT_COLLISION_NEXT_FREE,
      PORTS_UNPRIVILEGED,
      .udp_timeout_first_us = SECONDS(300),
      .udp_timeout_stream_us = SECONDS(300),
      .refresh_outbound = true,
      .refresh_inbound = true,
      .hairpin = NAT_HAIRPIN_EXTERNAL,
      TABLE_LAB},
     RFC4787},
    {"rfc6888",
     "A carrier's NAT as RFC 6888 wants it: a paired pool, a block of ports per subscriber",
     {.mapping = NAT_MAPPING_EIM,
      .filtering = NAT_FILTERING_EIF,
      .allocation = NAT_ALLOCATION_RANDOM,
      .collision = NAT_COLLISION_RANDOM,
      PORTS_UNPRIVILEGED,
      .udp_timeout_first_us = SECONDS(120),
      .udp_timeout_stream_us = SECONDS(300),
      .refresh_outbound = true,
      .hairpin = NAT_HAIRPIN_EXTERNAL,
      TABLE_LAB,
      .address_count = 4,
      .pooling = NAT_POOLING_PAIRED,
      .block_ports = 512,
      .hold_down_us = SECONDS(120),
      .mapping_rate_per_s = 50,
      .mapping_burst = 200,
      .refusal = NAT_REFUSAL_ICMP},
     RFC6888},
    {"hard",
     "Address- and port-dependent in everything, random ports",
     {.mapping = NAT_MAPPING_APDM,
      .filtering = NAT_FILTERING_APDF,
      .allocation = NAT_ALLOCATION_RANDOM,
      .collision = NAT_COLLISION_RANDOM,
      PORTS_UNPRIVILEGED,
      .udp_timeout_first_us = SECONDS(30),
      .udp_timeout_stream_us = SECONDS(30),
      .refresh_outbound = true,
      TABLE_LAB},
     HARD},
};

const nat_preset *nat_presets(size_t *count_out) {
    *count_out = sizeof PRESETS / sizeof PRESETS[0];
    return PRESETS;
}

const nat_preset *nat_preset_find(const char *name) {
    for (size_t i = 0; i < sizeof PRESETS / sizeof PRESETS[0]; i++) {
        if (strcmp(PRESETS[i].name, name) == 0) {
            return &PRESETS[i];
        }
    }
    return NULL;
}
