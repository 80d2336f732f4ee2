/* SPDX-License-Identifier: MIT */
/*
 * evm/eth_batch.h -- many transactions in one message: what they would cost, and taking them; and why one failed.  And one transaction
 * that makes many calls (contracts/Batch.sol): what became of each.
 *
 * OK: each has its answer or its error.  Otherwise the exchange failed and every error says so, as with jrpc_ask.
 */
#ifndef ARCA_EVM_ETH_BATCH_H
#define ARCA_EVM_ETH_BATCH_H

#include "evm/eth.h"

typedef struct eth_estimate {
	eth_address to;
	slice       data;
	uint64_t    gas;                               /* out */
	jrpc_error  error;                             /* out; JRPC_REVERTED: the contract would refuse */
} eth_estimate;
err  eth_estimates(jrpc *r, const eth_address *from, eth_estimate *e, size_t n);

/* The hashes that come back must be those of the bytes. */
err  eth_send_all(jrpc *r, jrpc_error *errors, const slice *raw, size_t n);

/* What a contract said when it refused a mined transaction (debug_traceTransaction): appended, nothing if it said nothing.
 * JRPC_UNSUPPORTED: this provider keeps no traces. */
err  eth_refusal(jrpc *r, buf *out, const hash32 *tx);

/* ---- many calls in one transaction -------------------------------------------------------------------------------- */

enum { MAX_BATCH_CALLS = 32, MAX_BATCH_REASON = 256 };

typedef struct batch_call { eth_address to; uint64_t gas; slice data; } batch_call;

/* Appends the data of execute(). */
void eth_batch_call(buf *data, const batch_call *calls, size_t n);

/* What a mined one says.  A call that is not in `succeeded` did nothing, as far as is known. */
typedef struct batch_outcome {
	uint32_t succeeded;                                /* bit i: call i */
	struct { uint8_t data[MAX_BATCH_REASON]; size_t n; } refusal[MAX_BATCH_CALLS];
} batch_outcome;
/* by: the wallet that made the calls, whose words alone count.  *found: is the transaction mined? */
err  eth_batch_outcome(jrpc *r, batch_outcome *out, bool *found, const hash32 *tx, const eth_address *by);

/* Does the wallet delegate to this contract (EIP-7702)? */
err  eth_delegates_to(jrpc *r, bool *out, const eth_address *wallet, const eth_address *executor);

#endif
