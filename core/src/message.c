/* SPDX-License-Identifier: MIT */
/*
 * Short messages (protocol §6): sent, repeated after 250 ms with doubling gaps for 20 s in all, and
 * ended with exactly one outcome. The receiver remembers the last 1,024 numbers in a bitmap that
 * rolls with the highest, so a repeat is acknowledged again but handed over once. A full inbox
 * acknowledges nothing: the sender's repeats are the back-pressure.
 */
#include "peer_internal.h"

static punch_outgoing *outgoing_of(const punch_peer *peer, const punch_call_slot *slot) {
    return &peer->outgoing[(size_t)(slot->handle & 0xff) * peer->config.messages_max];
}

static void finish(punch_peer *peer, const punch_call_slot *slot, punch_outgoing *message,
                   punch_message_outcome outcome, punch_time_us now_us) {
    punch_waiting_event *event =
        punch_outbox_event(peer, PUNCH_EVENT_OUTCOME, slot->handle, now_us);
    event->message = message->number;
    event->detail = (uint8_t)outcome;
    message->number = 0;
}

static void transmit(punch_peer *peer, punch_call_slot *slot, punch_outgoing *message,
                     punch_time_us now_us) {
    punch_path_body body = {
        .number = message->number, .payload_length = message->length, .payload = message->data};
    message->sends++;
    message->retry_at_us = punch_time_earlier(
        now_us + punch_retry_delay_us(PUNCH_RETRY_FIRST_US, message->sends, PUNCH_RETRY_TOTAL_US),
        message->first_sent_at_us + PUNCH_RETRY_TOTAL_US);
    punch_outbox_path(peer, slot, PUNCH_TYPE_MESSAGE, &body, &slot->session.remote, now_us);
}

punch_err punch_peer_send(punch_peer *peer, punch_call call, const uint8_t *data, size_t length,
                          punch_time_us now_us, uint32_t *message_out) {
    punch_call_slot *slot = punch_call_find(peer, call);
    if (slot == NULL || slot->state != CALL_CONNECTED) {
        return PUNCH_ERR_STATE;
    }
    if (length == 0 || length > PUNCH_MESSAGE_MAX) {
        return length == 0 ? PUNCH_ERR_ARGUMENT : PUNCH_ERR_TOO_LONG;
    }
    punch_outgoing *messages = outgoing_of(peer, slot);
    for (uint16_t i = 0; i < peer->config.messages_max; i++) {
        punch_outgoing *message = &messages[i];
        if (message->number != 0) {
            continue;
        }
        slot->session.next_message++;
        message->number = slot->session.next_message;
        message->length = (uint16_t)length;
        message->sends = 0;
        message->first_sent_at_us = now_us;
        memcpy(message->data, data, length);
        transmit(peer, slot, message, now_us);
        *message_out = message->number;
        return PUNCH_OK;
    }
    return PUNCH_ERR_CAPACITY;
}

/* --- receiving -------------------------------------------------------------------------------- */

static bool is_known(const punch_session *session, uint32_t number) {
    if (number > session->dedup_highest) {
        return false;
    }
    if (session->dedup_highest - number >= PUNCH_MESSAGE_DEDUP_IDS) {
        return true; /* too old to tell: better lost than twice */
    }
    const uint32_t at = number % PUNCH_MESSAGE_DEDUP_IDS;
    return (session->dedup[at / 64] >> (at % 64) & 1) != 0;
}

static void remember(punch_session *session, uint32_t number) {
    if (number > session->dedup_highest) {
        if (number - session->dedup_highest >= PUNCH_MESSAGE_DEDUP_IDS) {
            memset(session->dedup, 0, sizeof session->dedup);
        } else {
            for (uint32_t id = session->dedup_highest + 1; id < number; id++) {
                const uint32_t at = id % PUNCH_MESSAGE_DEDUP_IDS;
                session->dedup[at / 64] &= ~((uint64_t)1 << at % 64);
            }
        }
        session->dedup_highest = number;
    }
    const uint32_t at = number % PUNCH_MESSAGE_DEDUP_IDS;
    session->dedup[at / 64] |= (uint64_t)1 << at % 64;
}

void punch_message_on_message(punch_peer *peer, punch_call_slot *slot, const punch_path_body *body,
                              const punch_datagram *datagram, punch_time_us now_us) {
    punch_path_body ack = {.number = body->number};
    if (slot->state != CALL_CONNECTED) {
        /* The host has not been told of this connection yet; the sender repeats. */
        punch_outbox_drop(peer, PUNCH_DROP_STATE, datagram, now_us);
        return;
    }
    if (!is_known(&slot->session, body->number)) {
        if (peer->inbox_tail - peer->inbox_head >= peer->config.inbox_max) {
            punch_outbox_drop(peer, PUNCH_DROP_FULL, datagram, now_us);
            return;
        }
        const uint16_t at = (uint16_t)(peer->inbox_tail % peer->config.inbox_max);
        peer->inbox_tail++;
        peer->inbox[at].length = body->payload_length;
        memcpy(peer->inbox[at].data, body->payload, body->payload_length);
        remember(&slot->session, body->number);
        punch_waiting_event *event =
            punch_outbox_event(peer, PUNCH_EVENT_MESSAGE, slot->handle, now_us);
        event->inbox = at;
        event->message = body->number;
    }
    punch_traverse_answer(peer, slot, PUNCH_TYPE_MESSAGE_ACK, &ack, &datagram->remote, now_us);
}

void punch_message_on_ack(punch_peer *peer, punch_call_slot *slot, uint32_t number,
                          punch_time_us now_us) {
    punch_outgoing *messages = outgoing_of(peer, slot);
    for (uint16_t i = 0; number != 0 && i < peer->config.messages_max; i++) {
        if (messages[i].number == number) {
            finish(peer, slot, &messages[i], PUNCH_MESSAGE_ACKED, now_us);
            return;
        }
    }
}

/* --- time ------------------------------------------------------------------------------------- */

void punch_message_on_timer(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us) {
    punch_outgoing *messages = outgoing_of(peer, slot);
    for (uint16_t i = 0; i < peer->config.messages_max; i++) {
        punch_outgoing *message = &messages[i];
        if (message->number == 0 || message->retry_at_us > now_us) {
            continue;
        }
        if (message->first_sent_at_us + PUNCH_RETRY_TOTAL_US <= now_us) {
            finish(peer, slot, message, PUNCH_MESSAGE_UNCONFIRMED, now_us);
        } else {
            transmit(peer, slot, message, now_us);
        }
    }
}

punch_time_us punch_message_deadline_us(const punch_peer *peer, const punch_call_slot *slot) {
    const punch_outgoing *messages = outgoing_of(peer, slot);
    punch_time_us deadline_us = PUNCH_NEVER;
    for (uint16_t i = 0; i < peer->config.messages_max; i++) {
        if (messages[i].number != 0) {
            deadline_us = punch_time_earlier(deadline_us, messages[i].retry_at_us);
        }
    }
    return deadline_us;
}

void punch_message_end(punch_peer *peer, const punch_call_slot *slot, punch_time_us now_us) {
    punch_outgoing *messages = outgoing_of(peer, slot);
    for (uint16_t i = 0; i < peer->config.messages_max; i++) {
        if (messages[i].number != 0) {
            finish(peer, slot, &messages[i], PUNCH_MESSAGE_UNCONFIRMED, now_us);
        }
    }
}
