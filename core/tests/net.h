/* SPDX-License-Identifier: MIT */
/*
 * The smallest world a test of peers needs: one broker, a few peers, a constant one-way delay, a
 * virtual clock, and one hook that sees every packet and may drop it or change its source. No NATs
 * (that is the simulator's business), no randomness.
 */
#ifndef CORE_TESTS_NET_H
#define CORE_TESTS_NET_H

#include "punch/broker.h"
#include "punch/peer.h"

#define NET_PEERS 3
#define NET_PACKETS 256
#define NET_EVENTS 512
#define NET_BROKER NET_PEERS /* host number of the broker */
#define NET_MAIN_SOCK 7
#define NET_SPARE_SOCK 8

typedef struct {
    punch_addr src;
    punch_addr dst;
    punch_time_us at_us; /* arrival */
    uint64_t order;
    uint16_t length;
    uint8_t data[PUNCH_PACKET_MAX];
    bool used;
} net_packet;

typedef struct net net;

/* A packet as it leaves; false drops it. src may be changed: the counterparty then sees it come
 * from there. */
typedef bool (*net_hook)(net *world, net_packet *packet, void *user);

typedef struct {
    net *world;
    int number;
    punch_addr addr;
    punch_time_us clock_offset_us; /* local clock minus world clock */
    uint64_t draws;
    int socks; /* open: the main one, then a spare one on the next port */
} net_host;

typedef struct {
    int host;
    punch_event event;
    uint8_t data[PUNCH_MESSAGE_MAX];
} net_event;

struct net {
    punch_time_us now_us;
    punch_time_us delay_us; /* one way, everywhere */
    uint64_t sent;          /* packets so far */
    net_host hosts[NET_PEERS + 1];
    punch_port port;
    punch_peer *peers[NET_PEERS];
    punch_peer_config configs[NET_PEERS];
    punch_broker *broker;
    punch_broker_config broker_config;
    void *memory[NET_PEERS + 1];
    net_packet packets[NET_PACKETS];
    net_event events[NET_EVENTS]; /* all drained so far */
    int event_count;
    net_hook hook;
    void *hook_user;
    bool accepts; /* callees accept at once */
    uint64_t sent_by_type[256];
};

/* Builds the world, hosts at 192.0.2.<1..>, broker at 198.51.100.1; not started. */
void net_init(net *world, const punch_crypto *crypto);
void net_free(net *world);
/* Makes (or makes anew) the peer from its config. */
void net_make_peer(net *world, int peer);
void net_start(net *world);
/* Runs until the world clock shows until_us. */
void net_run(net *world, punch_time_us until_us);
/* Local clock of a host now. */
punch_time_us net_local(const net *world, int host);
/* The n-th (from 0) event of a kind at a host, or NULL. */
const net_event *net_find(const net *world, int host, punch_event_kind kind, int nth);
int net_count(const net *world, int host, punch_event_kind kind);
/* Peer `from` calls peer `to` now; the handle. */
punch_call net_call(net *world, int from, int to);
/* Starts everything, lets peers 0 and 1 connect, and returns both handles. */
void net_connect(net *world, punch_call *caller_out, punch_call *callee_out);
/* Hands a raw datagram to a host now, on its main socket or its spare one. */
void net_inject(net *world, int host, const punch_addr *src, const uint8_t *data, size_t length);
void net_inject_spare(net *world, int host, const punch_addr *src, const uint8_t *data,
                      size_t length);
/* Where a host's spare socket is. */
punch_addr net_spare_addr(const net *world, int host);
void net_drain(net *world);

/* What a strategy was told, for tests to read. */
typedef struct {
    uint32_t resets;
    uint32_t count; /* of notes, also those beyond the table */
    punch_time_us interval_us;
    punch_time_us now_us; /* of the last reset */
    punch_keepalive_evidence notes[16];
} net_notebook;

/* The state of a strategy that keeps nothing but notes. */
void net_notes_reset(void *state, const punch_keepalive_settings *settings, punch_time_us now_us);
void net_notes_observe(void *state, const punch_keepalive_evidence *evidence);
/* How many notes are of a kind and of a silence within these bounds. */
uint32_t net_notes_count(const net_notebook *book, punch_evidence_kind kind,
                         punch_time_us at_least_us, punch_time_us at_most_us);

/* Keeps notes, sends every 10 s, and always wishes for a probe of 20 s, from 1 s after reset on. */
extern const punch_keepalive net_curious_20;

#endif
