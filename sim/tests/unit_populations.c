/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Populations: the published ones have the shares they are said to have and name their sources, and
 * a population made of others has exactly the shares that follow, to 10^-12.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "punch_test.h"
#include "scenario_internal.h"

static void print_complaints(const char *label, sim_complaints *complaints) {
    if (complaints->count > 0) {
        (void)fprintf(stderr, "%s:\n", label);
        sim_complaints_print(complaints, stderr);
    }
    sim_complaints_clear(complaints);
}

/* A scenario whose populations are those; files are found as from scenarios/. */
static sim_scenario *load(const char *label, const char *populations) {
    const char *source = getenv("PUNCH_SOURCE_DIR");
    char path[1024];
    char text[8192];
    sim_complaints complaints = {0};
    EXPECT("ctest says where the sources are", source != NULL);
    (void)snprintf(path, sizeof path, "%s/scenarios/x.json", source != NULL ? source : ".");
    const int length =
        snprintf(text, sizeof text,
                 "{\"name\": \"x\", \"nat\": {\"named\": {}}, \"peers\": {\"a\": {}, "
                 "\"b\": {}},\n\"populations\": {%s}}",
                 populations);
    sim_scenario *scenario = sim_scenario_parse(path, text, (size_t)length, NULL, 0, &complaints);
    print_complaints(label, &complaints);
    EXPECT(label, scenario != NULL);
    return scenario;
}

/* A class and its share in 10^-12. */
typedef struct {
    const char *name;
    int64_t share;
} class_row;

/* The population of that name has these classes in this order, and no others. */
static void expect_classes(const char *label, const sim_scenario *scenario, const char *population,
                           const class_row *rows) {
    char sentence[200];
    const scenario_population *found = NULL;
    for (uint32_t i = 0; i < scenario->population_count; i++) {
        const bool same = strcmp(scenario->populations[i].name, population) == 0;
        found = same ? &scenario->populations[i] : found;
    }
    if (!EXPECT(label, found != NULL)) {
        return;
    }
    uint32_t count = 0;
    int64_t sum = 0;
    for (uint32_t i = 0; i < found->class_count; i++) {
        sum += found->classes[i].share;
    }
    (void)snprintf(sentence, sizeof sentence, "%s: the shares sum to 100 %%", label);
    EXPECT_INT(sentence, sum, SCENARIO_RATIO_ONE);
    for (; rows[count].name != NULL; count++) {
        const bool there = count < found->class_count;
        (void)snprintf(sentence, sizeof sentence, "%s: name of class %u", label, (unsigned)count);
        EXPECT_TEXT(sentence, there ? found->classes[count].name : NULL, rows[count].name);
        (void)snprintf(sentence, sizeof sentence, "%s: share of %s", label, rows[count].name);
        EXPECT_INT(sentence, there ? found->classes[count].share : -1, rows[count].share);
    }
    (void)snprintf(sentence, sizeof sentence, "%s: classes", label);
    EXPECT_INT(sentence, found->class_count, count);
}

/* --- published ones */

#define PERCENT INT64_C(10000000000)
#define PER_MILLE INT64_C(1000000000)

typedef struct {
    const char *name; /* data/population-NAME.json */
    class_row classes[16];
} published_row;

static const published_row published[] = {
    {"gvod",
     {{"eim-preserving-apdf", 252 * PER_MILLE},
      {"open", 214 * PER_MILLE},
      {"apdm-random-apdf", 124 * PER_MILLE},
      {"eim-random-apdf", 99 * PER_MILLE},
      {"eim-preserving-eif", 93 * PER_MILLE},
      {"eim-random-eif", 77 * PER_MILLE},
      {"eim-preserving-adf", 46 * PER_MILLE},
      {"eim-contiguous-eif", 44 * PER_MILLE},
      {"apdm-preserving-apdf", 26 * PER_MILLE},
      {"apdm-preserving-eif", 7 * PER_MILLE},
      {"apdm-random-eif", 6 * PER_MILLE},
      {"eim-contiguous-apdf", 6 * PER_MILLE},
      {"eim-random-adf", 4 * PER_MILLE},
      {"adm-random-apdf", 2 * PER_MILLE}}},
    {"halkes2011",
     {{"puncturable", 64 * PERCENT},
      {"open", 21 * PERCENT},
      {"endpoint-dependent", 11 * PERCENT},
      {"residual", 4 * PERCENT}}},
    {"richter2016-home", {{"independent", 98 * PERCENT}, {"symmetric", 2 * PERCENT}}},
    {"richter2016-cgn-fixed", {{"independent", 89 * PERCENT}, {"symmetric", 11 * PERCENT}}},
    {"richter2016-cgn-cellular",
     {{"symmetric", 40 * PERCENT}, {"independent", 40 * PERCENT}, {"full-cone", 20 * PERCENT}}},
    {"netpiculet2011",
     {{"independent", 736 * PER_MILLE}, {"connection-dependent", 264 * PER_MILLE}}},
    {"enterprise",
     {{"symmetric", 50 * PERCENT}, {"independent", 30 * PERCENT}, {"blocked", 20 * PERCENT}}},
    {"ford2005", {{"punchable", 82 * PERCENT}, {"not-punchable", 18 * PERCENT}}},
};

static void published_shares_are_kept(void) {
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "\"p\": {\"file\": \"data/population-%s.json\"}",
                       published[i].name);
        sim_scenario *scenario = load(published[i].name, text);
        if (scenario != NULL) {
            expect_classes(published[i].name, scenario, "p", published[i].classes);
        }
        sim_scenario_destroy(scenario);
    }
}

/* What a reader needs in order to trust a figure. */
static void published_ones_say_where_from(void) {
    static const char *const words[] = {"\"source\": ", "\"notes\": ", "http"};
    const char *source = getenv("PUNCH_SOURCE_DIR");
    for (size_t i = 0; source != NULL && i < sizeof published / sizeof published[0]; i++) {
        char path[1024];
        char *text = NULL;
        size_t length = 0;
        const char *why = NULL;
        (void)snprintf(path, sizeof path, "%s/scenarios/data/population-%s.json", source,
                       published[i].name);
        if (!EXPECT(path, scenario_file_read(path, &text, &length, &why))) {
            continue;
        }
        char *whole = calloc(1, length + 1);
        EXPECT("there is memory", whole != NULL);
        for (size_t w = 0; whole != NULL && w < sizeof words / sizeof words[0]; w++) {
            char sentence[160];
            memcpy(whole, text, length);
            (void)snprintf(sentence, sizeof sentence, "population-%s has %s", published[i].name,
                           words[w]);
            EXPECT(sentence, strstr(whole, words[w]) != NULL);
        }
        free(whole);
        free(text);
    }
}

/* --- populations of populations */

typedef struct {
    const char *name;
    const char *populations; /* the last is the one looked at, "all" */
    class_row classes[16];
} mix_row;

#define HOME                                                                                 \
    "\"home\": {\"source\": \"s\", \"classes\": [{\"share\": \"98%\", \"name\": \"easy\"}, " \
    "{\"share\": \"2%\", \"name\": \"hard\", \"mapping\": \"APDM\"}]}, "
#define THIRDS                                           \
    "\"thirds\": {\"source\": \"s\", \"classes\": ["     \
    "{\"share\": \"33.3333333333%\", \"name\": \"x\"}, " \
    "{\"share\": \"33.3333333333%\", \"name\": \"y\"}, " \
    "{\"share\": \"33.3333333334%\", \"name\": \"z\"}]}, "
#define ALL "\"all\": {\"source\": \"s\", \"classes\": "

static const mix_row mixes[] = {
    {"users of all kinds, as a file",
     "\"home\": {\"file\": \"data/population-richter2016-home.json\"}, "
     "\"fixed\": {\"file\": \"data/population-richter2016-cgn-fixed.json\"}, "
     "\"cellular\": {\"file\": \"data/population-richter2016-cgn-cellular.json\"}, "
     "\"enterprise\": {\"file\": \"data/population-enterprise.json\"}, "
     "\"all\": {\"file\": \"data/population-mixed.json\"}",
     {{"home.independent", 539 * PER_MILLE},
      {"home.symmetric", 11 * PER_MILLE},
      {"fixed.independent", 89 * PER_MILLE},
      {"fixed.symmetric", 11 * PER_MILLE},
      {"cellular.symmetric", 10 * PERCENT},
      {"cellular.independent", 10 * PERCENT},
      {"cellular.full-cone", 5 * PERCENT},
      {"enterprise.symmetric", 5 * PERCENT},
      {"enterprise.independent", 3 * PERCENT},
      {"enterprise.blocked", 2 * PERCENT}}},
    {"a population and a class",
     HOME ALL "[{\"share\": \"60%\", \"population\": \"home\"}, {\"share\": \"40%\", \"nat\": "
              "\"none\"}]}",
     {{"home.easy", 588 * PER_MILLE}, {"home.hard", 12 * PER_MILLE}, {"none", 400 * PER_MILLE}}},
    {"one that is written later",
     ALL "[{\"share\": \"100%\", \"population\": \"later\"}]}, \"later\": {\"source\": \"s\", "
         "\"classes\": [{\"share\": \"100%\", \"name\": \"only\"}]}",
     {{"later.only", 1000 * PER_MILLE}}},
    {"the same one twice, under names of their own",
     HOME ALL "[{\"share\": \"50%\", \"name\": \"here\", \"population\": \"home\"}, {\"share\": "
              "\"50%\", \"name\": \"there\", \"population\": \"home\", \"without\": [\"hard\"]}]}",
     {{"here.easy", 490 * PER_MILLE},
      {"here.hard", 10 * PER_MILLE},
      {"there.easy", 500 * PER_MILLE}}},
    {"populations of populations",
     HOME "\"town\": {\"source\": \"s\", \"classes\": [{\"share\": \"50%\", \"population\": "
          "\"home\"}, {\"share\": \"50%\", \"nat\": \"named\"}]}, " ALL
          "[{\"share\": \"10%\", \"population\": \"town\"}, {\"share\": \"90%\", \"population\": "
          "\"town\", \"name\": \"away\", \"without\": [\"home\"]}]}",
     {{"town.home.easy", 49 * PER_MILLE},
      {"town.home.hard", 1 * PER_MILLE},
      {"town.named", 50 * PER_MILLE},
      {"away.named", 900 * PER_MILLE}}},
    {"what 10^-12 cannot hold goes to the largest remainder",
     /* 0.333333333333 x 0.333333333333 = 0.111111111110|888..., x ...334 = 0.111111111111|222 */
     THIRDS ALL "[{\"share\": \"33.3333333333%\", \"population\": \"thirds\"}, {\"share\": "
                "\"66.6666666667%\", \"nat\": \"none\"}]}",
     {{"thirds.x", INT64_C(111111111111)},
      {"thirds.y", INT64_C(111111111111)},
      {"thirds.z", INT64_C(111111111111)},
      {"none", INT64_C(666666666667)}}},
    {"the first of equal remainders",
     /* a half of 10^-12 each */
     "\"halves\": {\"source\": \"s\", \"classes\": [{\"share\": \"50%\", \"name\": \"x\"}, "
     "{\"share\": \"50%\", \"name\": \"y\"}]}, " ALL
     "[{\"share\": \"0.0000000001%\", \"population\": \"halves\"}, {\"share\": "
     "\"99.9999999999%\", \"nat\": \"none\"}]}",
     {{"halves.x", 1}, {"halves.y", 0}, {"none", INT64_C(999999999999)}}},
    {"counts are taken in proportion", /* 412, 198, 57, 38, 121 and 74 of 900 */
     "\"ours\": {\"from\": \"data/example-nats.csv\", \"ignore\": [\"country\"]}, " ALL
     "[{\"share\": \"100%\", \"population\": \"ours\"}]}",
     {{"ours.fritz", INT64_C(457777777778)},
      {"ours.linux", INT64_C(220000000000)},
      {"ours.open", INT64_C(63333333333)},
      {"ours.cone", INT64_C(42222222222)},
      {"ours.carrier", INT64_C(134444444445)},
      {"ours.office", INT64_C(82222222222)}}},
    {"a published one, without those who need nothing",
     "\"p\": {\"file\": \"data/population-richter2016-cgn-cellular.json\"}, " ALL
     "[{\"share\": \"100%\", \"population\": \"p\", \"without\": [\"full-cone\"]}]}",
     {{"p.symmetric", 500 * PER_MILLE}, {"p.independent", 500 * PER_MILLE}}},
};

static void mixed_shares_are_exact(void) {
    for (size_t i = 0; i < sizeof mixes / sizeof mixes[0]; i++) {
        sim_scenario *scenario = load(mixes[i].name, mixes[i].populations);
        if (scenario != NULL) {
            expect_classes(mixes[i].name, scenario, "all", mixes[i].classes);
        }
        sim_scenario_destroy(scenario);
    }
}

/* --- what is drawn */

#define PARTS                                                                                     \
    "\"nat\": {}, \"populations\": {\"part\": {\"source\": \"s\", \"common\": {\"filtering\": "   \
    "\"EIF\"}, \"classes\": [{\"share\": \"100%\", \"name\": \"only\", \"mapping\": \"ADM\"}]}, " \
    "\"all\": {\"source\": \"s\", \"common\": {\"filtering\": \"APDF\"}, \"classes\": "           \
    "[{\"share\": \"50%\", \"population\": \"part\"}, {\"share\": \"50%\", \"name\": \"own\", "   \
    "\"mapping\": \"APDM\"}]}}, "
#define DRAWS                                                          \
    "{\"name\": \"x\", " PARTS                                         \
    "\"peers\": {\"a\": {\"nat\": {\"population\": \"all\"}}, \"b\": " \
    "{\"nat\": {\"population\": \"all\", \"without\": [\"part\"]}}}}"

static void parts_keep_what_is_common_to_them(void) {
    static const sim_override changed = {"populations.part.common.filtering", "ADF"};
    for (uint32_t overrides = 0; overrides < 2; overrides++) {
        sim_complaints complaints = {0};
        uint32_t of_part = 0;
        sim_scenario *scenario =
            sim_scenario_parse("x.json", DRAWS, sizeof DRAWS - 1, &changed, overrides, &complaints);
        print_complaints("a population with a part", &complaints);
        sim_plan *plan = scenario != NULL ? sim_scenario_plan_create(scenario) : NULL;
        if (!EXPECT("a population with a part loads", plan != NULL)) {
            sim_scenario_destroy(scenario);
            return;
        }
        for (uint64_t trial = 0; trial < 1000; trial++) {
            sim_scenario_plan(scenario, 0, sim_scenario_trial_seed(scenario, 1, 0, trial), plan);
            const nat_config *a = &plan->sites[0].nat;
            const bool part = a->mapping == NAT_MAPPING_ADM;
            of_part += part ? 1 : 0;
            EXPECT_INT("the common settings are those of the class's own population", a->filtering,
                       !part            ? NAT_FILTERING_APDF
                       : overrides == 0 ? NAT_FILTERING_EIF
                                        : NAT_FILTERING_ADF);
            EXPECT_INT("what is left out is not drawn", plan->sites[2].nat.mapping,
                       NAT_MAPPING_APDM);
        }
        EXPECT_REAL("half are of the part", of_part / 1000.0, 0.5, 0.08); /* five standard errors */
        sim_scenario_plan_destroy(plan);
        sim_scenario_destroy(scenario);
    }
}

/* Two parts that differ in what is common to them only. */
static void the_digest_tells_parts_apart(void) {
    static const char both[] =
        "\"p\": {\"source\": \"s\", \"common\": {\"filtering\": \"EIF\"}, \"classes\": "
        "[{\"share\": "
        "\"100%%\", \"name\": \"only\"}]}, \"q\": {\"source\": \"s\", \"common\": {\"filtering\": "
        "\"ADF\"}, \"classes\": [{\"share\": \"100%%\", \"name\": \"only\"}]}, " ALL
        "[{\"share\": \"100%%\", \"name\": \"it\", \"population\": \"%s\"}]}";
    uint64_t digests[2] = {0};
    for (size_t i = 0; i < 2; i++) {
        char text[1024];
        (void)snprintf(text, sizeof text, both, i == 0 ? "p" : "q");
        sim_scenario *scenario = load("parts alike but for what is common", text);
        digests[i] = scenario != NULL ? sim_scenario_digest(scenario) : 0;
        sim_scenario_destroy(scenario);
    }
    EXPECT("the digests differ", digests[0] != digests[1]);
}

/* --- limits */

/* p0 of classes, then a chain of populations, each made of the last, in either order. */
static sim_scenario *load_chain(uint32_t classes, uint32_t links, bool backwards,
                                sim_complaints *complaints) {
    enum { CAP = 1 << 17 };
    char *text = calloc(1, CAP);
    if (!EXPECT("there is memory", text != NULL)) {
        return NULL;
    }
    size_t at = (size_t)snprintf(text, CAP,
                                 "{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {}}, "
                                 "\"populations\": {\"p0\": {\"source\": \"s\", \"classes\": [");
    const int64_t share = SCENARIO_RATIO_ONE / classes;
    for (uint32_t i = 0; i < classes; i++) {
        const int64_t rest = i == 0 ? SCENARIO_RATIO_ONE - share * classes : 0;
        at += (size_t)snprintf(text + at, CAP - at, "%s{\"share\": 0.%012lld, \"name\": \"c%u\"}",
                               i > 0 ? "," : "", (long long)(share + rest), (unsigned)i);
    }
    at += (size_t)snprintf(text + at, CAP - at, "]}");
    for (uint32_t i = 0; i < links; i++) {
        const uint32_t link = backwards ? links - i : i + 1;
        at += (size_t)snprintf(text + at, CAP - at,
                               ", \"p%u\": {\"source\": \"s\", \"classes\": [{\"share\": \"50%%\", "
                               "\"population\": \"p%u\"}, {\"share\": \"50%%\", \"nat\": "
                               "\"none\"}]}",
                               (unsigned)link, (unsigned)(link - 1));
    }
    at += (size_t)snprintf(text + at, CAP - at, "}}");
    sim_scenario *scenario = sim_scenario_parse("x.json", text, at, NULL, 0, complaints);
    free(text);
    return scenario;
}

typedef struct {
    const char *name;
    uint32_t classes;
    uint32_t links;
    const char *what; /* NULL: loads */
} limit_row;

static const limit_row limits[] = {
    {"32 deep", 2, 32, NULL},
    {"33 deep", 2, 33, "at most 32 deep"},
    {"1000 classes with those of its part", 999, 1, NULL},
    {"1001 classes", 1000, 1, "at most 1000 classes, those of its parts included"},
};

static void mixes_have_limits(void) {
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        for (int backwards = 0; backwards < 2; backwards++) {
            char sentence[160];
            sim_complaints complaints = {0};
            sim_scenario *scenario =
                load_chain(limits[i].classes, limits[i].links, backwards != 0, &complaints);
            (void)snprintf(sentence, sizeof sentence, "%s, %s", limits[i].name,
                           backwards != 0 ? "the parts last" : "the parts first");
            EXPECT_INT(sentence, scenario != NULL, limits[i].what == NULL);
            if (limits[i].what != NULL) {
                EXPECT_INT("one complaint", complaints.count, 1);
                EXPECT("it says the limit",
                       complaints.count == 1 &&
                           strstr(complaints.items[0].what, limits[i].what) != NULL);
            }
            sim_complaints_clear(&complaints);
            sim_scenario_destroy(scenario);
        }
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"published shares are kept", published_shares_are_kept},
        {"published ones say where from", published_ones_say_where_from},
        {"mixed shares are exact", mixed_shares_are_exact},
        {"parts keep what is common to them", parts_keep_what_is_common_to_them},
        {"the digest tells parts apart", the_digest_tells_parts_apart},
        {"mixes have limits", mixes_have_limits},
    };
    return PUNCH_TEST_MAIN("unit_populations", cases);
}
