/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of one frame. Which fields of a result are written, and how, is said once, in two
 * tables; encoder and decoder walk them alike, so a new field is a new row.
 *
 *   mark  cell  first  count  lengths of both parts  0  check      FRAME_HEAD bytes, fixed width
 *   times:  per trial, per call: time to connect
 *   rest:   in cells that adapt, of the first trials, per side: points (intervals.h), their number
 *           first; then
 *           per trial: digest, TRIAL_FIELDS; per call: CALL_FIELDS, and HOLD_FIELDS in worlds with
 *           a hold
 *
 * Most packets arrive, so what else became of them is mostly zeros. Those fields are rare: of a
 * trial's rest and of each call's only those that are not zero follow, each after its distance from
 * the one before. The 0 in the head is a 1 where they do; frames written before there were such
 * fields can still be read.
 */
#include "trials_frame.h"

#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"
#include "punch/rng.h"

/* Longest LEB128 form of 64 bits: ceil(64 / 7). */
#define NUMBER_BYTES_MAX 10u

#define FRAME_MARK UINT32_C(0x46544c50) /* "PLTF" */

typedef enum {
    FIELD_BOOL,
    FIELD_U16,
    FIELD_U32,
    FIELD_U64,
    FIELD_TIME,
    FIELD_FAIL,
    FIELD_VERDICT,
    FIELD_SITE /* SIM_NONE is 0 */
} field_kind;

typedef struct {
    field_kind kind;
    uint16_t offset;
} field;

#define TRIAL(kind, name) \
    { kind, offsetof(sim_trial_result, name) }
#define CALL(kind, name) \
    { kind, offsetof(sim_call_result, name) }
/* NOLINTNEXTLINE(bugprone-macro-parentheses): the name of a member takes none */
#define SIDES(kind, name) CALL(kind, name[0]), CALL(kind, name[1])

static const field trial_fields[] = {
    TRIAL(FIELD_U64, events),
    TRIAL(FIELD_U64, packets_sent),
    TRIAL(FIELD_U64, packets_delivered),
    TRIAL(FIELD_U64, packets_lost_link),
    TRIAL(FIELD_U64, packets_blocked),
    TRIAL(FIELD_U64, bytes_sent),
    TRIAL(FIELD_TIME, ended_at_us),
};

static const field call_fields[] = {
    CALL(FIELD_BOOL, lost_after),
    CALL(FIELD_BOOL, path_private),
    SIDES(FIELD_TIME, connected_us),
    SIDES(FIELD_FAIL, fail),
    SIDES(FIELD_TIME, fired_at_us),
    SIDES(FIELD_U32, intros_sent),
    SIDES(FIELD_TIME, outbound_gap_us_max),
    SIDES(FIELD_U32, keepalives_sent),
    CALL(FIELD_U32, messages_acked),
    CALL(FIELD_U32, messages_unconfirmed),
    CALL(FIELD_U32, messages_refused),
    SIDES(FIELD_U32, arrived),
    SIDES(FIELD_U32, lost_link),
    SIDES(FIELD_U32, blocked),
    SIDES(FIELD_VERDICT, blocked_verdict),
    SIDES(FIELD_U32, blocked_site),
    SIDES(FIELD_U16, port_taken),
    SIDES(FIELD_U16, port_dodged_to),
};

/* Only of cells with a hold, so that the others' files do not grow. */
static const field hold_fields[] = {
    CALL(FIELD_TIME, hold.held_us),          SIDES(FIELD_U32, hold.keepalives),
    SIDES(FIELD_U64, hold.keepalive_bytes),  SIDES(FIELD_U32, hold.holes_lost),
    SIDES(FIELD_TIME, hold.unreachable_us),  SIDES(FIELD_TIME, hold.unreachable_us_max),
    SIDES(FIELD_TIME, hold.hole_lost_at_us), CALL(FIELD_U32, hold.faults),
    CALL(FIELD_TIME, hold.recovery_us_max),  CALL(FIELD_BOOL, hold.has_crashed),
    CALL(FIELD_TIME, hold.notice_us),        CALL(FIELD_U32, hold.false_give_ups),
    CALL(FIELD_U32, hold.redials),           SIDES(FIELD_U64, hold.broker_packets),
    SIDES(FIELD_U64, hold.broker_bytes),     SIDES(FIELD_TIME, hold.radio_us),
    SIDES(FIELD_TIME, hold.radio_on_us),     SIDES(FIELD_U32, hold.radio_ua),
    SIDES(FIELD_U32, hold.radio_peers_ua),
};

/* NOLINTBEGIN(bugprone-macro-parentheses): the name of a member takes none */
#define LOSSES(of, kind, name)                                       \
    of(kind, name[SIM_LOSS_TTL]), of(kind, name[SIM_LOSS_ISOLATED]), \
        of(kind, name[SIM_LOSS_HOST]), of(kind, name[SIM_LOSS_NOWHERE])
#define WAY(name)                                                                                  \
    CALL(FIELD_U32, name.blocked), CALL(FIELD_VERDICT, name.verdict), CALL(FIELD_SITE, name.site), \
        CALL(FIELD_U32, name.lost_link), LOSSES(CALL, FIELD_U32, name.lost_elsewhere)
/* NOLINTEND(bugprone-macro-parentheses) */
#define VERDICT(verdict) TRIAL(FIELD_U32, verdicts[verdict])

static const field rare_trial_fields[] = {
    LOSSES(TRIAL, FIELD_U64, packets_lost_elsewhere),
    TRIAL(FIELD_U64, packets_copied),
    TRIAL(FIELD_U64, packets_left),
    VERDICT(NAT_DROP_NO_MAPPING),
    VERDICT(NAT_DROP_EXPIRED),
    VERDICT(NAT_DROP_FILTER_ADDRESS),
    VERDICT(NAT_DROP_FILTER_PORT),
    VERDICT(NAT_DROP_FILTER_EXPIRED),
    VERDICT(NAT_DROP_TABLE_FULL),
    VERDICT(NAT_DROP_HOST_LIMIT),
    VERDICT(NAT_DROP_NO_PORT),
    VERDICT(NAT_DROP_NO_HAIRPIN),
    VERDICT(NAT_DROP_BLACKLISTED),
    VERDICT(NAT_DROP_NOT_OURS),
    VERDICT(NAT_DROP_HOST_PORTS),
    VERDICT(NAT_DROP_UDP_BLOCKED),
    VERDICT(NAT_DROP_RATE),
    VERDICT(NAT_DROP_ICMP_BLOCKED),
    VERDICT(NAT_DROP_MAPPING_RATE),
};
_Static_assert(NAT_DROP_MAPPING_RATE + 1 == NAT_VERDICT_COUNT, "a verdict is missing above");

static const field rare_call_fields[] = {
    LOSSES(CALL, FIELD_U32, lost_elsewhere[0]),
    LOSSES(CALL, FIELD_U32, lost_elsewhere[1]),
    SIDES(FIELD_U32, broker_arrived),
    WAY(to_broker[0]),
    WAY(to_broker[1]),
    WAY(from_broker[0]),
    WAY(from_broker[1]),
};

#define RARE_TRIAL_FIELDS (sizeof rare_trial_fields / sizeof rare_trial_fields[0])
#define RARE_CALL_FIELDS (sizeof rare_call_fields / sizeof rare_call_fields[0])
#define HOLD_FIELDS (sizeof hold_fields / sizeof hold_fields[0])
#define TRIAL_FIELDS (sizeof trial_fields / sizeof trial_fields[0])
#define CALL_FIELDS (sizeof call_fields / sizeof call_fields[0])

/* Per trial, the digest besides; per call in the rest, and one more in the times. */
#define TRIAL_BYTES_MAX (8u + (TRIAL_FIELDS + 1u + 2u * RARE_TRIAL_FIELDS) * NUMBER_BYTES_MAX)
#define CALL_BYTES_MAX ((CALL_FIELDS + HOLD_FIELDS + 2u + 2u * RARE_CALL_FIELDS) * NUMBER_BYTES_MAX)

/* Of frames without rare fields. */
static uint32_t layout_without_rare(void) {
    uint64_t layout = TRIAL_FIELDS << 8 | CALL_FIELDS;
    for (size_t i = 0; i < TRIAL_FIELDS; i++) {
        layout = punch_mix64(layout ^ (uint64_t)trial_fields[i].kind);
    }
    for (size_t i = 0; i < CALL_FIELDS; i++) {
        layout = punch_mix64(layout ^ (uint64_t)call_fields[i].kind);
    }
    for (size_t i = 0; i < HOLD_FIELDS; i++) {
        layout = punch_mix64(layout ^ (uint64_t)hold_fields[i].kind);
    }
    return (uint32_t)layout;
}

#define LOG_BYTES_MAX (2u * (1u + 3u * INTERVALS_POINTS_MAX) * NUMBER_BYTES_MAX)

uint32_t trials_frame_layout(void) {
    uint64_t layout = layout_without_rare();
    for (size_t i = 0; i < RARE_TRIAL_FIELDS; i++) {
        layout = punch_mix64(layout ^ (uint64_t)rare_trial_fields[i].kind);
    }
    for (size_t i = 0; i < RARE_CALL_FIELDS; i++) {
        layout = punch_mix64(layout ^ (uint64_t)rare_call_fields[i].kind);
    }
    return (uint32_t)layout;
}

bool trials_frame_reads(uint32_t layout) {
    return layout == trials_frame_layout() || layout == layout_without_rare();
}

void trials_put_le(uint8_t *at, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

uint64_t trials_get_le(const uint8_t *at, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value |= (uint64_t)at[i] << (8 * i);
    }
    return value;
}

uint64_t trials_check(uint64_t seed, const uint8_t *bytes, size_t length) {
    uint64_t check = punch_mix64(seed ^ length);
    size_t at = 0;
    for (; at + 8 <= length; at += 8) {
        check = punch_mix64(check ^ trials_get_le(bytes + at, 8)) + PUNCH_RNG_GAMMA;
    }
    return punch_mix64(check ^ trials_get_le(bytes + at, length - at));
}

/* --- encoding */

static uint8_t *put_number(uint8_t *at, uint64_t value) {
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

/* Never is 0; other times are zigzagged (0, -1, 1, ...) from 1 on. */
static uint64_t time_to_number(punch_time_us time_us) {
    if (time_us == PUNCH_NEVER) {
        return 0;
    }
    const uint64_t twice = (uint64_t)time_us << 1;
    return (time_us < 0 ? ~twice : twice) + 1;
}

static punch_time_us number_to_time(uint64_t number) {
    if (number == 0) {
        return PUNCH_NEVER;
    }
    number--;
    const uint64_t half = number >> 1;
    return (punch_time_us)((number & 1) != 0 ? ~half : half);
}

static uint64_t load(const field *of, const void *object) {
    const uint8_t *at = (const uint8_t *)object + of->offset;
    switch (of->kind) {
    case FIELD_BOOL:
        return *(const bool *)(const void *)at ? 1 : 0;
    case FIELD_U16:
        return *(const uint16_t *)(const void *)at;
    case FIELD_U32:
        return *(const uint32_t *)(const void *)at;
    case FIELD_U64:
        return *(const uint64_t *)(const void *)at;
    case FIELD_TIME:
        return time_to_number(*(const punch_time_us *)(const void *)at);
    case FIELD_FAIL:
        return (uint64_t) * (const punch_fail *)(const void *)at;
    case FIELD_VERDICT:
        return (uint64_t) * (const nat_verdict *)(const void *)at;
    case FIELD_SITE:
        return *(const uint32_t *)(const void *)at + UINT32_C(1);
    }
    return 0;
}

static uint8_t *put_fields(uint8_t *at, const field *fields, size_t count, const void *object) {
    for (size_t i = 0; i < count; i++) {
        at = put_number(at, load(&fields[i], object));
    }
    return at;
}

static uint8_t *put_rare(uint8_t *at, const field *fields, size_t count, const void *object) {
    uint64_t numbers[RARE_TRIAL_FIELDS + RARE_CALL_FIELDS];
    uint64_t given = 0;
    for (size_t i = 0; i < count; i++) {
        numbers[i] = load(&fields[i], object);
        given += numbers[i] != 0 ? 1 : 0;
    }
    at = put_number(at, given);
    for (size_t i = 0, next = 0; i < count; i++) {
        if (numbers[i] != 0) {
            at = put_number(at, i - next);
            at = put_number(at, numbers[i]);
            next = i + 1;
        }
    }
    return at;
}

uint32_t trials_logged(const trials_chunk *chunk, const facts_cell *cell) {
    if (!cell->adapts || chunk->first >= INTERVALS_TRIALS) {
        return 0;
    }
    const uint32_t left = INTERVALS_TRIALS - (uint32_t)chunk->first;
    return chunk->count < left ? chunk->count : left;
}

static uint8_t *put_line(uint8_t *at, const interval_line *line) {
    at = put_number(at, line->count);
    for (uint32_t i = 0; i < line->count; i++) {
        at = put_number(at, time_to_number(line->points[i].at_us));
        at = put_number(at, time_to_number(line->points[i].interval_us));
        at = put_number(at, time_to_number(line->points[i].lifetime_us));
    }
    return at;
}

static uint8_t *put_logs(uint8_t *at, const interval_log *logs, uint32_t count) {
    static const interval_line none = {0};
    for (uint32_t i = 0; i < 2 * count; i++) {
        at = put_line(at, logs != NULL ? &logs[i / 2].sides[i % 2] : &none);
    }
    return at;
}

static void make_room(trials_buffer *buffer, size_t more) {
    if (buffer->cap - buffer->length >= more) {
        return;
    }
    const size_t cap = (buffer->length + more) * 2;
    uint8_t *bytes = realloc(buffer->bytes, cap);
    PUNCH_ASSERT(bytes != NULL);
    buffer->bytes = bytes;
    buffer->cap = cap;
}

void trials_buffer_free(trials_buffer *buffer) {
    free(buffer->bytes);
    memset(buffer, 0, sizeof *buffer);
}

void trials_encode(const trials_chunk *chunk, const facts_cell *cell,
                   const sim_trial_result *results, trials_buffer *buffer) {
    trials_encode_logs(chunk, cell, results, NULL, buffer);
}

void trials_encode_logs(const trials_chunk *chunk, const facts_cell *cell,
                        const sim_trial_result *results, const interval_log *logs,
                        trials_buffer *buffer) {
    const uint32_t calls_per_trial = cell->call_count;
    make_room(buffer, TRIALS_FRAME_HEAD + trials_logged(chunk, cell) * LOG_BYTES_MAX +
                          chunk->count * (TRIAL_BYTES_MAX + calls_per_trial * CALL_BYTES_MAX));
    uint8_t *head = buffer->bytes + buffer->length;
    uint8_t *times = head + TRIALS_FRAME_HEAD;
    uint8_t *at = times;
    for (uint32_t t = 0; t < chunk->count; t++) {
        for (uint32_t c = 0; c < calls_per_trial; c++) {
            const sim_call_result *call = &results[t].calls[c];
            PUNCH_ASSERT_EQ(call->connected, call->time_to_connect_us != PUNCH_NEVER);
            PUNCH_ASSERT(call->time_to_connect_us >= 0);
            at = put_number(at, time_to_number(call->time_to_connect_us));
        }
    }
    uint8_t *rest = at;
    at = put_logs(at, logs, trials_logged(chunk, cell));
    for (uint32_t t = 0; t < chunk->count; t++) {
        trials_put_le(at, results[t].digest, 8);
        at = put_fields(at + 8, trial_fields, TRIAL_FIELDS, &results[t]);
        at = put_rare(at, rare_trial_fields, RARE_TRIAL_FIELDS, &results[t]);
        for (uint32_t c = 0; c < calls_per_trial; c++) {
            at = put_fields(at, call_fields, CALL_FIELDS, &results[t].calls[c]);
            at = put_fields(at, hold_fields, cell->holds ? HOLD_FIELDS : 0, &results[t].calls[c]);
            at = put_rare(at, rare_call_fields, RARE_CALL_FIELDS, &results[t].calls[c]);
        }
    }
    const trials_frame_head described = {.chunk = *chunk,
                                         .times_length = (uint32_t)(rest - times),
                                         .rest_length = (uint32_t)(at - rest),
                                         .has_rare = true};
    trials_frame_head_put(&described, head);
    buffer->length += (size_t)(at - head);
}

/* --- heads */

void trials_frame_head_put(const trials_frame_head *head, uint8_t *bytes) {
    trials_put_le(bytes, FRAME_MARK, 4);
    trials_put_le(bytes + 4, head->chunk.cell, 4);
    trials_put_le(bytes + 8, head->chunk.first, 8);
    trials_put_le(bytes + 16, head->chunk.count, 4);
    trials_put_le(bytes + 20, head->times_length, 4);
    trials_put_le(bytes + 24, head->rest_length, 4);
    trials_put_le(bytes + 28, head->has_rare ? 1 : 0, 4);
    const size_t payload = (size_t)head->times_length + head->rest_length;
    const uint64_t check = trials_check(0, bytes, TRIALS_FRAME_HEAD - 8);
    trials_put_le(bytes + 32, trials_check(check, bytes + TRIALS_FRAME_HEAD, payload), 8);
}

bool trials_frame_head_get(const uint8_t *bytes, trials_frame_head *out) {
    if (trials_get_le(bytes, 4) != FRAME_MARK || trials_get_le(bytes + 28, 4) > 1) {
        return false;
    }
    out->chunk.cell = (uint32_t)trials_get_le(bytes + 4, 4);
    out->chunk.first = trials_get_le(bytes + 8, 8);
    out->chunk.count = (uint32_t)trials_get_le(bytes + 16, 4);
    out->times_length = (uint32_t)trials_get_le(bytes + 20, 4);
    out->rest_length = (uint32_t)trials_get_le(bytes + 24, 4);
    out->has_rare = trials_get_le(bytes + 28, 4) == 1;
    return true;
}

bool trials_frame_is_whole(const uint8_t *frame, size_t payload) {
    const uint64_t check = trials_check(0, frame, TRIALS_FRAME_HEAD - 8);
    return trials_get_le(frame + 32, 8) == trials_check(check, frame + TRIALS_FRAME_HEAD, payload);
}

/* --- decoding */

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
} number_reader;

static uint64_t get_number(number_reader *reader) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (reader->at == reader->end) {
            break;
        }
        const uint8_t byte = *reader->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    reader->failed = true;
    return 0;
}

/* False: the number does not fit into the field. */
static bool store(const field *of, void *object, uint64_t number) {
    uint8_t *at = (uint8_t *)object + of->offset;
    switch (of->kind) {
    case FIELD_BOOL:
        *(bool *)(void *)at = number != 0;
        return number <= 1;
    case FIELD_U16:
        *(uint16_t *)(void *)at = (uint16_t)number;
        return number <= UINT16_MAX;
    case FIELD_U32:
        *(uint32_t *)(void *)at = (uint32_t)number;
        return number <= UINT32_MAX;
    case FIELD_U64:
        *(uint64_t *)(void *)at = number;
        return true;
    case FIELD_TIME:
        *(punch_time_us *)(void *)at = number_to_time(number);
        return true;
    case FIELD_FAIL:
        *(punch_fail *)(void *)at =
            number <= PUNCH_FAIL_HUNG_UP ? (punch_fail)number : PUNCH_FAIL_NONE;
        return number <= PUNCH_FAIL_HUNG_UP;
    case FIELD_VERDICT:
        *(nat_verdict *)(void *)at = number < NAT_VERDICT_COUNT ? (nat_verdict)number : NAT_PASS;
        return number < NAT_VERDICT_COUNT;
    case FIELD_SITE:
        *(uint32_t *)(void *)at = (uint32_t)(number - 1);
        return number <= UINT32_MAX;
    }
    return false;
}

static void get_fields(number_reader *reader, const field *fields, size_t count, void *object) {
    for (size_t i = 0; i < count; i++) {
        if (!store(&fields[i], object, get_number(reader))) {
            reader->failed = true;
        }
    }
}

/* Zeros where there are none. */
static void get_rare(number_reader *reader, const field *fields, size_t count, bool has_rare,
                     void *object) {
    for (size_t i = 0; i < count; i++) {
        (void)store(&fields[i], object, 0);
    }
    uint64_t at = 0;
    for (uint64_t given = has_rare ? get_number(reader) : 0; given > 0 && !reader->failed;
         given--) {
        const uint64_t distance = get_number(reader);
        const uint64_t number = get_number(reader);
        if (distance >= count - at || !store(&fields[at + distance], object, number)) {
            reader->failed = true;
            return;
        }
        at += distance + 1;
    }
}

static bool decode_times(const trials_frame_head *head, const uint8_t *payload,
                         uint32_t calls_per_trial, sim_trial_result *results) {
    number_reader reader = {payload, payload + head->times_length, false};
    for (uint32_t t = 0; t < head->chunk.count; t++) {
        for (uint32_t c = 0; c < calls_per_trial; c++) {
            sim_call_result *call = &results[t].calls[c];
            call->time_to_connect_us = number_to_time(get_number(&reader));
            reader.failed = reader.failed || call->time_to_connect_us < 0;
            call->connected = call->time_to_connect_us != PUNCH_NEVER;
        }
    }
    return !reader.failed && reader.at == reader.end;
}

static void get_line(number_reader *reader, interval_line *line) {
    const uint64_t count = get_number(reader);
    reader->failed = reader->failed || count > INTERVALS_POINTS_MAX;
    punch_time_us last_us = 0;
    line->count = 0;
    while (!reader->failed && line->count < count) {
        interval_point *point = &line->points[line->count++];
        point->at_us = number_to_time(get_number(reader));
        point->interval_us = number_to_time(get_number(reader));
        point->lifetime_us = number_to_time(get_number(reader));
        reader->failed = reader->failed || point->at_us < last_us || point->at_us == PUNCH_NEVER ||
                         point->interval_us < 0 || point->interval_us == PUNCH_NEVER ||
                         point->lifetime_us < 0;
        last_us = point->at_us;
    }
}

/* Where there is no room for them, they are only skipped. */
static void get_logs(number_reader *reader, uint32_t count, interval_log *logs) {
    interval_line skipped;
    for (uint32_t i = 0; i < 2 * count; i++) {
        get_line(reader, logs != NULL ? &logs[i / 2].sides[i % 2] : &skipped);
    }
}

bool trials_decode_logs(const trials_frame_head *head, const uint8_t *payload,
                        const facts_cell *cell, interval_log *logs) {
    const uint8_t *rest = payload + head->times_length;
    number_reader reader = {rest, rest + head->rest_length, false};
    get_logs(&reader, trials_logged(&head->chunk, cell), logs);
    return !reader.failed;
}

static bool decode_rest(const trials_frame_head *head, const uint8_t *payload,
                        const facts_cell *cell, sim_trial_result *results) {
    const size_t held = cell->holds ? HOLD_FIELDS : 0;
    const uint8_t *rest = payload + head->times_length;
    number_reader reader = {rest, rest + head->rest_length, false};
    get_logs(&reader, trials_logged(&head->chunk, cell), NULL);
    for (uint32_t t = 0; t < head->chunk.count; t++) {
        if (reader.end - reader.at < 8) {
            return false;
        }
        results[t].digest = trials_get_le(reader.at, 8);
        reader.at += 8;
        get_fields(&reader, trial_fields, TRIAL_FIELDS, &results[t]);
        get_rare(&reader, rare_trial_fields, RARE_TRIAL_FIELDS, head->has_rare, &results[t]);
        for (uint32_t c = 0; c < cell->call_count; c++) {
            get_fields(&reader, call_fields, CALL_FIELDS, &results[t].calls[c]);
            get_fields(&reader, hold_fields, held, &results[t].calls[c]);
            get_rare(&reader, rare_call_fields, RARE_CALL_FIELDS, head->has_rare,
                     &results[t].calls[c]);
        }
    }
    return !reader.failed && reader.at == reader.end;
}

bool trials_decode(const trials_frame_head *head, const uint8_t *payload, const facts_cell *cell,
                   bool times_only, sim_trial_result *results) {
    return decode_times(head, payload, cell->call_count, results) &&
           (times_only || decode_rest(head, payload, cell, results));
}
