/* SPDX-License-Identifier: MIT */
/*
 * bench/delegate_calls.h -- distinct delegations, asked of a KMS in this process or over HTTP.
 *
 * Every request is for another point, signed by the gateway for it alone; readers' keys are few and take turns.  Requests are
 * made before the clock runs and answers are looked at after: each must be signed, and hold the secret of its point.
 */
#ifndef ARCA_BENCH_DELEGATE_CALLS_H
#define ARCA_BENCH_DELEGATE_CALLS_H

#include "bench/bench.h"
#include "delegate/delegate.h"

enum { BENCH_READERS = 4 };

/* Who asks whom. */
typedef struct askers {
	secp    *curve;
	signer  *gateway;
	uint32_t chain_id;
	eth_address wallet;                /* of the KMS */
	secp_pk  P;
	rsa_sk  *sk[BENCH_READERS];
	buf      spki[BENCH_READERS];
} askers;

/* One request, and the answer to it. */
typedef struct exchange {
	secp_sk k;
	delegate_ask ask;
	const rsa_sk *sk;
	buf body, authorization, http, answer;
} exchange;

/* Takes the gateway's key; wallet and P are the caller's to fill. */
err  askers_open(askers *a, uint32_t chain_id, const secp_sk *gateway);
void askers_close(askers *a);

exchange *exchanges_new(size_t n);
void exchanges_free(exchange *x, size_t n);
void exchange_prepare(exchange *x, const askers *a, size_t i);
/* open: the secret itself is looked at, too. */
err  exchange_check(const exchange *x, const askers *a, bool open);

/* Takes samples of `requests` a second each, over `callers` connections that are kept alive; with one caller: of how many
 * milliseconds a request took, in the middle. */
err  askers_over_http(bench *b, const askers *a, unsigned port, size_t requests, unsigned callers);

#endif
