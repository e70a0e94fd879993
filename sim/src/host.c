/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host drives one core object, unmodified, through the doors every real host uses: a port,
 * entries with the local time, a deadline read afterwards, events drained afterwards.
 *
 * A host has at most one live timer event. It is armed lazily: a deadline that moves away leaves it
 * where it is (popped early, it is pushed again), one that comes nearer pushes a new event and
 * makes the old one stale, which is told by its sequence number.
 */
#include <string.h>

#include "punch/assert.h"
#include "punch/bytes.h"
#include "purpose.h"
#include "sim/clock.h"
#include "sim/digest.h"
#include "world_internal.h"

punch_time_us sim_host_local_us(const sim_world *world, uint32_t index) {
    return sim_clock_local_us(world->hosts[index].clock, world->now_us);
}

/* A host has one socket on the port of its address, and room for a second. */
#define MAIN_SOCK 0
#define SPARE_SOCK 1

punch_addr sim_host_sock_addr(const sim_host *host, uint32_t sock) {
    punch_addr addr = host->addr;
    if (sock == SPARE_SOCK) {
        addr.port = (uint16_t)(addr.port < UINT16_MAX ? addr.port + 1 : addr.port - 1);
    }
    return addr;
}

bool sim_host_listens_at(const sim_host *host, const punch_addr *addr) {
    return punch_addr_same_ip(&host->addr, addr) &&
           ((host->is_bound && addr->port == host->addr.port) ||
            (host->is_spare_bound && addr->port == sim_host_sock_addr(host, SPARE_SOCK).port));
}

/* --- the port ----------------------------------------------------------------------------------
 */

static punch_err port_sock_open(void *user, const punch_addr *bind, uint32_t *sock_out) {
    sim_host *at = user;
    if (at->is_bound) {
        if (at->is_spare_bound || bind->port != 0) {
            return PUNCH_ERR_PORT;
        }
        at->is_spare_bound = true;
        *sock_out = SPARE_SOCK;
        return PUNCH_OK;
    }
    if (bind->port != 0 && bind->port != at->addr.port) {
        return PUNCH_ERR_PORT;
    }
    at->is_bound = true;
    *sock_out = MAIN_SOCK;
    return PUNCH_OK;
}

static void port_sock_close(void *user, uint32_t sock) {
    sim_host *at = user;
    if (sock == SPARE_SOCK) {
        PUNCH_ASSERT(at->is_spare_bound);
        at->is_spare_bound = false;
        return;
    }
    PUNCH_ASSERT_EQ(sock, MAIN_SOCK);
    at->is_bound = false;
}

static punch_err port_send(void *user, const punch_datagram *datagram) {
    sim_host *at = user;
    PUNCH_ASSERT(datagram->length <= PUNCH_PACKET_MAX);
    const bool is_open = datagram->sock == SPARE_SOCK ? at->is_spare_bound : at->is_bound;
    if (!is_open || datagram->remote.family == PUNCH_FAMILY_NONE || datagram->remote.port == 0) {
        return PUNCH_ERR_PORT;
    }
    sim_fabric_send(at->world, sim_host_index(at), datagram);
    return PUNCH_OK;
}

static void port_random(void *user, uint8_t *out, size_t length) {
    sim_host *at = user;
    for (size_t i = 0; i < length; i += 8) {
        uint8_t bytes[8];
        punch_put_be(bytes, sizeof bytes, punch_rng_u64(&at->random));
        memcpy(out + i, bytes, length - i < 8 ? length - i : 8);
    }
}

static size_t port_local_addrs(void *user, uint32_t sock, punch_addr *out, size_t cap) {
    const sim_host *at = user;
    PUNCH_ASSERT_EQ(sock, MAIN_SOCK);
    if (cap == 0) {
        return 0;
    }
    out[0] = at->addr;
    return 1;
}

static void port_trace(void *user, const punch_trace *record) {
    const sim_host *at = user;
    const sim_world *world = at->world;
    const uint32_t index = sim_host_index(at);
    const sim_saw saw = {.kind = SIM_SAW_CORE,
                         .at_us = world->now_us,
                         .host = index,
                         .site = at->site,
                         .type = record->type,
                         .length = record->length,
                         .text = record->text,
                         .trace = record};
    world->observer->saw(world->observer->user, &saw);
}

punch_port sim_host_port(const punch_crypto *crypto, const sim_observer *observer) {
    const punch_port port = {.capabilities = 0,
                             .sock_open = port_sock_open,
                             .sock_close = port_sock_close,
                             .send = port_send,
                             .random = port_random,
                             .local_addrs = port_local_addrs,
                             .map_request = NULL,
                             .trace = observer != NULL ? port_trace : NULL,
                             .crypto = crypto};
    return port;
}

/* --- making ------------------------------------------------------------------------------------
 */

static void peer_config_sizes(const sim_host_plan *plan, punch_peer_config *config) {
    memset(config, 0, sizeof *config);
    config->bind = plan->addr;
    config->broker_keepalive = plan->broker_keepalive;
    memcpy(config->offers, plan->offers, sizeof config->offers);
    memcpy(config->later, plan->later, sizeof config->later);
    config->calls_max = plan->calls_max;
    config->messages_max = plan->messages_max;
    config->inbox_max = plan->inbox_max;
    config->options = plan->options;
}

static void broker_config_sizes(const sim_host_plan *plan, punch_broker_config *config) {
    memset(config, 0, sizeof *config);
    config->bind = plan->addr;
    config->peers_max = plan->peers_max;
    config->calls_max = plan->broker_calls_max;
}

size_t sim_host_core_bytes(const sim_plan *plan, uint32_t index) {
    const punch_port port = sim_host_port(plan->crypto, NULL);
    const sim_host_plan *host = &plan->hosts[index];
    if (host->kind == SIM_HOST_BROKER) {
        punch_broker_config config;
        broker_config_sizes(host, &config);
        config.port = &port;
        return punch_broker_size(&config);
    }
    punch_peer_config config;
    peer_config_sizes(host, &config);
    config.port = &port;
    config.broker_addr = plan->hosts[host->broker].addr;
    const size_t bytes = punch_peer_size(&config);
    return bytes > 0 ? bytes + host->learning_bytes : 0;
}

static void identity_seed(const sim_world *world, uint32_t index, uint8_t seed[PUNCH_KEY_BYTES]) {
    punch_rng rng = punch_rng_stream(world->seed, index, SIM_PURPOSE_IDENTITY);
    for (size_t i = 0; i < PUNCH_KEY_BYTES; i += 8) {
        punch_put_be(seed + i, 8, punch_rng_u64(&rng));
    }
}

/* Resets an object of the same sizes, which costs little, or makes one in the host's memory. */
static void make_broker(sim_world *world, uint32_t index) {
    sim_host *at = &world->hosts[index];
    punch_broker_config config;
    broker_config_sizes(sim_world_host_plan(world, index), &config);
    config.port = &world->port;
    config.host = at;
    identity_seed(world, index, config.identity_seed);
    if (at->is_made && punch_broker_reset(at->core, &config) == PUNCH_OK) {
        return;
    }
    PUNCH_ASSERT(punch_broker_size(&config) <= at->core_cap);
    punch_broker *made = NULL;
    PUNCH_ASSERT_EQ(punch_broker_init(at->core, &config, &made), PUNCH_OK);
    PUNCH_ASSERT((void *)made == at->core);
}

static void make_peer(sim_world *world, uint32_t index) {
    sim_host *at = &world->hosts[index];
    const sim_host_plan *plan = sim_world_host_plan(world, index);
    punch_peer_config config;
    peer_config_sizes(plan, &config);
    config.port = &world->port;
    config.host = at;
    config.broker = *punch_broker_key(world->hosts[plan->broker].core);
    config.broker_addr = sim_world_host_plan(world, plan->broker)->addr;
    identity_seed(world, index, config.identity_seed);
    if (at->is_made && punch_peer_reset(at->core, &config) == PUNCH_OK) {
        return;
    }
    PUNCH_ASSERT(punch_peer_size(&config) <= at->core_cap);
    punch_peer *made = NULL;
    PUNCH_ASSERT_EQ(punch_peer_init(at->core, &config, &made), PUNCH_OK);
    PUNCH_ASSERT((void *)made == at->core);
}

void sim_host_make(sim_world *world, uint32_t index) {
    sim_host *at = &world->hosts[index];
    const sim_host_plan *plan = sim_world_host_plan(world, index);
    at->world = world;
    at->clock = (sim_clock){plan->clock_offset_us, plan->clock_drift_ppb};
    at->random = punch_rng_stream(world->seed, index, SIM_PURPOSE_RANDOM);
    at->deadline_at_us = PUNCH_NEVER;
    at->timer_at_us = PUNCH_NEVER;
    at->woken_at_us = PUNCH_NEVER;
    at->first_call = SIM_NONE;
    at->meter = SIM_NONE;
    at->wakes = 0;
    at->is_started = false;
    at->is_bound = false;
    at->is_spare_bound = false;
    at->is_down = false;
    at->has_slept = false;
    at->has_crashed = false;
    at->is_made = at->is_made && at->kind == (uint8_t)plan->kind;
    at->kind = (uint8_t)plan->kind;
    if (plan->kind == SIM_HOST_BROKER) {
        make_broker(world, index);
    } else {
        make_peer(world, index);
    }
    at->is_made = true;
}

/* --- entries -----------------------------------------------------------------------------------
 */

/* No core is ever entered from within another's entry. */
static void enter_core(sim_world *world) {
    PUNCH_ASSERT(!world->in_core);
    world->in_core = true;
}

static void leave_core(sim_world *world) {
    world->in_core = false;
}

static void arm(sim_world *world, uint32_t index) {
    sim_host *at = &world->hosts[index];
    const punch_time_us local_us = at->kind == SIM_HOST_BROKER
                                       ? punch_broker_next_deadline_us(at->core)
                                       : punch_peer_next_deadline_us(at->core);
    const punch_time_us due_us = sim_clock_world_us(at->clock, local_us);
    at->deadline_at_us = punch_time_later(due_us, world->now_us);
    if (at->deadline_at_us < at->timer_at_us) {
        sim_world_push_timer(world, at, at->deadline_at_us);
    }
}

static void saw_event(const sim_world *world, uint32_t index, const punch_event *event) {
    const sim_saw saw = {.kind = SIM_SAW_EVENT,
                         .at_us = world->now_us,
                         .host = index,
                         .site = world->hosts[index].site,
                         .src = event->remote,
                         .text = punch_event_name(event->kind),
                         .event = event};
    world->observer->saw(world->observer->user, &saw);
}

static void digest_event(sim_world *world, uint32_t index, const punch_event *event) {
    uint64_t digest = world->result->digest;
    digest = sim_digest_word(digest, (uint64_t)world->now_us);
    digest = sim_digest_word(digest, (uint64_t)index << 32 | (uint64_t)event->kind << 16 |
                                         (uint64_t)event->fail << 8 | (uint64_t)event->outcome);
    digest = sim_digest_word(digest, (uint64_t)event->call << 32 | event->message);
    world->result->digest = sim_digest_addr(digest, &event->remote);
}

void sim_host_settle(sim_world *world, uint32_t index) {
    sim_host *at = &world->hosts[index];
    if (at->kind == SIM_HOST_PEER) {
        punch_event event;
        while (punch_peer_next_event(at->core, &event)) {
            digest_event(world, index, &event);
            if (world->observer != NULL) {
                saw_event(world, index, &event);
            }
            sim_calls_on_event(world, index, &event);
        }
    }
    arm(world, index);
}

void sim_host_start(sim_world *world, uint32_t index) {
    sim_host *at = &world->hosts[index];
    if (at->kind == SIM_HOST_PEER && at->is_down) {
        return; /* when it wakes */
    }
    const punch_time_us local_us = sim_host_local_us(world, index);
    at->is_started = true;
    enter_core(world);
    if (at->kind == SIM_HOST_BROKER) {
        PUNCH_ASSERT_EQ(punch_broker_start(at->core, local_us), PUNCH_OK);
    } else {
        PUNCH_ASSERT_EQ(punch_peer_start(at->core, local_us), PUNCH_OK);
        sim_calls_mint(world, index);
    }
    leave_core(world);
    sim_host_settle(world, index);
}

void sim_host_restart_broker(sim_world *world, uint32_t index) {
    sim_host *at = &world->hosts[index];
    if (!at->is_started) {
        return;
    }
    at->is_bound = false;
    make_broker(world, index);
    sim_host_start(world, index);
}

void sim_host_wake(sim_world *world, uint32_t index, bool network_changed) {
    sim_host *at = &world->hosts[index];
    if (!at->is_started) {
        if (world->now_us >= sim_world_host_plan(world, index)->start_at_us) {
            sim_host_start(world, index);
        }
        return;
    }
    if (network_changed) {
        enter_core(world);
        punch_peer_on_network_change(at->core, sim_host_local_us(world, index));
        leave_core(world);
    }
    sim_host_settle(world, index);
}

void sim_host_renegotiate(sim_world *world, uint32_t index, const punch_keepalive *const *offers) {
    const sim_host *at = &world->hosts[index];
    if (!at->is_started || at->is_down) {
        return;
    }
    enter_core(world);
    for (uint32_t i = at->first_call; i != SIM_NONE;) {
        const uint32_t side = world->plan->calls[i].caller == index ? 0 : 1;
        const sim_side *end = &world->calls[i].sides[side];
        if (end->is_known && !end->is_ended) { /* refused by the core where not connected */
            (void)punch_peer_renegotiate(at->core, end->handle, offers,
                                         sim_host_local_us(world, index));
        }
        i = world->calls[i].next_call[side];
    }
    leave_core(world);
    sim_host_settle(world, index);
}

void sim_host_on_timer(sim_world *world, uint32_t index, uint32_t seq) {
    sim_host *at = &world->hosts[index];
    if (seq != at->timer_seq || at->timer_at_us != world->now_us) {
        return; /* stale: an earlier one was armed since */
    }
    at->timer_at_us = PUNCH_NEVER;
    if (at->kind == SIM_HOST_PEER && at->is_down) {
        return; /* armed again when it wakes */
    }
    if (at->deadline_at_us > world->now_us) {
        if (at->deadline_at_us != PUNCH_NEVER) {
            sim_world_push_timer(world, at, at->deadline_at_us);
        }
        return;
    }
    sim_invariants_on_wake(world, at);
    const punch_time_us local_us = sim_host_local_us(world, index);
    enter_core(world);
    if (at->kind == SIM_HOST_BROKER) {
        punch_broker_on_timer(at->core, local_us);
    } else {
        punch_peer_on_timer(at->core, local_us);
    }
    leave_core(world);
    sim_host_settle(world, index);
}

void sim_host_on_packet(sim_world *world, uint32_t index, const sim_packet *packet) {
    sim_host *at = &world->hosts[index];
    const bool is_main = packet->dst.port == at->addr.port;
    const punch_datagram datagram = {.local = packet->dst,
                                     .remote = packet->src,
                                     .sock = is_main ? MAIN_SOCK : SPARE_SOCK,
                                     .shape = packet->shape,
                                     .ttl = packet->ttl,
                                     .length = packet->length,
                                     .data = packet->data};
    const punch_time_us local_us = sim_host_local_us(world, index);
    enter_core(world);
    if (at->kind == SIM_HOST_BROKER) {
        punch_broker_on_datagram(at->core, &datagram, local_us);
    } else {
        punch_peer_on_datagram(at->core, &datagram, local_us);
    }
    leave_core(world);
    sim_host_settle(world, index);
}
