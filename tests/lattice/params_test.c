/* SPDX-License-Identifier: MIT */
/* tests/lattice/params_test.c -- the parameter sets, and the shapes of keys that follow from them. */
#include "tests/test.h"
#include "lattice/keys.h"

static void sets_are_found_by_name_and_by_number(void **state)
{
	(void)state;
	assert_ptr_equal(params_by_name_var(slice_str("default")), &PARAMS_DEFAULT);
	assert_ptr_equal(params_by_name_var(slice_str("test")), &PARAMS_TEST);
	assert_ptr_equal(params_by_number_var(0), &PARAMS_DEFAULT);
	assert_ptr_equal(params_by_number_var(1), &PARAMS_TEST);
	assert_null(params_by_name_var(slice_str("tests")));
	assert_null(params_by_name_var(slice_str("")));
	assert_null(params_by_number_var(2));
	assert_null(params_by_number_var(-1));
	assert_non_null(strstr(params_names(), "default, test"));
}

static void mini_is_offered_by_test_builds_only(void **state)
{
	(void)state;
#ifdef ARCA_TEST_PARAMS
	assert_ptr_equal(params_by_number_var(1000), &PARAMS_MINI);
	assert_ptr_equal(params_by_name_var(slice_str("mini")), &PARAMS_MINI);
	assert_true(PARAMS_MINI.sns.rounded && PARAMS_MINI.n == 40 && PARAMS_MINI.N == PARAMS_DEFAULT.N);
#else
	assert_null(params_by_number_var(1000));
	assert_null(params_by_name_var(slice_str("mini")));
#endif
}

/* Bytes that a set takes from the mask stream, part by part, and bytes of bodies: the published sizes. */
static const struct { key_part part; size_t mask[2], body[2]; } SIZES[] = {
	{ PART_PKE,          { 16384, 4096 },        { 16384, 4096 } },
	{ PART_COMP_PKSK,    { 50331648, 524288 },   { 12582912, 524288 } },
	{ PART_DECOMP_BSK,   { 33554432, 1048576 },  { 33554432, 1048576 } },
	{ PART_KSK,          { 60162048, 2048 },     { 65536, 2048 } },
	{ PART_BSK,          { 30081024, 4096 },     { 30081024, 4096 } },
	{ PART_MS_ZEROS,     { 0, 80 },              { 0, 80 } },
	{ PART_SNS_BSK,      { 541458432, 16384 },   { 270729216, 16384 } },
	{ PART_SNS_MS_ZEROS, { 0, 64 },              { 0, 64 } },
	{ PART_CAST_KSK,     { 60162048, 4096 },     { 65536, 4096 } },
	{ PART_RERAND,       { 16384, 2048 },        { 16384, 2048 } },
	{ PART_SNSCOMP_PKSK, { 805306368, 1048576 }, { 134217728, 1048576 } },
	{ PART_OPRF_BSK,     { 30081024, 4096 },     { 30081024, 4096 } },
};

static void every_part_has_its_published_size(void **state)
{
	(void)state;
	const lat_params *const set[2] = { &PARAMS_DEFAULT, &PARAMS_TEST };
	static const size_t total[2] = { 1611169792, 2658448 };

	assert_int_equal(COUNT(SIZES), KEY_PARTS);
	for (unsigned p = 0; p < 2; p++) {
		size_t masks = 0;
		for (size_t i = 0; i < COUNT(SIZES); i++) {
			const part_shape s = part_shape_of(set[p], SIZES[i].part);
			assert_int_equal(part_mask_bytes(s), SIZES[i].mask[p]);
			assert_int_equal(part_body_bytes(s), SIZES[i].body[p]);
			masks += part_mask_bytes(s);
		}
		assert_int_equal(masks, total[p]);
	}
}

static void secret_keys_are_one_wiped_block_of_the_right_lengths(void **state)
{
	(void)state;
	static const size_t length[SECRETS] = { 2048, 918, 2048, 1024, 4096, 6144, 918 };
	secret_keys k;
	assert_ok(secret_keys_new(&k, &PARAMS_DEFAULT));
	for (secret_id id = 0; id < SECRETS; id++) {
		assert_int_equal(secret_length(&PARAMS_DEFAULT, id), length[id]);
		for (size_t i = 0; i < length[id]; i++) assert_int_equal(k.bit[id][i], 0);
		if (id) assert_ptr_equal(k.bit[id], k.bit[id - 1] + length[id - 1]);
	}
	secret_keys_free(&k);
	assert_null(k.memory);
	secret_keys_free(&k);
	secret_keys_free(NULL);
}

TESTS(TEST(sets_are_found_by_name_and_by_number),
      TEST(mini_is_offered_by_test_builds_only),
      TEST(every_part_has_its_published_size),
      TEST(secret_keys_are_one_wiped_block_of_the_right_lengths))
