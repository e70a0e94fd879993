/* SPDX-License-Identifier: MIT */
/*
 * Signalling of calls (protocol §3), both roles, and the slots they live in.
 *
 *   caller: waiting -> calling -> (GO) ready -> punching -> connected -> ended
 *   callee: ringing -> accepted -> (GO) ready -> punching -> connected -> ended
 *
 * CALL is repeated until the broker answers, then asked after every CALL_POLL_US while the callee
 * is rung: so a lost REFUSED or a restarted broker cannot leave a caller hanging. ACCEPT is
 * repeated until GO. Whoever hears nothing from the broker about a call for PUNCH_RETRY_TOTAL_US
 * gives up.
 */
#include "peer_internal.h"

#define CALL_POLL_US (2 * PUNCH_US_PER_S)       /* chosen: a tenth of PUNCH_RETRY_TOTAL_US */
#define CALL_REPEAT_US_MAX (4 * PUNCH_US_PER_S) /* ceiling of CALL and ACCEPT repeats: chosen */

/* --- slots and handles ------------------------------------------------------------------------ */

static bool is_live(const punch_call_slot *slot) {
    return slot->state != CALL_FREE && slot->state != CALL_ENDED;
}

/* A slot for a new call: a free one, else the ended one that is nearest to being forgotten. */
static punch_call_slot *take_slot(punch_peer *peer) {
    punch_call_slot *best = NULL;
    for (uint16_t i = 0; i < peer->config.calls_max; i++) {
        punch_call_slot *slot = &peer->calls[i];
        if (slot->state == CALL_FREE) {
            best = slot;
            break;
        }
        if (slot->state == CALL_ENDED &&
            (best == NULL || slot->forget_at_us < best->forget_at_us)) {
            best = slot;
        }
    }
    if (best == NULL) {
        return NULL;
    }
    const uint32_t index = (uint32_t)(best - peer->calls);
    memset(best, 0, sizeof *best);
    peer->call_generation = (peer->call_generation + 1) & 0x7fffff;
    best->handle = (peer->call_generation + 1) << 8 | index; /* never 0, never PUNCH_CALL_NONE */
    best->retry_at_us = PUNCH_NEVER;
    best->forget_at_us = PUNCH_NEVER;
    return best;
}

punch_call_slot *punch_call_find(punch_peer *peer, punch_call call) {
    const uint32_t index = call & 0xff;
    if (index >= peer->config.calls_max) {
        return NULL;
    }
    punch_call_slot *slot = &peer->calls[index];
    return is_live(slot) && slot->handle == call ? slot : NULL;
}

static punch_call_slot *find_by_id(punch_peer *peer, const punch_call_id *id) {
    for (uint16_t i = 0; i < peer->config.calls_max; i++) {
        punch_call_slot *slot = &peer->calls[i];
        if (slot->state != CALL_FREE && memcmp(&slot->id, id, sizeof *id) == 0) {
            return slot;
        }
    }
    return NULL;
}

void punch_call_end(punch_peer *peer, punch_call_slot *slot, punch_fail fail,
                    punch_time_us now_us) {
    punch_message_end(peer, slot, now_us);
    slot->state = CALL_ENDED;
    slot->fail = fail;
    slot->retry_at_us = PUNCH_NEVER;
    slot->forget_at_us = now_us + PUNCH_CALL_LINGER_US;
    punch_outbox_event(peer, PUNCH_EVENT_ENDED, slot->handle, now_us)->detail = (uint8_t)fail;
    punch_outbox_trace_state(peer, slot->handle, punch_fail_name(fail), 0, now_us);
}

/* --- invitations and keys --------------------------------------------------------------------- */

/* Our half of the future session, sealed for the counterparty. */
static punch_err make_invitation(punch_peer *peer, punch_call_slot *slot) {
    const punch_port *port = peer->config.port;
    punch_invitation invitation = {.index = slot->handle};
    punch_key key;
    uint8_t seed[PUNCH_KEY_BYTES];
    size_t length = 0;
    port->random(peer->config.host, (uint8_t *)&invitation.nonce, sizeof invitation.nonce);
    port->random(peer->config.host, seed, sizeof seed);
    port->crypto->keypair_from_seed(seed, &slot->ephemeral);
    invitation.ephemeral = slot->ephemeral.public_key;
    invitation.candidate_count = (uint8_t)port->local_addrs(
        peer->config.host, peer->sock, invitation.candidates, PUNCH_CANDIDATES_MAX);
    for (uint16_t i = 0; i < peer->offer_count; i++) {
        invitation.offers[i] = peer->offers[i]->id;
    }
    invitation.offer_count = (uint8_t)peer->offer_count;
    punch_invitation_key(port->crypto, &slot->static_secret, slot->role, &slot->id, &key);
    const punch_err err =
        punch_invitation_seal(port->crypto, &key, &invitation, slot->blob, &length);
    slot->blob_length = (uint16_t)length;
    return err;
}

/* The counterparty's half, from a RING or GO. */
static punch_err open_invitation(const punch_peer *peer, const punch_key *static_secret,
                                 punch_role theirs, const punch_signal *signal,
                                 punch_invitation *invitation_out) {
    const punch_crypto *crypto = peer->config.port->crypto;
    punch_key key;
    punch_invitation_key(crypto, static_secret, theirs, &signal->call_id, &key);
    return punch_invitation_open(crypto, &key, signal->blob, signal->blob_length, invitation_out);
}

/* Both halves are known: the session's channel. Secrets that have done their work are wiped. */
static punch_err make_channel(punch_peer *peer, punch_call_slot *slot) {
    const punch_session_input input = {
        .static_secret = &slot->static_secret,
        .ephemeral_secret = &slot->ephemeral.secret,
        .ephemeral_public = &slot->theirs.ephemeral,
        .call_id = &slot->id,
        .role = slot->role,
        .local_index = slot->handle,
        .remote_index = slot->theirs.index,
    };
    const punch_err err = punch_session_keys(peer->config.port->crypto, &input, &slot->channel);
    if (err == PUNCH_OK) {
        slot->keyed = true;
        slot->static_secret = (punch_key){{0}};
        slot->ephemeral.secret = (punch_key){{0}};
        punch_session_prepare(peer, slot);
    }
    return err;
}

/* --- what we send ----------------------------------------------------------------------------- */

static void send_about(punch_peer *peer, uint8_t type, const punch_call_slot *slot,
                       punch_time_us now_us) {
    const punch_signal signal = {
        .call_id = slot->id,
        .token = slot->token,
        .key = slot->counterparty,
        .rtt_us = punch_link_rtt_us(peer),
        .blob_length = slot->blob_length,
        .blob = slot->blob,
    };
    punch_outbox_signal(peer, type, &signal, now_us);
}

static void send_and_repeat(punch_peer *peer, uint8_t type, punch_call_slot *slot,
                            punch_time_us now_us) {
    const punch_time_us first_us =
        punch_time_later(PUNCH_RETRY_FIRST_US, 2 * (punch_time_us)punch_link_rtt_us(peer));
    slot->sends = (uint8_t)(slot->sends < UINT8_MAX ? slot->sends + 1 : UINT8_MAX);
    slot->retry_at_us =
        now_us +
        punch_retry_delay_us(first_us, slot->sends, punch_time_later(first_us, CALL_REPEAT_US_MAX));
    send_about(peer, type, slot, now_us);
}

void punch_call_on_registered(punch_peer *peer, punch_time_us now_us) {
    for (uint16_t i = 0; i < peer->config.calls_max; i++) {
        punch_call_slot *slot = &peer->calls[i];
        if (slot->state == CALL_WAITING || slot->state == CALL_CALLING) {
            slot->state = CALL_CALLING;
            slot->sends = 0;
            send_and_repeat(peer, PUNCH_TYPE_CALL, slot, now_us);
        } else if (slot->state == CALL_ACCEPTED) {
            slot->sends = 0;
            send_and_repeat(peer, PUNCH_TYPE_ACCEPT, slot, now_us);
        }
    }
}

/* --- what we receive -------------------------------------------------------------------------- */

static void on_ring(punch_peer *peer, const punch_signal *ring, const punch_datagram *datagram,
                    punch_time_us now_us) {
    punch_call_slot *slot = find_by_id(peer, &ring->call_id);
    if (slot != NULL) {
        slot->broker_heard_at_us = now_us;
        if (slot->state == CALL_ACCEPTED) {
            send_about(peer, PUNCH_TYPE_ACCEPT, slot, now_us);
        } else if (slot->state == CALL_ENDED && slot->refused) {
            send_about(peer, PUNCH_TYPE_REFUSE, slot, now_us);
        }
        return;
    }
    punch_key static_secret;
    punch_invitation theirs;
    /* Opens only if the caller whom the broker names has written it. */
    if (peer->config.port->crypto->dh(&peer->identity.secret, &ring->key, &static_secret) !=
            PUNCH_OK ||
        open_invitation(peer, &static_secret, PUNCH_ROLE_CALLER, ring, &theirs) != PUNCH_OK) {
        punch_outbox_drop(peer, PUNCH_DROP_AUTH, datagram, now_us);
        return;
    }
    slot = take_slot(peer);
    if (slot == NULL) {
        punch_outbox_drop(peer, PUNCH_DROP_FULL, datagram, now_us);
        return;
    }
    slot->role = PUNCH_ROLE_CALLEE;
    slot->id = ring->call_id;
    slot->counterparty = ring->key;
    slot->static_secret = static_secret;
    slot->theirs = theirs;
    slot->began_at_us = now_us;
    slot->broker_heard_at_us = now_us;
    slot->state = CALL_RINGING;
    punch_outbox_event(peer, PUNCH_EVENT_RING, slot->handle, now_us);
    punch_outbox_trace_state(peer, slot->handle, "ringing", 0, now_us);
}

static void on_go(punch_peer *peer, const punch_signal *go, const punch_datagram *datagram,
                  punch_time_us now_us) {
    punch_call_slot *slot = find_by_id(peer, &go->call_id);
    if (slot == NULL || !punch_clock_is_sane((punch_time_us)go->stamp_us)) {
        punch_outbox_drop(peer, PUNCH_DROP_STATE, datagram, now_us);
        return;
    }
    slot->broker_heard_at_us = now_us;
    const bool takes = slot->state == CALL_CALLING && slot->role == PUNCH_ROLE_CALLER;
    if (takes && (open_invitation(peer, &slot->static_secret, PUNCH_ROLE_CALLEE, go,
                                  &slot->theirs) != PUNCH_OK ||
                  make_channel(peer, slot) != PUNCH_OK)) {
        punch_outbox_drop(peer, PUNCH_DROP_AUTH, datagram, now_us);
        return;
    }
    send_about(peer, PUNCH_TYPE_GO_ACK, slot, now_us);
    if (takes || slot->state == CALL_ACCEPTED ||
        (slot->state == CALL_PUNCHING && slot->traverse.fire_at_us == PUNCH_NEVER)) {
        punch_traverse_ready(peer, slot, go, now_us);
    }
}

/* A broker that has restarted does not know the callee before the callee's next keepalive: until
 * then "unavailable" means "not yet" to those who know of the restart, and to calls from before
 * our own registration. */
static bool callee_may_return(const punch_peer *peer, const punch_call_slot *slot,
                              punch_time_us now_us) {
    const punch_link *link = &peer->link;
    return now_us < link->view.opened_at_us + PUNCH_RETRY_TOTAL_US &&
           (link->renewed || slot->began_at_us < link->view.opened_at_us);
}

static void on_refused(punch_peer *peer, const punch_signal *refused, punch_time_us now_us) {
    punch_call_slot *slot = find_by_id(peer, &refused->call_id);
    if (slot != NULL && (slot->state == CALL_RINGING || slot->state == CALL_ACCEPTED)) {
        punch_call_end(peer, slot, PUNCH_FAIL_BYE, now_us); /* the caller has hung up */
        return;
    }
    if (slot == NULL || slot->state != CALL_CALLING) {
        return;
    }
    if (refused->reason == PUNCH_FAIL_UNAVAILABLE && callee_may_return(peer, slot, now_us)) {
        slot->broker_heard_at_us = now_us;
        slot->retry_at_us = now_us + CALL_POLL_US;
        return;
    }
    punch_fail fail = PUNCH_FAIL_UNAVAILABLE;
    if (refused->reason == PUNCH_FAIL_REFUSED) {
        fail = PUNCH_FAIL_REFUSED;
    } else if (refused->reason == PUNCH_FAIL_NOT_ANSWERED) {
        fail = PUNCH_FAIL_NOT_ANSWERED;
    }
    punch_call_end(peer, slot, fail, now_us);
}

void punch_call_on_signal(punch_peer *peer, uint8_t type, const punch_signal *signal,
                          const punch_datagram *datagram, punch_time_us now_us) {
    if (type == PUNCH_TYPE_RING) {
        on_ring(peer, signal, datagram, now_us);
    } else if (type == PUNCH_TYPE_GO) {
        on_go(peer, signal, datagram, now_us);
    } else if (type == PUNCH_TYPE_REFUSED) {
        on_refused(peer, signal, now_us);
    } else if (type == PUNCH_TYPE_CALLING) {
        punch_call_slot *slot = find_by_id(peer, &signal->call_id);
        if (slot != NULL && slot->state == CALL_CALLING) {
            slot->broker_heard_at_us = now_us;
            slot->retry_at_us = now_us + CALL_POLL_US;
        }
    } else {
        punch_outbox_drop(peer, PUNCH_DROP_TYPE, datagram, now_us);
    }
}

/* --- what the host asks ----------------------------------------------------------------------- */

punch_err punch_peer_call(punch_peer *peer, const punch_contact *contact, punch_time_us now_us,
                          punch_call *call_out) {
    const punch_port *port = peer->config.port;
    punch_key static_secret;
    if (!peer->started) {
        return PUNCH_ERR_STATE;
    }
    /* One broker for now: a contact that names another cannot be called. */
    if (memcmp(&contact->broker, &peer->config.broker, sizeof contact->broker) != 0) {
        return PUNCH_ERR_ARGUMENT;
    }
    const punch_err err =
        port->crypto->dh(&peer->identity.secret, &contact->callee, &static_secret);
    if (err != PUNCH_OK) {
        return err;
    }
    punch_call_slot *slot = take_slot(peer);
    if (slot == NULL) {
        return PUNCH_ERR_CAPACITY;
    }
    slot->role = PUNCH_ROLE_CALLER;
    slot->counterparty = contact->callee;
    slot->token = contact->token;
    slot->static_secret = static_secret;
    slot->began_at_us = now_us;
    slot->broker_heard_at_us = now_us;
    port->random(peer->config.host, slot->id.bytes, sizeof slot->id.bytes);
    const punch_err sealed = make_invitation(peer, slot);
    PUNCH_ASSERT_EQ(sealed, PUNCH_OK);
    slot->state = CALL_WAITING;
    if (peer->link.open) {
        slot->state = CALL_CALLING;
        send_and_repeat(peer, PUNCH_TYPE_CALL, slot, now_us);
    }
    *call_out = slot->handle;
    return PUNCH_OK;
}

punch_err punch_peer_accept(punch_peer *peer, punch_call call, punch_time_us now_us) {
    punch_call_slot *slot = punch_call_find(peer, call);
    if (slot == NULL || slot->state != CALL_RINGING) {
        return PUNCH_ERR_STATE;
    }
    punch_err err = make_invitation(peer, slot);
    PUNCH_ASSERT_EQ(err, PUNCH_OK);
    err = make_channel(peer, slot);
    if (err != PUNCH_OK) {
        return err;
    }
    slot->state = CALL_ACCEPTED;
    slot->broker_heard_at_us = now_us;
    send_and_repeat(peer, PUNCH_TYPE_ACCEPT, slot, now_us);
    return PUNCH_OK;
}

punch_err punch_peer_refuse(punch_peer *peer, punch_call call, punch_time_us now_us) {
    punch_call_slot *slot = punch_call_find(peer, call);
    if (slot == NULL || slot->state != CALL_RINGING) {
        return PUNCH_ERR_STATE;
    }
    slot->refused = true;
    send_about(peer, PUNCH_TYPE_REFUSE, slot, now_us);
    punch_call_end(peer, slot, PUNCH_FAIL_HUNG_UP, now_us);
    return PUNCH_OK;
}

punch_err punch_peer_hang_up(punch_peer *peer, punch_call call, punch_time_us now_us) {
    punch_call_slot *slot = punch_call_find(peer, call);
    if (slot == NULL) {
        return PUNCH_ERR_STATE;
    }
    if (slot->state == CALL_RINGING) {
        return punch_peer_refuse(peer, call, now_us);
    }
    if (slot->state == CALL_CONNECTED) {
        punch_path_body body = {0};
        punch_outbox_path(peer, slot, PUNCH_TYPE_BYE, &body, &slot->session.remote, now_us);
    } else if (slot->state == CALL_CALLING) {
        send_about(peer, PUNCH_TYPE_REFUSE, slot, now_us); /* the broker stops ringing */
    }
    punch_call_end(peer, slot, PUNCH_FAIL_HUNG_UP, now_us);
    return PUNCH_OK;
}

/* --- time ------------------------------------------------------------------------------------- */

/* While signalling: the instant at which silence about this call becomes a failure. */
static punch_time_us silence_deadline_us(const punch_call_slot *slot) {
    const punch_time_us patience_us =
        slot->state == CALL_RINGING ? PUNCH_RING_TOTAL_US : PUNCH_RETRY_TOTAL_US;
    /* However often the broker says that it rings: no call is set up for longer than this. */
    return punch_time_earlier(slot->broker_heard_at_us + patience_us,
                              slot->began_at_us + PUNCH_RING_TOTAL_US + PUNCH_RETRY_TOTAL_US);
}

static void signalling_on_timer(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us) {
    if (silence_deadline_us(slot) <= now_us) {
        const bool rang =
            slot->state == CALL_RINGING || now_us < slot->broker_heard_at_us + PUNCH_RETRY_TOTAL_US;
        punch_call_end(peer, slot, rang ? PUNCH_FAIL_NOT_ANSWERED : PUNCH_FAIL_BROKER_LOST, now_us);
    } else if (slot->retry_at_us <= now_us) {
        send_and_repeat(peer, slot->state == CALL_ACCEPTED ? PUNCH_TYPE_ACCEPT : PUNCH_TYPE_CALL,
                        slot, now_us);
    }
}

void punch_call_on_timer(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us) {
    switch (slot->state) {
    case CALL_FREE:
        break;
    case CALL_WAITING:
    case CALL_CALLING:
    case CALL_RINGING:
    case CALL_ACCEPTED:
        signalling_on_timer(peer, slot, now_us);
        break;
    case CALL_READY:
    case CALL_PUNCHING:
        punch_traverse_on_timer(peer, slot, now_us);
        break;
    case CALL_CONNECTED:
        punch_session_on_timer(peer, slot, now_us);
        break;
    case CALL_ENDED:
        if (slot->forget_at_us <= now_us) {
            slot->state = CALL_FREE;
        }
        break;
    }
}

punch_time_us punch_call_deadline_us(const punch_peer *peer, const punch_call_slot *slot) {
    switch (slot->state) {
    case CALL_FREE:
        break;
    case CALL_WAITING:
    case CALL_CALLING:
    case CALL_RINGING:
    case CALL_ACCEPTED:
        return punch_time_earlier(slot->retry_at_us, silence_deadline_us(slot));
    case CALL_READY:
    case CALL_PUNCHING:
        return punch_traverse_deadline_us(slot);
    case CALL_CONNECTED:
        return punch_session_deadline_us(peer, slot);
    case CALL_ENDED:
        return slot->forget_at_us;
    }
    return PUNCH_NEVER;
}
