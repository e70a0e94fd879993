/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has an address: an open-addressing table over (scope, IP). The scope is the public network,
 * or one site: behind its NAT, or where its addresses are private ones. What lies between a home
 * and its carrier's NAT belongs to the carrier's scope. Entries are indices of hosts and sites,
 * which hold the addresses themselves.
 */
#ifndef SIM_ROUTE_H
#define SIM_ROUTE_H

#include "sim/plan.h"

#define SIM_ROUTE_PUBLIC UINT32_MAX /* scope; otherwise the index of a site */

typedef enum { SIM_ROUTE_NOWHERE, SIM_ROUTE_HOST, SIM_ROUTE_NAT } sim_route_kind;

typedef struct {
    sim_route_kind kind;
    uint32_t index; /* host, or the site whose NAT it is */
} sim_route;

struct sim_world;

typedef struct {
    uint32_t *slots; /* 0 = empty, else 1 + 2 x index + (1 if NAT) */
    uint32_t cap;    /* a power of two */
    uint32_t mask;   /* of the part in use by this plan */
} sim_route_table;

/* Room for hosts and external addresses of NATs of these numbers. */
bool sim_route_create(sim_route_table *table, uint32_t host_count, uint32_t external_count);
/* External addresses of all sites, counted as if each had the NAT with the most. */
uint32_t sim_route_externals(const sim_plan *plan);
void sim_route_destroy(sim_route_table *table);

/* Takes the addresses of the world's hosts and sites. O(hosts + sites). An address given twice is a
 * broken plan. */
void sim_route_begin(struct sim_world *world);

/* Where an address means something, seen from inside a site: behind the innermost NAT around it
 * that translates. */
uint32_t sim_route_scope(const struct sim_world *world, uint32_t site, const punch_addr *addr);

/* The site of what was found. */
uint32_t sim_route_site(const struct sim_world *world, sim_route found);

/* The way inside a site to whoever has an address there: a host of the site, or the next site down.
 * Neither: nobody has it. */
typedef struct {
    uint32_t host; /* or SIM_NONE */
    uint32_t step; /* or SIM_NONE */
} sim_route_way;

sim_route_way sim_route_inside(const struct sim_world *world, uint32_t site,
                               const punch_addr *addr);

/* O(1). Ports are not looked at. */
sim_route sim_route_find(const struct sim_world *world, uint32_t scope, const punch_addr *addr);

#endif
