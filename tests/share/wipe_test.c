/* SPDX-License-Identifier: MIT */
/* tests/share/wipe_test.c -- what a party's keys, masks and partial decryptions are made of does not stay behind. */
#include "tests/sym/leftover.h"
#include "base/cpu.h"
#include "share/partial_lwe.h"
#include "share/prf.h"
#include "share/prss_mask.h"

enum { N = 7, T = 2, D = 4, ME = 3, HELD = 15, BLOCKS = 40, DIM = 100 };

static uint8_t r[HELD][PRSS_KEY], key[HELD][AES128_KEY], mask_key[HELD][AES128_KEY];
static prss *p;
static hash32 h;
static u128 masks[BLOCKS * D], words[DIM * D], lwe[DIM + 1], partial[D];
static const prss_mask_kernel *mask_kernel;
static const lwe_kernel *lwe_with;
static lwe_key_share *lwe_key;

static void watch_keys(void)
{
	static party_set A[MAX_PRSS_SETS];
	unsigned held = 0;

	leftover_forget();
	rng_fill(test_rng(), r, sizeof r);
	prss_sets(A, N, T);
	for (unsigned s = 0; s < binomial(N, T); s++) {
		if (!has(A[s], ME)) continue;
		prf_key(key[held], PRF_LABEL, &ID_DEFAULT_EPOCH, A[s], r[held]);
		prf_key(mask_key[held], PRF_LABEL_MASK, &ID_DEFAULT_EPOCH, A[s], r[held]);
		held++;
	}
	assert_int_equal(held, HELD);
	leftover_watch("first r", r[0], PRSS_KEY), leftover_watch("last r", r[HELD - 1], PRSS_KEY);
	leftover_watch("first key", key[0], AES128_KEY), leftover_watch("last key", key[HELD - 1], AES128_KEY);
	leftover_watch("first mask key", mask_key[0], AES128_KEY), leftover_watch("last mask key", mask_key[HELD - 1], AES128_KEY);
}

static void make(void) { assert_ok(prss_new(&p, N, T, D, ME, &ID_DEFAULT_EPOCH, r)); }
static void drop(void) { prss_free(&p); }

static void keys_do_not_outlive_their_party(void **state)
{
	(void)state;
	watch_keys();
	const char *left = leftover_after(make);
	const char *dropped = leftover_after(drop);
	assert_null(left);
	assert_null(dropped);
	assert_null(p);
}

/* sid_A, and phi of some of the blocks, of the first and the last key. */
static void watch_masks(void)
{
	static const unsigned COUNTERS[] = { 0, 1, 62, 63, 2 * BLOCKS - 1 };

	for (unsigned last = 0; last < 2; last++) {
		uint8_t b[AES_BLOCK], input[AES_BLOCK];
		AUTO(aes128) k = aes128_new(mask_key[last ? HELD - 1 : 0]);
		aes128_blocks(&k, b, h.b, 1);
		for (unsigned i = 0; i < AES_BLOCK; i++) b[i] ^= h.b[AES_BLOCK + i];
		aes128_blocks(&k, b, b, 1);
		leftover_watch("sid_A", b, sizeof b);
		for (unsigned c = 0; c < COUNT(COUNTERS); c++) {
			uint8_t phi[AES_BLOCK];
			prf_input(input, PRSS_PHI, 0, 0, 2, COUNTERS[c]);
			for (unsigned i = 0; i < AES_BLOCK; i++) input[i] ^= b[i];
			aes128_blocks(&k, phi, input, 1);
			leftover_watch("phi", phi, 13);          /* of 111 bits; the rest is masked off */
			leftover_watch("lower half of phi", phi, 8);
		}
	}
}

static void make_masks(void) { prss_mask_add_by(mask_kernel, p, masks, &h, 0, BLOCKS); }

static void masks_leave_nothing_of_a_set(void **state)
{
	(void)state;
	watch_keys();
	rng_fill(test_rng(), h.b, sizeof h.b);
	watch_masks();
	assert_ok(prss_new(&p, N, T, D, ME, &ID_DEFAULT_EPOCH, r));
	for (const prss_mask_kernel *const *k = PRSS_MASK_ALL; (mask_kernel = *k) != NULL; k++)
		if (cpu_can(mask_kernel->needs)) assert_null(leftover_after(make_masks));
	assert_null(leftover_after(make_masks));                 /* mask_kernel is NULL: the wide weights */
	prss_free(&p);
}

static void make_lwe_key(void) { assert_ok(lwe_key_share_new_for(lwe_with, &lwe_key, D, DIM, words)); }
static void decrypt(void) { partial_lwe(lwe_key, partial, lwe, 1); }

static void partial_decryption_leaves_no_share(void **state)
{
	(void)state;
	leftover_forget();
	rng_fill(test_rng(), words, sizeof words);
	rng_fill(test_rng(), lwe, sizeof lwe);
	for (unsigned i = 0; i < D; i++) {
		leftover_watch("first share", &words[i], 16);
		leftover_watch("last share", &words[(DIM - 1) * D + i], 16);
	}
	for (const lwe_kernel *const *k = LWE_ALL; (lwe_with = *k) != NULL; k++) {
		if (!cpu_can(lwe_with->needs)) continue;
		assert_null(leftover_after(make_lwe_key));
		assert_null(leftover_after(decrypt));
		lwe_key_share_free(&lwe_key);
	}
}

TESTS(TEST(what_is_left_behind_is_found), TEST(keys_do_not_outlive_their_party), TEST(masks_leave_nothing_of_a_set),
      TEST(partial_decryption_leaves_no_share))
