/* SPDX-License-Identifier: MIT */
/*
 * Zeros from the parts for re-randomisation and the pseudo-random function: zero under the big key, the same bits from the same
 * seed, whatever the function's secret; noise if either part is wrong.  The long form is for production, and says what it costs.
 */
#include <stdlib.h>
#include <time.h>
#include "lattice/keygen.h"
#include "lattice/lwe.h"
#include "sym/drbg.h"
#include "tests/test.h"
#include "tkms/trial_zeros.h"

enum { ZEROS = 8, TRIAL = 64 };

/* The two parts alone, in memory of their own. */
typedef struct made { secret_keys secret; seeded_keyset set; uint8_t *body[KEY_PARTS]; } made;

static void make(made *m, const lat_params *p)
{
	static const key_part PARTS[] = { PART_RERAND, PART_OPRF_BSK };
	uint8_t seed[PUBLIC_SEED_BYTES];

	*m = (made){ .set.params = p };
	assert_ok(secret_keys_generate(&m->secret, p, test_rng()));
	rng_fill(test_rng(), seed, sizeof seed);
	for (size_t i = 0; i < COUNT(PARTS); i++) {
		const key_part part = PARTS[i];
		const mask_seed masks = keygen_masks(p, seed, part);
		const size_t bytes = part_body_bytes(part_shape_of(p, part));
		assert_non_null(m->body[part] = malloc(bytes));
		assert_ok(keygen_part(m->body[part], &m->secret, part, &masks, test_rng(), NULL, NULL));
		m->set.part[part] = (seeded_part){ .bodies = { m->body[part], bytes }, .seed = masks };
	}
}

static void drop(made *m)
{
	for (key_part part = 0; part < KEY_PARTS; part++) free(m->body[part]);
	secret_keys_free(&m->secret);
}

static void zeros(lwe64_run *out, arena *a, const made *m, size_t count)
{
	AUTO(drbg) d = drbg_from_seed(slice_str("a seed that all parties have"));
	const rng r = drbg_rng(&d);

	*a = arena_with_limit(trial_zeros_memory(m->set.params, count));
	assert_ok(trial_zeros(out, a, &m->set, count, EXACT, NULL, &r));
	assert_int_equal(out->count, count);
}

/* How many are further from zero than an eighth of the least step between values: far more than what noise there is. */
static size_t far_from_zero(const made *m, lwe64_run z)
{
	const uint64_t least = (uint64_t)1 << (DELTA_LOG_64 - 3);
	size_t far = 0;

	for (size_t i = 0; i < z.count; i++)
		far += lwe64_phase(lwe64_at(z, i), m->secret.bit[SECRET_BIG], z.dim) + least > 2 * least;
	return far;
}

static void spoil(made *m, key_part part)
{
	rng_fill(test_rng(), m->body[part], m->set.part[part].bodies.n);
}

static void zeros_of(const lat_params *p, size_t count)
{
	arena a, b;
	lwe64_run one, two;
	made m;

	make(&m, p);
	const clock_t began = clock();
	zeros(&one, &a, &m, count);
	if (test_is_long()) print_message("# %s: %zu zeros in %.1f s\n", p->name, count, (double)(clock() - began) / CLOCKS_PER_SEC);
	assert_int_equal(far_from_zero(&m, one), 0);
	zeros(&two, &b, &m, count);
	assert_memory_equal(one.w, two.w, one.count * (one.dim + 1) * sizeof *one.w);
	arena_free(&a), arena_free(&b);
	for (unsigned i = 0; i < 2; i++) {
		spoil(&m, i ? PART_RERAND : PART_OPRF_BSK);
		zeros(&one, &a, &m, count);
		assert_true(far_from_zero(&m, one) > count / 2);
		arena_free(&a);
	}
	drop(&m);
}

static void zeros_are_zero_and_the_same_for_all_who_have_the_set(void **state)
{
	(void)state;
	zeros_of(&PARAMS_TEST, ZEROS);
#ifdef ARCA_TEST_PARAMS
	zeros_of(&PARAMS_MINI, ZEROS);
#endif
	if (test_is_long()) zeros_of(&PARAMS_DEFAULT, TRIAL);
}

/* At masks whose phases are of all kinds: what would be the function's value is not in the sum. */
static void another_secret_of_the_function_gives_zeros_as_well(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 2; bit++) {
		arena a;
		lwe64_run z;
		made m;
		const mask_seed masks = keygen_masks(&PARAMS_TEST, (const uint8_t[PUBLIC_SEED_BYTES]){ 5 }, PART_OPRF_BSK);

		make(&m, &PARAMS_TEST);
		memset(m.secret.bit[SECRET_OPRF], (int)bit, secret_length(&PARAMS_TEST, SECRET_OPRF));
		m.set.part[PART_OPRF_BSK].seed = masks;
		assert_ok(keygen_part(m.body[PART_OPRF_BSK], &m.secret, PART_OPRF_BSK, &masks, test_rng(), NULL, NULL));
		zeros(&z, &a, &m, TRIAL);
		assert_int_equal(far_from_zero(&m, z), 0);
		arena_free(&a);
		drop(&m);
	}
}

static void a_set_without_the_parts_is_refused(void **state)
{
	(void)state;
	static const key_part PARTS[] = { PART_RERAND, PART_OPRF_BSK };

	for (size_t i = 0; i < COUNT(PARTS); i++) {
		arena a = arena_with_limit(trial_zeros_memory(&PARAMS_TEST, ZEROS));
		lwe64_run z;
		made m;
		make(&m, &PARAMS_TEST);
		m.set.part[PARTS[i]].bodies = (slice){ 0 };
		assert_err(ERR_REQUEST, trial_zeros(&z, &a, &m.set, ZEROS, EXACT, NULL, test_rng()));
		arena_free(&a);
		drop(&m);
	}
}

TESTS(TEST(zeros_are_zero_and_the_same_for_all_who_have_the_set), TEST(another_secret_of_the_function_gives_zeros_as_well),
      TEST(a_set_without_the_parts_is_refused))
