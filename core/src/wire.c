/* SPDX-License-Identifier: MIT */
/*
 * Names of the packet types, and the two bytes every packet begins with.
 */
#include "punch/wire.h"

#include "channel.h"

const char *punch_type_name(uint8_t type) {
    switch ((punch_type)type) {
    case PUNCH_TYPE_NONE:
        break;
    case PUNCH_TYPE_COOKIE_REQUEST:
        return "COOKIE_REQUEST";
    case PUNCH_TYPE_COOKIE:
        return "COOKIE";
    case PUNCH_TYPE_HELLO:
        return "HELLO";
    case PUNCH_TYPE_WELCOME:
        return "WELCOME";
    case PUNCH_TYPE_RESTARTED:
        return "RESTARTED";
    case PUNCH_TYPE_REGISTER:
        return "REGISTER";
    case PUNCH_TYPE_REGISTERED:
        return "REGISTERED";
    case PUNCH_TYPE_CALL:
        return "CALL";
    case PUNCH_TYPE_CALLING:
        return "CALLING";
    case PUNCH_TYPE_RING:
        return "RING";
    case PUNCH_TYPE_ACCEPT:
        return "ACCEPT";
    case PUNCH_TYPE_REFUSE:
        return "REFUSE";
    case PUNCH_TYPE_REFUSED:
        return "REFUSED";
    case PUNCH_TYPE_GO:
        return "GO";
    case PUNCH_TYPE_GO_ACK:
        return "GO_ACK";
    case PUNCH_TYPE_PROBE:
        return "PROBE";
    case PUNCH_TYPE_PROBED:
        return "PROBED";
    case PUNCH_TYPE_ECHO:
        return "ECHO";
    case PUNCH_TYPE_ECHOING:
        return "ECHOING";
    case PUNCH_TYPE_ECHOED:
        return "ECHOED";
    case PUNCH_TYPE_INTRO:
        return "INTRO";
    case PUNCH_TYPE_INTRO_ACK:
        return "INTRO_ACK";
    case PUNCH_TYPE_KEEPALIVE:
        return "KEEPALIVE";
    case PUNCH_TYPE_ARE_YOU_THERE:
        return "ARE_YOU_THERE";
    case PUNCH_TYPE_HERE:
        return "HERE";
    case PUNCH_TYPE_MESSAGE:
        return "MESSAGE";
    case PUNCH_TYPE_MESSAGE_ACK:
        return "MESSAGE_ACK";
    case PUNCH_TYPE_RENEGOTIATE:
        return "RENEGOTIATE";
    case PUNCH_TYPE_RENEGOTIATED:
        return "RENEGOTIATED";
    case PUNCH_TYPE_BYE:
        return "BYE";
    }
    return "unknown";
}

uint8_t punch_packet_type(const uint8_t *packet, size_t length) {
    return length >= 2 && packet[0] == PUNCH_WIRE_VERSION ? packet[1] : PUNCH_TYPE_NONE;
}

uint32_t punch_packet_receiver(const uint8_t *packet, size_t length) {
    return punch_channel_index_of(packet, length);
}
