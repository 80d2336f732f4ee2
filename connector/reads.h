/* SPDX-License-Identifier: MIT */
/*
 * connector/reads.h -- what contracts say, several questions in one message to one provider.
 *
 * Zero-initialised, then chain_read_set; given back with chain_reads_free.  Answers are for the readers of evm/kms_calls.h.
 */
#ifndef ARCA_CONNECTOR_READS_H
#define ARCA_CONNECTOR_READS_H

#include <stdatomic.h>
#include "evm/kms_calls.h"
#include "evm/providers.h"

typedef struct chain_read {
	call_read   which;
	eth_address contract;
	buf         data, answer;
} chain_read;

void chain_read_set(chain_read *r, const eth_address *contract, call_read which, const abi_word *words, size_t n);

/* OK: each has its answer.  Otherwise the error of the first that has none, or of providers_try. */
err  chain_reads(providers *chain, chain_read *r, size_t n, eth_at at);
void chain_reads_free(chain_read *r, size_t n);

/* Within work that r does: eth_calls, and what as many providers answer as must agree (providers_confirm). */
err  chain_calls(providers *chain, jrpc *r, eth_call *calls, size_t n, eth_at at);

/* The chain behind these URLs, so many of which must say the same.  Connects to nothing yet; ERR_REQUEST: a URL is none. */
err  chain_connect(providers **out, char *const *url, size_t n, int64_t agree, int64_t chain_id, int64_t timeout_ms, const clock_source *clock,
                   const atomic_bool *stop);

#endif
