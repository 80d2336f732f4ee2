/* SPDX-License-Identifier: MIT */
/* tests/lattice/lwe_test.c -- encryption, phase, extraction. */
#include "tests/test.h"
#include "lattice/lwe.h"
#include "lattice/sample.h"

enum { DIM = 300 };

static void what_is_encrypted_has_its_phase_and_noise_within_the_bound(void **state)
{
	(void)state;
	uint8_t s[DIM];
	uint64_t ct[DIM + 1];
	u128 ct128[DIM + 1];
	sample_bits(s, DIM, test_rng());
	for (unsigned noise = 0; noise <= 45; noise += 5)
		for (unsigned i = 0; i < 20; i++) {
			const uint64_t m = rng_u64(test_rng());
			const int64_t bound = (int64_t)1 << noise;
			lwe64_encrypt(ct, m, s, DIM, noise, test_rng());
			const int64_t e = (int64_t)(lwe64_phase(ct, s, DIM) - m);
			assert_true(-bound <= e && e <= bound);

			const u128 m128 = (u128)m << 64 | m;
			lwe128_encrypt(ct128, m128, s, DIM, noise, test_rng());
			const i128 e128 = (i128)(lwe128_phase(ct128, s, DIM) - m128);
			assert_true(-bound <= e128 && e128 <= bound);
		}
}

static void a_trivial_ciphertext_is_its_body_under_every_key(void **state)
{
	(void)state;
	uint8_t s[DIM];
	uint64_t ct[DIM + 1] = { [DIM] = 0x123456789abcdef0 };
	sample_bits(s, DIM, test_rng());
	assert_int_equal(lwe64_phase(ct, s, DIM), 0x123456789abcdef0);
}

static void every_extracted_slot_has_the_phase_of_its_coefficient(void **state)
{
	(void)state;
	enum { N = 16, K = 3 };
	for (unsigned k = 1; k <= K; k++) {
		uint8_t S[K * N];
		uint64_t glwe[(K + 1) * N], phase[N], ext[2 * N], lwe[K * N + 1];
		u128 glwe128[(K + 1) * N], phase128[N], ext128[2 * N], lwe128[K * N + 1];
		sample_bits(S, k * N, test_rng());
		for (unsigned i = 0; i < (k + 1) * N; i++) {
			glwe[i] = rng_u64(test_rng());
			glwe128[i] = (u128)rng_u64(test_rng()) << 64 | glwe[i];
		}
		glwe64_phase(phase, ext, glwe, S, k, N);
		glwe128_phase(phase128, ext128, glwe128, S, k, N);
		for (unsigned slot = 0; slot < N; slot++) {
			glwe64_extract(lwe, glwe, k, N, slot);
			assert_int_equal(lwe64_phase(lwe, S, k * N), phase[slot]);
			glwe128_extract(lwe128, glwe128, k, N, slot);
			assert_true(lwe128_phase(lwe128, S, k * N) == phase128[slot]);
		}
	}
}

TESTS(TEST(what_is_encrypted_has_its_phase_and_noise_within_the_bound),
      TEST(a_trivial_ciphertext_is_its_body_under_every_key),
      TEST(every_extracted_slot_has_the_phase_of_its_coefficient))
