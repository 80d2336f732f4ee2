/* SPDX-License-Identifier: MIT */
/*
 * tests/tkms/trial_test.c -- a key set with any wrong part is found out, and key generation gives out none that was not
 * tried.  The program is linked with --wrap=tkms_try_keyset, so that key generation meets a trial that fails.
 */
#include "tests/test.h"
#include "tkms/tkms.h"
#include "tkms/trial.h"

static const id32 KEY_ID = {{ [0] = 4, [31] = 77 }};
static key_files files;
static secret_keys keys;

/* ---- the trial of key generation ------------------------------------------------------------------------------------ */

static bool every_set_is_bad;
static unsigned trials;

err __real_tkms_try_keyset(slice public_key_file, slice keyset_file, const secret_keys *with, pool *cores, const rng *random);
err __wrap_tkms_try_keyset(slice public_key_file, slice keyset_file, const secret_keys *with, pool *cores, const rng *random);
err __wrap_tkms_try_keyset(slice public_key_file, slice keyset_file, const secret_keys *with, pool *cores, const rng *random)
{
	trials++;
	if (every_set_is_bad) return err_fail(ERR_INTERNAL, "the test says that this set is bad");
	return __real_tkms_try_keyset(public_key_file, keyset_file, with, cores, random);
}

static int make_keys(void **state)
{
	(void)state;
	slice tag;
	assert_ok(tkms_keygen(&files, NULL, &PARAMS_TEST, &KEY_ID, test_rng(), NULL));
	assert_ok(tfhers_read_client_key(&keys, &tag, buf_slice(&files.client_key)));
	return 0;
}

static int drop_keys(void **state)
{
	(void)state;
	secret_keys_free(&keys);
	key_files_free(&files);
	return 0;
}

static void key_generation_gives_out_only_what_passed_the_trial(void **state)
{
	(void)state;
	key_files f = { 0 };

	assert_int_equal(trials, 1);
	every_set_is_bad = true;
	assert_err(ERR_INTERNAL, tkms_keygen(&f, NULL, &PARAMS_TEST, &KEY_ID, test_rng(), NULL));
	every_set_is_bad = false;
	assert_int_equal(trials, 2);
	assert_null(f.client_key.p);
	assert_null(f.public_key.p);
	assert_null(f.xof_keyset);
}

/* ---- spoiled sets ---------------------------------------------------------------------------------------------------- */

/* Other words in every row of the part, in a copy of the file. */
static err trial_without(key_part part)
{
	AUTO(buf) file = { 0 };
	seeded_keyset set;
	slice tag;

	buf_put_slice(&file, draft_slice(files.xof_keyset));
	assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&file)));
	const slice bodies = set.part[part].bodies;
	assert_true(bodies.n > 0 && bodies.p >= file.p && bodies.p + bodies.n <= file.p + file.n);
	rng_fill(test_rng(), file.p + (bodies.p - file.p), bodies.n);
	return tkms_try_keyset(buf_slice(&files.public_key), buf_slice(&file), &keys, NULL, test_rng());
}

static void a_set_with_a_spoiled_part_fails_the_trial(void **state)
{
	(void)state;
	static const key_part TRIED[] = { PART_COMP_PKSK, PART_DECOMP_BSK, PART_KSK, PART_BSK, PART_SNS_BSK, PART_CAST_KSK,
	                                  PART_SNSCOMP_PKSK, PART_RERAND, PART_OPRF_BSK };
	for (size_t i = 0; i < COUNT(TRIED); i++) {
		const err e = trial_without(TRIED[i]);
		if (e == OK) fail_msg("the trial passes without part %d", (int)TRIED[i]);
		assert_true(e == ERR_INTERNAL || e == ERR_REQUEST);
		err_clear();
	}
	assert_ok(tkms_try_keyset(buf_slice(&files.public_key), draft_slice(files.xof_keyset), &keys, NULL, test_rng()));
}

static void a_public_key_of_another_set_fails_the_trial(void **state)
{
	(void)state;
	key_files other;
	assert_ok(tkms_keygen(&other, NULL, &PARAMS_TEST, &KEY_ID, test_rng(), NULL));
	const err e = tkms_try_keyset(buf_slice(&other.public_key), draft_slice(files.xof_keyset), &keys, NULL, test_rng());
	assert_true(e == ERR_INTERNAL || e == ERR_REQUEST);
	err_clear();
	key_files_free(&other);
}

/* Values that come back changed, not only ciphertexts that do not decrypt: a bootstrap makes clean noise of anything. */
static void a_clean_but_wrong_value_fails_the_trial(void **state)
{
	(void)state;
	assert_int_equal(trial_without(PART_CAST_KSK), ERR_INTERNAL);
	assert_non_null(strstr(err_text(), "came back changed"));
	err_clear();
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(key_generation_gives_out_only_what_passed_the_trial),
		TEST(a_set_with_a_spoiled_part_fails_the_trial),
		TEST(a_public_key_of_another_set_fails_the_trial),
		TEST(a_clean_but_wrong_value_fails_the_trial),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), make_keys, drop_keys);
}
