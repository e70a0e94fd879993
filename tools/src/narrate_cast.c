/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cast of a story: who is where, behind which NAT, and what that NAT does. Of a NAT's behaviour
 * mapping, filtering, allocation and timeouts are always told, the rest where it differs from what
 * RFC 4787 recommends (nat_config_default).
 */
#include <string.h>

#include "format.h"
#include "narrate.h"

/* What stands in front of a site, as people call it. */
static const char *box_name(const sim_site_plan *site) {
    return site->nat.firewall ? "firewall" : "NAT";
}

/* Who else is behind it. */
static void cast_others(const narrator *teller, const sim_site_plan *site) {
    const sim_cross_plan *cross = &site->cross;
    if (cross->rate_milli == 0) {
        return;
    }
    fprintf(teller->out, "behind it besides: %u host%s that open%s %g flows a second", cross->hosts,
            cross->hosts == 1 ? "" : "s", cross->hosts == 1 ? "s" : "",
            (double)cross->rate_milli / 1000);
    if (cross->dispersion_milli > 1000) {
        fprintf(teller->out, " in batches (dispersion %g)", (double)cross->dispersion_milli / 1000);
    }
    fprintf(teller->out, ", %g %% of them answered\n",
            100.0 * (double)cross->answered / (double)PUNCH_PROBABILITY_ONE);
}

/* A NAT has addresses; its mappings have ports. Returns text. */
static char *bare_text(const punch_addr *addr, char text[PUNCH_ADDR_TEXT_CAP]) {
    punch_addr bare = *addr;
    bare.port = 1;
    punch_addr_format(&bare, text);
    char *port = strrchr(text, ':');
    if (port != NULL) {
        *port = '\0';
    }
    return text;
}

/* The address so many after another one. */
static punch_addr later_addr(const punch_addr *first, uint32_t number) {
    punch_addr addr = *first;
    uint32_t carry = number;
    for (size_t i = first->family == PUNCH_FAMILY_IPV4 ? 4 : 16; i-- > 0 && carry > 0;) {
        carry += addr.ip[i];
        addr.ip[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return addr;
}

void narrate_addresses(const nat_config *box, const punch_addr *first, FILE *out) {
    char text[PUNCH_ADDR_TEXT_CAP];
    const uint32_t count = nat_config_addresses(box);
    fputs(bare_text(first, text), out);
    if (count == 1) {
        return;
    }
    const punch_addr last = later_addr(first, count - 1);
    const char *dot = strrchr(bare_text(&last, text), '.');
    const bool is_near = dot != NULL && memcmp(first->ip, last.ip, 3) == 0;
    fprintf(out, " to %s (%s)", is_near ? dot : text, nat_pooling_name(box->pooling));
}

static void tell_ports(const nat_config *box, const nat_config *usual, FILE *out) {
    if (box->port_min != usual->port_min || box->port_max != usual->port_max) {
        fprintf(out, ", ports %u to %u", box->port_min, box->port_max);
    }
    if (box->block_ports > 0) {
        const uint32_t blocks = nat_config_blocks_per_host(box);
        fprintf(out, ", up to %u block%s of %u ports a host", blocks, blocks == 1 ? "" : "s",
                box->block_ports);
    }
    if (box->hairpin != usual->hairpin) {
        fprintf(out, ", hairpin %s", nat_hairpin_name(box->hairpin));
    }
}

static void tell_limits(const nat_config *box, const nat_config *usual, FILE *out) {
    if (box->table_max < usual->table_max) {
        fprintf(out, ", at most %u mappings", box->table_max);
    }
    if (box->per_host_max > 0) {
        fprintf(out, ", at most %u mappings of a host", box->per_host_max);
    }
    if (box->mapping_rate_per_s > 0) {
        fprintf(out, ", at most %u new mappings of a host a second", box->mapping_rate_per_s);
    }
    if (box->udp_blocked) {
        fputs(", UDP blocked", out);
    }
    if (box->udp_rate_pps > 0) {
        fprintf(out, ", at most %u UDP packets a second", box->udp_rate_pps);
    }
    if (box->refusal != usual->refusal) {
        fprintf(out, ", refusal %s", nat_refusal_name(box->refusal));
    }
    if (box->icmp_blocked) {
        fputs(", ICMP errors blocked", out);
    }
}

void narrate_behaviour(const nat_config *box, FILE *out) {
    char first[FORMAT_TEXT_CAP];
    char stream[FORMAT_TEXT_CAP];
    const nat_config usual = nat_config_default();
    if (!box->firewall) {
        fprintf(out, "mapping %s, ", nat_mapping_name(box->mapping));
    }
    fprintf(out, "filtering %s, ", nat_filtering_name(box->filtering));
    if (!box->firewall) {
        fprintf(out, "allocation %s, ", nat_allocation_name(box->allocation));
    }
    fprintf(out, "timeouts %s / %s", format_duration(box->udp_timeout_first_us, first),
            format_duration(box->udp_timeout_stream_us, stream));
    if (!box->firewall) {
        if (box->unsolicited != usual.unsolicited) {
            fprintf(out, ", unsolicited: %s", nat_unsolicited_name(box->unsolicited));
        }
        fputs(box->reply_affinity ? ", reply affinity" : "", out);
        tell_ports(box, &usual, out);
    }
    tell_limits(box, &usual, out);
}

static void cast_box(const narrator *teller, const sim_site_plan *site) {
    fprintf(teller->out, "%s of %s: ", box_name(site), site->name);
    if (!site->nat.firewall) {
        fputs("at ", teller->out);
        narrate_addresses(&site->nat, &site->external, teller->out);
        fputs(", ", teller->out);
    }
    narrate_behaviour(&site->nat, teller->out);
    if (site->behind != 0) {
        const sim_site_plan *around = &teller->plan->sites[sim_site_parent(site)];
        fprintf(teller->out, ", behind the %s of %s", box_name(around), around->name);
    }
    fputc('\n', teller->out);
    cast_others(teller, site);
}

static void cast_site(const narrator *teller, const sim_site_plan *site) {
    if (site->has_nat) {
        cast_box(teller, site);
    }
    if (site->is_isolated) {
        fprintf(teller->out, "%s keeps those inside apart\n", site->name);
    }
}

void narrate_cast(const narrator *teller) {
    const sim_plan *plan = teller->plan;
    for (uint32_t i = 0; i < plan->host_count; i++) {
        const sim_host_plan *host = &plan->hosts[i];
        const sim_site_plan *site = &plan->sites[host->site];
        char addr[PUNCH_ADDR_TEXT_CAP];
        char offset[FORMAT_TEXT_CAP];
        const sim_site_plan *around = site->has_nat       ? site
                                      : site->behind != 0 ? &plan->sites[sim_site_parent(site)]
                                                          : NULL;
        fprintf(teller->out, "%s: %s at %s, %s%s%s%s", host->name,
                host->kind == SIM_HOST_BROKER ? "broker" : "peer",
                punch_addr_format(&host->addr, addr), around != NULL ? "behind the " : "no NAT",
                around != NULL ? box_name(around) : "", around != NULL ? " of " : "",
                around != NULL ? around->name : "");
        if (host->clock_offset_us != 0 || host->clock_drift_ppb != 0) {
            fprintf(teller->out, ", its clock is off by %s and drifts by %d ppb",
                    format_duration(host->clock_offset_us, offset), host->clock_drift_ppb);
        }
        fputc('\n', teller->out);
    }
    for (uint32_t i = 0; i < plan->site_count; i++) {
        cast_site(teller, &plan->sites[i]);
    }
    fputc('\n', teller->out);
}
