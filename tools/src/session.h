/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run and the directory it belongs to, from the lock to the verdict.
 *
 *   DIR/.part/trials.bin          while it runs: its journal, continued by --resume
 *   DIR/shards/I-of-N.trials      what a shard leaves; .part behind the name while it runs
 *   DIR/trials.bin                when every trial is there; everything else in DIR is made from it
 *
 * Unfinished work is never thrown away unasked: a run that finds some either continues it or says
 * how to. One process at a time may write into a directory; shards share it.
 */
#ifndef SESSION_H
#define SESSION_H

#include "analysis.h"
#include "cli.h"
#include "file.h"
#include "run.h"
#include "setup.h"

typedef struct {
    const char *directory; /* borrowed */
    bool resume;           /* continue what is unfinished */
    bool fresh;            /* throw it away */
    bool quiet;            /* no table */
    bool verbose;
    bool trials_csv;
    bool allow_inconclusive;
    const char *json;  /* file, "-", or NULL */
    FILE *table;       /* for people */
    FILE *json_stdout; /* where "-" goes */
    FILE *err;
    const char *program;
} session_how;

typedef struct {
    file_out json;    /* open when a file was asked for */
    trials_file file; /* open when `opened` */
    analysis said;    /* of it, when `analysed` */
    bool opened;
    bool analysed;
} session;

/* The options of any command that writes results, read from its command line. */
session_how session_how_of(const cli_args *args, const char *directory);

/* Runs the scenario into the directory and says what came of it. An exit code; what was opened is
 * in *out, to be closed by session_close in any case. Signals are held by the caller. */
int session_run(const setup *made, const session_how *how, const sigset_t *signals, session *out);

/* Puts all shards of a directory together and says what came of them. An exit code. */
int session_merge(const session_how *how, uint32_t jobs, session *out);

/* Says what the results in a directory say, and writes everything in it anew. An exit code. */
int session_report(const session_how *how, uint32_t jobs, session *out);

void session_close(session *of);

/* The exit code its expectations ask for. */
int session_verdict(const session *of, bool allow_inconclusive);

#endif
