/* SPDX-License-Identifier: MIT */
#include "broker_calls.h"

#include "punch/assert.h"
#include "punch/bytes.h"
#include "punch/rng.h"

uint64_t punch_broker_calls_bytes(uint32_t slots_max) {
    return punch_table_bytes((uint64_t)slots_max * sizeof(punch_broker_call)) +
           punch_table_bytes((uint64_t)punch_table_buckets(slots_max) * sizeof(uint32_t)) +
           punch_deadline_heap_bytes(slots_max);
}

void punch_broker_calls_init(punch_broker_calls *calls, void *memory, uint32_t slots_max) {
    PUNCH_ASSERT(slots_max >= 1);
    memset(calls, 0, sizeof *calls);
    const uint32_t buckets = punch_table_buckets(slots_max);
    uint8_t *at = memory;
    calls->slots = memory;
    at += punch_table_bytes((uint64_t)slots_max * sizeof(punch_broker_call));
    calls->buckets = (uint32_t *)(void *)at;
    at += punch_table_bytes((uint64_t)buckets * sizeof(uint32_t));
    memset(calls->buckets, 0xff, (size_t)buckets * sizeof *calls->buckets);
    punch_deadline_heap_init(&calls->due, at, slots_max);
    calls->bucket_mask = buckets - 1;
    calls->slots_max = slots_max;
    calls->free_first = PUNCH_HANDLE_NONE;
}

static uint32_t bucket_of(const punch_broker_calls *calls, const punch_call_id *id) {
    const uint64_t high = punch_get_be(id->bytes, 8);
    const uint64_t low = punch_get_be(id->bytes + 8, 8);
    const uint64_t hash = punch_mix64(punch_mix64(calls->hash_secret ^ high) ^ low);
    return (uint32_t)hash & calls->bucket_mask;
}

void punch_broker_calls_clear(punch_broker_calls *calls) {
    while (calls->due.count > 0) {
        /* The last of the heap: leaves without moving another. */
        const uint32_t slot = calls->due.order[calls->due.count - 1];
        calls->buckets[bucket_of(calls, &calls->slots[slot].id)] = PUNCH_HANDLE_NONE;
        punch_deadline_heap_remove(&calls->due, slot);
    }
    calls->slots_used = 0;
    calls->free_first = PUNCH_HANDLE_NONE;
}

void punch_broker_calls_seed(punch_broker_calls *calls, uint64_t hash_secret) {
    PUNCH_ASSERT_EQ(calls->due.count, 0);
    calls->hash_secret = hash_secret;
}

punch_broker_call *punch_broker_calls_find(punch_broker_calls *calls, const punch_call_id *id) {
    uint32_t slot = calls->buckets[bucket_of(calls, id)];
    while (slot != PUNCH_HANDLE_NONE) {
        punch_broker_call *call = &calls->slots[slot];
        if (memcmp(&call->id, id, sizeof *id) == 0) {
            return call;
        }
        slot = call->bucket_next;
    }
    return NULL;
}

static uint32_t slot_of(const punch_broker_calls *calls, const punch_broker_call *call) {
    return (uint32_t)(call - calls->slots);
}

static uint32_t take_free_slot(punch_broker_calls *calls) {
    const uint32_t slot = calls->free_first;
    if (slot != PUNCH_HANDLE_NONE) {
        calls->free_first = calls->slots[slot].bucket_next;
        return slot;
    }
    return calls->slots_used < calls->slots_max ? calls->slots_used++ : PUNCH_HANDLE_NONE;
}

static void link_to_caller(punch_broker_calls *calls, punch_registration *caller, uint32_t slot) {
    punch_broker_call *call = &calls->slots[slot];
    call->previous = PUNCH_HANDLE_NONE;
    call->next = caller->calls_first;
    if (call->next != PUNCH_HANDLE_NONE) {
        calls->slots[call->next].previous = slot;
    }
    caller->calls_first = slot;
    caller->calls_count++;
}

static void unlink_from_caller(punch_broker_calls *calls, punch_registration *caller,
                               const punch_broker_call *call) {
    if (call->previous != PUNCH_HANDLE_NONE) {
        calls->slots[call->previous].next = call->next;
    } else {
        caller->calls_first = call->next;
    }
    if (call->next != PUNCH_HANDLE_NONE) {
        calls->slots[call->next].previous = call->previous;
    }
    caller->calls_count--;
}

punch_broker_call *punch_broker_calls_add(punch_broker_calls *calls, punch_registry *registry,
                                          punch_registration *caller, const punch_call_id *id) {
    if (caller->calls_count >= PUNCH_CALLS_PER_CALLER_MAX) {
        return NULL;
    }
    const uint32_t slot = take_free_slot(calls);
    if (slot == PUNCH_HANDLE_NONE) {
        return NULL;
    }
    punch_broker_call *call = &calls->slots[slot];
    uint32_t *bucket = &calls->buckets[bucket_of(calls, id)];
    call->id = *id;
    call->state = PUNCH_BROKER_RINGING;
    call->reason = PUNCH_FAIL_NONE;
    call->caller = punch_registry_slot_of(registry, caller);
    for (size_t role = 0; role < 2; role++) {
        call->legs[role] = (punch_broker_leg){.next_at_us = PUNCH_NEVER};
    }
    call->repeat_until_us = PUNCH_NEVER;
    call->ends_at_us = PUNCH_NEVER;
    call->go_at_us = PUNCH_NEVER;
    call->blob_length = 0;
    call->bucket_next = *bucket;
    *bucket = slot;
    link_to_caller(calls, caller, slot);
    punch_broker_calls_schedule(calls, call);
    return call;
}

void punch_broker_calls_schedule(punch_broker_calls *calls, const punch_broker_call *call) {
    const punch_time_us repeat_at_us = punch_time_earlier(call->legs[PUNCH_ROLE_CALLER].next_at_us,
                                                          call->legs[PUNCH_ROLE_CALLEE].next_at_us);
    punch_deadline_heap_set(&calls->due, slot_of(calls, call),
                            punch_time_earlier(repeat_at_us, call->ends_at_us));
}

void punch_broker_calls_remove(punch_broker_calls *calls, punch_registry *registry,
                               punch_broker_call *call) {
    const uint32_t slot = slot_of(calls, call);
    uint32_t *link = &calls->buckets[bucket_of(calls, &call->id)];
    while (*link != slot) {
        link = &calls->slots[*link].bucket_next;
    }
    *link = call->bucket_next;
    unlink_from_caller(calls, &registry->slots[call->caller], call);
    punch_deadline_heap_remove(&calls->due, slot);
    call->bucket_next = calls->free_first;
    calls->free_first = slot;
}

void punch_broker_calls_remove_all_of(punch_broker_calls *calls, punch_registry *registry,
                                      const punch_registration *caller) {
    while (caller->calls_first != PUNCH_HANDLE_NONE) {
        punch_broker_calls_remove(calls, registry, &calls->slots[caller->calls_first]);
    }
}

void punch_broker_leg_begin(punch_broker_leg *leg, punch_time_us now_us) {
    leg->next_at_us = now_us + PUNCH_RETRY_FIRST_US;
    leg->gap_us = 2 * PUNCH_RETRY_FIRST_US;
}

void punch_broker_leg_repeated(punch_broker_leg *leg, punch_time_us now_us,
                               punch_time_us until_us) {
    const punch_time_us next_at_us = now_us + leg->gap_us;
    leg->next_at_us = next_at_us < until_us ? next_at_us : PUNCH_NEVER;
    leg->gap_us =
        (uint32_t)punch_time_earlier(2 * (punch_time_us)leg->gap_us, PUNCH_SIGNAL_GAP_US_MAX);
}

uint32_t punch_broker_believed_rtt_us(uint32_t claimed_us) {
    if (claimed_us == 0) {
        return PUNCH_RTT_UNKNOWN_US;
    }
    return claimed_us < PUNCH_RTT_CLAIM_US_MAX ? claimed_us : PUNCH_RTT_CLAIM_US_MAX;
}

punch_time_us punch_broker_go_instant_us(punch_time_us now_us, uint32_t rtt_a_us,
                                         uint32_t rtt_b_us) {
    const uint32_t slower_us = rtt_a_us > rtt_b_us ? rtt_a_us : rtt_b_us;
    return now_us + slower_us / 2 + PUNCH_GO_MARGIN_US;
}
