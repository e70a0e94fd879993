# SPDX-License-Identifier: GPL-2.0-or-later
# What R says, for the tests of tools/src/stats*.c to compare with. Run in this folder:
#
#     Rscript vectors.R
#
# Each file has a line on what made it, then rows of numbers; the columns are said in that line.
# Newcombe's intervals, which R does not bring along, are written down here from the papers, apart
# from the C code. Needs the package survival.

library(survival)

to_file <- function(name, columns, rows) {
    head <- paste0("# vectors.R, ", R.version.string, "; columns: ", columns)
    text <- vapply(rows, function(row) paste(sprintf("%.17g", row), collapse = " "), "")
    writeLines(c(head, text), paste0(name, ".txt"))
}

# shares: prop.test without continuity correction is Wilson's interval
rows <- list()
for (n in c(1, 2, 10, 29, 263, 1000, 100000, 12345678)) {
    for (x in unique(round(n * c(0, 0.001, 0.3, 0.5, 0.97, 1)))) {
        for (level in c(0.95, 0.99, 0.9)) {
            ci <- suppressWarnings(prop.test(x, n, conf.level = level, correct = FALSE))$conf.int
            rows[[length(rows) + 1]] <- c(x, n, level, ci)
        }
    }
}
to_file("wilson", "successes n confidence lo hi", rows)

# ranks of a quantile (type 1, but 100 * 0.55 is 55, not 55.00000000000001) and of the ends of its
# interval
rows <- list()
for (n in c(1, 2, 5, 6, 10, 20, 59, 100, 1000, 99999, 1e6)) {
    for (p in c(0.05, 0.5, 0.55, 0.9, 0.95, 0.99)) {
        for (level in c(0.95, 0.99)) {
            tail <- (1 - level) / 2
            value <- ceiling(signif(n * p, 12))
            rows[[length(rows) + 1]] <-
                c(n, p, level, value, qbinom(tail, n, p),
                  qbinom(tail, n, p, lower.tail = FALSE) + 1)
        }
    }
}
to_file("quantile-ranks", "n p confidence value_rank lo_rank hi_rank", rows)

# means: the row begins with the confidence, then mean, ends, and the values
set.seed(1)
rows <- list()
for (values in list(c(2, 4, 4, 4, 5, 5, 7, 9), c(1, 3), rexp(25), 1e6 + rnorm(100),
                    rpois(60, 0.3))) {
    for (level in c(0.95, 0.995)) {
        test <- t.test(values, conf.level = level)
        rows[[length(rows) + 1]] <- c(level, test$estimate, test$conf.int, values)
    }
}
to_file("mean", "confidence mean lo hi values...", rows)

# the sign test of differences, McNemar's exact test of pairs that disagree
rows <- list()
for (pair in list(c(0, 0), c(1, 0), c(5, 0), c(0, 6), c(3, 9), c(8, 8), c(30, 50), c(512, 431),
                  c(20000, 20500))) {
    p <- if (sum(pair) == 0) 1 else binom.test(pair[1], sum(pair), 0.5)$p.value
    rows[[length(rows) + 1]] <- c(pair, p)
}
to_file("sign-test", "up down p", rows)

rows <- list()
for (t in list(c(3, 4, 1, 4), c(0, 5, 5, 5), c(0, 5, 0, 7), c(12, 17, 4, 25), c(81, 100, 96, 100),
               c(500, 1000, 560, 1000), c(1, 1, 0, 1), c(2, 100, 30, 3000), c(815, 1000, 963, 1000),
               c(7, 31, 9, 40), c(40000, 90000, 41000, 90000))) {
    p <- fisher.test(matrix(c(t[1], t[2] - t[1], t[3], t[4] - t[3]), 2))$p.value
    rows[[length(rows) + 1]] <- c(t, p)
}
to_file("fisher", "first_successes first_n second_successes second_n p", rows)

# Newcombe: both build on Wilson's interval
wilson <- function(x, n, level) {
    z <- qnorm(1 - (1 - level) / 2)
    (2 * x + z^2 + c(-1, 1) * z * sqrt(z^2 + 4 * x * (1 - x / n))) / (2 * (n + z^2))
}

# Statistics in Medicine 17:873-890 (1998), method 10
rows <- list()
for (t in list(c(56, 70, 48, 80), c(9, 10, 3, 10), c(6, 7, 2, 7), c(5, 56, 0, 29),
               c(0, 10, 0, 20), c(0, 10, 0, 10), c(10, 10, 0, 20), c(10, 10, 0, 10),
               c(815, 1000, 963, 1000))) {
    for (level in c(0.95, 0.99)) {
        p1 <- t[1] / t[2]
        p2 <- t[3] / t[4]
        w1 <- wilson(t[1], t[2], level)
        w2 <- wilson(t[3], t[4], level)
        lo <- p1 - p2 - sqrt((p1 - w1[1])^2 + (w2[2] - p2)^2)
        hi <- p1 - p2 + sqrt((w1[2] - p1)^2 + (p2 - w2[1])^2)
        rows[[length(rows) + 1]] <- c(t, level, p1 - p2, lo, hi)
    }
}
to_file("newcombe",
        "first_successes first_n second_successes second_n confidence difference lo hi", rows)

# Statistics in Medicine 17:2635-2650 (1998), method 10: e, f, g, h are the cells of the table
rows <- list()
for (t in list(c(36, 12, 2, 0), c(20, 12, 2, 16), c(18, 14, 4, 14), c(53, 10, 3, 34),
               c(1, 1, 1, 7), c(30, 0, 0, 0), c(54, 0, 0, 0), c(0, 30, 0, 0),
               c(1, 97, 1, 1), c(2, 97, 1, 0), c(800, 15, 163, 22))) {
    for (level in c(0.95, 0.99)) {
        e <- t[1]; f <- t[2]; g <- t[3]; h <- t[4]
        n <- sum(t)
        l2u2 <- wilson(e + f, n, level)
        l3u3 <- wilson(e + g, n, level)
        d2 <- (e + f) / n - l2u2[1]; e2 <- l2u2[2] - (e + f) / n
        d3 <- (e + g) / n - l3u3[1]; e3 <- l3u3[2] - (e + g) / n
        A <- (e + f) * (g + h) * (e + g) * (f + h)
        B <- e * h - f * g
        C <- if (B > n / 2) B - n / 2 else if (B >= 0) 0 else B
        phi <- if (A == 0) 0 else C / sqrt(A)
        lo <- (f - g) / n - sqrt(d2^2 - 2 * phi * d2 * e3 + e3^2)
        hi <- (f - g) / n + sqrt(e2^2 - 2 * phi * e2 * d3 + d3^2)
        rows[[length(rows) + 1]] <- c(t, level, (f - g) / n, lo, hi)
    }
}
to_file("newcombe-paired",
        "both first_only second_only neither confidence difference lo hi", rows)

# Holm: a row is how many, then the p values, then the adjusted ones
rows <- list()
for (p in list(0.03, c(0.01, 0.04), c(0.04, 0.01, 0.03, 0.005), c(0.2, 0.2, 0.9, 1),
               c(1e-5, 0.02, 0.02, 0.021, 0.5), runif(12)^3)) {
    rows[[length(rows) + 1]] <- c(length(p), p, p.adjust(p, "holm"))
}
to_file("holm", "count p... adjusted...", rows)

# survival: 0 plain or 1 log-log, the number of spans, times, ended, the number of points with an
# event, then time, at risk, ended, survival, deviation, lo, hi of each
rows <- list()
spans <- list(
    list(time = c(6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35),
         ended = c(1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0)),
    list(time = c(1, 2, 3), ended = c(1, 1, 1)),
    list(time = round(rexp(40) * 20), ended = rbinom(40, 1, 0.6)),
    list(time = c(aml$time), ended = c(aml$status)))
for (s in spans) {
    for (type in c("plain", "log-log")) {
        fit <- survfit(Surv(s$time, s$ended) ~ 1, conf.type = type)
        at <- which(fit$n.event > 0)
        points <- rbind(fit$time[at], fit$n.risk[at], fit$n.event[at], fit$surv[at],
                        fit$surv[at] * fit$std.err[at], fit$lower[at], fit$upper[at])
        rows[[length(rows) + 1]] <-
            c(type == "log-log", length(s$time), s$time, s$ended, length(at), points)
    }
}
to_file("survival",
        "log_log n times... ended... points (time at_risk ended survival deviation lo hi)...", rows)

# the band around a distribution function
rows <- list()
for (n in c(1, 17, 1000, 123456)) {
    for (level in c(0.95, 0.99)) {
        rows[[length(rows) + 1]] <- c(n, level, sqrt(log(2 / (1 - level)) / (2 * n)))
    }
}
to_file("band", "n confidence half_width", rows)

# bootstrap: studentised intervals of the difference of two means over pairs, and of their ratio by
# its logarithm (to the first order), from 200,000 resamples; p of t.test. Below 20 pairs, t.test's
# intervals.
studentised <- function(value, off) {
    n <- length(off)
    error <- sd(off) / sqrt(n)
    if (n < 20) {
        return(value + c(-1, 1) * qt(0.975, n - 1) * error)
    }
    t <- replicate(200000, {
        at <- off[sample.int(n, n, replace = TRUE)]
        (mean(at) - mean(off)) / (sd(at) / sqrt(n))
    })
    value - unname(quantile(t, c(0.975, 0.025))) * error
}
rows <- list()
for (n in c(12, 60, 300)) {
    first <- round(rgamma(n, 3, 0.3), 2)
    second <- round(first * 0.9 + rgamma(n, 0.5, 0.5), 2)
    rows[[length(rows) + 1]] <- c(n, first, second, mean(first) - mean(second),
                                  studentised(mean(first) - mean(second), first - second),
                                  mean(first) / mean(second),
                                  exp(studentised(log(mean(first) / mean(second)),
                                                  first / mean(first) - second / mean(second))),
                                  t.test(first, second, paired = TRUE)$p.value)
}
to_file("bootstrap", "n first... second... difference lo hi ratio lo hi p", rows)

# welch: two samples apart; p no less than that of two of all ways to deal out the values
rows <- list()
for (n in list(c(2, 2), c(3, 5), c(10, 10), c(10, 40), c(300, 200))) {
    first <- rnorm(n[1], 10, 2)
    second <- rnorm(n[2], 11, 5)
    a <- t.test(first)$conf.int
    b <- t.test(second)$conf.int
    rows[[length(rows) + 1]] <- c(n[1], mean(first), a, n[2], mean(second), b,
                                  max(t.test(first, second)$p.value,
                                      2 / choose(sum(n), n[1])))
}
to_file("welch", "n mean lo hi n mean lo hi p", rows)

# binomial tails: pbinom of a bound on a share
rows <- list()
for (n in c(1, 10, 150, 1000)) {
    for (x in unique(round(n * c(0, 0.01, 0.5, 0.99, 1)))) {
        for (limit in c(0.001, 0.5, 0.99, 0.999)) {
            rows[[length(rows) + 1]] <- c(x, n, limit, binom.test(x, n, limit, "greater")$p.value,
                                          binom.test(x, n, limit, "less")$p.value)
        }
    }
}
to_file("binomial", "successes n limit p_above p_below", rows)
