/* SPDX-License-Identifier: MIT */
/* What sym/ hashes, draws and derives from secrets does not stay behind. */
#include "tests/sym/leftover.h"
#include "sym/drbg.h"
#include "sym/dsep.h"

static uint8_t seed[32], out[136], drawn[100];
static drbg d;
static mask_stream m;

static void hash_plain(void)  { shake256(out, sizeof out, slice_of(seed, sizeof seed)); }
static void hash_512(void)    { sha3_512(out, slice_of(seed, sizeof seed)); }
static void hash_dsep(void)   { shake256_dsep(out, sizeof out, "SIGNCRYP", slice_of(seed, sizeof seed)); }
static void hash_length(void) { shake256_dsep_length(out, sizeof out, "SIGNCRYP", slice_of(seed, sizeof seed)); }
static void hash_list(void)
{
	const slice item = slice_of(seed, sizeof seed);
	shake256_dsep_list(out, sizeof out, "SIGNCRYP", &item, 1);
}

/* The first bytes that come out are the first of the state. */
static void a_hash_leaves_no_state(void **state)
{
	static void (*const HASHES[])(void) = { hash_plain, hash_512, hash_dsep, hash_length, hash_list };

	(void)state;
	rng_fill(test_rng(), seed, sizeof seed);
	for (size_t i = 0; i < COUNT(HASHES); i++) {
		leftover_forget();
		HASHES[i]();
		leftover_watch("hash", out, sizeof out);
		leftover_watch("hashed", seed, sizeof seed);
		assert_null(leftover_after(HASHES[i]));
	}
}

static void open_drbg(void) { d = drbg_from_seed(slice_of(seed, sizeof seed)); }

static void a_generator_leaves_neither_seed_nor_key(void **state)
{
	static const drbg gone;
	uint8_t key[AES128_KEY];

	(void)state;
	rng_fill(test_rng(), seed, sizeof seed);
	shake256_dsep(key, sizeof key, "arca_rng", slice_of(seed, sizeof seed));
	leftover_forget();
	leftover_watch("seed", seed, sizeof seed);
	leftover_watch("key", key, sizeof key);
	const char *left = leftover_after(open_drbg);

	const rng r = drbg_rng(&d);
	rng_fill(&r, drawn, sizeof drawn);                          /* the rest of a batch is held back */
	drbg_free(&d);
	assert_null(left);
	assert_memory_equal(&d, &gone, sizeof d);
}

static void open_xof(void)
{
	static mask_seed s;
	s.kind = MASK_XOF, s.xof_n = 16;
	memcpy(s.xof, seed, 16);
	m = mask_open(&s);
}

static void a_stream_leaves_neither_seed_nor_key(void **state)
{
	uint8_t key[AES128_KEY] = { 0 }, block[AES_BLOCK] = { 0 };
	const uint8_t zero[AES128_KEY] = { 0 };

	(void)state;
	leftover_forget();
	rng_fill(test_rng(), seed, sizeof seed);
	AUTO(aes128) k = aes128_new(zero);                          /* the chain of sym/mask.h by hand: 8 zeros, 16 bytes */
	for (unsigned i = 0; i < 3; i++) {
		if (i == 0) memcpy(block + 8, seed, 8);
		if (i == 1) memset(block, 0, sizeof block), memcpy(block, seed + 8, 8);
		if (i == 2) store128(block, 8 * 24);
		for (unsigned b = 0; b < sizeof key; b++) key[b] ^= block[b];
		aes128_blocks(&k, key, key, 1);
	}
	leftover_watch("seed", seed, 16);
	leftover_watch("key", key, sizeof key);
	const char *left = leftover_after(open_xof);

	AUTO(aes128) by_hand = aes128_new(key);                     /* it is the key that was looked for */
	mask_fill_bytes(&m, drawn, AES_BLOCK);
	store128(block, m.offset);
	aes128_blocks(&by_hand, block, block, 1);
	assert_memory_equal(drawn, block, sizeof block);
	mask_stream_free(&m);
	assert_null(left);
}

TESTS(TEST(what_is_left_behind_is_found), TEST(a_hash_leaves_no_state), TEST(a_generator_leaves_neither_seed_nor_key),
      TEST(a_stream_leaves_neither_seed_nor_key))
