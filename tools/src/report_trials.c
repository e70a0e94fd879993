/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trials.csv: one row per call, everything the world said about it, cell by cell from the trials
 * file. The columns are described in results/README.md. There may be millions of rows, so numbers
 * are written by hand into a buffer: that is several times as fast as fprintf().
 */
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "punch/assert.h"
#include "report.h"

/* Chosen: a few dozen rows. */
#define BUFFER_BYTES 16384u

/* More than a row: some 130 numbers of at most 20 digits, some 25 names of enums, four site names
 * of at most SITE_BYTES_MAX. */
#define ROW_BYTES_MAX 8192u
#define SITE_BYTES_MAX 1024u

typedef struct {
    FILE *out;
    size_t length;
    char bytes[BUFFER_BYTES];
} row_buffer;

static void row_flush(row_buffer *row) {
    fwrite(row->bytes, 1, row->length, row->out);
    row->length = 0;
}

static void row_text(row_buffer *row, const char *text) {
    const size_t length = strlen(text);
    PUNCH_ASSERT(row->length + length <= BUFFER_BYTES);
    memcpy(row->bytes + row->length, text, length);
    row->length += length;
}

static void row_digits(row_buffer *row, uint64_t number, uint32_t digits_min) {
    char digits[20];
    uint32_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count < digits_min) {
        digits[count++] = '0';
    }
    while (count > 0) {
        row->bytes[row->length++] = digits[--count];
    }
}

static void row_comma(row_buffer *row) {
    row->bytes[row->length++] = ',';
}

static void row_number(row_buffer *row, uint64_t number) {
    row_comma(row);
    row_digits(row, number, 1);
}

/* As format_seconds. */
static void row_seconds(row_buffer *row, punch_time_us duration_us) {
    row_comma(row);
    if (duration_us == PUNCH_NEVER) {
        row_text(row, "inf");
        return;
    }
    if (duration_us < 0) {
        row_text(row, "-");
    }
    const uint64_t us = duration_us < 0 ? 0 - (uint64_t)duration_us : (uint64_t)duration_us;
    row_digits(row, us / 1000000, 1);
    row_text(row, ".");
    row_digits(row, us % 1000000, 6);
}

static void row_hex(row_buffer *row, uint64_t number) {
    row_comma(row);
    for (int shift = 60; shift >= 0; shift -= 4) {
        row->bytes[row->length++] = "0123456789abcdef"[number >> shift & 15u];
    }
}

/* Names of sites as CSV fields, made once. */
typedef struct {
    char **names;
    uint32_t count;
} site_names;

static site_names site_names_of(const facts *about) {
    site_names sites = {calloc((size_t)about->site_count + 1, sizeof(char *)), about->site_count};
    PUNCH_ASSERT(sites.names != NULL);
    for (uint32_t i = 0; i < sites.count; i++) {
        size_t length = 0;
        FILE *out = open_memstream(&sites.names[i], &length);
        PUNCH_ASSERT(out != NULL);
        format_csv_label(out, about->sites[i]);
        fclose(out);
        if (length > SITE_BYTES_MAX) { /* no scenario's, but a file may say anything */
            memcpy(sites.names[i], "?", 2);
        }
    }
    return sites;
}

static void site_names_free(site_names *sites) {
    for (uint32_t i = 0; i < sites->count; i++) {
        free(sites->names[i]);
    }
    free(sites->names);
}

/* Packets between a side and its broker that NATs refused; the verdict of those from there only
 * when none were refused on the way to it. */
static void put_broker(row_buffer *row, const site_names *sites, const sim_broker_way *to,
                       const sim_broker_way *from) {
    const sim_broker_way *shown = to->blocked > 0 ? to : from;
    row_number(row, to->blocked);
    row_number(row, from->blocked);
    row_comma(row);
    if (shown->blocked > 0) {
        row_text(row, nat_verdict_name(shown->verdict));
        row_comma(row);
        row_text(row, shown->site < sites->count ? sites->names[shown->site] : "?");
    } else {
        row_comma(row);
    }
}

/* "table-full:14 filter-port:3" */
static void put_verdicts(row_buffer *row, const sim_trial_result *trial) {
    const char *before = "";
    row_comma(row);
    for (int verdict = 0; verdict < NAT_VERDICT_COUNT; verdict++) {
        if (trial->verdicts[verdict] > 0) {
            row_text(row, before);
            row_text(row, nat_verdict_name((nat_verdict)verdict));
            row_text(row, ":");
            row_digits(row, trial->verdicts[verdict], 1);
            before = " ";
        }
    }
}

/* Columns of one side of a call. */
static void put_side(row_buffer *row, const site_names *sites, const sim_call_result *call,
                     int side) {
    row_seconds(row, call->connected_us[side]);
    row_comma(row);
    row_text(row, punch_fail_name(call->fail[side]));
    row_seconds(row, call->fired_at_us[side]);
    row_number(row, call->intros_sent[side]);
    row_seconds(row, call->outbound_gap_us_max[side]);
    row_number(row, call->keepalives_sent[side]);
    row_number(row, call->arrived[side]);
    row_number(row, call->lost_link[side]);
    row_number(row, call->blocked[side]);
    row_comma(row);
    if (call->blocked[side] > 0) {
        const uint32_t site = call->blocked_site[side];
        row_text(row, nat_verdict_name(call->blocked_verdict[side]));
        row_comma(row);
        row_text(row, site < sites->count ? sites->names[site] : "?");
    } else {
        row_comma(row);
    }
    for (int why = 0; why < SIM_LOSS_COUNT; why++) {
        row_number(row, call->lost_elsewhere[side][why]);
    }
    put_broker(row, sites, &call->to_broker[side], &call->from_broker[side]);
}

/* What holding a call took, in runs that hold. */
static const char *const hold_stems[] = {"held_s",   "faults",         "recovery_s_max", "crashed",
                                         "notice_s", "false_give_ups", "redials"};
static const char *const hold_side_stems[] = {
    "keepalives_held",   "keepalive_bytes", "holes_lost",     "unreachable_s",
    "unreachable_s_max", "hole_lost_at_s",  "broker_packets", "broker_bytes",
    "radio_s",           "radio_on_s",      "radio_ua",       "radio_peers_ua"};

#define HOLD_STEMS (sizeof hold_stems / sizeof hold_stems[0])
#define HOLD_SIDE_STEMS (sizeof hold_side_stems / sizeof hold_side_stems[0])

static void put_seconds_if(row_buffer *row, bool applies, punch_time_us duration_us) {
    if (applies) {
        row_seconds(row, duration_us);
    } else {
        row_comma(row);
    }
}

static void put_hold(row_buffer *row, const sim_hold_result *hold) {
    row_seconds(row, hold->held_us);
    row_number(row, hold->faults);
    put_seconds_if(row, hold->faults > 0, hold->recovery_us_max);
    row_number(row, hold->has_crashed ? 1 : 0);
    put_seconds_if(row, hold->has_crashed, hold->notice_us);
    row_number(row, hold->false_give_ups);
    row_number(row, hold->redials);
    for (int side = 0; side < 2; side++) {
        row_number(row, hold->keepalives[side]);
        row_number(row, hold->keepalive_bytes[side]);
        row_number(row, hold->holes_lost[side]);
        row_seconds(row, hold->unreachable_us[side]);
        row_seconds(row, hold->unreachable_us_max[side]);
        row_seconds(row, hold->hole_lost_at_us[side]);
        row_number(row, hold->broker_packets[side]);
        row_number(row, hold->broker_bytes[side]);
        row_seconds(row, hold->radio_us[side]);
        row_seconds(row, hold->radio_on_us[side]);
        row_number(row, hold->radio_ua[side]);
        row_number(row, hold->radio_peers_ua[side]);
    }
}

/* A cell without a hold in a run where others have one. */
static void put_no_hold(row_buffer *row) {
    for (size_t i = 0; i < HOLD_STEMS + 2 * HOLD_SIDE_STEMS; i++) {
        row_comma(row);
    }
}

/* Which call of the run. */
typedef struct {
    uint32_t cell;
    uint64_t trial;
    uint32_t call;
} row_place;

/* What all rows of a run have in common. */
typedef struct {
    site_names sites;
    bool any_holds; /* some cell */
    bool holds;     /* the cell at hand */
} row_kind;

static void put_row(row_buffer *row, const row_kind *kind, const sim_trial_result *trial,
                    const row_place *at) {
    const sim_call_result *call = &trial->calls[at->call];
    row_digits(row, at->cell, 1);
    row_number(row, at->trial);
    row_number(row, at->call);
    row_number(row, call->connected ? 1 : 0);
    row_seconds(row, call->time_to_connect_us);
    row_number(row, call->lost_after ? 1 : 0);
    row_number(row, call->path_private ? 1 : 0);
    put_side(row, &kind->sites, call, 0);
    put_side(row, &kind->sites, call, 1);
    row_number(row, call->messages_acked);
    row_number(row, call->messages_unconfirmed);
    row_number(row, call->messages_refused);
    if (kind->holds) {
        put_hold(row, &call->hold);
    } else if (kind->any_holds) {
        put_no_hold(row);
    }
    row_number(row, trial->events);
    row_number(row, trial->packets_sent);
    row_number(row, trial->packets_delivered);
    row_number(row, trial->packets_lost_link);
    row_number(row, trial->packets_blocked);
    put_verdicts(row, trial);
    for (int why = 0; why < SIM_LOSS_COUNT; why++) {
        row_number(row, trial->packets_lost_elsewhere[why]);
    }
    row_number(row, trial->packets_copied);
    row_number(row, trial->packets_left);
    row_number(row, trial->bytes_sent);
    row_seconds(row, trial->ended_at_us);
    row_hex(row, trial->digest);
    row_text(row, "\n");
}

static void put_side_names(FILE *out, const char *side) {
    static const char *const stems[] = {
        "connected_s",
        "fail",
        "fired_at_s",
        "intros_sent",
        "outbound_gap_s_max",
        "keepalives_sent",
        "arrived",
        "lost_link",
        "blocked",
        "blocked_verdict",
        "blocked_by_nat_of",
        "lost_ttl",
        "lost_isolated",
        "lost_host",
        "nowhere",
        "to_broker_blocked",
        "from_broker_blocked",
        "broker_blocked_verdict",
        "broker_blocked_by_nat_of",
    };
    for (size_t i = 0; i < sizeof stems / sizeof stems[0]; i++) {
        fprintf(out, ",%s_%s", side, stems[i]);
    }
}

static void put_hold_names(FILE *out) {
    static const char *const sides[] = {"caller", "callee"};
    for (size_t i = 0; i < HOLD_STEMS; i++) {
        fprintf(out, ",%s", hold_stems[i]);
    }
    for (size_t i = 0; i < 2 * HOLD_SIDE_STEMS; i++) {
        fprintf(out, ",%s_%s", sides[i / HOLD_SIDE_STEMS], hold_side_stems[i % HOLD_SIDE_STEMS]);
    }
}

static void put_header(FILE *out, bool any_holds) {
    fputs("cell,trial,call,connected,time_to_connect_s,lost_after,path_private", out);
    put_side_names(out, "caller");
    put_side_names(out, "callee");
    fputs(",messages_acked,messages_unconfirmed,messages_refused", out);
    if (any_holds) {
        put_hold_names(out);
    }
    fputs(
        ",events,packets_sent,packets_delivered,packets_lost_link,packets_blocked,"
        "blocked_by_verdict,packets_lost_ttl,packets_lost_isolated,packets_lost_host,"
        "packets_nowhere,packets_copied,packets_left,bytes_sent,ended_at_s,digest\n",
        out);
}

static bool put_cell(const analysis *of, row_buffer *row, row_kind *kind, uint32_t cell) {
    trials_reader reader;
    kind->holds = of->about->cells[cell].holds;
    trials_reader_begin(&reader, of->file, cell);
    while (trials_reader_next(&reader)) {
        for (uint32_t i = 0; i < reader.chunk.count; i++) {
            row_place at = {cell, reader.chunk.first + i, 0};
            for (; at.call < of->about->cells[cell].call_count; at.call++) {
                put_row(row, kind, &reader.results[i], &at);
                if (row->length + ROW_BYTES_MAX > BUFFER_BYTES) {
                    row_flush(row);
                }
            }
        }
    }
    const bool broken = reader.broken;
    trials_reader_end(&reader);
    return !broken;
}

bool report_trials_csv(const analysis *of, FILE *out) {
    row_buffer row = {.out = out};
    row_kind kind = {.sites = site_names_of(of->about), .any_holds = analysis_holds(of)};
    bool read = true;
    put_header(out, kind.any_holds);
    for (uint32_t cell = 0; cell < of->about->cell_count && read; cell++) {
        read = put_cell(of, &row, &kind, cell);
    }
    row_flush(&row);
    site_names_free(&kind.sites);
    return read;
}
