/* SPDX-License-Identifier: MIT */
#include "punch/error.h"

const char *punch_err_name(punch_err err) {
    switch (err) {
    case PUNCH_OK:
        return "ok";
    case PUNCH_ERR_PARSE:
        return "parse";
    case PUNCH_ERR_CRYPTO:
        return "crypto";
    case PUNCH_ERR_CAPACITY:
        return "capacity";
    case PUNCH_ERR_STATE:
        return "state";
    case PUNCH_ERR_ARGUMENT:
        return "argument";
    case PUNCH_ERR_TOO_LONG:
        return "too long";
    case PUNCH_ERR_PORT:
        return "port";
    case PUNCH_ERR_UNSUPPORTED:
        return "unsupported";
    }
    return "unknown";
}
