/* SPDX-License-Identifier: MIT */
/*
 * A contact is one copy-and-paste line: whom to call, through which broker, with which right
 * (protocol §1).
 *
 *   punch1:<callee key>:<token>:<broker key>@<broker address>
 *
 * Keys and token are unpadded base64url (RFC 4648 §5).
 */
#ifndef PUNCH_CONTACT_H
#define PUNCH_CONTACT_H

#include "punch/addr.h"
#include "punch/crypto.h"

typedef struct {
    uint8_t bytes[PUNCH_TOKEN_BYTES];
} punch_token;

typedef struct {
    punch_key callee;
    punch_key broker;
    punch_addr broker_addr;
    punch_token token;
} punch_contact;

#define PUNCH_CONTACT_TEXT_CAP 208

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the line and a NUL into text (at least PUNCH_CONTACT_TEXT_CAP bytes); returns text. */
char *punch_contact_format(const punch_contact *contact, char *text);

/* Reads such a line; surrounding white space is ignored, anything else is PUNCH_ERR_PARSE. */
punch_err punch_contact_parse(const char *text, punch_contact *contact_out);

#ifdef __cplusplus
}
#endif

#endif
