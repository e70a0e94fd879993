/* SPDX-License-Identifier: MIT */
#include "net.h"

#include <stdio.h>
#include <stdlib.h>

#include "punch/assert.h"
#include "punch/rng.h"
#include "punch/wire.h"

punch_time_us net_local(const net *world, int host) {
    return world->now_us + world->hosts[host].clock_offset_us;
}

static punch_err sock_open(void *user, const punch_addr *bind, uint32_t *sock_out) {
    net_host *host = user;
    if (host->number == NET_BROKER) {
        host->socks = 0; /* restarted: its former life's socket is gone */
    }
    if (host->socks == 2) {
        return PUNCH_ERR_PORT;
    }
    PUNCH_ASSERT(host->socks == 0 || bind->port == 0);
    *sock_out = host->socks++ == 0 ? NET_MAIN_SOCK : NET_SPARE_SOCK;
    return PUNCH_OK;
}

static void sock_close(void *user, uint32_t sock) {
    net_host *host = user;
    (void)sock;
    host->socks--;
}

punch_addr net_spare_addr(const net *world, int host) {
    punch_addr addr = world->hosts[host].addr;
    addr.port++;
    return addr;
}

static punch_err send_packet(void *user, const punch_datagram *datagram) {
    net_host *host = user;
    net *world = host->world;
    const bool spare = datagram->sock == NET_SPARE_SOCK;
    net_packet packet = {.src = spare ? net_spare_addr(world, host->number) : host->addr,
                         .dst = datagram->remote,
                         .at_us = world->now_us + world->delay_us,
                         .order = world->sent,
                         .length = datagram->length,
                         .used = true};
    memcpy(packet.data, datagram->data, datagram->length);
    world->sent++;
    world->sent_by_type[packet.data[1]]++;
    if (world->hook != NULL && !world->hook(world, &packet, world->hook_user)) {
        return PUNCH_OK;
    }
    for (int i = 0; i < NET_PACKETS; i++) {
        if (!world->packets[i].used) {
            world->packets[i] = packet;
            return PUNCH_OK;
        }
    }
    fprintf(stderr, "net: more than %d packets in flight\n", NET_PACKETS);
    abort();
}

static void fill_random(void *user, uint8_t *out, size_t length) {
    net_host *host = user;
    for (size_t i = 0; i < length; i++) {
        out[i] = (uint8_t)(punch_mix64(++host->draws * 31 + (uint64_t)host->number) >> 24);
    }
}

static size_t local_addrs(void *user, uint32_t sock, punch_addr *out, size_t cap) {
    const net_host *host = user;
    (void)sock;
    if (cap == 0) {
        return 0;
    }
    out[0] = punch_addr_ipv4(0x0a000001u + (uint32_t)host->number, host->addr.port);
    return 1;
}

static void *allocate(size_t size) {
    void *memory = aligned_alloc(16, size);
    PUNCH_ASSERT(memory != NULL);
    return memory;
}

void net_make_peer(net *world, int peer) {
    free(world->memory[peer]);
    world->hosts[peer].socks = 0;
    world->memory[peer] = allocate(punch_peer_size(&world->configs[peer]));
    const punch_err err =
        punch_peer_init(world->memory[peer], &world->configs[peer], &world->peers[peer]);
    PUNCH_ASSERT_EQ(err, PUNCH_OK);
}

void net_init(net *world, const punch_crypto *crypto) {
    memset(world, 0, sizeof *world);
    world->delay_us = 20 * PUNCH_US_PER_MS;
    world->accepts = true;
    world->port = (punch_port){.sock_open = sock_open,
                               .sock_close = sock_close,
                               .send = send_packet,
                               .random = fill_random,
                               .local_addrs = local_addrs,
                               .crypto = crypto};
    for (int i = 0; i <= NET_PEERS; i++) {
        world->hosts[i].world = world;
        world->hosts[i].number = i;
        world->hosts[i].clock_offset_us = 1000 * PUNCH_US_PER_S * (i + 1);
        world->hosts[i].addr = i == NET_BROKER ? punch_addr_ipv4(0xc6336401, 3478)
                                               : punch_addr_ipv4(0xc0000201u + (uint32_t)i, 5000);
    }
    world->broker_config = (punch_broker_config){.port = &world->port,
                                                 .host = &world->hosts[NET_BROKER],
                                                 .identity_seed = {0, 99},
                                                 .peers_max = 8,
                                                 .calls_max = 8};
    world->memory[NET_BROKER] = allocate(punch_broker_size(&world->broker_config));
    punch_err err =
        punch_broker_init(world->memory[NET_BROKER], &world->broker_config, &world->broker);
    PUNCH_ASSERT_EQ(err, PUNCH_OK);
    for (int i = 0; i < NET_PEERS; i++) {
        world->configs[i] = (punch_peer_config){.port = &world->port,
                                                .host = &world->hosts[i],
                                                .identity_seed = {0, (uint8_t)(i + 1)},
                                                .broker = *punch_broker_key(world->broker),
                                                .broker_addr = world->hosts[NET_BROKER].addr,
                                                .calls_max = 4,
                                                .messages_max = 4,
                                                .inbox_max = 4};
        net_make_peer(world, i);
    }
}

void net_free(net *world) {
    for (int i = 0; i <= NET_PEERS; i++) {
        free(world->memory[i]);
    }
}

void net_drain(net *world) {
    for (int i = 0; i < NET_PEERS; i++) {
        punch_event event;
        while (punch_peer_next_event(world->peers[i], &event)) {
            PUNCH_ASSERT(world->event_count < NET_EVENTS);
            net_event *kept = &world->events[world->event_count++];
            kept->host = i;
            kept->event = event;
            if (event.kind == PUNCH_EVENT_MESSAGE) {
                memcpy(kept->data, event.data, event.length);
            }
            if (event.kind == PUNCH_EVENT_RING && world->accepts) {
                (void)punch_peer_accept(world->peers[i], event.call, net_local(world, i));
            }
        }
    }
}

void net_start(net *world) {
    punch_err err = punch_broker_start(world->broker, net_local(world, NET_BROKER));
    PUNCH_ASSERT_EQ(err, PUNCH_OK);
    for (int i = 0; i < NET_PEERS; i++) {
        err = punch_peer_start(world->peers[i], net_local(world, i));
        PUNCH_ASSERT_EQ(err, PUNCH_OK);
    }
    net_drain(world);
}

static void inject(net *world, int host, uint32_t sock, const punch_addr *src, const uint8_t *data,
                   size_t length) {
    const punch_datagram datagram = {.remote = *src,
                                     .local = world->hosts[host].addr,
                                     .sock = sock,
                                     .length = (uint16_t)length,
                                     .data = data};
    if (host == NET_BROKER) {
        punch_broker_on_datagram(world->broker, &datagram, net_local(world, host));
    } else {
        punch_peer_on_datagram(world->peers[host], &datagram, net_local(world, host));
        net_drain(world);
    }
}

void net_inject(net *world, int host, const punch_addr *src, const uint8_t *data, size_t length) {
    inject(world, host, NET_MAIN_SOCK, src, data, length);
}

void net_inject_spare(net *world, int host, const punch_addr *src, const uint8_t *data,
                      size_t length) {
    inject(world, host, NET_SPARE_SOCK, src, data, length);
}

static void deliver(net *world, net_packet *packet) {
    packet->used = false;
    for (int i = 0; i < NET_PEERS; i++) {
        const punch_addr spare = net_spare_addr(world, i);
        if (world->hosts[i].socks == 2 && punch_addr_equal(&spare, &packet->dst)) {
            const net_packet copy = *packet;
            net_inject_spare(world, i, &copy.src, copy.data, copy.length);
            return;
        }
    }
    for (int i = 0; i <= NET_PEERS; i++) {
        if (punch_addr_equal(&world->hosts[i].addr, &packet->dst)) {
            const net_packet copy = *packet;
            net_inject(world, i, &copy.src, copy.data, copy.length);
            return;
        }
    }
}

static punch_time_us host_deadline(const net *world, int host) {
    const punch_time_us local = host == NET_BROKER
                                    ? punch_broker_next_deadline_us(world->broker)
                                    : punch_peer_next_deadline_us(world->peers[host]);
    return local == PUNCH_NEVER ? PUNCH_NEVER : local - world->hosts[host].clock_offset_us;
}

static net_packet *first_packet(net *world) {
    net_packet *first = NULL;
    for (int i = 0; i < NET_PACKETS; i++) {
        net_packet *packet = &world->packets[i];
        if (packet->used && (first == NULL || packet->at_us < first->at_us ||
                             (packet->at_us == first->at_us && packet->order < first->order))) {
            first = packet;
        }
    }
    return first;
}

void net_run(net *world, punch_time_us until_us) {
    for (;;) {
        net_packet *packet = first_packet(world);
        punch_time_us next_us = packet != NULL ? packet->at_us : PUNCH_NEVER;
        int timer = -1;
        for (int i = 0; i <= NET_PEERS; i++) {
            const punch_time_us deadline_us = host_deadline(world, i);
            if (deadline_us < next_us) {
                next_us = deadline_us;
                timer = i;
            }
        }
        if (next_us > until_us) {
            world->now_us = until_us;
            return;
        }
        world->now_us = punch_time_later(world->now_us, next_us);
        if (timer == NET_BROKER) {
            punch_broker_on_timer(world->broker, net_local(world, timer));
        } else if (timer >= 0) {
            punch_peer_on_timer(world->peers[timer], net_local(world, timer));
        } else {
            deliver(world, packet);
        }
        net_drain(world);
    }
}

const net_event *net_find(const net *world, int host, punch_event_kind kind, int nth) {
    for (int i = 0; i < world->event_count; i++) {
        const net_event *event = &world->events[i];
        if (event->host == host && event->event.kind == kind && nth-- == 0) {
            return event;
        }
    }
    return NULL;
}

int net_count(const net *world, int host, punch_event_kind kind) {
    int count = 0;
    while (net_find(world, host, kind, count) != NULL) {
        count++;
    }
    return count;
}

punch_call net_call(net *world, int from, int to) {
    punch_contact contact;
    punch_call call = PUNCH_CALL_NONE;
    punch_err err = punch_peer_mint(world->peers[to], net_local(world, to), &contact);
    PUNCH_ASSERT_EQ(err, PUNCH_OK);
    net_run(world, world->now_us + 2 * world->delay_us); /* the broker learns of the token */
    err = punch_peer_call(world->peers[from], &contact, net_local(world, from), &call);
    PUNCH_ASSERT_EQ(err, PUNCH_OK);
    net_drain(world);
    return call;
}

void net_connect(net *world, punch_call *caller_out, punch_call *callee_out) {
    net_start(world);
    net_run(world, PUNCH_US_PER_S);
    *caller_out = net_call(world, 0, 1);
    net_run(world, world->now_us + 2 * PUNCH_US_PER_S);
    const net_event *callee = net_find(world, 1, PUNCH_EVENT_CONNECTED, 0);
    *callee_out = callee != NULL ? callee->event.call : PUNCH_CALL_NONE;
}

/* --- strategies that keep notes --------------------------------------------------------------- */

_Static_assert(sizeof(net_notebook) <= PUNCH_KEEPALIVE_STATE_MAX, "a state of the largest kind");

#define NOTES_CAP (sizeof((net_notebook *)0)->notes / sizeof((net_notebook *)0)->notes[0])

void net_notes_reset(void *state, const punch_keepalive_settings *settings, punch_time_us now_us) {
    net_notebook *book = state;
    const uint32_t resets = book->resets + 1;
    memset(book, 0, sizeof *book);
    book->resets = resets;
    book->interval_us = settings->interval_us;
    book->now_us = now_us;
}

void net_notes_observe(void *state, const punch_keepalive_evidence *evidence) {
    net_notebook *book = state;
    if (book->count < NOTES_CAP) {
        book->notes[book->count] = *evidence;
    }
    book->count++;
}

uint32_t net_notes_count(const net_notebook *book, punch_evidence_kind kind,
                         punch_time_us at_least_us, punch_time_us at_most_us) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < book->count && i < NOTES_CAP; i++) {
        const punch_keepalive_evidence *note = &book->notes[i];
        const bool fits = note->kind == kind && note->silence_us >= at_least_us &&
                          note->silence_us <= at_most_us && note->unsent_us >= note->silence_us;
        count += fits ? 1 : 0;
    }
    return count;
}

static punch_time_us every_10(const void *state, const punch_keepalive_view *view) {
    PUNCH_ASSERT(state != NULL);
    return view->last_send_at_us + 10 * PUNCH_US_PER_S;
}

static punch_keepalive_probe wish_for_20(const void *state, punch_time_us earliest_us) {
    const net_notebook *book = state;
    (void)earliest_us;
    return (punch_keepalive_probe){.at_us = book->now_us + PUNCH_US_PER_S,
                                   .silence_us = 20 * PUNCH_US_PER_S};
}

const punch_keepalive net_curious_20 = {
    .abi = PUNCH_KEEPALIVE_ABI,
    .state_bytes = sizeof(net_notebook),
    .name = "curious-20",
    .id = {{20}},
    .help = "keeps notes, wishes for probes",
    .silence_after_last_us = 10 * PUNCH_US_PER_S,
    .silence_after_first_us = 10 * PUNCH_US_PER_S,
    .next_send_us = every_10,
    .reset = net_notes_reset,
    .observe = net_notes_observe,
    .probe = wish_for_20,
};
