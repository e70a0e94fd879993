/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "narrate.h"

#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "punch/assert.h"
#include "punch/wire.h"
#include "sim/clock.h"

narrator narrator_of(FILE *out, const sim_plan *plan, uint32_t host_max) {
    narrator teller = {.out = out,
                       .plan = plan,
                       .intros_sent = calloc(host_max + 1u, sizeof *teller.intros_sent),
                       .seen_at = calloc(host_max + 1u, sizeof *teller.seen_at)};
    PUNCH_ASSERT(teller.intros_sent != NULL && teller.seen_at != NULL);
    return teller;
}

void narrator_free(narrator *teller) {
    free(teller->intros_sent);
    free(teller->seen_at);
    free(teller->senders);
    teller->intros_sent = NULL;
    teller->seen_at = NULL;
    teller->senders = NULL;
}

/* --- whom a broker means ---
 * Behind one NAT several hosts may have one address: the broker's packets are told apart by where
 * it saw each host last. */

/* Who sent a packet: packets are numbered from 1 in the order they are sent. */
static void note_sender(narrator *teller, const sim_saw *record) {
    if (record->packet >= teller->sender_cap) {
        const uint64_t cap = 2 * record->packet;
        uint32_t *senders = realloc(teller->senders, cap * sizeof *senders);
        PUNCH_ASSERT(senders != NULL);
        teller->senders = senders;
        teller->sender_cap = cap;
    }
    teller->senders[record->packet] = record->host;
}

static bool is_broker(const narrator *teller, uint32_t host) {
    return host < teller->plan->host_count && teller->plan->hosts[host].kind == SIM_HOST_BROKER;
}

static void note_seen(narrator *teller, const sim_saw *record) {
    if (is_broker(teller, record->host) && record->packet < teller->sender_cap) {
        const uint32_t sender = teller->senders[record->packet];
        if (sender < teller->plan->host_count) {
            teller->seen_at[sender] = record->src;
        }
    }
}

/* Whom a packet of a broker is for, when it goes to the address of a NAT. */
static const char *meant_by_broker(const narrator *teller, const sim_saw *record) {
    for (uint32_t i = 0; is_broker(teller, record->host) && i < teller->plan->host_count; i++) {
        if (punch_addr_equal(&teller->seen_at[i], &record->dst) &&
            !punch_addr_same_ip(&teller->plan->hosts[i].addr, &record->dst)) {
            return teller->plan->hosts[i].name;
        }
    }
    return NULL;
}

/* The innermost site around (or at) one whose NAT translates: what its inside addresses mean is
 * known there. SIM_NONE: the public network. */
static uint32_t realm_of(const sim_plan *plan, uint32_t site) {
    while (site < plan->site_count &&
           (!plan->sites[site].has_nat || plan->sites[site].nat.firewall)) {
        site = sim_site_parent(&plan->sites[site]);
    }
    return site < plan->site_count ? site : SIM_NONE;
}

static uint32_t outer_realm_of(const sim_plan *plan, uint32_t site) {
    return realm_of(plan, sim_site_parent(&plan->sites[site]));
}

/* Whose address that is inside a realm; NULL when nobody's. */
static const char *name_in_realm(const sim_plan *plan, uint32_t realm, const punch_addr *addr) {
    for (uint32_t i = 0; i < plan->host_count; i++) {
        const sim_host_plan *host = &plan->hosts[i];
        if (realm_of(plan, host->site) == realm && punch_addr_same_ip(&host->addr, addr)) {
            return host->name;
        }
    }
    for (uint32_t i = 0; i < plan->site_count; i++) {
        const sim_site_plan *site = &plan->sites[i];
        if (site->has_nat && outer_realm_of(plan, i) == realm &&
            nat_config_owns(&site->nat, &site->external, addr)) {
            return site->name;
        }
    }
    for (uint32_t i = 0; i < plan->fault_count; i++) {
        const sim_fault *fault = &plan->faults[i];
        if (fault->kind == SIM_FAULT_NAT_RENUMBER && outer_realm_of(plan, fault->index) == realm &&
            nat_config_owns(&plan->sites[fault->index].nat, &fault->external, addr)) {
            return plan->sites[fault->index].name;
        }
    }
    return NULL;
}

const char *narrate_name_of(const sim_plan *plan, uint32_t from_site, const punch_addr *addr) {
    uint32_t realm = realm_of(plan, from_site);
    for (;;) {
        const char *name = name_in_realm(plan, realm, addr);
        if (name != NULL || realm == SIM_NONE) {
            return name;
        }
        realm = outer_realm_of(plan, realm);
    }
}

static const char *host_name(const narrator *teller, uint32_t host) {
    return host < teller->plan->host_count ? teller->plan->hosts[host].name : "?";
}

static const char *site_name(const narrator *teller, uint32_t site) {
    return site < teller->plan->site_count ? teller->plan->sites[site].name : "?";
}

static void begin_line(const narrator *teller, punch_time_us at_us, const char *who) {
    char clock[FORMAT_TEXT_CAP];
    fprintf(teller->out, "%s  %-8s ", format_clock(at_us, clock), who);
}

/* The rest of a packet's line: its two addresses, its size and its number. */
static void end_packet(const narrator *teller, const sim_saw *record) {
    char src[PUNCH_ADDR_TEXT_CAP];
    char dst[PUNCH_ADDR_TEXT_CAP];
    fprintf(teller->out, "  %s -> %s  (packet %llu, %u bytes)\n",
            punch_addr_format(&record->src, src), punch_addr_format(&record->dst, dst),
            (unsigned long long)record->packet, record->length);
}

static void tell_send(narrator *teller, const sim_saw *record) {
    const uint32_t site =
        record->host < teller->plan->host_count ? teller->plan->hosts[record->host].site : SIM_NONE;
    const char *to = narrate_name_of(teller->plan, site, &record->dst);
    note_sender(teller, record);
    begin_line(teller, record->at_us, host_name(teller, record->host));
    fprintf(teller->out, "-> %-8s %s", to != NULL ? to : "nobody", punch_type_name(record->type));
    const char *meant = meant_by_broker(teller, record);
    if (meant != NULL && to != NULL && strcmp(meant, to) != 0) {
        fprintf(teller->out, " (for %s)", meant);
    }
    if (record->type == PUNCH_TYPE_INTRO && record->host < teller->plan->host_count) {
        fprintf(teller->out, " #%u", ++teller->intros_sent[record->host]);
    }
    end_packet(teller, record);
}

static void tell_nat(const narrator *teller, const sim_saw *record) {
    const bool out = record->kind == SIM_SAW_NAT_OUT;
    const char *site = site_name(teller, record->site);
    char before[PUNCH_ADDR_TEXT_CAP];
    char after[PUNCH_ADDR_TEXT_CAP];
    begin_line(teller, record->at_us, "");
    if (record->verdict == NAT_PASS && punch_addr_equal(&record->src, &record->src_after) &&
        punch_addr_equal(&record->dst, &record->dst_after)) {
        fprintf(teller->out, "   firewall of %s lets it %s", site, out ? "out" : "in");
    } else if (record->verdict == NAT_PASS) {
        const punch_addr *from = out ? &record->src : &record->dst;
        const punch_addr *to = out ? &record->src_after : &record->dst_after;
        fprintf(teller->out, "   NAT of %s %s %s to %s", site,
                out ? "rewrites source" : "lets it in: destination",
                punch_addr_format(from, before), punch_addr_format(to, after));
    } else if (record->verdict == NAT_TURNED_BACK) {
        fprintf(teller->out, "   NAT of %s turns it back inside: to %s, source shown as %s", site,
                punch_addr_format(&record->dst_after, before),
                punch_addr_format(&record->src_after, after));
    } else {
        fprintf(teller->out, "   NAT of %s DROPS %s from %s: %s (%s)", site,
                punch_type_name(record->type), punch_addr_format(&record->src, before),
                nat_verdict_text(record->verdict), nat_verdict_name(record->verdict));
    }
    if (record->text != NULL) {
        fprintf(teller->out, "; %s", record->text);
    }
    fprintf(teller->out, "  (packet %llu)\n", (unsigned long long)record->packet);
}

static void tell_text(const narrator *teller, const sim_saw *record, const char *otherwise) {
    begin_line(teller, record->at_us, "");
    fprintf(teller->out, "   %s", record->text != NULL ? record->text : otherwise);
    if (record->site < teller->plan->site_count) {
        fprintf(teller->out, ", at %s", site_name(teller, record->site));
    }
    if (record->packet != 0) {
        fprintf(teller->out, ": %s%s  (packet %llu)",
                record->icmp != SIM_ICMP_NONE ? "the ICMP error about " : "",
                punch_type_name(record->type), (unsigned long long)record->packet);
    }
    fputc('\n', teller->out);
}

/* Who tells a packet's sender what became of it. */
static void tell_icmp_send(const narrator *teller, const sim_saw *record) {
    char src[PUNCH_ADDR_TEXT_CAP];
    begin_line(teller, record->at_us, "");
    if (record->site < teller->plan->site_count) {
        fprintf(teller->out, "   NAT of %s", site_name(teller, record->site));
    } else {
        fputs("   a router of the core", teller->out);
    }
    fprintf(teller->out, " answers %s with an ICMP error: %s  (packet %llu)\n",
            punch_addr_format(&record->src, src), record->text, (unsigned long long)record->packet);
}

static void tell_icmp_nat(const narrator *teller, const sim_saw *record) {
    const bool passes = record->verdict == NAT_PASS || record->verdict == NAT_TURNED_BACK;
    char to[PUNCH_ADDR_TEXT_CAP];
    begin_line(teller, record->at_us, "");
    if (passes) {
        fprintf(teller->out, "   NAT of %s lets the ICMP error pass %s: to %s",
                site_name(teller, record->site), record->text,
                punch_addr_format(&record->src_after, to));
    } else {
        fprintf(teller->out, "   NAT of %s DROPS the ICMP error on its way %s: %s (%s)",
                site_name(teller, record->site), record->text, nat_verdict_text(record->verdict),
                nat_verdict_name(record->verdict));
    }
    fprintf(teller->out, "  (packet %llu)\n", (unsigned long long)record->packet);
}

static void tell_icmp_deliver(const narrator *teller, const sim_saw *record) {
    char dst[PUNCH_ADDR_TEXT_CAP];
    begin_line(teller, record->at_us, host_name(teller, record->host));
    fprintf(teller->out, "<- an ICMP error about its %s to %s, of which the core hears nothing",
            punch_type_name(record->type), punch_addr_format(&record->dst, dst));
    fprintf(teller->out, "  (packet %llu)\n", (unsigned long long)record->packet);
}

/* What a fault makes of a NAT; faults are told in the order of the plan. */
static void tell_fault(narrator *teller, const sim_saw *record) {
    PUNCH_ASSERT(teller->faults_told < teller->plan->fault_count);
    const sim_fault *fault = &teller->plan->faults[teller->faults_told++];
    FILE *out = teller->out;
    begin_line(teller, record->at_us, "");
    fprintf(out, "   %s", record->text);
    if (record->site < teller->plan->site_count) {
        fprintf(out, ", at %s", site_name(teller, record->site));
    } else {
        fprintf(out, ": %s", host_name(teller, record->host));
    }
    if (fault->kind == SIM_FAULT_NAT_CHANGE) {
        fputs(": from now on ", out);
        narrate_behaviour(&fault->nat, out);
    } else if (fault->kind == SIM_FAULT_NAT_RENUMBER) {
        fputs(": from now on at ", out);
        narrate_addresses(&teller->plan->sites[fault->index].nat, &fault->external, out);
    }
    fputc('\n', out);
}

static void tell_deliver(narrator *teller, const sim_saw *record) {
    note_seen(teller, record);
    begin_line(teller, record->at_us, host_name(teller, record->host));
    fprintf(teller->out, "<- receives %s", punch_type_name(record->type));
    end_packet(teller, record);
}

/* What the core calls the moment GO reaches it; the number is how far ahead the instant to fire
 * lies. */
#define GO_TRACE "go: fire in (us)"

static void tell_state(const narrator *teller, const sim_saw *record) {
    const punch_trace *trace = record->trace;
    char late[FORMAT_TEXT_CAP];
    begin_line(teller, record->at_us, host_name(teller, record->host));
    if (trace->number < 0 && trace->text != NULL && strcmp(trace->text, GO_TRACE) == 0) {
        fprintf(teller->out, "   ** go: GO came %s late; fires at once\n",
                format_duration(-trace->number, late));
        return;
    }
    fprintf(teller->out, "   core: %s", trace->text != NULL ? trace->text : "?");
    if (trace->number != 0) {
        fprintf(teller->out, ": %lld", (long long)trace->number);
    }
    fputc('\n', teller->out);
}

/* What the core says about itself. Packets it sent or took are told by the world already. */
static void tell_core(const narrator *teller, const sim_saw *record) {
    const punch_trace *trace = record->trace;
    switch (trace->kind) {
    case PUNCH_TRACE_SENT:
    case PUNCH_TRACE_RECEIVED:
        return;
    case PUNCH_TRACE_STATE:
        tell_state(teller, record);
        return;
    case PUNCH_TRACE_DROPPED:
        begin_line(teller, record->at_us, host_name(teller, record->host));
        fprintf(teller->out, "   core drops %s: %s\n", punch_type_name(trace->type),
                trace->text != NULL ? trace->text : "?");
        return;
    }
}

static sim_clock clock_of(const sim_host_plan *host) {
    const sim_clock clock = {host->clock_offset_us, host->clock_drift_ppb};
    return clock;
}

/* GO: the instant to fire is on the host's own clock; people compare worlds. */
static void tell_go(const narrator *teller, const sim_saw *record) {
    char local[FORMAT_TEXT_CAP];
    char world[FORMAT_TEXT_CAP];
    const sim_host_plan *host = &teller->plan->hosts[record->host];
    const punch_time_us at_us = sim_clock_world_us(clock_of(host), record->event->fire_at_us);
    fprintf(teller->out, "will fire when its clock shows %s, that is at %s",
            format_clock(record->event->fire_at_us, local), format_clock(at_us, world));
}

/* A GO that came too late was told when the core took it, before the packets it fired. */
static bool is_late_go(const narrator *teller, const sim_saw *record) {
    return record->event->kind == PUNCH_EVENT_GO && record->host < teller->plan->host_count &&
           sim_clock_local_us(clock_of(&teller->plan->hosts[record->host]), record->at_us) >
               record->event->fire_at_us;
}

static void tell_event(const narrator *teller, const sim_saw *record) {
    const punch_event *event = record->event;
    char remote[PUNCH_ADDR_TEXT_CAP];
    char local[FORMAT_TEXT_CAP];
    FILE *out = teller->out;
    if (is_late_go(teller, record)) {
        return;
    }
    begin_line(teller, record->at_us, host_name(teller, record->host));
    fprintf(out, "   ** %s", punch_event_name(event->kind));
    switch (event->kind) {
    case PUNCH_EVENT_REGISTERED:
        fprintf(out, ": the broker sees it at %s", punch_addr_format(&event->remote, remote));
        break;
    case PUNCH_EVENT_GO:
        fputs(": ", out);
        tell_go(teller, record);
        break;
    case PUNCH_EVENT_FIRED:
        if (record->host < teller->plan->host_count) {
            const sim_clock clock = clock_of(&teller->plan->hosts[record->host]);
            fprintf(out, ": the first INTRO leaves; its clock shows %s",
                    format_clock(sim_clock_local_us(clock, record->at_us), local));
        }
        break;
    case PUNCH_EVENT_CONNECTED:
    case PUNCH_EVENT_MOVED:
        fprintf(out, ": the counterparty is at %s", punch_addr_format(&event->remote, remote));
        break;
    case PUNCH_EVENT_ENDED:
        fprintf(out, ": %s", punch_fail_name(event->fail));
        break;
    case PUNCH_EVENT_MESSAGE:
        fprintf(out, ": %u bytes", event->length);
        break;
    case PUNCH_EVENT_OUTCOME:
        fprintf(out, ": message %u %s", event->message,
                event->outcome == PUNCH_MESSAGE_ACKED         ? "acknowledged"
                : event->outcome == PUNCH_MESSAGE_UNCONFIRMED ? "unconfirmed"
                                                              : "refused");
        break;
    case PUNCH_EVENT_KEEPALIVE:
        fprintf(out, ": our direction now uses %s",
                event->keepalive != NULL ? event->keepalive->name : "none");
        break;
    case PUNCH_EVENT_BROKER_LOST:
    case PUNCH_EVENT_RING:
        break;
    }
    fputc('\n', out);
}

void narrate_words(void *user, const sim_saw *record) {
    narrator *teller = user;
    teller->records++;
    switch (record->kind) {
    case SIM_SAW_SEND:
        tell_send(teller, record);
        break;
    case SIM_SAW_NAT_OUT:
    case SIM_SAW_NAT_IN:
        tell_nat(teller, record);
        break;
    case SIM_SAW_LOSS:
        tell_text(teller, record, "lost");
        break;
    case SIM_SAW_DUPLICATE:
        tell_text(teller, record, "the link makes a second copy");
        break;
    case SIM_SAW_NOWHERE:
        tell_text(teller, record, "nobody has that address: dropped");
        break;
    case SIM_SAW_FAULT:
        tell_fault(teller, record);
        break;
    case SIM_SAW_DELIVER:
        tell_deliver(teller, record);
        break;
    case SIM_SAW_ICMP_SEND:
        tell_icmp_send(teller, record);
        break;
    case SIM_SAW_ICMP_NAT:
        tell_icmp_nat(teller, record);
        break;
    case SIM_SAW_ICMP_DELIVER:
        tell_icmp_deliver(teller, record);
        break;
    case SIM_SAW_CORE:
        tell_core(teller, record);
        break;
    case SIM_SAW_EVENT:
        tell_event(teller, record);
        break;
    }
}
