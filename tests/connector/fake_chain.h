/* SPDX-License-Identifier: MIT */
/*
 * tests/connector/fake_chain.h -- a chain of one contract and one wallet, asked in JSON-RPC without a network.
 *
 * It knows what transactions mean as far as a sender can tell: numbers, fees to replace by, receipts, and a contract that takes each
 * answer once.  mine() puts what is next in a block; moods make it bad.
 */
#ifndef ARCA_TESTS_CONNECTOR_FAKE_CHAIN_H
#define ARCA_TESTS_CONNECTOR_FAKE_CHAIN_H

#include "evm/jrpc.h"
#include "seal/sign.h"

enum { FAKE_TXS = 512 };

typedef struct fake_tx {
	hash32   hash, data_hash;
	uint64_t nonce, tip, fee, block;             /* block 0: waits                        */
	bool     ok, gone, transfer;                 /* gone: replaced, or dropped by a mood  */
} fake_tx;

typedef struct fake_chain {
	jrpc_transport transport;
	fake_tx  tx[FAKE_TXS];
	size_t   n;
	uint64_t block, mined;                       /* height; how many numbers of the wallet are used */
	uint64_t id, gwei;                           /* of the chain, as it says; what the wallet has */
	bool     stranger;                           /* the gateway's configuration does not know the wallet */

	/* moods */
	unsigned away;                               /* so many exchanges bring nothing back, and do nothing     */
	unsigned lose;                               /* so many are done, but nothing comes back                 */
	unsigned refuse;                             /* so many transactions are not taken: "transaction pool is full" */
	unsigned poor;                               /* so many: insufficient funds                               */
	bool     forgetful;                          /* what waits is dropped at the next block                   */
	uint64_t least_tip;                          /* is not mined below                                        */
	uint32_t revert;                             /* estimates end with this error                             */
	bool     keeps_no_traces;                    /* debug_traceTransaction is not known */
	bool     fails;                              /* what is mined is refused by the contract                  */

	/* what was seen */
	unsigned traced;
	unsigned exchanges, taken, doubled;          /* doubled: answers that were mined a second time */
} fake_chain;

void fake_chain_init(fake_chain *c);

/* One block with all that can be mined: from the wallet's next number on, without a gap. */
void fake_chain_mine(fake_chain *c);

/* Another program used a number of the wallet. */
void fake_chain_foreign(fake_chain *c);

/* How many different answers are mined well. */
size_t fake_chain_answers(const fake_chain *c);

#endif
