/* SPDX-License-Identifier: MIT */
/* tests/lattice/bootstrap_test.c -- modulus switch, keyswitch, lookup tables and bootstraps. */
#include "tests/lattice/vectors.h"
#include "lattice/bootstrap.h"
#include "lattice/engine.h"
#include "lattice/keygen.h"
#include "lattice/keyswitch.h"
#include "lattice/lwe.h"
#include <math.h>
#include <stdlib.h>

static vector_keys keys;

static int load(void **state)
{
	(void)state;
	vector_keys_load(&keys, VECTOR_XOF);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	vector_keys_free(&keys);
	return 0;
}

/* ---- modulus switch ---------------------------------------------------------------------------------------------- */

static void standard_switch_rounds_every_word_to_nearest_and_wraps(void **state)
{
	(void)state;
	enum { N = 2048, UNIT_LOG = 52 };
	const uint64_t unit = (uint64_t)1 << UNIT_LOG;
	const uint64_t ct[7] = { 0, unit / 2 - 1, unit / 2, 5 * unit + unit / 2, 0 - unit / 2 - 1, 0 - unit / 2, UINT64_MAX };
	const uint32_t expected[7] = { 0, 0, 1, 6, 2 * N - 1, 0, 0 };
	uint32_t out[7];
	modulus_switch_var(out, ct, 6, N, MS_STANDARD);
	assert_memory_equal(out, expected, sizeof out);
	modulus_switch_var(out, ct, 6, N, MS_DRIFT);
	assert_memory_equal(out, expected, sizeof out);
}

/* The mean of the rounding errors over a key of fair bits is half their sum: the body must move by that, less half a
 * unit, to within the two truncations. */
static void centred_mean_moves_the_body_by_half_the_sum_of_the_errors(void **state)
{
	(void)state;
	enum { DIM = 918, N = 2048, UNIT_LOG = 52 };
	static uint64_t ct[DIM + 1];
	static uint32_t plain[DIM + 1], out[DIM + 1];
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i <= DIM; i++) ct[i] = rng_u64(test_rng());
		modulus_switch_var(plain, ct, DIM, N, MS_STANDARD);
		i128 sum = 0;
		for (unsigned i = 0; i < DIM; i++) sum += (int64_t)(((uint64_t)plain[i] << UNIT_LOG) - ct[i]);
		/* Independent of the truncations unless the body is within 2 of where rounding turns. */
		const uint64_t body = ct[DIM] + (uint64_t)(int64_t)(sum / 2) - ((uint64_t)1 << (UNIT_LOG - 1));
		const uint64_t within = (body + ((uint64_t)1 << (UNIT_LOG - 1))) & (((uint64_t)1 << UNIT_LOG) - 1);
		modulus_switch_var(out, ct, DIM, N, MS_CENTERED_MEAN);
		assert_memory_equal(out, plain, DIM * sizeof *out);
		if (within > 2 && within < ((uint64_t)1 << UNIT_LOG) - 2)
			assert_int_equal(out[DIM], ((body + ((uint64_t)1 << (UNIT_LOG - 1))) >> UNIT_LOG) & (2 * N - 1));
	}
}

/* By hand, with errors of both signs and an odd number of odd ones: e = 3, -5, 1; H = 1 - 2 + 0 = -1,
 * D = (2 - 3) + (-4 + 5) + (0 - 1) = -1, D / 2 = 0; the body moves by -1 - 2^51. */
static void centred_mean_truncates_towards_zero(void **state)
{
	(void)state;
	enum { N = 2048, UNIT_LOG = 52 };
	const uint64_t half = (uint64_t)1 << (UNIT_LOG - 1);
	uint64_t ct[4] = { 0 - 3ull, 5, 0 - 1ull, 7 * 2 * half };
	uint32_t out[4];
	modulus_switch_var(out, ct, 3, N, MS_CENTERED_MEAN);
	assert_int_equal(out[3], 6);                /* 7 units - 1 - half rounds down ... */
	ct[3]++;
	modulus_switch_var(out, ct, 3, N, MS_CENTERED_MEAN);
	assert_int_equal(out[3], 7);                /* ... and one more is a tie, up      */
}

/* Why nodes may skip the drift technique: bootstrap.h.  The search starts when the measure exceeds the bound. */
static void the_drift_measure_of_the_test_set_never_exceeds_its_bound(void **state)
{
	(void)state;
	const struct { ms_params ms; unsigned N; } part[2] = {
		{ PARAMS_TEST.ms, PARAMS_TEST.N }, { PARAMS_TEST.sns.ms, PARAMS_TEST.sns.N } };
	for (unsigned i = 0; i < 2; i++) {
		const double most = ldexp(1, 63) / (2 * part[i].N);        /* of one rounding error */
		const double mean = most + PARAMS_TEST.n * most / 2, variance = PARAMS_TEST.n * most * most / 4;
		assert_int_equal(part[i].ms.kind, MS_DRIFT);
		const double spread = sqrt(variance + part[i].ms.input_variance * ldexp(1, 128));
		assert_true(mean + part[i].ms.r_sigma * spread < part[i].ms.ms_bound);
	}
}

/* ---- keyswitch --------------------------------------------------------------------------------------------------- */

static void keyswitch_keeps_the_phase_up_to_its_noise(void **state)
{
	(void)state;
	uint64_t big[257], small[2], pke[513];
	for (unsigned i = 0; i < 50; i++) {
		const uint64_t m = rng_u64(test_rng());
		lwe64_encrypt(big, m, keys.secret.bit[SECRET_BIG], 256, 0, test_rng());
		keyswitch_var(small, big, &keys.eval.rows[PART_KSK]);
		int64_t e = (int64_t)(lwe64_phase(small, keys.secret.bit[SECRET_SMALL], 1) - m);
		assert_true(labs(e) < (int64_t)1 << 50);
		lwe64_encrypt(pke, m, keys.secret.bit[SECRET_PKE], 512, 0, test_rng());
		keyswitch_var(small, pke, &keys.eval.rows[PART_CAST_KSK]);
		e = (int64_t)(lwe64_phase(small, keys.secret.bit[SECRET_SMALL], 1) - m);
		assert_true(labs(e) < (int64_t)1 << 50);
	}
}

/* ---- lookup tables and bootstraps -------------------------------------------------------------------------------- */

/* Every input of f, with the padding bit and without. */
static void bootstrap_every_input(const secret_keys *secret, const eval_keys *eval, const uint8_t *f, unsigned p,
                                  unsigned delta_log)
{
	const lat_params *params = &PARAMS_TEST;
	uint64_t small[2], out[257], lut[256];
	u128 out128[257], wide[256];
	uint32_t switched[2];
	const unsigned in_log = 63 - (unsigned)__builtin_ctz(p);

	lut64(lut, params->N, f, p, delta_log);
	lut128(wide, params->sns.N, f, p, delta_log + 64);
	for (unsigned x = 0; x < 2 * p; x++) {
		lwe64_encrypt(small, (uint64_t)x << in_log, secret->bit[SECRET_SMALL], 1, 40, test_rng());
		modulus_switch_var(switched, small, 1, params->N, MS_STANDARD);
		assert_ok(boot_rotate64((lwe64_run){ 1, 256, out }, eval->boot[PART_BSK], switched, lut, NULL));
		assert_ok(boot_rotate128((lwe128_run){ 1, 256, out128 }, eval->boot[PART_SNS_BSK], switched, wide, NULL));

		/* With the padding bit set, a table answers with the opposite sign. */
		const uint64_t expected = x < p ? (uint64_t)f[x] << delta_log : 0 - ((uint64_t)f[x - p] << delta_log);
		const int64_t e = (int64_t)(lwe64_phase(out, secret->bit[SECRET_BIG], 256) - expected);
		assert_true(labs(e) < (int64_t)1 << 50);
		const i128 e128 = (i128)(lwe128_phase(out128, secret->bit[SECRET_SNS], 256) - ((u128)expected << 64));
		assert_true(e128 < (i128)1 << 70 && -e128 < (i128)1 << 70);
	}
}

static void every_table_in_use_is_right_on_every_input(void **state)
{
	(void)state;
	uint8_t table[8][16];
	for (uint8_t x = 0; x < 16; x++) {
		table[0][x] = x % 4;
		table[1][x] = x / 4;
		table[2][x] = x % 4 != 0;
		table[3][x] = x / 4 != 0;
		table[4][x] = x;
		for (unsigned t = 5; t < 8; t++) table[t][x] = (uint8_t)test_below(16);
	}
	/* With both values of the one bit that the small key has. */
	bool seen[2] = { false, false };
	for (unsigned i = 0; !seen[0] || !seen[1]; i++) {
		const uint8_t seed[2] = { 't', (uint8_t)i };
		secret_keys secret;
		public_set pub;
		eval_keys eval;
		assert_ok(keys_from_seed(&secret, &pub, &PARAMS_TEST, slice_of(seed, sizeof seed), NULL));
		assert_ok(eval_keys_new(&eval, &pub.set, PART_BIT(PART_BSK) | PART_BIT(PART_SNS_BSK), EXACT, NULL, NULL));
		seen[secret.bit[SECRET_SMALL][0]] = true;
		for (unsigned t = 0; t < COUNT(table); t++) bootstrap_every_input(&secret, &eval, table[t], 16, DELTA_LOG_64);
		bootstrap_every_input(&secret, &eval, table[4], 4, DELTA_LOG_64);
		eval_keys_free(&eval);
		public_set_free(&pub);
		secret_keys_free(&secret);
	}
}

/* ---- rounding of the squash key ---------------------------------------------------------------------------------- */

static void the_squash_key_of_the_test_set_is_not_rounded(void **state)
{
	(void)state;
	const seeded_part *part = &keys.set.part[PART_SNS_BSK];
	u128 row[512];
	AUTO(mask_stream) masks = mask_open(&part->seed);
	u128 first[256];
	mask_u128s(&masks, first, 256);
	assert_int_equal(part_dropped(&PARAMS_TEST, PART_SNS_BSK), 0);
	part_rows128(row, part_shape_of(&PARAMS_TEST, PART_SNS_BSK), part, 0, 0, 1);
	assert_memory_equal(row, first, sizeof first);
	assert_true(row[256] == load128(part->bodies.p));
}

static const struct CMUnitTest tests[] = {
	TEST(standard_switch_rounds_every_word_to_nearest_and_wraps),
	TEST(centred_mean_moves_the_body_by_half_the_sum_of_the_errors),
	TEST(centred_mean_truncates_towards_zero),
	TEST(the_drift_measure_of_the_test_set_never_exceeds_its_bound),
	TEST(keyswitch_keeps_the_phase_up_to_its_noise),
	TEST(every_table_in_use_is_right_on_every_input),
	TEST(the_squash_key_of_the_test_set_is_not_rounded),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), load, unload);
}
