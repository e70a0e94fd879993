/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A scenario of three cells and a backend that computes nothing: a trial's result follows from its
 * seed, every fourth fails. For tests of what happens to results, whatever they are.
 */
#ifndef FAKE_H
#define FAKE_H

#include "run.h"

extern const sim_backend_ops fake_backend;

/* The scenario, to be destroyed; the test fails when it cannot be loaded. more: members to add,
 * beginning with a comma, or "". */
sim_scenario *fake_scenario(const char *more);

/* 777 trials a cell with seed 99. */
run_request fake_request(const sim_scenario *scenario, const sim_backend_ops *backend,
                         uint32_t jobs);

/* What the backend makes of that seed; result->calls has room for one. */
void fake_fill(const sim_plan *plan, uint64_t seed, sim_trial_result *result);

const char *fake_refuses_nothing(const sim_plan *plan);
void *fake_create(const sim_plan *largest);
void fake_run(void *world, const sim_plan *plan, uint64_t seed, const sim_observer *observer,
              sim_trial_result *result);

#endif
