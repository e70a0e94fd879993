/* SPDX-License-Identifier: MIT */
/*
 * realmath against the C library over its whole range, and against exact and published values.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "punch/realmath.h"
#include "punch/rng.h"
#include "punch_test.h"

#define RELATIVE_MAX 1e-15 /* the header promises 1e-13; tighter, so that a lost term shows */
#define DRAWS 200000

static double relative_error(double got, double expected) {
    if (got == expected) {
        return 0.0;
    }
    return fabs(got - expected) / fabs(expected);
}

/* One expectation for a whole sweep: the worst point, by name. */
typedef struct {
    double error;
    double at;
} worst;

static void take(worst *w, double at, double error) {
    if (!(error <= w->error)) { /* NaN counts as worst */
        w->error = error;
        w->at = at;
    }
}

static void expect_small(const char *what, const worst *w, double max) {
    char sentence[128];
    snprintf(sentence, sizeof sentence, "%s, worst at %.17g", what, w->at);
    EXPECT_REAL(sentence, w->error, 0.0, max);
}

static const double edges[] = {DBL_MIN,
                               DBL_MIN *(1 + DBL_EPSILON),
                               DBL_MIN *(1 - DBL_EPSILON), /* largest subnormal */
                               4.9406564584124654e-324,    /* smallest subnormal */
                               1e-310,
                               DBL_MAX,
                               1.0 - DBL_EPSILON / 2,
                               1.0 + DBL_EPSILON,
                               1.0 - 1e-9,
                               1.0 + 1e-9,
                               1.4142135623730949,
                               1.4142135623730951,
                               1.4142135623730954,
                               0.70710678118654746,
                               0.70710678118654757,
                               0.5,
                               2.0,
                               10.0,
                               1e-300,
                               1e300};
#define EDGE_COUNT (sizeof edges / sizeof edges[0])

static void log_agrees(void) {
    worst w = {0.0, 0.0};
    punch_rng rng = punch_rng_stream(1, 1, 1);
    for (size_t i = 0; i < EDGE_COUNT; i++) {
        take(&w, edges[i], relative_error(punch_log(edges[i]), log(edges[i])));
    }
    for (int i = 0; i < DRAWS; i++) {
        const double wide = exp2((punch_rng_unit(&rng) - 0.5) * 2040.0);
        take(&w, wide, relative_error(punch_log(wide), log(wide)));
        const double near = 1.0 + (punch_rng_unit(&rng) - 0.5) * exp2(-50.0 * punch_rng_unit(&rng));
        take(&w, near, relative_error(punch_log(near), log(near)));
    }
    expect_small("relative error of log", &w, RELATIVE_MAX);
    EXPECT_REAL("log 1 is exactly 0", punch_log(1.0), 0.0, 0.0);
    EXPECT_REAL("log 0", punch_log(0.0), -1e308, 0.0);
    EXPECT_REAL("log of a negative number", punch_log(-1.0), -1e308, 0.0);
    EXPECT_REAL("log of NaN", punch_log(NAN), -1e308, 0.0);
    EXPECT("log of infinity is finite and largest",
           punch_log(INFINITY) >= punch_log(DBL_MAX) && isfinite(punch_log(INFINITY)));
}

static void exp_agrees(void) {
    worst w = {0.0, 0.0};
    punch_rng rng = punch_rng_stream(1, 1, 2);
    static const double points[] = {
        0.0,    1.0,     -1.0,    1e-300, -1e-300, 0.34657359027997264,
        -708.0, -708.39, 709.196, 709.0,  1e-17,   -0.34657359027997270};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        take(&w, points[i], relative_error(punch_exp(points[i]), exp(points[i])));
    }
    for (int i = 0; i < DRAWS; i++) {
        const double wide = -708.39 + punch_rng_unit(&rng) * 1417.5;
        take(&w, wide, relative_error(punch_exp(wide), exp(wide)));
        const double near = (punch_rng_unit(&rng) - 0.5) * exp2(-50.0 * punch_rng_unit(&rng));
        take(&w, near, relative_error(punch_exp(near), exp(near)));
    }
    expect_small("relative error of exp", &w, RELATIVE_MAX);
    EXPECT_REAL("e^0 is exactly 1", punch_exp(0.0), 1.0, 0.0);
    static const struct {
        const char *sentence;
        double x;
        double expected;
    } rows[] = {
        {"just above the largest", 709.2, 1e308},
        {"far above the largest", 1e9, 1e308},
        {"infinity", INFINITY, 1e308},
        {"below the smallest normal number", -708.4, 0.0},
        {"far below", -1e300, 0.0},
        {"minus infinity", -INFINITY, 0.0},
        {"NaN", NAN, 0.0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        EXPECT_REAL(rows[i].sentence, punch_exp(rows[i].x), rows[i].expected, 0.0);
    }
}

static void sqrt_agrees(void) {
    worst w = {0.0, 0.0};
    punch_rng rng = punch_rng_stream(1, 1, 3);
    for (size_t i = 0; i < EDGE_COUNT; i++) {
        take(&w, edges[i], relative_error(punch_sqrt(edges[i]), sqrt(edges[i])));
    }
    for (int i = 0; i < DRAWS; i++) {
        const double x = exp2((punch_rng_unit(&rng) - 0.5) * 2040.0);
        take(&w, x, relative_error(punch_sqrt(x), sqrt(x)));
    }
    expect_small("relative error of sqrt", &w, 2 * DBL_EPSILON);
    for (int i = 0; i <= 1000; i++) {
        EXPECT_REAL("the root of a square is exact", punch_sqrt((double)i * i), i, 0.0);
    }
    EXPECT_REAL("sqrt of a negative number", punch_sqrt(-4.0), 0.0, 0.0);
    EXPECT_REAL("sqrt of NaN", punch_sqrt(NAN), 0.0, 0.0);
}

static void normal_quantile_agrees(void) {
    static const struct {
        const char *sentence;
        double p;
        double expected;
    } rows[] = {
        /* 0.25, 0.001 and 1e-20 are the test values of the algorithm's paper. */
        {"median", 0.5, 0.0},
        {"quartile", 0.25, -0.6744897501960817},
        {"one in a thousand", 0.001, -3.090232306167814},
        {"1e-20", 1e-20, -9.262340089798408},
        {"95 % two-sided", 0.975, 1.959963984540054},
        {"99 % one-sided", 0.99, 2.326347874040841},
        {"lower edge of the centre", 0.075, -1.4395314709384572},
        {"upper edge of the centre", 0.925, 1.4395314709384572},
        {"1e-300", 1e-300, -37.0471},
        {"zero", 0.0, -1e308},
        {"one", 1.0, 1e308},
        {"negative", -0.1, -1e308},
        {"above one", 1.1, 1e308},
        {"NaN", NAN, -1e308},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        /* Tighter than promised: a wrong digit in a coefficient must show. */
        const double tolerance = rows[i].p == 1e-300 ? 1e-4 : 1e-12;
        EXPECT_REAL(rows[i].sentence, punch_normal_quantile(rows[i].p), rows[i].expected,
                    tolerance);
    }
    worst w = {0.0, 0.0};
    punch_rng rng = punch_rng_stream(1, 1, 4);
    for (int i = 0; i < DRAWS; i++) {
        /* Phi(quantile(p)) = p; where p is tiny a relative error e of p is e / |x| in x. The upper
         * half is left out, where p itself is too coarse; symmetry covers it. */
        const double p =
            i % 2 == 0 ? 0.5 * punch_rng_unit(&rng) : exp2(-1 - 1000.0 * punch_rng_unit(&rng));
        const double x = punch_normal_quantile(p);
        const double back = 0.5 * erfc(-x / sqrt(2.0));
        const double density = exp(-x * x / 2) / sqrt(2 * acos(-1.0));
        take(&w, p, density > 0.0 ? fabs(back - p) / density : 0.0);
    }
    expect_small("absolute error of the normal quantile", &w, 1e-12);
    for (int i = 1; i < 4096; i++) {
        EXPECT_REAL("symmetric", punch_normal_quantile(1.0 - i / 4096.0),
                    -punch_normal_quantile(i / 4096.0), 0.0);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"log agrees with the C library", log_agrees},
        {"exp agrees with the C library", exp_agrees},
        {"sqrt agrees with the C library", sqrt_agrees},
        {"the normal quantile agrees with published values", normal_quantile_agrees},
    };
    return PUNCH_TEST_MAIN("realmath", cases);
}
