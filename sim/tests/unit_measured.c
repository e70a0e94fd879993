/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measurements as distributions and populations: CSV files beside a scenario. What is drawn, what
 * makes two files the same, and every mistake with its line and column.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "punch_test.h"
#include "sim/scenario.h"

/* A directory of this test's own, with x.csv in it; scenarios are said to be beside. */
typedef struct {
    char directory[64];
    char csv[80];
    char json[80];
} place;

static place make_place(void) {
    place made = {.directory = "/tmp/punch-measured-XXXXXX"};
    EXPECT("there is a directory", mkdtemp(made.directory) != NULL);
    (void)snprintf(made.csv, sizeof made.csv, "%s/x.csv", made.directory);
    (void)snprintf(made.json, sizeof made.json, "%s/x.json", made.directory);
    return made;
}

static void remove_place(const place *made) {
    (void)remove(made->csv);
    (void)rmdir(made->directory);
}

static void write_csv(const place *at, const char *text) {
    FILE *file = fopen(at->csv, "wb");
    EXPECT("the file can be written", file != NULL);
    if (file != NULL) {
        EXPECT("it is written", fputs(text, file) >= 0);
        EXPECT("it is closed", fclose(file) == 0);
    }
}

/* Of a delay: what stands behind {"from": "x.csv". */
static sim_scenario *load_draw(const place *at, const char *csv, const char *more,
                               sim_complaints *complaints) {
    char text[512];
    write_csv(at, csv);
    (void)snprintf(text, sizeof text,
                   "{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {}},\n"
                   "\"internet\": {\"a-b\": {\"from\": \"x.csv\"%s}}}",
                   more);
    return sim_scenario_parse(at->json, text, strlen(text), NULL, 0, complaints);
}

/* Of a population, which both peers draw from. */
static sim_scenario *load_population(const place *at, const char *csv, const char *more,
                                     sim_complaints *complaints) {
    char text[512];
    write_csv(at, csv);
    (void)snprintf(text, sizeof text,
                   "{\"name\": \"x\", \"nat\": {\"home\": {\"preset\": \"pf\"}},\n"
                   "\"populations\": {\"p\": {\"from\": \"x.csv\"%s}},\n"
                   "\"peers\": {\"a\": {\"nat\": {\"population\": \"p\"}}, \"b\": {}}}",
                   more);
    return sim_scenario_parse(at->json, text, strlen(text), NULL, 0, complaints);
}

static sim_scenario *must_load(sim_scenario *scenario, const char *sentence,
                               sim_complaints *complaints) {
    if (scenario == NULL) {
        (void)fprintf(stderr, "%s:\n", sentence);
        sim_complaints_print(complaints, stderr);
    }
    EXPECT(sentence, scenario != NULL);
    sim_complaints_clear(complaints);
    return scenario;
}

static void plan_trial(const sim_scenario *scenario, uint64_t trial, sim_plan *plan) {
    sim_scenario_plan(scenario, 0, sim_scenario_trial_seed(scenario, 1, 0, trial), plan);
}

/* --- distributions */

static void rows_are_drawn_by_weight(void) {
    enum { TRIALS = 20000 };
    static const char csv[] =
        "rtt_ms,weight,where\n10,1,x\n20,2,y\n20,0.5,y\n40.0004,1.5,z\n99,0,z\n";
    const place at = make_place();
    sim_complaints complaints = {0};
    sim_scenario *scenario =
        must_load(load_draw(&at, csv, ", \"column\": \"rtt_ms\", \"scale\": \"50%\"", &complaints),
                  "a weighted column", &complaints);
    sim_plan *plan = scenario != NULL ? sim_scenario_plan_create(scenario) : NULL;
    uint32_t seen[3] = {0};
    for (uint64_t trial = 0; plan != NULL && trial < TRIALS; trial++) {
        plan_trial(scenario, trial, plan);
        const punch_time_us delay = plan->core_delay_us[2];
        EXPECT("only what was measured is drawn",
               delay == 5000 || delay == 10000 || delay == 20000);
        seen[delay == 5000 ? 0 : delay == 10000 ? 1 : 2]++;
    }
    /* five standard errors of a half of 20,000 */
    EXPECT_REAL("one fifth", (double)seen[0] / TRIALS, 0.2, 0.018);
    EXPECT_REAL("one half", (double)seen[1] / TRIALS, 0.5, 0.018);
    EXPECT_REAL("three tenths", (double)seen[2] / TRIALS, 0.3, 0.018);
    sim_scenario_plan_destroy(plan);
    sim_scenario_destroy(scenario);
    remove_place(&at);
}

typedef struct {
    const char *sentence;
    const char *csv;
    const char *more;
    bool same; /* as the first */
} same_row;

static const same_row draws[] = {
    {"plain", "rtt_ms\n10\n20\n20\n40\n", "", true},
    {"another order", "rtt_ms\n20\n40\n10\n20\n", "", true},
    {"weights", "rtt_ms,weight\n10,1\n20,2\n40,1\n", "", true},
    {"percentages", "weight,rtt_ms\n50%,20\n25%,10\n25%,40\n", "", true},
    {"windows, comments, quotation marks, other columns",
     "\xef\xbb\xbf# measured\r\n\"rtt_ms\",who\r\n10,x\r\n\r\n\"20\",\"a, \"\"b\"\"\"\r\n20, "
     "\r\n 40 ,\r\n",
     ", \"column\": \"rtt_ms\"", true},
    {"seconds", "rtt_s\n0.01\n0.02\n2e-2\n0.04\n", "", true},
    {"a unit in the scenario", "rtt\n10000\n20000\n20000\n40000\n", ", \"unit\": \"us\"", true},
    {"units in the values", "rtt\n10ms\n0.02s\n20000us\n40ms\n", "", true},
    {"rounded to the microsecond", "rtt_ms\n10.0004\n19.9996\n20\n40\n", "", true},
    {"another value", "rtt_ms\n10\n20\n20\n41\n", "", false},
    {"another weight", "rtt_ms,weight\n10,1\n20,2\n40,2\n", "", false},
    {"a row less", "rtt_ms\n10\n20\n40\n", "", false},
    {"a scale", "rtt_ms\n10\n20\n20\n40\n", ", \"scale\": \"50%\"", false},
};

static void what_is_measured_counts_not_how_it_is_written(void) {
    const place at = make_place();
    uint64_t first = 0;
    for (size_t i = 0; i < sizeof draws / sizeof draws[0]; i++) {
        sim_complaints complaints = {0};
        sim_scenario *scenario = must_load(load_draw(&at, draws[i].csv, draws[i].more, &complaints),
                                           draws[i].sentence, &complaints);
        if (scenario != NULL) {
            const uint64_t digest = sim_scenario_digest(scenario);
            first = i == 0 ? digest : first;
            EXPECT_INT(draws[i].sentence, digest == first, draws[i].same);
        }
        sim_scenario_destroy(scenario);
    }
    remove_place(&at);
}

/* Words can be drawn as well as numbers. */
static void words_are_drawn(void) {
    static const char text[] =
        "{\"name\": \"x\", \"nat\": {\"n\": {\"mapping\": {\"from\": \"x.csv\", \"column\": "
        "\"m\"}, "
        "\"refresh_inbound\": {\"from\": \"x.csv\", \"column\": \"r\"}}},\n"
        "\"peers\": {\"a\": {\"nat\": \"n\"}, \"b\": {}}}";
    const place at = make_place();
    sim_complaints complaints = {0};
    write_csv(&at, "m,r\nEIM,true\nAPDM,false\nEIM,true\n");
    sim_scenario *scenario =
        must_load(sim_scenario_parse(at.json, text, strlen(text), NULL, 0, &complaints),
                  "a column of words", &complaints);
    sim_plan *plan = scenario != NULL ? sim_scenario_plan_create(scenario) : NULL;
    uint32_t apdm = 0;
    for (uint64_t trial = 0; plan != NULL && trial < 3000; trial++) {
        plan_trial(scenario, trial, plan);
        EXPECT("nothing but what stands there", plan->sites[0].nat.mapping != NAT_MAPPING_ADM);
        apdm += plan->sites[0].nat.mapping == NAT_MAPPING_APDM ? 1 : 0;
    }
    EXPECT_REAL("a third", apdm / 3000.0, 1.0 / 3, 0.043); /* five standard errors */
    sim_scenario_plan_destroy(plan);
    sim_scenario_destroy(scenario);
    remove_place(&at);
}

/* --- populations */

static void rows_become_classes(void) {
    enum { TRIALS = 20000 };
    static const char csv[] =
        "# seen in March\n"
        "preset,mapping,udp_timeout_stream_s,nat,count,comment\n"
        ",APDM,30,,3,x\n"
        "pf,,,,2,\n"
        ",,,none,1,\n"
        ",APDM,30.0,,2,the same as the first\n"
        ",,,home,2,\n";
    static const char more[] =
        ", \"source\": \"s\", \"ignore\": [\"comment\"], \"common\": {\"filtering\": \"EIF\"}";
    const place at = make_place();
    sim_complaints complaints = {0};
    sim_scenario *scenario = must_load(load_population(&at, csv, more, &complaints),
                                       "a measured population", &complaints);
    sim_plan *plan = scenario != NULL ? sim_scenario_plan_create(scenario) : NULL;
    uint32_t none = 0;
    uint32_t apdm = 0;
    uint32_t pf = 0;
    for (uint64_t trial = 0; plan != NULL && trial < TRIALS; trial++) {
        plan_trial(scenario, trial, plan);
        const sim_site_plan *site = &plan->sites[0];
        if (!site->has_nat) {
            none++;
        } else if (site->nat.udp_timeout_stream_us == 30000000) { /* by the unit of its column */
            EXPECT_INT("an option of its own", site->nat.mapping, NAT_MAPPING_APDM);
            EXPECT_INT("what is common", site->nat.filtering, NAT_FILTERING_EIF);
            apdm++;
        } else if (site->nat.filtering == NAT_FILTERING_EIF) {
            EXPECT_INT("the preset's", site->nat.udp_timeout_stream_us, 60000000);
            pf++;
        }
    }
    EXPECT_REAL("equal rows are one class", (double)apdm / TRIALS, 0.5, 0.018);
    EXPECT_REAL("a preset, with what is common", (double)pf / TRIALS, 0.2, 0.018);
    EXPECT_REAL("no NAT", (double)none / TRIALS, 0.1, 0.018);
    sim_scenario_plan_destroy(plan);
    sim_scenario_destroy(scenario);
    remove_place(&at);
}

static const same_row populations[] = {
    {"counts", "mapping,filtering,count\nEIM,APDF,6\nAPDM,APDF,2\n", "", true},
    {"smaller counts", "mapping,filtering,count\nEIM,APDF,3\nAPDM,APDF,1\n", "", true},
    {"columns in another order", "count,filtering,mapping\n3,APDF,EIM\n1,APDF,APDM\n", "", true},
    {"a row for each that was seen", "mapping,filtering\nEIM,APDF\nAPDM,APDF\nEIM,APDF\nEIM,APDF\n",
     "", true},
    {"a common option apart", "mapping,count\nEIM,3\nAPDM,1\n",
     ", \"common\": {\"filtering\": \"APDF\"}", false},
    {"other counts", "mapping,filtering,count\nEIM,APDF,2\nAPDM,APDF,1\n", "", false},
    {"another option", "mapping,filtering,count\nEIM,ADF,3\nAPDM,APDF,1\n", "", false},
    {"names", "mapping,filtering,count,name\nEIM,APDF,3,x\nAPDM,APDF,1,y\n", "", false},
    {"shares", "mapping,filtering,share\nEIM,APDF,75%\nAPDM,APDF,0.25\n", "", false},
};

static void populations_that_are_the_same(void) {
    const place at = make_place();
    uint64_t first = 0;
    for (size_t i = 0; i < sizeof populations / sizeof populations[0]; i++) {
        const same_row *row = &populations[i];
        sim_complaints complaints = {0};
        sim_scenario *scenario = must_load(load_population(&at, row->csv, row->more, &complaints),
                                           row->sentence, &complaints);
        if (scenario != NULL) {
            const uint64_t digest = sim_scenario_digest(scenario);
            first = i == 0 ? digest : first;
            EXPECT_INT(row->sentence, digest == first, row->same);
        }
        sim_scenario_destroy(scenario);
    }
    remove_place(&at);
}

/* Classes are left out by name, by the NAT they name, or by their number. */
static void classes_have_names(void) {
    static const char csv[] = "name,nat,mapping\nfirst,,EIM\n,none,\n,,APDM\n,home,\nfirst,,EIM\n";
    static const char text[] =
        "{\"name\": \"x\", \"nat\": {\"home\": {}}, \"populations\": {\"p\": {\"from\": "
        "\"x.csv\"}},\"peers\": {\"a\": {\"nat\": {\"population\": \"p\", \"without\": "
        "[\"first\", \"none\", \"home\"]}}, \"b\": {\"nat\": {\"population\": \"p\", \"without\": "
        "[\"2\"]}}}}";
    const place at = make_place();
    sim_complaints complaints = {0};
    write_csv(&at, csv);
    sim_scenario *scenario =
        must_load(sim_scenario_parse(at.json, text, strlen(text), NULL, 0, &complaints),
                  "classes left out", &complaints);
    sim_plan *plan = scenario != NULL ? sim_scenario_plan_create(scenario) : NULL;
    for (uint64_t trial = 0; plan != NULL && trial < 200; trial++) {
        plan_trial(scenario, trial, plan);
        EXPECT_INT("one class is left", plan->sites[0].nat.mapping, NAT_MAPPING_APDM);
        EXPECT("it is left out by its number",
               !plan->sites[2].has_nat || plan->sites[2].nat.mapping == NAT_MAPPING_EIM);
    }
    sim_scenario_plan_destroy(plan);
    sim_scenario_destroy(scenario);
    remove_place(&at);
}

/* --- mistakes */

typedef struct {
    const char *sentence;
    const char *csv;
    const char *more;
    bool in_csv; /* else in the scenario */
    uint32_t line;
    uint32_t column;
    const char *what; /* a part of the only complaint */
} bad_row;

static const bad_row bad_draws[] = {
    {"an empty file", "", "", false, 2, 30, "x.csv\" is empty; its first line must name"},
    {"a file of comments", "# x\n", "", false, 2, 30, "is empty"},
    {"no rows", "rtt_ms\n", "", true, 2, 1, "there is no row"},
    {"no number", "rtt_ms\n1\nabc\n", "", true, 3, 1,
     "column \"rtt_ms\": \"abc\" is not a number of at most 18 digits; \"a-b\" is a duration such "
     "as \"30s\" (us, ms, s, min, h), here a plain number of ms"},
    {"NaN", "rtt_ms\nNaN\n", "", true, 2, 1, "\"NaN\" is not a number"},
    {"infinity", "rtt_ms\ninf\n", "", true, 2, 1, "\"inf\" is not a number"},
    {"a negative delay", "rtt_ms\n-5\n", "", true, 2, 1,
     "-5ms is out of range; \"a-b\" may be 0s .. 60s"},
    {"a delay too long", "x,rtt_s\n,1\n,61\n", ", \"column\": \"rtt_s\"", true, 3, 2,
     "61s is out of range"},
    {"an empty field", "x,rtt_s\n,1\n,\n", ", \"column\": \"rtt_s\"", true, 3, 2,
     "column \"rtt_s\": there is no value"},
    {"no unit", "rtt\n5\n", "", true, 2, 1, "\"5\" lacks its unit"},
    {"a unit twice", "rtt_ms\n5ms\n", "", true, 2, 1, "\"5ms\" has something behind the number"},
    {"a unit that is none", "rtt\n5\n", ", \"unit\": \"msec\"", false, 2, 47,
     "\"msec\" is no unit of \"a-b\""},
    {"no unit at all", "rtt\n5\n", ", \"unit\": \"\"", false, 2, 47, "is no unit"},
    {"a unit against the name", "rtt_ms\n5\n", ", \"unit\": \"s\"", false, 2, 47,
     "is in ms by its name, not in s"},
    {"a unit that is no text", "rtt\n5\n", ", \"unit\": 5", false, 2, 47, "expected a text"},
    {"an unknown column", "rtt_ms,x\n5,6\n", ", \"column\": \"rtt_s\"", false, 2, 49,
     "has no column \"rtt_s\"; did you mean \"rtt_ms\"?"},
    {"which column", "rtt_ms,x\n5,6\n", "", false, 2, 21,
     "has several columns; choose one: \"column\": \"rtt_ms\""},
    {"a field too few", "rtt_ms,x\n5,6\n7\n", ", \"column\": \"x\", \"unit\": \"s\"", true, 3, 1,
     "this row has 1 fields; the first line names 2"},
    {"a column without a name", "rtt_ms,\n5,6\n", "", true, 1, 8, "column 2 has no name"},
    {"two columns of one name", "x,x\n5,6\n", "", true, 1, 3, "there are two columns \"x\""},
    {"semicolons", "rtt_ms;x\n5;6\n", "", true, 1, 1, "between commas"},
    {"a quotation mark never closed", "rtt_ms\n\"5\n", "", true, 2, 1, "never closed"},
    {"a negative weight", "rtt_ms,weight\n5,-1\n", "", true, 2, 3,
     "column \"weight\": \"-1\" is negative"},
    {"a weight that is none", "rtt_ms,weight\n5,\n", "", true, 2, 3, "\"\" is not a number"},
    {"weights of nothing", "rtt_ms,weight\n5,0\n", "", false, 2, 30, "are 0"},
    {"weights that do not go together", "rtt_ms,weight\n5,999999999999999999\n6,0.001\n", "", false,
     2, 30, "too many digits"},
    {"a scale above one", "rtt_ms\n5\n", ", \"scale\": 2", false, 2, 48, "a share is above 0%"},
    {"a misspelt key", "rtt_ms\n5\n", ", \"colum\": \"rtt_ms\"", false, 2, 39,
     "did you mean \"column\"?"},
};

static const bad_row bad_populations[] = {
    {"an empty file", "", "", false, 2, 31, "is empty"},
    {"an unknown column", "maping,count\nEIM,1\n", "", true, 1, 1,
     "the column \"maping\" is no option of a NAT, nor \"nat\", \"name\", \"share\" or \"count\"; "
     "did you mean \"mapping\"? Else name it in \"ignore\""},
    {"a unit that the option has not", "mapping_s\nEIM\n", "", true, 1, 1, "no option of a NAT"},
    {"one option twice", "udp_timeout_first,udp_timeout_first_s\n1s,1\n", "", true, 1, 19,
     "says the same as \"udp_timeout_first\""},
    {"shares and counts", "mapping,share,count\nEIM,1,1\n", "", true, 1, 15,
     "\"share\" and \"count\" exclude each other"},
    {"an unknown word", "mapping\nEIM\nEDM\n", "", true, 3, 1,
     "column \"mapping\": \"EDM\" is unknown; did you mean \"EIM\"?"},
    {"an unknown preset", "preset\nlinux-masqerade\n", "", true, 2, 1,
     "did you mean \"linux-masquerade\"?"},
    {"an unknown NAT", "nat\nhoem\n", "", true, 2, 1, "did you mean \"home\"?"},
    {"a bool that is none", "refresh_inbound\n1\n", "", true, 2, 1, "must be true or false"},
    {"a timeout out of range", "udp_timeout_stream_h\n25\n", "", true, 2, 1, "25h is out of range"},
    {"a timeout without unit", "udp_timeout_stream\n25\n", "", true, 2, 1, "lacks its unit"},
    {"a count of ports that is none", "port_min\n1.5k\n", "", true, 2, 1, "has an unknown unit"},
    {"a NAT and options of its own", "nat,mapping\nhome,EIM\n", "", true, 2, 1,
     "a \"nat\" that the scenario names, or options of its own"},
    {"a name that is none", "name,mapping\na b,EIM\n", "", true, 2, 1, "\"a b\" is no name"},
    {"one name for two NATs", "name,mapping\nx,EIM\ny,EIM\nx,ADM\n", "", true, 4, 1,
     "column \"name\": \"x\" is another NAT in line 2; one name, one NAT"},
    {"shares that do not sum to one", "mapping,share\nEIM,50%\nADM,49.9%\n", "", true, 1, 9,
     "the shares sum to 99.9%, not to 100%; a column \"count\" is taken in proportion"},
    {"a share of nothing", "mapping,share\nEIM,0\n", "", true, 2, 5,
     "a share is above 0% and at most 100%"},
    {"a share that is none", "mapping,share\nEIM,much\n", "", true, 2, 5,
     "column \"share\": \"much\" is not a number"},
    {"counts of nothing", "mapping,count\nEIM,0\n", "", false, 2, 31, "all counts"},
    {"a negative count", "mapping,count\nEIM,-3\n", "", true, 2, 5, "\"-3\" is negative"},
    {"a port range that only the whole shows", "port_min,port_max\n2000,1000\n", "", false, 2, 31,
     "port_min <= port_max"},
    {"an ignored column that is not there", "mapping\nEIM\n", ", \"ignore\": [\"coment\"]", false,
     2, 51, "has no column \"coment\""},
    {"ignored columns that are no list", "mapping\nEIM\n", ", \"ignore\": \"x\"", false, 2, 50,
     "expected a list"},
    {"a file too much", "mapping\nEIM\n", ", \"file\": \"x.json\"", false, 2, 40,
     "unknown key \"file\""},
};

typedef sim_scenario *loading(const place *at, const char *csv, const char *more,
                              sim_complaints *complaints);

static void expect_refusals(const bad_row *rows, size_t count, loading *load) {
    const place at = make_place();
    for (size_t i = 0; i < count; i++) {
        const bad_row *row = &rows[i];
        sim_complaints complaints = {0};
        sim_scenario *scenario = load(&at, row->csv, row->more, &complaints);
        char text[128];
        EXPECT(row->sentence, scenario == NULL);
        EXPECT_INT(row->sentence, complaints.count, 1);
        if (complaints.count >= 1) {
            const sim_complaint *got = &complaints.items[0];
            (void)snprintf(text, sizeof text, "%s: file", row->sentence);
            EXPECT_TEXT(text, got->file, row->in_csv ? at.csv : at.json);
            (void)snprintf(text, sizeof text, "%s: line", row->sentence);
            EXPECT_INT(text, got->line, row->line);
            (void)snprintf(text, sizeof text, "%s: column", row->sentence);
            EXPECT_INT(text, got->column, row->column);
            if (strstr(got->what, row->what) == NULL || complaints.count > 1) {
                (void)fprintf(stderr, "%s: expected \"...%s...\", got:\n", row->sentence,
                              row->what);
                sim_complaints_print(&complaints, stderr);
            }
            EXPECT(row->sentence, strstr(got->what, row->what) != NULL);
        }
        sim_scenario_destroy(scenario);
        sim_complaints_clear(&complaints);
    }
    remove_place(&at);
}

static void wrong_draws_are_refused(void) {
    expect_refusals(bad_draws, sizeof bad_draws / sizeof bad_draws[0], load_draw);
}

static void wrong_populations_are_refused(void) {
    expect_refusals(bad_populations, sizeof bad_populations / sizeof bad_populations[0],
                    load_population);
}

/* A column that is wrong in every line is shown in three. */
static void a_pattern_is_enough(void) {
    const place at = make_place();
    sim_complaints complaints = {0};
    EXPECT("it is refused", load_draw(&at, "rtt\n1\n2\n3\n4\n5\n", "", &complaints) == NULL);
    EXPECT_INT("three complaints", complaints.count, 3);
    EXPECT_INT("the third line of data", complaints.count == 3 ? complaints.items[2].line : 0, 4);
    sim_complaints_clear(&complaints);
    remove_place(&at);
}

/* rows numbered lines below a header; the caller frees it. */
static char *numbered(const char *header, const char *name, uint32_t rows) {
    const size_t cap = 64 + (size_t)rows * 24;
    char *text = malloc(cap);
    EXPECT("there is memory", text != NULL);
    size_t length = text != NULL ? (size_t)snprintf(text, cap, "%s\n", header) : 0;
    for (uint32_t i = 0; text != NULL && i < rows; i++) {
        length += (size_t)snprintf(text + length, cap - length, "%s%u\n", name, (unsigned)i + 1);
    }
    return text;
}

static void files_have_a_limit(void) {
    static const struct {
        const char *sentence;
        const char *header;
        const char *name;
        uint32_t rows;
        loading *load;
        const char *what; /* NULL: loads */
    } limits[] = {
        {"100,000 rows are a distribution", "rtt_us", "", 100000, load_draw, NULL},
        {"one more is too many", "rtt_us", "", 100001, load_draw, "more than 100000 rows"},
        {"1000 classes are a population", "table_max", "", 1000, load_population, NULL},
        {"one more is too many", "table_max", "", 1001, load_population, "at most 1000 classes"},
    };
    const place at = make_place();
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        sim_complaints complaints = {0};
        char *csv = numbered(limits[i].header, limits[i].name, limits[i].rows);
        sim_scenario *scenario = csv != NULL ? limits[i].load(&at, csv, "", &complaints) : NULL;
        sim_complaints_print(&complaints, stderr);
        EXPECT(limits[i].sentence, (scenario != NULL) == (limits[i].what == NULL));
        EXPECT(limits[i].sentence, limits[i].what == NULL ||
                                       (complaints.count == 1 &&
                                        strstr(complaints.items[0].what, limits[i].what) != NULL));
        sim_scenario_destroy(scenario);
        sim_complaints_clear(&complaints);
        free(csv);
    }
    remove_place(&at);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"rows are drawn by weight", rows_are_drawn_by_weight},
        {"what is measured counts, not how it is written",
         what_is_measured_counts_not_how_it_is_written},
        {"words are drawn", words_are_drawn},
        {"rows become classes", rows_become_classes},
        {"populations that are the same", populations_that_are_the_same},
        {"classes have names", classes_have_names},
        {"wrong draws are refused", wrong_draws_are_refused},
        {"wrong populations are refused", wrong_populations_are_refused},
        {"a pattern is enough", a_pattern_is_enough},
        {"files have a limit", files_have_a_limit},
    };
    return PUNCH_TEST_MAIN("unit_measured", cases);
}
