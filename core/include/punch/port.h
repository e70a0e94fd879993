/* SPDX-License-Identifier: MIT */
/*
 * The virtual socket layer: the core's only door to the world. The host implements punch_port once
 * (simulator, ns-3, real sockets) and hands it over with a `host` pointer of its own, which the
 * core passes back and never looks into.
 *
 * Answers that take time come back as entries of the peer or broker (on_datagram, on_timer,
 * on_network_change; those for mappings and ICMP come with what uses them).
 */
#ifndef PUNCH_PORT_H
#define PUNCH_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "punch/addr.h"
#include "punch/crypto.h"
#include "punch/error.h"
#include "punch/time.h"

/* What a port can do beyond plain UDP over IPv4. */
enum {
    PUNCH_CAP_TCP_SHAPE = 1u << 0, /* send and receive segments shaped like a TCP handshake */
    PUNCH_CAP_TTL = 1u << 1,       /* set the TTL of a datagram */
    PUNCH_CAP_ICMP = 1u << 2,      /* reports ICMP errors through on_icmp */
    PUNCH_CAP_IPV6 = 1u << 3,      /* IPv6 sockets */
    PUNCH_CAP_MAP = 1u << 4        /* map_request: UPnP, NAT-PMP or PCP */
};

typedef enum {
    PUNCH_SHAPE_UDP = 0,
    PUNCH_SHAPE_TCP_SYN = 1,
    PUNCH_SHAPE_TCP_SYN_ACK = 2,
    PUNCH_SHAPE_TCP_ACK = 3
} punch_shape;

#define PUNCH_TTL_DEFAULT 0 /* leave the TTL to the host */

/* A datagram on its way out (data borrowed for the call) or in (likewise). */
typedef struct {
    punch_addr local;  /* address of our socket; the host may leave it unspecified on the way out */
    punch_addr remote; /* destination on the way out, source on the way in */
    uint32_t sock;     /* as sock_open gave it */
    uint8_t shape;     /* punch_shape */
    uint8_t ttl;       /* PUNCH_TTL_DEFAULT or 1..255 */
    uint16_t length;   /* 0..PUNCH_PACKET_MAX */
    const uint8_t *data;
} punch_datagram;

/* A port mapping wished for (PUNCH_CAP_MAP). lifetime_us 0 removes it. */
typedef struct {
    uint32_t sock;
    punch_time_us lifetime_us;
} punch_map_request;

/* What the core tells a listener about itself, for replay and debugging. Costs nothing when
 * port->trace is NULL. */
typedef enum {
    PUNCH_TRACE_STATE,    /* text: what changed, in words ("registered", "call ringing", ...) */
    PUNCH_TRACE_SENT,     /* type, remote, length */
    PUNCH_TRACE_RECEIVED, /* type, remote, length: authenticated and taken */
    PUNCH_TRACE_DROPPED   /* type, remote, length; text: the name of the counter it went to */
} punch_trace_kind;

typedef struct {
    punch_trace_kind kind;
    uint8_t type;    /* wire type byte, 0 when none */
    uint16_t length; /* bytes on the wire, 0 when none */
    uint32_t call;   /* call handle, or 0xffffffff */
    punch_addr remote;
    const char *text; /* static */
    int64_t number;   /* an amount belonging to text (a gap in us, a count), else 0 */
    punch_time_us now_us;
} punch_trace;

typedef struct punch_port {
    uint32_t capabilities; /* PUNCH_CAP_* */
    /* Opens a UDP socket. bind->port 0 lets the host choose. */
    punch_err (*sock_open)(void *host, const punch_addr *bind, uint32_t *sock_out);
    void (*sock_close)(void *host, uint32_t sock);
    /* Hands a datagram to the network. Loss is silent; an error means the local stack refused. */
    punch_err (*send)(void *host, const punch_datagram *datagram);
    /* Fills with bytes fit for keys (in a simulator: from a named stream). */
    void (*random)(void *host, uint8_t *out, size_t length);
    /* The host's own addresses with the port of sock; returns how many it wrote, at most cap. */
    size_t (*local_addrs)(void *host, uint32_t sock, punch_addr *out, size_t cap);
    /* Asks the gateway for a mapping; answered by on_map_result. NULL without PUNCH_CAP_MAP. */
    punch_err (*map_request)(void *host, const punch_map_request *request);
    /* May be NULL. */
    void (*trace)(void *host, const punch_trace *record);
    const punch_crypto *crypto;
} punch_port;

#endif
