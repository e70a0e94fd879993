/* SPDX-License-Identifier: MIT */
/*
 * Punching (protocol §4): both ends fire INTROs at each other at one instant of broker time, then
 * with slowly growing gaps until an INTRO_ACK echoes an INTRO of ours, or the gap would exceed
 * 20 s.
 *
 *   ready --fire instant, or counterparty heard--> punching --INTRO_ACK--> connected
 *                                                    |  rounds at +gap, +1.5 gap, ...
 *                                                    +--last round + rtt_a + rtt_b--> failed
 */
#include "peer_internal.h"

static int find_target(const punch_traverse *traverse, const punch_addr *addr) {
    for (uint8_t i = 0; i < traverse->target_count; i++) {
        if (punch_addr_equal(&traverse->targets[i].addr, addr)) {
            return i;
        }
    }
    return -1;
}

/* Adds an address to fire at; ones that cannot be sent to, or beyond the table, are left out.
 * Returns its index or -1. */
static int add_target(punch_traverse *traverse, const punch_addr *addr, bool signalled) {
    const int known = find_target(traverse, addr);
    if (known >= 0) {
        traverse->targets[known].signalled |= signalled;
        return known;
    }
    if (!punch_addr_is_sendable(addr) || traverse->target_count == PUNCH_TARGETS_MAX) {
        return -1;
    }
    const uint8_t index = traverse->target_count++;
    traverse->targets[index] = (punch_target){.addr = *addr, .signalled = signalled};
    return index;
}

/* The other's own addresses: private ones only when the broker sees us both at one address, where
 * they may mean something. */
static void add_candidates(const punch_peer *peer, punch_call_slot *slot, const punch_addr *seen) {
    const bool same_place = punch_addr_same_ip(&peer->link.observed, seen);
    for (uint8_t i = 0; i < slot->theirs.candidate_count; i++) {
        const punch_addr *candidate = &slot->theirs.candidates[i];
        if (same_place || !punch_addr_is_private(candidate)) {
            (void)add_target(&slot->traverse, candidate, true);
        }
    }
}

static punch_time_us clamp_us(punch_time_us value, punch_time_us least, punch_time_us most) {
    return punch_time_earlier(punch_time_later(value, least), most);
}

static void prepare_gaps(punch_traverse *traverse, punch_time_us rtt_sum_us) {
    traverse->rtt_sum_us = clamp_us(rtt_sum_us, PUNCH_GAP_US_MIN, PUNCH_GAP_FIRST_US_MAX);
    traverse->gap_us = traverse->rtt_sum_us;
}

static punch_time_us fire_instant_us(const punch_peer *peer, const punch_signal *go,
                                     punch_time_us now_us) {
    punch_clock_sample clock;
    if (!punch_clock_best(&peer->link.clock, &clock)) {
        return now_us;
    }
    const punch_time_us instant_us = (punch_time_us)go->stamp_us - clock.offset_us;
    switch (peer->config.options.fire_rule) {
    case PUNCH_FIRE_SAME_INSTANT:
        return instant_us;
    case PUNCH_FIRE_SEED_LITERAL:
        return instant_us - (punch_time_us)(clock.rtt_us / 2);
    case PUNCH_FIRE_ON_RECEIPT:
        return now_us;
    }
    return now_us;
}

void punch_traverse_ready(punch_peer *peer, punch_call_slot *slot, const punch_signal *go,
                          punch_time_us now_us) {
    punch_traverse *traverse = &slot->traverse;
    punch_clock_sample clock;
    (void)add_target(traverse, &go->addr, true);
    add_candidates(peer, slot, &go->addr);
    /* The agreed instant anchors agreed keepalives, whenever we really fire. A broker that lies
     * about T by more than it could be waited for is fired at once. */
    slot->session.view.start_at_us = now_us;
    if (punch_clock_best(&peer->link.clock, &clock)) {
        slot->session.view.start_at_us = (punch_time_us)go->stamp_us - clock.offset_us;
    }
    traverse->fire_at_us = fire_instant_us(peer, go, now_us);
    if (traverse->fire_at_us > now_us + PUNCH_RETRY_TOTAL_US) {
        traverse->fire_at_us = now_us;
        slot->session.view.start_at_us = now_us;
    }
    punch_outbox_event(peer, PUNCH_EVENT_GO, slot->handle, now_us)->fire_at_us =
        traverse->fire_at_us;
    punch_outbox_trace_state(peer, slot->handle, "go: fire in (us)", traverse->fire_at_us - now_us,
                             now_us);
    slot->retry_at_us = PUNCH_NEVER;
    if (slot->state == CALL_PUNCHING) {
        /* The counterparty was heard before GO: rounds run already, the next one now has more
         * targets. */
        traverse->next_round_at_us = punch_time_later(traverse->fire_at_us, now_us);
        traverse->give_up_at_us = PUNCH_NEVER;
        return;
    }
    prepare_gaps(traverse, (punch_time_us)punch_time_earlier(go->rtt_us, PUNCH_RTT_CLAIM_US_MAX) +
                               punch_time_earlier(go->rtt_other_us, PUNCH_RTT_CLAIM_US_MAX));
    slot->state = CALL_READY;
    if (traverse->fire_at_us <= now_us) {
        punch_traverse_fire(peer, slot, now_us);
    }
}

static bool send_intro(punch_peer *peer, punch_call_slot *slot, uint8_t index,
                       punch_time_us now_us) {
    punch_target *target = &slot->traverse.targets[index];
    if (target->intros >= PUNCH_INTROS_PER_TARGET_MAX) {
        return false;
    }
    punch_path_body body = {
        .nonce = punch_session_nonce(slot, index),
        .choice = slot->session.send_strategy->id,
    };
    target->intros++;
    slot->traverse.intros_sent++;
    punch_outbox_path(peer, slot, PUNCH_TYPE_INTRO, &body, &target->addr, now_us);
    return true;
}

/* One INTRO to every target that may have one, then the gap before the next round. */
static void fire_round(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us) {
    punch_traverse *traverse = &slot->traverse;
    bool any = traverse->target_count == 0; /* heard before GO: targets are still to come */
    for (uint8_t i = 0; i < traverse->target_count; i++) {
        any |= send_intro(peer, slot, i, now_us);
    }
    if (!any || traverse->gap_us > PUNCH_GAP_US_MAX) {
        traverse->next_round_at_us = PUNCH_NEVER;
        traverse->give_up_at_us = now_us + traverse->rtt_sum_us;
        return;
    }
    traverse->next_round_at_us = now_us + traverse->gap_us;
    traverse->gap_us = traverse->gap_us * peer->config.options.backoff_permille / 1000;
}

void punch_traverse_fire(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us) {
    punch_traverse *traverse = &slot->traverse;
    if (slot->state == CALL_ACCEPTED) {
        /* INTRO came before GO: only our own round trip is known. */
        traverse->fire_at_us = PUNCH_NEVER;
        slot->session.view.start_at_us = now_us;
        prepare_gaps(traverse, 2 * (punch_time_us)punch_link_rtt_us(peer));
    }
    slot->state = CALL_PUNCHING;
    traverse->give_up_at_us = PUNCH_NEVER;
    punch_outbox_event(peer, PUNCH_EVENT_FIRED, slot->handle, now_us);
    punch_outbox_trace_state(peer, slot->handle, "fires", 0, now_us);
    fire_round(peer, slot, now_us);
}

bool punch_traverse_may_answer_at(const punch_peer *peer, const punch_call_slot *slot,
                                  const punch_addr *from) {
    if (!peer->config.options.peer_reflexive_off) {
        return true;
    }
    const int known = find_target(&slot->traverse, from);
    return known >= 0 && slot->traverse.targets[known].signalled;
}

void punch_traverse_answer(punch_peer *peer, punch_call_slot *slot, uint8_t type,
                           punch_path_body *body, const punch_addr *from, punch_time_us now_us) {
    if (punch_traverse_may_answer_at(peer, slot, from)) {
        punch_outbox_path(peer, slot, type, body, from, now_us);
        return;
    }
    for (uint8_t i = 0; i < slot->traverse.target_count; i++) {
        if (slot->traverse.targets[i].signalled) {
            punch_outbox_path(peer, slot, type, body, &slot->traverse.targets[i].addr, now_us);
        }
    }
}

void punch_traverse_on_intro(punch_peer *peer, punch_call_slot *slot, const punch_path_body *body,
                             const punch_addr *from, punch_time_us now_us) {
    punch_path_body answer = {.nonce = body->nonce};
    int fresh = -1;
    if (!peer->config.options.peer_reflexive_off && find_target(&slot->traverse, from) < 0) {
        fresh = add_target(&slot->traverse, from, false);
        if (fresh >= 0) {
            punch_outbox_trace_state(peer, slot->handle, "learnt an address of the counterparty", 0,
                                     now_us);
        }
    }
    punch_traverse_answer(peer, slot, PUNCH_TYPE_INTRO_ACK, &answer, from, now_us);
    if (slot->state == CALL_ACCEPTED || slot->state == CALL_READY) {
        /* They have fired, so waiting for our instant is pointless. */
        punch_traverse_fire(peer, slot, now_us);
    } else if (slot->state == CALL_PUNCHING && fresh >= 0) {
        /* RFC 8445 §7.3.1.4: a triggered check towards what was just learnt. */
        (void)send_intro(peer, slot, (uint8_t)fresh, now_us);
        if (slot->traverse.give_up_at_us != PUNCH_NEVER) {
            slot->traverse.give_up_at_us = now_us + slot->traverse.rtt_sum_us;
        }
    }
}

bool punch_traverse_on_ack(punch_peer *peer, punch_call_slot *slot, const punch_path_body *body,
                           const punch_addr *from, punch_time_us now_us) {
    punch_traverse *traverse = &slot->traverse;
    uint8_t index;
    uint32_t sequence;
    if (!punch_session_check_nonce(slot, body->nonce, &index, &sequence) ||
        index >= traverse->target_count) {
        return false;
    }
    traverse->targets[index].intros = 0; /* nobody is being aimed at: that address answers */
    const punch_addr *remote =
        punch_traverse_may_answer_at(peer, slot, from) ? from : &traverse->targets[index].addr;
    const punch_time_us sent_at_us = punch_session_sent_at_us(slot, sequence);
    if (slot->state == CALL_PUNCHING) {
        punch_session_open(peer, slot, remote, now_us);
    }
    punch_session_acknowledged(peer, slot, remote, sent_at_us, now_us);
    return true;
}

void punch_traverse_on_timer(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us) {
    punch_traverse *traverse = &slot->traverse;
    if (slot->state == CALL_READY) {
        if (traverse->fire_at_us <= now_us) {
            punch_traverse_fire(peer, slot, now_us);
        }
    } else if (traverse->give_up_at_us <= now_us) {
        if (slot->heard) {
            punch_path_body body = {0};
            punch_outbox_path(peer, slot, PUNCH_TYPE_BYE, &body, &slot->session.heard_from, now_us);
        }
        punch_call_end(peer, slot, slot->heard ? PUNCH_FAIL_ONE_WAY : PUNCH_FAIL_NO_ANSWER, now_us);
    } else if (traverse->next_round_at_us <= now_us) {
        fire_round(peer, slot, now_us);
    }
}

punch_time_us punch_traverse_deadline_us(const punch_call_slot *slot) {
    const punch_traverse *traverse = &slot->traverse;
    return slot->state == CALL_READY
               ? traverse->fire_at_us
               : punch_time_earlier(traverse->next_round_at_us, traverse->give_up_at_us);
}
