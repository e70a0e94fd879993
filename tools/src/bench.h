/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the benchmark measures. Times are CPU time of the measuring thread, so that other work on
 * the machine disturbs little; everything compared is measured in turns within one run, and the
 * median of the turns is reported.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "punch/crypto.h"

#define BENCH_REPETITIONS_MAX 101u

/* One way to run pair trials. */
typedef struct {
    const char *name;
    const char *help;
    double trial_us; /* CPU time of a trial */
    double events;   /* of a trial; world events */
    double packets;  /* of a trial: messages sent by all hosts */
} bench_pair_row;

enum {
    BENCH_BARE,        /* bench_bare.h */
    BENCH_NULL,        /* the simulator with a core that does nothing */
    BENCH_FULL_FAST,   /* the real thing, fast provider */
    BENCH_FULL_SODIUM, /* and with libsodium */
    BENCH_PAIR_COUNT
};

typedef struct {
    bench_pair_row rows[BENCH_PAIR_COUNT];
    double null_share; /* events/s of the null core over the bare loop's, measured side by side */
    double all_cores_trials_per_s; /* full trials, fast provider, one thread per core */
    uint32_t cores;
    size_t peer_bytes;   /* a peer with room for one call and one short message */
    size_t client_bytes; /* a peer that only registers */
} bench_pair;

typedef struct {
    uint32_t repetitions; /* odd: the median is one of them */
    double turn_s;        /* CPU time of one turn of one workload, about */
} bench_effort;

/* False (with *error_out, static) when it cannot be measured. */
bool bench_run_pair(const bench_effort *effort, bench_pair *result, const char **error_out);

/* One number of clients. */
typedef struct {
    uint32_t clients;
    double world_bytes; /* per client */
    double peer_bytes;  /* of those: its core object, ... */
    double nat_bytes;   /* ... its NAT, ... */
    double entry_bytes; /* ... its place at the broker; the rest is the simulator's */
    double plan_bytes;  /* per client: the description of the world */
    double event_ns;
    double bare_event_ns;
    double speedup;       /* simulated seconds per wall-clock second of one core */
    double packets_per_s; /* simulated packets per simulated second and client */
} bench_clients_row;

/* Measures one size. False with *error_out on trouble. */
bool bench_run_clients(uint32_t clients, const bench_effort *effort, bench_clients_row *row_out,
                       const char **error_out);

/* A packet, in CPU time. */
typedef struct {
    double nat_ns;   /* translated */
    double table_ns; /* looked up in a hash table: see bench_nat.c */
} bench_nat_cost;

enum { BENCH_NAT_OUT, BENCH_NAT_IN, BENCH_NAT_BOTH, BENCH_NAT_WAYS };

/* One number of live mappings. */
typedef struct {
    uint32_t mappings;
    double bytes; /* of the NAT, per mapping and its remote */
    bench_nat_cost ways[BENCH_NAT_WAYS];
} bench_nat_row;

/* Measures one size. False: out of memory. */
bool bench_run_nat(uint32_t mappings, const bench_effort *effort, bench_nat_row *row_out);

/* A keepalive strategy. */
typedef struct {
    const char *name;
    double day_s;         /* CPU time of one connection held for 24 h */
    double packets_per_h; /* of that connection, the broker's included */
} bench_keepalive_row;

#define BENCH_STRATEGIES_MAX 32u /* chosen: more than there are */

typedef struct {
    bench_keepalive_row rows[BENCH_STRATEGIES_MAX];
    size_t count;
    double comparison_s; /* of 1,000 connections x 24 h x 10 average strategies, on two cores */
} bench_keepalive;

/* Holds connections for so many hours, and scales to days. False with *error_out on trouble. */
bool bench_run_keepalive(uint32_t hours, const bench_effort *effort, bench_keepalive *result,
                         const char **error_out);

/* What the laboratory costs around the trials. */
typedef struct {
    uint64_t trials;  /* of the larger run */
    double run_s;     /* CPU time of that run, all of it */
    double report_s;  /* of making statistics and reports again from its trials */
    double few_bytes; /* the most memory a run of a tenth as many took */
    double all_bytes; /* and that of the larger run */
} bench_lab;

/* Runs the quickstart with about so many trials over all cells. False with *error_out on trouble.
 */
bool bench_run_lab(uint64_t trials, bench_lab *result, const char **error_out);

/* CPU time of this thread. */
double bench_cpu_s(void);

#endif
