/* SPDX-License-Identifier: MIT */
/* Constant time: what a party does with shares and with the keys of pseudo-random sharing; and its part of decrypting. */
#include <stdlib.h>
#include "tests/ct/ct.h"
#include "base/cpu.h"
#include "share/bivar.h"
#include "share/packed.h"
#include "share/partial_lwe.h"
#include "share/prf.h"
#include "share/prss_mask.h"
#include "share/shamir.h"

static gr told(gr a)
{
	DECLASSIFY_RESULT(&a, sizeof a);
	return a;
}

#define SAME(secret, public) assert_true(gr_eq_var(told(secret), public))

/* ---- Shamir ------------------------------------------------------------------------------------------------------- */

CT_COVERS(shamir_deal, share_add, share_sub, share_scale, share_narrow, interpolate_unchecked);

static void dealing_and_adding_do_not_branch_on_shares(void **state)
{
	(void)state;
	for (unsigned d = 3; d <= 8; d++) {
		const ring *R = ring_of(128, d), *half = ring_of(64, d);
		const gr s = gr_random(R, test_rng()), factor = gr_random(R, test_rng());
		gr S = s, y[8];
		share x[8], z[8];

		SECRET(&S, sizeof S);
		shamir_deal(x, R, 7, 2, S, &CT_SECRET_RNG);
		shamir_deal(z, R, 7, 2, S, &CT_SECRET_RNG);
		for (party i = 1; i <= 7; i++) y[i] = share_sub(R, share_add(R, x[i], share_scale(R, factor, z[i])), x[i]).v;
		SAME(interpolate_unchecked(R, y, parties_all(7)), gr_mul(R, factor, s));
		for (party i = 1; i <= 7; i++) y[i] = share_narrow(x[i]).v;
		SAME(interpolate_unchecked(half, y, parties_all(7)), gr_narrow(s));
	}
}

CT_COVERS(bivar_sample, bivar_row, bivar_col);

static void two_variables_are_dealt_without_a_branch(void **state)
{
	enum { T = 2 };
	(void)state;
	for (unsigned k = 64; k <= 128; k += 64) {
		const ring *R = ring_of(k, 4);
		const gr s = gr_random(R, test_rng());
		gr S = s, F[(T + 1) * (T + 1)], row[T + 1], col[T + 1];

		SECRET(&S, sizeof S);
		bivar_sample(F, R, T, S, &CT_SECRET_RNG);
		SAME(F[0], s);
		bivar_row(row, R, F, T, 3);
		bivar_col(col, R, F, T, 5);
		SAME(gr_sub(R, gr_eval_at(R, row, T, 5), gr_eval_at(R, col, T, 3)), GR_ZERO);
	}
}

/* ---- pseudo-random sharing ---------------------------------------------------------------------------------------- */

enum { MOST_KEYS = 500 };
static uint8_t r[MOST_KEYS][PRSS_KEY];
static u128 masks[4][8 * 40];

CT_COVERS(prss_new, prss_next, prss_z_next, przs_next, prss_outputs, prss_mask_add, prss_mask_add_by);
CT_REACHES(prss_new, prf_key);
CT_REACHES(prss_next, prf_draw, prf_value);

static void draw(const prss *p, const ring *R)
{
	const uint8_t sid[PRSS_SID] = { 7 };
	static gr out[4 * MOST_KEYS];

	for (uint64_t ctr = 0; ctr < 3; ctr++) {
		const share a = prss_next(p, R, sid, ctr), b = prss_z_next(p, R, sid, 100 + ctr), c = przs_next(p, R, sid, 200 + ctr);
		gr sum = share_add(R, share_add(R, a, b), c).v;
		assert_false(gr_eq_var(told(sum), GR_ZERO));
	}
	prss_outputs(out, p, R, PRSS_PSI, sid, 300);
	assert_false(gr_eq_var(told(out[0]), GR_ZERO));
	prss_outputs(out, p, R, PRSS_ZETA, sid, 301);
	assert_false(gr_eq_var(told(out[0]), GR_ZERO));
}

static void values_of_prss_are_drawn_without_a_branch_on_keys(void **state)
{
	static const struct { unsigned n, t, d; } CLUSTER[] = { { 4, 1, 4 }, { 7, 2, 4 }, { 13, 4, 4 }, { 16, 4, 5 }, { 4, 1, 8 } };
	const id32 epoch = { { 1 } };
	const hash32 h = { { 2 } };

	(void)state;
	for (unsigned x = 0; x < COUNT(CLUSTER); x++) {
		const unsigned d = CLUSTER[x].d, held = binomial(CLUSTER[x].n - 1, CLUSTER[x].t);
		AUTO(prss) *p = NULL;
		unsigned ways = 0;

		if (held > MOST_KEYS) continue;
		rng_fill(&CT_SECRET_RNG, (uint8_t *)r, sizeof r);
		assert_ok(prss_new(&p, CLUSTER[x].n, CLUSTER[x].t, d, 2, &epoch, (const uint8_t (*)[PRSS_KEY])r));
		draw(p, ring_of(128, d));
		draw(p, ring_of(64, d));

		memset(masks, 0, sizeof masks);
		for (const prss_mask_kernel *const *f = PRSS_MASK_ALL; *f; f++)
			if (cpu_can((*f)->needs)) prss_mask_add_by(*f, p, masks[ways++], &h, 5, 33);
		prss_mask_add(p, masks[ways], &h, 5, 33);
		DECLASSIFY_RESULT(masks, sizeof masks);
		for (unsigned i = 0; i < ways; i++) assert_memory_equal(masks[i], masks[ways], sizeof masks[0]);
		assert_true(masks[0][33 * d - 1] != 0);
	}
}

/* ---- partial decryption ------------------------------------------------------------------------------------------- */

CT_COVERS(lwe_key_share_new, lwe_key_share_new_for, partial_lwe);

static void inner_products_do_not_branch_on_shares(void **state)
{
	enum { DIM = 70, COUNT_CT = 3 };
	static u128 words[DIM * 8], ct[COUNT_CT * (DIM + 1)], right[COUNT_CT * 8], got[COUNT_CT * 8];

	(void)state;
	for (unsigned d = 3; d <= 8; d++) {
		AUTO(lwe_key_share) *chosen = NULL;
		rng_fill(&CT_SECRET_RNG, words, sizeof words);
		rng_fill(test_rng(), ct, sizeof ct);
		assert_ok(lwe_key_share_new(&chosen, d, DIM, words));
		partial_lwe(chosen, right, ct, COUNT_CT);
		DECLASSIFY_RESULT(right, sizeof right);
		for (const lwe_kernel *const *f = LWE_ALL; *f; f++) {
			AUTO(lwe_key_share) *key = NULL;
			if (!cpu_can((*f)->needs) || !(*f)->serves(d)) continue;
			assert_ok(lwe_key_share_new_for(*f, &key, d, DIM, words));
			partial_lwe(key, got, ct, COUNT_CT);
			DECLASSIFY_RESULT(got, sizeof got);
			assert_memory_equal(got, right, COUNT_CT * d * 16);
		}
	}
}

CT_COVERS(glwe_key_share_new, packed_key_new, partial_packed);

/* Few blocks, which are inner products, and many. */
static void lists_are_decrypted_without_a_branch_on_shares(void **state)
{
	enum { N = 256, D = 4 };
	static u128 words[N * D], mask[N], body[N], right[N * D], got[N * D];
	AUTO(glwe_key_share) *chosen = NULL;

	(void)state;
	rng_fill(&CT_SECRET_RNG, words, sizeof words);
	rng_fill(test_rng(), mask, sizeof mask);
	rng_fill(test_rng(), body, sizeof body);
	assert_ok(glwe_key_share_new(&chosen, D, 1, N, words));
	partial_packed(chosen, right, mask, body, 0, 100);
	DECLASSIFY_RESULT(right, sizeof right);
	for (const ntt_kernel *const *f = NTT_ALL; *f; f++) {
		AUTO(glwe_key_share) *key = NULL;
		if (!cpu_can((*f)->needs)) continue;
		assert_ok(packed_key_new(&key, *f, packed_shape(D, 1, N), words));
		partial_packed(key, got, mask, body, 0, 100);
		partial_packed(key, got + 98 * D, mask, body + 98, 98, 2);
		DECLASSIFY_RESULT(got, sizeof got);
		assert_memory_equal(got, right, 100 * D * 16);
	}
}

TESTS(TEST(dealing_and_adding_do_not_branch_on_shares), TEST(two_variables_are_dealt_without_a_branch),
      TEST(values_of_prss_are_drawn_without_a_branch_on_keys), TEST(inner_products_do_not_branch_on_shares),
      TEST(lists_are_decrypted_without_a_branch_on_shares))
