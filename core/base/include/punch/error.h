/* SPDX-License-Identifier: MIT */
/*
 * Expected trouble. 0 is success, everything else negative; out-parameters are untouched on error.
 */
#ifndef PUNCH_ERROR_H
#define PUNCH_ERROR_H

typedef enum {
    PUNCH_OK = 0,
    PUNCH_ERR_PARSE = -1,      /* bytes or text that are not what they should be */
    PUNCH_ERR_CRYPTO = -2,     /* did not open: wrong key, changed bytes, or a bad public key */
    PUNCH_ERR_CAPACITY = -3,   /* a table, queue or buffer of fixed size is full */
    PUNCH_ERR_STATE = -4,      /* not possible now: not registered, not connected, unknown call */
    PUNCH_ERR_ARGUMENT = -5,   /* outside the documented range */
    PUNCH_ERR_TOO_LONG = -6,   /* payload above its documented maximum */
    PUNCH_ERR_PORT = -7,       /* the host's socket layer refused */
    PUNCH_ERR_UNSUPPORTED = -8 /* the host's socket layer lacks that capability */
} punch_err;

#ifdef __cplusplus
extern "C" {
#endif

/* A short static name ("parse", "crypto", ...); "unknown" for a value that is none. Never NULL. */
const char *punch_err_name(punch_err err);

#ifdef __cplusplus
}
#endif

#endif
