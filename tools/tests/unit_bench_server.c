/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a server's link does to its clients: below what fills it nobody is forgotten, beyond it many
 * are; and the sums.
 */
#include "bench_server.h"

#include <stddef.h>

#include "punch_test.h"

static void links(void) {
    static const struct {
        const char *sentence;
        uint32_t clients;
        uint64_t rate_bps;
        double registered_least, registered_most;
        double load_least, load_most;
    } rows[] = {
        {"a link with room keeps all", 3000, 1000000, 1.0, 1.0, 0.1, 0.2},
        {"a link two thirds full, too", 3000, 240000, 1.0, 1.0, 0.6, 0.8},
        {"one that is too slow does not", 3000, 80000, 0.0, 0.9, 1.0, 100.0},
        {"the slower, the fewer", 3000, 20000, 0.0, 0.5, 1.0, 1000.0},
    };
    double before = 1.0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench_server_row row;
        const char *error = NULL;
        EXPECT("it runs", bench_run_server(rows[i].clients, rows[i].rate_bps, &row, &error));
        EXPECT_REAL(rows[i].sentence, row.registered,
                    (rows[i].registered_least + rows[i].registered_most) / 2.0,
                    (rows[i].registered_most - rows[i].registered_least) / 2.0 + 1e-9);
        EXPECT_REAL(rows[i].sentence, row.load, (rows[i].load_least + rows[i].load_most) / 2.0,
                    (rows[i].load_most - rows[i].load_least) / 2.0);
        EXPECT("a client that is always known is known", row.kept <= row.registered);
        EXPECT("no more arrives than was sent", row.arrived_per_s <= row.up_per_s + 0.1);
        EXPECT("no faster link is worse", row.registered <= before);
        before = row.registered;
    }
}

static void sums(void) {
    static const struct {
        const char *sentence;
        double bytes;
        double clients;
    } rows[] = {
        {"headers alone: 4194304 / 8 / 28 x 15", 28.0, 280868.571},
        {"32 bytes of payload", 60.0, 131072.0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        EXPECT_REAL(rows[i].sentence, bench_server_full(rows[i].bytes, BENCH_SERVER_RATE_BPS),
                    rows[i].clients, 0.01);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"links", links},
        {"sums", sums},
    };
    return PUNCH_TEST_MAIN("unit_bench_server", cases);
}
