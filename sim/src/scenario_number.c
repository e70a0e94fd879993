/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario_number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    scenario_number_type type;
    const char *suffix;
    int64_t scale; /* base units in one of these */
} unit;

/* Largest first within a type. "" is the bare number. */
static const unit units[] = {
    {NUMBER_COUNT, "", 1},
    {NUMBER_MULTIPLIER, "", 1000},
    {NUMBER_DURATION, "h", INT64_C(3600000000)},
    {NUMBER_DURATION, "min", 60000000},
    {NUMBER_DURATION, "s", 1000000},
    {NUMBER_DURATION, "ms", 1000},
    {NUMBER_DURATION, "us", 1},
    {NUMBER_RATIO, "", SCENARIO_RATIO_ONE},
    {NUMBER_RATIO, "%", SCENARIO_RATIO_ONE / 100},
    {NUMBER_DRIFT, "ppm", 1000},
    {NUMBER_DRIFT, "ppb", 1},
    {NUMBER_RATE, "Gbps", 1000000000},
    {NUMBER_RATE, "Mbps", 1000000},
    {NUMBER_RATE, "kbps", 1000},
    {NUMBER_RATE, "bps", 1},
    {NUMBER_BYTES, "MiB", 1048576}, /* IEC 80000-13 */
    {NUMBER_BYTES, "KiB", 1024},
    {NUMBER_BYTES, "kB", 1000},
    {NUMBER_BYTES, "B", 1},
};

#define UNIT_COUNT (sizeof units / sizeof units[0])
#define DIGITS_MAX 18 /* 10^18 - 1 fits 63 bits */

static const unit *find_unit(scenario_number_type type, const char *suffix) {
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        if (units[i].type == type && strcmp(units[i].suffix, suffix) == 0) {
            return &units[i];
        }
    }
    return NULL;
}

/* digits x 10^-decimals, a sign apart. */
typedef struct {
    int64_t digits;
    int32_t decimals;
    bool negative;
    bool exponent; /* written with one: bare numbers only */
} decimal;

/* Reads [-]digits[.digits][e[+-]digits]; *rest_out is what follows. */
static bool read_decimal(const char *text, decimal *value_out, const char **rest_out) {
    decimal value = {0};
    uint32_t digit_count = 0;
    bool point = false;
    value.negative = *text == '-';
    text += value.negative ? 1 : 0;
    if (*text < '0' || *text > '9') {
        return false;
    }
    for (; (*text >= '0' && *text <= '9') || (*text == '.' && !point); text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        digit_count += value.digits != 0 || *text != '0' ? 1 : 0;
        if (digit_count > DIGITS_MAX) {
            return false;
        }
        value.digits = value.digits * 10 + (*text - '0');
        value.decimals += point ? 1 : 0;
        if (value.decimals > 2 * DIGITS_MAX) {
            return false;
        }
    }
    if (text[-1] == '.') {
        return false;
    }
    if ((*text == 'e' || *text == 'E') && text[1] != '\0') {
        const bool minus = text[1] == '-';
        value.exponent = true;
        const char *at = text + (minus || text[1] == '+' ? 2 : 1);
        int32_t exponent = 0;
        for (; *at >= '0' && *at <= '9'; at++) {
            exponent = exponent < 1000 ? exponent * 10 + (*at - '0') : exponent;
        }
        value.decimals += minus ? exponent : -exponent;
        text = at;
    }
    *value_out = value;
    *rest_out = text;
    return true;
}

/* What becomes of decimals that the base unit does not have. */
typedef enum { DECIMALS_REFUSED, DECIMALS_ROUNDED } surplus_rule;

/* value x scale as an integer; false when it is none or does not fit. */
static bool scaled(decimal value, int64_t scale, surplus_rule surplus, int64_t *number_out) {
    while (value.decimals > 0 && value.digits % 10 == 0) {
        value.digits /= 10;
        value.decimals--;
        if (value.digits == 0) {
            value.decimals = 0;
        }
    }
    while (value.decimals > 0 && scale % 10 == 0) {
        scale /= 10;
        value.decimals--;
    }
    int64_t number = value.digits;
    if (scale != 0 && number > INT64_MAX / scale) {
        return false;
    }
    number *= scale;
    for (; value.decimals > 0; value.decimals--) {
        if (number % 10 != 0 && surplus == DECIMALS_REFUSED) {
            return false;
        }
        /* Half up: the last digit dropped decides, whatever stood behind it. */
        number = number / 10 + (value.decimals == 1 && number % 10 >= 5 ? 1 : 0);
    }
    for (; value.decimals < 0; value.decimals++) {
        if (number > INT64_MAX / 10) {
            return false;
        }
        number *= number == 0 ? 1 : 10;
    }
    *number_out = value.negative ? -number : number;
    return true;
}

bool scenario_number_read(scenario_number_type type, const char *text, int64_t *number_out,
                          const char **why_out) {
    decimal value;
    const char *rest;
    if (!read_decimal(text, &value, &rest)) {
        *why_out = "is not a number of at most 18 digits";
        return false;
    }
    const unit *found = find_unit(type, rest);
    if (found == NULL || (value.exponent && *rest != '\0')) {
        *why_out = *rest == '\0' ? "lacks its unit" : "has an unknown unit";
        return false;
    }
    if (!scaled(value, found->scale, DECIMALS_REFUSED, number_out)) {
        *why_out = "is too large or has too many decimals";
        return false;
    }
    return true;
}

bool scenario_number_measured(scenario_number_type type, const char *text, const char *unit_name,
                              int64_t *number_out, const char **why_out) {
    decimal value;
    const char *rest;
    if (!read_decimal(text, &value, &rest)) {
        *why_out = "is not a number of at most 18 digits";
        return false;
    }
    if (unit_name != NULL && *rest != '\0') {
        *why_out = "has something behind the number";
        return false;
    }
    const unit *found = find_unit(type, unit_name != NULL ? unit_name : rest);
    if (found == NULL || (value.exponent && *rest != '\0')) {
        *why_out = *rest == '\0' ? "lacks its unit" : "has an unknown unit";
        return false;
    }
    if (!scaled(value, found->scale, DECIMALS_ROUNDED, number_out)) {
        *why_out = "is too large";
        return false;
    }
    return true;
}

const char *scenario_number_unit(scenario_number_type type, const char *name) {
    const unit *found = find_unit(type, strcmp(name, "percent") == 0 ? "%" : name);
    return found != NULL ? found->suffix : NULL;
}

bool scenario_weight_read(const char *text, scenario_weight *weight_out, const char **why_out) {
    decimal value;
    const char *rest;
    *why_out = "is not a number of at most 18 digits";
    if (!read_decimal(text, &value, &rest)) {
        return false;
    }
    const bool percent = strcmp(rest, "%") == 0;
    if (*rest != '\0' && !percent) {
        return false;
    }
    if (value.negative && value.digits != 0) {
        *why_out = "is negative";
        return false;
    }
    value.decimals = value.digits == 0 ? 0 : value.decimals + (percent ? 2 : 0);
    while (value.digits != 0 && value.digits % 10 == 0) {
        value.digits /= 10;
        value.decimals--;
    }
    *weight_out = (scenario_weight){.digits = value.digits, .decimals = value.decimals};
    return true;
}

/* Euclid's. */
static int64_t common_divisor(int64_t a, int64_t b) {
    while (b != 0) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

bool scenario_weights_join(const scenario_weight *weights, uint32_t count, int64_t *wholes_out) {
    const int64_t limit = INT64_C(1) << 62;
    int32_t decimals_max = INT32_MIN;
    int64_t sum = 0;
    int64_t divisor = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (weights[i].digits != 0 && weights[i].decimals > decimals_max) {
            decimals_max = weights[i].decimals;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        int64_t whole = weights[i].digits;
        for (int32_t d = weights[i].decimals; whole != 0 && d < decimals_max; d++) {
            if (whole > limit / 10) {
                return false;
            }
            whole *= 10;
        }
        if (whole >= limit - sum) {
            return false;
        }
        sum += whole;
        divisor = common_divisor(whole, divisor);
        wholes_out[i] = whole;
    }
    for (uint32_t i = 0; i < count && divisor > 0; i++) {
        wholes_out[i] /= divisor;
    }
    return true;
}

char *scenario_number_write(scenario_number_type type, int64_t number,
                            char text[SCENARIO_NUMBER_CAP]) {
    if (type == NUMBER_RATIO || type == NUMBER_MULTIPLIER) {
        const int64_t scale = type == NUMBER_RATIO ? SCENARIO_RATIO_ONE / 100 : 1000;
        int64_t part = number % scale;
        int width = type == NUMBER_RATIO ? 10 : 3;
        part = part < 0 ? -part : part;
        while (width > 1 && part % 10 == 0) {
            part /= 10;
            width--;
        }
        const char *suffix = type == NUMBER_RATIO ? "%" : "";
        const char *sign = number < 0 && number / scale == 0 ? "-" : "";
        (void)snprintf(text, SCENARIO_NUMBER_CAP, "%s%" PRId64, sign, number / scale);
        const size_t length = strlen(text);
        if (part == 0) {
            (void)snprintf(text + length, SCENARIO_NUMBER_CAP - length, "%s", suffix);
        } else {
            (void)snprintf(text + length, SCENARIO_NUMBER_CAP - length, ".%0*" PRId64 "%s", width,
                           part, suffix);
        }
        return text;
    }
    const unit *best = NULL;
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        const bool fits = number != 0 ? number % units[i].scale == 0 : units[i].scale == 1;
        const bool zero_seconds = type == NUMBER_DURATION && number == 0;
        if (units[i].type == type && best == NULL &&
            (zero_seconds ? strcmp(units[i].suffix, "s") == 0 : fits)) {
            best = &units[i];
        }
    }
    (void)snprintf(text, SCENARIO_NUMBER_CAP, "%" PRId64 "%s",
                   best != NULL ? number / best->scale : number, best != NULL ? best->suffix : "");
    return text;
}

bool scenario_number_is_bare(scenario_number_type type) {
    return find_unit(type, "") != NULL;
}

const char *scenario_number_allowed(scenario_number_type type) {
    switch (type) {
    case NUMBER_COUNT:
        return "a whole number such as 100";
    case NUMBER_MULTIPLIER:
        return "a number such as 1.5, at most three decimals";
    case NUMBER_DURATION:
        return "a duration such as \"30s\" (us, ms, s, min, h)";
    case NUMBER_RATIO:
        return "a ratio such as \"2%\" or 0.02, at most twelve decimals";
    case NUMBER_DRIFT:
        return "a drift such as \"20ppm\" (ppm, ppb)";
    case NUMBER_RATE:
        return "a rate such as \"1Mbps\" (bps, kbps, Mbps, Gbps)";
    case NUMBER_BYTES:
        return "a size such as \"64KiB\" (B, kB, KiB, MiB)";
    }
    return "a number";
}

const char *scenario_number_pattern(scenario_number_type type) {
    switch (type) {
    case NUMBER_COUNT:
    case NUMBER_MULTIPLIER:
        return NULL;
    case NUMBER_DURATION:
        return "^-?[0-9]+(\\\\.[0-9]+)?(us|ms|s|min|h)$";
    case NUMBER_RATIO:
        return "^[0-9]+(\\\\.[0-9]+)?%?$";
    case NUMBER_DRIFT:
        return "^-?[0-9]+(\\\\.[0-9]+)?(ppm|ppb)$";
    case NUMBER_RATE:
        return "^[0-9]+(\\\\.[0-9]+)?(bps|kbps|Mbps|Gbps)$";
    case NUMBER_BYTES:
        return "^[0-9]+(\\\\.[0-9]+)?(B|kB|KiB|MiB)$";
    }
    return NULL;
}
