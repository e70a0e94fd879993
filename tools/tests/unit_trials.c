/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trials files: what goes in comes out, and no byte can be changed unnoticed.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"
#include "file.h"
#include "process.h"
#include "punch/rng.h"
#include "punch_test.h"
#include "trials_frame.h"

static facts fake_facts(uint64_t trials) {
    sim_scenario *scenario = fake_scenario(
        ", \"hold\": \"30s\", \"expect\": [{\"measure\": \"connected\", \"cell\": {\"loss\": "
        "\"2%\"}, \"minus\": {\"loss\": \"0%\"}, \"at_least\": \"-5%\", \"why\": \"a "
        "\\\"quoted\\\" "
        "reason\"}], \"tradeoff\": {\"cost\": \"intros_sent_mean\", \"harm\": \"held\", "
        "\"baseline\": \"2%\", \"margin\": \"0.5%\"}");
    run_request request = fake_request(scenario, &fake_backend, 1);
    request.trials = trials;
    facts made = run_facts(&request);
    sim_scenario_destroy(scenario);
    return made;
}

static char *text_of(const facts *of) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    facts_write(of, out);
    fclose(out);
    return text;
}

static void facts_come_back(void) {
    facts made = fake_facts(777);
    char *text = text_of(&made);
    facts read;
    const char *why = NULL;
    EXPECT("they can be read", facts_parse(text, strlen(text), &read, &why));
    char *again = text_of(&read);
    EXPECT_TEXT("and say the same", again, text);
    EXPECT_INT("expectations", read.expect_count, 1);
    EXPECT_TEXT("with their reason", read.expects[0].why, "a \"quoted\" reason");
    EXPECT_INT("what a treatment costs", read.tradeoff.cost, sim_measure_find("intros_sent_mean"));
    EXPECT_INT("what harm it does", read.tradeoff.harm, SIM_MEASURE_HELD);
    EXPECT_INT("its baseline", read.tradeoff.baseline, 2);
    EXPECT_REAL("how much harm is allowed", read.tradeoff.margin, 0.005, 0.0);
    EXPECT_INT("a cell's level", facts_level(&read, 2, 0), 2);
    EXPECT("treatments are paired", facts_paired(&read, 0, 2));
    EXPECT("worlds are held", facts_measured(&read, 0, SIM_MEASURE_HELD));
    facts copy = facts_copy(&read);
    facts_free(&read);
    char *copied = text_of(&copy);
    EXPECT_TEXT("a copy stands alone", copied, text);
    facts_free(&copy);
    free(copied);
    free(again);
    free(text);
    facts_free(&made);
}

/* No text that is nearly right is trusted, and none does harm. */
static void facts_hostile(void) {
    facts made = fake_facts(777);
    char *text = text_of(&made);
    const size_t length = strlen(text);
    punch_rng rng = punch_rng_stream(3, 0, 0);
    for (int i = 0; i < 3000; i++) {
        char *bad = malloc(length + 1);
        memcpy(bad, text, length + 1);
        for (uint64_t edits = 1 + punch_rng_below(&rng, 3); edits > 0; edits--) {
            static const char bytes[] = "0123456789-\"[]{},:.eE tn\\";
            bad[punch_rng_below(&rng, length)] = bytes[punch_rng_below(&rng, sizeof bytes - 1)];
        }
        facts read;
        const char *why = NULL;
        if (facts_parse(bad, length, &read, &why)) {
            EXPECT("what is taken makes sense",
                   read.cell_count > 0 && read.shard < read.shard_count);
            facts_free(&read);
        } else {
            EXPECT("what is refused is refused with a reason", why != NULL);
        }
        free(bad);
    }
    free(text);
    facts_free(&made);
}

/* Mostly zeros, as in most trials. */
static uint64_t rarely(punch_rng *rng, unsigned shift) {
    return punch_rng_below(rng, 4) == 0 ? punch_rng_u64(rng) >> shift : 0;
}

static void random_fates(punch_rng *rng, sim_trial_result *trial) {
    sim_call_result *call = trial->calls;
    const unsigned shift = (unsigned)punch_rng_below(rng, 60);
    trial->packets_copied = rarely(rng, shift);
    trial->packets_left = rarely(rng, shift);
    for (int verdict = NAT_TURNED_BACK + 1; verdict < NAT_VERDICT_COUNT; verdict++) {
        trial->verdicts[verdict] = (uint32_t)rarely(rng, shift);
    }
    sim_broker_way *const ways[] = {&call->to_broker[0], &call->to_broker[1], &call->from_broker[0],
                                    &call->from_broker[1]};
    for (int i = 0; i < 4; i++) {
        ways[i]->blocked = (uint32_t)rarely(rng, shift);
        ways[i]->verdict = (nat_verdict)punch_rng_below(rng, NAT_VERDICT_COUNT);
        ways[i]->site = i == 2 ? SIM_NONE : (uint32_t)rarely(rng, shift);
        ways[i]->lost_link = (uint32_t)rarely(rng, shift);
    }
    for (int why = 0; why < SIM_LOSS_COUNT; why++) {
        trial->packets_lost_elsewhere[why] = rarely(rng, shift);
        for (int i = 0; i < 4; i++) {
            ways[i]->lost_elsewhere[why] = (uint32_t)rarely(rng, shift);
        }
        call->lost_elsewhere[0][why] = (uint32_t)rarely(rng, shift);
        call->lost_elsewhere[1][why] = (uint32_t)rarely(rng, shift);
    }
    call->broker_arrived[0] = (uint32_t)rarely(rng, shift);
    call->broker_arrived[1] = (uint32_t)rarely(rng, shift);
}

static void random_hold(punch_rng *rng, sim_hold_result *hold) {
    const unsigned shift = (unsigned)punch_rng_below(rng, 60);
#define DRAW() (punch_rng_u64(rng) >> shift)
    hold->held_us = (punch_time_us)DRAW();
    hold->faults = (uint32_t)DRAW();
    hold->recovery_us_max = (punch_time_us)DRAW();
    hold->has_crashed = (DRAW() & 1) != 0;
    hold->notice_us = (DRAW() & 1) != 0 ? PUNCH_NEVER : (punch_time_us)DRAW();
    hold->false_give_ups = (uint32_t)DRAW();
    hold->redials = (uint32_t)DRAW();
    for (int side = 0; side < 2; side++) {
        hold->keepalives[side] = (uint32_t)DRAW();
        hold->keepalive_bytes[side] = DRAW();
        hold->holes_lost[side] = (uint32_t)DRAW();
        hold->unreachable_us[side] = (punch_time_us)DRAW();
        hold->unreachable_us_max[side] = (punch_time_us)DRAW();
        hold->hole_lost_at_us[side] = (punch_time_us)DRAW();
        hold->broker_packets[side] = DRAW();
        hold->broker_bytes[side] = DRAW();
        hold->radio_us[side] = (punch_time_us)DRAW();
        hold->radio_on_us[side] = (punch_time_us)DRAW();
        hold->radio_ua[side] = (uint32_t)DRAW();
        hold->radio_peers_ua[side] = (uint32_t)DRAW();
    }
}

/* Random results of every field, in full width. */
static void random_result(punch_rng *rng, sim_trial_result *trial) {
    sim_call_result *call = trial->calls;
    const unsigned shift = (unsigned)punch_rng_below(rng, 60);
    memset(call, 0, sizeof *call);
    trial->digest = punch_rng_u64(rng);
    trial->events = DRAW();
    trial->packets_sent = DRAW();
    trial->packets_delivered = DRAW();
    trial->packets_lost_link = DRAW();
    trial->packets_blocked = DRAW();
    trial->bytes_sent = DRAW();
    trial->ended_at_us = (punch_time_us)DRAW();
    call->connected = (DRAW() & 1) != 0;
    call->time_to_connect_us = call->connected ? (punch_time_us)(DRAW() >> 8) : PUNCH_NEVER;
    call->lost_after = (DRAW() & 1) != 0;
    call->path_private = (DRAW() & 1) != 0;
    for (int side = 0; side < 2; side++) {
        call->connected_us[side] = (DRAW() & 1) != 0 ? PUNCH_NEVER : (punch_time_us)DRAW();
        call->fail[side] = (punch_fail)punch_rng_below(rng, PUNCH_FAIL_HUNG_UP + 1);
        call->fired_at_us[side] = (punch_time_us)DRAW();
        call->intros_sent[side] = (uint32_t)DRAW();
        call->outbound_gap_us_max[side] = (punch_time_us)DRAW();
        call->keepalives_sent[side] = (uint32_t)DRAW();
        call->arrived[side] = (uint32_t)DRAW();
        call->lost_link[side] = (uint32_t)DRAW();
        call->blocked[side] = (uint32_t)DRAW();
        call->blocked_verdict[side] = (nat_verdict)punch_rng_below(rng, NAT_VERDICT_COUNT);
        call->blocked_site[side] = (uint32_t)DRAW();
        call->port_taken[side] = (uint16_t)DRAW();
        call->port_dodged_to[side] = (uint16_t)DRAW();
    }
    call->messages_acked = (uint32_t)DRAW();
    call->messages_unconfirmed = (uint32_t)DRAW();
    call->messages_refused = (uint32_t)DRAW();
    random_hold(rng, &call->hold);
    random_fates(rng, trial);
#undef DRAW
}

static bool same_hold(const sim_hold_result *x, const sim_hold_result *y) {
    bool same = x->held_us == y->held_us && x->faults == y->faults &&
                x->recovery_us_max == y->recovery_us_max && x->has_crashed == y->has_crashed &&
                x->notice_us == y->notice_us && x->false_give_ups == y->false_give_ups &&
                x->redials == y->redials;
    for (int s = 0; s < 2; s++) {
        same = same && x->keepalives[s] == y->keepalives[s] &&
               x->keepalive_bytes[s] == y->keepalive_bytes[s] &&
               x->holes_lost[s] == y->holes_lost[s] &&
               x->unreachable_us[s] == y->unreachable_us[s] &&
               x->unreachable_us_max[s] == y->unreachable_us_max[s] &&
               x->hole_lost_at_us[s] == y->hole_lost_at_us[s] &&
               x->broker_packets[s] == y->broker_packets[s] &&
               x->broker_bytes[s] == y->broker_bytes[s] && x->radio_us[s] == y->radio_us[s] &&
               x->radio_on_us[s] == y->radio_on_us[s] && x->radio_ua[s] == y->radio_ua[s] &&
               x->radio_peers_ua[s] == y->radio_peers_ua[s];
    }
    return same;
}

static bool same_way(const sim_broker_way *x, const sim_broker_way *y) {
    bool same = x->blocked == y->blocked && x->verdict == y->verdict && x->site == y->site &&
                x->lost_link == y->lost_link;
    for (int why = 0; why < SIM_LOSS_COUNT; why++) {
        same = same && x->lost_elsewhere[why] == y->lost_elsewhere[why];
    }
    return same;
}

static bool same_fates(const sim_call_result *x, const sim_call_result *y) {
    bool same = true;
    for (int s = 0; s < 2; s++) {
        same = same && x->broker_arrived[s] == y->broker_arrived[s] &&
               same_way(&x->to_broker[s], &y->to_broker[s]) &&
               same_way(&x->from_broker[s], &y->from_broker[s]);
        for (int why = 0; why < SIM_LOSS_COUNT; why++) {
            same = same && x->lost_elsewhere[s][why] == y->lost_elsewhere[s][why];
        }
    }
    return same;
}

/* Equal in every field; padding does not count. */
static bool same_result(const sim_trial_result *a, const sim_trial_result *b) {
    sim_trial_result left = *a;
    sim_trial_result right = *b;
    left.calls = right.calls = NULL;
    const sim_call_result *x = a->calls;
    const sim_call_result *y = b->calls;
    bool same = memcmp(&left, &right, sizeof left) == 0 && x->connected == y->connected &&
                x->time_to_connect_us == y->time_to_connect_us && x->lost_after == y->lost_after &&
                x->path_private == y->path_private && x->messages_acked == y->messages_acked &&
                x->messages_unconfirmed == y->messages_unconfirmed &&
                x->messages_refused == y->messages_refused && same_hold(&x->hold, &y->hold) &&
                same_fates(x, y);
    for (int s = 0; s < 2; s++) {
        same = same && x->connected_us[s] == y->connected_us[s] && x->fail[s] == y->fail[s] &&
               x->fired_at_us[s] == y->fired_at_us[s] && x->intros_sent[s] == y->intros_sent[s] &&
               x->outbound_gap_us_max[s] == y->outbound_gap_us_max[s] &&
               x->keepalives_sent[s] == y->keepalives_sent[s] && x->arrived[s] == y->arrived[s] &&
               x->lost_link[s] == y->lost_link[s] && x->blocked[s] == y->blocked[s] &&
               x->blocked_verdict[s] == y->blocked_verdict[s] &&
               x->blocked_site[s] == y->blocked_site[s] && x->port_taken[s] == y->port_taken[s] &&
               x->port_dodged_to[s] == y->port_dodged_to[s];
    }
    return same;
}

#define TRIALS 130u /* 64 chunks of 3, the last one short */

typedef struct {
    sim_trial_result results[TRIALS];
    sim_call_result calls[TRIALS];
} sample;

static void write_sample(const char *path, const facts *about, const sample *of) {
    trials_writer writer;
    EXPECT_INT("the file is made", trials_create(&writer, path, about), 0);
    const uint32_t size = trials_chunk_size(about);
    trials_buffer buffer = {0};
    for (uint32_t first = 0; first < TRIALS; first += size) {
        for (uint32_t cell = 0; cell < about->cell_count; cell++) {
            const uint32_t left = TRIALS - first;
            const trials_chunk chunk = {cell, first, left < size ? left : size};
            buffer.length = 0;
            trials_encode(&chunk, &about->cells[cell], &of->results[first], &buffer);
            EXPECT_INT("it takes a frame", trials_append(&writer, &buffer), 0);
        }
    }
    trials_buffer_free(&buffer);
    EXPECT_INT("it is closed", trials_finish(&writer), 0);
}

static void results_come_back(void) {
    facts about = fake_facts(TRIALS);
    char directory[256];
    process_make_directory(directory, sizeof directory);
    char *path = file_join(directory, "t");
    sample *of = calloc(1, sizeof *of);
    punch_rng rng = punch_rng_stream(4, 0, 0);
    for (uint32_t t = 0; t < TRIALS; t++) {
        of->results[t].calls = &of->calls[t];
        random_result(&rng, &of->results[t]);
    }
    write_sample(path, &about, of);
    trials_file file;
    char *wrong = trials_open(&file, path);
    EXPECT("it can be read", wrong == NULL);
    EXPECT("all of it", !file.torn);
    for (int times_only = 0; times_only < 2; times_only++) {
        trials_reader reader;
        uint32_t seen = 0;
        uint32_t different = 0;
        trials_reader_begin(&reader, &file, 1);
        reader.times_only = times_only != 0;
        while (trials_reader_next(&reader)) {
            for (uint32_t t = 0; t < reader.chunk.count; t++, seen++) {
                const bool same =
                    reader.times_only
                        ? reader.calls[t].time_to_connect_us == of->calls[seen].time_to_connect_us
                        : same_result(&reader.results[t], &of->results[seen]);
                different += same ? 0 : 1;
            }
        }
        EXPECT("not broken", !reader.broken);
        trials_reader_end(&reader);
        EXPECT_INT("every trial", seen, TRIALS);
        EXPECT_INT("as it was", different, 0);
    }
    trials_close(&file);
    free(of);
    free(path);
    facts_free(&about);
    process_remove_directory(directory);
}

/* Any byte changed: the file is refused, or ends before it. */
static void no_byte_changes_unnoticed(void) {
    facts about = fake_facts(TRIALS);
    char directory[256];
    process_make_directory(directory, sizeof directory);
    char *path = file_join(directory, "t");
    sample *of = calloc(1, sizeof *of);
    punch_rng rng = punch_rng_stream(5, 0, 0);
    for (uint32_t t = 0; t < TRIALS; t++) {
        of->results[t].calls = &of->calls[t];
        random_result(&rng, &of->results[t]);
    }
    write_sample(path, &about, of);
    trials_file file;
    EXPECT("it can be read", trials_open(&file, path) == NULL);
    const uint64_t length = file.length;
    trials_close(&file);
    FILE *both = fopen(path, "r+");
    for (int i = 0; i < 2000; i++) {
        const uint64_t at = punch_rng_below(&rng, length);
        fseek(both, (long)at, SEEK_SET);
        const int byte = fgetc(both);
        const int changed = byte ^ (int)(1 + punch_rng_below(&rng, 255));
        fseek(both, (long)at, SEEK_SET);
        fputc(changed, both);
        fflush(both);
        char *wrong = trials_open(&file, path);
        if (wrong == NULL) {
            EXPECT("what is wrong is left out", file.torn && file.length <= at);
            trials_close(&file);
        }
        free(wrong);
        fseek(both, (long)at, SEEK_SET);
        fputc(byte, both);
        fflush(both);
    }
    fclose(both);
    free(of);
    free(path);
    facts_free(&about);
    process_remove_directory(directory);
}

static void refused(void) {
    char directory[256];
    process_make_directory(directory, sizeof directory);
    static const struct {
        const char *bytes;
        const char *ending; /* of the sentence */
    } rows[] = {
        {"", "this is no file of trials"},
        {"{\"schema\": 1}", "this is no file of trials"},
        {"punchlab trials 1\n012345678901234567890123",
         "written by another version of punchlab: "
         "run it again"},
    };
    char *path = file_join(directory, "t");
    trials_file file;
    char *wrong = trials_open(&file, path);
    EXPECT("no file, and the system's reason",
           wrong != NULL && strstr(wrong, "No such file") != NULL);
    free(wrong);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        FILE *out = fopen(path, "w");
        fputs(rows[i].bytes, out);
        fclose(out);
        wrong = trials_open(&file, path);
        EXPECT(rows[i].ending, wrong != NULL && strstr(wrong, rows[i].ending) != NULL);
        free(wrong);
    }
    free(path);
    process_remove_directory(directory);
}

/* A frame whose check fits, but whose time lies before the call. */
static void before_the_call(void) {
    facts about = fake_facts(1);
    char directory[256];
    process_make_directory(directory, sizeof directory);
    char *path = file_join(directory, "t");
    sim_call_result call = {.connected = true, .time_to_connect_us = 0};
    const sim_trial_result result = {.calls = &call};
    const trials_chunk chunk = {0, 0, 1};
    trials_buffer buffer = {0};
    const facts_cell cell = {.call_count = 1};
    trials_encode(&chunk, &cell, &result, &buffer);
    trials_frame_head head;
    EXPECT("a frame", trials_frame_head_get(buffer.bytes, &head));
    EXPECT_INT("whose time is 0", buffer.bytes[TRIALS_FRAME_HEAD], 1);
    buffer.bytes[TRIALS_FRAME_HEAD] = 2; /* zigzag: -1 */
    trials_frame_head_put(&head, buffer.bytes);
    trials_writer writer;
    EXPECT_INT("the file is made", trials_create(&writer, path, &about), 0);
    EXPECT_INT("with that frame", trials_append(&writer, &buffer), 0);
    EXPECT_INT("and closed", trials_finish(&writer), 0);
    trials_file file;
    EXPECT("it can be opened", trials_open(&file, path) == NULL);
    trials_reader reader;
    trials_reader_begin(&reader, &file, 0);
    EXPECT("but not read", !trials_reader_next(&reader));
    EXPECT("because it is broken", reader.broken);
    trials_reader_end(&reader);
    trials_close(&file);
    trials_buffer_free(&buffer);
    free(path);
    facts_free(&about);
    process_remove_directory(directory);
}

/* The number of a field as it stands in a frame, which is below 128: one byte. */
static size_t put_small(uint8_t *bytes, size_t at, uint64_t number) {
    bytes[at] = (uint8_t)number;
    return at + 1;
}

/* A frame as it was before there were rare fields: a trial of one call, all of whose fields are
 * zero. */
static void frames_without_rare_fields(void) {
    enum { TIMES = 1, REST = 8 + 7 + 31 };
    uint8_t bytes[TRIALS_FRAME_HEAD + TIMES + REST] = {0};
    size_t at = put_small(bytes, TRIALS_FRAME_HEAD, 0); /* never connected */
    trials_put_le(bytes + at, 77, 8);                   /* digest */
    at = put_small(bytes, at + 8, 5);                   /* events */
    (void)put_small(bytes, at, 3);                      /* packets_sent */
    trials_frame_head head = {.chunk = {0, 0, 1}, .times_length = TIMES, .rest_length = REST};
    trials_frame_head_put(&head, bytes);
    trials_frame_head got;
    EXPECT("a frame", trials_frame_head_get(bytes, &got));
    EXPECT("without rare fields", !got.has_rare);
    sim_call_result call;
    memset(&call, 0xff, sizeof call);
    sim_trial_result result = {.calls = &call, .packets_left = 9};
    const facts_cell cell = {.call_count = 1};
    EXPECT("it can be read", trials_decode(&got, bytes + TRIALS_FRAME_HEAD, &cell, false, &result));
    EXPECT_INT("its digest", result.digest, 77);
    EXPECT_INT("its packets", result.packets_sent, 3);
    EXPECT_INT("what it does not say is zero", result.packets_left, 0);
    EXPECT_INT("of calls, too", call.to_broker[1].blocked, 0);
    EXPECT_INT("or nobody's", call.from_broker[0].site, SIM_NONE);
    head.has_rare = true;
    trials_frame_head_put(&head, bytes);
    EXPECT("as a frame of today it is too short",
           !trials_decode(&head, bytes + TRIALS_FRAME_HEAD, &cell, false, &result));
    EXPECT("the layout of today is read", trials_frame_reads(trials_frame_layout()));
    EXPECT("others are not", !trials_frame_reads(trials_frame_layout() + 1));
}

static void cut_up(void) {
    static const struct {
        uint64_t trials;
        bool until;
        uint32_t chunk;
        uint32_t looks;
        uint64_t first_look;
    } rows[] = {
        {1, false, 1, 1, 1},
        {64, false, 1, 1, 64},
        {1000, false, 16, 1, 1000},
        {20000, false, 256, 1, 20000},
        {1000000, false, 256, 1, 1000000},
        {1000000000, false, 4096, 1, 1000000000},
        {100, true, 64, 1, 100},
        {256, true, 64, 1, 256},
        {257, true, 64, 2, 256},
        {100000, true, 64, 10, 256},
    };
    facts about = fake_facts(1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        about.trials = rows[i].trials;
        about.until.given = rows[i].until;
        EXPECT_INT("trials a chunk", trials_chunk_size(&about), rows[i].chunk);
        EXPECT_INT("looks", trials_look_count(&about), rows[i].looks);
        EXPECT_INT("the first look", trials_look(&about, 0), rows[i].first_look);
        EXPECT_INT("the last look", trials_look(&about, rows[i].looks - 1), rows[i].trials);
    }
    facts_free(&about);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"facts come back as they were", facts_come_back},
        {"facts that were tampered with are refused or harmless", facts_hostile},
        {"results come back as they were", results_come_back},
        {"no byte of a file changes unnoticed", no_byte_changes_unnoticed},
        {"what is no file of trials is refused", refused},
        {"times before the call are refused", before_the_call},
        {"frames without rare fields can be read", frames_without_rare_fields},
        {"how runs are cut into chunks and looks", cut_up},
    };
    return PUNCH_TEST_MAIN("trials", cases);
}
