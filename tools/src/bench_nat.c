/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a translation costs beside a plain look-up: a NAT full of live mappings against hash tables
 * of as many entries that know the answers beforehand.
 *
 *   NAT     endpoint-independent mapping, address-and-port-dependent filtering, one remote a
 *           mapping, a pool of 16 external addresses. Every packet finds mapping and permission,
 *           refreshes both, and is rewritten.
 *   tables  one for each way: open addressing, linear probing, at most two thirds full, an entry a
 *           cache line. Key: both endpoints of the packet as it comes; value: the endpoint that is
 *           put into it. The hash is made as the NAT makes its own. Nothing expires, nothing is
 *           refreshed.
 *
 * Both are asked about the same packets, in the same random order, in turns. A packet is picked
 * only when the answer to the one before is there: in a world, too, thousands of instructions lie
 * between two packets, and the processor cannot begin the next look-up while it waits for one.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"
#include "nat/nat.h"
#include "punch/assert.h"
#include "stats.h"

#define SUBSCRIBER_MAPPINGS 16u /* of one inside address: chosen */
#define REMOTES 1000003u        /* a prime: remotes come in no order. Chosen */
#define PACKETS_MIN 4096u       /* a round's least: chosen, so that a turn is worth measuring */
#define EXTERNAL_IP 0x0b000000u
#define INSIDE_IP 0x0a000000u
#define REMOTE_IP 0x2c000000u
#define HUGE_PAGE_BYTES (2u << 20)

typedef struct {
    uint64_t hash; /* 0: empty */
    nat_packet key;
    punch_addr value;
} entry;

typedef struct {
    entry *entries;
    uint32_t mask;
} table;

typedef struct {
    nat_config config;
    nat *box;
    table out;
    table in;
    nat_packet *outbound; /* in the order of measuring */
    nat_packet *inbound;
    uint32_t count; /* of packets, each way */
    punch_time_us now_us;
} nat_rig;

/* Both in huge pages where there are some, as worlds are: else most of it is page walks. */
static void *take(size_t bytes) {
    const size_t length = (bytes + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    void *block = aligned_alloc(HUGE_PAGE_BYTES, length);
#ifdef MADV_HUGEPAGE
    if (block != NULL) {
        (void)madvise(block, length, MADV_HUGEPAGE);
    }
#endif
    if (block != NULL) {
        memset(block, 0, length);
    }
    return block;
}

/* --- the plain table --- */

static inline uint64_t word_at(const punch_addr *addr, size_t offset) {
    uint64_t word;
    memcpy(&word, addr->ip + offset, sizeof word);
    return word;
}

static inline bool same_endpoint(const punch_addr *a, const punch_addr *b) {
    return word_at(a, 0) == word_at(b, 0) && word_at(a, 8) == word_at(b, 8) && a->port == b->port &&
           a->family == b->family;
}

static inline uint64_t step(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * PUNCH_RNG_GAMMA;
    return hash ^ hash >> 32;
}

static inline uint64_t hash_endpoint(uint64_t hash, const punch_addr *addr) {
    const uint64_t rest = (uint64_t)addr->port << 32 | (uint64_t)addr->family << 48;
    if (addr->family == PUNCH_FAMILY_IPV4) {
        return step(hash, rest | (word_at(addr, 0) & UINT32_MAX));
    }
    return step(step(step(hash, word_at(addr, 0)), word_at(addr, 8)), rest);
}

/* The entry of a packet, or the empty one where it would go. */
static inline entry *find(const table *at, const nat_packet *packet) {
    const uint64_t hash = hash_endpoint(hash_endpoint(0, &packet->src), &packet->dst) | 1u << 31;
    uint32_t i = (uint32_t)hash & at->mask;
    while (at->entries[i].hash != 0 &&
           (at->entries[i].hash != hash || !same_endpoint(&at->entries[i].key.src, &packet->src) ||
            !same_endpoint(&at->entries[i].key.dst, &packet->dst))) {
        i = (i + 1) & at->mask;
    }
    return &at->entries[i];
}

static bool table_create(table *at, uint32_t count) {
    uint64_t cap = 16;
    while (2 * cap < 3 * (uint64_t)count) {
        cap *= 2;
    }
    at->mask = (uint32_t)cap - 1;
    at->entries = take(cap * sizeof(entry));
    return at->entries != NULL;
}

static void table_put(table *at, const nat_packet *key, const punch_addr *value) {
    entry *place = find(at, key);
    PUNCH_ASSERT_EQ(place->hash, 0);
    place->hash = hash_endpoint(hash_endpoint(0, &key->src), &key->dst) | 1u << 31;
    place->key = *key;
    place->value = *value;
}

/* --- the rig --- */

static nat_packet packet_of(uint32_t mapping) {
    const uint32_t port = 1024 + mapping % SUBSCRIBER_MAPPINGS * 4001;
    const uint32_t remote = (uint32_t)((uint64_t)mapping * 7919 % REMOTES);
    const nat_packet packet = {
        punch_addr_ipv4(INSIDE_IP + mapping / SUBSCRIBER_MAPPINGS, (uint16_t)port),
        punch_addr_ipv4(REMOTE_IP + remote, (uint16_t)(1024 + remote % 60000))};
    return packet;
}

static nat_config config_of(uint32_t mappings) {
    nat_config config = nat_config_default();
    config.filtering = NAT_FILTERING_APDF;
    config.allocation = NAT_ALLOCATION_RANDOM;
    config.pooling = NAT_POOLING_ARBITRARY;
    config.address_count = NAT_ADDRESSES_MAX;
    config.table_max = mappings;
    config.filters_max = mappings;
    return config;
}

/* Opens every mapping, teaches the tables what the NAT answers, and draws the order of packets. */
static void fill(nat_rig *rig, uint32_t mappings, nat_packet *answers) {
    for (uint32_t i = 0; i < mappings; i++) {
        const nat_packet packet = packet_of(i);
        nat_packet sent = packet;
        const nat_verdict verdict = nat_translate_out(rig->box, &sent, rig->now_us++);
        PUNCH_ASSERT_EQ(verdict, NAT_PASS);
        answers[i] = (nat_packet){sent.dst, sent.src};
        table_put(&rig->out, &packet, &sent.src);
        table_put(&rig->in, &answers[i], &packet.src);
    }
    punch_rng order = punch_rng_stream(mappings, 0, 0);
    for (uint32_t i = 0; i < rig->count; i++) {
        rig->outbound[i] = packet_of((uint32_t)punch_rng_below(&order, mappings));
        rig->inbound[i] = answers[punch_rng_below(&order, mappings)];
    }
}

static void rig_destroy(nat_rig *rig) {
    free(rig->box);
    free(rig->out.entries);
    free(rig->in.entries);
    free(rig->outbound);
    free(rig->inbound);
}

static bool rig_create(nat_rig *rig, uint32_t mappings) {
    memset(rig, 0, sizeof *rig);
    rig->config = config_of(mappings);
    rig->count = mappings > PACKETS_MIN ? mappings : PACKETS_MIN;
    const punch_addr external = punch_addr_ipv4(EXTERNAL_IP, 0);
    void *memory = take(nat_size(&rig->config));
    nat_packet *answers = malloc(mappings * sizeof *answers);
    rig->outbound = take(rig->count * sizeof *rig->outbound);
    rig->inbound = take(rig->count * sizeof *rig->inbound);
    const bool has_tables = table_create(&rig->out, mappings) && table_create(&rig->in, mappings);
    const bool made = memory != NULL && answers != NULL && rig->outbound != NULL &&
                      rig->inbound != NULL && has_tables;
    rig->box = memory;
    if (made) {
        rig->box = nat_init(memory, &rig->config, &external, punch_rng_stream(1, 0, 0));
        fill(rig, mappings, answers);
    }
    free(answers);
    return made;
}

/* --- a turn: every packet once --- */

/* Which packets: outbound ones, inbound ones, one of each in turns. */
typedef enum { WAY_OUT, WAY_IN, WAY_BOTH } way;

/* Whether packet i of a turn goes out. */
static inline bool goes_out(way which, uint32_t i) {
    return which == WAY_OUT || (which == WAY_BOTH && i % 2 == 0);
}

/* What is added to the index of the next packet: nothing, but only an answer says so. A port is
 * below 65536. */
static inline uint32_t nothing(const punch_addr *answer) {
    return (uint32_t)answer->port >> 16;
}

/* Sum of the ports put in, so that both sides can be compared. */
static uint64_t turn_of_table(const nat_rig *rig, way which) {
    uint64_t sum = 0;
    uint32_t then = 0;
    for (uint32_t i = 0; i < rig->count; i++) {
        const bool out = goes_out(which, i);
        nat_packet packet = (out ? rig->outbound : rig->inbound)[i + then];
        punch_addr *end = out ? &packet.src : &packet.dst;
        *end = find(out ? &rig->out : &rig->in, &packet)->value;
        sum += end->port;
        then = nothing(end);
    }
    return sum;
}

static uint64_t turn_of_nat(nat_rig *rig, way which) {
    uint64_t sum = 0;
    uint32_t then = 0;
    for (uint32_t i = 0; i < rig->count; i++) {
        const bool out = goes_out(which, i);
        nat_packet packet = (out ? rig->outbound : rig->inbound)[i + then];
        const nat_verdict verdict = out ? nat_translate_out(rig->box, &packet, rig->now_us++)
                                        : nat_translate_in(rig->box, &packet, rig->now_us++);
        PUNCH_ASSERT_EQ(verdict, NAT_PASS);
        const punch_addr *end = out ? &packet.src : &packet.dst;
        sum += end->port;
        then = nothing(end);
    }
    return sum;
}

static void measure_way(nat_rig *rig, way which, const bench_effort *effort, uint32_t rounds,
                        bench_nat_cost *cost_out) {
    double nat_ns[BENCH_REPETITIONS_MAX];
    double table_ns[BENCH_REPETITIONS_MAX];
    const double packets = (double)rounds * rig->count;
    for (uint32_t r = 0; r < effort->repetitions; r++) {
        uint64_t of_table = 0;
        uint64_t of_nat = 0;
        const double began_s = bench_cpu_s();
        for (uint32_t i = 0; i < rounds; i++) {
            of_table += turn_of_table(rig, which);
        }
        const double between_s = bench_cpu_s();
        for (uint32_t i = 0; i < rounds; i++) {
            of_nat += turn_of_nat(rig, which);
        }
        const double ended_s = bench_cpu_s();
        PUNCH_ASSERT_EQ(of_table, of_nat);
        table_ns[r] = (between_s - began_s) / packets * 1e9;
        nat_ns[r] = (ended_s - between_s) / packets * 1e9;
    }
    cost_out->nat_ns = stats_median(nat_ns, effort->repetitions);
    cost_out->table_ns = stats_median(table_ns, effort->repetitions);
}

bool bench_run_nat(uint32_t mappings, const bench_effort *effort, bench_nat_row *row_out) {
    memset(row_out, 0, sizeof *row_out);
    row_out->mappings = mappings;
    nat_rig rig;
    const bool made = rig_create(&rig, mappings);
    if (made) {
        row_out->bytes = (double)nat_size(&rig.config) / mappings;
        const double began_s = bench_cpu_s();
        (void)turn_of_nat(&rig, WAY_BOTH);
        const double rounds = effort->turn_s / 4.0 / (bench_cpu_s() - began_s);
        for (int which = WAY_OUT; which <= WAY_BOTH; which++) {
            measure_way(&rig, (way)which, effort, rounds < 1.0 ? 1 : (uint32_t)rounds,
                        &row_out->ways[which]);
        }
    }
    rig_destroy(&rig);
    return made;
}
