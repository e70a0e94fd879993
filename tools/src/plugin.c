/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plugin.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "memory.h"
#include "punch/assert.h"
#include "punch/lab.h"

#define NAME_MAX_BYTES 32  /* letters of a name; as in scenarios */
#define HELP_MAX_BYTES 200 /* chosen: one line */

/* --- what is in it */

static bool is_name(const char *name) {
    size_t length = 0;
    for (; name[length] != '\0' && length <= NAME_MAX_BYTES; length++) {
        const char c = name[length];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && length > 0))) {
            return false;
        }
    }
    return length > 0 && length <= NAME_MAX_BYTES;
}

static bool is_help(const char *help) {
    size_t length = 0;
    for (; help[length] != '\0' && length <= HELP_MAX_BYTES; length++) {
        if ((unsigned char)help[length] < ' ') {
            return false;
        }
    }
    return length > 0 && length <= HELP_MAX_BYTES;
}

static const char *refuse_id(const punch_keepalive *table, char *text, size_t cap) {
    const punch_keepalive_id id = punch_keepalive_id_of(table->name);
    if (memcmp(&id, &table->id, sizeof id) == 0) {
        return NULL;
    }
    int at = snprintf(text, cap, "the id of '%s' must be {{", table->name);
    for (size_t i = 0; i < sizeof id.bytes && at > 0 && (size_t)at < cap; i++) {
        at += snprintf(text + at, cap - (size_t)at, "%s0x%02x", i > 0 ? ", " : "", id.bytes[i]);
    }
    if (at > 0 && (size_t)at < cap) {
        (void)snprintf(text + at, cap - (size_t)at, "}}");
    }
    return text;
}

static const char *refuse_name(const punch_keepalive *table, const punch_keepalive *const *known,
                               size_t known_count, char *text, size_t cap) {
    if (table->name == NULL || !is_name(table->name)) {
        return "its name must be 1 to 32 lower-case letters, digits and '-', and begin with none "
               "of the latter";
    }
    for (size_t i = 0; i < known_count; i++) {
        if (strcmp(known[i]->name, table->name) == 0) {
            (void)snprintf(text, cap, "there is a strategy '%s' already", table->name);
            return text;
        }
    }
    return refuse_id(table, text, cap);
}

static const char *refuse_numbers(const punch_keepalive *table) {
    if (table->interval_us != 0 && (table->interval_us < PUNCH_KEEPALIVE_INTERVAL_US_MIN ||
                                    table->interval_us > PUNCH_KEEPALIVE_INTERVAL_US_MAX)) {
        return "interval_us must be 0, or from 1 s to 24 h";
    }
    if (table->silence_after_last_us < PUNCH_KEEPALIVE_INTERVAL_US_MIN ||
        table->silence_after_first_us < table->silence_after_last_us) {
        return "silence_after_last_us must be at least 1 s, and silence_after_first_us no less";
    }
    if (table->give_up_us < 0 || (table->give_up_us > 0 && !table->asks)) {
        return "give_up_us is for strategies that ask, and must not be negative";
    }
    return NULL;
}

const char *plugin_refusal(const punch_keepalive *table, const punch_keepalive *const *known,
                           size_t known_count, char *text, size_t cap) {
    if (table->abi != PUNCH_KEEPALIVE_ABI) { /* nothing behind it can be trusted to be there */
        (void)snprintf(text, cap,
                       "it was compiled for version %u of punch/keepalive.h; this program has "
                       "version %d",
                       table->abi, PUNCH_KEEPALIVE_ABI);
        return text;
    }
    const char *why = refuse_name(table, known, known_count, text, cap);
    if (why != NULL) {
        return why;
    }
    if (table->help == NULL || !is_help(table->help)) {
        return "its help must be one line of 1 to 200 printable characters";
    }
    if (table->next_send_us == NULL) {
        return "next_send_us is NULL: a strategy must say when it sends next";
    }
    if (table->state_bytes > PUNCH_KEEPALIVE_STATE_MAX) {
        (void)snprintf(text, cap, "state_bytes is %u; at most %d are allowed", table->state_bytes,
                       PUNCH_KEEPALIVE_STATE_MAX);
        return text;
    }
    if (table->state_bytes > 0 && table->reset == NULL) {
        return "it has a state, but reset is NULL: nobody would fill it in";
    }
    if (table->state_bytes == 0 && (table->observe != NULL || table->probe != NULL)) {
        return "it has observe or probe, but no state to keep what it learns";
    }
    return refuse_numbers(table);
}

/* --- the file */

static int complain(const cli_args *args, const char *file, const char *why) {
    fprintf(args->err, "%s %s: --plugin %s: %s\n", args->program, args->command->name, file, why);
    return CLI_USAGE;
}

/* FNV-1a of the file's bytes, as text; NULL when it cannot be read. */
static char *digest_of(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    uint64_t hash = UINT64_C(14695981039346656037);
    unsigned char bytes[4096];
    size_t length = 0;
    while ((length = fread(bytes, 1, sizeof bytes, file)) > 0) {
        for (size_t i = 0; i < length; i++) {
            hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
        }
    }
    const bool failed = ferror(file) != 0;
    (void)fclose(file);
    char *text = memory_zeroed(17, 1);
    (void)snprintf(text, 17, "%016llx", (unsigned long long)hash);
    if (failed) {
        free(text);
        return NULL;
    }
    return text;
}

/* A name without a slash would be looked for in the system's directories. */
static char *path_of(const char *file) {
    return strchr(file, '/') != NULL ? file_copy_name(file) : file_with_suffix("./", file);
}

static int load_one(plugins *out, const cli_args *args, const char *file) {
    char text[256];
    if (out->count == SIM_PLUGINS_MAX) {
        (void)snprintf(text, sizeof text, "at most %d plug-ins", SIM_PLUGINS_MAX);
        return complain(args, file, text);
    }
    char *path = path_of(file);
    char *digest = digest_of(path);
    void *handle = digest != NULL ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    free(path);
    if (handle == NULL) {
        const char *why = digest != NULL ? dlerror() : "no such file, or it cannot be read";
        free(digest);
        return complain(args, file, why != NULL ? why : "cannot be loaded");
    }
    const size_t at = out->count++;
    out->files[at] = file_copy_name(file);
    out->digests[at] = digest;
    out->handles[at] = handle;
    const punch_keepalive *table = dlsym(handle, PLUGIN_SYMBOL);
    if (table == NULL) {
        return complain(args, file,
                        "it exports no 'const punch_keepalive " PLUGIN_SYMBOL
                        "', which is what a plug-in is");
    }
    size_t lab_count = 0;
    const punch_keepalive *const *lab = punch_lab_keepalives(&lab_count);
    const char *why = plugin_refusal(table, lab, lab_count, text, sizeof text);
    why = why != NULL ? why : plugin_refusal(table, out->strategies, at, text, sizeof text);
    out->strategies[at] = table;
    return why == NULL ? CLI_OK : complain(args, file, why);
}

int plugins_load(plugins *out, const cli_args *args) {
    *out = (plugins){0};
    int status = CLI_OK;
    for (size_t i = 0; i < args->given_count && status == CLI_OK; i++) {
        if (strcmp(args->given[i].option->name, "plugin") == 0) {
            status = load_one(out, args, args->given[i].value);
        }
    }
    return status;
}

void plugins_free(plugins *of) {
    for (size_t i = 0; i < of->count; i++) {
        PUNCH_ASSERT(of->handles[i] != NULL);
        (void)dlclose(of->handles[i]);
        free(of->files[i]);
        free(of->digests[i]);
    }
    *of = (plugins){0};
}
