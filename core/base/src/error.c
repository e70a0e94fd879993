/* SPDX-License-Identifier: MIT */
/* Names of errors, in the order of their values. */
#include "punch/error.h"

const char *punch_err_name(punch_err err) {
    static const char *const names[] = {"ok",       "parse",    "crypto", "capacity",   "state",
                                        "argument", "too long", "port",   "unsupported"};
    const int index = -(int)err;
    return index >= 0 && index < (int)(sizeof names / sizeof names[0]) ? names[index] : "unknown";
}
