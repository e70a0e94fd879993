/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the reference NAT share: reference_remotes.c, reference_ports.c and
 * reference_nat.c, which lets packets through; reference_tcp_box.c uses some of them for TCP.
 */
#ifndef REFERENCE_PARTS_H
#define REFERENCE_PARTS_H

#include "reference_nat.h"

/* External endpoints a host may be given: ports of one address. */
typedef struct {
    uint32_t address;
    uint32_t min;
    uint32_t max;
    int parity; /* 0, 1; -1: any */
} reference_ports;

/* Where a new mapping is seen from outside, and which must end for it. */
typedef struct {
    punch_addr external;
    bool dodged;
    reference_mapping *victim;     /* of a limit */
    reference_mapping *overridden; /* had the port */
} reference_choice;

punch_time_us reference_timeout_us(const reference_nat *ref, int timeout, int level,
                                   punch_time_us now_us);
bool reference_stream_begins(const reference_nat *ref, bool answered, punch_time_us made_at_us,
                             punch_time_us now_us);
uint32_t reference_remotes_max(const reference_nat *ref);
reference_remote *reference_remote_find(reference_nat *ref, reference_kind kind, uint64_t owner,
                                        const punch_addr *addr);
reference_remote *reference_stray_find(reference_nat *ref, const punch_addr *place,
                                       const punch_addr *addr);
bool reference_remote_live(const reference_nat *ref, const reference_remote *remote,
                           punch_time_us now_us);
void reference_remote_make(reference_nat *ref, reference_remote wanted, punch_time_us now_us);
void reference_remote_restart(reference_nat *ref, reference_remote *remote, int timeout,
                              punch_time_us at_us);
void reference_remote_passed(reference_nat *ref, reference_remote *remote, bool other_way,
                             bool refreshes, punch_time_us now_us);
bool reference_stray_holds(reference_nat *ref, const punch_addr *place, const punch_addr *remote,
                           punch_time_us now_us);
punch_addr reference_permitted(const reference_nat *ref, const punch_addr *remote);
void reference_permit(reference_nat *ref, const reference_mapping *mapping,
                      const punch_addr *remote, punch_time_us now_us);
nat_verdict reference_filter(reference_nat *ref, const reference_mapping *mapping,
                             const punch_addr *remote, punch_time_us now_us);
uint32_t reference_address_count(const reference_nat *ref);
punch_addr reference_endpoint(const reference_nat *ref, uint32_t address, uint32_t port);
uint32_t reference_address_of(const reference_nat *ref, const punch_addr *external);
bool reference_shares_or_takes(const reference_nat *ref);
uint32_t reference_taken_on(const reference_nat *ref, uint32_t address, uint32_t min, uint32_t max);
bool reference_held_down(const reference_nat *ref, const punch_addr *external,
                         punch_time_us now_us);
bool reference_is_live(const reference_nat *ref, const reference_mapping *mapping,
                       punch_time_us now_us);
void reference_time_out(reference_nat *ref, reference_mapping *mapping, punch_time_us at_us);
void reference_expire(reference_nat *ref, punch_time_us now_us);
reference_mapping *reference_mapping_of_id(reference_nat *ref, uint64_t id);
bool reference_key_fits(const reference_nat *ref, const reference_mapping *mapping,
                        const punch_addr *inside, const punch_addr *remote);
reference_mapping *reference_mapping_find(reference_nat *ref, const punch_addr *inside,
                                          const punch_addr *remote, bool exact,
                                          punch_time_us now_us);
reference_remote *reference_session_find(reference_nat *ref, const punch_addr *inside,
                                         const punch_addr *remote, punch_time_us now_us);
reference_mapping *reference_reached_by(reference_nat *ref, const punch_addr *dst,
                                        punch_time_us now_us, bool *expired);
void reference_end(reference_nat *ref, reference_mapping *mapping);
void reference_evict(reference_nat *ref, reference_mapping *mapping);
nat_verdict reference_find_room(reference_nat *ref, const punch_addr *inside,
                                reference_mapping **victim);
void reference_make_way(reference_nat *ref, const reference_choice *choice);
bool reference_inherits(reference_nat *ref, const reference_mapping *victim,
                        const nat_packet *packet, punch_time_us now_us);
void reference_forget_on(reference_nat *ref, const punch_addr *external);
reference_mapping *reference_mapping_make(reference_nat *ref, const nat_packet *packet, bool exact,
                                          const punch_addr *external, punch_time_us now_us);
uint32_t reference_mapped(const reference_nat *ref);
uint64_t reference_block_stamp(reference_nat *ref, const reference_mapping *mapping);
uint32_t reference_blocks_of_host(const reference_nat *ref, const punch_addr *inside,
                                  reference_ports *lists);
bool reference_further_block(reference_nat *ref, const punch_addr *inside, reference_ports *list);
reference_ports reference_block_around(const reference_nat *ref, const punch_addr *external);
bool reference_find_ports(reference_nat *ref, const punch_addr *inside, reference_ports *list);
uint32_t reference_port_count(const reference_ports *list);
uint32_t reference_port_other(reference_nat *ref, const reference_ports *list, uint32_t wanted,
                              const punch_addr *remote, punch_time_us now_us);
uint32_t reference_port_wanted(reference_nat *ref, const reference_ports *list,
                               const punch_addr *inside);
nat_verdict reference_choose(reference_nat *ref, const nat_packet *packet, punch_time_us now_us,
                             reference_choice *choice);
bool reference_is_ours(const reference_nat *ref, const punch_addr *addr);
bool reference_is_exempt(const reference_nat *ref, const punch_addr *remote);
reference_mapping *reference_holder_of(reference_nat *ref, const punch_addr *external,
                                       const reference_mapping *but);

#endif
