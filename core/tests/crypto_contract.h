/* SPDX-License-Identifier: MIT */
/*
 * What punch/crypto.h promises, checked against any provider. Each function is the body of a test.
 */
#ifndef CRYPTO_CONTRACT_H
#define CRYPTO_CONTRACT_H

#include "punch/crypto.h"

/* Fills with bytes that depend on `seed` only. */
void crypto_contract_fill(uint8_t *bytes, size_t length, uint64_t seed);

void crypto_contract_dh_agrees(const punch_crypto *crypto);
void crypto_contract_dh_refuses_zero(const punch_crypto *crypto);
void crypto_contract_derivation(const punch_crypto *crypto);
void crypto_contract_hash(const punch_crypto *crypto);
void crypto_contract_round_trips(const punch_crypto *crypto);
void crypto_contract_any_change_is_noticed(const punch_crypto *crypto);

#endif
