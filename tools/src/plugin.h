/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keepalive strategies that users compile themselves: --plugin my.so. A plug-in is a shared object
 * that exports one `const punch_keepalive punch_keepalive_plugin`; it is believed in nothing, so
 * far as that can be looked at, before it is used. What it does then is its own: it runs inside
 * this program.
 */
#ifndef PLUGIN_H
#define PLUGIN_H

#include "cli.h"
#include "punch/keepalive.h"
#include "sim/scenario.h"

#define PLUGIN_SYMBOL "punch_keepalive_plugin"
#define PLUGIN_OPTION                                                   \
    {                                                                   \
        "plugin", 0, "FILE",                                            \
            "a keepalive strategy of your own, compiled into a shared " \
            "object; may be repeated"                                   \
    }

typedef struct {
    size_t count;
    const punch_keepalive *strategies[SIM_PLUGINS_MAX];
    char *files[SIM_PLUGINS_MAX];   /* as typed */
    char *digests[SIM_PLUGINS_MAX]; /* of the files' bytes: 16 hexadecimal digits */
    void *handles[SIM_PLUGINS_MAX];
} plugins;

/* Loads what the command line names. CLI_OK, or CLI_USAGE after saying in one sentence what is
 * wrong with which file. Free with plugins_free in any case, after all that uses a strategy. */
int plugins_load(plugins *out, const cli_args *args);
void plugins_free(plugins *of);

/* Why a table cannot be used, in words, or NULL; `known` are the strategies it must not be mistaken
 * for. Writes into text. */
const char *plugin_refusal(const punch_keepalive *table, const punch_keepalive *const *known,
                           size_t known_count, char *text, size_t cap);

#endif
