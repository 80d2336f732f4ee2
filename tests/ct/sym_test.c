/* SPDX-License-Identifier: MIT */
/* Constant time: base/ct.h, base/hex.h and the hashes, streams and seals of sym/.  Meaningful under valgrind (suite ct). */
#include "tests/ct/ct.h"
#include "base/ct.h"
#include "base/hex.h"
#include "base/cpu.h"
#include "sym/aes_many.h"
#include "sym/drbg.h"
#include "sym/keccak.h"
#include "sym/sha2.h"

static const uint64_t EDGES[] = { 0, 1, 2, 0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffffffe, UINT64_MAX };

static uint64_t public_now(uint64_t x)
{
	DECLASSIFY_RESULT(&x, sizeof x);
	return x;
}

static void masks_select_without_a_branch(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(EDGES); i++)
		for (size_t j = 0; j < COUNT(EDGES); j++) {
			uint64_t a = EDGES[i], b = EDGES[j];
			SECRET(&a, sizeof a);
			SECRET(&b, sizeof b);
			const uint64_t equal = ct_is_zero(a ^ b), less = ct_lt(a, b), zero = ct_is_zero(a), least = ct_select(less, a, b);
			assert_true(public_now(equal) == (i == j ? UINT64_MAX : 0));
			assert_true(public_now(less) == (EDGES[i] < EDGES[j] ? UINT64_MAX : 0));
			assert_true(public_now(zero) == (EDGES[i] == 0 ? UINT64_MAX : 0));
			assert_true(public_now(least) == (EDGES[i] < EDGES[j] ? EDGES[i] : EDGES[j]));
		}
}

static void bytes_are_compared_and_moved_without_a_branch(void **state)
{
	uint8_t a[40], b[40], c[40];

	(void)state;
	for (size_t differ = 0; differ <= sizeof a; differ++) {
		rng_fill(test_rng(), a, sizeof a);
		memcpy(b, a, sizeof b);
		memset(c, 0, sizeof c);
		if (differ < sizeof a) b[differ] ^= 0x80;
		SECRET(a, sizeof a);
		SECRET(b, sizeof b);
		const uint64_t equal = ct_bytes_eq(a, b, sizeof a);
		ct_bytes_move(equal, c, a, sizeof c);
		DECLASSIFY_RESULT(a, sizeof a);
		DECLASSIFY_RESULT(c, sizeof c);
		assert_true(public_now(equal) == (differ == sizeof a ? UINT64_MAX : 0));
		assert_int_equal(memcmp(c, a, sizeof c) == 0, differ == sizeof a);
	}
}

static void secrets_are_written_as_digits_without_a_table(void **state)
{
	uint8_t bytes[16], back[16];
	char text[33];

	(void)state;
	rng_fill(test_rng(), bytes, sizeof bytes);
	SECRET(bytes, sizeof bytes);
	hex_write(text, slice_of(bytes, sizeof bytes));
	DECLASSIFY_RESULT(text, sizeof text);
	DECLASSIFY_RESULT(bytes, sizeof bytes);
	assert_true(hex_read(back, sizeof back, slice_str(text)));
	assert_memory_equal(back, bytes, sizeof bytes);
}

static void secrets_are_hashed_without_a_branch(void **state)
{
	uint8_t in[300], out[200];

	(void)state;
	rng_fill(test_rng(), in, sizeof in);
	SECRET(in, sizeof in);
	const slice s = slice_of(in, sizeof in);
	sha3_512(out, s);
	shake128(out, sizeof out, s);
	shake256(out, sizeof out, s);
	hash32 h = sha3_256(s);
	h = keccak256(hash32_slice(&h));
	h = sha256(hash32_slice(&h));
	AUTO(sha256_stream) stream = sha256_begin();
	sha256_add(&stream, s);
	h = sha256_end(&stream);
	DECLASSIFY_RESULT(&h, sizeof h);
	assert_int_not_equal(load32(h.b), 0);
}

CT_COVERS(drbg_from_seed, drbg_rng);

static void secret_seeds_are_expanded_without_a_branch(void **state)
{
	uint8_t seed[32], out[5000];
	uint64_t words[3];

	(void)state;
	rng_fill(test_rng(), seed, sizeof seed);
	SECRET(seed, sizeof seed);
	mask_seed s = mask_seed_xof("TFHEKGen", slice_of(seed, 16));
	AUTO(mask_stream) m = mask_open(&s);
	mask_fill_bytes(&m, out, sizeof out);
	mask_skip(&m, 10000);
	mask_u64s(&m, words, 3);
	AUTO(drbg) d = drbg_from_seed(slice_of(seed, sizeof seed));
	const rng r = drbg_rng(&d);
	rng_fill(&r, out, sizeof out);
	DECLASSIFY_RESULT(out, sizeof out);
	assert_true(load64(out) != 0);
}

CT_COVERS(aes128_new, aes128_blocks, aes_quad_set, aes_many);

static void blocks_are_enciphered_under_one_key_and_many_without_a_table(void **state)
{
	enum { QUADS = 2, KEYS = AES_QUAD * QUADS, BLOCKS = 3 };
	static aes_quad quad[QUADS];
	uint8_t key[KEYS][AES128_KEY], in[BLOCKS][AES_BLOCK], one[BLOCKS][KEYS][AES_BLOCK], many[BLOCKS][KEYS][AES_BLOCK];

	(void)state;
	rng_fill(&CT_SECRET_RNG, key, sizeof key);
	rng_fill(&CT_SECRET_RNG, in, sizeof in);
	for (unsigned k = 0; k < KEYS; k++) {
		AUTO(aes128) cipher = aes128_new(key[k]);
		for (unsigned b = 0; b < BLOCKS; b++) aes128_blocks(&cipher, one[b][k], in[b], 1);
	}
	DECLASSIFY_RESULT(one, sizeof one);
	for (const aes_many_kernel *const *f = AES_MANY_ALL; *f; f++) {
		if (!cpu_can((*f)->needs)) continue;
		for (unsigned k = 0; k < KEYS; k++) (*f)->set(&quad[k / AES_QUAD], k % AES_QUAD, key[k]);
		(*f)->many(quad, QUADS, many[0][0], NULL, in[0], BLOCKS);
		DECLASSIFY_RESULT(many, sizeof many);
		assert_memory_equal(many, one, sizeof one);
	}
	for (unsigned k = 0; k < KEYS; k++) aes_quad_set(&quad[k / AES_QUAD], k % AES_QUAD, key[k]);
	aes_many(quad, QUADS, many[0][0], NULL, in[0], BLOCKS);
	DECLASSIFY_RESULT(many, sizeof many);
	assert_memory_equal(many, one, sizeof one);
}

CT_COVERS(aes256_gcm_seal, aes256_gcm_open);

static void secrets_are_sealed_and_opened_without_a_branch(void **state)
{
	uint8_t key[32], nonce[12] = { 0 }, text[100] = { 0 }, sealed[100 + GCM_TAG];

	(void)state;
	rng_fill(test_rng(), key, sizeof key);
	SECRET(key, sizeof key);
	SECRET(text, sizeof text);
	aes256_gcm_seal(sealed, key, nonce, slice_str("context"), slice_of(text, sizeof text));
	DECLASSIFY(sealed, sizeof sealed, "sealed bytes may be seen");
	assert_true(load64(sealed) != 0);

	uint8_t got[100];
	for (unsigned genuine = 2; genuine-- > 0; sealed[7] ^= 1) {
		assert_int_equal(aes256_gcm_open(got, key, nonce, slice_str("context"), slice_of(sealed, sizeof sealed)), genuine);
		DECLASSIFY_RESULT(got, sizeof got);
		for (size_t i = 0; i < sizeof got; i++) assert_int_equal(got[i], 0);
	}
}

TESTS(TEST(masks_select_without_a_branch), TEST(bytes_are_compared_and_moved_without_a_branch),
      TEST(secrets_are_written_as_digits_without_a_table),
      TEST(secrets_are_hashed_without_a_branch), TEST(secret_seeds_are_expanded_without_a_branch),
      TEST(blocks_are_enciphered_under_one_key_and_many_without_a_table),
      TEST(secrets_are_sealed_and_opened_without_a_branch))
