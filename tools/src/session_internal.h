/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What session.c and session_merge.c share.
 */
#ifndef SESSION_INTERNAL_H
#define SESSION_INTERNAL_H

#include "report.h"
#include "session.h"

/* Where things are; see session.h. */
typedef struct {
    char *stage;   /* directory of the journal */
    char *journal; /* while it runs */
    char *final;   /* afterwards */
    char *lock;    /* file to lock besides the directory, or NULL */
} session_paths;

session_paths session_paths_of(const session_how *how, uint32_t shard, uint32_t shard_count);
void session_free_paths(session_paths *paths);

/* Do they say the same, to the letter? */
bool session_same_facts(const facts *a, const facts *b);

/* In what two runs differ, for people: the first thing that does. */
const char *session_difference(const facts *a, const facts *b);

/* Opens the JSON file that was asked for, so that it fails before anything runs. */
bool session_open_json(const session_how *how, session *out);

/* Everything that is said about an open trials file, in all forms. An exit code. */
int session_publish(const session_how *how, const report_options *options, uint32_t jobs,
                    session *out);

#endif
