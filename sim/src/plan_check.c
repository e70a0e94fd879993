/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a plan can be run at all. Scenario files are checked by their loader, with line and
 * column; this is the last gate before a world is made, for plans from anywhere.
 */
#include "sim/clock.h"
#include "sim/world.h"
#include "world_internal.h"

#define RADIO_UA_MAX 1000000u /* chosen: far above any radio; its charge over 720 h fits 64 bits */

static const char *link_refused(const sim_link_plan *link) {
    if (link->delay_us < 0 || link->jitter_us < 0 || link->bad_jitter_us < 0 ||
        link->reorder_us < 0) {
        return "a link has a negative delay, jitter or reordering time";
    }
    if (link->flap_every_us < 0 || link->flap_delay_us < 0) {
        return "a link has a negative time of its route";
    }
    if (link->bad_mean_us > 0 && link->good_mean_us <= 0) {
        return "a bursty link needs mean dwell times above zero for both states";
    }
    if (link->outage_every_us < 0 || link->outage_for_us < 0) {
        return "a link has a negative outage time";
    }
    return NULL;
}

static const char *chain_refused(const sim_plan *plan, const sim_site_plan *site) {
    uint32_t depth = 1;
    for (uint32_t at = sim_site_parent(site); at != SIM_NONE;
         at = sim_site_parent(&plan->sites[at])) {
        if (at >= plan->site_count) {
            return "a site lies behind one that does not exist";
        }
        if (&plan->sites[at] == site) {
            return "a site lies behind itself";
        }
        if (++depth > SIM_CHAIN_MAX) {
            return "more sites lie one behind the other than SIM_CHAIN_MAX";
        }
    }
    return NULL;
}

/* An outermost NAT has a public address, one behind another site whatever is in use there. */
static bool is_external(const sim_site_plan *site, const punch_addr *addr) {
    return addr->family != PUNCH_FAMILY_NONE && (site->behind != 0 || !punch_addr_is_private(addr));
}

static const char *site_refused(const sim_plan *plan, const sim_site_plan *site) {
    if (site->region >= plan->region_count) {
        return "a site lies in a region that does not exist";
    }
    const char *loops = chain_refused(plan, site);
    if (loops != NULL) {
        return loops;
    }
    if (site->lan_delay_us < 0) {
        return "a site has a negative LAN delay";
    }
    if (site->has_nat) {
        if (!is_external(site, &site->external)) {
            return "a NAT's external address must be public";
        }
        const char *wrong = nat_config_check(&site->nat);
        wrong = wrong != NULL ? wrong : sim_cross_refuses(&site->cross);
        if (wrong != NULL) {
            return wrong;
        }
    }
    const char *wrong = link_refused(&site->up);
    return wrong != NULL ? wrong : link_refused(&site->down);
}

static const char *host_refused(const sim_plan *plan, uint32_t index) {
    const sim_host_plan *host = &plan->hosts[index];
    if (host->site >= plan->site_count) {
        return "a host lies in a site that does not exist";
    }
    if (!punch_addr_is_sendable(&host->addr)) {
        return "a host needs an address and a port";
    }
    if (host->clock_drift_ppb > SIM_CLOCK_DRIFT_PPB_MAX ||
        host->clock_drift_ppb < -SIM_CLOCK_DRIFT_PPB_MAX) {
        return "a clock may drift by at most half its rate";
    }
    if (host->radio.high_tail_us < 0 || host->radio.low_tail_us < 0 ||
        host->radio.high_ua > RADIO_UA_MAX || host->radio.low_ua > RADIO_UA_MAX ||
        host->radio.idle_ua > RADIO_UA_MAX) {
        return "a radio's tails must not be negative, nor its currents above 1 A";
    }
    if (host->start_at_us < 0) {
        return "a host cannot start before time 0";
    }
    if (host->kind == SIM_HOST_PEER &&
        (host->broker >= plan->host_count || plan->hosts[host->broker].kind != SIM_HOST_BROKER)) {
        return "a peer needs a host that is a broker";
    }
    if (sim_host_core_bytes(plan, index) == 0) {
        return "a host's sizes or options are outside the core's range";
    }
    return NULL;
}

static const char *call_refused(const sim_plan *plan, const sim_call_plan *call) {
    if (call->caller >= plan->host_count || call->callee >= plan->host_count ||
        call->caller == call->callee || plan->hosts[call->caller].kind != SIM_HOST_PEER ||
        plan->hosts[call->callee].kind != SIM_HOST_PEER) {
        return "a call needs two different hosts that are peers";
    }
    if (plan->hosts[call->caller].calls_max == 0 || plan->hosts[call->callee].calls_max == 0) {
        return "a host that calls or is called needs calls_max above zero";
    }
    if (call->at_us < 0 || call->message_gap_us < 0 || call->redial_us < 0) {
        return "a call has a negative time";
    }
    if (call->message_count > 0 && call->message_bytes > PUNCH_MESSAGE_MAX) {
        return "a short message is longer than the core allows";
    }
    return NULL;
}

static const char *nat_fault_refused(const sim_plan *plan, const sim_fault *fault) {
    if (fault->index >= plan->site_count || !plan->sites[fault->index].has_nat) {
        return "a NAT can only reboot or change at a site that has one";
    }
    const nat_config *before = &plan->sites[fault->index].nat;
    if (fault->kind == SIM_FAULT_NAT_RENUMBER && before->firewall) {
        return "a firewall has no address that could change: its hosts have their own";
    }
    if (fault->kind == SIM_FAULT_NAT_RENUMBER &&
        !is_external(&plan->sites[fault->index], &fault->external)) {
        return "a NAT's new external address must be public";
    }
    if (fault->kind == SIM_FAULT_NAT_CHANGE) {
        const char *wrong = nat_config_check(&fault->nat);
        if (wrong != NULL) {
            return wrong;
        }
        if (fault->nat.firewall != before->firewall) {
            return "a NAT cannot become a firewall, nor the other way round: its hosts would need "
                   "other addresses";
        }
    }
    return NULL;
}

static const char *fault_refused(const sim_plan *plan, uint32_t index) {
    const sim_fault *fault = &plan->faults[index];
    if (fault->at_us < (index > 0 ? plan->faults[index - 1].at_us : 0)) {
        return "the timeline is not in order";
    }
    switch (fault->kind) {
    case SIM_FAULT_BROKER_DOWN:
    case SIM_FAULT_BROKER_UP:
    case SIM_FAULT_BROKER_RESTART:
        return fault->index < plan->host_count && plan->hosts[fault->index].kind == SIM_HOST_BROKER
                   ? NULL
                   : "a broker fault needs a host that is a broker";
    case SIM_FAULT_PEER_CRASH:
    case SIM_FAULT_PEER_SLEEP:
    case SIM_FAULT_PEER_WAKE:
    case SIM_FAULT_RENEGOTIATE:
        return fault->index < plan->host_count && plan->hosts[fault->index].kind == SIM_HOST_PEER
                   ? NULL
                   : "only a peer can crash, sleep, wake or renegotiate";
    case SIM_FAULT_LINK_DOWN:
    case SIM_FAULT_LINK_UP:
        return fault->index < plan->site_count ? NULL : "a link fault needs a site";
    case SIM_FAULT_NAT_REBOOT:
    case SIM_FAULT_NAT_RENUMBER:
    case SIM_FAULT_NAT_CHANGE:
        return nat_fault_refused(plan, fault);
    }
    return "a fault of an unknown kind";
}

static const char *sizes_refused(const sim_plan *plan) {
    if (plan->crypto == NULL) {
        return "the plan names no crypto provider";
    }
    if (plan->host_count == 0 || plan->site_count == 0) {
        return "a world needs a site and a host";
    }
    if (plan->packets_max == 0 || plan->packets_max >= SIM_EVENT_INDEX_MAX ||
        plan->host_count > SIM_EVENT_INDEX_MAX || plan->site_count > SIM_EVENT_INDEX_MAX ||
        plan->call_count > SIM_EVENT_INDEX_MAX / 2) {
        return "packets, hosts, sites or calls are outside what an event can name";
    }
    if (plan->limit_us <= 0 || plan->hold_us < 0) {
        return "the limit must be above zero and the hold not negative";
    }
    return NULL;
}

const char *sim_world_refuses(const sim_plan *plan) {
    const char *wrong = sizes_refused(plan);
    for (uint32_t i = 0; wrong == NULL && i < plan->site_count; i++) {
        wrong = site_refused(plan, &plan->sites[i]);
    }
    for (uint32_t i = 0; wrong == NULL && i < plan->host_count; i++) {
        wrong = host_refused(plan, i);
    }
    for (uint32_t i = 0; wrong == NULL && i < plan->call_count; i++) {
        wrong = call_refused(plan, &plan->calls[i]);
    }
    for (uint32_t i = 0; wrong == NULL && i < plan->fault_count; i++) {
        wrong = fault_refused(plan, i);
    }
    return wrong;
}
