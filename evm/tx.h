/* SPDX-License-Identifier: MIT */
/*
 * evm/tx.h -- a transaction with its two fees (type 2, EIP-1559), or one by which its sender delegates to a contract (type 4, EIP-7702): what is signed, what is broadcast, and the hash by
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
	bool        delegates;                             /* type 4: from now on the sender's code is the executor's */
	eth_address executor;
	secp_rsig   authorization;                         /* by the sender, of tx_authorization_digest */
} evm_tx;

hash32 tx_digest(const evm_tx *tx);
/* Requires: tx delegates; chain, nonce and executor are set.  Its number is the one behind that of the transaction. */
hash32 tx_authorization_digest(const evm_tx *tx);
void   tx_write(buf *raw, const evm_tx *tx, const secp_rsig *sig);
void   tx_sign(buf *raw, const evm_tx *tx, const signer *by);

/* What tx_write wrote: false for everything else.  out->data is borrowed from raw. */
bool   tx_read(evm_tx *out, secp_rsig *sig, slice raw);
static inline hash32 tx_hash(slice raw) { return keccak256(raw); }

#endif
