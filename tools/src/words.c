/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "file.h"
#include "format.h"

/* How numbers of one kind are written. */
typedef struct {
    double scale;
    int decimals;
    bool sign;        /* + before positive ones */
    bool share;       /* as many decimals as it takes to tell from 0 % and 100 % */
    const char *unit; /* behind the value, with its blank */
    const char *endless;
} style;

static style style_of(sim_measure_unit unit) {
    switch (unit) {
    case SIM_UNIT_SHARE:
        return (style){100.0, 1, false, true, " %", "unknown"};
    case SIM_UNIT_SECONDS:
        return (style){1.0, 3, false, false, " s", "never"};
    case SIM_UNIT_COUNT:
        return (style){1.0, 1, false, false, "", "unbounded"};
    }
    return (style){1.0, 3, false, false, "", "unbounded"};
}

/* The largest finite one of an estimate and its ends. */
static double largest_of(const stats_estimate *e) {
    double largest = 0.0;
    const double ends[] = {e->value, e->lo, e->hi};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        largest = isfinite(ends[i]) ? fmax(largest, fabs(ends[i])) : largest;
    }
    return largest;
}

/* Milliseconds of minutes are noise. */
static int decimals_of_seconds(const stats_estimate *e) {
    return largest_of(e) >= 100.0 ? 1 : 3;
}

/* A change smaller than its usual digits show gets up to three more: two of its own at least. */
static int decimals_of_change(const stats_estimate *e, double scale, int usual) {
    const double largest = largest_of(e) * scale;
    int decimals = usual;
    while (largest > 0.0 && decimals < usual + 3 && largest * pow(10.0, decimals) < 10.0) {
        decimals++;
    }
    return decimals;
}

static style style_of_change(sim_measure_unit unit, const stats_estimate *e) {
    style how = style_of(unit);
    how.sign = true;
    if (unit == SIM_UNIT_SHARE) {
        how.share = false;
        how.unit = " points";
    }
    if (unit == SIM_UNIT_SECONDS) {
        how.decimals = decimals_of_seconds(e);
    }
    how.decimals = decimals_of_change(e, how.scale, how.decimals);
    return how;
}

static void number(const style *how, double value, char text[FORMAT_TEXT_CAP]) {
    if (isnan(value)) {
        (void)snprintf(text, FORMAT_TEXT_CAP, "-");
    } else if (isinf(value)) {
        (void)snprintf(text, FORMAT_TEXT_CAP, "%s%s",
                       value < 0.0 ? "-"
                       : how->sign ? "+"
                                   : "",
                       how->endless);
    } else if (how->share) {
        (void)format_percent(value, text);
    } else {
        const double scaled = value * how->scale;
        (void)snprintf(text, FORMAT_TEXT_CAP, how->sign ? "%+.*f" : "%.*f", how->decimals, scaled);
        /* A zero, also one that was rounded to, has no sign. */
        if (strspn(text, "+-0.") == strlen(text) && (text[0] == '+' || text[0] == '-')) {
            memmove(text, text + 1, strlen(text));
        }
    }
}

static char *estimate(const style *how, const stats_estimate *e, char text[WORDS_CAP]) {
    if (e->n == 0) {
        (void)snprintf(text, WORDS_CAP, "-");
        return text;
    }
    char value[FORMAT_TEXT_CAP];
    char lo[FORMAT_TEXT_CAP];
    char hi[FORMAT_TEXT_CAP];
    number(how, e->value, value);
    number(how, e->lo, lo);
    number(how, e->hi, hi);
    (void)snprintf(text, WORDS_CAP, "%.40s%s [%.40s, %.40s]", value,
                   isfinite(e->value) ? how->unit : "", lo, hi);
    return text;
}

/* Numbers below 1 get two digits of their own at least, as changes do: rates may be that small. */
static style style_of_numbers(sim_measure_unit unit, const stats_estimate *e) {
    style how = style_of(unit);
    switch (unit) {
    case SIM_UNIT_SHARE:
        break;
    case SIM_UNIT_SECONDS:
        how.decimals = decimals_of_seconds(e);
        break;
    case SIM_UNIT_COUNT:
        how.decimals = decimals_of_change(e, how.scale, how.decimals);
        break;
    }
    return how;
}

char *words_value(sim_measure_unit unit, double value, char text[WORDS_CAP]) {
    const stats_estimate alone = {1, value, value, value};
    const style how = style_of_numbers(unit, &alone);
    char figure[FORMAT_TEXT_CAP];
    number(&how, value, figure);
    (void)snprintf(text, WORDS_CAP, "%s%s", figure, isfinite(value) ? how.unit : "");
    return text;
}

char *words_estimate(sim_measure_unit unit, const stats_estimate *e, char text[WORDS_CAP]) {
    const style how = style_of_numbers(unit, e);
    return estimate(&how, e, text);
}

char *words_change(sim_measure_unit unit, const stats_estimate *e, char text[WORDS_CAP]) {
    const style how = style_of_change(unit, e);
    return estimate(&how, e, text);
}

char *words_ratio(const stats_estimate *e, char text[WORDS_CAP]) {
    const style how = {1.0, 2, false, false, "", "unbounded"};
    return estimate(&how, e, text);
}

char *words_relative(const stats_estimate *e, char text[WORDS_CAP]) {
    style how = {100.0, 0, true, false, " %", "unbounded"};
    const stats_estimate change = {e->n, e->value - 1.0, e->lo - 1.0, e->hi - 1.0};
    const double width = fmax(fabs(change.lo), fabs(change.hi));
    how.decimals = width < 0.1 ? 1 : 0; /* below 10 % a whole percent is too coarse */
    return estimate(&how, &change, text);
}

char *words_reduction(const stats_estimate *e, char text[WORDS_CAP]) {
    style how = {100.0, 0, false, false, " %", "unbounded"};
    const stats_estimate less = {e->n, 1.0 - e->value, 1.0 - e->hi, 1.0 - e->lo};
    how.decimals = fmax(fabs(less.lo), fabs(less.hi)) < 0.1 ? 1 : 0;
    return estimate(&how, &less, text);
}

static char *limit_text(double limit, double scale, const char *unit, char text[WORDS_CAP]) {
    if (isinf(limit)) {
        (void)snprintf(text, WORDS_CAP, "never");
        return text;
    }
    /* Ten digits: fewer than would show that 0.995 * 100 is not quite 99.5. */
    (void)snprintf(text, WORDS_CAP, "%.10g%s", limit * scale, unit);
    return text;
}

char *words_limit(sim_measure_unit unit, double limit, char text[WORDS_CAP]) {
    const style how = style_of(unit);
    return limit_text(limit, how.scale, how.unit, text);
}

char *words_change_limit(sim_measure_unit unit, double limit, char text[WORDS_CAP]) {
    const style how = style_of(unit);
    const char *points = limit == 0.01 || limit == -0.01 ? " point" : " points";
    return limit_text(limit, how.scale, unit == SIM_UNIT_SHARE ? points : how.unit, text);
}

char *words_about(uint64_t number_of, char text[WORDS_CAP]) {
    uint64_t unit = 1;
    while (number_of / unit >= 100) {
        unit *= 10;
    }
    const uint64_t rounded = (number_of + unit - 1) / unit * unit;
    char digits[FORMAT_TEXT_CAP];
    (void)snprintf(text, WORDS_CAP, "%s", format_count(rounded, digits));
    return text;
}

char *words_sentence(const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return file_copy_name(text);
}

void words_cell(const facts *about, uint32_t cell, FILE *out) {
    fprintf(out, "cell %" PRIu32, cell);
    for (uint32_t f = 0; f < about->factor_count; f++) {
        fprintf(out, "%s%s %s", f == 0 ? " (" : ", ", about->factors[f].name,
                facts_level_name(about, cell, f));
    }
    if (about->factor_count > 0) {
        fputc(')', out);
    }
}
