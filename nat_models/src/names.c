/* SPDX-License-Identifier: MIT */
/*
 * The words for behaviours and verdicts, as scenario files and reports use them.
 */
#include "nat/nat.h"

/* A value outside its enumeration is a bug of the caller, but printing must not make it worse. */
static const char *name_of(const char *const *names, size_t count, size_t value) {
    return value < count ? names[value] : "unknown";
}

#define NAME_OF(names, value) name_of(names, sizeof(names) / sizeof((names)[0]), (size_t)(value))

const char *nat_mapping_name(nat_mapping mapping) {
    static const char *const names[] = {"EIM", "ADM", "APDM"};
    return NAME_OF(names, mapping);
}

const char *nat_filtering_name(nat_filtering filtering) {
    static const char *const names[] = {"EIF", "ADF", "APDF"};
    return NAME_OF(names, filtering);
}

const char *nat_allocation_name(nat_allocation allocation) {
    static const char *const names[] = {"preserving", "contiguous", "random"};
    return NAME_OF(names, allocation);
}

const char *nat_collision_name(nat_collision collision) {
    static const char *const names[] = {"next-free", "contiguous", "random", "overload",
                                        "override"};
    return NAME_OF(names, collision);
}

const char *nat_hairpin_name(nat_hairpin hairpin) {
    static const char *const names[] = {"none", "internal", "external"};
    return NAME_OF(names, hairpin);
}

const char *nat_spread_name(nat_spread spread) {
    static const char *const names[] = {"uniform", "lognormal"};
    return NAME_OF(names, spread);
}

const char *nat_pooling_name(nat_pooling pooling) {
    static const char *const names[] = {"paired", "arbitrary"};
    return NAME_OF(names, pooling);
}

const char *nat_full_name(nat_full full) {
    static const char *const names[] = {"refuse", "evict-oldest", "evict-random"};
    return NAME_OF(names, full);
}

const char *nat_unsolicited_name(nat_unsolicited unsolicited) {
    static const char *const names[] = {"ignore", "collide", "kill", "blacklist"};
    return NAME_OF(names, unsolicited);
}

const char *nat_refusal_name(nat_refusal refusal) {
    static const char *const names[] = {"silence", "icmp"};
    return NAME_OF(names, refusal);
}

typedef struct {
    const char *name;
    const char *text;
} verdict_words;

static const verdict_words VERDICTS[NAT_VERDICT_COUNT] = {
    [NAT_PASS] = {"pass", "it passes"},
    [NAT_TURNED_BACK] = {"turned-back", "it is turned back to a host on the inside"},
    [NAT_DROP_NO_MAPPING] = {"no-mapping", "nothing is mapped to that port"},
    [NAT_DROP_EXPIRED] = {"expired", "the mapping on that port has timed out"},
    [NAT_DROP_FILTER_ADDRESS] = {"filter-address",
                                 "the mapping lives, but nothing was sent to that address"},
    [NAT_DROP_FILTER_PORT] = {"filter-port",
                              "the mapping lives, but nothing was sent to that port"},
    [NAT_DROP_FILTER_EXPIRED] = {"filter-expired",
                                 "the mapping lives, but the last packet to that remote was too "
                                 "long ago"},
    [NAT_DROP_TABLE_FULL] = {"table-full", "the table of mappings is full"},
    [NAT_DROP_HOST_LIMIT] = {"host-limit", "that host has as many mappings as one host may"},
    [NAT_DROP_NO_PORT] = {"no-port", "no external port is free"},
    [NAT_DROP_NO_HAIRPIN] = {"no-hairpin",
                             "it is for the NAT's own external address, and this NAT turns nothing "
                             "back"},
    [NAT_DROP_BLACKLISTED] = {"blacklisted",
                              "that address sent something unsolicited and is barred"},
    [NAT_DROP_NOT_OURS] = {"not-ours", "it is not for the NAT's external address"},
    [NAT_DROP_HOST_PORTS] = {"host-ports", "that host has used up its block of ports"},
    [NAT_DROP_UDP_BLOCKED] = {"udp-blocked", "that network lets no UDP pass"},
    [NAT_DROP_RATE] = {"rate", "that network lets no more UDP packets a second pass"},
    [NAT_DROP_MAPPING_RATE] = {"mapping-rate",
                               "that host has made as many mappings as it may in that time"},
    [NAT_DROP_ICMP_BLOCKED] = {"icmp-blocked", "that network lets no ICMP error pass"},
};

const char *nat_verdict_name(nat_verdict verdict) {
    return (size_t)verdict < NAT_VERDICT_COUNT ? VERDICTS[verdict].name : "unknown";
}

const char *nat_verdict_text(nat_verdict verdict) {
    return (size_t)verdict < NAT_VERDICT_COUNT ? VERDICTS[verdict].text : "unknown";
}
