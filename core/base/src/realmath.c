/* SPDX-License-Identifier: MIT */
/*
 * Real functions whose every bit is ours: argument reduction by bit operations, then a short series
 * or a rational function evaluated in a fixed order. Infinity counts as 2^1024.
 */
#include "punch/realmath.h"

#include <stdint.h>
#include <string.h>

#define HUGE_RESULT 1e308        /* stands for infinity: finite, so that sums stay ordered */
#define LN2_HIGH 0x1.62e42feep-1 /* ln 2, first 32 bits: exact when multiplied by an exponent */
#define LN2_LOW 0x1.a39ef35793c76p-33        /* the rest */
#define EXP_ARGUMENT_MAX 709.19620864216608  /* ln of HUGE_RESULT */
#define EXP_ARGUMENT_MIN -708.39641853226408 /* ln of the smallest normal number, 2^-1022 */
#define EXPONENT_BIAS 1023

static uint64_t bits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double real_of(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 2^exponent, -1022 <= exponent <= 1023. */
static double power_of_two(int exponent) {
    return real_of((uint64_t)(exponent + EXPONENT_BIAS) << 52);
}

/* Coefficients run from the constant term upwards. */
static double polynomial(double x, const double *coefficients, int count) {
    double sum = coefficients[count - 1];
    for (int i = count - 2; i >= 0; i--) {
        sum = sum * x + coefficients[i];
    }
    return sum;
}

/* x = mantissa * 2^exponent, 1 <= mantissa < 2; x > 0. */
static double split(double x, int *exponent_out) {
    int shift = 0;
    if (x < 0x1p-1022) { /* subnormal */
        x *= 0x1p54;
        shift = 54;
    }
    const uint64_t bits = bits_of(x);
    *exponent_out = (int)(bits >> 52) - EXPONENT_BIAS - shift;
    return real_of((bits & UINT64_C(0x000fffffffffffff)) | (uint64_t)EXPONENT_BIAS << 52);
}

/* ln m = 2 atanh(s), s = (m-1)/(m+1); with |s| <= 0.1716 the terms after s^21 are below 2^-54. */
double punch_log(double x) {
    static const double odd[] = {1.0,        1.0 / 3.0,  1.0 / 5.0,  1.0 / 7.0,
                                 1.0 / 9.0,  1.0 / 11.0, 1.0 / 13.0, 1.0 / 15.0,
                                 1.0 / 17.0, 1.0 / 19.0, 1.0 / 21.0};
    if (!(x > 0.0)) {
        return -HUGE_RESULT;
    }
    int exponent;
    double mantissa = split(x, &exponent);
    if (mantissa > 1.4142135623730951) { /* sqrt 2: keeps s small, and ln x exact around 1 */
        mantissa *= 0.5;
        exponent++;
    }
    const double s = (mantissa - 1.0) / (mantissa + 1.0);
    const double series = 2.0 * s * polynomial(s * s, odd, (int)(sizeof odd / sizeof odd[0]));
    return exponent * LN2_HIGH + (exponent * LN2_LOW + series);
}

/* e^x = 2^k e^r with |r| <= ln 2 / 2; the terms of the series after r^13 are below 2^-57. */
double punch_exp(double x) {
    if (!(x >= EXP_ARGUMENT_MIN)) {
        return 0.0;
    }
    if (x >= EXP_ARGUMENT_MAX) {
        return HUGE_RESULT;
    }
    const int k = (int)(x * 1.4426950408889634 + (x < 0.0 ? -0.5 : 0.5)); /* 1 / ln 2 */
    const double r = (x - k * LN2_HIGH) - k * LN2_LOW;
    double sum = 1.0;
    for (int n = 13; n >= 1; n--) {
        sum = 1.0 + sum * r / n;
    }
    return sum * power_of_two(k);
}

/* Newton's iteration on a mantissa in [1, 4), from a straight line that is off by 4 % at most. */
double punch_sqrt(double x) {
    if (!(x > 0.0)) {
        return 0.0;
    }
    int exponent;
    double mantissa = split(x, &exponent);
    if (exponent % 2 != 0) {
        mantissa *= 2.0;
        exponent--;
    }
    double root = 0.68 + 0.34 * mantissa;
    for (int i = 0; i < 4; i++) { /* 4e-2 -> 8e-4 -> 3e-7 -> 5e-14 -> rounding */
        root = 0.5 * (root + mantissa / root);
    }
    return root * power_of_two(exponent / 2);
}

/* M. J. Wichura: "Algorithm AS 241: The percentage points of the normal distribution", Applied
 * Statistics 37 (1988) 477-484: PPND16, three pairs of polynomials by distance from the middle. */
static const double centre_above[] = {3.38713287279636660800e+00, 1.33141667891784377450e+02,
                                      1.97159095030655144270e+03, 1.37316937655094611250e+04,
                                      4.59219539315498714570e+04, 6.72657709270087008530e+04,
                                      3.34305755835881281050e+04, 2.50908092873012267270e+03};
static const double centre_below[] = {1.00000000000000000000e+00, 4.23133307016009112520e+01,
                                      6.87187007492057908300e+02, 5.39419602142475110770e+03,
                                      2.12137943015865958670e+04, 3.93078958000927106100e+04,
                                      2.87290857357219426740e+04, 5.22649527885285456100e+03};
static const double middle_above[] = {1.42343711074968357734e+00, 4.63033784615654529590e+00,
                                      5.76949722146069140550e+00, 3.64784832476320460504e+00,
                                      1.27045825245236838258e+00, 2.41780725177450611770e-01,
                                      2.27238449892691845833e-02, 7.74545014278341407640e-04};
static const double middle_below[] = {1.00000000000000000000e+00, 2.05319162663775882187e+00,
                                      1.67638483018380384940e+00, 6.89767334985100004550e-01,
                                      1.48103976427480074590e-01, 1.51986665636164571966e-02,
                                      5.47593808499534494600e-04, 1.05075007164441684324e-09};
static const double tail_above[] = {6.65790464350110377720e+00, 5.46378491116411436990e+00,
                                    1.78482653991729133580e+00, 2.96560571828504891230e-01,
                                    2.65321895265761230930e-02, 1.24266094738807843860e-03,
                                    2.71155556874348757815e-05, 2.01033439929228813265e-07};
static const double tail_below[] = {1.00000000000000000000e+00, 5.99832206555887937690e-01,
                                    1.36929880922735805310e-01, 1.48753612908506148525e-02,
                                    7.86869131145613259100e-04, 1.84631831751005468180e-05,
                                    1.42151175831644588870e-07, 2.04426310338993978564e-15};

static double ratio(double x, const double above[8], const double below[8]) {
    return polynomial(x, above, 8) / polynomial(x, below, 8);
}

double punch_normal_quantile(double p) {
    if (!(p > 0.0)) {
        return -HUGE_RESULT;
    }
    if (p >= 1.0) {
        return HUGE_RESULT;
    }
    const double q = p - 0.5;
    if (q >= -0.425 && q <= 0.425) {
        return q * ratio(0.180625 - q * q, centre_above, centre_below);
    }
    const double r = punch_sqrt(-punch_log(q < 0.0 ? p : 1.0 - p));
    const double size = r <= 5.0 ? ratio(r - 1.6, middle_above, middle_below)
                                 : ratio(r - 5.0, tail_above, tail_below);
    return q < 0.0 ? -size : size;
}
