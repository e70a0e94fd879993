/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario_options.h"

#include <string.h>

#include "punch/assert.h"

static const char *const backend_names[] = {"des", "ns3", "netns", NULL};
static const char *const fire_names[] = {"same_instant", "seed_literal", "on_receipt", NULL};
static const char *const crypto_names[] = {"fast", "sodium", NULL};
static const char *const mapping_names[] = {"EIM", "ADM", "APDM", NULL};
static const char *const filtering_names[] = {"EIF", "ADF", "APDF", NULL};
static const char *const allocation_names[] = {"preserving", "contiguous", "random", NULL};
static const char *const collision_names[] = {"next-free", "contiguous", "random",
                                              "overload",  "override",   NULL};
static const char *const pooling_names[] = {"paired", "arbitrary", NULL};
static const char *const spread_names[] = {"uniform", "lognormal", NULL};
static const char *const hairpin_names[] = {"none", "internal", "external", NULL};
static const char *const full_names[] = {"refuse", "evict-oldest", "evict-random", NULL};
static const char *const unsolicited_names[] = {"ignore", "collide", "kill", "blacklist", NULL};
static const char *const refusal_names[] = {"silence", "icmp", NULL};
static const char *const family_names[] = {"ipv4", "ipv6", NULL};
static const char *const fault_names[] = {
    "broker-down", "broker-up",  "broker-restart", "link-down",
    "link-up",     "nat-reboot", "nat-renumber",   "nat-change",
    "peer-crash",  "peer-sleep", "peer-wake",      "renegotiate",
    NULL};
static const char *const radio_names[] = {"none", "2g", "3g", "custom", NULL};
static const char *const on_names[] = {"a", "b", "broker", NULL};

_Static_assert(sizeof(nat_mapping) == 4 && sizeof(nat_unsolicited) == 4 &&
                   sizeof(sim_fault_kind) == 4,
               "STORE_ENUM writes four bytes");

/* Rows by type. The fallback and the range stand as a scenario would write them. */
#define NUMBER(name, section, kind, store, flags, fallback, low, high, offset, help) \
    { name, section, TYPE_NUMBER, kind, store, flags, fallback, low, high, NULL, offset, help }
#define BOOL(name, section, flags, fallback, offset, help)                                     \
    {                                                                                          \
        name, section, TYPE_BOOL, NUMBER_COUNT, STORE_BOOL, flags, fallback, NULL, NULL, NULL, \
            offset, help                                                                       \
    }
#define ENUM(name, section, flags, fallback, names, offset, help)                               \
    {                                                                                           \
        name, section, TYPE_ENUM, NUMBER_COUNT, STORE_ENUM, flags, fallback, NULL, NULL, names, \
            offset, help                                                                        \
    }
#define INDEX(name, section, type, flags, fallback, offset, help)                                \
    {                                                                                            \
        name, section, type, NUMBER_COUNT, STORE_I64, flags, fallback, NULL, NULL, NULL, offset, \
            help                                                                                 \
    }

#define AT_ROOT(field) offsetof(scenario_root, field)
#define AT_CORE(field) offsetof(scenario_core, field)
#define AT_NAT(field) offsetof(scenario_nat, config.field)
#define AT_CROSS(field) offsetof(scenario_nat, cross.field)
#define AT_LINK(field) offsetof(scenario_link, plan.field)
#define AT_PEER(field) offsetof(scenario_peer, field)
#define AT_BROKER(field) offsetof(scenario_broker, field)
#define AT_INTERNET(field) offsetof(scenario_internet, field)
#define AT_CALL(field) offsetof(scenario_call, field)
#define AT_FAULT(field) offsetof(scenario_fault, field)
#define AT_UNTIL(field) offsetof(scenario_until, field)
#define AT_TRADEOFF(field) offsetof(scenario_tradeoff, field)
#define NOWHERE 0 /* "expect" has no structure to store into */

/* Ranges without another source are chosen: wide enough for every network known, narrow enough to
 * catch a slip of the unit. */
static const scenario_option options[] = {
    INDEX("name", SECTION_ROOT, TYPE_NAME, OPTION_FIXED | OPTION_REQUIRED | OPTION_SILENT, "",
          AT_ROOT(name), "Name of the scenario; also of its directory of results."),
    INDEX("title", SECTION_ROOT, TYPE_TEXT, OPTION_FIXED | OPTION_SILENT, "", AT_ROOT(title),
          "One line for people."),
    INDEX("question", SECTION_ROOT, TYPE_TEXT, OPTION_FIXED | OPTION_SILENT, "", AT_ROOT(question),
          "The one question the scenario answers."),
    INDEX("notes", SECTION_ROOT, TYPE_TEXT, OPTION_FIXED | OPTION_SILENT, "", AT_ROOT(notes),
          "Sources, choices and what to keep in mind."),
    ENUM("backend", SECTION_ROOT, OPTION_FIXED, "des", backend_names, AT_ROOT(backend),
         "The world that runs it, unless the command line says otherwise."),
    {"seed", SECTION_ROOT, TYPE_SEED, NUMBER_COUNT, STORE_U64, OPTION_FIXED | OPTION_SILENT, "1",
     NULL, NULL, NULL, AT_ROOT(seed), "Seed of all draws: 64 bits, as a text."},
    NUMBER("trials", SECTION_ROOT, NUMBER_COUNT, STORE_U64, OPTION_FIXED | OPTION_SILENT, "1000",
           "1", "1000000000", AT_ROOT(trials), "Trials of each cell."),
    NUMBER("limit", SECTION_ROOT, NUMBER_DURATION, STORE_I64, 0, "120s", "1ms", "720h",
           AT_ROOT(limit_us),
           "A trial ends here at the latest; a pair not connected by then has failed."),
    NUMBER(
        "hold", SECTION_ROOT, NUMBER_DURATION, STORE_I64, 0, "0s", "0s", "720h", AT_ROOT(hold_us),
        "Runs on for this long after the call was decided, but not past \"limit\", which must have "
        "room for the latest \"call.at\" and this; what is left is for connecting."),
    BOOL(
        "same_site", SECTION_ROOT, 0, "false", AT_ROOT(same_site),
        "b lives at a's site, behind the same NAT and link; b's own \"nat\" and \"link\" must then "
        "be left out."),
    BOOL("same_carrier", SECTION_ROOT, 0, "false", AT_ROOT(same_carrier),
         "Where the NATs that a and b are behind end in the same ones, from the outermost inwards, "
         "they are the same boxes; else each peer has its own of that kind. Where they are drawn, "
         "each peer draws, and what was drawn is compared. The peers' innermost "
         "NATs are never shared: that is \"same_site\". Out of a shared box b's way to the broker "
         "is a's (\"a-broker\")."),
    BOOL("isolated", SECTION_ROOT, 0, "false", AT_ROOT(isolated),
         "With same_site: the network keeps a and b apart, as guest Wi-Fi does; they reach each "
         "other through their NAT or not at all."),
    NUMBER("packets_max", SECTION_ROOT, NUMBER_COUNT, STORE_U32, 0, "1024", "16", "1000000",
           AT_ROOT(packets_max), "Packets under way at once in a world."),

    ENUM("core.fire_rule", SECTION_CORE, OPTION_DRAWN, "same_instant", fire_names,
         AT_CORE(fire_rule),
         "When a peer fires: when the estimated broker clock shows the agreed instant; half its "
         "own round trip earlier; or when GO arrives."),
    NUMBER("core.backoff", SECTION_CORE, NUMBER_MULTIPLIER, STORE_U32, OPTION_DRAWN, "1.5", "1",
           "10", AT_CORE(backoff_permille), "Each gap between INTROs is the last one times this."),
    BOOL("core.peer_reflexive", SECTION_CORE, OPTION_DRAWN, "true", AT_CORE(peer_reflexive),
         "Answer authenticated packets at the address they came from, even if nobody signalled "
         "it."),
    NUMBER("core.keepalive_jitter", SECTION_CORE, NUMBER_RATIO, STORE_I64, OPTION_DRAWN, "5%", "0%",
           "50%", AT_CORE(jitter_ratio), "Random part of the keepalive interval, either way."),
    ENUM("core.crypto", SECTION_CORE, 0, "fast", crypto_names, AT_CORE(crypto),
         "Crypto provider: the laboratory's fast toy or libsodium; outcomes are the same."),

    INDEX("nat.preset", SECTION_NAT, TYPE_PRESET, 0, "", offsetof(scenario_nat, preset),
          "A known device to start from; the other keys change it. Without one: what RFC 4787 "
          "recommends."),
    INDEX(
        "nat.behind", SECTION_NAT, TYPE_OUTER_NAT, OPTION_DRAWN, "none",
        offsetof(scenario_nat, behind),
        "Behind another NAT, as a home behind its carrier's: a name in \"nat\", which may be "
        "behind "
        "a third; up to six one behind the other, the peer's own included. Its external address is "
        "then one of 100.64.0.0/10 (RFC 6598)."),
    INDEX("nat.link", SECTION_NAT, TYPE_LINK, OPTION_DRAWN, "none", offsetof(scenario_nat, link),
          "Its link outwards where other NATs or peers are behind it; a peer's own NAT has the "
          "peer's link instead."),
    BOOL(
        "nat.isolated", SECTION_NAT, OPTION_DRAWN, "false", offsetof(scenario_nat, isolated),
        "As a NAT that others are behind: they reach each other through it or not at all, never by "
        "their inside addresses, as where a carrier keeps its customers apart."),
    ENUM("nat.mapping", SECTION_NAT, OPTION_DRAWN, "", mapping_names, AT_NAT(mapping),
         "Who shares an external port: RFC 4787 §4.1."),
    ENUM("nat.filtering", SECTION_NAT, OPTION_DRAWN, "", filtering_names, AT_NAT(filtering),
         "Who may come in through a mapping: RFC 4787 §5."),
    ENUM("nat.allocation", SECTION_NAT, OPTION_DRAWN, "", allocation_names, AT_NAT(allocation),
         "Which external port a new mapping gets: RFC 4787 §4.2."),
    ENUM("nat.collision", SECTION_NAT, OPTION_DRAWN, "", collision_names, AT_NAT(collision),
         "What happens when that port is taken."),
    NUMBER("nat.port_min", SECTION_NAT, NUMBER_COUNT, STORE_U16, 0, "", "1", "65535",
           AT_NAT(port_min), "First external port."),
    NUMBER("nat.port_max", SECTION_NAT, NUMBER_COUNT, STORE_U16, 0, "", "1", "65535",
           AT_NAT(port_max), "Last external port, inclusive."),
    NUMBER("nat.udp_timeout", SECTION_NAT, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "", "1ms",
           "24h", offsetof(scenario_nat, udp_timeout_us),
           "Life of a mapping, from its first packet on: both of the following at once, drawn "
           "once. Without it they count."),
    NUMBER("nat.udp_timeout_first", SECTION_NAT, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "",
           "1ms", "24h", AT_NAT(udp_timeout_first_us),
           "Life of a mapping until a packet has passed the other way."),
    NUMBER("nat.udp_timeout_stream", SECTION_NAT, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "",
           "1ms", "24h", AT_NAT(udp_timeout_stream_us), "Life of a mapping from then on."),
    BOOL("nat.refresh_outbound", SECTION_NAT, OPTION_DRAWN, "", AT_NAT(refresh_outbound),
         "Packets going out prolong a mapping: RFC 4787 REQ-6."),
    BOOL("nat.refresh_inbound", SECTION_NAT, OPTION_DRAWN, "", AT_NAT(refresh_inbound),
         "Packets coming in prolong a mapping: RFC 4787 REQ-6a."),
    ENUM("nat.hairpin", SECTION_NAT, OPTION_DRAWN, "", hairpin_names, AT_NAT(hairpin),
         "Packets from inside to the NAT's own address: dropped, or turned back with the internal "
         "or the external source: RFC 4787 REQ-9."),
    NUMBER("nat.table_max", SECTION_NAT, NUMBER_COUNT, STORE_U32, 0, "", "1", "4194304",
           AT_NAT(table_max), "Live mappings at most."),
    NUMBER("nat.per_host_max", SECTION_NAT, NUMBER_COUNT, STORE_U32, OPTION_DRAWN, "", "0",
           "4194304", AT_NAT(per_host_max), "Live mappings of one inside address; 0: no limit."),
    ENUM("nat.table_full", SECTION_NAT, OPTION_DRAWN, "", full_names, AT_NAT(full),
         "What happens at either limit."),
    ENUM("nat.inbound_unsolicited", SECTION_NAT, 0, "", unsolicited_names, AT_NAT(unsolicited),
         "What a refused packet from outside does: nothing, take the port (a plain Linux "
         "masquerade), destroy the mapping, or get its source barred."),
    NUMBER("nat.blacklist_for", SECTION_NAT, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "", "1ms",
           "24h", AT_NAT(blacklist_us), "How long a source stays barred."),
    BOOL("nat.reply_affinity", SECTION_NAT, OPTION_DRAWN, "", AT_NAT(reply_affinity),
         "Replies to a session accepted from outside leave from the port it came in by (Linux "
         "conntrack)."),
    NUMBER("nat.filters_max", SECTION_NAT, NUMBER_COUNT, STORE_U32, 0, "", "0", "16777216",
           AT_NAT(filters_max), "Remotes remembered over all mappings; 0: four times table_max."),
    NUMBER(
        "nat.stream_after", SECTION_NAT, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "", "0s", "24h",
        AT_NAT(stream_after_us),
        "udp_timeout_stream begins only with a packet later than this after a flow's first, when "
        "one has come in before (Linux: 2s); 0s: with the first packet in."),
    NUMBER(
        "nat.timeout_spread", SECTION_NAT, NUMBER_MULTIPLIER, STORE_U32, OPTION_DRAWN, "", "0",
        "0.9", AT_NAT(timeout_spread_permille),
        "Each mapping draws its timeouts when it is made: longer or shorter by up to this share, "
        "in eight equally likely steps (or see timeout_spread_shape)."),
    ENUM(
        "nat.timeout_spread_shape", SECTION_NAT, OPTION_DRAWN, "", spread_names,
        AT_NAT(timeout_spread_shape),
        "How they are spread: evenly, or log-normally, timeout_spread being the standard deviation "
        "of the logarithms and the timeout the median; eight equally likely steps too."),
    NUMBER("nat.timeout_drift", SECTION_NAT, NUMBER_MULTIPLIER, STORE_U32, OPTION_DRAWN, "", "0",
           "0.9", AT_NAT(timeout_drift_permille),
           "Timeouts swing by up to this share over drift_period, as a sine that rises at first."),
    NUMBER("nat.drift_period", SECTION_NAT, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "", "0s",
           "720h", AT_NAT(drift_period_us), "How long a swing takes; 0s: a day."),
    NUMBER("nat.drift_phase", SECTION_NAT, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "", "0s",
           "720h", AT_NAT(drift_phase_us), "How much of it is over when the world begins."),
    NUMBER("nat.pressure_start", SECTION_NAT, NUMBER_COUNT, STORE_U32, 0, "", "0", "4194304",
           AT_NAT(pressure_start),
           "From so many live mappings on timeouts shrink (adaptive.start of pf.conf)."),
    NUMBER("nat.pressure_end", SECTION_NAT, NUMBER_COUNT, STORE_U32, 0, "", "0", "4194304",
           AT_NAT(pressure_end),
           "In proportion, to nothing at so many (adaptive.end); 0: they do not shrink."),
    NUMBER("nat.addresses", SECTION_NAT, NUMBER_COUNT, STORE_U32, 0, "", "1", "16",
           AT_NAT(address_count), "External addresses, one after the other."),
    ENUM("nat.pooling", SECTION_NAT, 0, "", pooling_names, AT_NAT(pooling),
         "Which of them: one for all mappings of an inside address, or any for each mapping: RFC "
         "4787 REQ-2."),
    BOOL("nat.port_parity", SECTION_NAT, OPTION_DRAWN, "", AT_NAT(port_parity),
         "Even inside ports get even external ports, odd ones odd: RFC 4787 REQ-4."),
    NUMBER("nat.block_ports", SECTION_NAT, NUMBER_COUNT, STORE_U32, 0, "", "0", "65535",
           AT_NAT(block_ports),
           "Each inside address has a block of so many ports to itself and no other: RFC 6888 "
           "REQ-4; 0: all share the range."),
    NUMBER("nat.blocks_per_host", SECTION_NAT, NUMBER_COUNT, STORE_U32, OPTION_DRAWN, "", "0", "64",
           AT_NAT(blocks_per_host),
           "So many blocks at most: a further one when the first is used up; 0: one."),
    NUMBER("nat.hold_down", SECTION_NAT, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "", "0s", "24h",
           AT_NAT(hold_down_us),
           "How long a port is not given again when its mapping has ended: RFC 6888 REQ-8."),
    NUMBER("nat.hold_down_max", SECTION_NAT, NUMBER_COUNT, STORE_U32, OPTION_DRAWN, "", "0",
           "4194304", AT_NAT(hold_down_max),
           "Only the latest so many ports; 0: as many as the table has room for."),
    NUMBER("nat.mapping_rate", SECTION_NAT, NUMBER_COUNT, STORE_U32, OPTION_DRAWN, "", "0",
           "1000000", AT_NAT(mapping_rate_per_s),
           "New mappings a second of one inside address: RFC 6888 REQ-4C; 0: no limit. Needs "
           "mapping_burst."),
    NUMBER("nat.mapping_burst", SECTION_NAT, NUMBER_COUNT, STORE_U32, OPTION_DRAWN, "", "0",
           "1000000", AT_NAT(mapping_burst), "How many of them it may make at once."),
    BOOL("nat.firewall", SECTION_NAT, 0, "", AT_NAT(firewall),
         "Filters without translating: the hosts behind it have public addresses. What says "
         "something about ports, addresses or hairpinning has no effect."),
    BOOL("nat.udp_blocked", SECTION_NAT, OPTION_DRAWN, "", AT_NAT(udp_blocked),
         "No UDP passes, in either direction."),
    NUMBER("nat.udp_rate", SECTION_NAT, NUMBER_COUNT, STORE_U32, 0, "", "0", "1000000",
           AT_NAT(udp_rate_pps),
           "UDP packets a second that pass, both directions together; 0: no limit. Needs "
           "udp_burst."),
    NUMBER("nat.udp_burst", SECTION_NAT, NUMBER_COUNT, STORE_U32, 0, "", "0", "1000000",
           AT_NAT(udp_burst), "How many of them may come at once."),
    ENUM("nat.refusal", SECTION_NAT, OPTION_DRAWN, "", refusal_names, AT_NAT(refusal),
         "What the sender of a packet it drops is told: nothing, or an ICMP error: RFC 5508 REQ-8, "
         "RFC 6888 REQ-11B."),
    BOOL("nat.icmp_blocked", SECTION_NAT, OPTION_DRAWN, "", AT_NAT(icmp_blocked),
         "No ICMP error passes, in either direction: breaks RFC 4787 REQ-12b."),
    BOOL("nat.icmp_kills_mapping", SECTION_NAT, OPTION_DRAWN, "", AT_NAT(icmp_kills_mapping),
         "An ICMP error that passes ends the mapping it is about: breaks RFC 4787 REQ-12."),
    NUMBER(
        "nat.cross_rate", SECTION_NAT, NUMBER_MULTIPLIER, STORE_U32, 0, "0", "0", "100000",
        AT_CROSS(rate_milli),
        "Flows a second that other hosts open through it, a packet each and its answer, to "
        "addresses nobody here has: they take mappings and ports, and their share of udp_rate and "
        "mapping_rate; they cross no link. With stream_after, what was answered sends once more "
        "when it is over. 0: nobody else is there."),
    NUMBER("nat.cross_dispersion", SECTION_NAT, NUMBER_MULTIPLIER, STORE_U32, 0, "1", "1", "1000",
           AT_CROSS(dispersion_milli),
           "How bursty: variance of the number of these flows in any time, divided by its mean. "
           "1: Poisson; more: batches of one host each, counts are negative binomial."),
    NUMBER("nat.cross_hosts", SECTION_NAT, NUMBER_COUNT, STORE_U32, 0, "50", "1", "1000000",
           AT_CROSS(hosts), "How many other hosts there are, each as likely to open the next."),
    NUMBER("nat.cross_answered", SECTION_NAT, NUMBER_RATIO, STORE_PROBABILITY, 0, "100%", "0%",
           "100%", AT_CROSS(answered),
           "Share of these flows that are answered, at once: udp_timeout_stream is for those."),

    INDEX("link.preset", SECTION_LINK, TYPE_LINK_PRESET, OPTION_DRAWN, "",
          offsetof(scenario_link, preset),
          "A known kind of line to start from; the other keys change it. Without one: instant, "
          "lossless and unlimited, the defaults below."),
    NUMBER("link.delay", SECTION_LINK, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "0s", "0s", "60s",
           AT_LINK(delay_us), "One way, per direction."),
    NUMBER("link.jitter", SECTION_LINK, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "0s", "0s", "60s",
           AT_LINK(jitter_us), "Extra delay of each packet, uniform from 0; never overtakes."),
    NUMBER("link.loss", SECTION_LINK, NUMBER_RATIO, STORE_PROBABILITY, OPTION_DRAWN, "0%", "0%",
           "100%", AT_LINK(loss), "Independent loss of each packet."),
    NUMBER("link.burst_good", SECTION_LINK, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "0s", "0s",
           "24h", AT_LINK(good_mean_us),
           "Gilbert-Elliott: mean stay in the good state. Needs burst_bad."),
    NUMBER("link.burst_bad", SECTION_LINK, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "0s", "0s",
           "24h", AT_LINK(bad_mean_us), "Mean stay in the bad state; 0s: no bursts."),
    NUMBER("link.burst_loss_good", SECTION_LINK, NUMBER_RATIO, STORE_PROBABILITY, OPTION_DRAWN,
           "0%", "0%", "100%", AT_LINK(loss_good), "Loss in the good state."),
    NUMBER("link.burst_loss_bad", SECTION_LINK, NUMBER_RATIO, STORE_PROBABILITY, OPTION_DRAWN, "0%",
           "0%", "100%", AT_LINK(loss_bad), "Loss in the bad state."),
    NUMBER("link.burst_jitter", SECTION_LINK, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "0s", "0s",
           "60s", AT_LINK(bad_jitter_us),
           "More extra delay of each packet in the bad state, uniform from 0: delay and loss come "
           "together. Never overtakes."),
    NUMBER("link.duplicate", SECTION_LINK, NUMBER_RATIO, STORE_PROBABILITY, OPTION_DRAWN, "0%",
           "0%", "100%", AT_LINK(duplicate), "A second copy follows."),
    NUMBER("link.reorder", SECTION_LINK, NUMBER_RATIO, STORE_PROBABILITY, OPTION_DRAWN, "0%", "0%",
           "100%", AT_LINK(reorder), "The packet is held back by reorder_delay; others overtake."),
    NUMBER("link.reorder_delay", SECTION_LINK, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "0s", "0s",
           "60s", AT_LINK(reorder_us), "How long."),
    NUMBER("link.rate", SECTION_LINK, NUMBER_RATE, STORE_U64, OPTION_DRAWN, "0bps", "0bps",
           "1000Gbps", AT_LINK(rate_bps), "Bottleneck rate; 0bps: unlimited."),
    NUMBER("link.queue", SECTION_LINK, NUMBER_BYTES, STORE_U32, OPTION_DRAWN, "0B", "0B", "1024MiB",
           AT_LINK(queue_bytes), "Waiting room in front of the rate; 0B: unlimited."),
    NUMBER("link.mtu", SECTION_LINK, NUMBER_BYTES, STORE_U32, OPTION_DRAWN, "0B", "0B", "65535B",
           AT_LINK(mtu_bytes),
           "Larger IP packets vanish without an ICMP message, as in an MTU black hole; 0B: "
           "unlimited."),
    NUMBER("link.outage_every", SECTION_LINK, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "0s", "0s",
           "720h", AT_LINK(outage_every_us),
           "A regular outage begins this often, at a drawn phase; 0s: never."),
    NUMBER("link.outage_for", SECTION_LINK, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "0s", "0s",
           "24h", AT_LINK(outage_for_us), "How long it lasts; at most outage_every."),
    NUMBER("link.flap_every", SECTION_LINK, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "0s", "0s",
           "720h", AT_LINK(flap_every_us),
           "The route changes this often, at a drawn phase, between a shorter and a longer one; "
           "0s: never. Packets may overtake when it becomes shorter."),
    NUMBER("link.flap_delay", SECTION_LINK, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "0s", "0s",
           "60s", AT_LINK(flap_delay_us), "How much longer the longer route is."),

    INDEX("peers.nat", SECTION_PEERS, TYPE_NAT, OPTION_DRAWN, "none", AT_PEER(nat),
          "The NAT in front of the peer: a name in \"nat\", \"none\" (a public address), or "
          "{\"population\": NAME, \"without\": [CLASS, ...]} to draw one per trial."),
    INDEX("peers.behind", SECTION_PEERS, TYPE_NAT, OPTION_DRAWN, "none", AT_PEER(behind),
          "What its access is behind besides, outside of its own NAT and all that one is behind: "
          "its carrier's NAT, a name in \"nat\" or a population. With \"nat\": \"none\" the peer "
          "has an "
          "inside address of its carrier, as a phone."),
    ENUM("peers.family", SECTION_PEERS, 0, "ipv4", family_names, AT_PEER(family),
         "Its addresses, the same for both peers; the broker follows. With ipv6 (2001:db8::/32, "
         "RFC 3849) what stands in front of a peer is a firewall or nothing: nothing here "
         "translates IPv6."),
    NUMBER("peers.count", SECTION_PEERS, NUMBER_COUNT, STORE_U32, 0, "1", "1", "64", AT_PEER(count),
           "Of b: so many of it, which a calls all, each at a site of its own, with a NAT, link, "
           "clock and moment of the call drawn apart. The timeline strikes the first."),
    INDEX("peers.link", SECTION_PEERS, TYPE_LINK, OPTION_DRAWN, "none", AT_PEER(link),
          "Its access link: a name in \"link\", or \"none\" (instant, lossless)."),
    INDEX("peers.keepalive", SECTION_PEERS, TYPE_KEEPALIVES, 0, "", AT_PEER(keepalives),
          "Keepalive strategies it understands, best first; without: agreed-15, seed, "
          "seed-bounded."),
    NUMBER("peers.keepalive_phase", SECTION_PEERS, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "0s",
           "0s", "60s", AT_PEER(phase_us),
           "One more keepalive this long after connecting; 0s: none. Shifts the phase of "
           "strategies that follow the counterparty."),
    NUMBER("peers.keepalive_interval", SECTION_PEERS, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "",
           "1s", "24h", AT_PEER(interval_us),
           "Of strategies with a fixed interval, instead of theirs; without: theirs. The "
           "counterparty is told."),
    NUMBER("peers.keepalive_probes", SECTION_PEERS, NUMBER_COUNT, STORE_U8, OPTION_DRAWN, "20", "1",
           "255", AT_PEER(probes_max),
           "So many are-you-theres, a second apart, go unanswered before the counterparty is "
           "dead."),
    NUMBER("peers.lan_delay", SECTION_PEERS, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "0s", "0s",
           "10s", AT_PEER(lan_delay_us), "One way between the peer and its NAT."),
    NUMBER("peers.clock_offset", SECTION_PEERS, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "0s",
           "-24h", "24h", AT_PEER(clock_offset_us), "How far its clock is ahead at the start."),
    NUMBER("peers.clock_drift", SECTION_PEERS, NUMBER_DRIFT, STORE_I32, OPTION_DRAWN, "0ppm",
           "-1000ppm", "1000ppm", AT_PEER(clock_drift_ppb), "How fast its clock runs ahead."),
    NUMBER("peers.start", SECTION_PEERS, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "0s", "0s",
           "24h", AT_PEER(start_at_us), "When it is switched on."),
    NUMBER("peers.port", SECTION_PEERS, NUMBER_COUNT, STORE_U16, OPTION_DRAWN, "40000", "1",
           "65535", AT_PEER(port), "Inside port of its socket."),
    BOOL("peers.refuses", SECTION_PEERS, OPTION_DRAWN, "false", AT_PEER(refuses),
         "Answers every call with a refusal."),
    ENUM("peers.radio", SECTION_PEERS, 0, "none", radio_names, AT_PEER(radio_kind),
         "A radio whose current is reckoned up, from connected to the end; it delays nothing. 2g "
         "and 3g meet Haverinen et al. 2007, Table 2; custom is what the following keys say."),
    NUMBER("peers.radio_high_tail", SECTION_PEERS, NUMBER_DURATION, STORE_I64, 0, "0s", "0s", "1h",
           AT_PEER(radio.high_tail_us),
           "custom: the radio stays at its high level this long after each packet."),
    NUMBER("peers.radio_low_tail", SECTION_PEERS, NUMBER_DURATION, STORE_I64, 0, "0s", "0s", "1h",
           AT_PEER(radio.low_tail_us), "custom: then this long at its low level, then idle."),
    NUMBER("peers.radio_high_ma", SECTION_PEERS, NUMBER_MULTIPLIER, STORE_U32, 0, "0", "0", "1000",
           AT_PEER(radio.high_ua), "custom: milliamperes drawn at the high level."),
    NUMBER("peers.radio_low_ma", SECTION_PEERS, NUMBER_MULTIPLIER, STORE_U32, 0, "0", "0", "1000",
           AT_PEER(radio.low_ua), "custom: milliamperes drawn at the low level."),
    NUMBER("peers.radio_idle_ma", SECTION_PEERS, NUMBER_MULTIPLIER, STORE_U32, 0, "0", "0", "1000",
           AT_PEER(radio.idle_ua), "custom: milliamperes drawn when idle."),

    INDEX("broker.link", SECTION_BROKER, TYPE_LINK, OPTION_DRAWN, "none", AT_BROKER(link),
          "The broker's access link: a name in \"link\", or \"none\"."),
    INDEX("broker.keepalive", SECTION_BROKER, TYPE_KEEPALIVE, OPTION_DRAWN, "agreed-15",
          AT_BROKER(keepalive), "How peers keep their way to the broker open."),
    NUMBER("broker.clock_offset", SECTION_BROKER, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "0s",
           "-24h", "24h", AT_BROKER(clock_offset_us), "How far its clock is ahead at the start."),
    NUMBER("broker.clock_drift", SECTION_BROKER, NUMBER_DRIFT, STORE_I32, OPTION_DRAWN, "0ppm",
           "-1000ppm", "1000ppm", AT_BROKER(clock_drift_ppb), "How fast its clock runs ahead."),

    NUMBER("internet.a-b", SECTION_INTERNET, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "20ms", "0s",
           "60s", AT_INTERNET(a_b_us), "Delay between the sites of a and b, one way."),
    NUMBER("internet.a-broker", SECTION_INTERNET, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "20ms",
           "0s", "60s", AT_INTERNET(a_broker_us), "Delay between a and the broker, one way."),
    NUMBER("internet.b-broker", SECTION_INTERNET, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "20ms",
           "0s", "60s", AT_INTERNET(b_broker_us), "Delay between b and the broker, one way."),
    /* Default chosen: traceroutes between hosts show 10 to 20 routers end to end, their access
     * networks included (V. Paxson, End-to-end routing behavior in the Internet, 1996). */
    NUMBER("internet.a-b-hops", SECTION_INTERNET, NUMBER_COUNT, STORE_U16, OPTION_DRAWN, "10", "0",
           "250", AT_INTERNET(a_b_hops),
           "Routers between the sites of a and b, each taking one from a packet's TTL; NATs on the "
           "way take theirs besides. Packets start with 64."),
    NUMBER("internet.a-broker-hops", SECTION_INTERNET, NUMBER_COUNT, STORE_U16, OPTION_DRAWN, "10",
           "0", "250", AT_INTERNET(a_broker_hops), "Routers between a and the broker."),
    NUMBER("internet.b-broker-hops", SECTION_INTERNET, NUMBER_COUNT, STORE_U16, OPTION_DRAWN, "10",
           "0", "250", AT_INTERNET(b_broker_hops), "Routers between b and the broker."),
    NUMBER("internet.loss", SECTION_INTERNET, NUMBER_RATIO, STORE_PROBABILITY, OPTION_DRAWN, "0%",
           "0%", "100%", AT_INTERNET(loss), "Independent loss between any two sites."),

    NUMBER("call.at", SECTION_CALL, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "5s", "0s", "24h",
           AT_CALL(at_us),
           "When a wants to call b; all times count from here. The call waits until both are "
           "registered."),
    NUMBER("call.messages", SECTION_CALL, NUMBER_COUNT, STORE_U32, 0, "0", "0", "100000",
           AT_CALL(message_count), "Short messages each side sends once connected."),
    NUMBER("call.message_size", SECTION_CALL, NUMBER_BYTES, STORE_U32, OPTION_DRAWN, "64B", "1B",
           "1024B", AT_CALL(message_bytes), "Size of each."),
    NUMBER("call.message_gap", SECTION_CALL, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "1s", "1ms",
           "24h", AT_CALL(message_gap_us), "Time between two of them."),
    NUMBER("call.redial", SECTION_CALL, NUMBER_DURATION, STORE_I64, OPTION_DRAWN, "0s", "0s", "24h",
           AT_CALL(redial_us),
           "What the application does when a call that was connected is lost: a calls again this "
           "long after, until they are connected; 0s: nothing. The call's record goes on."),

    NUMBER("timeline.at", SECTION_TIMELINE, NUMBER_DURATION, STORE_I64,
           OPTION_DRAWN | OPTION_REQUIRED, "", "0s", "720h", AT_FAULT(at_us), "When, world time."),
    ENUM("timeline.do", SECTION_TIMELINE, OPTION_REQUIRED, "", fault_names, AT_FAULT(action),
         "What happens. A broker that is down loses every packet but keeps its memory; one that "
         "restarts forgets everything. A link goes down in both directions. A NAT that reboots has "
         "no "
         "mappings left; one that is renumbered has a new external address besides (198.18.0.0/15, "
         "RFC 2544); one that changes behaves as \"to\" says, and keeps its mappings if that "
         "differs in timeouts, refresh and reactions only. A peer that crashes is silent for ever; "
         "one that sleeps neither sends nor receives until it wakes."),
    BOOL("timeline.happens", SECTION_TIMELINE, OPTION_DRAWN, "true", AT_FAULT(happens),
         "false: this entry is left out; for factors that switch it on."),
    ENUM("timeline.on", SECTION_TIMELINE, OPTION_REQUIRED, "", on_names, AT_FAULT(on),
         "To whom: a, b or the broker."),
    NUMBER(
        "timeline.box", SECTION_TIMELINE, NUMBER_COUNT, STORE_U32, 0, "0", "0", "5", AT_FAULT(box),
        "To which of the NATs it is behind, and its link: 0 its own, 1 the next one outwards, and "
        "so on; left out where the chain ends before."),

    BOOL("timeline.network_changed", SECTION_TIMELINE, OPTION_DRAWN, "true",
         AT_FAULT(network_changed),
         "With peer-wake: its core is told that the network may have changed, as operating systems "
         "tell; false: it finds out by itself."),
    INDEX("timeline.to", SECTION_TIMELINE, TYPE_NAT, 0, "none", AT_FAULT(to),
          "With nat-change: the NAT it behaves as from then on, a name in \"nat\"."),
    INDEX("timeline.keepalive", SECTION_TIMELINE, TYPE_KEEPALIVES, 0, "", AT_FAULT(keepalives),
          "With renegotiate: the keepalive strategies that the peer offers from then on, best "
          "first, in the calls it is connected in."),

    INDEX("until.measure", SECTION_UNTIL, TYPE_MEASURE, OPTION_FIXED | OPTION_SILENT, "connected",
          AT_UNTIL(measure), "What must be known well enough, in every cell."),
    INDEX("until.half_width", SECTION_UNTIL, TYPE_QUANTITY,
          OPTION_FIXED | OPTION_SILENT | OPTION_REQUIRED, "", AT_UNTIL(half_width),
          "Half the width of its interval at which a cell stops; above 0."),
    /* Default chosen: a share of one half is known to 0.5 % after 38,416 trials (Wilson, 95 %);
     * intervals of several looks are wider. */
    NUMBER("until.max_trials", SECTION_UNTIL, NUMBER_COUNT, STORE_U64, OPTION_FIXED | OPTION_SILENT,
           "100000", "1", "1000000000", AT_UNTIL(trials_max), "A cell stops here at the latest."),

    INDEX("tradeoff.cost", SECTION_TRADEOFF, TYPE_MEASURE,
          OPTION_FIXED | OPTION_SILENT | OPTION_REQUIRED, "", AT_TRADEOFF(cost),
          "What the treatment's levels cost."),
    INDEX("tradeoff.harm", SECTION_TRADEOFF, TYPE_MEASURE,
          OPTION_FIXED | OPTION_SILENT | OPTION_REQUIRED, "", AT_TRADEOFF(harm),
          "What must not get worse for it."),
    INDEX("tradeoff.baseline", SECTION_TRADEOFF, TYPE_TEXT,
          OPTION_FIXED | OPTION_SILENT | OPTION_REQUIRED, "", AT_TRADEOFF(baseline),
          "The level that the others are to be better than."),
    INDEX("tradeoff.treatment", SECTION_TRADEOFF, TYPE_TEXT, OPTION_FIXED | OPTION_SILENT, "",
          AT_TRADEOFF(treatment),
          "The factor whose levels are judged; needed where several are treatments."),
    INDEX("tradeoff.margin", SECTION_TRADEOFF, TYPE_QUANTITY, OPTION_FIXED | OPTION_SILENT, "",
          AT_TRADEOFF(margin),
          "How much more harm than the baseline's is still no more; a level that is to be chosen "
          "must be shown to stay within. Without it, no more harm must lie within its interval."),

    INDEX("expect.measure", SECTION_EXPECT, TYPE_MEASURE,
          OPTION_FIXED | OPTION_SILENT | OPTION_REQUIRED, "", NOWHERE, "What is expected of."),
    INDEX("expect.cell", SECTION_EXPECT, TYPE_CELLS, OPTION_FIXED | OPTION_SILENT, "", NOWHERE,
          "In which cells: levels of factors, a level or a list of levels each; without: in every "
          "cell."),
    INDEX("expect.minus", SECTION_EXPECT, TYPE_CELLS, OPTION_FIXED | OPTION_SILENT, "", NOWHERE,
          "The difference is meant: the measure minus that of the same cell with these levels "
          "instead."),
    INDEX("expect.over", SECTION_EXPECT, TYPE_CELLS, OPTION_FIXED | OPTION_SILENT, "", NOWHERE,
          "The ratio is meant: the measure divided by that of the same cell with these levels "
          "instead; a plain number or a percentage."),
    INDEX("expect.at_least", SECTION_EXPECT, TYPE_QUANTITY, OPTION_FIXED | OPTION_SILENT, "",
          NOWHERE, "Holds when the whole interval is at or above it."),
    INDEX("expect.at_most", SECTION_EXPECT, TYPE_QUANTITY, OPTION_FIXED | OPTION_SILENT, "",
          NOWHERE, "Holds when the whole interval is at or below it."),
    INDEX("expect.exactly", SECTION_EXPECT, TYPE_QUANTITY, OPTION_FIXED | OPTION_SILENT, "",
          NOWHERE,
          "A share of 0% or 100%, without a single exception, whatever the interval says; for "
          "what follows from rules."),
    INDEX("expect.why", SECTION_EXPECT, TYPE_TEXT, OPTION_FIXED | OPTION_SILENT, "", NOWHERE,
          "Where the claim comes from; shown with the verdict."),
};

typedef struct {
    const char *key;
    bool named;
} section_row;

static const section_row sections[SECTION_COUNT] = {
    [SECTION_ROOT] = {"", false},
    [SECTION_CORE] = {"core", false},
    [SECTION_NAT] = {"nat", true},
    [SECTION_LINK] = {"link", true},
    [SECTION_PEERS] = {"peers", true},
    [SECTION_BROKER] = {"broker", false},
    [SECTION_INTERNET] = {"internet", false},
    [SECTION_CALL] = {"call", false},
    [SECTION_TIMELINE] = {"timeline", true},
    [SECTION_UNTIL] = {"until", false},
    [SECTION_TRADEOFF] = {"tradeoff", false},
    [SECTION_EXPECT] = {"expect", true},
};

const scenario_option *scenario_options(size_t *count_out) {
    *count_out = sizeof options / sizeof options[0];
    return options;
}

const char *scenario_option_key(const scenario_option *option) {
    const char *dot = strchr(option->name, '.');
    return dot != NULL ? dot + 1 : option->name;
}

const scenario_option *scenario_option_find(scenario_section section, const char *key) {
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (options[i].section == section && strcmp(scenario_option_key(&options[i]), key) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

const char *scenario_section_key(scenario_section section) {
    return sections[section].key;
}

bool scenario_section_is_named(scenario_section section) {
    return sections[section].named;
}

int64_t scenario_option_number(const scenario_option *option, const char *text) {
    int64_t number = 0;
    const char *why = NULL;
    if (option->type == TYPE_BOOL) {
        return strcmp(text, "true") == 0;
    }
    if (option->type == TYPE_ENUM) {
        while (strcmp(option->names[number], text) != 0) {
            number++;
        }
        return number;
    }
    if (option->type == TYPE_NUMBER) {
        const bool ok = scenario_number_read(option->number, text, &number, &why);
        PUNCH_ASSERT(ok);
    }
    return number;
}

void scenario_option_range(const scenario_option *option, int64_t *low_out, int64_t *high_out) {
    *low_out = option->low != NULL ? scenario_option_number(option, option->low) : INT64_MIN;
    *high_out = option->high != NULL ? scenario_option_number(option, option->high) : INT64_MAX;
}

void scenario_option_store(const scenario_option *option, int64_t number, void *section) {
    unsigned char *at = (unsigned char *)section + option->offset;
    const uint32_t u32 = (uint32_t)number;
    const uint16_t u16 = (uint16_t)number;
    const int32_t i32 = (int32_t)number;
    const bool flag = number != 0;
    switch (option->store) {
    case STORE_I64:
    case STORE_U64:
        memcpy(at, &number, sizeof number);
        return;
    case STORE_U32:
    case STORE_ENUM:
        memcpy(at, &u32, sizeof u32);
        return;
    case STORE_U16:
        memcpy(at, &u16, sizeof u16);
        return;
    case STORE_U8:
        *at = (unsigned char)number;
        return;
    case STORE_I32:
        memcpy(at, &i32, sizeof i32);
        return;
    case STORE_BOOL:
        memcpy(at, &flag, sizeof flag);
        return;
    case STORE_PROBABILITY: {
        const punch_probability p = punch_probability_of((double)number / 1e12);
        memcpy(at, &p, sizeof p);
        return;
    }
    }
}

int64_t scenario_option_load(const scenario_option *option, const void *section) {
    const unsigned char *at = (const unsigned char *)section + option->offset;
    int64_t i64 = 0;
    uint32_t u32 = 0;
    uint16_t u16 = 0;
    int32_t i32 = 0;
    bool flag = false;
    switch (option->store) {
    case STORE_I64:
    case STORE_U64:
        memcpy(&i64, at, sizeof i64);
        return i64;
    case STORE_U32:
    case STORE_ENUM:
        memcpy(&u32, at, sizeof u32);
        return u32;
    case STORE_U16:
        memcpy(&u16, at, sizeof u16);
        return u16;
    case STORE_U8:
        return *at;
    case STORE_I32:
        memcpy(&i32, at, sizeof i32);
        return i32;
    case STORE_BOOL:
        memcpy(&flag, at, sizeof flag);
        return flag;
    case STORE_PROBABILITY: {
        punch_probability p = 0;
        memcpy(&p, at, sizeof p);
        return (int64_t)((double)p / (double)PUNCH_PROBABILITY_ONE * 1e12 + 0.5);
    }
    }
    return 0;
}
