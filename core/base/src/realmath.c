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
#define LN2_LOW 0x1.a39ef35793c76p-33          /* the rest */
#define EXP_ARGUMENT_MAX 709.19620864216608    /* ln of HUGE_RESULT */
#define EXP_ARGUMENT_MIN (-708.39641853226408) /* ln of the smallest normal number, 2^-1022 */
#define EXPONENT_BIAS 1023

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
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    *exponent_out = (int)(bits >> 52) - EXPONENT_BIAS - shift;
    return real_of((bits & UINT64_C(0x000fffffffffffff)) | (uint64_t)EXPONENT_BIAS << 52);
}

/* ln m = 2 atanh(s), s = (m-1)/(m+1); with |s| <= 0.1716 the terms after s^19 are below 2^-55. */
double punch_log(double x) {
    static const double odd[] = {1.0,        1.0 / 3.0,  1.0 / 5.0,  1.0 / 7.0,  1.0 / 9.0,
                                 1.0 / 11.0, 1.0 / 13.0, 1.0 / 15.0, 1.0 / 17.0, 1.0 / 19.0};
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
static const double centre_above[8] = {
    3.3871328727963665e+00, 1.3314166789178438e+02, 1.9715909503065513e+03, 1.3731693765509461e+04,
    4.5921953931549870e+04, 6.7265770927008707e+04, 3.3430575583588128e+04, 2.5090809287301227e+03,
};
static const double centre_below[8] = {
    1.0000000000000000e+00, 4.2313330701600911e+01, 6.8718700749205789e+02, 5.3941960214247511e+03,
    2.1213794301586597e+04, 3.9307895800092709e+04, 2.8729085735721943e+04, 5.2264952788528544e+03,
};
static const double middle_above[8] = {
    1.4234371107496835e+00, 4.6303378461565456e+00, 5.7694972214606910e+00, 3.6478483247632045e+00,
    1.2704582524523684e+00, 2.4178072517745061e-01, 2.2723844989269184e-02, 7.7454501427834139e-04,
};
static const double middle_below[8] = {
    1.0000000000000000e+00, 2.0531916266377590e+00, 1.6763848301838038e+00, 6.8976733498510001e-01,
    1.4810397642748008e-01, 1.5198666563616457e-02, 5.4759380849953455e-04, 1.0507500716444169e-09,
};
static const double tail_above[8] = {
    6.6579046435011033e+00, 5.4637849111641144e+00, 1.7848265399172913e+00, 2.9656057182850487e-01,
    2.6532189526576124e-02, 1.2426609473880784e-03, 2.7115555687434876e-05, 2.0103343992922881e-07,
};
static const double tail_below[8] = {
    1.0000000000000000e+00, 5.9983220655588798e-01, 1.3692988092273581e-01, 1.4875361290850615e-02,
    7.8686913114561329e-04, 1.8463183175100548e-05, 1.4215117583164459e-07, 2.0442631033899397e-15,
};

static double ratio(double x, const double above[8], const double below[8]) {
    return polynomial(x, above, 8) / polynomial(x, below, 8);
}

double punch_normal_quantile(double p) {
    if (!(p > 0.0 && p < 1.0)) {
        return p >= 1.0 ? HUGE_RESULT : -HUGE_RESULT;
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
