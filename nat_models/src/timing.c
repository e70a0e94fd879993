/* SPDX-License-Identifier: MIT */
/*
 * The timeouts in force, and the limit of rate.
 *
 *   timeout = configured x level (drawn when the mapping was made)      constant for a mapping
 *             x drift (a sine over the day, in steps) x pressure        the same for all, changing
 *
 * How long something has been idle is compared with what is in force at that moment, as pf does:
 * a mapping that nobody looked at while the timeout was short may live on when it is long again.
 */
#include "box.h"
#include "punch/realmath.h"

#define DAY_US (86400 * PUNCH_US_PER_S)
#define DRIFT_STEPS 64 /* chosen: no step is larger than a tenth of the amplitude */
#define PERMILLE 1000

/* 1000 sin(2 pi i / 64), rounded, for the first quarter. */
static const int16_t sine_permille[DRIFT_STEPS / 4 + 1] = {
    0, 98, 195, 290, 383, 471, 556, 634, 707, 773, 831, 882, 924, 957, 981, 995, 1000};

static int64_t sine_of_step(uint32_t step) {
    const uint32_t quarter = DRIFT_STEPS / 4;
    const uint32_t half = step % (2 * quarter);
    const int64_t value = sine_permille[half <= quarter ? half : 2 * quarter - half];
    return step < 2 * quarter ? value : -value;
}

static int64_t drift_permille(const nat_config *config, punch_time_us now_us) {
    const punch_time_us period_us = config->drift_period_us != 0 ? config->drift_period_us : DAY_US;
    punch_time_us at_us = (now_us % period_us + config->drift_phase_us % period_us) % period_us;
    at_us += at_us < 0 ? period_us : 0;
    const uint32_t step = (uint32_t)(at_us * DRIFT_STEPS / period_us);
    return PERMILLE + (int64_t)config->timeout_drift_permille * sine_of_step(step) / PERMILLE;
}

punch_time_us nat_timeout_stretched(const nat *box, punch_time_us timeout_us,
                                    punch_time_us now_us) {
    timeout_us = timeout_us * drift_permille(&box->config, now_us) / PERMILLE;
    return punch_time_later(timeout_us * box->pressure_permille / PERMILLE, 1);
}

void nat_pressure_update(nat *box) {
    const uint64_t start = box->config.pressure_start;
    const uint64_t end = box->config.pressure_end;
    if (end == 0 || box->live_count <= start) {
        box->pressure_permille = PERMILLE;
    } else if (box->live_count >= end) {
        box->pressure_permille = 0;
    } else {
        box->pressure_permille = (uint32_t)((end - box->live_count) * PERMILLE / (end - start));
    }
}

uint32_t nat_spread_step_permille(const nat_config *config, uint32_t step) {
    const uint32_t spread = config->timeout_spread_permille;
    switch (config->timeout_spread_shape) {
    case NAT_SPREAD_UNIFORM:
        return PERMILLE - spread + 2 * spread * step / (NAT_SPREAD_STEPS - 1);
    case NAT_SPREAD_LOGNORMAL: {
        const double z = punch_normal_quantile((2.0 * step + 1) / (2.0 * NAT_SPREAD_STEPS));
        return (uint32_t)(PERMILLE * punch_exp(spread * z / PERMILLE) + 0.5);
    }
    }
    return PERMILLE;
}

static int64_t level_permille(const nat_config *config, unsigned level) {
    return level == NAT_LEVEL_PLAIN ? PERMILLE : nat_spread_step_permille(config, level - 1);
}

void nat_timing_reset(nat *box) {
    const nat_config *config = &box->config;
    const punch_time_us configured_us[NAT_TIMEOUT_COUNT] = {
        [NAT_TIMEOUT_FIRST] = config->udp_timeout_first_us,
        [NAT_TIMEOUT_STREAM] = config->udp_timeout_stream_us,
        [NAT_TIMEOUT_BARRED] = config->blacklist_us};
    for (unsigned timeout = 0; timeout < NAT_TIMEOUT_COUNT; timeout++) {
        for (unsigned level = 0; level < box->level_count; level++) {
            const int64_t permille = level_permille(config, level);
            box->levels[level].timeout_us[timeout] =
                punch_time_later(configured_us[timeout] * permille / PERMILLE, 1);
        }
    }
    box->levels[NAT_LEVEL_PLAIN].timeout_us[NAT_TIMEOUT_BARRED] = config->blacklist_us;
    box->is_elastic = config->timeout_drift_permille > 0 || config->pressure_end > 0;
    box->expire_at_us = INT64_MIN; /* whatever it was, it is worked out anew */
    box->is_plain = !box->is_elastic && !box->tracks_hosts && config->mapping == NAT_MAPPING_EIM &&
                    config->collision != NAT_COLLISION_OVERLOAD && !config->firewall &&
                    !config->udp_blocked && config->udp_rate_pps == 0 && config->exempt_count == 0;
    nat_pressure_update(box);
}

/* --- the limit of rate --- */

nat_verdict nat_gate(const nat *box, punch_time_us now_us) {
    const nat_config *config = &box->config;
    if (config->udp_blocked) {
        return NAT_DROP_UDP_BLOCKED;
    }
    if (config->udp_rate_pps == 0) {
        return NAT_PASS;
    }
    return nat_store_gives(box->next_slot_ns, config->udp_rate_pps, config->udp_burst, now_us)
               ? NAT_PASS
               : NAT_DROP_RATE;
}

void nat_gate_passed(nat *box, punch_time_us now_us) {
    if (box->config.udp_rate_pps > 0) {
        nat_store_take(&box->next_slot_ns, box->config.udp_rate_pps, now_us);
    }
}
