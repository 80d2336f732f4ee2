/* SPDX-License-Identifier: MIT */
/* SHA-256 of two messages is that of each, in every variant and for every length. */
#include "tests/test.h"
#include "base/cpu.h"
#include "sym/sha2_pair.h"

enum { LONGEST = 700 };

static void assert_same(const sha256_pair_kernel *k, const uint8_t *bytes, size_t head, size_t body)
{
	/* Unaligned, and the two messages overlap. */
	const uint8_t *at[2] = { bytes + 1, bytes + 4 };
	sha256_message m[2];
	hash32 got[2];

	for (unsigned i = 0; i < 2; i++) m[i] = (sha256_message){ slice_of(at[i], head), slice_of(at[i] + head, body) };
	sha256_pair_by(k, got, m);
	for (unsigned i = 0; i < 2; i++) assert_true(hash32_eq_var(got[i], sha256(slice_of(at[i], head + body))));
}

static void every_variant_hashes_as_libcrypto_does(void **state)
{
	(void)state;
	uint8_t bytes[SHA256_MAX_HEAD + LONGEST + 4];
	rng_fill(test_rng(), bytes, sizeof bytes);
	for (const sha256_pair_kernel *const *k = SHA256_PAIR_ALL; *k; k++) {
		if (!cpu_can((*k)->needs)) continue;
		for (size_t head = 0; head <= SHA256_MAX_HEAD; head++)
			for (size_t body = 0; body < 200; body++) assert_same(*k, bytes, head, body);
		for (unsigned again = 0; again < 500; again++)
			assert_same(*k, bytes, (size_t)test_below(SHA256_MAX_HEAD + 1), (size_t)test_below(LONGEST));
	}
}

static void the_chosen_variant_is_one_of_them(void **state)
{
	(void)state;
	static uint8_t bytes[98600];
	const sha256_message m[2] = { { slice_of(bytes, 88), slice_of(bytes, 98560) }, { slice_of(bytes, 88), slice_of(bytes + 5, 98560) } };
	hash32 got[2];
	bool known = false;

	for (const sha256_pair_kernel *const *k = SHA256_PAIR_ALL; *k; k++) known = known || *k == sha256_pair_chosen();
	assert_true(known && cpu_can(sha256_pair_chosen()->needs));
	rng_fill(test_rng(), bytes, sizeof bytes);
	sha256_pair(got, m);
	for (unsigned i = 0; i < 2; i++) {
		AUTO(sha256_stream) s = sha256_begin();
		sha256_add(&s, m[i].head);
		sha256_add(&s, m[i].body);
		assert_true(hash32_eq_var(got[i], sha256_end(&s)));
	}
}

TESTS(TEST(every_variant_hashes_as_libcrypto_does), TEST(the_chosen_variant_is_one_of_them))
