/* SPDX-License-Identifier: MIT */
/*
 * Hostile packets at a connected peer. The input is a list of records: what (1 byte), length (1
 * byte), that many bytes.
 *
 *   0  raw datagram from a stranger
 *   1  raw datagram from the broker's address
 *   2  body sealed by the counterparty (first byte: type)
 *   3  body sealed by the broker (first byte: type)
 *   4  time passes (length x 100 ms)
 *   5  as 3, to the spare port
 *
 * Raw datagrams must never be answered and never be believed; sealed ones may do what they can, but
 * not crash or amplify beyond one answer to every address we may send to.
 */
#include <stdlib.h>

#include "net.h"
#include "peer_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void raw(net *world, const punch_addr *from, const uint8_t *data, size_t length) {
    const uint64_t sent = world->sent;
    const uint64_t believed = punch_peer_counters(world->peers[1])->received_packets;
    /* A cookie that answers our request is the one raw packet that may be answered. */
    const bool handshake = world->peers[1]->link.phase != LINK_SETTLED;
    net_inject(world, 1, from, data, length);
    PUNCH_ASSERT(handshake || world->sent <= sent + 1);
    PUNCH_ASSERT_EQ(punch_peer_counters(world->peers[1])->received_packets, believed);
}

/* Seals the bytes as the body of a packet that peer 1 will authenticate. */
static void sealed(net *world, punch_channel *channel, uint32_t sock, const punch_addr *from,
                   const uint8_t *data, size_t length) {
    uint8_t packet[PUNCH_PACKET_MAX];
    size_t total = 0;
    if (length == 0) {
        return;
    }
    memcpy(packet + PUNCH_CHANNEL_HEADER_BYTES, data + 1, length - 1);
    if (punch_channel_seal(channel, &punch_crypto_sodium, data[0], packet, length - 1, &total) ==
        PUNCH_OK) {
        const uint64_t sent = world->sent;
        if (sock == NET_SPARE_SOCK) {
            net_inject_spare(world, 1, from, packet, total);
        } else {
            net_inject(world, 1, from, packet, total);
        }
        PUNCH_ASSERT(world->sent <= sent + 2 * PUNCH_TARGETS_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    net *world = calloc(1, sizeof *world);
    punch_call calls[2];
    if (world == NULL || punch_crypto_sodium_init() != PUNCH_OK) {
        abort();
    }
    net_init(world, &punch_crypto_sodium);
    world->configs[1].broker_keepalive = &net_curious_20; /* opens a spare port, too */
    net_make_peer(world, 1);
    net_connect(world, &calls[0], &calls[1]);
    PUNCH_ASSERT(net_count(world, 1, PUNCH_EVENT_CONNECTED) == 1);
    const punch_addr stranger = punch_addr_ipv4(0xcb007105, 666);
    const punch_addr *broker = &world->hosts[NET_BROKER].addr;
    /* The broker's end of peer 1's channel, as a broker that has gone bad would use it. */
    punch_channel theirs = world->peers[1]->link.channel;
    theirs.send_key = world->peers[1]->link.channel.receive_key;
    theirs.local_index = world->peers[1]->link.channel.remote_index;
    theirs.remote_index = world->peers[1]->link.channel.local_index;
    theirs.next_sequence = 1000;
    int records = 0;
    while (size >= 2 && records++ < 64) {
        const uint8_t what = data[0] % 6;
        size_t length = data[1];
        data += 2;
        size -= 2;
        if (what == 4) {
            net_run(world, world->now_us + (punch_time_us)length * 100 * PUNCH_US_PER_MS);
            world->event_count = 0;
            continue;
        }
        length = length < size ? length : size;
        if (what == 0 || what == 1) {
            raw(world, what == 0 ? &stranger : broker, data, length);
        } else if (what == 2) {
            sealed(world, &world->peers[0]->calls[calls[0] & 0xff].channel, NET_MAIN_SOCK,
                   &stranger, data, length);
        } else {
            sealed(world, &theirs, what == 5 ? NET_SPARE_SOCK : NET_MAIN_SOCK, broker, data,
                   length);
        }
        world->event_count = 0;
        data += length;
        size -= length;
    }
    net_free(world);
    free(world);
    return 0;
}
