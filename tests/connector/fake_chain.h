/* SPDX-License-Identifier: MIT */
/*
 * tests/connector/fake_chain.h -- a chain of one contract and one wallet, asked in JSON-RPC without a network.
 *
 * It knows what transactions mean as far as a sender can tell: numbers, fees to replace by, receipts, and a contract that takes each
 * answer once.  mine() puts what is next in a block; moods make it bad.  Two threads may ask: who sends, and who waits for blocks; moods
 * are changed between fake_chain_lock and fake_chain_unlock if both do.
 */
#ifndef ARCA_TESTS_CONNECTOR_FAKE_CHAIN_H
#define ARCA_TESTS_CONNECTOR_FAKE_CHAIN_H

#include "evm/eth_batch.h"
#include "seal/sign.h"

enum { FAKE_TXS = 512 };

typedef struct fake_tx {
	hash32   hash, data_hash;
	uint64_t nonce, tip, fee, block;             /* block 0: waits                        */
	bool     ok, gone, transfer;                 /* gone: replaced, or dropped by a mood  */
	bool     delegates, executed;                /* executed: its calls were made         */
	eth_address to, executor;
	size_t   calls;                              /* of the executor; 0: it is one answer  */
	hash32   call[MAX_BATCH_CALLS];              /* of the data of each                   */
	uint32_t well;                               /* bit i: call i                         */
} fake_tx;

typedef struct fake_chain {
	jrpc_transport transport;
	fake_tx  tx[FAKE_TXS];
	size_t   n;
	bool     hung_up;
	bool     delegated;                          /* the wallet's code is the executor's */
	eth_address executor;
	uint64_t block, mined;                       /* height; how many numbers of the wallet are used */
	uint64_t id, gwei;                           /* of the chain, as it says; what the wallet has */
	bool     stranger;                           /* the gateway's configuration does not know the wallet */

	/* moods */
	unsigned away;                               /* so many exchanges bring nothing back, and do nothing     */
	unsigned lose;                               /* so many are done, but nothing comes back                 */
	unsigned refuse;                             /* so many transactions are not taken: "transaction pool is full" */
	unsigned poor;                               /* so many: insufficient funds                               */
	bool     forgetful;                          /* what waits is dropped at the next block                   */
	uint64_t base, tip;                          /* what a unit of gas costs, as it says                       */
	uint64_t lie;                                /* what it says of the wallet's count; 0: the truth          */
	uint64_t least_tip;                          /* is not mined below                                        */
	uint32_t revert;                             /* estimates end with this error                             */
	bool     keeps_no_traces;                    /* debug_traceTransaction is not known */
	int      no_sync;                            /* eth_sendRawTransactionSync ends with this code at once: not known, or not supported */
	bool     impatient;                          /* it ends with code 4 and the hash at once                  */
	unsigned breaks;                             /* so many of them are taken, and the connection breaks      */
	bool     tardy;                              /* it is not said that they are mined, for now               */
	bool     fails;                              /* what is mined is refused by the contract                  */

	bool     no_delegation;                      /* transactions of type 4 are not known                      */
	bool     idle_delegation;                    /* they are mined, and nothing comes of it                   */
	bool     crowds;                             /* a wallet that delegates has one transaction at a time      */
	bool     mute_executor;                      /* says nothing of its calls                                 */
	uint32_t refuse_calls;                       /* bit i: call i of the next that is mined is refused        */

	/* what was seen */
	unsigned traced;
	unsigned syncs;                              /* eth_sendRawTransactionSync, whatever became of it         */
	unsigned exchanges, taken, doubled;          /* doubled: answers that were mined a second time */
} fake_chain;

void fake_chain_init(fake_chain *c);

void fake_chain_lock(void);
void fake_chain_unlock(void);

/* Until so many transactions are waited for or were. */
void fake_chain_await_syncs(const fake_chain *c, unsigned n);
/* Whoever waits for a block gets no answer. */
void fake_chain_hang_up(fake_chain *c);

/* One block with all that can be mined: from the wallet's next number on, without a gap. */
void fake_chain_mine(fake_chain *c);

/* All trouble is over, but for who crowds. */
void fake_chain_calm(fake_chain *c);

/* Another program used a number of the wallet. */
void fake_chain_foreign(fake_chain *c);

/* How many different answers are mined well. */
size_t fake_chain_answers(const fake_chain *c);

#endif
