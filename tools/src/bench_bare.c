/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench_bare.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "punch/rng.h"

/* --- events: 4-ary heap by (at_us, seq); what = kind in the upper 4 bits, index below --- */

typedef struct {
    int64_t at_us;
    uint32_t seq;
    uint32_t what;
} bare_event;

typedef enum {
    EVENT_START, /* client */
    EVENT_CALL,
    EVENT_TIMER, /* client */
    EVENT_LEAVE, /* packet at its client's NAT, from inside */
    EVENT_ENTER, /* packet at the far NAT or the broker */
    EVENT_ARRIVE /* packet at its client */
} bare_event_kind;

#define INDEX_BITS 28
#define INDEX_MASK ((1u << INDEX_BITS) - 1)

/* --- NATs: endpoint-independent mapping, address-and-port-dependent filtering --- */

#define NAT_SLOTS 8u /* power of two; a client talks to two remotes at most */

typedef struct {
    uint64_t key; /* inside endpoint, or external port and remote */
    int64_t last_us;
    uint32_t epoch; /* of another trial: the slot is free */
    uint32_t value;
} bare_slot;

typedef struct {
    bare_slot mappings[NAT_SLOTS];
    bare_slot filters[NAT_SLOTS];
} bare_nat;

#define NAT_TIMEOUT_US 300000000 /* RFC 4787 REQ-5: five minutes */

typedef struct {
    uint32_t src_ip;
    uint32_t dst_ip;
    uint16_t src_port;
    uint16_t dst_port;
    uint8_t kind;
    uint16_t length;
    uint32_t from; /* client, or the broker */
    uint32_t to;
    uint8_t data[BENCH_PACKET_BYTES];
} bare_packet;

typedef enum {
    PACKET_REGISTER,
    PACKET_REGISTERED,
    PACKET_CALL,
    PACKET_RING,
    PACKET_ACCEPT,
    PACKET_GO,
    PACKET_INTRO,
    PACKET_ACK
} bare_packet_kind;

typedef struct {
    uint32_t peer_ip;
    uint16_t peer_port;
    bool connected;
} bare_client;

struct bare {
    bare_event *heap;
    uint32_t heap_count;
    uint32_t heap_cap;
    uint32_t seq;
    int64_t now_us;
    bare_packet *packets;
    uint32_t *free_slots;
    uint32_t free_count;
    uint32_t packet_cap;
    uint32_t clients_count;
    uint32_t epoch;
    bool keepalive;
    punch_rng draws;
    punch_probability loss; /* 0, but drawn as if it were not */
    bare_client *clients;
    uint32_t *seen_ip; /* address and port of each client as the broker sees it */
    uint16_t *seen_port;
    bare_nat *nats;
};

#define INSIDE_IP 0xc0a8010au  /* 192.168.1.10 */
#define OUTSIDE_IP 0x0b000000u /* + client */
#define BROKER_IP 0xc6336401u  /* 198.51.100.1 */
#define CLIENT_PORT 5000
#define BROKER_PORT 3478

static void push(bare *world, int64_t at_us, bare_event_kind kind, uint32_t index) {
    const bare_event event = {at_us, world->seq++, (uint32_t)kind << INDEX_BITS | index};
    bare_event *heap = world->heap;
    uint32_t i = world->heap_count++;
    while (i > 0) {
        const uint32_t up = (i - 1) / 4;
        if (heap[up].at_us < at_us || (heap[up].at_us == at_us && heap[up].seq < event.seq)) {
            break;
        }
        heap[i] = heap[up];
        i = up;
    }
    heap[i] = event;
}

static inline bool before(const bare_event *a, const bare_event *b) {
    return a->at_us < b->at_us || (a->at_us == b->at_us && a->seq < b->seq);
}

static bare_event pop(bare *world) {
    bare_event *heap = world->heap;
    const bare_event first = heap[0];
    const uint32_t count = --world->heap_count;
    const bare_event last = heap[count];
    uint32_t i = 0;
    for (;;) {
        const uint32_t child = 4 * i + 1;
        if (child >= count) {
            break;
        }
        uint32_t least = child;
        const uint32_t end = child + 4 < count ? child + 4 : count;
        for (uint32_t c = child + 1; c < end; c++) {
            least = before(&heap[c], &heap[least]) ? c : least;
        }
        if (!before(&heap[least], &last)) {
            break;
        }
        heap[i] = heap[least];
        i = least;
    }
    heap[i] = last;
    return first;
}

/* The slot of a key, or the free one where it belongs. */
static inline bare_slot *slot_of(bare_slot *table, uint64_t key, uint32_t epoch) {
    uint32_t i = (uint32_t)punch_mix64(key) & (NAT_SLOTS - 1);
    while (table[i].epoch == epoch && table[i].key != key) {
        i = (i + 1) & (NAT_SLOTS - 1);
    }
    return &table[i];
}

static inline uint64_t endpoint(uint32_t ip, uint16_t port) {
    return (uint64_t)ip << 16 | port;
}

static void translate_out(bare *world, uint32_t client, bare_packet *packet) {
    bare_nat *box = &world->nats[client];
    const uint64_t inside = endpoint(packet->src_ip, packet->src_port);
    bare_slot *mapping = slot_of(box->mappings, inside, world->epoch);
    if (mapping->epoch != world->epoch || world->now_us - mapping->last_us > NAT_TIMEOUT_US) {
        mapping->key = inside;
        mapping->epoch = world->epoch;
        mapping->value = packet->src_port; /* port preserving: one client per NAT */
    }
    mapping->last_us = world->now_us;
    packet->src_port = (uint16_t)mapping->value;
    packet->src_ip = OUTSIDE_IP + client;
    const uint64_t remote = endpoint(packet->dst_ip, packet->dst_port);
    bare_slot *filter = slot_of(box->filters, remote, world->epoch);
    filter->key = remote;
    filter->epoch = world->epoch;
    filter->last_us = world->now_us;
}

static bool translate_in(bare *world, uint32_t client, bare_packet *packet) {
    bare_nat *box = &world->nats[client];
    const bare_slot *mapping =
        slot_of(box->mappings, endpoint(INSIDE_IP, packet->dst_port), world->epoch);
    const bare_slot *filter =
        slot_of(box->filters, endpoint(packet->src_ip, packet->src_port), world->epoch);
    if (mapping->epoch != world->epoch || world->now_us - mapping->last_us > NAT_TIMEOUT_US ||
        filter->epoch != world->epoch || world->now_us - filter->last_us > NAT_TIMEOUT_US) {
        return false;
    }
    packet->dst_ip = INSIDE_IP;
    return true;
}

static bare_packet *take(bare *world, uint32_t *slot_out) {
    *slot_out = world->free_slots[--world->free_count];
    return &world->packets[*slot_out];
}

static void give(bare *world, uint32_t slot) {
    world->free_slots[world->free_count++] = slot;
}

static bool is_lost(bare *world) {
    return punch_rng_chance(&world->draws, world->loss);
}

static void client_send(bare *world, uint32_t client, uint32_t ip, uint16_t port,
                        bare_packet_kind kind) {
    uint32_t slot = 0;
    bare_packet *packet = take(world, &slot);
    packet->src_ip = INSIDE_IP;
    packet->src_port = CLIENT_PORT;
    packet->dst_ip = ip;
    packet->dst_port = port;
    packet->kind = (uint8_t)kind;
    packet->from = client;
    packet->length = BENCH_PACKET_BYTES;
    memset(packet->data, (int)kind, sizeof packet->data);
    push(world, world->now_us + BENCH_LAN_US, EVENT_LEAVE, slot);
}

static void broker_send(bare *world, uint32_t client, bare_packet_kind kind) {
    uint32_t slot = 0;
    bare_packet *packet = take(world, &slot);
    packet->src_ip = BROKER_IP;
    packet->src_port = BROKER_PORT;
    packet->dst_ip = world->seen_ip[client];
    packet->dst_port = world->seen_port[client];
    packet->kind = (uint8_t)kind;
    packet->from = world->clients_count;
    packet->to = packet->dst_ip - OUTSIDE_IP;
    packet->length = BENCH_PACKET_BYTES;
    memset(packet->data, (int)kind, sizeof packet->data);
    if (is_lost(world)) {
        give(world, slot);
        return;
    }
    push(world, world->now_us + BENCH_CORE_US, EVENT_ENTER, slot);
}

static void broker_receive(bare *world, const bare_packet *packet) {
    const uint32_t from = packet->from;
    switch ((bare_packet_kind)packet->kind) {
    case PACKET_REGISTER:
        world->seen_ip[from] = packet->src_ip;
        world->seen_port[from] = packet->src_port;
        broker_send(world, from, PACKET_REGISTERED);
        break;
    case PACKET_CALL:
        broker_send(world, 1 - from, PACKET_RING);
        break;
    case PACKET_ACCEPT:
        for (uint32_t side = 0; side < 2; side++) {
            world->clients[side].peer_ip = world->seen_ip[1 - side];
            world->clients[side].peer_port = world->seen_port[1 - side];
            broker_send(world, side, PACKET_GO);
        }
        break;
    case PACKET_REGISTERED:
    case PACKET_RING:
    case PACKET_GO:
    case PACKET_INTRO:
    case PACKET_ACK:
        break;
    }
}

static void client_receive(bare *world, uint32_t client, const bare_packet *packet) {
    switch ((bare_packet_kind)packet->kind) {
    case PACKET_RING:
        client_send(world, client, BROKER_IP, BROKER_PORT, PACKET_ACCEPT);
        break;
    case PACKET_GO:
        push(world, world->now_us + BENCH_GO_MARGIN_US, EVENT_TIMER, client);
        break;
    case PACKET_INTRO:
        client_send(world, client, packet->src_ip, packet->src_port, PACKET_ACK);
        break;
    case PACKET_ACK:
        world->clients[client].connected = true;
        break;
    case PACKET_REGISTERED:
    case PACKET_REGISTER:
    case PACKET_CALL:
    case PACKET_ACCEPT:
        break;
    }
}

static void on_timer(bare *world, uint32_t client) {
    if (world->keepalive) {
        client_send(world, client, BROKER_IP, BROKER_PORT, PACKET_REGISTER);
        push(world, world->now_us + BENCH_KEEPALIVE_US, EVENT_TIMER, client);
    } else {
        client_send(world, client, world->clients[client].peer_ip, world->clients[client].peer_port,
                    PACKET_INTRO);
    }
}

static void on_leave(bare *world, uint32_t slot) {
    bare_packet *packet = &world->packets[slot];
    translate_out(world, packet->from, packet);
    packet->to = packet->dst_ip == BROKER_IP ? world->clients_count : packet->dst_ip - OUTSIDE_IP;
    if (is_lost(world)) {
        give(world, slot);
        return;
    }
    const int64_t jitter_us = (int64_t)punch_rng_below(&world->draws, BENCH_JITTER_US + 1);
    push(world, world->now_us + BENCH_CORE_US + jitter_us, EVENT_ENTER, slot);
}

static void on_enter(bare *world, uint32_t slot) {
    bare_packet *packet = &world->packets[slot];
    if (packet->to == world->clients_count) {
        broker_receive(world, packet);
        give(world, slot);
    } else if (translate_in(world, packet->to, packet)) {
        push(world, world->now_us + BENCH_LAN_US, EVENT_ARRIVE, slot);
    } else {
        give(world, slot);
    }
}

static void dispatch(bare *world, const bare_event *event) {
    const uint32_t index = event->what & INDEX_MASK;
    switch ((bare_event_kind)(event->what >> INDEX_BITS)) {
    case EVENT_START:
        client_send(world, index, BROKER_IP, BROKER_PORT, PACKET_REGISTER);
        break;
    case EVENT_CALL:
        client_send(world, index, BROKER_IP, BROKER_PORT, PACKET_CALL);
        break;
    case EVENT_TIMER:
        on_timer(world, index);
        break;
    case EVENT_LEAVE:
        on_leave(world, index);
        break;
    case EVENT_ENTER:
        on_enter(world, index);
        break;
    case EVENT_ARRIVE:
        client_receive(world, world->packets[index].to, &world->packets[index]);
        give(world, index);
        break;
    }
}

bare *bare_create(uint32_t clients) {
    bare *world = calloc(1, sizeof *world);
    if (world == NULL) {
        return NULL;
    }
    world->clients_count = clients;
    world->packet_cap = clients + 16;
    world->heap_cap = 2 * clients + 32;
    world->heap = calloc(world->heap_cap, sizeof *world->heap);
    world->packets = calloc(world->packet_cap, sizeof *world->packets);
    world->free_slots = calloc(world->packet_cap, sizeof *world->free_slots);
    world->clients = calloc(clients, sizeof *world->clients);
    world->seen_ip = calloc(clients, sizeof *world->seen_ip);
    world->seen_port = calloc(clients, sizeof *world->seen_port);
    world->nats = calloc(clients, sizeof *world->nats);
    if (world->heap == NULL || world->packets == NULL || world->free_slots == NULL ||
        world->clients == NULL || world->seen_ip == NULL || world->seen_port == NULL ||
        world->nats == NULL) {
        bare_destroy(world);
        return NULL;
    }
    return world;
}

void bare_destroy(bare *world) {
    if (world == NULL) {
        return;
    }
    free(world->heap);
    free(world->packets);
    free(world->free_slots);
    free(world->clients);
    free(world->seen_ip);
    free(world->seen_port);
    free(world->nats);
    free(world);
}

size_t bare_bytes(const bare *world) {
    return sizeof *world + world->heap_cap * sizeof *world->heap +
           world->packet_cap * (sizeof *world->packets + sizeof *world->free_slots) +
           world->clients_count * (sizeof *world->clients + sizeof *world->seen_ip +
                                   sizeof *world->seen_port + sizeof *world->nats);
}

static void reset(bare *world, uint64_t seed) {
    world->draws = punch_rng_stream(seed, 0, 0);
    world->heap_count = 0;
    world->seq = 0;
    world->now_us = 0;
    world->epoch++;
    world->free_count = 0;
    while (world->free_count < world->packet_cap) {
        world->free_slots[world->free_count] = world->packet_cap - 1 - world->free_count;
        world->free_count++;
    }
}

uint64_t bare_pair_trial(bare *world, uint64_t seed) {
    reset(world, seed);
    world->keepalive = false;
    for (uint32_t side = 0; side < 2; side++) {
        world->clients[side].connected = false;
        push(world, 0, EVENT_START, side);
    }
    push(world, BENCH_CALL_AT_US, EVENT_CALL, 0);
    uint64_t events = 0;
    while (world->heap_count > 0) {
        const bare_event event = pop(world);
        world->now_us = event.at_us;
        events++;
        dispatch(world, &event);
        if (world->clients[0].connected && world->clients[1].connected) {
            return events;
        }
    }
    return 0;
}

void bare_keepalive_begin(bare *world) {
    reset(world, 1);
    world->keepalive = true;
    for (uint32_t i = 0; i < world->clients_count; i++) {
        const int64_t at_us = (int64_t)i * BENCH_KEEPALIVE_US / world->clients_count;
        push(world, at_us, EVENT_TIMER, i);
    }
}

uint64_t bare_keepalive_run(bare *world, int64_t until_us) {
    uint64_t events = 0;
    while (world->heap_count > 0 && world->heap[0].at_us <= until_us) {
        const bare_event event = pop(world);
        world->now_us = event.at_us;
        events++;
        dispatch(world, &event);
    }
    return events;
}
