/* SPDX-License-Identifier: MIT */
/*
 * RFC 5508 (ICMP), one case per numbered requirement that is about ICMP errors and UDP: the preset
 * "rfc4787" meets it; where a setting can break it, a NAT set so does break it, which shows that
 * the case can fail. The others are listed with the reason.
 */
#include <stdio.h>

#include "nat/presets.h"
#include "nat_support.h"
#include "punch_test.h"

#define SECOND PUNCH_US_PER_S

static nat_config recommended(void) {
    return nat_preset_find("rfc4787")->config;
}

static punch_addr ours(uint16_t port) {
    return punch_addr_ipv4(SUPPORT_EXTERNAL_IP, port);
}

/* --- REQ-4: errors from outside --- */

/* One packet of inside host 1, port 5000, to remote 1, port 1; then an error that quotes: */
static const struct {
    const char *what;
    uint16_t port;        /* our external port; the mapping has 5000 */
    uint32_t remote;      /* whom the quoted packet was for */
    uint16_t remote_port; /* ... */
    nat_mapping mapping;
    nat_filtering filtering;
    punch_time_us at_us;
    nat_verdict verdict;
} inward[] = {
    {"the packet that was sent", 5000, 1, 1, NAT_MAPPING_EIM, NAT_FILTERING_APDF, 1, NAT_PASS},
    {"a port without a mapping", 5001, 1, 1, NAT_MAPPING_EIM, NAT_FILTERING_APDF, 1,
     NAT_DROP_NO_MAPPING},
    {"a packet to another port", 5000, 1, 2, NAT_MAPPING_EIM, NAT_FILTERING_APDF, 1,
     NAT_DROP_FILTER_PORT},
    {"a packet to another address", 5000, 2, 1, NAT_MAPPING_EIM, NAT_FILTERING_ADF, 1,
     NAT_DROP_FILTER_ADDRESS},
    {"with an open filter, one that may have been sent", 5000, 2, 1, NAT_MAPPING_EIM,
     NAT_FILTERING_EIF, 1, NAT_PASS},
    {"... by another mapping than this one", 5000, 2, 1, NAT_MAPPING_ADM, NAT_FILTERING_EIF, 1,
     NAT_DROP_NO_MAPPING},
    {"... by another mapping, of another port", 5000, 1, 2, NAT_MAPPING_APDM, NAT_FILTERING_EIF, 1,
     NAT_DROP_NO_MAPPING},
    {"just before the mapping ends", 5000, 1, 1, NAT_MAPPING_EIM, NAT_FILTERING_APDF,
     300 * SECOND - 1, NAT_PASS},
    {"when the mapping has ended", 5000, 1, 1, NAT_MAPPING_EIM, NAT_FILTERING_APDF, 300 * SECOND,
     NAT_DROP_EXPIRED},
};

static void req_4(void) {
    for (size_t i = 0; i < sizeof inward / sizeof inward[0]; i++) {
        nat_config config = recommended();
        config.mapping = inward[i].mapping;
        config.filtering = inward[i].filtering;
        nat *box = support_nat(&config, 1);
        (void)support_send(box, support_inside(1, 5000), support_remote(1, 1), 0);
        const nat_packet before = {ours(inward[i].port),
                                   support_remote(inward[i].remote, inward[i].remote_port)};
        nat_packet quoted = before;
        const nat_verdict verdict = nat_translate_icmp_in(box, &quoted, inward[i].at_us);
        EXPECT_TEXT(inward[i].what, nat_verdict_name(verdict), nat_verdict_name(inward[i].verdict));
        const punch_addr source = verdict == NAT_PASS ? support_inside(1, 5000) : before.src;
        EXPECT("the quoted source is put back, or left alone",
               punch_addr_equal(&quoted.src, &source));
        EXPECT("the quoted destination stays", punch_addr_equal(&quoted.dst, &before.dst));
        EXPECT_INT("an error that passed is counted", nat_stats(box)->icmp_passed,
                   verdict == NAT_PASS);
        free(box);
    }
    const nat_config config = recommended();
    nat *box = support_nat(&config, 1);
    nat_packet foreign = {support_remote(9, 5000), support_remote(1, 1)};
    EXPECT_INT("a packet that was never ours", nat_translate_icmp_in(box, &foreign, 0),
               NAT_DROP_NOT_OURS);
    free(box);
}

/* --- REQ-5: errors from inside --- */

static void req_5(void) {
    nat_config config = recommended();
    config.port_min = 6000; /* so that the external port is another */
    nat *box = support_nat(&config, 1);
    const punch_addr inside = support_inside(1, 5000);
    const uint16_t port = support_send(box, inside, support_remote(1, 1), 0);
    nat_packet quoted = {support_remote(1, 2), inside};
    EXPECT_INT("about a packet that has come in", nat_translate_icmp_out(box, &quoted, 1),
               NAT_PASS);
    const punch_addr external = ours(port);
    EXPECT("as its sender knows it", punch_addr_equal(&quoted.dst, &external));
    quoted = (nat_packet){support_remote(2, 1), inside};
    EXPECT_INT("not about one that cannot have", nat_translate_icmp_out(box, &quoted, 1),
               NAT_DROP_FILTER_ADDRESS);
    quoted = (nat_packet){support_remote(1, 1), support_inside(1, 5001)};
    EXPECT_INT("nor of a port without a mapping", nat_translate_icmp_out(box, &quoted, 1),
               NAT_DROP_NO_MAPPING);
    config.icmp_blocked = true;
    nat_change(box, &config, 1);
    quoted = (nat_packet){support_remote(1, 2), inside};
    EXPECT_INT("a NAT that blocks errors breaks it", nat_translate_icmp_out(box, &quoted, 1),
               NAT_DROP_ICMP_BLOCKED);
    free(box);
}

/* With reply affinity a remote may have come in by another port than the one packets to it would
 * leave by, and the error names the one it came in by. */
static void req_5_session(void) {
    nat_config config = recommended();
    config.mapping = NAT_MAPPING_APDM;
    config.filtering = NAT_FILTERING_EIF;
    config.reply_affinity = true;
    nat *box = support_nat(&config, 1);
    const punch_addr inside = support_inside(1, 5000);
    const uint16_t port = support_send(box, inside, support_remote(1, 1), 0);
    EXPECT_INT("a stranger comes in", support_arrive(box, support_remote(2, 2), port, 1), NAT_PASS);
    nat_packet quoted = {support_remote(2, 2), inside};
    EXPECT_INT("an error about it goes out", nat_translate_icmp_out(box, &quoted, 2), NAT_PASS);
    EXPECT_INT("by the port it came in by", quoted.dst.port, port);
    quoted = (nat_packet){ours(port), support_remote(2, 2)};
    EXPECT_INT("and one about the answer comes in", nat_translate_icmp_in(box, &quoted, 3),
               NAT_PASS);
    free(box);
}

/* --- REQ-6: sessions are left alone --- */

static void req_6(void) {
    const nat_config config = recommended();
    nat *box = support_nat(&config, 1);
    (void)support_send(box, support_inside(1, 5000), support_remote(1, 1), 0);
    for (int i = 1; i < 30; i++) {
        nat_packet quoted = {ours(5000), support_remote(1, 1)};
        EXPECT_INT("errors come in", nat_translate_icmp_in(box, &quoted, i * 10 * SECOND),
                   NAT_PASS);
        quoted = (nat_packet){support_remote(1, 1), support_inside(1, 5000)};
        EXPECT_INT("and go out", nat_translate_icmp_out(box, &quoted, i * 10 * SECOND), NAT_PASS);
    }
    EXPECT_INT("alive until its time is up", nat_mapping_count(box, 300 * SECOND - 1), 1);
    EXPECT_INT("and no longer", nat_mapping_count(box, 300 * SECOND), 0);
    free(box);
}

/* --- REQ-7: errors about hairpinned packets --- */

static nat_verdict hairpinned_error(nat_hairpin mode, nat_packet *quoted_out) {
    nat_config config = recommended();
    config.hairpin = mode;
    nat *box = support_nat(&config, 1);
    const uint16_t one = support_send(box, support_inside(1, 5001), support_remote(9, 9), 0);
    const uint16_t two = support_send(box, support_inside(2, 5002), support_remote(9, 9), 0);
    nat_packet opener = {support_inside(2, 5002), ours(one)};
    (void)nat_translate_out(box, &opener, 1);
    nat_packet packet = {support_inside(1, 5001), ours(two)};
    (void)nat_translate_out(box, &packet, 2);
    *quoted_out = (nat_packet){ours(one), support_inside(2, 5002)};
    const nat_verdict verdict = nat_translate_icmp_out(box, quoted_out, 3);
    free(box);
    return verdict;
}

static void req_7(void) {
    nat_packet quoted;
    const nat_verdict verdict = hairpinned_error(recommended().hairpin, &quoted);
    const punch_addr sender = support_inside(1, 5001);
    const punch_addr sent_to = ours(5002);
    EXPECT_INT("turned back", verdict, NAT_TURNED_BACK);
    EXPECT("to the host that sent it", punch_addr_equal(&quoted.src, &sender));
    EXPECT("about the packet it had sent", punch_addr_equal(&quoted.dst, &sent_to));
    EXPECT_INT("a NAT without hairpinning breaks it", hairpinned_error(NAT_HAIRPIN_NONE, &quoted),
               NAT_DROP_NO_HAIRPIN);
}

/* --- REQ-8: what a refused sender is told --- */

static void req_8(void) {
    nat_config config = recommended();
    static const nat_verdict resources[] = {NAT_DROP_TABLE_FULL, NAT_DROP_HOST_LIMIT,
                                            NAT_DROP_NO_PORT, NAT_DROP_HOST_PORTS};
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        config.refusal = NAT_REFUSAL_ICMP;
        EXPECT(nat_verdict_name(resources[i]), nat_refuses_aloud(&config, resources[i]));
        config.refusal = NAT_REFUSAL_SILENCE;
        EXPECT("silence breaks it", !nat_refuses_aloud(&config, resources[i]));
    }
    config.refusal = NAT_REFUSAL_ICMP;
    EXPECT("nothing about what passed", !nat_refuses_aloud(&config, NAT_PASS));
    EXPECT("no error about an error", !nat_refuses_aloud(&config, NAT_DROP_ICMP_BLOCKED));
    EXPECT("nothing to barred addresses", !nat_refuses_aloud(&config, NAT_DROP_BLACKLISTED));
}

static const struct {
    const char *requirement;
    const char *why;
} not_tested[] = {
    {"REQ-1", "no model fact: ICMP queries are not carried"},
    {"REQ-2", "no model fact: ICMP queries are not carried"},
    {"REQ-3", "no model fact: there are no checksums and no IP options"},
    {"REQ-4b, REQ-5b", "no model fact: type and code never reach the model"},
    {"REQ-9", "no model fact: permits what nat_config.refusal chooses"},
    {"REQ-10", "no model fact: which types are supported; the model sees only that it is an error"},
    {"REQ-11", "no model fact: other ICMP messages"},
};

int main(void) {
    for (size_t i = 0; i < sizeof not_tested / sizeof not_tested[0]; i++) {
        printf("%s: not tested: %s\n", not_tested[i].requirement, not_tested[i].why);
    }
    static const punch_test_case cases[] = {
        {"REQ-4 errors from outside", req_4},
        {"REQ-5 errors from inside", req_5},
        {"REQ-5 by the port it came in by", req_5_session},
        {"REQ-6 errors refresh and end nothing", req_6},
        {"REQ-7 errors about hairpinned packets", req_7},
        {"REQ-8 a refusal is answered", req_8},
    };
    return PUNCH_TEST_MAIN("conformance_rfc5508", cases);
}
