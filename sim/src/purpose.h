/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of the world's random streams: the third part of (seed, object, purpose). Values are part
 * of every digest; new purposes go at the end.
 */
#ifndef SIM_PURPOSE_H
#define SIM_PURPOSE_H

typedef enum {
    SIM_PURPOSE_IDENTITY = 1, /* object: host; its key pair */
    SIM_PURPOSE_RANDOM = 2,   /* object: host; port->random */
    SIM_PURPOSE_NAT = 3,      /* object: site; random ports */
    SIM_PURPOSE_PACKETS = 4,  /* object: link; what happens to each packet */
    SIM_PURPOSE_DWELLS = 5,   /* object: link; Gilbert-Elliott dwell times */
    SIM_PURPOSE_CROSS = 6     /* object: site; flows of others behind its NAT */
} sim_purpose;

#endif
