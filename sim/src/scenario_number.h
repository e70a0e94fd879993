/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers as people write them, with units, and as the laboratory keeps them: exact integers in the
 * base unit of their type. "1.5ms" is 1500 us and "0.1us" is refused; no value passes through a
 * double, so "21.4%" is 214,000,000,000 parts in 10^12 and shares can be summed exactly.
 */
#ifndef SIM_SCENARIO_NUMBER_H
#define SIM_SCENARIO_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    NUMBER_COUNT,      /* 20000, in JSON a number */
    NUMBER_MULTIPLIER, /* 1.5, in JSON a number; base unit 1/1000 */
    NUMBER_DURATION,   /* "250ms"; base unit 1 us */
    NUMBER_RATIO,      /* "2%", "0.02" or 0.02; base unit 10^-12 */
    NUMBER_DRIFT,      /* "20ppm"; base unit 1 ppb */
    NUMBER_RATE,       /* "1Mbps"; base unit 1 bit/s */
    NUMBER_BYTES       /* "64KiB"; base unit 1 byte */
} scenario_number_type;

#define SCENARIO_RATIO_ONE INT64_C(1000000000000)
#define SCENARIO_NUMBER_CAP 64

/* Reads a number of that type from the whole text. true, or false with *why_out a static sentence
 * about what is allowed. */
bool scenario_number_read(scenario_number_type type, const char *text, int64_t *number_out,
                          const char **why_out);

/* The same for measured data: without a unit in the text when one is given (see
 * scenario_number_unit), and rounded half up to the base unit, because instruments print more
 * decimals than they know. */
bool scenario_number_measured(scenario_number_type type, const char *text, const char *unit_name,
                              int64_t *number_out, const char **why_out);

/* The unit of that name: "ms", or "percent" for "%"; NULL when the type has none such. "" is none.
 */
const char *scenario_number_unit(scenario_number_type type, const char *name);

/* How often something was seen, or its part of a whole: "120", "0.25" or "12.5%", exactly. */
typedef struct {
    int64_t digits; /* times 10^-decimals */
    int32_t decimals;
} scenario_weight;

bool scenario_weight_read(const char *text, scenario_weight *weight_out, const char **why_out);

/* The least whole numbers in the same proportions; false when they do not add up to less than
 * 2^62. */
bool scenario_weights_join(const scenario_weight *weights, uint32_t count, int64_t *wholes_out);

/* Writes a number in the largest unit that needs no decimals (ratios in %); returns text. */
char *scenario_number_write(scenario_number_type type, int64_t number,
                            char text[SCENARIO_NUMBER_CAP]);

/* May this type stand as a bare JSON number? */
bool scenario_number_is_bare(scenario_number_type type);

/* "a duration such as \"30s\" (us, ms, s, min, h)". */
const char *scenario_number_allowed(scenario_number_type type);

/* A regular expression (ECMA 262) for the text form, for the schema; NULL when there is none. */
const char *scenario_number_pattern(scenario_number_type type);

#endif
