/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wrong scenarios of every kind: each is refused with one complaint that says where and what. Then
 * what no table can hold: files that are too long, several mistakes at once, mistakes in data files
 * and behind --set.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "punch_test.h"
#include "sim/scenario.h"

/* A scenario that is right so far; the next line is the row's own. */
#define BASE "{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {}},\n"
#define BRACKETS_8(b) b b b b b b b b
#define NESTED BASE "\"nat\": " BRACKETS_8(BRACKETS_8("[")) BRACKETS_8(BRACKETS_8("]")) "}"

typedef struct {
    const char *sentence;
    const char *text;
    uint32_t line;
    uint32_t column;
    const char *pointer;
    const char *what; /* a part of the complaint */
} bad_row;

/* Two populations, the second with a class or more to be written. */
#define PART(class)                                                                   \
    BASE "\"populations\": {\"home\": {\"source\": \"s\", \"classes\": [{\"share\": " \
         "\"100%\", \"name\": \"c\"}]},\n\"p\": {\"source\": \"s\", \"classes\": [{" class "}]}}}"

static const bad_row rows[] = {
    {"an empty file", "", 1, 1, "", "the file is empty"},
    {"only white space", " \n\t\n", 3, 1, "", "the file is empty"},
    {"a byte order mark", "\xef\xbb\xbf{}", 1, 1, "", "byte order mark"},
    {"text after the end", BASE "\"seed\": \"1\"} x", 2, 14, "",
     "found 'x'; expected nothing after the closing bracket"},
    {"a second value", "{} {}", 1, 4, "", "expected nothing after"},
    {"a missing brace", BASE "\"seed\": \"1\"", 2, 12, "",
     "the file ends here; expected ',' or '}'"},
    {"a comma before the end", BASE "\"seed\": \"1\",\n}", 2, 12, "",
     "a comma may not stand before"},
    {"a comment", BASE "// no\n\"seed\": \"1\"}", 2, 1, "", "JSON has no comments"},
    {"single quotes", BASE "'seed': 1}", 2, 1, "", "found '''; expected a key"},
    {"hexadecimal", BASE "\"trials\": 0x10}", 2, 11, "/trials",
     "no leading zero (not 01, not 0x10)"},
    {"a leading zero", BASE "\"trials\": 01}", 2, 11, "/trials", "no leading zero"},
    {"a bare decimal point", BASE "\"trials\": 1.}", 2, 13, "/trials",
     "expected a digit after the decimal point"},
    {"a plus sign", BASE "\"trials\": +1}", 2, 11, "/trials", "found '+'; expected a value"},
    {"a number beyond a double", BASE "\"trials\": 1e400}", 2, 11, "/trials",
     "too large for a double"},
    {"NaN", BASE "\"trials\": NaN}", 2, 11, "/trials", "found 'N'; expected a value"},
    {"a unit without quotation marks", BASE "\"limit\": 30s}", 2, 12, "/limit",
     "values with a unit are texts"},
    {"bytes that are not UTF-8", BASE "\"title\": \"caf\xe9\"}", 2, 14, "/title", "not UTF-8"},
    {"an overlong form", BASE "\"title\": \"\xc0\x80\"}", 2, 11, "/title", "not UTF-8"},
    {"a NUL escape", BASE "\"title\": \"a\\u0000b\"}", 2, 12, "/title", "\\u0000 is not allowed"},
    {"a lone surrogate", BASE "\"title\": \"\\ud800\"}", 2, 11, "/title", "lone surrogate"},
    {"an unknown escape", BASE "\"title\": \"\\x41\"}", 2, 11, "/title", "unknown escape"},
    {"a raw control character", BASE "\"title\": \"a\tb\"}", 2, 12, "/title", "control characters"},
    {"an open text", BASE "\"title\": \"abc\n}", 2, 10, "/title", "not closed on its line"},
    {"64 levels of nesting", NESTED, 2, 39,
     "/nat/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0", "deeper than 32 levels"},
    {"a duplicate key", BASE "\"trials\": 5,\n\"trials\": 6}", 3, 1, "/trials",
     "duplicate key \"trials\"; it stands already in line 2"},
    {"a duplicate key in disguise", BASE "\"trials\": 5,\n\"tri\\u0061ls\": 6}", 3, 1, "/trials",
     "duplicate key \"trials\""},
    {"a list instead of a scenario", "[1]", 1, 1, "", "expected an object, not a list"},
    {"no name", "{\"peers\": {\"a\": {}, \"b\": {}}}", 1, 1, "", "\"name\" is missing"},
    {"no peers", "{\"name\": \"x\"}", 1, 1, "", "\"peers\" is missing"},
    {"one peer", "{\"name\": \"x\", \"peers\": {\"a\": {}}}", 1, 24, "/peers", "\"b\" is missing"},
    {"a third peer", "{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {}, \"c\": {}}}", 1, 43,
     "/peers/c", "unknown key \"c\"; allowed here: a, b"},
    {"a misspelt key", BASE "\"trails\": 5}", 2, 1, "/trails", "did you mean \"trials\"?"},
    {"the guess stands before what is allowed", BASE "\"trails\": 5}", 2, 1, "/trails",
     "\"trails\"; did you mean \"trials\"? Allowed here: "},
    {"a title with an escape character", BASE "\"title\": \"a\\u001b[2J\"}", 2, 10, "/title",
     "the control character U+001B is not allowed"},
    {"a question with a C1 control", BASE "\"question\": \"a\xc2\x9b\"}", 2, 13, "/question",
     "the control character U+009B is not allowed"},
    {"a label with a line break",
     BASE "\"factors\": [{\"name\": \"f\", \"set\": \"internet.loss\", \"levels\": "
          "[{\"label\": \"a\\nb\", \"value\": \"1%\"}]}]}",
     2, 72, "/factors/0/levels/0/label", "the control character U+000A is not allowed"},
    {"a factor named like a column", BASE "\"factors\": [{\"name\": \"seed\", \"levels\": []}]}", 2,
     22, "/factors/0/name", "\"seed\" is a column of the results already"},
    {"a factor named like a measure's bound",
     BASE "\"factors\": [{\"name\": \"connected_lo\", \"levels\": []}]}", 2, 22, "/factors/0/name",
     "another name than cell, trial, "},
    {"a misspelt section", BASE "\"poulations\": {}}", 2, 1, "/poulations",
     "did you mean \"populations\"?"},
    {"a misspelt NAT option", BASE "\"nat\": {\"home\": {\"maping\": \"EIM\"}}}", 2, 18,
     "/nat/home/maping", "did you mean \"mapping\"?"},
    {"a NAT called none", BASE "\"nat\": {\"none\": {}}}", 2, 9, "/nat/none",
     "choose another name"},
    {"a name with a dot", BASE "\"nat\": {\"a.b\": {}}}", 2, 9, "/nat/a.b", "is no name"},
    {"a name with a blank", "{\"name\": \"my x\", \"peers\": {\"a\": {}, \"b\": {}}}", 1, 10,
     "/name", "is no name"},
    {"a duration without unit", BASE "\"limit\": \"30\"}", 2, 10, "/limit",
     "\"30\" lacks its unit; \"limit\" is a duration"},
    {"a duration with a wrong unit", BASE "\"limit\": \"30sec\"}", 2, 10, "/limit",
     "\"30sec\" has an unknown unit"},
    {"a duration that is a number", BASE "\"limit\": 30}", 2, 10, "/limit",
     "\"limit\" must be a duration such as \"30s\" (us, ms, s, min, h), not a number"},
    {"a duration out of range", BASE "\"limit\": \"721h\"}", 2, 10, "/limit",
     "721h is out of range; \"limit\" may be 1ms .. 720h"},
    {"a duration finer than 1 us", BASE "\"limit\": \"1.0000001s\"}", 2, 10, "/limit",
     "too many decimals"},
    {"a ratio above one", BASE "\"internet\": {\"loss\": \"200%\"}}", 2, 22, "/internet/loss",
     "200% is out of range; \"loss\" may be 0% .. 100%"},
    {"a ratio that is no number", BASE "\"internet\": {\"loss\": \"lots\"}}", 2, 22,
     "/internet/loss", "\"lots\" is not a number"},
    {"a negative ratio", BASE "\"internet\": {\"loss\": -0.5}}", 2, 22, "/internet/loss",
     "-0.5 is out of range"},
    {"a rate in bytes", BASE "\"link\": {\"l\": {\"rate\": \"1MB\"}}}", 2, 24, "/link/l/rate",
     "\"1MB\" has an unknown unit; \"rate\" is a rate"},
    {"a count with a fraction", BASE "\"trials\": 1.5}", 2, 11, "/trials", "too many decimals"},
    {"a count of zero", BASE "\"trials\": 0}", 2, 11, "/trials", "0 is out of range"},
    {"a count as a text", BASE "\"trials\": \"100\"}", 2, 11, "/trials",
     "\"trials\" must be a whole number such as 100, not a text"},
    {"a seed as a number", BASE "\"seed\": 1}", 2, 9, "/seed",
     "\"seed\" must be a text of decimal digits"},
    {"a seed beyond 64 bits", BASE "\"seed\": \"18446744073709551616\"}", 2, 9, "/seed",
     "is no seed"},
    {"a bool as a text", BASE "\"same_site\": \"true\"}", 2, 14, "/same_site",
     "\"same_site\" must be true or false, not a text"},
    {"an unknown word", BASE "\"nat\": {\"h\": {\"mapping\": \"EDM\"}}}", 2, 26, "/nat/h/mapping",
     "\"EDM\" is unknown; did you mean \"EIM\"? \"mapping\" is one of \"EIM\", \"ADM\", \"APDM\""},
    {"a misspelt word", BASE "\"nat\": {\"h\": {\"allocation\": \"presrving\"}}}", 2, 29,
     "/nat/h/allocation", "did you mean \"preserving\"?"},
    {"null", BASE "\"title\": null}", 2, 10, "/title", "\"title\" must be a text, not null"},
    {"an unknown NAT",
     "{\"name\": \"x\", \"nat\": {\"home\": {}},\n\"peers\": {\"a\": {\"nat\": \"hoem\"}, \"b\": "
     "{}}}",
     2, 24, "/peers/a/nat", "there is no NAT in \"nat\" called \"hoem\"; did you mean \"home\"?"},
    {"an unknown link",
     "{\"name\": \"x\", \"link\": {\"dsl\": {}},\n\"peers\": {\"a\": {\"link\": \"dls\"}, \"b\": "
     "{}}}",
     2, 25, "/peers/a/link", "did you mean \"dsl\"?"},
    {"an unknown preset", BASE "\"nat\": {\"h\": {\"preset\": \"linux-masqerade\"}}}", 2, 25,
     "/nat/h/preset",
     "there is no NAT preset \"linux-masqerade\"; did you mean \"linux-masquerade\"?"},
    {"an unknown keepalive strategy", BASE "\"broker\": {\"keepalive\": \"agreed-51\"}}", 2, 25,
     "/broker/keepalive", "did you mean \"agreed-15\"?"},
    {"a strategy offered twice",
     "{\"name\": \"x\", \"peers\": {\"a\": {\"keepalive\": [\"seed\", \"seed\"]}, \"b\": {}}}", 1,
     53, "/peers/a/keepalive/1", "\"seed\" stands in the list already"},
    {"an unknown population",
     "{\"name\": \"x\", \"peers\": {\"a\": {\"nat\": {\"population\": \"town\"}}, \"b\": {}}}", 1,
     53, "/peers/a/nat/population", "there is no population in \"populations\" called \"town\""},
    {"a data file that is not there",
     BASE "\"populations\": {\"p\": {\"file\": \"nowhere.json\"}}}", 2, 31, "/populations/p/file",
     "nowhere.json\" cannot be read: No such file or directory"},
    {"a data file outside the scenario's directory",
     BASE "\"populations\": {\"p\": {\"file\": \"../x.json\"}}}", 2, 31, "/populations/p/file",
     "without \"..\""},
    {"a data file outside the shared data",
     BASE "\"populations\": {\"p\": {\"file\": \"../data/../x.json\"}}}", 2, 31,
     "/populations/p/file", "or one of \"../data/\""},
    {"a data file by its whole path, behind the shared data",
     BASE "\"populations\": {\"p\": {\"file\": \"../data//x.json\"}}}", 2, 31,
     "/populations/p/file", "or one of \"../data/\""},
    {"an unknown distribution",
     BASE "\"link\": {\"l\": {\"delay\": {\"unifrom\": [\"1ms\", \"2ms\"]}}}}", 2, 25,
     "/link/l/delay", "did you mean \"uniform\"?"},
    {"a uniform distribution the wrong way round",
     BASE "\"link\": {\"l\": {\"delay\": {\"uniform\": [\"3ms\", \"2ms\"]}}}}", 2, 37,
     "/link/l/delay/uniform", "the least value stands first"},
    {"quantiles that do not ascend",
     BASE "\"link\": {\"l\": {\"delay\": {\"quantiles\": {\"50%\": \"2ms\", \"5%\": \"1ms\"}}}}}",
     2, 54, "/link/l/delay/quantiles/5%", "quantiles must ascend"},
    {"a choice that does not sum to one",
     BASE "\"link\": {\"l\": {\"loss\": {\"choice\": [{\"share\": \"30%\", \"value\": \"1%\"}, "
          "{\"share\": \"69.9%\", \"value\": \"2%\"}]}}}}",
     2, 35, "/link/l/loss/choice", "the shares sum to 99.9%, not to 100%"},
    {"a distribution where one value must stand",
     BASE "\"limit\": {\"uniform\": [\"1s\", \"2s\"]}}", 2, 10, "/limit",
     "\"limit\" must be one value"},
    {"shares that do not sum to one",
     BASE "\"populations\": {\"p\": {\"source\": \"s\", \"classes\": [{\"share\": \"50.1%\"}, "
          "{\"share\": \"50%\", \"nat\": \"none\"}]}}}",
     2, 49, "/populations/p/classes", "the shares sum to 100.1%, not to 100%"},
    {"a share of nothing",
     BASE "\"populations\": {\"p\": {\"source\": \"s\", \"classes\": [{\"share\": \"0%\"}]}}}", 2,
     60, "/populations/p/classes/0/share", "a share is above 0%"},
    {"two classes of one name",
     BASE "\"populations\": {\"p\": {\"source\": \"s\", \"classes\": [{\"share\": \"50%\", "
          "\"name\": \"n\"}, {\"share\": \"50%\", \"name\": \"n\"}]}}}",
     2, 81, "/populations/p/classes/1", "a class named \"n\" stands in this population already"},
    {"a part that is no population", PART("\"share\": \"100%\", \"population\": \"hoem\""), 3, 66,
     "/populations/p/classes/0/population",
     "there is no population in \"populations\" called \"hoem\"; did you mean \"home\"?"},
    {"a population that is a part of itself", PART("\"share\": \"100%\", \"population\": \"p\""), 3,
     66, "/populations/p/classes/0/population", "the population \"p\" would be a part of itself"},
    {"populations that are parts of each other",
     PART("\"share\": \"100%\", \"population\": \"q\"}]},\n\"q\": {\"source\": \"s\", "
          "\"classes\": [{\"share\": \"100%\", \"population\": \"p\""),
     4, 66, "/populations/q/classes/0/population",
     "the population \"p\" would be a part of itself"},
    {"a part with options",
     PART("\"share\": \"100%\", \"population\": \"home\", \"mapping\": "
          "\"EIM\""),
     3, 74, "/populations/p/classes/0/mapping", "unknown key \"mapping\""},
    {"a part that is a number", PART("\"share\": \"100%\", \"population\": 1"), 3, 66,
     "/populations/p/classes/0/population", "a text"},
    {"a part without what it does not have",
     PART("\"share\": \"100%\", \"population\": \"home\", \"without\": [\"d\"]"), 3, 86,
     "/populations/p/classes/0/without/0", "the population \"home\" has no class \"d\""},
    {"a part without anything",
     PART("\"share\": \"100%\", \"population\": \"home\", \"without\": [\"c\"]"), 3, 85,
     "/populations/p/classes/0/without", "all classes of \"home\" are left out"},
    {"a part that nothing tells from another",
     PART("\"share\": \"50%\", \"population\": \"home\"}, {\"share\": \"50%\", "
          "\"population\": \"home\""),
     3, 74, "/populations/p/classes/1", "a class named \"home\" stands in this population already"},
    {"a population without a source",
     BASE "\"populations\": {\"p\": {\"classes\": [{\"share\": \"100%\"}]}}}", 2, 22,
     "/populations/p", "\"source\" is missing"},
    {"an unknown class left out",
     "{\"name\": \"x\", \"populations\": {\"p\": {\"source\": \"s\", \"classes\": [{\"share\": "
     "\"100%\", \"name\": \"home\"}]}},\n\"peers\": {\"a\": {\"nat\": {\"population\": \"p\", "
     "\"without\": [\"hom\"]}}, \"b\": {}}}",
     2, 56, "/peers/a/nat/without/0", "did you mean \"home\"?"},
    {"every class left out",
     "{\"name\": \"x\", \"populations\": {\"p\": {\"source\": \"s\", \"classes\": [{\"share\": "
     "\"100%\", \"name\": \"home\"}]}},\n\"peers\": {\"a\": {\"nat\": {\"population\": \"p\", "
     "\"without\": [\"home\"]}}, \"b\": {}}}",
     2, 55, "/peers/a/nat/without", "all classes of \"p\" are left out"},
    {"a factor of an unknown key",
     BASE "\"factors\": [{\"name\": \"f\", \"set\": \"link.dsl.loss\", \"levels\": [\"1%\"]}]}", 2,
     34, "/factors/0/set", "there is no link in \"link\" called \"dsl\""},
    {"a factor of a misspelt option",
     BASE "\"factors\": [{\"name\": \"f\", \"set\": \"core.backof\", \"levels\": [2]}]}", 2, 34,
     "/factors/0/set", "did you mean \"backoff\"?"},
    {"a level of the wrong type",
     BASE
     "\"factors\": [{\"name\": \"f\", \"set\": \"internet.loss\", \"levels\": [\"1%\", \"5s\"]}]}",
     2, 68, "/factors/0/levels/1", "\"5s\" has an unknown unit"},
    {"two factors of one name",
     BASE "\"factors\": [{\"name\": \"f\", \"set\": \"internet.loss\", \"levels\": "
          "[\"1%\"]},\n{\"name\": \"f\", \"set\": \"core.backoff\", \"levels\": [2]}]}",
     3, 10, "/factors/1/name", "there is a factor \"f\" already"},
    {"two factors that set one key",
     BASE "\"factors\": [{\"name\": \"f\", \"set\": \"internet.loss\", \"levels\": "
          "[\"1%\"]},\n{\"name\": \"g\", \"levels\": [{\"label\": \"x\", \"set\": "
          "{\"internet.loss\": \"2%\"}}]}]}",
     3, 49, "/factors/1/levels/0/set/internet.loss", "the factor \"f\" sets this key already"},
    {"two levels of one label",
     BASE
     "\"factors\": [{\"name\": \"f\", \"set\": \"internet.loss\", \"levels\": [\"1%\", \"1%\"]}]}",
     2, 68, "/factors/0/levels/1", "a level labelled \"1%\" stands in this factor already"},
    {"a factor of the seed",
     BASE "\"factors\": [{\"name\": \"f\", \"set\": \"seed\", \"levels\": [\"1\", \"2\"]}]}", 2, 34,
     "/factors/0/set", "the same in every cell"},
    {"a factor without levels",
     BASE "\"factors\": [{\"name\": \"f\", \"set\": \"internet.loss\", \"levels\": []}]}", 2, 61,
     "/factors/0/levels", "a factor has 1 to 1000 levels"},
    {"a port range the wrong way round",
     BASE "\"nat\": {\"h\": {\"port_min\": 2000, \"port_max\": 1000}}}", 2, 14, "/nat/h",
     "port_min <= port_max"},
    {"a port range wrong in one cell",
     BASE "\"nat\": {\"h\": {\"port_min\": 2000}},\n\"factors\": [{\"name\": \"f\", \"set\": "
          "\"nat.h.port_max\", \"levels\": [3000, 1000]}]}",
     2, 14, "/nat/h", "in the cell f=1000"},
    {"a block larger than the range",
     BASE "\"nat\": {\"h\": {\"port_min\": 2000, \"port_max\": 2009, \"block_ports\": 11}}}", 2, 14,
     "/nat/h", "block_ports must not be more"},
    {"blocks over an arbitrary pool",
     BASE "\"nat\": {\"h\": {\"block_ports\": 64, \"addresses\": 2, \"pooling\": \"arbitrary\"}}}",
     2, 14, "/nat/h", "block_ports needs paired pooling"},
    {"parity with one port",
     BASE "\"nat\": {\"h\": {\"port_min\": 2000, \"port_max\": 2000, \"port_parity\": true}}}", 2,
     14, "/nat/h", "port_parity needs two ports"},
    {"pressure without an end", BASE "\"nat\": {\"h\": {\"pressure_start\": 5}}}", 2, 14, "/nat/h",
     "pressure_start must be below pressure_end"},
    {"a blacklist without a time",
     BASE "\"nat\": {\"h\": {\"inbound_unsolicited\": \"blacklist\"}}}", 2, 14, "/nat/h",
     "needs a blacklist_for above 0"},
    {"a firewall that maps by address",
     BASE "\"nat\": {\"h\": {\"firewall\": true, \"mapping\": \"ADM\"}}}", 2, 14, "/nat/h",
     "its mapping must be EIM"},
    {"a rate that lets nothing pass", BASE "\"nat\": {\"h\": {\"udp_rate\": 10}}}", 2, 14, "/nat/h",
     "udp_rate needs a udp_burst"},
    {"ICMP errors that kill and are blocked",
     BASE "\"nat\": {\"h\": {\"icmp_blocked\": true, \"icmp_kills_mapping\": true}}}", 2, 14,
     "/nat/h", "icmp_blocked must be false"},
    {"an outage longer than its period",
     BASE "\"link\": {\"l\": {\"outage_every\": \"1s\", \"outage_for\": \"2s\"}}}", 2, 15,
     "/link/l", "must not be longer"},
    {"bursts without a good state", BASE "\"link\": {\"l\": {\"burst_bad\": \"1s\"}}}", 2, 15,
     "/link/l", "\"burst_bad\" needs \"burst_good\""},
    {"a NAT of one's own at another's site",
     "{\"name\": \"x\", \"same_site\": true, \"nat\": {\"h\": {}},\n\"peers\": {\"a\": {}, \"b\": "
     "{\"nat\": \"h\"}}}",
     2, 25, "/peers/b", "lives at a's site"},
    {"a restart of a peer",
     BASE "\"timeline\": [{\"at\": \"1s\", \"do\": \"broker-restart\", \"on\": \"a\"}]}", 2, 14,
     "/timeline/0", "\"on\" must be \"broker\""},
    {"a NAT fault at the broker",
     BASE "\"timeline\": [{\"at\": \"1s\", \"do\": \"nat-reboot\", \"on\": \"broker\"}]}", 2, 14,
     "/timeline/0", "the broker has no NAT"},
    {"a change into nothing",
     BASE "\"timeline\": [{\"at\": \"1s\", \"do\": \"nat-change\", \"on\": \"a\"}]}", 2, 14,
     "/timeline/0", "\"to\" names what a NAT changes into"},
    {"a renegotiation of nothing",
     BASE "\"timeline\": [{\"at\": \"1s\", \"do\": \"renegotiate\", \"on\": \"a\"}]}", 2, 14,
     "/timeline/0", "\"keepalive\" lists what is offered"},
    {"offers of a peer that only wakes",
     BASE "\"timeline\": [{\"at\": \"1s\", \"do\": \"peer-wake\", \"on\": \"a\", \"keepalive\": "
          "[\"seed\"]}]}",
     2, 14, "/timeline/0", "nothing else takes it"},
    {"a broker that renegotiates",
     BASE "\"timeline\": [{\"at\": \"1s\", \"do\": \"renegotiate\", \"on\": \"broker\", "
          "\"keepalive\": [\"seed\"]}]}",
     2, 14, "/timeline/0", "\"on\" must be \"a\" or \"b\""},
    {"no strategy at all", "{\"name\": \"x\", \"peers\": {\"b\": {}, \"a\": {\"keepalive\": []}}}",
     1, 53, "/peers/a/keepalive", "0 entries; 1 to 8 strategies"},
    {"keepalives twice a second",
     "{\"name\": \"x\", \"peers\": {\"b\": {}, \"a\": {\"keepalive_interval\": \"500ms\"}}}", 1, 62,
     "/peers/a/keepalive_interval", "may be 1s .. 24h"},
    {"keepalives every other day",
     "{\"name\": \"x\", \"peers\": {\"b\": {}, \"a\": {\"keepalive_interval\": \"48h\"}}}", 1, 62,
     "/peers/a/keepalive_interval", "may be 1s .. 24h"},
    {"no patience at all",
     "{\"name\": \"x\", \"peers\": {\"b\": {}, \"a\": {\"keepalive_probes\": 0}}}", 1, 60,
     "/peers/a/keepalive_probes", "may be 1 .. 255"},
    {"an entry of the timeline without a time",
     BASE "\"timeline\": [{\"do\": \"link-down\", \"on\": \"a\"}]}", 2, 14, "/timeline/0",
     "\"at\" is missing"},
};

/* Does the complaint stand where and say what it should? */
static void expect_complaint(const char *sentence, const sim_complaint *got, const bad_row *row) {
    char text[256];
    (void)snprintf(text, sizeof text, "%s: line", sentence);
    EXPECT_INT(text, got->line, row->line);
    (void)snprintf(text, sizeof text, "%s: column", sentence);
    EXPECT_INT(text, got->column, row->column);
    (void)snprintf(text, sizeof text, "%s: pointer", sentence);
    EXPECT_TEXT(text, got->pointer, row->pointer);
    if (strstr(got->what, row->what) == NULL) {
        (void)fprintf(stderr, "%s: expected \"...%s...\", got \"%s\"\n", sentence, row->what,
                      got->what);
    }
    (void)snprintf(text, sizeof text, "%s: the complaint names the mistake", sentence);
    EXPECT(text, strstr(got->what, row->what) != NULL);
}

static void each_mistake_has_its_place(void) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sim_complaints complaints = {0};
        sim_scenario *scenario =
            sim_scenario_parse("x.json", rows[i].text, strlen(rows[i].text), NULL, 0, &complaints);
        EXPECT(rows[i].sentence, scenario == NULL);
        EXPECT_INT(rows[i].sentence, complaints.count, 1);
        if (complaints.count > 0) {
            expect_complaint(rows[i].sentence, &complaints.items[0], &rows[i]);
            EXPECT_TEXT("the complaint names the file", complaints.items[0].file, "x.json");
        }
        sim_scenario_destroy(scenario);
        sim_complaints_clear(&complaints);
    }
}

/* 10 MB of one byte; refused by its length alone where that is above 4 MiB. */
static void expect_garbage_refused(const char *sentence, char byte, size_t length,
                                   const char *what) {
    sim_complaints complaints = {0};
    char *text = malloc(length);
    EXPECT("there is memory for the garbage", text != NULL);
    if (text == NULL) {
        return;
    }
    memset(text, byte, length);
    EXPECT(sentence, sim_scenario_parse("big.json", text, length, NULL, 0, &complaints) == NULL);
    EXPECT_INT(sentence, complaints.count, 1);
    EXPECT(sentence, complaints.count == 1 && strstr(complaints.items[0].what, what) != NULL);
    free(text);
    sim_complaints_clear(&complaints);
}

static void garbage_is_refused(void) {
    expect_garbage_refused("10 MB of blanks", ' ', 10000000, "larger than 4 MiB");
    expect_garbage_refused("10 MB of brackets", '[', 10000000, "larger than 4 MiB");
    expect_garbage_refused("4 MB of brackets", '[', 4000000, "deeper than 32 levels");
    expect_garbage_refused("4 MB of bytes 0xff", (char)0xff, 4000000, "found byte 0xff");
    expect_garbage_refused("4 MB of NUL bytes", 0, 4000000, "found byte 0x00");
    expect_garbage_refused("4 MB of quotation marks", '"', 4000000, "expected");
    expect_garbage_refused("4 MB of blanks", ' ', 4000000, "the file is empty");
}

/* A list of 300,000 zeros, and an object of 300 keys. */
static void crowds_are_refused(void) {
    enum { ZEROS = 300000, KEYS = 300 };
    sim_complaints complaints = {0};
    char *text = calloc(1, 2 * ZEROS + 2);
    EXPECT("there is memory for the list", text != NULL);
    if (text == NULL) {
        return;
    }
    text[0] = '[';
    for (size_t i = 0; i < ZEROS; i++) {
        memcpy(text + 1 + 2 * i, "0,", 2);
    }
    EXPECT("too many values are refused",
           sim_scenario_parse("x", text, strlen(text), NULL, 0, &complaints) == NULL &&
               complaints.count == 1 &&
               strstr(complaints.items[0].what, "too many values") != NULL);
    sim_complaints_clear(&complaints);
    size_t length = 0;
    for (size_t i = 0; i < KEYS; i++) {
        length += (size_t)snprintf(text + length, 32, "%s\"k%zu\": 0", i == 0 ? "{" : ",", i);
    }
    EXPECT("too many keys are refused",
           sim_scenario_parse("x", text, length, NULL, 0, &complaints) == NULL &&
               complaints.count == 1 &&
               strstr(complaints.items[0].what, "more than 256 keys") != NULL);
    sim_complaints_clear(&complaints);
    free(text);
}

static void mistakes_are_collected_in_order(void) {
    static const char text[] =
        "{\"nmae\": \"x\",\n"
        "\"trials\": 0,\n"
        "\"peers\": {\"a\": {\"nat\": \"home\"}, \"b\": {\"prot\": 1}},\n"
        "\"limit\": \"5\"}";
    static const uint32_t lines[] = {1, 1, 2, 3, 3, 4};
    sim_complaints complaints = {0};
    EXPECT("it is refused",
           sim_scenario_parse("x.json", text, strlen(text), NULL, 0, &complaints) == NULL);
    EXPECT_INT("all six mistakes are reported", complaints.count, 6);
    for (size_t i = 0; i < complaints.count && i < 6; i++) {
        EXPECT_INT("complaints come in the order of the file", complaints.items[i].line, lines[i]);
    }
    sim_complaints_clear(&complaints);
}

static void there_is_an_end_to_complaining(void) {
    char text[4096] = "{"; /* zeros behind it */
    for (int i = 0; i < 100; i++) {
        const size_t length = strlen(text);
        (void)snprintf(text + length, sizeof text - length, "%s\"k%d\": 1", i > 0 ? ", " : "", i);
    }
    text[strlen(text)] = '}';
    sim_complaints complaints = {0};
    EXPECT("it is refused",
           sim_scenario_parse("x.json", text, strlen(text), NULL, 0, &complaints) == NULL);
    EXPECT_INT("at most twenty complaints", complaints.count, 20);
    sim_complaints_clear(&complaints);
}

typedef struct {
    const char *sentence;
    const char *key;
    const char *value;
    const char *pointer;
    const char *what;
} override_row;

static const char override_base[] =
    "{\"name\": \"x\", \"nat\": {\"home\": {}}, \"link\": {\"dsl\": {}},"
    "\"peers\": {\"a\": {\"nat\": \"home\"}, \"b\": {}},"
    "\"factors\": [{\"name\": \"loss\", \"set\": \"link.dsl.loss\", \"levels\": [\"0%\"]}]}";

static const override_row overrides[] = {
    {"an unknown section", "nta.home.mapping", "EIM", "/nta/home/mapping", "did you mean \"nat\"?"},
    {"an unknown NAT", "nat.homeB.mapping", "EIM", "/nat/homeB/mapping",
     "there is no NAT in \"nat\" called \"homeB\"; did you mean \"home\"?"},
    {"an unknown option", "nat.home.maping", "EIM", "/nat/home/maping",
     "did you mean \"mapping\"?"},
    {"an unknown word", "nat.home.mapping", "EDM", "/nat/home/mapping", "\"EDM\" is unknown"},
    {"a lack of unit", "limit", "5", "/limit", "\"5\" lacks its unit"},
    {"the factors", "factors", "1", "/factors", "\"factors\" is a section of the file"},
    {"a section", "core", "1", "/core", "its options look like core.OPTION"},
    {"a section of named things", "nat", "1", "/nat", "its options look like nat.NAME.OPTION"},
    {"half a key", "nat.home", "x", "/nat/home", "look like nat.NAME.OPTION"},
    {"a key too many", "core.a.backoff", "2", "/core/a/backoff", "look like core.OPTION"},
    {"five parts", "a.b.c.d.e", "2", "/a/b/c/d/e", "too many parts"},
    {"an unknown direction", "link.dsl.sideways.loss", "2%", "/link/dsl/sideways/loss",
     "there is no part called \"sideways\""},
    {"an entry the timeline lacks", "timeline.0.at", "2s", "/timeline/0/at",
     "numbered (from 0) \"0\""},
    {"a bool that is none", "same_site", "yes", "/same_site", "must be true or false"},
    {"a key that a factor sets", "link.dsl.loss", "2%", "/link/dsl/loss",
     "the factor \"loss\" sets this key"},
};

static void overrides_are_checked_too(void) {
    for (size_t i = 0; i < sizeof overrides / sizeof overrides[0]; i++) {
        const override_row *row = &overrides[i];
        const sim_override override = {row->key, row->value};
        const bad_row expected = {.pointer = row->pointer, .what = row->what};
        sim_complaints complaints = {0};
        EXPECT(row->sentence, sim_scenario_parse("x.json", override_base, strlen(override_base),
                                                 &override, 1, &complaints) == NULL);
        EXPECT_INT(row->sentence, complaints.count, 1);
        if (complaints.count > 0) {
            expect_complaint(row->sentence, &complaints.items[0], &expected);
        }
        sim_complaints_clear(&complaints);
    }
}

static void a_file_that_is_not_there(void) {
    sim_complaints complaints = {0};
    EXPECT("no scenario", sim_scenario_load("/nowhere/at/all.json", NULL, 0, &complaints) == NULL);
    EXPECT_INT("one complaint", complaints.count, 1);
    EXPECT("it says why",
           complaints.count == 1 && strstr(complaints.items[0].what, "No such file") != NULL);
    sim_complaints_clear(&complaints);
}

/* Three factors of a hundred levels each: a million cells. */
static void cells_have_a_limit(void) {
    enum { CAP = 1 << 16 };
    static const char *const keys[] = {"internet.a-b", "internet.a-broker", "internet.b-broker"};
    char *text = calloc(1, CAP);
    sim_complaints complaints = {0};
    EXPECT("there is memory", text != NULL);
    if (text == NULL) {
        return;
    }
    (void)snprintf(text, CAP, "%s", BASE "\"factors\": [");
    for (size_t f = 0; f < 3; f++) {
        size_t length = strlen(text);
        (void)snprintf(text + length, CAP - length,
                       "%s{\"name\": \"f%zu\", \"set\": \"%s\", \"levels\": [\"0s\"",
                       f > 0 ? "," : "", f, keys[f]);
        for (int level = 1; level < 100; level++) {
            length = strlen(text);
            (void)snprintf(text + length, CAP - length, ", \"%dms\"", level);
        }
        length = strlen(text);
        (void)snprintf(text + length, CAP - length, "]}");
    }
    (void)snprintf(text + strlen(text), 4, "]}");
    EXPECT("a million cells are refused",
           sim_scenario_parse("x.json", text, strlen(text), NULL, 0, &complaints) == NULL);
    EXPECT_INT("with one complaint", complaints.count, 1);
    EXPECT("that says how many are allowed",
           complaints.count == 1 &&
               strstr(complaints.items[0].what, "at most 100000 are allowed") != NULL);
    EXPECT_TEXT("at the factors", complaints.count == 1 ? complaints.items[0].pointer : NULL,
                "/factors");
    sim_complaints_clear(&complaints);
    free(text);
}

/* A file of delays is no population: the complaints name that file and places in it. */
static void data_files_are_checked_too(void) {
    static const char text[] =
        BASE "\"populations\": {\"p\": {\"file\": \"data/rtt-relayed.json\"}}}";
    const char *source = getenv("PUNCH_SOURCE_DIR");
    char path[1024];
    sim_complaints complaints = {0};
    EXPECT("ctest says where the sources are", source != NULL);
    (void)snprintf(path, sizeof path, "%s/scenarios/x.json", source != NULL ? source : ".");
    EXPECT("it is refused",
           sim_scenario_parse(path, text, strlen(text), NULL, 0, &complaints) == NULL);
    EXPECT_INT("a key too many, a key too few", complaints.count, 2);
    if (complaints.count == 2) {
        const bad_row missing = {
            .line = 1, .column = 1, .pointer = "", .what = "\"classes\" is missing"};
        const bad_row unknown = {
            .line = 4, .column = 3, .pointer = "/quantiles", .what = "unknown key \"quantiles\""};
        expect_complaint("the key too few", &complaints.items[0], &missing);
        expect_complaint("the key too many", &complaints.items[1], &unknown);
        EXPECT("the complaints name the data file",
               strstr(complaints.items[0].file, "scenarios/data/rtt-relayed.json") != NULL);
    }
    sim_complaints_clear(&complaints);
}

static void complaints_print_as_compilers_do(void) {
    static const char text[] = BASE "\"seed\": 1}";
    char line[256] = "";
    sim_complaints complaints = {0};
    (void)sim_scenario_parse("dir/x.json", text, strlen(text), NULL, 0, &complaints);
    FILE *out = tmpfile();
    EXPECT("there is a temporary file", out != NULL);
    if (out != NULL) {
        sim_complaints_print(&complaints, out);
        rewind(out);
        EXPECT("a line was printed", fgets(line, sizeof line, out) != NULL);
        (void)fclose(out);
    }
    EXPECT("file:line:column: pointer: what",
           strncmp(line, "dir/x.json:2:9: /seed: \"seed\" must be", 37) == 0);
    sim_complaints_clear(&complaints);
}

/* What a terminal would obey is printed as it could be written. */
static void complaints_print_no_control_characters(void) {
    static const char text[] = BASE "\"a\\u001b[2J\": 1, \"b\xc2\x9b\": 2, \"\\u00e9\": 3}";
    char printed[4096] = "";
    sim_complaints complaints = {0};
    (void)sim_scenario_parse("dir/\x1bx.json", text, strlen(text), NULL, 0, &complaints);
    FILE *out = tmpfile();
    EXPECT("there is a temporary file", out != NULL);
    if (out != NULL) {
        sim_complaints_print(&complaints, out);
        rewind(out);
        const size_t length = fread(printed, 1, sizeof printed - 1, out);
        printed[length] = '\0';
        (void)fclose(out);
    }
    EXPECT("the file", strstr(printed, "dir/\\u001bx.json:2:1: ") != NULL);
    EXPECT("C0 in pointer and sentence",
           strstr(printed, "/a\\u001b[2J: unknown key \"a\\u001b[2J\"") != NULL);
    EXPECT("C1", strstr(printed, "/b\\u009b: ") != NULL);
    EXPECT("letters stay letters", strstr(printed, "unknown key \"\xc3\xa9\"") != NULL);
    EXPECT("nothing else", strchr(printed, '\x1b') == NULL && strchr(printed, '\x9b') == NULL);
    sim_complaints_clear(&complaints);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"each mistake has its place", each_mistake_has_its_place},
        {"garbage is refused", garbage_is_refused},
        {"crowds are refused", crowds_are_refused},
        {"mistakes are collected in order", mistakes_are_collected_in_order},
        {"there is an end to complaining", there_is_an_end_to_complaining},
        {"overrides are checked too", overrides_are_checked_too},
        {"a file that is not there", a_file_that_is_not_there},
        {"cells have a limit", cells_have_a_limit},
        {"data files are checked too", data_files_are_checked_too},
        {"complaints print as compilers do", complaints_print_as_compilers_do},
        {"complaints print no control characters", complaints_print_no_control_characters},
    };
    return PUNCH_TEST_MAIN("bad_input", cases);
}
