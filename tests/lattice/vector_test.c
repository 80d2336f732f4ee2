/* SPDX-License-Identifier: MIT */
/*
 * tests/lattice/vector_test.c -- the known answers: what a TFHE-rs client and an independent evaluator made is opened,
 * and made again bit by bit.
 *
 * The evaluator used the drift technique where the test parameters name it; our modulus switch does not.  Equality is
 * still demanded: see bootstrap.h for why the search never starts with these parameters.
 */
#include "tests/lattice/vectors.h"
#include "lattice/compact.h"
#include "lattice/compress.h"
#include "lattice/decrypt.h"
#include "lattice/keycheck.h"
#include "lattice/keygen.h"
#include "lattice/squash.h"

enum { N = 256, LWE = N + 1 };

static vector_keys keys[2];

static int load(void **state)
{
	(void)state;
	vector_keys_load(&keys[VECTOR_NODE], VECTOR_NODE);
	vector_keys_load(&keys[VECTOR_XOF], VECTOR_XOF);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	vector_keys_free(&keys[VECTOR_NODE]);
	vector_keys_free(&keys[VECTOR_XOF]);
	return 0;
}

static arena room(void)
{
	return arena_with_limit((size_t)1 << 28);
}

static void every_part_of_both_key_sets_has_only_noise_within_its_bound(void **state)
{
	(void)state;
	for (unsigned set = 0; set < COUNT(keys); set++)
		for (key_part part = 0; part < KEY_PARTS; part++) {
			noise_report report = { 0 };
			assert_ok(keycheck_part(&report, &keys[set].secret, &keys[set].set, part));
			const part_shape s = part_shape_of(&PARAMS_TEST, part);
			assert_int_equal(report.samples, s.rows * s.body);
			assert_true(report.max_abs <= (uint64_t)1 << s.noise);
		}
}

static void a_stand_alone_public_key_is_the_seeded_one_with_its_mask(void **state)
{
	(void)state;
	uint64_t a[512], b[512];
	compact_key_expand(a, b, &keys[VECTOR_XOF].set.part[PART_PKE], 512);
	assert_memory_equal(a, keys[VECTOR_XOF].pk, sizeof a);
	assert_memory_equal(b, keys[VECTOR_XOF].pk + 512, sizeof b);
}

static void the_masks_begin_where_the_key_set_says(void **state)
{
	(void)state;
	static const uint8_t seed[PUBLIC_SEED_BYTES] = { 1 };
	static const struct { key_part part; u128 block; } at[] = {
		{ PART_PKE, 0 }, { PART_COMP_PKSK, 256 }, { PART_DECOMP_BSK, 33024 }, { PART_KSK, 98560 }, { PART_BSK, 98688 },
		{ PART_MS_ZEROS, 98944 }, { PART_SNS_BSK, 98949 }, { PART_SNS_MS_ZEROS, 99973 }, { PART_CAST_KSK, 99977 },
		{ PART_RERAND, 100233 }, { PART_SNSCOMP_PKSK, 100361 }, { PART_OPRF_BSK, 165897 },
	};
	for (size_t i = 0; i < COUNT(at); i++) {
		mask_seed m = keygen_masks(&PARAMS_TEST, seed, at[i].part);
		assert_true(m.first.block == at[i].block && m.first.byte == 0);
	}
}

static void the_clients_list_opens_to_its_values(void **state)
{
	(void)state;
	uint8_t expected[VECTOR_LIST_BLOCKS + 1] = { 0 }, got[VECTOR_LIST_BLOCKS + 1];
	vector_list_blocks(expected);
	for (unsigned set = 0; set < COUNT(keys); set++) {
		AUTO(arena) a = room();
		compact_list list = vector_list(&a, set);
		assert_ok(decrypt_compact(got, &keys[set].secret, &list));
		assert_memory_equal(got, expected, sizeof got);
	}
}

static void a_production_list_opens_to_the_same_values(void **state)
{
	(void)state;
	enum { n = 2048, KEY_AT = 24081, LIST_AT = 87 };
	AUTO(buf) key = test_read(test_vector("tfhe/prod/client_key.bin"));
	AUTO(buf) file = test_read(test_vector("tfhe/prod/list_packed.bin"));
	AUTO(arena) a = room();
	uint8_t expected[VECTOR_LIST_BLOCKS + 1] = { 0 }, got[VECTOR_LIST_BLOCKS + 1];
	secret_keys secret;
	compact_list list = { .n = n, .count = VECTOR_LIST_MESSAGES, .paired = true };

	assert_int_equal(load64(key.p + KEY_AT), n);
	assert_int_equal(load64(file.p + LIST_AT), n + list.count);
	assert_ok(secret_keys_new(&secret, &PARAMS_DEFAULT));
	assert_ok(arena_new(&a, &list.masks, n + list.count));
	list.bodies = list.masks + n;
	for (size_t i = 0; i < n; i++) secret.bit[SECRET_PKE][i] = key.p[KEY_AT + 8 + 8 * i];
	for (size_t i = 0; i < n + list.count; i++) list.masks[i] = load64(file.p + LIST_AT + 8 + 8 * i);
	vector_list_blocks(expected);
	assert_ok(decrypt_compact(got, &secret, &list));
	assert_memory_equal(got, expected, sizeof got);
	secret_keys_free(&secret);
}

static void a_seeded_list_is_what_a_client_makes_of_the_seed(void **state)
{
	(void)state;
	static const uint8_t u8[] = { 0xa7 }, u64[] = { 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01 };
	uint8_t block[4 + 32], seed[16];
	uint64_t expected[512 + 18];
	AUTO(arena) a = room();
	compact_list list;

	compact_blocks(block, 4, slice_of(u8, sizeof u8));
	compact_blocks(block + 4, 32, slice_of(u64, sizeof u64));
	for (unsigned i = 0; i < sizeof seed; i++) seed[i] = (uint8_t)(0xc8 + i);
	const compact_key key = { 512, PARAMS_TEST.pke.noise, keys[VECTOR_NODE].pk, keys[VECTOR_NODE].pk + 512 };
	assert_ok(compact_encrypt_seeded(&list, &a, &key, block, sizeof block, slice_of(seed, sizeof seed)));

	vector_words(expected, VECTOR_NODE, "list_seeded_c8.bin", 87, COUNT(expected), 8);
	assert_int_equal(list.count, 18);
	assert_memory_equal(list.masks, expected, 512 * 8);
	assert_memory_equal(list.bodies, expected + 512, 18 * 8);
}

static void a_seeded_production_list_is_what_a_client_makes_of_the_seed(void **state)
{
	(void)state;
	static const uint8_t u8[] = { 0xa7 }, u64[] = { 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01 };
	enum { n = 2048, KEY_AT = 90, LIST_AT = 87 };
	uint8_t block[4 + 32], seed[16];
	AUTO(buf) pk = test_read(test_vector("tfhe/prod/compact_public_key.bin"));
	AUTO(buf) expected = test_read(test_vector("tfhe/prod/list_seeded_c8.bin"));
	AUTO(arena) a = room();
	uint64_t *ab;
	compact_list list;

	compact_blocks(block, 4, slice_of(u8, sizeof u8));
	compact_blocks(block + 4, 32, slice_of(u64, sizeof u64));
	for (unsigned i = 0; i < sizeof seed; i++) seed[i] = (uint8_t)(0xc8 + i);
	assert_int_equal(load64(pk.p + KEY_AT), 2 * n);
	assert_ok(arena_new(&a, &ab, 2 * n));
	for (size_t i = 0; i < 2 * n; i++) ab[i] = load64(pk.p + KEY_AT + 8 + 8 * i);
	const compact_key key = { n, PARAMS_DEFAULT.pke.noise, ab, ab + n };
	assert_ok(compact_encrypt_seeded(&list, &a, &key, block, sizeof block, slice_of(seed, sizeof seed)));

	assert_int_equal(load64(expected.p + LIST_AT), n + list.count);
	for (size_t i = 0; i < n + list.count; i++)
		assert_int_equal(i < n ? list.masks[i] : list.bodies[i - n], load64(expected.p + LIST_AT + 8 + 8 * i));
}

/* The blocks of the bool and the u8 of the client's list. */
static lwe64_run expanded(arena *a, unsigned set)
{
	compact_list list = vector_list(a, set);
	lwe64_run blocks = { 5, N, NULL };
	assert_ok(arena_new(a, &blocks.w, 5 * LWE));
	assert_ok(compact_expand((lwe64_run){ 1, N, blocks.w }, &keys[set].eval, &list, 0, true, NULL));
	assert_ok(compact_expand((lwe64_run){ 4, N, blocks.w + LWE }, &keys[set].eval, &list, 1, false, NULL));
	return blocks;
}

static void expansion_gives_the_same_words_as_the_independent_evaluator(void **state)
{
	(void)state;
	for (unsigned set = 0; set < COUNT(keys); set++) {
		AUTO(arena) a = room();
		uint64_t expected[LWE];
		lwe64_run blocks = expanded(&a, set);
		vector_words(expected, set, "sim/bool.bin", 77, LWE, 8);
		assert_memory_equal(lwe64_at(blocks, 0), expected, sizeof expected);
		for (size_t i = 0; i < 4; i++) {
			vector_words(expected, set, "sim/u8.bin", 85 + 2164 * i, LWE, 8);
			assert_memory_equal(lwe64_at(blocks, 1 + i), expected, sizeof expected);
		}
	}
}

static void compression_and_decompression_give_the_same_words(void **state)
{
	(void)state;
	enum { BITS = 9, WORDS = N + 4 };
	for (unsigned set = 0; set < COUNT(keys); set++) {
		AUTO(arena) a = room();
		uint64_t stored[37], expected[LWE];
		lwe64_run u8 = expanded(&a, set), back = { 4, N, NULL };
		packed64 packed;

		u8.w += LWE, u8.count = 4;
		assert_ok(compress64_var(&packed, &a, &keys[set].eval, u8, NULL));
		vector_words(stored, set, "sim/compressed_list_u8.bin", 102, COUNT(stored), 8);
		for (size_t i = 0; i < WORDS; i++) {
			uint64_t value = 0;
			for (size_t b = 0; b < BITS; b++) {
				const size_t at = i * BITS + b;
				value |= (stored[at / 64] >> (at % 64) & 1) << b;
			}
			assert_true(packed.w[i] == value << (64 - BITS));
		}

		assert_ok(arena_new(&a, &back.w, 4 * LWE));
		assert_ok(decompress64_var(back, &keys[set].eval, packed, NULL));
		for (size_t i = 0; i < 4; i++) {
			vector_words(expected, set, "sim/u8_decompressed.bin", 85 + 2164 * i, LWE, 8);
			assert_memory_equal(lwe64_at(back, i), expected, sizeof expected);
		}
	}
}

static void the_squash_and_its_compression_give_the_same_words(void **state)
{
	(void)state;
	for (unsigned set = 0; set < COUNT(keys); set++) {
		AUTO(arena) a = room();
		u128 expected[N + 2];
		lwe64_run u8 = expanded(&a, set);
		lwe128_run squashed = { 2, N, NULL };
		packed128 packed;

		u8.w += LWE, u8.count = 4;
		assert_ok(arena_new(&a, &squashed.w, 2 * LWE));
		assert_ok(squash_var(squashed, &keys[set].eval, u8, NULL));
		for (size_t i = 0; i < 2; i++) {
			vector_words(expected, set, "sim/squashed_u8.bin", 98 + 4192 * i, LWE, 16);
			assert_memory_equal(lwe128_at(squashed, i), expected, LWE * sizeof(u128));
		}
		assert_ok(compress128_var(&packed, &a, &keys[set].eval, squashed, NULL));
		vector_words(expected, set, "sim/compressed_squashed_u8.bin", 115, N + 2, 16);
		assert_memory_equal(packed.w, expected, sizeof expected);
	}
}

static void all_four_formats_of_the_u8_decrypt_to_it(void **state)
{
	(void)state;
	for (unsigned set = 0; set < COUNT(keys); set++) {
		AUTO(arena) a = room();
		uint8_t value = 0;
		lwe64_run u8 = expanded(&a, set);
		lwe128_run squashed = { 2, N, NULL };
		packed64 small;
		packed128 big;

		assert_ok(decrypt_lwe64(&value, &keys[set].secret, (lwe64_run){ 1, N, u8.w }, 1, true));
		assert_int_equal(value, 1);
		u8.w += LWE, u8.count = 4;
		assert_ok(decrypt_lwe64(&value, &keys[set].secret, u8, 4, false));
		assert_int_equal(value, 0xa7);
		assert_ok(compress64_var(&small, &a, &keys[set].eval, u8, NULL));
		assert_ok(decrypt_packed64(&value, &keys[set].secret, small, 4, false));
		assert_int_equal(value, 0xa7);
		assert_ok(arena_new(&a, &squashed.w, 2 * LWE));
		assert_ok(squash_packed_var(squashed, &keys[set].eval, small, 4, NULL));
		assert_ok(decrypt_lwe128(&value, &keys[set].secret, squashed, 4, false));
		assert_int_equal(value, 0xa7);
		assert_ok(compress128_var(&big, &a, &keys[set].eval, squashed, NULL));
		assert_ok(decrypt_packed128(&value, &keys[set].secret, big, 4, false));
		assert_int_equal(value, 0xa7);
	}
}

static const struct CMUnitTest tests[] = {
	TEST(every_part_of_both_key_sets_has_only_noise_within_its_bound),
	TEST(a_stand_alone_public_key_is_the_seeded_one_with_its_mask),
	TEST(the_masks_begin_where_the_key_set_says),
	TEST(the_clients_list_opens_to_its_values),
	TEST(a_production_list_opens_to_the_same_values),
	TEST(a_seeded_list_is_what_a_client_makes_of_the_seed),
	TEST(a_seeded_production_list_is_what_a_client_makes_of_the_seed),
	TEST(expansion_gives_the_same_words_as_the_independent_evaluator),
	TEST(compression_and_decompression_give_the_same_words),
	TEST(the_squash_and_its_compression_give_the_same_words),
	TEST(all_four_formats_of_the_u8_decrypt_to_it),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), load, unload);
}
