/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What trials_frame.c and trials.c share: the bytes of frames, without files.
 */
#ifndef TRIALS_FRAME_H
#define TRIALS_FRAME_H

#include "trials.h"

#define TRIALS_FRAME_HEAD 40u

typedef struct {
    trials_chunk chunk;
    uint32_t times_length;
    uint32_t rest_length;
    bool has_rare; /* fields that are mostly zero; frames of earlier versions have none */
} trials_frame_head;

/* A number that changes with the fields a frame holds: files of other layouts are refused. */
uint32_t trials_frame_layout(void);
/* Can frames of that layout be read: this one, or the one before rare fields? */
bool trials_frame_reads(uint32_t layout);

/* Writes a head before its payload, with the check over both. */
void trials_frame_head_put(const trials_frame_head *head, uint8_t *bytes);
/* False: no frame begins here. */
bool trials_frame_head_get(const uint8_t *bytes, trials_frame_head *out);
/* Does the check of a frame fit? */
bool trials_frame_is_whole(const uint8_t *frame, size_t payload);

/* Fills results[0 .. count), whose calls point to room, but for the hold where the cell has none.
 * False: the payload makes no sense. */
bool trials_decode(const trials_frame_head *head, const uint8_t *payload, const facts_cell *cell,
                   bool times_only, sim_trial_result *results);

/* Fills logs[0 .. trials_logged). False: the payload makes no sense. */
bool trials_decode_logs(const trials_frame_head *head, const uint8_t *payload,
                        const facts_cell *cell, interval_log *logs);

/* Little-endian numbers, and the check that tells a whole frame from a torn one (no defence
 * against forgery). */
void trials_put_le(uint8_t *at, uint64_t value, size_t bytes);
uint64_t trials_get_le(const uint8_t *at, size_t bytes);
uint64_t trials_check(uint64_t seed, const uint8_t *bytes, size_t length);

#endif
