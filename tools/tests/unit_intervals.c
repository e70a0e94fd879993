/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keepalive intervals over time: from what a world shows to a bounded record; from records through
 * a trials file to intervals.csv, the page and the figure.
 */
#include "intervals.h"

#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "file.h"
#include "process.h"
#include "punch/assert.h"
#include "punch/wire.h"
#include "punch_test.h"
#include "report.h"
#include "report_html.h"
#include "report_intervals.h"

#define S PUNCH_US_PER_S

/* --- listening */

#define CALL 7u

/* Two hosts, the caller (0) behind a NAT behind another; the outer one changes at 1000 s. */
typedef struct {
    sim_site_plan sites[3];
    sim_host_plan hosts[2];
    sim_call_plan call;
    sim_fault fault;
    sim_plan plan;
    interval_log log;
    interval_watch watch;
} listening;

static void make(listening *to) {
    memset(to, 0, sizeof *to);
    to->sites[0].has_nat = true;
    to->sites[0].nat.udp_timeout_stream_us = 100 * S;
    to->sites[0].behind = 2; /* site 1 */
    to->sites[1].has_nat = true;
    to->sites[1].nat.udp_timeout_stream_us = 300 * S;
    to->hosts[1].site = 2;
    to->call.callee = 1;
    to->fault = (sim_fault){.at_us = 1000 * S, .kind = SIM_FAULT_NAT_CHANGE, .index = 1};
    to->fault.nat.udp_timeout_stream_us = 60 * S;
    to->plan = (sim_plan){.sites = to->sites,
                          .site_count = 3,
                          .hosts = to->hosts,
                          .host_count = 2,
                          .calls = &to->call,
                          .call_count = 1,
                          .faults = &to->fault,
                          .fault_count = 1,
                          .hold_us = S};
    intervals_begin(&to->watch, &to->plan, &to->log);
}

static punch_addr addr_of(uint8_t last) {
    punch_addr made = {.family = PUNCH_FAMILY_IPV4, .port = 9};
    made.ip[3] = last;
    return made;
}

static void show_event(listening *to, uint32_t host, const punch_event *event,
                       punch_time_us at_us) {
    const sim_saw saw = {.kind = SIM_SAW_EVENT, .host = host, .at_us = at_us, .event = event};
    intervals_saw(&to->watch, &saw);
}

static void show_send(listening *to, uint32_t host, uint8_t type, punch_time_us at_us) {
    const sim_saw saw = {
        .kind = SIM_SAW_SEND, .host = host, .at_us = at_us, .type = type, .dst = addr_of(1)};
    intervals_saw(&to->watch, &saw);
}

static void connect(listening *to, uint32_t host, const punch_keepalive *strategy) {
    const punch_event chosen = {.kind = PUNCH_EVENT_KEEPALIVE, .call = CALL, .keepalive = strategy};
    const punch_event connected = {
        .kind = PUNCH_EVENT_CONNECTED, .call = CALL, .remote = addr_of(1)};
    show_event(to, host, &chosen, 5 * S);
    show_event(to, host, &connected, 5 * S);
    show_send(to, host, PUNCH_TYPE_INTRO, 5 * S);
}

static void expect_point(const interval_line *line, uint32_t i, interval_point expected) {
    EXPECT("there is such a point", i < line->count);
    if (i < line->count) {
        EXPECT_INT("seconds since connected", line->points[i].at_us / S, expected.at_us);
        EXPECT_INT("silence before it, s", line->points[i].interval_us / S, expected.interval_us);
        EXPECT_INT("timeout in force, s", line->points[i].lifetime_us / S, expected.lifetime_us);
    }
}

static void changes_are_recorded(void) {
    listening *to = malloc(sizeof *to);
    PUNCH_ASSERT(to != NULL);
    make(to);
    connect(to, 0, &punch_keepalive_bayes);
    show_send(to, 0, PUNCH_TYPE_KEEPALIVE, 25 * S);  /* 20 s: the first */
    show_send(to, 0, PUNCH_TYPE_KEEPALIVE, 46 * S);  /* 21 s: jitter */
    show_send(to, 0, PUNCH_TYPE_KEEPALIVE, 86 * S);  /* 40 s */
    show_send(to, 0, PUNCH_TYPE_MESSAGE, 100 * S);   /* puts the silence off */
    show_send(to, 0, PUNCH_TYPE_KEEPALIVE, 140 * S); /* 40 s still */
    show_send(to, 0, PUNCH_TYPE_HERE, 1000 * S);
    show_send(to, 0, PUNCH_TYPE_KEEPALIVE, 1040 * S); /* 40 s, but the NAT has changed */
    show_send(to, 0, PUNCH_TYPE_KEEPALIVE, 1081 * S); /* the last one, however it was */
    connect(to, 1, &punch_keepalive_agreed_15);
    show_send(to, 1, PUNCH_TYPE_KEEPALIVE, 20 * S);
    intervals_end(&to->watch);
    const interval_line *line = &to->log.sides[0];
    EXPECT_INT("two intervals, a change of NAT, and the last", line->count, 4);
    expect_point(line, 0, (interval_point){20, 20, 100});
    expect_point(line, 1, (interval_point){81, 40, 100});
    expect_point(line, 2, (interval_point){1035, 40, 60});
    expect_point(line, 3, (interval_point){1076, 41, 60});
    EXPECT_INT("who does not learn has no line", to->log.sides[1].count, 0);
    free(to);
}

/* Whatever happens, the record is full at most, ascending, and reaches to the end. */
static void record_is_bounded(void) {
    listening *to = malloc(sizeof *to);
    PUNCH_ASSERT(to != NULL);
    make(to);
    connect(to, 1, &punch_keepalive_bayes);
    punch_time_us at_us = 5 * S;
    for (uint32_t i = 0; i < 20 * INTERVALS_POINTS_MAX; i++) {
        at_us += i % 2 == 0 ? 10 * S : 20 * S;
        show_send(to, 1, PUNCH_TYPE_KEEPALIVE, at_us);
    }
    intervals_end(&to->watch);
    const interval_line *line = &to->log.sides[1];
    EXPECT("not more than there is room for", line->count <= INTERVALS_POINTS_MAX);
    EXPECT("a good part of it", line->count >= INTERVALS_POINTS_MAX / 4);
    bool ascending = true;
    for (uint32_t i = 1; i < line->count; i++) {
        ascending = ascending && line->points[i - 1].at_us < line->points[i].at_us;
    }
    EXPECT("in order", ascending);
    EXPECT("nobody's NAT has no timeout", line->points[0].lifetime_us == PUNCH_NEVER);
    EXPECT_INT("from the first", line->points[0].at_us, 10 * S);
    EXPECT_INT("to the last", line->points[line->count - 1].at_us, at_us - 5 * S);
    free(to);
}

static void lost_and_found(void) {
    listening *to = malloc(sizeof *to);
    PUNCH_ASSERT(to != NULL);
    make(to);
    connect(to, 0, &punch_keepalive_bayes);
    show_send(to, 0, PUNCH_TYPE_KEEPALIVE, 25 * S);
    const punch_event ended = {.kind = PUNCH_EVENT_ENDED, .call = CALL};
    show_event(to, 0, &ended, 30 * S);
    show_send(to, 0, PUNCH_TYPE_KEEPALIVE, 90 * S); /* of no connection */
    const punch_event again = {.kind = PUNCH_EVENT_CONNECTED, .call = CALL, .remote = addr_of(1)};
    show_event(to, 0, &again, 100 * S);
    show_send(to, 0, PUNCH_TYPE_INTRO, 100 * S);
    show_send(to, 0, PUNCH_TYPE_KEEPALIVE, 150 * S);
    intervals_end(&to->watch);
    EXPECT_INT("silence without a connection is none", to->log.sides[0].count, 2);
    expect_point(&to->log.sides[0], 1, (interval_point){145, 50, 100});
    free(to);
}

/* --- reports */

#define TRIALS 5u

static void write_trials(const char *path, const facts *about) {
    sim_call_result calls[TRIALS];
    sim_trial_result results[TRIALS];
    interval_log *logs = calloc(INTERVALS_TRIALS, sizeof *logs);
    PUNCH_ASSERT(logs != NULL);
    memset(calls, 0, sizeof calls);
    memset(results, 0, sizeof results);
    for (uint32_t t = 0; t < TRIALS; t++) {
        calls[t].time_to_connect_us = PUNCH_NEVER;
        results[t].calls = &calls[t];
    }
    for (uint32_t t = 0; t < INTERVALS_TRIALS; t++) {
        logs[t].sides[0].count = 2;
        logs[t].sides[0].points[0] = (interval_point){(10 + t) * S, 15 * S, 120 * S};
        logs[t].sides[0].points[1] = (interval_point){7200 * S, 90 * S, PUNCH_NEVER};
    }
    trials_writer writer;
    EXPECT_INT("the file is made", trials_create(&writer, path, about), 0);
    const uint32_t size = trials_chunk_size(about);
    trials_buffer buffer = {0};
    for (uint32_t first = 0; first < TRIALS; first += size) {
        for (uint32_t cell = 0; cell < about->cell_count; cell++) {
            const uint32_t left = TRIALS - first;
            const trials_chunk chunk = {cell, first, left < size ? left : size};
            buffer.length = 0;
            trials_encode_logs(&chunk, &about->cells[cell], &results[first],
                               first < INTERVALS_TRIALS ? &logs[first] : NULL, &buffer);
            EXPECT_INT("it takes a frame", trials_append(&writer, &buffer), 0);
        }
    }
    trials_buffer_free(&buffer);
    free(logs);
    EXPECT_INT("and is whole", trials_finish(&writer), 0);
}

typedef enum { AS_CSV, AS_PAGE, AS_FIGURE } form;

static char *written(const analysis *of, form as) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    PUNCH_ASSERT(out != NULL);
    switch (as) {
    case AS_CSV:
        EXPECT("the trials can be read", report_intervals_csv(of, out));
        break;
    case AS_PAGE:
        html_intervals(of, out);
        break;
    case AS_FIGURE:
        report_plot_intervals(of, out);
        break;
    }
    fclose(out);
    return text;
}

static const char *const rows[] = {
    "cell,strategy,trial,call,side,time_s,interval_s,nat_timeout_s\n",
    "\n1,bayes,0,0,caller,10.000000,15.000000,120.000000\n",
    "\n1,bayes,0,0,caller,7200.000000,90.000000,\n",
    "\n1,bayes,2,0,caller,12.000000,15.000000,120.000000\n",
};

static void check_reports(const analysis *of) {
    char *csv = written(of, AS_CSV);
    char *page = written(of, AS_PAGE);
    char *figure = written(of, AS_FIGURE);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strstr(csv, rows[i]) == NULL) {
            fprintf(stderr, "row %zu is missing: %s got:\n%s", i, rows[i], csv);
        }
        EXPECT("a row of intervals.csv", strstr(csv, rows[i]) != NULL);
    }
    EXPECT("nothing of the cell that does not learn", strstr(csv, "\n0,") == NULL);
    EXPECT("nor of later trials", strstr(csv, "bayes,3,") == NULL);
    EXPECT("the page names who learns", strstr(page, "bayes</li>") != NULL);
    EXPECT("and nobody else", strstr(page, "fixed</li>") == NULL);
    EXPECT("the figure has its data", strstr(figure, "\n0.002778 15.000000 120.000000\n") != NULL);
    free(csv);
    free(page);
    free(figure);
}

static void reports_of(const char *text, bool learns) {
    sim_complaints complaints = {0};
    sim_scenario *scenario = sim_scenario_parse("x.json", text, strlen(text), NULL, 0, &complaints);
    sim_complaints_print(&complaints, stderr);
    PUNCH_ASSERT(scenario != NULL);
    run_request request = fake_request(scenario, &fake_backend, 1);
    request.trials = TRIALS;
    facts about = run_facts(&request);
    sim_scenario_destroy(scenario);
    char directory[256];
    process_make_directory(directory, sizeof directory);
    char *path = file_join(directory, "t");
    write_trials(path, &about);
    trials_file file;
    analysis made;
    EXPECT("the file is good", trials_open(&file, path) == NULL);
    EXPECT("and can be analysed", analysis_make(&made, &file, "punchlab", 1) == NULL);
    EXPECT_INT("drawn where a strategy learns", intervals_are_drawn(&made), learns);
    if (learns) {
        check_reports(&made);
    } else {
        char *page = written(&made, AS_PAGE);
        EXPECT_TEXT("no section", page, "");
        free(page);
    }
    analysis_free(&made);
    trials_close(&file);
    facts_free(&about);
    free(path);
    process_remove_directory(directory);
}

#define SCENARIO(first, second)                                                                \
    "{\"name\": \"x\", \"trials\": 5, \"hold\": \"100s\", \"peers\": {\"a\": {}, \"b\": {}}, " \
    "\"factors\": [{\"name\": \"strategy\", \"treatment\": true, \"levels\": ["                \
    "{\"label\": \"fixed\", \"set\": {\"peers.a.keepalive\": [\"" first                        \
    "\"]}}, "                                                                                  \
    "{\"label\": \"bayes\", \"set\": {\"peers.a.keepalive\": [\"" second "\"]}}]}]}"

static void reports_show_them(void) {
    reports_of(SCENARIO("agreed-15", "bayes"), true);
    reports_of(SCENARIO("agreed-15", "seed"), false);
}

int main(void) {
    static const punch_test_case cases[] = {{"changes are recorded", changes_are_recorded},
                                            {"a record is bounded", record_is_bounded},
                                            {"lost and found", lost_and_found},
                                            {"reports show them", reports_show_them}};
    return PUNCH_TEST_MAIN("unit_intervals", cases);
}
