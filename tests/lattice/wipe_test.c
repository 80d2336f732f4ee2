/* SPDX-License-Identifier: MIT */
/* tests/lattice/wipe_test.c -- what lattice/ draws and derives in secret does not stay behind. */
#include "tests/sym/leftover.h"
#include "lattice/compact.h"
#include "lattice/keygen.h"
#include "lattice/lwe.h"
#include "lattice/sample.h"
#include "sym/drbg.h"
#include <errno.h>
#include <sys/mman.h>

/* A generator whose every byte is known beforehand. */
static uint8_t drawn[1 << 16];
static size_t drawn_at;

static void draw(void *ctx, uint8_t *out, size_t size)
{
	(void)ctx;
	ASSERT(size <= sizeof drawn - drawn_at);
	memcpy(out, drawn + drawn_at, size);
	drawn_at += size;
}

static const rng known = { NULL, draw };

static void draw_afresh(void)
{
	rng_fill(test_rng(), drawn, sizeof drawn);
	leftover_forget();
}

static const char *after(void (*f)(void))
{
	drawn_at = 0;
	return leftover_after(f);
}

/* ---- sampling -------------------------------------------------------------------------------------------------------- */

enum { NOISE = 61, BATCH = 512 };
static int64_t noise[BATCH / 8];
static uint8_t bits[8 * BATCH];

static void tuniform(void)    { sample_tuniform(noise, COUNT(noise), NOISE, &known); }
static void packed_bits(void) { sample_packed_bits(bits, sizeof bits, &known); }

static void samples_leave_none_of_the_bytes_they_were_made_of(void **state)
{
	(void)state;
	draw_afresh();
	leftover_watch("first", drawn, 32);
	leftover_watch("last", drawn + BATCH - 32, 32);
	assert_null(after(tuniform));
	assert_int_equal(drawn_at, BATCH);
	assert_null(after(packed_bits));
	assert_int_equal(drawn_at, BATCH);
}

/* ---- key generation -------------------------------------------------------------------------------------------------- */

static secret_keys keys;
static public_set pub;

static void make_keys(void)
{
	drawn_at = 0;
	ASSERT(keys_generate(&keys, &pub, &PARAMS_TEST, &known, NULL, NULL) == OK);
}

static void drop_keys(void)
{
	public_set_free(&pub);
	secret_keys_free(&keys);
}

static void key_generation_leaves_neither_secret_bits_nor_seeds_of_noise(void **state)
{
	(void)state;
	uint8_t reversed[32], stream[32];
	size_t secrets = PUBLIC_SEED_BYTES;

	draw_afresh();
	make_keys();
	for (secret_id id = 0; id < SECRETS; id++) {
		const size_t n = secret_length(&PARAMS_TEST, id);
		secrets += n;
		if (n < sizeof reversed) continue;
		for (size_t i = 0; i < sizeof reversed; i++) reversed[i] = keys.bit[id][n - 1 - i];
		leftover_watch("bits", keys.bit[id], 32);
		leftover_watch("bits from the last on", reversed, sizeof reversed);
	}
	leftover_watch("drawn bits", drawn + PUBLIC_SEED_BYTES, 32);
	/* Noise grows from seeds of 32 bytes: the very first, and the last, which nothing overwrites. */
	leftover_watch("first seed", drawn + secrets, 32);
	leftover_watch("last seed but one", drawn + drawn_at - 64, 32);
	leftover_watch("last seed", drawn + drawn_at - 32, 32);
	/* And what grows from the last one. */
	AUTO(drbg) d = drbg_from_seed(slice_of(drawn + drawn_at - 32, 32));
	const rng grown = drbg_rng(&d);
	rng_fill(&grown, stream, sizeof stream);
	leftover_watch("noise", stream, sizeof stream);
	drop_keys();
	assert_null(leftover_after(make_keys));
	drop_keys();
}

static void released_secret_keys_are_in_memory_no_longer(void **state)
{
	(void)state;
	secret_keys k;
	assert_ok(secret_keys_new(&k, &PARAMS_TEST));
	void *page = (void *)((uintptr_t)k.bit[SECRET_BIG] & ~(uintptr_t)4095);
	assert_int_equal(msync(page, 1, MS_ASYNC), 0);
	secret_keys_free(&k);
	assert_int_equal(msync(page, 1, MS_ASYNC), -1);
	assert_int_equal(errno, ENOMEM);
}

/* ---- encryption ------------------------------------------------------------------------------------------------------ */

enum { DIM = 256, BLOCKS = 128 };
static uint64_t pk[2][DIM], lwe[DIM + 1];
static uint8_t block[BLOCKS];

static void encrypt_list(void)
{
	AUTO(arena) a = arena_with_limit((size_t)1 << 20);
	compact_list list;
	ASSERT(compact_encrypt(&list, &a, &(compact_key){ DIM, NOISE, pk[0], pk[1] }, block, BLOCKS, &known) == OK);
}

static void a_list_leaves_neither_messages_nor_randomness(void **state)
{
	(void)state;
	uint8_t message[BLOCKS / 2], r[32];

	draw_afresh();
	rng_fill(test_rng(), pk, sizeof pk);
	for (size_t i = 0; i < BLOCKS; i++) block[i] = (uint8_t)test_below(4);
	for (size_t i = 0; i < sizeof message; i++) message[i] = (uint8_t)(block[2 * i] + 4 * block[2 * i + 1]);
	for (size_t i = 0; i < sizeof r; i++) r[i] = drawn[(DIM - 1 - i) / 8] >> (DIM - 1 - i) % 8 & 1;
	leftover_watch("blocks", block, 32);
	leftover_watch("messages", message, 32);
	leftover_watch("drawn bits of r", drawn, 32);
	leftover_watch("bits of r", r, sizeof r);
	leftover_watch("drawn noise", drawn + DIM / 8, 32);
	assert_null(after(encrypt_list));
}

static void encrypt_word(void) { lwe64_encrypt(lwe, 0, bits, DIM, NOISE, &known); }

static void one_ciphertext_leaves_no_noise(void **state)
{
	(void)state;
	int64_t e;

	draw_afresh();
	memset(bits, 0, sizeof bits);
	drawn_at = DIM * sizeof *lwe;
	sample_tuniform(&e, 1, NOISE, &known);
	leftover_watch("noise", &e, sizeof e);
	leftover_watch("drawn noise", drawn + DIM * sizeof *lwe, sizeof e);
	assert_null(after(encrypt_word));
}

TESTS(TEST(what_is_left_behind_is_found),
      TEST(samples_leave_none_of_the_bytes_they_were_made_of),
      TEST(key_generation_leaves_neither_secret_bits_nor_seeds_of_noise),
      TEST(released_secret_keys_are_in_memory_no_longer),
      TEST(a_list_leaves_neither_messages_nor_randomness),
      TEST(one_ciphertext_leaves_no_noise))
