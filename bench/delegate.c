/* SPDX-License-Identifier: MIT */
/* bench/delegate.c -- what one core computes of delegations.  Over HTTP: cli/bench_delegate.c. */
#include "bench/delegate_calls.h"

enum { CHAIN = 31337, COMPUTED = 128 };

typedef struct world {
	askers  a;
	signer *wallet;
	delegate_kms *kms;
} world;

static err world_open(world *w)
{
	delegate_chain chain = { .id = CHAIN, .state = KEY_ACTIVE };
	secp_sk sk;

	*w = (world){ 0 };
	secp_sk_random(&sk, rng_os());
	TRY(askers_open(&w->a, CHAIN, &sk));
	secp_sk_random(&sk, rng_os());
	TRY(signer_new(&w->wallet, &sk, rng_os()));
	w->a.wallet = *signer_address(w->wallet);
	chain.gateway = *signer_address(w->a.gateway);
	secp_sk_random(&chain.key, rng_os());
	w->a.P = secp_pk_of(w->a.curve, &chain.key);
	return delegate_kms_new(&w->kms, &chain, 1, w->wallet, rng_os());
}

static void world_close(world *w)
{
	delegate_kms_free(&w->kms);
	signer_free(&w->wallet);
	askers_close(&w->a);
}

static err compute_once(bench *b, const world *w, exchange *x)
{
	for (size_t i = 0; i < COMPUTED; i++) exchange_prepare(&x[i], &w->a, i);
	const double began = bench_seconds(BENCH_THREAD);
	for (size_t i = 0; i < COMPUTED; i++) {
		const delegate_call c = {
			.chain_id = "31337", .authorization = (const char *)x[i].authorization.p, .content_type = "application/json",
			.body = buf_slice(&x[i].body),
		};
		if (delegate_answer(w->kms, &x[i].answer, &c) != 200) return err_fail(ERR_INTERNAL, "%s", buf_str(&x[i].answer));
	}
	bench_take(b, COMPUTED / (bench_seconds(BENCH_THREAD) - began));
	for (size_t i = 0; i < COMPUTED; i++) TRY(exchange_check(&x[i], &w->a, true));
	return OK;
}

static err compute(bench *b)
{
	exchange *x = exchanges_new(COMPUTED);
	world w;

	err e = world_open(&w);
	const double until = bench_seconds(BENCH_WALL) + b->options->seconds;
	for (unsigned runs = 0; e == OK && (runs < 5 || bench_seconds(BENCH_WALL) < until); runs++) e = compute_once(b, &w, x);
	world_close(&w);
	exchanges_free(x, COMPUTED);
	return e;
}

static const bench_row ROWS[] = {
	{ "delegate/compute", "1/s", "delegations computed by one core: JSON in, authorisation, ECDH, RSA-2048, proof, JSON out",
	  compute, { 0 } },
};
const bench_group BENCH_DELEGATE = { ROWS, COUNT(ROWS), NULL, NULL };
