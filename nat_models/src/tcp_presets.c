/* SPDX-License-Identifier: MIT */
/*
 * TCP tracking of devices people meet, with a source per field, the words for it and the checks.
 * How far to trust a source is marked as in presets.c: a text of the vendor or kernel, "secondary",
 * "from memory", "chosen". To add a device: a source list and an entry in PRESETS.
 */
#include "nat/tcp.h"

#include <string.h>

#define SECONDS(n) ((n)*PUNCH_US_PER_S)
#define MINUTES(n) SECONDS(60 * (n))
#define HOURS(n) MINUTES(60 * (n))

/* --- the RFCs --- */

#define RFC5382_TRANSITORY "RFC 5382 REQ-5: transitory, 4 min at least"
#define RFC5382_ESTABLISHED "RFC 5382 REQ-5: established, 2 h 4 min at least"
#define RFC5382_HALF_CLOSED                                                               \
    "RFC 5382 §5: established until FINs were seen in both directions, so 2 h 4 min at " \
    "least"
#define RFC5382_OPEN "RFC 5382 §5: transitory until both sides have sent an ACK, so 4 min at least"

static const nat_field_source RFC5382[] = {
    {"tcp_timeout_held", "RFC 5382 REQ-4: no answer for at least 6 s"},
    {"tcp_timeout_syn_sent", RFC5382_TRANSITORY},
    {"tcp_timeout_syn_both", RFC5382_OPEN},
    {"tcp_timeout_syn_received", RFC5382_OPEN},
    {"tcp_timeout_established", RFC5382_ESTABLISHED},
    {"tcp_timeout_fin_wait", RFC5382_HALF_CLOSED},
    {"tcp_timeout_close_wait", RFC5382_HALF_CLOSED},
    {"tcp_timeout_last_ack", RFC5382_TRANSITORY},
    {"tcp_timeout_time_wait", "RFC 5382 §5: MAY be held; chosen: as long as other transitory ones"},
    {"tcp_timeout_reset", "RFC 7857 §2.2: 4 min"},
    {"tcp_timeout_reset_unanswered", "RFC 7857 §2.2: 4 min, whatever the phase"},
    {"tcp_simultaneous_open", "RFC 5382 REQ-2a: MUST"},
    {"tcp_pick_up", "chosen: what is no part of a connection makes none"},
    {"tcp_unsolicited", "RFC 5382 REQ-4: SHOULD send ICMP port unreachable"},
    {"tcp_window", "chosen: no requirement asks for it, and a wrong check breaks REQ-2"},
    {"tcp_reset", "RFC 7857 §2.2 and Figure 1: ends the session only if nothing follows"},
    {"tcp_reopen", "RFC 5382 REQ-2 with RFC 9293 §3.6.1: a SYN in TIME-WAIT is a valid sequence"},
    {NULL, NULL},
};

/* --- Linux --- */

#define LINUX_SYSCTL "Linux kernel documentation, nf_conntrack-sysctl: nf_conntrack_tcp_"
#define LINUX_SOURCE "Linux kernel, nf_conntrack_proto_tcp.c: "
#define LINUX_FIELDS                                                                            \
    {"tcp_timeout_syn_sent", LINUX_SYSCTL "timeout_syn_sent 120 s"},                            \
        {"tcp_timeout_syn_both", LINUX_SOURCE "SYN_SENT2 120 s"},                               \
        {"tcp_timeout_syn_received", LINUX_SYSCTL "timeout_syn_recv 60 s"},                     \
        {"tcp_timeout_established", LINUX_SYSCTL                                                \
         "timeout_established 5 days (300 s while "                                             \
         "data is unacknowledged or resent, which "                                             \
         "is not modelled)"},                                                                   \
        {"tcp_timeout_fin_wait", LINUX_SYSCTL "timeout_fin_wait 120 s"},                        \
        {"tcp_timeout_close_wait", LINUX_SYSCTL "timeout_close_wait 60 s"},                     \
        {"tcp_timeout_last_ack", LINUX_SYSCTL "timeout_last_ack 30 s"},                         \
        {"tcp_timeout_time_wait", LINUX_SYSCTL "timeout_time_wait 120 s"},                      \
        {"tcp_timeout_reset", LINUX_SYSCTL "timeout_close 10 s"},                               \
        {"tcp_timeout_reset_unanswered",                                                        \
         LINUX_SOURCE "a RST that is the first answer deletes the entry at once"},              \
        {"tcp_simultaneous_open", LINUX_SOURCE "SYN_SENT2"},                                    \
        {"tcp_pick_up", LINUX_SYSCTL "loose: enabled"},                                         \
        {"tcp_window", LINUX_SYSCTL "be_liberal: disabled"},                                    \
        {"tcp_reset", LINUX_SOURCE                                                              \
         "CLOSE (since 5.0 only a RST with exactly the expected "                               \
         "number closes at once, which is not modelled)"},                                      \
        {"tcp_reopen", LINUX_SOURCE "a SYN of the original direction in TIME_WAIT or CLOSE"}, { \
        NULL, NULL                                                                              \
    }
#define LINUX_TIMEOUTS                                                               \
    {                                                                                \
        [NAT_TCP_SYN_SENT] = SECONDS(120), [NAT_TCP_SYN_BOTH] = SECONDS(120),        \
        [NAT_TCP_SYN_RECEIVED] = SECONDS(60), [NAT_TCP_ESTABLISHED] = HOURS(5 * 24), \
        [NAT_TCP_FIN_WAIT] = SECONDS(120), [NAT_TCP_CLOSE_WAIT] = SECONDS(60),       \
        [NAT_TCP_LAST_ACK] = SECONDS(30), [NAT_TCP_TIME_WAIT] = SECONDS(120),        \
        [NAT_TCP_RESET] = SECONDS(10),                                               \
    }
#define LINUX_TRACKING                                                        \
    .timeout_us = LINUX_TIMEOUTS, .simultaneous_open = true, .pick_up = true, \
    .window = NAT_TCP_WINDOW_STRICT, .reset = NAT_TCP_RESET_CLOSES,           \
    .reopen = NAT_TCP_REOPEN_OPENER

static const nat_field_source LINUX_PLAIN[] = {
    {"tcp_timeout_held", "RFC 9293 §3.10.7.1: a host with no listener answers at once"},
    {"tcp_unsolicited",
     "RFC 9293 §3.10.7.1: without a drop rule on INPUT the SYN reaches the router's own TCP, which "
     "has no listener there"},
    LINUX_FIELDS,
};

static const nat_field_source LINUX_INPUT_DROP[] = {
    {"tcp_timeout_held", "chosen: unused, nothing is answered"},
    {"tcp_unsolicited", "nft(8), drop: no answer"},
    LINUX_FIELDS,
};

/* --- the others --- */

#define PF_TIMEOUT "FreeBSD sys/netpfil/pf/pf.h, PFTM_TCP_"
#define PF_MEMORY "from memory: FreeBSD pf.c, "

static const nat_field_source PF[] = {
    {"tcp_timeout_held", "chosen: unused, nothing is answered"},
    {"tcp_timeout_syn_sent", PF_TIMEOUT "FIRST_PACKET_VAL 120 s"},
    {"tcp_timeout_syn_both", PF_TIMEOUT "OPENING_VAL 30 s"},
    {"tcp_timeout_syn_received", PF_TIMEOUT "OPENING_VAL 30 s"},
    {"tcp_timeout_established", PF_TIMEOUT "ESTABLISHED_VAL 24 h"},
    {"tcp_timeout_fin_wait", PF_TIMEOUT "CLOSING_VAL 900 s (half closed)"},
    {"tcp_timeout_close_wait", PF_TIMEOUT "CLOSING_VAL 900 s (half closed)"},
    {"tcp_timeout_last_ack", PF_TIMEOUT "FIN_WAIT_VAL 45 s (both FINs)"},
    {"tcp_timeout_time_wait", PF_MEMORY "both FINs acknowledged: PFTM_TCP_CLOSED_VAL 90 s"},
    {"tcp_timeout_reset", PF_TIMEOUT "CLOSED_VAL 90 s (a RST)"},
    {"tcp_timeout_reset_unanswered", PF_TIMEOUT "CLOSED_VAL 90 s (a RST)"},
    {"tcp_simultaneous_open", PF_MEMORY "pf_tcp_track_full follows each side on its own"},
    {"tcp_pick_up", "pf.conf(5): keep state applies to flags S/SA by default"},
    {"tcp_unsolicited", "pf.conf(5): block-policy drop by default"},
    {"tcp_window", "pf.conf(5): sequence numbers are checked unless a rule says sloppy"},
    {"tcp_reset", PF_MEMORY "a RST moves both sides to TIME_WAIT"},
    {"tcp_reopen",
     PF_MEMORY "a SYN ends a finished state and meets the rules, which let only the inside open"},
    {NULL, NULL},
};

#define GCP_API "Google Compute Engine API, routers.nats: tcp"

static const nat_field_source GCP[] = {
    {"tcp_timeout_held", "chosen: unused, nothing is answered"},
    {"tcp_timeout_syn_sent", GCP_API "TransitoryIdleTimeoutSec 30 s"},
    {"tcp_timeout_syn_both", GCP_API "TransitoryIdleTimeoutSec 30 s"},
    {"tcp_timeout_syn_received", GCP_API "TransitoryIdleTimeoutSec 30 s"},
    {"tcp_timeout_established", GCP_API "EstablishedIdleTimeoutSec 1200 s"},
    {"tcp_timeout_fin_wait", "chosen: established, as RFC 5382 §5 has it"},
    {"tcp_timeout_close_wait", "chosen: established, as RFC 5382 §5 has it"},
    {"tcp_timeout_last_ack", GCP_API "TransitoryIdleTimeoutSec 30 s"},
    {"tcp_timeout_time_wait", GCP_API "TimeWaitTimeoutSec 120 s"},
    {"tcp_timeout_reset", "chosen: transitory"},
    {"tcp_timeout_reset_unanswered", "chosen: transitory"},
    {"tcp_simultaneous_open", "chosen: nothing is documented"},
    {"tcp_pick_up", "chosen: nothing is documented"},
    {"tcp_unsolicited", "chosen: no answer to unsolicited packets is documented"},
    {"tcp_window", "chosen: nothing is documented"},
    {"tcp_reset", "chosen: nothing is documented"},
    {"tcp_reopen", "chosen: TIME_WAIT is documented to keep a port from being used again"},
    {NULL, NULL},
};

static const nat_tcp_preset PRESETS[] = {
    {.name = "rfc5382",
     .title = "What RFC 5382 and RFC 7857 ask for",
     .config = {.timeout_us = {[NAT_TCP_HELD] = SECONDS(6),
                               [NAT_TCP_SYN_SENT] = MINUTES(4),
                               [NAT_TCP_SYN_BOTH] = MINUTES(4),
                               [NAT_TCP_SYN_RECEIVED] = MINUTES(4),
                               [NAT_TCP_ESTABLISHED] = MINUTES(124),
                               [NAT_TCP_FIN_WAIT] = MINUTES(124),
                               [NAT_TCP_CLOSE_WAIT] = MINUTES(124),
                               [NAT_TCP_LAST_ACK] = MINUTES(4),
                               [NAT_TCP_TIME_WAIT] = MINUTES(4),
                               [NAT_TCP_RESET] = MINUTES(4)},
                .reset_unanswered_us = MINUTES(4),
                .simultaneous_open = true,
                .pick_up = false,
                .unsolicited = NAT_TCP_UNSOLICITED_ICMP,
                .window = NAT_TCP_WINDOW_LOOSE,
                .reset = NAT_TCP_RESET_SHORTENS,
                .reopen = NAT_TCP_REOPEN_EITHER},
     .sources = RFC5382},
    {.name = "linux-masquerade",
     .title = "Linux masquerade without a drop rule on INPUT",
     .config = {LINUX_TRACKING, .unsolicited = NAT_TCP_UNSOLICITED_RST},
     .sources = LINUX_PLAIN},
    {.name = "linux-masquerade-input-drop",
     .title = "Linux masquerade that drops unsolicited packets on INPUT",
     .config = {LINUX_TRACKING, .unsolicited = NAT_TCP_UNSOLICITED_SILENCE},
     .sources = LINUX_INPUT_DROP},
    {.name = "pf",
     .title = "FreeBSD pf (pfSense, OPNsense)",
     .config = {.timeout_us = {[NAT_TCP_SYN_SENT] = SECONDS(120),
                               [NAT_TCP_SYN_BOTH] = SECONDS(30),
                               [NAT_TCP_SYN_RECEIVED] = SECONDS(30),
                               [NAT_TCP_ESTABLISHED] = HOURS(24),
                               [NAT_TCP_FIN_WAIT] = SECONDS(900),
                               [NAT_TCP_CLOSE_WAIT] = SECONDS(900),
                               [NAT_TCP_LAST_ACK] = SECONDS(45),
                               [NAT_TCP_TIME_WAIT] = SECONDS(90),
                               [NAT_TCP_RESET] = SECONDS(90)},
                .reset_unanswered_us = SECONDS(90),
                .simultaneous_open = true,
                .pick_up = false,
                .unsolicited = NAT_TCP_UNSOLICITED_SILENCE,
                .window = NAT_TCP_WINDOW_STRICT,
                .reset = NAT_TCP_RESET_CLOSES,
                .reopen = NAT_TCP_REOPEN_OPENER},
     .sources = PF},
    {.name = "gcp-cloud-nat",
     .title = "Google Cloud NAT",
     .config = {.timeout_us = {[NAT_TCP_SYN_SENT] = SECONDS(30),
                               [NAT_TCP_SYN_BOTH] = SECONDS(30),
                               [NAT_TCP_SYN_RECEIVED] = SECONDS(30),
                               [NAT_TCP_ESTABLISHED] = SECONDS(1200),
                               [NAT_TCP_FIN_WAIT] = SECONDS(1200),
                               [NAT_TCP_CLOSE_WAIT] = SECONDS(1200),
                               [NAT_TCP_LAST_ACK] = SECONDS(30),
                               [NAT_TCP_TIME_WAIT] = SECONDS(120),
                               [NAT_TCP_RESET] = SECONDS(30)},
                .reset_unanswered_us = SECONDS(30),
                .simultaneous_open = true,
                .pick_up = false,
                .unsolicited = NAT_TCP_UNSOLICITED_SILENCE,
                .window = NAT_TCP_WINDOW_LOOSE,
                .reset = NAT_TCP_RESET_CLOSES,
                .reopen = NAT_TCP_REOPEN_NONE},
     .sources = GCP},
};

const nat_tcp_preset *nat_tcp_presets(size_t *count_out) {
    *count_out = sizeof PRESETS / sizeof PRESETS[0];
    return PRESETS;
}

const nat_tcp_preset *nat_tcp_preset_find(const char *name) {
    for (size_t i = 0; i < sizeof PRESETS / sizeof PRESETS[0]; i++) {
        if (strcmp(PRESETS[i].name, name) == 0) {
            return &PRESETS[i];
        }
    }
    return NULL;
}

nat_tcp_config nat_tcp_config_default(void) {
    return PRESETS[0].config;
}

static const char *check_choices(const nat_tcp_config *config) {
    if ((unsigned)config->unsolicited > NAT_TCP_UNSOLICITED_ICMP) {
        return "the answer to an unsolicited SYN is none of silence, rst, icmp";
    }
    if ((unsigned)config->window > NAT_TCP_WINDOW_STRICT) {
        return "the window check is none of loose, rst, strict";
    }
    if ((unsigned)config->reset > NAT_TCP_RESET_SHORTENS) {
        return "what a RST does is none of closes, shortens";
    }
    if ((unsigned)config->reopen > NAT_TCP_REOPEN_EITHER) {
        return "what reopens a connection is none of none, opener, either";
    }
    return NULL;
}

const char *nat_tcp_config_check(const nat_tcp_config *config) {
    for (size_t i = NAT_TCP_HELD; i < NAT_TCP_PHASE_COUNT; i++) {
        const punch_time_us timeout_us = config->timeout_us[i];
        const bool may_be_zero = i == NAT_TCP_HELD || i == NAT_TCP_RESET;
        if (timeout_us < 0 || timeout_us > NAT_TCP_TIMEOUT_US_MAX) {
            return "a TCP timeout is negative or longer than 30 days";
        }
        if (timeout_us == 0 && !may_be_zero) {
            return "a TCP timeout is 0; only those of held and reset may be";
        }
    }
    if (config->timeout_us[NAT_TCP_CLOSED] != 0) {
        return "a closed TCP connection has no timeout";
    }
    if (config->reset_unanswered_us < 0 || config->reset_unanswered_us > NAT_TCP_TIMEOUT_US_MAX) {
        return "the TCP timeout after an unanswered RST is negative or longer than 30 days";
    }
    return check_choices(config);
}

/* A value outside its enumeration is a bug of the caller, but printing must not make it worse. */
static const char *name_of(const char *const *names, size_t count, size_t value) {
    return value < count ? names[value] : "unknown";
}

#define NAME_OF(names, value) name_of(names, sizeof(names) / sizeof((names)[0]), (size_t)(value))

const char *nat_tcp_phase_name(nat_tcp_phase phase) {
    static const char *const names[] = {"closed",       "held",        "syn-sent", "syn-both",
                                        "syn-received", "established", "fin-wait", "close-wait",
                                        "last-ack",     "time-wait",   "reset"};
    return NAME_OF(names, phase);
}

const char *nat_tcp_unsolicited_name(nat_tcp_unsolicited unsolicited) {
    static const char *const names[] = {"silence", "rst", "icmp"};
    return NAME_OF(names, unsolicited);
}

const char *nat_tcp_window_name(nat_tcp_window window) {
    static const char *const names[] = {"loose", "rst", "strict"};
    return NAME_OF(names, window);
}

const char *nat_tcp_reset_name(nat_tcp_reset reset) {
    static const char *const names[] = {"closes", "shortens"};
    return NAME_OF(names, reset);
}

const char *nat_tcp_reopen_name(nat_tcp_reopen reopen) {
    static const char *const names[] = {"none", "opener", "either"};
    return NAME_OF(names, reopen);
}

typedef struct {
    const char *name;
    const char *text;
} verdict_words;

static const verdict_words VERDICTS[NAT_TCP_VERDICT_COUNT] = {
    [NAT_TCP_PASS] = {"pass", "it passes"},
    [NAT_TCP_HOLD] = {"hold",
                      "nobody asked for it; it is held in case a SYN leaves for its sender"},
    [NAT_TCP_ANSWER_RST] = {"answer-rst", "nobody asked for it; a RST goes back"},
    [NAT_TCP_ANSWER_ICMP] = {"answer-icmp", "nobody asked for it; ICMP port unreachable goes back"},
    [NAT_TCP_DROP_UNSOLICITED] = {"unsolicited", "nobody asked for it; it is dropped in silence"},
    [NAT_TCP_DROP_NO_SESSION] = {"no-session", "it belongs to no connection and begins none"},
    [NAT_TCP_DROP_CROSSED_SYN] = {"crossed-syn",
                                  "it crosses a SYN of the other side, and this NAT knows no "
                                  "simultaneous open"},
    [NAT_TCP_DROP_PHASE] = {"phase", "it cannot come at this point of the connection"},
    [NAT_TCP_DROP_WINDOW] = {"window", "its numbers lie outside the window"},
    [NAT_TCP_DROP_FLAGS] = {"flags", "no TCP sends these control bits together"},
    [NAT_TCP_EXPIRED] = {"expired", "the connection has timed out"},
};

const char *nat_tcp_verdict_name(nat_tcp_verdict verdict) {
    return (size_t)verdict < NAT_TCP_VERDICT_COUNT ? VERDICTS[verdict].name : "unknown";
}

const char *nat_tcp_verdict_text(nat_tcp_verdict verdict) {
    return (size_t)verdict < NAT_TCP_VERDICT_COUNT ? VERDICTS[verdict].text : "unknown";
}
