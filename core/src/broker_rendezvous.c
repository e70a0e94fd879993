/* SPDX-License-Identifier: MIT */
/*
 * Bringing two peers to fire at one instant of the broker's clock (protocol §3).
 *
 *   caller          broker            callee
 *     CALL ----------> |                 |      token checked; again while it rings: a poll
 *      | <---- CALLING | RING ---------> |      repeated until answered, 30 s in all
 *      |               | <-------- ACCEPT|      T is fixed here, once
 *      | <---------- GO| GO -----------> |      each repeated until acknowledged, 20 s in all
 *     GO_ACK --------> | <-------- GO_ACK|
 *
 * Every message may be lost, repeated or late; only the two of a call are listened to.
 */
#include "broker_internal.h"

/* What a token is compared with when there is nobody to compare it with. */
static const punch_token_hash nobody[PUNCH_TOKENS_MAX] = {{{0}}};

/* Equality without telling by time where two hashes differ. */
static bool same_hash(const punch_token_hash *a, const punch_token_hash *b) {
    uint8_t difference = 0;
    for (size_t i = 0; i < sizeof a->bytes; i++) {
        difference |= (uint8_t)(a->bytes[i] ^ b->bytes[i]);
    }
    return difference == 0;
}

/* All places are compared, used or not: the time taken tells nothing. */
static bool has_token(const punch_token_hash hashes[PUNCH_TOKENS_MAX], uint8_t count,
                      const punch_token_hash *wanted) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < PUNCH_TOKENS_MAX; i++) {
        found |= (uint32_t)same_hash(&hashes[i], wanted) & (uint32_t)(i < count);
    }
    return found != 0;
}

/* The callee that this CALL may ring, or NULL: nobody with that key, or the wrong token, at the
 * same cost. A peer cannot call itself. */
static punch_registration *callee_of(punch_broker *broker, const punch_registration *caller,
                                     const punch_signal *signal) {
    uint8_t digest[PUNCH_KEY_BYTES];
    punch_token_hash hash;
    broker->port->crypto->hash(signal->token.bytes, sizeof signal->token.bytes, digest);
    memcpy(hash.bytes, digest, sizeof hash.bytes);
    punch_registration *callee = punch_registry_find(&broker->registry, &signal->key);
    const punch_token_hash *hashes = callee != NULL ? callee->token_hashes : nobody;
    const uint8_t count = callee != NULL ? callee->token_hash_count : 0;
    return has_token(hashes, count, &hash) && callee != caller ? callee : NULL;
}

static void send_refused(punch_broker *broker, punch_registration *to, const punch_call_id *id,
                         uint8_t reason, punch_time_us now_us) {
    const punch_signal refused = {.call_id = *id, .reason = reason};
    punch_broker_signal(broker, to, PUNCH_TYPE_REFUSED, &refused, now_us);
}

static void send_calling(punch_broker *broker, punch_registration *to, const punch_call_id *id,
                         punch_time_us now_us) {
    const punch_signal calling = {.call_id = *id};
    punch_broker_signal(broker, to, PUNCH_TYPE_CALLING, &calling, now_us);
}

static punch_registration *caller_of(punch_broker *broker, const punch_broker_call *call) {
    return &broker->registry.slots[call->caller];
}

/* A callee may have been forgotten and may come back: until then nothing is said to it. */
static void send_ring(punch_broker *broker, const punch_broker_call *call, punch_time_us now_us) {
    punch_registration *callee = punch_registry_find(&broker->registry, &call->callee);
    if (callee == NULL) {
        return;
    }
    const punch_signal ring = {.call_id = call->id,
                               .key = caller_of(broker, call)->key,
                               .blob_length = call->blob_length,
                               .blob = call->blob};
    punch_broker_signal(broker, callee, PUNCH_TYPE_RING, &ring, now_us);
}

static void send_go(punch_broker *broker, const punch_broker_call *call, punch_role to_role,
                    punch_time_us now_us) {
    punch_registration *caller = caller_of(broker, call);
    punch_registration *callee = punch_registry_find(&broker->registry, &call->callee);
    if (callee == NULL) {
        return;
    }
    const bool to_caller = to_role == PUNCH_ROLE_CALLER;
    const punch_role other_role = to_caller ? PUNCH_ROLE_CALLEE : PUNCH_ROLE_CALLER;
    const punch_signal go = {
        .call_id = call->id,
        .stamp_us = (uint64_t)call->go_at_us,
        .rtt_us = call->legs[to_role].rtt_us,
        .rtt_other_us = call->legs[other_role].rtt_us,
        .addr = to_caller ? callee->addr : caller->addr,
        .blob_length = to_caller ? call->blob_length : 0,
        .blob = call->blob,
    };
    punch_broker_signal(broker, to_caller ? caller : callee, PUNCH_TYPE_GO, &go, now_us);
}

static void keep_blob(punch_broker_call *call, const punch_signal *signal) {
    PUNCH_ASSERT(signal->blob_length <= sizeof call->blob);
    call->blob_length = signal->blob_length;
    if (signal->blob_length > 0) {
        memcpy(call->blob, signal->blob, signal->blob_length);
    }
}

static void repeated_call(punch_broker *broker, punch_registration *from, punch_broker_call *call,
                          const punch_signal *signal, const punch_broker_packet *packet) {
    punch_broker_leg *leg = &call->legs[PUNCH_ROLE_CALLER];
    if (caller_of(broker, call) != from ||
        memcmp(&call->callee, &signal->key, sizeof signal->key) != 0) {
        punch_broker_drop(broker, packet, PUNCH_DROP_STATE);
        return;
    }
    switch ((punch_broker_call_state)call->state) {
    case PUNCH_BROKER_RINGING:
        leg->rtt_us = punch_broker_believed_rtt_us(signal->rtt_us);
        send_calling(broker, from, &call->id, packet->now_us);
        break;
    case PUNCH_BROKER_GOING:
        if (leg->acknowledged) {
            punch_broker_drop(broker, packet, PUNCH_DROP_STATE);
        } else {
            send_go(broker, call, PUNCH_ROLE_CALLER, packet->now_us);
        }
        break;
    case PUNCH_BROKER_REFUSED:
        send_refused(broker, from, &call->id, call->reason, packet->now_us);
        break;
    }
}

void punch_broker_on_call(punch_broker *broker, punch_registration *from,
                          const punch_signal *signal, const punch_broker_packet *packet) {
    const punch_time_us now_us = packet->now_us;
    punch_broker_call *call = punch_broker_calls_find(&broker->calls, &signal->call_id);
    if (call != NULL) {
        repeated_call(broker, from, call, signal, packet);
        return;
    }
    const punch_registration *callee = callee_of(broker, from, signal);
    if (callee == NULL) {
        punch_broker_trace_state(broker, &from->addr, "call to nobody, or with a wrong token", 0,
                                 now_us);
        send_refused(broker, from, &signal->call_id, PUNCH_FAIL_UNAVAILABLE, now_us);
        return;
    }
    call = punch_broker_calls_add(&broker->calls, &broker->registry, from, &signal->call_id);
    if (call == NULL) {
        punch_broker_drop(broker, packet, PUNCH_DROP_FULL);
        return;
    }
    call->callee = callee->key;
    call->legs[PUNCH_ROLE_CALLER].rtt_us = punch_broker_believed_rtt_us(signal->rtt_us);
    call->ends_at_us = punch_time_after(now_us, PUNCH_RING_TOTAL_US);
    call->repeat_until_us = call->ends_at_us;
    keep_blob(call, signal);
    punch_broker_trace_state(broker, &callee->addr, "call ringing", 0, now_us);
    send_calling(broker, from, &call->id, now_us);
    send_ring(broker, call, now_us);
    punch_broker_leg_begin(&call->legs[PUNCH_ROLE_CALLEE], now_us);
    punch_broker_calls_schedule(&broker->calls, call);
}

/* The call with this id that rings or rang this peer, or NULL. */
static punch_broker_call *call_to(punch_broker *broker, const punch_registration *from,
                                  const punch_call_id *id) {
    punch_broker_call *call = punch_broker_calls_find(&broker->calls, id);
    const bool theirs = call != NULL && memcmp(&call->callee, &from->key, sizeof from->key) == 0;
    return theirs ? call : NULL;
}

static void decide_refused(punch_broker *broker, punch_broker_call *call, punch_fail reason,
                           punch_time_us now_us) {
    call->state = PUNCH_BROKER_REFUSED;
    call->reason = (uint8_t)reason;
    call->legs[PUNCH_ROLE_CALLEE].next_at_us = PUNCH_NEVER;
    call->ends_at_us = punch_time_after(now_us, PUNCH_CALL_LINGER_US);
    punch_broker_calls_schedule(&broker->calls, call);
    send_refused(broker, caller_of(broker, call), &call->id, call->reason, now_us);
}

static void decide_go(punch_broker *broker, punch_broker_call *call, const punch_signal *signal,
                      punch_time_us now_us) {
    punch_broker_leg *caller = &call->legs[PUNCH_ROLE_CALLER];
    punch_broker_leg *callee = &call->legs[PUNCH_ROLE_CALLEE];
    callee->rtt_us = punch_broker_believed_rtt_us(signal->rtt_us);
    call->state = PUNCH_BROKER_GOING;
    call->go_at_us = punch_broker_go_instant_us(now_us, caller->rtt_us, callee->rtt_us);
    call->repeat_until_us = punch_time_after(now_us, PUNCH_RETRY_TOTAL_US);
    call->ends_at_us = punch_time_after(now_us, PUNCH_CALL_LINGER_US);
    keep_blob(call, signal);
    punch_broker_trace_state(broker, &caller_of(broker, call)->addr, "call accepted: fire in (us)",
                             call->go_at_us - now_us, now_us);
    send_go(broker, call, PUNCH_ROLE_CALLER, now_us);
    send_go(broker, call, PUNCH_ROLE_CALLEE, now_us);
    punch_broker_leg_begin(caller, now_us);
    punch_broker_leg_begin(callee, now_us);
    punch_broker_calls_schedule(&broker->calls, call);
}

void punch_broker_on_accept(punch_broker *broker, const punch_registration *from,
                            const punch_signal *signal, const punch_broker_packet *packet) {
    punch_broker_call *call = call_to(broker, from, &signal->call_id);
    if (call == NULL) {
        punch_broker_drop(broker, packet, PUNCH_DROP_STATE);
        return;
    }
    switch ((punch_broker_call_state)call->state) {
    case PUNCH_BROKER_RINGING:
        decide_go(broker, call, signal, packet->now_us);
        break;
    case PUNCH_BROKER_GOING:
        if (call->legs[PUNCH_ROLE_CALLEE].acknowledged) {
            punch_broker_drop(broker, packet, PUNCH_DROP_STATE);
        } else {
            send_go(broker, call, PUNCH_ROLE_CALLEE, packet->now_us);
        }
        break;
    case PUNCH_BROKER_REFUSED:
        punch_broker_drop(broker, packet, PUNCH_DROP_STATE);
        break;
    }
}

/* A REFUSE of the caller: nothing to ring for any more. Said to the callee once; if that is lost,
 * its ringing ends by itself. */
static void caller_hung_up(punch_broker *broker, punch_broker_call *call, punch_time_us now_us) {
    punch_registration *callee = punch_registry_find(&broker->registry, &call->callee);
    punch_broker_trace_state(broker, &caller_of(broker, call)->addr, "caller hung up", 0, now_us);
    if (callee != NULL) {
        send_refused(broker, callee, &call->id, PUNCH_FAIL_BYE, now_us);
    }
    decide_refused(broker, call, PUNCH_FAIL_NOT_ANSWERED, now_us);
}

void punch_broker_on_refuse(punch_broker *broker, const punch_registration *from,
                            const punch_signal *signal, const punch_broker_packet *packet) {
    punch_broker_call *call = punch_broker_calls_find(&broker->calls, &signal->call_id);
    if (call != NULL && call->state == PUNCH_BROKER_RINGING && caller_of(broker, call) == from) {
        caller_hung_up(broker, call, packet->now_us);
        return;
    }
    call = call_to(broker, from, &signal->call_id);
    if (call == NULL || call->state != PUNCH_BROKER_RINGING) {
        punch_broker_drop(broker, packet, PUNCH_DROP_STATE);
        return;
    }
    punch_broker_trace_state(broker, &from->addr, "call refused", 0, packet->now_us);
    decide_refused(broker, call, PUNCH_FAIL_REFUSED, packet->now_us);
}

void punch_broker_on_go_ack(punch_broker *broker, const punch_registration *from,
                            const punch_signal *signal, const punch_broker_packet *packet) {
    punch_broker_call *call = punch_broker_calls_find(&broker->calls, &signal->call_id);
    punch_broker_leg *leg = NULL;
    if (call != NULL && call->state == PUNCH_BROKER_GOING) {
        if (caller_of(broker, call) == from) {
            leg = &call->legs[PUNCH_ROLE_CALLER];
        } else if (memcmp(&call->callee, &from->key, sizeof from->key) == 0) {
            leg = &call->legs[PUNCH_ROLE_CALLEE];
        }
    }
    if (leg == NULL) {
        punch_broker_drop(broker, packet, PUNCH_DROP_STATE);
        return;
    }
    leg->acknowledged = true;
    leg->next_at_us = PUNCH_NEVER;
    punch_broker_calls_schedule(&broker->calls, call);
}

static void call_ended(punch_broker *broker, punch_broker_call *call, punch_time_us now_us) {
    if (call->state == PUNCH_BROKER_RINGING) {
        punch_broker_trace_state(broker, &caller_of(broker, call)->addr, "call not answered", 0,
                                 now_us);
        decide_refused(broker, call, PUNCH_FAIL_NOT_ANSWERED, now_us);
    } else {
        punch_broker_calls_remove(&broker->calls, &broker->registry, call);
    }
}

static void repeat_leg(punch_broker *broker, punch_broker_call *call, punch_role role,
                       punch_time_us now_us) {
    if (call->state == PUNCH_BROKER_RINGING) {
        send_ring(broker, call, now_us);
    } else {
        send_go(broker, call, role, now_us);
    }
    punch_broker_leg_repeated(&call->legs[role], now_us, call->repeat_until_us);
}

void punch_broker_rendezvous_on_timer(punch_broker *broker, punch_time_us now_us) {
    for (;;) {
        punch_broker_call *call = punch_broker_calls_due(&broker->calls, now_us);
        if (call == NULL) {
            break;
        }
        if (call->ends_at_us <= now_us) {
            call_ended(broker, call, now_us);
            continue;
        }
        for (uint32_t role = PUNCH_ROLE_CALLER; role <= PUNCH_ROLE_CALLEE; role++) {
            if (call->legs[role].next_at_us <= now_us) {
                repeat_leg(broker, call, (punch_role)role, now_us);
            }
        }
        punch_broker_calls_schedule(&broker->calls, call);
    }
}
