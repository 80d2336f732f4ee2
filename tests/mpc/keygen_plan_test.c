/* SPDX-License-Identifier: MIT */
/* tests/mpc/keygen_plan_test.c -- what key generation consumes: the published numbers, in the order of the masks. */
#include "tests/test.h"
#include "mpc/keygen_plan.h"

typedef struct row { unsigned k; uint64_t samples; unsigned each; uint64_t products; } row;

static void assert_plan(const lat_params *p, const row *rows, unsigned count)
{
	const keygen_plan plan = keygen_plan_of(p);

	assert_int_equal(plan.needs, count);
	for (unsigned i = 0; i < count; i++) {
		const keygen_need *need = &plan.need[i];
		assert_int_equal(need->k, rows[i].k);
		assert_int_equal(need->samples, rows[i].samples);
		assert_int_equal(need->bits, rows[i].samples * rows[i].each);
		assert_int_equal(need->products, rows[i].products);
		assert_int_equal(need->is_key, i < SECRETS);
		assert_int_equal(need->is_key ? 1 : need->noise + 2, rows[i].each);
		if (i) assert_true(need->is_key ? need->secret > plan.need[i - 1].secret : i == SECRETS || need->part > plan.need[i - 1].part);
		assert_true(need->name[0]);
	}
}

static void production_needs_877_million_bits(void **state)
{
	static const row ROWS[] = {
		{ 128, 2048, 1, 0 }, { 128, 918, 1, 0 }, { 128, 2048, 1, 0 }, { 128, 1024, 1, 0 }, { 128, 4096, 1, 0 },
		{ 128, 6144, 1, 0 }, { 128, 918, 1, 0 },
		{ 64, 2048, 19, 0 }, { 64, 1572864, 45, 0 }, { 64, 4194304, 19, 2097152 }, { 64, 8192, 47, 0 },
		{ 64, 3760128, 19, 1880064 }, { 128, 16920576, 32, 3760128 }, { 64, 8192, 47, 0 }, { 64, 2048, 19, 0 },
		{ 128, 8388608, 5, 0 }, { 64, 3760128, 19, 1880064 },
	};
	const keygen_plan plan = keygen_plan_of(&PARAMS_DEFAULT);

	(void)state;
	assert_plan(&PARAMS_DEFAULT, ROWS, COUNT(ROWS));
	assert_int_equal(keygen_plan_bits(&plan, 0), 877622060);
	assert_int_equal(keygen_plan_bits(&plan, 64), 294203392);
	assert_int_equal(keygen_plan_bits(&plan, 128), 877622060 - 294203392);
	assert_int_equal(keygen_plan_samples(&plan, 64), 13307904);
	assert_int_equal(keygen_plan_samples(&plan, 128), 25309184);
	assert_int_equal(keygen_plan_samples(&plan, 0), 38617088);
	assert_int_equal(keygen_plan_products(&plan), 9617408);
	assert_int_equal(keygen_plan_bytes(&plan, 4), 13307904ull * 32 + 25309184ull * 64 + 17196 * 64);
}

static void the_test_set_needs_729638_bits(void **state)
{
	static const row ROWS[] = {
		{ 128, 512, 1, 0 }, { 128, 1, 1, 0 }, { 128, 256, 1, 0 }, { 128, 256, 1, 0 }, { 128, 256, 1, 0 }, { 128, 256, 1, 0 },
		{ 128, 1, 1, 0 },
		{ 64, 512, 2, 0 }, { 64, 65536, 2, 0 }, { 64, 131072, 2, 65536 }, { 64, 256, 2, 0 }, { 64, 512, 2, 256 },
		{ 64, 10, 2, 0 }, { 128, 1024, 2, 256 }, { 64, 8, 2, 0 }, { 64, 512, 2, 0 }, { 64, 256, 2, 0 }, { 128, 65536, 5, 0 },
		{ 64, 512, 2, 256 },
	};
	const keygen_plan plan = keygen_plan_of(&PARAMS_TEST);

	(void)state;
	assert_plan(&PARAMS_TEST, ROWS, COUNT(ROWS));
	assert_int_equal(keygen_plan_bits(&plan, 0), 729638);
	assert_int_equal(keygen_plan_samples(&plan, 0), 265746);
	assert_int_equal(keygen_plan_products(&plan), 66304);
}

/* The published counts of this one part, and nothing else: no key, and no other's masks. */
static void a_decompression_key_is_one_part(void **state)
{
	static const struct { const lat_params *params; uint64_t samples, bits, products; } SETS[] = {
		{ &PARAMS_DEFAULT, 4194304, 79691776, 2097152 }, { &PARAMS_TEST, 131072, 262144, 65536 },
	};

	(void)state;
	for (size_t k = 0; k < COUNT(SETS); k++) {
		const keygen_plan plan = keygen_plan_of_decompression(SETS[k].params), all = keygen_plan_of(SETS[k].params);
		assert_int_equal(plan.needs, 1);
		assert_int_equal(plan.parts, PART_BIT(PART_DECOMP_BSK));
		assert_int_equal(plan.need[0].part, PART_DECOMP_BSK);
		assert_int_equal(keygen_plan_samples(&plan, 0), SETS[k].samples);
		assert_int_equal(keygen_plan_bits(&plan, 64), SETS[k].bits);
		assert_int_equal(keygen_plan_products(&plan), SETS[k].products);
		assert_int_equal(keygen_plan_bodies(&plan), SETS[k].samples * 8);
		assert_int_equal(keygen_plan_bodies(&all), keygen_plan_samples(&all, 64) * 8 + keygen_plan_samples(&all, 128) * 16);
	}
}

/* What is left without the 17196 bits of production's keys, and the 1538 of the test set's. */
static void for_secrets_that_exist_only_the_noise_is_needed(void **state)
{
	static const struct { const lat_params *params; uint64_t bits, secrets; } SETS[] = {
		{ &PARAMS_DEFAULT, 877622060, 17196 }, { &PARAMS_TEST, 729638, 1538 },
	};

	(void)state;
	for (size_t k = 0; k < COUNT(SETS); k++) {
		const keygen_plan all = keygen_plan_of(SETS[k].params), plan = keygen_plan_of_public(SETS[k].params);
		assert_int_equal(plan.needs, all.needs - SECRETS);
		for (unsigned i = 0; i < plan.needs; i++) {
			assert_false(plan.need[i].is_key);
			assert_int_equal(plan.need[i].part, all.need[i + SECRETS].part);
			assert_int_equal(plan.need[i].samples, all.need[i + SECRETS].samples);
			assert_int_equal(plan.need[i].bits, all.need[i + SECRETS].bits);
		}
		assert_int_equal(keygen_plan_bits(&plan, 0), SETS[k].bits - SETS[k].secrets);
		assert_int_equal(keygen_plan_samples(&plan, 0), keygen_plan_samples(&all, 0));
		assert_int_equal(keygen_plan_products(&plan), keygen_plan_products(&all));
		assert_int_equal(keygen_plan_bytes(&plan, 4), keygen_plan_bytes(&all, 4) - SETS[k].secrets * 64);
	}
}

TESTS(TEST(a_decompression_key_is_one_part), TEST(for_secrets_that_exist_only_the_noise_is_needed), TEST(production_needs_877_million_bits), TEST(the_test_set_needs_729638_bits))
