/* SPDX-License-Identifier: MIT */
/* tests/lattice/squash_test.c -- compression, squash and back, with test parameters; the known answer of the squash. */
#include "tests/lattice/vectors.h"
#include "lattice/compress.h"
#include "lattice/decrypt.h"
#include "lattice/lwe.h"
#include "lattice/squash.h"
#include "sym/sha2.h"

enum { DIM = 256 };

static vector_keys keys;

static int load(void **state)
{
	(void)state;
	vector_keys_load(&keys, VECTOR_XOF);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	vector_keys_free(&keys);
	return 0;
}

/* `count` random blocks under BIG, with the noise of a bootstrap. */
static lwe64_run blocks_of(arena *a, uint8_t *block, size_t count)
{
	lwe64_run run = { count, DIM, NULL };
	assert_ok(arena_new(a, &run.w, count * (DIM + 1)));
	for (size_t i = 0; i < count; i++) {
		block[i] = (uint8_t)test_below(4);
		const uint64_t m = (uint64_t)block[i] << DELTA_LOG_64;
		lwe64_encrypt(lwe64_at(run, i), m, keys.secret.bit[SECRET_BIG], DIM, 45, test_rng());
	}
	return run;
}

static void assert_value(const uint8_t *value, const uint8_t *block, size_t blocks)
{
	for (size_t i = 0; i < blocks; i++) assert_int_equal(value[i / 4] >> (2 * (i % 4)) & 3, block[i]);
}

static const size_t LENGTHS[] = { 1, 2, 3, 4, 5, 80, 127, 128 };

static void values_of_every_length_survive_compression_and_decompression(void **state)
{
	(void)state;
	for (size_t l = 0; l < COUNT(LENGTHS); l++) {
		AUTO(arena) a = arena_with_limit((size_t)1 << 26);
		const size_t n = LENGTHS[l];
		uint8_t block[128], value[32];
		/* A decompression has 256 steps, so of long values only the first blocks are decompressed. */
		const size_t some = size_min(n, 6);
		lwe64_run run = blocks_of(&a, block, n), back = { some, DIM, NULL };
		packed64 packed;

		assert_ok(compress64_var(&packed, &a, &keys.eval, run, NULL));
		assert_int_equal(packed.bodies, n);
		for (size_t i = 0; i < packed.k * packed.N + n; i++)
			assert_int_equal(packed.w[i] << PARAMS_TEST.comp.storage_bits, 0);
		assert_ok(decrypt_packed64(value, &keys.secret, packed, n, false));
		assert_value(value, block, n);
		assert_ok(arena_new(&a, &back.w, some * (DIM + 1)));
		assert_ok(decompress64_var(back, &keys.eval, packed, NULL));
		assert_ok(decrypt_lwe64(value, &keys.secret, back, some, false));
		assert_value(value, block, some);
	}
}

static void values_of_every_length_survive_the_squash_and_its_compression(void **state)
{
	(void)state;
	for (size_t l = 0; l < COUNT(LENGTHS); l++) {
		AUTO(arena) a = arena_with_limit((size_t)1 << 26);
		const size_t n = LENGTHS[l];
		uint8_t block[128], value[32];
		lwe64_run run = blocks_of(&a, block, n);
		lwe128_run squashed = { squashed_count(n), DIM, NULL };
		packed128 packed;

		assert_ok(arena_new(&a, &squashed.w, squashed.count * (DIM + 1)));
		assert_ok(squash_var(squashed, &keys.eval, run, NULL));
		assert_ok(decrypt_lwe128(value, &keys.secret, squashed, n, false));
		assert_value(value, block, n);
		assert_ok(compress128_var(&packed, &a, &keys.eval, squashed, NULL));
		assert_int_equal(packed.bodies, squashed.count);
		assert_ok(decrypt_packed128(value, &keys.secret, packed, n, false));
		assert_value(value, block, n);
	}
}

static void the_squash_does_not_depend_on_threads(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	uint8_t block[9];
	lwe64_run run = blocks_of(&a, block, 9);
	lwe128_run one = { 5, DIM, NULL }, many = one;
	pool *p;

	assert_ok(arena_new(&a, &one.w, 5 * (DIM + 1)));
	assert_ok(arena_new(&a, &many.w, 5 * (DIM + 1)));
	assert_ok(pool_new(&p, 3));
	assert_ok(squash_var(one, &keys.eval, run, NULL));
	assert_ok(squash_var(many, &keys.eval, run, p));
	pool_free(&p);
	assert_memory_equal(one.w, many.w, 5 * (DIM + 1) * sizeof *one.w);
}

/* More than go through at a time; in pairs and single. */
static void a_batch_of_squashes_is_what_each_is_alone(void **state)
{
	(void)state;
	enum { BLOCKS = 521 };
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	uint8_t block[BLOCKS], value;
	lwe64_run run = blocks_of(&a, block, BLOCKS);
	lwe128_run pairs = { squashed_count(BLOCKS), DIM, NULL }, single = { BLOCKS, DIM, NULL }, one = { 1, DIM, NULL };
	const size_t bytes = (DIM + 1) * sizeof *one.w;

	assert_ok(arena_new(&a, &pairs.w, pairs.count * (DIM + 1)));
	assert_ok(arena_new(&a, &single.w, single.count * (DIM + 1)));
	assert_ok(arena_new(&a, &one.w, DIM + 1));
	assert_ok(squash_var(pairs, &keys.eval, run, NULL));
	assert_ok(squash_single_var(single, &keys.eval, run, NULL));
	for (size_t t = 0; t < pairs.count; t += 4) {
		const lwe64_run both = { size_min(2, BLOCKS - 2 * t), DIM, lwe64_at(run, 2 * t) };
		assert_ok(squash_var(one, &keys.eval, both, NULL));
		assert_memory_equal(one.w, lwe128_at(pairs, t), bytes);
	}
	for (size_t i = 0; i < BLOCKS; i += 8) {
		assert_ok(squash_var(one, &keys.eval, (lwe64_run){ 1, DIM, lwe64_at(run, i) }, NULL));
		assert_memory_equal(one.w, lwe128_at(single, i), bytes);
		assert_ok(decrypt_lwe128(&value, &keys.secret, one, 1, false));
		assert_int_equal(value, block[i]);
	}
}

/* Values of one block, an odd number and many, and none at the borders of what goes through at a time.  Alone, other words
 * stand behind a value than together. */
static void values_squashed_together_are_what_each_is_alone(void **state)
{
	(void)state;
	static const size_t blocks[] = { 1, 3, 4, 1, 511, 2, 1 };
	enum { RESULTS = 1 + 2 + 2 + 1 + 256 + 1 + 1 };
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	uint8_t block[1024];
	lwe64_run run = blocks_of(&a, block, 1024), in[COUNT(blocks)], alone = { 0, DIM, NULL };
	lwe128_run all = { RESULTS, DIM, NULL }, one = { 256, DIM, NULL };
	size_t at = 0;

	for (size_t v = 0; v < COUNT(blocks); at += blocks[v++]) in[v] = (lwe64_run){ blocks[v], DIM, lwe64_at(run, at) };
	assert_ok(arena_new(&a, &all.w, all.count * (DIM + 1)));
	assert_ok(arena_new(&a, &one.w, one.count * (DIM + 1)));
	assert_ok(arena_new(&a, &alone.w, 512 * (DIM + 1)));
	assert_ok(squash_values_var(all, &keys.eval, in, COUNT(blocks), NULL));
	at = 0;
	for (size_t v = 0; v < COUNT(blocks); v++) {
		one.count = squashed_count(blocks[v]);
		alone.count = blocks[v];
		memset(alone.w, 0, 512 * (DIM + 1) * sizeof *alone.w);
		memcpy(alone.w, in[v].w, blocks[v] * (DIM + 1) * sizeof *alone.w);
		assert_ok(squash_var(one, &keys.eval, alone, NULL));
		assert_memory_equal(one.w, lwe128_at(all, at), one.count * (DIM + 1) * sizeof *one.w);
		at += one.count;
	}
	assert_int_equal(at, RESULTS);
}

static void too_many_blocks_and_none_are_refused(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	lwe64_run run = { 257, DIM, NULL };
	lwe128_run wide = { 129, DIM, NULL };
	packed64 packed = { 0 };
	packed128 packed_wide = { 0 };

	assert_ok(arena_new(&a, &run.w, run.count * (DIM + 1)));
	assert_ok(arena_new(&a, &wide.w, wide.count * (DIM + 1)));
	assert_err(ERR_REQUEST, compress64_var(&packed, &a, &keys.eval, run, NULL));
	assert_err(ERR_REQUEST, compress128_var(&packed_wide, &a, &keys.eval, wide, NULL));
	run.count = wide.count = 0;
	assert_err(ERR_REQUEST, compress64_var(&packed, &a, &keys.eval, run, NULL));
	assert_err(ERR_REQUEST, compress128_var(&packed_wide, &a, &keys.eval, wide, NULL));
	assert_null(packed.w);
	assert_null(packed_wide.w);
	run.count = 256, wide.count = 128;
	assert_ok(compress64_var(&packed, &a, &keys.eval, run, NULL));
	assert_ok(compress128_var(&packed_wide, &a, &keys.eval, wide, NULL));
}

static void add_words(sha256_stream *s, lwe128_run run)
{
	for (size_t i = 0; i < run.count * (run.dim + 1); i++) {
		uint8_t bytes[16];
		store128(bytes, run.w[i]);
		sha256_add(s, slice_of(bytes, sizeof bytes));
	}
}

/* doc/notes/squash.md, "Known answers", first row. */
static void the_squash_has_its_known_answer(void **state)
{
	(void)state;
	static const uint8_t known[32] = {
		0x82, 0x57, 0x6e, 0xb2, 0x71, 0xb1, 0x1d, 0x84, 0x46, 0x0c, 0x2c, 0xf9, 0x3d, 0x82, 0xaf, 0x69,
		0xc1, 0x1b, 0xa6, 0x30, 0x7b, 0xa3, 0xab, 0x52, 0x2f, 0x85, 0x51, 0x68, 0x0f, 0xe5, 0xaa, 0x99,
	};
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	AUTO(sha256_stream) s = sha256_begin();
	lwe64_run boolean = { 1, DIM, NULL }, u8 = { 4, DIM, NULL };
	packed64 packed = { .k = 1, .N = DIM, .bodies = 4 };
	lwe128_run out = { 2, DIM, NULL };
	uint64_t stored[37];

	assert_ok(arena_new(&a, &boolean.w, DIM + 1));
	assert_ok(arena_new(&a, &u8.w, 4 * (DIM + 1)));
	assert_ok(arena_new(&a, &packed.w, DIM + 4));
	assert_ok(arena_new(&a, &out.w, 2 * (DIM + 1)));
	vector_words(boolean.w, VECTOR_XOF, "sim/bool.bin", 77, DIM + 1, 8);
	for (size_t i = 0; i < 4; i++) vector_words(lwe64_at(u8, i), VECTOR_XOF, "sim/u8.bin", 85 + 2164 * i, DIM + 1, 8);
	vector_words(stored, VECTOR_XOF, "sim/compressed_list_u8.bin", 102, COUNT(stored), 8);
	for (size_t bit = 0; bit < (DIM + 4) * 9; bit++)
		packed.w[bit / 9] |= (stored[bit / 64] >> (bit % 64) & 1) << (55 + bit % 9);

	assert_ok(squash_var((lwe128_run){ 1, DIM, out.w }, &keys.eval, boolean, NULL));
	add_words(&s, (lwe128_run){ 1, DIM, out.w });
	assert_ok(squash_var(out, &keys.eval, u8, NULL));
	add_words(&s, out);
	assert_ok(squash_packed_var(out, &keys.eval, packed, 4, NULL));
	add_words(&s, out);
	const hash32 h = sha256_end(&s);
	assert_memory_equal(h.b, known, sizeof known);
}

static const struct CMUnitTest tests[] = {
	TEST(values_of_every_length_survive_compression_and_decompression),
	TEST(values_of_every_length_survive_the_squash_and_its_compression),
	TEST(the_squash_does_not_depend_on_threads),
	TEST(a_batch_of_squashes_is_what_each_is_alone),
	TEST(values_squashed_together_are_what_each_is_alone),
	TEST(too_many_blocks_and_none_are_refused),
	TEST(the_squash_has_its_known_answer),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), load, unload);
}
