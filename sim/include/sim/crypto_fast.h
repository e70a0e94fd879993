/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A crypto provider for speed, not for secrets: same sizes as libsodium's, toy commutative
 * Diffie-Hellman, SipHash tag, no encryption. Lives in sim only; a link test shows that it is in
 * neither libpunch nor the `punch` program.
 */
#ifndef SIM_CRYPTO_FAST_H
#define SIM_CRYPTO_FAST_H

#include "punch/crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const punch_crypto sim_crypto_fast;

#ifdef __cplusplus
}
#endif

#endif
