/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines people meet, with a source per field. How far to trust a source:
 *
 *   a document or paper by name   its own text, or abstract, says so
 *   "secondary: ..."              others report it
 *   "from memory: ..."            widely known, not looked up again for this table
 *   "chosen: ..."                 nobody says; ours, with the reason
 *
 * Two families: the severities of ITU-T G.1050, a model of whole paths made by measuring many, and
 * kinds of access lines. To add one: a source list and an entry in PRESETS, at the end, because
 * draws from files are sorted by position; unit_link_presets checks that no field is missing.
 */
#include "sim/link_presets.h"

#include <string.h>

#define MS(n) ((punch_time_us)(n)*1000)
#define SECONDS(n) ((punch_time_us)(n)*PUNCH_US_PER_S)
#define KBPS(n) ((uint64_t)(n)*1000)
#define KIB(n) ((uint32_t)(n)*1024)
#define PARTS(n, of) (PUNCH_PROBABILITY_ONE / (of) * (n)) /* n of so many */

/* --- ITU-T G.1050 ---
 *
 * Its Appendix II as transcribed in SpanDSP (https://github.com/freeswitch/spandsp,
 * spandsp-sim/g1050.c); the Recommendation itself was not seen.
 *
 * A path is LAN, access line, core, access line, LAN. Here an access line is one direction of a
 * site's link, in two states of geometric length in steps of 1 ms, which become exponential dwell
 * times of the same mean. The LANs are left out: with the constants of 2007 they lose less than one
 * packet in 100,000; with those of 2005, up to 0.9 % (severity H).
 */
#define G1050 "ITU-T G.1050 (2005, 2007) App. II as in SpanDSP's g1050.c: "

static const sim_link_field_source G1050_SOURCES[] = {
    {"delay", G1050 "base delay of a regional core"},
    {"jitter", G1050 "core jitter, uniform from 0 for each packet"},
    {"loss", G1050 "packet loss of the core"},
    {"burst_good", G1050 "access line, 1 ms / (0.0002 x occupancy in %) until the high-loss state"},
    {"burst_bad", G1050 "access line, 1 ms x (1 + occupancy in %) / 0.2 in it"},
    {"burst_loss_bad", G1050 "access line, 0.0005 x occupancy in %"},
    {"burst_jitter",
     G1050 "II.6.2: impulses of MTU bit times x (1 + occupancy / 40 %) in 0.3 + 0.4 x "
           "occupancy of all ms; chosen: 1536 kbit/s, and uniform with the same mean "
           "instead of filtered"},
    {"reorder", G1050 "probability of going out of sequence, in H alone"},
    {"reorder_delay", "chosen: half of the core's jitter, which is what reorders there"},
    {"outage_every", G1050 "interval between link failures"},
    {"outage_for", G1050 "duration of a link failure"},
    {"flap_every", G1050 "route flap interval"},
    {"flap_delay", G1050 "route flap delay"},
    {NULL, NULL},
};

/* Bit times of an MTU at 1536 kbit/s, in us, raised by the occupancy. MTUs are 512 bytes in B, 1508
 * from C on. */
#define IMPULSE_US(occupancy, mtu) ((mtu)*8000 / 1536 * (40 + (occupancy)) / 40)
#define ACCESS(occupancy, mtu)                                                        \
    .good_mean_us = MS(5000) / (occupancy), .bad_mean_us = MS(5 * (1 + (occupancy))), \
    .loss_bad = PARTS((occupancy), 2000),                                             \
    .bad_jitter_us =                                                                  \
        (punch_time_us)2 * IMPULSE_US((occupancy), (mtu)) * (300 + 4 * (occupancy)) / 1000
/* Failures and flaps of a severity come at the same intervals. */
#define FAILS(every_s, for_ms, longer_ms)                             \
    .outage_every_us = SECONDS(every_s), .outage_for_us = MS(for_ms), \
    .flap_every_us = SECONDS(every_s), .flap_delay_us = MS(longer_ms)
#define CORE(regional_ms, loss_per_10000, most_jitter_ms)                \
    .delay_us = MS(regional_ms), .loss = PARTS((loss_per_10000), 10000), \
    .jitter_us = MS(most_jitter_ms)
#define SEVERITY(letter) \
    "ITU-T G.1050 severity " letter " with its regional core: \"internet\" is 0s then"

/* --- access lines --- */

#define WPT_DSL "secondary: WebPageTest, connectivity.ini.sample, DSL: "
#define WPT_CABLE "secondary: WebPageTest, connectivity.ini.sample, Cable: "
#define WPT_FIOS "from memory: WebPageTest, connectivity.ini.sample, FIOS: "
#define NETALYZR                                                                               \
    "from memory: Kreibich et al., Netalyzr, IMC 2010: uplink buffers of 128 and 256 KiB are " \
    "common; the same down"
#define LTE_RATES "Huang et al., MobiSys 2012: median 13 Mbps down, 6 Mbps up"
#define MOBILE_2025                                                                             \
    "arXiv 2507.18834: few mobile users see less than 20 ms there and back, 60 % less than 50 " \
    "Mbps; "
#define STARLINK "Mohan et al., WWW 2024 (arXiv 2310.09242): "
#define SPARE_QUEUE "chosen: about a tenth of a second of the rate"

static const sim_link_field_source FIBRE[] = {
    {"delay", WPT_FIOS "4 ms there and back"},
    {"jitter", "chosen: a polling cycle of a passive optical network is a fraction of this"},
    {"rate", "chosen: an ordinary tariff; the delays of small packets hardly depend on it"},
    {"queue", SPARE_QUEUE},
    {NULL, NULL},
};

static const sim_link_field_source CABLE[] = {
    {"delay", WPT_CABLE "28 ms there and back"},
    {"jitter", "chosen: an upstream request waits for a few DOCSIS map intervals of about 2 ms"},
    {"loss", "chosen: below 0.4 %, the least class of the FCC's Measuring Broadband America"},
    {"rate", WPT_CABLE "5 Mbps down; from memory: 1 Mbps up"},
    {"queue", NETALYZR},
    {NULL, NULL},
};

static const sim_link_field_source DSL[] = {
    {"delay", WPT_DSL "50 ms there and back"},
    {"jitter", "chosen: interleaving delays all packets alike"},
    {"loss", "chosen: below 0.4 %, the least class of the FCC's Measuring Broadband America"},
    {"rate", WPT_DSL "1.5 Mbps down; from memory: 384 kbps up"},
    {"queue", NETALYZR},
    {NULL, NULL},
};

static const sim_link_field_source LTE[] = {
    {"delay", "secondary: WebPageTest, connectivity.ini.sample, LTE: 70 ms there and back"},
    {"jitter", "chosen: a few retransmissions by HARQ, 8 ms each (from memory: 3GPP TS 36.321)"},
    {"burst_good", "chosen: a handover or a fade now and then"},
    {"burst_bad", "chosen: as long as a handover interrupts, and what waits behind it"},
    {"burst_loss_bad", "chosen: the radio link repeats what is lost, so that little is"},
    {"burst_jitter", "chosen: what was repeated comes late instead"},
    {"rate", LTE_RATES},
    {"queue", "chosen: deep, because the radio link rather waits than loses"},
    {NULL, NULL},
};

static const sim_link_field_source NR[] = {
    {"delay", MOBILE_2025 "chosen: 30 ms there and back"},
    {"jitter", "chosen: half of LTE's; its slots are shorter"},
    {"burst_good", "chosen: as LTE's"},
    {"burst_bad", "chosen: as LTE's"},
    {"burst_loss_bad", "chosen: as LTE's"},
    {"burst_jitter", "chosen: as LTE's"},
    {"rate", MOBILE_2025 "chosen: 50 Mbps down, a fifth of it up"},
    {"queue", "chosen: deep, because the radio link rather waits than loses"},
    {NULL, NULL},
};

static const sim_link_field_source GEO[] = {
    {"delay", "RFC 2488 §2: 239.6 to 279.0 ms per hop over the satellite; chosen: in between"},
    {"jitter", "chosen: waiting for a slot of a shared return channel; down there is none"},
    {"loss", "chosen: what error correction leaves"},
    {"rate", "chosen: an ordinary tariff"},
    {"queue", "chosen: one round trip of the rate"},
    {NULL, NULL},
};

static const sim_link_field_source LEO[] = {
    {"delay", "secondary: " STARLINK
              "below 50 ms there and back where there are ground stations; chosen: 40 ms"},
    {"jitter", "chosen: waiting for a slot"},
    {"burst_good", STARLINK "reconfigured every 15 s; chosen: of random length around that"},
    {"burst_bad", "secondary: " STARLINK "degraded for less than a second; chosen: 0.5 s"},
    {"burst_loss_bad",
     "A browser-side view of Starlink connectivity, IMC 2022: losses of up to 50 % at handovers; "
     "chosen: 20 %"},
    {"burst_jitter", "chosen: what waits for the new satellite"},
    {"rate", "chosen: an ordinary tariff"},
    {"queue", SPARE_QUEUE},
    {"flap_every", STARLINK "another satellite every 15 s"},
    {"flap_delay",
     "Huston (APNIC), Measuring Starlink Protocol Performance: up and down again takes 3.7 ms "
     "overhead, 7.5 ms at an elevation of 25 degrees"},
    {NULL, NULL},
};

static const sim_link_field_source WIFI[] = {
    {"delay",
     "Sui et al., MobiSys 2016: median 3 ms there and back; chosen: 1 ms each way before jitter"},
    {"jitter",
     "chosen with burst_*: so that half of all round trips exceed 20 ms and a tenth 100 ms, as Pei "
     "et al., INFOCOM 2016, measured on a campus"},
    {"burst_good", "chosen, see jitter"},
    {"burst_bad", "chosen, see jitter"},
    {"burst_loss_bad", "chosen: frames are repeated, so that little is lost"},
    {"burst_jitter", "chosen, see jitter"},
    {NULL, NULL},
};

static const sim_link_field_source BLOATED[] = {
    {"delay", WPT_CABLE "28 ms there and back"},
    {"jitter", "chosen: as cable's"},
    {"burst_good", "chosen: pauses between uploads"},
    {"burst_bad", "chosen: an upload of 1.25 MB at this rate"},
    {"burst_loss_bad", "chosen: one packet of a hundred finds the waiting room full"},
    {"burst_jitter",
     "256 KiB at 1 Mbps: a TCP Reno flow fills and drains a waiting room linearly, so that its "
     "depth is uniform over time"},
    {"rate", WPT_CABLE "5 Mbps down; from memory: 1 Mbps up"},
    {"queue", NETALYZR},
    {NULL, NULL},
};

#define CELLULAR_BURSTS                                                             \
    .good_mean_us = SECONDS(20), .bad_mean_us = MS(200), .loss_bad = PARTS(2, 100), \
    .bad_jitter_us = MS(150)
#define LEO_LINE                                                                                \
    .delay_us = MS(20), .jitter_us = MS(10), .good_mean_us = MS(14500), .bad_mean_us = MS(500), \
    .loss_bad = PARTS(20, 100), .bad_jitter_us = MS(60), .flap_every_us = SECONDS(15),          \
    .flap_delay_us = MS(4)
#define WIFI_LINE                                                                             \
    .delay_us = MS(1), .jitter_us = MS(17), .good_mean_us = MS(1100), .bad_mean_us = MS(100), \
    .loss_bad = PARTS(2, 100), .bad_jitter_us = MS(200)

static const sim_link_preset PRESETS[] = {
    {"g1050-a", SEVERITY("A"), {CORE(4, 0, 5)}, {0}, G1050_SOURCES},
    {"g1050-b",
     SEVERITY("B"),
     {CORE(8, 1, 10), ACCESS(1, 512), FAILS(3600, 64, 2)},
     {ACCESS(1, 512)},
     G1050_SOURCES},
    {"g1050-c",
     SEVERITY("C"),
     {CORE(16, 2, 16), ACCESS(2, 1508), FAILS(1800, 128, 4)},
     {ACCESS(2, 1508)},
     G1050_SOURCES},
    {"g1050-d",
     SEVERITY("D"),
     {CORE(32, 4, 40), ACCESS(4, 1508), FAILS(900, 256, 8)},
     {ACCESS(4, 1508)},
     G1050_SOURCES},
    {"g1050-e",
     SEVERITY("E"),
     {CORE(64, 10, 70), ACCESS(8, 1508), FAILS(480, 400, 16)},
     {ACCESS(8, 1508)},
     G1050_SOURCES},
    {"g1050-f",
     SEVERITY("F"),
     {CORE(128, 20, 100), ACCESS(15, 1508), FAILS(240, 800, 32)},
     {ACCESS(15, 1508)},
     G1050_SOURCES},
    {"g1050-g",
     SEVERITY("G"),
     {CORE(256, 50, 150), ACCESS(30, 1508), FAILS(120, 1600, 64)},
     {ACCESS(30, 1508)},
     G1050_SOURCES},
    {"g1050-h",
     SEVERITY("H"),
     {CORE(512, 100, 500), ACCESS(50, 1508), FAILS(60, 3000, 128), .reorder = PARTS(1, 100),
      .reorder_us = MS(250)},
     {ACCESS(50, 1508)},
     G1050_SOURCES},
    {"fibre",
     "Fibre to the home",
     {.delay_us = MS(2), .jitter_us = MS(1), .rate_bps = KBPS(50000), .queue_bytes = KIB(512)},
     {.delay_us = MS(2), .jitter_us = MS(1), .rate_bps = KBPS(100000), .queue_bytes = KIB(1024)},
     FIBRE},
    {"cable",
     "Cable modem, nobody else uploading",
     {.delay_us = MS(14),
      .jitter_us = MS(6),
      .loss = PARTS(1, 1000),
      .rate_bps = KBPS(1000),
      .queue_bytes = KIB(256)},
     {.delay_us = MS(14),
      .jitter_us = MS(2),
      .loss = PARTS(1, 1000),
      .rate_bps = KBPS(5000),
      .queue_bytes = KIB(256)},
     CABLE},
    {"cable-uploading",
     "Cable modem with uploads in its deep waiting room (bufferbloat)",
     {.delay_us = MS(14),
      .jitter_us = MS(6),
      .good_mean_us = SECONDS(20),
      .bad_mean_us = SECONDS(10),
      .loss_bad = PARTS(1, 100),
      .bad_jitter_us = MS(2097),
      .rate_bps = KBPS(1000),
      .queue_bytes = KIB(256)},
     {.delay_us = MS(14), .jitter_us = MS(2), .rate_bps = KBPS(5000), .queue_bytes = KIB(256)},
     BLOATED},
    {"dsl",
     "DSL with interleaving",
     {.delay_us = MS(25),
      .jitter_us = MS(2),
      .loss = PARTS(1, 1000),
      .rate_bps = KBPS(384),
      .queue_bytes = KIB(128)},
     {.delay_us = MS(25),
      .jitter_us = MS(2),
      .loss = PARTS(1, 1000),
      .rate_bps = KBPS(1500),
      .queue_bytes = KIB(128)},
     DSL},
    {"lte",
     "LTE (4G)",
     {.delay_us = MS(35),
      .jitter_us = MS(16),
      CELLULAR_BURSTS,
      .rate_bps = KBPS(6000),
      .queue_bytes = KIB(512)},
     {.delay_us = MS(35),
      .jitter_us = MS(16),
      CELLULAR_BURSTS,
      .rate_bps = KBPS(13000),
      .queue_bytes = KIB(1024)},
     LTE},
    {"5g",
     "5G NR",
     {.delay_us = MS(15),
      .jitter_us = MS(8),
      CELLULAR_BURSTS,
      .rate_bps = KBPS(10000),
      .queue_bytes = KIB(512)},
     {.delay_us = MS(15),
      .jitter_us = MS(8),
      CELLULAR_BURSTS,
      .rate_bps = KBPS(50000),
      .queue_bytes = KIB(2048)},
     NR},
    {"satellite-geo",
     "Geostationary satellite",
     {.delay_us = MS(260),
      .jitter_us = MS(40),
      .loss = PARTS(1, 1000),
      .rate_bps = KBPS(3000),
      .queue_bytes = KIB(192)},
     {.delay_us = MS(260),
      .loss = PARTS(1, 1000),
      .rate_bps = KBPS(25000),
      .queue_bytes = KIB(1600)},
     GEO},
    {"satellite-leo",
     "Satellites in low orbit, another one every 15 s",
     {LEO_LINE, .rate_bps = KBPS(10000), .queue_bytes = KIB(128)},
     {LEO_LINE, .rate_bps = KBPS(100000), .queue_bytes = KIB(1024)},
     LEO},
    {"wifi-busy",
     "A busy Wi-Fi hop; what lies behind it comes on top",
     {WIFI_LINE},
     {WIFI_LINE},
     WIFI},
};

const sim_link_preset *sim_link_presets(size_t *count_out) {
    *count_out = sizeof PRESETS / sizeof PRESETS[0];
    return PRESETS;
}

const sim_link_preset *sim_link_preset_find(const char *name) {
    for (size_t i = 0; i < sizeof PRESETS / sizeof PRESETS[0]; i++) {
        if (strcmp(PRESETS[i].name, name) == 0) {
            return &PRESETS[i];
        }
    }
    return NULL;
}
