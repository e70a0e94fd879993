/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pool.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "punch/assert.h"

bool sim_pool_create(sim_pool *pool, uint32_t cap) {
    memset(pool, 0, sizeof *pool);
    pool->free_head = SIM_SLOT_NONE;
    pool->slots = sim_memory_take((size_t)cap * sizeof(sim_packet));
    pool->cap = cap;
    return pool->slots != NULL;
}

void sim_pool_destroy(sim_pool *pool) {
    free(pool->slots);
    memset(pool, 0, sizeof *pool);
}

void sim_pool_reset(sim_pool *pool) {
    pool->used = 0;
    pool->free_head = SIM_SLOT_NONE;
    pool->live = 0;
}

uint32_t sim_pool_take(sim_pool *pool) {
    uint32_t slot = pool->free_head;
    if (slot != SIM_SLOT_NONE) {
        pool->free_head = pool->slots[slot].next;
    } else if (pool->used < pool->cap) {
        slot = pool->used++;
    } else {
        return SIM_SLOT_NONE;
    }
    pool->live++;
    return slot;
}

void sim_pool_give(sim_pool *pool, uint32_t slot) {
    PUNCH_ASSERT(slot < pool->used);
    sim_packet *at = sim_pool_at(pool, slot);
    PUNCH_ASSERT(at->number != 0);
    at->number = 0;
    at->next = pool->free_head;
    pool->free_head = slot;
    pool->live--;
}
