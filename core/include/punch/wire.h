/* SPDX-License-Identifier: MIT */
/*
 * The outside of a packet: version byte, type byte. What follows is sealed (src/codec.h); the type
 * is in the clear, so that tools can name a packet without its keys.
 */
#ifndef PUNCH_WIRE_H
#define PUNCH_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define PUNCH_WIRE_VERSION 1

typedef enum {
    PUNCH_TYPE_NONE = 0,
    /* peer -> broker and back, before a key exists */
    PUNCH_TYPE_COOKIE_REQUEST = 1, /* padded to the size of COOKIE */
    PUNCH_TYPE_COOKIE = 2,
    PUNCH_TYPE_HELLO =
        3, /* Noise-IK-shaped: cookie, ephemeral, sealed static, sealed registration */
    PUNCH_TYPE_WELCOME = 4, /* ephemeral, sealed answer */
    PUNCH_TYPE_RESTARTED =
        5, /* broker: "I do not know you"; unauthenticated hint, never longer than what caused it */
    /* peer <-> broker, sealed */
    PUNCH_TYPE_REGISTER = 16,   /* keepalive of the registration; token hashes */
    PUNCH_TYPE_REGISTERED = 17, /* broker's clock stamp, address as the broker sees it */
    PUNCH_TYPE_CALL = 18,
    PUNCH_TYPE_CALLING = 19, /* broker has the call and rings */
    PUNCH_TYPE_RING = 20,
    PUNCH_TYPE_ACCEPT = 21,
    PUNCH_TYPE_REFUSE = 22,
    PUNCH_TYPE_REFUSED = 23,
    PUNCH_TYPE_GO = 24,
    PUNCH_TYPE_GO_ACK = 25,
    PUNCH_TYPE_PROBE = 26,   /* from a spare port, padded to the size of PROBED */
    PUNCH_TYPE_PROBED = 27,  /* to that port: where it is seen, and a cookie that says so */
    PUNCH_TYPE_ECHO = 28,    /* that cookie: send to where it says */
    PUNCH_TYPE_ECHOING = 29, /* done, or refused */
    PUNCH_TYPE_ECHOED = 30,  /* to the spare port */
    /* peer <-> peer, sealed */
    PUNCH_TYPE_INTRO = 32,
    PUNCH_TYPE_INTRO_ACK = 33,
    PUNCH_TYPE_KEEPALIVE = 34,
    PUNCH_TYPE_ARE_YOU_THERE = 35,
    PUNCH_TYPE_HERE = 36, /* answer to ARE_YOU_THERE */
    PUNCH_TYPE_MESSAGE = 37,
    PUNCH_TYPE_MESSAGE_ACK = 38,
    PUNCH_TYPE_RENEGOTIATE = 39,
    PUNCH_TYPE_RENEGOTIATED = 40,
    PUNCH_TYPE_BYE = 41
} punch_type;

#ifdef __cplusplus
extern "C" {
#endif

/* "INTRO", "REGISTER", ...; "type 77" kinds answer "unknown". Never NULL. */
const char *punch_type_name(uint8_t type);

/* The type byte of a packet of our version, or PUNCH_TYPE_NONE. Total. */
uint8_t punch_packet_type(const uint8_t *packet, size_t length);

/* To which end of a channel a sealed packet (types 16 and above) is addressed: between peers the
 * receiver's call handle. 0 when the packet is too short to be sealed. Total. */
uint32_t punch_packet_receiver(const uint8_t *packet, size_t length);

#ifdef __cplusplus
}
#endif

#endif
