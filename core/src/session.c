/* SPDX-License-Identifier: MIT */
/*
 * A call once its channel is keyed: every sealed path packet comes in here; acknowledgements,
 * liveness, the path, keepalives and their negotiation (protocol §4 and §5).
 *
 * What counts as missing, on the local clock:
 *   ack     A packet of theirs, sent after ours could have arrived, does not cover ours, and ours
 *           is older than rtt + 1 s. Theirs was sent one way before now, ours arrived one way
 *           after it left: "could have arrived" is left + rtt <= now, however asymmetric the path.
 *   packet  Nothing came for their silence + rtt + 1 s: counted from their last packet when they
 *           have promised how long it may be, else from our last packet and from our first one
 *           after they were last heard (punch_keepalive has both).
 *   answer  Our keepalive asked, and nothing came for rtt + 1 s.
 * Either way: ARE_YOU_THERE once a second; any packet that covers one of them ends the doubt;
 * after 20 (an option): dead. Strategies with a limit of their own (give_up_us) are never in doubt.
 *
 * What a packet says about our hole, told to strategies that learn: it came in after a silence, so
 * the hole held. Or numbers before its own are missing, and we have ended silences by sending since
 * they were last heard: what is missing may have met a closed hole.
 *
 * A nonce is salt (24 bits) | target (8) | sequence (32): its echo says which packet to which
 * address came through, so no table of packets under way is needed. It travels sealed, so nobody
 * but the counterparty can echo it; the counterparty could do so unseen, from an address that is
 * not its own, and is trusted not to: it may steer what we send it, at a keepalive's rate.
 */
#include "peer_internal.h"

/* shorter silences say nothing about a hole that NATs keep for tens of seconds: chosen */
#define SESSION_SILENCE_US_MIN PUNCH_US_PER_S
#define SESSION_NO_TARGET 0xff /* target field of a nonce that belongs to no INTRO */
#define SESSION_RTT_SHARE 8    /* RFC 6298 §2.3: a new sample weighs 1/8 */

/* --- nonces, strategies ----------------------------------------------------------------------- */

uint64_t punch_session_nonce(const punch_call_slot *slot, uint8_t target) {
    return (uint64_t)slot->session.nonce_salt << 40 | (uint64_t)target << 32 |
           slot->channel.next_sequence;
}

bool punch_session_check_nonce(const punch_call_slot *slot, uint64_t nonce, uint8_t *target_out,
                               uint32_t *sequence_out) {
    const uint32_t sequence = (uint32_t)nonce;
    if (nonce >> 40 != slot->session.nonce_salt || sequence == 0 ||
        sequence >= slot->channel.next_sequence) {
        return false;
    }
    *target_out = (uint8_t)(nonce >> 32);
    *sequence_out = sequence;
    return true;
}

static bool has_id(const punch_keepalive_id *ids, uint8_t count, const punch_keepalive_id *id) {
    for (uint8_t i = 0; i < count; i++) {
        if (memcmp(&ids[i], id, sizeof *id) == 0) {
            return true;
        }
    }
    return false;
}

static const punch_keepalive *own_by_id(const punch_session *session,
                                        const punch_keepalive_id *id) {
    for (uint8_t i = 0; i < session->own_offer_count; i++) {
        if (memcmp(&session->own_offers[i]->id, id, sizeof *id) == 0) {
            return session->own_offers[i];
        }
    }
    return NULL;
}

/* The first of ours that they understand; unknown to both: agreed-15. */
static const punch_keepalive *choose(const punch_session *session) {
    for (uint8_t i = 0; i < session->own_offer_count; i++) {
        if (has_id(session->their_offers, session->their_offer_count,
                   &session->own_offers[i]->id)) {
            return session->own_offers[i];
        }
    }
    return &punch_keepalive_agreed_15;
}

static void adopt(const punch_peer *peer, punch_session *session) {
    const punch_time_us set_us = peer->config.options.keepalive_interval_us;
    session->send_strategy = choose(session);
    session->send_state = punch_learning_state(peer, session->send_strategy);
    session->view.interval_us = set_us != 0 ? set_us : session->send_strategy->interval_us;
    session->answer_due_at_us = PUNCH_NEVER;
    session->own_promise_us = 0;
}

/* Of INTRO, RENEGOTIATE and RENEGOTIATED. */
static void take_their_choice(punch_session *session, const punch_path_body *body) {
    const punch_keepalive *strategy = own_by_id(session, &body->choice);
    session->receive_strategy = strategy != NULL ? strategy : &punch_keepalive_agreed_15;
    if (body->promise_ms == 0) {
        session->promised_us = 0; /* another strategy's promise does not bind this one */
    }
}

static void take_their_offers(punch_session *session, const punch_keepalive_id *ids,
                              uint8_t count) {
    memcpy(session->their_offers, ids, count * sizeof ids[0]);
    session->their_offer_count = count;
}

static void use_strategy(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us) {
    adopt(peer, &slot->session);
    punch_outbox_event(peer, PUNCH_EVENT_KEEPALIVE, slot->handle, now_us)->keepalive =
        slot->session.send_strategy;
    punch_outbox_trace_state(peer, slot->handle, slot->session.send_strategy->name, 0, now_us);
}

void punch_session_prepare(punch_peer *peer, punch_call_slot *slot) {
    punch_session *session = &slot->session;
    uint8_t salt[3];
    peer->config.port->random(peer->config.host, salt, sizeof salt);
    memset(session, 0, sizeof *session);
    session->nonce_salt = (uint32_t)salt[0] << 16 | (uint32_t)salt[1] << 8 | salt[2];
    session->rtt_us = PUNCH_NEVER;
    session->ack_missing_at_us = PUNCH_NEVER;
    session->unanswered_since_us = PUNCH_NEVER;
    session->next_probe_at_us = PUNCH_NEVER;
    session->answer_due_at_us = PUNCH_NEVER;
    session->renegotiate_at_us = PUNCH_NEVER;
    session->view.last_keepalive_at_us = PUNCH_NEVER;
    session->own_offer_count = (uint8_t)peer->offer_count;
    memcpy(session->own_offers, peer->offers, sizeof session->own_offers);
    take_their_offers(session, slot->theirs.offers, slot->theirs.offer_count);
    adopt(peer, session);
    session->receive_strategy = &punch_keepalive_agreed_15; /* until their INTRO says otherwise */
}

void punch_session_open(punch_peer *peer, punch_call_slot *slot, const punch_addr *remote,
                        punch_time_us now_us) {
    punch_session *session = &slot->session;
    slot->state = CALL_CONNECTED;
    session->remote = *remote;
    session->confirmed_at_us = now_us;
    session->settled = slot->channel.next_sequence - 1; /* INTROs that missed are forgiven */
    session->ack_missing_at_us = PUNCH_NEVER;
    session->unanswered_since_us = PUNCH_NEVER;
    session->phase_at_us = peer->config.options.keepalive_phase_us > 0
                               ? now_us + peer->config.options.keepalive_phase_us
                               : PUNCH_NEVER;
    session->view.opened_at_us = now_us;
    session->view.last_heard_at_us = now_us;
    session->view.last_keepalive_at_us = PUNCH_NEVER;
    session->silence_us = 0;
    session->unsent_us = 0;
    punch_learning_draw(peer, &session->view);
    punch_outbox_event(peer, PUNCH_EVENT_CONNECTED, slot->handle, now_us)->remote = *remote;
    punch_outbox_trace_state(peer, slot->handle, "connected", 0, now_us);
    use_strategy(peer, slot, now_us);
}

/* --- acknowledgements ------------------------------------------------------------------------- */

static punch_time_us rtt_or_default_us(const punch_session *session) {
    return session->rtt_us == PUNCH_NEVER ? PUNCH_RTT_UNKNOWN_US : session->rtt_us;
}

punch_time_us punch_session_sent_at_us(const punch_call_slot *slot, uint32_t sequence) {
    return slot->channel.next_sequence - sequence <= SESSION_SENT_RING
               ? slot->session.sent_at_us[sequence % SESSION_SENT_RING]
               : PUNCH_NEVER;
}

void punch_session_sent(punch_call_slot *slot, uint32_t sequence, punch_time_us now_us) {
    punch_session *session = &slot->session;
    session->sent_at_us[sequence % SESSION_SENT_RING] = now_us;
    session->covered &= ~((uint32_t)1 << sequence % SESSION_SENT_RING);
    const punch_time_us unsent_us = now_us - session->view.last_send_at_us;
    const punch_time_us unheard_us = now_us - session->view.last_heard_at_us;
    session->unsent_us = punch_time_later(session->unsent_us, unsent_us);
    session->silence_us =
        punch_time_later(session->silence_us, punch_time_earlier(unsent_us, unheard_us));
    session->view.last_send_at_us = now_us;
    if (session->unanswered_since_us == PUNCH_NEVER) {
        session->unanswered_since_us = now_us;
    }
}

static bool body_covers(const punch_path_body *body, uint32_t sequence) {
    if (sequence > body->highest) {
        return false;
    }
    const uint32_t back = body->highest - sequence;
    return back == 0 || (back <= PUNCH_ACK_BITMAP_BITS && (body->bitmap >> (back - 1) & 1) != 0);
}

static void stop_probing(punch_call_slot *slot) {
    punch_session *session = &slot->session;
    session->probing = false;
    session->probes_unanswered = 0;
    session->next_probe_at_us = PUNCH_NEVER;
    /* The doubt is over: what was lost on the way is not asked about again. */
    session->settled = slot->channel.next_sequence - 1;
    session->ack_missing_at_us = PUNCH_NEVER;
}

/* Takes the acknowledgement fields of an authenticated packet. */
static void take_acks(punch_call_slot *slot, const punch_path_body *body, punch_time_us now_us) {
    punch_session *session = &slot->session;
    const uint32_t next = slot->channel.next_sequence;
    const punch_time_us rtt_us = rtt_or_default_us(session);
    uint32_t sequence = next > SESSION_SENT_RING ? next - SESSION_SENT_RING : 1;
    if (body->highest >= next) {
        return; /* acknowledges what was never sent */
    }
    bool answered = false;
    session->ack_missing_at_us = PUNCH_NEVER;
    for (sequence = sequence > session->settled ? sequence : session->settled + 1; sequence < next;
         sequence++) {
        const uint32_t bit = (uint32_t)1 << sequence % SESSION_SENT_RING;
        const punch_time_us sent_at_us = session->sent_at_us[sequence % SESSION_SENT_RING];
        if (body_covers(body, sequence)) {
            session->covered |= bit;
            answered |= sequence >= session->probe_first_sequence;
        } else if ((session->covered & bit) == 0 && sent_at_us + rtt_us <= now_us) {
            session->ack_missing_at_us = punch_time_earlier(
                session->ack_missing_at_us, sent_at_us + rtt_us + PUNCH_MISSING_SLACK_US);
        }
    }
    if (session->probing && answered) {
        stop_probing(slot);
    }
}

void punch_session_acknowledged(punch_peer *peer, punch_call_slot *slot, const punch_addr *from,
                                punch_time_us sent_at_us, punch_time_us now_us) {
    punch_session *session = &slot->session;
    if (sent_at_us == PUNCH_NEVER) {
        return;
    }
    const punch_time_us sample_us = now_us - sent_at_us;
    session->rtt_us = session->rtt_us == PUNCH_NEVER
                          ? sample_us
                          : session->rtt_us + (sample_us - session->rtt_us) / SESSION_RTT_SHARE;
    if (slot->state != CALL_CONNECTED) {
        return;
    }
    if (punch_addr_equal(&session->remote, from)) {
        session->confirmed_at_us = now_us;
    } else if (sent_at_us > session->confirmed_at_us) {
        /* Newer than anything the present path has shown: only then move. */
        session->remote = *from;
        session->confirmed_at_us = now_us;
        punch_outbox_event(peer, PUNCH_EVENT_MOVED, slot->handle, now_us)->remote = *from;
        punch_outbox_trace_state(peer, slot->handle, "path moved", 0, now_us);
    }
}

/* --- are you there? --------------------------------------------------------------------------- */

static void send_probe(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us) {
    punch_session *session = &slot->session;
    punch_path_body body = {.nonce = punch_session_nonce(slot, SESSION_NO_TARGET)};
    session->probes_unanswered++;
    session->next_probe_at_us = now_us + PUNCH_PROBE_GAP_US;
    punch_outbox_path(peer, slot, PUNCH_TYPE_ARE_YOU_THERE, &body, &session->remote, now_us);
    if (!punch_addr_equal(&session->heard_from, &session->remote) &&
        punch_traverse_may_answer_at(peer, slot, &session->heard_from)) {
        /* They were last heard from elsewhere: an answer from there may move the path. */
        body.nonce = punch_session_nonce(slot, SESSION_NO_TARGET);
        punch_outbox_path(peer, slot, PUNCH_TYPE_ARE_YOU_THERE, &body, &session->heard_from,
                          now_us);
    }
}

void punch_session_probe_now(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us) {
    if (!slot->session.probing) {
        slot->session.probing = true;
        slot->session.probes_unanswered = 0;
        slot->session.probe_first_sequence = slot->channel.next_sequence;
        send_probe(peer, slot, now_us);
    }
}

/* --- what arrives ----------------------------------------------------------------------------- */

static void on_here(punch_peer *peer, punch_call_slot *slot, const punch_path_body *body,
                    const punch_addr *from, punch_time_us now_us) {
    uint8_t target;
    uint32_t sequence;
    if (!punch_session_check_nonce(slot, body->nonce, &target, &sequence)) {
        return;
    }
    const punch_addr *remote =
        punch_traverse_may_answer_at(peer, slot, from) ? from : &slot->session.remote;
    punch_session_acknowledged(peer, slot, remote, punch_session_sent_at_us(slot, sequence),
                               now_us);
    if (slot->session.probing && sequence >= slot->session.probe_first_sequence) {
        stop_probing(slot);
    }
}

static void fill_negotiation(const punch_session *session, punch_path_body *body) {
    body->choice = session->send_strategy->id;
    body->offer_count = session->own_offer_count;
    for (uint8_t i = 0; i < session->own_offer_count; i++) {
        body->offers[i] = session->own_offers[i]->id;
    }
}

static void send_renegotiate(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us) {
    punch_session *session = &slot->session;
    punch_path_body body = {.number = session->own_revision};
    session->renegotiate_sends++;
    session->renegotiate_at_us =
        now_us + punch_retry_delay_us(PUNCH_RETRY_FIRST_US, session->renegotiate_sends,
                                      PUNCH_RETRY_TOTAL_US);
    fill_negotiation(session, &body);
    punch_outbox_path(peer, slot, PUNCH_TYPE_RENEGOTIATE, &body, &session->remote, now_us);
}

static void on_renegotiate(punch_peer *peer, punch_call_slot *slot, const punch_path_body *body,
                           const punch_addr *from, punch_time_us now_us) {
    punch_session *session = &slot->session;
    if (body->number > session->their_revision) {
        session->their_revision = body->number;
        take_their_choice(session, body);
        take_their_offers(session, body->offers, body->offer_count);
        use_strategy(peer, slot, now_us);
    }
    punch_path_body answer = {.number = body->number};
    fill_negotiation(session, &answer);
    punch_traverse_answer(peer, slot, PUNCH_TYPE_RENEGOTIATED, &answer, from, now_us);
}

static void on_renegotiated(punch_peer *peer, punch_call_slot *slot, const punch_path_body *body,
                            punch_time_us now_us) {
    punch_session *session = &slot->session;
    if (session->renegotiate_at_us == PUNCH_NEVER || body->number != session->own_revision) {
        return;
    }
    session->renegotiate_at_us = PUNCH_NEVER;
    take_their_choice(session, body);
    take_their_offers(session, body->offers, body->offer_count);
    use_strategy(peer, slot, now_us);
}

static bool have_memory(const punch_peer *peer, const punch_keepalive *const *offers,
                        uint8_t count) {
    for (uint8_t i = 0; i < count; i++) {
        if (offers[i]->state_bytes > 0 && punch_learning_state(peer, offers[i]) == NULL) {
            return false;
        }
    }
    return true;
}

punch_err punch_peer_renegotiate(punch_peer *peer, punch_call call,
                                 const punch_keepalive *const *offers, punch_time_us now_us) {
    punch_call_slot *slot = punch_call_find(peer, call);
    if (slot == NULL || slot->state != CALL_CONNECTED) {
        return PUNCH_ERR_STATE;
    }
    punch_session *session = &slot->session;
    uint8_t count = 0;
    while (count < PUNCH_OFFERS_MAX && offers[count] != NULL) {
        count++;
    }
    if (count == 0 || !have_memory(peer, offers, count)) {
        return PUNCH_ERR_ARGUMENT;
    }
    memcpy(session->own_offers, offers, count * sizeof offers[0]);
    session->own_offer_count = count;
    session->own_revision++;
    session->renegotiate_sends = 0;
    adopt(peer, session);
    send_renegotiate(peer, slot, now_us);
    return PUNCH_OK;
}

/* An authenticated packet of a live call, by type. False: it makes no sense now. */
static bool dispatch(punch_peer *peer, punch_call_slot *slot, uint8_t type,
                     const punch_path_body *body, const punch_datagram *datagram,
                     punch_time_us now_us) {
    const punch_addr *from = &datagram->remote;
    if (type == PUNCH_TYPE_INTRO) {
        take_their_choice(&slot->session, body);
        punch_traverse_on_intro(peer, slot, body, from, now_us);
    } else if (type == PUNCH_TYPE_INTRO_ACK) {
        return punch_traverse_on_ack(peer, slot, body, from, now_us);
    } else if (type == PUNCH_TYPE_ARE_YOU_THERE) {
        punch_path_body answer = {.nonce = body->nonce};
        punch_traverse_answer(peer, slot, PUNCH_TYPE_HERE, &answer, from, now_us);
    } else if (type == PUNCH_TYPE_HERE) {
        on_here(peer, slot, body, from, now_us);
    } else if (type == PUNCH_TYPE_MESSAGE) {
        punch_message_on_message(peer, slot, body, datagram, now_us);
    } else if (type == PUNCH_TYPE_MESSAGE_ACK) {
        punch_message_on_ack(peer, slot, body->number, now_us);
    } else if (type == PUNCH_TYPE_RENEGOTIATE) {
        on_renegotiate(peer, slot, body, from, now_us);
    } else if (type == PUNCH_TYPE_RENEGOTIATED) {
        on_renegotiated(peer, slot, body, now_us);
    } else if (type == PUNCH_TYPE_BYE) {
        punch_call_end(peer, slot,
                       slot->state == CALL_CONNECTED ? PUNCH_FAIL_BYE : PUNCH_FAIL_ONE_WAY, now_us);
    } else {
        return type == PUNCH_TYPE_KEEPALIVE;
    }
    return true;
}

static punch_call_slot *find_by_index(punch_peer *peer, uint32_t index) {
    const uint32_t at = index & 0xff;
    if (at >= peer->config.calls_max) {
        return NULL;
    }
    punch_call_slot *slot = &peer->calls[at];
    return slot->state != CALL_FREE && slot->keyed && slot->handle == index ? slot : NULL;
}

/* What their packet says about our hole: see the head of this file. `highest` is the highest number
 * before it. */
static void learn(punch_peer *peer, const punch_session *session, uint32_t sequence,
                  uint32_t highest, punch_time_us now_us) {
    punch_keepalive_evidence evidence = {.kind = PUNCH_EVIDENCE_SILENT,
                                         .attempts = 1,
                                         .silence_us = session->silence_us,
                                         .unsent_us = session->unsent_us,
                                         .now_us = now_us};
    if (sequence > highest + 1 && evidence.silence_us >= SESSION_SILENCE_US_MIN) {
        punch_learning_observe(peer, &evidence);
    }
    evidence.kind = PUNCH_EVIDENCE_HELD;
    evidence.unsent_us = now_us - session->view.last_send_at_us;
    evidence.silence_us =
        punch_time_earlier(evidence.unsent_us, now_us - session->view.last_heard_at_us);
    if (sequence > highest && evidence.silence_us >= SESSION_SILENCE_US_MIN) {
        punch_learning_observe(peer, &evidence);
    }
}

/* Only their latest word counts: one that was overtaken is taken back. */
static void take_promise(punch_session *session, uint32_t promise_ms) {
    if (promise_ms == PUNCH_PROMISE_ANY_MS) {
        session->promised_us = PUNCH_NEVER;
    } else if (promise_ms != 0) {
        session->promised_us =
            punch_time_later(promise_ms * PUNCH_US_PER_MS, PUNCH_KEEPALIVE_INTERVAL_US_MIN);
    }
}

static void take_heard(punch_call_slot *slot, const punch_addr *from, punch_time_us now_us) {
    punch_session *session = &slot->session;
    slot->heard = true;
    session->heard_from = *from;
    session->view.last_heard_at_us = now_us;
    session->unanswered_since_us = PUNCH_NEVER;
    session->answer_due_at_us = PUNCH_NEVER;
    session->silence_us = 0;
    session->unsent_us = 0;
}

/* `highest` is the highest number that had come before this packet. */
static void take_packet(punch_peer *peer, punch_call_slot *slot, const punch_opened *opened,
                        uint32_t highest, const punch_datagram *datagram, punch_time_us now_us) {
    punch_path_body body;
    if (punch_path_decode(opened->type, opened->body, opened->body_length, &body) != PUNCH_OK) {
        punch_outbox_drop(peer, PUNCH_DROP_PARSE, datagram, now_us);
        return;
    }
    if (slot->state == CALL_ENDED) {
        if (opened->type == PUNCH_TYPE_ARE_YOU_THERE || opened->type == PUNCH_TYPE_INTRO) {
            punch_path_body bye = {0};
            punch_outbox_path(peer, slot, PUNCH_TYPE_BYE, &bye, &datagram->remote, now_us);
        }
        punch_outbox_drop(peer, PUNCH_DROP_STATE, datagram, now_us);
        return;
    }
    peer->counters.received_packets++;
    peer->counters.received_bytes += datagram->length;
    punch_outbox_trace_received(peer, opened->type, slot->handle, datagram, now_us);
    if (slot->state == CALL_CONNECTED && peer->learning_count > 0) {
        learn(peer, &slot->session, opened->sequence, highest, now_us);
    }
    if (opened->sequence > highest) {
        take_promise(&slot->session, body.promise_ms);
    }
    take_heard(slot, &datagram->remote, now_us);
    take_acks(slot, &body, now_us);
    if (!dispatch(peer, slot, opened->type, &body, datagram, now_us)) {
        punch_outbox_drop(peer, PUNCH_DROP_STATE, datagram, now_us);
    }
}

void punch_session_on_datagram(punch_peer *peer, const punch_datagram *datagram,
                               punch_time_us now_us) {
    uint8_t packet[PUNCH_PACKET_MAX];
    punch_opened opened;
    punch_call_slot *slot =
        find_by_index(peer, punch_channel_index_of(datagram->data, datagram->length));
    if (slot == NULL) {
        punch_outbox_drop(peer, PUNCH_DROP_UNKNOWN, datagram, now_us);
        return;
    }
    memcpy(packet, datagram->data, datagram->length);
    const uint32_t highest = slot->channel.highest;
    const punch_err err = punch_channel_open(&slot->channel, peer->config.port->crypto, packet,
                                             datagram->length, &opened);
    if (err == PUNCH_OK) {
        take_packet(peer, slot, &opened, highest, datagram, now_us);
    } else if (err == PUNCH_ERR_STATE) {
        punch_outbox_drop(peer, PUNCH_DROP_REPLAY, datagram, now_us);
    } else {
        punch_outbox_drop(peer, err == PUNCH_ERR_PARSE ? PUNCH_DROP_PARSE : PUNCH_DROP_AUTH,
                          datagram, now_us);
    }
}

/* --- time ------------------------------------------------------------------------------------- */

static punch_time_us keepalive_at_us(const punch_session *session) {
    punch_time_us due_us =
        session->send_strategy->next_send_us(session->send_state, &session->view);
    if (session->own_promise_us != 0) {
        /* What was learnt since does not excuse from what was promised. */
        due_us = punch_time_earlier(
            due_us, punch_time_after(session->view.last_send_at_us, session->own_promise_us));
    }
    const punch_time_us last_us = session->view.last_keepalive_at_us;
    return last_us == PUNCH_NEVER ? due_us
                                  : punch_time_later(due_us, last_us + PUNCH_KEEPALIVE_GAP_US);
}

static void send_keepalive(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us) {
    punch_session *session = &slot->session;
    punch_path_body body = {0};
    uint8_t type = PUNCH_TYPE_KEEPALIVE;
    if (session->send_strategy->asks) {
        type = PUNCH_TYPE_ARE_YOU_THERE;
        body.nonce = punch_session_nonce(slot, SESSION_NO_TARGET);
        session->answer_due_at_us = now_us + rtt_or_default_us(session) + PUNCH_MISSING_SLACK_US;
    }
    punch_outbox_path(peer, slot, type, &body, &session->remote, now_us);
}

/* A silence of the sender of a strategy with a fixed interval, when the user has set another. */
static punch_time_us stretched_us(const punch_keepalive *strategy, punch_time_us silence_us,
                                  punch_time_us interval_us) {
    if (silence_us == PUNCH_NEVER) {
        return PUNCH_NEVER;
    }
    return silence_us / strategy->interval_us * interval_us +
           silence_us % strategy->interval_us * interval_us / strategy->interval_us;
}

uint32_t punch_session_promise_ms(const punch_peer *peer, punch_call_slot *slot) {
    punch_session *session = &slot->session;
    const punch_keepalive *ours = session->send_strategy;
    const punch_options *options = &peer->config.options;
    punch_time_us promise_us = 0;
    if (ours->promise_us != NULL) {
        promise_us = ours->promise_us(session->send_state, &session->view);
        session->own_promise_us = promise_us;
    } else if (options->keepalive_interval_us != 0 && ours->interval_us != 0) {
        promise_us = punch_time_after(
            stretched_us(ours, ours->silence_after_first_us, options->keepalive_interval_us),
            options->keepalive_interval_us / 1000 * options->keepalive_jitter_permille *
                ours->silence_jitters);
    }
    if (promise_us >= PUNCH_PROMISE_ANY_MS * PUNCH_US_PER_MS) {
        return PUNCH_PROMISE_ANY_MS;
    }
    return (uint32_t)((promise_us + PUNCH_US_PER_MS - 1) / PUNCH_US_PER_MS);
}

/* How long they may be silent by what they promised. Without limit only where the strategy agreed
 * on says so: nobody may bind us for longer on his own. */
static punch_time_us promised_us(const punch_session *session) {
    return session->receive_strategy->silence_after_last_us == PUNCH_NEVER
               ? session->promised_us
               : punch_time_earlier(session->promised_us, PUNCH_PROMISE_US_MAX);
}

/* When a packet of theirs counts as missing. */
static punch_time_us packet_missing_at_us(const punch_peer *peer, const punch_session *session) {
    const punch_keepalive *theirs = session->receive_strategy;
    const punch_time_us slack_us = rtt_or_default_us(session) + PUNCH_MISSING_SLACK_US;
    if (session->promised_us != 0) {
        return punch_time_after(
            punch_time_after(session->view.last_heard_at_us, promised_us(session)), slack_us);
    }
    if (session->unanswered_since_us == PUNCH_NEVER) {
        return PUNCH_NEVER;
    }
    /* Theirs is taken to be as large as ours: it is a setting of the whole network. */
    const punch_time_us jitter_us =
        PUNCH_KEEPALIVE_US / 1000 * peer->config.options.keepalive_jitter_permille;
    const punch_time_us silent_at_us = punch_time_earlier(
        punch_time_after(session->view.last_send_at_us, theirs->silence_after_last_us),
        punch_time_after(session->unanswered_since_us, theirs->silence_after_first_us));
    return punch_time_after(silent_at_us, theirs->silence_jitters * jitter_us + slack_us);
}

/* When something counts as missing; PUNCH_NEVER while they are being asked. */
static punch_time_us doubt_at_us(const punch_peer *peer, const punch_session *session) {
    if (session->probing || session->send_strategy->give_up_us != 0) {
        return PUNCH_NEVER;
    }
    const punch_time_us missing_at_us =
        punch_time_earlier(session->ack_missing_at_us, session->answer_due_at_us);
    return punch_time_earlier(missing_at_us, packet_missing_at_us(peer, session));
}

/* When the counterparty is dead; PUNCH_NEVER while it is still being asked. */
static punch_time_us death_at_us(const punch_peer *peer, const punch_session *session) {
    const punch_time_us patience_us = session->send_strategy->give_up_us;
    if (patience_us != 0) {
        return punch_time_after(session->view.last_heard_at_us, patience_us);
    }
    return session->probes_unanswered >= peer->config.options.keepalive_probes_max
               ? session->next_probe_at_us
               : PUNCH_NEVER;
}

void punch_session_on_timer(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us) {
    punch_session *session = &slot->session;
    if (death_at_us(peer, session) <= now_us) {
        punch_call_end(peer, slot, PUNCH_FAIL_DEAD, now_us);
        return;
    }
    if (session->next_probe_at_us <= now_us) {
        send_probe(peer, slot, now_us);
    } else if (doubt_at_us(peer, session) <= now_us) {
        punch_outbox_trace_state(peer, slot->handle,
                                 session->ack_missing_at_us <= now_us
                                     ? "an acknowledgement is missing"
                                 : session->answer_due_at_us <= now_us ? "an answer is missing"
                                                                       : "a packet is missing",
                                 0, now_us);
        punch_session_probe_now(peer, slot, now_us);
    }
    if (session->phase_at_us <= now_us) {
        session->phase_at_us = PUNCH_NEVER; /* not the strategy's: its slots stay where they are */
        send_keepalive(peer, slot, now_us);
    }
    if (keepalive_at_us(session) <= now_us) {
        send_keepalive(peer, slot, now_us);
        session->view.last_keepalive_at_us = now_us;
        punch_learning_draw(peer, &session->view);
    }
    if (session->renegotiate_at_us <= now_us) {
        send_renegotiate(peer, slot, now_us);
    }
    punch_message_on_timer(peer, slot, now_us);
}

punch_time_us punch_session_deadline_us(const punch_peer *peer, const punch_call_slot *slot) {
    const punch_session *session = &slot->session;
    punch_time_us deadline_us =
        punch_time_earlier(session->next_probe_at_us, doubt_at_us(peer, session));
    deadline_us = punch_time_earlier(deadline_us, keepalive_at_us(session));
    deadline_us = punch_time_earlier(deadline_us, death_at_us(peer, session));
    deadline_us = punch_time_earlier(deadline_us, session->phase_at_us);
    deadline_us = punch_time_earlier(deadline_us, session->renegotiate_at_us);
    return punch_time_earlier(deadline_us, punch_message_deadline_us(peer, slot));
}
