/* SPDX-License-Identifier: MIT */
/*
 * tests/lattice/mini_test.c -- production's numbers at full polynomial size, a short small key: the centred mean, the
 * rounded squash key and three levels of digits, from a client's list to all four formats.  About ten seconds.
 */
#include "tests/test.h"
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

/* bodies[0 .. n) = the first bytes of a Ctr stream. */
static seeded_part words_of(buf *bodies, key_part part, u128 body_seed, u128 mask_seed_)
{
	const size_t n = part_body_bytes(part_shape_of(PARAMS, part));
	const mask_seed from = mask_seed_ctr(body_seed);
	AUTO(mask_stream) stream = mask_open(&from);
	mask_fill_bytes(&stream, buf_grow(bodies, n), n);
	return (seeded_part){ buf_slice(bodies), mask_seed_ctr(mask_seed_) };
}

/* doc/notes/squash.md, "Known answers", second row.  A squash is a function of any words, so they need no meaning. */
static void the_rounded_squash_has_its_known_answer(void **state)
{
	(void)state;
	static const uint8_t known[32] = {
		0x1d, 0x66, 0xa3, 0x8d, 0x4d, 0x69, 0x59, 0xb8, 0x93, 0x3b, 0x28, 0xed, 0x86, 0x21, 0x2b, 0xa5,
		0x0e, 0xba, 0x69, 0x0d, 0x0f, 0x32, 0xa2, 0x59, 0x63, 0xa9, 0xcb, 0xc8, 0x1a, 0xc7, 0x0e, 0x1f,
	};
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	AUTO(buf) ksk = { 0 };
	AUTO(buf) bsk = { 0 };
	seeded_keyset set = { .params = PARAMS };
	const mask_seed from = mask_seed_ctr(5);
	AUTO(mask_stream) stream = mask_open(&from);
	lwe64_run in = { 2, 2048, NULL };
	lwe128_run out = { 1, 4096, NULL };
	eval_keys eval;

	set.part[PART_KSK] = words_of(&ksk, PART_KSK, 1, 2);
	set.part[PART_SNS_BSK] = words_of(&bsk, PART_SNS_BSK, 3, 4);
	assert_ok(eval_keys_new(&eval, &set, SQUASH_PARTS));
	assert_ok(arena_new(&a, &in.w, 2 * 2049));
	assert_ok(arena_new(&a, &out.w, 4097));
	mask_u64s(&stream, in.w, 2 * 2049);
	assert_ok(squash_var(out, &eval, in, NULL));

	AUTO(sha256_stream) s = sha256_begin();
	for (size_t i = 0; i < 4097; i++) {
		uint8_t bytes[16];
		store128(bytes, out.w[i]);
		sha256_add(&s, slice_of(bytes, sizeof bytes));
	}
	const hash32 h = sha256_end(&s);
	eval_keys_free(&eval);
	assert_memory_equal(h.b, known, sizeof known);
}

TESTS(TEST(a_value_goes_through_all_four_formats), TEST(the_rounded_squash_has_its_known_answer))
