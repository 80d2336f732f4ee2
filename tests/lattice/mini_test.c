/* SPDX-License-Identifier: MIT */
/*
 * tests/lattice/mini_test.c -- production's numbers at full polynomial size, a short small key: the centred mean, the
 * rounded squash key and three levels of digits, from a client's list to all four formats; and known answers
 * of what is computed on public data.  Twenty seconds of one core.
 */
#include <stdlib.h>
#include "tests/lattice/streams.h"
#include "lattice/compact.h"
#include "lattice/compress.h"
#include "lattice/decrypt.h"
#include "lattice/engine.h"
#include "lattice/keycheck.h"
#include "lattice/keygen.h"
#include "lattice/squash.h"

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
	                        COMPRESS128_PARTS, EXACT, p, NULL));

	assert_ok(arena_new(&a, &pk, 2 * 2048));
	compact_key_expand(pk, pk + 2048, &pub.set.part[PART_PKE], 2048);
	compact_blocks(block, sizeof block, slice_of(u16, sizeof u16));
	const compact_key key = { 2048, PARAMS->pke.noise, pk, pk + 2048 };
	assert_ok(compact_encrypt(&list, &a, &key, block, sizeof block, test_rng()));

	assert_ok(arena_new(&a, &run.w, BLOCKS * (DIM + 1)));
	assert_ok(compact_expand(run, &eval, &list, 0, false, p));
	assert_ok(decrypt_lwe64(&value, &keys, run, BLOCKS, false));
	assert_int_equal(value, expected);

	assert_ok(compress64_var(&packed, &a, &eval, run, NULL));
	assert_ok(decrypt_packed64(&value, &keys, packed, BLOCKS, false));
	assert_int_equal(value, expected);

	assert_ok(arena_new(&a, &squashed.w, 2 * (SNS_DIM + 1)));
	assert_ok(squash_packed_var(squashed, &eval, packed, BLOCKS, p));
	assert_ok(decrypt_lwe128(&value, &keys, squashed, BLOCKS, false));
	assert_int_equal(value, expected);

	assert_ok(compress128_var(&wide, &a, &eval, squashed, NULL));
	assert_ok(decrypt_packed128(&value, &keys, wide, BLOCKS, false));
	assert_int_equal(value, expected);

	pool_free(&p);
	eval_keys_free(&eval);
	public_set_free(&pub);
	secret_keys_free(&keys);
}

/* ---- doc/notes/squash.md, "Known answers" ------------------------------------------------------------------------ */

/* The bootstrap key of a part, in the form of an engine: the chosen one is in eval_keys already. */
static boot_key *engine_key(const seeded_keyset *set, key_part part, boot_engine engine, uint8_t **memory)
{
	const boot_form f = boot_form_of(PARAMS, part, engine, NULL);
	boot_key *k;

	*memory = aligned_alloc(64, f.steps * (f.step_bytes + f.check_bytes) / 64 * 64 + 64);
	assert_non_null(*memory);
	assert_ok(boot_make(*memory, *memory + f.steps * f.step_bytes, &f, &set->part[part], 0, f.steps));
	assert_ok(boot_key_new(&k, &f, *memory, *memory + f.steps * f.step_bytes, &set->part[part]));
	return k;
}

/* Runs `check` with that key of every exact engine in its place. */
static void with_every_engine(eval_keys *eval, const seeded_keyset *set, key_part part, void (*check)(const eval_keys *))
{
	static const boot_engine engines[] = { ENGINE_LIMBS, ENGINE_NTT, ENGINE_SCHOOLBOOK };

	check(eval);
	boot_key *const chosen = eval->boot[part];
	for (size_t i = 0; i < COUNT(engines); i++) {
		uint8_t *memory;
		eval->boot[part] = engine_key(set, part, engines[i], &memory);
		check(eval);
		boot_key_free(&eval->boot[part]);
		free(memory);
	}
	eval->boot[part] = chosen;
}

static void check_squash(const eval_keys *eval)
{
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	lwe128_run out = { 1, 4096, NULL };

	assert_ok(arena_new(&a, &out.w, 4097));
	assert_ok(squash_var(out, eval, (lwe64_run){ 2, 2048, stream_u64s(&a, 5, 2 * 2049) }, NULL));
	assert_digest128("1d66a38d4d6959b8933b28ed86212ba50eba690d0f32a25963a9cbc81ac70e1f", out.w, 4097);
}

static void the_rounded_squash_has_its_known_answer(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	seeded_keyset set = { .params = PARAMS };
	eval_keys eval;

	stream_part(&set, &a, PART_KSK, 1);
	stream_part(&set, &a, PART_SNS_BSK, 3);
	assert_ok(eval_keys_new(&eval, &set, SQUASH_PARTS, EXACT, NULL, NULL));
	with_every_engine(&eval, &set, PART_SNS_BSK, check_squash);
	eval_keys_free(&eval);
}

/* Words that were not rounded for storage, so that a centred mean would show. */
static void check_decompression(const eval_keys *eval)
{
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	lwe64_run out = { 1, 2048, NULL };

	assert_ok(arena_new(&a, &out.w, 2049));
	assert_ok(decompress64_var(out, eval, (packed64){ 1, 256, 1, stream_u64s(&a, 8, 256 + 1) }, NULL));
	assert_digest64("dec321438a6dcf197789bc159c03d6cd90c546db50819641e25382897c8b3671", out.w, 2049);
}

static void the_decompression_has_its_known_answer(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	seeded_keyset set = { .params = PARAMS };
	eval_keys eval;

	stream_part(&set, &a, PART_DECOMP_BSK, 6);
	assert_ok(eval_keys_new(&eval, &set, DECOMPRESS64_PARTS, EXACT, NULL, NULL));
	with_every_engine(&eval, &set, PART_DECOMP_BSK, check_decompression);
	eval_keys_free(&eval);
}

static void the_compression_of_squashed_blocks_has_its_known_answer(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit((size_t)1 << 27);
	seeded_keyset set = { .params = PARAMS };
	lwe128_run in = { 2, 4096, NULL };
	packed128 out;
	eval_keys eval;

	stream_part(&set, &a, PART_SNSCOMP_PKSK, 9);
	assert_ok(eval_keys_new(&eval, &set, COMPRESS128_PARTS, EXACT, NULL, NULL));
	in.w = stream_u128s(&a, 11, 2 * 4097);
	assert_ok(compress128_var(&out, &a, &eval, in, NULL));
	eval_keys_free(&eval);
	assert_int_equal(out.bodies, 2);
	assert_digest128("23f7e61d3c773044e4fb596382cc73918a669fac7ce0564b2f2cc55ef17c53fc", out.w, 256 + 2);
}

/* The high half of one message and the low half of the next. */
static void check_expansion(const eval_keys *eval)
{
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	uint64_t *words = stream_u64s(&a, 16, 2048 + 2);
	const compact_list list = { .n = 2048, .count = 2, .paired = true, .masks = words, .bodies = words + 2048 };
	lwe64_run out = { 2, 2048, NULL };

	assert_ok(arena_new(&a, &out.w, 2 * 2049));
	assert_ok(compact_expand(out, eval, &list, 1, false, NULL));
	assert_digest64("605b2c13e423f8c21c89b39dd95059e5e33c1c65f4b2d1bce7e5182261e2a1ca", out.w, 2 * 2049);
}

static void the_expansion_has_its_known_answer(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	seeded_keyset set = { .params = PARAMS };
	eval_keys eval;

	stream_part(&set, &a, PART_CAST_KSK, 12);
	stream_part(&set, &a, PART_BSK, 14);
	assert_ok(eval_keys_new(&eval, &set, COMPACT_EXPAND_PARTS, EXACT, NULL, NULL));
	with_every_engine(&eval, &set, PART_BSK, check_expansion);
	eval_keys_free(&eval);
}

TESTS(TEST(a_value_goes_through_all_four_formats),
      TEST(the_rounded_squash_has_its_known_answer),
      TEST(the_decompression_has_its_known_answer),
      TEST(the_compression_of_squashed_blocks_has_its_known_answer),
      TEST(the_expansion_has_its_known_answer))
