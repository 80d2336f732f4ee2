/* SPDX-License-Identifier: MIT */
/* Constant time: what a party computes of public keys from its shares of secret ones and of noise. */
#include <stdlib.h>
#include "tests/ct/ct.h"
#include "mpc/row_shares.h"

enum { ROWS = 3, MOST_WORDS = ROWS * 512 / 4, MOST_D = 5, KEY_WORDS = 512 * MOST_D };

static u128 key[SECRETS][KEY_WORDS], noise[ROWS * 512 * MOST_D], V[MOST_WORDS * MOST_D + MOST_D], right[COUNT(V)];
static uint8_t bodies[ROWS * 512 * 16];
static gr   product[2];

CT_COVERS(row_shares_new, row_shares_work_new, row_slab_words, row_slab_product, row_shares_linear, row_shares_factors,
          row_shares_multiply, row_slab_unpack_var);

static void rows(u128 *out, key_part part, unsigned d, row_slab slab)
{
	static const uint8_t seed[PUBLIC_SEED_BYTES] = { 7 };
	const mask_seed masks = keygen_masks(&PARAMS_TEST, seed, part);
	u128 *word[SECRETS];
	AUTO(row_shares) *x = NULL;
	AUTO(row_shares_work) *w = NULL;

	for (secret_id id = 0; id < SECRETS; id++) word[id] = key[id];
	assert_ok(row_shares_new(&x, &PARAMS_TEST, part, d, word, &masks));
	assert_ok(row_shares_work_new(&w, x));
	assert_true(row_slab_words(x, slab) * d <= COUNT(V));
	memset(out, 0, sizeof V);
	row_shares_linear(x, w, out, noise, slab);
	if (row_slab_product(x, slab, 0)) {
		const row_factors f = row_shares_factors(x, slab, 0);
		product[out == right] = gr_mul(ring_of(128, d), f.s.v, f.P.v);
	}
	row_shares_multiply(x, out, slab);
	DECLASSIFY_RESULT(out, sizeof V);
	row_slab_unpack_var(x, bodies, out, slab);
	DECLASSIFY_RESULT(product, sizeof product);
}

static void rows_are_made_without_a_branch_on_shares(void **state)
{
	(void)state;
	rng_fill(test_rng(), (uint8_t *)key, sizeof key);
	rng_fill(test_rng(), (uint8_t *)noise, sizeof noise);
	for (unsigned d = 4; d <= MOST_D; d++)
		for (key_part part = 0; part < KEY_PARTS; part++) {
			const row_slab slab = { 0, size_min(ROWS, part_shape_of(&PARAMS_TEST, part).rows) };
			unsigned odd = 0;

			rows(right, part, d, slab);
			SECRET(key, sizeof key);
			SECRET(noise, sizeof noise);
			rows(V, part, d, slab);
			DECLASSIFY(key, sizeof key, "they are used again");
			DECLASSIFY(noise, sizeof noise, "they are used again");
			assert_memory_equal(V, right, sizeof V);
			assert_true(gr_eq_var(product[0], product[1]));
			for (size_t i = 0; i < sizeof bodies; i++) odd += bodies[i] & 1 ? 1 : 0;
			assert_true(odd > 0);
		}
}

TESTS(TEST(rows_are_made_without_a_branch_on_shares))
