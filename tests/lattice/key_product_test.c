/* SPDX-License-Identifier: MIT */
/* tests/lattice/key_product_test.c -- products of masks and keys against phases by the schoolbook, for every part there is. */
#include "tests/test.h"
#include "lattice/key_product.h"
#include "lattice/keygen.h"
#include "lattice/lwe.h"

enum { ROWS = 3, MOST_MASK = 6 * 1024, MOST_BODY = 2048 };

static uint64_t mask64[MOST_MASK + MOST_BODY], phase64[MOST_BODY], ext64[2 * MOST_BODY];
static u128 mask128[MOST_MASK + MOST_BODY], phase128[MOST_BODY], ext128[2 * MOST_BODY];

/* The key as it enters the phase: a public key's is the reversed one. */
static void key_of(uint8_t *key, const secret_keys *keys, const part_shape *s)
{
	for (size_t i = 0; i < s->mask; i++) key[i] = keys->bit[s->to][s->kind == KIND_COMPACT ? s->mask - 1 - i : i];
}

/* Of a ciphertext with body 0 the phase is minus the product. */
static void check_row(const part_shape *s, const uint8_t *key, const row_work *w, mask_stream *masks)
{
	if (s->bits == 128) {
		mask_u128s(masks, mask128, s->mask);
		memset(mask128 + s->mask, 0, s->body * 16);
		glwe128_phase(phase128, ext128, mask128, key, s->k, s->N);
		for (size_t c = 0; c < s->body; c++) assert_true(w->sum[c] == -phase128[c]);
		assert_memory_equal(w->mask, mask128, s->mask * 16);
		return;
	}
	mask_u64s(masks, mask64, s->mask);
	memset(mask64 + s->mask, 0, s->body * 8);
	if (s->N == 1) phase64[0] = lwe64_phase(mask64, key, s->k);
	else glwe64_phase(phase64, ext64, mask64, key, s->k, s->N);
	for (size_t c = 0; c < s->body; c++) assert_true((uint64_t)w->sum[c] == -phase64[c]);
	for (size_t i = 0; i < s->mask; i++) assert_true((uint64_t)w->mask[i] == mask64[i]);
}

static void check_parts(const secret_keys *keys)
{
	static const uint8_t seed[PUBLIC_SEED_BYTES] = { 9 };
	static uint8_t key[MOST_MASK];

	for (key_part part = 0; part < KEY_PARTS; part++) {
		const part_shape s = part_shape_of(keys->params, part);
		const mask_seed from = keygen_masks(keys->params, seed, part);
		AUTO(arena) a = arena_with_limit((size_t)1 << 24);
		AUTO(mask_stream) one = mask_open(&from), other = mask_open(&from);
		key_product p;
		row_work w;

		if (s.rows == 0) continue;
		assert_true(s.mask <= MOST_MASK && s.body <= MOST_BODY);
		key_of(key, keys, &s);
		assert_ok(key_product_new(&p, &a, keys, s));
		assert_ok(row_work_new(&w, &a, &p));
		for (size_t row = 0; row < size_min(ROWS, s.rows); row++) {
			key_product_next(&p, &w, &one);
			check_row(&s, key, &w, &other);
		}
	}
}

static void products_with_random_keys_are_those_of_the_schoolbook(void **state)
{
	static const lat_params *const SETS[] = { &PARAMS_TEST, &PARAMS_DEFAULT };

	(void)state;
	for (unsigned i = 0; i < COUNT(SETS); i++) {
		secret_keys keys;
		assert_ok(secret_keys_generate(&keys, SETS[i], test_rng()));
		check_parts(&keys);
		secret_keys_free(&keys);
	}
}

static void a_key_of_ones_and_a_key_of_zeros_are_keys_too(void **state)
{
	(void)state;
	for (int bit = 0; bit < 2; bit++) {
		secret_keys keys;
		assert_ok(secret_keys_new(&keys, &PARAMS_DEFAULT));
		for (secret_id id = 0; id < SECRETS; id++) memset(keys.bit[id], bit, secret_length(&PARAMS_DEFAULT, id));
		check_parts(&keys);
		secret_keys_free(&keys);
	}
}

static void without_memory_there_is_no_product(void **state)
{
	const part_shape s = part_shape_of(&PARAMS_TEST, PART_BSK);
	key_product p;
	row_work w;
	secret_keys keys;

	(void)state;
	assert_ok(secret_keys_generate(&keys, &PARAMS_TEST, test_rng()));
	for (size_t limit = 0; limit < 8192; limit += 2048) {
		AUTO(arena) small = arena_with_limit(limit);
		assert_err(ERR_NOMEM, key_product_new(&p, &small, &keys, s));
	}
	AUTO(arena) a = arena_with_limit((size_t)1 << 24), small = arena_with_limit(2048);
	assert_ok(key_product_new(&p, &a, &keys, s));
	assert_err(ERR_NOMEM, row_work_new(&w, &small, &p));
	secret_keys_free(&keys);
}

TESTS(TEST(products_with_random_keys_are_those_of_the_schoolbook), TEST(a_key_of_ones_and_a_key_of_zeros_are_keys_too),
      TEST(without_memory_there_is_no_product))
