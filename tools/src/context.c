/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "context.h"

#include "format.h"

static _Thread_local context here;

context *context_here(void) {
    return &here;
}

void context_print_replay(FILE *out, const context *where) {
    format_shell_word(out, where->program);
    fputs(" replay ", out);
    format_shell_word(out, where->file);
    fprintf(out, " --cell %u --trial %llu --seed %llu", where->cell,
            (unsigned long long)where->trial, (unsigned long long)where->seed);
    if (where->backend_given != NULL) {
        fputs(" --backend ", out);
        format_shell_word(out, where->backend_given);
    }
    if (where->crypto_given != NULL) {
        fprintf(out, " --crypto %s", where->crypto_given);
    }
    for (size_t i = 0; i < where->override_count; i++) {
        char word[1024];
        const int length = snprintf(word, sizeof word, "%s=%s", where->overrides[i].key,
                                    where->overrides[i].value);
        fputs(" --set ", out);
        if (length > 0 && (size_t)length < sizeof word) {
            format_shell_word(out, word);
        } else {
            fprintf(out, "%s=...", where->overrides[i].key);
        }
    }
    for (size_t i = 0; i < where->plugin_count; i++) {
        fputs(" --plugin ", out);
        format_shell_word(out, where->plugins[i]);
    }
}
