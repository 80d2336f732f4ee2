/* SPDX-License-Identifier: MIT */
/*
 * bench/stub_chain.h -- a chain that makes the requests of a load, and takes the answers: JSON-RPC without a network.
 *
 * Blocks come at an even pace, with as many requests as may be open.  A contract allows everything and has answered nothing; a wallet's
 * transactions are taken in the order of their numbers, each request's answer once, and are mined in the next block.
 *
 * All but stub_chain_done is for one thread, or for when that has ended.
 */
#ifndef ARCA_BENCH_STUB_CHAIN_H
#define ARCA_BENCH_STUB_CHAIN_H

#include "bench/load.h"

enum { STUB_LOGS = 10000 };                  /* in one answer, as providers have it */

typedef struct stub_pace {
	double block_s;                          /* between two blocks                  */
	size_t a_block, open;                    /* requests in one block, and unanswered ones, at most */
} stub_pace;

typedef struct stub_chain stub_chain;

err    stub_chain_new(stub_chain **out, const load *l, const char *bucket_url);
void   stub_chain_free(stub_chain **c);

/* From any thread: requests are made from now on. */
void   stub_chain_begin(stub_chain *c, const stub_pace *pace);

/* From any thread: how many answers were taken. */
size_t stub_chain_done(const stub_chain *c);

/* Appends the answer to a message. */
void   stub_chain_answer(stub_chain *c, buf *out, slice message);

/* Seconds from the block of request i until its answer was taken; less than 0: it has none. */
double stub_chain_took(const stub_chain *c, size_t i);

/* Every transaction that was taken, looked at as a contract would. */
err    stub_chain_verify(const stub_chain *c);

#endif
