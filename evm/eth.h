/* SPDX-License-Identifier: MIT */
/*
 * evm/eth.h -- the questions of Ethereum's JSON-RPC that a KMS asks, with their answers as values.
 *
 * Errors are those of jrpc_one; jrpc_last tells their kind.  An answer that is not of the form it should be is one of
 * JRPC_GARBAGE.  What a provider does not know is not an error: *found is false.
 */
#ifndef ARCA_EVM_ETH_H
#define ARCA_EVM_ETH_H

#include "evm/abi.h"
#include "evm/jrpc.h"
#include "evm/kms_events.h"

enum { MAX_ETH_LOGS = 1 << 17, MAX_ETH_CALLDATA = 1 << 20, MAX_ETH_RECEIPTS = 1 << 16, ETH_TAG = 24 };

/* A block to look at: its number, or "latest", "finalized", "pending". */
typedef struct eth_at { char text[ETH_TAG]; } eth_at;
eth_at eth_block_at(uint64_t number);
eth_at eth_tag(const char *tag);

typedef struct eth_block {
	uint64_t number, timestamp, base_fee;          /* base_fee 0: it has none */
	hash32   hash, parent;
} eth_block;

err  eth_chain_id(jrpc *r, uint64_t *out);
err  eth_block_number(jrpc *r, uint64_t *out);
err  eth_get_block(jrpc *r, eth_block *out, bool *found, eth_at at);
/* All of them in one message; found[i] for each. */
err  eth_get_blocks(jrpc *r, eth_block *out, bool *found, const uint64_t *number, size_t n);

/* ---- logs ------------------------------------------------------------------------------------------------------- */

typedef struct eth_filter {
	const eth_address *address;
	size_t             addresses;
	const hash32      *topic;                      /* any of these first topics */
	size_t             topics;
} eth_filter;

/* What a provider says of the blocks from .. to, all of it from one message, so that no other machine behind the same name
 * answers for a part of it. */
typedef struct eth_range {
	eth_block first, last;
	const evm_log *log;                            /* in the arena, as is their data */
	size_t    logs;
} eth_range;

/*
 * Checked: it knows the last block, before and after it gave the logs, by the same hash; each log is of the filter, in
 * the range, in its order, and its block is called as the log says.  Otherwise an error of JRPC_BEHIND, JRPC_PRUNED or JRPC_GARBAGE.
 * Requires: from <= to.
 */
err  eth_get_range(jrpc *r, eth_range *out, arena *a, const eth_filter *filter, uint64_t from, uint64_t to);

/* ---- contracts -------------------------------------------------------------------------------------------------- */

typedef struct eth_call {
	eth_address to;
	slice       data;
	const eth_address *from;                       /* NULL: nobody */
	uint64_t    gas;                               /* 0: as the provider likes */
	buf         answer;                            /* out */
	jrpc_error  error;                             /* out; JRPC_REVERTED if the contract refused */
} eth_call;

/* All in one message; OK: each has its answer or its error. */
err  eth_calls(jrpc *r, eth_call *calls, size_t n, eth_at at);
void eth_calls_free(eth_call *calls, size_t n);

/* ---- accounts and transactions ---------------------------------------------------------------------------------- */

err  eth_nonce(jrpc *r, uint64_t *out, const eth_address *of, eth_at at);
err  eth_balance(jrpc *r, abi_word *wei, const eth_address *of);
err  eth_estimate_gas(jrpc *r, uint64_t *gas, const eth_address *from, const eth_address *to, slice data);

/* Per unit of gas.  base: of the next block; tip: the median of what recent blocks took. */
typedef struct eth_fees { uint64_t base, tip; } eth_fees;
err  eth_get_fees(jrpc *r, eth_fees *out);         /* eth_feeHistory, or eth_gasPrice where there is none */

typedef struct eth_receipt {
	hash32   tx, block_hash;
	uint64_t block, gas_used, price;
	bool     ok;                                   /* status 1 */
} eth_receipt;
err  eth_get_receipt(jrpc *r, eth_receipt *out, bool *found, const hash32 *tx);
err  eth_get_receipts(jrpc *r, eth_receipt *out, bool *found, const hash32 *tx, size_t n);
/* Of all transactions of a block; *found: does it know the block? */
err  eth_block_receipts(jrpc *r, const eth_receipt **out, size_t *n, bool *found, arena *a, uint64_t block);

/* The hash that comes back must be that of the bytes. */
err  eth_send(jrpc *r, slice raw);
/* The same, and waits until it is mined (EIP-7966).  JRPC_ACCEPTED: taken, not mined yet.  JRPC_UNSUPPORTED: not by this one. */
err  eth_send_sync(jrpc *r, eth_receipt *out, slice raw);

typedef struct eth_tx {
	eth_address from, to;
	bool     creates, mined;                       /* creates: has no `to` */
	uint64_t nonce, block;
	slice    input;                                /* in the arena */
} eth_tx;
err  eth_get_tx(jrpc *r, eth_tx *out, bool *found, arena *a, const hash32 *tx);

#endif
