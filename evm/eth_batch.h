/* SPDX-License-Identifier: MIT */
/*
 * evm/eth_batch.h -- many transactions in one message: what they would cost, and taking them; and why one failed.
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

#endif
