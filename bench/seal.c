/* SPDX-License-Identifier: MIT */
/* bench/seal.c -- hashing, and sealing for one reader. */
#include "bench/bench.h"
#include "seal/mlkem.h"
#include "sym/keccak.h"

/* ---- Keccak ------------------------------------------------------------------------------------------------------ */

enum { HASHED = 1 << 18 };

static err hash_it(void *ctx)
{
	const hash32 h = keccak256(slice_of(ctx, HASHED));

	memcpy(ctx, h.b, sizeof h.b);                     /* so that no run repeats another */
	return OK;
}

static err keccak(bench *b)
{
	arena a = arena_with_limit(2 * HASHED);
	uint8_t *bytes;

	err e = arena_new(&a, &bytes, HASHED);
	if (e == OK) e = bench_measure(b, BENCH_THREAD, HASHED, hash_it, bytes);
	arena_free(&a);
	return e;
}

/* ---- ML-KEM ------------------------------------------------------------------------------------------------------ */

enum { EXCHANGES = 4 };

typedef struct exchange {
	uint8_t ek[MLKEM_512_EK], dk[MLKEM_512_DK], m[MLKEM_SEED];
} exchange;

/* There and back: both sides must have the same secret. */
static err exchange_secrets(void *ctx)
{
	exchange *x = ctx;
	uint8_t ct[MLKEM_512_CT], sent[MLKEM_SS], got[MLKEM_SS];

	for (unsigned i = 0; i < EXCHANGES; i++) {
		mlkem_encaps(&MLKEM_512, ct, sent, x->ek, x->m);
		mlkem_decaps(&MLKEM_512, got, x->dk, ct);
		if (memcmp(sent, got, sizeof got) != 0) return err_fail(ERR_INTERNAL, "the two sides have different secrets");
		memcpy(x->m, got, sizeof got);
	}
	return OK;
}

static err mlkem_row(bench *b)
{
	uint8_t d[MLKEM_SEED], z[MLKEM_SEED];
	exchange x;

	rng_fill(rng_os(), d, sizeof d);
	rng_fill(rng_os(), z, sizeof z);
	rng_fill(rng_os(), x.m, sizeof x.m);
	mlkem_keygen(&MLKEM_512, x.ek, x.dk, d, z);
	return bench_measure(b, BENCH_THREAD, EXCHANGES, exchange_secrets, &x);
}

static const bench_row ROWS[] = {
	{ "keccak", "GB/s", "Keccak-256 of 256 KiB, one core", keccak, { 0 } },
	{ "mlkem", "us", "an ML-KEM-512 encapsulation and its decapsulation", mlkem_row, { 0 } },
};
const bench_group BENCH_SEAL = { ROWS, COUNT(ROWS), NULL, NULL };
