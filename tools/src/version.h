/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which program this is: filled in by the build.
 */
#ifndef VERSION_H
#define VERSION_H

extern const char *const version_number; /* "0.1.0" */
extern const char *const version_commit; /* "1a2b3c4", or with changes
                                            "1a2b3c4-dirty-" and a hash of them, or "unknown" */
extern const char *const version_date;   /* of the version, "2026-11-22" */
extern const char *const version_source; /* directory the sources were configured in */

#endif
