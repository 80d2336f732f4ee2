/* SPDX-License-Identifier: MIT */
/* bench/parties.c */
#include "bench/parties.h"
#include <stdlib.h>
#include "lattice/ciphertext.h"
#include "share/shamir.h"
#include "sym/drbg.h"

/* ---- the key ------------------------------------------------------------------------------------------------------- */

err bench_key_new(bench_key *out, unsigned n, unsigned t, const id32 *key_id, const id32 *epoch_id)
{
	static const secret_id ONLINE[] = { SECRET_SNS, SECRET_SNSCOMP };

	*out = (bench_key){ .holder = { .key_id = *key_id, .epoch_id = *epoch_id, .n = n, .t = t, .d = ring_degree(n) } };
	TRY(secret_keys_new(&out->secret, &PARAMS_DEFAULT));
	for (size_t k = 0; k < COUNT(ONLINE); k++) {
		uint8_t *bit = out->secret.bit[ONLINE[k]];
		const size_t length = secret_length(&PARAMS_DEFAULT, ONLINE[k]);
		rng_fill(rng_os(), bit, length);
		for (size_t i = 0; i < length; i++) bit[i] &= 1;
	}
	return OK;
}

void bench_key_free(bench_key *k)
{
	secret_keys_free(&k->secret);
}

static void deal_secret(key_share *out, const bench_key *k, secret_id id, const rng *random)
{
	const ring *R = ring_of(128, k->holder.d);
	const size_t length = secret_length(&PARAMS_DEFAULT, id);
	share s[MAX_PARTIES + 1];

	for (size_t i = 0; i < length; i++) {
		shamir_deal(s, R, k->holder.n, k->holder.t, gr_scalar(R, k->secret.bit[id][i]), random);
		for (unsigned j = 1; j <= k->holder.n; j++)
			memcpy(out[j].word[id] + i * R->d, s[j].v.c, R->d * sizeof(u128));
	}
	wipe(s, sizeof s);
}

err bench_key_deal(key_share *out, const bench_key *k)
{
	uint8_t seed[32];

	for (unsigned i = 1; i <= k->holder.n; i++) {
		share_holder h = k->holder;
		h.me = (party)i;
		TRY(key_share_new(&out[i], &h, &PARAMS_DEFAULT, ONLINE_SECRETS));
	}
	rng_fill(rng_os(), seed, sizeof seed);
	AUTO(drbg) d = drbg_from_seed(slice_of(seed, sizeof seed));
	const rng random = drbg_rng(&d);
	deal_secret(out, k, SECRET_SNS, &random);
	deal_secret(out, k, SECRET_SNSCOMP, &random);
	wipe(seed, sizeof seed);
	return OK;
}

/* ---- values -------------------------------------------------------------------------------------------------------- */

enum { BITS_A_BLOCK = MESSAGE_BITS + CARRY_BITS, NOISE_BYTES = 8 };

size_t bench_list_words(void)
{
	return (size_t)PARAMS_DEFAULT.snscomp.k * PARAMS_DEFAULT.snscomp.N + BENCH_BLOCKS;
}

/* Coefficient i of sum A_p S_p modulo X^N + 1. */
static u128 product(const u128 *mask, const uint8_t *bit, size_t i)
{
	const size_t N = PARAMS_DEFAULT.snscomp.N;
	u128 sum = 0;

	for (size_t p = 0; p < PARAMS_DEFAULT.snscomp.k; p++, mask += N, bit += N)
		for (size_t j = 0; j < N; j++) {
			const u128 term = mask[j] & -(u128)bit[(i + N - j) % N];
			sum += j <= i ? term : -term;
		}
	return sum;
}

void bench_encrypt(u128 *w, const bench_key *k, uint64_t value)
{
	const size_t masks = bench_list_words() - BENCH_BLOCKS;
	uint64_t noise[BENCH_BLOCKS];
	uint8_t seed[32];

	rng_fill(rng_os(), seed, sizeof seed);
	AUTO(drbg) d = drbg_from_seed(slice_of(seed, sizeof seed));
	const rng random = drbg_rng(&d);
	rng_fill(&random, w, masks * sizeof *w);
	rng_fill(&random, noise, sizeof noise);
	for (unsigned i = 0; i < BENCH_BLOCKS; i++)
		w[masks + i] = product(w, k->secret.bit[SECRET_SNSCOMP], i) + noise[i]
		             + ((u128)(value >> (BITS_A_BLOCK * i) & 15) << DELTA_LOG_128);
}

/* ---- shared randomness --------------------------------------------------------------------------------------------- */

err bench_prss(prss **p, unsigned n, unsigned t, unsigned d, const id32 *epoch_id)
{
	const unsigned sets = binomial(n, t);
	party_set *set = calloc(sets, sizeof *set);
	uint8_t (*r)[PRSS_KEY] = calloc(sets, sizeof *r), (*mine)[PRSS_KEY] = calloc(sets, sizeof *mine);
	err e = OK;

	ASSERT(set && r && mine);
	rng_fill(rng_os(), r, sets * sizeof *r);
	prss_sets(set, n, t);
	for (unsigned i = 1; i <= n && e == OK; i++) {
		size_t held = 0;
		for (unsigned A = 0; A < sets; A++)
			if (has(set[A], (party)i)) memcpy(mine[held++], r[A], PRSS_KEY);
		e = prss_new(&p[i], n, t, d, (party)i, epoch_id, (const uint8_t (*)[PRSS_KEY])mine);
	}
	free(mine);
	free(r);
	free(set);
	return e;
}
