/* SPDX-License-Identifier: MIT */
/*
 * evm/tx.h -- a transaction with its two fees (type 2, EIP-1559): what is signed, what is broadcast, and the hash by
 * which it is known.
 *
 * Whoever holds the key signs the digest: a signer of this process (tx_sign) or a service elsewhere (tx_digest, then
 * tx_write with its signature).  The signature is deterministic, so the same transaction has the same bytes again.
 */
#ifndef ARCA_EVM_TX_H
#define ARCA_EVM_TX_H

#include "seal/sign.h"

typedef struct evm_tx {
	uint64_t    chain_id, nonce, gas;
	uint64_t    max_priority_fee, max_fee;             /* wei a unit of gas */
	eth_address to;
	uint64_t    value;                                 /* wei */
	slice       data;                                  /* borrowed */
} evm_tx;

hash32 tx_digest(const evm_tx *tx);
void   tx_write(buf *raw, const evm_tx *tx, const secp_rsig *sig);
void   tx_sign(buf *raw, const evm_tx *tx, const signer *by);
static inline hash32 tx_hash(slice raw) { return keccak256(raw); }

#endif
