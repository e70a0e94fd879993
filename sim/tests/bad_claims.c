/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wrong claims and rules: "expect", "until" and "tradeoff" that cannot be meant, each refused with
 * one complaint that says where and what.
 */
#include <stdio.h>
#include <string.h>

#include "punch_test.h"
#include "sim/scenario.h"

/* Two factors, a hold in some cells and messages in others; the next line is the row's own. */
#define BASE                                                                                    \
    "{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {}}, \"factors\": [{\"name\": \"loss\", "  \
    "\"set\": \"internet.loss\", \"levels\": [\"0%\", 0.5]}, {\"name\": \"how\", \"levels\": [" \
    "{\"label\": \"plain\", \"set\": {}}, {\"label\": \"holding\", \"set\": {\"hold\": "        \
    "\"9s\"}}, {\"label\": \"talking\", \"set\": {\"call.messages\": 3}}]}],\n"
#define CLAIM(text) BASE "\"expect\": [{\"measure\": \"connected\", " text "}]}"

/* A treatment of three levels, and another of one or two. */
#define TREATED(treatment, other)                                                              \
    "{\"name\": \"x\", \"hold\": \"9s\", \"peers\": {\"a\": {}, \"b\": {}}, \"factors\": "     \
    "[{\"name\": "                                                                             \
    "\"loss\", \"treatment\": " treatment                                                      \
    ", \"set\": \"internet.loss\", \"levels\": [\"0%\", \"5%\", 0.5]}, {\"name\": \"delay\", " \
    "\"treatment\": " other ", \"set\": \"internet.a-b\", \"levels\": [\"1ms\", \"2ms\"]}],\n"
#define TRADE(text)          \
    TREATED("true", "false") \
    "\"tradeoff\": {\"cost\": \"intros_sent_mean\", \"harm\": \"held\", " text "}}"

typedef struct {
    const char *sentence;
    const char *text;
    uint32_t column; /* of line 2 */
    const char *pointer;
    const char *what; /* a part of the complaint */
} bad_row;

static const bad_row rows[] = {
    {"claims that are no list", BASE "\"expect\": {}}", 11, "/expect",
     "expected a list, not an object"},
    {"a claim that is no object", BASE "\"expect\": [1]}", 12, "/expect/0",
     "expected an object, not a number"},
    {"a claim without a measure", BASE "\"expect\": [{\"at_least\": \"9%\"}]}", 12, "/expect/0",
     "\"measure\" is missing"},
    {"an unknown measure", BASE "\"expect\": [{\"measure\": \"conected\", \"at_least\": \"9%\"}]}",
     24, "/expect/0/measure", "there is no measure \"conected\"; did you mean \"connected\"?"},
    {"a misspelt key", CLAIM("\"atleast\": \"9%\", \"at_most\": \"10%\""), 37, "/expect/0/atleast",
     "did you mean \"at_least\"?"},
    {"an unknown factor", CLAIM("\"cell\": {\"los\": \"0%\"}, \"at_least\": \"9%\""), 46,
     "/expect/0/cell/los", "there is no factor \"los\"; did you mean \"loss\"?"},
    {"an unknown level", CLAIM("\"cell\": {\"how\": \"holdin\"}, \"at_least\": \"9%\""), 53,
     "/expect/0/cell/how",
     "the factor \"how\" has no level \"holdin\"; did you mean \"holding\"? It has \"plain\", "
     "\"holding\", \"talking\""},
    {"an unknown level that is a number", CLAIM("\"cell\": {\"loss\": 0.25}, \"at_least\": \"9%\""),
     54, "/expect/0/cell/loss", "has no level \"0.25\""},
    {"an unknown level in a list",
     CLAIM("\"cell\": {\"loss\": [\"0%\", \"1%\"]}, \"at_least\": \"9%\""), 61,
     "/expect/0/cell/loss/1", "has no level \"1%\""},
    {"a level that is an object", CLAIM("\"cell\": {\"loss\": {}}, \"at_least\": \"9%\""), 54,
     "/expect/0/cell/loss", "expected the label of a level, not an object"},
    {"no level at all", CLAIM("\"cell\": {\"loss\": []}, \"at_least\": \"9%\""), 54,
     "/expect/0/cell/loss", "an empty list selects no cell"},
    {"cells that are a list", CLAIM("\"cell\": [0], \"at_least\": \"9%\""), 45, "/expect/0/cell",
     "expected an object, not a list"},
    {"nothing expected", CLAIM("\"cell\": {\"loss\": \"0%\"}"), 12, "/expect/0",
     "give \"at_least\", \"at_most\" or \"exactly\""},
    {"bounds the wrong way round", CLAIM("\"at_least\": \"9%\", \"at_most\": \"8%\""), 49,
     "/expect/0/at_least", "\"at_least\" is more than \"at_most\""},
    {"a share in seconds", CLAIM("\"at_least\": \"9s\""), 49, "/expect/0/at_least",
     "\"9s\" has an unknown unit; \"at_least\" is a ratio"},
    {"a share above one", CLAIM("\"at_most\": 1.5"), 48, "/expect/0/at_most",
     "1.5 is out of range; \"at_most\" may be 0% .. 100%"},
    {"a negative share", CLAIM("\"at_least\": \"-1%\""), 49, "/expect/0/at_least", "out of range"},
    {"a share that is never shown", CLAIM("\"at_least\": \"100%\""), 49, "/expect/0/at_least",
     "say \"exactly\": \"100%\""},
    {"... at the other end", CLAIM("\"at_most\": 0"), 48, "/expect/0/at_most",
     "say \"exactly\": \"0%\""},
    {"a time without unit",
     BASE "\"expect\": [{\"measure\": \"time_to_connect_s_p50\", \"at_most\": 3}]}", 60,
     "/expect/0/at_most", "\"at_most\" must be a duration such as \"30s\""},
    {"a count with a unit",
     BASE "\"expect\": [{\"measure\": \"intros_sent_mean\", \"at_most\": \"3%\"}]}", 55,
     "/expect/0/at_most", "\"at_most\" must be a number such as 1.5"},
    {"exactly a half", CLAIM("\"exactly\": \"50%\""), 48, "/expect/0/exactly",
     "\"exactly\" is for 0% and 100%"},
    {"exactly and more", CLAIM("\"exactly\": \"100%\", \"at_least\": \"9%\""), 37,
     "/expect/0/exactly", "\"exactly\" stands alone"},
    {"exactly a mean", BASE "\"expect\": [{\"measure\": \"intros_sent_mean\", \"exactly\": 1}]}",
     55, "/expect/0/exactly", "only a share of calls"},
    {"exactly a difference", CLAIM("\"minus\": {\"loss\": \"0%\"}, \"exactly\": \"0%\""), 73,
     "/expect/0/exactly", "only a share of calls"},
    {"a difference and a ratio",
     CLAIM("\"minus\": {\"loss\": \"0%\"}, \"over\": {\"loss\": \"0%\"}, \"at_least\": \"9%\""), 62,
     "/expect/0/over", "\"minus\" and \"over\" exclude each other"},
    {"a cell compared with itself", CLAIM("\"minus\": {\"loss\": \"0%\"}, \"at_least\": \"-1%\""),
     37, "/expect/0/minus",
     "compared with itself in the cell loss=0%, how=plain; select other levels"},
    {"a comparison with nothing", CLAIM("\"over\": {}, \"at_least\": \"9%\""), 37, "/expect/0/over",
     "compared with itself"},
    {"several others at once",
     CLAIM("\"minus\": {\"loss\": [\"0%\", \"0.5\"]}, \"at_least\": \"-1%\""), 55,
     "/expect/0/minus/loss", "expected the label of a level, not a list"},
    {"a ratio in seconds",
     BASE "\"expect\": [{\"measure\": \"time_to_connect_s_p50\", \"cell\": {\"loss\": 0.5}, "
          "\"over\": {\"loss\": \"0%\"}, \"at_most\": \"3s\"}]}",
     107, "/expect/0/at_most", "\"3s\" has an unknown unit"},
    {"holding without a hold", BASE "\"expect\": [{\"measure\": \"held\", \"at_least\": \"9%\"}]}",
     24, "/expect/0/measure",
     "\"held\" needs \"hold\" above 0s; there is none in the cell loss=0%, how=plain"},
    {"holding without a hold on the other side",
     BASE "\"expect\": [{\"measure\": \"held\", \"cell\": {\"how\": \"holding\"}, \"minus\": "
          "{\"how\": \"talking\"}, \"at_least\": \"-1%\"}]}",
     24, "/expect/0/measure", "there is none in the cell loss=0%, how=talking"},
    {"messages where none are sent",
     BASE "\"expect\": [{\"measure\": \"messages_acked_mean\", \"cell\": {\"how\": [\"talking\", "
          "\"holding\"]}, \"at_least\": \"9%\"}]}",
     24, "/expect/0/measure", "needs \"messages\" in \"call\"; there is none"},
    {"a reason that is no text", CLAIM("\"at_least\": \"9%\", \"why\": 1"), 62, "/expect/0/why",
     "expected a text, not a number"},
    {"a reason with a control character", CLAIM("\"at_least\": \"9%\", \"why\": \"a\\u001b\""), 62,
     "/expect/0/why", "the control character U+001B"},
    {"a rule that is no object", BASE "\"until\": 5}", 10, "/until",
     "expected an object, not a number"},
    {"a rule without a width", BASE "\"until\": {}}", 10, "/until", "\"half_width\" is missing"},
    {"a rule of an unknown measure",
     BASE "\"until\": {\"measure\": \"hold\", \"half_width\": \"1s\"}}", 22, "/until/measure",
     "there is no measure \"hold\"; did you mean \"held\"?"},
    {"a misspelt key of a rule", BASE "\"until\": {\"half_width\": \"1%\", \"trials_max\": 5}}", 31,
     "/until/trials_max", "unknown key \"trials_max\""},
    {"a width in the wrong unit", BASE "\"until\": {\"half_width\": \"1s\"}}", 25,
     "/until/half_width", "\"1s\" has an unknown unit; \"half_width\" is a ratio"},
    {"a width of nothing", BASE "\"until\": {\"half_width\": \"0%\"}}", 25, "/until/half_width",
     "must be above 0"},
    {"a width that is no number", BASE "\"until\": {\"half_width\": true}}", 25,
     "/until/half_width", "\"half_width\" must be a number in the measure's unit, not true"},
    {"no trials at all", BASE "\"until\": {\"half_width\": \"1%\", \"max_trials\": 0}}", 45,
     "/until/max_trials", "0 is out of range"},
    {"a rule and a number of trials", BASE "\"trials\": 5, \"until\": {\"half_width\": \"1%\"}}", 1,
     "/trials", "with \"until\", \"trials\" must be left out"},
    {"a rule of what is not measured in some cell",
     BASE "\"until\": {\"measure\": \"held\", \"half_width\": \"1%\"}}", 22, "/until/measure",
     "\"held\" needs \"hold\" above 0s; there is none in the cell loss=0%, how=plain"},
    {"a factor of the rule",
     "{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {}},\n\"factors\": [{\"name\": \"f\", "
     "\"set\": \"until.max_trials\", \"levels\": [5]}]}",
     34, "/factors/0/set", "the same in every cell"},
    {"a tradeoff that is no object", TREATED("true", "false") "\"tradeoff\": 3}", 13, "/tradeoff",
     "expected an object, not a number"},
    {"a tradeoff without harm",
     TREATED("true", "false") "\"tradeoff\": {\"cost\": \"held\", \"baseline\": \"0%\"}}", 13,
     "/tradeoff", "\"harm\" is missing"},
    {"a tradeoff by an unknown measure",
     TREATED("true", "false") "\"tradeoff\": {\"cost\": \"heldd\", \"harm\": \"connected\", "
                              "\"baseline\": \"0%\"}}",
     22, "/tradeoff/cost", "did you mean \"held\"?"},
    {"a tradeoff of a measure with itself",
     TREATED("true", "false") "\"tradeoff\": {\"cost\": \"held\", \"harm\": \"held\", "
                              "\"baseline\": \"0%\"}}",
     38, "/tradeoff/harm", "cost and harm are the same measure"},
    {"a tradeoff by what is not measured",
     TREATED("true", "false") "\"tradeoff\": {\"cost\": \"held\", \"harm\": "
                              "\"messages_acked_mean\", \"baseline\": \"0%\"}}",
     38, "/tradeoff/harm", "needs \"messages\" in \"call\""},
    {"an unknown baseline", TRADE("\"baseline\": \"6%\""), 70, "/tradeoff/baseline",
     "the factor \"loss\" has no level \"6%\""},
    {"a baseline that is a number", TRADE("\"baseline\": 0.5"), 70, "/tradeoff/baseline",
     "must be a text, not a number"},
    {"a misspelt key of a tradeoff", TRADE("\"baseline\": \"0%\", \"margins\": \"1%\""), 76,
     "/tradeoff/margins", "did you mean \"margin\"?"},
    {"a margin in the wrong unit", TRADE("\"baseline\": \"0%\", \"margin\": \"1s\""), 86,
     "/tradeoff/margin", "unknown unit"},
    {"a margin below nothing", TRADE("\"baseline\": \"0%\", \"margin\": \"-1%\""), 86,
     "/tradeoff/margin", "out of range"},
    {"a tradeoff of a factor that is not there",
     TRADE("\"baseline\": \"0%\", \"treatment\": \"los\""), 89, "/tradeoff/treatment",
     "there is no factor \"los\"; did you mean \"loss\"?"},
    {"a tradeoff of what is no treatment", TRADE("\"baseline\": \"1ms\", \"treatment\": \"delay\""),
     90, "/tradeoff/treatment", "the factor \"delay\" is no treatment"},
    {"a tradeoff without any treatment",
     TREATED("false", "false") "\"tradeoff\": {\"cost\": \"intros_sent_mean\", \"harm\": "
                               "\"held\", \"baseline\": \"0%\"}}",
     13, "/tradeoff", "there is nothing to trade: no factor is a treatment"},
    {"a tradeoff of one of two treatments",
     TREATED("true", "true") "\"tradeoff\": {\"cost\": \"intros_sent_mean\", \"harm\": \"held\", "
                             "\"baseline\": \"0%\"}}",
     13, "/tradeoff", "several factors are treatments; name the one whose levels are judged"},
};

static void expect_one(const char *sentence, const sim_complaints *got, const bad_row *row,
                       uint32_t line) {
    char text[256];
    EXPECT_INT(sentence, got->count, 1);
    if (got->count == 0) {
        return;
    }
    (void)snprintf(text, sizeof text, "%s: line", sentence);
    EXPECT_INT(text, got->items[0].line, line);
    (void)snprintf(text, sizeof text, "%s: column", sentence);
    EXPECT_INT(text, got->items[0].column, row->column);
    (void)snprintf(text, sizeof text, "%s: pointer", sentence);
    EXPECT_TEXT(text, got->items[0].pointer, row->pointer);
    if (got->count > 1 || strstr(got->items[0].what, row->what) == NULL) {
        (void)fprintf(stderr, "%s: expected \"...%s...\", got:\n", sentence, row->what);
        sim_complaints_print(got, stderr);
    }
    (void)snprintf(text, sizeof text, "%s: the complaint names the mistake", sentence);
    EXPECT(text, strstr(got->items[0].what, row->what) != NULL);
}

static void each_mistake_has_its_place(void) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sim_complaints complaints = {0};
        sim_scenario *scenario =
            sim_scenario_parse("x.json", rows[i].text, strlen(rows[i].text), NULL, 0, &complaints);
        EXPECT(rows[i].sentence, scenario == NULL);
        expect_one(rows[i].sentence, &complaints, &rows[i], 2);
        sim_scenario_destroy(scenario);
        sim_complaints_clear(&complaints);
    }
}

typedef struct {
    const char *text;
    const char *key;
    const char *value;
    bad_row expected;
} override_row;

#define WITH_TRIALS BASE "\"trials\": 5}"
#define WITH_UNTIL BASE "\"until\": {\"half_width\": \"1%\"}}"

static const override_row overrides[] = {
    {TREATED("true", "false") "\"trials\": 5}",
     "tradeoff.cost",
     "held",
     {"half a tradeoff", .pointer = "/tradeoff/cost", .what = "needs"}},
    {TRADE("\"baseline\": \"0%\""),
     "tradeoff.baseline",
     "7%",
     {"another baseline", .pointer = "/tradeoff/baseline", .what = "has no level \"7%\""}},
    {TRADE("\"baseline\": \"0%\""),
     "tradeoff",
     "held",
     {"a whole tradeoff", .pointer = "/tradeoff", .what = "its options look like tradeoff.OPTION"}},
    {WITH_TRIALS,
     "expect",
     "[]",
     {"claims", .pointer = "/expect", .what = "\"expect\" is a section of the file"}},
    {WITH_TRIALS,
     "expect.0.at_least",
     "1%",
     {"a bound", .pointer = "/expect/0/at_least", .what = "only the file can give it"}},
    {WITH_TRIALS,
     "until",
     "1%",
     {"a whole rule", .pointer = "/until", .what = "its options look like until.OPTION"}},
    {WITH_TRIALS,
     "until.half_with",
     "1%",
     {"a misspelt option", .pointer = "/until/half_with", .what = "did you mean \"half_width\"?"}},
    {WITH_TRIALS,
     "until.half_width",
     "1s",
     {"a width in the wrong unit", .pointer = "/until/half_width", .what = "unknown unit"}},
    {WITH_TRIALS,
     "until.max_trials",
     "7",
     {"half a rule", .pointer = "/until/max_trials", .what = "needs \"half_width\" too"}},
    {WITH_UNTIL,
     "trials",
     "7",
     {"trials over a rule", .pointer = "/trials", .what = "set until.max_trials instead"}},
    {WITH_UNTIL,
     "until.measure",
     "held",
     {"what is not measured", .pointer = "/until/measure", .what = "\"held\" needs \"hold\""}},
};

static void overrides_are_checked_too(void) {
    for (size_t i = 0; i < sizeof overrides / sizeof overrides[0]; i++) {
        const override_row *row = &overrides[i];
        const sim_override override = {row->key, row->value};
        sim_complaints complaints = {0};
        sim_scenario *scenario =
            sim_scenario_parse("x.json", row->text, strlen(row->text), &override, 1, &complaints);
        EXPECT(row->expected.sentence, scenario == NULL);
        expect_one(row->expected.sentence, &complaints, &row->expected, 0);
        sim_scenario_destroy(scenario);
        sim_complaints_clear(&complaints);
    }
}

/* 20 x 20 x 30 cells: one claim is too many with two bounds. */
static void claims_have_a_limit(void) {
    enum { CAP = 1 << 14 };
    static const char *const keys[] = {"internet.a-b", "internet.a-broker", "internet.b-broker"};
    char text[CAP] = "{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {}}, \"factors\": [";
    sim_complaints complaints = {0};
    for (size_t f = 0; f < 3; f++) {
        size_t length = strlen(text);
        (void)snprintf(text + length, CAP - length,
                       "%s{\"name\": \"f%zu\", \"set\": \"%s\", \"levels\": [\"0s\"",
                       f > 0 ? "," : "", f, keys[f]);
        for (int level = 1; level < (f == 2 ? 30 : 20); level++) {
            length = strlen(text);
            (void)snprintf(text + length, CAP - length, ", \"%dms\"", level);
        }
        length = strlen(text);
        (void)snprintf(text + length, CAP - length, "]}");
    }
    (void)snprintf(text + strlen(text), CAP - strlen(text),
                   "],\n\"expect\": [{\"measure\": \"connected\", \"at_least\": \"1%%\", "
                   "\"at_most\": \"99%%\"}]}");
    EXPECT("24,000 claims are refused",
           sim_scenario_parse("x.json", text, strlen(text), NULL, 0, &complaints) == NULL);
    const bad_row expected = {"with one complaint", .column = 12, .pointer = "/expect/0",
                              .what = "more than 10000 claims"};
    expect_one(expected.sentence, &complaints, &expected, 2);
    sim_complaints_clear(&complaints);
}

/* Mistakes in factors do not make others in claims. */
static void wrong_factors_are_reported_alone(void) {
    static const char text[] =
        "{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {}},\n\"factors\": [{\"name\": \"loss\", "
        "\"set\": \"internet.los\", \"levels\": [\"0%\"]}],\n\"expect\": [{\"measure\": "
        "\"connected\", \"cell\": {\"loss\": \"0%\"}, \"at_least\": \"1%\"}]}";
    sim_complaints complaints = {0};
    EXPECT("it is refused",
           sim_scenario_parse("x.json", text, strlen(text), NULL, 0, &complaints) == NULL);
    const bad_row expected = {"with one complaint", .column = 37, .pointer = "/factors/0/set",
                              .what = "did you mean \"loss\"?"};
    expect_one(expected.sentence, &complaints, &expected, 2);
    sim_complaints_clear(&complaints);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"each mistake has its place", each_mistake_has_its_place},
        {"overrides are checked too", overrides_are_checked_too},
        {"claims have a limit", claims_have_a_limit},
        {"wrong factors are reported alone", wrong_factors_are_reported_alone},
    };
    return PUNCH_TEST_MAIN("bad_claims", cases);
}
