/* SPDX-License-Identifier: MIT */
#include "tests/kat/kat.h"
#include "seal/mlkem.h"
#include "seal/mlkem_poly.h"
#include "sym/keccak.h"

static const struct { const mlkem *set; const char *kat; } SETS[] = {
	{ &MLKEM_512, "mlkem512.kat" }, { &MLKEM_768, "mlkem768.kat" }, { &MLKEM_1024, "mlkem1024.kat" },
};

static void assert_hash(const kat *k, const char *name, const uint8_t *bytes, size_t n)
{
	uint8_t expected[32], got[32];
	kat_bytes(k, name, expected, sizeof expected);
	shake256(got, sizeof got, slice_of(bytes, n));
	assert_memory_equal(got, expected, sizeof got);
}

static void all_sets_agree_with_another_implementation(void **state)
{
	uint8_t ek[MLKEM_MAX_EK], dk[MLKEM_MAX_DK], ct[MLKEM_MAX_CT];

	(void)state;
	for (size_t i = 0; i < COUNT(SETS); i++) {
		const mlkem *p = SETS[i].set;
		unsigned records = 0;
		kat k = kat_open(SETS[i].kat);
		for (; kat_next(&k); records++) {
			uint8_t d[32], z[32], m[32], ss[32], expected[32], flip[2];
			kat_bytes(&k, "d", d, 32), kat_bytes(&k, "z", z, 32), kat_bytes(&k, "m", m, 32);
			mlkem_keygen(p, ek, dk, d, z);
			assert_hash(&k, "ek.hash", ek, mlkem_ek_bytes(p));
			assert_hash(&k, "dk.hash", dk, mlkem_dk_bytes(p));

			kat_bytes(&k, "ss", expected, 32);
			mlkem_encaps(p, ct, ss, ek, m);
			assert_hash(&k, "ct.hash", ct, mlkem_ct_bytes(p));
			assert_memory_equal(ss, expected, 32);
			mlkem_decaps(p, ss, dk, ct);
			assert_memory_equal(ss, expected, 32);

			kat_bytes(&k, "flip", flip, 2), kat_bytes(&k, "bad_ss", expected, 32);
			ct[flip[0] << 8 | flip[1]] ^= 1;
			mlkem_decaps(p, ss, dk, ct);
			assert_memory_equal(ss, expected, 32);
		}
		assert_true(records >= 3);
		kat_close(&k);
	}
}

static void both_ends_share_and_a_changed_ciphertext_does_not(void **state)
{
	uint8_t ek[MLKEM_512_EK], dk[MLKEM_512_DK], ct[MLKEM_512_CT], d[32], z[32], m[32], sent[32], got[32];

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		rng_fill(test_rng(), d, 32), rng_fill(test_rng(), z, 32), rng_fill(test_rng(), m, 32);
		mlkem_keygen(&MLKEM_512, ek, dk, d, z);
		assert_true(mlkem_ek_valid_var(&MLKEM_512, ek));
		assert_memory_equal(mlkem_dk_ek(&MLKEM_512, dk), ek, sizeof ek);
		mlkem_encaps(&MLKEM_512, ct, sent, ek, m);
		mlkem_decaps(&MLKEM_512, got, dk, ct);
		assert_memory_equal(got, sent, 32);
		ct[test_below(sizeof ct)] ^= (uint8_t)(1 << test_below(8));
		mlkem_decaps(&MLKEM_512, got, dk, ct);
		assert_memory_not_equal(got, sent, 32);
	}
}

/* A changed ciphertext yields SHAKE256(z || ct), wherever and however little it was changed: low bits of v, at the end,
 * leave m as it was. */
static void every_byte_of_a_ciphertext_counts(void **state)
{
	uint8_t ek[MLKEM_MAX_EK], dk[MLKEM_MAX_DK], both[MLKEM_SEED + MLKEM_MAX_CT], d[32], m[32], got[32], expected[32];

	(void)state;
	for (size_t i = 0; i < COUNT(SETS); i++) {
		const mlkem *p = SETS[i].set;
		const size_t n = mlkem_ct_bytes(p);
		uint8_t *z = both, *ct = both + MLKEM_SEED;
		rng_fill(test_rng(), d, 32), rng_fill(test_rng(), z, 32), rng_fill(test_rng(), m, 32);
		mlkem_keygen(p, ek, dk, d, z);
		mlkem_encaps(p, ct, got, ek, m);
		for (size_t at = 0; at < n; at += at < 2 || at >= n - 4 ? 1 : size_min(41, n - 4 - at)) {
			const uint8_t saved = ct[at];
			for (unsigned bit = 0; bit < 8; bit++) {
				ct[at] = (uint8_t)(saved ^ 1 << bit);
				mlkem_decaps(p, got, dk, ct);
				shake256(expected, 32, slice_of(both, MLKEM_SEED + n));
				assert_memory_equal(got, expected, 32);
			}
			ct[at] = saved;
		}
	}
}

static void keys_from_outside_are_checked(void **state)
{
	uint8_t ek[MLKEM_512_EK], dk[MLKEM_512_DK], seed[32] = { 5 };

	(void)state;
	mlkem_keygen(&MLKEM_512, ek, dk, seed, seed);
	for (unsigned i = 0; i < 512; i += 51) {                 /* coefficient i becomes q, then q - 1 */
		uint8_t saved[3], *at = ek + i / 2 * 3;
		memcpy(saved, at, 3);
		for (uint16_t x = MLKEM_Q; x >= MLKEM_Q - 1; x--) {
			if (i % 2) at[1] = (uint8_t)((at[1] & 15) | x << 4), at[2] = (uint8_t)(x >> 4);
			else at[0] = (uint8_t)x, at[1] = (uint8_t)((at[1] & 0xf0) | x >> 8);
			assert_int_equal(mlkem_ek_valid_var(&MLKEM_512, ek), x < MLKEM_Q);
		}
		memcpy(at, saved, 3);
	}
	memset(ek + 768, 0xff, 32);                              /* the seed of the matrix may be anything */
	assert_true(mlkem_ek_valid_var(&MLKEM_512, ek));
}

/* All coefficients there are: the multiplications instead of divisions are exact. */
static void compression_rounds_as_the_standard_says(void **state)
{
	static const unsigned D[] = { 1, 4, 5, 10, 11 };
	poly f;

	(void)state;
	for (size_t i = 0; i < COUNT(D); i++) {
		const unsigned d = D[i];
		for (unsigned x = 0; x < MLKEM_Q; x++) {
			f.c[x % MLKEM_N] = (uint16_t)x;
			if (x % MLKEM_N != MLKEM_N - 1 && x != MLKEM_Q - 1) continue;
			const unsigned from = x - x % MLKEM_N;
			poly_compress(&f, d);
			for (unsigned y = from; y <= x; y++)
				assert_int_equal(f.c[y - from], (2 * (y << d) + MLKEM_Q) / (2 * MLKEM_Q) % (1u << d));
		}
		for (unsigned y = 0; y < 1u << d; y++) {
			f.c[y % MLKEM_N] = (uint16_t)y;
			if (y % MLKEM_N != MLKEM_N - 1 && y != (1u << d) - 1) continue;
			const unsigned from = y - y % MLKEM_N;
			poly_decompress(&f, d);
			for (unsigned x = from; x <= y; x++)
				assert_int_equal(f.c[x - from], (2 * x * MLKEM_Q + (1u << d)) / (2u << d));
		}
	}
}

static void random_poly(poly *f)
{
	for (unsigned i = 0; i < MLKEM_N; i++) f->c[i] = (uint16_t)(test_below(8) ? test_below(MLKEM_Q) : MLKEM_Q - 1);
}

static void products_by_transform_are_products_by_hand(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		poly f, g, h = { 0 };
		int64_t by_hand[MLKEM_N] = { 0 };

		random_poly(&f), random_poly(&g);
		for (unsigned i = 0; i < MLKEM_N; i++)
			for (unsigned j = 0; j < MLKEM_N; j++) {
				const int64_t x = (int64_t)f.c[i] * g.c[j];
				by_hand[(i + j) % MLKEM_N] += i + j < MLKEM_N ? x : -x;
			}
		poly_ntt(&f), poly_ntt(&g);
		poly_mul_add(&h, &f, &g);
		poly_ntt_inverse(&h);
		for (unsigned i = 0; i < MLKEM_N; i++)
			assert_int_equal(h.c[i], (by_hand[i] % MLKEM_Q + MLKEM_Q) % MLKEM_Q);
	}
}

static void packing_comes_back(void **state)
{
	uint8_t bytes[384], again[384];
	poly f, g;

	(void)state;
	for (unsigned d = 1; d <= 12; d++) {
		for (unsigned i = 0; i < MLKEM_N; i++)
			f.c[i] = (uint16_t)test_below(d == 12 ? MLKEM_Q : 1u << d);
		poly_encode(bytes, d, &f);
		poly_decode(&g, d, bytes);
		assert_memory_equal(&f, &g, sizeof f);
		if (d == 12) continue;
		rng_fill(test_rng(), bytes, 32 * (size_t)d);
		poly_decode(&g, d, bytes);
		poly_encode(again, d, &g);
		assert_memory_equal(bytes, again, 32 * (size_t)d);
	}
}

TESTS(TEST(all_sets_agree_with_another_implementation), TEST(both_ends_share_and_a_changed_ciphertext_does_not),
      TEST(every_byte_of_a_ciphertext_counts),
      TEST(keys_from_outside_are_checked), TEST(compression_rounds_as_the_standard_says),
      TEST(products_by_transform_are_products_by_hand), TEST(packing_comes_back))
