/* SPDX-License-Identifier: MIT */
/*
 * Which requirements of RFC 4787 and RFC 6888 each preset meets, found by sending packets through
 * it, and the table in the module's README that says so. `requirements --write` renews that table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat/presets.h"
#include "nat_support.h"
#include "punch_test.h"

#define SECOND PUNCH_US_PER_S
#define TEXT_MAX 65536
#define BEGIN "<!-- generated: requirements -->\n"
#define END "<!-- end: requirements -->\n"

static bool keeps_port(nat *box) {
    const punch_addr inside = support_inside(1, 5000);
    const uint16_t port = support_send(box, inside, support_remote(1, 1), 0);
    return port == support_send(box, inside, support_remote(1, 2), 0) &&
           port == support_send(box, inside, support_remote(2, 1), 0);
}

static bool pairs_addresses(nat *box) {
    nat_packet first = {support_inside(1, 5000), support_remote(1, 1)};
    (void)nat_translate_out(box, &first, 0);
    bool same = true;
    for (uint16_t port = 5001; port < 5040; port++) {
        nat_packet packet = {support_inside(1, port), support_remote(1, 1)};
        (void)nat_translate_out(box, &packet, 0);
        same = same && punch_addr_same_ip(&packet.src, &first.src);
    }
    return same;
}

static bool shares_no_port(nat *box) {
    nat_packet one = {support_inside(1, 5000), support_remote(1, 1)};
    nat_packet two = {support_inside(2, 5000), support_remote(1, 1)};
    (void)nat_translate_out(box, &one, 0);
    (void)nat_translate_out(box, &two, 0);
    return !punch_addr_equal(&one.src, &two.src);
}

static bool keeps_parity(nat *box) {
    bool kept = true;
    for (uint16_t i = 0; i < 40; i++) {
        const uint16_t inside = (uint16_t)(60000 + i / 2);
        const uint16_t port =
            support_send(box, support_inside(1 + i % 2, inside), support_remote(1, 1), 0);
        kept = kept && port % 2 == inside % 2;
    }
    return kept;
}

static bool lives_two_minutes(nat *box) {
    (void)support_send(box, support_inside(1, 5000), support_remote(1, 1), 0);
    return nat_mapping_count(box, 120 * SECOND - 1) == 1;
}

static bool refreshes_outbound(nat *box) {
    for (int s = 0; s < 600; s += 20) {
        (void)support_send(box, support_inside(1, 5000), support_remote(1, 1), s * SECOND);
    }
    return nat_stats(box)->mappings_made == 1;
}

/* Comes in from another port of a remote sent to, or from another remote, unasked. */
static bool lets_in(nat *box, uint32_t remote) {
    nat_packet out = {support_inside(1, 5000), support_remote(1, 1)};
    (void)nat_translate_out(box, &out, 0);
    nat_packet in = {support_remote(remote, 7), out.src};
    return nat_translate_in(box, &in, 1) == NAT_PASS;
}

static bool filters_by_address(nat *box) {
    return lets_in(box, 1);
}

static bool filters_nobody(nat *box) {
    return lets_in(box, 2);
}

/* Two hosts send to each other's external endpoint; the second packet must come back inside. */
static nat_packet turned_back(nat *box, nat_verdict *verdict_out, punch_addr *external_out) {
    nat_packet one = {support_inside(1, 5001), support_remote(9, 9)};
    nat_packet two = {support_inside(2, 5002), support_remote(9, 9)};
    (void)nat_translate_out(box, &one, 0);
    (void)nat_translate_out(box, &two, 0);
    *external_out = one.src;
    nat_packet opener = {support_inside(2, 5002), one.src};
    (void)nat_translate_out(box, &opener, 1);
    nat_packet packet = {support_inside(1, 5001), two.src};
    *verdict_out = nat_translate_out(box, &packet, 2);
    return packet;
}

static bool hairpins(nat *box) {
    nat_verdict verdict;
    punch_addr external;
    (void)turned_back(box, &verdict, &external);
    return verdict == NAT_TURNED_BACK;
}

static bool hairpins_externally(nat *box) {
    nat_verdict verdict;
    punch_addr external;
    const nat_packet packet = turned_back(box, &verdict, &external);
    return verdict == NAT_TURNED_BACK && punch_addr_equal(&packet.src, &external);
}

/* An unsolicited packet must leave no trace: a twin that never saw it gives the same port. */
static bool is_steady(nat *box) {
    const nat_config *config = nat_configuration(box);
    nat *twin = support_nat(config, 1);
    bool steady = true;
    for (uint16_t port = 60000; port < 60010; port++) {
        (void)support_arrive(box, support_remote(1, 1), port, port);
        const punch_addr inside = support_inside(1, port);
        steady = steady && support_send(box, inside, support_remote(1, 1), port) ==
                               support_send(twin, inside, support_remote(1, 1), port);
    }
    free(twin);
    return steady;
}

static bool limits_a_subscriber(nat *box) {
    const nat_config *config = nat_configuration(box);
    return config->per_host_max > 0 || config->block_ports > 0;
}

static bool deletes_nobody(nat *box) {
    const uint32_t room = nat_configuration(box)->table_max;
    for (uint32_t i = 0; i < room + 10; i++) {
        (void)support_send(box, support_inside(1 + i / 60, (uint16_t)(5000 + i)),
                           support_remote(1, 1), 0);
    }
    return nat_stats(box)->mappings_evicted == 0;
}

static bool outlives_icmp(nat *box) {
    nat_packet quoted = {support_inside(1, 5000), support_remote(1, 1)};
    (void)nat_translate_out(box, &quoted, 0);
    return nat_translate_icmp_in(box, &quoted, 1) == NAT_PASS && nat_mapping_count(box, 1) == 1;
}

/* A twin with one port: does the second host get it when the first one's mapping has just ended? */
static bool holds_ports_down(nat *box) {
    nat_config config = *nat_configuration(box);
    config.block_ports = 0;
    config.address_count = 1;
    config.port_min = 40000;
    config.port_max = 40000;
    nat *twin = support_nat(&config, 1);
    (void)support_send(twin, support_inside(1, 5000), support_remote(1, 1), 0);
    const punch_time_us later_us = config.udp_timeout_first_us + 120 * SECOND - 1;
    const uint16_t port =
        support_send(twin, support_inside(2, 5000), support_remote(1, 1), later_us);
    free(twin);
    return port == 0;
}

static bool says_so(nat *box) {
    return nat_refuses_aloud(nat_configuration(box), NAT_DROP_NO_PORT);
}

static const struct {
    const char *name;
    bool (*meets)(nat *box);
} REQUIREMENTS[] = {
    {"1 mapping", keeps_port},
    {"2 paired", pairs_addresses},
    {"3 no sharing", shares_no_port},
    {"4 parity", keeps_parity},
    {"5 two minutes", lives_two_minutes},
    {"6 refresh", refreshes_outbound},
    {"8 filtering", filters_by_address},
    {"9 hairpin", hairpins},
    {"9a its source", hairpins_externally},
    {"11 steady", is_steady},
    {"12 ICMP", outlives_icmp},
    {"6888-4 limit", limits_a_subscriber},
    {"6888-7 EIF", filters_nobody},
    {"6888-8 hold-down", holds_ports_down},
    {"6888-11B says so", says_so},
    {"6888-11D no eviction", deletes_nobody},
};

#define REQUIREMENT_COUNT (sizeof REQUIREMENTS / sizeof REQUIREMENTS[0])

static void append(char *text, const char *more) {
    const size_t length = strlen(text);
    (void)snprintf(text + length, TEXT_MAX - length, "%s", more);
}

/* The table as Markdown. */
static void make_table(char *text) {
    size_t count;
    const nat_preset *presets = nat_presets(&count);
    text[0] = '\0';
    append(text, "| preset |");
    for (size_t i = 0; i < REQUIREMENT_COUNT; i++) {
        append(text, " ");
        append(text, REQUIREMENTS[i].name);
        append(text, " |");
    }
    append(text, "\n|---|");
    for (size_t i = 0; i < REQUIREMENT_COUNT; i++) {
        append(text, "---|");
    }
    for (size_t p = 0; p < count; p++) {
        append(text, "\n| `");
        append(text, presets[p].name);
        append(text, "` |");
        for (size_t i = 0; i < REQUIREMENT_COUNT; i++) {
            nat *box = support_nat(&presets[p].config, 1);
            append(text, REQUIREMENTS[i].meets(box) ? " yes |" : " no |");
            free(box);
        }
    }
    append(text, "\n");
}

static void readme_path(char *path, size_t cap) {
    const char *top = getenv("PUNCH_SOURCE_DIR");
    (void)snprintf(path, cap, "%s/nat_models/README.md", top != NULL ? top : ".");
}

/* The README, and where its table begins and ends; false when it has none. */
static bool read_readme(char *text, char **begin_out, char **end_out) {
    char path[1024];
    readme_path(path, sizeof path);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    text[fread(text, 1, TEXT_MAX - 1, file)] = '\0';
    (void)fclose(file);
    char *begin = strstr(text, BEGIN);
    *end_out = strstr(text, END);
    *begin_out = begin != NULL ? begin + strlen(BEGIN) : NULL;
    return begin != NULL && *end_out != NULL;
}

static bool write_readme(const char *text, const char *begin, const char *end, const char *table) {
    char path[1024];
    readme_path(path, sizeof path);
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return false;
    }
    const bool ok = fwrite(text, 1, (size_t)(begin - text), file) == (size_t)(begin - text) &&
                    fputs(table, file) >= 0 && fputs(end, file) >= 0;
    return fclose(file) == 0 && ok;
}

static void readme_is_true(void) {
    char *text = malloc(TEXT_MAX);
    char *table = malloc(TEXT_MAX);
    char *begin = NULL;
    char *end = NULL;
    PUNCH_ASSERT(text != NULL);
    PUNCH_ASSERT(table != NULL);
    make_table(table);
    if (EXPECT("the README has the table", read_readme(text, &begin, &end))) {
        *end = '\0';
        EXPECT_TEXT("as `requirements --write` writes it", begin, table);
    }
    free(text);
    free(table);
}

/* Columns that everybody passed, or nobody, would say nothing about the probes. */
static void probes_can_fail(void) {
    nat_config worst = nat_preset_find("hard")->config;
    worst.collision = NAT_COLLISION_OVERLOAD;
    worst.allocation = NAT_ALLOCATION_PRESERVING;
    worst.port_min = 40000;
    worst.port_max = 40006;
    worst.udp_timeout_first_us = 10 * SECOND;
    worst.refresh_outbound = false;
    worst.unsolicited = NAT_UNSOLICITED_COLLIDE;
    worst.full = NAT_FULL_EVICT_OLDEST;
    worst.table_max = 16;
    worst.address_count = 8;
    worst.pooling = NAT_POOLING_ARBITRARY;
    worst.mapping = NAT_MAPPING_APDM;
    worst.icmp_kills_mapping = true;
    for (size_t i = 0; i < REQUIREMENT_COUNT; i++) {
        nat_config config = worst;
        if (REQUIREMENTS[i].meets == shares_no_port || REQUIREMENTS[i].meets == is_steady) {
            config.address_count = 1; /* or the pool hides it */
        }
        if (REQUIREMENTS[i].meets == keeps_port) {
            config.collision = NAT_COLLISION_RANDOM; /* overloading hides the mapping */
        }
        if (REQUIREMENTS[i].meets == is_steady) {
            config.port_min = 60000;
            config.port_max = 60020;
        }
        nat *box = support_nat(&config, 1);
        EXPECT(REQUIREMENTS[i].name, !REQUIREMENTS[i].meets(box));
        free(box);
    }
}

static int renew(void) {
    char *text = malloc(TEXT_MAX);
    char *table = malloc(TEXT_MAX);
    char *begin = NULL;
    char *end = NULL;
    PUNCH_ASSERT(text != NULL);
    PUNCH_ASSERT(table != NULL);
    make_table(table);
    const bool ok = read_readme(text, &begin, &end) && write_readme(text, begin, end, table);
    free(text);
    free(table);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv) {
    static const punch_test_case cases[] = {
        {"the README's table of requirements is true", readme_is_true},
        {"every probe can fail", probes_can_fail},
    };
    if (argc > 1 && strcmp(argv[1], "--write") == 0) {
        return renew();
    }
    return PUNCH_TEST_MAIN("requirements", cases);
}
