/* SPDX-License-Identifier: MIT */
/* tests/lattice/compact_test.c -- public-key encryption and the expansion of lists, under test parameters. */
#include "tests/lattice/vectors.h"
#include "lattice/compact.h"
#include "lattice/decrypt.h"
#include "lattice/keygen.h"
#include "lattice/sample.h"
#include "sym/drbg.h"

enum { BIG_DIM = 256 };

static vector_keys keys;
static compact_key pk;

static int load(void **state)
{
	(void)state;
	vector_keys_load(&keys, VECTOR_XOF);
	pk = (compact_key){ PARAMS_TEST.pke.n, PARAMS_TEST.pke.noise, keys.pk, keys.pk + PARAMS_TEST.pke.n };
	return 0;
}

static int unload(void **state)
{
	(void)state;
	vector_keys_free(&keys);
	return 0;
}

static void round_trip(size_t blocks)
{
	AUTO(arena) a = arena_with_limit((size_t)1 << 28);
	compact_list list;
	uint8_t *in, *out;

	assert_ok(arena_new(&a, &in, blocks + 1));
	assert_ok(arena_new(&a, &out, blocks + 1));
	for (size_t i = 0; i < blocks; i++) in[i] = (uint8_t)test_below(4);
	assert_ok(compact_encrypt(&list, &a, &pk, in, blocks, test_rng()));
	assert_int_equal(list.count, (blocks + 1) / 2);
	assert_ok(decrypt_compact(out, &keys.secret, &list));
	assert_memory_equal(in, out, (blocks + 1) / 2 * 2);
}

static void lists_of_every_length_decrypt_to_their_blocks(void **state)
{
	(void)state;
	for (size_t blocks = 1; blocks < 10; blocks++) round_trip(blocks);
	round_trip(128);
}

static void more_messages_than_the_dimension_take_further_masks(void **state)
{
	(void)state;
	round_trip(2 * 512);
	round_trip(2 * 512 + 1);
	round_trip(2 * 1500 - 1);
}

static void an_empty_list_and_too_little_memory_are_refused(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit(4096);
	compact_list list = { 0 };
	const uint8_t block[3] = { 1, 2, 3 };
	assert_err(ERR_REQUEST, compact_encrypt(&list, &a, &pk, block, 0, test_rng()));
	assert_err(ERR_NOMEM, compact_encrypt(&list, &a, &pk, block, 3, test_rng()));
	assert_null(list.masks);
}

/* out = a * b in Z_2^64[X]/(X^n + 1), from the definition. */
static void product(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t n)
{
	memset(out, 0, n * sizeof *out);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			if (i + j < n) out[i + j] += a[i] * b[j];
			else out[i + j - n] -= a[i] * b[j];
}

/* The formulas of compact.h, bin by bin, with the randomness drawn as TFHE-rs does.  Noise of 20 bits, so that all of it
 * shows; the keys are any words. */
static void every_bin_of_a_long_list_has_its_own_randomness_and_follows_the_formulas(void **state)
{
	(void)state;
	enum { n = 64, BINS = 3, MESSAGES = 2 * n + 5, NOISE = 20 };
	const slice seed = slice_str("a long list");
	const mask_seed from = mask_seed_xof("TFHE_Enc", seed);
	AUTO(drbg) d = { mask_open(&from) };
	const rng stream = drbg_rng(&d);
	AUTO(arena) a = arena_with_limit((size_t)1 << 20);
	uint64_t key[2][n], r[BINS][n], u[n], c[n];
	int64_t e1[BINS * n], e2[MESSAGES];
	uint8_t bits[BINS * n], block[2 * MESSAGES];
	compact_list list;

	rng_fill(test_rng(), key, sizeof key);
	for (size_t i = 0; i < sizeof block; i++) block[i] = (uint8_t)test_below(4);
	for (size_t bin = 0; bin < BINS; bin++) sample_packed_bits(bits + bin * n, n, &stream);
	sample_tuniform(e1, BINS * n, NOISE, &stream);
	sample_tuniform(e2, MESSAGES, NOISE, &stream);
	assert_ok(compact_encrypt_seeded(&list, &a, &(compact_key){ n, NOISE, key[0], key[1] }, block, sizeof block, seed));

	assert_int_equal(list.count, MESSAGES);
	for (size_t bin = 0; bin < BINS; bin++) {
		for (size_t i = 0; i < n; i++) r[bin][i] = bits[bin * n + n - 1 - i];
		product(u, key[0], r[bin], n);
		product(c, key[1], r[bin], n);
		for (size_t i = 0; i < n; i++) assert_true(list.masks[bin * n + i] == u[i] + (uint64_t)e1[bin * n + i]);
		for (size_t i = bin * n; i < size_min(MESSAGES, (bin + 1) * n); i++) {
			const uint64_t m = block[2 * i] + 4ull * block[2 * i + 1];
			assert_true(list.bodies[i] == c[n - 1 - i % n] + (uint64_t)e2[i] + (m << 59));
		}
	}
}

static void a_list_under_another_key_does_not_decrypt(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit((size_t)1 << 24);
	secret_keys other;
	compact_list list;
	uint8_t block[200] = { 0 }, opened[200];

	memset(opened, 0x77, sizeof opened);
	assert_ok(compact_encrypt(&list, &a, &pk, block, sizeof block, test_rng()));
	assert_ok(secret_keys_generate(&other, &PARAMS_TEST, test_rng()));
	assert_err(ERR_REQUEST, decrypt_compact(opened, &other, &list));
	for (size_t i = 0; i < sizeof opened; i++) assert_int_equal(opened[i], 0);
	secret_keys_free(&other);
}

/* ---- expansion -------------------------------------------------------------------------------------------------- */

static unsigned opened(lwe64_run run, size_t i, bool boolean)
{
	uint8_t value;
	assert_ok(decrypt_lwe64(&value, &keys.secret, (lwe64_run){ 1, run.dim, lwe64_at(run, i) }, 1, boolean));
	return value;
}

static void both_halves_of_every_message_expand_to_clean_blocks(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	uint8_t block[32];
	compact_list list;
	lwe64_run out = { 32, BIG_DIM, NULL }, flags = out;

	for (uint8_t i = 0; i < 32; i++) block[i] = i % 2 ? i / 2 / 4 : i / 2 % 4;
	assert_ok(compact_encrypt(&list, &a, &pk, block, sizeof block, test_rng()));
	assert_ok(arena_new(&a, &out.w, 32 * (BIG_DIM + 1)));
	assert_ok(arena_new(&a, &flags.w, 32 * (BIG_DIM + 1)));
	assert_ok(compact_expand(out, &keys.eval, &list, 0, false, NULL));
	assert_ok(compact_expand(flags, &keys.eval, &list, 0, true, NULL));
	for (size_t i = 0; i < 32; i++) {
		assert_int_equal(opened(out, i, false), block[i]);
		assert_int_equal(opened(flags, i, false), block[i] != 0);
	}
}

static void a_range_of_blocks_expands_as_it_does_within_the_whole_and_on_a_pool(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	compact_list list = vector_list(&a, VECTOR_XOF);
	lwe64_run all = { VECTOR_LIST_BLOCKS, BIG_DIM, NULL }, some = { 5, BIG_DIM, NULL };
	uint8_t block[VECTOR_LIST_BLOCKS];
	pool *p;

	vector_list_blocks(block);
	assert_ok(arena_new(&a, &all.w, all.count * (BIG_DIM + 1)));
	assert_ok(arena_new(&a, &some.w, some.count * (BIG_DIM + 1)));
	assert_ok(pool_new(&p, 3));
	assert_ok(compact_expand(all, &keys.eval, &list, 0, false, p));
	pool_free(&p);
	for (size_t i = 0; i < all.count; i++) assert_int_equal(opened(all, i, false), block[i]);
	assert_ok(compact_expand(some, &keys.eval, &list, 7, false, NULL));
	assert_memory_equal(some.w, lwe64_at(all, 7), some.count * (BIG_DIM + 1) * 8);
}

/* More than go through at a time, from an odd block on. */
static void a_long_list_expands_to_what_each_of_its_blocks_does_alone(void **state)
{
	(void)state;
	enum { BLOCKS = 601, FIRST = 3, COUNTED = 533 };
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	uint8_t block[BLOCKS];
	compact_list list;
	lwe64_run all = { COUNTED, BIG_DIM, NULL }, one = { 1, BIG_DIM, NULL };

	for (unsigned i = 0; i < BLOCKS; i++) block[i] = (uint8_t)test_below(4);
	assert_ok(compact_encrypt(&list, &a, &pk, block, BLOCKS, test_rng()));
	assert_ok(arena_new(&a, &all.w, all.count * (BIG_DIM + 1)));
	assert_ok(arena_new(&a, &one.w, BIG_DIM + 1));
	assert_ok(compact_expand(all, &keys.eval, &list, FIRST, false, NULL));
	for (size_t i = 0; i < COUNTED; i++) {
		assert_int_equal(opened(all, i, false), block[FIRST + i]);
		assert_ok(compact_expand(one, &keys.eval, &list, FIRST + i, false, NULL));
		assert_memory_equal(one.w, lwe64_at(all, i), (BIG_DIM + 1) * sizeof *one.w);
	}
}

static void a_list_that_is_not_paired_has_one_block_a_message(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	const uint8_t block[8] = { 3, 0, 2, 0, 1, 0, 0, 0 };
	compact_list list;
	lwe64_run out = { 4, BIG_DIM, NULL };
	uint8_t opened_list[4];

	assert_ok(compact_encrypt(&list, &a, &pk, block, sizeof block, test_rng()));
	list.paired = false;
	assert_int_equal(compact_blocks_most(&list), 4);
	assert_ok(arena_new(&a, &out.w, 4 * (BIG_DIM + 1)));
	assert_ok(compact_expand(out, &keys.eval, &list, 0, false, NULL));
	assert_ok(decrypt_compact(opened_list, &keys.secret, &list));
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(opened(out, i, false), block[2 * i]);
		assert_int_equal(opened_list[i], block[2 * i]);
	}
}

static const struct CMUnitTest tests[] = {
	TEST(lists_of_every_length_decrypt_to_their_blocks),
	TEST(more_messages_than_the_dimension_take_further_masks),
	TEST(an_empty_list_and_too_little_memory_are_refused),
	TEST(every_bin_of_a_long_list_has_its_own_randomness_and_follows_the_formulas),
	TEST(a_list_under_another_key_does_not_decrypt),
	TEST(both_halves_of_every_message_expand_to_clean_blocks),
	TEST(a_range_of_blocks_expands_as_it_does_within_the_whole_and_on_a_pool),
	TEST(a_long_list_expands_to_what_each_of_its_blocks_does_alone),
	TEST(a_list_that_is_not_paired_has_one_block_a_message),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), load, unload);
}
