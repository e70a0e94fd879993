/* SPDX-License-Identifier: MIT */
/*
 * The few real functions a decision may use, made of + - * / and bit operations only, so that every
 * compiler and libm gives the same bits (build with -ffp-contract=off). Relative error <= 1e-13
 * unless said otherwise.
 */
#ifndef PUNCH_REALMATH_H
#define PUNCH_REALMATH_H

#ifdef __cplusplus
extern "C" {
#endif

/* Natural logarithm of x > 0; x <= 0 or NaN gives -1e308. */
double punch_log(double x);

/* e^x, at most 1e308; results below the smallest normal number, and NaN, give 0. */
double punch_exp(double x);

/* Square root of x >= 0; negative or NaN gives 0. */
double punch_sqrt(double x);

/* Standard normal quantile of 0 < p < 1; absolute error <= 1e-9 (Wichura, AS 241). Outside:
 * -+1e308. */
double punch_normal_quantile(double p);

#ifdef __cplusplus
}
#endif

#endif
