/* SPDX-License-Identifier: MIT */
/*
 * tests/lattice/keygen_test.c -- keys from a seed are the same for ever, and the noise in them is exactly TUniform.
 *
 * Statistics are of deterministic keys, so they hold or fail once and for all.  Limits: chi-square at 15 degrees of
 * freedom below 50 and moments within 5 standard deviations, which a right generator misses once in 10^5 seeds.
 */
#include "tests/test.h"
#include "lattice/keycheck.h"
#include "lattice/keygen.h"
#include "sym/drbg.h"
#include "sym/sha2.h"
#include <math.h>
#include <stdlib.h>

static hash32 digest(const secret_keys *keys, const public_set *pub)
{
	AUTO(sha256_stream) s = sha256_begin();
	for (secret_id id = 0; id < SECRETS; id++) sha256_add(&s, slice_of(keys->bit[id], secret_length(keys->params, id)));
	sha256_add(&s, slice_of(pub->memory, pub->bytes));
	return sha256_end(&s);
}

static hash32 digest_of_seed(const char *seed, pool *p)
{
	secret_keys keys;
	public_set pub;
	assert_ok(keys_from_seed(&keys, &pub, &PARAMS_TEST, slice_str(seed), p));
	hash32 h = digest(&keys, &pub);
	secret_keys_free(&keys);
	public_set_free(&pub);
	return h;
}

static void a_seed_gives_the_same_keys_for_ever_with_any_number_of_threads(void **state)
{
	(void)state;
	static const uint8_t frozen[32] = {
		0x38, 0xb9, 0x36, 0x5c, 0x4c, 0x78, 0x98, 0x63, 0x49, 0x09, 0x3a, 0xcb, 0x47, 0x9e, 0xad, 0xb2,
		0x9d, 0xa0, 0x35, 0x72, 0x9b, 0x50, 0x2c, 0x7e, 0xca, 0x02, 0x39, 0xfe, 0x03, 0x91, 0xc4, 0xd3,
	};
	pool *p;
	hash32 h = digest_of_seed("frozen", NULL);
	assert_memory_equal(h.b, frozen, sizeof frozen);
	assert_ok(pool_new(&p, 3));
	assert_true(hash32_eq_var(h, digest_of_seed("frozen", p)));
	pool_free(&p);
	assert_false(hash32_eq_var(h, digest_of_seed("frozem", NULL)));
}

static void a_private_seed_gives_first_the_public_seed_then_the_secret_bits(void **state)
{
	(void)state;
	const slice seed = slice_str("sixteen bytes..!");
	const mask_seed from = mask_seed_xof("TFHEKGen", seed);
	AUTO(mask_stream) stream = mask_open(&from);
	secret_keys keys;
	public_set pub;
	uint8_t expected[16], byte;

	assert_ok(keys_from_seed(&keys, &pub, &PARAMS_TEST, seed, NULL));
	mask_fill_bytes(&stream, expected, sizeof expected);
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const mask_seed *m = &pub.set.part[part].seed;
		assert_int_equal(m->kind, MASK_XOF);
		assert_memory_equal(m->domain, "TFHE_GEN", 8);
		assert_int_equal(m->xof_n, 16);
		assert_memory_equal(m->xof, expected, 16);
	}
	for (secret_id id = 0; id < SECRETS; id++)
		for (size_t i = 0; i < secret_length(&PARAMS_TEST, id); i++) {
			mask_fill_bytes(&stream, &byte, 1);
			assert_int_equal(keys.bit[id][i], byte & 1);
		}
	secret_keys_free(&keys);
	public_set_free(&pub);
}

/* ---- noise ------------------------------------------------------------------------------------------------------ */

static void check_statistics(const noise_report *r)
{
	const double n = (double)r->samples, two_b = ldexp(1, (int)r->bound);

	assert_int_equal(r->outside, 0);
	/* In units of 2^b the variance of TUniform(b) is (2 + 4^-b) / 6, and its fourth moment is close to 1/5. */
	const double variance = (2 + 1 / (two_b * two_b)) / 6, fourth = r->bound ? 0.21 : 0.5;
	assert_true(fabs(r->sum / n) < 5 * sqrt(variance / n));
	assert_true(fabs(r->sum_squares / n - variance) < 5 * sqrt((fourth - variance * variance) / n) + 1e-12);

	if (two_b >= NOISE_BINS / 2) {
		/* Equal bins, but the two ends are not in any, and the first bin has one value less for it. */
		const double per_value = n / (2 * two_b), values = 2 * two_b / NOISE_BINS;
		double chi = 0;
		for (unsigned i = 0; i < NOISE_BINS; i++) {
			const double expected = per_value * (values - (i == 0));
			if (expected > 0) chi += ((double)r->bin[i] - expected) * ((double)r->bin[i] - expected) / expected;
		}
		assert_true(chi < 50);
	}
	if (n / (4 * two_b) > 20) {
		/* Enough samples to see the ends: each has half the probability of an inner value. */
		const double expected = n / (4 * two_b);
		assert_int_equal(r->max_abs, (uint64_t)1 << r->bound);
		assert_true(fabs((double)r->low_end - expected) < 5 * sqrt(expected));
		assert_true(fabs((double)r->high_end - expected) < 5 * sqrt(expected));
	}
}

static void all_twelve_parts_of_a_test_set_have_tuniform_noise(void **state)
{
	(void)state;
	secret_keys keys;
	public_set pub;
	assert_ok(keys_from_seed(&keys, &pub, &PARAMS_TEST, slice_str("noise"), NULL));
	for (key_part part = 0; part < KEY_PARTS; part++) {
		noise_report r = { 0 };
		assert_ok(keycheck_part(&r, &keys, &pub.set, part));
		check_statistics(&r);
	}
	secret_keys_free(&keys);
	public_set_free(&pub);
}

static void sampled_rows_of_production_parts_have_tuniform_noise_and_never_change(void **state)
{
	(void)state;
	static const uint8_t frozen[32] = {
		0x74, 0x8d, 0x02, 0x01, 0x0f, 0xf9, 0x05, 0x84, 0x51, 0x5c, 0xe3, 0x04, 0x55, 0xbd, 0xa6, 0x5c,
		0xed, 0x2e, 0xc4, 0xf2, 0x4a, 0x92, 0x85, 0xe3, 0xc8, 0x9a, 0xc7, 0x58, 0x6b, 0xa7, 0x68, 0xc0,
	};
	static const uint8_t seed[PUBLIC_SEED_BYTES] = { 7 };
	AUTO(drbg) d = drbg_from_seed(slice_str("production rows"));
	rng r = drbg_rng(&d);
	secret_keys keys;

	AUTO(sha256_stream) all = sha256_begin();
	assert_ok(secret_keys_generate(&keys, &PARAMS_DEFAULT, &r));
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const part_shape s = part_shape_of(&PARAMS_DEFAULT, part);
		const mask_seed masks = keygen_masks(&PARAMS_DEFAULT, seed, part);
		const size_t enough = size_min(s.rows, size_max(2, 2048 / size_max(1, s.body)));
		AUTO(buf) bodies = { 0 };
		noise_report report = { 0 };

		if (s.rows == 0) continue;
		/* From the middle and up to the end, in two goes. */
		const size_t first = s.rows - enough, later = first + enough / 2, row = s.body * (s.bits / 8);
		(void)buf_grow(&bodies, enough * row);
		assert_ok(keygen_rows(bodies.p, &keys, part, &masks, first, later - first, &r));
		assert_ok(keygen_rows(bodies.p + (later - first) * row, &keys, part, &masks, later, s.rows - later, &r));
		assert_ok(keycheck_rows(&report, &keys, part, &masks, bodies.p, first, enough));
		assert_int_equal(report.samples, enough * s.body);
		check_statistics(&report);
		sha256_add(&all, slice_of(bodies.p, enough * row));
	}
	assert_memory_equal(sha256_end(&all).b, frozen, sizeof frozen);
	secret_keys_free(&keys);
}

static void a_part_under_other_secrets_masks_or_rows_is_refused(void **state)
{
	(void)state;
	secret_keys keys, others;
	public_set pub, unused;
	noise_report r = { 0 };

	assert_ok(keys_from_seed(&keys, &pub, &PARAMS_TEST, slice_str("mine"), NULL));
	assert_ok(keys_from_seed(&others, &unused, &PARAMS_TEST, slice_str("theirs"), NULL));
	assert_err(ERR_REQUEST, keycheck_part(&r, &others, &pub.set, PART_COMP_PKSK));

	seeded_keyset moved = pub.set;
	moved.part[PART_COMP_PKSK].seed.first.byte ^= 1;
	assert_err(ERR_REQUEST, keycheck_part(&r, &keys, &moved, PART_COMP_PKSK));

	moved = pub.set;
	moved.part[PART_COMP_PKSK].bodies.n -= 8;
	assert_err(ERR_REQUEST, keycheck_part(&r, &keys, &moved, PART_COMP_PKSK));

	pub.memory[part_body_bytes(part_shape_of(&PARAMS_TEST, PART_PKE)) + 7] ^= 1;
	assert_err(ERR_REQUEST, keycheck_part(&r, &keys, &pub.set, PART_COMP_PKSK));
	secret_keys_free(&keys), secret_keys_free(&others);
	public_set_free(&pub), public_set_free(&unused);
}

/* ---- the public half as it is used ------------------------------------------------------------------------------- */

static void expansion_refuses_what_is_absent_or_has_another_length(void **state)
{
	(void)state;
	secret_keys keys;
	public_set pub;
	eval_keys eval = { 0 };

	assert_ok(keys_from_seed(&keys, &pub, &PARAMS_TEST, slice_str("mine"), NULL));
	seeded_keyset set = pub.set;
	set.part[PART_KSK].bodies = (slice){ 0 };
	assert_err(ERR_REQUEST, eval_keys_new(&eval, &set, PART_BIT(PART_BSK) | PART_BIT(PART_KSK), EXACT, NULL, NULL));
	set.part[PART_KSK].bodies = slice_of(pub.memory, 8);
	assert_err(ERR_REQUEST, eval_keys_new(&eval, &set, PART_BIT(PART_KSK), EXACT, NULL, NULL));
	set.params = &PARAMS_DEFAULT;
	assert_err(ERR_REQUEST, eval_keys_new(&eval, &set, PART_BIT(PART_MS_ZEROS), EXACT, NULL, NULL));
	assert_null(eval.params);

	assert_ok(eval_keys_new(&eval, &pub.set, PART_BIT(PART_BSK), EXACT, NULL, NULL));
	assert_non_null(eval.boot[PART_BSK]);
	assert_null(eval.rows[PART_KSK].w64);
	eval_keys_free(&eval);
	eval_keys_free(&eval);
	secret_keys_free(&keys);
	public_set_free(&pub);
}

static void every_part_lands_where_it_is_told_and_nowhere_else(void **state)
{
	(void)state;
	enum { GUARD = 16 };
	static const uint8_t seed[PUBLIC_SEED_BYTES] = { 3, 1, 4 };
	lat_params params = PARAMS_TEST;
	secret_keys keys;
	public_set pub;
	seeded_keyset set;
	uint8_t *where[KEY_PARTS] = { NULL };
	AUTO(drbg) a = drbg_from_seed(slice_str("fill")), b = drbg_from_seed(slice_str("fill"));
	const rng one = drbg_rng(&a), other = drbg_rng(&b);

	params.sns.ms.kind = MS_CENTERED_MEAN;                   /* a set without one of the parts */
	assert_ok(secret_keys_generate(&keys, &params, test_rng()));
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const size_t n = part_body_bytes(part_shape_of(&params, part));
		assert_int_equal(n == 0, part == PART_SNS_MS_ZEROS);
		if (n == 0) continue;
		where[part] = malloc(n + GUARD);
		assert_non_null(where[part]);
		memset(where[part] + n, 0xa5, GUARD);
	}
	assert_ok(public_set_fill(&set, where, &keys, seed, &one, NULL, NULL));
	assert_ok(public_set_generate(&pub, &keys, seed, &other, NULL, NULL));
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const slice got = set.part[part].bodies, right = pub.set.part[part].bodies;
		assert_int_equal(got.n, part_body_bytes(part_shape_of(&params, part)));
		assert_ptr_equal(got.p, where[part]);
		assert_true(slice_eq_var(got, right));
		for (unsigned i = 0; i < (got.n ? GUARD : 0); i++) assert_int_equal(where[part][got.n + i], 0xa5);
		free(where[part]);
	}
	public_set_free(&pub);
	secret_keys_free(&keys);
}

typedef struct heard { uint64_t last, of; unsigned calls; } heard;

static void hear(void *ctx, uint64_t done, uint64_t of)
{
	heard *h = ctx;
	assert_true(done >= h->last && done <= of);
	h->last = done, h->of = of, h->calls++;
}

static void progress_reaches_the_whole(void **state)
{
	(void)state;
	secret_keys keys;
	public_set pub;
	heard h = { 0 };
	const progress told = { &h, hear };
	assert_ok(keys_generate(&keys, &pub, &PARAMS_TEST, test_rng(), NULL, &told));
	assert_true(h.calls >= KEY_PARTS);
	assert_int_equal(h.last, pub.bytes);
	assert_int_equal(h.of, pub.bytes);
	secret_keys_free(&keys);
	public_set_free(&pub);
}

TESTS(TEST(a_seed_gives_the_same_keys_for_ever_with_any_number_of_threads),
      TEST(a_private_seed_gives_first_the_public_seed_then_the_secret_bits),
      TEST(all_twelve_parts_of_a_test_set_have_tuniform_noise),
      TEST(sampled_rows_of_production_parts_have_tuniform_noise_and_never_change),
      TEST(a_part_under_other_secrets_masks_or_rows_is_refused),
      TEST(expansion_refuses_what_is_absent_or_has_another_length),
      TEST(every_part_lands_where_it_is_told_and_nowhere_else), TEST(progress_reaches_the_whole))
