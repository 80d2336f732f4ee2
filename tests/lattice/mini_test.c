/* SPDX-License-Identifier: MIT */
/*
 * tests/lattice/mini_test.c -- production's numbers at full polynomial size, a short small key: the centred mean, the
 * rounded squash key and three levels of digits, from a client's list to all four formats; and known answers
 * of what is computed on public data.  Twenty seconds of one core.
 */
#include "tests/test.h"
#include "base/hex.h"
#include "lattice/compact.h"
#include "lattice/compress.h"
#include "lattice/decrypt.h"
#include "lattice/keycheck.h"
#include "lattice/keygen.h"
#include "lattice/squash.h"
#include "sym/sha2.h"

#define PARAMS (&PARAMS_MINI)

static void a_value_goes_through_all_four_formats(void **state)
{
	(void)state;
	static const uint8_t u16[] = { 0xa7, 0x31 };
	enum { BLOCKS = 3, DIM = 2048, SNS_DIM = 4096 };        /* the third block of the value stands alone in the squash */
	const uint8_t expected = 0xa7 & 0x3f;
	AUTO(arena) a = arena_with_limit((size_t)1 << 28);
	secret_keys keys;
	public_set pub;
	eval_keys eval;
	pool *p;
	uint8_t block[8], value;
	uint64_t *pk;
	compact_list list;
	lwe64_run run = { BLOCKS, DIM, NULL };
	lwe128_run squashed = { 2, SNS_DIM, NULL };
	packed64 packed;
	packed128 wide;

	assert_ok(pool_new(&p, 0));
	assert_ok(keys_from_seed(&keys, &pub, PARAMS, slice_str("mini"), p));
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const part_shape s = part_shape_of(PARAMS, part);
		const size_t some = size_min(s.rows, 8);
		noise_report report = { 0 };
		assert_ok(keycheck_rows(&report, &keys, part, &pub.set.part[part].seed, pub.set.part[part].bodies.p, 0, some));
		assert_int_equal(report.outside, 0);
	}
	assert_ok(eval_keys_new(&eval, &pub.set, COMPACT_EXPAND_PARTS | SQUASH_PARTS | COMPRESS64_PARTS | DECOMPRESS64_PARTS |
	                        COMPRESS128_PARTS));

	assert_ok(arena_new(&a, &pk, 2 * 2048));
	compact_key_expand(pk, pk + 2048, &pub.set.part[PART_PKE], 2048);
	compact_blocks(block, sizeof block, slice_of(u16, sizeof u16));
	const compact_key key = { 2048, PARAMS->pke.noise, pk, pk + 2048 };
	assert_ok(compact_encrypt(&list, &a, &key, block, sizeof block, test_rng()));

	assert_ok(arena_new(&a, &run.w, BLOCKS * (DIM + 1)));
	assert_ok(compact_expand(run, &eval, &list, 0, false, p));
	assert_ok(decrypt_lwe64(&value, &keys, run, BLOCKS, false));
	assert_int_equal(value, expected);

	assert_ok(compress64_var(&packed, &a, &eval, run));
	assert_ok(decrypt_packed64(&value, &keys, packed, BLOCKS, false));
	assert_int_equal(value, expected);

	assert_ok(arena_new(&a, &squashed.w, 2 * (SNS_DIM + 1)));
	assert_ok(squash_packed_var(squashed, &eval, packed, BLOCKS, p));
	assert_ok(decrypt_lwe128(&value, &keys, squashed, BLOCKS, false));
	assert_int_equal(value, expected);

	assert_ok(compress128_var(&wide, &a, &eval, squashed));
	assert_ok(decrypt_packed128(&value, &keys, wide, BLOCKS, false));
	assert_int_equal(value, expected);

	pool_free(&p);
	eval_keys_free(&eval);
	public_set_free(&pub);
	secret_keys_free(&keys);
}

/* ---- doc/notes/squash.md, "Known answers" ------------------------------------------------------------------------ */

/* All are functions of any words, so keys and inputs need no meaning: each is the beginning of a stream of its own. */

/* A key set with this part: its bodies are the first bytes of the stream of Ctr seed x, its masks those of x + 1. */
static void add_part(seeded_keyset *set, arena *a, key_part part, unsigned x)
{
	const size_t n = part_body_bytes(part_shape_of(PARAMS, part));
	const mask_seed from = mask_seed_ctr(x);
	AUTO(mask_stream) stream = mask_open(&from);
	uint8_t *bodies;

	assert_ok(arena_new(a, &bodies, n));
	mask_fill_bytes(&stream, bodies, n);
	set->part[part] = (seeded_part){ slice_of(bodies, n), mask_seed_ctr(x + 1) };
}

static uint64_t *words64(arena *a, unsigned x, size_t n)
{
	const mask_seed from = mask_seed_ctr(x);
	AUTO(mask_stream) stream = mask_open(&from);
	uint64_t *w;

	assert_ok(arena_new(a, &w, n));
	mask_u64s(&stream, w, n);
	return w;
}

static void assert_digest64(const char *expected, const uint64_t *w, size_t n)
{
	AUTO(buf) bytes = { 0 }, known = { 0 };
	for (size_t i = 0; i < n; i++) buf_put_u64(&bytes, w[i]);
	const hash32 h = sha256(buf_slice(&bytes));
	assert_true(hex_read_all(&known, slice_str(expected)));
	assert_memory_equal(h.b, known.p, sizeof h.b);
}

static void assert_digest128(const char *expected, const u128 *w, size_t n)
{
	AUTO(buf) bytes = { 0 }, known = { 0 };
	for (size_t i = 0; i < n; i++) buf_put_u128(&bytes, w[i]);
	const hash32 h = sha256(buf_slice(&bytes));
	assert_true(hex_read_all(&known, slice_str(expected)));
	assert_memory_equal(h.b, known.p, sizeof h.b);
}

static void the_rounded_squash_has_its_known_answer(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	seeded_keyset set = { .params = PARAMS };
	lwe64_run in = { 2, 2048, words64(&a, 5, 2 * 2049) };
	lwe128_run out = { 1, 4096, NULL };
	eval_keys eval;

	add_part(&set, &a, PART_KSK, 1);
	add_part(&set, &a, PART_SNS_BSK, 3);
	assert_ok(eval_keys_new(&eval, &set, SQUASH_PARTS));
	assert_ok(arena_new(&a, &out.w, 4097));
	assert_ok(squash_var(out, &eval, in, NULL));
	eval_keys_free(&eval);
	assert_digest128("1d66a38d4d6959b8933b28ed86212ba50eba690d0f32a25963a9cbc81ac70e1f", out.w, 4097);
}

/* Words that were not rounded for storage, so that a centred mean would show. */
static void the_decompression_has_its_known_answer(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	seeded_keyset set = { .params = PARAMS };
	lwe64_run out = { 1, 2048, NULL };
	eval_keys eval;

	add_part(&set, &a, PART_DECOMP_BSK, 6);
	assert_ok(eval_keys_new(&eval, &set, DECOMPRESS64_PARTS));
	assert_ok(arena_new(&a, &out.w, 2049));
	assert_ok(decompress64_var(out, &eval, (packed64){ 1, 256, 1, words64(&a, 8, 256 + 1) }, NULL));
	eval_keys_free(&eval);
	assert_digest64("dec321438a6dcf197789bc159c03d6cd90c546db50819641e25382897c8b3671", out.w, 2049);
}

static void the_compression_of_squashed_blocks_has_its_known_answer(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit((size_t)1 << 27);
	const mask_seed from = mask_seed_ctr(11);
	AUTO(mask_stream) stream = mask_open(&from);
	seeded_keyset set = { .params = PARAMS };
	lwe128_run in = { 2, 4096, NULL };
	packed128 out;
	eval_keys eval;

	add_part(&set, &a, PART_SNSCOMP_PKSK, 9);
	assert_ok(eval_keys_new(&eval, &set, COMPRESS128_PARTS));
	assert_ok(arena_new(&a, &in.w, 2 * 4097));
	mask_u128s(&stream, in.w, 2 * 4097);
	assert_ok(compress128_var(&out, &a, &eval, in));
	eval_keys_free(&eval);
	assert_int_equal(out.bodies, 2);
	assert_digest128("23f7e61d3c773044e4fb596382cc73918a669fac7ce0564b2f2cc55ef17c53fc", out.w, 256 + 2);
}

/* The high half of one message and the low half of the next. */
static void the_expansion_has_its_known_answer(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	seeded_keyset set = { .params = PARAMS };
	uint64_t *words = words64(&a, 16, 2048 + 2);
	const compact_list list = { .n = 2048, .count = 2, .paired = true, .masks = words, .bodies = words + 2048 };
	lwe64_run out = { 2, 2048, NULL };
	eval_keys eval;

	add_part(&set, &a, PART_CAST_KSK, 12);
	add_part(&set, &a, PART_BSK, 14);
	assert_ok(eval_keys_new(&eval, &set, COMPACT_EXPAND_PARTS));
	assert_ok(arena_new(&a, &out.w, 2 * 2049));
	assert_ok(compact_expand(out, &eval, &list, 1, false, NULL));
	eval_keys_free(&eval);
	assert_digest64("605b2c13e423f8c21c89b39dd95059e5e33c1c65f4b2d1bce7e5182261e2a1ca", out.w, 2 * 2049);
}

TESTS(TEST(a_value_goes_through_all_four_formats),
      TEST(the_rounded_squash_has_its_known_answer),
      TEST(the_decompression_has_its_known_answer),
      TEST(the_compression_of_squashed_blocks_has_its_known_answer),
      TEST(the_expansion_has_its_known_answer))
